//! [`VideoOptions`] are checked, and become what an engine and a track are made from.

use super::VideoOptions;
use crate::codec::av1::{self, Av1Settings, RateControl, SceneDetection, groups};
use crate::codec::mjpeg::MjpegSettings;
use crate::codec::raw::RawSettings;
use crate::convert::picture::PictureTarget;
use crate::encoder::options::extra::{Av1Extra, MjpegExtra};
use crate::encoder::options::{check_feature, check_labels, check_range, not_taken};
use crate::error::{Error, Result};
#[cfg(feature = "gpu")]
use crate::gpu::Device;
use crate::media::{
    Analysis, AspectRatio, Color, ColorRange, FrameRate, Hdr, Orientation, PixelFormat, TimeBase, TrackLabels,
    TransferCharacteristics, VideoCodec,
};
use crate::motion::Denoise;
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

impl VideoOptions {
    /// Checks all options, for a container if that is known by now. Where neither it nor the codec is, what any codec
    /// takes passes: the container is to choose one.
    pub(in crate::encoder) fn resolve(&self, container: Option<Container>) -> Result<VideoPlan> {
        let codec = match (self.codec, container) {
            (Some(codec), Some(container)) if !container.takes_video(codec) => return Err(not_taken(container, codec)),
            (Some(codec), _) => codec,
            (None, Some(container)) => container.default_video_codec().ok_or_else(|| not_taken(container, "video"))?,
            (None, None) => {
                let other = |&codec: &VideoCodec| self.resolve_as(codec, None).ok();
                let usual = self.resolve_as(VideoCodec::Av1, None);
                return usual.or_else(|error| VideoCodec::ALL.iter().find_map(other).ok_or(error));
            }
        };
        self.resolve_as(codec, container)
    }

    fn resolve_as(&self, codec: VideoCodec, container: Option<Container>) -> Result<VideoPlan> {
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
        check_range("parallel_groups", self.parallel_groups, 1..=64)?;
        check_range("group_bytes", self.group_bytes, 1 << 20..=1 << 40)?;
        if self.parallel_groups > 1 && codec != VideoCodec::Av1 {
            return Err(Error::option("parallel_groups", self.parallel_groups, "it is for av1"));
        }
        if let (Some(_), 2..) = (self.bit_rate, self.parallel_groups) {
            return Err(Error::option("parallel_groups", self.parallel_groups, groups::NO_BIT_RATE));
        }
        if self.alpha && codec != VideoCodec::Av1 {
            let allowed = format!("{codec} has none: it is for av1; raw pictures have it by a pixel format with alpha");
            return Err(Error::option("alpha", true, allowed));
        }
        if self.merge_repeats && (!variable || self.alpha) {
            let allowed = if variable {
                "it does not go with `alpha`"
            } else {
                "a constant rate has no longer frames: set `time_base`"
            };
            return Err(Error::option("merge_repeats", true, allowed));
        }
        #[cfg(feature = "gpu")]
        if self.merge_repeats && matches!(self.device, Device::Gpu(_)) {
            let allowed = "pictures are compared on the CPU: it does not go with a `device` of another kind";
            return Err(Error::option("merge_repeats", true, allowed));
        }
        check_feature(container, Feature::Rotation, self.orientation.quarter_turns != 0)?;
        check_feature(container, Feature::Mirroring, self.orientation.mirrored)?;
        check_feature(container, Feature::AspectRatio, !self.sample_aspect_ratio.is_square())?;
        check_feature(container, Feature::Hdr, self.hdr != Hdr::default())?;
        check_feature(container, Feature::Alpha, self.alpha)?;
        check_labels(container, &self.labels, false)?;
        let raw = container.filter(|_| codec == VideoCodec::Raw);
        let usual = raw.and_then(|container| container.raw_formats().first().copied()).unwrap_or(PixelFormat::Yuv420p);
        let format = self.pixel_format.unwrap_or(usual);
        if let Some(container) = raw {
            container.check_raw(format)?;
        }
        if self.analysis != Analysis::Off && format.is_rgb() {
            return Err(Error::option(
                "analysis",
                format_args!("{:?}", self.analysis),
                "motion is searched for in luma: use a pixel format that has it",
            ));
        }
        if let Some(feature) = codec.left_out() {
            return Err(Error::left_out("codec", codec, feature));
        }
        if cfg!(not(feature = "motion")) {
            if !self.denoise.is_off() {
                return Err(Error::left_out("denoise", self.denoise, "motion"));
            }
            if self.analysis != Analysis::Off {
                return Err(Error::left_out("analysis", format_args!("{:?}", self.analysis), "motion"));
            }
        }
        if let Denoise::Strength(strength) = self.denoise {
            check_range("denoise", strength, 0..=10)?;
        }
        if !self.denoise.is_off() && format.is_rgb() {
            let allowed = format!("noise is taken out of luma and chroma: use another pixel format than {format}");
            return Err(Error::option("denoise", self.denoise, allowed));
        }
        let default_color = match codec {
            // What screens show; matrix and range are those of YUV frames that say nothing of them.
            _ if format.is_rgb() => Color { matrix: Color::for_height(height).matrix, ..SCREEN_COLOR },
            // A picture beside others on a screen: sRGB, from which SD is seen to differ. Limited, as Chromium takes every
            // image sequence for that. By its name: a build may be without it.
            VideoCodec::Av1 if container.is_some_and(|container| container.name() == "avif") => {
                Color::JPEG.with_range(ColorRange::Limited)
            }
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
            parallel_groups: self.parallel_groups,
            group_bytes: self.group_bytes,
            merge_repeats: self.merge_repeats,
            denoise: self.denoise,
            analysis: self.analysis,
            bit_rate: self.bit_rate,
            #[cfg(feature = "gpu")]
            device: self.device.clone(),
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
        if settings.scene_detection == SceneDetection::Motion && cfg!(not(feature = "motion")) {
            return Err(Error::left_out("scene_detection", "motion", "motion"));
        }
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
    /// How many groups of pictures are encoded at a time, and how many bytes of them may wait.
    pub parallel_groups: usize,
    #[cfg_attr(not(feature = "parallel"), allow(dead_code, reason = "there are no threads to wait for"))]
    pub group_bytes: u64,
    /// Whether a frame that repeats the one before it makes no packet.
    pub merge_repeats: bool,
    pub denoise: Denoise,
    /// What the caller wants to know of the frames.
    pub analysis: Analysis,
    pub bit_rate: Option<u32>,
    #[cfg(feature = "gpu")]
    pub device: Device,
}

impl VideoPlan {
    /// How many bytes its engines take, reckoned rather high; `elsewhere`: the caller encodes its groups of pictures.
    pub fn engine_bytes(&self, elsewhere: bool) -> u64 {
        let pixels = self.target.coded_width as u64 * self.target.coded_height as u64;
        let frame = 3 * pixels * if self.target.format.bit_depth() > 8 { 2 } else { 1 };
        let groups = if elsewhere { 0 } else { self.parallel_groups as u64 };
        let engine = match &self.engine {
            VideoEngineSettings::Av1(settings) => settings.memory().saturating_mul(groups),
            VideoEngineSettings::Mjpeg(_) | VideoEngineSettings::Raw(_) => frame,
        };
        let alpha = self.alpha.as_ref().map_or(0, Av1Settings::memory);
        // Pictures with room around them, their vectors and costs.
        let ahead = if self.denoise.is_off() && self.analysis == Analysis::Off { 0 } else { 8 * frame };
        engine.saturating_add(alpha).saturating_add(ahead)
    }
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
pub(super) fn constant_rate_base(rate: FrameRate) -> Result<TimeBase> {
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
