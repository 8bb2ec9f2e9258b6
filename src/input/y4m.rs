//! YUV4MPEG2, the uncompressed format of mjpegtools: a line of parameters, then frames of planar YUV.

use std::io::{self, BufReader, Read};

use super::samples::{FrameBuffer, MAX_FRAME_BYTES, SampleLayout, truncated};
use super::source::{FrameTime, SourceFrame, VideoInfo, VideoSource};
use crate::error::{Error, Result};
use crate::media::{ChromaSubsampling, Color, ColorRange, FrameFormat, FrameRate};

/// The first bytes of every stream.
pub(super) const MAGIC: &[u8] = b"YUV4MPEG2";

/// The longest line that is read, of the stream or of a frame.
const MAX_LINE: usize = 4096;

/// What the errors call the stream.
const NAME: &str = "the Y4M stream";

/// Reads YUV4MPEG2 from a file, a pipe, or anything else.
///
/// Taken are 4:2:0 (of any siting), 4:2:2, 4:4:4 and grey, of 8 to 16 bits, progressive. `XCOLORRANGE` gives the range;
/// a stream that says neither it nor anything else of colour leaves [`VideoInfo::color`] at `None`.
///
/// ```
/// use framewright::input::{VideoSource, Y4mReader};
///
/// let mut stream = b"YUV4MPEG2 W4 H2 F30000:1001 Ip A1:1 C420jpeg\n".to_vec();
/// stream.extend_from_slice(b"FRAME\n");
/// stream.extend_from_slice(&[128; 4 * 2 + 2 + 2]);
///
/// let mut reader = Y4mReader::new(&stream[..])?;
/// assert_eq!((reader.info().width, reader.info().height), (4, 2));
/// assert_eq!(reader.info().frame_rate.unwrap().to_string(), "30000/1001");
/// assert!(reader.next_frame()?.is_some());
/// assert!(reader.next_frame()?.is_none());
/// # Ok::<(), framewright::Error>(())
/// ```
#[derive(Debug)]
pub struct Y4mReader<R: Read> {
    reader: BufReader<R>,
    info: VideoInfo,
    frame: FrameBuffer,
    /// How many frames have been read.
    count: u64,
}

impl<R: Read> Y4mReader<R> {
    /// Reads the header. Frames may have up to [`MAX_FRAME_BYTES`] bytes.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where it is not a Y4M header,
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for interlaced streams and other chroma,
    /// [`Limit`](crate::ErrorKind::Limit) for frames that are larger than the limit.
    pub fn new(reader: R) -> Result<Self> {
        Self::with_limit(reader, MAX_FRAME_BYTES)
    }

    /// As [`new`](Self::new), with another limit on the bytes of a frame.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_limit(reader: R, max_frame_bytes: u64) -> Result<Self> {
        let mut reader = BufReader::with_capacity(1 << 16, reader);
        let mut line = Vec::new();
        read_line(&mut reader, &mut line)?;
        let header = Header::parse(&line)?;
        let layout = SampleLayout {
            format: FrameFormat::Yuv(header.chroma),
            width: header.width,
            height: header.height,
            bit_depth: header.bit_depth,
            green_first: false,
        };
        let frame = FrameBuffer::new(layout, max_frame_bytes)?;
        let info = VideoInfo {
            frame_rate: header.frame_rate,
            color: header.range.map(|range| Color::for_height(header.height).with_range(range)),
            sample_aspect_ratio: header.aspect,
            ..VideoInfo::new(header.width, header.height, layout.format, layout.bit_depth)
        };
        Ok(Y4mReader { reader, info, frame, count: 0 })
    }

    /// Whether a `FRAME` line comes next; the stream may end instead.
    fn frame_line(&mut self) -> Result<bool> {
        let mut line = Vec::new();
        read_line(&mut self.reader, &mut line).map_err(|error| error.context(format_args!("frame {}", self.count)))?;
        if line.is_empty() {
            return Ok(false);
        }
        match line.strip_suffix(b"\n").and_then(|line| line.strip_prefix(b"FRAME")) {
            Some([] | [b' ', ..]) => Ok(true),
            _ => Err(Error::input(format!(
                "{NAME} has {} where frame {} should begin with `FRAME`",
                quote(&line),
                self.count
            ))),
        }
    }
}

impl<R: Read> VideoSource for Y4mReader<R> {
    fn info(&self) -> &VideoInfo {
        &self.info
    }

