//! Chapter files of other tools.

use std::collections::BTreeMap;

use super::subtitles::{TimedCue, plain_text, read_subtitles, timing};
use crate::error::{Error, Result};
use crate::media::{Chapter, TimeBase, Timestamp};

/// The largest chapter file that is read.
const MAX_BYTES: usize = 8 << 20;

/// What a chapter file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChapterFile {
    /// The chapters in the order of their starts, no two of which are the same.
    pub chapters: Vec<Chapter>,
    /// Tags of the whole file, which FFMETADATA has.
    pub tags: Vec<(String, String)>,
}

/// The chapters of a chapter file: [`read_chapter_file`] without the tags.
///
/// # Errors
/// As [`read_chapter_file`].
pub fn read_chapters(text: &str) -> Result<Vec<Chapter>> {
    Ok(read_chapter_file(text)?.chapters)
}

/// Reads a chapter file of any of these kinds, which its first line tells:
///
/// | Kind | As in |
/// |---|---|
/// | OGM, "simple" in Matroska's tools | `CHAPTER01=00:00:00.000` and `CHAPTER01NAME=Start` |
/// | FFMETADATA1 | `[CHAPTER]`, `TIMEBASE=1/1000`, `START=0`, `END=60000`, `title=Start` |
/// | WebVTT | `00:00.000 --> 01:00.000` and `Start` on the next line |
/// | plain lines | `0:00 Start`, `1:02:03.5 - Over the hill`; empty lines and lines after `#` are left out |
///
/// Times are kept as they are written, to the nanosecond.
///
/// # Errors
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) naming the line: a time that is none, a chapter without a start, or
/// without a name (which in FFMETADATA may be left out, and is empty then), two that begin together, one that ends before
/// it begins, a file without any.
/// [`Unsupported`](crate::ErrorKind::Unsupported) for XML. [`Limit`](crate::ErrorKind::Limit) past 8 MiB.
///
/// ```
/// use framewright::input::read_chapters;
/// let chapters = read_chapters("0:00 Start\n1:02:03.5 Over the hill\n")?;
/// assert_eq!((chapters[1].start.ticks, &*chapters[1].title), (3_723_500, "Over the hill"));
/// # Ok::<(), framewright::Error>(())
/// ```
pub fn read_chapter_file(text: &str) -> Result<ChapterFile> {
    if text.len() > MAX_BYTES {
        return Err(Error::limit(format!("the chapter file has more than {MAX_BYTES} bytes")));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("");
    let (found, tags) = if first.starts_with(";FFMETADATA") {
        ffmetadata(text)?
    } else if first.starts_with("WEBVTT") {
        (webvtt(text)?, Vec::new())
    } else if ogm_key(first).is_some() {
        (ogm(text)?, Vec::new())
    } else if first.starts_with('<') {
        let hint = "the chapters are XML: `mkvextract FILE chapters --simple` gives a form that is read";
        return Err(Error::unsupported(hint));
    } else {
        (plain_lines(text)?, Vec::new())
    };
    if found.is_empty() && tags.is_empty() {
        return Err(Error::input("the chapter file has no chapters"));
    }
    Ok(ChapterFile { chapters: in_order(found)?, tags })
}

/// A chapter and the number of the line that it begins in.
type Found = (usize, Chapter);

type Tags = Vec<(String, String)>;

fn wrong(line: usize, what: impl std::fmt::Display) -> Error {
    Error::input(format!("line {line} of the chapter file: {what}"))
}

fn in_order(mut found: Vec<Found>) -> Result<Vec<Chapter>> {
    // Compared exactly, whatever the time bases: 63 + 32 bits, and 32 of the other denominator.
    found.sort_by(|(_, a), (_, b)| match (a.start.is_before(b.start), b.start.is_before(a.start)) {
        (true, _) => std::cmp::Ordering::Less,
        (_, true) => std::cmp::Ordering::Greater,
        _ => std::cmp::Ordering::Equal,
    });
    for pair in found.windows(2) {
        if let [(_, before), (line, chapter)] = pair
            && !before.start.is_before(chapter.start)
        {
            return Err(wrong(*line, format_args!("`{}` begins with `{}`", chapter.title, before.title)));
        }
    }
    for (line, chapter) in &found {
        if chapter.end.is_some_and(|end| !chapter.start.is_before(end)) {
            return Err(wrong(*line, format_args!("`{}` ends before it begins, or as it does", chapter.title)));
        }
    }
    Ok(found.into_iter().map(|(_, chapter)| chapter).collect())
}

/// `CHAPTERnn=time` and `CHAPTERnnNAME=title`, in any order.
fn ogm(text: &str) -> Result<Vec<Found>> {
    #[derive(Default)]
    struct Entry<'a> {
        start: Option<(usize, Timestamp)>,
        title: Option<&'a str>,
        line: usize,
    }
    let mut entries: BTreeMap<&str, Entry<'_>> = BTreeMap::new();
    for (number, line) in numbered(text) {
        let Some((chapter, is_name, value)) = ogm_key(line) else {
            return Err(wrong(number, "each line has to be CHAPTERnn=time or CHAPTERnnNAME=title"));
        };
        let entry = entries.entry(chapter).or_insert(Entry { line: number, ..Entry::default() });
        let twice = if is_name { entry.title.is_some() } else { entry.start.is_some() };
        if twice {
            return Err(wrong(number, format_args!("chapter {chapter} has this twice")));
        }
        match is_name {
            true => entry.title = Some(value.trim()),
            false => {
                let time = time(value.trim()).filter(|_| value.matches(':').count() == 2);
                entry.start = Some((number, time.ok_or_else(|| not_a_time(number, value))?));
            }
        }
    }
    let chapter = |(number, entry): (&str, Entry<'_>)| {
        let (line, start) =
            entry.start.ok_or_else(|| wrong(entry.line, format_args!("chapter {number} has no time")))?;
        let title = entry.title.ok_or_else(|| wrong(line, format_args!("chapter {number} has no name")))?;
        Ok((line, Chapter::new(start, title)))
    };
    entries.into_iter().map(chapter).collect()
}

