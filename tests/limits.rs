//! What is refused because it is too much, and numbers near the ends of u32, i32, i64 and u64: each is taken or refused in
//! words, nothing panics or takes memory, and the stream goes on with the next call.
#![cfg(feature = "formats")]

use std::io::Cursor;
use std::time::Duration;

use framewright::inspect::inspect;
use framewright::media::{
    AudioTrack, CodecConfig, Cue, Packet, PcmConfig, RawConfig, TimeBase, Track, TrackKind, VideoTrack,
};
use framewright::sink::{SeekSink, SharedWriter};
use framewright::{
    AudioCodec, AudioOptions, AudioSamples, Container, Encoder, EncoderOptions, Error, ErrorKind, FrameFormat,
    FrameRate, FrameView, Layout, Limits, PacketWriter, PixelFormat, SampleFormat, SubtitleOptions, Timestamp,
    VideoCodec, VideoOptions,
};

type Memory = SharedWriter<Cursor<Vec<u8>>>;

/// Whole numbers about each end that a field of a file or a type may have.
const ENDS: &[i64] = &[
    i64::MIN,
    i64::MIN + 1,
    i64::MIN / 2,
    -(1 << 53),
    -(1 << 32) - 1,
    -(1 << 32),
    i32::MIN as i64 - 1,
    i32::MIN as i64,
    -(1 << 15) - 1,
    -1,
    0,
    1,
    255,
    256,
    (1 << 15) - 1,
    (1 << 15),
    (1 << 16) - 1,
    (1 << 16),
    i32::MAX as i64 - 1,
    i32::MAX as i64,
    i32::MAX as i64 + 1,
    u32::MAX as i64 - 1,
    u32::MAX as i64,
    u32::MAX as i64 + 1,
    1 << 33,
    1 << 53,
    i64::MAX / 2 - 1,
    i64::MAX / 2,
    i64::MAX - 1,
    i64::MAX,
];

fn gray(pixels: &[u8]) -> FrameView<'_> {
    FrameView::gray(16, 16, pixels).unwrap()
}

fn limited(limits: Limits) -> Encoder {
    Encoder::with_options(EncoderOptions::new().limits(limits)).unwrap()
}

fn in_memory(encoder: &mut Encoder, container: Container) -> Memory {
    let memory = SharedWriter::new(Cursor::new(Vec::new()));
    encoder.open_writer(memory.clone(), container).unwrap();
    memory
}

fn bytes_of(memory: Memory) -> Vec<u8> {
    memory.into_inner().unwrap().into_inner()
}

fn motion_jpeg() -> VideoOptions {
    VideoOptions::new(16, 16).codec(VideoCodec::Mjpeg)
}

/// The error is of kind `Limit`, and names the limit with its value.
#[track_caller]
fn assert_over(error: Error, name: &str, value: &str) {
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    let message = error.to_string();
    assert!(message.contains(&format!("`{name}` is {value}; raise it")), "{message}");
}

#[test]
fn frames_have_a_limit() {
    let mut encoder = limited(Limits::new().max_frame_pixels(400));
    assert_over(encoder.add_video(VideoOptions::new(21, 20)).unwrap_err(), "max_frame_pixels", "400");
    let scaled = VideoOptions::new(20, 20).out_size(401, 1);
    assert_over(encoder.add_video(scaled).unwrap_err(), "max_frame_pixels", "400");
    // Where they are scaled, frames have any size.
    let scaled = VideoOptions::new(20, 20).out_size(16, 16).codec(VideoCodec::Mjpeg);
    let mut video = encoder.add_video(scaled).unwrap();
    let memory = in_memory(&mut encoder, Container::Mov);
    let pixels = [70; 21 * 20];
    let error = video.add_frame(&FrameView::gray(21, 20, &pixels).unwrap()).unwrap_err();
    assert!(error.to_string().contains("frame 0 is 21x20"), "{error}");
    assert_over(error, "max_frame_pixels", "400");
    video.add_frame(&FrameView::gray(20, 20, &pixels[..400]).unwrap()).unwrap();
    assert_eq!(encoder.close().unwrap().streams[0].packets, 1);
    assert!(!bytes_of(memory).is_empty());
}

