//! What a container has to say about a codec: the parameters a decoder needs before the first packet.

use std::fmt;
use std::str::FromStr;

use super::audio::SampleFormat;
use super::color::{Color, ColorRange};
use super::picture::{ChromaSubsampling, PixelFormat};
use crate::error::{Error, Result};

macro_rules! codecs {
    ($(#[$meta:meta])* $name:ident, $option:literal {
        $($(#[$vmeta:meta])* $variant:ident $text:literal $(needs $feature:literal)?,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[$vmeta])* $variant,)* }

        impl $name {
            /// Every codec of this kind.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The name used in options.
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }

            /// The feature of this crate that encoding to it needs and that this build was made without.
            #[allow(dead_code, reason = "no subtitle codec can be left out")]
            pub(crate) fn left_out(self) -> Option<&'static str> {
                match self {
                    $($name::$variant => {
                        $(if !cfg!(feature = $feature) { return Some($feature); })?
                        None
                    })*
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                Self::ALL.iter().copied().find(|codec| codec.name() == text).ok_or_else(|| {
                    Error::option($option, format_args!("`{text}`"), format_args!("use one of {}", [$($text),*].join(", ")))
                })
            }
        }
    };
}

codecs! {
    /// A video codec.
    VideoCodec, "codec" {
        /// AV1.
        Av1 "av1",
        /// Motion JPEG.
        Mjpeg "mjpeg" needs "mjpeg",
        /// Uncompressed planes.
        Raw "raw",
    }
}

codecs! {
    /// An audio codec.
    AudioCodec, "codec" {
        /// Opus (RFC 6716).
        Opus "opus",
        /// FLAC (RFC 9639).
        Flac "flac" needs "flac",
        /// Uncompressed, little-endian.
        Pcm "pcm",
    }
}

codecs! {
    /// A subtitle codec.
    SubtitleCodec, "codec" {
        /// WebVTT (W3C): cues of text.
        WebVtt "webvtt",
    }
}

/// The configuration of a track's codec.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodecConfig {
    /// AV1.
    Av1(Av1Config),
    /// Motion JPEG: each packet says all.
    Mjpeg,
    /// Opus.
    Opus(OpusConfig),
    /// FLAC.
    Flac(FlacConfig),
    /// Uncompressed samples.
    Pcm(PcmConfig),
    /// Uncompressed pictures.
    Raw(RawConfig),
    /// WebVTT.
    WebVtt(WebVttConfig),
}

impl CodecConfig {
    /// The name used in options and reports.
    pub fn name(&self) -> &'static str {
        match self {
            CodecConfig::Av1(_) => VideoCodec::Av1.name(),
            CodecConfig::Mjpeg => VideoCodec::Mjpeg.name(),
            CodecConfig::Opus(_) => AudioCodec::Opus.name(),
            CodecConfig::Flac(_) => AudioCodec::Flac.name(),
            CodecConfig::Pcm(_) => AudioCodec::Pcm.name(),
            CodecConfig::Raw(_) => VideoCodec::Raw.name(),
            CodecConfig::WebVtt(_) => SubtitleCodec::WebVtt.name(),
        }
    }

    /// The `codecs` parameter of RFC 6381 as browsers take it, as in `av01.0.08M.08`; `None` where none is registered.
    pub fn codec_string(&self) -> Option<String> {
        match self {
            CodecConfig::Av1(config) => Some(config.codec_string()),
            CodecConfig::Mjpeg | CodecConfig::Raw(_) => None,
            CodecConfig::WebVtt(_) => Some("wvtt".into()),
            CodecConfig::Opus(_) => Some("opus".into()),
            CodecConfig::Flac(_) => Some("flac".into()),
            CodecConfig::Pcm(config) => Some(if config.format == SampleFormat::F32 { "fpcm" } else { "ipcm" }.into()),
        }
    }

    /// Samples at the start of decoder output that are not to be heard, in ticks of the track's time base.
    pub fn pre_skip(&self) -> u32 {
        match self {
            CodecConfig::Opus(config) => config.pre_skip.into(),
            _ => 0,
        }
    }
}

