//! All that Matroska and WebM say beside their packets, as programs read it that share no code with this crate.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::Command;

use framewright::media::{
    AspectRatio, Attachment, Chapter, CodecConfig, ContentLightLevel, Cover, Cue, MasteringDisplay, Metadata,
    Orientation, Packet, RawConfig, TimeBase, Track, TrackKind, TrackLabels, VideoTrack,
};
use framewright::sink::{SeekSink, SharedWriter};
use framewright::{
    AudioOptions, AudioSamples, Color, Container, Encoder, EncoderOptions, FrameView, Layout, MuxOptions, PacketWriter,
    PixelFormat, SubtitleOptions, Timestamp, VideoOptions,
};
use serde_json::Value;

use crate::readers::{Readers, newer_ffmpeg, run, tool};
use crate::support::{ebml, gradient, tone};

const PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0\x3a\x7e\x9b\x55\0\0\0\x0aIDAT\x78\x9c\
\x63\x60\0\0\0\x02\0\x01\x48\xaf\xa4\x71\0\0\0\0IEND\xae\x42\x60\x82";

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

/// Two seconds of pictures, sound and subtitles, with all that can be said about them.
fn write(folder: &Path, container: Container, layout: Layout, alpha: bool) -> PathBuf {
    let extension = container.extensions()[0];
    let path = folder.join(format!("{layout}{}.{extension}", if alpha { "-alpha" } else { "" }));
    let mut metadata = Metadata::new()
        .tag("title", "Der Weg")
        .tag("artist", "Ada")
        .tag("date", "2026-11-24")
        .tag("track", "3/12")
        .tag("mood", "calm")
        .creation_time(1_700_000_000)
        .chapter(Chapter::new(at(0), "Start"))
        .chapter(Chapter::new(at(1_200), "Über den Berg"));
    if container == Container::Matroska {
        metadata = metadata.cover(Cover::new(PNG.to_vec()).unwrap());
        metadata = metadata.attachment(Attachment::new("walk.ttf", "font/ttf", b"a font".to_vec()));
    }
    let options = EncoderOptions::new().mux(MuxOptions::new().layout(layout).metadata(metadata));
    let mut encoder = Encoder::with_options(options).unwrap();
    let mut video = VideoOptions::new(128, 72).preset(10).crf(40).keyframe_interval(5).frame_rate(5).threads(1);
    video = match alpha {
        true => video.alpha(true),
        false => video
            .pixel_format(PixelFormat::Yuv420p10)
            .color(Color::BT2100_PQ)
            .mastering_display(MasteringDisplay::BT2020)
            .content_light(ContentLightLevel { max_content: 1000, max_frame_average: 400 })
            .rotate(Orientation::turned(1))
            .sample_aspect_ratio(AspectRatio::new(4, 3).unwrap()),
    };
    let mut video = encoder.add_video(video).unwrap();
    let labels = TrackLabels::new().language("pt-BR").title("Comentário");
    let mut audio = encoder.add_audio(AudioOptions::new(48_000, 1).labels(labels)).unwrap();
    let labels = TrackLabels::new().language("deu").title("Schilder").forced(true).default_track(false);
    let mut subtitles = encoder.add_subtitles(SubtitleOptions::new().labels(labels)).unwrap();
    encoder.open_sink(SeekSink::new(fs::File::create(&path).unwrap()).unwrap(), container).unwrap();
    subtitles.add_cue(at(200), at(900), &Cue::new("<i>eins</i>").settings("line:0").identifier("1")).unwrap();
    subtitles.add_cue(at(500), at(1_500), &Cue::new("zwei")).unwrap();
    for index in 0..10 {
        let rgb = gradient(128, 72, index);
        match alpha {
            true => {
                let rgba: Vec<u8> = rgb.chunks(3).flat_map(|p| [p[0], p[1], p[2], p[0]]).collect();
                video.add_frame(&FrameView::rgba(128, 72, &rgba).unwrap()).unwrap();
            }
            false => video.add_frame(&FrameView::rgb(128, 72, &rgb).unwrap()).unwrap(),
        }
    }
    audio.add_samples(AudioSamples::planar(&tone(48_000, 96_000, 300.0), 1).unwrap()).unwrap();
    encoder.close().unwrap();
    path
}

