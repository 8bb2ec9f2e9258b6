//! The low-overhead bitstream format of AV1 (its specification, 5): temporal units, one behind the other.
//!
//! It tells no times, not even a rate: who plays it has to know that from elsewhere. So frames have to be alike, from 0
//! on and without a gap, or their order would be all that is left. It holds nothing.

use super::only_track;
use super::temporal_unit::TemporalUnits;
use crate::error::{Error, Result};
use crate::media::{Packet, Track};
use crate::mux::frame_grid::FrameGrid;
use crate::mux::{Muxer, append};
use crate::sink::Sink;

#[derive(Default)]
pub(super) struct ObuMuxer {
    stream: Option<(TemporalUnits, FrameGrid)>,
    /// How many frames there are.
    frames: u64,
    /// Where the first packet ends; `None` before that.
    plays_from: Option<u64>,
}

impl Muxer for ObuMuxer {
    fn begin(&mut self, tracks: &[Track], _: &mut dyn Sink) -> Result<()> {
        let (track, _) = only_track(tracks, "an OBU stream")?;
        self.stream = Some((TemporalUnits::new(track)?, FrameGrid::constant(track, "an OBU stream")?));
        Ok(())
    }

    fn packet(&mut self, packet: Packet, sink: &mut dyn Sink) -> Result<()> {
        let (units, grid) = self.stream.as_mut().ok_or_else(|| Error::state("a packet before the beginning"))?;
        grid.check_next(&packet, self.frames, "an OBU stream")?;
        let unit = units.unit(&packet)?;
        units.begin();
        self.frames += 1;
        append(sink, &unit)?;
        self.plays_from.get_or_insert(sink.position());
        Ok(())
    }

    fn plays_from(&self) -> Option<u64> {
        self.plays_from
    }

    fn finish(&mut self, _: &[Track], _: &mut dyn Sink) -> Result<()> {
        Ok(())
    }
}
