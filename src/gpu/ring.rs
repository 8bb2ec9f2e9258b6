//! Pictures on their way back from a GPU.
//!
//! Each picture has a slot of buffers from its submission until it is read. A caller that reads a picture only when some
//! more have been submitted does not wait: it was done meanwhile.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use super::context::GpuContext;
use super::rgb::{PARAMS_LEN, Packing, Pixels, RgbKernel};
use super::source::{self, Layout, Reading, Source};
use crate::error::{Error, Result, catch_panic};
use crate::media::{Color, FrameView, Picture, PixelFormat};

/// Converts frames and textures into pictures of one format and colour, at their own size and in their order.
pub(crate) struct GpuConverter {
    context: GpuContext,
    kernel: RgbKernel,
    under_way: VecDeque<Slot>,
    free: Vec<Slot>,
    picture: Picture,
    waited: Duration,
    read: u64,
}

/// The buffers of one picture.
struct Slot {
    packing: Packing,
    params: wgpu::Buffer,
    /// What frames are uploaded to, as large as the largest so far.
    input: Option<wgpu::Buffer>,
    /// What the GPU writes, and the copy that the CPU can read.
    output: wgpu::Buffer,
    read_back: wgpu::Buffer,
    mapped: Arc<AtomicU8>,
    submission: Option<wgpu::SubmissionIndex>,
}

/// What became of the mapping of a slot.
const PENDING: u8 = 0;
const MAPPED: u8 = 1;
const FAILED: u8 = 2;

impl GpuConverter {
    /// How many pictures are worth having under way: while one is read, the next is being converted, and the one after it
    /// is being submitted.
    pub const DEPTH: usize = 3;

    /// Into pictures of `format`, which are not RGB.
    pub fn new(context: GpuContext, format: PixelFormat, color: Color) -> Result<Self> {
        let kernel = RgbKernel::new(&context, format, color)?;
        let picture = Picture::new(format, 0, 0);
        let (under_way, free) = (VecDeque::new(), Vec::new());
        Ok(GpuConverter { context, kernel, under_way, free, picture, waited: Duration::ZERO, read: 0 })
    }

    /// Whether frames like this are taken. Others go the way of the CPU.
    pub fn takes(&self, frame: &FrameView<'_>) -> bool {
        let limits = self.context.device().limits();
        let largest = limits.max_buffer_size.min(limits.max_storage_buffer_binding_size);
        let output = self.kernel.packing(frame.width(), frame.height()).len();
        source::takes(frame) && output <= largest && Layout::of_frame(frame).is_some_and(|layout| layout.len <= largest)
    }

    /// Begins with a frame that [is taken](Self::takes).
    pub fn submit_frame(&mut self, frame: &FrameView<'_>) -> Result<()> {
        let layout = Layout::of_frame(frame).ok_or_else(|| too_large(frame.width(), frame.height()))?;
        self.submit(&Source::Frame(frame), layout, Reading::Copied, (frame.width(), frame.height()))
    }

    /// Begins with a texture of the context's device, as it is when all that was submitted to its queue is done.
    ///
    /// # Errors
    /// `InvalidInput` and `Unsupported` for what is wrong with the texture, `Limit` where memory does not suffice: nothing
    /// has changed then.
    pub fn submit_texture(&mut self, texture: &wgpu::Texture) -> Result<()> {
        let reading = source::check(texture)?;
        let layout = Layout::of_texture(texture).ok_or_else(|| too_large(texture.width(), texture.height()))?;
        self.submit(&Source::Texture(texture), layout, reading, (texture.width(), texture.height()))
    }

    /// How many pictures have been begun with and not been read.
    pub fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// How many pictures were read, and for how long that had to wait.
    pub fn read_so_far(&self) -> (u64, Duration) {
        (self.read, self.waited)
    }

    /// What the GPU is called.
    pub fn name(&self) -> &str {
        self.context.name()
    }

    /// The picture that was begun with first, with its size; `None` where none is under way.
    pub fn read(&mut self) -> Result<Option<&Picture>> {
        let Some(slot) = self.under_way.pop_front() else { return Ok(None) };
        let begun = Instant::now();
        slot.wait(&self.context)?;
        self.waited += begun.elapsed();
        let (width, height) = slot.packing.size();
        if (self.picture.width, self.picture.height) != (width, height) {
            self.picture = Picture::new(self.picture.format, width, height);
        }
        let picture = &mut self.picture;
        self.context.attempt("reading a picture back", |_, _| {
            let bytes = slot.read_back.get_mapped_range(..);
            let bytes = bytes.map_err(|error| self.context.failed("reading a picture back").with_source(error))?;
            slot.packing.unpack(&bytes, picture);
            drop(bytes);
            slot.read_back.unmap();
            Ok::<(), Error>(())
        })??;
        self.free.push(slot);
        self.read += 1;
        Ok(Some(&self.picture))
    }

