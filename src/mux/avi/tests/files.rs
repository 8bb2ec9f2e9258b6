//! What files say, and how time comes out.

use super::*;
use crate::error::ErrorKind;
use crate::media::{AspectRatio, ColorRange, TrackLabels};

#[test]
fn rates_are_exact_and_streams_end_where_they_should() {
    let base = TimeBase::new(1001, 30_000).unwrap();
    let tracks = [jpeg_track(Some(ntsc()), base), pcm_track(48_000, 2, SampleFormat::S16)];
    let mut packets: Vec<_> = (0..30).map(|i| frame(0, i, 1, 100 + i as usize)).collect();
    packets.extend((0..20).map(|i| sound(1, &tracks, i * 2400, 2400)));
    packets.push(sound(1, &tracks, 48_000, 48));
    let bytes = file(&tracks, &packets);
    let read = verified(&bytes);
    let [video, sound] = &read.streams[..] else { panic!("two streams") };
    assert_eq!((video.rate, video.scale, sound.rate, sound.scale), (30_000, 1001, 48_000, 1));
    assert_eq!(video.format, Format::Video { code: "MJPG".into(), width: 64, height: 48 });
    let pcm = Format::Audio { sample_rate: 48_000, channels: 2, bits: 16, float: false, mask: None };
    assert_eq!((&sound.format, read.riffs, sound.indexes), (&pcm, 1, 1));
    assert_eq!(shown(&bytes, video), wanted(&packets, 0, &tracks[0], |tick| tick));
    assert_eq!(shown(&bytes, sound), wanted(&packets, 1, &tracks[1], |tick| tick));
    assert_eq!(video.chunks.len(), 30);
    assert_eq!(file(&tracks, &packets), bytes, "the same input gives the same bytes");
}

#[test]
fn late_starts_gaps_and_long_frames_are_empty_chunks_and_silence() {
    let tracks = [jpeg_track(Some(ntsc()), TimeBase::MILLISECONDS), pcm_track(8000, 1, SampleFormat::S24)];
    // Frames 3, 4 and 7 of 29.97 a second, rounded; the last is shown for two.
    let mut packets = vec![frame(0, 100, 33, 10), frame(0, 133, 34, 11), frame(0, 234, 66, 12)];
    packets.extend([sound(1, &tracks, 12_345, 100), sound(1, &tracks, 12_445, 7), sound(1, &tracks, 40_000, 1)]);
    packets.sort_by_key(|packet| packet.pts * if packet.track == 0 { 8 } else { 1 });
    let bytes = file(&tracks, &packets);
    let read = verified(&bytes);
    let sizes: Vec<_> = read.streams[0].chunks.iter().map(|chunk| chunk.size).collect();
    assert_eq!(sizes, [0, 0, 0, 10, 11, 0, 0, 12, 0]);
    let samples = shown(&bytes, &read.streams[1]);
    assert_eq!(samples.len(), 40_001);
    assert!(samples == wanted(&packets, 1, &tracks[1], |tick| tick));
    assert!(read.streams[1].chunks.iter().all(|chunk| chunk.size <= 1 << 16));
}

#[test]
fn what_lies_before_0_or_is_padding_is_cut_off() {
    let tracks =
        [jpeg_track(Some(FrameRate::from(25)), TimeBase::per_second(25)), pcm_track(8000, 2, SampleFormat::F32)];
    let packets = [
        sound(1, &tracks, -300, 200),
        frame(0, -2, 1, 20),
        sound(1, &tracks, -100, 160),
        frame(0, -1, 3, 21),
        frame(0, 2, 1, 22),
        Packet { trim_end: 50, ..sound(1, &tracks, 60, 60) },
        Packet { trim_end: 10, ..sound(1, &tracks, 120, 10) },
    ];
    let bytes = file(&tracks, &packets);
    let read = verified(&bytes);
    let sizes: Vec<_> = read.streams[0].chunks.iter().map(|chunk| chunk.size).collect();
    assert_eq!(sizes, [21, 0, 22]);
    assert_eq!(shown(&bytes, &read.streams[1]), wanted(&packets, 1, &tracks[1], |tick| tick));
    assert_eq!(shown(&bytes, &read.streams[1]).len(), 70);
}

