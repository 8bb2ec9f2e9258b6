//! How much noise there is, by the flattest blocks of a picture.

use super::plane::WidePlane;
use crate::media::BlockMotion;
use crate::motion::padded::chunk;
use crate::parallel::Workers;

/// A block's level where nothing is known.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// Levels of the whole blocks of 8x8 of a plane by their second differences, row after row, and their sums of samples.
pub(super) fn spatial(plane: &WidePlane, workers: &Workers) -> Vec<(u32, u32)> {
    let (columns, rows) = (plane.width / 8, plane.height / 8);
    let mut out = vec![(0, 0); columns * rows];
    if columns == 0 {
        return out;
    }
    workers.for_each(out.chunks_mut(columns).enumerate().collect(), |(row, out)| {
        for (column, out) in out.iter_mut().enumerate() {
            *out = block(plane, column, row);
        }
    });
    out
}

fn block(plane: &WidePlane, column: usize, row: usize) -> (u32, u32) {
    let samples = plane.from(8 * column as isize - 1, 8 * row as isize - 1);
    // The second differences along each of ten rows.
    let mut along = [[0i32; 8]; 10];
    let (mut sums, mut responses) = ([0u32; 8], [0u32; 8]);
    for (y, along) in along.iter_mut().enumerate() {
        let around: [u16; 10] = chunk(samples, y * plane.stride);
        for i in 0..8 {
            along[i] = i32::from(around[i]) - 2 * i32::from(around[i + 1]) + i32::from(around[i + 2]);
            if (1..=8).contains(&y) {
                sums[i] += u32::from(around[i + 1]);
            }
        }
    }
    for y in 0..8 {
        for i in 0..8 {
            responses[i] += (along[y][i] - 2 * along[y + 1][i] + along[y + 2][i]).unsigned_abs();
        }
    }
    ((responses.iter().sum::<u32>() * 107) >> 11, sums.iter().sum())
}

/// The most that a block's difference from the other picture allows, for samples by `shift` bits deeper than 8.
pub(super) fn temporal(block: &BlockMotion, shift: u32) -> u32 {
    ((block.sad * 284) >> 10) << shift
}

/// The level that a fifth of the blocks are below, a little raised for that; 0 where no block is known.
pub(super) fn low(levels: impl Iterator<Item = u32>, most: u32) -> u32 {
    let mut counts = vec![0u32; most as usize + 1];
    let mut known = 0;
    for level in levels.filter(|&level| level != UNKNOWN) {
        counts[level.min(most) as usize] += 1;
        known += 1;
    }
    let mut below = 0;
    for (level, count) in counts.iter().enumerate() {
        below += count;
        if 5 * below >= known && known > 0 {
            return (level as u32 * 9) >> 3;
        }
    }
    0
}
