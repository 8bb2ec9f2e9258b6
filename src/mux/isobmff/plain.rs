//! MP4 with one movie box, behind the samples or in front of them, for sinks that can patch.

use super::description::Description;
use super::front::Front;
use super::sample_index::SampleIndex;
use super::{fourcc, write_file_type};
use crate::error::{Error, Result};
use crate::media::{Packet, TimeBase, Track};
use crate::mux::{Layout, MuxSettings, Muxer, append};
use crate::sink::Sink;

/// `ftyp`, `free`, `mdat` that grows as packets come, and then `moov`; or, where a player is to begin at once, `moov` in
/// the place of `free`.
pub(in crate::mux) struct Mp4Muxer {
    settings: MuxSettings,
    description: Description,
    tracks: Vec<TimeBase>,
    index: Option<SampleIndex>,
    front: Option<Front>,
    chunk: Option<Chunk>,
}

/// The samples of one track that stand together at the end of the file.
struct Chunk {
    track: usize,
    start: i64,
    bytes: usize,
}

/// No chunk holds more, but for a single packet: a player fetches the chunks of all tracks in turn.
const CHUNK_BYTES: usize = 1 << 20;

/// What is kept free for the index where nothing was said and samples cannot be moved: it is enough for a quarter of an
/// hour of pictures with sound, and for more than an hour of sound.
const DEFAULT_RESERVE: u64 = 1 << 20;

impl Mp4Muxer {
    pub(super) fn new(settings: MuxSettings, description: Description) -> Self {
        Mp4Muxer { settings, description, tracks: Vec::new(), index: None, front: None, chunk: None }
    }

    fn reserve(&self, sink: &dyn Sink) -> u64 {
        match (self.settings.layout, self.settings.index_reserve) {
            (Layout::FastStart, Some(bytes)) => bytes,
            (Layout::FastStart, None) if !sink.can_read() => DEFAULT_RESERVE,
            _ => 0,
        }
    }

    /// What is kept for the packets so far.
    #[cfg(test)]
    pub(super) fn allocated(&self) -> usize {
        self.index.as_ref().map_or(0, SampleIndex::allocated)
    }
}

impl Muxer for Mp4Muxer {
    fn begin(&mut self, tracks: &[Track], sink: &mut dyn Sink) -> Result<()> {
        self.index = Some(SampleIndex::new(tracks, self.description.clone())?);
        self.tracks = tracks.iter().map(|track| track.time_base).collect();
        let brands = [fourcc::ISOM, fourcc::ISO6, fourcc::MP42];
        write_file_type(self.description.flavor, &brands, tracks, sink)?;
        self.front = Some(Front::begin(self.reserve(sink), sink)?);
        Ok(())
    }

    fn packet(&mut self, packet: Packet, sink: &mut dyn Sink) -> Result<()> {
        let (Some(index), Some(base)) = (&mut self.index, self.tracks.get(packet.track)) else {
            return Err(Error::input("a packet of no track"));
        };
        // What is refused is refused before anything has changed.
        let entry = index.check(&packet)?;
        let begins_chunk = !self.chunk.as_ref().is_some_and(|chunk| chunk.takes(&packet, *base));
        index.add(&entry, &packet, begins_chunk.then(|| sink.position()))?;
        match &mut self.chunk {
            Some(chunk) if !begins_chunk => chunk.bytes += packet.data.len(),
            chunk => *chunk = Some(Chunk { track: packet.track, start: packet.pts, bytes: packet.data.len() }),
        }
        append(sink, &packet.data)
    }

    /// The tables that a player needs are written when all samples are there.
    fn plays_from(&self) -> Option<u64> {
        None
    }

    fn finish(&mut self, tracks: &[Track], sink: &mut dyn Sink) -> Result<()> {
        let (Some(index), Some(front)) = (&mut self.index, &self.front) else {
            return Err(Error::state("a file is finished that was not begun"));
        };
        match self.settings.layout {
            Layout::FastStart => front.finish_with_index(index, tracks, sink),
            _ => front.finish_before_index(index, tracks, sink),
        }
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
