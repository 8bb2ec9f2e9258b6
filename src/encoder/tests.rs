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
use crate::media::{AudioCodec, AudioSamples, CodecConfig, FrameView, VideoCodec};
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
