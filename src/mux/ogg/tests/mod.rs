mod damage;

use std::sync::Arc;

use proptest::prelude::*;

use super::verifier::{Codec as Read, File, verify};
use super::*;
use crate::error::ErrorKind;
use crate::media::{AudioTrack, Chapter, Cover, Metadata, OpusConfig, OpusMapping, Timestamp, TrackKind};
use crate::mux::Layout;
use crate::mux::flac::tests::samples as frames;
use crate::sink::{SharedWriter, StreamSink};

fn opus_track(pre_skip: u16) -> Track {
    let config = OpusConfig { channels: 2, pre_skip, input_sample_rate: 44_100, output_gain: -256, mapping: None };
    let kind = TrackKind::Audio(AudioTrack { sample_rate: 48_000, channels: 2 });
    Track::new(kind, CodecConfig::Opus(config), TimeBase::per_second(48_000))
}

/// Packets of 20 ms and of these sizes, from `start` on.
fn opus_packets(start: i64, sizes: &[usize], trim_end: u32) -> Vec<Packet> {
    let made = sizes.iter().zip(0..).map(|(&size, index)| {
        let data = (0..size).map(|at| if at == 0 { 0xfc } else { (at * 7 + size) as u8 }).collect();
        Packet::new(0, start + 960 * index, 960, true, data)
    });
    let mut packets: Vec<_> = made.collect();
    if let Some(last) = packets.last_mut() {
        last.trim_end = trim_end;
    }
    packets
}

fn mux(settings: &MuxSettings, track: &Track, packets: &[Packet]) -> Result<Vec<u8>> {
    let out = SharedWriter::new(Vec::new());
    let mut sink = StreamSink::new(out.clone());
    let mut muxer = open(Container::Ogg, settings)?;
    let tracks = std::slice::from_ref(track);
    muxer.begin(tracks, &mut sink)?;
    for packet in packets {
        muxer.packet(packet.clone(), &mut sink)?;
    }
    muxer.finish(tracks, &mut sink)?;
    sink.complete().unwrap();
    drop(sink);
    Ok(out.into_inner().unwrap())
}

fn file(track: &Track, packets: &[Packet]) -> Vec<u8> {
    mux(&MuxSettings::of(Layout::Live), track, packets).unwrap()
}

fn with(metadata: Metadata) -> MuxSettings {
    MuxSettings { metadata: Arc::new(metadata), ..MuxSettings::of(Layout::Live) }
}

fn check(file: &File, packets: &[Packet]) {
    assert_eq!(file.packets.len(), packets.len());
    for (read, packet) in file.packets.iter().zip(packets) {
        assert!(read.data == packet.data && read.samples == u64::from(packet.duration));
    }
}

fn pre_skip(file: &File) -> u16 {
    let Read::Opus(head) = &file.codec else { panic!() };
    head.pre_skip
}

/// Acceptance point 61: positions count decoder output at 48 kHz with the pre-skip, and the last one trims the end.
#[test]
fn positions_count_decoder_output_and_trim_the_end() {
    let packets = opus_packets(0, &[100; 130], 504);
    let read = verify(&file(&opus_track(312), &packets)).unwrap();
    check(&read, &packets);
    assert_eq!((read.start, read.trimmed, pre_skip(&read)), (0, 504, 312));
    let positions: Vec<_> = read.pages.iter().map(|page| page.granule.unwrap()).collect();
    assert_eq!(positions, [0, 0, 48_000, 96_000, 130 * 960 - 504]);
    assert_eq!(read.pages.iter().map(|page| page.flags).collect::<Vec<_>>(), [2, 0, 0, 0, 4]);
    let Read::Opus(head) = &read.codec else { panic!() };
    assert_eq!((head.channels, head.input_sample_rate, head.output_gain, &head.mapping), (2, 44_100, -256, &None));
}

/// Acceptance point 61: lacing values, continued packets, pages on which none ends.
#[test]
fn packets_of_any_size_are_cut_into_segments() {
    let sizes = [1, 254, 255, 256, 510, 65_024, 65_025, 65_026, 65_280, 3, 130_050, 200_000, 1];
    let packets = opus_packets(0, &sizes, 0);
    let read = verify(&file(&opus_track(0), &packets)).unwrap();
    check(&read, &packets);
    assert!(read.pages.iter().any(|page| page.granule.is_none()));
    // 65,025 bytes are 255 full segments, and an empty one on the next page.
    let read = verify(&file(&opus_track(0), &opus_packets(0, &[65_025], 0))).unwrap();
    let [_, _, full, rest] = &read.pages[..] else { panic!("{:?}", read.pages) };
    assert_eq!((full.segments, full.granule, rest.segments, rest.granule, rest.flags), (255, None, 1, Some(960), 5));
}

