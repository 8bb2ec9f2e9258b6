//! Any calls in any order, against a model of what each has to answer.

use std::io::Cursor;

use arbitrary::{Result, Unstructured};
use framewright::input::{AudioReader, AudioSource, VideoSource, Y4mReader};
use framewright::inspect::{Details, IndexPlacement, TrackInfo};
use framewright::media::{Cue, TimeBase};
use framewright::sink::SharedWriter;
use framewright::testing::{Block, Frame, video};
use framewright::{
    AudioCodec, AudioOptions, AudioStream, Container, Encoder, EncoderOptions, Error, ErrorKind, Feature, Report,
    StreamKind, StreamReport, SubtitleOptions, SubtitleStream, Timestamp, VideoCodec, VideoOptions, VideoStream,
};

use crate::demux;

/// A stream, and what is known of it.
enum Fed {
    Video(Option<VideoStream>, Option<VideoModel>),
    Audio(Option<AudioStream>, Option<AudioModel>),
    Subtitle(Option<SubtitleStream>, SubtitleModel),
}

/// Of a stream whose options were chosen here. `rate` is `None` where frames have times of their own, in milliseconds.
struct VideoModel {
    size: (u32, u32),
    rate: Option<u32>,
    frames: u64,
    last: Option<i64>,
}

struct AudioModel {
    rate: u32,
    channels: usize,
    codec: AudioCodec,
    samples: u64,
}

struct SubtitleModel {
    cues: u64,
    earliest: i64,
}

/// Times up to which, in milliseconds, no format and no limit is in the way: ten minutes.
const NEAR: i64 = 600_000;

/// What a call answered, by whether the encoder has failed before.
struct Health {
    failed: bool,
    container: Container,
}

impl Health {
    /// Notes an answer; whether the call was taken.
    fn took(&mut self, answer: framewright::Result<()>, what: &str) -> bool {
        match answer {
            Ok(()) => {
                assert!(!self.failed, "{what} is taken after a failure");
                true
            }
            Err(error) => {
                let goes_on =
                    matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::Limit);
                assert!(goes_on || error.kind() == ErrorKind::State, "{what}: {error:?}");
                assert!(!self.failed || error.kind() == ErrorKind::State, "{what} after a failure: {error:?}");
                self.failed |= error.kind() == ErrorKind::State;
                false
            }
        }
    }
}

/// Each call answers as the model says: what is out of place with `State`, what is wrong with `InvalidInput`, and the stream
/// goes on. What closes has the frames, samples, cues and durations of the model, in the report and for three readers.
pub fn run(data: &[u8]) {
    let _ = session(&mut Unstructured::new(data));
}

