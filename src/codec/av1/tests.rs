//! What the engine writes, decoded by another implementation and compared with its reconstruction and the source.

use ::rav1e::prelude::Frame;

use super::obu::{Obu, ObuType, obus};
use super::rav1e::{Rav1e, Sample};
use super::*;
use crate::codec::{CodedPicture, VideoInput};
use crate::error::ErrorKind;
use crate::media::{Av1Config, CodecConfig, ColorRange, Picture, Plane};

#[path = "../../../tests/support/rav1d.rs"]
mod rav1d;

pub(super) fn settings(format: PixelFormat, width: usize, height: usize) -> Av1Settings {
    let color = Color::BT709;
    Av1Settings { threads: 1, ..Av1Settings::new(format, width, height, FrameRate::new(30000, 1001), color) }
}

/// A pattern that moves, with texture that a codec has to spend bits on.
pub(super) fn picture(format: PixelFormat, width: usize, height: usize, time: usize) -> Picture {
    let mut picture = Picture::new(format, width, height);
    let scale = format.bit_depth() - 8;
    for (index, plane) in picture.planes.iter_mut().enumerate() {
        let (plane_width, plane_height) = format.plane_size(index, width, height);
        let sample = |x: usize, y: usize| {
            let wave = ((x + 2 * time) * (index + 3) + y * 5) % 160;
            let texture = (x + time) * 7 % 11 * (y * 3 % 7);
            (16 + wave + texture % 40) as u16
        };
        let samples = (0..plane_height).flat_map(|y| (0..plane_width).map(move |x| sample(x, y)));
        match plane {
            Plane::U8(plane) => *plane = samples.map(|sample| sample as u8).collect(),
            Plane::U16(plane) => *plane = samples.map(|sample| sample << scale | sample >> 6).collect(),
        }
    }
    picture
}

struct Encoded {
    pictures: Vec<CodedPicture>,
    reconstructions: Vec<Vec<Vec<u16>>>,
    config: Option<Av1Config>,
}

fn encode(settings: &Av1Settings, count: usize, is_forced: impl Fn(usize) -> bool) -> Encoded {
    settings.validate().unwrap();
    match settings.format.bit_depth() {
        8 => run(Rav1e::<u8>::open(settings).unwrap(), settings, count, is_forced),
        _ => run(Rav1e::<u16>::open(settings).unwrap(), settings, count, is_forced),
    }
}

fn run<T: Sample>(
    mut engine: Rav1e<T>,
    settings: &Av1Settings,
    count: usize,
    is_forced: impl Fn(usize) -> bool,
) -> Encoded {
    let Av1Settings { format, width, height, .. } = *settings;
    let mut pictures = Vec::new();
    for time in 0..count {
        let picture = picture(format, width, height, time);
        let input = VideoInput { picture: picture.view(), force_key: is_forced(time), analysis: None };
        engine.encode(input, &mut pictures).unwrap();
    }
    engine.finish(&mut pictures).unwrap();
    let config = engine.config().map(|config| match config {
        CodecConfig::Av1(config) => config,
        other => panic!("{other:?}"),
    });
    let planes = |frame: &std::sync::Arc<Frame<T>>| {
        let plane = |index: usize| {
            let (plane_width, plane_height) = format.plane_size(index, width, height);
            let rows = frame.planes[index].rows_iter().take(plane_height);
            let widen = |&sample: &T| u16::try_from(Into::<u32>::into(sample)).unwrap();
            rows.flat_map(|row| row[..plane_width].iter().map(widen)).collect()
        };
        (0..format.planes()).map(plane).collect()
    };
    Encoded { pictures, reconstructions: engine.reconstructions.iter().map(planes).collect(), config }
}

