//! Late sound, a gap in it, frames at times of their own and 29.97 frames a second stay in step through every container,
//! as other programs read it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use framewright::media::TimeBase;
use framewright::{
    AudioCodec, AudioOptions, AudioSamples, Container, Encoder, EncoderOptions, Error, ErrorKind, FrameRate, FrameView,
    Layout, Timestamp, VideoOptions,
};
use serde_json::Value;

use crate::readers::{self, Readers, run};
use crate::support::gradient;

const RATE: u32 = 48_000;
/// Samples after the first picture at which the sound begins.
const LATE: i64 = 12_345;
/// Where the second stretch of it begins, and how long both are.
const AFTER_GAP: i64 = 60_001;
const STRETCH: usize = 24_000;

/// How frames are timed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Timing {
    Ntsc,
    Variable,
}

impl Timing {
    /// When frame `index` begins, in nanoseconds.
    fn start(self, index: u32) -> i64 {
        match self {
            Timing::Ntsc => (i64::from(index) * 1_001_000_000_000 + 15_000) / 30_000,
            Timing::Variable => 10_000_000 * i64::from(index) * i64::from(index + 3),
        }
    }
}

const FRAMES: u32 = 16;

/// Noise that is the same each time; a place in it is found again by correlation.
fn noise(samples: usize) -> Vec<f32> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as f32 / 65_536.0 - 0.5
    };
    (0..samples).map(|_| next()).collect()
}

/// Writes what the container takes; `None` where it says that it cannot say this.
fn write(container: Container, layout: Layout, timing: Timing, path: &Path) -> Option<()> {
    let written = try_write(container, layout, timing, path);
    match written {
        Ok(()) => Some(()),
        // Refused, and not written wrongly.
        Err(error) if is_refusal(&error) => {
            println!("{container}, {layout}, {timing:?}: {error}");
            None
        }
        Err(error) => panic!("{container}, {layout}, {timing:?}: {error}"),
    }
}

/// Whether it is the container's word, at the start or while it is written.
fn is_refusal(error: &Error) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<Error>());
    matches!(source.unwrap_or(error).kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported)
}

fn try_write(container: Container, layout: Layout, timing: Timing, path: &Path) -> Result<(), Error> {
    let mut encoder = Encoder::with_options(EncoderOptions::new().layout(layout))?;
    let codec = container.default_video_codec();
    let mut video = codec
        .map(|codec| {
            let options = VideoOptions::new(32, 32).codec(codec).threads(1);
            encoder.add_video(match timing {
                Timing::Ntsc => options.frame_rate(FrameRate::new(30_000, 1001)),
                Timing::Variable => options.time_base(TimeBase::MILLISECONDS).frame_rate(10),
            })
        })
        .transpose()?;
    let codec = container.default_audio_codec();
    let mut audio = codec.map(|codec| encoder.add_audio(AudioOptions::new(RATE, 1).codec(codec))).transpose()?;
    match layout.needs_patching() || layout.needs_folder() {
        true => encoder.open_file(path)?,
        false => encoder.open_stream(File::create(path).unwrap(), container)?,
    }
    for index in 0..FRAMES {
        let pixels = gradient(32, 32, index);
        if let Some(video) = &mut video {
            let frame = FrameView::rgb(32, 32, &pixels)?;
            match timing {
                Timing::Ntsc => video.add_frame(&frame)?,
                Timing::Variable => video.add_frame_at(&frame, at(timing.start(index)))?,
            }
        }
    }
    if let Some(audio) = &mut audio {
        let sound = noise(STRETCH);
        for start in [LATE, AFTER_GAP] {
            let pts = Timestamp::new(start, TimeBase::per_second(RATE));
            audio.add_samples_at(AudioSamples::planar(&sound, 1)?, pts)?;
        }
    }
    encoder.close()?;
    Ok(())
}

fn at(nanoseconds: i64) -> Timestamp {
    Timestamp::new(nanoseconds, TimeBase::NANOSECONDS)
}

