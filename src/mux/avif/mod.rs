//! AVIF (AV1 Image File Format 1.1, on HEIF, ISO/IEC 23008-12, and MIAF, ISO/IEC 23000-22): a still picture, or an image
//! sequence where more than one comes, each with an alpha plane if the track has one.
//!
//! The first packet is held back until it is known which of the two it begins. A still picture is `ftyp`, `meta` with the
//! item that it is, and `mdat`: it is written in one piece. A [sequence](sequence) also has a movie behind the samples,
//! and its first picture is the item too.

mod item;
mod sequence;

#[cfg(test)]
mod tests;

use self::sequence::Sequence;
use super::isobmff::boxes::BoxWriter;
use super::{Container, Layout, MuxSettings, Muxer, append};
use crate::error::{Error, Result};
use crate::media::{Av1Config, ChromaSubsampling, CodecConfig, Packet, Track, VideoTrack};
use crate::sink::Sink;

pub(super) fn open(_: Container, settings: &MuxSettings) -> Result<Box<dyn Muxer>> {
    Ok(Box::new(AvifMuxer { pictures: None, state: State::Empty, still_only: settings.layout == Layout::Live }))
}

struct AvifMuxer {
    pictures: Option<Pictures>,
    state: State,
    /// On a sink that does not patch, the tables of a sequence have no place.
    still_only: bool,
}

enum State {
    Empty,
    /// The first packet, which may be the only one.
    First(Packet),
    Sequence(Sequence),
}

/// A track that was found to be one of AVIF's.
#[derive(Clone)]
struct Pictures {
    track: Track,
    video: VideoTrack,
    config: Av1Config,
    alpha: Option<Av1Config>,
}

/// Says what an alpha plane is: the one URN of it (AVIF 4.1).
const ALPHA: &[u8] = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0";

impl Muxer for AvifMuxer {
    fn begin(&mut self, tracks: &[Track], _: &mut dyn Sink) -> Result<()> {
        let track = tracks.first().ok_or_else(|| Error::input("an AVIF file without a track"))?;
        self.pictures = Some(Pictures::new(track)?);
        Ok(())
    }

    fn packet(&mut self, packet: Packet, sink: &mut dyn Sink) -> Result<()> {
        let pictures = self.pictures.as_ref().ok_or_else(|| Error::state("a packet before the header"))?;
        // Offsets and sizes of items, and sizes of samples, have 32 bits.
        let bytes = packet.data.len().saturating_add(packet.alpha.as_ref().map_or(0, Vec::len));
        if bytes > i32::MAX as usize {
            return Err(Error::limit(format!("a picture of {bytes} bytes: AVIF holds {}", i32::MAX)));
        }
        if packet.alpha.is_some() != pictures.alpha.is_some() {
            return Err(Error::input("a packet whose alpha plane is missing, or not announced"));
        }
        match &mut self.state {
            State::Empty if !packet.key => Err(Error::input("the first picture of AVIF has to be a key frame")),
            State::Empty => {
                self.state = State::First(packet);
                Ok(())
            }
            State::First(_) if self.still_only => {
                Err(Error::input("a second picture: this sink cannot seek, and takes an AVIF of one picture only"))
            }
            State::First(first) if first.pts != 0 => Err(Error::input(format!(
                "an image sequence whose first picture is at tick {}: image sequences begin at 0",
                first.pts
            ))),
            State::First(first) => {
                let mut sequence = Sequence::new(pictures, first, &packet)?;
                sequence.begin(pictures, first, sink)?;
                sequence.packet(first, sink)?;
                sequence.packet(&packet, sink)?;
                self.state = State::Sequence(sequence);
                Ok(())
            }
            State::Sequence(sequence) => {
                sequence.check(&packet)?;
                sequence.packet(&packet, sink)
            }
        }
    }

    /// What a reader needs of a sequence stands behind the samples, and a picture is written last.
    fn plays_from(&self) -> Option<u64> {
        None
    }

    fn finish(&mut self, _: &[Track], sink: &mut dyn Sink) -> Result<()> {
        let pictures = self.pictures.as_ref().ok_or_else(|| Error::state("an end before the header"))?;
        match &mut self.state {
            State::Empty => Err(Error::input("no packet was given, so there is no picture to write")),
            State::First(packet) => write_still(pictures, packet, sink),
            State::Sequence(sequence) => sequence.finish(pictures, sink),
        }
    }
}

fn write_still(pictures: &Pictures, packet: &Packet, sink: &mut dyn Sink) -> Result<()> {
    let (data, alpha) = (&packet.data, packet.alpha.as_deref().unwrap_or_default());
    let mut brands = vec![*b"avif", *b"mif1", *b"miaf"];
    brands.extend(pictures.profile());
    let head = item::head(pictures, &brands, packet, 8)?;
    append(sink, &head)?;
    let mut w = BoxWriter::new();
    w.boxed(*b"mdat", |w| {
        w.bytes(data);
        w.bytes(alpha);
    });
    append(sink, &w.finish()?)
}

impl Pictures {
    /// Checks that all of `track` can be said.
    fn new(track: &Track) -> Result<Self> {
        let (Some(video), CodecConfig::Av1(config)) = (track.video(), &track.config) else {
            return Err(Error::unsupported(format!("AVIF takes no {} track", track.config.name())));
        };
        let sides = [config.max_frame_width, config.max_frame_height, video.width, video.height];
        if sides.iter().any(|side| !(1..=u32::from(u16::MAX)).contains(side)) {
            return Err(Error::input(format!("{}x{} pixels: AVIF holds 1 to 65535 a side", video.width, video.height)));
        }
        if video.width > config.max_frame_width || video.height > config.max_frame_height {
            let (width, height) = (config.max_frame_width, config.max_frame_height);
            return Err(Error::input(format!("{}x{} of {width}x{height} pixels", video.width, video.height)));
        }
        let alpha = match &video.alpha {
            None => None,
            Some(CodecConfig::Av1(alpha))
                if alpha.chroma == ChromaSubsampling::Monochrome
                    && (alpha.max_frame_width, alpha.max_frame_height) == (sides[0], sides[1]) =>
            {
                Some(alpha.clone())
            }
            Some(_) => return Err(Error::input("an alpha plane that is not AV1 of luma alone, of the pictures' size")),
        };
        Ok(Pictures { track: track.clone(), video: video.clone(), config: config.clone(), alpha })
    }

    /// The brand of the profile that a decoder has to have (AVIF 8): Baseline is AV1's Main up to level 5.1, Advanced its
    /// High up to 6.0.
    fn profile(&self) -> Option<[u8; 4]> {
        let within = |profile: u8, level: u8| {
            let all = [Some(&self.config), self.alpha.as_ref()];
            all.into_iter().flatten().all(|config| config.profile <= profile && config.level <= level)
        };
        match () {
            () if within(0, 13) => Some(*b"MA1B"),
            () if within(1, 16) => Some(*b"MA1A"),
            () => None,
        }
    }
}