fn session(u: &mut Unstructured<'_>) -> Result<()> {
    let options = if u.ratio(1, 4)? { u.arbitrary()? } else { EncoderOptions::new() };
    let mut encoder = match Encoder::with_options(options) {
        Ok(encoder) => encoder,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::InvalidOption, "{error:?}");
            return Ok(());
        }
    };
    let mut streams = Vec::new();
    for _ in 0..u.int_in_range(0..=3)? {
        streams.extend(add(u, &mut encoder)?);
    }
    let scene = video(1).size(8, 8);
    if let Some(Fed::Video(Some(stream), _)) = streams.first_mut() {
        let early = stream.add_frame(&scene.frame(0).view().expect("a frame"));
        assert_eq!(kind(early), Some(ErrorKind::State), "a frame before the encoder is open");
    }
    let file = SharedWriter::new(Cursor::new(Vec::new()));
    let wanted = if u.arbitrary()? { u.arbitrary()? } else { Container::Matroska };
    let Some(container) = open(&mut encoder, &file, wanted, streams.is_empty(), u.arbitrary()?) else { return Ok(()) };
    assert_eq!(kind(encoder.add_video(VideoOptions::new(8, 8))), Some(ErrorKind::State), "a stream after `open_*`");
    let again = encoder.open_stream(std::io::sink(), container);
    assert_eq!(kind(again), Some(ErrorKind::State), "the encoder opens twice");

    let mut health = Health { failed: false, container };
    for _ in 0..u.int_in_range(0..=16)? {
        let index = u.int_in_range(0..=streams.len() - 1)?;
        feed(u, &mut streams[index], &mut health)?;
    }
    match u.int_in_range(0..=9)? {
        0 => encoder.abort(),
        1 => drop(encoder),
        _ => match encoder.close() {
            Ok(report) => {
                assert!(!health.failed, "`close` knows nothing of a failure");
                let bytes = file.with(|file| file.get_ref().clone());
                check(&report, &streams, &bytes);
            }
            Err(error) => {
                let was_fed = streams.iter().any(Fed::was_fed);
                let fits = match error.kind() {
                    ErrorKind::InvalidInput => !was_fed || !streams.iter().all(Fed::is_known),
                    kind => kind == ErrorKind::State,
                };
                assert!(fits, "`close`: {error:?}");
            }
        },
    }
    for stream in &mut streams {
        if let Fed::Video(Some(stream), _) = stream {
            let late = stream.add_frame(&scene.frame(0).view().expect("a frame"));
            assert_eq!(kind(late), Some(ErrorKind::State), "a frame after the end");
        }
    }
    Ok(())
}

fn kind<T>(answer: framewright::Result<T>) -> Option<ErrorKind> {
    answer.err().as_ref().map(Error::kind)
}

/// Opens the encoder; the container, where it did.
fn open(
    encoder: &mut Encoder,
    file: &SharedWriter<Cursor<Vec<u8>>>,
    wanted: Container,
    is_empty: bool,
    is_stream: bool,
) -> Option<Container> {
    let answer = match is_stream {
        true => encoder.open_stream(file.clone(), wanted),
        false => encoder.open_writer(file.clone(), wanted),
    };
    let Err(error) = answer else {
        assert!(!is_empty, "an encoder without a stream opens");
        return Some(wanted);
    };
    match is_empty {
        true => assert_eq!(error.kind(), ErrorKind::State, "{error:?}"),
        false => assert!(matches!(error.kind(), ErrorKind::InvalidOption | ErrorKind::Unsupported), "{error:?}"),
    }
    // Nothing has been touched, so the encoder can be opened otherwise.
    assert!(file.with(|file| file.get_ref().is_empty()), "an encoder that did not open has written");
    encoder.open_writer(file.clone(), Container::Matroska).ok().map(|()| Container::Matroska)
}

