//! WAV (RIFF WAVE) of uncompressed samples, and RF64 (EBU Tech 3306) past 4 GiB.
//!
//! Layout `plain` patches its sizes at the end; until then, and in layout `live` for good, they are 0xffffffff, which
//! readers take for "up to the end of the file". A plain file keeps 28 bytes in a JUNK chunk, which becomes the `ds64`
//! of an RF64 file where a size does not fit 32 bits.
//!
//! # Times
//!
//! Samples have no times but their place. Late starts and gaps are filled with silence; what comes before 0, and padding
//! at the end, is left out. All of it is exact to the sample.
//!
//! # Memory
//!
//! Nothing is held.

mod chunk;
mod info;
#[cfg(test)]
mod tests;
#[cfg(test)]
#[path = "../../../tests/support/wav.rs"]
mod verifier;

use std::sync::Arc;

use self::chunk::{UNKNOWN, chunk, format};
use super::riff::block_align;
use super::{Container, Layout, MuxSettings, Muxer, append, patch};
use crate::error::{Error, Result};
use crate::media::{CodecConfig, Metadata, Packet, PcmConfig, SampleFormat, TimeBase, Track};
use crate::sink::Sink;

/// The body of `ds64`: riffSize, dataSize, sampleCount, tableLength.
const DS64: usize = 8 + 8 + 8 + 4;

/// Silence is written in pieces of this many bytes.
static SILENCE: [u8; 1 << 16] = [0; 1 << 16];

/// A pause of more than a day is a time stamp gone wrong, and would fill any disk.
const MAX_SILENCE_SECONDS: i64 = 24 * 3600;

/// The muxer of a layout.
pub(super) fn open(_: Container, settings: &MuxSettings) -> Result<Box<dyn Muxer>> {
    Ok(Box::new(WavMuxer::new(settings)?))
}

/// The muxer of both layouts.
pub(super) struct WavMuxer {
    can_patch: bool,
    metadata: Arc<Metadata>,
    info: Vec<u8>,
    samples: Option<Samples>,
    /// Where the first packet ends; `None` before that.
    plays_from: Option<u64>,
}

/// The samples while they are written.
struct Samples {
    /// Bytes of one sample of all channels.
    frame: u16,
    sample_rate: u32,
    /// Samples a channel that are written.
    count: i64,
    /// Where the file begins, and in it the value of `fact`, the size of `data`, and its body.
    start: u64,
    fact_at: Option<u64>,
    size_at: u64,
    data: u64,
}

impl WavMuxer {
    /// # Errors
    /// `InvalidOption` for what the file cannot say of itself.
    pub(super) fn new(settings: &MuxSettings) -> Result<Self> {
        let metadata = Arc::clone(&settings.metadata);
        let info = info::info(&metadata)?;
        Ok(WavMuxer { can_patch: settings.layout != Layout::Live, metadata, info, samples: None, plays_from: None })
    }
}

impl Muxer for WavMuxer {
    fn begin(&mut self, tracks: &[Track], sink: &mut dyn Sink) -> Result<()> {
        let [track] = tracks else { return Err(Error::input("a WAV file has one track")) };
        let config = pcm(track)?;
        let start = sink.position();
        let mut out = Vec::new();
        out.extend_from_slice(b"RIFF");
        out.extend_from_slice(&UNKNOWN.to_le_bytes());
        out.extend_from_slice(b"WAVE");
        if self.can_patch {
            out.extend(chunk(b"JUNK", &[0; DS64])?);
        }
        out.extend(chunk(b"fmt ", &format(config)?)?);
        let mut fact_at = None;
        if config.format == SampleFormat::F32 {
            fact_at = Some(start + out.len() as u64 + 8);
            // 0 until it is known: readers take any other value for the length, this one too where sizes are unknown.
            out.extend(chunk(b"fact", &0u32.to_le_bytes())?); // dwSampleLength
        }
        out.append(&mut self.info);
        out.extend(info::cues(&self.metadata.chapters, config.sample_rate)?);
        out.extend_from_slice(b"data");
        let size_at = start + out.len() as u64;
        out.extend_from_slice(&UNKNOWN.to_le_bytes());
        self.samples = Some(Samples {
            frame: block_align(config),
            sample_rate: config.sample_rate,
            count: 0,
            start,
            fact_at,
            size_at,
            data: size_at + 4,
        });
        append(sink, &out)
    }

