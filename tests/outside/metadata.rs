//! What MP4 and MOV say of themselves and their tracks, read back by mediainfo, exiftool, ffprobe, mediabunny and
//! Chromium.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use framewright::media::{
    AspectRatio, Chapter, ContentLightLevel, Cover, Cue, MasteringDisplay, Metadata, Orientation, TrackLabels,
};
use framewright::{
    AudioCodec, AudioOptions, AudioSamples, Color, Container, Encoder, EncoderOptions, FrameView, Layout, PixelFormat,
    SampleFormat, SubtitleOptions, Timestamp, VideoCodec, VideoOptions,
};
use serde_json::Value;

use crate::readers::{Readers, newer_ffmpeg, run, scripts, tool};
use crate::support::{gradient, tone};

const SIZE: (u32, u32) = (128, 72);

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

/// The smallest JPEG that is one for who looks at its head.
fn cover() -> Cover {
    let mut encoder = Encoder::new();
    let options = VideoOptions::new(16, 16).codec(VideoCodec::Mjpeg);
    let mut video = encoder.add_video(options).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cover.mkv");
    encoder.open_writer(File::create(&path).unwrap(), Container::Matroska).unwrap();
    video.add_frame(&FrameView::rgb(16, 16, &gradient(16, 16, 0)).unwrap()).unwrap();
    encoder.close().unwrap();
    let file = std::fs::read(&path).unwrap();
    let start = file.windows(3).position(|window| window == [0xff, 0xd8, 0xff]).unwrap();
    let end = file.windows(2).rposition(|window| window == [0xff, 0xd9]).unwrap() + 2;
    Cover::new(file[start..end].to_vec()).unwrap()
}

fn metadata(chapters: bool) -> Metadata {
    let metadata = Metadata::new()
        .tag("title", "The walk")
        .tag("artist", "Ada")
        .tag("mood", "calm")
        .cover(cover())
        .creation_time(1_700_000_000);
    match chapters {
        true => metadata.chapter(Chapter::new(at(0), "Start")).chapter(Chapter::new(at(800), "Über den Berg")),
        false => metadata,
    }
}

/// Two seconds of picture and sound; in MP4 with subtitles, of which two overlap.
fn write(folder: &Path, name: &str, container: Container, layout: Layout, video: VideoOptions) -> PathBuf {
    let path = folder.join(name);
    let chapters = container == Container::Mp4 || layout == Layout::Plain;
    let mut encoder = Encoder::with_options(EncoderOptions::new().layout(layout).metadata(metadata(chapters))).unwrap();
    let mut video = encoder.add_video(video.threads(1)).unwrap();
    let sound = AudioOptions::new(48_000, 2).language("pt-BR").title("Comentário");
    let sound = match container {
        Container::Mov => sound.codec(AudioCodec::Pcm).sample_format(SampleFormat::S24),
        _ => sound,
    };
    let mut sound = encoder.add_audio(sound).unwrap();
    let mut text = (container == Container::Mp4).then(|| {
        let labels = TrackLabels::new().language("de").title("Schilder").forced(true);
        encoder.add_subtitles(SubtitleOptions::new().labels(labels)).unwrap()
    });
    encoder.open_writer(File::create(&path).unwrap(), container).unwrap();
    if let Some(text) = &mut text {
        text.add_cue(at(200), at(900), &Cue::new("first")).unwrap();
        text.add_cue(at(500), at(1200), &Cue::new("second")).unwrap();
    }
    for index in 0..50 {
        video.add_frame(&FrameView::rgb(SIZE.0, SIZE.1, &gradient(SIZE.0, SIZE.1, index)).unwrap()).unwrap();
    }
    let samples = [tone(48_000, 96_000, 300.0), tone(48_000, 96_000, 400.0)].concat();
    sound.add_samples(AudioSamples::planar(&samples, 2).unwrap()).unwrap();
    encoder.close().unwrap();
    path
}

fn av1() -> VideoOptions {
    VideoOptions::new(SIZE.0, SIZE.1).codec(VideoCodec::Av1).crf(40).frame_rate(25)
}

fn json(command: &mut Command) -> Value {
    let (success, out, said) = run(command);
    assert!(success, "{command:?}: {said}");
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{command:?}: {error}: {out}"))
}

fn ffprobe(path: &Path) -> Option<Value> {
    let show = ["-v", "error", "-of", "json", "-show_format", "-show_streams", "-show_chapters", "-show_frames"];
    let few = ["-read_intervals", "%+#3"];
    tool("ffprobe").map(|program| json(Command::new(program).args(show).args(few).arg(path)))
}

