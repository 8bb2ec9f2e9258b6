//! Pictures of one size into those of another on a GPU: the twin of `convert::picture::scale`, which has the definition and
//! the weights. The other half is `scale.wgsl`.

use std::sync::Arc;

use super::context::GpuContext;
use super::rgb::{Chroma, Packing};
use crate::convert::picture::{Axis, MAX_SIDE, PictureTarget, Scaling, columns_shift};
use crate::error::Result;

/// Scales pictures to the visible size of a target. What it has made for the last size is kept.
pub(super) struct Scaler {
    target: PictureTarget,
    last: Option<(Packing, Option<Arc<Scale>>)>,
}

/// What is compiled for a device. It is the same for every format and size, which stand in the parameters.
pub(super) struct ScalePipelines {
    rows: wgpu::ComputePipeline,
    columns: wgpu::ComputePipeline,
}

/// What pictures of one size take. They share it, what is between the two passes too: the GPU makes one after the other.
pub(super) struct Scale {
    pipelines: Arc<ScalePipelines>,
    to: Packing,
    dispatches: [[u32; 3]; 2],
    params: wgpu::Buffer,
    tables: wgpu::Buffer,
    between: wgpu::Buffer,
}

/// Of one picture: what is bound for its rows and its columns.
pub(super) struct ScaleGroups([wgpu::BindGroup; 2]);

/// A sample is made of so many others along an axis, or the CPU does it, which a side has to become shorter than its
/// two-thousandth part for. An invocation is not to take long; llvmpipe ends one's loops after some 65,000 rounds together,
/// which here are those of four samples.
const MAX_TAPS: usize = 1 << 13;

/// The words of `Plane` in `scale.wgsl`.
type PlaneWords = [[u32; 4]; 4];

/// Invocations of a workgroup, across and down.
const GROUP: u32 = 8;

impl Scaler {
    pub fn new(target: &PictureTarget) -> Self {
        Scaler { target: *target, last: None }
    }

    /// What scales pictures that lie as `from`: `None` where they have the visible size, and where a buffer would be
    /// larger than the device has them, or a sample made of too many. Those come back as they are, for the CPU to scale.
    pub fn scale(&mut self, context: &GpuContext, from: &Packing) -> Result<Option<Arc<Scale>>> {
        if let Some((_, scale)) = self.last.as_ref().filter(|(last, _)| last == from) {
            return Ok(scale.clone());
        }
        let scale = match self.plan(context.largest_buffer(), from) {
            Some(plan) => {
                let pipelines = context.scale_pipelines()?;
                let doing = "preparing to scale";
                Some(Arc::new(context.attempt(doing, |device, queue| Scale::new(device, queue, pipelines, &plan))?))
            }
            None => None,
        };
        self.last = Some((*from, scale.clone()));
        Ok(scale)
    }

    fn plan(&self, largest: u64, from: &Packing) -> Option<Plan> {
        let size = (self.target.width, self.target.height);
        let to = Packing::new(self.target.format, Chroma::Planes, size.0, size.1);
        // Shaders count bytes in 32 bits.
        let largest = largest.min(u32::MAX.into());
        let has_room = from.size().0.max(from.size().1) <= MAX_SIDE && from.len().max(to.len()) <= largest;
        let plan = (has_room && from.size() != size).then(|| Plan::new(&self.target, from, &to));
        plan.filter(|plan| plan.taps <= MAX_TAPS && plan.between.max(plan.tables.len() as u64) <= largest)
    }
}

/// What is known of a size before anything is made for it.
struct Plan {
    to: Packing,
    params: Vec<u8>,
    tables: Vec<u8>,
    /// How many samples one is made of at most, along an axis.
    taps: usize,
    /// Bytes of what is made of the rows.
    between: u64,
    dispatches: [[u32; 3]; 2],
}

