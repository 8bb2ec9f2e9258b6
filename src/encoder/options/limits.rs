//! How much an encoder takes on before it says no.

use std::fmt;
use std::time::Duration;

use super::{Entry, OptionInfo, check_range, number, set_by_name};
use crate::error::{Error, Result};
use crate::media::{TimeBase, Timestamp};

/// The largest picture: that of AV1's highest level (6.3).
const MAX_AREA: u64 = 16_384 * 8_704;
/// The most streams of a file: Matroska and WebM number them in one byte.
const MAX_STREAMS: usize = 126;
const YEAR: Duration = Duration::from_secs(366 * 24 * 3600);

/// How much an [`Encoder`](crate::Encoder) takes on before it says no: against numbers that cannot be meant, and for
/// programs that encode what strangers send them.
///
/// What goes beyond is refused with [`Limit`](crate::ErrorKind::Limit) before anything is allocated, opened or changed, and
/// the message names the limit. The defaults are far above what people encode.
///
/// ```
/// use framewright::{Encoder, EncoderOptions, ErrorKind, Limits, VideoOptions};
///
/// let limits = Limits::new().max_frame_pixels(1920 * 1080).max_streams(2).max_engine_bytes(512 << 20);
/// let mut encoder = Encoder::with_options(EncoderOptions::new().limits(limits))?;
/// let error = encoder.add_video(VideoOptions::new(3840, 2160)).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Limit);
/// assert!(error.to_string().contains("`max_frame_pixels` is 2073600"));
/// # Ok::<(), framewright::Error>(())
/// ```
///
/// They are of one encoder. Readers have limits of their own: [`MAX_FRAME_BYTES`](crate::input::MAX_FRAME_BYTES).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    frame_pixels: u64,
    streams: usize,
    queue_bytes: u64,
    samples_per_call: u64,
    duration: Duration,
    engine_bytes: u64,
}

static TABLE: &[Entry<Limits>] = &[
    Entry::new("max_frame_pixels", "pixels of a frame", "1 to 142606336", "67108864", |o, v| {
        o.frame_pixels = number("max_frame_pixels", v, "a number of pixels, width times height")?;
        Ok(())
    }),
    Entry::new("max_streams", "streams of the file", "1 to 126", "126", |o, v| {
        o.streams = number("max_streams", v, "a number of streams")?;
        Ok(())
    }),
    Entry::new(
        "queue_bytes",
        "bytes of packets that may wait for the other streams",
        "65536 to 17179869184",
        "67108864",
        |o, v| {
            o.queue_bytes = number("queue_bytes", v, "a number of bytes")?;
            Ok(())
        },
    ),
    Entry::new("max_samples_per_call", "samples a channel in one call", "1 to 2^63 - 1", "1073741824", |o, v| {
        o.samples_per_call = number("max_samples_per_call", v, "a number of samples")?;
        Ok(())
    }),
    Entry::new("max_duration", "how far from 0 anything may be", "1s to 3155760000s", "31622400s", |o, v| {
        let allowed = "write it in seconds, as 3600s";
        o.duration = Duration::from_secs(number("max_duration", v.strip_suffix('s').unwrap_or(v), allowed)?);
        Ok(())
    }),
    Entry::new(
        "max_engine_bytes",
        "memory of the video engines, as it is reckoned",
        "1048576 to 2^63 - 1",
        "17179869184",
        |o, v| {
            o.engine_bytes = number("max_engine_bytes", v, "a number of bytes")?;
            Ok(())
        },
    ),
];

impl Default for Limits {
    fn default() -> Self {
        Limits {
            frame_pixels: 8192 * 8192,
            streams: MAX_STREAMS,
            queue_bytes: 64 << 20,
            samples_per_call: 1 << 30,
            duration: YEAR,
            engine_bytes: 16 << 30,
        }
    }
}