/// Pictures and sound are decoded without a word.
fn decodes_silently(path: &Path) {
    for ffmpeg in &Readers::find().ffmpeg {
        let mut command = Command::new(ffmpeg);
        command.args(["-nostdin", "-v", "warning", "-xerror", "-i"]).arg(path);
        let (success, _, said) = run(command.args(["-map", "0:v", "-map", "0:a", "-f", "null", "-"]));
        // It says so of every cover, those that it has written itself too.
        let said: Vec<_> = said.lines().filter(|line| !line.ends_with("stream 0, timescale not set")).collect();
        assert!(success && said.is_empty(), "{} {}: {said:?}", ffmpeg.display(), path.display());
    }
}

const LAYOUTS: [(Layout, &str); 2] = [(Layout::Plain, "plain"), (Layout::Fragmented, "fragmented")];

#[test]
fn tags_chapters_and_labels_are_read_back() {
    let folder = tempfile::tempdir().unwrap();
    for (container, extension) in [(Container::Mp4, "mp4"), (Container::Mov, "mov")] {
        for (layout, name) in LAYOUTS {
            let video = match container {
                Container::Mov => VideoOptions::new(SIZE.0, SIZE.1).frame_rate(25).codec(VideoCodec::Mjpeg),
                _ => av1(),
            };
            let path = write(folder.path(), &format!("{name}.{extension}"), container, layout, video);
            decodes_silently(&path);
            if let Some(ffmpeg) = newer_ffmpeg() {
                let (_, _, said) = run(Command::new(ffmpeg).args(["-hide_banner", "-i"]).arg(&path));
                let titles = said.lines().filter_map(|line| line.trim().strip_prefix("title ")?.split_once(": "));
                assert!(titles.map(|(_, title)| title).any(|title| title == "Comentário"), "{path:?} {said}");
            }
            let mp4 = container == Container::Mp4;
            let chapters = mp4 || layout == Layout::Plain;
            if let Some(found) = ffprobe(&path) {
                let tags = &found["format"]["tags"];
                let key = |name: &str, key: &str| tags[if mp4 { name } else { key }].clone();
                assert_eq!(key("title", "com.apple.quicktime.title"), "The walk", "{path:?} {tags}");
                assert_eq!(key("artist", "com.apple.quicktime.artist"), "Ada", "{path:?} {tags}");
                assert_eq!(tags["mood"], "calm", "{path:?} {tags}");
                assert_eq!(tags["creation_time"], "2023-11-14T22:13:20.000000Z", "{path:?}");
                let starts: Vec<_> = found["chapters"].as_array().unwrap().iter().collect();
                assert_eq!(starts.len(), if chapters { 2 } else { 0 }, "{path:?}");
                if chapters {
                    assert_eq!(
                        (&starts[1]["start_time"], &starts[1]["tags"]["title"]),
                        (&Value::from("0.800000"), &Value::from("Über den Berg"))
                    );
                }
                let streams = found["streams"].as_array().unwrap();
                assert_eq!(streams[1]["tags"]["language"], "por", "{path:?}");
                assert_eq!(streams[1]["tags"]["handler_name"], "Comentário", "{path:?} {}", streams[1]);
                if mp4 {
                    assert_eq!(streams[2]["codec_tag_string"], "wvtt");
                    assert_eq!(streams[2]["disposition"]["forced"], 1, "{path:?} {}", streams[2]);
                }
            }
            if let Some(program) = tool("mediainfo") {
                let found = json(Command::new(program).arg("--Output=JSON").arg(&path));
                let tracks = found["media"]["track"].as_array().unwrap();
                let of = |kind: &str| tracks.iter().find(|track| track["@type"] == kind).unwrap_or(&Value::Null);
                let general = of("General");
                match mp4 {
                    true => assert!(general["Title"] == "The walk" && general["Cover"] == "Yes", "{path:?} {general}"),
                    false => {
                        let extra = &general["extra"];
                        assert_eq!(extra["com_apple_quicktime_title"], "The walk", "{path:?} {general}");
                        assert_eq!(extra["com_apple_quicktime_artwork"], "(Binary)", "{path:?} {general}");
                    }
                }
                // It knows `mdhd` and no `elng`.
                assert_eq!(of("Audio")["Language"], "pt", "{path:?}");
                // It takes the handler's name for the title, and reads that of MOV as Mac Roman.
                assert_eq!(of("Audio")["Title"], if mp4 { "Comentário" } else { "Coment√°rio" }, "{path:?}");
                assert_eq!(of("Menu").is_null(), !chapters, "{path:?}");
                if mp4 {
                    assert_eq!(of("Text")["Language"], "de", "{path:?} {}", of("Text"));
                }
            }
            if let Some(program) = tool("exiftool") {
                let found = json(Command::new(program).args(["-json", "-charset", "utf8"]).arg(&path));
                assert_eq!((&found[0]["Title"], &found[0]["Artist"]), (&"The walk".into(), &"Ada".into()), "{path:?}");
                assert_eq!(found[0]["CreateDate"], "2023:11:14 22:13:20", "{path:?}");
            }
        }
    }
}

