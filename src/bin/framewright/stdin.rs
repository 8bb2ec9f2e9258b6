//! Standard input that Ctrl-C can end.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::interrupt::Interrupt;

/// Pieces of this size are read ahead, …
const PIECE: usize = 256 << 10;
/// … and this many of them at most.
const AHEAD: usize = 8;

/// Standard input, which ends as soon as Ctrl-C is pressed.
pub enum Stdin {
    Ahead(ReadAhead),
    /// Where there are no threads there are no signals either (WASI).
    Inline(io::Stdin),
}

/// Reads on a thread of its own, because a read from a pipe in which nothing comes lasts for ever.
pub struct ReadAhead {
    /// Nobody ever waits for this lock: it makes the whole `Sync`, as readers of sound have to be.
    pieces: Mutex<Receiver<io::Result<Vec<u8>>>>,
    piece: io::Cursor<Vec<u8>>,
    interrupt: Interrupt,
}

impl Stdin {
    pub fn new(interrupt: Interrupt) -> Self {
        ReadAhead::new(io::stdin(), interrupt).map_or_else(|_| Stdin::Inline(io::stdin()), Stdin::Ahead)
    }
}

impl Read for Stdin {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stdin::Ahead(ahead) => ahead.read(buffer),
            Stdin::Inline(stdin) => stdin.read(buffer),
        }
    }
}

impl ReadAhead {
    /// Fails where there are no threads.
    fn new(reader: impl Read + Send + 'static, interrupt: Interrupt) -> io::Result<Self> {
        let (sender, pieces) = sync_channel(AHEAD);
        thread::Builder::new().spawn(move || forward(reader, &sender))?;
        Ok(ReadAhead { pieces: Mutex::new(pieces), piece: io::Cursor::default(), interrupt })
    }
}

/// Ends with the input, with the first error, or when nobody listens any more.
fn forward(mut reader: impl Read, pieces: &SyncSender<io::Result<Vec<u8>>>) {
    loop {
        let mut piece = vec![0; PIECE];
        let read = match reader.read(&mut piece) {
            Ok(0) => return,
            Ok(read) => Ok(read),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let failed = read.is_err();
        piece.truncate(*read.as_ref().unwrap_or(&0));
        if pieces.send(read.map(|_| piece)).is_err() || failed {
            return;
        }
    }
}

impl Read for ReadAhead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.piece.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let pieces = self.pieces.get_mut().unwrap_or_else(PoisonError::into_inner);
            match pieces.recv_timeout(Duration::from_millis(50)) {
                Ok(piece) => self.piece = io::Cursor::new(piece?),
                Err(RecvTimeoutError::Timeout) if !self.interrupt.is_wanted() => {}
                Err(_) => return Ok(0),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bytes_come_through() {
        let bytes: Vec<u8> = (0..3 * PIECE + 5).map(|index| (index % 251) as u8).collect();
        let mut through = Vec::new();
        let mut ahead = ReadAhead::new(io::Cursor::new(bytes.clone()), Interrupt::default()).unwrap();
        ahead.read_to_end(&mut through).unwrap();
        assert!(through == bytes);
    }

    #[test]
    fn an_interrupt_ends_a_read_that_waits() {
        let interrupt = Interrupt::default();
        let (reader, writer) = io::pipe().unwrap();
        let mut stdin = ReadAhead::new(reader, interrupt.clone()).unwrap();
        interrupt.request();
        assert_eq!(stdin.read(&mut [0; 10]).unwrap(), 0);
        drop(writer);
    }
}
