//! Renders a scene with wgpu, without a window, and records it into an MP4.
//!
//! ```sh
//! cargo run --release --features gpu --example record_wgpu -- [OUT.mp4 [FRAMES [WIDTHxHEIGHT]]]
//! ```
//!
//! No pixel passes through the processor as RGBA: `add_texture` converts on the GPU and reads luma and chroma back, two
//! frames later. How long the loop waited for that is printed at the end, beside how long drawing and encoding took.
//!
//! A program with a window does the same with the texture that it draws to before it presents; one with bevy renders to
//! an image as its camera's target, and makes the `GpuContext` of `RenderDevice::wgpu_device()` and the queue within
//! `RenderQueue`.

use std::error::Error;
use std::time::{Duration, Instant};

use framewright::{Device, Encoder, GpuContext, VideoOptions};

const FRAME_RATE: u32 = 30;

/// Ribbons of light over a lake: an aurora from a few sines, and its reflection.
const SHADER: &str = "
struct Scene { size: vec2<f32>, time: f32 }
@group(0) @binding(0) var<uniform> scene: Scene;

@vertex
fn corner(@builtin(vertex_index) index: u32) -> @builtin(position) vec4<f32> {
    // One triangle that covers everything.
    return vec4<f32>(f32(index & 1u) * 4.0 - 1.0, f32(index >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}

fn hash(p: vec2<f32>) -> f32 {
    return fract(sin(dot(p, vec2<f32>(127.1, 311.7))) * 43758.5453);
}

fn sky(p: vec2<f32>) -> vec3<f32> {
    var light = mix(vec3<f32>(0.01, 0.02, 0.07), vec3<f32>(0.03, 0.10, 0.16), exp(-3.0 * p.y));
    let cell = floor(p * 90.0);
    let star = step(0.985, hash(cell)) * (0.6 + 0.4 * sin(scene.time * 3.0 + 40.0 * hash(cell + 7.0)));
    light += vec3<f32>(star) * smoothstep(0.5, 0.0, length(fract(p * 90.0) - 0.5)) * smoothstep(0.05, 0.4, p.y);
    for (var i = 0; i < 4; i++) {
        let n = f32(i);
        let bend = 0.10 * sin(p.x * (2.0 + n) + scene.time * (0.5 + 0.13 * n) + n * 1.7)
            + 0.05 * sin(p.x * (5.0 + 2.0 * n) - scene.time * 0.8 + n);
        let height = p.y - (0.22 + 0.11 * n + bend);
        let curtain = exp(-abs(height) * select(26.0, 5.5, height > 0.0));
        let folds = 0.65 + 0.35 * sin(p.x * 34.0 + bend * 60.0 + scene.time * 1.4);
        let hue = mix(vec3<f32>(0.10, 0.95, 0.45), vec3<f32>(0.55, 0.20, 0.95), clamp(0.25 * n + height * 1.6, 0.0, 1.0));
        light += hue * curtain * folds * 0.42;
    }
    return light;
}

@fragment
fn shade(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let p = vec2<f32>(position.x - 0.5 * scene.size.x, 0.68 * scene.size.y - position.y) / scene.size.y;
    let hills = 0.055 + 0.035 * sin(p.x * 4.0 + 1.0) + 0.018 * sin(p.x * 11.0) + 0.006 * sin(p.x * 31.0);
    var light: vec3<f32>;
    if p.y > 0.0 {
        light = select(sky(p), vec3<f32>(0.004, 0.008, 0.016), p.y < hills);
    } else {
        let depth = -p.y;
        let wave = sin(depth * 120.0 / (0.25 + depth) + scene.time * 2.4) * (0.004 + 0.03 * depth);
        let mirrored = vec2<f32>(p.x + wave, depth * 1.15 + abs(wave));
        let shore = mirrored.y < hills;
        light = select(sky(mirrored) * 0.55, vec3<f32>(0.003, 0.006, 0.012), shore) + vec3<f32>(0.0, 0.010, 0.018);
    }
    return vec4<f32>(pow(light / (1.0 + 0.35 * light), vec3<f32>(0.4545)), 1.0);
}
";

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let out = args.next().unwrap_or("aurora.mp4".into());
    let frames: u32 = args.next().map_or(Ok(150), |text| text.parse())?;
    let size = args.next().unwrap_or("640x360".into());
    let (width, height) = size.split_once('x').ok_or("the size is WIDTHxHEIGHT")?;
    let (width, height): (u32, u32) = (width.parse()?, height.parse()?);

    let gpu = GpuContext::new().or_else(|error| {
        eprintln!("{error}: rendering in software");
        GpuContext::software()
    })?;
    let renderer = Renderer::new(gpu.device(), width, height);

    let options = VideoOptions::new(width, height).frame_rate(FRAME_RATE).crf(28).device(Device::Gpu(gpu.clone()));
    let mut encoder = Encoder::new();
    let mut video = encoder.add_video(options)?;
    encoder.open_file(&out)?;
    let (mut drawing, mut adding) = (Duration::ZERO, Duration::ZERO);
    for frame in 0..frames {
        let begun = Instant::now();
        renderer.draw(gpu.device(), gpu.queue(), frame as f32 / FRAME_RATE as f32);
        let drawn = Instant::now();
        video.add_texture(&renderer.texture)?;
        drawing += drawn - begun;
        adding += drawn.elapsed();
    }
    video.finish()?;
    let report = encoder.close()?;
    println!("{out}: {report}");
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3 / f64::from(frames.max(1));
    println!(
        "a frame: {:.3} ms to submit its drawing, {:.3} ms in add_texture",
        milliseconds(drawing),
        milliseconds(adding)
    );
    for gpu in report.streams.iter().filter_map(|stream| stream.gpu.as_ref()) {
        println!("of that {:.3} ms waiting for read-back, {:?} in all", milliseconds(gpu.waited), gpu.waited);
    }
    Ok(())
}

struct Renderer {
    texture: wgpu::Texture,
    pipeline: wgpu::RenderPipeline,
    uniform: wgpu::Buffer,
    group: wgpu::BindGroup,
}

impl Renderer {
    fn new(device: &wgpu::Device, width: u32, height: u32) -> Self {
        let texture = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("scene"),
            size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba8Unorm,
            // The second is what `add_texture` needs.
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::TEXTURE_BINDING,
            view_formats: &[],
        });
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("scene"),
            source: wgpu::ShaderSource::Wgsl(SHADER.into()),
        });
        let compilation_options = wgpu::PipelineCompilationOptions::default;
        let pipeline = device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some("scene"),
            layout: None,
            vertex: wgpu::VertexState {
                module: &module,
                entry_point: Some("corner"),
                compilation_options: compilation_options(),
                buffers: &[],
            },
            fragment: Some(wgpu::FragmentState {
                module: &module,
                entry_point: Some("shade"),
                compilation_options: compilation_options(),
                targets: &[Some(texture.format().into())],
            }),
            primitive: wgpu::PrimitiveState::default(),
            depth_stencil: None,
            multisample: wgpu::MultisampleState::default(),
            multiview_mask: None,
            cache: None,
        });
        let uniform = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("scene"),
            size: 16,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("scene"),
            layout: &pipeline.get_bind_group_layout(0),
            entries: &[wgpu::BindGroupEntry { binding: 0, resource: uniform.as_entire_binding() }],
        });
        Renderer { texture, pipeline, uniform, group }
    }

    /// Submits the drawing of the scene at `time`; waits for nothing.
    fn draw(&self, device: &wgpu::Device, queue: &wgpu::Queue, time: f32) {
        let scene = [self.texture.width() as f32, self.texture.height() as f32, time, 0.0];
        let bytes: Vec<u8> = scene.iter().flat_map(|value| value.to_le_bytes()).collect();
        queue.write_buffer(&self.uniform, 0, &bytes);
        let view = self.texture.create_view(&wgpu::TextureViewDescriptor::default());
        let mut commands = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut pass = commands.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("scene"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &view,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color::BLACK), store: wgpu::StoreOp::Store },
            })],
            ..wgpu::RenderPassDescriptor::default()
        });
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.group, &[]);
        pass.draw(0..3, 0..1);
        drop(pass);
        queue.submit([commands.finish()]);
    }
}
