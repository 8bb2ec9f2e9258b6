//! Ogg (RFC 3533): one logical stream of Opus (RFC 7845) or FLAC (RFC 9639, 10.1). It is a stream by nature: nothing is
//! patched, and it goes to any sink.
//!
//! # Times
//!
//! Opus may begin late or, by up to 1.3 s, before 0; both are exact. FLAC begins at 0. Neither may pause. What a stream
//! of Opus has at its end that is not to be heard is trimmed; only a single packet cannot be late and trimmed.
//!
//! # Pages
//!
//! A page holds packets of a second, or of the fragment duration where that is shorter, or 64 kB, whichever is full
//! first; packets that are larger go on on the next page. The last packet of a late stream of Opus has a page of its own
//! where it is trimmed.
//!
//! # Memory
//!
//! One page, and until that is full, the headers with the cover.

mod opus;
mod page;
#[cfg(test)]
mod tests;
#[cfg(test)]
#[path = "../../../tests/support/ogg.rs"]
mod verifier;

use std::time::Duration;

use self::opus::OpusStream;
use self::page::Pages;
use super::flac::{self, BlockType, Frames};
use super::vorbis_comment::{self, Comments};
use super::{Container, MuxSettings, Muxer};
use crate::error::{Error, Result};
use crate::media::{CodecConfig, Packet, TimeBase, Track};
use crate::sink::Sink;

/// No page lasts longer, so that a listener to a stream has a page a second.
const MAX_PAGE: Duration = Duration::from_secs(1);

/// The muxer of Ogg's only layout.
pub(super) fn open(_: Container, settings: &MuxSettings) -> Result<Box<dyn Muxer>> {
    Ok(Box::new(OggMuxer::new(settings)?))
}

pub(super) struct OggMuxer {
    comments: Comments,
    picture: Option<Vec<u8>>,
    page_duration: Duration,
    stream: Option<Stream>,
}

/// The stream while it is written.
struct Stream {
    codec: Codec,
    /// Ticks that a page lasts at most.
    page_ticks: i64,
    /// There from the first packet on, since the head says how early that is.
    pages: Option<Pages>,
    /// When the first packet of the page that is gathered begins.
    page_start: i64,
}

enum Codec {
    Opus(OpusStream),
    Flac(Box<(Frames, Track)>),
}

impl OggMuxer {
    /// # Errors
    /// `InvalidOption` for what the file cannot say of itself.
    pub(super) fn new(settings: &MuxSettings) -> Result<Self> {
        let metadata = &settings.metadata;
        Ok(OggMuxer {
            comments: Comments::new(metadata)?,
            picture: metadata.cover.as_ref().map(vorbis_comment::picture).transpose()?,
            page_duration: settings.fragment_duration.min(MAX_PAGE),
            stream: None,
        })
    }

    fn heads(&self, codec: &Codec) -> Result<Vec<Vec<u8>>> {
        match codec {
            Codec::Opus(opus) => opus.heads(&self.comments),
            Codec::Flac(flac) => flac_heads(&flac.1, &self.comments, self.picture.as_deref()),
        }
    }
}

impl Muxer for OggMuxer {
    fn begin(&mut self, tracks: &[Track], _: &mut dyn Sink) -> Result<()> {
        let [track] = tracks else { return Err(Error::input("an Ogg file has one track")) };
        let codec = match &track.config {
            CodecConfig::Opus(_) => Codec::Opus(OpusStream::new(track)?),
            _ => Codec::Flac(Box::new((Frames::new(track)?, track.clone()))),
        };
        self.comments.add_language(track)?;
        if let (Codec::Opus(_), Some(picture)) = (&codec, self.picture.take_if(|_| matches!(codec, Codec::Opus(_)))) {
            self.comments.add("METADATA_BLOCK_PICTURE", &vorbis_comment::base64(&picture));
        }
        // What cannot be said is refused here, and not with the first packet.
        self.heads(&codec)?;
        let page = i64::try_from(self.page_duration.as_nanos()).unwrap_or(i64::MAX);
        let page_ticks = TimeBase::NANOSECONDS.rescale(page, track.time_base).unwrap_or(i64::MAX);
        self.stream = Some(Stream { codec, page_ticks, pages: None, page_start: 0 });
        Ok(())
    }

    fn packet(&mut self, packet: Packet, sink: &mut dyn Sink) -> Result<()> {
        let stream = self.stream.as_mut().ok_or_else(|| Error::state("a packet of a file that was not begun"))?;
        let granule = match &mut stream.codec {
            Codec::Opus(opus) => opus.take(&packet)?,
            Codec::Flac(flac) => {
                let frames = &mut flac.0;
                frames.take(&packet)?;
                frames.samples()
            }
        };
        // They stay where they are whatever fails below: what is written of them plays.
        let pages = match &mut stream.pages {
            Some(pages) => pages,
            none => none.insert(Pages::new(match &stream.codec {
                Codec::Opus(opus) => opus.heads(&self.comments)?,
                Codec::Flac(flac) => flac_heads(&flac.1, &self.comments, self.picture.as_deref())?,
            })),
        };
        let is_full = packet.end().saturating_sub(stream.page_start) > stream.page_ticks;
        // The position of an only page says a late start or a trimmed end, and not both (RFC 7845, 4.5).
        let is_late = matches!(&stream.codec, Codec::Opus(opus) if opus.is_late());
        if !pages.is_empty() && (is_full || is_late && packet.trim_end > 0) {
            pages.flush(sink)?;
        }
        if pages.is_empty() {
            stream.page_start = packet.pts;
        }
        pages.add(&packet.data, granule, sink)
    }

    /// Each page that is whole plays.
    fn plays_from(&self) -> Option<u64> {
        self.stream.as_ref()?.pages.as_ref()?.plays_from()
    }

    fn finish(&mut self, _: &[Track], sink: &mut dyn Sink) -> Result<()> {
        let heads = match &self.stream {
            Some(Stream { pages: None, codec, .. }) => self.heads(codec)?,
            _ => Vec::new(),
        };
        match &mut self.stream {
            Some(Stream { pages: Some(pages), .. }) => pages.finish(sink),
            Some(_) => Pages::new(heads).finish(sink),
            None => Err(Error::state("a file that was not begun cannot be finished")),
        }
    }
}

/// The headers of FLAC in Ogg: each metadata block is a packet, and the first one says how many follow.
fn flac_heads(track: &Track, comments: &Comments, picture: Option<&[u8]>) -> Result<Vec<Vec<u8>>> {
    let mut first = b"\x7fFLAC".to_vec(); // a packet of type 0x7f
    first.extend_from_slice(&[1, 0]); // version of the mapping
    first.extend_from_slice(&(1 + u16::from(picture.is_some())).to_be_bytes()); // header packets that follow
    first.extend_from_slice(b"fLaC");
    first.extend(flac::block(BlockType::StreamInfo, false, &flac::config(track)?.stream_info)?);
    let mut heads = vec![first, flac::block(BlockType::VorbisComment, picture.is_none(), &comments.to_bytes()?)?];
    if let Some(picture) = picture {
        heads.push(flac::block(BlockType::Picture, true, picture)?);
    }
    Ok(heads)
}
