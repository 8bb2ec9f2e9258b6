//! A plane in words of 16 bits, whatever its depth, with room around it.

use crate::media::{PlaneView, Samples};

/// Samples around a plane, to the left and above: a block may lie outside by 8, and its window reaches 4 further. They are
/// copies of its edge.
const BEFORE: usize = 16;
/// Likewise to the right and below, counted from the plane's own edge.
const BEHIND: usize = 24;

/// Sample `(x, y)` is that of the plane, or the nearest one inside where it lies outside.
#[derive(Clone, Debug, Default)]
pub(super) struct WidePlane {
    pub width: usize,
    pub height: usize,
    pub stride: usize,
    samples: Vec<u16>,
}

impl WidePlane {
    /// Makes the plane fit for this size.
    pub fn reset(&mut self, width: usize, height: usize) {
        if (self.width, self.height) != (width, height) {
            let stride = BEFORE + width + BEHIND;
            let samples = vec![0; stride * (BEFORE + height + BEHIND)];
            *self = WidePlane { width, height, stride, samples };
        }
    }

    pub fn take(&mut self, plane: &PlaneView<'_>) {
        self.reset(plane.width, plane.height);
        match plane.samples {
            Samples::U8(samples) => {
                for (to, row) in self.rows_mut().zip(samples.chunks(plane.stride.max(1))) {
                    to.iter_mut().zip(row).for_each(|(to, &sample)| *to = sample.into());
                }
            }
            Samples::U16(samples) => {
                for (to, row) in self.rows_mut().zip(samples.chunks(plane.stride.max(1))) {
                    to.copy_from_slice(&row[..to.len()]);
                }
            }
        }
        self.pad();
    }

    /// The samples from `(x, y)` on, row after row of `stride`; none where that lies outside the room.
    #[inline(always)]
    pub fn from(&self, x: isize, y: isize) -> &[u16] {
        let offset = (y + BEFORE as isize) * self.stride as isize + x + BEFORE as isize;
        self.samples.get(offset as usize..).unwrap_or_default()
    }

    /// The rows of the plane itself.
    pub fn rows(&self) -> impl Iterator<Item = &[u16]> {
        let width = self.width;
        self.samples.chunks(self.stride).skip(BEFORE).take(self.height).map(move |row| &row[BEFORE..BEFORE + width])
    }

    fn rows_mut(&mut self) -> impl Iterator<Item = &mut [u16]> {
        let (stride, width, height) = (self.stride, self.width, self.height);
        self.samples.chunks_mut(stride).skip(BEFORE).take(height).map(move |row| &mut row[BEFORE..BEFORE + width])
    }

    /// The rows of the plane itself, to be written: the first `first`, then as many at a time as `count` says.
    pub fn strips_mut(&mut self, first: usize, count: usize) -> Vec<Vec<&mut [u16]>> {
        let mut strips = vec![Vec::new()];
        for (y, row) in self.rows_mut().enumerate() {
            if y >= first && (y - first).is_multiple_of(count) {
                strips.push(Vec::with_capacity(count));
            }
            if let Some(strip) = strips.last_mut() {
                strip.push(row);
            }
        }
        strips
    }

    /// Fills the room around.
    pub fn pad(&mut self) {
        let (stride, width) = (self.stride, self.width);
        for row in self.samples.chunks_mut(stride).skip(BEFORE).take(self.height) {
            let (first, last) = (row[BEFORE], row[BEFORE + width - 1]);
            row[..BEFORE].fill(first);
            row[BEFORE + width..].fill(last);
        }
        let (top, bottom) = (BEFORE * stride, (BEFORE + self.height - 1) * stride);
        for y in 0..BEFORE {
            self.samples.copy_within(top..top + stride, y * stride);
        }
        for y in 1..=BEHIND {
            self.samples.copy_within(bottom..bottom + stride, bottom + y * stride);
        }
    }
}

/// `N` samples from `start` on; zeros where there are none, which the room around a plane rules out.
#[inline(always)]
pub(super) fn chunk<const N: usize>(samples: &[u16], start: usize) -> [u16; N] {
    samples.get(start..).and_then(<[u16]>::first_chunk).copied().unwrap_or([0; N])
}

/// `W` x `H` samples from a place in quarters of a sample.
#[inline(always)]
pub(super) fn interpolate<const W: usize, const H: usize>(plane: &WidePlane, x: i32, y: i32) -> [[u16; W]; H] {
    let samples = plane.from((x >> 2) as isize, (y >> 2) as isize);
    let stride = plane.stride;
    let (right, down) = ((x & 3) as u16, (y & 3) as u16);
    let mut out = [[0; W]; H];
    if (right, down) == (0, 0) {
        for (row, to) in out.iter_mut().enumerate() {
            *to = chunk(samples, row * stride);
        }
        return out;
    }
    // 16 times a sample of 12 bits, and 8, fit.
    let weights = [(4 - right) * (4 - down), right * (4 - down), (4 - right) * down, right * down];
    let pair = |row: usize| (chunk::<W>(samples, row * stride), chunk::<W>(samples, row * stride + 1));
    let mut above = pair(0);
    for (row, to) in out.iter_mut().enumerate() {
        let below = pair(row + 1);
        for i in 0..W {
            let sum =
                weights[0] * above.0[i] + weights[1] * above.1[i] + weights[2] * below.0[i] + weights[3] * below.1[i];
            to[i] = (sum + 8) >> 4;
        }
        above = below;
    }
    out
}
