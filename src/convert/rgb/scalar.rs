//! The conversion for every format: unpack a row to R, G and B, sum the pixels of a chroma sample, apply the matrix.
//!
//! The loops are short and over slices of equal length, so that the compiler vectorises them. All is `inline(always)`
//! so that a caller that is compiled for more instructions gets its own copy.

use super::channels;
use super::matrix::{Matrix, Row};
use crate::media::{ChromaSubsampling, FrameFormat, FrameView, Plane, PlaneData};

/// The samples of a frame: bytes, or words of up to 16 bits.
pub(super) trait Sample: Copy + Default + Into<i32> + Send + Sync {
    const BITS: u8;

    /// The largest sample of `depth` bits.
    fn max(depth: u8) -> Self;

    fn samples(data: PlaneData<'_>) -> Option<&[Self]>;

    /// The rows as bytes, if that is what they are.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "for the twin of x86-64"))]
    fn bytes<'a>(rows: Pixels<'a, Self>) -> Option<Pixels<'a, u8>>;

    fn clip(self, max: Self) -> Self;

    /// `self * alpha`, where `max`, of `depth` bits, is one; rounded to the nearest.
    fn composed(self, alpha: Self, depth: u8) -> Self;

    /// A row of the matrix times one pixel, or the sum of four: the bits that the result needs are the type's own.
    fn apply(row: &Row, rgb: [i32; 3]) -> i32;
}

/// The code values of a picture.
pub(super) trait Code: Copy + Send + Sized {
    fn samples(plane: &mut Plane) -> Option<&mut [Self]>;

    /// The rows as bytes, if that is what they are.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "for the twin of x86-64"))]
    fn bytes<'a>(group: &'a mut Group<'_, Self>) -> Option<Group<'a, u8>>;

    /// `value` is a code value of the picture's depth.
    fn from_code(value: i32) -> Self;
}

/// A frame of R, G and B: for a packed format, the one plane thrice; a grey frame is one whose planes are the same.
pub(super) struct Source<'a, S> {
    format: FrameFormat,
    depth: u8,
    max: S,
    width: usize,
    height: usize,
    planes: [(&'a [S], usize); 4],
}

/// One row of each plane of a [`Source`]: R, G, B and, where it has a plane of its own, alpha.
pub(super) type Rows<'a, S> = [&'a [S]; 4];

/// One row of each of R, G and B.
type Planes<'a, S> = [&'a [S]; 3];

/// The two rows that share a row of chroma. At the last row of an odd height, and where chroma has every row, `bottom`
/// is `top`.
#[derive(Clone, Copy)]
pub(super) struct Pixels<'a, S> {
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "for the twin of x86-64"))]
    pub format: FrameFormat,
    pub top: Rows<'a, S>,
    pub bottom: Rows<'a, S>,
}

/// Some rows of the picture, the first of which is row `top`. Chroma is empty for monochrome.
pub(super) struct Band<'a, D> {
    pub top: usize,
    pub subsampling: ChromaSubsampling,
    pub luma: &'a mut [D],
    pub chroma: [&'a mut [D]; 2],
}

/// One row of chroma, and the one or two rows of luma that go with it.
pub(super) struct Group<'a, D> {
    pub subsampling: ChromaSubsampling,
    pub width: usize,
    pub luma: &'a mut [D],
    pub chroma: [&'a mut [D]; 2],
}

