//! The part of a track in the fragment that is being filled: its samples, and the box that tells of them.

use super::boxes::{BoxWriter, Reserved};
use super::fourcc;
use super::movie::{NON_SYNC, SYNC, default_flags, write_roll_choice};
use super::timing::{MediaClock, Sample, Span};
use crate::error::Result;
use crate::media::{CodecConfig, Packet, TimeBase, Track};

/// The samples of a track since the last fragment was written.
pub(super) struct TrackFragment {
    clock: MediaClock,
    is_opus: bool,
    /// What `trex` says of a sample of which nothing else does.
    default_flags: u32,
    /// By how many ticks media time begins before 0.
    shift: i64,
    /// When the first sample begins, in media ticks.
    decode_time: u64,
    runs: Vec<Run>,
    data: Vec<u8>,
    /// It may have gone out with an earlier fragment.
    last: Option<Span>,
    /// The duration of the shortest packet so far, in ticks.
    shortest: u32,
}

/// A packet that was checked.
pub(super) struct Accepted {
    sample: Sample,
    /// When it begins, in media ticks.
    decode_time: u64,
}

/// Samples that follow each other and are alike.
#[derive(Clone, Copy, PartialEq)]
struct Run {
    samples: u32,
    duration: u32,
    size: u32,
    flags: u32,
}

/// Flags of `tfhd` (8.8.7.1).
mod tfhd {
    pub const DEFAULT_SAMPLE_DURATION: u32 = 0x08;
    pub const DEFAULT_SAMPLE_SIZE: u32 = 0x10;
    pub const DEFAULT_SAMPLE_FLAGS: u32 = 0x20;
    /// Without it the data of a second track is looked for behind that of the first.
    pub const DEFAULT_BASE_IS_MOOF: u32 = 0x02_0000;
}

/// Flags of `trun` (8.8.8.1).
mod trun {
    pub const DATA_OFFSET: u32 = 0x01;
    pub const FIRST_SAMPLE_FLAGS: u32 = 0x04;
    pub const SAMPLE_DURATION: u32 = 0x100;
    pub const SAMPLE_SIZE: u32 = 0x200;
    pub const SAMPLE_FLAGS: u32 = 0x400;
}

impl TrackFragment {
    pub fn new(track: &Track) -> Result<Self> {
        Ok(TrackFragment {
            clock: MediaClock::new(track)?,
            is_opus: matches!(track.config, CodecConfig::Opus(_)),
            default_flags: default_flags(track),
            shift: 0,
            decode_time: 0,
            runs: Vec::new(),
            data: Vec::new(),
            last: None,
            shortest: u32::MAX,
        })
    }

    /// Has media time begin `ticks` before 0. Said before the first packet.
    pub fn set_shift(&mut self, ticks: i64) {
        self.shift = ticks;
    }

    /// The unit of its packets' times.
    pub fn base(&self) -> TimeBase {
        self.clock.base()
    }

    pub fn data(&self) -> &[u8] {
        &self.data
    }

    pub fn held_bytes(&self) -> usize {
        self.data.len() + self.runs.len() * size_of::<Run>()
    }

    /// Checks a packet before anything changes, and then has the sample before it last until it begins. If that sample
    /// has been written already, the gap shows between two decode times.
    pub fn accept(&mut self, packet: &Packet) -> Result<Accepted> {
        let sample = self.clock.sample(packet)?;
        let decode_time = self.clock.decode_time(packet.pts, self.shift)?;
        let duration = self.last.map(|last| self.clock.duration_until(last, packet.pts)).transpose()?;
        if let (Some(duration), Some(run)) = (duration, self.runs.pop()) {
            self.push(Run { samples: run.samples - 1, ..run });
            self.push(Run { samples: 1, duration, ..run });
        }
        Ok(Accepted { sample, decode_time })
    }

    /// Adds what [`accept`](Self::accept) made of a packet.
    pub fn add(&mut self, Accepted { sample, decode_time }: Accepted, packet: &Packet) {
        if self.runs.is_empty() {
            self.decode_time = decode_time;
        }
        let flags = if packet.key { SYNC } else { NON_SYNC };
        self.push(Run { samples: 1, duration: sample.duration, size: sample.size, flags });
        self.data.extend_from_slice(&packet.data);
        self.last = Some(sample.span);
        self.shortest = self.shortest.min(packet.duration);
    }

