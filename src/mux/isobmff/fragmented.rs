//! Fragmented MP4: for sinks that only append, and for recordings that are to play however they end.

use std::time::Duration;

use super::boxes::BoxWriter;
use super::description::Description;
use super::movie::{self, MovieTrack};
use super::random_access::RandomAccess;
use super::recoverable::Recovery;
use super::sample_table::SampleTable;
use super::timing::{self, Edit, movie_time_base};
use super::track_fragment::TrackFragment;
use super::{fourcc, write_file_type};
use crate::error::{Error, Result};
use crate::media::{Packet, TimeBase, Track};
use crate::mux::{Layout, MuxSettings, Muxer, append};
use crate::sink::Sink;

/// `ftyp`, a `moov` without samples, and then fragments, each a `moof` and its `mdat`; at the end of a file, `mfra`.
///
/// Of the samples only the fragment that is being filled is held in memory. A recoverable file keeps sample tables
/// beside it, and a fragmented one that is no stream an entry of `mfra` for each fragment.
pub(in crate::mux) struct FragmentedMp4Muxer {
    settings: MuxSettings,
    description: Description,
    /// What `moov` is about, until the first packet has come: it tells how far before 0 the file begins.
    header: Option<Vec<Track>>,
    tracks: Vec<TrackFragment>,
    /// The track whose key frames begin fragments: the first video track.
    leader: Option<usize>,
    /// When the fragment begins, in nanoseconds; `None` while it is empty.
    start: Option<i64>,
    /// Of the last fragment that was written whole.
    sequence_number: u32,
    /// Where the first fragment ends.
    plays_from: Option<u64>,
    random_access: Option<RandomAccess>,
    recovery: Option<Recovery>,
}

impl FragmentedMp4Muxer {
    pub(super) fn new(settings: MuxSettings, description: Description) -> Self {
        FragmentedMp4Muxer {
            settings,
            description,
            header: None,
            tracks: Vec::new(),
            leader: None,
            start: None,
            sequence_number: 0,
            plays_from: None,
            random_access: None,
            recovery: None,
        }
    }

    /// What is kept for the packets of earlier fragments.
    #[cfg(test)]
    pub(super) fn allocated(&self) -> usize {
        self.recovery.as_ref().map_or(0, Recovery::allocated)
    }

    /// Bytes of the fragment that is being filled.
    fn held_bytes(&self) -> usize {
        self.tracks.iter().map(TrackFragment::held_bytes).sum()
    }

    /// Whether the fragment ends before `packet`.
    fn is_due(&self, packet: &Packet, moment: i64) -> bool {
        let Some(start) = self.start else { return false };
        let elapsed = Duration::from_nanos(u64::try_from(moment.saturating_sub(start)).unwrap_or(0));
        let wanted = self.settings.fragment_duration;
        let boundary = self.leader.is_none_or(|leader| leader == packet.track && packet.key);
        boundary && elapsed >= wanted
            || elapsed >= wanted.saturating_mul(4)
            || self.held_bytes().saturating_add(packet.data.len()) > self.settings.fragment_bytes
    }

    /// Writes `moov` for a file that begins at the tick `first` of a time base, if that has not been done.
    fn write_header(&mut self, first: (i64, TimeBase), sink: &mut dyn Sink) -> Result<()> {
        let Some(tracks) = &self.header else { return Ok(()) };
        let mut tables: Vec<_> = tracks.iter().map(|_| SampleTable::default()).collect();
        let mut movie_tracks = Vec::with_capacity(tracks.len());
        for ((track, table), id) in tracks.iter().zip(&mut tables).zip(1..) {
            // How long the track will be is not known: 0 stands for all of it. That it may begin late is not known
            // either; its first decode time says so.
            let base = track.time_base;
            let shift = timing::shift(first.0, first.1, base)?;
            let edits = match timing::media_time(-shift, track.config.pre_skip(), base)? {
                0 => Vec::new(),
                media_time => vec![Edit { segment_duration: 0, media_time: Some(media_time) }],
            };
            movie_tracks.push(MovieTrack { id, track, table, shortest: None, duration: 0, edits });
        }
        let mut w = BoxWriter::new();
        movie::write_movie(&mut w, &self.description, movie_time_base(tracks), tracks.len(), &mut movie_tracks, true)?;
        append(sink, &w.finish()?)?;
        self.header = None;
        Ok(())
    }

