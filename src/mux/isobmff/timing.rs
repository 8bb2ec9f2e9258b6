//! Time: packets as samples in media ticks, and when a track is presented.

use std::num::NonZeroU32;

use super::sample_entry::{self, SampleEntry};
use crate::error::{Error, Result};
use crate::media::{CodecConfig, Packet, TimeBase, Track};

/// How a track counts time.
#[derive(Clone, Copy)]
pub(super) struct MediaClock {
    base: TimeBase,
    /// Of PCM, the bytes of one sample of all channels.
    pcm_frame: Option<NonZeroU32>,
}

/// A packet as a sample of the file.
pub(super) struct Sample {
    pub size: u32,
    /// How long it lasts if nothing follows, in media ticks.
    pub duration: u32,
    pub span: Span,
}

/// From when to when a sample lasts, in the track's own ticks.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub start: i64,
    pub end: i64,
    /// How much of it, at its end, is padding.
    pub trim: u32,
}

/// A packet as several samples of the file, all of one size. All but the last last `unit` media ticks.
pub(super) struct Samples {
    pub count: u32,
    pub size: u32,
    pub unit: u32,
    pub last: Span,
}

impl MediaClock {
    /// Checks `track`.
    pub fn new(track: &Track) -> Result<Self> {
        SampleEntry::new(track)?;
        let base = track.time_base;
        if let Some(rate) = sample_entry::sample_rate(&track.config)
            && (base.num(), base.den()) != (1, rate)
        {
            return Err(Error::input(format!("an audio track of {rate} Hz that counts in {base} s: use 1/{rate}")));
        }
        let pcm_frame = match &track.config {
            CodecConfig::Pcm(config) => NonZeroU32::new(u32::from(config.channels) * (config.format.bits() / 8)),
            _ => None,
        };
        Ok(MediaClock { base, pcm_frame })
    }

    /// The unit of packets' times.
    pub fn base(&self) -> TimeBase {
        self.base
    }

    /// Checks that the file can tell of `packet`.
    pub fn sample(&self, packet: &Packet) -> Result<Sample> {
        let size = u32::try_from(packet.data.len()).map_err(|_| {
            Error::limit(format!("a packet of {} bytes: MP4 holds at most {}", packet.data.len(), u32::MAX))
        })?;
        if let Some(frame) = self.pcm_frame
            && (size == 0 || u64::from(packet.duration) * u64::from(frame.get()) != u64::from(size))
        {
            let duration = packet.duration;
            return Err(Error::input(format!(
                "a PCM packet of {size} bytes for {duration} samples of {frame} bytes: it has to hold just them"
            )));
        }
        let span = Span { start: packet.pts, end: packet.end(), trim: packet.trim_end };
        Ok(Sample { size, duration: self.final_duration(span)?, span })
    }

    /// PCM as one sample for each tick, whose table then needs no room for packets of any length; all else as it is.
    pub fn divide(&self, sample: &Sample) -> Samples {
        let Sample { size, span, .. } = *sample;
        match self.pcm_frame {
            None => Samples { count: 1, size, unit: 0, last: span },
            Some(frame) => Samples {
                count: size / frame,
                size: frame.get(),
                unit: self.base.num(),
                last: Span { start: span.end.saturating_sub(1), ..span },
            },
        }
    }

    /// Media time, in media ticks, of a packet at `ticks` where media time begins `shift` ticks before 0.
    pub fn decode_time(&self, ticks: i64, shift: i64) -> Result<u64> {
        let time = (i128::from(ticks) + i128::from(shift)) * i128::from(self.base.num());
        u64::try_from(time).map_err(|_| {
            Error::input(format!(
                "a packet at tick {ticks}: the file began at {} with its first one",
                -i128::from(shift)
            ))
        })
    }

    /// Checks that an edit list can say how far before 0 a track begins.
    pub fn check_start(&self, start: i64) -> Result<()> {
        media_time(start, u32::MAX, self.base).map(drop)
    }

    /// The duration of `last` if a packet at `next` follows: up to that, since a sample table has no gaps.
    pub fn duration_until(&self, last: Span, next: i64) -> Result<u32> {
        if next < last.end {
            return Err(Error::input(format!("a packet at tick {next}: the one before it ends at {}", last.end)));
        }
        self.span(last.start, next)
    }

