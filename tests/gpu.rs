//! Streams with a GPU: the same files as without, and what is said where a GPU or a texture is not what it has to be.
//!
//! A GPU of software does (`libvulkan1` and `mesa-vulkan-drivers` in Debian). Where there is none at all, each test says
//! SKIPPED, and fails if `FRAMEWRIGHT_REQUIRE_READERS` is set.

use std::io::{Cursor, Write};
use std::process::Command;

use framewright::sink::SharedWriter;
use framewright::{
    Color, ColorRange, Container, Device, Encoder, Error, ErrorKind, FrameFormat, FrameView, GpuContext, PixelFormat,
    Report, VideoOptions, VideoStream,
};
use wgpu::{TextureFormat, TextureUsages as Usage};

const WIDTH: u32 = 51;
const HEIGHT: u32 = 35;
const FRAMES: u32 = 7;

/// A GPU, be it one of software.
fn gpu() -> Option<GpuContext> {
    let found = GpuContext::new().or_else(|_| GpuContext::software());
    let needed = std::env::var_os("FRAMEWRIGHT_REQUIRE_READERS").is_some();
    assert!(found.is_ok() || !needed, "{}", found.unwrap_err());
    // Past the test runner, which keeps to itself what a passing test prints.
    let skipped = |error: &Error| writeln!(std::io::stderr(), "SKIPPED: a test on a GPU: {error}");
    found.inspect_err(|error| drop(skipped(error))).ok()
}

fn options() -> VideoOptions {
    VideoOptions::new(WIDTH, HEIGHT).frame_rate(10).crf(40)
}

/// What `feed` makes of a stream, and the report.
fn file(
    options: VideoOptions,
    container: Container,
    feed: impl FnOnce(&mut VideoStream) -> Result<(), Error>,
) -> Result<(Vec<u8>, Report), Error> {
    let memory = SharedWriter::new(Cursor::new(Vec::new()));
    let mut encoder = Encoder::new();
    let mut video = encoder.add_video(options)?;
    encoder.open_writer(memory.clone(), container)?;
    feed(&mut video)?;
    let report = encoder.close()?;
    Ok((memory.into_inner().unwrap().into_inner(), report))
}

/// Samples that move from frame to frame.
fn samples(frame: u32, len: usize) -> Vec<u8> {
    (0..len as u32).map(|i| ((i % 97) * 5 + (i / 211) * 3 + frame * 23) as u8).collect()
}

/// The length of a frame whose planes lie one behind the other.
fn len(format: FrameFormat) -> usize {
    let size = |plane| format.plane_size(plane, WIDTH as usize, HEIGHT as usize);
    (0..format.planes()).map(|plane| size(plane).0 * size(plane).1).sum()
}

#[test]
fn a_file_by_gpu_is_the_file_by_cpu() {
    let Some(gpu) = gpu() else { return };
    let formats = [
        FrameFormat::Rgb,
        FrameFormat::Bgr,
        FrameFormat::Rgba,
        FrameFormat::Bgra,
        FrameFormat::Gray,
        FrameFormat::RgbPlanar,
        FrameFormat::RgbaPlanar,
        FrameFormat::Nv12,
    ];
    for format in formats {
        let feed = |video: &mut VideoStream| {
            (0..FRAMES).try_for_each(|frame| {
                if frame == 4 {
                    video.force_key_frame();
                }
                let samples = samples(frame, len(format));
                video.add_frame(&FrameView::contiguous(format, WIDTH, HEIGHT, (&samples).into())?)
            })
        };
        let (cpu, _) = file(options(), Container::Mp4, feed).unwrap();
        let (by_gpu, report) = file(options().device(Device::Gpu(gpu.clone())), Container::Mp4, feed).unwrap();
        assert!(cpu == by_gpu, "{format}");
        let stream = report.streams[0].gpu.clone().unwrap();
        assert_eq!((stream.name.as_str(), stream.fallback), (gpu.name(), None));
        assert_eq!(stream.frames, if format.is_yuv() { 0 } else { FRAMES.into() });
        assert!(report.to_string().contains(gpu.name()), "{report}");
    }
}

