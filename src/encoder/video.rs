//! A video stream: frames in, packets into the session.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::alpha::AlphaPlane;
use super::analysis::{AnalyzingEngine, Known, Placement, Wanted};
use super::clock::Clock;
use super::denoise::DenoisingEngine;
#[cfg(feature = "gpu")]
use super::gpu::GpuLane;
use super::guard::{Ending, Health, guarded};
use super::options::{VideoEngineSettings, VideoPlan};
use super::report::{StreamKind, StreamReport};
use super::session::Session;
use crate::codec::av1::SceneDetection;
use crate::codec::av1::groups::{GroupPool, Place};
use crate::codec::{CodedPicture, VideoEngine, VideoInput};
use crate::convert::picture::PictureConverter;
use crate::error::{Error, Result};
use crate::media::{
    CodecConfig, FrameAnalysis, FrameBatch, FrameView, Packet, TimeBase, Timestamp, Track, TrackKind, VideoTrack,
};
use crate::motion::{Repeats, SearchRecord};
use crate::parallel::Workers;

/// The handle that frames of one stream are fed through.
///
/// It is `Send`: a thread of its own may feed each stream. Encoding runs in the calling thread (and the stream's worker
/// threads) and does not hold up other streams.
///
/// The stream ends with [`finish`](Self::finish), when the handle is dropped, or with
/// [`Encoder::close`](crate::Encoder::close), which also returns what went wrong in a drop.
pub struct VideoStream {
    core: Arc<Mutex<VideoCore>>,
}

impl VideoStream {
    pub(super) fn new(core: Arc<Mutex<VideoCore>>) -> Self {
        VideoStream { core }
    }

    pub(super) fn core(&self) -> MutexGuard<'_, VideoCore> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Encodes the next frame. It begins where the one before it ended, by the frame rate.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where the frame has not the stream's size,
    /// [`Unsupported`](crate::ErrorKind::Unsupported) where its colour cannot be converted,
    /// [`Limit`](crate::ErrorKind::Limit) where the queue is full or a buffer too large: in these cases the frame has
    /// left no trace and the stream goes on. It does not after [`Codec`](crate::ErrorKind::Codec) and
    /// [`Io`](crate::ErrorKind::Io), nor after [`State`](crate::ErrorKind::State): before `open_*`, after `close`, after a
    /// failure, and where the container refuses what was encoded.
    pub fn add_frame(&mut self, frame: &FrameView<'_>) -> Result<()> {
        let mut core = self.core();
        core.admit()?;
        core.add(frame, None)
    }

    /// Encodes a frame that begins at `pts`, from the start of the file. The one before it lasts until then.
    ///
    /// The time stamp is rounded to the stream's time base, which
    /// [`VideoOptions::time_base`](crate::VideoOptions::time_base) sets. The first frames may lie before 0: they are
    /// decoded, and what is shown begins at 0 ([`Feature::EarlyStart`](crate::Feature::EarlyStart) has the containers
    /// that can say that).
    ///
    /// # Errors
    /// As [`add_frame`](Self::add_frame); [`InvalidInput`](crate::ErrorKind::InvalidInput) also where `pts` is below
    /// zero and the container has no place for that, or not after the frame before, and where the stream has a constant rate (no time base was set) and the
    /// frame is not due then. The first frame may come late in either.
    pub fn add_frame_at(&mut self, frame: &FrameView<'_>, pts: impl Into<Timestamp>) -> Result<()> {
        let mut core = self.core();
        core.admit()?;
        core.add(frame, Some(pts.into()))
    }

    /// Encodes several frames, one after the other, as [`add_frame`](Self::add_frame) does.
    ///
    /// # Errors
    /// As [`add_frame`](Self::add_frame). All frames of a batch are alike, so one that is refused is refused as a
    /// whole. The queue is asked once for the batch, and may be exceeded by it.
    pub fn add_frames(&mut self, frames: &FrameBatch<'_>) -> Result<()> {
        let mut core = self.core();
        core.admit()?;
        frames.iter().try_for_each(|frame| {
            core.wait_for_room()?;
            core.add(&frame, None)
        })
    }

