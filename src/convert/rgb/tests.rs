//! One table of cases, one runner and one naive oracle for every implementation; and the oracle's definition against
//! exact rationals.

use proptest::prelude::*;

use super::*;
use crate::media::{ChromaSubsampling, ColorRange, MatrixCoefficients, Plane};

/// What this room converts to: all but planes of red, green and blue.
const YUV: &[PixelFormat] = PixelFormat::ALL.split_at(8).0;

const LAYOUTS: [FrameFormat; 7] = [
    FrameFormat::Rgb,
    FrameFormat::Bgr,
    FrameFormat::Rgba,
    FrameFormat::Bgra,
    FrameFormat::Gray,
    FrameFormat::RgbPlanar,
    FrameFormat::RgbaPlanar,
];
const RANGES: [ColorRange; 2] = [ColorRange::Limited, ColorRange::Full];

fn color(matrix: MatrixCoefficients, range: ColorRange) -> Color {
    Color { matrix, ..Color::BT709.with_range(range) }
}

fn colors() -> impl Iterator<Item = Color> {
    MatrixCoefficients::ALL.iter().flat_map(|&matrix| RANGES.map(|range| color(matrix, range)))
}

/// A small generator of noise (xorshift64*).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }
}

/// A frame that owns its samples, as words whatever the depth. Each row is followed by `gap` samples.
#[derive(Clone, Debug)]
struct Case {
    layout: FrameFormat,
    depth: u8,
    width: u32,
    height: u32,
    gap: usize,
    planes: Vec<Vec<u16>>,
}

impl Case {
    /// Samples from `sample`, which is asked in order. The last row has no gap behind it.
    fn new(
        layout: FrameFormat,
        depth: u8,
        (width, height): (u32, u32),
        gap: usize,
        mut sample: impl FnMut() -> u16,
    ) -> Self {
        let plane = |index| {
            let (row, rows) = layout.plane_size(index, width as usize, height as usize);
            (0..(row + gap) * rows - gap).map(|_| sample()).collect()
        };
        Case { layout, depth, width, height, gap, planes: (0..layout.planes()).map(plane).collect() }
    }

    /// Noise with many extremes; of deep samples some are above the depth's largest.
    fn noise(layout: FrameFormat, depth: u8, size: (u32, u32), gap: usize, noise: &mut Noise) -> Self {
        let max = u16::MAX >> (16 - depth);
        let transparent = noise.next().is_multiple_of(2);
        let mut index = 0;
        Self::new(layout, depth, size, gap, || {
            index += 1;
            let value = noise.next();
            match (value >> 40) % 8 {
                _ if channels(layout) == 4 && index % 4 == 0 && !transparent => max,
                0 => 0,
                1 => max,
                _ if depth == 8 => value as u8 as u16,
                2 => value as u16,
                _ => value as u16 & max,
            }
        })
    }