    fn next_frame(&mut self) -> Result<Option<SourceFrame<'_>>> {
        if !self.frame_line()? {
            return Ok(None);
        }
        let got = self.frame.fill(&mut self.reader).map_err(read_failed)?;
        if got < self.frame.frame_bytes() {
            return Err(truncated(NAME, self.count, got, self.frame.frame_bytes()));
        }
        self.count += 1;
        let frame = self.frame.view()?;
        let frame = match self.info.color {
            Some(color) => frame.with_color(color),
            None => frame,
        };
        Ok(Some(SourceFrame { frame, time: FrameTime::Constant }))
    }
}

/// The parameters of the first line.
#[derive(Debug, PartialEq, Eq)]
struct Header {
    width: u32,
    height: u32,
    frame_rate: Option<FrameRate>,
    aspect: Option<(u32, u32)>,
    chroma: ChromaSubsampling,
    bit_depth: u8,
    range: Option<ColorRange>,
}

impl Header {
    fn parse(line: &[u8]) -> Result<Self> {
        let text = line
            .strip_suffix(b"\n")
            .and_then(|line| line.strip_prefix(MAGIC))
            .and_then(|line| std::str::from_utf8(line).ok())
            .filter(|text| text.is_empty() || text.starts_with(' '))
            .ok_or_else(|| Error::input(format!("{NAME} begins with {}, not with `YUV4MPEG2 W… H…`", quote(line))))?;
        let (mut width, mut height) = (None, None);
        let mut header = Header {
            width: 0,
            height: 0,
            frame_rate: None,
            aspect: None,
            chroma: ChromaSubsampling::Yuv420,
            bit_depth: 8,
            range: None,
        };
        for token in text.split(' ').filter(|token| !token.is_empty()) {
            let refuse = || Error::input(format!("{NAME} has the parameter {}", quote(token.as_bytes())));
            // The tags are ASCII; a token that begins with anything else belongs to no tag.
            let Some((tag, value)) = token.split_at_checked(1) else { return Err(refuse()) };
            match tag {
                "W" => width = Some(value.parse().map_err(|_| refuse())?),
                "H" => height = Some(value.parse().map_err(|_| refuse())?),
                "F" => {
                    let (num, den) = ratio(value).ok_or_else(refuse)?;
                    header.frame_rate = Some(FrameRate::new(num, den)).filter(|rate| rate.is_valid());
                }
                "A" => header.aspect = ratio(value).filter(|&(num, den)| num > 0 && den > 0),
                "I" => progressive(value)?,
                "C" => (header.chroma, header.bit_depth) = chroma(value)?,
                "X" => match value.strip_prefix("COLORRANGE=") {
                    Some("FULL") => header.range = Some(ColorRange::Full),
                    Some("LIMITED") => header.range = Some(ColorRange::Limited),
                    _ => {}
                },
                _ => return Err(refuse()),
            }
        }
        match (width, height) {
            (Some(width), Some(height)) => Ok(Header { width, height, ..header }),
            _ => Err(Error::input(format!("{NAME} does not say its size: its header needs W and H"))),
        }
    }
}

/// `num:den`; 0:0 means unknown.
fn ratio(text: &str) -> Option<(u32, u32)> {
    let (num, den) = text.split_once(':')?;
    Some((num.parse().ok()?, den.parse().ok()?))
}

fn progressive(mode: &str) -> Result<()> {
    match mode {
        "p" | "?" => Ok(()),
        _ => Err(Error::unsupported(format!(
            "{NAME} is interlaced (I{}): deinterlace it first, as with FFmpeg's `yadif`",
            mode.escape_debug()
        ))),
    }
}

