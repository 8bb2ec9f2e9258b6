//! Vorbis comments, of FLAC and Ogg: little-endian counts, and `NAME=value` (Ogg Vorbis I, 5). Tags, the language of the
//! stream, chapters (`CHAPTER001=00:00:00.000`, `CHAPTER001NAME=…`) and the cover, a PICTURE block in base 64.

use std::collections::BTreeMap;

use crate::inspect::about::{About, CoverInfo, MAX_NOTES, cover, to_words};
use crate::media::{Chapter, TimeBase, Timestamp};

/// The most bytes of comments, or of a picture, that are looked at.
pub(super) const MAX_HEAD: usize = 1 << 20;

/// The most comments that are read: as many tags as are told of, and two for each chapter.
const MAX_COMMENTS: u32 = 3 * MAX_NOTES as u32;

/// The most bytes of a comment that are looked at.
const MAX_COMMENT: usize = 16 << 10;

/// What tags are called here, where it is not their name in small letters.
const NAMES: [(&str, &str); 1] = [("albumartist", "album_artist")];

/// A chapter, of which the start and the title may come in any order.
#[derive(Default)]
struct Draft {
    start: Option<Timestamp>,
    title: String,
}

/// Reads the comments that `head` is the beginning of; all of them have `total` bytes. Gives the language of the stream.
pub(super) fn read(head: &[u8], total: u64, about: &mut About) -> Option<String> {
    let (mut language, mut number, mut count) = (None, None, None);
    let mut drafts = BTreeMap::<u32, Draft>::new();
    for comment in Comments::new(head, total) {
        let text = to_words(comment.shown);
        let Some((name, value)) = text.split_once('=') else { continue };
        let name = name.to_lowercase();
        match (&*name, chapter_key(&name)) {
            ("language", _) if language.is_none() => language = Some(value.to_owned()),
            ("tracknumber", _) if number.is_none() => number = Some(value.to_owned()),
            ("tracktotal", _) if count.is_none() => count = Some(value.to_owned()),
            ("metadata_block_picture", _) => {
                let rest = comment.length.saturating_sub(name.len() as u64 + 1);
                about.cover = about.cover.or(picture(&from_base64(value), rest / 4 * 3));
            }
            (_, Some((chapter, is_name))) if drafts.len() < MAX_NOTES || drafts.contains_key(&chapter) => {
                let start = time(value);
                if !is_name && start.is_none() {
                    about.tag(&name, value.into());
                    continue;
                }
                let draft = drafts.entry(chapter).or_default();
                match is_name {
                    true => draft.title = value.into(),
                    false => draft.start = start,
                }
            }
            _ => {
                let ours = NAMES.iter().find(|(theirs, _)| *theirs == name).map_or(&*name, |(_, ours)| ours);
                about.tag(ours, value.into());
            }
        }
    }
    match (number, count) {
        (Some(number), Some(count)) => about.tag("track", format!("{number}/{count}")),
        (Some(number), None) => about.tag("track", number),
        (None, Some(count)) => about.tag("tracktotal", count),
        (None, None) => {}
    }
    if about.chapters.is_empty() {
        let chapters = drafts.into_values().filter_map(|draft| Some(Chapter::new(draft.start?, draft.title)));
        about.chapters = chapters.collect();
    }
    language
}

/// The comments one after the other, as far as their beginnings are there.
struct Comments<'a> {
    head: &'a [u8],
    /// Where the next one is.
    at: u64,
    total: u64,
    left: u32,
}

struct Comment<'a> {
    /// Its first bytes.
    shown: &'a [u8],
    length: u64,
}

impl<'a> Comments<'a> {
    fn new(head: &'a [u8], total: u64) -> Self {
        let mut comments = Comments { head, at: 0, total, left: 0 };
        // The vendor is in front.
        if let Some(vendor) = comments.u32() {
            comments.at += u64::from(vendor);
            comments.left = comments.u32().unwrap_or(0).min(MAX_COMMENTS);
        }
        comments
    }

    /// The next four bytes. `at` stays far from overflow: each step adds 32 bits, and there are few.
    fn u32(&mut self) -> Option<u32> {
        let at = usize::try_from(self.at).ok()?;
        let bytes = self.head.get(at..at.checked_add(4)?)?;
        self.at += 4;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }
}

impl<'a> Iterator for Comments<'a> {
    type Item = Comment<'a>;

    fn next(&mut self) -> Option<Comment<'a>> {
        self.left = self.left.checked_sub(1)?;
        let length = u64::from(self.u32()?);
        let start = usize::try_from(self.at).ok()?;
        self.at += length;
        if self.at > self.total {
            return None;
        }
        let end = usize::try_from(self.at).unwrap_or(usize::MAX).min(self.head.len());
        let shown = self.head.get(start..end)?;
        Some(Comment { shown: &shown[..shown.len().min(MAX_COMMENT)], length })
    }
}

