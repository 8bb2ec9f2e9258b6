//! Whole frames through the converter, against definitions in floating point.

mod geometry;

use proptest::prelude::*;

use super::*;
use crate::ErrorKind;
use crate::media::{
    ChromaSubsampling, ColorRange, FrameFormat, MatrixCoefficients, PlaneData, Primaries, Samples,
    TransferCharacteristics,
};

const CHROMAS: [ChromaSubsampling; 4] =
    [ChromaSubsampling::Monochrome, ChromaSubsampling::Yuv420, ChromaSubsampling::Yuv422, ChromaSubsampling::Yuv444];

fn target(format: PixelFormat, width: usize, height: usize) -> PictureTarget {
    let (coded_width, coded_height) = (width, height);
    PictureTarget { format, width, height, coded_width, coded_height, color: Color::BT709, fit: Fit::Pad }
}

fn converter(target: PictureTarget) -> PictureConverter {
    PictureConverter::new(target, Arc::new(Workers::new(1).unwrap()))
}

/// Numbers that look random.
fn noise(seed: u64) -> impl FnMut() -> u32 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u32
    }
}

/// Planes of noise, with three samples more than needed in each row.
struct Source {
    format: FrameFormat,
    depth: u8,
    width: usize,
    height: usize,
    bytes: Vec<Vec<u8>>,
    words: Vec<Vec<u16>>,
}

impl Source {
    fn new(format: FrameFormat, depth: u8, width: usize, height: usize, mut next: impl FnMut() -> u32) -> Self {
        let (mut bytes, mut words) = (Vec::new(), Vec::new());
        for plane in 0..format.planes() {
            let (row, rows) = format.plane_size(plane, width, height);
            let count = (row + 3) * rows;
            // One sample in 16 is above the depth's largest.
            let shift = if format == FrameFormat::Nv12 { 16 - depth } else { 0 };
            bytes.push((0..count).map(|_| next() as u8).collect());
            words.push(
                (0..count)
                    .map(|_| match next() {
                        n if n.is_multiple_of(16) => (n >> 16) as u16,
                        n => (((n >> 16) % (1 << depth)) as u16) << shift,
                    })
                    .collect(),
            );
        }
        Source { format, depth, width, height, bytes, words }
    }

    fn frame(&self) -> FrameView<'_> {
        let plane = |index: usize| {
            let stride = self.format.plane_size(index, self.width, self.height).0 + 3;
            let data = match self.depth {
                8 => PlaneData::from(&self.bytes[index]),
                _ => PlaneData::from(&self.words[index]),
            };
            (data, stride)
        };
        let planes: Vec<_> = (0..self.format.planes()).map(plane).collect();
        let frame = FrameView::from_planes(self.format, self.width as u32, self.height as u32, &planes).unwrap();
        frame.with_bit_depth(self.depth).unwrap()
    }

    fn chroma(&self) -> ChromaSubsampling {
        match self.format {
            FrameFormat::Yuv(chroma) => chroma,
            _ => ChromaSubsampling::Yuv420,
        }
    }

    /// Sample `x`, `y` of Y, Cb or Cr, clipped.
    fn value(&self, channel: usize, x: usize, y: usize) -> u32 {
        let nv12 = self.format == FrameFormat::Nv12;
        let (plane, x) = if nv12 && channel > 0 { (1, 2 * x + channel - 1) } else { (channel, x) };
        let index = y * (self.format.plane_size(plane, self.width, self.height).0 + 3) + x;
        if self.depth == 8 {
            return self.bytes[plane][index].into();
        }
        let word = u32::from(self.words[plane][index]);
        if nv12 { word >> (16 - self.depth) } else { word.min((1 << self.depth) - 1) }
    }
}

fn view_value(view: &PictureView<'_>, plane: usize, x: usize, y: usize) -> u32 {
    let plane = &view.planes[plane];
    match plane.samples {
        Samples::U8(samples) => samples[y * plane.stride + x].into(),
        Samples::U16(samples) => samples[y * plane.stride + x].into(),
    }
}

fn values(view: &PictureView<'_>) -> Vec<Vec<u32>> {
    let plane = |index: usize| {
        let (width, height) = (view.planes[index].width, view.planes[index].height);
        (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| view_value(view, index, x, y)).collect()
    };
    (0..view.planes.len()).map(plane).collect()
}

