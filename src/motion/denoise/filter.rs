//! What a picture's blocks take from those beside it, and the sums that come of it.

use super::plane::WidePlane;
#[cfg(not(target_arch = "x86_64"))]
use super::plane::interpolate;
#[cfg(target_arch = "x86_64")]
use super::sse2::interpolate;
use crate::media::{BlockSize, MotionField, MotionVector};
use crate::motion::instructions::Instructions;
use crate::motion::padded::chunk;
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
    /// The greatest sample.
    pub most: u16,
}

impl Matching<'_> {
    /// What each block of 8x8 of luma takes.
    pub fn run(self, instructions: Instructions, workers: &Workers) -> Vec<Taken> {
        let (columns, rows) = (self.current.width.div_ceil(8), self.current.height.div_ceil(8));
        let mut out = vec![Taken::default(); columns * rows];
        workers.for_each(out.chunks_mut(columns).enumerate().collect(), |(row, out)| match instructions {
            Instructions::Portable => match_row(self, row, out),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(avx2) => avx2.match_row(self, row, out),
        });
        out
    }

    #[inline(always)]
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
        let total = UNFILTERED + worths[0] + worths[1];
        for (side, worth) in taken.sides.iter_mut().zip(worths) {
            // Below 256.
            side.weight = (256 * worth / total) as u16;
        }
        taken.left = UNFILTERED * UNFILTERED / total;
        taken
    }

    /// The vector for a block, and the mean square of its differences in 64ths of the noise's variance.
    #[inline(always)]
    fn best(
        &self,
        current: &[[u16; 8]; 8],
        beside: Beside<'_>,
        sign: i32,
        column: usize,
        row: usize,
    ) -> (MotionVector, u32) {
        let Some(luma) = beside.planes.first() else { return (MotionVector::default(), u32::MAX) };
        let (left, top) = (8 * column as i32, 8 * row as i32);
        let cut = |v: i32, at: i32, size: usize| v.clamp(4 * (-8 - at), 4 * (size as i32 - at));
        let candidates = [
            MotionVector::default(),
            vector_of(beside.field, BlockSize::B16, column / 2, row / 2),
            vector_of(beside.field, BlockSize::B8, column, row),
        ];
        let variance = ((self.level * self.level + 8) >> 4).max(1);
        let bias = variance + variance / 2;
        let (mut best, mut least) = ((0, 0), u32::MAX);
        let mut tried = [None; 3];
        for (index, vector) in candidates.into_iter().enumerate() {
            let (x, y) = (sign * i32::from(vector.x), sign * i32::from(vector.y));
            let (x, y) = (cut(x, left, luma.width), cut(y, top, luma.height));
            if tried.contains(&Some((x, y))) {
                continue;
            }
            tried[index] = Some((x, y));
            let distance = distance(current, &interpolate(luma, 4 * left + x, 4 * top + y, self.most));
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

#[inline(always)]
pub(super) fn match_row(matching: Matching<'_>, row: usize, out: &mut [Taken]) {
    for (column, out) in out.iter_mut().enumerate() {
        *out = matching.block(column, row);
    }
}

/// The inverse of the variance of a match: of the noise that is left in it, and of what else it differs by.
fn worth(distance: u32, left: u32) -> u32 {
    let expected = (UNFILTERED + left) * 9 / 8;
    let variance = left.saturating_add(distance.saturating_sub(expected).saturating_mul(2)).max(LEAST);
    if variance > WORST { 0 } else { UNFILTERED * UNFILTERED / variance }
}

#[inline(always)]
fn vector_of(field: &MotionField, size: BlockSize, column: usize, row: usize) -> MotionVector {
    let (columns, _) = field.grid(size);
    field.blocks(size).get(row * columns + column).map(|block| block.vector).unwrap_or_default()
}

/// The sum of squares.
#[inline(always)]
fn distance(a: &[[u16; 8]; 8], b: &[[u16; 8]; 8]) -> u32 {
    let mut sums = [0u32; 8];
    for (a, b) in a.iter().zip(b) {
        for i in 0..8 {
            let difference = i32::from(a[i] as i16 - b[i] as i16);
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
    /// The greatest sample.
    pub most: u16,
}

impl PlaneFilter<'_> {
    /// Writes all rows of `out`.
    pub fn run(self, out: &mut WidePlane, instructions: Instructions, workers: &Workers) {
        let (width, height) = (self.current.width, self.current.height);
        out.reset(width, height);
        let strips = out.strips_mut(8 >> self.shifts.1);
        workers.for_each(strips.into_iter().enumerate().collect(), |(row, strip)| match instructions {
            Instructions::Portable => filter_row(self, row, strip),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(avx2) => avx2.filter_row(self, row, strip),
        });
        out.pad();
    }

    #[inline(always)]
    fn strip<const W: usize, const H: usize>(&self, row: usize, mut out: Vec<&mut [u16]>) {
        for column in 0..self.current.width.div_ceil(W) {
            let block = self.block::<W, H>(column, row);
            let start = W * column;
            for (to, block) in out.iter_mut().zip(&block) {
                if let Some(to) = to.get_mut(start..start + W) {
                    to.copy_from_slice(block);
                } else if let Some(to) = to.get_mut(start..) {
                    to.iter_mut().zip(block).for_each(|(to, &sample)| *to = sample);
                }
            }
        }
    }

    /// Of the block in the column and row before these, or the nearest there is.
    #[inline(always)]
    fn taken_at(&self, column: usize, row: usize) -> Taken {
        let column = column.saturating_sub(1).min(self.grid.0 - 1);
        let row = row.saturating_sub(1).min(self.grid.1 - 1);
        self.taken.get(row * self.grid.0 + column).copied().unwrap_or_default()
    }

    #[inline(always)]
    fn block<const W: usize, const H: usize>(&self, column: usize, row: usize) -> [[u16; W]; H] {
        let (left, top) = (W * column, H * row);
        let samples = self.current.from(left as isize, top as isize);
        let mut current = [[0; W]; H];
        for (y, to) in current.iter_mut().enumerate() {
            *to = chunk(samples, y * self.current.stride);
        }
        let own = self.taken_at(column + 1, row + 1);
        let mut sums = [[0i32; W]; H];
        for (index, plane) in self.sides.iter().enumerate() {
            let Side { vector, weight } = own.sides[index];
            let Some(plane) = plane.filter(|_| weight > 0) else { continue };
            let (x, y) = (along(vector.x, self.shifts.0), along(vector.y, self.shifts.1));
            let found = interpolate(plane, 4 * left as i32 + x, 4 * top as i32 + y, self.most);
            // Towards a block that takes less, less is taken.
            let mut around = [[0; 3]; 3];
            for (j, around) in around.iter_mut().enumerate() {
                for (i, around) in around.iter_mut().enumerate() {
                    *around = self.taken_at(column + i, row + j).sides[index].weight.min(weight);
                }
            }
            add_limited(&mut sums, &current, &found, &weights(around), self.limit);
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

#[inline(always)]
pub(super) fn filter_row(filter: PlaneFilter<'_>, row: usize, out: Vec<&mut [u16]>) {
    match filter.shifts {
        (0, 0) => filter.strip::<8, 8>(row, out),
        (1, 0) => filter.strip::<4, 8>(row, out),
        _ => filter.strip::<4, 4>(row, out),
    }
}

/// A vector's part in quarters of a sample of the plane.
#[inline(always)]
fn along(part: i16, shift: u32) -> i32 {
    (i32::from(part) + shift as i32) >> shift
}

/// What the block before, the block itself and the one behind count for at each sample of a side, in 16ths.
const fn ramps<const N: usize>() -> [[u16; N]; 3] {
    let mut out = [[0; N]; 3];
    let mut at = 0;
    while at < N {
        // Twice the distance from the middle of the block, in samples.
        let distance = 2 * at as i32 + 1 - N as i32;
        let beside = distance.unsigned_abs() as u16 * 8 / N as u16;
        out[if distance < 0 { 0 } else { 2 }][at] = beside;
        out[1][at] = 16 - beside;
        at += 1;
    }
    out
}

/// The weights of the samples of a block from those of the nine blocks around: linear from middle to middle.
#[inline(always)]
fn weights<const W: usize, const H: usize>(around: [[u16; 3]; 3]) -> [[u16; W]; H] {
    let (across, down) = (const { ramps::<W>() }, const { ramps::<H>() });
    let mut out = [[0; W]; H];
    for (y, to) in out.iter_mut().enumerate() {
        let mut columns = [0; 3];
        for (down, around) in down.iter().zip(&around) {
            for (column, around) in columns.iter_mut().zip(around) {
                *column += down[y] * around;
            }
        }
        for i in 0..W {
            let sum = across[0][i] * columns[0] + across[1][i] * columns[1] + across[2][i] * columns[2];
            // 256 x 255 and 128 fit.
            to[i] = (sum + 128) >> 8;
        }
    }
    out
}

#[inline(always)]
fn add_limited<const W: usize, const H: usize>(
    sums: &mut [[i32; W]; H],
    current: &[[u16; W]; H],
    found: &[[u16; W]; H],
    weights: &[[u16; W]; H],
    limit: u16,
) {
    let twice = 2 * limit as i16;
    for y in 0..H {
        for i in 0..W {
            let difference = found[y][i] as i16 - current[y][i] as i16;
            let size = difference.abs();
            let taken = size.min((twice - size).max(0));
            let taken = if difference < 0 { -taken } else { taken };
            sums[y][i] += i32::from(weights[y][i] as i16) * i32::from(taken);
        }
    }
}
