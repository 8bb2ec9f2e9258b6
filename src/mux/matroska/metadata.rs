//! What the file says of itself beside its title and date: chapters and tags.

use super::ebml;
use super::fingerprint::Fingerprint;
use super::ids;
use crate::error::{Error, Result};
use crate::media::{Chapter, TimeBase, Timestamp};

/// How far the end of the last chapter is known.
#[derive(Clone, Copy)]
pub(super) enum LastEnd {
    /// A live stream never knows it.
    Live,
    /// Room is kept for it.
    Reserved,
    /// The file's end, in nanoseconds.
    At(u64),
}

/// Refuses chapters that lie beyond what can be counted.
pub(super) fn check_chapters(chapters: &[Chapter]) -> Result<()> {
    for chapter in chapters {
        if [Some(chapter.start), chapter.end].into_iter().flatten().any(|time| nanoseconds(time).is_none()) {
            let shown = format_args!("`{}`", chapter.title).to_string();
            return Err(Error::option("chapters", shown, "it is further from 0 than 64 bits of nanoseconds"));
        }
    }
    Ok(())
}

/// The Chapters element; `None` without chapters. It has one length however far the last end is known, but for a live
/// stream.
pub(super) fn chapters(chapters: &[Chapter], last_end: LastEnd) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    ebml::master(&mut out, ids::CHAPTERS, |out| {
        ebml::master(out, ids::EDITION_ENTRY, |edition| {
            for (index, chapter) in chapters.iter().enumerate() {
                let next = chapters.get(index + 1);
                ebml::master(edition, ids::CHAPTER_ATOM, |atom| chapter_atom(atom, index, chapter, next, last_end));
            }
        });
    });
    (!chapters.is_empty()).then_some(out)
}

fn chapter_atom(out: &mut Vec<u8>, index: usize, chapter: &Chapter, next: Option<&Chapter>, last_end: LastEnd) {
    const WIDE_END_LENGTH: usize = 1 + 1 + 8;
    let start = nanoseconds(chapter.start).unwrap_or(0);
    let mut fingerprint = Fingerprint::new();
    fingerprint.add(&start.to_be_bytes());
    fingerprint.add(chapter.title.as_bytes());
    ebml::uint(out, ids::CHAPTER_UID, fingerprint.to_uid(index as u64 + 1));
    ebml::uint(out, ids::CHAPTER_TIME_START, start);
    match (chapter.end.or(next.map(|next| next.start)).and_then(nanoseconds), last_end) {
        (Some(end), _) => ebml::uint(out, ids::CHAPTER_TIME_END, end),
        (None, LastEnd::Live) => {}
        (None, LastEnd::At(end)) if end > start => ebml::wide_uint(out, ids::CHAPTER_TIME_END, end),
        // Of a chapter that begins where the file has ended, too.
        (None, _) => ebml::void(out, WIDE_END_LENGTH),
    }
    if !chapter.title.is_empty() {
        ebml::master(out, ids::CHAPTER_DISPLAY, |display| {
            ebml::binary(display, ids::CHAP_STRING, chapter.title.as_bytes());
            // Without it a name is in English.
            ebml::binary(display, ids::CHAP_LANGUAGE, b"und");
        });
    }
}

fn nanoseconds(time: Timestamp) -> Option<u64> {
    time.rescale(TimeBase::NANOSECONDS).and_then(|ns| u64::try_from(ns).ok())
}

/// The Tags element; `None` without tags. The first title is not among them: the Info has it, and who reads both shows it
/// twice.
pub(super) fn tags(tags: &[(String, String)]) -> Option<Vec<u8>> {
    let title = tags.iter().position(|(name, _)| name.eq_ignore_ascii_case("title"));
    let others = tags.iter().enumerate().filter(|(index, _)| Some(*index) != title).map(|(_, tag)| tag);
    let named: Vec<_> = others.flat_map(|(name, value)| simple_tags(name, value)).collect();
    let mut out = Vec::new();
    ebml::master(&mut out, ids::TAGS, |out| {
        for level in [Level::Whole, Level::Part] {
            let mut own = named.iter().filter(|tag| tag.level == level).peekable();
            if own.peek().is_none() {
                continue;
            }
            ebml::master(out, ids::TAG, |tag| {
                ebml::master(tag, ids::TARGETS, |targets| ebml::uint(targets, ids::TARGET_TYPE_VALUE, level as u64));
                for simple in own {
                    ebml::master(tag, ids::SIMPLE_TAG, |out| {
                        ebml::binary(out, ids::TAG_NAME, simple.name.as_bytes());
                        ebml::binary(out, ids::TAG_STRING, simple.value.as_bytes());
                    });
                }
            });
        }
    });
    (!named.is_empty()).then_some(out)
}

