//! The matrix: which container takes which codecs, in which layouts it can be written, and what it can say. Options are
//! checked against it (`checks`), the tool prints it, and the README shows it.

use std::fmt;
use std::str::FromStr;

#[cfg(feature = "segments")]
use super::cmaf;
use super::{Feature, Layout, MuxSettings, Muxer, isobmff, matroska};
#[cfg(feature = "animation")]
use super::{apng, gif};
#[cfg(feature = "containers")]
use super::{avi, avif, elementary, flac, ogg, wav};
use crate::error::{Error, Result};
use crate::media::{AudioCodec, PixelFormat, SubtitleCodec, VideoCodec};

/// A container, as its row in the table describes it.
pub(super) struct Format {
    /// The name used in options.
    name: &'static str,
    /// Its name in texts for people.
    title: &'static str,
    /// The file name extensions that choose it, the usual one first.
    extensions: &'static [&'static str],
    /// The codecs that it takes; the first of each kind is what a stream has when nothing is said.
    video: &'static [VideoCodec],
    audio: &'static [AudioCodec],
    subtitles: &'static [SubtitleCodec],
    /// The pixel formats that uncompressed pictures may have, the usual one first.
    raw: &'static [PixelFormat],
    /// The layouts that it can be written in; the first that the sink allows is taken when nothing is said.
    layouts: &'static [Layout],
    /// What it can say beside the codecs' data.
    features: &'static [Feature],
    /// The most tracks that it holds: of video, of audio, and of all kinds together.
    tracks: MaxTracks,
    /// Makes its muxer for the layout that the settings name.
    open: fn(Container, &MuxSettings) -> Result<Box<dyn Muxer>>,
}

/// How many tracks a container holds at most.
pub(super) struct MaxTracks {
    pub video: usize,
    pub audio: usize,
    pub all: usize,
}

const ANY: MaxTracks = MaxTracks { video: 126, audio: 126, all: 126 };
/// Those that readers of AVI know.
#[cfg(feature = "containers")]
const AVI_RAW: &[PixelFormat] = &[
    PixelFormat::Yuv420p,
    PixelFormat::Yuv422p,
    PixelFormat::Yuv444p,
    PixelFormat::Gray,
    PixelFormat::Yuv420p10,
    PixelFormat::Yuv422p10,
    PixelFormat::Yuv444p10,
];
/// Those of screens.
#[cfg(feature = "animation")]
const RGB: &[PixelFormat] = &[PixelFormat::Rgba, PixelFormat::Rgb];

/// What the boxes of MP4 and MOV have a place for.
const ISOBMFF_FEATURES: &[Feature] = &[
    Feature::Language,
    Feature::TrackTitle,
    Feature::TrackFlags,
    Feature::Rotation,
    Feature::Mirroring,
    Feature::AspectRatio,
    Feature::Hdr,
    Feature::Tags,
    Feature::CreationTime,
    Feature::Chapters,
    Feature::Cover,
    Feature::EarlyStart,
];
/// What the headers of CMAF and the manifests beside them have a place for.
#[cfg(feature = "segments")]
const CMAF_FEATURES: &[Feature] = &[
    Feature::Language,
    Feature::TrackTitle,
    Feature::TrackFlags,
    Feature::Rotation,
    Feature::Mirroring,
    Feature::AspectRatio,
    Feature::Hdr,
];

/// One stream of pictures.
#[cfg(any(feature = "containers", feature = "animation"))]
const ONE_VIDEO: MaxTracks = MaxTracks { video: 1, audio: 0, all: 1 };
/// One stream of sound.
#[cfg(feature = "containers")]
const ONE_AUDIO: MaxTracks = MaxTracks { video: 0, audio: 1, all: 1 };

/// The names and extensions of the containers that a feature of the crate brings.
const OF_A_FEATURE: &[(&[&str], &str)] = &[
    (&["avi", "ivf", "obu", "y4m", "avif", "ogg", "oga", "opus", "wav", "wave", "flac"], "containers"),
    (&["hls", "m3u8", "dash", "mpd"], "segments"),
    (&["gif", "apng", "png"], "animation"),
];