impl Limits {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many pixels a frame has, as it is given and as it is scaled to: up to 142,606,336, the most of AV1; 67,108,864
    /// (8192 x 8192) unless said.
    pub fn max_frame_pixels(mut self, pixels: u64) -> Self {
        self.frame_pixels = pixels;
        self
    }

    /// How many streams a file has: up to 126, which is the default. Some containers take fewer.
    pub fn max_streams(mut self, streams: usize) -> Self {
        self.streams = streams;
        self
    }

    /// How many bytes of encoded packets may wait for the other streams to catch up: 64 KiB to 16 GiB, 64 MiB unless
    /// said. One call can exceed it by what it encodes. The streams of a file are written in the order of time, so a
    /// stream that is ahead waits here: also one that is fed in step, while AV1 holds back its first 11 frames.
    pub fn queue_bytes(mut self, bytes: u64) -> Self {
        self.queue_bytes = bytes;
        self
    }

    /// How many samples a channel one call brings, with the silence that fills a gap before them: 2^30 unless said, more than 6
    /// hours at 48 kHz. The packets of a call are all made before it returns.
    pub fn max_samples_per_call(mut self, samples: u64) -> Self {
        self.samples_per_call = samples;
        self
    }

    /// How far from 0 a frame, a sample or a cue may be, before it or behind it: whole seconds, 1 second to 100 years, 366
    /// days unless said. Time stamps since 1970, or in the wrong unit, are caught by it.
    pub fn max_duration(mut self, duration: Duration) -> Self {
        self.duration = duration;
        self
    }

    /// How much memory the video engines of a file take, as it is reckoned before they are made: 1 MiB and more, 16 GiB unless
    /// said, which is as much as AV1 of 8192 x 8192 is reckoned to take. That is 240 bytes a pixel of 8-bit 4:2:0, half of it
    /// with `low_latency`, up to four times as much for more samples of more bits, and again for each of its
    /// [`parallel_groups`](crate::VideoOptions::parallel_groups); the engines of the other codecs hold a frame.
    pub fn max_engine_bytes(mut self, bytes: u64) -> Self {
        self.engine_bytes = bytes;
        self
    }

    /// Sets a limit from strings; `max_duration` is in seconds.
    ///
    /// # Errors
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption) for an unknown name or a value that does not parse. Ranges are
    /// checked in [`Encoder::with_options`](crate::Encoder::with_options).
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        set_by_name(TABLE, "a set of limits", self, name, value)
    }

    /// All limits that [`set`](Self::set) knows.
    pub fn table() -> impl ExactSizeIterator<Item = &'static OptionInfo> {
        TABLE.iter().map(|entry| &entry.info)
    }

    pub(in crate::encoder) fn resolve(self) -> Result<Self> {
        check_range("max_frame_pixels", self.frame_pixels, 1..=MAX_AREA)?;
        check_range("max_streams", self.streams, 1..=MAX_STREAMS)?;
        check_range("queue_bytes", self.queue_bytes, 64 << 10..=16 << 30)?;
        check_range("max_samples_per_call", self.samples_per_call, 1..=i64::MAX as u64)?;
        check_range("max_duration", self.duration.as_secs(), 1..=100 * 365 * 24 * 3600 + 25 * 24 * 3600)?;
        check_range("max_engine_bytes", self.engine_bytes, 1 << 20..=i64::MAX as u64)?;
        Ok(self)
    }

    pub(in crate::encoder) fn queue(&self) -> u64 {
        self.queue_bytes
    }

    pub(in crate::encoder) fn check_frame(&self, what: impl fmt::Display, (width, height): (u32, u32)) -> Result<()> {
        let pixels = u64::from(width) * u64::from(height);
        let what = || format!("{what} {width}x{height}, {pixels} pixels");
        check("max_frame_pixels", self.frame_pixels, pixels, what)
    }

    /// `streams` with the one that is to be added.
    pub(in crate::encoder) fn check_streams(&self, streams: usize) -> Result<()> {
        if streams > MAX_STREAMS {
            return Err(Error::limit(format!("{streams} streams in one file, which has at most {MAX_STREAMS}")));
        }
        check("max_streams", self.streams as u64, streams as u64, || format!("{streams} streams in one file"))
    }

    pub(in crate::encoder) fn check_samples(&self, samples: u64) -> Result<()> {
        let what = || {
            format!(
                "{samples} samples a channel in one call, with the silence before them (several calls make the same file)"
            )
        };
        check("max_samples_per_call", self.samples_per_call, samples, what)
    }

    pub(in crate::encoder) fn check_engines(&self, bytes: u64) -> Result<()> {
        let what = || {
            format!(
                "the video engines would take about {bytes} bytes (smaller frames, fewer `parallel_groups`, a faster \
                 `preset` and `low_latency` take less)"
            )
        };
        check("max_engine_bytes", self.engine_bytes, bytes, what)
    }

    /// Checks a moment in ticks of `base`, of `what`: "a frame".
    pub(in crate::encoder) fn check_time(&self, what: &str, ticks: i64, base: TimeBase) -> Result<()> {
        let most = Timestamp::new(i64::try_from(self.duration.as_secs()).unwrap_or(i64::MAX), TimeBase::per_second(1));
        let at = Timestamp::new(ticks, base);
        let over = most.is_before(at) || at.is_before(Timestamp::new(-most.ticks, most.base));
        if !over {
            return Ok(());
        }
        Err(exceeded(
            "max_duration",
            format_args!("{} seconds", self.duration.as_secs()),
            format!("{what} at {ticks} x {base} seconds (times count from the start of the file)"),
        ))
    }
}

