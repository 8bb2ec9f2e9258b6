//! The writer of boxes.

use super::fourcc::FourCc;
use crate::error::{Error, Result};

/// Writes boxes to memory.
///
/// A box is a closure that writes its body: its size stands before it, is reserved, and is filled in when the body is
/// there. Whether every size fitted into its 32 bits is asked once, in [`finish`](Self::finish).
#[derive(Default)]
pub(in crate::mux) struct BoxWriter {
    bytes: Vec<u8>,
    too_long: bool,
}

/// The place of a 32-bit field that is filled in later.
pub(in crate::mux) struct Reserved(usize);

impl BoxWriter {
    pub fn new() -> Self {
        Self::default()
    }

    /// The bytes of all boxes.
    pub fn finish(self) -> Result<Vec<u8>> {
        if self.too_long {
            return Err(Error::limit("the tables of an MP4 file have grown past 4 GiB; write a shorter file"));
        }
        Ok(self.bytes)
    }

    /// How many bytes have been written.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// A box (4.2).
    pub fn boxed(&mut self, kind: FourCc, body: impl FnOnce(&mut Self)) {
        let start = self.len();
        let size = self.reserve_u32();
        self.bytes(&kind);
        body(self);
        match u32::try_from(self.len() - start) {
            Ok(length) => self.fill_in(size, length),
            Err(_) => self.too_long = true,
        }
    }

    /// A box that begins with a version and flags (4.2).
    pub fn full_box(&mut self, kind: FourCc, version: u8, flags: u32, body: impl FnOnce(&mut Self)) {
        self.boxed(kind, |w| {
            w.u32(u32::from(version) << 24 | flags);
            body(w);
        });
    }

    /// A box with a version whose flags tell which fields are there: the body returns them, so that a flag is set when
    /// its field was written.
    pub fn flagged_box(&mut self, kind: FourCc, version: u8, body: impl FnOnce(&mut Self) -> u32) {
        self.boxed(kind, |w| {
            let version_and_flags = w.reserve_u32();
            let flags = body(w);
            w.fill_in(version_and_flags, u32::from(version) << 24 | flags);
        });
    }

    /// A field that may be there, and the `flag` that says so.
    pub fn optional_u32(&mut self, flag: u32, value: Option<u32>) -> u32 {
        match value {
            Some(value) => {
                self.u32(value);
                flag
            }
            None => 0,
        }
    }

    pub fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub fn u16(&mut self, value: u16) {
        self.bytes(&value.to_be_bytes());
    }

    pub fn i16(&mut self, value: i16) {
        self.bytes(&value.to_be_bytes());
    }

    pub fn u32(&mut self, value: u32) {
        self.bytes(&value.to_be_bytes());
    }

    pub fn i32(&mut self, value: i32) {
        self.bytes(&value.to_be_bytes());
    }

    pub fn u64(&mut self, value: u64) {
        self.bytes(&value.to_be_bytes());
    }

    pub fn i64(&mut self, value: i64) {
        self.bytes(&value.to_be_bytes());
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub fn zeros(&mut self, count: usize) {
        self.bytes.resize(self.bytes.len() + count, 0);
    }

    /// A count of entries and the entries. Tables count their entries in 32 bits, so the conversion cannot fail for
    /// them; if it did, the file would be refused.
    pub fn entries<T>(&mut self, entries: &[T], mut each: impl FnMut(&mut Self, &T)) {
        match u32::try_from(entries.len()) {
            Ok(count) => self.u32(count),
            Err(_) => self.too_long = true,
        }
        for entry in entries {
            each(self, entry);
        }
    }

    /// Four bytes for [`fill_in`](Self::fill_in).
    pub fn reserve_u32(&mut self) -> Reserved {
        self.zeros(4);
        Reserved(self.len() - 4)
    }

    pub fn fill_in(&mut self, Reserved(at): Reserved, value: u32) {
        self.bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
    }
}
