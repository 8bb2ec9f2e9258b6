//! AVI, read by FFmpeg, mediainfo and exiftool: they decode each picture and sample as it went in, when it is due.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use framewright::media::{
    AspectRatio, AudioTrack, CodecConfig, Metadata, Packet, PcmConfig, RawConfig, SampleFormat, TimeBase, Track,
    TrackKind, TrackLabels, VideoTrack,
};
use framewright::sink::FileSink;
use framewright::{
    AudioCodec, AudioOptions, AudioSamples, Container, Encoder, EncoderOptions, FrameRate, FrameView, MuxOptions,
    PacketWriter, PixelFormat, Timestamp, VideoCodec, VideoOptions,
};

use crate::readers::{Readers, run, tool};
use crate::support::{gradient, tone};

const SIZE: (u32, u32) = (67, 45);

/// FFmpeg's output of a file, decoded without a word.
fn decoded(ffmpeg: &Path, file: &Path, options: &[&str]) -> Vec<u8> {
    let out = file.with_extension("decoded");
    let mut command = Command::new(ffmpeg);
    command.args(["-hide_banner", "-nostdin", "-v", "warning", "-xerror", "-y", "-i"]).arg(file).args(options);
    let (success, _, said) = run(command.arg(&out));
    // A guess that it announces, not a fault: a mono or stereo file of PCM says no layout.
    let said: Vec<_> = said.lines().filter(|line| !line.contains("Guessed Channel Layout")).collect();
    assert!(success && said.is_empty(), "{} {}: {said:?}", ffmpeg.display(), file.display());
    fs::read(out).unwrap()
}

/// Times and sizes of a stream's packets, as ffprobe has them.
fn packets(file: &Path, stream: &str) -> Option<Vec<(f64, u64)>> {
    let ffprobe = tool("ffprobe")?;
    let mut command = Command::new(ffprobe);
    command.args(["-v", "error", "-select_streams", stream, "-show_entries", "packet=pts_time,size", "-of", "csv=p=0"]);
    let (success, out, said) = run(command.arg(file));
    assert!(success && said.is_empty(), "{}: {said}", file.display());
    let field = |text: Option<&str>| text.unwrap_or("").parse::<f64>().ok();
    let line = |line: &str| {
        let mut words = line.split(',');
        Some((field(words.next())?, field(words.next())? as u64))
    };
    Some(out.lines().map(|text| line(text).unwrap_or_else(|| panic!("{text}"))).collect())
}

fn write(path: &Path, video: VideoOptions, audio: Option<AudioOptions>, frames: u32) {
    let mut encoder = Encoder::new();
    let mut video = encoder.add_video(video.threads(1)).unwrap();
    let channels = 2;
    let mut audio = audio.map(|audio| encoder.add_audio(audio).unwrap());
    encoder.open_file(path).unwrap();
    for index in 0..frames {
        video.add_frame(&FrameView::rgb(SIZE.0, SIZE.1, &gradient(SIZE.0, SIZE.1, index)).unwrap()).unwrap();
    }
    if let Some(audio) = &mut audio {
        let sound: Vec<f32> = (0..channels).flat_map(|_| tone(44_100, 44_100, 440.0)).collect();
        audio.add_samples(AudioSamples::planar(&sound, channels).unwrap()).unwrap();
    }
    encoder.close().unwrap();
}

#[test]
fn uncompressed_pictures_come_out_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let unknown = [PixelFormat::Gray10, PixelFormat::Rgb, PixelFormat::Rgba];
    for format in PixelFormat::ALL.iter().copied().filter(|format| !unknown.contains(format)) {
        let options =
            || VideoOptions::new(SIZE.0, SIZE.1).codec(VideoCodec::Raw).pixel_format(format).frame_rate(29.97);
        let (avi, y4m) = (folder.path().join(format!("{format}.avi")), folder.path().join(format!("{format}.y4m")));
        write(&avi, options(), None, 12);
        write(&y4m, options(), None, 12);
        let pictures = crate::support::elementary::y4m(&fs::read(&y4m).unwrap()).unwrap().pictures;
        for ffmpeg in Readers::find().ffmpeg {
            for file in [&avi, &y4m] {
                let out = decoded(&ffmpeg, file, &["-fps_mode", "passthrough", "-f", "rawvideo"]);
                assert!(out == pictures.concat(), "{} {}", ffmpeg.display(), file.display());
            }
        }
        let Some(found) = packets(&avi, "v") else { continue };
        assert!(found.len() == 12 && (found[11].0 - 11.0 * 1001.0 / 30_000.0).abs() < 1e-5, "{found:?}");
    }
}

