//! What a container says about a track.

use super::color::Color;
use super::config::CodecConfig;
use super::hdr::Hdr;
use super::orientation::{AspectRatio, Orientation};
use super::time::{FrameRate, TimeBase};

/// One track of a file.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Track {
    /// Video, audio or subtitles, with what only that has.
    pub kind: TrackKind,
    /// The codec and its parameters.
    pub config: CodecConfig,
    /// The unit of every time of its packets. Of audio it is one over the sample rate (Opus: 48,000).
    pub time_base: TimeBase,
    /// What who chooses among tracks goes by.
    pub labels: TrackLabels,
}

/// What a track says of itself to players and people that choose among tracks.
///
/// ```
/// use framewright::media::TrackLabels;
/// let labels = TrackLabels::new().language("fr-CA").title("Commentaire").default_track(false);
/// assert_eq!(labels.language, "fr-CA");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrackLabels {
    /// Language by ISO 639-2 (`deu`) or BCP 47 (`pt-BR`); `und` where it is not known.
    pub language: String,
    /// A name for people, as in "Director's commentary".
    pub title: Option<String>,
    /// Whether players take it unless told otherwise; `None`: the first track of each kind is the one.
    pub default: Option<bool>,
    /// Whether players show it even to who has subtitles off: signs, foreign speech.
    pub forced: bool,
    /// Tracks of one group are alternatives, of which one is played; `None`: all audio tracks are one group, and all
    /// subtitle tracks are. 0: an alternative to none.
    pub alternate_group: Option<u16>,
}

/// Video, audio or subtitles.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TrackKind {
    /// A video track.
    Video(VideoTrack),
    /// An audio track.
    Audio(AudioTrack),
    /// A track of cues: text that is shown for a while ([`Cue`](super::Cue)).
    Subtitle,
}

/// What only a video track has.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct VideoTrack {
    /// Width to show, in pixels of the coded picture, before it is turned.
    pub width: u32,
    /// Height to show, in pixels of the coded picture, before it is turned.
    pub height: u32,
    /// Width of the coded picture. Where it is more than [`width`](Self::width), the surplus is padding at the right.
    pub coded_width: u32,
    /// Height of the coded picture; the surplus is at the bottom.
    pub coded_height: u32,
    /// The colour.
    pub color: Color,
    /// What HDR displays want to know.
    pub hdr: Hdr,
    /// How the picture is turned and mirrored to be shown.
    pub orientation: Orientation,
    /// The shape of a pixel.
    pub sample_aspect_ratio: AspectRatio,
    /// The constant frame rate; `None` where frames have time stamps of their own.
    pub frame_rate: Option<FrameRate>,
    /// Of a track with transparency: the configuration of the pictures in [`Packet::alpha`](super::Packet::alpha).
    pub alpha: Option<CodecConfig>,
}

/// What only an audio track has.
#[derive(Clone, Debug, PartialEq)]
pub struct AudioTrack {
    /// Samples a second of the decoder's output.
    pub sample_rate: u32,
    /// 1 to 8.
    pub channels: u8,
}

impl Track {
    /// A track that says nothing of its language or name.
    pub fn new(kind: TrackKind, config: CodecConfig, time_base: TimeBase) -> Self {
        Track { kind, config, time_base, labels: TrackLabels::default() }
    }

    /// Its video part, where it has one.
    pub fn video(&self) -> Option<&VideoTrack> {
        match &self.kind {
            TrackKind::Video(video) => Some(video),
            _ => None,
        }
    }

    /// Its audio part, where it has one.
    pub fn audio(&self) -> Option<&AudioTrack> {
        match &self.kind {
            TrackKind::Audio(audio) => Some(audio),
            _ => None,
        }
    }

    /// Whether it is a track of cues.
    pub fn is_subtitle(&self) -> bool {
        self.kind == TrackKind::Subtitle
    }
}

impl VideoTrack {
    /// A track whose pictures are shown whole, as they are, in BT.709, with frames at times of their own.
    pub fn new(width: u32, height: u32) -> Self {
        VideoTrack {
            width,
            height,
            coded_width: width,
            coded_height: height,
            color: Color::BT709,
            hdr: Hdr::default(),
            orientation: Orientation::default(),
            sample_aspect_ratio: AspectRatio::SQUARE,
            frame_rate: None,
            alpha: None,
        }
    }
}

impl Default for TrackLabels {
    fn default() -> Self {
        TrackLabels { language: "und".into(), title: None, default: None, forced: false, alternate_group: None }
    }
}

impl TrackLabels {
    /// A track of unknown language without a name.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets [`language`](Self::language).
    pub fn language(mut self, language: impl Into<String>) -> Self {
        self.language = language.into();
        self
    }

    /// Sets [`title`](Self::title).
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Sets [`default`](field@Self::default).
    pub fn default_track(mut self, default: bool) -> Self {
        self.default = Some(default);
        self
    }

    /// Sets [`forced`](Self::forced).
    pub fn forced(mut self, forced: bool) -> Self {
        self.forced = forced;
        self
    }

    /// Sets [`alternate_group`](Self::alternate_group).
    pub fn alternate_group(mut self, group: u16) -> Self {
        self.alternate_group = Some(group);
        self
    }
}
