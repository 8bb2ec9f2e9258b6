//! The sink of an output of several files, which JavaScript makes.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use framewright::sink::{Folder, Sink};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsValue;

/// What is to be done with files since it was last asked. A handle: the encoder has one as its sink, the session another.
#[derive(Clone)]
pub struct FolderBox {
    /// That of the manifest.
    name: String,
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Default)]
struct Waiting {
    events: Vec<Event>,
    /// How many files have been begun: each has its number, as there may be two of a name, one after the other.
    files: u32,
    /// The bytes of all of them.
    written: u64,
}

enum Event {
    Open(u32, String),
    Data(u32, Vec<u8>),
    Complete(u32),
    Discard(u32),
    Remove(String),
}

impl FolderBox {
    /// `name`: that of the manifest, from which those of the other files are made.
    pub fn new(name: String) -> Self {
        FolderBox { name, waiting: Arc::default() }
    }

    /// Takes what is to be done, in its order: what, the number of the file, and a name or bytes, three values each.
    pub fn take(&self) -> Array {
        let events = Array::new();
        let waiting = with(&self.waiting, |waiting| std::mem::take(&mut waiting.events));
        for event in waiting {
            let (what, file, with) = match event {
                Event::Open(file, name) => ("open", file, name.into()),
                Event::Data(file, bytes) => ("data", file, Uint8Array::from(&bytes[..]).into()),
                Event::Complete(file) => ("complete", file, JsValue::UNDEFINED),
                Event::Discard(file) => ("discard", file, JsValue::UNDEFINED),
                Event::Remove(name) => ("remove", 0, name.into()),
            };
            events.push(&what.into());
            events.push(&file.into());
            events.push(&with);
        }
        events
    }
}

fn with<T>(waiting: &Mutex<Waiting>, call: impl FnOnce(&mut Waiting) -> T) -> T {
    call(&mut waiting.lock().unwrap_or_else(PoisonError::into_inner))
}

fn no_bytes<T>() -> io::Result<T> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "a folder takes files, not bytes"))
}

impl Folder for FolderBox {
    fn name(&self) -> &str {
        &self.name
    }

    fn create(&mut self, name: &str) -> io::Result<Box<dyn Sink>> {
        let number = with(&self.waiting, |waiting| {
            waiting.files += 1;
            waiting.events.push(Event::Open(waiting.files, name.into()));
            waiting.files
        });
        Ok(Box::new(File { number, position: 0, is_over: false, waiting: Arc::clone(&self.waiting) }))
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        with(&self.waiting, |waiting| waiting.events.push(Event::Remove(name.into())));
        Ok(())
    }
}

impl Sink for FolderBox {
    fn append(&mut self, _: &[u8]) -> io::Result<()> {
        no_bytes()
    }

    fn patch(&mut self, _: u64, _: &[u8]) -> io::Result<()> {
        no_bytes()
    }

    fn can_patch(&self) -> bool {
        false
    }

    fn folder(&mut self) -> Option<&mut dyn Folder> {
        Some(self)
    }

    fn position(&self) -> u64 {
        with(&self.waiting, |waiting| waiting.written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One of them, from its start to its end. Dropped before that, it is given up.
struct File {
    number: u32,
    position: u64,
    is_over: bool,
    waiting: Arc<Mutex<Waiting>>,
}

impl File {
    fn end(&mut self, event: fn(u32) -> Event) {
        if !std::mem::replace(&mut self.is_over, true) {
            with(&self.waiting, |waiting| waiting.events.push(event(self.number)));
        }
    }
}

impl Sink for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.position += bytes.len() as u64;
        with(&self.waiting, |waiting| {
            waiting.written += bytes.len() as u64;
            match waiting.events.last_mut() {
                // What is written in small parts goes out in one.
                Some(Event::Data(file, before)) if *file == self.number => before.extend_from_slice(bytes),
                _ => waiting.events.push(Event::Data(self.number, bytes.to_vec())),
            }
        });
        Ok(())
    }

    fn patch(&mut self, _: u64, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn can_patch(&self) -> bool {
        false
    }

    fn position(&self) -> u64 {
        self.position
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn complete(&mut self) -> io::Result<()> {
        self.end(Event::Complete);
        Ok(())
    }

    fn discard(&mut self) {
        self.end(Event::Discard);
    }
}

impl Drop for File {
    fn drop(&mut self) {
        self.end(Event::Discard);
    }
}
