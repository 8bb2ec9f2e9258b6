//! The indexes: `idx1` of AVI over the first RIFF chunk, and those of OpenDML over the whole file, one for each stream,
//! in two steps: `ix##` chunks among the data, and `indx` in the header, which lists them.

use crate::mux::riff::{FourCc, RiffWriter};

/// The most entries of an `ix##` chunk: half a megabyte for each stream is held until it is written.
pub(super) const STANDARD_ENTRIES: usize = 1 << 16;
/// The most `ix##` chunks of a stream, for which the header has room: 1 TiB in RIFF chunks of 1 GiB.
pub(super) const SUPER_ENTRIES: usize = 1 << 10;
/// The most entries of `idx1`: 16 MiB are held until the first RIFF chunk ends.
pub(super) const OLD_ENTRIES: usize = 1 << 20;

/// AVIIF_KEYFRAME
const KEY_FRAME: u32 = 0x10;
/// In the size of an `ix##` entry: not a key frame.
const DELTA_FRAME: u32 = 1 << 31;
/// `bIndexType`
const INDEX_OF_INDEXES: u8 = 0;
const INDEX_OF_CHUNKS: u8 = 1;

/// A chunk of a stream, where it is.
pub(super) struct Entry {
    pub id: FourCc,
    /// Of its four characters, in the file.
    pub position: u64,
    /// Without header and padding; less than 2^31.
    pub size: u32,
    pub key: bool,
}

/// `idx1`: every chunk of the first RIFF chunk.
#[derive(Default)]
pub(super) struct OldIndex {
    entries: Vec<OldEntry>,
}

/// AVIOLDINDEX
struct OldEntry {
    id: FourCc,
    flags: u32,
    offset: u32,
    size: u32,
}

impl OldIndex {
    /// Adds a chunk; `movi` is where those four characters are, from which offsets count. The first RIFF chunk is less
    /// than 4 GiB long.
    pub fn add(&mut self, entry: &Entry, movi: u64) {
        let Entry { id, position, size, key } = *entry;
        let flags = if key { KEY_FRAME } else { 0 };
        push(&mut self.entries, OldEntry { id, flags, offset: (position - movi) as u32, size });
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The bytes of its chunk, with `more` entries.
    pub fn bytes_with(&self, more: usize) -> u64 {
        8 + 16 * (self.entries.len() + more) as u64
    }

    /// Empties it.
    pub fn write(&mut self) -> Vec<u8> {
        let mut w = RiffWriter::new();
        w.chunk(*b"idx1", |w| {
            for entry in std::mem::take(&mut self.entries) {
                w.bytes(&entry.id); // dwChunkId
                w.u32(entry.flags); // dwFlags
                w.u32(entry.offset); // dwOffset
                w.u32(entry.size); // dwSize
            }
        });
        w.finish()
    }

    /// Bytes allocated.
    #[cfg(test)]
    pub fn allocated(&self) -> usize {
        self.entries.capacity() * size_of::<OldEntry>()
    }
}

/// The indexes of one stream.
pub(super) struct StreamIndex {
    /// Of its chunks.
    pub id: FourCc,
    /// Of its `ix##` chunks.
    standard_id: FourCc,
    /// Offset from the base and size of each chunk that no `ix##` tells of yet.
    pending: Vec<(u32, u32)>,
    /// How long they last, in ticks of the stream.
    pending_ticks: u32,
    written: Vec<SuperEntry>,
}

/// An `ix##` chunk in the file.
struct SuperEntry {
    offset: u64,
    size: u32,
    duration: u32,
}

impl StreamIndex {
    pub fn new(id: FourCc) -> Self {
        let standard_id = [b'i', b'x', id[0], id[1]];
        StreamIndex { id, standard_id, pending: Vec::new(), pending_ticks: 0, written: Vec::new() }
    }

    /// Adds a chunk that lasts `ticks`; `base` is where the RIFF chunk's `movi` list begins.
    pub fn add(&mut self, entry: &Entry, ticks: u32, base: u64) {
        let size = entry.size | if entry.key { 0 } else { DELTA_FRAME };
        self.pending.push(((entry.position + 8 - base) as u32, size));
        self.pending_ticks = self.pending_ticks.saturating_add(ticks);
    }

    /// Whether an `ix##` chunk has to be written before another chunk is added.
    pub fn is_full(&self) -> bool {
        self.pending.len() >= STANDARD_ENTRIES
    }

    /// Whether the header has room for another `ix##` chunk.
    pub fn has_room(&self) -> bool {
        self.written.len() < SUPER_ENTRIES
    }

    pub fn is_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// The bytes of its `ix##` chunk, with `more` entries.
    pub fn bytes_with(&self, more: usize) -> u64 {
        match self.pending.len() + more {
            0 => 0,
            entries => 32 + 8 * entries as u64,
        }
    }

    /// The `ix##` chunk of what is pending, for `position` in the file. AVISTDINDEX
    pub fn write_standard(&mut self, base: u64, position: u64) -> Vec<u8> {
        let mut w = RiffWriter::new();
        let entries = std::mem::take(&mut self.pending);
        w.chunk(self.standard_id, |w| {
            w.u16(2); // wLongsPerEntry
            w.u8(0); // bIndexSubType
            w.u8(INDEX_OF_CHUNKS); // bIndexType
            w.u32(entries.len() as u32); // nEntriesInUse
            w.bytes(&self.id); // dwChunkId
            w.u64(base); // qwBaseOffset
            w.u32(0); // dwReserved3
            for (offset, size) in entries {
                w.u32(offset); // dwOffset, of the body
                w.u32(size); // dwSize
            }
        });
        let chunk = w.finish();
        let duration = std::mem::take(&mut self.pending_ticks);
        self.written.push(SuperEntry { offset: position, size: chunk.len() as u32, duration });
        chunk
    }

    /// `indx`, of one length however many entries are in use. AVISUPERINDEX
    pub fn write_super(&self, w: &mut RiffWriter) {
        w.chunk(*b"indx", |w| {
            w.u16(4); // wLongsPerEntry
            w.u8(0); // bIndexSubType
            w.u8(INDEX_OF_INDEXES); // bIndexType
            w.u32(self.written.len() as u32); // nEntriesInUse
            w.bytes(&self.id); // dwChunkId
            w.zeros(12); // dwReserved
            for entry in &self.written {
                w.u64(entry.offset); // qwOffset
                w.u32(entry.size); // dwSize, with the chunk's header
                w.u32(entry.duration); // dwDuration
            }
            w.zeros(16 * (SUPER_ENTRIES - self.written.len().min(SUPER_ENTRIES)));
        });
    }

    /// Bytes allocated.
    #[cfg(test)]
    pub fn allocated(&self) -> usize {
        self.pending.capacity() * 8 + self.written.capacity() * size_of::<SuperEntry>()
    }
}

/// `Vec::push` that grows by an eighth instead of doubling.
fn push<T>(vec: &mut Vec<T>, value: T) {
    if vec.len() == vec.capacity() {
        vec.reserve_exact(vec.len() / 8 + 16);
    }
    vec.push(value);
}