/// A stream of options chosen here, or of any. `None` where they are refused.
fn add(u: &mut Unstructured<'_>, encoder: &mut Encoder) -> Result<Option<Fed>> {
    let refused = |error: Error| {
        assert!(matches!(error.kind(), ErrorKind::InvalidOption | ErrorKind::Unsupported), "{error:?}");
        None
    };
    // Few of AV1 and Opus, which take as long as a hundred others.
    let is_slow = u.ratio(1, 16)?;
    Ok(match u.int_in_range(0..=6)? {
        0 => {
            let options: VideoOptions = u.arbitrary()?;
            let cheap = *u.choose(&[VideoCodec::Raw, VideoCodec::Mjpeg])?;
            match encoder.add_video(if is_slow { options } else { options.codec(cheap) }) {
                Ok(stream) => Some(Fed::Video(Some(stream), None)),
                Err(error) => refused(error),
            }
        }
        1 => {
            let options: AudioOptions = u.arbitrary()?;
            let cheap = *u.choose(&[AudioCodec::Pcm, AudioCodec::Flac])?;
            match encoder.add_audio(if is_slow { options } else { options.codec(cheap) }) {
                Ok(stream) => Some(Fed::Audio(Some(stream), None)),
                Err(error) => refused(error),
            }
        }
        2 => {
            let stream = encoder.add_subtitles(SubtitleOptions::new()).expect("the defaults are taken");
            Some(Fed::Subtitle(Some(stream), SubtitleModel { cues: 0, earliest: 0 }))
        }
        3 | 4 => {
            let size = (u.int_in_range(1..=24)?, u.int_in_range(1..=24)?);
            let rate = if u.ratio(1, 3)? { None } else { Some(*u.choose(&[1, 25, 50])?) };
            let options = VideoOptions::new(size.0, size.1).threads(1);
            let options = match u.int_in_range(0..=4)? {
                0 if is_slow => options,
                1 | 2 if is_slow => options.codec(VideoCodec::Av1).low_latency(true).preset(10),
                0 | 1 => options.codec(VideoCodec::Raw),
                _ => options.codec(VideoCodec::Mjpeg),
            };
            let options = match rate {
                Some(rate) => options.frame_rate(rate),
                None => options.time_base(TimeBase::MILLISECONDS),
            };
            let stream = encoder.add_video(options).expect("options in their ranges are taken");
            Some(Fed::Video(Some(stream), Some(VideoModel { size, rate, frames: 0, last: None })))
        }
        _ => {
            let (rate, channels) = (*u.choose(&[8_000, 44_100, 48_000])?, u.int_in_range(1..=2)?);
            let cheap = *u.choose(&[AudioCodec::Pcm, AudioCodec::Flac])?;
            let codec = if is_slow { u.arbitrary()? } else { cheap };
            let stream = encoder.add_audio(AudioOptions::new(rate, channels).codec(codec)).expect("they are in range");
            Some(Fed::Audio(Some(stream), Some(AudioModel { rate, channels, codec, samples: 0 })))
        }
    })
}

