//! The filter of the scaler, one axis at a time.

use std::ops::Range;

/// Coefficients sum to `1 << COEFFICIENT_BITS`.
pub(super) const COEFFICIENT_BITS: u32 = 14;

/// Which samples of a row or column of length `from` make each sample of one of length `to`, and with what weights.
///
/// The kernel is the cubic of Catmull and Rom (Keys with a = -1/2): it keeps samples that need not move, and straight
/// lines. Both lengths cover the same extent, so that centres and not first samples are aligned. Where `to` is smaller,
/// the kernel is widened by `from / to`, so that no detail finer than the new samples is folded back as a pattern of its
/// own. Beyond its ends a row goes on with its last sample.
///
/// Positions are fractions and the kernel is a polynomial: the weights are exact until they are rounded. Rounded are
/// their running totals, so each set sums exactly to 1 and constant pictures stay constant.
pub(crate) struct Axis {
    from: usize,
    to: usize,
    /// For each sample: the first one that it is made of, and the place of its coefficients.
    taps: Vec<(usize, Range<usize>)>,
    coefficients: Vec<i16>,
}

impl Axis {
    /// Both lengths are at least 1 and at most [`MAX_SIDE`](super::MAX_SIDE).
    pub fn new(from: usize, to: usize) -> Self {
        let mut axis = Axis { from, to, taps: Vec::with_capacity(to), coefficients: Vec::new() };
        let mut weights = Vec::new();
        for index in 0..to {
            let mut first = axis.weigh(index, &mut weights);
            let total: i128 = weights.iter().sum();
            let start = axis.coefficients.len();
            let (mut sum, mut rounded_before) = (0, 0);
            for &weight in &weights {
                sum += weight;
                let rounded = ((sum << (COEFFICIENT_BITS + 1)) + total).div_euclid(2 * total);
                // At most 1.25 in absolute value.
                let coefficient = (rounded - rounded_before) as i16;
                rounded_before = rounded;
                if coefficient == 0 && axis.coefficients.len() == start {
                    first += 1;
                } else {
                    axis.coefficients.push(coefficient);
                }
            }
            while axis.coefficients.last() == Some(&0) {
                axis.coefficients.pop();
            }
            axis.taps.push((first, start..axis.coefficients.len()));
        }
        axis
    }

    /// How many samples come out.
    pub fn len(&self) -> usize {
        self.to
    }

    /// The first sample that sample `index` is made of, and the weights of this and those that follow.
    pub fn taps(&self, index: usize) -> (usize, &[i16]) {
        let (first, range) = &self.taps[index];
        (*first, &self.coefficients[range.clone()])
    }

    /// The weights of sample `index`, to a common scale, and the index of the first.
    fn weigh(&self, index: usize, weights: &mut Vec<i128>) -> usize {
        // At most 2^16, which keeps all below in bounds.
        let (from, to, index) = (self.from as i64, self.to as i64, index as i64);
        // From the centre of source sample j to that of `index`, in units of the kernel, it is
        // ((2j + 1) to - (2 index + 1) from) / unit.
        let unit = 2 * from.max(to);
        let centre = (2 * index + 1) * from;
        let first = (centre - 2 * unit - to).div_euclid(2 * to);
        let last = (centre + 2 * unit - to).div_euclid(2 * to) + 1;
        let inside = |sample: i64| sample.clamp(0, from - 1);

        weights.clear();
        weights.resize((inside(last) - inside(first) + 1) as usize, 0);
        for sample in first..=last {
            let weight = catmull_rom((2 * sample + 1) * to - centre, unit);
            weights[(inside(sample) - inside(first)) as usize] += i128::from(weight);
        }
        inside(first) as usize
    }
}

/// The kernel at `distance / unit`, times `2 unit^3`. `unit` is at most 2^17.
fn catmull_rom(distance: i64, unit: i64) -> i64 {
    let (p, q) = (distance.abs(), unit);
    if p < q {
        (3 * p - 5 * q) * p * p + 2 * q * q * q
    } else if p < 2 * q {
        ((5 * q - p) * p - 8 * q * q) * p + 4 * q * q * q
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The weight of each source sample for sample `index`, from the formulas and in floating point.
    fn oracle(from: usize, to: usize, index: usize) -> Vec<f64> {
        let ratio = from as f64 / to as f64;
        let centre = (index as f64 + 0.5) * ratio - 0.5;
        let widen = ratio.max(1.0);
        let reach = (2.0 * widen).ceil() as i64 + 1;
        let mut weights = vec![0.0; from];
        for sample in centre.floor() as i64 - reach..=centre.ceil() as i64 + reach {
            let t = ((sample as f64 - centre) / widen).abs();
            let weight = match t {
                t if t <= 1.0 => 1.5 * t.powi(3) - 2.5 * t.powi(2) + 1.0,
                t if t <= 2.0 => -0.5 * t.powi(3) + 2.5 * t.powi(2) - 4.0 * t + 2.0,
                _ => 0.0,
            };
            weights[sample.clamp(0, from as i64 - 1) as usize] += weight;
        }
        let total: f64 = weights.iter().sum();
        weights.iter().map(|weight| weight / total).collect()
    }

    fn check(from: usize, to: usize) {
        let axis = Axis::new(from, to);
        for index in 0..to {
            let (first, coefficients) = axis.taps(index);
            assert_eq!(coefficients.iter().map(|&c| i32::from(c)).sum::<i32>(), 1 << COEFFICIENT_BITS);
            assert!(coefficients.iter().map(|&c| i32::from(c).abs()).sum::<i32>() < 21000, "{from} to {to}");
            assert!(first + coefficients.len() <= from);
            let expected = oracle(from, to, index);
            for (sample, expected) in expected.iter().enumerate() {
                let actual = sample.checked_sub(first).and_then(|tap| coefficients.get(tap)).map_or(0, |&c| c);
                let off = f64::from(actual) - expected * 16384.0;
                assert!(off.abs() < 1.001, "{from} to {to}: {sample} in {index} weighs {actual}, not {expected}");
            }
        }
    }

    #[test]
    fn the_same_length_is_the_identity() {
        for length in [1, 2, 3, 17, 1080] {
            let axis = Axis::new(length, length);
            for index in 0..length {
                assert_eq!(axis.taps(index), (index, &[1 << COEFFICIENT_BITS][..]));
            }
        }
    }

    #[test]
    fn small_lengths_all() {
        for from in 1..20 {
            for to in 1..20 {
                check(from, to);
            }
        }
    }

    #[test]
    fn the_longest_axes_stay_in_bounds() {
        for (from, to) in [(65536, 1), (1, 65536), (65536, 65535), (65535, 65536)] {
            let axis = Axis::new(from, to);
            for index in [0, to / 2, to - 1] {
                let (first, coefficients) = axis.taps(index);
                assert_eq!(coefficients.iter().map(|&c| i32::from(c)).sum::<i32>(), 1 << COEFFICIENT_BITS);
                assert!(first + coefficients.len() <= from);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn weights_are_those_of_the_formula(from in 1usize..400, to in 1usize..400) {
            check(from, to);
        }
    }
}
