//! What is measured of blocks, in loops that a compiler vectorises. `avx2` has them compiled for that, so each is inlined.

use super::padded::chunk;
use super::pyramid::PaddedPlane;

/// The samples of a block.
pub(super) type Block<const N: usize> = [[u8; N]; N];

/// The block of a plane whose upper left sample is `(x, y)`.
#[inline(always)]
pub(super) fn block<const N: usize>(plane: &PaddedPlane, x: isize, y: isize) -> Block<N> {
    let mut out = [[0; N]; N];
    let samples = plane.from(x, y);
    for (row, to) in out.iter_mut().enumerate() {
        *to = chunk(samples, row * plane.stride);
    }
    out
}

#[inline(always)]
pub(super) fn sad<const N: usize>(a: &Block<N>, b: &Block<N>) -> u32 {
    let mut sum = 0;
    for (a, b) in a.iter().zip(b) {
        sum += a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b))).sum::<u32>();
    }
    sum
}

/// [`sad`] with the block at `(x, y)`.
#[inline(always)]
pub(super) fn sad_at<const N: usize>(current: &Block<N>, plane: &PaddedPlane, x: isize, y: isize) -> u32 {
    let samples = plane.from(x, y);
    let mut sum = 0;
    for (row, current) in current.iter().enumerate() {
        let other: [u8; N] = chunk(samples, row * plane.stride);
        sum += current.iter().zip(&other).map(|(a, b)| u32::from(a.abs_diff(*b))).sum::<u32>();
    }
    sum
}

/// The block at `(x, y)` in quarters of a sample.
#[inline(always)]
pub(super) fn interpolate<const N: usize>(plane: &PaddedPlane, x: i32, y: i32) -> Block<N> {
    let samples = plane.from((x >> 2) as isize, (y >> 2) as isize);
    let stride = plane.stride;
    let (right, down) = ((x & 3) as u16, (y & 3) as u16);
    let mut out = [[0; N]; N];
    match (right, down) {
        (0, 0) => {
            for (row, to) in out.iter_mut().enumerate() {
                *to = chunk(samples, row * stride);
            }
        }
        // With both weights a half, four terms are two, and shorter: the same integers.
        (2, 0) | (0, 2) => {
            let next = if right == 2 { 1 } else { stride };
            for (row, to) in out.iter_mut().enumerate() {
                let (a, b): ([u8; N], [u8; N]) = (chunk(samples, row * stride), chunk(samples, row * stride + next));
                for ((to, a), b) in to.iter_mut().zip(a).zip(b) {
                    *to = (u16::from(a) + u16::from(b)).div_ceil(2) as u8;
                }
            }
        }
        _ => {
            let weights = [(4 - right) * (4 - down), right * (4 - down), (4 - right) * down, right * down];
            for (row, to) in out.iter_mut().enumerate() {
                let start = row * stride;
                let (a, b): ([u8; N], [u8; N]) = (chunk(samples, start), chunk(samples, start + 1));
                let (c, d): ([u8; N], [u8; N]) = (chunk(samples, start + stride), chunk(samples, start + stride + 1));
                for i in 0..N {
                    let sum = weights[0] * u16::from(a[i])
                        + weights[1] * u16::from(b[i])
                        + weights[2] * u16::from(c[i])
                        + weights[3] * u16::from(d[i]);
                    to[i] = ((sum + 8) >> 4) as u8;
                }
            }
        }
    }
    out
}

/// [`sad`] with the block at `(x, y)` in quarters of a sample.
#[inline(always)]
pub(super) fn sad_between<const N: usize>(current: &Block<N>, plane: &PaddedPlane, x: i32, y: i32) -> u32 {
    sad(current, &interpolate(plane, x, y))
}

/// The sum over all squares of 8x8.
#[inline(always)]
pub(super) fn satd<const N: usize>(a: &Block<N>, b: &Block<N>) -> u32 {
    let mut sum = 0;
    for top in (0..N).step_by(8) {
        for left in (0..N).step_by(8) {
            let mut rows = [[0i16; 8]; 8];
            for (y, row) in rows.iter_mut().enumerate() {
                for (x, to) in row.iter_mut().enumerate() {
                    *to = i16::from(a[top + y][left + x]) - i16::from(b[top + y][left + x]);
                }
            }
            // Of 8 bits, no term leaves 16 bits: 64 x 255 is below 2^15.
            let rows = hadamard(transpose(hadamard(rows)));
            let total: u32 = rows.iter().map(|row| row.iter().map(|v| u32::from(v.unsigned_abs())).sum::<u32>()).sum();
            sum += (total + 4) >> 3;
        }
    }
    sum
}

/// The transform of each column.
#[inline(always)]
fn hadamard(mut rows: [[i16; 8]; 8]) -> [[i16; 8]; 8] {
    for step in [4, 2, 1] {
        for first in 0..8 {
            if first & step == 0 {
                let (a, b) = (rows[first], rows[first + step]);
                for i in 0..8 {
                    rows[first][i] = a[i] + b[i];
                    rows[first + step][i] = a[i] - b[i];
                }
            }
        }
    }
    rows
}

#[inline(always)]
fn transpose(rows: [[i16; 8]; 8]) -> [[i16; 8]; 8] {
    let mut out = [[0; 8]; 8];
    for (y, row) in rows.iter().enumerate() {
        for (x, &value) in row.iter().enumerate() {
            out[x][y] = value;
        }
    }
    out
}

/// The variance, rounded down. Every term fits 32 bits, for a block of 16x16 too.
#[inline(always)]
pub(super) fn variance<const N: usize>(block: &Block<N>) -> u32 {
    let (mut sum, mut squares) = (0u32, 0u32);
    for row in block {
        sum += row.iter().map(|&v| u32::from(v)).sum::<u32>();
        squares += row.iter().map(|&v| u32::from(v) * u32::from(v)).sum::<u32>();
    }
    let count = (N * N) as u32;
    (count * squares - sum * sum) >> (2 * count.trailing_zeros())
}
