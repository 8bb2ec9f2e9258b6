//! Options of the whole file.

use std::str::FromStr;
use std::time::Duration;

use super::{Entry, OptionInfo, check_range, number, set_by_name};
use crate::error::{Error, Result};
use crate::mux::MuxSettings;

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
#[derive(Clone, Debug, PartialEq)]
pub struct EncoderOptions {
    queue_bytes: usize,
    queue_full: QueueFull,
    fragment_duration: Duration,
    fragment_bytes: usize,
}

static TABLE: &[Entry<EncoderOptions>] = &[
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
    Entry::new("queue_full", "what a call does when that is reached", "error, wait", "error", |o, v| {
        o.queue_full = v.parse()?;
        Ok(())
    }),
    Entry::new(
        "fragment_duration",
        "milliseconds after which a fragment or cluster ends at the next key frame",
        "100 to 60000",
        "2000",
        |o, v| {
            o.fragment_duration = Duration::from_millis(number("fragment_duration", v, "a number of milliseconds")?);
            Ok(())
        },
    ),
    Entry::new(
        "fragment_bytes",
        "bytes that a fragment or cluster gathers in memory at most",
        "65536 to 1073741824",
        "33554432",
        |o, v| {
            o.fragment_bytes = number("fragment_bytes", v, "a number of bytes")?;
            Ok(())
        },
    ),
];

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

impl Default for EncoderOptions {
    fn default() -> Self {
        let mux = MuxSettings::default();
        EncoderOptions {
            queue_bytes: 64 << 20,
            queue_full: QueueFull::default(),
            fragment_duration: mux.fragment_duration,
            fragment_bytes: mux.fragment_bytes,
        }
    }
}

impl EncoderOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many bytes of encoded packets may wait for the other streams to catch up: 64 KiB to 16 GiB, 64 MiB unless
    /// said. One call can exceed it by what it encodes. The streams of a file are written in the order of time, so a
    /// stream that is ahead waits here: also one that is fed in step, while AV1 holds back its first 11 frames.
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.queue_bytes = bytes;
        self
    }

    /// What happens when the queue is full.
    pub fn queue_full(mut self, policy: QueueFull) -> Self {
        self.queue_full = policy;
        self
    }

    /// The length of fragments (fragmented MP4) and clusters (Matroska): each ends at the first key frame after this
    /// long, and without one at four times this long (fragments) or after 5 seconds (clusters). 100 ms to 1 minute, 2
    /// seconds unless said. Shorter ones lose less when a recording is cut off, and cost some bytes. A plain MP4 has
    /// neither.
    pub fn fragment_duration(mut self, duration: Duration) -> Self {
        self.fragment_duration = duration;
        self
    }

    /// The most bytes that a fragment or cluster may gather in memory before it is written without waiting for a key
    /// frame: 64 KiB to 1 GiB, 32 MiB unless said; clusters never more than 5 MB.
    pub fn fragment_bytes(mut self, bytes: usize) -> Self {
        self.fragment_bytes = bytes;
        self
    }

    /// Sets an option from strings; durations are in milliseconds.
    ///
    /// # Errors
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption) for an unknown name or a value that does not parse. Ranges
    /// are checked in [`Encoder::with_options`](crate::Encoder::with_options).
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        set_by_name(TABLE, "an encoder", self, name, value)
    }

    /// All options that [`set`](Self::set) knows.
    pub fn table() -> impl ExactSizeIterator<Item = &'static OptionInfo> {
        TABLE.iter().map(|entry| &entry.info)
    }

    pub(in crate::encoder) fn resolve(&self) -> Result<OutputPlan> {
        let fragments = Duration::from_millis(100)..=Duration::from_secs(60);
        if !fragments.contains(&self.fragment_duration) {
            let value = format_args!("{:?}", self.fragment_duration).to_string();
            return Err(Error::option("fragment_duration", value, "allowed is 100 ms to 60 s"));
        }
        Ok(OutputPlan {
            queue_bytes: check_range("queue_bytes", self.queue_bytes as u64, 64 << 10..=16 << 30)?,
            queue_full: self.queue_full,
            mux: MuxSettings {
                fragment_duration: self.fragment_duration,
                fragment_bytes: check_range("fragment_bytes", self.fragment_bytes, 64 << 10..=1 << 30)?,
            },
        })
    }
}

/// [`EncoderOptions`] that cannot be wrong.
pub(in crate::encoder) struct OutputPlan {
    pub queue_bytes: u64,
    pub queue_full: QueueFull,
    pub mux: MuxSettings,
}

impl Default for OutputPlan {
    fn default() -> Self {
        let options = EncoderOptions::default();
        OutputPlan {
            queue_bytes: options.queue_bytes as u64,
            queue_full: options.queue_full,
            mux: MuxSettings::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_checked_and_the_defaults_are_in_them() {
        assert!(EncoderOptions::new().resolve().is_ok());
        for (info, value) in EncoderOptions::table().zip(["70000", "wait", "500", "70000"]) {
            let (mut changed, mut default) = (EncoderOptions::new(), EncoderOptions::new());
            changed.set(info.name, value).unwrap();
            default.set(info.name, info.default).unwrap();
            assert!(changed != default && default == EncoderOptions::new(), "{}", info.name);
            assert!(changed.resolve().is_ok() && changed.set(info.name, "?").is_err());
        }
        let refused = [
            (EncoderOptions::new().queue_bytes(0), "queue_bytes"),
            (EncoderOptions::new().fragment_bytes(1 << 31), "fragment_bytes"),
            (EncoderOptions::new().fragment_duration(Duration::ZERO), "fragment_duration"),
        ];
        for (options, name) in refused {
            assert!(options.resolve().err().unwrap().to_string().contains(name));
        }
    }
}
