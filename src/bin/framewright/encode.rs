//! `encode`: pictures and sound from files into one file.

use framewright::input::{AudioInfo, AudioSource, FrameTime, Subtitles, VideoInfo, VideoSource};
use framewright::media::{AspectRatio, TimeBase};
use framewright::{
    AudioCodec, AudioOptions, AudioStream, Color, Container, Encoder, Error, ErrorKind, Feature, FrameRate,
    PixelFormat, SampleFormat, SubtitleOptions, SubtitleStream, Timestamp, VideoCodec, VideoOptions, VideoStream,
};

use crate::args::EncodeArgs;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::job::{Job, Monitor};
use crate::options::{self, Codecs};
use crate::output::Output;
use crate::progress::{Unit, say};
use crate::sources::{Input, Sources, read_subtitles};

/// The frame rate of pictures that come without one.
const STILLS_RATE: u32 = 25;

/// The unit of times of frames that come with their own: those of GIF are whole hundredths.
const OWN_TIMES: TimeBase = TimeBase::MILLISECONDS;

/// Encodes; gives the exit code.
pub fn run(args: &EncodeArgs) -> Result<u8, Failure> {
    let interrupt = Interrupt::watch()?;
    let output = Output::check(&args.output, &args.run)?;
    let sources = Sources::open(args, &interrupt)?;
    let (has_video, has_audio) = (sources.video.is_some(), !sources.audio.is_empty());
    options::refuse_unused(has_video, args, has_audio)?;
    let codecs =
        Codecs::choose(output.container(), has_video.then_some(&args.video), has_audio.then_some(&args.audio))?;
    let extra = codecs.sort(&args.run)?;

    let subtitles = read_subtitles(&args.about.subtitles)?;
    args.about.check_streams(usize::from(has_video), sources.audio.len(), subtitles.len())?;
    let options = args.run.encoder_options()?.metadata(args.about.metadata()?);
    let mut encoder = Encoder::with_options(options)?;
    let video = match sources.video {
        Some(input) => {
            warn_of_aspect(&input, output.container(), args);
            let rate = frame_rate(input.source.info(), args)?;
            let color = source_color(input.source.info(), args)?;
            let mut options = video_options(input.source.info(), rate, color, codecs.video, output.container(), args)?;
            options = keep_aspect(options, input.source.info(), output.container(), args);
            args.video.apply(&mut options, &extra)?;
            args.about.label_video(&mut options)?;
            Some(VideoFeed {
                stream: args.video.add_to(&mut encoder, options)?,
                input,
                rate,
                color,
                frames: 0,
                position: 0,
            })
        }
        None => None,
    };
    let mut audio = Vec::new();
    for (index, input) in sources.audio.into_iter().enumerate() {
        let info = input.source.info().clone();
        let mut options = audio_options(&info, codecs.audio);
        args.audio.apply(&mut options, &extra)?;
        args.about.label_audio(index, &mut options)?;
        let stream = args.audio.add_to(&mut encoder, options).map_err(|failure| failure.context(&input.name))?;
        audio.push(AudioFeed { stream, input, sample_rate: info.sample_rate, samples: 0 });
    }

    let mut texts = Vec::new();
    for (index, (path, subtitles)) in args.about.subtitles.iter().zip(subtitles).enumerate() {
        let mut options = SubtitleOptions::new().header(&subtitles.header);
        args.about.label_subtitle(index, path, &mut options)?;
        texts.push((encoder.add_subtitles(options)?, subtitles));
    }

    let (unit, total) = match &video {
        Some(feed) => (Unit::Frames, feed.input.frames),
        None => (Unit::Seconds, audio.iter().map(AudioFeed::total_seconds).max().flatten()),
    };
    let job = Job { encoder, output, run: &args.run, interrupt: &interrupt };
    job.run(unit, total, |monitor| {
        // All cues are there before the first frame, so that nothing waits for them.
        for (stream, subtitles) in texts {
            feed_subtitles(stream, subtitles)?;
        }
        feed(video, audio, monitor)
    })
}

/// Puts everything in, always a piece of the stream that is furthest behind, so that none has to wait in memory for
/// another.
fn feed(mut video: Option<VideoFeed>, mut audio: Vec<AudioFeed>, monitor: &mut Monitor<'_>) -> Result<(), Failure> {
    let pictures = video.is_some();
    let mut done = 0;
    loop {
        let sound = audio.iter().enumerate().min_by_key(|(_, feed)| feed.position()).map(|(index, _)| index);
        let video_first = match (&video, sound) {
            (Some(video), Some(index)) => video.position <= audio[index].position(),
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => return Ok(()),
        };
        if video_first {
            if let Some(feed) = video.as_mut() {
                let more = feed.step()?;
                done = feed.frames;
                if !more && let Some(feed) = video.take() {
                    feed.finish()?;
                }
            }
        } else if let Some(index) = sound {
            if !audio[index].step()? {
                audio.swap_remove(index).stream.finish()?;
            } else if !pictures {
                done = audio[index].seconds();
            }
        }
        if !monitor.go_on(done) {
            return Ok(());
        }
    }
}

