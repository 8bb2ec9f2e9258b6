//! The definition of the filter, as it is written there: slow, and obviously right.

use super::super::Denoise;
use crate::media::{BlockSize, FrameAnalysis, MotionField};

/// A plane of any depth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Samples {
    pub width: usize,
    pub height: usize,
    pub samples: Vec<u16>,
}

impl Samples {
    /// The blocks of 8x8 in a row, and the rows.
    fn grid(&self) -> (i64, i64) {
        (self.width.div_ceil(8) as i64, self.height.div_ceil(8) as i64)
    }

    fn at(&self, x: i64, y: i64) -> i64 {
        let x = x.clamp(0, self.width as i64 - 1) as usize;
        let y = y.clamp(0, self.height as i64 - 1) as usize;
        i64::from(self.samples[y * self.width + x])
    }

    /// The sample at a place in quarters.
    fn between(&self, x: i64, y: i64, most: i64) -> i64 {
        let taps = |quarters: i64| match quarters {
            0 => [0, 0, 64, 0, 0, 0],
            1 => [1, -5, 52, 20, -5, 1],
            2 => [2, -10, 40, 40, -10, 2],
            _ => [1, -5, 20, 52, -5, 1],
        };
        let (i, j) = (x.div_euclid(4), y.div_euclid(4));
        let row = |j: i64| {
            let six = taps(x.rem_euclid(4)).into_iter().zip(-2..);
            (six.map(|(tap, by)| tap * self.at(i + by, j)).sum::<i64>() + 8) >> 4
        };
        let six = taps(y.rem_euclid(4)).into_iter().zip(-2..);
        ((six.map(|(tap, by)| tap * row(j + by)).sum::<i64>() + 128) >> 8).clamp(0, most)
    }
}

/// A picture and what is known of it.
#[derive(Clone, Debug)]
pub(super) struct Input {
    pub planes: Vec<Samples>,
    pub analysis: Option<FrameAnalysis>,
}

impl Input {
    fn says(&self, what: impl Fn(&FrameAnalysis) -> bool) -> bool {
        self.analysis.as_ref().is_some_and(what)
    }

    fn field(&self) -> Option<&MotionField> {
        self.analysis.as_ref()?.motion.as_ref()
    }
}

#[derive(Clone, Copy, Default)]
struct Block {
    vectors: [(i64, i64); 2],
    weights: [i64; 2],
    left: i64,
}

/// All pictures of a stream, filtered. Chroma is smaller by `shifts`.
pub(super) fn filter(inputs: &[Input], denoise: Denoise, shifts: (u32, u32), depth: u32) -> Vec<Vec<Samples>> {
    let mut out: Vec<Vec<Samples>> = Vec::new();
    let mut levels: Vec<i64> = Vec::new();
    let mut blocks: Vec<Block> = Vec::new();
    let most = (1 << depth) - 1;
    for (index, input) in inputs.iter().enumerate() {
        let last = out.last();
        if let (true, Some(last)) = (input.says(|known| known.is_repeat), last) {
            let last = last.clone();
            out.push(last);
            continue;
        }
        let is_first = last.is_none() || input.says(|known| known.is_cut);
        let before = if is_first { None } else { last.zip(input.field()) };
        let next = inputs.get(index + 1).filter(|next| !next.says(|known| known.is_cut || known.is_repeat));
        let behind = next.and_then(|next| Some((&next.planes, next.field()?)));
        let measured = measure(input, before.or(behind).map(|(_, field)| field), shifts, depth);
        if is_first {
            levels = measured;
        } else {
            levels.iter_mut().zip(measured).for_each(|(level, new)| *level = (3 * *level + new + 2) >> 2);
        }
        let used: Vec<_> = levels.iter().map(|&level| in_use(level, denoise, depth)).collect();
        if used[0] == 0 {
            blocks.clear();
            out.push(input.planes.clone());
            continue;
        }
        blocks = matched(&input.planes[0], [before, behind], &blocks, used[0], most);
        let sides = [before, behind].map(|side| side.map(|(planes, _)| planes));
        let plane = |plane: usize| {
            let shifts = if plane == 0 { (0, 0) } else { shifts };
            let sides = sides.map(|side| side.map(|side| &side[plane]));
            summed(&input.planes[plane], sides, &blocks, input.planes[0].grid(), shifts, used[plane], most)
        };
        let filtered = (0..input.planes.len()).map(plane).collect();
        out.push(filtered);
    }
    out
}

/// The noise of each plane.
fn measure(input: &Input, field: Option<&MotionField>, shifts: (u32, u32), depth: u32) -> Vec<i64> {
    let luma = &input.planes[0];
    let most = 512 << (depth - 8);
    let is_between = |column: usize, row: usize| {
        let places = (0..64).map(|at| luma.at((8 * column + at % 8) as i64, (8 * row + at / 8) as i64));
        let sum = places.sum::<i64>() >> (depth - 8);
        (64 * 24..64 * 232).contains(&sum)
    };
    let mut out = Vec::new();
    for (index, plane) in input.planes.iter().enumerate() {
        let shifts = if index == 0 { (0, 0) } else { shifts };
        let mut found = Vec::new();
        for (row, column) in (0..plane.height / 8).flat_map(|j| (0..plane.width / 8).map(move |i| (j, i))) {
            if !is_between(column << shifts.0, row << shifts.1) {
                continue;
            }
            let mut sum = 0;
            for (y, x) in (0..8).flat_map(|y| (0..8).map(move |x| (y, x))) {
                let (x, y) = ((8 * column + x) as i64, (8 * row + y) as i64);
                let mut response = 0;
                for (j, of_row) in [(-1, 1), (0, -2), (1, 1)] {
                    for (i, of_column) in [(-1, 1), (0, -2), (1, 1)] {
                        response += of_row * of_column * plane.at(x + i, y + j);
                    }
                }
                sum += response.abs();
            }
            let mut level = (107 * sum) >> 11;
            if let (0, Some(field)) = (index, field) {
                let sad = i64::from(field.block(BlockSize::B8, column, row).unwrap().sad);
                level = level.min(((284 * sad) >> 10) << (depth - 8));
            }
            found.push(level.min(most));
        }
        found.sort_unstable();
        out.push(if found.is_empty() { 0 } else { (9 * found[found.len().div_ceil(5) - 1]) >> 3 });
    }
    out
}

