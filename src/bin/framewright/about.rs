//! What the arguments have the file say of itself: tags, chapters, cover, attachments, and the labels of its tracks.

use std::fs;
use std::path::Path;

use framewright::input::MAX_FRAME_BYTES;
use framewright::media::{Attachment, Chapter, Cover, Language, Metadata};
use framewright::{AudioOptions, EncoderOptions, Limits, SubtitleOptions, VideoOptions};

use crate::args::{AboutArgs, RunArgs};
use crate::failure::Failure;
use crate::options::naming;

/// The most bytes of a file that is read whole.
const MOST_BYTES: u64 = 256 << 20;

/// The limit of the readers, beside those of the encoder: its name, what it does, what it takes.
pub const FRAME_LIMIT: (&str, &str, &str) =
    ("max_frame_bytes", "bytes of an input's frame, before it is converted", "a number of bytes");

fn is_frame_limit(name: &str) -> bool {
    name.replace('-', "_") == FRAME_LIMIT.0
}

impl RunArgs {
    /// The options of the whole file.
    pub fn encoder_options(&self) -> Result<EncoderOptions, Failure> {
        let mut options = EncoderOptions::new();
        for (flag, name, value) in self.rows() {
            if let Some(value) = value {
                options.set(name, value).map_err(|error| naming(flag, value, error))?;
            }
        }
        Ok(options.limits(self.limits()?))
    }

    /// The encoder's limits.
    fn limits(&self) -> Result<Limits, Failure> {
        let mut limits = Limits::new();
        for (name, value) in self.limits.iter().filter(|(name, _)| !is_frame_limit(name)) {
            limits.set(name, value).map_err(|error| naming("--limit", &format!("{name}={value}"), error))?;
        }
        Ok(limits)
    }

    /// The most bytes of an input's frame.
    pub fn max_frame_bytes(&self) -> Result<u64, Failure> {
        match self.limits.iter().rfind(|(name, _)| is_frame_limit(name)) {
            Some((name, value)) => value
                .parse()
                .map_err(|_| Failure::usage(format!("--limit {name}={value}: write it as a number of bytes"))),
            None => Ok(MAX_FRAME_BYTES),
        }
    }

    fn rows(&self) -> [(&'static str, &'static str, Option<&str>); 6] {
        [
            ("--layout", "layout", self.layout.as_deref()),
            ("--fragment-duration", "fragment_duration", self.fragment_duration.as_deref()),
            ("--segment-duration", "segment_duration", self.segment_duration.as_deref()),
            ("--live-window", "live_window", self.live_window.as_deref()),
            ("--index-reserve", "index_reserve", self.index_reserve.as_deref()),
            ("--lacing", "lacing", self.lacing.then_some("true")),
        ]
    }

    /// The flag of a library option; `None` where only the library has it.
    pub fn flag(name: &str) -> Option<&'static str> {
        RunArgs::default().rows().iter().find(|row| row.1 == name).map(|row| row.0)
    }
}