fn feed_subtitles(mut stream: SubtitleStream, subtitles: Subtitles) -> Result<(), Failure> {
    for timed in &subtitles.cues {
        stream.add_cue(timed.start, timed.end, &timed.cue)?;
    }
    Ok(stream.finish()?)
}

/// A video input on its way into its stream.
struct VideoFeed {
    input: Input<dyn VideoSource>,
    stream: VideoStream,
    /// `None`: the frames come with their own times.
    rate: Option<FrameRate>,
    /// What YUV frames are taken to be.
    color: Option<Color>,
    frames: u64,
    /// When the next frame begins, in nanoseconds.
    position: i64,
}

impl VideoFeed {
    /// Encodes the next frame; false if there was none.
    fn step(&mut self) -> Result<bool, Failure> {
        let Some(next) = self.input.source.next_frame().map_err(|error| Failure::reading(&self.input.name, error))?
        else {
            return Ok(false);
        };
        self.frames += 1;
        let frame = match self.color {
            Some(color) => next.frame.with_color(color),
            None => next.frame,
        };
        let added = match (self.rate, next.time) {
            (None, FrameTime::At { pts, duration }) => {
                let end = Timestamp::new(pts.ticks.saturating_add(duration.into()), pts.base);
                self.position = nanoseconds(end.base, end.ticks);
                self.stream.add_frame_at(&frame, pts).and_then(|()| self.stream.end_at(end))
            }
            (rate, _) => {
                let rate = rate.unwrap_or(FrameRate::from(STILLS_RATE));
                let ticks = i64::try_from(self.frames).unwrap_or(i64::MAX);
                self.position = TimeBase::new(rate.den(), rate.num()).map_or(i64::MAX, |base| nanoseconds(base, ticks));
                self.stream.add_frame(&frame)
            }
        };
        added.map_err(|error| feeding(&self.input.name, error))?;
        Ok(true)
    }

    fn finish(self) -> Result<(), Failure> {
        match self.frames {
            0 => Err(Failure::failed(format!("{} holds no frame", self.input.name))),
            _ => Ok(self.stream.finish()?),
        }
    }
}

/// An audio input on its way into its stream.
struct AudioFeed {
    input: Input<dyn AudioSource>,
    stream: AudioStream,
    sample_rate: u32,
    samples: u64,
}

impl AudioFeed {
    /// Encodes the next block; false if there was none.
    fn step(&mut self) -> Result<bool, Failure> {
        let Some(block) = self.input.source.next_block().map_err(|error| Failure::reading(&self.input.name, error))?
        else {
            return Ok(false);
        };
        self.samples += block.frames() as u64;
        self.stream.add_samples(block).map_err(|error| feeding(&self.input.name, error))?;
        Ok(true)
    }

    /// When the next sample is, in nanoseconds.
    fn position(&self) -> i64 {
        nanoseconds(TimeBase::per_second(self.sample_rate.max(1)), i64::try_from(self.samples).unwrap_or(i64::MAX))
    }

    fn seconds(&self) -> u64 {
        self.samples / u64::from(self.sample_rate.max(1))
    }

    fn total_seconds(&self) -> Option<u64> {
        self.input.frames.map(|frames| frames.div_ceil(u64::from(self.sample_rate.max(1))))
    }
}

/// The input is named where it is to blame, and not where the output cannot be written.
fn feeding(name: &str, error: Error) -> Failure {
    match error.kind() {
        ErrorKind::InvalidInput => Failure::from(error).context(name),
        _ => error.into(),
    }
}

fn nanoseconds(base: TimeBase, ticks: i64) -> i64 {
    base.rescale(ticks, TimeBase::NANOSECONDS).unwrap_or(i64::MAX)
}

/// The constant rate that the frames get; `None` where their own times hold.
fn frame_rate(info: &VideoInfo, args: &EncodeArgs) -> Result<Option<FrameRate>, Failure> {
    if let Some(text) = &args.fps {
        let rate = text.parse().map_err(|error| options::naming("--fps", text, error))?;
        return Ok(Some(rate));
    }
    Ok(if info.variable { None } else { Some(info.frame_rate.unwrap_or(FrameRate::from(STILLS_RATE))) })
}

