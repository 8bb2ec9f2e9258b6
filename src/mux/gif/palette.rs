//! Colours of a frame reduced to a palette.
//!
//! 256 colours or fewer stay what they are. More are gathered in cells of 4 x 4 x 4, which are divided where they vary
//! most until there are as many groups as a palette has room for; the means of the groups are then moved to the middle of
//! what is nearest to them. Pixels get the nearest colour of the palette, and hand what it is off on to their neighbours
//! (Floyd and Steinberg). All is in integers.

use std::collections::BTreeMap;

type Rgb = [u8; 3];

/// A picture by a palette.
pub(super) struct Indexed {
    /// Red, green and blue of each colour.
    pub palette: Vec<u8>,
    pub indices: Vec<u8>,
    pub transparent: Option<u8>,
}

impl Indexed {
    /// From pixels in rows of `width`; `None` is transparent.
    pub fn new(pixels: &[Option<Rgb>], width: usize) -> Self {
        let has_transparent = pixels.contains(&None);
        let room = 256 - usize::from(has_transparent);
        let (mut colors, mut indices) = exact(pixels, room).unwrap_or_else(|| {
            let colors = quantize(pixels, room);
            let indices = dither(pixels, width, &colors);
            (colors, indices)
        });
        // At most 255 colours stand before it.
        let transparent = has_transparent.then_some(colors.len() as u8);
        if let Some(transparent) = transparent {
            colors.push([0; 3]);
            for (index, pixel) in indices.iter_mut().zip(pixels) {
                *index = if pixel.is_none() { transparent } else { *index };
            }
        }
        Indexed { palette: colors.concat(), indices, transparent }
    }
}

/// All colours as they are, if there are no more than `room`.
fn exact(pixels: &[Option<Rgb>], room: usize) -> Option<(Vec<Rgb>, Vec<u8>)> {
    let mut found = BTreeMap::new();
    for color in pixels.iter().flatten() {
        found.insert(*color, 0);
        if found.len() > room {
            return None;
        }
    }
    for (index, number) in found.values_mut().zip(0..=u8::MAX) {
        *index = number;
    }
    let indices = pixels.iter().map(|pixel| pixel.and_then(|color| found.get(&color).copied()).unwrap_or(0)).collect();
    Some((found.into_keys().collect(), indices))
}

/// Bits of a colour that its cell keeps.
const CELL_BITS: u32 = 6;
const CELLS: usize = 1 << (3 * CELL_BITS);

fn cell(color: Rgb) -> usize {
    color.iter().fold(0, |cell, &value| cell << CELL_BITS | usize::from(value >> (8 - CELL_BITS)))
}

/// The pixels of a cell or of a group of cells.
#[derive(Clone, Copy, Default)]
struct Gathered {
    count: u64,
    sums: [u64; 3],
}

impl Gathered {
    fn add(&mut self, other: &Gathered) {
        self.count += other.count;
        (0..3).for_each(|channel| self.sums[channel] += other.sums[channel]);
    }

    fn mean(&self) -> Rgb {
        let count = self.count.max(1);
        // A mean of bytes is one.
        self.sums.map(|sum| ((2 * sum + count) / (2 * count)) as u8)
    }
}

/// A range of cells, and how much they vary in the channel in which they do so most.
struct Group {
    cells: std::ops::Range<usize>,
    channel: usize,
    variation: u64,
}

impl Group {
    fn new(cells: std::ops::Range<usize>, all: &[Gathered]) -> Self {
        let mut total = Gathered::default();
        all[cells.clone()].iter().for_each(|cell| total.add(cell));
        let mean = total.mean();
        let variation = |channel: usize| -> u64 {
            let of = |cell: &Gathered| u64::from(cell.mean()[channel].abs_diff(mean[channel])).pow(2) * cell.count;
            all[cells.clone()].iter().map(of).sum()
        };
        let (channel, variation) =
            (0..3).map(|channel| (channel, variation(channel))).max_by_key(|of| of.1).unwrap_or((0, 0));
        Group { cells, channel, variation }
    }

    /// Two groups, divided where the rest of the variation is least.
    fn split(self, all: &mut [Gathered]) -> [Group; 2] {
        let Group { cells, channel, .. } = self;
        let part = &mut all[cells.clone()];
        part.sort_by_key(|cell| cell.mean()[channel]);
        let mut total = Gathered::default();
        part.iter().for_each(|cell| total.add(cell));
        // What variation the division takes away: the sum of squares of sums over counts, of which the greatest is best.
        let gain = |before: &Gathered| {
            let of = |sum: u64, count: u64| u128::from(sum) * u128::from(sum) / u128::from(count.max(1));
            let (sum, count) = (before.sums[channel], before.count);
            of(sum, count) + of(total.sums[channel] - sum, total.count - count)
        };
        let mut before = Gathered::default();
        let mut best = (0, 1);
        for (index, cell) in part.iter().enumerate().take(part.len() - 1) {
            before.add(cell);
            best = best.max((gain(&before), index + 1));
        }
        let middle = cells.start + best.1;
        [Group::new(cells.start..middle, all), Group::new(middle..cells.end, all)]
    }
}

