//! The files, read by programs and crates that share no code with this one.

use super::*;
use std::io::ErrorKind::UnexpectedEof;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error;
use symphonia::core::formats::TrackType;
use symphonia::core::formats::probe::Hint;
use symphonia::core::io::MediaSourceStream;

#[test]
fn matroska_demuxer_reads_every_frame() {
    let scenes = [
        (Container::WebM, Scene::new().av1_keys(30, 200, 40).opus(312, 300, 504)),
        (Container::Matroska, Scene::new().variable(&[40, 700, 3_000, 16, 17]).flac(96_000, 6, 100)),
        (Container::Matroska, Scene::new().mjpeg(10, 40).pcm(44_100, 1, 100)),
    ];
    for (container, scene) in scenes {
        for bytes in [file(container, &scene), live(container, &scene)] {
            let expected = verify(&bytes).unwrap();
            let mut demuxer = matroska_demuxer::MatroskaFile::open(Cursor::new(&bytes)).unwrap();
            assert_eq!(demuxer.ebml_header().doc_type(), container.name());
            assert_eq!(demuxer.info().duration(), expected.duration_ms);
            for (read, track) in demuxer.tracks().iter().zip(&expected.tracks) {
                assert_eq!(
                    (read.codec_id(), read.codec_private()),
                    (track.codec_id.as_str(), track.private.as_deref())
                );
                assert_eq!((read.language(), read.flag_default()), (Some("und"), true));
                assert_eq!(read.codec_delay().unwrap_or(0), track.codec_delay_ns);
            }
            let mut frame = matroska_demuxer::Frame::default();
            for block in &expected.blocks {
                assert!(demuxer.next_frame(&mut frame).unwrap());
                assert_eq!((frame.track, frame.timestamp as i64), (block.track, block.time_ms));
                assert_eq!(frame.duration, block.duration_ms);
                assert!(frame.data == block.payload);
            }
            assert!(!demuxer.next_frame(&mut frame).unwrap());
        }
    }
}

#[test]
fn symphonia_decodes_every_sample() {
    let scenes = [
        (Scene::new().flac(44_100, 2, 100), 100 * 4096),
        (Scene::new().flac(96_000, 6, 30), 30 * 4096),
        (Scene::new().pcm(48_000, 2, 120), 120 * 960),
        (Scene::new().av1(25, 1, 60).pcm(8_000, 1, 120), 120 * 160),
    ];
    for (scene, samples) in scenes {
        let laced = MuxSettings { lacing: true, ..MuxSettings::of(Layout::Plain) };
        for (bytes, is_live) in [
            (file(Container::Matroska, &scene), false),
            (live(Container::Matroska, &scene), true),
            (mux(Container::Matroska, laced, &scene).unwrap(), false),
        ] {
            let source = MediaSourceStream::new(Box::new(Cursor::new(bytes)), Default::default());
            let probe = symphonia::default::get_probe();
            let mut format = probe.probe(&Hint::new(), source, Default::default(), Default::default()).unwrap();
            let track = format.default_track(TrackType::Audio).unwrap();
            let parameters = track.codec_params.as_ref().unwrap().audio().unwrap();
            let options = AudioDecoderOptions::default();
            let mut decoder = symphonia::default::get_codecs().make_audio_decoder(parameters, &options).unwrap();
            let (id, mut count) = (track.id, 0);
            loop {
                match format.next_packet() {
                    Ok(Some(packet)) if packet.track_id == id => count += decoder.decode(&packet).unwrap().frames(),
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    // Its way to say that a cluster of unknown size was the last.
                    Err(Error::IoError(error)) if is_live && error.kind() == UnexpectedEof => break,
                    Err(error) => panic!("{error}"),
                }
            }
            assert_eq!(count, samples);
        }
    }
}

