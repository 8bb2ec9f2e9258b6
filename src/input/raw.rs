//! Raw frames, whose size, rate and format have to be said.

use std::fmt;
use std::io::Read;
use std::str::FromStr;

use super::samples::{FrameBuffer, MAX_FRAME_BYTES, SampleLayout, truncated};
use super::source::{FrameTime, SourceFrame, VideoInfo, VideoSource};
use crate::error::{Error, Result};
use crate::media::{ChromaSubsampling, FrameFormat, FrameRate};

/// What the errors call the stream.
const NAME: &str = "the raw stream";

/// How raw pixels lie; the names are those of FFmpeg's pixel formats. Rows are tight, words little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RawFormat(&'static Entry);

#[derive(Debug, PartialEq, Eq, Hash)]
struct Entry {
    name: &'static str,
    format: FrameFormat,
    bit_depth: u8,
    green_first: bool,
}

const fn entry(name: &'static str, format: FrameFormat, bit_depth: u8) -> Entry {
    Entry { name, format, bit_depth, green_first: false }
}

static FORMATS: [Entry; 17] = [
    entry("rgb24", FrameFormat::Rgb, 8),
    entry("bgr24", FrameFormat::Bgr, 8),
    entry("rgba", FrameFormat::Rgba, 8),
    entry("bgra", FrameFormat::Bgra, 8),
    entry("gray", FrameFormat::Gray, 8),
    entry("rgb48le", FrameFormat::Rgb, 16),
    entry("rgba64le", FrameFormat::Rgba, 16),
    entry("gray16le", FrameFormat::Gray, 16),
    Entry { name: "gbrp", format: FrameFormat::RgbPlanar, bit_depth: 8, green_first: true },
    entry("yuv420p", FrameFormat::Yuv(ChromaSubsampling::Yuv420), 8),
    entry("yuv422p", FrameFormat::Yuv(ChromaSubsampling::Yuv422), 8),
    entry("yuv444p", FrameFormat::Yuv(ChromaSubsampling::Yuv444), 8),
    entry("nv12", FrameFormat::Nv12, 8),
    entry("yuv420p10le", FrameFormat::Yuv(ChromaSubsampling::Yuv420), 10),
    entry("yuv422p10le", FrameFormat::Yuv(ChromaSubsampling::Yuv422), 10),
    entry("yuv444p10le", FrameFormat::Yuv(ChromaSubsampling::Yuv444), 10),
    entry("p010le", FrameFormat::Nv12, 10),
];

impl RawFormat {
    /// Every format.
    pub fn all() -> impl Iterator<Item = RawFormat> {
        FORMATS.iter().map(RawFormat)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.0.name
    }
}

impl fmt::Display for RawFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for RawFormat {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        RawFormat::all().find(|format| format.name() == text).ok_or_else(|| {
            let names: Vec<_> = RawFormat::all().map(RawFormat::name).collect();
            Error::option(
                "raw",
                format_args!("`{}`", text.escape_debug()),
                format_args!("the format is one of {}", names.join(", ")),
            )
        })
    }
}

/// What raw pixels are: `640x480@30:rgb24`.
///
/// ```
/// use framewright::input::RawSpec;
///
/// let spec: RawSpec = "640x480@29.97:yuv420p".parse()?;
/// assert_eq!((spec.width, spec.height), (640, 480));
/// assert_eq!(spec.frame_rate.unwrap().to_string(), "30000/1001");
/// assert_eq!(spec.to_string(), "640x480@30000/1001:yuv420p");
/// # Ok::<(), framewright::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawSpec {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The frame rate. It can be left out, with its `@`, where it is said elsewhere.
    pub frame_rate: Option<FrameRate>,
    /// How the pixels lie.
    pub format: RawFormat,
}

