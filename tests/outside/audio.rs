//! Ogg, WAV and FLAC files, read by programs and crates that know nothing of this one: without a word, with the samples
//! that went in, the tags and the cover, and in Chromium to the end.

use std::fs::File;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::Command;

use framewright::media::{Chapter, Cover, Metadata};
use framewright::{
    AudioCodec, AudioOptions, AudioSamples, Container, Encoder, EncoderOptions, Layout, MuxOptions, SampleFormat,
    Timestamp,
};

use super::readers::{Readers, run, tool};
use super::script;

struct Case {
    name: &'static str,
    codec: AudioCodec,
    format: SampleFormat,
    rate: u32,
    channels: usize,
    live: bool,
}

const fn case(name: &'static str, codec: AudioCodec, format: SampleFormat, rate: u32, channels: usize) -> Case {
    Case { name, codec, format, rate, channels, live: false }
}

const fn live(name: &'static str, codec: AudioCodec, format: SampleFormat, rate: u32, channels: usize) -> Case {
    Case { live: true, ..case(name, codec, format, rate, channels) }
}

use AudioCodec::{Flac, Opus, Pcm};
use SampleFormat::{F32, S16, S24, S32};

const CASES: &[Case] = &[
    case("stereo.ogg", Opus, S16, 48_000, 2),
    case("mono.opus", Opus, S16, 48_000, 1),
    case("surround.opus", Opus, S16, 48_000, 6),
    live("live.opus", Opus, S16, 48_000, 2),
    case("flac.oga", Flac, S16, 44_100, 2),
    live("deep-live.ogg", Flac, S24, 96_000, 1),
    case("cd.flac", Flac, S16, 44_100, 2),
    case("deep.flac", Flac, S24, 96_000, 2),
    case("surround.flac", Flac, S16, 48_000, 6),
    live("live.flac", Flac, S16, 48_000, 1),
    case("cd.wav", Pcm, S16, 44_100, 2),
    case("deep.wav", Pcm, S24, 48_000, 1),
    case("deeper.wav", Pcm, S32, 96_000, 2),
    case("float.wav", Pcm, F32, 48_000, 2),
    case("surround.wav", Pcm, S16, 48_000, 6),
    live("live.wav", Pcm, S16, 48_000, 2),
];

impl Case {
    /// An odd number, which ends within a packet.
    fn frames(&self) -> usize {
        self.rate as usize * 3 / 2 + 77
    }

    fn seconds(&self) -> f64 {
        self.frames() as f64 / f64::from(self.rate)
    }

    /// Tones with a beat, as integers of 32 bits whose low ones are used as far as the format goes; each channel has its
    /// own, and is silent for its first 100 samples.
    fn samples(&self) -> Vec<i32> {
        let unused = 32 - self.format.bits().min(24);
        let sample = |frame: usize, channel: usize| {
            let time = frame as f64 / f64::from(self.rate);
            let pitch = 300.0 + 170.0 * channel as f64 + 40.0 * time;
            let loudness = if frame < 100 { 0.0 } else { 1e9 };
            ((time * pitch * std::f64::consts::TAU).sin() * loudness) as i32 >> unused << unused
        };
        (0..self.frames()).flat_map(|frame| (0..self.channels).map(move |channel| sample(frame, channel))).collect()
    }

    fn write(&self, folder: &Path) -> PathBuf {
        let path = folder.join(self.name);
        let options = EncoderOptions::new().mux(MuxOptions::new().metadata(metadata(self.codec)));
        let mut encoder = Encoder::with_options(options).unwrap();
        let mut options = AudioOptions::new(self.rate, self.channels).codec(self.codec);
        if self.codec != Opus {
            options = options.sample_format(self.format);
        }
        let mut audio = encoder.add_audio(options).unwrap();
        let extension = path.extension().unwrap().to_str().unwrap();
        match self.live {
            false => encoder.open_file(&path).unwrap(),
            true => {
                let container = Container::from_extension(extension).unwrap();
                encoder.open_stream(File::create(&path).unwrap(), container).unwrap();
            }
        }
        let samples = self.samples();
        for piece in samples.chunks(self.channels * 4_000) {
            audio.add_samples(AudioSamples::interleaved(piece, self.channels).unwrap()).unwrap();
        }
        encoder.close().unwrap();
        path
    }

