//! IVF and YUV4MPEG2: a header, then frame after frame.

use std::io::{Read, Seek};

use super::{summary, u16_le, u32_le, video};
use crate::error::{Error, Result};
use crate::inspect::about::About;
use crate::inspect::reader::{Reader, text};
use crate::inspect::{Counts, Details, FileInfo, Format, IndexPlacement, Times};
use crate::media::{AspectRatio, ChromaSubsampling, FrameRate, TimeBase};

/// `DKIF`. AV1's key frames are told by the sequence header in front of them.
pub(in crate::inspect) fn ivf<R: Read + Seek>(reader: &mut Reader<R>) -> Result<FileInfo> {
    let len = reader.len();
    reader.skip(6)?; // signature, version
    let header = u16_le(reader)?;
    let fourcc = reader.read::<4>()?;
    let (width, height) = (u16_le(reader)?, u16_le(reader)?);
    let (rate, scale) = (u32_le(reader)?, u32_le(reader)?);
    let base = TimeBase::new(scale, rate)
        .map_err(|_| Error::input(format!("the IVF header's time base is {scale}/{rate}")))?;
    reader.seek_to(header.into())?;
    let (mut counts, mut truncated) = (Counts::default(), false);
    let (mut first, mut last) = (None, 0);
    while reader.position() < len {
        if len - reader.position() < 12 {
            truncated = true;
            break;
        }
        let size = u64::from(u32_le(reader)?);
        let time = i64::try_from(u64::from_le_bytes(reader.read()?)).unwrap_or(i64::MAX);
        let end = reader.position() + size;
        if end > len {
            truncated = true;
            break;
        }
        let head = reader.read_up_to(end, 3)?;
        let obu = match *head {
            [0x12, 0, header] => header, // a temporal delimiter is in front
            [header, ..] => header,
            [] => 0,
        };
        counts.packets += 1;
        counts.bytes += size;
        counts.key_packets += u64::from(fourcc == *b"AV01" && obu >> 3 & 15 == 1);
        first.get_or_insert(time);
        last = last.max(time);
        reader.seek_to(end)?;
    }
    let start = first.unwrap_or(0);
    let span = last.abs_diff(start);
    // The last frame is taken to last as long as the others do on average.
    let average = counts.packets.checked_sub(1).and_then(|intervals| span.checked_div(intervals)).unwrap_or(1);
    let duration = if counts.packets == 0 { 0 } else { span.saturating_add(average) };
    let codec = if fourcc == *b"AV01" { "av1".into() } else { text(&fourcc) };
    let details = Details::Video(video(width.into(), height.into()));
    let times = Times { start, duration, ..Times::default() };
    let track = summary(1, details, &codec, base, times, counts).into();
    Ok(FileInfo::new(Format::Ivf, IndexPlacement::Stream, len, truncated, vec![track], About::default()))
}

/// The longest line that is read.
const MAX_LINE: usize = 4096;

/// `YUV4MPEG2`, whose frames all have one size; headers of frames without parameters are taken for granted.
pub(in crate::inspect) fn y4m<R: Read + Seek>(reader: &mut Reader<R>) -> Result<FileInfo> {
    let len = reader.len();
    let head = reader.read_up_to(len, MAX_LINE)?;
    let line = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let line = text_of(line).filter(|_| line.len() < head.len());
    let line = line.ok_or_else(|| Error::input("the Y4M file has no line of parameters"))?;
    let (mut width, mut height, mut rate, mut shape) = (0u32, 0u32, None, None);
    let (mut chroma, mut bits) = (Some(ChromaSubsampling::Yuv420), 8u8);
    for parameter in line.split(' ').skip(1) {
        let Some(value) = parameter.get(1..) else { continue };
        let pair = || {
            let (num, den) = value.split_once(':')?;
            Some((num.parse::<u32>().ok()?, den.parse::<u32>().ok()?))
        };
        match parameter.as_bytes()[0] {
            b'W' => width = value.parse().unwrap_or(0),
            b'H' => height = value.parse().unwrap_or(0),
            b'F' => rate = pair().map(|(num, den)| FrameRate::new(num, den)).filter(|rate| rate.is_valid()),
            b'A' => shape = pair().and_then(|(num, den)| AspectRatio::new(num, den).ok()),
            b'C' => (chroma, bits) = chroma_of(value),
            _ => {}
        }
    }
    if width == 0 || height == 0 {
        return Err(Error::input("the Y4M file does not say how large its pictures are"));
    }
    // Two numbers of 32 bits, three times, fit.
    let (w, h) = (u128::from(width), u128::from(height));
    let samples = match chroma {
        Some(ChromaSubsampling::Monochrome) => w * h,
        Some(ChromaSubsampling::Yuv420) => w * h + 2 * (w.div_ceil(2) * h.div_ceil(2)),
        Some(ChromaSubsampling::Yuv422) => w * h + 2 * (w.div_ceil(2) * h),
        Some(ChromaSubsampling::Yuv444) => w * h * 3,
        None => {
            return Err(Error::unsupported(format!("the Y4M file has a chroma of a kind that is not known: {line}")));
        }
    };
    let samples = u64::try_from(samples).unwrap_or(u64::MAX);
    let frame = samples.saturating_mul(if bits > 8 { 2 } else { 1 });
    let each = frame.saturating_add(b"FRAME\n".len() as u64);
    let rest = len - (line.len() as u64 + 1);
    let packets = rest / each;
    let mut details = video(width, height);
    details.sample_aspect_ratio = shape.unwrap_or_default();
    details.width = details.sample_aspect_ratio.display_width(width);
    (details.chroma, details.bit_depth, details.frame_rate) = (chroma, Some(bits), rate);
    let base = rate.map_or(Ok(TimeBase::per_second(25)), |rate| TimeBase::new(rate.den(), rate.num()))?;
    let counts = Counts { packets, key_packets: packets, bytes: packets * frame };
    let times = Times { duration: packets, ..Times::default() };
    let track = summary(1, Details::Video(details), "raw", base, times, counts).into();
    Ok(FileInfo::new(
        Format::Y4m,
        IndexPlacement::Stream,
        len,
        !rest.is_multiple_of(each),
        vec![track],
        About::default(),
    ))
}

fn text_of(line: &[u8]) -> Option<&str> {
    std::str::from_utf8(line).ok()
}

/// The planes by their name, as in `420jpeg` and `422p10`; `None` where it is another.
fn chroma_of(name: &str) -> (Option<ChromaSubsampling>, u8) {
    let (planes, rest) = match (name.strip_prefix("mono"), name.get(..3)) {
        (Some(rest), _) => (Some(ChromaSubsampling::Monochrome), rest),
        (_, Some("420")) => (Some(ChromaSubsampling::Yuv420), &name[3..]),
        (_, Some("422")) => (Some(ChromaSubsampling::Yuv422), &name[3..]),
        (_, Some("444")) => (Some(ChromaSubsampling::Yuv444), &name[3..]),
        _ => (None, ""),
    };
    let bits = rest.trim_start_matches('p').parse().ok().filter(|bits| (9..=16).contains(bits)).unwrap_or(8);
    (planes.filter(|_| rest != "alpha"), bits)
}
