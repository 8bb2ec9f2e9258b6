//! What a container says about a track.

use super::color::Color;
use super::config::CodecConfig;
use super::time::{FrameRate, TimeBase};

/// One track of a file.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Track {
    /// Video or audio, with what only that has.
    pub kind: TrackKind,
    /// The codec and its parameters.
    pub config: CodecConfig,
    /// The unit of every time of its packets. Of audio it is one over the sample rate (Opus: 48,000).
    pub time_base: TimeBase,
    /// Language by ISO 639-2, `und` where it is not known.
    pub language: String,
}

/// Video or audio.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TrackKind {
    /// A video track.
    Video(VideoTrack),
    /// An audio track.
    Audio(AudioTrack),
}

/// What only a video track has.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoTrack {
    /// Width to show, in pixels.
    pub width: u32,
    /// Height to show, in pixels.
    pub height: u32,
    /// Width of the coded picture. Where it is more than [`width`](Self::width), the surplus is padding at the right.
    pub coded_width: u32,
    /// Height of the coded picture; the surplus is at the bottom.
    pub coded_height: u32,
    /// The colour.
    pub color: Color,
    /// The constant frame rate; `None` where frames have time stamps of their own.
    pub frame_rate: Option<FrameRate>,
}

/// What only an audio track has.
#[derive(Clone, Debug, PartialEq)]
pub struct AudioTrack {
    /// Samples a second of the decoder's output.
    pub sample_rate: u32,
    /// 1 to 8.
    pub channels: u8,
}

impl Track {
    /// A track whose language is not known.
    pub fn new(kind: TrackKind, config: CodecConfig, time_base: TimeBase) -> Self {
        Track { kind, config, time_base, language: "und".into() }
    }

    /// Its video part, where it has one.
    pub fn video(&self) -> Option<&VideoTrack> {
        match &self.kind {
            TrackKind::Video(video) => Some(video),
            TrackKind::Audio(_) => None,
        }
    }

    /// Its audio part, where it has one.
    pub fn audio(&self) -> Option<&AudioTrack> {
        match &self.kind {
            TrackKind::Audio(audio) => Some(audio),
            TrackKind::Video(_) => None,
        }
    }
}
