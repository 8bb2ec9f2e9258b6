//! Real clips, where they are there: pictures come back close to what went in, sound comes back in its place.
#![cfg(feature = "input")]

#[path = "support/readers.rs"]
mod readers;
mod support;

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::Command;

use framewright::input::{AudioReader, AudioSource, FrameTime, Input, VideoSource, Y4mReader, open};
use framewright::media::TimeBase;
use framewright::sink::SharedWriter;
use framewright::{
    AudioCodec, AudioOptions, AudioSamples, Container, Encoder, FrameView, SampleFormat, Timestamp, VideoOptions,
};
use readers::{Readers, media, run};
use support::{Clip, rav1d};

/// As many frames as show motion and a second group, and do not take minutes.
const FRAMES: usize = 14;

/// Those that tests/support reads whole.
const CONTAINERS: [Container; 3] = [Container::Mp4, Container::Matroska, Container::WebM];

#[test]
fn real_pictures_come_back_close_to_what_went_in() {
    let Some(folder) = media() else { return };
    let clips = files(&folder.join("y4m"));
    assert!(clips.len() >= 10, "the real clips are incomplete");
    for (index, clip) in clips.iter().enumerate() {
        // Containers and sinks in turn.
        let container = CONTAINERS[index % CONTAINERS.len()];
        let live = index % 2 == 1;
        let (bytes, sources) = encode_clip(clip, container, live);
        check_psnr(clip, &Clip::read(&bytes, container), &sources, [30.0, 32.0, 32.0]);
    }
}

/// Decodes the file and holds each plane's PSNR, in dB, against its floor.
fn check_psnr(name: &Path, file: &Clip, sources: &[Vec<Vec<u16>>], floors: [f64; 3]) {
    let decoded = rav1d::decode(file.video().packets.iter().map(|packet| &packet.data));
    assert_eq!(decoded.len(), sources.len(), "{}", name.display());
    for (plane, floor) in floors.into_iter().enumerate() {
        let pairs = decoded.iter().zip(sources);
        let error: f64 = pairs.map(|(out, source)| mean_square(&out.planes[plane], &source[plane])).sum();
        let peak = f64::from((1u32 << decoded[0].bit_depth) - 1);
        let psnr = 10.0 * (peak * peak / (error / decoded.len() as f64).max(1e-9)).log10();
        assert!(psnr > floor, "{} plane {plane}: {psnr:.1} dB", name.display());
    }
}

/// Films have to be decoded first, by somebody else: three frames of each, in their own size.
#[test]
fn real_films_go_through() {
    let Some(folder) = media() else { return };
    let readers = Readers::find();
    let Some(ffmpeg) = readers.ffmpeg.first() else { return };
    let out = tempfile::tempdir().unwrap();
    let films = files(&folder.join("video"));
    assert!(films.len() >= 8, "the real clips are incomplete");
    for (index, film) in films.iter().enumerate() {
        let y4m = out.path().join("film.y4m");
        let mut command = Command::new(ffmpeg);
        command.args(["-hide_banner", "-nostdin", "-v", "error", "-y", "-i"]).arg(film);
        let (success, _, said) = run(command.args(["-frames:v", "3", "-pix_fmt", "yuv420p"]).arg(&y4m));
        assert!(success, "{}: {said}", film.display());
        let container = CONTAINERS[index % CONTAINERS.len()];
        let (bytes, sources) = encode_clip(&y4m, container, false);
        check_psnr(film, &Clip::read(&bytes, container), &sources, [30.0, 32.0, 32.0]);
    }
}

