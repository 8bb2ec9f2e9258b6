//! A buffer on its way back from a GPU.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use super::context::GpuContext;
use crate::error::{Error, Result, catch_panic};

/// What the CPU can read when the GPU has copied into it.
pub(super) struct ReadBack {
    buffer: wgpu::Buffer,
    mapped: Arc<AtomicU8>,
    submission: Option<wgpu::SubmissionIndex>,
}

/// What became of the mapping.
const PENDING: u8 = 0;
const MAPPED: u8 = 1;
const FAILED: u8 = 2;

impl ReadBack {
    pub fn new(device: &wgpu::Device, size: u64) -> Self {
        let buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("framewright"),
            size,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        ReadBack { buffer, mapped: Arc::default(), submission: None }
    }

    /// What is copied into.
    pub fn buffer(&self) -> &wgpu::Buffer {
        &self.buffer
    }

    /// Asks for the first `len` bytes, when `submission` is done. The call returns at once.
    pub fn begin(&mut self, submission: wgpu::SubmissionIndex, len: u64) {
        self.submission = Some(submission);
        self.mapped = Arc::new(AtomicU8::new(PENDING));
        let mapped = Arc::clone(&self.mapped);
        self.buffer.map_async(wgpu::MapMode::Read, ..len, move |result| {
            mapped.store(if result.is_ok() { MAPPED } else { FAILED }, Ordering::Release);
        });
    }

    /// What was asked for, or was to be, does not come.
    pub fn give_up(&mut self) {
        self.mapped = Arc::new(AtomicU8::new(FAILED));
    }

    /// Whether it is known not to come.
    pub fn has_failed(&self) -> bool {
        self.mapped.load(Ordering::Acquire) == FAILED
    }

    /// Waits for the bytes that were asked for, and reads them.
    pub fn read<T>(&self, context: &GpuContext, doing: &str, len: u64, read: impl FnOnce(&[u8]) -> T) -> Result<T> {
        self.wait(context, doing)?;
        context.attempt(doing, |_, _| {
            let bytes = self.buffer.get_mapped_range(..len);
            let bytes = bytes.map_err(|error| context.failed(doing).with_source(error))?;
            let out = read(&bytes);
            drop(bytes);
            self.buffer.unmap();
            Ok::<T, Error>(out)
        })?
    }

    /// Waits for the bytes that were asked for.
    pub fn wait(&self, context: &GpuContext, doing: &str) -> Result<()> {
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
