//! AV1: the settings of a stream, the engine that encodes it, and a reader of what it writes.

pub(crate) mod groups;
mod level;
pub(crate) mod obu;
mod rav1e;
pub(crate) mod sequence_header;

#[cfg(test)]
mod tests;

use super::VideoEngine;
use crate::error::{Error, Result};
use crate::media::{ChromaSubsampling, Color, FrameRate, Hdr, PixelFormat};

/// The least width and height that can be encoded. Smaller pictures are padded, and the container crops them.
pub(crate) const MIN_SIZE: usize = 16;
/// The greatest width and height.
pub(crate) const MAX_SIZE: usize = u16::MAX as usize;

/// All that decides what an engine writes; two engines with equal settings write the same bytes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Av1Settings {
    pub format: PixelFormat,
    /// The coded size, [`MIN_SIZE`] to [`MAX_SIZE`].
    pub width: usize,
    pub height: usize,
    /// What rate control and the level count with; at most 1000.
    pub frame_rate: FrameRate,
    pub color: Color,
    /// Goes into the stream too, as metadata of each key frame.
    pub hdr: Hdr,
    pub rate_control: RateControl,
    /// 0 (slowest) to 10.
    pub preset: u8,
    /// The most frames from one key frame to the next; at least 1.
    pub keyframe_interval: u32,
    /// The fewest frames from a key frame to one that scene detection sets; forced ones may come earlier. `None` is 12,
    /// or `keyframe_interval` where that is less.
    pub min_keyframe_interval: Option<u32>,
    /// How many pieces of a picture are coded independently, 1 to 64; rounded up to what a grid of 64x64 blocks allows.
    /// `None` follows from the size, never from the threads, so that the bytes do not depend on the machine.
    pub tiles: Option<u32>,
    /// Worker threads; 0 is one for each core. Changes no byte.
    pub threads: usize,
    /// No reordering: a packet comes after 5 pictures, not 11, for half as many bytes again.
    pub low_latency: bool,
    pub tune: Tune,
    pub scene_detection: SceneDetection,
    /// Whether distortion may be measured on transform coefficients, as each preset has it. Without it the engine also
    /// weighs blocks by how much later pictures take from them: about 6% fewer bytes for the same PSNR (at the same `crf`
    /// both rise), for up to 1.2 times the time and 1.7 times the memory.
    pub tx_domain_distortion: bool,
}

/// What decides how many bits a picture gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RateControl {
    /// Constant quality on the scale that AV1 encoders share: 0 (best) to 63. None is lossless.
    Crf(u8),
    /// An average over a reservoir of pictures, in one pass.
    BitRate {
        /// Bits a second, 1 to 2^31 - 1.
        bits_per_second: u32,
        /// The quantizer index that is never undercut, so that still scenes do not take all they can get.
        min_quantizer: u8,
        /// Over how many pictures bits are spread, 12 to 131072; `None` is 1.5 key-frame intervals, at most 240.
        reservoir_frames: Option<u32>,
    },
}

/// What quality means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tune {
    /// Flat areas count more than busy ones, as the eye has it.
    Psychovisual,
    /// The squared error counts.
    Psnr,
}

/// Whether the engine sets key frames at scene cuts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SceneDetection {
    /// Key frames come at `keyframe_interval` and where they are forced.
    Off,
    /// By the difference of downscaled pictures.
    Fast,
    /// By the cost of intra and inter prediction. Needs `tx_domain_distortion` to be off.
    Standard,
    /// By the search for motion ahead of the engine, which is told of them by forced key frames: to the engine itself this
    /// is [`Off`](Self::Off).
    Motion,
}

impl Av1Settings {
    /// Defaults for pictures of this format and coded size.
    pub fn new(format: PixelFormat, width: usize, height: usize, frame_rate: FrameRate, color: Color) -> Self {
        Av1Settings {
            format,
            width,
            height,
            frame_rate,
            color,
            hdr: Hdr::default(),
            rate_control: RateControl::Crf(30),
            preset: 10,
            keyframe_interval: 240,
            min_keyframe_interval: None,
            tiles: None,
            threads: 0,
            low_latency: false,
            tune: Tune::Psychovisual,
            scene_detection: SceneDetection::Fast,
            tx_domain_distortion: true,
        }
    }

    /// An engine. Can be called any number of times: an engine for each closed group of pictures is as good as one for
    /// the whole stream.
    pub fn open(&self) -> Result<Box<dyn VideoEngine>> {
        self.validate()?;
        rav1e::open(self)
    }

    /// An engine that has closed groups of pictures encoded there, with the same bytes.
    pub fn open_groups(&self, place: groups::Place) -> Result<Box<dyn VideoEngine>> {
        self.validate()?;
        groups::open(self, place)
    }

