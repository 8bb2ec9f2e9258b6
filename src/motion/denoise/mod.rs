//! Noise is taken out of pictures before they are encoded: each is brought nearer to the filtered one before it and to the
//! one behind it, along the motion.
//!
//! # The definition of the filter
//! Every implementation gives exactly these integers, on every machine and for any number of threads. Divisions round down,
//! `a >> n` too. A sample outside a plane is the nearest one inside. `d` is by how many bits samples are deeper than 8.
//!
//! - **Repeats.** A picture that repeats the one before comes out as that did, and changes nothing else.
//! - **Neighbours.** *Before* is the filtered picture before; there is none at the first picture, at a cut, and where
//!   nothing is known of the motion. *Behind* is the next picture as it came; there is none where that begins a scene, repeats
//!   this one, or is missing. Vectors of *before* are those of this picture's field, of *behind* the negated ones of the next
//!   picture's field at the same place.
//! - **Noise**, in sixteenths of a level. Of each whole 8x8 of a plane: `107 s >> 11`, where `s` sums the absolute values of
//!   `[1 -2 1]` in both directions, and of luma at most `(284 sad >> 10) << d` by the field of *before*, else of *behind*,
//!   and at most `512 << d`. Blocks are left out where 64 samples of luma (of the block with the same upper left corner)
//!   sum, shifted by `d`, to less than `64 x 24` or to `64 x 232` or more. Of `n` such values in their order the one
//!   numbered `n/5`, rounded up, counted from 1, times 9/8, is what a picture measures; 0 where `n` is. At the first picture
//!   and at cuts it is the plane's level `l`, else `(3 l + measured + 2) >> 2` is.
//! - **Strength.** The filter goes by `L`, of strength `s` `max(l, 8 << d) s / 5`; of `auto` `l g >> 4`, where `g` is
//!   `(l >> d) - 12`, from 0 to 16. Where that of luma is 0 the picture stays as it is.
//! - **Between samples**: six taps, in 64ths, of the samples 2 before to 3 behind: a quarter `1 -5 52 20 -5 1`, half
//!   `2 -10 40 40 -10 2`, three quarters the first backwards, none `64` of the sample itself. Along rows first, `(sum + 8) >> 4`,
//!   then down, `(sum + 128) >> 8`, cut to the range of samples.
//! - **Vectors** of each 8x8 of luma, to each neighbour: `(0, 0)`, that of the 16x16 around it, its own; all cut to the limits of
//!   the search's blocks of 8x8. The first, unless the sum of squared differences of the next is less by more than
//!   `V + V/2`, with `V = max(1, (L² + 8) >> 4)`; and so with the third. `D = 16 min(sum, 2^27) / V`: 64 is a mean square
//!   that is the noise's variance.
//! - **Weights.** `p` of a block is 64ths of the noise's variance that are left in it: of *before* that of the block of the
//!   picture before that the middle of this one comes from, of all else 64. A neighbour's variance is
//!   `max(8, p + 2 max(0, D - 9 (64 + p) / 8))`; its worth 4096 over that, or 0 where that is above 512. Its weight is 256
//!   times its worth over the sum of both worths and 64; 4096 over that sum is `p` of this block.
//! - **Sums.** Each sample takes of the difference to each neighbour at the block's vector (in chroma that is smaller
//!   `(v + 1) >> 1`) a part in 256ths: the weight of its block in the block's middle, and linear to the middles of the
//!   blocks beside, which count for no more than the block itself; those outside the picture are the nearest inside. With
//!   `B` samples a side, sample `i` is by `b = 8 |2 i + 1 - B| / B` 16ths of the block beside it, in both directions, and the
//!   256ths of the sum are rounded. A difference counts as it is up to `T = (7 L + 16) >> 5`, with `L` of the plane, up to
//!   `2 T` as what is missing to that, and not at all above. The sum of the parts times the differences is rounded to
//!   256ths and added, which ends at 0.
//!
//! # The rooms
//! `plane` has samples with room around them, `noise` what is measured of a picture, `filter` the blocks and the sums; `sse2`
//! has its samples between samples for x86-64, and `avx2` runs its loops compiled for AVX2.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod filter;
mod noise;
#[cfg_attr(target_arch = "x86_64", allow(dead_code, reason = "tests hold `sse2` to it"))]
mod plane;
#[cfg(target_arch = "x86_64")]
mod sse2;

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use self::filter::{Beside, Matching, PlaneFilter, Taken};
use self::plane::WidePlane;
use super::instructions::Instructions;
use crate::error::{Error, Result};
use crate::media::{FrameAnalysis, MotionField, Picture, PictureView, PixelFormat, Plane};
use crate::parallel::Workers;

