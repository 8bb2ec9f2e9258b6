//! Files of each container and layout, read by programs that share no code with this crate: they decode without a
//! word, and play in Chromium to the end with the right duration, size and number of frames.

#[path = "outside/audio.rs"]
mod audio;
#[path = "outside/avi.rs"]
mod avi;
#[path = "outside/cmaf.rs"]
mod cmaf;
#[path = "outside/elementary.rs"]
mod elementary;
#[path = "outside/laces.rs"]
mod laces;
#[path = "outside/layouts.rs"]
mod layouts;
#[path = "outside/matroska.rs"]
mod matroska;
#[path = "outside/metadata.rs"]
mod metadata;
#[path = "support/readers.rs"]
mod readers;
#[cfg(feature = "animation")]
#[path = "outside/still.rs"]
mod still;
mod support;
#[path = "outside/sync.rs"]
mod sync;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use framewright::media::TimeBase;
use framewright::{
    AudioCodec, AudioOptions, AudioSamples, Container, Encoder, FrameRate, FrameView, PixelFormat, Timestamp,
    VideoCodec, VideoOptions,
};
use readers::{Readers, run, scripts};
use serde_json::Value;
use support::{gradient, tone};

/// A file to make, and what readers have to find in it.
struct Case {
    name: &'static str,
    container: Container,
    live: bool,
    size: (u32, u32),
    frames: u32,
    /// 25 frames a second unless said.
    rate: Option<FrameRate>,
    format: PixelFormat,
    video: Option<VideoCodec>,
    audio: Option<(AudioCodec, u32, usize)>,
    /// Frames with times of their own: frame `n` is shown at 10 n (n + 3) ms, and the last for 100 ms.
    variable: bool,
}

const BASE: Case = Case {
    name: "",
    container: Container::Mp4,
    live: false,
    size: (128, 72),
    frames: 50,
    rate: None,
    format: PixelFormat::Yuv420p,
    video: Some(VideoCodec::Av1),
    audio: Some((AudioCodec::Opus, 48_000, 2)),
    variable: false,
};

fn cases() -> Vec<Case> {
    let ntsc = FrameRate::new(30_000, 1001);
    vec![
        Case { name: "plain.mp4", ..BASE },
        Case { name: "fragmented.mp4", live: true, ..BASE },
        Case { name: "file.mkv", container: Container::Matroska, ..BASE },
        Case { name: "live.mkv", container: Container::Matroska, live: true, ..BASE },
        Case { name: "file.webm", container: Container::WebM, ..BASE },
        Case { name: "live.webm", container: Container::WebM, live: true, ..BASE },
        Case { name: "ntsc.mp4", rate: Some(ntsc), frames: 60, ..BASE },
        Case { name: "ntsc.webm", container: Container::WebM, rate: Some(ntsc), frames: 60, ..BASE },
        Case { name: "variable.mp4", variable: true, frames: 12, ..BASE },
        Case { name: "variable.mkv", container: Container::Matroska, variable: true, frames: 12, ..BASE },
        Case { name: "variable-fragmented.mp4", live: true, variable: true, frames: 12, ..BASE },
        Case { name: "odd.mp4", size: (175, 143), frames: 10, ..BASE },
        Case { name: "odd.webm", container: Container::WebM, size: (17, 33), frames: 10, ..BASE },
        Case { name: "ten-bit.mp4", format: PixelFormat::Yuv420p10, frames: 10, ..BASE },
        Case { name: "gray.mp4", format: PixelFormat::Gray, frames: 10, ..BASE },
        Case { name: "full-chroma.webm", container: Container::WebM, format: PixelFormat::Yuv444p, frames: 10, ..BASE },
        Case { name: "flac.mp4", audio: Some((AudioCodec::Flac, 44_100, 2)), ..BASE },
        Case { name: "flac-96k.mp4", video: None, audio: Some((AudioCodec::Flac, 96_000, 1)), ..BASE },
        Case { name: "flac.mkv", container: Container::Matroska, audio: Some((AudioCodec::Flac, 44_100, 2)), ..BASE },
        Case { name: "pcm.mp4", audio: Some((AudioCodec::Pcm, 48_000, 2)), ..BASE },
        Case { name: "pcm.mkv", container: Container::Matroska, audio: Some((AudioCodec::Pcm, 48_000, 2)), ..BASE },
        Case { name: "surround.mp4", audio: Some((AudioCodec::Opus, 48_000, 6)), ..BASE },
        Case { name: "surround.webm", container: Container::WebM, audio: Some((AudioCodec::Opus, 48_000, 6)), ..BASE },
        Case { name: "cd.webm", container: Container::WebM, audio: Some((AudioCodec::Opus, 44_100, 1)), ..BASE },
        Case { name: "silent.mp4", audio: None, ..BASE },
        Case { name: "sound.m4a", video: None, ..BASE },
        Case { name: "sound.mka", container: Container::Matroska, video: None, ..BASE },
        Case { name: "sound-live.webm", container: Container::WebM, video: None, live: true, ..BASE },
        Case { name: "jpeg.mkv", container: Container::Matroska, video: Some(VideoCodec::Mjpeg), ..BASE },
    ]
}

