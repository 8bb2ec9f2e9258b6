//! Reading numbers in big-endian order, and seeking over what is not read.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use crate::error::{Error, Result};

/// A position in a file whose length is known.
pub(super) struct Reader<R> {
    inner: BufReader<R>,
    position: u64,
    len: u64,
}

impl<R: Read + Seek> Reader<R> {
    pub fn new(mut inner: R) -> Result<Self> {
        let len = inner.seek(SeekFrom::End(0)).and_then(|len| inner.rewind().map(|()| len)).map_err(failed)?;
        Ok(Reader { inner: BufReader::new(inner), position: 0, len })
    }

    pub fn position(&self) -> u64 {
        self.position
    }

    /// The size of the file.
    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn seek_to(&mut self, position: u64) -> Result<()> {
        // Short ways stay within the buffer.
        match i64::try_from(i128::from(position) - i128::from(self.position)) {
            Ok(distance) => self.inner.seek_relative(distance).map_err(failed)?,
            Err(_) => {
                return Err(Error::input(format!("the file refers to its byte {position}, which it does not have")));
            }
        }
        self.position = position;
        Ok(())
    }

    pub fn skip(&mut self, bytes: u64) -> Result<()> {
        self.seek_to(self.position.saturating_add(bytes))
    }

    pub fn read<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    pub fn read_exact(&mut self, bytes: &mut [u8]) -> Result<()> {
        self.inner.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                Error::input(format!("the file ends in the middle of something at {}", self.len))
            }
            _ => failed(error),
        })?;
        self.position += bytes.len() as u64;
        Ok(())
    }

    /// At most `most` bytes of those up to `end`.
    pub fn read_up_to(&mut self, end: u64, most: usize) -> Result<Vec<u8>> {
        let wanted = usize::try_from(end.saturating_sub(self.position)).unwrap_or(usize::MAX).min(most);
        let mut bytes = vec![0; wanted];
        self.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// The first bytes, without going on; zeros where the file is shorter.
    pub fn peek<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        let start = self.position;
        let there = self.read_up_to(self.len, N)?;
        bytes[..there.len()].copy_from_slice(&there);
        self.seek_to(start)?;
        Ok(bytes)
    }

    pub fn u8(&mut self) -> Result<u8> {
        Ok(self.read::<1>()?[0])
    }

    pub fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_be_bytes(self.read()?))
    }

    pub fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_be_bytes(self.read()?))
    }

    pub fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_be_bytes(self.read()?))
    }
}

fn failed(error: io::Error) -> Error {
    Error::io("reading the file", error)
}

/// Text from a file, made fit to be shown: the printable ASCII of at most 64 bytes, up to the first NUL.
pub(super) fn text(bytes: &[u8]) -> String {
    let shown = bytes.iter().take(64).take_while(|&&byte| byte != 0);
    shown.map(|&byte| if byte.is_ascii_graphic() || byte == b' ' { char::from(byte) } else { '?' }).collect()
}
