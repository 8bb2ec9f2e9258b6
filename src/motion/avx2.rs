//! The search for processors with AVX2: the loops of [`super::search`] compiled for it, and a kernel for the window of the
//! first level, which measures 16 places at a time (`vmpsadbw`).
#![allow(unsafe_code, reason = "a function compiled for AVX2 is called where AVX2 was found")]

use std::arch::x86_64::*;

use safe_unaligned_simd::x86_64::_mm256_loadu2_m128i;

use super::instructions::Avx2;
use super::measure::Block;
use super::padded::chunk;
use super::pyramid::PaddedPlane;
use super::search::{self, Coarse, Match, Pair, WINDOW_X, WINDOW_Y};
use crate::media::BlockMotion;

/// Methods that call their twins in `search`, or `$twin`, compiled for AVX2.
macro_rules! twins {
    ($($name:ident by $twin:path, ($($argument:ident: $type:ty),*);)*) => {
        impl Avx2 {
            $(pub fn $name(self, $($argument: $type),*) {
                #[target_feature(enable = "avx2")]
                fn with_avx2($($argument: $type),*) {
                    $twin($($argument),*);
                }
                // SAFETY: `detect`, the only maker of `self`, has found AVX2.
                unsafe { with_avx2($($argument),*) }
            })*
        }
    };
}

twins! {
    coarse_row by coarse_row, (pair: Pair<'_>, row: usize, out: &mut [Coarse]);
    half_row by search::half_row,
        (pair: Pair<'_>, coarse: &[Coarse], last: &[BlockMotion], row: usize, out: &mut [(i32, i32)]);
    whole_row by search::whole_row,
        (pair: Pair<'_>, half: &[(i32, i32)], last: &[BlockMotion], row: usize, out: &mut [Match]);
    large_row by search::large_row, (pair: Pair<'_>, whole: &[Match], row: usize, out: &mut [BlockMotion]);
    small_row by search::small_row, (pair: Pair<'_>, large: &[BlockMotion], row: usize, out: &mut [BlockMotion]);
}

#[target_feature(enable = "avx2")]
fn coarse_row(pair: Pair<'_>, row: usize, out: &mut [Coarse]) {
    search::coarse_row_with(pair, row, out, |current, before, x, y, best| window(current, before, x, y, best));
}

/// The twin of the window in `search`: 32 places of a row, in two times 16. Of equal sums the first is taken.
#[target_feature(enable = "avx2")]
fn window(current: &Block<8>, before: &PaddedPlane, x: isize, y: isize, best: &mut Coarse) {
    let mut rows = [_mm256_setzero_si256(); 8];
    for (row, samples) in rows.iter_mut().zip(current) {
        *row = _mm256_set1_epi64x(i64::from_le_bytes(*samples));
    }
    let stride = before.stride;
    for dy in WINDOW_Y {
        let samples = before.from(x + *WINDOW_X.start() as isize, y + dy as isize);
        for half in [0, 16] {
            let mut sums = _mm256_setzero_si256();
            for (index, row) in rows.iter().enumerate() {
                let start = index * stride + half;
                let (low, high): ([u8; 16], [u8; 16]) = (chunk(samples, start), chunk(samples, start + 8));
                let there = _mm256_loadu2_m128i(&high, &low);
                let left = _mm256_mpsadbw_epu8::<0b000_000>(there, *row);
                let right = _mm256_mpsadbw_epu8::<0b101_101>(there, *row);
                sums = _mm256_add_epi16(sums, _mm256_add_epi16(left, right));
            }
            for (first, sums) in [(0, _mm256_castsi256_si128(sums)), (8, _mm256_extracti128_si256::<1>(sums))] {
                let least = _mm_minpos_epu16(sums);
                let sad = _mm_extract_epi16::<0>(least) as u32;
                if sad < best.sad {
                    let place = half as i32 + first + _mm_extract_epi16::<1>(least);
                    *best = Coarse { x: WINDOW_X.start() + place, y: dy, sad, ..*best };
                }
            }
        }
    }
}
