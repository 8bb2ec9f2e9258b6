//! The Tracks element: what each track is, and what its decoder needs.

use super::ebml;
use super::fingerprint::Fingerprint;
use super::ids;
use crate::error::{Error, Result};
use crate::media::{
    AudioTrack, Av1Config, ChromaSubsampling, CodecConfig, Color, ColorRange, FlacConfig, FrameRate, OpusConfig,
    SampleFormat, TimeBase, Track, TrackKind, VideoTrack,
};

/// Opus needs 80 ms to converge after a seek (RFC 7845, 4.6).
const OPUS_SEEK_PRE_ROLL_NS: u64 = 80_000_000;

/// The number by which blocks name a track.
pub(super) fn number(index: usize) -> u64 {
    index as u64 + 1
}

/// Refuses what would make a file that readers misread.
pub(super) fn check(tracks: &[Track]) -> Result<()> {
    for (index, track) in tracks.iter().enumerate() {
        let refuse = |what: std::fmt::Arguments<'_>| Err(Error::input(format!("track {index}: {what}")));
        if track.labels.language.len() != 3 || !track.labels.language.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return Err(Error::option(
                "language",
                format_args!("`{}`", track.labels.language),
                "use the three small letters of ISO 639-2, as in `eng`, or `und`",
            ));
        }
        match &track.kind {
            TrackKind::Video(video) => {
                let cropped = video.width <= video.coded_width && video.height <= video.coded_height;
                if video.width == 0 || video.height == 0 || !cropped {
                    return refuse(format_args!(
                        "{}x{} pixels are to be shown of {}x{}",
                        video.width, video.height, video.coded_width, video.coded_height
                    ));
                }
            }
            TrackKind::Audio(audio) => {
                if audio.channels == 0 || audio.sample_rate == 0 {
                    return refuse(format_args!("{} channels at {} Hz", audio.channels, audio.sample_rate));
                }
            }
            TrackKind::Subtitle => {}
        }
        if let CodecConfig::Opus(OpusConfig { channels, mapping, .. }) = &track.config {
            let mapped =
                mapping.as_ref().map_or((1..=2).contains(channels), |m| m.table.len() == usize::from(*channels));
            if !mapped {
                return refuse(format_args!("the Opus channel mapping does not fit {channels} channels"));
            }
        }
    }
    Ok(())
}

pub(super) fn tracks(tracks: &[Track]) -> Vec<u8> {
    let mut out = Vec::new();
    ebml::master(&mut out, ids::TRACKS, |entries| {
        for (index, track) in tracks.iter().enumerate() {
            let same_kind = |other: &Track| other.video().is_some() == track.video().is_some();
            let first_of_kind = !tracks[..index].iter().any(same_kind);
            ebml::master(entries, ids::TRACK_ENTRY, |entry| track_entry(entry, index, track, first_of_kind));
        }
    });
    out
}

fn track_entry(out: &mut Vec<u8>, index: usize, track: &Track, first_of_kind: bool) {
    let kind = match track.kind {
        TrackKind::Video(_) => 1,
        TrackKind::Audio(_) => 2,
        TrackKind::Subtitle => 17,
    };
    ebml::uint(out, ids::TRACK_NUMBER, number(index));
    ebml::uint(out, ids::TRACK_UID, uid(index, track));
    ebml::uint(out, ids::TRACK_TYPE, kind);
    if !first_of_kind {
        // Else every track is a default one, and players choose among them as they like.
        ebml::uint(out, ids::FLAG_DEFAULT, 0);
    }
    ebml::uint(out, ids::FLAG_LACING, 0);
    if let Some(ns) = default_duration_ns(track) {
        ebml::uint(out, ids::DEFAULT_DURATION, ns);
    }
    // Without it a track is in English. LanguageBCP47 would say no more, and validators older than it refuse it.
    ebml::binary(out, ids::LANGUAGE, track.labels.language.as_bytes());
    ebml::binary(out, ids::CODEC_ID, codec_id(&track.config).as_bytes());
    if let Some(private) = codec_private(&track.config) {
        ebml::binary(out, ids::CODEC_PRIVATE, &private);
    }
    if matches!(track.config, CodecConfig::Opus(_)) {
        ebml::uint(out, ids::CODEC_DELAY, codec_delay_ns(track));
        ebml::uint(out, ids::SEEK_PRE_ROLL, OPUS_SEEK_PRE_ROLL_NS);
    }
    match &track.kind {
        TrackKind::Video(video) => ebml::master(out, ids::VIDEO, |out| video_settings(out, video, &track.config)),
        TrackKind::Audio(audio) => ebml::master(out, ids::AUDIO, |out| audio_settings(out, audio, &track.config)),
        TrackKind::Subtitle => {}
    }
}

