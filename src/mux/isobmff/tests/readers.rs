//! Files of real codecs, read by programs and crates that we did not write.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use symphonia::core::formats::FormatReader;
use symphonia::core::io::MediaSourceStream;

use super::synthetic::interleave;
use super::{fragmented, plain, real, verified};
use crate::media::{CodecConfig, Packet, Track};

/// A named file of some tracks.
struct Case {
    name: &'static str,
    tracks: Vec<Track>,
    packets: Vec<Packet>,
}

fn case<const TRACKS: usize>(name: &'static str, parts: [(Track, Vec<Packet>); TRACKS]) -> Case {
    let (tracks, packets): (Vec<Track>, Vec<Vec<Packet>>) = parts.into_iter().unzip();
    let packets = interleave(&tracks, packets.concat());
    Case { name, tracks, packets }
}

/// How many samples every sound has, and how many frames every picture.
const HEARD: u32 = 30_007;
const FRAMES: usize = 15;

fn cases() -> Vec<Case> {
    let (track, packets) = real::av1((64, 48), 25, FRAMES);
    let later = |(track, packets): (Track, Vec<Packet>), ticks: i64| {
        (track, packets.into_iter().map(|packet| Packet { pts: packet.pts + ticks, ..packet }).collect())
    };
    vec![
        case("av1 and opus", [(track.clone(), packets.clone()), real::opus(1, HEARD)]),
        case("av1 and late flac", [(track.clone(), packets.clone()), later(real::flac(1, 48_000, HEARD), 12_000)]),
        case("late av1 and opus", [later((track.clone(), packets.clone()), 5), real::opus(1, HEARD)]),
        case("cropped av1", [(real::cropped(track, (60, 34)), packets)]),
        case("opus", [real::opus(0, HEARD)]),
        case("flac", [real::flac(0, 44_100, HEARD)]),
        case("flac of 96 kHz", [real::flac(0, 96_000, HEARD)]),
        case("mono pcm", [real::pcm(0, 8000, 1, HEARD)]),
        case("pcm of 96 kHz", [real::pcm(0, 96_000, 2, HEARD)]),
        case("7.1 pcm", [real::pcm(0, 48_000, 8, HEARD)]),
        case("three", [real::pcm(0, 48_000, 6, HEARD), real::flac(1, 48_000, HEARD), real::opus(2, HEARD)]),
    ]
}

/// FFmpeg as it is installed, and the newer one that Python's `imageio_ffmpeg` may bring, each with its main version.
fn ffmpegs() -> Vec<(PathBuf, u32)> {
    let ask = |program: &Path, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).stderr(Stdio::null()).output().ok()?;
        String::from_utf8(output.stdout).ok()
    };
    let bundled = ["-c", "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())"];
    let bundled = ask(Path::new("python3"), &bundled).map(|path| PathBuf::from(path.trim()));
    let version = |program: PathBuf| {
        let words = ask(&program, &["-version"])?;
        let number = words.split_whitespace().nth(2)?.trim_start_matches('n');
        Some((program, number.split(|c: char| !c.is_ascii_digit()).next()?.parse().unwrap_or(u32::MAX)))
    };
    let found: Vec<_> = [Some("ffmpeg".into()), bundled].into_iter().flatten().filter_map(version).collect();
    if found.is_empty() {
        let _ = writeln!(std::io::stderr(), "SKIPPED: no ffmpeg is installed, so none has read our files");
    }
    found
}

/// What `program` writes to its standard output about the file at `path`. It must not say a word beside.
fn silent(program: &Path, version: u32, path: &Path, arguments: &[&str]) -> Vec<u8> {
    let mut command = Command::new(program);
    command.args(["-v", "warning", "-xerror", "-i"]).arg(path).args(arguments);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    // `chnl` is known from version 7 on; before, FFmpeg guesses from the number of channels.
    let words = words.lines().filter(|line| version >= 7 || !line.starts_with("Guessed Channel Layout"));
    let words: Vec<_> = words.collect();
    assert!(output.status.success() && words.is_empty(), "{program:?} {path:?} {arguments:?}: {words:?}");
    output.stdout
}

