//! FLAC frames as a stream of their own has them: one after the other from sample 0 on, counted.

use crate::error::{Error, Result};
use crate::media::{CodecConfig, FlacConfig, Packet, TimeBase, Track};

/// Totals have 36 bits in STREAMINFO.
const MAX_TOTAL: u64 = (1 << 36) - 1;

/// The most that a frame's size can be in STREAMINFO.
const MAX_FRAME_SIZE: u64 = (1 << 24) - 1;

/// Checks and counts the frames of a track.
///
/// A FLAC stream has no times: its first frame begins at 0, and each of the others where the one before it ends.
/// Decoders tell the place of a frame from its number and STREAMINFO's block size, so neither a late start nor a gap
/// can be said.
#[derive(Clone)]
pub(in crate::mux) struct Frames {
    /// The bounds of block sizes, which do not hold for the last one.
    blocks: (u32, u32),
    /// Samples a channel until now.
    samples: u64,
    /// Bytes of the smallest and the largest frame.
    sizes: Option<(u64, u64)>,
    /// A frame shorter than all but the last may be has come.
    ended: bool,
}

impl Frames {
    /// Checks the configuration of `track`.
    pub fn new(track: &Track) -> Result<Self> {
        let config = config(track)?;
        let info = &config.stream_info;
        let block = |at: usize| u32::from(u16::from_be_bytes([info[at], info[at + 1]]));
        let said = u64::from_be_bytes([0, info[10], info[11], info[12], info[13], 0, 0, 0]) >> 28;
        let parameters = u64::from(config.sample_rate) << 8
            | u64::from(config.channels.wrapping_sub(1)) << 5
            | u64::from(config.bits_per_sample.wrapping_sub(1));
        if said != parameters || config.sample_rate == 0 {
            return Err(Error::input(format!(
                "a FLAC track of {} Hz, {} channels and {} bits: its STREAMINFO says otherwise",
                config.sample_rate, config.channels, config.bits_per_sample
            )));
        }
        let blocks = (block(0), block(2));
        if blocks.0 < 16 || blocks.1 < blocks.0 {
            return Err(Error::input(format!(
                "a FLAC track with blocks of {} to {} samples: allowed are 16 to 65535",
                blocks.0, blocks.1
            )));
        }
        if track.time_base != TimeBase::per_second(config.sample_rate) {
            let (rate, base) = (config.sample_rate, track.time_base);
            return Err(Error::input(format!("an audio track of {rate} Hz that counts in {base} s: use 1/{rate}")));
        }
        Ok(Frames { blocks, samples: 0, sizes: None, ended: false })
    }

    /// Takes a frame; where it is refused, nothing has changed.
    pub fn take(&mut self, packet: &Packet) -> Result<()> {
        let refuse = |what: String| Err(Error::input(format!("a FLAC frame at sample {}: {what}", packet.pts)));
        if u64::try_from(packet.pts).ok() != Some(self.samples) {
            return refuse(format!(
                "this container has it follow at {}, since it knows neither late nor early starts nor gaps; fill them \
                 with silence, or choose another container",
                self.samples
            ));
        }
        if packet.trim_end > 0 {
            return refuse(format!("{} of its samples are padding, which FLAC cannot say", packet.trim_end));
        }
        let (least, most) = self.blocks;
        if packet.duration == 0 || packet.duration > most {
            return refuse(format!("it has {} samples; STREAMINFO allows {least} to {most}", packet.duration));
        }
        if self.ended {
            return refuse(format!("the one before it has less than {least} samples, as only the last one may have"));
        }
        if !matches!(packet.data[..], [0xff, 0xf8 | 0xf9, ..]) {
            return refuse("it does not begin with a frame's sync code".into());
        }
        self.samples += u64::from(packet.duration);
        self.ended = packet.duration < least;
        let size = packet.data.len() as u64;
        let (least, most) = self.sizes.unwrap_or((size, size));
        self.sizes = Some((least.min(size), most.max(size)));
        Ok(())
    }

    /// Samples a channel until now.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// The final STREAMINFO: what `track` says, with sizes and total as they were counted. Where that differs from a
    /// total that `track` gives, its MD5 is of other samples, and goes.
    pub fn stream_info(&self, track: &Track) -> Result<[u8; 34]> {
        let mut info = config(track)?.stream_info;
        let (least, most) = self.sizes.filter(|sizes| sizes.1 <= MAX_FRAME_SIZE).unwrap_or_default();
        info[4..7].copy_from_slice(&(least as u32).to_be_bytes()[1..]);
        info[7..10].copy_from_slice(&(most as u32).to_be_bytes()[1..]);
        let total = if self.samples <= MAX_TOTAL { self.samples } else { 0 };
        let said = u64::from_be_bytes([0, 0, 0, info[13] & 0x0f, info[14], info[15], info[16], info[17]]);
        if said != 0 && said != total {
            info[18..].fill(0);
        }
        let total = total.to_be_bytes();
        info[13] = info[13] & 0xf0 | total[3];
        info[14..18].copy_from_slice(&total[4..]);
        Ok(info)
    }
}

/// The configuration of a FLAC track.
pub(in crate::mux) fn config(track: &Track) -> Result<&FlacConfig> {
    match &track.config {
        CodecConfig::Flac(config) => Ok(config),
        other => Err(Error::unsupported(format!("a FLAC stream takes no {}", other.name()))),
    }
}
