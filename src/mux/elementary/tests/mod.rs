//! Streams of packets that no encoder made, read back by the strict readers.

mod damage;

use std::io::Cursor;

use proptest::prelude::*;

use super::verifier;
use crate::error::{ErrorKind, Result};
use crate::media::{
    AspectRatio, Av1Config, ChromaSubsampling, CodecConfig, Color, ColorRange, FrameRate, Packet, PixelFormat,
    RawConfig, TimeBase, Track, TrackKind, VideoTrack,
};
use crate::mux::{Container, Layout, MuxOptions, PacketWriter};
use crate::sink::{SeekSink, SharedWriter, StreamSink};

fn ntsc() -> FrameRate {
    FrameRate::new(30_000, 1001)
}

const SEQUENCE_HEADER: [u8; 5] = [0x0a, 3, 1, 2, 3];

fn av1_track(rate: Option<FrameRate>, base: TimeBase) -> Track {
    let config = Av1Config {
        profile: 0,
        level: 8,
        tier: 0,
        bit_depth: 8,
        chroma: ChromaSubsampling::Yuv420,
        chroma_sample_position: 0,
        max_frame_width: 64,
        max_frame_height: 48,
        color: Color::BT709,
        sequence_header: SEQUENCE_HEADER.to_vec(),
    };
    let video = VideoTrack { frame_rate: rate, ..VideoTrack::new(64, 48) };
    Track::new(TrackKind::Video(video), CodecConfig::Av1(config), base)
}

fn raw_track(format: PixelFormat, width: u32, height: u32) -> Track {
    let video = VideoTrack { frame_rate: Some(ntsc()), ..VideoTrack::new(width, height) };
    let base = TimeBase::new(1001, 30_000).unwrap();
    Track::new(TrackKind::Video(video), CodecConfig::Raw(RawConfig { format }), base)
}

/// A frame OBU of `size` bytes, behind a sequence header or not.
fn unit(pts: i64, duration: u32, size: usize, header: bool) -> Packet {
    let mut data = if header { SEQUENCE_HEADER.to_vec() } else { Vec::new() };
    data.push(0x32);
    match size {
        0..0x80 => data.push(size as u8),
        _ => data.extend([(size & 0x7f) as u8 | 0x80, (size >> 7) as u8]),
    }
    data.extend((0..size).map(|i| i as u8));
    Packet::new(0, pts, duration, header, data)
}

fn write(container: Container, layout: Layout, track: &Track, packets: &[Packet]) -> Result<Vec<u8>> {
    let options = MuxOptions::new().layout(layout);
    let tracks = vec![track.clone()];
    if layout == Layout::Live {
        let file = SharedWriter::new(Vec::new());
        let mut writer = PacketWriter::with_options(container, tracks, StreamSink::new(file.clone()), &options)?;
        packets.iter().try_for_each(|packet| writer.write(packet.clone()))?;
        writer.finish()?;
        return Ok(file.with(|file| file.clone()));
    }
    let file = SharedWriter::new(Cursor::new(Vec::new()));
    let mut writer = PacketWriter::with_options(container, tracks, SeekSink::new(file.clone()).unwrap(), &options)?;
    packets.iter().try_for_each(|packet| writer.write(packet.clone()))?;
    writer.finish()?;
    Ok(file.with(|file| file.get_ref().clone()))
}

fn refusal(container: Container, track: &Track, packets: &[Packet]) -> (ErrorKind, String) {
    let error = write(container, Layout::Live, track, packets).unwrap_err();
    (error.kind(), error.to_string())
}

#[test]
fn ivf_tells_frames_with_their_times() {
    let track = av1_track(Some(ntsc()), TimeBase::MILLISECONDS);
    // Frames 2, 3 and 6.
    let packets = [unit(67, 33, 200, true), unit(100, 34, 3, false), unit(200, 34, 5, false)];
    for layout in [Layout::Plain, Layout::Live] {
        let read = verifier::ivf(&write(Container::Ivf, layout, &track, &packets).unwrap()).unwrap();
        assert_eq!((read.width, read.height, read.rate), (64, 48, (30_000, 1001)));
        assert_eq!(read.frames, if layout == Layout::Plain { 3 } else { 0 });
        assert_eq!(read.units.iter().map(|(time, _)| *time).collect::<Vec<_>>(), [2, 3, 6]);
        for ((_, unit), packet) in read.units.iter().zip(&packets) {
            assert_eq!(*unit, [&[0x12, 0], &packet.data[..]].concat());
        }
    }
    let variable = av1_track(None, TimeBase::per_second(90_000));
    let packets = [unit(0, 1, 9, true), unit(77, 90_000, 9, false)];
    let read = verifier::ivf(&write(Container::Ivf, Layout::Plain, &variable, &packets).unwrap()).unwrap();
    assert_eq!((read.rate, read.units[1].0), ((90_000, 1), 77));
}

