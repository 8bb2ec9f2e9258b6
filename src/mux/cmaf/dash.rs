//! The media presentation description (ISO/IEC 23009-1).
//!
//! While a recording goes on it is `dynamic`. That wants to know when the media began, and no clock is read here: it is
//! said to have begun in 1970, so that all that is listed is available, and players take the live edge from the list.
//! The finished one is `static`.

use super::files::uri;
use super::segments::Segments;
use super::{Kind, Output, Presentation, VTT, media};
use crate::media::{AudioTrack, CodecConfig, Track};
use crate::mux::Layout;

/// Writes elements, indented.
struct Xml {
    text: String,
    depth: usize,
}

type Attributes<'a> = &'a [(&'a str, String)];

impl Xml {
    fn start(&mut self, name: &str, attributes: Attributes<'_>, end: &str) {
        self.text.push_str(&format!("{:1$}<{name}", "", self.depth * 2));
        for (name, value) in attributes.iter().filter(|(_, value)| !value.is_empty()) {
            self.text.push_str(&format!(" {name}=\"{}\"", escaped(value)));
        }
        self.text.push_str(end);
    }

    /// An element with others in it.
    fn element(&mut self, name: &str, attributes: Attributes<'_>, body: impl FnOnce(&mut Self)) {
        self.start(name, attributes, ">\n");
        self.depth += 1;
        body(self);
        self.depth -= 1;
        self.text.push_str(&format!("{:1$}</{name}>\n", "", self.depth * 2));
    }

    fn empty(&mut self, name: &str, attributes: Attributes<'_>) {
        self.start(name, attributes, "/>\n");
    }

    fn text(&mut self, name: &str, text: &str) {
        self.start(name, &[], ">");
        self.text.push_str(&format!("{}</{name}>\n", escaped(text)));
    }
}

/// Text without marks, and without what XML has no way to say.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, c| {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push(' '),
            c => escaped.push(c),
        }
        escaped
    })
}

/// The whole of the description.
pub(super) fn description(presentation: &Presentation<'_>) -> String {
    let is_dynamic = !presentation.is_finished;
    let listed: Vec<&Output> = presentation.tracks.iter().filter(|output| is_listed(presentation, output)).collect();
    let media = || listed.iter().filter(|output| !output.track.is_subtitle());
    let end = presentation.tracks.iter().map(Output::end_micros).max().unwrap_or(0);
    // A whole second, which every timescale can say. What comes before has been removed.
    let first = |segments: &Segments| segments.listed().next().map(|segment| segments.micros(segment.start));
    let earliest = media().filter_map(|output| first(output.segments())).min().unwrap_or(0);
    let origin = if presentation.is_window && !is_dynamic { earliest / 1_000_000 } else { 0 };

    let mut xml = Xml { text: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".into(), depth: 0 };
    let profile = if presentation.layout == Layout::ByteRanges { "main" } else { "live" };
    let when = |wanted: bool, value: String| if wanted { value } else { String::new() };
    let attributes = [
        ("xmlns", "urn:mpeg:dash:schema:mpd:2011".into()),
        ("profiles", format!("urn:mpeg:dash:profile:isoff-{profile}:2011")),
        ("type", if is_dynamic { "dynamic" } else { "static" }.into()),
        ("availabilityStartTime", when(is_dynamic, EPOCH.into())),
        ("publishTime", when(is_dynamic, EPOCH.into())),
        ("minimumUpdatePeriod", when(is_dynamic, seconds((presentation.target * 1_000_000 / 2).max(1_000_000)))),
        ("timeShiftBufferDepth", when(is_dynamic && presentation.is_window, seconds(end.saturating_sub(earliest)))),
        ("mediaPresentationDuration", when(!is_dynamic, seconds(end))),
        ("maxSegmentDuration", seconds(presentation.target.saturating_mul(1_000_000))),
        ("minBufferTime", seconds(presentation.target.saturating_mul(1_000_000))),
    ];
    xml.element("MPD", &attributes, |xml| {
        let start = seconds(origin.saturating_mul(1_000_000));
        xml.element("Period", &[("id", "1".into()), ("start", start)], |xml| {
            for (set, id) in adaptation_sets(&listed).iter().zip(1..) {
                adaptation_set(xml, presentation, set, id, origin);
            }
        });
    });
    xml.text
}

/// No clock is read.
const EPOCH: &str = "1970-01-01T00:00:00Z";

/// Subtitles are one file, which is there when it is complete.
fn is_listed(presentation: &Presentation<'_>, output: &Output) -> bool {
    match &output.kind {
        Kind::Media(track) => track.segments.next_number() > 1,
        Kind::Subtitles(_) => presentation.is_finished,
    }
}

/// Tracks that a player may change between at any time: pictures under one label. All others are a set each.
fn adaptation_sets<'a>(outputs: &[&'a Output]) -> Vec<Vec<&'a Output>> {
    let mut sets: Vec<Vec<&Output>> = Vec::new();
    for &output in outputs {
        let same = |other: &Output| {
            let (a, b) = (&other.track, &output.track);
            a.video().is_some() && b.video().is_some() && a.labels == b.labels
        };
        match sets.iter_mut().find(|set| set.first().is_some_and(|first| same(first))) {
            Some(set) => set.push(output),
            None => sets.push(vec![output]),
        }
    }
    sets
}