#[test]
fn a_page_lasts_no_longer_than_a_fragment() {
    let settings = MuxSettings { fragment_duration: Duration::from_millis(100), ..MuxSettings::of(Layout::Live) };
    let read = verify(&mux(&settings, &opus_track(0), &opus_packets(0, &[9; 11], 0)).unwrap()).unwrap();
    assert_eq!(read.pages.iter().map(|page| page.ended).collect::<Vec<_>>(), [1, 1, 5, 5, 1]);
}

#[test]
fn late_and_early_starts_are_exact() {
    let packets = opus_packets(24_000, &[50; 60], 7);
    let read = verify(&file(&opus_track(312), &packets)).unwrap();
    assert_eq!((read.start, read.trimmed, pre_skip(&read)), (24_000, 7, 312));
    // All of it has room on one page, which could not say both.
    for (start, count) in [(24_000, 30), (1, 2)] {
        let packets = opus_packets(start, &vec![50; count], 7);
        let read = verify(&file(&opus_track(312), &packets)).unwrap();
        check(&read, &packets);
        assert_eq!((read.start, read.trimmed), (start as u64, 7));
        assert_eq!(read.pages.iter().map(|page| page.ended).collect::<Vec<_>>(), [1, 1, count - 1, 1]);
    }
    let refused = mux(&with(Metadata::new()), &opus_track(312), &opus_packets(1, &[50], 7)).unwrap_err();
    assert!(refused.kind() == ErrorKind::InvalidInput && refused.to_string().contains("begins late"), "{refused}");
    let read = verify(&file(&opus_track(312), &opus_packets(1, &[50], 0))).unwrap();
    assert_eq!((read.start, read.trimmed), (1, 0));
    // What is presented before 0 is decoded and skipped.
    let packets = opus_packets(-1000, &[50; 60], 7);
    let read = verify(&file(&opus_track(312), &packets)).unwrap();
    assert_eq!((read.start, read.trimmed, pre_skip(&read)), (0, 7, 1312));
    let refused = mux(&with(Metadata::new()), &opus_track(312), &opus_packets(-65_224, &[50], 0)).unwrap_err();
    assert!(refused.kind() == ErrorKind::InvalidInput && refused.to_string().contains("-65223"), "{refused}");
    assert!(verify(&file(&opus_track(312), &opus_packets(-65_223, &[50; 90], 0))).is_ok());
}

#[test]
fn what_ogg_cannot_say_is_refused_and_changes_nothing() {
    let good = opus_packets(0, &[50; 4], 100);
    let wrong = |index: usize, change: fn(&mut Packet)| {
        let mut packet = good[index].clone();
        change(&mut packet);
        packet
    };
    let cases = [
        (0, wrong(0, |packet| packet.data.clear()), "none of Opus"),
        (0, wrong(0, |packet| packet.duration = 480), "lasts 960"),
        (0, wrong(0, |packet| packet.trim_end = 700), "pre-skip"),
        (1, wrong(1, |packet| packet.pts += 1), "gaps"),
        (1, wrong(1, |packet| packet.trim_end = 961), "961 ticks"),
        (4, wrong(3, |packet| packet.pts += 960), "was the last"),
        (0, wrong(0, |packet| packet.pts = i64::MAX - 3), "last tick"),
    ];
    for (after, packet, words) in cases {
        let out = SharedWriter::new(Vec::new());
        let mut sink = StreamSink::new(out.clone());
        let mut muxer = open(Container::Ogg, &MuxSettings::of(Layout::Live)).unwrap();
        let tracks = [opus_track(312)];
        muxer.begin(&tracks, &mut sink).unwrap();
        for packet in &good[..after] {
            muxer.packet(packet.clone(), &mut sink).unwrap();
        }
        let error = muxer.packet(packet, &mut sink).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(words), "{error}");
        for packet in &good[after..] {
            muxer.packet(packet.clone(), &mut sink).unwrap();
        }
        muxer.finish(&tracks, &mut sink).unwrap();
        sink.complete().unwrap();
        drop(sink);
        check(&verify(&out.into_inner().unwrap()).unwrap(), &good);
    }
}

