//! Which value becomes which: depth, range and matrix of luma and chroma.
//!
//! A code value `v` of depth `n` stands for the number `(v - zero) / unit` (H.273, 8.3):
//!
//! | | zero | unit |
//! |---|---|---|
//! | luma, limited | `16 * 2^(n-8)` | `219 * 2^(n-8)` |
//! | luma, full | `0` | `2^n - 1` |
//! | chroma, limited | `128 * 2^(n-8)` | `224 * 2^(n-8)` |
//! | chroma, full | `2^(n-1)` | `2^n - 1` |
//!
//! The result is the code value of the target nearest to the same number, the upper of two that are as near, clipped to
//! 0 to `2^n - 1`. In limited range a change of depth is thus a shift by powers of two, and the room below black and
//! above white is kept. Where several samples become one, the number is their mean: there is one rounding.
//!
//! Red, green and blue stand for the number `v / 255`. They follow from the numbers of luma and chroma by the equations
//! above [`rgb_row`], and are rounded once: what exact arithmetic gives, except where that comes within 2^-14 of a tie.

use crate::media::{ChromaSubsampling, Color, ColorRange, MatrixCoefficients};

/// What becomes of the samples of one plane.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// They keep their values.
    Same,
    /// The entry at their sum. Exact.
    Table(Vec<u16>),
    /// A weighted sum of all channels.
    Mix(Mix),
}

/// `(bias + weights · (y, cb, cr)) >> 32`, clipped.
///
/// The weights are those of the exact conversion, rounded to multiples of 2^-32: the result is that of exact arithmetic
/// except where this comes within 2^-14 of a tie. Neutral chroma adds exactly nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mix {
    pub weights: [i64; 3],
    pub bias: i64,
    pub max: i64,
}

/// Fractional bits of [`Mix`].
pub(super) const MIX_BITS: u32 = 32;

/// The coding of a picture's samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Coding {
    pub depth: u8,
    pub color: Color,
}

impl Rule {
    /// The rule for plane `plane`, each of whose samples is made of `count` samples of the source.
    pub fn new(plane: usize, from: Coding, to: Coding, count: u32) -> Self {
        let weights = |coding: Coding| coding.color.matrix.luma_weights();
        let unsaid = |coding: Coding| coding.color.matrix == MatrixCoefficients::Unspecified;
        if weights(from) != weights(to) && !unsaid(from) && !unsaid(to) {
            return Rule::Mix(Mix::new(plane, from, to, count));
        }
        if count == 1 && from.depth == to.depth && from.color.range == to.color.range {
            return Rule::Same;
        }
        let (source, target) = (from.scale(plane), to.scale(plane));
        let count = i64::from(count);
        let value = |sum: i64| {
            let numerator = 2 * target.unit * (sum - count * source.zero) + count * source.unit * (2 * target.zero + 1);
            // Clipped to at most 16 bits.
            numerator.div_euclid(2 * count * source.unit).clamp(0, to.max()) as u16
        };
        Rule::Table((0..=count * from.max()).map(value).collect())
    }

    /// The rule for red, green, blue or alpha of a pixel. `to` says the matrix where `from` does not.
    pub fn rgb(plane: usize, mut from: Coding, to: Coding, chroma: ChromaSubsampling) -> Self {
        const FULL: Scale = Scale { zero: 0, unit: 255 };
        if plane == 3 {
            return Rule::Mix(Mix { weights: [0; 3], bias: FULL.unit << MIX_BITS, max: FULL.unit });
        }
        if from.color.matrix == MatrixCoefficients::Unspecified {
            from.color.matrix = to.color.matrix;
        }
        let (mut numerators, denominator) = rgb_row(plane, from.color.matrix);
        if chroma == ChromaSubsampling::Monochrome {
            numerators = [numerators[0], 0, 0];
        }
        Rule::Mix(Mix::of(numerators, denominator, from, FULL, FULL.unit, 1))
    }

    /// The rule for chroma of a source that has none.
    pub fn neutral(to: Coding) -> Self {
        Rule::Mix(Mix { weights: [0; 3], bias: to.scale(1).zero << MIX_BITS, max: to.max() })
    }
}