/// A hash of what does not change until the end of the file, over the track's number, which keeps it apart from the
/// others and from 0. It stays below 2^53, which is where JavaScript stops counting.
fn uid(index: usize, track: &Track) -> u64 {
    let mut fingerprint = Fingerprint::new();
    fingerprint.add(track.labels.language.as_bytes());
    fingerprint.add(codec_id(&track.config).as_bytes());
    match &track.kind {
        TrackKind::Video(video) => {
            fingerprint.add(&video.width.to_be_bytes());
            fingerprint.add(&video.height.to_be_bytes());
        }
        TrackKind::Audio(audio) => {
            fingerprint.add(&audio.sample_rate.to_be_bytes());
            fingerprint.add(&[audio.channels]);
        }
        TrackKind::Subtitle => {}
    }
    let hash = fingerprint.to_bytes();
    u64::from_be_bytes([0, 0, 0, hash[0], hash[1], hash[2], hash[3], hash[4]]) << 12 ^ number(index)
}

/// Nanoseconds between the frames of a track that has a constant rate.
pub(super) fn default_duration_ns(track: &Track) -> Option<u64> {
    let rate: FrameRate = track.video()?.frame_rate.filter(|rate| rate.is_valid())?;
    let (num, den) = (u64::from(rate.num()), u64::from(rate.den()));
    Some((den * 1_000_000_000 + num / 2) / num).filter(|&ns| ns > 0)
}

/// What readers take away from each of the track's block times.
pub(super) fn codec_delay_ns(track: &Track) -> u64 {
    let ns = track.time_base.rescale(track.config.pre_skip().into(), TimeBase::NANOSECONDS);
    ns.and_then(|ns| u64::try_from(ns).ok()).unwrap_or(0)
}

fn codec_id(config: &CodecConfig) -> &'static str {
    match config {
        CodecConfig::Av1(_) => "V_AV1",
        CodecConfig::Mjpeg => "V_MJPEG",
        CodecConfig::Raw(_) => "V_UNCOMPRESSED",
        CodecConfig::WebVtt(_) => "S_TEXT/WEBVTT",
        CodecConfig::Opus(_) => "A_OPUS",
        CodecConfig::Flac(_) => "A_FLAC",
        CodecConfig::Pcm(config) if config.format == SampleFormat::F32 => "A_PCM/FLOAT/IEEE",
        CodecConfig::Pcm(_) => "A_PCM/INT/LIT",
    }
}

fn codec_private(config: &CodecConfig) -> Option<Vec<u8>> {
    match config {
        CodecConfig::Av1(config) => Some(config.configuration_record()),
        CodecConfig::Opus(config) => Some(identification_header(config)),
        CodecConfig::Flac(config) => Some(stream_head(config)),
        CodecConfig::Mjpeg | CodecConfig::Raw(_) | CodecConfig::Pcm(_) | CodecConfig::WebVtt(_) => None,
    }
}

/// The first packet of an Ogg Opus stream (RFC 7845, 5.1), whose numbers are little-endian.
fn identification_header(config: &OpusConfig) -> Vec<u8> {
    let mut head = b"OpusHead".to_vec();
    head.push(1); // version
    head.push(config.channels);
    head.extend_from_slice(&config.pre_skip.to_le_bytes());
    head.extend_from_slice(&config.input_sample_rate.to_le_bytes());
    head.extend_from_slice(&config.output_gain.to_le_bytes());
    match &config.mapping {
        None => head.push(0),
        Some(mapping) => {
            head.extend_from_slice(&[mapping.family, mapping.streams, mapping.coupled]);
            head.extend_from_slice(&mapping.table);
        }
    }
    head
}

