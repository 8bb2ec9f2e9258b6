//! What is in a file that this crate wrote: containers, tracks, packets, times.
//!
//! The parsers are written from the specifications and share nothing with the muxers. They seek over the packets' data
//! and keep a few hundred bytes a track, and what is said for people within bounds, whatever the file's size; any file may
//! be handed to them, damaged ones too.

mod about;
mod boxes;
mod codec;
mod ebml;
mod matroska;
mod mp4;
mod reader;
mod simple;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io::{Read, Seek};

use crate::error::{Error, Result};
use crate::media::{
    AspectRatio, Chapter, ChromaSubsampling, Color, FrameRate, Hdr, Language, Orientation, SampleFormat, TimeBase,
    Timestamp,
};
use about::About;
pub use about::{AttachmentInfo, CoverInfo};
use reader::Reader;

/// What is in a file.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FileInfo {
    /// The format: the container, or what stands by itself.
    pub format: Format,
    /// Where its index is.
    pub layout: IndexPlacement,
    /// The size of the file.
    pub bytes: u64,
    /// Whether the file ends before its last box or element does, as after a crash. What is whole is described.
    pub truncated: bool,
    /// When the track that ends last ends, in that track's time base.
    pub duration: Timestamp,
    /// The tracks, in the file's order.
    pub tracks: Vec<TrackInfo>,
    /// Names and values, each name as [`Metadata::tags`](crate::media::Metadata::tags) has it; the first 1000.
    pub tags: Vec<(String, String)>,
    /// When it was made, in seconds from 1970-01-01 00:00 UTC.
    pub creation_time: Option<i64>,
    /// The chapters; the first 1000.
    pub chapters: Vec<Chapter>,
    /// The cover.
    pub cover: Option<CoverInfo>,
    /// Files that travel in it; the first 1000.
    pub attachments: Vec<AttachmentInfo>,
}

/// The formats that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// MP4.
    Mp4,
    /// QuickTime.
    Mov,
    /// Matroska.
    Matroska,
    /// WebM.
    WebM,
    /// AVIF, a picture or a sequence.
    Avif,
    /// Ogg.
    Ogg,
    /// WAV, RF64 among it.
    Wav,
    /// FLAC.
    Flac,
    /// AVI, OpenDML among it.
    Avi,
    /// IVF.
    Ivf,
    /// YUV4MPEG2.
    Y4m,
    /// GIF.
    Gif,
    /// PNG with animation.
    Apng,
}

impl Format {
    /// Its name, as in the options of this crate where it writes the format.
    pub fn name(self) -> &'static str {
        match self {
            Format::Mp4 => "mp4",
            Format::Mov => "mov",
            Format::Matroska => "matroska",
            Format::WebM => "webm",
            Format::Avif => "avif",
            Format::Ogg => "ogg",
            Format::Wav => "wav",
            Format::Flac => "flac",
            Format::Avi => "avi",
            Format::Ivf => "ivf",
            Format::Y4m => "y4m",
            Format::Gif => "gif",
            Format::Apng => "apng",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where a file has what a player needs to begin and to seek.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IndexPlacement {
    /// The index (`moov`, Cues) stands before the packets.
    IndexFirst,
    /// The index stands behind the packets.
    IndexLast,
    /// MP4 in fragments, each with an index of its own.
    Fragmented,
    /// Matroska without an index.
    Live,
    /// A format, or a file, in which there is no index: it is read from its beginning.
    Stream,
}

/// One track.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TrackInfo {
    /// Its number in the file, from 1.
    pub number: u64,
    /// What only a video or an audio track has.
    pub details: Details,
    /// The codec, by its name in options (`av1`, `opus`, …); of another codec, its identifier in the container.
    pub codec: String,
    /// The `codecs` parameter of RFC 6381 for it, where one is registered.
    pub codec_string: Option<String>,
    /// Language, as a tag of BCP 47 (`de`, `pt-BR`); `und` where it is not known.
    pub language: String,
    /// Its name for people.
    pub title: Option<String>,
    /// Whether players take it unless told otherwise.
    pub default: bool,
    /// Whether players show it even to who has subtitles off.
    pub forced: bool,
    /// Tracks of one group are alternatives, of which one is played; `None` where the file has no groups, or it is in none.
    pub alternate_group: Option<u16>,
    /// The unit of `start`, `duration`, `priming` and `padding`. Of audio, a sample.
    pub time_base: TimeBase,
    /// When the first picture or sample is presented.
    pub start: i64,
    /// For how long the track is presented, without priming and padding.
    pub duration: u64,
    /// Decoded samples before the first that is heard (encoder delay, pre-skip).
    pub priming: u64,
    /// Decoded samples behind the last that is heard.
    pub padding: u64,
    /// How many packets there are. MP4 counts each sample of PCM as one.
    pub packets: u64,
    /// How many of them decoding can begin at.
    pub key_packets: u64,
    /// The size of all packets.
    pub bytes: u64,
    /// Bits a second of presentation; `None` where it has no duration.
    pub bit_rate: Option<u64>,
}

/// What only tracks of one kind have.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Details {
    /// A video track.
    Video(VideoDetails),
    /// An audio track.
    Audio(AudioDetails),
    /// A track of subtitles.
    Subtitle,
    /// A track of another kind: this crate writes none.
    Other,
}

