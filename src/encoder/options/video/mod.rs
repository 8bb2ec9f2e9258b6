//! Options of a video stream.

mod plan;
#[cfg(test)]
mod tests;

use super::extra::{Av1Extra, MjpegExtra};
use super::labels::{self, label_setters};
use super::{Entry, OptionInfo, boolean, number, set_with_labels, size};
use crate::convert::picture::Fit;
use crate::error::{Error, Result};
#[cfg(feature = "gpu")]
use crate::gpu::Device;
use crate::media::{
    Analysis, AspectRatio, Color, ColorRange, ContentLightLevel, FrameRate, Hdr, MasteringDisplay, Orientation,
    PixelFormat, TimeBase, TrackLabels, VideoCodec,
};
use crate::motion::Denoise;
pub(in crate::encoder) use plan::{VideoEngineSettings, VideoPlan};

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
    parallel_groups: usize,
    group_bytes: u64,
    color: Option<Color>,
    range: Option<ColorRange>,
    low_latency: Option<bool>,
    out_size: Option<(u32, u32)>,
    fit: Option<Fit>,
    orientation: Orientation,
    sample_aspect_ratio: AspectRatio,
    hdr: Hdr,
    alpha: bool,
    merge_repeats: bool,
    denoise: Denoise,
    analysis: Analysis,
    labels: TrackLabels,
    extra: Vec<(String, String)>,
    #[cfg(feature = "gpu")]
    device: Device,
}

const GROUP_BYTES: u64 = 512 << 20;

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
    Entry::new(
        "codec",
        "the video codec",
        "av1, mjpeg, raw",
        "by container: mjpeg in mov and avi, raw in y4m, gif and apng, else av1",
        |o, v| {
            o.codec = Some(v.parse()?);
            Ok(())
        },
    ),
    Entry::new(
        "pixel_format",
        "chroma subsampling and bit depth",
        "yuv420p, yuv422p, yuv444p, gray, yuv420p10, yuv422p10, yuv444p10, gray10; for raw also rgb, rgba",
        "yuv420p; in gif and apng rgba",
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
        "parallel_groups",
        "groups of pictures, from key frame to key frame, that are encoded at a time; the bytes do not depend on it (av1)",
        "1 to 64",
        "1",
        |o, v| {
            o.parallel_groups = number("parallel_groups", v, "a number from 1 to 64")?;
            Ok(())
        },
    ),
    Entry::new(
        "group_bytes",
        "bytes of pictures that may wait for their groups' turn",
        "1048576 to 1099511627776",
        "536870912",
        |o, v| {
            o.group_bytes = number("group_bytes", v, "a number of bytes")?;
            Ok(())
        },
    ),
    Entry::new(
        "color",
        "primaries, transfer, matrix and range: what frames are converted to and the file says",
        "bt709, bt601, jpeg, bt2020, pq, hlg, each with /full or /limited if wanted; or primaries/transfer/matrix/range",
        "bt709 from 720 lines up, else bt601; mjpeg: jpeg; rgb: sRGB",
        |o, v| {
            o.color = Some(v.parse()?);
            Ok(())
        },
    ),
    Entry::new(
        "range",
        "the range of the colour alone",
        "limited, full",
        "that of the colour: full of mjpeg, else limited",
        |o, v| {
            o.range = Some(v.parse()?);
            Ok(())
        },
    ),
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
    Entry::new(
        "out_size",
        "scale the frames to this size",
        "each side 1 to 16384, both together 142606336 pixels",
        "the frames' own",
        |o, v| {
            o.out_size = Some(size("out_size", v)?);
            Ok(())
        },
    ),
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
    Entry::new(
        "merge_repeats",
        "let a frame that repeats the one before it be a longer duration of that one; needs time_base",
        "true, false",
        "false",
        |o, v| {
            o.merge_repeats = boolean("merge_repeats", v)?;
            Ok(())
        },
    ),
    Entry::new(
        "denoise",
        "take noise out before encoding, along the motion; holds two frames more back",
        "0 (off) to 10, auto",
        "0",
        |o, v| {
            o.denoise = v.parse()?;
            Ok(())
        },
    ),
];

impl VideoOptions {
    /// Frames of `width` x `height` pixels at 30 frames a second: each side 1 to 16,384, and at most 142,606,336 pixels, which
    /// are 16,384 x 8,704; above 67,108,864 it takes [`Limits`](crate::Limits) too.
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
            parallel_groups: 1,
            group_bytes: GROUP_BYTES,
            color: None,
            range: None,
            low_latency: None,
            out_size: None,
            fit: None,
            orientation: Orientation::default(),
            sample_aspect_ratio: AspectRatio::SQUARE,
            hdr: Hdr::default(),
            alpha: false,
            merge_repeats: false,
            denoise: Denoise::Off,
            analysis: Analysis::Off,
            labels: TrackLabels::default(),
            extra: Vec::new(),
            #[cfg(feature = "gpu")]
            device: Device::Cpu,
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

    /// The codec; unless said, the container's usual one: Motion JPEG in MOV and AVI, uncompressed pictures in Y4M, GIF and
    /// APNG, AV1 in all others.
    pub fn codec(mut self, codec: VideoCodec) -> Self {
        self.codec = Some(codec);
        self
    }