    /// Makes the next frame a key frame, whatever the key-frame interval says.
    pub fn force_key_frame(&mut self) {
        self.core().force_key = true;
    }

    /// What has become known of the frames since the last call: how they moved, whether scenes begin with them, and
    /// whether they repeat the one before. Nothing, where [`VideoOptions::analysis`](crate::VideoOptions::analysis) did
    /// not ask for it.
    ///
    /// It is that of the pictures as they are encoded, so of the size that frames are scaled to, and without those that
    /// [`merge_repeats`](crate::VideoOptions::merge_repeats) makes none of. What is known of a frame
    /// comes when the next has been added, of a GPU's some frames later, and of the last when the encoder has been
    /// [closed](crate::Encoder::close). The newest 16 are kept: where more than that came before a call, the numbers in
    /// [`index`](FrameAnalysis::index) leave a gap.
    ///
    /// ```
    /// use framewright::motion::{Analysis, BlockSize};
    /// use framewright::{Encoder, FrameView, VideoCodec, VideoOptions};
    ///
    /// # let level = |x: usize, y: usize, by: usize| (((x + by) * (x + by) + 2 * y * y) / 40) as u8;
    /// # let scene = |by: usize| -> Vec<u8> { (0..64 * 48).map(|i| level(i % 64, i / 64, by)).collect() };
    /// let mut encoder = Encoder::new();
    /// let options = VideoOptions::new(64, 48).codec(VideoCodec::Mjpeg).analysis(Analysis::Vectors);
    /// let mut video = encoder.add_video(options)?;
    /// encoder.open_writer(std::io::Cursor::new(Vec::new()), framewright::Container::Mov)?;
    /// let mut vectors = Vec::new();
    /// for number in 0..3 {
    ///     // What is seen goes to the left, by 3 pixels a frame.
    ///     video.add_frame(&FrameView::gray(64, 48, &scene(3 * number)[..])?)?;
    ///     for known in video.analysis() {
    ///         vectors.extend(known.motion.and_then(|field| Some(field.block(BlockSize::B16, 1, 1)?.vector.x)));
    ///     }
    /// }
    /// assert_eq!(vectors, [12], "of frame 1, in quarters of a pixel; frame 2 is known after `close`");
    /// encoder.close()?;
    /// assert_eq!(video.analysis()[0].index, 2);
    /// # Ok::<(), framewright::Error>(())
    /// ```
    pub fn analysis(&mut self) -> Vec<FrameAnalysis> {
        self.core().known.take()
    }

    /// Says when the last frame ends. Without it, it lasts as long as one frame of the frame rate.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where `end` is not after the last frame's beginning, or more
    /// than 2^32 - 1 ticks after it; [`State`](crate::ErrorKind::State) after `close`.
    pub fn end_at(&mut self, end: impl Into<Timestamp>) -> Result<()> {
        self.core().end_at(end.into())
    }

    /// Says that no frame comes any more, and hands on what has been held back for those that might have come. Nobody has to
    /// call it: [`finish`](Self::finish) does the same, and more. A [`GroupPool`] has all pictures after it, and can be
    /// waited for before `finish`.
    ///
    /// # Errors
    /// As [`add_frame`](Self::add_frame).
    pub fn end_frames(&mut self) -> Result<()> {
        self.core().end_frames()
    }

    /// How many frames have been taken in.
    pub fn frames(&self) -> u64 {
        self.core().frames
    }

    /// Ends the stream: encodes what is still held back. Streams that are ahead of it no longer wait for it.
    ///
    /// # Errors
    /// As [`add_frame`](Self::add_frame).
    pub fn finish(self) -> Result<()> {
        self.core().finish()
    }
}

impl Drop for VideoStream {
    fn drop(&mut self) {
        self.core().finish_quietly();
    }
}

