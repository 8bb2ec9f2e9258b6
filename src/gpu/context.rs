//! Which GPU, and what goes wrong there.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::rgb::Pipelines;
use super::scale::ScalePipelines;
use super::search::SearchPipelines;
use crate::error::{Error, ErrorKind, Result, catch_panic};

/// What a video stream has its colours converted, its pictures scaled and its motion searched by:
/// [`VideoOptions::device`](crate::VideoOptions::device).
///
/// The bytes of the file do not depend on it.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Device {
    /// The processor. The default.
    #[default]
    Cpu,
    /// A GPU, which takes textures too ([`VideoStream::add_texture`](crate::VideoStream::add_texture)).
    Gpu(GpuContext),
}

/// A GPU that is ready for work. Clones share it.
///
/// ```no_run
/// use framewright::{Device, GpuContext, VideoOptions};
///
/// // The CPU where there is no GPU.
/// let device = GpuContext::new().map_or(Device::Cpu, Device::Gpu);
/// let options = VideoOptions::new(1920, 1080).device(device);
/// # Ok::<(), framewright::Error>(())
/// ```
#[derive(Clone)]
pub struct GpuContext {
    shared: Arc<Shared>,
}

struct Shared {
    device: wgpu::Device,
    queue: wgpu::Queue,
    name: String,
    /// Why the device is of no more use, where wgpu has said so.
    lost: Arc<Mutex<Option<String>>>,
    pipelines: Mutex<Option<Arc<Pipelines>>>,
    scale: Mutex<Option<Arc<ScalePipelines>>>,
    search: Mutex<Option<Arc<SearchPipelines>>>,
}

impl GpuContext {
    /// The best GPU of this machine: one with memory of its own before one that shares the processor's. A processor that
    /// passes itself off as a GPU is none: it is slower than the CPU's own way.
    ///
    /// # Errors
    /// [`Device`](crate::ErrorKind::Device) where there is none, or no driver for it, or the driver fails.
    pub fn new() -> Result<Self> {
        use wgpu::DeviceType::{DiscreteGpu, IntegratedGpu, Other, VirtualGpu};
        Self::of_types(&[DiscreteGpu, IntegratedGpu, VirtualGpu, Other])
    }

