//! Channel mixing and sample rate conversion.

mod mix;
mod resample;
#[cfg(test)]
mod tests;

use self::mix::ChannelMixer;
use self::resample::Resampler;
use crate::error::{Error, Result};
use crate::media::{AudioBlock, MAX_CHANNELS};

/// Sample rates that can be converted.
const SAMPLE_RATES: std::ops::RangeInclusive<u32> = 8_000..=192_000;

/// Turns blocks of one rate and channel count into blocks of another.
///
/// The samples that come out are the same however those that went in were divided into blocks. The first one that comes
/// out stands at the time of the first that went in, and in all there are as many as the same time lasts at the new
/// rate, rounded to the nearest.
pub(crate) struct AudioConverter {
    in_channels: usize,
    out_channels: usize,
    mix_down: Option<ChannelMixer>,
    resampler: Option<Resampler>,
    mix_up: Option<ChannelMixer>,
    finished: bool,
}

impl AudioConverter {
    /// # Errors
    /// `InvalidOption` for rates outside of 8,000 to 192,000 and channel counts outside of 1 to 8.
    pub fn new(in_rate: u32, in_channels: usize, out_rate: u32, out_channels: usize) -> Result<Self> {
        check_rate("sample_rate", in_rate)?;
        check_rate("out_sample_rate", out_rate)?;
        check_channels("num_channels", in_channels)?;
        check_channels("out_num_channels", out_channels)?;

        // The resampler, which costs the most, works on as few channels as there are on either side.
        let mixer = || ChannelMixer::new(in_channels, out_channels);
        Ok(AudioConverter {
            in_channels,
            out_channels,
            mix_down: (out_channels < in_channels).then(mixer),
            resampler: match in_rate == out_rate {
                true => None,
                false => Some(Resampler::new(in_rate, out_rate, in_channels.min(out_channels))?),
            },
            mix_up: (out_channels > in_channels).then(mixer),
            finished: false,
        })
    }

    /// Takes a block in; gives what can be given by now, which may be nothing.
    ///
    /// # Errors
    /// `InvalidInput` where the block has another channel count, `State` after [`finish`](Self::finish).
    pub fn convert(&mut self, block: AudioBlock) -> Result<AudioBlock> {
        if self.finished {
            return Err(Error::state("samples came after the end of the stream"));
        }
        block.checked_frames(self.in_channels)?;
        let block = match &self.mix_down {
            Some(mixer) => mixer.mix(&block),
            None => block,
        };
        let block = match &mut self.resampler {
            Some(resampler) => resampler.resample(&block)?,
            None => block,
        };
        Ok(self.mixed_up(block))
    }

    /// Takes no more; gives what is left.
    pub fn finish(&mut self) -> Result<AudioBlock> {
        let finished = std::mem::replace(&mut self.finished, true);
        match &mut self.resampler {
            Some(resampler) if !finished => {
                let rest = resampler.finish()?;
                Ok(self.mixed_up(rest))
            }
            _ => Ok(AudioBlock::new(self.out_channels)),
        }
    }

    fn mixed_up(&self, block: AudioBlock) -> AudioBlock {
        match &self.mix_up {
            Some(mixer) => mixer.mix(&block),
            None => block,
        }
    }
}

fn check_rate(option: &str, rate: u32) -> Result<()> {
    if SAMPLE_RATES.contains(&rate) {
        return Ok(());
    }
    Err(Error::option(
        option,
        rate,
        format_args!("allowed are {} to {} samples a second", SAMPLE_RATES.start(), SAMPLE_RATES.end()),
    ))
}

fn check_channels(option: &str, channels: usize) -> Result<()> {
    if (1..=MAX_CHANNELS).contains(&channels) {
        return Ok(());
    }
    Err(Error::option(option, channels, format_args!("allowed are 1 to {MAX_CHANNELS}")))
}
