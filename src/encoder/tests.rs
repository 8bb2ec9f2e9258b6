//! Failures that only a false engine or a false sink brings about.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::*;
use crate::codec::{CodedPicture, VideoEngine, VideoInput};
use crate::error::ErrorKind;
use crate::inspect::inspect;
use crate::media::{AudioCodec, AudioSamples, CodecConfig, FrameBatch, FrameView, TimeBase, Timestamp, VideoCodec};
use crate::motion::Denoise;
use crate::sink::SharedWriter;

const PIXELS: [u8; 16 * 16] = [99; 256];

fn frame() -> FrameView<'static> {
    FrameView::gray(16, 16, &PIXELS).unwrap()
}

fn jpeg() -> VideoOptions {
    VideoOptions::new(16, 16).frame_rate(10).codec(VideoCodec::Mjpeg)
}

fn pcm() -> AudioOptions {
    AudioOptions::new(8_000, 1).codec(AudioCodec::Pcm)
}

/// Gives one picture for each, one late, and panics at the fifth.
#[derive(Default)]
struct Collapsing(u64);

impl VideoEngine for Collapsing {
    fn encode(&mut self, _: VideoInput<'_>, out: &mut Vec<CodedPicture>) -> Result<()> {
        self.0 += 1;
        assert!(self.0 < 5, "out of spirits");
        if self.0 > 1 {
            out.push(CodedPicture { data: vec![1], key: true });
        }
        Ok(())
    }

    fn finish(&mut self, _: &mut Vec<CodedPicture>) -> Result<()> {
        Ok(())
    }

    fn config(&self) -> Option<CodecConfig> {
        Some(CodecConfig::Mjpeg)
    }
}

#[test]
fn an_engine_that_panics_ends_its_stream_alone() {
    let mut encoder = Encoder::new();
    let mut video = encoder.add_video(jpeg()).unwrap();
    let mut audio = encoder.add_audio(pcm()).unwrap();
    let memory = SharedWriter::new(io::Cursor::new(Vec::new()));
    encoder.open_writer(memory.clone(), Container::Matroska).unwrap();
    if let StreamCore::Video(_, core) = &encoder.streams[0] {
        lock(core).replace_engine(Box::<Collapsing>::default());
    }
    (0..4).for_each(|_| video.add_frame(&frame()).unwrap());
    let failure = video.add_frame(&frame()).unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::Codec);
    assert!(failure.to_string().contains("stream 0 (video): the encoder panicked: out of spirits"), "{failure}");
    assert_eq!(video.add_frame(&frame()).unwrap_err().kind(), ErrorKind::State);

    audio.add_samples(AudioSamples::planar(&[0i16; 80_000], 1).unwrap()).unwrap();
    assert!(encoder.bytes_written() > 50_000, "nothing waits for the stream that has failed");
    let error = encoder.close().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Codec);
    assert!(error.to_string().contains("the file was completed"), "{error}");
    let file = inspect(io::Cursor::new(memory.into_inner().unwrap().into_inner())).unwrap();
    // Of four frames three came out, each with a frame behind it that says how long it is.
    assert_eq!(file.tracks.iter().map(|track| track.packets).collect::<Vec<_>>(), [3, 200]);
}

#[test]
fn close_wakes_a_thread_that_waits_for_room() {
    let options = EncoderOptions::new().queue_bytes(64 << 10).queue_full(QueueFull::Wait);
    let mut encoder = Encoder::with_options(options).unwrap();
    let _never_fed = encoder.add_video(jpeg()).unwrap();
    let mut audio = encoder.add_audio(pcm()).unwrap();
    encoder.open_writer(io::Cursor::new(Vec::new()), Container::Matroska).unwrap();
    let (filled, wait) = mpsc::channel();
    let feeder = thread::spawn(move || {
        loop {
            if let Err(error) = audio.add_samples(AudioSamples::planar(&[0i16; 8_000], 1).unwrap()) {
                return error;
            }
            // The channel is closed when the encoder is.
            let _ = filled.send(());
        }
    });
    while wait.recv_timeout(Duration::from_millis(300)).is_ok() {}
    let report = encoder.close().unwrap();
    assert_eq!(feeder.join().unwrap().kind(), ErrorKind::State);
    assert!(report.streams[1].packets > 0 && !report.streams[0].present);
}

