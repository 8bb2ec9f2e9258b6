//! Options of a video stream.

use super::extra::{Av1Extra, MjpegExtra};
use super::labels::{self, label_setters};
use super::{
    Entry, OptionInfo, boolean, check_feature, check_labels, check_range, not_taken, number, set_with_labels, size,
};
use crate::codec::av1::{self, Av1Settings, RateControl, SceneDetection};
use crate::codec::mjpeg::MjpegSettings;
use crate::codec::raw::RawSettings;
use crate::convert::picture::{Fit, PictureTarget};
use crate::error::{Error, Result};
use crate::media::{
    AspectRatio, Color, ColorRange, ContentLightLevel, FrameRate, Hdr, MasteringDisplay, Orientation, PixelFormat,
    TimeBase, TrackLabels, TransferCharacteristics, VideoCodec,
};
use crate::mux::{Container, Feature};

/// The largest picture: that of AV1's highest level (6.3).
const MAX_SIDE: u32 = 16_384;
const MAX_AREA: u64 = 16_384 * 8_704;
/// What the luma of an alpha plane is.
const ALPHA_COLOR: Color = Color { range: ColorRange::Full, ..Color::BT709 };
/// sRGB, from frames of limited range unless they say another.
const SCREEN_COLOR: Color = Color { transfer: TransferCharacteristics::Srgb, ..Color::BT709 };
/// From here up, a frame rate needs no finer time base than its own numerator.
const FINE_ENOUGH: u32 = 10_000;

/// Options of a video stream: typed setters, or [`set`](Self::set) by name.
///
/// ```
/// use framewright::{PixelFormat, VideoOptions};
///
/// let typed = VideoOptions::new(1280, 720).frame_rate(29.97).crf(28).pixel_format(PixelFormat::Yuv420p10);
/// let mut by_name = VideoOptions::new(1280, 720);
/// for (name, value) in [("frame_rate", "29.97"), ("crf", "28"), ("pixel_format", "yuv420p10")] {
///     by_name.set(name, value)?;
/// }
/// assert_eq!(typed, by_name);
/// # Ok::<(), framewright::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct VideoOptions {
    width: u32,
    height: u32,
    frame_rate: FrameRate,
    time_base: Option<TimeBase>,
    codec: Option<VideoCodec>,
    pixel_format: Option<PixelFormat>,
    crf: Option<u8>,
    preset: Option<u8>,
    bit_rate: Option<u32>,
    keyframe_interval: Option<u32>,
    tiles: Option<u32>,
    threads: usize,
    color: Option<Color>,
    range: Option<ColorRange>,
    low_latency: Option<bool>,
    out_size: Option<(u32, u32)>,
    fit: Option<Fit>,
    orientation: Orientation,
    sample_aspect_ratio: AspectRatio,
    hdr: Hdr,
    alpha: bool,
    labels: TrackLabels,
    extra: Vec<(String, String)>,
}

