//! IVF, OBU streams and Y4M, read by FFmpeg, rav1d, mkvmerge and this crate's own reader.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use framewright::input::{VideoSource, Y4mReader};
use framewright::{Container, Encoder, FrameRate, FrameView, VideoCodec, VideoOptions};

use crate::readers::{Readers, media, run, tool};
use crate::support::{elementary, gradient, rav1d};

const SIZE: (u32, u32) = (96, 64);
const FRAMES: u32 = 20;

fn write(path: &Path, container: Container, live: bool) {
    let mut encoder = Encoder::new();
    let options = VideoOptions::new(SIZE.0, SIZE.1).frame_rate(FrameRate::new(30_000, 1001)).threads(1);
    let mut video = encoder.add_video(options.crf(40).keyframe_interval(8)).unwrap();
    let file = File::create(path).unwrap();
    match live {
        true => encoder.open_stream(file, container).unwrap(),
        false => encoder.open_writer(file, container).unwrap(),
    }
    for index in 0..FRAMES {
        video.add_frame(&FrameView::rgb(SIZE.0, SIZE.1, &gradient(SIZE.0, SIZE.1, index)).unwrap()).unwrap();
    }
    encoder.close().unwrap();
}

/// The hashes of decoded pictures and their times, by FFmpeg without a word.
fn pictures(ffmpeg: &Path, file: &Path) -> Vec<(String, String)> {
    let mut command = Command::new(ffmpeg);
    command.args(["-hide_banner", "-nostdin", "-v", "warning", "-xerror", "-i"]).arg(file);
    let (success, out, said) = run(command.args(["-fps_mode", "passthrough", "-f", "framemd5", "-"]));
    // An OBU stream has no times, so the length of it is a guess.
    let said: Vec<_> = said.lines().filter(|line| !line.contains("Estimating duration")).collect();
    assert!(success && said.is_empty(), "{} {}: {said:?}", ffmpeg.display(), file.display());
    let lines = out.lines().filter(|line| !line.starts_with('#'));
    let field = |line: &str, index| line.split(',').nth(index).unwrap_or_default().trim().to_owned();
    lines.map(|line| (field(line, 2), field(line, 5))).collect()
}

#[test]
fn av1_streams_hold_the_pictures_of_matroska() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (name, container, live) in [
        ("file.ivf", Container::Ivf, false),
        ("live.ivf", Container::Ivf, true),
        ("stream.obu", Container::Obu, true),
        ("file.mkv", Container::Matroska, false),
    ] {
        write(&path(name), container, live);
    }
    let file = elementary::ivf(&fs::read(path("file.ivf")).unwrap()).unwrap();
    let live = elementary::ivf(&fs::read(path("live.ivf")).unwrap()).unwrap();
    assert_eq!((file.rate, file.frames, live.frames), ((30_000, 1001), FRAMES, 0));
    assert!(file.units == live.units && file.units.iter().map(|(time, _)| *time).eq(0..u64::from(FRAMES)));
    let stream = elementary::obu_stream(&fs::read(path("stream.obu")).unwrap()).unwrap();
    assert!(stream.iter().eq(file.units.iter().map(|(_, unit)| unit)));
    assert_eq!(rav1d::decode(stream).len(), FRAMES as usize);

    for ffmpeg in Readers::find().ffmpeg {
        let hashes = |name: &str| pictures(&ffmpeg, &path(name)).into_iter().map(|(_, hash)| hash).collect::<Vec<_>>();
        let wanted = hashes("file.mkv");
        assert_eq!(wanted.len(), FRAMES as usize);
        for name in ["file.ivf", "live.ivf", "stream.obu"] {
            assert!(hashes(name) == wanted, "{} {name}", ffmpeg.display());
        }
        let times: Vec<_> = pictures(&ffmpeg, &path("file.ivf")).into_iter().map(|(time, _)| time).collect();
        assert_eq!(times, (0..FRAMES).map(|frame| frame.to_string()).collect::<Vec<_>>());
    }
    if let Some(mkvmerge) = tool("mkvmerge") {
        for name in ["file.ivf", "live.ivf", "stream.obu"] {
            let (success, out, _) = run(Command::new(&mkvmerge).arg("-o").arg(path("out.mkv")).arg(path(name)));
            let complaints: Vec<_> =
                out.lines().filter(|l| l.starts_with("Warning") || l.starts_with("Error")).collect();
            assert!(success && complaints.is_empty(), "{name}: {out}");
        }
    }
    if let Some(mediainfo) = tool("mediainfo") {
        let (_, out, _) = run(Command::new(mediainfo).arg("--Output=XML").arg(path("file.ivf")));
        for part in ["<Format>AV1<", "<Width>96<", "<Height>64<", "<FrameCount>20<"] {
            assert!(out.contains(part), "{part} in {out}");
        }
    }
}

/// What our reader reads and our writer writes is the file that it was, but for what that did not say.
#[test]
fn real_y4m_clips_come_back_byte_for_byte() {
    let Some(folder) = media() else { return };
    let out = tempfile::tempdir().unwrap();
    let mut clips: Vec<_> = fs::read_dir(folder.join("y4m")).unwrap().map(|entry| entry.unwrap().path()).collect();
    clips.sort();
    assert!(clips.len() >= 10, "the real clips are incomplete");
    for clip in clips {
        let path = out.path().join("out.y4m");
        let mut reader = Y4mReader::new(File::open(&clip).unwrap()).unwrap();
        let info = reader.info().clone();
        let mut options = VideoOptions::new(info.width, info.height).codec(VideoCodec::Raw).threads(1);
        options = options.frame_rate(info.frame_rate.unwrap()).pixel_format(info.pixel_format.unwrap());
        if let Some(color) = info.color {
            options = options.color(color);
        }
        let mut encoder = Encoder::new();
        let mut video = encoder.add_video(options).unwrap();
        encoder.open_file(&path).unwrap();
        while let Some(frame) = reader.next_frame().unwrap() {
            video.add_frame(&frame.frame).unwrap();
        }
        drop(video);
        encoder.close().unwrap();

        let (before, after) = (fs::read(&clip).unwrap(), fs::read(&path).unwrap());
        let body = |file: &[u8]| file.iter().position(|&byte| byte == b'\n').unwrap() + 1;
        assert!(before[body(&before)..] == after[body(&after)..], "the pictures of {}", clip.display());
        // One clip says neither its shape nor its range; that is said now.
        let said = String::from_utf8_lossy(&before[..body(&before)]).replace("A0:0", "A1:1");
        let said = if said.contains("XCOLORRANGE") { said } else { said.replace('\n', " XCOLORRANGE=LIMITED\n") };
        assert_eq!(said, String::from_utf8_lossy(&after[..body(&after)]), "{}", clip.display());
        elementary::y4m(&after).unwrap_or_else(|fault| panic!("{}: {fault}", clip.display()));
        for ffmpeg in Readers::find().ffmpeg {
            assert_eq!(pictures(&ffmpeg, &path), pictures(&ffmpeg, &clip), "{} {}", ffmpeg.display(), clip.display());
        }
    }
}