    /// The samples as FFmpeg's raw format has them, and its name.
    fn raw(&self) -> (&'static str, Vec<u8>) {
        let samples = self.samples();
        let cut = |bytes: usize| samples.iter().flat_map(move |sample| sample.to_le_bytes()[4 - bytes..].to_vec());
        match self.format {
            S16 => ("s16le", cut(2).collect()),
            S24 => ("s24le", cut(3).collect()),
            S32 => ("s32le", cut(4).collect()),
            _ => {
                let floats = samples.iter().map(|&sample| (f64::from(sample) / 2_147_483_648.0) as f32);
                ("f32le", floats.flat_map(f32::to_le_bytes).collect())
            }
        }
    }
}

/// WAV has no place for a cover.
fn metadata(codec: AudioCodec) -> Metadata {
    let metadata = Metadata::new()
        .tag("title", "The walk")
        .tag("artist", "Ada")
        .tag("album", "Hills")
        .tag("date", "2026")
        .tag("track", "3")
        .tag("genre", "Field")
        .chapter(Chapter::new(Timestamp::from_millis(0), "Start"))
        .chapter(Chapter::new(Timestamp::from_millis(750), "Over the hill"));
    if codec == Pcm { metadata } else { metadata.cover(Cover::new(cover()).unwrap()) }
}

fn cover() -> Vec<u8> {
    let mut jpeg = Vec::new();
    let pixels: Vec<u8> = (0..64 * 48 * 3).map(|at| (at / 37) as u8).collect();
    jpeg_encoder::Encoder::new(&mut jpeg, 80).encode(&pixels, 64, 48, jpeg_encoder::ColorType::Rgb).unwrap();
    jpeg
}

fn is_ogg(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension != "wav" && extension != "flac")
}

fn write_all(folder: &Path) -> Vec<PathBuf> {
    CASES.iter().map(|case| case.write(folder)).collect()
}

