//! Clusters: where they begin, and the blocks in them.

use super::ebml;
use super::ids;
use super::lace::Head;
use crate::error::{Error, Result};
use crate::mux::{MuxSettings, append};
use crate::sink::Sink;

/// RFC 9559, 25.1: no Cluster should hold more than 5 seconds …
const MAX_SPAN: i64 = 5_000;
/// … or 5 MB.
const MAX_BYTES: usize = 5_000_000;

/// One frame, or a lace of several. Times are ticks of the segment, which are milliseconds.
pub(super) struct Block<'a> {
    /// Its track's number.
    pub track: u64,
    pub time: i64,
    pub key: bool,
    /// Whether a cluster does well to begin with it: a key frame of the track that seeking goes by.
    pub lead: bool,
    /// What a SimpleBlock cannot say.
    pub details: Option<Details<'a>>,
    /// Of a lace, where its frames end.
    pub lace: Option<Head>,
    pub data: &'a [u8],
}

/// What only a BlockGroup can say.
pub(super) struct Details<'a> {
    /// What the codec has beside the frame.
    pub addition: Option<&'a [u8]>,
    pub duration: u64,
    /// For all but key frames: the time of the frame before it less its own, or 0 where there is none. AV1 may predict
    /// from others than that frame; readers only ask whether there is a reference.
    pub reference: Option<i64>,
    pub discard_padding_ns: Option<i64>,
}

impl Block<'_> {
    /// What it carries.
    fn bytes(&self) -> usize {
        let addition = self.details.as_ref().and_then(|details| details.addition);
        self.data.len().saturating_add(addition.map_or(0, <[u8]>::len))
    }
}

/// Where a block was put.
pub(super) struct Placement {
    /// Where its cluster begins in the sink.
    pub cluster: u64,
    /// Where it begins in the cluster's data; 0 where it is the first block there.
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
    /// Where the first cluster ends, or the first block of one without a size.
    plays_from: Option<u64>,
}