#[test]
fn every_container_keeps_every_time() {
    let folder = tempfile::tempdir().unwrap();
    let readers = Readers::find();
    let (Some(ffprobe), Some(ffmpeg)) = (readers::tool("ffprobe"), readers.ffmpeg.last()) else { return };
    let (mut faults, mut kept) = (Vec::new(), 0);
    for &container in Container::ALL {
        for &layout in container.layouts() {
            // Of ranges in local files FFmpeg reads the first for each.
            if container == Container::Dash && layout == Layout::ByteRanges {
                continue;
            }
            for timing in [Timing::Ntsc, Timing::Variable] {
                if container.default_video_codec().is_none() && timing == Timing::Variable {
                    continue;
                }
                let name = format!("{container}-{layout}-{timing:?}.{}", container.extensions()[0]);
                let path = folder.path().join(&name);
                if write(container, layout, timing, &path).is_none() {
                    continue;
                }
                kept += 1;
                if container.default_video_codec().is_some() {
                    faults.extend(
                        video_faults(&ffprobe, container, timing, &path).map(|fault| format!("{name}: {fault}")),
                    );
                }
                if let Some(codec) = container.default_audio_codec() {
                    faults
                        .extend(sound_faults(ffmpeg, container, codec, &path).map(|fault| format!("{name}: {fault}")));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    assert!(kept > 8, "{kept} files");
}

/// Half a tick of the container, in seconds, and what printing a number takes.
fn tolerance(container: Container, timing: Timing) -> f64 {
    match (container, timing) {
        (Container::Matroska | Container::WebM, _) => 0.000_501,
        // Hundredths of a second.
        _ if container.name() == "gif" => 0.005_1,
        // Exact fractions, each of which FFmpeg rounds to its own ticks before it adds them up.
        _ if container.name() == "apng" => 0.000_1,
        _ => 0.000_02,
    }
}

fn video_faults(ffprobe: &Path, container: Container, timing: Timing, path: &Path) -> Option<String> {
    // These have no clock: frames are counted.
    if container.name() == "obu" {
        return None;
    }
    let packets = probe(ffprobe, path, "v:0");
    let starts: Vec<f64> = packets.iter().filter_map(|packet| packet["pts_time"].as_str()?.parse().ok()).collect();
    if starts.len() != FRAMES as usize {
        return Some(format!("{} frames with times, of {FRAMES}", starts.len()));
    }
    let wrong = starts.iter().enumerate().find(|(index, start)| {
        (*start - timing.start(*index as u32) as f64 / 1e9).abs() > tolerance(container, timing)
    });
    wrong.map(|(index, start)| format!("frame {index} is at {start}, not {}", timing.start(index as u32) as f64 / 1e9))
}

fn probe(ffprobe: &Path, path: &Path, stream: &str) -> Vec<Value> {
    let mut command = Command::new(ffprobe);
    command.args(["-v", "error", "-of", "json", "-show_entries", "packet=pts_time", "-select_streams", stream]);
    let (_, out, said) = run(command.args(["-allowed_extensions", "ALL"]).arg(path));
    let read = serde_json::from_str::<Value>(&out).ok().and_then(|value| value["packets"].as_array().cloned());
    match read {
        Some(packets) => packets,
        // Not all of its readers know that option.
        None => {
            let mut command = Command::new(ffprobe);
            command.args(["-v", "error", "-of", "json", "-show_entries", "packet=pts_time", "-select_streams", stream]);
            let (_, out, again) = run(command.arg(path));
            let read = serde_json::from_str::<Value>(&out).ok().and_then(|value| value["packets"].as_array().cloned());
            read.unwrap_or_else(|| panic!("{}: {said} {again}", path.display()))
        }
    }
}

/// Decodes the sound with silence wherever there is none, from time 0 on, and looks for both stretches.
fn sound_faults(ffmpeg: &Path, container: Container, codec: AudioCodec, path: &Path) -> Option<String> {
    let raw = PathBuf::from(format!("{}.raw", path.display()));
    let mut command = Command::new(ffmpeg);
    // Without the first option it moves a file whose first time is not 0.
    command.args(["-v", "error", "-nostdin", "-y", "-copyts", "-i"]).arg(path).args(["-map", "0:a:0", "-af"]);
    // What lies between two stretches that do not meet is filled, and what lies before the first.
    command.args(["aresample=async=1:min_hard_comp=0.0001:first_pts=0", "-ar", "48000", "-ac", "1", "-f", "f32le"]);
    let (success, _, said) = run(command.arg(&raw));
    if !success {
        return Some(format!("FFmpeg fails: {said}"));
    }
    let bytes = std::fs::read(&raw).unwrap();
    let decoded: Vec<f32> = bytes.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect();
    let sound = noise(STRETCH);
    // Matroska counts milliseconds, which FFmpeg takes for the truth.
    let most = match container {
        Container::Matroska | Container::WebM => 24,
        _ => i64::from(codec == AudioCodec::Opus),
    };
    [LATE, AFTER_GAP].into_iter().find_map(|start| {
        let found = place(&decoded, &sound, start);
        ((found - start).abs() > most).then(|| format!("sound that belongs at sample {start} is at {found}"))
    })
}

/// Where, around `start`, `decoded` is most like the beginning of `sound`.
fn place(decoded: &[f32], sound: &[f32], start: i64) -> i64 {
    let like = |shift: i64| -> f64 {
        let at = |index: usize| usize::try_from(start + shift + index as i64).ok().and_then(|at| decoded.get(at));
        (0..1_200).map(|index| f64::from(sound[index] * at(index).copied().unwrap_or(0.0))).sum()
    };
    let shift = (-1_500..=1_500).max_by(|&a, &b| like(a).total_cmp(&like(b))).unwrap_or(0);
    start + shift
}