fn feed(u: &mut Unstructured<'_>, stream: &mut Fed, health: &mut Health) -> Result<()> {
    // Its handle goes, which ends it; what goes wrong comes out of `close`.
    if u.ratio(1, 16)? {
        match stream {
            Fed::Video(stream, _) => drop(stream.take()),
            Fed::Audio(stream, _) => drop(stream.take()),
            Fed::Subtitle(stream, _) => drop(stream.take()),
        }
        return Ok(());
    }
    match stream {
        Fed::Video(Some(stream), model) => {
            let any: Frame = u.arbitrary()?;
            let own = model.as_ref().filter(|_| u.ratio(7, 8) == Ok(true));
            let frame = own.map_or(any, |model| video(3).size(model.size.0, model.size.1).frame(model.frames as u32));
            let view = frame.view().expect("frames are sound");
            let size = (view.width(), view.height());
            let fits = model.as_ref().is_some_and(|model| model.size == size);
            let at = match model {
                Some(VideoModel { rate: None, last, .. }) => Some(time(u, *last)?),
                Some(_) => None,
                None => {
                    if u.arbitrary()? {
                        Some(u.arbitrary::<Timestamp>()?)
                    } else {
                        None
                    }
                }
            };
            let answer = match at {
                Some(at) => stream.add_frame_at(&view, at),
                None => stream.add_frame(&view),
            };
            let told = format!("{:?}", answer.as_ref().err());
            let refused = answer.as_ref().err().map(Error::kind);
            let took = health.took(answer, "a frame");
            let Some(model) = model else { return Ok(()) };
            let in_time = at.is_none_or(|at| match model.last {
                Some(last) => at.ticks > last,
                None => at.ticks >= 0 || health.container.features().contains(&Feature::EarlyStart),
            });
            if took {
                assert!(fits && in_time, "a frame of {size:?} at {at:?} is taken after {:?}", model.last);
                model.frames += 1;
                model.last = at.map(|at| at.ticks).or(model.last);
            } else if !health.failed && (!fits || !in_time) {
                let expected = if fits { refusal(at) } else { ErrorKind::InvalidInput };
                assert_eq!(refused, Some(expected), "{size:?} at {at:?}");
            } else if !health.failed {
                let is_near =
                    at.is_none_or(|at| (0..NEAR).contains(&at.ticks) && model.last.is_none_or(|last| last > -NEAR));
                assert!(
                    !is_near,
                    "a frame of {size:?} at {at:?} behind {:?} is refused by {}: {told}",
                    model.last, health.container
                );
            }
        }
        Fed::Audio(Some(stream), model) => {
            let block: Block = u.arbitrary()?;
            let view = block.view().expect("blocks are sound");
            let answer = stream.add_samples(view);
            let refused = answer.as_ref().err().map(Error::kind);
            let took = health.took(answer, "samples");
            let Some(model) = model else { return Ok(()) };
            let fits = view.channels() == model.channels && block.is_finite();
            if took {
                assert!(fits, "samples of {} channels are taken", view.channels());
                model.samples += view.frames() as u64;
            } else if !health.failed {
                assert!(refused == Some(if fits { ErrorKind::Limit } else { ErrorKind::InvalidInput }), "{refused:?}");
            }
        }
        Fed::Subtitle(Some(stream), model) => {
            let start = if u.ratio(1, 8)? { u.arbitrary()? } else { model.earliest + u.int_in_range(0..=40)? };
            let end = if u.ratio(1, 8)? { u.arbitrary()? } else { start.saturating_add(u.int_in_range(0..=40)?) };
            let text: &str = if u.ratio(1, 4)? { u.arbitrary()? } else { "a cue" };
            let (at, until) = (Timestamp::from_millis(start), Timestamp::from_millis(end));
            let is_text = !text.trim().is_empty() && !text.contains('\0') && !text.contains("-->");
            let is_good = start >= model.earliest && end > start && is_text;
            let answer = stream.add_cue(at, until, &Cue::new(text));
            let told = format!("{:?}", answer.as_ref().err());
            let refused = answer.as_ref().err().map(Error::kind);
            if health.took(answer, "a cue") {
                assert!(is_good, "{start} {end} `{text}`");
                (model.cues, model.earliest) = (model.cues + 1, start);
            } else if !health.failed && !is_good {
                assert_eq!(refused, Some(refusal(Some(until))), "{start} {end} `{text}`");
            } else if !health.failed {
                let is_near = end < NEAR;
                assert!(!is_near, "a cue from {start} to {end} {text:?} is refused: {told}");
            }
        }
        _ => {}
    }
    Ok(())
}

/// How a moment that is out of place is refused: one more than a year away is past the limit.
fn refusal(at: Option<Timestamp>) -> ErrorKind {
    let is_far = |at: Timestamp| {
        let seconds = i128::from(at.ticks) * i128::from(at.base.num());
        seconds.abs() > 366 * 24 * 3600 * i128::from(at.base.den())
    };
    if at.is_some_and(is_far) { ErrorKind::Limit } else { ErrorKind::InvalidInput }
}

/// After `last` in most cases, by milliseconds.
fn time(u: &mut Unstructured<'_>, last: Option<i64>) -> Result<Timestamp> {
    let wild = u.ratio(1, 16)?;
    let ticks = if wild { u.arbitrary()? } else { last.unwrap_or(0).saturating_add(u.int_in_range(-2..=60)?) };
    Ok(Timestamp::from_millis(ticks))
}

impl Fed {
    fn was_fed(&self) -> bool {
        match self {
            Fed::Video(_, model) => model.as_ref().is_none_or(|model| model.frames > 0),
            Fed::Audio(_, model) => model.as_ref().is_none_or(|model| model.samples > 0),
            Fed::Subtitle(_, model) => model.cues > 0,
        }
    }

    fn is_known(&self) -> bool {
        !matches!(self, Fed::Video(_, None) | Fed::Audio(_, None))
    }
}

