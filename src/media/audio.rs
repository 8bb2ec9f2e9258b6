//! Samples as callers have them, and as the rooms hand them on.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// The most channels that a stream can have.
pub(crate) const MAX_CHANNELS: usize = 8;

/// The form of a sample in a lossless stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SampleFormat {
    /// 16-bit integers.
    S16,
    /// 24-bit integers.
    S24,
    /// 32-bit integers (PCM only).
    S32,
    /// 32-bit floats (PCM only).
    F32,
}

impl SampleFormat {
    /// Bits a sample.
    pub fn bits(self) -> u32 {
        match self {
            SampleFormat::S16 => 16,
            SampleFormat::S24 => 24,
            SampleFormat::S32 | SampleFormat::F32 => 32,
        }
    }

    /// The name used in options.
    pub fn name(self) -> &'static str {
        match self {
            SampleFormat::S16 => "s16",
            SampleFormat::S24 => "s24",
            SampleFormat::S32 => "s32",
            SampleFormat::F32 => "f32",
        }
    }
}

impl fmt::Display for SampleFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for SampleFormat {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "s16" => Ok(SampleFormat::S16),
            "s24" => Ok(SampleFormat::S24),
            "s32" => Ok(SampleFormat::S32),
            "f32" => Ok(SampleFormat::F32),
            _ => Err(Error::option("sample_format", format_args!("`{text}`"), "use s16, s24, s32 or f32")),
        }
    }
}

/// A block of samples, borrowed from the caller: interleaved, or planar in one slice or several.
///
/// Full scale is -1.0 to 1.0 for floats and the whole range of the type for integers; floats beyond full scale are
/// clipped by the codecs that cannot hold them. Channels stand in the order of WAV files: front left, front right,
/// front centre, LFE, back left, back right, side left, side right (3: L R C; 4: L R BL BR; 5: L R C BL BR;
/// 7: L R C LFE BC SL SR).
///
/// ```
/// use framewright::AudioSamples;
/// let silence = [0.0f32; 960];
/// let stereo = AudioSamples::interleaved(&silence, 2)?;
/// assert_eq!((stereo.channels(), stereo.frames()), (2, 480));
/// # Ok::<(), framewright::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AudioSamples<'a> {
    data: SampleData<'a>,
    layout: Layout,
    channels: usize,
    frames: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    Interleaved,
    Planar,
}

/// The slices that [`AudioSamples`] is made from.
#[derive(Clone, Copy, Debug)]
pub enum SampleData<'a> {
    /// 32-bit floats, full scale -1.0 to 1.0.
    F32(&'a [f32]),
    /// 16-bit integers.
    I16(&'a [i16]),
    /// 32-bit integers.
    I32(&'a [i32]),
}

impl SampleData<'_> {
    fn len(&self) -> usize {
        match self {
            SampleData::F32(data) => data.len(),
            SampleData::I16(data) => data.len(),
            SampleData::I32(data) => data.len(),
        }
    }
}

macro_rules! sample_data_from {
    ($($variant:ident $type:ty),*) => {$(
        impl<'a> From<&'a [$type]> for SampleData<'a> {
            fn from(data: &'a [$type]) -> Self {
                SampleData::$variant(data)
            }
        }
        impl<'a> From<&'a Vec<$type>> for SampleData<'a> {
            fn from(data: &'a Vec<$type>) -> Self {
                SampleData::$variant(data)
            }
        }
        impl<'a, const N: usize> From<&'a [$type; N]> for SampleData<'a> {
            fn from(data: &'a [$type; N]) -> Self {
                SampleData::$variant(data)
            }
        }
    )*};
}
sample_data_from!(F32 f32, I16 i16, I32 i32);

impl<'a> AudioSamples<'a> {
    /// Left, right, left, right, … (N x C).
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where `channels` is not 1 to 8 or does not divide the length.
    pub fn interleaved(data: impl Into<SampleData<'a>>, channels: usize) -> Result<Self> {
        Self::new(data.into(), Layout::Interleaved, channels)
    }

    /// All of the first channel, then all of the second, … (C x N, as the reference takes them).
    ///
    /// # Errors
    /// As [`interleaved`](Self::interleaved).
    pub fn planar(data: impl Into<SampleData<'a>>, channels: usize) -> Result<Self> {
        Self::new(data.into(), Layout::Planar, channels)
    }

    fn new(data: SampleData<'a>, layout: Layout, channels: usize) -> Result<Self> {
        if !(1..=MAX_CHANNELS).contains(&channels) {
            return Err(Error::input(format!("samples of {channels} channels: allowed are 1 to {MAX_CHANNELS}")));
        }
        if !data.len().is_multiple_of(channels) {
            return Err(Error::input(format!("{} samples do not divide into {channels} channels", data.len())));
        }
        Ok(AudioSamples { data, layout, channels, frames: data.len() / channels })
    }