#[test]
fn ffmpeg_decodes_all_of_it_without_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let ffmpegs = ffmpegs();
    for Case { name, tracks, packets } in cases() {
        for (layout, file) in [("plain", plain(&tracks, &packets)), ("fragmented", fragmented(&tracks, &packets))] {
            verified(&file, &tracks, &packets);
            let path = folder.path().join(format!("{name}, {layout}.mp4"));
            std::fs::write(&path, &file).unwrap();
            for (ffmpeg, version) in &ffmpegs {
                for (index, track) in tracks.iter().enumerate() {
                    let map = format!("0:{index}");
                    let decode = |format| silent(ffmpeg, *version, &path, &["-map", &map, "-f", format, "-"]);
                    let sent = packets.iter().filter(|packet| packet.track == index);
                    match (&track.config, track.video()) {
                        (CodecConfig::Pcm(_), _) => {
                            let sent: Vec<u8> = sent.flat_map(|packet| packet.data.clone()).collect();
                            assert!(decode("s16le") == sent, "{path:?}");
                        }
                        (CodecConfig::Flac(_), _) => assert_eq!(decode("s16le").len(), HEARD as usize * 4),
                        // It skips what the edit list skips, but no reader of this kind cuts the end of a packet.
                        (CodecConfig::Opus(_), _) => assert_eq!(decode("s16le").len(), (sent.count() * 960 - 312) * 4),
                        (_, Some(video)) => {
                            let (width, height) = if *version >= 8 { (video.width, video.height) } else { (64, 48) };
                            // One line a frame, whose fifth column is the size.
                            let lines = String::from_utf8(decode("framecrc")).unwrap();
                            let sizes = lines.lines().filter(|line| !line.starts_with('#'));
                            let sizes: Vec<u32> =
                                sizes.map(|line| line.split(',').nth(4).unwrap().trim().parse().unwrap()).collect();
                            assert_eq!(sizes, [width * height * 3 / 2; FRAMES], "{path:?}");
                        }
                        _ => unreachable!(),
                    }
                }
            }
        }
    }
}

#[test]
fn ffprobe_sees_when_tracks_begin_and_end() {
    let folder = tempfile::tempdir().unwrap();
    for Case { name, tracks, packets } in cases() {
        let path = folder.path().join(format!("{name}.mp4"));
        let file = plain(&tracks, &packets);
        let movie = verified(&file, &tracks, &packets);
        std::fs::write(&path, &file).unwrap();
        let mut command = Command::new("ffprobe");
        command.args(["-v", "error", "-of", "csv=p=0", "-show_entries", "stream=start_time,duration"]);
        let Ok(output) = command.arg(&path).output() else {
            let _ = writeln!(std::io::stderr(), "SKIPPED: ffprobe is not installed");
            return;
        };
        let words = String::from_utf8(output.stdout).unwrap();
        assert_eq!(words.lines().count(), tracks.len());
        for (line, track) in words.lines().zip(&movie.tracks) {
            let (start, length) = line.split_once(',').unwrap();
            let (start, length): (f64, f64) = (start.parse().unwrap(), length.parse().unwrap());
            let expected = movie.presented(track);
            assert!((start - expected.0).abs() < 0.001, "{name}: {line} where {expected:?}");
            assert!((start + length - expected.1).abs() < 0.001, "{name}: {line} where {expected:?}");
        }
    }
}

#[test]
fn the_mp4_crate_reads_each_sample() {
    for Case { name, tracks, packets } in cases() {
        let file = plain(&tracks, &packets);
        let mut reader = mp4::Mp4Reader::read_header(Cursor::new(&file), file.len() as u64).unwrap();
        for (index, track) in tracks.iter().enumerate() {
            let id = index as u32 + 1;
            let sent: Vec<_> = packets.iter().filter(|packet| packet.track == index).collect();
            let count = reader.sample_count(id).unwrap();
            let is_pcm = matches!(track.config, CodecConfig::Pcm(_));
            assert_eq!(count, if is_pcm { HEARD } else { sent.len() as u32 }, "{name}");
            for (number, packet) in (1..).zip(sent).filter(|_| !is_pcm) {
                let sample = reader.read_sample(id, number).unwrap().expect("a sample");
                assert_eq!(
                    sample.start_time as i64,
                    packet.pts - packets.iter().find(|p| p.track == index).unwrap().pts
                );
                assert_eq!(sample.bytes, packet.data);
                assert_eq!(sample.is_sync, packet.key);
            }
        }
        let file = fragmented(&tracks, &packets);
        let reader = mp4::Mp4Reader::read_header(Cursor::new(&file), file.len() as u64).unwrap();
        assert!(reader.is_fragmented() && reader.tracks().len() == tracks.len(), "{name}");
    }
}

#[test]
fn symphonia_reads_each_packet_of_sound() {
    for Case { name, tracks, packets } in cases() {
        let known = |track: &Track| matches!(track.config, CodecConfig::Opus(_) | CodecConfig::Flac(_));
        for file in [plain(&tracks, &packets), fragmented(&tracks, &packets)] {
            let source = MediaSourceStream::new(Box::new(Cursor::new(file)), Default::default());
            let probe = symphonia::default::get_probe();
            let mut reader: Box<dyn FormatReader> =
                probe.probe(&Default::default(), source, Default::default(), Default::default()).unwrap();
            let mut found: Vec<Vec<Vec<u8>>> = vec![Vec::new(); tracks.len()];
            while let Some(packet) = reader.next_packet().unwrap() {
                found[packet.track_id as usize - 1].push(packet.data.to_vec());
            }
            for (index, _) in tracks.iter().enumerate().filter(|(_, track)| known(track)) {
                let sent: Vec<_> =
                    packets.iter().filter(|packet| packet.track == index).map(|packet| packet.data.clone()).collect();
                assert!(found[index] == sent, "{name}: {} packets of {}", found[index].len(), sent.len());
            }
        }
    }
}
