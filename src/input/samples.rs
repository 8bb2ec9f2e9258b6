//! One uncompressed frame out of a stream of bytes: what the Y4M and the raw reader share.

use std::fmt;
use std::io::Read;

use crate::error::{Error, Result};
use crate::media::{FrameFormat, FrameView, PlaneData};

/// The most bytes that a frame may have unless another limit is chosen: 512 MiB, enough for 16K 4:4:4 at 16 bit.
pub const MAX_FRAME_BYTES: u64 = 512 << 20;

/// How many bytes of 16-bit samples are read at a time on their way into words.
const CHUNK: usize = 1 << 16;

/// How the samples of a frame lie in the stream: planes one after the other, rows tight, words little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SampleLayout {
    pub format: FrameFormat,
    pub width: u32,
    pub height: u32,
    /// 8 means bytes, more means words.
    pub bit_depth: u8,
    /// Planar RGB whose planes come as G, B, R.
    pub green_first: bool,
}

/// What has more bytes than a frame may have.
pub(super) fn too_large(what: impl fmt::Display, limit: u64) -> Error {
    Error::limit(format!(
        "{what} takes more than the {limit} bytes that a frame may have (`max_frame_bytes`); raise it if that is meant"
    ))
}

/// The buffer that frames of one layout are read into, over and over.
#[derive(Debug)]
pub(super) struct FrameBuffer {
    layout: SampleLayout,
    /// Bytes a frame.
    len: u64,
    samples: Samples,
}

#[derive(Debug)]
enum Samples {
    Bytes(Vec<u8>),
    Words { words: Vec<u16>, chunk: Vec<u8> },
}

impl FrameBuffer {
    /// Checks that a frame of `layout` has at least one pixel and at most `limit` bytes. Memory is taken as bytes
    /// arrive, so that a header alone cannot claim it.
    pub fn new(layout: SampleLayout, limit: u64) -> Result<Self> {
        let SampleLayout { format, width, height, bit_depth, .. } = layout;
        if width == 0 || height == 0 {
            return Err(Error::input(format!("frames of {width}x{height}: both sides must be at least 1")));
        }
        let too_large = || too_large(format_args!("a {width}x{height} {format} frame of {bit_depth} bits"), limit);
        // Ahead of `plane_size`, whose products this keeps small.
        if u64::from(width) * u64::from(height) > limit {
            return Err(too_large());
        }
        let mut len = 0u64;
        for plane in 0..format.planes() {
            let (row, rows) = format.plane_size(plane, width as usize, height as usize);
            len =
                (row as u64).checked_mul(rows as u64).and_then(|plane| plane.checked_add(len)).ok_or_else(too_large)?;
        }
        let len = if bit_depth == 8 { Some(len) } else { len.checked_mul(2) };
        let len = len.filter(|&len| len <= limit).ok_or_else(too_large)?;
        let samples = match bit_depth {
            8 => Samples::Bytes(Vec::new()),
            _ => Samples::Words { words: Vec::new(), chunk: Vec::new() },
        };
        Ok(FrameBuffer { layout, len, samples })
    }

    /// Bytes a frame.
    pub fn frame_bytes(&self) -> u64 {
        self.len
    }

    /// Reads the next frame; gives the number of bytes that were there, which is less than a frame at the stream's end
    /// only.
    pub fn fill(&mut self, reader: &mut impl Read) -> std::io::Result<u64> {
        match &mut self.samples {
            Samples::Bytes(bytes) => {
                bytes.clear();
                reader.take(self.len).read_to_end(bytes)?;
                Ok(bytes.len() as u64)
            }
            Samples::Words { words, chunk } => {
                words.clear();
                let mut filled = 0;
                while filled < self.len {
                    // Chunks are even, so a word never straddles two.
                    let wanted = (self.len - filled).min(CHUNK as u64);
                    chunk.clear();
                    reader.take(wanted).read_to_end(chunk)?;
                    words.extend(chunk.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])));
                    filled += chunk.len() as u64;
                    if (chunk.len() as u64) < wanted {
                        break;
                    }
                }
                Ok(filled)
            }
        }
    }

    /// The frame that was read last.
    pub fn view(&self) -> Result<FrameView<'_>> {
        let SampleLayout { format, width, height, bit_depth, green_first } = self.layout;
        let data = match &self.samples {
            Samples::Bytes(bytes) => PlaneData::U8(bytes),
            Samples::Words { words, .. } => PlaneData::U16(words),
        };
        if !green_first {
            return FrameView::contiguous(format, width, height, data)?.with_bit_depth(bit_depth);
        }
        let len = width as usize * height as usize;
        let plane = |index: usize| {
            let range = index * len..(index + 1) * len;
            let plane = match data {
                PlaneData::U8(samples) => samples.get(range).map(PlaneData::U8),
                PlaneData::U16(samples) => samples.get(range).map(PlaneData::U16),
            };
            (plane.unwrap_or(PlaneData::U8(&[])), width as usize)
        };
        FrameView::from_planes(format, width, height, &[plane(2), plane(0), plane(1)])?.with_bit_depth(bit_depth)
    }
}

/// The error for a stream that ends within frame `index` (from 0).
pub(super) fn truncated(what: &str, index: u64, got: u64, needed: u64) -> Error {
    Error::input(format!("{what} ends within frame {index}: {got} of its {needed} bytes are there"))
}
