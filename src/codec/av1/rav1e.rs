//! The adapter of rav1e, an AV1 encoder in Rust. It is the only place that knows the crate.

use std::sync::Arc;

use ::rav1e::prelude::{
    ChromaSamplePosition, ChromaSampling, ChromaticityPoint, ColorDescription, ColorPrimaries, Config, ContentLight,
    Context, EncoderConfig, EncoderStatus, Frame, FrameParameters, FrameTypeOverride, MatrixCoefficients, Packet,
    Pixel, PixelRange, Rational, SceneDetectionSpeed, TransferCharacteristics,
};

use super::obu::{self, ObuType};
use super::{Av1Settings, RateControl, SceneDetection, Tune, level, sequence_header};
use crate::codec::{CodedPicture, VideoEngine, VideoInput};
use crate::error::{Error, Result, catch_panic};
use crate::media::{
    Av1Config, ChromaSubsampling, CodecConfig, Color, ColorRange, MasteringDisplay, PictureView, PixelFormat,
    PlaneView, Samples,
};
use crate::parallel::resolve_threads;

/// An engine for settings that were validated.
pub(super) fn open(settings: &Av1Settings) -> Result<Box<dyn VideoEngine>> {
    match settings.format.bit_depth() {
        #[cfg(feature = "ten-bit")]
        9.. => Ok(Box::new(Rav1e::<u16>::open(settings)?)),
        _ => Ok(Box::new(Rav1e::<u8>::open(settings)?)),
    }
}

/// An encoder of pictures whose samples are `T`.
pub(super) struct Rav1e<T: Sample> {
    /// `None` once it has finished or failed.
    context: Option<Context<T>>,
    format: PixelFormat,
    width: usize,
    height: usize,
    config: Option<Av1Config>,
    pictures_in: u64,
    pictures_out: u64,
    /// What the decoder has to show, picture by picture.
    #[cfg(test)]
    pub(super) reconstructions: Vec<Arc<Frame<T>>>,
}

impl<T: Sample> Rav1e<T> {
    pub(super) fn open(settings: &Av1Settings) -> Result<Self> {
        let context = catch_panic("opening the AV1 encoder", || new_context(settings))??;
        Ok(Rav1e {
            context: Some(context),
            format: settings.format,
            width: settings.width,
            height: settings.height,
            config: None,
            pictures_in: 0,
            pictures_out: 0,
            #[cfg(test)]
            reconstructions: Vec::new(),
        })
    }

    /// Runs `call` on the encoder. A panic in it (xiph/rav1e#2922 is one in very long streams, xiph/rav1e#3434 are
    /// overflows in builds that check for them) becomes an error, and leaves no encoder to be called again. The panic
    /// hook of the program has had its say by then: a library must not replace it.
    fn call<R>(&mut self, call: impl FnOnce(&mut Context<T>) -> R) -> Result<R> {
        let Some(context) = &mut self.context else {
            return Err(Error::state("the AV1 encoder has finished or failed; it takes no more pictures"));
        };
        let result = catch_panic("the AV1 encoder", || call(context));
        if result.is_err() {
            let context = self.context.take();
            let _ = catch_panic("closing the AV1 encoder", || drop(context));
        }
        result
    }

    /// Takes out all packets that are ready.
    fn drain(&mut self, out: &mut Vec<CodedPicture>) -> Result<()> {
        loop {
            match self.call(Context::receive_packet)? {
                Ok(packet) => out.push(self.coded_picture(packet)?),
                // A hidden picture was encoded, which the next packet will hold.
                Err(EncoderStatus::Encoded) => {}
                Err(EncoderStatus::NeedMoreData | EncoderStatus::LimitReached) => return Ok(()),
                Err(status) => return Err(self.fail(format!("encoding failed: {status}"))),
            }
        }
    }

    fn coded_picture(&mut self, packet: Packet<T>) -> Result<CodedPicture> {
        if packet.input_frameno != self.pictures_out {
            let message = format!("picture {} came out where {} was due", packet.input_frameno, self.pictures_out);
            return Err(self.fail(message));
        }
        self.pictures_out += 1;
        #[cfg(test)]
        self.reconstructions.extend(packet.rec);
        let data = obu::into_sample(packet.data).map_err(|error| self.fail(error.to_string()))?;
        self.read_sample(data)
    }