#[test]
fn frames_with_times_of_their_own_count_ticks() {
    let tracks = [jpeg_track(None, TimeBase::MILLISECONDS)];
    let packets = [frame(0, 7, 13, 9), frame(0, 20, 1, 8), frame(0, 500, 100, 7)];
    let bytes = file(&tracks, &packets);
    let read = verified(&bytes);
    assert_eq!((read.streams[0].rate, read.streams[0].scale, read.streams[0].chunks.len()), (1000, 1, 600));
    assert_eq!(shown(&bytes, &read.streams[0]), wanted(&packets, 0, &tracks[0], |tick| tick));

    let fine = [jpeg_track(None, TimeBase::per_second(90_000))];
    let error = try_file(&fine, &[]).unwrap_err();
    assert!(error.kind() == ErrorKind::Unsupported && error.to_string().contains("1/1000"), "{error}");
}

#[test]
fn every_form_of_pictures_and_samples_is_described() {
    for (format, code, bytes) in [
        (PixelFormat::Yuv420p, "I420", 17 * 9 + 2 * 9 * 5),
        (PixelFormat::Yuv422p, "Y42B", 17 * 9 + 2 * 9 * 9),
        (PixelFormat::Yuv444p, "I444", 3 * 17 * 9),
        (PixelFormat::Gray, "Y800", 17 * 9),
        (PixelFormat::Yuv420p10, "I0AL", 2 * (17 * 9 + 2 * 9 * 5)),
        (PixelFormat::Yuv422p10, "I2AL", 2 * (17 * 9 + 2 * 9 * 9)),
        (PixelFormat::Yuv444p10, "I4AL", 6 * 17 * 9),
    ] {
        let tracks = [raw_track(format, 17, 9)];
        let read = verified(&file(&tracks, &[frame(0, 0, 1, bytes), frame(0, 1, 1, bytes)]));
        assert_eq!(read.streams[0].format, Format::Video { code: code.into(), width: 17, height: 9 });
        let error = try_file(&tracks, &[frame(0, 0, 1, bytes - 1)]).unwrap_err();
        assert!(error.to_string().contains(&format!("have {bytes}")), "{error}");
    }
    for format in [PixelFormat::Gray10, PixelFormat::Rgb, PixelFormat::Rgba] {
        let error = try_file(&[raw_track(format, 16, 16)], &[]).unwrap_err();
        assert!(error.kind() == ErrorKind::Unsupported && error.to_string().contains(format.name()), "{error}");
    }

    let masks = [4, 3, 7, 0x33, 0x37, 0x3f, 0x70f, 0x63f];
    for (channels, mask) in (1u8..).zip(masks) {
        for format in [SampleFormat::S16, SampleFormat::S24, SampleFormat::S32, SampleFormat::F32] {
            let tracks = [pcm_track(44_100, channels, format)];
            let read = verified(&file(&tracks, &[sound(0, &tracks, 0, 441)]));
            let (bits, float) = (format.bits() as u16, format == SampleFormat::F32);
            let mask = (channels > 2 || bits > 16).then_some(mask);
            let wanted = Format::Audio { sample_rate: 44_100, channels: channels.into(), bits, float, mask };
            assert_eq!(read.streams[0].format, wanted);
        }
    }
}

#[test]
fn what_files_and_tracks_say_is_in_them() {
    let mut video = jpeg_track(Some(ntsc()), TimeBase::MILLISECONDS);
    if let TrackKind::Video(video) = &mut video.kind {
        video.sample_aspect_ratio = AspectRatio::new(16, 11).unwrap();
    }
    video.labels = TrackLabels::new().title("Pictures");
    let tracks = [video, pcm_track(8000, 1, SampleFormat::S16)];
    let metadata = Metadata::new().tag("title", "The wälk").tag("artist", "Ada").tag("IKEY", "odd").creation_time(0);
    let bytes = try_file_of(muxer(metadata).unwrap(), &tracks, &[frame(0, 0, 33, 5)]).unwrap();
    let read = verified(&bytes);
    let info: Vec<_> = read.info.iter().map(|(id, text)| (id.as_str(), text.as_str())).collect();
    assert_eq!(info, [("INAM", "The wälk"), ("IART", "Ada"), ("IKEY", "odd")]);
    assert_eq!(read.digitized.as_deref(), Some("Thu Jan  1 00:00:00 1970\n"));
    assert_eq!((read.streams[0].title.as_deref(), read.streams[1].title.as_deref()), (Some("Pictures"), None));
    // 64 x 48 pixels of 16:11.
    assert_eq!(read.streams[0].aspect, Some((64, 33)));
    assert!(muxer(Metadata::new().tag("mood", "good")).is_err_and(|error| error.to_string().contains("`mood`")));
}

