//! Whole small files by seed.

use std::io::Cursor;

use super::random::Random;
use super::scene::{FORMATS, Scene, video};
use super::sound::{Sound, audio};
use crate::encoder::{AudioOptions, Encoder, EncoderOptions, SubtitleOptions, VideoOptions};
use crate::error::{Error, Result};
use crate::media::{AudioCodec, Cue, PixelFormat, SampleFormat, TimeBase, Timestamp, VideoCodec};
use crate::mux::{Container, Layout, MuxOptions};
use crate::sink::{SharedWriter, Sink};

/// A small file, planned: container, layout, streams, frames, samples and cues. It is valid by construction.
///
/// Pictures are 16 to 24 pixels wide and high, and there are at most four in a stream; sound lasts at most 100 ms. A file
/// is a few kilobytes, and takes less than a millisecond without AV1 or Opus.
///
/// ```
/// use framewright::Container;
/// use framewright::testing::{ExpectedKind, Session};
///
/// let session = Session::of(Container::Mp4, 3);
/// let file = session.write()?;
/// assert_eq!(&file[4..8], b"ftyp");
/// let pictures = session.streams().into_iter().filter(|stream| matches!(stream.kind, ExpectedKind::Video { .. }));
/// assert!(pictures.map(|stream| stream.count).sum::<u64>() <= 8);
/// # Ok::<(), framewright::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    container: Container,
    layout: Option<Layout>,
    streams: Vec<Stream>,
}

#[derive(Clone, Debug, PartialEq)]
enum Stream {
    Video { options: VideoOptions, codec: VideoCodec, scene: Scene, frames: u32, rate: u32 },
    Audio { options: AudioOptions, codec: AudioCodec, sound: Sound, rate: u32, samples: usize },
    Subtitle { cues: u32 },
}

/// What has to be found of a stream in the file.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ExpectedStream {
    /// Video, audio or subtitles.
    pub kind: ExpectedKind,
    /// The codec's name in options.
    pub codec: &'static str,
    /// Frames, samples a channel that are heard (at the rate of [`duration`](Self::duration)), or cues.
    pub count: u64,
    /// How long it is, in ticks of a frame, a sample or a millisecond. Each stream begins at 0.
    pub duration: Timestamp,
}

/// The kind of an [`ExpectedStream`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExpectedKind {
    /// Pictures.
    Video {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// Sound.
    Audio {
        /// 1 to 8.
        channels: usize,
    },
    /// Subtitles.
    Subtitle,
}

/// Containers that hold several streams.
const SEVERAL: [Container; 5] = [Container::Mp4, Container::Mov, Container::Matroska, Container::WebM, Container::Avi];

impl Session {
    /// A session in MP4, WebM or Matroska, whichever the seed says.
    pub fn new(seed: u64) -> Self {
        let containers = [Container::Mp4, Container::WebM, Container::Matroska];
        let container = Random::new(!seed).pick(&containers).unwrap_or(Container::Mp4);
        Self::of(container, seed)
    }

    /// A session in a container. HLS and DASH, which are several files, count as MP4.
    pub fn of(container: Container, seed: u64) -> Self {
        let is_one_file = |layout: &Layout| !layout.needs_folder();
        let container = if container.layouts().iter().any(is_one_file) { container } else { Container::Mp4 };
        let mut random = Random::new(seed);
        let layout = random.pick(container.layouts()).filter(|_| !random.one_in(4));
        let wanted = if SEVERAL.contains(&container) { 1 + random.below(3) } else { 1 };
        let mut streams = Vec::new();
        for index in 0..wanted {
            let kinds: &[u8] = match (container.video_codecs().is_empty(), container.audio_codecs().is_empty()) {
                (true, _) => &[1],
                (_, true) => &[0],
                // A file of subtitles alone is left to who wants it.
                _ if index > 0 && !container.subtitle_codecs().is_empty() => &[0, 1, 1, 2],
                _ => &[0, 1],
            };
            streams.extend(match random.pick(kinds) {
                Some(0) => video_stream(container, &mut random),
                Some(1) => audio_stream(container, &mut random),
                _ => Some(Stream::Subtitle { cues: 1 + random.below(3) }),
            });
        }
        // Of several pictures, the index of AVIF stands in front and is patched.
        if (container, layout) == (Container::Avif, Some(Layout::Live))
            && let Some(Stream::Video { frames, .. }) = streams.first_mut()
        {
            *frames = 1;
        }
        Session { container, layout, streams }
    }

    /// The container.
    pub fn container(&self) -> Container {
        self.container
    }

    /// The layout; `None`: the container's usual one for a file.
    pub fn layout(&self) -> Option<Layout> {
        self.layout
    }

    /// What has to be found in the file: its streams, in their order.
    pub fn streams(&self) -> Vec<ExpectedStream> {
        self.streams.iter().map(Stream::expected).collect()
    }