fn json(command: &mut Command) -> Value {
    let (success, out, said) = run(command);
    assert!(success, "{command:?}: {said}");
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{command:?}: {error}: {out}"))
}

/// The lines of FFmpeg that are about this crate's choices, not about faults: it knows WebM's way of WebVTT only.
fn unknown_subtitles(line: &str) -> bool {
    line.contains("(Subtitle: none): unknown codec")
        || line.contains("(Attachment: none): unknown codec")
        || line.contains("Consider increasing the value")
}

#[test]
fn everything_that_is_said_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let readers = Readers::find();
    let mut files = Vec::new();
    for container in [Container::Matroska, Container::WebM] {
        for layout in [Layout::Plain, Layout::FastStart, Layout::Live] {
            let path = write(folder.path(), container, layout, false);
            let own = ebml::verify(&fs::read(&path).unwrap()).unwrap_or_else(|fault| panic!("{path:?}: {fault}"));
            assert_eq!(own.cues_in_front, layout == Layout::FastStart);
            files.push((container, layout, path));
        }
    }
    for (container, layout, path) in &files {
        for ffmpeg in &readers.ffmpeg {
            let mut command = Command::new(ffmpeg);
            command.args(["-nostdin", "-v", "warning", "-xerror", "-i"]).arg(path);
            let (success, _, said) = run(command.args(["-map", "0:v:0", "-map", "0:a", "-f", "null", "-"]));
            let said: Vec<_> = said.lines().filter(|line| !unknown_subtitles(line)).collect();
            assert!(success && said.is_empty(), "{} on {path:?}: {said:?}", ffmpeg.display());
        }
        ffprobe(*container, *layout, path);
        mkvtoolnix(*container, *layout, path);
        mediainfo(*container, path);
        if let Some(mediaconch) = readers.mediaconch.as_ref().filter(|_| *layout != Layout::Live) {
            let out = crate::readers::validate(mediaconch, path);
            // Its schema is older than LanguageBCP47 and Projection, and has a wrong parent for MasteringMetadata's parts.
            let old = ["MasteringMetadata", "Projection", "LanguageIETF"];
            let fails = out.lines().filter(|line| line.contains("outcome=\"fail\""));
            let failed: Vec<_> = fails.filter(|line| !old.iter().any(|word| line.contains(word))).collect();
            assert!(failed.is_empty() && out.contains("outcome=\"pass\""), "{path:?}: {failed:?}");
        }
        if *container == Container::WebM
            && let Some(webm_info) = tool("webm_info")
        {
            let (success, out, said) = run(Command::new(webm_info).args(["-all", "-i"]).arg(path));
            assert!(success && out.contains("D_WEBVTT/SUBTITLES"), "{path:?}: {out} {said}");
        }
    }
    let paths: Vec<_> = files.iter().map(|(_, _, path)| path).collect();
    if let Some(node) = &readers.mediabunny {
        for (path, read) in crate::script(node, "matroska.mjs", paths.iter().copied()) {
            // The title stands in Info, where it does not look.
            assert_eq!(read["artist"], "Ada", "{read}");
            assert_eq!((&read["rotation"], &read["height"]), (&90.into(), &171.into()), "{read}");
            assert!(read["date"].as_str().is_some_and(|date| date.starts_with("2026-11-24")), "{read}");
            let images = if path.extension().is_some_and(|e| e == "mkv") { 1 } else { 0 };
            assert_eq!(read["images"].as_array().map(Vec::len), Some(images), "{read}");
        }
    }
    if let Some(node) = &readers.chromium {
        let played = files.iter().filter(|(container, ..)| *container == Container::WebM).map(|(_, _, path)| path);
        for (path, result) in crate::script(node, "play.mjs", played) {
            assert_eq!((&result["ended"], &result["frames"]), (&true.into(), &10.into()), "{path:?}: {result}");
            // Turned by a quarter, of pixels that are four thirds wide.
            assert_eq!((&result["width"], &result["height"]), (&72.into(), &171.into()), "{path:?}: {result}");
        }
    }
}

