//! A track of pictures or sound: what waits for the end of its segment, and its files.

use super::files::{self, Names};
use super::segments::Segments;
use crate::error::{Error, Result};
use crate::media::{Packet, TimeBase, Timestamp, Track};
use crate::mux::isobmff::{Head, TrackFile};
use crate::sink::{Folder, Sink};

/// A track of pictures or sound.
pub(super) struct MediaTrack {
    /// `video1`, `audio1`, ….
    pub name: String,
    pub base: TimeBase,
    pub is_video: bool,
    pub segments: Segments,
    file: TrackFile,
    /// Packets of the segment that is being filled.
    pending: Vec<Packet>,
    /// Where that segment begins, in the track's ticks.
    start: Option<i64>,
    /// The part of it that was too large to wait.
    begun: Option<Begun>,
    /// All segments in one file.
    pub whole: Option<Box<dyn Sink>>,
    /// From when on a segment ends at the next key frame.
    pub due: Option<Timestamp>,
    /// A packet has come.
    pub is_fed: bool,
}

/// A segment whose first fragments have been written.
struct Begun {
    start: u64,
    end: u64,
    bytes: u64,
    /// Its own file, where it has one.
    file: Option<Box<dyn Sink>>,
}

impl MediaTrack {
    pub fn new(track: &Track, name: String, is_gapless: bool) -> Result<Self> {
        Ok(MediaTrack {
            name,
            base: track.time_base,
            is_video: track.video().is_some(),
            segments: Segments::new(track.time_base.den(), is_gapless),
            file: TrackFile::new(track)?,
            pending: Vec::new(),
            start: None,
            begun: None,
            whole: None,
            due: None,
            is_fed: false,
        })
    }

    /// Checks a packet before anything changes.
    pub fn check(&mut self, packet: &Packet) -> Result<()> {
        if packet.pts < 0 {
            let pts = packet.pts;
            return Err(Error::input(format!(
                "a packet at tick {pts}: HLS and DASH begin at 0, cut off what is before"
            )));
        }
        if self.is_video && !self.is_fed && !packet.key {
            return Err(Error::input("the first picture of a track has to be a key frame: segments begin with one"));
        }
        self.file.check(packet)
    }

    pub fn push(&mut self, packet: Packet) {
        self.is_fed = true;
        if self.start.is_none() {
            (self.start, self.due) = (Some(packet.pts), None);
        }
        self.pending.push(packet);
    }

    /// Bytes that wait.
    pub fn held_bytes(&self) -> usize {
        self.pending.iter().map(|packet| packet.data.len() + size_of::<Packet>()).sum()
    }

    pub fn moment(&self, packet: &Packet) -> Timestamp {
        Timestamp::new(packet.pts, self.base)
    }

    /// How long the segment would be up to tick `end`, in units of a nanosecond.
    pub fn elapsed(&self, end: i64) -> u64 {
        let Some(start) = self.start else { return 0 };
        let nanos = self.base.rescale(end.saturating_sub(start), TimeBase::NANOSECONDS);
        u64::try_from(nanos.unwrap_or(i64::MAX)).unwrap_or(0)
    }

    /// Where the last key frame stands that a segment could begin with, so that the one before it is not empty.
    pub fn last_key(&self) -> Option<usize> {
        let first = usize::from(self.begun.is_none());
        (first..self.pending.len()).rev().find(|&index| self.pending[index].key)
    }

    pub fn waiting(&self, index: usize) -> Option<Timestamp> {
        self.pending.get(index).map(|packet| self.moment(packet))
    }

    /// How many of the packets that wait begin before `moment`.
    pub fn before(&self, moment: Timestamp) -> usize {
        self.pending.partition_point(|packet| self.moment(packet).is_before(moment))
    }

    /// Where the first key frame stands that does not begin before `moment`.
    pub fn key_from(&self, moment: Timestamp) -> Option<usize> {
        (self.before(moment)..self.pending.len()).find(|&index| self.pending[index].key)
    }

