//! What `measure` measures, by the vector instructions that each x86-64 has: the same integers.
#![allow(unsafe_code, reason = "the compiler asks for a word on functions compiled for SSE2, which each x86-64 has")]

use std::arch::x86_64::*;

use safe_unaligned_simd::x86_64::{_mm_loadu_si128, _mm_storeu_si128};

use super::measure::{Block, chunk};
use super::pyramid::PaddedPlane;

/// Functions that call their inner ones, compiled for SSE2.
macro_rules! faces {
    ($($name:ident by $inner:ident($($argument:ident: $type:ty),*) -> $out:ty;)*) => {
        $(#[inline(always)]
        pub(super) fn $name<const N: usize>($($argument: $type),*) -> $out {
            // SAFETY: SSE2 is part of x86-64.
            unsafe { $inner($($argument),*) }
        })*
    };
}

faces! {
    sad by sad_of(a: &Block<N>, b: &Block<N>) -> u32;
    sad_at by sad_there(current: &Block<N>, plane: &PaddedPlane, x: isize, y: isize) -> u32;
    interpolate by interpolated(plane: &PaddedPlane, x: i32, y: i32) -> Block<N>;
    satd by satd_of(a: &Block<N>, b: &Block<N>) -> u32;
    variance by variance_of(block: &Block<N>) -> u32;
}

/// The first eight samples from `start` on, in the low half.
#[inline]
#[target_feature(enable = "sse2")]
fn load8(samples: &[u8], start: usize) -> __m128i {
    _mm_cvtsi64_si128(i64::from_le_bytes(chunk(samples, start)))
}

#[inline]
#[target_feature(enable = "sse2")]
fn load16(samples: &[u8], start: usize) -> __m128i {
    match samples.get(start..).and_then(<[u8]>::first_chunk::<16>) {
        Some(samples) => _mm_loadu_si128(samples),
        None => _mm_setzero_si128(),
    }
}

/// A row of `N` samples, which are 8 or 16.
#[inline]
#[target_feature(enable = "sse2")]
fn load<const N: usize>(samples: &[u8], start: usize) -> __m128i {
    if N == 16 { load16(samples, start) } else { load8(samples, start) }
}

#[inline]
#[target_feature(enable = "sse2")]
fn store<const N: usize>(to: &mut [u8; N], row: __m128i) {
    if let Some(to) = to.first_chunk_mut::<16>() {
        _mm_storeu_si128(to, row);
    } else if let Some(to) = to.first_chunk_mut::<8>() {
        *to = _mm_cvtsi128_si64(row).to_le_bytes();
    }
}

/// Both halves together.
#[inline]
#[target_feature(enable = "sse2")]
fn total(sums: __m128i) -> u32 {
    (_mm_cvtsi128_si64(sums) + _mm_cvtsi128_si64(_mm_unpackhi_epi64(sums, sums))) as u32
}

#[inline]
#[target_feature(enable = "sse2")]
fn sad_of<const N: usize>(a: &Block<N>, b: &Block<N>) -> u32 {
    let mut sums = _mm_setzero_si128();
    for (a, b) in a.iter().zip(b) {
        sums = _mm_add_epi64(sums, _mm_sad_epu8(load::<N>(a, 0), load::<N>(b, 0)));
    }
    total(sums)
}

#[inline]
#[target_feature(enable = "sse2")]
fn sad_there<const N: usize>(current: &Block<N>, plane: &PaddedPlane, x: isize, y: isize) -> u32 {
    let samples = plane.from(x, y);
    let mut sums = _mm_setzero_si128();
    for (row, current) in current.iter().enumerate() {
        let other = load::<N>(samples, row * plane.stride);
        sums = _mm_add_epi64(sums, _mm_sad_epu8(load::<N>(current, 0), other));
    }
    total(sums)
}

#[inline]
#[target_feature(enable = "sse2")]
fn interpolated<const N: usize>(plane: &PaddedPlane, x: i32, y: i32) -> Block<N> {
    let samples = plane.from((x >> 2) as isize, (y >> 2) as isize);
    let stride = plane.stride;
    let (right, down) = ((x & 3) as i16, (y & 3) as i16);
    let mut out = [[0; N]; N];
    match (right, down) {
        (0, 0) => {
            for (row, to) in out.iter_mut().enumerate() {
                store(to, load::<N>(samples, row * stride));
            }
        }
        (2, 0) | (0, 2) => {
            let next = if right == 2 { 1 } else { stride };
            for (row, to) in out.iter_mut().enumerate() {
                let (a, b) = (load::<N>(samples, row * stride), load::<N>(samples, row * stride + next));
                store(to, _mm_avg_epu8(a, b));
            }
        }
        _ => {
            let weights = [(4 - right) * (4 - down), right * (4 - down), (4 - right) * down, right * down];
            let weights = weights.map(|weight| _mm_set1_epi16(weight));
            for (row, to) in out.iter_mut().enumerate() {
                let start = row * stride;
                let places = [start, start + 1, start + stride, start + stride + 1];
                let rows = places.map(|start| load::<N>(samples, start));
                let low = weigh(rows.map(|row| _mm_unpacklo_epi8(row, _mm_setzero_si128())), weights);
                let high = if N == 16 {
                    weigh(rows.map(|row| _mm_unpackhi_epi8(row, _mm_setzero_si128())), weights)
                } else {
                    low
                };
                store(to, _mm_packus_epi16(low, high));
            }
        }
    }
    out
}

