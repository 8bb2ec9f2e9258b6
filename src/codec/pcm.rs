//! Uncompressed samples, interleaved and little-endian.

use std::ops::RangeInclusive;

use super::{AudioEngine, CodedAudio};
use crate::error::{Error, Result};
use crate::media::{AudioBlock, CodecConfig, MAX_CHANNELS, PcmConfig, SampleFormat};

/// Above what converters make, and low enough for a packet to stay small.
const SAMPLE_RATES: RangeInclusive<u32> = 1..=768_000;
/// 50 ms: short enough to lie near the pictures of its time, long enough for few entries in a container's tables.
const PACKETS_PER_SECOND: u32 = 20;

/// What a [`PcmEngine`] is opened with.
#[derive(Clone, Debug)]
pub(crate) struct PcmSettings {
    /// 1 to 768,000 samples a second.
    pub sample_rate: u32,
    /// 1 to 8.
    pub channels: u8,
    pub format: SampleFormat,
}

impl PcmSettings {
    /// # Errors
    /// `InvalidOption` naming the setting that is out of range.
    pub fn open(&self) -> Result<PcmEngine> {
        if !SAMPLE_RATES.contains(&self.sample_rate) {
            return Err(Error::option("out_sample_rate", self.sample_rate, "PCM takes 1 to 768000"));
        }
        if !(1..=MAX_CHANNELS).contains(&usize::from(self.channels)) {
            return Err(Error::option(
                "out_num_channels",
                self.channels,
                format_args!("allowed are 1 to {MAX_CHANNELS}"),
            ));
        }
        Ok(PcmEngine {
            config: PcmConfig { sample_rate: self.sample_rate, channels: self.channels, format: self.format },
            frames_per_packet: (self.sample_rate / PACKETS_PER_SECOND).max(1),
            pending: Vec::new(),
            finished: false,
        })
    }
}

/// Cuts samples into packets of 50 ms.
pub(crate) struct PcmEngine {
    config: PcmConfig,
    frames_per_packet: u32,
    /// Coded samples of a packet that is not full.
    pending: Vec<u8>,
    finished: bool,
}

impl PcmEngine {
    fn bytes_per_frame(&self) -> usize {
        usize::from(self.config.channels) * self.config.format.bits() as usize / 8
    }

    fn code(&mut self, samples: &AudioBlock, frames: usize) {
        let (format, bits) = (self.config.format, self.config.format.bits());
        self.pending.reserve(frames * self.bytes_per_frame());
        for frame in 0..frames {
            for channel in &samples.channels {
                let sample = channel[frame];
                if format == SampleFormat::F32 {
                    // The cast makes infinity of what lies beyond the range of the type.
                    let float = sample.clamp(f32::MIN.into(), f32::MAX.into()) as f32;
                    self.pending.extend_from_slice(&float.to_le_bytes());
                } else {
                    let bytes = AudioBlock::quantize(sample, bits).to_le_bytes();
                    self.pending.extend_from_slice(&bytes[..bits as usize / 8]);
                }
            }
        }
    }
}

impl AudioEngine for PcmEngine {
    fn encode(&mut self, samples: &AudioBlock, out: &mut Vec<CodedAudio>) -> Result<()> {
        if self.finished {
            return Err(Error::state("samples came after the end of the stream"));
        }
        let frames = samples.checked_frames(self.config.channels.into())?;
        self.code(samples, frames);

        let packet_size = self.frames_per_packet as usize * self.bytes_per_frame();
        let packets = self.pending.chunks_exact(packet_size);
        let rest = packets.remainder().to_vec();
        out.extend(packets.map(|data| CodedAudio {
            data: data.to_vec(),
            duration: self.frames_per_packet,
            trim_end: 0,
        }));
        self.pending = rest;
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<CodedAudio>) -> Result<()> {
        self.finished = true;
        let data = std::mem::take(&mut self.pending);
        let frames = data.len() / self.bytes_per_frame();
        if frames > 0 {
            // Less than a packet, whose frames fit.
            out.push(CodedAudio { data, duration: frames as u32, trim_end: 0 });
        }
        Ok(())
    }

    fn config(&self) -> CodecConfig {
        CodecConfig::Pcm(self.config.clone())
    }

