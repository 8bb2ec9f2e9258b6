//! The definition of the search, as it is written there: slow, and obviously right.

use super::Luma;
use crate::media::{BlockMotion, MotionField, MotionVector};
use crate::motion::Coarse;

type Vector = (i64, i64);

impl Luma {
    fn at(&self, x: i64, y: i64) -> i64 {
        let x = x.clamp(0, self.width as i64 - 1) as usize;
        let y = y.clamp(0, self.height as i64 - 1) as usize;
        i64::from(self.samples[y * self.width + x])
    }

    fn halved(&self) -> Luma {
        let (width, height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        Luma::of(width, height, |x, y| {
            let (x, y) = (2 * x as i64, 2 * y as i64);
            ((self.at(x, y) + self.at(x + 1, y) + self.at(x, y + 1) + self.at(x + 1, y + 1) + 2) >> 2) as u8
        })
    }

    pub(super) fn quartered(&self) -> Luma {
        self.halved().halved()
    }

    /// The sample at a place in quarters.
    fn between(&self, x: i64, y: i64) -> i64 {
        let (i, j, r, s) = (x.div_euclid(4), y.div_euclid(4), x.rem_euclid(4), y.rem_euclid(4));
        ((4 - r) * (4 - s) * self.at(i, j)
            + r * (4 - s) * self.at(i + 1, j)
            + (4 - r) * s * self.at(i, j + 1)
            + r * s * self.at(i + 1, j + 1)
            + 8)
            >> 4
    }
}

/// A block of a picture, to be compared with the one before.
struct Matched<'a> {
    current: &'a Luma,
    before: &'a Luma,
    side: i64,
    left: i64,
    top: i64,
}

impl Matched<'_> {
    /// The differences for a vector in quarters.
    fn differences(&self, (x, y): Vector) -> Vec<i64> {
        let places = (0..self.side).flat_map(|j| (0..self.side).map(move |i| (self.left + i, self.top + j)));
        places.map(|(i, j)| self.current.at(i, j) - self.before.between(4 * i + x, 4 * j + y)).collect()
    }

    fn sad(&self, vector: Vector) -> i64 {
        self.differences(vector).iter().map(|d| d.abs()).sum()
    }

    /// The limits of a vector in whole samples.
    fn limits(&self) -> (Vector, Vector) {
        let low = |at: i64| (-self.side - at).max(-1023);
        let high = |at: i64, size: usize| (size as i64 - at).min(1023);
        ((low(self.left), low(self.top)), (high(self.left, self.before.width), high(self.top, self.before.height)))
    }

    fn cut(&self, (x, y): Vector) -> Vector {
        let (low, high) = self.limits();
        (x.clamp(low.0, high.0), y.clamp(low.1, high.1))
    }

    fn is_inside(&self, vector: Vector, unit: i64) -> bool {
        let (low, high) = self.limits();
        (unit * low.0..=unit * high.0).contains(&vector.0) && (unit * low.1..=unit * high.1).contains(&vector.1)
    }

    /// The first of the best, in quarters.
    fn best(&self, candidates: Vec<Vector>) -> Vector {
        candidates.into_iter().min_by_key(|&vector| self.sad(vector)).unwrap()
    }

    /// The best of `candidates` in whole samples, and of rounds of steps around it.
    fn whole(&self, candidates: Vec<Vector>, steps: &[Vector], rounds: usize) -> Vector {
        let candidates = candidates.into_iter().map(|vector| self.cut(vector)).map(quarters).collect();
        let mut best = self.best(candidates);
        for _ in 0..rounds {
            let around = steps.iter().map(|step| (best.0 + 4 * step.0, best.1 + 4 * step.1));
            let around: Vec<_> = around.filter(|&vector| self.is_inside(vector, 4)).collect();
            best = self.best(std::iter::once(best).chain(around).collect());
        }
        (best.0 / 4, best.1 / 4)
    }

    fn fine(&self, whole: Vector, parent: Option<Vector>) -> BlockMotion {
        let mut best = quarters(whole);
        for step in [2, 1] {
            let around = CROSS.iter().map(|by| (best.0 + step * by.0, best.1 + step * by.1));
            let around: Vec<_> = around.filter(|&vector| self.is_inside(vector, 4)).collect();
            best = self.best(std::iter::once(best).chain(around).collect());
        }
        if let Some(parent) = parent {
            let (low, high) = self.limits();
            let parent = (parent.0.clamp(4 * low.0, 4 * high.0), parent.1.clamp(4 * low.1, 4 * high.1));
            best = self.best(vec![best, parent]);
        }
        let own: Vec<i64> = (0..self.side * self.side)
            .map(|at| self.current.at(self.left + at % self.side, self.top + at / self.side))
            .collect();
        let (count, sum) = (own.len() as i64, own.iter().sum::<i64>());
        let squares = own.iter().map(|v| v * v).sum::<i64>();
        BlockMotion {
            vector: MotionVector { x: best.0 as i16, y: best.1 as i16 },
            sad: self.sad(best) as u32,
            satd: satd(&self.differences(best), self.side as usize) as u32,
            variance: ((count * squares - sum * sum) / (count * count)) as u32,
            zero_sad: self.sad((0, 0)) as u32,
        }
    }
}

