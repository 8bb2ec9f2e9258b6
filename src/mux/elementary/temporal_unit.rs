//! AV1 temporal units as a stream without a container has them (AV1 specification, 5 and 7.5): each begins with a
//! temporal delimiter, each OBU says its size, and a sequence header stands in front of the first frame.

use crate::error::{Error, Result};
use crate::media::{CodecConfig, Packet, Track};

/// `obu_type` (6.2.2)
const SEQUENCE_HEADER: u8 = 1;
const TEMPORAL_DELIMITER: u8 = 2;

/// An OBU that is a temporal delimiter, with `obu_has_size_field`.
const DELIMITER: [u8; 2] = [TEMPORAL_DELIMITER << 3 | 2, 0];

/// Makes temporal units of the packets of a track, which have no delimiters.
#[derive(Default)]
pub(super) struct TemporalUnits {
    /// Of the track's configuration, for streams whose packets leave it out.
    sequence_header: Vec<u8>,
    begun: bool,
}

/// An OBU in a packet.
struct Obu<'a> {
    kind: u8,
    header: &'a [u8],
    payload: &'a [u8],
}

impl TemporalUnits {
    /// # Errors
    /// `Unsupported` where the track is not AV1, `InvalidInput` where its sequence header, which goes into the stream as it
    /// is, is anything else: a reader would lose its way there.
    pub fn new(track: &Track) -> Result<Self> {
        let CodecConfig::Av1(config) = &track.config else {
            return Err(Error::unsupported(format!("a stream of OBUs takes no {} track", track.config.name())));
        };
        let header = &config.sequence_header;
        let is_header = |(obu, behind): (Obu<'_>, &[u8])| {
            obu.kind == SEQUENCE_HEADER && obu.header.first().is_some_and(|first| first & 2 != 0) && behind.is_empty()
        };
        if !header.is_empty() && !Obu::parse(header).is_some_and(is_header) {
            let bytes = header.len();
            return Err(Error::input(format!(
                "a sequence header of {bytes} bytes that is none: it has to be one OBU of that type, with its size"
            )));
        }
        Ok(TemporalUnits { sequence_header: header.clone(), begun: false })
    }

    /// What `packet` is in the stream.
    ///
    /// # Errors
    /// `InvalidInput` where it is no series of OBUs, or the first one is no key frame.
    pub fn unit(&self, packet: &Packet) -> Result<Vec<u8>> {
        if !self.begun && !packet.key {
            return Err(Error::input(format!("a first packet at {} that is no key frame", packet.pts)));
        }
        let mut unit = Vec::with_capacity(packet.data.len() + self.sequence_header.len() + 16);
        unit.extend_from_slice(&DELIMITER);
        let (mut rest, mut has_sequence_header) = (&packet.data[..], false);
        while !rest.is_empty() {
            let at = packet.data.len() - rest.len();
            let (obu, behind) = Obu::parse(rest).ok_or_else(|| {
                Error::input(format!("a packet at {} that is no AV1: no OBU at byte {at}", packet.pts))
            })?;
            rest = behind;
            has_sequence_header |= obu.kind == SEQUENCE_HEADER;
            if obu.kind != TEMPORAL_DELIMITER {
                obu.write(&mut unit);
            }
        }
        let start = DELIMITER.len();
        if unit.len() == start {
            return Err(Error::input(format!("a packet at {} that has no OBU but delimiters", packet.pts)));
        }
        if packet.key && !has_sequence_header {
            unit.splice(start..start, self.sequence_header.iter().copied());
        }
        Ok(unit)
    }

    /// Called when a unit has been written.
    pub fn begin(&mut self) {
        self.begun = true;
    }
}

impl<'a> Obu<'a> {
    /// The OBU that `bytes` begin with (5.3), and what stands behind it.
    fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let first = *bytes.first()?;
        if first & 0x80 != 0 {
            return None;
        }
        let (has_extension, has_size_field) = (first & 4 != 0, first & 2 != 0);
        let (header, rest) = bytes.split_at_checked(1 + usize::from(has_extension))?;
        let (size, rest) = if has_size_field { leb128(rest)? } else { (rest.len(), rest) };
        let (payload, behind) = rest.split_at_checked(size)?;
        Some((Obu { kind: first >> 3 & 15, header, payload }, behind))
    }

    /// Writes it with its size.
    fn write(&self, unit: &mut Vec<u8>) {
        if let [first, extension @ ..] = self.header {
            unit.push(first | 2); // obu_has_size_field
            unit.extend_from_slice(extension);
        }
        let mut size = self.payload.len();
        while size > 0x7f {
            unit.push(size as u8 | 0x80);
            size >>= 7;
        }
        unit.push(size as u8);
        unit.extend_from_slice(self.payload);
    }
}

/// A number of at most 32 bits in `leb128()` (4.10.5), and what stands behind it.
fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let length = bytes.iter().take(8).position(|byte| byte & 0x80 == 0)? + 1;
    let (number, behind) = bytes.split_at_checked(length)?;
    let value = number.iter().rev().fold(0u64, |value, byte| value << 7 | u64::from(byte & 0x7f));
    Some((usize::try_from(u32::try_from(value).ok()?).ok()?, behind))
}
