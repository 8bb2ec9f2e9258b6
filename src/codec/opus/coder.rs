//! The encoders of `ropus`: one for a single stream, one for several.

use ropus::{
    Application, Bitrate, Channels, Encoder, OPUS_APPLICATION_AUDIO, OPUS_APPLICATION_RESTRICTED_LOWDELAY,
    OPUS_APPLICATION_VOIP, OPUS_OK, OpusMSEncoder,
};

use super::{OpusApplication, OpusRateControl, OpusSettings};
use crate::error::{Error, Result};
use crate::media::OpusMapping;

/// The largest packet of a stream: three frames of 20 ms, of 1,275 bytes each, and their framing (RFC 6716, 3.4).
const MAX_STREAM_PACKET: usize = 3 * 1275 + 8;
/// The mapping family of Vorbis' channel order (RFC 7845, 5.1.1.2).
const VORBIS_FAMILY: u8 = 1;

/// An encoder for a packet's worth of interleaved samples.
pub(super) struct Coder {
    encoder: Streams,
    /// Room for the largest packet.
    buffer: Vec<u8>,
}

enum Streams {
    /// One or two channels in one stream, mapping family 0.
    Single(Box<Encoder>),
    /// Three to eight channels in streams of one or two, with what each hides of the others taken into account.
    Surround { encoder: Box<OpusMSEncoder>, mapping: OpusMapping, samples_per_packet: i32 },
}

impl Coder {
    /// The settings have been checked.
    pub fn new(settings: &OpusSettings, bit_rate: u32) -> Result<Self> {
        let (encoder, streams) = match settings.channels {
            1 => (single(settings, Channels::Mono, bit_rate)?, 1),
            2 => (single(settings, Channels::Stereo, bit_rate)?, 1),
            _ => surround(settings, bit_rate)?,
        };
        Ok(Coder { encoder, buffer: vec![0; MAX_STREAM_PACKET * streams] })
    }

    /// Samples, at the rate of the input, by which the decoder's output lags behind.
    pub fn look_ahead(&self) -> u32 {
        match &self.encoder {
            Streams::Single(encoder) => encoder.lookahead(),
            // `OpusMSEncoder::get_lookahead` leaves out the window's overlap, which each of its encoders counts in.
            Streams::Surround { encoder, .. } => {
                encoder.get_encoder(0).map_or(0, |encoder| encoder.get_lookahead().unsigned_abs())
            }
        }
    }

    pub fn mapping(&self) -> Option<OpusMapping> {
        match &self.encoder {
            Streams::Single(_) => None,
            Streams::Surround { mapping, .. } => Some(mapping.clone()),
        }
    }

    pub fn encode(&mut self, samples: &[i16]) -> Result<Vec<u8>> {
        let len = match &mut self.encoder {
            Streams::Single(encoder) => encoder.encode(samples, &mut self.buffer).map_err(failed)?,
            Streams::Surround { encoder, samples_per_packet, .. } => {
                let room = i32::try_from(self.buffer.len()).map_err(failed)?;
                let len = encoder.encode(samples, *samples_per_packet, &mut self.buffer, room).map_err(failed)?;
                usize::try_from(len).map_err(failed)?
            }
        };
        self.buffer.get(..len).map(<[u8]>::to_vec).ok_or_else(|| failed("a packet is larger than its buffer"))
    }
}

fn single(settings: &OpusSettings, channels: Channels, bit_rate: u32) -> Result<Streams> {
    let application = match settings.application {
        OpusApplication::Audio => Application::Audio,
        OpusApplication::Voip => Application::Voip,
        OpusApplication::LowDelay => Application::RestrictedLowDelay,
    };
    let encoder = Encoder::builder(settings.sample_rate, channels, application)
        .bitrate(Bitrate::Bits(bit_rate))
        .complexity(settings.complexity)
        .vbr(settings.rate_control != OpusRateControl::Cbr)
        .vbr_constraint(settings.rate_control == OpusRateControl::ConstrainedVbr)
        .build()
        .map_err(failed)?;
    Ok(Streams::Single(Box::new(encoder)))
}

/// The encoder, and how many streams it makes.
fn surround(settings: &OpusSettings, bit_rate: u32) -> Result<(Streams, usize)> {
    let application = match settings.application {
        OpusApplication::Audio => OPUS_APPLICATION_AUDIO,
        OpusApplication::Voip => OPUS_APPLICATION_VOIP,
        OpusApplication::LowDelay => OPUS_APPLICATION_RESTRICTED_LOWDELAY,
    };
    let sample_rate = i32::try_from(settings.sample_rate).map_err(failed)?;
    let (mut encoder, streams, coupled, table) =
        OpusMSEncoder::new_surround(sample_rate, settings.channels.into(), VORBIS_FAMILY.into(), application)
            .map_err(failed)?;
    for code in [
        encoder.set_bitrate(i32::try_from(bit_rate).map_err(failed)?),
        encoder.set_complexity(settings.complexity.into()),
        encoder.set_vbr((settings.rate_control != OpusRateControl::Cbr).into()),
        encoder.set_vbr_constraint((settings.rate_control == OpusRateControl::ConstrainedVbr).into()),
    ] {
        if code != OPUS_OK {
            return Err(failed(code));
        }
    }
    // The constraint starves the low frequency stream in packets under 10 ms. It is small and needs none.
    let lfe = if settings.channels >= 6 { usize::try_from(streams - 1).ok() } else { None };
    if let Some(lfe) = lfe.and_then(|stream| encoder.get_encoder_mut(stream))
        && lfe.set_vbr_constraint(0) != OPUS_OK
    {
        return Err(failed("the low frequency stream"));
    }
    let mapping = OpusMapping {
        family: VORBIS_FAMILY,
        streams: u8::try_from(streams).map_err(failed)?,
        coupled: u8::try_from(coupled).map_err(failed)?,
        table,
    };
    let samples_per_packet =
        i32::try_from(settings.frame_duration.ticks() / (super::TICKS_PER_SECOND / settings.sample_rate))
            .map_err(failed)?;
    let count = usize::from(mapping.streams);
    Ok((Streams::Surround { encoder: Box::new(encoder), mapping, samples_per_packet }, count))
}

fn failed(cause: impl std::fmt::Display) -> Error {
    Error::codec(format!("the Opus encoder failed: {cause}"))
}