    fn bit_rate(&self) -> Option<u32> {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encode(settings: &PcmSettings, block: &AudioBlock, chunk: usize) -> Vec<CodedAudio> {
        let mut engine = settings.open().unwrap();
        let (mut rest, mut out) = (block.clone(), Vec::new());
        engine.encode(&AudioBlock::new(block.channels.len()), &mut out).unwrap();
        while rest.frames() > 0 {
            let piece = rest.take_front(chunk.min(rest.frames()));
            engine.encode(&piece, &mut out).unwrap();
        }
        engine.finish(&mut out).unwrap();
        let packets = out.len();
        engine.finish(&mut out).unwrap();
        assert_eq!(out.len(), packets);
        assert!(engine.encode(block, &mut out).is_err());
        out
    }

    fn decode(format: SampleFormat, bytes: &[u8]) -> Vec<f64> {
        bytes
            .chunks_exact(format.bits() as usize / 8)
            .map(|bytes| match (format, bytes) {
                (SampleFormat::S16, &[a, b]) => f64::from(i16::from_le_bytes([a, b])) / 32768.0,
                (SampleFormat::S24, &[a, b, c]) => f64::from(i32::from_le_bytes([0, a, b, c]) >> 8) / 8_388_608.0,
                (SampleFormat::S32, &[a, b, c, d]) => f64::from(i32::from_le_bytes([a, b, c, d])) / 2_147_483_648.0,
                (SampleFormat::F32, &[a, b, c, d]) => f64::from(f32::from_le_bytes([a, b, c, d])),
                _ => unreachable!(),
            })
            .collect()
    }

    const FORMATS: [SampleFormat; 4] = [SampleFormat::S16, SampleFormat::S24, SampleFormat::S32, SampleFormat::F32];

    #[test]
    fn extremes_are_clipped_and_floats_are_not() {
        let block = AudioBlock { channels: vec![vec![1.0, -1.0, 7.0, -7.0, 1e300]] };
        for (format, expected) in FORMATS.into_iter().zip([
            [1.0 - 1.0 / 32768.0, -1.0, 1.0 - 1.0 / 32768.0, -1.0, 1.0 - 1.0 / 32768.0],
            [1.0 - 1.0 / 8_388_608.0, -1.0, 1.0 - 1.0 / 8_388_608.0, -1.0, 1.0 - 1.0 / 8_388_608.0],
            [1.0 - 1.0 / 2_147_483_648.0, -1.0, 1.0 - 1.0 / 2_147_483_648.0, -1.0, 1.0 - 1.0 / 2_147_483_648.0],
            [1.0, -1.0, 7.0, -7.0, f32::MAX.into()],
        ]) {
            let packets = encode(&PcmSettings { sample_rate: 8000, channels: 1, format }, &block, 5);
            assert_eq!(decode(format, &packets[0].data), expected, "{format}");
        }
    }

    #[test]
    fn packets_last_50_ms_and_nothing_makes_none() {
        let settings = PcmSettings { sample_rate: 44_100, channels: 2, format: SampleFormat::S24 };
        let packets = encode(&settings, &AudioBlock { channels: vec![vec![0.0; 5000]; 2] }, 5000);
        assert_eq!(packets.iter().map(|packet| packet.duration).collect::<Vec<_>>(), [2205, 2205, 590]);
        assert!(packets.iter().all(|packet| packet.data.len() == packet.duration as usize * 6 && packet.trim_end == 0));
        assert!(encode(&settings, &AudioBlock::new(2), 1).is_empty());
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let good = PcmSettings { sample_rate: 48_000, channels: 2, format: SampleFormat::S16 };
        for (settings, name) in [
            (PcmSettings { sample_rate: 0, ..good.clone() }, "out_sample_rate"),
            (PcmSettings { sample_rate: 768_001, ..good.clone() }, "out_sample_rate"),
            (PcmSettings { channels: 0, ..good.clone() }, "out_num_channels"),
            (PcmSettings { channels: 9, ..good.clone() }, "out_num_channels"),
        ] {
            let error = settings.open().err().unwrap().to_string();
            assert!(error.contains(name), "{error}");
        }
        assert!(good.open().unwrap().encode(&AudioBlock::new(1), &mut Vec::new()).is_err());
    }

    proptest! {
        #[test]
        fn integers_come_back_and_chunks_do_not_matter(
            ints in prop::collection::vec(any::<i32>(), 0..2000),
            channels in 1u8..=8,
            chunk in 1usize..600,
            sample_rate in prop_oneof![1u32..100, Just(8_000), Just(48_000)],
        ) {
            for format in FORMATS {
                let frames = ints.len() / usize::from(channels);
                let scale = f64::from(1u32 << (format.bits().min(24) - 1));
                let sample = |index: usize| f64::from(ints[index] >> (32 - format.bits().min(24))) / scale;
                let block = AudioBlock {
                    channels: (0..usize::from(channels))
                        .map(|c| (0..frames).map(|n| sample(n * usize::from(channels) + c)).collect())
                        .collect(),
                };
                let settings = PcmSettings { sample_rate, channels, format };
                let whole = encode(&settings, &block, usize::MAX);
                let pieces = encode(&settings, &block, chunk);
                prop_assert_eq!(whole.len(), pieces.len());
                prop_assert!(whole.iter().zip(&pieces).all(|(a, b)| a.data == b.data && a.duration == b.duration));
                let bytes: Vec<u8> = whole.iter().flat_map(|packet| packet.data.clone()).collect();
                let expected: Vec<f64> = (0..frames * usize::from(channels)).map(sample).collect();
                prop_assert_eq!(decode(format, &bytes), expected);
            }
        }
    }
}
