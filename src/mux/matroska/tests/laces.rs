//! Packets of sound that share blocks.

use super::damage::{blank, blank_first, find_last, refuse, set, set_last};
use super::*;

fn laced() -> MuxSettings {
    MuxSettings { lacing: true, ..MuxSettings::of(Layout::Plain) }
}

/// How many frames each block of a track has, in the order of the file.
fn counts(file: &File, track: u64) -> Vec<usize> {
    let blocks = file.blocks.iter().filter(|block| block.track == track);
    blocks.filter_map(|block| block.lace.map_or(Some(1), |(index, count)| (index == 0).then_some(count))).collect()
}

#[test]
fn eight_packets_share_a_block() {
    let scene = Scene::new().opus(312, 30, 0);
    let bytes = mux(Container::Matroska, laced(), &scene).unwrap();
    let read = verify(&bytes).unwrap();
    check_packets(&read, &scene);
    assert_eq!(counts(&read, 1), [8, 8, 8, 6]);
    let track = &read.tracks[0];
    assert_eq!((track.flag_lacing, track.default_duration_ns), (true, Some(20_000_000)));
    assert_eq!(track.codec_delay_ns, 6_500_000);
    let plain = file(Container::Matroska, &scene);
    assert_eq!(verify(&plain).unwrap().duration_ms, read.duration_ms);
    // 26 blocks of 6 bytes beside the packet less, and a byte of the cluster's size; 4 heads of a byte, and 10 bytes for
    // the duration, more.
    assert_eq!(plain.len() - bytes.len(), 26 * 6 + 1 - 4 - 10);
}

#[test]
fn every_codec_of_sound_is_laced_and_pictures_are_not() {
    for (scene, duration) in [
        (Scene::new().av1_keys(25, 130, 25).opus(312, 250, 100), 20_000_000),
        (Scene::new().av1_keys(25, 130, 25).flac(44_100, 2, 60), 92_879_819),
        (Scene::new().mjpeg(12, 40).pcm(48_000, 2, 160), 20_000_000),
        (Scene::new().variable(&[40, 1, 333, 5_000, 17, 2_500]).pcm(44_100, 1, 390), 20_000_000),
        (Scene::new().webvtt(&[(0, 900, "a"), (500, 700, "b")]).opus(0, 40, 0), 20_000_000),
    ] {
        for layout in [Layout::Plain, Layout::FastStart] {
            let settings = MuxSettings { layout, ..laced() };
            let read = verify(&mux(Container::Matroska, settings, &scene).unwrap()).unwrap();
            if !read.tracks[0].is_subtitle {
                check_packets(&read, &scene);
            }
            assert_eq!(read.tracks[1].default_duration_ns, Some(duration));
            assert!(!read.tracks[0].flag_lacing);
            let plain = verify(&file(Container::Matroska, &scene)).unwrap();
            assert_eq!((read.duration_ms, read.clusters), (plain.duration_ms, plain.clusters));
            assert!(plain.tracks.iter().all(|track| !track.flag_lacing));
        }
    }
}

#[test]
fn what_is_not_like_the_others_stands_alone() {
    // A gap after the third, one of another duration, and a last one that is trimmed.
    let mut scene = Scene::new().opus(312, 14, 504);
    for packet in &mut scene.packets[0][3..] {
        packet.pts += 1;
    }
    scene.packets[0][7].duration = 480;
    scene.packets[0][7].data[0] = 0xf4;
    let read = verify(&mux(Container::Matroska, laced(), &scene).unwrap()).unwrap();
    check_packets(&read, &scene);
    // Behind the short one there is a gap too.
    assert_eq!(counts(&read, 1), [3, 4, 1, 5, 1]);
    assert_eq!(read.blocks[7].duration_ms, Some(10));
    let last = &read.blocks[13];
    assert_eq!((last.discard_padding_ns, last.duration_ms), (10_500_000, Some(10)));
    // The last block of FLAC is shorter, and a first one that is short does not decide for the others.
    let mut scene = Scene::new().flac(48_000, 2, 20);
    scene.packets[0][0].duration = 4000;
    scene.packets[0][0].pts = 96;
    scene.packets[0][0].data = vec![0xff, 0xf8, 0x70, 0, 0, 0x0f, 0x9f, 0];
    let read = verify(&mux(Container::Matroska, laced(), &scene).unwrap()).unwrap();
    check_packets(&read, &scene);
    assert_eq!((counts(&read, 1), read.tracks[0].default_duration_ns), (vec![1, 8, 8, 3], Some(85_333_333)));
}

