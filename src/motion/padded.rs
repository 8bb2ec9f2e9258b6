//! Planes with room around them, so that a block may reach beyond the edge.

/// Sample `(x, y)` is that of the plane for any `x` from `-BEFORE` to `width + BEHIND - 1`, and `y` likewise, where
/// coordinates outside the plane mean the nearest sample inside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Padded<T, const BEFORE: usize, const BEHIND: usize> {
    pub width: usize,
    pub height: usize,
    pub stride: usize,
    samples: Vec<T>,
}

impl<T: Copy + Default, const BEFORE: usize, const BEHIND: usize> Padded<T, BEFORE, BEHIND> {
    /// Makes the plane fit for this size.
    pub fn reset(&mut self, width: usize, height: usize) {
        if (self.width, self.height) != (width, height) {
            let stride = BEFORE + width + BEHIND;
            let samples = vec![T::default(); stride * (BEFORE + height + BEHIND)];
            *self = Padded { width, height, stride, samples };
        }
    }

    /// The samples from `(x, y)` on, row after row of [`stride`](Self::stride); none where that lies outside the room.
    #[inline(always)]
    pub fn from(&self, x: isize, y: isize) -> &[T] {
        let offset = (y + BEFORE as isize) * self.stride as isize + x + BEFORE as isize;
        self.samples.get(offset as usize..).unwrap_or_default()
    }

    /// Row `y` of the plane itself.
    pub fn row(&self, y: usize) -> &[T] {
        let start = (y + BEFORE) * self.stride + BEFORE;
        &self.samples[start..start + self.width]
    }

    /// The rows of the plane itself.
    pub fn rows(&self) -> impl Iterator<Item = &[T]> {
        let width = self.width;
        // A plane that was never made fit has none.
        self.samples
            .chunks(self.stride.max(1))
            .skip(BEFORE)
            .take(self.height)
            .map(move |row| &row[BEFORE..BEFORE + width])
    }

    /// The same, to be written.
    pub fn rows_mut(&mut self) -> impl Iterator<Item = &mut [T]> {
        let width = self.width;
        self.samples
            .chunks_mut(self.stride.max(1))
            .skip(BEFORE)
            .take(self.height)
            .map(move |row| &mut row[BEFORE..BEFORE + width])
    }

    /// Fills the room around, when the rows are written. None of the sides is 0.
    pub fn pad(&mut self) {
        let (stride, width) = (self.stride, self.width);
        for row in self.samples.chunks_mut(stride).skip(BEFORE).take(self.height) {
            let (first, last) = (row[BEFORE], row[BEFORE + width - 1]);
            row[..BEFORE].fill(first);
            row[BEFORE + width..].fill(last);
        }
        let (top, bottom) = (BEFORE * stride, (BEFORE + self.height - 1) * stride);
        for y in 0..BEFORE {
            self.samples.copy_within(top..top + stride, y * stride);
        }
        for y in 1..=BEHIND {
            self.samples.copy_within(bottom..bottom + stride, bottom + y * stride);
        }
    }
}

/// `N` samples from `start` on; zeros where there are none, which the room around a plane rules out.
#[inline(always)]
pub(super) fn chunk<T: Copy + Default, const N: usize>(samples: &[T], start: usize) -> [T; N] {
    samples.get(start..).and_then(<[T]>::first_chunk).copied().unwrap_or([T::default(); N])
}