fn ffprobe(container: Container, layout: Layout, path: &Path) {
    let Some(ffprobe) = tool("ffprobe") else { return };
    let mut command = Command::new(ffprobe);
    command.args(["-v", "error", "-of", "json", "-show_format", "-show_streams", "-show_chapters"]);
    let read = json(command.arg(path));
    let tags = &read["format"]["tags"];
    let tag = |name: &str| tags[name].as_str().unwrap_or_default();
    let said = [tag("title"), tag("ARTIST"), tag("DATE_RELEASED"), tag("MOOD"), tag("track"), tag("creation_time")];
    let expected = ["Der Weg", "Ada", "2026-11-24", "calm", "3", "2023-11-14T22:13:20.000000Z"];
    assert_eq!(said, expected, "{path:?}: {tags}");
    let chapters = read["chapters"].as_array().unwrap();
    let times: Vec<_> = chapters.iter().map(|c| (&c["start_time"], &c["tags"]["title"])).collect();
    assert_eq!(times, [(&"0.000000".into(), &"Start".into()), (&"1.200000".into(), &"Über den Berg".into())]);
    assert!(layout == Layout::Live || chapters[1]["end_time"] == "2.000000", "{path:?}: {chapters:?}");
    let streams = read["streams"].as_array().unwrap();
    let of = |kind: &str| streams.iter().find(|stream| stream["codec_type"] == kind).unwrap();
    let (video, audio, subtitle) = (of("video"), of("audio"), of("subtitle"));
    assert_eq!((&video["sample_aspect_ratio"], &audio["tags"]["title"]), (&"171:128".into(), &"Comentário".into()));
    assert_eq!((&audio["tags"]["language"], &subtitle["tags"]["language"]), (&"por".into(), &"ger".into()));
    assert_eq!((&subtitle["disposition"]["forced"], &subtitle["disposition"]["default"]), (&1.into(), &0.into()));
    let sides = video["side_data_list"].as_array().unwrap();
    let side = |name: &str| sides.iter().find(|side| side["side_data_type"] == name);
    let mastering = side("Mastering display metadata").unwrap_or_else(|| panic!("{sides:?}"));
    assert!(mastering["red_x"].as_str().is_some_and(|x| x.contains('/')), "{mastering}");
    let light = side("Content light level metadata").unwrap_or_else(|| panic!("{sides:?}"));
    assert_eq!((&light["max_content"], &light["max_average"]), (&1000.into(), &400.into()));
    if container == Container::Matroska {
        let pictures = streams.iter().filter(|stream| stream["disposition"]["attached_pic"] == 1).count();
        let attached = streams.iter().find(|stream| stream["codec_type"] == "attachment").unwrap();
        assert_eq!((pictures, &attached["tags"]["filename"]), (1, &"walk.ttf".into()));
    } else {
        assert_eq!(subtitle["codec_name"], "webvtt");
    }
}

fn mkvtoolnix(container: Container, layout: Layout, path: &Path) {
    if let Some(mkvmerge) = tool("mkvmerge") {
        let read = json(Command::new(mkvmerge).arg("-J").arg(path));
        assert!(read["warnings"].as_array().is_some_and(Vec::is_empty) && read["errors"] == Value::Array(Vec::new()));
        let properties = |index: usize| &read["tracks"][index]["properties"];
        assert_eq!(read["container"]["properties"]["title"], "Der Weg", "{path:?}");
        assert_eq!(read["container"]["properties"]["date_utc"], "2023-11-14T22:13:20Z");
        assert_eq!(properties(0)["display_dimensions"], "171x72");
        let audio = properties(1);
        let said = (&audio["language"], &audio["language_ietf"], &audio["track_name"]);
        assert_eq!(said, (&"por".into(), &"pt-BR".into(), &"Comentário".into()));
        assert_eq!((&properties(2)["forced_track"], &properties(2)["default_track"]), (&true.into(), &false.into()));
        assert_eq!(read["chapters"][0]["num_entries"], 2, "{path:?}");
        let tags = read["global_tags"][0]["num_entries"].as_u64();
        assert!(tags.is_some_and(|tags| tags >= 6), "{path:?}: {}", read["global_tags"]);
        if container == Container::Matroska {
            let names: Vec<_> =
                read["attachments"].as_array().unwrap().iter().map(|file| file["file_name"].clone()).collect();
            assert_eq!(names, ["cover.png", "walk.ttf"]);
        }
    }
    if let Some(mkvinfo) = tool("mkvinfo") {
        let (success, out, said) = run(Command::new(mkvinfo).args(["-v", "-v"]).arg(path));
        let odd = |line: &&str| ["rror", "arning", "Unknown"].iter().any(|word| line.contains(word));
        let odd: Vec<_> = out.lines().filter(odd).filter(|line| !line.contains("size: unknown")).collect();
        assert!(success && said.is_empty() && odd.is_empty(), "{path:?}: {odd:?}");
        let cues = out.find("|+ Cues").unwrap_or(usize::MAX);
        let clusters = out.find("|+ Cluster").unwrap();
        assert_eq!(cues < clusters, layout == Layout::FastStart, "{path:?}");
        assert_eq!(out.contains("Block additional"), container == Container::Matroska, "{path:?}");
    }
}

