//! Streams, interleaving and reports: the library's face.

mod alpha;
mod analysis;
mod audio;
mod clock;
mod denoise;
#[cfg(feature = "gpu")]
mod gpu;
mod groups;
mod guard;
mod interleave;
mod one_shot;
mod options;
mod report;
mod session;
mod subtitle;
#[cfg(test)]
mod tests;
mod video;

use std::fmt;
use std::io::{Seek, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

pub use audio::AudioStream;
pub use groups::GroupEncoder;
pub use one_shot::{AudioEncoder, VideoEncoder};
pub use options::{AudioOptions, EncoderOptions, Limits, OptionInfo, QueueFull, SubtitleOptions, VideoOptions};
#[cfg(feature = "gpu")]
pub use report::GpuReport;
pub use report::{Report, StreamKind, StreamReport};
pub use subtitle::SubtitleStream;
pub use video::VideoStream;

use self::audio::AudioCore;
use self::guard::Ending;
use self::options::{AudioPlan, VideoPlan};
use self::session::Session;
use self::subtitle::SubtitleCore;
use self::video::VideoCore;
use crate::codec::av1::groups::GroupPool;
use crate::error::{Error, Result};
use crate::media::{TimeBase, Track};
use crate::mux::Container;
use crate::sink::{self, SeekSink, Sink, StreamSink};

/// Makes one file of several video, audio and subtitle streams, fed a piece at a time: up to 126 of them, 100 in AVI, and
/// one in the formats of a single track.
///
/// Add the streams, open a destination, feed the streams in any order, and close:
///
/// ```
/// use framewright::{AudioOptions, AudioSamples, Encoder, FrameView, VideoOptions};
///
/// let folder = tempfile::tempdir()?;
/// let mut encoder = Encoder::new();
/// let mut video = encoder.add_video(VideoOptions::new(64, 48).frame_rate(10))?;
/// let mut audio = encoder.add_audio(AudioOptions::new(48_000, 1))?;
/// encoder.open_file(folder.path().join("out.mp4"))?;
/// for i in 0..5u8 {
///     video.add_frame(&FrameView::rgb(64, 48, &vec![i * 50; 64 * 48 * 3])?)?;
///     audio.add_samples(AudioSamples::planar(&[0.0f32; 4_800], 1)?)?;
/// }
/// let report = encoder.close()?;
/// assert_eq!(report.duration.as_millis(), 500);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Dropping an encoder without [`close`](Self::close) finalises what was fed, and tells nobody how that went.
pub struct Encoder {
    session: Arc<Session>,
    streams: Vec<StreamCore>,
    closed: bool,
}

/// A stream as the encoder holds it, with the options that it was added with.
enum StreamCore {
    Video(VideoOptions, Arc<Mutex<VideoCore>>),
    Audio(AudioOptions, Arc<Mutex<AudioCore>>),
    Subtitle(SubtitleOptions, Arc<Mutex<SubtitleCore>>),
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Encoder {
    /// An encoder without streams, with the default options.
    pub fn new() -> Self {
        Self::with_plan(options::OutputPlan::default())
    }

    /// An encoder without streams.
    ///
    /// # Errors
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption) for a value out of its range.
    pub fn with_options(options: EncoderOptions) -> Result<Self> {
        Ok(Self::with_plan(options.resolve()?))
    }

    fn with_plan(plan: options::OutputPlan) -> Self {
        Encoder { session: Arc::new(Session::new(plan)), streams: Vec::new(), closed: false }
    }

    /// Adds a video stream. All options are checked here, but for what depends on the container: `open_*` checks that.
    ///
    /// # Errors
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption) naming the option, its value and what is allowed;
    /// [`State`](crate::ErrorKind::State) after `open_*`.
    pub fn add_video(&mut self, options: VideoOptions) -> Result<VideoStream> {
        self.add_video_with(options, None)
    }

    /// Adds a video stream whose groups of pictures, each from a key frame to the next, are encoded elsewhere: by a
    /// [`GroupEncoder`] each, with the same options, in Workers of a browser, in processes, on other machines. The bytes are
    /// those of [`add_video`](Self::add_video).
    ///
    /// ```
    /// use std::{collections::BTreeMap, io, io::Cursor};
    /// use framewright::sink::SharedWriter;
    /// use framewright::{Container, Encoder, FrameBatch, GroupEncoder, GroupPool, VideoEncoder, VideoOptions};
    ///
    /// /// It encodes at once, which is the simplest of all pools.
    /// struct Here {
    ///     options: VideoOptions,
    ///     groups: BTreeMap<u64, GroupEncoder>,
    ///     done: BTreeMap<u64, Vec<Vec<u8>>>,
    /// }
    ///
    /// impl GroupPool for Here {
    ///     fn picture(&mut self, number: u64, picture: Vec<u8>) -> io::Result<()> {
    ///         if !self.groups.contains_key(&number) {
    ///             let group = GroupEncoder::new(&self.options, Container::Mp4).map_err(io::Error::other)?;
    ///             self.groups.insert(number, group);
    ///         }
    ///         let group = self.groups.get_mut(&number).ok_or(io::ErrorKind::NotFound)?;
    ///         group.add_picture(&picture).map_err(io::Error::other)
    ///     }
    ///
    ///     fn end(&mut self, number: u64) -> io::Result<()> {
    ///         let group = self.groups.remove(&number).ok_or(io::ErrorKind::NotFound)?;
    ///         self.done.insert(number, group.finish().map_err(io::Error::other)?);
    ///         Ok(())
    ///     }
    ///
    ///     fn take(&mut self, number: u64) -> io::Result<Option<Vec<Vec<u8>>>> {
    ///         Ok(self.done.remove(&number))
    ///     }
    /// }
    ///
    /// let options = VideoOptions::new(32, 32).frame_rate(10).keyframe_interval(4);
    /// let pixels: Vec<u8> = (0..9 * 32 * 32 * 3).map(|p| (p / 7) as u8).collect();
    /// let frames = FrameBatch::nhwc(&pixels[..], 9, 32, 32, 3)?;
    ///
    /// let file = SharedWriter::new(Cursor::new(Vec::new()));
    /// let mut encoder = Encoder::new();
    /// let mut video = encoder.add_video_in_groups(
    ///     options.clone(),
    ///     Here { options: options.clone(), groups: BTreeMap::new(), done: BTreeMap::new() },
    /// )?;
    /// encoder.open_writer(file.clone(), Container::Mp4)?;
    /// video.add_frames(&frames)?;
    /// video.finish()?;
    /// assert_eq!(encoder.close()?.streams[0].key_frames, 3);
    ///
    /// let (usual, _) = VideoEncoder::new(frames, options).to_bytes(Container::Mp4)?;
    /// assert_eq!(file.into_inner().expect("the encoder is closed").into_inner(), usual);
    /// # Ok::<(), framewright::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`add_video`](Self::add_video); [`InvalidOption`](crate::ErrorKind::InvalidOption) for another codec than AV1, and
    /// for a bit rate: groups are encoded at a constant quality.
    pub fn add_video_in_groups(
        &mut self,
        options: VideoOptions,
        pool: impl GroupPool + 'static,
    ) -> Result<VideoStream> {
        let options = groups::check(options)?;
        self.add_video_with(options, Some(Box::new(pool)))
    }

    fn add_video_with(&mut self, options: VideoOptions, pool: Option<Box<dyn GroupPool>>) -> Result<VideoStream> {
        self.session.check_setup()?;
        let plan = options.resolve(None)?;
        self.session.limits().check_frame("option `size` is", options.in_size())?;
        self.session
            .limits()
            .check_frame("option `out_size` is", (plan.target.width as u32, plan.target.height as u32))?;
        let stream = self.session.add_stream("video")?;
        let core = Arc::new(Mutex::new(VideoCore::new(Arc::clone(&self.session), stream, plan, pool)));
        self.streams.push(StreamCore::Video(options, Arc::clone(&core)));
        Ok(VideoStream::new(core))
    }

    /// Adds an audio stream. All options are checked here, but for what depends on the container: `open_*` checks that.
    ///
    /// # Errors
    /// As [`add_video`](Self::add_video).
    pub fn add_audio(&mut self, options: AudioOptions) -> Result<AudioStream> {
        self.session.check_setup()?;
        let plan = options.resolve(None)?;
        let stream = self.session.add_stream("audio")?;
        let core = Arc::new(Mutex::new(AudioCore::new(Arc::clone(&self.session), stream, plan)));
        self.streams.push(StreamCore::Audio(options, Arc::clone(&core)));
        Ok(AudioStream::new(core))
    }

    /// Adds a subtitle stream. All options are checked here, but for what depends on the container: `open_*` checks that.
    ///
    /// # Errors
    /// As [`add_video`](Self::add_video).
    pub fn add_subtitles(&mut self, options: SubtitleOptions) -> Result<SubtitleStream> {
        self.session.check_setup()?;
        let track = options.resolve(None)?;
        let stream = self.session.add_stream("subtitles")?;
        let core = Arc::new(Mutex::new(SubtitleCore::new(Arc::clone(&self.session), stream, track)));
        self.streams.push(StreamCore::Subtitle(options, Arc::clone(&core)));
        Ok(SubtitleStream::new(core))
    }

    /// Opens a file; its extension chooses the container.
    ///
    /// The bytes go to `NAME.part` in the same folder (one that a crash has left is replaced, one
    /// that another program is writing is an error), which gets its name in
    /// [`close`](Self::close): until then a file of that name stays as it is. After a failure `NAME.part` is kept where
    /// it plays as far as it came, which the error says. What is no regular file (a pipe, a device) is written as a
    /// stream.
    ///
    /// # Errors
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption) for an extension that no container has, or an option that the
    /// codec which the container chose has not,
    /// [`Unsupported`](crate::ErrorKind::Unsupported) where the container does not take a stream's codec, or so many
    /// streams,
    /// [`State`](crate::ErrorKind::State) without streams or where it is open already: nothing has been touched then.
    /// [`Io`](crate::ErrorKind::Io) where the file cannot be made.
    pub fn open_file(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let extension = path.extension().map(|extension| extension.to_string_lossy()).unwrap_or_default();
        let container = Container::from_extension(&extension).ok_or_else(|| {
            let known: Vec<_> = Container::ALL.iter().flat_map(|container| container.extensions()).copied().collect();
            let known = known.join(", ");
            Error::option(
                "path",
                format_args!("`{}`", path.display()),
                format_args!("its extension is none of {known}"),
            )
        })?;
        self.open_file_as(path, container)
    }

    /// Opens a file of a container that is said.
    ///
    /// # Errors
    /// As [`open_file`](Self::open_file).
    pub fn open_file_as(&mut self, path: impl AsRef<Path>, container: Container) -> Result<()> {
        let path = path.as_ref();
        let several_files = container.layouts().iter().all(|layout| layout.needs_folder());
        self.open(container, || {
            sink::open_path(path, several_files).map_err(|error| {
                let failure = Error::io(format_args!("creating `{}`", path.display()), error);
                match path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
                    Some(folder) => failure.followed_by(format_args!("make the folder `{}` first", folder.display())),
                    None => failure,
                }
            })
        })
    }

    /// Opens anything that writes and seeks. The file begins where the writer stands.
    ///
    /// To have the writer back afterwards, give a [`SharedWriter`](crate::sink::SharedWriter).
    ///
    /// # Errors
    /// As [`open_file`](Self::open_file).
    pub fn open_writer(&mut self, writer: impl Write + Seek + Send + 'static, container: Container) -> Result<()> {
        self.open(container, || {
            let sink = SeekSink::new(writer).map_err(|error| Error::io("asking the writer where it stands", error))?;
            Ok(Box::new(sink))
        })
    }

    /// Opens anything that only writes: a socket, a pipe, standard output. MP4 is fragmented then, Matroska and WebM
    /// are live.
    ///
    /// # Errors
    /// As [`open_file`](Self::open_file).
    pub fn open_stream(&mut self, writer: impl Write + Send + 'static, container: Container) -> Result<()> {
        self.open(container, || Ok(Box::new(StreamSink::new(writer))))
    }

    /// Opens a sink of the caller's own making.
    ///
    /// # Errors
    /// As [`open_file`](Self::open_file).
    pub fn open_sink(&mut self, sink: impl Sink + 'static, container: Container) -> Result<()> {
        self.open(container, || Ok(Box::new(sink)))
    }

    /// Resolves all options for the container and makes the engines, and only then asks for the sink.
    fn open(&mut self, container: Container, sink: impl FnOnce() -> Result<Box<dyn Sink>>) -> Result<()> {
        self.session.check_setup()?;
        if self.streams.is_empty() {
            return Err(Error::state("there is no stream: call `add_video`, `add_audio` or `add_subtitles` first"));
        }
        self.session.check_container(container)?;
        let count = |of: fn(&StreamCore) -> bool| self.streams.iter().filter(|stream| of(stream)).count();
        container.check_counts(
            count(|stream| matches!(stream, StreamCore::Video(..))),
            count(|stream| matches!(stream, StreamCore::Audio(..))),
            count(|stream| matches!(stream, StreamCore::Subtitle(..))),
        )?;
        let plans = self.streams.iter().map(|stream| stream.resolve(container)).collect::<Result<Vec<_>>>()?;
        self.session.limits().check_engines(plans.iter().map(Opening::engine_bytes).fold(0, u64::saturating_add))?;
        let time_bases = plans.into_iter().map(Opening::open).collect::<Result<Vec<_>>>()?;
        self.session.open(container, sink()?, &time_bases)
    }

    /// How many bytes have been written so far. Some may stand in buffers still.
    pub fn bytes_written(&self) -> u64 {
        self.session.bytes_written()
    }

    /// Ends all streams, completes the file, and says what was made. Threads that still feed get an error.
    ///
    /// # Errors
    /// [`State`](crate::ErrorKind::State) if it was never opened, has failed before, or where the container refuses what
    /// was encoded;
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) if no stream was fed, in which case there is no file;
    /// [`Codec`](crate::ErrorKind::Codec) if a stream failed, in which case the file is complete, with what came before
    /// of that stream, and the error says so, likewise [`Device`](crate::ErrorKind::Device) if its GPU was lost;
    /// [`Io`](crate::ErrorKind::Io).
    pub fn close(mut self) -> Result<Report> {
        self.closed = true;
        let ended = self.finish_streams();
        let completed = match (ended, self.session.complete()) {
            (Ok(()), completed) => completed?,
            (Err(error), Ok(_)) => return Err(error.followed_by("the file was completed with what came before")),
            // What went wrong first is the cause of what `complete` says.
            (Err(error), Err(_)) => return Err(error),
        };
        let streams: Vec<_> = self.streams.iter().map(StreamCore::report).collect();
        let duration = streams.iter().map(StreamReport::length).max().unwrap_or_default();
        Ok(Report { container: completed.container, bytes: completed.bytes, duration, streams })
    }

    /// Gives the file up: the unfinished file is removed, and one that was there before stays. A writer or stream keeps
    /// what it was given.
    pub fn abort(mut self) {
        self.closed = true;
        self.session.abort();
    }

    /// Ends each stream; the first error of all.
    fn finish_streams(&self) -> Result<()> {
        self.session.begin_close();
        let results: Vec<_> = self.streams.iter().map(StreamCore::finish).collect();
        results.into_iter().collect()
    }
}

