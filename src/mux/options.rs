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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MuxOptions {
    pub(crate) layout: Option<Layout>,
    pub(crate) fragment_duration: Option<Duration>,
    pub(crate) fragment_bytes: Option<usize>,
    pub(crate) segment_duration: Option<Duration>,
    pub(crate) live_window: Option<u32>,
    pub(crate) index_reserve: Option<u64>,
    pub(crate) lacing: bool,
    pub(crate) metadata: Arc<Metadata>,
}

const DEFAULT_FRAGMENT_DURATION: Duration = Duration::from_secs(2);
const DEFAULT_FRAGMENT_BYTES: usize = 32 << 20;
const DEFAULT_SEGMENT_DURATION: Duration = Duration::from_secs(6);

const FRAGMENT_DURATION: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(60);
const FRAGMENT_BYTES: RangeInclusive<usize> = 64 << 10..=1 << 30;
const SEGMENT_DURATION: RangeInclusive<Duration> = Duration::from_millis(500)..=Duration::from_secs(600);
const LIVE_WINDOW: RangeInclusive<u32> = 3..=100_000;
const INDEX_RESERVE: RangeInclusive<u64> = 0..=1 << 30;

/// Whether a container in a layout has a use for an option of its own.
type Uses = fn(Container, Layout) -> bool;

fn has_fragments(container: Container, layout: Layout) -> bool {
    matches!((container, layout), (Container::Mp4 | Container::Mov, Layout::Fragmented | Layout::Recoverable))
}

fn has_clusters(container: Container, _: Layout) -> bool {
    matches!(container, Container::Matroska | Container::WebM)
}

/// A live stream is worth the more the sooner it arrives, and a lace waits for its last packet.
fn has_laces(container: Container, layout: Layout) -> bool {
    container == Container::Matroska && layout != Layout::Live
}

fn has_segments(container: Container, _: Layout) -> bool {
    container.layouts().contains(&Layout::Segments)
}