fn mediainfo(container: Container, path: &Path) {
    let Some(mediainfo) = tool("mediainfo") else { return };
    let read = json(Command::new(mediainfo).arg("--Output=JSON").arg(path));
    let tracks = read["media"]["track"].as_array().unwrap();
    let of =
        |kind: &str| tracks.iter().find(|track| track["@type"] == kind).unwrap_or_else(|| panic!("{kind}: {read}"));
    assert_eq!((&of("General")["Title"], &of("Audio")["Title"]), (&"Der Weg".into(), &"Comentário".into()), "{read}");
    assert_eq!((&of("Text")["Forced"], &of("Text")["Title"]), (&"Yes".into(), &"Schilder".into()), "{read}");
    assert_eq!((&of("Video")["MaxCLL"], &of("Video")["MaxFALL"]), (&"1000".into(), &"400".into()));
    assert_eq!(of("Video")["MasteringDisplay_ColorPrimaries"], "BT.2020", "{read}");
    assert_eq!(of("General")["Cover"] == "Yes", container == Container::Matroska, "{read}");
    assert!(of("Menu")["extra"].to_string().contains("Start"), "{read}");
}

#[test]
fn alpha_is_found_beside_the_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let readers = Readers::find();
    let made =
        [(Container::Matroska, Layout::Plain), (Container::WebM, Layout::FastStart), (Container::WebM, Layout::Live)];
    let paths: Vec<_> = made.iter().map(|&(container, layout)| write(folder.path(), container, layout, true)).collect();
    for path in &paths {
        let own = ebml::verify(&fs::read(path).unwrap()).unwrap_or_else(|fault| panic!("{path:?}: {fault}"));
        assert_eq!(own.blocks.iter().filter(|block| block.track == 1 && block.addition.is_some()).count(), 10);
        if let Some(ffprobe) = tool("ffprobe") {
            let mut command = Command::new(ffprobe);
            let read =
                json(command.args(["-v", "error", "-of", "json", "-show_packets", "-select_streams", "v:0"]).arg(path));
            let packets = read["packets"].as_array().unwrap();
            let added = |packet: &&Value| packet["side_data_list"].to_string().contains("BlockAdditional");
            assert_eq!((packets.len(), packets.iter().filter(added).count()), (10, 10), "{path:?}");
            let keys: Vec<_> = packets.iter().filter(|p| p["flags"].as_str().unwrap().starts_with('K')).collect();
            assert_eq!(keys.len(), 2, "{path:?}");
        }
        if let Some(mkvinfo) = tool("mkvinfo") {
            let (_, out, _) = run(Command::new(mkvinfo).args(["-v", "-v"]).arg(path));
            assert!(out.matches("Block additional").count() >= 10 && out.contains("VideoAlphaMode"), "{path:?}");
        }
    }
    if let Some(node) = &readers.mediabunny {
        for (path, read) in crate::script(node, "matroska.mjs", &paths) {
            assert_eq!(read["alpha"], 10, "{path:?}: {read}");
        }
    }
}

