//! What AVI and WAV have in common: chunks of four characters, a 32-bit size, a body, and a byte of padding behind an odd
//! one; the form of uncompressed sound; and the names of tags.

use super::Container;
use crate::error::{Error, Result};
use crate::media::{PcmConfig, SampleFormat};

/// Four characters that say what a chunk is.
pub(super) type FourCc = [u8; 4];

/// Writes chunks to memory. They are those of headers and indexes, whose sizes are bounded far below 32 bits.
#[derive(Default)]
pub(super) struct RiffWriter {
    bytes: Vec<u8>,
}

impl RiffWriter {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }

    /// A chunk whose body the closure writes.
    pub fn chunk(&mut self, id: FourCc, body: impl FnOnce(&mut Self)) {
        self.bytes(&id);
        let size_at = self.bytes.len();
        self.u32(0);
        let start = self.bytes.len();
        body(self);
        let size = (self.bytes.len() - start) as u32;
        self.bytes[size_at..start].copy_from_slice(&size.to_le_bytes());
        if size % 2 == 1 {
            self.bytes.push(0);
        }
    }

    /// A `LIST` of chunks.
    pub fn list(&mut self, kind: FourCc, body: impl FnOnce(&mut Self)) {
        self.chunk(*b"LIST", |w| {
            w.bytes(&kind);
            body(w);
        });
    }

    /// A chunk that is a text with a NUL behind it.
    pub fn text(&mut self, id: FourCc, text: &str) {
        self.chunk(id, |w| {
            w.bytes(text.as_bytes());
            w.u8(0);
        });
    }

    pub fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub fn u16(&mut self, value: u16) {
        self.bytes(&value.to_le_bytes());
    }

    pub fn u32(&mut self, value: u32) {
        self.bytes(&value.to_le_bytes());
    }

    pub fn u64(&mut self, value: u64) {
        self.bytes(&value.to_le_bytes());
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub fn zeros(&mut self, count: usize) {
        self.bytes.resize(self.bytes.len() + count, 0);
    }
}

/// `wFormatTag`
const FORMAT_PCM: u16 = 1;
const FORMAT_EXTENSIBLE: u16 = 0xfffe;
/// The `SubFormat` of the formats that a 16-bit tag names, behind it: KSDATAFORMAT_SUBTYPE_PCM and its like.
const SUB_FORMAT: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];
const SUB_PCM: u16 = 1;
const SUB_FLOAT: u16 = 3;

/// The places of 1 to 8 channels, in the order in which they stand: 1 FL, 2 FR, 4 FC, 8 LFE, 0x10 BL, 0x20 BR, 0x100 BC,
/// 0x200 SL, 0x400 SR.
const CHANNEL_MASKS: [u32; 8] = [0x4, 0x3, 0x7, 0x33, 0x37, 0x3f, 0x70f, 0x63f];

/// Bytes of a sample of all channels.
pub(super) fn block_align(config: &PcmConfig) -> u16 {
    u16::from(config.channels) * (config.format.bits() / 8) as u16 // at most 255 times 4
}

/// Bytes of a second.
///
/// # Errors
/// `InvalidInput` where 32 bits do not hold them.
pub(super) fn bytes_per_second(container: Container, config: &PcmConfig) -> Result<u32> {
    config.sample_rate.checked_mul(block_align(config).into()).ok_or_else(|| {
        let (rate, channels, title) = (config.sample_rate, config.channels, container.title());
        Error::input(format!("PCM of {rate} Hz in {channels} channels: {title} holds {} bytes a second", u32::MAX))
    })
}

