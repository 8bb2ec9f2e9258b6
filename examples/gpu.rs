//! What a GPU takes for its stages, beside the CPU.
//!
//! ```sh
//! cargo run --release --features gpu --example gpu -- [FRAMES [search|textures]]
//! ```
//!
//! `search`: milliseconds a frame of `motion::Analyzer` with vectors, on the CPU with one thread and on the GPU, at 720p and
//! 2160p; the time is that of the call, with the upload and the read-back. `textures`: frames a second of 4K textures of
//! RGBA that are converted and read back, and written raw to a sink that drops them. A GPU of software will do, and its
//! figures are those of a processor.

use std::error::Error;
use std::io;
use std::time::Instant;

use framewright::motion::Analyzer;
use framewright::{Container, Device, Encoder, FrameView, GpuContext, VideoCodec, VideoOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let frames = args.next().map_or(Ok(20), |text| text.parse())?;
    let what = args.next();
    let wants = |name: &str| what.as_deref().is_none_or(|what| what == name);
    let gpu = GpuContext::new().or_else(|_| GpuContext::software())?;
    println!("{}", gpu.name());
    if wants("search") {
        for (width, height) in [(1280, 720), (3840, 2160)] {
            let pictures: Vec<_> = (0..4).map(|number| hills(width, height, 3 * number)).collect();
            for (name, device) in [("CPU, one thread", Device::Cpu), ("GPU", Device::Gpu(gpu.clone()))] {
                let mut analyzer = Analyzer::new(width, height)?.with_threads(1)?.with_vectors(true);
                analyzer = analyzer.with_device(&device);
                let per_frame = search(&mut analyzer, (width, height), &pictures, frames)?;
                println!(
                    "search {width}x{height}, {name}: {:.2} ms a frame, {:.0} a second",
                    per_frame,
                    1e3 / per_frame
                );
                if let Some(why) = analyzer.fallback() {
                    println!("  the CPU did it: {why}");
                }
            }
        }
    }
    if wants("textures") {
        println!("textures 3840x2160, RGBA to I420 with read-back: {:.1} frames a second", textures(&gpu, frames)?);
    }
    Ok(())
}

/// Milliseconds a frame; the first, for which buffers are made and shaders compiled, do not count.
fn search(
    analyzer: &mut Analyzer,
    (width, height): (u32, u32),
    pictures: &[Vec<u8>],
    frames: usize,
) -> Result<f64, Box<dyn Error>> {
    let mut add = |picture: &[u8]| analyzer.add(&FrameView::gray(width, height, picture)?);
    for picture in pictures {
        add(picture)?;
    }
    let begun = Instant::now();
    for picture in pictures.iter().cycle().take(frames) {
        add(picture)?;
    }
    Ok(begun.elapsed().as_secs_f64() * 1e3 / frames as f64)
}

/// Frames a second; the first do not count.
fn textures(gpu: &GpuContext, frames: usize) -> Result<f64, Box<dyn Error>> {
    let (width, height) = (3840, 2160);
    let size = wgpu::Extent3d { width, height, depth_or_array_layers: 1 };
    let texture = gpu.device().create_texture(&wgpu::TextureDescriptor {
        label: None,
        size,
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: wgpu::TextureFormat::Rgba8Unorm,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    });
    let pixels: Vec<u8> = hills(width, height, 0).iter().flat_map(|&v| [v, 255 - v, v / 2, 255]).collect();
    let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(4 * width), rows_per_image: None };
    gpu.queue().write_texture(texture.as_image_copy(), &pixels, layout, size);
    let mut encoder = Encoder::new();
    let options = VideoOptions::new(width, height).codec(VideoCodec::Raw).device(Device::Gpu(gpu.clone()));
    let mut video = encoder.add_video(options)?;
    encoder.open_stream(io::sink(), Container::Y4m)?;
    for _ in 0..3 {
        video.add_texture(&texture)?;
    }
    let begun = Instant::now();
    for _ in 0..frames {
        video.add_texture(&texture)?;
    }
    let seconds = begun.elapsed().as_secs_f64();
    encoder.close()?;
    Ok(frames as f64 / seconds)
}

/// Smooth hills with some grain, moved to the left.
fn hills(width: u32, height: u32, by: u32) -> Vec<u8> {
    let level = |x: u32, y: u32| {
        let wave = |at: u32, length: f32| (at as f32 / length).sin();
        let grain = (x.wrapping_mul(0x9e37_79b9) ^ y.wrapping_mul(0x85eb_ca6b)).wrapping_mul(0xc2b2_ae35) >> 29;
        (120.0 + 40.0 * wave(x, 23.0) * wave(y, 17.0) + 40.0 * wave(x + 2 * y, 61.0)) as u8 + grain as u8
    };
    (0..height).flat_map(|y| (0..width).map(move |x| level(x + by, y))).collect()
}