#[test]
fn real_images_and_animations_go_through() {
    let Some(folder) = media() else { return };
    for (name, frames, milliseconds) in [
        ("png/asteroid/*.png", 60, 60 * 40),
        ("png/explosion/*.png", 10, 10 * 40),
        ("gif/moon_impact.gif", 14, 2_100),
        ("gif/newtonscradle.gif", 36, 820),
    ] {
        let Input::Video(mut source) = open(folder.join(name).to_str().unwrap(), None).unwrap() else {
            panic!("{name} is no sound");
        };
        let info = source.info().clone();
        let mut options = VideoOptions::new(info.width, info.height).frame_rate(25);
        if info.variable {
            options = options.time_base(TimeBase::MILLISECONDS);
        }
        let mut encoder = Encoder::new();
        let mut stream = encoder.add_video(options).unwrap();
        let memory = SharedWriter::new(Cursor::new(Vec::new()));
        encoder.open_writer(memory.clone(), Container::Mp4).unwrap();
        while let Some(frame) = source.next_frame().unwrap() {
            match frame.time {
                FrameTime::At { pts, duration } => {
                    stream.add_frame_at(&frame.frame, pts).unwrap();
                    stream.end_at(Timestamp::new(pts.ticks + i64::from(duration), pts.base)).unwrap();
                }
                _ => stream.add_frame(&frame.frame).unwrap(),
            }
        }
        let report = encoder.close().unwrap();
        assert_eq!(report.duration.as_millis(), milliseconds, "{name}");
        let clip = Clip::read(&memory.into_inner().unwrap().into_inner(), Container::Mp4);
        assert_eq!(clip.decode().len(), frames, "{name}");
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Encodes the beginning of a clip as it is; the file, and the planes of the frames that went in.
fn encode_clip(path: &Path, container: Container, live: bool) -> (Vec<u8>, Vec<Vec<Vec<u16>>>) {
    let mut reader = Y4mReader::new(std::fs::File::open(path).unwrap()).unwrap();
    let info = reader.info().clone();
    let options = VideoOptions::new(info.width, info.height)
        .frame_rate(info.frame_rate.unwrap())
        .pixel_format(info.pixel_format.unwrap())
        .crf(20)
        .keyframe_interval(10);
    let mut encoder = Encoder::new();
    let mut stream = encoder.add_video(options).unwrap();
    let memory = SharedWriter::new(Cursor::new(Vec::new()));
    match live {
        true => encoder.open_stream(memory.clone(), container).unwrap(),
        false => encoder.open_writer(memory.clone(), container).unwrap(),
    }
    // Read beside the reader that is tested elsewhere: the raw planes behind each FRAME line.
    let file = std::fs::read(path).unwrap();
    let deep = info.bit_depth > 8;
    let mut sources = Vec::new();
    let mut at = file.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    while let Some(frame) = reader.next_frame().unwrap().filter(|_| sources.len() < FRAMES) {
        stream.add_frame(&frame.frame).unwrap();
        at += file[at..].iter().position(|&byte| byte == b'\n').unwrap() + 1;
        let mut planes = Vec::new();
        for plane in 0..3 {
            let (width, height) = info.format.plane_size(plane, info.width as usize, info.height as usize);
            let samples = width * height;
            let bytes = &file[at..at + if deep { 2 * samples } else { samples }];
            at += bytes.len();
            planes.push(match deep {
                true => bytes.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect(),
                false => bytes.iter().map(|&byte| byte.into()).collect(),
            });
        }
        sources.push(planes);
    }
    encoder.close().unwrap();
    (memory.into_inner().unwrap().into_inner(), sources)
}

fn mean_square(a: &[u16], b: &[u16]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum::<f64>() / a.len() as f64
}

/// Sound with a broad spectrum, so that only one shift fits.
fn noise(samples: usize) -> Vec<i16> {
    let mut state = 7u32;
    let mut low = 0.0;
    (0..samples)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            low += 0.2 * (f64::from(state >> 16) / 65_536.0 - 0.5 - low);
            (low * 20_000.0) as i16
        })
        .collect()
}