#[test]
fn ffmpeg_decodes_what_went_in_without_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let paths = write_all(folder.path());
    let mut faults = Vec::new();
    for ffmpeg in &Readers::find().ffmpeg {
        for (case, path) in CASES.iter().zip(&paths) {
            faults.extend(ffmpeg_fault(ffmpeg, case, path).map(|fault| format!("{ffmpeg:?} {}: {fault}", case.name)));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

fn ffmpeg_fault(ffmpeg: &Path, case: &Case, path: &Path) -> Option<String> {
    let (format, wanted) = case.raw();
    let out = path.with_extension("raw");
    let mut command = Command::new(ffmpeg);
    command.args(["-hide_banner", "-nostdin", "-v", "warning", "-y"]);
    // Of a WAV of unknown length, the last packet that FFmpeg reads is shorter than it wanted, which it calls corrupt.
    let endless = case.live && case.codec == Pcm;
    if !endless {
        command.arg("-xerror");
    }
    command.arg("-i").arg(path);
    let (success, _, said) =
        run(command.args(["-map", "0:a", "-f", format, "-c:a", &format!("pcm_{format}")]).arg(&out));
    // Two channels of 16 bits have no mask in WAV; the rest is said of every stream without a length.
    // What FFmpeg 5.1 says of the cover it says of the JPEG file by itself too.
    let inherent = [
        "Guessed Channel Layout",
        "Estimating duration from bitrate",
        "Ignoring maximum wav data size",
        "EOI missing, emulating",
    ];
    let said = said.lines().filter(|line| !inherent.iter().any(|words| line.contains(words)));
    let said: Vec<_> = said.filter(|line| !(endless && line.contains("orrupt"))).collect();
    if !success || !said.is_empty() {
        return Some(format!("success {success}, said {said:?}"));
    }
    let decoded = std::fs::read(out).unwrap();
    if decoded.len() != wanted.len() {
        return Some(format!("{} bytes of sound instead of {}", decoded.len(), wanted.len()));
    }
    if case.codec == Opus {
        let shift = best_shift(&samples(&decoded), &samples(&wanted), case.channels);
        return (shift != 0).then(|| format!("the sound is shifted by {shift} samples"));
    }
    (decoded != wanted).then(|| "other samples".into())
}

fn samples(bytes: &[u8]) -> Vec<f64> {
    bytes.chunks_exact(2).map(|bytes| i16::from_le_bytes([bytes[0], bytes[1]]).into()).collect()
}

/// By how many samples `decoded` is later than `wanted`, by the least difference in the first channel.
fn best_shift(decoded: &[f64], wanted: &[f64], channels: usize) -> i64 {
    let error = |shift: i64| {
        let frames = 5_000..50_000usize;
        let at = |frame: usize| (frame as i64 + shift) as usize * channels;
        frames.map(|frame| (decoded[at(frame)] - wanted[frame * channels]).powi(2)).sum::<f64>()
    };
    (-40..=40).min_by(|&a, &b| error(a).total_cmp(&error(b))).unwrap()
}

#[test]
fn the_tools_of_each_format_find_no_fault() {
    let folder = tempfile::tempdir().unwrap();
    let paths = write_all(folder.path());
    let (opusinfo, oggz, flac, metaflac) = (tool("opusinfo"), tool("oggz-validate"), tool("flac"), tool("metaflac"));
    let mut faults = Vec::new();
    let mut check = |tool: &Option<PathBuf>, arguments: &[&str], path: &Path, words: &[&str]| {
        let Some(tool) = tool else { return };
        let (success, out, said) = run(Command::new(tool).args(arguments).arg(path));
        let said = out + &said;
        // A stream has no MD5, since it had to be said before the first sample.
        let is_complaint = |line: &&str| line.to_lowercase().contains("warning") && !line.contains("cannot check MD5");
        let complaint = said.lines().find(is_complaint);
        let missing = words.iter().find(|words| !said.contains(**words));
        if !success || complaint.is_some() || missing.is_some() {
            faults.push(format!("{tool:?} {path:?}: success {success}, {complaint:?}, misses {missing:?}: {said}"));
        }
    };
    for (case, path) in CASES.iter().zip(&paths) {
        if is_ogg(path) {
            check(&oggz, &[], path, &[]);
        }
        match case.codec {
            Opus => check(
                &opusinfo,
                &[],
                path,
                &["TITLE=The walk", "ARTIST=Ada", "CHAPTER002=00:00:00.750", "METADATA_BLOCK_PICTURE=3"],
            ),
            Flac if is_ogg(path) => check(&flac, &["-t", "-s", "--ogg"], path, &[]),
            Flac if case.live => check(&flac, &["-t", "-s"], path, &[]),
            Flac => {
                check(&flac, &["-t", "-s", "-w"], path, &[]);
                let words = ["TITLE=The walk", "CHAPTER002NAME=Over the hill", "MIME type: image/jpeg", "width: 64"];
                check(&metaflac, &["--list"], path, &words);
            }
            _ => {}
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn tags_and_covers_are_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let paths = write_all(folder.path());
    let (exiftool, mediainfo) = (tool("exiftool"), tool("mediainfo"));
    let mut faults = Vec::new();
    for (case, path) in CASES.iter().zip(&paths) {
        if let Some(exiftool) = &exiftool {
            let (_, out, _) = run(Command::new(exiftool).arg(path));
            for words in ["The walk", "Ada", "Hills", "2026"] {
                if !out.contains(words) {
                    faults.push(format!("exiftool does not find {words} in {}: {out}", case.name));
                }
            }
        }
        if let Some(mediainfo) = &mediainfo {
            let template = "--Output=General;%Title%|%Performer%|%Album%|%Track/Position%|%Cover%";
            let (_, out, _) = run(Command::new(mediainfo).arg(template).arg(path));
            // It knows INAM alone of INFO, and no comments of FLAC in Ogg.
            let wanted = match case.codec {
                Pcm => "The walk||||",
                Flac if is_ogg(path) => "||||",
                _ => "The walk|Ada|Hills|3|Yes",
            };
            if out.trim() != wanted {
                faults.push(format!("mediainfo says {out} of {}", case.name));
            }
        }
        if let Some(ffprobe) = tool("ffprobe") {
            let arguments =
                ["-v", "error", "-show_chapters", "-show_entries", "format_tags:stream_tags", "-of", "compact"];
            let (_, out, _) = run(Command::new(ffprobe).args(arguments).arg(path));
            if !out.contains("Over the hill") || !out.contains("0.750000") {
                faults.push(format!("ffprobe says {out} of {}", case.name));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn chromium_and_mediabunny_play_them() {
    let folder = tempfile::tempdir().unwrap();
    let paths = write_all(folder.path());
    let readers = Readers::find();
    let mut faults = Vec::new();
    for (node, name, tolerance) in [(&readers.chromium, "play.mjs", 0.001), (&readers.mediabunny, "demux.mjs", 0.02)] {
        let Some(node) = node else { continue };
        let results = script(node, name, &paths);
        for (case, path) in CASES.iter().zip(&paths) {
            // It reads no FLAC in Ogg.
            if name == "demux.mjs" && case.codec == Flac && is_ogg(path) {
                continue;
            }
            let result = results.get(path).cloned().unwrap_or_default();
            let ended = name == "demux.mjs" || result["ended"] == true;
            let tolerance = match case.codec {
                // What a stream does not say, the player guesses.
                _ if case.live => 0.1,
                // Chromium counts the pre-skip of Ogg files, those of other writers too.
                Opus => 0.02,
                _ => tolerance,
            };
            let duration = result["duration"].as_f64().unwrap_or(-1.0);
            if !ended || (duration - case.seconds()).abs() > tolerance {
                faults.push(format!("{name} {}: {result} for {} s", case.name, case.seconds()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn hound_and_symphonia_read_the_same_samples() {
    let folder = tempfile::tempdir().unwrap();
    for case in CASES.iter().filter(|case| case.codec != Opus) {
        let path = case.write(folder.path());
        let bytes = std::fs::read(&path).unwrap();
        let shift = 32 - case.format.bits().min(24);
        let is_wav = path.extension().is_some_and(|name| name == "wav");
        if is_wav && !case.live && case.format != F32 {
            let mut reader = hound::WavReader::new(Cursor::new(&bytes)).unwrap();
            assert_eq!((reader.spec().channels as usize, reader.spec().sample_rate), (case.channels, case.rate));
            let read: Vec<i32> = reader.samples::<i32>().map(Result::unwrap).collect();
            let bits = 32 - case.format.bits();
            assert!(read.iter().map(|sample| sample << bits).eq(case.samples()), "hound: {}", case.name);
        }
        let read = symphonia_samples(bytes);
        let exact = read.iter().map(|sample| sample >> shift << shift).eq(case.samples());
        assert!(exact, "symphonia: {} samples of {}", read.len(), case.name);
    }
}

fn symphonia_samples(bytes: Vec<u8>) -> Vec<i32> {
    use symphonia::core::codecs::audio::AudioDecoderOptions;
    use symphonia::core::formats::{FormatOptions, TrackType, probe::Hint};
    use symphonia::core::io::MediaSourceStream;
    use symphonia::core::meta::MetadataOptions;
    let source = MediaSourceStream::new(Box::new(Cursor::new(bytes)), Default::default());
    let probe = symphonia::default::get_probe();
    let mut format = probe.probe(&Hint::new(), source, FormatOptions::default(), MetadataOptions::default()).unwrap();
    let track = format.default_track(TrackType::Audio).unwrap();
    let parameters = track.codec_params.as_ref().unwrap().audio().unwrap().clone();
    let mut decoder =
        symphonia::default::get_codecs().make_audio_decoder(&parameters, &AudioDecoderOptions::default()).unwrap();
    let (mut samples, mut piece) = (Vec::new(), Vec::<i32>::new());
    while let Ok(Some(packet)) = format.next_packet() {
        decoder.decode(&packet).unwrap().copy_to_vec_interleaved(&mut piece);
        samples.extend_from_slice(&piece);
    }
    samples
}

#[test]
fn a_layout_that_a_format_has_not_is_refused() {
    let mut encoder = Encoder::with_options(EncoderOptions::new().layout(Layout::Plain)).unwrap();
    let _audio = encoder.add_audio(AudioOptions::new(48_000, 2)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.ogg");
    assert!(encoder.open_file(&path).unwrap_err().to_string().contains("ogg can be live"));
    assert!(!path.exists());
}
