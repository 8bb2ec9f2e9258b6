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
//! for a last packet that is padded: it has a DiscardPadding, and a BlockDuration without the padding. Sound that is
//! laced has a DefaultDuration, and a packet of another duration its BlockDuration. Subtitles always have one.
//!
//! What begins before 0 is stamped below 0, counted from a first cluster at 0: readers decode it and do not show it.
//! That reaches back 32,768 ms.
//!
//! # Memory
//!
//! The file forms hold one cluster, at most 5 MB and a packet, and 32 bytes for each key frame of a video track and each
//! cue of a subtitle track, and of each track of sound that is laced eight packets of 16 KiB. The live form holds nothing.

mod attachments;
mod cluster;
mod cues;
mod ebml;
mod fingerprint;
mod head;
mod ids;
mod lace;
mod lane;
mod metadata;
mod subtitles;
#[cfg(test)]
mod tests;
mod tracks;
#[cfg(test)]
#[path = "../../../tests/support/ebml.rs"]
mod verifier;
mod video;

use std::sync::Arc;

use self::cluster::{Block, Clusters, Placement};
use self::cues::Cue;
use self::fingerprint::Fingerprint;
use self::head::{InfoState, Said, Totals};
use self::ids::Id;
use self::lace::{Lacing, Rule};
use self::lane::{Kind, Lane};
use self::metadata::LastEnd;
use super::{Container, Layout, MuxSettings, Muxer, append, patch};
use crate::error::{Error, Result};
use crate::media::{Metadata, Packet, TimeBase, Track};
use crate::sink::Sink;

/// The segment's ticks.
const TICKS: TimeBase = TimeBase::MILLISECONDS;

/// How much of a packet goes into the hash that identifies the file, next to its times and its size.
const HASHED_BYTES: usize = 64;

/// The bytes that are kept for an index in front where nothing is said: two hours with a key frame every three seconds.
const INDEX_ROOM: u64 = 64 << 10;

/// The muxer for a layout.
pub(super) fn open(container: Container, settings: &MuxSettings) -> Result<Box<dyn Muxer>> {
    Ok(Box::new(MatroskaMuxer::new(container, settings)?))
}

/// The muxer of all forms: a file, whose index, sizes and totals are patched in at the end, and a live stream, whose
/// sizes stay unknown and which has no index.
pub(super) struct MatroskaMuxer {
    container: Container,
    metadata: Arc<Metadata>,
    said: Said,
    can_patch: bool,
    /// The bytes that are kept free for the index in front of the clusters.
    index_room: u64,
    clusters: Clusters,
    lanes: Vec<Lane>,
    /// Whether packets of sound share blocks.
    lacing: bool,
    /// Where they do, the tracks as they were begun.
    begun: Vec<Track>,
    /// The index of the track that clusters and, where there is no video, cues go by.
    lead: usize,
    cues: Vec<Cue>,
    places: Option<Places>,
    content: Fingerprint,
    /// Where the last track ends, as it is seen and heard.
    end_ns: u64,
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
    chapters_at: u64,
    index_room_at: u64,
    /// What the SeekHead will point at, without the Cues.
    entries: Vec<(Id, u64)>,
}

impl MatroskaMuxer {
    /// `container` is Matroska or WebM.
    pub(super) fn new(container: Container, settings: &MuxSettings) -> Result<Self> {
        metadata::check_chapters(&settings.metadata.chapters)?;
        attachments::check(&settings.metadata)?;
        let can_patch = settings.layout != Layout::Live;
        let index_room = match (settings.layout, settings.index_reserve) {
            // A Void takes two bytes at least.
            (Layout::FastStart, Some(1)) => 2,
            (Layout::FastStart, room) => room.unwrap_or(INDEX_ROOM),
            _ => 0,
        };
        Ok(MatroskaMuxer {
            container,
            metadata: Arc::clone(&settings.metadata),
            said: Said::of(&settings.metadata)?,
            can_patch,
            index_room,
            clusters: Clusters::new(settings, can_patch),
            lanes: Vec::new(),
            // What laces last is patched in.
            lacing: settings.lacing && can_patch,
            begun: Vec::new(),
            lead: 0,
            cues: Vec::new(),
            places: None,
            content: Fingerprint::new(),
            end_ns: 0,
        })
    }
}

