//! Ogg (RFC 3533): pages of several streams, one after the other.

use std::io::{Read, Seek};

use super::{comments, summary};
use crate::error::{Error, Result};
use crate::inspect::about::About;
use crate::inspect::codec::StreamInfo;
use crate::inspect::reader::Reader;
use crate::inspect::{AudioDetails, Counts, Details, FileInfo, Format, IndexPlacement, Times};
use crate::media::TimeBase;

/// More streams than any file has.
const MAX_STREAMS: usize = 100;

/// What a stream's pages add up to.
struct Stream {
    serial: u32,
    codec: &'static str,
    sample_rate: u32,
    channels: u16,
    info: Option<StreamInfo>,
    pre_skip: u64,
    /// Packets in front that hold no sound.
    headers: u64,
    /// The beginning of such a packet whose end has not come, and how long it is until now.
    head: Vec<u8>,
    head_bytes: u64,
    language: Option<String>,
    header_bytes: u64,
    packets: u64,
    bytes: u64,
    /// The end of the last page's last whole packet, in samples.
    granule: u64,
}

/// Walks all pages.
pub(in crate::inspect) fn inspect<R: Read + Seek>(reader: &mut Reader<R>) -> Result<FileInfo> {
    let len = reader.len();
    let (mut streams, mut about) = (Vec::<Stream>::new(), About::default());
    let mut truncated = false;
    while len.saturating_sub(reader.position()) >= 27 {
        let head = reader.read::<27>()?;
        let [b'O', b'g', b'g', b'S', 0, flags, rest @ ..] = head else {
            truncated = true;
            break;
        };
        let number = |range: std::ops::Range<usize>| {
            rest[range].iter().rev().fold(0u64, |sum, &byte| sum << 8 | u64::from(byte))
        };
        let (granule, serial) = (number(0..8), number(8..12) as u32);
        let lacing = reader.read_up_to(len, rest[20].into())?;
        let body = reader.position();
        let size: u64 = lacing.iter().map(|&length| u64::from(length)).sum();
        if lacing.len() < usize::from(rest[20]) || body + size > len {
            truncated = true;
            break;
        }
        let ended = lacing.iter().filter(|&&length| length < 255).count() as u64;
        if flags & 2 != 0 {
            if streams.len() == MAX_STREAMS {
                return Err(Error::limit(format!("the Ogg file has more than {MAX_STREAMS} streams")));
            }
            let first = reader.read_up_to(body + size, 64)?;
            streams.push(Stream::new(serial, &first));
        }
        if let Some(stream) = streams.iter_mut().find(|stream| stream.serial == serial) {
            if stream.packets < stream.headers {
                reader.seek_to(body)?;
                stream.read_heads(reader, &lacing, &mut about)?;
            }
            // All bits set: no packet ends here.
            if granule != u64::MAX && i64::try_from(granule).is_ok() {
                stream.granule = granule;
            }
            if stream.packets < stream.headers {
                stream.header_bytes += size;
            }
            stream.packets += ended;
            stream.bytes += size;
        }
        reader.seek_to(body + size)?;
    }
    truncated |= reader.position() < len;
    if streams.is_empty() {
        return Err(Error::input("the Ogg file has no first page of a stream"));
    }
    let tracks = streams.into_iter().zip(1..).map(|(stream, number)| stream.summary(number).into()).collect();
    Ok(FileInfo::new(Format::Ogg, IndexPlacement::Stream, len, truncated, tracks, about))
}

