//! An audio stream: samples in, packets into the session.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::guard::{Ending, Health, guarded};
use super::options::AudioPlan;
use super::report::{StreamKind, StreamReport};
use super::session::Session;
use crate::codec::{AudioEngine, CodedAudio};
use crate::convert::audio::AudioConverter;
use crate::error::{Error, Result};
use crate::media::{AudioBlock, AudioSamples, AudioTrack, CodecConfig, Packet, TimeBase, Timestamp, Track, TrackKind};

/// Seconds of silence that one call may ask for.
const LONGEST_GAP: i64 = 24 * 60 * 60;
/// Samples a channel that are converted and encoded at a time, so that a long block needs little memory of its own.
const PIECE: usize = 16_384;

/// The handle that samples of one stream are fed through. What [`VideoStream`](crate::VideoStream) says of threads and
/// of ending holds for it too.
pub struct AudioStream {
    core: Arc<Mutex<AudioCore>>,
}

impl AudioStream {
    pub(super) fn new(core: Arc<Mutex<AudioCore>>) -> Self {
        AudioStream { core }
    }

    fn core(&self) -> MutexGuard<'_, AudioCore> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Encodes the next samples: any number of them.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where the block has not the stream's channels, or a sample is
    /// NaN or infinite, [`Limit`](crate::ErrorKind::Limit) where the queue is full: in both cases the block has left
    /// no trace and the stream goes on. It does not after [`Codec`](crate::ErrorKind::Codec) and
    /// [`Io`](crate::ErrorKind::Io), nor after [`State`](crate::ErrorKind::State): before `open_*`, after `close`, after a
    /// failure, and where the container refuses what was encoded. The queue is asked once for the block, and may be
    /// exceeded by it.
    pub fn add_samples(&mut self, samples: AudioSamples<'_>) -> Result<()> {
        self.core().add(samples, None)
    }

    /// Encodes samples the first of which is heard at `pts`, from the start of the file. Before the first samples of the
    /// stream it is where the stream begins, which may lie before 0: what is heard then begins at 0
    /// ([`Feature::EarlyStart`](crate::Feature::EarlyStart) has the containers that can say that). Later it is where the
    /// stream goes on: a gap is filled with silence, so that all samples stay where they belong, to the sample.
    ///
    /// # Errors
    /// As [`add_samples`](Self::add_samples); [`InvalidInput`](crate::ErrorKind::InvalidInput) also where the samples
    /// before are not over at `pts` (by more than half a sample), where the gap is longer than a day, or where `pts`
    /// lies before 0 and the container has no place for that.
    pub fn add_samples_at(&mut self, samples: AudioSamples<'_>, pts: impl Into<Timestamp>) -> Result<()> {
        self.core().add(samples, Some(pts.into()))
    }

    /// How many samples a channel have been taken in, at the input's rate.
    pub fn samples(&self) -> u64 {
        self.core().samples_in
    }

    /// Ends the stream: encodes what is still held back. Streams that are ahead of it no longer wait for it.
    ///
    /// # Errors
    /// As [`add_samples`](Self::add_samples).
    pub fn finish(self) -> Result<()> {
        self.core().finish()
    }
}

impl Drop for AudioStream {
    fn drop(&mut self) {
        self.core().finish_quietly();
    }
}

impl fmt::Debug for AudioStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AudioStream")
    }
}

/// What a stream is behind its lock.
pub(super) struct AudioCore {
    session: Arc<Session>,
    stream: usize,
    plan: AudioPlan,
    /// There from `open_*` on.
    engine: Option<Engine>,
    health: Health,
    coded: Vec<CodedAudio>,
    announced: bool,
    /// When the stream begins: in its packets' ticks, and in samples of the input.
    start: Option<Start>,
    samples_in: u64,
    /// Where the next packet begins.
    pts: i64,
    trimmed: i64,
    pre_skip: i64,
    packets: u64,
    bytes: u64,
    bit_rate: Option<u32>,
    codec_string: Option<String>,
}

/// Where a stream begins.
#[derive(Clone, Copy)]
struct Start {
    ticks: i64,
    samples: i64,
}

