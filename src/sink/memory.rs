//! A writer that the caller can get back.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// A handle on a writer that is shared with an encoder, so that the writer can be had back after `close`.
///
/// ```
/// use std::io::{Cursor, Write};
/// use framewright::sink::SharedWriter;
///
/// let shared = SharedWriter::new(Cursor::new(Vec::new()));
/// let mut given_away = shared.clone();
/// given_away.write_all(b"frame").unwrap();
/// drop(given_away);
/// assert_eq!(shared.into_inner().unwrap().into_inner(), b"frame");
/// ```
pub struct SharedWriter<W>(Arc<Mutex<W>>);

impl<W> SharedWriter<W> {
    /// Wraps `writer`.
    pub fn new(writer: W) -> Self {
        SharedWriter(Arc::new(Mutex::new(writer)))
    }

    /// The writer, if this is the last handle on it; the encoder drops its own in `close`.
    pub fn into_inner(self) -> Option<W> {
        Arc::into_inner(self.0).map(|writer| writer.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at the writer.
    pub fn with<T>(&self, look: impl FnOnce(&mut W) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<W> Clone for SharedWriter<W> {
    fn clone(&self) -> Self {
        SharedWriter(Arc::clone(&self.0))
    }
}

impl<W> fmt::Debug for SharedWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedWriter")
    }
}

impl<W: Write> Write for SharedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.with(|writer| writer.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.with(Write::flush)
    }
}

impl<W: Seek> Seek for SharedWriter<W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.with(|writer| writer.seek(to))
    }
}

impl<W: Read> Read for SharedWriter<W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.with(|writer| writer.read(buffer))
    }
}