/// Decodes, compares with the reconstruction bit by bit, and returns the PSNR of the worst plane.
fn check_decoded(settings: &Av1Settings, encoded: &Encoded) -> f64 {
    let Av1Settings { format, width, height, .. } = *settings;
    let decoded = rav1d::decode(encoded.pictures.iter().map(|picture| &picture.data));
    assert_eq!(decoded.len(), encoded.reconstructions.len());
    let mut errors = vec![0.0; format.planes()];
    for (time, (decoded, reconstruction)) in decoded.iter().zip(&encoded.reconstructions).enumerate() {
        assert_eq!((decoded.width, decoded.height), (width, height));
        assert_eq!(decoded.bit_depth, usize::from(format.bit_depth()));
        assert!(
            &decoded.planes == reconstruction,
            "picture {time} is not what the encoder reconstructed: {settings:?}"
        );
        let source = picture(format, width, height, time);
        for ((plane, source), error) in decoded.planes.iter().zip(&source.planes).zip(&mut errors) {
            let source: Vec<u16> = match source {
                Plane::U8(samples) => samples.iter().map(|&sample| sample.into()).collect(),
                Plane::U16(samples) => samples.clone(),
            };
            assert_eq!(plane.len(), source.len());
            let square = |(a, b): (&u16, &u16)| (f64::from(*a) - f64::from(*b)).powi(2);
            *error += plane.iter().zip(&source).map(square).sum::<f64>() / plane.len() as f64;
        }
    }
    for (time, coded) in encoded.pictures.iter().enumerate() {
        let stored = |obu: Result<Obu<'_>>| obu.unwrap().obu_type != ObuType::TemporalDelimiter;
        assert!(obus(&coded.data).all(stored), "picture {time}");
    }
    let error = errors.into_iter().fold(1e-9, f64::max) / decoded.len().max(1) as f64;
    let peak = f64::from((1 << format.bit_depth()) - 1);
    10.0 * (peak * peak / error).log10()
}

fn keys(encoded: &Encoded) -> Vec<usize> {
    let numbered = encoded.pictures.iter().enumerate();
    numbered.filter(|(_, picture)| picture.key).map(|(time, _)| time).collect()
}

fn bytes(encoded: &Encoded) -> Vec<&[u8]> {
    encoded.pictures.iter().map(|picture| &picture.data[..]).collect()
}

#[test]
fn every_format_and_size_decodes_to_the_reconstruction() {
    for format in [
        PixelFormat::Yuv420p,
        PixelFormat::Yuv422p,
        PixelFormat::Yuv444p,
        PixelFormat::Gray,
        PixelFormat::Yuv420p10,
        PixelFormat::Yuv422p10,
        PixelFormat::Yuv444p10,
        PixelFormat::Gray10,
    ] {
        for (width, height) in [(16, 16), (17, 33), (64, 64)] {
            let settings = Av1Settings { rate_control: RateControl::Crf(15), ..settings(format, width, height) };
            let encoded = encode(&settings, 6, |_| false);
            let psnr = check_decoded(&settings, &encoded);
            assert!(psnr > 25.0, "{format} {width}x{height}: {psnr} dB");
            assert_eq!(keys(&encoded), [0]);
        }
    }
    let settings = settings(PixelFormat::Yuv420p, 175, 143);
    check_decoded(&settings, &encode(&settings, 7, |_| false));
}

#[test]
fn the_configuration_is_that_of_the_stream() {
    for (format, profile, level) in [
        (PixelFormat::Yuv420p, 0, 0),
        (PixelFormat::Yuv422p10, 2, 0),
        (PixelFormat::Yuv444p, 1, 0),
        (PixelFormat::Gray10, 0, 0),
    ] {
        let color = Color::BT2100_HLG.with_range(ColorRange::Full);
        let settings = Av1Settings { color, ..settings(format, 50, 34) };
        let encoded = encode(&settings, 2, |time| time == 1);
        let config = encoded.config.unwrap();
        let expected = Av1Config {
            profile,
            level,
            tier: 0,
            bit_depth: format.bit_depth(),
            chroma: format.chroma(),
            chroma_sample_position: 0,
            max_frame_width: 50,
            max_frame_height: 34,
            color,
            sequence_header: obus(&encoded.pictures[1].data).next().unwrap().unwrap().bytes.to_vec(),
        };
        assert_eq!(config, expected);
    }
}