impl Case {
    fn frame_rate(&self) -> FrameRate {
        self.rate.unwrap_or(FrameRate::new(25, 1))
    }

    /// Times in milliseconds at which frame `index` begins, of variable clips.
    fn time(index: u32) -> i64 {
        10 * i64::from(index) * i64::from(index + 3)
    }

    /// How long the clip is, in seconds.
    fn seconds(&self) -> f64 {
        match self.variable {
            true => (Self::time(self.frames - 1) + 100) as f64 / 1000.0,
            false => f64::from(self.frames) / self.frame_rate().as_f64(),
        }
    }

    /// Chromium plays neither Motion JPEG nor PCM in these containers, and no file without them is of that kind.
    fn chromium_plays(&self) -> bool {
        let sound = !matches!(self.audio, Some((AudioCodec::Pcm, ..)));
        sound && self.video != Some(VideoCodec::Mjpeg)
    }

    fn write(&self, folder: &Path) -> PathBuf {
        let path = folder.join(self.name);
        let mut encoder = Encoder::new();
        let mut video = self.video.map(|codec| {
            let mut options = VideoOptions::new(self.size.0, self.size.1).codec(codec).frame_rate(self.frame_rate());
            options = options.pixel_format(self.format).threads(1);
            if codec == VideoCodec::Av1 {
                options = options.crf(40).keyframe_interval(25);
            }
            if self.variable {
                options = options.time_base(TimeBase::MILLISECONDS);
            }
            encoder.add_video(options).unwrap()
        });
        let mut audio = self
            .audio
            .map(|(codec, rate, channels)| encoder.add_audio(AudioOptions::new(rate, channels).codec(codec)).unwrap());
        let file = File::create(&path).unwrap();
        match self.live {
            true => encoder.open_stream(file, self.container).unwrap(),
            false => encoder.open_writer(file, self.container).unwrap(),
        }
        for index in 0..self.frames {
            if let Some(video) = &mut video {
                let pixels = gradient(self.size.0, self.size.1, index);
                let frame = FrameView::rgb(self.size.0, self.size.1, &pixels).unwrap();
                match self.variable {
                    true => video.add_frame_at(&frame, Timestamp::from_millis(Self::time(index))).unwrap(),
                    false => video.add_frame(&frame).unwrap(),
                }
            }
        }
        if let Some(video) = video.as_mut().filter(|_| self.variable) {
            video.end_at(Timestamp::from_millis((self.seconds() * 1000.0).round() as i64)).unwrap();
        }
        if let (Some(audio), Some((_, rate, channels))) = (&mut audio, self.audio) {
            let samples = (self.seconds() * f64::from(rate)).round() as usize;
            let sound: Vec<f32> =
                (0..channels).flat_map(|channel| tone(rate, samples, 300.0 + 100.0 * channel as f32)).collect();
            audio.add_samples(AudioSamples::planar(&sound, channels).unwrap()).unwrap();
        }
        encoder.close().unwrap();
        path
    }
}

