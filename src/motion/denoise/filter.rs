//! What a picture's blocks take from those beside it, and the sums that come of it.

use super::plane::{WidePlane, chunk, interpolate};
use crate::media::{BlockSize, MotionField, MotionVector};
use crate::parallel::Workers;

/// The variance of what was not filtered, and the unit of all that are reckoned: of the noise.
pub(super) const UNFILTERED: u32 = 64;
/// What is left at least of the noise, in 64ths of its variance, as the filter reckons.
const LEAST: u32 = 8;
/// A match that is worse than this, in 64ths of the noise's variance, is none.
const WORST: u32 = 512;

/// Where a block looks in the two pictures beside its own, and what it takes from there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    /// From the filtered picture before, and from the picture behind.
    pub sides: [Side; 2],
    /// The variance of the noise that is left, in 64ths of that of the noise.
    pub left: u32,
}

/// One of the two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Side {
    pub vector: MotionVector,
    /// In 256ths.
    pub weight: u16,
}

/// A picture beside the one that is filtered, and how blocks find it there.
#[derive(Clone, Copy)]
pub(super) struct Beside<'a> {
    pub planes: &'a [WidePlane],
    pub field: &'a MotionField,
}

/// What the blocks of a picture are matched with.
#[derive(Clone, Copy)]
pub(super) struct Matching<'a> {
    pub current: &'a WidePlane,
    pub before: Option<Beside<'a>>,
    pub behind: Option<Beside<'a>>,
    /// Those of the picture before.
    pub last: &'a [Taken],
    /// The level of luma, not 0.
    pub level: u32,
}

impl Matching<'_> {
    /// What each block of 8x8 of luma takes.
    pub fn run(self, workers: &Workers) -> Vec<Taken> {
        let (columns, rows) = (self.current.width.div_ceil(8), self.current.height.div_ceil(8));
        let mut out = vec![Taken::default(); columns * rows];
        workers.for_each(out.chunks_mut(columns).enumerate().collect(), |(row, out)| {
            for (column, out) in out.iter_mut().enumerate() {
                *out = self.block(column, row);
            }
        });
        out
    }

    fn block(&self, column: usize, row: usize) -> Taken {
        let samples = self.current.from(8 * column as isize, 8 * row as isize);
        let mut current = [[0; 8]; 8];
        for (y, to) in current.iter_mut().enumerate() {
            *to = chunk(samples, y * self.current.stride);
        }
        let mut taken = Taken { sides: [Side::default(); 2], left: UNFILTERED };
        // What is known is worth the inverse of its variance.
        let mut worths = [0; 2];
        if let Some(before) = self.before {
            let (vector, distance) = self.best(&current, before, 1, column, row);
            taken.sides[0].vector = vector;
            worths[0] = worth(distance, self.left_at(vector, column, row));
        }
        if let Some(behind) = self.behind {
            let (vector, distance) = self.best(&current, behind, -1, column, row);
            taken.sides[1].vector = vector;
            worths[1] = worth(distance, UNFILTERED);
        }
        let total = UNFILTERED * UNFILTERED / UNFILTERED + worths[0] + worths[1];
        for (side, worth) in taken.sides.iter_mut().zip(worths) {
            // Below 256.
            side.weight = (256 * worth / total) as u16;
        }
        taken.left = UNFILTERED * UNFILTERED / total;
        taken
    }

    /// The vector for a block, and the mean square of its differences in 64ths of the noise's variance.
    fn best(
        &self,
        current: &[[u16; 8]; 8],
        beside: Beside<'_>,
        sign: i32,
        column: usize,
        row: usize,
    ) -> (MotionVector, u32) {
        let Some(luma) = beside.planes.first() else { return (MotionVector::default(), u32::MAX) };
        let vector = |size, column, row| {
            let vector = beside.field.block(size, column, row).map(|block| block.vector).unwrap_or_default();
            (sign * i32::from(vector.x), sign * i32::from(vector.y))
        };
        let (left, top) = (8 * column as i32, 8 * row as i32);
        let cut = |v: i32, at: i32, size: usize| v.clamp(4 * (-8 - at), 4 * (size as i32 - at));
        let variance = ((self.level * self.level + 8) >> 4).max(1);
        let bias = variance + variance / 2;
        let (mut best, mut least) = ((0, 0), u32::MAX);
        let mut tried = [None; 3];
        let candidates =
            [(0, 0), vector(BlockSize::B16, column / 2, row / 2), vector(BlockSize::B8, column, row)];
        for (index, (x, y)) in candidates.into_iter().enumerate() {
            let (x, y) = (cut(x, left, luma.width), cut(y, top, luma.height));
            if tried.contains(&Some((x, y))) {
                continue;
            }
            tried[index] = Some((x, y));
            let distance = distance(current, &interpolate(luma, 4 * left + x, 4 * top + y));
            if index == 0 {
                least = distance;
            } else if distance.saturating_add(bias) < least {
                (best, least) = ((x, y), distance);
            }
        }
        // The limits are below 4 x 16,392, but the search has none above 1023.
        let vector = MotionVector { x: best.0 as i16, y: best.1 as i16 };
        (vector, least.min(1 << 27) * 16 / variance)
    }

    /// What is left of the noise of the filtered picture before, where a block comes from.
    fn left_at(&self, vector: MotionVector, column: usize, row: usize) -> u32 {
        let (columns, rows) = (self.current.width.div_ceil(8), self.current.height.div_ceil(8));
        let at = |index: usize, by: i16, count: usize| {
            let middle = 32 * index as i32 + 16 + i32::from(by);
            (middle >> 5).clamp(0, count as i32 - 1) as usize
        };
        let index = at(row, vector.y, rows) * columns + at(column, vector.x, columns);
        self.last.get(index).map_or(UNFILTERED, |taken| taken.left)
    }
}