impl Mix {
    fn new(plane: usize, from: Coding, to: Coding, count: u32) -> Self {
        let (numerators, denominator) = matrix_row(plane, from.color.matrix, to.color.matrix);
        Mix::of(numerators, denominator, from, to.scale(plane), to.max(), count)
    }

    /// The sum of the numbers of `from`'s channels times `numerators` over `denominator`, in the scale of `target`.
    fn of(numerators: [i128; 3], denominator: i128, from: Coding, target: Scale, max: i64, count: u32) -> Self {
        let mut weights = [0; 3];
        let mut bias = (target.zero << MIX_BITS) + (1 << (MIX_BITS - 1));
        for (channel, numerator) in numerators.into_iter().enumerate() {
            let source = from.scale(channel);
            let numerator = numerator * i128::from(target.unit);
            let denominator = denominator * i128::from(source.unit) * i128::from(count);
            let weight = ((numerator << (MIX_BITS + 1)) + denominator).div_euclid(2 * denominator);
            // At most 2 * 1023 / 219 in absolute value before the shift.
            weights[channel] = i64::try_from(weight).unwrap_or(i64::MAX);
            bias -= weights[channel] * i64::from(count) * source.zero;
        }
        Mix { weights, bias, max }
    }
}

impl Coding {
    fn scale(self, plane: usize) -> Scale {
        let step = 1 << (self.depth - 8);
        match (plane, self.color.range) {
            (0, ColorRange::Limited) => Scale { zero: 16 * step, unit: 219 * step },
            (0, ColorRange::Full) => Scale { zero: 0, unit: self.max() },
            (_, ColorRange::Limited) => Scale { zero: 128 * step, unit: 224 * step },
            (_, ColorRange::Full) => Scale { zero: 128 * step, unit: self.max() },
        }
    }

    fn max(self) -> i64 {
        (1 << self.depth) - 1
    }

    /// Code value of black in plane `plane`.
    pub fn black(self, plane: usize) -> u16 {
        // At most 2^15.
        self.scale(plane).zero as u16
    }
}

/// See the head of the file.
#[derive(Clone, Copy)]
struct Scale {
    zero: i64,
    unit: i64,
}

/// The weights of Y, Cb and Cr in red (0), green (1) or blue, over a common denominator: R = Y + 2 (1 - Kr) Cr,
/// B = Y + 2 (1 - Kb) Cb, and G = (Y - Kr R - Kb B) / Kg.
fn rgb_row(plane: usize, matrix: MatrixCoefficients) -> ([i128; 3], i128) {
    const ONE: i128 = 10_000;
    let (kr, kb) = matrix.luma_weights();
    let (kr, kb) = (i128::from(kr), i128::from(kb));
    let kg = ONE - kr - kb;
    let row = match plane {
        0 => [ONE * kg, 0, 2 * (ONE - kr) * kg],
        1 => [ONE * kg, -2 * (ONE - kb) * kb, -2 * (ONE - kr) * kr],
        _ => [ONE * kg, 2 * (ONE - kb) * kg, 0],
    };
    (row, ONE * kg)
}

