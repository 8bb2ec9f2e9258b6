//! Subtitle files: SRT and WebVTT, both as cues of WebVTT.

mod encoding;
mod markup;
mod srt;
#[cfg(test)]
mod tests;
mod vtt;

use std::io::Read;

pub(super) use markup::plain as plain_text;

use crate::error::{Error, Result};
use crate::media::{Cue, Timestamp, WebVttConfig};

/// The largest subtitle file that is read; a film has a few hundred thousand bytes.
pub const MAX_SUBTITLE_BYTES: u64 = 8 << 20;

/// The longest line that is read, in bytes.
const MAX_LINE: usize = 1 << 16;

/// What a subtitle file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Subtitles {
    /// The STYLE and REGION blocks of a WebVTT file, with an empty line between two; else empty.
    pub header: String,
    /// The cues in the order of their starts; of those that start together, in the file's order. They may overlap.
    pub cues: Vec<TimedCue>,
}

/// A cue with its time, in milliseconds. It lasts at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimedCue {
    /// When it appears.
    pub start: Timestamp,
    /// When it goes.
    pub end: Timestamp,
    /// What is shown.
    pub cue: Cue,
}

impl Subtitles {
    /// The configuration of a track of these cues.
    pub fn config(&self) -> WebVttConfig {
        WebVttConfig { header: self.header.clone() }
    }
}

/// Reads an SRT or WebVTT file of at most [`MAX_SUBTITLE_BYTES`].
///
/// **SRT** becomes WebVTT: `<i>`, `<b>` and `<u>` stay, `<font>` and other marks go, `{\an8}` and its like become settings
/// (`line:0`), and `&`, `<` and `>` that are no marks are escaped. Numbers of cues are not needed, times may have a comma
/// or a dot and any number of hours, and coordinates behind them go. Text is UTF-8, UTF-16 where a byte order mark says
/// so, and Windows-1252 where it is neither.
///
/// **WebVTT** is taken as it is: identifiers, settings, marks, STYLE and REGION blocks. As its specification has it,
/// comments and what belongs to no cue are left out.
///
/// Cues that show nothing, or for no time, are left out, and the others are put in order.
///
/// # Errors
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) naming the line: a time that is none, a cue that ends before it begins,
/// text that cannot be decoded. [`Unsupported`](crate::ErrorKind::Unsupported) for other formats.
/// [`Limit`](crate::ErrorKind::Limit) for a larger file, or a line of more than 65,536 bytes. [`Io`](crate::ErrorKind::Io)
/// where reading fails.
///
/// ```
/// use framewright::input::read_subtitles;
/// let srt = "1\n00:00:01,500 --> 00:00:04,000\n{\\an8}<font color=\"#ff0000\">Tom & <i>Jerry</i></font>\n";
/// let subtitles = read_subtitles(srt.as_bytes())?;
/// let cue = &subtitles.cues[0];
/// assert_eq!((cue.start.ticks, cue.end.ticks), (1_500, 4_000));
/// assert_eq!((&*cue.cue.text, &*cue.cue.settings), ("Tom &amp; <i>Jerry</i>", "line:0"));
/// # Ok::<(), framewright::Error>(())
/// ```
pub fn read_subtitles(reader: impl Read) -> Result<Subtitles> {
    let mut bytes = Vec::new();
    let limited = reader.take(MAX_SUBTITLE_BYTES + 1).read_to_end(&mut bytes);
    limited.map_err(|error| Error::io("reading the subtitles", error))?;
    if bytes.len() as u64 > MAX_SUBTITLE_BYTES {
        return Err(Error::limit(format!("the subtitle file has more than {MAX_SUBTITLE_BYTES} bytes")));
    }
    let text = encoding::decode(bytes)?;
    if let Some(index) = text.split('\n').position(|line| line.len() > MAX_LINE) {
        return Err(Error::limit(format!("line {} of the subtitles has more than {MAX_LINE} bytes", index + 1)));
    }
    let lines: Vec<&str> = text.split('\n').collect();
    let first = lines.iter().map(|line| line.trim()).find(|line| !line.is_empty()).unwrap_or("");
    let mut subtitles = if vtt::is_signature(lines[0]) {
        vtt::parse(&lines)?
    } else if let Some(format) = other_format(first) {
        return Err(Error::unsupported(format!("the subtitles are {format}: SRT and WebVTT are read")));
    } else {
        srt::parse(&lines)?
    };
    subtitles.cues.retain(|cue| cue.start.is_before(cue.end) && markup::shows_something(&cue.cue.text));
    subtitles.cues.sort_by_key(|cue| cue.start.ticks);
    Ok(subtitles)
}

/// The name of a format that is not read, by the first line that is not empty.
fn other_format(first: &str) -> Option<&'static str> {
    let begins = |with: &str| first.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with));
    [
        ("[Script Info]", "ASS or SSA"),
        ("<?xml", "XML, as in TTML"),
        ("<tt", "TTML"),
        ("<SAMI", "SAMI"),
        ("{1}{", "MicroDVD"),
    ]
    .into_iter()
    .find_map(|(with, name)| begins(with).then_some(name))
}

/// A line with an arrow, as milliseconds from and to, and what stands behind. `None` where it has no arrow.
pub(super) fn timing(line: &str, number: usize) -> Result<Option<(Timestamp, Timestamp, &str)>> {
    let Some((from, behind)) = line.split_once("-->") else { return Ok(None) };
    let wrong = |what: &str| {
        let shown: String = line.trim().chars().take(80).collect();
        Error::input(format!("line {number} of the subtitles, `{shown}`: {what}"))
    };
    let behind = behind.trim();
    // `00:00:01, 500` has a space that ends no time.
    let is_time = |c: char| c.is_ascii_digit() || matches!(c, ':' | '.' | ',');
    let mut until = 0;
    for (index, c) in behind.char_indices() {
        let goes_on = c == ' ' && behind[..index].ends_with([',', '.', ':']);
        if !is_time(c) && !goes_on {
            break;
        }
        until = index + c.len_utf8();
    }
    let (to, rest) = behind.split_at(until);
    let time = |text| parse_time(text).ok_or_else(|| wrong("a time has to be hours:minutes:seconds.milliseconds"));
    let (start, end) = (time(from)?, time(to)?);
    if end < start {
        return Err(wrong("the cue ends before it begins"));
    }
    Ok(Some((Timestamp::from_millis(start), Timestamp::from_millis(end), rest.trim())))
}

/// `[hours:]minutes:seconds[.fraction]` in milliseconds, with a dot or a comma.
fn parse_time(text: &str) -> Option<i64> {
    let number = |text: &str| -> Option<i64> {
        let text = text.trim();
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if digits { text.parse().ok() } else { None }
    };
    let (whole, fraction) = text.split_once([',', '.']).unwrap_or((text, "0"));
    let fraction = fraction.trim();
    let milliseconds = match fraction.len() {
        ..=3 => number(fraction)? * 10i64.pow(3 - fraction.len() as u32),
        // Further digits are rounded.
        4..=9 => {
            let unit = 10i64.pow(fraction.len() as u32 - 3);
            (number(fraction)? + unit / 2) / unit
        }
        _ => return None,
    };
    let mut parts = whole.rsplit(':');
    let seconds = number(parts.next()?)?;
    let minutes = number(parts.next()?)?;
    let hours = parts.next().map_or(Some(0), number)?;
    if parts.next().is_some() || seconds > 59 || minutes > 59 {
        return None;
    }
    hours.checked_mul(3600)?.checked_add(minutes * 60 + seconds)?.checked_mul(1000)?.checked_add(milliseconds)
}