#[test]
fn sound_comes_back_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let readers = Readers::find();
    let mut sounds = vec![("noise".to_owned(), noise(48_000 * 2), 48_000, 1)];
    if let Some(media) = media() {
        for name in [
            "guitar_44k1_mono_10s.wav",
            "loop_compus_44k1_stereo.wav",
            "speech_dialog_48k_stereo.wav",
            "bbb_48k_5.1.wav",
        ] {
            let (samples, rate, channels) = read_wav(&media.join("audio").join(name));
            sounds.push((name.to_owned(), samples, rate, channels));
        }
    }
    for (name, samples, rate, channels) in &sounds {
        for (codec, container) in [
            (AudioCodec::Opus, Container::Mp4),
            (AudioCodec::Opus, Container::WebM),
            (AudioCodec::Flac, Container::Mp4),
            (AudioCodec::Flac, Container::Matroska),
            (AudioCodec::Pcm, Container::Mp4),
            (AudioCodec::Pcm, Container::Matroska),
        ] {
            let path = folder.path().join(format!("sound.{}", container.extensions()[0]));
            write_sound(&path, samples, *rate, *channels, codec);
            for ffmpeg in &readers.ffmpeg {
                let decoded = decode_sound(ffmpeg, &path, *rate);
                let what = format!("{name} as {codec} in {container} by {}", ffmpeg.display());
                if codec == AudioCodec::Opus {
                    let error = (decoded.len() as i64 - samples.len() as i64) / *channels as i64;
                    // FFmpeg decodes the padding of the last packet too, at most 20 ms.
                    assert!((-1..=i64::from(*rate) / 50).contains(&error), "{what}: {error} samples too many");
                    assert_eq!(best_shift(samples, &decoded, *channels), 0, "{what}");
                } else {
                    assert!(decoded == *samples, "{what}: the samples differ");
                }
            }
        }
    }
}

fn read_wav(path: &Path) -> (Vec<i16>, u32, usize) {
    let mut reader = hound::WavReader::open(path).unwrap();
    let spec = reader.spec();
    (reader.samples::<i16>().map(Result::unwrap).collect(), spec.sample_rate, spec.channels.into())
}

fn write_sound(path: &Path, samples: &[i16], rate: u32, channels: usize, codec: AudioCodec) {
    let mut options = AudioOptions::new(rate, channels).codec(codec);
    if codec != AudioCodec::Opus {
        options = options.sample_format(SampleFormat::S16);
    }
    let mut encoder = Encoder::new();
    let mut stream = encoder.add_audio(options).unwrap();
    encoder.open_file(path).unwrap();
    stream.add_samples(AudioSamples::interleaved(samples, channels).unwrap()).unwrap();
    encoder.close().unwrap();
}

