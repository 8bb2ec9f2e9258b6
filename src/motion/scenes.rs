//! Costs of a picture from the one before and from itself, and what they say of scene cuts.
//!
//! All is reckoned on the quarter planes, in blocks of 8x8, in integers. A block costs its SAD from the picture before, at
//! the place that level 1 of the search found, or after the light of the whole picture before was brought to that of
//! this one (a fade), whatever is least. From itself it costs the SAD to the best of three predictions: its mean, the row
//! above it, the column left of it.

use super::measure::{Block, block};
use super::padded::chunk;
use super::pyramid::PaddedPlane;
use super::search::Coarse;

/// The sums over a picture's blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Costs {
    pub inter: u64,
    pub intra: u64,
    /// Samples of the quarter plane.
    pub samples: u64,
}

impl Costs {
    /// Of a picture and the one before it, by the result of level 1.
    pub fn new(current: &PaddedPlane, before: &PaddedPlane, coarse: &[Coarse]) -> Self {
        let light = LightChange::new(current, before);
        let columns = current.width.div_ceil(8);
        let mut costs = Costs { samples: (current.width * current.height) as u64, ..Costs::default() };
        for (row, blocks) in coarse.chunks(columns).enumerate() {
            for (column, found) in blocks.iter().enumerate() {
                let (x, y) = (8 * column as isize, 8 * row as isize);
                let samples = block::<8>(current, x, y);
                let mut inter = found.sad;
                if let Some(light) = &light {
                    inter = inter.min(light.sad(&samples, before, x, y)).min(light.sad(
                        &samples,
                        before,
                        x + found.x as isize,
                        y + found.y as isize,
                    ));
                }
                costs.inter += u64::from(inter);
                costs.intra += u64::from(intra(&samples, current, x, y));
            }
        }
        costs
    }

    /// The cost from the picture before in hundredths of that from itself; at most 1000.
    pub fn percent(&self) -> u64 {
        // A flat picture costs next to nothing from itself: a hundredth of a level a sample stands in for that.
        (100 * self.inter / (self.intra + self.samples / 100).max(1)).min(1000)
    }

    /// Whether the picture before is of so little use that this may be another scene.
    pub fn is_strange(&self) -> bool {
        self.inter >= LEAST_COST * self.samples && self.percent() >= STRANGE_PERCENT
    }
}

/// From this cost on, in hundredths of that of a picture alone, it may be another scene.
const STRANGE_PERCENT: u64 = 110;
/// Below so many levels a sample nothing is a cut: what is seen of it is grain.
const LEAST_COST: u64 = 2;

/// Whether a cut stands out: motion that is too fast for the search costs much in each picture of it, a cut in one.
pub(super) fn stands_out(before: Costs, here: Costs, after: Costs) -> bool {
    let around = before.percent().max(after.percent());
    here.percent() * 10 >= around * STANDS_OUT_TENTHS
}

const STANDS_OUT_TENTHS: u64 = 15;

fn intra(samples: &Block<8>, plane: &PaddedPlane, x: isize, y: isize) -> u32 {
    let above: [u8; 8] = chunk(plane.from(x, y - 1), 0);
    let mut left = [0; 8];
    let column = plane.from(x - 1, y);
    for (row, to) in left.iter_mut().enumerate() {
        *to = column.get(row * plane.stride).copied().unwrap_or_default();
    }
    let sum: u32 = samples.iter().flatten().map(|&v| u32::from(v)).sum();
    let mean = ((sum + 32) >> 6) as u8;
    let (mut flat, mut vertical, mut horizontal) = (0, 0, 0);
    for (row, left) in samples.iter().zip(left) {
        flat += row.iter().map(|&v| u32::from(v.abs_diff(mean))).sum::<u32>();
        vertical += row.iter().zip(&above).map(|(&v, &above)| u32::from(v.abs_diff(above))).sum::<u32>();
        horizontal += row.iter().map(|&v| u32::from(v.abs_diff(left))).sum::<u32>();
    }
    // At the picture's edge, what is beside is the block's own edge.
    let vertical = if y > 0 { vertical } else { u32::MAX };
    let horizontal = if x > 0 { horizontal } else { u32::MAX };
    flat.min(vertical).min(horizontal)
}

/// What the light of one picture makes of that of another: the mean and the mean deviation are brought to its own.
struct LightChange {
    levels: [u8; 256],
}

impl LightChange {
    /// `None` where there is next to no change.
    fn new(current: &PaddedPlane, before: &PaddedPlane) -> Option<Self> {
        let (mean, deviation) = light(current);
        let (mean_before, deviation_before) = light(before);
        if mean.abs_diff(mean_before) < 128 && deviation.abs_diff(deviation_before) < 128 {
            return None;
        }
        // In 256ths; at most four times, and a quarter.
        let gain = (deviation * 256).checked_div(deviation_before).map_or(256, |gain| gain.clamp(64, 1024));
        let mut levels = [0; 256];
        for (level, to) in levels.iter_mut().enumerate() {
            let from = level as i64 * 256 - i64::from(mean_before);
            *to = ((i64::from(mean) + ((from * i64::from(gain)) >> 8) + 128) >> 8).clamp(0, 255) as u8;
        }
        Some(LightChange { levels })
    }

    fn sad(&self, samples: &Block<8>, before: &PaddedPlane, x: isize, y: isize) -> u32 {
        let other = block::<8>(before, x, y);
        let pairs = samples.iter().flatten().zip(other.iter().flatten());
        pairs.map(|(&a, &b)| u32::from(a.abs_diff(self.levels[usize::from(b)]))).sum()
    }
}

/// The mean and the mean deviation from it, in 256ths of a level.
fn light(plane: &PaddedPlane) -> (u32, u32) {
    let count = (plane.width * plane.height).max(1) as u64;
    let sum = |of: &dyn Fn(&[u8]) -> u64| (0..plane.height).map(|y| of(plane.row(y))).sum::<u64>();
    let total = sum(&|row| u64::from(row.iter().map(|&v| u32::from(v)).sum::<u32>()));
    let middle = ((total + count / 2) / count) as u8;
    let deviation = sum(&|row| u64::from(row.iter().map(|&v| u32::from(v.abs_diff(middle))).sum::<u32>()));
    ((total * 256 / count) as u32, (deviation * 256 / count) as u32)
}