/// What the sequence header of an AV1 stream says, and the header itself (AV1 specification, 5.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Av1Config {
    /// `seq_profile`: 0 Main, 1 High (4:4:4), 2 Professional (4:2:2).
    pub profile: u8,
    /// `seq_level_idx[0]`.
    pub level: u8,
    /// `seq_tier[0]`: 0 Main, 1 High.
    pub tier: u8,
    /// 8, 10 or 12.
    pub bit_depth: u8,
    /// Chroma subsampling, monochrome included.
    pub chroma: ChromaSubsampling,
    /// `chroma_sample_position`: 0 unknown, 1 vertical, 2 colocated.
    pub chroma_sample_position: u8,
    /// `max_frame_width_minus_1 + 1`.
    pub max_frame_width: u32,
    /// `max_frame_height_minus_1 + 1`.
    pub max_frame_height: u32,
    /// The colour that the sequence header tags; code point 2 where it says nothing.
    pub color: Color,
    /// The sequence header OBU, with `obu_has_size_field` set.
    pub sequence_header: Vec<u8>,
}

impl Av1Config {
    /// The AV1CodecConfigurationRecord (AV1-ISOBMFF 2.3.3): the body of `av1C` and the CodecPrivate of `V_AV1`.
    pub fn configuration_record(&self) -> Vec<u8> {
        let high_bit_depth = u8::from(self.bit_depth > 8);
        let twelve_bit = u8::from(self.bit_depth == 12);
        let (mono, x, y) = match self.chroma {
            ChromaSubsampling::Monochrome => (1, 1, 1),
            ChromaSubsampling::Yuv420 => (0, 1, 1),
            ChromaSubsampling::Yuv422 => (0, 1, 0),
            ChromaSubsampling::Yuv444 => (0, 0, 0),
        };
        let mut record = vec![
            0x81, // marker, version 1
            self.profile << 5 | self.level,
            self.tier << 7
                | high_bit_depth << 6
                | twelve_bit << 5
                | mono << 4
                | x << 3
                | y << 2
                | self.chroma_sample_position,
            0, // no initial_presentation_delay
        ];
        record.extend_from_slice(&self.sequence_header);
        record
    }

    /// `av01.P.LLT.DD`, with the long form's colour where it is not the default (AV1-ISOBMFF 5).
    pub fn codec_string(&self) -> String {
        let tier = if self.tier == 0 { 'M' } else { 'H' };
        let short = format!("av01.{}.{:02}{tier}.{:02}", self.profile, self.level, self.bit_depth);
        let (mono, subsampling) = match self.chroma {
            ChromaSubsampling::Monochrome => (1, "11"),
            ChromaSubsampling::Yuv420 => (0, "11"),
            ChromaSubsampling::Yuv422 => (0, "10"),
            ChromaSubsampling::Yuv444 => (0, "00"),
        };
        let long = format!(
            ".{mono}.{subsampling}{}.{:02}.{:02}.{:02}.{}",
            self.chroma_sample_position,
            self.color.primaries.code(),
            self.color.transfer.code(),
            self.color.matrix.code(),
            u8::from(self.color.range == ColorRange::Full),
        );
        if long == ".0.110.01.01.01.0" { short } else { short + &long }
    }
}

/// The identification header of an Opus stream (RFC 7845, 5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpusConfig {
    /// 1 to 8.
    pub channels: u8,
    /// Samples at 48 kHz to drop at the start.
    pub pre_skip: u16,
    /// The rate of the sound before it was encoded, for information: Ogg and Matroska say it, MP4 always says 48,000, as
    /// Chromium refuses segments with another.
    pub input_sample_rate: u32,
    /// Gain in dB, 7.8 fixed point.
    pub output_gain: i16,
    /// How channels map to streams; `None` for family 0 (one or two channels, one stream).
    pub mapping: Option<OpusMapping>,
}

impl OpusConfig {
    /// Refuses channels that the mapping does not fit.
    pub(crate) fn check(&self) -> Result<()> {
        let channels = self.channels;
        if !(1..=8).contains(&channels) {
            return Err(Error::input(format!("Opus of {channels} channels: allowed are 1 to 8")));
        }
        match &self.mapping {
            None if channels > 2 => {
                Err(Error::input(format!("Opus of {channels} channels without a mapping: allowed are 1 and 2")))
            }
            Some(mapping) if mapping.table.len() != usize::from(channels) => Err(Error::input(format!(
                "an Opus mapping of {} entries for {channels} channels: it has one for each",
                mapping.table.len()
            ))),
            _ => Ok(()),
        }
    }

    /// The identification header (RFC 7845, 5.1): the first packet of a stream in Ogg, and the CodecPrivate of `A_OPUS`.
    pub(crate) fn identification_header(&self) -> Vec<u8> {
        let mut head = b"OpusHead".to_vec(); // magic signature
        head.push(1); // version
        head.push(self.channels); // output channel count
        head.extend_from_slice(&self.pre_skip.to_le_bytes()); // pre-skip
        head.extend_from_slice(&self.input_sample_rate.to_le_bytes()); // input sample rate
        head.extend_from_slice(&self.output_gain.to_le_bytes()); // output gain
        match &self.mapping {
            None => head.push(0), // channel mapping family
            Some(mapping) => {
                head.extend_from_slice(&[mapping.family, mapping.streams, mapping.coupled]);
                head.extend_from_slice(&mapping.table);
            }
        }
        head
    }
}

