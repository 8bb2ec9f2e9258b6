//! The twins side by side: what a GPU makes is what `convert::rgb` makes, byte for byte.

use std::io::Write;

use super::*;
use crate::convert::rgb::RgbConverter;
use crate::error::ErrorKind;
use crate::media::{Color, ColorRange, FrameFormat, FrameView, MatrixCoefficients, Picture, PixelFormat, PlaneData};
use crate::parallel::Workers;

/// What pictures a GPU makes: all but planes of red, green and blue.
const YUV: &[PixelFormat] = PixelFormat::ALL.split_at(8).0;

const LAYOUTS: [FrameFormat; 7] = [
    FrameFormat::Rgba,
    FrameFormat::Bgra,
    FrameFormat::Rgb,
    FrameFormat::Bgr,
    FrameFormat::Gray,
    FrameFormat::RgbPlanar,
    FrameFormat::RgbaPlanar,
];

const SIZES: [(u32, u32); 7] = [(1, 1), (2, 2), (3, 5), (17, 13), (64, 48), (175, 143), (4097, 17)];

/// A GPU, be it one of software; `None`, with a line that says so, where there is none. Where the outside readers have to
/// be there, so has it.
fn gpu() -> Option<GpuContext> {
    let found = GpuContext::new().or_else(|_| GpuContext::software());
    let needed = std::env::var_os("FRAMEWRIGHT_REQUIRE_READERS").is_some();
    assert!(found.is_ok() || !needed, "{}", found.unwrap_err());
    // Past the capture of tests that pass.
    let skipped = |error: &crate::Error| writeln!(std::io::stderr(), "SKIPPED: a test on a GPU: {error}");
    found.inspect_err(|error| drop(skipped(error))).ok()
}

fn colors() -> impl Iterator<Item = Color> {
    let ranges = [ColorRange::Limited, ColorRange::Full];
    let color = |matrix, range| Color { matrix, ..Color::BT709.with_range(range) };
    MatrixCoefficients::ALL.iter().flat_map(move |&matrix| ranges.map(|range| color(matrix, range)))
}

/// Noise with many extremes (xorshift64*).
fn noise(len: usize, mut seed: u64) -> Vec<u8> {
    let mut next = || {
        seed ^= seed >> 12;
        seed ^= seed << 25;
        seed ^= seed >> 27;
        seed.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32
    };
    let sample = |value: u64| match value >> 8 & 7 {
        0 => 0,
        1 => 255,
        _ => value as u8,
    };
    (0..len).map(|_| sample(next())).collect()
}

/// The samples of a frame, each row of which is followed by `gap` more.
fn samples(layout: FrameFormat, (width, height): (u32, u32), gap: usize) -> Vec<Vec<u8>> {
    let plane = |index| {
        let (row, rows) = layout.plane_size(index, width as usize, height as usize);
        noise((row + gap) * rows, 1 + index as u64 + u64::from(width) * 7)
    };
    (0..layout.planes()).map(plane).collect()
}

fn view(layout: FrameFormat, (width, height): (u32, u32), gap: usize, planes: &[Vec<u8>]) -> FrameView<'_> {
    let row = layout.plane_size(0, width as usize, height as usize).0;
    let planes: Vec<_> = planes.iter().map(|plane| (PlaneData::U8(plane), row + gap)).collect();
    FrameView::from_planes(layout, width, height, &planes).unwrap()
}

fn on_the_cpu(format: PixelFormat, color: Color, frame: &FrameView<'_>) -> Picture {
    let mut picture = Picture::new(format, frame.width() as usize, frame.height() as usize);
    RgbConverter::new(format, color, 8).convert(frame, &mut picture, &Workers::new(1).unwrap());
    picture
}

#[test]
fn frames_become_what_they_become_on_the_cpu() {
    let Some(gpu) = gpu() else { return };
    for &format in YUV {
        for color in colors() {
            let mut converter = GpuConverter::new(gpu.clone(), format, color).unwrap();
            for size in SIZES {
                // The largest takes long on the CPU, and what it is for does not depend on the colour.
                if size.0 > 4_000 && color != Color::BT709 {
                    continue;
                }
                for (layout, gap) in LAYOUTS.into_iter().zip([0, 3, 0, 5, 0, 1, 0]) {
                    let planes = samples(layout, size, gap);
                    let frame = view(layout, size, gap, &planes);
                    assert!(converter.takes(&frame));
                    converter.submit_frame(&frame).unwrap();
                    let picture = converter.read().unwrap().unwrap();
                    assert!(*picture == on_the_cpu(format, color, &frame), "{format}, {color}, {layout}, {size:?}");
                }
            }
        }
    }
}

/// A texture with the bytes of `pixels`.
fn texture(
    gpu: &GpuContext,
    format: wgpu::TextureFormat,
    usage: wgpu::TextureUsages,
    (width, height): (u32, u32),
    pixels: &[u8],
) -> wgpu::Texture {
    let size = wgpu::Extent3d { width, height, depth_or_array_layers: 1 };
    let texture = gpu.device().create_texture(&wgpu::TextureDescriptor {
        label: None,
        size,
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: usage | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    });
    let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(4 * width), rows_per_image: None };
    gpu.queue().write_texture(texture.as_image_copy(), pixels, layout, size);
    texture
}

