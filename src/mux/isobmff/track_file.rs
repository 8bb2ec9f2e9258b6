//! A file of one track, as CMAF has it (ISO/IEC 23000-19): its header, and the fragments of its segments.

use super::boxes::BoxWriter;
use super::description::Description;
use super::fourcc;
use super::movie::{self, MovieTrack};
use super::sample_table::SampleTable;
use super::timing::{Edit, MediaClock, Span, movie_time_base};
use super::track_fragment::TrackFragment;
use crate::error::{Error, Result};
use crate::media::{CodecConfig, Packet, Track};

/// Writes the pieces of a track's file to memory.
pub(in crate::mux) struct TrackFile {
    clock: MediaClock,
    fragment: TrackFragment,
    pre_skip: u32,
    /// The packet that was checked last.
    last: Option<Span>,
    sequence_number: u32,
}

/// What stands before a fragment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::mux) enum Head {
    /// It is a segment by itself: the segment's type, and an index of it.
    Whole,
    /// It begins a segment that has more of them: the segment's type.
    First,
    /// It goes on with one: nothing.
    Later,
}

impl TrackFile {
    /// Checks the track.
    pub fn new(track: &Track) -> Result<Self> {
        Ok(TrackFile {
            clock: MediaClock::new(track)?,
            fragment: TrackFragment::new(track)?,
            pre_skip: track.config.pre_skip(),
            last: None,
            sequence_number: 0,
        })
    }

    /// The CMAF header: `ftyp`, and a `moov` without samples. Priming is skipped by an edit.
    pub fn header(track: &Track) -> Result<Vec<u8>> {
        let pre_skip = track.config.pre_skip();
        let edits = match pre_skip {
            0 => Vec::new(),
            _ => vec![Edit { segment_duration: 0, media_time: Some(pre_skip.into()) }],
        };
        let mut table = SampleTable::default();
        let mut tracks = [MovieTrack { id: TRACK_ID, track, table: &mut table, shortest: None, duration: 0, edits }];
        let mut w = BoxWriter::new();
        w.boxed(fourcc::FTYP, |w| {
            w.bytes(&fourcc::ISO6); // major_brand
            w.u32(0); // minor_version
            w.bytes(&fourcc::ISO6); // compatible_brands
            w.bytes(&fourcc::CMFC);
            if matches!(track.config, CodecConfig::Av1(_)) {
                w.bytes(&fourcc::AV01);
            }
        });
        movie::write_movie(
            &mut w,
            &Description::default(),
            movie_time_base(std::slice::from_ref(track)),
            1,
            &mut tracks,
            true,
        )?;
        w.finish()
    }

    /// A segment in which there is nothing.
    pub fn empty_segment() -> Result<Vec<u8>> {
        let mut w = BoxWriter::new();
        write_segment_type(&mut w, false);
        w.finish()
    }

    /// Checks that `packet` can be told of, behind those that were checked before.
    pub fn check(&mut self, packet: &Packet) -> Result<()> {
        let sample = self.clock.sample(packet)?;
        self.clock.decode_time(packet.pts, 0)?;
        if let Some(last) = self.last {
            self.clock.duration_until(last, packet.pts)?;
        }
        self.last = Some(sample.span);
        Ok(())
    }

    /// When `packets` are presented, in ticks of the media: from where to where, the priming taken off. They last until
    /// `next`, where it is known.
    pub fn presented(&self, packets: &[Packet], next: Option<&Packet>) -> (u64, u64) {
        let heard = |ticks: i64| {
            let ticks = i128::from(ticks.saturating_sub(self.pre_skip.into())) * i128::from(self.clock.base().num());
            u64::try_from(ticks.max(0)).unwrap_or(u64::MAX)
        };
        let start = packets.first().map_or(0, |packet| packet.pts);
        let end = packets.last().map_or(start, |last| match next {
            Some(next) => next.pts,
            None => last.end().saturating_sub(last.trim_end.into()).max(last.pts.saturating_add(1)),
        });
        // Readers take no segment that lasts no time.
        (heard(start), heard(end).max(heard(start).saturating_add(1)))
    }

    /// A `moof` with `packets` and their `mdat`; the last of them lasts until `next`, where it is known.
    pub fn fragment(&mut self, packets: &[Packet], next: Option<&Packet>, head: Head) -> Result<Vec<u8>> {
        for packet in packets {
            let sample = self.fragment.accept(packet)?;
            self.fragment.add(sample, packet);
        }
        if let Some(next) = next {
            self.fragment.accept(next)?;
        }
        self.sequence_number =
            self.sequence_number.checked_add(1).ok_or_else(|| Error::limit("more than 4,294,967,295 fragments"))?;
        let mut fragment = BoxWriter::new();
        let mut data_offset = None;
        fragment.boxed(fourcc::MOOF, |w| {
            w.full_box(fourcc::MFHD, 0, 0, |w| w.u32(self.sequence_number));
            data_offset = self.fragment.write(w, TRACK_ID);
        });
        let too_large = || Error::limit("a segment of more than 2 GiB; choose a shorter `segment_duration`");
        let begin = i32::try_from(fragment.len() + 8).map_err(|_| too_large())?;
        if let Some(data_offset) = data_offset {
            fragment.fill_in(data_offset, begin as u32);
        }
        let data = self.fragment.data();
        fragment.u32(i32::try_from(data.len() + 8).map_err(|_| too_large())? as u32);
        fragment.bytes(&fourcc::MDAT);
        fragment.bytes(data);
        let fragment = fragment.finish()?;
        self.fragment.clear();

        let mut w = BoxWriter::new();
        match head {
            Head::Whole => {
                write_segment_type(&mut w, true);
                let size = i32::try_from(fragment.len()).map_err(|_| too_large())? as u32;
                let (start, end) = self.presented(packets, next);
                let duration = u32::try_from(end - start).unwrap_or(u32::MAX);
                let timescale = self.clock.base().den();
                write_index(
                    &mut w,
                    Index { timescale, start, size, duration, sync: packets.first().is_some_and(|p| p.key) },
                );
            }
            Head::First => write_segment_type(&mut w, false),
            Head::Later => {}
        }
        w.bytes(&fragment);
        w.finish()
    }
}

/// A file of one track numbers it so.
const TRACK_ID: u32 = 1;

fn write_segment_type(w: &mut BoxWriter, indexed: bool) {
    w.boxed(fourcc::STYP, |w| {
        w.bytes(&fourcc::MSDH); // major_brand
        w.u32(0); // minor_version
        w.bytes(&fourcc::MSDH); // compatible_brands
        w.bytes(&fourcc::CMFS);
        if indexed {
            w.bytes(&fourcc::MSIX);
        }
    });
}

/// What `sidx` says of its only subsegment.
struct Index {
    timescale: u32,
    start: u64,
    size: u32,
    duration: u32,
    sync: bool,
}

/// Writes `sidx` (8.16.3): one subsegment, which begins right behind it.
fn write_index(w: &mut BoxWriter, index: Index) {
    w.full_box(fourcc::SIDX, 1, 0, |w| {
        w.u32(TRACK_ID); // reference_ID
        w.u32(index.timescale);
        w.u64(index.start); // earliest_presentation_time
        w.u64(0); // first_offset
        w.u16(0); // reserved
        w.u16(1); // reference_count
        w.u32(index.size); // reference_type 0: media; referenced_size
        w.u32(index.duration); // subsegment_duration
        // starts_with_SAP, SAP_type 1: it begins with a sync sample; SAP_delta_time 0
        w.u32(if index.sync { 0x9000_0000 } else { 0 });
    });
}