    fn packet(&mut self, packet: Packet, sink: &mut dyn Sink) -> Result<()> {
        let samples = self.samples.as_mut().ok_or_else(|| Error::state("a packet of a file that was not begun"))?;
        let frame = u64::from(samples.frame);
        let size = packet.data.len() as u64;
        let refuse = |what: String| Err(Error::input(format!("a PCM packet at sample {}: {what}", packet.pts)));
        if u64::from(packet.duration) * frame != size {
            let duration = packet.duration;
            return refuse(format!("{size} bytes for {duration} samples of {frame} bytes: it has to hold just them"));
        }
        if packet.trim_end > packet.duration {
            return refuse(format!("{} samples of {} are padding", packet.trim_end, packet.duration));
        }
        // What is heard of it: from 0 on, and without the padding.
        let (from, to) = (packet.pts.max(0), packet.end().saturating_sub(packet.trim_end.into()));
        if to <= from {
            return Ok(());
        }
        let silence = from.saturating_sub(samples.count);
        if silence < 0 {
            return refuse(format!("the one before it ends at {}", samples.count));
        }
        if silence > MAX_SILENCE_SECONDS * i64::from(samples.sample_rate) {
            return refuse(format!("{silence} samples of silence before it are more than a day's"));
        }
        // At most a day of silence and the packet: both fit by far.
        append_silence(silence as u64 * frame, sink)?;
        let place = |sample: i64| usize::try_from((sample - packet.pts) as u64 * frame).unwrap_or(usize::MAX);
        samples.count = to;
        match packet.data.get(place(from)..place(to)) {
            Some(heard) => append(sink, heard)?,
            None => return Err(Error::state("a PCM packet that is shorter than it was")),
        }
        self.plays_from.get_or_insert(sink.position());
        Ok(())
    }

    /// A size of 0xffffffff means up to the end.
    fn plays_from(&self) -> Option<u64> {
        self.plays_from
    }

    fn finish(&mut self, _: &[Track], sink: &mut dyn Sink) -> Result<()> {
        let samples =
            self.samples.take().ok_or_else(|| Error::state("a file that was not begun cannot be finished"))?;
        if !self.can_patch {
            return Ok(());
        }
        let data_size = sink.position() - samples.data;
        if data_size % 2 == 1 {
            append(sink, &[0])?;
        }
        samples.patch_sizes(sink.position() - samples.start - 8, data_size, sink)
    }
}

impl Samples {
    fn patch_sizes(&self, riff_size: u64, data_size: u64, sink: &mut dyn Sink) -> Result<()> {
        let count = self.count.unsigned_abs();
        // The RIFF holds the data, and is always larger; its largest value has a meaning of its own.
        if let (Ok(riff), Ok(data)) = (u32::try_from(riff_size), u32::try_from(data_size))
            && riff != UNKNOWN
        {
            if let (Some(fact_at), Ok(count)) = (self.fact_at, u32::try_from(count)) {
                patch(sink, fact_at, &count.to_le_bytes())?;
            }
            patch(sink, self.size_at, &data.to_le_bytes())?;
            return patch(sink, self.start + 4, &riff.to_le_bytes());
        }
        let mut ds64 = riff_size.to_le_bytes().to_vec(); // riffSize
        ds64.extend_from_slice(&data_size.to_le_bytes()); // dataSize
        ds64.extend_from_slice(&count.to_le_bytes()); // sampleCount
        ds64.extend_from_slice(&[0; 4]); // tableLength
        // The 32-bit sizes have the value that sends readers to `ds64`.
        if let Some(fact_at) = self.fact_at {
            patch(sink, fact_at, &UNKNOWN.to_le_bytes())?;
        }
        patch(sink, self.start + 12, &chunk(b"ds64", &ds64)?)?;
        patch(sink, self.start, b"RF64")
    }
}

fn append_silence(mut bytes: u64, sink: &mut dyn Sink) -> Result<()> {
    while bytes > 0 {
        let piece = &SILENCE[..usize::try_from(bytes).unwrap_or(usize::MAX).min(SILENCE.len())];
        append(sink, piece)?;
        bytes -= piece.len() as u64;
    }
    Ok(())
}

/// The configuration of a PCM track that WAV can hold.
fn pcm(track: &Track) -> Result<&PcmConfig> {
    let CodecConfig::Pcm(config) = &track.config else {
        return Err(Error::unsupported(format!("WAV takes no {}", track.config.name())));
    };
    if !(1..=8).contains(&config.channels) || config.sample_rate == 0 {
        let (rate, channels) = (config.sample_rate, config.channels);
        return Err(Error::input(format!("a track of {channels} channels at {rate} Hz: allowed are 1 to 8")));
    }
    if track.time_base != TimeBase::per_second(config.sample_rate) {
        let (rate, base) = (config.sample_rate, track.time_base);
        return Err(Error::input(format!("an audio track of {rate} Hz that counts in {base} s: use 1/{rate}")));
    }
    Ok(config)
}
