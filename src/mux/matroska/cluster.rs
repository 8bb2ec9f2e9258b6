//! Clusters: where they begin, and the blocks in them.

use super::ebml;
use super::ids;
use crate::error::{Error, Result};
use crate::mux::{MuxSettings, append};
use crate::sink::Sink;

/// RFC 9559, 25.1: no Cluster should hold more than 5 seconds …
const MAX_SPAN: i64 = 5_000;
/// … or 5 MB.
const MAX_BYTES: usize = 5_000_000;

/// One frame. Times are ticks of the segment, which are milliseconds.
pub(super) struct Block<'a> {
    /// Its track's number.
    pub track: u64,
    pub time: i64,
    pub key: bool,
    /// Whether a cluster does well to begin with it: a key frame of the track that seeking goes by.
    pub lead: bool,
    /// What a SimpleBlock cannot say.
    pub details: Option<Details>,
    pub data: &'a [u8],
}

/// What only a BlockGroup can say.
pub(super) struct Details {
    pub duration: Option<u64>,
    /// For all but key frames: the time of the frame before it less its own, or 0 where there is none. AV1 may predict
    /// from others than that frame; readers only ask whether there is a reference.
    pub reference: Option<i64>,
    pub discard_padding_ns: Option<i64>,
}

/// Where a block was put.
pub(super) struct Placement {
    /// Where its cluster begins in the sink.
    pub cluster: u64,
    /// Where it begins in the cluster's data.
    pub relative: u64,
}

/// The writer of clusters.
pub(super) struct Clusters {
    /// From this age on, a cluster makes way for the next lead block.
    min_span: i64,
    max_bytes: usize,
    /// Whether a cluster is held back until its size is known. Else it goes out block by block, of unknown size.
    sized: bool,
    open: Option<Open>,
    /// The time of the open cluster, or of the last one.
    time: i64,
    /// What of the open cluster's data has not gone out; kept for its capacity.
    buffer: Vec<u8>,
}

struct Open {
    /// Where it begins in the sink.
    position: u64,
    /// Bytes of data so far.
    length: usize,
}

impl Clusters {
    pub fn new(settings: &MuxSettings, sized: bool) -> Self {
        let min_span = i64::try_from(settings.fragment_duration.as_millis()).unwrap_or(MAX_SPAN);
        Clusters {
            min_span: min_span.min(MAX_SPAN),
            max_bytes: settings.fragment_bytes.min(MAX_BYTES),
            sized,
            open: None,
            time: 0,
            buffer: Vec::new(),
        }
    }

    /// Puts `block` into the open cluster, or into a new one if that is due.
    pub fn write(&mut self, block: &Block<'_>, sink: &mut dyn Sink) -> Result<Placement> {
        if self.is_due(block) {
            self.close(sink)?;
        }
        let open = match self.open.take() {
            Some(open) => open,
            None => self.begin(block.time, sink)?,
        };
        let open = self.open.insert(open);
        let relative = i16::try_from(block.time.saturating_sub(self.time)).map_err(|_| {
            Error::input(format!(
                "a packet at {} ms came after one at {} ms; packets of all tracks have to come in the order of their times",
                block.time, self.time
            ))
        })?;
        let placement = Placement { cluster: open.position, relative: open.length as u64 };
        let before = self.buffer.len();
        write_block(&mut self.buffer, block, relative);
        open.length += self.buffer.len() - before;
        if !self.sized {
            // A live stream is worth the more the sooner it arrives.
            self.write_out(sink)?;
            sink.flush().map_err(|error| Error::io("writing the output", error))?;
        }
        Ok(placement)
    }

    /// Ends the open cluster, if there is one.
    pub fn close(&mut self, sink: &mut dyn Sink) -> Result<()> {
        if self.open.take().is_some() && self.sized {
            let mut header = Vec::new();
            ebml::header(&mut header, ids::CLUSTER, self.buffer.len() as u64);
            append(sink, &header)?;
        }
        self.write_out(sink)
    }

    fn is_due(&self, block: &Block<'_>) -> bool {
        let age = block.time.saturating_sub(self.time);
        let full = |open: &Open| open.length.saturating_add(block.data.len()) > self.max_bytes;
        (block.lead && age >= self.min_span) || age > MAX_SPAN || self.open.as_ref().is_some_and(full)
    }

    fn begin(&mut self, time: i64, sink: &mut dyn Sink) -> Result<Open> {
        // Never before the last one, although tracks that are in order by what is heard and seen may be out of it by
        // what is stamped, by the delay of a codec. A block can lie before its cluster's time.
        self.time = self.time.max(time);
        let position = sink.position();
        if !self.sized {
            let mut header = Vec::new();
            ebml::element_id(&mut header, ids::CLUSTER);
            header.extend_from_slice(&ebml::UNKNOWN_SIZE);
            append(sink, &header)?;
        }
        ebml::uint(&mut self.buffer, ids::TIMESTAMP, self.time.unsigned_abs());
        Ok(Open { position, length: self.buffer.len() })
    }

    fn write_out(&mut self, sink: &mut dyn Sink) -> Result<()> {
        let result = append(sink, &self.buffer);
        self.buffer.clear();
        result
    }
}

/// RFC 9559, 10.1 and 10.2: a SimpleBlock where that says all, else a BlockGroup.
fn write_block(out: &mut Vec<u8>, block: &Block<'_>, relative: i16) {
    const KEY: u8 = 0x80;
    let mut head = Vec::with_capacity(11);
    ebml::vint(&mut head, block.track);
    head.extend_from_slice(&relative.to_be_bytes());
    // A Block has no key flag: what has no ReferenceBlock beside it is a key frame.
    head.push(if block.key && block.details.is_none() { KEY } else { 0 });
    let length = (head.len() + block.data.len()) as u64;
    let Some(details) = &block.details else {
        ebml::header(out, ids::SIMPLE_BLOCK, length);
        out.extend_from_slice(&head);
        out.extend_from_slice(block.data);
        return;
    };
    let mut block_header = Vec::new();
    ebml::header(&mut block_header, ids::BLOCK, length);
    let mut rest = Vec::new();
    if let Some(duration) = details.duration {
        ebml::uint(&mut rest, ids::BLOCK_DURATION, duration);
    }
    if let Some(reference) = details.reference {
        ebml::int(&mut rest, ids::REFERENCE_BLOCK, reference);
    }
    if let Some(padding) = details.discard_padding_ns {
        ebml::int(&mut rest, ids::DISCARD_PADDING, padding);
    }
    ebml::header(out, ids::BLOCK_GROUP, (block_header.len() + rest.len()) as u64 + length);
    out.extend_from_slice(&block_header);
    out.extend_from_slice(&head);
    out.extend_from_slice(block.data);
    out.extend_from_slice(&rest);
}