#[test]
fn every_reader_takes_every_file() {
    let folder = tempfile::tempdir().unwrap();
    let readers = Readers::find();
    let cases = cases();
    let paths: Vec<_> = cases.iter().map(|case| case.write(folder.path())).collect();
    let mut faults = Vec::new();
    for (case, path) in cases.iter().zip(&paths) {
        faults.extend(readers.ffmpeg.iter().filter_map(|ffmpeg| ffmpeg_fault(ffmpeg, case, path)));
        if case.container != Container::Mp4 {
            faults.extend(readers.mkvinfo.iter().filter_map(|mkvinfo| mkvinfo_fault(mkvinfo, path)));
            // mediaconch misreads clusters of unknown size.
            let mediaconch = readers.mediaconch.iter().filter(|_| !case.live);
            faults.extend(mediaconch.filter_map(|mediaconch| mediaconch_fault(mediaconch, path)));
        }
    }
    if let Some(node) = &readers.chromium {
        let played: Vec<_> = cases.iter().zip(&paths).filter(|(case, _)| case.chromium_plays()).collect();
        let results = script(node, "play.mjs", played.iter().map(|(_, path)| *path));
        for (case, path) in played {
            faults.extend(
                results
                    .get(path)
                    .map_or(Some(format!("{}: not played", case.name)), |result| playing_fault(case, result)),
            );
        }
    }
    if let Some(node) = &readers.mediabunny {
        let results = script(node, "demux.mjs", &paths);
        for (case, path) in cases.iter().zip(&paths) {
            faults.extend(
                results
                    .get(path)
                    .map_or(Some(format!("{}: not read", case.name)), |result| demuxing_fault(case, result)),
            );
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// FFmpeg decodes the whole file without a word, and as many frames as there are.
fn ffmpeg_fault(ffmpeg: &Path, case: &Case, path: &Path) -> Option<String> {
    let mut command = Command::new(ffmpeg);
    command.args(["-hide_banner", "-nostdin", "-v", "warning", "-xerror", "-progress", "-", "-nostats"]);
    let (success, out, said) = run(command.arg("-i").arg(path).args(["-fps_mode", "passthrough", "-f", "null", "-"]));
    // Both are guesses that FFmpeg announces, not faults: of a layout that PCM in Matroska cannot say, and of the
    // length of a stream that does not say it.
    let inherent = ["Guessed Channel Layout", "Guessing on decoding", "Estimating duration from bitrate"];
    let said: Vec<_> = said.lines().filter(|line| !inherent.iter().any(|words| line.contains(words))).collect();
    let frames = out.lines().rev().find_map(|line| line.strip_prefix("frame="));
    let expected = case.video.map(|_| case.frames.to_string());
    let counted = expected.is_none() || frames.map(str::trim) == expected.as_deref();
    if success && said.is_empty() && counted {
        return None;
    }
    Some(format!(
        "{}: {} success {success}, frames {frames:?} of {expected:?}, said {said:?}",
        case.name,
        ffmpeg.display()
    ))
}

fn mkvinfo_fault(mkvinfo: &Path, path: &Path) -> Option<String> {
    let (success, out, said) = run(Command::new(mkvinfo).args(["-v", "-v"]).arg(path));
    let complaints: Vec<_> = out.lines().filter(|line| line.contains("rror") || line.contains("arning")).collect();
    (!success || !said.is_empty() || !complaints.is_empty())
        .then(|| format!("{}: mkvinfo {said} {complaints:?}", path.display()))
}

fn mediaconch_fault(mediaconch: &Path, path: &Path) -> Option<String> {
    let out = readers::validate(mediaconch, path);
    let checks = out.matches("outcome=\"pass\"").count();
    let failed: Vec<_> = out.lines().filter(|line| line.contains("outcome=\"fail\"")).collect();
    (checks == 0 || !failed.is_empty())
        .then(|| format!("{}: mediaconch passes {checks}, fails {failed:?}", path.display()))
}

/// Runs a script over all files at once; the JSON that it printed for each.
fn script<'a>(node: &Path, name: &str, paths: impl IntoIterator<Item = &'a PathBuf>) -> BTreeMap<PathBuf, Value> {
    let (_, out, said) = run(Command::new(node).arg(scripts().join(name)).args(paths));
    let results: BTreeMap<_, _> = out
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .map(|value| (PathBuf::from(value["file"].as_str().unwrap_or_default()), value))
        .collect();
    assert!(!results.is_empty(), "{name} printed nothing: {said}");
    results
}

fn playing_fault(case: &Case, result: &Value) -> Option<String> {
    let frames = if case.video.is_some() { case.frames } else { 0 };
    let size = if case.video.is_some() { case.size } else { (0, 0) };
    // A live stream does not say how long it is: the player finds out, to the millisecond of its blocks.
    let tolerance = if case.live { 0.03 } else { 0.001 };
    let right = result["ended"] == true
        && (result["duration"].as_f64().unwrap_or(-1.0) - case.seconds()).abs() <= tolerance
        && result["width"] == size.0
        && result["height"] == size.1
        && result["frames"] == frames;
    (!right).then(|| format!("{}: Chromium wants {} s, {frames} frames: {result}", case.name, case.seconds()))
}

fn demuxing_fault(case: &Case, result: &Value) -> Option<String> {
    let tracks = result["tracks"].as_array()?;
    let track = |kind: &str| tracks.iter().find(|track| track["type"] == kind);
    let close = |value: &Value, wanted: f64, by: f64| (value.as_f64().unwrap_or(-1.0) - wanted).abs() <= by;
    // Matroska counts milliseconds.
    let tick = if case.container == Container::Mp4 { 1e-4 } else { 1.1e-3 };
    let video = case.video.is_none()
        || track("video").is_some_and(|video| {
            video["packets"] == case.frames && video["width"] == case.size.0 && close(&video["first"], 0.0, tick)
        });
    let audio = case.audio.is_none_or(|(_, _, channels)| {
        track("audio").is_some_and(|audio| {
            // Priming stands before the start, padding behind the end; one packet holds no more than 0.1 s.
            audio["channels"] == channels
                && close(&audio["first"], 0.0, 0.007)
                && close(&audio["end"], case.seconds(), 0.1)
        })
    });
    let count = usize::from(case.video.is_some()) + usize::from(case.audio.is_some());
    (!video || !audio || tracks.len() != count).then(|| format!("{}: mediabunny {result}", case.name))
}
