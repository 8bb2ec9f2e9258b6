//! MP4 with one movie box.

use std::io::Cursor;

use proptest::prelude::*;

use super::synthetic::*;
use super::verifier::{self, Edit};
use super::{Mp4Muxer, fragmented, plain, try_fragmented, try_plain, verified};
use crate::error::ErrorKind;
use crate::media::{CodecConfig, Packet, SampleFormat, TimeBase, Track};
use crate::mux::isobmff::sample_table::SampleTable;
use crate::mux::{Layout, MuxSettings, Muxer};
use crate::sink::{SeekSink, SharedWriter, Sink};

fn ntsc() -> TimeBase {
    TimeBase::new(1001, 30_000).unwrap()
}

#[test]
fn video_and_sound_start_and_end_together() {
    let tracks = [video_track(640, 360, ntsc()), opus_track(2)];
    let mut packets = video_packets(&tracks[0], 90, 1, 30);
    packets.extend(opus_packets(1, 144_144));
    let packets = interleave(&tracks, packets);
    let file = plain(&tracks, &packets);
    let movie = verified(&file, &tracks, &packets);

    assert_eq!(movie.boxes, ["ftyp", "free", "mdat", "moov"]);
    assert_eq!(movie.brands, ["isom", "iso6", "mp42", "av01"]);
    let (video, sound) = (movie.track("vide"), movie.track("soun"));
    assert_eq!((video.timescale, video.samples[0].duration, video.media_duration), (30_000, 1001, 90_090));
    assert_eq!(video.samples.iter().filter(|sample| sample.sync).count(), 3);
    assert_eq!(sound.edits, [Edit { duration: 144_144, media_time: 312 }]);
    assert_eq!(sound.media_duration, 144_144 + 312);
    assert_eq!(sound.roll_distances, [-4]);
    assert_eq!(movie.presented(video), (0.0, 3.003));
    assert_eq!(movie.presented(sound), (0.0, 3.003));
    assert_eq!(plain(&tracks, &packets), file, "the same input gives the same bytes");
}

#[test]
fn late_starts_and_gaps_are_kept() {
    let tracks = [video_track(64, 48, TimeBase::per_second(90_000)), opus_track(1)];
    let mut packets = vec![
        Packet::new(0, 45_000, 3000, true, av1_unit(&tracks[0], true, 50)),
        Packet::new(0, 48_000, 3000, false, av1_unit(&tracks[0], false, 50)),
        Packet::new(0, 90_007, 4500, false, av1_unit(&tracks[0], false, 50)),
    ];
    packets.extend(opus_packets(1, 9600).into_iter().map(|packet| Packet { pts: packet.pts + 12_000, ..packet }));
    let packets = interleave(&tracks, packets);
    let movie = verified(&plain(&tracks, &packets), &tracks, &packets);
    let (video, sound) = (movie.track("vide"), movie.track("soun"));
    let durations: Vec<u32> = video.samples.iter().map(|sample| sample.duration).collect();
    assert_eq!(durations, [3000, 42_007, 4500]);
    assert_eq!(video.edits[0], Edit { duration: 24_000, media_time: -1 });
    assert_eq!(sound.edits, [Edit { duration: 12_000, media_time: -1 }, Edit { duration: 9600, media_time: 312 }]);
    let (start, end) = movie.presented(video);
    assert!(start == 0.5 && (end - 94_507.0 / 90_000.0).abs() < 1e-5, "{start} {end}");
    assert_eq!(movie.presented(sound), (0.25, 0.45));
}

#[test]
fn a_last_packet_that_is_all_padding_is_not_heard() {
    let track = opus_track(1);
    let mut packets = opus_packets(0, 1000);
    let end = packets.last().unwrap().end();
    packets.push(Packet { trim_end: 960, ..Packet::new(0, end, 960, true, vec![1; 20]) });
    let tracks = [track];
    let movie = verified(&plain(&tracks, &packets), &tracks, &packets);
    let sound = movie.track("soun");
    assert_eq!(sound.samples.last().unwrap().duration, 1, "0 is forbidden");
    assert_eq!(movie.presented(sound).1, (end - 312) as f64 / 48_000.0);
}

#[test]
fn pcm_needs_no_tables_and_flac_keeps_its_frames() {
    let tracks = [pcm_track(44_100, 2, SampleFormat::S16), flac_track(96_000, 2, 24)];
    let blocks = [4410u32, 1, 44_099, 441, 7];
    let mut at = 0;
    let mut packets = Vec::new();
    for &block in &blocks {
        let data = (0..block * 4).map(|i| i as u8).collect();
        packets.push(Packet::new(0, at, block, true, data));
        at += i64::from(block);
    }
    packets.extend((0..24).map(|i| Packet::new(1, i * 4096, 4096, true, vec![i as u8; 3000 + i as usize])));
    let packets = interleave(&tracks, packets);
    let movie = verified(&plain(&tracks, &packets), &tracks, &packets);
    let pcm = &movie.tracks[0];
    assert_eq!((pcm.samples.len(), pcm.samples[0].size), (48_958, 4));
    assert!(pcm.edits.len() == 1 && !pcm.has_sync_table);
    let most = pcm.chunks.iter().max().unwrap();
    assert!(*most <= 44_100, "a chunk lasts a second: {most}");
    assert_eq!((movie.tracks[1].samples.len(), movie.tracks[1].timescale), (24, 96_000));
    assert!(movie.tracks.iter().all(|track| track.alternate_group == 1));
}

