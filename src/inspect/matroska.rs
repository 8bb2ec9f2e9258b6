//! Matroska and WebM: elements of EBML (RFC 8794, RFC 9559), with an index and live.

use std::io::{Read, Seek};

use super::codec::{Av1Record, StreamInfo, color, flac_samples, integer_format, opus_samples};
use super::ebml::{Element, each_child, float, next, string, unsigned};
use super::reader::{Reader, text};
use super::{AudioDetails, Counts, Details, FileInfo, Layout, Summary, Times, VideoDetails};
use crate::error::{Error, Result};
use crate::media::{Color, FrameRate, SampleFormat, TimeBase};
use crate::mux::Container;

/// More tracks than any file has; it bounds the memory that a hostile one takes.
const MAX_TRACKS: usize = 1000;

/// The longest CodecPrivate of which anything is read: STREAMINFO after its marker.
const MAX_PRIVATE: usize = 64;

/// Nanoseconds a second.
const SECOND: u32 = 1_000_000_000;

/// The identifier of the EBML header.
pub(super) const EBML_MAGIC: [u8; 4] = [0x1a, 0x45, 0xdf, 0xa3];

mod id {
    pub const EBML: u32 = 0x1a45_dfa3;
    pub const DOC_TYPE: u32 = 0x4282;
    pub const SEGMENT: u32 = 0x1853_8067;
    pub const SEEK_HEAD: u32 = 0x114d_9b74;
    pub const INFO: u32 = 0x1549_a966;
    pub const TIMESTAMP_SCALE: u32 = 0x2a_d7b1;
    pub const TRACKS: u32 = 0x1654_ae6b;
    pub const TRACK_ENTRY: u32 = 0xae;
    pub const TRACK_NUMBER: u32 = 0xd7;
    pub const TRACK_TYPE: u32 = 0x83;
    pub const CODEC_ID: u32 = 0x86;
    pub const CODEC_PRIVATE: u32 = 0x63a2;
    pub const CODEC_DELAY: u32 = 0x56aa;
    pub const DEFAULT_DURATION: u32 = 0x23_e383;
    pub const LANGUAGE: u32 = 0x22_b59c;
    pub const LANGUAGE_BCP47: u32 = 0x22_b59d;
    pub const VIDEO: u32 = 0xe0;
    pub const PIXEL_WIDTH: u32 = 0xb0;
    pub const PIXEL_HEIGHT: u32 = 0xba;
    pub const PIXEL_CROP_BOTTOM: u32 = 0x54aa;
    pub const PIXEL_CROP_TOP: u32 = 0x54bb;
    pub const PIXEL_CROP_LEFT: u32 = 0x54cc;
    pub const PIXEL_CROP_RIGHT: u32 = 0x54dd;
    pub const DISPLAY_WIDTH: u32 = 0x54b0;
    pub const DISPLAY_HEIGHT: u32 = 0x54ba;
    pub const DISPLAY_UNIT: u32 = 0x54b2;
    pub const COLOUR: u32 = 0x55b0;
    pub const MATRIX_COEFFICIENTS: u32 = 0x55b1;
    pub const RANGE: u32 = 0x55b9;
    pub const TRANSFER_CHARACTERISTICS: u32 = 0x55ba;
    pub const PRIMARIES: u32 = 0x55bb;
    pub const AUDIO: u32 = 0xe1;
    pub const SAMPLING_FREQUENCY: u32 = 0xb5;
    pub const CHANNELS: u32 = 0x9f;
    pub const BIT_DEPTH: u32 = 0x6264;
    pub const CLUSTER: u32 = 0x1f43_b675;
    pub const TIMESTAMP: u32 = 0xe7;
    pub const SIMPLE_BLOCK: u32 = 0xa3;
    pub const BLOCK_GROUP: u32 = 0xa0;
    pub const BLOCK: u32 = 0xa1;
    pub const BLOCK_DURATION: u32 = 0x9b;
    pub const REFERENCE_BLOCK: u32 = 0xfb;
    pub const DISCARD_PADDING: u32 = 0x75a2;
    pub const CUES: u32 = 0x1c53_bb6b;
    pub const TAGS: u32 = 0x1254_c367;
    pub const CHAPTERS: u32 = 0x1043_a770;
    pub const ATTACHMENTS: u32 = 0x1941_a469;

