//! Pictures as codecs take them: planes of luma and chroma, or of red, green and blue; 8 bits in bytes or more in 16-bit
//! words.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// How many chroma samples a luma sample has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChromaSubsampling {
    /// Luma only.
    Monochrome,
    /// Half in both directions.
    Yuv420,
    /// Half in width.
    Yuv422,
    /// As many as luma.
    Yuv444,
}

impl ChromaSubsampling {
    /// By how many bits width and height of a chroma plane are shifted; odd sizes round up.
    pub fn shifts(self) -> (u32, u32) {
        match self {
            ChromaSubsampling::Monochrome | ChromaSubsampling::Yuv420 => (1, 1),
            ChromaSubsampling::Yuv422 => (1, 0),
            ChromaSubsampling::Yuv444 => (0, 0),
        }
    }

    /// 1 for monochrome, else 3.
    pub fn planes(self) -> usize {
        if self == ChromaSubsampling::Monochrome { 1 } else { 3 }
    }
}

/// The format that a video stream is encoded in.
///
/// Its names in options are those of FFmpeg: `yuv420p`, `yuv420p10`, `gray`, ….
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PixelFormat {
    /// 4:2:0, 8 bit: plays everywhere. The default.
    Yuv420p,
    /// 4:2:2, 8 bit.
    Yuv422p,
    /// 4:4:4, 8 bit: text and graphics keep their colour edges.
    Yuv444p,
    /// Luma only, 8 bit.
    Gray,
    /// 4:2:0, 10 bit: less banding, and what HDR needs.
    Yuv420p10,
    /// 4:2:2, 10 bit.
    Yuv422p10,
    /// 4:4:4, 10 bit.
    Yuv444p10,
    /// Luma only, 10 bit.
    Gray10,
    /// Planes of red, green and blue, 8 bit, full range: what animations are written from.
    Rgb,
    /// The same with a plane of alpha, which is straight: 0 is transparent.
    Rgba,
}

impl PixelFormat {
    /// Every format.
    pub const ALL: &'static [PixelFormat] = &[
        PixelFormat::Yuv420p,
        PixelFormat::Yuv422p,
        PixelFormat::Yuv444p,
        PixelFormat::Gray,
        PixelFormat::Yuv420p10,
        PixelFormat::Yuv422p10,
        PixelFormat::Yuv444p10,
        PixelFormat::Gray10,
        PixelFormat::Rgb,
        PixelFormat::Rgba,
    ];

    /// Those of luma, with chroma or without.
    pub(crate) const YUV: &'static [PixelFormat] = Self::ALL.split_at(8).0;

    /// The name used in options.
    pub fn name(self) -> &'static str {
        match self {
            PixelFormat::Yuv420p => "yuv420p",
            PixelFormat::Yuv422p => "yuv422p",
            PixelFormat::Yuv444p => "yuv444p",
            PixelFormat::Gray => "gray",
            PixelFormat::Yuv420p10 => "yuv420p10",
            PixelFormat::Yuv422p10 => "yuv422p10",
            PixelFormat::Yuv444p10 => "yuv444p10",
            PixelFormat::Gray10 => "gray10",
            PixelFormat::Rgb => "rgb",
            PixelFormat::Rgba => "rgba",
        }
    }

    /// 8 or 10.
    pub fn bit_depth(self) -> u8 {
        match self {
            PixelFormat::Yuv420p | PixelFormat::Yuv422p | PixelFormat::Yuv444p | PixelFormat::Gray => 8,
            PixelFormat::Rgb | PixelFormat::Rgba => 8,
            PixelFormat::Yuv420p10 | PixelFormat::Yuv422p10 | PixelFormat::Yuv444p10 | PixelFormat::Gray10 => 10,
        }
    }

    /// How much smaller the planes behind the first are; those of red, green and blue are all of one size, as in 4:4:4.
    pub fn chroma(self) -> ChromaSubsampling {
        match self {
            PixelFormat::Yuv420p | PixelFormat::Yuv420p10 => ChromaSubsampling::Yuv420,
            PixelFormat::Yuv422p | PixelFormat::Yuv422p10 => ChromaSubsampling::Yuv422,
            PixelFormat::Yuv444p | PixelFormat::Yuv444p10 => ChromaSubsampling::Yuv444,
            PixelFormat::Rgb | PixelFormat::Rgba => ChromaSubsampling::Yuv444,
            PixelFormat::Gray | PixelFormat::Gray10 => ChromaSubsampling::Monochrome,
        }
    }

    /// Whether the planes are red, green and blue.
    pub fn is_rgb(self) -> bool {
        matches!(self, PixelFormat::Rgb | PixelFormat::Rgba)
    }

    /// How many planes a picture has: 1, 3 or 4.
    pub fn planes(self) -> usize {
        if self == PixelFormat::Rgba { 4 } else { self.chroma().planes() }
    }

    /// Width and height of plane `plane` of a picture of `width` x `height`.
    pub fn plane_size(self, plane: usize, width: usize, height: usize) -> (usize, usize) {
        let (x, y) = if plane == 0 { (0, 0) } else { self.chroma().shifts() };
        (width.div_ceil(1 << x), height.div_ceil(1 << y))
    }
}

