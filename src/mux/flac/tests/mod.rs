mod damage;
pub(in crate::mux) mod samples;

use std::io::Cursor;

use proptest::prelude::*;

use super::verifier::{File, verify};
use super::*;
use crate::error::ErrorKind;
use crate::media::{Chapter, CodecConfig, Cover, Metadata, TimeBase, Timestamp};
use crate::sink::{SeekSink, SharedWriter, StreamSink};
use samples::{packets, track};

fn mux(settings: &MuxSettings, track: &Track, packets: &[Packet]) -> Result<Vec<u8>> {
    let out = SharedWriter::new(Cursor::new(Vec::new()));
    let mut sink: Box<dyn Sink> = match settings.layout {
        Layout::Live => Box::new(StreamSink::new(out.clone())),
        _ => Box::new(SeekSink::new(out.clone()).unwrap()),
    };
    let mut muxer = open(Container::Flac, settings)?;
    let tracks = std::slice::from_ref(track);
    muxer.begin(tracks, &mut *sink)?;
    for packet in packets {
        muxer.packet(packet.clone(), &mut *sink)?;
    }
    muxer.finish(tracks, &mut *sink)?;
    sink.complete().unwrap();
    drop(sink);
    Ok(out.into_inner().unwrap().into_inner())
}

fn file(track: &Track, packets: &[Packet]) -> Vec<u8> {
    mux(&MuxSettings::of(Layout::Plain), track, packets).unwrap()
}

fn with(metadata: Metadata) -> MuxSettings {
    MuxSettings { metadata: std::sync::Arc::new(metadata), ..MuxSettings::of(Layout::Plain) }
}

fn check(file: &File, packets: &[Packet]) {
    assert_eq!(file.frames.len(), packets.len());
    for (frame, packet) in file.frames.iter().zip(packets) {
        assert_eq!((frame.sample as i64, frame.samples), (packet.pts, packet.duration));
        assert!(frame.data == packet.data);
    }
}

fn set_stream_info(track: &mut Track, at: usize, bytes: &[u8]) {
    let CodecConfig::Flac(config) = &mut track.config else { panic!() };
    config.stream_info[at..at + bytes.len()].copy_from_slice(bytes);
}

/// Acceptance point 62: sizes of frames, total and MD5 are patched at the end.
#[test]
fn stream_info_is_patched_at_the_end() {
    let track = track(44_100, 2, 4096);
    let packets = packets(2, &[4096, 4096, 4096, 99], |index| index == 1);
    let read = verify(&file(&track, &packets), false).unwrap();
    check(&read, &packets);
    let sizes: Vec<_> = packets.iter().map(|packet| packet.data.len() as u32).collect();
    assert_eq!(read.info.frame_sizes, (sizes[0], sizes[1]));
    assert_eq!((read.info.total, read.info.sample_rate, read.info.block_sizes), (12_387, 44_100, (4096, 4096)));
    let live = verify(&mux(&MuxSettings::of(Layout::Live), &track, &packets).unwrap(), true).unwrap();
    check(&live, &packets);
}

#[test]
fn the_md5_stays_where_it_is_of_these_samples() {
    let packets = packets(1, &[4096, 10], |_| false);
    for (total, kept) in [(4106u32, true), (0, true), (4107, false)] {
        let mut track = track(8_000, 1, 4096);
        set_stream_info(&mut track, 14, &total.to_be_bytes());
        set_stream_info(&mut track, 18, &[7; 16]);
        let read = verify(&file(&track, &packets), false).unwrap();
        assert_eq!((read.info.total, read.info.md5), (4106, if kept { [7; 16] } else { [0; 16] }));
    }
}

#[test]
fn the_file_says_what_it_is() {
    let cover = Cover::new(b"\xff\xd8\xff\xe0cover".to_vec()).unwrap();
    let metadata = Metadata::new()
        .tag("title", "Töne")
        .tag("track", "3/12")
        .tag("mood", "calm")
        .chapter(Chapter::new(Timestamp::from_millis(0), "Start"))
        .chapter(Chapter::new(Timestamp::from_millis(61_001), "Rest"))
        .cover(cover.clone());
    let mut track = track(48_000, 1, 4096);
    track.labels.language = "deu".into();
    let read = verify(&mux(&with(metadata), &track, &packets(1, &[4096], |_| true)).unwrap(), false).unwrap();
    let list: Vec<_> = read.comments.list.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(
        list,
        [
            "TITLE=Töne",
            "TRACKNUMBER=3",
            "TRACKTOTAL=12",
            "mood=calm",
            "CHAPTER001=00:00:00.000",
            "CHAPTER001NAME=Start",
            "CHAPTER002=00:01:01.001",
            "CHAPTER002NAME=Rest",
            "LANGUAGE=deu",
        ]
    );
    let picture = read.picture.unwrap();
    assert_eq!((picture.media_type.as_str(), &picture.data), ("image/jpeg", &cover.data));
    let long = Metadata::new().tag("comment", "x".repeat(1 << 24));
    let error = mux(&with(long), &track, &[]).unwrap_err();
    assert!(error.to_string().contains("metadata"), "{error}");
}

