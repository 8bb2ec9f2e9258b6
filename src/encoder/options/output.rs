//! Options of the whole file.

use std::str::FromStr;
use std::time::Duration;

use super::{Entry, Limits, OptionInfo, boolean, number, set_by_name};
use crate::error::{Error, Result};
use crate::media::Metadata;
use crate::mux::{Layout, MuxOptions};

/// What a call does when the queue of encoded packets is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QueueFull {
    /// It fails with [`Limit`](crate::ErrorKind::Limit) before it takes anything in: feed the stream that lags behind,
    /// or finish it, and call again.
    #[default]
    Error,
    /// It waits until another thread has fed the stream that lags behind. For streams that are fed from threads of
    /// their own; a single thread would wait for itself for ever.
    Wait,
}

/// Options of the whole file. The defaults suit almost everybody.
///
/// ```
/// use framewright::{Encoder, EncoderOptions, QueueFull};
/// let encoder = Encoder::with_options(EncoderOptions::new().queue_bytes(8 << 20).queue_full(QueueFull::Wait))?;
/// # Ok::<(), framewright::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EncoderOptions {
    limits: Limits,
    queue_full: QueueFull,
    mux: MuxOptions,
}

static TABLE: &[Entry<EncoderOptions>] = &[
    Entry::new("queue_full", "what a call does when `queue_bytes` is reached", "error, wait", "error", |o, v| {
        o.queue_full = v.parse()?;
        Ok(())
    }),
    Entry::new(
        "fragment_duration",
        "milliseconds after which a fragment or cluster ends at the next key frame",
        "100 to 60000",
        "2000",
        |o, v| {
            o.mux.fragment_duration = Some(milliseconds("fragment_duration", v)?);
            Ok(())
        },
    ),
    Entry::new(
        "fragment_bytes",
        "bytes that a fragment or cluster gathers in memory at most",
        "65536 to 1073741824",
        "33554432",
        |o, v| {
            o.mux.fragment_bytes = Some(number("fragment_bytes", v, "a number of bytes")?);
            Ok(())
        },
    ),
    Entry::new(
        "layout",
        "where the file has what",
        "plain, faststart, fragmented, recoverable, live, segments, byte-ranges; see `formats`",
        "by container and destination",
        |o, v| {
            o.mux.layout = Some(v.parse()?);
            Ok(())
        },
    ),
    Entry::new(
        "index_reserve",
        "bytes that layout faststart keeps free for the index",
        "0 to 1073741824",
        "by destination",
        |o, v| {
            o.mux.index_reserve = Some(number("index_reserve", v, "a number of bytes")?);
            Ok(())
        },
    ),
    Entry::new(
        "segment_duration",
        "milliseconds after which a segment of HLS or DASH ends at the next key frame",
        "500 to 600000",
        "6000",
        |o, v| {
            o.mux.segment_duration = Some(milliseconds("segment_duration", v)?);
            Ok(())
        },
    ),
    Entry::new("live_window", "segments that a live manifest lists", "3 to 100000", "all", |o, v| {
        o.mux.live_window = Some(number("live_window", v, "a number of segments")?);
        Ok(())
    }),
    Entry::new("lacing", "have packets of sound share blocks in Matroska", "true, false", "false", |o, v| {
        o.mux.lacing = boolean("lacing", v)?;
        Ok(())
    }),
];

/// Parses `2s`, `500ms`, or plain milliseconds.
fn milliseconds(name: &str, text: &str) -> Result<Duration> {
    let allowed = "write it as 2s, 500ms or 500";
    let (digits, unit) = match (text.trim().strip_suffix("ms"), text.trim().strip_suffix('s')) {
        (Some(digits), _) => (digits, 1.0),
        (None, Some(digits)) => (digits, 1000.0),
        (None, None) => (text.trim(), 1.0),
    };
    let value = number::<f64>(name, digits, allowed)? * unit;
    if (0.0..1e12).contains(&value) {
        Ok(Duration::from_millis(value.round() as u64))
    } else {
        Err(Error::option(name, format_args!("`{text}`"), allowed))
    }
}

impl FromStr for QueueFull {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "error" => Ok(QueueFull::Error),
            "wait" => Ok(QueueFull::Wait),
            _ => Err(Error::option("queue_full", format_args!("`{text}`"), "use error or wait")),
        }
    }
}

