//! RGB into luma and chroma.
//!
//! # The definition
//! Every implementation gives exactly these integers, on every machine and for any number of threads.
//!
//! Let `n` be the depth of the input and `m` that of the picture, `s = n + 8`, and `K_R`, `K_G`, `K_B` the luma weights
//! of the matrix. `A` is the height of the luma range, `C` that of the chroma range, `Y0` black: `219`, `224` and `16`
//! times `2^(m-8)` in limited range, `2^m - 1`, `2^m - 1` and `0` in full range. With `unit(x)` for
//! `x * 2^s / (2^n - 1)` rounded to the nearest integer:
//!
//! | | red | green | blue |
//! |---|---|---|---|
//! | `y` | `unit(A K_R)` | `unit(A) - y_r - y_b` | `unit(A K_B)` |
//! | `u` | `-unit(C K_R / (2 - 2 K_B))` | `-u_r - u_b` | `unit(C / 2)` |
//! | `v` | `unit(C / 2)` | `-v_r - v_b` | `-unit(C K_B / (2 - 2 K_R))` |
//!
//! So a luma row sums to its range and a chroma row to 0: grey has neutral chroma at each level, and white is white.
//!
//! - `Y = (y_r R + y_g G + y_b B + Y0 * 2^s + 2^(s-1)) >> s` for each pixel.
//! - 4:4:4: `U` and `V` likewise, with `2^(m-1)` for `Y0`, and at most `2^m - 1`.
//! - 4:2:0: the same over the *sums* of R, G and B of the four pixels, with `s + 2` for `s`: rounded once. Of an odd
//!   size, the last column and the last row count twice. Chroma stands in the middle of its pixels.
//! - 4:2:2: over the sums of two pixels, with `s + 1`.
//! - Alpha is straight, and composed over black before all else: `R' = (t + (t >> n)) >> n` with
//!   `t = R * alpha + 2^(n-1)`, which is `R * alpha / (2^n - 1)` to the nearest, and `R` itself where alpha is full.
//! - A grey sample is a pixel with R, G and B equal to it.
//! - Samples above `2^n - 1` are taken as `2^n - 1`.
//!
//! A result is at most 0.5 code values, plus 0.006 from the rounding of the coefficients, off the exact rational one,
//! and the mean error is 0. For 8-bit input every term fits 32 bits; for deeper input it takes 64.
//!
//! # The rooms
//! [`matrix`] has the coefficients, [`scalar`] the conversion for every format, in loops that a compiler vectorises;
//! `avx2` runs the same loops compiled for AVX2 and has a hand-written kernel for 8-bit frames into 8-bit 4:2:0.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod matrix;
mod scalar;
#[cfg(test)]
mod tests;

#[cfg(not(feature = "gpu"))]
use self::matrix::Matrix;
#[cfg(feature = "gpu")]
pub(crate) use self::matrix::{Matrix, Row};
use self::scalar::{Band, Code, Sample, Source};
use crate::error::Result;
use crate::media::{Color, FrameFormat, FrameView, Picture, PixelFormat, PlaneData};
use crate::parallel::Workers;

/// Rows that one worker converts at a time. Even, so that no pair of rows is torn.
const BAND_ROWS: usize = 64;

/// Converts frames of R, G and B, or of grey, of one depth into pictures of one format and colour.
#[derive(Debug)]
pub(crate) struct RgbConverter {
    format: PixelFormat,
    input_depth: u8,
    matrix: Matrix,
    instructions: Instructions,
}

/// Which of the implementations runs. The result is the same.
#[derive(Clone, Copy, Debug)]
enum Instructions {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2(avx2::Avx2),
}

impl RgbConverter {
    /// From frames of `input_depth` bits a sample (8 to 16) into `format`. Of `color`, matrix and range matter.
    pub fn new(format: PixelFormat, color: Color, input_depth: u8) -> Self {
        RgbConverter {
            format,
            input_depth,
            matrix: Matrix::new(format, color, input_depth),
            instructions: Instructions::detect(),
        }
    }

