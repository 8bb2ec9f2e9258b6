//! The search, level by level. Its definition stands in the module above.

use super::instructions::Instructions;
use super::measure::{Block, block};
#[cfg(not(target_arch = "x86_64"))]
use super::measure::{interpolate, sad_at, sad_between, satd, variance};
use super::pyramid::{PaddedPlane, Pyramid};
#[cfg(target_arch = "x86_64")]
use super::sse2::{interpolate, sad_at, sad_between, satd, variance};
use crate::media::{BlockMotion, MotionField, MotionVector};
use crate::parallel::Workers;

/// The window of the first level, in samples of a quarter of the resolution.
pub(crate) const WINDOW_X: std::ops::RangeInclusive<i32> = -16..=15;
pub(crate) const WINDOW_Y: std::ops::RangeInclusive<i32> = -12..=12;

/// The longest vector, in samples of the level.
const LONGEST: i32 = 1023;

/// The best match of a block of the first level, in samples of that level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Coarse {
    pub x: i32,
    pub y: i32,
    pub sad: u32,
    pub zero_sad: u32,
}

/// The best match of a block of the third level.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Match {
    vector: (i32, i32),
    sad: u32,
    zero_sad: u32,
}

/// A picture and the one before it.
#[derive(Clone, Copy)]
pub(super) struct Pair<'a> {
    pub current: &'a Pyramid,
    pub before: &'a Pyramid,
}

/// Calls a row of a level for each row of blocks of `out`, with the instructions there are.
macro_rules! rows {
    ($workers:expr, $instructions:expr, $out:expr, $columns:expr, $name:ident($($argument:expr),*)) => {
        $workers.for_each($out.chunks_mut($columns).enumerate().collect(), |(row, out)| match $instructions {
            Instructions::Portable => $name($($argument,)* row, out),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(avx2) => avx2.$name($($argument,)* row, out),
        })
    };
}

/// The first level: each block of 8x8 of the quarter planes.
pub(super) fn search_coarse(pair: Pair<'_>, instructions: Instructions, workers: &Workers) -> Vec<Coarse> {
    let plane = &pair.current.quarter;
    let (columns, rows) = (plane.width.div_ceil(8), plane.height.div_ceil(8));
    let mut out = vec![Coarse::default(); columns * rows];
    rows!(workers, instructions, out, columns, coarse_row(pair));
    out
}

/// All levels, from the result of the first; `last` is the field of the picture before, if there is one of this size.
pub(super) fn search(
    pair: Pair<'_>,
    coarse: &[Coarse],
    last: Option<&MotionField>,
    instructions: Instructions,
    workers: &Workers,
) -> MotionField {
    let (width, height) = (pair.current.full.width, pair.current.full.height);
    let last = last.filter(|last| last.size() == (width, height)).map_or(&[][..], |last| &last.blocks16);
    let (columns, rows) = (width.div_ceil(16), height.div_ceil(16));
    let mut half = vec![(0, 0); columns * rows];
    rows!(workers, instructions, half, columns, half_row(pair, coarse, last));
    let mut whole = vec![Match::default(); columns * rows];
    rows!(workers, instructions, whole, columns, whole_row(pair, &half, last));
    let mut blocks16 = vec![BlockMotion::default(); columns * rows];
    rows!(workers, instructions, blocks16, columns, large_row(pair, &whole));
    let (columns, rows) = (width.div_ceil(8), height.div_ceil(8));
    let mut blocks8 = vec![BlockMotion::default(); columns * rows];
    rows!(workers, instructions, blocks8, columns, small_row(pair, &blocks16));
    MotionField { width, height, blocks16, blocks8 }
}

pub(super) fn coarse_row(pair: Pair<'_>, row: usize, out: &mut [Coarse]) {
    coarse_row_with(pair, row, out, window);
}

/// A row of the first level, with a function that looks through the window.
#[inline(always)]
pub(super) fn coarse_row_with(
    pair: Pair<'_>,
    row: usize,
    out: &mut [Coarse],
    window: impl Fn(&Block<8>, &PaddedPlane, isize, isize, &mut Coarse),
) {
    for (column, out) in out.iter_mut().enumerate() {
        let (x, y) = (8 * column as isize, 8 * row as isize);
        let current = block::<8>(&pair.current.quarter, x, y);
        let zero_sad = sad_at(&current, &pair.before.quarter, x, y);
        *out = Coarse { x: 0, y: 0, sad: zero_sad, zero_sad };
        // Nothing is better than the same.
        if zero_sad > 0 {
            window(&current, &pair.before.quarter, x, y, out);
        }
    }
}

#[inline(always)]
fn window(current: &Block<8>, before: &PaddedPlane, x: isize, y: isize, best: &mut Coarse) {
    for dy in WINDOW_Y {
        for dx in WINDOW_X {
            let sad = sad_at(current, before, x + dx as isize, y + dy as isize);
            if sad < best.sad {
                *best = Coarse { x: dx, y: dy, sad, ..*best };
            }
        }
    }
}