/// What stands before the first frame of a FLAC file (RFC 9639, 6 and 10.2).
fn stream_head(config: &FlacConfig) -> Vec<u8> {
    let mut head = b"fLaC".to_vec();
    head.extend_from_slice(&[0x80, 0, 0, 34]); // the last block, of type STREAMINFO, 34 bytes
    head.extend_from_slice(&config.stream_info);
    head
}

fn video_settings(out: &mut Vec<u8>, video: &VideoTrack, config: &CodecConfig) {
    ebml::uint(out, ids::FLAG_INTERLACED, 2);
    ebml::uint(out, ids::PIXEL_WIDTH, video.coded_width.into());
    ebml::uint(out, ids::PIXEL_HEIGHT, video.coded_height.into());
    let (right, bottom) = (video.coded_width - video.width, video.coded_height - video.height);
    if bottom > 0 {
        ebml::uint(out, ids::PIXEL_CROP_BOTTOM, bottom.into());
    }
    if right > 0 {
        ebml::uint(out, ids::PIXEL_CROP_RIGHT, right.into());
    }
    if right > 0 || bottom > 0 {
        // They follow from the above (RFC 9559, 5.1.4.1.28.12), but readers that know no cropping take them as they are.
        ebml::uint(out, ids::DISPLAY_WIDTH, video.width.into());
        ebml::uint(out, ids::DISPLAY_HEIGHT, video.height.into());
    }
    ebml::master(out, ids::COLOUR, |out| {
        if let CodecConfig::Av1(config) = config {
            chroma(out, config);
        }
        colour(out, &video.color);
    });
}

fn colour(out: &mut Vec<u8>, color: &Color) {
    ebml::uint(out, ids::MATRIX_COEFFICIENTS, color.matrix.code().into());
    let range = match color.range {
        ColorRange::Limited => 1,
        ColorRange::Full => 2,
    };
    ebml::uint(out, ids::RANGE, range);
    ebml::uint(out, ids::TRANSFER_CHARACTERISTICS, color.transfer.code().into());
    ebml::uint(out, ids::PRIMARIES, color.primaries.code().into());
}

fn chroma(out: &mut Vec<u8>, config: &Av1Config) {
    ebml::uint(out, ids::BITS_PER_CHANNEL, config.bit_depth.into());
    if config.chroma == ChromaSubsampling::Monochrome {
        return;
    }
    let (horizontal, vertical) = config.chroma.shifts();
    ebml::uint(out, ids::CHROMA_SUBSAMPLING_HORZ, horizontal.into());
    ebml::uint(out, ids::CHROMA_SUBSAMPLING_VERT, vertical.into());
    let siting = match config.chroma_sample_position {
        1 => Some((1, 2)), // CSP_VERTICAL
        2 => Some((1, 1)), // CSP_COLOCATED
        _ => None,
    };
    if let Some((horizontal, vertical)) = siting {
        ebml::uint(out, ids::CHROMA_SITING_HORZ, horizontal);
        ebml::uint(out, ids::CHROMA_SITING_VERT, vertical);
    }
}

fn audio_settings(out: &mut Vec<u8>, audio: &AudioTrack, config: &CodecConfig) {
    // Of Opus the track's rate is 48,000, what decoders give, as every reader and writer has it; the rate before it was
    // encoded is in the identification header.
    ebml::float(out, ids::SAMPLING_FREQUENCY, audio.sample_rate.into());
    ebml::uint(out, ids::CHANNELS, audio.channels.into());
    let bits = match config {
        CodecConfig::Pcm(config) => Some(u64::from(config.format.bits())),
        CodecConfig::Flac(config) => Some(u64::from(config.bits_per_sample)),
        _ => None,
    };
    if let Some(bits) = bits {
        ebml::uint(out, ids::BIT_DEPTH, bits);
    }
}