/// What only a video track has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VideoDetails {
    /// Width to show before it is turned, as the file has it: most containers count in square pixels.
    pub width: u32,
    /// Height to show, before it is turned.
    pub height: u32,
    /// Width of the coded picture.
    pub coded_width: u32,
    /// Height of the coded picture.
    pub coded_height: u32,
    /// Frames a second: the constant rate where the file says it, else the average.
    pub frame_rate: Option<FrameRate>,
    /// Bits a sample, where the codec's configuration says it.
    pub bit_depth: Option<u8>,
    /// Chroma subsampling, where the codec's configuration says it.
    pub chroma: Option<ChromaSubsampling>,
    /// The colour, where the container says it in code points that this crate knows.
    pub color: Option<Color>,
    /// What HDR displays want to know.
    pub hdr: Hdr,
    /// How the picture is turned and mirrored to be shown.
    pub orientation: Orientation,
    /// The shape of a pixel.
    pub sample_aspect_ratio: AspectRatio,
    /// Whether it has transparency.
    pub alpha: bool,
}

/// What only an audio track has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AudioDetails {
    /// Samples a second of the decoder's output.
    pub sample_rate: u32,
    /// How many channels.
    pub channels: u16,
    /// The form of a sample, of a lossless codec.
    pub sample_format: Option<SampleFormat>,
}

/// Describes a file of any of the [formats](Format) and layouts. `reader` is read from its first byte to its last and is
/// buffered inside.
///
/// # Errors
/// [`Unsupported`](crate::ErrorKind::Unsupported) where it is another kind of file;
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) where it contradicts itself or lacks what a player needs, naming the
/// box or element; [`Io`](crate::ErrorKind::Io) where reading fails.
///
/// ```
/// use std::io::Cursor;
/// use framewright::inspect::{Format, IndexPlacement, inspect};
/// use framewright::media::{AudioTrack, CodecConfig, Packet, PcmConfig, TimeBase, Track, TrackKind};
/// use framewright::sink::{SeekSink, SharedWriter};
/// use framewright::{Container, PacketWriter, SampleFormat};
///
/// let config = PcmConfig { sample_rate: 8000, channels: 1, format: SampleFormat::S16 };
/// let kind = TrackKind::Audio(AudioTrack { sample_rate: 8000, channels: 1 });
/// let track = Track::new(kind, CodecConfig::Pcm(config), TimeBase::per_second(8000));
/// let file = SharedWriter::new(Cursor::new(Vec::new()));
/// let mut writer = PacketWriter::new(Container::Mp4, vec![track], SeekSink::new(file.clone())?)?;
/// writer.write(Packet::new(0, 0, 800, true, vec![0; 1600]))?;
/// writer.finish()?;
///
/// let info = inspect(file.into_inner().unwrap())?;
/// assert_eq!((info.format, info.layout), (Format::Mp4, IndexPlacement::IndexLast));
/// let track = &info.tracks[0];
/// assert_eq!((&*track.codec, track.packets, track.duration), ("pcm", 800, 800));
/// assert_eq!(track.bit_rate, Some(128_000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn inspect(reader: impl Read + Seek) -> Result<FileInfo> {
    let mut reader = Reader::new(reader)?;
    let head = reader.peek::<12>()?;
    let [a, b, c, d, e, f, g, h, ..] = head;
    match (&[a, b, c, d], &head[8..]) {
        (&matroska::EBML_MAGIC, _) => matroska::inspect(&mut reader),
        (b"RIFF" | b"RF64" | b"BW64", b"WAVE") => simple::sound::wav(&mut reader),
        (b"RIFF", b"AVI ") => simple::avi::inspect(&mut reader),
        (b"OggS", _) => simple::ogg::inspect(&mut reader),
        (b"fLaC", _) => simple::sound::flac(&mut reader),
        (b"DKIF", _) => simple::frames::ivf(&mut reader),
        (b"GIF8", _) => simple::pictures::gif(&mut reader),
        (b"\x89PNG", _) => simple::pictures::apng(&mut reader),
        _ if head.starts_with(b"YUV4MPEG2 ") => simple::frames::y4m(&mut reader),
        _ if mp4::is_mp4([a, b, c, d, e, f, g, h]) => mp4::inspect(&mut reader),
        _ => Err(unknown(&mut reader)?),
    }
}