/// Scaling, deep pictures, transparency, colours, and other frames in between: what stands behind the conversion, or beside
/// it.
#[test]
fn so_it_is_with_every_option() {
    let Some(gpu) = gpu() else { return };
    let cases = [
        (options().out_size(80, 24), Container::Mp4),
        (options().pixel_format(PixelFormat::Yuv444p10).color(Color::BT2020), Container::Matroska),
        (options().pixel_format(PixelFormat::Yuv422p).range(ColorRange::Full), Container::Mp4),
        (options().pixel_format(PixelFormat::Gray10), Container::Mp4),
        (options().alpha(true), Container::WebM),
        (VideoOptions::new(WIDTH, HEIGHT).frame_rate(10), Container::Avi),
    ];
    for (case, (options, container)) in cases.into_iter().enumerate() {
        let feed = |video: &mut VideoStream| {
            (0..FRAMES).try_for_each(|frame| {
                let bytes = samples(frame, len(FrameFormat::Rgba));
                let words: Vec<u16> = bytes.iter().map(|&byte| u16::from(byte) * 257).collect();
                // Every third frame is one that no GPU takes.
                match frame % 3 {
                    2 => video.add_frame(&FrameView::rgba(WIDTH, HEIGHT, &words)?),
                    _ => video.add_frame(&FrameView::rgba(WIDTH, HEIGHT, &bytes)?),
                }
            })
        };
        let (cpu, _) = file(options.clone(), container, feed).unwrap();
        let (by_gpu, report) = file(options.device(Device::Gpu(gpu.clone())), container, feed).unwrap();
        assert!(cpu == by_gpu, "case {case}");
        assert_eq!(report.streams[0].gpu.as_ref().map(|gpu| gpu.frames), Some(5), "case {case}");
    }
}

/// A texture of `size` with room for what `samples` of that many pixels has.
fn texture(gpu: &GpuContext, format: TextureFormat, usage: Usage, (width, height): (u32, u32)) -> wgpu::Texture {
    gpu.device().create_texture(&wgpu::TextureDescriptor {
        label: None,
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: usage | Usage::COPY_DST,
        view_formats: &[],
    })
}

fn fill(gpu: &GpuContext, texture: &wgpu::Texture, pixels: &[u8]) {
    let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(4 * WIDTH), rows_per_image: None };
    gpu.queue().write_texture(texture.as_image_copy(), pixels, layout, texture.size());
}

#[test]
fn a_file_of_textures_is_that_of_their_bytes() {
    let Some(gpu) = gpu() else { return };
    let cases = [
        (TextureFormat::Rgba8Unorm, Usage::TEXTURE_BINDING),
        (TextureFormat::Rgba8UnormSrgb, Usage::COPY_SRC | Usage::RENDER_ATTACHMENT),
        (TextureFormat::Bgra8Unorm, Usage::COPY_SRC),
        (TextureFormat::Bgra8UnormSrgb, Usage::COPY_SRC | Usage::TEXTURE_BINDING),
    ];
    // The caller's own device.
    let own = GpuContext::from_wgpu(gpu.device().clone(), gpu.queue().clone());
    for (format, usage) in cases {
        let is_bgra = format.remove_srgb_suffix() == TextureFormat::Bgra8Unorm;
        let layout = if is_bgra { FrameFormat::Bgra } else { FrameFormat::Rgba };
        let (cpu, _) = file(options(), Container::Mp4, |video| {
            (0..FRAMES).try_for_each(|frame| {
                let samples = samples(frame, len(layout));
                video.add_frame(&FrameView::contiguous(layout, WIDTH, HEIGHT, (&samples).into())?)
            })
        })
        .unwrap();
        let (by_gpu, report) = file(options().device(Device::Gpu(own.clone())), Container::Mp4, |video| {
            // One texture for all, as a renderer has it.
            let texture = texture(&gpu, format, usage, (WIDTH, HEIGHT));
            (0..FRAMES).try_for_each(|frame| {
                fill(&gpu, &texture, &samples(frame, len(layout)));
                video.add_texture(&texture)
            })
        })
        .unwrap();
        assert!(cpu == by_gpu, "{format:?}");
        assert_eq!(report.streams[0].gpu.as_ref().map(|gpu| gpu.frames), Some(FRAMES.into()));
    }
}

/// Two devices of the adapter of that name.
fn two_devices(name: &str) -> [GpuContext; 2] {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()));
    let adapter = adapters.into_iter().find(|adapter| adapter.get_info().name == name).unwrap();
    let descriptor =
        wgpu::DeviceDescriptor { required_limits: wgpu::Limits::downlevel_defaults(), ..Default::default() };
    [(); 2].map(|()| {
        let (device, queue) = pollster::block_on(adapter.request_device(&descriptor)).unwrap();
        GpuContext::from_wgpu(device, queue)
    })
}

