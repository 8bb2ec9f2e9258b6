//! The conversion for processors with AVX2: the loops of [`super::scalar`] compiled for it, and a kernel for
//! 8-bit frames into 8-bit 4:2:0.
//!
//! The kernel multiplies pairs of 16-bit words (`pmaddwd`): red and green of a pixel, and blue and green. A coefficient
//! of green may exceed 16 bits, so that each pair has a half of it. Blue's and red's own coefficient of chroma is 2^15
//! in full range, which -2^15 stands for: chroma is computed with its sign turned and then subtracted.
#![allow(unsafe_code, reason = "a function compiled for AVX2 is called where AVX2 was found")]

use std::arch::x86_64::*;

use safe_unaligned_simd::x86_64::{_mm256_loadu_si256, _mm256_loadu2_m128i, _mm256_storeu_si256, _mm256_storeu2_m128i};

use super::matrix::{Matrix, Row};
use super::scalar::{self, Band, Code, Group, Pixels, Rows, Sample, Source};
use crate::media::{ChromaSubsampling, FrameFormat};

/// Pixels that the kernel converts at a time, of each of two rows.
const BLOCK: usize = 32;

/// The knowledge that this processor has AVX2.
#[derive(Clone, Copy, Debug)]
pub(super) struct Avx2(());

impl Avx2 {
    pub fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx2").then_some(Avx2(()))
    }

    /// [`scalar::convert_band`] with AVX2.
    pub fn convert_band<S: Sample, D: Code>(self, source: &Source<'_, S>, matrix: &Matrix, band: Band<'_, D>) {
        // SAFETY: `detect`, the only maker of `self`, has found AVX2.
        unsafe { convert_band(source, matrix, band) }
    }
}

#[target_feature(enable = "avx2")]
fn convert_band<S: Sample, D: Code>(source: &Source<'_, S>, matrix: &Matrix, band: Band<'_, D>) {
    if band.subsampling != ChromaSubsampling::Yuv420 {
        return scalar::convert_band(source, matrix, band, |_, _| 0);
    }
    let kernel = Kernel::new(matrix);
    scalar::convert_band(source, matrix, band, |pixels, group| match (S::bytes(pixels), D::bytes(group)) {
        (Some(pixels), Some(group)) => match pixels.format {
            FrameFormat::Rgb | FrameFormat::Bgr => convert_pair::<PACKED>(&kernel, pixels, group),
            FrameFormat::Rgba | FrameFormat::Bgra => convert_pair::<ALPHA>(&kernel, pixels, group),
            FrameFormat::RgbaPlanar => 0,
            _ => convert_pair::<PLANAR>(&kernel, pixels, group),
        },
        _ => 0,
    });
}

/// Layouts of a pixel: the samples from one to the next.
const PLANAR: u8 = 1;
const PACKED: u8 = 3;
const ALPHA: u8 = 4;

/// Converts as many columns of two rows as are even; none where there are fewer than a block, or one row only.
#[target_feature(enable = "avx2")]
fn convert_pair<const LAYOUT: u8>(kernel: &Kernel, pixels: Pixels<'_, u8>, group: Group<'_, u8>) -> usize {
    let even = group.width & !1;
    let (luma_top, luma_bottom) = group.luma.split_at_mut(group.width);
    if even < BLOCK || luma_bottom.is_empty() {
        return 0;
    }
    let shuffles = Shuffles::new(LAYOUT, matches!(pixels.format, FrameFormat::Bgr | FrameFormat::Bgra));
    let [u, v] = group.chroma;
    let mut x = 0;
    loop {
        let (Some(top), Some(bottom), Some(y0), Some(y1), Some(u), Some(v)) = (
            Block::<LAYOUT>::new(pixels.top, x),
            Block::<LAYOUT>::new(pixels.bottom, x),
            luma_top[x..].first_chunk_mut::<BLOCK>(),
            luma_bottom[x..].first_chunk_mut::<BLOCK>(),
            u[x / 2..].first_chunk_mut::<{ BLOCK / 2 }>(),
            v[x / 2..].first_chunk_mut::<{ BLOCK / 2 }>(),
        ) else {
            return x;
        };
        let left = kernel.half(
            (top.load::<0>(&shuffles), top.load::<1>(&shuffles)),
            (bottom.load::<0>(&shuffles), bottom.load::<1>(&shuffles)),
        );
        let right = kernel.half(
            (top.load::<2>(&shuffles), top.load::<3>(&shuffles)),
            (bottom.load::<2>(&shuffles), bottom.load::<3>(&shuffles)),
        );
        _mm256_storeu_si256(y0, _mm256_packus_epi16(left.top, right.top));
        _mm256_storeu_si256(y1, _mm256_packus_epi16(left.bottom, right.bottom));
        // The second packing cuts 256, which full range can give, to 255.
        let chroma = _mm256_packus_epi16(_mm256_packs_epi32(left.u, right.u), _mm256_packs_epi32(left.v, right.v));
        _mm256_storeu2_m128i(v, u, _mm256_permute4x64_epi64::<0b11_01_10_00>(chroma));
        if x + BLOCK == even {
            return even;
        }
        // The last block ends with the row: some columns are converted twice, to the same bytes.
        x = (x + BLOCK).min(even - BLOCK);
    }
}

