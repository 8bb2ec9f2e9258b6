//! Matroska and WebM: elements of EBML (RFC 8794, RFC 9559), with an index and live.

mod id;
mod lace;
mod tags;
mod track;
mod video;

use std::io::{Read, Seek};

use super::about::{About, if_sound};
use super::ebml::{Element, each_child, next, string, unsigned};
use super::reader::Reader;
use super::{FileInfo, Format, IndexPlacement};
use crate::error::{Error, Result};
use track::Track;
#[cfg(test)]
pub(super) use track::frame_rate;

/// More tracks than any file has; it bounds the memory that a hostile one takes.
const MAX_TRACKS: usize = 1000;

/// The identifier of the EBML header.
pub(super) const EBML_MAGIC: [u8; 4] = [0x1a, 0x45, 0xdf, 0xa3];

/// Describes the file from its first byte on.
pub(super) fn inspect<R: Read + Seek>(reader: &mut Reader<R>) -> Result<FileInfo> {
    let mut container = Format::Matroska;
    let len = reader.len();
    let mut segment = None;
    while let Some(found) = next(reader, len)? {
        let end = found.end.unwrap_or(len);
        match found.id {
            id::EBML => each_child(reader, found, |reader, child| {
                if child.id == id::DOC_TYPE {
                    container = match &*string(reader, child)? {
                        "matroska" => Format::Matroska,
                        "webm" => Format::WebM,
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
        None => IndexPlacement::Live,
        Some(Cues::First) => IndexPlacement::IndexFirst,
        Some(Cues::Last) => IndexPlacement::IndexLast,
    };
    let scale = segment.timestamp_scale;
    let tracks = segment.tracks.into_iter().map(|track| track.summary(scale).map(Into::into));
    let tracks = tracks.collect::<Result<_>>()?;
    Ok(FileInfo::new(container, layout, len, segment.truncated, tracks, segment.about))
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
    about: About,
}

/// A Block or SimpleBlock, through its header.
struct Block {
    track: u64,
    /// Relative to the Cluster's.
    time: i16,
    flags: u8,
    /// One, or those of a lace.
    packets: Vec<PacketHead>,
}

/// How long a packet is, and its first bytes.
struct PacketHead {
    bytes: u64,
    head: Vec<u8>,
}

impl Segment {
    fn read<R: Read + Seek>(reader: &mut Reader<R>, end: u64, truncated: bool) -> Result<Self> {
        let mut segment =
            Segment { timestamp_scale: 1_000_000, tracks: Vec::new(), cues: None, truncated, about: About::default() };
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
                    let read = tags::read_info(reader, child, &mut segment.about);
                    if_sound(read)
                })?,
                id::TAGS => {
                    let read = tags::read_tags(reader, found, &mut segment.about);
                    if_sound(read)?;
                }
                id::CHAPTERS => {
                    let read = tags::read_chapters(reader, found, &mut segment.about);
                    if_sound(read)?;
                }
                id::ATTACHMENTS => {
                    let read = tags::read_attachments(reader, found, &mut segment.about);
                    if_sound(read)?;
                }
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
                i128::from(time) * i128::from(scale) + i128::from(track.default_duration) * block.packets.len() as i128;
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
        let mut packets = block.packets.iter();
        let samples = packets.try_fold(0u64, |sum, packet| sum.checked_add(track.packet_samples(packet)?));
        track.samples = match (track.counts.packets, track.samples) {
            (0, _) => samples,
            (_, sum) => sum.and_then(|sum| sum.checked_add(samples?)),
        };
        let packets = block.packets.len() as u64;
        track.counts.packets += packets;
        track.counts.key_packets += if key { packets } else { 0 };
        track.counts.bytes += block.packets.iter().map(|packet| packet.bytes).sum::<u64>();
        track.discarded = track.discarded.saturating_add(discarded);
    }
}

impl Block {
    fn read<R: Read + Seek>(reader: &mut Reader<R>, end: u64) -> Result<Self> {
        let start = reader.position();
        let track = super::ebml::size(reader)?.unwrap_or(0);
        let time = i16::from_be_bytes(reader.read()?);
        let flags = reader.u8()?;
        if end < reader.position() {
            return Err(Error::input(format!("the block at {start} is shorter than its header")));
        }
        let mut packets = Vec::new();
        for bytes in lace::sizes(reader, end, flags)? {
            let packet_end = reader.position() + bytes;
            packets.push(PacketHead { bytes, head: reader.read_up_to(packet_end, 16)? });
            reader.seek_to(packet_end)?;
        }
        Ok(Block { track, time, flags, packets })
    }
}