#[test]
fn streams_of_any_length_give_a_packet_a_picture() {
    for low_latency in [false, true] {
        let settings = Av1Settings { low_latency, ..settings(PixelFormat::Yuv420p, 16, 16) };
        for count in [0, 1, 2, 3, 4, 5, 9, 14] {
            let encoded = encode(&settings, count, |_| false);
            assert_eq!(encoded.pictures.len(), count);
            assert_eq!(encoded.config.is_some(), count > 0);
            check_decoded(&settings, &encoded);
        }
    }
}

#[test]
fn key_frames_are_where_they_are_forced_and_at_the_interval() {
    for scene_detection in [SceneDetection::Off, SceneDetection::Fast] {
        let settings = Av1Settings { scene_detection, ..settings(PixelFormat::Yuv420p, 16, 16) };
        // Beside each other, at the end, and at odds with the reordering of four.
        let forced = [0, 3, 4, 5, 11, 23, 24];
        let encoded = encode(&settings, 25, |time| forced.contains(&time));
        check_decoded(&settings, &encoded);
        assert_eq!(keys(&encoded), forced);

        let encoded = encode(&settings, 12, |_| true);
        check_decoded(&settings, &encoded);
        assert_eq!(keys(&encoded), (0..12).collect::<Vec<_>>());

        let settings = Av1Settings { keyframe_interval: 7, ..settings };
        let encoded = encode(&settings, 22, |time| time == 10);
        check_decoded(&settings, &encoded);
        assert_eq!(keys(&encoded), [0, 7, 10, 17]);
    }
    let every = Av1Settings { keyframe_interval: 1, ..settings(PixelFormat::Gray, 16, 16) };
    assert_eq!(keys(&encode(&every, 5, |_| false)), [0, 1, 2, 3, 4]);
}

#[test]
fn threads_change_no_byte() {
    let one = Av1Settings { tiles: Some(4), ..settings(PixelFormat::Yuv420p, 130, 100) };
    let two = Av1Settings { threads: 2, ..one.clone() };
    let encoded = encode(&one, 6, |_| false);
    assert_eq!(bytes(&encoded), bytes(&encode(&two, 6, |_| false)));
    check_decoded(&one, &encoded);
}

#[test]
fn tiles_decode_in_all_layouts() {
    // 4:2:2 has tiles of an even number of superblocks only, and a width that needs another spacing then.
    for format in [PixelFormat::Yuv420p, PixelFormat::Yuv422p10] {
        for (width, height, tiles) in
            [(130, 66, 1), (130, 66, 2), (130, 66, 4), (640, 16, 4), (16, 140, 2), (64, 64, 64)]
        {
            let settings = Av1Settings { tiles: Some(tiles), ..settings(format, width, height) };
            check_decoded(&settings, &encode(&settings, 3, |_| false));
        }
    }
}

#[test]
fn the_options_of_the_engine_decode_too() {
    let base = settings(PixelFormat::Yuv420p, 48, 36);
    let bit_rate = RateControl::BitRate { bits_per_second: 300_000, min_quantizer: 10, reservoir_frames: Some(12) };
    for settings in [
        Av1Settings { rate_control: RateControl::Crf(0), ..base.clone() },
        Av1Settings { rate_control: RateControl::Crf(63), ..base.clone() },
        Av1Settings { rate_control: bit_rate, ..base.clone() },
        Av1Settings { preset: 6, ..base.clone() },
        Av1Settings { low_latency: true, ..base.clone() },
        Av1Settings { tune: Tune::Psnr, ..base.clone() },
        Av1Settings { tx_domain_distortion: false, ..base.clone() },
        Av1Settings { tx_domain_distortion: false, scene_detection: SceneDetection::Standard, ..base.clone() },
    ] {
        check_decoded(&settings, &encode(&settings, 7, |_| false));
    }
}

#[test]
fn quality_follows_crf() {
    let measure = |crf| {
        let settings = Av1Settings { rate_control: RateControl::Crf(crf), ..settings(PixelFormat::Yuv444p10, 64, 48) };
        let encoded = encode(&settings, 4, |_| false);
        let size: usize = encoded.pictures.iter().map(|picture| picture.data.len()).sum();
        (check_decoded(&settings, &encoded), size)
    };
    let measured: Vec<_> = [0, 20, 40, 63].map(measure).into();
    assert!(measured.is_sorted_by(|a, b| a.0 > b.0 && a.1 > b.1), "{measured:?}");
    assert!(measured[0].0 > 45.0, "{measured:?}");
}

