//! A sink whose writes wait for JavaScript to take them.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use framewright::sink::Sink;
use js_sys::{Array, Uint8Array};

/// The writes since they were last taken. A handle: the encoder has one as its sink, the session another.
#[derive(Clone)]
pub struct Outbox {
    waiting: Arc<Mutex<Waiting>>,
    can_patch: bool,
}

#[derive(Default)]
struct Waiting {
    /// How many bytes have been appended in all.
    position: u64,
    /// The last of them, which nobody has taken yet.
    appended: Vec<u8>,
    /// Changes of bytes that were taken before, in their order.
    patches: Vec<(u64, Vec<u8>)>,
}

impl Outbox {
    /// `can_patch`: whether the destination can go back.
    pub fn new(can_patch: bool) -> Self {
        Outbox { waiting: Arc::default(), can_patch }
    }

    fn with<T>(&self, call: impl FnOnce(&mut Waiting) -> T) -> T {
        call(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes what waits: position, bytes, position, bytes, … in the order in which it has to be written.
    pub fn take(&self) -> Array {
        let writes = Array::new();
        self.with(|waiting| {
            for (offset, bytes) in waiting.patches.drain(..) {
                writes.push(&(offset as f64).into());
                writes.push(&Uint8Array::from(&bytes[..]));
            }
            if !waiting.appended.is_empty() {
                writes.push(&(waiting.taken() as f64).into());
                writes.push(&Uint8Array::from(&waiting.appended[..]));
                // A cluster may be large, and the next call need not be: its room is given back.
                waiting.appended = Vec::new();
            }
        });
        writes
    }
}

impl Waiting {
    /// Where the bytes begin that nobody has taken.
    fn taken(&self) -> u64 {
        self.position - self.appended.len() as u64
    }
}

impl Sink for Outbox {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.with(|waiting| {
            waiting.appended.extend_from_slice(bytes);
            waiting.position += bytes.len() as u64;
        });
        Ok(())
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        if !self.can_patch {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.with(|waiting| {
            if offset.checked_add(bytes.len() as u64).is_none_or(|end| end > waiting.position) {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "a patch of what was never appended"));
            }
            // What waits still is changed in place; what lies before it is a write of its own.
            let before = waiting.taken().saturating_sub(offset).min(bytes.len() as u64) as usize;
            let (gone, here) = bytes.split_at(before);
            if !gone.is_empty() {
                waiting.patches.push((offset, gone.to_vec()));
            }
            if !here.is_empty() {
                let start = (offset + before as u64 - waiting.taken()) as usize;
                waiting.appended[start..start + here.len()].copy_from_slice(here);
            }
            Ok(())
        })
    }

    fn can_patch(&self) -> bool {
        self.can_patch
    }

    fn position(&self) -> u64 {
        self.with(|waiting| waiting.position)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