#[test]
fn motion_jpeg_is_what_matroska_holds_and_sound_is_exact() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (name, format) in
        [("s16", SampleFormat::S16), ("s24", SampleFormat::S24), ("s32", SampleFormat::S32), ("f32", SampleFormat::F32)]
    {
        let video = || VideoOptions::new(SIZE.0, SIZE.1).codec(VideoCodec::Mjpeg).frame_rate(25);
        let audio = || AudioOptions::new(44_100, 2).codec(AudioCodec::Pcm).sample_format(format);
        let (avi, mkv) = (path(&format!("{name}.avi")), path(&format!("{name}.mkv")));
        write(&avi, video(), Some(audio()), 25);
        write(&mkv, video(), Some(audio()), 25);
        for ffmpeg in Readers::find().ffmpeg {
            for options in
                [&["-map", "0:v", "-c", "copy", "-f", "framemd5"], &["-map", "0:v", "-c", "rawvideo", "-f", "framemd5"]]
            {
                // Time base, and with it times, are the container's own.
                let hashes = |file: &Path| {
                    let text = String::from_utf8(decoded(&ffmpeg, file, options)).unwrap();
                    let lines = text.lines().filter(|line| !line.starts_with('#'));
                    lines.map(|line| line.rsplit(',').next().unwrap().trim().to_owned()).collect::<Vec<_>>()
                };
                let (ours, theirs) = (hashes(&avi), hashes(&mkv));
                assert!(ours.len() == 25 && ours == theirs, "{name} {}", ffmpeg.display());
            }
            let sound = ["-map", "0:a", "-f", &format!("{name}le"), "-c:a", &format!("pcm_{name}le")];
            let (ours, theirs) = (decoded(&ffmpeg, &avi, &sound), decoded(&ffmpeg, &mkv, &sound));
            assert_eq!(ours.len(), 44_100 * 2 * format.bits() as usize / 8);
            assert!(ours == theirs, "{name} {}", ffmpeg.display());
        }
        if let Some(mediainfo) = tool("mediainfo") {
            let (_, out, _) = run(Command::new(mediainfo).arg("--Output=XML").arg(&avi));
            for part in ["<FrameCount>25<", "<FrameRate>25.000<", "<SamplingRate>44100<"] {
                assert!(out.contains(part), "{name}: {part} in {out}");
            }
        }
    }
}

#[test]
fn frames_with_times_of_their_own_keep_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("variable.avi");
    let mut encoder = Encoder::new();
    let options = VideoOptions::new(SIZE.0, SIZE.1).time_base(TimeBase::MILLISECONDS).threads(1);
    let mut video = encoder.add_video(options).unwrap();
    encoder.open_file(&path).unwrap();
    let time = |index: u32| 40 + 10 * i64::from(index) * i64::from(index + 3);
    for index in 0..12 {
        let pixels = gradient(SIZE.0, SIZE.1, index);
        let frame = FrameView::rgb(SIZE.0, SIZE.1, &pixels).unwrap();
        video.add_frame_at(&frame, Timestamp::from_millis(time(index))).unwrap();
    }
    video.end_at(Timestamp::from_millis(time(11) + 100)).unwrap();
    drop(video);
    encoder.close().unwrap();
    for ffmpeg in Readers::find().ffmpeg {
        let out = decoded(&ffmpeg, &path, &["-c", "copy", "-f", "framemd5"]);
        let text = String::from_utf8(out).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let times: Vec<i64> = lines.map(|line| line.split(',').nth(2).unwrap().trim().parse().unwrap()).collect();
        assert_eq!(times, (0..12).map(time).collect::<Vec<_>>(), "{}", ffmpeg.display());
    }
    let Some(found) = packets(&path, "v") else { return };
    let found: Vec<i64> = found.iter().map(|(seconds, _)| (seconds * 1000.0).round() as i64).collect();
    assert_eq!(found, (0..12).map(time).collect::<Vec<_>>());
}