/// Zero and unit of code values (H.273, 8.3).
fn coding(chroma: bool, range: ColorRange, depth: u8) -> (f64, f64) {
    let step = f64::from(1u32 << (depth - 8));
    let full = f64::from((1u32 << depth) - 1);
    match (chroma, range) {
        (false, ColorRange::Limited) => (16.0 * step, 219.0 * step),
        (false, ColorRange::Full) => (0.0, full),
        (true, ColorRange::Limited) => (128.0 * step, 224.0 * step),
        (true, ColorRange::Full) => (128.0 * step, full),
    }
}

/// Y, Cb and Cr under another matrix, by way of R, G and B.
fn change_matrix([y, cb, cr]: [f64; 3], from: MatrixCoefficients, to: MatrixCoefficients) -> [f64; 3] {
    let weights = |matrix: MatrixCoefficients| {
        let (kr, kb) = matrix.luma_weights();
        (f64::from(kr) / 1e4, f64::from(kb) / 1e4)
    };
    let (kr, kb) = weights(from);
    let (r, b) = (y + 2.0 * (1.0 - kr) * cr, y + 2.0 * (1.0 - kb) * cb);
    let g = (y - kr * r - kb * b) / (1.0 - kr - kb);
    let (kr, kb) = weights(to);
    let y = kr * r + (1.0 - kr - kb) * g + kb * b;
    [y, (b - y) / (2.0 * (1.0 - kb)), (r - y) / (2.0 * (1.0 - kr))]
}

/// What sample `x`, `y` of plane `plane` has to be, before rounding.
fn oracle(source: &Source, from: Color, target: &PictureTarget, plane: usize, x: usize, y: usize) -> f64 {
    let chroma = source.chroma();
    let place = |plane: usize, chroma: ChromaSubsampling| if plane == 0 { (0, 0) } else { chroma.shifts() };
    let (to_x, to_y) = place(plane, target.format.chroma());
    let mean = |channel: usize| {
        if channel >= chroma.planes() {
            return 0.0;
        }
        let (from_x, from_y) = place(channel, chroma);
        let (width, height) =
            source.format.plane_size(channel.min(source.format.planes() - 1), source.width, source.height);
        let width = if source.format == FrameFormat::Nv12 && channel > 0 { width / 2 } else { width };
        // Each pixel that the sample covers counts once, those beyond the edge as the last.
        let mut sum = 0.0;
        for dy in 0..1 << to_y {
            for dx in 0..1 << to_x {
                let (x, y) = (((x << to_x) + dx) >> from_x, ((y << to_y) + dy) >> from_y);
                sum += f64::from(source.value(channel, x.min(width - 1), y.min(height - 1)));
            }
        }
        let (zero, unit) = coding(channel > 0, from.range, source.depth);
        (sum / f64::from(1u32 << (to_x + to_y)) - zero) / unit
    };
    let mut ycc = [mean(0), mean(1), mean(2)];
    if target.format.is_rgb() {
        let (kr, kb) = from.matrix.luma_weights();
        let (kr, kb) = (f64::from(kr) / 1e4, f64::from(kb) / 1e4);
        let (r, b) = (ycc[0] + 2.0 * (1.0 - kr) * ycc[2], ycc[0] + 2.0 * (1.0 - kb) * ycc[1]);
        let g = (ycc[0] - kr * r - kb * b) / (1.0 - kr - kb);
        return ([r, g, b, 1.0][plane] * 255.0).clamp(0.0, 255.0);
    }
    if chroma != ChromaSubsampling::Monochrome {
        // No luma is left in chroma, so that it may be a mean here.
        ycc = change_matrix(ycc, from.matrix, target.color.matrix);
    }
    let depth = target.format.bit_depth();
    let (zero, unit) = coding(plane > 0, target.color.range, depth);
    (ycc[plane] * unit + zero).clamp(0.0, f64::from((1u32 << depth) - 1))
}