    /// Chroma subsampling and bit depth. 8-bit 4:2:0 unless said, which plays everywhere; RGBA in GIF and APNG, which take
    /// that and RGB. Motion JPEG has 8 bits.
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

    /// The codec, where one was asked for.
    pub(in crate::encoder) fn codec_asked(&self) -> Option<VideoCodec> {
        self.codec
    }

    /// Worker threads, up to 256; 0, the default, means one for each core. The bytes do not depend on it.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// How many groups of pictures, each from a key frame to the next, are encoded at a time, 1 to 64. 1 unless said. The
    /// bytes do not depend on it; it goes with `crf` alone. Each group takes the memory of an engine, and the pictures of
    /// groups that have not begun wait, up to [`group_bytes`](Self::group_bytes): a
    /// [`keyframe_interval`](Self::keyframe_interval) that is not too long helps. Nor should it be short: each group's engine
    /// looks at some 17 pictures behind it too. The [`threads`](Self::threads) are shared among the groups. Packets come out
    /// up to so many groups and one later. Without the feature `parallel` it is 1.
    pub fn parallel_groups(mut self, groups: usize) -> Self {
        self.parallel_groups = groups;
        self
    }

    /// How many bytes of pictures may wait until their group is encoded, 1 MiB to 1 TiB; 512 MiB unless said. Beyond it
    /// `add_frame` waits. For all groups to be at work it has to hold as many pictures as lie in
    /// [`parallel_groups`](Self::parallel_groups) of them.
    pub fn group_bytes(mut self, bytes: u64) -> Self {
        self.group_bytes = bytes;
        self
    }

    /// What RGB frames are converted to, what YUV frames are taken to be, and what the file is tagged with. Unless said:
    ///
    /// * of AV1 and uncompressed luma and chroma BT.709 from 720 lines up, else BT.601, both limited;
    /// * of AV1 in AVIF sRGB by the BT.601 matrix, limited;
    /// * of Motion JPEG [`Color::JPEG`], in full range: it has no other matrix and no other range;
    /// * of uncompressed RGB and RGBA sRGB.
    pub fn color(mut self, color: Color) -> Self {
        self.color = Some(color);
        self
    }

    /// The range alone, with the colour's default.
    pub fn range(mut self, range: ColorRange) -> Self {
        self.range = Some(range);
        self
    }

    /// Packets come out after fewer frames, at the price of about half as many bits again. For AV1. Off unless said.
    pub fn low_latency(mut self, on: bool) -> Self {
        self.low_latency = Some(on);
        self
    }

    /// Scales frames to this size; without it, each frame has to have the stream's own size. With it, frames may have
    /// any size. Each side 1 to 16,384, and at most 142,606,336 pixels, which are 16,384 x 8,704.
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

    /// Lets a frame that repeats the one before it, to the last bit, be a longer duration of that one: still screens then
    /// cost nothing. The file has fewer frames than went in. Comparing takes a copy of a picture in memory. It goes with
    /// [`time_base`](Self::time_base), since such a stream has no constant rate, and not with [`alpha`](Self::alpha) nor a
    /// GPU. Off unless said.
    pub fn merge_repeats(mut self, on: bool) -> Self {
        self.merge_repeats = on;
        self
    }

    /// Takes noise out of the pictures before they are encoded, which then need fewer bits: each is brought nearer to those
    /// beside it, along the motion. It searches for vectors and holds two frames more back. The plane of
    /// [`alpha`](Self::alpha) stays as it is, and pictures of red, green and blue are refused. [`Denoise::Off`] unless said.
    pub fn denoise(mut self, denoise: Denoise) -> Self {
        self.denoise = denoise;
        self
    }

    /// What is to be found out of each frame, for [`VideoStream::analysis`](crate::VideoStream::analysis). It goes with
    /// every codec, of pictures that have luma. The bytes of the file do not depend on it. Nothing unless said.
    pub fn analysis(mut self, analysis: Analysis) -> Self {
        self.analysis = analysis;
        self
    }

    /// What converts the colours of RGB and grey frames of 8 bits, scales them to [`out_size`](Self::out_size), and lets a
    /// stream take textures ([`add_texture`](crate::VideoStream::add_texture)). Frames of the processor go to a GPU and
    /// back, which pays where the processor is busy encoding; deeper ones, those of luma and chroma, and pictures of red,
    /// green and blue are made by the CPU, which also scales what takes larger buffers than the GPU has, or makes a side
    /// shorter than its two-thousandth part. It searches for motion too, in pictures of any kind, where
    /// [`analysis`](Self::analysis) or extra option `scene_detection=motion` ask for that. The bytes of the file do not
    /// depend on it. The CPU unless said.
    #[cfg(feature = "gpu")]
    pub fn device(mut self, device: Device) -> Self {
        self.device = device;
        self
    }

    label_setters!();

    /// An option that only one codec has; [`extra_table`](Self::extra_table) lists them.
    pub fn extra_option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extra.push((name.into(), value.into()));
        self
    }

    /// The size of the frames as they are given.
    pub(in crate::encoder) fn in_size(&self) -> (u32, u32) {
        (self.width, self.height)
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