#[test]
fn streams_have_a_limit() {
    let mut encoder = limited(Limits::new().max_streams(2));
    let _video = encoder.add_video(motion_jpeg()).unwrap();
    let _audio = encoder.add_audio(AudioOptions::new(8_000, 1)).unwrap();
    let third = encoder.add_subtitles(SubtitleOptions::new()).unwrap_err();
    assert_over(third, "max_streams", "2");
    let mut full = Encoder::new();
    let _streams: Vec<_> = (0..126).map(|_| full.add_audio(AudioOptions::new(8_000, 1)).unwrap()).collect();
    let error = full.add_video(motion_jpeg()).unwrap_err();
    assert!(error.kind() == ErrorKind::Limit && error.to_string().contains("at most 126"), "{error}");
    in_memory(&mut encoder, Container::Matroska);
}

#[test]
fn samples_of_a_call_have_a_limit() {
    let mut encoder = limited(Limits::new().max_samples_per_call(100));
    let mut audio = encoder.add_audio(AudioOptions::new(8_000, 2).codec(AudioCodec::Pcm)).unwrap();
    let _memory = in_memory(&mut encoder, Container::Wav);
    let samples = [0i16; 202];
    let block = |values| AudioSamples::interleaved(&samples[..values], 2).unwrap();
    assert_over(audio.add_samples(block(202)).unwrap_err(), "max_samples_per_call", "100");
    audio.add_samples(block(200)).unwrap();
    // Silence counts: 100 of it and one sample are too many.
    let at = |sample| Timestamp::new(sample, TimeBase::per_second(8_000));
    assert_over(audio.add_samples_at(block(2), at(200)).unwrap_err(), "max_samples_per_call", "100");
    assert_eq!(audio.samples(), 100);
    audio.add_samples_at(block(2), at(199)).unwrap();
    assert_eq!(audio.samples(), 200);
    encoder.close().unwrap();
}

/// Frames, ends of frames, samples, gaps and cues: up to the limit they are taken, past it they are not, and the file has what
/// was taken.
#[test]
fn time_has_a_limit() {
    let mut encoder = limited(Limits::new().max_duration(Duration::from_secs(10)));
    let mut video = encoder.add_video(motion_jpeg().time_base(TimeBase::MILLISECONDS)).unwrap();
    let mut audio = encoder.add_audio(AudioOptions::new(8_000, 1).codec(AudioCodec::Pcm)).unwrap();
    let mut subtitles = encoder.add_subtitles(SubtitleOptions::new()).unwrap();
    let memory = in_memory(&mut encoder, Container::Matroska);
    let at = Timestamp::from_millis;
    let pixels = [9; 256];
    let samples = [0i16; 8_000];
    let block = AudioSamples::interleaved(&samples[..], 1).unwrap();
    let cue = Cue::new("a word");
    let limit = "10 seconds";

    assert_over(subtitles.add_cue(at(9_000), at(10_001), &cue).unwrap_err(), "max_duration", limit);
    subtitles.add_cue(at(9_000), at(10_000), &cue).unwrap();
    subtitles.finish().unwrap();

    video.add_frame_at(&gray(&pixels), at(0)).unwrap();
    assert_over(video.add_frame_at(&gray(&pixels), at(10_001)).unwrap_err(), "max_duration", limit);
    // A clock of the wall, as programs have it by mistake.
    assert_over(video.add_frame_at(&gray(&pixels), at(1_790_000_000_000)).unwrap_err(), "max_duration", limit);
    video.add_frame_at(&gray(&pixels), at(9_000)).unwrap();
    assert_over(video.end_at(at(10_001)).unwrap_err(), "max_duration", limit);
    video.end_at(at(10_000)).unwrap();

    assert_over(audio.add_samples_at(block, at(9_001)).unwrap_err(), "max_duration", limit);
    assert_eq!(audio.samples(), 0);
    audio.add_samples_at(block, at(500)).unwrap();
    assert_over(audio.add_samples_at(block, at(9_001)).unwrap_err(), "max_duration", limit);
    audio.add_samples_at(block, at(9_000)).unwrap();
    assert_over(audio.add_samples(block).unwrap_err(), "max_duration", limit);

    let report = encoder.close().unwrap();
    assert_eq!(report.duration, Duration::from_secs(10));
    let info = inspect(Cursor::new(bytes_of(memory))).unwrap();
    let duration = info.duration;
    assert_eq!(duration.base.rescale(duration.ticks, TimeBase::MILLISECONDS), Some(10_000));
}

