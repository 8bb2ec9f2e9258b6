//! Pages (RFC 3533, 6), which packets are cut into segments of.

use crate::error::{Error, Result};
use crate::mux::append;
use crate::sink::Sink;

/// Segments a page.
const MAX_SEGMENTS: usize = 255;

/// Bytes of a full segment; a shorter one ends its packet.
const FULL_SEGMENT: usize = 255;

const CONTINUED: u8 = 1;
const BEGINNING: u8 = 2;
const END: u8 = 4;

/// The granule position of a page on which no packet ends.
const NO_PACKET_ENDS: u64 = u64::MAX;

/// Writes the packets of one logical stream as pages, of which the last one is held.
///
/// The stream's serial number is a hash of its head and its first page. So the head is written only before that: the
/// same input gives the same file, and streams that are put one behind the other have numbers of their own.
pub(super) struct Pages {
    /// Header packets that are not written yet.
    heads: Vec<Vec<u8>>,
    serial: u32,
    sequence: u32,
    page: Page,
    /// Where the first page behind the heads ends, once it is written.
    plays_from: Option<u64>,
}

/// A page that is gathered.
#[derive(Default)]
struct Page {
    flags: u8,
    /// Where the last packet ends that ends on it.
    granule: Option<u64>,
    lacing: Vec<u8>,
    body: Vec<u8>,
}

impl Pages {
    /// The first of `heads` has the first page for itself, and none shares one with other packets.
    pub fn new(heads: Vec<Vec<u8>>) -> Self {
        Pages { heads, serial: 0, sequence: 0, page: Page::default(), plays_from: None }
    }

    /// Adds a packet that ends at `granule`. One that does not fit on the page begins a new one; pages are written when
    /// something has to follow them.
    pub fn add(&mut self, packet: &[u8], granule: u64, sink: &mut dyn Sink) -> Result<()> {
        if !self.is_empty() && self.page.lacing.len() + packet.len() / FULL_SEGMENT + 1 > MAX_SEGMENTS {
            self.flush(sink)?;
        }
        let mut rest = packet;
        loop {
            if self.page.lacing.len() == MAX_SEGMENTS {
                self.flush(sink)?;
                self.page.flags = CONTINUED;
            }
            let (segment, behind) = rest.split_at(rest.len().min(FULL_SEGMENT));
            self.page.lacing.push(segment.len() as u8); // at most 255
            self.page.body.extend_from_slice(segment);
            rest = behind;
            if segment.len() < FULL_SEGMENT {
                self.page.granule = Some(granule);
                return Ok(());
            }
        }
    }

    /// Whether nothing stands on the page that is gathered.
    pub fn is_empty(&self) -> bool {
        self.page.lacing.is_empty()
    }

    /// Writes the page that is gathered.
    pub fn flush(&mut self, sink: &mut dyn Sink) -> Result<()> {
        self.write_heads(sink)?;
        self.write_page(sink)?;
        self.plays_from.get_or_insert(sink.position());
        Ok(())
    }

    /// From how many bytes on something of the stream can be heard.
    pub fn plays_from(&self) -> Option<u64> {
        self.plays_from
    }

    /// Writes the last page and ends the stream.
    pub fn finish(&mut self, sink: &mut dyn Sink) -> Result<()> {
        if self.is_empty() {
            // No packet has come: the stream ends with its head.
            let last = self.heads.pop().ok_or_else(|| Error::state("an Ogg stream without a head"))?;
            self.write_heads(sink)?;
            self.add(&last, 0, sink)?;
        }
        self.write_heads(sink)?;
        self.page.flags |= END;
        self.write_page(sink)
    }

    fn write_heads(&mut self, sink: &mut dyn Sink) -> Result<()> {
        if self.heads.is_empty() {
            return Ok(());
        }
        let heads = std::mem::take(&mut self.heads);
        let first = std::mem::take(&mut self.page);
        let crc = heads.iter().fold(0, |crc, head| crc32(crc, head));
        self.serial = crc32(crc32(crc, &first.lacing), &first.body);
        for (index, head) in heads.iter().enumerate() {
            if index == 0 {
                self.page.flags = BEGINNING;
            }
            self.add(head, 0, sink)?;
            if index == 0 {
                self.write_page(sink)?;
            }
        }
        if !self.is_empty() {
            self.write_page(sink)?;
        }
        self.page = first;
        Ok(())
    }

    fn write_page(&mut self, sink: &mut dyn Sink) -> Result<()> {
        let Page { flags, granule, lacing, body } = std::mem::take(&mut self.page);
        let mut out = Vec::with_capacity(27 + lacing.len() + body.len());
        out.extend_from_slice(b"OggS"); // capture_pattern
        out.push(0); // stream_structure_version
        out.push(flags); // header_type_flag
        out.extend_from_slice(&granule.unwrap_or(NO_PACKET_ENDS).to_le_bytes()); // granule_position
        out.extend_from_slice(&self.serial.to_le_bytes()); // bitstream_serial_number
        out.extend_from_slice(&self.sequence.to_le_bytes()); // page_sequence_number
        out.extend_from_slice(&[0; 4]); // CRC_checksum
        out.push(lacing.len() as u8); // number_page_segments, at most 255
        out.extend_from_slice(&lacing); // segment_table
        out.extend_from_slice(&body);
        let crc = crc32(0, &out);
        out[22..26].copy_from_slice(&crc.to_le_bytes());
        self.sequence = self.sequence.wrapping_add(1);
        append(sink, &out)
    }
}

const POLYNOMIAL: u32 = 0x04c1_1db7;

const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < table.len() {
        let mut crc = (index as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            crc = crc << 1 ^ if crc >> 31 == 1 { POLYNOMIAL } else { 0 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
};

/// The CRC of a page, on from `crc`: most significant bit first, and nothing inverted.
fn crc32(crc: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(crc, |crc, &byte| crc << 8 ^ CRC_TABLE[usize::from((crc >> 24) as u8 ^ byte)])
}