static TABLE: &[Entry<VideoOptions>] = &[
    Entry::new("frame_rate", "frames a second", "30, 29.97 (means 30000/1001) or 30000/1001", "30", |o, v| {
        o.frame_rate = v.parse()?;
        Ok(())
    }),
    Entry::new(
        "time_base",
        "unit of the frames' own time stamps; makes the frame rate variable",
        "1/90000, that is one over ticks a second",
        "constant frame rate",
        |o, v| {
            let refuse = || Error::option("time_base", format_args!("`{v}`"), "write it as 1/90000");
            let (num, den) = v.split_once('/').ok_or_else(refuse)?;
            o.time_base = Some(TimeBase::new(
                num.trim().parse().map_err(|_| refuse())?,
                den.trim().parse().map_err(|_| refuse())?,
            )?);
            Ok(())
        },
    ),
    Entry::new("codec", "the video codec", "av1, mjpeg, raw", "by container", |o, v| {
        o.codec = Some(v.parse()?);
        Ok(())
    }),
    Entry::new(
        "pixel_format",
        "chroma subsampling and bit depth",
        "yuv420p, yuv422p, yuv444p, gray, yuv420p10, yuv422p10, yuv444p10, gray10; for raw also rgb, rgba",
        "by container: yuv420p",
        |o, v| {
            o.pixel_format = Some(v.parse()?);
            Ok(())
        },
    ),
    Entry::new("crf", "constant quality, lower is better (av1)", "0 to 63", "30", |o, v| {
        o.crf = Some(number("crf", v, "a number from 0 to 63")?);
        Ok(())
    }),
    Entry::new("preset", "speed: 0 is slowest and smallest, 10 fastest (av1)", "0 to 10", "10", |o, v| {
        o.preset = Some(number("preset", v, "a number from 0 to 10")?);
        Ok(())
    }),
    Entry::new("bit_rate", "average bits a second instead of a crf (av1)", "1000 to 2000000000", "none", |o, v| {
        o.bit_rate = Some(bit_rate("bit_rate", v)?);
        Ok(())
    }),
    Entry::new(
        "keyframe_interval",
        "frames from key frame to key frame at most (av1)",
        "1 to 100000",
        "240",
        |o, v| {
            o.keyframe_interval = Some(number("keyframe_interval", v, "a number from 1 to 100000")?);
            Ok(())
        },
    ),
    Entry::new(
        "tiles",
        "tiles a frame, which are encoded side by side (av1)",
        "1 to 64",
        "by the frame's size",
        |o, v| {
            o.tiles = Some(number("tiles", v, "a number from 1 to 64")?);
            Ok(())
        },
    ),
    Entry::new("threads", "worker threads; the bytes do not depend on it", "0 (all cores) to 256", "0", |o, v| {
        o.threads = number("threads", v, "a number from 0 to 256")?;
        Ok(())
    }),
    Entry::new(
        "color",
        "primaries, transfer, matrix and range: what frames are converted to and the file says",
        "bt709, bt601, jpeg, bt2020, pq, hlg, each with /full or /limited if wanted; or primaries/transfer/matrix/range",
        "bt709 from 720 lines up, else bt601",
        |o, v| {
            o.color = Some(v.parse()?);
            Ok(())
        },
    ),
    Entry::new("range", "the range of the colour alone", "limited, full", "limited", |o, v| {
        o.range = Some(v.parse()?);
        Ok(())
    }),
    Entry::new(
        "low_latency",
        "no frames out of order: packets come sooner, and need more bits (av1)",
        "true, false",
        "false",
        |o, v| {
            o.low_latency = Some(boolean("low_latency", v)?);
            Ok(())
        },
    ),
    Entry::new("out_size", "scale the frames to this size", "1x1 to 16384x8704", "the frames' own", |o, v| {
        o.out_size = Some(size("out_size", v)?);
        Ok(())
    }),
    Entry::new("fit", "how frames of other proportions fill out_size", "pad, stretch", "pad", |o, v| {
        o.fit = Some(v.parse()?);
        Ok(())
    }),
    Entry::new(
        "rotate",
        "how players turn the picture, clockwise; the frames stay as they are",
        "0, 90, 180, 270, each with /mirrored if wanted",
        "0",
        |o, v| {
            o.orientation = v.parse()?;
            Ok(())
        },
    ),
    Entry::new("sample_aspect_ratio", "the shape of a pixel, width to height", "as in 16:11", "1:1", |o, v| {
        o.sample_aspect_ratio = v.parse()?;
        Ok(())
    }),
    Entry::new(
        "mastering_display",
        "the display that HDR pictures were graded on (SMPTE ST 2086)",
        "G(x,y)B(x,y)R(x,y)WP(x,y)L(max,min)",
        "none",
        |o, v| {
            o.hdr.mastering = Some(v.parse()?);
            Ok(())
        },
    ),
    Entry::new("content_light", "how bright HDR pictures get, in cd/m²", "MaxCLL,MaxFALL", "none", |o, v| {
        o.hdr.light = Some(v.parse()?);
        Ok(())
    }),
    Entry::new("alpha", "keep the transparency of RGBA frames (av1)", "true, false", "false", |o, v| {
        o.alpha = boolean("alpha", v)?;
        Ok(())
    }),
];

