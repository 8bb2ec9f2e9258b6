//! The codec configurations that both containers carry, and the heads of packets that tell how long they are.

use crate::media::{
    Av1Config, ChromaSubsampling, Color, ColorRange, MatrixCoefficients, Primaries, SampleFormat,
    TransferCharacteristics,
};

/// What the four bytes of an AV1CodecConfigurationRecord say (AV1-ISOBMFF 2.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Av1Record {
    profile: u8,
    level: u8,
    tier: u8,
    pub bit_depth: u8,
    pub chroma: ChromaSubsampling,
    chroma_sample_position: u8,
}

impl Av1Record {
    pub fn parse(record: &[u8]) -> Option<Self> {
        let &[0x81, profile_level, flags, _, ..] = record else { return None };
        let bit = |index: u8| flags >> index & 1;
        Some(Av1Record {
            profile: profile_level >> 5,
            level: profile_level & 0x1f,
            tier: bit(7),
            bit_depth: match (bit(6), bit(5)) {
                (0, _) => 8,
                (_, 0) => 10,
                _ => 12,
            },
            chroma: match (bit(4), bit(3), bit(2)) {
                (1, ..) => ChromaSubsampling::Monochrome,
                (_, 1, 1) => ChromaSubsampling::Yuv420,
                (_, 1, 0) => ChromaSubsampling::Yuv422,
                _ => ChromaSubsampling::Yuv444,
            },
            chroma_sample_position: flags & 3,
        })
    }

    /// The `codecs` parameter. Without colour in the container it ends after the depth.
    pub fn codec_string(&self, color: Option<Color>) -> String {
        let config = Av1Config {
            profile: self.profile,
            level: self.level,
            tier: self.tier,
            bit_depth: self.bit_depth,
            chroma: self.chroma,
            chroma_sample_position: self.chroma_sample_position,
            max_frame_width: 0,
            max_frame_height: 0,
            color: color.unwrap_or(Color::BT709),
            sequence_header: Vec::new(),
        };
        config.codec_string()
    }
}

/// What a FLAC STREAMINFO block says (RFC 9639, 8.2).
pub(super) struct StreamInfo {
    pub sample_rate: u32,
    pub channels: u16,
    pub sample_format: SampleFormat,
}

impl StreamInfo {
    /// From metadata blocks, the first of which has to be the STREAMINFO.
    pub fn parse(blocks: &[u8]) -> Option<Self> {
        let block = blocks.get(4..38).filter(|_| blocks[0] & 0x7f == 0)?;
        let &[b0, b1, b2, b3] = block.get(10..14)? else { return None };
        let bits = (u16::from(b2 & 1) << 4 | u16::from(b3 >> 4)) + 1;
        Some(StreamInfo {
            sample_rate: u32::from(b0) << 12 | u32::from(b1) << 4 | u32::from(b2) >> 4,
            channels: u16::from(b2 >> 1 & 7) + 1,
            sample_format: integer_format(bits),
        })
    }
}

/// The format that holds integers of `bits` bits.
pub(super) fn integer_format(bits: u16) -> SampleFormat {
    match bits {
        ..=16 => SampleFormat::S16,
        17..=24 => SampleFormat::S24,
        _ => SampleFormat::S32,
    }
}

/// Code points of H.273; `None` where one of them is unknown here.
pub(super) fn color(primaries: u64, transfer: u64, matrix: u64, full_range: bool) -> Option<Color> {
    let code = |value: u64| u8::try_from(value).ok();
    Some(Color {
        primaries: Primaries::from_code(code(primaries)?)?,
        transfer: TransferCharacteristics::from_code(code(transfer)?)?,
        matrix: MatrixCoefficients::from_code(code(matrix)?)?,
        range: if full_range { ColorRange::Full } else { ColorRange::Limited },
    })
}

/// How many samples at 48 kHz an Opus packet decodes to (RFC 6716, 3.1), by its first two bytes.
pub(super) fn opus_samples(packet: &[u8]) -> Option<u64> {
    let toc = *packet.first()?;
    let frame = match toc >> 3 {
        config @ 0..12 => [480, 960, 1920, 2880][usize::from(config & 3)],
        config @ 12..16 => [480, 960][usize::from(config & 1)],
        config => [120, 240, 480, 960][usize::from(config & 3)],
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u64::from(packet.get(1)? & 0x3f),
    };
    Some(frame * frames)
}

/// How many samples a FLAC frame holds (RFC 9639, 9.1), by the first bytes of its header.
pub(super) fn flac_samples(frame: &[u8]) -> Option<u64> {
    let &[0xff, 0xf8 | 0xf9, code, _, first, ..] = frame else { return None };
    // After the coded number, which is as long as its leading ones say.
    let number = match first.leading_ones() {
        0 => 1,
        ones @ 2..=7 => ones as usize,
        _ => return None,
    };
    let after = frame.get(4 + number..).unwrap_or(&[]);
    match code >> 4 {
        0 => None,
        1 => Some(192),
        code @ 2..=5 => Some(576 << (code - 2)),
        6 => Some(u64::from(*after.first()?) + 1),
        7 => Some(u64::from(u16::from_be_bytes([*after.first()?, *after.get(1)?])) + 1),
        code => Some(256 << (code - 8)),
    }
}
