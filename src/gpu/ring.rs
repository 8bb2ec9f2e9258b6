//! Pictures on their way back from a GPU.
//!
//! Each picture has a slot of buffers from its submission until it is read. A caller that reads a picture only when some
//! more have been submitted does not wait: it was done meanwhile. Small frames share a submission, which costs more than
//! their conversion.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::context::GpuContext;
use super::read_back::ReadBack;
use super::rgb::{Chroma, PARAMS_LEN, Packing, Pixels, RgbKernel};
use super::scale::{Scale, ScaleGroups, Scaler};
use super::source::{self, Layout, Reading, Source};
use crate::convert::picture::PictureTarget;
use crate::error::{Error, Result};
use crate::media::{Color, FrameView, Picture, PixelFormat, Plane};

/// Converts frames and textures into pictures of one format and colour, in their order: at their own size, or at that of a
/// target.
pub(crate) struct GpuConverter {
    context: GpuContext,
    kernel: RgbKernel,
    scaler: Option<Scaler>,
    under_way: VecDeque<Slot>,
    /// What is recorded and not submitted: the commands of the last so many slots that are under way.
    recorded: Option<wgpu::CommandEncoder>,
    unsent: usize,
    /// How many frames of the size of the last share a submission.
    batch: usize,
    free: Vec<Slot>,
    picture: Picture,
    waited: Duration,
    read: u64,
}

/// The buffers of one picture.
struct Slot {
    /// As it is converted.
    packing: Packing,
    params: wgpu::Buffer,
    /// What frames are uploaded to, as large as the largest so far.
    input: Option<wgpu::Buffer>,
    /// What the conversion writes, and where it has another size than it is to have, what that becomes.
    output: wgpu::Buffer,
    scaled: Option<Scaled>,
    /// The copy that the CPU can read.
    read_back: ReadBack,
}

/// What there is more where a picture is scaled.
struct Scaled {
    scale: Arc<Scale>,
    groups: ScaleGroups,
    output: wgpu::Buffer,
}

/// Frames share a submission while they have no more bytes than this together, coming and going …
const BATCH_BYTES: u64 = 1 << 20;
/// … and are no more than this.
const BATCH_FRAMES: u64 = 16;

impl GpuConverter {
    /// How many submissions are worth having under way: while one is read, the next is being converted, and the one after
    /// it is being submitted.
    const DEPTH: usize = 3;

    /// Into pictures of `target`, which are not RGB, of the visible size: but for those that [`Scaler`] leaves to the CPU,
    /// which come back at their own size.
    pub fn new(context: GpuContext, target: &PictureTarget) -> Result<Self> {
        let converter = Self::of_own_size(context, target.format, Chroma::Planes, target.color)?;
        Ok(GpuConverter { scaler: Some(Scaler::new(target)), ..converter })
    }

    /// Into pictures that have the size of what they are made of.
    pub(super) fn of_own_size(context: GpuContext, format: PixelFormat, chroma: Chroma, color: Color) -> Result<Self> {
        let kernel = RgbKernel::new(&context, format, chroma, color)?;
        Ok(GpuConverter {
            context,
            kernel,
            scaler: None,
            under_way: VecDeque::new(),
            recorded: None,
            unsent: 0,
            batch: 1,
            free: Vec::new(),
            picture: Picture::new(format, 0, 0),
            waited: Duration::ZERO,
            read: 0,
        })
    }

    /// How many pictures are worth leaving under way, so that reading the next does not wait.
    pub fn ahead(&self) -> usize {
        Self::DEPTH * self.batch - 1
    }

