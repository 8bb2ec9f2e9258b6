//! The search for motion on a GPU, behind the face that `motion` gives it.
//!
//! Luma is uploaded in 8 bits; the pyramid is made of it there and stays there. A search is one submission of all its
//! levels and one read-back.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use super::context::{Device, GpuContext};
use super::read_back::ReadBack;
use super::search::{Geometry, PARAMS_LEN, SearchPipelines};
use crate::error::{Error, Result};
#[cfg(test)]
use crate::motion::Coarse;
use crate::motion::{Analyzer, Depth, Found, HELD, Luma, Searcher};

/// The twin of the CPU's search. Buffers are made for the first picture.
pub(crate) struct GpuSearcher {
    context: GpuContext,
    state: Option<State>,
}

/// What there is for pictures of one size.
struct State {
    geometry: Geometry,
    pipelines: Arc<SearchPipelines>,
    params: wgpu::Buffer,
    source: wgpu::Buffer,
    /// The vectors of the field of the picture before.
    last: wgpu::Buffer,
    field: wgpu::Buffer,
    read_back: ReadBack,
    pyramids: [wgpu::Buffer; HELD],
    /// Which of them are those of the pictures that are held, newest first.
    order: VecDeque<usize>,
}

impl Analyzer {
    /// Has the search run on this device. The results are the same on each; where a GPU fails, the CPU takes over.
    ///
    /// ```no_run
    /// use framewright::{Device, GpuContext, motion::Analyzer};
    ///
    /// let device = Device::Gpu(GpuContext::new()?);
    /// let analyzer = Analyzer::new(1920, 1080)?.with_vectors(true).with_device(&device);
    /// # Ok::<(), framewright::Error>(())
    /// ```
    pub fn with_device(self, device: &Device) -> Self {
        match device {
            Device::Cpu => self,
            Device::Gpu(context) => self.with_searcher(Box::new(GpuSearcher::new(context.clone()))),
        }
    }

    /// Why the CPU has taken the search over, where the GPU failed.
    pub fn fallback(&self) -> Option<String> {
        self.search_record().failure()
    }
}

impl GpuSearcher {
    pub fn new(context: GpuContext) -> Self {
        GpuSearcher { context, state: None }
    }

    /// What is there for pictures of this size; it is made where it is not.
    fn state(&mut self, width: usize, height: usize) -> Result<&mut State> {
        let known = self.state.take().filter(|state| state.geometry.size() == (width, height));
        let state = match known {
            Some(state) => state,
            None => State::new(&self.context, width, height)?,
        };
        Ok(self.state.insert(state))
    }

    /// What is found, with that of level 1.
    #[cfg(test)]
    pub fn search_all(&mut self, newer: usize, older: usize, depth: Depth<'_>) -> Result<(Vec<Coarse>, Found)> {
        let state = self.state.as_mut().ok_or_else(nothing_held)?;
        state.search(&self.context, newer, older, depth, |bytes, geometry| geometry.unpack_coarse(bytes))
    }
}

impl Searcher for GpuSearcher {
    fn take(&mut self, luma: &Luma) -> Result<()> {
        let context = self.context.clone();
        self.state(luma.width, luma.height)?.take(&context, luma)
    }

    fn repeat(&mut self) -> Result<()> {
        let order = &mut self.state.as_mut().ok_or_else(nothing_held)?.order;
        let newest = *order.front().ok_or_else(nothing_held)?;
        order.push_front(newest);
        order.truncate(HELD);
        Ok(())
    }

    fn search(&mut self, newer: usize, older: usize, depth: Depth<'_>) -> Result<Found> {
        let state = self.state.as_mut().ok_or_else(nothing_held)?;
        state.search(&self.context, newer, older, depth, |_, _| ()).map(|((), found)| found)
    }
}

