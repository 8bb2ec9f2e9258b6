//! Strict readers of HLS playlists (RFC 8216) and media presentation descriptions (ISO/IEC 23009-1), which put the
//! segments of each track together and have the reader of MP4 judge them. They share no code with the muxer, and refuse
//! what they do not know.

#![allow(dead_code)] // each test uses a part

use std::collections::BTreeMap;

use super::isobmff::codecs::Entry;
use super::isobmff::{self, Checked, Movie, ensure};

#[path = "xml.rs"]
pub mod xml;

/// All files of an output, by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// What a manifest leads to.
#[derive(Debug, Default)]
pub struct Shown {
    pub finished: bool,
    pub tracks: Vec<Rendition>,
    /// The most seconds that a segment may last.
    pub target: u64,
    /// In seconds; of HLS, of the longest track.
    pub duration: f64,
    /// How many playlists of HLS have been read.
    playlists: usize,
}

#[derive(Debug, Default)]
pub struct Rendition {
    /// `video`, `audio` or `text`.
    pub kind: String,
    pub codecs: String,
    pub language: Option<String>,
    pub title: Option<String>,
    pub default: bool,
    pub automatic: bool,
    pub forced: bool,
    /// Seconds from where to where, and whether it is a gap.
    pub segments: Vec<(f64, f64, bool)>,
    /// The names of the files of the segments.
    pub files: Vec<String>,
    pub first_number: u64,
    /// The header with all segments behind it.
    pub bytes: Vec<u8>,
    pub movie: Option<Movie>,
    /// The text of each segment of subtitles.
    pub texts: Vec<String>,
    pub bandwidth: u64,
    /// Bits a second of each segment.
    pub rates: Vec<u64>,
}

impl Shown {
    pub fn track(&self, kind: &str) -> &Rendition {
        self.tracks.iter().find(|track| track.kind == kind).expect("a track of this kind")
    }
}

fn file<'a>(files: &'a Files, uri: &str) -> Checked<(String, &'a [u8])> {
    let name = unescape(uri)?;
    let bytes = files.get(&name).ok_or(format!("`{name}` is not there"))?;
    Ok((name, bytes))
}

/// A relative reference of one component (RFC 3986).
fn unescape(uri: &str) -> Checked<String> {
    let mut bytes = Vec::new();
    let mut rest = uri.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits = [rest.next().ok_or("a cut escape")?, rest.next().ok_or("a cut escape")?];
                let digits = std::str::from_utf8(&digits).map_err(|error| error.to_string())?;
                bytes.push(u8::from_str_radix(digits, 16).map_err(|error| error.to_string())?);
            }
            _ => {
                ensure!(byte.is_ascii_alphanumeric() || b"-._~".contains(&byte), "`{uri}` is not escaped");
                bytes.push(byte);
            }
        }
    }
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

fn text(bytes: &[u8]) -> Checked<&str> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    ensure!(!text.contains(['\r', '\0']) && text.ends_with('\n'), "a text without a line end, or with another");
    Ok(text)
}

fn number<T: std::str::FromStr>(what: &str, text: &str) -> Checked<T> {
    ensure!(!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.'), "{what} is {text:?}");
    text.parse().map_err(|_| format!("{what} is {text:?}"))
}

fn slice(bytes: &[u8], offset: usize, length: usize) -> Checked<&[u8]> {
    bytes.get(offset..offset.saturating_add(length)).ok_or(format!("a range of {length} at {offset}"))
}

/// An attribute list (RFC 8216, 4.2).
fn attributes(list: &str) -> Checked<BTreeMap<&str, &str>> {
    let (mut found, mut rest) = (BTreeMap::new(), list);
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').ok_or(format!("`{rest}` is no attribute"))?;
        let named = !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-');
        ensure!(named, "an attribute {name:?}");
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or("a string without an end")?,
            None => after.split_at(after.find(',').unwrap_or(after.len())),
        };
        ensure!(found.insert(name, value).is_none(), "{name} is there twice");
        rest = match after.strip_prefix(',') {
            Some(more) if !more.is_empty() => more,
            _ if after.is_empty() => after,
            _ => return Err(format!("`{after}` behind {name}")),
        };
    }
    Ok(found)
}

