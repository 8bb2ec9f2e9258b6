//! Real faults, and what the program leaves after them: full disks, lying inputs, signals, a second program. DESIGN.md has
//! the table. Of each it is asked whether the folder holds what it should, and whether a file that was there is as it was.
#![cfg(all(feature = "cli", unix))]

mod support;

use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use framewright::Container;
use support::{Clip, isobmff};
use tempfile::TempDir;

const OLD: &[u8] = b"what was there before";

/// A folder in which the program works.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Desk(tempfile::tempdir().unwrap());
        fs::write(desk.at("clip.y4m"), y4m(5)).unwrap();
        fs::write(desk.at("tone.wav"), wav(1600, 1600)).unwrap();
        desk
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_framewright"));
        command.current_dir(self.0.path()).args(args).stdin(Stdio::null());
        command
    }

    fn listing(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Encodes into `name` where something is already, and into where nothing is: both have to fail with exit code `code`,
    /// say `words`, and leave all as it was. Gives what was said.
    fn fails(&self, code: i32, args: &[&str], name: &str, words: &[&str]) -> String {
        let args = [&["encode", "-o", name], args].concat();
        let before = self.listing();
        let output = self.command(&args).output().unwrap();
        let said = said(&output);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        words.iter().for_each(|word| assert!(said.contains(word), "{args:?} does not say `{word}`: {said}"));
        assert!(!said.contains("panic"), "{said}");
        assert_eq!(self.listing(), before, "{args:?}");
        if Path::new(name).components().count() == 1 {
            fs::write(self.at(name), OLD).unwrap();
            let output = self.command(&[&args[..], &["--overwrite"]].concat()).output().unwrap();
            assert_eq!(output.status.code(), Some(code), "{args:?}: {}", self::said(&output));
            assert_eq!(fs::read(self.at(name)).unwrap(), OLD, "{args:?}");
            fs::remove_file(self.at(name)).unwrap();
            assert_eq!(self.listing(), before, "{args:?}");
        }
        said
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn skipped(what: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {what}");
}

/// 4:2:0 frames of 32x16 whose luma changes.
fn y4m(frames: usize) -> Vec<u8> {
    let mut bytes = b"YUV4MPEG2 W32 H16 F25:1 Ip A1:1 C420jpeg\n".to_vec();
    for frame in 0..frames {
        bytes.extend_from_slice(b"FRAME\n");
        bytes.extend((0..32 * 16).map(|index| (40 + 7 * frame + index % 32 * 3) as u8));
        bytes.extend([128; 256]);
    }
    bytes
}

/// Samples of 16 bits at 8 kHz: so many bytes of them, and how many the header claims.
fn wav(bytes: usize, claimed: u32) -> Vec<u8> {
    let mut file = b"RIFF".to_vec();
    file.extend(claimed.saturating_add(36).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(8_000u32.to_le_bytes());
    file.extend(16_000u32.to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend(claimed.to_le_bytes());
    file.extend((0..bytes).map(|index| (index % 7) as u8));
    file
}

fn png() -> Vec<u8> {
    let mut bytes = Vec::new();
    let picture = image::RgbImage::from_fn(24, 24, |x, y| image::Rgb([x as u8 * 9, y as u8 * 7, 50]));
    picture.write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
    bytes
}

fn gif() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut bytes);
    for shade in [0, 120] {
        let picture = image::RgbaImage::from_fn(16, 16, |x, y| image::Rgba([shade, x as u8 * 16, y as u8 * 16, 255]));
        encoder.encode_frame(image::Frame::new(picture)).unwrap();
    }
    drop(encoder);
    bytes
}

/// The frames that a reader of others finds in Matroska.
fn matroska_frames(bytes: &[u8]) -> usize {
    let mut file = matroska_demuxer::MatroskaFile::open(Cursor::new(bytes)).unwrap();
    let (mut frame, mut count) = (matroska_demuxer::Frame::default(), 0);
    while let Ok(true) = file.next_frame(&mut frame) {
        count += 1;
    }
    count
}

#[test]
fn outputs_that_cannot_be_made() {
    let desk = Desk::new();
    fs::create_dir(desk.at("folder.mp4")).unwrap();
    desk.fails(1, &["clip.y4m"], "no/such/x.mp4", &["creating `no/such/x.mp4`", "make the folder `no/such` first"]);
    desk.fails(1, &["clip.y4m"], "no/show.m3u8", &["creating `no/show.m3u8`", "make the folder `no` first"]);
    desk.fails(1, &["clip.y4m"], "./folder.mp4", &["`./folder.mp4` is a folder", "name of a file"]);
    desk.fails(1, &["clip.y4m"], "clip.y4m/x.mp4", &["creating `clip.y4m/x.mp4`"]);
    if cfg!(target_os = "linux") {
        // Nobody makes files there, not even root.
        desk.fails(1, &["clip.y4m"], "/proc/x.mp4", &["creating `/proc/x.mp4`"]);
    }
    let folder = desk.at("locked");
    fs::create_dir(&folder).unwrap();
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o500)).unwrap();
    match fs::write(folder.join("probe"), "") {
        Err(_) => drop(desk.fails(1, &["clip.y4m"], "locked/x.mp4", &["creating `locked/x.mp4`", "denied"])),
        Ok(()) => skipped("permissions do not bind this user, so no folder is read-only"),
    }
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
}