/// Memory of engines is reckoned before the sink is made.
#[test]
fn engines_have_a_limit() {
    let make = |limits: Limits, options: VideoOptions| {
        let mut encoder = limited(limits);
        let _video = encoder.add_video(options).unwrap();
        let memory = SharedWriter::new(Cursor::new(Vec::new()));
        encoder.open_writer(memory.clone(), Container::Matroska)
    };
    let tight = Limits::new().max_engine_bytes(256 << 20);
    make(tight, VideoOptions::new(640, 360)).unwrap();
    assert_over(make(tight, VideoOptions::new(1920, 1080)).unwrap_err(), "max_engine_bytes", "268435456");
    let groups = VideoOptions::new(640, 360).parallel_groups(16);
    assert_over(make(tight, groups).unwrap_err(), "max_engine_bytes", "268435456");
    make(tight, VideoOptions::new(1920, 1080).codec(VideoCodec::Mjpeg)).unwrap();
    // The largest that AV1 has: no machine is asked for it unless that is said.
    let widest = Limits::new().max_frame_pixels(16_384 * 8_704);
    assert_over(make(widest, VideoOptions::new(16_384, 8_704)).unwrap_err(), "max_engine_bytes", "17179869184");
}

/// A frame of 65535 x 65535 is an error in each codec, and so is any size about the ends of its type.
#[test]
fn sizes_near_the_ends() {
    let sides = [0, 1, 15, 16, 17, 16_383, 16_384, 16_385, 65_535, 65_536, i32::MAX as u32, 1 << 31, u32::MAX];
    for codec in [None, Some(VideoCodec::Av1), Some(VideoCodec::Mjpeg), Some(VideoCodec::Raw)] {
        for width in sides {
            for height in sides {
                let mut options = VideoOptions::new(width, height);
                if let Some(codec) = codec {
                    options = options.codec(codec);
                }
                let allowed = (1..=16_384).contains(&width) && (1..=16_384).contains(&height);
                let area = u64::from(width) * u64::from(height);
                let expected = match allowed && area <= 16_384 * 8_704 {
                    false => Some(ErrorKind::InvalidOption),
                    true => (area > 8192 * 8192).then_some(ErrorKind::Limit),
                };
                for options in [options.clone(), VideoOptions::new(16, 16).out_size(width, height)] {
                    let added = Encoder::new().add_video(options);
                    assert_eq!(added.err().map(|error| error.kind()), expected, "{width}x{height} {codec:?}");
                }
            }
        }
    }
    // Planes that cannot be there.
    for side in [65_536, u32::MAX] {
        for view in [FrameView::rgba(side, side, &[0; 16]), FrameView::i444(side, side, &[0u16; 16][..])] {
            assert_eq!(view.unwrap_err().kind(), ErrorKind::InvalidInput);
        }
    }
    for stride in [0, 3, usize::MAX / 2, usize::MAX] {
        let planes: &[(&[u8], usize)] = &[(&[0; 16], stride)];
        let planes: Vec<_> = planes.iter().map(|&(data, stride)| (data.into(), stride)).collect();
        let view = FrameView::from_planes(FrameFormat::Gray, 4, 4, &planes);
        assert_eq!(view.unwrap_err().kind(), ErrorKind::InvalidInput, "a stride of {stride}");
    }
}