fn adaptation_set(xml: &mut Xml, presentation: &Presentation<'_>, set: &[&Output], id: usize, origin: u64) {
    let Some(Output { track, labels, .. }) = set.first() else { return };
    let (content, mime) = match (track.video(), track.audio()) {
        (Some(_), _) => ("video", "video/mp4"),
        (_, Some(_)) => ("audio", "audio/mp4"),
        _ => ("text", "text/vtt"),
    };
    let starts = |output: &Output| -> Vec<u64> {
        let segments = output.segments();
        segments.listed().map(|segment| segments.micros(segment.start)).collect()
    };
    let is_aligned = !track.is_subtitle() && set.windows(2).all(|pair| starts(pair[0]) == starts(pair[1]));
    let when = |wanted: bool, value: &str| if wanted { value.to_owned() } else { String::new() };
    let attributes = [
        ("id", id.to_string()),
        ("contentType", content.into()),
        ("mimeType", mime.into()),
        ("lang", labels.language.clone().unwrap_or_default()),
        ("segmentAlignment", when(is_aligned, "true")),
        ("startWithSAP", when(!track.is_subtitle(), "1")),
    ];
    xml.element("AdaptationSet", &attributes, |xml| {
        // The schema has labels among what every base has, which stands in front.
        if labels.is_titled {
            xml.text("Label", &labels.title);
        }
        for role in roles(track, labels.is_default || track.video().is_some()) {
            xml.empty("Role", &[("schemeIdUri", "urn:mpeg:dash:role:2011".into()), ("value", role.into())]);
        }
        for output in set {
            representation(xml, presentation, output, origin);
        }
    });
}

/// Of the role scheme (ISO/IEC 23009-1, 5.8.5.5).
fn roles(track: &Track, is_default: bool) -> Vec<&'static str> {
    let rank = if is_default { "main" } else { "alternate" };
    match track.is_subtitle() {
        true if track.labels.forced => vec!["forced-subtitle", rank],
        true => vec!["subtitle", rank],
        false => vec![rank],
    }
}