impl Muxer for MatroskaMuxer {
    fn begin(&mut self, tracks: &[Track], sink: &mut dyn Sink) -> Result<()> {
        tracks::check(self.container, tracks)?;
        if self.lacing {
            self.begun = tracks.to_vec();
        }
        self.lanes = tracks.iter().map(|track| Lane::new(track, self.lacing)).collect();
        let first = |kind| self.lanes.iter().position(|lane| lane.kind == kind);
        self.lead = first(Kind::Video).or(first(Kind::Audio)).unwrap_or(0);

        let mut out = head::ebml_header(self.container);
        ebml::element_id(&mut out, ids::SEGMENT);
        let start = sink.position();
        let at = |out: &Vec<u8>| start + out.len() as u64;
        let segment_size_at = at(&out);
        out.extend_from_slice(&ebml::UNKNOWN_SIZE);
        let data_start = at(&out);
        let (info, last_end) = match self.can_patch {
            true => (InfoState::Reserved, LastEnd::Reserved),
            false => (InfoState::Live, LastEnd::Live),
        };
        let mut elements = vec![(ids::INFO, head::info(&self.said, &info)), (ids::TRACKS, self.tracks(tracks))];
        elements
            .extend(metadata::chapters(&self.metadata.chapters, last_end).map(|chapters| (ids::CHAPTERS, chapters)));
        elements.extend(metadata::tags(&self.metadata.tags).map(|tags| (ids::TAGS, tags)));
        let attached = attachments::are_there(&self.metadata);

        let seek_head_at = data_start;
        if self.can_patch {
            out.extend_from_slice(&head::seek_head(&[], elements.len() + usize::from(attached) + 1));
        }
        let mut places = Places {
            segment_size_at,
            data_start,
            seek_head_at,
            info_at: 0,
            tracks_at: 0,
            tracks: Vec::new(),
            chapters_at: 0,
            index_room_at: 0,
            entries: Vec::new(),
        };
        for (id, element) in elements {
            let position = at(&out);
            places.entries.push((id, position - data_start));
            out.extend_from_slice(&element);
            self.content.add(&element);
            match id {
                ids::INFO => places.info_at = position,
                ids::CHAPTERS => places.chapters_at = position,
                ids::TRACKS => (places.tracks_at, places.tracks) = (position, element),
                _ => {}
            }
        }
        append(sink, &out)?;
        places.index_room_at = sink.position();
        keep_free(self.index_room, sink)?;
        if attached {
            places.entries.push((ids::ATTACHMENTS, sink.position() - data_start));
            attachments::write(&self.metadata, sink)?;
        }
        self.places = Some(places);
        Ok(())
    }

    fn packet(&mut self, packet: Packet, sink: &mut dyn Sink) -> Result<()> {
        let index = packet.track;
        let Some(lane) = self.lanes.get(index).filter(|_| self.places.is_some()) else {
            return Err(Error::state(format!("a packet of track {index}, which was not begun")));
        };
        let time = lane.time(packet.pts, TICKS)?;
        let heard_end = lane.heard_end_ns(&packet)?;
        let is_lead = index == self.lead;
        let cue_block = match lane.kind {
            Kind::Subtitle => Some(subtitles::Form::of(self.container).block(&packet.data, time)?),
            _ => None,
        };
        let (data, addition) = match &cue_block {
            Some(block) => (&block.data, block.addition.as_deref()),
            None => (&packet.data, packet.alpha.as_deref()),
        };
        let details = lane.details(&packet, time, addition)?;
        let rule = lane.rule(&packet);
        // No lace is cut short for a cluster that may as well begin behind it.
        let lead = is_lead && packet.key && !lane.lacing.as_ref().is_some_and(|lacing| lacing.goes_on(&packet));
        let block = Block { track: tracks::number(index), time, key: packet.key, lead, details, lace: None, data };
        let is_due = self.clusters.is_due(&block, self.waiting())?;

        // From here on nothing fails but the sink.
        self.decide(index, rule, sink)?;
        if is_due {
            self.write_laces(sink, |_| true)?;
            self.clusters.begin(&block, sink)?;
        } else {
            self.write_laces(sink, |lacing| lacing.is_late(time))?;
        }
        if !self.lace(&packet, time, sink)? {
            let duration = block.details.as_ref().map_or(0, |details| details.duration);
            let placement = self.clusters.write(&block, sink)?;
            self.add_cue(index, packet.key, time, duration, &placement);
        }
        if let Some(lane) = self.lanes.get_mut(index) {
            lane.last = Some(time);
        }
        self.end_ns = self.end_ns.max(u64::try_from(heard_end).unwrap_or(0));
        if self.can_patch {
            self.identify(&packet);
        }
        Ok(())
    }

