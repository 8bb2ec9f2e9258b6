//! What the streams of one file share: the queue, the muxer and the sink behind one lock, and what has become of them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::guard::guarded;
use super::interleave::Interleaver;
use super::options::{Limits, OutputPlan, QueueFull};
use crate::error::{Error, ErrorKind, Result};
use crate::media::{CodecConfig, Packet, TimeBase, Track};
use crate::mux::{self, Container, Muxer};
use crate::sink::Sink;

/// One file being made.
pub(super) struct Session {
    plan: OutputPlan,
    inner: Mutex<Inner>,
    /// Signalled when the queue has become shorter or the session has ended.
    moved: Condvar,
    /// What the sink has taken. Beside the lock, so that asking does not wait for a slow sink.
    written: AtomicU64,
}

struct Inner {
    phase: Phase,
    /// Whether `close` has begun: nothing more is admitted.
    closing: bool,
    streams: Vec<Stream>,
    queue: Interleaver,
}

enum Phase {
    /// Streams are being added.
    Setup,
    /// A sink is there; packets are taken.
    Open(Output),
    /// The file is complete, or was given up.
    Closed,
    /// Muxing or writing failed; the message of the first failure.
    Failed(String),
}

struct Output {
    container: Container,
    muxer: Box<dyn Muxer>,
    sink: Box<dyn Sink>,
    /// The tracks, once the first packet of each stream is there and the muxer has begun.
    tracks: Option<Vec<Track>>,
    /// Whether the muxer has taken a packet: without one there is nothing to keep.
    has_packets: bool,
    /// Whether all of the file has arrived, so that it plays whatever its layout promises.
    is_whole: bool,
}

/// What the session knows of a stream.
struct Stream {
    /// Its name in messages, as in `stream 0 (video)`.
    name: String,
    /// What its track will say, but for the configuration that comes with the first packet.
    track: Option<Track>,
    /// Where it is among the file's tracks; `None` while that is not known and for streams without a packet.
    index: Option<usize>,
    fed: bool,
}

/// What became of the file.
pub(super) struct Completed {
    pub container: Container,
    pub bytes: u64,
}

impl Session {
    pub fn new(plan: OutputPlan) -> Self {
        let inner = Inner { phase: Phase::Setup, closing: false, streams: Vec::new(), queue: Interleaver::new() };
        Session { plan, inner: Mutex::new(inner), moved: Condvar::new(), written: AtomicU64::new(0) }
    }

    /// Whatever can panic under the lock, a muxer or the caller's writer, runs guarded, so the state is a sound one.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a stream of this kind and gives its number.
    pub fn add_stream(&self, kind: &str) -> Result<usize> {
        let mut inner = self.lock();
        match &inner.phase {
            Phase::Setup => {}
            Phase::Open(_) => {
                return Err(Error::state("a stream cannot be added after `open_*`: add all streams first"));
            }
            ended => return Err(ended.refusal()),
        }
        self.plan.limits.check_streams(inner.streams.len() + 1)?;
        inner.queue.add_lane(kind == "video", kind == "subtitles");
        let name = format!("stream {} ({kind})", inner.streams.len());
        inner.streams.push(Stream { name, track: None, index: None, fed: false });
        Ok(inner.streams.len() - 1)
    }

    /// How much may be taken on.
    pub fn limits(&self) -> &Limits {
        &self.plan.limits
    }

    /// Fails unless the encoder can still be opened.
    pub fn check_setup(&self) -> Result<()> {
        match &self.lock().phase {
            Phase::Setup => Ok(()),
            Phase::Open(_) => Err(Error::state("the encoder is open already: it writes one file")),
            ended => Err(ended.refusal()),
        }
    }

    /// Takes the sink, and the time base of each stream. Nothing is written before each stream's first packet is there.
    pub fn open(&self, container: Container, mut sink: Box<dyn Sink>, time_bases: &[TimeBase]) -> Result<()> {
        let muxer = mux::open(container, &self.plan.mux, &mut *sink).inspect_err(|_| sink.discard())?;
        let mut inner = self.lock();
        inner.queue.set_time_bases(time_bases);
        inner.phase = Phase::Open(Output { container, muxer, sink, tracks: None, has_packets: false, is_whole: false });
        Ok(())
    }

    /// Checks the options of the file for `container`.
    pub fn check_container(&self, container: Container) -> Result<()> {
        self.plan.mux.check_for(container)
    }