/// A colour space: the sampling, for 4:2:0 with its siting at 8 bit, and for more bits with `p` and their number
/// (`mono` has the number alone).
fn chroma(name: &str) -> Result<(ChromaSubsampling, u8)> {
    match name {
        "420jpeg" | "420mpeg2" | "420paldv" | "420" => return Ok((ChromaSubsampling::Yuv420, 8)),
        "422" => return Ok((ChromaSubsampling::Yuv422, 8)),
        "444" => return Ok((ChromaSubsampling::Yuv444, 8)),
        "mono" => return Ok((ChromaSubsampling::Monochrome, 8)),
        _ => {}
    }
    let deep = [
        ("420p", ChromaSubsampling::Yuv420),
        ("422p", ChromaSubsampling::Yuv422),
        ("444p", ChromaSubsampling::Yuv444),
        ("mono", ChromaSubsampling::Monochrome),
    ];
    let found = deep.into_iter().find_map(|(prefix, chroma)| match name.strip_prefix(prefix)? {
        "9" => Some((chroma, 9)),
        "10" => Some((chroma, 10)),
        "12" => Some((chroma, 12)),
        "14" => Some((chroma, 14)),
        "16" => Some((chroma, 16)),
        _ => None,
    });
    found.ok_or_else(|| {
        Error::unsupported(format!(
            "{NAME} has the colour space `{}`: taken are 420 (jpeg, mpeg2, paldv), 422, 444 and mono, and with 9, 10, \
             12, 14 or 16 bits 420p10, 422p10, 444p10, mono10 and so on",
            name.escape_debug()
        ))
    })
}

/// Reads through the next newline, or what is left; nothing at the end of the stream.
fn read_line(reader: &mut impl io::BufRead, line: &mut Vec<u8>) -> Result<()> {
    line.clear();
    io::BufRead::read_until(&mut reader.take(MAX_LINE as u64), b'\n', line).map_err(read_failed)?;
    if line.len() == MAX_LINE && line.last() != Some(&b'\n') {
        return Err(Error::input(format!("{NAME} has a line of more than {MAX_LINE} bytes")));
    }
    Ok(())
}

fn read_failed(error: io::Error) -> Error {
    Error::io(format_args!("reading {NAME}"), error)
}