fn quarters((x, y): Vector) -> Vector {
    (4 * x, 4 * y)
}

/// By the matrix: row `i` of the Hadamard matrix has a minus where `i & j` has an odd number of bits.
fn satd(differences: &[i64], side: usize) -> i64 {
    let sign = |i: usize, j: usize| if (i & j).count_ones().is_multiple_of(2) { 1 } else { -1 };
    let mut total = 0;
    for (top, left) in (0..side / 8).flat_map(|j| (0..side / 8).map(move |i| (8 * j, 8 * i))) {
        let mut sum = 0;
        for (v, u) in (0..8).flat_map(|v| (0..8).map(move |u| (v, u))) {
            let mut coefficient = 0;
            for (y, x) in (0..8).flat_map(|y| (0..8).map(move |x| (y, x))) {
                coefficient += sign(u, x) * sign(v, y) * differences[(top + y) * side + left + x];
            }
            sum += coefficient.abs();
        }
        total += (sum + 4) >> 3;
    }
    total
}

const CROSS: [Vector; 4] = [(-1, 0), (1, 0), (0, -1), (0, 1)];
const AROUND: [Vector; 8] = [(-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1)];

fn grid(luma: &Luma, side: usize) -> (usize, usize) {
    (luma.width.div_ceil(side), luma.height.div_ceil(side))
}

/// Level 1.
pub(super) fn coarse(current: &Luma, before: &Luma) -> Vec<Coarse> {
    let (quarter, quarter_before) = (current.quartered(), before.quartered());
    let (columns, rows) = grid(&quarter, 8);
    let mut coarse = Vec::new();
    for (row, column) in (0..rows).flat_map(|j| (0..columns).map(move |i| (j, i))) {
        let (left, top) = (8 * column as i64, 8 * row as i64);
        let block = Matched { current: &quarter, before: &quarter_before, side: 8, left, top };
        let window = (-12..=12).flat_map(|y| (-16..=15).map(move |x| (4 * x, 4 * y)));
        let (x, y) = block.best(std::iter::once((0, 0)).chain(window).collect());
        let (sad, zero_sad) = (block.sad((x, y)) as u32, block.sad((0, 0)) as u32);
        coarse.push(Coarse { x: x as i32 / 4, y: y as i32 / 4, sad, zero_sad });
    }
    coarse
}

