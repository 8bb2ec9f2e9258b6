//! Fragmented MP4.

use std::time::Duration;

use super::synthetic::*;
use super::verifier::Edit;
use super::{FragmentedMp4Muxer, fragmented, try_fragmented, verified, verifier};
use crate::media::{Packet, SampleFormat, TimeBase, Track};
use crate::mux::{Layout, MuxSettings, Muxer};
use crate::sink::{SharedWriter, Sink, StreamSink};

fn settings(ms: u64, fragment_bytes: usize) -> MuxSettings {
    MuxSettings { fragment_duration: Duration::from_millis(ms), fragment_bytes, ..MuxSettings::of(Layout::Fragmented) }
}

#[test]
fn fragments_begin_with_key_frames() {
    let tracks = [video_track(640, 360, TimeBase::new(1001, 30_000).unwrap()), opus_track(2)];
    let mut packets = video_packets(&tracks[0], 300, 1, 30);
    packets.extend(opus_packets(1, 480_480));
    let packets = interleave(&tracks, packets);
    let file = fragmented(&tracks, &packets);
    let movie = verified(&file, &tracks, &packets);
    assert_eq!(movie.boxes[..4], ["ftyp", "moov", "moof", "mdat"]);
    assert_eq!(movie.brands, ["iso6", "mp42", "av01"]);
    let frames: Vec<usize> = movie.fragments.iter().map(|members| members[0].1).collect();
    assert_eq!(frames, [60, 60, 60, 60, 60], "the key frame at 1.001 s is too early, that at 2.002 s is the first");
    let (video, sound) = (movie.track("vide"), movie.track("soun"));
    assert_eq!(sound.edits, [Edit { duration: 0, media_time: 312 }]);
    assert_eq!(sound.roll_distances, [-4; 5]);
    assert_eq!(movie.presented(video).1, 10.01);
    assert_eq!(movie.presented(sound).1, 10.01);
    assert_eq!(fragmented(&tracks, &packets), file, "the same input gives the same bytes");
}

#[test]
fn fragments_do_not_grow_without_key_frames() {
    let tracks = [video_track(64, 48, TimeBase::per_second(10))];
    let packets = video_packets(&tracks[0], 100, 1, 100);
    let count = |movie: &verifier::Movie| movie.fragments.iter().map(|members| members[0].1).collect::<Vec<_>>();
    let movie = verified(&try_fragmented(settings(1000, 1 << 20), &tracks, &packets).unwrap(), &tracks, &packets);
    assert_eq!(count(&movie), [40, 40, 20], "at four times the duration");
    let movie = verified(&try_fragmented(settings(1000, 1000), &tracks, &packets).unwrap(), &tracks, &packets);
    assert!(movie.media_data.iter().all(|data| data.end - data.start <= 1000));
    let movie = verified(&try_fragmented(settings(1000, 1), &tracks, &packets).unwrap(), &tracks, &packets);
    assert_eq!(count(&movie), [1; 100], "a packet that is larger goes by itself");
}

#[test]
fn sound_alone_is_cut_by_time() {
    let tracks = [opus_track(2)];
    let packets = opus_packets(0, 480_000);
    let movie = verified(&fragmented(&tracks, &packets), &tracks, &packets);
    assert_eq!(movie.brands, ["iso6", "mp42", "cmfc"]);
    let counts: Vec<usize> = movie.fragments.iter().map(|members| members[0].1).collect();
    assert_eq!(counts, [100, 100, 100, 100, 100, 1]);
    let last = movie.tracks[0].samples.last().unwrap();
    assert_eq!(last.duration, 312, "the padding is not part of it");
}

#[test]
fn a_late_start_and_gaps_show_in_decode_times() {
    let tracks = [video_track(64, 48, TimeBase::per_second(1000)), opus_track(1)];
    let frame = |pts, key| Packet::new(0, pts, 40, key, av1_unit(&tracks[0], key, 30));
    // A gap of 60 ms within a fragment, one of 860 ms that the key frame which ends the fragment tells of, and one
    // that nobody has known of when the fragment is written.
    let mut packets = vec![frame(500, true), frame(600, false), frame(1500, true), frame(1540, false)];
    packets
        .extend([Packet::new(1, 1600 * 48, 960, true, vec![1; 9]), Packet::new(1, 9000 * 48, 960, true, vec![1; 9])]);
    packets.push(frame(9040, false));
    let packets = interleave(&tracks, packets);
    let movie = verified(&try_fragmented(settings(1000, 1 << 20), &tracks, &packets).unwrap(), &tracks, &packets);
    assert_eq!(movie.fragments, [vec![(1, 2)], vec![(1, 2), (2, 1)], vec![(1, 1), (2, 1)]]);
    let video: Vec<_> = movie.track("vide").samples.iter().map(|sample| (sample.time, sample.duration)).collect();
    assert_eq!(video, [(500, 100), (600, 900), (1500, 40), (1540, 40), (9040, 40)]);
    let sound: Vec<_> = movie.track("soun").samples.iter().map(|sample| (sample.time, sample.duration)).collect();
    assert_eq!(sound, [(76_800, 355_200), (432_000, 960)]);
}