/// The start of `bytes`, fit for a message.
fn quote(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(40)];
    match shown {
        [] => "nothing".into(),
        _ => format!("`{}`", shown.escape_ascii()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::media;
    use super::*;
    use crate::error::ErrorKind;
    use crate::media::{PixelFormat, PlaneData};

    fn read(bytes: &[u8]) -> Result<Vec<u64>> {
        let mut reader = Y4mReader::with_limit(bytes, 1 << 20)?;
        let mut sums = Vec::new();
        while let Some(frame) = reader.next_frame()? {
            let sum = (0..frame.frame.format().planes()).map(|plane| match frame.frame.plane(plane).unwrap().data {
                PlaneData::U8(samples) => samples.iter().map(|&sample| u64::from(sample)).sum::<u64>(),
                PlaneData::U16(samples) => samples.iter().map(|&sample| u64::from(sample)).sum(),
            });
            sums.push(sum.sum());
        }
        Ok(sums)
    }

    fn header(parameters: &str) -> Result<Header> {
        Header::parse(format!("YUV4MPEG2 {parameters}\n").as_bytes())
    }

    #[test]
    fn headers_are_read() {
        let full = header("W352 H288 F25:1 Ip A128:117 C420p10 XYSCSS=420P10 XCOLORRANGE=LIMITED").unwrap();
        assert_eq!(
            full,
            Header {
                width: 352,
                height: 288,
                frame_rate: Some(FrameRate::from(25)),
                aspect: Some((128, 117)),
                chroma: ChromaSubsampling::Yuv420,
                bit_depth: 10,
                range: Some(ColorRange::Limited),
            }
        );
        let least = header("H2 W4 F0:0 A0:0 I?").unwrap();
        assert_eq!((least.width, least.height, least.frame_rate, least.aspect), (4, 2, None, None));
        for (name, expected) in [
            ("420paldv", (ChromaSubsampling::Yuv420, 8)),
            ("422p12", (ChromaSubsampling::Yuv422, 12)),
            ("444p16", (ChromaSubsampling::Yuv444, 16)),
            ("mono", (ChromaSubsampling::Monochrome, 8)),
            ("mono10", (ChromaSubsampling::Monochrome, 10)),
        ] {
            assert_eq!(chroma(name).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_refused_is_named() {
        for (parameters, part) in [
            ("W4", "needs W and H"),
            ("W4 Hx", "`Hx`"),
            ("W4 H2 C411", "`411`"),
            ("W4 H2 C444alpha", "`444alpha`"),
            ("W4 H2 C420p11", "`420p11`"),
            ("W4 H2 It", "interlaced"),
            ("W4 H2 F30", "`F30`"),
            ("W4 H2 Q1", "`Q1`"),
            ("W-4 H2", "`W-4`"),
            ("W4 H2 é", "\\xc3\\xa9"),
        ] {
            let error = header(parameters).unwrap_err();
            assert!(error.to_string().contains(part), "{parameters}: {error}");
        }
        assert!(read(b"RIFF").unwrap_err().to_string().contains("`RIFF`"));
        assert!(read(b"").unwrap_err().to_string().contains("nothing"));
        assert_eq!(read(b"YUV4MPEG2 W0 H4\n").unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(read(b"YUV4MPEG2 W4000 H4000\n").unwrap_err().kind(), ErrorKind::Limit);
        assert_eq!(read(b"YUV4MPEG2 W4294967295 H4294967295 C444p16\n").unwrap_err().kind(), ErrorKind::Limit);
        let long = [b"YUV4MPEG2 W4 H4 X".as_slice(), &[b'a'; 5000], b"\n"].concat();
        assert!(read(&long).unwrap_err().to_string().contains("4096"));
    }

    #[test]
    fn words_are_little_endian_and_odd_chroma_rounds_up() {
        let mut stream = b"YUV4MPEG2 W3 H1 C420p10\nFRAME Ip Xany\n".to_vec();
        for word in [1u16, 2, 1023, 512, 511] {
            stream.extend_from_slice(&word.to_le_bytes());
        }
        // Two chroma samples a row: 3 luma and 2 x 2 chroma.
        stream.extend_from_slice(&[3, 0, 4, 0]);
        assert_eq!(read(&stream).unwrap(), [1 + 2 + 1023 + 512 + 511 + 3 + 4]);
        let reader = Y4mReader::new(&stream[..]).unwrap();
        assert_eq!(reader.info().pixel_format, Some(PixelFormat::Yuv420p10));
        assert_eq!(reader.info().bit_depth, 10);
    }

    #[test]
    fn the_range_reaches_the_frames() {
        let stream = [b"YUV4MPEG2 W1 H1 Cmono XCOLORRANGE=FULL\nFRAME\n".as_slice(), &[9]].concat();
        let mut reader = Y4mReader::new(&stream[..]).unwrap();
        let frame = reader.next_frame().unwrap().unwrap();
        assert_eq!(frame.frame.color().unwrap().range, ColorRange::Full);
    }

    #[test]
    fn every_truncation_is_an_error_that_names_its_frame() {
        let mut stream = b"YUV4MPEG2 W2 H2 C444\n".to_vec();
        let start = stream.len();
        for value in 0..3 {
            stream.extend_from_slice(b"FRAME\n");
            stream.extend_from_slice(&[value; 12]);
        }
        for end in start..stream.len() {
            let (whole, rest) = ((end - start) / 18, (end - start) % 18);
            match read(&stream[..end]) {
                Ok(frames) => assert!(rest == 0 && frames.len() == whole),
                Err(error) => assert!(rest > 0 && error.to_string().contains(&format!("frame {whole}")), "{error}"),
            }
        }
        assert_eq!(read(&stream).unwrap(), [0, 12, 24]);
    }

    #[test]
    fn real_clips() {
        let Some(media) = media("y4m") else { return };
        for (name, frames, rate, format) in [
            ("flower_odd_175x143_10f.y4m", 10, "30000/1001", PixelFormat::Yuv420p),
            ("hlg_p10_176x144_8f.y4m", 8, "90000/3001", PixelFormat::Yuv420p10),
            ("cockatoo_444_176x144_10f.y4m", 10, "20", PixelFormat::Yuv444p),
        ] {
            let file = std::fs::File::open(media.join(name)).unwrap();
            let mut reader = Y4mReader::new(file).unwrap();
            assert_eq!(reader.info().frame_rate.unwrap().to_string(), rate);
            assert_eq!(reader.info().pixel_format, Some(format));
            let mut count = 0;
            while reader.next_frame().unwrap().is_some() {
                count += 1;
            }
            assert_eq!(count, frames, "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(
            head in prop_oneof![Just("YUV4MPEG2 W3 H5 F25:1 C422p10 XCOLORRANGE=FULL\nFRAME\n"), Just("YUV4MPEG2 "), Just("")],
            tail in proptest::collection::vec(any::<u8>(), 0..300),
            flip in any::<(u16, u8)>(),
        ) {
            let mut bytes = [head.as_bytes(), &tail].concat();
            let at = usize::from(flip.0) % bytes.len().max(1);
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= flip.1;
            }
            let _ = read(&bytes);
        }
    }
}
