//! Each layout of MP4, read by programs that share no code with this crate.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Command;

use framewright::sink::{SeekSink, StreamSink};
use framewright::{
    AudioOptions, AudioSamples, Container, Encoder, EncoderOptions, FrameView, Layout, MuxOptions, VideoOptions,
};

use crate::readers::{Readers, run, tool};
use crate::script;
use crate::support::{gradient, tone};

const FRAMES: u32 = 50;
const SECONDS: f64 = 2.0;

/// A file of two seconds of pictures and sound.
fn write(path: &Path, options: MuxOptions, readable: bool, stream: bool) {
    let mut encoder = Encoder::with_options(EncoderOptions::new().mux(options)).unwrap();
    let video = VideoOptions::new(128, 72).frame_rate(25).crf(40).keyframe_interval(25).threads(1);
    let mut video = encoder.add_video(video).unwrap();
    let mut audio = encoder.add_audio(AudioOptions::new(48_000, 2)).unwrap();
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path).unwrap();
    match (stream, readable) {
        (true, _) => encoder.open_sink(StreamSink::new(file), Container::Mp4).unwrap(),
        (_, true) => encoder.open_sink(SeekSink::readable(file).unwrap(), Container::Mp4).unwrap(),
        _ => encoder.open_writer(file, Container::Mp4).unwrap(),
    }
    for index in 0..FRAMES {
        let pixels = gradient(128, 72, index);
        video.add_frame(&FrameView::rgb(128, 72, &pixels).unwrap()).unwrap();
    }
    let sound: Vec<f32> = (0..2).flat_map(|i| tone(48_000, 96_000, 300.0 + 100.0 * i as f32)).collect();
    audio.add_samples(AudioSamples::planar(&sound, 2).unwrap()).unwrap();
    encoder.close().unwrap();
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let fast = || MuxOptions::new().layout(Layout::FastStart);
    let cases = [
        ("plain.mp4", MuxOptions::new().layout(Layout::Plain), false, false),
        ("moved.mp4", fast(), true, false),
        ("reserved.mp4", fast().index_reserve(100_000), false, false),
        ("overflown.mp4", fast().index_reserve(100), false, false),
        ("fragmented.mp4", MuxOptions::new().layout(Layout::Fragmented), false, false),
        ("streamed.mp4", MuxOptions::new(), false, true),
        ("recoverable.mp4", MuxOptions::new().layout(Layout::Recoverable), false, false),
    ];
    let path = |(name, options, readable, stream)| {
        let path = folder.join(name);
        write(&path, options, readable, stream);
        path
    };
    cases.into_iter().map(path).collect()
}

#[test]
fn every_layout_of_mp4_is_read_and_played() {
    let folder = tempfile::tempdir().unwrap();
    let paths = files(folder.path());
    let readers = Readers::find();
    let mut faults = Vec::new();
    for path in &paths {
        for ffmpeg in &readers.ffmpeg {
            let mut command = Command::new(ffmpeg);
            command.args(["-hide_banner", "-nostdin", "-v", "warning", "-xerror", "-i"]).arg(path);
            let (success, _, said) = run(command.args(["-f", "null", "-"]));
            if !success || !said.is_empty() {
                faults.push(format!("{}: {} says {said}", path.display(), ffmpeg.display()));
            }
        }
        if let Some(ffprobe) = tool("ffprobe") {
            let mut command = Command::new(ffprobe);
            command.args(["-v", "error", "-count_packets", "-select_streams", "v", "-of", "csv=p=0"]);
            let (success, out, said) =
                run(command.args(["-show_entries", "stream=nb_read_packets:format=duration"]).arg(path));
            let words: Vec<_> = out.split_whitespace().collect();
            let right = words.first() == Some(&"50")
                && words.get(1).and_then(|word| word.parse::<f64>().ok()).is_some_and(|s| (s - SECONDS).abs() < 0.02);
            if !success || !said.is_empty() || !right {
                faults.push(format!("{}: ffprobe says {out} {said}", path.display()));
            }
        }
        let bytes = fs::read(path).unwrap();
        let reader = mp4::Mp4Reader::read_header(std::io::Cursor::new(&bytes), bytes.len() as u64);
        match reader.map(|reader| reader.tracks().len()) {
            Ok(2) => {}
            other => faults.push(format!("{}: the mp4 crate reads {other:?}", path.display())),
        }
    }
    if let Some(node) = &readers.chromium {
        let results = script(node, "play.mjs", &paths);
        for path in &paths {
            let right = results.get(path).is_some_and(|result| {
                // It does not take the priming off the end of fragments.
                let fragments = path.ends_with("fragmented.mp4") || path.ends_with("streamed.mp4");
                let tolerance = if fragments { 0.007 } else { 0.001 };
                let duration = result["duration"].as_f64().unwrap_or(-1.0);
                result["ended"] == true && result["frames"] == FRAMES && (duration - SECONDS).abs() <= tolerance
            });
            if !right {
                faults.push(format!("{}: Chromium says {:?}", path.display(), results.get(path)));
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
