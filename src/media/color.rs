//! Colour description by the code points of ITU-T H.273.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

macro_rules! code_points {
    ($(#[$meta:meta])* $name:ident, $option:literal { $($(#[$vmeta:meta])* $variant:ident = $value:literal $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[$vmeta])* $variant = $value,)* }

        impl $name {
            /// Every value that this crate knows.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The code point of ITU-T H.273.
            pub fn code(self) -> u8 {
                self as u8
            }

            /// The value with this code point.
            pub fn from_code(code: u8) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.code() == code)
            }

            /// The name used in options.
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                Self::ALL.iter().copied().find(|value| value.name() == text).ok_or_else(|| {
                    Error::option($option, format_args!("`{text}`"), format_args!("use one of {}", [$($text),*].join(", ")))
                })
            }
        }
    };
}

code_points! {
    /// Chromaticities of the primaries and the white point (H.273, table 2).
    Primaries, "primaries" {
        /// BT.709, sRGB.
        Bt709 = 1 "bt709",
        /// Not said.
        Unspecified = 2 "unspecified",
        /// BT.470 M (NTSC 1953).
        Bt470M = 4 "bt470m",
        /// BT.470 BG, BT.601 625 lines (PAL).
        Bt470Bg = 5 "bt470bg",
        /// SMPTE 170M, BT.601 525 lines (NTSC).
        Smpte170M = 6 "smpte170m",
        /// SMPTE 240M.
        Smpte240M = 7 "smpte240m",
        /// BT.2020, BT.2100.
        Bt2020 = 9 "bt2020",
        /// SMPTE RP 431-2 (DCI P3).
        Smpte431 = 11 "smpte431",
        /// SMPTE EG 432-1 (Display P3).
        Smpte432 = 12 "smpte432",
    }
}

code_points! {
    /// The opto-electronic transfer (H.273, table 3).
    TransferCharacteristics, "transfer" {
        /// BT.709.
        Bt709 = 1 "bt709",
        /// Not said.
        Unspecified = 2 "unspecified",
        /// Gamma 2.2.
        Bt470M = 4 "bt470m",
        /// Gamma 2.8.
        Bt470Bg = 5 "bt470bg",
        /// BT.601; the same curve as BT.709.
        Smpte170M = 6 "smpte170m",
        /// SMPTE 240M.
        Smpte240M = 7 "smpte240m",
        /// Linear light.
        Linear = 8 "linear",
        /// IEC 61966-2-1: sRGB.
        Srgb = 13 "srgb",
        /// BT.2020, 10 bit; the same curve as BT.709.
        Bt2020Ten = 14 "bt2020-10",
        /// BT.2020, 12 bit.
        Bt2020Twelve = 15 "bt2020-12",
        /// SMPTE ST 2084: PQ.
        Pq = 16 "pq",
        /// ARIB STD-B67: hybrid log-gamma.
        Hlg = 18 "hlg",
    }
}

code_points! {
    /// How RGB becomes luma and two colour differences (H.273, table 4).
    MatrixCoefficients, "matrix" {
        /// BT.709.
        Bt709 = 1 "bt709",
        /// Not said.
        Unspecified = 2 "unspecified",
        /// FCC (NTSC 1953).
        Fcc = 4 "fcc",
        /// BT.470 BG, BT.601 625 lines. The same numbers as [`Smpte170M`](Self::Smpte170M).
        Bt470Bg = 5 "bt470bg",
        /// SMPTE 170M, BT.601 525 lines.
        Smpte170M = 6 "smpte170m",
        /// SMPTE 240M.
        Smpte240M = 7 "smpte240m",
        /// BT.2020, non-constant luminance.
        Bt2020Ncl = 9 "bt2020nc",
    }
}

impl MatrixCoefficients {
    /// The weights of red and blue in luma, K_R and K_B, in units of 1/10000; green has the rest. `Unspecified` has
    /// those of BT.601.
    pub fn luma_weights(self) -> (u32, u32) {
        match self {
            MatrixCoefficients::Bt709 => (2126, 722),
            MatrixCoefficients::Fcc => (3000, 1100),
            MatrixCoefficients::Smpte240M => (2120, 870),
            MatrixCoefficients::Bt2020Ncl => (2627, 593),
            MatrixCoefficients::Unspecified | MatrixCoefficients::Bt470Bg | MatrixCoefficients::Smpte170M => {
                (2990, 1140)
            }
        }
    }
}

/// Which code values are black and white.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColorRange {
    /// Black is 16 and white 235 at 8 bit (chroma 16 to 240): what television and most players expect.
    Limited,
    /// 0 to 255 at 8 bit: JPEG's range.
    Full,
}

impl fmt::Display for ColorRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ColorRange::Limited => "limited",
            ColorRange::Full => "full",
        })
    }
}