/// Report and file against the model.
fn check(report: &Report, streams: &[Fed], bytes: &[u8]) {
    assert_eq!(report.bytes, bytes.len() as u64, "bytes of {report:?}");
    assert_eq!(report.streams.len(), streams.len());
    for (told, stream) in report.streams.iter().zip(streams) {
        match (told.kind, stream) {
            (StreamKind::Video { frames, .. }, Fed::Video(_, Some(model))) => {
                assert_eq!(frames, model.frames, "{told:?}");
                let seconds = |ticks: i64| i128::from(ticks) * i128::from(told.time_base.num());
                if let Some(rate) = model.rate {
                    let wanted = i128::from(model.frames) * i128::from(told.time_base.den());
                    assert_eq!(seconds(told.duration) * i128::from(rate), wanted, "{told:?}");
                }
            }
            (StreamKind::Audio { samples, sample_rate, .. }, Fed::Audio(_, Some(model))) => {
                let wanted = u128::from(model.samples) * u128::from(sample_rate);
                let off = (u128::from(samples) * u128::from(model.rate)).abs_diff(wanted);
                // Rounded to a sample of the file where it is resampled.
                let most = if model.codec == AudioCodec::Opus { u128::from(model.rate) } else { 0 };
                assert!(off <= most, "{} samples at {} became {told:?}", model.samples, model.rate);
            }
            (StreamKind::Subtitle { cues }, Fed::Subtitle(_, model)) => assert_eq!(cues, model.cues),
            (StreamKind::Video { .. }, Fed::Video(_, None)) | (StreamKind::Audio { .. }, Fed::Audio(_, None)) => {}
            _ => panic!("a stream of another kind: {told:?}"),
        }
    }
    // OBUs have no magic, so nobody can tell what they are; an APNG of one picture is a PNG, and no film.
    let packets: u64 = report.streams.iter().map(|stream| stream.packets).sum();
    if report.container != Container::Obu && !(report.container == Container::Apng && packets == 1) {
        check_file(report, bytes);
    }
    check_simple(report, streams, bytes);
}

fn check_file(report: &Report, bytes: &[u8]) {
    let info = framewright::inspect::inspect(Cursor::new(bytes))
        .unwrap_or_else(|error| panic!("inspect refuses what closed: {report:?}: {error:?}"));
    let present: Vec<_> = report
        .streams
        .iter()
        .filter(|stream| stream.present && !matches!(stream.kind, StreamKind::Subtitle { .. }))
        .collect();
    let tracks: Vec<_> = info.tracks.iter().filter(|track| track.details != Details::Subtitle).collect();
    assert_eq!(tracks.len(), present.len(), "tracks of {report:?}: {info:?}");
    for (track, stream) in tracks.iter().zip(&present) {
        let counts_otherwise = stream.codec == "pcm" || report.container == Container::Flac;
        let more = match report.container {
            // A picture more where the first begins late.
            Container::Apng => track.packets == stream.packets + 1,
            // And fewer where they follow each other within a hundredth of a second.
            Container::Gif => (1..=stream.packets + 1).contains(&track.packets),
            // An empty chunk for each tick over which a picture stands.
            Container::Avi => track.packets >= stream.packets && track.bytes == stream.bytes,
            _ => false,
        };
        if !counts_otherwise && !more {
            assert_eq!(track.packets, stream.packets, "{stream:?} is {track:?}");
        }
        check_end(report, stream, track);
    }
    match report.container {
        Container::Matroska | Container::WebM => {
            let found = demux::matroska(bytes, info.tracks.len());
            let packets: u64 = report.streams.iter().map(|stream| stream.packets).sum();
            assert_eq!(found.len() as u64, packets, "frames that matroska-demuxer finds of {report:?}");
            let sent: u64 =
                report.streams.iter().filter(|stream| is_kept_whole(stream)).map(|stream| stream.bytes).sum();
            let whole = |found: &&demux::Found| info.tracks[found.track].details != Details::Subtitle;
            assert_eq!(
                found.iter().filter(whole).map(|found| found.data.len() as u64).sum::<u64>(),
                sent,
                "{report:?}"
            );
        }
        Container::Mp4 | Container::Mov if present.len() == info.tracks.len() => {
            let found = match info.layout {
                IndexPlacement::Fragmented => demux::fragments(bytes, true),
                _ if report.container == Container::Mov => return,
                _ => demux::mp4(bytes, &(0..info.tracks.len()).collect::<Vec<_>>()),
            };
            for (index, stream) in present.iter().enumerate() {
                let samples: Vec<_> = found.iter().filter(|found| found.track == index).collect();
                if stream.codec != "pcm" {
                    assert_eq!(samples.len() as u64, stream.packets, "samples that another reader finds of {stream:?}");
                }
                let length: usize = samples.iter().map(|sample| sample.data.len()).sum();
                assert_eq!(length as u64, stream.bytes, "bytes that another reader finds of {stream:?}");
            }
        }
        _ => {}
    }
}

