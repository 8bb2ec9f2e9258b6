//! AVI: Microsoft's RIFF file of interleaved streams, with the OpenDML extensions (version 1.02) for files of any size.
//!
//! # Times
//!
//! A stream tells no times: it counts ticks of `dwRate / dwScale` a second, all of them from 0 on. A chunk of video is one
//! tick, a block of samples as many as it has. So a frame that lasts longer is followed by chunks of no bytes, for each of
//! which readers show the frame before once more, and a late one has them in front. The ticks are those of the constant
//! frame rate (29.97 is 30000 / 1001), or, for frames with times of their own, of the track's time base, if that has at
//! most 1000 a second. Silence fills the gaps of sound. What lies before 0 is cut off: whole frames, whose successors
//! need none of them, and sound to the sample.
//!
//! # Size
//!
//! The file is a series of RIFF chunks of at most 1 GiB. The first, `AVI `, has the header and, at its end, the old index,
//! `idx1`; those that follow are `AVIX` and have data alone. For each stream, each of them ends with an index of its own,
//! `ix##`, and the header lists those: 16 KiB a stream, room for 1 TiB.
//!
//! # Memory
//!
//! 24 bytes for a chunk, while they are few; in all at most 16 MiB for `idx1`, and half a megabyte for each stream's
//! `ix##`. When either is full, what is there is written.

mod header;
mod index;
mod info;
mod stream;
#[cfg(test)]
mod tests;
#[cfg(test)]
#[path = "../../../tests/support/avi.rs"]
mod verifier;

use self::header::{Totals, header};
use self::index::{Entry, OLD_ENTRIES, OldIndex};
use self::info::Info;
use self::stream::{Format, Placement, Stream};
use super::{Container, MuxSettings, Muxer, append, patch};
use crate::error::{Error, Result};
use crate::media::{Packet, Track};
use crate::sink::Sink;

/// The most bytes of a RIFF chunk, its header included. Readers that take offsets for signed have room to spare.
const RIFF_BYTES: u64 = 1 << 30;
/// The bytes of `RIFF`, its size and its kind.
const RIFF_HEADER: u64 = 12;
/// Silence is written in chunks of at most so many bytes.
const SILENCE_BYTES: u32 = 1 << 16;

/// The muxer, which writes the one layout that AVI has.
pub(super) fn open(_: Container, settings: &MuxSettings) -> Result<Box<dyn Muxer>> {
    Ok(Box::new(AviMuxer::new(settings)?))
}

struct AviMuxer {
    info: Info,
    titles: Vec<Option<String>>,
    streams: Vec<Stream>,
    old_index: OldIndex,
    totals: Totals,
    /// Where the file begins, and the RIFF chunk that is being written.
    start: u64,
    riff: Riff,
    /// The most bytes of a RIFF chunk, and the most entries of `idx1`.
    limits: (u64, usize),
}

/// A RIFF chunk while it is written.
#[derive(Clone, Copy, Default)]
struct Riff {
    start: u64,
    /// Where the list `movi` begins.
    movi: u64,
    /// Whether it is the first.
    first: bool,
    /// Whether it has a chunk of data.
    fed: bool,
}

impl AviMuxer {
    fn new(settings: &MuxSettings) -> Result<Self> {
        Ok(AviMuxer {
            info: Info::new(&settings.metadata)?,
            titles: Vec::new(),
            streams: Vec::new(),
            old_index: OldIndex::default(),
            totals: Totals::default(),
            start: 0,
            riff: Riff::default(),
            limits: (RIFF_BYTES, OLD_ENTRIES),
        })
    }
}

impl Muxer for AviMuxer {
    fn begin(&mut self, tracks: &[Track], sink: &mut dyn Sink) -> Result<()> {
        self.streams =
            tracks.iter().enumerate().map(|(number, track)| Stream::new(number, track)).collect::<Result<_>>()?;
        self.titles = tracks.iter().map(|track| track.labels.title.clone()).collect();
        self.start = sink.position();
        self.riff = Riff { start: self.start, movi: 0, first: true, fed: false };
        append(sink, b"RIFF\0\0\0\0AVI ")?;
        append(sink, &header(&self.streams, &self.titles, &self.info, &self.totals))?;
        self.begin_movie(sink)
    }

    fn packet(&mut self, packet: Packet, sink: &mut dyn Sink) -> Result<()> {
        let stream = self.streams.get(packet.track).ok_or_else(|| Error::input("a packet of no track"))?;
        let Some(Placement { gap, data, ticks, end }) = stream.place(&packet)? else { return Ok(()) };
        self.fill(packet.track, gap, sink)?;
        let data = packet.data.get(data).ok_or_else(|| Error::input("a packet that is shorter than it says"))?;
        self.write_chunk(packet.track, data, true, ticks, sink)?;
        self.streams[packet.track].end = end;
        Ok(())
    }

    /// The sizes of the lists are not known before the end, and neither are the indexes.
    fn plays_from(&self) -> Option<u64> {
        None
    }

