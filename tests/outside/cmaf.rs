//! HLS and DASH: played by hls.js, dash.js, shaka-player and by hand in Chromium, and read by FFmpeg.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use framewright::media::{
    AspectRatio, AudioTrack, CodecConfig, Cue, OpusConfig, Orientation, Packet, TimeBase, Track, TrackKind,
    TrackLabels, WebVttConfig,
};
use framewright::sink::{FileSink, FolderSink};
use framewright::{
    AudioCodec, AudioOptions, AudioSamples, Container, Encoder, EncoderOptions, FrameView, Layout, MuxOptions,
    PacketWriter, VideoOptions,
};
use serde_json::Value;

use crate::readers::{Readers, run, scripts};
use crate::script;
use crate::support::manifests::{self, Files};
use crate::support::{gradient, tone};

const SIZE: (u32, u32) = (64, 48);
const FRAMES: u32 = 75;

/// Three seconds of pictures at 25 a second, in segments of half a second and a little, and sound.
fn write(path: &Path, layout: Layout, codec: AudioCodec, live_window: Option<u32>, pace: Duration) {
    let mut options = MuxOptions::new().layout(layout).segment_duration(Duration::from_millis(500));
    if let Some(segments) = live_window {
        options = options.live_window(segments);
    }
    let mut encoder = Encoder::with_options(EncoderOptions::new().mux(options)).unwrap();
    let mut options = VideoOptions::new(SIZE.0, SIZE.1).frame_rate(25).crf(40).keyframe_interval(13).threads(1);
    if is_turned(path) {
        options = options.rotate(Orientation::turned(1)).sample_aspect_ratio(AspectRatio::new(4, 3).unwrap());
    }
    let mut video = encoder.add_video(options).unwrap();
    // Of Opus not the rate that it is coded in: of that Chromium's MSE once had something to say.
    let rate = if codec == AudioCodec::Opus { 44_100 } else { 48_000 };
    let mut audio = encoder.add_audio(AudioOptions::new(rate, 2).codec(codec)).unwrap();
    encoder.open_file(path).unwrap();
    let frames = if pace.is_zero() { FRAMES } else { 4 * FRAMES };
    let started = Instant::now();
    for index in 0..frames {
        let pixels = gradient(SIZE.0, SIZE.1, index);
        video.add_frame(&FrameView::rgb(SIZE.0, SIZE.1, &pixels).unwrap()).unwrap();
        let sound: Vec<f32> = (0..2).flat_map(|_| tone(rate, rate as usize / 25, 300.0)).collect();
        audio.add_samples(AudioSamples::planar(&sound, 2).unwrap()).unwrap();
        std::thread::sleep((pace * index).saturating_sub(started.elapsed()));
    }
    let report = encoder.close().unwrap();
    assert_eq!(report.duration, Duration::from_millis(u64::from(frames) * 40));
}

fn outputs(folder: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for extension in ["m3u8", "mpd"] {
        for (name, layout, codec) in [
            ("segments", Layout::Segments, AudioCodec::Opus),
            ("ranges", Layout::ByteRanges, AudioCodec::Opus),
            ("flac é #1", Layout::Segments, AudioCodec::Flac),
            ("turned", Layout::Segments, AudioCodec::Opus),
        ] {
            let path = folder.join(format!("{name}.{extension}"));
            write(&path, layout, codec, None, Duration::ZERO);
            paths.push(path);
        }
    }
    paths
}

/// Whether its pictures are shown on their side, with pixels of 4:3.
fn is_turned(path: &Path) -> bool {
    path.file_stem().is_some_and(|stem| stem == "turned")
}

fn files(folder: &Path) -> Files {
    let mut files = Files::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        files.insert(entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap());
    }
    files
}

