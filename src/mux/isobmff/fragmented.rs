//! Fragmented MP4, for sinks that only append.

use std::time::Duration;

use super::boxes::BoxWriter;
use super::description::Description;
use super::movie::{self, MovieTrack};
use super::sample_table::SampleTable;
use super::timing::{Edit, movie_time_base};
use super::track_fragment::TrackFragment;
use super::{fourcc, write_file_type};
use crate::error::{Error, Result};
use crate::media::{Packet, TimeBase, Track};
use crate::mux::{MuxSettings, Muxer, append};
use crate::sink::Sink;

/// `ftyp`, a `moov` without samples, and then fragments, each a `moof` and its `mdat`.
///
/// Only the fragment that is being filled is held in memory.
pub(in crate::mux) struct FragmentedMp4Muxer {
    settings: MuxSettings,
    description: Description,
    tracks: Vec<TrackFragment>,
    /// The track whose key frames begin fragments: the first video track.
    leader: Option<usize>,
    /// When the fragment begins, in nanoseconds; `None` while it is empty.
    start: Option<i64>,
    sequence_number: u32,
}

impl FragmentedMp4Muxer {
    pub(super) fn new(settings: MuxSettings, description: Description) -> Self {
        FragmentedMp4Muxer { settings, description, tracks: Vec::new(), leader: None, start: None, sequence_number: 0 }
    }

    /// Whether the fragment ends before `packet`.
    fn is_due(&self, packet: &Packet, moment: i64) -> bool {
        let Some(start) = self.start else { return false };
        let elapsed = Duration::from_nanos(u64::try_from(moment.saturating_sub(start)).unwrap_or(0));
        let held: usize = self.tracks.iter().map(TrackFragment::held_bytes).sum();
        let wanted = self.settings.fragment_duration;
        let boundary = self.leader.is_none_or(|leader| leader == packet.track && packet.key);
        boundary && elapsed >= wanted
            || elapsed >= wanted.saturating_mul(4)
            || held.saturating_add(packet.data.len()) > self.settings.fragment_bytes
    }

    /// Writes the fragment and hands it on, since what is streamed is waited for.
    fn write_fragment(&mut self, sink: &mut dyn Sink) -> Result<()> {
        if self.start.take().is_none() {
            return Ok(());
        }
        self.sequence_number =
            self.sequence_number.checked_add(1).ok_or_else(|| Error::limit("more than 4,294,967,295 fragments"))?;
        let mut data_offsets = Vec::with_capacity(self.tracks.len());
        let mut w = BoxWriter::new();
        w.boxed(fourcc::MOOF, |w| {
            w.full_box(fourcc::MFHD, 0, 0, |w| w.u32(self.sequence_number));
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
        append(sink, &w.finish()?)?;
        for track in &mut self.tracks {
            append(sink, track.data())?;
            track.clear();
        }
        sink.flush().map_err(|error| Error::io("flushing the output", error))
    }
}

impl Muxer for FragmentedMp4Muxer {
    fn begin(&mut self, tracks: &[Track], sink: &mut dyn Sink) -> Result<()> {
        self.tracks = tracks.iter().map(TrackFragment::new).collect::<Result<_>>()?;
        self.leader = tracks.iter().position(|track| track.video().is_some());

        let mut structural = vec![fourcc::ISO6, fourcc::MP42];
        if tracks.len() == 1 && self.leader.is_none() {
            // A CMAF track file has one track, and each fragment begins with a sync sample, which pictures do not promise.
            structural.push(fourcc::CMFC);
        }
        write_file_type(self.description.flavor, &structural, tracks, sink)?;

        let mut tables: Vec<_> = tracks.iter().map(|_| SampleTable::default()).collect();
        let mut movie_tracks = Vec::with_capacity(tracks.len());
        for ((track, table), id) in tracks.iter().zip(&mut tables).zip(1..) {
            // How long the track will be is not known: 0 stands for all of it. That it may begin late is not known
            // either; its first decode time says so.
            let pre_skip = track.config.pre_skip();
            let edits = match pre_skip {
                0 => Vec::new(),
                _ => vec![Edit { segment_duration: 0, media_time: Some(pre_skip) }],
            };
            movie_tracks.push(MovieTrack { id, track, table, shortest: 0, duration: 0, edits });
        }
        let mut w = BoxWriter::new();
        movie::write_movie(&mut w, &self.description, movie_time_base(tracks), tracks.len(), &mut movie_tracks, true)?;
        append(sink, &w.finish()?)
    }

    fn packet(&mut self, packet: Packet, sink: &mut dyn Sink) -> Result<()> {
        let track = self.tracks.get_mut(packet.track).ok_or_else(|| Error::input("a packet of no track"))?;
        let moment = track.base().rescale(packet.pts, TimeBase::NANOSECONDS);
        let moment = moment.ok_or_else(|| Error::input(format!("a packet at tick {}: too far", packet.pts)))?;
        let sample = track.accept(&packet)?;
        if self.is_due(&packet, moment) {
            self.write_fragment(sink)?;
        }
        self.start.get_or_insert(moment);
        self.tracks[packet.track].add(sample, &packet);
        Ok(())
    }

    /// Each fragment that is whole plays.
    fn playable_unfinished(&self) -> bool {
        true
    }

    fn finish(&mut self, _: &[Track], sink: &mut dyn Sink) -> Result<()> {
        self.write_fragment(sink)
    }
}
