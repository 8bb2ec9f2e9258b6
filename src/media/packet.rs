//! Encoded pieces, on their way from a codec to a muxer.

/// One access unit: an AV1 temporal unit, an Opus packet, a FLAC frame, a JPEG picture, a block of PCM, a subtitle cue.
///
/// AV1 temporal units come without temporal delimiters, as every container wants them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Packet {
    /// The index of its track.
    pub track: usize,
    /// When its presentation begins, in ticks of the track's time base. Of audio this counts decoder output, priming
    /// included: the first packet is at 0, and sound that the listener hears first is at the codec's pre-skip. What is
    /// presented before 0 is not shown: a stream that begins early is decoded from there, and seen from 0 on.
    pub pts: i64,
    /// How long it lasts, in ticks. Never 0.
    pub duration: u32,
    /// Whether decoding can begin here.
    pub key: bool,
    /// Of audio's last packet: how many of its samples, at the end, are padding, in ticks.
    pub trim_end: u32,
    /// The payload.
    pub data: Vec<u8>,
    /// Of a picture with transparency: its alpha plane, coded by itself as a picture of luma alone. Black is transparent.
    pub alpha: Option<Vec<u8>>,
}

impl Packet {
    /// A packet of `track` without end trim.
    pub fn new(track: usize, pts: i64, duration: u32, key: bool, data: Vec<u8>) -> Self {
        Packet { track, pts, duration, key, trim_end: 0, data, alpha: None }
    }

    /// The tick after its last.
    pub fn end(&self) -> i64 {
        self.pts.saturating_add(i64::from(self.duration))
    }
}