    /// Calls `with` with the frame borrowed.
    fn view<R>(&self, with: impl FnOnce(&FrameView<'_>) -> R) -> R {
        let bytes: Vec<Vec<u8>> = self.planes.iter().map(|plane| plane.iter().map(|&v| v as u8).collect()).collect();
        let planes: Vec<_> = (0..self.planes.len())
            .map(|index| {
                let stride = self.layout.plane_size(index, self.width as usize, self.height as usize).0 + self.gap;
                let words = &self.planes[index];
                (if self.depth == 8 { PlaneData::from(&bytes[index]) } else { PlaneData::from(words) }, stride)
            })
            .collect();
        let frame = FrameView::from_planes(self.layout, self.width, self.height, &planes).unwrap();
        with(&frame.with_bit_depth(self.depth).unwrap())
    }

    /// The pixel's R, G and B, clipped and composed over black.
    fn pixel(&self, x: usize, y: usize) -> [i128; 3] {
        let max = (1i128 << self.depth) - 1;
        let (row, _) = self.layout.plane_size(0, self.width as usize, self.height as usize);
        let at = |plane: usize, index: usize| i128::from(self.planes[plane][y * (row + self.gap) + index]).min(max);
        let opaque = |value, alpha| (2 * value * alpha + max) / (2 * max);
        match self.layout {
            FrameFormat::Rgb => [0, 1, 2].map(|channel| at(0, 3 * x + channel)),
            FrameFormat::Bgr => [2, 1, 0].map(|channel| at(0, 3 * x + channel)),
            FrameFormat::Rgba => [0, 1, 2].map(|channel| opaque(at(0, 4 * x + channel), at(0, 4 * x + 3))),
            FrameFormat::Bgra => [2, 1, 0].map(|channel| opaque(at(0, 4 * x + channel), at(0, 4 * x + 3))),
            FrameFormat::Gray => [at(0, x); 3],
            FrameFormat::RgbaPlanar => [0, 1, 2].map(|plane| opaque(at(plane, x), at(3, x))),
            _ => [0, 1, 2].map(|plane| at(plane, x)),
        }
    }

    /// The sums of R, G and B of the pixels that chroma sample (`x`, `y`) stands for, and their number.
    fn chroma_pixels(&self, chroma: ChromaSubsampling, x: usize, y: usize) -> ([i128; 3], i128) {
        let (x_shift, y_shift) = chroma.shifts();
        let mut sums = [0; 3];
        for dy in 0..1 << y_shift {
            for dx in 0..1 << x_shift {
                let x = ((x << x_shift) + dx).min(self.width as usize - 1);
                let y = ((y << y_shift) + dy).min(self.height as usize - 1);
                sums.iter_mut().zip(self.pixel(x, y)).for_each(|(sum, value)| *sum += value);
            }
        }
        (sums, 1 << (x_shift + y_shift))
    }

    fn convert(&self, converter: &RgbConverter, threads: usize) -> Picture {
        let mut out = Picture::new(converter.format, self.width as usize, self.height as usize);
        self.view(|frame| converter.convert(frame, &mut out, &Workers::new(threads).unwrap()));
        out
    }
}

/// Black, heights of luma and chroma, and neutral chroma.
fn ranges(format: PixelFormat, color: Color) -> (i128, i128, i128, i128) {
    let depth = format.bit_depth();
    let (scale, full) = (1i128 << (depth - 8), (1i128 << depth) - 1);
    match color.range {
        ColorRange::Limited => (16 * scale, 219 * scale, 224 * scale, 128 * scale),
        ColorRange::Full => (0, full, full, 128 * scale),
    }
}

/// The picture by the words of the module's definition, sample by sample.
fn naive(case: &Case, format: PixelFormat, color: Color) -> Picture {
    let (width, height) = (case.width as usize, case.height as usize);
    let (black, luma, chroma, neutral) = ranges(format, color);
    let full = (1i128 << format.bit_depth()) - 1;
    let shift = u32::from(case.depth) + 8;
    let unit = |numerator: i128, denominator: i128| {
        let (n, d) = (numerator << shift, denominator * ((1 << case.depth) - 1));
        (2 * n + d) / (2 * d)
    };
    let (red, blue) = color.matrix.luma_weights();
    let (red, blue) = (i128::from(red), i128::from(blue));
    let (y_r, y_b) = (unit(luma * red, 10_000), unit(luma * blue, 10_000));
    let (u_r, u_b) = (-unit(chroma * red, 20_000 - 2 * blue), unit(chroma, 2));
    let (v_r, v_b) = (unit(chroma, 2), -unit(chroma * blue, 20_000 - 2 * red));
    let rows = [
        ([y_r, unit(luma, 1) - y_r - y_b, y_b], black),
        ([u_r, -u_r - u_b, u_b], neutral),
        ([v_r, -v_r - v_b, v_b], neutral),
    ];
    let mut out = Picture::new(format, width, height);
    for (plane, samples) in out.planes.iter_mut().enumerate() {
        let (plane_width, plane_height) = format.plane_size(plane, width, height);
        for index in 0..plane_width * plane_height {
            let (x, y) = (index % plane_width, index / plane_width);
            let (rgb, count) =
                if plane == 0 { (case.pixel(x, y), 1) } else { case.chroma_pixels(format.chroma(), x, y) };
            let shift = shift + count.ilog2();
            let (row, offset) = rows[plane];
            let sum: i128 = row.iter().zip(rgb).map(|(coefficient, value)| coefficient * value).sum();
            let value = ((sum + (offset << shift) + (1 << (shift - 1))) >> shift).min(full);
            match samples {
                Plane::U8(samples) => samples[index] = value.try_into().unwrap(),
                Plane::U16(samples) => samples[index] = value.try_into().unwrap(),
            }
        }
    }
    out
}

/// Every implementation against the oracle.
fn check(case: &Case, format: PixelFormat, color: Color) {
    let expected = naive(case, format, color);
    let converter = RgbConverter::new(format, color, case.depth);
    let Case { layout, depth, width, height, gap, .. } = case;
    let what = format!("{layout} of {depth} bit, {width}x{height}, gap {gap}, to {format}, {color}");
    assert!(case.convert(&converter, 1) == expected, "{:?}: {what}", converter.instructions);
    assert!(case.convert(&converter.portable(), 1) == expected, "portable: {what}");
}

#[test]
fn every_size_up_to_two_blocks_and_a_bit() {
    let mut noise = Noise(1);
    for width in 1..=70 {
        for height in 1..=5 {
            for (index, layout) in LAYOUTS.into_iter().enumerate() {
                let gap = (width as usize + index) % 5;
                let range = RANGES[(width + height) as usize % 2];
                let case = Case::noise(layout, 8, (width, height), gap, &mut noise);
                check(&case, PixelFormat::Yuv420p, color(MatrixCoefficients::Bt709, range));
            }
        }
    }
}

#[test]
fn every_layout_depth_and_format() {
    let mut noise = Noise(2);
    for layout in LAYOUTS {
        for depth in 8..=16 {
            for &format in YUV {
                for size in [(1, 1), (2, 2), (37, 5), (64, 4)] {
                    let case = Case::noise(layout, depth, size, depth as usize % 3, &mut noise);
                    for range in RANGES {
                        check(&case, format, color(MatrixCoefficients::Bt2020Ncl, range));
                    }
                }
            }
        }
    }
}

/// A corner of the cube in every pixel: the largest and the smallest of every sum.
#[test]
fn corners_of_every_colour() {
    for color in colors() {
        for corner in 0..8u8 {
            for depth in [8, 16] {
                let mut channel = 0;
                let case = Case::new(FrameFormat::Rgb, depth, (34, 2), 0, || {
                    channel += 1;
                    if corner >> (channel % 3) & 1 == 1 { u16::MAX >> (16 - depth) } else { 0 }
                });
                YUV.iter().for_each(|&format| check(&case, format, color));
            }
        }
    }
}

#[test]
fn threads_change_nothing() {
    let mut noise = Noise(3);
    for (layout, depth) in [(FrameFormat::Rgb, 8), (FrameFormat::RgbPlanar, 16)] {
        for height in [1, 63, 64, 65, 191] {
            let case = Case::noise(layout, depth, (50, height), 1, &mut noise);
            for &format in YUV {
                let converter = RgbConverter::new(format, Color::BT709, depth);
                assert!(case.convert(&converter, 1) == naive(&case, format, Color::BT709), "{height} rows to {format}");
                assert!(case.convert(&converter, 1) == case.convert(&converter, 3), "{height} rows to {format}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_frame(
        (layout, format) in (prop::sample::select(&LAYOUTS[..]), prop::sample::select(YUV)),
        matrix in prop::sample::select(MatrixCoefficients::ALL),
        range in prop::sample::select(&RANGES[..]),
        depth in prop_oneof![2 => Just(8u8), 1 => 9u8..=16],
        size in (1u32..100, 1u32..8),
        gap in 0usize..40,
        seed in 1u64..,
    ) {
        check(&Case::noise(layout, depth, size, gap, &mut Noise(seed)), format, color(matrix, range));
    }
}

/// How far code values are from the exact ones.
#[derive(Default)]
struct Errors {
    count: u32,
    sum: f64,
    largest: f64,
}

impl Errors {
    fn add(&mut self, code: i128, numerator: i128, denominator: i128) {
        let error = (code * denominator - numerator) as f64 / denominator as f64;
        self.count += 1;
        self.sum += error;
        self.largest = self.largest.max(error.abs());
    }

    fn mean(&self) -> f64 {
        self.sum / f64::from(self.count)
    }
}

/// The errors of Y, U and V of a converted frame.
fn errors(case: &Case, out: &Picture, color: Color) -> [Errors; 3] {
    let (black, luma, chroma, neutral) = ranges(out.format, color);
    let (red, blue) = color.matrix.luma_weights();
    let (red, blue) = (i128::from(red), i128::from(blue));
    let unit = 10_000 * ((1i128 << case.depth) - 1);
    let mut errors = [const { Errors { count: 0, sum: 0.0, largest: 0.0 } }; 3];
    for (plane, samples) in out.planes.iter().enumerate() {
        let (width, height) = out.format.plane_size(plane, out.width, out.height);
        for index in 0..width * height {
            let (x, y) = (index % width, index / width);
            let code = match samples {
                Plane::U8(samples) => i128::from(samples[index]),
                Plane::U16(samples) => i128::from(samples[index]),
            };
            let ([r, g, b], count) =
                if plane == 0 { (case.pixel(x, y), 1) } else { case.chroma_pixels(out.format.chroma(), x, y) };
            let y = red * r + (10_000 - red - blue) * g + blue * b;
            let (numerator, denominator, offset) = match plane {
                0 => (luma * y, unit, black),
                1 => (chroma * (10_000 * b - y) * 10_000, unit * count * 2 * (10_000 - blue), neutral),
                _ => (chroma * (10_000 * r - y) * 10_000, unit * count * 2 * (10_000 - red), neutral),
            };
            errors[plane].add(code, numerator + offset * denominator, denominator);
        }
    }
    errors
}

/// What the definition says that a result is off at most.
const MOST_OFF: f64 = 0.506;

/// What the mean error may be: an exact half is rounded up, and the coefficients are rounded too.
const BIAS: f64 = 0.005;

#[test]
fn random_pixels_are_within_0_51_and_without_bias() {
    let mut noise = Noise(4);
    for depth in [8, 10, 12, 16] {
        let case =
            Case::new(FrameFormat::Rgb, depth, (240, 240), 0, || noise.next() as u16 & (u16::MAX >> (16 - depth)));
        for color in colors() {
            for format in [PixelFormat::Yuv420p, PixelFormat::Yuv420p10, PixelFormat::Yuv444p, PixelFormat::Yuv422p10] {
                let out = case.convert(&RgbConverter::new(format, color, depth), 1);
                for (plane, errors) in errors(&case, &out, color).iter().enumerate() {
                    let (mean, largest) = (errors.mean(), errors.largest);
                    let what = format!("plane {plane}: {largest}, mean {mean}: {depth} bit to {format}, {color}");
                    assert!(largest <= MOST_OFF, "{what}");
                    assert!(mean.abs() <= if plane == 0 { BIAS } else { 2.0 * BIAS }, "{what}");
                }
            }
        }
    }
}

/// Found by fuzzing: green has the rounding of red and blue to bear, and is off by three times theirs, which is more than
/// the definition used to allow.
#[test]
fn found_much_green_is_off_by_the_roundings_of_all_three() {
    let mut pixel = [4726, 64277, 2679].into_iter();
    let case = Case::new(FrameFormat::Rgb, 16, (1, 1), 0, || pixel.next().unwrap());
    let out = case.convert(&RgbConverter::new(PixelFormat::Gray10, Color::BT709, 16), 1);
    let largest = errors(&case, &out, Color::BT709)[0].largest;
    assert!(largest > 0.504 && largest <= MOST_OFF, "{largest}");
    for depth in 8..=16u8 {
        let max = u16::MAX >> (16 - depth);
        for corner in 0..8u16 {
            let mut bit = 0;
            let case = Case::new(FrameFormat::Rgb, depth, (1, 1), 0, || {
                bit += 1;
                (corner >> (bit - 1) & 1) * max
            });
            for color in colors() {
                for format in [PixelFormat::Yuv444p, PixelFormat::Yuv444p10] {
                    let out = case.convert(&RgbConverter::new(format, color, depth), 1);
                    assert!(
                        errors(&case, &out, color).iter().all(|errors| errors.largest <= MOST_OFF),
                        "{depth} {color}"
                    );
                }
            }
        }
    }
}

#[test]
fn all_greys_are_neutral_and_end_at_white() {
    for depth in 8..=16u8 {
        let levels = 1u32 << depth;
        let mut level = 0u16;
        let case = Case::new(FrameFormat::Gray, depth, (256, levels / 256), 0, || {
            level = level.wrapping_add(1);
            level.wrapping_sub(1)
        });
        for color in colors() {
            for format in [PixelFormat::Yuv444p, PixelFormat::Yuv420p10] {
                let out = case.convert(&RgbConverter::new(format, color, depth), 1);
                let (black, luma, _, neutral) = ranges(format, color);
                let codes: Vec<Vec<i128>> = out
                    .planes
                    .iter()
                    .map(|plane| match plane {
                        Plane::U8(samples) => samples.iter().map(|&code| code.into()).collect(),
                        Plane::U16(samples) => samples.iter().map(|&code| code.into()).collect(),
                    })
                    .collect();
                assert_eq!((codes[0][0], codes[0][levels as usize - 1]), (black, black + luma));
                assert!(codes[0].is_sorted());
                assert!(codes[1..].iter().flatten().all(|&code| code == neutral), "{depth} bit to {format}, {color}");
                assert!(errors(&case, &out, color).iter().all(|errors| errors.largest <= MOST_OFF));
            }
        }
    }
}

/// Every colour of 8 bits: 2^24 pixels.
#[test]
fn all_colours_of_8_bits() {
    let color = Color::BT709;
    let (red, blue) = color.matrix.luma_weights();
    let (red, blue) = (i64::from(red), i64::from(blue));
    let converter = RgbConverter::new(PixelFormat::Yuv444p, color, 8);
    let workers = Workers::new(1).unwrap();
    let mut out = Picture::new(PixelFormat::Yuv444p, 256, 256);
    let (mut sums, mut largest) = ([0f64; 3], [0f64; 3]);
    for r in 0..=255u8 {
        let (r_plane, g_plane, b_plane): (Vec<u8>, Vec<u8>, Vec<u8>) = (
            (0..65536).map(|_| r).collect(),
            (0..65536).map(|i| (i >> 8) as u8).collect(),
            (0..65536).map(|i| i as u8).collect(),
        );
        let planes = [&r_plane, &g_plane, &b_plane].map(|plane| (PlaneData::from(plane), 256));
        let frame = FrameView::from_planes(FrameFormat::RgbPlanar, 256, 256, &planes).unwrap();
        converter.convert(&frame, &mut out, &workers);
        let codes = [0, 1, 2].map(|plane| match &out.planes[plane] {
            Plane::U8(samples) => samples.as_slice(),
            Plane::U16(_) => &[],
        });
        (0..65536usize).for_each(|index| {
            let [r, g, b] = [r.into(), (index >> 8) as i64, (index & 255) as i64];
            let y = red * r + (10_000 - red - blue) * g + blue * b;
            let exact = [
                (219 * y, 255 * 10_000, 16),
                (224 * (10_000 * b - y), 255 * 2 * (10_000 - blue), 128),
                (224 * (10_000 * r - y), 255 * 2 * (10_000 - red), 128),
            ];
            for (plane, (numerator, denominator, offset)) in exact.into_iter().enumerate() {
                let error = (i64::from(codes[plane][index]) - offset) * denominator - numerator;
                let error = error as f64 / denominator as f64;
                sums[plane] += error;
                largest[plane] = largest[plane].max(error.abs());
            }
        });
    }
    let means = sums.map(|sum| sum / f64::from(1 << 24));
    println!("largest {largest:?}, mean {means:?}");
    assert!(largest.iter().all(|&largest| largest <= MOST_OFF), "largest {largest:?}");
    assert!(means.iter().all(|mean| mean.abs() <= 0.001), "mean {means:?}");
}

#[test]
fn full_alpha_is_the_identity_and_none_is_black() {
    let mut noise = Noise(5);
    for depth in [8u8, 10, 16] {
        let max = u16::MAX >> (16 - depth);
        for alpha in [0, max] {
            let mut index = 0;
            let rgba = Case::new(FrameFormat::Rgba, depth, (64, 4), 0, || {
                index += 1;
                if index % 4 == 0 { alpha } else { noise.next() as u16 & max }
            });
            let rgb: Vec<u16> =
                (0..64 * 4 * 3).map(|i| if alpha == 0 { 0 } else { rgba.planes[0][i / 3 * 4 + i % 3] }).collect();
            let rgb = Case { layout: FrameFormat::Rgb, planes: vec![rgb], ..rgba.clone() };
            for &format in YUV {
                let converter = RgbConverter::new(format, Color::BT709, depth);
                assert!(rgba.convert(&converter, 1) == rgb.convert(&converter, 1));
            }
        }
    }
}

/// `cargo test --lib convert::rgb -- --ignored --nocapture`: a 1080p frame in milliseconds, the least of several. The
/// real figures are those of `benches/convert.rs`.
#[test]
#[ignore = "measures time"]
fn timings() {
    let mut noise = Noise(6);
    for (layout, depth, format) in [
        (FrameFormat::Rgb, 8, PixelFormat::Yuv420p),
        (FrameFormat::Rgba, 8, PixelFormat::Yuv420p),
        (FrameFormat::RgbPlanar, 8, PixelFormat::Yuv420p),
        (FrameFormat::Gray, 8, PixelFormat::Yuv420p),
        (FrameFormat::Rgb, 8, PixelFormat::Yuv444p),
        (FrameFormat::Rgb, 8, PixelFormat::Yuv420p10),
        (FrameFormat::Rgb, 16, PixelFormat::Yuv420p10),
        (FrameFormat::RgbPlanar, 16, PixelFormat::Yuv420p10),
    ] {
        let case = Case::new(layout, depth, (1920, 1080), 0, || noise.next() as u16 | 0xff00);
        let detected = RgbConverter::new(format, Color::BT709, depth);
        let portable = RgbConverter::new(format, Color::BT709, depth).portable();
        let workers = Workers::new(1).unwrap();
        let mut out = Picture::new(format, 1920, 1080);
        let times = [detected, portable].map(|converter| {
            case.view(|frame| {
                let time = (0..20).map(|_| {
                    let start = std::time::Instant::now();
                    converter.convert(frame, &mut out, &workers);
                    start.elapsed()
                });
                time.min().unwrap()
            })
        });
        println!("{layout} {depth} bit to {format}: {times:?} with and without instructions");
    }
}
