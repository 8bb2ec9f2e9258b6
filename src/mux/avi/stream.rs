//! A stream: what its header says, and how packets become chunks of whole ticks.

use std::ops::Range;

use super::index::StreamIndex;
use crate::error::{Error, Result};
use crate::media::{
    AudioTrack, CodecConfig, ColorRange, FrameRate, Packet, PcmConfig, PixelFormat, Track, TrackKind, VideoTrack, gcd,
};
use crate::mux::Container;
use crate::mux::frame_grid::FrameGrid;
use crate::mux::riff::{FourCc, block_align, bytes_per_second};

/// The finest grid on which frames with times of their own are put.
const MOST_TICKS_A_SECOND: u32 = 1000;
/// The most chunks without a byte that stand between two frames: an hour of the finest grid.
const MOST_EMPTY_CHUNKS: i64 = 3_600_000;
/// The most seconds of silence that stand between two packets.
const MOST_SILENCE: i64 = 3600;
/// The most bytes of a chunk: half of what the indexes can say.
const MOST_BYTES: usize = 1 << 30;
/// The most that is said of a width or height.
const MOST_PIXELS: u32 = i16::MAX as u32;

/// A track as a stream of the file.
pub(super) struct Stream {
    pub format: Format,
    pub index: StreamIndex,
    /// Ticks that have been written: frames, those that are empty chunks among them, or samples.
    pub length: u64,
    /// When what was written ends, in ticks: a frame lasts until it has been repeated so often.
    pub end: u64,
    /// The bytes of the largest chunk.
    pub largest: u32,
    peak: Peak,
}

pub(super) enum Format {
    Video(VideoFormat),
    Audio(AudioFormat),
}

pub(super) struct VideoFormat {
    pub compression: FourCc,
    pub bit_count: u16,
    pub width: u32,
    pub height: u32,
    /// Bytes of a picture, of uncompressed ones.
    pub picture_bytes: Option<u32>,
    /// Width to height of the whole picture as it is shown, where pixels are not square.
    pub frame_aspect: Option<(u16, u16)>,
    grid: FrameGrid,
}

pub(super) struct AudioFormat {
    pub config: PcmConfig,
    /// Bytes of a sample of all channels.
    pub block: u32,
}

/// What becomes of a packet.
#[derive(Debug, PartialEq)]
pub(super) struct Placement {
    /// Ticks that stand empty, or silent, before it.
    pub gap: u64,
    /// What is written of its data.
    pub data: Range<usize>,
    /// Ticks that its chunk counts for.
    pub ticks: u32,
    /// The tick at which it ends.
    pub end: u64,
}

/// The most bytes that begin in one second of a stream.
#[derive(Default)]
struct Peak {
    second: u64,
    bytes: u64,
    most: u64,
}

impl Stream {
    /// # Errors
    /// `Unsupported` and `InvalidInput` for what no stream can say.
    pub fn new(number: usize, track: &Track) -> Result<Self> {
        let (format, kind) = match (&track.kind, &track.config) {
            (TrackKind::Video(video), CodecConfig::Mjpeg) => {
                (Format::Video(VideoFormat::new(track, video, (*b"MJPG", 24), None)?), *b"dc")
            }
            (TrackKind::Video(video), CodecConfig::Raw(config)) => {
                let code = raw_code(config.format)?;
                (Format::Video(VideoFormat::new(track, video, code, Some(config.format))?), *b"db")
            }
            (TrackKind::Audio(audio), CodecConfig::Pcm(config)) => {
                (Format::Audio(AudioFormat::new(track, audio, config)?), *b"wb")
            }
            (_, config) => return Err(Error::unsupported(format!("AVI takes no {} track", config.name()))),
        };
        let digit = |value: usize| b'0' + (value % 10) as u8;
        let index = StreamIndex::new([digit(number / 10), digit(number), kind[0], kind[1]]);
        Ok(Stream { format, index, length: 0, end: 0, largest: 0, peak: Peak::default() })
    }

    /// Ticks a second: `dwRate` and `dwScale`.
    pub fn rate(&self) -> (u32, u32) {
        match &self.format {
            Format::Video(video) => video.rate(),
            Format::Audio(audio) => (audio.config.sample_rate, 1),
        }
    }

    /// Where `packet` goes; `None` where all of it lies before 0, and is not shown.
    ///
    /// # Errors
    /// `InvalidInput` for a packet that cannot be told of.
    pub fn place(&self, packet: &Packet) -> Result<Option<Placement>> {
        if packet.data.len() > MOST_BYTES {
            let bytes = packet.data.len();
            return Err(Error::input(format!("a packet of {bytes} bytes: AVI holds at most {MOST_BYTES}")));
        }
        let placement = match &self.format {
            Format::Video(video) => video.place(packet, self.length)?,
            Format::Audio(audio) => audio.place(packet, self.length)?,
        };
        if let Some(Placement { end, .. }) = placement
            && end > u32::MAX.into()
        {
            let (rate, scale) = self.rate();
            return Err(Error::input(format!(
                "a packet at {} ends at tick {end} of {rate}/{scale} a second: AVI counts to {}; write a shorter file",
                packet.pts,
                u32::MAX
            )));
        }
        Ok(placement)
    }

