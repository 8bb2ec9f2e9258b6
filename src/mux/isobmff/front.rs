//! What stands between `ftyp` and the samples: space that is free while they come, and what it is used for when they
//! are all there.

use super::boxes::BoxWriter;
use super::fourcc;
use super::sample_index::SampleIndex;
use crate::error::{Error, Result};
use crate::media::Track;
use crate::mux::{append, patch};
use crate::sink::Sink;

/// The space in front of the samples.
///
/// It begins with a `free` and ends with the header of `mdat`. 8 bytes of `free` are for an `mdat` past 4 GiB, whose
/// header is longer and begins that much earlier; the rest is for the index. Until the file is finished the size of
/// `mdat` says "to the end of the file", so that what a crash leaves is a file that can be walked.
pub(super) struct Front {
    start: u64,
    /// Where the samples begin.
    samples: u64,
}

/// Samples are moved in pieces of this size.
const PIECE: u64 = 1 << 20;

impl Front {
    /// Writes it, with `reserve` bytes for an index.
    pub fn begin(reserve: u64, sink: &mut dyn Sink) -> Result<Self> {
        let start = sink.position();
        // With the header of `free`, any length of an index up to the reserve leaves either nothing or a whole box.
        let free = if reserve == 0 { 8 } else { 16 + reserve };
        append(sink, &free_box(free)?)?;
        append_zeros(sink, free - 8)?;
        let mut w = BoxWriter::new();
        w.u32(0); // to the end of the file
        w.bytes(&fourcc::MDAT);
        append(sink, &w.finish()?)?;
        Ok(Front { start, samples: sink.position() })
    }

    /// Finishes a file whose index stands behind the samples.
    pub fn finish_before_index(&self, index: &mut SampleIndex, tracks: &[Track], sink: &mut dyn Sink) -> Result<()> {
        let header = media_data_header(sink.position().saturating_sub(self.samples));
        let space = self.space(&header);
        if space > 0 {
            patch(sink, self.start, &free_box(space)?)?;
        }
        patch(sink, self.start + space, &header)?;
        append(sink, &index.movie(tracks)?)
    }

    /// Finishes a file whose index is to stand here: in the space that was reserved, or else in as much as the samples
    /// can be moved out of. On a sink that cannot read they stay, and the index goes behind them.
    pub fn finish_with_index(&self, index: &mut SampleIndex, tracks: &[Track], sink: &mut dyn Sink) -> Result<()> {
        let header = media_data_header(sink.position().saturating_sub(self.samples));
        let space = self.space(&header);
        let mut by = 0;
        // Samples that move can need longer offsets, which make the index longer, so that they have to move further.
        // Each track's offsets become longer once, and the distance only grows, so this ends.
        let movie = loop {
            index.shift(by);
            let movie = index.movie(tracks)?;
            match missing(space + by, movie.len() as u64) {
                0 => break movie,
                _ if !sink.can_read() => return self.finish_before_index(index, tracks, sink),
                more => by += more,
            }
        };
        if by > 0 {
            move_back(self.samples, by, sink)?;
        }
        let left = space + by - movie.len() as u64;
        let mut front = movie;
        if left > 0 {
            front.extend(free_box(left)?);
            // What is behind its header is what was written as free space: nothing else leaves more than a header.
            patch(sink, self.start, &front)?;
            patch(sink, self.start + space + by, &header)
        } else {
            front.extend(header);
            patch(sink, self.start, &front)
        }
    }

    /// How much is free before a header of `mdat`.
    fn space(&self, header: &[u8]) -> u64 {
        self.samples - self.start - header.len() as u64
    }
}

/// How much more `space` has to be so that `need` bytes fit, and the rest is nothing or a box.
fn missing(space: u64, need: u64) -> u64 {
    match space.checked_sub(need) {
        None => need - space,
        Some(left @ 1..8) => 8 - left,
        Some(_) => 0,
    }
}

/// The header of an `mdat` with `length` bytes of samples.
fn media_data_header(length: u64) -> Vec<u8> {
    match u32::try_from(length.saturating_add(8)) {
        Ok(size) => [&size.to_be_bytes()[..], &fourcc::MDAT].concat(),
        // A size of 1 says that a 64-bit one follows the type (4.2).
        Err(_) => [&1u32.to_be_bytes()[..], &fourcc::MDAT, &length.saturating_add(16).to_be_bytes()].concat(),
    }
}

/// The header of a `free` of `size` bytes.
fn free_box(size: u64) -> Result<Vec<u8>> {
    let size = u32::try_from(size).map_err(|_| Error::limit("space for an index of more than 4 GiB"))?;
    Ok([&size.to_be_bytes()[..], &fourcc::FREE].concat())
}

/// Moves all from `from` on `by` bytes towards the end, in pieces, the last first. The `by` bytes from `from` on are
/// then anything.
fn move_back(from: u64, by: u64, sink: &mut dyn Sink) -> Result<()> {
    let end = sink.position();
    let mut buffer = vec![0; PIECE.min(end - from) as usize];
    // What will stand behind the end that the file has now is appended, …
    append_zeros(sink, (from + by).saturating_sub(end))?;
    let kept = end.saturating_sub(by).max(from);
    let mut at = kept;
    while at < end {
        let piece = &mut buffer[..PIECE.min(end - at) as usize];
        read(sink, at, piece)?;
        append(sink, piece)?;
        at += piece.len() as u64;
    }
    // … and all before it overwrites what has moved already.
    let mut at = kept;
    while at > from {
        let piece = &mut buffer[..PIECE.min(at - from) as usize];
        at -= piece.len() as u64;
        read(sink, at, piece)?;
        patch(sink, at + by, piece)?;
    }
    Ok(())
}

fn append_zeros(sink: &mut dyn Sink, mut count: u64) -> Result<()> {
    static ZEROS: [u8; 64 << 10] = [0; 64 << 10];
    while count > 0 {
        let piece = &ZEROS[..count.min(ZEROS.len() as u64) as usize];
        append(sink, piece)?;
        count -= piece.len() as u64;
    }
    Ok(())
}

fn read(sink: &mut dyn Sink, offset: u64, buffer: &mut [u8]) -> Result<()> {
    sink.read(offset, buffer).map_err(|error| Error::io("reading the output back", error))
}