    /// Children of the Segment: one of them ends a Cluster of unknown size.
    pub const LEVEL_1: [u32; 8] = [SEEK_HEAD, INFO, TRACKS, CLUSTER, CUES, TAGS, CHAPTERS, ATTACHMENTS];
}

/// Describes the file from its first byte on.
pub(super) fn inspect<R: Read + Seek>(reader: &mut Reader<R>) -> Result<FileInfo> {
    let mut container = Container::Matroska;
    let len = reader.len();
    let mut segment = None;
    while let Some(found) = next(reader, len)? {
        let end = found.end.unwrap_or(len);
        match found.id {
            id::EBML => each_child(reader, found, |reader, child| {
                if child.id == id::DOC_TYPE {
                    container = match &*string(reader, child)? {
                        "matroska" => Container::Matroska,
                        "webm" => Container::WebM,
                        other => return Err(Error::unsupported(format!("the file is EBML of the type `{other}`"))),
                    };
                }
                Ok(())
            })?,
            id::SEGMENT => {
                segment = Some(Segment::read(reader, end.min(len), end > len)?);
                break;
            }
            _ => {}
        }
        reader.seek_to(end)?;
    }
    let Some(segment) = segment else {
        return Err(Error::input("the file has no Segment: it was cut off before it had one"));
    };
    let layout = match segment.cues {
        None => Layout::Live,
        Some(Cues::First) => Layout::IndexFirst,
        Some(Cues::Last) => Layout::IndexLast,
    };
    let scale = segment.timestamp_scale;
    let tracks = segment.tracks.into_iter().map(|track| track.summary(scale).map(Into::into));
    Ok(FileInfo::new(container, layout, len, segment.truncated, tracks.collect::<Result<_>>()?))
}

/// Where the Cues stand.
#[derive(Clone, Copy)]
enum Cues {
    First,
    Last,
}

struct Segment {
    /// Nanoseconds a tick.
    timestamp_scale: u32,
    tracks: Vec<Track>,
    cues: Option<Cues>,
    truncated: bool,
}

/// A TrackEntry, with what its blocks add.
#[derive(Default)]
struct Track {
    number: u64,
    kind: u64,
    codec: String,
    private: Vec<u8>,
    /// Nanoseconds.
    codec_delay: u64,
    /// Nanoseconds; 0 where there is none.
    default_duration: u64,
    language: Option<String>,
    language_bcp47: Option<String>,
    video: Video,
    sample_rate: u32,
    channels: u16,
    bit_depth: u16,
    counts: Counts,
    /// First and last block's time and the end of the last, in the Segment's ticks.
    first: Option<i64>,
    last: i64,
    end: i64,
    /// Whether a block said how long it lasts, the last one so far.
    duration_known: bool,
    /// Samples that the packets decode to; `None` as soon as one does not tell.
    samples: Option<u64>,
    /// Nanoseconds.
    discarded: u64,
}

#[derive(Default)]
struct Video {
    pixel: (u64, u64),
    /// Left and right, top and bottom.
    crop: (u64, u64),
    display: (Option<u64>, Option<u64>),
    display_unit: u64,
    color: Option<Color>,
}

/// A Block or SimpleBlock, through its header.
struct Block {
    track: u64,
    /// Relative to the Cluster's.
    time: i16,
    flags: u8,
    /// How many packets are in it.
    packets: u64,
    bytes: u64,
    /// The first bytes of the only packet.
    head: Vec<u8>,
}