impl fmt::Display for PixelFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for PixelFormat {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        PixelFormat::ALL.iter().copied().find(|format| format.name() == text).ok_or_else(|| {
            let names: Vec<_> = PixelFormat::ALL.iter().map(|format| format.name()).collect();
            Error::option("pixel_format", format_args!("`{text}`"), format_args!("use one of {}", names.join(", ")))
        })
    }
}

/// The samples of one plane, owned. The depth of the picture's format says which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Plane {
    U8(Vec<u8>),
    U16(Vec<u16>),
}

/// An owned picture with tight rows: plane `p` holds `plane_size(p)` samples, row after row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    pub format: PixelFormat,
    pub width: usize,
    pub height: usize,
    pub planes: Vec<Plane>,
}

impl Picture {
    /// A picture of zeros. The caller has checked that the size fits its limits.
    pub fn new(format: PixelFormat, width: usize, height: usize) -> Self {
        let planes = (0..format.planes())
            .map(|plane| {
                let (w, h) = format.plane_size(plane, width, height);
                if format.bit_depth() == 8 { Plane::U8(vec![0; w * h]) } else { Plane::U16(vec![0; w * h]) }
            })
            .collect();
        Picture { format, width, height, planes }
    }

    pub fn view(&self) -> PictureView<'_> {
        let plane = |index: usize| {
            let (width, height) = self.format.plane_size(index, self.width, self.height);
            let samples = match &self.planes[index] {
                Plane::U8(samples) => Samples::U8(samples),
                Plane::U16(samples) => Samples::U16(samples),
            };
            PlaneView { samples, stride: width, width, height }
        };
        PictureView {
            format: self.format,
            width: self.width,
            height: self.height,
            planes: (0..self.planes.len()).map(plane).collect(),
        }
    }
}

/// Borrowed samples: bytes, or 16-bit words whose low bits hold the value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Samples<'a> {
    U8(&'a [u8]),
    U16(&'a [u16]),
}

/// One borrowed plane. `stride` counts samples from row to row; the last row may end at its last sample.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlaneView<'a> {
    pub samples: Samples<'a>,
    pub stride: usize,
    pub width: usize,
    pub height: usize,
}

/// A borrowed picture: what a codec is handed, be it a converted [`Picture`] or the caller's own planes.
#[derive(Clone, Debug)]
pub(crate) struct PictureView<'a> {
    pub format: PixelFormat,
    pub width: usize,
    pub height: usize,
    pub planes: Vec<PlaneView<'a>>,
}

impl PictureView<'_> {
    /// A copy with tight rows.
    ///
    /// # Errors
    /// `InvalidInput` where a plane does not hold its rows.
    pub fn to_picture(&self) -> Result<Picture> {
        let copy = |view: &PlaneView<'_>| {
            let row = |index: usize| index * view.stride..index * view.stride + view.width;
            let short = || Error::input(format!("a plane does not hold {}x{}", view.width, view.height));
            Ok(match view.samples {
                Samples::U8(samples) => {
                    let rows = (0..view.height).map(|index| samples.get(row(index)).ok_or_else(short));
                    Plane::U8(rows.collect::<Result<Vec<_>>>()?.concat())
                }
                Samples::U16(samples) => {
                    let rows = (0..view.height).map(|index| samples.get(row(index)).ok_or_else(short));
                    Plane::U16(rows.collect::<Result<Vec<_>>>()?.concat())
                }
            })
        };
        let planes = self.planes.iter().map(copy).collect::<Result<_>>()?;
        Ok(Picture { format: self.format, width: self.width, height: self.height, planes })
    }
}
