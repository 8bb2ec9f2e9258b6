//! Frames and textures of a video stream that go by way of a GPU, and the search for motion there.
//!
//! Frame N is submitted before the picture of frame N - 2 is read and encoded, so neither the GPU nor this thread waits
//! for the other; of small frames several share a submission. What the engine gets, and in which order, is what it would
//! get without.

use std::collections::VecDeque;

use super::VideoStream;
use super::guard::{Ending, guarded};
use super::options::VideoPlan;
use super::report::GpuReport;
use super::video::{Engine, VideoCore};
use crate::codec::VideoInput;
use crate::error::{Error, ErrorKind, Result};
use crate::gpu::{Device, GpuConverter, GpuSearcher};
use crate::media::{FrameView, Picture, Timestamp};
use crate::motion::{SearchRecord, Searcher};

impl VideoStream {
    /// Encodes what is in a texture of the stream's [device](crate::VideoOptions::device): it is converted on the GPU, and
    /// scaled where the stream has an [`out_size`](crate::VideoOptions::out_size); only luma and chroma are read back. It
    /// begins where the frame before it ended, by the frame rate.
    ///
    /// The texture is of format `Rgba8Unorm`, `Rgba8UnormSrgb`, `Bgra8Unorm` or `Bgra8UnormSrgb`, whose bytes are taken as
    /// those of an RGBA frame would be, and has usage `TEXTURE_BINDING` or `COPY_SRC` (of the sRGB formats `COPY_SRC`). It
    /// is encoded as it is when everything that was submitted to the queue before this call is done; it may be drawn to
    /// again as soon as the call returns.
    ///
    /// The call does not wait for the GPU to convert this texture; it encodes one that came before. The last ones are
    /// encoded by [`finish`](Self::finish) or [`close`](crate::Encoder::close).
    ///
    /// # Errors
    /// As [`add_frame`](Self::add_frame); [`InvalidInput`](crate::ErrorKind::InvalidInput) where the texture has not the
    /// stream's size, or another usage, several samples or layers, or is of another device of the same `wgpu::Instance`
    /// (of another instance wgpu cannot always tell);
    /// [`Unsupported`](crate::ErrorKind::Unsupported) where it has another format, where the stream has no GPU, keeps
    /// transparency or is of red, green and blue: the stream goes on. It does not after
    /// [`Device`](crate::ErrorKind::Device), where the GPU was lost.
    pub fn add_texture(&mut self, texture: &wgpu::Texture) -> Result<()> {
        let mut core = self.core();
        core.admit()?;
        core.add_texture(texture, None)
    }

    /// Encodes a texture that begins at `pts`, as [`add_frame_at`](Self::add_frame_at) does a frame.
    ///
    /// # Errors
    /// As [`add_texture`](Self::add_texture) and [`add_frame_at`](Self::add_frame_at).
    pub fn add_texture_at(&mut self, texture: &wgpu::Texture, pts: impl Into<Timestamp>) -> Result<()> {
        let mut core = self.core();
        core.admit()?;
        core.add_texture(texture, Some(pts.into()))
    }
}

/// The way over a GPU, of a stream that has one.
pub(super) struct GpuLane {
    converter: GpuConverter,
    /// What goes with the pictures that are under way.
    held: VecDeque<Held>,
    /// Why the CPU has taken over.
    fallback: Option<String>,
    /// What the search for motion did on the GPU, where there is one.
    search: SearchRecord,
}

/// What searches for motion in the place of the CPU, of a plan that has a GPU. It is made when the first picture comes: where
/// that fails, the CPU does it.
pub(super) fn searcher(plan: &VideoPlan) -> Option<Box<dyn Searcher>> {
    match &plan.device {
        Device::Cpu => None,
        Device::Gpu(context) => Some(Box::new(GpuSearcher::new(context.clone()))),
    }
}

/// What goes with a picture beside its samples.
struct Held {
    force_key: bool,
    alpha: Option<Picture>,
}

impl GpuLane {
    /// Where the plan has a GPU, and the pictures are of luma and chroma.
    pub fn open(plan: &VideoPlan, search: SearchRecord) -> Result<Option<Self>> {
        let Device::Gpu(context) = &plan.device else { return Ok(None) };
        if plan.target.format.is_rgb() {
            return Ok(None);
        }
        let converter = GpuConverter::new(context.clone(), &plan.target)?;
        Ok(Some(GpuLane { converter, held: VecDeque::new(), fallback: None, search }))
    }

    fn takes(&self, frame: &FrameView<'_>) -> bool {
        self.fallback.is_none() && self.converter.takes(frame)
    }