impl FromStr for ColorRange {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "limited" | "tv" => Ok(ColorRange::Limited),
            "full" | "pc" => Ok(ColorRange::Full),
            _ => Err(Error::option("range", format_args!("`{text}`"), "use limited or full")),
        }
    }
}

/// The colour of a video stream, as its tags say and its conversion follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Color {
    /// Primaries and white point.
    pub primaries: Primaries,
    /// Transfer characteristics.
    pub transfer: TransferCharacteristics,
    /// Matrix coefficients.
    pub matrix: MatrixCoefficients,
    /// Code value range.
    pub range: ColorRange,
}

impl Color {
    /// BT.709, limited range: HD.
    pub const BT709: Color = Color {
        primaries: Primaries::Bt709,
        transfer: TransferCharacteristics::Bt709,
        matrix: MatrixCoefficients::Bt709,
        range: ColorRange::Limited,
    };
    /// BT.601, 525 lines, limited range: SD.
    pub const BT601: Color = Color {
        primaries: Primaries::Smpte170M,
        transfer: TransferCharacteristics::Smpte170M,
        matrix: MatrixCoefficients::Smpte170M,
        range: ColorRange::Limited,
    };
    /// What a JPEG file (JFIF) holds: sRGB through the BT.601 matrix in full range.
    pub const JPEG: Color = Color {
        primaries: Primaries::Bt709,
        transfer: TransferCharacteristics::Srgb,
        matrix: MatrixCoefficients::Smpte170M,
        range: ColorRange::Full,
    };
    /// BT.2020 with the BT.709 curve, limited range: UHD without HDR.
    pub const BT2020: Color = Color {
        primaries: Primaries::Bt2020,
        transfer: TransferCharacteristics::Bt2020Ten,
        matrix: MatrixCoefficients::Bt2020Ncl,
        range: ColorRange::Limited,
    };
    /// BT.2100 PQ, limited range.
    pub const BT2100_PQ: Color = Color { transfer: TransferCharacteristics::Pq, ..Color::BT2020 };
    /// BT.2100 HLG, limited range.
    pub const BT2100_HLG: Color = Color { transfer: TransferCharacteristics::Hlg, ..Color::BT2020 };

    /// The colour that a frame of this height has unless it is said: BT.709 from 720 lines up, else BT.601.
    pub fn for_height(height: u32) -> Self {
        if height >= 720 { Color::BT709 } else { Color::BT601 }
    }

    /// The same colour in another range.
    pub fn with_range(self, range: ColorRange) -> Self {
        Color { range, ..self }
    }
}

/// The names that [`Color`] has as a whole.
const PRESETS: [(&str, Color); 6] = [
    ("bt709", Color::BT709),
    ("bt601", Color::BT601),
    ("jpeg", Color::JPEG),
    ("bt2020", Color::BT2020),
    ("pq", Color::BT2100_PQ),
    ("hlg", Color::BT2100_HLG),
];

impl FromStr for Color {
    type Err = Error;

    /// A name (`bt709`, `bt601`, `jpeg`, `bt2020`, `pq`, `hlg`), a name and a range (`bt709/full`), or all four parts:
    /// `primaries/transfer/matrix/range`.
    fn from_str(text: &str) -> Result<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        let preset = |name: &str| PRESETS.iter().find(|(preset, _)| *preset == name).map(|(_, color)| *color);
        match parts[..] {
            [name] if preset(name).is_some() => Ok(preset(name).unwrap_or(Color::BT709)),
            [name, range] if preset(name).is_some() => {
                Ok(preset(name).unwrap_or(Color::BT709).with_range(range.parse()?))
            }
            [primaries, transfer, matrix, range] => Ok(Color {
                primaries: primaries.parse()?,
                transfer: transfer.parse()?,
                matrix: matrix.parse()?,
                range: range.parse()?,
            }),
            _ => Err(Error::option(
                "color",
                format_args!("`{text}`"),
                "use bt709, bt601, jpeg, bt2020, pq or hlg, with /full or /limited behind it if wanted, or \
                 primaries/transfer/matrix/range",
            )),
        }
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.primaries, self.transfer, self.matrix, self.range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codes_round_trip() {
        for &value in Primaries::ALL {
            assert_eq!(value.name().parse::<Primaries>().unwrap(), value);
            assert_eq!(Primaries::from_code(value.code()), Some(value));
        }
        for (name, color) in PRESETS {
            assert_eq!(name.parse::<Color>().unwrap(), color);
            assert_eq!(color.to_string().parse::<Color>().unwrap(), color);
        }
        assert_eq!("bt709/full".parse::<Color>().unwrap().range, ColorRange::Full);
        for text in ["", "bt7", "bt709/half", "bt709/bt709/bt709", "/"] {
            assert!(text.parse::<Color>().is_err(), "{text}");
        }
    }
}