impl Stream {
    fn new(serial: u32, first: &[u8]) -> Self {
        let mut stream = Stream {
            serial,
            codec: "unknown",
            sample_rate: 0,
            channels: 0,
            info: None,
            pre_skip: 0,
            headers: 0,
            head: Vec::new(),
            head_bytes: 0,
            language: None,
            header_bytes: 0,
            packets: 0,
            bytes: 0,
            granule: 0,
        };
        match first {
            [b'O', b'p', b'u', b's', b'H', b'e', b'a', b'd', _, channels, low, high, ..] => {
                (stream.codec, stream.sample_rate, stream.channels) = ("opus", 48_000, (*channels).into());
                (stream.pre_skip, stream.headers) = (u16::from_le_bytes([*low, *high]).into(), 2);
            }
            [0x7f, b'F', b'L', b'A', b'C', _, _, high, low, b'f', b'L', b'a', b'C', blocks @ ..] => {
                stream.codec = "flac";
                stream.headers = 1 + u64::from(u16::from_be_bytes([*high, *low]));
                stream.info = StreamInfo::parse(blocks);
                if let Some(info) = &stream.info {
                    (stream.sample_rate, stream.channels) = (info.sample_rate, info.channels);
                }
            }
            [1, b'v', b'o', b'r', b'b', b'i', b's', _, _, _, _, channels, r0, r1, r2, r3, ..] => {
                (stream.codec, stream.headers, stream.channels) = ("vorbis", 3, (*channels).into());
                stream.sample_rate = u32::from_le_bytes([*r0, *r1, *r2, *r3]);
            }
            [0x80, b't', b'h', b'e', b'o', b'r', b'a', ..] => stream.codec = "theora",
            _ => {}
        }
        stream
    }

    /// Gathers the packets in front of the sound, over as many pages as they take, and reads those that end on this one. The
    /// first of them has been read.
    fn read_heads<R: Read + Seek>(&mut self, reader: &mut Reader<R>, lacing: &[u8], about: &mut About) -> Result<()> {
        let mut packet = self.packets;
        for &length in lacing {
            if packet >= self.headers {
                break;
            }
            let end = reader.position() + u64::from(length);
            if packet > 0 {
                let room = comments::MAX_HEAD.saturating_sub(self.head.len());
                self.head.extend(reader.read_up_to(end, room)?);
                self.head_bytes += u64::from(length);
            }
            reader.seek_to(end)?;
            if length < 255 {
                packet += 1;
                self.read_head(about);
            }
        }
        Ok(())
    }

    /// Comments, behind a signature that is the codec's own, or a picture.
    fn read_head(&mut self, about: &mut About) {
        let (head, total) = (std::mem::take(&mut self.head), std::mem::take(&mut self.head_bytes));
        let skip = match *head {
            [b'O', b'p', b'u', b's', b'T', b'a', b'g', b's', ..] => 8,
            [3, b'v', b'o', b'r', b'b', b'i', b's', ..] => 7,
            // A metadata block of FLAC: its type, and 24 bits of size.
            [kind, _, _, _, ..] if self.codec == "flac" && matches!(kind & 0x7f, 4 | 6) => 4,
            _ => return,
        };
        let (body, total) = (&head[skip..], total - skip as u64);
        match head[0] & 0x7f {
            6 if self.codec == "flac" => about.cover = about.cover.or(comments::picture(body, total)),
            _ => {
                let language = comments::read(body, total, about);
                self.language = self.language.take().or(language);
            }
        }
    }

    fn summary(self, number: u64) -> crate::inspect::Summary {
        let is_known = self.sample_rate > 0;
        let details = match is_known {
            true => Details::Audio(AudioDetails {
                sample_rate: self.sample_rate,
                channels: self.channels,
                sample_format: self.info.as_ref().map(|info| info.sample_format),
            }),
            false => Details::Other,
        };
        let packets = self.packets.saturating_sub(self.headers);
        let counts = Counts { packets, key_packets: packets, bytes: self.bytes.saturating_sub(self.header_bytes) };
        let times = match is_known {
            true => Times {
                duration: self.granule.saturating_sub(self.pre_skip),
                priming: self.pre_skip,
                ..Times::default()
            },
            false => Times::default(),
        };
        let mut summary = summary(number, details, self.codec, TimeBase::per_second(self.sample_rate), times, counts);
        summary.labels.language = self.language.unwrap_or(summary.labels.language);
        summary.codec_string = matches!(self.codec, "opus" | "flac" | "vorbis").then(|| self.codec.into());
        summary
    }
}