fn yes(attributes: &BTreeMap<&str, &str>, name: &str) -> Checked<bool> {
    match attributes.get(name) {
        Some(&"YES") => Ok(true),
        Some(&"NO") | None => Ok(false),
        Some(other) => Err(format!("{name}={other}")),
    }
}

/// Reads a multivariant playlist, all that it names, and all that these name.
pub fn verify_hls(files: &Files, manifest: &str) -> Checked<Shown> {
    let mut lines = text(files.get(manifest).ok_or("no manifest")?)?.lines();
    ensure!(lines.next() == Some("#EXTM3U"), "it does not begin with #EXTM3U");
    ensure!(lines.next() == Some("#EXT-X-VERSION:7"), "no version 7");
    ensure!(lines.next() == Some("#EXT-X-INDEPENDENT-SEGMENTS"), "segments are not said to be independent");
    let (mut renditions, mut variants) = (Vec::new(), Vec::new());
    while let Some(line) = lines.next() {
        if let Some(list) = line.strip_prefix("#EXT-X-MEDIA:") {
            ensure!(variants.is_empty(), "a rendition behind a variant");
            renditions.push(attributes(list)?);
        } else if let Some(list) = line.strip_prefix("#EXT-X-STREAM-INF:") {
            variants.push((attributes(list)?, lines.next().ok_or("a variant without a playlist")?));
        } else {
            return Err(format!("`{line}` in a multivariant playlist"));
        }
    }
    ensure!(!variants.is_empty(), "no variant");
    let mut shown = Shown::default();
    for rendition in &renditions {
        let get = |name: &str| rendition.get(name).map(|value| (*value).to_owned());
        let kind = get("TYPE").ok_or("a rendition without a TYPE")?;
        let (group, name) = (get("GROUP-ID").ok_or("no GROUP-ID")?, get("NAME").ok_or("no NAME")?);
        let same = |other: &&BTreeMap<&str, &str>| {
            other["TYPE"] == kind && other.get("GROUP-ID").copied() == Some(group.as_str())
        };
        let alike: Vec<_> = renditions.iter().filter(same).collect();
        ensure!(alike.iter().filter(|other| other["NAME"] == name).count() == 1, "two renditions of NAME {name}");
        let defaults = alike.iter().filter(|other| other.get("DEFAULT") == Some(&"YES")).count();
        ensure!(defaults <= 1, "{defaults} default renditions");
        let (default, automatic) = (yes(rendition, "DEFAULT")?, yes(rendition, "AUTOSELECT")?);
        ensure!(automatic || !default, "a default that is not automatic");
        let twin = |other: &&&BTreeMap<&str, &str>| {
            other.get("AUTOSELECT") == Some(&"YES")
                && (other.get("LANGUAGE"), other.get("FORCED")) == (rendition.get("LANGUAGE"), rendition.get("FORCED"))
        };
        ensure!(!automatic || alike.iter().filter(twin).count() == 1, "two automatic renditions of one language");
        let used = variants.iter().filter(|(v, _)| v.get(kind.as_str()).copied() == Some(group.as_str())).count();
        ensure!(used > 0, "no variant has group {group}");
        let forced = yes(rendition, "FORCED")?;
        ensure!(kind == "SUBTITLES" || !forced, "a forced rendition of {kind}");
        let known = ["TYPE", "GROUP-ID", "NAME", "LANGUAGE", "DEFAULT", "AUTOSELECT", "FORCED", "CHANNELS", "URI"];
        ensure!(rendition.keys().all(|name| known.contains(name)), "{rendition:?}");
        let Some(uri) = get("URI") else {
            ensure!(kind == "VIDEO", "a rendition of {kind} without a playlist");
            continue;
        };
        let kind = if kind == "AUDIO" { "audio" } else { "text" };
        let mut track =
            Rendition { kind: kind.into(), title: Some(name), default, automatic, forced, ..Rendition::default() };
        track.language = get("LANGUAGE");
        media_playlist(files, &uri, &mut track, &mut shown)?;
        if let (Some(movie), Some(channels)) = (&track.movie, get("CHANNELS")) {
            let found = channels_of(&movie.tracks[0].entry);
            ensure!(found.to_string() == channels, "CHANNELS {channels} of {found}");
        }
        shown.tracks.push(track);
    }
    for (variant, uri) in &variants {
        let known = [
            "BANDWIDTH",
            "AVERAGE-BANDWIDTH",
            "CODECS",
            "RESOLUTION",
            "FRAME-RATE",
            "VIDEO-RANGE",
            "VIDEO",
            "AUDIO",
            "SUBTITLES",
        ];
        ensure!(variant.keys().all(|name| known.contains(name)), "{variant:?}");
        let get = |name: &str| variant.get(name).copied().ok_or(format!("a variant without {name}"));
        for (group, kind) in [("AUDIO", "AUDIO"), ("SUBTITLES", "SUBTITLES"), ("VIDEO", "VIDEO")] {
            if let Some(named) = variant.get(group) {
                let there = renditions.iter().any(|r| r["TYPE"] == kind && r.get("GROUP-ID") == Some(named));
                ensure!(there, "group {named} of {group} is not there");
            }
        }
        let bandwidth: u64 = number("BANDWIDTH", get("BANDWIDTH")?)?;
        let average: u64 = number("AVERAGE-BANDWIDTH", get("AVERAGE-BANDWIDTH")?)?;
        ensure!(bandwidth >= average && average > 0, "BANDWIDTH {bandwidth} below the average {average}");
        let codecs = get("CODECS")?;
        let is_video = variant.contains_key("RESOLUTION");
        let mut track =
            Rendition { kind: if is_video { "video" } else { "audio" }.into(), default: true, ..Rendition::default() };
        (track.codecs, track.bandwidth) = (codecs.to_owned(), bandwidth);
        media_playlist(files, uri, &mut track, &mut shown)?;
        let movie = track.movie.as_ref().ok_or("a variant without media")?;
        let mut wanted = vec![codec(&movie.tracks[0].entry, true)];
        let audios: Vec<_> = shown.tracks.iter().filter(|track| track.kind == "audio" && is_video).collect();
        for audio in &audios {
            let codec = codec(&audio.movie.as_ref().ok_or("sound without media")?.tracks[0].entry, true);
            if !wanted.contains(&codec) {
                wanted.push(codec);
            }
        }
        if is_video {
            ensure!(codecs == wanted.join(","), "CODECS {codecs} and not {wanted:?}");
            // As it is shown: of square pixels, and turned.
            let shown = &movie.tracks[0];
            let size = match shown.orientation.0 % 2 {
                0 => format!("{}x{}", shown.width, shown.height),
                _ => format!("{}x{}", shown.height, shown.width),
            };
            ensure!(get("RESOLUTION")? == size, "RESOLUTION {} of {size}", get("RESOLUTION")?);
            ensure!(["SDR", "PQ", "HLG"].contains(&get("VIDEO-RANGE")?), "VIDEO-RANGE");
        }
        // Of segments that are not much shorter than the others.
        let peak = track.rates.iter().copied().max().unwrap_or(0)
            + audios.iter().filter_map(|audio| audio.rates.iter().copied().max()).max().unwrap_or(0);
        ensure!(bandwidth + 2 >= peak, "BANDWIDTH {bandwidth} where segments need {peak}");
        if !is_video && shown.tracks.iter().any(|other| other.kind == "audio") {
            continue; // It is among the renditions.
        }
        shown.tracks.insert(0, track);
    }
    let ends = shown.tracks.iter().filter_map(|track| track.segments.last()).map(|segment| segment.1);
    shown.duration = ends.fold(0.0, f64::max);
    Ok(shown)
}