/// Runs a program; `None`, and a word about it, where it is not installed.
fn run(program: &str, arguments: &[&str]) -> Option<String> {
    let output = match Command::new(program).args(arguments).output() {
        Ok(output) => output,
        Err(_) => {
            let _ = writeln!(std::io::stderr(), "SKIPPED: `{program}` is not installed");
            return None;
        }
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {text}");
    Some(text)
}

/// A file of each kind, under names that say what is in it.
fn files(folder: &Path) -> Vec<(PathBuf, Scene)> {
    let scenes = [
        ("av1-opus.webm", Scene::new().av1_keys(30, 150, 60).opus(312, 251, 504)),
        ("opus.webm", Scene::new().opus(312, 51, 504)),
        ("variable.mkv", Scene::new().variable(&[40, 700, 3_000, 16, 217]).opus(312, 10, 0)),
        ("flac.mkv", Scene::new().flac(44_100, 2, 100)),
        ("mjpeg-pcm.mkv", Scene::new().mjpeg(10, 40).pcm(48_000, 2, 200)),
        ("mjpeg-flac.mkv", Scene::new().mjpeg(10, 30).flac(48_000, 6, 35)),
    ];
    let mut files = Vec::new();
    for (name, scene) in scenes {
        let container = if name.ends_with("webm") { Container::WebM } else { Container::Matroska };
        for (form, bytes) in [("file", file(container, &scene)), ("live", live(container, &scene))] {
            let path = folder.join(format!("{form}-{name}"));
            std::fs::write(&path, bytes).unwrap();
            files.push((path, scene.clone()));
        }
    }
    files
}

/// The programs of FFmpeg that there are: the system's, and the one that `FRAMEWRIGHT_FFMPEG` names.
fn ffmpegs() -> Vec<String> {
    std::iter::once("ffmpeg".into()).chain(std::env::var("FRAMEWRIGHT_FFMPEG")).collect()
}

#[test]
fn ffmpeg_decodes_without_a_word() {
    let folder = tempfile::tempdir().unwrap();
    for (path, scene) in files(folder.path()) {
        let path = path.to_str().unwrap();
        for ffmpeg in ffmpegs() {
            // The AV1 of these tests is not for decoding.
            let strict = ["-v", "warning", "-xerror", "-i", path, "-map", "0", "-f", "null", "-"];
            if scene.tracks.iter().all(|track| !matches!(track.config, CodecConfig::Av1(_))) {
                let Some(words) = run(&ffmpeg, &strict) else { continue };
                // Matroska has no channel layouts of PCM, and a live stream no duration; FFmpeg says what it takes.
                let guess =
                    |line: &&str| line.contains("Guessed Channel Layout") || line.contains("Estimating duration");
                let words: Vec<_> = words.lines().filter(|line| !guess(line)).collect();
                assert!(words.is_empty(), "{ffmpeg} on {path}: {words:?}");
            }
            let samples = folder.path().join("samples");
            let samples = samples.to_str().unwrap();
            let arguments = ["-v", "error", "-y", "-i", path, "-map", "0:a", "-ac", "1", "-f", "u8", samples];
            if run(&ffmpeg, &arguments).is_none() {
                continue;
            }
            let (index, track) = scene.tracks.iter().enumerate().find(|(_, track)| track.audio().is_some()).unwrap();
            let (first, last) = (&scene.packets[index][0], scene.packets[index].last().unwrap());
            let heard = last.end() - first.pts - i64::from(last.trim_end) - i64::from(track.config.pre_skip());
            assert_eq!(std::fs::metadata(samples).unwrap().len() as i64, heard, "{ffmpeg} on {path}");
        }
    }
}

#[test]
fn ffprobe_sees_times_and_durations() {
    let folder = tempfile::tempdir().unwrap();
    for (path, scene) in files(folder.path()) {
        let path = path.to_str().unwrap();
        let fields = "packet=stream_index,pts,duration,flags";
        let Some(text) = run("ffprobe", &["-v", "error", "-show_entries", fields, "-of", "csv=p=0", path]) else {
            return;
        };
        for (index, track) in scene.tracks.iter().enumerate().filter(|(_, track)| track.video().is_some()) {
            let rows = text.lines().filter(|line| line.starts_with(&format!("{index},")));
            let rows: Vec<Vec<&str>> = rows.map(|line| line.split(',').collect()).collect();
            assert_eq!(rows.len(), scene.packets[index].len());
            for (row, packet) in rows.iter().zip(&scene.packets[index]) {
                let ms = |ticks| track.time_base.rescale(ticks, TICKS).unwrap();
                assert_eq!(row[1], ms(packet.pts).to_string());
                let duration = ms(packet.end()) - ms(packet.pts);
                assert!((row[2].parse::<i64>().unwrap() - duration).abs() <= 1, "{row:?} of {packet:?}");
                assert_eq!(row[3].starts_with('K'), packet.key);
            }
        }
    }
}

#[test]
fn validators_have_nothing_to_say() {
    let folder = tempfile::tempdir().unwrap();
    for (path, _) in files(folder.path()) {
        let path = path.to_str().unwrap();
        if let Some(text) = run("mkvinfo", &["-v", "-v", path]) {
            let odd = |line: &&str| ["Error", "Warning", "Unknown"].iter().any(|word| line.contains(word));
            let odd: Vec<_> = text.lines().filter(odd).filter(|line| !line.contains("size: unknown")).collect();
            assert!(odd.is_empty(), "{path}: {odd:?}");
        }
        // mediaconch takes a cluster that follows one of unknown size for its child.
        if path.contains("live-") {
            continue;
        }
        if let Some(text) = run("mediaconch", &["-mc", "-fx", path]) {
            let fails: Vec<_> = text.lines().filter(|line| line.contains(r#"outcome="fail""#)).collect();
            assert!(fails.is_empty() && text.contains(r#"outcome="pass""#), "{path}: {fails:?}");
        }
    }
}