#[test]
fn packets_that_last_long_or_are_large_are_not_laced() {
    let scene = Scene::new().flac(8_000, 1, 20);
    let read = verify(&mux(Container::Matroska, laced(), &scene).unwrap()).unwrap();
    check_packets(&read, &scene);
    assert_eq!((counts(&read, 1), read.tracks[0].default_duration_ns), (vec![1; 20], None));
    let read = verify(&mux(Container::Matroska, laced(), &Scene::new().flac(16_000, 1, 20)).unwrap()).unwrap();
    assert_eq!(counts(&read, 1), [3, 3, 3, 3, 3, 3, 2]);
    let mut scene = Scene::new().opus(0, 24, 0);
    scene.packets[0][4].data.resize((16 << 10) + 1, 7);
    scene.packets[0][9].data.resize(16 << 10, 7);
    let read = verify(&mux(Container::Matroska, laced(), &scene).unwrap()).unwrap();
    check_packets(&read, &scene);
    assert_eq!(counts(&read, 1), [4, 1, 8, 8, 3]);
}

#[test]
fn laces_end_with_their_clusters_and_soon_after_their_sound() {
    // A key frame a second, of which every other begins a cluster.
    let scene = Scene::new().av1_keys(25, 150, 25).opus(312, 300, 0);
    let read = verify(&mux(Container::Matroska, laced(), &scene).unwrap()).unwrap();
    check_packets(&read, &scene);
    assert_eq!(read.clusters, [0, 2000, 4000]);
    // Sound is stamped 6.5 ms later than it is heard, by which it is in order.
    let expected = [&[8; 12][..], &[5], &[8; 12], &[4], &[8; 12], &[3]].concat();
    assert_eq!(counts(&read, 2), expected);
    // Sound that pauses does not wait for its return.
    let mut scene = Scene::new().av1_keys(25, 100, 1000).opus(312, 20, 0);
    for packet in &mut scene.packets[1][10..] {
        packet.pts += 48_000 * 2;
    }
    let read = verify(&mux(Container::Matroska, laced(), &scene).unwrap()).unwrap();
    check_packets(&read, &scene);
    assert_eq!(counts(&read, 2), [8, 2, 8, 2]);
    let mut latest = 0;
    for block in read.blocks.iter().filter(|block| block.lace.is_none_or(|(index, _)| index == 0)) {
        assert!(block.time_ms >= latest - 160 - 140, "{} behind {latest}", block.time_ms);
        latest = latest.max(block.time_ms);
    }
    // Two tracks whose delays differ are laced all the same.
    let scene = Scene::new().opus(312, 80, 0).opus(3840, 80, 0);
    let read = verify(&mux(Container::Matroska, laced(), &scene).unwrap()).unwrap();
    assert_eq!((counts(&read, 1), counts(&read, 2)), (vec![8; 10], vec![8; 10]));
}

#[test]
fn sound_alone_has_a_cue_for_the_first_block_of_each_second() {
    let scene = Scene::new().opus(312, 500, 0);
    let read = verify(&mux(Container::Matroska, laced(), &scene).unwrap()).unwrap();
    let times: Vec<_> = read.cues.iter().map(|cue| cue.time_ms).collect();
    assert_eq!(times, (0..9).map(|index| index * 1120).collect::<Vec<_>>());
    // Clusters end with laces too.
    assert_eq!(read.clusters, [0, 2080, 4160, 6240, 8320]);
}

#[test]
fn a_laced_recording_that_is_cut_off_says_how_long_its_frames_last() {
    let scene = Scene::new().av1_keys(25, 100, 25).opus(312, 200, 0);
    let out = SharedWriter::new(Cursor::new(Vec::new()));
    let mut sink = SeekSink::new(out.clone()).unwrap();
    let mut muxer = MatroskaMuxer::new(Container::Matroska, &laced()).unwrap();
    muxer.begin(&scene.tracks, &mut sink).unwrap();
    for packet in scene.interleaved() {
        muxer.packet(packet, &mut sink).unwrap();
    }
    sink.flush().unwrap();
    let bytes = out.with(|cursor| cursor.get_ref().clone());
    let mut demuxer = matroska_demuxer::MatroskaFile::open(Cursor::new(&bytes)).unwrap();
    assert_eq!(demuxer.tracks()[1].default_duration().map(|ns| ns.get()), Some(20_000_000));
    let mut frame = matroska_demuxer::Frame::default();
    let mut count = [0; 2];
    while demuxer.next_frame(&mut frame).unwrap() {
        count[frame.track as usize - 1] += 1;
    }
    assert_eq!(count, [50, 101]);
}