    /// Refuses what [`open`](Self::open) would, without opening anything.
    pub fn validate(&self) -> Result<()> {
        check("pixel_format", self.format, !self.format.is_rgb(), "AV1 is coded from luma and chroma: use yuv444p")?;
        if self.format.bit_depth() > 8 && !cfg!(feature = "ten-bit") {
            return Err(Error::left_out("pixel_format", self.format, "ten-bit"));
        }
        for (name, value) in [("width", self.width), ("height", self.height)] {
            check(
                name,
                value,
                (MIN_SIZE..=MAX_SIZE).contains(&value),
                "AV1 pictures are coded with 16 to 65535 pixels",
            )?;
        }
        let rate = self.frame_rate;
        let allowed = rate.is_valid() && u64::from(rate.num()) <= MAX_FRAME_RATE * u64::from(rate.den());
        check("frame_rate", rate, allowed, "it must be above 0 and at most 1000")?;
        match self.rate_control {
            RateControl::Crf(crf) => check("crf", crf, crf <= 63, "use 0 (best) to 63")?,
            RateControl::BitRate { bits_per_second, reservoir_frames, .. } => {
                let allowed = (1..=i32::MAX as u32).contains(&bits_per_second);
                check("bit_rate", bits_per_second, allowed, "use 1 to 2147483647 bits a second")?;
                let frames = reservoir_frames.unwrap_or(12);
                check("reservoir_frames", frames, (12..=131_072).contains(&frames), "use 12 to 131072 pictures")?;
            }
        }
        check("preset", self.preset, self.preset <= 10, "use 0 (slowest) to 10 (fastest)")?;
        let interval = self.keyframe_interval;
        check("keyframe_interval", interval, (1..=MAX_KEYFRAME_INTERVAL).contains(&interval), "use 1 to 715827882")?;
        let minimum = self.min_keyframe_interval();
        let text = format!("it must not be above keyframe_interval, which is {interval}");
        check("min_keyframe_interval", minimum, minimum <= interval, text)?;
        let tiles = self.tiles.unwrap_or(1);
        check("tiles", tiles, (1..=64).contains(&tiles), "use 1 to 64")?;
        check("threads", self.threads, self.threads <= 1024, "use 0 (one for each core) to 1024")?;
        // The detector keeps the costs of each picture for the weighing of blocks, which alone takes them out again:
        // 58 kB a picture at 720p, for as long as the engine lives.
        let leaks = self.scene_detection == SceneDetection::Standard && self.tx_domain_distortion;
        check("scene_detection", "standard", !leaks, "it needs tx_domain_distortion=false; use fast or off")
    }

    /// The quantizer index of a constant quality: a quarter of it is the `crf`, but for the last two, which reach the
    /// end of the scale. libaom and SVT-AV1 use the same table. Index 0 would mean a lossless stream to a decoder, so
    /// crf 0 is index 1.
    fn quantizer(crf: u8) -> u8 {
        match crf {
            0 => 1,
            1..=61 => crf * 4,
            62 => 249,
            _ => 255,
        }
    }

    pub fn min_keyframe_interval(&self) -> u32 {
        self.min_keyframe_interval.unwrap_or(12.min(self.keyframe_interval))
    }

    /// How many bytes an engine takes, reckoned higher than what was measured (benches/README.md), 4:4:4 twice as high:
    /// pictures that are held and their references, of which `low_latency` has half as many, and what is kept of each
    /// picture ahead that blocks are weighed by.
    pub fn memory(&self) -> u64 {
        let pixels = self.width as u64 * self.height as u64;
        let held = if self.low_latency { 120 } else { 240 };
        let ahead = 14 * (rav1e::weighed_ahead(self) as u64).saturating_sub(1);
        // Those are bytes a pixel of 4:2:0 in 8 bits, which has three samples for two pixels.
        let samples = match self.format.chroma() {
            ChromaSubsampling::Monochrome | ChromaSubsampling::Yuv420 => 3,
            ChromaSubsampling::Yuv422 => 4,
            ChromaSubsampling::Yuv444 => 6,
        };
        let bytes = if self.format.bit_depth() > 8 { 2 * samples } else { samples };
        (24 << 20) + pixels * (held + ahead) * bytes / 3
    }

    /// The number of tiles to ask for.
    fn tile_count(&self) -> u32 {
        self.tiles.unwrap_or_else(|| default_tiles(self.width, self.height))
    }
}

/// The decoders' limits on rates make the engine split pictures. It panics where there are too few rows of blocks for
/// that, which needs more than twice this rate.
const MAX_FRAME_RATE: u64 = 1000;

/// The engine multiplies it by three in 32 bits.
const MAX_KEYFRAME_INTERVAL: u32 = i32::MAX as u32 / 3;

/// Tiles for a size: as many as cost at most about 1% of the bytes.
fn default_tiles(width: usize, height: usize) -> u32 {
    match width * height {
        0..200_000 => 1,
        200_000..1_500_000 => 2,
        _ => 4,
    }
}

fn check(name: &str, value: impl std::fmt::Display, allowed: bool, text: impl std::fmt::Display) -> Result<()> {
    if allowed { Ok(()) } else { Err(Error::option(name, value, text)) }
}