    fn report(&self) -> GpuReport {
        let (frames, waited) = self.converter.read_so_far();
        let fallback = self.fallback.clone().or_else(|| self.search.failure());
        GpuReport { name: self.converter.name().to_owned(), frames, searched: self.search.pictures(), waited, fallback }
    }
}

impl VideoCore {
    /// Submits a frame whose place in time is `start`, if the GPU takes it. Where it does not, or fails, what was
    /// submitted before is encoded, so that the CPU can take this frame; false then.
    pub(super) fn add_by_gpu(&mut self, frame: &FrameView<'_>) -> Result<bool> {
        let force_key = self.force_key;
        let Some(Engine { gpu: Some(gpu), alpha, .. }) = &mut self.engine else { return Ok(false) };
        if gpu.takes(frame) {
            let alpha = alpha.as_mut().map(|alpha| alpha.convert(frame)).transpose()?;
            match gpu.converter.submit_frame(frame) {
                Ok(()) => {
                    gpu.held.push_back(Held { force_key, alpha });
                    return Ok(true);
                }
                Err(error) => gpu.fallback = Some(error.to_string()),
            }
        }
        self.encode_submitted(0)?;
        Ok(false)
    }

    fn add_texture(&mut self, texture: &wgpu::Texture, pts: Option<Timestamp>) -> Result<()> {
        self.check_size(texture.width(), texture.height())?;
        let (start, clock) = self.next_start(pts)?;
        let is_rgb = self.plan.target.format.is_rgb();
        let Some(Engine { gpu, alpha, .. }) = &mut self.engine else { return Err(not_open()) };
        let gpu = match gpu {
            Some(_) if alpha.is_some() => {
                return Err(Error::unsupported(
                    "a texture for a stream with `alpha`: read it back and use `add_frame`",
                ));
            }
            Some(gpu) => gpu,
            None if is_rgb => {
                let format = self.plan.target.format;
                let message = format!("a texture for a stream of {format}: textures become luma and chroma");
                return Err(Error::unsupported(message));
            }
            None => return Err(Error::unsupported("a texture for a stream without a GPU: set option `device`")),
        };
        let submitted = gpu.converter.submit_texture(texture);
        if let Err(error) = submitted {
            if error.kind() != ErrorKind::Device {
                return Err(error);
            }
            return self.health.note("video", self.stream, Err(error)).inspect_err(|_| self.give_up());
        }
        gpu.held.push_back(Held { force_key: self.force_key, alpha: None });
        self.note_taken(start, clock);
        self.encode_due()
    }

    /// Encodes what has been under way for long enough to be there.
    pub(super) fn encode_due(&mut self) -> Result<()> {
        let gpu = self.engine.as_ref().and_then(|engine| engine.gpu.as_ref());
        self.encode_submitted(gpu.map_or(0, |gpu| gpu.converter.ahead()))
    }

    /// Encodes what was submitted first, until no more than `left` pictures are under way.
    pub(super) fn encode_submitted(&mut self, left: usize) -> Result<()> {
        while self.submitted() > left {
            let encoded = self.encode_first_submitted();
            self.health.note("video", self.stream, encoded).inspect_err(|_| self.give_up())?;
            let taken = self.take_coded();
            self.health.note("video", self.stream, taken).inspect_err(|_| self.give_up())?;
            self.hand_on()?;
        }
        Ok(())
    }

    fn submitted(&self) -> usize {
        let gpu = self.engine.as_ref().and_then(|engine| engine.gpu.as_ref());
        gpu.map_or(0, |gpu| gpu.converter.under_way())
    }

    fn encode_first_submitted(&mut self) -> Result<()> {
        let Some(Engine { converter, codec, alpha, gpu: Some(gpu) }) = &mut self.engine else { return Ok(()) };
        let Some(held) = gpu.held.pop_front() else { return Ok(()) };
        let Some(picture) = gpu.converter.read()? else { return Ok(()) };
        let picture = converter.fit(picture.view())?;
        let input = VideoInput { picture, force_key: held.force_key, analysis: None };
        let coded = &mut self.coded;
        guarded("the encoder", || codec.encode(input, coded))?;
        if let (Some(alpha), Some(plane)) = (alpha, held.alpha) {
            alpha.keep(plane);
        }
        Ok(())
    }

    /// What the report says of the GPU.
    pub(super) fn gpu_report(&self) -> Option<GpuReport> {
        self.engine.as_ref()?.gpu.as_ref().map(GpuLane::report)
    }
}

pub(super) fn not_open() -> Error {
    Error::state("nothing can be encoded before `open_*`")
}