impl VideoOptions {
    /// Frames of `width` x `height` pixels, each side 1 to 16384, at 30 frames a second.
    pub fn new(width: u32, height: u32) -> Self {
        VideoOptions {
            width,
            height,
            frame_rate: FrameRate::new(30, 1),
            time_base: None,
            codec: None,
            pixel_format: None,
            crf: None,
            preset: None,
            bit_rate: None,
            keyframe_interval: None,
            tiles: None,
            threads: 0,
            color: None,
            range: None,
            low_latency: None,
            out_size: None,
            fit: None,
            orientation: Orientation::default(),
            sample_aspect_ratio: AspectRatio::SQUARE,
            hdr: Hdr::default(),
            alpha: false,
            labels: TrackLabels::default(),
            extra: Vec::new(),
        }
    }

    /// Frames a second: `30`, `29.97` (which means 30000/1001) or any [`FrameRate`]. 30 unless said.
    pub fn frame_rate(mut self, rate: impl Into<FrameRate>) -> Self {
        self.frame_rate = rate.into();
        self
    }

    /// Makes the frame rate variable: frames carry time stamps in this unit, which has to be one over a whole number.
    /// The frame rate is then nominal: it is how long the last frame lasts, and what the rate control reckons with.
    ///
    /// A frame lasts at most 2^32 - 1 of these units: 13 hours at 1/90000, 4.29 seconds at a nanosecond.
    pub fn time_base(mut self, base: TimeBase) -> Self {
        self.time_base = Some(base);
        self
    }

    /// The codec; unless said, the container's usual one, which is AV1.
    pub fn codec(mut self, codec: VideoCodec) -> Self {
        self.codec = Some(codec);
        self
    }

    /// Chroma subsampling and bit depth. 8-bit 4:2:0 unless said, which plays everywhere; RGBA in GIF and APNG, which take
    /// that and RGB.
    pub fn pixel_format(mut self, format: PixelFormat) -> Self {
        self.pixel_format = Some(format);
        self
    }

    /// Constant quality from 0 (best) to 63, on the scale that AV1 encoders share. 30 unless said. Nine or ten steps
    /// double or halve the size, roughly. Not together with [`bit_rate`](Self::bit_rate).
    pub fn crf(mut self, crf: u8) -> Self {
        self.crf = Some(crf);
        self
    }

    /// Speed from 0 (slowest, smallest) to 10 (fastest). 10 unless said; 8 takes some three times as long for a fifth
    /// fewer bits, and below 4 little is gained.
    pub fn preset(mut self, preset: u8) -> Self {
        self.preset = Some(preset);
        self
    }

    /// An average of this many bits a second, 1,000 to 2,000,000,000, instead of constant quality.
    pub fn bit_rate(mut self, bits_per_second: u32) -> Self {
        self.bit_rate = Some(bits_per_second);
        self
    }

    /// The most frames from one key frame to the next, 1 to 100,000. 240 unless said. Players seek to key frames, and
    /// each costs bits: one every 30 frames costs some 16% at equal quality.
    pub fn keyframe_interval(mut self, frames: u32) -> Self {
        self.keyframe_interval = Some(frames);
        self
    }

    /// The number of tiles, 1 to 64, which are encoded side by side. Unless said it follows from the frame's size,
    /// never from the number of threads, so that the bytes are the same on every machine. Each costs bits.
    pub fn tiles(mut self, tiles: u32) -> Self {
        self.tiles = Some(tiles);
        self
    }

    /// Worker threads, up to 256; 0, the default, means one for each core. The bytes do not depend on it.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// What RGB frames are converted to, what YUV frames are taken to be, and what the file is tagged with. Unless
    /// said BT.709 from 720 lines up, else BT.601, both limited; in AVIF sRGB by the BT.601 matrix.
    pub fn color(mut self, color: Color) -> Self {
        self.color = Some(color);
        self
    }

    /// The range alone, with the colour's default.
    pub fn range(mut self, range: ColorRange) -> Self {
        self.range = Some(range);
        self
    }

    /// Packets come out after fewer frames, at the price of about half as many bits again.
    pub fn low_latency(mut self, on: bool) -> Self {
        self.low_latency = Some(on);
        self
    }

    /// Scales frames to this size; without it, each frame has to have the stream's own size. With it, frames may have
    /// any size.
    pub fn out_size(mut self, width: u32, height: u32) -> Self {
        self.out_size = Some((width, height));
        self
    }