#[test]
fn textures_become_what_their_bytes_become_on_the_cpu() {
    use wgpu::TextureFormat::{Bgra8Unorm, Bgra8UnormSrgb, Rgba8Unorm, Rgba8UnormSrgb};
    use wgpu::TextureUsages as Usage;
    let Some(gpu) = gpu() else { return };
    let bound = Usage::TEXTURE_BINDING;
    let cases = [
        (Rgba8Unorm, bound),
        (Rgba8Unorm, Usage::COPY_SRC),
        (Bgra8Unorm, bound | Usage::COPY_SRC),
        (Bgra8Unorm, Usage::COPY_SRC),
        (Rgba8UnormSrgb, bound | Usage::COPY_SRC),
        (Bgra8UnormSrgb, Usage::COPY_SRC),
    ];
    for &format in YUV {
        for color in [Color::BT709, Color::JPEG] {
            let mut converter = GpuConverter::new(gpu.clone(), format, color).unwrap();
            for size in SIZES {
                for (texture_format, usage) in cases {
                    let layout = match texture_format.remove_srgb_suffix() {
                        Bgra8Unorm => FrameFormat::Bgra,
                        _ => FrameFormat::Rgba,
                    };
                    let planes = samples(layout, size, 0);
                    let frame = view(layout, size, 0, &planes);
                    converter.submit_texture(&texture(&gpu, texture_format, usage, size, &planes[0])).unwrap();
                    let picture = converter.read().unwrap().unwrap();
                    let expected = on_the_cpu(format, color, &frame);
                    assert!(*picture == expected, "{format}, {color}, {texture_format:?}, {usage:?}, {size:?}");
                }
            }
        }
    }
}

/// Every byte with every alpha: what a texture gives is a float, and the byte again.
#[test]
fn every_byte_of_a_texture_is_that_byte() {
    let Some(gpu) = gpu() else { return };
    let pixels: Vec<u8> =
        (0..=255u8).flat_map(|alpha| (0..=255u8).flat_map(move |v| [v, 255 - v, v ^ 85, alpha])).collect();
    let frame = FrameView::rgba(256, 256, &pixels).unwrap();
    let (format, color) = (PixelFormat::Yuv444p10, Color::BT2020.with_range(ColorRange::Full));
    let mut converter = GpuConverter::new(gpu.clone(), format, color).unwrap();
    let usage = wgpu::TextureUsages::TEXTURE_BINDING;
    let texture = texture(&gpu, wgpu::TextureFormat::Rgba8Unorm, usage, (256, 256), &pixels);
    converter.submit_texture(&texture).unwrap();
    assert!(*converter.read().unwrap().unwrap() == on_the_cpu(format, color, &frame));
}

#[test]
fn several_are_under_way_and_come_in_their_order() {
    let Some(gpu) = gpu() else { return };
    let mut converter = GpuConverter::new(gpu, PixelFormat::Yuv420p, Color::BT709).unwrap();
    let sizes = [(64, 48), (64, 48), (17, 13), (64, 48), (175, 143), (17, 13), (64, 48)];
    let grey = |index: usize| vec![vec![20 * index as u8; (sizes[index].0 * sizes[index].1) as usize]];
    for (index, &size) in sizes.iter().enumerate() {
        converter.submit_frame(&view(FrameFormat::Gray, size, 0, &grey(index))).unwrap();
    }
    assert_eq!(converter.under_way(), sizes.len());
    for (index, &size) in sizes.iter().enumerate() {
        let expected = on_the_cpu(PixelFormat::Yuv420p, Color::BT709, &view(FrameFormat::Gray, size, 0, &grey(index)));
        assert!(*converter.read().unwrap().unwrap() == expected, "{index}");
    }
    assert!(converter.read().unwrap().is_none());
    assert_eq!(converter.read_so_far().0, sizes.len() as u64);
}

#[test]
fn deep_frames_and_those_of_luma_are_not_taken() {
    let Some(gpu) = gpu() else { return };
    let converter = GpuConverter::new(gpu, PixelFormat::Yuv420p, Color::BT709).unwrap();
    assert!(!converter.takes(&FrameView::gray(4, 4, &[0u16; 16][..]).unwrap()));
    assert!(!converter.takes(&FrameView::i420(4, 4, &[0u8; 24]).unwrap()));
    assert!(converter.takes(&FrameView::gray(4, 4, &[0u8; 16]).unwrap()));
}

#[test]
fn a_device_that_is_lost_is_an_error() {
    let Some(gpu) = gpu() else { return };
    let own = GpuContext::from_wgpu(gpu.device().clone(), gpu.queue().clone());
    assert_eq!(own, gpu);
    let frame = FrameView::gray(64, 48, &[90u8; 64 * 48]).unwrap();
    let mut converters = [gpu.clone(), own.clone()]
        .map(|context| GpuConverter::new(context, PixelFormat::Yuv420p, Color::BT709).unwrap());
    for converter in &mut converters {
        converter.submit_frame(&frame).unwrap();
    }
    gpu.device().destroy();
    for converter in &mut converters {
        // What was under way may still have come to its end.
        if let Err(error) = converter.read() {
            assert_eq!(error.kind(), ErrorKind::Device, "{error}");
        }
        let error = converter.submit_frame(&frame).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Device, "{error}");
        assert!(error.to_string().contains("lost"), "{error}");
    }
}
