//! Sinks over the standard library's writers.

use std::io::{self, Read, Seek, SeekFrom, Write};

use super::Sink;

/// Appends are gathered until this many bytes are there; longer ones pass by.
const BUFFER: usize = 64 << 10;

/// A sink over anything that writes and seeks. It begins where the writer stands.
pub struct SeekSink<W> {
    buffered: Buffered<W>,
    start: u64,
    /// How the writer reads, where it was said that it can.
    read: Option<ReadBack<W>>,
}

/// Fills a buffer from where the writer stands.
type ReadBack<W> = fn(&mut W, &mut [u8]) -> io::Result<()>;

impl<W: Write + Seek + Send> SeekSink<W> {
    /// Asks the writer where it stands.
    ///
    /// # Errors
    /// Where it cannot tell.
    pub fn new(mut writer: W) -> io::Result<Self> {
        let start = writer.stream_position()?;
        Ok(SeekSink { buffered: Buffered::new(writer), start, read: None })
    }

    /// As [`new`](Self::new), for a writer that reads too: then samples can be moved to make room in front of them. A
    /// file has to be opened for both.
    ///
    /// ```
    /// use std::io::Cursor;
    /// use framewright::sink::{SeekSink, Sink};
    /// let mut sink = SeekSink::readable(Cursor::new(Vec::new()))?;
    /// sink.append(b"frame")?;
    /// let mut back = [0; 3];
    /// sink.read(2, &mut back)?;
    /// assert_eq!(&back, b"ame");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn readable(writer: W) -> io::Result<Self>
    where
        W: Read,
    {
        Ok(SeekSink { read: Some(|writer, buffer| writer.read_exact(buffer)), ..Self::new(writer)? })
    }
}

impl<W: Write + Seek + Send> Sink for SeekSink<W> {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.buffered.append(bytes)
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let end = offset.saturating_add(bytes.len() as u64);
        if end > self.buffered.position {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a patch beyond the end of the sink"));
        }
        // A patch of what is still in the buffer needs no seek.
        let flushed = self.buffered.position - self.buffered.buffer.len() as u64;
        if offset >= flushed {
            let at = (offset - flushed) as usize;
            self.buffered.buffer[at..at + bytes.len()].copy_from_slice(bytes);
            return Ok(());
        }
        self.buffered.write_out()?;
        self.buffered.writer.seek(SeekFrom::Start(self.start + offset))?;
        self.buffered.writer.write_all(bytes)?;
        self.buffered.writer.seek(SeekFrom::Start(self.start + self.buffered.position))?;
        Ok(())
    }

    fn can_patch(&self) -> bool {
        true
    }

    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let Some(read) = self.read else {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "this sink does not read"));
        };
        let end = offset.saturating_add(buffer.len() as u64);
        if end > self.buffered.position {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a read beyond the end of the sink"));
        }
        self.buffered.write_out()?;
        self.buffered.writer.seek(SeekFrom::Start(self.start + offset))?;
        read(&mut self.buffered.writer, buffer)?;
        self.buffered.writer.seek(SeekFrom::Start(self.start + self.buffered.position))?;
        Ok(())
    }

    fn can_read(&self) -> bool {
        self.read.is_some()
    }

    fn position(&self) -> u64 {
        self.buffered.position
    }

    fn written(&self) -> u64 {
        self.buffered.written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.buffered.flush()
    }
}

/// A sink over anything that writes: pipes, sockets, standard output. It cannot patch, so only layouts that need no
/// patching go to it.
pub struct StreamSink<W> {
    buffered: Buffered<W>,
}

impl<W: Write + Send> StreamSink<W> {
    /// Begins at offset 0, wherever the writer stands.
    pub fn new(writer: W) -> Self {
        StreamSink { buffered: Buffered::new(writer) }
    }
}

impl<W: Write + Send> Sink for StreamSink<W> {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.buffered.append(bytes)
    }

    fn patch(&mut self, _: u64, _: &[u8]) -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "this sink only appends"))
    }

    fn can_patch(&self) -> bool {
        false
    }

    fn position(&self) -> u64 {
        self.buffered.position
    }

    fn written(&self) -> u64 {
        self.buffered.written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.buffered.flush()
    }
}