    /// The file: the same bytes each time.
    ///
    /// # Errors
    /// None that is known: an error says that the library has a defect.
    pub fn write(&self) -> Result<Vec<u8>> {
        let file = SharedWriter::new(Cursor::new(Vec::new()));
        let mut encoder = Encoder::with_options(self.options())?;
        let feeds = self.add(&mut encoder)?;
        match self.layout {
            Some(layout) if !layout.needs_patching() => encoder.open_stream(file.clone(), self.container)?,
            _ => encoder.open_writer(file.clone(), self.container)?,
        }
        feeds.into_iter().try_for_each(Feed::run)?;
        encoder.close()?;
        file.into_inner().map(Cursor::into_inner).ok_or_else(|| Error::state("the encoder kept its writer"))
    }

    /// Writes the file to a sink of the caller's making: to see what becomes of one that fails. The first error ends it, but
    /// for those after which [`Encoder::close`] has to be asked.
    ///
    /// # Errors
    /// Those of the sink, as [`Encoder`] gives them: the first of all, and what `close` says after it, where it was not `close`
    /// itself that failed, nor what came before the first frame.
    pub fn write_to(&self, sink: impl Sink + 'static) -> std::result::Result<(), (Error, Option<Result<()>>)> {
        let first = |error| (error, None);
        let mut encoder = Encoder::with_options(self.options()).map_err(first)?;
        let feeds = self.add(&mut encoder).map_err(first)?;
        encoder.open_sink(sink, self.container).map_err(first)?;
        match feeds.into_iter().try_for_each(Feed::run) {
            Ok(()) => encoder.close().map(|_| ()).map_err(first),
            Err(error) => Err((error, Some(encoder.close().map(drop)))),
        }
    }

    fn options(&self) -> EncoderOptions {
        match self.layout {
            // Else a megabyte would stand empty in front of the samples.
            Some(Layout::FastStart) => {
                EncoderOptions::new().mux(MuxOptions::new().layout(Layout::FastStart).index_reserve(4096))
            }
            Some(layout) => EncoderOptions::new().layout(layout),
            None => EncoderOptions::new(),
        }
    }

    fn add(&self, encoder: &mut Encoder) -> Result<Vec<Feed<'_>>> {
        let mut feeds = Vec::with_capacity(self.streams.len());
        for stream in &self.streams {
            feeds.push(match stream {
                Stream::Video { options, scene, frames, .. } => {
                    Feed::Video(encoder.add_video(options.clone())?, scene, *frames)
                }
                Stream::Audio { options, sound, samples, .. } => {
                    Feed::Audio(encoder.add_audio(options.clone())?, sound, *samples)
                }
                Stream::Subtitle { cues } => Feed::Subtitle(encoder.add_subtitles(SubtitleOptions::new())?, *cues),
            });
        }
        Ok(feeds)
    }
}

/// A stream and what goes into it.
enum Feed<'a> {
    Video(crate::encoder::VideoStream, &'a Scene, u32),
    Audio(crate::encoder::AudioStream, &'a Sound, usize),
    Subtitle(crate::encoder::SubtitleStream, u32),
}

/// How long a cue is shown, in milliseconds.
const CUE: i64 = 20;

impl Feed<'_> {
    fn run(self) -> Result<()> {
        match self {
            Feed::Video(mut stream, scene, frames) => {
                (0..frames).try_for_each(|index| stream.add_frame(&scene.frame(index).view()?))?;
                stream.finish()
            }
            Feed::Audio(mut stream, sound, samples) => {
                // In two calls, cut where no packet ends.
                let cut = samples / 3;
                stream.add_samples(sound.samples(0, cut).view()?)?;
                stream.add_samples(sound.samples(cut as u64, samples - cut).view()?)?;
                stream.finish()
            }
            Feed::Subtitle(mut stream, cues) => {
                for index in 0..i64::from(cues) {
                    let at = |index: i64| Timestamp::from_millis(index * CUE);
                    stream.add_cue(at(index), at(index + 1), &Cue::new(format!("cue {index}")))?;
                }
                stream.finish()
            }
        }
    }
}

impl Stream {
    fn expected(&self) -> ExpectedStream {
        let told = |kind, codec, count: u64, unit: TimeBase, ticks: i64| ExpectedStream {
            kind,
            codec,
            count,
            duration: Timestamp::new(ticks, unit),
        };
        match self {
            Stream::Video { codec, scene, frames, rate, .. } => {
                let kind = ExpectedKind::Video { width: scene.width, height: scene.height };
                told(kind, codec.name(), (*frames).into(), TimeBase::per_second(*rate), (*frames).into())
            }
            Stream::Audio { codec, sound, rate, samples, .. } => {
                let kind = ExpectedKind::Audio { channels: sound.channels };
                // The ticks of Opus are those of 48 kHz, whatever its rate.
                let rate_of_file = if *codec == AudioCodec::Opus { 48_000 } else { *rate };
                let samples = *samples as u64 * u64::from(rate_of_file) / u64::from(*rate);
                told(kind, codec.name(), samples, TimeBase::per_second(rate_of_file), samples as i64)
            }
            Stream::Subtitle { cues } => {
                let length = i64::from(*cues) * CUE;
                told(ExpectedKind::Subtitle, "webvtt", (*cues).into(), TimeBase::MILLISECONDS, length)
            }
        }
    }
}

