//! The visible size, where the frame has another.

use super::cubic::{Axis, COEFFICIENT_BITS};
use super::rule::Coding;
use super::{Fit, PictureTarget, Sample, empty, resize};
use crate::error::Result;
use crate::media::{Picture, PictureView, PixelFormat, Plane, PlaneView, Samples};
use crate::parallel::Workers;

/// Scales pictures, each plane by its own size, into the middle of black.
pub(super) struct Scaler {
    target: PictureTarget,
    picture: Picture,
    /// How the last frame was scaled; around its place all is black.
    scaling: Option<Scaling>,
    /// A row for each band.
    scratch: Vec<i16>,
}

impl Scaler {
    pub fn new(target: &PictureTarget) -> Self {
        Scaler { target: *target, picture: empty(target.format), scaling: None, scratch: Vec::new() }
    }

    /// `picture` itself where it has the visible size.
    pub fn fit<'a>(&'a mut self, picture: PictureView<'a>, workers: &Workers) -> Result<PictureView<'a>> {
        let from = (picture.width, picture.height);
        let PictureTarget { format, width, height, .. } = self.target;
        if from == (width, height) {
            return Ok(picture);
        }
        let scaling = match self.scaling.take().filter(|scaling| scaling.from == from) {
            Some(scaling) => scaling,
            None => {
                let scaling = Scaling::new(&self.target, from);
                resize(&mut self.picture, width, height)?;
                self.blacken(&scaling);
                scaling
            }
        };
        let scaling = self.scaling.insert(scaling);
        for (index, (plane, source)) in self.picture.planes.iter_mut().zip(&picture.planes).enumerate() {
            let (stride, _) = format.plane_size(index, width, height);
            let place = scaling.place(index);
            let [x, y] = scaling.axes(index);
            let work = PlaneWork { source, x, y, left: place.left, depth: format.bit_depth() };
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

    fn blacken(&mut self, scaling: &Scaling) {
        for (index, plane) in self.picture.planes.iter_mut().enumerate() {
            let black = scaling.black(index);
            match plane {
                Plane::U8(samples) => samples.fill(Sample::new(black.into())),
                Plane::U16(samples) => samples.fill(Sample::new(black.into())),
            }
        }
    }
}

/// How pictures of one size become those of a target: where they go in it, and by which weights. The scaler goes by it,
/// and so does its twin on a GPU.
pub(crate) struct Scaling {
    format: PixelFormat,
    coding: Coding,
    from: (usize, usize),
    place: Place,
    /// Horizontal and vertical, of luma and of the other planes.
    axes: Vec<[Axis; 2]>,
}

impl Scaling {
    /// Both sides of `from` are at least 1 and at most [`MAX_SIDE`](super::MAX_SIDE).
    pub fn new(target: &PictureTarget, from: (usize, usize)) -> Self {
        let format = target.format;
        let place = Place::new(target.fit, from, (target.width, target.height));
        let axes = |plane| {
            let (width, height) = format.plane_size(plane, from.0, from.1);
            let place = place.in_plane(format, plane);
            [Axis::new(width, place.width), Axis::new(height, place.height)]
        };
        let coding = Coding { depth: format.bit_depth(), color: target.color };
        Scaling { format, coding, from, place, axes: (0..format.planes().min(2)).map(axes).collect() }
    }

    /// Where the picture goes in plane `plane`.
    pub fn place(&self, plane: usize) -> Place {
        self.place.in_plane(self.format, plane)
    }

    /// What the columns and the rows of plane `plane` are weighed by.
    pub fn axes(&self, plane: usize) -> &[Axis; 2] {
        &self.axes[plane.min(1)]
    }

    /// What is around the picture in plane `plane`.
    pub fn black(&self, plane: usize) -> u16 {
        // Of red, green and blue 0 is black, and of alpha transparent.
        if self.format.is_rgb() { 0 } else { self.coding.black(plane) }
    }
}

/// A part of a picture or plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
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

/// By how many bits the sum over a row of columns is shifted; that over rows is by `depth`.
pub(crate) fn columns_shift(depth: u8) -> u32 {
    2 * COEFFICIENT_BITS - u32::from(depth)
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
        let shift = columns_shift(self.depth);
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