/// Converts the rows of a band. `head` may convert the first columns of a group in its own way: it says how many, an
/// even number or all.
#[inline(always)]
pub(super) fn convert_band<S: Sample, D: Code>(
    source: &Source<'_, S>,
    matrix: &Matrix,
    band: Band<'_, D>,
    head: impl Fn(Pixels<'_, S>, &mut Group<'_, D>) -> usize,
) {
    let width = source.width;
    let (x_shift, y_shift) = match band.subsampling {
        ChromaSubsampling::Monochrome => (0, 0),
        subsampling => subsampling.shifts(),
    };
    let chroma_width = width.div_ceil(1 << x_shift);
    let mut scratch = Scratch::default();
    let [u, v] = band.chroma;
    let mut chroma = [u.chunks_mut(chroma_width), v.chunks_mut(chroma_width)];
    for (index, luma) in band.luma.chunks_mut(width << y_shift).enumerate() {
        let y = band.top + (index << y_shift);
        let top = source.row(y);
        let bottom = if luma.len() > width { source.row(y + 1) } else { top };
        let pixels = Pixels { format: source.format, top, bottom };
        let [u, v] = &mut chroma;
        let chroma = [u.next().unwrap_or_default(), v.next().unwrap_or_default()];
        let mut group = Group { subsampling: band.subsampling, width, luma, chroma };
        let done = head(pixels, &mut group);
        if done < width {
            convert_group(source, matrix, pixels, group, done, &mut scratch);
        }
    }
}

/// Rows that are reused from group to group.
struct Scratch<S> {
    top: [Vec<S>; 3],
    bottom: [Vec<S>; 3],
    sums: [Vec<i32>; 3],
}

impl<S> Default for Scratch<S> {
    fn default() -> Self {
        Scratch { top: [const { Vec::new() }; 3], bottom: [const { Vec::new() }; 3], sums: [const { Vec::new() }; 3] }
    }
}

/// Converts the columns of a group from column `from` on, which is even.
#[inline(always)]
fn convert_group<S: Sample, D: Code>(
    source: &Source<'_, S>,
    matrix: &Matrix,
    pixels: Pixels<'_, S>,
    group: Group<'_, D>,
    from: usize,
    scratch: &mut Scratch<S>,
) {
    let (luma_top, luma_bottom) = group.luma.split_at_mut(group.width);
    let top = source.unpack(pixels.top, from, &mut scratch.top);
    apply::<S, S, D>(&matrix.y, top, &mut luma_top[from..]);
    let bottom = if luma_bottom.is_empty() {
        top
    } else {
        let bottom = source.unpack(pixels.bottom, from, &mut scratch.bottom);
        apply::<S, S, D>(&matrix.y, bottom, &mut luma_bottom[from..]);
        bottom
    };
    let [u, v] = group.chroma;
    match group.subsampling {
        ChromaSubsampling::Monochrome => {}
        ChromaSubsampling::Yuv444 => {
            apply::<S, S, D>(&matrix.u, top, &mut u[from..]);
            apply::<S, S, D>(&matrix.v, top, &mut v[from..]);
        }
        ChromaSubsampling::Yuv420 | ChromaSubsampling::Yuv422 => {
            for (plane, sums) in scratch.sums.iter_mut().enumerate() {
                sum_squares(top[plane], bottom[plane], sums);
            }
            let sums = scratch.sums.each_ref().map(Vec::as_slice);
            apply::<S, i32, D>(&matrix.u, sums, &mut u[from / 2..]);
            apply::<S, i32, D>(&matrix.v, sums, &mut v[from / 2..]);
        }
    }
}

/// A row of the matrix times each pixel.
#[inline(always)]
fn apply<S: Sample, T: Copy + Into<i32>, D: Code>(row: &Row, pixels: [&[T]; 3], out: &mut [D]) {
    let row = *row;
    let [r, g, b] = pixels.map(|plane| &plane[..out.len()]);
    for (((out, &r), &g), &b) in out.iter_mut().zip(r).zip(g).zip(b) {
        *out = D::from_code(S::apply(&row, [r.into(), g.into(), b.into()]));
    }
}