    /// How frames of other proportions fill [`out_size`](Self::out_size), without which it is refused: padded with black
    /// unless said.
    pub fn fit(mut self, fit: Fit) -> Self {
        self.fit = Some(fit);
        self
    }

    /// How players turn and mirror the picture. The frames stay as they are, and so do width and height, which are those
    /// before it is turned. Upright unless said.
    pub fn rotate(mut self, orientation: Orientation) -> Self {
        self.orientation = orientation;
        self
    }

    /// The shape of a pixel. Square unless said.
    pub fn sample_aspect_ratio(mut self, ratio: AspectRatio) -> Self {
        self.sample_aspect_ratio = ratio;
        self
    }

    /// The display that HDR pictures were graded on. It goes with a colour of PQ or HLG.
    pub fn mastering_display(mut self, display: MasteringDisplay) -> Self {
        self.hdr.mastering = Some(display);
        self
    }

    /// How bright HDR pictures get.
    pub fn content_light(mut self, level: ContentLightLevel) -> Self {
        self.hdr.light = Some(level);
        self
    }

    /// Keeps the transparency of RGBA and BGRA frames, which is straight, not premultiplied; other frames are opaque. It
    /// is encoded as a second picture, which costs time and bits. For AV1, where the container has a place for it; `raw`
    /// pictures have it by their pixel format. Off unless said.
    pub fn alpha(mut self, on: bool) -> Self {
        self.alpha = on;
        self
    }

    label_setters!();

