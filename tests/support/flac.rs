//! A strict parser of FLAC files, written from RFC 9639 and sharing no code with the muxer: it checks every field of the
//! metadata blocks, cuts the frames apart by their checksums, and counts them.
#![allow(dead_code, reason = "each test looks at other parts")]

pub type Checked<T> = Result<T, String>;

/// A file that has passed every check.
#[derive(Debug)]
pub struct File {
    pub info: StreamInfo,
    /// Seek points that are none of the placeholders.
    pub seek_points: Option<Vec<SeekPoint>>,
    pub comments: Comments,
    pub picture: Option<Picture>,
    pub frames: Vec<Frame>,
    /// Where the frames begin.
    pub audio_at: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct StreamInfo {
    pub block_sizes: (u32, u32),
    pub frame_sizes: (u32, u32),
    pub sample_rate: u32,
    pub channels: u32,
    pub bits: u32,
    pub total: u64,
    pub md5: [u8; 16],
}

#[derive(Debug, PartialEq)]
pub struct SeekPoint {
    pub sample: u64,
    pub offset: u64,
    pub samples: u32,
}

#[derive(Debug, PartialEq)]
pub struct Comments {
    pub vendor: String,
    pub list: Vec<(String, String)>,
}

#[derive(Debug, PartialEq)]
pub struct Picture {
    pub media_type: String,
    pub size: (u32, u32),
    pub depth: u32,
    pub colors: u32,
    pub data: Vec<u8>,
}

#[derive(Debug, PartialEq)]
pub struct Frame {
    pub sample: u64,
    pub samples: u32,
    pub data: Vec<u8>,
}

impl Comments {
    /// The values of this name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.list
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect()
    }
}

macro_rules! check {
    ($condition:expr, $($words:tt)*) => {
        if !$condition {
            return Err(format!($($words)*));
        }
    };
}

/// Reads a whole file. `live`: it was written to a stream, so totals are not known and there is no seek table.
pub fn verify(bytes: &[u8], live: bool) -> Checked<File> {
    check!(bytes.starts_with(b"fLaC"), "no fLaC");
    let (mut at, mut blocks, mut last) = (4, Vec::new(), false);
    while !last {
        let (kind, is_last, body) = block(bytes.get(at..).unwrap_or_default())?;
        blocks.push((kind, body));
        at += 4 + body.len();
        last = is_last;
    }
    let kinds: Vec<_> = blocks.iter().map(|(kind, _)| *kind).collect();
    check!(kinds[0] == 0, "the first block is of type {}", kinds[0]);
    for (index, kind) in kinds.iter().enumerate() {
        check!([0, 3, 4, 6].contains(kind), "a block of type {kind}");
        check!(!kinds[..index].contains(kind), "two blocks of type {kind}");
    }
    let body = |kind: u8| blocks.iter().find(|block| block.0 == kind).map(|block| block.1);
    let info = stream_info(body(0).unwrap_or_default())?;
    let comments = comments(body(4).ok_or("no VORBIS_COMMENT")?)?;
    let picture = body(6).map(picture).transpose()?;
    let frames = frames(&bytes[at..], &info)?;

    let samples: u64 = frames.iter().map(|frame| u64::from(frame.samples)).sum();
    if live {
        check!(info.total == 0 && info.frame_sizes == (0, 0) && info.md5 == [0; 16], "totals in a live stream");
        check!(body(3).is_none(), "a seek table in a live stream");
    } else {
        check!(info.total == samples, "a total of {} for {samples} samples", info.total);
        let sizes = frames.iter().map(|frame| frame.data.len() as u32);
        let sizes = (sizes.clone().min().unwrap_or(0), sizes.max().unwrap_or(0));
        check!(info.frame_sizes == sizes, "frame sizes {:?} for {sizes:?}", info.frame_sizes);
    }
    let seek_points = body(3).map(|body| seek_table(body, &bytes[at..], &frames)).transpose()?;
    check!(live || seek_points.is_some(), "no seek table");
    Ok(File { info, seek_points, comments, picture, frames, audio_at: at })
}