/// At most `room` colours that stand for all.
fn quantize(pixels: &[Option<Rgb>], room: usize) -> Vec<Rgb> {
    let mut cells = vec![Gathered::default(); CELLS];
    for color in pixels.iter().flatten() {
        cells[cell(*color)].add(&Gathered { count: 1, sums: color.map(u64::from) });
    }
    cells.retain(|cell| cell.count > 0);
    let mut groups = vec![Group::new(0..cells.len(), &cells)];
    while groups.len() < room {
        let most = groups.iter().enumerate().filter(|(_, group)| group.cells.len() > 1).max_by_key(|of| of.1.variation);
        let Some((index, _)) = most else { break };
        let group = groups.swap_remove(index);
        groups.extend(group.split(&mut cells));
    }
    let mean = |group: &Group| {
        let mut total = Gathered::default();
        cells[group.cells.clone()].iter().for_each(|cell| total.add(cell));
        total.mean()
    };
    let mut colors: Vec<Rgb> = groups.iter().map(mean).collect();
    /// More change little.
    const ROUNDS: usize = 2;
    for _ in 0..ROUNDS {
        let mut gathered = vec![Gathered::default(); colors.len()];
        for cell in &cells {
            gathered[nearest(&colors, cell.mean())].add(cell);
        }
        for (color, gathered) in colors.iter_mut().zip(&gathered).filter(|(_, gathered)| gathered.count > 0) {
            *color = gathered.mean();
        }
    }
    colors.sort_unstable();
    colors.dedup();
    colors
}

fn nearest(colors: &[Rgb], to: Rgb) -> usize {
    let distance = |color: &Rgb| -> u32 { color.iter().zip(to).map(|(&a, b)| u32::from(a.abs_diff(b)).pow(2)).sum() };
    colors.iter().enumerate().min_by_key(|(_, color)| distance(color)).map_or(0, |(index, _)| index)
}

/// An index for each pixel.
fn dither(pixels: &[Option<Rgb>], width: usize, colors: &[Rgb]) -> Vec<u8> {
    // The nearest colour of each cell's middle, once it was asked for.
    let mut known: Vec<Option<u8>> = vec![None; CELLS];
    // What the row and the one below it are off by, in sixteenths, with room on both sides.
    let (mut row, mut below) = (vec![[0i32; 3]; width + 2], vec![[0i32; 3]; width + 2]);
    let mut indices = Vec::with_capacity(pixels.len());
    for line in pixels.chunks(width) {
        for (x, pixel) in line.iter().enumerate() {
            let Some(color) = pixel else {
                indices.push(0);
                continue;
            };
            // Three quarters of it: all would be seen as noise.
            let off = row[x + 1].map(|off| off * 3 / 64);
            let wanted: [i32; 3] =
                std::array::from_fn(|channel| (i32::from(color[channel]) + off[channel]).clamp(0, 255));
            let wanted = wanted.map(|value| value as u8);
            let middle = wanted.map(|value| value & !3 | 2);
            let index = *known[cell(wanted)].get_or_insert_with(|| nearest(colors, middle) as u8);
            indices.push(index);
            for channel in 0..3 {
                let error = i32::from(wanted[channel]) - i32::from(colors[usize::from(index)][channel]);
                row[x + 2][channel] += 7 * error;
                below[x][channel] += 3 * error;
                below[x + 1][channel] += 5 * error;
                below[x + 2][channel] += error;
            }
        }
        std::mem::swap(&mut row, &mut below);
        below.fill([0; 3]);
    }
    indices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_colours_stay_what_they_are() {
        for (count, transparent) in [(1, false), (1, true), (255, true), (256, false)] {
            let mut pixels: Vec<_> = (0..count).map(|i| Some([i as u8, (i / 2) as u8, 7])).collect();
            pixels.extend(transparent.then_some(None));
            let indexed = Indexed::new(&pixels, 1);
            for (pixel, &index) in pixels.iter().zip(&indexed.indices) {
                match pixel {
                    Some(color) => assert_eq!(&indexed.palette[3 * usize::from(index)..][..3], color),
                    None => assert_eq!(Some(index), indexed.transparent),
                }
            }
            assert_eq!(indexed.transparent.is_some(), transparent);
        }
        let nothing = Indexed::new(&[None], 1);
        assert_eq!((nothing.palette.len(), nothing.transparent), (3, Some(0)));
    }

    #[test]
    fn many_colours_are_nearly_what_they_were() {
        let pixels: Vec<_> = (0..256 * 64).map(|i| Some([(i % 256) as u8, (i / 64) as u8, (i % 97) as u8])).collect();
        let indexed = Indexed::new(&pixels, 256);
        assert!(indexed.palette.len() <= 768 && indexed.transparent.is_none());
        let squares: u64 = pixels
            .iter()
            .flatten()
            .zip(&indexed.indices)
            .flat_map(|(color, &index)| {
                let found = &indexed.palette[3 * usize::from(index)..][..3];
                color.iter().zip(found).map(|(&a, &b)| u64::from(a.abs_diff(b)).pow(2)).collect::<Vec<_>>()
            })
            .sum();
        let psnr = 10.0 * (255.0f64.powi(2) * (3 * pixels.len()) as f64 / squares as f64).log10();
        assert!(psnr > 27.0, "{psnr} dB");
    }
}