/// The inverse of the variance of a match: of the noise that is left in it, and of what else it differs by.
fn worth(distance: u32, left: u32) -> u32 {
    let expected = (UNFILTERED + left) * 9 / 8;
    let variance = left.saturating_add(distance.saturating_sub(expected).saturating_mul(2)).max(LEAST);
    if variance > WORST { 0 } else { UNFILTERED * UNFILTERED / variance }
}

/// The sum of squares.
#[inline(always)]
fn distance(a: &[[u16; 8]; 8], b: &[[u16; 8]; 8]) -> u32 {
    let mut sums = [0u32; 8];
    for (a, b) in a.iter().zip(b) {
        for i in 0..8 {
            let difference = i32::from(a[i]) - i32::from(b[i]);
            sums[i] += (difference * difference) as u32;
        }
    }
    sums.iter().sum()
}

/// A plane that is filtered, by what its blocks take.
#[derive(Clone, Copy)]
pub(super) struct PlaneFilter<'a> {
    pub current: &'a WidePlane,
    /// The same plane of the filtered picture before, and of the picture behind.
    pub sides: [Option<&'a WidePlane>; 2],
    pub taken: &'a [Taken],
    /// The blocks of luma in a row, and how many rows there are.
    pub grid: (usize, usize),
    /// By how many bits the plane is smaller than luma.
    pub shifts: (u32, u32),
    /// Differences up to this are taken as they are; twice that and more not at all.
    pub limit: u16,
}

