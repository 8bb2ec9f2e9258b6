//! Opus (RFC 6716, RFC 7845).

mod coder;
#[cfg(test)]
mod tests;

use self::coder::Coder;
use super::{AudioEngine, CodedAudio};
use crate::error::{Error, Result};
use crate::media::{AudioBlock, CodecConfig, MAX_CHANNELS, OpusConfig};

/// Every time of an Opus stream is in ticks of this rate, whatever rate it was coded at (RFC 7845, 4).
pub(crate) const TICKS_PER_SECOND: u32 = 48_000;
/// The rates that the codec takes; others have to be converted.
pub(crate) const SAMPLE_RATES: [u32; 5] = [8_000, 12_000, 16_000, 24_000, 48_000];

/// What an [`OpusEngine`] is opened with.
#[derive(Clone, Debug)]
pub(crate) struct OpusSettings {
    /// The rate of the samples that come: one of [`SAMPLE_RATES`].
    pub sample_rate: u32,
    /// The rate of the sound before it was converted to that, for the header; 0 where it is not known.
    pub input_sample_rate: u32,
    /// 1 to 8.
    pub channels: u8,
    /// Bits a second of all channels; `None` is [`OpusSettings::default_bit_rate`].
    pub bit_rate: Option<u32>,
    pub rate_control: OpusRateControl,
    pub application: OpusApplication,
    /// 0 to 10: from fast to good.
    pub complexity: u8,
    pub frame_duration: OpusFrameDuration,
}

/// How the bit rate is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OpusRateControl {
    /// Each packet takes what it needs. The bit rate is a wish: one or two channels go beyond it by up to a fifth, and
    /// more channels can be off by half of it either way.
    Vbr,
    /// Packets vary, but the bit rate holds over a short time.
    #[default]
    ConstrainedVbr,
    /// All packets are of one size.
    Cbr,
}

/// What the sound is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OpusApplication {
    /// Music, and anything that shall sound like the original.
    #[default]
    Audio,
    /// Speech that shall be understood.
    Voip,
    /// Anything, with 4 ms less delay and without the tools for speech.
    LowDelay,
}

/// How long a packet lasts. Longer ones cost fewer bits, shorter ones less delay.
///
/// With six or more channels and a constant bit rate, packets of 10 ms or less leave nothing for the low frequency
/// channel, which is coded last, unless the bit rate is high: 1 Mb/s at 5 ms, 320 kb/s at 10 ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OpusFrameDuration {
    Ms2_5,
    Ms5,
    Ms10,
    #[default]
    Ms20,
    Ms40,
    Ms60,
}

impl OpusFrameDuration {
    /// In ticks of 1/48,000 s.
    pub fn ticks(self) -> u32 {
        match self {
            OpusFrameDuration::Ms2_5 => 120,
            OpusFrameDuration::Ms5 => 240,
            OpusFrameDuration::Ms10 => 480,
            OpusFrameDuration::Ms20 => 960,
            OpusFrameDuration::Ms40 => 1920,
            OpusFrameDuration::Ms60 => 2880,
        }
    }
}

impl Default for OpusSettings {
    /// Stereo of 48 kHz for music, in packets of 20 ms, at the default bit rate.
    fn default() -> Self {
        OpusSettings {
            sample_rate: TICKS_PER_SECOND,
            input_sample_rate: TICKS_PER_SECOND,
            channels: 2,
            bit_rate: None,
            rate_control: OpusRateControl::default(),
            application: OpusApplication::default(),
            complexity: 10,
            frame_duration: OpusFrameDuration::default(),
        }
    }
}

impl OpusSettings {
    /// # Errors
    /// `InvalidOption` naming the setting that is out of range.
    pub fn open(&self) -> Result<OpusEngine> {
        if !SAMPLE_RATES.contains(&self.sample_rate) {
            return Err(Error::option(
                "out_sample_rate",
                self.sample_rate,
                "Opus takes 8000, 12000, 16000, 24000 or 48000",
            ));
        }
        if !(1..=MAX_CHANNELS).contains(&usize::from(self.channels)) {
            return Err(Error::option(
                "out_num_channels",
                self.channels,
                format_args!("allowed are 1 to {MAX_CHANNELS}"),
            ));
        }
        if self.complexity > 10 {
            return Err(Error::option("complexity", self.complexity, "allowed are 0 to 10"));
        }
        let (least, most) = self.bit_rate_range();
        let bit_rate = self.bit_rate.unwrap_or_else(|| self.default_bit_rate());
        if !(least..=most).contains(&bit_rate) {
            return Err(Error::option(
                "bit_rate",
                bit_rate,
                format_args!(
                    "Opus takes {least} to {most} bits a second for {} channels in packets of {} ms",
                    self.channels,
                    f64::from(self.frame_duration.ticks()) / 48.0,
                ),
            ));
        }

        let coder = Coder::new(self, bit_rate)?;
        let ticks_per_sample = TICKS_PER_SECOND / self.sample_rate;
        let pre_skip = u16::try_from(coder.look_ahead() * ticks_per_sample)
            .map_err(|_| Error::codec(format!("the Opus encoder looks ahead by {} samples", coder.look_ahead())))?;
        Ok(OpusEngine {
            config: OpusConfig {
                channels: self.channels,
                pre_skip,
                input_sample_rate: self.input_sample_rate,
                output_gain: 0,
                mapping: coder.mapping(),
            },
            order: CODED_ORDER[usize::from(self.channels) - 1],
            ticks_per_sample,
            packet_ticks: self.frame_duration.ticks(),
            bit_rate,
            coder,
            pending: Vec::new(),
            samples: 0,
            ticks: 0,
            finished: false,
        })
    }