fn pcm(channels: u8) -> Track {
    let config = PcmConfig { sample_rate: 8000, channels, format: SampleFormat::S16 };
    let kind = TrackKind::Audio(AudioTrack { sample_rate: 8000, channels });
    Track::new(kind, CodecConfig::Pcm(config), TimeBase::per_second(8000))
}

fn gray(rate: FrameRate) -> Track {
    let mut video = VideoTrack::new(16, 16);
    video.frame_rate = Some(rate);
    let base = TimeBase::new(rate.den(), rate.num()).unwrap();
    Track::new(TrackKind::Video(video), CodecConfig::Raw(RawConfig { format: PixelFormat::Gray }), base)
}

#[test]
fn late_and_early_tracks_and_gaps_stay_in_step() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gaps.avi");
    let mut titled = pcm(6);
    titled.labels = TrackLabels::new().title("Effects");
    let tracks = vec![gray(FrameRate::new(30_000, 1001)), pcm(1), titled];
    let mut writer = PacketWriter::new(Container::Avi, tracks, FileSink::create(&path).unwrap()).unwrap();
    // Sound from before 0, a picture from frame 2 on with a gap, and six channels from sample 4321 on.
    let samples = |pts: i64, count: i64, channels: i64| -> Vec<u8> {
        (0..count * channels).flat_map(|i| ((pts * channels + i) as i16 | 1).to_le_bytes()).collect()
    };
    let picture = |value: u8| vec![value; 256];
    for packet in [
        Packet::new(1, -100, 2000, true, samples(-100, 2000, 1)),
        Packet::new(0, 2, 1, true, picture(10)),
        Packet::new(0, 3, 1, true, picture(11)),
        Packet::new(0, 9, 2, true, picture(12)),
        Packet::new(1, 2500, 1000, true, samples(2500, 1000, 1)),
        Packet::new(2, 4321, 700, true, samples(4321, 700, 6)),
    ] {
        writer.write(packet).unwrap();
    }
    drop(writer.finish().unwrap());
    let silence = |count: usize| vec![0; count * 2];
    let mono = [samples(0, 1900, 1), silence(600), samples(2500, 1000, 1)].concat();
    let six = [silence(4321 * 6), samples(4321, 700, 6)].concat();
    for ffmpeg in Readers::find().ffmpeg {
        for (map, wanted) in [("0:1", &mono), ("0:2", &six)] {
            let found = decoded(&ffmpeg, &path, &["-map", map, "-f", "s16le"]);
            assert!(found == *wanted, "{} {map}: {} bytes", ffmpeg.display(), found.len());
        }
        let pictures = decoded(&ffmpeg, &path, &["-map", "0:v", "-fps_mode", "passthrough", "-f", "rawvideo"]);
        assert_eq!(pictures, [picture(10), picture(11), picture(12)].concat());
    }
    let Some(found) = packets(&path, "v") else { return };
    let frames: Vec<_> = found.iter().map(|(seconds, _)| (seconds * 30_000.0 / 1001.0 * 1000.0).round()).collect();
    assert!(frames.iter().zip([2000.0, 3000.0, 9000.0]).all(|(a, b): (&f64, f64)| (a - b).abs() <= 1.0), "{frames:?}");
}