#[test]
fn manifests_play_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let readers = Readers::find();
    let paths = outputs(folder.path());
    let files = files(folder.path());
    assert!(files.keys().all(|name| !name.ends_with(".part")), "{:?}", files.keys());
    let mut faults = Vec::new();
    for path in &paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        let read = if name.ends_with("mpd") { manifests::verify_dash } else { manifests::verify_hls };
        let shown = read(&files, name).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert_eq!(shown.track("video").movie.as_ref().unwrap().tracks[0].samples.len(), FRAMES as usize);
        // Of local files FFmpeg reads DASH ranges from their start, and resolves no escapes: it asks a server for both.
        let is_plain = name != "ranges.mpd" && !name.contains('#');
        faults.extend(
            readers.ffmpeg.iter().filter(|_| is_plain).filter_map(|ffmpeg| ffmpeg_fault(ffmpeg, path, Some(FRAMES))),
        );
    }
    if let Some(node) = &readers.chromium {
        let results = script(node, "stream.mjs", &paths);
        faults.extend(paths.iter().filter_map(|path| playing_fault(path, &results)));
        let (_, out, said) = run(Command::new(node).arg(scripts().join("stream.mjs")).arg("--shaka").args(&paths));
        let results = results_of(&out);
        assert!(!results.is_empty(), "{said}");
        faults.extend(paths.iter().filter_map(|path| playing_fault(path, &results)));
        let by_hand: Vec<_> = paths.iter().filter(|path| path.ends_with("segments.m3u8")).cloned().collect();
        let (_, out, said) = run(Command::new(node).arg(scripts().join("stream.mjs")).arg("--append").args(&by_hand));
        let results = results_of(&out);
        assert!(!results.is_empty(), "{said}");
        faults.extend(by_hand.iter().filter_map(|path| playing_fault(path, &results)));
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// What the script says of each manifest.
fn results_of(out: &str) -> BTreeMap<PathBuf, Value> {
    let values = out.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    values.map(|value| (PathBuf::from(value["file"].as_str().unwrap_or_default()), value)).collect()
}

fn ffmpeg_fault(ffmpeg: &Path, path: &Path, frames: Option<u32>) -> Option<String> {
    let mut command = Command::new(ffmpeg);
    command.args(["-hide_banner", "-nostdin", "-v", "warning", "-xerror", "-progress", "-", "-nostats"]);
    let (success, out, said) = run(command.arg("-i").arg(path).args(["-fps_mode", "passthrough", "-f", "null", "-"]));
    let found = out.lines().rev().find_map(|line| line.strip_prefix("frame=")).map(str::trim);
    let wanted = frames.map(|frames| frames.to_string());
    let sound = success && said.is_empty() && (frames.is_none() || found == wanted.as_deref());
    (!sound).then(|| format!("{}: {} {success} {found:?} {said}", path.display(), ffmpeg.display()))
}

fn playing_fault(path: &Path, results: &BTreeMap<PathBuf, Value>) -> Option<String> {
    let Some(result) = results.get(path) else { return Some(format!("{}: not played", path.display())) };
    let size = if is_turned(path) { (SIZE.1, (SIZE.0 * 4 + 1) / 3) } else { SIZE };
    let right = result["ended"] == true
        && result["complaints"].as_array().is_some_and(Vec::is_empty)
        && (result["duration"].as_f64().unwrap_or(-1.0) - 3.0).abs() < 0.03
        && (&result["width"], &result["height"]) == (&size.0.into(), &size.1.into())
        && result["frames"] == FRAMES;
    (!right).then(|| format!("Chromium: {result}"))
}

/// Sound and subtitles alone, of packets that need no encoder.
#[test]
fn subtitles_come_out_of_players() {
    let Some(node) = Readers::find().chromium else { return };
    let folder = tempfile::tempdir().unwrap();
    let config = OpusConfig { channels: 1, pre_skip: 312, input_sample_rate: 48_000, output_gain: 0, mapping: None };
    let kind = TrackKind::Audio(AudioTrack { sample_rate: 48_000, channels: 1 });
    let sound = Track::new(kind, CodecConfig::Opus(config), TimeBase::per_second(48_000));
    let config = CodecConfig::WebVtt(WebVttConfig::default());
    let mut text = Track::new(TrackKind::Subtitle, config, TimeBase::MILLISECONDS);
    text.labels = TrackLabels::new().language("en").title("English").default_track(true);
    let mut paths = Vec::new();
    for container in [Container::Hls, Container::Dash] {
        let path = folder.path().join(format!("talk.{}", container.extensions()[0]));
        let options = MuxOptions::new().segment_duration(Duration::from_secs(1));
        let sink = FolderSink::create(&path).unwrap();
        let tracks = vec![sound.clone(), text.clone()];
        let mut writer = PacketWriter::with_options(container, tracks, sink, &options).unwrap();
        for index in 0..200 {
            if index == 25 || index == 60 {
                let words = if index == 25 { "<i>one</i>" } else { "two" };
                let cue = Cue::new(words).to_packet().unwrap();
                writer.write(Packet::new(1, index * 20, 1000, true, cue)).unwrap();
            }
            // Silence, 20 ms of it.
            writer.write(Packet::new(0, index * 960, 960, true, vec![0xf8, 0xff, 0xfe])).unwrap();
        }
        writer.finish().unwrap();
        paths.push(path);
    }
    for (path, result) in script(&node, "stream.mjs", &paths) {
        let cues: Vec<_> = result["cues"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        assert_eq!(result["ended"], true, "{result}");
        assert!(cues.iter().any(|cue| cue.starts_with("0.5 1.5") && cue.contains("one")), "{path:?}: {result}");
        assert!(cues.iter().any(|cue| cue.starts_with("1.2 2.2") && cue.contains("two")), "{path:?}: {result}");
    }
}

/// The samples of WebVTT in MP4 (`wvtt`), which players of DASH decode: a description names a file of them.
#[test]
fn cues_in_mp4_come_out_of_players() {
    let Some(node) = Readers::find().chromium else { return };
    let folder = tempfile::tempdir().unwrap();
    let description = folder.path().join("film.mpd");
    write(&description, Layout::Segments, AudioCodec::Opus, None, Duration::ZERO);
    let text = Track::new(TrackKind::Subtitle, CodecConfig::WebVtt(WebVttConfig::default()), TimeBase::MILLISECONDS);
    let file = folder.path().join("cues.mp4");
    let options = MuxOptions::new().layout(Layout::Fragmented).fragment_duration(Duration::from_secs(60));
    let sink = FileSink::create(&file).unwrap();
    let mut writer = PacketWriter::with_options(Container::Mp4, vec![text], sink, &options).unwrap();
    for (start, duration, words) in [(500, 700, "<i>one</i>"), (1500, 1000, "two"), (2000, 750, "three, beside two")] {
        let cue = Cue::new(words).to_packet().unwrap();
        writer.write(Packet::new(0, start, duration, true, cue)).unwrap();
    }
    writer.finish().unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let begins = |kind: &[u8]| bytes.windows(4).position(|window| window == kind).unwrap() - 4;
    let (fragment, end) = (begins(b"moof"), begins(b"mfra"));
    let set = format!(
        r#"<AdaptationSet id="9" contentType="text" mimeType="application/mp4" codecs="wvtt" lang="en">
          <Representation id="cues" bandwidth="1000"><BaseURL>cues.mp4</BaseURL>
          <SegmentList timescale="1" duration="3"><Initialization range="0-{}"/><SegmentURL mediaRange="{fragment}-{}"/>
          </SegmentList></Representation></AdaptationSet></Period>"#,
        fragment - 1,
        end - 1
    );
    let said = std::fs::read_to_string(&description).unwrap();
    std::fs::write(&description, said.replace("</Period>", &set)).unwrap();

    let cues = |player: &[&str]| -> Vec<String> {
        let (_, out, said) = run(Command::new(&node).arg(scripts().join("stream.mjs")).args(player).arg(&description));
        let results = results_of(&out);
        let result = results.get(&description).unwrap_or_else(|| panic!("{said}"));
        assert_eq!(result["ended"], true, "{result}");
        result["cues"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    assert_eq!(cues(&[]), ["0.5 1.2 <i>one</i>", "1.5 2.5 two", "2 2.75 three, beside two"], "dash.js");
    // It shows each sample by itself.
    let shown = cues(&["--shaka"]);
    assert!(shown.contains(&"0.5 1.2 <i>one</i>".into()) && shown.contains(&"1.5 2 two".into()), "shaka: {shown:?}");
}

/// A window that moves while it is watched. How far the player comes depends on how fast the machine encodes.
#[test]
fn a_recording_is_watched_while_it_is_made() {
    let Some(node) = Readers::find().chromium else { return };
    for extension in ["m3u8", "mpd"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("live.{extension}"));
        let mut command = Command::new(&node);
        command.arg(scripts().join("stream.mjs")).args(["--live", "12"]).arg(&path).stdout(Stdio::piped());
        let player = command.spawn().unwrap();
        write(&path, Layout::Segments, AudioCodec::Opus, Some(4), Duration::from_millis(40));
        let out = player.wait_with_output().unwrap().stdout;
        let result: Value = serde_json::from_slice(&out).unwrap_or_default();
        assert!(result["currentTime"].as_f64().unwrap_or(0.0) > 0.3, "{extension}: {result}");
        assert_eq!(result["width"], SIZE.0, "{extension}: {result}");
        let read = if extension == "mpd" { manifests::verify_dash } else { manifests::verify_hls };
        let shown = read(&files(folder.path()), &format!("live.{extension}")).unwrap();
        assert!(shown.finished && shown.track("video").segments.len() < 20);
    }
}