fn video_stream(container: Container, random: &mut Random) -> Option<Stream> {
    let codec = random.pick(container.video_codecs())?;
    let pixel_format = match codec {
        VideoCodec::Raw => random.pick(container.raw_formats())?,
        VideoCodec::Mjpeg => random.pick(&[PixelFormat::Yuv420p, PixelFormat::Yuv444p])?,
        VideoCodec::Av1 => random.pick(&[PixelFormat::Yuv420p, PixelFormat::Yuv420p, PixelFormat::Yuv444p10])?,
    };
    let (width, height) = (16 + random.below(9), 16 + random.below(9));
    // What a hundredth of a second divides, for GIF.
    let rate = random.pick(&[10, 25, 50])?;
    let mut options =
        VideoOptions::new(width, height).frame_rate(rate).codec(codec).pixel_format(pixel_format).threads(1);
    if codec == VideoCodec::Av1 {
        options = options.low_latency(random.one_in(2));
    }
    let formats = if pixel_format.is_rgb() { &FORMATS[..7] } else { &FORMATS[..] };
    let scene =
        video(random.next()).size(width, height).format(random.pick(formats)?).bit_depth(random.pick(&[8, 8, 10])?);
    Some(Stream::Video { options, codec, scene, frames: 1 + random.below(4), rate })
}

fn audio_stream(container: Container, random: &mut Random) -> Option<Stream> {
    let codec = random.pick(container.audio_codecs())?;
    let rate = match codec {
        AudioCodec::Opus => random.pick(&[16_000, 24_000, 48_000])?,
        _ => random.pick(&[8_000, 22_050, 44_100, 48_000])?,
    };
    let channels = 1 + random.below(2) as usize;
    let mut options = AudioOptions::new(rate, channels).codec(codec);
    if codec != AudioCodec::Opus {
        options = options.sample_format(random.pick(&[SampleFormat::S16, SampleFormat::S24])?);
    }
    // A tenth of a second at most, in no whole number of packets.
    let samples = 1 + random.below(rate / 10) as usize;
    Some(Stream::Audio { options, codec, sound: audio(random.next()).channels(channels), rate, samples })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::{Details, inspect};

    #[test]
    fn each_file_holds_what_its_session_says() {
        for &container in Container::ALL {
            for seed in 0..12 {
                let session = Session::of(container, seed);
                let file = session.write().unwrap_or_else(|error| panic!("{container} {seed}: {error}"));
                assert!(file == session.write().unwrap(), "{container} {seed}: other bytes");
                // OBUs have no magic, so nobody can tell what they are; an APNG of one picture is a PNG, and no film.
                let is_picture = session.container().to_string() == "apng" && session.streams()[0].count == 1;
                if session.container() == Container::Obu || is_picture {
                    continue;
                }
                let info = inspect(Cursor::new(&file)).unwrap_or_else(|error| panic!("{container} {seed}: {error}"));
                assert_eq!(info.tracks.len(), session.streams().len(), "{container} {seed}");
                for (track, stream) in info.tracks.iter().zip(session.streams()) {
                    let named = (track.codec.as_str(), stream.codec);
                    assert!(named.0 == named.1 || session.container() == container, "{named:?}");
                    match (&track.details, stream.kind) {
                        (Details::Video(video), ExpectedKind::Video { width, height }) => {
                            assert_eq!((video.coded_width, video.coded_height), (width, height), "{container} {seed}");
                            assert_eq!(track.packets, stream.count, "{container} {seed}");
                        }
                        (Details::Audio(audio), ExpectedKind::Audio { channels }) => {
                            assert_eq!(usize::from(audio.channels), channels, "{container} {seed}");
                        }
                        (Details::Subtitle, ExpectedKind::Subtitle) => {}
                        other => panic!("{container} {seed}: {other:?}"),
                    }
                }
            }
        }
    }

    #[test]
    fn seeds_reach_every_container_and_kind() {
        let sessions: Vec<_> = (0..60).map(Session::new).collect();
        for container in [Container::Mp4, Container::WebM, Container::Matroska] {
            let of_it: Vec<_> = sessions.iter().filter(|session| session.container() == container).collect();
            let has = |wanted: fn(&ExpectedKind) -> bool| {
                of_it.iter().any(|session| session.streams().iter().any(|stream| wanted(&stream.kind)))
            };
            assert!(has(|kind| matches!(kind, ExpectedKind::Video { .. })), "{container}");
            assert!(has(|kind| matches!(kind, ExpectedKind::Audio { .. })), "{container}");
            assert!(has(|kind| *kind == ExpectedKind::Subtitle), "{container}");
        }
    }
}
