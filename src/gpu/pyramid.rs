//! Luma in three sizes on a GPU, and its light: the twin of `motion::pyramid`. The other half is `pyramid.wgsl`, and
//! `light.wgsl`, the twin of a part of `motion::scenes`.

use crate::motion::{BEFORE, BEHIND};

/// Where the planes of a pyramid lie in its buffer, each with the room around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pyramid {
    /// Full, half and quarter.
    pub planes: [Plane; 3],
}

/// A plane with the room around it, in words of four samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Plane {
    /// The word of the room's corner.
    first: usize,
    /// Words from row to row.
    stride: usize,
    pub width: usize,
    pub height: usize,
}

/// What makes a pyramid, in this order: its planes, then its light.
pub(super) const ENTRIES: [&str; 7] =
    ["spread", "half", "quarter", "mean_of_rows", "mean", "deviation_of_rows", "deviation"];

/// Words that a workgroup makes, and rows of them.
const GROUP: (usize, usize) = (32, 4);

impl Pyramid {
    pub fn new(width: usize, height: usize) -> Self {
        let mut planes = [Plane::default(); 3];
        let (mut first, mut size) = (0, (width, height));
        for plane in &mut planes {
            let stride = (BEFORE + size.0.next_multiple_of(4) + BEHIND) / 4;
            *plane = Plane { first, stride, width: size.0, height: size.1 };
            first += stride * plane.rows();
            size = (size.0.div_ceil(2), size.1.div_ceil(2));
        }
        Pyramid { planes }
    }

    /// Its bytes. Behind the planes stands its light: three words, and one for each row of the quarter plane.
    pub fn len(&self) -> u64 {
        let [.., quarter] = &self.planes;
        4 * (quarter.first + quarter.stride * quarter.rows() + 3 + quarter.height) as u64
    }

    /// The quarter plane.
    pub fn quarter(&self) -> &Plane {
        let [.., quarter] = &self.planes;
        quarter
    }

    /// Records that a pyramid is made. `pipelines` are those of [`ENTRIES`], `group` has its buffer.
    pub fn record(
        &self,
        pass: &mut wgpu::ComputePass<'_>,
        pipelines: &[wgpu::ComputePipeline; ENTRIES.len()],
        group: &wgpu::BindGroup,
    ) {
        let groups = self.planes.map(|plane| (plane.stride.div_ceil(GROUP.0), plane.rows().div_ceil(GROUP.1)));
        let rows = self.quarter().height;
        let groups = groups.into_iter().chain([(rows, 1), (1, 1), (rows, 1), (1, 1)]);
        pass.set_bind_group(0, group, &[]);
        for (pipeline, (columns, rows)) in pipelines.iter().zip(groups) {
            pass.set_pipeline(pipeline);
            pass.dispatch_workgroups(columns as u32, rows as u32, 1);
        }
    }
}

impl Plane {
    /// Rows, those of the room included.
    fn rows(&self) -> usize {
        BEFORE + self.height + BEHIND
    }

    /// As the shaders have it.
    pub fn params(&self) -> [u32; 4] {
        [self.first, self.stride, self.width, self.height].map(|value| value as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_lie_one_behind_the_other_and_have_whole_words() {
        let pyramid = Pyramid::new(17, 9);
        // 32 + 20 + 48 samples in a row, 32 + 9 + 48 rows; then of 9x5 and 5x3.
        assert_eq!(pyramid.planes.map(|plane| plane.params()), [[0, 25, 17, 9], [2225, 23, 9, 5], [4180, 22, 5, 3]]);
        assert_eq!(pyramid.len(), 4 * (4180 + 22 * 83 + 3 + 3));
    }
}
