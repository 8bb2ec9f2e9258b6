//! The loops of [`super::filter`] compiled for processors with AVX2.
#![allow(unsafe_code, reason = "a function compiled for AVX2 is called where AVX2 was found")]

use super::filter::{self, Matching, PlaneFilter, Taken};

/// The knowledge that this processor has AVX2.
#[derive(Clone, Copy, Debug)]
pub(super) struct Avx2(());

impl Avx2 {
    pub fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx2").then_some(Avx2(()))
    }

    pub fn match_row(self, matching: Matching<'_>, row: usize, out: &mut [Taken]) {
        #[target_feature(enable = "avx2")]
        fn with_avx2(matching: Matching<'_>, row: usize, out: &mut [Taken]) {
            filter::match_row(matching, row, out);
        }
        // SAFETY: `detect`, the only maker of `self`, has found AVX2.
        unsafe { with_avx2(matching, row, out) }
    }

    pub fn filter_row(self, filter: PlaneFilter<'_>, row: usize, out: Vec<&mut [u16]>) {
        #[target_feature(enable = "avx2")]
        fn with_avx2(filter: PlaneFilter<'_>, row: usize, out: Vec<&mut [u16]>) {
            filter::filter_row(filter, row, out);
        }
        // SAFETY: as above.
        unsafe { with_avx2(filter, row, out) }
    }
}