/// What a tag is said of, by its TargetTypeValue.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    /// The film, the album.
    Whole = 50,
    /// The track of an album.
    Part = 30,
}

struct SimpleTag {
    level: Level,
    name: String,
    value: String,
}

/// A tag under the names that Matroska has for it (the registry of RFC 9559's companion on tags).
fn simple_tags(name: &str, value: &str) -> Vec<SimpleTag> {
    let tag = |level, name: &str, value: &str| SimpleTag { level, name: name.into(), value: value.into() };
    match name.to_ascii_lowercase().as_str() {
        // PART_NUMBER counts within the level above, where TOTAL_PARTS is the count of all.
        "track" => match value.split_once('/').map(|(number, total)| (number.trim(), total.trim())) {
            Some((number, total)) if is_number(number) && is_number(total) => {
                vec![tag(Level::Whole, "TOTAL_PARTS", total), tag(Level::Part, "PART_NUMBER", number)]
            }
            _ => vec![tag(Level::Part, "PART_NUMBER", value.trim())],
        },
        // The registry's name wants the registry's form. FFmpeg and what is made after it know the other name only.
        "date" if is_date(value) => vec![tag(Level::Whole, "DATE_RELEASED", value), tag(Level::Whole, "DATE", value)],
        // Names of the registry, of old use (ALBUM, ALBUM_ARTIST), and free ones alike: readers know them in capitals.
        _ => vec![tag(Level::Whole, &name.to_ascii_uppercase(), value)],
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `YYYY-MM-DD hh:mm:ss.mss`, or the beginning of it up to one of its parts.
fn is_date(text: &str) -> bool {
    const FORM: &[u8] = b"0000-00-00 00:00:00.000";
    const LENGTHS: [usize; 7] = [4, 7, 10, 13, 16, 19, 23];
    let fits = |(byte, form): (u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == *form };
    LENGTHS.contains(&text.len()) && text.bytes().zip(FORM).all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_get_the_names_of_the_registry() {
        let named = |name: &str, value: &str| -> Vec<_> {
            let tags = simple_tags(name, value).into_iter();
            tags.map(|tag| format!("{} {}={}", tag.level as u8, tag.name, tag.value)).collect()
        };
        assert_eq!(named("Title", "x"), ["50 TITLE=x"]);
        assert_eq!(named("album_artist", "x"), ["50 ALBUM_ARTIST=x"]);
        assert_eq!(named("track", "3/12"), ["50 TOTAL_PARTS=12", "30 PART_NUMBER=3"]);
        assert_eq!(named("track", " 3 / 12 "), ["50 TOTAL_PARTS=12", "30 PART_NUMBER=3"]);
        assert_eq!(named("track", " 3 "), ["30 PART_NUMBER=3"]);
        assert_eq!(named("track", "B/"), ["30 PART_NUMBER=B/"]);
        assert_eq!(named("date", "2026-11-24"), ["50 DATE_RELEASED=2026-11-24", "50 DATE=2026-11-24"]);
        assert_eq!(named("date", "1 May"), ["50 DATE=1 May"]);
        assert_eq!(named("Größe x", ""), ["50 GRößE X="]);
        assert!(tags(&[]).is_none());
        for date in ["2026", "2026-11", "2026-11-24 10", "2026-11-24 10:11:12.345"] {
            assert!(is_date(date), "{date}");
        }
        for text in ["", "26", "2026-1", "2026-11-24T10", "2026/11/24", "2026-11-24 10:11:12.34"] {
            assert!(!is_date(text), "{text}");
        }
    }

    #[test]
    fn chapters_have_one_length_once_room_is_kept() {
        let at = Timestamp::from_millis;
        let made = [Chapter::new(at(0), "One"), Chapter::new(at(500), "")];
        let length = |end| chapters(&made, end).map(|bytes| bytes.len());
        assert_eq!(length(LastEnd::Reserved), length(LastEnd::At(u64::MAX)));
        assert_eq!(length(LastEnd::Reserved), length(LastEnd::At(3)));
        assert!(length(LastEnd::Live) < length(LastEnd::Reserved));
        assert!(chapters(&[], LastEnd::Live).is_none());
        let far = Timestamp::new(i64::MAX, TimeBase::per_second(1));
        assert!(check_chapters(&[Chapter::new(far, "far")]).unwrap_err().to_string().contains("`far`"));
        assert!(check_chapters(&made).is_ok());
    }
}