/// Reads the playlist of a track, and its segments.
fn media_playlist(files: &Files, uri: &str, track: &mut Rendition, shown: &mut Shown) -> Checked<()> {
    let (name, bytes) = file(files, uri)?;
    let is_text = track.kind == "text";
    let mut lines = text(bytes)?.lines();
    ensure!(lines.next() == Some("#EXTM3U") && lines.next() == Some("#EXT-X-VERSION:7"), "{name}: no version 7");
    let mut tag = |prefix: &str| -> Checked<&str> {
        let line = lines.next().unwrap_or_default();
        line.strip_prefix(prefix).ok_or(format!("{name}: `{line}` where {prefix} was expected"))
    };
    let target: u64 = number("target", tag("#EXT-X-TARGETDURATION:")?)?;
    // That of the file, which is counted from 1.
    track.first_number = number::<u64>("sequence", tag("#EXT-X-MEDIA-SEQUENCE:")?)?.saturating_add(1);
    let mut at = 0.0;
    let mut ended = false;
    let mut header = None;
    let (mut kind, mut gap, mut length, mut range, mut independent) = (None, false, None, None, false);
    for line in lines {
        ensure!(!ended, "{name}: `{line}` behind the end");
        if let Some(value) = line.strip_prefix("#EXT-X-PLAYLIST-TYPE:") {
            ensure!(kind.replace(value.to_owned()).is_none() && track.segments.is_empty(), "{name}: two types");
        } else if line == "#EXT-X-INDEPENDENT-SEGMENTS" {
            independent = true;
        } else if let Some(list) = line.strip_prefix("#EXT-X-MAP:") {
            let map = attributes(list)?;
            let (_, bytes) = file(files, map.get("URI").ok_or("a map without URI")?)?;
            let bytes = match map.get("BYTERANGE") {
                Some(range) => {
                    let (length, offset) = range.split_once('@').ok_or("a range without an offset")?;
                    slice(bytes, number("offset", offset)?, number("length", length)?)?
                }
                None => bytes,
            };
            ensure!(header.replace(bytes).is_none(), "{name}: two maps");
        } else if line == "#EXT-X-GAP" {
            gap = true;
        } else if let Some(value) = line.strip_prefix("#EXTINF:") {
            let value = value.strip_suffix(',').ok_or("EXTINF without a comma")?;
            ensure!(value.split_once('.').is_some_and(|(_, digits)| digits.len() == 6), "EXTINF {value}");
            ensure!(length.replace(number::<f64>("EXTINF", value)?).is_none(), "{name}: two EXTINF");
        } else if let Some(value) = line.strip_prefix("#EXT-X-BYTERANGE:") {
            let (length, offset) = value.split_once('@').ok_or("a range without an offset")?;
            range = Some((number::<usize>("length", length)?, number::<usize>("offset", offset)?));
        } else if line == "#EXT-X-ENDLIST" {
            ended = true;
        } else {
            ensure!(!line.starts_with('#'), "{name}: `{line}`");
            let (file_name, bytes) = file(files, line)?;
            let bytes = match range.take() {
                Some((length, offset)) => slice(bytes, offset, length)?,
                None => bytes,
            };
            let length = length.take().ok_or(format!("{name}: a segment without EXTINF"))?;
            // Rounded to the nearest it may not be above (RFC 8216, 4.3.3.1); here it is not above in any case.
            ensure!(length > 0.0 && length <= target as f64, "{name}: a segment of {length} s, target {target}");
            track.segments.push((at, at + length, gap));
            at += length;
            track.files.push(file_name);
            if is_text {
                track.texts.push(text(bytes)?.to_owned());
            } else if std::mem::take(&mut gap) {
                let size = bytes.get(..4).map(|size| u32::from_be_bytes(size.try_into().expect("four")) as usize);
                ensure!(size == Some(bytes.len()), "{name}: a gap with something in it");
            } else {
                if track.bytes.is_empty() {
                    track.bytes.extend_from_slice(header.ok_or(format!("{name}: no map"))?);
                }
                ensure!(bytes.get(4..8) == Some(b"styp"), "{name}: a segment that begins with no styp");
                track.bytes.extend_from_slice(bytes);
                if length >= target as f64 / 2.0 {
                    track.rates.push((bytes.len() as f64 * 8.0 / length).ceil() as u64);
                }
            }
        }
    }
    ensure!(length.is_none() && range.is_none(), "{name}: a segment without a file");
    ensure!(independent != is_text, "{name}: segments are not said to be independent");
    // What is written once is of type VOD: one file for all segments. What grows may not become that.
    let is_whole = track.files.windows(2).all(|pair| pair[0] == pair[1]);
    let expected = match (kind.as_deref(), ended) {
        (Some("VOD"), true) if is_whole => Ok(()),
        (Some("EVENT") | None, _) => Ok(()),
        other => Err(format!("{name}: {other:?}")),
    };
    expected?;
    ensure!(kind.is_none() || track.first_number == 1, "{name}: segments have gone from a list that keeps all");
    ensure!(shown.playlists == 0 || shown.finished == ended, "{name}: it has ended ({ended}), where others differ");
    shown.finished = ended;
    shown.playlists += 1;
    // On demand, subtitles may have a target of their own (6.2.4).
    if !is_text || kind.as_deref() != Some("VOD") {
        ensure!(shown.target == 0 || shown.target == target, "{name}: target {target} and {}", shown.target);
        shown.target = target;
    }
    if track.bytes.is_empty() {
        return Ok(());
    }
    let movie = isobmff::verify(&track.bytes).map_err(|fault| format!("{name}: {fault}"))?;
    // Where the list begins is not said where segments have gone; from there on lengths add up to times.
    let found = presented(&movie);
    let first = track.segments.iter().position(|segment| !segment.2).ok_or("all is gap")?;
    let origin = if kind.is_none() && track.first_number > 1 { found[0].0 - track.segments[first].0 } else { 0.0 };
    let real = track.segments.iter_mut().filter(|segment| !segment.2);
    for (segment, (start, end)) in real.zip(&found) {
        (segment.0, segment.1) = (segment.0 + origin, segment.1 + origin);
        ensure!((segment.1 - end).abs() < 2e-6, "{name}: a segment to {} that ends at {end}", segment.1);
        ensure!(*start >= segment.0 - 2e-6, "{name}: a segment from {} that begins at {start}", segment.0);
    }
    track.movie = Some(movie);
    Ok(())
}

