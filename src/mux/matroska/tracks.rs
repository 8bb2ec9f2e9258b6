//! The Tracks element: what each track is, and what its decoder needs.

use std::mem::discriminant;

use super::ebml;
use super::fingerprint::Fingerprint;
use super::ids;
use super::{lace, subtitles, video};
use crate::error::{Error, Result};
use crate::media::{
    AudioTrack, CodecConfig, FlacConfig, FrameRate, Language, SampleFormat, TimeBase, Track, TrackKind,
};
use crate::mux::Container;

/// Opus needs 80 ms to converge after a seek (RFC 7845, 4.6).
const OPUS_SEEK_PRE_ROLL_NS: u64 = 80_000_000;

/// The number by which blocks name a track.
pub(super) fn number(index: usize) -> u64 {
    index as u64 + 1
}

/// Refuses what would make a file that readers misread.
pub(super) fn check(container: Container, tracks: &[Track]) -> Result<()> {
    for (index, track) in tracks.iter().enumerate() {
        let refuse = |what: std::fmt::Arguments<'_>| Err(Error::input(format!("track {index}: {what}")));
        Language::parse(&track.labels.language)?;
        match &track.kind {
            TrackKind::Video(settings) => video::check(index, settings, &track.config)?,
            TrackKind::Audio(audio) => {
                if audio.channels == 0 || audio.sample_rate == 0 {
                    return refuse(format_args!("{} channels at {} Hz", audio.channels, audio.sample_rate));
                }
            }
            TrackKind::Subtitle => subtitles::check(index, container, &track.config)?,
        }
        if let CodecConfig::Opus(config) = &track.config {
            config.check()?;
        }
    }
    check_groups(tracks)
}

/// Matroska has no groups: all tracks of a kind are alternatives, and tracks of two kinds are none (RFC 9559, 19).
/// Groups that say just that can stand.
fn check_groups(tracks: &[Track]) -> Result<()> {
    for (index, track) in tracks.iter().enumerate() {
        let Some(group) = track.labels.alternate_group else { continue };
        let differs = tracks.iter().enumerate().filter(|(other, _)| *other != index).any(|(_, other)| {
            let together = group != 0 && other.labels.alternate_group == Some(group);
            together != same_kind(track, other)
        });
        if differs {
            return Err(Error::unsupported(format!(
                "`alternate_group` {group} of track {index}: in Matroska and WebM all tracks of a kind are alternatives, \
                 and no others; leave the groups out, or write mp4"
            )));
        }
    }
    Ok(())
}

fn same_kind(one: &Track, other: &Track) -> bool {
    discriminant(&one.kind) == discriminant(&other.kind)
}

/// Whether players take a track unless told otherwise: as it says, else the first of a kind of which none says so.
fn is_default(tracks: &[Track], index: usize) -> bool {
    let Some(track) = tracks.get(index) else { return false };
    track.labels.default.unwrap_or_else(|| {
        let chosen = tracks.iter().any(|other| same_kind(track, other) && other.labels.default == Some(true));
        !chosen && !tracks.iter().take(index).any(|other| same_kind(track, other))
    })
}

/// The element; `lacing` says what each track does of it.
pub(super) fn tracks(container: Container, tracks: &[Track], lacing: impl Fn(usize) -> lace::Said) -> Vec<u8> {
    let mut out = Vec::new();
    ebml::master(&mut out, ids::TRACKS, |entries| {
        for (index, track) in tracks.iter().enumerate() {
            let default = is_default(tracks, index);
            let lacing = lacing(index);
            ebml::master(entries, ids::TRACK_ENTRY, |entry| {
                track_entry(entry, container, index, track, default, lacing)
            });
        }
    });
    out
}

/// The most that the DefaultDuration of packets that are laced takes, which last less than 2^32 ns, and a Void.
const LACED_DURATION_ROOM: usize = 3 + 1 + 4 + 2;

