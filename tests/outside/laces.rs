//! Sound that shares blocks in Matroska, as other programs read it beside the same sound with a block for each packet.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use framewright::{
    AudioCodec, AudioOptions, AudioSamples, Container, Encoder, EncoderOptions, FrameView, Layout, VideoCodec,
    VideoOptions,
};

use crate::readers::{Readers, run, tool, validate};
use crate::support::{ebml, gradient, tone};
use crate::{mkvinfo_fault, script};

struct Case {
    name: &'static str,
    video: Option<VideoCodec>,
    audio: AudioCodec,
    rate: u32,
    channels: usize,
    layout: Layout,
}

const CASES: [Case; 6] = [
    Case { name: "opus", video: None, audio: AudioCodec::Opus, rate: 48_000, channels: 2, layout: Layout::Plain },
    Case { name: "flac", video: None, audio: AudioCodec::Flac, rate: 44_100, channels: 2, layout: Layout::Plain },
    // Too large a packet to be laced, of 50 ms.
    Case { name: "pcm", video: None, audio: AudioCodec::Pcm, rate: 96_000, channels: 2, layout: Layout::Plain },
    Case { name: "pcm-cd", video: None, audio: AudioCodec::Pcm, rate: 44_100, channels: 1, layout: Layout::FastStart },
    Case {
        name: "jpeg-opus",
        video: Some(VideoCodec::Mjpeg),
        audio: AudioCodec::Opus,
        rate: 48_000,
        channels: 1,
        layout: Layout::FastStart,
    },
    Case {
        name: "av1-flac",
        video: Some(VideoCodec::Av1),
        audio: AudioCodec::Flac,
        rate: 48_000,
        channels: 1,
        layout: Layout::Plain,
    },
];

/// Samples of the sound, which are no whole number of packets; pictures are of 4 a second, for as long.
fn samples(rate: u32) -> usize {
    rate as usize * 3 + 777
}

const FRAMES: u32 = 12;

fn write(folder: &Path, case: &Case, lacing: bool) -> PathBuf {
    let path = folder.join(format!("{}-{}.mkv", case.name, if lacing { "laced" } else { "plain" }));
    let mut encoder = Encoder::with_options(EncoderOptions::new().layout(case.layout).lacing(lacing)).unwrap();
    let mut video = case.video.map(|codec| {
        let mut options = VideoOptions::new(32, 32).codec(codec).frame_rate(4).threads(1);
        if codec == VideoCodec::Av1 {
            options = options.crf(40).preset(10);
        }
        encoder.add_video(options).unwrap()
    });
    let mut audio = encoder.add_audio(AudioOptions::new(case.rate, case.channels).codec(case.audio)).unwrap();
    encoder.open_writer(fs::File::create(&path).unwrap(), Container::Matroska).unwrap();
    for index in 0..FRAMES {
        if let Some(video) = &mut video {
            video.add_frame(&FrameView::rgb(32, 32, &gradient(32, 32, index)).unwrap()).unwrap();
        }
    }
    let sound: Vec<f32> =
        (0..case.channels).flat_map(|i| tone(case.rate, samples(case.rate), 300.0 + 100.0 * i as f32)).collect();
    audio.add_samples(AudioSamples::planar(&sound, case.channels).unwrap()).unwrap();
    encoder.close().unwrap();
    path
}