#[test]
fn a_dropped_handle_no_longer_holds_the_others_up() {
    let mut encoder = Encoder::new();
    let video = encoder.add_video(jpeg()).unwrap();
    let mut audio = encoder.add_audio(pcm()).unwrap();
    encoder.open_writer(io::Cursor::new(Vec::new()), Container::Matroska).unwrap();
    audio.add_samples(AudioSamples::planar(&[0i16; 80_000], 1).unwrap()).unwrap();
    assert_eq!(encoder.bytes_written(), 0);
    drop(video);
    assert!(encoder.bytes_written() > 0);
    encoder.close().unwrap();
}

/// Found by fuzzing: pictures that all stand before 0, where none is shown, had a length below it.
#[test]
fn found_pictures_before_0_have_no_length() {
    let mut encoder = Encoder::new();
    let mut video = encoder.add_video(jpeg()).unwrap();
    encoder.open_writer(io::Cursor::new(Vec::new()), Container::Matroska).unwrap();
    video.add_frame_at(&frame(), Timestamp::from_millis(-5_840)).unwrap();
    video.finish().unwrap();
    let report = encoder.close().unwrap();
    assert_eq!((report.streams[0].packets, report.streams[0].duration, report.duration), (1, 0, Duration::ZERO));
}

#[test]
fn closing_what_was_never_opened_says_so() {
    let mut encoder = Encoder::new();
    let video = encoder.add_video(jpeg()).unwrap();
    video.finish().unwrap();
    let error = encoder.close().unwrap_err();
    assert!(error.kind() == ErrorKind::State && error.to_string().contains("never opened"), "{error}");
}

/// Takes so many bytes, then fails or panics; remembers whether it was discarded.
struct Limited {
    room: u64,
    panics: bool,
    taken: u64,
    discarded: Arc<AtomicBool>,
    total: Arc<AtomicU64>,
}

impl Sink for Limited {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.taken += bytes.len() as u64;
        self.total.store(self.taken, Ordering::Relaxed);
        if self.taken <= self.room {
            return Ok(());
        }
        assert!(!self.panics, "the caller's own fault");
        Err(io::ErrorKind::StorageFull.into())
    }

    fn patch(&mut self, _: u64, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn can_patch(&self) -> bool {
        true
    }

    fn position(&self) -> u64 {
        self.taken
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn discard(&mut self) {
        self.discarded.store(true, Ordering::Relaxed);
    }

    fn kept(&self) -> Option<&Path> {
        Some(Path::new("clip.part"))
    }
}

/// Encodes into a sink of so much room: how it ended, how much was written, and whether the sink was discarded.
fn limited(container: Container, room: u64, panics: bool) -> (Result<Report>, u64, bool) {
    let (discarded, total) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let sink = Limited { room, panics, taken: 0, discarded: Arc::clone(&discarded), total: Arc::clone(&total) };
    let mut encoder = Encoder::new();
    let mut audio = encoder.add_audio(pcm()).unwrap();
    encoder.open_sink(sink, container).unwrap();
    let fed = (0..20).try_for_each(|_| audio.add_samples(AudioSamples::planar(&[0i16; 8_000], 1)?));
    let closed = encoder.close();
    (fed.and(closed), total.load(Ordering::Relaxed), discarded.load(Ordering::Relaxed))
}

#[test]
fn what_plays_unfinished_is_kept_and_named_whenever_the_sink_fails() {
    for (container, keeps) in [(Container::Matroska, true), (Container::Mp4, false)] {
        let (whole, bytes, _) = limited(container, u64::MAX, false);
        whole.unwrap();
        // Full in the middle, and at the very end, while the file is completed.
        for room in [bytes / 2, bytes - 1] {
            let (failed, _, discarded) = limited(container, room, false);
            let error = failed.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Io);
            assert_eq!((discarded, error.to_string().contains("clip.part")), (!keeps, keeps), "{error}");
        }
    }
}

#[test]
fn a_sink_that_panics_ends_the_encoder() {
    let (_, bytes, _) = limited(Container::Matroska, u64::MAX, false);
    for room in [0, bytes / 2, bytes - 1] {
        let error = limited(Container::Matroska, room, true).0.unwrap_err();
        assert!(error.kind() == ErrorKind::Codec && error.to_string().contains("own fault"), "{error}");
    }
}

