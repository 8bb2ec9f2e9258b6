//! The search against an oracle that was written from the definition alone.

pub(crate) mod cases;
mod oracle;
mod scenes;
mod searcher;

use proptest::prelude::*;

use super::instructions::Instructions;
use super::pyramid::Pyramid;
use super::scenes::Costs;
use super::search::{Pair, search, search_coarse};
use super::searcher::Found;
use crate::media::{BlockSize, MotionField, MotionVector, PlaneView, Samples};
use crate::parallel::Workers;

/// A picture of luma in 8 bits.
#[derive(Clone, Debug)]
pub(crate) struct Luma {
    pub width: usize,
    pub height: usize,
    pub samples: Vec<u8>,
}

impl Luma {
    fn of(width: usize, height: usize, sample: impl Fn(usize, usize) -> u8) -> Self {
        let samples = (0..width * height).map(|at| sample(at % width, at / width)).collect();
        Luma { width, height, samples }
    }

    fn pyramid(&self) -> Pyramid {
        let mut pyramid = Pyramid::default();
        let (width, height) = (self.width, self.height);
        pyramid.take(&PlaneView { samples: Samples::U8(&self.samples), stride: width, width, height }, 0);
        pyramid
    }
}

/// Every way to run the search.
fn ways() -> Vec<(&'static str, Instructions, Workers)> {
    let one = || Workers::new(1).unwrap();
    vec![
        ("portable", Instructions::Portable, one()),
        ("detected", Instructions::detect(), one()),
        ("threads", Instructions::detect(), Workers::new(3).unwrap()),
    ]
}

fn fields(current: &Luma, before: &Luma, last: Option<&MotionField>) -> Vec<(&'static str, MotionField)> {
    let (current, before) = (current.pyramid(), before.pyramid());
    let pair = Pair { current: &current, before: &before };
    let run = |(name, instructions, workers): (&'static str, Instructions, Workers)| {
        let coarse = search_coarse(pair, instructions, &workers);
        (name, search(pair, &coarse, last, instructions, &workers))
    };
    ways().into_iter().map(run).collect()
}

