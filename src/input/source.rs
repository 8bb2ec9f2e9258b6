//! What every reader of frames or samples offers.

use crate::error::Result;
use crate::media::{AudioSamples, Color, FrameFormat, FrameRate, FrameView, PixelFormat, SampleFormat, Timestamp};

/// Something that gives frames, one at a time, in order.
///
/// Each frame is borrowed from the source and lasts until the next call.
pub trait VideoSource {
    /// What is known before the first frame.
    fn info(&self) -> &VideoInfo;

    /// The next frame, or `None` after the last.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where the frame is damaged or cut off, naming it;
    /// [`Limit`](crate::ErrorKind::Limit) where it is larger than allowed; [`Io`](crate::ErrorKind::Io) where reading
    /// fails. A source that failed is not to be read again.
    fn next_frame(&mut self) -> Result<Option<SourceFrame<'_>>>;
}

/// What a [`VideoSource`] says about its frames.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VideoInfo {
    /// Width of every frame, in pixels.
    pub width: u32,
    /// Height of every frame, in pixels.
    pub height: u32,
    /// The constant frame rate, where the source knows one. Images know none, and one has to be chosen.
    pub frame_rate: Option<FrameRate>,
    /// Whether the frames come with times of their own ([`FrameTime::At`]).
    pub variable: bool,
    /// The layout of the first frame. In a sequence of images, later ones may differ.
    pub format: FrameFormat,
    /// Bits a sample of the first frame.
    pub bit_depth: u8,
    /// The colour of YUV frames, as far as the source says it. The frames carry it too.
    pub color: Option<Color>,
    /// Of a YUV source: the format that takes its samples as they are, or with the fewest bits dropped.
    pub pixel_format: Option<PixelFormat>,
    /// How many frames there will be.
    pub frames: Option<u64>,
    /// Width of a pixel over its height, where the source says it.
    pub sample_aspect_ratio: Option<(u32, u32)>,
}

impl VideoInfo {
    /// Of frames whose samples are all that is known about them.
    pub(super) fn new(width: u32, height: u32, format: FrameFormat, bit_depth: u8) -> Self {
        VideoInfo {
            width,
            height,
            frame_rate: None,
            variable: false,
            format,
            bit_depth,
            color: None,
            pixel_format: natural_pixel_format(format, bit_depth),
            frames: None,
            sample_aspect_ratio: None,
        }
    }
}

/// A frame of a [`VideoSource`].
#[derive(Clone, Debug)]
pub struct SourceFrame<'a> {
    /// The picture.
    pub frame: FrameView<'a>,
    /// When it is shown.
    pub time: FrameTime,
}

/// When a frame is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameTime {
    /// One frame period after the frame before it.
    Constant,
    /// From `pts` on, for `duration` ticks of the same time base. Each frame begins where the one before it ends.
    At {
        /// When it appears; the first frame's is 0.
        pts: Timestamp,
        /// For how long, in ticks of `pts.base`. At least 1.
        duration: u32,
    },
}

/// Something that gives sound, block by block.
///
/// Each block is borrowed from the source and lasts until the next call.
pub trait AudioSource {
    /// What is known before the first block.
    fn info(&self) -> &AudioInfo;

    /// The next block, of any length but 0, or `None` after the last.
    ///
    /// # Errors
    /// As [`VideoSource::next_frame`].
    fn next_block(&mut self) -> Result<Option<AudioSamples<'_>>>;
}

/// What an [`AudioSource`] says about its sound.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AudioInfo {
    /// Samples a second.
    pub sample_rate: u32,
    /// 1 to 8, in the order of [`AudioSamples`].
    pub channels: u8,
    /// The form that holds the source's samples exactly; `None` where they come out of a lossy codec.
    pub sample_format: Option<SampleFormat>,
    /// Samples a channel in all, where the source says it.
    pub frames: Option<u64>,
}

fn natural_pixel_format(format: FrameFormat, bit_depth: u8) -> Option<PixelFormat> {
    let chroma = match format {
        FrameFormat::Yuv(chroma) => chroma,
        FrameFormat::Nv12 => crate::media::ChromaSubsampling::Yuv420,
        _ => return None,
    };
    let bits = if bit_depth == 8 { 8 } else { 10 };
    PixelFormat::ALL.iter().copied().find(|format| format.chroma() == chroma && format.bit_depth() == bits)
}