#[test]
fn a_constant_rate_stays_one() {
    let mut encoder = Encoder::new();
    let mut video = encoder.add_video(jpeg()).unwrap();
    encoder.open_writer(io::Cursor::new(Vec::new()), Container::Matroska).unwrap();
    let at = crate::media::Timestamp::from_millis;
    video.add_frame_at(&frame(), at(500)).unwrap();
    video.add_frame_at(&frame(), at(600)).unwrap();
    let error = video.add_frame_at(&frame(), at(750)).unwrap_err();
    assert!(error.kind() == ErrorKind::InvalidInput && error.to_string().contains("time_base"), "{error}");
    video.add_frame(&frame()).unwrap();
    assert!(video.end_at(at(700)).is_err());
    video.end_at(at(1_000)).unwrap();
    let report = encoder.close().unwrap();
    assert_eq!((report.duration.as_millis(), report.streams[0].packets), (1_000, 3));
    assert_eq!(video.end_at(at(2_000)).unwrap_err().kind(), ErrorKind::State);
}

#[test]
fn what_the_container_refuses_ends_the_file_and_keeps_what_came_before() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |error: &Error| {
        assert_eq!(error.kind(), ErrorKind::State, "{error}");
        let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<Error>()).unwrap();
        assert_eq!(source.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(&source.to_string()), "{error}");
    };
    // AVI has an empty chunk for each tick that a picture stays, and not so many of them.
    let path = folder.path().join("clip.avi");
    let mut encoder = Encoder::new();
    let mut video = encoder.add_video(jpeg().time_base(TimeBase::MILLISECONDS)).unwrap();
    encoder.open_file(&path).unwrap();
    for ms in [0, 100, 200] {
        video.add_frame_at(&frame(), Timestamp::from_millis(ms)).unwrap();
    }
    let error = video.add_frame_at(&frame(), Timestamp::from_millis(40 * 86_400_000)).unwrap_err();
    refused(&error);
    assert!(error.to_string().contains("was completed with what came before"), "{error}");
    assert_eq!(video.add_frame(&frame()).unwrap_err().kind(), ErrorKind::State);
    assert_eq!(encoder.close().unwrap_err().kind(), ErrorKind::State);
    let info = inspect(std::fs::File::open(&path).unwrap()).unwrap();
    assert_eq!((info.tracks[0].duration, info.truncated), (200, false));
    std::fs::remove_file(path).unwrap();

    // FLAC begins at 0.
    let path = folder.path().join("clip.flac");
    let mut encoder = Encoder::new();
    let mut audio = encoder.add_audio(AudioOptions::new(8_000, 1)).unwrap();
    encoder.open_file(&path).unwrap();
    let block = || AudioSamples::planar(&[0i16; 8_000], 1).unwrap();
    refused(&audio.add_samples_at(block(), Timestamp::from_millis(500)).unwrap_err());
    assert_eq!(encoder.close().unwrap_err().kind(), ErrorKind::State);
    // Nothing came before, so there is nothing to keep.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn too_many_streams_are_refused_before_anything_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let mut cases = vec![("a.wav", 0, 2), ("a.flac", 0, 2), ("a.ogg", 0, 2), ("a.ivf", 2, 0), ("a.avif", 2, 0)];
    if cfg!(feature = "animation") {
        cases.extend([("a.gif", 2, 0), ("a.apng", 2, 0)]);
    }
    cases.push(("a.avi", 101, 0));
    for (name, videos, audios) in cases {
        let mut encoder = Encoder::new();
        // One thread each.
        let video = || VideoOptions::new(16, 16).threads(1);
        let _videos: Vec<_> = (0..videos).map(|_| encoder.add_video(video()).unwrap()).collect();
        let _audios: Vec<_> = (0..audios).map(|_| encoder.add_audio(AudioOptions::new(48_000, 1)).unwrap()).collect();
        let error = encoder.open_file(folder.path().join(name)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{name}: {error}");
        assert!(error.to_string().contains(&(videos + audios).to_string()), "{name}: {error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{name}");
        // Nothing was opened: another container can be.
        if videos < 100 {
            encoder.open_writer(io::Cursor::new(Vec::new()), Container::Matroska).unwrap();
        }
    }
}

