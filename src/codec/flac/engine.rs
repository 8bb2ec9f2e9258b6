//! The engine, over `flacenc`.

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

use flacenc::bitsink::MemSink;
use flacenc::component::{BitRepr, Frame, StreamInfo};
use flacenc::config::{Encoder, OrderSel};
use flacenc::error::{Verified, Verify};
use flacenc::source::{Context, Fill, FrameBuf};

use super::FlacSettings;
use crate::codec::{AudioEngine, CodedAudio};
use crate::error::{Error, Result};
use crate::media::{AudioBlock, CodecConfig, FlacConfig};

/// The highest sample rate that `flacenc` takes.
const MAX_FRAME_HEADER_RATE: u32 = 96_000;
/// A rate that a frame header has no code for, which leaves it to STREAMINFO.
const RATE_WITHOUT_CODE: usize = 65_537;

/// An engine for settings that were validated.
pub(super) fn open(settings: &FlacSettings) -> Result<FlacEngine> {
    let rate = match settings.sample_rate <= MAX_FRAME_HEADER_RATE {
        true => settings.sample_rate as usize,
        false => RATE_WITHOUT_CODE,
    };
    let channels = usize::from(settings.channels);
    let bits = usize::from(settings.bits_per_sample);
    Ok(FlacEngine {
        settings: settings.clone(),
        predicting: coding(bits, true)?,
        verbatim: coding(bits, false)?,
        frame_parameters: StreamInfo::new(rate, channels, bits).map_err(failed)?,
        block: FrameBuf::with_size(channels, settings.block_size.into()).map_err(failed)?,
        digest: Context::new(bits, channels),
        pending: Vec::new(),
        frames: 0,
        frame_sizes: None,
        finished: false,
    })
}

/// How subframes are coded: with the predictors, or without.
fn coding(bits_per_sample: usize, predict: bool) -> Result<Verified<Encoder>> {
    let mut config = Encoder::default();
    config.subframe_coding.use_fixed = predict;
    config.subframe_coding.use_lpc = predict;
    if bits_per_sample > 16 {
        // The estimate takes any Rice parameter for possible, but `flacenc` has only those of 4 bits, which swell
        // the residuals of loud 24-bit sound to several times their size.
        config.subframe_coding.fixed.order_sel = OrderSel::BitCount;
    }
    config.into_verified().map_err(|(_, error)| failed(error))
}

/// A FLAC encoder of fixed block size, a packet a frame.
pub(crate) struct FlacEngine {
    settings: FlacSettings,
    predicting: Verified<Encoder>,
    verbatim: Verified<Encoder>,
    /// What frame headers repeat of STREAMINFO.
    frame_parameters: StreamInfo,
    block: FrameBuf,
    /// Of all samples: the MD5 and how many.
    digest: Context,
    /// Interleaved samples of a block that is not full.
    pending: Vec<i32>,
    frames: usize,
    /// Bytes of the smallest and of the largest frame.
    frame_sizes: Option<(usize, usize)>,
    finished: bool,
}

impl FlacEngine {
    /// The samples are one block, or what is left at the end.
    fn encode_block(&mut self, samples: &[i32]) -> Result<CodedAudio> {
        self.digest.fill_interleaved(samples).map_err(failed)?;
        self.block.fill_interleaved(samples).map_err(failed)?;
        let mut frame = self.encode_frame(&self.predicting)?;
        if frame.count_bits() > self.verbatim_bits(samples.len()) {
            // Beyond 2^28, counts of Rice bits wrap around, and a prediction that makes things worse may be taken.
            frame = self.encode_frame(&self.verbatim)?;
        }
        let mut sink = MemSink::<u8>::with_capacity(frame.count_bits());
        frame.write(&mut sink).map_err(failed)?;
        let data = sink.into_inner();

        self.frames += 1;
        let (least, most) = self.frame_sizes.unwrap_or((data.len(), data.len()));
        self.frame_sizes = Some((least.min(data.len()), most.max(data.len())));
        // A block has no more samples than its size, of 16 bits.
        let duration = (samples.len() / usize::from(self.settings.channels)) as u32;
        Ok(CodedAudio { data, duration, trim_end: 0 })
    }

    fn encode_frame(&self, coding: &Verified<Encoder>) -> Result<Frame> {
        flacenc::encode_fixed_size_frame(coding, &self.block, self.frames, &self.frame_parameters).map_err(failed)
    }

    /// The most that a frame of so many samples takes without prediction: header, subframe headers, samples, CRC.
    fn verbatim_bits(&self, samples: usize) -> usize {
        8 * (16 + usize::from(self.settings.channels) + 2) + samples * usize::from(self.settings.bits_per_sample)
    }

    /// The block of RFC 9639, 8.2. Before the end the sizes of frames, the total and the MD5 are 0: not known.
    fn stream_info(&self) -> [u8; 34] {
        let FlacSettings { sample_rate, channels, bits_per_sample, block_size } = self.settings;
        let (mut least, mut most, mut total, mut md5) = (0, 0, 0, [0; 16]);
        if let (true, Some(frame_sizes)) = (self.finished, self.frame_sizes) {
            (least, most) = frame_sizes;
            total = self.digest.total_samples() as u64;
            md5 = self.digest.md5_digest();
        }
        // Totals that do not fit are not known.
        let total = if total < 1 << 36 { total } else { 0 };
        let parameters =
            u64::from(sample_rate) << 44 | u64::from(channels - 1) << 41 | u64::from(bits_per_sample - 1) << 36 | total;

        let mut block = [0; 34];
        block[..2].copy_from_slice(&block_size.to_be_bytes());
        block[2..4].copy_from_slice(&block_size.to_be_bytes());
        block[4..7].copy_from_slice(&(least as u32).to_be_bytes()[1..]);
        block[7..10].copy_from_slice(&(most as u32).to_be_bytes()[1..]);
        block[10..18].copy_from_slice(&parameters.to_be_bytes());
        block[18..].copy_from_slice(&md5);
        block
    }
}

impl AudioEngine for FlacEngine {
    fn encode(&mut self, samples: &AudioBlock, out: &mut Vec<CodedAudio>) -> Result<()> {
        if self.finished {
            return Err(Error::state("samples came after the end of the stream"));
        }
        let frames = samples.checked_frames(self.settings.channels.into())?;
        let bits = self.settings.bits_per_sample.into();
        let mut pending = std::mem::take(&mut self.pending);
        pending.reserve(frames * samples.channels.len());
        for frame in 0..frames {
            pending.extend(samples.channels.iter().map(|channel| AudioBlock::quantize(channel[frame], bits)));
        }
        let blocks = pending.chunks_exact(usize::from(self.settings.block_size) * samples.channels.len());
        self.pending = blocks.remainder().to_vec();
        for block in blocks {
            out.push(self.encode_block(block)?);
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<CodedAudio>) -> Result<()> {
        self.finished = true;
        let rest = std::mem::take(&mut self.pending);
        if !rest.is_empty() {
            out.push(self.encode_block(&rest)?);
        }
        Ok(())
    }

    fn config(&self) -> CodecConfig {
        CodecConfig::Flac(FlacConfig {
            sample_rate: self.settings.sample_rate,
            channels: self.settings.channels,
            bits_per_sample: self.settings.bits_per_sample,
            stream_info: self.stream_info(),
        })
    }

    fn bit_rate(&self) -> Option<u32> {
        None
    }
}

fn failed(cause: impl std::fmt::Display) -> Error {
    Error::codec(format!("the FLAC encoder failed: {cause}"))
}