/// A metadata block: its type, whether it is the last one, and its body.
pub fn block(bytes: &[u8]) -> Checked<(u8, bool, &[u8])> {
    let header = bytes.get(..4).ok_or("a block header is cut off")?;
    let length = usize::from(header[1]) << 16 | usize::from(header[2]) << 8 | usize::from(header[3]);
    let body = bytes.get(4..4 + length).ok_or("a block is cut off")?;
    Ok((header[0] & 0x7f, header[0] & 0x80 != 0, body))
}

pub fn stream_info(body: &[u8]) -> Checked<StreamInfo> {
    check!(body.len() == 34, "a STREAMINFO of {} bytes", body.len());
    let number = |at: usize, bytes: usize| body[at..at + bytes].iter().fold(0u64, |n, &byte| n << 8 | u64::from(byte));
    let numbers = number(10, 8);
    let info = StreamInfo {
        block_sizes: (number(0, 2) as u32, number(2, 2) as u32),
        frame_sizes: (number(4, 3) as u32, number(7, 3) as u32),
        sample_rate: (numbers >> 44) as u32,
        channels: (numbers >> 41 & 7) as u32 + 1,
        bits: (numbers >> 36 & 31) as u32 + 1,
        total: numbers & ((1 << 36) - 1),
        md5: body[18..].try_into().unwrap_or_default(),
    };
    check!(info.block_sizes.0 >= 16 && info.block_sizes.0 <= info.block_sizes.1, "block sizes {:?}", info.block_sizes);
    check!(info.sample_rate > 0, "no sample rate");
    check!([16, 24].contains(&info.bits), "{} bits", info.bits);
    Ok(info)
}

fn seek_table(body: &[u8], audio: &[u8], frames: &[Frame]) -> Checked<Vec<SeekPoint>> {
    check!(body.len().is_multiple_of(18), "a seek table of {} bytes", body.len());
    let mut points: Vec<SeekPoint> = Vec::new();
    let mut placeholders = false;
    for point in body.chunks_exact(18) {
        let number = |at: usize| u64::from_be_bytes(point[at..at + 8].try_into().unwrap_or_default());
        if number(0) == u64::MAX {
            placeholders = true;
            continue;
        }
        let (sample, offset) = (number(0), number(8));
        let samples = u32::from(u16::from_be_bytes([point[16], point[17]]));
        check!(!placeholders, "a seek point behind a placeholder");
        check!(
            points.last().is_none_or(|last| last.sample < sample),
            "seek point {sample} is not after the one before"
        );
        let mut at = 0;
        let found = frames.iter().find(|frame| {
            let here = at == offset;
            at += frame.data.len() as u64;
            here && frame.sample == sample && frame.samples == samples
        });
        check!(found.is_some(), "seek point {sample} at {offset} of {} is none of a frame", audio.len());
        points.push(SeekPoint { sample, offset, samples });
    }
    check!(frames.is_empty() || points.first().is_some_and(|point| point.sample == 0), "no seek point at 0");
    Ok(points)
}

/// A comment list, which has to fill its block.
pub fn comments(body: &[u8]) -> Checked<Comments> {
    let mut list = Vec::new();
    let mut cursor = body;
    let vendor = text(&mut cursor, "the vendor")?;
    check!(vendor.starts_with("framewright "), "the vendor is {vendor}");
    let count = u32::from_le_bytes(cut(&mut cursor, 4, "the count of comments")?.try_into().unwrap_or_default());
    for _ in 0..count {
        let comment = text(&mut cursor, "a comment")?;
        let (name, value) = comment.split_once('=').ok_or(format!("a comment without `=`: {comment}"))?;
        check!(!name.is_empty() && name.bytes().all(|b| (0x20..=0x7d).contains(&b)), "a comment of the name {name:?}");
        list.push((name.to_owned(), value.to_owned()));
    }
    check!(cursor.is_empty(), "{} bytes behind the comments", cursor.len());
    let names: Vec<_> = list.iter().filter(|(name, _)| name.starts_with("CHAPTER")).collect();
    for (index, pair) in names.chunks(2).enumerate() {
        let number = index + 1;
        let [time, title] = pair else { return Err(format!("chapter {number} has no name")) };
        check!(time.0 == format!("CHAPTER{number:03}"), "chapter {number} is {}", time.0);
        check!(title.0 == format!("CHAPTER{number:03}NAME"), "the name of chapter {number} is {}", title.0);
        let shape: String = time.1.chars().rev().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        check!(shape.starts_with("000.00:00:00"), "chapter {number} begins at {}", time.1);
    }
    Ok(Comments { vendor, list })
}

