//! Sample entries: what a decoder has to know before the first sample of a track.

use super::boxes::BoxWriter;
use super::fourcc::{self, FourCc};
use crate::error::{Error, Result};
use crate::media::{
    Av1Config, CodecConfig, Color, ColorRange, FlacConfig, OpusConfig, PcmConfig, SampleFormat, Track, TrackKind,
    VideoTrack,
};

/// The only entry of a track's `stsd`.
pub(super) enum SampleEntry<'a> {
    Av1 { config: &'a Av1Config, color: Color, size: (u16, u16), clean_aperture: Option<(u16, u16)> },
    Opus(&'a OpusConfig),
    Flac(&'a FlacConfig),
    Pcm(&'a PcmConfig),
}

impl<'a> SampleEntry<'a> {
    /// Checks that all of `track` can be said.
    pub fn new(track: &'a Track) -> Result<Self> {
        match (&track.kind, &track.config) {
            (TrackKind::Video(video), CodecConfig::Av1(config)) => Self::av1(video, config),
            (TrackKind::Audio(_), CodecConfig::Opus(config)) => {
                check_channels(config.channels)?;
                match &config.mapping {
                    Some(mapping) if mapping.table.len() != usize::from(config.channels) => {
                        let (entries, channels) = (mapping.table.len(), config.channels);
                        Err(Error::input(format!("an Opus mapping of {entries} entries for {channels} channels")))
                    }
                    None if config.channels > 2 => {
                        Err(Error::input(format!("Opus of {} channels without a mapping table", config.channels)))
                    }
                    _ => Ok(SampleEntry::Opus(config)),
                }
            }
            (TrackKind::Audio(_), CodecConfig::Flac(config)) => {
                check_channels(config.channels).map(|()| SampleEntry::Flac(config))
            }
            (TrackKind::Audio(_), CodecConfig::Pcm(config)) => {
                check_channels(config.channels).map(|()| SampleEntry::Pcm(config))
            }
            (_, config) => Err(Error::unsupported(format!("MP4 takes no {} in this kind of track", config.name()))),
        }
    }

    fn av1(video: &VideoTrack, config: &'a Av1Config) -> Result<Self> {
        let dimension = |name: &str, pixels: u32| match u16::try_from(pixels) {
            Ok(pixels) if pixels > 0 => Ok(pixels),
            _ => Err(Error::input(format!("a video {name} of {pixels}: MP4 holds 1 to {}", u16::MAX))),
        };
        let size = (dimension("width", config.max_frame_width)?, dimension("height", config.max_frame_height)?);
        let shown = (dimension("width", video.width)?, dimension("height", video.height)?);
        if shown.0 > size.0 || shown.1 > size.1 {
            return Err(Error::input(format!(
                "a picture of {} x {} in frames of {} x {}",
                shown.0, shown.1, size.0, size.1
            )));
        }
        Ok(SampleEntry::Av1 { config, color: video.color, size, clean_aperture: (shown != size).then_some(shown) })
    }

    /// Writes `stsd`.
    pub fn write(&self, w: &mut BoxWriter) {
        // An `AudioSampleEntryV1` is only allowed in an `stsd` of version 1.
        let version = u8::from(matches!(self, SampleEntry::Pcm(config) if config.sample_rate > MAX_ENTRY_RATE));
        w.full_box(fourcc::STSD, version, 0, |w| {
            w.u32(1); // entry_count
            match *self {
                SampleEntry::Av1 { config, color, size, clean_aperture } => {
                    write_av1(w, config, color, size, clean_aperture);
                }
                SampleEntry::Opus(config) => write_opus(w, config),
                SampleEntry::Flac(config) => write_flac(w, config),
                SampleEntry::Pcm(config) => write_pcm(w, config),
            }
        });
    }
}

/// The samples a second that an audio codec's configuration speaks of, which is what its track has to count in.
pub(super) fn sample_rate(config: &CodecConfig) -> Option<u32> {
    match config {
        CodecConfig::Opus(_) => Some(48_000),
        CodecConfig::Flac(config) => Some(config.sample_rate),
        CodecConfig::Pcm(config) => Some(config.sample_rate),
        _ => None,
    }
}

fn check_channels(channels: u8) -> Result<()> {
    match channels {
        1..=8 => Ok(()),
        _ => Err(Error::input(format!("a track of {channels} channels: allowed are 1 to 8"))),
    }
}

fn write_av1(
    w: &mut BoxWriter,
    config: &Av1Config,
    color: Color,
    (width, height): (u16, u16),
    clean_aperture: Option<(u16, u16)>,
) {
    w.boxed(fourcc::AV01, |w| {
        w.zeros(6); // reserved
        w.u16(1); // data_reference_index
        w.zeros(16); // pre_defined, reserved
        w.u16(width);
        w.u16(height);
        w.u32(0x0048_0000); // horizresolution, 72 dpi
        w.u32(0x0048_0000); // vertresolution
        w.u32(0); // reserved
        w.u16(1); // frame_count
        w.bytes(b"\x0aAOM Coding"); // compressorname, as AV1-ISOBMFF 2.2.4 recommends it
        w.zeros(32 - 11);
        w.u16(0x0018); // depth
        w.i16(-1); // pre_defined
        w.boxed(fourcc::AV1C, |w| w.bytes(&config.configuration_record()));
        w.boxed(fourcc::COLR, |w| {
            w.bytes(&fourcc::NCLX);
            w.u16(color.primaries.code().into());
            w.u16(color.transfer.code().into());
            w.u16(color.matrix.code().into());
            w.u8(u8::from(color.range == ColorRange::Full) << 7); // full_range_flag, reserved
        });
        if let Some(shown) = clean_aperture {
            write_clean_aperture(w, (width, height), shown);
        }
    });
}

/// Shows the top left `shown` pixels of `coded`. Offsets are measured from centre to centre.
fn write_clean_aperture(w: &mut BoxWriter, coded: (u16, u16), shown: (u16, u16)) {
    w.boxed(fourcc::CLAP, |w| {
        for length in [shown.0, shown.1] {
            w.u32(length.into()); // cleanApertureWidthN, cleanApertureHeightN
            w.u32(1); // cleanApertureWidthD, cleanApertureHeightD
        }
        for (shown, coded) in [(shown.0, coded.0), (shown.1, coded.1)] {
            w.i32(i32::from(shown) - i32::from(coded)); // horizOffN, vertOffN
            w.u32(2); // horizOffD, vertOffD
        }
    });
    // The track header says the size of the clean aperture. A reader that knows no `clap` would take the quotient of
    // that and the coded size for the shape of a pixel.
    w.boxed(fourcc::PASP, |w| {
        w.u32(1); // hSpacing
        w.u32(1); // vSpacing
    });
}

/// The largest rate that the 16.16 field of a sample entry holds.
const MAX_ENTRY_RATE: u32 = 0xffff;

/// An `AudioSampleEntry` and the boxes of its codec.
fn audio(
    w: &mut BoxWriter,
    format: FourCc,
    version: u16,
    channels: u8,
    bits: u32,
    rate: u16,
    codec: impl FnOnce(&mut BoxWriter),
) {
    w.boxed(format, |w| {
        w.zeros(6); // reserved
        w.u16(1); // data_reference_index
        w.u16(version); // entry_version
        w.zeros(6); // reserved
        w.u16(channels.into()); // channelcount
        w.u16(bits as u16); // samplesize, at most 32
        w.u32(0); // pre_defined, reserved
        w.u32(u32::from(rate) << 16); // samplerate
        codec(w);
    });
}

fn write_opus(w: &mut BoxWriter, config: &OpusConfig) {
    audio(w, fourcc::OPUS, 0, config.channels, 16, 48_000, |w| {
        // Big-endian and version 0, where the header of an Ogg stream is little-endian and version 1.
        w.boxed(fourcc::DOPS, |w| {
            w.u8(0); // Version
            w.u8(config.channels); // OutputChannelCount
            w.u16(config.pre_skip); // PreSkip
            w.u32(config.input_sample_rate); // InputSampleRate
            w.i16(config.output_gain); // OutputGain
            match &config.mapping {
                None => w.u8(0), // ChannelMappingFamily
                Some(mapping) => {
                    w.u8(mapping.family); // ChannelMappingFamily
                    w.u8(mapping.streams); // StreamCount
                    w.u8(mapping.coupled); // CoupledCount
                    w.bytes(&mapping.table); // ChannelMapping
                }
            }
        });
    });
}

fn write_flac(w: &mut BoxWriter, config: &FlacConfig) {
    // The true rate is in STREAMINFO. Here RFC 9639, 10.3, wants its greatest regular division, or else 65,535; some
    // readers refuse a 0.
    let rate = regular_division(config.sample_rate).unwrap_or(u16::MAX);
    audio(w, fourcc::FLAC, 0, config.channels, config.bits_per_sample.into(), rate, |w| {
        w.full_box(fourcc::DFLA, 0, 0, |w| {
            w.u8(0x80); // the last block; its type is STREAMINFO
            w.bytes(&[0, 0, 34]); // its length
            w.bytes(&config.stream_info);
        });
    });
}

/// The rate, or the greatest of its halves, quarters, … that 16 bits hold.
fn regular_division(rate: u32) -> Option<u16> {
    let mut divided = rate;
    while divided > MAX_ENTRY_RATE && divided.is_multiple_of(2) {
        divided /= 2;
    }
    u16::try_from(divided).ok()
}

fn write_pcm(w: &mut BoxWriter, config: &PcmConfig) {
    let format = if config.format == SampleFormat::F32 { fourcc::FPCM } else { fourcc::IPCM };
    let bits = config.format.bits();
    // `pcmC` says no rate, so one that is too high for the entry takes its second version, with a box for it. The field
    // then holds a factor of it (12.2.3.3).
    let version = u16::from(config.sample_rate > MAX_ENTRY_RATE);
    let rate = regular_division(config.sample_rate).unwrap_or(1);
    audio(w, format, version, config.channels, bits, rate, |w| {
        if version == 1 {
            w.full_box(fourcc::SRAT, 0, 0, |w| w.u32(config.sample_rate));
        }
        w.full_box(fourcc::PCMC, 0, 0, |w| {
            w.u8(1); // format_flags: little-endian
            w.u8(bits as u8); // PCM_sample_size, at most 32
        });
        write_channel_layout(w, config.channels);
    });
}

/// `chnl` by positions: the layouts that have a number stand in another order than that of WAV files. One or two
/// channels could do without, but FFmpeg then says that it had to guess.
fn write_channel_layout(w: &mut BoxWriter, channels: u8) {
    w.full_box(fourcc::CHNL, 0, 0, |w| {
        w.u8(1); // stream_structure: channels
        w.u8(0); // definedLayout: none
        w.bytes(speaker_positions(channels));
    });
}

/// The places of this crate's channels, as OutputChannelPosition of ISO/IEC 23001-8, table 8: 0 L, 1 R, 2 C, 3 LFE,
/// 4 and 5 surround, 8 and 9 rear surround, 10 rear centre.
fn speaker_positions(channels: u8) -> &'static [u8] {
    match channels {
        1 => &[2],
        2 => &[0, 1],
        3 => &[0, 1, 2],
        4 => &[0, 1, 8, 9],
        5 => &[0, 1, 2, 8, 9],
        6 => &[0, 1, 2, 3, 8, 9],
        7 => &[0, 1, 2, 3, 10, 4, 5],
        _ => &[0, 1, 2, 3, 8, 9, 4, 5],
    }
}
