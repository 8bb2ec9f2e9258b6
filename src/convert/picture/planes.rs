//! Frames of red, green and blue, or of grey, into planes of red, green, blue and alpha.
//!
//! Samples of 8 bits keep their values. Deeper ones of depth `n` become `255 v / (2^n - 1)`, and where the target has no
//! alpha and the frame has, `255 v a / (2^n - 1)^2`: composed over black. Both to the nearest, with one rounding. Samples
//! above the depth's greatest are taken for that. Where only the target has alpha, all is opaque.

use super::{Sample, empty, resize};
use crate::error::Result;
use crate::media::{FrameFormat, FrameView, Picture, PictureView, PixelFormat, Plane, PlaneData, PlaneView, Samples};
use crate::parallel::Workers;

/// Converts frames that are not YUV. Planes that are as the target wants them are borrowed.
pub(super) struct PlaneStage {
    picture: Picture,
}

impl PlaneStage {
    pub fn new(format: PixelFormat) -> Self {
        PlaneStage { picture: empty(format) }
    }

    /// The target's format, of which this stage is in use if it [is RGB](PixelFormat::is_rgb).
    pub fn format(&self) -> PixelFormat {
        self.picture.format
    }

    pub fn convert<'a>(&'a mut self, frame: &'a FrameView<'a>, workers: &Workers) -> Result<PictureView<'a>> {
        let (format, width, height) = (self.picture.format, frame.width() as usize, frame.height() as usize);
        if let Some(planes) = borrow(frame, format) {
            return Ok(PictureView { format, width, height, planes });
        }
        resize(&mut self.picture, width, height)?;
        let work = Work { frame, places: places(frame.format()), width, opaque: format != PixelFormat::Rgba };
        let mut bands = Vec::new();
        for (channel, plane) in self.picture.planes.iter_mut().enumerate() {
            /// Samples of a band, or one row if that is more.
            const SAMPLES: usize = 1 << 16;
            let rows = (SAMPLES / width).max(1);
            if let Plane::U8(samples) = plane {
                let chunks = samples.chunks_mut(rows * width).enumerate();
                bands.extend(chunks.map(|(index, samples)| (channel, index * rows, samples)));
            }
        }
        workers.for_each(bands, |(channel, first, samples)| {
            for (y, row) in (first..).zip(samples.chunks_mut(width)) {
                work.run(channel, y, row);
            }
        });
        Ok(self.picture.view())
    }
}

/// The frame's own planes, if they are the target's.
fn borrow<'a>(frame: &'a FrameView<'a>, format: PixelFormat) -> Option<Vec<PlaneView<'a>>> {
    let same = matches!(
        (frame.format(), format),
        (FrameFormat::RgbPlanar, PixelFormat::Rgb) | (FrameFormat::RgbaPlanar, PixelFormat::Rgba)
    );
    if !same {
        return None;
    }
    let plane = |index: usize| match frame.plane(index)? {
        plane if matches!(plane.data, PlaneData::U16(_)) => None,
        plane => {
            let PlaneData::U8(samples) = plane.data else { return None };
            let (width, height) = (frame.width() as usize, frame.height() as usize);
            Some(PlaneView { samples: Samples::U8(samples), stride: plane.stride, width, height })
        }
    };
    (0..format.planes()).map(plane).collect()
}

/// Where the samples of a channel are: in which plane, and after how many of how many in a pixel.
#[derive(Clone, Copy)]
struct Place {
    plane: usize,
    first: usize,
    step: usize,
}

/// Red, green, blue, and alpha where there is any.
fn places(format: FrameFormat) -> [Option<Place>; 4] {
    let packed =
        |order: [usize; 4], step: usize| order.map(|first| (first < step).then_some(Place { plane: 0, first, step }));
    let planar = |count: usize| [0, 1, 2, 3].map(|plane| (plane < count).then_some(Place { plane, first: 0, step: 1 }));
    match format {
        FrameFormat::Rgb => packed([0, 1, 2, 3], 3),
        FrameFormat::Bgr => packed([2, 1, 0, 3], 3),
        FrameFormat::Rgba => packed([0, 1, 2, 3], 4),
        FrameFormat::Bgra => packed([2, 1, 0, 3], 4),
        FrameFormat::RgbPlanar => planar(3),
        FrameFormat::RgbaPlanar => planar(4),
        // Grey is three channels that are one; YUV goes another way.
        FrameFormat::Gray | FrameFormat::Yuv(_) | FrameFormat::Nv12 => packed([0, 0, 0, 1], 1),
    }
}

/// What there is to do for a frame.
struct Work<'a> {
    frame: &'a FrameView<'a>,
    places: [Option<Place>; 4],
    width: usize,
    /// Whether alpha is composed over black.
    opaque: bool,
}

impl Work<'_> {
    /// Fills row `y` of a channel.
    fn run(&self, channel: usize, y: usize, out: &mut [u8]) {
        let alpha = self.places[3].filter(|_| self.opaque);
        match (self.places[channel], alpha) {
            (None, _) => out.fill(u8::MAX),
            (Some(place), None) => self.scale(place, y, out),
            (Some(place), Some(alpha)) => self.compose(place, alpha, y, out),
        }
    }

    fn scale(&self, place: Place, y: usize, out: &mut [u8]) {
        match self.row(place, y) {
            Row::U8(row) => {
                for (out, &sample) in out.iter_mut().zip(row.iter().step_by(place.step)) {
                    *out = sample;
                }
            }
            Row::U16(row) => {
                let max = (1u32 << self.frame.bit_depth()) - 1;
                for (out, &sample) in out.iter_mut().zip(row.iter().step_by(place.step)) {
                    let sample = u32::from(sample).min(max);
                    *out = Sample::new((2 * 255 * sample + max) / (2 * max));
                }
            }
        }
    }

    fn compose(&self, place: Place, alpha: Place, y: usize, out: &mut [u8]) {
        let composed = |sample: u64, alpha: u64, max: u64| {
            let (sample, alpha, one) = (sample.min(max), alpha.min(max), max * max);
            Sample::new(((2 * 255 * sample * alpha + one) / (2 * one)) as u32)
        };
        match (self.row(place, y), self.row(alpha, y)) {
            (Row::U8(row), Row::U8(alphas)) => {
                let pairs = row.iter().step_by(place.step).zip(alphas.iter().step_by(alpha.step));
                for (out, (&sample, &alpha)) in out.iter_mut().zip(pairs) {
                    *out = composed(sample.into(), alpha.into(), 255);
                }
            }
            (Row::U16(row), Row::U16(alphas)) => {
                let max = (1 << self.frame.bit_depth()) - 1;
                let pairs = row.iter().step_by(place.step).zip(alphas.iter().step_by(alpha.step));
                for (out, (&sample, &alpha)) in out.iter_mut().zip(pairs) {
                    *out = composed(sample.into(), alpha.into(), max);
                }
            }
            // All planes of a frame are of one type.
            (Row::U8(_) | Row::U16(_), _) => {}
        }
    }

    /// The samples of row `y` from the channel's first to its last.
    fn row(&self, place: Place, y: usize) -> Row<'_> {
        let Some(plane) = self.frame.plane(place.plane) else { return Row::U8(&[]) };
        let start = y * plane.stride + place.first;
        let end = start + (self.width - 1) * place.step + 1;
        match plane.data {
            PlaneData::U8(samples) => Row::U8(&samples[start..end]),
            PlaneData::U16(samples) => Row::U16(&samples[start..end]),
        }
    }
}

enum Row<'a> {
    U8(&'a [u8]),
    U16(&'a [u16]),
}