fn check(source: &Source, color: Option<Color>, target: PictureTarget) {
    let mut frame = source.frame();
    if let Some(color) = color {
        frame = frame.with_color(color);
    }
    let mut converter = converter(target);
    let view = converter.convert(&frame).unwrap();
    assert_eq!((view.width, view.height, view.format), (source.width, source.height, target.format));
    assert_eq!(view.planes.len(), target.format.planes());
    for plane in 0..view.planes.len() {
        let size = target.format.plane_size(plane, source.width, source.height);
        assert_eq!((view.planes[plane].width, view.planes[plane].height), size);
        for y in 0..size.1 {
            for x in 0..size.0 {
                let expected = oracle(source, color.unwrap_or(target.color), &target, plane, x, y);
                let actual = f64::from(view_value(&view, plane, x, y));
                assert!(
                    (actual - expected).abs() < 0.5001 && actual - expected > -0.5 - 1e-4,
                    "{} of {} bits to {target:?} from {color:?}: {plane} {x} {y}: {actual}, not {expected}",
                    source.format,
                    source.depth,
                );
            }
        }
    }
}

fn yuv_formats() -> impl Iterator<Item = FrameFormat> {
    CHROMAS.into_iter().map(FrameFormat::Yuv).chain([FrameFormat::Nv12])
}

#[test]
fn every_yuv_format_becomes_every_format() {
    for format in yuv_formats() {
        for depth in [8, 9, 10, 12, 16] {
            for &to in PixelFormat::ALL {
                for (width, height) in [(1, 1), (2, 1), (1, 2), (3, 3), (4, 6), (17, 9), (259, 2), (515, 3)] {
                    let source = Source::new(format, depth, width, height, noise((width * 31 + height) as u64));
                    check(&source, None, target(to, width, height));
                }
            }
        }
    }
}

