//! Streams with a GPU: the same files as without, and what is said where a GPU or a texture is not what it has to be.
//!
//! A GPU of software does (`libvulkan1` and `mesa-vulkan-drivers` in Debian). Tests that need one are ignored unless they
//! are asked for with `--include-ignored`, and fail then where there is none at all.

use std::io::Cursor;
use std::process::Command;

use framewright::motion::{Analysis, FrameAnalysis};
use framewright::sink::SharedWriter;
use framewright::{
    Color, ColorRange, Container, Device, Encoder, Error, ErrorKind, Fit, FrameFormat, FrameView, GpuContext,
    PixelFormat, Report, VideoCodec, VideoOptions, VideoStream,
};
use wgpu::{TextureFormat, TextureUsages as Usage};

const WIDTH: u32 = 51;
const HEIGHT: u32 = 35;
const FRAMES: u32 = 7;

/// A GPU, be it one of software: tests that call this are ignored unless they are asked for.
fn gpu() -> GpuContext {
    GpuContext::new().or_else(|_| GpuContext::software()).unwrap()
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
#[ignore = "needs a GPU: llvmpipe will do"]
fn a_file_by_gpu_is_the_file_by_cpu() {
    let gpu = gpu();
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
#[ignore = "needs a GPU: llvmpipe will do"]
fn so_it_is_with_every_option() {
    let gpu = gpu();
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

/// Numbers that look random.
fn scramble(x: usize, y: usize, seed: u64) -> u64 {
    let mut v = (x as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ (y as u64).wrapping_mul(0xc2b2_ae3d_27d4_eb4f)
        ^ seed.wrapping_mul(0x1656_67b1_9e37_79f9);
    v = (v ^ (v >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    v ^ (v >> 32)
}

/// Luma of large tiles with some grain, moved to the left: another scene for each number.
fn scene(number: u64, shift: usize, width: usize, height: usize) -> Vec<u8> {
    let level = |at: usize| {
        let (x, y) = (at % width + shift, at / width);
        let tile = scramble(x / 40 + 1000, y / 40 + 1000, number) % 200;
        (20 + tile + scramble(x + 4000, y + 4000, number) % 4) as u8
    };
    (0..width * height).map(level).collect()
}

/// What two scenes take to be told from each other.
const WIDE: u32 = 96;
const HIGH: u32 = 80;

/// A cut, a flash, and frames that repeat the one before.
const SCENES: [(u64, usize); 10] = [(1, 0), (1, 3), (1, 3), (2, 0), (1, 6), (1, 9), (3, 0), (3, 5), (3, 5), (3, 9)];

/// The frames of [`SCENES`], grey in bytes of RGBA, or luma and chroma of 10 bits.
fn frames(is_rgba: bool, mut add: impl FnMut(FrameView<'_>) -> Result<(), Error>) -> Result<(), Error> {
    for (number, shift) in SCENES {
        let luma = scene(number, shift, WIDE as usize, HIGH as usize);
        if is_rgba {
            let pixels: Vec<u8> = luma.iter().flat_map(|&v| [v, v, v, 255]).collect();
            add(FrameView::rgba(WIDE, HIGH, &pixels)?)?;
        } else {
            let mut samples: Vec<u16> = luma.iter().map(|&v| u16::from(v) << 2 | 1).collect();
            samples.resize(luma.len() * 3 / 2, 512);
            add(FrameView::i420(WIDE, HIGH, &samples)?.with_bit_depth(10)?)?;
        }
    }
    Ok(())
}

fn wide() -> VideoOptions {
    VideoOptions::new(WIDE, HIGH).frame_rate(10).crf(40)
}

#[test]
#[ignore = "needs a GPU: llvmpipe will do"]
fn key_frames_stand_where_the_cpu_sets_them() {
    let gpu = gpu();
    for is_rgba in [true, false] {
        let options = wide().extra_option("scene_detection", "motion").extra_option("min_keyframe_interval", "2");
        let feed = |video: &mut VideoStream| frames(is_rgba, |frame| video.add_frame(&frame));
        let (cpu, report) = file(options.clone(), Container::Mp4, feed).unwrap();
        assert_eq!(report.streams[0].key_frames, 2, "the first, and the cut");
        let (by_gpu, report) = file(options.device(Device::Gpu(gpu.clone())), Container::Mp4, feed).unwrap();
        assert!(cpu == by_gpu);
        let gpu = report.streams[0].gpu.clone().unwrap();
        assert_eq!((gpu.searched, gpu.fallback), (SCENES.len() as u64 - 1, None));
        assert!(report.to_string().contains("9 searched"), "{report}");
    }
}

/// What is known of the frames, and the file with its report; `between` is called before each frame.
fn known(
    options: VideoOptions,
    container: Container,
    between: impl Fn(usize),
) -> (Vec<FrameAnalysis>, Vec<u8>, Report) {
    let memory = SharedWriter::new(Cursor::new(Vec::new()));
    let mut encoder = Encoder::new();
    let mut video = encoder.add_video(options.analysis(Analysis::Vectors)).unwrap();
    encoder.open_writer(memory.clone(), container).unwrap();
    let mut number = 0;
    frames(false, |frame| {
        between(number);
        number += 1;
        video.add_frame(&frame)
    })
    .unwrap();
    let report = encoder.close().unwrap();
    (video.analysis(), memory.into_inner().unwrap().into_inner(), report)
}

/// Where the device is lost in the middle of the stream, the CPU takes over: what is known is the same, and the file.
#[test]
#[ignore = "needs a GPU: llvmpipe will do"]
fn what_is_known_of_frames_is_the_same_and_stays_so_when_the_device_is_lost() {
    let mjpeg = VideoOptions::new(WIDE, HIGH).frame_rate(10).codec(VideoCodec::Mjpeg);
    let cases = [(wide(), Container::Mp4), (mjpeg, Container::Mov), (wide().out_size(144, 120), Container::Mp4)];
    for (options, container) in cases {
        let (expected, file, _) = known(options.clone(), container, |_| {});
        assert_eq!(expected.iter().filter(|frame| frame.is_cut).count(), 1, "{options:?}");
        for lost_at in [99, 0, 1, 4, 8] {
            let gpu = gpu();
            let lose = |number| {
                if number == lost_at {
                    gpu.device().destroy();
                }
            };
            let (found, by_gpu, report) = known(options.clone().device(Device::Gpu(gpu.clone())), container, lose);
            assert!(found == expected && by_gpu == file, "lost before frame {lost_at}");
            let report = report.streams[0].gpu.clone().unwrap();
            let searched = if lost_at == 99 { SCENES.len() - 1 } else { lost_at.saturating_sub(1) };
            assert_eq!(report.searched, searched as u64);
            assert_eq!(report.fallback.is_some_and(|why| why.contains("lost")), lost_at != 99);
        }
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
    let row = Some(4 * texture.width());
    let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: row, rows_per_image: None };
    gpu.queue().write_texture(texture.as_image_copy(), pixels, layout, texture.size());
}

#[test]
#[ignore = "needs a GPU: llvmpipe will do"]
fn a_file_of_textures_is_that_of_their_bytes() {
    let gpu = gpu();
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

/// Frames and textures that come at any size, larger and smaller than the video, and at its own.
#[test]
#[ignore = "needs a GPU: llvmpipe will do"]
fn a_file_of_scaled_pictures_is_that_of_the_cpu() {
    let gpu = gpu();
    let sizes = [(51, 35), (51, 35), (160, 90), (160, 90), (160, 90), (64, 48), (20, 75), (20, 75), (7, 3), (51, 35)];
    let rgba = |index: usize| {
        let (width, height) = sizes[index];
        samples(index as u32, (4 * width * height) as usize)
    };
    for (fit, format) in [(Fit::Pad, PixelFormat::Yuv420p), (Fit::Stretch, PixelFormat::Yuv444p10)] {
        let options = VideoOptions::new(64, 48).frame_rate(10).crf(40).pixel_format(format);
        let options = options.out_size(64, 48).fit(fit);
        let add_frame = |video: &mut VideoStream, index: usize| {
            let (width, height) = sizes[index];
            video.add_frame(&FrameView::rgba(width, height, &rgba(index))?)
        };
        let add_texture = |video: &mut VideoStream, index: usize| {
            let texture = texture(&gpu, TextureFormat::Rgba8Unorm, Usage::TEXTURE_BINDING, sizes[index]);
            fill(&gpu, &texture, &rgba(index));
            video.add_texture(&texture)
        };
        let feed = |video: &mut VideoStream| (0..sizes.len()).try_for_each(|index| add_frame(video, index));
        let (cpu, _) = file(options.clone(), Container::Mp4, feed).unwrap();
        let options = options.device(Device::Gpu(gpu.clone()));
        let (by_gpu, report) = file(options.clone(), Container::Mp4, feed).unwrap();
        assert!(cpu == by_gpu, "frames, {fit}, {format}");
        let stream = report.streams[0].gpu.clone().unwrap();
        assert_eq!((stream.frames, stream.fallback), (sizes.len() as u64, None));
        let feed = |video: &mut VideoStream| (0..sizes.len()).try_for_each(|index| add_texture(video, index));
        let (by_gpu, _) = file(options, Container::Mp4, feed).unwrap();
        assert!(cpu == by_gpu, "textures, {fit}, {format}");
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
#[ignore = "needs a GPU: llvmpipe will do"]
fn a_wrong_texture_is_refused_and_the_stream_goes_on() {
    let gpu = gpu();
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
#[ignore = "needs a GPU: llvmpipe will do"]
fn a_stream_that_takes_no_textures_says_why() {
    let gpu = gpu();
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
#[ignore = "needs a GPU: llvmpipe will do"]
fn a_device_that_is_lost_ends_its_stream_alone() {
    // Its own device, since that is destroyed; once with the handlers of this crate, once as the caller's.
    for own in [false, true] {
        let gpu = gpu();
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
#[ignore = "needs a GPU: llvmpipe will do"]
fn a_device_that_is_lost_before_the_first_frame_leaves_its_work_to_the_cpu() {
    let gpu = gpu();
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

/// What the tool says and makes with `--device`, with drivers or without.
#[cfg(feature = "cli")]
fn demo(folder: &std::path::Path, device: &str, driver: bool) -> (Option<i32>, String, Option<Vec<u8>>) {
    let out = folder.join(format!("{device}.mp4"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_framewright"));
    command.args(["demo", "--seconds", "0.2", "--size", "64x36", "--overwrite", "--device", device]).arg(&out);
    if !driver {
        command.env("VK_DRIVER_FILES", "/nowhere/icd.json");
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), said, std::fs::read(out).ok())
}

#[cfg(feature = "cli")]
#[test]
fn the_tool_without_a_driver_takes_the_cpu_or_says_why_not() {
    let folder = tempfile::tempdir().unwrap();
    let (code, said, cpu) = demo(folder.path(), "cpu", true);
    assert!(code == Some(0) && cpu.is_some(), "{said}");
    let (code, said, fallen) = demo(folder.path(), "auto", false);
    assert!(code == Some(0) && fallen == cpu && said.contains("the CPU"), "{said}");
    let (code, said, _) = demo(folder.path(), "gpu", false);
    assert!(code == Some(1) && said.contains("--device gpu") && said.contains("driver"), "{said}");
}

/// The name of the device that [`gpu`] gives.
#[cfg(feature = "cli")]
fn device_name() -> &'static str {
    if GpuContext::new().is_ok() { "gpu" } else { "software" }
}

#[cfg(feature = "cli")]
#[test]
#[ignore = "needs a GPU: llvmpipe will do"]
fn the_tool_makes_the_same_file_and_says_by_what() {
    let gpu = gpu();
    let folder = tempfile::tempdir().unwrap();
    let (_, _, cpu) = demo(folder.path(), "cpu", true);
    let (code, said, by_gpu) = demo(folder.path(), device_name(), true);
    assert!(code == Some(0) && by_gpu == cpu && said.contains(gpu.name()), "{said}");
}

#[cfg(feature = "cli")]
#[test]
#[ignore = "needs a GPU: llvmpipe will do"]
fn the_tool_draws_the_same_vectors() {
    drop(gpu());
    let folder = tempfile::tempdir().unwrap();
    let clip = folder.path().join("clip.y4m");
    let mut bytes = b"YUV4MPEG2 W64 H48 F25:1 Cmono\n".to_vec();
    for number in 0..2 {
        bytes.extend(b"FRAME\n");
        bytes.extend(scene(1, 3 * number, 64, 48));
    }
    std::fs::write(&clip, bytes).unwrap();
    let drawn = |device: &str| {
        let out = folder.path().join(format!("{device}.png"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_framewright"));
        let output = command.args(["inspect", "--motion", "--device", device]).arg(&clip).arg("-o").arg(&out).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        std::fs::read(out).unwrap()
    };
    assert!(drawn("cpu") == drawn(device_name()));
}
