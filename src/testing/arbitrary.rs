//! `Arbitrary` for what callers hand to an encoder. Values are mostly in their ranges, and now and then not: an encoder has
//! to refuse those. Sizes are small, so that a harness makes many files a second.

use std::time::Duration;

use arbitrary::{Arbitrary, Result, Unstructured};

use super::random::Random;
use super::scene::{FORMATS, Frame, Planes, Scene, video};
use super::session::Session;
use super::sound::{Block, Samples, Sound, audio};
use crate::encoder::{AudioOptions, EncoderOptions, QueueFull, SubtitleOptions, VideoOptions};
use crate::media::{
    AudioCodec, Color, ColorRange, FrameFormat, FrameRate, MatrixCoefficients, Metadata, PixelFormat, Primaries,
    SampleFormat, TimeBase, Timestamp, TrackLabels, TransferCharacteristics, VideoCodec,
};
use crate::mux::{Container, Layout};

/// One of a list of values. Of [`QueueFull`] there is no `Wait`: a harness of one thread would wait for itself.
macro_rules! one_of {
    ($($name:ty: $values:expr;)*) => {$(
        impl<'a> Arbitrary<'a> for $name {
            fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
                Ok(*u.choose($values)?)
            }
        }
    )*};
}

one_of! {
    Container: Container::ALL;
    Layout: Layout::ALL;
    VideoCodec: VideoCodec::ALL;
    AudioCodec: AudioCodec::ALL;
    PixelFormat: PixelFormat::ALL;
    FrameFormat: &FORMATS;
    SampleFormat: &[SampleFormat::S16, SampleFormat::S24, SampleFormat::S32, SampleFormat::F32];
    ColorRange: &[ColorRange::Limited, ColorRange::Full];
    Primaries: Primaries::ALL;
    TransferCharacteristics: TransferCharacteristics::ALL;
    MatrixCoefficients: MatrixCoefficients::ALL;
    QueueFull: &[QueueFull::Error];
}

impl<'a> Arbitrary<'a> for Color {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Color { primaries: u.arbitrary()?, transfer: u.arbitrary()?, matrix: u.arbitrary()?, range: u.arbitrary()? })
    }
}

impl<'a> Arbitrary<'a> for FrameRate {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match u.int_in_range(0..=7)? {
            0 => FrameRate::new(u.arbitrary()?, u.arbitrary()?),
            1 => FrameRate::new(30_000, 1_001),
            _ => FrameRate::new(u.int_in_range(1..=240)?, 1),
        })
    }
}

impl<'a> Arbitrary<'a> for TimeBase {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let ticks = if u.ratio(1, 8)? { u.arbitrary()? } else { *u.choose(&[1_000, 90_000, 1_000_000_000, 25])? };
        Ok(TimeBase::new(1, ticks).unwrap_or(TimeBase::MILLISECONDS))
    }
}

impl<'a> Arbitrary<'a> for Timestamp {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let ticks = if u.ratio(1, 8)? { u.arbitrary()? } else { u.int_in_range(-1_000..=100_000)? };
        Ok(Timestamp::new(ticks, u.arbitrary()?))
    }
}

/// `setter` of `options` with an arbitrary value, one time in four.
macro_rules! maybe {
    ($u:ident, $options:ident, $($setter:ident($($value:expr),+)),* $(,)?) => {$(
        if $u.ratio(1, 4)? {
            $options = $options.$setter($($value),+);
        }
    )*};
}

impl<'a> Arbitrary<'a> for VideoOptions {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let side = |u: &mut Unstructured<'a>| if u.ratio(1, 32)? { u.arbitrary() } else { u.int_in_range(1..=48) };
        let mut options = VideoOptions::new(side(u)?, side(u)?).threads(1);
        maybe!(
            u,
            options,
            frame_rate(u.arbitrary::<FrameRate>()?),
            time_base(u.arbitrary()?),
            codec(u.arbitrary()?),
            pixel_format(u.arbitrary()?),
            range(u.arbitrary()?),
            low_latency(u.arbitrary()?),
            out_size(u.int_in_range(0..=40)?, u.int_in_range(0..=40)?),
            keyframe_interval(u.int_in_range(0..=20)?),
        );
        if u.ratio(1, 8)? {
            maybe!(
                u,
                options,
                color(u.arbitrary()?),
                crf(u.int_in_range(0..=70)?),
                preset(u.int_in_range(8..=11)?),
                bit_rate(u.arbitrary()?),
                tiles(u.int_in_range(0..=65)?),
                alpha(u.arbitrary()?),
                merge_repeats(u.arbitrary()?),
                language(*u.choose(&["de", "pt-BR", "x", "und"])?),
                title(u.arbitrary::<&str>()?),
            );
        }
        Ok(options)
    }
}