#[test]
fn rates_and_channels_near_the_ends() {
    let ends = [0, 1, i32::MAX as u32, 1 << 31, u32::MAX - 1, u32::MAX];
    for num in ends {
        for den in ends {
            let valid = num > 0 && den > 0 && num <= den.saturating_mul(1000) && u64::from(num) * 3_600 >= den.into();
            let options = motion_jpeg().frame_rate(FrameRate::new(num, den));
            let added = Encoder::new().add_video(options);
            // With a numerator and a denominator near the end, a frame has more ticks than can be written.
            assert!(added.is_ok() == valid || den > 1 << 31, "{num}/{den}: {added:?}");
        }
    }
    for rate in [0, 1, 7_999, 192_001, i32::MAX as u32, u32::MAX] {
        assert!(Encoder::new().add_audio(AudioOptions::new(rate, 1)).is_err(), "{rate} Hz");
    }
    for channels in [0, 9, 256, u32::MAX as usize, usize::MAX] {
        assert!(Encoder::new().add_audio(AudioOptions::new(48_000, channels)).is_err(), "{channels} channels");
        assert!(AudioSamples::interleaved(&[0i16; 16], channels).is_err(), "{channels} channels");
    }
}

/// Each time stamp about the ends, in each unit, at the start of a stream and behind a frame: what is refused leaves no trace,
/// and what is taken is in the file.
#[test]
fn time_stamps_near_the_ends() {
    let limits = Limits::new().max_duration(Duration::from_secs(100 * 365 * 24 * 3600));
    let units =
        [TimeBase::per_second(1), TimeBase::MILLISECONDS, TimeBase::NANOSECONDS, TimeBase::per_second(u32::MAX)];
    let layouts = [
        (Container::Mp4, Layout::Plain),
        (Container::Mp4, Layout::Fragmented),
        (Container::Mov, Layout::Plain),
        (Container::Matroska, Layout::Plain),
    ];
    let pixels = [9; 256];
    let (mut taken, mut refused) = (0, 0);
    for (container, layout) in layouts {
        for unit in units {
            for &ticks in ENDS {
                let options = EncoderOptions::new().limits(limits).layout(layout);
                let mut encoder = Encoder::with_options(options).unwrap();
                let codec = if container == Container::Mp4 { VideoCodec::Av1 } else { VideoCodec::Mjpeg };
                let rate = if unit.den() == 1 { 1 } else { 25 };
                let mut video =
                    encoder.add_video(VideoOptions::new(16, 16).codec(codec).time_base(unit).frame_rate(rate)).unwrap();
                let memory = in_memory(&mut encoder, container);
                let (mut frames, mut failed) = (0, false);
                for stamp in [ticks, 0, ticks] {
                    match video.add_frame_at(&gray(&pixels), Timestamp::new(stamp, unit)) {
                        Ok(()) => frames += 1,
                        Err(error) => {
                            refused += 1;
                            // What the container cannot say ends the file, as the packet is there.
                            failed |= error.kind() == ErrorKind::State;
                            let known = matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Limit);
                            assert!(known || failed, "{ticks}: {error}");
                        }
                    }
                }
                let case = format!("{container} {layout} {ticks} x {unit}");
                assert!(frames > 0 || failed, "{case}: 0 is always a time");
                match encoder.close() {
                    Ok(report) => {
                        taken += 1;
                        assert_eq!(report.streams[0].packets, frames, "{case}");
                        let info = inspect(Cursor::new(bytes_of(memory))).unwrap_or_else(|e| panic!("{case}: {e}"));
                        assert_eq!(info.tracks[0].packets, frames, "{case}");
                    }
                    Err(error) => {
                        let kind = error.kind();
                        assert!(matches!(kind, ErrorKind::State | ErrorKind::Limit), "{case}: {error}");
                    }
                }
            }
        }
    }
    assert!(taken > 200 && refused > 200, "{taken} taken, {refused} refused");
}

