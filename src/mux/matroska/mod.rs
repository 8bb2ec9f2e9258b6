//! Matroska (RFC 9559) and WebM, a file or a live stream.
//!
//! # Times
//!
//! One tick is a millisecond. Times are rounded each by itself and never summed from rounded durations, so that they
//! stay within half a millisecond of the truth however long the file is.
//!
//! Blocks are stamped with the time at which the decoder's output of them begins, priming included, and CodecDelay
//! says how much of that output is priming: readers take it away from each time of the track (RFC 9559, 5.1.4.1.25).
//! [`Packet::pts`] counts the same way. So a sound track that begins with the picture has its first block at 0, as the
//! picture has; its priming, say 6.5 ms, is played from -6.5 ms to 0 and not heard, and what is heard first is heard at
//! 0. Times that had the delay added once more would put the sound late by it, and times that had it taken away would
//! put it early and begin below 0.
//!
//! # Durations
//!
//! A video track of constant rate has a DefaultDuration and SimpleBlocks; a frame that lasts longer or shorter than
//! that is in a BlockGroup with its BlockDuration. Of a variable rate every frame has its BlockDuration, because readers
//! can tell the duration of a frame without one only by the frame after it, and the last has none. Sound needs none but
//! for a last packet that is padded: it has a DiscardPadding, and a BlockDuration without the padding.
//!
//! # Memory
//!
//! The file form holds one cluster, at most 5 MB and a packet, and 32 bytes for each key frame of a video track. The
//! live form holds nothing.

mod cluster;
mod cues;
mod ebml;
mod fingerprint;
mod head;
mod ids;
#[cfg(test)]
mod tests;
mod tracks;
#[cfg(test)]
#[path = "../../../tests/support/ebml.rs"]
mod verifier;

use self::cluster::{Block, Clusters, Details};
use self::cues::Cue;
use self::fingerprint::Fingerprint;
use self::head::{InfoState, Totals};
use super::{Container, Layout, MuxSettings, Muxer, append, patch};
use crate::error::{Error, Result};
use crate::media::{Packet, TimeBase, Track};
use crate::sink::Sink;

/// The segment's ticks.
const TICKS: TimeBase = TimeBase::MILLISECONDS;

/// Sound alone has a cue a second: all of its blocks are key frames, and an index of each would be as long as they are.
const AUDIO_CUE_SPACING: i64 = 1_000;

/// How much of a packet goes into the hash that identifies the file, next to its times and its size.
const HASHED_BYTES: usize = 64;

/// The muxer of a places.
pub(super) fn open(container: Container, settings: &MuxSettings) -> Result<Box<dyn Muxer>> {
    Ok(Box::new(MatroskaMuxer::new(container, settings.clone())))
}

/// The muxer of both forms: a file, whose index, sizes and totals are patched in at the end, and a live stream, whose
/// sizes stay unknown and which has no index.
pub(super) struct MatroskaMuxer {
    container: Container,
    can_patch: bool,
    clusters: Clusters,
    lanes: Vec<Lane>,
    /// The index of the track that clusters and, where there is no video, cues go by.
    lead: usize,
    cues: Vec<Cue>,
    places: Option<Places>,
    content: Fingerprint,
    /// Where the last track ends, as it is seen and heard.
    end_ns: u64,
}

/// A track while it is written.
struct Lane {
    time_base: TimeBase,
    is_video: bool,
    /// Nanoseconds between frames, of a constant rate.
    default_duration: Option<i64>,
    pre_skip: i64,
    /// The time of its last block.
    last: Option<i64>,
    /// The time of its last cue.
    last_cue: Option<i64>,
}

/// What is patched at the end, and where.
struct Places {
    segment_size_at: u64,
    /// The segment's first byte of data, from which positions count.
    data_start: u64,
    seek_head_at: u64,
    info_at: u64,
    tracks_at: u64,
    tracks: Vec<u8>,
}

impl MatroskaMuxer {
    /// `container` is Matroska or WebM.
    pub(super) fn new(container: Container, settings: MuxSettings) -> Self {
        let can_patch = settings.layout != Layout::Live;
        MatroskaMuxer {
            container,
            can_patch,
            clusters: Clusters::new(&settings, can_patch),
            lanes: Vec::new(),
            lead: 0,
            cues: Vec::new(),
            places: None,
            content: Fingerprint::new(),
            end_ns: 0,
        }
    }
}

impl Muxer for MatroskaMuxer {
    fn begin(&mut self, tracks: &[Track], sink: &mut dyn Sink) -> Result<()> {
        tracks::check(tracks)?;
        self.lanes = tracks.iter().map(Lane::new).collect();
        self.lead = tracks.iter().position(|track| track.video().is_some()).unwrap_or(0);

        let mut out = head::ebml_header(self.container);
        ebml::element_id(&mut out, ids::SEGMENT);
        let start = sink.position();
        let at = |out: &Vec<u8>| start + out.len() as u64;
        let segment_size_at = at(&out);
        out.extend_from_slice(&ebml::UNKNOWN_SIZE);
        let data_start = at(&out);
        let seek_head_at = data_start;
        if self.can_patch {
            out.extend_from_slice(&head::seek_head(&[]));
        }
        let info_at = at(&out);
        let info = if self.can_patch { InfoState::Reserved } else { InfoState::Live };
        out.extend_from_slice(&head::info(&info));
        let tracks_at = at(&out);
        let tracks = tracks::tracks(tracks);
        out.extend_from_slice(&tracks);
        self.content.add(&tracks);
        self.places = Some(Places { segment_size_at, data_start, seek_head_at, info_at, tracks_at, tracks });
        append(sink, &out)
    }