    /// Ends the segment after `count` of the packets that wait. `next` is the packet behind all of them, where there is
    /// one already. Gives whether there was anything to write.
    pub fn cut(&mut self, count: usize, next: Option<&Packet>, names: &Names, folder: &mut dyn Folder) -> Result<bool> {
        let rest = self.pending.split_off(count);
        let packets = std::mem::take(&mut self.pending);
        let next = rest.first().or(next);
        self.start = rest.first().map(|packet| packet.pts);
        if packets.is_empty() && self.begun.is_none() {
            self.pending = rest;
            return Ok(false);
        }
        let head = if self.begun.is_some() { Head::Later } else { Head::Whole };
        let mut segment = self.write(&packets, next, head, names, folder)?;
        self.pending = rest;
        if let Some(file) = &mut segment.file {
            files::complete(&mut **file)?;
        }
        let offset = self.offset().saturating_sub(segment.bytes);
        self.segments.push(segment.start, segment.end, segment.bytes, offset, false);
        Ok(true)
    }

    /// Writes the packets that wait as a fragment, and leaves the segment open. A gap in front of it is filled with
    /// segments of at most `gaps`, where that is said: how long this one will be is not known.
    pub fn flush(&mut self, gaps: Option<u64>, names: &Names, folder: &mut dyn Folder) -> Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        if let (Some(length), None, Some((start, _))) = (gaps, &self.begun, self.next_presented(self.waits(), None)) {
            self.fill(start, length, names, folder)?;
        }
        let packets = std::mem::take(&mut self.pending);
        let head = if self.begun.is_some() { Head::Later } else { Head::First };
        self.begun = Some(self.write(&packets, None, head, names, folder)?);
        Ok(())
    }

    fn write(
        &mut self,
        packets: &[Packet],
        next: Option<&Packet>,
        head: Head,
        names: &Names,
        folder: &mut dyn Folder,
    ) -> Result<Begun> {
        let mut segment = match self.begun.take() {
            Some(begun) => begun,
            None => {
                let name = names.segment(&self.name, self.segments.next_number(), SEGMENT);
                let file = if self.whole.is_none() { Some(files::create(folder, &name)?) } else { None };
                let (start, end) = self.file.presented(packets, next);
                Begun { start, end, bytes: 0, file }
            }
        };
        if !packets.is_empty() {
            let bytes = self.file.fragment(packets, next, head)?;
            (_, segment.end) = self.file.presented(packets, next);
            segment.bytes = segment.bytes.saturating_add(bytes.len() as u64);
            match segment.file.as_deref_mut().or(self.whole.as_deref_mut()) {
                Some(file) => files::append(file, &bytes)?,
                None => return Err(Error::state("a track without a file")),
            }
        }
        Ok(segment)
    }

    /// Fills what the track has nothing in, up to `end`, with segments of at most `length` that say so.
    pub fn fill(&mut self, end: u64, length: u64, names: &Names, folder: &mut dyn Folder) -> Result<()> {
        while self.segments.end() < end {
            let from = self.segments.end();
            let until = end.min(from.saturating_add(length.max(1)));
            let bytes = TrackFile::empty_segment()?;
            match &mut self.whole {
                Some(file) => files::append(&mut **file, &bytes)?,
                None => {
                    let name = names.segment(&self.name, self.segments.next_number(), SEGMENT);
                    files::write(folder, &name, &bytes)?;
                }
            }
            let length = bytes.len() as u64;
            self.segments.push(from, until, length, self.offset().saturating_sub(length), true);
        }
        Ok(())
    }

    /// When the segment that `count` packets make would be presented; `None` where there is none, or it has begun.
    pub fn next_presented(&self, count: usize, next: Option<&Packet>) -> Option<(u64, u64)> {
        let packets = self.pending.get(..count).filter(|packets| !packets.is_empty() && self.begun.is_none())?;
        Some(self.file.presented(packets, self.pending.get(count).or(next)))
    }

    pub fn waits(&self) -> usize {
        self.pending.len()
    }

    fn offset(&self) -> u64 {
        self.whole.as_ref().map_or(0, |file| file.position())
    }
}

/// The extension of a segment (ISO/IEC 23009-1).
pub(super) const SEGMENT: &str = "m4s";