impl fmt::Debug for VideoStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VideoStream")
    }
}

/// What a stream is behind its lock.
pub(super) struct VideoCore {
    session: Arc<Session>,
    pub(super) stream: usize,
    pub(super) plan: VideoPlan,
    /// Until the engine has it.
    pool: Option<Box<dyn GroupPool>>,
    /// There from `open_*` on.
    pub(super) engine: Option<Engine>,
    pub(super) health: Health,
    pub(super) clock: Clock,
    /// Beginnings of the frames whose packets have not been handed on, and the coded pictures among them.
    starts: VecDeque<i64>,
    ready: VecDeque<CodedPicture>,
    pub(super) coded: Vec<CodedPicture>,
    /// There where repeated frames are to be merged.
    repeats: Option<Repeats>,
    /// What the search for motion found of the newest frames, where that was asked for.
    known: Known,
    pub(super) force_key: bool,
    /// Whether it was said that no frame comes any more.
    ended: bool,
    announced: bool,
    frames: u64,
    packets: u64,
    key_frames: u64,
    bytes: u64,
    codec_string: Option<String>,
    /// What became of the GPU, when the engine is gone.
    #[cfg(feature = "gpu")]
    gpu: Option<super::report::GpuReport>,
}

pub(super) struct Engine {
    pub(super) converter: PictureConverter,
    pub(super) codec: Box<dyn VideoEngine>,
    pub(super) alpha: Option<AlphaPlane>,
    #[cfg(feature = "gpu")]
    pub(super) gpu: Option<GpuLane>,
}

impl VideoCore {
    /// `pool`: what encodes groups of pictures, where that is the caller's.
    pub fn new(session: Arc<Session>, stream: usize, plan: VideoPlan, pool: Option<Box<dyn GroupPool>>) -> Self {
        let clock = Clock::new(&plan);
        VideoCore {
            session,
            stream,
            plan,
            pool,
            engine: None,
            health: Health::default(),
            clock,
            starts: VecDeque::new(),
            ready: VecDeque::new(),
            coded: Vec::new(),
            repeats: None,
            known: Known::default(),
            force_key: false,
            ended: false,
            announced: false,
            frames: 0,
            packets: 0,
            key_frames: 0,
            bytes: 0,
            codec_string: None,
            #[cfg(feature = "gpu")]
            gpu: None,
        }
    }

    /// Whether the caller encodes its groups of pictures.
    pub fn has_pool(&self) -> bool {
        self.pool.is_some()
    }

    /// Makes the engine, by the plan for the container that has become known; gives the unit of its packets' times.
    pub fn open(&mut self, plan: VideoPlan) -> Result<TimeBase> {
        let record = SearchRecord::default();
        let pool = self.pool.take();
        let codec = guarded("the encoder", || open_engine(&plan, pool, &self.known, &record))?;
        let workers = Arc::new(Workers::new(plan.threads)?);
        let open_alpha = |settings| AlphaPlane::open(settings, plan.target, Arc::clone(&workers));
        let alpha = plan.alpha.as_ref().map(open_alpha).transpose()?;
        let converter = PictureConverter::new(plan.target, workers);
        self.engine = Some(Engine {
            converter,
            codec,
            alpha,
            #[cfg(feature = "gpu")]
            gpu: GpuLane::open(&plan, record)?,
        });
        self.clock = Clock::new(&plan);
        self.repeats = plan.merge_repeats.then(Repeats::default);
        self.plan = plan;
        Ok(self.plan.time_base)
    }

    /// Puts another engine in, for tests of what a failing one does.
    #[cfg(test)]
    pub fn replace_engine(&mut self, codec: Box<dyn VideoEngine>) {
        if let Some(engine) = &mut self.engine {
            engine.codec = codec;
        }
    }

    pub(super) fn admit(&self) -> Result<()> {
        self.health.check()?;
        if self.ended {
            return Err(Error::state("no frame comes after `end_frames`"));
        }
        self.session.admit(self.stream)
    }