    /// The same converter without instructions that not every machine of this architecture has.
    fn portable(self) -> Self {
        RgbConverter { instructions: Instructions::Portable, ..self }
    }

    /// Converts `frame` into `out`, which has its size and this converter's format.
    ///
    /// `frame` has the depth of this converter and is not YUV: that is for the caller to see to.
    pub fn convert(&self, frame: &FrameView<'_>, out: &mut Picture, workers: &Workers) {
        debug_assert!(!frame.format().is_yuv() && frame.bit_depth() == self.input_depth);
        debug_assert_eq!(
            (out.format, out.width, out.height),
            (self.format, frame.width() as usize, frame.height() as usize)
        );
        match frame.plane(0).map(|plane| plane.data) {
            Some(PlaneData::U8(_)) => self.convert_samples::<u8>(frame, out, workers),
            Some(PlaneData::U16(_)) => self.convert_samples::<u16>(frame, out, workers),
            None => {}
        }
    }

    fn convert_samples<S: Sample>(&self, frame: &FrameView<'_>, out: &mut Picture, workers: &Workers) {
        let Some(source) = Source::<S>::new(frame) else { return };
        match self.format.bit_depth() {
            8 => self.convert_bands::<S, u8>(&source, out, workers),
            _ => self.convert_bands::<S, u16>(&source, out, workers),
        }
    }

    fn convert_bands<S: Sample, D: Code>(&self, source: &Source<'_, S>, out: &mut Picture, workers: &Workers) {
        workers.for_each(bands::<D>(out), |band| match self.instructions {
            Instructions::Portable => scalar::convert_band(source, &self.matrix, band, |_, _| 0),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(avx2) => avx2.convert_band(source, &self.matrix, band),
        });
    }
}

impl Instructions {
    fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = avx2::Avx2::detect() {
            return Instructions::Avx2(avx2);
        }
        Instructions::Portable
    }
}

/// Cuts a picture into pieces that can be written side by side.
fn bands<D: Code>(out: &mut Picture) -> Vec<Band<'_, D>> {
    let (width, height) = (out.width, out.height);
    let (chroma_width, _) = out.format.plane_size(1, width, height);
    let chroma = out.format.chroma();
    let chroma_rows = BAND_ROWS >> chroma.shifts().1;
    let mut planes = out.planes.iter_mut().filter_map(D::samples);
    let luma = planes.next().unwrap_or_default().chunks_mut(BAND_ROWS * width);
    let mut chroma_bands =
        [planes.next(), planes.next()].map(|plane| plane.unwrap_or_default().chunks_mut(chroma_rows * chroma_width));
    luma.enumerate()
        .map(|(index, luma)| {
            let [u, v] = &mut chroma_bands;
            let chroma_rows = [u.next().unwrap_or_default(), v.next().unwrap_or_default()];
            Band { top: index * BAND_ROWS, subsampling: chroma, luma, chroma: chroma_rows }
        })
        .collect()
}

/// One thread's conversion into a picture that is used again and again, with and without the machine's instructions:
/// what `benches/convert.rs` measures. Not part of the API.
#[doc(hidden)]
pub fn conversion_for_benches(format: PixelFormat, color: Color, portable: bool) -> Result<impl FnMut(&FrameView<'_>)> {
    let workers = Workers::new(1)?;
    let converter = RgbConverter::new(format, color, 8);
    let converter = if portable { converter.portable() } else { converter };
    let mut picture = Picture::new(format, 0, 0);
    Ok(move |frame: &FrameView<'_>| {
        let (width, height) = (frame.width() as usize, frame.height() as usize);
        if (picture.width, picture.height) != (width, height) {
            picture = Picture::new(format, width, height);
        }
        converter.convert(frame, &mut picture, &workers);
    })
}

/// How many samples of a row a pixel takes.
fn channels(format: FrameFormat) -> usize {
    match format {
        FrameFormat::Rgb | FrameFormat::Bgr => 3,
        FrameFormat::Rgba | FrameFormat::Bgra => 4,
        _ => 1,
    }
}