#[test]
fn chunks_are_of_a_second_and_a_megabyte_at_most() {
    let tracks = [video_track(64, 48, TimeBase::per_second(10))];
    let mut packets = video_packets(&tracks[0], 40, 1, 40);
    for packet in &mut packets[20..] {
        packet.data = av1_unit(&tracks[0], false, 300_000);
    }
    let movie = verified(&plain(&tracks, &packets), &tracks, &packets);
    assert_eq!(movie.tracks[0].chunks, [10, 10, 3, 3, 3, 3, 3, 3, 2]);
}

#[test]
fn a_track_without_a_packet_is_left_out() {
    let tracks = [opus_track(2), flac_track(48_000, 1, 16)];
    let packets = opus_packets(0, 5000);
    let movie = verifier::verify(&plain(&tracks, &packets)).unwrap();
    assert_eq!((movie.tracks.len(), movie.tracks[0].id, movie.tracks[0].alternate_group), (1, 1, 0));
}

#[test]
fn durations_past_32_bits_make_boxes_of_version_1() {
    let tracks = [video_track(64, 48, TimeBase::NANOSECONDS), opus_track(1)];
    let second = 1_000_000_000;
    let mut packets: Vec<Packet> =
        (0..5).map(|i| Packet::new(0, i * second, second as u32, i == 0, av1_unit(&tracks[0], i == 0, 40))).collect();
    let far = 48_000 * 90_000;
    packets.push(Packet::new(1, 0, 960, true, vec![0; 9]));
    packets.push(Packet { trim_end: 0, ..Packet::new(1, far, 960, true, vec![0; 9]) });
    let packets = interleave(&tracks, packets);
    let error = try_plain(&tracks, &packets).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "a sample of 25 hours cannot be told: {error}");

    let mut packets = packets;
    packets.last_mut().unwrap().pts = 48_000 * 80_000;
    packets.push(Packet::new(1, 48_000 * 160_000, 960, true, vec![0; 9]));
    let movie = verified(&plain(&tracks, &packets), &tracks, &packets);
    assert_eq!(movie.track("vide").media_duration, 5_000_000_000);
    assert!(movie.duration > u64::from(u32::MAX));
}