/// What a file is that is not described, where it is something that is named often.
fn unknown<R: Read + Seek>(reader: &mut Reader<R>) -> Result<Error> {
    let head = reader.read_up_to(reader.len(), 1024)?;
    let text = String::from_utf8_lossy(&head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let hint = if text.starts_with("#EXTM3U") {
        "the file is a playlist of HLS: inspect a file that it names, such as the one of its EXT-X-MAP"
    } else if text.contains("<MPD") {
        "the file is a manifest of DASH: inspect a file that it names, such as its initialization segment"
    } else if text.starts_with("WEBVTT") {
        "the file is a WebVTT file of subtitles, which has no tracks"
    } else if head.starts_with(&[0xff, 0xd8, 0xff]) {
        "the file is a JPEG picture: inspect describes films and sound"
    } else if head.starts_with(&[0x12, 0x00]) {
        "the file is a bare stream of AV1, which has no times: inspect it within a container"
    } else {
        "the file is none of MP4, MOV, Matroska, WebM, AVIF, Ogg, WAV, FLAC, AVI, IVF, Y4M, GIF and APNG"
    };
    Ok(Error::unsupported(hint))
}

/// A track as a parser leaves it: what follows from the rest is still to be worked out.
struct Summary {
    number: u64,
    details: Details,
    codec: String,
    codec_string: Option<String>,
    labels: Labels,
    time_base: TimeBase,
    times: Times,
    counts: Counts,
}

/// What it says to who chooses among tracks.
struct Labels {
    language: String,
    title: Option<String>,
    default: bool,
    forced: bool,
    alternate_group: Option<u16>,
}

/// In ticks of the track.
#[derive(Clone, Copy, Debug, Default)]
struct Times {
    start: i64,
    duration: u64,
    priming: u64,
    padding: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    packets: u64,
    key_packets: u64,
    bytes: u64,
}

impl From<Summary> for TrackInfo {
    fn from(summary: Summary) -> Self {
        let Summary { number, mut details, codec, codec_string, labels, time_base, times, counts } = summary;
        let Labels { language, title, default, forced, alternate_group } = labels;
        // MP4 and Matroska have other codes for some languages: their tag is the same. What is no code stays as it is.
        let language = Language::parse(&language).map_or(language, |language| language.tag().to_owned());
        if let Details::Video(video) = &mut details {
            video.frame_rate = video.frame_rate.or_else(|| average_rate(counts.packets, times.duration, time_base));
        }
        let bits = u128::from(counts.bytes) * 8 * u128::from(time_base.den());
        let seconds = u128::from(times.duration) * u128::from(time_base.num());
        let bit_rate = (bits + seconds / 2).checked_div(seconds).and_then(|rate| u64::try_from(rate).ok());
        TrackInfo {
            number,
            details,
            codec,
            codec_string,
            language,
            title,
            default,
            forced,
            alternate_group,
            time_base,
            start: times.start,
            duration: times.duration,
            priming: times.priming,
            padding: times.padding,
            packets: counts.packets,
            key_packets: counts.key_packets,
            bytes: counts.bytes,
            bit_rate,
        }
    }
}

impl FileInfo {
    fn new(
        format: Format,
        layout: IndexPlacement,
        bytes: u64,
        truncated: bool,
        tracks: Vec<TrackInfo>,
        about: About,
    ) -> Self {
        let ends = tracks.iter().map(|track| {
            let end = i128::from(track.start) + i128::from(track.duration);
            Timestamp::new(i64::try_from(end).unwrap_or(i64::MAX), track.time_base)
        });
        // Cross-multiplied, so that no rounding decides: 63 + 32 + 32 bits fit.
        let later = |a: Timestamp, b: Timestamp| {
            let left = i128::from(a.ticks) * i128::from(a.base.num()) * i128::from(b.base.den());
            let right = i128::from(b.ticks) * i128::from(b.base.num()) * i128::from(a.base.den());
            if left >= right { a } else { b }
        };
        let duration = ends.reduce(later).unwrap_or(Timestamp::new(0, TimeBase::MILLISECONDS));
        let About { tags, creation_time, chapters, cover, attachments } = about;
        FileInfo {
            format,
            layout,
            bytes,
            truncated,
            duration,
            tracks,
            tags,
            creation_time,
            chapters,
            cover,
            attachments,
        }
    }
}

/// `packets` over `ticks`, as a fraction that fits.
fn average_rate(packets: u64, ticks: u64, base: TimeBase) -> Option<FrameRate> {
    let mut num = u128::from(packets) * u128::from(base.den());
    let mut den = u128::from(ticks) * u128::from(base.num());
    let (mut a, mut b) = (num, den);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    (num, den) = (num.checked_div(a)?, den.checked_div(a)?);
    while num.max(den) > u128::from(u32::MAX) {
        (num, den) = (num >> 1, den >> 1);
    }
    Some(FrameRate::new(u32::try_from(num).ok()?, u32::try_from(den).ok()?)).filter(|rate| rate.is_valid())
}