#[test]
fn what_flac_cannot_say_is_refused_and_changes_nothing() {
    let track = track(8_000, 1, 64);
    let good = packets(1, &[64, 64, 30], |_| false);
    let wrong = |index: usize, change: fn(&mut Packet)| {
        let mut packet = good[index].clone();
        change(&mut packet);
        packet
    };
    let cases = [
        (0, wrong(0, |packet| packet.pts = 1), "late"),
        (0, wrong(0, |packet| packet.pts = -64), "early"),
        (1, wrong(1, |packet| packet.pts = 65), "gaps"),
        (1, wrong(1, |packet| packet.trim_end = 1), "padding"),
        (1, wrong(1, |packet| packet.duration = 65), "65 samples"),
        (1, wrong(1, |packet| packet.data[0] = 0), "sync code"),
        (3, wrong(2, |packet| packet.pts = 158), "less than 64"),
    ];
    for (after, packet, words) in cases {
        let out = SharedWriter::new(Cursor::new(Vec::new()));
        let mut sink = SeekSink::new(out.clone()).unwrap();
        let mut muxer = open(Container::Flac, &MuxSettings::of(Layout::Plain)).unwrap();
        let tracks = std::slice::from_ref(&track);
        muxer.begin(tracks, &mut sink).unwrap();
        for packet in &good[..after] {
            muxer.packet(packet.clone(), &mut sink).unwrap();
        }
        let error = muxer.packet(packet, &mut sink).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(words), "{error}");
        for packet in &good[after..] {
            muxer.packet(packet.clone(), &mut sink).unwrap();
        }
        muxer.finish(tracks, &mut sink).unwrap();
        sink.complete().unwrap();
        drop(sink);
        check(&verify(&out.into_inner().unwrap().into_inner(), false).unwrap(), &good);
    }
}

#[test]
fn wrong_tracks_are_refused() {
    let refused = |change: &dyn Fn(&mut Track)| {
        let mut track = track(48_000, 2, 4096);
        change(&mut track);
        assert_eq!(mux(&MuxSettings::of(Layout::Plain), &track, &[]).unwrap_err().kind(), ErrorKind::InvalidInput);
    };
    refused(&|track| track.time_base = TimeBase::MILLISECONDS);
    refused(&|track| set_stream_info(track, 0, &[0, 15]));
    refused(&|track| set_stream_info(track, 2, &[1, 0]));
    refused(&|track| set_stream_info(track, 10, &[0; 8]));
    let mut muxer = open(Container::Flac, &MuxSettings::of(Layout::Plain)).unwrap();
    let mut sink = StreamSink::new(Vec::new());
    assert!(muxer.begin(&[], &mut sink).is_err());
    assert_eq!(muxer.finish(&[], &mut sink).unwrap_err().kind(), ErrorKind::State);
}

#[test]
fn a_file_that_is_cut_off_is_sound_up_to_there() {
    let packets = packets(1, &[64; 5], |_| true);
    let out = SharedWriter::new(Cursor::new(Vec::new()));
    let mut sink = SeekSink::new(out.clone()).unwrap();
    let mut muxer = open(Container::Flac, &MuxSettings::of(Layout::Plain)).unwrap();
    muxer.begin(&[track(8_000, 1, 64)], &mut sink).unwrap();
    packets.iter().for_each(|packet| muxer.packet(packet.clone(), &mut sink).unwrap());
    sink.flush().unwrap();
    assert!(muxer.plays_from().is_some());
    let mut bytes = out.with(|cursor| cursor.get_ref().clone());
    // As in a live file, but for the seek table, which is empty.
    bytes.drain(42..42 + 4 + 1800);
    check(&verify(&bytes, true).unwrap(), &packets);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_frames_read_back(
        channels in 1u8..=8,
        block in 16u16..200,
        count in 0usize..160,
        last in 1u16..200,
        rate in 1u32..=655_350,
        verbatim in 1usize..9,
        live: bool,
    ) {
        let mut lengths = vec![block; count];
        lengths.push(last.min(block));
        let packets = packets(channels, &lengths, |index| index % verbatim == 0);
        let layout = if live { Layout::Live } else { Layout::Plain };
        let bytes = mux(&MuxSettings::of(layout), &track(rate, channels, block), &packets).unwrap();
        let read = verify(&bytes, live);
        prop_assert!(read.is_ok(), "{:?}", read.err());
        check(&read.unwrap(), &packets);
    }
}
