//! The program as a person or a script meets it: exit codes, messages, what is left on disk.
#![cfg(feature = "cli")]

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};

use framewright::{AudioOptions, EncoderOptions, Limits, SubtitleOptions, VideoOptions};
use serde_json::Value;
use tempfile::TempDir;

/// A folder with small inputs.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Desk { folder: tempfile::tempdir().unwrap() };
        fs::write(desk.at("clip.y4m"), y4m(32, 16, 5)).unwrap();
        write_wav(&desk.at("tone.wav"), 48_000, 2, 9_600);
        desk
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_framewright"));
        command.current_dir(self.folder.path()).args(args).stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs what has to succeed; gives standard output.
    fn ok(&self, args: &[&str]) -> Vec<u8> {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", stderr(&output));
        output.stdout
    }

    /// Runs what has to fail with `code`, leave no new file, and say each of `words`.
    fn refused(&self, code: i32, args: &[&str], words: &[&str]) {
        let before = self.listing();
        let output = self.run(args);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        words.iter().for_each(|word| assert!(said.contains(word), "{args:?} does not say `{word}`: {said}"));
        assert_eq!(self.listing(), before, "{args:?} left something");
    }

    fn report(&self, args: &[&str]) -> Value {
        let stdout = self.ok(&[args, &["--report", "json"]].concat());
        serde_json::from_slice(&stdout).unwrap_or_else(|error| panic!("{args:?}: {error}"))
    }

    fn listing(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// 4:2:0 frames whose luma changes.
fn y4m(width: usize, height: usize, frames: usize) -> Vec<u8> {
    let mut bytes = format!("YUV4MPEG2 W{width} H{height} F25:1 Ip A1:1 C420jpeg\n").into_bytes();
    for frame in 0..frames {
        bytes.extend_from_slice(b"FRAME\n");
        bytes.extend((0..width * height).map(|index| (40 + 7 * frame + index % width * 3) as u8));
        bytes.extend(std::iter::repeat_n(128, width.div_ceil(2) * height.div_ceil(2) * 2));
    }
    bytes
}

fn write_wav(path: &Path, sample_rate: u32, channels: u16, frames: u32) {
    let spec = hound::WavSpec { channels, sample_rate, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    (0..frames * u32::from(channels)).for_each(|index| writer.write_sample((index * 37 % 8_000) as i16).unwrap());
    writer.finalize().unwrap();
}

fn streams(report: &Value) -> &Vec<Value> {
    report["streams"].as_array().unwrap()
}

#[test]
fn help_and_version() {
    let desk = Desk::new();
    let help = String::from_utf8(desk.ok(&["--help"])).unwrap();
    ["demo", "encode", "inspect", "formats", "Examples", "Exit codes"]
        .iter()
        .for_each(|word| assert!(help.contains(word)));
    let help = String::from_utf8(desk.ok(&["encode", "--help"])).unwrap();
    let flags = "--crf --preset --bitrate --audio-bitrate --keyint --fps --size --pixel-format --color --video-codec \
                 --audio-codec --container --threads --tiles --low-latency --option --report --overwrite --quiet --raw";
    flags.split_whitespace().for_each(|flag| assert!(help.contains(flag), "{flag}"));
    assert!(String::from_utf8(desk.ok(&["--version"])).unwrap().contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_demo_is_made_and_inspected() {
    let desk = Desk::new();
    let demo = ["demo", "demo.mp4", "--seconds", "0.2", "--size", "64x36"];
    let report = desk.report(&demo);
    assert_eq!((&report["container"], report["duration_seconds"].as_f64()), (&"mp4".into(), Some(0.2)));
    assert_eq!(report["bytes"].as_u64().unwrap(), fs::metadata(desk.at("demo.mp4")).unwrap().len());
    let [video, audio] = &streams(&report)[..] else { panic!("{report}") };
    assert_eq!((&video["frames"], &video["width"], &video["kind"]), (&6.into(), &64.into(), &"video".into()));
    assert_eq!((&audio["samples"], &audio["codec"]), (&9_600.into(), &"opus".into()));

    let text = String::from_utf8(desk.ok(&["inspect", "demo.mp4"])).unwrap();
    ["av01.", "opus", "64x36"].iter().for_each(|word| assert!(text.contains(word), "{word}: {text}"));
    let json: Value = serde_json::from_slice(&desk.ok(&["inspect", "demo.mp4", "--json"])).unwrap();
    assert_eq!(json["tracks"].as_array().unwrap().len(), 2, "{json}");

    let first = fs::read(desk.at("demo.mp4")).unwrap();
    desk.ok(&[&demo[..], &["--overwrite", "--threads", "1"]].concat());
    assert!(first == fs::read(desk.at("demo.mp4")).unwrap(), "the demo differs from run to run");
    for (name, option) in [("rate.webm", ["--bitrate", "100k"]), ("jpeg.mkv", ["--video-codec", "mjpeg"])] {
        desk.ok(&[&["demo", name, "--seconds", "0.1", "--size", "33x17"], &option[..]].concat());
    }
    desk.ok(&["demo", "dot.mp4", "--seconds", "0.05", "--size", "1x1"]);
}

#[test]
fn one_video_and_two_audio_inputs_in_any_order() {
    let desk = Desk::new();
    write_wav(&desk.at("mono.wav"), 44_100, 1, 4_410);
    for name in ["out.mp4", "out.mkv", "out.webm"] {
        let report = desk.report(&["encode", "tone.wav", "clip.y4m", "mono.wav", "-o", name]);
        let kinds: Vec<_> = streams(&report).iter().map(|stream| stream["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["video", "audio", "audio"]);
        assert_eq!(streams(&report)[0]["frames"], 5);
        assert_eq!(
            [&streams(&report)[1]["samples"], &streams(&report)[2]["samples"]],
            [&Value::from(9_600), &Value::from(4_800)]
        );
        desk.ok(&["inspect", name]);
    }
    let report = desk.report(&["encode", "tone.wav", "-o", "sound.m4a", "--audio-codec", "flac"]);
    assert_eq!((streams(&report).len(), &streams(&report)[0]["codec"]), (1, &"flac".into()));
}

#[test]
fn options_reach_the_encoder() {
    let desk = Desk::new();
    let report = desk.report(&[
        "encode",
        "clip.y4m",
        "tone.wav",
        "-o",
        "a.mkv",
        "--fps",
        "50",
        "--size",
        "48x24",
        "--fit",
        "stretch",
        "--pixel-format",
        "yuv444p10",
        "--keyint",
        "2",
        "--option",
        "scene-detection=off",
        "--option",
        "complexity=2",
        "--option",
        "min_keyframe_interval=1",
        "--audio-bitrate",
        "64k",
        "--channels",
        "1",
        "--color",
        "bt709/full",
    ]);
    let [video, audio] = &streams(&report)[..] else { panic!("{report}") };
    assert_eq!((&video["width"], &video["height"]), (&48.into(), &24.into()));
    assert_eq!(video["duration_seconds"].as_f64(), Some(0.1), "five frames at 50 a second");
    assert!(video["codec_string"].as_str().unwrap().starts_with("av01.1."), "4:4:4 is profile 1: {video}");
    assert!(video["key_packets"].as_u64().unwrap() >= 3, "{video}");
    assert_eq!((&audio["channels"], &audio["bit_rate_set"]), (&1.into(), &64_000.into()));
}

#[test]
fn bad_arguments_exit_with_2_and_say_what_to_do() {
    let desk = Desk::new();
    let encode = |rest: &[&'static str]| [&["encode", "clip.y4m", "-o", "x.mp4"], rest].concat();
    desk.refused(2, &["encode", "clip.y4m"], &["--output"]);
    desk.refused(2, &["nonsense"], &["nonsense"]);
    desk.refused(2, &encode(&["--crf", "64"]), &["crf", "64", "63"]);
    desk.refused(2, &encode(&["--crf", "good"]), &["--crf", "good"]);
    desk.refused(2, &encode(&["--preset", "11"]), &["preset", "11"]);
    desk.refused(2, &encode(&["--crf", "20", "--bitrate", "1M"]), &["--bitrate"]);
    desk.refused(2, &encode(&["--pixel-format", "rgb"]), &["rgb", "yuv444p"]);
    desk.refused(2, &encode(&["--fps", "0"]), &["--fps", "29.97"]);
    desk.refused(2, &encode(&["--size", "0x5"]), &["0x5", "1280x720"]);
    desk.refused(2, &encode(&["--option", "sharpness=3"]), &["sharpness", "tune"]);
    desk.refused(2, &encode(&["--option", "tune=loud"]), &["tune", "loud", "psnr"]);
    desk.refused(2, &encode(&["--option", "tune"]), &["KEY=VALUE"]);
    desk.refused(2, &encode(&["--audio-bitrate", "96k"]), &["--audio-bitrate", "no audio input"]);
    desk.refused(2, &encode(&["--container", "xyz"]), &["xyz", "webm"]);
    desk.refused(2, &["encode", "tone.wav", "-o", "x.mp4", "--crf", "20"], &["--crf", "no video input"]);
    desk.refused(2, &["encode", "clip.y4m", "clip.y4m", "-o", "x.mp4"], &["one video"]);
    desk.refused(2, &["encode", "clip.y4m", "-o", "x.xyz"], &["x.xyz", ".mp4", "--container"]);
    desk.refused(2, &["encode", "clip.y4m", "-o", "-"], &["--container"]);
    desk.refused(2, &["encode", "clip.y4m", "-o", "x.webm", "--video-codec", "mjpeg"], &["webm", "mjpeg"]);
    desk.refused(2, &["encode", "-", "--raw", "wide", "-o", "x.mp4"], &["wide", "640x480@30:rgb24"]);
    desk.refused(2, &["demo", "x.mp4", "--seconds", "-1"], &["--seconds"]);
    desk.refused(2, &["man", "nonsense"], &["nonsense", "encode"]);
}

#[test]
fn failures_exit_with_1_and_leave_nothing() {
    let desk = Desk::new();
    desk.refused(1, &["encode", "missing.y4m", "-o", "x.mp4"], &["missing.y4m"]);
    desk.refused(1, &["encode", "clip.y4m", "-o", "no/such/folder/x.mp4"], &["no/such/folder"]);
    fs::write(desk.at("noise.bin"), [7u8; 5_000]).unwrap();
    desk.refused(1, &["encode", "noise.bin", "-o", "x.mp4"], &["noise.bin"]);
    desk.refused(1, &["inspect", "noise.bin"], &["noise.bin"]);
    // It breaks off within its last frame, when much has been encoded.
    let whole = y4m(32, 16, 5);
    fs::write(desk.at("cut.y4m"), &whole[..whole.len() - 10]).unwrap();
    desk.refused(1, &["encode", "cut.y4m", "tone.wav", "-o", "x.mp4"], &["cut.y4m"]);
    fs::write(desk.at("empty.y4m"), y4m(32, 16, 0)).unwrap();
    desk.refused(1, &["encode", "empty.y4m", "-o", "x.mp4"], &[]);
    desk.refused(1, &["encode", "'none-*.png'", "-o", "x.mp4"], &["none-*.png"]);
}

#[test]
fn motion_is_drawn() {
    let desk = Desk::new();
    desk.ok(&["inspect", "--motion", "clip.y4m", "-o", "vectors.png"]);
    let picture = fs::read(desk.at("vectors.png")).unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(&picture)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.width, info.height, info.color_type), (32, 16, png::ColorType::Rgb));
    desk.refused(1, &["inspect", "--motion", "clip.y4m", "-o", "vectors.png"], &["vectors.png", "another name"]);
    desk.refused(1, &["inspect", "--motion", "clip.y4m", "-o", "x.png", "--frame", "5"], &["5 frames"]);
    desk.refused(2, &["inspect", "--motion", "clip.y4m", "-o", "x.png", "--frame", "0"], &["1 or more"]);
    desk.refused(2, &["inspect", "--motion", "clip.y4m"], &["--output"]);
    desk.refused(1, &["inspect", "--motion", "tone.wav", "-o", "x.png"], &["tone.wav"]);
}

#[test]
fn an_output_that_exists_is_kept_unless_told_otherwise() {
    let desk = Desk::new();
    fs::write(desk.at("out.mp4"), "precious").unwrap();
    let kept = || assert_eq!(fs::read(desk.at("out.mp4")).unwrap(), b"precious");
    desk.refused(1, &["encode", "clip.y4m", "-o", "out.mp4"], &["out.mp4", "--overwrite"]);
    desk.refused(1, &["demo", "out.mp4", "--seconds", "3600"], &["--overwrite"]);
    kept();
    fs::write(desk.at("cut.y4m"), &y4m(32, 16, 5)[..2_000]).unwrap();
    desk.refused(1, &["encode", "cut.y4m", "-o", "out.mp4", "--overwrite"], &["cut.y4m"]);
    kept();
    desk.ok(&["encode", "clip.y4m", "-o", "out.mp4", "--overwrite"]);
    assert_eq!(&fs::read(desk.at("out.mp4")).unwrap()[4..8], b"ftyp");
    assert_eq!(desk.listing(), ["clip.y4m", "cut.y4m", "out.mp4", "tone.wav"]);
}

#[test]
fn quiet_is_quiet_and_a_pipe_gets_no_bar() {
    let desk = Desk::new();
    let output = desk.run(&["encode", "clip.y4m", "-o", "a.mp4", "--quiet"]);
    assert_eq!((output.status.code(), output.stdout.len(), stderr(&output)), (Some(0), 0, String::new()));
    let output = desk.run(&["encode", "clip.y4m", "-o", "b.mp4"]);
    assert!(output.stdout.is_empty());
    let said = stderr(&output);
    assert!(
        said.contains("b.mp4") && said.contains("32x16") && !said.contains('\x1b') && !said.contains('\r'),
        "{said}"
    );
}

/// Each flag carries its value to the library: what no option takes is refused by name.
#[test]
fn every_option_of_the_library_is_reached() {
    let desk = Desk::new();
    let formats: Value = serde_json::from_slice(&desk.ok(&["formats", "--json"])).unwrap();
    for (list, known) in [
        ("video_options", VideoOptions::table().map(|info| info.name).collect::<Vec<_>>()),
        ("audio_options", AudioOptions::table().map(|info| info.name).collect()),
    ] {
        let listed = formats[list].as_array().unwrap();
        assert_eq!(listed.iter().map(|option| option["name"].as_str().unwrap()).collect::<Vec<_>>(), known);
        for option in listed {
            let flag = option["flag"].as_str().unwrap();
            let mut args = vec!["encode", "clip.y4m", "tone.wav", "-o", "x.mkv", flag];
            match flag {
                "--low-latency" | "--alpha" | "--merge-repeats" => {
                    if flag == "--merge-repeats" {
                        args.extend(["--time-base", "1/1000"]);
                    }
                    desk.ok(&args);
                    fs::remove_file(desk.at("x.mkv")).unwrap();
                    continue;
                }
                "--fit" => args.extend(["?", "--size", "20x20"]),
                _ => args.push("?"),
            }
            desk.refused(2, &args, &[flag, "?"]);
        }
    }
}

#[test]
fn inspect_describes_every_container() {
    let desk = Desk::new();
    let inspect = |name: &str| -> Value { serde_json::from_slice(&desk.ok(&["inspect", name, "--json"])).unwrap() };
    for (name, audio_codec, container, layout) in [
        ("a.mp4", "opus", "mp4", "index-last"),
        ("a.m4v", "flac", "mp4", "index-last"),
        ("a.webm", "opus", "webm", "index-last"),
        ("a.mkv", "pcm", "matroska", "index-last"),
    ] {
        desk.ok(&["encode", "clip.y4m", "tone.wav", "-o", name, "--audio-codec", audio_codec, "--color", "bt709"]);
        let info = inspect(name);
        assert_eq!((&info["container"], &info["layout"]), (&container.into(), &layout.into()), "{info}");
        assert_eq!(info["bytes"].as_u64(), Some(fs::metadata(desk.at(name)).unwrap().len()));
        assert_eq!((&info["truncated"], info["duration_seconds"].as_f64()), (&false.into(), Some(0.2)));
        let [video, audio] = &info["tracks"].as_array().unwrap()[..] else { panic!("{info}") };
        assert_eq!((&video["kind"], &video["codec"], &video["packets"]), (&"video".into(), &"av1".into(), &5.into()));
        assert_eq!((&video["width"], &video["height"], &video["frame_rate"]), (&32.into(), &16.into(), &"25".into()));
        assert_eq!((&video["chroma"], &video["bit_depth"]), (&"4:2:0".into(), &8.into()));
        assert_eq!((&video["color"]["matrix"], &video["color"]["range"]), (&"bt709".into(), &"limited".into()));
        assert!(video["codec_string"].as_str().unwrap().starts_with("av01.0."), "{video}");
        assert!(video["key_packets"].as_u64() >= Some(1) && video["bit_rate"].as_u64() > Some(0), "{video}");
        assert_eq!((&audio["kind"], &audio["codec"]), (&"audio".into(), &audio_codec.into()));
        assert_eq!((&audio["sample_rate"], &audio["channels"]), (&48_000.into(), &2.into()));
        assert_eq!(audio["priming"].as_u64() > Some(0), audio_codec == "opus", "{audio}");
        let text = String::from_utf8(desk.ok(&["inspect", name])).unwrap();
        for label in ["container", "duration", "codec", "picture", "colour", "sound", "packets", "bit rate", "priming"]
        {
            assert!(text.lines().any(|line| line.trim_start().starts_with(label)), "{label}: {text}");
        }
    }
    for (container, layout) in [("mp4", "fragmented"), ("webm", "live")] {
        let live = desk.ok(&["encode", "clip.y4m", "-o", "-", "--container", container]);
        fs::write(desk.at("live"), &live).unwrap();
        assert_eq!(inspect("live")["layout"], layout);
        fs::write(desk.at("cut"), &live[..live.len() - 20]).unwrap();
        assert_eq!(inspect("cut")["truncated"], true);
        assert!(String::from_utf8(desk.ok(&["inspect", "cut"])).unwrap().contains("cut off"));
    }
    desk.refused(1, &["inspect", "missing.mp4"], &["missing.mp4"]);
    desk.refused(1, &["inspect", "."], &["folder"]);
}

/// Limits are named where they are reached, and can be raised by that name.
#[test]
fn limits_are_said_and_set() {
    let desk = Desk::new();
    let encode = |limit| ["encode", "clip.y4m", "tone.wav", "-o", "x.mkv", "--overwrite", "--limit", limit];
    for (limit, reached) in [
        ("max_frame_pixels=100", "`max_frame_pixels` is 100"),
        ("max-streams=1", "`max_streams` is 1"),
        ("max_samples_per_call=10", "`max_samples_per_call` is 10"),
        ("max_engine_bytes=1048576", "`max_engine_bytes` is 1048576"),
        ("max_frame_bytes=100", "(`max_frame_bytes`)"),
    ] {
        desk.refused(1, &encode(limit), &[reached, "raise it"]);
    }
    desk.refused(2, &encode("max_streams=?"), &["--limit max_streams=?", "a number"]);
    desk.refused(2, &encode("max_frame_bytes=?"), &["--limit max_frame_bytes=?", "a number"]);
    desk.refused(2, &encode("max_hats=1"), &["max_hats", "max_streams"]);
    desk.ok(&encode("max_frame_bytes=1000000"));
    let formats: Value = serde_json::from_slice(&desk.ok(&["formats", "--json"])).unwrap();
    let listed = formats["limits"].as_array().unwrap().iter().map(|limit| limit["name"].as_str().unwrap());
    let known = Limits::table().map(|info| info.name).chain(["max_frame_bytes"]);
    assert_eq!(listed.collect::<Vec<_>>(), known.collect::<Vec<_>>());
}

#[test]
fn lacing_is_of_matroska_files_alone() {
    let desk = Desk::new();
    let encode = |name: &str, rest: &[&str]| {
        desk.ok(&[&["encode", "clip.y4m", "tone.wav", "-o", name], rest].concat());
        serde_json::from_slice::<Value>(&desk.ok(&["inspect", name, "--json"])).unwrap()
    };
    let (plain, laced) = (encode("a.mkv", &[]), encode("b.mkv", &["--lacing"]));
    assert_eq!(plain["tracks"], laced["tracks"]);
    assert!(laced["bytes"].as_u64() < plain["bytes"].as_u64(), "{laced}");
    for args in [&["x.mp4"][..], &["x.webm"], &["x.mkv", "--layout", "live"], &["-", "--container", "matroska"]] {
        let args = [&["encode", "clip.y4m", "tone.wav", "--lacing", "-o"], args].concat();
        desk.refused(2, &args, &["lacing", "matroska (plain, faststart)"]);
    }
}

#[test]
fn options_that_contradict_each_other_or_would_be_ignored_are_refused() {
    let desk = Desk::new();
    let encode = |rest: &[&'static str]| [&["encode", "clip.y4m", "tone.wav", "-o", "x.mkv"], rest].concat();
    desk.refused(2, &encode(&["--raw", "8x8@5:gray"]), &["--raw", "clip.y4m", "leave --raw out"]);
    desk.refused(2, &encode(&["--fit", "stretch"]), &["--size"]);
    desk.refused(2, &encode(&["--video-codec", "mjpeg", "--crf", "20"]), &["--crf 20", "mjpeg"]);
    desk.refused(2, &encode(&["--video-codec", "mjpeg", "--pixel-format", "yuv420p10"]), &["mjpeg"]);
    desk.refused(2, &encode(&["--audio-codec", "flac", "--audio-bitrate", "96k"]), &["--audio-bitrate 96k", "flac"]);
    desk.refused(2, &encode(&["--audio-codec", "opus", "--sample-format", "s16"]), &["--sample-format s16", "opus"]);
    desk.refused(2, &encode(&["--sample-rate", "44100"]), &["--sample-rate 44100", "48000"]);
    desk.refused(2, &encode(&["--option", "quality=80"]), &["quality", "av1 has", "opus has"]);
    desk.refused(2, &encode(&["--channels", "9"]), &["--channels 9", "8"]);
    desk.refused(2, &["encode", "-", "-", "-o", "x.mkv"], &["standard input"]);
    desk.refused(2, &["encode", "tone.wav", "-o", "x.mka", "--fit", "pad", "--size", "2x2"], &["no video input"]);
    desk.refused(1, &["encode", ".", "-o", "x.mkv"], &["folder", "*.png"]);
    desk.refused(1, &["encode", "clip.y4m", "-o", "."], &["folder"]);
    desk.ok(&["encode", "clip.y4m", "-o", "jpeg.mkv", "--video-codec", "mjpeg", "--option", "quality=80"]);
}

/// Y4M does not name its matrix: the samples go through as they are, under the default name or the one that is given.
#[test]
fn the_colour_of_y4m_is_named_and_not_converted() {
    let desk = Desk::new();
    let coded = |name: &str, rest: &[&str]| {
        desk.ok(&[&["encode", "clip.y4m", "-o", name], rest].concat());
        let info: Value = serde_json::from_slice(&desk.ok(&["inspect", name, "--json"])).unwrap();
        (info["tracks"][0]["color"]["matrix"].clone(), info["tracks"][0]["bytes"].clone())
    };
    let (by_default, bytes) = coded("a.mkv", &[]);
    let (named, named_bytes) = coded("b.mkv", &["--color", "bt709"]);
    assert_eq!((by_default, named), ("smpte170m".into(), "bt709".into()));
    assert_eq!(bytes, named_bytes, "other samples were encoded");
}

fn piped(desk: &Desk, args: &[&str], input: &[u8]) -> Output {
    let mut command = desk.command(args);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn pipes_in_and_out() {
    let desk = Desk::new();
    let frames = y4m(32, 16, 5);
    for (container, magic) in [("mp4", &b"ftyp"[..]), ("webm", &[0x1a, 0x45, 0xdf, 0xa3]), ("matroska", &[0x1a, 0x45])]
    {
        let args = ["encode", "-", "tone.wav", "-o", "-", "--container", container, "--report", "json", "--quiet"];
        let output = piped(&desk, &args, &frames);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(output.stdout[..8].windows(magic.len()).any(|bytes| bytes == magic));
        let report: Value = serde_json::from_slice(&output.stderr).unwrap();
        assert_eq!(report["bytes"].as_u64().unwrap(), output.stdout.len() as u64);
        fs::write(desk.at("live"), &output.stdout).unwrap();
        let json: Value = serde_json::from_slice(&desk.ok(&["inspect", "live", "--json"])).unwrap();
        assert_eq!(json["tracks"].as_array().unwrap().len(), 2, "{json}");
    }
    let pixels = vec![90u8; 20 * 10 * 3 * 4];
    let output =
        piped(&desk, &["encode", "-", "--raw", "20x10@10:rgb24", "-o", "raw.mp4", "--report", "json"], &pixels);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&streams(&report)[0]["frames"], report["duration_seconds"].as_f64()), (&4.into(), Some(0.4)));
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let desk = Desk::new();
    let mut command = desk.command(&["formats"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(!stderr(&output).contains("panic"), "{}", stderr(&output));

    let mut command = desk.command(&["encode", "clip.y4m", "-o", "-", "--container", "webm"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(!stderr(&output).contains("panic"), "{}", stderr(&output));
}

#[test]
fn image_sequences_and_gifs() {
    let desk = Desk::new();
    for index in 0..4u8 {
        let image = image::RgbImage::from_pixel(24, 18, image::Rgb([index * 60, 90, 200]));
        image.save(desk.at(&format!("frame_{index:03}.png"))).unwrap();
    }
    for pattern in ["frame_*.png", "frame_%03d.png"] {
        let report = desk.report(&["encode", pattern, "-o", "out.webm", "--overwrite"]);
        assert_eq!((&streams(&report)[0]["frames"], report["duration_seconds"].as_f64()), (&4.into(), Some(0.16)));
    }
    let report = desk.report(&["encode", "frame_*.png", "-o", "out.webm", "--overwrite", "--fps", "10"]);
    assert_eq!(report["duration_seconds"].as_f64(), Some(0.4));

    let mut encoder = image::codecs::gif::GifEncoder::new(fs::File::create(desk.at("a.gif")).unwrap());
    for (shade, delay) in [(0, 50), (120, 200), (240, 150)] {
        let picture = image::RgbaImage::from_pixel(16, 16, image::Rgba([shade, shade, shade, 255]));
        let delay = image::Delay::from_numer_denom_ms(delay, 1);
        encoder.encode_frame(image::Frame::from_parts(picture, 0, 0, delay)).unwrap();
    }
    drop(encoder);
    let report = desk.report(&["encode", "a.gif", "-o", "gif.mp4"]);
    assert_eq!((&streams(&report)[0]["frames"], report["duration_seconds"].as_f64()), (&3.into(), Some(0.4)));
}

#[test]
fn each_container_chooses_its_codecs() {
    let desk = Desk::new();
    for name in ["a.mov", "a.avi", "a.mkv"] {
        desk.ok(&["encode", "clip.y4m", "tone.wav", "-o", name]);
    }
    for name in ["a.wav", "a.flac", "a.ogg"] {
        desk.ok(&["encode", "tone.wav", "-o", name]);
    }
    for name in ["a.ivf", "a.obu", "a.y4m", "a.avif", "a.gif", "a.apng"] {
        desk.ok(&["encode", "clip.y4m", "-o", name]);
    }
    // With options that only these codecs have.
    let report = desk.report(&["encode", "clip.y4m", "-o", "b.mov", "--option", "quality=80"]);
    assert_eq!(streams(&report)[0]["codec"], "mjpeg");
    let report = desk.report(&["encode", "tone.wav", "-o", "b.flac", "--option", "block_size=1024"]);
    assert_eq!(streams(&report)[0]["codec"], "flac");
    let report = desk.report(&["encode", "tone.wav", "-o", "b.wav", "--sample-rate", "44100"]);
    assert_eq!((&streams(&report)[0]["codec"], &streams(&report)[0]["sample_rate"]), (&"pcm".into(), &44_100.into()));
    desk.ok(&["demo", "demo.mov", "--seconds", "0.1", "--size", "33x17", "--option", "quality=80"]);
}

#[test]
fn formats_completions_and_manual() {
    let desk = Desk::new();
    let text = String::from_utf8(desk.ok(&["formats"])).unwrap();
    ["mp4", ".webm", "opus", "yuv420p10", "crf", "complexity"].iter().for_each(|word| assert!(text.contains(word)));
    let json: Value = serde_json::from_slice(&desk.ok(&["formats", "--json"])).unwrap();
    assert_eq!(json["containers"].as_array().unwrap().len(), framewright::Container::ALL.len());
    // Every option, with its flag where it has one.
    let names = |list: &str| -> Vec<String> {
        json[list].as_array().unwrap().iter().map(|option| option["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("encoder_options"), EncoderOptions::table().map(|info| info.name).collect::<Vec<_>>());
    assert_eq!(names("subtitle_options"), SubtitleOptions::table().map(|info| info.name).collect::<Vec<_>>());
    assert_eq!(names("subtitle_codecs"), ["webvtt"]);
    let help = String::from_utf8(desk.ok(&["encode", "--help"])).unwrap();
    for option in ["encoder_options", "subtitle_options"].iter().flat_map(|list| json[list].as_array().unwrap()) {
        let (name, flag) = (option["name"].as_str().unwrap(), option["flag"].as_str());
        assert!(flag.is_none_or(|flag| help.contains(flag)), "{option}");
        assert!(text.lines().any(|line| line.split_whitespace().next() == Some(flag.unwrap_or(name))), "{option}");
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(String::from_utf8(desk.ok(&["completions", shell])).unwrap().contains("overwrite"), "{shell}");
    }
    let page = String::from_utf8(desk.ok(&["man"])).unwrap();
    assert!(page.contains(".TH framewright 1") && page.contains("framewright\\-encode") && page.contains("130"));
    assert!(String::from_utf8(desk.ok(&["man", "encode"])).unwrap().contains("\\-\\-crf"));
}

#[cfg(unix)]
mod signals {
    use super::*;
    use std::time::{Duration, Instant};

    const FRAME: usize = 320 * 320;

    /// An encode of raw frames from a pipe that stays open, once some of them have been taken in: more are written than
    /// the pipe and the tool's read-ahead hold.
    fn waiting(desk: &Desk) -> (Child, ChildStdin) {
        let mut command = desk.command(&["encode", "-", "--raw", "320x320@10:gray", "-o", "out.mkv"]);
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        pipe.write_all(&[77; FRAME * 30 + 40]).unwrap();
        (child, pipe)
    }

    fn wait_for(condition: impl Fn() -> bool) {
        let start = Instant::now();
        while !condition() {
            assert!(start.elapsed() < Duration::from_secs(20), "waited too long");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn interrupt(child: &Child) {
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    }

    #[test]
    fn ctrl_c_keeps_what_was_encoded() {
        let desk = Desk::new();
        let (mut child, pipe) = waiting(&desk);
        interrupt(&child);
        assert_eq!(child.wait().unwrap().code(), Some(130));
        drop(pipe);
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(said.contains("320x320") && said.contains("frames"), "{said}");
        assert_eq!(desk.listing(), ["clip.y4m", "out.mkv", "tone.wav"]);
        let json: Value = serde_json::from_slice(&desk.ok(&["inspect", "out.mkv", "--json"])).unwrap();
        assert!((1..=30).contains(&json["tracks"][0]["packets"].as_u64().unwrap()), "{json}");
        assert_eq!(json["truncated"], false);
    }

    #[test]
    fn ctrl_c_before_the_first_frame_leaves_nothing() {
        let desk = Desk::new();
        let mut command = desk.command(&["encode", "-", "--raw", "16x16@10:gray", "-o", "out.mkv"]);
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let pipe = child.stdin.take().unwrap();
        wait_for(|| desk.at("out.mkv.part").exists());
        interrupt(&child);
        assert_eq!(child.wait().unwrap().code(), Some(130));
        drop(pipe);
        assert_eq!(desk.listing(), ["clip.y4m", "tone.wav"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_said() {
        let desk = Desk::new();
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = desk.command(&["encode", "clip.y4m", "-o", "-", "--container", "webm"]);
        let output = command.stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains("writing") && !stderr(&output).contains("clip.y4m"), "{}", stderr(&output));
    }

    #[test]
    fn ctrl_c_keeps_less_than_a_second_of_sound() {
        let desk = Desk::new();
        let mut command = desk.command(&["encode", "-", "-o", "out.mka"]);
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        write_wav(&desk.at("long.wav"), 48_000, 2, 96_000);
        pipe.write_all(&fs::read(desk.at("long.wav")).unwrap()[..44 + 4 * 40_000]).unwrap();
        wait_for(|| desk.at("out.mka.part").exists());
        std::thread::sleep(Duration::from_millis(500));
        interrupt(&child);
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert!(desk.at("out.mka").exists());
    }

    #[test]
    fn a_second_ctrl_c_gives_up() {
        let desk = Desk::new();
        let mut child =
            desk.command(&["demo", "big.mp4", "--size", "1920x1080"]).stderr(Stdio::null()).spawn().unwrap();
        wait_for(|| desk.at("big.mp4.part").exists());
        // A frame of this size takes far longer than two signals.
        std::thread::sleep(Duration::from_millis(300));
        interrupt(&child);
        std::thread::sleep(Duration::from_millis(50));
        interrupt(&child);
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert_eq!(desk.listing(), ["clip.y4m", "tone.wav"]);
    }
}