/// From when to when the segments of a movie are presented, in seconds.
fn presented(movie: &Movie) -> Vec<(f64, f64)> {
    let track = &movie.tracks[0];
    let skipped = track.edits.first().map_or(0, |edit| edit.media_time.max(0) as u64);
    let seconds = |time: u64| time.saturating_sub(skipped) as f64 / f64::from(track.timescale);
    let mut starts = Vec::new();
    let (mut fragment, mut first) = (0, false);
    for kind in &movie.boxes {
        first |= kind == "styp";
        if kind == "moof" {
            if std::mem::take(&mut first) {
                starts.push(movie.fragments[..fragment].iter().flatten().map(|(_, count)| count).sum::<usize>());
            }
            fragment += 1;
        }
    }
    let ends = starts.iter().skip(1).copied().chain([track.samples.len()]);
    let pairs = starts.iter().zip(ends);
    pairs
        .map(|(&start, end)| {
            let last = &track.samples[end - 1];
            (seconds(track.samples[start].time), seconds(last.time + u64::from(last.duration)))
        })
        .collect()
}

/// The `codecs` string of a sample entry (RFC 6381; AV1-ISOBMFF, 5). `exact` has the case of the entry.
pub fn codec(entry: &Entry, exact: bool) -> String {
    match entry {
        Entry::Av1(entry) => {
            let s = &entry.sequence;
            let tier = if s.tier == 1 { "H" } else { "M" };
            let short = format!("av01.{}.{:02}{tier}.{:02}", s.profile, s.level, s.bit_depth);
            let (p, t, m, full) = s.color;
            let (x, y) = s.subsampling;
            let sampling = if s.mono { "110".into() } else { format!("{x}{y}{}", s.chroma_sample_position) };
            let long = format!(".{}.{sampling}.{p:02}.{t:02}.{m:02}.{}", u8::from(s.mono), u8::from(full));
            if long == ".0.110.01.01.01.0" { short } else { short + &long }
        }
        Entry::Opus(_) => if exact { "Opus" } else { "opus" }.into(),
        Entry::Flac { .. } => if exact { "fLaC" } else { "flac" }.into(),
        other => panic!("CMAF holds no {other:?}"),
    }
}