impl EncoderOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// How much the encoder takes on before it says no, in place of what was set of it before.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How many bytes of encoded packets may wait for the other streams to catch up: [`Limits::queue_bytes`].
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.limits = self.limits.queue_bytes(bytes as u64);
        self
    }

    /// What happens when the queue is full.
    pub fn queue_full(mut self, policy: QueueFull) -> Self {
        self.queue_full = policy;
        self
    }

    /// The layout and all else that the container's writer may choose, in place of what was set of it before.
    pub fn mux(mut self, options: MuxOptions) -> Self {
        self.mux = options;
        self
    }

    /// Where the file has what: [`MuxOptions::layout`].
    pub fn layout(mut self, layout: Layout) -> Self {
        self.mux = self.mux.layout(layout);
        self
    }

    /// The length of fragments and clusters: [`MuxOptions::fragment_duration`].
    pub fn fragment_duration(mut self, duration: Duration) -> Self {
        self.mux = self.mux.fragment_duration(duration);
        self
    }

    /// The most bytes of a fragment or cluster: [`MuxOptions::fragment_bytes`].
    pub fn fragment_bytes(mut self, bytes: usize) -> Self {
        self.mux = self.mux.fragment_bytes(bytes);
        self
    }

    /// Whether packets of sound share blocks in Matroska: [`MuxOptions::lacing`].
    pub fn lacing(mut self, on: bool) -> Self {
        self.mux = self.mux.lacing(on);
        self
    }

    /// What the file says of itself: tags, chapters, cover, attachments.
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        self.mux = self.mux.metadata(metadata);
        self
    }

    /// Sets an option or one of the [`Limits`] from strings; durations are in milliseconds, but for `max_duration`.
    ///
    /// # Errors
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption) for an unknown name or a value that does not parse. Ranges
    /// are checked in [`Encoder::with_options`](crate::Encoder::with_options).
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        if Limits::table().any(|info| info.name == name.replace('-', "_")) {
            return self.limits.set(name, value);
        }
        set_by_name(TABLE, "an encoder", self, name, value).map_err(|error| {
            let is_known = Self::table().any(|info| info.name == name.replace('-', "_"));
            let limits: Vec<_> = Limits::table().map(|info| info.name).collect();
            if is_known { error } else { error.followed_by(format_args!("and {}", limits.join(", "))) }
        })
    }

    /// All options that [`set`](Self::set) knows, but for the limits, which are in [`Limits::table`].
    pub fn table() -> impl ExactSizeIterator<Item = &'static OptionInfo> {
        TABLE.iter().map(|entry| &entry.info)
    }

    pub(in crate::encoder) fn resolve(&self) -> Result<OutputPlan> {
        self.mux.check()?;
        Ok(OutputPlan { limits: self.limits.resolve()?, queue_full: self.queue_full, mux: self.mux.clone() })
    }
}

/// [`EncoderOptions`] that cannot be wrong.
pub(in crate::encoder) struct OutputPlan {
    pub limits: Limits,
    pub queue_full: QueueFull,
    pub mux: MuxOptions,
}

impl Default for OutputPlan {
    fn default() -> Self {
        let options = EncoderOptions::default();
        OutputPlan { limits: options.limits, queue_full: options.queue_full, mux: options.mux }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_checked_and_the_defaults_are_in_them() {
        assert!(EncoderOptions::new().resolve().is_ok());
        let values = ["wait", "500", "70000", "fragmented", "5000", "700", "9", "true"];
        assert_eq!(EncoderOptions::table().len(), values.len());
        for (info, value) in EncoderOptions::table().zip(values) {
            let (mut changed, mut default) = (EncoderOptions::new(), EncoderOptions::new());
            changed.set(info.name, value).unwrap();
            // Some defaults are no value but a rule.
            let _ = default.set(info.name, info.default);
            let told = |options: EncoderOptions| options.clone().mux(options.mux.with_defaults());
            assert!(changed != default && told(default) == told(EncoderOptions::new()), "{}", info.name);
            assert!(changed.resolve().is_ok() && changed.set(info.name, "?").is_err());
        }
        let refused = [
            (EncoderOptions::new().queue_bytes(0), "queue_bytes"),
            (EncoderOptions::new().limits(Limits::new().max_streams(127)), "max_streams"),
            (EncoderOptions::new().fragment_bytes(1 << 31), "fragment_bytes"),
            (EncoderOptions::new().fragment_duration(Duration::ZERO), "fragment_duration"),
        ];
        for (options, name) in refused {
            assert!(options.resolve().err().unwrap().to_string().contains(name));
        }
    }

    #[test]
    fn limits_are_set_by_name_too() {
        let mut options = EncoderOptions::new();
        options.set("max-streams", "3").unwrap();
        assert_eq!(options, EncoderOptions::new().limits(Limits::new().max_streams(3)));
        let unknown = options.set("max_nothing", "3").unwrap_err().to_string();
        assert!(unknown.contains("fragment_bytes") && unknown.contains("max_streams"), "{unknown}");
    }
}