    /// How many channels.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Samples a channel.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Whether all samples are finite numbers.
    ///
    /// # Errors
    /// `InvalidInput` naming the first that is NaN or infinite, by channel and index from the block's start.
    pub(crate) fn check_finite(&self) -> Result<()> {
        let SampleData::F32(data) = self.data else { return Ok(()) };
        let Some(index) = data.iter().position(|sample| !sample.is_finite()) else { return Ok(()) };
        let (frame, channel) = match self.layout {
            Layout::Interleaved => (index / self.channels, index % self.channels),
            Layout::Planar => (index % self.frames, index / self.frames),
        };
        let sample = data[index];
        Err(Error::input(format!("sample {frame} of channel {channel} is {sample}: samples have to be finite numbers")))
    }

    /// The samples `range` of each channel as floats of full scale ±1, exact for every input type.
    pub(crate) fn to_block(self, range: std::ops::Range<usize>) -> AudioBlock {
        let (frame_step, channel_step) = match self.layout {
            Layout::Interleaved => (self.channels, 1),
            Layout::Planar => (1, self.frames),
        };
        let channel = |channel: usize| {
            let indices = range.clone().map(|frame| frame * frame_step + channel * channel_step);
            match self.data {
                SampleData::F32(data) => indices.map(|index| f64::from(data[index])).collect(),
                SampleData::I16(data) => indices.map(|index| f64::from(data[index]) / 32_768.0).collect(),
                SampleData::I32(data) => indices.map(|index| f64::from(data[index]) / 2_147_483_648.0).collect(),
            }
        };
        AudioBlock { channels: (0..self.channels).map(channel).collect() }
    }
}

/// An owned block of samples: one vector a channel, all of one length, full scale ±1.
///
/// They are `f64` so that 32-bit integers pass through unharmed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct AudioBlock {
    pub channels: Vec<Vec<f64>>,
}

impl AudioBlock {
    pub fn new(channels: usize) -> Self {
        AudioBlock { channels: vec![Vec::new(); channels] }
    }

    /// Samples a channel.
    pub fn frames(&self) -> usize {
        self.channels.first().map_or(0, Vec::len)
    }

    /// Samples a channel.
    ///
    /// # Errors
    /// `InvalidInput` where there are not `channels` channels, all of one length.
    pub fn checked_frames(&self, channels: usize) -> Result<usize> {
        let frames = self.frames();
        if self.channels.len() != channels {
            return Err(Error::input(format!("a block of {} channels: {channels} are due", self.channels.len())));
        }
        if self.channels.iter().any(|samples| samples.len() != frames) {
            return Err(Error::input("a block whose channels differ in length"));
        }
        Ok(frames)
    }

    /// A sample as an integer of `bits` bits: rounded to the nearest, halves away from zero, and clipped to full scale.
    /// What came from an integer of so many bits is that integer again.
    pub fn quantize(sample: f64, bits: u32) -> i32 {
        let scale = f64::from(1u32 << (bits.clamp(1, 32) - 1));
        (sample * scale).round().clamp(-scale, scale - 1.0) as i32
    }

    /// Appends `other`, which has as many channels.
    pub fn append(&mut self, other: &AudioBlock) {
        for (to, from) in self.channels.iter_mut().zip(&other.channels) {
            to.extend_from_slice(from);
        }
    }

    /// Takes the first `frames` samples of each channel away.
    pub fn take_front(&mut self, frames: usize) -> AudioBlock {
        AudioBlock { channels: self.channels.iter_mut().map(|samples| samples.drain(..frames).collect()).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_agree_and_integers_are_exact() {
        let interleaved = [1i16, -32768, 2, 32767, 3, 0];
        let planar = [1i16, 2, 3, -32768, 32767, 0];
        let a = AudioSamples::interleaved(&interleaved, 2).unwrap().to_block(0..3);
        let b = AudioSamples::planar(&planar, 2).unwrap().to_block(0..3);
        assert_eq!(a, b);
        assert_eq!(a.channels[1][0], -1.0);
        let i32s = [i32::MIN, i32::MAX, 1, -1];
        let block = AudioSamples::planar(&i32s, 1).unwrap().to_block(0..4);
        assert!(block.channels[0].iter().zip(i32s).all(|(float, int)| float * 2_147_483_648.0 == f64::from(int)));
    }

    #[test]
    fn quantizing_rounds_clips_and_returns_integers() {
        let ints = [i32::MIN, i32::MIN + 1, -1, 0, 1, i32::MAX];
        for int in ints {
            assert_eq!(AudioBlock::quantize(f64::from(int) / 2_147_483_648.0, 32), int);
        }
        assert_eq!([-2.0, -1.0, 1.0, 2.0].map(|x| AudioBlock::quantize(x, 16)), [-32768, -32768, 32767, 32767]);
        assert_eq!(
            [-1.5, -0.5, -0.4, 0.4, 0.5, 1.5].map(|x| AudioBlock::quantize(x / 32768.0, 16)),
            [-2, -1, 0, 0, 1, 2]
        );
    }

    #[test]
    fn bad_samples_are_named() {
        let mut samples = [0.0f32; 8];
        samples[5] = f32::NAN;
        let error = AudioSamples::interleaved(&samples, 2).unwrap().check_finite().unwrap_err();
        assert!(error.to_string().contains("sample 2 of channel 1 is NaN"), "{error}");
        assert!(AudioSamples::interleaved(&samples, 3).is_err());
        assert!(AudioSamples::interleaved(&samples, 0).is_err());
        assert!(AudioSamples::interleaved(&[0i16; 9], 9).is_err());
    }
}
