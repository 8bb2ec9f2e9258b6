//! What a file says of itself: gathered in any format, within bounds.

use std::io::{Read, Seek};

use super::reader::Reader;
use crate::error::{ErrorKind, Result};
use crate::media::{Chapter, CoverFormat, TimeBase, Timestamp};

/// The cover of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CoverInfo {
    /// JPEG or PNG.
    pub format: CoverFormat,
    /// The size of the picture file.
    pub bytes: u64,
}

/// A file within a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttachmentInfo {
    /// Its file name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its size.
    pub bytes: u64,
}

/// The most tags, chapters and attachments that are told of, each.
pub(super) const MAX_NOTES: usize = 1000;

/// The most bytes of a text.
const MAX_TEXT: usize = 16 << 10;

#[derive(Debug, Default)]
pub(super) struct About {
    pub tags: Vec<(String, String)>,
    pub creation_time: Option<i64>,
    pub chapters: Vec<Chapter>,
    pub cover: Option<CoverInfo>,
    pub attachments: Vec<AttachmentInfo>,
}

impl About {
    /// Adds a tag, unless the same one is there: two places of a file may say the same.
    pub fn tag(&mut self, name: &str, value: String) {
        let known = |(other, told): &(String, String)| other.eq_ignore_ascii_case(name) && *told == value;
        if self.tags.len() < MAX_NOTES && !name.is_empty() && !self.tags.iter().any(known) {
            self.tags.push((name.to_owned(), value));
        }
    }

    /// Chapters from their starts. One without a title is a gap: the chapter before it ends there.
    pub fn chapters_from_starts(starts: Vec<(Timestamp, String)>) -> Vec<Chapter> {
        let mut chapters: Vec<Chapter> = Vec::new();
        let mut is_open = false;
        for (start, title) in starts {
            if title.is_empty() {
                if let (Some(last), true) = (chapters.last_mut(), is_open) {
                    last.end = Some(start);
                }
                is_open = false;
            } else {
                chapters.push(Chapter::new(start, title));
                is_open = true;
            }
        }
        chapters
    }
}

/// The text of the bytes from here to `end`: UTF-8 up to the first NUL, and no characters that a terminal obeys.
pub(super) fn words<R: Read + Seek>(reader: &mut Reader<R>, end: u64) -> Result<String> {
    Ok(to_words(&reader.read_up_to(end, MAX_TEXT)?))
}

pub(super) fn to_words(bytes: &[u8]) -> String {
    let bytes = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    let text = String::from_utf8_lossy(bytes);
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// A moment of so many ticks; the last that can be told where they are too many.
pub(super) fn moment(ticks: u64, base: TimeBase) -> Timestamp {
    Timestamp::new(i64::try_from(ticks).unwrap_or(i64::MAX), base)
}

/// What is said for people may be damaged without the file being so: it is then left out.
pub(super) fn if_sound(result: Result<()>) -> Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(()),
        other => other,
    }
}

/// The cover that these bytes begin.
pub(super) fn cover(head: &[u8], bytes: u64) -> Option<CoverInfo> {
    let format = if head.starts_with(&[0xff, 0xd8, 0xff]) {
        CoverFormat::Jpeg
    } else if head.starts_with(b"\x89PNG") {
        CoverFormat::Png
    } else {
        return None;
    };
    Some(CoverInfo { format, bytes })
}
