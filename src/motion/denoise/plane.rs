//! A plane in words of 16 bits, whatever its depth, with room around it.

use crate::media::{PlaneView, Samples};

/// Samples around a plane, to the left and above, which are copies of its edge: a block may lie outside by 8, and taps reach
/// further.
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

    /// Takes a plane whose samples are at most `most`.
    pub fn take(&mut self, plane: &PlaneView<'_>, most: u16) {
        self.reset(plane.width, plane.height);
        match plane.samples {
            Samples::U8(samples) => {
                for (to, row) in self.rows_mut().zip(samples.chunks(plane.stride.max(1))) {
                    to.iter_mut().zip(row).for_each(|(to, &sample)| *to = sample.into());
                }
            }
            Samples::U16(samples) => {
                for (to, row) in self.rows_mut().zip(samples.chunks(plane.stride.max(1))) {
                    to.iter_mut().zip(row).for_each(|(to, &sample)| *to = sample.min(most));
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

    /// The rows of the plane itself, to be written, `count` at a time.
    pub fn strips_mut(&mut self, count: usize) -> Vec<Vec<&mut [u16]>> {
        let mut strips = Vec::with_capacity(self.height.div_ceil(count));
        let mut rows = self.rows_mut().peekable();
        while rows.peek().is_some() {
            strips.push(rows.by_ref().take(count).collect());
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

/// What the six samples around a place count for, in 64ths, by the quarters that it lies behind the third.
pub(super) const TAPS: [[i16; 6]; 4] =
    [[0, 0, 64, 0, 0, 0], [1, -5, 52, 20, -5, 1], [2, -10, 40, 40, -10, 2], [1, -5, 20, 52, -5, 1]];

/// `W` x `H` samples from a place in quarters of a sample; none is above `most`, which has 12 bits.
#[inline(always)]
pub(super) fn interpolate<const W: usize, const H: usize>(
    plane: &WidePlane,
    x: i32,
    y: i32,
    most: u16,
) -> [[u16; W]; H] {
    let (right, down) = ((x & 3) as usize, (y & 3) as usize);
    let stride = plane.stride;
    let mut out = [[0; W]; H];
    if (right, down) == (0, 0) {
        let samples = plane.from((x >> 2) as isize, (y >> 2) as isize);
        for (row, to) in out.iter_mut().enumerate() {
            *to = chunk(samples, row * stride);
        }
        return out;
    }
    let samples = plane.from((x >> 2) as isize - 2, (y >> 2) as isize - 2);
    let mut rows = [[0; W]; HIGHEST + 5];
    for (y, row) in rows.iter_mut().enumerate().take(H + 5) {
        *row = between(samples, y * stride, TAPS[right]);
    }
    let taps = TAPS[down];
    for (y, to) in out.iter_mut().enumerate() {
        let mut sums = [128; W];
        for (tap, row) in taps.into_iter().zip(&rows[y..]) {
            add(&mut sums, tap, row);
        }
        for i in 0..W {
            to[i] = (sums[i] >> 8).clamp(0, most.into()) as u16;
        }
    }
    out
}

/// The highest block.
pub(super) const HIGHEST: usize = 8;

/// `W` samples of a row, between the samples from `start` on, in quarters of a level: of 12 bits these fit, what the taps
/// overshoot included.
#[inline(always)]
fn between<const W: usize>(samples: &[u16], start: usize, taps: [i16; 6]) -> [i16; W] {
    let row: [u16; 16] = chunk(samples, start);
    let mut sums = [8; W];
    for (tap, at) in taps.into_iter().zip(0..) {
        let mut six = [0; W];
        for i in 0..W {
            six[i] = row[at + i] as i16;
        }
        add(&mut sums, tap, &six);
    }
    let mut out = [0; W];
    for i in 0..W {
        out[i] = (sums[i] >> 4) as i16;
    }
    out
}

#[inline(always)]
fn add<const W: usize>(sums: &mut [i32; W], tap: i16, row: &[i16; W]) {
    for i in 0..W {
        sums[i] += i32::from(tap) * i32::from(row[i]);
    }
}
