//! The behaviour that users of torchcodec's `Encoder` know, row by row, and what this crate does instead where that
//! is better. Each test is named after its row.

mod support;

use std::io::{self, Cursor, Seek, SeekFrom, Write};
use std::thread;
use std::time::Duration;

use framewright::inspect::Details;
use framewright::media::{Chapter, Cue, Metadata, Orientation, TimeBase};
use framewright::sink::SharedWriter;
use framewright::{
    AudioCodec, AudioEncoder, AudioOptions, AudioSamples, Color, ColorRange, Container, Encoder, EncoderOptions,
    ErrorKind, Feature, FrameBatch, FrameFormat, FrameRate, FrameView, Layout, PixelFormat, QueueFull, Report,
    SubtitleOptions, Timestamp, VideoCodec, VideoEncoder, VideoOptions,
};
use support::{Clip, gradient, tone};

/// Small enough that a frame takes a few milliseconds.
const SIDE: u32 = 32;

fn video() -> VideoOptions {
    VideoOptions::new(SIDE, SIDE).frame_rate(25).threads(1)
}

fn to_memory(encoder: &mut Encoder, container: Container) -> SharedWriter<Cursor<Vec<u8>>> {
    let memory = SharedWriter::new(Cursor::new(Vec::new()));
    encoder.open_writer(memory.clone(), container).unwrap();
    memory
}

fn bytes_of(memory: SharedWriter<Cursor<Vec<u8>>>) -> Vec<u8> {
    memory.into_inner().expect("the encoder has let go of its writer").into_inner()
}

/// One video stream of `frames` frames into `container`.
fn encode_frames(options: VideoOptions, frames: u32, container: Container) -> (Vec<u8>, Report) {
    let clip: Vec<u8> = (0..frames).flat_map(|frame| gradient(SIDE, SIDE, frame)).collect();
    let batch = FrameBatch::nhwc(&clip, frames as usize, SIDE, SIDE, 3).unwrap();
    VideoEncoder::new(batch, options).to_bytes(container).unwrap()
}

#[test]
fn adding_a_stream_after_open_is_a_clear_error() {
    let mut encoder = Encoder::new();
    let _video = encoder.add_video(video()).unwrap();
    let _memory = to_memory(&mut encoder, Container::Mp4);
    for error in [
        encoder.add_video(video()).unwrap_err(),
        encoder.add_audio(AudioOptions::new(48_000, 1)).unwrap_err(),
        encoder.open_file("never.mp4").unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::State);
        assert!(error.to_string().contains("open"), "{error}");
    }
}

#[test]
fn bad_options_are_found_in_add_and_named() {
    let mut encoder = Encoder::new();
    let cases = [
        (video().crf(64), "crf", "0 to 63"),
        (video().preset(11), "preset", "0 to 10"),
        (VideoOptions::new(0, 16), "0x16", "1 to 16384"),
        (video().frame_rate(f64::NAN), "frame_rate", "1/3600"),
        (video().tiles(0), "tiles", "1 to 64"),
    ];
    for (options, name, allowed) in cases {
        let error = encoder.add_video(options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOption);
        assert!(error.to_string().contains(name) && error.to_string().contains(allowed), "{error}");
    }
    let error = VideoOptions::new(1, 1).set("codec", "h264").unwrap_err();
    assert!(error.to_string().contains("`h264`") && error.to_string().contains("av1"), "{error}");
}

#[test]
fn an_unknown_option_is_an_error() {
    let mut encoder = Encoder::new();
    let error = encoder.add_video(video().extra_option("sharpness", "7")).unwrap_err();
    assert!(error.to_string().contains("sharpness") && error.to_string().contains("tune"), "{error}");
    let error = encoder.add_audio(AudioOptions::new(48_000, 2).extra_option("tune", "psnr")).unwrap_err();
    assert!(error.to_string().contains("opus has"), "{error}");
    let error = encoder.add_video(video().codec(VideoCodec::Mjpeg).crf(20)).unwrap_err();
    assert!(error.to_string().contains("mjpeg"), "an option that the codec lacks: {error}");
}

