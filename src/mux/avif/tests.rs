use std::io::Cursor;

use super::*;
use crate::codec::VideoInput;
use crate::codec::av1::Av1Settings;
use crate::error::ErrorKind;
use crate::media::{
    AspectRatio, Color, FrameRate, Hdr, MasteringDisplay, Orientation, Picture, PixelFormat, Plane, TimeBase, TrackKind,
};
use crate::sink::{SeekSink, SharedWriter, Sink};

#[path = "../../../tests/support/avif.rs"]
mod verifier;

/// Pictures of a pattern that moves, coded.
fn coded(format: PixelFormat, (width, height): (usize, usize), count: usize) -> (Av1Config, Vec<(bool, Vec<u8>)>) {
    let settings = Av1Settings::new(format, width, height, FrameRate::from(25), Color::BT709);
    let (mut engine, mut out) = (settings.open().unwrap(), Vec::new());
    for index in 0..count {
        let mut picture = Picture::new(format, width, height);
        for plane in &mut picture.planes {
            if let Plane::U8(samples) = plane {
                samples
                    .iter_mut()
                    .zip(0usize..)
                    .for_each(|(sample, at)| *sample = ((at % width + 3 * index) * 9) as u8);
            }
        }
        engine.encode(VideoInput { picture: picture.view(), force_key: false, analysis: None }, &mut out).unwrap();
    }
    engine.finish(&mut out).unwrap();
    let Some(CodecConfig::Av1(config)) = engine.config() else { panic!("no configuration") };
    (config, out.into_iter().map(|picture| (picture.key, picture.data)).collect())
}

/// A track and its packets, 3 ticks each but for the last, which has 5.
fn pictures(format: PixelFormat, coded_size: (usize, usize), count: usize, alpha: bool) -> (Track, Vec<Packet>) {
    let (config, colors) = coded(format, coded_size, count);
    let (alpha_config, alphas) = coded(PixelFormat::Gray, coded_size, count);
    let mut video = VideoTrack::new(coded_size.0 as u32, coded_size.1 as u32);
    video.alpha = alpha.then_some(CodecConfig::Av1(alpha_config));
    let track = Track::new(TrackKind::Video(video), CodecConfig::Av1(config), TimeBase::per_second(25));
    let packets = colors.into_iter().zip(alphas).enumerate().map(|(index, ((key, data), (_, plane)))| {
        let duration = if index + 1 == count { 5 } else { 3 };
        let mut packet = Packet::new(0, 3 * index as i64, duration, key, data);
        packet.alpha = alpha.then_some(plane);
        packet
    });
    (track, packets.collect())
}

fn shown(track: &mut Track, change: impl FnOnce(&mut VideoTrack)) {
    if let TrackKind::Video(video) = &mut track.kind {
        change(video);
    }
}

fn write(layout: Layout, track: &Track, packets: &[Packet]) -> Result<Vec<u8>> {
    let file = SharedWriter::new(Cursor::new(Vec::new()));
    let mut sink = SeekSink::new(file.clone()).unwrap();
    let mut muxer = open(Container::Avif, &MuxSettings::of(layout)).unwrap();
    muxer.begin(std::slice::from_ref(track), &mut sink)?;
    for packet in packets {
        muxer.packet(packet.clone(), &mut sink)?;
    }
    muxer.finish(std::slice::from_ref(track), &mut sink)?;
    sink.flush().unwrap();
    Ok(file.with(|file| file.get_ref().clone()))
}

fn verified(track: &Track, packets: &[Packet]) -> verifier::Avif {
    let file = write(Layout::Plain, track, packets).unwrap();
    let avif = verifier::verify(&file).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(avif.items[0].data, packets[0].data);
    assert_eq!(avif.items.get(1).map(|item| &item.data), packets[0].alpha.as_ref());
    avif
}

#[test]
fn a_single_packet_is_a_still_picture() {
    for (format, alpha, brand) in [
        (PixelFormat::Yuv420p, false, Some("MA1B")),
        (PixelFormat::Yuv444p, true, Some("MA1A")),
        (PixelFormat::Gray10, false, Some("MA1B")),
        (PixelFormat::Yuv422p, false, None),
    ] {
        let (track, packets) = pictures(format, (32, 16), 1, alpha);
        let avif = verified(&track, &packets);
        assert_eq!((avif.items.len(), avif.tracks.len()), (1 + usize::from(alpha), 0));
        assert_eq!(avif.items[0].size, (32, 16));
        assert_eq!(avif.items[0].nclx.as_deref(), Some(&[0, 1, 0, 1, 0, 1, 0][..]));
        assert_eq!(avif.brands.get(3).map(String::as_str), brand);
        assert_eq!(write(Layout::Live, &track, &packets).unwrap(), write(Layout::Plain, &track, &packets).unwrap());
    }
}

