//! How pictures move: vectors of blocks, scene cuts, and pictures that repeat the one before.
//!
//! [`Analyzer`] takes frames and tells of each what is known: [`FrameAnalysis`]. An encoder's option
//! `scene_detection=motion` uses it for key frames.
//!
//! # The definition of the search
//! Every implementation gives exactly these integers, on every machine and for any number of threads. Each level goes by
//! the one before it and never by another block of its own, so that all blocks of a level can be done at once.
//!
//! - **Planes.** Luma in 8 bits (of deeper samples the high 8), and twice in half: `(a + b + c + d + 2) >> 2` of 2x2
//!   samples, sides rounded up. A sample outside a plane is the nearest one inside, for blocks of both pictures.
//! - **Vectors** `(x, y)` say that the block at `p` is compared with the picture before at `p + (x, y)`. In whole samples
//!   of a level with blocks of `n`, `x` is at least `-n - p_x` and at most `width - p_x`, and within 1023; so is `y`.
//! - **Better** is a smaller sum of absolute differences (SAD); of equal ones the one that was tried first.
//! - **Level 1**: blocks of 8x8 of the quarter planes. `(0, 0)`, then all of `x` -16 to 15 and `y` -12 to 12, row by row.
//!   Here the limits do not count.
//! - **Level 2**: blocks of 8x8 of the half planes, one for each 16x16 of the picture. `(0, 0)`; twice the vectors of the
//!   block of level 1 around it, of that block's neighbour to the side, and of the one above or below, each on the side
//!   where this one lies (the block itself at the edge of the grid); the vector of the same block of 16x16 in the field of
//!   the picture before, `(v + 4) >> 3`. All are cut to the limits. Then the eight around the best, row by row, those
//!   outside the limits left out.
//! - **Level 3**: blocks of 16x16. `(0, 0)`; twice the vectors of level 2 of the same block and of those left, right, above
//!   and below; of the field of the picture before `(v + 2) >> 2`; cut to the limits. Then the eight around the best, three
//!   times over.
//! - **Level 4**: the same blocks. `(0, 0)`; the vectors of level 3 of the same block and of those left, right, above and
//!   below; cut to the limits. Then in halves and in quarters of a sample: each left, right, above and below the best.
//! - **Level 5**: blocks of 8x8. `(0, 0)`; of the block of 16x16 around it and of the two beside, as in level 2,
//!   `(v + 2) >> 2`; cut to the limits. Then left, right, above and below the best, twice over; halves and quarters as in
//!   level 4; at last the vector of the block of 16x16 itself.
//! - **Between samples** `a b` over `c d`, `r` quarters to the right and `s` down:
//!   `((4-r)(4-s) a + r(4-s) b + (4-r)s c + rs d + 8) >> 4`.
//! - **SATD**: of each 8x8 of differences, the sum of the absolute values of its unscaled Hadamard transform in both
//!   directions, `(sum + 4) >> 3`. **Variance** of `n` samples: `(n * sum of squares - square of sum) / n²`, rounded down.
//!
//! # The rooms
//! `pyramid` has the planes, which are `padded`, `measure` what is measured of a block and `sse2` the same for x86-64, `search` the levels;
//! `avx2` runs the same loops compiled for AVX2, and has a hand-written kernel for level 1; `instructions` says which of them
//! run. `scenes` tells cuts from costs,
//! `searcher` holds the pictures that are compared, and lets whatever else can search take the place of the CPU, or the CPU
//! its place. `repeats` finds pictures that are the one before, and `analysis` brings all together.

mod analysis;
#[cfg(target_arch = "x86_64")]
mod avx2;
mod denoise;
mod instructions;
#[cfg_attr(target_arch = "x86_64", allow(dead_code, reason = "tests hold `sse2` to it"))]
mod measure;
mod padded;
mod pyramid;
mod repeats;
mod scenes;
mod search;
mod searcher;
#[cfg(target_arch = "x86_64")]
mod sse2;
#[cfg(test)]
pub(crate) mod tests;

pub use analysis::Analyzer;
pub(crate) use analysis::SceneAnalyzer;
pub use denoise::Denoise;
pub(crate) use denoise::Denoiser;
pub(crate) use repeats::Repeats;
#[cfg(test)]
pub(crate) use search::Coarse;
pub(crate) use searcher::{SearchRecord, Searcher};
// What another searcher speaks in.
#[cfg(feature = "gpu")]
pub(crate) use pyramid::{BEFORE, BEHIND};
#[cfg(any(feature = "gpu", test))]
pub(crate) use {
    pyramid::Luma,
    scenes::Costs,
    searcher::{Depth, Found, HELD},
};

pub use crate::media::{Analysis, BlockMotion, BlockSize, FrameAnalysis, MotionField, MotionVector};
