//! A track while it is written: its times, and what is said about each of its packets.

use super::cluster::Details;
use super::cues::Cue;
use super::lace::{Lacing, Rule};
use super::{TICKS, tracks};
use crate::error::{Error, Result};
use crate::media::{Packet, TimeBase, Track, TrackKind};

/// Sound alone has a cue a second: all of its blocks are key frames, and an index of each would be as long as they are.
const AUDIO_CUE_SPACING: i64 = 1_000;

/// What a track is, as far as its packets are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Video,
    Audio,
    Subtitle,
}

pub(super) struct Lane {
    pub kind: Kind,
    time_base: TimeBase,
    /// Nanoseconds between frames, of a constant rate.
    default_duration: Option<i64>,
    pre_skip: i64,
    /// Where its packets may share blocks.
    pub lacing: Option<Lacing>,
    /// The time of its last block.
    pub last: Option<i64>,
    /// The time of its last cue.
    last_cue: Option<i64>,
    /// Where its cue for what begins before 0 is.
    early_cue: Option<usize>,
}

impl Lane {
    /// Of a track whose sound is laced if `lacing` says so.
    pub fn new(track: &Track, lacing: bool) -> Self {
        let kind = match track.kind {
            TrackKind::Video(_) => Kind::Video,
            TrackKind::Audio(_) => Kind::Audio,
            TrackKind::Subtitle => Kind::Subtitle,
        };
        Lane {
            kind,
            time_base: track.time_base,
            default_duration: tracks::default_duration_ns(track).and_then(|ns| i64::try_from(ns).ok()),
            pre_skip: track.config.pre_skip().into(),
            lacing: (lacing && kind == Kind::Audio).then(|| Lacing::new(track)),
            last: None,
            last_cue: None,
            early_cue: None,
        }
    }

    pub fn time(&self, ticks: i64, to: TimeBase) -> Result<i64> {
        let base = self.time_base;
        base.rescale(ticks, to).ok_or_else(|| Error::limit(format!("time {ticks} x {base} s is beyond what fits")))
    }

    /// When what is heard and seen of `packet` ends.
    pub fn heard_end_ns(&self, packet: &Packet) -> Result<i64> {
        self.time(trimmed_end(packet).saturating_sub(self.pre_skip), TimeBase::NANOSECONDS)
    }

    /// How the track is laced when `packet` is known.
    pub fn rule(&self, packet: &Packet) -> Option<Rule> {
        self.lacing.as_ref().map(|lacing| lacing.decide(packet))
    }

    /// What has to be said about a packet that begins at `time`, where a SimpleBlock cannot.
    pub fn details<'a>(&self, packet: &Packet, time: i64, addition: Option<&'a [u8]>) -> Result<Option<Details<'a>>> {
        let is_usual = match self.kind {
            Kind::Video => {
                self.default_duration == self.time_base.rescale(packet.duration.into(), TimeBase::NANOSECONDS)
            }
            Kind::Audio => packet.trim_end == 0 && self.rule(packet).is_none_or(|rule| rule.is_usual(packet.duration)),
            Kind::Subtitle => false,
        };
        if is_usual && addition.is_none() {
            return Ok(None);
        }
        // From rounded time to rounded time, so that durations add up.
        let end = self.time(trimmed_end(packet), TICKS)?;
        let duration = u64::try_from(end.saturating_sub(time)).unwrap_or(0);
        let padding = self.time(packet.trim_end.into(), TimeBase::NANOSECONDS)?;
        Ok(Some(Details {
            addition,
            // A text of no duration stays until the next one, which nobody has asked for.
            duration: if self.kind == Kind::Subtitle { duration.max(1) } else { duration },
            reference: (!packet.key).then(|| self.last.map_or(0, |last| last.saturating_sub(time))),
            discard_padding_ns: Some(padding).filter(|&padding| padding > 0),
        }))
    }

    /// Whether the index has a block that begins at `time` (RFC 9559, 22.1): key frames of pictures, all subtitles,
    /// and of the sound that is the `lead` one a second.
    pub fn wants_cue(&self, key: bool, time: i64, lead: bool) -> bool {
        match self.kind {
            Kind::Video => key,
            Kind::Audio => lead && self.last_cue.is_none_or(|last| time >= last.saturating_add(AUDIO_CUE_SPACING)),
            Kind::Subtitle => true,
        }
    }

    /// Adds the cue of a block at `time`. No cue can lie before 0; of the blocks that do, only the last is of use to who
    /// wants to go to 0.
    pub fn keep_cue(&mut self, cue: Cue, time: i64, cues: &mut Vec<Cue>) {
        self.last_cue = Some(time);
        let early = self.early_cue.filter(|_| time <= 0).and_then(|index| cues.get_mut(index));
        match early {
            Some(kept) => *kept = cue,
            None => {
                self.early_cue = (time < 0).then_some(cues.len());
                cues.push(cue);
            }
        }
        if time >= 0 {
            self.early_cue = None;
        }
    }
}

/// The tick after the last that is to be heard or seen.
fn trimmed_end(packet: &Packet) -> i64 {
    packet.end().saturating_sub(packet.trim_end.into())
}