#[test]
fn turned_pictures_are_shown_turned() {
    let folder = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for quarters in 0..4 {
        for (mirrored, (layout, name)) in [false, true].into_iter().zip(LAYOUTS) {
            let turned = Orientation::turned(quarters);
            let orientation = if mirrored { turned.mirror() } else { turned };
            let video = av1().rotate(orientation);
            let name = format!("{name}-{quarters}.mp4");
            paths.push((write(folder.path(), &name, Container::Mp4, layout, video), orientation));
        }
    }
    let stretched = av1().sample_aspect_ratio(AspectRatio::new(3, 2).unwrap());
    let stretched = write(folder.path(), "stretched.mp4", Container::Mp4, Layout::Plain, stretched);
    for (path, orientation) in &paths {
        decodes_silently(path);
        if let Some(found) = ffprobe(path).filter(|_| !orientation.is_upright()) {
            let side_data = &found["streams"][0]["side_data_list"][0];
            assert_eq!(side_data["side_data_type"], "Display Matrix", "{path:?}");
        }
    }
    if let Some(found) = ffprobe(&stretched) {
        assert_eq!(found["streams"][0]["sample_aspect_ratio"], "3:2");
    }
    let Some(node) = Readers::find().chromium else { return };
    let mut command = Command::new(node);
    command.arg(scripts().join("play.mjs")).args(["--screenshots".as_ref(), folder.path()]);
    command.args(paths.iter().map(|(path, _)| path)).arg(&stretched);
    let (_, out, said) = run(&mut command);
    let results: Vec<Value> = out.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(results.len(), 9, "{said}");
    for (result, (path, orientation)) in results.iter().zip(&paths) {
        let (width, height) = if orientation.swaps_sides() { (SIZE.1, SIZE.0) } else { SIZE };
        assert!(result["width"] == width && result["height"] == height && result["ended"] == true, "{path:?} {result}");
    }
    assert!(results[8]["width"] == 192 && results[8]["height"] == 72, "{}", results[8]);
}

#[test]
fn hdr_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let video = av1()
        .pixel_format(PixelFormat::Yuv420p10)
        .color(Color::BT2100_PQ)
        .mastering_display(MasteringDisplay::P3_D65)
        .content_light(ContentLightLevel { max_content: 1000, max_frame_average: 400 });
    let path = write(folder.path(), "hdr.mp4", Container::Mp4, Layout::Plain, video);
    decodes_silently(&path);
    if let Some(found) = ffprobe(&path) {
        let all = found["streams"][0]["side_data_list"].to_string();
        for wanted in
            ["Mastering display metadata", "13250/50000", "34000/50000", "Content light level metadata", "1000"]
        {
            assert!(all.contains(wanted), "{wanted}: {all}");
        }
    }
    if let Some(program) = tool("mediainfo") {
        let found = json(Command::new(program).arg("--Output=JSON").arg(&path));
        let video = &found["media"]["track"][1];
        assert_eq!(video["MasteringDisplay_ColorPrimaries"], "Display P3", "{video}");
        assert!(video["MaxCLL"].as_str().is_some_and(|level| level.starts_with("1000")), "{video}");
    }
}

#[test]
fn av1_in_mov_has_readers() {
    let folder = tempfile::tempdir().unwrap();
    for (layout, name) in LAYOUTS {
        let path = write(folder.path(), &format!("{name}.mov"), Container::Mov, layout, av1());
        decodes_silently(&path);
        if let Some(program) = tool("mediainfo") {
            let found = json(Command::new(program).arg("--Output=JSON").arg(&path));
            assert_eq!(found["media"]["track"][1]["Format"], "AV1", "{path:?}");
        }
    }
}