    /// A GPU that a processor passes itself off as, such as llvmpipe: for tests of programs, on machines without any.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn software() -> Result<Self> {
        Self::of_types(&[wgpu::DeviceType::Cpu])
    }

    /// The caller's own: textures of this device can be [added](crate::VideoStream::add_texture) to a stream. Handlers
    /// of errors that the device has stay as they are, and are not called for what is done here.
    ///
    /// This is how a renderer is recorded that somebody else wrote. The names in the comments are those of bevy, which has to
    /// be of a version with this crate's version of wgpu:
    ///
    /// ```no_run
    /// use framewright::{Device, Encoder, GpuContext, Result, VideoOptions, VideoStream};
    ///
    /// /// A `Resource` of the `RenderApp`.
    /// struct Recorder {
    ///     encoder: Encoder,
    ///     video: VideoStream,
    /// }
    ///
    /// impl Recorder {
    ///     /// In `Plugin::finish`, when there is a device: of `RenderDevice::wgpu_device()` and the queue in `RenderQueue`.
    ///     fn new(device: &wgpu::Device, queue: &wgpu::Queue, path: &str) -> Result<Self> {
    ///         let gpu = GpuContext::from_wgpu(device.clone(), queue.clone());
    ///         let mut encoder = Encoder::new();
    ///         let video = encoder.add_video(VideoOptions::new(1280, 720).frame_rate(60).device(Device::Gpu(gpu)))?;
    ///         encoder.open_file(path)?;
    ///         Ok(Recorder { encoder, video })
    ///     }
    ///
    ///     /// A system in `Render`, after `RenderSystems::Render`: the camera's target is an `Image` with usage `COPY_SRC`,
    ///     /// and `RenderAssets<GpuImage>` has its texture.
    ///     fn after_frame(&mut self, target: &wgpu::Texture) -> Result<()> {
    ///         // A game does not wait for the clock of a video: of frames that come at times of their own, use
    ///         // `VideoOptions::time_base` and `add_texture_at`.
    ///         self.video.add_texture(target)
    ///     }
    ///
    ///     /// At `AppExit`.
    ///     fn finish(self) -> Result<()> {
    ///         self.video.finish()?;
    ///         self.encoder.close().map(drop)
    ///     }
    /// }
    /// # Ok::<(), framewright::Error>(())
    /// ```
    pub fn from_wgpu(device: wgpu::Device, queue: wgpu::Queue) -> Self {
        let name = device.adapter_info().name;
        Self::of_parts(device, queue, name, Arc::default())
    }

    /// What the GPU is called.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// The device, to make textures with.
    pub fn device(&self) -> &wgpu::Device {
        &self.shared.device
    }

    /// Its queue, to render with.
    pub fn queue(&self) -> &wgpu::Queue {
        &self.shared.queue
    }

    /// The first adapter of the first of `types` that there is one of.
    fn of_types(types: &[wgpu::DeviceType]) -> Result<Self> {
        // A driver that is broken in its own way has been seen to panic in here.
        catch_panic("looking for a GPU", || {
            let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
            descriptor.flags = wgpu::InstanceFlags::empty();
            let instance = wgpu::Instance::new(descriptor);
            let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()));
            let of_type = |kind| adapters.iter().find(|adapter| adapter.get_info().device_type == kind);
            let adapter = types.iter().find_map(|&kind| of_type(kind)).ok_or_else(|| none_of(types, &adapters))?;
            Self::of_adapter(adapter)
        })
        .unwrap_or_else(|panic| Err(failure("looking for a GPU failed").with_source(panic)))
    }

    fn of_adapter(adapter: &wgpu::Adapter) -> Result<Self> {
        // What every GPU has will do, but for the size of pictures.
        let offered = adapter.limits();
        let limits = wgpu::Limits {
            max_buffer_size: offered.max_buffer_size,
            max_storage_buffer_binding_size: offered.max_storage_buffer_binding_size,
            max_texture_dimension_2d: offered.max_texture_dimension_2d,
            ..wgpu::Limits::downlevel_defaults()
        };
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("framewright"),
            required_limits: limits,
            ..wgpu::DeviceDescriptor::default()
        };
        let name = adapter.get_info().name;
        let (device, queue) = pollster::block_on(adapter.request_device(&descriptor))
            .map_err(|error| failure(format!("the GPU {name} gives no device")).with_source(error))?;
        let lost = Arc::new(Mutex::new(None));
        let (by_error, by_loss) = (Arc::clone(&lost), Arc::clone(&lost));
        // wgpu would panic. What is done here stands in error scopes; this is for what comes late.
        device.on_uncaptured_error(Arc::new(move |error| note(&by_error, error.to_string())));
        device.set_device_lost_callback(move |_, message| note(&by_loss, message));
        Ok(Self::of_parts(device, queue, name, lost))
    }

    fn of_parts(device: wgpu::Device, queue: wgpu::Queue, name: String, lost: Arc<Mutex<Option<String>>>) -> Self {
        GpuContext {
            shared: Arc::new(Shared {
                device,
                queue,
                name,
                lost,
                pipelines: Mutex::default(),
                scale: Mutex::default(),
                search: Mutex::default(),
            }),
        }
    }

    /// The bytes of the largest buffer that a shader can be handed.
    pub(super) fn largest_buffer(&self) -> u64 {
        let limits = self.device().limits();
        limits.max_buffer_size.min(limits.max_storage_buffer_binding_size)
    }

    /// What is compiled for this device, once for all streams.
    pub(super) fn pipelines(&self) -> Result<Arc<Pipelines>> {
        self.compiled(&self.shared.pipelines, "compiling the colour conversion", Pipelines::new)
    }

    /// The same for scaling.
    pub(super) fn scale_pipelines(&self) -> Result<Arc<ScalePipelines>> {
        self.compiled(&self.shared.scale, "compiling the scaler", ScalePipelines::new)
    }

    /// The same for the search for motion.
    pub(super) fn search_pipelines(&self) -> Result<Arc<SearchPipelines>> {
        self.compiled(&self.shared.search, "compiling the search for motion", SearchPipelines::new)
    }

    fn compiled<T>(
        &self,
        known: &Mutex<Option<Arc<T>>>,
        doing: &str,
        compile: impl FnOnce(&wgpu::Device) -> T,
    ) -> Result<Arc<T>> {
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pipelines) = &*known {
            return Ok(Arc::clone(pipelines));
        }
        let compiled = self.attempt(doing, |device, _| compile(device))?;
        Ok(Arc::clone(known.insert(Arc::new(compiled))))
    }

    /// Does `work` on the device. What wgpu finds wrong with it becomes an error: `InvalidInput` where it refuses what it
    /// was given, `Limit` where memory does not suffice, `Device` where the GPU failed.
    pub(super) fn attempt<T>(&self, doing: &str, work: impl FnOnce(&wgpu::Device, &wgpu::Queue) -> T) -> Result<T> {
        self.check()?;
        let device = self.device();
        let scopes = [wgpu::ErrorFilter::Validation, wgpu::ErrorFilter::OutOfMemory, wgpu::ErrorFilter::Internal]
            .map(|filter| device.push_error_scope(filter));
        let done = catch_panic(doing, || work(device, self.queue()));
        // The last to be pushed is the first to go.
        let found = scopes.into_iter().rev().filter_map(|scope| pollster::block_on(scope.pop())).last();
        match found {
            // Whatever is made on a lost device is invalid: what wgpu says of that is not the cause.
            Some(error) if self.is_lost() => Err(self.failed(doing).with_source(error)),
            Some(error @ wgpu::Error::Validation { .. }) => {
                Err(Error::input(format!("{doing} is refused by wgpu: {error}")).with_source(error))
            }
            Some(error @ wgpu::Error::OutOfMemory { .. }) => {
                let message = format!("{doing} takes more memory than the GPU {} has left", self.name());
                Err(Error::limit(message).with_source(error))
            }
            Some(error) => Err(self.failed(doing).with_source(error)),
            None => done.map_err(|panic| match self.is_lost() {
                true => self.failed(doing).with_source(panic),
                // Seen for textures that are not only of another device, but of another instance of wgpu.
                false => Error::input(format!("{doing} is nothing that wgpu bears: {panic}")).with_source(panic),
            }),
        }
    }

    /// Whether the device is of no more use. Of a caller's own, wgpu tells nobody here: but a buffer of a lost device is
    /// refused to be mapped at once, where else that waits for the next poll.
    fn is_lost(&self) -> bool {
        let device = self.device();
        let refused = Arc::new(AtomicBool::new(false));
        let by_mapping = Arc::clone(&refused);
        let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
        let probe = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("framewright probe"),
            size: 4,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        probe.map_async(wgpu::MapMode::Read, .., move |mapped| by_mapping.store(mapped.is_err(), Ordering::Release));
        // What is said of the probe is what was asked for.
        let _ = pollster::block_on(scope.pop());
        self.why_lost().is_some() || refused.load(Ordering::Acquire)
    }

    /// Fails where the device is known to be lost.
    pub(super) fn check(&self) -> Result<()> {
        match self.why_lost() {
            Some(why) => Err(failure(format!("the GPU {} was lost: {why}", self.name()))),
            None => Ok(()),
        }
    }

    /// The error of a GPU that did not do something, with what is known about it.
    pub(super) fn failed(&self, doing: &str) -> Error {
        let why = self.why_lost().filter(|why| !why.is_empty()).map(|why| format!(": {why}")).unwrap_or_default();
        failure(format!("{doing} failed: the GPU {} was lost{why}", self.name()))
    }

    fn why_lost(&self) -> Option<String> {
        self.shared.lost.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The first word counts: what follows is its consequence.
fn note(lost: &Mutex<Option<String>>, why: String) {
    lost.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
}

fn failure(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Device, message)
}

fn none_of(types: &[wgpu::DeviceType], found: &[wgpu::Adapter]) -> Error {
    let wanted = if types == [wgpu::DeviceType::Cpu] { "software adapter" } else { "GPU" };
    let others: Vec<_> = found.iter().map(|adapter| adapter.get_info().name).collect();
    failure(match others.is_empty() {
        true => format!("there is no {wanted}: no driver offers any"),
        false => format!("there is no {wanted}, only {}", others.join(", ")),
    })
}

impl PartialEq for GpuContext {
    /// Whether both are the same device.
    fn eq(&self, other: &Self) -> bool {
        self.shared.device == other.shared.device
    }
}

impl fmt::Debug for GpuContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GpuContext").field(&self.shared.name).finish()
    }
}