    /// Whether frames like this are taken. Others go the way of the CPU.
    pub fn takes(&self, frame: &FrameView<'_>) -> bool {
        let largest = self.context.largest_buffer();
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

    /// The picture that was begun with first; `None` where none is under way.
    pub fn read(&mut self) -> Result<Option<&Picture>> {
        let Some(first) = self.under_way.front() else { return Ok(None) };
        let (width, height) = first.back().size();
        let format = self.picture.format;
        let mut picture = std::mem::replace(&mut self.picture, Picture::new(format, 0, 0));
        if (picture.width, picture.height) != (width, height) {
            picture = Picture::new(format, width, height);
        }
        let done = self.read_into(|packing, bytes| packing.unpack(bytes, &mut picture.planes));
        self.picture = picture;
        done.map(|_| Some(&self.picture))
    }

    /// The planes of the picture that was begun with first, and its size.
    pub(super) fn read_planes(&mut self, planes: &mut Vec<Plane>) -> Result<Option<(usize, usize)>> {
        let Some(first) = self.under_way.front() else { return Ok(None) };
        let size = first.back().size();
        self.read_into(|packing, bytes| {
            *planes = packing.planes();
            packing.unpack(bytes, planes);
        })?;
        Ok(Some(size))
    }

    /// Hands the bytes of the picture that was begun with first to `take`.
    fn read_into(&mut self, take: impl FnOnce(&Packing, &[u8])) -> Result<()> {
        let begun = Instant::now();
        if self.unsent == self.under_way.len() {
            self.send()?;
        }
        let Some(slot) = self.under_way.pop_front() else { return Ok(()) };
        let (packing, doing) = (slot.back(), "reading a picture back");
        slot.read_back.wait(&self.context, doing)?;
        self.waited += begun.elapsed();
        slot.read_back.read(&self.context, doing, packing.len(), |bytes| take(packing, bytes))?;
        self.free.push(slot);
        self.read += 1;
        Ok(())
    }

    fn submit(&mut self, source: &Source<'_>, layout: Layout, reading: Reading, size: (u32, u32)) -> Result<()> {
        let packing = self.kernel.packing(size.0, size.1);
        let scaler = self.scaler.as_mut();
        let scale = scaler.map(|scaler| scaler.scale(&self.context, &packing)).transpose()?.flatten();
        let back = scale.as_ref().map_or(&packing, |scale| scale.to()).len();
        self.batch = match source {
            Source::Frame(_) => (BATCH_BYTES / (back + layout.len).max(1)).clamp(1, BATCH_FRAMES) as usize,
            // It may be drawn to as soon as the caller has it back. And what is wrong with it is to spoil nothing else.
            Source::Texture(_) => {
                self.send()?;
                1
            }
        };
        let free = std::mem::take(&mut self.free);
        // Those of another size are of no more use.
        let mut fitting = free.into_iter().filter(|slot| slot.packing == packing);
        let slot = fitting.next();
        self.free = fitting.collect();
        let has_input = !matches!((source, reading), (Source::Texture(_), Reading::Bound));
        let doing = "converting a frame";
        // Where memory does not suffice, what is recorded so far is left alone.
        let slot = self.context.attempt(doing, |device, _| {
            let mut slot = slot.unwrap_or_else(|| Slot::new(device, packing, scale));
            if has_input {
                slot.make_room(device, layout.len);
            }
            slot
        })?;
        let recorded = self.recorded.take();
        let recording = self.context.attempt(doing, |device, queue| {
            let mut commands =
                recorded.unwrap_or_else(|| device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default()));
            slot.record(device, queue, &mut commands, &self.kernel, source, &layout, reading);
            (slot, commands)
        });
        let (slot, commands) = recording.inspect_err(|_| self.give_up_unsent())?;
        self.recorded = Some(commands);
        self.under_way.push_back(slot);
        self.unsent += 1;
        if self.unsent < self.batch {
            return Ok(());
        }
        self.send().inspect_err(|_| {
            // It is not under way: the caller may go another way with it.
            self.under_way.pop_back();
        })
    }

    /// Submits what is recorded. Where that fails, none of it comes back.
    fn send(&mut self) -> Result<()> {
        let Some(commands) = self.recorded.take() else { return Ok(()) };
        let first = self.under_way.len() - self.unsent;
        let doing = "converting a frame";
        let slots = self.under_way.range_mut(first..);
        let sent = self.context.attempt(doing, |_, queue| {
            let submission = queue.submit([commands.finish()]);
            for slot in slots {
                let len = slot.back().len();
                slot.read_back.begin(submission.clone(), len);
            }
        });
        // The loss of the device is no error of any scope.
        let is_lost = |slot: &Slot| slot.read_back.has_failed();
        let sent = match sent {
            Ok(()) if self.under_way.range(first..).any(is_lost) => Err(self.context.failed(doing)),
            sent => sent,
        };
        match sent {
            Ok(()) => self.unsent = 0,
            Err(_) => self.give_up_unsent(),
        }
        sent
    }