#[test]
fn padding_shape_light_and_orientation_are_said() {
    let (mut track, packets) = pictures(PixelFormat::Yuv420p, (16, 16), 1, true);
    // Which turn and mirror, in HEIF's order, is which of ours: the turn anticlockwise.
    for (orientation, rotation, mirrored) in [
        (Orientation::turned(0), 0, None),
        (Orientation::turned(1), 3, None),
        (Orientation::turned(2), 2, None),
        (Orientation::turned(3), 1, None),
        (Orientation::turned(0).mirror(), 0, Some(1)),
        (Orientation::turned(1).mirror(), 1, Some(1)),
        (Orientation::turned(3).mirror(), 3, Some(1)),
    ] {
        shown(&mut track, |video| {
            (video.width, video.height) = (10, 7);
            video.orientation = orientation;
            video.sample_aspect_ratio = AspectRatio::new(4, 3).unwrap();
            video.hdr.mastering = Some(MasteringDisplay::BT2020);
        });
        let item = &verified(&track, &packets).items[0];
        assert_eq!(
            (item.rotation, item.mirrored, item.pixel_shape),
            (rotation, mirrored, Some((4, 3))),
            "{orientation}"
        );
        let clap: Vec<i32> = item
            .clean_aperture
            .as_ref()
            .unwrap()
            .chunks(4)
            .map(|word| i32::from_be_bytes(word.try_into().unwrap()))
            .collect();
        assert_eq!(clap, [10, 1, 7, 1, -6, 2, -9, 2]);
        assert_eq!(item.hdr.0.as_ref().unwrap()[..4], [8500u16.to_be_bytes(), 39_850u16.to_be_bytes()].concat());
    }
    shown(&mut track, |video| video.hdr = Hdr::default());
    assert_eq!(verified(&track, &packets).items[0].hdr, (None, None));
}

#[test]
fn several_packets_are_a_sequence() {
    for alpha in [false, true] {
        let (track, packets) = pictures(PixelFormat::Yuv420p, (32, 16), 6, alpha);
        let avif = verified(&track, &packets);
        assert_eq!((avif.tracks.len(), avif.timescale), (1 + usize::from(alpha), 25));
        for (track, is_alpha) in avif.tracks.iter().zip([false, true]) {
            assert_eq!(track.sync, [1]);
            for (sample, packet) in track.samples.iter().zip(&packets) {
                let data = if is_alpha { packet.alpha.as_ref().unwrap() } else { &packet.data };
                assert!(sample.0 == *data && sample.1 == packet.duration);
            }
        }
    }
}

#[test]
fn what_it_cannot_say_is_refused_and_changes_nothing() {
    let (track, packets) = pictures(PixelFormat::Yuv420p, (32, 16), 3, false);
    let error = write(Layout::Live, &track, &packets).unwrap_err();
    assert!(error.kind() == ErrorKind::InvalidInput && error.to_string().contains("seek"), "{error}");
    let late: Vec<_> = packets.iter().map(|packet| Packet { pts: packet.pts + 1, ..packet.clone() }).collect();
    assert!(write(Layout::Plain, &track, &late).unwrap_err().to_string().contains("begin at 0"));
    let not_key = [Packet { key: false, ..packets[0].clone() }];
    assert!(write(Layout::Plain, &track, &not_key).unwrap_err().to_string().contains("key"));
    assert!(write(Layout::Plain, &track, &[]).is_err());

    let file = SharedWriter::new(Cursor::new(Vec::new()));
    let mut sink = SeekSink::new(file.clone()).unwrap();
    let mut muxer = open(Container::Avif, &MuxSettings::of(Layout::Plain)).unwrap();
    muxer.begin(std::slice::from_ref(&track), &mut sink).unwrap();
    for (index, packet) in packets.iter().enumerate() {
        muxer.packet(packet.clone(), &mut sink).unwrap();
        let bad = Packet { pts: packet.pts + 1, ..packet.clone() };
        assert_eq!(muxer.packet(bad, &mut sink).unwrap_err().kind(), ErrorKind::InvalidInput, "{index}");
    }
    muxer.finish(std::slice::from_ref(&track), &mut sink).unwrap();
    sink.flush().unwrap();
    assert!(file.with(|file| file.get_ref().clone()) == write(Layout::Plain, &track, &packets).unwrap());
}

#[test]
fn every_byte_counts() {
    for count in [1, 3] {
        let (mut track, packets) = pictures(PixelFormat::Yuv420p, (16, 16), count, true);
        shown(&mut track, |video| {
            video.width = 12;
            video.orientation = Orientation::turned(1).mirror();
        });
        let file = write(Layout::Plain, &track, &packets).unwrap();
        let whole = verifier::verify(&file).unwrap();
        for at in 0..file.len() {
            for change in [1, 0x80] {
                let mut damaged = file.clone();
                damaged[at] ^= change;
                let found = std::panic::catch_unwind(|| verifier::verify(&damaged));
                let around = String::from_utf8_lossy(&file[at.saturating_sub(24)..at + 1]).into_owned();
                assert!(!found.is_ok_and(|found| found.as_ref() == Ok(&whole)), "byte {at} after {around:?}");
            }
        }
        (0..file.len()).step_by(7).for_each(|end| assert!(verifier::verify(&file[..end]).is_err(), "{end}"));
    }
}