impl PlaneFilter<'_> {
    /// Writes all rows of `out`.
    pub fn run(self, out: &mut WidePlane, workers: &Workers) {
        let (width, height) = (self.current.width, self.current.height);
        out.reset(width, height);
        let side = 8usize >> self.shifts.1;
        let strips = out.strips_mut(side / 2, side);
        workers.for_each(strips.into_iter().enumerate().collect(), |(row, strip)| match self.shifts {
            (0, 0) => self.strip::<8, 8>(row, strip),
            (1, 0) => self.strip::<4, 8>(row, strip),
            _ => self.strip::<4, 4>(row, strip),
        });
        out.pad();
    }

    /// The rows between the middles of the blocks of `row - 1` and `row`.
    fn strip<const W: usize, const H: usize>(&self, row: usize, mut out: Vec<&mut [u16]>) {
        let top = (H * row) as i32 - H as i32 / 2;
        let above = if row == 0 { H / 2 } else { 0 };
        for column in 0..=self.current.width.div_ceil(W) {
            let left = (W * column) as i32 - W as i32 / 2;
            let cell = self.cell::<W, H>(column, row, left, top);
            let (skipped, start) = ((-left).max(0) as usize, left.max(0) as usize);
            for (to, cell) in out.iter_mut().zip(&cell[above..]) {
                if let Some(to) = to.get_mut(start..) {
                    to.iter_mut().zip(&cell[skipped..]).for_each(|(to, &sample)| *to = sample);
                }
            }
        }
    }

    /// The samples between the middles of four blocks.
    #[inline(always)]
    fn cell<const W: usize, const H: usize>(&self, column: usize, row: usize, left: i32, top: i32) -> [[u16; W]; H] {
        let samples = self.current.from(left as isize, top as isize);
        let mut current = [[0; W]; H];
        for (y, to) in current.iter_mut().enumerate() {
            *to = chunk(samples, y * self.current.stride);
        }
        let block = |i: usize, j: usize| {
            let (i, j) = ((column + i).saturating_sub(1).min(self.grid.0 - 1), (row + j).saturating_sub(1).min(self.grid.1 - 1));
            self.taken.get(j * self.grid.0 + i).copied().unwrap_or_default()
        };
        let corners = [block(0, 0), block(1, 0), block(0, 1), block(1, 1)];
        if corners.iter().flat_map(|corner| corner.sides).all(|side| side.weight == 0) {
            return current;
        }
        let mut sums = [[0i32; W]; H];
        for (index, plane) in self.sides.iter().enumerate() {
            let Some(plane) = plane else { continue };
            let corners = corners.map(|corner| corner.sides[index]);
            let mut is_done = [false; 4];
            for first in 0..4 {
                if is_done[first] || corners[first].weight == 0 {
                    continue;
                }
                // Corners of one vector share its samples.
                let mut weights = [[0u16; W]; H];
                for other in first..4 {
                    if corners[other].vector == corners[first].vector {
                        is_done[other] = true;
                        add_window(&mut weights, other, corners[other].weight);
                    }
                }
                let vector = corners[first].vector;
                let (x, y) = (along(vector.x, self.shifts.0), along(vector.y, self.shifts.1));
                let found = interpolate(plane, 4 * left + x, 4 * top + y);
                add_limited(&mut sums, &current, &found, &weights, self.limit);
            }
        }
        for (row, sums) in current.iter_mut().zip(&sums) {
            for i in 0..W {
                // Between samples there are, but for rounding.
                row[i] = (i32::from(row[i]) + ((sums[i] + 128) >> 8)).max(0) as u16;
            }
        }
        current
    }
}

/// A vector's part in quarters of a sample of the plane.
#[inline(always)]
fn along(part: i16, shift: u32) -> i32 {
    (i32::from(part) + shift as i32) >> shift
}

/// Adds a corner's weights: they fall towards the middles of the other blocks.
#[inline(always)]
fn add_window<const W: usize, const H: usize>(weights: &mut [[u16; W]; H], corner: usize, weight: u16) {
    let ramp = |at: usize, length: usize, is_second: bool| {
        let second = (16 * at + 8) / length;
        (if is_second { second } else { 16 - second }) as u16
    };
    for (y, row) in weights.iter_mut().enumerate() {
        let down = ramp(y, H, corner >= 2) * weight;
        for (x, to) in row.iter_mut().enumerate() {
            *to += (ramp(x, W, corner % 2 == 1) * down + 128) >> 8;
        }
    }
}

#[inline(always)]
fn add_limited<const W: usize, const H: usize>(
    sums: &mut [[i32; W]; H],
    current: &[[u16; W]; H],
    found: &[[u16; W]; H],
    weights: &[[u16; W]; H],
    limit: u16,
) {
    for y in 0..H {
        for i in 0..W {
            let difference = i32::from(found[y][i]) - i32::from(current[y][i]);
            let size = difference.abs();
            let taken = size.min((2 * i32::from(limit) - size).max(0));
            sums[y][i] += i32::from(weights[y][i]) * (if difference < 0 { -taken } else { taken });
        }
    }
}
