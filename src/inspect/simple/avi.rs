//! AVI, with the further RIFFs of OpenDML.

use std::io::{Read, Seek};

use super::{WaveFormat, each_chunk, read_info, summary, u16_le, u32_le, video};
use crate::error::{Error, Result};
use crate::inspect::about::{About, if_sound, words};
use crate::inspect::boxes::BoxAt;
use crate::inspect::reader::{Reader, text};
use crate::inspect::{Counts, Details, FileInfo, Format, IndexPlacement, Summary, Times};
use crate::media::{AspectRatio, TimeBase};

/// As many streams as chunks can name.
const MAX_STREAMS: usize = 100;

/// How deep lists may lie in lists.
const MAX_DEPTH: u32 = 6;

#[derive(Default)]
struct Avi {
    streams: Vec<Stream>,
    about: About,
    has_index: bool,
}

/// `strl`, with what its chunks add up to.
#[derive(Default)]
struct Stream {
    kind: [u8; 4],
    scale: u32,
    rate: u32,
    size: (u32, u32),
    compression: [u8; 4],
    sound: Option<WaveFormat>,
    shape: Option<AspectRatio>,
    name: Option<String>,
    counts: Counts,
}

/// Reads all RIFFs of the file.
pub(in crate::inspect) fn inspect<R: Read + Seek>(reader: &mut Reader<R>) -> Result<FileInfo> {
    let len = reader.len();
    let mut avi = Avi::default();
    let truncated = each_chunk(reader, len, |reader, riff, _| {
        if riff.kind == *b"RIFF" && riff.end - riff.body >= 4 {
            reader.skip(4)?; // `AVI ` or `AVIX`
            avi.read(reader, riff.end, 0)?;
        }
        Ok(())
    })?;
    if avi.streams.is_empty() {
        return Err(Error::input("the AVI file has no `strl`: it was cut off before it described its streams"));
    }
    let layout = if avi.has_index { IndexPlacement::IndexLast } else { IndexPlacement::Stream };
    let tracks = avi.streams.into_iter().zip(1..).map(|(stream, number)| Ok(stream.summary(number)?.into()));
    Ok(FileInfo::new(Format::Avi, layout, len, truncated, tracks.collect::<Result<_>>()?, avi.about))
}

impl Avi {
    fn read<R: Read + Seek>(&mut self, reader: &mut Reader<R>, end: u64, depth: u32) -> Result<()> {
        each_chunk(reader, end, |reader, chunk, _| {
            match &chunk.kind {
                b"LIST" if chunk.end - chunk.body >= 4 => {
                    let kind = reader.read::<4>()?;
                    match &kind {
                        b"INFO" => {
                            let read = read_info(reader, chunk.end, &mut self.about);
                            if_sound(read)?;
                        }
                        b"strl" if self.streams.len() == MAX_STREAMS => {
                            return Err(Error::limit(format!("the AVI file has more than {MAX_STREAMS} streams")));
                        }
                        _ => {
                            if kind == *b"strl" {
                                self.streams.push(Stream::default());
                            }
                            if depth < MAX_DEPTH {
                                self.read(reader, chunk.end, depth + 1)?;
                            }
                        }
                    }
                }
                b"idx1" | b"indx" => self.has_index = true,
                b"IDIT" => {
                    let text = words(reader, chunk.end)?;
                    self.about.creation_time = self.about.creation_time.or(unix_time(&text));
                }
                [tens @ b'0'..=b'9', ones @ b'0'..=b'9', _, _] => {
                    let index = usize::from(tens - b'0') * 10 + usize::from(ones - b'0');
                    if let Some(stream) = self.streams.get_mut(index) {
                        stream.counts.packets += 1;
                        stream.counts.bytes += chunk.end - chunk.body;
                    }
                }
                _ => {
                    if let Some(stream) = self.streams.last_mut() {
                        let read = stream.read(reader, chunk);
                        if_sound(read)?;
                    }
                }
            }
            Ok(())
        })
        .map(drop)
    }
}