struct Engine {
    converter: AudioConverter,
    codec: Box<dyn AudioEngine>,
}

impl AudioCore {
    pub fn new(session: Arc<Session>, stream: usize, plan: AudioPlan) -> Self {
        AudioCore {
            session,
            stream,
            plan,
            engine: None,
            health: Health::default(),
            coded: Vec::new(),
            announced: false,
            start: None,
            samples_in: 0,
            pts: 0,
            trimmed: 0,
            pre_skip: 0,
            packets: 0,
            bytes: 0,
            bit_rate: None,
            codec_string: None,
        }
    }

    /// Makes the engine, by the plan for the container that has become known; gives the unit of its packets' times.
    pub fn open(&mut self, plan: AudioPlan) -> Result<TimeBase> {
        let codec = guarded("the encoder", || plan.engine.open())?;
        let converter = AudioConverter::new(plan.in_rate, plan.in_channels, plan.out_rate, plan.out_channels)?;
        let config = codec.config();
        self.pre_skip = config.pre_skip().into();
        self.codec_string = config.codec_string();
        self.bit_rate = codec.bit_rate();
        self.engine = Some(Engine { converter, codec });
        self.plan = plan;
        Ok(self.plan.time_base)
    }

    fn add(&mut self, samples: AudioSamples<'_>, pts: Option<Timestamp>) -> Result<()> {
        self.health.check()?;
        self.session.admit(self.stream)?;
        if samples.channels() != self.plan.in_channels {
            return Err(Error::input(format!(
                "samples of {} channels: the stream has {}",
                samples.channels(),
                self.plan.in_channels
            )));
        }
        samples.check_finite()?;
        if let Some(pts) = pts {
            self.session.limits().check_time("samples", pts.ticks, pts.base)?;
        }
        let (start, gap) = self.place(pts)?;
        self.session.limits().check_samples(gap.saturating_add(samples.frames() as u64))?;
        self.check_end(start, gap, samples.frames())?;
        if self.start.is_none() {
            self.pts = start.ticks;
            self.start = Some(start);
        }
        let channels = self.plan.in_channels;
        self.encode(gap, |_, length| AudioBlock { channels: vec![vec![0.0; length]; channels] })?;
        self.encode(samples.frames() as u64, |start, length| {
            let start = start as usize; // below `frames`, which is one
            samples.to_block(start..start + length)
        })
    }

    /// Where the stream begins, and how many samples of silence are due before those at `pts`.
    fn place(&self, pts: Option<Timestamp>) -> Result<(Start, u64)> {
        let in_base = TimeBase::per_second(self.plan.in_rate);
        let Some(pts) = pts else {
            return Ok((self.start.unwrap_or(Start { ticks: 0, samples: 0 }), 0));
        };
        let refuse = |what: &str| Err(Error::input(format!("samples at {} x {} seconds: {what}", pts.ticks, pts.base)));
        let in_range = |ticks: &i64| (-i64::MAX / 4..i64::MAX / 4).contains(ticks);
        let ticks = pts.rescale(self.plan.time_base).filter(in_range);
        let samples = pts.rescale(in_base).filter(in_range);
        let (Some(ticks), Some(samples)) = (ticks, samples) else { return refuse("that is too far") };
        let Some(start) = self.start else {
            if ticks < 0 && !self.plan.early_start {
                return refuse("times begin at 0 in this container");
            }
            return Ok((Start { ticks, samples }, 0));
        };
        let due = start.samples.saturating_add(i64::try_from(self.samples_in).unwrap_or(i64::MAX));
        match samples.saturating_sub(due) {
            // Half a sample may have been rounded away at the start, and half here.
            -1..=0 => Ok((start, 0)),
            gap if gap < 0 => refuse(&format!("the ones before end {} samples later", -gap)),
            gap if gap > i64::from(self.plan.in_rate) * LONGEST_GAP => refuse("the gap is longer than a day"),
            gap => Ok((start, gap.unsigned_abs())),
        }
    }