#[test]
fn ends_and_starts_that_are_too_far_are_refused() {
    let mut encoder = Encoder::new();
    let mut video = encoder.add_video(jpeg()).unwrap();
    let mut subtitles = encoder.add_subtitles(SubtitleOptions::new()).unwrap();
    encoder.open_writer(io::Cursor::new(Vec::new()), Container::Matroska).unwrap();
    video.add_frame_at(&frame(), Timestamp::from_millis(-100)).unwrap();
    let ticks = Timestamp::new(i64::MAX, TimeBase::per_second(10_240));
    assert_eq!(video.end_at(ticks).unwrap_err().kind(), ErrorKind::Limit);
    // As far below 0 as can be said, which holds no cue up.
    subtitles.advance_to(Timestamp::new(i64::MIN, TimeBase::new(u32::MAX, 1).unwrap())).unwrap();
    let at = Timestamp::from_millis;
    subtitles.add_cue(at(0), at(50), &crate::media::Cue::new("Hello")).unwrap();
    subtitles.advance_to(Timestamp::new(i64::MAX, TimeBase::new(u32::MAX, 1).unwrap())).unwrap();
    assert!(subtitles.add_cue(at(100), at(150), &crate::media::Cue::new("Late")).is_err());
    video.end_at(at(100)).unwrap();
    assert_eq!(encoder.close().unwrap().streams[1].packets, 1);
}

#[test]
fn repeated_frames_are_longer_durations_where_that_is_wanted() {
    let encode = |merge: bool, forced: usize| {
        let options = jpeg().time_base(TimeBase::MILLISECONDS).merge_repeats(merge);
        let mut encoder = Encoder::new();
        let mut video = encoder.add_video(options).unwrap();
        let memory = SharedWriter::new(io::Cursor::new(Vec::new()));
        encoder.open_writer(memory.clone(), Container::Matroska).unwrap();
        for (index, level) in [0u8, 0, 0, 9, 9, 0, 0].into_iter().enumerate() {
            if index == forced {
                video.force_key_frame();
            }
            let pixels = [level; 256];
            let at = Timestamp::from_millis(100 * index as i64);
            video.add_frame_at(&FrameView::gray(16, 16, &pixels).unwrap(), at).unwrap();
        }
        video.end_at(Timestamp::from_millis(1_000)).unwrap();
        video.finish().unwrap();
        let report = encoder.close().unwrap();
        (report.streams[0].packets, report.duration.as_millis())
    };
    assert_eq!(encode(false, 99), (7, 1_000));
    assert_eq!(encode(true, 99), (3, 1_000));
    assert_eq!(encode(true, 1), (4, 1_000), "a frame that has to be a key frame is encoded");
}

