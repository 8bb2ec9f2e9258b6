//! The scaler of the CPU and that of a GPU, side by side: every size, format and fit of one table.

use std::sync::Arc;

use super::tests::{SIZES, gpu, samples, texture, view};
use super::{GpuContext, GpuConverter};
use crate::convert::picture::{Fit, PictureConverter, PictureTarget};
use crate::media::{Color, FrameFormat, FrameView, Picture, PictureView, PixelFormat, PlaneView, Samples};
use crate::parallel::Workers;

fn target(format: PixelFormat, (width, height): (u32, u32), color: Color, fit: Fit) -> PictureTarget {
    let (width, height) = (width as usize, height as usize);
    PictureTarget { format, width, height, coded_width: width, coded_height: height, color, fit }
}

fn cpu(target: PictureTarget) -> PictureConverter {
    PictureConverter::new(target, Arc::new(Workers::new(1).unwrap()))
}

/// The rows of each plane, without what is between them.
fn planes(picture: &PictureView<'_>) -> Vec<Vec<u16>> {
    let rows = |plane: &PlaneView<'_>| -> Vec<u16> {
        let samples: Vec<u16> = match plane.samples {
            Samples::U8(samples) => samples.iter().map(|&sample| sample.into()).collect(),
            Samples::U16(samples) => samples.to_vec(),
        };
        samples.chunks(plane.stride).take(plane.height).flat_map(|row| row[..plane.width].to_vec()).collect()
    };
    picture.planes.iter().map(rows).collect()
}

fn scaled(converter: &mut GpuConverter, frame: &FrameView<'_>) -> Picture {
    assert!(converter.takes(frame));
    converter.submit_frame(frame).unwrap();
    converter.read().unwrap().unwrap().clone()
}

/// Planes of noise: red, green and blue have nothing to do with each other, so that chroma is noise too.
fn noise(size: (u32, u32)) -> Vec<Vec<u8>> {
    samples(FrameFormat::RgbPlanar, size, 0)
}

fn check(gpu: &GpuContext, format: PixelFormat, fit: Fit, from: (u32, u32), to: (u32, u32)) {
    // Of full range, whose extremes are those of the samples.
    for color in [Color::JPEG, Color::BT709] {
        // What is around the picture depends on it, and nothing else does.
        if color == Color::BT709 && (fit == Fit::Stretch || from.0 > 4_000 || to.0 > 4_000) {
            continue;
        }
        let target = target(format, to, color, fit);
        let source = noise(from);
        let frame = view(FrameFormat::RgbPlanar, from, 0, &source);
        let found = scaled(&mut GpuConverter::new(gpu.clone(), &target).unwrap(), &frame);
        let mut cpu = cpu(target);
        let expected = cpu.convert(&frame).unwrap();
        assert_eq!((found.width, found.height), (target.width, target.height));
        assert!(planes(&found.view()) == planes(&expected), "{format}, {fit}, {color}, {from:?} to {to:?}");
    }
}

#[test]
#[ignore = "needs a GPU: llvmpipe will do"]
fn pictures_become_what_they_become_on_the_cpu() {
    let gpu = gpu();
    for &format in PixelFormat::YUV {
        for &fit in Fit::ALL {
            for from in SIZES {
                for to in SIZES {
                    check(&gpu, format, fit, from, to);
                }
            }
        }
    }
}

/// Near to the same, half, a third, two thirds, and a thousandth.
#[test]
#[ignore = "needs a GPU: llvmpipe will do"]
fn so_they_do_at_other_ratios() {
    let gpu = gpu();
    let cases = [
        ((320, 180), (319, 181)),
        ((320, 180), (160, 90)),
        ((321, 243), (107, 81)),
        ((160, 90), (240, 135)),
        ((160, 90), (640, 360)),
        ((1, 300), (300, 1)),
        ((4_000, 1), (2, 5)),
        ((1, 4_000), (5, 2)),
        ((3, 1), (16_384, 2)),
    ];
    for (from, to) in cases {
        for format in [PixelFormat::Yuv420p, PixelFormat::Yuv422p10] {
            for &fit in Fit::ALL {
                check(&gpu, format, fit, from, to);
            }
        }
    }
}