impl Segment {
    fn read<R: Read + Seek>(reader: &mut Reader<R>, end: u64, truncated: bool) -> Result<Self> {
        let mut segment = Segment { timestamp_scale: 1_000_000, tracks: Vec::new(), cues: None, truncated };
        let (mut clusters, mut tracks_seen) = (false, false);
        while let Some(found) = next(reader, end)? {
            // The Cluster goes on with what there is of it; all else is of use as a whole only.
            if found.id == id::CLUSTER {
                clusters = true;
                if !tracks_seen {
                    return Err(Error::input(format!("the Cluster at {} comes before any Tracks", found.start)));
                }
                let whole = segment.read_cluster(reader, found, end)?;
                if !whole {
                    segment.truncated = true;
                    break;
                }
                continue;
            }
            let Some(found_end) = found.end.filter(|&found_end| found_end <= end) else {
                segment.truncated = true;
                break;
            };
            match found.id {
                id::INFO => each_child(reader, found, |reader, child| {
                    if child.id == id::TIMESTAMP_SCALE {
                        let scale = unsigned(reader, child)?;
                        segment.timestamp_scale =
                            u32::try_from(scale).ok().filter(|&scale| scale > 0).ok_or_else(|| {
                                Error::input(format!("the TimestampScale is {scale}: 1 to 4294967295 make sense"))
                            })?;
                    }
                    Ok(())
                })?,
                id::TRACKS if !tracks_seen => {
                    tracks_seen = true;
                    each_child(reader, found, |reader, child| {
                        if child.id == id::TRACK_ENTRY {
                            if segment.tracks.len() == MAX_TRACKS {
                                return Err(Error::limit(format!("the file has more than {MAX_TRACKS} tracks")));
                            }
                            segment.tracks.push(Track::read(reader, child)?);
                        }
                        Ok(())
                    })?;
                }
                id::CUES => segment.cues = Some(if clusters { Cues::Last } else { Cues::First }),
                _ => {}
            }
            reader.seek_to(found_end)?;
        }
        if !tracks_seen {
            return Err(Error::input("the file has no Tracks: it was cut off before it had them"));
        }
        Ok(segment)
    }

    /// Reads the blocks of a Cluster; leaves `reader` behind it. Gives false where the file ends within it.
    fn read_cluster<R: Read + Seek>(&mut self, reader: &mut Reader<R>, cluster: Element, end: u64) -> Result<bool> {
        let (cut, end) = (cluster.end.is_some_and(|own| own > end), cluster.end.unwrap_or(end).min(end));
        let mut cluster_time = 0i64;
        while let Some(found) = next(reader, end)? {
            if cluster.end.is_none() && id::LEVEL_1.contains(&found.id) {
                reader.seek_to(found.start)?;
                return Ok(true);
            }
            let Some(found_end) = found.end.filter(|&found_end| found_end <= end) else {
                return match end == reader.len() {
                    true => Ok(false),
                    false => Err(Error::input(format!("the element at {} is larger than its Cluster", found.start))),
                };
            };
            match found.id {
                id::TIMESTAMP => cluster_time = i64::try_from(unsigned(reader, found)?).unwrap_or(i64::MAX),
                id::SIMPLE_BLOCK => {
                    let block = Block::read(reader, found_end)?;
                    let key = block.flags & 0x80 != 0;
                    self.add(cluster_time, block, key, None, 0);
                }
                id::BLOCK_GROUP => self.read_group(reader, found, cluster_time)?,
                _ => {}
            }
            reader.seek_to(found_end)?;
        }
        Ok(!cut)
    }

    fn read_group<R: Read + Seek>(&mut self, reader: &mut Reader<R>, group: Element, cluster_time: i64) -> Result<()> {
        let (mut block, mut key, mut duration, mut discarded) = (None, true, None, 0);
        each_child(reader, group, |reader, child| {
            match (child.id, child.end) {
                (id::BLOCK, Some(end)) => block = Some(Block::read(reader, end)?),
                (id::REFERENCE_BLOCK, _) => key = false,
                (id::BLOCK_DURATION, _) => duration = Some(unsigned(reader, child)?),
                // Signed; below zero it would cut at the start, which nothing here writes.
                (id::DISCARD_PADDING, _) => discarded = unsigned(reader, child)?,
                _ => {}
            }
            Ok(())
        })?;
        if let Some(block) = block {
            self.add(cluster_time, block, key, duration, discarded);
        }
        Ok(())
    }

