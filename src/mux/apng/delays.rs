//! Delays of frames as fractions of 16-bit numbers.

use crate::error::{Error, Result};
use crate::media::{TimeBase, gcd};

/// Says when each frame ends by how long it lasts. Fractions that 16 bits hold are exact. Finer ones are rounded to 1/60000
/// of a second, and what is lost or won so is made up for by the next: ends are rounded, not durations.
pub(super) struct Delays {
    base: TimeBase,
    /// What has been said up to now, in units of `1 / (den * FINE)` seconds.
    said: i128,
}

/// The unit of what cannot be exact.
const FINE: u32 = 60_000;

impl Delays {
    pub fn new(base: TimeBase) -> Self {
        Delays { base, said: 0 }
    }

    /// The delays, numerator and denominator, that together last until `end`, in ticks of the base: one, or some whole
    /// seconds more than one can say and then the rest.
    pub fn until(&mut self, end: i64) -> Result<Vec<(u16, u16)>> {
        let (num, den, fine) = (i128::from(self.base.num()), i128::from(self.base.den()), i128::from(FINE));
        let rest = (i128::from(end) * num * fine - self.said).max(0);
        let too_long = || Error::limit("a frame that lasts longer than an animation can tell");
        let reduced = |numerator: i128, denominator: i128| -> Result<(u64, u64)> {
            let (numerator, denominator) = (u64::try_from(numerator), u64::try_from(denominator));
            let (numerator, denominator) = (numerator.map_err(|_| too_long())?, denominator.map_err(|_| too_long())?);
            let divisor = gcd(numerator, denominator).max(1);
            Ok((numerator / divisor, denominator / divisor))
        };
        let (numerator, denominator) = match reduced(rest, den * fine)? {
            exact if exact.1 <= u16::MAX.into() => {
                self.said += rest;
                exact
            }
            _ => {
                let rounded = (rest + den / 2) / den;
                self.said += rounded * den;
                reduced(rounded, fine)?
            }
        };
        if let (Ok(numerator), Ok(denominator)) = (u16::try_from(numerator), u16::try_from(denominator)) {
            return Ok(vec![(numerator, denominator)]);
        }
        /// Some 20 years.
        const MOST: u64 = 10_000;
        let (mut seconds, part) = (numerator / denominator, numerator % denominator);
        if seconds / u64::from(u16::MAX) > MOST {
            return Err(too_long());
        }
        let mut delays = Vec::new();
        while seconds > 0 {
            let piece = u16::try_from(seconds).unwrap_or(u16::MAX);
            delays.push((piece, 1));
            seconds -= u64::from(piece);
        }
        if let (Ok(part @ 1..), Ok(denominator)) = (u16::try_from(part), u16::try_from(denominator)) {
            delays.push((part, denominator));
        }
        Ok(delays)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_16_bits_hold_is_exact() {
        let mut ntsc = Delays::new(TimeBase::per_second(30_000));
        assert_eq!(ntsc.until(1001).unwrap(), [(1001, 30_000)]);
        assert_eq!(ntsc.until(1501).unwrap(), [(1, 60)]);
        // Longer than 65535/30000 s.
        assert_eq!(ntsc.until(71_502).unwrap(), [(2, 1), (10_001, 30_000)]);
        let mut fine = Delays::new(TimeBase::per_second(90_000));
        assert_eq!((1..4).flat_map(|i| fine.until(i * 3003).unwrap()).collect::<Vec<_>>(), [(1001, 30_000); 3]);
        let mut slow = Delays::new(TimeBase::per_second(1));
        assert_eq!(slow.until(70_000).unwrap(), [(65_535, 1), (4465, 1)]);
        assert!(Delays::new(TimeBase::per_second(1)).until(i64::MAX).is_err());
    }

    #[test]
    fn what_they_do_not_hold_does_not_drift() {
        for den in [90_001, 1_000_000_000, u32::MAX] {
            let mut delays = Delays::new(TimeBase::per_second(den));
            let (mut said, step) = (0.0, i64::from(den / 24 + 7));
            for frame in 1..500 {
                said +=
                    delays.until(frame * step).unwrap().iter().map(|&(n, d)| f64::from(n) / f64::from(d)).sum::<f64>();
                let exact = (frame * step) as f64 / f64::from(den);
                assert!((said - exact).abs() < 0.51 / f64::from(FINE), "{den}: {said} for {exact}");
            }
        }
    }
}
