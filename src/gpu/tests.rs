//! The twins side by side: what a GPU makes is what `convert::rgb` makes, byte for byte.

use super::rgb::Chroma;
use super::*;
use crate::convert::rgb::RgbConverter;
use crate::error::ErrorKind;
use crate::media::{
    ChromaSubsampling, Color, ColorRange, FrameFormat, FrameView, MatrixCoefficients, Picture, PixelFormat, Plane,
    PlaneData,
};
use crate::parallel::Workers;

const LAYOUTS: [FrameFormat; 7] = [
    FrameFormat::Rgba,
    FrameFormat::Bgra,
    FrameFormat::Rgb,
    FrameFormat::Bgr,
    FrameFormat::Gray,
    FrameFormat::RgbPlanar,
    FrameFormat::RgbaPlanar,
];

pub(super) const SIZES: [(u32, u32); 7] = [(1, 1), (2, 2), (3, 5), (17, 13), (64, 48), (175, 143), (4097, 17)];

/// A GPU, be it one of software: tests that call this are to be ignored unless they are asked for.
pub(super) fn gpu() -> GpuContext {
    GpuContext::new().or_else(|_| GpuContext::software()).unwrap()
}

/// Into pictures of the size of what they are made of.
fn converter(gpu: GpuContext, format: PixelFormat, color: Color) -> crate::Result<GpuConverter> {
    GpuConverter::of_own_size(gpu, format, Chroma::Planes, color)
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
pub(super) fn samples(layout: FrameFormat, (width, height): (u32, u32), gap: usize) -> Vec<Vec<u8>> {
    let plane = |index| {
        let (row, rows) = layout.plane_size(index, width as usize, height as usize);
        noise((row + gap) * rows, 1 + index as u64 + u64::from(width) * 7)
    };
    (0..layout.planes()).map(plane).collect()
}

pub(super) fn view(layout: FrameFormat, (width, height): (u32, u32), gap: usize, planes: &[Vec<u8>]) -> FrameView<'_> {
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
#[ignore = "needs a GPU: llvmpipe will do"]
fn frames_become_what_they_become_on_the_cpu() {
    let gpu = gpu();
    for &format in PixelFormat::YUV {
        for color in colors() {
            let mut converter = converter(gpu.clone(), format, color).unwrap();
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
pub(super) fn texture(
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
#[ignore = "needs a GPU: llvmpipe will do"]
pub(super) fn textures_become_what_their_bytes_become_on_the_cpu() {
    use wgpu::TextureFormat::{Bgra8Unorm, Bgra8UnormSrgb, Rgba8Unorm, Rgba8UnormSrgb};
    use wgpu::TextureUsages as Usage;
    let gpu = gpu();
    let bound = Usage::TEXTURE_BINDING;
    let cases = [
        (Rgba8Unorm, bound),
        (Rgba8Unorm, Usage::COPY_SRC),
        (Bgra8Unorm, bound | Usage::COPY_SRC),
        (Bgra8Unorm, Usage::COPY_SRC),
        (Rgba8UnormSrgb, bound | Usage::COPY_SRC),
        (Bgra8UnormSrgb, Usage::COPY_SRC),
    ];
    for &format in PixelFormat::YUV {
        for color in [Color::BT709, Color::JPEG] {
            let mut converter = converter(gpu.clone(), format, color).unwrap();
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
#[ignore = "needs a GPU: llvmpipe will do"]
fn every_byte_of_a_texture_is_that_byte() {
    let gpu = gpu();
    let pixels: Vec<u8> =
        (0..=255u8).flat_map(|alpha| (0..=255u8).flat_map(move |v| [v, 255 - v, v ^ 85, alpha])).collect();
    let frame = FrameView::rgba(256, 256, &pixels).unwrap();
    let (format, color) = (PixelFormat::Yuv444p10, Color::BT2020.with_range(ColorRange::Full));
    let mut converter = converter(gpu.clone(), format, color).unwrap();
    let usage = wgpu::TextureUsages::TEXTURE_BINDING;
    let texture = texture(&gpu, wgpu::TextureFormat::Rgba8Unorm, usage, (256, 256), &pixels);
    converter.submit_texture(&texture).unwrap();
    assert!(*converter.read().unwrap().unwrap() == on_the_cpu(format, color, &frame));
}

#[test]
#[ignore = "needs a GPU: llvmpipe will do"]
fn several_are_under_way_and_come_in_their_order() {
    let gpu = gpu();
    let mut converter = converter(gpu, PixelFormat::Yuv420p, Color::BT709).unwrap();
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

/// The planes of a frame, in bytes, without what is between its rows.
fn bytes(frame: &FrameView<'_>) -> Vec<Vec<u8>> {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let plane = |index: usize| {
        let (data, stride) = frame.plane_data(index).unwrap();
        assert_eq!(stride, frame.format().plane_size(index, width, height).0);
        match data {
            PlaneData::U8(samples) => samples.to_vec(),
            PlaneData::U16(samples) => samples.iter().flat_map(|sample| sample.to_le_bytes()).collect(),
        }
    };
    (0..frame.format().planes()).map(plane).collect()
}

/// The same of a picture, with its chroma interleaved, and the value of deep samples in the high bits.
fn semi_planar(picture: &Picture) -> Vec<Vec<u8>> {
    let samples = |plane: &Plane| -> Vec<Vec<u8>> {
        match plane {
            Plane::U8(samples) => samples.iter().map(|&sample| vec![sample]).collect(),
            Plane::U16(samples) => samples.iter().map(|sample| (sample << 6).to_le_bytes().to_vec()).collect(),
        }
    };
    let [y, u, v] = &picture.planes[..] else { panic!("three planes") };
    let chroma = samples(u).into_iter().zip(samples(v)).flat_map(|(u, v)| [u, v]).flatten().collect();
    vec![samples(y).concat(), chroma]
}

#[test]
#[ignore = "needs a GPU: llvmpipe will do"]
pub(super) fn textures_come_back_in_each_layout() {
    let gpu = gpu();
    let usage = wgpu::TextureUsages::TEXTURE_BINDING;
    let formats =
        [ChromaSubsampling::Yuv420, ChromaSubsampling::Yuv422, ChromaSubsampling::Yuv444].map(FrameFormat::Yuv);
    for bits in [8, 10] {
        for format in formats.into_iter().chain([FrameFormat::Nv12, FrameFormat::Gray]) {
            let mut converter = TextureConverter::new(&gpu, format, bits, Color::BT709).unwrap();
            let planes = |size| samples(FrameFormat::Rgba, size, 0);
            for size in SIZES {
                converter
                    .submit(&texture(&gpu, wgpu::TextureFormat::Rgba8Unorm, usage, size, &planes(size)[0]))
                    .unwrap();
            }
            assert_eq!(converter.under_way(), SIZES.len());
            for size in SIZES {
                let found = converter.read().unwrap().unwrap();
                assert_eq!((found.width(), found.height(), found.bit_depth()), (size.0, size.1, bits));
                let pixels = match (format, bits) {
                    (FrameFormat::Gray, 8) => PixelFormat::Gray,
                    (FrameFormat::Gray, _) => PixelFormat::Gray10,
                    (FrameFormat::Yuv(ChromaSubsampling::Yuv422), 8) => PixelFormat::Yuv422p,
                    (FrameFormat::Yuv(ChromaSubsampling::Yuv422), _) => PixelFormat::Yuv422p10,
                    (FrameFormat::Yuv(ChromaSubsampling::Yuv444), 8) => PixelFormat::Yuv444p,
                    (FrameFormat::Yuv(ChromaSubsampling::Yuv444), _) => PixelFormat::Yuv444p10,
                    (_, 8) => PixelFormat::Yuv420p,
                    (_, _) => PixelFormat::Yuv420p10,
                };
                let planes = planes(size);
                let expected = on_the_cpu(pixels, Color::BT709, &view(FrameFormat::Rgba, size, 0, &planes));
                let expected = match format {
                    FrameFormat::Nv12 => semi_planar(&expected),
                    _ => expected.planes.iter().map(plane_bytes).collect(),
                };
                assert!(bytes(&found) == expected, "{format}, {bits} bits, {size:?}");
            }
            assert!(converter.read().unwrap().is_none());
        }
    }
    assert_eq!(
        TextureConverter::new(&gpu, FrameFormat::Nv12, 9, Color::BT709).unwrap_err().kind(),
        ErrorKind::InvalidOption
    );
    assert_eq!(
        TextureConverter::new(&gpu, FrameFormat::Rgb, 8, Color::BT709).unwrap_err().kind(),
        ErrorKind::Unsupported
    );
}

fn plane_bytes(plane: &Plane) -> Vec<u8> {
    match plane {
        Plane::U8(samples) => samples.clone(),
        Plane::U16(samples) => samples.iter().flat_map(|sample| sample.to_le_bytes()).collect(),
    }
}

#[test]
#[ignore = "needs a GPU: llvmpipe will do"]
fn small_frames_share_a_submission_and_large_ones_have_their_own() {
    let gpu = gpu();
    let mut converter = converter(gpu, PixelFormat::Yuv420p, Color::BT709).unwrap();
    let of_size = |side: u32| vec![vec![side as u8; (side * side) as usize]];
    let mut submit = |side: u32| {
        converter.submit_frame(&view(FrameFormat::Gray, (side, side), 0, &of_size(side))).unwrap();
        converter.ahead()
    };
    assert_eq!(submit(32), 3 * 16 - 1, "no more than 16");
    assert_eq!(submit(256), 3 * 6 - 1, "by their bytes: 64 kB there, 96 kB back");
    assert_eq!(submit(1024), 2, "alone");
    // What was recorded and not submitted is, before it is read.
    assert_eq!(submit(32), 3 * 16 - 1);
    for side in [32, 256, 1024, 32] {
        let planes = of_size(side);
        let expected =
            on_the_cpu(PixelFormat::Yuv420p, Color::BT709, &view(FrameFormat::Gray, (side, side), 0, &planes));
        assert!(*converter.read().unwrap().unwrap() == expected, "{side}");
    }
}

#[test]
#[ignore = "needs a GPU: llvmpipe will do"]
fn deep_frames_and_those_of_luma_are_not_taken() {
    let gpu = gpu();
    let converter = converter(gpu, PixelFormat::Yuv420p, Color::BT709).unwrap();
    assert!(!converter.takes(&FrameView::gray(4, 4, &[0u16; 16][..]).unwrap()));
    assert!(!converter.takes(&FrameView::i420(4, 4, &[0u8; 24]).unwrap()));
    assert!(converter.takes(&FrameView::gray(4, 4, &[0u8; 16]).unwrap()));
}

#[test]
#[ignore = "needs a GPU: llvmpipe will do"]
fn a_device_that_is_lost_is_an_error() {
    let gpu = gpu();
    let own = GpuContext::from_wgpu(gpu.device().clone(), gpu.queue().clone());
    assert_eq!(own, gpu);
    let frame = FrameView::gray(64, 48, &[90u8; 64 * 48]).unwrap();
    let mut converters =
        [gpu.clone(), own.clone()].map(|context| converter(context, PixelFormat::Yuv420p, Color::BT709).unwrap());
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