    fn wait_for_room(&self) -> Result<()> {
        if self.session.waits() { self.session.admit(self.stream) } else { Ok(()) }
    }

    fn add(&mut self, frame: &FrameView<'_>, pts: Option<Timestamp>) -> Result<()> {
        self.check_size(frame.width(), frame.height())?;
        let (start, clock) = self.next_start(pts)?;
        #[cfg(feature = "gpu")]
        if self.add_by_gpu(frame)? {
            self.note_taken(start, clock);
            return self.encode_due();
        }
        let Some(Engine { converter, codec, alpha, .. }) = &mut self.engine else {
            return Err(Error::state("nothing can be encoded before `open_*`"));
        };
        let plane = alpha.as_mut().map(|alpha| alpha.convert(frame)).transpose()?;
        let picture = converter.convert(frame)?;
        let is_repeat = self.repeats.as_mut().is_some_and(|repeats| repeats.take(&picture.planes));
        if let Some(&began) = self.starts.back().filter(|_| is_repeat && !self.force_key)
            && start - began < LONGEST_MERGED
        {
            // The packet before it lasts on.
            self.clock = clock.merged_into(&self.clock);
            self.frames += 1;
            return Ok(());
        }
        let input = VideoInput { picture, force_key: self.force_key, analysis: None };
        let coded = &mut self.coded;
        let encoded = guarded("the encoder", || codec.encode(input, coded));
        self.health.note("video", self.stream, encoded).inspect_err(|_| self.give_up())?;
        if let (Some(alpha), Some(plane)) = (self.alpha(), plane) {
            alpha.keep(plane);
        }
        self.note_taken(start, clock);
        let taken = self.take_coded();
        self.health.note("video", self.stream, taken).inspect_err(|_| self.give_up())?;
        self.hand_on()
    }

    /// Where the next frame begins, and the clock after it.
    pub(super) fn next_start(&self, pts: Option<Timestamp>) -> Result<(i64, Clock)> {
        let limits = self.session.limits();
        if let Some(pts) = pts {
            limits.check_time("a frame", pts.ticks, pts.base)?;
        }
        let (start, clock) = self.clock.next(pts)?;
        limits.check_time("a frame", start, self.plan.time_base)?;
        Ok((start, clock))
    }

    /// Frames have the stream's size, unless they are scaled: then any that the limits allow.
    pub(super) fn check_size(&self, width: u32, height: u32) -> Result<()> {
        match self.plan.input_size {
            Some(size) if size != (width, height) => Err(Error::input(format!(
                "frame {} has {width}x{height} pixels: the stream has {}x{} (`out_size` scales frames of any size)",
                self.frames, size.0, size.1
            ))),
            _ => self.session.limits().check_frame(format_args!("frame {} is", self.frames), (width, height)),
        }
    }

    /// A frame is in, and begins at `start`.
    pub(super) fn note_taken(&mut self, start: i64, clock: Clock) {
        self.force_key = false;
        self.clock = clock;
        self.starts.push_back(start);
        self.frames += 1;
    }

    fn end_at(&mut self, end: Timestamp) -> Result<()> {
        self.health.check()?;
        self.session.limits().check_time("an end", end.ticks, end.base)?;
        self.clock.end_at(end)
    }

    fn end_frames(&mut self) -> Result<()> {
        self.health.check()?;
        self.session.admit(self.stream)?;
        self.ended = true;
        self.encode_held(|codec, coded| codec.end_input(coded))?;
        self.hand_on()
    }

    /// Has the engine encode what is left.
    fn encode_held(
        &mut self,
        call: impl FnOnce(&mut dyn VideoEngine, &mut Vec<CodedPicture>) -> Result<()>,
    ) -> Result<()> {
        #[cfg(feature = "gpu")]
        if self.session.is_open() {
            self.encode_submitted(0)?;
        }
        let Some(Engine { codec, .. }) = self.engine.as_mut().filter(|_| self.session.is_open()) else {
            return Ok(()); // `end_stream` says why
        };
        let coded = &mut self.coded;
        let drained = guarded("the encoder", || call(codec.as_mut(), coded));
        self.health.note("video", self.stream, drained).inspect_err(|_| self.give_up())
    }