/// The sum of each square of 2 x 2 samples; the last column of an odd width counts twice.
#[inline(always)]
fn sum_squares<S: Sample>(top: &[S], bottom: &[S], sums: &mut Vec<i32>) {
    sums.resize(top.len().div_ceil(2), 0);
    let (top_pairs, top_last) = top.as_chunks::<2>();
    let (bottom_pairs, bottom_last) = bottom.as_chunks::<2>();
    for ((sum, &[a, b]), &[c, d]) in sums.iter_mut().zip(top_pairs).zip(bottom_pairs) {
        *sum = a.into() + b.into() + c.into() + d.into();
    }
    if let (Some(sum), &[a], &[b]) = (sums.last_mut(), top_last, bottom_last) {
        *sum = 2 * (a.into() + b.into());
    }
}

impl<'a, S: Sample> Source<'a, S> {
    /// `None` where the samples are of the other type.
    pub fn new(frame: &FrameView<'a>) -> Option<Self> {
        let plane = |index| {
            let plane = frame.plane(index)?;
            Some((S::samples(plane.data)?, plane.stride))
        };
        let first = plane(0)?;
        let planes = match frame.format() {
            FrameFormat::RgbPlanar => [first, plane(1)?, plane(2)?, first],
            FrameFormat::RgbaPlanar => [first, plane(1)?, plane(2)?, plane(3)?],
            _ => [first; 4],
        };
        let depth = frame.bit_depth();
        let (width, height) = (frame.width() as usize, frame.height() as usize);
        Some(Source { format: frame.format(), depth, max: S::max(depth), width, height, planes })
    }

    fn row(&self, y: usize) -> Rows<'a, S> {
        debug_assert!(y < self.height);
        let len = self.width * channels(self.format);
        self.planes.map(|(samples, stride)| &samples[y * stride..][..len])
    }

    /// R, G and B from column `from` on: clipped to the depth, composed over black.
    #[inline(always)]
    fn unpack<'r>(&self, row: Rows<'r, S>, from: usize, scratch: &'r mut [Vec<S>; 3]) -> Planes<'r, S>
    where
        'a: 'r,
    {
        let channels = channels(self.format);
        let row = row.map(|plane| &plane[from * channels..]);
        let [first, second, third, alpha] = row;
        if channels == 1 && self.depth == S::BITS && self.format != FrameFormat::RgbaPlanar {
            return [first, second, third];
        }
        for plane in scratch.iter_mut() {
            plane.resize(self.width - from, S::default());
        }
        let [r, g, b] = scratch.each_mut().map(Vec::as_mut_slice);
        match self.format {
            FrameFormat::Rgb => self.split(first, [r, g, b]),
            FrameFormat::Bgr => self.split(first, [b, g, r]),
            FrameFormat::Rgba => self.split_alpha(first, [r, g, b]),
            FrameFormat::Bgra => self.split_alpha(first, [b, g, r]),
            FrameFormat::RgbaPlanar => {
                let (max, depth) = (self.max, self.depth);
                for (plane, samples) in [r, g, b].into_iter().zip([first, second, third]) {
                    for ((out, sample), alpha) in plane.iter_mut().zip(samples).zip(alpha) {
                        *out = sample.clip(max).composed(alpha.clip(max), depth);
                    }
                }
            }
            _ => {
                for (plane, samples) in [r, g, b].into_iter().zip([first, second, third]) {
                    for (out, sample) in plane.iter_mut().zip(samples) {
                        *out = sample.clip(self.max);
                    }
                }
            }
        }
        scratch.each_ref().map(Vec::as_slice)
    }

    /// Pixels of three samples into planes.
    #[inline(always)]
    fn split(&self, row: &[S], planes: [&mut [S]; 3]) {
        let max = self.max;
        let [p, q, r] = planes;
        for (((p, q), r), &[a, b, c]) in p.iter_mut().zip(q).zip(r).zip(row.as_chunks::<3>().0) {
            *p = a.clip(max);
            *q = b.clip(max);
            *r = c.clip(max);
        }
    }

    /// Pixels of three samples and alpha into planes.
    #[inline(always)]
    fn split_alpha(&self, row: &[S], planes: [&mut [S]; 3]) {
        let (max, depth) = (self.max, self.depth);
        let [p, q, r] = planes;
        for (((p, q), r), &[a, b, c, alpha]) in p.iter_mut().zip(q).zip(r).zip(row.as_chunks::<4>().0) {
            let alpha = alpha.clip(max);
            *p = a.clip(max).composed(alpha, depth);
            *q = b.clip(max).composed(alpha, depth);
            *r = c.clip(max).composed(alpha, depth);
        }
    }
}