#[test]
fn bit_rates_are_kept_roughly() {
    let rate_control = RateControl::BitRate { bits_per_second: 120_000, min_quantizer: 0, reservoir_frames: None };
    let settings = Av1Settings { rate_control, keyframe_interval: 30, ..settings(PixelFormat::Yuv420p, 64, 64) };
    let encoded = encode(&settings, 60, |_| false);
    let bits: usize = encoded.pictures.iter().map(|picture| picture.data.len() * 8).sum();
    assert!((120_000..480_000).contains(&bits), "{bits} bits in two seconds of 120 kbit/s");
}

#[test]
fn engines_do_not_know_of_each_other() {
    let settings = settings(PixelFormat::Yuv420p, 48, 32);
    let (first, second) = (encode(&settings, 5, |_| false), encode(&settings.clone(), 5, |_| false));
    assert_eq!(bytes(&first), bytes(&second));
}

#[test]
fn pictures_that_do_not_fit_are_refused_and_leave_no_trace() {
    let settings = settings(PixelFormat::Yuv420p10, 32, 16);
    let mut engine = settings.open().unwrap();
    let mut out = Vec::new();
    let refuse = |engine: &mut Box<dyn VideoEngine>, picture: crate::media::PictureView<'_>| {
        let error =
            engine.encode(VideoInput { picture, force_key: false, analysis: None }, &mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    };
    let good = picture(PixelFormat::Yuv420p10, 32, 16, 0);
    refuse(&mut engine, picture(PixelFormat::Yuv420p, 32, 16, 0).view());
    refuse(&mut engine, picture(PixelFormat::Yuv420p10, 32, 18, 0).view());
    let mut short = good.view();
    short.planes[0].stride = 33;
    refuse(&mut engine, short);
    let mut narrow = good.view();
    narrow.planes[1].stride = 0;
    refuse(&mut engine, narrow);
    let mut fewer = good.view();
    fewer.planes.pop();
    refuse(&mut engine, fewer);
    let mut loud = good.clone();
    let Plane::U16(samples) = &mut loud.planes[2] else { panic!() };
    samples[100] = 1024;
    refuse(&mut engine, loud.view());

    engine.encode(VideoInput { picture: good.view(), force_key: false, analysis: None }, &mut out).unwrap();
    engine.finish(&mut out).unwrap();
    assert_eq!(out[0].data, encode(&settings, 1, |_| false).pictures[0].data);
    for error in [
        engine.encode(VideoInput { picture: good.view(), force_key: false, analysis: None }, &mut out).unwrap_err(),
        engine.finish(&mut out).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::State);
    }
}

#[test]
fn strides_do_not_matter() {
    let (width, height) = (20, 18);
    let settings = settings(PixelFormat::Yuv420p, width, height);
    let tight = picture(PixelFormat::Yuv420p, width, height, 0);
    let padded: Vec<Vec<u8>> = tight
        .planes
        .iter()
        .enumerate()
        .map(|(index, plane)| {
            let (plane_width, _) = PixelFormat::Yuv420p.plane_size(index, width, height);
            let Plane::U8(samples) = plane else { panic!() };
            let rows: Vec<_> = samples.chunks(plane_width).collect();
            rows.join(&[255; 7][..])
        })
        .collect();
    let mut view = tight.view();
    for (plane, samples) in view.planes.iter_mut().zip(&padded) {
        plane.samples = crate::media::Samples::U8(samples);
        plane.stride += 7;
    }
    let mut engine = settings.open().unwrap();
    let mut out = Vec::new();
    engine.encode(VideoInput { picture: view, force_key: false, analysis: None }, &mut out).unwrap();
    engine.finish(&mut out).unwrap();
    assert_eq!(out[0].data, encode(&settings, 1, |_| false).pictures[0].data);
}

