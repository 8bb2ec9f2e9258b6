//! Playlists (RFC 8216). `EXT-X-GAP` and `VIDEO-RANGE` are of its second edition; who does not know them passes over
//! them.

use super::files::uri;
use super::segments::Segments;
use super::{Kind, Output, Presentation, VTT, media};
use crate::media::{CodecConfig, Track, VideoTrack};
use crate::mux::Layout;

/// What version a reader has to know: 6 brought `EXT-X-MAP` to all playlists, and 7 is what readers look for in front
/// of fragmented MP4.
const HEAD: &str = "#EXTM3U\n#EXT-X-VERSION:7\n";

/// No more will come.
pub(super) const END: &str = "#EXT-X-ENDLIST\n";

/// The size in which pictures are shown: in square pixels, and turned.
fn resolution(video: &VideoTrack) -> String {
    let (width, height) = (video.sample_aspect_ratio.display_width(video.width), video.height);
    match video.orientation.swaps_sides() {
        true => format!("{height}x{width}"),
        false => format!("{width}x{height}"),
    }
}

/// Whether players are led to a track. What has come to its end without a packet has nothing to play.
pub(super) fn is_listed(presentation: &Presentation<'_>, output: &Output) -> bool {
    !presentation.is_finished || output.has_content()
}

/// The playlist that names all others.
pub(super) fn multivariant_playlist(presentation: &Presentation<'_>) -> String {
    let mut text = format!("{HEAD}#EXT-X-INDEPENDENT-SEGMENTS\n");
    let listed = || presentation.tracks.iter().filter(|output| is_listed(presentation, output));
    let of_kind = |is: fn(&Track) -> bool| listed().filter(move |output| is(&output.track));
    let videos: Vec<_> = of_kind(|track| track.video().is_some()).collect();
    let audios: Vec<_> = of_kind(|track| track.audio().is_some()).collect();
    let subtitles: Vec<_> = of_kind(Track::is_subtitle).collect();
    // One track of sound without pictures is the variant itself.
    let audio_group = (!videos.is_empty() || audios.len() > 1).then_some("audio").filter(|_| !audios.is_empty());
    if audio_group.is_some() {
        audios.iter().for_each(|output| rendition(&mut text, presentation, output, "AUDIO", "audio"));
    }
    subtitles.iter().for_each(|output| rendition(&mut text, presentation, output, "SUBTITLES", "subtitles"));
    for output in &videos {
        if output.labels.is_titled || output.labels.language.is_some() {
            rendition(&mut text, presentation, output, "VIDEO", &output.labels.name);
        }
    }
    let first_audio: Vec<_> = audios.iter().filter(|output| output.labels.is_default).chain(&audios).take(1).collect();
    let variants: Vec<&&Output> = if videos.is_empty() { first_audio } else { videos.iter().collect() };
    for output in variants {
        let is_video = output.track.video().is_some();
        let peak = |output: &&Output| output.segments().peak_rate(presentation.target);
        let average = |output: &&Output| output.segments().average_rate();
        let (mut bandwidth, mut mean) = (peak(output), average(output));
        let mut codecs = vec![codec(&output.track)];
        if is_video {
            bandwidth = bandwidth.saturating_add(audios.iter().map(peak).max().unwrap_or(0));
            mean = mean.saturating_add(audios.iter().map(average).max().unwrap_or(0));
        }
        codecs.extend(audios.iter().map(|output| codec(&output.track)));
        let mut seen = Vec::new();
        codecs.retain(|codec| {
            !seen.contains(codec) && {
                seen.push(codec.clone());
                true
            }
        });
        line(&mut text, format_args!("#EXT-X-STREAM-INF:BANDWIDTH={}", bandwidth.max(1)));
        text.pop();
        let mut attribute = |name: &str, value: String| text.push_str(&format!(",{name}={value}"));
        attribute("AVERAGE-BANDWIDTH", mean.max(1).to_string());
        attribute("CODECS", quoted(&codecs.join(",")));
        if let Some(video) = output.track.video() {
            attribute("RESOLUTION", resolution(video));
            if let Some(rate) = video.frame_rate.filter(|rate| rate.is_valid()) {
                let thousandths = (u64::from(rate.num()) * 1000 + u64::from(rate.den()) / 2) / u64::from(rate.den());
                attribute("FRAME-RATE", format!("{}.{:03}", thousandths / 1000, thousandths % 1000));
            }
            attribute("VIDEO-RANGE", video_range(video.color.transfer.code()).into());
            if output.labels.is_titled || output.labels.language.is_some() {
                attribute("VIDEO", quoted(&output.labels.name));
            }
        }
        if let Some(group) = audio_group {
            attribute("AUDIO", quoted(group));
        }
        if !subtitles.is_empty() {
            attribute("SUBTITLES", quoted("subtitles"));
        }
        line(&mut text, format_args!("\n{}", uri(&presentation.names.playlist(&output.labels.name))));
    }
    text
}