/// When a stream ends, as the report and the file say it: to the millisecond where the format counts in those.
fn check_end(report: &Report, stream: &StreamReport, track: &TrackInfo) {
    // These tell a rate at most.
    if matches!(report.container, Container::Ivf | Container::Avi | Container::Avif) {
        return;
    }
    let seconds = |ticks: i128, base: TimeBase| ticks as f64 * f64::from(base.num()) / f64::from(base.den());
    let told = seconds(stream.duration.into(), stream.time_base);
    let found = seconds(i128::from(track.start) + i128::from(track.duration), track.time_base);
    let most = match report.container {
        Container::Gif | Container::Apng => 0.02,
        _ => 0.001_1,
    };
    assert!((told - found).abs() <= most, "it ends at {told} s, and at {found}: {stream:?} is {track:?}");
}

/// Whether its packets are in the file byte for byte: of cues a part stands beside them.
fn is_kept_whole(stream: &StreamReport) -> bool {
    !matches!(stream.kind, StreamKind::Subtitle { .. })
}

/// Formats of one stream, by readers that are simple or somebody else's.
fn check_simple(report: &Report, streams: &[Fed], bytes: &[u8]) {
    let stream = report.streams.iter().find(|stream| stream.present).expect("a file with a stream");
    let samples = streams.iter().find_map(|stream| match stream {
        Fed::Audio(_, Some(model)) if model.samples > 0 => Some(model.samples),
        _ => None,
    });
    match report.container {
        Container::Wav | Container::Flac | Container::Ogg if stream.codec != "opus" => {
            let mut source = AudioReader::new(Cursor::new(bytes.to_vec()), None).expect("symphonia reads the file");
            let mut heard = 0;
            while let Some(block) = source.next_block().expect("symphonia reads the sound") {
                heard += block.frames() as u64;
            }
            assert!(samples.is_none_or(|samples| samples == heard), "{heard} samples of {samples:?}: {report:?}");
        }
        Container::Y4m => {
            let mut source = Y4mReader::new(bytes).expect("a header");
            let mut frames = 0;
            while source.next_frame().expect("whole frames").is_some() {
                frames += 1;
            }
            assert_eq!(frames, stream.packets, "{report:?}");
        }
        Container::Ivf => {
            let frames = demux::ivf(bytes);
            assert_eq!(frames.len() as u64, stream.packets, "{report:?}");
            assert!(
                frames.is_sorted_by(|a, b| a.0 < b.0) && frames.iter().all(|(_, unit)| demux::obus(unit).is_some())
            );
        }
        Container::Obu => {
            let units = demux::obus(bytes).expect("open bitstream units");
            let delimiters = units.iter().filter(|(kind, _)| *kind == 2).count();
            assert_eq!(delimiters as u64, stream.packets, "{report:?}");
        }
        Container::Apng => {
            let reader = png::Decoder::new(Cursor::new(bytes)).read_info().expect("crate png reads the header");
            let frames = reader.info().animation_control().map_or(1, |control| u64::from(control.num_frames));
            assert!([0, 1].contains(&(frames - stream.packets)), "{frames} frames of {report:?}");
        }
        _ => {}
    }
}
