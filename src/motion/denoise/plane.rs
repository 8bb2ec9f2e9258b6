//! A plane in words of 16 bits, whatever its depth, with room around it.

use crate::media::{PlaneView, Samples};
use crate::motion::padded::{Padded, chunk};

/// Samples around a plane, to the left and above, which are copies of its edge: a block may lie outside by 8, and taps reach
/// further.
const BEFORE: usize = 16;
/// Likewise to the right and below, counted from the plane's own edge.
const BEHIND: usize = 24;

/// A plane of any depth, with room around it.
pub(super) type WidePlane = Padded<u16, BEFORE, BEHIND>;

impl WidePlane {
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

    /// The rows of the plane itself, to be written, `count` at a time.
    pub fn strips_mut(&mut self, count: usize) -> Vec<Vec<&mut [u16]>> {
        let mut strips = Vec::with_capacity(self.height.div_ceil(count));
        let mut rows = self.rows_mut().peekable();
        while rows.peek().is_some() {
            strips.push(rows.by_ref().take(count).collect());
        }
        strips
    }
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
