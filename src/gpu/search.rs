//! The levels of the search on a GPU: the twin of `motion::search`. The other half is `coarse.wgsl` for level 1, `costs.wgsl`
//! for what blocks cost by that, and `search.wgsl` for the levels after it.

use super::pyramid::{self, Pyramid};
use crate::media::{BlockMotion, MotionField, MotionVector};
#[cfg(test)]
use crate::motion::Coarse;
use crate::motion::{BEFORE, BEHIND, Costs};

/// What is compiled for a device. It is the same for every size, which stands in the parameters.
pub(super) struct SearchPipelines {
    pyramid_layout: wgpu::BindGroupLayout,
    search_layout: wgpu::BindGroupLayout,
    pub pyramid: [wgpu::ComputePipeline; pyramid::ENTRIES.len()],
    /// Level 1 and the costs, then the other levels.
    coarse: [wgpu::ComputePipeline; 2],
    fine: [wgpu::ComputePipeline; 4],
}

/// What is found, as it lies in its buffer, and the parameters of pictures of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Geometry {
    pub pyramid: Pyramid,
    /// Columns and rows of blocks: of 8x8 of the quarter plane, of 16x16, of 8x8.
    coarse: (usize, usize),
    large: (usize, usize),
    small: (usize, usize),
}

/// The bytes of `Params` in `planes.wgsl`.
pub(super) const PARAMS_LEN: u64 = 5 * 16;

/// Blocks of a row that a workgroup looks for, at the levels after the first.
const GROUP: usize = 8;

/// The words of what is found of a block of level 1, and of one of 8x8 or 16x16.
const COARSE_WORDS: usize = 2;
const BLOCK_WORDS: usize = 3;

impl Geometry {
    pub fn new(width: usize, height: usize) -> Self {
        let pyramid = Pyramid::new(width, height);
        let grid = |width: usize, height: usize, side: usize| (width.div_ceil(side), height.div_ceil(side));
        let quarter = pyramid.quarter();
        Geometry {
            pyramid,
            coarse: grid(quarter.width, quarter.height, 8),
            large: grid(width, height, 16),
            small: grid(width, height, 8),
        }
    }

    /// Width and height of the picture.
    pub fn size(&self) -> (usize, usize) {
        let [full, ..] = &self.pyramid.planes;
        (full.width, full.height)
    }

    /// The first words of what level 1 finds, of the costs, of what levels 4, 5, 2 and 3 find, and the end of it all. What
    /// comes back stands first.
    fn parts(&self) -> [usize; 7] {
        let count = |(columns, rows): (usize, usize)| columns * rows;
        let costs = COARSE_WORDS * count(self.coarse);
        let large = costs + count(self.coarse);
        let small = large + BLOCK_WORDS * count(self.large);
        let half = small + BLOCK_WORDS * count(self.small);
        let whole = half + count(self.large);
        [0, costs, large, small, half, whole, whole + count(self.large)]
    }

    /// The bytes of all that is found.
    pub fn len(&self) -> u64 {
        let [.., end] = self.parts();
        4 * end as u64
    }

    /// How many of them come back: those of level 1 and the costs, or those of the field too.
    pub fn read_len(&self, has_field: bool) -> u64 {
        let [_, _, coarse, _, field, ..] = self.parts();
        4 * if has_field { field } else { coarse } as u64
    }

    /// The bytes of the vectors of a field of this size.
    pub fn last_len(&self) -> u64 {
        4 * (self.large.0 * self.large.1) as u64
    }

    /// The bytes of `Params`. `stride` is that of luma on its way in, in words.
    pub fn params(&self, has_last: bool, stride: usize) -> Vec<u8> {
        let [coarse, costs, large, small, half, whole, _] = self.parts().map(|part| part as u32);
        let [full, second, third] = self.pyramid.planes.map(|plane| plane.params());
        let words = [full, second, third, [coarse, large, small, half], [whole, has_last.into(), stride as u32, costs]];
        words.as_flattened().iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// The vectors of a field that has this size.
    pub fn last(&self, field: &MotionField) -> Vec<u8> {
        let word =
            |MotionVector { x, y }: MotionVector| (u32::from(x as u16) | (u32::from(y as u16) << 16)).to_le_bytes();
        field.blocks16.iter().flat_map(|block| word(block.vector)).collect()
    }

    /// Records level 1 and the costs, and the other levels where there is to be a field.
    pub fn record(
        &self,
        pass: &mut wgpu::ComputePass<'_>,
        pipelines: &SearchPipelines,
        group: &wgpu::BindGroup,
        has_field: bool,
    ) {
        let rows_of_groups = |(columns, rows): (usize, usize)| (columns.div_ceil(GROUP), rows);
        let large = rows_of_groups(self.large);
        let coarse = pipelines.coarse.iter().zip([self.coarse, rows_of_groups(self.coarse)]);
        let fine = pipelines.fine.iter().zip([large, large, large, rows_of_groups(self.small)]);
        pass.set_bind_group(0, group, &[]);
        for (pipeline, (columns, rows)) in coarse.chain(fine.filter(|_| has_field)) {
            pass.set_pipeline(pipeline);
            pass.dispatch_workgroups(columns as u32, rows as u32, 1);
        }
    }

    /// What level 1 found, out of the bytes that came back: only the GPU itself goes by that.
    #[cfg(test)]
    pub fn unpack_coarse(&self, bytes: &[u8]) -> Vec<Coarse> {
        let blocks = words(bytes).take(self.coarse.0 * self.coarse.1);
        blocks
            .map(|[vector, sads]: [u32; COARSE_WORDS]| {
                let MotionVector { x, y } = vector_of(vector);
                Coarse { x: x.into(), y: y.into(), sad: sads & 0xffff, zero_sad: sads >> 16 }
            })
            .collect()
    }

    /// The costs of all blocks.
    pub fn unpack_costs(&self, bytes: &[u8]) -> Costs {
        let [_, first, ..] = self.parts();
        let blocks = words(bytes.get(4 * first..).unwrap_or_default()).take(self.coarse.0 * self.coarse.1);
        let quarter = self.pyramid.quarter();
        let mut costs = Costs { samples: (quarter.width * quarter.height) as u64, ..Costs::default() };
        for [block] in blocks {
            costs.inter += u64::from(block & 0xffff);
            costs.intra += u64::from(block >> 16);
        }
        costs
    }

    /// The field.
    pub fn unpack_field(&self, bytes: &[u8]) -> MotionField {
        let [_, _, large, small, ..] = self.parts();
        let blocks = |first: usize, (columns, rows): (usize, usize)| {
            let words = words(bytes.get(4 * first..).unwrap_or_default()).take(columns * rows);
            words.map(|[vector, sads, measured]: [u32; BLOCK_WORDS]| BlockMotion {
                vector: vector_of(vector),
                sad: sads & 0xffff,
                satd: measured & 0xffff,
                variance: measured >> 16,
                zero_sad: sads >> 16,
            })
        };
        let (width, height) = self.size();
        let (blocks16, blocks8) = (blocks(large, self.large).collect(), blocks(small, self.small).collect());
        MotionField { width, height, blocks16, blocks8 }
    }
}

/// The words of so many bytes, some at a time.
fn words<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u32; N]> {
    let (words, _) = bytes.as_chunks::<4>();
    let (groups, _) = words.as_chunks::<N>();
    groups.iter().map(|group| group.map(u32::from_le_bytes))
}

