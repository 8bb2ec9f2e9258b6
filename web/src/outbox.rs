//! A sink whose writes wait for JavaScript to take them.

use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use framewright::sink::Sink;
use js_sys::{Array, Uint8Array};

/// What is kept is kept in pieces of so many bytes: a file that is held to its end is never copied as a whole.
const PIECE: usize = 1 << 20;

/// The writes since they were last taken. A handle: the encoder has one as its sink, the session another.
#[derive(Clone)]
pub struct Outbox {
    waiting: Arc<Mutex<Waiting>>,
    can_patch: bool,
    /// Whether all of it waits for the end, so that it can be read back and written again wherever it goes.
    is_held: bool,
}

#[derive(Default)]
struct Waiting {
    /// How many bytes have been appended in all.
    position: u64,
    /// The last of them, which nobody has taken yet: all pieces but the last have [`PIECE`] bytes.
    pieces: Vec<Vec<u8>>,
    /// Changes of bytes that were taken before, in their order.
    patches: Vec<(u64, Vec<u8>)>,
    is_complete: bool,
}

impl Outbox {
    /// Writes go out with each call. `can_patch`: whether the destination can go back.
    pub fn new(can_patch: bool) -> Self {
        Outbox { waiting: Arc::default(), can_patch, is_held: false }
    }

    /// The file stays here until it is complete, and goes out from its start to its end: any destination will do.
    pub fn held() -> Self {
        Outbox { waiting: Arc::default(), can_patch: true, is_held: true }
    }

    fn with<T>(&self, call: impl FnOnce(&mut Waiting) -> T) -> T {
        call(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes what waits: position, bytes, position, bytes, … in the order in which it has to be written.
    pub fn take(&self) -> Array {
        let writes = Array::new();
        self.with(|waiting| {
            if self.is_held && !waiting.is_complete {
                return;
            }
            for (offset, bytes) in waiting.patches.drain(..) {
                writes.push(&(offset as f64).into());
                writes.push(&Uint8Array::from(&bytes[..]));
            }
            let mut position = waiting.taken();
            // A cluster may be large, and the next call need not be: the room of each is given back.
            for piece in std::mem::take(&mut waiting.pieces) {
                writes.push(&(position as f64).into());
                writes.push(&Uint8Array::from(&piece[..]));
                position += piece.len() as u64;
            }
        });
        writes
    }
}

impl Waiting {
    /// Where the bytes begin that nobody has taken.
    fn taken(&self) -> u64 {
        let last = self.pieces.last().map_or(0, Vec::len);
        self.position - (self.pieces.len().saturating_sub(1) * PIECE + last) as u64
    }

    fn append(&mut self, mut bytes: &[u8]) {
        self.position += bytes.len() as u64;
        while !bytes.is_empty() {
            if self.pieces.last().is_none_or(|piece| piece.len() == PIECE) {
                self.pieces.push(Vec::new());
            }
            if let Some(piece) = self.pieces.last_mut() {
                let (now, later) = bytes.split_at(bytes.len().min(PIECE - piece.len()));
                piece.extend_from_slice(now);
                bytes = later;
            }
        }
    }

    /// Goes through what waits from `start` on, which lies behind [`taken`](Self::taken): each part with where in
    /// `length` bytes it belongs.
    fn each_part(&mut self, start: u64, length: usize, mut part: impl FnMut(Range<usize>, &mut [u8])) {
        let first = (start - self.taken()) as usize;
        let mut done = 0;
        while done < length {
            let (index, at) = ((first + done) / PIECE, (first + done) % PIECE);
            let here = &mut self.pieces[index][at..];
            let count = here.len().min(length - done);
            part(done..done + count, &mut here[..count]);
            done += count;
        }
    }

    /// Whether so many bytes from `offset` on have been appended.
    fn has(&self, offset: u64, length: usize) -> bool {
        offset.checked_add(length as u64).is_some_and(|end| end <= self.position)
    }
}

impl Sink for Outbox {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.with(|waiting| waiting.append(bytes));
        Ok(())
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        if !self.can_patch {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.with(|waiting| {
            if !waiting.has(offset, bytes.len()) {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "a patch of what was never appended"));
            }
            // What waits still is changed in place; what lies before it is a write of its own.
            let before = waiting.taken().saturating_sub(offset).min(bytes.len() as u64) as usize;
            let (gone, here) = bytes.split_at(before);
            if !gone.is_empty() {
                waiting.patches.push((offset, gone.to_vec()));
            }
            if !here.is_empty() {
                waiting.each_part(offset + before as u64, here.len(), |range, part| part.copy_from_slice(&here[range]));
            }
            Ok(())
        })
    }

    fn can_patch(&self) -> bool {
        self.can_patch
    }

    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        if !self.is_held {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.with(|waiting| {
            if !waiting.has(offset, buffer.len()) {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            waiting.each_part(offset, buffer.len(), |range, part| buffer[range].copy_from_slice(part));
            Ok(())
        })
    }

    fn can_read(&self) -> bool {
        self.is_held
    }

    fn position(&self) -> u64 {
        self.with(|waiting| waiting.position)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn complete(&mut self) -> io::Result<()> {
        self.with(|waiting| waiting.is_complete = true);
        Ok(())
    }
}