/// How much noise is taken out of pictures before they are encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Denoise {
    /// None: pictures are encoded as they are.
    #[default]
    Off,
    /// By how much there is: clean footage stays all but as it is.
    Auto,
    /// 1 to 10: at 5, differences count as noise up to what the noise was measured to be, at 10 up to twice that, which takes
    /// fine texture with it. 0 is [`Off`](Self::Off).
    Strength(u8),
}

impl Denoise {
    /// Whether pictures stay as they are.
    pub fn is_off(self) -> bool {
        matches!(self, Denoise::Off | Denoise::Strength(0))
    }
}

impl fmt::Display for Denoise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Denoise::Off => f.write_str("0"),
            Denoise::Auto => f.write_str("auto"),
            Denoise::Strength(strength) => strength.fmt(f),
        }
    }
}

impl FromStr for Denoise {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let strength = || text.parse().ok().filter(|strength| (0..=10).contains(strength)).map(Denoise::Strength);
        match text {
            "auto" => Ok(Denoise::Auto),
            "0" | "off" => Ok(Denoise::Off),
            _ => strength().ok_or_else(|| Error::option("denoise", format_args!("`{text}`"), "use 0 to 10, or auto")),
        }
    }
}

/// The filter, with what it remembers of the pictures before.
pub(crate) struct Denoiser {
    workers: Workers,
    instructions: Instructions,
    denoise: Denoise,
    /// The picture that is to be filtered, which waits for the one behind it.
    current: Option<Frame>,
    /// Buffers of a frame that is done with.
    used: Vec<WidePlane>,
    /// The filtered picture before, what its blocks took, and the same as it went out.
    filtered: Vec<WidePlane>,
    next_filtered: Vec<WidePlane>,
    taken: Vec<Taken>,
    out: Option<Picture>,
    /// Of each plane, once there is one.
    levels: Vec<u32>,
}

struct Frame {
    format: PixelFormat,
    planes: Vec<WidePlane>,
    is_cut: bool,
    is_repeat: bool,
    field: Option<MotionField>,
}

impl Denoiser {
    /// With `threads` workers; 0 means one for each core.
    pub fn new(denoise: Denoise, threads: usize) -> Result<Self> {
        Ok(Denoiser {
            workers: Workers::new(threads)?,
            instructions: Instructions::detect(),
            denoise,
            current: None,
            used: Vec::new(),
            filtered: Vec::new(),
            next_filtered: Vec::new(),
            taken: Vec::new(),
            out: None,
            levels: Vec::new(),
        })
    }

    /// Takes a picture of luma and chroma, and what is known of it; gives the one before it, filtered.
    pub fn add(&mut self, picture: &PictureView<'_>, analysis: Option<&FrameAnalysis>) -> Option<PictureView<'_>> {
        let mut planes = std::mem::take(&mut self.used);
        planes.resize_with(picture.planes.len(), WidePlane::default);
        let most = most(picture.format);
        planes.iter_mut().zip(&picture.planes).for_each(|(wide, plane)| wide.take(plane, most));
        let newest = Frame {
            format: picture.format,
            planes,
            is_cut: analysis.is_some_and(|analysis| analysis.is_cut),
            is_repeat: analysis.is_some_and(|analysis| analysis.is_repeat),
            field: analysis.and_then(|analysis| analysis.motion.clone()),
        };
        let current = self.current.take();
        let has_current = current.is_some();
        if let Some(current) = current {
            self.filter(current, Some(&newest));
        }
        self.current = Some(newest);
        self.out.as_ref().filter(|_| has_current).map(Picture::view)
    }

    /// The last picture, filtered. The filter then begins anew.
    pub fn finish(&mut self) -> Option<PictureView<'_>> {
        let current = self.current.take()?;
        self.filter(current, None);
        self.filtered.clear();
        self.levels.clear();
        self.out.as_ref().map(Picture::view)
    }

    /// Leaves the filtered picture in `out`.
    fn filter(&mut self, current: Frame, behind: Option<&Frame>) {
        if current.is_repeat && self.out.is_some() {
            // What repeats the picture before comes out as that did.
            self.used = current.planes;
            return;
        }
        let is_first = current.is_cut || self.filtered.is_empty();
        let before = current.field.as_ref().filter(|field| !is_first && fits(field, &current.planes));
        let behind = behind.filter(|behind| !behind.is_cut && !behind.is_repeat);
        let behind_field = behind.and_then(|behind| behind.field.as_ref()).filter(|field| fits(field, &current.planes));
        self.measure(&current, before.or(behind_field), is_first);
        let levels = self.levels_in_use(current.format);
        if levels.first().is_none_or(|&level| level == 0) {
            self.taken.clear();
            write(&mut self.out, &current, &current.planes);
            self.used = std::mem::replace(&mut self.filtered, current.planes);
            return;
        }
        let most = most(current.format);
        let matching = Matching {
            current: &current.planes[0],
            before: before.map(|field| Beside { planes: &self.filtered, field }),
            behind: behind.zip(behind_field).map(|(behind, field)| Beside { planes: &behind.planes, field }),
            last: &self.taken,
            level: levels[0],
            most,
        };
        let taken = matching.run(self.instructions, &self.workers);
        self.next_filtered.resize_with(current.planes.len(), WidePlane::default);
        for (index, (plane, out)) in current.planes.iter().zip(&mut self.next_filtered).enumerate() {
            let filter = PlaneFilter {
                current: plane,
                sides: [matching.before, matching.behind]
                    .map(|beside| beside.and_then(|beside| beside.planes.get(index))),
                taken: &taken,
                grid: (current.planes[0].width.div_ceil(8), current.planes[0].height.div_ceil(8)),
                shifts: shifts(current.format, index),
                limit: ((levels[index] * 7 + 16) >> 5) as u16,
                most,
            };
            filter.run(out, self.instructions, &self.workers);
        }
        self.taken = taken;
        std::mem::swap(&mut self.filtered, &mut self.next_filtered);
        write(&mut self.out, &current, &self.filtered);
        self.used = current.planes;
    }