    /// An option that only one codec has; [`extra_table`](Self::extra_table) lists them.
    pub fn extra_option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extra.push((name.into(), value.into()));
        self
    }

    /// Sets an option from strings, as the tool does.
    ///
    /// # Errors
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption) for an unknown name or a value that does not parse. Ranges
    /// are checked in `add_video`, as those of the typed setters are.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        set_with_labels(TABLE, "a video stream", self, |options| &mut options.labels, name, value)
    }

    /// All options that [`set`](Self::set) knows.
    pub fn table() -> impl Iterator<Item = &'static OptionInfo> {
        TABLE.iter().map(|entry| &entry.info).chain(labels::table())
    }

    /// The [extra options](Self::extra_option) of a codec.
    pub fn extra_table(codec: VideoCodec) -> Vec<&'static OptionInfo> {
        match codec {
            VideoCodec::Av1 => Av1Extra::table().collect(),
            VideoCodec::Mjpeg => MjpegExtra::table().collect(),
            VideoCodec::Raw => Vec::new(),
        }
    }

    /// Checks all options, for a container if that is known by now.
    pub(in crate::encoder) fn resolve(&self, container: Option<Container>) -> Result<VideoPlan> {
        let (width, height) = match self.out_size {
            Some(size) => size,
            None => (self.width, self.height),
        };
        check_size("size", self.width, self.height)?;
        check_size("out_size", width, height)?;
        if let (None, Some(fit)) = (self.out_size, self.fit) {
            return Err(Error::option("fit", fit, "it says how frames fill `out_size`: set that too"));
        }
        let (time_base, variable) = match self.time_base {
            Some(base) if base.num() != 1 => {
                return Err(Error::option("time_base", base, "it has to be one over a whole number, as 1/90000"));
            }
            Some(base) => (base, true),
            None => (constant_rate_base(self.frame_rate)?, false),
        };
        check_frame_rate(self.frame_rate, time_base)?;
        check_range("threads", self.threads, 0..=256)?;
        let codec = match (self.codec, container) {
            (Some(codec), Some(container)) if !container.takes_video(codec) => return Err(not_taken(container, codec)),
            (Some(codec), _) => codec,
            (None, Some(container)) => container.default_video_codec().ok_or_else(|| not_taken(container, "video"))?,
            (None, None) if self.pixel_format.is_some_and(PixelFormat::is_rgb) => VideoCodec::Raw,
            (None, None) => VideoCodec::Av1,
        };
        if self.alpha && codec != VideoCodec::Av1 {
            let allowed = format!("{codec} has none: it is for av1; raw pictures have it by a pixel format with alpha");
            return Err(Error::option("alpha", true, allowed));
        }
        check_feature(container, Feature::Rotation, self.orientation.quarter_turns != 0)?;
        check_feature(container, Feature::Mirroring, self.orientation.mirrored)?;
        check_feature(container, Feature::AspectRatio, !self.sample_aspect_ratio.is_square())?;
        check_feature(container, Feature::Hdr, self.hdr != Hdr::default())?;
        check_feature(container, Feature::Alpha, self.alpha)?;
        check_labels(container, &self.labels)?;
        let raw = container.filter(|_| codec == VideoCodec::Raw);
        let usual = raw.and_then(|container| container.raw_formats().first().copied()).unwrap_or(PixelFormat::Yuv420p);
        let format = self.pixel_format.unwrap_or(usual);
        if let Some(container) = raw {
            container.check_raw(format)?;
        }
        let default_color = match codec {
            // What screens show; matrix and range are those of YUV frames that say nothing of them.
            _ if format.is_rgb() => Color { matrix: Color::for_height(height).matrix, ..SCREEN_COLOR },
            // A picture beside others on a screen: sRGB, from which SD is seen to differ. Limited, as Chromium takes every
            // image sequence for that.
            VideoCodec::Av1 if container == Some(Container::Avif) => Color::JPEG.with_range(ColorRange::Limited),
            VideoCodec::Av1 | VideoCodec::Raw => Color::for_height(height),
            VideoCodec::Mjpeg => Color::JPEG,
        };
        let mut color = self.color.unwrap_or(default_color);
        color.range = self.range.unwrap_or(color.range);
        let coded = match codec {
            // The engine takes no smaller pictures: they are padded, and cropped when they are shown.
            VideoCodec::Av1 => (width.max(av1::MIN_SIZE as u32), height.max(av1::MIN_SIZE as u32)),
            VideoCodec::Mjpeg | VideoCodec::Raw => (width, height),
        };
        let engine = match codec {
            VideoCodec::Av1 => VideoEngineSettings::Av1(self.resolve_av1(format, color, coded)?),
            VideoCodec::Mjpeg => VideoEngineSettings::Mjpeg(self.resolve_mjpeg(format, color, coded)?),
            VideoCodec::Raw => VideoEngineSettings::Raw(self.resolve_raw(format, coded)?),
        };
        Ok(VideoPlan {
            input_size: self.out_size.is_none().then_some((self.width, self.height)),
            target: PictureTarget {
                format,
                width: width as usize,
                height: height as usize,
                coded_width: coded.0 as usize,
                coded_height: coded.1 as usize,
                color,
                fit: self.fit.unwrap_or_default(),
            },
            codec,
            engine,
            frame_rate: self.frame_rate,
            variable,
            time_base,
            alpha: self.alpha.then(|| self.resolve_alpha(format, coded)).transpose()?,
            orientation: self.orientation,
            sample_aspect_ratio: self.sample_aspect_ratio,
            hdr: self.hdr,
            labels: self.labels.clone(),
            early_start: container.is_none_or(|container| container.features().contains(&Feature::EarlyStart)),
            threads: self.threads,
            bit_rate: self.bit_rate,
        })
    }

    fn resolve_av1(&self, format: PixelFormat, color: Color, coded: (u32, u32)) -> Result<Av1Settings> {
        let rate_control = match (self.crf, self.bit_rate) {
            (Some(crf), Some(_)) => {
                return Err(Error::option(
                    "crf",
                    crf,
                    "it does not go together with `bit_rate`: leave one of them out",
                ));
            }
            (None, Some(bits)) => RateControl::BitRate {
                bits_per_second: check_range("bit_rate", bits, 1_000..=2_000_000_000)?,
                min_quantizer: 0,
                reservoir_frames: None,
            },
            (crf, None) => RateControl::Crf(check_range("crf", crf.unwrap_or(30), 0..=63)?),
        };
        let defaults = Av1Settings::new(format, coded.0 as usize, coded.1 as usize, self.frame_rate, color);
        let keyframe_interval = self.keyframe_interval.unwrap_or(defaults.keyframe_interval);
        let settings = Av1Settings {
            rate_control,
            preset: check_range("preset", self.preset.unwrap_or(defaults.preset), 0..=10)?,
            keyframe_interval: check_range("keyframe_interval", keyframe_interval, 1..=100_000)?,
            tiles: self.tiles.map(|tiles| check_range("tiles", tiles, 1..=64)).transpose()?,
            threads: self.threads,
            low_latency: self.low_latency.unwrap_or(defaults.low_latency),
            hdr: self.hdr,
            ..defaults
        };
        let settings = Av1Extra::apply(settings, &self.extra)?;
        settings.validate()?;
        Ok(settings)
    }

    /// The alpha plane is a stream of its own, of luma alone in full range, at the depth of the pictures. Its key frames
    /// are where those of the pictures are, so it looks for none.
    fn resolve_alpha(&self, format: PixelFormat, coded: (u32, u32)) -> Result<Av1Settings> {
        let gray = if format.bit_depth() > 8 { PixelFormat::Gray10 } else { PixelFormat::Gray };
        let settings = self.resolve_av1(gray, ALPHA_COLOR, coded)?;
        Ok(Av1Settings { scene_detection: SceneDetection::Off, hdr: Hdr::default(), ..settings })
    }

    fn resolve_raw(&self, format: PixelFormat, coded: (u32, u32)) -> Result<RawSettings> {
        self.refuse_coding_options("raw has no such option: nothing is compressed")?;
        if let Some((name, value)) = self.extra.first() {
            return Err(Error::option(name, format_args!("`{value}`"), "raw has no extra options"));
        }
        Ok(RawSettings { format, width: coded.0 as usize, height: coded.1 as usize })
    }

    /// Refuses the options of coding, for a codec that has none of them.
    fn refuse_coding_options(&self, why: &str) -> Result<()> {
        let given = [
            ("crf", self.crf.map(u64::from)),
            ("preset", self.preset.map(u64::from)),
            ("bit_rate", self.bit_rate.map(u64::from)),
            ("keyframe_interval", self.keyframe_interval.map(u64::from)),
            ("tiles", self.tiles.map(u64::from)),
            ("low_latency", self.low_latency.map(u64::from)),
        ];
        if let Some((name, value)) = given.iter().find_map(|(name, value)| value.map(|value| (name, value))) {
            return Err(Error::option(name, value, why));
        }
        Ok(())
    }

    fn resolve_mjpeg(&self, format: PixelFormat, color: Color, coded: (u32, u32)) -> Result<MjpegSettings> {
        self.refuse_coding_options("mjpeg has no such option; its quality is the extra option `quality`")?;
        if format.bit_depth() != 8 || format.is_rgb() {
            return Err(Error::option(
                "pixel_format",
                format,
                "mjpeg has 8 bits: use yuv420p, yuv422p, yuv444p or gray",
            ));
        }
        if color.range != ColorRange::Full || color.matrix.luma_weights() != Color::JPEG.matrix.luma_weights() {
            return Err(Error::option("color", color, "mjpeg is always of the BT.601 matrix in full range: use jpeg"));
        }
        let settings = MjpegSettings { format, width: coded.0 as usize, height: coded.1 as usize, quality: 90 };
        MjpegExtra::apply(settings, &self.extra)
    }
}

