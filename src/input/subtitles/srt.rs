//! SRT (SubRip): a number, a line of times, lines of text, an empty line. No specification says more, and files keep to
//! less: what decides here is the arrow alone.

use super::{Subtitles, TimedCue, markup, timing};
use crate::error::{Error, Result};
use crate::media::{Cue, Timestamp};

/// Reads the lines of a file.
pub(super) fn parse(lines: &[&str]) -> Result<Subtitles> {
    let mut cues: Vec<TimedCue> = Vec::new();
    // From the current cue's first line of text on; before the first cue there is none.
    let mut text_from = 0;
    let mut last_number = 0u64;
    for (index, line) in lines.iter().enumerate() {
        let Some((start, end, _coordinates)) = timing_line(line, index + 1)? else { continue };
        let (text_to, number) = number_before(&lines[text_from..index], last_number);
        last_number = number.unwrap_or(last_number.saturating_add(1));
        finish(cues.last_mut(), &lines[text_from..text_from + text_to], index)?;
        cues.push(TimedCue { start, end, cue: Cue::default() });
        text_from = index + 1;
    }
    if cues.is_empty() {
        return Err(Error::input("the file is neither SRT nor WebVTT: it has no line of the form `time --> time`"));
    }
    finish(cues.last_mut(), &lines[text_from..], lines.len())?;
    Ok(Subtitles { header: String::new(), cues })
}

/// A line of times. An arrow without a time in front of it is text.
fn timing_line(line: &str, number: usize) -> Result<Option<(Timestamp, Timestamp, &str)>> {
    let from = line.split("-->").next().unwrap_or("").trim();
    if from.starts_with(|c: char| c.is_ascii_digit()) && from.contains(':') { timing(line, number) } else { Ok(None) }
}

/// How many of `lines` come before the number of the next cue, and that number, where they end in one: directly, or
/// with empty lines behind where it is the next one.
fn number_before(lines: &[&str], last: u64) -> (usize, Option<u64>) {
    let Some(index) = lines.iter().rposition(|line| !line.trim().is_empty()) else { return (lines.len(), None) };
    let number = lines[index].trim().parse::<u64>().ok();
    let directly = index + 1 == lines.len();
    match number.filter(|&number| directly || number == last.saturating_add(1)) {
        Some(number) => (index, Some(number)),
        None => (lines.len(), None),
    }
}

/// Gives the cue its text. What stands before the first cue has to be empty: it may be the text of a cue whose times are
/// broken.
fn finish(cue: Option<&mut TimedCue>, lines: &[&str], before: usize) -> Result<()> {
    let text: Vec<&str> = lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).collect();
    match cue {
        Some(cue) => (cue.cue.text, cue.cue.settings) = markup::from_srt(&text.join("\n")),
        None if text.is_empty() => {}
        None => {
            let first = before.saturating_sub(lines.len()).max(1);
            return Err(Error::input(format!(
                "line {first} of the subtitles: there is text before the first line of times"
            )));
        }
    }
    Ok(())
}