/// A writer with a buffer before it and a count of what went in. `write_all` takes care of short writes and
/// interruptions.
struct Buffered<W> {
    writer: W,
    buffer: Vec<u8>,
    position: u64,
    /// How many bytes the writer has taken, from the first on without a gap.
    written: u64,
    /// Whether bytes were lost: what is written after that stands somewhere else than it should.
    lost: bool,
}

impl<W: Write> Buffered<W> {
    fn new(writer: W) -> Self {
        Buffered { writer, buffer: Vec::new(), position: 0, written: 0, lost: false }
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.buffer.len() + bytes.len() > BUFFER {
            self.write_out()?;
        }
        if bytes.len() >= BUFFER {
            self.write_counted(bytes)?;
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        self.position += bytes.len() as u64;
        Ok(())
    }

    fn write_out(&mut self) -> io::Result<()> {
        // Emptied before the outcome is known: after a failure nobody can tell which bytes went out, and writing them
        // again would damage what did.
        let buffer = std::mem::take(&mut self.buffer);
        let result = self.write_counted(&buffer);
        self.buffer = buffer;
        self.buffer.clear();
        result
    }

    /// `write_all`, which counts what was taken before a failure.
    fn write_counted(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let taken = match self.writer.write(bytes) {
                Ok(0) => Err(io::Error::new(io::ErrorKind::WriteZero, "the writer takes no more")),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                taken => taken,
            };
            let taken = taken.inspect_err(|_| self.lost = true)?;
            bytes = bytes.get(taken..).unwrap_or_default();
            if !self.lost {
                self.written += taken as u64;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_out()?;
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    /// Writes at most three bytes a call and is interrupted every other time.
    struct Awkward(Cursor<Vec<u8>>, bool);

    impl Write for Awkward {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            self.0.write(&bytes[..bytes.len().min(3)])
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Seek for Awkward {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }

    #[test]
    fn short_writes_and_patches_land_where_they_should() {
        let mut inner = Cursor::new(b"head".to_vec());
        inner.set_position(4);
        let mut sink = SeekSink::new(Awkward(inner, false)).unwrap();
        let mut expected = Vec::new();
        for length in [1usize, 10, 70_000, 0, 5, 65_536, 65_535, 2] {
            let bytes: Vec<u8> = (0..length).map(|i| (i * 7 + length) as u8).collect();
            sink.append(&bytes).unwrap();
            expected.extend_from_slice(&bytes);
            let at = expected.len() / 2;
            let patch = [0xaa; 4];
            if expected.len() >= at + 4 {
                sink.patch(at as u64, &patch).unwrap();
                expected[at..at + 4].copy_from_slice(&patch);
            }
        }
        assert!(sink.patch(expected.len() as u64 - 1, &[0; 2]).is_err());
        assert_eq!(sink.position(), expected.len() as u64);
        sink.complete().unwrap();
        let written = sink.buffered.writer.0.get_ref();
        assert_eq!(&written[..4], b"head");
        assert!(written[4..] == expected[..]);
    }

    #[test]
    fn what_was_written_is_read_back_where_the_writer_reads() {
        let mut inner = Cursor::new(b"head".to_vec());
        inner.set_position(4);
        let mut sink = SeekSink::readable(inner).unwrap();
        assert!(sink.can_read());
        sink.append(&[7; 70_000]).unwrap();
        sink.append(b"buffered").unwrap();
        sink.patch(1, b"x").unwrap();
        let mut back = [0; 9];
        sink.read(69_999, &mut back).unwrap();
        assert_eq!(&back, b"\x07buffered");
        sink.read(0, &mut back[..2]).unwrap();
        assert_eq!(&back[..2], b"\x07x");
        assert_eq!(sink.read(70_000, &mut back).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        sink.append(b" goes on").unwrap();
        sink.complete().unwrap();
        assert!(sink.buffered.writer.get_ref().ends_with(b"buffered goes on"));

        let mut sink = SeekSink::new(Cursor::new(Vec::new())).unwrap();
        sink.append(b"abc").unwrap();
        assert!(!sink.can_read());
        assert_eq!(sink.read(0, &mut back).unwrap_err().kind(), io::ErrorKind::Unsupported);
    }

    #[test]
    fn a_stream_does_not_patch() {
        let mut sink = StreamSink::new(Vec::new());
        sink.append(b"abc").unwrap();
        assert!(!sink.can_patch());
        assert_eq!(sink.patch(0, b"x").unwrap_err().kind(), io::ErrorKind::Unsupported);
    }
}