#[test]
fn roll_distances_cover_80_ms_of_the_shortest_packets() {
    let tracks = [opus_track(1)];
    let packet = |pts, duration| Packet::new(0, pts, duration, true, vec![1; 30]);
    let packets = [packet(0, 2880), packet(2880, 120), packet(3000, 960), packet(6000, 2880), packet(8880, 960)];
    let whole = verified(&super::plain(&tracks, &packets), &tracks, &packets);
    assert_eq!(whole.tracks[0].roll_distances, [-32]);
    let pieces = verified(&try_fragmented(settings(60, 1 << 20), &tracks, &packets).unwrap(), &tracks, &packets);
    assert_eq!(pieces.tracks[0].roll_distances, [-2, -32, -32, -32]);
}

#[test]
fn flags_of_samples_stand_where_they_are_shortest() {
    let track = video_track(64, 48, TimeBase::per_second(25));
    let run = |keys: &str| -> Vec<u8> {
        let packet = |(i, key): (usize, char)| {
            let key = key == 'K';
            // All packets are of one size, so that only flags can make the run longer.
            let unit = if key { av1_unit(&track, true, 20) } else { av1_unit(&track, false, 20 + key_header(&track)) };
            Packet::new(0, i as i64, 1, key, unit)
        };
        let packets: Vec<_> = keys.chars().enumerate().map(packet).collect();
        let tracks = [track.clone()];
        let file = fragmented(&tracks, &packets);
        verified(&file, &tracks, &packets);
        let at = file.windows(4).position(|window| window == b"trun").unwrap();
        file[at - 4..at + 8].to_vec()
    };
    assert_eq!(run("KKKK"), *b"\0\0\0\x14trun\0\0\0\x01");
    assert_eq!(run("K---"), *b"\0\0\0\x18trun\0\0\0\x05");
    assert_eq!(run("K-K-"), *b"\0\0\0\x24trun\0\0\x04\x01");
    assert_eq!(run("KK--"), *b"\0\0\0\x24trun\0\0\x04\x01");
}

/// How much longer a key frame is than another.
fn key_header(track: &Track) -> usize {
    av1_unit(track, true, 20).len() - av1_unit(track, false, 20).len()
}

#[test]
fn pcm_takes_no_room_in_the_fragment() {
    let tracks = [pcm_track(48_000, 2, SampleFormat::S16)];
    let packets: Vec<_> = (0..20).map(|i| Packet::new(0, i * 4800, 4800, true, vec![i as u8; 19_200])).collect();
    let file = fragmented(&tracks, &packets);
    verified(&file, &tracks, &packets);
    assert!(file.len() < 20 * 19_200 + 1000, "{}", file.len());
}

#[test]
fn a_fragment_is_handed_on_when_it_is_complete() {
    let tracks = [opus_track(1)];
    let file = SharedWriter::new(Vec::new());
    let mut sink = StreamSink::new(file.clone());
    let mut muxer = FragmentedMp4Muxer::new(settings(100, 1 << 20), Default::default());
    muxer.begin(&tracks, &mut sink).unwrap();
    for packet in opus_packets(0, 4800 + 960) {
        muxer.packet(packet, &mut sink).unwrap();
    }
    let seen = file.with(|file| file.clone());
    assert_eq!(seen.len() as u64, sink.position());
    assert_eq!(verifier::verify(&seen).unwrap().tracks[0].samples.len(), 5);
}

#[test]
fn a_file_without_a_packet_is_one() {
    let tracks = [opus_track(1), video_track(64, 48, TimeBase::per_second(25))];
    let movie = verifier::verify(&fragmented(&tracks, &[])).unwrap();
    assert_eq!(movie.boxes, ["ftyp", "moov"]);
}