    /// Whether [`admit`](Self::admit) waits for room, so that it can be asked before each piece of a call.
    pub fn waits(&self) -> bool {
        self.plan.queue_full == QueueFull::Wait
    }

    /// Fails, or waits, when `stream` should not bring more now. Called before anything is taken in, so that a call
    /// that was refused has left no trace.
    pub fn admit(&self, stream: usize) -> Result<()> {
        let mut inner = self.lock();
        loop {
            match &inner.phase {
                Phase::Open(_) if inner.closing => return Err(Phase::Closed.refusal()),
                Phase::Open(_) => {}
                Phase::Setup => return Err(Error::state("nothing can be encoded before `open_*`")),
                ended => return Err(ended.refusal()),
            }
            if inner.queue.bytes() < self.plan.limits.queue() || inner.queue.lags(stream) {
                return Ok(());
            }
            match self.plan.queue_full {
                QueueFull::Error => return Err(inner.queue_full(self.plan.limits.queue())),
                QueueFull::Wait => inner = self.moved.wait(inner).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// Says what the track of `stream` will be, with the configuration of its first packet.
    pub fn set_track(&self, stream: usize, track: Track) {
        let mut inner = self.lock();
        inner.streams[stream].track = Some(track);
    }

    /// No packet of `stream` that is still to come begins before `time`, in its ticks.
    pub fn advance(&self, stream: usize, time: i64) -> Result<()> {
        let mut inner = self.lock();
        inner.queue.advance(stream, time);
        self.drain(&mut inner)
    }

    /// Takes packets of `stream` (their `track` is the stream's number) and writes what has become due.
    pub fn push(&self, packets: impl IntoIterator<Item = Packet>) -> Result<()> {
        let mut inner = self.lock();
        for packet in packets {
            let stream = packet.track;
            inner.streams[stream].fed = true;
            inner.queue.push(packet);
        }
        self.drain(&mut inner)
    }

    /// `stream` will bring no more. `config` is its final configuration.
    pub fn end_stream(&self, stream: usize, config: Option<CodecConfig>) -> Result<()> {
        let mut inner = self.lock();
        inner.queue.end(stream);
        if matches!(inner.phase, Phase::Setup) {
            return Ok(());
        }
        let Inner { phase, streams, .. } = &mut *inner;
        if let Some(config) = config {
            if let (Phase::Open(Output { tracks: Some(tracks), .. }), Some(index)) = (phase, streams[stream].index) {
                tracks[index].config = config;
            } else if let Some(track) = &mut streams[stream].track {
                track.config = config;
            }
        }
        self.drain(&mut inner)
    }

    /// Writes what is due; a failure ends the session.
    fn drain(&self, inner: &mut Inner) -> Result<()> {
        let result = guarded("muxing", || inner.drain());
        if let Phase::Open(output) = &inner.phase {
            self.written.store(output.sink.position(), Ordering::Relaxed);
        }
        self.moved.notify_all();
        // A muxer refuses a packet before it has changed anything, so the file can be finished without it.
        result.map_err(|error| inner.fail(error, true))
    }

    /// Nothing more is admitted from here on: who waits for room gets an error, and lets go of its stream.
    pub fn begin_close(&self) {
        self.lock().closing = true;
        self.moved.notify_all();
    }

    /// Completes the file. All streams have ended.
    pub fn complete(&self) -> Result<Completed> {
        let mut inner = self.lock();
        let result = match &mut inner.phase {
            Phase::Open(output) if output.tracks.is_none() => {
                output.sink.discard();
                inner.phase = Phase::Closed;
                self.moved.notify_all();
                return Err(Error::input("no frame and no sample was added, so there is nothing to write"));
            }
            Phase::Open(output) => guarded("completing the file", || output.complete()),
            Phase::Setup => {
                Err(Error::state("the encoder was never opened: call `open_file`, `open_writer` or `open_stream`"))
            }
            ended => Err(ended.refusal()),
        };
        self.moved.notify_all();
        let completed = result.map_err(|error| inner.fail(error, false))?;
        self.written.store(completed.bytes, Ordering::Relaxed);
        inner.phase = Phase::Closed;
        Ok(completed)
    }

    /// Gives the file up and removes what can be removed.
    pub fn abort(&self) {
        let mut inner = self.lock();
        if let Phase::Open(output) = &mut inner.phase {
            output.sink.discard();
        }
        inner.phase = Phase::Closed;
        self.moved.notify_all();
    }

    /// How many bytes have been written so far.
    pub fn bytes_written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Whether packets are taken.
    pub fn is_open(&self) -> bool {
        matches!(self.lock().phase, Phase::Open(_))
    }
}

impl Phase {
    /// Why a call is refused in a phase that has ended.
    fn refusal(&self) -> Error {
        match self {
            Phase::Failed(first) => Error::state(format!("the encoder failed before: {first}")),
            _ => Error::state("the encoder is closed: make a new one for the next file"),
        }
    }
}

impl Inner {
    fn drain(&mut self) -> Result<()> {
        let Inner { phase, streams, queue, .. } = self;
        let Phase::Open(output) = phase else { return Err(phase.refusal()) };
        if output.tracks.is_none() {
            // The header names all tracks, so it waits for the first packet of each stream that has not ended. Of
            // subtitles it is enough that they may come.
            if !queue.all_known() || streams.iter().all(|stream| !stream.fed) {
                return Ok(());
            }
            let mut tracks = Vec::new();
            let present = |(index, stream): &(usize, &mut Stream)| stream.fed || queue.may_come(*index);
            for (_, stream) in streams.iter_mut().enumerate().filter(present) {
                let Some(track) = stream.track.take() else {
                    return Err(Error::codec(format!("{} gave a packet before its configuration", stream.name)));
                };
                stream.index = Some(tracks.len());
                tracks.push(track);
            }
            output.container.check_tracks(&tracks)?;
            output.muxer.begin(&tracks, &mut *output.sink)?;
            output.tracks = Some(tracks);
        }
        while let Some(mut packet) = queue.pop() {
            let Some(index) = streams[packet.track].index else {
                return Err(Error::codec(format!("{} has a packet but no track", streams[packet.track].name)));
            };
            packet.track = index;
            output.muxer.packet(packet, &mut *output.sink)?;
            output.has_packets = true;
        }
        Ok(())
    }

    /// Ends the session with its first failure, and gives that back with what is left of the file. `can_finish`: whether
    /// the muxer can still write its end.
    fn fail(&mut self, error: Error, can_finish: bool) -> Error {
        let Phase::Open(output) = &mut self.phase else { return error };
        let left = output.salvage(can_finish && error.kind() != ErrorKind::Io);
        let error = match error.kind() {
            ErrorKind::Io | ErrorKind::Codec | ErrorKind::State => error,
            // What a muxer refuses ends the file, and the kinds of what is refused say that the stream goes on.
            _ => Error::state(error.to_string()).with_source(error),
        };
        let error = if left.is_empty() { error } else { error.followed_by(left) };
        self.phase = Phase::Failed(error.to_string());
        error
    }

    fn queue_full(&self, limit: u64) -> Error {
        let names: Vec<_> = self.queue.awaited().map(|stream| self.streams[stream].name.as_str()).collect();
        Error::limit(format!(
            "{} bytes of packets wait for {} (`queue_bytes` is {limit}): feed or finish that stream, feed the streams in \
             step, or raise `queue_bytes`; a video codec holds some frames back, fewer with `low_latency`, and subtitles \
             wait for `advance_to`",
            self.queue.bytes(),
            names.join(" and "),
        ))
    }
}

impl Output {
    fn complete(&mut self) -> Result<Completed> {
        self.muxer.finish(self.tracks.as_deref().unwrap_or_default(), &mut *self.sink)?;
        self.sink.flush().map_err(|error| Error::io("completing the output", error))?;
        self.is_whole = true;
        self.sink.complete().map_err(|error| Error::io("completing the output", error))?;
        Ok(Completed { container: self.container, bytes: self.sink.position() })
    }

    /// Saves what can be saved after a failure, and says what that is. `can_finish`: whether muxer and sink are sound. What
    /// fails here, or panics, changes nothing: the failure that counts is there already.
    fn salvage(&mut self, can_finish: bool) -> String {
        if can_finish && self.has_packets && guarded("completing the file", || self.complete()).is_ok() {
            return "the file was completed with what came before".into();
        }
        let kept = guarded("saving the file", || {
            let _ = self.sink.flush();
            let plays = self.muxer.plays_from().is_some_and(|from| from <= self.sink.written());
            if self.is_whole || plays {
                return Ok(match self.sink.kept() {
                    Some(path) => format!("what was written plays, and is kept as `{}`", path.display()),
                    None => "what was written plays".into(),
                });
            }
            let was_kept = self.sink.kept().is_some();
            self.sink.discard();
            Ok(if was_kept { "what was written does not play, and was removed".into() } else { String::new() })
        });
        kept.unwrap_or_default()
    }
}