    /// What was recorded is gone, and reading it says so.
    fn give_up_unsent(&mut self) {
        let first = self.under_way.len() - std::mem::take(&mut self.unsent);
        self.under_way.range_mut(first..).for_each(|slot| slot.read_back.give_up());
    }
}

impl Slot {
    fn new(device: &wgpu::Device, packing: Packing, scale: Option<Arc<Scale>>) -> Self {
        use wgpu::BufferUsages as Usage;
        let storage = |len| buffer(device, len, Usage::STORAGE | Usage::COPY_SRC);
        let output = storage(packing.len());
        let scaled = scale.map(|scale| {
            let scaled = storage(scale.to().len());
            Scaled { groups: scale.bind(device, &output, &scaled), output: scaled, scale }
        });
        let back = scaled.as_ref().map_or(&output, |scaled| &scaled.output).size();
        Slot {
            packing,
            params: buffer(device, PARAMS_LEN, Usage::UNIFORM | Usage::COPY_DST),
            input: None,
            output,
            scaled,
            read_back: ReadBack::new(device, back),
        }
    }

    /// How the picture lies that comes back.
    fn back(&self) -> &Packing {
        self.scaled.as_ref().map_or(&self.packing, |scaled| scaled.scale.to())
    }

    /// Makes the buffer that frames are uploaded to one of `len` bytes or more.
    fn make_room(&mut self, device: &wgpu::Device, len: u64) {
        use wgpu::BufferUsages as Usage;
        let fitting = self.input.take().filter(|input| input.size() >= len);
        self.input = Some(fitting.unwrap_or_else(|| buffer(device, len, Usage::STORAGE | Usage::COPY_DST)));
    }

    /// Uploads, and records the conversion, the scaling and the copy.
    #[allow(clippy::too_many_arguments, reason = "they are all of one call, and of nothing else")]
    fn record(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        commands: &mut wgpu::CommandEncoder,
        kernel: &RgbKernel,
        source: &Source<'_>,
        layout: &Layout,
        reading: Reading,
    ) {
        queue.write_buffer(&self.params, 0, &kernel.params(&self.packing, layout));
        let view;
        let pixels = match (source, &self.input) {
            (Source::Frame(frame), Some(input)) => {
                source::upload(queue, input, frame, layout);
                Pixels::Buffer(input)
            }
            (Source::Texture(texture), Some(input)) if reading == Reading::Copied => {
                let rows =
                    wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(layout.row), rows_per_image: None };
                let into = wgpu::TexelCopyBufferInfo { buffer: input, layout: rows };
                commands.copy_texture_to_buffer(texture.as_image_copy(), into, texture.size());
                Pixels::Buffer(input)
            }
            (Source::Texture(texture), _) => {
                view = texture.create_view(&wgpu::TextureViewDescriptor {
                    mip_level_count: Some(1),
                    ..wgpu::TextureViewDescriptor::default()
                });
                Pixels::Texture(&view)
            }
            (Source::Frame(_), None) => return,
        };
        kernel.record(device, commands, &pixels, &self.params, &self.output, &self.packing);
        let output = match &self.scaled {
            Some(Scaled { scale, groups, output }) => {
                scale.record(commands, groups);
                output
            }
            None => &self.output,
        };
        commands.copy_buffer_to_buffer(output, 0, self.read_back.buffer(), 0, self.back().len());
    }
}

fn buffer(device: &wgpu::Device, size: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
    device.create_buffer(&wgpu::BufferDescriptor { label: Some("framewright"), size, usage, mapped_at_creation: false })
}

fn too_large(width: u32, height: u32) -> Error {
    Error::limit(format!("a frame of {width}x{height}: a shader addresses 4 GiB"))
}
