//! Moving pictures by seed.

use super::random::Random;
use crate::error::Result;
use crate::media::{ChromaSubsampling, FrameFormat, FrameView, PlaneData};

/// A scene: a gradient over which a square moves, with a little noise. What it shows depends on the seed; size and format
/// are the caller's.
///
/// ```
/// use framewright::testing::video;
/// use framewright::{FrameFormat, testing::Scene};
///
/// let scene: Scene = video(7).size(20, 10).format(FrameFormat::Nv12).stride_padding(3);
/// let frame = scene.frame(4);
/// assert_eq!((frame.view()?.width(), frame.view()?.height()), (20, 10));
/// assert_eq!(scene.frame(4), frame);
/// assert_ne!(scene.frame(5), frame);
/// # Ok::<(), framewright::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    seed: u64,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) format: FrameFormat,
    pub(super) bit_depth: u8,
    padding: u8,
}

/// A scene by seed: RGB of 8 bits, 32 x 32 pixels unless said.
///
/// ```
/// use framewright::testing::video;
/// use framewright::{Container, Encoder, VideoOptions};
///
/// let scene = video(1).size(24, 16);
/// let mut encoder = Encoder::new();
/// let mut stream = encoder.add_video(VideoOptions::new(24, 16).frame_rate(25))?;
/// encoder.open_stream(std::io::sink(), Container::WebM)?;
/// for index in 0..3 {
///     stream.add_frame(&scene.frame(index).view()?)?;
/// }
/// stream.finish()?;
/// assert_eq!(encoder.close()?.duration.as_millis(), 120);
/// # Ok::<(), framewright::Error>(())
/// ```
pub fn video(seed: u64) -> Scene {
    Scene { seed, width: 32, height: 32, format: FrameFormat::Rgb, bit_depth: 8, padding: 0 }
}

impl Scene {
    /// Width and height in pixels, 1 to 4096. Others count as the nearest of these: scenes are for tests, and one that is
    /// asked for too much is not to take all memory.
    pub fn size(mut self, width: u32, height: u32) -> Self {
        (self.width, self.height) = (width.clamp(1, 4096), height.clamp(1, 4096));
        self
    }

    /// How the samples lie.
    pub fn format(mut self, format: FrameFormat) -> Self {
        self.format = format;
        self
    }

    /// Bits a sample: 8, or 9 to 16, which take words. Others count as the nearest of these.
    pub fn bit_depth(mut self, bits: u8) -> Self {
        self.bit_depth = bits.clamp(8, 16);
        self
    }

    /// Samples between the end of a row and the start of the next. 0 unless said.
    pub fn stride_padding(mut self, samples: u8) -> Self {
        self.padding = samples;
        self
    }

    /// Frame number `index`. Any frame can be asked for at any time.
    pub fn frame(&self, index: u32) -> Frame {
        let mut random = Random::new(self.seed);
        let [slope, hue, speed] = [1 + random.below(5), random.below(256), 1 + random.below(4)];
        let mut noise = Random::new(self.seed ^ u64::from(index) << 32 ^ 0x5eed);
        let planes = (0..self.format.planes()).map(|plane| {
            let (row, rows) = self.format.plane_size(plane, self.width as usize, self.height as usize);
            let stride = row.saturating_add(self.padding.into());
            let mut samples = vec![0u16; stride.saturating_mul(rows)];
            for (y, line) in (0u32..).zip(samples.chunks_mut(stride)) {
                for (x, sample) in (0u32..).zip(line.iter_mut()) {
                    let moved = x.wrapping_add(index.wrapping_mul(speed)) / 8 + y / 8;
                    let ground = x.wrapping_mul(slope).wrapping_add(y).wrapping_add(hue * (1 + plane as u32));
                    let level = if moved.is_multiple_of(3) { 230 } else { 32 + ground % 176 } + noise.below(4);
                    *sample = (level << (self.bit_depth - 8)) as u16;
                }
            }
            (samples, stride)
        });
        let samples: Vec<(Vec<u16>, usize)> = planes.collect();
        let planes = match self.bit_depth {
            8 => Planes::U8(samples.into_iter().map(|(plane, stride)| (bytes(plane), stride)).collect()),
            _ => Planes::U16(samples),
        };
        Frame { width: self.width, height: self.height, format: self.format, bit_depth: self.bit_depth, planes }
    }
}

/// Levels of 8 bits as bytes.
fn bytes(plane: Vec<u16>) -> Vec<u8> {
    plane.into_iter().map(|level| level.min(255) as u8).collect()
}

/// A frame that owns its samples; [`view`](Self::view) lends it to a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) format: FrameFormat,
    pub(super) bit_depth: u8,
    pub(super) planes: Planes,
}

/// Samples of each plane, and the stride.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Planes {
    U8(Vec<(Vec<u8>, usize)>),
    U16(Vec<(Vec<u16>, usize)>),
}

impl Frame {
    /// The frame, borrowed.
    ///
    /// # Errors
    /// As [`FrameView::from_planes`]: never of a frame that a [`Scene`] made.
    pub fn view(&self) -> Result<FrameView<'_>> {
        let planes: Vec<(PlaneData<'_>, usize)> = match &self.planes {
            Planes::U8(planes) => planes.iter().map(|(plane, stride)| (plane.into(), *stride)).collect(),
            Planes::U16(planes) => planes.iter().map(|(plane, stride)| (plane.into(), *stride)).collect(),
        };
        FrameView::from_planes(self.format, self.width, self.height, &planes)?.with_bit_depth(self.bit_depth)
    }
}

/// Every layout of frames.
pub(super) const FORMATS: [FrameFormat; 12] = [
    FrameFormat::Rgb,
    FrameFormat::Bgr,
    FrameFormat::Rgba,
    FrameFormat::Bgra,
    FrameFormat::Gray,
    FrameFormat::RgbPlanar,
    FrameFormat::RgbaPlanar,
    FrameFormat::Nv12,
    FrameFormat::Yuv(ChromaSubsampling::Yuv420),
    FrameFormat::Yuv(ChromaSubsampling::Yuv422),
    FrameFormat::Yuv(ChromaSubsampling::Yuv444),
    FrameFormat::Yuv(ChromaSubsampling::Monochrome),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_size_and_depth_makes_a_sound_frame_that_moves() {
        for format in FORMATS {
            for (width, height, bits) in [(1, 1, 8), (17, 5, 8), (16, 16, 10), (3, 2, 16)] {
                let scene = video(3).size(width, height).format(format).bit_depth(bits).stride_padding(2);
                let frame = scene.frame(0);
                let view = frame.view().unwrap();
                assert_eq!((view.width(), view.height(), view.bit_depth()), (width, height, bits), "{format}");
            }
            let scene = video(3).format(format);
            assert!(scene.frame(0) != scene.frame(1) && scene.frame(0) != video(4).format(format).frame(0), "{format}");
        }
    }
}