impl FromStr for RawSpec {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refuse = || {
            let allowed = "write WIDTHxHEIGHT@RATE:FORMAT, as in 640x480@30:rgb24";
            Error::option("raw", format_args!("`{}`", text.escape_debug()), allowed)
        };
        let number = |text: &str| text.parse::<u32>().ok().filter(|&number| number > 0).ok_or_else(refuse);
        // From the end: a rate may have a colon too.
        let (rest, format) = text.rsplit_once(':').ok_or_else(refuse)?;
        let (size, rate) = match rest.split_once('@') {
            Some((size, rate)) => (size, Some(rate.parse::<FrameRate>().map_err(|_| refuse())?)),
            None => (rest, None),
        };
        let (width, height) = size.split_once('x').ok_or_else(refuse)?;
        Ok(RawSpec { width: number(width)?, height: number(height)?, frame_rate: rate, format: format.parse()? })
    }
}

impl fmt::Display for RawSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)?;
        if let Some(rate) = self.frame_rate {
            write!(f, "@{rate}")?;
        }
        write!(f, ":{}", self.format)
    }
}

/// Reads raw frames from a file, a pipe, or anything else.
///
/// ```
/// use framewright::input::{RawReader, VideoSource};
///
/// let pixels = [0u8; 2 * 4 * 3 * 3];
/// let mut reader = RawReader::new(&pixels[..], "4x3@25:rgb24".parse()?)?;
/// assert!(reader.next_frame()?.is_some());
/// assert!(reader.next_frame()?.is_some());
/// assert!(reader.next_frame()?.is_none());
/// # Ok::<(), framewright::Error>(())
/// ```
#[derive(Debug)]
pub struct RawReader<R: Read> {
    reader: R,
    info: VideoInfo,
    frame: FrameBuffer,
    /// How many frames have been read.
    count: u64,
}

impl<R: Read> RawReader<R> {
    /// Reads frames as `spec` says. They may have up to [`MAX_FRAME_BYTES`] bytes. `reader` is read in large pieces and
    /// need not be buffered.
    ///
    /// # Errors
    /// [`Limit`](crate::ErrorKind::Limit) for frames that are larger than that.
    pub fn new(reader: R, spec: RawSpec) -> Result<Self> {
        Self::with_limit(reader, spec, MAX_FRAME_BYTES)
    }

    /// As [`new`](Self::new), with another limit on the bytes of a frame.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_limit(reader: R, spec: RawSpec, max_frame_bytes: u64) -> Result<Self> {
        let RawSpec { width, height, frame_rate, format: RawFormat(entry) } = spec;
        let layout = SampleLayout {
            format: entry.format,
            width,
            height,
            bit_depth: entry.bit_depth,
            green_first: entry.green_first,
        };
        let frame = FrameBuffer::new(layout, max_frame_bytes)?;
        let info = VideoInfo { frame_rate, ..VideoInfo::new(width, height, entry.format, entry.bit_depth) };
        Ok(RawReader { reader, info, frame, count: 0 })
    }

    /// Says how many bytes there are in all, so that [`info`](VideoSource::info) can say how many frames.
    pub fn with_len(mut self, bytes: u64) -> Self {
        self.info.frames = Some(bytes / self.frame.frame_bytes());
        self
    }
}

impl<R: Read> VideoSource for RawReader<R> {
    fn info(&self) -> &VideoInfo {
        &self.info
    }