macro_rules! containers {
    ($($(#[$meta:meta])* $name:ident $row:expr,)*) => {
        /// A container format.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Container { $($(#[$meta])* $name,)* }

        impl Container {
            /// Every container.
            #[allow(unused_doc_comments, reason = "they come along with the `cfg` of a container")]
            pub const ALL: &'static [Container] = &[$($(#[$meta])* Container::$name,)*];

            #[allow(unused_doc_comments, reason = "they come along with the `cfg` of a container")]
            fn format(self) -> &'static Format {
                match self {
                    $($(#[$meta])* Container::$name => {
                        const ROW: Format = $row;
                        &ROW
                    })*
                }
            }
        }
    };
}

containers! {
    /// MP4 (ISO/IEC 14496-14); fragmented on sinks that cannot seek.
    Mp4 Format {
        name: "mp4",
        title: "MP4",
        extensions: &["mp4", "m4v", "m4a"],
        video: &[VideoCodec::Av1],
        audio: &[AudioCodec::Opus, AudioCodec::Flac, AudioCodec::Pcm],
        subtitles: &[SubtitleCodec::WebVtt],
        raw: &[],
        layouts: &[Layout::Plain, Layout::FastStart, Layout::Fragmented, Layout::Recoverable],
        features: ISOBMFF_FEATURES,
        tracks: ANY,
        open: isobmff::open,
    },
    /// MOV (the QuickTime File Format), from which MP4 was made: what editing programs and cameras exchange.
    Mov Format {
        name: "mov",
        title: "MOV",
        extensions: &["mov", "qt"],
        video: &[VideoCodec::Mjpeg, VideoCodec::Av1],
        audio: &[AudioCodec::Pcm],
        subtitles: &[],
        raw: &[],
        layouts: &[Layout::Plain, Layout::Fragmented],
        features: ISOBMFF_FEATURES,
        tracks: ANY,
        open: isobmff::open,
    },
    /// Matroska (RFC 9559); live form on sinks that cannot seek.
    Matroska Format {
        name: "matroska",
        title: "Matroska",
        extensions: &["mkv", "mka", "mks"],
        video: &[VideoCodec::Av1, VideoCodec::Mjpeg, VideoCodec::Raw],
        audio: &[AudioCodec::Opus, AudioCodec::Flac, AudioCodec::Pcm],
        subtitles: &[SubtitleCodec::WebVtt],
        raw: PixelFormat::YUV,
        layouts: &[Layout::Plain, Layout::FastStart, Layout::Live],
        features: Feature::ALL,
        tracks: ANY,
        open: matroska::open,
    },
    /// WebM, the subset of Matroska that browsers play.
    WebM Format {
        name: "webm",
        title: "WebM",
        extensions: &["webm", "weba"],
        video: &[VideoCodec::Av1],
        audio: &[AudioCodec::Opus],
        subtitles: &[SubtitleCodec::WebVtt],
        raw: &[],
        layouts: &[Layout::Plain, Layout::FastStart, Layout::Live],
        features: &[
            Feature::Language,
            Feature::TrackTitle,
            Feature::TrackFlags,
            Feature::Rotation,
            Feature::Mirroring,
            Feature::AspectRatio,
            Feature::Hdr,
            Feature::Alpha,
            Feature::Tags,
            Feature::CreationTime,
            Feature::Chapters,
            Feature::EarlyStart,
        ],
        tracks: ANY,
        open: matroska::open,
    },
    /// HTTP Live Streaming (RFC 8216): playlists beside segments of CMAF.
    #[cfg(feature = "segments")]
    Hls Format {
        name: "hls",
        title: "HLS",
        extensions: &["m3u8"],
        video: &[VideoCodec::Av1],
        audio: &[AudioCodec::Opus, AudioCodec::Flac],
        subtitles: &[SubtitleCodec::WebVtt],
        raw: &[],
        layouts: &[Layout::Segments, Layout::ByteRanges],
        features: CMAF_FEATURES,
        tracks: ANY,
        open: cmaf::open,
    },
    /// MPEG-DASH (ISO/IEC 23009-1): a description beside segments of CMAF.
    #[cfg(feature = "segments")]
    Dash Format {
        name: "dash",
        title: "DASH",
        extensions: &["mpd"],
        video: &[VideoCodec::Av1],
        audio: &[AudioCodec::Opus, AudioCodec::Flac],
        subtitles: &[SubtitleCodec::WebVtt],
        raw: &[],
        layouts: &[Layout::Segments, Layout::ByteRanges],
        features: CMAF_FEATURES,
        tracks: ANY,
        open: cmaf::open,
    },
    /// AVI (RIFF, OpenDML 1.02), of any size.
    #[cfg(feature = "containers")]
    Avi Format {
        name: "avi",
        title: "AVI",
        extensions: &["avi"],
        video: &[VideoCodec::Mjpeg, VideoCodec::Raw],
        audio: &[AudioCodec::Pcm],
        subtitles: &[],
        raw: AVI_RAW,
        layouts: &[Layout::Plain],
        features: &[
            Feature::TrackTitle,
            Feature::AspectRatio,
            Feature::Tags,
            Feature::CreationTime,
            Feature::EarlyStart,
        ],
        tracks: MaxTracks { video: 100, audio: 100, all: 100 },
        open: avi::open,
    },
    /// IVF: AV1 frames with their times, as codec tools exchange them.
    #[cfg(feature = "containers")]
    Ivf Format {
        name: "ivf",
        title: "IVF",
        extensions: &["ivf"],
        video: &[VideoCodec::Av1],
        audio: &[],
        subtitles: &[],
        raw: &[],
        layouts: &[Layout::Plain, Layout::Live],
        features: &[],
        tracks: ONE_VIDEO,
        open: elementary::open_ivf,
    },
    /// The low-overhead bitstream format of AV1 (its specification, 5), which has no times.
    #[cfg(feature = "containers")]
    Obu Format {
        name: "obu",
        title: "AV1 OBU stream",
        extensions: &["obu"],
        video: &[VideoCodec::Av1],
        audio: &[],
        subtitles: &[],
        raw: &[],
        layouts: &[Layout::Live],
        features: &[],
        tracks: ONE_VIDEO,
        open: elementary::open_obu,
    },
    /// YUV4MPEG2: uncompressed frames of a constant rate.
    #[cfg(feature = "containers")]
    Y4m Format {
        name: "y4m",
        title: "YUV4MPEG2",
        extensions: &["y4m"],
        video: &[VideoCodec::Raw],
        audio: &[],
        subtitles: &[],
        raw: PixelFormat::YUV,
        layouts: &[Layout::Live],
        features: &[Feature::AspectRatio],
        tracks: ONE_VIDEO,
        open: elementary::open_y4m,
    },
    /// AVIF (AV1 Image File Format): a still picture, or an image sequence where there are several; both with alpha.
    #[cfg(feature = "containers")]
    Avif Format {
        name: "avif",
        title: "AVIF",
        extensions: &["avif"],
        video: &[VideoCodec::Av1],
        audio: &[],
        subtitles: &[],
        raw: &[],
        layouts: &[Layout::Plain, Layout::Live],
        features: &[Feature::Rotation, Feature::Mirroring, Feature::AspectRatio, Feature::Hdr, Feature::Alpha],
        tracks: ONE_VIDEO,
        open: avif::open,
    },
    /// GIF (89a): 256 colours a frame, hundredths of a second, at most 50 frames a second.
    #[cfg(feature = "animation")]
    Gif Format {
        name: "gif",
        title: "GIF",
        extensions: &["gif"],
        video: &[VideoCodec::Raw],
        audio: &[],
        subtitles: &[],
        raw: RGB,
        layouts: &[Layout::Live],
        features: &[Feature::EarlyStart],
        tracks: ONE_VIDEO,
        open: gif::open,
    },
    /// APNG (PNG, third edition): a PNG picture, or an animation where there are several. Lossless.
    #[cfg(feature = "animation")]
    Apng Format {
        name: "apng",
        title: "APNG",
        extensions: &["apng", "png"],
        video: &[VideoCodec::Raw],
        audio: &[],
        subtitles: &[],
        raw: RGB,
        layouts: &[Layout::Plain],
        features: &[Feature::EarlyStart],
        tracks: ONE_VIDEO,
        open: apng::open,
    },
    /// Ogg (RFC 3533): one stream of sound, on any sink.
    #[cfg(feature = "containers")]
    Ogg Format {
        name: "ogg",
        title: "Ogg",
        extensions: &["ogg", "oga", "opus"],
        video: &[],
        audio: &[AudioCodec::Opus, AudioCodec::Flac],
        subtitles: &[],
        raw: &[],
        layouts: &[Layout::Live],
        features: &[Feature::Language, Feature::Tags, Feature::Chapters, Feature::Cover, Feature::EarlyStart],
        tracks: ONE_AUDIO,
        open: ogg::open,
    },
    /// WAV; RF64 past 4 GiB, and of unknown length on sinks that cannot seek.
    #[cfg(feature = "containers")]
    Wav Format {
        name: "wav",
        title: "WAV",
        extensions: &["wav", "wave"],
        video: &[],
        audio: &[AudioCodec::Pcm],
        subtitles: &[],
        raw: &[],
        layouts: &[Layout::Plain, Layout::Live],
        features: &[Feature::Tags, Feature::Chapters, Feature::EarlyStart],
        tracks: ONE_AUDIO,
        open: wav::open,
    },
    /// FLAC (RFC 9639) by itself; without totals on sinks that cannot seek.
    #[cfg(feature = "containers")]
    Flac Format {
        name: "flac",
        title: "FLAC",
        extensions: &["flac"],
        video: &[],
        audio: &[AudioCodec::Flac],
        subtitles: &[],
        raw: &[],
        layouts: &[Layout::Plain, Layout::Live],
        features: &[Feature::Language, Feature::Tags, Feature::Chapters, Feature::Cover],
        tracks: ONE_AUDIO,
        open: flac::open,
    },
}

impl Container {
    /// The name used in options.
    pub fn name(self) -> &'static str {
        self.format().name
    }

    /// Its name in texts.
    pub fn title(self) -> &'static str {
        self.format().title
    }

    /// The file name extensions that choose it, the usual one first.
    pub fn extensions(self) -> &'static [&'static str] {
        self.format().extensions
    }

    /// The container for a file name extension, in either case.
    pub fn from_extension(extension: &str) -> Option<Self> {
        let extension = extension.to_ascii_lowercase();
        Container::ALL.iter().copied().find(|container| container.extensions().contains(&extension.as_str()))
    }

    /// The video codecs that it takes, the usual one first.
    pub fn video_codecs(self) -> &'static [VideoCodec] {
        self.format().video
    }

    /// The audio codecs that it takes, the usual one first.
    pub fn audio_codecs(self) -> &'static [AudioCodec] {
        self.format().audio
    }

    /// The subtitle codecs that it takes, the usual one first.
    pub fn subtitle_codecs(self) -> &'static [SubtitleCodec] {
        self.format().subtitles
    }

    /// The video codec that a stream has when nothing is said: the usual one that this build has. `None` where it takes no
    /// video.
    pub fn default_video_codec(self) -> Option<VideoCodec> {
        let codecs = self.video_codecs();
        codecs.iter().find(|codec| codec.left_out().is_none()).or(codecs.first()).copied()
    }

    /// The audio codec that a stream has when nothing is said: the usual one that this build has. `None` where it takes no
    /// audio.
    pub fn default_audio_codec(self) -> Option<AudioCodec> {
        let codecs = self.audio_codecs();
        codecs.iter().find(|codec| codec.left_out().is_none()).or(codecs.first()).copied()
    }

    /// The layouts that it can be written in, the usual one first.
    pub fn layouts(self) -> &'static [Layout] {
        self.format().layouts
    }

    /// What it can say.
    pub fn features(self) -> &'static [Feature] {
        self.format().features
    }

    /// Whether a track of this video codec can be written to it.
    pub fn takes_video(self, codec: VideoCodec) -> bool {
        self.video_codecs().contains(&codec)
    }

    /// Whether a track of this audio codec can be written to it.
    pub fn takes_audio(self, codec: AudioCodec) -> bool {
        self.audio_codecs().contains(&codec)
    }

    /// Whether a track of this subtitle codec can be written to it.
    pub fn takes_subtitles(self, codec: SubtitleCodec) -> bool {
        self.subtitle_codecs().contains(&codec)
    }

    /// The pixel formats that uncompressed pictures may have, the usual one first; none where it takes no such pictures.
    pub fn raw_formats(self) -> &'static [PixelFormat] {
        self.format().raw
    }

    pub(super) fn max_tracks(self) -> &'static MaxTracks {
        &self.format().tracks
    }

    /// Makes its muxer.
    pub(super) fn open(self, settings: &MuxSettings) -> Result<Box<dyn Muxer>> {
        (self.format().open)(self, settings)
    }
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Container {
    type Err = Error;

    /// A name or a file name extension.
    fn from_str(text: &str) -> Result<Self> {
        let named = Container::ALL.iter().copied().find(|container| container.name() == text);
        named.or_else(|| Container::from_extension(text)).ok_or_else(|| {
            // Only those are here still whose feature is off.
            if let Some((_, feature)) = OF_A_FEATURE.iter().find(|(names, _)| names.contains(&text)) {
                return Error::left_out("container", format_args!("`{text}`"), feature);
            }
            let names: Vec<_> = Container::ALL.iter().map(|container| container.name()).collect();
            Error::option("container", format_args!("`{text}`"), format_args!("use one of {}", names.join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_extensions_are_unique() {
        // Whatever is parsed as a container means one: no word is of two. A name may be an extension of its own.
        let mut meaning = std::collections::BTreeMap::new();
        for &container in Container::ALL {
            for &word in container.extensions().iter().chain([&container.name()]) {
                let before = meaning.insert(word, container);
                assert!(before.is_none_or(|before| before == container), "`{word}` is {before:?} and {container:?}");
            }
            let mut extensions = container.extensions().to_vec();
            extensions.sort_unstable();
            extensions.dedup();
            assert_eq!(extensions.len(), container.extensions().len(), "{container}");
        }
        for container in Container::ALL {
            assert_eq!(container.name().parse::<Container>().unwrap(), *container);
            for extension in container.extensions() {
                assert_eq!(Container::from_extension(&extension.to_uppercase()), Some(*container), "{extension}");
            }
            assert!(!container.layouts().is_empty());
        }
    }
}