/// Frames and textures by turns, of sizes by turns, the visible one among them; several are under way.
#[test]
#[ignore = "needs a GPU: llvmpipe will do"]
fn sizes_change_from_frame_to_frame() {
    let gpu = gpu();
    let target = target(PixelFormat::Yuv420p, (64, 48), Color::BT709, Fit::Pad);
    let mut converter = GpuConverter::new(gpu.clone(), &target).unwrap();
    let sizes = [(64, 48), (17, 13), (17, 13), (175, 143), (64, 48), (17, 13), (300, 20), (300, 20), (300, 20)];
    for round in 0..2 {
        for (index, &size) in sizes.iter().enumerate() {
            let source = samples(FrameFormat::Rgba, size, 0);
            if (round + index) % 3 == 0 {
                let usage = wgpu::TextureUsages::TEXTURE_BINDING;
                let texture = texture(&gpu, wgpu::TextureFormat::Rgba8Unorm, usage, size, &source[0]);
                converter.submit_texture(&texture).unwrap();
            } else {
                converter.submit_frame(&view(FrameFormat::Rgba, size, 0, &source)).unwrap();
            }
        }
        assert_eq!(converter.under_way(), sizes.len());
        let mut cpu = cpu(target);
        for (index, &size) in sizes.iter().enumerate() {
            let source = samples(FrameFormat::Rgba, size, 0);
            let frame = view(FrameFormat::Rgba, size, 0, &source);
            let found = converter.read().unwrap().unwrap();
            assert!(planes(&found.view()) == planes(&cpu.convert(&frame).unwrap()), "round {round}, {index}");
        }
    }
}

/// Where a buffer would be larger than the device has them, or a sample be made of very many, pictures come back at their own
/// size.
#[test]
#[ignore = "needs a GPU: llvmpipe will do"]
fn what_takes_too_much_is_left_to_the_cpu() {
    let (usual, small) = (gpu(), small_device());
    let cases = [
        (&small, (64, 48), (200, 100), false),
        // What comes back is too large, and what is made of the rows.
        (&small, (64, 48), (600, 400), true),
        (&small, (1000, 100), (100, 100), true),
        (&usual, (1000, 100), (100, 100), false),
        (&usual, (65_536, 1), (3, 5), true),
        (&usual, (1, 65_536), (5, 3), true),
    ];
    for (gpu, from, to, is_left) in cases {
        let target = target(PixelFormat::Yuv420p, to, Color::BT709, Fit::Stretch);
        let mut converter = GpuConverter::new(gpu.clone(), &target).unwrap();
        let source = samples(FrameFormat::Gray, from, 0);
        let frame = view(FrameFormat::Gray, from, 0, &source);
        for _ in 0..2 {
            let found = scaled(&mut converter, &frame);
            let size = if is_left { from } else { to };
            assert_eq!((found.width, found.height), (size.0 as usize, size.1 as usize));
            let (mut cpu, mut rest) = (cpu(target), cpu(target));
            assert!(planes(&rest.fit(found.view()).unwrap()) == planes(&cpu.convert(&frame).unwrap()));
        }
    }
}

/// A device whose buffers have 192 kB at most where a shader sees them.
fn small_device() -> GpuContext {
    let name = gpu().name().to_owned();
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()));
    let adapter = adapters.into_iter().find(|adapter| adapter.get_info().name == name).unwrap();
    let limits = wgpu::Limits { max_storage_buffer_binding_size: 192 << 10, ..wgpu::Limits::downlevel_defaults() };
    let descriptor = wgpu::DeviceDescriptor { required_limits: limits, ..Default::default() };
    let (device, queue) = pollster::block_on(adapter.request_device(&descriptor)).unwrap();
    GpuContext::from_wgpu(device, queue)
}