    /// What is to be known of a coded picture in the form that containers hold.
    pub(super) fn read_sample(&mut self, data: Vec<u8>) -> Result<CodedPicture> {
        // Asked of the bits and not of the engine: a container promises what decoders find there.
        let key = obu::is_random_access_point(&data).map_err(|error| self.fail(error.to_string()))?;
        if key {
            self.take_sequence_header(&data)?;
        }
        Ok(CodedPicture { data, key })
    }

    /// Reads the configuration from the first key frame, and sees that the later ones have the same: a container holds
    /// one for the whole track.
    fn take_sequence_header(&mut self, data: &[u8]) -> Result<()> {
        for unit in obu::obus(data) {
            let unit = unit.map_err(|error| self.fail(error.to_string()))?;
            if unit.obu_type != ObuType::SequenceHeader {
                continue;
            }
            match &self.config {
                None => {
                    self.config = Some(sequence_header::parse(unit).map_err(|error| self.fail(error.to_string()))?);
                }
                Some(config) if config.sequence_header == unit.bytes => {}
                Some(_) => return Err(self.fail("the sequence header changed")),
            }
        }
        match self.config {
            Some(_) => Ok(()),
            None => Err(self.fail("the first key frame has no sequence header")),
        }
    }

    /// Gives the encoder up.
    fn fail(&mut self, message: impl std::fmt::Display) -> Error {
        self.context = None;
        Error::codec(format!("AV1 encoder, picture {}: {message}", self.pictures_out))
    }

    /// A copy of the picture in the encoder's own form.
    pub(super) fn frame(&mut self, picture: &PictureView<'_>) -> Result<Frame<T>> {
        let frame = self.call(|context| context.new_frame())?;
        self.copy(picture, frame)
    }

    /// A copy that several may hold: the room around it is filled, which the encoder else does itself.
    pub(super) fn padded_frame(&mut self, picture: &PictureView<'_>) -> Result<Frame<T>> {
        let mut frame = self.frame(picture)?;
        let planes = self.format.planes();
        frame.planes[..planes].iter_mut().for_each(|plane| plane.pad(picture.width, picture.height));
        Ok(frame)
    }

    /// Encodes a frame of an engine with the same size and format. One that others hold too has to be
    /// [padded](Self::padded_frame).
    pub(super) fn send(&mut self, frame: Arc<Frame<T>>, is_key: bool, out: &mut Vec<CodedPicture>) -> Result<()> {
        let parameters = FrameParameters {
            frame_type_override: if is_key { FrameTypeOverride::Key } else { FrameTypeOverride::No },
            ..FrameParameters::default()
        };
        if let Err(status) = self.call(|context| context.send_frame((frame, parameters)))? {
            return Err(self.fail(format!("the picture was refused: {status}")));
        }
        self.pictures_in += 1;
        self.drain(out)
    }

    /// Fills `frame`, which has room around it.
    fn copy(&self, picture: &PictureView<'_>, mut frame: Frame<T>) -> Result<Frame<T>> {
        let (format, width, height) = (picture.format, picture.width, picture.height);
        let planes = format.planes();
        if (format, width, height) != (self.format, self.width, self.height) || picture.planes.len() != planes {
            return Err(Error::input(format!(
                "the picture is {format} of {width}x{height}, but the stream {} of {}x{}",
                self.format, self.width, self.height
            )));
        }
        for (index, (plane, view)) in frame.planes.iter_mut().zip(&picture.planes).enumerate() {
            let (width, height) = format.plane_size(index, width, height);
            let rows = rows(view, width, height)
                .ok_or_else(|| Error::input(format!("plane {index} of the picture does not hold {width}x{height}")))?;
            let stride = plane.cfg.stride;
            let mut high_bits = T::default();
            for (to, from) in plane.data_origin_mut().chunks_mut(stride).zip(rows) {
                to[..width].copy_from_slice(from);
                high_bits = from.iter().fold(high_bits, |bits, &sample| bits | sample);
            }
            let high_bits: u32 = high_bits.into();
            if high_bits >> format.bit_depth() != 0 {
                return Err(Error::input(format!(
                    "plane {index} of the picture has values of more than {} bits",
                    format.bit_depth()
                )));
            }
        }
        Ok(frame)
    }
}