    fn packet(&mut self, packet: Packet, sink: &mut dyn Sink) -> Result<()> {
        let (Some(lane), Some(places)) = (self.lanes.get_mut(packet.track), &self.places) else {
            return Err(Error::state(format!("a packet of track {}, which was not begun", packet.track)));
        };
        let time = lane.time(packet.pts, TICKS)?;
        let heard_end = lane.time(trimmed_end(&packet).saturating_sub(lane.pre_skip), TimeBase::NANOSECONDS)?;
        let details = lane.details(&packet, time)?;
        let is_lead = packet.track == self.lead;
        let block = Block {
            track: tracks::number(packet.track),
            time,
            key: packet.key,
            lead: is_lead && packet.key,
            details,
            data: &packet.data,
        };
        let placement = self.clusters.write(&block, sink)?;

        let cue_is_due =
            lane.is_video || is_lead && lane.last_cue.is_none_or(|last| time >= last.saturating_add(AUDIO_CUE_SPACING));
        if self.can_patch && packet.key && cue_is_due {
            lane.last_cue = Some(time);
            self.cues.push(Cue {
                time: u64::try_from(time).unwrap_or(0),
                track: block.track,
                cluster: placement.cluster - places.data_start,
                relative: placement.relative,
            });
        }
        lane.last = Some(time);
        self.end_ns = self.end_ns.max(u64::try_from(heard_end).unwrap_or(0));
        if self.can_patch {
            self.identify(&packet);
        }
        Ok(())
    }

    /// Until it is patched the segment has no size, and each cluster that is whole plays.
    fn playable_unfinished(&self) -> bool {
        true
    }

    fn finish(&mut self, tracks: &[Track], sink: &mut dyn Sink) -> Result<()> {
        let places = self.places.take().ok_or_else(|| Error::state("a file that was not begun cannot be finished"))?;
        self.clusters.close(sink)?;
        if !self.can_patch {
            return Ok(());
        }

        let mut entries =
            vec![(ids::INFO, places.info_at - places.data_start), (ids::TRACKS, places.tracks_at - places.data_start)];
        if let Some(cues) = cues::cues(std::mem::take(&mut self.cues)) {
            entries.push((ids::CUES, sink.position() - places.data_start));
            append(sink, &cues)?;
        }

        let totals = Totals { uuid: self.content.to_bytes(), duration_ns: Some(self.end_ns).filter(|&end| end > 0) };
        patch(sink, places.info_at, &head::info(&InfoState::Complete(&totals)))?;
        patch(sink, places.seek_head_at, &head::seek_head(&entries))?;
        // A FLAC track's totals and checksum have become known.
        let final_tracks = tracks::tracks(tracks);
        if final_tracks.len() != places.tracks.len() {
            return Err(Error::state("a track's final configuration is not of the length of its first one"));
        }
        if final_tracks != places.tracks {
            patch(sink, places.tracks_at, &final_tracks)?;
        }
        // Last, because a segment of unknown size is still a sound file.
        match ebml::patched_size(sink.position() - places.data_start) {
            Some(size) => patch(sink, places.segment_size_at, &size),
            None => Ok(()),
        }
    }
}

impl MatroskaMuxer {
    /// Sizes and times tell most files apart and the first bytes the rest, at a cost that does not grow with the bit
    /// rate.
    fn identify(&mut self, packet: &Packet) {
        self.content.add(&(packet.track as u64).to_be_bytes());
        self.content.add(&packet.pts.to_be_bytes());
        self.content.add(&packet.duration.to_be_bytes());
        self.content.add(&(packet.data.len() as u64).to_be_bytes());
        self.content.add(&packet.data[..packet.data.len().min(HASHED_BYTES)]);
    }
}

impl Lane {
    fn new(track: &Track) -> Self {
        Lane {
            time_base: track.time_base,
            is_video: track.video().is_some(),
            default_duration: tracks::default_duration_ns(track).and_then(|ns| i64::try_from(ns).ok()),
            pre_skip: track.config.pre_skip().into(),
            last: None,
            last_cue: None,
        }
    }

    fn time(&self, ticks: i64, to: TimeBase) -> Result<i64> {
        let base = self.time_base;
        base.rescale(ticks, to).ok_or_else(|| Error::limit(format!("time {ticks} x {base} s is beyond what fits")))
    }

    /// What has to be said about a packet that begins at `time`, where a SimpleBlock cannot.
    fn details(&self, packet: &Packet, time: i64) -> Result<Option<Details>> {
        let is_usual = if self.is_video {
            self.default_duration == self.time_base.rescale(packet.duration.into(), TimeBase::NANOSECONDS)
        } else {
            packet.trim_end == 0
        };
        if is_usual {
            return Ok(None);
        }
        // From rounded time to rounded time, so that durations add up.
        let end = self.time(trimmed_end(packet), TICKS)?;
        let padding = self.time(packet.trim_end.into(), TimeBase::NANOSECONDS)?;
        Ok(Some(Details {
            duration: u64::try_from(end.saturating_sub(time)).ok().filter(|&duration| duration > 0),
            reference: (!packet.key).then(|| self.last.map_or(0, |last| last.saturating_sub(time))),
            discard_padding_ns: Some(padding).filter(|&padding| padding > 0),
        }))
    }
}

/// The tick after the last that is to be heard or seen.
fn trimmed_end(packet: &Packet) -> i64 {
    packet.end().saturating_sub(packet.trim_end.into())
}