#[test]
fn a_merged_frame_lasts_no_longer_than_can_be_written() {
    let mut encoder = Encoder::new();
    let mut video = encoder.add_video(jpeg().time_base(TimeBase::NANOSECONDS).merge_repeats(true)).unwrap();
    encoder.open_writer(io::Cursor::new(Vec::new()), Container::Matroska).unwrap();
    for seconds in [0, 2, 4] {
        video.add_frame_at(&frame(), Timestamp::from_millis(1_000 * seconds)).unwrap();
    }
    // The second is part of the first; the third, more than 2^31 ticks on, is encoded. A merged one counts from there.
    video.add_frame_at(&frame(), Timestamp::from_millis(6_000)).unwrap();
    let error = video.add_frame_at(&frame(), Timestamp::from_millis(8_500)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    assert!(video.end_at(Timestamp::from_millis(8_500)).is_err());
    video.add_frame_at(&frame(), Timestamp::from_millis(8_000)).unwrap();
    drop(video);
    assert_eq!(encoder.close().unwrap().streams[0].packets, 3);
}

#[test]
fn cuts_found_by_motion_are_key_frames_with_the_same_bytes_for_any_threads() {
    let encode = |threads: usize, in_batches: bool| {
        let options = VideoOptions::new(96, 80)
            .threads(threads)
            .extra_option("scene_detection", "motion")
            .extra_option("min_keyframe_interval", "2");
        let mut encoder = Encoder::new();
        let mut video = encoder.add_video(options).unwrap();
        let memory = SharedWriter::new(io::Cursor::new(Vec::new()));
        encoder.open_writer(memory.clone(), Container::Ivf).unwrap();
        let frames: Vec<u8> =
            (0..8).flat_map(|frame| crate::motion::tests::tiles(96, 80, 1 + frame as u64 / 4, frame)).collect();
        if in_batches {
            video.add_frames(&FrameBatch::nchw(&frames, 8, 1, 80, 96).unwrap()).unwrap();
        } else {
            for frame in frames.chunks(96 * 80) {
                video.add_frame(&FrameView::gray(96, 80, frame).unwrap()).unwrap();
            }
        }
        drop(video);
        let report = encoder.close().unwrap();
        (report.streams[0].key_frames, memory.into_inner().unwrap().into_inner())
    };
    let one = encode(1, false);
    assert_eq!(one.0, 2, "the first, and the one at the cut");
    assert!(one == encode(3, false) && one == encode(1, true));
}

/// A file of noisy grey frames that move, as I420.
fn noisy(denoise: Option<Denoise>, codec: VideoCodec, threads: usize) -> Vec<u8> {
    let mut options = VideoOptions::new(64, 48).codec(codec).threads(threads);
    if let Some(denoise) = denoise {
        options = options.denoise(denoise);
    }
    let container = if codec == VideoCodec::Raw { Container::Y4m } else { Container::Matroska };
    let mut encoder = Encoder::new();
    let mut video = encoder.add_video(options).unwrap();
    let memory = SharedWriter::new(io::Cursor::new(Vec::new()));
    encoder.open_writer(memory.clone(), container).unwrap();
    for frame in 0..5u32 {
        let sample = |at: u32| {
            let (x, y) = (at % 64, at / 64);
            // A hash whose bits are the grain.
            let grain = (at + 3072 * frame).wrapping_mul(0x9e37_79b9) >> 28;
            (60 + (x + 2 * frame) + y / 2 + grain) as u8
        };
        let samples: Vec<u8> = (0..64 * 48 * 3 / 2).map(sample).collect();
        video.add_frame(&FrameView::i420(64, 48, &samples[..]).unwrap()).unwrap();
    }
    drop(video);
    assert_eq!(encoder.close().unwrap().streams[0].packets, 5);
    memory.into_inner().unwrap().into_inner()
}

#[test]
fn noise_is_taken_out_with_the_same_bytes_for_any_threads() {
    for codec in [VideoCodec::Av1, VideoCodec::Mjpeg, VideoCodec::Raw] {
        let without = noisy(None, codec, 1);
        for off in [Denoise::Off, Denoise::Strength(0)] {
            assert!(without == noisy(Some(off), codec, 1), "{codec} as without");
        }
        let with = noisy(Some(Denoise::Strength(8)), codec, 1);
        assert!(with != without, "{codec}");
        assert!(with == noisy(Some(Denoise::Strength(8)), codec, 3), "{codec} with threads");
        if codec != VideoCodec::Raw {
            assert!(with.len() < without.len(), "{codec}: {} and {}", with.len(), without.len());
        }
    }
}

#[test]
fn transparency_goes_with_pictures_whose_noise_is_taken_out() {
    let encode = |denoise: Denoise| {
        let options = VideoOptions::new(32, 32).alpha(true).denoise(denoise);
        let mut encoder = Encoder::new();
        let mut video = encoder.add_video(options).unwrap();
        let memory = SharedWriter::new(io::Cursor::new(Vec::new()));
        encoder.open_writer(memory.clone(), Container::Matroska).unwrap();
        for frame in 0..4u32 {
            let pixels: Vec<u8> = (0..32 * 32 * 4).map(|at: u32| (at * 7 + frame * at % 13) as u8).collect();
            video.add_frame(&FrameView::rgba(32, 32, &pixels[..]).unwrap()).unwrap();
        }
        drop(video);
        encoder.close().unwrap().streams[0].packets
    };
    assert_eq!([encode(Denoise::Off), encode(Denoise::Auto), encode(Denoise::Strength(10))], [4; 3]);
}
