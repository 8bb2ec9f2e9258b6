//! The sample table of a track: where each sample is, how large, how long, and whether decoding can begin there.

use super::boxes::BoxWriter;
use super::fourcc;
use crate::error::{Error, Result};

/// What is kept of a track's samples until the file is finished.
///
/// This grows with the length of the file, so it is kept small: runs where there are runs, 4 bytes a sample for its
/// size and, of key frames among others, 4 for its number, 8 bytes a chunk for its offset. With the slack of
/// [`push`] the worst case, every sample of another duration, stays below 32 bytes a packet.
#[derive(Default)]
pub(in crate::mux) struct SampleTable {
    count: u32,
    sizes: Sizes,
    /// `None` as long as all are sync samples.
    sync_samples: Option<Vec<u32>>,
    durations: Vec<DurationRun>,
    total_duration: u64,
    chunk_offsets: Vec<u64>,
    /// How much further back the samples stand than when their chunks began.
    shift: u64,
    chunks: Vec<ChunkRun>,
}

/// One size for all samples, or one for each.
enum Sizes {
    Uniform(u32),
    Listed(Vec<u32>),
}

impl Default for Sizes {
    fn default() -> Self {
        Sizes::Uniform(0)
    }
}

/// An entry of `stts`.
struct DurationRun {
    samples: u32,
    duration: u32,
}

/// An entry of `stsc`: from `first_chunk` on, numbered from 1, each chunk has `samples`.
struct ChunkRun {
    first_chunk: u32,
    samples: u32,
}

impl SampleTable {
    /// Begins a chunk at `offset`; the samples that follow are in it.
    pub fn begin_chunk(&mut self, offset: u64) -> Result<()> {
        self.merge_last_chunk();
        push(&mut self.chunk_offsets, offset);
        let first_chunk = u32::try_from(self.chunk_offsets.len()).map_err(|_| too_many())?;
        push(&mut self.chunks, ChunkRun { first_chunk, samples: 0 });
        Ok(())
    }

    /// Says where the last chunk is, for one that began before that was known.
    pub fn place_chunk(&mut self, offset: u64) {
        if let Some(last) = self.chunk_offsets.last_mut() {
            *last = offset;
        }
    }

    /// Says that all chunks have moved `by` bytes towards the end of the file since they were written.
    pub fn shift(&mut self, by: u64) {
        self.shift = by;
    }

    /// Whether `count` more samples can be told of.
    pub fn check_room(&self, count: u32) -> Result<()> {
        self.count.checked_add(count).map(drop).ok_or_else(too_many)
    }

    /// Adds `count` samples of `size` bytes each to the chunk.
    pub fn add_samples(&mut self, count: u32, size: u32, sync: bool) -> Result<()> {
        let total = self.count.checked_add(count).ok_or_else(too_many)?;
        match &mut self.sizes {
            Sizes::Uniform(uniform) if self.count == 0 => *uniform = size,
            Sizes::Uniform(uniform) if *uniform == size => {}
            Sizes::Uniform(uniform) => {
                let mut listed = vec![*uniform; self.count as usize];
                (0..count).for_each(|_| push(&mut listed, size));
                self.sizes = Sizes::Listed(listed);
            }
            Sizes::Listed(listed) => (0..count).for_each(|_| push(listed, size)),
        }
        if !sync && self.sync_samples.is_none() {
            self.sync_samples = Some((1..=self.count).collect());
        }
        if let (true, Some(numbers)) = (sync, &mut self.sync_samples) {
            (self.count + 1..=total).for_each(|number| push(numbers, number));
        }
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.samples += count;
        }
        self.count = total;
        Ok(())
    }

    /// Says how long the next `samples` last, each of them, in media ticks. Every sample is told of once, in order.
    pub fn add_durations(&mut self, samples: u32, duration: u32) {
        self.total_duration += u64::from(samples) * u64::from(duration);
        match self.durations.last_mut() {
            Some(run) if run.duration == duration => run.samples += samples,
            _ if samples == 0 => {}
            _ => push(&mut self.durations, DurationRun { samples, duration }),
        }
    }

    /// How many samples there are.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The sum of all durations.
    pub fn duration(&self) -> u64 {
        self.total_duration
    }

    /// The last chunk joins the run before it if it has as many samples.
    fn merge_last_chunk(&mut self) {
        if let [.., before, last] = self.chunks.as_slice()
            && before.samples == last.samples
        {
            self.chunks.pop();
        }
    }

    /// Writes `stts`, `stss`, `stsc`, `stsz`, and `stco` or `co64`.
    pub fn write(&mut self, w: &mut BoxWriter) {
        self.merge_last_chunk();
        w.full_box(fourcc::STTS, 0, 0, |w| {
            w.entries(&self.durations, |w, run| {
                w.u32(run.samples); // sample_count
                w.u32(run.duration); // sample_delta
            });
        });
        if let Some(numbers) = &self.sync_samples {
            w.full_box(fourcc::STSS, 0, 0, |w| w.entries(numbers, |w, &number| w.u32(number)));
        }
        w.full_box(fourcc::STSC, 0, 0, |w| {
            w.entries(&self.chunks, |w, run| {
                w.u32(run.first_chunk);
                w.u32(run.samples); // samples_per_chunk
                w.u32(1); // sample_description_index
            });
        });
        w.full_box(fourcc::STSZ, 0, 0, |w| match &self.sizes {
            Sizes::Uniform(size) => {
                w.u32(*size); // sample_size
                w.u32(self.count); // sample_count
            }
            Sizes::Listed(sizes) => {
                w.u32(0); // sample_size: they differ
                w.entries(sizes, |w, &size| w.u32(size));
            }
        });
        // Offsets rise, so the last one decides.
        let offsets = &self.chunk_offsets;
        let shifted = |offset: &u64| offset.saturating_add(self.shift);
        match offsets.last().map_or(Ok(0), |last| u32::try_from(shifted(last))) {
            Ok(_) => w.full_box(fourcc::STCO, 0, 0, |w| w.entries(offsets, |w, offset| w.u32(shifted(offset) as u32))),
            Err(_) => w.full_box(fourcc::CO64, 0, 0, |w| w.entries(offsets, |w, offset| w.u64(shifted(offset)))),
        }
    }

    /// Bytes allocated for tables.
    #[cfg(test)]
    pub fn allocated(&self) -> usize {
        let sizes = match &self.sizes {
            Sizes::Uniform(_) => 0,
            Sizes::Listed(sizes) => sizes.capacity() * 4,
        };
        sizes
            + self.sync_samples.as_ref().map_or(0, |numbers| numbers.capacity() * 4)
            + self.durations.capacity() * size_of::<DurationRun>()
            + self.chunk_offsets.capacity() * 8
            + self.chunks.capacity() * size_of::<ChunkRun>()
    }
}

fn too_many() -> Error {
    Error::limit("a track of more than 4,294,967,295 samples; write a shorter file")
}

/// `Vec::push` that grows by an eighth instead of doubling: the tables of a long recording are the only thing whose
/// size follows its length.
fn push<T>(vec: &mut Vec<T>, value: T) {
    if vec.len() == vec.capacity() {
        vec.reserve_exact(vec.len() / 8 + 16);
    }
    vec.push(value);
}