/// Everything is checked before anything is touched.
#[test]
fn options_are_checked_before_the_output_is_touched() {
    let desk = Desk::new();
    for args in [
        &["clip.y4m", "--crf", "64"][..],
        &["clip.y4m", "--option", "tune=loud"],
        &["clip.y4m", "--layout", "segments"],
        &["clip.y4m", "--video-codec", "mjpeg"],
        &["clip.y4m", "tone.wav", "--sample-rate", "44100"],
        &["clip.y4m", "--fragment-duration", "1"],
    ] {
        desk.fails(2, args, "x.mp4", &[args[args.len() - 1].trim_start_matches("tune=")]);
    }
}

#[test]
fn inputs_that_end_early_or_lie() {
    let desk = Desk::new();
    let input = |name: &str, bytes: &[u8]| fs::write(desk.at(name), bytes).unwrap();
    let whole = y4m(5);
    input("cut.y4m", &whole[..whole.len() - 10]);
    desk.fails(1, &["cut.y4m", "tone.wav"], "x.mp4", &["`cut.y4m`", "ends within frame 4", "758 of its 768 bytes"]);
    // Its header says larger pictures than it has.
    input("lies.y4m", &[b"YUV4MPEG2 W3200 H1600 F25:1 C420jpeg\n", &whole[42..]].concat());
    desk.fails(1, &["lies.y4m"], "x.mkv", &["`lies.y4m`"]);
    input("rest.rgb", &[9; 20 * 10 * 3 * 2 + 7]);
    let raw = ["rest.rgb", "--raw", "20x10@10:rgb24"];
    desk.fails(1, &raw, "x.webm", &["`rest.rgb`", "ends within frame 2", "7 of its 600 bytes"]);
    let picture = png();
    input("cut.png", &picture[..picture.len() / 2]);
    desk.fails(1, &["cut.png"], "x.mp4", &["cut.png"]);
    let film = gif();
    input("cut.gif", &film[..film.len() - film.len() / 3]);
    desk.fails(1, &["cut.gif"], "x.mp4", &["cut.gif"]);
    // A canvas of 65535 x 65535 pixels, of which the file has a few.
    let mut huge = film.clone();
    huge[6..10].fill(0xff);
    input("huge.gif", &huge);
    let start = Instant::now();
    desk.fails(1, &["huge.gif"], "x.mp4", &["huge.gif"]);
    assert!(start.elapsed() < Duration::from_secs(20), "it took the header at its word");
}