    /// Counts a chunk that has been written.
    pub fn count(&mut self, bytes: u32, ticks: u32) {
        let (rate, scale) = self.rate();
        self.peak.add(self.length * u64::from(scale) / u64::from(rate), bytes);
        self.length += u64::from(ticks);
        self.end = self.end.max(self.length);
        self.largest = self.largest.max(bytes);
    }

    /// The most bytes that begin in one second.
    pub fn peak(&self) -> u64 {
        self.peak.most
    }
}

impl VideoFormat {
    fn new(track: &Track, video: &VideoTrack, code: (FourCc, u16), raw: Option<PixelFormat>) -> Result<Self> {
        let (width, height) = (video.width, video.height);
        if (video.coded_width, video.coded_height) != (width, height) {
            return Err(Error::unsupported(format!(
                "a video track of {}x{} pixels that shows {width}x{height}: AVI shows all of a picture",
                video.coded_width, video.coded_height
            )));
        }
        if !(1..=MOST_PIXELS).contains(&width) || !(1..=MOST_PIXELS).contains(&height) {
            return Err(Error::unsupported(format!("{width}x{height} pixels: AVI has 1 to {MOST_PIXELS} each way")));
        }
        if raw.is_some() && video.color.range == ColorRange::Full {
            return Err(Error::unsupported(
                "AVI cannot say that uncompressed pictures have the full range, and readers take the limited one: set \
                 `range` to limited",
            ));
        }
        let picture_bytes = raw.map(|format| picture_bytes(format, width, height)).transpose()?;
        let rate = match video.frame_rate {
            Some(rate) => rate,
            None => finest_rate(track)?,
        };
        let grid = FrameGrid::new(track.time_base, rate)?;
        let frame_aspect = frame_aspect(video)?;
        let (compression, bit_count) = code;
        Ok(VideoFormat { compression, bit_count, width, height, picture_bytes, frame_aspect, grid })
    }

    pub fn rate(&self) -> (u32, u32) {
        (self.grid.rate().num(), self.grid.rate().den())
    }

    /// Each picture can be decoded by itself, so those that nobody sees are left out.
    fn place(&self, packet: &Packet, written: u64) -> Result<Option<Placement>> {
        if let Some(bytes) = self.picture_bytes
            && packet.data.len() != bytes as usize
        {
            let (is, width, height) = (packet.data.len(), self.width, self.height);
            return Err(Error::input(format!("a picture of {is} bytes: {width}x{height} pixels have {bytes}")));
        }
        let (start, end) = self.grid.span(packet)?;
        if end <= 0 {
            return Ok(None);
        }
        let start = start.max(0);
        let gap = i128::from(start) - i128::from(written);
        if gap < 0 {
            let before = written.saturating_sub(1);
            return Err(Error::input(format!("a packet that shows frame {start}: frame {before} is written already")));
        }
        if gap > MOST_EMPTY_CHUNKS.into() || end - start > MOST_EMPTY_CHUNKS {
            let frames = gap.max((end - start).into());
            let rate = self.grid.rate();
            return Err(Error::input(format!(
                "a frame that is shown for {frames} of {rate} a second: AVI takes an empty chunk for each, and at most \
                 {MOST_EMPTY_CHUNKS}"
            )));
        }
        Ok(Some(Placement { gap: gap as u64, data: 0..packet.data.len(), ticks: 1, end: end as u64 }))
    }
}

impl AudioFormat {
    fn new(track: &Track, audio: &AudioTrack, config: &PcmConfig) -> Result<Self> {
        let rate = config.sample_rate;
        if (audio.sample_rate, audio.channels) != (rate, config.channels) || !(1..=8).contains(&config.channels) {
            return Err(Error::input(format!(
                "a track of {} channels at {} Hz whose samples have {} at {rate} Hz: both have to agree, 1 to 8",
                audio.channels, audio.sample_rate, config.channels
            )));
        }
        if rate == 0 || (track.time_base.num(), track.time_base.den()) != (1, rate) {
            let base = track.time_base;
            return Err(Error::input(format!("an audio track of {rate} Hz that counts in {base} s: use 1/{rate}")));
        }
        bytes_per_second(Container::Avi, config)?;
        Ok(AudioFormat { config: config.clone(), block: block_align(config).into() })
    }