/// `EXT-X-MEDIA`: one of several tracks that go with each variant.
fn rendition(text: &mut String, presentation: &Presentation<'_>, output: &Output, kind: &str, group: &str) {
    let labels = &output.labels;
    let yes = |said: bool| if said { "YES" } else { "NO" };
    let mut attributes = format!("TYPE={kind},GROUP-ID={},NAME={}", quoted(group), quoted(&labels.title));
    let mut attribute = |name: &str, value: String| attributes.push_str(&format!(",{name}={value}"));
    if let Some(language) = &labels.language {
        attribute("LANGUAGE", quoted(language));
    }
    // The pictures of a variant are its only ones.
    let is_video = output.track.video().is_some();
    attribute("DEFAULT", yes(labels.is_default || is_video).into());
    attribute("AUTOSELECT", yes(labels.is_automatic || is_video).into());
    if output.track.is_subtitle() {
        attribute("FORCED", yes(labels.is_forced).into());
    }
    if let Some(audio) = output.track.audio() {
        attribute("CHANNELS", quoted(&audio.channels.to_string()));
    }
    if !is_video {
        attribute("URI", quoted(&uri(&presentation.names.playlist(&labels.name))));
    }
    line(text, format_args!("#EXT-X-MEDIA:{attributes}"));
}

/// The playlist of a track.
pub(super) fn media_playlist(presentation: &Presentation<'_>, output: &Output) -> String {
    let Presentation { names, layout, is_window, is_finished, .. } = *presentation;
    let (segments, name) = (output.segments(), &output.labels.name);
    let whole_subtitles = matches!(&output.kind, Kind::Subtitles(track) if track.whole.is_some());
    // Subtitles on demand may have a target of their own (RFC 8216, 6.2.4).
    let target = if whole_subtitles { segments.longest_seconds() } else { presentation.target };
    let mut text = format!("{HEAD}#EXT-X-TARGETDURATION:{target}\n");
    let first = segments.listed().next().map_or(1, |segment| segment.number);
    // Counted from 0, where files are named from 1: mediabunny takes so many target durations for what came before.
    line(&mut text, format_args!("#EXT-X-MEDIA-SEQUENCE:{}", first.saturating_sub(1)));
    text.push_str(match (layout, is_window) {
        (Layout::ByteRanges, _) => "#EXT-X-PLAYLIST-TYPE:VOD\n",
        (_, false) => "#EXT-X-PLAYLIST-TYPE:EVENT\n",
        (_, true) => "",
    });
    let is_ranges = layout == Layout::ByteRanges && !output.track.is_subtitle();
    if !output.track.is_subtitle() {
        text.push_str("#EXT-X-INDEPENDENT-SEGMENTS\n");
        if is_ranges {
            let (file, length) = (uri(&names.whole(name, "mp4")), output.labels.header_bytes);
            line(&mut text, format_args!("#EXT-X-MAP:URI=\"{file}\",BYTERANGE=\"{length}@0\""));
        } else {
            line(&mut text, format_args!("#EXT-X-MAP:URI=\"{}\"", uri(&names.header(name))));
        }
    }
    for segment in segments.listed() {
        if segment.gap {
            text.push_str("#EXT-X-GAP\n");
        }
        line(&mut text, format_args!("#EXTINF:{},", seconds(segments, segment)));
        let file = match &output.kind {
            Kind::Media(_) if is_ranges => {
                line(&mut text, format_args!("#EXT-X-BYTERANGE:{}@{}", segment.bytes, segment.offset));
                names.whole(name, "mp4")
            }
            Kind::Media(_) => names.segment(name, segment.number, media::SEGMENT),
            Kind::Subtitles(_) if whole_subtitles => names.whole(name, VTT),
            Kind::Subtitles(_) => names.segment(name, segment.number, VTT),
        };
        line(&mut text, format_args!("{}", uri(&file)));
    }
    if is_finished {
        text.push_str(END);
    }
    text
}

fn seconds(segments: &Segments, segment: &super::segments::Segment) -> String {
    let micros = segments.length(segment);
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// A codec by the name of its sample entry, in that one's case, which RFC 6381 wants and Apple's players ask for.
fn codec(track: &Track) -> String {
    match &track.config {
        CodecConfig::Opus(_) => "Opus".into(),
        CodecConfig::Flac(_) => "fLaC".into(),
        config => config.codec_string().unwrap_or_default(),
    }
}

/// By the transfer characteristics (ISO/IEC 23091-2): SMPTE ST 2084, and ARIB STD-B67.
fn video_range(transfer: u8) -> &'static str {
    match transfer {
        16 => "PQ",
        18 => "HLG",
        _ => "SDR",
    }
}

/// A quoted string, which holds neither quotation marks nor line ends (RFC 8216, 4.2).
fn quoted(text: &str) -> String {
    let allowed = |c: char| {
        if c == '"' {
            '\''
        } else if c.is_control() {
            ' '
        } else {
            c
        }
    };
    format!("\"{}\"", text.chars().map(allowed).collect::<String>())
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    text.push_str(&format!("{line}\n"));
}
