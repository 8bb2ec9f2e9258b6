//! What a file is like beside its tracks.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use super::{Container, Layout};
use crate::error::{Error, Result};
use crate::media::Metadata;
use crate::sink::Sink;

/// How a file is laid out, and what it says of itself. The defaults suit almost everybody.
///
/// ```
/// use framewright::media::Metadata;
/// use framewright::{Layout, MuxOptions};
/// let options = MuxOptions::new().layout(Layout::Fragmented).metadata(Metadata::new().tag("title", "The walk"));
/// assert!(options.check().is_ok());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MuxOptions {
    pub(crate) layout: Option<Layout>,
    pub(crate) fragment_duration: Duration,
    pub(crate) fragment_bytes: usize,
    pub(crate) segment_duration: Duration,
    pub(crate) live_window: Option<u32>,
    pub(crate) index_reserve: Option<u64>,
    pub(crate) metadata: Arc<Metadata>,
}

const FRAGMENT_DURATION: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(60);
const FRAGMENT_BYTES: RangeInclusive<usize> = 64 << 10..=1 << 30;
const SEGMENT_DURATION: RangeInclusive<Duration> = Duration::from_millis(500)..=Duration::from_secs(600);
const LIVE_WINDOW: RangeInclusive<u32> = 3..=100_000;
const INDEX_RESERVE: RangeInclusive<u64> = 0..=1 << 30;

impl Default for MuxOptions {
    fn default() -> Self {
        MuxOptions {
            layout: None,
            fragment_duration: Duration::from_secs(2),
            fragment_bytes: 32 << 20,
            segment_duration: Duration::from_secs(6),
            live_window: None,
            index_reserve: None,
            metadata: Arc::default(),
        }
    }
}

impl MuxOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where the file has what. Unless said, the first layout of the container that the sink allows: `plain` for files,
    /// `fragmented` or `live` for streams.
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = Some(layout);
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

    /// The length of the segments of HLS and DASH: each ends at the first key frame after this long. 500 ms to 10
    /// minutes, 6 seconds unless said. Segments that are to be alike want key frames as often.
    pub fn segment_duration(mut self, duration: Duration) -> Self {
        self.segment_duration = duration;
        self
    }

    /// How many segments a live manifest lists, 3 to 100,000; older ones are removed. Unless said, all stay, and the
    /// manifest becomes one on demand at the end.
    pub fn live_window(mut self, segments: u32) -> Self {
        self.live_window = Some(segments);
        self
    }

    /// The bytes that layout `faststart` keeps free for the index in front of the samples, 0 to 1 GiB. An index takes
    /// about 8 bytes a packet: 1 MB is a quarter of an hour of pictures with sound, or more than an hour of sound.
    ///
    /// What the index leaves of it stays free. Where the index is longer, the samples are moved at the end, which reads
    /// and writes the whole file once more; on a sink that cannot read
    /// ([`Encoder::open_writer`](crate::Encoder::open_writer)) they stay, and the index goes behind them as in layout
    /// `plain`: nothing is lost but the fast start. Unless said, nothing is reserved where samples can be moved (files,
    /// [`SeekSink::readable`](crate::sink::SeekSink::readable)), and 1 MiB where they cannot.
    pub fn index_reserve(mut self, bytes: u64) -> Self {
        self.index_reserve = Some(bytes);
        self
    }

    /// What the file says of itself.
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = Arc::new(metadata);
        self
    }

    /// Checks all values.
    ///
    /// # Errors
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption) naming the option, its value and what is allowed.
    pub fn check(&self) -> Result<()> {
        let between = |name: &str, value: Duration, range: &RangeInclusive<Duration>| {
            let allowed = format!("allowed is {:?} to {:?}", range.start(), range.end());
            if range.contains(&value) { Ok(()) } else { Err(Error::option(name, format!("{value:?}"), allowed)) }
        };
        between("fragment_duration", self.fragment_duration, &FRAGMENT_DURATION)?;
        between("segment_duration", self.segment_duration, &SEGMENT_DURATION)?;
        let within = |name: &str, value: u64, low: u64, high: u64| {
            let allowed = format!("allowed is {low} to {high}");
            if (low..=high).contains(&value) { Ok(()) } else { Err(Error::option(name, value, allowed)) }
        };
        let (low, high) = (*FRAGMENT_BYTES.start() as u64, *FRAGMENT_BYTES.end() as u64);
        within("fragment_bytes", self.fragment_bytes as u64, low, high)?;
        if let Some(segments) = self.live_window {
            within("live_window", segments.into(), (*LIVE_WINDOW.start()).into(), (*LIVE_WINDOW.end()).into())?;
        }
        if let Some(bytes) = self.index_reserve {
            within("index_reserve", bytes, *INDEX_RESERVE.start(), *INDEX_RESERVE.end())?;
        }
        self.metadata.check()
    }

    /// Checks all that can be checked before there is a sink.
    pub(crate) fn check_for(&self, container: Container) -> Result<()> {
        self.check()?;
        container.check_metadata(&self.metadata)?;
        container.choose_layout(self.layout, true, true)?;
        Ok(())
    }

    /// The settings for `container` on `sink`.
    pub(crate) fn resolve(&self, container: Container, sink: &mut dyn Sink) -> Result<MuxSettings> {
        self.check_for(container)?;
        Ok(MuxSettings {
            layout: container.choose_layout(self.layout, sink.can_patch(), sink.folder().is_some())?,
            fragment_duration: self.fragment_duration,
            fragment_bytes: self.fragment_bytes,
            segment_duration: self.segment_duration,
            live_window: self.live_window,
            index_reserve: self.index_reserve,
            metadata: Arc::clone(&self.metadata),
        })
    }
}

/// [`MuxOptions`] that cannot be wrong.
#[derive(Clone, Debug)]
pub(crate) struct MuxSettings {
    /// One that the container has, and the sink allows.
    pub layout: Layout,
    /// Fragments and live clusters are closed at the first video key frame after this long, …
    pub fragment_duration: Duration,
    /// … and in any case before they hold more than this many bytes.
    pub fragment_bytes: usize,
    pub segment_duration: Duration,
    pub live_window: Option<u32>,
    pub index_reserve: Option<u64>,
    pub metadata: Arc<Metadata>,
}

impl MuxSettings {
    /// The defaults, for a layout.
    #[cfg(test)]
    pub fn of(layout: Layout) -> Self {
        let MuxOptions { fragment_duration, fragment_bytes, segment_duration, .. } = MuxOptions::default();
        let (live_window, index_reserve, metadata) = Default::default();
        MuxSettings {
            layout,
            fragment_duration,
            fragment_bytes,
            segment_duration,
            live_window,
            index_reserve,
            metadata,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_range_is_named() {
        assert!(MuxOptions::new().check().is_ok());
        let refused = [
            (MuxOptions::new().fragment_bytes(1 << 31), "fragment_bytes"),
            (MuxOptions::new().fragment_duration(Duration::ZERO), "fragment_duration"),
            (MuxOptions::new().segment_duration(Duration::from_secs(601)), "segment_duration"),
            (MuxOptions::new().live_window(2), "live_window"),
            (MuxOptions::new().index_reserve(1 << 31), "index_reserve"),
            (MuxOptions::new().metadata(Metadata::new().tag("", "x")), "metadata"),
        ];
        for (options, name) in refused {
            assert!(options.check().unwrap_err().to_string().contains(name), "{name}");
        }
    }
}
