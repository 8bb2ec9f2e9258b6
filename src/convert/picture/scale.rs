//! The visible size, where the frame has another.

use super::cubic::{Axis, COEFFICIENT_BITS};
use super::rule::Coding;
use super::{Fit, PictureTarget, Sample, empty, resize};
use crate::error::Result;
use crate::media::{Picture, PictureView, PixelFormat, Plane, PlaneView, Samples};
use crate::parallel::Workers;

/// Scales pictures, each plane by its own size, into the middle of black.
pub(super) struct Scaler {
    format: PixelFormat,
    coding: Coding,
    width: usize,
    height: usize,
    fit: Fit,
    picture: Picture,
    /// Where the last frame was put; around it all is black.
    place: Option<Place>,
    /// Horizontal and vertical, of luma and of chroma.
    axes: [[Option<Axis>; 2]; 2],
    /// A row for each band.
    scratch: Vec<i16>,
}

impl Scaler {
    pub fn new(target: &PictureTarget) -> Self {
        Scaler {
            format: target.format,
            coding: Coding { depth: target.format.bit_depth(), color: target.color },
            width: target.width,
            height: target.height,
            fit: target.fit,
            picture: empty(target.format),
            place: None,
            axes: Default::default(),
            scratch: Vec::new(),
        }
    }

    /// `picture` itself where it has the visible size.
    pub fn fit<'a>(&'a mut self, picture: PictureView<'a>, workers: &Workers) -> Result<PictureView<'a>> {
        if (picture.width, picture.height) == (self.width, self.height) {
            return Ok(picture);
        }
        let place = Place::new(self.fit, (picture.width, picture.height), (self.width, self.height));
        if self.place != Some(place) {
            self.place = None;
            resize(&mut self.picture, self.width, self.height)?;
            self.blacken();
            self.place = Some(place);
        }
        for (index, (plane, source)) in self.picture.planes.iter_mut().zip(&picture.planes).enumerate() {
            let (stride, _) = self.format.plane_size(index, self.width, self.height);
            let place = place.in_plane(self.format, index);
            let [x, y] = &mut self.axes[index.min(1)];
            let work = PlaneWork {
                source,
                x: axis(x, source.width, place.width),
                y: axis(y, source.height, place.height),
                left: place.left,
                depth: self.coding.depth,
            };
            match (plane, source.samples) {
                (Plane::U8(out), Samples::U8(samples)) => {
                    work.run(samples, &mut out[place.rows(stride)], stride, &mut self.scratch, workers);
                }
                (Plane::U16(out), Samples::U16(samples)) => {
                    work.run(samples, &mut out[place.rows(stride)], stride, &mut self.scratch, workers);
                }
                // The stages before deliver the target's format.
                (Plane::U8(_) | Plane::U16(_), _) => {}
            }
        }
        Ok(self.picture.view())
    }

    fn blacken(&mut self) {
        for (index, plane) in self.picture.planes.iter_mut().enumerate() {
            // Of red, green and blue 0 is black, and of alpha transparent.
            let black = if self.format.is_rgb() { 0 } else { self.coding.black(index) };
            match plane {
                Plane::U8(samples) => samples.fill(Sample::new(black.into())),
                Plane::U16(samples) => samples.fill(Sample::new(black.into())),
            }
        }
    }
}

/// The table in `slot`, made anew where it is for other lengths.
fn axis(slot: &mut Option<Axis>, from: usize, to: usize) -> &Axis {
    let known = slot.take().filter(|axis| axis.is(from, to));
    slot.insert(known.unwrap_or_else(|| Axis::new(from, to)))
}

/// A part of a picture or plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub left: usize,
    pub top: usize,
    pub width: usize,
    pub height: usize,
}

impl Place {
    /// Where a frame of size `from` goes in a picture of size `to`. Offsets, and sides that are shorter than the
    /// picture's, are even: a chroma sample belongs to the frame or to the black, never to both.
    pub fn new(fit: Fit, from: (usize, usize), to: (usize, usize)) -> Self {
        let (width, height) = match fit {
            Fit::Stretch => to,
            // Products of sides are below 2^33, which is more than 32-bit machines count to.
            Fit::Pad => {
                let [from_width, from_height, to_width, to_height] =
                    [from.0, from.1, to.0, to.1].map(|side| side as u64);
                let (by_width, by_height) = (from_height * to_width, from_width * to_height);
                if by_width <= by_height {
                    (to.0, even_quotient(by_width, from_width).min(to.1))
                } else {
                    (even_quotient(by_height, from_height).min(to.0), to.1)
                }
            }
        };
        let centre = |free: usize| (free / 2) & !1;
        Place { left: centre(to.0 - width), top: centre(to.1 - height), width, height }
    }