#[test]
fn a_packet_that_is_refused_leaves_the_laces_as_they_are() {
    let scene = Scene::new().opus(312, 12, 0);
    let whole = mux(Container::Matroska, laced(), &scene).unwrap();
    let out = SharedWriter::new(Cursor::new(Vec::new()));
    let mut sink = SeekSink::new(out.clone()).unwrap();
    let mut muxer = MatroskaMuxer::new(Container::Matroska, &laced()).unwrap();
    muxer.begin(&scene.tracks, &mut sink).unwrap();
    for packet in scene.interleaved() {
        // Too early for any cluster, and beyond what fits.
        for pts in [-48 * 40_000, i64::MAX - 1000] {
            let refused = Packet { pts, ..packet.clone() };
            muxer.packet(refused, &mut sink).unwrap_err();
        }
        muxer.packet(packet, &mut sink).unwrap();
    }
    muxer.finish(&scene.tracks, &mut sink).unwrap();
    sink.complete().unwrap();
    drop(sink);
    assert!(out.into_inner().unwrap().into_inner() == whole);
}

#[test]
fn a_sink_that_fails_is_told_and_memory_stays_bounded() {
    let scene = Scene::new().opus(312, 2_000, 0).flac(44_100, 2, 100);
    let mut sink = Counting { bytes: 0, room: 4_000 };
    let mut muxer = MatroskaMuxer::new(Container::Matroska, &laced()).unwrap();
    muxer.begin(&scene.tracks, &mut sink).unwrap();
    let error = scene.interleaved().into_iter().find_map(|packet| {
        let result = muxer.packet(packet, &mut sink);
        assert!(muxer.waiting() < 2 * 8 * 200);
        result.err()
    });
    assert_eq!(error.unwrap().kind(), crate::ErrorKind::Io);
}

#[test]
fn without_the_option_and_live_nothing_changes() {
    let scene = Scene::new().av1(25, 1, 60).opus(312, 100, 7).flac(44_100, 2, 20);
    let live = MuxSettings { lacing: true, ..MuxSettings::of(Layout::Live) };
    assert!(mux(Container::Matroska, live, &scene).unwrap() == super::live(Container::Matroska, &scene));
}

#[test]
fn the_verifier_refuses_laces_that_are_damaged() {
    // 16 of one size, then two blocks whose sizes are written.
    let mut scene = Scene::new().opus(0, 33, 7);
    for (index, packet) in scene.packets[0].iter_mut().enumerate().skip(16) {
        packet.data.resize(if index < 24 { 300 } else { 3 } + index % 2 * 100, 0xfe);
    }
    const FIXED: &[u8] = &[0x81, 0, 0, 0x84, 7];
    const EBML: &[u8] = &[0x81, 1, 0x40, 0x86, 7, 0x41, 0x2c, 0x60, 0x63];
    const XIPH: &[u8] = &[0x81, 1, 0xe0, 0x82, 7, 3, 103];
    refuse(
        &mux(Container::Matroska, laced(), &scene).unwrap(),
        &[
            ("24 bytes for 7 frames of one size", |f| set(f, FIXED, 4, &[6])),
            ("a lace of one frame", |f| set(f, FIXED, 4, &[0])),
            ("a lace of 12 frames", |f| set(f, FIXED, 4, &[11])),
            ("frames of one size in a lace that writes each", |f| set(f, FIXED, 3, &[0x82, 4, 4, 4, 4, 4])),
            ("does not begin with a key frame", |f| set(f, FIXED, 3, &[4])),
            ("more than its bytes", |f| set(f, EBML, 5, &[0x7f])),
            ("a size in a lace that means unknown", |f| set(f, EBML, 5, &[0xff])),
            ("a size in a lace is too long", |f| set(f, EBML, 5, &[0x40, 20])),
            ("a size in a lace is too long", |f| set(f, EBML, 7, &[0x60, 0x3e])),
            ("in a lace", |f| set(f, EBML, 7, &[0x40, 0])),
            ("more than its bytes", |f| set(f, XIPH, 5, &[255])),
            ("for a frame of Some(10.0) ms", |f| set(f, &[0x84, 7, 0xfc], 2, &[0xf4])),
            ("ns for a frame of", |f| set(f, &[0x23, 0xe3, 0x83, 0x84], 7, &[1])),
            ("whose duration is not said", |f| blank_first(f, &[0x23, 0xe3, 0x83])),
            ("a lace in a track without FlagLacing", |f| {
                blank_first(f, &[0x23, 0xe3, 0x83]);
                set(f, &[0x9c, 0x81, 1], 2, &[0]);
            }),
            ("a DefaultDuration of what is neither", |f| set(f, &[0x9c, 0x81, 1], 2, &[0])),
            ("a BlockGroup without a BlockDuration", |f| blank(f, find_last(f, &[0x9b, 0x81]))),
        ],
    );
    let mut large = Scene::new().opus(0, 3, 0);
    large.packets[0].iter_mut().for_each(|packet| packet.data.resize(16 << 10, 1));
    refuse(
        &mux(Container::Matroska, laced(), &large).unwrap(),
        &[("a frame of Some(16385) bytes in a lace", |f| {
            // Four bytes of the first frame become sizes, and the last frame is longer than the others.
            set(f, &[0x81, 0, 0, 0x84, 2], 3, &[0x86, 2, 0x20, 0x3f, 0xff, 0xbc]);
        })],
    );
    let mut grouped = Scene::new().opus(0, 3, 1);
    grouped.packets[0].truncate(3);
    refuse(
        &mux(Container::Matroska, laced(), &grouped).unwrap(),
        &[("a lace in a BlockGroup", |f| set_last(f, &[0x81, 0, 40, 0, 0xfc], 3, &[4, 0]))],
    );
}