fn vector_of(word: u32) -> MotionVector {
    MotionVector { x: word as u16 as i16, y: (word >> 16) as u16 as i16 }
}

impl SearchPipelines {
    pub fn new(device: &wgpu::Device) -> Self {
        let storage = |read_only| wgpu::BufferBindingType::Storage { read_only };
        let uniform = wgpu::BufferBindingType::Uniform;
        let pyramid_layout = layout(device, &[uniform, storage(true), storage(false)]);
        let search_layout = layout(device, &[uniform, storage(true), storage(true), storage(true), storage(false)]);
        let module = |constants: &str, parts: &[&str]| {
            let text =
                format!("const BEFORE = {BEFORE}i;\nconst BEHIND = {BEHIND}i;\n{constants}\n{}", parts.join("\n"));
            device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some("framewright motion"),
                source: wgpu::ShaderSource::Wgsl(text.into()),
            })
        };
        let (planes, pair) = (include_str!("planes.wgsl"), include_str!("pair.wgsl"));
        let pyramid = module("", &[planes, include_str!("pyramid.wgsl"), include_str!("light.wgsl")]);
        let coarse = module("", &[planes, pair, include_str!("coarse.wgsl")]);
        let costs = module("", &[planes, pair, include_str!("costs.wgsl")]);
        let search = |side: &str| module(side, &[planes, pair, include_str!("search.wgsl")]);
        let (small, large) = (search("const SIDE = 8i;"), search("const SIDE = 16i;"));
        let compiled = |layout: &wgpu::BindGroupLayout, module: &wgpu::ShaderModule, entry: &str| {
            let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                label: Some("framewright motion"),
                bind_group_layouts: &[Some(layout)],
                ..wgpu::PipelineLayoutDescriptor::default()
            });
            device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some("framewright motion"),
                layout: Some(&layout),
                module,
                entry_point: Some(entry),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache: None,
            })
        };
        SearchPipelines {
            pyramid: pyramid::ENTRIES.map(|entry| compiled(&pyramid_layout, &pyramid, entry)),
            coarse: [(&coarse, "coarse"), (&costs, "costs")]
                .map(|(module, entry)| compiled(&search_layout, module, entry)),
            fine: [(&small, "level2"), (&large, "level3"), (&large, "level4"), (&small, "level5")]
                .map(|(module, entry)| compiled(&search_layout, module, entry)),
            pyramid_layout,
            search_layout,
        }
    }

    /// For making the pyramid `planes` of luma in `source`.
    pub fn bind_pyramid(&self, device: &wgpu::Device, buffers: [&wgpu::Buffer; 3]) -> wgpu::BindGroup {
        bind(device, &self.pyramid_layout, &buffers)
    }

    /// For a search: parameters, the picture, the one before, vectors of the field before, and what is found.
    pub fn bind_search(&self, device: &wgpu::Device, buffers: [&wgpu::Buffer; 5]) -> wgpu::BindGroup {
        bind(device, &self.search_layout, &buffers)
    }
}

fn layout(device: &wgpu::Device, types: &[wgpu::BufferBindingType]) -> wgpu::BindGroupLayout {
    let entry = |(binding, &ty): (u32, &wgpu::BufferBindingType)| wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None },
        count: None,
    };
    let entries: Vec<_> = (0..).zip(types).map(entry).collect();
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("framewright motion"),
        entries: &entries,
    })
}

fn bind(device: &wgpu::Device, layout: &wgpu::BindGroupLayout, buffers: &[&wgpu::Buffer]) -> wgpu::BindGroup {
    let entries: Vec<_> = (0..)
        .zip(buffers)
        .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
        .collect();
    device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some("framewright motion"),
        layout,
        entries: &entries,
    })
}