impl<T: Sample> VideoEngine for Rav1e<T> {
    fn encode(&mut self, input: VideoInput<'_>, out: &mut Vec<CodedPicture>) -> Result<()> {
        let frame = self.frame(&input.picture)?;
        self.send(Arc::new(frame), input.force_key, out)
    }

    fn finish(&mut self, out: &mut Vec<CodedPicture>) -> Result<()> {
        self.call(Context::flush)?;
        self.drain(out)?;
        if self.pictures_out != self.pictures_in {
            return Err(self.fail(format!("{} pictures went in, and no more come out", self.pictures_in)));
        }
        self.context = None;
        Ok(())
    }

    fn config(&self) -> Option<CodecConfig> {
        self.config.clone().map(CodecConfig::Av1)
    }
}

/// A type of samples that the engine takes.
pub(crate) trait Sample: Pixel + Default + Into<u32> + std::ops::BitOr<Output = Self> {
    fn of(samples: Samples<'_>) -> Option<&[Self]>;

    /// Appends samples to `bytes`, the low byte first.
    fn to_bytes(samples: &[Self], bytes: &mut Vec<u8>);
}

impl Sample for u8 {
    fn of(samples: Samples<'_>) -> Option<&[Self]> {
        match samples {
            Samples::U8(samples) => Some(samples),
            Samples::U16(_) => None,
        }
    }

    fn to_bytes(samples: &[Self], bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(samples);
    }
}

impl Sample for u16 {
    fn of(samples: Samples<'_>) -> Option<&[Self]> {
        match samples {
            Samples::U16(samples) => Some(samples),
            Samples::U8(_) => None,
        }
    }

    fn to_bytes(samples: &[Self], bytes: &mut Vec<u8>) {
        bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    }
}

/// The rows of a plane, if it has that size and its samples are `T`.
fn rows<'a, T: Sample>(view: &PlaneView<'a>, width: usize, height: usize) -> Option<impl Iterator<Item = &'a [T]>> {
    let samples = T::of(view.samples)?;
    let last_row = view.stride.checked_mul(height.checked_sub(1)?)?;
    let fits = view.stride >= width && last_row.checked_add(width)? <= samples.len();
    ((view.width, view.height) == (width, height) && fits)
        .then(|| samples.chunks(view.stride).take(height).map(move |row| &row[..width]))
}

fn new_context<T: Pixel>(settings: &Av1Settings) -> Result<Context<T>> {
    let refused = |error| Error::codec(format!("the AV1 encoder refuses its settings: {error}")).with_source(error);
    let mut encoder = encoder_config(settings);
    let config = Config::new().with_threads(resolve_threads(settings.threads));
    let tiling = config.clone().with_encoder_config(encoder.clone()).tiling_info().map_err(refused)?;
    encoder.level_idx = Some(level::choose(&demands(settings, tiling.rows * tiling.cols, tiling.cols)));
    config.with_encoder_config(encoder).new_context().map_err(refused)
}