fn channels_of(entry: &Entry) -> u16 {
    match entry {
        Entry::Opus(entry) => entry.channels.into(),
        Entry::Flac { channels, .. } => *channels,
        _ => 0,
    }
}

/// Reads a description and all that it names.
pub fn verify_dash(files: &Files, manifest: &str) -> Checked<Shown> {
    let document = text(files.get(manifest).ok_or("no manifest")?)?;
    let mpd = xml::parse(document)?;
    mpd.is("MPD", &["Period"])?;
    mpd.attribute_is("xmlns", "urn:mpeg:dash:schema:mpd:2011")?;
    let finished = mpd.attribute("type")? == "static";
    ensure!(mpd.attribute("minBufferTime")?.starts_with("PT"), "no minBufferTime");
    let ranges = mpd.attribute("profiles")? == "urn:mpeg:dash:profile:isoff-main:2011";
    ensure!(ranges || mpd.attribute("profiles")? == "urn:mpeg:dash:profile:isoff-live:2011", "profiles");
    let [period] = &mpd.children[..] else { return Err("other than one period".into()) };
    let target = duration(mpd.attribute("maxSegmentDuration")?)?;
    let mut shown = Shown { finished, target: target as u64, ..Shown::default() };
    if finished {
        shown.duration = duration(mpd.attribute("mediaPresentationDuration")?)?;
        ensure!(mpd.attribute("availabilityStartTime").is_err(), "a static description that begins at a time");
    } else {
        mpd.attribute_is("type", "dynamic")?;
        mpd.attribute_is("availabilityStartTime", "1970-01-01T00:00:00Z")?;
        ensure!(duration(mpd.attribute("minimumUpdatePeriod")?)? > 0.0, "no updates");
    }
    period.is("Period", &["AdaptationSet"])?;
    let period_start = duration(period.attribute("start")?)?;
    let mut ids = Vec::new();
    for set in &period.children {
        set.is("AdaptationSet", &["Label", "Role", "Representation"])?;
        ids.push(set.attribute("id")?.to_owned());
        let kind = set.attribute("contentType")?;
        let roles: Vec<&str> = set.all("Role").map(|role| role.attribute("value")).collect::<Checked<_>>()?;
        let mime = if kind == "text" { "text/vtt".into() } else { format!("{kind}/mp4") };
        set.attribute_is("mimeType", &mime)?;
        for representation in set.all("Representation") {
            ids.push(representation.attribute("id")?.to_owned());
            let mut track = Rendition {
                kind: kind.into(),
                language: set.attribute("lang").ok().map(str::to_owned),
                title: set.all("Label").next().map(|label| label.text.clone()),
                default: roles.contains(&"main"),
                forced: roles.contains(&"forced-subtitle"),
                bandwidth: number("bandwidth", representation.attribute("bandwidth")?)?,
                ..Rendition::default()
            };
            if kind == "text" {
                let [base] = &representation.children[..] else { return Err("a text without its file".into()) };
                let (name, bytes) = file(files, &base.text)?;
                track.texts.push(text(bytes)?.to_owned());
                track.files.push(name);
            } else {
                set.attribute_is("startWithSAP", "1")?;
                track.codecs = representation.attribute("codecs")?.to_owned();
                dash_segments(files, representation, ranges, period_start, &mut track)?;
                check_representation(representation, &track)?;
                let over = track.segments.iter().find(|segment| segment.1 - segment.0 > target + 1e-6);
                ensure!(over.is_none(), "a segment of {over:?} s where the most is {target}");
                if finished {
                    let end = track.segments.last().expect("not empty").1;
                    ensure!(end <= shown.duration + 2e-6, "a track to {end} of {}", shown.duration);
                }
            }
            shown.tracks.push(track);
        }
    }
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    ensure!(distinct.len() == ids.len(), "an id is there twice: {ids:?}");
    Ok(shown)
}