/// The channel mapping table (RFC 7845, 5.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpusMapping {
    /// 1: Vorbis channel order.
    pub family: u8,
    /// Streams in a packet.
    pub streams: u8,
    /// How many of them are stereo.
    pub coupled: u8,
    /// For each output channel, which decoded channel it is.
    pub table: Vec<u8>,
}

/// The STREAMINFO of a FLAC stream (RFC 9639, 8.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlacConfig {
    /// Samples a second.
    pub sample_rate: u32,
    /// 1 to 8.
    pub channels: u8,
    /// 16 or 24.
    pub bits_per_sample: u8,
    /// The 34 bytes of the block. After the last packet it also holds the totals and the MD5.
    pub stream_info: [u8; 34],
}

/// The form of uncompressed samples: interleaved, little-endian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PcmConfig {
    /// Samples a second.
    pub sample_rate: u32,
    /// 1 to 8.
    pub channels: u8,
    /// The form of a sample.
    pub format: SampleFormat,
}

/// The form of uncompressed pictures: a packet is one picture, its planes one after the other, each of tight rows from
/// the top. Samples of more than 8 bits take two bytes, little-endian, in their low bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawConfig {
    /// Planes and depth.
    pub format: PixelFormat,
}

/// What stands before the cues of a WebVTT file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebVttConfig {
    /// What follows the line `WEBVTT`: STYLE and REGION blocks; usually empty.
    pub header: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Av1Config {
        Av1Config {
            profile: 0,
            level: 8,
            tier: 0,
            bit_depth: 8,
            chroma: ChromaSubsampling::Yuv420,
            chroma_sample_position: 0,
            max_frame_width: 1280,
            max_frame_height: 720,
            color: Color::BT709,
            sequence_header: vec![0x0a, 0x01, 0x00],
        }
    }

    #[test]
    fn codec_strings_drop_the_default_tail() {
        assert_eq!(config().codec_string(), "av01.0.08M.08");
        let hdr = Av1Config { bit_depth: 10, color: Color::BT2100_PQ, ..config() };
        assert_eq!(hdr.codec_string(), "av01.0.08M.10.0.110.09.16.09.0");
        let gray = Av1Config { chroma: ChromaSubsampling::Monochrome, ..config() };
        assert_eq!(gray.codec_string(), "av01.0.08M.08.1.110.01.01.01.0");
    }

    #[test]
    fn opus_headers_are_little_endian_and_channels_are_mapped() {
        let stereo =
            OpusConfig { channels: 2, pre_skip: 312, input_sample_rate: 44_100, output_gain: -256, mapping: None };
        assert!(stereo.check().is_ok());
        assert_eq!(stereo.identification_header(), *b"OpusHead\x01\x02\x38\x01\x44\xac\0\0\0\xff\0");
        let table = vec![0, 4, 1, 2, 3, 5];
        let mapping = Some(OpusMapping { family: 1, streams: 4, coupled: 2, table });
        let surround = OpusConfig { channels: 6, mapping, ..stereo.clone() };
        assert!(surround.check().is_ok());
        assert_eq!(surround.identification_header()[18..], [1, 4, 2, 0, 4, 1, 2, 3, 5]);
        for channels in [0, 3, 9] {
            let config = OpusConfig { channels, ..stereo.clone() };
            let (plain, mapped) = (config.check().unwrap_err(), OpusConfig { channels, ..surround.clone() }.check());
            assert!(plain.to_string().contains(&format!("{channels} channels")) && mapped.is_err(), "{plain}");
        }
    }

    #[test]
    fn configuration_records_follow_the_bit_layout() {
        assert_eq!(config().configuration_record(), [0x81, 0x08, 0x0c, 0x00, 0x0a, 0x01, 0x00]);
        let high = Av1Config { profile: 1, bit_depth: 10, chroma: ChromaSubsampling::Yuv444, tier: 1, ..config() };
        assert_eq!(high.configuration_record()[..4], [0x81, 0x28, 0xc0, 0x00]);
        let gray = Av1Config { chroma: ChromaSubsampling::Monochrome, ..config() };
        assert_eq!(gray.configuration_record()[2], 0x1c);
    }
}