    fn add(&mut self, cluster_time: i64, block: Block, key: bool, duration: Option<u64>, discarded: u64) {
        let scale = u64::from(self.timestamp_scale);
        let Some(track) = self.tracks.iter_mut().find(|track| track.number == block.track) else { return };
        let time = cluster_time.saturating_add(block.time.into());
        // A default duration may be a fraction of a tick: the end is rounded, not the duration.
        let default_end = || {
            let nanoseconds =
                i128::from(time) * i128::from(scale) + i128::from(track.default_duration) * i128::from(block.packets);
            i64::try_from((nanoseconds + i128::from(scale / 2)).div_euclid(i128::from(scale))).unwrap_or(i64::MAX)
        };
        let end = match duration {
            Some(duration) => time.saturating_add_unsigned(duration),
            None if track.default_duration > 0 => default_end(),
            None => time,
        };
        track.duration_known = duration.is_some() || track.default_duration > 0;
        track.first = Some(track.first.map_or(time, |first| first.min(time)));
        track.last = track.last.max(time);
        track.end = track.end.max(end);
        let samples = track.block_samples(&block);
        track.samples = match (track.counts.packets, track.samples) {
            (0, _) => samples,
            (_, sum) => sum.and_then(|sum| sum.checked_add(samples?)),
        };
        track.counts.packets += block.packets;
        track.counts.key_packets += if key { block.packets } else { 0 };
        track.counts.bytes += block.bytes;
        track.discarded = track.discarded.saturating_add(discarded);
    }
}