impl AboutArgs {
    /// The flag of a library option of subtitles; `None` where the files say it, or only the library has it.
    pub fn subtitle_flag(name: &str) -> Option<&'static str> {
        ["language", "title", "default", "forced", "alternate_group"].contains(&name).then_some("--track")
    }

    /// Everything about the whole file.
    pub fn metadata(&self) -> Result<Metadata, Failure> {
        let mut metadata = self.tags.iter().fold(Metadata::new(), |all, (name, value)| all.tag(name, value));
        if let Some(text) = &self.creation_time {
            let wrong = || Failure::usage(format!("--creation-time {text}: write it as 2026-11-24T18:30:00Z"));
            metadata = metadata.creation_time(unix_seconds(text).ok_or_else(wrong)?);
        }
        if let Some(path) = &self.chapters {
            let chapters = read_chapters(path)?;
            metadata = chapters.into_iter().fold(metadata, Metadata::chapter);
        }
        if let Some(path) = &self.cover {
            let cover = Cover::new(read(path)?).map_err(|error| naming("--cover", &path.to_string_lossy(), error))?;
            metadata = metadata.cover(cover);
        }
        for path in &self.attachments {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            metadata = metadata.attachment(Attachment::new(name, media_type(path), read(path)?));
        }
        Ok(metadata)
    }

    /// Refuses languages that there are not, and labels of streams that there are not.
    pub fn check_streams(&self, video: usize, audio: usize, subtitles: usize) -> Result<(), Failure> {
        for language in &self.languages {
            Language::parse(language).map_err(|error| naming("--language", language, error))?;
        }
        for label in &self.tracks {
            if label.name == "language" {
                Language::parse(&label.value).map_err(|error| naming("--track", &label.to_string(), error))?;
            }
            let (kind, count) = match label.kind {
                Kind::Video => ("video", video),
                Kind::Audio => ("audio", audio),
                Kind::Subtitle => ("subtitle", subtitles),
            };
            if label.index >= count {
                let there = if count == 1 { "is 1".into() } else { format!("are {count}") };
                return Err(Failure::usage(format!("--track {label}: there {there} of {kind}, counted from 0")));
            }
        }
        let most = audio.max(1);
        if self.languages.len() > most {
            return Err(Failure::usage(format!(
                "--language is given {} times: once for all tracks, or once for each of the {audio} audio inputs",
                self.languages.len()
            )));
        }
        Ok(())
    }

    pub fn label_video(&self, options: &mut VideoOptions) -> Result<(), Failure> {
        if let [language] = &self.languages[..] {
            options.set("language", language).map_err(|error| naming("--language", language, error))?;
        }
        self.label(Kind::Video, 0, |name, value| options.set(name, value))
    }

    pub fn label_audio(&self, index: usize, options: &mut AudioOptions) -> Result<(), Failure> {
        if let Some(language) = self.languages.get(index).or(self.languages.first()) {
            options.set("language", language).map_err(|error| naming("--language", language, error))?;
        }
        self.label(Kind::Audio, index, |name, value| options.set(name, value))
    }

    /// `path` is that of the subtitles, whose name may say their language: `film.de.srt`.
    pub fn label_subtitle(&self, index: usize, path: &Path, options: &mut SubtitleOptions) -> Result<(), Failure> {
        let named = path.file_stem().map(Path::new).and_then(Path::extension).and_then(|tag| tag.to_str());
        if let Some(tag) = named.filter(|tag| Language::parse(tag).is_ok()) {
            options.set("language", tag)?;
        }
        self.label(Kind::Subtitle, index, |name, value| options.set(name, value))
    }

    fn label(
        &self,
        kind: Kind,
        index: usize,
        mut set: impl FnMut(&str, &str) -> framewright::Result<()>,
    ) -> Result<(), Failure> {
        for label in self.tracks.iter().filter(|label| label.kind == kind && label.index == index) {
            set(&label.name, &label.value).map_err(|error| naming("--track", &label.to_string(), error))?;
        }
        Ok(())
    }
}

/// An option of one stream: `audio:1:language=deu`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackLabel {
    kind: Kind,
    index: usize,
    name: String,
    value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Video,
    Audio,
    Subtitle,
}

impl std::fmt::Display for TrackLabel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.kind {
            Kind::Video => "video",
            Kind::Audio => "audio",
            Kind::Subtitle => "subtitle",
        };
        write!(f, "{kind}:{}:{}={}", self.index, self.name, self.value)
    }
}

/// Parses `KIND:N:NAME=VALUE`, or `KIND:NAME=VALUE` for the first of its kind.
pub fn track_label(text: &str) -> Result<TrackLabel, String> {
    let parse = || {
        let (place, value) = text.split_once('=')?;
        let parts: Vec<&str> = place.split(':').collect();
        let (kind, index, name) = match parts[..] {
            [kind, name] => (kind, 0, name),
            [kind, index, name] => (kind, index.parse().ok()?, name),
            _ => return None,
        };
        let kind = match kind {
            "video" | "v" => Kind::Video,
            "audio" | "a" => Kind::Audio,
            "subtitle" | "s" => Kind::Subtitle,
            _ => return None,
        };
        (!name.is_empty()).then(|| TrackLabel { kind, index, name: name.into(), value: value.into() })
    };
    parse().ok_or_else(|| "write it as KIND:N:NAME=VALUE, as in audio:1:language=deu or video:title=Take 2".into())
}

