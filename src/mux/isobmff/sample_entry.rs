//! Sample entries: what a decoder has to know before the first sample of a track.

use super::boxes::BoxWriter;
use super::description::Flavor;
use super::fourcc::{self, FourCc};
use super::visual::VisualEntry;
use super::{chapters, mov, webvtt};
use crate::error::{Error, Result};
use crate::media::{CodecConfig, FlacConfig, OpusConfig, PcmConfig, SampleFormat, Track, TrackKind, WebVttConfig};

/// The only entry of a track's `stsd`.
pub(super) enum SampleEntry<'a> {
    Visual(VisualEntry<'a>),
    Opus(&'a OpusConfig),
    Flac(&'a FlacConfig),
    Pcm(&'a PcmConfig),
    WebVtt(&'a WebVttConfig),
    Chapters,
}

impl<'a> SampleEntry<'a> {
    /// Checks that all of `track` can be said.
    pub fn new(track: &'a Track) -> Result<Self> {
        match (&track.kind, &track.config) {
            (TrackKind::Video(video), CodecConfig::Av1(config)) => {
                VisualEntry::new(video, Some(config)).map(SampleEntry::Visual)
            }
            (TrackKind::Video(video), CodecConfig::Mjpeg) => VisualEntry::new(video, None).map(SampleEntry::Visual),
            (TrackKind::Audio(_), CodecConfig::Opus(config)) => config.check().map(|()| SampleEntry::Opus(config)),
            (TrackKind::Audio(_), CodecConfig::Flac(config)) => {
                check_channels(config.channels).map(|()| SampleEntry::Flac(config))
            }
            (TrackKind::Audio(_), CodecConfig::Pcm(config)) => {
                check_channels(config.channels).map(|()| SampleEntry::Pcm(config))
            }
            (TrackKind::Subtitle, CodecConfig::WebVtt(config)) if !config.header.contains('\0') => {
                Ok(SampleEntry::WebVtt(config))
            }
            (_, config) => Err(Error::unsupported(format!("MP4 takes no {} in this kind of track", config.name()))),
        }
    }

    /// Writes `stsd`.
    pub fn write(&self, w: &mut BoxWriter, flavor: Flavor) {
        let mp4 = flavor == Flavor::Mp4;
        // An `AudioSampleEntryV1` is only allowed in an `stsd` of version 1. MOV has versions of its own.
        let version = u8::from(mp4 && matches!(self, SampleEntry::Pcm(config) if config.sample_rate > MAX_ENTRY_RATE));
        w.full_box(fourcc::STSD, version, 0, |w| {
            w.u32(1); // entry_count
            match *self {
                SampleEntry::Visual(ref entry) => entry.write(w, flavor),
                SampleEntry::Opus(config) => write_opus(w, config),
                SampleEntry::Flac(config) => write_flac(w, config),
                SampleEntry::Pcm(config) if mp4 => write_pcm(w, config),
                SampleEntry::Pcm(config) => mov::write_pcm(w, config),
                SampleEntry::WebVtt(config) => webvtt::write_entry(w, config),
                SampleEntry::Chapters => chapters::write_entry(w),
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
            // For information alone; but Chromium refuses segments where it is not the rate of the entry.
            w.u32(48_000); // InputSampleRate
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
    // The true rate is in STREAMINFO. Here FLAC in ISOBMFF, 3.3.1, wants its greatest regular division, or else 65,535
    // (RFC 9639, 10.3, says the same); some readers refuse a 0.
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