#[test]
fn laced_matroska_is_read_as_what_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let readers = Readers::find();
    let mut faults = Vec::new();
    let pairs: Vec<_> =
        CASES.iter().map(|case| (case, write(folder.path(), case, false), write(folder.path(), case, true))).collect();
    for (case, plain, laced) in &pairs {
        let (before, after) = (fs::read(plain).unwrap(), fs::read(laced).unwrap());
        let own = ebml::verify(&after).unwrap_or_else(|fault| panic!("{}: {fault}", case.name));
        assert_eq!(own.blocks.iter().any(|block| block.lace.is_some()), case.name != "pcm", "{}", case.name);
        assert!(after.len() < before.len() || case.name == "pcm", "{}", case.name);
        faults.extend(readers.ffmpeg.iter().filter_map(|ffmpeg| ffmpeg_fault(ffmpeg, plain, laced)));
        faults.extend(readers.mkvinfo.iter().filter_map(|mkvinfo| mkvinfo_fault(mkvinfo, laced)));
        if let Some(mediaconch) = &readers.mediaconch {
            let out = validate(mediaconch, laced);
            let failed: Vec<_> = out.lines().filter(|line| line.contains("outcome=\"fail\"")).collect();
            if !failed.is_empty() || !out.contains("outcome=\"pass\"") {
                faults.push(format!("{}: mediaconch fails {failed:?}", case.name));
            }
        }
        faults.extend(tool("mkvmerge").and_then(|mkvmerge| mkvmerge_fault(&mkvmerge, plain, laced)));
        if frames(&before) != frames(&after) {
            faults.push(format!("{}: matroska-demuxer reads other frames", case.name));
        }
    }
    if let Some(node) = &readers.mediabunny {
        let results = script(node, "demux.mjs", pairs.iter().flat_map(|(_, plain, laced)| [plain, laced]));
        for (case, plain, laced) in &pairs {
            let (plain, laced) = (&results[plain], &results[laced]);
            let tracks = |value: &serde_json::Value| value["tracks"].as_array().cloned().unwrap_or_default();
            let close = |a: &serde_json::Value, b: &serde_json::Value| {
                a.as_f64().zip(b.as_f64()).is_some_and(|(a, b)| (a - b).abs() < 0.0021)
            };
            let same = tracks(plain).iter().zip(&tracks(laced)).all(|(one, other)| {
                // Of a block that says no duration it knows none.
                one["packets"] == other["packets"] && close(&one["first"], &other["first"])
            });
            if !same || tracks(plain).is_empty() {
                faults.push(format!("{}: mediabunny reads {laced}, not {plain}", case.name));
            }
        }
    }
    if let Some(node) = &readers.chromium {
        // It plays neither PCM nor Motion JPEG in Matroska.
        let played: Vec<_> =
            pairs.iter().filter(|(case, ..)| ["opus", "flac", "av1-flac"].contains(&case.name)).collect();
        let results = script(node, "play.mjs", played.iter().flat_map(|(_, plain, laced)| [plain, laced]));
        for (case, plain, laced) in played {
            let (plain, laced) = (&results[plain], &results[laced]);
            let frames = if case.video.is_some() { FRAMES } else { 0 };
            let same = laced["duration"] == plain["duration"] && laced["currentTime"] == plain["currentTime"];
            if laced["ended"] != true || laced["frames"] != frames || !same {
                faults.push(format!("{}: Chromium plays {laced}, not {plain}", case.name));
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// The same packets come out, at times that are the same to a tick or two; they decode to the same samples, in silence.
fn ffmpeg_fault(ffmpeg: &Path, plain: &Path, laced: &Path) -> Option<String> {
    let decode = |path: &Path| {
        let mut command = Command::new(ffmpeg);
        command.args(["-hide_banner", "-nostdin", "-v", "warning", "-xerror", "-i"]).arg(path);
        run(command.args(["-map", "0:a", "-c:a", "pcm_f32le", "-f", "md5", "-"]))
    };
    let copy = |path: &Path| {
        let mut command = Command::new(ffmpeg);
        command.args(["-hide_banner", "-nostdin", "-v", "warning", "-i"]).arg(path);
        let (_, out, _) = run(command.args(["-map", "0:a", "-c", "copy", "-f", "framemd5", "-"]));
        let rows = out.lines().filter(|line| !line.starts_with('#'));
        let rows = rows.map(|line| line.split(',').map(str::trim).map(str::to_owned).collect::<Vec<_>>());
        rows.map(|row| (row[2].parse::<i64>().unwrap_or(i64::MIN), row[4].clone(), row[5].clone())).collect::<Vec<_>>()
    };
    // Behind a seek it drops a lace that began before the picture that it went to: that much of the sound is missing.
    let sought = |path: &Path| {
        let raw = path.with_extension("raw");
        let mut command = Command::new(ffmpeg);
        command.args(["-v", "error", "-nostdin", "-y", "-ss", "1.507", "-i"]).arg(path);
        let (success, ..) = run(command.args(["-map", "0:a", "-ar", "48000", "-ac", "1", "-f", "u8"]).arg(&raw));
        fs::metadata(raw).map_or(0, |file| if success { file.len() } else { 0 })
    };
    let (all, some) = (sought(plain), sought(laced));
    let (before, after) = (decode(plain), decode(laced));
    // Matroska has no channel layouts of PCM; FFmpeg says what it takes.
    let said: Vec<_> =
        after.2.lines().filter(|line| !line.contains("Channel Layout") && !line.contains("Guess")).collect();
    let (packets, laced_packets) = (copy(plain), copy(laced));
    let same_packets = packets.len() == laced_packets.len()
        && !packets.is_empty()
        && packets
            .iter()
            .zip(&laced_packets)
            .all(|(one, other)| one.0.abs_diff(other.0) <= 2 && (&one.1, &one.2) == (&other.1, &other.2));
    let right = before.0
        && after.0
        && !after.1.is_empty()
        && before.1 == after.1
        && said.is_empty()
        && same_packets
        && all.abs_diff(some) <= 48 * 800
        && all > 48_000;
    (!right).then(|| {
        let differ = packets.iter().zip(&laced_packets).find(|(one, other)| one != other);
        format!(
            "{}: {} decodes {} not {}, seeks {some} not {all}, says {said:?}, reads {} packets not {}, {differ:?}",
            laced.display(),
            ffmpeg.display(),
            after.1.trim(),
            before.1.trim(),
            laced_packets.len(),
            packets.len()
        )
    })
}

/// mkvmerge takes the laces apart and writes the same file from both, without a word.
fn mkvmerge_fault(mkvmerge: &Path, plain: &Path, laced: &Path) -> Option<String> {
    let unlaced = |path: &Path| {
        let out = path.with_extension("merged.mkv");
        let mut command = Command::new(mkvmerge);
        let (success, said, more) = run(command.args(["-q", "--disable-lacing", "-o"]).arg(&out).arg(path));
        (success && said.is_empty() && more.is_empty(), frames(&fs::read(out).unwrap_or_default()), said)
    };
    let (one, other) = (unlaced(plain), unlaced(laced));
    (!one.0 || !other.0 || one.1 != other.1).then(|| format!("{}: mkvmerge {} {}", laced.display(), one.2, other.2))
}

/// Track and bytes of each frame, in the order of tracks.
fn frames(bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let mut file = matroska_demuxer::MatroskaFile::open(std::io::Cursor::new(bytes)).unwrap();
    let (mut frames, mut frame) = (Vec::new(), matroska_demuxer::Frame::default());
    while file.next_frame(&mut frame).unwrap() {
        frames.push((frame.track, frame.data.clone()));
    }
    frames.sort_by_key(|(track, _)| *track);
    frames
}
