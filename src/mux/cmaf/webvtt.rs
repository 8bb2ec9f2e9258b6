//! WebVTT files (W3C): of a segment, or of a whole track.

use super::segments::Segments;
use crate::error::{Error, Result};
use crate::media::{CodecConfig, Cue, Packet, TimeBase, Track};
use crate::sink::Sink;

/// A track of cues.
pub(super) struct SubtitleTrack {
    base: TimeBase,
    header: String,
    /// The cues that are shown after the last segment's end, by when they begin.
    cues: Vec<Timed>,
    /// A file for all of them.
    pub whole: Option<Box<dyn Sink>>,
    pub segments: Segments,
    /// When the last cue ends, in microseconds.
    end: u64,
}

/// A cue as it stands in a file, and when it is shown, in microseconds.
struct Timed {
    start: u64,
    end: u64,
    text: String,
}

/// The units of a second in which segments of subtitles are counted.
const TIMESCALE: u32 = 1_000_000;

impl SubtitleTrack {
    pub fn new(track: &Track) -> Self {
        let header = match &track.config {
            CodecConfig::WebVtt(config) => config.header.trim().to_owned(),
            _ => String::new(),
        };
        let segments = Segments::new(TIMESCALE, true);
        SubtitleTrack { base: track.time_base, header, cues: Vec::new(), whole: None, segments, end: 0 }
    }

    /// What a file begins with. In HLS its times are tied to those of the media (RFC 8216, 3.5), which count from 0 too.
    pub fn header(&self, mapped: bool) -> String {
        let map = if mapped { "X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n" } else { "" };
        let gap = if self.header.is_empty() { "" } else { "\n\n" };
        format!("WEBVTT\n{map}\n{}{gap}", self.header)
    }

    /// Takes a cue; gives what a file for all of them has to have of it.
    pub fn add(&mut self, packet: &Packet) -> Result<()> {
        // Made sound: a line without a character in it, or an arrow, would end the cue.
        let cue = Cue::from_packet(&Cue::from_packet(&packet.data)?.to_packet()?)?;
        let moment = |ticks: i64| {
            let micros = self.base.rescale(ticks, TimeBase::per_second(TIMESCALE));
            let micros = micros.and_then(|micros| u64::try_from(micros).ok());
            micros.ok_or_else(|| Error::input(format!("a cue at tick {ticks}: HLS and DASH begin at 0")))
        };
        let (start, end) = (moment(packet.pts)?, moment(packet.end())?);
        let text = cue_text(&cue, start, end);
        self.end = self.end.max(end);
        self.cues.push(Timed { start, end, text });
        Ok(())
    }

    /// Bytes of the cues that are held.
    pub fn held_bytes(&self) -> usize {
        self.cues.iter().map(|cue| cue.text.len() + size_of::<Timed>()).sum()
    }

    /// The end of all cues, in microseconds.
    pub fn end_micros(&self) -> u64 {
        self.end
    }

    /// The file for what is shown up to `end`. A cue that goes on is in the next one too.
    pub fn segment(&mut self, end: u64) -> String {
        let mut text = self.header(true);
        for cue in self.cues.iter().filter(|cue| cue.start < end) {
            text.push_str(&cue.text);
        }
        self.cues.retain(|cue| cue.end > end);
        text
    }

    /// The text of the cues since it was last asked for.
    pub fn drain(&mut self) -> String {
        self.cues.drain(..).map(|cue| cue.text).collect()
    }
}

fn cue_text(cue: &Cue, start: u64, end: u64) -> String {
    let millis = |micros: u64| micros.saturating_add(500) / 1000;
    let (start, end) = (millis(start), millis(end).max(millis(start) + 1));
    let identifier = if cue.identifier.is_empty() { String::new() } else { format!("{}\n", cue.identifier) };
    let gap = if cue.settings.is_empty() { "" } else { " " };
    format!("{identifier}{} --> {}{gap}{}\n{}\n\n", timestamp(start), timestamp(end), cue.settings, cue.text)
}

/// Hours have at least two digits.
fn timestamp(millis: u64) -> String {
    let (seconds, millis) = (millis / 1000, millis % 1000);
    format!("{:02}:{:02}:{:02}.{millis:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