/// A stream with what its options come to in a container.
enum Opening<'a> {
    Video(Box<VideoPlan>, &'a Mutex<VideoCore>),
    Audio(AudioPlan, &'a Mutex<AudioCore>),
    Subtitle(Track, &'a Mutex<SubtitleCore>),
}

impl Opening<'_> {
    fn engine_bytes(&self) -> u64 {
        match self {
            Opening::Video(plan, core) => plan.engine_bytes(lock(core).has_pool()),
            Opening::Audio(..) | Opening::Subtitle(..) => 0,
        }
    }

    /// Makes the engine; gives the unit of its packets' times.
    fn open(self) -> Result<TimeBase> {
        match self {
            Opening::Video(plan, core) => lock(core).open(*plan),
            Opening::Audio(plan, core) => lock(core).open(plan),
            Opening::Subtitle(track, core) => Ok(lock(core).open(track)),
        }
    }
}

impl StreamCore {
    fn resolve(&self, container: Container) -> Result<Opening<'_>> {
        Ok(match self {
            StreamCore::Video(options, core) => Opening::Video(Box::new(options.resolve(Some(container))?), core),
            StreamCore::Audio(options, core) => Opening::Audio(options.resolve(Some(container))?, core),
            StreamCore::Subtitle(options, core) => Opening::Subtitle(options.resolve(Some(container))?, core),
        })
    }

    fn finish(&self) -> Result<()> {
        match self {
            StreamCore::Video(_, core) => lock(core).finish(),
            StreamCore::Audio(_, core) => lock(core).finish(),
            StreamCore::Subtitle(_, core) => lock(core).finish(),
        }
    }

    fn report(&self) -> StreamReport {
        match self {
            StreamCore::Video(_, core) => lock(core).report(),
            StreamCore::Audio(_, core) => lock(core).report(),
            StreamCore::Subtitle(_, core) => lock(core).report(),
        }
    }
}

fn lock<T>(core: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    core.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Encoder {
    fn drop(&mut self) {
        if !self.closed && self.session.is_open() {
            // Whoever wants to know how it went calls `close`.
            let _ = self.finish_streams();
            let _ = self.session.complete();
        }
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").field("streams", &self.streams.len()).finish_non_exhaustive()
    }
}
