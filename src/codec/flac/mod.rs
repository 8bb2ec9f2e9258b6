//! FLAC (RFC 9639).

#[cfg(feature = "flac")]
mod engine;

use std::ops::RangeInclusive;

use super::AudioEngine;
use crate::error::{Error, Result};
use crate::media::MAX_CHANNELS;

/// What the header of a frame can say (RFC 9639, 9.1.2).
const SAMPLE_RATES: RangeInclusive<u32> = 1..=655_350;
/// From the shortest that `flacenc` takes to the longest of the streamable subset (RFC 9639, 7).
const BLOCK_SIZES: RangeInclusive<u16> = 32..=16_384;

/// What an engine is opened with.
#[derive(Clone, Debug)]
pub(crate) struct FlacSettings {
    /// 1 to 655,350 samples a second.
    pub sample_rate: u32,
    /// 1 to 8.
    pub channels: u8,
    /// 16 or 24.
    pub bits_per_sample: u8,
    /// Samples a channel in a frame, 32 to 16,384. Players of 48 kHz and less need not take more than 4,608.
    pub block_size: u16,
}

impl Default for FlacSettings {
    /// Stereo of 48 kHz and 16 bits.
    fn default() -> Self {
        FlacSettings { sample_rate: 48_000, channels: 2, bits_per_sample: 16, block_size: 4096 }
    }
}

impl FlacSettings {
    /// # Errors
    /// `InvalidOption` naming the setting that is out of range.
    pub fn open(&self) -> Result<Box<dyn AudioEngine>> {
        self.validate()?;
        #[cfg(feature = "flac")]
        return Ok(Box::new(engine::open(self)?));
        #[cfg(not(feature = "flac"))]
        Err(Error::left_out("codec", "flac", "flac"))
    }

    fn validate(&self) -> Result<()> {
        if !SAMPLE_RATES.contains(&self.sample_rate) {
            return Err(Error::option("out_sample_rate", self.sample_rate, "FLAC takes 1 to 655350"));
        }
        let channels = usize::from(self.channels);
        if !(1..=MAX_CHANNELS).contains(&channels) {
            return Err(Error::option(
                "out_num_channels",
                self.channels,
                format_args!("allowed are 1 to {MAX_CHANNELS}"),
            ));
        }
        if ![16, 24].contains(&self.bits_per_sample) {
            return Err(Error::option(
                "sample_format",
                format_args!("s{}", self.bits_per_sample),
                "FLAC takes s16 or s24",
            ));
        }
        if !BLOCK_SIZES.contains(&self.block_size) {
            return Err(Error::option("block_size", self.block_size, "FLAC takes 32 to 16384"));
        }
        Ok(())
    }
}
