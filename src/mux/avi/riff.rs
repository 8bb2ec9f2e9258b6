//! Chunks of a RIFF file: four characters, a 32-bit size, a body, and a byte of padding behind an odd one.

/// Four characters that say what a chunk is.
pub(super) type FourCc = [u8; 4];

/// Writes chunks to memory. They are those of headers and indexes, whose sizes are bounded far below 32 bits.
#[derive(Default)]
pub(super) struct RiffWriter {
    bytes: Vec<u8>,
}

impl RiffWriter {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }

    /// A chunk whose body the closure writes.
    pub fn chunk(&mut self, id: FourCc, body: impl FnOnce(&mut Self)) {
        self.bytes(&id);
        let size_at = self.bytes.len();
        self.u32(0);
        let start = self.bytes.len();
        body(self);
        let size = (self.bytes.len() - start) as u32;
        self.bytes[size_at..start].copy_from_slice(&size.to_le_bytes());
        if size % 2 == 1 {
            self.bytes.push(0);
        }
    }

    /// A `LIST` of chunks.
    pub fn list(&mut self, kind: FourCc, body: impl FnOnce(&mut Self)) {
        self.chunk(*b"LIST", |w| {
            w.bytes(&kind);
            body(w);
        });
    }

    /// A chunk that is a text with a NUL behind it.
    pub fn text(&mut self, id: FourCc, text: &str) {
        self.chunk(id, |w| {
            w.bytes(text.as_bytes());
            w.u8(0);
        });
    }

    pub fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub fn u16(&mut self, value: u16) {
        self.bytes(&value.to_le_bytes());
    }

    pub fn u32(&mut self, value: u32) {
        self.bytes(&value.to_le_bytes());
    }

    pub fn u64(&mut self, value: u64) {
        self.bytes(&value.to_le_bytes());
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub fn zeros(&mut self, count: usize) {
        self.bytes.resize(self.bytes.len() + count, 0);
    }
}