    /// Until it is patched the segment has no size, and each cluster that is whole plays.
    fn plays_from(&self) -> Option<u64> {
        self.clusters.plays_from()
    }

    fn finish(&mut self, tracks: &[Track], sink: &mut dyn Sink) -> Result<()> {
        // Before the places are gone, which the cues of their blocks count from.
        self.write_laces(sink, |_| true)?;
        let mut places =
            self.places.take().ok_or_else(|| Error::state("a file that was not begun cannot be finished"))?;
        self.clusters.close(sink)?;
        if !self.can_patch {
            return Ok(());
        }

        if let Some(position) = self.write_cues(places.index_room_at, sink)? {
            places.entries.push((ids::CUES, position - places.data_start));
        }
        let totals = Totals { uuid: self.content.to_bytes(), duration_ns: Some(self.end_ns).filter(|&end| end > 0) };
        patch(sink, places.info_at, &head::info(&self.said, &InfoState::Complete(&totals)))?;
        if let Some(chapters) = metadata::chapters(&self.metadata.chapters, LastEnd::At(self.end_ns)) {
            patch(sink, places.chapters_at, &chapters)?;
        }
        // The Cues had their place from the beginning, whether there are some or not.
        let most = places.entries.iter().filter(|(id, _)| *id != ids::CUES).count() + 1;
        patch(sink, places.seek_head_at, &head::seek_head(&places.entries, most))?;
        // A FLAC track's totals and checksum have become known.
        let final_tracks = self.tracks(tracks);
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
    fn tracks(&self, tracks: &[Track]) -> Vec<u8> {
        let lacing = |index: usize| self.lanes.get(index).and_then(|lane| lane.lacing.as_ref());
        tracks::tracks(self.container, tracks, |index| {
            lacing(index).map_or(lace::Said::Unlaced, |lacing| lacing.said())
        })
    }

    /// What the packets that wait for the rest of their lace will take.
    fn waiting(&self) -> usize {
        self.lanes.iter().filter_map(|lane| lane.lacing.as_ref()).map(Lacing::waiting).sum()
    }

    /// Holds a track to its rule. What its laces last is written down at once: a reader of a file that was cut off needs
    /// it too.
    fn decide(&mut self, index: usize, rule: Option<Rule>, sink: &mut dyn Sink) -> Result<()> {
        let lacing = self.lanes.get_mut(index).and_then(|lane| lane.lacing.as_mut());
        let (Some(lacing), Some(rule)) = (lacing, rule) else { return Ok(()) };
        if lacing.rule == rule {
            return Ok(());
        }
        lacing.rule = rule;
        let (tracks, Some(places)) = (self.tracks(&self.begun), &mut self.places) else { return Ok(()) };
        if tracks != places.tracks {
            patch(sink, places.tracks_at, &tracks)?;
            places.tracks = tracks;
        }
        Ok(())
    }

    /// Lets the packet wait for its lace, if it is one to be laced; gives whether it is.
    fn lace(&mut self, packet: &Packet, time: i64, sink: &mut dyn Sink) -> Result<bool> {
        let index = packet.track;
        let Some(lacing) = self.lanes.get(index).and_then(|lane| lane.lacing.as_ref()) else { return Ok(false) };
        let takes = lacing.takes(packet);
        if !takes || !lacing.goes_on(packet) {
            self.write_lace(index, sink)?;
        }
        let lacing = self.lanes.get_mut(index).and_then(|lane| lane.lacing.as_mut()).filter(|_| takes);
        let Some(lacing) = lacing else { return Ok(false) };
        if lacing.add(packet, time) {
            self.write_lace(index, sink)?;
        }
        Ok(true)
    }

    /// Writes the packets that wait, of all tracks that are `due`.
    fn write_laces(&mut self, sink: &mut dyn Sink, due: impl Fn(&Lacing) -> bool) -> Result<()> {
        for index in 0..self.lanes.len() {
            if self.lacing && self.lanes.get(index).and_then(|lane| lane.lacing.as_ref()).is_some_and(&due) {
                self.write_lace(index, sink)?;
            }
        }
        Ok(())
    }

    /// Writes the packets of a track that wait, if there are some.
    fn write_lace(&mut self, index: usize, sink: &mut dyn Sink) -> Result<()> {
        let lacing = self.lanes.get_mut(index).and_then(|lane| lane.lacing.as_mut());
        let Some(lace) = lacing.and_then(Lacing::take) else { return Ok(()) };
        let (time, head) = (lace.time, lace.head());
        let track = tracks::number(index);
        let block = Block { track, time, key: true, lead: false, details: None, lace: head, data: &lace.data };
        let placement = self.clusters.write(&block, sink)?;
        self.add_cue(index, true, time, 0, &placement);
        if let Some(lacing) = self.lanes.get_mut(index).and_then(|lane| lane.lacing.as_mut()) {
            lacing.give_back(lace);
        }
        Ok(())
    }

    /// Keeps a cue of the block at `time`, if the index is to have one.
    fn add_cue(&mut self, index: usize, key: bool, time: i64, duration: u64, placement: &Placement) {
        let is_lead = index == self.lead;
        let (Some(lane), Some(places)) = (self.lanes.get_mut(index), &self.places) else { return };
        if !self.can_patch || !lane.wants_cue(key, time, is_lead) {
            return;
        }
        let cue = Cue {
            time: u64::try_from(time).unwrap_or(0),
            cluster: placement.cluster - places.data_start,
            relative: placement.relative,
            duration: if lane.kind == Kind::Subtitle { u32::try_from(duration).unwrap_or(0) } else { 0 },
            track: u16::try_from(tracks::number(index)).unwrap_or(0),
        };
        lane.keep_cue(cue, time, &mut self.cues);
    }

    /// Writes the index where room was kept for it, or, where that is too little, at the end. Returns where it is.
    fn write_cues(&mut self, room_at: u64, sink: &mut dyn Sink) -> Result<Option<u64>> {
        let content = cues::content(std::mem::take(&mut self.cues));
        if content.is_empty() {
            return Ok(None);
        }
        if let Some((header, rest)) = cues::fit(&content, self.index_room) {
            // The end first, which changes nothing inside the Void that stands there, and what takes its head in one piece:
            // whatever write fails, elements follow each other.
            let cues = [header, content].concat();
            patch(sink, room_at + cues.len() as u64, &rest)?;
            patch(sink, room_at, &cues)?;
            return Ok(Some(room_at));
        }
        let at = sink.position();
        // A Void until it is whole: there are readers that refuse a file for an index that is cut off, and a full disk or a
        // kill cuts it off.
        let (void, header) = cues::at_the_end(&content);
        append(sink, &void)?;
        append(sink, &content)?;
        // What a buffer holds would go out as an index already.
        sink.flush().map_err(|error| Error::io("writing the output", error))?;
        patch(sink, at, &header)?;
        Ok(Some(at))
    }

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

/// Writes a Void of `room` bytes, which is not 1.
fn keep_free(room: u64, sink: &mut dyn Sink) -> Result<()> {
    const PIECE: [u8; 4096] = [0; 4096];
    let Some(room) = usize::try_from(room).ok().filter(|&room| room > 0) else { return Ok(()) };
    let mut header = Vec::new();
    let mut left = ebml::void_header(&mut header, room);
    append(sink, &header)?;
    while left > 0 {
        let piece = left.min(PIECE.len());
        append(sink, &PIECE[..piece])?;
        left -= piece;
    }
    Ok(())
}