/// Decodes with FFmpeg, at the rate of the source.
fn decode_sound(ffmpeg: &Path, path: &Path, rate: u32) -> Vec<i16> {
    let output = path.with_extension("raw");
    let mut command = Command::new(ffmpeg);
    command.args(["-hide_banner", "-nostdin", "-v", "error", "-y", "-i"]).arg(path);
    command.args(["-f", "s16le", "-ar", &rate.to_string()]).arg(&output);
    let (success, _, said) = run(&mut command);
    assert!(success && said.is_empty(), "{}: {said}", path.display());
    std::fs::read(output).unwrap().chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// By how many samples `decoded` is late, by the correlation of the loudest channel over its loudest half second.
fn best_shift(source: &[i16], decoded: &[i16], channels: usize) -> i64 {
    let energy =
        |channel: usize| source.iter().skip(channel).step_by(channels).map(|&s| i64::from(s).pow(2)).sum::<i64>();
    let loudest = (0..channels).max_by_key(|&channel| energy(channel)).unwrap();
    let pick =
        |samples: &[i16]| samples.iter().skip(loudest).step_by(channels).map(|&s| f64::from(s)).collect::<Vec<_>>();
    let (source, decoded) = (pick(source), pick(decoded));
    let window = 24_000.min(source.len() - 400);
    let power = |start: usize| source[start..start + window].iter().map(|s| s * s).sum::<f64>();
    let starts = (200..source.len() - window - 199).step_by(window / 4);
    let start = starts.max_by(|&a, &b| power(a).total_cmp(&power(b))).unwrap();
    let correlation = |shift: i64| {
        let other = &decoded[(start as i64 + shift) as usize..][..window];
        source[start..start + window].iter().zip(other).map(|(a, b)| a * b).sum::<f64>()
    };
    (-100..=100).max_by(|&a, &b| correlation(a).total_cmp(&correlation(b))).unwrap()
}

#[test]
fn picture_and_sound_start_and_end_together() {
    let Some(folder) = media() else { return };
    let readers = Readers::find();
    let out = tempfile::tempdir().unwrap();
    let wav = folder.join("audio/speech_dialog_48k_stereo.wav");
    for name in ["one.mp4", "one.webm", "one.mkv"] {
        let path = out.path().join(name);
        let seconds = encode_film(&folder.join("y4m/flower_176x144_60f.y4m"), &wav, &path);
        for ffmpeg in &readers.ffmpeg {
            let (success, _, said) = run(Command::new(ffmpeg)
                .args(["-hide_banner", "-nostdin", "-v", "warning", "-xerror", "-i"])
                .arg(&path)
                .args(["-f", "null", "-"]));
            assert!(success && said.is_empty(), "{name}: {said}");
        }
        let probe = PathBuf::from("/usr/bin/ffprobe");
        if probe.is_file() {
            let (_, shown, _) = run(Command::new(probe)
                .args(["-v", "error", "-show_entries", "packet=codec_type,pts_time,duration_time", "-of", "csv=p=0"])
                .arg(&path));
            for (kind, wanted, by) in [("video", seconds.0, 0.0011), ("audio", seconds.1, 0.0211)] {
                let times: Vec<(f64, f64)> =
                    shown.lines().filter(|line| line.starts_with(kind)).filter_map(times).collect();
                let start = times.iter().map(|time| time.0).fold(f64::MAX, f64::min);
                let end = times.iter().map(|time| time.0 + time.1).fold(0.0, f64::max);
                // FFmpeg shows the priming before 0, and in Matroska the padding.
                assert!(start > -0.0075 && start < 0.0011, "{name}: {kind} starts at {start}");
                assert!((end - wanted).abs() <= by, "{name}: {kind} ends at {end}, not {wanted}");
            }
        }
    }
}

fn times(line: &str) -> Option<(f64, f64)> {
    let mut fields = line.split(',').skip(1);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// A clip with a WAV, fed in step; how long each is in seconds.
fn encode_film(y4m: &Path, wav: &Path, path: &Path) -> (f64, f64) {
    let mut frames = Y4mReader::new(std::fs::File::open(y4m).unwrap()).unwrap();
    let mut sound = AudioReader::open(wav).unwrap();
    let (picture_info, sound_info) = (frames.info().clone(), sound.info().clone());
    let rate = picture_info.frame_rate.unwrap();
    let mut encoder = Encoder::new();
    let options = VideoOptions::new(picture_info.width, picture_info.height).frame_rate(rate);
    let mut video = encoder.add_video(options).unwrap();
    let mut audio = encoder.add_audio(AudioOptions::new(sound_info.sample_rate, sound_info.channels.into())).unwrap();
    encoder.open_file(path).unwrap();
    while let Some(frame) = frames.next_frame().unwrap() {
        let view: FrameView<'_> = frame.frame;
        video.add_frame(&view).unwrap();
    }
    while let Some(block) = sound.next_block().unwrap() {
        audio.add_samples(block).unwrap();
    }
    let report = encoder.close().unwrap();
    let length = |index: usize| {
        let stream = &report.streams[index];
        stream.time_base.rescale(stream.duration, TimeBase::NANOSECONDS).unwrap() as f64 / 1e9
    };
    (length(0), length(1))
}