impl Plan {
    fn new(target: &PictureTarget, from: &Packing, to: &Packing) -> Self {
        let scaling = Scaling::new(target, from.size());
        let planes = target.format.planes();
        let mut tables = Vec::new();
        let axes: Vec<_> =
            (0..planes.min(2)).map(|plane| scaling.axes(plane).each_ref().map(|axis| put(axis, &mut tables))).collect();
        let words_of_four = if target.format.bit_depth() > 8 { 2 } else { 1 };
        // Chroma is no larger than luma.
        let most = |axis: &Axis| (0..axis.len()).map(|index| axis.taps(index).1.len()).max();
        let taps = scaling.axes(0).iter().filter_map(most).max().unwrap_or_default();
        let mut between = 0;
        let mut params = [PlaneWords::default(); 3];
        for (plane, words) in params.iter_mut().enumerate().take(planes) {
            let word = |value: usize| value as u32;
            let place = scaling.place(plane);
            let ((from_start, from_row), (to_start, to_row)) = (from.plane(plane), to.plane(plane));
            let (columns, _) = target.format.plane_size(plane, from.size().0, from.size().1);
            let (width, height) = target.format.plane_size(plane, target.width, target.height);
            let [x, y] = axes[plane.min(1)];
            *words = [
                [word(from_start / 4), word(from_row / 4), x, y],
                // Where it is cut off, the buffer is larger than any device has it.
                [(between / 4) as u32, word(columns.div_ceil(4)), word(place.height), scaling.black(plane).into()],
                [word(to_start / 4), word(to_row / 4), word(width.div_ceil(4)), word(height)],
                [place.left, place.top, place.width, place.height].map(word),
            ];
            between += 8 * columns.div_ceil(4) as u64 * place.height as u64;
        }
        let [[_, between_size, scaled_size, _], ..] = params;
        let dispatch = |across: u32, down: u32| [across.div_ceil(GROUP), down.div_ceil(GROUP), planes as u32];
        let dispatches = [dispatch(between_size[1], between_size[2]), dispatch(scaled_size[2], scaled_size[3])];
        let depth = target.format.bit_depth();
        let samples = [words_of_four, depth.into(), columns_shift(depth), (1 << depth) - 1];
        let params = params.as_flattened().iter().chain([&samples]).flatten();
        Plan { to: *to, params: bytes(params), tables: bytes(&tables), taps, between, dispatches }
    }
}

/// Puts what each sample of `axis` is made of behind `tables`, in words: the first sample and the place of its weights, and
/// after the last where they end; then the weights. Where that begins.
fn put(axis: &Axis, tables: &mut Vec<u32>) -> u32 {
    let begin = tables.len();
    // Behind the last, what would be the first sample is not looked at.
    let mut weights = begin + 2 * (axis.len() + 1);
    for index in 0..axis.len() {
        let (first, coefficients) = axis.taps(index);
        tables.extend([first as u32, weights as u32]);
        weights += coefficients.len();
    }
    tables.extend([0, weights as u32]);
    for index in 0..axis.len() {
        let (_, coefficients) = axis.taps(index);
        tables.extend(coefficients.iter().map(|&coefficient| i32::from(coefficient) as u32));
    }
    begin as u32
}

fn bytes<'a>(words: impl IntoIterator<Item = &'a u32>) -> Vec<u8> {
    words.into_iter().flat_map(|word| word.to_le_bytes()).collect()
}

impl Scale {
    fn new(device: &wgpu::Device, queue: &wgpu::Queue, pipelines: Arc<ScalePipelines>, plan: &Plan) -> Self {
        use wgpu::BufferUsages as Usage;
        let buffer = |size, usage| {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("framewright scale"),
                size,
                usage,
                mapped_at_creation: false,
            })
        };
        let filled = |bytes: &[u8], usage| {
            let buffer = buffer(bytes.len() as u64, usage | Usage::COPY_DST);
            queue.write_buffer(&buffer, 0, bytes);
            buffer
        };
        Scale {
            pipelines,
            to: plan.to,
            dispatches: plan.dispatches,
            params: filled(&plan.params, Usage::UNIFORM),
            tables: filled(&plan.tables, Usage::STORAGE),
            between: buffer(plan.between, Usage::STORAGE),
        }
    }

    /// How the scaled picture lies.
    pub fn to(&self) -> &Packing {
        &self.to
    }

    /// For scaling what is in `picture` into `scaled`.
    pub fn bind(&self, device: &wgpu::Device, picture: &wgpu::Buffer, scaled: &wgpu::Buffer) -> ScaleGroups {
        let bind = |pipeline: &wgpu::ComputePipeline, source: &wgpu::Buffer, made: &wgpu::Buffer| {
            let buffers = [&self.params, &self.tables, source, made].into_iter();
            let entries: Vec<_> = (0..)
                .zip(buffers)
                .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
                .collect();
            device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some("framewright scale"),
                layout: &pipeline.get_bind_group_layout(0),
                entries: &entries,
            })
        };
        let ScalePipelines { rows, columns } = &*self.pipelines;
        ScaleGroups([bind(rows, picture, &self.between), bind(columns, &self.between, scaled)])
    }

    /// Records both passes.
    pub fn record(&self, encoder: &mut wgpu::CommandEncoder, ScaleGroups(groups): &ScaleGroups) {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        let ScalePipelines { rows, columns } = &*self.pipelines;
        for ((pipeline, group), [x, y, z]) in [rows, columns].into_iter().zip(groups).zip(self.dispatches) {
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, group, &[]);
            pass.dispatch_workgroups(x, y, z);
        }
    }
}

impl ScalePipelines {
    pub fn new(device: &wgpu::Device) -> Self {
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("framewright scale"),
            source: wgpu::ShaderSource::Wgsl(include_str!("scale.wgsl").into()),
        });
        let pipeline = |entry| {
            device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some("framewright scale"),
                layout: None,
                module: &module,
                entry_point: Some(entry),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache: None,
            })
        };
        ScalePipelines { rows: pipeline("rows"), columns: pipeline("columns") }
    }
}
