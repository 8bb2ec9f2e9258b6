//! A sink for files of gigabytes: it keeps the pages that are not all zeros.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};

use crate::sink::Sink;

const PAGE: usize = 4096;
static ZEROS: [u8; 1 << 20] = [0; 1 << 20];

#[derive(Default)]
pub struct Sparse {
    pages: BTreeMap<u64, Box<[u8; PAGE]>>,
    length: u64,
    at: u64,
    /// Whether it reads, as a sink.
    pub readable: bool,
}

impl Sparse {
    pub fn readable() -> Self {
        Sparse { readable: true, ..Self::default() }
    }

    fn write_at(&mut self, mut offset: u64, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            // Whole megabytes of nothing over nothing are most of what comes.
            let ahead = bytes.len().min(ZEROS.len());
            let pages = offset / PAGE as u64..(offset + ahead as u64).div_ceil(PAGE as u64);
            if bytes[..ahead] == ZEROS[..ahead] && self.pages.range(pages).next().is_none() {
                (offset, bytes) = (offset + ahead as u64, &bytes[ahead..]);
                continue;
            }
            let inside = (offset % PAGE as u64) as usize;
            let count = bytes.len().min(PAGE - inside);
            let page = self.pages.entry(offset / PAGE as u64).or_insert_with(|| Box::new([0; PAGE]));
            page[inside..inside + count].copy_from_slice(&bytes[..count]);
            if page[..] == ZEROS[..PAGE] {
                self.pages.remove(&(offset / PAGE as u64));
            }
            (offset, bytes) = (offset + count as u64, &bytes[count..]);
        }
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) {
        buffer.fill(0);
        let end = offset + buffer.len() as u64;
        for (page, bytes) in self.pages.range(offset / PAGE as u64..end.div_ceil(PAGE as u64)) {
            let page = page * PAGE as u64;
            let (from, to) = (page.max(offset), (page + PAGE as u64).min(end));
            buffer[(from - offset) as usize..(to - offset) as usize]
                .copy_from_slice(&bytes[(from - page) as usize..(to - page) as usize]);
        }
    }
}

impl Sink for Sparse {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_at(self.length, bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        assert!(offset + bytes.len() as u64 <= self.length, "a patch beyond the end");
        self.write_at(offset, bytes);
        Ok(())
    }

    fn can_patch(&self) -> bool {
        true
    }

    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        assert!(self.readable && offset + buffer.len() as u64 <= self.length, "a read beyond the end");
        self.read_at(offset, buffer);
        Ok(())
    }

    fn can_read(&self) -> bool {
        self.readable
    }

    fn position(&self) -> u64 {
        self.length
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Sparse {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = (self.length.saturating_sub(self.at)).min(buffer.len() as u64) as usize;
        self.read_at(self.at, &mut buffer[..count]);
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(back) => self.length.saturating_add_signed(back),
            SeekFrom::Current(by) => self.at.saturating_add_signed(by),
        };
        Ok(self.at)
    }
}