#[test]
fn units_are_completed() {
    let track = av1_track(Some(FrameRate::from(25)), TimeBase::per_second(25));
    let plain = unit(0, 1, 200, false);
    let sized = [&[0x12, 0], &SEQUENCE_HEADER[..], &plain.data].concat();
    // Without a header, with a delimiter, with a last OBU that does not say its size, with a size in more bytes.
    let unsized_frame = [&[0x30], &plain.data[3..]].concat();
    let long_size = [&[0x32, 0xc8, 0x81, 0], &plain.data[3..]].concat();
    for (data, wanted) in [
        (plain.data.clone(), sized.clone()),
        ([&[0x12, 0], &plain.data[..]].concat(), sized.clone()),
        ([&SEQUENCE_HEADER[..], &plain.data].concat(), sized.clone()),
        ([&SEQUENCE_HEADER[..], &unsized_frame].concat(), sized.clone()),
        (long_size, sized.clone()),
        // An extension stays.
        (vec![0x36, 0x20, 1, 7], [&[0x12, 0], &SEQUENCE_HEADER[..], &[0x36, 0x20, 1, 7]].concat()),
        (vec![0x34, 0x20, 7], [&[0x12, 0], &SEQUENCE_HEADER[..], &[0x36, 0x20, 1, 7]].concat()),
    ] {
        let packets = [Packet::new(0, 0, 1, true, data)];
        let stream = write(Container::Obu, Layout::Live, &track, &packets).unwrap();
        assert_eq!(verifier::obu_stream(&stream).unwrap(), [wanted]);
    }
    for data in [vec![0x80], vec![0x32, 5, 1], vec![0x32, 0x80], vec![0x36], vec![0x12, 0], vec![0x32; 20]] {
        for container in [Container::Obu, Container::Ivf] {
            let (kind, said) = refusal(container, &track, &[Packet::new(0, 0, 1, true, data.clone())]);
            assert!(kind == ErrorKind::InvalidInput && said.contains("OBU"), "{data:x?}: {said}");
        }
    }
}

#[test]
fn a_refused_packet_leaves_no_trace() {
    let track = av1_track(Some(FrameRate::from(25)), TimeBase::per_second(25));
    let first = unit(0, 1, 10, true);
    let second = unit(1, 1, 10, false);
    for container in [Container::Ivf, Container::Obu] {
        let file = SharedWriter::new(Vec::new());
        let mut writer = PacketWriter::new(container, vec![track.clone()], StreamSink::new(file.clone())).unwrap();
        // No key frame, before 0, no AV1.
        assert!(writer.write(unit(0, 1, 10, false)).is_err());
        assert!(writer.write(unit(-1, 1, 10, true)).is_err());
        assert!(writer.write(Packet { data: vec![0xff], ..first.clone() }).is_err());
        writer.write(first.clone()).unwrap();
        assert!(writer.write(Packet { data: vec![0xff], ..second.clone() }).is_err());
        writer.write(second.clone()).unwrap();
        writer.finish().unwrap();
        let clean = write(container, Layout::Live, &track, &[first.clone(), second.clone()]).unwrap();
        assert!(file.with(|file| *file == clean), "{container}");
    }
}