/// Sound that was cut off is worth having: what is there is encoded, and nothing is made up for what is not.
#[test]
fn a_wav_that_has_less_than_it_claims() {
    let desk = Desk::new();
    // A size of 0xffffffff says that nobody knew, and a pipe has no other.
    for claimed in [100_000, u32::MAX] {
        fs::write(desk.at("cut.wav"), wav(1600, claimed)).unwrap();
        let args = ["encode", "cut.wav", "-o", "x.wav", "--overwrite", "--quiet"];
        let output = desk.command(&args).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert_eq!(hound::WavReader::open(desk.at("x.wav")).unwrap().duration(), 800);
    }
}

/// Files that may not grow past so many blocks of 512 bytes: a disk that is full in the middle of an encode, for whoever may
/// not mount one.
fn with_room(desk: &Desk, blocks: u32, args: &[&str]) -> Output {
    let mut command = Command::new("sh");
    // Ignored, the signal leaves the error that `write` returns.
    command.arg("-c").arg("trap '' XFSZ; ulimit -f \"$0\"; exec \"$@\"");
    command.arg(blocks.to_string()).arg(env!("CARGO_BIN_EXE_framewright")).args(args);
    command.current_dir(desk.0.path()).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn a_disk_that_fills_up_in_the_middle() {
    let desk = Desk::new();
    fs::write(desk.at("long.y4m"), y4m(400)).unwrap();
    fs::write(desk.at("long.wav"), wav(400_000, 400_000)).unwrap();
    let before = desk.listing();
    let raw = ["--video-codec", "raw"];
    let pcm = ["--audio-codec", "pcm"];
    for (input, name, more, plays) in [
        ("long.y4m", "x.mkv", &raw[..], true),
        ("long.y4m", "x.y4m", &[], true),
        ("long.y4m", "x.avi", &raw, false),
        ("long.wav", "x.wav", &[], true),
        ("long.wav", "x.mka", &pcm, true),
        ("long.wav", "x.m4a", &pcm, false),
        ("long.wav", "f.m4a", &["--audio-codec", "pcm", "--layout", "fragmented"], true),
        ("long.wav", "r.m4a", &["--audio-codec", "pcm", "--layout", "recoverable"], true),
    ] {
        let part = format!("{name}.part");
        for old in [false, true] {
            if old {
                fs::write(desk.at(name), OLD).unwrap();
            }
            let args = [&["encode", input, "-o", name, "--overwrite"], more].concat();
            let output = with_room(&desk, 300, &args);
            let said = said(&output);
            assert_eq!(output.status.code(), Some(1), "{name}: {said}");
            assert!(said.contains("File too large"), "{said}");
            if old {
                assert_eq!(fs::read(desk.at(name)).unwrap(), OLD, "{name}");
                fs::remove_file(desk.at(name)).unwrap();
            }
            if plays {
                assert!(
                    said.contains(&format!(
                        "what was written plays, and is kept as `{}`",
                        path_in(&desk, &part, &said)
                    ))
                );
                let bytes = fs::read(desk.at(&part)).unwrap();
                assert!(bytes.len() <= 300 * 512 && heard_or_seen(name, &bytes) > 0, "{name}: {} bytes", bytes.len());
                fs::remove_file(desk.at(&part)).unwrap();
            } else {
                assert!(said.contains("what was written does not play, and was removed"), "{name}: {said}");
            }
            assert_eq!(desk.listing(), before, "{name}");
        }
    }
    // Not a byte fits: nothing plays, and nothing is said to.
    for name in ["x.mkv", "x.y4m"] {
        let output = with_room(&desk, 0, &["encode", "long.y4m", "-o", name, "--video-codec", "raw"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(!said(&output).contains("what was written plays"), "{}", said(&output));
        assert_eq!(desk.listing(), before, "{name}");
    }
}

/// The name as it was said: under a temporary folder that is a link, it may be a longer one.
fn path_in(desk: &Desk, part: &str, said: &str) -> String {
    let real = fs::canonicalize(desk.0.path()).unwrap().join(part).display().to_string();
    if said.contains(&real) { real } else { part.to_owned() }
}

/// How many frames, samples or bytes of sound readers of others find.
fn heard_or_seen(name: &str, bytes: &[u8]) -> usize {
    match name.rsplit_once('.').unwrap().1 {
        "mkv" | "mka" => matroska_frames(bytes),
        "m4a" => isobmff::verify_unfinished(bytes).unwrap().tracks.iter().map(|track| track.samples.len()).sum(),
        "y4m" => bytes.windows(6).filter(|bytes| bytes == b"FRAME\n").count(),
        "wav" => {
            use symphonia::core::formats::{FormatOptions, probe::Hint};
            use symphonia::core::io::MediaSourceStream;
            let source = MediaSourceStream::new(Box::new(Cursor::new(bytes.to_vec())), Default::default());
            let probe = symphonia::default::get_probe();
            let mut reader = probe.probe(&Hint::new(), source, FormatOptions::default(), Default::default()).unwrap();
            std::iter::from_fn(|| reader.next_packet().ok().flatten()).map(|packet| packet.data.len()).sum()
        }
        other => panic!("nothing here reads .{other}"),
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_without_a_byte() {
    let desk = Desk::new();
    for (input, container) in
        [("clip.y4m", "mp4"), ("clip.y4m", "webm"), ("clip.y4m", "matroska"), ("clip.y4m", "y4m"), ("clip.y4m", "gif")]
    {
        let output = desk.command(&["encode", input, "-o", "/dev/full", "--container", container]).output().unwrap();
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{container}: {said}");
        assert!(said.contains("No space left on device"), "{container}: {said}");
        assert!(!said.contains("plays") && !said.contains("clip.y4m"), "{container}: {said}");
    }
    // A small disk, for whoever may mount one.
    let place = desk.at("small");
    fs::create_dir(&place).unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "none"]).arg(&place).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        skipped("no file system can be mounted here: nothing was written to a small one");
        return;
    }
    fs::write(desk.at("long.y4m"), y4m(400)).unwrap();
    let args = ["encode", "long.y4m", "-o", "small/x.mkv", "--video-codec", "raw"];
    let output = desk.command(&args).output().unwrap();
    let left = fs::read(place.join("x.mkv.part"));
    let unmounted = Command::new("umount").arg(&place).status().unwrap();
    assert!(unmounted.success());
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("No space left on device"), "{}", said(&output));
    assert!(matroska_frames(&left.unwrap()) > 0);
}

const SIDE: usize = 64;

/// An encode of raw frames that come through a pipe.
struct Recording {
    child: Child,
    pipe: ChildStdin,
    part: PathBuf,
}

impl Recording {
    fn start(desk: &Desk, name: &str, more: &[&str]) -> Self {
        let args =
            ["encode", "-", "--raw", "64x64@25:gray", "-o", name, "--overwrite", "--low-latency", "--threads", "1"];
        let mut command = desk.command(&[&args[..], &["--keyint", "5"], more].concat());
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let pipe = child.stdin.take().unwrap();
        Recording { child, pipe, part: desk.at(&format!("{name}.part")) }
    }

    fn frames(&mut self, frames: std::ops::Range<usize>) {
        for frame in frames {
            let pixels: Vec<u8> =
                (0..SIDE * SIDE).map(|index| (index * 3 + frame * 5) as u8 ^ (index >> 6) as u8).collect();
            self.pipe.write_all(&pixels).unwrap();
        }
    }

    /// Frames until the file has some of them, and none is under way.
    fn until_there_is_something(&mut self, bytes: u64) {
        let start = Instant::now();
        self.frames(0..120);
        while fs::metadata(&self.part).map_or(0, |part| part.len()) < bytes {
            assert!(start.elapsed() < Duration::from_secs(60), "nothing is written");
            assert!(self.child.try_wait().unwrap().is_none(), "it ended by itself");
            sleep(Duration::from_millis(10));
        }
    }

    fn end(mut self) -> (Option<i32>, String) {
        drop(self.pipe);
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

fn container_of(name: &str) -> Container {
    Container::from_extension(name.rsplit_once('.').unwrap().1).unwrap()
}

#[test]
fn a_program_that_is_killed_leaves_what_plays() {
    let short = ["--fragment-duration", "200"];
    for (name, more) in [
        ("fragmented.mp4", &[&short[..], &["--layout", "fragmented"]].concat()[..]),
        ("recoverable.mp4", &[&short[..], &["--layout", "recoverable"]].concat()),
        ("a.webm", &short),
        ("a.mkv", &short),
        ("live.mkv", &[&short[..], &["--layout", "live"]].concat()),
    ] {
        let desk = Desk::new();
        fs::write(desk.at(name), OLD).unwrap();
        let mut recording = Recording::start(&desk, name, more);
        recording.until_there_is_something(8_000);
        recording.child.kill().unwrap();
        recording.child.wait().unwrap();
        assert_eq!(
            desk.listing(),
            ["clip.y4m", name, &format!("{name}.part"), "tone.wav"]
                .map(String::from)
                .into_iter()
                .collect::<std::collections::BTreeSet<_>>()
                .into_iter()
                .collect::<Vec<_>>()
        );
        assert_eq!(fs::read(desk.at(name)).unwrap(), OLD, "{name}");
        let left = fs::read(&recording.part).unwrap();
        let clip = Clip::read_unfinished(&left, container_of(name));
        let packets = clip.video().packets.len();
        assert!((5..=120).contains(&packets), "{name}: {packets} packets in {} bytes", left.len());
        assert_eq!(clip.decode().len(), packets, "{name}: pictures that rav1d finds");
        if container_of(name) == Container::Matroska {
            assert_eq!(matroska_frames(&left), packets, "{name}");
        }
        // The next encode takes the place of what was left.
        let (code, said) = Recording::start(&desk, name, more).end_with(6);
        assert_eq!(code, Some(0), "{name}: {said}");
        assert!(!recording.part.exists());
    }
}

impl Recording {
    fn end_with(mut self, frames: usize) -> (Option<i32>, String) {
        self.frames(0..frames);
        self.end()
    }
}

/// As the README says: a plain MP4 has its index at the end, and is nothing without it.
#[test]
fn a_plain_mp4_that_is_killed_is_lost() {
    let desk = Desk::new();
    let mut recording = Recording::start(&desk, "plain.mp4", &[]);
    recording.frames(0..120);
    let start = Instant::now();
    while !recording.part.exists() {
        assert!(start.elapsed() < Duration::from_secs(60));
        sleep(Duration::from_millis(5));
    }
    sleep(Duration::from_millis(200));
    recording.child.kill().unwrap();
    recording.child.wait().unwrap();
    let left = fs::read(&recording.part).unwrap();
    assert!(isobmff::verify_unfinished(&left).is_err());
    assert!(mp4::Mp4Reader::read_header(Cursor::new(&left), left.len() as u64).is_err());
    assert!(!desk.at("plain.mp4").exists());
}

/// Whatever the layout, one Ctrl-C ends in a whole file under its name.
#[test]
fn a_program_that_is_interrupted_completes_its_file() {
    for (name, more) in
        [("plain.mp4", &[][..]), ("fragmented.mp4", &["--layout", "fragmented"]), ("a.webm", &[]), ("a.mkv", &[])]
    {
        let desk = Desk::new();
        let mut recording = Recording::start(&desk, name, more);
        recording.frames(0..120);
        sleep(Duration::from_millis(200));
        let id = recording.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let code = recording.child.wait().unwrap().code();
        assert_eq!(code, Some(130), "{name}");
        assert!(!recording.part.exists() && desk.at(name).exists(), "{name}: {:?}", desk.listing());
        let file = fs::read(desk.at(name)).unwrap();
        let clip = Clip::read(&file, container_of(name));
        assert_eq!(clip.decode().len(), clip.video().packets.len(), "{name}");
    }
}

/// Before, each emptied and overwrote the other's `NAME.part`.
#[test]
fn found_two_programs_wrote_one_file() {
    for (name, is_there) in [("x.mp4", true), ("x.mkv", false)] {
        let desk = Desk::new();
        if is_there {
            fs::write(desk.at(name), OLD).unwrap();
        }
        let mut first = Recording::start(&desk, name, &[]);
        let start = Instant::now();
        while !first.part.exists() {
            assert!(start.elapsed() < Duration::from_secs(60));
            sleep(Duration::from_millis(5));
        }
        first.frames(0..10);
        let second = desk.command(&["encode", "clip.y4m", "-o", name, "--overwrite"]).output().unwrap();
        assert_eq!(second.status.code(), Some(1), "{}", said(&second));
        let words = format!("another program is writing `{name}.part`");
        assert!(said(&second).contains(&words), "{}", said(&second));
        first.frames(10..20);
        let (code, said) = first.end();
        assert_eq!(code, Some(0), "{said}");
        let clip = Clip::read(&fs::read(desk.at(name)).unwrap(), container_of(name));
        assert_eq!(clip.decode().len(), 20);
        assert_eq!(desk.listing(), ["clip.y4m", "tone.wav", name]);
    }
}

/// And so with the segments of HLS, which have names of their own.
#[test]
fn found_two_programs_wrote_one_playlist() {
    let desk = Desk::new();
    let mut first = Recording::start(&desk, "show.m3u8", &["--segment-duration", "1000"]);
    first.frames(0..120);
    let start = Instant::now();
    while !desk.at("show.m3u8.lock").exists() {
        assert!(start.elapsed() < Duration::from_secs(60));
        sleep(Duration::from_millis(5));
    }
    let second = desk.command(&["encode", "clip.y4m", "-o", "show.m3u8", "--overwrite"]).output().unwrap();
    assert_eq!(second.status.code(), Some(1), "{}", said(&second));
    assert!(said(&second).contains("another program is writing `show.m3u8.lock`"), "{}", said(&second));
    let (code, said) = first.end();
    assert_eq!(code, Some(0), "{said}");
    let files = desk.listing().into_iter().filter(|name| name.starts_with("show")).map(|name| {
        let bytes = fs::read(desk.at(&name)).unwrap();
        (name, bytes)
    });
    let shown = support::manifests::verify_hls(&files.collect(), "show.m3u8").unwrap();
    assert!(shown.finished && !desk.at("show.m3u8.lock").exists());
}

/// A file that is whole and only cannot have its name is kept, in a layout too that does not play before its end.
#[test]
fn found_a_whole_file_was_thrown_away_for_its_name() {
    use framewright::{Encoder, FrameView, VideoCodec, VideoOptions};
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("x.mov");
    let mut encoder = Encoder::new();
    let mut video = encoder.add_video(VideoOptions::new(16, 16).codec(VideoCodec::Mjpeg)).unwrap();
    encoder.open_file(&path).unwrap();
    video.add_frame(&FrameView::gray(16, 16, &[9; 256]).unwrap()).unwrap();
    fs::create_dir(&path).unwrap();
    fs::write(path.join("in it"), "so that it cannot be replaced").unwrap();
    let error = encoder.close().unwrap_err().to_string();
    assert!(error.contains("what was written plays") && error.contains("x.mov.part"), "{error}");
    let kept = fs::read(place.path().join("x.mov.part")).unwrap();
    assert_eq!(isobmff::verify_unfinished(&kept).unwrap().tracks[0].samples.len(), 1);
}
