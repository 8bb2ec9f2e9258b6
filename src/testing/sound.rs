//! Sound by seed.

use super::random::Random;
use crate::error::Result;
use crate::media::AudioSamples;

/// A sound: for each channel a triangle wave of its own pitch, with a little noise.
///
/// ```
/// let sound = framewright::testing::audio(7).channels(2);
/// let block = sound.samples(100, 50);
/// assert_eq!((block.view()?.channels(), block.view()?.frames()), (2, 50));
/// // The same samples, however they are cut.
/// assert_eq!(sound.samples(0, 150).interleaved()[200..], *block.interleaved());
/// # Ok::<(), framewright::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    seed: u64,
    pub(super) channels: usize,
}

/// Samples of a block: sounds are for tests, and one that is asked for too much is not to take all memory.
const LONGEST: usize = 1 << 24;

/// A sound by seed: mono unless said.
///
/// ```
/// use framewright::testing::audio;
/// use framewright::{AudioEncoder, AudioOptions, Container};
///
/// let block = audio(1).channels(2).samples(0, 4_800);
/// let (file, report) = AudioEncoder::new(block.view()?, AudioOptions::new(48_000, 2)).to_bytes(Container::Wav)?;
/// assert_eq!((&file[..4], report.duration.as_millis()), (&b"RIFF"[..], 100));
/// # Ok::<(), framewright::Error>(())
/// ```
pub fn audio(seed: u64) -> Sound {
    Sound { seed, channels: 1 }
}

impl Sound {
    /// How many channels, 1 to 8. Others count as the nearest of these.
    pub fn channels(mut self, channels: usize) -> Self {
        self.channels = channels.clamp(1, 8);
        self
    }

    /// `count` samples of each channel from sample `start` on; of more than 2^24 the first so many.
    pub fn samples(&self, start: u64, count: usize) -> Block {
        let mut random = Random::new(self.seed);
        let periods: Vec<u64> = (0..self.channels).map(|_| 20 + u64::from(random.below(400))).collect();
        let count = count.min(LONGEST);
        let mut samples = Vec::with_capacity(count * self.channels);
        for at in (0..count as u64).map(|offset| start.wrapping_add(offset)) {
            for (channel, &period) in (0u64..).zip(&periods) {
                // Rises from -half to +half of a period's length, and falls again.
                let phase = (at % period) * 2;
                let distance = phase.abs_diff(period) as i64 * 2 - period as i64;
                let noise = Random::new(self.seed ^ at << 3 ^ channel).below(257) as i64 - 128;
                samples.push((distance * 12_000 / period as i64 + noise) as i16);
            }
        }
        Block { channels: self.channels, samples: Samples::I16(samples) }
    }
}

/// Samples that are owned; [`view`](Self::view) lends them to a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    pub(super) channels: usize,
    pub(super) samples: Samples,
}

/// Interleaved, as a caller may have them.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(not(feature = "arbitrary"), allow(dead_code, reason = "sounds are of 16 bits, arbitrary samples of any"))]
pub(super) enum Samples {
    I16(Vec<i16>),
    I32(Vec<i32>),
    F32(Vec<f32>),
}

impl Block {
    /// The samples, borrowed.
    ///
    /// # Errors
    /// As [`AudioSamples::interleaved`]: never of what a [`Sound`] made.
    pub fn view(&self) -> Result<AudioSamples<'_>> {
        match &self.samples {
            Samples::I16(samples) => AudioSamples::interleaved(samples, self.channels),
            Samples::I32(samples) => AudioSamples::interleaved(samples, self.channels),
            Samples::F32(samples) => AudioSamples::interleaved(samples, self.channels),
        }
    }

    /// The samples of 16 bits, interleaved; empty where they have another form.
    pub fn interleaved(&self) -> &[i16] {
        match &self.samples {
            Samples::I16(samples) => samples,
            _ => &[],
        }
    }

    /// Whether all samples are finite numbers, which streams ask for.
    pub fn is_finite(&self) -> bool {
        match &self.samples {
            Samples::F32(samples) => samples.iter().all(|sample| sample.is_finite()),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_follow_from_the_seed_and_no_more_than_that() {
        for channels in [1, 2, 8] {
            let sound = audio(5).channels(channels);
            let block = sound.samples(0, 400);
            assert_eq!(block, audio(5).channels(channels).samples(0, 400));
            assert_ne!(block, audio(6).channels(channels).samples(0, 400));
            assert_eq!(block.interleaved().len(), 400 * channels);
            assert_eq!(sound.samples(150, 250).interleaved(), &block.interleaved()[150 * channels..]);
            assert!(block.is_finite() && block.interleaved().iter().any(|&sample| sample.unsigned_abs() > 6_000));
        }
        let (none, most) = (audio(0).channels(0), audio(0).channels(99));
        assert_eq!((none.samples(9, 1).interleaved().len(), most.samples(u64::MAX, 2).interleaved().len()), (1, 16));
    }
}