/// The weights of Y, Cb and Cr under matrix `from` in channel `plane` under matrix `to`, over a common denominator.
///
/// With the weights of red, green and blue in luma, R = Y + 2 (1 - Kr) Cr, B = Y + 2 (1 - Kb) Cb, and G follows from
/// Y = Kr R + Kg G + Kb B. Put into the equations of the other matrix, luma gains terms in Cb and Cr only, and chroma
/// does not depend on luma.
fn matrix_row(plane: usize, from: MatrixCoefficients, to: MatrixCoefficients) -> ([i128; 3], i128) {
    const ONE: i128 = 10_000;
    let weights = |matrix: MatrixCoefficients| {
        let (red, blue) = matrix.luma_weights();
        let (red, blue) = (i128::from(red), i128::from(blue));
        (red, ONE - red - blue, blue)
    };
    let ((kr, kg, kb), (kr2, kg2, kb2)) = (weights(from), weights(to));
    // Over ONE² kg.
    let y_of_cb = 2 * (ONE - kb) * (kb2 * kg - kg2 * kb);
    let y_of_cr = 2 * (ONE - kr) * (kr2 * kg - kg2 * kr);
    match plane {
        0 => ([ONE * ONE * kg, y_of_cb, y_of_cr], ONE * ONE * kg),
        1 => ([0, 2 * (ONE - kb) * ONE * kg - y_of_cb, -y_of_cr], 2 * ONE * kg * (ONE - kb2)),
        _ => ([0, -y_of_cb, 2 * (ONE - kr) * ONE * kg - y_of_cr], 2 * ONE * kg * (ONE - kr2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coding(depth: u8, range: ColorRange, matrix: MatrixCoefficients) -> Coding {
        Coding { depth, color: Color { matrix, ..Color::BT709.with_range(range) } }
    }

    fn table(plane: usize, from: (u8, ColorRange), to: (u8, ColorRange)) -> Vec<u16> {
        let matrix = MatrixCoefficients::Bt709;
        match Rule::new(plane, coding(from.0, from.1, matrix), coding(to.0, to.1, matrix), 1) {
            Rule::Same => (0..1 << from.0).collect(),
            Rule::Table(table) => table,
            Rule::Mix(_) => panic!("the matrices are equal"),
        }
    }

    #[test]
    fn limited_range_shifts_by_powers_of_two() {
        for plane in [0, 1] {
            let limited = |from, to| table(plane, (from, ColorRange::Limited), (to, ColorRange::Limited));
            assert!(limited(8, 10).iter().zip(0..).all(|(&value, code)| value == code << 2));
            assert!(limited(10, 8).iter().zip(0..).all(|(&value, code)| value == ((code + 2) >> 2).min(255)));
            assert!(
                limited(16, 10)
                    .iter()
                    .zip(0u32..)
                    .all(|(&value, code)| u32::from(value) == ((code + 32) >> 6).min(1023))
            );
        }
    }

    #[test]
    fn full_range_keeps_both_ends_and_the_middle() {
        for depth in 8..=16u8 {
            for target in [8u8, 10] {
                let luma = table(0, (depth, ColorRange::Full), (target, ColorRange::Full));
                assert_eq!((luma[0], luma[(1 << depth) - 1]), (0, (1 << target) - 1));
                let chroma = table(1, (depth, ColorRange::Full), (target, ColorRange::Full));
                assert_eq!(chroma[1 << (depth - 1)], 1 << (target - 1));
            }
        }
        let limited = table(0, (8, ColorRange::Full), (8, ColorRange::Limited));
        assert_eq!((limited[0], limited[255]), (16, 235));
        let full = table(0, (10, ColorRange::Limited), (8, ColorRange::Full));
        assert_eq!((full[0], full[64], full[940], full[1023]), (0, 0, 255, 255));
    }

    #[test]
    fn ranges_round_trip() {
        for (plane, low, high) in [(0, 16, 235), (1, 16, 240)] {
            let there = table(plane, (8, ColorRange::Limited), (8, ColorRange::Full));
            let back = table(plane, (8, ColorRange::Full), (8, ColorRange::Limited));
            for code in low..=high {
                assert_eq!(usize::from(back[usize::from(there[code])]), code, "plane {plane}");
            }
            for code in 0..=255usize {
                let again = usize::from(there[usize::from(back[code])]);
                assert!(again.abs_diff(code) <= 1, "plane {plane}, {code} came back as {again}");
            }
        }
    }

    #[test]
    fn a_matrix_changes_nothing_about_grey() {
        for from in MatrixCoefficients::ALL {
            for to in MatrixCoefficients::ALL {
                let (from, to) = (coding(8, ColorRange::Full, *from), coding(10, ColorRange::Limited, *to));
                let Rule::Mix(mix) = Rule::new(0, from, to, 1) else { continue };
                let plain = table(0, (8, ColorRange::Full), (10, ColorRange::Limited));
                for luma in 0..=255i64 {
                    let value =
                        (mix.bias + mix.weights[0] * luma + (mix.weights[1] + mix.weights[2]) * 128) >> MIX_BITS;
                    assert_eq!(value, i64::from(plain[luma as usize]));
                }
            }
        }
    }
}