impl<'a> Arbitrary<'a> for AudioOptions {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let rate = if u.ratio(1, 8)? { u.arbitrary()? } else { *u.choose(&[8_000, 16_000, 22_050, 44_100, 48_000])? };
        let mut options = AudioOptions::new(rate, u.int_in_range(0..=9)?);
        maybe!(
            u,
            options,
            codec(u.arbitrary()?),
            bit_rate(u.int_in_range(0..=600_000)?),
            out_sample_rate(*u.choose(&[8_000, 24_000, 44_100, 48_000, 1])?),
            out_num_channels(u.int_in_range(0..=9)?),
            sample_format(u.arbitrary()?),
            language(*u.choose(&["de", "pt-BR", "x", "und"])?),
        );
        Ok(options)
    }
}

impl<'a> Arbitrary<'a> for SubtitleOptions {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut options = SubtitleOptions::new();
        maybe!(u, options, header(u.arbitrary::<&str>()?), title(u.arbitrary::<&str>()?));
        if u.ratio(1, 4)? {
            options = options.labels(TrackLabels::new().forced(u.arbitrary()?));
        }
        Ok(options)
    }
}

impl<'a> Arbitrary<'a> for Metadata {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut metadata = Metadata::new();
        for _ in 0..u.int_in_range(0..=3)? {
            metadata = metadata.tag(*u.choose(&["title", "artist", "date", "x y"])?, u.arbitrary::<&str>()?);
        }
        Ok(metadata)
    }
}

impl<'a> Arbitrary<'a> for EncoderOptions {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut options = EncoderOptions::new();
        maybe!(
            u,
            options,
            queue_bytes(*u.choose(&[0, 64 << 10, 1 << 20, usize::MAX])?),
            layout(u.arbitrary()?),
            fragment_duration(Duration::from_millis(u.int_in_range(0..=3_000)?)),
            lacing(u.arbitrary()?),
            metadata(u.arbitrary()?),
        );
        Ok(options)
    }
}

impl<'a> Arbitrary<'a> for Scene {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let depth = if u.arbitrary()? { 8 } else { u.int_in_range(9..=16)? };
        let scene = video(u.arbitrary()?).size(u.int_in_range(1..=48)?, u.int_in_range(1..=48)?);
        Ok(scene.format(u.arbitrary()?).bit_depth(depth).stride_padding(u.int_in_range(0..=9)?))
    }
}

impl<'a> Arbitrary<'a> for Frame {
    /// A frame of noise: of 16-bit samples any value, above the largest of the depth too.
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut frame = u.arbitrary::<Scene>()?.frame(0);
        let mut random = Random::new(u.arbitrary()?);
        if u.arbitrary()? {
            match &mut frame.planes {
                Planes::U8(planes) => planes.iter_mut().for_each(|(plane, _)| plane.fill_with(|| random.next() as u8)),
                Planes::U16(planes) => {
                    planes.iter_mut().for_each(|(plane, _)| plane.fill_with(|| random.next() as u16))
                }
            }
        }
        Ok(frame)
    }
}

impl<'a> Arbitrary<'a> for Sound {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(audio(u.arbitrary()?).channels(u.int_in_range(1..=8)?))
    }
}

impl<'a> Arbitrary<'a> for Block {
    /// Up to 2,000 samples a channel: floats are any, infinite ones and NaN too.
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let channels = u.int_in_range(1..=8)?;
        let count = u.int_in_range(0..=2_000)? * channels;
        let mut random = Random::new(u.arbitrary()?);
        let samples = match u.int_in_range(0..=3)? {
            0 => Samples::I16((0..count).map(|_| random.next() as i16).collect()),
            1 => Samples::I32((0..count).map(|_| random.next() as i32).collect()),
            2 => Samples::F32((0..count).map(|_| f32::from_bits(random.next() as u32)).collect()),
            _ => Samples::F32((0..count).map(|_| random.below(65_536) as f32 / 32_768.0 - 1.0).collect()),
        };
        Ok(Block { channels, samples })
    }
}

impl<'a> Arbitrary<'a> for Session {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Session::of(u.arbitrary()?, u.arbitrary()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoder::Encoder;

    #[test]
    fn bytes_make_options_that_are_taken_and_some_that_are_refused() {
        let (mut taken, mut refused) = (0, 0);
        for seed in 0..400 {
            let mut random = Random::new(seed);
            let bytes: Vec<u8> = (0..200).map(|_| random.next() as u8).collect();
            let mut u = Unstructured::new(&bytes);
            let result = Encoder::new().add_video(u.arbitrary().unwrap());
            *if result.is_ok() { &mut taken } else { &mut refused } += 1;
            let result = Encoder::new().add_audio(u.arbitrary().unwrap());
            *if result.is_ok() { &mut taken } else { &mut refused } += 1;
            assert!(u.arbitrary::<Frame>().unwrap().view().is_ok());
            assert!(u.arbitrary::<Block>().unwrap().view().is_ok());
        }
        assert!(taken > 200 && refused > 50, "{taken} taken, {refused} refused");
        let same = |bytes: &[u8]| Unstructured::new(bytes).arbitrary::<Session>().unwrap();
        assert_eq!(same(&[9; 40]), same(&[9; 40]));
    }
}