fn cut<'a>(rest: &mut &'a [u8], length: usize, what: &str) -> Checked<&'a [u8]> {
    let (taken, behind) = rest.split_at_checked(length).ok_or(format!("{what} is cut off"))?;
    *rest = behind;
    Ok(taken)
}

fn text(rest: &mut &[u8], what: &str) -> Checked<String> {
    let length = u32::from_le_bytes(cut(rest, 4, what)?.try_into().unwrap_or_default());
    String::from_utf8(cut(rest, length as usize, what)?.to_vec()).map_err(|_| format!("{what} is no UTF-8"))
}

pub fn picture(body: &[u8]) -> Checked<Picture> {
    let mut rest = body;
    let number = |rest: &mut &[u8]| -> Checked<u32> {
        Ok(u32::from_be_bytes(cut(rest, 4, "the picture")?.try_into().unwrap_or_default()))
    };
    let kind = number(&mut rest)?;
    check!(kind == 3, "a picture of type {kind}");
    let length = number(&mut rest)?;
    let media_type = String::from_utf8_lossy(cut(&mut rest, length as usize, "the media type")?).into_owned();
    let description = number(&mut rest)?;
    check!(description == 0, "a picture with a description");
    let size = (number(&mut rest)?, number(&mut rest)?);
    let (depth, colors, length) = (number(&mut rest)?, number(&mut rest)?, number(&mut rest)?);
    check!(rest.len() == length as usize, "a picture of {length} bytes in {}", rest.len());
    let magic: &[u8] = match media_type.as_str() {
        "image/jpeg" => &[0xff, 0xd8, 0xff],
        "image/png" => b"\x89PNG",
        _ => return Err(format!("a picture of type {media_type}")),
    };
    check!(rest.starts_with(magic), "the picture is no {media_type}");
    Ok(Picture { media_type, size, depth, colors, data: rest.to_vec() })
}

/// Cuts frames apart: each ends where its CRC-16 comes out as 0, and the next header begins or the file ends.
fn frames(audio: &[u8], info: &StreamInfo) -> Checked<Vec<Frame>> {
    let (mut frames, mut at, mut sample) = (Vec::new(), 0, 0);
    while at < audio.len() {
        let number = frames.len() as u64;
        let header = frame_header(&audio[at..], info)?;
        check!(header.number == number, "frame {number} is numbered {}", header.number);
        let mut crc = 0u16;
        let mut end = at;
        loop {
            let byte = audio.get(end).ok_or(format!("frame {number} has no sound CRC-16"))?;
            crc = crc16(crc, *byte);
            end += 1;
            let follows = end == audio.len() || frame_header(&audio[end..], info).is_ok_and(|h| h.number == number + 1);
            if crc == 0 && end - at > header.length && follows {
                break;
            }
        }
        check!(header.samples <= info.block_sizes.1, "frame {number} has {} samples", header.samples);
        let is_last = end == audio.len();
        check!(is_last || header.samples >= info.block_sizes.0, "frame {number} has {} samples", header.samples);
        frames.push(Frame { sample, samples: header.samples, data: audio[at..end].to_vec() });
        sample += u64::from(header.samples);
        at = end;
    }
    Ok(frames)
}