#[test]
fn what_files_say_is_read_by_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("said.avi");
    let mut video = gray(FrameRate::from(25));
    if let TrackKind::Video(video) = &mut video.kind {
        video.sample_aspect_ratio = AspectRatio::new(16, 11).unwrap();
    }
    let mut audio = pcm(2);
    audio.labels = TrackLabels::new().title("Commentary");
    // Texts are UTF-8. FFmpeg takes them so; mediainfo and exiftool take them to be of an older code.
    let tags = [
        ("title", "The walk"),
        ("description", "Bäume"),
        ("artist", "Ada"),
        ("genre", "Documentary"),
        ("comment", "long ago"),
        ("copyright", "nobody"),
    ];
    let metadata = tags.iter().fold(Metadata::new(), |metadata, (name, value)| metadata.tag(*name, *value));
    let options = MuxOptions::new().metadata(metadata.creation_time(1_795_547_020));
    let sink = FileSink::create(&path).unwrap();
    let mut writer = PacketWriter::with_options(Container::Avi, vec![video, audio], sink, &options).unwrap();
    for pts in 0..25 {
        writer.write(Packet::new(0, pts, 1, true, vec![pts as u8; 256])).unwrap();
        writer.write(Packet::new(1, pts * 320, 320, true, vec![1; 1280])).unwrap();
    }
    drop(writer.finish().unwrap());

    let says = |name: &str, args: &[&str], parts: &[&str]| {
        let Some(program) = tool(name) else { return };
        let (success, out, said) = run(Command::new(program).args(args).arg(&path));
        assert!(success, "{name}: {said}");
        parts.iter().for_each(|part| assert!(out.contains(part), "{name} does not say {part}: {out}"));
    };
    let entries =
        ["-v", "error", "-show_entries", "stream=sample_aspect_ratio,r_frame_rate,nb_frames:stream_tags:format_tags"];
    says(
        "ffprobe",
        &entries,
        &["16:11", "25/1", "The walk", "Bäume", "Ada", "Documentary", "long ago", "nobody", "Commentary"],
    );
    says("mediainfo", &[], &["The walk", "Ada", "Documentary", "nobody", "Commentary", "25.000 FPS"]);
    says("exiftool", &["-G"], &["The walk", "Ada", "Documentary", "long ago", "nobody", "2026:11:24 19:03:40", "25"]);
}

/// Two RIFF chunks, which have to be read as one film.
#[test]
fn files_past_a_gibibyte_are_read_to_their_end() {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("large.avi");
    let mut video = VideoTrack::new(1024, 1024);
    video.frame_rate = Some(FrameRate::from(25));
    let config = CodecConfig::Raw(RawConfig { format: PixelFormat::Gray });
    let tracks = vec![Track::new(TrackKind::Video(video), config, TimeBase::per_second(25)), pcm(1)];
    let mut writer = PacketWriter::new(Container::Avi, tracks, FileSink::create(&path).unwrap()).unwrap();
    for pts in 0..1100 {
        writer.write(Packet::new(0, pts, 1, true, vec![pts as u8; 1 << 20])).unwrap();
        writer.write(Packet::new(1, pts * 320, 320, true, vec![pts as u8 | 1; 640])).unwrap();
    }
    drop(writer.finish().unwrap());
    assert!(File::open(&path).unwrap().metadata().unwrap().len() > 1100 << 20);
    for ffmpeg in Readers::find().ffmpeg {
        let out = decoded(&ffmpeg, &path, &["-map", "0:v", "-c", "copy", "-f", "framecrc"]);
        let count = String::from_utf8(out).unwrap().lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(count, 1100, "{}", ffmpeg.display());
        let sound = decoded(&ffmpeg, &path, &["-map", "0:a", "-f", "s16le"]);
        let wanted: Vec<u8> = (0..1100).flat_map(|value| vec![value as u8 | 1; 640]).collect();
        assert!(sound == wanted, "{}", ffmpeg.display());
    }
}

#[test]
fn the_encoder_chooses_what_avi_takes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("default.avi");
    let options = EncoderOptions::new().metadata(Metadata::new().tag("title", "by default"));
    let mut encoder = Encoder::with_options(options).unwrap();
    let mut video = encoder.add_video(VideoOptions::new(SIZE.0, SIZE.1)).unwrap();
    let mut audio = encoder.add_audio(AudioOptions::new(44_100, 1)).unwrap();
    encoder.open_file(&path).unwrap();
    video.add_frame(&FrameView::rgb(SIZE.0, SIZE.1, &gradient(SIZE.0, SIZE.1, 0)).unwrap()).unwrap();
    audio.add_samples(AudioSamples::planar(&[0.5f32; 100], 1).unwrap()).unwrap();
    let report = encoder.close().unwrap();
    assert_eq!(report.streams.iter().map(|stream| stream.codec).collect::<Vec<_>>(), ["mjpeg", "pcm"]);
    let read = crate::support::avi::verify(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(read.info, [("INAM".to_owned(), "by default".to_owned())]);
    assert_eq!(read.streams.len(), 2);
}
