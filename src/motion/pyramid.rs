//! Luma at full, half and quarter resolution, with room around it.

use super::padded::Padded;
use crate::media::{PlaneView, Samples};

/// Samples around a plane, to the left and above. They are copies of its edge, so that a block may reach beyond it.
pub(crate) const BEFORE: usize = 32;
/// Likewise to the right and below, counted from the plane's own edge.
pub(crate) const BEHIND: usize = 48;

/// Luma with room around it.
pub(crate) type PaddedPlane = Padded<u8, BEFORE, BEHIND>;

impl PaddedPlane {
    /// The plane of these samples, whose rows are `stride` apart; none of its sides is 0.
    #[cfg(test)]
    pub fn of(width: usize, height: usize, stride: usize, samples: &[u8]) -> Self {
        let mut plane = PaddedPlane::default();
        plane.reset(width, height);
        plane.rows_mut().zip(samples.chunks(stride)).for_each(|(to, row)| to.copy_from_slice(&row[..width]));
        plane.pad();
        plane
    }

    /// This plane from one of twice the size: the mean of 2x2 samples, rounded, where the edge of an odd size counts twice.
    fn halve(&mut self, from: &PaddedPlane) {
        self.reset(from.width.div_ceil(2), from.height.div_ceil(2));
        for (y, to) in self.rows_mut().enumerate() {
            let (top, bottom) = (from.from(0, 2 * y as isize), from.from(0, 2 * y as isize + 1));
            let pairs = top.as_chunks::<2>().0.iter().zip(bottom.as_chunks::<2>().0);
            for (to, (&top, &bottom)) in to.iter_mut().zip(pairs) {
                // Both samples of a pair in one word, which vectors of words take as they come.
                let (top, bottom) = (u16::from_le_bytes(top), u16::from_le_bytes(bottom));
                let sum = (top & 0xff) + (top >> 8) + (bottom & 0xff) + (bottom >> 8);
                *to = ((sum + 2) >> 2) as u8;
            }
        }
        self.pad();
    }
}

/// The luma of a picture in 8 bits, for a searcher that makes a pyramid of its own. Rows are whole words of 32 bits, and
/// what is behind their end is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Luma {
    pub width: usize,
    pub height: usize,
    pub stride: usize,
    pub samples: Vec<u8>,
}

impl Luma {
    /// Takes a picture in; the buffer of the one before it is used again. Of deeper samples the high bits are taken:
    /// `shift` is by how many bits they are deeper than 8.
    pub fn take(&mut self, luma: &PlaneView<'_>, shift: u32) {
        let (width, height) = (luma.width, luma.height);
        if (self.width, self.height) != (width, height) {
            let stride = width.next_multiple_of(4);
            *self = Luma { width, height, stride, samples: vec![0; stride * height] };
        }
        copy(luma, shift, self.samples.chunks_mut(self.stride.max(1)));
    }

    pub fn view(&self) -> PlaneView<'_> {
        let Luma { width, height, stride, ref samples } = *self;
        PlaneView { samples: Samples::U8(samples), stride, width, height }
    }
}

/// Copies a plane in 8 bits into rows that are at least as wide.
fn copy<'a>(luma: &PlaneView<'_>, shift: u32, rows: impl Iterator<Item = &'a mut [u8]>) {
    let width = luma.width;
    match luma.samples {
        Samples::U8(samples) => {
            for (row, to) in samples.chunks(luma.stride).take(luma.height).zip(rows) {
                to[..width].copy_from_slice(&row[..width]);
            }
        }
        Samples::U16(samples) => {
            for (row, to) in samples.chunks(luma.stride).take(luma.height).zip(rows) {
                for (to, &sample) in to[..width].iter_mut().zip(row) {
                    *to = (sample >> shift).min(255) as u8;
                }
            }
        }
    }
}

/// The luma of a picture in three sizes, in 8 bits. Of deeper samples the high bits are taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pyramid {
    pub full: PaddedPlane,
    pub half: PaddedPlane,
    pub quarter: PaddedPlane,
}

impl Pyramid {
    /// Takes a picture in; the buffers of the one before it are used again. `shift` is by how many bits the samples are
    /// deeper than 8.
    pub fn take(&mut self, luma: &PlaneView<'_>, shift: u32) {
        self.full.reset(luma.width, luma.height);
        copy(luma, shift, self.full.rows_mut());
        self.full.pad();
        self.half.halve(&self.full);
        self.quarter.halve(&self.half);
    }
}
