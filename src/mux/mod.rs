//! Muxers: packets in, a container out, through a [`Sink`]. No muxer knows a codec beyond its configuration.

mod isobmff;
mod matroska;
mod packet_writer;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::media::{AudioCodec, Packet, Track, VideoCodec};
use crate::sink::Sink;

pub use packet_writer::PacketWriter;
pub(crate) use packet_writer::check_tracks;

/// A container format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Container {
    /// MP4 (ISO/IEC 14496-14); fragmented on sinks that cannot seek.
    Mp4,
    /// Matroska (RFC 9559); live form on sinks that cannot seek.
    Matroska,
    /// WebM, the subset of Matroska that browsers play.
    WebM,
}

/// A writer of one container in one layout.
pub(crate) trait Muxer: Send {
    /// Writes what stands before the first packet. Called once, with all tracks that the file will have.
    fn begin(&mut self, tracks: &[Track], sink: &mut dyn Sink) -> Result<()>;

    /// Takes the next packet. Packets come in the order of their times over all tracks, and within a track without
    /// overlap: each begins where the one before it ends, or later.
    fn packet(&mut self, packet: Packet, sink: &mut dyn Sink) -> Result<()>;

    /// Whether what has been written so far plays without `finish`.
    fn playable_unfinished(&self) -> bool;

    /// Writes what stands after the last packet and patches what has become known. `tracks` are those of `begin`, with
    /// their final configurations.
    fn finish(&mut self, tracks: &[Track], sink: &mut dyn Sink) -> Result<()>;
}

impl Container {
    /// Every container.
    pub const ALL: &'static [Container] = &[Container::Mp4, Container::Matroska, Container::WebM];

    /// The name used in options.
    pub fn name(self) -> &'static str {
        match self {
            Container::Mp4 => "mp4",
            Container::Matroska => "matroska",
            Container::WebM => "webm",
        }
    }

    /// The file name extensions that choose it, the usual one first.
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Container::Mp4 => &["mp4", "m4v", "m4a"],
            Container::Matroska => &["mkv", "mka"],
            Container::WebM => &["webm", "weba"],
        }
    }

    /// The container for a file name extension, in either case.
    pub fn from_extension(extension: &str) -> Option<Self> {
        let extension = extension.to_ascii_lowercase();
        Container::ALL.iter().copied().find(|container| container.extensions().contains(&extension.as_str()))
    }
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Container {
    type Err = Error;

    /// A name or a file name extension.
    fn from_str(text: &str) -> Result<Self> {
        let named = Container::ALL.iter().copied().find(|container| container.name() == text);
        named.or_else(|| Container::from_extension(text)).ok_or_else(|| {
            let names: Vec<_> = Container::ALL.iter().map(|container| container.name()).collect();
            Error::option("container", format_args!("`{text}`"), format_args!("use one of {}", names.join(", ")))
        })
    }
}

impl Container {
    /// The video codec that a stream has when nothing is said.
    pub fn default_video_codec(self) -> VideoCodec {
        match self {
            Container::Mp4 | Container::Matroska | Container::WebM => VideoCodec::Av1,
        }
    }

    /// The audio codec that a stream has when nothing is said.
    pub fn default_audio_codec(self) -> AudioCodec {
        match self {
            Container::Mp4 | Container::Matroska | Container::WebM => AudioCodec::Opus,
        }
    }

    /// Whether a track of this video codec can be written to it.
    pub fn takes_video(self, codec: VideoCodec) -> bool {
        match self {
            Container::Mp4 | Container::WebM => codec == VideoCodec::Av1,
            Container::Matroska => matches!(codec, VideoCodec::Av1 | VideoCodec::Mjpeg),
        }
    }

    /// Whether a track of this audio codec can be written to it.
    pub fn takes_audio(self, codec: AudioCodec) -> bool {
        match self {
            Container::Mp4 | Container::Matroska => true,
            Container::WebM => codec == AudioCodec::Opus,
        }
    }
}

/// What a muxer may choose, resolved.
#[derive(Clone, Debug)]
pub(crate) struct MuxSettings {
    /// Fragments and live clusters are closed at the first video key frame after this long, …
    pub fragment_duration: Duration,
    /// … and in any case before they hold more than this many bytes.
    pub fragment_bytes: usize,
}

impl Default for MuxSettings {
    fn default() -> Self {
        MuxSettings { fragment_duration: Duration::from_secs(2), fragment_bytes: 32 << 20 }
    }
}

/// The muxer for `container`, in the layout that the sink allows.
pub(crate) fn open(container: Container, settings: &MuxSettings, can_patch: bool) -> Box<dyn Muxer> {
    match (container, can_patch) {
        (Container::Mp4, true) => Box::new(isobmff::Mp4Muxer::new()),
        (Container::Mp4, false) => Box::new(isobmff::FragmentedMp4Muxer::new(settings.clone())),
        (Container::Matroska | Container::WebM, _) => {
            Box::new(matroska::MatroskaMuxer::new(container, settings.clone(), can_patch))
        }
    }
}