    /// The duration of `last` if nothing follows: without its padding, as some readers take the end of a track from
    /// here and know no edit list (Opus in ISOBMFF 4.3.4). At least one tick, because 0 is forbidden (8.6.1.2.3).
    pub fn final_duration(&self, last: Span) -> Result<u32> {
        let end = last.end.saturating_sub(last.trim.into());
        self.span(last.start, end.max(last.start.saturating_add(1)))
    }

    fn span(&self, from: i64, to: i64) -> Result<u32> {
        let span = (i128::from(to) - i128::from(from)) * i128::from(self.base.num());
        u32::try_from(span).map_err(|_| {
            let (seconds, most) = (self.base.den(), u32::MAX);
            Error::limit(format!("a sample of {span}/{seconds} s: MP4 holds {most}/{seconds}; use a coarser time base"))
        })
    }
}

/// The units of a second in which the movie tells durations and edits.
///
/// With sound it is the rate of the first audio track, so that its edits are exact to the sample and those of others to
/// half of one. Without, it is a multiple of the video's own, finer than a millisecond, and not so fine that durations
/// would need 64 bits.
pub(super) fn movie_time_base(tracks: &[Track]) -> TimeBase {
    let audio = tracks.iter().find(|track| track.audio().is_some());
    TimeBase::per_second(match (audio, tracks.first()) {
        (Some(track), _) => track.time_base.den(),
        (None, Some(track)) => {
            let den = track.time_base.den();
            den.saturating_mul(1000u32.div_ceil(den)).min(1_000_000)
        }
        (None, None) => 1000,
    })
}

/// An entry of an edit list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Edit {
    /// In ticks of the movie; 0 in a fragmented file stands for all that comes.
    pub segment_duration: u64,
    /// In media ticks; `None` shows nothing.
    pub media_time: Option<i64>,
}

/// The media time, in media ticks, at which the presentation begins of a track whose first packet is at `start`: what
/// stands before 0 is decoded and not shown, and then as much as the codec wants skipped.
pub(super) fn media_time(start: i64, pre_skip: u32, base: TimeBase) -> Result<i64> {
    let ticks = i128::from(pre_skip) - i128::from(start.min(0));
    i64::try_from(ticks * i128::from(base.num()))
        .map_err(|_| Error::input(format!("a packet at tick {start} of {base} s: further before 0 than MP4 can tell")))
}

/// By how many ticks of `base` media time begins before 0, so that it is never negative in a file whose first packet,
/// of any track, is at `first` ticks of `first_base`.
pub(super) fn shift(first: i64, first_base: TimeBase, base: TimeBase) -> Result<i64> {
    let before = -i128::from(first.min(0)) * i128::from(first_base.num()) * i128::from(base.den()); // 127 bits
    let unit = i128::from(first_base.den()) * i128::from(base.num());
    let ticks = before / unit + i128::from(before % unit != 0);
    i64::try_from(ticks).map_err(|_| {
        Error::input(format!("a packet at tick {first} of {first_base} s: further before 0 than MP4 can tell"))
    })
}

/// When a track is presented, in its own ticks: from where its first packet begins, or from 0 on, to the end of what is
/// heard. Media times are those of packets, with the priming that is skipped.
pub(super) struct Presentation {
    pub start: i64,
    pub pre_skip: u32,
    pub end: i64,
    /// How long all samples last, in media ticks.
    pub media_duration: u64,
}

impl Presentation {
    /// The edit list that says it. Each moment is rounded by itself: tracks that end together do so in the file.
    pub fn edits(&self, base: TimeBase, movie: TimeBase) -> Result<Vec<Edit>> {
        let moment = |ticks: i64| {
            let ticks = base.rescale(ticks, movie).and_then(|ticks| u64::try_from(ticks).ok());
            ticks.ok_or_else(|| Error::limit("a track lasts longer than MP4 can tell; write a shorter file"))
        };
        let from = self.start.max(0);
        let start = moment(from)?;
        let end = moment(self.end.saturating_sub(self.pre_skip.into()).max(from))?;
        let mut edits = Vec::new();
        if start > 0 {
            edits.push(Edit { segment_duration: start, media_time: None });
        }
        // Where nothing is presented an edit still has to show something: the least there is, of the end of the media.
        // Readers take a duration of 0 for all the rest.
        let last = i64::try_from(self.media_duration.saturating_sub(1)).unwrap_or(i64::MAX);
        let media_time = media_time(self.start, self.pre_skip, base)?.min(last);
        let segment_duration = end.saturating_sub(start).max(1);
        edits.push(Edit { segment_duration, media_time: Some(media_time) });
        Ok(edits)
    }
}