impl Sample for u8 {
    const BITS: u8 = 8;

    fn max(_: u8) -> u8 {
        u8::MAX
    }

    fn samples(data: PlaneData<'_>) -> Option<&[u8]> {
        match data {
            PlaneData::U8(samples) => Some(samples),
            PlaneData::U16(_) => None,
        }
    }

    #[inline(always)]
    fn bytes<'a>(rows: Pixels<'a, u8>) -> Option<Pixels<'a, u8>> {
        Some(rows)
    }

    #[inline(always)]
    fn clip(self, _: u8) -> u8 {
        self
    }

    #[inline(always)]
    fn composed(self, alpha: u8, _: u8) -> u8 {
        let product = u16::from(self) * u16::from(alpha) + 128;
        ((product + (product >> 8)) >> 8) as u8
    }

    /// The largest sum, of chroma at 10 bit, is below 2^28.
    #[inline(always)]
    fn apply(row: &Row, rgb: [i32; 3]) -> i32 {
        let sum = row.rgb[0] * rgb[0] + row.rgb[1] * rgb[1] + row.rgb[2] * rgb[2] + row.bias as i32;
        (sum >> row.shift).min(row.max)
    }
}

impl Sample for u16 {
    const BITS: u8 = 16;

    fn max(depth: u8) -> u16 {
        u16::MAX >> (16 - depth)
    }

    fn samples(data: PlaneData<'_>) -> Option<&[u16]> {
        match data {
            PlaneData::U16(samples) => Some(samples),
            PlaneData::U8(_) => None,
        }
    }

    #[inline(always)]
    fn bytes<'a>(_: Pixels<'a, u16>) -> Option<Pixels<'a, u8>> {
        None
    }

    #[inline(always)]
    fn clip(self, max: u16) -> u16 {
        self.min(max)
    }

    #[inline(always)]
    fn composed(self, alpha: u16, depth: u8) -> u16 {
        let product = u32::from(self) * u32::from(alpha) + (1 << (depth - 1));
        ((product + (product >> depth)) >> depth) as u16
    }

    /// The sum is not negative: a logical shift, which every instruction set has in 64 bits, does.
    #[inline(always)]
    fn apply(row: &Row, rgb: [i32; 3]) -> i32 {
        let term = |index: usize| i64::from(row.rgb[index]) * i64::from(rgb[index]);
        let sum = term(0) + term(1) + term(2) + row.bias;
        ((sum as u64 >> row.shift) as i32).min(row.max)
    }
}

impl Code for u8 {
    fn samples(plane: &mut Plane) -> Option<&mut [u8]> {
        match plane {
            Plane::U8(samples) => Some(samples),
            Plane::U16(_) => None,
        }
    }

    #[inline(always)]
    fn bytes<'a>(group: &'a mut Group<'_, u8>) -> Option<Group<'a, u8>> {
        let [u, v] = &mut group.chroma;
        Some(Group { subsampling: group.subsampling, width: group.width, luma: group.luma, chroma: [u, v] })
    }

    #[inline(always)]
    fn from_code(value: i32) -> u8 {
        value as u8
    }
}

impl Code for u16 {
    fn samples(plane: &mut Plane) -> Option<&mut [u16]> {
        match plane {
            Plane::U16(samples) => Some(samples),
            Plane::U8(_) => None,
        }
    }

    #[inline(always)]
    fn bytes<'a>(_: &'a mut Group<'_, u16>) -> Option<Group<'a, u8>> {
        None
    }

    #[inline(always)]
    fn from_code(value: i32) -> u16 {
        value as u16
    }
}
