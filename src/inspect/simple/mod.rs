//! Formats of one table or none: sound files, AVI, and pictures one after the other.

pub(super) mod avi;
mod comments;
mod cues;
pub(super) mod frames;
pub(super) mod ogg;
pub(super) mod pictures;
pub(super) mod sound;

use std::io::{Read, Seek};

use super::about::{About, words};
use super::boxes::BoxAt;
use super::reader::{Reader, text};
use super::{AudioDetails, Counts, Details, Labels, Summary, Times, VideoDetails};
use crate::error::Result;
use crate::media::{AspectRatio, Hdr, Orientation, SampleFormat, TimeBase};

fn u16_le<R: Read + Seek>(reader: &mut Reader<R>) -> Result<u16> {
    Ok(u16::from_le_bytes(reader.read()?))
}

fn u32_le<R: Read + Seek>(reader: &mut Reader<R>) -> Result<u32> {
    Ok(u32::from_le_bytes(reader.read()?))
}

/// The one track of a file, or one of several.
pub(super) fn summary(
    number: u64,
    details: Details,
    codec: &str,
    time_base: TimeBase,
    times: Times,
    counts: Counts,
) -> Summary {
    let labels = Labels { language: "und".into(), title: None, default: true, forced: false, alternate_group: None };
    Summary { number, details, codec: codec.into(), codec_string: None, labels, time_base, times, counts }
}

/// A picture of square pixels of which no more is known.
pub(super) fn video(width: u32, height: u32) -> VideoDetails {
    VideoDetails {
        width,
        height,
        coded_width: width,
        coded_height: height,
        frame_rate: None,
        bit_depth: None,
        chroma: None,
        color: None,
        hdr: Hdr::default(),
        orientation: Orientation::default(),
        sample_aspect_ratio: AspectRatio::SQUARE,
        alpha: false,
    }
}

/// Visits the chunks of RIFF from here to `end`, each of which is padded to an even size. A chunk that reaches beyond is
/// cut to what there is. Gives whether one did.
fn each_chunk<R: Read + Seek>(
    reader: &mut Reader<R>,
    end: u64,
    mut visit: impl FnMut(&mut Reader<R>, BoxAt, bool) -> Result<()>,
) -> Result<bool> {
    while end.saturating_sub(reader.position()) >= 8 {
        let start = reader.position();
        let kind = reader.read()?;
        let size = u64::from(u32_le(reader)?);
        let body = reader.position();
        let cut = body + size > end;
        let found = BoxAt { kind, start, body, end: (body + size).min(end) };
        visit(reader, found, cut)?;
        if cut {
            return Ok(true);
        }
        reader.seek_to((found.end + size % 2).min(end))?;
    }
    Ok(false)
}

/// The texts of a `LIST` of the type `INFO`, whose type has been read. One that has no name here has its identifier's.
fn read_info<R: Read + Seek>(reader: &mut Reader<R>, end: u64, about: &mut About) -> Result<()> {
    const NAMES: [(&[u8; 4], &str); 13] = [
        (b"INAM", "title"),
        (b"IART", "artist"),
        (b"IPRD", "album"),
        (b"IMUS", "composer"),
        (b"IGNR", "genre"),
        (b"ICRD", "date"),
        (b"ITRK", "track"),
        (b"IPRT", "track"),
        (b"ICMT", "comment"),
        (b"ISBJ", "description"),
        (b"ICOP", "copyright"),
        (b"ILNG", "language"),
        (b"ISFT", "encoder"),
    ];
    each_chunk(reader, end, |reader, chunk, _| {
        let known = NAMES.iter().find(|(kind, _)| **kind == chunk.kind).map(|(_, name)| (*name).to_owned());
        let is_text = chunk.kind.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if let Some(name) = known.or_else(|| is_text.then(|| text(&chunk.kind))) {
            let value = words(reader, chunk.end)?;
            about.tag(&name, value);
        }
        Ok(())
    })
    .map(drop)
}

/// The format of samples by WAVEFORMATEX: its tag and bits, and the first half of the extension's SubFormat.
struct WaveFormat {
    codec: String,
    channels: u16,
    sample_rate: u32,
    block_align: u16,
    sample_format: Option<SampleFormat>,
}

impl WaveFormat {
    fn read<R: Read + Seek>(reader: &mut Reader<R>, end: u64) -> Result<Self> {
        let (mut tag, channels) = (u16_le(reader)?, u16_le(reader)?);
        let sample_rate = u32_le(reader)?;
        reader.skip(4)?; // nAvgBytesPerSec
        let (block_align, bits) = (u16_le(reader)?, u16_le(reader)?);
        // WAVE_FORMAT_EXTENSIBLE: cbSize, valid bits and channel mask stand before the SubFormat.
        if tag == 0xfffe && end.saturating_sub(reader.position()) >= 10 {
            reader.skip(8)?;
            tag = u16_le(reader)?;
        }
        let (codec, sample_format) = match (tag, bits) {
            (1, 16) => ("pcm", Some(SampleFormat::S16)),
            (1, 24) => ("pcm", Some(SampleFormat::S24)),
            (1, 32) => ("pcm", Some(SampleFormat::S32)),
            (3, 32) => ("pcm", Some(SampleFormat::F32)),
            (1 | 3, _) => ("pcm", None),
            (0x55, _) => ("mp3", None),
            _ => ("", None),
        };
        let codec = if codec.is_empty() { format!("format {tag:#06x}") } else { codec.into() };
        Ok(WaveFormat { codec, channels, sample_rate, block_align, sample_format })
    }

    fn details(&self) -> Details {
        Details::Audio(AudioDetails {
            sample_rate: self.sample_rate,
            channels: self.channels,
            sample_format: self.sample_format,
        })
    }
}