fn check_representation(node: &xml::Element, track: &Rendition) -> Checked<()> {
    node.is("Representation", &["AudioChannelConfiguration", "BaseURL", "SegmentList", "SegmentTemplate"])?;
    let movie = &track.movie.as_ref().ok_or("no media")?.tracks[0];
    let wanted = codec(&movie.entry, false);
    ensure!(track.codecs == wanted, "codecs {} and not {wanted}", track.codecs);
    let peak = track.rates.iter().copied().max().unwrap_or(0);
    ensure!(track.bandwidth + 2 >= peak, "bandwidth {} where segments need {peak}", track.bandwidth);
    if track.kind == "video" {
        // Of pixels as they are, which `sar` gives a shape.
        let isobmff::codecs::Entry::Av1(av1) = &movie.entry else { return Err("pictures of another codec".into()) };
        let coded = (av1.width.into(), av1.height.into());
        let (_, _, width, height) = av1.clean_aperture.unwrap_or((0, 0, coded.0, coded.1));
        let size = (node.attribute("width")?, node.attribute("height")?);
        ensure!(size == (&*width.to_string(), &*height.to_string()), "a size of {size:?}");
        let shape = av1.extras.shape.filter(|shape| *shape != (1, 1)).map(|(num, den)| format!("{num}:{den}"));
        ensure!(node.attribute("sar").ok() == shape.as_deref(), "a sar that is not {shape:?}");
    } else {
        let rate: u32 = number("audioSamplingRate", node.attribute("audioSamplingRate")?)?;
        ensure!(rate == movie.timescale, "audioSamplingRate {rate}");
        let channels = node.all("AudioChannelConfiguration").next().ok_or("no channels")?;
        channels.attribute_is("schemeIdUri", "urn:mpeg:mpegB:cicp:ChannelConfiguration")?;
        // What our layouts are in ISO/IEC 23001-8.
        let wanted = [1, 2, 3, 10, 5, 6, 11, 12][usize::from(channels_of(&movie.entry)) - 1].to_string();
        channels.attribute_is("value", &wanted)?;
    }
    Ok(())
}