#[test]
fn streams_without_times_take_no_others_than_their_rate_has() {
    let av1 = av1_track(Some(ntsc()), TimeBase::MILLISECONDS);
    let raw = Track { time_base: TimeBase::MILLISECONDS, ..raw_track(PixelFormat::Gray, 5, 2) };
    let picture = |pts, duration| Packet::new(0, pts, duration, true, vec![1; 10]);
    let frame = |pts, duration| unit(pts, duration, 10, true);
    for (container, track, make) in
        [(Container::Obu, &av1, &frame as &dyn Fn(i64, u32) -> Packet), (Container::Y4m, &raw, &picture)]
    {
        assert!(write(container, Layout::Live, track, &[make(0, 33), make(33, 34), make(67, 33)]).is_ok());
        for (packets, words) in [
            (vec![make(33, 34)], "frames 1 to 2 where 0 is due"),
            (vec![make(-33, 33)], "frames -1 to 0"),
            (vec![make(0, 33), make(67, 33)], "frames 2 to 3 where 1 is due"),
            (vec![make(0, 67)], "frames 0 to 2"),
            (vec![make(0, 50)], "time 50"),
        ] {
            let (kind, said) = refusal(container, track, &packets);
            assert!(kind == ErrorKind::InvalidInput && said.contains(words), "{words}: {said}");
        }
        let mut variable = track.clone();
        if let TrackKind::Video(video) = &mut variable.kind {
            video.frame_rate = None;
        }
        let (kind, said) = refusal(container, &variable, &[]);
        assert!(kind == ErrorKind::Unsupported && said.contains("frame_rate"), "{said}");
    }
    let (kind, said) = refusal(Container::Ivf, &av1, &[frame(-33, 33)]);
    assert!(kind == ErrorKind::InvalidInput && said.contains("begin at 0"), "{said}");
}

#[test]
fn y4m_says_all_that_a_track_has() {
    for (format, sampling, bytes) in [
        (PixelFormat::Yuv420p, "420mpeg2", 15 + 2 * 3 * 2),
        (PixelFormat::Yuv422p, "422", 15 + 2 * 3 * 3),
        (PixelFormat::Yuv444p, "444", 45),
        (PixelFormat::Gray, "mono", 15),
        (PixelFormat::Yuv420p10, "420p10", 2 * (15 + 2 * 3 * 2)),
        (PixelFormat::Yuv422p10, "422p10", 2 * (15 + 2 * 3 * 3)),
        (PixelFormat::Yuv444p10, "444p10", 90),
        (PixelFormat::Gray10, "mono10", 30),
    ] {
        for full in [false, true] {
            let mut track = raw_track(format, 5, 3);
            if let TrackKind::Video(video) = &mut track.kind {
                video.sample_aspect_ratio = AspectRatio::new(16, 11).unwrap();
                video.color.range = if full { ColorRange::Full } else { ColorRange::Limited };
            }
            let packets = [0, 1].map(|pts| Packet::new(0, pts, 1, true, vec![pts as u8; bytes]));
            let read = verifier::y4m(&write(Container::Y4m, Layout::Live, &track, &packets).unwrap()).unwrap();
            let sampling = if full { sampling.replace("mpeg2", "jpeg") } else { sampling.into() };
            assert_eq!((read.width, read.height, read.rate, read.aspect), (5, 3, (30_000, 1001), (16, 11)));
            assert_eq!((read.sampling, read.full_range), (sampling, full));
            assert_eq!(read.pictures, packets.map(|packet| packet.data));
            let short = Packet::new(0, 0, 1, true, vec![0; bytes - 1]);
            assert!(refusal(Container::Y4m, &track, &[short]).1.contains(&format!("have {bytes}")));
        }
    }
    let mut cropped = raw_track(PixelFormat::Gray, 5, 3);
    if let TrackKind::Video(video) = &mut cropped.kind {
        video.coded_width = 8;
    }
    assert_eq!(refusal(Container::Y4m, &cropped, &[]).0, ErrorKind::Unsupported);
    for format in [PixelFormat::Rgb, PixelFormat::Rgba] {
        let (kind, said) = refusal(Container::Y4m, &raw_track(format, 5, 3), &[]);
        assert!(kind == ErrorKind::Unsupported && said.contains(format.name()), "{said}");
    }
    let empty = write(Container::Y4m, Layout::Live, &raw_track(PixelFormat::Gray, 5, 3), &[]).unwrap();
    assert!(verifier::y4m(&empty).unwrap().pictures.is_empty());
}