fn track_entry(
    out: &mut Vec<u8>,
    container: Container,
    index: usize,
    track: &Track,
    default: bool,
    lacing: lace::Said,
) {
    let kind = match track.kind {
        TrackKind::Video(_) => 1,
        TrackKind::Audio(_) => 2,
        TrackKind::Subtitle => 17,
    };
    ebml::uint(out, ids::TRACK_NUMBER, number(index));
    ebml::uint(out, ids::TRACK_UID, uid(container, index, track));
    ebml::uint(out, ids::TRACK_TYPE, kind);
    if !default {
        // Else every track is a default one, and players choose among them as they like.
        ebml::uint(out, ids::FLAG_DEFAULT, 0);
    }
    if track.labels.forced {
        ebml::uint(out, ids::FLAG_FORCED, 1);
    }
    ebml::uint(out, ids::FLAG_LACING, u64::from(lacing != lace::Said::Unlaced));
    let before = out.len();
    if let lace::Said::Lasting(ns) = lacing {
        ebml::uint(out, ids::DEFAULT_DURATION, ns);
    }
    if lacing != lace::Said::Unlaced {
        let left = LACED_DURATION_ROOM.saturating_sub(out.len() - before);
        ebml::void(out, left);
    }
    if let Some(ns) = default_duration_ns(track) {
        ebml::uint(out, ids::DEFAULT_DURATION, ns);
    }
    if has_additions(container, track) {
        ebml::uint(out, ids::MAX_BLOCK_ADDITION_ID, 1);
    }
    if let Some(title) = track.labels.title.as_ref().filter(|title| !title.is_empty()) {
        ebml::binary(out, ids::NAME, title.as_bytes());
    }
    // Checked before. Without Language a track is in English; the other is written only where it says more, because
    // readers older than it do not know it.
    if let Ok(language) = Language::parse(&track.labels.language) {
        ebml::binary(out, ids::LANGUAGE, &language.bibliographic());
        if language.needs_tag() {
            ebml::binary(out, ids::LANGUAGE_BCP47, language.tag().as_bytes());
        }
    }
    ebml::binary(out, ids::CODEC_ID, codec_id(container, &track.config).as_bytes());
    if let Some(private) = codec_private(container, &track.config) {
        ebml::binary(out, ids::CODEC_PRIVATE, &private);
    }
    if matches!(track.config, CodecConfig::Opus(_)) {
        ebml::uint(out, ids::CODEC_DELAY, codec_delay_ns(track));
        ebml::uint(out, ids::SEEK_PRE_ROLL, OPUS_SEEK_PRE_ROLL_NS);
    }
    match &track.kind {
        TrackKind::Video(settings) => {
            ebml::master(out, ids::VIDEO, |out| video::settings(out, settings, &track.config));
        }
        TrackKind::Audio(audio) => ebml::master(out, ids::AUDIO, |out| audio_settings(out, audio, &track.config)),
        TrackKind::Subtitle => {}
    }
}

/// Whether blocks of the track may carry more than their frame. A reader that was not told of it may drop that.
fn has_additions(container: Container, track: &Track) -> bool {
    let alpha = track.video().is_some_and(|video| video.alpha.is_some());
    alpha || track.is_subtitle() && subtitles::Form::of(container) == subtitles::Form::Matroska
}

/// A hash of what does not change until the end of the file, over the track's number.
fn uid(container: Container, index: usize, track: &Track) -> u64 {
    let mut fingerprint = Fingerprint::new();
    fingerprint.add(track.labels.language.as_bytes());
    fingerprint.add(codec_id(container, &track.config).as_bytes());
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
    fingerprint.to_uid(number(index))
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

fn codec_id(container: Container, config: &CodecConfig) -> &'static str {
    match config {
        CodecConfig::Av1(_) => "V_AV1",
        CodecConfig::Mjpeg => "V_MJPEG",
        CodecConfig::Raw(_) => "V_UNCOMPRESSED",
        CodecConfig::WebVtt(_) => subtitles::Form::of(container).codec_id(),
        CodecConfig::Opus(_) => "A_OPUS",
        CodecConfig::Flac(_) => "A_FLAC",
        CodecConfig::Pcm(config) if config.format == SampleFormat::F32 => "A_PCM/FLOAT/IEEE",
        CodecConfig::Pcm(_) => "A_PCM/INT/LIT",
    }
}

fn codec_private(container: Container, config: &CodecConfig) -> Option<Vec<u8>> {
    match config {
        CodecConfig::Av1(config) => Some(config.configuration_record()),
        CodecConfig::Opus(config) => Some(config.identification_header()),
        CodecConfig::Flac(config) => Some(stream_head(config)),
        CodecConfig::WebVtt(config) => subtitles::Form::of(container).codec_private(config),
        CodecConfig::Mjpeg | CodecConfig::Raw(_) | CodecConfig::Pcm(_) => None,
    }
}

/// What stands before the first frame of a FLAC file (RFC 9639, 6 and 10.2).
fn stream_head(config: &FlacConfig) -> Vec<u8> {
    let mut head = b"fLaC".to_vec();
    head.extend_from_slice(&[0x80, 0, 0, 34]); // the last block, of type STREAMINFO, 34 bytes
    head.extend_from_slice(&config.stream_info);
    head
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
