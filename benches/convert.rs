//! Frames of 1080p into 4:2:0, BT.709 in limited range, on one thread: ours with and without this machine's
//! instructions, the `yuv` crate, and a copy of the input, which is what memory allows.

use std::hint::black_box;

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use framewright::{Color, FrameView, PixelFormat, conversion_for_benches};
use yuv::{
    YuvChromaSubsampling, YuvConversionMode, YuvPlanarImageMut, YuvRange, YuvStandardMatrix, rgb_to_yuv420,
    rgba_to_yuv420,
};

const WIDTH: u32 = 1920;
const HEIGHT: u32 = 1080;

/// A picture with gradients and noise; every fourth byte is 255, so that it is opaque as RGBA.
fn samples(channels: usize) -> Vec<u8> {
    let mut state = 1u32;
    (0..WIDTH as usize * HEIGHT as usize * channels)
        .map(|index| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if channels == 4 && index % 4 == 3 { 255 } else { (index / 97) as u8 ^ (state >> 28) as u8 }
        })
        .collect()
}

fn copy(group: &mut BenchmarkGroup<'_, WallTime>, input: &[u8]) {
    let mut copy = vec![0; input.len()];
    group.bench_function("memcpy of the input", |bencher| {
        bencher.iter(|| copy.copy_from_slice(black_box(input)));
        black_box(&copy);
    });
}

fn ours(group: &mut BenchmarkGroup<'_, WallTime>, frame: &FrameView<'_>) {
    for (name, portable) in [("framewright", false), ("framewright, portable", true)] {
        let mut convert = conversion_for_benches(PixelFormat::Yuv420p, Color::BT709, portable).expect("one thread");
        group.bench_function(name, |bencher| bencher.iter(|| convert(black_box(frame))));
    }
}

type YuvCrate = fn(
    &mut YuvPlanarImageMut<'_, u8>,
    &[u8],
    u32,
    YuvRange,
    YuvStandardMatrix,
    YuvConversionMode,
) -> Result<(), yuv::YuvError>;

fn theirs(group: &mut BenchmarkGroup<'_, WallTime>, input: &[u8], channels: u32, convert: YuvCrate) {
    let mut image = YuvPlanarImageMut::<u8>::alloc(WIDTH, HEIGHT, YuvChromaSubsampling::Yuv420);
    group.bench_function("yuv crate", |bencher| {
        bencher.iter(|| {
            convert(
                &mut image,
                black_box(input),
                WIDTH * channels,
                YuvRange::Limited,
                YuvStandardMatrix::Bt709,
                YuvConversionMode::Balanced,
            )
        });
    });
}

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rgb to i420");
    group.throughput(Throughput::Elements(u64::from(WIDTH * HEIGHT)));
    let rgb = samples(3);
    ours(&mut group, &FrameView::rgb(WIDTH, HEIGHT, &rgb).expect("a frame"));
    theirs(&mut group, &rgb, 3, rgb_to_yuv420);
    copy(&mut group, &rgb);
    group.finish();

    let mut group = criterion.benchmark_group("rgba to i420");
    group.throughput(Throughput::Elements(u64::from(WIDTH * HEIGHT)));
    let rgba = samples(4);
    ours(&mut group, &FrameView::rgba(WIDTH, HEIGHT, &rgba).expect("a frame"));
    theirs(&mut group, &rgba, 4, rgba_to_yuv420);
    copy(&mut group, &rgba);
    group.finish();

    let mut group = criterion.benchmark_group("planar rgb to i420");
    group.throughput(Throughput::Elements(u64::from(WIDTH * HEIGHT)));
    ours(&mut group, &FrameView::rgb_planar(WIDTH, HEIGHT, &rgb).expect("a frame"));
    group.finish();
}

criterion_group!(convert, benches);
criterion_main!(convert);