#[test]
fn a_wrong_texture_is_refused_and_the_stream_goes_on() {
    let Some(gpu) = gpu() else { return };
    let [gpu, other] = two_devices(gpu.name());
    let size = (WIDTH, HEIGHT);
    let many = wgpu::TextureDescriptor {
        label: None,
        size: wgpu::Extent3d { width: WIDTH, height: HEIGHT, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 4,
        dimension: wgpu::TextureDimension::D2,
        format: TextureFormat::Rgba8Unorm,
        usage: Usage::RENDER_ATTACHMENT | Usage::TEXTURE_BINDING,
        view_formats: &[],
    };
    let layers = wgpu::Extent3d { width: WIDTH, height: HEIGHT, depth_or_array_layers: 2 };
    let layers = wgpu::TextureDescriptor { size: layers, sample_count: 1, ..many.clone() };
    let bound = Usage::TEXTURE_BINDING;
    let cases = [
        (texture(&gpu, TextureFormat::Rgba16Float, bound, size), "Rgba16Float", ErrorKind::Unsupported),
        (texture(&gpu, TextureFormat::R8Unorm, bound, size), "Bgra8UnormSrgb", ErrorKind::Unsupported),
        (texture(&gpu, TextureFormat::Rgba8Unorm, Usage::empty(), size), "TEXTURE_BINDING", ErrorKind::InvalidInput),
        (texture(&gpu, TextureFormat::Rgba8UnormSrgb, bound, size), "COPY_SRC", ErrorKind::InvalidInput),
        (texture(&gpu, TextureFormat::Rgba8Unorm, bound, (WIDTH, 36)), "51x36", ErrorKind::InvalidInput),
        (gpu.device().create_texture(&many), "4 samples", ErrorKind::InvalidInput),
        (gpu.device().create_texture(&layers), "2 layers", ErrorKind::InvalidInput),
        (texture(&other, TextureFormat::Rgba8Unorm, bound, size), "wgpu", ErrorKind::InvalidInput),
    ];
    let good = texture(&gpu, TextureFormat::Rgba8Unorm, bound, size);
    let (_, report) = file(options().device(Device::Gpu(gpu.clone())), Container::Mp4, |video| {
        for (texture, words, kind) in &cases {
            video.add_texture(&good)?;
            let error = video.add_texture(texture).unwrap_err();
            assert!(error.kind() == *kind && error.to_string().contains(words), "{words}: {error:?}");
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(report.streams[0].packets, cases.len() as u64);
}

#[test]
fn a_stream_that_takes_no_textures_says_why() {
    let Some(gpu) = gpu() else { return };
    let texture = texture(&gpu, TextureFormat::Rgba8Unorm, Usage::TEXTURE_BINDING, (WIDTH, HEIGHT));
    let plain = VideoOptions::new(WIDTH, HEIGHT).frame_rate(10);
    let on_gpu = plain.clone().device(Device::Gpu(gpu.clone()));
    let cases = [
        (plain, Container::Mp4, "`device`"),
        (on_gpu.clone().alpha(true), Container::WebM, "`alpha`"),
        (on_gpu, Container::Gif, "rgba"),
    ];
    for (options, container, words) in cases {
        let pixels = samples(0, len(FrameFormat::Rgba));
        let (_, report) = file(options, container, |video| {
            let error = video.add_texture(&texture).unwrap_err();
            assert!(error.kind() == ErrorKind::Unsupported && error.to_string().contains(words), "{error:?}");
            video.add_frame(&FrameView::rgba(WIDTH, HEIGHT, &pixels)?)
        })
        .unwrap();
        assert_eq!(report.streams[0].packets, 1);
    }
}

#[test]
fn a_device_that_is_lost_ends_its_stream_alone() {
    // Its own device, since that is destroyed; once with the handlers of this crate, once as the caller's.
    for own in [false, true] {
        let Some(gpu) = gpu() else { return };
        let context = match own {
            true => GpuContext::from_wgpu(gpu.device().clone(), gpu.queue().clone()),
            false => gpu.clone(),
        };
        let memory = SharedWriter::new(Cursor::new(Vec::new()));
        let mut encoder = Encoder::new();
        let mut lost = encoder.add_video(options().device(Device::Gpu(context))).unwrap();
        let mut other = encoder.add_video(options()).unwrap();
        encoder.open_writer(memory.clone(), Container::Mp4).unwrap();
        let pixels = samples(0, len(FrameFormat::Rgba));
        let frame = FrameView::rgba(WIDTH, HEIGHT, &pixels).unwrap();
        let texture = texture(&gpu, TextureFormat::Rgba8Unorm, Usage::TEXTURE_BINDING, (WIDTH, HEIGHT));
        for _ in 0..FRAMES {
            lost.add_texture(&texture).unwrap();
            other.add_frame(&frame).unwrap();
        }
        gpu.device().destroy();
        let error = (0..FRAMES).find_map(|_| lost.add_texture(&texture).err()).unwrap();
        assert!(error.kind() == ErrorKind::Device && error.to_string().contains("lost"), "{error:?}");
        assert_eq!(lost.add_texture(&texture).unwrap_err().kind(), ErrorKind::State);
        other.add_frame(&frame).unwrap();
        let error = encoder.close().unwrap_err();
        assert!(error.kind() == ErrorKind::Device && error.to_string().contains("completed"), "{error:?}");
        assert!(memory.into_inner().unwrap().into_inner().len() > 1_000);
    }
}

/// Nothing is under way yet: the CPU takes over, and the report says so.
#[test]
fn a_device_that_is_lost_before_the_first_frame_leaves_its_work_to_the_cpu() {
    let Some(gpu) = gpu() else { return };
    let pixels = samples(0, len(FrameFormat::Rgba));
    let feed = |video: &mut VideoStream| {
        gpu.device().destroy();
        (0..FRAMES).try_for_each(|_| video.add_frame(&FrameView::rgba(WIDTH, HEIGHT, &pixels)?))
    };
    let (by_gpu, report) = file(options().device(Device::Gpu(gpu.clone())), Container::Mp4, feed).unwrap();
    let (cpu, _) = file(options(), Container::Mp4, feed).unwrap();
    assert!(cpu == by_gpu);
    let gpu = report.streams[0].gpu.clone().unwrap();
    assert!(gpu.frames == 0 && gpu.fallback.is_some_and(|why| why.contains("lost")));
    assert!(report.to_string().contains("then on the CPU"), "{report}");
}

/// In a process of its own, whose loader finds no driver: an error, and no panic.
#[test]
fn without_a_driver_there_is_an_error() {
    const CHILD: &str = "FRAMEWRIGHT_TEST_WITHOUT_DRIVER";
    if std::env::var_os(CHILD).is_some() {
        for found in [GpuContext::new(), GpuContext::software()] {
            let error = found.unwrap_err();
            assert!(error.kind() == ErrorKind::Device && error.to_string().contains("no driver"), "{error:?}");
        }
        return;
    }
    let test = "without_a_driver_there_is_an_error";
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(CHILD, "1");
    for name in ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"] {
        command.env(name, "/nowhere/icd.json");
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

/// The tool, in the same two ways.
#[cfg(feature = "cli")]
#[test]
fn the_tool_makes_the_same_file_and_says_by_what() {
    let folder = tempfile::tempdir().unwrap();
    let run = |device: &str, driver: bool| {
        let out = folder.path().join(format!("{device}.mp4"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_framewright"));
        command.args(["demo", "--seconds", "0.2", "--size", "64x36", "--overwrite", "--device", device]).arg(&out);
        if !driver {
            command.env("VK_DRIVER_FILES", "/nowhere/icd.json");
        }
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said, std::fs::read(out).ok())
    };
    let (code, said, cpu) = run("cpu", true);
    assert!(code == Some(0) && cpu.is_some(), "{said}");
    let (code, said, fallen) = run("auto", false);
    assert!(code == Some(0) && fallen == cpu && said.contains("the CPU"), "{said}");
    let (code, said, _) = run("gpu", false);
    assert!(code == Some(1) && said.contains("--device gpu") && said.contains("driver"), "{said}");
    let Some(gpu) = gpu() else { return };
    let device = if GpuContext::new().is_ok() { "gpu" } else { "software" };
    let (code, said, by_gpu) = run(device, true);
    assert!(code == Some(0) && by_gpu == cpu && said.contains(gpu.name()), "{said}");
}
