//! The samples between samples, by the vector instructions that each x86-64 has: the same integers as in
//! [`super::plane`].
#![allow(unsafe_code, reason = "the compiler asks for a word on functions compiled for SSE2, which each x86-64 has")]

use std::arch::x86_64::*;

use safe_unaligned_simd::x86_64::{_mm_loadu_si128, _mm_storeu_si128};

use super::plane::{HIGHEST, TAPS, WidePlane};
use crate::motion::padded::chunk;

/// The twin of `plane::interpolate`.
#[inline(always)]
pub(super) fn interpolate<const W: usize, const H: usize>(
    plane: &WidePlane,
    x: i32,
    y: i32,
    most: u16,
) -> [[u16; W]; H] {
    // SAFETY: SSE2 is part of x86-64.
    unsafe { interpolated(plane, x, y, most) }
}

#[inline]
#[target_feature(enable = "sse2")]
fn interpolated<const W: usize, const H: usize>(plane: &WidePlane, x: i32, y: i32, most: u16) -> [[u16; W]; H] {
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
    let mut rows = [_mm_setzero_si128(); HIGHEST + 5];
    for (y, row) in rows.iter_mut().enumerate().take(H + 5) {
        let start = y * stride;
        *row = if right == 0 {
            _mm_slli_epi16::<2>(load(samples, start + 2))
        } else {
            let six = [0, 1, 2, 3, 4, 5].map(|tap| load(samples, start + tap));
            let [low, high] = sums(six, TAPS[right], 8);
            _mm_packs_epi32(_mm_srai_epi32::<4>(low), _mm_srai_epi32::<4>(high))
        };
    }
    let (least, most) = (_mm_setzero_si128(), _mm_set1_epi16(most as i16));
    for (y, to) in out.iter_mut().enumerate() {
        let six = [rows[y], rows[y + 1], rows[y + 2], rows[y + 3], rows[y + 4], rows[y + 5]];
        let [low, high] = sums(six, TAPS[down], 128);
        let row = _mm_packs_epi32(_mm_srai_epi32::<8>(low), _mm_srai_epi32::<8>(high));
        let mut eight = [0u16; 8];
        _mm_storeu_si128(&mut eight, _mm_max_epi16(least, _mm_min_epi16(row, most)));
        if let Some(row) = eight.first_chunk() {
            *to = *row;
        }
    }
    out
}

#[inline]
#[target_feature(enable = "sse2")]
fn load(samples: &[u16], start: usize) -> __m128i {
    match samples.get(start..).and_then(<[u16]>::first_chunk::<8>) {
        Some(samples) => _mm_loadu_si128(samples),
        None => _mm_setzero_si128(),
    }
}

/// The sums of six rows times their taps and `half`: of the first four samples, and of the last.
#[inline]
#[target_feature(enable = "sse2")]
fn sums(six: [__m128i; 6], taps: [i16; 6], half: i32) -> [__m128i; 2] {
    let mut out = [_mm_set1_epi32(half); 2];
    for pair in 0..3 {
        let (first, second) = (six[2 * pair], six[2 * pair + 1]);
        // In each 32 bits the first tap is low.
        let taps = i32::from(taps[2 * pair] as u16) | i32::from(taps[2 * pair + 1]) << 16;
        let taps = _mm_set1_epi32(taps);
        out[0] = _mm_add_epi32(out[0], _mm_madd_epi16(_mm_unpacklo_epi16(first, second), taps));
        out[1] = _mm_add_epi32(out[1], _mm_madd_epi16(_mm_unpackhi_epi16(first, second), taps));
    }
    out
}
