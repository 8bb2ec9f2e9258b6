//! Time as integer ticks over a rational time base. No float takes part but in [`FrameRate`]'s `From<f64>`.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use crate::error::{Error, Result};

/// The length of one tick: `num / den` seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeBase {
    num: NonZeroU32,
    den: NonZeroU32,
}

impl TimeBase {
    /// One tick is a nanosecond.
    pub const NANOSECONDS: TimeBase = TimeBase::per_second(1_000_000_000);
    /// One tick is a millisecond.
    pub const MILLISECONDS: TimeBase = TimeBase::per_second(1_000);

    /// `num / den` seconds a tick, in lowest terms.
    ///
    /// # Errors
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption) where one of them is zero.
    pub fn new(num: u32, den: u32) -> Result<Self> {
        let divisor = gcd(num.into(), den.into()).max(1) as u32;
        match (NonZeroU32::new(num / divisor), NonZeroU32::new(den / divisor)) {
            (Some(num), Some(den)) => Ok(TimeBase { num, den }),
            _ => Err(Error::option("time_base", format_args!("{num}/{den}"), "both numbers must be at least 1")),
        }
    }

    /// `ticks` to the second; 0 counts as 1. It is `const`, for constants.
    pub const fn per_second(ticks: u32) -> Self {
        match NonZeroU32::new(ticks) {
            Some(den) => TimeBase { num: NonZeroU32::MIN, den },
            None => TimeBase { num: NonZeroU32::MIN, den: NonZeroU32::MIN },
        }
    }

    /// The numerator.
    pub fn num(self) -> u32 {
        self.num.get()
    }

    /// The denominator.
    pub fn den(self) -> u32 {
        self.den.get()
    }

    /// `ticks` of this base in ticks of `to`, rounded to the nearest (halves away from zero);
    /// `None` where the result does not fit.
    ///
    /// ```
    /// use framewright::media::TimeBase;
    /// let ntsc = TimeBase::new(1001, 30000).unwrap();
    /// assert_eq!(ntsc.rescale(3, TimeBase::MILLISECONDS), Some(100));
    /// ```
    pub fn rescale(self, ticks: i64, to: TimeBase) -> Option<i64> {
        let numerator = i128::from(ticks) * i128::from(self.num()) * i128::from(to.den());
        let denominator = i128::from(self.den()) * i128::from(to.num());
        let half = denominator / 2;
        let rounded = if numerator < 0 { numerator - half } else { numerator + half } / denominator;
        i64::try_from(rounded).ok()
    }
}

impl fmt::Display for TimeBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.num, self.den)
    }
}

/// A moment: `ticks` of `base`, from the start of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Timestamp {
    /// How many ticks.
    pub ticks: i64,
    /// How long a tick is.
    pub base: TimeBase,
}

impl Timestamp {
    /// `ticks` of `base`.
    pub fn new(ticks: i64, base: TimeBase) -> Self {
        Timestamp { ticks, base }
    }

    /// A moment in whole milliseconds.
    pub fn from_millis(ms: i64) -> Self {
        Timestamp { ticks: ms, base: TimeBase::MILLISECONDS }
    }

    /// Whether it is earlier than `other`, exactly.
    pub fn is_before(self, other: Timestamp) -> bool {
        // 63 + 32 + 32 bits fit.
        let left = i128::from(self.ticks) * i128::from(self.base.num()) * i128::from(other.base.den());
        let right = i128::from(other.ticks) * i128::from(other.base.num()) * i128::from(self.base.den());
        left < right
    }

    pub(crate) fn rescale(self, to: TimeBase) -> Option<i64> {
        self.base.rescale(self.ticks, to)
    }
}

impl From<Duration> for Timestamp {
    /// Exact to the nanosecond; durations past 292 years are cut to that.
    fn from(duration: Duration) -> Self {
        let ticks = i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
        Timestamp { ticks, base: TimeBase::NANOSECONDS }
    }
}

/// Frames per second, as an exact fraction.
///
/// ```
/// use framewright::FrameRate;
/// assert_eq!(FrameRate::from(29.97), FrameRate::new(30000, 1001));
/// assert_eq!("23.976".parse::<FrameRate>().unwrap(), FrameRate::new(24000, 1001));
/// assert_eq!("25".parse::<FrameRate>().unwrap(), FrameRate::from(25));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FrameRate {
    num: u32,
    den: u32,
}

impl FrameRate {
    /// `num / den` frames a second, in lowest terms. A zero is refused where the rate is used.
    pub fn new(num: u32, den: u32) -> Self {
        let divisor = gcd(num.into(), den.into()).max(1) as u32;
        FrameRate { num: num / divisor, den: den / divisor }
    }

