//! IVF: a header of 32 bytes, and in front of each temporal unit its size and time.
//!
//! There is no standard; the fields are those that libaom writes. A tick of the header is a frame of the constant rate,
//! if there is one, or else a tick of the track. It holds nothing.

use super::only_track;
use super::temporal_unit::TemporalUnits;
use crate::error::{Error, Result};
use crate::media::{FrameRate, Packet, TimeBase, Track};
use crate::mux::frame_grid::FrameGrid;
use crate::mux::{Muxer, append, patch};
use crate::sink::Sink;

/// Where the count of frames is in the header.
const FRAMES_AT: u64 = 24;

pub(super) struct IvfMuxer {
    /// Whether the count of frames is patched in.
    counts: bool,
    start: u64,
    stream: Option<Stream>,
    /// Where the first packet ends; `None` before that.
    plays_from: Option<u64>,
}

struct Stream {
    units: TemporalUnits,
    grid: FrameGrid,
    /// How many frames there are, and the time of the last.
    frames: u32,
    last: Option<u64>,
}

impl IvfMuxer {
    pub fn new(counts: bool) -> Self {
        IvfMuxer { counts, start: 0, stream: None, plays_from: None }
    }
}

impl Muxer for IvfMuxer {
    fn begin(&mut self, tracks: &[Track], sink: &mut dyn Sink) -> Result<()> {
        let (track, video) = only_track(tracks, "IVF")?;
        let size = |pixels: u32| {
            let pixels = u16::try_from(pixels).ok();
            pixels
                .ok_or_else(|| Error::unsupported(format!("{} x {} pixels: IVF has 65,535", video.width, video.height)))
        };
        let (width, height) = (size(video.coded_width)?, size(video.coded_height)?);
        let rate = video.frame_rate.unwrap_or_else(|| ticks_a_second(track.time_base));
        let stream = Stream {
            units: TemporalUnits::new(track)?,
            grid: FrameGrid::new(track.time_base, rate)?,
            frames: 0,
            last: None,
        };

        let mut header = Vec::with_capacity(32);
        header.extend_from_slice(b"DKIF"); // signature
        header.extend_from_slice(&0u16.to_le_bytes()); // version
        header.extend_from_slice(&32u16.to_le_bytes()); // length of this header
        header.extend_from_slice(b"AV01"); // codec
        header.extend_from_slice(&width.to_le_bytes());
        header.extend_from_slice(&height.to_le_bytes());
        header.extend_from_slice(&rate.num().to_le_bytes()); // denominator of a tick
        header.extend_from_slice(&rate.den().to_le_bytes()); // numerator of a tick
        header.extend_from_slice(&0u32.to_le_bytes()); // frames: not known
        header.extend_from_slice(&0u32.to_le_bytes()); // unused
        self.start = sink.position();
        self.stream = Some(stream);
        append(sink, &header)
    }

    fn packet(&mut self, packet: Packet, sink: &mut dyn Sink) -> Result<()> {
        let stream = self.stream.as_mut().ok_or_else(|| Error::state("a packet before the header"))?;
        let unit = stream.units.unit(&packet)?;
        let time = u64::try_from(stream.grid.frame_at(packet.pts)?)
            .map_err(|_| Error::input(format!("a packet at {}: the times of IVF begin at 0", packet.pts)))?;
        if stream.last.is_some_and(|last| time <= last) {
            return Err(Error::input(format!("a packet at {}: one of that time is written already", packet.pts)));
        }
        let size = u32::try_from(unit.len())
            .map_err(|_| Error::input(format!("a packet of {} bytes: IVF holds at most {}", unit.len(), u32::MAX)))?;
        let frames = stream.frames.checked_add(1);
        stream.frames = frames.ok_or_else(|| Error::limit("an IVF file of more than 4,294,967,295 frames"))?;
        stream.last = Some(time);
        stream.units.begin();
        append(sink, &size.to_le_bytes())?;
        append(sink, &time.to_le_bytes())?;
        append(sink, &unit)?;
        self.plays_from.get_or_insert(sink.position());
        Ok(())
    }

    fn plays_from(&self) -> Option<u64> {
        self.plays_from
    }

    fn finish(&mut self, _: &[Track], sink: &mut dyn Sink) -> Result<()> {
        let frames = self.stream.as_ref().map_or(0, |stream| stream.frames);
        match self.counts {
            true => patch(sink, self.start + FRAMES_AT, &frames.to_le_bytes()),
            false => Ok(()),
        }
    }
}

/// A rate whose frames are the ticks of `base`.
fn ticks_a_second(base: TimeBase) -> FrameRate {
    FrameRate::new(base.den(), base.num())
}
