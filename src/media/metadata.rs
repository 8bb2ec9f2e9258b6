//! What a file says about itself: tags, chapters, a cover, attachments.

use super::time::Timestamp;
use crate::error::{Error, Result};

/// What a whole file says of itself, beside its tracks. Nothing is written that is not set here: no clock is asked.
///
/// ```
/// use framewright::Timestamp;
/// use framewright::media::{Chapter, Metadata};
///
/// let metadata = Metadata::new()
///     .tag("title", "The walk")
///     .tag("artist", "Ada")
///     .chapter(Chapter::new(Timestamp::from_millis(0), "Start"))
///     .chapter(Chapter::new(Timestamp::from_millis(60_000), "Over the hill"));
/// assert_eq!(metadata.get("title"), Some("The walk"));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Metadata {
    /// Names and values. Names that every container with tags knows, each by its own name for it: `title`, `artist`,
    /// `album`, `composer`, `genre`, `date` (`2026` or `2026-11-24`), `track` (`3` or `3/12`), `comment`, `description`,
    /// `copyright`; and all but AVI and WAV `album_artist`. Of other names
    ///
    /// * MP4 and MOV take any, as it is;
    /// * Matroska and WebM take any, in capitals;
    /// * Ogg and FLAC take those of printable ASCII without `=` and `~`;
    /// * AVI takes `language`, `encoder`, and identifiers of INFO such as `IKEY`;
    /// * WAV takes none.
    ///
    /// What a container does not take is refused when it is opened.
    pub tags: Vec<(String, String)>,
    /// When it was made, in seconds from 1970-01-01 00:00 UTC.
    pub creation_time: Option<i64>,
    /// Chapters, in the order of their starts.
    pub chapters: Vec<Chapter>,
    /// A picture that stands for the file.
    pub cover: Option<Cover>,
    /// Files that travel in it, such as fonts (Matroska).
    pub attachments: Vec<Attachment>,
}

/// A part of a file that has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Chapter {
    /// When it begins.
    pub start: Timestamp,
    /// When it ends; `None`: where the next one begins, and the last with the file.
    pub end: Option<Timestamp>,
    /// Its name.
    pub title: String,
}

/// A picture that stands for the file: a JPEG or PNG file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cover {
    /// JPEG or PNG, as the data says.
    pub format: CoverFormat,
    /// The picture file.
    pub data: Vec<u8>,
}

/// The formats that a cover can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CoverFormat {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
}

/// A file inside a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attachment {
    /// Its file name.
    pub name: String,
    /// Its media type, as in `font/ttf`.
    pub media_type: String,
    /// Its bytes.
    pub data: Vec<u8>,
}

impl Metadata {
    /// Says nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a tag.
    pub fn tag(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.push((name.into(), value.into()));
        self
    }

    /// Sets [`creation_time`](Self::creation_time).
    pub fn creation_time(mut self, unix_seconds: i64) -> Self {
        self.creation_time = Some(unix_seconds);
        self
    }

    /// Adds a chapter.
    pub fn chapter(mut self, chapter: Chapter) -> Self {
        self.chapters.push(chapter);
        self
    }

    /// Sets the cover.
    pub fn cover(mut self, cover: Cover) -> Self {
        self.cover = Some(cover);
        self
    }

    /// Adds an attachment.
    pub fn attachment(mut self, attachment: Attachment) -> Self {
        self.attachments.push(attachment);
        self
    }