    /// The numerator.
    pub fn num(self) -> u32 {
        self.num
    }

    /// The denominator.
    pub fn den(self) -> u32 {
        self.den
    }

    /// Frames a second, for display.
    pub fn as_f64(self) -> f64 {
        f64::from(self.num) / f64::from(self.den)
    }

    /// Whether both numbers are at least 1, which `From<f64>` and `new` do not check.
    pub fn is_valid(self) -> bool {
        self.num > 0 && self.den > 0
    }
}

impl From<u32> for FrameRate {
    fn from(fps: u32) -> Self {
        FrameRate::new(fps, 1)
    }
}

impl From<f64> for FrameRate {
    /// Rates within 0.005 of an NTSC rate (`n * 1000 / 1001`: 23.976, 29.97, 59.94, …) mean exactly that one; any
    /// other becomes the nearest fraction with a denominator of at most 1001. NaN, infinity, and what is not above
    /// zero become an invalid rate, which `add_video` refuses.
    fn from(fps: f64) -> Self {
        if !(fps.is_finite() && fps > 0.0 && fps <= f64::from(u32::MAX)) {
            return FrameRate { num: 0, den: 0 };
        }
        let whole = fps.round();
        if (fps - whole).abs() < 1e-9 {
            return FrameRate::new(whole as u32, 1);
        }
        let ntsc = (fps * 1.001).round();
        if ntsc * 1000.0 <= f64::from(u32::MAX) && (ntsc * 1000.0 / 1001.0 - fps).abs() < 0.005 {
            return FrameRate::new((ntsc * 1000.0) as u32, 1001);
        }
        nearest_fraction(fps, 1001)
    }
}

impl FromStr for FrameRate {
    type Err = Error;

    /// `30`, `30000/1001` or `29.97`.
    fn from_str(text: &str) -> Result<Self> {
        let refuse = || Error::option("frame_rate", format_args!("`{text}`"), "write 30, 29.97 or 30000/1001");
        let rate = match text.split_once(['/', ':']) {
            Some((num, den)) => {
                FrameRate::new(num.trim().parse().map_err(|_| refuse())?, den.trim().parse().map_err(|_| refuse())?)
            }
            None => FrameRate::from(text.trim().parse::<f64>().map_err(|_| refuse())?),
        };
        if rate.is_valid() { Ok(rate) } else { Err(refuse()) }
    }
}

impl fmt::Display for FrameRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.den {
            1 => write!(f, "{}", self.num),
            _ => write!(f, "{}/{}", self.num, self.den),
        }
    }
}

/// The last convergent of `value` whose denominator is at most `limit`.
fn nearest_fraction(value: f64, limit: u64) -> FrameRate {
    let (mut previous, mut current) = ((0u64, 1u64), (1u64, 0u64));
    let mut rest = value;
    loop {
        let whole = rest.floor();
        let next = (whole as u64 * current.0 + previous.0, whole as u64 * current.1 + previous.1);
        if next.1 > limit || next.0 > u64::from(u32::MAX) {
            break;
        }
        (previous, current) = (current, next);
        if rest - whole < 1e-9 {
            break;
        }
        rest = 1.0 / (rest - whole);
    }
    FrameRate::new(current.0 as u32, current.1 as u32)
}

/// The greatest common divisor.
pub(crate) fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_rates_are_exact() {
        for (text, num, den) in [
            ("23.976", 24000, 1001),
            ("23.98", 24000, 1001),
            ("29.97", 30000, 1001),
            ("59.94", 60000, 1001),
            ("119.88", 120_000, 1001),
            ("12.5", 25, 2),
            ("15", 15, 1),
            ("0.5", 1, 2),
            ("30.019", 30019, 1000),
            ("60000/1001", 60000, 1001),
        ] {
            assert_eq!(text.parse::<FrameRate>().unwrap(), FrameRate::new(num, den), "{text}");
        }
        for text in ["", "0", "-1", "NaN", "inf", "1/0", "0/1", "a/b"] {
            assert!(text.parse::<FrameRate>().is_err(), "{text}");
        }
        assert!(!FrameRate::from(f64::NAN).is_valid());
    }

    #[test]
    fn rescaling_rounds_to_nearest() {
        let thirds = TimeBase::new(1, 3).unwrap();
        let whole = TimeBase::per_second(1);
        assert_eq!(
            [-5, -4, -2, -1, 0, 1, 2, 4, 5].map(|t| thirds.rescale(t, whole).unwrap()),
            [-2, -1, -1, 0, 0, 0, 1, 1, 2]
        );
        assert_eq!(whole.rescale(i64::MAX, thirds), None);
        assert!(TimeBase::new(0, 1).is_err() && TimeBase::new(1, 0).is_err());
    }
}