    fn push(&mut self, run: Run) {
        match self.runs.last_mut() {
            _ if run.samples == 0 => {}
            Some(last) if (Run { samples: run.samples, ..*last }) == run => last.samples += run.samples,
            _ => self.runs.push(run),
        }
    }

    /// The first sync sample: its number, from 1, and its media time.
    pub fn first_sync_sample(&self) -> Option<(u32, u64)> {
        let (mut number, mut time) = (1, self.decode_time);
        for run in &self.runs {
            if run.flags == SYNC {
                return Some((number, time));
            }
            number += run.samples;
            time += u64::from(run.samples) * u64::from(run.duration);
        }
        None
    }

    /// Whether no sample has come since the last fragment.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Forgets the samples.
    pub fn clear(&mut self) {
        self.runs.clear();
        self.data.clear();
    }

    /// Writes `traf` if there are samples, and returns where the offset of their data goes.
    ///
    /// What all samples share stands once, in the header, or in `trex`; the run holds what differs.
    pub fn write(&self, w: &mut BoxWriter, id: u32) -> Option<Reserved> {
        let duration = self.shared(|run| run.duration);
        let size = self.shared(|run| run.size);
        let (flags, first_flags) = self.shared_flags();
        let samples = self.runs.iter().map(|run| run.samples).sum();
        let mut data_offset = None;
        if samples == 0 {
            return data_offset;
        }
        w.boxed(fourcc::TRAF, |w| {
            w.flagged_box(fourcc::TFHD, 0, |w| {
                w.u32(id); // track_ID
                tfhd::DEFAULT_BASE_IS_MOOF
                    | w.optional_u32(tfhd::DEFAULT_SAMPLE_DURATION, duration)
                    | w.optional_u32(tfhd::DEFAULT_SAMPLE_SIZE, size)
                    | w.optional_u32(tfhd::DEFAULT_SAMPLE_FLAGS, flags.filter(|&flags| flags != self.default_flags))
            });
            w.full_box(fourcc::TFDT, 1, 0, |w| w.u64(self.decode_time)); // baseMediaDecodeTime
            w.flagged_box(fourcc::TRUN, 0, |w| {
                w.u32(samples); // sample_count
                data_offset = Some(w.reserve_u32());
                let mut present = trun::DATA_OFFSET | w.optional_u32(trun::FIRST_SAMPLE_FLAGS, first_flags);
                if duration.is_some() && size.is_some() && flags.is_some() {
                    return present;
                }
                for run in &self.runs {
                    for _ in 0..run.samples {
                        present |= w.optional_u32(trun::SAMPLE_DURATION, unless(duration, run.duration))
                            | w.optional_u32(trun::SAMPLE_SIZE, unless(size, run.size))
                            | w.optional_u32(trun::SAMPLE_FLAGS, unless(flags, run.flags));
                    }
                }
                present
            });
            if self.is_opus {
                write_roll_choice(w, samples, self.shortest);
            }
        });
        data_offset
    }

    /// The value that is that of all samples, if there is one.
    fn shared(&self, of: impl Fn(&Run) -> u32) -> Option<u32> {
        let (first, rest) = self.runs.split_first()?;
        rest.iter().all(|run| of(run) == of(first)).then_some(of(first))
    }

    /// The flags of all samples, or of all but the first, and then those of the first.
    fn shared_flags(&self) -> (Option<u32>, Option<u32>) {
        match self.runs.split_first() {
            Some((first, [second, rest @ ..])) if first.samples == 1 && first.flags != second.flags => {
                match rest.iter().all(|run| run.flags == second.flags) {
                    true => (Some(second.flags), Some(first.flags)),
                    false => (None, None),
                }
            }
            _ => (self.shared(|run| run.flags), None),
        }
    }
}

/// The value of a sample, unless all samples share one.
fn unless(shared: Option<u32>, value: u32) -> Option<u32> {
    match shared {
        Some(_) => None,
        None => Some(value),
    }
}