fn check(name: &str, limit: u64, value: u64, what: impl FnOnce() -> String) -> Result<()> {
    if value <= limit { Ok(()) } else { Err(exceeded(name, limit, what())) }
}

fn exceeded(name: &str, limit: impl fmt::Display, what: String) -> Error {
    Error::limit(format!("{what}: `{name}` is {limit}; raise it if that is meant"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_set_by_name_and_the_defaults_are_in_range() {
        assert!(Limits::new().resolve().is_ok());
        let values = ["70000", "3", "70000", "9", "60s", "2000000"];
        assert_eq!(Limits::table().len(), values.len());
        for (info, value) in Limits::table().zip(values) {
            let (mut changed, mut default) = (Limits::new(), Limits::new());
            changed.set(info.name, value).unwrap();
            default.set(info.name, info.default).unwrap();
            assert!(changed != default && default == Limits::new(), "{}", info.name);
            assert!(changed.resolve().is_ok() && changed.set(info.name, "?").is_err());
            changed.set(info.name, "0").unwrap();
            assert!(changed.resolve().unwrap_err().to_string().contains(info.name));
        }
    }

    /// From one tick below the limit to one above, in bases from a second to a nanosecond and at the ends of what ticks say.
    #[test]
    fn times_are_compared_exactly() {
        let limits = Limits::new().max_duration(Duration::from_secs(10));
        let refused = |ticks, base| limits.check_time("a frame", ticks, base).is_err();
        for per_second in [1, 3, 1000, 90_000, 1_000_000_000, u32::MAX] {
            let base = TimeBase::per_second(per_second);
            let edge = 10 * i64::from(per_second);
            for (ticks, expected) in [
                (0, false),
                (edge, false),
                (-edge, false),
                (edge + 1, true),
                (-edge - 1, true),
                (i64::MAX, true),
                (i64::MIN, true),
            ] {
                assert_eq!(refused(ticks, base), expected, "{ticks} of 1/{per_second}");
            }
        }
        // Whose ticks do not come to the limit.
        let sevens = TimeBase::new(7, 1).unwrap();
        assert!(!refused(1, sevens) && refused(2, sevens) && refused(-2, sevens));
    }
}