    /// Measures the noise of each plane, in sixteenths of a level.
    fn measure(&mut self, current: &Frame, field: Option<&MotionField>, is_first: bool) {
        let depth = u32::from(current.format.bit_depth());
        let most = 512 << (depth - 8);
        let Some(luma) = current.planes.first() else { return };
        let columns = luma.width / 8;
        let light = noise::spatial(luma, &self.workers);
        // Next to black and white the noise is cut off.
        let is_between = |sum: u32| (64 * 24..64 * 232).contains(&(sum >> (depth - 8)));
        let of_luma = light.iter().enumerate().map(|(index, &(level, sum))| {
            let cap = field.and_then(|field| {
                let block = field.block(crate::media::BlockSize::B8, index % columns, index / columns)?;
                Some(noise::temporal(block, depth - 8))
            });
            if is_between(sum) { level.min(cap.unwrap_or(most)) } else { noise::UNKNOWN }
        });
        let mut levels = vec![noise::low(of_luma, most)];
        for (plane, wide) in current.planes.iter().enumerate().skip(1) {
            let (x, y) = shifts(current.format, plane);
            let own_columns = wide.width / 8;
            let of_chroma = noise::spatial(wide, &self.workers).into_iter().enumerate().map(|(index, (level, _))| {
                let (column, row) = ((index % own_columns) << x, (index / own_columns) << y);
                let is_known = light.get(row * columns + column).is_some_and(|&(_, sum)| is_between(sum));
                if is_known { level } else { noise::UNKNOWN }
            });
            levels.push(noise::low(of_chroma.collect::<Vec<_>>().into_iter(), most));
        }
        if is_first || self.levels.len() != levels.len() {
            self.levels = levels;
        } else {
            self.levels.iter_mut().zip(levels).for_each(|(level, new)| *level = (3 * *level + new + 2) >> 2);
        }
    }

    /// The levels that the filter goes by.
    fn levels_in_use(&self, format: PixelFormat) -> Vec<u32> {
        let shift = u32::from(format.bit_depth()) - 8;
        let level = |&level: &u32| match self.denoise {
            Denoise::Off => 0,
            Denoise::Auto => {
                let gain = (level >> shift).saturating_sub(12).min(16);
                (level * gain) >> 4
            }
            Denoise::Strength(strength) => level.max(8 << shift) * u32::from(strength.min(10)) / 5,
        };
        self.levels.iter().map(level).collect()
    }
}

fn fits(field: &MotionField, planes: &[WidePlane]) -> bool {
    planes.first().is_some_and(|luma| field.size() == (luma.width, luma.height))
}

/// The greatest sample.
fn most(format: PixelFormat) -> u16 {
    ((1u32 << format.bit_depth()) - 1) as u16
}

fn shifts(format: PixelFormat, plane: usize) -> (u32, u32) {
    if plane == 0 { (0, 0) } else { format.chroma().shifts() }
}

/// Writes planes as a picture of the format of `frame`.
fn write(out: &mut Option<Picture>, frame: &Frame, planes: &[WidePlane]) {
    let (width, height) = planes.first().map_or((0, 0), |luma| (luma.width, luma.height));
    let fits = |picture: &Picture| (picture.format, picture.width, picture.height) == (frame.format, width, height);
    if !out.as_ref().is_some_and(fits) {
        *out = Some(Picture::new(frame.format, width, height));
    }
    let Some(picture) = out else { return };
    for (to, from) in picture.planes.iter_mut().zip(planes) {
        match to {
            Plane::U8(samples) => {
                for (to, row) in samples.chunks_mut(from.width).zip(from.rows()) {
                    to.iter_mut().zip(row).for_each(|(to, &sample)| *to = sample as u8);
                }
            }
            Plane::U16(samples) => {
                for (to, row) in samples.chunks_mut(from.width).zip(from.rows()) {
                    to.copy_from_slice(row);
                }
            }
        }
    }
}
