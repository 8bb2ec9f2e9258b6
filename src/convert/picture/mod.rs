//! Any frame into the picture that a codec takes.
//!
//! Three stages, each of which hands through what needs no work: the samples are brought into the target's format and
//! colour at the frame's own size ([`yuv`], [`rgb`](super::rgb), or [`planes`] for targets of red, green and blue), then scaled to the visible size ([`scale`]), then
//! extended to the coded size ([`pad`]). A frame that fits passes all three untouched and uncopied.
//!
//! All arithmetic is in integers, and no sample depends on how the rows were divided among threads: the same frame gives
//! the same bytes on every machine.

mod cubic;
mod pad;
mod planes;
mod rule;
mod scale;
mod yuv;

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

#[cfg(feature = "gpu")]
pub(crate) use self::cubic::Axis;
use self::pad::Padder;
use self::planes::PlaneStage;
use self::scale::Scaler;
#[cfg(feature = "gpu")]
pub(crate) use self::scale::{Scaling, columns_shift};
use self::yuv::YuvConverter;
use super::rgb::RgbConverter;
use crate::error::{Error, Result};
use crate::media::{Color, FrameView, Picture, PictureView, PixelFormat, Plane};
use crate::parallel::Workers;

/// How a frame of another size is brought to the size of the video.
///
/// ```
/// use framewright::Fit;
///
/// assert_eq!("stretch".parse::<Fit>()?, Fit::Stretch);
/// assert_eq!(Fit::default(), Fit::Pad);
/// # Ok::<(), framewright::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fit {
    /// As large as fits with its proportions kept, in the middle, with black around it. The default.
    #[default]
    Pad,
    /// Over the whole size, whatever becomes of its proportions.
    Stretch,
}

impl Fit {
    /// Every way.
    pub const ALL: &'static [Fit] = &[Fit::Pad, Fit::Stretch];

    /// The name used in options.
    pub fn name(self) -> &'static str {
        match self {
            Fit::Pad => "pad",
            Fit::Stretch => "stretch",
        }
    }
}

impl fmt::Display for Fit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Fit {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = Fit::ALL.iter().copied().find(|fit| fit.name() == text);
        found.ok_or_else(|| Error::option("fit", format_args!("`{text}`"), "use pad or stretch"))
    }
}

/// The longest side of a frame or picture. AV1 ends here too (`max_frame_width_minus_1` has at most 16 bits).
pub(crate) const MAX_SIDE: usize = 65536;

/// What pictures are to be like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PictureTarget {
    pub format: PixelFormat,
    /// The size that is seen.
    pub width: usize,
    pub height: usize,
    /// The size that is coded, at least the one that is seen. The surplus, on the right and at the bottom, repeats the
    /// last visible column and row.
    pub coded_width: usize,
    pub coded_height: usize,
    /// Of pictures of red, green and blue, what YUV frames that do not say it are taken to be.
    pub color: Color,
    pub fit: Fit,
}

/// Turns frames into pictures of one target. Buffers and tables are kept from frame to frame.
pub(crate) struct PictureConverter {
    workers: Arc<Workers>,
    rgb: RgbStage,
    planes: PlaneStage,
    yuv: YuvConverter,
    scaler: Scaler,
    padder: Padder,
}

impl PictureConverter {
    pub fn new(target: PictureTarget, workers: Arc<Workers>) -> Self {
        PictureConverter {
            workers,
            rgb: RgbStage::new(&target),
            planes: PlaneStage::new(target.format),
            yuv: YuvConverter::new(target.format, target.color),
            scaler: Scaler::new(&target),
            padder: Padder::new(&target),
        }
    }

