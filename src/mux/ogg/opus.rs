//! Opus in Ogg (RFC 7845): its two headers, and where on the stream a packet ends.

use crate::error::{Error, Result};
use crate::media::{CodecConfig, OpusConfig, Packet, TimeBase, Track};
use crate::mux::vorbis_comment::Comments;

/// Granule positions count samples of 48 kHz, whatever the sound was.
const TICKS: TimeBase = TimeBase::per_second(48_000);

/// Checks the packets of an Opus track and counts its granule positions.
///
/// [`Packet::pts`] counts as granule positions do: decoder output, priming included. A track that begins late has a
/// first page whose position is larger than its packets last (RFC 7845, 4.5). One that begins before 0 has what is not
/// heard of it added to the pre-skip, and is counted from its first packet.
pub(super) struct OpusStream {
    config: OpusConfig,
    place: Option<Place>,
}

#[derive(Clone, Copy)]
struct Place {
    /// What is added to times, where they begin below 0.
    shift: i64,
    /// Where the first packet begins, on the stream.
    start: i64,
    /// Where the next one has to begin, in time.
    next: i64,
    /// A packet that was trimmed at its end has come.
    ended: bool,
}

impl OpusStream {
    /// Checks the configuration of `track`.
    pub fn new(track: &Track) -> Result<Self> {
        let CodecConfig::Opus(config) = &track.config else {
            return Err(Error::unsupported(format!("an Opus stream takes no {}", track.config.name())));
        };
        config.check()?;
        if track.time_base != TICKS {
            let base = track.time_base;
            return Err(Error::input(format!("an Opus track that counts in {base} s: use 1/48000")));
        }
        Ok(OpusStream { config: config.clone(), place: None })
    }

    /// Takes a packet and says at which granule position it ends; where it is refused, nothing has changed.
    pub fn take(&mut self, packet: &Packet) -> Result<u64> {
        let refuse = |what: String| Err(Error::input(format!("an Opus packet at tick {}: {what}", packet.pts)));
        match duration(&packet.data) {
            Some(duration) if duration == packet.duration => {}
            Some(duration) => return refuse(format!("it lasts {duration} ticks, not {}", packet.duration)),
            None => return refuse("it is none of Opus".into()),
        }
        let mut place = match self.place {
            Some(place) => place,
            None => self.place_first(packet.pts)?,
        };
        if packet.trim_end > 0 && self.place.is_none() && place.start > 0 {
            return refuse(format!(
                "it is the only one, begins late, and {} ticks of it are padding; where all is on one page, Ogg says a late \
                 start or padding (RFC 7845, 4.5): begin at 0, or leave the padding in",
                packet.trim_end
            ));
        }
        if packet.pts != place.next {
            return refuse(format!(
                "the one before it ends at {}, and Ogg has no gaps of Opus (RFC 7845, 4); fill them with silence",
                place.next
            ));
        }
        if place.ended {
            return refuse("the one before it was trimmed at its end, so it was the last".into());
        }
        if packet.trim_end > packet.duration {
            return refuse(format!("{} ticks of {} are padding", packet.trim_end, packet.duration));
        }
        let Some(end) =
            packet.pts.checked_add(packet.duration.into()).filter(|end| end.checked_add(place.shift).is_some())
        else {
            return refuse("it ends after the last tick there is".into());
        };
        let granule = end + place.shift - i64::from(packet.trim_end);
        // Readers refuse a stream that ends within what they are to skip (RFC 7845, 4.5).
        if packet.trim_end > 0 && granule - place.start < i64::from(self.pre_skip(place)) {
            return refuse("nothing is left between its padding and the pre-skip".into());
        }
        place.next = end;
        place.ended = packet.trim_end > 0;
        self.place = Some(place);
        u64::try_from(granule).or_else(|_| refuse("its granule position is below 0".into()))
    }

    /// Whether the first packet that has come begins after 0.
    pub fn is_late(&self) -> bool {
        self.place.is_some_and(|place| place.start > 0)
    }

    fn place_first(&self, pts: i64) -> Result<Place> {
        let shift = pts.min(0).saturating_neg();
        let most = i64::from(u16::MAX - self.config.pre_skip);
        if shift > most {
            return Err(Error::input(format!(
                "an Opus track that begins at tick {pts}: a pre-skip of 65535 at most says that, so allowed is {}",
                -most
            )));
        }
        Ok(Place { shift, start: pts + shift, next: pts, ended: false })
    }

    fn pre_skip(&self, place: Place) -> u16 {
        // Checked when the place was made.
        self.config.pre_skip.saturating_add(place.shift as u16)
    }

    /// The identification header (RFC 7845, 5.1) and the comment header (5.2). Called when the first packet has come,
    /// or none will.
    pub fn heads(&self, comments: &Comments) -> Result<Vec<Vec<u8>>> {
        let pre_skip = self.place.map_or(self.config.pre_skip, |place| self.pre_skip(place));
        let head = OpusConfig { pre_skip, ..self.config.clone() }.identification_header();
        Ok(vec![head, [b"OpusTags".to_vec(), comments.to_bytes()?].concat()])
    }
}

/// What a packet lasts, in ticks, from its table of contents (RFC 6716, 3.1). Readers take it from there, so a stream
/// whose granule positions say otherwise is one with holes.
fn duration(packet: &[u8]) -> Option<u32> {
    let toc = *packet.first()?;
    let configuration = toc >> 3;
    let frame = match configuration {
        0..12 => [480, 960, 1920, 2880][usize::from(configuration % 4)],
        12..16 => [480, 960][usize::from(configuration % 2)],
        _ => [120, 240, 480, 960][usize::from(configuration % 4)],
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(*packet.get(1)? & 63),
    };
    // At most 120 ms.
    Some(frame * frames).filter(|duration| (1..=5760).contains(duration))
}
