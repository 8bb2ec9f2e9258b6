//! Where decoding can begin in a fragmented file, said at its end for players that seek.

use super::boxes::BoxWriter;
use super::fourcc;
use super::track_fragment::TrackFragment;
use crate::error::Result;
use crate::media::Track;
use crate::mux::append;
use crate::sink::Sink;

/// For each track that seeking goes by, the first sync sample of each fragment: 24 bytes a fragment.
pub(super) struct RandomAccess {
    tracks: Vec<Option<Vec<Entry>>>,
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
    /// Seeking goes by the pictures; what else is in a fragment begins with them. Without pictures it goes by each track.
    pub fn new(tracks: &[Track]) -> Self {
        let has_video = tracks.iter().any(|track| track.video().is_some());
        let goes_by = |track: &Track| !has_video || track.video().is_some();
        RandomAccess { tracks: tracks.iter().map(|track| goes_by(track).then(Vec::new)).collect() }
    }

    /// Notes a fragment that was written at `moof`, before it is forgotten.
    pub fn add(&mut self, moof: u64, fragments: &[TrackFragment]) {
        let members = self.tracks.iter_mut().zip(fragments).filter(|(_, fragment)| !fragment.is_empty());
        // As many as a file has tracks, which is less than 256.
        for ((entries, fragment), traf) in members.zip(1u8..) {
            if let (Some(entries), Some((sample, time))) = (entries, fragment.first_sync_sample()) {
                entries.push(Entry { time, moof, traf, sample });
            }
        }
    }

    /// Writes `mfra`.
    pub fn write(&self, sink: &mut dyn Sink) -> Result<()> {
        let mut w = BoxWriter::new();
        let mut size = None;
        w.boxed(fourcc::MFRA, |w| {
            for (entries, id) in self.tracks.iter().zip(1..) {
                match entries {
                    // No entries would say that every sample is a sync sample.
                    Some(entries) if !entries.is_empty() => write_track(w, id, entries),
                    _ => {}
                }
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

/// Writes `tfra`, in fields as short as its entries allow: of a fragment this is a good part of what is not samples.
fn write_track(w: &mut BoxWriter, id: u32, entries: &[Entry]) {
    let is_long = entries.iter().any(|entry| u32::try_from(entry.time.max(entry.moof)).is_err());
    let is_far = entries.iter().any(|entry| u8::try_from(entry.sample).is_err());
    w.full_box(fourcc::TFRA, u8::from(is_long), 0, |w| {
        w.u32(id); // track_ID
        w.u32(if is_far { 0b00_00_11 } else { 0 }); // length_size_of_traf_num, of_trun_num, of_sample_num, less 1
        w.entries(entries, |w, entry| {
            for value in [entry.time, entry.moof] {
                match is_long {
                    true => w.u64(value),
                    false => w.u32(value as u32), // it fits
                }
            }
            w.u8(entry.traf); // traf_number
            w.u8(1); // trun_number
            match is_far {
                true => w.u32(entry.sample), // sample_number
                false => w.u8(entry.sample as u8),
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_as_long_as_they_have_to_be() {
        let written = |entries: &[Entry]| {
            let mut w = BoxWriter::new();
            write_track(&mut w, 7, entries);
            w.finish().unwrap()
        };
        let entry = |time, moof, sample| Entry { time, moof, traf: 2, sample };
        let short = written(&[entry(0xffff_ffff, 3, 255)]);
        assert_eq!(short[8..], *b"\0\0\0\0\0\0\0\x07\0\0\0\0\0\0\0\x01\xff\xff\xff\xff\0\0\0\x03\x02\x01\xff");
        let long = written(&[entry(0x1_0000_0000, 3, 256)]);
        assert_eq!(long[8..24], *b"\x01\0\0\0\0\0\0\x07\0\0\0\x03\0\0\0\x01");
        assert_eq!(long[24..], *b"\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\x03\x02\x01\0\0\x01\0");
        assert_eq!(written(&[entry(0, 0x1_0000_0000, 1)])[8], 1, "an offset past 32 bits too");
    }
}
