//! Options of a subtitle stream.

use super::labels::{self, label_setters};
use super::{Entry, OptionInfo, check_labels, not_taken, set_with_labels};
use crate::error::{Error, Result};
use crate::media::{CodecConfig, SubtitleCodec, TimeBase, Track, TrackKind, TrackLabels, WebVttConfig};
use crate::mux::Container;

/// Options of a subtitle stream: typed setters, or [`set`](Self::set) by name.
///
/// ```
/// use framewright::SubtitleOptions;
/// let typed = SubtitleOptions::new().language("de");
/// let mut by_name = SubtitleOptions::new();
/// by_name.set("language", "de")?;
/// assert_eq!(typed, by_name);
/// # Ok::<(), framewright::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SubtitleOptions {
    codec: Option<SubtitleCodec>,
    header: String,
    labels: TrackLabels,
}

static TABLE: &[Entry<SubtitleOptions>] = &[
    Entry::new("codec", "the subtitle codec", "webvtt", "webvtt", |o, v| {
        o.codec = Some(v.parse()?);
        Ok(())
    }),
    Entry::new("header", "STYLE and REGION blocks in front of the cues", "as WebVTT has them", "none", |o, v| {
        o.header = v.into();
        Ok(())
    }),
];

impl SubtitleOptions {
    /// Subtitles of an unknown language.
    pub fn new() -> Self {
        Self::default()
    }

    /// The codec; unless said, the container's usual one, which is WebVTT.
    pub fn codec(mut self, codec: SubtitleCodec) -> Self {
        self.codec = Some(codec);
        self
    }

    /// What stands before the cues of a WebVTT file, behind its first line: STYLE and REGION blocks. Nothing unless said.
    pub fn header(mut self, header: impl Into<String>) -> Self {
        self.header = header.into();
        self
    }

    label_setters!();

    /// Sets an option from strings, as the tool does.
    ///
    /// # Errors
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption) for an unknown name or a value that does not parse.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        set_with_labels(TABLE, "a subtitle stream", self, |options| &mut options.labels, name, value)
    }

    /// All options that [`set`](Self::set) knows.
    pub fn table() -> impl Iterator<Item = &'static OptionInfo> {
        TABLE.iter().map(|entry| &entry.info).chain(labels::table())
    }

    /// Checks all options, for a container if that is known by now; gives the track that they make.
    pub(in crate::encoder) fn resolve(&self, container: Option<Container>) -> Result<Track> {
        let codec = self.codec.unwrap_or(SubtitleCodec::WebVtt);
        if let Some(container) = container.filter(|container| !container.takes_subtitles(codec)) {
            return Err(not_taken(container, format_args!("{codec} subtitles")));
        }
        if self.header.contains("-->") || self.header.contains('\0') {
            let shown = format_args!("`{}`", self.header.lines().next().unwrap_or_default()).to_string();
            return Err(Error::option("header", shown, "it may have no cue (`-->`) and no NUL"));
        }
        check_labels(container, &self.labels, true)?;
        let config = CodecConfig::WebVtt(WebVttConfig { header: self.header.trim().into() });
        let mut track = Track::new(TrackKind::Subtitle, config, TimeBase::MILLISECONDS);
        track.labels = self.labels.clone();
        Ok(track)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reaches_every_field() {
        let values = ["webvtt", "STYLE\n::cue { color: red }", "de", "Signs", "false", "true", "3"];
        assert_eq!(SubtitleOptions::table().count(), values.len());
        for (info, value) in SubtitleOptions::table().zip(values) {
            let mut options = SubtitleOptions::new();
            options.set(info.name, value).unwrap();
            assert_ne!(options, SubtitleOptions::new(), "{}", info.name);
        }
        let error = SubtitleOptions::new().set("color", "1").unwrap_err().to_string();
        assert!(error.contains("header") && error.contains("forced"), "{error}");
        assert!(SubtitleOptions::new().header("00:00 --> 00:01").resolve(None).is_err());
    }
}