    fn hand_on_last(&mut self) -> Result<()> {
        match (self.ready.pop_front(), self.starts.pop_front()) {
            (Some(picture), Some(start)) => {
                let packet = self.packet(picture, start, self.clock.end())?;
                self.push(vec![packet])
            }
            (None, None) => Ok(()),
            (picture, _) => {
                let kind = if picture.is_some() { "more" } else { "fewer" };
                Err(Error::codec(format!("the engine gave {kind} pictures than frames went in")))
            }
        }
    }

    fn push(&mut self, packets: Vec<Packet>) -> Result<()> {
        if packets.is_empty() {
            return Ok(());
        }
        if !self.announced {
            let config = self.engine.as_ref().and_then(|engine| engine.codec.config());
            let config = config.ok_or_else(|| Error::codec("the engine gave a picture before its configuration"))?;
            self.codec_string = config.codec_string();
            self.session.set_track(self.stream, self.track(config)?);
            self.announced = true;
        }
        self.session.push(packets)
    }

    fn packet(&mut self, picture: CodedPicture, start: i64, end: i64) -> Result<Packet> {
        self.packets += 1;
        self.key_frames += u64::from(picture.key);
        self.bytes += picture.data.len() as u64;
        let duration = u32::try_from(end - start).map_err(|_| {
            Error::input(format!("a frame of {} ticks: at most {} can be written", end - start, u32::MAX))
        })?;
        let mut packet = Packet::new(self.stream, start, duration, picture.key, picture.data);
        if let Some(alpha) = self.alpha() {
            let plane = alpha.take().ok_or_else(|| Error::codec("a picture came out before its alpha plane"))?;
            self.bytes += plane.data.len() as u64;
            packet.alpha = Some(plane.data);
        }
        Ok(packet)
    }

    /// Takes what has come out of the engine; of a stream with transparency, its alpha planes are encoded now.
    pub(super) fn take_coded(&mut self) -> Result<()> {
        for picture in std::mem::take(&mut self.coded) {
            if let Some(alpha) = self.alpha() {
                alpha.encode(picture.key)?;
            }
            self.ready.push_back(picture);
        }
        Ok(())
    }

    fn alpha(&mut self) -> Option<&mut AlphaPlane> {
        self.engine.as_mut().and_then(|engine| engine.alpha.as_mut())
    }

    /// Whether the next picture can be handed on.
    fn is_ready(&self) -> bool {
        let alpha = self.engine.as_ref().and_then(|engine| engine.alpha.as_ref());
        !self.ready.is_empty() && alpha.is_none_or(AlphaPlane::is_ready)
    }

    fn track(&self, config: CodecConfig) -> Result<Track> {
        let target = &self.plan.target;
        // Sizes were checked against 16,384 when the options were resolved.
        let mut video = VideoTrack::new(target.width as u32, target.height as u32);
        video.coded_width = target.coded_width as u32;
        video.coded_height = target.coded_height as u32;
        video.color = target.color;
        video.frame_rate = (!self.plan.variable).then_some(self.plan.frame_rate);
        video.orientation = self.plan.orientation;
        video.sample_aspect_ratio = self.plan.sample_aspect_ratio;
        video.hdr = self.plan.hdr;
        if let Some(alpha) = self.engine.as_ref().and_then(|engine| engine.alpha.as_ref()) {
            let missing = || Error::codec("the engine gave an alpha plane before its configuration");
            video.alpha = Some(alpha.config().ok_or_else(missing)?);
        }
        let mut track = Track::new(TrackKind::Video(video), config, self.plan.time_base);
        track.labels = self.plan.labels.clone();
        Ok(track)
    }

