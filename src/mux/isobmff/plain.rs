//! MP4 with one movie box, at the end of the file, for sinks that can patch.

use super::boxes::BoxWriter;
use super::description::Description;
use super::movie::{self, MovieTrack};
use super::sample_table::SampleTable;
use super::timing::{MediaClock, Presentation, Span, movie_time_base};
use super::{fourcc, write_file_type};
use crate::error::{Error, Result};
use crate::media::{Packet, TimeBase, Track};
use crate::mux::{Muxer, append, patch};
use crate::sink::Sink;

/// `ftyp`, `free`, `mdat` that grows as packets come, and then `moov`.
///
/// The 8 bytes of `free` are for an `mdat` past 4 GiB: its 16-byte header then begins where they are. Until the file is
/// finished the size of `mdat` says "to the end of the file", so that what a crash leaves is a file that can be walked.
pub(in crate::mux) struct Mp4Muxer {
    description: Description,
    tracks: Vec<PlainTrack>,
    /// Where `free` begins.
    free: u64,
    chunk: Option<Chunk>,
}

struct PlainTrack {
    clock: MediaClock,
    table: SampleTable,
    /// When the first packet begins.
    start: i64,
    /// Its duration is open until the next sample begins, or none does.
    last: Option<Span>,
    /// The duration of the shortest packet, in ticks.
    shortest: u32,
}

/// The samples of one track that stand together at the end of the file.
struct Chunk {
    track: usize,
    start: i64,
    bytes: usize,
}

/// No chunk holds more, but for a single packet: a player fetches the chunks of all tracks in turn.
const CHUNK_BYTES: usize = 1 << 20;

impl Mp4Muxer {
    pub(super) fn new(description: Description) -> Self {
        Mp4Muxer { description, tracks: Vec::new(), free: 0, chunk: None }
    }
}

impl Muxer for Mp4Muxer {
    fn begin(&mut self, tracks: &[Track], sink: &mut dyn Sink) -> Result<()> {
        self.tracks = tracks.iter().map(PlainTrack::new).collect::<Result<_>>()?;
        let brands = [fourcc::ISOM, fourcc::ISO6, fourcc::MP42];
        write_file_type(self.description.flavor, &brands, tracks, sink)?;
        self.free = sink.position();
        let mut w = BoxWriter::new();
        w.boxed(fourcc::FREE, |_| {});
        w.u32(0); // to the end of the file
        w.bytes(&fourcc::MDAT);
        append(sink, &w.finish()?)
    }

    fn packet(&mut self, packet: Packet, sink: &mut dyn Sink) -> Result<()> {
        let track = self.tracks.get_mut(packet.track).ok_or_else(|| Error::input("a packet of no track"))?;
        // What is refused is refused before anything has changed.
        let samples = track.clock.divide(&track.clock.sample(&packet)?);
        track.table.check_room(samples.count)?;
        match track.last.map(|last| track.clock.duration_until(last, packet.pts)).transpose()? {
            Some(duration) => track.table.add_durations(1, duration),
            None => track.start = packet.pts,
        }
        track.table.add_durations(samples.count - 1, samples.unit);
        track.last = Some(samples.last);
        track.shortest = track.shortest.min(packet.duration);

        let begins_chunk = !self.chunk.as_ref().is_some_and(|chunk| chunk.takes(&packet, track.clock.base()));
        if begins_chunk {
            track.table.begin_chunk(sink.position())?;
        }
        track.table.add_samples(samples.count, samples.size, packet.key)?;
        match &mut self.chunk {
            Some(chunk) if !begins_chunk => chunk.bytes += packet.data.len(),
            chunk => *chunk = Some(Chunk { track: packet.track, start: packet.pts, bytes: packet.data.len() }),
        }
        append(sink, &packet.data)
    }

    /// The tables that a player needs stand after the samples.
    fn playable_unfinished(&self) -> bool {
        false
    }

    fn finish(&mut self, tracks: &[Track], sink: &mut dyn Sink) -> Result<()> {
        let (offset, header) = media_data_header(self.free, sink.position());
        patch(sink, offset, &header)?;

        let movie_base = movie_time_base(tracks);
        let mut movie_tracks = Vec::with_capacity(tracks.len());
        for ((state, track), id) in self.tracks.iter_mut().zip(tracks).zip(1..) {
            // A track without a packet is left out: players wait for its samples, or refuse it.
            let Some(last) = state.last else { continue };
            state.table.add_durations(1, state.clock.final_duration(last)?);
            let presentation = Presentation {
                start: state.start,
                pre_skip: track.config.pre_skip(),
                end: last.end.saturating_sub(last.trim.into()),
            };
            let edits = presentation.edits(track.time_base, movie_base)?;
            let duration = edits.iter().map(|edit| edit.segment_duration).sum();
            let (table, shortest) = (&mut state.table, state.shortest);
            movie_tracks.push(MovieTrack { id, track, table, shortest, duration, edits });
        }
        let mut w = BoxWriter::new();
        movie::write_movie(&mut w, &self.description, movie_base, tracks.len(), &mut movie_tracks, false)?;
        append(sink, &w.finish()?)
    }
}

impl PlainTrack {
    fn new(track: &Track) -> Result<Self> {
        let (clock, table) = (MediaClock::new(track)?, SampleTable::default());
        Ok(PlainTrack { clock, table, start: 0, last: None, shortest: u32::MAX })
    }
}

impl Chunk {
    /// Whether `packet`, of a track that counts in `base`, still belongs to it: at most a second, at most a megabyte.
    fn takes(&self, packet: &Packet, base: TimeBase) -> bool {
        let second = i64::from(base.den() / base.num());
        self.track == packet.track
            && packet.pts.saturating_sub(self.start) < second
            && self.bytes.saturating_add(packet.data.len()) <= CHUNK_BYTES
    }
}

/// Where to write what over the headers that begin at `free`, for an `mdat` that ends at `end`.
fn media_data_header(free: u64, end: u64) -> (u64, Vec<u8>) {
    let mdat = free + 8;
    match u32::try_from(end - mdat) {
        Ok(size) => (mdat, size.to_be_bytes().to_vec()),
        // A size of 1 says that a 64-bit one follows the type (4.2).
        Err(_) => (free, [&1u32.to_be_bytes()[..], &fourcc::MDAT, &(end - free).to_be_bytes()].concat()),
    }
}