#[test]
fn what_cannot_be_told_is_refused() {
    let opus = opus_track(2);
    let mut slow = opus.clone();
    slow.time_base = TimeBase::MILLISECONDS;
    let mut surround = opus_track(6);
    let CodecConfig::Opus(config) = &mut surround.config else { unreachable!() };
    config.mapping = None;
    let mut no_sound = pcm_track(48_000, 2, SampleFormat::S16);
    let CodecConfig::Pcm(config) = &mut no_sound.config else { unreachable!() };
    config.channels = 0;
    let cases = [
        (slow, ErrorKind::InvalidInput, "1/48000"),
        (surround, ErrorKind::InvalidInput, "mapping"),
        (no_sound, ErrorKind::InvalidInput, "0 channels"),
        (padded_video_track((64, 48), (65_536, 48), ntsc()), ErrorKind::InvalidInput, "65536"),
        (padded_video_track((66, 48), (64, 48), ntsc()), ErrorKind::InvalidInput, "66 x 48"),
    ];
    for (track, kind, words) in cases {
        for error in [
            try_plain(std::slice::from_ref(&track), &[]).unwrap_err(),
            try_fragmented(MuxSettings::of(Layout::Fragmented), &[track], &[]).unwrap_err(),
        ] {
            assert!(error.kind() == kind && error.to_string().contains(words), "{error}");
        }
    }
    let pcm = pcm_track(48_000, 2, SampleFormat::S24);
    let packet = |pts, duration, size| Packet::new(0, pts, duration, true, vec![0; size]);
    for packets in [
        vec![packet(0, 10, 59)],
        vec![packet(0, 10, 54)],
        vec![packet(0, 10, 60), packet(9, 10, 60)],
        vec![Packet { track: 1, ..packet(0, 10, 60) }],
    ] {
        let tracks = [pcm.clone()];
        assert_eq!(try_plain(&tracks, &packets).unwrap_err().kind(), ErrorKind::InvalidInput);
        let error = try_fragmented(MuxSettings::of(Layout::Fragmented), &tracks, &packets).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
}

#[test]
fn an_unfinished_file_can_be_walked() {
    let track = flac_track(48_000, 2, 16);
    let file = SharedWriter::new(Cursor::new(Vec::new()));
    let mut sink = SeekSink::new(file.clone()).unwrap();
    let mut muxer = Mp4Muxer::new(MuxSettings::of(Layout::Plain), Default::default());
    muxer.begin(&[track], &mut sink).unwrap();
    muxer.packet(Packet::new(0, 0, 4096, true, vec![0; 100]), &mut sink).unwrap();
    sink.flush().unwrap();
    let file = file.with(|file| file.get_ref().clone());
    assert!(file.windows(16).any(|window| window == b"\0\0\0\x08free\0\0\0\0mdat"));
    assert!(verifier::verify(&file).unwrap_err().contains("not finished"));
}

#[test]
fn at_most_32_bytes_are_held_for_a_packet() {
    const PACKETS: u32 = 1_000_000;
    // Every size and duration is another one, half of the samples are sync samples, and chunks are of one and of two.
    let mut table = SampleTable::default();
    for i in 0..PACKETS {
        if i % 3 != 2 {
            table.begin_chunk(u64::from(i) * 1000).unwrap();
        }
        table.add_samples(1, 1000 + i, i % 2 == 0).unwrap();
        table.add_durations(1, 1 + i % 2);
    }
    let worst = table.allocated() as f64 / f64::from(PACKETS);
    assert!(worst < 32.0, "{worst} bytes a packet");

    // One track of a film: a chunk for each packet, in constant time, a key frame now and then.
    let mut table = SampleTable::default();
    for i in 0..PACKETS {
        table.begin_chunk(u64::from(i) * 1000).unwrap();
        table.add_samples(1, 1000 + i % 999, i % 250 == 0).unwrap();
        table.add_durations(1, 1001);
    }
    let usual = table.allocated() as f64 / f64::from(PACKETS);
    assert!(usual < 14.0, "{usual} bytes a packet");
}

fn any_track() -> impl Strategy<Value = Track> {
    prop_oneof![
        (1u32..=1001, 24u32..100_000).prop_map(|(num, den)| video_track(64, 48, TimeBase::new(num, den).unwrap())),
        (1u8..=8).prop_map(opus_track),
        (8000u32..=192_000, 1u8..=8).prop_map(|(rate, channels)| flac_track(rate / 8 * 8, channels, 16)),
        (8000u32..=192_000, 1u8..=8).prop_map(|(rate, channels)| pcm_track(rate, channels, SampleFormat::S24)),
    ]
}

/// For each packet of a track: a gap before it, its duration, its size, whether it is a key frame.
type Pieces = Vec<(Option<u16>, u16, u16, bool)>;

fn any_pieces() -> impl Strategy<Value = Pieces> {
    let gap = prop_oneof![9 => Just(None), 1 => any::<u16>().prop_map(Some)];
    proptest::collection::vec((gap, 1u16..3000, 1u16..400, any::<bool>()), 1..40)
}

fn packets_of(index: usize, track: &Track, pieces: &Pieces) -> Vec<Packet> {
    let mut at = 0;
    let mut packets = Vec::new();
    for &(gap, duration, size, key) in pieces {
        at += i64::from(gap.unwrap_or(0));
        let key = key || packets.is_empty() || track.video().is_none();
        let data = match &track.config {
            CodecConfig::Av1(_) => av1_unit(track, key, size.into()),
            CodecConfig::Pcm(config) => vec![size as u8; usize::from(duration) * usize::from(config.channels) * 3],
            _ => vec![size as u8; size.into()],
        };
        packets.push(Packet::new(index, at, duration.into(), key, data));
        at += i64::from(duration);
    }
    if let (CodecConfig::Opus(_), [.., last]) = (&track.config, &mut packets[..]) {
        last.duration += 312;
        last.trim_end = last.duration / 3;
    }
    packets
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_packets_come_back(
        tracks in proptest::collection::vec((any_track(), any_pieces()), 1..4),
        fragment_bytes in 1usize..100_000,
        fragment_ms in 1u64..5000,
    ) {
        let packets = tracks.iter().enumerate().flat_map(|(index, (track, pieces))| packets_of(index, track, pieces));
        let packets: Vec<Packet> = packets.collect();
        let tracks: Vec<Track> = tracks.into_iter().map(|(track, _)| track).collect();
        let packets = interleave(&tracks, packets);
        let whole = verified(&plain(&tracks, &packets), &tracks, &packets);
        verified(&fragmented(&tracks, &packets), &tracks, &packets);
        let fragment_duration = std::time::Duration::from_millis(fragment_ms);
        let settings = MuxSettings { fragment_duration, fragment_bytes, ..MuxSettings::of(Layout::Fragmented) };
        let pieces = verified(&try_fragmented(settings, &tracks, &packets).unwrap(), &tracks, &packets);
        for (a, b) in whole.tracks.iter().zip(&pieces.tracks) {
            let (one, other) = (whole.presented(a), pieces.presented(b));
            prop_assert!((one.0 - other.0).abs() < 0.000_5 && (one.1 - other.1).abs() < 0.000_5, "{one:?} {other:?}");
        }
    }
}