/// Samples that begin about the ends, at once and behind others.
#[test]
fn sound_near_the_ends() {
    let samples = [5i16; 80];
    let block = AudioSamples::interleaved(&samples, 1).unwrap();
    for container in [Container::Mp4, Container::Matroska, Container::Wav, Container::Avi] {
        for unit in [TimeBase::per_second(8_000), TimeBase::NANOSECONDS, TimeBase::per_second(1)] {
            for &ticks in ENDS {
                let mut encoder = Encoder::new();
                let mut audio = encoder.add_audio(AudioOptions::new(8_000, 1).codec(AudioCodec::Pcm)).unwrap();
                let memory = in_memory(&mut encoder, container);
                let case = format!("{container}: {ticks} x {unit}");
                // A late start is silence in WAV: not hours of it, in a test.
                let seconds = i128::from(ticks) / i128::from(unit.den());
                if seconds.unsigned_abs() > 10 && seconds.unsigned_abs() < 366 * 24 * 3600 {
                    continue;
                }
                for at in [ticks, 0, ticks] {
                    if let Err(error) = audio.add_samples_at(block, Timestamp::new(at, unit)) {
                        let kind = error.kind();
                        assert!(matches!(kind, ErrorKind::InvalidInput | ErrorKind::Limit), "{case}: {error}");
                    }
                }
                audio.add_samples(block).unwrap();
                let heard = audio.samples();
                assert!(heard >= 160, "{case}: {heard}");
                encoder.close().unwrap_or_else(|error| panic!("{case}: {error}"));
                inspect(Cursor::new(bytes_of(memory))).unwrap_or_else(|error| panic!("{case}: {error}"));
            }
        }
    }
}

#[test]
fn cues_near_the_ends() {
    let cue = Cue::new("word");
    for container in [Container::Mp4, Container::Matroska] {
        for &start in ENDS {
            for &end in ENDS {
                let mut encoder = Encoder::new();
                let mut subtitles = encoder.add_subtitles(SubtitleOptions::new()).unwrap();
                let memory = in_memory(&mut encoder, container);
                let at = Timestamp::from_millis;
                let added = subtitles.add_cue(at(start), at(end), &cue);
                let year = 366 * 24 * 3_600_000;
                let fits = start >= 0 && end > start && end <= year && end - start <= i64::from(u32::MAX);
                assert_eq!(added.is_ok(), fits, "{container}: {start} to {end}: {added:?}");
                subtitles.advance_to(at(end)).unwrap();
                subtitles.finish().unwrap();
                let closed = encoder.close();
                assert_eq!(closed.is_ok(), fits, "{container}: {start} to {end}: {closed:?}");
                if fits {
                    inspect(Cursor::new(bytes_of(memory))).unwrap();
                }
            }
        }
    }
}

/// The muxers by themselves: times, lengths and trims about the ends, in each container that takes such a track.
#[test]
fn packets_near_the_ends() {
    let raw = RawConfig { format: PixelFormat::Gray };
    let picture = |base| Track::new(TrackKind::Video(VideoTrack::new(16, 16)), CodecConfig::Raw(raw.clone()), base);
    let pcm = PcmConfig { sample_rate: 8_000, channels: 1, format: SampleFormat::S16 };
    let sound = |base| {
        Track::new(
            TrackKind::Audio(AudioTrack { sample_rate: 8_000, channels: 1 }),
            CodecConfig::Pcm(pcm.clone()),
            base,
        )
    };
    let lengths = [1, 2, i32::MAX as u32, 1 << 31, u32::MAX - 1, u32::MAX];
    let (mut whole, mut refused) = (0, 0);
    for &container in Container::ALL {
        for unit in [TimeBase::per_second(8_000), TimeBase::NANOSECONDS, TimeBase::per_second(u32::MAX)] {
            for (track, bytes) in [(picture(unit), 256), (sound(unit), 2)] {
                for &pts in ENDS {
                    for duration in lengths {
                        for trim_end in [0, duration] {
                            // What a container does not take it refuses at once.
                            let sink = SeekSink::new(Cursor::new(Vec::new())).unwrap();
                            let Ok(mut writer) = PacketWriter::new(container, vec![track.clone()], sink) else {
                                continue;
                            };
                            let mut packet = Packet::new(0, pts, duration, true, vec![0; bytes]);
                            packet.trim_end = trim_end;
                            let written = writer.write(packet);
                            match written.and_then(|()| writer.finish()) {
                                Ok(sink) => {
                                    whole += 1;
                                    drop(sink);
                                }
                                Err(error) => {
                                    refused += 1;
                                    assert_ne!(error.kind(), ErrorKind::Io, "{container} {pts} {duration}: {error}");
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(whole > 100 && refused > 100, "{whole} whole, {refused} refused");
}