    fn next_frame(&mut self) -> Result<Option<SourceFrame<'_>>> {
        let read = self.frame.fill(&mut self.reader);
        let got = read.map_err(|error| Error::io(format_args!("reading {NAME}"), error))?;
        if got == 0 {
            return Ok(None);
        }
        if got < self.frame.frame_bytes() {
            return Err(truncated(NAME, self.count, got, self.frame.frame_bytes()));
        }
        self.count += 1;
        Ok(Some(SourceFrame { frame: self.frame.view()?, time: FrameTime::Constant }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::media::{PixelFormat, PlaneData};

    /// The samples of each plane of the only frame.
    fn planes(spec: &str, bytes: &[u8]) -> Vec<Vec<u16>> {
        let mut reader = RawReader::new(bytes, spec.parse().unwrap()).unwrap();
        let frame = reader.next_frame().unwrap().unwrap().frame;
        (0..frame.format().planes())
            .map(|plane| match frame.plane(plane).unwrap().data {
                PlaneData::U8(samples) => samples.iter().map(|&sample| sample.into()).collect(),
                PlaneData::U16(samples) => samples.to_vec(),
            })
            .collect()
    }

    #[test]
    fn every_format_has_the_size_that_its_name_says() {
        let bits = |name: &str| match name {
            "gray" => 8,
            "yuv420p" | "nv12" => 12,
            "yuv422p" | "gray16le" => 16,
            "rgb24" | "bgr24" | "yuv444p" | "gbrp" | "yuv420p10le" | "p010le" => 24,
            "rgba" | "bgra" | "yuv422p10le" => 32,
            "rgb48le" | "yuv444p10le" => 48,
            "rgba64le" => 64,
            _ => panic!("{name}"),
        };
        for format in RawFormat::all() {
            let spec = RawSpec { width: 6, height: 4, frame_rate: None, format };
            assert_eq!(spec.to_string().parse::<RawSpec>().unwrap(), spec);
            let bytes = vec![0u8; 6 * 4 * bits(format.name()) / 8 * 2];
            let mut reader = RawReader::new(&bytes[..], spec).unwrap().with_len(bytes.len() as u64);
            assert_eq!(reader.info().frames, Some(2), "{format}");
            assert!(reader.next_frame().unwrap().is_some() && reader.next_frame().unwrap().is_some());
            assert!(reader.next_frame().unwrap().is_none());
            let mut short = RawReader::new(&bytes[1..], spec).unwrap();
            assert!(short.next_frame().unwrap().is_some());
            assert!(short.next_frame().unwrap_err().to_string().contains("frame 1"));
        }
    }

    #[test]
    fn planes_come_in_the_order_of_the_format() {
        assert_eq!(planes("2x1@1:gbrp", &[1, 2, 3, 4, 5, 6]), [[5, 6], [1, 2], [3, 4]]);
        assert_eq!(planes("1x1@1:rgb48le", &[1, 2, 3, 4, 5, 6]), [[0x0201, 0x0403, 0x0605]]);
        assert_eq!(planes("1x1@1:p010le", &[0, 1, 0, 2, 0, 3]), [vec![0x100], vec![0x200, 0x300]]);
        let info = |spec: &str| RawReader::new(&[][..], spec.parse().unwrap()).unwrap().info().clone();
        assert_eq!(info("2x2@1:p010le").pixel_format, Some(PixelFormat::Yuv420p10));
        assert_eq!(info("2x2@1:rgb24").pixel_format, None);
    }

    #[test]
    fn what_is_refused_is_named() {
        for text in ["", "640x480", "640x480@30", "640x480@0:rgb24", "0x480@30:rgb24", "x@:", "4294967296x1:rgb24"] {
            let error = text.parse::<RawSpec>().unwrap_err().to_string();
            assert!(error.contains("640x480@30:rgb24"), "{error}");
        }
        let error = "640x480@30:yuv9".parse::<RawSpec>().unwrap_err().to_string();
        assert!(error.contains("`yuv9`") && error.contains("p010le"), "{error}");
        assert_eq!("8x8@30:1:gray".parse::<RawSpec>().unwrap().frame_rate, Some(FrameRate::from(30)));
        assert!(RawReader::new(&[][..], "4294967295x4294967295:rgba64le".parse().unwrap()).is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[0-9x@:/. a-z\u{e9}]{0,24}|.{0,24}") {
            if let Ok(spec) = text.parse::<RawSpec>() {
                prop_assert_eq!(spec.to_string().parse::<RawSpec>().unwrap(), spec);
                let _ = RawReader::with_limit(&[0u8; 64][..], spec, 1 << 16).map(|mut reader| reader.next_frame().is_ok());
            }
        }
    }
}
