//! The few functions that the scene needs, made of operations that IEEE 754 defines to the last bit.
//!
//! `sin` and `powf` of the standard library differ from one platform to the next, and with them would the file.

/// The sine of `turns` whole turns.
pub fn sin_turns(turns: f64) -> f64 {
    let phase = turns - turns.floor();
    // Fold to a quarter turn on either side of zero, where the series converges fast.
    let folded = match phase {
        p if p < 0.25 => p,
        p if p < 0.75 => 0.5 - p,
        p => p - 1.0,
    };
    let x = folded * std::f64::consts::TAU;
    let square = x * x;
    let mut sum = 1.0;
    for n in [14.0, 12.0, 10.0, 8.0, 6.0, 4.0, 2.0] {
        sum = 1.0 - sum * square / (n * (n + 1.0));
    }
    x * sum
}

/// The cosine of `turns` whole turns.
pub fn cos_turns(turns: f64) -> f64 {
    sin_turns(turns + 0.25)
}

/// The sine of `turns` to about 0.001: enough for a wave on the water.
pub fn wave(turns: f32) -> f32 {
    let (_, phase) = split(turns);
    let x = 2.0 * phase - 1.0;
    let parabola = -4.0 * x * (1.0 - x.abs());
    0.775 * parabola + 0.225 * parabola * parabola.abs()
}

/// A hash of a lattice point, 0 to 1.
pub fn hash(x: i32, y: i32, seed: u32) -> f32 {
    let mut bits =
        (x as u32).wrapping_mul(0x9e37_79b1) ^ (y as u32).wrapping_mul(0x85eb_ca77) ^ seed.wrapping_mul(0xc2b2_ae3d);
    bits = (bits ^ (bits >> 15)).wrapping_mul(0x2c1b_3c6d);
    bits = (bits ^ (bits >> 12)).wrapping_mul(0x297a_2d39);
    bits ^= bits >> 15;
    // 24 bits fit a float exactly.
    (bits >> 8) as f32 / 16_777_216.0
}

/// The whole number below `x` and what is left. (`floor` is a call into a library on plain x86-64.)
fn split(x: f32) -> (i32, f32) {
    let cut = x as i32;
    let whole = cut.wrapping_sub(i32::from(x < cut as f32));
    (whole, x - whole as f32)
}

/// Smooth noise over the plane, 0 to 1.
pub fn noise(x: f32, y: f32, seed: u32) -> f32 {
    let ((column, x), (row, y)) = (split(x), split(y));
    let (x, y) = (ease(x), ease(y));
    let corner = |dx: i32, dy: i32| hash(column.wrapping_add(dx), row.wrapping_add(dy), seed);
    mix(mix(corner(0, 0), corner(1, 0), x), mix(corner(0, 1), corner(1, 1), x), y)
}

/// Smooth noise over the line, 0 to 1, in `octaves` layers.
pub fn ridge(x: f32, octaves: u32, seed: u32) -> f32 {
    let (mut sum, mut weight, mut total, mut x) = (0.0, 1.0, 0.0, x);
    for octave in 0..octaves {
        let (column, between) = split(x);
        let lattice = |step: i32| hash(column.wrapping_add(step), 0, seed.wrapping_add(octave));
        sum += weight * mix(lattice(0), lattice(1), ease(between));
        total += weight;
        (weight, x) = (weight * 0.5, x * 2.03 + 7.7);
    }
    sum / total
}

pub fn mix(a: f32, b: f32, amount: f32) -> f32 {
    a + (b - a) * amount
}

/// 0 below `from`, 1 above `to`, smooth between; `from` may be the larger.
pub fn smoothstep(from: f32, to: f32, x: f32) -> f32 {
    ease(((x - from) / (to - from)).clamp(0.0, 1.0))
}

fn ease(x: f32) -> f32 {
    x * x * (3.0 - 2.0 * x)
}

/// A colour, or light: red, green and blue as they are shown, 1 the brightest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rgb(pub f32, pub f32, pub f32);

impl Rgb {
    pub fn scaled(self, by: f32) -> Rgb {
        Rgb(self.0 * by, self.1 * by, self.2 * by)
    }

    pub fn plus(self, other: Rgb) -> Rgb {
        Rgb(self.0 + other.0, self.1 + other.1, self.2 + other.2)
    }

    pub fn mixed(self, other: Rgb, amount: f32) -> Rgb {
        Rgb(mix(self.0, other.0, amount), mix(self.1, other.1, amount), mix(self.2, other.2, amount))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sines_are_sines() {
        for step in -2000..2000 {
            let turns = f64::from(step) / 777.0;
            let exact = (turns * std::f64::consts::TAU).sin();
            assert!((sin_turns(turns) - exact).abs() < 1e-8, "{turns}");
            assert!((f64::from(wave(turns as f32)) - exact).abs() < 0.002, "{turns}");
        }
        assert!((cos_turns(0.0) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn noise_stays_between_zero_and_one() {
        for step in -500..500 {
            let x = step as f32 * 0.37;
            for value in [noise(x, -x * 0.7, 3), ridge(x, 4, 9), hash(step, -step, 1)] {
                assert!((0.0..=1.0).contains(&value), "{value}");
            }
        }
    }
}