impl Track {
    fn read<R: Read + Seek>(reader: &mut Reader<R>, entry: Element) -> Result<Self> {
        let mut track = Track::default();
        each_child(reader, entry, |reader, child| {
            match child.id {
                id::TRACK_NUMBER => track.number = unsigned(reader, child)?,
                id::TRACK_TYPE => track.kind = unsigned(reader, child)?,
                id::CODEC_ID => track.codec = string(reader, child)?,
                id::CODEC_PRIVATE => {
                    track.private = reader.read_up_to(child.end.unwrap_or(0), MAX_PRIVATE)?;
                }
                id::CODEC_DELAY => track.codec_delay = unsigned(reader, child)?,
                id::DEFAULT_DURATION => track.default_duration = unsigned(reader, child)?,
                id::LANGUAGE => track.language = Some(string(reader, child)?),
                id::LANGUAGE_BCP47 => track.language_bcp47 = Some(string(reader, child)?),
                id::VIDEO => track.video = Video::read(reader, child)?,
                id::AUDIO => each_child(reader, child, |reader, part| {
                    let small = |value: u64| u16::try_from(value).unwrap_or(u16::MAX);
                    match part.id {
                        id::SAMPLING_FREQUENCY => track.sample_rate = float(reader, part)?,
                        id::CHANNELS => track.channels = small(unsigned(reader, part)?),
                        id::BIT_DEPTH => track.bit_depth = small(unsigned(reader, part)?),
                        _ => {}
                    }
                    Ok(())
                })?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(track)
    }

    /// How many samples a channel the only packet of `block` decodes to.
    fn block_samples(&self, block: &Block) -> Option<u64> {
        match &*self.codec {
            _ if block.packets != 1 => None,
            "A_OPUS" => opus_samples(&block.head),
            "A_FLAC" => flac_samples(&block.head),
            codec if codec.starts_with("A_PCM/") => {
                (block.bytes * 8).checked_div(u64::from(self.channels) * u64::from(self.bit_depth))
            }
            _ => None,
        }
    }

    fn summary(self, timestamp_scale: u32) -> Result<Summary> {
        let flac = (self.codec == "A_FLAC").then(|| StreamInfo::parse(self.private.get(4..)?)).flatten();
        let av1 = (self.codec == "V_AV1").then(|| Av1Record::parse(&self.private)).flatten();
        let (codec, codec_string) = match &*self.codec {
            "V_AV1" => ("av1", av1.map(|record| record.codec_string(self.video.color))),
            "V_MJPEG" => ("mjpeg", None),
            "A_OPUS" => ("opus", Some("opus".into())),
            "A_FLAC" => ("flac", Some("flac".into())),
            "A_PCM/INT/LIT" | "A_PCM/FLOAT/IEEE" => ("pcm", None),
            other => (other, None),
        };
        let (details, time_base, times) = match self.kind {
            1 => {
                let video = &self.video;
                let (width, height) = video.shown();
                let fit = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
                let details = Details::Video(VideoDetails {
                    width: fit(width),
                    height: fit(height),
                    coded_width: fit(video.pixel.0),
                    coded_height: fit(video.pixel.1),
                    frame_rate: frame_rate(self.default_duration),
                    bit_depth: av1.map(|record| record.bit_depth),
                    chroma: av1.map(|record| record.chroma),
                    color: video.color,
                });
                let base = TimeBase::new(timestamp_scale, SECOND)?;
                (details, base, self.ticks(timestamp_scale))
            }
            2 => {
                let sample_rate = flac.as_ref().map_or(self.sample_rate, |info| info.sample_rate);
                let pcm = |bits| if codec == "pcm" { Some(integer_format(bits)) } else { None };
                let details = Details::Audio(AudioDetails {
                    sample_rate,
                    channels: flac.as_ref().map_or(self.channels, |info| info.channels),
                    sample_format: match &*self.codec {
                        "A_PCM/FLOAT/IEEE" => Some(SampleFormat::F32),
                        _ => flac.as_ref().map(|info| info.sample_format).or(pcm(self.bit_depth)),
                    },
                });
                if sample_rate == 0 {
                    return Err(Error::input(format!("track {} has no sampling frequency", self.number)));
                }
                let base = TimeBase::new(1, sample_rate)?;
                (details, base, self.samples(timestamp_scale, base))
            }
            _ => (Details::Other, TimeBase::new(timestamp_scale, SECOND)?, self.ticks(timestamp_scale)),
        };
        Ok(Summary {
            number: self.number,
            details,
            codec: text(codec.as_bytes()),
            codec_string,
            // The default of the element is English (RFC 9559, 5.1.4.1.19).
            language: self.language_bcp47.clone().or(self.language.clone()).unwrap_or_else(|| "eng".into()),
            time_base,
            times,
            counts: self.counts,
        })
    }

    /// In ticks of the Segment. A last block that does not tell how long it lasts is taken to last as long as the others
    /// do on average.
    fn ticks(&self, timestamp_scale: u32) -> Times {
        let Some(first) = self.first else { return Times::default() };
        let intervals = i64::try_from(self.counts.packets.saturating_sub(1)).unwrap_or(i64::MAX);
        let average = self.last.saturating_sub(first).checked_div(intervals).unwrap_or(0);
        let end = if self.duration_known { self.end } else { self.last.saturating_add(average) };
        let rounded = end.abs_diff(first);
        // Both ends are rounded to ticks. Frames of one rate say more exactly what lies between.
        let exact =
            u128::from(self.default_duration) * u128::from(self.counts.packets) + u128::from(timestamp_scale / 2);
        let exact = exact.checked_div(timestamp_scale.into()).and_then(|exact| u64::try_from(exact).ok());
        let duration = exact.filter(|&exact| exact > 0 && exact.abs_diff(rounded) <= 1).unwrap_or(rounded);
        Times { start: first, duration, priming: 0, padding: 0 }
    }

    /// In samples: what the packets decode to, without delay and padding.
    fn samples(&self, timestamp_scale: u32, base: TimeBase) -> Times {
        let ticks = self.ticks(timestamp_scale);
        let from_nanoseconds = |nanoseconds: i128| {
            let scaled = nanoseconds * i128::from(base.den());
            let second = i128::from(SECOND);
            (scaled + second / 2).div_euclid(second)
        };
        let whole = |samples: i128| u64::try_from(samples.max(0)).unwrap_or(u64::MAX);
        let scale = i128::from(timestamp_scale);
        let priming = whole(from_nanoseconds(self.codec_delay.into()));
        let padding = whole(from_nanoseconds(self.discarded.into()));
        let all = self.samples.unwrap_or_else(|| whole(from_nanoseconds(i128::from(ticks.duration) * scale)));
        Times {
            start: i64::try_from(from_nanoseconds(i128::from(ticks.start) * scale)).unwrap_or(i64::MAX),
            duration: all.saturating_sub(priming).saturating_sub(padding),
            priming,
            padding,
        }
    }
}

impl Video {
    fn read<R: Read + Seek>(reader: &mut Reader<R>, element: Element) -> Result<Self> {
        let mut video = Video::default();
        each_child(reader, element, |reader, child| {
            let add = |sum: &mut u64, value: u64| *sum = sum.saturating_add(value);
            match child.id {
                id::PIXEL_WIDTH => video.pixel.0 = unsigned(reader, child)?,
                id::PIXEL_HEIGHT => video.pixel.1 = unsigned(reader, child)?,
                id::PIXEL_CROP_LEFT | id::PIXEL_CROP_RIGHT => add(&mut video.crop.0, unsigned(reader, child)?),
                id::PIXEL_CROP_TOP | id::PIXEL_CROP_BOTTOM => add(&mut video.crop.1, unsigned(reader, child)?),
                id::DISPLAY_WIDTH => video.display.0 = Some(unsigned(reader, child)?),
                id::DISPLAY_HEIGHT => video.display.1 = Some(unsigned(reader, child)?),
                id::DISPLAY_UNIT => video.display_unit = unsigned(reader, child)?,
                id::COLOUR => {
                    // The defaults of RFC 9559, 5.1.4.1.28.16 and after: unspecified.
                    let (mut primaries, mut transfer, mut matrix, mut range) = (2, 2, 2, 0);
                    each_child(reader, child, |reader, part| {
                        match part.id {
                            id::PRIMARIES => primaries = unsigned(reader, part)?,
                            id::TRANSFER_CHARACTERISTICS => transfer = unsigned(reader, part)?,
                            id::MATRIX_COEFFICIENTS => matrix = unsigned(reader, part)?,
                            id::RANGE => range = unsigned(reader, part)?,
                            _ => {}
                        }
                        Ok(())
                    })?;
                    video.color = color(primaries, transfer, matrix, range == 2);
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(video)
    }

    /// Width and height to show; a display size in another unit than pixels is a ratio only.
    fn shown(&self) -> (u64, u64) {
        let cropped = (self.pixel.0.saturating_sub(self.crop.0), self.pixel.1.saturating_sub(self.crop.1));
        match self.display_unit {
            0 => (self.display.0.unwrap_or(cropped.0), self.display.1.unwrap_or(cropped.1)),
            _ => cropped,
        }
    }
}

impl Block {
    fn read<R: Read + Seek>(reader: &mut Reader<R>, end: u64) -> Result<Self> {
        let start = reader.position();
        let track = super::ebml::size(reader)?.unwrap_or(0);
        let time = i16::from_be_bytes(reader.read()?);
        let flags = reader.u8()?;
        let bytes = end.checked_sub(reader.position());
        let bytes = bytes.ok_or_else(|| Error::input(format!("the block at {start} is shorter than its header")))?;
        let laced = flags & 0x06 != 0;
        let packets = if laced && bytes > 0 { u64::from(reader.u8()?) + 1 } else { 1 };
        let head = reader.read_up_to(end, if laced { 0 } else { 16 })?;
        Ok(Block { track, time, flags, packets, bytes, head })
    }
}

/// The rate whose frames last `nanoseconds`, a number that was rounded: the NTSC rate or whole number that rounds to it,
/// where there is one.
pub(super) fn frame_rate(nanoseconds: u64) -> Option<FrameRate> {
    let nanoseconds = u32::try_from(nanoseconds).ok().filter(|&nanoseconds| nanoseconds > 0)?;
    let second = u64::from(SECOND);
    let rounds_to_it = |rate: FrameRate| {
        let exact = second * u64::from(rate.den());
        rate.is_valid() && exact.abs_diff(u64::from(nanoseconds) * u64::from(rate.num())) < u64::from(rate.num())
    };
    let nearest = |den: u64| {
        let num = (second * den + u64::from(nanoseconds) / 2) / u64::from(nanoseconds);
        // NTSC's numerators are whole thousands.
        let num = if den == 1 { num } else { (num + 500) / 1000 * 1000 };
        Some(FrameRate::new(u32::try_from(num).ok()?, u32::try_from(den).ok()?)).filter(|&rate| rounds_to_it(rate))
    };
    nearest(1).or_else(|| nearest(1001)).or(Some(FrameRate::new(SECOND, nanoseconds)))
}
