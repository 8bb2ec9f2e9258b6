//! The integer coefficients of a conversion.

use crate::media::{ChromaSubsampling, Color, ColorRange, PixelFormat};

/// The three rows of the conversion.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrix {
    pub y: Row,
    pub u: Row,
    pub v: Row,
}

/// `(r R + g G + b B + bias) >> shift`, at most `max`. The sum is never negative.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// For R, G and B.
    pub rgb: [i32; 3],
    /// The offset of the code values, and half a code value to round by.
    pub bias: i64,
    pub shift: u32,
    /// The largest code value. Only chroma in full range would exceed it: by one, where it ends at a half.
    pub max: i32,
}

impl Matrix {
    /// For samples of `input_depth` bits; chroma rows take the sums of 2 x 2 pixels where chroma is subsampled.
    pub fn new(format: PixelFormat, color: Color, input_depth: u8) -> Self {
        let depth = format.bit_depth();
        let max = (1i64 << depth) - 1;
        let (black, luma_range, chroma_range) = match color.range {
            ColorRange::Limited => (16 << (depth - 8), 219 << (depth - 8), 224 << (depth - 8)),
            ColorRange::Full => (0, max, max),
        };
        let (red, blue) = color.matrix.luma_weights();
        let (red, blue) = (i64::from(red), i64::from(blue));

        let shift = u32::from(input_depth) + 8;
        let unit = |numerator: i64, denominator: i64| {
            let denominator = denominator * ((1 << input_depth) - 1);
            ((numerator << shift) + denominator / 2) / denominator
        };
        let (y_red, y_blue) = (unit(luma_range * red, 10_000), unit(luma_range * blue, 10_000));
        let half = unit(chroma_range, 2);
        let u_red = -unit(chroma_range * red, 2 * (10_000 - blue));
        let v_blue = -unit(chroma_range * blue, 2 * (10_000 - red));

        // 4:2:2 goes by sums of 2 x 2 as well, of the same row twice: the same results, and one path less.
        let chroma_shift = if format.chroma() == ChromaSubsampling::Yuv444 { shift } else { shift + 2 };
        let row = |rgb: [i64; 3], offset: i64, shift: u32| Row {
            // Below 2^19: a range of at most 1023, times 256 and little more.
            rgb: rgb.map(|coefficient| coefficient as i32),
            bias: (offset << shift) + (1 << (shift - 1)),
            shift,
            max: max as i32,
        };
        Matrix {
            y: row([y_red, unit(luma_range, 1) - y_red - y_blue, y_blue], black, shift),
            u: row([u_red, -u_red - half, half], 1 << (depth - 1), chroma_shift),
            v: row([half, -half - v_blue, v_blue], 1 << (depth - 1), chroma_shift),
        }
    }
}