fn has_pages(container: Container) -> bool {
    // By its name: a build may be without it.
    container.name() == "ogg"
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

    /// The length of fragments (MP4 and MOV in layouts `fragmented` and `recoverable`) and clusters (Matroska and WebM in
    /// every layout): each ends at the first key frame after this long, and without one at four times this long
    /// (fragments) or after 5 seconds (clusters). 100 ms to 1 minute, 2 seconds unless said. Shorter ones lose less when
    /// a recording is cut off, and cost some bytes. A page of Ogg lasts no longer either, and never longer than a second.
    /// Nothing else has a use for it: there it is refused.
    pub fn fragment_duration(mut self, duration: Duration) -> Self {
        self.fragment_duration = Some(duration);
        self
    }

    /// The most bytes that a fragment or cluster may gather in memory before it is written without waiting for a key
    /// frame: 64 KiB to 1 GiB, 32 MiB unless said; clusters never more than 5 MB. HLS and DASH hold no more either of the
    /// segments that they gather. Refused where [`fragment_duration`](Self::fragment_duration) is, and for Ogg, whose
    /// pages hold 64 kB.
    pub fn fragment_bytes(mut self, bytes: usize) -> Self {
        self.fragment_bytes = Some(bytes);
        self
    }

    /// The length of the segments of HLS and DASH: each ends at the first key frame after this long. 500 ms to 10
    /// minutes, 6 seconds unless said. Segments that are to be alike want key frames as often. Refused elsewhere.
    pub fn segment_duration(mut self, duration: Duration) -> Self {
        self.segment_duration = Some(duration);
        self
    }

    /// How many segments a live manifest of HLS or DASH lists, 3 to 100,000; older ones are removed. Unless said, all
    /// stay. Refused but in layout `segments`: of one file nothing can be removed.
    pub fn live_window(mut self, segments: u32) -> Self {
        self.live_window = Some(segments);
        self
    }

    /// The bytes that layout `faststart` keeps free for the index in front of the samples, 0 to 1 GiB; refused in other
    /// layouts. What the index leaves of it stays free.
    ///
    /// In MP4 an index takes about 8 bytes a packet: 1 MB is a quarter of an hour of pictures with sound, or more than an
    /// hour of sound. Where it is longer, the samples are moved at the end, which reads
    /// and writes the whole file once more; on a sink that cannot read
    /// ([`Encoder::open_writer`](crate::Encoder::open_writer)) they stay, and the index goes behind them as in layout
    /// `plain`: nothing is lost but the fast start. Unless said, nothing is reserved where samples can be moved (files,
    /// [`SeekSink::readable`](crate::sink::SeekSink::readable)), and 1 MiB where they cannot.
    ///
    /// Matroska and WebM keep 64 KiB unless said, never move samples, and write an index that is longer at the end. To
    /// keep nothing is refused there: that is layout `plain`.
    pub fn index_reserve(mut self, bytes: u64) -> Self {
        self.index_reserve = Some(bytes);
        self
    }

    /// Whether packets of sound share blocks in Matroska: up to eight of a track, a second at most, that follow each other
    /// without a gap, last equally long and have no more than 16 KiB each. Off unless said. It saves about 5 bytes a packet,
    /// which is half of the overhead where packets are small, and little where they are not. What comes out is the same.
    ///
    /// The price: only the first packet of a block has a time of its own, from which readers count on, to a millisecond or
    /// two where packets last no whole number of them. The block is written with its last packet, so that who reads along
    /// gets the sound later by the length of its packets (160 ms for Opus), and it stands behind pictures of its time. After
    /// a seek, FFmpeg drops a block that began before the picture that it went to: the sound sets in up to a block late. And
    /// some players are picky: they know no blocks of several packets. A packet of another duration, or one with samples to
    /// cut off, has a block to itself.
    ///
    /// Refused in layout `live`, where packets would be held back, and elsewhere than in Matroska.
    pub fn lacing(mut self, on: bool) -> Self {
        self.lacing = on;
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
        for (name, value, range) in [
            ("fragment_duration", self.fragment_duration, &FRAGMENT_DURATION),
            ("segment_duration", self.segment_duration, &SEGMENT_DURATION),
        ] {
            value.map_or(Ok(()), |value| between(name, value, range))?;
        }
        let within = |name: &str, value: u64, low: u64, high: u64| {
            let allowed = format!("allowed is {low} to {high}");
            if (low..=high).contains(&value) { Ok(()) } else { Err(Error::option(name, value, allowed)) }
        };
        let (low, high) = (*FRAGMENT_BYTES.start() as u64, *FRAGMENT_BYTES.end() as u64);
        if let Some(bytes) = self.fragment_bytes {
            within("fragment_bytes", bytes as u64, low, high)?;
        }
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
        match self.layout {
            Some(layout) => self.check_uses(container, &[layout]),
            None => self.check_uses(container, container.layouts()),
        }
    }

    /// Refuses what was set and would be ignored in each of these layouts.
    fn check_uses(&self, container: Container, layouts: &[Layout]) -> Result<()> {
        let duration = |value: Option<Duration>| value.map(|value| format!("{value:?}"));
        let set: [(&str, Option<String>, Uses); 6] = [
            ("fragment_duration", duration(self.fragment_duration), |container, layout| {
                has_fragments(container, layout) || has_clusters(container, layout) || has_pages(container)
            }),
            ("fragment_bytes", self.fragment_bytes.map(|value| value.to_string()), |container, layout| {
                has_fragments(container, layout) || has_clusters(container, layout) || has_segments(container, layout)
            }),
            ("segment_duration", duration(self.segment_duration), has_segments),
            ("live_window", self.live_window.map(|value| value.to_string()), |container, layout| {
                has_segments(container, layout) && layout == Layout::Segments
            }),
            ("index_reserve", self.index_reserve.map(|value| value.to_string()), |_, layout| {
                layout == Layout::FastStart
            }),
            ("lacing", self.lacing.then(|| true.to_string()), has_laces),
        ];
        for (name, value, uses) in set {
            let Some(value) = value.filter(|_| !layouts.iter().any(|&layout| uses(container, layout))) else {
                continue;
            };
            let named = |layouts: &[Layout]| layouts.iter().map(|layout| layout.name()).collect::<Vec<_>>().join(", ");
            let using = Container::ALL.iter().filter_map(|&other| {
                let layouts: Vec<_> = other.layouts().iter().copied().filter(|&layout| uses(other, layout)).collect();
                (!layouts.is_empty()).then(|| format!("{other} ({})", named(&layouts)))
            });
            let (using, layouts) = (using.collect::<Vec<_>>().join(", "), named(layouts));
            let allowed = format!("{container} has no use for it in layout {layouts}; those that have are {using}");
            return Err(Error::option(name, value, allowed));
        }
        let is_fast_start = layouts.contains(&Layout::FastStart) && has_clusters(container, Layout::FastStart);
        if self.index_reserve == Some(0) && is_fast_start {
            let allowed = format!("{container} never moves samples: keep some bytes, or use layout plain");
            return Err(Error::option("index_reserve", 0, allowed));
        }
        Ok(())
    }

    /// The settings for `container` on `sink`.
    pub(crate) fn resolve(&self, container: Container, sink: &mut dyn Sink) -> Result<MuxSettings> {
        self.check_for(container)?;
        let layout = container.choose_layout(self.layout, sink.can_patch(), sink.folder().is_some())?;
        self.check_uses(container, &[layout])?;
        Ok(self.settings(layout))
    }

    fn settings(&self, layout: Layout) -> MuxSettings {
        MuxSettings {
            layout,
            fragment_duration: self.fragment_duration.unwrap_or(DEFAULT_FRAGMENT_DURATION),
            fragment_bytes: self.fragment_bytes.unwrap_or(DEFAULT_FRAGMENT_BYTES),
            segment_duration: self.segment_duration.unwrap_or(DEFAULT_SEGMENT_DURATION),
            live_window: self.live_window,
            index_reserve: self.index_reserve,
            lacing: self.lacing,
            metadata: Arc::clone(&self.metadata),
        }
    }

    /// The same with all that is not said and has a value by itself.
    #[cfg(test)]
    pub(crate) fn with_defaults(self) -> Self {
        let MuxSettings { fragment_duration, fragment_bytes, segment_duration, .. } = self.settings(Layout::Plain);
        self.fragment_duration(fragment_duration).fragment_bytes(fragment_bytes).segment_duration(segment_duration)
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
    /// Whether packets of sound share blocks.
    pub lacing: bool,
    pub metadata: Arc<Metadata>,
}

impl MuxSettings {
    /// The defaults, for a layout.
    #[cfg(test)]
    pub fn of(layout: Layout) -> Self {
        MuxOptions::default().settings(layout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::sink::{SeekSink, StreamSink};

    #[test]
    fn what_would_be_ignored_is_refused() {
        let ms = Duration::from_millis(500);
        let options = MuxOptions::new;
        let every = [
            ("fragment_duration", options().fragment_duration(ms)),
            ("fragment_bytes", options().fragment_bytes(1 << 20)),
            ("segment_duration", options().segment_duration(ms)),
            ("live_window", options().live_window(9)),
            ("index_reserve", options().index_reserve(9)),
            ("lacing", options().lacing(true)),
        ];
        let used = |container: Container, layout: Layout| -> Vec<&str> {
            let all =
                every.iter().filter(|(name, options)| match options.clone().layout(layout).check_for(container) {
                    Ok(()) => true,
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::InvalidOption);
                        let text = error.to_string();
                        assert!(text.contains(name) && text.contains(&format!("in layout {layout};")), "{text}");
                        false
                    }
                });
            all.map(|(name, _)| *name).collect()
        };
        let fragments = ["fragment_duration", "fragment_bytes"];
        let cases: &[(Container, Layout, &[&str])] = &[
            (Container::Mp4, Layout::Plain, &[]),
            (Container::Mp4, Layout::FastStart, &["index_reserve"]),
            (Container::Mp4, Layout::Fragmented, &fragments),
            (Container::Mp4, Layout::Recoverable, &fragments),
            (Container::Mov, Layout::Plain, &[]),
            (Container::Mov, Layout::Fragmented, &fragments),
            (Container::Matroska, Layout::Plain, &["fragment_duration", "fragment_bytes", "lacing"]),
            (Container::Matroska, Layout::Live, &fragments),
            (Container::WebM, Layout::Live, &fragments),
            (Container::WebM, Layout::FastStart, &["fragment_duration", "fragment_bytes", "index_reserve"]),
            (Container::Hls, Layout::Segments, &["fragment_bytes", "segment_duration", "live_window"]),
            (Container::Dash, Layout::ByteRanges, &["fragment_bytes", "segment_duration"]),
            (Container::Ogg, Layout::Live, &["fragment_duration"]),
            (Container::Wav, Layout::Plain, &[]),
        ];
        for &(container, layout, names) in cases {
            assert_eq!(used(container, layout), names, "{container} {layout}");
        }
        let text = options().live_window(9).check_for(Container::Mp4).unwrap_err().to_string();
        assert!(text.contains("`live_window` is 9") && text.contains("hls (segments), dash (segments)"), "{text}");
        // Where the sink chooses, it is known when there is one.
        let fragments = options().fragment_duration(ms);
        assert!(fragments.check_for(Container::Mp4).is_ok());
        assert!(fragments.resolve(Container::Mp4, &mut StreamSink::new(Vec::new())).is_ok());
        let mut file = SeekSink::new(std::io::Cursor::new(Vec::new())).unwrap();
        let refused = fragments.resolve(Container::Mp4, &mut file).unwrap_err().to_string();
        assert!(refused.contains("layout plain"), "{refused}");
        let laces = options().lacing(true);
        assert!(
            laces.check_for(Container::Matroska).is_ok() && options().lacing(false).check_for(Container::Mp4).is_ok()
        );
        let refused = laces.resolve(Container::Matroska, &mut StreamSink::new(Vec::new())).unwrap_err().to_string();
        assert!(refused.contains("`lacing` is true") && refused.contains("matroska (plain, faststart)"), "{refused}");
        // Nothing at all can be kept by who moves samples.
        let nothing = options().layout(Layout::FastStart).index_reserve(0);
        assert!(nothing.check_for(Container::Mp4).is_ok());
        assert!(nothing.check_for(Container::Matroska).unwrap_err().to_string().contains("`index_reserve` is 0"));
    }

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
