//! The samples of all tracks, for a movie box that is written when they are all there.

use super::boxes::BoxWriter;
use super::description::Description;
use super::movie::{self, MovieTrack};
use super::sample_table::SampleTable;
use super::timing::{MediaClock, Presentation, Samples, Span, movie_time_base};
use crate::error::{Error, Result};
use crate::media::{Packet, Track};

/// What is kept of every packet until the file is finished: a sample table a track.
pub(super) struct SampleIndex {
    description: Description,
    tracks: Vec<IndexedTrack>,
}

struct IndexedTrack {
    clock: MediaClock,
    table: SampleTable,
    /// When the first packet begins.
    start: i64,
    /// Its duration is open until the next sample begins, or none does.
    last: Option<Span>,
    /// Whether it has its final duration.
    ended: bool,
    /// The duration of the shortest packet, in ticks.
    shortest: u32,
}

/// A packet that the index can tell of.
pub(super) struct Entry {
    samples: Samples,
    /// The duration of the sample before it.
    before: Option<u32>,
}

impl SampleIndex {
    pub fn new(tracks: &[Track], description: Description) -> Result<Self> {
        Ok(SampleIndex { description, tracks: tracks.iter().map(IndexedTrack::new).collect::<Result<_>>()? })
    }

    /// Checks `packet`; nothing changes.
    pub fn check(&self, packet: &Packet) -> Result<Entry> {
        let track = self.tracks.get(packet.track).ok_or_else(|| Error::input("a packet of no track"))?;
        let samples = track.clock.divide(&track.clock.sample(packet)?);
        track.table.check_room(samples.count)?;
        let before = match track.last {
            Some(last) => Some(track.clock.duration_until(last, packet.pts)?),
            None => {
                track.clock.check_start(packet.pts)?;
                None
            }
        };
        Ok(Entry { samples, before })
    }

    /// Adds what [`check`](Self::check) made of a packet. It stands in the last chunk of its track, or in a new one at
    /// `chunk`.
    pub fn add(&mut self, entry: &Entry, packet: &Packet, chunk: Option<u64>) -> Result<()> {
        let Some(track) = self.tracks.get_mut(packet.track) else { return Ok(()) };
        let Entry { samples, before } = entry;
        match *before {
            Some(duration) => track.table.add_durations(1, duration),
            None => track.start = packet.pts,
        }
        track.table.add_durations(samples.count - 1, samples.unit);
        track.last = Some(samples.last);
        track.shortest = track.shortest.min(packet.duration);
        if let Some(offset) = chunk {
            track.table.begin_chunk(offset)?;
        }
        track.table.add_samples(samples.count, samples.size, packet.key)
    }

    /// Says where the last chunk of a track is, for one that began before that was known.
    pub fn place_chunk(&mut self, track: usize, offset: u64) {
        if let Some(track) = self.tracks.get_mut(track) {
            track.table.place_chunk(offset);
        }
    }

    /// Says that all samples have moved `by` bytes towards the end of the file since they were added.
    pub fn shift(&mut self, by: u64) {
        self.tracks.iter_mut().for_each(|track| track.table.shift(by));
    }

    /// Makes `moov`, for the samples that came so far and no more. It can be made again, after a [`shift`](Self::shift).
    pub fn movie(&mut self, tracks: &[Track]) -> Result<Vec<u8>> {
        let movie_base = movie_time_base(tracks);
        let mut movie_tracks = Vec::with_capacity(tracks.len());
        for ((state, track), id) in self.tracks.iter_mut().zip(tracks).zip(1..) {
            // A track without a packet is left out: players wait for its samples, or refuse it.
            let Some(last) = state.last else { continue };
            if !state.ended {
                state.table.add_durations(1, state.clock.final_duration(last)?);
                state.ended = true;
            }
            let presentation = Presentation {
                start: state.start,
                pre_skip: track.config.pre_skip(),
                end: last.end.saturating_sub(last.trim.into()),
                media_duration: state.table.duration(),
            };
            let edits = presentation.edits(track.time_base, movie_base)?;
            let duration = edits.iter().map(|edit| edit.segment_duration).sum();
            let (table, shortest) = (&mut state.table, state.shortest);
            movie_tracks.push(MovieTrack { id, track, table, shortest: Some(shortest), duration, edits });
        }
        let mut w = BoxWriter::new();
        movie::write_movie(&mut w, &self.description, movie_base, tracks.len(), &mut movie_tracks, false)?;
        w.finish()
    }

    /// Bytes allocated for tables.
    #[cfg(test)]
    pub fn allocated(&self) -> usize {
        self.tracks.iter().map(|track| track.table.allocated()).sum()
    }
}

impl IndexedTrack {
    fn new(track: &Track) -> Result<Self> {
        let (clock, table) = (MediaClock::new(track)?, SampleTable::default());
        Ok(IndexedTrack { clock, table, start: 0, last: None, ended: false, shortest: u32::MAX })
    }
}