/// The rounded mean of eight samples of each of four rows.
#[inline]
#[target_feature(enable = "sse2")]
fn weigh(rows: [__m128i; 4], weights: [__m128i; 4]) -> __m128i {
    let [a, b, c, d] = rows;
    let top = _mm_add_epi16(_mm_mullo_epi16(a, weights[0]), _mm_mullo_epi16(b, weights[1]));
    let bottom = _mm_add_epi16(_mm_mullo_epi16(c, weights[2]), _mm_mullo_epi16(d, weights[3]));
    _mm_srli_epi16::<4>(_mm_add_epi16(_mm_add_epi16(top, bottom), _mm_set1_epi16(8)))
}

#[inline]
#[target_feature(enable = "sse2")]
fn satd_of<const N: usize>(a: &Block<N>, b: &Block<N>) -> u32 {
    let zero = _mm_setzero_si128();
    let mut sum = 0;
    for top in (0..N).step_by(8) {
        for left in (0..N).step_by(8) {
            let mut rows = [zero; 8];
            for (y, row) in rows.iter_mut().enumerate() {
                let wide = |block: &Block<N>| _mm_unpacklo_epi8(load8(&block[top + y], left), zero);
                *row = _mm_sub_epi16(wide(a), wide(b));
            }
            let mut sums = zero;
            for row in hadamard(transpose(hadamard(rows))) {
                let size = _mm_max_epi16(row, _mm_sub_epi16(zero, row));
                sums = _mm_add_epi32(sums, _mm_madd_epi16(size, _mm_set1_epi16(1)));
            }
            sum += (total_of_words(sums) + 4) >> 3;
        }
    }
    sum
}

/// All four together.
#[inline]
#[target_feature(enable = "sse2")]
fn total_of_words(sums: __m128i) -> u32 {
    let sums = _mm_add_epi32(sums, _mm_unpackhi_epi64(sums, sums));
    _mm_cvtsi128_si32(_mm_add_epi32(sums, _mm_shuffle_epi32::<1>(sums))) as u32
}

#[inline]
#[target_feature(enable = "sse2")]
fn hadamard(mut rows: [__m128i; 8]) -> [__m128i; 8] {
    for step in [4, 2, 1] {
        for first in 0..8 {
            if first & step == 0 {
                let (a, b) = (rows[first], rows[first + step]);
                rows[first] = _mm_add_epi16(a, b);
                rows[first + step] = _mm_sub_epi16(a, b);
            }
        }
    }
    rows
}

#[inline]
#[target_feature(enable = "sse2")]
fn transpose(r: [__m128i; 8]) -> [__m128i; 8] {
    let pairs = [(0, 1), (2, 3), (4, 5), (6, 7)];
    let [a, b, c, d] = pairs.map(|(i, j)| (_mm_unpacklo_epi16(r[i], r[j]), _mm_unpackhi_epi16(r[i], r[j])));
    let fours = |a: __m128i, b: __m128i| (_mm_unpacklo_epi32(a, b), _mm_unpackhi_epi32(a, b));
    let (top0, top1) = (fours(a.0, b.0), fours(a.1, b.1));
    let (low0, low1) = (fours(c.0, d.0), fours(c.1, d.1));
    let eights = |a: __m128i, b: __m128i| [_mm_unpacklo_epi64(a, b), _mm_unpackhi_epi64(a, b)];
    let [[o0, o1], [o2, o3], [o4, o5], [o6, o7]] =
        [eights(top0.0, low0.0), eights(top0.1, low0.1), eights(top1.0, low1.0), eights(top1.1, low1.1)];
    [o0, o1, o2, o3, o4, o5, o6, o7]
}

#[inline]
#[target_feature(enable = "sse2")]
fn variance_of<const N: usize>(block: &Block<N>) -> u32 {
    let zero = _mm_setzero_si128();
    let (mut sums, mut squares) = (zero, zero);
    for row in block {
        let row = load::<N>(row, 0);
        sums = _mm_add_epi64(sums, _mm_sad_epu8(row, zero));
        let (low, high) = (_mm_unpacklo_epi8(row, zero), _mm_unpackhi_epi8(row, zero));
        squares = _mm_add_epi32(squares, _mm_add_epi32(_mm_madd_epi16(low, low), _mm_madd_epi16(high, high)));
    }
    let (sum, squares, count) = (total(sums), total_of_words(squares), (N * N) as u32);
    (count * squares - sum * sum) >> (2 * count.trailing_zeros())
}