fn dash_segments(
    files: &Files,
    representation: &xml::Element,
    ranges: bool,
    period_start: f64,
    track: &mut Rendition,
) -> Checked<()> {
    let name = if ranges { "SegmentList" } else { "SegmentTemplate" };
    let template = representation.all(name).next().ok_or(format!("no {name}"))?;
    template.is(name, &["Initialization", "SegmentTimeline", "SegmentURL"])?;
    let timescale: u64 = number("timescale", template.attribute("timescale")?)?;
    let offset: u64 = template.attribute("presentationTimeOffset").map_or(Ok(0), |t| number("offset", t))?;
    let timeline = template.all("SegmentTimeline").next().ok_or("no SegmentTimeline")?;
    let mut times: Vec<(u64, u64)> = Vec::new();
    for run in &timeline.children {
        run.is("S", &[])?;
        // dash.js takes the n-th range for the n-th element.
        ensure!(!ranges || run.attribute("r").is_err(), "repeats beside ranges");
        let (mut t, d): (u64, u64) = (number("t", run.attribute("t")?)?, number("d", run.attribute("d")?)?);
        ensure!(d > 0 && times.last().is_none_or(|last| last.0 + last.1 <= t), "S at {t} overlaps");
        for _ in 0..=run.attribute("r").map_or(Ok(0), |r| number::<u64>("r", r))? {
            times.push((t, d));
            t += d;
        }
    }
    ensure!(!times.is_empty(), "an empty timeline");
    let mut pieces: Vec<&[u8]> = Vec::new();
    if ranges {
        let base = representation.all("BaseURL").next().ok_or("no BaseURL")?;
        let (name, bytes) = file(files, &base.text)?;
        let range = |text: &str| -> Checked<&[u8]> {
            let (first, last) = text.split_once('-').ok_or("a range")?;
            let (first, last): (usize, usize) = (number("first", first)?, number("last", last)?);
            ensure!(first <= last, "a range of {first} to {last}");
            slice(bytes, first, last + 1 - first)
        };
        let initialization = template.all("Initialization").next().ok_or("no Initialization")?;
        track.bytes.extend_from_slice(range(initialization.attribute("range")?)?);
        for url in template.all("SegmentURL") {
            pieces.push(range(url.attribute("mediaRange")?)?);
            track.files.push(name.clone());
        }
        track.first_number = 1;
        let all: usize = track.bytes.len() + pieces.iter().map(|piece| piece.len()).sum::<usize>();
        ensure!(all == bytes.len(), "ranges of {all} bytes in a file of {}", bytes.len());
    } else {
        track.bytes.extend_from_slice(file(files, template.attribute("initialization")?)?.1);
        track.first_number = number("startNumber", template.attribute("startNumber")?)?;
        let media = template.attribute("media")?;
        let (before, after) = media.split_once("$Number$").ok_or("media without $Number$")?;
        for index in 0..times.len() as u64 {
            let (name, bytes) = file(files, &format!("{before}{}{after}", track.first_number + index))?;
            pieces.push(bytes);
            track.files.push(name);
        }
    }
    ensure!(pieces.len() == times.len(), "{} segments at {} times", pieces.len(), times.len());
    for (piece, (_, d)) in pieces.iter().zip(&times) {
        ensure!(piece.get(4..8) == Some(b"styp"), "a segment that begins with no styp");
        track.bytes.extend_from_slice(piece);
        let length = *d as f64 / timescale as f64;
        if *d * 2 >= times.iter().map(|(_, d)| *d).max().unwrap_or(0) {
            track.rates.push((piece.len() as f64 * 8.0 / length).floor() as u64);
        }
    }
    let movie = isobmff::verify(&track.bytes)?;
    ensure!(u64::from(movie.tracks[0].timescale) == timescale, "timescale {timescale}");
    for ((t, d), (start, end)) in times.iter().zip(presented(&movie)) {
        let (from, until) = (*t as f64 / timescale as f64, (t + d) as f64 / timescale as f64);
        ensure!((from - start).abs() < 1e-9, "S at {from} of a segment from {start}");
        // One that is all priming lasts a tick.
        ensure!((until - end).abs() < 1e-9 || *d == 1, "S to {until} of a segment to {end}");
        let shift = period_start - offset as f64 / timescale as f64;
        track.segments.push((from + shift, until + shift, false));
    }
    ensure!((period_start - offset as f64 / timescale as f64).abs() < 1e-9, "the timeline has moved");
    track.movie = Some(movie);
    Ok(())
}

/// Of XML Schema, in seconds alone.
fn duration(text: &str) -> Checked<f64> {
    let seconds = text.strip_prefix("PT").and_then(|text| text.strip_suffix('S')).ok_or(format!("duration {text}"))?;
    number("a duration", seconds)
}