#[test]
fn what_cannot_be_said_is_refused_before_anything_is_written() {
    let pcm = || [pcm_track(8000, 2, SampleFormat::S16)];
    let constant = || [jpeg_track(Some(FrameRate::from(25)), TimeBase::per_second(25))];
    let fine = || [jpeg_track(Some(ntsc()), TimeBase::MILLISECONDS)];
    let sample = |pts, duration, bytes| frame(0, pts, duration, bytes);
    let cases: Vec<([Track; 1], Vec<Packet>, &str)> = vec![
        (pcm(), vec![sample(0, 10, 39)], "39 bytes"),
        (pcm(), vec![sample(0, 10, 40), sample(9, 10, 40)], "ends at 10"),
        (pcm(), vec![sample(8000 * 3600 + 1, 1, 4)], "3600 s"),
        (pcm(), vec![sample(i64::MAX - 10, 1, 4)], "silence"),
        (constant(), vec![sample(3, 1, 5), sample(3, 1, 5)], "frame 3"),
        (constant(), vec![sample(3_600_001, 1, 5)], "3600001"),
        (constant(), vec![sample(0, 4_000_000, 5)], "4000000"),
        (fine(), vec![sample(16, 33, 5)], "time 16"),
        (fine(), vec![sample(33, 20, 5)], "time 53"),
        (constant(), vec![Packet { track: 1, ..sample(0, 1, 5) }], "no track"),
    ];
    for (tracks, packets, words) in cases {
        let mut sink = SeekSink::new(Cursor::new(Vec::new())).unwrap();
        let mut muxer = muxer(Metadata::new()).unwrap();
        muxer.begin(&tracks, &mut sink).unwrap();
        let (last, before) = packets.split_last().unwrap();
        before.iter().for_each(|packet| muxer.packet(packet.clone(), &mut sink).unwrap());
        let at = sink.position();
        let error = muxer.packet(last.clone(), &mut sink).unwrap_err();
        assert!(error.kind() == ErrorKind::InvalidInput && error.to_string().contains(words), "{words}: {error}");
        assert_eq!(sink.position(), at);
        assert!(verifier::verify(&try_file(&tracks, before).unwrap()).is_ok());
    }

    let video = |change: fn(&mut VideoTrack)| {
        let mut track = raw_track(PixelFormat::Yuv420p, 64, 48);
        if let TrackKind::Video(video) = &mut track.kind {
            change(video);
        }
        track
    };
    for (track, words) in [
        (video(|video| video.coded_width = 72), "72x48"),
        (video(|video| video.color.range = ColorRange::Full), "range"),
        (video(|video| (video.width, video.coded_width) = (40_000, 40_000)), "40000"),
        (video(|video| video.sample_aspect_ratio = AspectRatio::new(65_521, 65_519).unwrap()), "sample_aspect_ratio"),
        (Track { time_base: TimeBase::MILLISECONDS, ..pcm_track(8000, 1, SampleFormat::S16) }, "1/8000"),
    ] {
        let mut sink = SeekSink::new(Cursor::new(Vec::new())).unwrap();
        let error = muxer(Metadata::new()).unwrap().begin(&[track], &mut sink).unwrap_err();
        assert!(error.to_string().contains(words) && sink.position() == 0, "{words}: {error}");
    }
}

#[test]
fn tracks_without_packets_are_streams_without_chunks() {
    let tracks = [jpeg_track(Some(ntsc()), TimeBase::MILLISECONDS), pcm_track(8000, 1, SampleFormat::S16)];
    let read = verified(&file(&tracks, &[]));
    assert!(read.streams.iter().all(|stream| stream.chunks.is_empty() && stream.indexes == 0));
    let many: Vec<_> = (0..100).map(|_| pcm_track(8000, 1, SampleFormat::S16)).collect();
    let packets: Vec<_> = (0..100).map(|track| sound(track, &many, 0, 1 + track as u32)).collect();
    let read = verified(&file(&many, &packets));
    assert!(read.streams.iter().enumerate().all(|(number, stream)| stream.chunks[0].size as usize == 2 + 2 * number));
}