/// Eight pixels as pairs of words.
#[derive(Clone, Copy)]
struct Pairs {
    red_green: __m256i,
    blue_green: __m256i,
}

/// The samples of a block's pixels; of a packed layout, the same thrice.
struct Block<'a, const LAYOUT: u8> {
    planes: [&'a [u8]; 3],
    opaque: bool,
}

impl<'a, const LAYOUT: u8> Block<'a, LAYOUT> {
    /// The block at column `x`.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(row: Rows<'a, u8>, x: usize) -> Option<Self> {
        let (start, len) = (x * LAYOUT as usize, BLOCK * LAYOUT as usize);
        let [r, g, b, _] = row;
        let planes = [r.get(start..start + len)?, g.get(start..start + len)?, b.get(start..start + len)?];
        let opaque = LAYOUT != ALPHA || {
            let pixels = planes[0];
            let all = _mm256_and_si256(
                _mm256_and_si256(load32(pixels, 0), load32(pixels, 32)),
                _mm256_and_si256(load32(pixels, 64), load32(pixels, 96)),
            );
            _mm256_testc_si256(all, _mm256_set1_epi32(0xff << 24)) == 1
        };
        Some(Block { planes, opaque })
    }

    /// Pixels `4 INDEX` to `4 INDEX + 3` in the low lane, and those 16 further on in the high one: packing twice, which
    /// goes by lanes, then gives 32 bytes in order.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn load<const INDEX: usize>(&self, shuffles: &Shuffles) -> Pairs {
        let [first, green, blue] = self.planes;
        match LAYOUT {
            PLANAR => {
                let (r, g, b) = (load32(first, 0), load32(green, 0), load32(blue, 0));
                let (red_green, blue_green) = if INDEX < 2 {
                    (_mm256_unpacklo_epi8(r, g), _mm256_unpacklo_epi8(b, g))
                } else {
                    (_mm256_unpackhi_epi8(r, g), _mm256_unpackhi_epi8(b, g))
                };
                let zero = _mm256_setzero_si256();
                if INDEX.is_multiple_of(2) {
                    Pairs {
                        red_green: _mm256_unpacklo_epi8(red_green, zero),
                        blue_green: _mm256_unpacklo_epi8(blue_green, zero),
                    }
                } else {
                    Pairs {
                        red_green: _mm256_unpackhi_epi8(red_green, zero),
                        blue_green: _mm256_unpackhi_epi8(blue_green, zero),
                    }
                }
            }
            // The last lanes start 4 bytes early, so as not to reach beyond the block.
            PACKED if INDEX == 3 => {
                let pixels = load_lanes(first, 32, 80);
                Pairs {
                    red_green: _mm256_shuffle_epi8(pixels, shuffles.last_red_green),
                    blue_green: _mm256_shuffle_epi8(pixels, shuffles.last_blue_green),
                }
            }
            _ => {
                let step = 4 * LAYOUT as usize;
                let pixels = load_lanes(first, INDEX * step, INDEX * step + 4 * step);
                let red_green = _mm256_shuffle_epi8(pixels, shuffles.red_green);
                let blue_green = _mm256_shuffle_epi8(pixels, shuffles.blue_green);
                if self.opaque {
                    return Pairs { red_green, blue_green };
                }
                let alpha = _mm256_shuffle_epi8(pixels, shuffles.alpha);
                Pairs { red_green: compose(red_green, alpha), blue_green: compose(blue_green, alpha) }
            }
        }
    }
}

/// 16-bit words times alpha, as [`Sample::composed`].
#[inline]
#[target_feature(enable = "avx2")]
fn compose(samples: __m256i, alpha: __m256i) -> __m256i {
    let product = _mm256_add_epi16(_mm256_mullo_epi16(samples, alpha), _mm256_set1_epi16(128));
    _mm256_srli_epi16::<8>(_mm256_add_epi16(product, _mm256_srli_epi16::<8>(product)))
}

/// Where the bytes of the pairs stand in a lane of four pixels.
struct Shuffles {
    red_green: __m256i,
    blue_green: __m256i,
    last_red_green: __m256i,
    last_blue_green: __m256i,
    alpha: __m256i,
}

