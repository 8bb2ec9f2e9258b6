//! When the frames of a video stream begin.

use super::options::VideoPlan;
use crate::error::{Error, Result};
use crate::media::{TimeBase, Timestamp};

/// When frames begin: by the frame rate from the last time stamp that was given, each rounded from the exact time.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    base: TimeBase,
    /// The length of a frame of the rate.
    frame: Option<TimeBase>,
    /// Where counting began, and how many frames have been counted since.
    anchor: i64,
    counted: i64,
    /// Whether frames have times of their own.
    variable: bool,
    /// Whether frames may begin before 0.
    early: bool,
    last: Option<i64>,
    /// Where the last packet began: earlier than the last frame, where that was merged into it.
    began: Option<i64>,
    end: Option<i64>,
}

impl Clock {
    pub fn new(plan: &VideoPlan) -> Self {
        let frame = TimeBase::new(plan.frame_rate.den(), plan.frame_rate.num()).ok();
        let (variable, early) = (plan.variable, plan.early_start);
        Clock {
            base: plan.time_base,
            frame,
            anchor: 0,
            counted: 0,
            variable,
            early,
            last: None,
            began: None,
            end: None,
        }
    }

    /// Where the next frame begins, and the clock after it.
    pub fn next(&self, pts: Option<Timestamp>) -> Result<(i64, Clock)> {
        let mut next = self.clone();
        if let Some(pts) = pts {
            let earliest = if self.early { -i64::MAX / 2 } else { 0 };
            let ticks = pts.rescale(self.base).filter(|ticks| (earliest..i64::MAX / 2).contains(ticks));
            next.anchor = ticks.ok_or_else(|| {
                let (ticks, base) = (pts.ticks, pts.base);
                let why = if self.early { "that is too far" } else { "times begin at 0 in this container" };
                Error::input(format!("a frame at {ticks} x {base} seconds: {why}"))
            })?;
            next.counted = 0;
            // The file says of a constant rate that it is one, and some players go by that alone.
            if !self.variable && self.last.is_some_and(|last| next.anchor > last) && next.anchor != self.end() {
                return Err(Error::input(format!(
                    "a frame at tick {} of {}: by the constant frame rate it is due at {}; set `time_base` for frames \
                     with times of their own",
                    next.anchor,
                    self.base,
                    self.end()
                )));
            }
        }
        let start = next.counted_time();
        if let Some(last) = self.last.filter(|&last| start <= last) {
            return Err(Error::input(format!(
                "a frame at tick {start} of {}: the one before it is at {last}, and each has to be later",
                self.base
            )));
        }
        if let Some(began) = self.began.filter(|began| start - began > i64::from(u32::MAX)) {
            return Err(Error::input(format!(
                "a frame at tick {start} of {}: that is {} after the one before it, at most {} can be written",
                self.base,
                start - began,
                u32::MAX
            )));
        }
        next.last = Some(start);
        next.began = Some(start);
        next.counted += 1;
        next.end = None;
        Ok((start, next))
    }

    /// This clock, where its frame only makes the packet of the one `before` it longer.
    pub fn merged_into(self, before: &Clock) -> Clock {
        Clock { began: before.began, ..self }
    }

    /// Has the last frame end there.
    pub fn end_at(&mut self, end: Timestamp) -> Result<()> {
        let ticks = end.rescale(self.base);
        let lasts =
            |last, ticks: i64| ticks.checked_sub(last).is_some_and(|length| (1..=u32::MAX.into()).contains(&length));
        match (self.last, ticks) {
            (Some(last), Some(ticks)) if lasts(last, ticks) && lasts(self.began.unwrap_or(last), ticks) => {
                self.end = Some(ticks);
                self.anchor = ticks;
                self.counted = 0;
                Ok(())
            }
            (Some(last), _) => Err(Error::input(format!(
                "an end at {} x {} seconds: the last frame began at tick {last} of {}, and lasts 1 to {} ticks",
                end.ticks,
                end.base,
                self.base,
                u32::MAX
            ))),
            (None, _) => Err(Error::input("an end before the first frame: add frames first")),
        }
    }

    /// Where the last frame ends.
    pub fn end(&self) -> i64 {
        self.end.unwrap_or_else(|| self.counted_time())
    }

    fn counted_time(&self) -> i64 {
        let since = self.frame.and_then(|frame| frame.rescale(self.counted, self.base)).unwrap_or(i64::MAX / 2);
        self.anchor.saturating_add(since)
    }
}