    pub fn report(&self) -> StreamReport {
        StreamReport {
            kind: StreamKind::Video {
                width: self.plan.target.width as u32,
                height: self.plan.target.height as u32,
                frames: self.packets,
            },
            codec: self.plan.codec.name(),
            codec_string: self.codec_string.clone(),
            present: self.packets > 0,
            packets: self.packets,
            key_frames: self.key_frames,
            bytes: self.bytes,
            duration: if self.packets > 0 { self.clock.end().max(0) } else { 0 },
            time_base: self.plan.time_base,
            bit_rate: self.plan.bit_rate,
            #[cfg(feature = "gpu")]
            gpu: self.gpu.clone().or_else(|| self.gpu_report()),
        }
    }
}

/// So many ticks after its packet began, a repeated frame is encoded again: a packet may last 2^32 - 1.
const LONGEST_MERGED: i64 = 1 << 31;

/// The engine of a plan, behind the filter for noise where that is on, behind the search for motion where anything is wanted
/// of that.
fn open_engine(
    plan: &VideoPlan,
    pool: Option<Box<dyn GroupPool>>,
    known: &Known,
    record: &SearchRecord,
) -> Result<Box<dyn VideoEngine>> {
    let (known, record) = (known.clone(), record.clone());
    let mut wanted = Wanted { analysis: plan.analysis, known, record, ..Wanted::default() };
    #[cfg(feature = "gpu")]
    {
        wanted.searcher = super::gpu::searcher(plan);
    }
    let codec = match &plan.engine {
        VideoEngineSettings::Av1(settings) => {
            wanted.placement = (settings.scene_detection == SceneDetection::Motion)
                .then(|| Placement::new(settings.min_keyframe_interval(), settings.keyframe_interval));
            match (pool, plan.parallel_groups) {
                (Some(pool), _) => settings.open_groups(Place::Elsewhere(pool))?,
                #[cfg(feature = "parallel")]
                (None, groups @ 2..) => settings.open_groups(Place::Threads { groups, bytes: plan.group_bytes })?,
                _ => settings.open()?,
            }
        }
        VideoEngineSettings::Mjpeg(settings) => settings.open()?,
        VideoEngineSettings::Raw(settings) => settings.open()?,
    };
    let codec = DenoisingEngine::wrap(codec, plan.denoise, plan.threads)?;
    AnalyzingEngine::wrap(codec, wanted, plan.threads)
}

impl Ending for VideoCore {
    fn health(&mut self) -> &mut Health {
        &mut self.health
    }

    fn drain(&mut self) -> Result<()> {
        self.encode_held(|codec, coded| codec.finish(coded))?;
        if self.engine.is_none() || !self.session.is_open() {
            return Ok(());
        }
        let encoded = self.take_coded().and_then(|()| self.alpha().map_or(Ok(()), AlphaPlane::finish));
        self.health.note("video", self.stream, encoded).inspect_err(|_| self.give_up())?;
        self.hand_on()?;
        self.hand_on_last()
    }

    /// Hands on each packet whose end is known, which is where the next frame begins.
    fn hand_on(&mut self) -> Result<()> {
        // After a failure there can be pictures that were not taken; what comes of them then is no news.
        let _ = self.take_coded();
        let mut packets = Vec::new();
        while self.starts.len() >= 2
            && self.is_ready()
            && let Some(picture) = self.ready.pop_front()
        {
            let Some(start) = self.starts.pop_front() else { break };
            packets.push(self.packet(picture, start, self.starts[0])?);
        }
        self.push(packets)
    }

    fn end(&mut self) -> Result<()> {
        let config = self.engine.as_ref().and_then(|engine| engine.codec.config());
        #[cfg(feature = "gpu")]
        {
            self.gpu = self.gpu_report().or_else(|| self.gpu.take());
        }
        // The worker threads and the pictures that the engine holds are of no more use.
        self.engine = None;
        self.session.end_stream(self.stream, config)
    }
}