/// The number, whether it is the name, and the value.
fn ogm_key(line: &str) -> Option<(&str, bool, &str)> {
    let (key, value) = line.split_once('=')?;
    let key = key.trim();
    let rest = key.get(..7).filter(|word| word.eq_ignore_ascii_case("CHAPTER")).map(|_| &key[7..])?;
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, rest) = rest.split_at(digits);
    let is_name = rest.eq_ignore_ascii_case("NAME");
    (digits > 0 && (is_name || rest.is_empty())).then_some((number, is_name, value))
}

/// FFmpeg's own: global tags, then sections. `\` in front of `=`, `;`, `#`, `\` or a line end makes it a character.
fn ffmetadata(text: &str) -> Result<(Vec<Found>, Tags)> {
    enum Section {
        Global,
        Chapter,
        Other,
    }
    #[derive(Default)]
    struct Open {
        line: usize,
        base: Option<TimeBase>,
        start: Option<i64>,
        end: Option<i64>,
        title: String,
    }
    let close = |open: Option<Open>| -> Result<Option<Found>> {
        let Some(open) = open else { return Ok(None) };
        let start = open.start.ok_or_else(|| wrong(open.line, "the chapter has no START"))?;
        let base = open.base.unwrap_or(TimeBase::NANOSECONDS);
        if start < 0 {
            return Err(wrong(open.line, "the chapter begins before 0"));
        }
        let mut chapter = Chapter::new(Timestamp::new(start, base), open.title);
        chapter.end = open.end.map(|end| Timestamp::new(end, base));
        Ok(Some((open.line, chapter)))
    };
    let (mut section, mut open) = (Section::Global, None::<Open>);
    let (mut chapters, mut tags) = (Vec::new(), Vec::new());
    for (number, line) in escaped_lines(text) {
        if line.is_empty() || line.starts_with([';', '#']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.trim_end().strip_suffix(']')) {
            chapters.extend(close(open.take())?);
            section = match name.eq_ignore_ascii_case("chapter") {
                true => Section::Chapter,
                false => Section::Other,
            };
            if let Section::Chapter = section {
                open = Some(Open { line: number, ..Open::default() });
            }
            continue;
        }
        let Some((key, value)) = unescaped_pair(&line) else {
            return Err(wrong(number, "each line has to be a section, as in [CHAPTER], or name=value"));
        };
        let integer = |value: &str| {
            value.trim().parse::<i64>().map_err(|_| wrong(number, format_args!("`{value}` is no whole number")))
        };
        match (&section, &mut open) {
            (Section::Global, _) => tags.push((key, value)),
            (Section::Chapter, Some(open)) => match &*key.to_ascii_uppercase() {
                "TIMEBASE" => {
                    open.base =
                        Some(time_base(&value).ok_or_else(|| {
                            wrong(number, format_args!("`{value}` is no time base: write it as 1/1000"))
                        })?)
                }
                "START" => open.start = Some(integer(&value)?),
                "END" => open.end = Some(integer(&value)?),
                "TITLE" => open.title = value,
                _ => {}
            },
            _ => {}
        }
    }
    chapters.extend(close(open)?);
    Ok((chapters, tags))
}

