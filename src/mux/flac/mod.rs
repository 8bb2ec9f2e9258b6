//! FLAC files (RFC 9639): `fLaC`, metadata blocks, and the frames one after the other.
//!
//! Layout `plain` patches STREAMINFO (sizes of frames, the total and the MD5) and the seek table at the end. Layout
//! `live` leaves them unknown, and has no seek table.
//!
//! # Times
//!
//! A FLAC stream begins at 0 and has no gaps; tracks that begin late or early, or pause, are refused.
//!
//! # Memory
//!
//! A seek table of 100 points. No packet is held.

mod blocks;
mod frames;
mod seek_table;
#[cfg(test)]
pub(in crate::mux) mod tests;
#[cfg(test)]
#[path = "../../../tests/support/flac.rs"]
mod verifier;

pub(super) use self::blocks::{BlockType, block};
pub(super) use self::frames::{Frames, config};
use self::seek_table::SeekTable;
use super::vorbis_comment::{self, Comments};
use super::{Container, Layout, MuxSettings, Muxer, append, patch};
use crate::error::{Error, Result};
use crate::media::{Packet, Track};
use crate::sink::Sink;

/// What a FLAC file begins with.
const MARKER: &[u8; 4] = b"fLaC";

/// The muxer of a layout.
pub(super) fn open(_: Container, settings: &MuxSettings) -> Result<Box<dyn Muxer>> {
    Ok(Box::new(FlacMuxer::new(settings)?))
}

/// The muxer of both layouts.
pub(super) struct FlacMuxer {
    can_patch: bool,
    comments: Comments,
    picture: Option<Vec<u8>>,
    stream: Option<Stream>,
    /// Where the first packet ends; `None` before that.
    plays_from: Option<u64>,
}

/// The stream while it is written.
struct Stream {
    frames: Frames,
    seek_table: SeekTable,
    /// Where STREAMINFO's body is.
    stream_info_at: u64,
    /// Where the seek table's body is.
    seek_table_at: u64,
    first_frame: u64,
}

impl FlacMuxer {
    /// # Errors
    /// `InvalidOption` for what the file cannot say of itself.
    pub(super) fn new(settings: &MuxSettings) -> Result<Self> {
        let metadata = &settings.metadata;
        Ok(FlacMuxer {
            can_patch: settings.layout != Layout::Live,
            comments: Comments::new(metadata)?,
            picture: metadata.cover.as_ref().map(vorbis_comment::picture).transpose()?,
            stream: None,
            plays_from: None,
        })
    }
}

impl Muxer for FlacMuxer {
    fn begin(&mut self, tracks: &[Track], sink: &mut dyn Sink) -> Result<()> {
        let [track] = tracks else { return Err(Error::input("a FLAC file has one track")) };
        let frames = Frames::new(track)?;
        let config = config(track)?;
        let seek_table = SeekTable::new(config.sample_rate);
        self.comments.add_language(track)?;

        let start = sink.position();
        let mut out = MARKER.to_vec();
        let stream_info_at = start + (out.len() + blocks::HEADER) as u64;
        out.extend(block(BlockType::StreamInfo, false, &config.stream_info)?);
        let seek_table_at = start + (out.len() + blocks::HEADER) as u64;
        if self.can_patch {
            out.extend(block(BlockType::SeekTable, false, &seek_table.to_bytes())?);
        }
        out.extend(block(BlockType::VorbisComment, self.picture.is_none(), &self.comments.to_bytes()?)?);
        if let Some(picture) = self.picture.take() {
            out.extend(block(BlockType::Picture, true, &picture)?);
        }
        let first_frame = start + out.len() as u64;
        self.stream = Some(Stream { frames, seek_table, stream_info_at, seek_table_at, first_frame });
        append(sink, &out)
    }

    fn packet(&mut self, packet: Packet, sink: &mut dyn Sink) -> Result<()> {
        let stream = self.stream.as_mut().ok_or_else(|| Error::state("a packet of a file that was not begun"))?;
        let sample = stream.frames.samples();
        stream.frames.take(&packet)?;
        stream.seek_table.note(sample, sink.position() - stream.first_frame, packet.duration);
        append(sink, &packet.data)?;
        self.plays_from.get_or_insert(sink.position());
        Ok(())
    }

    /// Totals of 0 are unknown, and points of the seek table placeholders, until they are patched.
    fn plays_from(&self) -> Option<u64> {
        self.plays_from
    }

    fn finish(&mut self, tracks: &[Track], sink: &mut dyn Sink) -> Result<()> {
        let stream = self.stream.take().ok_or_else(|| Error::state("a file that was not begun cannot be finished"))?;
        let [track] = tracks else { return Err(Error::state("a FLAC file has one track")) };
        if !self.can_patch {
            return Ok(());
        }
        patch(sink, stream.stream_info_at, &stream.frames.stream_info(track)?)?;
        patch(sink, stream.seek_table_at, &stream.seek_table.to_bytes())
    }
}