impl State {
    fn new(context: &GpuContext, width: usize, height: usize) -> Result<Self> {
        use wgpu::BufferUsages as Usage;
        let geometry = Geometry::new(width, height);
        let limits = context.device().limits();
        let largest = limits.max_buffer_size.min(limits.max_storage_buffer_binding_size);
        // Whatever else there is is smaller than a pyramid.
        if geometry.pyramid.len() > largest {
            let message =
                format!("the search for motion in {width}x{height}: the GPU {} has no buffer for that", context.name());
            return Err(Error::limit(message));
        }
        let pipelines = context.search_pipelines()?;
        context.attempt("making room for the search for motion", |device, _| {
            let buffer = |size: u64, usage| {
                device.create_buffer(&wgpu::BufferDescriptor {
                    label: Some("framewright motion"),
                    size,
                    usage,
                    mapped_at_creation: false,
                })
            };
            let written = Usage::STORAGE | Usage::COPY_DST;
            State {
                pipelines,
                params: buffer(PARAMS_LEN, Usage::UNIFORM | Usage::COPY_DST),
                source: buffer((width.next_multiple_of(4) * height) as u64, written),
                last: buffer(geometry.last_len(), written),
                field: buffer(geometry.len(), Usage::STORAGE | Usage::COPY_SRC),
                read_back: ReadBack::new(device, geometry.read_len(true)),
                pyramids: std::array::from_fn(|_| buffer(geometry.pyramid.len(), Usage::STORAGE)),
                order: VecDeque::new(),
                geometry,
            }
        })
    }

    /// Uploads a picture and makes its pyramid, without waiting.
    fn take(&mut self, context: &GpuContext, luma: &Luma) -> Result<()> {
        self.order.truncate(HELD - 1);
        let free = (0..HELD).find(|slot| !self.order.contains(slot)).unwrap_or_default();
        context.attempt("making a pyramid of luma", |device, queue| {
            queue.write_buffer(&self.params, 0, &self.geometry.params(false, luma.stride / 4));
            queue.write_buffer(&self.source, 0, &luma.samples);
            let group = self.pipelines.bind_pyramid(device, [&self.params, &self.source, &self.pyramids[free]]);
            let mut commands = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            let mut pass = commands.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            self.geometry.pyramid.record(&mut pass, &self.pipelines.pyramid, &group);
            drop(pass);
            queue.submit([commands.finish()]);
        })?;
        self.order.push_front(free);
        Ok(())
    }

    /// Searches, waits for what was found, and looks at it with `also` too.
    fn search<T>(
        &mut self,
        context: &GpuContext,
        newer: usize,
        older: usize,
        depth: Depth<'_>,
        also: impl FnOnce(&[u8], &Geometry) -> T,
    ) -> Result<(T, Found)> {
        let doing = "searching for motion";
        let geometry = self.geometry;
        let pyramid = |index: usize| {
            let slot = self.order.get(index).and_then(|&slot| self.pyramids.get(slot));
            slot.ok_or_else(nothing_held)
        };
        let (current, before) = (pyramid(newer)?, pyramid(older)?);
        let (has_field, last) = match depth {
            Depth::Coarse => (false, None),
            Depth::Field(last) => (true, last.filter(|last| last.size() == geometry.size())),
        };
        let len = geometry.read_len(has_field);
        context.attempt(doing, |device, queue| {
            queue.write_buffer(&self.params, 0, &geometry.params(last.is_some(), 0));
            if let Some(last) = last {
                queue.write_buffer(&self.last, 0, &geometry.last(last));
            }
            let group = self.pipelines.bind_search(device, [&self.params, current, before, &self.last, &self.field]);
            let mut commands = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            let mut pass = commands.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            geometry.record(&mut pass, &self.pipelines, &group, has_field);
            drop(pass);
            commands.copy_buffer_to_buffer(&self.field, 0, self.read_back.buffer(), 0, len);
            self.read_back.begin(queue.submit([commands.finish()]), len);
        })?;
        self.read_back.read(context, doing, len, |bytes| {
            let field = has_field.then(|| geometry.unpack_field(bytes));
            (also(bytes, &geometry), Found { costs: geometry.unpack_costs(bytes), field })
        })
    }
}

impl fmt::Debug for GpuSearcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GpuSearcher({})", self.context.name())
    }
}

fn nothing_held() -> Error {
    Error::state("no such picture is held")
}