fn time_base(text: &str) -> Option<TimeBase> {
    let (num, den) = text.trim().split_once('/')?;
    TimeBase::new(num.trim().parse().ok()?, den.trim().parse().ok()?).ok()
}

/// Lines with their numbers; a line end behind a backslash is part of the line.
fn escaped_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (index, line) in text.lines().enumerate() {
        match lines.last_mut() {
            Some((_, last)) if goes_on => {
                last.push('\n');
                last.push_str(line);
            }
            _ => lines.push((index + 1, line.to_owned())),
        }
        goes_on = line.bytes().rev().take_while(|&byte| byte == b'\\').count() % 2 == 1;
    }
    lines
}

/// The two sides of the first `=` that is not escaped, without their backslashes.
fn unescaped_pair(line: &str) -> Option<(String, String)> {
    let (mut key, mut value, mut in_value) = (String::new(), String::new(), false);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        let side = if in_value { &mut value } else { &mut key };
        match c {
            '\\' => side.extend(chars.next()),
            '=' if !in_value => in_value = true,
            c => side.push(c),
        }
    }
    (in_value && !key.is_empty()).then_some((key, value))
}

/// A cue is a chapter, and its text the name.
fn webvtt(text: &str) -> Result<Vec<Found>> {
    let cues = read_subtitles(text.as_bytes())?.cues;
    let begins = |(index, line)| Some((timing(line, index + 1).ok()??.0.ticks, index + 1));
    let lines: BTreeMap<i64, usize> = text.lines().enumerate().filter_map(begins).collect();
    let chapter = |cue: TimedCue| {
        let line = lines.get(&cue.start.ticks).copied().unwrap_or(1);
        (line, Chapter::new(cue.start, plain_text(&cue.cue.text)).end(cue.end))
    };
    Ok(cues.into_iter().map(chapter).collect())
}

/// A time, a mark between if wanted, and the name.
fn plain_lines(text: &str) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for (number, line) in numbered(text).filter(|(_, line)| !line.starts_with('#')) {
        let line = line.trim_start_matches(['(', '[']);
        let is_time = |c: char| c.is_ascii_digit() || matches!(c, ':' | '.' | ',');
        let until = line.find(|c| !is_time(c)).unwrap_or(line.len());
        let (at, rest) = line.split_at(until);
        let start = time(at.trim_end_matches(['.', ',', ':'])).ok_or_else(|| not_a_time(number, line))?;
        let rest = rest.trim_start_matches([')', ']']).trim();
        let title = rest.strip_prefix(['-', '–', '—', '|', ':']).filter(|title| title.starts_with(' ')).unwrap_or(rest);
        if title.trim().is_empty() {
            return Err(wrong(number, "the chapter has no name behind its time"));
        }
        found.push((number, Chapter::new(start, title.trim())));
    }
    Ok(found)
}