    /// The first tag of this name, in either case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.tags.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Metadata::default()
    }

    /// Refuses what no file can say.
    ///
    /// # Errors
    /// `InvalidOption` for an empty tag name, a NUL in a text, chapters out of order or that end before they begin.
    pub(crate) fn check(&self) -> Result<()> {
        for (name, value) in &self.tags {
            if name.is_empty() || name.contains(['\0', '=']) || value.contains('\0') {
                let shown = format_args!("`{name}={value}`").to_string();
                return Err(Error::option("metadata", shown, "a name without `=` and a value, neither with a NUL"));
            }
        }
        let mut before: Option<&Chapter> = None;
        for chapter in &self.chapters {
            let wrong = |what: &str| {
                let shown = format_args!("`{}`", chapter.title).to_string();
                Err(Error::option("chapters", shown, what))
            };
            if chapter.start.ticks < 0 {
                return wrong("it begins before 0");
            }
            if before.is_some_and(|before| !before.start.is_before(chapter.start)) {
                return wrong("each chapter has to begin after the one before it");
            }
            if chapter.end.is_some_and(|end| !chapter.start.is_before(end)) {
                return wrong("it ends before it begins");
            }
            if chapter.title.contains('\0') {
                return wrong("its title has a NUL");
            }
            before = Some(chapter);
        }
        for attachment in &self.attachments {
            if attachment.name.is_empty() || attachment.media_type.is_empty() || attachment.data.is_empty() {
                let shown = format_args!("`{}`", attachment.name).to_string();
                return Err(Error::option("attachments", shown, "it needs a name, a media type and content"));
            }
        }
        Ok(())
    }
}

impl Chapter {
    /// A chapter from `start` to where the next one begins.
    pub fn new(start: impl Into<Timestamp>, title: impl Into<String>) -> Self {
        Chapter { start: start.into(), end: None, title: title.into() }
    }

    /// Says where it ends.
    pub fn end(mut self, end: impl Into<Timestamp>) -> Self {
        self.end = Some(end.into());
        self
    }
}

impl Cover {
    /// A JPEG or PNG file.
    ///
    /// # Errors
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption) where it is neither.
    pub fn new(data: Vec<u8>) -> Result<Self> {
        let format = if data.starts_with(&[0xff, 0xd8, 0xff]) {
            CoverFormat::Jpeg
        } else if data.starts_with(b"\x89PNG\r\n\x1a\n") {
            CoverFormat::Png
        } else {
            let size = format_args!("{} bytes", data.len()).to_string();
            return Err(Error::option("cover", size, "it has to be a JPEG or PNG file"));
        };
        Ok(Cover { format, data })
    }
}

impl CoverFormat {
    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            CoverFormat::Jpeg => "image/jpeg",
            CoverFormat::Png => "image/png",
        }
    }
}

impl Attachment {
    /// A file of this name and media type.
    pub fn new(name: impl Into<String>, media_type: impl Into<String>, data: Vec<u8>) -> Self {
        Attachment { name: name.into(), media_type: media_type.into(), data }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_file_can_say_is_refused_by_name() {
        let at = |ms| Timestamp::from_millis(ms);
        let chapters = |chapters: &[(i64, i64)]| {
            let made = chapters.iter().map(|&(start, end)| Chapter::new(at(start), "x").end(at(end)));
            made.fold(Metadata::new(), Metadata::chapter).check()
        };
        assert!(chapters(&[(0, 10), (10, 11), (20, 30)]).is_ok());
        for bad in [&[(-1, 5)][..], &[(5, 9), (5, 9)], &[(9, 10), (2, 3)], &[(4, 4)]] {
            assert!(chapters(bad).unwrap_err().to_string().contains("chapters"), "{bad:?}");
        }
        for (name, value) in [("", "x"), ("a=b", "x"), ("a", "\0")] {
            assert!(Metadata::new().tag(name, value).check().unwrap_err().to_string().contains("metadata"));
        }
        assert!(Metadata::new().attachment(Attachment::new("", "font/ttf", vec![1])).check().is_err());
        assert!(Cover::new(vec![0; 20]).is_err());
        assert_eq!(Cover::new(vec![0xff, 0xd8, 0xff, 0xe0]).unwrap().format, CoverFormat::Jpeg);
        assert!(Metadata::new().is_empty() && !Metadata::new().tag("a", "b").is_empty());
    }
}
