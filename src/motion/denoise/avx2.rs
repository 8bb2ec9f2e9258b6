//! The loops of [`super::filter`] compiled for processors with AVX2.
#![allow(unsafe_code, reason = "a function compiled for AVX2 is called where AVX2 was found")]

use super::filter::{self, Matching, PlaneFilter, Taken};
use crate::motion::instructions::Avx2;

impl Avx2 {
    pub(in crate::motion::denoise) fn match_row(self, matching: Matching<'_>, row: usize, out: &mut [Taken]) {
        #[target_feature(enable = "avx2")]
        fn with_avx2(matching: Matching<'_>, row: usize, out: &mut [Taken]) {
            filter::match_row(matching, row, out);
        }
        // SAFETY: `detect`, the only maker of `self`, has found AVX2.
        unsafe { with_avx2(matching, row, out) }
    }

    pub(in crate::motion::denoise) fn filter_row(self, filter: PlaneFilter<'_>, row: usize, out: Vec<&mut [u16]>) {
        #[target_feature(enable = "avx2")]
        fn with_avx2(filter: PlaneFilter<'_>, row: usize, out: Vec<&mut [u16]>) {
            filter::filter_row(filter, row, out);
        }
        // SAFETY: as above.
        unsafe { with_avx2(filter, row, out) }
    }
}