/// Lines that are not empty, with their numbers.
fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line.trim())).filter(|(_, line)| !line.is_empty())
}

fn not_a_time(line: usize, text: &str) -> Error {
    let shown: String = text.trim().chars().take(80).collect();
    wrong(line, format_args!("`{shown}` has no time in front: write it as 1:02:03.5 or 2:03"))
}

/// `[hours:]minutes:seconds[.fraction]`: in milliseconds, or in nanoseconds where they say more.
fn time(text: &str) -> Option<Timestamp> {
    let number = |text: &str| -> Option<i64> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if digits { text.parse().ok() } else { None }
    };
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let (base, places) = if fraction.len() <= 3 { (TimeBase::MILLISECONDS, 3) } else { (TimeBase::NANOSECONDS, 9) };
    let missing = 10i64.checked_pow(u32::try_from(places - i32::try_from(fraction.len()).ok()?).ok()?)?;
    let fraction = number(fraction)?.checked_mul(missing)?;
    let mut parts = whole.rsplit(':');
    let seconds = number(parts.next()?)?;
    let minutes = number(parts.next()?)?;
    let hours = parts.next().map(number);
    // Without hours, minutes may be many.
    if parts.next().is_some() || seconds > 59 || (hours.is_some() && minutes > 59) {
        return None;
    }
    let seconds =
        hours.unwrap_or(Some(0))?.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)?.checked_add(seconds)?;
    Some(Timestamp::new(seconds.checked_mul(base.den().into())?.checked_add(fraction)?, base))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::ErrorKind;

    fn shown(text: &str) -> Vec<(i64, Option<i64>, String)> {
        let nanoseconds = |time: Timestamp| time.base.rescale(time.ticks, TimeBase::NANOSECONDS).unwrap();
        let chapters = read_chapters(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        chapters
            .into_iter()
            .map(|chapter| (nanoseconds(chapter.start), chapter.end.map(nanoseconds), chapter.title))
            .collect()
    }

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn every_kind_is_read() {
        let two = |end: [Option<i64>; 2]| {
            vec![(0, end[0], "Start".to_owned()), (3_723_500_000_000, end[1], "Über & <out>".to_owned())]
        };
        let open = two([None, None]);
        let closed = two([Some(60 * SECOND), Some(3724 * SECOND)]);
        let ogm = "\u{feff}CHAPTER01=00:00:00.000\r\nCHAPTER01NAME=Start\r\n\r\nCHAPTER02=01:02:03.500\r\nCHAPTER02NAME=Über & <out>\r\n";
        assert_eq!(shown(ogm), open);
        assert_eq!(shown("chapter2name=Über & <out>\nchapter2=01:02:03,5\nCHAPTER7=0:0:0\nCHAPTER7NAME= Start"), open);
        for plain in [
            "0:00 Start\n1:02:03.5 Über & <out>\n",
            "# mine\n\n 00:00:00 - Start\n\t1:02:03.500 – Über & <out>",
            "(0:00) Start\r\n[1:02:03.5] Über & <out>",
            "1:02:03.5: Über & <out>\n0:00 | Start",
            "00:00 Start\n62:03.5 Über & <out>",
        ] {
            assert_eq!(shown(plain), open, "{plain}");
        }
        let vtt = "WEBVTT\n\n1\n00:00.000 --> 01:00.000\nStart\n\n01:02:03.500 --> 01:02:04.000\nÜber &amp;\n<i>&lt;out&gt;</i>\n";
        assert_eq!(shown(vtt), closed);
        let ff = ";FFMETADATA1\ntitle=A\\=b\\\nc\n# no\n;no\n\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=60000\ntitle=Start\n\
                  [STREAM]\ntitle=no\n[chapter]\nSTART=3723500000000\nEND=3724000000000\ntitle=Über & <out>\nother=1\n";
        let file = read_chapter_file(ff).unwrap();
        assert_eq!(file.tags, [("title".to_owned(), "A=b\nc".to_owned())]);
        assert_eq!(shown(ff), closed);
        assert_eq!(file.chapters[0].start.base, TimeBase::MILLISECONDS);
        assert_eq!(shown("0:00.1234 a"), [(123_400_000, None, "a".to_owned())]);
        // A chapter of FFMETADATA may have no name.
        assert_eq!(shown(";FFMETADATA1\n[CHAPTER]\nSTART=5"), [(5, None, String::new())]);
        // FFMETADATA may have tags alone.
        assert_eq!(read_chapter_file(";FFMETADATA1\nartist=x").unwrap().tags.len(), 1);
    }

    #[test]
    fn errors_name_the_line() {
        for (text, line, what) in [
            ("0:00 a\nbroken", 2, "no time"),
            ("0:00 a\n0:60 b", 2, "no time"),
            ("0:00 a\n1:60:00 b", 2, "no time"),
            ("0:00 a\n0:00.1234567890 b", 2, "no time"),
            ("0:00 a\n99999999999999999999:00 b", 2, "no time"),
            ("0:00 a\n9223372036854775807:00:00 b", 2, "no time"),
            ("0:00 a\n\n0:00 b", 3, "`b` begins with `a`"),
            ("0:00 a\n1:00", 2, "no name"),
            ("CHAPTER01=00:00:00.000\nCHAPTER01NAME=a\nCHAPTER02NAME=b", 3, "chapter 02 has no time"),
            ("CHAPTER01=00:00:00.000\nCHAPTER02=00:00:01.000\nCHAPTER01NAME=a", 2, "chapter 02 has no name"),
            ("CHAPTER01=00:00", 1, "no time"),
            ("CHAPTER01=00:00:00.000\nCHAPTER01=00:00:01.000", 2, "twice"),
            ("CHAPTER01=00:00:00.000\nCHAPTER01NAME=a\nx", 3, "CHAPTERnn=time"),
            (";FFMETADATA1\n[CHAPTER]\ntitle=a", 2, "no START"),
            (";FFMETADATA1\n[CHAPTER]\nSTART=x", 3, "whole number"),
            (";FFMETADATA1\n[CHAPTER]\nSTART=-1", 2, "before 0"),
            (";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/0\nSTART=0", 3, "time base"),
            (";FFMETADATA1\n[CHAPTER]\nSTART=5\nEND=5", 2, "ends before"),
            (";FFMETADATA1\nwords", 2, "name=value"),
            ("WEBVTT\n\n00:00.000 --> 00:09.000\na\n\n00:00.000 --> 00:01.000\nb", 6, "`b` begins with `a`"),
        ] {
            let error = read_chapters(text).expect_err(text).to_string();
            assert!(
                error.contains(&format!("line {line} of the chapter file")) && error.contains(what),
                "{text}: {error}"
            );
        }
        assert!(read_chapters("WEBVTT\n\n00:00.000 --> 0x\na").unwrap_err().to_string().contains("line 3"));
        assert!(read_chapters("").unwrap_err().to_string().contains("no chapters"));
        assert_eq!(read_chapters("<?xml version=\"1.0\"?>").unwrap_err().kind(), ErrorKind::Unsupported);
        assert_eq!(read_chapters(&" ".repeat(MAX_BYTES + 1)).unwrap_err().kind(), ErrorKind::Limit);
    }

    proptest! {
        #[test]
        fn no_text_panics(head in 0..4usize, text in "[0-9:.,=\\\\\\[\\]A-Zé\n #;>-]{0,60}") {
            let head = ["", "CHAPTER01=", ";FFMETADATA1\n[CHAPTER]\nSTART=", "WEBVTT\n\n"][head];
            if let Ok(file) = read_chapter_file(&format!("{head}{text}")) {
                let metadata = file.chapters.into_iter().fold(crate::media::Metadata::new(), |all, chapter| all.chapter(chapter));
                metadata.check().unwrap();
            }
        }
    }
}