    /// What sounds transparent to most ears: 64 kb/s for one channel, 128 for two, 256 for 5.1.
    pub fn default_bit_rate(&self) -> u32 {
        match self.channels {
            0 | 1 => 64_000,
            2 => 128_000,
            channels => 64_000 + 32_000 * u32::from(channels),
        }
    }

    /// From where packets have room for more than their own overhead (RFC 6716, 2.1.1, says 6 kb/s; short packets need
    /// more) to where packets cannot grow (1,275 bytes a frame and stream).
    fn bit_rate_range(&self) -> (u32, u32) {
        let packets_per_second = TICKS_PER_SECOND / self.frame_duration.ticks();
        let channels = u32::from(self.channels);
        // Bits that a packet takes a channel. Several streams take more, or nothing is left for the low frequencies.
        let overhead = if channels > 2 { 100 } else { 60 };
        (channels * (overhead * packets_per_second).max(6_000), (256_000 * channels).max(512_000))
    }
}

/// For each coded channel, in the order of Vorbis (RFC 7845, 5.1.1.2), the channel of ours.
const CODED_ORDER: [&[usize]; MAX_CHANNELS] = [
    &[0],
    &[0, 1],
    &[0, 2, 1],
    &[0, 1, 2, 3],
    &[0, 2, 1, 3, 4],
    &[0, 2, 1, 4, 5, 3],
    &[0, 2, 1, 5, 6, 4, 3],
    &[0, 2, 1, 6, 7, 4, 5, 3],
];

/// An Opus encoder.
///
/// Durations, pre-skip and end trim are in ticks of 1/48,000 s: what all packets decode to is the pre-skip, the samples
/// that came, and the end trim.
pub(crate) struct OpusEngine {
    config: OpusConfig,
    order: &'static [usize],
    ticks_per_sample: u32,
    packet_ticks: u32,
    bit_rate: u32,
    coder: Coder,
    /// Interleaved samples, in coded order, of a packet that is not full.
    pending: Vec<i16>,
    /// Samples a channel that have come.
    samples: u64,
    /// What the packets until now last.
    ticks: u64,
    finished: bool,
}

impl OpusEngine {
    fn packet_len(&self) -> usize {
        (self.packet_ticks / self.ticks_per_sample) as usize * self.order.len()
    }

    fn encode_packet(&mut self, samples: &[i16]) -> Result<CodedAudio> {
        self.ticks += u64::from(self.packet_ticks);
        Ok(CodedAudio { data: self.coder.encode(samples)?, duration: self.packet_ticks, trim_end: 0 })
    }
}

impl AudioEngine for OpusEngine {
    fn encode(&mut self, samples: &AudioBlock, out: &mut Vec<CodedAudio>) -> Result<()> {
        if self.finished {
            return Err(Error::state("samples came after the end of the stream"));
        }
        let frames = samples.checked_frames(self.order.len())?;
        self.samples += frames as u64;
        let mut pending = std::mem::take(&mut self.pending);
        pending.reserve(frames * self.order.len());
        for frame in 0..frames {
            pending.extend(self.order.iter().map(|&channel| {
                // 16 bits fit.
                AudioBlock::quantize(samples.channels[channel][frame], 16) as i16
            }));
        }
        let packets = pending.chunks_exact(self.packet_len());
        self.pending = packets.remainder().to_vec();
        for packet in packets {
            out.push(self.encode_packet(packet)?);
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<CodedAudio>) -> Result<()> {
        if std::mem::replace(&mut self.finished, true) || self.samples == 0 {
            return Ok(());
        }
        // The look-ahead is still inside of the encoder: silence pushes it out.
        let due = u64::from(self.config.pre_skip) + self.samples * u64::from(self.ticks_per_sample);
        let mut packet = std::mem::take(&mut self.pending);
        while self.ticks < due {
            packet.resize(self.packet_len(), 0);
            let mut coded = self.encode_packet(&packet)?;
            // Less than a packet, as the loop ends at the first that reaches the end.
            coded.trim_end = self.ticks.saturating_sub(due) as u32;
            out.push(coded);
            packet.clear();
        }
        Ok(())
    }

    fn config(&self) -> CodecConfig {
        CodecConfig::Opus(self.config.clone())
    }

    fn bit_rate(&self) -> Option<u32> {
        Some(self.bit_rate)
    }
}
