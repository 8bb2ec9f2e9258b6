//! What the rooms of the house speak of: time, pictures, sound, colour, packets, tracks and codec configurations.
//!
//! Codecs know no container and muxers no codec: they meet here.

mod audio;
mod color;
mod config;
mod frame;
#[cfg(feature = "image")]
mod image;
mod packet;
mod picture;
mod time;
mod track;

pub(crate) use audio::{AudioBlock, MAX_CHANNELS};
pub use audio::{AudioSamples, SampleData, SampleFormat};
pub use color::{Color, ColorRange, MatrixCoefficients, Primaries, TransferCharacteristics};
pub use config::{AudioCodec, Av1Config, CodecConfig, FlacConfig, OpusConfig, OpusMapping, PcmConfig, VideoCodec};
pub use frame::{FrameBatch, FrameFormat, FrameView, PlaneData};
pub use packet::Packet;
pub use picture::{ChromaSubsampling, PixelFormat};
pub(crate) use picture::{Picture, PictureView, Plane, PlaneView, Samples};
pub(crate) use time::gcd;
pub use time::{FrameRate, TimeBase, Timestamp};
pub use track::{AudioTrack, Track, TrackKind, VideoTrack};
