//! Frames of a constant rate, for formats that count them instead of telling their times.

use crate::error::{Error, Result};
use crate::media::{FrameRate, Packet, TimeBase, Track};

/// The moments at which such a format can show a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct FrameGrid {
    base: TimeBase,
    rate: FrameRate,
}

/// A time that was rounded to a tick belongs to the frame that is nearest, if it is off by less than one over this of a
/// frame (and by less than a tick).
const TOLERANCE: u128 = 8;

impl FrameGrid {
    /// The frames of `rate`, for packets whose times are ticks of `base`.
    pub fn new(base: TimeBase, rate: FrameRate) -> Result<Self> {
        if !rate.is_valid() {
            return Err(Error::option("frame_rate", rate, "both of its numbers must be at least 1"));
        }
        Ok(FrameGrid { base, rate })
    }

    /// The frames of a track of constant rate.
    ///
    /// # Errors
    /// `Unsupported` where frames have times of their own; `name` is the format that cannot say them.
    pub fn constant(track: &Track, name: &str) -> Result<Self> {
        match track.video().and_then(|video| video.frame_rate) {
            Some(rate) => FrameGrid::new(track.time_base, rate),
            None => Err(Error::unsupported(format!(
                "{name} shows frames at a constant rate: set `frame_rate` and no `time_base`, or use another container"
            ))),
        }
    }

    /// Frames a second.
    pub fn rate(&self) -> FrameRate {
        self.rate
    }

    /// Which frame begins at tick `ticks`; frame 0 does at 0.
    ///
    /// # Errors
    /// `InvalidInput` where none does.
    pub fn frame_at(&self, ticks: i64) -> Result<i64> {
        // 63 + 32 + 32 bits fit.
        let position = i128::from(ticks) * i128::from(self.base.num()) * i128::from(self.rate.num());
        let frame = i128::from(self.base.den()) * i128::from(self.rate.den());
        let (mut number, mut off) = (position.div_euclid(frame), position.rem_euclid(frame));
        if off > frame / 2 {
            (number, off) = (number + 1, frame - off);
        }
        let tick = u128::from(self.base.num()) * u128::from(self.rate.num());
        let (off, frame) = (off.unsigned_abs(), frame.unsigned_abs());
        let near = off < tick && off <= frame / TOLERANCE;
        i64::try_from(number).ok().filter(|_| near).ok_or_else(|| {
            Error::input(format!(
                "time {ticks} x {} s is not that of a frame at {} a second, which is all that can be said",
                self.base, self.rate
            ))
        })
    }

    /// From which frame to which one `packet` is shown.
    ///
    /// # Errors
    /// `InvalidInput` where it does not begin and end with a frame.
    pub fn span(&self, packet: &Packet) -> Result<(i64, i64)> {
        let (start, end) = (self.frame_at(packet.pts)?, self.frame_at(packet.end())?);
        if end <= start {
            return Err(Error::input(format!(
                "a packet at {} that lasts {} x {} s: at {} frames a second that is less than a frame",
                packet.pts, packet.duration, self.base, self.rate
            )));
        }
        Ok((start, end))
    }

    /// Checks that `packet` is frame `number`, and no more, for a format `name` that has one behind the other.
    ///
    /// # Errors
    /// `InvalidInput` where it is not.
    pub fn check_next(&self, packet: &Packet, number: u64, name: &str) -> Result<()> {
        let (start, end) = self.span(packet)?;
        if u64::try_from(start).ok() == Some(number) && end - start == 1 {
            return Ok(());
        }
        Err(Error::input(format!(
            "a packet that shows frames {start} to {end} where {number} is due: {name} has each frame for one of {} a \
             second, from 0 on and without gaps",
            self.rate
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounded_times_find_their_frames_and_others_none() {
        let ntsc = FrameRate::new(30_000, 1001);
        let grid = |base, rate| FrameGrid::new(base, rate).unwrap();
        let exact = grid(TimeBase::new(1001, 30_000).unwrap(), ntsc);
        assert_eq!([-2, 0, 1, 1 << 40].map(|tick| exact.frame_at(tick).unwrap()), [-2, 0, 1, 1 << 40]);
        let ms = grid(TimeBase::MILLISECONDS, ntsc);
        for frame in 0..10_000i64 {
            let (floor, ceil) = (frame * 1001 / 30, (frame * 1001 + 29) / 30);
            assert_eq!([floor, ceil].map(|ms_tick| ms.frame_at(ms_tick).unwrap()), [frame; 2]);
        }
        for tick in [1, 16, 32, 35, -1] {
            assert!(ms.frame_at(tick).unwrap_err().to_string().contains("30000/1001"), "{tick}");
        }
        // A tick that is nearly a frame says no other rate's times.
        assert!(grid(TimeBase::per_second(30), FrameRate::from(25)).frame_at(1).is_err());
        assert!(grid(TimeBase::new(u32::MAX, 1).unwrap(), FrameRate::new(u32::MAX, 1)).frame_at(i64::MAX).is_err());
        assert!(FrameGrid::new(TimeBase::MILLISECONDS, FrameRate::new(0, 1)).is_err());
    }
}