#[test]
fn the_file_says_what_it_is() {
    let cover = Cover::new([&b"\xff\xd8\xff\xe0"[..], &[9; 100_000]].concat()).unwrap();
    let metadata = Metadata::new()
        .tag("artist", "Ada")
        .chapter(Chapter::new(Timestamp::from_millis(500), "Start"))
        .cover(cover.clone());
    let (mut opus, mut flac) = (opus_track(312), frames::track(48_000, 2, 4096));
    opus.labels.language = "pt-BR".into();
    flac.labels.language = "pt-BR".into();
    let flac_packets = frames::packets(2, &[4096, 4096, 9], |index| index == 1);
    for (track, packets) in [(opus, opus_packets(0, &[50; 60], 0)), (flac, flac_packets)] {
        let read = verify(&mux(&with(metadata.clone()), &track, &packets).unwrap()).unwrap();
        check(&read, &packets);
        let list: Vec<_> = read.comments.list.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let wanted = ["ARTIST=Ada", "CHAPTER001=00:00:00.500", "CHAPTER001NAME=Start", "LANGUAGE=pt-BR"];
        assert_eq!(list, wanted);
        assert!(read.picture.unwrap().data == cover.data);
    }
}

#[test]
fn surround_has_a_mapping() {
    let mut track = opus_track(312);
    let CodecConfig::Opus(config) = &mut track.config else { panic!() };
    config.channels = 6;
    assert!(mux(&MuxSettings::of(Layout::Live), &track, &[]).is_err());
    let CodecConfig::Opus(config) = &mut track.config else { panic!() };
    config.mapping = Some(OpusMapping { family: 1, streams: 4, coupled: 2, table: vec![0, 4, 1, 2, 3, 5] });
    let Read::Opus(head) = verify(&file(&track, &opus_packets(0, &[9], 0))).unwrap().codec else { panic!() };
    assert_eq!(head.mapping, Some((4, 2, vec![0, 4, 1, 2, 3, 5])));
    track.time_base = TimeBase::MILLISECONDS;
    assert!(mux(&MuxSettings::of(Layout::Live), &track, &[]).is_err());
}

#[test]
fn serial_numbers_follow_from_the_content() {
    let serial = |sizes: &[usize]| verify(&file(&opus_track(312), &opus_packets(0, sizes, 0))).unwrap().serial;
    assert_eq!(serial(&[50; 9]), serial(&[50; 9]));
    assert_ne!(serial(&[50; 9]), serial(&[51; 9]));
}

#[test]
fn a_stream_without_packets_and_one_without_a_start() {
    for track in [opus_track(312), frames::track(8_000, 1, 64)] {
        let read = verify(&file(&track, &[])).unwrap();
        assert_eq!((read.packets.len(), read.pages.len(), read.pages[1].flags), (0, 2, 4));
    }
    let mut muxer = open(Container::Ogg, &MuxSettings::of(Layout::Live)).unwrap();
    let mut sink = StreamSink::new(Vec::new());
    assert_eq!(muxer.finish(&[], &mut sink).unwrap_err().kind(), ErrorKind::State);
    assert!(muxer.begin(&[], &mut sink).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Any sizes, many of them multiples of 255, and any number of packets.
    #[test]
    fn any_packets_read_back(
        sizes in prop::collection::vec(
            prop_oneof![1usize..400, (1usize..=274).prop_map(|n| n * 255), 1usize..=70_000],
            0..24,
        ),
        start in prop_oneof![Just(0i64), -60_000i64..1_000_000],
        trim in 0u32..=900,
        fragment_ms in 100u64..3_000,
    ) {
        let packets = opus_packets(start, &sizes, trim);
        let fragment_duration = Duration::from_millis(fragment_ms);
        let settings = MuxSettings { fragment_duration, ..MuxSettings::of(Layout::Live) };
        let heard = 960 * sizes.len() as i64 - i64::from(trim) + start.min(0) - 312;
        let bytes = mux(&settings, &opus_track(312), &packets);
        if !sizes.is_empty() && trim > 0 && (heard < 0 || start > 0 && sizes.len() == 1) {
            prop_assert!(bytes.is_err());
            return Ok(());
        }
        let read = verify(&bytes.unwrap());
        prop_assert!(read.is_ok(), "{:?}", read.err());
        let read = read.unwrap();
        check(&read, &packets);
        let places = if sizes.is_empty() { (0, 0) } else { (start.max(0) as u64, u64::from(trim)) };
        prop_assert_eq!((read.start, read.trimmed), places);
    }

    #[test]
    fn any_frames_read_back(count in 0usize..60, block in 16u16..4000, last in 1u16..4000) {
        let mut lengths = vec![block; count];
        lengths.push(last.min(block));
        let packets = frames::packets(1, &lengths, |index| index % 3 == 0);
        let read = verify(&file(&frames::track(8_000, 1, block), &packets));
        prop_assert!(read.is_ok(), "{:?}", read.err());
        check(&read.unwrap(), &packets);
    }
}