fn in_use(level: i64, denoise: Denoise, depth: u32) -> i64 {
    match denoise {
        Denoise::Auto => (level * ((level >> (depth - 8)) - 12).clamp(0, 16)) >> 4,
        Denoise::Strength(strength) => level.max(8 << (depth - 8)) * i64::from(strength) / 5,
        Denoise::Off => 0,
    }
}

type Beside<'a> = Option<(&'a Vec<Samples>, &'a MotionField)>;

fn matched(luma: &Samples, sides: [Beside<'_>; 2], last: &[Block], level: i64, most: i64) -> Vec<Block> {
    let (columns, rows) = (luma.width.div_ceil(8), luma.height.div_ceil(8));
    let variance = ((level * level + 8) >> 4).max(1);
    let mut out = Vec::new();
    for (row, column) in (0..rows).flat_map(|j| (0..columns).map(move |i| (j, i))) {
        let mut block = Block::default();
        let mut worths = [0; 2];
        for (index, side) in sides.iter().enumerate() {
            let Some((planes, field)) = side else { continue };
            let of = |size, column, row| {
                let vector = field.block(size, column, row).unwrap().vector;
                let sign = if index == 0 { 1 } else { -1 };
                (sign * i64::from(vector.x), sign * i64::from(vector.y))
            };
            let (left, top) = (8 * column as i64, 8 * row as i64);
            let cut = |(x, y): (i64, i64)| {
                let x = x.clamp(4 * (-8 - left), 4 * (luma.width as i64 - left));
                (x, y.clamp(4 * (-8 - top), 4 * (luma.height as i64 - top)))
            };
            let squares = |(x, y): (i64, i64)| {
                let places = (0..64).map(|at| (left + at % 8, top + at / 8));
                let differences = places.map(|(i, j)| luma.at(i, j) - planes[0].between(4 * i + x, 4 * j + y, most));
                differences.map(|difference| difference * difference).sum::<i64>()
            };
            let mut best = (0, 0);
            let mut least = squares(best);
            for vector in [of(BlockSize::B16, column / 2, row / 2), of(BlockSize::B8, column, row)].map(cut) {
                if squares(vector) + variance + variance / 2 < least {
                    (best, least) = (vector, squares(vector));
                }
            }
            block.vectors[index] = best;
            let place = |at: usize, by: i64, count: usize| {
                ((32 * at as i64 + 16 + by).div_euclid(32)).clamp(0, count as i64 - 1) as usize
            };
            let there = place(row, best.1, rows) * columns + place(column, best.0, columns);
            let left = if index == 0 && !last.is_empty() { last[there].left } else { 64 };
            let ratio = least.min(1 << 27) * 16 / variance;
            let worst = (left + 2 * (ratio - (64 + left) * 9 / 8).max(0)).max(8);
            worths[index] = if worst > 512 { 0 } else { 4096 / worst };
        }
        let total = 64 + worths[0] + worths[1];
        block.weights = worths.map(|worth| 256 * worth / total);
        block.left = 4096 / total;
        out.push(block);
    }
    out
}

fn summed(
    plane: &Samples,
    sides: [Option<&Samples>; 2],
    blocks: &[Block],
    (columns, rows): (i64, i64),
    shifts: (u32, u32),
    level: i64,
    most: i64,
) -> Samples {
    let (width, height) = (8i64 >> shifts.0, 8i64 >> shifts.1);
    let limit = (7 * level + 16) >> 5;
    let block = |i: i64, j: i64| blocks[(j.clamp(0, rows - 1) * columns + i.clamp(0, columns - 1)) as usize];
    let mut samples = Vec::new();
    for (y, x) in (0..plane.height as i64).flat_map(|y| (0..plane.width as i64).map(move |x| (y, x))) {
        let (i, j) = (x / width, y / height);
        // Where the sample is from the middle of its block, and what the block beside counts for.
        let (u, v) = (2 * (x % width) + 1 - width, 2 * (y % height) + 1 - height);
        let (across, down) = (8 * u.abs() / width, 8 * v.abs() / height);
        let own = block(i, j);
        let mut sum = 0;
        for (index, side) in sides.iter().enumerate() {
            let Some(side) = side else { continue };
            let weight = |i: i64, j: i64| block(i, j).weights[index].min(own.weights[index]);
            let four = (16 - across) * (16 - down) * weight(i, j)
                + across * (16 - down) * weight(i + u.signum(), j)
                + (16 - across) * down * weight(i, j + v.signum())
                + across * down * weight(i + u.signum(), j + v.signum());
            let along = |part: i64, shift: u32| if shift == 1 { (part + 1).div_euclid(2) } else { part };
            let (to_x, to_y) = (along(own.vectors[index].0, shifts.0), along(own.vectors[index].1, shifts.1));
            let difference = side.between(4 * x + to_x, 4 * y + to_y, most) - plane.at(x, y);
            let size = difference.abs();
            sum += ((four + 128) >> 8) * size.min((2 * limit - size).max(0)) * difference.signum();
        }
        samples.push((plane.at(x, y) + ((sum + 128) >> 8)).max(0) as u16);
    }
    Samples { width: plane.width, height: plane.height, samples }
}
