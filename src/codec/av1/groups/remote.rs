//! Groups by the caller: in Workers of a browser, in other processes, on other machines.

use std::io;
use std::sync::Arc;

use ::rav1e::prelude::Frame;

use super::super::Av1Settings;
use super::super::rav1e::Sample;
use super::Groups;
use crate::error::{Error, Result};
use crate::media::{Picture, PixelFormat, Plane};

/// Encodes closed groups of pictures where the caller wants them encoded: in Workers, in processes, on other machines. The
/// other end of it is a [`GroupEncoder`](crate::GroupEncoder) a group.
///
/// Groups begin one after the other, numbered from 0. Several may be at work, and the first pictures of a group are shown to
/// the groups before it too, whose last pictures depend on them.
/// [`Encoder::add_video_in_groups`](crate::Encoder::add_video_in_groups) has an example.
pub trait GroupPool: Send {
    /// The next picture for a group, of which it is the first where there was none: some header and the planes, one after the
    /// other and without padding. [`GroupEncoder::add_picture`](crate::GroupEncoder::add_picture) takes it as it is.
    ///
    /// # Errors
    /// Whatever is in the way; the stream does not go on.
    fn picture(&mut self, group: u64, picture: Vec<u8>) -> io::Result<()>;

    /// The group has no more pictures.
    ///
    /// # Errors
    /// As [`picture`](Self::picture).
    fn end(&mut self, group: u64) -> io::Result<()>;

    /// What [`GroupEncoder::finish`](crate::GroupEncoder::finish) gave for a group that has ended, or `None` where that has not
    /// come back yet. It is asked for with each picture, and a last time when the stream is finished: it has to be there then.
    ///
    /// # Errors
    /// What went wrong with the group; the stream does not go on.
    fn take(&mut self, group: u64) -> io::Result<Option<Vec<Vec<u8>>>>;
}

pub(super) struct Remote {
    pool: Box<dyn GroupPool>,
    format: PixelFormat,
    width: usize,
    height: usize,
}

impl Remote {
    pub fn new(pool: Box<dyn GroupPool>, settings: &Av1Settings) -> Self {
        Remote { pool, format: settings.format, width: settings.width, height: settings.height }
    }
}

fn failed(group: u64) -> impl FnOnce(io::Error) -> Error {
    move |error| Error::codec(format!("group {group} of pictures: {error}")).with_source(error)
}

impl<T: Sample> Groups<T> for Remote {
    fn picture(&mut self, group: u64, frame: &Arc<Frame<T>>, is_key: bool) -> Result<()> {
        let mut bytes = vec![is_key.into()];
        for (index, plane) in frame.planes.iter().take(self.format.planes()).enumerate() {
            let (width, height) = self.format.plane_size(index, self.width, self.height);
            for row in plane.data_origin().chunks(plane.cfg.stride).take(height) {
                T::to_bytes(&row[..width], &mut bytes);
            }
        }
        self.pool.picture(group, bytes).map_err(failed(group))
    }

    fn end(&mut self, group: u64) -> Result<()> {
        self.pool.end(group).map_err(failed(group))
    }

    fn take(&mut self, group: u64, _: Option<u64>) -> Result<Option<Vec<Vec<u8>>>> {
        self.pool.take(group).map_err(failed(group))
    }
}

/// The picture that a [`GroupPool`] was handed, and whether it is a key frame.
pub(super) fn picture_of(settings: &Av1Settings, bytes: &[u8]) -> Result<(Picture, bool)> {
    let Av1Settings { format, width, height, .. } = *settings;
    let sizes = (0..format.planes()).map(|plane| format.plane_size(plane, width, height));
    let samples: usize = sizes.map(|(width, height)| width * height).sum();
    let size = 1 + samples * if format.bit_depth() > 8 { 2 } else { 1 };
    let (is_key, planes) = match bytes {
        [is_key @ (0 | 1), planes @ ..] if bytes.len() == size => (*is_key == 1, planes),
        _ => {
            let what = format!("{} bytes are no picture of a group of {width}x{height} {format}", bytes.len());
            return Err(Error::input(format!("{what}: it has {size}, and begins with 0 or 1")));
        }
    };
    let mut picture = Picture::new(format, width, height);
    let mut rest = planes;
    for plane in &mut picture.planes {
        match plane {
            Plane::U8(samples) => {
                let (here, after) = rest.split_at(samples.len());
                samples.copy_from_slice(here);
                rest = after;
            }
            Plane::U16(samples) => {
                let (here, after) = rest.split_at(2 * samples.len());
                for (sample, bytes) in samples.iter_mut().zip(here.chunks_exact(2)) {
                    *sample = u16::from_le_bytes([bytes[0], bytes[1]]);
                }
                rest = after;
            }
        }
    }
    Ok((picture, is_key))
}