fn a_size() -> impl Strategy<Value = usize> {
    prop_oneof![
        4 => 0usize..300,
        1 => prop_oneof![Just(0usize), Just(1), Just(254), Just(255), Just(256), Just(16_383), Just(16_384), Just(16_385)],
        1 => 300usize..20_000,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Any sizes, gaps, durations and trims, with pictures and without: what comes out is what went in.
    #[test]
    fn any_sound_reads_back(
        // Size (with a TOC before it), gap, and half as long.
        packets in proptest::collection::vec((a_size(), prop_oneof![6 => Just(0u32), 1 => 1u32..100_000], prop::bool::weighted(0.1)), 0..60),
        pre_skip in 0u16..4000,
        trim in prop_oneof![Just(0u32), 0u32..480],
        frames in 0usize..60,
        keys in 1usize..40,
        fragment_ms in 0u64..3_000,
        fragment_bytes in prop_oneof![Just(usize::MAX), 0usize..30_000],
        other in 0usize..60,
        fast: bool,
        pcm: bool,
    ) {
        let mut scene = Scene::new().opus(pre_skip, packets.len(), trim).video(FrameRate::new(25, 1), frames, keys, Color::BT709);
        scene = if pcm { scene.pcm(44_100, 1, other) } else { scene.flac(44_100, 2, other) };
        let mut pts = 0;
        for (packet, (size, gap, is_short)) in scene.packets[0].iter_mut().zip(&packets) {
            packet.data.resize(1 + size, *size as u8);
            if *is_short {
                (packet.data[0], packet.duration) = (0xf4, 480);
            }
            pts += i64::from(*gap);
            packet.pts = pts;
            pts = packet.end();
        }
        let layout = if fast { Layout::FastStart } else { Layout::Plain };
        let settings = MuxSettings { fragment_duration: Duration::from_millis(fragment_ms), fragment_bytes, layout, ..laced() };
        let bytes = mux(Container::Matroska, settings, &scene).unwrap();
        let read = verify(&bytes);
        prop_assert!(read.is_ok(), "{:?}", read.err());
        check_packets(&read.unwrap(), &scene);
    }

    /// Sizes from nothing on, as they stand in the head.
    #[test]
    fn any_sizes_read_back(sizes in proptest::collection::vec(a_size(), 1..=8)) {
        let config = crate::media::PcmConfig { sample_rate: 8_000, channels: 1, format: crate::SampleFormat::S16 };
        let kind = TrackKind::Audio(crate::media::AudioTrack { sample_rate: 8_000, channels: 1 });
        let track = Track::new(kind, CodecConfig::Pcm(config), TimeBase::per_second(8_000));
        let mut lacing = lace::Lacing::new(&track);
        for (index, size) in sizes.iter().enumerate() {
            let packet = Packet::new(0, index as i64 * 80, 80, true, vec![index as u8; *size]);
            lacing.rule = lacing.decide(&packet);
            prop_assert_eq!(lacing.goes_on(&packet), index > 0);
            prop_assert_eq!(lacing.add(&packet, index as i64 * 10), index == 7);
        }
        let lace = lacing.take().unwrap();
        let Some(head) = lace.head() else {
            prop_assert_eq!(sizes.len(), 1);
            return Ok(());
        };
        let block = [&head.bytes[..], &lace.data].concat();
        let frames = super::verifier::laces::frames(head.flag, &block).unwrap();
        prop_assert_eq!(frames.iter().map(|frame| frame.len()).collect::<Vec<_>>(), sizes);
        prop_assert!(frames.iter().enumerate().all(|(index, frame)| frame.iter().all(|byte| *byte == index as u8)));
    }
}