/// One track of raw pictures.
fn raw(format: PixelFormat, size: (u32, u32), orientation: Orientation, pictures: &[Vec<u8>]) -> Vec<u8> {
    let mut video = VideoTrack::new(size.0, size.1);
    video.frame_rate = Some(10.into());
    video.orientation = orientation;
    let config = CodecConfig::Raw(RawConfig { format });
    let track = Track::new(TrackKind::Video(video), config, TimeBase::per_second(10));
    let out = SharedWriter::new(Cursor::new(Vec::new()));
    let sink = SeekSink::new(out.clone()).unwrap();
    let mut writer = PacketWriter::new(Container::Matroska, vec![track], sink).unwrap();
    for (index, picture) in pictures.iter().enumerate() {
        writer.write(Packet::new(0, index as i64, 1, true, picture.clone())).unwrap();
    }
    drop(writer.finish().unwrap());
    out.into_inner().unwrap().into_inner()
}

/// Raw pictures of each format come out of FFmpeg as they went in, to the byte.
#[test]
fn raw_pictures_are_what_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let (width, height) = (18usize, 10usize);
    for &format in Container::Matroska.raw_formats() {
        let sizes = (0..format.chroma().planes()).map(|plane| format.plane_size(plane, width, height));
        let samples: usize = sizes.map(|(width, height)| width * height).sum();
        let picture = |index: usize| -> Vec<u8> {
            let values = (0..samples).map(|at| 64 + (at * 7 + index * 31) % 800);
            match format.bit_depth() {
                8 => values.map(|value| (value / 4) as u8).collect(),
                _ => values.flat_map(|value| (value as u16).to_le_bytes()).collect(),
            }
        };
        let pictures: Vec<_> = (0..5).map(picture).collect();
        let path = folder.path().join(format!("{format}.mkv"));
        fs::write(&path, raw(format, (width as u32, height as u32), Orientation::default(), &pictures)).unwrap();
        for ffmpeg in Readers::find().ffmpeg {
            let out = folder.path().join("out");
            let mut command = Command::new(&ffmpeg);
            command.args(["-nostdin", "-y", "-v", "warning", "-xerror", "-i"]).arg(&path);
            let (success, _, said) = run(command.args(["-f", "rawvideo"]).arg(&out));
            assert!(success && said.is_empty(), "{} on {format}: {said}", ffmpeg.display());
            assert!(fs::read(&out).unwrap() == pictures.concat(), "{} on {format}", ffmpeg.display());
        }
    }
}

/// FFmpeg 9 turns and mirrors the pictures as the orientation says: mirrored first, then clockwise.
#[test]
fn pictures_are_shown_as_they_are_turned() {
    let folder = tempfile::tempdir().unwrap();
    let (width, height) = (16usize, 8usize);
    let picture: Vec<u8> = (0..width * height).map(|at| (16 + at) as u8).collect();
    let Some(ffmpeg) = newer_ffmpeg() else { return };
    for quarters in 0..4 {
        for orientation in [Orientation::turned(quarters), Orientation::turned(quarters).mirror()] {
            let bytes =
                raw(PixelFormat::Gray, (width as u32, height as u32), orientation, std::slice::from_ref(&picture));
            let (path, out) = (folder.path().join("turned.mkv"), folder.path().join("out"));
            fs::write(&path, bytes).unwrap();
            let mut command = Command::new(&ffmpeg);
            command.args(["-nostdin", "-y", "-v", "error", "-i"]).arg(&path);
            let (success, _, said) = run(command.args(["-pix_fmt", "gray", "-f", "rawvideo"]).arg(&out));
            assert!(success, "{said}");
            assert_eq!(fs::read(&out).unwrap(), turned(&picture, width, height, orientation), "{orientation}");
        }
    }
}

fn turned(picture: &[u8], mut width: usize, mut height: usize, orientation: Orientation) -> Vec<u8> {
    let mut rows: Vec<Vec<u8>> = picture.chunks(width).map(<[u8]>::to_vec).collect();
    if orientation.mirrored {
        rows.iter_mut().for_each(|row| row.reverse());
    }
    for _ in 0..orientation.quarter_turns {
        rows = (0..width).map(|x| (0..height).rev().map(|y| rows[y][x]).collect()).collect();
        (width, height) = (height, width);
    }
    rows.concat()
}