/// A row of the second level: blocks of 8x8 of the half planes.
#[inline(always)]
pub(super) fn half_row(pair: Pair<'_>, coarse: &[Coarse], last: &[BlockMotion], row: usize, out: &mut [(i32, i32)]) {
    let (columns, rows) = (pair.current.quarter.width.div_ceil(8), pair.current.quarter.height.div_ceil(8));
    let length = out.len();
    for (column, out) in out.iter_mut().enumerate() {
        let mut best = Whole::<8>::new(&pair.current.half, &pair.before.half, column, row);
        let (i, j) = (column / 2, row / 2);
        for (i, j) in [(i, j), (beside(column, columns), j), (i, beside(row, rows))] {
            if let Some(coarse) = coarse.get(j * columns + i) {
                best.try_clamped(2 * coarse.x, 2 * coarse.y);
            }
        }
        if let Some(last) = last.get(row * length + column) {
            best.try_clamped((i32::from(last.vector.x) + 4) >> 3, (i32::from(last.vector.y) + 4) >> 3);
        }
        best.refine(&AROUND, 1);
        *out = (best.x, best.y);
    }
}

/// The coarser block next to that of `index`, on the side where `index` lies in it, inside the grid.
#[inline(always)]
fn beside(index: usize, count: usize) -> usize {
    let coarse = index / 2;
    if index % 2 == 1 { (coarse + 1).min(count.saturating_sub(1)) } else { coarse.saturating_sub(1) }
}

/// A row of the third level: blocks of 16x16, in whole samples.
#[inline(always)]
pub(super) fn whole_row(pair: Pair<'_>, half: &[(i32, i32)], last: &[BlockMotion], row: usize, out: &mut [Match]) {
    let columns = out.len();
    for (column, out) in out.iter_mut().enumerate() {
        let mut best = Whole::<16>::new(&pair.current.full, &pair.before.full, column, row);
        for &(x, y) in five(half, column, row, columns).into_iter().flatten() {
            best.try_clamped(2 * x, 2 * y);
        }
        if let Some(last) = last.get(row * columns + column) {
            best.try_clamped((i32::from(last.vector.x) + 2) >> 2, (i32::from(last.vector.y) + 2) >> 2);
        }
        best.refine(&AROUND, 3);
        *out = Match { vector: (best.x, best.y), sad: best.sad, zero_sad: best.zero_sad };
    }
}

/// A row of the fourth level: the same blocks, by their neighbours and between samples.
#[inline(always)]
pub(super) fn large_row(pair: Pair<'_>, whole: &[Match], row: usize, out: &mut [BlockMotion]) {
    let columns = out.len();
    for (column, out) in out.iter_mut().enumerate() {
        let [own, beside @ ..] = five(whole, column, row, columns);
        // Level 3 has measured `(0, 0)` and its own vector: where that is another, it is better.
        let own = own.copied().unwrap_or_default();
        let mut best = Whole::<16>::go_on(&pair.current.full, &pair.before.full, column, row, own);
        for Match { vector: (x, y), .. } in beside.into_iter().flatten() {
            best.try_clamped(*x, *y);
        }
        *out = best.finish(None);
    }
}

/// What was found of a block and of those left, right, above and below, where there are such.
#[inline(always)]
fn five<T>(vectors: &[T], column: usize, row: usize, columns: usize) -> [Option<&T>; 5] {
    let at = row * columns + column;
    let left = if column > 0 { vectors.get(at - 1) } else { None };
    let right = if column + 1 < columns { vectors.get(at + 1) } else { None };
    let above = if row > 0 { vectors.get(at - columns) } else { None };
    [vectors.get(at), left, right, above, vectors.get(at + columns)]
}

/// A row of the last level: blocks of 8x8.
#[inline(always)]
pub(super) fn small_row(pair: Pair<'_>, large: &[BlockMotion], row: usize, out: &mut [BlockMotion]) {
    let plane = &pair.current.full;
    let (columns, rows) = (plane.width.div_ceil(16), plane.height.div_ceil(16));
    for (column, out) in out.iter_mut().enumerate() {
        let mut best = Whole::<8>::new(plane, &pair.before.full, column, row);
        let (i, j) = (column / 2, row / 2);
        for (i, j) in [(i, j), (beside(column, columns), j), (i, beside(row, rows))] {
            if let Some(large) = large.get(j * columns + i) {
                best.try_clamped((i32::from(large.vector.x) + 2) >> 2, (i32::from(large.vector.y) + 2) >> 2);
            }
        }
        best.refine(&CROSS, 2);
        *out = best.finish(large.get(j * columns + i).map(|large| large.vector));
    }
}

const AROUND: [(i32, i32); 8] = [(-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1)];
const CROSS: [(i32, i32); 4] = [(-1, 0), (1, 0), (0, -1), (0, 1)];

