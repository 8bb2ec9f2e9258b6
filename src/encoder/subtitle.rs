//! A subtitle stream: cues in, packets into the session.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::report::{StreamKind, StreamReport};
use super::session::Session;
use crate::error::{Error, Result};
use crate::media::{Cue, Packet, TimeBase, Timestamp, Track};

/// The handle that cues of one stream are fed through.
///
/// The packets of a file are written in the order of their times, so pictures and sound wait until it is known that no
/// earlier cue comes. Add all cues and [`finish`](Self::finish) the stream before the first frame where they are known;
/// else say with [`advance_to`](Self::advance_to) how far they are.
///
/// ```
/// use framewright::media::Cue;
/// use framewright::{Container, Encoder, FrameView, SubtitleOptions, Timestamp, VideoOptions, sink::SharedWriter};
///
/// let mut encoder = Encoder::new();
/// let mut video = encoder.add_video(VideoOptions::new(32, 32))?;
/// let mut subtitles = encoder.add_subtitles(SubtitleOptions::new().language("en"))?;
/// encoder.open_writer(std::io::Cursor::new(Vec::new()), Container::Matroska)?;
/// let at = Timestamp::from_millis;
/// subtitles.add_cue(at(0), at(100), &Cue::new("Hello"))?;
/// subtitles.finish()?;
/// for i in 0..6u8 {
///     video.add_frame(&FrameView::gray(32, 32, &[i; 32 * 32])?)?;
/// }
/// assert_eq!(encoder.close()?.streams[1].packets, 1);
/// # Ok::<(), framewright::Error>(())
/// ```
pub struct SubtitleStream {
    core: Arc<Mutex<SubtitleCore>>,
}

impl SubtitleStream {
    pub(super) fn new(core: Arc<Mutex<SubtitleCore>>) -> Self {
        SubtitleStream { core }
    }

    fn core(&self) -> MutexGuard<'_, SubtitleCore> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a cue that is shown from `start` to `end`, in milliseconds of the file. Cues may overlap, and come in the
    /// order of their starts.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where it begins below zero, before the one before it or before
    /// what [`advance_to`](Self::advance_to) said, does not last, or has no text; [`Limit`](crate::ErrorKind::Limit)
    /// where the queue is full: the stream goes on after these. It does not after [`Io`](crate::ErrorKind::Io), nor after
    /// [`State`](crate::ErrorKind::State): before `open_*`, after `close`, after a failure, and where the container
    /// refuses what was encoded.
    pub fn add_cue(&mut self, start: impl Into<Timestamp>, end: impl Into<Timestamp>, cue: &Cue) -> Result<()> {
        self.core().add_cue(start.into(), end.into(), cue)
    }

    /// Says that no cue will begin before `time`, so that pictures and sound up to it need not wait.
    ///
    /// # Errors
    /// [`State`](crate::ErrorKind::State) and [`Io`](crate::ErrorKind::Io), as [`add_cue`](Self::add_cue), and
    /// [`Limit`](crate::ErrorKind::Limit) where the queue is full.
    pub fn advance_to(&mut self, time: impl Into<Timestamp>) -> Result<()> {
        self.core().advance_to(time.into())
    }

    /// Ends the stream.
    ///
    /// # Errors
    /// As [`add_cue`](Self::add_cue).
    pub fn finish(self) -> Result<()> {
        self.core().finish()
    }
}

impl Drop for SubtitleStream {
    fn drop(&mut self) {
        let mut core = self.core();
        if let Err(error) = core.finish() {
            core.late = Some(error);
        }
    }
}

impl fmt::Debug for SubtitleStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubtitleStream")
    }
}

/// What a stream is behind its lock.
pub(super) struct SubtitleCore {
    session: Arc<Session>,
    stream: usize,
    track: Track,
    /// No cue begins before it.
    earliest: i64,
    end: i64,
    cues: u64,
    bytes: u64,
    finished: bool,
    /// What went wrong when the handle was dropped, for `close` to return.
    late: Option<Error>,
}

impl SubtitleCore {
    pub fn new(session: Arc<Session>, stream: usize, track: Track) -> Self {
        SubtitleCore { session, stream, track, earliest: 0, end: 0, cues: 0, bytes: 0, finished: false, late: None }
    }

    /// Takes the track as the container that has become known has it; gives the unit of its packets' times.
    pub fn open(&mut self, track: Track) -> TimeBase {
        self.session.set_track(self.stream, track.clone());
        self.track = track;
        self.track.time_base
    }

    fn add_cue(&mut self, start: Timestamp, end: Timestamp, cue: &Cue) -> Result<()> {
        self.admit()?;
        let base = self.track.time_base;
        let refuse = |what: &str| {
            let at = format_args!("{} x {} s to {} x {} s", start.ticks, start.base, end.ticks, end.base).to_string();
            Err(Error::input(format!("a cue from {at}: {what}")))
        };
        self.session.limits().check_time("a cue that ends", end.ticks, end.base)?;
        let (Some(begin), Some(finish)) = (start.rescale(base), end.rescale(base)) else {
            return refuse("that is too far");
        };
        if begin < 0 {
            return refuse("it begins before 0");
        }
        if begin < self.earliest {
            return refuse("one that begins later came before it, or `advance_to` said that none would come");
        }
        let duration = match u32::try_from(finish.saturating_sub(begin)) {
            Ok(duration) if duration > 0 => duration,
            _ => return refuse("it has to last at least a millisecond, and at most 2^32 - 1"),
        };
        let packet = Packet::new(self.stream, begin, duration, true, cue.to_packet()?);
        self.bytes += packet.data.len() as u64;
        self.cues += 1;
        self.end = self.end.max(finish);
        self.earliest = begin;
        self.session.push([packet])?;
        self.session.advance(self.stream, begin)
    }

    fn advance_to(&mut self, time: Timestamp) -> Result<()> {
        self.admit()?;
        let too_far = if time.ticks < 0 { i64::MIN } else { i64::MAX };
        // Down to the millisecond before, so that a cue that is rounded there is not refused.
        let ticks = time.rescale(self.track.time_base).unwrap_or(too_far).saturating_sub(1);
        self.earliest = self.earliest.max(ticks);
        self.session.advance(self.stream, self.earliest)
    }

    fn admit(&self) -> Result<()> {
        if self.finished {
            return Err(Error::state("the stream was finished: it takes no more"));
        }
        self.session.admit(self.stream)
    }

    pub fn finish(&mut self) -> Result<()> {
        if let Some(late) = self.late.take() {
            return Err(late);
        }
        if std::mem::replace(&mut self.finished, true) {
            return Ok(());
        }
        self.session.end_stream(self.stream, None)
    }

    pub fn report(&self) -> StreamReport {
        StreamReport {
            kind: StreamKind::Subtitle { cues: self.cues },
            codec: self.track.config.name(),
            codec_string: self.track.config.codec_string(),
            present: self.cues > 0,
            packets: self.cues,
            key_frames: self.cues,
            bytes: self.bytes,
            duration: self.end,
            time_base: self.track.time_base,
            bit_rate: None,
            #[cfg(feature = "gpu")]
            gpu: None,
        }
    }
}
