//! What HDR displays want to know beside the colour's code points.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// Static metadata of HDR pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hdr {
    /// The display that the pictures were graded on.
    pub mastering: Option<MasteringDisplay>,
    /// How bright they get.
    pub light: Option<ContentLightLevel>,
}

/// The colour volume of the display that pictures were graded on (SMPTE ST 2086), in the units of its integers.
///
/// ```
/// use framewright::media::MasteringDisplay;
/// let display: MasteringDisplay = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)".parse()?;
/// assert_eq!(display, MasteringDisplay { max_luminance: 10_000_000, min_luminance: 1, ..MasteringDisplay::P3_D65 });
/// # Ok::<(), framewright::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MasteringDisplay {
    /// Chromaticity of the red primary, x and y, in units of 0.00002.
    pub red: (u16, u16),
    /// Of the green one.
    pub green: (u16, u16),
    /// Of the blue one.
    pub blue: (u16, u16),
    /// Of white.
    pub white: (u16, u16),
    /// The brightest white, in units of 0.0001 cd/m².
    pub max_luminance: u32,
    /// The darkest black, in units of 0.0001 cd/m².
    pub min_luminance: u32,
}

impl MasteringDisplay {
    /// Display P3 with a D65 white, 0.005 to 1000 cd/m².
    pub const P3_D65: MasteringDisplay = MasteringDisplay {
        red: (34_000, 16_000),
        green: (13_250, 34_500),
        blue: (7_500, 3_000),
        white: (15_635, 16_450),
        max_luminance: 10_000_000,
        min_luminance: 50,
    };
    /// BT.2020 with a D65 white, 0.005 to 1000 cd/m².
    pub const BT2020: MasteringDisplay = MasteringDisplay {
        red: (35_400, 14_600),
        green: (8_500, 39_850),
        blue: (6_550, 2_300),
        ..MasteringDisplay::P3_D65
    };

    /// What a unit of a chromaticity is: 1 over this.
    pub(crate) const CHROMATICITY_UNITS: u32 = 50_000;
}

impl FromStr for MasteringDisplay {
    type Err = Error;

    /// `G(x,y)B(x,y)R(x,y)WP(x,y)L(max,min)` in the integers of ST 2086, as encoders write it.
    fn from_str(text: &str) -> Result<Self> {
        let refuse = || {
            let allowed = "write G(x,y)B(x,y)R(x,y)WP(x,y)L(max,min) with x and y in units of 0.00002, at most 50000, and \
                           luminances in units of 0.0001 cd/m², the second below the first";
            Error::option("mastering_display", format_args!("`{text}`"), allowed)
        };
        let pair = |name: &str| -> Option<(u32, u32)> {
            let (_, rest) = text.split_once(name)?;
            let (inside, _) = rest.strip_prefix('(')?.split_once(')')?;
            let (x, y) = inside.split_once(',')?;
            Some((x.trim().parse().ok()?, y.trim().parse().ok()?))
        };
        let point = |name: &str| {
            let (x, y) = pair(name).filter(|&(x, y)| x.max(y) <= Self::CHROMATICITY_UNITS)?;
            Some((x as u16, y as u16))
        };
        let parse = || {
            let (max_luminance, min_luminance) = pair("L").filter(|(max, min)| max > min)?;
            let (red, green, blue, white) = (point("R")?, point("G")?, point("B")?, point("WP")?);
            Some(MasteringDisplay { red, green, blue, white, max_luminance, min_luminance })
        };
        parse().ok_or_else(refuse)
    }
}

impl fmt::Display for MasteringDisplay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, (x, y)) in [("G", self.green), ("B", self.blue), ("R", self.red), ("WP", self.white)] {
            write!(f, "{name}({x},{y})")?;
        }
        write!(f, "L({},{})", self.max_luminance, self.min_luminance)
    }
}

/// How bright pictures get (CTA-861.3), in cd/m². 0 means that it is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentLightLevel {
    /// MaxCLL: the brightest pixel.
    pub max_content: u16,
    /// MaxFALL: the brightest average of a frame.
    pub max_frame_average: u16,
}

impl FromStr for ContentLightLevel {
    type Err = Error;

    /// `MAXCLL,MAXFALL`, as in `1000,400`.
    fn from_str(text: &str) -> Result<Self> {
        let parse = || {
            let (content, average) = text.split_once(',')?;
            let (max_content, max_frame_average) = (content.trim().parse().ok()?, average.trim().parse().ok()?);
            Some(ContentLightLevel { max_content, max_frame_average })
        };
        let allowed = "write MaxCLL and MaxFALL in cd/m², each 0 to 65535, as in 1000,400";
        parse().ok_or_else(|| Error::option("content_light", format_args!("`{text}`"), allowed))
    }
}

impl fmt::Display for ContentLightLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.max_content, self.max_frame_average)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_read_back() {
        for display in [MasteringDisplay::P3_D65, MasteringDisplay::BT2020] {
            assert_eq!(display.to_string().parse::<MasteringDisplay>().unwrap(), display);
        }
        let good = MasteringDisplay::P3_D65.to_string();
        for (from, to) in [("G(", "H("), ("34500", "50001"), ("L(10000000,50)", "L(50,50)"), (")", ""), ("0,", "0;")] {
            assert!(good.replacen(from, to, 1).parse::<MasteringDisplay>().is_err(), "{from} {to}");
        }
        assert_eq!("1000, 400".parse::<ContentLightLevel>().unwrap().to_string(), "1000,400");
        ["", "1000", "70000,1", "-1,0"].iter().for_each(|text| assert!(text.parse::<ContentLightLevel>().is_err()));
    }
}
