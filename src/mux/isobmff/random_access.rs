//! Where decoding can begin in a fragmented file, said at its end for players that seek.

use super::boxes::BoxWriter;
use super::fourcc;
use super::track_fragment::TrackFragment;
use crate::error::Result;
use crate::mux::append;
use crate::sink::Sink;

/// For each track, the first sync sample of each fragment: 24 bytes a fragment.
pub(super) struct RandomAccess {
    tracks: Vec<Vec<Entry>>,
}

/// An entry of `tfra`.
struct Entry {
    time: u64,
    /// Where `moof` begins.
    moof: u64,
    /// The number of the `traf` in it, from 1.
    traf: u8,
    /// The number of the sample in its run, from 1.
    sample: u32,
}

impl RandomAccess {
    pub fn new(tracks: usize) -> Self {
        RandomAccess { tracks: (0..tracks).map(|_| Vec::new()).collect() }
    }

    /// Notes a fragment that was written at `moof`, before it is forgotten.
    pub fn add(&mut self, moof: u64, fragments: &[TrackFragment]) {
        let members = self.tracks.iter_mut().zip(fragments).filter(|(_, fragment)| !fragment.is_empty());
        // As many as a file has tracks, which is less than 256.
        for ((entries, fragment), traf) in members.zip(1u8..) {
            if let Some((sample, time)) = fragment.first_sync_sample() {
                entries.push(Entry { time, moof, traf, sample });
            }
        }
    }

    /// Writes `mfra`.
    pub fn write(&self, sink: &mut dyn Sink) -> Result<()> {
        let mut w = BoxWriter::new();
        let mut size = None;
        w.boxed(fourcc::MFRA, |w| {
            // No entries would say that every sample is a sync sample.
            for (entries, id) in self.tracks.iter().zip(1..).filter(|(entries, _)| !entries.is_empty()) {
                w.full_box(fourcc::TFRA, 1, 0, |w| {
                    w.u32(id); // track_ID
                    w.u32(0b00_00_11); // length_size_of_traf_num, of_trun_num, of_sample_num: 1, 1 and 4 bytes
                    w.entries(entries, |w, entry| {
                        w.u64(entry.time);
                        w.u64(entry.moof); // moof_offset
                        w.u8(entry.traf); // traf_number
                        w.u8(1); // trun_number
                        w.u32(entry.sample); // sample_number
                    });
                });
            }
            w.full_box(fourcc::MFRO, 0, 0, |w| size = Some(w.reserve_u32()));
        });
        let length = w.len() as u32; // checked by `boxed`
        if let Some(size) = size {
            w.fill_in(size, length);
        }
        append(sink, &w.finish()?)
    }
}
