//! RGB into luma and chroma on a GPU: the twin of `convert::rgb`, which has the definition. The other half is `rgb.wgsl`.

use std::sync::Arc;

use super::context::GpuContext;
use super::source::Layout;
use crate::convert::rgb::{Matrix, Row};
use crate::error::Result;
use crate::media::{ChromaSubsampling, Color, Picture, PixelFormat, Plane};

/// The conversion into pictures of one format and colour, from frames of 8 bits.
pub(super) struct RgbKernel {
    format: PixelFormat,
    chroma: Chroma,
    matrix: Matrix,
    pipelines: Arc<Pipelines>,
}

/// What is compiled for a device. It is the same for every format and colour, which stand in the parameters.
pub(super) struct Pipelines {
    from_buffer: wgpu::ComputePipeline,
    from_texture: wgpu::ComputePipeline,
}

/// How chroma lies beside luma.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chroma {
    /// In two planes, as engines take it.
    Planes,
    /// U and V take turns in one plane (NV12); deep samples have their value in the high bits (P010).
    Interleaved,
}

/// Where the planes of a picture are in the buffer that a GPU writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packing {
    format: PixelFormat,
    chroma: Chroma,
    width: usize,
    height: usize,
    /// Samples from row to row, of luma and of U.
    strides: [usize; 2],
    /// Bytes of each plane's beginning, and of the end.
    starts: [usize; 4],
}

/// What pixels are read from.
pub(super) enum Pixels<'a> {
    Buffer(&'a wgpu::Buffer),
    Texture(&'a wgpu::TextureView),
}

/// The bytes of `Params` in `rgb.wgsl`.
pub(super) const PARAMS_LEN: u64 = 8 * 16;

/// Pixels that a workgroup converts: 8 x 8 invocations of 8 x 2.
const GROUP: (u32, u32) = (64, 16);

impl RgbKernel {
    pub fn new(context: &GpuContext, format: PixelFormat, chroma: Chroma, color: Color) -> Result<Self> {
        Ok(RgbKernel { format, chroma, matrix: Matrix::new(format, color, 8), pipelines: context.pipelines()? })
    }

    /// How the picture of a frame of this size lies in its buffer.
    pub fn packing(&self, width: u32, height: u32) -> Packing {
        Packing::new(self.format, self.chroma, width as usize, height as usize)
    }

    /// The bytes of `Params` in `rgb.wgsl`. Of a texture, the layout does not matter.
    pub fn params(&self, packing: &Packing, layout: &Layout) -> Vec<u8> {
        let Matrix { y, u, v } = &self.matrix;
        let subsampling = match self.format.chroma() {
            ChromaSubsampling::Monochrome => 4,
            chroma => chroma.shifts().0 | (chroma.shifts().1 << 1),
        };
        let word = |value: usize| value as u32;
        let depth = u32::from(self.format.bit_depth());
        let (turns, higher) = match self.chroma {
            Chroma::Planes => (0, 0),
            Chroma::Interleaved if depth > 8 => (2, 16 - depth),
            Chroma::Interleaved => (2, 0),
        };
        let samples = u32::from(depth > 8) | turns;
        let unsigned = [
            [word(packing.width), word(packing.height), word(packing.strides[0]), word(packing.strides[1])],
            [word(packing.starts[1] / 4), word(packing.starts[2] / 4), subsampling, samples],
            layout.first,
            [layout.pixel, layout.row, layout.alpha.into(), higher],
        ];
        // Of 8-bit frames all of it fits: the largest sum is below 2^28.
        let row = |row: &Row| [row.rgb[0], row.rgb[1], row.rgb[2], row.bias as i32];
        let signed = [row(y), row(u), row(v), [y.shift as i32, u.shift as i32, y.max, u.max]];
        let unsigned = unsigned.as_flattened().iter().flat_map(|word| word.to_le_bytes());
        unsigned.chain(signed.as_flattened().iter().flat_map(|word| word.to_le_bytes())).collect()
    }

    /// Records the conversion of `pixels` into `picture`.
    pub fn record(
        &self,
        device: &wgpu::Device,
        encoder: &mut wgpu::CommandEncoder,
        pixels: &Pixels<'_>,
        params: &wgpu::Buffer,
        picture: &wgpu::Buffer,
        packing: &Packing,
    ) {
        let (pipeline, source) = match pixels {
            Pixels::Buffer(buffer) => (&self.pipelines.from_buffer, buffer.as_entire_binding()),
            Pixels::Texture(view) => (&self.pipelines.from_texture, wgpu::BindingResource::TextureView(view)),
        };
        let entry = |binding, resource| wgpu::BindGroupEntry { binding, resource };
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("framewright rgb"),
            layout: &pipeline.get_bind_group_layout(0),
            entries: &[entry(0, params.as_entire_binding()), entry(1, picture.as_entire_binding()), entry(2, source)],
        });
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_pipeline(pipeline);
        pass.set_bind_group(0, &group, &[]);
        let (width, height) = (packing.width as u32, packing.height as u32);
        pass.dispatch_workgroups(width.div_ceil(GROUP.0), height.div_ceil(GROUP.1), 1);
    }
}