fn encoder_config(settings: &Av1Settings) -> EncoderConfig {
    let mut encoder = EncoderConfig::with_speed_preset(settings.preset);
    encoder.width = settings.width;
    encoder.height = settings.height;
    encoder.time_base = time_base(settings);
    encoder.bit_depth = settings.format.bit_depth().into();
    encoder.chroma_sampling = chroma_sampling(settings.format.chroma());
    encoder.chroma_sample_position = ChromaSamplePosition::Unknown;
    encoder.pixel_range = match settings.color.range {
        ColorRange::Limited => PixelRange::Limited,
        ColorRange::Full => PixelRange::Full,
    };
    encoder.color_description = Some(color_description(settings.color));
    encoder.mastering_display = settings.hdr.mastering.map(mastering_display);
    encoder.content_light = settings.hdr.light.map(|light| ContentLight {
        max_content_light_level: light.max_content,
        max_frame_average_light_level: light.max_frame_average,
    });
    encoder.min_key_frame_interval = settings.min_keyframe_interval().into();
    encoder.max_key_frame_interval = settings.keyframe_interval.into();
    encoder.low_latency = settings.low_latency;
    encoder.tiles = settings.tile_count() as usize;
    encoder.tune = match settings.tune {
        Tune::Psychovisual => ::rav1e::prelude::Tune::Psychovisual,
        Tune::Psnr => ::rav1e::prelude::Tune::Psnr,
    };
    match settings.rate_control {
        RateControl::Crf(crf) => encoder.quantizer = Av1Settings::quantizer(crf).into(),
        RateControl::BitRate { bits_per_second, min_quantizer, reservoir_frames } => {
            encoder.bitrate = i32::try_from(bits_per_second).unwrap_or(i32::MAX);
            encoder.min_quantizer = min_quantizer;
            encoder.reservoir_frame_delay = reservoir_frames.and_then(|frames| i32::try_from(frames).ok());
            // Here it is the index that is never exceeded.
            encoder.quantizer = 255;
        }
    }
    let speed = &mut encoder.speed_settings;
    speed.scene_detection_mode = match settings.scene_detection {
        SceneDetection::Off | SceneDetection::Motion => SceneDetectionSpeed::None,
        SceneDetection::Fast => SceneDetectionSpeed::Fast,
        SceneDetection::Standard => SceneDetectionSpeed::Standard,
    };
    speed.transform.tx_domain_distortion = settings.tx_domain_distortion;
    if settings.tx_domain_distortion {
        // Nothing weighs blocks by the pictures ahead then: more of them cost memory and delay, gain nothing at a constant
        // quality, and unsettle rate control (at 200 kbit/s, ten ahead lost 1.7 dB for 4% fewer bytes).
        speed.rdo_lookahead_frames = 1;
    }
    encoder
}

pub(super) fn chroma_sampling(chroma: ChromaSubsampling) -> ChromaSampling {
    match chroma {
        ChromaSubsampling::Monochrome => ChromaSampling::Cs400,
        ChromaSubsampling::Yuv420 => ChromaSampling::Cs420,
        ChromaSubsampling::Yuv422 => ChromaSampling::Cs422,
        ChromaSubsampling::Yuv444 => ChromaSampling::Cs444,
    }
}

/// How many pictures ahead blocks are weighed by.
pub(super) fn weighed_ahead(settings: &Av1Settings) -> usize {
    encoder_config(settings).speed_settings.rdo_lookahead_frames
}

/// The length of a picture. The engine converts both numbers to `i32`.
pub(super) fn time_base(settings: &Av1Settings) -> Rational {
    let (mut num, mut den) = (settings.frame_rate.num(), settings.frame_rate.den());
    while num > i32::MAX as u32 || den > i32::MAX as u32 {
        (num, den) = ((num / 2).max(1), (den / 2).max(1));
    }
    Rational::new(den.into(), num.into())
}

fn demands(settings: &Av1Settings, tiles: usize, tile_columns: usize) -> level::Demands {
    let (num, den) = (u64::from(settings.frame_rate.num()), u64::from(settings.frame_rate.den()));
    level::Demands {
        width: settings.width as u64,
        height: settings.height as u64,
        // The engine takes the reciprocal of the rate when it checks the level, and refuses the one that is too low then.
        frame_rate: (num.max(den), num.min(den)),
        profile: match settings.format.chroma() {
            ChromaSubsampling::Monochrome | ChromaSubsampling::Yuv420 => 0,
            ChromaSubsampling::Yuv444 => 1,
            ChromaSubsampling::Yuv422 => 2,
        },
        bit_rate: match settings.rate_control {
            RateControl::Crf(_) => None,
            RateControl::BitRate { bits_per_second, .. } => Some(bits_per_second),
        },
        tiles,
        tile_columns,
    }
}