/// What YUV frames are, by the source and, as far as that says nothing, by --color. Y4M says the range at most.
fn source_color(info: &VideoInfo, args: &EncodeArgs) -> Result<Option<Color>, Failure> {
    if !info.format.is_yuv() {
        return Ok(None);
    }
    let said: Option<Color> = match &args.video.color {
        Some(text) => Some(text.parse().map_err(|error| options::naming("--color", text, error))?),
        None => None,
    };
    Ok(Some(match (said, info.color) {
        (Some(said), Some(source)) => said.with_range(source.range),
        (Some(color), None) | (None, Some(color)) => color,
        (None, None) => Color::for_height(info.height),
    }))
}

/// What the source suggests, before the arguments have their say.
fn video_options(
    info: &VideoInfo,
    rate: Option<FrameRate>,
    color: Option<Color>,
    codec: Option<VideoCodec>,
    container: Container,
    args: &EncodeArgs,
) -> Result<VideoOptions, Failure> {
    let mut options = VideoOptions::new(info.width, info.height);
    // Said, so that its own options are known before the container is.
    if let Some(codec) = codec {
        options = options.codec(codec);
    }
    options = match rate {
        Some(rate) => options.frame_rate(rate),
        None => options.time_base(OWN_TIMES),
    };
    if let Some((width, height)) = args.size {
        options = options.out_size(width, height);
    }
    if let Some(fit) = &args.fit {
        options.set("fit", fit).map_err(|error| options::naming("--fit", fit, error))?;
    }
    Ok(match (codec, color) {
        // JPEG has one matrix, one range, and 8 bits; primaries and transfer stay the source's.
        (Some(VideoCodec::Mjpeg), color) => options.color(Color {
            matrix: Color::JPEG.matrix,
            range: Color::JPEG.range,
            ..color.unwrap_or(Color::JPEG)
        }),
        // Screens' own colours: the library knows which.
        (Some(VideoCodec::Raw), _) if !container.raw_formats().contains(&pixel_format(info)) => options,
        (_, Some(color)) => options.pixel_format(pixel_format(info)).color(color),
        (_, None) => options.pixel_format(pixel_format(info)),
    })
}

/// That of a YUV source; 4:2:0 for RGB, with 10 bits where the source has more than 8.
fn pixel_format(info: &VideoInfo) -> PixelFormat {
    info.pixel_format.unwrap_or(if info.bit_depth > 8 { PixelFormat::Yuv420p10 } else { PixelFormat::Yuv420p })
}

/// What the source suggests: a lossless codec keeps the source's samples, as far as it can.
fn audio_options(info: &AudioInfo, codec: Option<AudioCodec>) -> AudioOptions {
    let mut options = AudioOptions::new(info.sample_rate, info.channels.into());
    if let Some(codec) = codec {
        options = options.codec(codec);
    }
    match (codec, info.sample_format) {
        (Some(AudioCodec::Pcm), Some(format)) => options.sample_format(format),
        (Some(AudioCodec::Flac), Some(format)) => {
            options.sample_format(if format == SampleFormat::S16 { format } else { SampleFormat::S24 })
        }
        _ => options,
    }
}

/// The shape that the source's pixels have, where they are not scaled and the file can say it.
fn keep_aspect(options: VideoOptions, info: &VideoInfo, container: Container, args: &EncodeArgs) -> VideoOptions {
    let ratio = info.sample_aspect_ratio.and_then(|(x, y)| AspectRatio::new(x, y).ok());
    match ratio {
        Some(ratio) if args.size.is_none() && container.features().contains(&Feature::AspectRatio) => {
            options.sample_aspect_ratio(ratio)
        }
        _ => options,
    }
}

/// Where the file has no place for a pixel's shape, pictures with other pixels than square ones come out distorted.
fn warn_of_aspect(input: &Input<dyn VideoSource>, container: Container, args: &EncodeArgs) {
    let info = input.source.info();
    if let Some((x, y)) = info.sample_aspect_ratio.filter(|(x, y)| x != y && *x > 0 && *y > 0)
        && args.size.is_none()
        && args.video.pixel_aspect.is_none()
        && !container.features().contains(&Feature::AspectRatio)
        && !args.run.quiet
    {
        let width = (u64::from(info.width) * u64::from(x)).div_ceil(y.into());
        say(&format!(
            "{}: its pixels are not square ({x}:{y}), and {container} has only square ones; to keep the picture's shape, add \
             --size {width}x{} --fit stretch",
            input.name, info.height
        ));
    }
}
