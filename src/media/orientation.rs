//! How a picture is shown: turned, mirrored, and with what shape of pixel.

use std::fmt;
use std::str::FromStr;

use super::time::gcd;
use crate::error::{Error, Result};

/// How a player turns and mirrors a picture before it shows it: mirrored first, then turned.
///
/// ```
/// use framewright::media::Orientation;
/// let phone: Orientation = "90".parse()?;
/// assert_eq!(phone, Orientation::turned(1));
/// assert!("90/mirrored".parse::<Orientation>()?.mirrored);
/// # Ok::<(), framewright::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Orientation {
    /// Quarter turns clockwise, 0 to 3.
    pub quarter_turns: u8,
    /// Whether left and right change places, before it is turned.
    pub mirrored: bool,
}

impl Orientation {
    /// Turned clockwise by this many quarters, of which only the rest by 4 counts.
    pub const fn turned(quarters: u8) -> Self {
        Orientation { quarter_turns: quarters % 4, mirrored: false }
    }

    /// The same, of a picture that is mirrored first.
    pub const fn mirror(self) -> Self {
        Orientation { mirrored: true, ..self }
    }

    /// Whether the picture is shown as it is.
    pub fn is_upright(self) -> bool {
        self == Orientation::default()
    }

    /// Whether width and height change places.
    pub fn swaps_sides(self) -> bool {
        self.quarter_turns % 2 == 1
    }

    /// Degrees clockwise.
    pub fn degrees(self) -> u16 {
        u16::from(self.quarter_turns % 4) * 90
    }
}

impl FromStr for Orientation {
    type Err = Error;

    /// `0`, `90`, `180` or `270`, clockwise, and `/mirrored` behind it if the picture is mirrored first.
    fn from_str(text: &str) -> Result<Self> {
        let (degrees, mirrored) = match text.split_once('/') {
            Some((degrees, "mirrored")) => (degrees, true),
            Some(_) => ("", false),
            None => (text, false),
        };
        let quarter_turns = match degrees {
            "0" => 0,
            "90" => 1,
            "180" => 2,
            "270" | "-90" => 3,
            _ => {
                let allowed = "use 0, 90, 180 or 270 degrees clockwise, with /mirrored behind it if wanted";
                return Err(Error::option("rotate", format_args!("`{text}`"), allowed));
            }
        };
        Ok(Orientation { quarter_turns, mirrored })
    }
}

impl fmt::Display for Orientation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.degrees(), if self.mirrored { "/mirrored" } else { "" })
    }
}

/// The width of a pixel over its height, in lowest terms.
///
/// ```
/// use framewright::media::AspectRatio;
/// let pal: AspectRatio = "16:11".parse()?;
/// assert_eq!(pal.display_width(720), 1047);
/// # Ok::<(), framewright::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AspectRatio {
    num: u32,
    den: u32,
}

impl AspectRatio {
    /// 1:1.
    pub const SQUARE: AspectRatio = AspectRatio { num: 1, den: 1 };

    /// `num` wide for `den` high.
    ///
    /// # Errors
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption) where one is 0, or one is more than 65,535 times the other.
    pub fn new(num: u32, den: u32) -> Result<Self> {
        let divisor = gcd(num.into(), den.into()).max(1) as u32;
        let (num, den) = (num / divisor, den / divisor);
        let sane = num > 0 && den > 0 && num.div_ceil(den) <= 65_535 && den.div_ceil(num) <= 65_535;
        match sane {
            true => Ok(AspectRatio { num, den }),
            false => Err(refused(format_args!("{num}:{den}"))),
        }
    }

    /// The width of a pixel.
    pub fn num(self) -> u32 {
        self.num
    }

    /// The height of a pixel.
    pub fn den(self) -> u32 {
        self.den
    }

    /// Whether pixels are square.
    pub fn is_square(self) -> bool {
        self == AspectRatio::SQUARE
    }

    /// The width in square pixels of a picture that is `width` of these wide; its height stays. At least 1.
    pub fn display_width(self, width: u32) -> u32 {
        let exact = u128::from(width) * u128::from(self.num) * 2 / u128::from(self.den);
        u32::try_from(exact.div_ceil(2)).unwrap_or(u32::MAX).max(1)
    }
}

impl Default for AspectRatio {
    fn default() -> Self {
        AspectRatio::SQUARE
    }
}

impl FromStr for AspectRatio {
    type Err = Error;

    /// `16:11` or `16/11`.
    fn from_str(text: &str) -> Result<Self> {
        let refuse = || refused(format_args!("`{text}`"));
        let (num, den) = text.split_once([':', '/']).ok_or_else(refuse)?;
        AspectRatio::new(num.trim().parse().map_err(|_| refuse())?, den.trim().parse().map_err(|_| refuse())?)
    }
}

impl fmt::Display for AspectRatio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.num, self.den)
    }
}

fn refused(value: fmt::Arguments<'_>) -> Error {
    Error::option("sample_aspect_ratio", value, "write the width and the height of a pixel, as in 16:11")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orientations_and_ratios_read_back() {
        for quarters in 0..4 {
            for orientation in [Orientation::turned(quarters), Orientation::turned(quarters).mirror()] {
                assert_eq!(orientation.to_string().parse::<Orientation>().unwrap(), orientation);
                assert_eq!(orientation.swaps_sides(), quarters % 2 == 1);
            }
        }
        ["", "45", "90/", "90/flipped", "mirrored"].iter().for_each(|t| assert!(t.parse::<Orientation>().is_err()));
        assert_eq!("32/22".parse::<AspectRatio>().unwrap().to_string(), "16:11");
        assert!(AspectRatio::new(1, 1).unwrap().is_square());
        ["", "0:1", "1:0", "16", "70000:1", "1:70000"].iter().for_each(|t| assert!(t.parse::<AspectRatio>().is_err()));
        assert_eq!(AspectRatio::new(4, 3).unwrap().display_width(1440), 1920);
        assert_eq!(AspectRatio::new(1, 1000).unwrap().display_width(1), 1);
        assert_eq!(AspectRatio::new(u32::MAX, u32::MAX - 1).unwrap().display_width(u32::MAX), u32::MAX);
    }
}
