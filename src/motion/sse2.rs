//! What `measure` measures, by the vector instructions that each x86-64 has: the same integers.
#![allow(unsafe_code, reason = "the compiler asks for a word on functions compiled for SSE2, which each x86-64 has")]

use std::arch::x86_64::*;

use safe_unaligned_simd::x86_64::{_mm_loadu_si128, _mm_storeu_si128};

use super::measure::Block;
use super::padded::chunk;
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
    sad_at by sad_there(current: &Block<N>, plane: &PaddedPlane, x: isize, y: isize) -> u32;
    sad_between by sad_of_between(current: &Block<N>, plane: &PaddedPlane, x: i32, y: i32) -> u32;
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
    let mut out = [[0; N]; N];
    each_row_between::<N>(plane, x, y, |row, samples| store(&mut out[row], samples));
    out
}

/// Nothing of the block between samples goes to memory.
#[inline]
#[target_feature(enable = "sse2")]
fn sad_of_between<const N: usize>(current: &Block<N>, plane: &PaddedPlane, x: i32, y: i32) -> u32 {
    let mut sums = _mm_setzero_si128();
    each_row_between::<N>(plane, x, y, |row, samples| {
        sums = _mm_add_epi64(sums, _mm_sad_epu8(load::<N>(&current[row], 0), samples));
    });
    total(sums)
}

/// Calls `with` for each row of the block at `(x, y)` in quarters of a sample; of eight samples the high half is zero.
#[inline]
#[target_feature(enable = "sse2")]
fn each_row_between<const N: usize>(plane: &PaddedPlane, x: i32, y: i32, mut with: impl FnMut(usize, __m128i)) {
    let samples = plane.from((x >> 2) as isize, (y >> 2) as isize);
    let stride = plane.stride;
    match ((x & 3) as i16, (y & 3) as i16) {
        (0, 0) => (0..N).for_each(|row| with(row, load::<N>(samples, row * stride))),
        (2, 0) => (0..N).for_each(|row| {
            let start = row * stride;
            with(row, _mm_avg_epu8(load::<N>(samples, start), load::<N>(samples, start + 1)));
        }),
        (0, 2) => {
            let mut above = load::<N>(samples, 0);
            for row in 0..N {
                let below = load::<N>(samples, (row + 1) * stride);
                with(row, _mm_avg_epu8(above, below));
                above = below;
            }
        }
        (right, down) => {
            // By columns, then by rows: nothing is rounded in between, so these are the integers of the four weights.
            let (near, far) = (_mm_set1_epi16(4 - right), _mm_set1_epi16(right));
            let (upper, lower) = (_mm_set1_epi16(4 - down), _mm_set1_epi16(down));
            let mut above = across::<N>(samples, 0, near, far);
            for row in 0..N {
                let below = across::<N>(samples, (row + 1) * stride, near, far);
                let low = weigh(above[0], below[0], upper, lower);
                let high = if N == 16 { weigh(above[1], below[1], upper, lower) } else { _mm_setzero_si128() };
                with(row, _mm_packus_epi16(low, high));
                above = below;
            }
        }
    }
}

/// A row of samples, each weighed with the one to the right of it: the first eight, and the second where there are such.
#[inline]
#[target_feature(enable = "sse2")]
fn across<const N: usize>(samples: &[u8], start: usize, near: __m128i, far: __m128i) -> [__m128i; 2] {
    let zero = _mm_setzero_si128();
    let (a, b) = (load::<N>(samples, start), load::<N>(samples, start + 1));
    let sum = |a, b| _mm_add_epi16(_mm_mullo_epi16(a, near), _mm_mullo_epi16(b, far));
    let low = sum(_mm_unpacklo_epi8(a, zero), _mm_unpacklo_epi8(b, zero));
    let high = if N == 16 { sum(_mm_unpackhi_epi8(a, zero), _mm_unpackhi_epi8(b, zero)) } else { low };
    [low, high]
}

/// The rounded mean of two rows of [`across`].
#[inline]
#[target_feature(enable = "sse2")]
fn weigh(above: __m128i, below: __m128i, upper: __m128i, lower: __m128i) -> __m128i {
    let sum = _mm_add_epi16(_mm_mullo_epi16(above, upper), _mm_mullo_epi16(below, lower));
    _mm_srli_epi16::<4>(_mm_add_epi16(sum, _mm_set1_epi16(8)))
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
            let rows = butterflies(transpose(butterflies(rows, [4, 2, 1])), [4, 2]);
            // Of the last step only sizes are wanted: |a + b| + |a - b| is twice the larger of |a| and |b|.
            let size = |row| _mm_max_epi16(row, _mm_sub_epi16(zero, row));
            let mut sums = zero;
            for pair in rows.chunks_exact(2) {
                let larger = _mm_max_epi16(size(pair[0]), size(pair[1]));
                sums = _mm_add_epi32(sums, _mm_madd_epi16(larger, _mm_set1_epi16(2)));
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
fn butterflies<const STEPS: usize>(mut rows: [__m128i; 8], steps: [usize; STEPS]) -> [__m128i; 8] {
    for step in steps {
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
