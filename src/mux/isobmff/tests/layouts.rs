//! The index in front, recordings that are to be recovered, and what all layouts say of starts before 0.

use std::io;
use std::time::Duration;

use super::sparse::Sparse;
use super::synthetic::*;
use super::verifier::{self, Movie};
use super::{FragmentedMp4Muxer, Mp4Muxer, try_fragmented, verified, write};
use crate::error::{ErrorKind, Result};
use crate::media::{Packet, SampleFormat, TimeBase, Track};
use crate::mux::{Layout, MuxSettings, Muxer};
use crate::sink::Sink;

fn settings(layout: Layout, index_reserve: Option<u64>) -> MuxSettings {
    MuxSettings { index_reserve, fragment_duration: Duration::from_millis(400), ..MuxSettings::of(layout) }
}

fn muxer(settings: MuxSettings) -> Box<dyn Muxer> {
    super::super::open(crate::mux::Container::Mp4, &settings).unwrap()
}

/// A sink that remembers what was done to it.
#[derive(Default)]
struct Recorder {
    file: Vec<u8>,
    /// Each with the offset that it went to.
    writes: Vec<(usize, Vec<u8>)>,
    readable: bool,
}

impl Sink for Recorder {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writes.push((self.file.len(), bytes.to_vec()));
        self.file.extend_from_slice(bytes);
        Ok(())
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.writes.push((offset as usize, bytes.to_vec()));
        self.file[offset as usize..][..bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    fn can_patch(&self) -> bool {
        true
    }

    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        assert!(self.readable);
        buffer.copy_from_slice(&self.file[offset as usize..][..buffer.len()]);
        Ok(())
    }

    fn can_read(&self) -> bool {
        self.readable
    }

