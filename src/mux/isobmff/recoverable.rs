//! A fragmented file that becomes a plain one when it is finished, without a sample being moved or written again.
//!
//! While packets come the file is
//!
//! ```text
//! ftyp  free(16)  moov  moof mdat  moof mdat  …
//! ```
//!
//! At the end a second movie box, with all samples, is appended in a `free`, so that it changes nothing yet. Then the
//! first `free` grows over everything up to that movie box and is an `mdat`:
//!
//! ```text
//! ftyp  mdat(                                  )  moov
//! ```
//!
//! Its type and its 64-bit size are patched first. They mean nothing as long as the 32-bit size before them is 16, and
//! what changes that is one byte, which is either written or not: at every moment the file is wholly the one or wholly
//! the other.

use super::description::Description;
use super::fourcc;
use super::sample_index::{Entry, SampleIndex};
use crate::error::{Error, Result};
use crate::media::{Packet, Track};
use crate::mux::{append, patch};
use crate::sink::Sink;

/// What a fragmented file needs so that it can become a plain one.
pub(super) struct Recovery {
    index: SampleIndex,
    /// Where the first `free` begins.
    front: u64,
}

/// As long as the header of an `mdat` with a 64-bit size.
const FRONT: u32 = 16;
/// The size that says that a 64-bit one follows the type (4.2).
const WIDE: u32 = 1;

impl Recovery {
    /// Writes what stands before the first movie box.
    pub fn begin(tracks: &[Track], description: Description, sink: &mut dyn Sink) -> Result<Self> {
        let index = SampleIndex::new(tracks, description)?;
        let front = sink.position();
        append(sink, &[&FRONT.to_be_bytes()[..], &fourcc::FREE, &[0; 8]].concat())?;
        Ok(Recovery { index, front })
    }

    /// Checks that the plain file can tell of `packet`; nothing changes.
    pub fn check(&self, packet: &Packet) -> Result<Entry> {
        self.index.check(packet)
    }

    /// Adds what [`check`](Self::check) made of a packet. The samples that a track has in a fragment are a chunk, whose
    /// place is known when the fragment is written.
    pub fn add(&mut self, entry: &Entry, packet: &Packet, begins_chunk: bool) -> Result<()> {
        self.index.add(entry, packet, begins_chunk.then_some(0))
    }

    /// Says where the samples of `track` in the fragment are that is being written.
    pub fn place(&mut self, track: usize, offset: u64) {
        self.index.place_chunk(track, offset);
    }

    /// Makes a plain file of the fragments, all of which have been written.
    pub fn finish(&mut self, tracks: &[Track], sink: &mut dyn Sink) -> Result<()> {
        let movie = self.index.movie(tracks)?;
        let size = u32::try_from(movie.len() + 8)
            .map_err(|_| Error::limit("the tables of an MP4 file have grown past 4 GiB; write a shorter file"))?;
        append(sink, &[&size.to_be_bytes()[..], &fourcc::FREE].concat())?;
        let end = sink.position();
        append(sink, &movie)?;
        flush(sink)?;
        let header = [&fourcc::MDAT[..], &(end - self.front).to_be_bytes()].concat();
        patch(sink, self.front + 4, &header)?;
        flush(sink)?;
        // The low byte of the size, which is all that is different.
        patch(sink, self.front + 3, &WIDE.to_be_bytes()[3..])?;
        flush(sink)
    }

    /// What is kept for the packets so far.
    #[cfg(test)]
    pub fn allocated(&self) -> usize {
        self.index.allocated()
    }
}

fn flush(sink: &mut dyn Sink) -> Result<()> {
    sink.flush().map_err(|error| Error::io("flushing the output", error))
}
