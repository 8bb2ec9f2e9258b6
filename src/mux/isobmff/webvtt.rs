//! WebVTT as ISO/IEC 14496-30 stores it: samples that follow each other without a gap, each with all the cues that are
//! shown while it lasts.

use super::boxes::BoxWriter;
use super::fourcc;
use crate::error::{Error, Result};
use crate::media::{Cue, Packet, Track, WebVttConfig};

/// The cues of a track on their way into samples.
///
/// A sample is known when all is known that begins before its end, so only cues that may still be shown are held.
pub(super) struct CueTrack {
    track: usize,
    /// The most ticks that a sample can last.
    longest: i64,
    /// Where the next sample begins.
    at: i64,
    /// Those that are shown at `at` or later.
    cues: Vec<Shown>,
    /// How many cues have been divided.
    divided: u32,
}

struct Shown {
    start: i64,
    end: i64,
    cue: Cue,
    /// The number that its pieces share, if it is in several samples.
    source: Option<u32>,
}

/// Each sample holds all cues of its time, so without a limit a file could be the square of its input.
const MOST_AT_ONCE: usize = 256;

impl CueTrack {
    pub fn new(index: usize, track: &Track) -> Self {
        let longest = i64::from(u32::MAX / track.time_base.num());
        CueTrack { track: index, longest, at: 0, cues: Vec::new(), divided: 0 }
    }

    /// The index of the track.
    pub fn track(&self) -> usize {
        self.track
    }

    /// Takes the cue of `packet`, or refuses it and has not changed. What was before 0 is not shown.
    pub fn add(&mut self, packet: &Packet) -> Result<()> {
        let cue = Cue::from_packet(&packet.data)?;
        let (start, end) = (packet.pts.max(0), packet.end());
        if start < self.at && end > 0 {
            let (pts, at) = (packet.pts, self.at);
            return Err(Error::input(format!(
                "a cue at tick {pts}: what is shown up to {at} has been written, so packets have to come in the order \
                 of their times"
            )));
        }
        let shown_until = self.cues.iter().map(|cue| cue.end).max().unwrap_or(self.at);
        if start.saturating_sub(shown_until) > self.longest || end.saturating_sub(start) > self.longest {
            let (pts, longest) = (packet.pts, self.longest);
            return Err(Error::input(format!(
                "a cue at tick {pts}: a cue, and the time without one, last {longest} ticks at most in MP4; use a \
                 coarser time base"
            )));
        }
        if self.cues.iter().filter(|cue| cue.end > start).count() >= MOST_AT_ONCE {
            let pts = packet.pts;
            return Err(Error::input(format!("a cue at tick {pts}: {MOST_AT_ONCE} cues are shown there already")));
        }
        if end > 0 {
            self.cues.push(Shown { start, end, cue, source: None });
        }
        Ok(())
    }

    /// Makes the samples that end at `moment` or before, when no further cue can begin before `moment`.
    pub fn advance(&mut self, moment: i64, samples: &mut Vec<Packet>) -> Result<()> {
        while let Some(end) = self.next_change().filter(|&end| end <= moment) {
            let data = self.sample(end)?;
            let duration = u32::try_from(end - self.at).unwrap_or(u32::MAX);
            samples.push(Packet::new(self.track, self.at, duration, true, data));
            self.at = end;
            self.cues.retain(|cue| cue.end > end);
        }
        Ok(())
    }

    /// When a cue begins or ends next.
    fn next_change(&self) -> Option<i64> {
        let moments = self.cues.iter().flat_map(|cue| [cue.start, cue.end]);
        moments.filter(|&moment| moment > self.at).min()
    }

    /// The sample from `at` to `end`.
    fn sample(&mut self, end: i64) -> Result<Vec<u8>> {
        let mut w = BoxWriter::new();
        for Shown { start, end: stop, cue, source } in &mut self.cues {
            if *start > self.at {
                continue;
            }
            if source.is_none() && *stop > end {
                self.divided = self.divided.wrapping_add(1);
                *source = Some(self.divided);
            }
            w.boxed(fourcc::VTTC, |w| {
                if let Some(source) = source {
                    w.boxed(fourcc::VSID, |w| w.u32(*source)); // source_ID
                }
                let mut text = |kind, text: &str| {
                    if !text.is_empty() {
                        w.boxed(kind, |w| w.bytes(text.as_bytes()));
                    }
                };
                text(fourcc::IDEN, &cue.identifier); // cue_id
                text(fourcc::STTG, &cue.settings); // settings
                text(fourcc::PAYL, &cue.text); // cue_text
            });
        }
        if w.len() == 0 {
            w.boxed(fourcc::VTTE, |_| {});
        }
        w.finish()
    }
}

/// Writes the sample entry `wvtt`.
pub(super) fn write_entry(w: &mut BoxWriter, config: &WebVttConfig) {
    w.boxed(fourcc::WVTT, |w| {
        w.zeros(6); // reserved
        w.u16(1); // data_reference_index
        w.boxed(fourcc::VTTC_CONFIG, |w| {
            w.bytes(b"WEBVTT"); // config: all that stands before the first cue
            let header = config.header.trim_matches(['\n', '\r']);
            if !header.is_empty() {
                w.bytes(b"\n\n");
                w.bytes(header.as_bytes());
            }
        });
    });
}