    /// What lies before 0 and what is padding is cut off to the sample.
    fn place(&self, packet: &Packet, written: u64) -> Result<Option<Placement>> {
        let (bytes, ticks, block) = (packet.data.len() as u64, packet.duration, self.block);
        if bytes != u64::from(ticks) * u64::from(block) {
            return Err(Error::input(format!(
                "a PCM packet of {bytes} bytes for {ticks} samples of {block} bytes: it has to hold just them"
            )));
        }
        let start = packet.pts.max(0);
        let end = packet.end().saturating_sub(packet.trim_end.into());
        if end <= start {
            return Ok(None);
        }
        let gap = i128::from(start) - i128::from(written);
        if gap < 0 {
            return Err(Error::input(format!("a packet at {}: the one before it ends at {written}", packet.pts)));
        }
        let most = MOST_SILENCE * i64::from(self.config.sample_rate);
        if gap > most.into() {
            let begins = packet.pts;
            return Err(Error::input(format!(
                "a packet at {begins}, {gap} samples after what is before it: AVI fills that with silence, and at most \
                 {MOST_SILENCE} s"
            )));
        }
        // Both lie within the packet, whose bytes were counted.
        let byte = |tick: i64| (tick - packet.pts) as usize * block as usize;
        let (data, ticks) = (byte(start)..byte(end), (end - start) as u32);
        Ok(Some(Placement { gap: gap as u64, data, ticks, end: end as u64 }))
    }
}

impl Peak {
    fn add(&mut self, second: u64, bytes: u32) {
        if second != self.second {
            (self.second, self.bytes) = (second, 0);
        }
        self.bytes += u64::from(bytes);
        self.most = self.most.max(self.bytes);
    }
}

/// The code of uncompressed pictures, and the bits of a pixel. Those of 10 bit are VLC's.
fn raw_code(format: PixelFormat) -> Result<(FourCc, u16)> {
    Ok(match format {
        PixelFormat::Yuv420p => (*b"I420", 12),
        PixelFormat::Yuv422p => (*b"Y42B", 16),
        PixelFormat::Yuv444p => (*b"I444", 24),
        PixelFormat::Gray => (*b"Y800", 8),
        PixelFormat::Yuv420p10 => (*b"I0AL", 24),
        PixelFormat::Yuv422p10 => (*b"I2AL", 32),
        PixelFormat::Yuv444p10 => (*b"I4AL", 48),
        PixelFormat::Gray10 | PixelFormat::Rgb | PixelFormat::Rgba => {
            let what =
                format!("no reader of AVI knows uncompressed {format} as it is here: use `pixel_format` yuv420p");
            return Err(Error::unsupported(what));
        }
    })
}

/// The bytes of an uncompressed picture, with tight rows.
fn picture_bytes(format: PixelFormat, width: u32, height: u32) -> Result<u32> {
    let sample = if format.bit_depth() > 8 { 2 } else { 1 };
    let plane = |plane| {
        let (width, height) = format.plane_size(plane, width as usize, height as usize);
        width as u64 * height as u64 * sample
    };
    let bytes: u64 = (0..format.planes()).map(plane).sum();
    u32::try_from(bytes).ok().filter(|&bytes| bytes as usize <= MOST_BYTES).ok_or_else(|| {
        Error::unsupported(format!("{width}x{height} pixels are {bytes} bytes: a chunk of AVI holds {MOST_BYTES}"))
    })
}

/// The rate of a grid on which each tick of the track's is a frame.
fn finest_rate(track: &Track) -> Result<FrameRate> {
    let base = track.time_base;
    if base.den().div_ceil(base.num()) > MOST_TICKS_A_SECOND {
        return Err(Error::unsupported(format!(
            "frames with times of {base} s: AVI takes a chunk for each tick, at most {MOST_TICKS_A_SECOND} a second; set \
             `time_base` to 1/{MOST_TICKS_A_SECOND} or coarser, or set `frame_rate` alone"
        )));
    }
    Ok(FrameRate::new(base.den(), base.num()))
}

/// The shape of the whole picture, where pixels are not square: two numbers of 16 bits.
fn frame_aspect(video: &VideoTrack) -> Result<Option<(u16, u16)>> {
    let pixel = video.sample_aspect_ratio;
    if pixel.is_square() {
        return Ok(None);
    }
    let x = u64::from(pixel.num()) * u64::from(video.width);
    let y = u64::from(pixel.den()) * u64::from(video.height);
    let divisor = gcd(x, y).max(1);
    match (u16::try_from(x / divisor), u16::try_from(y / divisor)) {
        (Ok(x), Ok(y)) => Ok(Some((x, y))),
        _ => Err(Error::option(
            "sample_aspect_ratio",
            pixel,
            format_args!(
                "AVI says the shape of the whole picture in 16 bits each way, and that of {}x{} such pixels is {}:{}",
                video.width,
                video.height,
                x / divisor,
                y / divisor
            ),
        )),
    }
}