/// [`VideoOptions`] that cannot be wrong.
#[derive(Clone)]
pub(in crate::encoder) struct VideoPlan {
    /// The size that frames have to have, unless they are scaled.
    pub input_size: Option<(u32, u32)>,
    pub target: PictureTarget,
    pub codec: VideoCodec,
    pub engine: VideoEngineSettings,
    pub frame_rate: FrameRate,
    pub variable: bool,
    pub time_base: TimeBase,
    /// Of the alpha plane, where it is kept.
    pub alpha: Option<Av1Settings>,
    pub orientation: Orientation,
    pub sample_aspect_ratio: AspectRatio,
    pub hdr: Hdr,
    pub labels: TrackLabels,
    /// Whether frames may have times before 0.
    pub early_start: bool,
    pub threads: usize,
    pub bit_rate: Option<u32>,
}

/// What an engine is made from.
#[derive(Clone)]
pub(in crate::encoder) enum VideoEngineSettings {
    Av1(Av1Settings),
    Mjpeg(MjpegSettings),
    Raw(RawSettings),
}

fn check_size(name: &str, width: u32, height: u32) -> Result<()> {
    let fits = (1..=MAX_SIDE).contains(&width)
        && (1..=MAX_SIDE).contains(&height)
        && u64::from(width) * u64::from(height) <= MAX_AREA;
    if fits {
        return Ok(());
    }
    let allowed =
        format_args!("each side has 1 to {MAX_SIDE} pixels, and both together at most {MAX_AREA}").to_string();
    Err(Error::option(name, format_args!("{width}x{height}"), allowed))
}