/// PCMWAVEFORMAT, or for more than two channels or 16 bits WAVEFORMATEXTENSIBLE, without which neither the places of
/// channels nor deeper samples are defined.
pub(super) fn write_wave_format(w: &mut RiffWriter, config: &PcmConfig) {
    let (channels, block, bits) = (config.channels, block_align(config), config.format.bits() as u16); // at most 32
    let extensible = channels > 2 || bits > 16;
    w.u16(if extensible { FORMAT_EXTENSIBLE } else { FORMAT_PCM }); // wFormatTag
    w.u16(channels.into()); // nChannels
    w.u32(config.sample_rate); // nSamplesPerSec
    w.u32(config.sample_rate.saturating_mul(block.into())); // nAvgBytesPerSec
    w.u16(block); // nBlockAlign
    w.u16(bits); // wBitsPerSample
    if extensible {
        w.u16(22); // cbSize
        w.u16(bits); // wValidBitsPerSample
        let place = usize::from(channels).saturating_sub(1);
        w.u32(CHANNEL_MASKS.get(place).copied().unwrap_or(0)); // dwChannelMask
        w.u16(if config.format == SampleFormat::F32 { SUB_FLOAT } else { SUB_PCM }); // SubFormat
        w.bytes(&SUB_FORMAT);
    }
}

/// Names of tags, and the identifiers that the registered list of RIFF has for them, or else those that readers agree on.
/// Of a track, FFmpeg, TagLib and MediaInfo know this one, and MediaInfo no other.
const NAMES: [(&str, FourCc); 12] = [
    ("title", *b"INAM"),
    ("artist", *b"IART"),
    ("album", *b"IPRD"),
    ("composer", *b"IMUS"),
    ("genre", *b"IGNR"),
    ("date", *b"ICRD"),
    ("track", *b"IPRT"),
    ("comment", *b"ICMT"),
    ("description", *b"ISBJ"),
    ("copyright", *b"ICOP"),
    ("language", *b"ILNG"),
    ("encoder", *b"ISFT"),
];

/// The identifier of a tag in `INFO`: by its name, or the name itself where that is one.
///
/// # Errors
/// `InvalidOption` for a tag that has none.
pub(super) fn tag_identifier(container: Container, name: &str) -> Result<FourCc> {
    let known = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, id)| *id);
    let is_id = |id: &FourCc| id[0] == b'I' && id.iter().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    let own = || FourCc::try_from(name.as_bytes()).ok().filter(is_id);
    known.or_else(own).ok_or_else(|| {
        let names = NAMES.map(|(name, _)| name).join(", ");
        let allowed = format!("{} has {names}, and identifiers as IKEY", container.title());
        Error::option("metadata", format_args!("`{name}`"), allowed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_have_identifiers_or_are_refused_by_name() {
        for container in [Container::Avi, Container::Wav] {
            assert_eq!(tag_identifier(container, "Title").unwrap(), *b"INAM");
            assert_eq!(tag_identifier(container, "track").unwrap(), *b"IPRT");
            assert_eq!(tag_identifier(container, "IKEY").unwrap(), *b"IKEY");
            for name in ["album_artist", "mood", "ikey", "XKEY", "IKEYS", "Ié1"] {
                let error = tag_identifier(container, name).unwrap_err().to_string();
                assert!(error.contains(name) && error.contains(&format!("{} has title", container.title())), "{error}");
            }
        }
    }

    #[test]
    fn sound_is_described_in_the_shorter_form_where_that_can() {
        let config = |channels, format| PcmConfig { sample_rate: 48_000, channels, format };
        let written = |config: &PcmConfig| {
            let mut w = RiffWriter::new();
            write_wave_format(&mut w, config);
            w.finish()
        };
        let stereo = written(&config(2, SampleFormat::S16));
        assert_eq!(stereo, [1, 0, 2, 0, 0x80, 0xbb, 0, 0, 0, 0xee, 2, 0, 4, 0, 16, 0]);
        let surround = written(&config(6, SampleFormat::F32));
        assert_eq!(
            (surround.len(), &surround[..2], &surround[20..26]),
            (40, &[0xfe, 0xff][..], &[0x3f, 0, 0, 0, 3, 0][..])
        );
        let fast = PcmConfig { sample_rate: u32::MAX, ..config(2, SampleFormat::S16) };
        let error = bytes_per_second(Container::Wav, &fast).unwrap_err().to_string();
        assert!(error.contains("WAV holds 4294967295 bytes a second"), "{error}");
    }
}