    /// The picture of `frame`, of the coded size. Planes that need no change are the frame's own, with its strides.
    ///
    /// # Errors
    /// `Unsupported` where a YUV frame's colour differs from the target's in primaries or transfer; `Limit` where a side
    /// is longer than [`MAX_SIDE`] or memory does not suffice. The converter stays as it was.
    pub fn convert<'a>(&'a mut self, frame: &'a FrameView<'a>) -> Result<PictureView<'a>> {
        check_size(frame.width() as usize, frame.height() as usize)?;
        let picture = if frame.format().is_yuv() {
            self.yuv.convert(frame, &self.workers)?
        } else if self.planes.format().is_rgb() {
            self.planes.convert(frame, &self.workers)?
        } else {
            self.rgb.convert(frame, &self.workers)?
        };
        let picture = self.scaler.fit(picture, &self.workers)?;
        self.padder.extend(picture)
    }

    /// The last two stages, for a picture that has the target's format and colour already.
    ///
    /// # Errors
    /// As [`convert`](Self::convert).
    #[cfg(feature = "gpu")]
    pub fn fit<'a>(&'a mut self, picture: PictureView<'a>) -> Result<PictureView<'a>> {
        check_size(picture.width, picture.height)?;
        let picture = self.scaler.fit(picture, &self.workers)?;
        self.padder.extend(picture)
    }
}

/// Everything that is not luma and chroma yet: a [`RgbConverter`] for each input depth that came by.
struct RgbStage {
    color: Color,
    converters: Vec<(u8, RgbConverter)>,
    picture: Picture,
}

impl RgbStage {
    fn new(target: &PictureTarget) -> Self {
        RgbStage { color: target.color, converters: Vec::new(), picture: empty(target.format) }
    }

    fn convert<'a>(&'a mut self, frame: &FrameView<'_>, workers: &Workers) -> Result<PictureView<'a>> {
        resize(&mut self.picture, frame.width() as usize, frame.height() as usize)?;
        let depth = frame.bit_depth();
        if !self.converters.iter().any(|(known, _)| *known == depth) {
            self.converters.push((depth, RgbConverter::new(self.picture.format, self.color, depth)));
        }
        for (_, converter) in self.converters.iter().filter(|(known, _)| *known == depth) {
            converter.convert(frame, &mut self.picture, workers);
        }
        Ok(self.picture.view())
    }
}

/// A sample as planes store it.
trait Sample: Copy + Send + Sync + Into<u32> {
    /// `value` has been clipped to the depth of the plane.
    fn new(value: u32) -> Self;
}

impl Sample for u8 {
    fn new(value: u32) -> Self {
        value as u8
    }
}

impl Sample for u16 {
    fn new(value: u32) -> Self {
        value as u16
    }
}

/// A picture without samples, to be [`resize`]d.
fn empty(format: PixelFormat) -> Picture {
    Picture::new(format, 0, 0)
}

/// Makes `picture` one of `width` x `height`, in the memory that it has where that suffices. Nothing is said about the
/// samples.
fn resize(picture: &mut Picture, width: usize, height: usize) -> Result<()> {
    check_size(width, height)?;
    for (index, plane) in picture.planes.iter_mut().enumerate() {
        resize_plane(plane, picture.format.plane_size(index, width, height))?;
    }
    (picture.width, picture.height) = (width, height);
    Ok(())
}

fn resize_plane(plane: &mut Plane, (width, height): (usize, usize)) -> Result<()> {
    match plane {
        Plane::U8(samples) => resize_samples(samples, width, height),
        Plane::U16(samples) => resize_samples(samples, width, height),
    }
}

fn resize_samples<S: Sample>(samples: &mut Vec<S>, width: usize, height: usize) -> Result<()> {
    let too_large = || Error::limit(format!("a plane of {width}x{height} samples does not fit into memory"));
    let needed = width.checked_mul(height).ok_or_else(too_large)?;
    if samples.len() != needed {
        samples.clear();
        samples.try_reserve_exact(needed).map_err(|error| too_large().with_source(error))?;
        samples.resize(needed, S::new(0));
    }
    Ok(())
}

fn check_size(width: usize, height: usize) -> Result<()> {
    if width > MAX_SIDE || height > MAX_SIDE {
        return Err(Error::limit(format!("a picture of {width}x{height}: a side has at most {MAX_SIDE} samples")));
    }
    Ok(())
}