#[test]
fn options_out_of_range_are_refused() {
    let base = settings(PixelFormat::Yuv420p, 64, 64);
    let bit_rate = |bits_per_second, reservoir_frames| RateControl::BitRate {
        bits_per_second,
        min_quantizer: 0,
        reservoir_frames,
    };
    for (settings, name) in [
        (Av1Settings { width: 15, ..base.clone() }, "width"),
        (Av1Settings { height: 65536, ..base.clone() }, "height"),
        (Av1Settings { frame_rate: FrameRate::new(0, 1), ..base.clone() }, "frame_rate"),
        (Av1Settings { frame_rate: FrameRate::new(1, 0), ..base.clone() }, "frame_rate"),
        (Av1Settings { frame_rate: FrameRate::new(1001, 1), ..base.clone() }, "frame_rate"),
        (Av1Settings { rate_control: RateControl::Crf(64), ..base.clone() }, "crf"),
        (Av1Settings { rate_control: bit_rate(0, None), ..base.clone() }, "bit_rate"),
        (Av1Settings { rate_control: bit_rate(1 << 31, None), ..base.clone() }, "bit_rate"),
        (Av1Settings { rate_control: bit_rate(1000, Some(11)), ..base.clone() }, "reservoir_frames"),
        (Av1Settings { preset: 11, ..base.clone() }, "preset"),
        (Av1Settings { keyframe_interval: 0, ..base.clone() }, "keyframe_interval"),
        (Av1Settings { keyframe_interval: u32::MAX, ..base.clone() }, "keyframe_interval"),
        (Av1Settings { min_keyframe_interval: Some(241), ..base.clone() }, "min_keyframe_interval"),
        (Av1Settings { tiles: Some(0), ..base.clone() }, "tiles"),
        (Av1Settings { tiles: Some(65), ..base.clone() }, "tiles"),
        (Av1Settings { threads: 1025, ..base.clone() }, "threads"),
        (Av1Settings { scene_detection: SceneDetection::Standard, ..base.clone() }, "scene_detection"),
    ] {
        let error = settings.open().err().unwrap();
        assert_eq!(error.kind(), ErrorKind::InvalidOption);
        assert!(error.to_string().starts_with(&format!("option `{name}`")), "{error}");
    }
}

#[test]
fn extremes_that_are_allowed_open() {
    let base = settings(PixelFormat::Yuv420p, 16, 16);
    let bit_rate =
        RateControl::BitRate { bits_per_second: i32::MAX as u32, min_quantizer: 255, reservoir_frames: Some(131_072) };
    for settings in [
        Av1Settings { frame_rate: FrameRate::new(u32::MAX, 4_294_968), ..base.clone() },
        Av1Settings { frame_rate: FrameRate::new(1, u32::MAX), ..base.clone() },
        Av1Settings { frame_rate: FrameRate::new(1, u32::MAX), rate_control: bit_rate, ..base.clone() },
        Av1Settings { keyframe_interval: 715_827_882, ..base.clone() },
        Av1Settings { width: 4096, frame_rate: FrameRate::new(1000, 1), ..base.clone() },
        Av1Settings { height: 4096, frame_rate: FrameRate::new(1000, 1), ..base.clone() },
        Av1Settings { rate_control: bit_rate, ..base.clone() },
    ] {
        check_decoded(&settings, &encode(&settings, 1, |_| false));
    }
}

#[test]
fn quantizers_follow_the_common_scale() {
    assert_eq!([0, 1, 30, 61, 62, 63].map(Av1Settings::quantizer), [1, 4, 120, 244, 249, 255]);
}

#[test]
fn tiles_follow_from_the_size_alone() {
    for (width, height, tiles) in
        [(352, 288, 1), (640, 360, 2), (360, 640, 2), (1280, 720, 2), (1920, 1080, 4), (3840, 2160, 4)]
    {
        for threads in [0, 1, 7] {
            let settings = Av1Settings { threads, ..settings(PixelFormat::Yuv420p, width, height) };
            assert_eq!(settings.tile_count(), tiles, "{width}x{height}");
        }
    }
}