#[test]
fn what_has_no_place_is_refused() {
    let track = av1_track(Some(ntsc()), TimeBase::MILLISECONDS);
    let refused = |tracks: Vec<Track>| {
        let sink = StreamSink::new(Vec::new());
        PacketWriter::new(Container::Ivf, tracks, sink).err().expect("it is refused").to_string()
    };
    assert!(refused(vec![track.clone(), track.clone()]).contains("2 video tracks"));
    let mut large = track.clone();
    if let TrackKind::Video(video) = &mut large.kind {
        (video.width, video.coded_width) = (65_536, 65_536);
    }
    assert!(refused(vec![large]).contains("65536"));
    let mut wide = track;
    if let TrackKind::Video(video) = &mut wide.kind {
        video.sample_aspect_ratio = AspectRatio::new(2, 1).unwrap();
    }
    assert!(refused(vec![wide]).contains("pixel shape"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_units_come_back(
        sizes in proptest::collection::vec((1usize..10_000, any::<bool>(), 1u32..5), 0..20),
        rate in (1u32..100_000, 1u32..2000),
    ) {
        let rate = FrameRate::new(rate.0, rate.1);
        let track = av1_track(Some(rate), TimeBase::new(rate.den(), rate.num()).unwrap());
        let mut at = 0;
        let mut spaced = Vec::new();
        for (number, (size, key, duration)) in sizes.iter().enumerate() {
            spaced.push(unit(at, *duration, *size, *key || number == 0));
            at += i64::from(*duration);
        }
        let read = verifier::ivf(&write(Container::Ivf, Layout::Plain, &track, &spaced).unwrap()).unwrap();
        prop_assert_eq!(read.rate, (rate.num(), rate.den()));
        prop_assert_eq!(read.frames as usize, spaced.len());
        for ((time, unit), packet) in read.units.iter().zip(&spaced) {
            prop_assert_eq!(*time as i64, packet.pts);
            prop_assert_eq!(&unit[2..], &packet.data[..]);
        }
        let dense = spaced.into_iter().enumerate();
        let dense: Vec<_> = dense.map(|(pts, packet)| Packet { pts: pts as i64, duration: 1, ..packet }).collect();
        let units = verifier::obu_stream(&write(Container::Obu, Layout::Live, &track, &dense).unwrap()).unwrap();
        prop_assert_eq!(units.len(), dense.len());
        prop_assert!(units.iter().zip(&dense).all(|(unit, packet)| unit[2..] == packet.data[..]));
    }

    #[test]
    fn any_pictures_come_back(
        // Without the two of red, green and blue.
        format in proptest::sample::select(&PixelFormat::ALL[..8]),
        width in 1u32..40, height in 1u32..40, count in 0i64..5, seed in any::<u8>(),
    ) {
        let track = raw_track(format, width, height);
        let wide = format.bit_depth() > 8;
        let plane = |index| {
            let (width, height) = format.plane_size(index, width as usize, height as usize);
            width * height * if wide { 2 } else { 1 }
        };
        let bytes: usize = (0..format.chroma().planes()).map(plane).sum();
        let byte = |i: usize| if wide && i % 2 == 1 { i as u8 & 3 } else { (i as u8).wrapping_mul(29).wrapping_add(seed) };
        let packets: Vec<_> =
            (0..count).map(|pts| Packet::new(0, pts, 1, true, (0..bytes).map(byte).collect())).collect();
        let read = verifier::y4m(&write(Container::Y4m, Layout::Live, &track, &packets).unwrap()).unwrap();
        prop_assert!(read.pictures.iter().eq(packets.iter().map(|packet| &packet.data)));
    }
}

/// Found by fuzzing: the sequence header of a track went into the stream whatever it was, and a reader lost its way there.
#[test]
fn found_a_sequence_header_that_is_none_is_refused() {
    let packets = [unit(0, 1, 9, false)];
    for header in [&[0x08, 1, 2][..], &[0x0a, 3, 1], &[0x0a, 1, 0, 0x0a, 1, 0], &[0x32, 1, 0], &[0xff, 0x80, 0x80]] {
        let mut track = av1_track(Some(FrameRate::from(25)), TimeBase::per_second(25));
        if let CodecConfig::Av1(config) = &mut track.config {
            config.sequence_header = header.to_vec();
        }
        for container in [Container::Obu, Container::Ivf] {
            let (kind, message) = refusal(container, &track, &packets);
            assert_eq!(kind, ErrorKind::InvalidInput);
            assert!(message.contains(&format!("a sequence header of {} bytes", header.len())), "{message}");
        }
    }
}