#[test]
fn a_failed_open_touches_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kept.webm");
    std::fs::write(&path, "kept").unwrap();
    let mut encoder = Encoder::new();
    let _stream = encoder.add_audio(AudioOptions::new(48_000, 2).codec(AudioCodec::Flac)).unwrap();
    assert_eq!(encoder.open_file(&path).unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(encoder.open_file(folder.path().join("x.xyz")).unwrap_err().kind(), ErrorKind::InvalidOption);
    let homeless = encoder.open_file(folder.path().join("no/x.mkv")).unwrap_err();
    assert!(homeless.kind() == ErrorKind::Io && homeless.to_string().contains("make the folder `"), "{homeless}");
    let nothing = Encoder::new().open_file(&path).unwrap_err();
    assert!(nothing.to_string().contains("add_video"), "{nothing}");
    assert_eq!(std::fs::read(&path).unwrap(), b"kept");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    // After a refusal it can be opened elsewhere.
    encoder.open_file(folder.path().join("x.mkv")).unwrap();
    encoder.abort();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn every_size_works() {
    for (width, height) in [(1, 1), (2, 2), (3, 1), (1, 17), (15, 16), (16, 15), (17, 17), (33, 19), (65, 31)] {
        for format in [PixelFormat::Yuv420p, PixelFormat::Yuv444p10] {
            let options = VideoOptions::new(width, height).pixel_format(format).threads(1);
            let clip = [gradient(width, height, 0), gradient(width, height, 3)].concat();
            let frames = FrameBatch::nhwc(&clip, 2, height, width, 3).unwrap();
            for container in [Container::Mp4, Container::Matroska] {
                let (bytes, _) = VideoEncoder::new(frames.clone(), options.clone()).to_bytes(container).unwrap();
                let clip = Clip::read(&bytes, container);
                assert_eq!((clip.video().width, clip.video().height), (width, height), "{container}");
                assert_eq!(clip.decode().len(), 2);
            }
        }
    }
}

#[test]
fn a_wrong_frame_is_refused_and_the_stream_goes_on() {
    let mut encoder = Encoder::new();
    let mut stream = encoder.add_video(video()).unwrap();
    let memory = to_memory(&mut encoder, Container::Mp4);
    let right = gradient(SIDE, SIDE, 0);
    let wrong = gradient(SIDE, SIDE + 1, 0);
    let error = stream.add_frame(&FrameView::rgb(SIDE, SIDE + 1, &wrong).unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("32x33") && error.to_string().contains("32x32"), "{error}");
    assert_eq!(FrameBatch::nchw(&right, 1, 2, SIDE, SIDE).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(FrameBatch::nchw(&right, 2, 3, SIDE, SIDE).unwrap_err().kind(), ErrorKind::InvalidInput);
    stream.add_frame(&FrameView::rgb(SIDE, SIDE, &right).unwrap()).unwrap();
    encoder.close().unwrap();
    assert_eq!(Clip::read(&bytes_of(memory), Container::Mp4).video().packets.len(), 1);
}

#[test]
fn every_layout_of_a_frame_gives_the_same_file() {
    let rgb = gradient(SIDE, SIDE, 5);
    let pixel = |index: usize| [rgb[3 * index], rgb[3 * index + 1], rgb[3 * index + 2]];
    let count = (SIDE * SIDE) as usize;
    let per_pixel =
        |pick: &dyn Fn([u8; 3]) -> Vec<u8>| (0..count).flat_map(|index| pick(pixel(index))).collect::<Vec<u8>>();
    let bgr = per_pixel(&|[r, g, b]| vec![b, g, r]);
    let rgba = per_pixel(&|[r, g, b]| vec![r, g, b, 255]);
    let bgra = per_pixel(&|[r, g, b]| vec![b, g, r, 255]);
    let planar: Vec<u8> =
        (0..3).flat_map(|channel| (0..count).map(move |index| (channel, index))).map(|(c, i)| pixel(i)[c]).collect();
    let padded: Vec<u8> = rgb.chunks(3 * SIDE as usize).flat_map(|row| [row, &[9; 5]].concat()).collect();
    let planar_alpha = [&planar[..], &vec![255; count]].concat();
    let views = [
        FrameView::contiguous(FrameFormat::RgbaPlanar, SIDE, SIDE, (&planar_alpha).into()),
        FrameView::rgb(SIDE, SIDE, &rgb),
        FrameView::bgr(SIDE, SIDE, &bgr),
        FrameView::rgba(SIDE, SIDE, &rgba),
        FrameView::bgra(SIDE, SIDE, &bgra),
        FrameView::rgb_planar(SIDE, SIDE, &planar),
        FrameView::from_planes(FrameFormat::Rgb, SIDE, SIDE, &[((&padded).into(), 3 * SIDE as usize + 5)]),
    ];
    let files: Vec<_> = views.into_iter().map(|view| encode_view(&view.unwrap())).collect();
    assert!(files.iter().all(|file| *file == files[0]));

    let grey: Vec<u8> = (0..count).map(|index| (index % 256) as u8).collect();
    let grey_rgb: Vec<u8> = grey.iter().flat_map(|&value| [value; 3]).collect();
    let deep: Vec<u16> = grey.iter().map(|&value| u16::from(value) * 257).collect();
    let grey_file = encode_view(&FrameView::gray(SIDE, SIDE, &grey).unwrap());
    assert_eq!(grey_file, encode_view(&FrameView::rgb(SIDE, SIDE, &grey_rgb).unwrap()));
    assert_eq!(grey_file, encode_view(&FrameView::gray(SIDE, SIDE, &deep).unwrap()), "16 bit");

    let i420: Vec<u8> = (0..count * 3 / 2).map(|index| (16 + index % 200) as u8).collect();
    let chroma = &i420[count..];
    let (u, v) = chroma.split_at(count / 4);
    let nv12: Vec<u8> = i420[..count].iter().copied().chain(u.iter().zip(v).flat_map(|(&u, &v)| [u, v])).collect();
    let yuv_file = encode_view(&FrameView::i420(SIDE, SIDE, &i420).unwrap());
    assert_eq!(yuv_file, encode_view(&FrameView::nv12(SIDE, SIDE, &nv12).unwrap()));
}

fn encode_view(view: &FrameView<'_>) -> Vec<u8> {
    let mut encoder = Encoder::new();
    let mut stream = encoder.add_video(video()).unwrap();
    let memory = to_memory(&mut encoder, Container::Mp4);
    stream.add_frame(view).unwrap();
    encoder.close().unwrap();
    bytes_of(memory)
}

#[test]
fn colour_is_always_tagged() {
    let file = |width, height, options: VideoOptions, container| {
        let clip = gradient(width, height, 0);
        let frames = FrameBatch::nhwc(&clip, 1, height, width, 3).unwrap();
        let (bytes, _) = VideoEncoder::new(frames, options.threads(1)).to_bytes(container).unwrap();
        Clip::read(&bytes, container).video().color
    };
    for container in [Container::Mp4, Container::Matroska] {
        assert_eq!(file(16, 719, VideoOptions::new(16, 719), container), Some(Color::BT601));
        assert_eq!(file(16, 720, VideoOptions::new(16, 720), container), Some(Color::BT709));
        let chosen = VideoOptions::new(16, 16).color(Color::BT2100_PQ).pixel_format(PixelFormat::Yuv420p10);
        assert_eq!(file(16, 16, chosen, container), Some(Color::BT2100_PQ));
        let full = VideoOptions::new(16, 16).range(ColorRange::Full);
        assert_eq!(file(16, 16, full, container), Some(Color::BT601.with_range(ColorRange::Full)));
    }
}

#[test]
fn times_are_exact_constant_or_given() {
    assert_eq!(FrameRate::from(29.97), FrameRate::new(30_000, 1001));
    let (bytes, report) = encode_frames(video().frame_rate(29.97), 7, Container::Mp4);
    let clip = Clip::read(&bytes, Container::Mp4);
    let starts: Vec<_> = clip.video().packets.iter().map(|packet| packet.pts).collect();
    assert_eq!(clip.video().timescale, 30_000);
    assert_eq!(starts, (0..7).map(|frame| frame * 1001).collect::<Vec<_>>());
    assert_eq!((report.streams[0].duration, report.streams[0].time_base.den()), (7_007, 30_000));

    let mut encoder = Encoder::new();
    let mut stream = encoder.add_video(video().time_base(TimeBase::per_second(90_000))).unwrap();
    let memory = to_memory(&mut encoder, Container::Mp4);
    let pixels = gradient(SIDE, SIDE, 0);
    let frame = FrameView::rgb(SIDE, SIDE, &pixels).unwrap();
    for ms in [0, 40, 50, 1_000] {
        stream.add_frame_at(&frame, Duration::from_millis(ms)).unwrap();
    }
    for ms in [1_000, 999, -1] {
        let error = stream.add_frame_at(&frame, Timestamp::from_millis(ms)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
    stream.end_at(Timestamp::from_millis(2_500)).unwrap();
    encoder.close().unwrap();
    let clip = Clip::read(&bytes_of(memory), Container::Mp4);
    let times: Vec<_> = clip.video().packets.iter().map(|packet| (packet.pts, packet.duration)).collect();
    assert_eq!(times, [(0, 3_600), (3_600, 900), (4_500, 85_500), (90_000, 135_000)]);
}

#[test]
fn webm_takes_44100_hz() {
    let sound = tone(44_100, 44_100, 440.0);
    let samples = AudioSamples::planar(&sound, 1).unwrap();
    let (bytes, report) = AudioEncoder::new(samples, AudioOptions::new(44_100, 1)).to_bytes(Container::WebM).unwrap();
    let clip = Clip::read(&bytes, Container::WebM);
    assert_eq!((clip.audio().sample_rate, report.streams[0].duration), (48_000, 48_000));
}

#[test]
fn eight_channels_and_mixing() {
    for channels in 1..=8usize {
        for codec in [AudioCodec::Opus, AudioCodec::Flac, AudioCodec::Pcm] {
            let sound = vec![0.25f32; 480 * channels];
            let samples = AudioSamples::planar(&sound, channels).unwrap();
            let (bytes, _) = AudioEncoder::new(samples, AudioOptions::new(48_000, channels).codec(codec))
                .to_bytes(Container::Mp4)
                .unwrap();
            assert_eq!(Clip::read(&bytes, Container::Mp4).audio().channels, channels, "{codec}");
        }
    }
    for (from, to) in [(1, 2), (2, 1), (6, 2), (2, 6)] {
        let sound = vec![0.25f32; 480 * from];
        let samples = AudioSamples::planar(&sound, from).unwrap();
        let options =
            AudioOptions::new(48_000, from).codec(AudioCodec::Pcm).out_num_channels(to).out_sample_rate(24_000);
        let (bytes, _) = AudioEncoder::new(samples, options).to_bytes(Container::Matroska).unwrap();
        let clip = Clip::read(&bytes, Container::Matroska);
        assert_eq!((clip.audio().channels, clip.audio().sample_rate), (to, 24_000));
    }
}

#[test]
fn nan_is_named_and_the_stream_goes_on() {
    let mut encoder = Encoder::new();
    let mut stream = encoder.add_audio(AudioOptions::new(48_000, 2).codec(AudioCodec::Pcm)).unwrap();
    let memory = to_memory(&mut encoder, Container::Matroska);
    let mut samples = vec![0.5f32; 2 * 40_000];
    samples[40_000 + 39_999] = f32::INFINITY;
    let error = stream.add_samples(AudioSamples::planar(&samples, 2).unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("sample 39999 of channel 1 is inf"), "{error}");
    samples[40_000 + 39_999] = 0.5;
    stream.add_samples(AudioSamples::planar(&samples, 2).unwrap()).unwrap();
    let report = encoder.close().unwrap();
    assert_eq!(report.streams[0].duration, 40_000, "the refused block left no trace");
    let payload: usize =
        Clip::read(&bytes_of(memory), Container::Matroska).audio().packets.iter().map(|p| p.data.len()).sum();
    assert_eq!(payload, 40_000 * 2 * 2);
}

#[test]
fn the_bit_rate_in_use_is_reported() {
    let sound = tone(48_000, 48_000 * 2, 330.0);
    let samples = AudioSamples::planar(&sound, 1).unwrap();
    let options = AudioOptions::new(48_000, 1).bit_rate(40_000);
    let (_, report) = AudioEncoder::new(samples, options).to_bytes(Container::Mp4).unwrap();
    assert_eq!(report.streams[0].bit_rate, Some(40_000));
    let delivered = report.streams[0].average_bit_rate();
    assert!((20_000..60_000).contains(&delivered), "{delivered}");
    let (_, report) = encode_frames(video().bit_rate(50_000), 3, Container::Mp4);
    assert_eq!(report.streams[0].bit_rate, Some(50_000));
}

#[test]
fn zero_frames_are_an_error_and_leave_no_file() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.mp4", "a.mkv", "a.webm"] {
        let mut encoder = Encoder::new();
        let _video = encoder.add_video(video()).unwrap();
        let _audio = encoder.add_audio(AudioOptions::new(48_000, 1)).unwrap();
        encoder.open_file(folder.path().join(name)).unwrap();
        let error = encoder.close().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("no frame"), "{error}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_stream_that_was_never_fed_is_absent_and_reported() {
    for container in [Container::Mp4, Container::WebM] {
        let mut encoder = Encoder::new();
        let mut fed = encoder.add_video(video()).unwrap();
        let _never = encoder.add_audio(AudioOptions::new(48_000, 1)).unwrap();
        let memory = to_memory(&mut encoder, container);
        fed.add_frame(&FrameView::rgb(SIDE, SIDE, &gradient(SIDE, SIDE, 0)).unwrap()).unwrap();
        let report = encoder.close().unwrap();
        assert_eq!(report.streams.iter().map(|stream| stream.present).collect::<Vec<_>>(), [true, false]);
        assert!(report.to_string().contains("never fed"), "{report}");
        let clip = Clip::read(&bytes_of(memory), container);
        assert_eq!(clip.tracks.len(), 1);
    }
}

#[test]
fn one_frame_and_one_sample_are_valid() {
    for container in [Container::Mp4, Container::Matroska, Container::WebM] {
        let mut encoder = Encoder::new();
        let mut video = encoder.add_video(video()).unwrap();
        let mut audio = encoder.add_audio(AudioOptions::new(48_000, 1)).unwrap();
        let memory = to_memory(&mut encoder, container);
        video.add_frame(&FrameView::rgb(SIDE, SIDE, &gradient(SIDE, SIDE, 0)).unwrap()).unwrap();
        audio.add_samples(AudioSamples::planar(&[0.5f32], 1).unwrap()).unwrap();
        let report = encoder.close().unwrap();
        assert_eq!([report.streams[0].packets, report.streams[1].duration as u64], [1, 1]);
        let clip = Clip::read(&bytes_of(memory), container);
        assert_eq!(clip.decode().len(), 1);
        assert_eq!(clip.audio().heard_samples(), 1);
    }
}

#[test]
fn bytes_depend_neither_on_chunks_nor_on_threads() {
    const FRAMES: u32 = 30;
    const RATE: u32 = 48_000;
    let clip: Vec<u8> = (0..FRAMES).flat_map(|frame| gradient(SIDE, SIDE, frame)).collect();
    let sound = tone(RATE, RATE as usize * FRAMES as usize / 25, 500.0);
    // Key frames come often enough for several groups to be encoded at a time.
    let encode = |frames_a_call: usize, samples_a_call: usize, threads: usize, container: Container, layout: Layout| {
        let mut encoder = Encoder::with_options(EncoderOptions::new().layout(layout)).unwrap();
        let video = container.default_video_codec().map(|codec| {
            let options = self::video().codec(codec).threads(threads);
            encoder
                .add_video(if codec == VideoCodec::Av1 {
                    options.tiles(2).keyframe_interval(8).parallel_groups(threads)
                } else {
                    options
                })
                .unwrap()
        });
        let audio = container.default_audio_codec();
        let audio = audio.map(|codec| encoder.add_audio(AudioOptions::new(RATE, 1).codec(codec)).unwrap());
        let memory = SharedWriter::new(Cursor::new(Vec::new()));
        match layout.needs_patching() {
            true => encoder.open_writer(memory.clone(), container).unwrap(),
            false => encoder.open_stream(memory.clone(), container).unwrap(),
        }
        if let Some(mut video) = video {
            for frames in clip.chunks(frames_a_call * (SIDE * SIDE * 3) as usize) {
                let count = frames.len() / (SIDE * SIDE * 3) as usize;
                video.add_frames(&FrameBatch::nhwc(frames, count, SIDE, SIDE, 3).unwrap()).unwrap();
            }
        }
        if let Some(mut audio) = audio {
            for samples in sound.chunks(samples_a_call) {
                audio.add_samples(AudioSamples::planar(samples, 1).unwrap()).unwrap();
            }
        }
        encoder.close().unwrap();
        bytes_of(memory)
    };
    for &container in Container::ALL {
        for &layout in container.layouts().iter().filter(|layout| !layout.needs_folder()) {
            if container == Container::Avif && layout == Layout::Live {
                continue; // of one picture only
            }
            let first = encode(1, 1, 1, container, layout);
            assert!(first.len() > 100, "{container}, {layout}");
            for (frames, samples, threads) in [(7, 1023, 2), (30, 48_000, 1), (30, 1023, 2)] {
                let again = encode(frames, samples, threads, container, layout);
                assert!(
                    first == again,
                    "{container}, {layout}: {frames} frames, {samples} samples a call, {threads} threads"
                );
            }
        }
    }
}

/// An MP4 and a Matroska file, with all that they can say.
fn said(container: Container) -> framewright::inspect::FileInfo {
    let metadata = Metadata::new()
        .tag("title", "The walk")
        .tag("artist", "Ada")
        .creation_time(1_795_541_400)
        .chapter(Chapter::new(Timestamp::from_millis(0), "Start"))
        .chapter(Chapter::new(Timestamp::from_millis(80), "Hill"));
    let mut encoder = Encoder::with_options(EncoderOptions::new().metadata(metadata)).unwrap();
    let options = video().rotate(Orientation::turned(1)).language("pt-BR").title("Angle");
    let options = options.alpha(container.features().contains(&Feature::Alpha));
    let mut video = encoder.add_video(options).unwrap();
    let mut subtitles = encoder.add_subtitles(SubtitleOptions::new().language("de")).unwrap();
    let memory = to_memory(&mut encoder, container);
    let at = Timestamp::from_millis;
    subtitles.add_cue(at(0), at(100), &Cue::new("Guten Tag")).unwrap();
    subtitles.add_cue(at(50), at(150), &Cue::new("Wie geht es?")).unwrap();
    subtitles.finish().unwrap();
    for frame in 0..5u8 {
        let pixels: Vec<u8> = (0..SIDE * SIDE).flat_map(|i| [i as u8, 90, 120, frame * 50]).collect();
        video.add_frame(&FrameView::rgba(SIDE, SIDE, &pixels).unwrap()).unwrap();
    }
    encoder.close().unwrap();
    framewright::inspect::inspect(Cursor::new(bytes_of(memory))).unwrap()
}

#[test]
fn metadata_rotation_alpha_subtitles_and_chapters_are_there() {
    for container in [Container::Mp4, Container::Matroska] {
        let info = said(container);
        let tag = |name: &str| info.tags.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!((tag("title"), tag("artist")), (Some("The walk"), Some("Ada")), "{container}: {:?}", info.tags);
        assert_eq!(info.creation_time, Some(1_795_541_400));
        let chapters: Vec<_> = info.chapters.iter().map(|chapter| chapter.title.as_str()).collect();
        assert_eq!(chapters, ["Start", "Hill"], "{container}");
        let Details::Video(video) = &info.tracks[0].details else { panic!("{:?}", info.tracks[0]) };
        assert_eq!(video.orientation, Orientation::turned(1));
        assert_eq!(video.alpha, container == Container::Matroska);
        assert_eq!((info.tracks[0].language.as_str(), info.tracks[0].title.as_deref()), ("pt-BR", Some("Angle")));
        assert_eq!((info.tracks[1].codec.as_str(), info.tracks[1].language.as_str()), ("webvtt", "de"));
    }
    // What a container cannot say is refused before a frame is encoded.
    let mut encoder = Encoder::new();
    encoder.add_video(video().alpha(true)).unwrap();
    let error = encoder.open_writer(Cursor::new(Vec::new()), Container::Mp4).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("matroska"), "{error}");
}

#[test]
fn one_stream_before_the_other_fills_a_bounded_queue() {
    let options = EncoderOptions::new().queue_bytes(64 << 10);
    let mut encoder = Encoder::with_options(options).unwrap();
    let mut video = encoder.add_video(video()).unwrap();
    let mut audio = encoder.add_audio(AudioOptions::new(48_000, 2).codec(AudioCodec::Pcm)).unwrap();
    let memory = to_memory(&mut encoder, Container::Mp4);
    let second = vec![0i16; 2 * 4_800];
    let samples = AudioSamples::interleaved(&second, 2).unwrap();
    let mut fed = 0;
    let error = loop {
        match audio.add_samples(samples) {
            Ok(()) => fed += 1,
            Err(error) => break error,
        }
        assert!(fed < 100, "the queue has no bound");
    };
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(error.to_string().contains("queue_bytes") && error.to_string().contains("video"), "{error}");
    // Feeding the other stream, or ending it, makes room, and what was refused can be given again.
    video.add_frame(&FrameView::rgb(SIDE, SIDE, &gradient(SIDE, SIDE, 0)).unwrap()).unwrap();
    video.finish().unwrap();
    audio.add_samples(samples).unwrap();
    encoder.close().unwrap();
    assert_eq!(Clip::read(&bytes_of(memory), Container::Mp4).audio().heard_samples(), (fed + 1) * 4_800);
}

#[test]
fn a_thread_for_each_stream_gives_the_same_bytes() {
    let encode = |threaded: bool| {
        let options = EncoderOptions::new().queue_bytes(64 << 10).queue_full(QueueFull::Wait);
        let mut encoder = Encoder::with_options(options).unwrap();
        let mut video = encoder.add_video(video()).unwrap();
        let mut audio = encoder.add_audio(AudioOptions::new(48_000, 1).codec(AudioCodec::Pcm)).unwrap();
        let memory = to_memory(&mut encoder, Container::Mp4);
        let feed_video = move || {
            for frame in 0..50 {
                video.add_frame(&FrameView::rgb(SIDE, SIDE, &gradient(SIDE, SIDE, frame)).unwrap()).unwrap();
            }
            video.finish().unwrap();
        };
        let feed_audio = move || {
            for _ in 0..50 {
                audio.add_samples(AudioSamples::planar(&tone(48_000, 1_920, 300.0), 1).unwrap()).unwrap();
            }
            audio.finish().unwrap();
        };
        if threaded {
            let threads = [thread::spawn(feed_video), thread::spawn(feed_audio)];
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        } else {
            feed_video();
            feed_audio();
        }
        encoder.close().unwrap();
        bytes_of(memory)
    };
    assert!(encode(true) == encode(false));
}

/// Writes at most `limit` bytes a call, is interrupted every third time, and is full after `room` bytes.
struct Awkward {
    inner: SharedWriter<Cursor<Vec<u8>>>,
    limit: usize,
    room: usize,
    calls: usize,
}

impl Write for Awkward {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.calls += 1;
        if self.calls.is_multiple_of(3) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if self.room == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let taken = bytes.len().min(self.limit).min(self.room);
        self.room -= taken;
        self.inner.write(&bytes[..taken])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Awkward {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

fn awkward(limit: usize, room: usize) -> (Awkward, SharedWriter<Cursor<Vec<u8>>>) {
    let memory = SharedWriter::new(Cursor::new(Vec::new()));
    (Awkward { inner: memory.clone(), limit, room, calls: 0 }, memory)
}

/// Feeds both kinds of streams until something fails or all is in.
fn feed(encoder: &mut Encoder, open: impl FnOnce(&mut Encoder) -> framewright::Result<()>) -> framewright::Result<()> {
    let mut video = encoder.add_video(video().keyframe_interval(5))?;
    let mut audio = encoder.add_audio(AudioOptions::new(48_000, 2).codec(AudioCodec::Pcm))?;
    open(encoder)?;
    for frame in 0..30 {
        audio.add_samples(AudioSamples::interleaved(&vec![frame as i16; 2 * 1_920], 2)?)?;
        video.add_frame(&FrameView::rgb(SIDE, SIDE, &gradient(SIDE, SIDE, frame))?)?;
    }
    Ok(())
}

#[test]
fn short_writes_are_honoured() {
    for container in [Container::Mp4, Container::Matroska] {
        let (writer, memory) = awkward(7, usize::MAX);
        let mut encoder = Encoder::new();
        feed(&mut encoder, |encoder| encoder.open_writer(writer, container)).unwrap();
        encoder.close().unwrap();
        let mut plain = Encoder::new();
        let expected = SharedWriter::new(Cursor::new(Vec::new()));
        feed(&mut plain, |encoder| encoder.open_writer(expected.clone(), container)).unwrap();
        plain.close().unwrap();
        assert!(bytes_of(memory) == bytes_of(expected), "{container}");
    }
}

#[test]
fn a_write_error_is_returned_and_poisons_the_encoder() {
    for container in [Container::Mp4, Container::Matroska] {
        for live in [false, true] {
            for room in [0, 1, 1_000, 70_000, 150_000] {
                let (writer, memory) = awkward(usize::MAX, room);
                // A plain MP4 has no fragments.
                let options = match (container, live) {
                    (Container::Mp4, false) => EncoderOptions::new(),
                    _ => EncoderOptions::new().fragment_duration(Duration::from_millis(200)),
                };
                let mut encoder = Encoder::with_options(options).unwrap();
                let fed = feed(&mut encoder, |encoder| match live {
                    true => encoder.open_stream(writer, container),
                    false => encoder.open_writer(writer, container),
                });
                let first = match fed {
                    Err(error) => {
                        let later = encoder.close().unwrap_err();
                        assert_eq!(later.kind(), ErrorKind::State);
                        assert!(later.to_string().contains("failed before"), "{later}");
                        error
                    }
                    Ok(()) => encoder.close().unwrap_err(),
                };
                assert_eq!(first.kind(), ErrorKind::Io, "{first}");
                assert!(std::error::Error::source(&first).is_some());
                let written = bytes_of(memory);
                assert_eq!(written.len(), room);
                if live && room == 150_000 {
                    // What was written plays up to its last whole fragment or cluster.
                    assert!(!Clip::read_unfinished(&written, container).video().packets.is_empty());
                }
            }
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let mut encoder = Encoder::new();
    let fed = feed(&mut encoder, |encoder| encoder.open_file_as("/dev/full", Container::Mp4));
    let error = fed.and_then(|()| encoder.close().map(drop)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().contains("space"), "{error}");
}

#[test]
fn dropping_the_encoder_finalises_what_was_fed() {
    let folder = tempfile::tempdir().unwrap();
    for (name, container) in [("a.mp4", Container::Mp4), ("a.mkv", Container::Matroska)] {
        let path = folder.path().join(name);
        let result = std::panic::catch_unwind(|| {
            let mut encoder = Encoder::new();
            feed(&mut encoder, |encoder| encoder.open_file(&path)).unwrap();
            std::panic::resume_unwind(Box::new("the caller's own fault"));
        });
        assert!(result.is_err());
        let clip = Clip::read(&std::fs::read(&path).unwrap(), container);
        assert_eq!(clip.decode().len(), 30);
    }
}

#[test]
fn frames_are_resized_on_request() {
    let wide = gradient(64, 16, 0);
    let mut encoder = Encoder::new();
    let mut stream = encoder.add_video(VideoOptions::new(64, 16).out_size(SIDE, SIDE).threads(1)).unwrap();
    let memory = to_memory(&mut encoder, Container::Mp4);
    stream.add_frame(&FrameView::rgb(64, 16, &wide).unwrap()).unwrap();
    stream.add_frame(&FrameView::rgb(SIDE, SIDE, &gradient(SIDE, SIDE, 0)).unwrap()).unwrap();
    encoder.close().unwrap();
    let clip = Clip::read(&bytes_of(memory), Container::Mp4);
    assert_eq!((clip.video().width, clip.video().height), (SIDE, SIDE));
    let pictures = clip.decode();
    // 64x16 into 32x32 leaves bars of 12 rows above and below.
    let row =
        |y: usize| pictures[0].luma[y * SIDE as usize..][..SIDE as usize].iter().map(|&v| u32::from(v)).sum::<u32>();
    assert!(row(2) < 20 * SIDE && row(29) < 20 * SIDE && row(16) > 30 * SIDE);
}