    fn position(&self) -> u64 {
        self.file.len() as u64
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn record(settings: MuxSettings, readable: bool, tracks: &[Track], packets: &[Packet]) -> Result<Recorder> {
    let mut sink = Recorder { readable, ..Recorder::default() };
    write(&mut *muxer(settings), &mut sink, tracks, packets)?;
    Ok(sink)
}

/// A file of this layout, with fragments of 400 ms.
pub fn file(layout: Layout, tracks: &[Track], packets: &[Packet]) -> Vec<u8> {
    record(settings(layout, None), true, tracks, packets).unwrap().file
}

fn film() -> (Vec<Track>, Vec<Packet>) {
    let tracks = vec![
        video_track(64, 48, TimeBase::per_second(25)),
        opus_track(2),
        pcm_track(8000, 1, SampleFormat::S16),
        flac_track(48_000, 1, 16),
    ];
    let mut packets = video_packets(&tracks[0], 50, 1, 10);
    packets.extend(opus_packets(1, 96_000));
    packets.extend((0..20).map(|i| Packet::new(2, i * 800, 800, true, vec![i as u8; 1600])));
    packets.extend((0..24).map(|i| Packet::new(3, i * 4096, 4096, true, vec![i as u8; 70 + i as usize])));
    let packets = interleave(&tracks, packets);
    (tracks, packets)
}

#[test]
fn the_index_goes_in_front_by_moving_the_samples() {
    let (tracks, packets) = film();
    let file = record(settings(Layout::FastStart, None), true, &tracks, &packets).unwrap().file;
    let movie = verified(&file, &tracks, &packets);
    assert_eq!(movie.boxes, ["ftyp", "moov", "mdat"]);
    let plain = record(settings(Layout::Plain, None), true, &tracks, &packets).unwrap().file;
    assert_eq!(file.len(), plain.len() - 8, "it is the plain file without its free box");
}

#[test]
fn whatever_is_reserved_the_samples_are_kept_and_no_gap_is_too_small_for_a_box() {
    let (tracks, packets) = film();
    let moved = record(settings(Layout::FastStart, None), true, &tracks, &packets).unwrap().file;
    let start = moved.windows(4).position(|window| window == b"moov").unwrap() - 4;
    let index = u64::from(u32::from_be_bytes(moved[start..start + 4].try_into().unwrap()));
    for reserve in (index - 30..index + 20).chain([0, 1, 7, 8, 100, 2 * index]) {
        for readable in [true, false] {
            let sink = record(settings(Layout::FastStart, Some(reserve)), readable, &tracks, &packets).unwrap();
            let movie = verified(&sink.file, &tracks, &packets);
            let place = movie.boxes.iter().position(|kind| kind == "moov").unwrap();
            // With the header of the free box, and the 8 bytes that are there in any case.
            let space = if reserve == 0 { 8 } else { reserve + 16 };
            let fits = space == index || space >= index + 8;
            assert!(fits || reserve < index, "what was asked for is there");
            assert_eq!(place == 1, fits || readable, "{reserve} of {index}: {:?}", movie.boxes);
            if fits {
                assert_eq!(movie.free.iter().sum::<u64>(), space - index, "nothing has moved");
            } else if readable {
                assert!(movie.free.iter().sum::<u64>() <= 8, "no more than is needed");
            }
        }
    }
}

#[test]
fn a_sink_that_cannot_read_has_space_reserved() {
    let (tracks, packets) = film();
    let file = record(settings(Layout::FastStart, None), false, &tracks, &packets).unwrap().file;
    let movie = verified(&file, &tracks, &packets);
    assert_eq!(movie.boxes, ["ftyp", "moov", "free", "mdat"]);
    assert!((900_000..1 << 20).contains(&movie.free[0]), "{:?}", movie.free);
}

#[test]
fn a_recording_becomes_a_plain_file_and_is_playable_at_every_moment() {
    let (tracks, packets) = film();
    let sink = record(settings(Layout::Recoverable, None), false, &tracks, &packets).unwrap();
    let movie = verified(&sink.file, &tracks, &packets);
    assert_eq!(movie.boxes, ["ftyp", "mdat", "moov"]);
    let hidden = movie.hidden.as_ref().expect("the fragments are still there");
    assert_eq!(hidden.fragments.len(), 5);
    assert_eq!(movie.media_duration_of("vide"), 50);

    let whole = |length: usize| hidden.media_data.iter().filter(|data| data.end <= length as u64).count();
    let check = |file: &[u8]| {
        let Ok(found) = verifier::verify_unfinished(file) else {
            let header = file.windows(4).position(|window| window == b"moof").unwrap_or(file.len());
            assert!(whole(file.len()) == 0 && header >= file.len().saturating_sub(16), "{} bytes", file.len());
            return;
        };
        assert_eq!(found.fragments, hidden.fragments[..whole(file.len())], "{} bytes", file.len());
        for (track, all) in found.tracks.iter().zip(&hidden.tracks) {
            assert_eq!(track.samples, all.samples[..track.samples.len()]);
        }
    };
    let mut file = Vec::new();
    let count = sink.writes.len();
    for (index, (offset, bytes)) in sink.writes.iter().enumerate() {
        if *offset < file.len() {
            file[*offset..][..bytes.len()].copy_from_slice(bytes);
        } else {
            // Cut in the middle of what is appended, at places that have nothing to do with boxes.
            for cut in (0..bytes.len()).step_by(1 + bytes.len() / 7) {
                check(&[&file[..], &bytes[..cut]].concat());
            }
            file.extend_from_slice(bytes);
        }
        match index + 1 == count {
            false => check(&file),
            true => assert_eq!(file, sink.file),
        }
    }
    let [.., (_, _), (front, flip)] = &sink.writes[..] else { panic!("two patches at the end") };
    assert_eq!((flip.len(), *front), (1, sink.file.windows(4).position(|w| w == b"mdat").unwrap() - 1));
}

trait MediaDuration {
    fn media_duration_of(&self, handler: &str) -> u64;
}

impl MediaDuration for Movie {
    fn media_duration_of(&self, handler: &str) -> u64 {
        self.track(handler).media_duration
    }
}

#[test]
fn only_whole_fragments_are_called_playable() {
    let (tracks, packets) = film();
    for layout in [Layout::Plain, Layout::FastStart, Layout::Fragmented, Layout::Recoverable] {
        let mut sink = Recorder::default();
        let mut muxer = muxer(settings(layout, Some(100)));
        muxer.begin(&tracks, &mut sink).unwrap();
        assert!(muxer.plays_from().is_none(), "{layout}: there is nothing to play");
        for packet in &packets {
            muxer.packet(packet.clone(), &mut sink).unwrap();
        }
        let plays = matches!(layout, Layout::Fragmented | Layout::Recoverable);
        assert_eq!(muxer.plays_from().is_some(), plays, "{layout}");
        assert_eq!(verifier::verify_unfinished(&sink.file).is_ok(), plays, "{layout}");
    }
}

#[test]
fn a_fragment_that_is_too_large_leaves_what_was_recorded() {
    // A sink that is full: the file stays one of fragments.
    struct Full(Recorder, usize);
    impl Sink for Full {
        fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
            if self.0.file.len() + bytes.len() > self.1 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.0.append(bytes)
        }
        fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
            self.0.patch(offset, bytes)
        }
        fn can_patch(&self) -> bool {
            true
        }
        fn position(&self) -> u64 {
            self.0.position()
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (tracks, packets) = film();
    let length = record(settings(Layout::Recoverable, None), false, &tracks, &packets).unwrap().file.len();
    let mut sink = Full(Recorder::default(), length - 1);
    let error = write(&mut *muxer(settings(Layout::Recoverable, None)), &mut sink, &tracks, &packets).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert_eq!(verifier::verify_unfinished(&sink.0.file).unwrap().fragments.len(), 5);
}

#[test]
fn a_start_before_0_is_exact_in_every_layout() {
    let ntsc = TimeBase::new(1001, 30_000).unwrap();
    let tracks = [video_track(64, 48, ntsc), opus_track(1), pcm_track(44_100, 1, SampleFormat::S16)];
    let earlier = |packets: Vec<Packet>, ticks: i64| {
        packets.into_iter().map(move |packet| Packet { pts: packet.pts - ticks, ..packet }).collect::<Vec<_>>()
    };
    let mut packets = earlier(video_packets(&tracks[0], 90, 1, 30), 7);
    packets.extend(earlier(opus_packets(1, 96_000), 1001));
    packets.extend((1..20).map(|i| Packet::new(2, i * 4410, 4410, true, vec![i as u8; 8820])));
    let packets = interleave(&tracks, packets);
    for layout in [Layout::Plain, Layout::FastStart, Layout::Recoverable] {
        let file = record(settings(layout, None), true, &tracks, &packets).unwrap().file;
        let movie = verified(&file, &tracks, &packets);
        let leads: Vec<i64> = movie.tracks.iter().map(|track| track.lead()).collect();
        assert_eq!(leads, [7007, 1001, 0], "{layout}");
        let video = movie.presented(&movie.tracks[0]);
        assert!(video.0 == 0.0 && (video.1 - 83.0 * 0.033_366_666).abs() < 1e-4, "{video:?}");
        assert_eq!(movie.presented(&movie.tracks[1]), (0.0, (96_000.0 - 1001.0) / 48_000.0));
    }
    // The first packet tells how far all tracks are shifted: 7 frames are 11211.2 and 10300.29 ticks of sound.
    let movie =
        verified(&try_fragmented(settings(Layout::Fragmented, None), &tracks, &packets).unwrap(), &tracks, &packets);
    let leads: Vec<i64> = movie.tracks.iter().map(|track| track.lead()).collect();
    assert_eq!(leads, [7007, 11_212, 10_301]);
    assert_eq!(movie.tracks[1].samples[0].time, 11_212 - 1001);
    assert_eq!(movie.presented(&movie.tracks[2]).0, 0.1);
}

#[test]
fn starts_that_cannot_be_said_are_refused() {
    let tracks = [video_track(64, 48, TimeBase::new(1001, 30_000).unwrap()), flac_track(48_000, 1, 16)];
    for layout in [Layout::Plain, Layout::Fragmented, Layout::Recoverable] {
        let mut sink = Recorder::default();
        let mut muxer = muxer(settings(layout, None));
        muxer.begin(&tracks, &mut sink).unwrap();
        let before = sink.file.len();
        for pts in [i64::MIN, i64::MIN / 2] {
            let error = muxer.packet(Packet::new(1, pts, 10, true, vec![1]), &mut sink);
            let video = muxer.packet(Packet::new(0, pts, 10, true, av1_unit(&tracks[0], true, 9)), &mut sink);
            assert_eq!(video.unwrap_err().kind(), ErrorKind::InvalidInput, "{layout} {pts}");
            if pts == i64::MIN {
                assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidInput, "{layout} {pts}");
            }
            if layout != Layout::Plain {
                assert!(sink.file.len() >= before);
            }
        }
    }
    // Tracks that are not in the order of their times.
    let mut sink = Recorder::default();
    let mut muxer = muxer(settings(Layout::Fragmented, None));
    muxer.begin(&tracks, &mut sink).unwrap();
    muxer.packet(Packet::new(1, -5, 10, true, vec![1]), &mut sink).unwrap();
    let error = muxer.packet(Packet::new(0, -2, 1, true, av1_unit(&tracks[0], true, 9)), &mut sink).unwrap_err();
    assert!(error.kind() == ErrorKind::InvalidInput && error.to_string().contains("began"), "{error}");
}

#[test]
fn a_track_that_ends_before_0_shows_no_more_than_a_tick() {
    let tracks = [opus_track(1), flac_track(48_000, 1, 16)];
    let mut packets = vec![Packet::new(0, -2000, 960, true, vec![1; 9])];
    packets.push(Packet::new(1, 0, 4096, true, vec![1; 9]));
    let file = record(settings(Layout::Plain, None), false, &tracks, &packets).unwrap().file;
    let movie = verifier::verify(&file).unwrap();
    assert_eq!(movie.presented(&movie.tracks[0]), (0.0, 1.0 / 48_000.0));
}

#[test]
fn random_access_stands_at_the_end_of_files_and_not_of_streams() {
    let (tracks, packets) = film();
    let file = record(settings(Layout::Fragmented, None), false, &tracks, &packets).unwrap().file;
    let movie = verified(&file, &tracks, &packets);
    assert_eq!(movie.boxes.last().unwrap(), "mfra");
    let stream = try_fragmented(settings(Layout::Fragmented, None), &tracks, &packets).unwrap();
    assert!(file.starts_with(&stream), "the same but for that");
    assert!(!verified(&stream, &tracks, &packets).boxes.contains(&"mfra".into()));
}

/// A file of packets of 64 MiB each, the last but one of `rest` bytes more or less.
fn large(layout: Layout, reserve: Option<u64>, readable: bool, count: i64, rest: i64) -> Sparse {
    let tracks = [flac_track(48_000, 2, 16)];
    let mut sink = if readable { Sparse::readable() } else { Sparse::default() };
    let mut muxer = muxer(MuxSettings { index_reserve: reserve, ..MuxSettings::of(layout) });
    muxer.begin(&tracks, &mut sink).unwrap();
    for i in 0..count {
        let size = (64 << 20) + if i == count - 2 { rest } else { 0 };
        let mut data = vec![0; size as usize];
        data[..8].copy_from_slice(&(i + 1).to_be_bytes());
        muxer.packet(Packet::new(0, i * 48_000, 48_000, true, data), &mut sink).unwrap();
    }
    muxer.finish(&tracks, &mut sink).unwrap();
    sink
}

/// Reads it, and the mark at the start of each sample.
fn checked(mut sink: Sparse) -> Movie {
    let movie = verifier::verify_from(&mut sink).unwrap();
    for (mark, sample) in (1i64..).zip(&movie.tracks[0].samples) {
        let mut bytes = [0; 8];
        sink.readable = true;
        Sink::read(&mut sink, sample.offset, &mut bytes).unwrap();
        assert_eq!(bytes, mark.to_be_bytes());
    }
    movie
}

#[test]
fn plain_files_past_4_gib_have_64_bit_sizes_and_offsets() {
    let movie = checked(large(Layout::Plain, None, false, 63, 0));
    assert_eq!(movie.boxes, ["ftyp", "free", "mdat", "moov"]);
    assert!(!movie.tracks[0].has_64_bit_offsets);

    // 64 of them are 4 GiB: too much for the size, but no chunk begins so late.
    let movie = checked(large(Layout::Plain, None, false, 64, 0));
    assert_eq!(movie.boxes, ["ftyp", "mdat", "moov"]);
    assert_eq!(movie.media_data[0].end - movie.media_data[0].start, 4 << 30);
    assert!(!movie.tracks[0].has_64_bit_offsets);

    let movie = checked(large(Layout::Plain, None, false, 70, 0));
    assert!(movie.tracks[0].has_64_bit_offsets);
    assert_eq!(movie.tracks[0].samples[69].offset, movie.media_data[0].start + 69 * (64 << 20));
}

#[test]
fn an_index_in_front_of_more_than_4_gib() {
    let movie = checked(large(Layout::FastStart, None, true, 70, 0));
    assert_eq!(movie.boxes, ["ftyp", "moov", "mdat"]);
    let movie = checked(large(Layout::FastStart, Some(4096), false, 70, 0));
    assert_eq!(movie.boxes, ["ftyp", "moov", "free", "mdat"]);
    let movie = checked(large(Layout::FastStart, Some(64), false, 70, 0));
    assert_eq!(
        (&movie.boxes[..], &movie.free[..]),
        (&["ftyp", "free", "mdat", "moov"].map(String::from)[..], &[72][..])
    );

    // The last chunk begins 101 bytes before 4 GiB, and is pushed past it by the index, whose offsets become longer by
    // that, so that it is pushed further.
    let movie = checked(large(Layout::FastStart, None, true, 65, -(44 + 101)));
    assert!(movie.tracks[0].has_64_bit_offsets && movie.free.is_empty());
    let movie = checked(large(Layout::Plain, None, true, 65, -(44 + 101)));
    assert!(!movie.tracks[0].has_64_bit_offsets);
}

#[test]
fn a_recording_of_more_than_4_gib() {
    let movie = checked(large(Layout::Recoverable, None, false, 70, 0));
    assert!(movie.tracks[0].has_64_bit_offsets && movie.hidden.is_some());
    assert_eq!(movie.boxes, ["ftyp", "mdat", "moov"]);
}

#[test]
fn at_most_32_bytes_are_held_for_each_of_a_million_packets() {
    const PACKETS: i64 = 1_000_000;
    let tracks = [video_track(64, 48, TimeBase::per_second(90_000)), opus_track(1)];
    // Worse than any film: sizes, durations and tracks alternate, so that nothing makes runs.
    let feed = |muxer: &mut dyn Muxer| {
        let mut sink = Sparse::readable();
        muxer.begin(&tracks, &mut sink).unwrap();
        let mut times = [0, 0];
        for i in 0..PACKETS {
            let track = (i % 2) as usize;
            let duration = [3000, 960][track] + (i / 2 % 2) as u32;
            let packet = Packet::new(track, times[track], duration, i % 4 != 0, vec![0; 9 + (i / 2 % 5) as usize]);
            times[track] += i64::from(duration);
            muxer.packet(packet, &mut sink).unwrap();
        }
    };
    for layout in [Layout::Plain, Layout::FastStart] {
        let mut muxer = Mp4Muxer::new(MuxSettings::of(layout), Default::default());
        feed(&mut muxer);
        let held = muxer.allocated() as f64 / PACKETS as f64;
        assert!((8.0..32.0).contains(&held), "{layout}: {held} bytes a packet");
    }
    for (layout, most) in [(Layout::Recoverable, 32.0), (Layout::Fragmented, 0.1)] {
        let mut muxer = FragmentedMp4Muxer::new(MuxSettings::of(layout), Default::default());
        feed(&mut muxer);
        let held = muxer.allocated() as f64 / PACKETS as f64;
        assert!(held < most, "{layout}: {held} bytes a packet");
    }
}