#[test]
fn every_matrix_and_range_becomes_every_other() {
    let colors: Vec<Color> = [
        MatrixCoefficients::Bt709,
        MatrixCoefficients::Fcc,
        MatrixCoefficients::Bt470Bg,
        MatrixCoefficients::Smpte240M,
        MatrixCoefficients::Bt2020Ncl,
    ]
    .into_iter()
    .flat_map(|matrix| {
        [ColorRange::Limited, ColorRange::Full].map(|range| Color { matrix, ..Color::BT709.with_range(range) })
    })
    .collect();
    for format in yuv_formats() {
        for depth in [8, 10, 16] {
            let source = Source::new(format, depth, 17, 5, noise(u64::from(depth)));
            for (index, &from) in colors.iter().enumerate() {
                for (step, &color) in colors.iter().enumerate() {
                    let to = PixelFormat::ALL[(index + step) % PixelFormat::ALL.len()];
                    check(&source, Some(from), PictureTarget { color, ..target(to, 17, 5) });
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_frame_is_converted_to_within_half_a_step(
        (format, depth, to) in (0usize..5, 8u8..=16, 0usize..10),
        (from_range, to_range) in (any::<bool>(), any::<bool>()),
        (from_matrix, to_matrix) in (0usize..7, 0usize..7),
        (width, height) in (1usize..40, 1usize..12),
        seed in any::<u64>(),
    ) {
        let color = |full: bool, matrix: usize| {
            let range = if full { ColorRange::Full } else { ColorRange::Limited };
            Color { matrix: MatrixCoefficients::ALL[matrix], ..Color::BT2020.with_range(range) }
        };
        let (mut from, to_color) = (color(from_range, from_matrix), color(to_range, to_matrix));
        if from.matrix == MatrixCoefficients::Unspecified || to_color.matrix == MatrixCoefficients::Unspecified {
            from.matrix = to_color.matrix;
        }
        let source = Source::new(yuv_formats().nth(format).unwrap(), depth, width, height, noise(seed));
        check(&source, Some(from), PictureTarget { color: to_color, ..target(PixelFormat::ALL[to], width, height) });
    }
}

#[test]
fn every_rgb_format_is_converted_padded_and_scaled() {
    let formats = [
        FrameFormat::Rgb,
        FrameFormat::Bgr,
        FrameFormat::Rgba,
        FrameFormat::Bgra,
        FrameFormat::Gray,
        FrameFormat::RgbPlanar,
    ];
    for format in formats {
        for depth in [8, 16] {
            for &to in PixelFormat::ALL {
                let source = Source::new(format, depth, 17, 9, || u32::MAX);
                for (width, height) in [(17, 9), (5, 31)] {
                    let stretched = PictureTarget { coded_height: 40, fit: Fit::Stretch, ..target(to, width, height) };
                    let mut converter = converter(stretched);
                    let frame = source.frame();
                    let view = converter.convert(&frame).unwrap();
                    assert_eq!((view.width, view.height), (width, 40));
                    let white = if to.is_rgb() { 255 } else { 235 << (to.bit_depth() - 8) };
                    assert!(values(&view)[0].iter().all(|&luma| luma == white), "{format} to {to}");
                    assert!(!to.is_rgb() || values(&view).iter().flatten().all(|&value| value == 255));
                }
            }
        }
    }
}

#[test]
fn what_fits_is_borrowed() {
    for &to in &PixelFormat::ALL[..8] {
        let depth = to.bit_depth();
        let mut source = Source::new(FrameFormat::Yuv(to.chroma()), depth, 17, 9, noise(1));
        source.words.iter_mut().flatten().for_each(|word| *word &= 1023);
        for color in
            [None, Some(Color::BT709), Some(Color { transfer: TransferCharacteristics::Bt2020Ten, ..Color::BT709 })]
        {
            let mut frame = source.frame();
            if let Some(color) = color {
                frame = frame.with_color(color);
            }
            let mut converter = converter(target(to, 17, 9));
            let view = converter.convert(&frame).unwrap();
            for (index, plane) in view.planes.iter().enumerate() {
                match plane.samples {
                    Samples::U8(samples) => assert!(std::ptr::eq(samples, source.bytes[index].as_slice())),
                    Samples::U16(samples) => assert!(std::ptr::eq(samples, source.words[index].as_slice())),
                }
                assert_eq!(plane.stride, plane.width + 3);
            }
        }
    }
}

#[test]
fn red_green_and_blue_keep_their_values() {
    for (format, order) in [
        (FrameFormat::Rgb, [0, 1, 2]),
        (FrameFormat::Bgr, [2, 1, 0]),
        (FrameFormat::Rgba, [0, 1, 2]),
        (FrameFormat::Bgra, [2, 1, 0]),
        (FrameFormat::Gray, [0, 0, 0]),
        (FrameFormat::RgbPlanar, [0, 1, 2]),
        (FrameFormat::RgbaPlanar, [0, 1, 2]),
    ] {
        let has_alpha = matches!(format, FrameFormat::Rgba | FrameFormat::Bgra | FrameFormat::RgbaPlanar);
        for depth in [8, 10, 16] {
            let source = Source::new(format, depth, 19, 7, noise(5));
            let max = (1u32 << depth) - 1;
            let sample = |channel: usize, x: usize, y: usize| {
                let (plane, step) = match format.planes() {
                    1 => (0, format.plane_size(0, 19, 7).0 / 19),
                    _ => (channel, 1),
                };
                let index = y * (19 * step + 3) + x * step + if format.planes() == 1 { channel } else { 0 };
                let sample =
                    if depth == 8 { source.bytes[plane][index].into() } else { source.words[plane][index].into() };
                u32::min(sample, max)
            };
            for to in [PixelFormat::Rgb, PixelFormat::Rgba] {
                let frame = source.frame();
                let mut converter = converter(target(to, 19, 7));
                let view = converter.convert(&frame).unwrap();
                assert_eq!((view.planes.len(), view.format), (to.planes(), to));
                let borrowed = depth == 8 && format.planes() == to.planes();
                assert_eq!(view.planes[0].stride == 22, borrowed, "{format} to {to}");
                for (y, x) in (0..7).flat_map(|y| (0..19).map(move |x| (y, x))) {
                    let alpha = if has_alpha { sample(3, x, y) } else { max };
                    let sources = [order[0], order[1], order[2], 3];
                    for (plane, &from) in sources.iter().enumerate().take(to.planes()) {
                        let one = f64::from(max);
                        let exact = match plane {
                            3 => f64::from(alpha) / one,
                            _ if to == PixelFormat::Rgba => f64::from(sample(from, x, y)) / one,
                            _ => f64::from(sample(from, x, y)) / one * f64::from(alpha) / one,
                        };
                        let found = f64::from(view_value(&view, plane, x, y));
                        assert!(
                            (found - 255.0 * exact).abs() <= 0.5 + 1e-6,
                            "{format} {depth} to {to}: {plane} {x} {y}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn around_red_green_and_blue_is_black_or_nothing() {
    for to in [PixelFormat::Rgb, PixelFormat::Rgba] {
        let mut converter = converter(target(to, 12, 4));
        let pixels = [200u8; 4 * 4 * 3];
        let frame = FrameView::rgb(4, 4, &pixels).unwrap();
        for plane in values(&converter.convert(&frame).unwrap()) {
            assert!((0..48).all(|at| (plane[at] > 0) == (4..8).contains(&(at % 12))), "{to}: {plane:?}");
        }
    }
}

#[test]
fn screens_take_sd_and_hd_but_not_hdr() {
    let pixels = [90u8; 64 * 3 / 2];
    let convert = |color: Color| {
        let mut converter = converter(PictureTarget { color: Color::JPEG, ..target(PixelFormat::Rgb, 8, 8) });
        let frame = FrameView::i420(8, 8, &pixels).unwrap().with_color(color);
        converter.convert(&frame).map(drop)
    };
    [Color::BT709, Color::BT601, Color::JPEG].into_iter().for_each(|color| assert!(convert(color).is_ok(), "{color}"));
    for color in [Color::BT2020, Color::BT2100_PQ] {
        assert_eq!(convert(color).unwrap_err().kind(), ErrorKind::Unsupported);
    }
}

#[test]
fn luma_of_nv12_and_of_dropped_chroma_is_borrowed() {
    for (format, to) in [
        (FrameFormat::Nv12, PixelFormat::Yuv420p),
        (FrameFormat::Nv12, PixelFormat::Yuv444p),
        (FrameFormat::Yuv(ChromaSubsampling::Yuv422), PixelFormat::Gray),
        (FrameFormat::Yuv(ChromaSubsampling::Monochrome), PixelFormat::Yuv422p),
    ] {
        let source = Source::new(format, 8, 17, 9, noise(2));
        let (frame, mut converter) = (source.frame(), converter(target(to, 17, 9)));
        let view = converter.convert(&frame).unwrap();
        assert!(
            matches!(view.planes[0].samples, Samples::U8(samples) if std::ptr::eq(samples, source.bytes[0].as_slice()))
        );
    }
}

#[test]
fn samples_above_the_depth_are_clipped_in_a_copy() {
    let mut source = Source::new(FrameFormat::Yuv(ChromaSubsampling::Yuv420), 10, 16, 4, || 512 << 16 | 1);
    // The first of these stands beyond the row's end, where no one looks.
    source.words[1][8] = 65535;
    source.words[2][2 * 8] = 1024;
    let (frame, mut converter) = (source.frame(), converter(target(PixelFormat::Yuv420p10, 16, 4)));
    let view = converter.convert(&frame).unwrap();
    for (index, plane) in view.planes.iter().enumerate() {
        let Samples::U16(samples) = plane.samples else { panic!("10 bits in bytes") };
        assert_eq!(std::ptr::eq(samples, source.words[index].as_slice()), index < 2);
        assert!(index < 2 || samples.iter().all(|&sample| sample == 512 || sample == 1023));
    }
}

#[test]
fn reduced_again_repeated_chroma_is_what_it_was() {
    let source = Source::new(FrameFormat::Yuv(ChromaSubsampling::Yuv420), 8, 17, 9, noise(3));
    let (frame, mut up) = (source.frame(), converter(target(PixelFormat::Yuv444p, 17, 9)));
    let (before, large) = (&source, values(&up.convert(&frame).unwrap()));
    let bytes: Vec<u8> = large.concat().into_iter().map(|value| value as u8).collect();
    let (frame, mut down) = (FrameView::i444(17, 9, &bytes).unwrap(), converter(target(PixelFormat::Yuv420p, 17, 9)));
    let view = down.convert(&frame).unwrap();
    for plane in 1..3 {
        for y in 0..5 {
            for x in 0..9 {
                assert_eq!(view_value(&view, plane, x, y), before.value(plane, x, y));
            }
        }
    }
}

#[test]
fn primaries_and_transfer_are_not_converted() {
    let source = Source::new(FrameFormat::Nv12, 8, 2, 2, noise(4));
    let mut converter = converter(target(PixelFormat::Yuv420p, 2, 2));
    let mut result = |color: Color| {
        let frame = source.frame().with_color(color);
        converter.convert(&frame).map(|_| ()).map_err(|error| (error.kind(), error.to_string()))
    };
    let (kind, message) = result(Color { primaries: Primaries::Bt2020, ..Color::BT709 }).unwrap_err();
    assert_eq!(kind, ErrorKind::Unsupported);
    assert!(message.contains("primaries `bt2020`") && message.contains("`bt709`"), "{message}");
    let (kind, message) = result(Color { transfer: TransferCharacteristics::Pq, ..Color::BT709 }).unwrap_err();
    assert_eq!(kind, ErrorKind::Unsupported);
    assert!(message.contains("transfer `pq`"), "{message}");
    let unsaid =
        Color { primaries: Primaries::Unspecified, transfer: TransferCharacteristics::Unspecified, ..Color::JPEG };
    result(unsaid).unwrap();
    result(Color { transfer: TransferCharacteristics::Smpte170M, ..Color::BT709 }).unwrap();
}

#[test]
fn an_unspecified_matrix_is_taken_as_it_is() {
    let source = Source::new(FrameFormat::Nv12, 8, 4, 4, noise(5));
    for (from, to) in [
        (MatrixCoefficients::Unspecified, MatrixCoefficients::Bt709),
        (MatrixCoefficients::Bt709, MatrixCoefficients::Unspecified),
    ] {
        let frame = source.frame().with_color(Color { matrix: from, ..Color::BT709 });
        let color = Color { matrix: to, ..Color::BT709 };
        let mut converter = converter(PictureTarget { color, ..target(PixelFormat::Yuv420p, 4, 4) });
        let view = converter.convert(&frame).unwrap();
        assert_eq!(view_value(&view, 1, 1, 1), source.value(1, 1, 1));
    }
}

#[test]
fn sides_beyond_the_longest_are_refused() {
    let pixels = vec![0u8; MAX_SIDE + 1];
    let frame = FrameView::gray(MAX_SIDE as u32 + 1, 1, &pixels).unwrap();
    let mut converter = converter(target(PixelFormat::Gray, 16, 16));
    assert_eq!(converter.convert(&frame).unwrap_err().kind(), ErrorKind::Limit);
    let frame = FrameView::contiguous(
        FrameFormat::Yuv(ChromaSubsampling::Monochrome),
        MAX_SIDE as u32,
        1,
        PlaneData::U8(&pixels[1..]),
    );
    let frame = frame.unwrap();
    let view = converter.convert(&frame).unwrap();
    assert_eq!((view.width, view.height), (16, 16));
}

#[test]
fn names_of_fit_round_trip() {
    for &fit in Fit::ALL {
        assert_eq!(fit.to_string().parse::<Fit>().unwrap(), fit);
    }
    assert!("crop".parse::<Fit>().unwrap_err().to_string().contains("`crop`"));
}

#[test]
fn buffers_are_kept_and_threads_change_nothing() {
    let (one, four) = (Arc::new(Workers::new(1).unwrap()), Arc::new(Workers::new(4).unwrap()));
    let first = Source::new(FrameFormat::Nv12, 16, 700, 333, noise(8));
    let second = Source::new(FrameFormat::Nv12, 16, 700, 333, noise(9));
    for (width, height, coded_height) in [(700, 333, 333), (640, 360, 360), (640, 360, 368)] {
        let target = PictureTarget { coded_height, ..target(PixelFormat::Yuv422p10, width, height) };
        let mut inline = PictureConverter::new(target, one.clone());
        let mut spread = PictureConverter::new(target, four.clone());
        let mut places = Vec::new();
        for source in [&first, &second, &first] {
            let frame = source.frame();
            let view = inline.convert(&frame).unwrap();
            places.push(
                view.planes
                    .iter()
                    .map(|plane| match plane.samples {
                        Samples::U8(samples) => samples.as_ptr() as usize,
                        Samples::U16(samples) => samples.as_ptr() as usize,
                    })
                    .collect::<Vec<_>>(),
            );
            assert_eq!(values(&view), values(&spread.convert(&frame).unwrap()));
        }
        assert!(places.iter().all(|place| *place == places[0]));
    }
}