fn representation(xml: &mut Xml, presentation: &Presentation<'_>, output: &Output, origin: u64) {
    let Presentation { names, layout, target, .. } = *presentation;
    let (track, name, segments) = (&output.track, &output.labels.name, output.segments());
    let number = |value: Option<u32>| value.map_or(String::new(), |value| value.to_string());
    let video = track.video();
    let rate = video.and_then(|video| video.frame_rate).filter(|rate| rate.is_valid());
    let shape = video.map(|video| video.sample_aspect_ratio).filter(|shape| !shape.is_square());
    let codecs = if track.is_subtitle() { String::new() } else { track.config.codec_string().unwrap_or_default() };
    let attributes = [
        ("id", name.clone()),
        ("codecs", codecs),
        ("bandwidth", segments.peak_rate(target).max(1).to_string()),
        ("width", number(video.map(|video| video.width))),
        ("height", number(video.map(|video| video.height))),
        ("sar", shape.map_or(String::new(), |shape| format!("{}:{}", shape.num(), shape.den()))),
        ("frameRate", rate.map_or(String::new(), |rate| rate.to_string())),
        ("audioSamplingRate", number(track.audio().map(|audio| sampling_rate(track, audio)))),
    ];
    xml.element("Representation", &attributes, |xml| {
        if let Some(audio) = track.audio() {
            let scheme = "urn:mpeg:mpegB:cicp:ChannelConfiguration".into();
            let value = channel_configuration(audio.channels).to_string();
            xml.empty("AudioChannelConfiguration", &[("schemeIdUri", scheme), ("value", value)]);
        }
        if track.is_subtitle() {
            return xml.text("BaseURL", &uri(&names.whole(name, VTT)));
        }
        let timescale = segments.timescale();
        let offset = if origin == 0 { String::new() } else { origin.saturating_mul(timescale).to_string() };
        let mut attributes = vec![("timescale", timescale.to_string()), ("presentationTimeOffset", offset)];
        if layout == Layout::ByteRanges {
            xml.text("BaseURL", &uri(&names.whole(name, "mp4")));
            xml.element("SegmentList", &attributes, |xml| {
                xml.empty("Initialization", &[("range", range(0, output.labels.header_bytes))]);
                timeline(xml, segments, false);
                for segment in segments.listed() {
                    xml.empty("SegmentURL", &[("mediaRange", range(segment.offset, segment.bytes))]);
                }
            });
        } else {
            let first = segments.listed().next().map_or(1, |segment| segment.number);
            attributes.extend([
                ("startNumber", first.to_string()),
                ("initialization", uri(&names.header(name))),
                // The variable is put in by the player; the names have no `$` left, which is escaped as a URI has it.
                ("media", uri(&names.segments(name)) + "$Number$." + media::SEGMENT),
            ]);
            xml.element("SegmentTemplate", &attributes, |xml| timeline(xml, segments, true));
        }
    });
}

/// The times of all segments, `in_runs` of segments that follow each other and are alike. Beside a list of ranges each
/// has an element of its own: dash.js (5.2) takes the n-th range for the n-th element, repeats or not.
fn timeline(xml: &mut Xml, segments: &Segments, in_runs: bool) {
    let mut runs: Vec<(u64, u64, u64)> = Vec::new();
    for segment in segments.listed() {
        let duration = segment.end.saturating_sub(segment.start);
        match runs.last_mut() {
            Some((start, length, count))
                if in_runs && *length == duration && *start + *length * *count == segment.start =>
            {
                *count += 1;
            }
            _ => runs.push((segment.start, duration, 1)),
        }
    }
    xml.element("SegmentTimeline", &[], |xml| {
        for (start, duration, count) in runs {
            let repeats = if count > 1 { (count - 1).to_string() } else { String::new() };
            xml.empty("S", &[("t", start.to_string()), ("d", duration.to_string()), ("r", repeats)]);
        }
    });
}

/// A range of bytes (RFC 9110, 14.1.2), whose last is one of it.
fn range(offset: u64, length: u64) -> String {
    format!("{offset}-{}", offset.saturating_add(length).saturating_sub(1))
}

fn seconds(micros: u64) -> String {
    match (micros / 1_000_000, micros % 1_000_000) {
        (seconds, 0) => format!("PT{seconds}S"),
        (seconds, micros) => format!("PT{seconds}.{micros:06}S"),
    }
}

/// Of Opus, what decoders put out.
fn sampling_rate(track: &Track, audio: &AudioTrack) -> u32 {
    match track.config {
        CodecConfig::Opus(_) => 48_000,
        _ => audio.sample_rate,
    }
}

/// ChannelConfiguration of ISO/IEC 23001-8 for this crate's layouts: 10 is 2/2, 11 is 3/3.1, 12 is 3/4.1.
fn channel_configuration(channels: u8) -> u8 {
    match channels {
        4 => 10,
        7 => 11,
        8 => 12,
        other => other,
    }
}
