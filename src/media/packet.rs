//! Encoded pieces, on their way from a codec to a muxer.

/// One access unit: an AV1 temporal unit, an Opus packet, a FLAC frame, a JPEG picture, a block of PCM.
///
/// AV1 temporal units come without temporal delimiters, as every container wants them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Packet {
    /// The index of its track.
    pub track: usize,
    /// When its presentation begins, in ticks of the track's time base. Of audio this counts decoder output, priming
    /// included: the first packet is at 0, and sound that the listener hears first is at the codec's pre-skip.
    pub pts: i64,
    /// How long it lasts, in ticks. Never 0.
    pub duration: u32,
    /// Whether decoding can begin here.
    pub key: bool,
    /// Of audio's last packet: how many of its samples, at the end, are padding, in ticks.
    pub trim_end: u32,
    /// The payload.
    pub data: Vec<u8>,
}

impl Packet {
    /// A packet of `track` without end trim.
    pub fn new(track: usize, pts: i64, duration: u32, key: bool, data: Vec<u8>) -> Self {
        Packet { track, pts, duration, key, trim_end: 0, data }
    }

    /// The tick after its last.
    pub fn end(&self) -> i64 {
        self.pts.saturating_add(i64::from(self.duration))
    }
}