/// The time base of a constant rate: its numerator, times a power of two where that alone is coarse, so that each
/// frame begins on a tick exactly.
fn constant_rate_base(rate: FrameRate) -> Result<TimeBase> {
    if !rate.is_valid() {
        return Err(Error::option("frame_rate", rate, "from 1/3600 to 1000 frames a second"));
    }
    let mut ticks = rate.num();
    while ticks < FINE_ENOUGH {
        ticks *= 2;
    }
    TimeBase::new(1, ticks)
}

/// A frame of the rate has to last from one tick to what a packet can say.
fn check_frame_rate(rate: FrameRate, base: TimeBase) -> Result<()> {
    let per_hour = u64::from(rate.num()) * 3_600 >= u64::from(rate.den());
    let below_limit = u64::from(rate.num()) <= u64::from(rate.den()) * 1_000;
    if !rate.is_valid() || !per_hour || !below_limit {
        return Err(Error::option("frame_rate", rate, "from 1/3600 to 1000 frames a second"));
    }
    // Ticks a frame: (den / num) / (base.num / base.den).
    let ticks = u128::from(rate.den()) * u128::from(base.den());
    let unit = u128::from(rate.num()) * u128::from(base.num());
    if ticks < unit || ticks / unit >= u128::from(u32::MAX) {
        let allowed =
            format_args!("with a time base of {base}, a frame has to last 1 to {} ticks", u32::MAX).to_string();
        return Err(Error::option("frame_rate", rate, allowed));
    }
    Ok(())
}