    /// Writes the fragment and hands it on, since what is streamed is waited for.
    fn write_fragment(&mut self, sink: &mut dyn Sink) -> Result<()> {
        if self.start.is_none() {
            return Ok(());
        }
        let sequence_number =
            self.sequence_number.checked_add(1).ok_or_else(|| Error::limit("more than 4,294,967,295 fragments"))?;
        let mut data_offsets = Vec::with_capacity(self.tracks.len());
        let mut w = BoxWriter::new();
        w.boxed(fourcc::MOOF, |w| {
            w.full_box(fourcc::MFHD, 0, 0, |w| w.u32(sequence_number));
            for (track, id) in self.tracks.iter().zip(1..) {
                data_offsets.push(track.write(w, id));
            }
        });
        // Offsets count from the first byte of `moof`, so they are known now that its length is.
        let too_large = || Error::limit("a fragment of more than 2 GiB, which is more than its offsets can say");
        let mut end = w.len() + 8;
        for (track, data_offset) in self.tracks.iter().zip(data_offsets) {
            if let Some(data_offset) = data_offset {
                let offset = i32::try_from(end).map_err(|_| too_large())?;
                w.fill_in(data_offset, offset as u32);
            }
            end += track.data().len();
        }
        w.u32(u32::try_from(end - w.len()).map_err(|_| too_large())?);
        w.bytes(&fourcc::MDAT);
        let moof = sink.position();
        append(sink, &w.finish()?)?;
        if let Some(random_access) = &mut self.random_access {
            random_access.add(moof, &self.tracks);
        }
        for (index, track) in self.tracks.iter_mut().enumerate().filter(|(_, track)| !track.is_empty()) {
            if let Some(recovery) = &mut self.recovery {
                recovery.place(index, sink.position());
            }
            append(sink, track.data())?;
            track.clear();
        }
        self.plays_from.get_or_insert(sink.position());
        sink.flush().map_err(|error| Error::io("flushing the output", error))?;
        self.sequence_number = sequence_number;
        self.start = None;
        Ok(())
    }
}

impl Muxer for FragmentedMp4Muxer {
    fn begin(&mut self, tracks: &[Track], sink: &mut dyn Sink) -> Result<()> {
        self.tracks = tracks.iter().map(TrackFragment::new).collect::<Result<_>>()?;
        self.leader = tracks.iter().position(|track| track.video().is_some());
        self.header = Some(tracks.to_vec());

        if self.settings.layout == Layout::Recoverable {
            // Those of the plain file that it will be.
            write_file_type(self.description.flavor, &[fourcc::ISOM, fourcc::ISO6, fourcc::MP42], tracks, sink)?;
            self.recovery = Some(Recovery::begin(tracks, self.description.clone(), sink)?);
            return Ok(());
        }
        // Who follows a stream does not come to its end.
        self.random_access = sink.can_patch().then(|| RandomAccess::new(tracks));
        let mut structural = vec![fourcc::ISO6, fourcc::MP42];
        if tracks.len() == 1 && self.leader.is_none() {
            // A CMAF track file has one track, and each fragment begins with a sync sample, which pictures do not promise.
            structural.push(fourcc::CMFC);
        }
        write_file_type(self.description.flavor, &structural, tracks, sink)
    }

    fn packet(&mut self, packet: Packet, sink: &mut dyn Sink) -> Result<()> {
        let base = self.tracks.get(packet.track).map(TrackFragment::base);
        let base = base.ok_or_else(|| Error::input("a packet of no track"))?;
        let moment = base.rescale(packet.pts, TimeBase::NANOSECONDS);
        let moment = moment.ok_or_else(|| Error::input(format!("a packet at tick {}: too far", packet.pts)))?;
        let entry = self.recovery.as_ref().map(|recovery| recovery.check(&packet)).transpose()?;
        if self.header.is_some() {
            for track in &mut self.tracks {
                track.set_shift(timing::shift(packet.pts, base, track.base())?);
            }
        }
        let accepted = self.tracks[packet.track].accept(&packet)?;
        self.write_header((packet.pts, base), sink)?;
        if self.is_due(&packet, moment) {
            self.write_fragment(sink)?;
        }
        self.start.get_or_insert(moment);
        let track = &mut self.tracks[packet.track];
        if let (Some(recovery), Some(entry)) = (&mut self.recovery, entry) {
            recovery.add(&entry, &packet, track.is_empty())?;
        }
        track.add(accepted, &packet);
        Ok(())
    }

    /// Each fragment that is whole plays.
    fn plays_from(&self) -> Option<u64> {
        self.plays_from
    }

    fn finish(&mut self, tracks: &[Track], sink: &mut dyn Sink) -> Result<()> {
        self.write_header((0, TimeBase::NANOSECONDS), sink)?;
        self.write_fragment(sink)?;
        match (&mut self.recovery, &self.random_access) {
            (Some(recovery), _) => recovery.finish(tracks, sink),
            (None, Some(random_access)) if self.sequence_number > 0 => random_access.write(sink),
            _ => Ok(()),
        }
    }
}
