//! Scaling, black around the frame, and the coded size.

use proptest::prelude::*;

use super::*;
use crate::convert::picture::cubic::Axis;
use crate::convert::picture::scale::Place;

#[test]
fn frames_keep_their_proportions_and_chroma_its_place() {
    let place = |left, top, width, height| Place { left, top, width, height };
    for (from, to, expected) in [
        ((1920, 1080), (1280, 720), place(0, 0, 1280, 720)),
        ((1920, 1080), (854, 480), place(0, 0, 854, 480)),
        ((1920, 1080), (640, 480), place(0, 60, 640, 360)),
        ((640, 480), (1920, 1080), place(240, 0, 1440, 1080)),
        ((1080, 1920), (1920, 1080), place(656, 0, 608, 1080)),
        ((65536, 1), (320, 240), place(0, 118, 320, 2)),
        ((1, 65536), (321, 241), place(158, 0, 2, 241)),
        ((16, 16), (1, 1), place(0, 0, 1, 1)),
        ((65536, 65536), (65535, 65536), place(0, 0, 65535, 65536)),
    ] {
        assert_eq!(Place::new(Fit::Pad, from, to), expected, "{from:?} in {to:?}");
        assert_eq!(Place::new(Fit::Stretch, from, to), place(0, 0, to.0, to.1));
    }
    for from in (1..40).flat_map(|w| (1..40).map(move |h| (w, h))) {
        for to in (1..24).flat_map(|w| (1..24).map(move |h| (w, h))) {
            let place = Place::new(Fit::Pad, from, to);
            assert!(place.left.is_multiple_of(2) && place.top.is_multiple_of(2));
            assert!(place.left + place.width <= to.0 && place.top + place.height <= to.1);
            assert!(place.width == to.0 || place.width.is_multiple_of(2));
            assert!(place.height == to.1 || place.height.is_multiple_of(2));
            let (wide, high) = (from.0 * place.height, from.1 * place.width);
            assert!(wide.abs_diff(high) <= 2 * from.0.max(from.1), "{from:?} in {to:?}: {place:?}");
        }
    }
}

#[test]
fn around_the_frame_is_black_whatever_was_there_before() {
    for &format in &PixelFormat::ALL[..8] {
        for range in [ColorRange::Limited, ColorRange::Full] {
            let (width, height) = (33, 21);
            let color = Color::BT709.with_range(range);
            let mut converter = converter(PictureTarget { color, ..target(format, width, height) });
            let step = 1 << (format.bit_depth() - 8);
            let black = if range == ColorRange::Limited { 16 * step } else { 0 };
            for (from_width, from_height) in [(10, 30), (30, 10), (7, 7), (33, 21), (10, 30)] {
                let source = Source::new(FrameFormat::Yuv(format.chroma()), 8, from_width, from_height, || 200);
                let frame = source.frame();
                let view = converter.convert(&frame).unwrap();
                let place = Place::new(Fit::Pad, (from_width, from_height), (width, height));
                for plane in 0..view.planes.len() {
                    let (sx, sy) = if plane == 0 { (0, 0) } else { format.chroma().shifts() };
                    for y in 0..view.planes[plane].height {
                        for x in 0..view.planes[plane].width {
                            let inside = (place.left..place.left + place.width).contains(&(x << sx))
                                && (place.top..place.top + place.height).contains(&(y << sy));
                            let outside = if plane == 0 { black } else { 128 * step };
                            // Full range stretches a change of depth a little: 200 is 802 of 1023.
                            let expected = match (range, step) {
                                (ColorRange::Full, 4) if plane == 0 => 802,
                                (ColorRange::Full, 4) => 801,
                                _ => 200 * step,
                            };
                            let expected = if inside { expected } else { outside };
                            assert_eq!(view_value(&view, plane, x, y), expected, "{format} {range} {plane} {x} {y}");
                        }
                    }
                }
            }
        }
    }
}

/// One plane scaled in floating point, without the intermediate rounding.
fn scale_oracle(samples: &[u32], (width, height): (usize, usize), (to_width, to_height): (usize, usize)) -> Vec<f64> {
    let weights = |from: usize, to: usize, index: usize| -> Vec<f64> {
        let ratio = from as f64 / to as f64;
        let (centre, widen) = ((index as f64 + 0.5) * ratio - 0.5, ratio.max(1.0));
        let mut weights = vec![0.0; from];
        let reach = (2.0 * widen) as i64 + 2;
        for sample in centre as i64 - reach..=centre as i64 + reach {
            let t = ((sample as f64 - centre) / widen).abs();
            weights[sample.clamp(0, from as i64 - 1) as usize] += if t < 1.0 {
                1.0 - 2.5 * t * t + 1.5 * t * t * t
            } else if t < 2.0 {
                2.0 - 4.0 * t + 2.5 * t * t - 0.5 * t * t * t
            } else {
                0.0
            };
        }
        let total: f64 = weights.iter().sum();
        weights.iter().map(|weight| weight / total).collect()
    };
    let mut out = Vec::new();
    for y in 0..to_height {
        let rows = weights(height, to_height, y);
        for x in 0..to_width {
            let columns = weights(width, to_width, x);
            let row =
                |y: usize| columns.iter().enumerate().map(|(x, w)| w * f64::from(samples[y * width + x])).sum::<f64>();
            out.push(rows.iter().enumerate().map(|(y, w)| w * row(y)).sum());
        }
    }
    out
}