/// Parses a bit rate: plain, or with `k` or `M`.
pub(super) fn bit_rate(name: &str, text: &str) -> Result<u32> {
    let allowed = "write bits a second: 2500000, 2500k or 2.5M";
    let (digits, factor) = match text.trim().char_indices().last() {
        Some((end, 'k' | 'K')) => (&text.trim()[..end], 1e3),
        Some((end, 'm' | 'M')) => (&text.trim()[..end], 1e6),
        _ => (text.trim(), 1.0),
    };
    let value = number::<f64>(name, digits, allowed)? * factor;
    if (0.0..=f64::from(u32::MAX)).contains(&value) {
        Ok(value.round() as u32)
    } else {
        Err(Error::option(name, format_args!("`{text}`"), allowed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn refused(options: VideoOptions, words: &[&str]) {
        let error = options.resolve(None).err().expect("has to be refused");
        assert_eq!(error.kind(), ErrorKind::InvalidOption, "{error}");
        words.iter().for_each(|word| assert!(error.to_string().contains(word), "{error} lacks {word}"));
    }

    #[test]
    fn each_bad_value_is_named_with_what_is_allowed() {
        let options = || VideoOptions::new(64, 48);
        assert!(options().resolve(None).is_ok());
        refused(VideoOptions::new(0, 48), &["size", "0x48"]);
        refused(VideoOptions::new(16_384, 16_384), &["size"]);
        refused(options().out_size(16_385, 1), &["out_size"]);
        refused(options().crf(64), &["crf", "64", "0 to 63"]);
        refused(options().preset(11), &["preset", "11", "0 to 10"]);
        refused(options().bit_rate(999), &["bit_rate", "999"]);
        refused(options().crf(30).bit_rate(100_000), &["crf", "bit_rate"]);
        refused(options().keyframe_interval(0), &["keyframe_interval"]);
        refused(options().tiles(65), &["tiles", "65"]);
        refused(options().threads(257), &["threads"]);
        refused(options().frame_rate(f64::NAN), &["frame_rate"]);
        refused(options().frame_rate(0), &["frame_rate"]);
        refused(options().frame_rate(FrameRate::new(u32::MAX, 1)), &["frame_rate"]);
        refused(options().frame_rate(FrameRate::new(1, u32::MAX)), &["frame_rate"]);
        refused(options().time_base(TimeBase::new(2, 25).unwrap()), &["time_base"]);
        refused(options().time_base(TimeBase::per_second(20)), &["frame_rate", "1/20"]);
        refused(options().time_base(TimeBase::NANOSECONDS).frame_rate(0.2), &["frame_rate", "ticks"]);
        refused(options().fit(Fit::Stretch), &["fit", "out_size"]);
        refused(options().extra_option("sharpness", "1"), &["sharpness", "av1"]);
        refused(options().codec(VideoCodec::Raw).alpha(true), &["alpha", "raw"]);
        let mjpeg = || options().codec(VideoCodec::Mjpeg);
        assert!(mjpeg().resolve(None).is_ok());
        refused(mjpeg().crf(20), &["crf", "mjpeg"]);
        refused(mjpeg().pixel_format(PixelFormat::Yuv420p10), &["pixel_format", "8 bits"]);
        refused(mjpeg().pixel_format(PixelFormat::Rgb), &["pixel_format", "rgb", "yuv420p"]);
        refused(mjpeg().color(Color::BT709), &["color", "jpeg"]);
        refused(options().codec(VideoCodec::Av1).pixel_format(PixelFormat::Rgba), &["pixel_format", "rgba", "yuv444p"]);
        assert!(options().pixel_format(PixelFormat::Rgba).resolve(None).is_ok());
        assert_eq!(mjpeg().resolve(Some(Container::Mp4)).err().unwrap().kind(), ErrorKind::Unsupported);
    }

    #[test]
    fn the_table_reaches_every_field_and_states_the_defaults() {
        let values = [
            "24000/1001",
            "1/1000",
            "mjpeg",
            "gray",
            "12",
            "3",
            "2.5M",
            "99",
            "4",
            "2",
            "bt709",
            "full",
            "true",
            "32x24",
            "stretch",
            "90",
            "16:11",
            "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)",
            "1000,400",
            "true",
            "de",
            "Angle 2",
            "true",
            "true",
            "7",
        ];
        let defaults = VideoOptions::new(64, 48);
        for (info, value) in VideoOptions::table().zip(values) {
            let mut options = defaults.clone();
            options.set(info.name, value).unwrap();
            assert_ne!(options, defaults, "{} changed nothing", info.name);
            options.set(&info.name.replace('_', "-"), value).unwrap();
            let is_text = ["language", "title"].contains(&info.name);
            assert!(is_text || options.set(info.name, "?").is_err(), "{}", info.name);
        }
        assert_eq!(VideoOptions::table().count(), values.len());
        assert!(defaults.clone().set("sharpness", "1").is_err());
        for (text, bits) in [("800k", 800_000), ("2.5M", 2_500_000), ("64000", 64_000)] {
            assert_eq!(bit_rate("bit_rate", text).unwrap(), bits);
        }
        ["", "k", "-1", "1e99M", "NaN"].iter().for_each(|text| assert!(bit_rate("bit_rate", text).is_err()));
    }

    #[cfg(feature = "animation")]
    #[test]
    fn animations_are_of_red_green_and_blue() {
        for container in [Container::Gif, Container::Apng] {
            let plan = VideoOptions::new(64, 48).resolve(Some(container)).unwrap();
            assert_eq!((plan.codec, plan.target.format), (VideoCodec::Raw, PixelFormat::Rgba));
            let error =
                VideoOptions::new(64, 48).pixel_format(PixelFormat::Yuv420p).resolve(Some(container)).err().unwrap();
            assert!(error.to_string().contains("rgba, rgb"), "{error}");
        }
    }

    #[test]
    fn constant_rates_fall_on_ticks() {
        for (rate, ticks) in
            [(FrameRate::from(30), 15_360), (29.97.into(), 30_000), (25.into(), 12_800), (0.5.into(), 16_384)]
        {
            assert_eq!(constant_rate_base(rate).unwrap(), TimeBase::per_second(ticks));
        }
    }
}