    fn submit(&mut self, source: &Source<'_>, layout: Layout, reading: Reading, size: (u32, u32)) -> Result<()> {
        let packing = self.kernel.packing(size.0, size.1);
        let free = std::mem::take(&mut self.free);
        // Those of another size are of no more use.
        let mut fitting = free.into_iter().filter(|slot| slot.packing == packing);
        let (slot, kernel) = (fitting.next(), &self.kernel);
        self.free = fitting.collect();
        let slot = self.context.attempt("converting a frame", |device, queue| {
            let mut slot = slot.unwrap_or_else(|| Slot::new(device, packing));
            slot.begin(device, queue, kernel, source, &layout, reading);
            slot
        })?;
        // The loss of the device is no error of any scope.
        if slot.mapped.load(Ordering::Acquire) == FAILED {
            return Err(self.context.failed("converting a frame"));
        }
        self.under_way.push_back(slot);
        Ok(())
    }
}

impl Slot {
    fn new(device: &wgpu::Device, packing: Packing) -> Self {
        use wgpu::BufferUsages as Usage;
        Slot {
            packing,
            params: buffer(device, PARAMS_LEN, Usage::UNIFORM | Usage::COPY_DST),
            input: None,
            output: buffer(device, packing.len(), Usage::STORAGE | Usage::COPY_SRC),
            read_back: buffer(device, packing.len(), Usage::MAP_READ | Usage::COPY_DST),
            mapped: Arc::default(),
            submission: None,
        }
    }

    /// Uploads, converts, copies and maps, all of it without waiting.
    fn begin(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        kernel: &RgbKernel,
        source: &Source<'_>,
        layout: &Layout,
        reading: Reading,
    ) {
        queue.write_buffer(&self.params, 0, &kernel.params(&self.packing, layout));
        let mut commands = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        match source {
            Source::Frame(frame) => {
                let input = self.input(device, layout.len);
                source::upload(queue, input, frame, layout);
            }
            Source::Texture(texture) if reading == Reading::Copied => {
                let input = self.input(device, layout.len);
                let rows =
                    wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(layout.row), rows_per_image: None };
                let into = wgpu::TexelCopyBufferInfo { buffer: input, layout: rows };
                commands.copy_texture_to_buffer(texture.as_image_copy(), into, texture.size());
            }
            Source::Texture(_) => {}
        }
        let view = match source {
            Source::Texture(texture) if reading == Reading::Bound => {
                Some(texture.create_view(&wgpu::TextureViewDescriptor {
                    mip_level_count: Some(1),
                    ..wgpu::TextureViewDescriptor::default()
                }))
            }
            _ => None,
        };
        let pixels = match (&view, &self.input) {
            (Some(view), _) => Pixels::Texture(view),
            (None, Some(input)) => Pixels::Buffer(input),
            (None, None) => return,
        };
        kernel.record(device, &mut commands, &pixels, &self.params, &self.output, &self.packing);
        commands.copy_buffer_to_buffer(&self.output, 0, &self.read_back, 0, self.packing.len());
        self.submission = Some(queue.submit([commands.finish()]));
        self.mapped = Arc::new(AtomicU8::new(PENDING));
        let mapped = Arc::clone(&self.mapped);
        self.read_back.map_async(wgpu::MapMode::Read, .., move |result| {
            mapped.store(if result.is_ok() { MAPPED } else { FAILED }, Ordering::Release);
        });
    }

    /// The buffer that frames are uploaded to, of `len` bytes or more.
    fn input(&mut self, device: &wgpu::Device, len: u64) -> &wgpu::Buffer {
        use wgpu::BufferUsages as Usage;
        let fitting = self.input.take().filter(|input| input.size() >= len);
        self.input.insert(fitting.unwrap_or_else(|| buffer(device, len, Usage::STORAGE | Usage::COPY_DST)))
    }

    /// Waits until the copy can be read.
    fn wait(&self, context: &GpuContext) -> Result<()> {
        let doing = "reading a picture back";
        if self.mapped.load(Ordering::Acquire) == PENDING {
            let poll = wgpu::PollType::Wait { submission_index: self.submission.clone(), timeout: None };
            // wgpu panics in here where the device is lost.
            let polled = catch_panic(doing, || context.device().poll(poll));
            match polled {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(context.failed(doing).with_source(error)),
                Err(panic) => return Err(context.failed(doing).with_source(panic)),
            }
        }
        match self.mapped.load(Ordering::Acquire) {
            MAPPED => Ok(()),
            _ => Err(context.failed(doing)),
        }
    }
}

fn buffer(device: &wgpu::Device, size: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
    device.create_buffer(&wgpu::BufferDescriptor { label: Some("framewright"), size, usage, mapped_at_creation: false })
}

fn too_large(width: u32, height: u32) -> Error {
    Error::limit(format!("a frame of {width}x{height}: a shader addresses 4 GiB"))
}