struct Open {
    /// Where it begins in the sink.
    position: u64,
    /// Bytes of data so far.
    length: usize,
    has_blocks: bool,
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
            plays_from: None,
        }
    }

    /// Whether `block` is due to begin a cluster, where `waiting` bytes are still to join the open one. Refuses what no
    /// cluster can hold.
    pub fn is_due(&self, block: &Block<'_>, waiting: usize) -> Result<bool> {
        let is_due = match &self.open {
            None => true,
            Some(open) => {
                let age = block.time.saturating_sub(self.time);
                let is_full = open.length.saturating_add(waiting).saturating_add(block.bytes()) > self.max_bytes;
                (block.lead && age >= self.min_span) || age > MAX_SPAN || is_full
            }
        };
        let cluster_time = if is_due { self.time_for(block) } else { self.time };
        self.relative(block, cluster_time).map(|_| is_due)
    }

    /// Ends the open cluster, if there is one, and begins that of `block`.
    pub fn begin(&mut self, block: &Block<'_>, sink: &mut dyn Sink) -> Result<()> {
        self.close(sink)?;
        self.open = Some(self.open_at(self.time_for(block), sink)?);
        Ok(())
    }

    /// Puts `block` into the open cluster.
    pub fn write(&mut self, block: &Block<'_>, sink: &mut dyn Sink) -> Result<Placement> {
        let relative = self.relative(block, self.time)?;
        let open = self.open.as_mut().ok_or_else(|| Error::state("a block without a cluster"))?;
        let relative_position = if open.has_blocks { open.length as u64 } else { 0 };
        let placement = Placement { cluster: open.position, relative: relative_position };
        let before = self.buffer.len();
        write_block(&mut self.buffer, block, relative);
        open.length += self.buffer.len() - before;
        open.has_blocks = true;
        if !self.sized {
            // A live stream is worth the more the sooner it arrives.
            self.write_out(sink)?;
            self.plays_from.get_or_insert(sink.position());
            sink.flush().map_err(|error| Error::io("writing the output", error))?;
        }
        Ok(placement)
    }

    /// From how many bytes on something of the file plays.
    pub fn plays_from(&self) -> Option<u64> {
        self.plays_from
    }

    /// Never before the last one, although tracks that are in order by what is heard and seen may be out of it by what is
    /// stamped, by the delay of a codec; and never before 0. A block can lie before its cluster's time.
    fn time_for(&self, block: &Block<'_>) -> i64 {
        self.time.max(block.time)
    }

    fn relative(&self, block: &Block<'_>, cluster_time: i64) -> Result<i16> {
        i16::try_from(block.time.saturating_sub(cluster_time)).map_err(|_| self.too_early(block))
    }

    fn too_early(&self, block: &Block<'_>) -> Error {
        let time = block.time;
        Error::input(match self.time {
            0 => format!("a packet at {time} ms: nothing can begin more than 32,768 ms before 0"),
            last => format!(
                "a packet at {time} ms came after one at {last} ms; packets of all tracks have to come in the order of \
                 their times"
            ),
        })
    }

    /// Ends the open cluster, if there is one.
    pub fn close(&mut self, sink: &mut dyn Sink) -> Result<()> {
        let closes = self.open.take().is_some();
        if closes && self.sized {
            let mut header = Vec::new();
            ebml::header(&mut header, ids::CLUSTER, self.buffer.len() as u64);
            append(sink, &header)?;
        }
        self.write_out(sink)?;
        if closes && self.sized {
            self.plays_from.get_or_insert(sink.position());
            // What a buffer holds is lost with the process.
            sink.flush().map_err(|error| Error::io("writing the output", error))?;
        }
        Ok(())
    }

    fn open_at(&mut self, time: i64, sink: &mut dyn Sink) -> Result<Open> {
        self.time = time;
        let position = sink.position();
        if !self.sized {
            let mut header = Vec::new();
            ebml::element_id(&mut header, ids::CLUSTER);
            header.extend_from_slice(&ebml::UNKNOWN_SIZE);
            append(sink, &header)?;
        }
        ebml::uint(&mut self.buffer, ids::TIMESTAMP, self.time.unsigned_abs());
        Ok(Open { position, length: self.buffer.len(), has_blocks: false })
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
    if let (Some(flags), Some(lace)) = (head.last_mut(), &block.lace) {
        *flags |= lace.flag;
        head.extend_from_slice(&lace.bytes);
    }
    let length = (head.len() + block.data.len()) as u64;
    let Some(details) = &block.details else {
        ebml::header(out, ids::SIMPLE_BLOCK, length);
        out.extend_from_slice(&head);
        out.extend_from_slice(block.data);
        return;
    };
    let mut block_header = Vec::new();
    ebml::header(&mut block_header, ids::BLOCK, length);
    // Its ID before the bytes: a reader may go by it while it reads them.
    let mut more_head = Vec::new();
    let mut additions = Vec::new();
    let addition = details.addition.unwrap_or_default();
    if details.addition.is_some() {
        ebml::uint(&mut more_head, ids::BLOCK_ADD_ID, 1);
        ebml::header(&mut more_head, ids::BLOCK_ADDITIONAL, addition.len() as u64);
        let mut more = Vec::new();
        ebml::header(&mut more, ids::BLOCK_MORE, (more_head.len() + addition.len()) as u64);
        let size = (more.len() + more_head.len() + addition.len()) as u64;
        ebml::header(&mut additions, ids::BLOCK_ADDITIONS, size);
        additions.append(&mut more);
        additions.append(&mut more_head);
    }
    let mut rest = Vec::new();
    ebml::uint(&mut rest, ids::BLOCK_DURATION, details.duration);
    if let Some(reference) = details.reference {
        ebml::int(&mut rest, ids::REFERENCE_BLOCK, reference);
    }
    if let Some(padding) = details.discard_padding_ns {
        ebml::int(&mut rest, ids::DISCARD_PADDING, padding);
    }
    let beside = block_header.len() + additions.len() + addition.len() + rest.len();
    ebml::header(out, ids::BLOCK_GROUP, beside as u64 + length);
    for part in [&block_header[..], &head, block.data, &additions, addition, &rest] {
        out.extend_from_slice(part);
    }
}
