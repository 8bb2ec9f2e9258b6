//! Where the index stands, what begins before 0, and what a long recording costs.

use super::*;
use std::time::Instant;

fn fast(reserve: Option<u64>) -> MuxSettings {
    MuxSettings { index_reserve: reserve, ..MuxSettings::of(Layout::FastStart) }
}

#[test]
fn the_index_stands_in_front_where_there_is_room_50() {
    let scene = Scene::new().av1_keys(25, 100, 10).opus(312, 150, 0);
    let plain = verify(&file(Container::WebM, &scene)).unwrap();
    let (mut in_front, mut behind) = (0, 0);
    for reserve in (0..400).map(Some).chain([None, Some(100_000)]) {
        let bytes = mux(Container::WebM, fast(reserve), &scene).unwrap();
        let read = verify(&bytes).unwrap_or_else(|fault| panic!("{reserve:?}: {fault}"));
        check_packets(&read, &scene);
        assert_eq!(read.cues, plain.cues);
        assert!(!plain.cues_in_front);
        if read.cues_in_front {
            in_front += 1
        } else {
            behind += 1
        }
        assert!(read.cues_in_front || reserve.is_some_and(|bytes| bytes < 400));
    }
    // As much as is needed, with one byte more, and so on: the room is filled or ends in a Void.
    assert!(in_front > 100 && behind > 100, "{in_front} {behind}");
    let empty = verify(&mux(Container::WebM, fast(None), &Scene::new().av1(25, 1, 0)).unwrap()).unwrap();
    assert!(empty.cues.is_empty());
}

#[test]
fn what_begins_before_0_is_stamped_below_0_45() {
    // Sound that has its priming before 0, and pictures from -400 ms on.
    let scene = Scene::new().av1_keys(25, 60, 25).late(0, -10).opus(312, 100, 0).late(1, -960);
    for bytes in [file(Container::WebM, &scene), live(Container::WebM, &scene)] {
        let read = verify(&bytes).unwrap();
        check_packets(&read, &scene);
        assert_eq!((read.blocks[0].time_ms, read.clusters[0]), (-400, 0));
    }
    let read = verify(&file(Container::WebM, &scene)).unwrap();
    assert_eq!(read.duration_ms, Some(2_000.0));
    // One cue for all before 0: the last key frame there.
    let far = Scene::new().av1_keys(25, 900, 25).late(0, -800);
    let read = verify(&file(Container::WebM, &far)).unwrap();
    assert_eq!(read.cues.iter().map(|cue| cue.time_ms).collect::<Vec<_>>(), [0, 1000, 2000, 3000]);
    check_packets(&read, &far);
    let too_far = Scene::new().av1_keys(25, 900, 25).late(0, -820);
    let refused = mux(Container::WebM, MuxSettings::of(Layout::Plain), &too_far).unwrap_err();
    assert_eq!(refused.kind(), crate::ErrorKind::InvalidInput);
    assert!(refused.to_string().contains("32,768 ms before 0"), "{refused}");
}

#[test]
fn late_starts_and_gaps_are_exact_46() {
    let mut scene = Scene::new().av1(30_000, 1001, 60).late(0, 7).opus(312, 100, 0).late(1, 12_345);
    for packet in &mut scene.packets[1][50..] {
        packet.pts += 480_017;
    }
    for bytes in [file(Container::WebM, &scene), live(Container::WebM, &scene)] {
        check_packets(&verify(&bytes).unwrap(), &scene);
    }
}

/// Nine hours of pictures and sound: 32 bytes a key frame are held, and nothing else grows.
#[test]
fn a_million_packets_cost_32_bytes_a_key_frame() {
    let scene = Scene::new().av1_keys(25, 10, 10).opus(312, 10, 0);
    let mut sink = Counting::default();
    let mut muxer = MatroskaMuxer::new(Container::WebM, &MuxSettings::of(Layout::Plain)).unwrap();
    muxer.begin(&scene.tracks, &mut sink).unwrap();
    for index in 0..500_000i64 {
        let key = index % 50 == 0;
        muxer.packet(Packet::new(0, index * 3 / 2, 1, key, vec![0x32, 0x05, 1]), &mut sink).unwrap();
        muxer.packet(Packet::new(1, index * 2880, 960, true, vec![0xfc, 0xff, 0xfe]), &mut sink).unwrap();
    }
    assert_eq!(muxer.cues.len(), 10_000);
    assert!(muxer.cues.capacity() * size_of::<Cue>() < 700_000);
    let began = Instant::now();
    muxer.finish(&scene.tracks, &mut sink).unwrap();
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

/// Memory whose patches fail from one of them on.
struct Breaking {
    bytes: Vec<u8>,
    patches: usize,
}

impl Sink for Breaking {
    fn append(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
    fn patch(&mut self, offset: u64, bytes: &[u8]) -> std::io::Result<()> {
        self.patches = self.patches.checked_sub(1).ok_or_else(|| std::io::Error::other("the disk is gone"))?;
        self.bytes[offset as usize..][..bytes.len()].copy_from_slice(bytes);
        Ok(())
    }
    fn can_patch(&self) -> bool {
        true
    }
    fn position(&self) -> u64 {
        self.bytes.len() as u64
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Found by fuzzing: where the sink failed between the head of the index and its entries, there were zeros where an element
/// had to be, and readers went no further.
#[test]
fn found_a_file_plays_whichever_patch_of_its_end_fails() {
    let scene = Scene::new().av1_keys(25, 100, 10).opus(312, 150, 0);
    for reserve in [None, Some(120), Some(1_000)] {
        let mut failures = 0;
        for patches in 0.. {
            let mut sink = Breaking { bytes: Vec::new(), patches };
            let mut muxer = MatroskaMuxer::new(Container::WebM, &fast(reserve)).unwrap();
            muxer.begin(&scene.tracks, &mut sink).unwrap();
            scene.interleaved().into_iter().for_each(|packet| muxer.packet(packet, &mut sink).unwrap());
            let finished = muxer.finish(&scene.final_tracks(), &mut sink);
            let mut file = matroska_demuxer::MatroskaFile::open(Cursor::new(&sink.bytes)).unwrap();
            let (mut frame, mut frames) = (matroska_demuxer::Frame::default(), 0);
            while file.next_frame(&mut frame).unwrap() {
                frames += 1;
            }
            assert_eq!(frames, 250, "{reserve:?}, {patches} patches");
            if finished.is_ok() {
                break;
            }
            failures += 1;
        }
        assert!(failures >= 3, "{failures}");
    }
}