pub struct FrameHeader {
    pub number: u64,
    pub samples: u32,
    pub length: usize,
}

/// A frame's header (9.1), of a stream with blocks of one size.
pub fn frame_header(bytes: &[u8], info: &StreamInfo) -> Checked<FrameHeader> {
    let byte = |at: usize| bytes.get(at).copied().ok_or("a frame header is cut off");
    check!(byte(0)? == 0xff && byte(1)? == 0xf8, "no frame");
    let (size_code, rate_code) = (byte(2)? >> 4, byte(2)? & 15);
    let (channel_code, bits_code) = (byte(3)? >> 4, byte(3)? >> 1 & 7);
    let channels = if channel_code < 8 { u32::from(channel_code) + 1 } else { 2 };
    check!(channel_code < 11 && channels == info.channels, "a frame of {channels} channels");
    check!([0, if info.bits == 16 { 4 } else { 6 }].contains(&bits_code), "a frame of depth {bits_code}");
    let first = byte(4)?;
    let more = match first.leading_ones() {
        0 => 0,
        ones @ 2..=7 => ones as usize - 1,
        _ => return Err("a coded number".into()),
    };
    let mut number = u64::from(first) & (0x7f >> if more == 0 { 0 } else { more + 1 });
    for index in 0..more {
        number = number << 6 | u64::from(byte(5 + index)? & 63);
    }
    let mut at = 5 + more;
    let mut long = |bytes: usize| -> Checked<u32> {
        let mut value = 0;
        for _ in 0..bytes {
            value = value << 8 | u32::from(byte(at)?);
            at += 1;
        }
        Ok(value)
    };
    let samples = match size_code {
        1 => 192,
        2..=5 => 144 << size_code,
        6 => long(1)? + 1,
        7 => long(2)? + 1,
        8..=15 => 1 << size_code,
        _ => return Err("a reserved block size".into()),
    };
    let rate = match rate_code {
        12 => long(1)? * 1000,
        13 => long(2)?,
        14 => long(2)? * 10,
        15 => return Err("a forbidden sample rate".into()),
        code => [0, 88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000]
            [usize::from(code)],
    };
    check!(rate == 0 || rate == info.sample_rate, "a frame of {rate} Hz");
    let crc = bytes[..at].iter().fold(0u8, |crc, &byte| crc8(crc, byte));
    check!(crc == byte(at)?, "the CRC-8 of a frame header");
    Ok(FrameHeader { number, samples, length: at + 1 })
}

fn crc8(mut crc: u8, byte: u8) -> u8 {
    crc ^= byte;
    (0..8).for_each(|_| crc = crc << 1 ^ if crc & 0x80 != 0 { 0x07 } else { 0 });
    crc
}

fn crc16(mut crc: u16, byte: u8) -> u16 {
    crc ^= u16::from(byte) << 8;
    (0..8).for_each(|_| crc = crc << 1 ^ if crc & 0x8000 != 0 { 0x8005 } else { 0 });
    crc
}

/// Bytes of base64 with padding.
pub fn from_base64(text: &str) -> Checked<Vec<u8>> {
    check!(text.len().is_multiple_of(4), "base64 of {} letters", text.len());
    let mut out = Vec::new();
    for group in text.as_bytes().chunks(4) {
        let padding = group.iter().rev().take_while(|&&letter| letter == b'=').count();
        let mut bits = 0u32;
        for &letter in &group[..4 - padding] {
            let value = match letter {
                b'A'..=b'Z' => letter - b'A',
                b'a'..=b'z' => letter - b'a' + 26,
                b'0'..=b'9' => letter - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return Err(format!("{letter} in base64")),
            };
            bits = bits << 6 | u32::from(value);
        }
        check!(padding < 3, "base64 of nothing");
        bits <<= 6 * padding;
        out.extend_from_slice(&bits.to_be_bytes()[1..4 - padding]);
    }
    Ok(out)
}