pub(super) fn search(current: &Luma, before: &Luma, last: Option<&MotionField>) -> MotionField {
    let (half, half_before) = (current.halved(), before.halved());
    let last_vector = |column: usize, row: usize| {
        let block = last.map(|last| last.blocks16[row * current.width.div_ceil(16) + column]);
        block.map(|block| (i64::from(block.vector.x), i64::from(block.vector.y)))
    };
    // The coarser blocks that a block asks: the one around it, and those beside on its side.
    let three = |column: usize, row: usize, (columns, rows): (usize, usize)| {
        let beside = |at: usize, count: usize| {
            let to = if at.is_multiple_of(2) { at as i64 / 2 - 1 } else { at as i64 / 2 + 1 };
            to.clamp(0, count as i64 - 1) as usize
        };
        [(column / 2, row / 2), (beside(column, columns), row / 2), (column / 2, beside(row, rows))]
    };

    let coarse_grid = grid(&half.halved(), 8);
    let coarse = coarse(current, before);

    let (columns, rows) = grid(current, 16);
    let mut second = Vec::new();
    for (row, column) in (0..rows).flat_map(|j| (0..columns).map(move |i| (j, i))) {
        let (left, top) = (8 * column as i64, 8 * row as i64);
        let block = Matched { current: &half, before: &half_before, side: 8, left, top };
        let mut candidates = vec![(0, 0)];
        for (i, j) in three(column, row, coarse_grid) {
            let Coarse { x, y, .. } = coarse[j * coarse_grid.0 + i];
            candidates.push((2 * i64::from(x), 2 * i64::from(y)));
        }
        candidates.extend(last_vector(column, row).map(|(x, y)| ((x + 4) >> 3, (y + 4) >> 3)));
        second.push(block.whole(candidates, &AROUND, 1));
    }

    // The block itself, left, right, above, below.
    let five = |vectors: &[Vector], column: usize, row: usize| {
        let places = [(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)].map(|(i, j)| (column as i64 + i, row as i64 + j));
        let inside = |(i, j): &(i64, i64)| (0..columns as i64).contains(i) && (0..rows as i64).contains(j);
        let places = places.into_iter().filter(inside);
        places.map(|(i, j)| vectors[j as usize * columns + i as usize]).collect::<Vec<_>>()
    };
    let large = |column: usize, row: usize| {
        let (left, top) = (16 * column as i64, 16 * row as i64);
        Matched { current, before, side: 16, left, top }
    };
    let mut third = Vec::new();
    for (row, column) in (0..rows).flat_map(|j| (0..columns).map(move |i| (j, i))) {
        let mut candidates = vec![(0, 0)];
        candidates.extend(five(&second, column, row).into_iter().map(|(x, y)| (2 * x, 2 * y)));
        candidates.extend(last_vector(column, row).map(|(x, y)| ((x + 2) >> 2, (y + 2) >> 2)));
        third.push(large(column, row).whole(candidates, &AROUND, 3));
    }
    let mut blocks16 = Vec::new();
    for (row, column) in (0..rows).flat_map(|j| (0..columns).map(move |i| (j, i))) {
        let candidates = std::iter::once((0, 0)).chain(five(&third, column, row)).collect();
        blocks16.push(large(column, row).fine(large(column, row).whole(candidates, &[], 0), None));
    }

    let mut blocks8 = Vec::new();
    let (small_columns, small_rows) = grid(current, 8);
    for (row, column) in (0..small_rows).flat_map(|j| (0..small_columns).map(move |i| (j, i))) {
        let (left, top) = (8 * column as i64, 8 * row as i64);
        let block = Matched { current, before, side: 8, left, top };
        let vector = |i: usize, j: usize| {
            let BlockMotion { vector, .. } = blocks16[j * columns + i];
            (i64::from(vector.x), i64::from(vector.y))
        };
        let mut candidates = vec![(0, 0)];
        for (i, j) in three(column, row, (columns, rows)) {
            let (x, y) = vector(i, j);
            candidates.push(((x + 2) >> 2, (y + 2) >> 2));
        }
        blocks8.push(block.fine(block.whole(candidates, &CROSS, 2), Some(vector(column / 2, row / 2))));
    }
    MotionField { width: current.width, height: current.height, blocks16, blocks8 }
}