/// The best match so far of a block, in whole samples of its level.
struct Whole<'a, const N: usize> {
    current: Block<N>,
    before: &'a PaddedPlane,
    left: i32,
    top: i32,
    x: i32,
    y: i32,
    sad: u32,
    zero_sad: u32,
}

impl<'a, const N: usize> Whole<'a, N> {
    /// Begins with the block at the same place.
    #[inline(always)]
    fn new(plane: &PaddedPlane, before: &'a PaddedPlane, column: usize, row: usize) -> Self {
        let mut whole = Self::go_on(plane, before, column, row, Match::default());
        whole.zero_sad = sad_at(&whole.current, before, whole.left as isize, whole.top as isize);
        whole.sad = whole.zero_sad;
        whole
    }

    /// Goes on where another level has come to.
    #[inline(always)]
    fn go_on(plane: &PaddedPlane, before: &'a PaddedPlane, column: usize, row: usize, found: Match) -> Self {
        let (left, top) = ((N * column) as isize, (N * row) as isize);
        let Match { vector: (x, y), sad, zero_sad } = found;
        Whole { current: block(plane, left, top), before, left: left as i32, top: top as i32, x, y, sad, zero_sad }
    }

    /// The least and greatest vector: a block that has left the picture wholly sees nothing new further out.
    #[inline(always)]
    fn limits(&self) -> [(i32, i32); 2] {
        let side = N as i32;
        let limit = |at: i32, size: usize| ((-side - at).max(-LONGEST), (size as i32 - at).min(LONGEST));
        [limit(self.left, self.before.width), limit(self.top, self.before.height)]
    }

    #[inline(always)]
    fn try_clamped(&mut self, x: i32, y: i32) {
        let [(min_x, max_x), (min_y, max_y)] = self.limits();
        self.try_vector(x.clamp(min_x, max_x), y.clamp(min_y, max_y));
    }

    #[inline(always)]
    fn try_vector(&mut self, x: i32, y: i32) {
        // What has been measured already cannot be better.
        if self.sad == 0 || (x, y) == (self.x, self.y) || (x, y) == (0, 0) {
            return;
        }
        let sad = sad_at(&self.current, self.before, (self.left + x) as isize, (self.top + y) as isize);
        if sad < self.sad {
            (self.x, self.y, self.sad) = (x, y, sad);
        }
    }

    /// Rounds of steps, each from the best so far, until one finds nothing.
    #[inline(always)]
    fn refine(&mut self, steps: &[(i32, i32)], rounds: usize) {
        let [(min_x, max_x), (min_y, max_y)] = self.limits();
        let mut last = None;
        for _ in 0..rounds {
            let (from_x, from_y) = (self.x, self.y);
            for &(dx, dy) in steps {
                let (x, y) = (from_x + dx, from_y + dy);
                // The round before has tried what is a step from where it began, and that place itself.
                let is_tried = last.is_some_and(|(last_x, last_y)| {
                    let step = (x - last_x, y - last_y);
                    step == (0, 0) || steps.contains(&step)
                });
                if !is_tried && (min_x..=max_x).contains(&x) && (min_y..=max_y).contains(&y) {
                    self.try_vector(x, y);
                }
            }
            if (self.x, self.y) == (from_x, from_y) {
                break;
            }
            last = Some((from_x, from_y));
        }
    }

    /// Goes on in halves and quarters of a sample, tries `parent` last, and measures the match.
    #[inline(always)]
    fn finish(&self, parent: Option<MotionVector>) -> BlockMotion {
        let [(min_x, max_x), (min_y, max_y)] = self.limits().map(|(min, max)| (4 * min, 4 * max));
        let (mut x, mut y, mut best) = (4 * self.x, 4 * self.y, self.sad);
        for step in [2, 1] {
            let (from_x, from_y) = (x, y);
            for (dx, dy) in CROSS {
                let (to_x, to_y) = (from_x + step * dx, from_y + step * dy);
                let is_inside = (min_x..=max_x).contains(&to_x) && (min_y..=max_y).contains(&to_y);
                if best > 0 && is_inside {
                    let sad = sad_between(&self.current, self.before, 4 * self.left + to_x, 4 * self.top + to_y);
                    if sad < best {
                        (x, y, best) = (to_x, to_y, sad);
                    }
                }
            }
        }
        if let Some(parent) = parent {
            let (to_x, to_y) = (i32::from(parent.x).clamp(min_x, max_x), i32::from(parent.y).clamp(min_y, max_y));
            if best > 0 && (to_x, to_y) != (x, y) {
                let sad = sad_between(&self.current, self.before, 4 * self.left + to_x, 4 * self.top + to_y);
                if sad < best {
                    (x, y, best) = (to_x, to_y, sad);
                }
            }
        }
        let found = interpolate(self.before, 4 * self.left + x, 4 * self.top + y);
        BlockMotion {
            // At most 4 x 1023.
            vector: MotionVector { x: x as i16, y: y as i16 },
            sad: best,
            satd: satd(&self.current, &found),
            variance: variance(&self.current),
            zero_sad: self.zero_sad,
        }
    }
}