/// From the units of ST 2086 to those of AV1 (6.7.4): 16 bits behind the point for chromaticities, 8 for the brightest
/// luminance and 14 for the darkest.
fn mastering_display(display: MasteringDisplay) -> ::rav1e::prelude::MasteringDisplay {
    let scale = |value: u32, bits: u32, unit: u32| {
        let scaled = ((u64::from(value) << bits) + u64::from(unit / 2)) / u64::from(unit);
        u32::try_from(scaled).unwrap_or(u32::MAX)
    };
    let point = |(x, y): (u16, u16)| {
        let scaled = |value: u16| scale(value.into(), 16, 50_000).min(u16::MAX.into()) as u16;
        ChromaticityPoint { x: scaled(x), y: scaled(y) }
    };
    ::rav1e::prelude::MasteringDisplay {
        primaries: [display.red, display.green, display.blue].map(point),
        white_point: point(display.white),
        max_luminance: scale(display.max_luminance, 8, 10_000),
        min_luminance: scale(display.min_luminance, 14, 10_000),
    }
}

/// Both sides number by H.273, but name the code points differently.
fn color_description(color: Color) -> ColorDescription {
    use crate::media::{MatrixCoefficients as M, Primaries as P, TransferCharacteristics as T};
    ColorDescription {
        color_primaries: match color.primaries {
            P::Bt709 => ColorPrimaries::BT709,
            P::Unspecified => ColorPrimaries::Unspecified,
            P::Bt470M => ColorPrimaries::BT470M,
            P::Bt470Bg => ColorPrimaries::BT470BG,
            P::Smpte170M => ColorPrimaries::BT601,
            P::Smpte240M => ColorPrimaries::SMPTE240,
            P::Bt2020 => ColorPrimaries::BT2020,
            P::Smpte431 => ColorPrimaries::SMPTE431,
            P::Smpte432 => ColorPrimaries::SMPTE432,
        },
        transfer_characteristics: match color.transfer {
            T::Bt709 => TransferCharacteristics::BT709,
            T::Unspecified => TransferCharacteristics::Unspecified,
            T::Bt470M => TransferCharacteristics::BT470M,
            T::Bt470Bg => TransferCharacteristics::BT470BG,
            T::Smpte170M => TransferCharacteristics::BT601,
            T::Smpte240M => TransferCharacteristics::SMPTE240,
            T::Linear => TransferCharacteristics::Linear,
            T::Srgb => TransferCharacteristics::SRGB,
            T::Bt2020Ten => TransferCharacteristics::BT2020_10Bit,
            T::Bt2020Twelve => TransferCharacteristics::BT2020_12Bit,
            T::Pq => TransferCharacteristics::SMPTE2084,
            T::Hlg => TransferCharacteristics::HLG,
        },
        matrix_coefficients: match color.matrix {
            M::Bt709 => MatrixCoefficients::BT709,
            M::Unspecified => MatrixCoefficients::Unspecified,
            M::Fcc => MatrixCoefficients::FCC,
            M::Bt470Bg => MatrixCoefficients::BT470BG,
            M::Smpte170M => MatrixCoefficients::BT601,
            M::Smpte240M => MatrixCoefficients::SMPTE240,
            M::Bt2020Ncl => MatrixCoefficients::BT2020NCL,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::media::{FrameRate, Picture};

    #[test]
    fn a_panic_is_an_error_and_the_end_of_the_engine() {
        let settings = Av1Settings::new(PixelFormat::Gray, 16, 16, FrameRate::from(25), Color::BT709);
        let mut engine = Rav1e::<u8>::open(&settings).unwrap();
        let error = engine.call(|_| -> () { panic!("row {} is out of range", 7) }).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Codec);
        assert!(error.to_string().ends_with("the AV1 encoder panicked: row 7 is out of range"), "{error}");

        let picture = Picture::new(PixelFormat::Gray, 16, 16);
        let input = VideoInput { picture: picture.view(), force_key: false, analysis: None };
        assert_eq!(engine.encode(input, &mut Vec::new()).unwrap_err().kind(), ErrorKind::State);
        assert_eq!(engine.finish(&mut Vec::new()).unwrap_err().kind(), ErrorKind::State);
    }
}