    /// The end of samples that come after so many of silence is not too far away.
    fn check_end(&self, start: Start, gap: u64, frames: usize) -> Result<()> {
        let length = self.samples_in.saturating_add(gap).saturating_add(frames as u64);
        let end = start.samples.saturating_add(i64::try_from(length).unwrap_or(i64::MAX));
        self.session.limits().check_time("samples that end", end, TimeBase::per_second(self.plan.in_rate))
    }

    /// Encodes `frames` samples a channel, which `block` gives in pieces, by their start and length. A gap may be of more
    /// samples than a `usize` of 32 bits counts.
    fn encode(&mut self, frames: u64, block: impl Fn(u64, usize) -> AudioBlock) -> Result<()> {
        for start in (0..frames).step_by(PIECE) {
            let length = PIECE.min(usize::try_from(frames - start).unwrap_or(PIECE));
            if self.session.waits() {
                self.session.admit(self.stream)?;
            }
            let block = block(start, length);
            let Some(Engine { converter, codec }) = &mut self.engine else {
                return Err(Error::state("nothing can be encoded before `open_*`"));
            };
            let coded = &mut self.coded;
            let encoded = guarded("the encoder", || codec.encode(&converter.convert(block)?, coded));
            self.health.note("audio", self.stream, encoded).inspect_err(|_| self.give_up())?;
            self.samples_in += length as u64;
            self.hand_on()?;
        }
        Ok(())
    }

    fn track(&self, config: CodecConfig) -> Track {
        let kind = TrackKind::Audio(AudioTrack {
            sample_rate: self.plan.time_base.den(),
            channels: self.plan.out_channels as u8, // 1 to 8 by the options' check
        });
        let mut track = Track::new(kind, config, self.plan.time_base);
        track.labels = self.plan.labels.clone();
        track
    }

    pub fn report(&self) -> StreamReport {
        let start = self.start.map_or(0, |start| start.ticks);
        let heard = (self.pts - start - self.pre_skip - self.trimmed).max(0);
        let end = heard.saturating_add(start).max(0);
        StreamReport {
            kind: StreamKind::Audio {
                sample_rate: self.plan.time_base.den(),
                channels: self.plan.out_channels as u8,
                samples: heard as u64,
            },
            codec: self.plan.codec.name(),
            codec_string: self.codec_string.clone(),
            present: self.packets > 0,
            packets: self.packets,
            key_frames: self.packets,
            bytes: self.bytes,
            duration: if self.packets > 0 { end } else { 0 },
            time_base: self.plan.time_base,
            bit_rate: self.bit_rate,
            #[cfg(feature = "gpu")]
            gpu: None,
        }
    }
}

impl Ending for AudioCore {
    fn health(&mut self) -> &mut Health {
        &mut self.health
    }

    fn drain(&mut self) -> Result<()> {
        let Some(Engine { converter, codec }) = self.engine.as_mut().filter(|_| self.session.is_open()) else {
            return Ok(()); // `end_stream` says why
        };
        let coded = &mut self.coded;
        let drained = guarded("the encoder", || {
            codec.encode(&converter.finish()?, coded)?;
            codec.finish(coded)
        });
        self.health.note("audio", self.stream, drained).inspect_err(|_| self.give_up())?;
        self.hand_on()
    }

    fn hand_on(&mut self) -> Result<()> {
        if self.coded.is_empty() {
            return Ok(());
        }
        if !self.announced {
            let Some(config) = self.engine.as_ref().map(|engine| engine.codec.config()) else { return Ok(()) };
            self.session.set_track(self.stream, self.track(config));
            self.announced = true;
        }
        let mut packets = Vec::with_capacity(self.coded.len());
        for coded in self.coded.drain(..) {
            let mut packet = Packet::new(self.stream, self.pts, coded.duration, true, coded.data);
            packet.trim_end = coded.trim_end;
            self.pts += i64::from(coded.duration);
            self.trimmed = coded.trim_end.into();
            self.packets += 1;
            self.bytes += packet.data.len() as u64;
            packets.push(packet);
        }
        self.session.push(packets)
    }

    fn end(&mut self) -> Result<()> {
        let config = self.engine.take().map(|engine| engine.codec.config());
        self.session.end_stream(self.stream, config)
    }
}