impl Pipelines {
    pub fn new(device: &wgpu::Device) -> Self {
        let pipeline = |source: &str| {
            let text = format!("{}\n{source}", include_str!("rgb.wgsl"));
            let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some("framewright rgb"),
                source: wgpu::ShaderSource::Wgsl(text.into()),
            });
            device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some("framewright rgb"),
                layout: None,
                module: &module,
                entry_point: Some("convert"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache: None,
            })
        };
        Pipelines {
            from_buffer: pipeline(include_str!("buffer.wgsl")),
            from_texture: pipeline(include_str!("texture.wgsl")),
        }
    }
}

impl Packing {
    pub fn new(format: PixelFormat, chroma_lies: Chroma, width: usize, height: usize) -> Self {
        // One invocation writes 8 luma samples of a row, and with them 4 or 8 of chroma: whole words.
        let luma = width.next_multiple_of(8);
        let chroma = luma >> format.chroma().shifts().0;
        let bytes = if format.bit_depth() > 8 { 2 } else { 1 };
        let mut starts = [0; 4];
        for index in 0..3 {
            let (stride, planes) = match (index, chroma_lies) {
                (0, _) => (luma, format.planes()),
                (_, Chroma::Planes) => (chroma, format.planes()),
                (_, Chroma::Interleaved) => (2 * chroma, 2),
            };
            let rows = if index < planes { format.plane_size(index, width, height).1 } else { 0 };
            starts[index + 1] = starts[index] + stride * rows * bytes;
        }
        Packing { format, chroma: chroma_lies, width, height, strides: [luma, chroma], starts }
    }

    /// Width and height of the picture.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// The byte at which a plane begins, and bytes from row to row of a plane of its own.
    pub fn plane(&self, plane: usize) -> (usize, usize) {
        let bytes = if self.format.bit_depth() > 8 { 2 } else { 1 };
        (self.starts[plane], self.strides[plane.min(1)] * bytes)
    }

    /// The bytes of a picture.
    pub fn len(&self) -> u64 {
        self.starts[3] as u64
    }

    /// The planes that a picture is taken out into.
    pub fn planes(&self) -> Vec<Plane> {
        let mut planes = Picture::new(self.format, self.width, self.height).planes;
        if self.chroma == Chroma::Interleaved {
            planes.truncate(2);
            match planes.get_mut(1) {
                Some(Plane::U8(samples)) => samples.resize(2 * samples.len(), 0),
                Some(Plane::U16(samples)) => samples.resize(2 * samples.len(), 0),
                None => {}
            }
        }
        planes
    }

    /// Takes the picture out of the bytes that came back, into [`planes`](Self::planes) or those of a picture.
    pub fn unpack(&self, bytes: &[u8], planes: &mut [Plane]) {
        let pairs = if self.chroma == Chroma::Interleaved { 2 } else { 1 };
        for (index, plane) in planes.iter_mut().enumerate() {
            let times = if index == 0 { 1 } else { pairs };
            let width = times * self.format.plane_size(index, self.width, self.height).0;
            let stride = times * self.strides[index.min(1)];
            let bytes = &bytes[self.starts[index]..self.starts[index + 1]];
            match plane {
                Plane::U8(samples) => {
                    for (row, samples) in bytes.chunks(stride).zip(samples.chunks_mut(width)) {
                        samples.copy_from_slice(&row[..width]);
                    }
                }
                Plane::U16(samples) => {
                    for (row, samples) in bytes.chunks(2 * stride).zip(samples.chunks_mut(width)) {
                        for (sample, bytes) in samples.iter_mut().zip(row.as_chunks::<2>().0) {
                            *sample = u16::from_le_bytes(*bytes);
                        }
                    }
                }
            }
        }
    }
}