/// Numbers that look random.
pub(super) fn scramble(x: usize, y: usize, seed: u64) -> u64 {
    let mut v = (x as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ (y as u64).wrapping_mul(0xc2b2_ae3d_27d4_eb4f)
        ^ seed.wrapping_mul(0x1656_67b1_9e37_79f9);
    v = (v ^ (v >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    v ^ (v >> 32)
}

/// Luma of large tiles with some grain, moved to the left: another scene for each number.
pub(crate) fn tiles(width: usize, height: usize, scene: u64, shift: usize) -> Vec<u8> {
    let sample = |at: usize| {
        let (x, y) = (at % width + shift, at / width);
        let tile = scramble(x / 40 + 1000, y / 40 + 1000, scene) % 200;
        (20 + tile + scramble(x + 4000, y + 4000, scene) % 4) as u8
    };
    (0..width * height).map(sample).collect()
}

/// Smooth hills with some grain: what a coarser level still sees.
pub(super) fn hills(x: i64, y: i64, seed: u64) -> u8 {
    const CELL: i64 = 12;
    let corner = |i: i64, j: i64| (scramble((i + 1000) as usize, (j + 1000) as usize, seed) % 200) as i64;
    let (i, j) = (x.div_euclid(CELL), y.div_euclid(CELL));
    let (u, v) = (x.rem_euclid(CELL), y.rem_euclid(CELL));
    let top = corner(i, j) * (CELL - u) + corner(i + 1, j) * u;
    let bottom = corner(i, j + 1) * (CELL - u) + corner(i + 1, j + 1) * u;
    let grain = (scramble((x + 4000) as usize, (y + 4000) as usize, seed) % 12) as i64;
    ((top * (CELL - v) + bottom * v) / (CELL * CELL) + 20 + grain) as u8
}

/// Content of one of several kinds.
fn content(kind: u8, width: usize, height: usize, shift: (i64, i64), seed: u64) -> Luma {
    Luma::of(width, height, |x, y| {
        let (u, v) = (x as i64 + shift.0, y as i64 + shift.1);
        match kind {
            0 => hills(u, v, seed),
            1 => scramble((u + 4000) as usize, (v + 4000) as usize, seed) as u8,
            2 => (if (u / 3 + v / 5) % 2 == 0 { 0 } else { 255 }) as u8,
            3 => (u * 3 + v * 2).clamp(0, 255) as u8,
            _ => (seed % 256) as u8,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn every_implementation_is_the_oracle(
        (width, height) in (1usize..=100, 1usize..=70),
        (kind, other) in (0u8..5, 0u8..7),
        shift in (-40i64..=40, -30i64..=30),
        seed in 0u64..1000,
    ) {
        let current = content(kind, width, height, (0, 0), seed);
        // As often as not the same content, moved.
        let before = content(if other > 4 { kind } else { other }, width, height, shift, seed);
        let earlier = content(kind, width, height, (shift.0 / 2, -shift.1), seed);
        let last = oracle::search(&before, &earlier, None);
        let expected = oracle::search(&current, &before, Some(&last));
        for (name, field) in fields(&current, &before, Some(&last)) {
            prop_assert_eq!(&field, &expected, "{}", name);
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn the_twin_for_x86_measures_the_same(seed in 0u64..10_000, kind in 0u8..5, x in -80i32..140, y in -60i32..100) {
        use super::{measure, sse2};
        fn compare<const N: usize>(a: &Pyramid, b: &Pyramid, x: i32, y: i32) -> Result<(), TestCaseError> {
            let current = measure::block::<N>(&a.full, 8, 3);
            let other: measure::Block<N> = measure::interpolate(&b.full, x, y);
            prop_assert_eq!(other, sse2::interpolate::<N>(&b.full, x, y));
            prop_assert_eq!(measure::sad(&current, &other), sse2::sad_between(&current, &b.full, x, y));
            prop_assert_eq!(measure::satd(&current, &other), sse2::satd(&current, &other));
            prop_assert_eq!(measure::variance(&current), sse2::variance(&current));
            let (x, y) = ((x >> 2) as isize, (y >> 2) as isize);
            prop_assert_eq!(measure::sad_at(&current, &b.full, x, y), sse2::sad_at(&current, &b.full, x, y));
            Ok(())
        }
        let (a, b) = (content(kind, 37, 29, (0, 0), seed).pyramid(), content(1, 37, 29, (0, 0), seed + 1).pyramid());
        compare::<8>(&a, &b, x, y)?;
        compare::<16>(&a, &b, x, y)?;
    }

    /// Whatever the content, the field holds what its own vectors give.
    #[test]
    fn small_blocks_are_together_no_worse_than_large_ones(seed in 0u64..1000, shift in (-20i64..=20, -12i64..=12)) {
        let (current, before) = (content(0, 64, 48, (0, 0), seed), content(0, 64, 48, shift, seed + 1));
        let (_, field) = fields(&current, &before, None).remove(0);
        let sum = |size| field.blocks(size).iter().map(|block| block.sad).sum::<u32>();
        prop_assert!(sum(BlockSize::B8) <= sum(BlockSize::B16));
        prop_assert!(field.blocks(BlockSize::B16).iter().all(|block| block.sad <= block.zero_sad));
    }
}

#[test]
fn every_case_is_the_oracles() {
    for (name, instructions, workers) in ways() {
        cases::compare(name, |case| {
            let [earlier, before, current] = case.pictures.each_ref().map(|picture| {
                let mut pyramid = Pyramid::default();
                picture.with_view(case.shift, |luma| pyramid.take(luma, case.shift));
                pyramid
            });
            let run = |current: &Pyramid, before: &Pyramid, last: Option<&MotionField>| {
                let pair = Pair { current, before };
                let coarse = search_coarse(pair, instructions, &workers);
                let costs = Costs::new(&current.quarter, &before.quarter, &coarse);
                let field = Some(search(pair, &coarse, last, instructions, &workers));
                (coarse, Found { costs, field })
            };
            let first = run(&before, &earlier, None);
            let second = run(&current, &before, first.1.field.as_ref());
            [first, second]
        });
    }
}

#[test]
fn moved_content_is_found_exactly() {
    for (dx, dy) in [(0, 0), (1, 0), (0, -1), (4, 8), (-7, 5), (13, -11), (-32, 20), (40, 36), (-60, -44)] {
        let before = content(0, 320, 240, (0, 0), 9);
        let current = content(0, 320, 240, (dx, dy), 9);
        let (_, field) = fields(&current, &before, None).remove(1);
        for size in [BlockSize::B16, BlockSize::B8] {
            let (columns, rows) = field.grid(size);
            let margin = 64 / size.side();
            for (column, row) in (margin..columns - margin).flat_map(|i| (margin..rows - margin).map(move |j| (i, j))) {
                let block = field.block(size, column, row).unwrap();
                let expected = MotionVector { x: 4 * dx as i16, y: 4 * dy as i16 };
                assert_eq!((block.vector, block.sad, block.satd), (expected, 0, 0), "{dx},{dy} at {column},{row}");
            }
        }
    }
}

#[test]
fn half_a_sample_is_found() {
    let wide = |x: usize, y: usize| hills(x as i64, y as i64, 3);
    let before = Luma::of(160, 96, wide);
    let current = Luma::of(160, 96, |x, y| ((u16::from(wide(x, y)) + u16::from(wide(x + 1, y))).div_ceil(2)) as u8);
    let (_, field) = fields(&current, &before, None).remove(1);
    let block = field.block(BlockSize::B16, 4, 3).unwrap();
    assert_eq!((block.vector, block.sad), (MotionVector { x: 2, y: 0 }, 0));
}