/// One plane scaled as the definition has it: rows first, to 14 - `depth` fractional bits, then columns.
fn scale_exactly(samples: &[u32], from: (usize, usize), to: (usize, usize), depth: u8) -> Vec<u32> {
    let (x_axis, y_axis) = (Axis::new(from.0, to.0), Axis::new(from.1, to.1));
    let weigh = |axis: &Axis, index: usize, divisor: i64, value: &dyn Fn(usize) -> i64| {
        let (first, coefficients) = axis.taps(index);
        let sum: i64 = coefficients.iter().zip(first..).map(|(&c, at)| i64::from(c) * value(at)).sum();
        (2 * sum + divisor).div_euclid(2 * divisor)
    };
    let row = |x: usize, y: usize| weigh(&y_axis, y, 1 << depth, &|y| i64::from(samples[y * from.0 + x]));
    let places = (0..to.1).flat_map(|y| (0..to.0).map(move |x| (x, y)));
    let value = |(x, y)| weigh(&x_axis, x, 1 << (28 - depth), &|x| row(x, y));
    places.map(|place| value(place).clamp(0, (1 << depth) - 1) as u32).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn scaling_is_that_of_the_formula(
        format in 0usize..10,
        (width, height) in (1usize..24, 1usize..24),
        (to_width, to_height) in (1usize..24, 1usize..24),
        seed in any::<u64>(),
    ) {
        let format = PixelFormat::ALL[format];
        let depth = format.bit_depth();
        let source = Source::new(FrameFormat::Yuv(format.chroma()), depth, width, height, noise(seed));
        let frame = source.frame();
        let mut same = converter(target(format, width, height));
        let before = values(&same.convert(&frame).unwrap());
        let mut converter = converter(PictureTarget { fit: Fit::Stretch, ..target(format, to_width, to_height) });
        let after = values(&converter.convert(&frame).unwrap());
        let max = f64::from((1u32 << depth) - 1);
        for plane in 0..before.len() {
            let (from, to) = (format.plane_size(plane, width, height), format.plane_size(plane, to_width, to_height));
            for (index, expected) in scale_oracle(&before[plane], from, to).into_iter().enumerate() {
                let off = f64::from(after[plane][index]) - expected.clamp(0.0, max);
                // Half a step, and coefficients that are off by up to 2^-14 each.
                prop_assert!(off.abs() < 0.5 + max / 1000.0, "{format} {plane} {index}: {off} off {expected}");
            }
            prop_assert_eq!(&after[plane], &scale_exactly(&before[plane], from, to, depth));
        }
    }

    #[test]
    fn constant_pictures_stay_constant(
        (width, height) in (1usize..300, 1usize..60),
        (to_width, to_height) in (1usize..300, 1usize..60),
        value in 0u32..1024,
        deep in any::<bool>(),
    ) {
        let format = if deep { PixelFormat::Yuv420p10 } else { PixelFormat::Yuv420p };
        let value = if deep { value } else { value / 4 };
        let source = Source::new(FrameFormat::Yuv(ChromaSubsampling::Yuv420), format.bit_depth(), width, height, || {
            if deep { value << 16 | 1 } else { value }
        });
        let frame = source.frame();
        let mut converter = converter(PictureTarget { fit: Fit::Stretch, ..target(format, to_width, to_height) });
        prop_assert!(values(&converter.convert(&frame).unwrap()).concat().into_iter().all(|sample| sample == value));
    }
}

#[test]
fn fine_stripes_shrink_to_grey_and_not_to_coarse_stripes() {
    let stripes: Vec<u8> = (0..200 * 4).map(|index| if index % 2 == 0 { 16 } else { 235 }).collect();
    let frame = FrameView::contiguous(FrameFormat::Yuv(ChromaSubsampling::Monochrome), 200, 4, PlaneData::U8(&stripes));
    let frame = frame.unwrap();
    for width in [10, 33, 64, 90] {
        let mut converter = converter(PictureTarget { fit: Fit::Stretch, ..target(PixelFormat::Gray, width, 4) });
        let view = converter.convert(&frame).unwrap();
        for x in 2..width - 2 {
            let value = view_value(&view, 0, x, 1);
            assert!(value.abs_diff(126) <= 10, "{width}: {value} at {x}");
        }
    }
}

#[test]
fn the_coded_size_repeats_the_last_column_and_row() {
    for &format in PixelFormat::ALL {
        for (width, height) in [(1, 1), (5, 3), (17, 9)] {
            let source = Source::new(FrameFormat::Yuv(format.chroma()), format.bit_depth(), width, height, noise(7));
            let frame = source.frame();
            let mut same = converter(target(format, width, height));
            let visible = values(&same.convert(&frame).unwrap());
            let mut converter =
                converter(PictureTarget { coded_width: 24, coded_height: 16, ..target(format, width, height) });
            let view = converter.convert(&frame).unwrap();
            assert_eq!((view.width, view.height), (24, 16));
            for (plane, visible) in visible.iter().enumerate() {
                let (w, h) = format.plane_size(plane, width, height);
                let (coded_w, coded_h) = format.plane_size(plane, 24, 16);
                assert_eq!((view.planes[plane].width, view.planes[plane].height), (coded_w, coded_h));
                for y in 0..coded_h {
                    for x in 0..coded_w {
                        let expected = visible[y.min(h - 1) * w + x.min(w - 1)];
                        assert_eq!(view_value(&view, plane, x, y), expected);
                    }
                }
            }
        }
    }
}