fn read_chapters(path: &Path) -> Result<Vec<Chapter>, Failure> {
    let name = path.display().to_string();
    let text = String::from_utf8(read(path)?)
        .map_err(|_| Failure::failed(format!("--chapters {name}: it has to be text in UTF-8")))?;
    framewright::input::read_chapters(&text).map_err(|error| naming("--chapters", &name, error))
}

/// A file whole, if that is sane.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::io(format_args!("reading `{}`", path.display()), error);
    let length = fs::metadata(path).map_err(failed)?.len();
    if length > MOST_BYTES {
        let most = MOST_BYTES >> 20;
        return Err(Failure::failed(format!("`{}` has {length} bytes: at most {most} MiB go in", path.display())));
    }
    fs::read(path).map_err(failed)
}

/// The media types of what is attached to films: fonts above all.
fn media_type(path: &Path) -> &'static str {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or("").to_ascii_lowercase();
    match extension.as_str() {
        "ttf" => "font/ttf",
        "otf" => "font/otf",
        "ttc" => "font/collection",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "txt" | "nfo" => "text/plain",
        "json" => "application/json",
        "xml" => "application/xml",
        "pdf" => "application/pdf",
        _ => "application/octet-stream",
    }
}

/// `2026-11-24`, `2026-11-24T18:30:00Z` or `2026-11-24T18:30:00+01:00` (RFC 3339), or seconds from 1970.
fn unix_seconds(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, time),
        None => (text, "00:00:00Z"),
    };
    let mut numbers = date.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *lengths.get(usize::try_from(month - 1).ok()?)?;
    if numbers.next().is_some() || !(1..=9999).contains(&year) || !(1..=length).contains(&day) {
        return None;
    }
    let (time, offset) = match time.find(['Z', 'z', '+', '-']) {
        Some(at) if time[at..].eq_ignore_ascii_case("z") => (&time[..at], 0),
        Some(at) => {
            let sign = if time[at..].starts_with('-') { -1 } else { 1 };
            let (hours, minutes) = time[at + 1..].split_once(':')?;
            (&time[..at], sign * (hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60))
        }
        None => return None,
    };
    let mut parts = time.split(':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) || !(0..=60).contains(&second) {
        return None;
    }
    // Days from 1970, by counting leap days in whole years.
    let before = year - 1;
    let leaps = before / 4 - before / 100 + before / 400;
    let days = 365 * before + leaps - 719_162 + lengths[..(month - 1) as usize].iter().sum::<i64>() + day - 1;
    Some(days * 86_400 + hour * 3600 + minute * 60 + second - offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2026-11-24T18:30:00+01:00", 1_795_541_400),
            ("1969-12-31", -86_400),
            ("1234567890", 1_234_567_890),
        ] {
            assert_eq!(unix_seconds(text), Some(seconds), "{text}");
        }
        for text in ["", "2026-13-01", "2026-02-29", "2026-11-24T25:00:00Z", "2026-11-24T18:30:00", "now"] {
            assert_eq!(unix_seconds(text), None, "{text}");
        }
    }

    #[test]
    fn labels_name_their_stream() {
        let label = |text| track_label(text).map(|label| label.to_string());
        assert_eq!(label("a:1:language=deu").unwrap(), "audio:1:language=deu");
        assert_eq!(label("video:title=a=b:c").unwrap(), "video:0:title=a=b:c");
        for text in ["", "audio", "audio:1", "x:0:a=b", "audio:x:a=b", "audio:0:=b", "a:1:2:3=4"] {
            assert!(track_label(text).is_err(), "{text}");
        }
    }
}