    fn finish(&mut self, _: &[Track], sink: &mut dyn Sink) -> Result<()> {
        // The last frame lasts its time too.
        for number in 0..self.streams.len() {
            let Stream { end, length, .. } = self.streams[number];
            self.fill(number, end.saturating_sub(length), sink)?;
        }
        self.end_riff(sink)?;
        patch(sink, self.start + RIFF_HEADER, &header(&self.streams, &self.titles, &self.info, &self.totals))
    }
}

impl AviMuxer {
    /// Fills `ticks` of a stream with nothing.
    fn fill(&mut self, number: usize, ticks: u64, sink: &mut dyn Sink) -> Result<()> {
        let Format::Audio(audio) = &self.streams[number].format else {
            // An empty chunk repeats a frame: decoding cannot begin there.
            return (0..ticks).try_for_each(|_| self.write_chunk(number, &[], false, 1, sink));
        };
        let (block, most) = (audio.block, u64::from((SILENCE_BYTES / audio.block).max(1)));
        let silence = vec![0; ticks.min(most) as usize * block as usize];
        let mut left = ticks;
        while left > 0 {
            let now = left.min(most);
            self.write_chunk(number, &silence[..now as usize * block as usize], true, now as u32, sink)?;
            left -= now;
        }
        Ok(())
    }

    /// Writes a chunk of a stream that counts for `ticks`, in another RIFF chunk if this one is full.
    fn write_chunk(&mut self, number: usize, data: &[u8], key: bool, ticks: u32, sink: &mut dyn Sink) -> Result<()> {
        // Chunks are of 1 GiB at most.
        let size = data.len() as u32;
        let padding = data.len() % 2;
        let chunk = 8 + u64::from(size) + padding as u64;
        if self.riff.fed && self.is_full(sink.position() - self.riff.start + chunk) {
            self.end_riff(sink)?;
            self.begin_riff(sink)?;
        }
        if self.streams[number].index.is_full() {
            self.write_index(number, sink)?;
        }
        let position = sink.position();
        let stream = &mut self.streams[number];
        // So that what is pending can always be written.
        if !stream.index.has_room() {
            return Err(Error::limit(format!(
                "an AVI file past {} GiB, for more of which its header has no room; write a shorter file",
                position >> 30
            )));
        }
        let id = stream.index.id;
        let mut header = [0; 8];
        header[..4].copy_from_slice(&id);
        header[4..].copy_from_slice(&size.to_le_bytes());
        append(sink, &header)?;
        append(sink, data)?;
        append(sink, &[0][..padding])?;

        let entry = Entry { id, position, size, key };
        stream.index.add(&entry, ticks, self.riff.movi);
        stream.count(size, ticks);
        if self.riff.first {
            self.old_index.add(&entry, self.riff.movi + 8);
        }
        self.riff.fed = true;
        Ok(())
    }

    /// Whether the RIFF chunk has too much with a chunk that ends `end` bytes from its start, and the indexes behind.
    fn is_full(&self, end: u64) -> bool {
        let (most_bytes, most_entries) = self.limits;
        let old = if self.riff.first { self.old_index.bytes_with(1) } else { 0 };
        // One stream more than there are: what is pending may have to be written before the chunk.
        let standard: u64 = self.streams.iter().map(|stream| stream.index.bytes_with(1)).sum::<u64>() + 40;
        end + old + standard > most_bytes || self.riff.first && self.old_index.len() >= most_entries
    }

    fn begin_riff(&mut self, sink: &mut dyn Sink) -> Result<()> {
        self.riff = Riff { start: sink.position(), movi: 0, first: false, fed: false };
        append(sink, b"RIFF\0\0\0\0AVIX")?;
        self.begin_movie(sink)
    }

    fn begin_movie(&mut self, sink: &mut dyn Sink) -> Result<()> {
        self.riff.movi = sink.position();
        append(sink, b"LIST\0\0\0\0movi")
    }

    /// Writes what stands at the end of a RIFF chunk, and patches its sizes.
    fn end_riff(&mut self, sink: &mut dyn Sink) -> Result<()> {
        for number in 0..self.streams.len() {
            if self.streams[number].index.is_pending() {
                self.write_index(number, sink)?;
            }
        }
        patch_size(self.riff.movi, sink)?;
        if self.riff.first {
            append(sink, &self.old_index.write())?;
            let is_video = |stream: &&Stream| matches!(stream.format, Format::Video(_));
            self.totals.first_frames = self.streams.iter().find(is_video).map_or(0, |stream| stream.length);
        }
        patch_size(self.riff.start, sink)
    }

    fn write_index(&mut self, number: usize, sink: &mut dyn Sink) -> Result<()> {
        let chunk = self.streams[number].index.write_standard(self.riff.movi, sink.position());
        append(sink, &chunk)
    }
}

/// Says the size of the chunk that began at `start` and ends here.
fn patch_size(start: u64, sink: &mut dyn Sink) -> Result<()> {
    let size = u32::try_from(sink.position() - start - 8)
        .map_err(|_| Error::limit("a RIFF chunk of more than 4 GiB; write a shorter file"))?;
    patch(sink, start + 4, &size.to_le_bytes())
}