impl Shuffles {
    #[target_feature(enable = "avx2")]
    fn new(layout: u8, blue_first: bool) -> Self {
        let step = i32::from(layout);
        let (red, blue) = if blue_first { (2, 0) } else { (0, 2) };
        // A byte of 0x80 makes a zero: the high half of a word.
        let words = |first: i32, second: i32, start: i32| {
            let pixel = |index: i32| {
                let at = start + index * step;
                (at + first) | 0x80 << 8 | (at + second) << 16 | 0x80 << 24
            };
            _mm256_broadcastsi128_si256(_mm_setr_epi32(pixel(0), pixel(1), pixel(2), pixel(3)))
        };
        Shuffles {
            red_green: words(red, 1, 0),
            blue_green: words(blue, 1, 0),
            last_red_green: words(red, 1, 4),
            last_blue_green: words(blue, 1, 4),
            alpha: words(3, 3, 0),
        }
    }
}

/// The matrix as pairs of 16-bit coefficients; of chroma with the sign turned.
struct Kernel {
    luma: Coefficients,
    u: Coefficients,
    v: Coefficients,
}

struct Coefficients {
    red_green: __m256i,
    blue_green: __m256i,
    bias: __m256i,
}

/// What two vectors of pixels of each row give: 16-bit luma, 32-bit chroma.
struct Half {
    top: __m256i,
    bottom: __m256i,
    u: __m256i,
    v: __m256i,
}

impl Kernel {
    /// Of a matrix from 8 bits to 8 bits of 4:2:0. Of others the result is of no use.
    #[target_feature(enable = "avx2")]
    fn new(matrix: &Matrix) -> Self {
        let pair = |first: i32, second: i32| _mm256_set1_epi32(first & 0xffff | second << 16);
        let coefficients = |row: &Row, sign: i32| {
            let [red, green, blue] = [sign * row.rgb[0], sign * row.rgb[1], sign * row.rgb[2]];
            Coefficients {
                red_green: pair(red, green / 2),
                blue_green: pair(blue, green - green / 2),
                bias: _mm256_set1_epi32(row.bias as i32),
            }
        };
        Kernel { luma: coefficients(&matrix.y, 1), u: coefficients(&matrix.u, -1), v: coefficients(&matrix.v, -1) }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn half(&self, top: (Pairs, Pairs), bottom: (Pairs, Pairs)) -> Half {
        let squares = Pairs {
            red_green: sum_squares((top.0.red_green, top.1.red_green), (bottom.0.red_green, bottom.1.red_green)),
            blue_green: sum_squares((top.0.blue_green, top.1.blue_green), (bottom.0.blue_green, bottom.1.blue_green)),
        };
        Half {
            top: _mm256_packs_epi32(self.luma(top.0), self.luma(top.1)),
            bottom: _mm256_packs_epi32(self.luma(bottom.0), self.luma(bottom.1)),
            u: self.u.chroma(squares),
            v: self.v.chroma(squares),
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn luma(&self, pixels: Pairs) -> __m256i {
        _mm256_srli_epi32::<16>(_mm256_add_epi32(self.luma.bias, self.luma.multiply(pixels)))
    }
}

impl Coefficients {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn chroma(&self, squares: Pairs) -> __m256i {
        _mm256_srli_epi32::<18>(_mm256_sub_epi32(self.bias, self.multiply(squares)))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn multiply(&self, pixels: Pairs) -> __m256i {
        _mm256_add_epi32(
            _mm256_madd_epi16(pixels.red_green, self.red_green),
            _mm256_madd_epi16(pixels.blue_green, self.blue_green),
        )
    }
}

/// The sums of 2 x 2 pixels, as pairs of words: at most 1020.
#[inline]
#[target_feature(enable = "avx2")]
fn sum_squares(top: (__m256i, __m256i), bottom: (__m256i, __m256i)) -> __m256i {
    let a = _mm256_castsi256_ps(_mm256_add_epi16(top.0, bottom.0));
    let b = _mm256_castsi256_ps(_mm256_add_epi16(top.1, bottom.1));
    let even = _mm256_castps_si256(_mm256_shuffle_ps::<0b10_00_10_00>(a, b));
    let odd = _mm256_castps_si256(_mm256_shuffle_ps::<0b11_01_11_01>(a, b));
    _mm256_add_epi16(even, odd)
}

/// 16 bytes from `low` on, and 16 from `high` on in the high lane. Both are constants inside the block, so that no check
/// is left.
#[inline]
#[target_feature(enable = "avx2")]
fn load_lanes(block: &[u8], low: usize, high: usize) -> __m256i {
    match (block[low..].first_chunk::<16>(), block[high..].first_chunk::<16>()) {
        (Some(low), Some(high)) => _mm256_loadu2_m128i(high, low),
        _ => _mm256_setzero_si256(),
    }
}

/// 32 bytes from `start` on, likewise.
#[inline]
#[target_feature(enable = "avx2")]
fn load32(block: &[u8], start: usize) -> __m256i {
    match block[start..].first_chunk::<32>() {
        Some(bytes) => _mm256_loadu_si256(bytes),
        None => _mm256_setzero_si256(),
    }
}
