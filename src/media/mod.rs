//! What the rooms of the house speak of: time, pictures, sound, colour, packets, tracks and codec configurations.
//!
//! Codecs know no container and muxers no codec: they meet here.

mod audio;
mod color;
mod config;
mod cue;
mod frame;
mod hdr;
#[cfg(feature = "image")]
mod image;
mod language;
mod metadata;
mod motion;
mod orientation;
mod packet;
mod picture;
mod time;
mod track;

pub(crate) use audio::{AudioBlock, MAX_CHANNELS};
pub use audio::{AudioSamples, SampleData, SampleFormat};
pub use color::{Color, ColorRange, MatrixCoefficients, Primaries, TransferCharacteristics};
pub use config::{
    AudioCodec, Av1Config, CodecConfig, FlacConfig, OpusConfig, OpusMapping, PcmConfig, RawConfig, SubtitleCodec,
    VideoCodec, WebVttConfig,
};
pub use cue::Cue;
pub use frame::{FrameBatch, FrameFormat, FrameView, PlaneData};
pub use hdr::{ContentLightLevel, Hdr, MasteringDisplay};
pub use language::Language;
pub use metadata::{Attachment, Chapter, Cover, CoverFormat, Metadata};
pub use motion::{Analysis, BlockMotion, BlockSize, FrameAnalysis, MotionField, MotionVector};
pub use orientation::{AspectRatio, Orientation};
pub use packet::Packet;
pub use picture::{ChromaSubsampling, PixelFormat};
pub(crate) use picture::{Picture, PictureView, Plane, PlaneView, Samples};
pub(crate) use time::gcd;
pub use time::{FrameRate, TimeBase, Timestamp};
pub use track::{AudioTrack, Track, TrackKind, TrackLabels, VideoTrack};
