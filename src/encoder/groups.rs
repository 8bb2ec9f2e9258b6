//! Groups of pictures that are encoded elsewhere: the end where that is.

use super::guard::guarded;
use super::options::{VideoEngineSettings, VideoOptions};
use crate::codec::av1::Av1Settings;
use crate::codec::av1::groups::AnyGroup;
use crate::error::{Error, ErrorKind, Result};
use crate::media::VideoCodec;
use crate::mux::Container;

/// Encodes one group of pictures for a [`GroupPool`](crate::GroupPool), which was handed them by an
/// [`Encoder`](crate::Encoder), here or elsewhere.
pub struct GroupEncoder {
    settings: Av1Settings,
    /// `None` after a failure.
    group: Option<AnyGroup>,
}

/// What a stream in groups can be: AV1 of a constant quality.
pub(super) fn check(options: VideoOptions) -> Result<VideoOptions> {
    // Two of them are refused for the same reasons as those elsewhere.
    options.clone().parallel_groups(2).codec(VideoCodec::Av1).resolve(None)?;
    match options.codec_asked() {
        Some(codec) if codec != VideoCodec::Av1 => Err(Error::option("codec", codec, "groups of pictures are of av1")),
        _ => Ok(options.codec(VideoCodec::Av1)),
    }
}

impl GroupEncoder {
    /// An encoder of one group. Options and container have to be those of the encoder whose pictures come.
    ///
    /// # Errors
    /// As [`Encoder::add_video_in_groups`](crate::Encoder::add_video_in_groups), and where the container does not go with the
    /// options.
    pub fn new(options: &VideoOptions, container: Container) -> Result<Self> {
        let plan = check(options.clone())?.resolve(Some(container))?;
        let VideoEngineSettings::Av1(settings) = plan.engine else {
            return Err(Error::option("codec", plan.codec, "groups of pictures are of av1"));
        };
        let settings = settings.of_group(1);
        let group = guarded("the encoder", || AnyGroup::open(&settings))?;
        Ok(GroupEncoder { settings, group: Some(group) })
    }

    /// Takes the next picture, as [`GroupPool::picture`](crate::GroupPool::picture) was given it.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where it is none of the size that the options say;
    /// [`Codec`](crate::ErrorKind::Codec) where encoding failed, after which nothing more is taken.
    pub fn add_picture(&mut self, picture: &[u8]) -> Result<()> {
        let Some(group) = &mut self.group else { return Err(failed()) };
        let taken = guarded("the encoder", || group.picture(&self.settings, picture));
        if taken.as_ref().is_err_and(|error| error.kind() != ErrorKind::InvalidInput) {
            self.group = None;
        }
        taken
    }

    /// Ends the group; gives what [`GroupPool::take`](crate::GroupPool::take) is asked for.
    ///
    /// # Errors
    /// [`Codec`](crate::ErrorKind::Codec) where encoding failed.
    pub fn finish(self) -> Result<Vec<Vec<u8>>> {
        let group = self.group.ok_or_else(failed)?;
        guarded("the encoder", || group.finish())
    }
}

fn failed() -> Error {
    Error::state("the group has failed before")
}

impl std::fmt::Debug for GroupEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GroupEncoder")
    }
}