/// The number of a chapter, and whether this is its name; of a name in small letters.
fn chapter_key(name: &str) -> Option<(u32, bool)> {
    let rest = name.strip_prefix("chapter")?;
    let (digits, is_name) = rest.strip_suffix("name").map_or((rest, false), |digits| (digits, true));
    let is_number = (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    Some((digits.parse().ok().filter(|_| is_number)?, is_name))
}

/// `hours:minutes:seconds.milliseconds`.
fn time(text: &str) -> Option<Timestamp> {
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i64>().ok().filter(|_| is_number)
    };
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
    let mut parts = whole.split(':');
    let (hours, minutes, seconds) = (number(parts.next()?)?, number(parts.next()?)?, number(parts.next()?)?);
    if parts.next().is_some() || minutes > 59 || seconds > 59 {
        return None;
    }
    number(fraction)?;
    let milliseconds = fraction.bytes().chain(*b"00").take(3).fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    let seconds = hours.checked_mul(3600)?.checked_add(minutes * 60 + seconds)?;
    Some(Timestamp::from_millis(seconds.checked_mul(TimeBase::MILLISECONDS.den().into())?.checked_add(milliseconds)?))
}

/// PICTURE (RFC 9639, 8.8): its type, media type, description, four numbers, and the picture. `head` is its beginning, of
/// `total` bytes.
pub(super) fn picture(head: &[u8], total: u64) -> Option<CoverInfo> {
    let u32_at = |at: usize| Some(u32::from_be_bytes(head.get(at..at.checked_add(4)?)?.try_into().ok()?));
    let mut at = 4;
    for _ in 0..2 {
        let length = usize::try_from(u32_at(at)?).ok()?;
        at = at.checked_add(4)?.checked_add(length)?;
    }
    at = at.checked_add(16)?;
    let bytes = u64::from(u32_at(at)?);
    let data = at + 4;
    (data as u64 + bytes <= total).then(|| cover(head.get(data..)?, bytes)).flatten()
}

/// The bytes of RFC 4648, 4, as far as the text is that: whole groups of four, and what stands before the padding.
fn from_base64(text: &str) -> Vec<u8> {
    let value = |byte: u8| {
        Some(match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        })
    };
    let values: Vec<u8> = text.bytes().map_while(value).collect();
    let mut bytes = Vec::with_capacity(values.len() / 4 * 3 + 3);
    for group in values.chunks(4) {
        let bits = group.iter().fold(0u32, |bits, &value| bits << 6 | u32::from(value)) << (6 * (4 - group.len()));
        // Of n characters come n - 1 bytes.
        bytes.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_as_far_as_it_goes() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("Zg==", b"f"),
            ("Zm8=", b"fo"),
            ("Zm9v", b"foo"),
            ("Zm9vYmE", b"fooba"),
            ("+/8=?", b"\xfb\xff"),
        ] {
            assert_eq!(from_base64(text), bytes, "{text}");
        }
    }

    #[test]
    fn chapters_have_numbers_and_times() {
        assert_eq!(chapter_key("chapter007"), Some((7, false)));
        assert_eq!(chapter_key("chapter12name"), Some((12, true)));
        for name in ["chapter", "chaptername", "chapter+7", "chapter1234567890", "chapter1url", "part001"] {
            assert_eq!(chapter_key(name), None, "{name}");
        }
        let ms = |text: &str| time(text).map(|at| at.ticks);
        assert_eq!(ms("100:02:03.5"), Some(360_123_500));
        assert_eq!(ms("00:00:00.1239"), Some(123));
        assert_eq!(ms("00:01:00"), Some(60_000));
        for text in
            ["", "1:2", "0:60:00", "0:00:60", "0:0:0.", "0:0:0.x", "-1:0:0", "1:2:3:4", "9223372036854775807:0:0"]
        {
            assert_eq!(ms(text), None, "{text}");
        }
    }

    /// Sizes that lie lead nowhere.
    #[test]
    fn damaged_comments_end_early() {
        let mut about = About::default();
        let list = |count: u32, length: u32| {
            [&0u32.to_le_bytes()[..], &count.to_le_bytes(), &length.to_le_bytes(), b"TITLE=x"].concat()
        };
        for bytes in [list(u32::MAX, 7), list(2, 7)] {
            read(&bytes, bytes.len() as u64, &mut about);
            assert_eq!(about.tags, [("title".to_owned(), "x".to_owned())]);
            for end in 0..bytes.len() {
                read(&bytes[..end], end as u64, &mut About::default());
            }
        }
        let mut about = About::default();
        let bytes = list(1, u32::MAX);
        read(&bytes, bytes.len() as u64, &mut about);
        assert!(about.tags.is_empty());
        let block = [&3u32.to_be_bytes()[..], &[0; 8], &[0; 16], &9u32.to_be_bytes(), b"\x89PNG\r\n\x1a\n0"].concat();
        assert_eq!(picture(&block, block.len() as u64).map(|cover| cover.bytes), Some(9));
        assert_eq!(picture(&block, block.len() as u64 - 1), None);
        for end in 0..block.len() {
            picture(&block[..end], u64::MAX);
        }
        let long = [&3u32.to_be_bytes()[..], &[0xff; 8]].concat();
        assert_eq!(picture(&long, u64::MAX), None);
    }
}
