//! WebVTT (W3C, "WebVTT: The Web Video Text Tracks Format", section 6.1).

use super::{Subtitles, TimedCue, timing};
use crate::error::Result;
use crate::media::Cue;

/// Whether this is the first line of a WebVTT file.
pub(super) fn is_signature(line: &str) -> bool {
    line.strip_prefix("WEBVTT").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

/// Reads the lines of a file, the first of which is the signature.
pub(super) fn parse(lines: &[&str]) -> Result<Subtitles> {
    let mut found = Subtitles::default();
    // What follows the signature up to an empty line is for others, as is X-TIMESTAMP-MAP.
    let mut next = 1;
    while next < lines.len() && !lines[next].is_empty() && !lines[next].contains("-->") {
        next += 1;
    }
    while next < lines.len() {
        if lines[next].is_empty() {
            next += 1;
            continue;
        }
        let start = next;
        let arrow = |index: usize| lines.get(index).is_some_and(|line| line.contains("-->"));
        // A block ends with an empty line, or in front of the times of a cue.
        let times = if arrow(start) {
            start
        } else if lines.get(start + 1).is_some_and(|line| !line.is_empty()) && arrow(start + 1) {
            start + 1
        } else {
            next = end_of_block(lines, start + 1);
            keep_block(&mut found, &lines[start..next], start + 1);
            continue;
        };
        next = end_of_block(lines, times + 1);
        if let Some((from, to, settings)) = timing(lines[times], times + 1)? {
            let identifier = if times > start { lines[start].trim() } else { "" };
            let text = lines[times + 1..next].join("\n");
            let cue = Cue::new(text).identifier(identifier).settings(settings);
            found.cues.push(TimedCue { start: from, end: to, cue });
        }
    }
    Ok(found)
}

fn end_of_block(lines: &[&str], from: usize) -> usize {
    let ends = |line: &&str| line.is_empty() || line.contains("-->");
    lines[from..].iter().position(ends).map_or(lines.len(), |length| from + length)
}

/// STYLE and REGION blocks count before the first cue only; other blocks say nothing to players.
fn keep_block(found: &mut Subtitles, block: &[&str], number: usize) {
    let first = block[0].trim_end();
    if matches!(first, "STYLE" | "REGION") && found.cues.is_empty() {
        if !found.header.is_empty() {
            found.header += "\n\n";
        }
        found.header += &block.join("\n");
    } else if first != "NOTE" && !first.starts_with("NOTE ") && !first.starts_with("NOTE\t") {
        tracing::warn!("line {number} of the subtitles belongs to no cue and is left out");
    }
}