/// Seconds from 1970 of a text as C's `asctime` writes it, in UTC: `Tue Nov 24 19:03:40 2026`.
fn unix_time(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb"];
    let mut parts = text.split_whitespace().skip(1);
    let month = parts.next()?;
    let month = (0..).zip(MONTHS).find(|(_, name)| name.eq_ignore_ascii_case(month))?.0;
    let number = |text: Option<&str>, most: i64| text?.parse::<i64>().ok().filter(|value| (0..=most).contains(value));
    let day = number(parts.next(), 31)?;
    let mut clock = parts.next()?.split(':');
    let (hour, minute, second) = (number(clock.next(), 23)?, number(clock.next(), 59)?, number(clock.next(), 60)?);
    // Years that end with the leap day: 400 of them have 146,097 days, and months from March on 153 in five.
    let year = number(parts.next(), 9999)? - i64::from(month >= 10);
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days = year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468;
    Some(days * 86_400 + hour * 3_600 + minute * 60 + second)
}

impl Stream {
    fn read<R: Read + Seek>(&mut self, reader: &mut Reader<R>, chunk: BoxAt) -> Result<()> {
        match &chunk.kind {
            b"strh" => {
                self.kind = reader.read()?;
                reader.skip(16)?; // fccHandler, dwFlags, wPriority, wLanguage, dwInitialFrames
                (self.scale, self.rate) = (u32_le(reader)?, u32_le(reader)?);
            }
            b"strf" if self.kind == *b"vids" => {
                reader.skip(4)?; // biSize
                let (width, height) = (u32_le(reader)?, u32_le(reader)?);
                // A height below zero: rows from the top.
                self.size = (width, height.cast_signed().unsigned_abs());
                reader.skip(4)?; // biPlanes, biBitCount
                self.compression = reader.read()?;
            }
            b"strf" if self.kind == *b"auds" => self.sound = Some(WaveFormat::read(reader, chunk.end)?),
            b"strn" => self.name = Some(words(reader, chunk.end)?).filter(|name| !name.is_empty()),
            b"vprp" => {
                reader.skip(20)?;
                let (y, x) = (u16_le(reader)?, u16_le(reader)?); // dwFrameAspectRatio, low half first
                let (width, height) = (u32_le(reader)?, u32_le(reader)?);
                let part = |a: u16, b: u32| u32::from(a).checked_mul(b);
                let shape = part(x, height).zip(part(y, width));
                self.shape = shape.and_then(|(num, den)| AspectRatio::new(num, den).ok());
            }
            _ => {}
        }
        Ok(())
    }

    fn summary(mut self, number: u64) -> Result<Summary> {
        let times = |duration| Times { duration, ..Times::default() };
        let mut summary = match (&self.kind, &self.sound) {
            (b"auds", Some(sound)) if sound.sample_rate > 0 => {
                let samples = self.counts.bytes.checked_div(sound.block_align.into()).unwrap_or(0);
                // Blocks of other codecs say nothing of their length.
                let duration = if sound.codec == "pcm" { samples } else { 0 };
                self.counts.key_packets = self.counts.packets;
                let base = TimeBase::per_second(sound.sample_rate);
                summary(number, sound.details(), &sound.codec, base, times(duration), self.counts)
            }
            (b"vids", _) => {
                let mut details = video(self.size.0, self.size.1);
                details.sample_aspect_ratio = self.shape.unwrap_or_default();
                details.width = details.sample_aspect_ratio.display_width(details.coded_width);
                let (codec, intra) = match &self.compression {
                    b"MJPG" | b"mjpg" => ("mjpeg".into(), true),
                    [0, 0, 0, 0]
                    | b"DIB "
                    | b"I420"
                    | b"IYUV"
                    | b"YV12"
                    | b"YV16"
                    | b"YV24"
                    | b"YUY2"
                    | b"UYVY"
                    | b"Y800"
                    | b"I422"
                    | b"I444" => ("raw".into(), true),
                    other => (text(other), false),
                };
                // Which pictures are key is in the index.
                self.counts.key_packets = if intra { self.counts.packets } else { 0 };
                let base = TimeBase::new(self.scale.max(1), self.rate.max(1))?;
                summary(number, Details::Video(details), &codec, base, times(self.counts.packets), self.counts)
            }
            _ => summary(number, Details::Other, &text(&self.kind), TimeBase::MILLISECONDS, times(0), self.counts),
        };
        summary.labels.title = self.name;
        Ok(summary)
    }
}
