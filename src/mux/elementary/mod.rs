//! Streams of one video track with little or nothing around its frames: IVF and the OBU stream of AV1, and Y4M.

mod ivf;
mod obu;
mod temporal_unit;
#[cfg(test)]
mod tests;
#[cfg(test)]
#[path = "../../../tests/support/elementary.rs"]
mod verifier;
mod y4m;

use super::{Container, Layout, MuxSettings, Muxer};
use crate::error::{Error, Result};
use crate::media::{Track, VideoTrack};

/// IVF, with its count of frames patched in unless the layout is live.
pub(super) fn open_ivf(_: Container, settings: &MuxSettings) -> Result<Box<dyn Muxer>> {
    Ok(Box::new(ivf::IvfMuxer::new(settings.layout == Layout::Plain)))
}

/// The low-overhead bitstream format of AV1.
pub(super) fn open_obu(_: Container, _: &MuxSettings) -> Result<Box<dyn Muxer>> {
    Ok(Box::<obu::ObuMuxer>::default())
}

/// YUV4MPEG2.
pub(super) fn open_y4m(_: Container, _: &MuxSettings) -> Result<Box<dyn Muxer>> {
    Ok(Box::<y4m::Y4mMuxer>::default())
}

/// The one track, which is of video.
fn only_track<'a>(tracks: &'a [Track], name: &str) -> Result<(&'a Track, &'a VideoTrack)> {
    match tracks {
        [track] if track.video().is_some() => track.video().map(|video| (track, video)),
        _ => None,
    }
    .ok_or_else(|| Error::unsupported(format!("{name} holds one video track, and no other")))
}