    /// The same part in plane `plane`.
    fn in_plane(self, format: PixelFormat, plane: usize) -> Self {
        let (left, top) = format.plane_size(plane, self.left, self.top);
        let (width, height) = format.plane_size(plane, self.width, self.height);
        Place { left, top, width, height }
    }

    /// The samples of its rows, in full, in a plane whose rows have `stride`.
    fn rows(self, stride: usize) -> std::ops::Range<usize> {
        self.top * stride..(self.top + self.height) * stride
    }
}

/// The even number nearest to `numerator / denominator`, at least 2. The quotient is at most `MAX_SIDE`.
fn even_quotient(numerator: u64, denominator: u64) -> usize {
    let half = (numerator + denominator) / (2 * denominator);
    (2 * half as usize).max(2)
}

/// What there is to do for one plane.
///
/// A row is made by weighing whole rows of the source, column by column, then by weighing the columns of the result,
/// which is kept with 14 - `depth` fractional bits: with a quarter beyond either end for overshoot, it just fits 16 bits.
/// Both roundings are to nearest, the upper of two.
struct PlaneWork<'a> {
    source: &'a PlaneView<'a>,
    x: &'a Axis,
    y: &'a Axis,
    left: usize,
    depth: u8,
}

impl PlaneWork<'_> {
    /// Fills `out`, the rows of the part that is to be filled, on several workers.
    fn run<S: Sample>(&self, samples: &[S], out: &mut [S], stride: usize, scratch: &mut Vec<i16>, workers: &Workers) {
        /// Enough to keep the workers busy, few enough that their scratch is nothing to speak of.
        const BANDS: usize = 16;
        let rows = (out.len() / stride).div_ceil(BANDS);
        scratch.resize(BANDS * self.source.width, 0);
        let bands = out.chunks_mut(rows * stride).zip(scratch.chunks_mut(self.source.width)).enumerate();
        workers.for_each(bands.collect(), |(band, (out, scratch))| {
            for (y, row) in (band * rows..).zip(out.chunks_mut(stride)) {
                self.weigh_rows(samples, y, scratch);
                self.weigh_columns(scratch, &mut row[self.left..]);
            }
        });
    }

    fn weigh_rows<S: Sample>(&self, samples: &[S], y: usize, out: &mut [i16]) {
        const COLUMNS: usize = 256;
        let (first, coefficients) = self.y.taps(y);
        let shift = u32::from(self.depth);
        for (x, out) in (0..).step_by(COLUMNS).zip(out.chunks_mut(COLUMNS)) {
            let mut sums = [1i32 << (shift - 1); COLUMNS];
            for (row, &coefficient) in (first..).zip(coefficients) {
                let row = &samples[row * self.source.stride + x..][..out.len()];
                for (sum, &sample) in sums.iter_mut().zip(row) {
                    // At most 10 bits: as 16-bit words, a form that the compiler has an instruction for.
                    *sum += i32::from(sample.into() as i16) * i32::from(coefficient);
                }
            }
            for (out, sum) in out.iter_mut().zip(sums) {
                *out = (sum >> shift).clamp(i16::MIN.into(), i16::MAX.into()) as i16;
            }
        }
    }

    fn weigh_columns<S: Sample>(&self, columns: &[i16], out: &mut [S]) {
        let shift = 2 * COEFFICIENT_BITS - u32::from(self.depth);
        let max = (1 << self.depth) - 1;
        for (x, out) in out.iter_mut().enumerate().take(self.x.len()) {
            let (first, coefficients) = self.x.taps(x);
            let columns = &columns[first..][..coefficients.len()];
            let products = columns.iter().zip(coefficients).map(|(&c, &k)| i32::from(c) * i32::from(k));
            let sum = products.sum::<i32>() + (1 << (shift - 1));
            *out = S::new((sum >> shift).clamp(0, max) as u32);
        }
    }
}
