//! Pictures that every implementation of the search is shown, here and on a GPU: sizes at the edge, and content at it.

use std::sync::OnceLock;

use super::{Luma, content, oracle, scramble};
use crate::media::{BlockSize, MotionField, PlaneView, Samples};
use crate::motion::pyramid::PaddedPlane;
use crate::motion::{Coarse, Costs, Found};

/// Three pictures, one after the other.
pub(crate) struct Case {
    pub name: String,
    /// By how many bits the samples are deeper than 8, when they are handed over.
    pub shift: u32,
    pub pictures: [Luma; 3],
}

const SIZES: [(usize, usize); 12] = [
    (1, 1),
    (1, 17),
    (2, 2),
    (7, 5),
    (15, 33),
    (16, 16),
    (17, 9),
    (97, 3),
    (64, 48),
    (129, 65),
    (4097, 17),
    (17, 4097),
];

/// Name, kind of content, how it moves from picture to picture, whether each picture is another scene.
const CONTENTS: [(&str, u8, (i64, i64), bool); 8] = [
    ("hills, moved by odd vectors", 0, (13, -7), false),
    ("hills, moved far", 0, (-57, 31), false),
    ("noise, moved", 1, (-5, 3), false),
    ("noise", 1, (0, 0), true),
    ("black and white", 2, (1, 2), false),
    ("slopes, which are brighter from picture to picture", 3, (30, 5), false),
    ("flat", 4, (0, 0), false),
    ("flat, of another light", 4, (0, 0), true),
];

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (width, height) in SIZES {
        for (index, (name, kind, (x, y), is_new)) in CONTENTS.into_iter().enumerate() {
            // The oracle is slow, and what is long is about places, not about content.
            if width.max(height) > 1000 && !matches!(index, 1 | 4) {
                continue;
            }
            let picture = |number: i64| {
                let seed = if is_new { 255 * number as u64 } else { 9 };
                content(kind, width, height, (number * x, number * y), seed)
            };
            let shift = if index % 2 == 1 { 2 } else { 0 };
            let name = format!("{name}, {width}x{height}, {} bits", 8 + shift);
            cases.push(Case { name, shift, pictures: [picture(0), picture(1), picture(2)] });
        }
    }
    cases
}

impl Luma {
    /// Hands the picture over with samples that are by `shift` bits deeper, in rows with a gap; what the search leaves
    /// out is in the low bits. Of white, some samples are above what they may be.
    pub(crate) fn with_view(&self, shift: u32, take: impl FnOnce(&PlaneView<'_>)) {
        let (width, height) = (self.width, self.height);
        let stride = width + 3;
        let row = |y: usize| (0..stride).map(move |x| if x < width { self.samples[y * width + x] } else { 77 });
        let samples: Vec<u8> = (0..height).flat_map(row).collect();
        if shift == 0 {
            return take(&PlaneView { samples: Samples::U8(&samples), stride, width, height });
        }
        let deep = |(at, &sample): (usize, &u8)| {
            let too_much = if sample == 255 && at % 5 == 0 { 1 << (8 + shift) } else { 0 };
            (u16::from(sample) << shift) | (scramble(at, 3, 1) % (1 << shift)) as u16 | too_much
        };
        let samples: Vec<u16> = samples.iter().enumerate().map(deep).collect();
        take(&PlaneView { samples: Samples::U16(&samples), stride, width, height });
    }
}

/// Compares what an implementation finds of the second picture, and of the third by that, with the oracle.
pub(crate) fn compare(way: &str, mut find: impl FnMut(&Case) -> [(Vec<Coarse>, Found); 2]) {
    // The oracle is asked once for all implementations.
    static EXPECTED: OnceLock<Vec<(Case, [Expected; 2])>> = OnceLock::new();
    let expected = EXPECTED.get_or_init(|| {
        let of = |case: Case| {
            let [earlier, before, current] = &case.pictures;
            let first = Expected::new(before, earlier, None);
            let second = Expected::new(current, before, Some(&first.field));
            (case, [first, second])
        };
        cases().into_iter().map(of).collect()
    });
    for (case, expected) in expected {
        for (number, (expected, found)) in expected.iter().zip(find(case)).enumerate() {
            expected.check(&format!("{}, picture {}, {way}", case.name, number + 1), found);
        }
    }
}

/// What the oracle finds of a picture.
struct Expected {
    coarse: Vec<Coarse>,
    costs: Costs,
    field: MotionField,
}

impl Expected {
    fn new(current: &Luma, before: &Luma, last: Option<&MotionField>) -> Self {
        let quarter = |luma: &Luma| {
            let luma = luma.quartered();
            PaddedPlane::of(luma.width, luma.height, luma.width, &luma.samples)
        };
        let coarse = oracle::coarse(current, before);
        let costs = Costs::new(&quarter(current), &quarter(before), &coarse);
        Expected { coarse, costs, field: oracle::search(current, before, last) }
    }

    fn check(&self, name: &str, (coarse, Found { costs, field }): (Vec<Coarse>, Found)) {
        assert!(coarse == self.coarse, "{name}: level 1");
        let field = field.unwrap();
        for size in [BlockSize::B16, BlockSize::B8] {
            let (blocks, expected) = (field.blocks(size), self.field.blocks(size));
            let wrong = blocks.iter().zip(expected).position(|(block, expected)| block != expected);
            let differing = wrong.map(|at| (blocks[at], expected[at]));
            assert!(wrong.is_none(), "{name}: block {wrong:?} of {size:?} and what it should be: {differing:?}");
        }
        assert_eq!(field, self.field, "{name}");
        assert_eq!(costs, self.costs, "{name}: costs");
    }
}
