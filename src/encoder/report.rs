//! What was made.

use std::fmt;
use std::time::Duration;

use crate::media::TimeBase;
use crate::mux::Container;

/// What `close` has to say about the file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The container.
    pub container: Container,
    /// The size of the file in bytes.
    pub bytes: u64,
    /// The length of the longest stream.
    pub duration: Duration,
    /// The streams, in the order in which they were added.
    pub streams: Vec<StreamReport>,
}

/// Video, audio or subtitles, with what only that has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamKind {
    /// Video.
    Video {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// Frames encoded.
        frames: u64,
    },
    /// Audio.
    Audio {
        /// Samples a second in the file.
        sample_rate: u32,
        /// Channels in the file.
        channels: u8,
        /// Samples a channel in the file, without priming and padding.
        samples: u64,
    },
    /// Subtitles.
    Subtitle {
        /// Cues written.
        cues: u64,
    },
}

/// What became of one stream.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StreamReport {
    /// Video, audio or subtitles.
    pub kind: StreamKind,
    /// The codec's name.
    pub codec: &'static str,
    /// The `codecs` parameter for web pages, where one is registered and the stream was fed.
    pub codec_string: Option<String>,
    /// Whether the file has packets of it: not if it was never fed. Then it has no track of it either, except that of subtitles
    /// there may be an empty one, since a header is written before it is known whether cues will come.
    pub present: bool,
    /// Packets written.
    pub packets: u64,
    /// Key frames among them; of audio, all.
    pub key_frames: u64,
    /// The bytes of its packets.
    pub bytes: u64,
    /// How long it is, in ticks of [`time_base`](Self::time_base), from the start of the file; 0 where all of it
    /// stands before that.
    pub duration: i64,
    /// The unit of its times.
    pub time_base: TimeBase,
    /// The bit rate that the codec was set to: what the options say, or of Opus its default; `None` where there is none, as
    /// of constant quality and lossless codecs.
    pub bit_rate: Option<u32>,
    /// What its GPU did, of video with [`VideoOptions::device`](crate::VideoOptions::device).
    #[cfg(feature = "gpu")]
    pub gpu: Option<GpuReport>,
}

/// What a GPU did for a video stream.
#[cfg(feature = "gpu")]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GpuReport {
    /// The GPU's name.
    pub name: String,
    /// How many frames it converted. The others were converted by the CPU, with the same result.
    pub frames: u64,
    /// How many frames it searched for motion. What came of that does not depend on it.
    pub searched: u64,
    /// For how long the stream waited for pictures to be read back.
    pub waited: Duration,
    /// Why the CPU took the conversion or the search over, where the GPU failed.
    pub fallback: Option<String>,
}

impl StreamReport {
    /// The average bit rate of its packets over its length, in bits a second; 0 for an empty stream.
    pub fn average_bit_rate(&self) -> u64 {
        let ticks = u128::from(self.time_base.num()) * u128::try_from(self.duration).unwrap_or(0);
        if ticks == 0 {
            return 0;
        }
        let bits = u128::from(self.bytes) * 8 * u128::from(self.time_base.den());
        u64::try_from(bits / ticks).unwrap_or(u64::MAX)
    }

    /// [`duration`](Self::duration) rounded to the nanosecond.
    pub fn length(&self) -> Duration {
        let nanoseconds = self.time_base.rescale(self.duration, TimeBase::NANOSECONDS).unwrap_or(i64::MAX);
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(0))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} bytes, {:.3} s", self.container, self.bytes, self.duration.as_secs_f64())?;
        self.streams.iter().try_for_each(|stream| write!(f, "\n  {stream}"))
    }
}

impl fmt::Display for StreamReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.codec)?;
        match self.kind {
            StreamKind::Video { width, height, frames } => write!(f, " {width}x{height}, {frames} frames")?,
            StreamKind::Audio { sample_rate, channels, samples } => {
                let plural = if channels == 1 { "" } else { "s" };
                write!(f, " {sample_rate} Hz, {channels} channel{plural}, {samples} samples")?;
            }
            StreamKind::Subtitle { cues } => write!(f, ", {cues} cue{}", if cues == 1 { "" } else { "s" })?,
        }
        match self.present {
            true => write!(f, ", {} kbit/s", self.average_bit_rate().div_ceil(1000)),
            false => write!(f, ", never fed: not in the file"),
        }?;
        #[cfg(feature = "gpu")]
        if let Some(gpu) = &self.gpu {
            write!(f, ", {gpu}")?;
        }
        Ok(())
    }
}

#[cfg(feature = "gpu")]
impl fmt::Display for GpuReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.searched {
            0 => write!(f, "{} frames converted on {}", self.frames, self.name)?,
            searched => write!(f, "{} frames converted and {searched} searched on {}", self.frames, self.name)?,
        }
        match &self.fallback {
            Some(why) => write!(f, ", then on the CPU: {why}"),
            None => Ok(()),
        }
    }
}
