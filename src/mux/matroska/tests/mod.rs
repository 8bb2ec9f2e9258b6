//! Files of made-up packets, read back by the verifier.

mod damage;
mod laces;
mod layouts;
mod readers;
mod said;
mod samples;
mod subtitles;

use super::verifier::{Block, File, verify};
use super::*;
use crate::media::{CodecConfig, Color, ColorRange, FrameRate, TrackKind};
use crate::sink::{SeekSink, SharedWriter, StreamSink};
use proptest::prelude::*;
use samples::*;
use std::io::Cursor;
use std::time::Duration;

/// Counts what is written, and refuses to go on when there is no more room.
struct Counting {
    bytes: u64,
    room: u64,
}

impl Default for Counting {
    fn default() -> Self {
        Counting { bytes: 0, room: u64::MAX }
    }
}

impl Sink for Counting {
    fn append(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.bytes += bytes.len() as u64;
        if self.bytes > self.room { Err(std::io::Error::other("full")) } else { Ok(()) }
    }
    fn patch(&mut self, offset: u64, bytes: &[u8]) -> std::io::Result<()> {
        assert!(offset + bytes.len() as u64 <= self.bytes);
        Ok(())
    }
    fn can_patch(&self) -> bool {
        true
    }
    fn position(&self) -> u64 {
        self.bytes
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn mux(container: Container, settings: MuxSettings, scene: &Scene) -> Result<Vec<u8>> {
    let out = SharedWriter::new(Cursor::new(Vec::new()));
    let mut sink: Box<dyn Sink> = if settings.layout != Layout::Live {
        Box::new(SeekSink::new(out.clone()).unwrap())
    } else {
        Box::new(StreamSink::new(out.clone()))
    };
    let mut muxer = MatroskaMuxer::new(container, &settings)?;
    muxer.begin(&scene.tracks, &mut *sink)?;
    for packet in scene.interleaved() {
        muxer.packet(packet, &mut *sink)?;
    }
    muxer.finish(&scene.final_tracks(), &mut *sink)?;
    sink.complete().unwrap();
    drop(sink);
    Ok(out.into_inner().unwrap().into_inner())
}

fn file(container: Container, scene: &Scene) -> Vec<u8> {
    mux(container, MuxSettings::of(Layout::Plain), scene).unwrap()
}

fn live(container: Container, scene: &Scene) -> Vec<u8> {
    mux(container, MuxSettings::of(Layout::Live), scene).unwrap()
}

/// What comes back is what went in: every packet, in the order of its track, with its time to half a millisecond.
fn check_packets(file: &File, scene: &Scene) {
    assert_eq!(file.tracks.len(), scene.tracks.len());
    for (index, track) in scene.tracks.iter().enumerate() {
        let read: Vec<&Block> = file.blocks.iter().filter(|block| block.track == index as u64 + 1).collect();
        let written = &scene.packets[index];
        assert_eq!(read.len(), written.len());
        for (block, packet) in read.iter().zip(written) {
            // In nanoseconds over the time base's denominator; half of one for each frame of a lace that is counted on.
            let (num, den) = (i128::from(track.time_base.num()), i128::from(track.time_base.den()));
            let error = i128::from(packet.pts) * num * 1_000_000_000 - i128::from(block.time_ns) * den;
            let counted = block.lace.map_or(0, |(index, _)| index as i128);
            assert!(2 * error.abs() <= den * (1_000_000 + counted), "{} for {}", block.time_ns, packet.pts);
            assert_eq!(block.key, packet.key);
            assert!(block.payload == packet.data);
        }
    }
}

#[test]
fn all_codecs_in_both_forms() {
    let scenes = [
        (Container::WebM, Scene::new().av1(25, 1, 130).opus(312, 250, 100)),
        (Container::Matroska, Scene::new().av1(30000, 1001, 200).flac(44_100, 2, 70)),
        (Container::Matroska, Scene::new().mjpeg(12, 40).pcm(48_000, 2, 160)),
        (Container::Matroska, Scene::new().opus(312, 400, 0)),
        (Container::Matroska, Scene::new().opus(312, 60, 7).opus(3840, 60, 959).av1(60, 1, 70).av1(24, 1, 30)),
    ];
    for (container, scene) in scenes {
        let bytes = file(container, &scene);
        let read = verify(&bytes).unwrap();
        assert!(!read.live);
        assert_eq!(read.doc_type, container.name());
        check_packets(&read, &scene);

        let bytes = live(container, &scene);
        let read = verify(&bytes).unwrap();
        assert!(read.live);
        assert_eq!(read.duration_ms, None);
        check_packets(&read, &scene);
    }
}

#[test]
fn the_track_says_what_it_is() {
    let mut scene = Scene::new().av1(30000, 1001, 2).opus(312, 2, 0).opus(312, 2, 0);
    scene.tracks[1].labels.language = "deu".into();
    let read = verify(&file(Container::Matroska, &scene)).unwrap();
    let [video, first, second] = &read.tracks[..] else { panic!() };
    assert_eq!(video.default_duration_ns, Some(33_366_667));
    assert_eq!((video.number, video.codec_id.as_str(), video.language.as_str()), (1, "V_AV1", "und"));
    assert_eq!((first.language.as_str(), first.flag_default, second.flag_default), ("ger", true, false));
    assert_eq!((first.codec_delay_ns, first.seek_pre_roll_ns), (6_500_000, 80_000_000));
    assert!(video.flag_default && read.tracks.iter().all(|track| track.uid < 1 << 53));
    let head = first.private.as_deref().unwrap();
    assert_eq!(head, b"OpusHead\x01\x02\x38\x01\x80\xbb\0\0\0\0\0");
    assert_eq!(video.settings["FlagInterlaced"], 2);
}

#[test]
fn surround_has_a_mapping() {
    let mut scene = Scene::new().opus(312, 3, 0);
    set_surround(&mut scene.tracks[0]);
    let read = verify(&file(Container::WebM, &scene)).unwrap();
    let head = read.tracks[0].private.as_deref().unwrap();
    assert_eq!(head[18..], [1, 4, 2, 0, 4, 1, 2, 3, 5]);
    let CodecConfig::Opus(config) = &mut scene.tracks[0].config else { panic!() };
    config.mapping = None;
    assert!(mux(Container::WebM, MuxSettings::of(Layout::Plain), &scene).is_err());
}

#[test]
fn cropped_pictures_say_what_is_shown() {
    let mut scene = Scene::new().av1(25, 1, 3);
    let TrackKind::Video(video) = &mut scene.tracks[0].kind else { panic!() };
    (video.width, video.height) = (1, 15);
    let read = verify(&file(Container::WebM, &scene)).unwrap();
    let settings = &read.tracks[0].settings;
    assert_eq!((settings["PixelWidth"], settings["PixelCropRight"], settings["DisplayWidth"]), (64, 63, 1));
    assert_eq!((settings["PixelHeight"], settings["PixelCropBottom"], settings["DisplayHeight"]), (48, 33, 15));
    let TrackKind::Video(video) = &mut scene.tracks[0].kind else { panic!() };
    video.width = 65;
    let error = mux(Container::WebM, MuxSettings::of(Layout::Plain), &scene).unwrap_err();
    assert!(error.to_string().contains("65x15"), "{error}");
}

#[test]
fn colour_is_always_tagged() {
    for (color, range) in [(Color::BT2100_PQ, 1), (Color::JPEG, 2), (Color::BT709.with_range(ColorRange::Full), 2)] {
        let scene = Scene::new().av1_of(25, 1, 3, color);
        let read = verify(&file(Container::Matroska, &scene)).unwrap();
        let settings = &read.tracks[0].settings;
        assert_eq!(settings["Range"], range);
        assert_eq!(settings["TransferCharacteristics"], u64::from(color.transfer.code()));
    }
}

/// Sound and picture that begin together: both first blocks are at 0, and readers take the delay from the sound.
#[test]
fn sound_is_in_step_and_trimmed_to_the_sample() {
    // 1.003 s: 48,144 samples after 312 of priming, in 51 packets of 960, of which 504 are padding.
    let scene = Scene::new().av1(25, 1, 25).opus(312, 51, 504);
    let read = verify(&file(Container::WebM, &scene)).unwrap();
    assert_eq!(read.duration_ms, Some(1003.0));
    let sound: Vec<_> = read.blocks.iter().filter(|block| block.track == 2).collect();
    assert_eq!((read.blocks[0].time_ms, sound[0].time_ms, sound[1].time_ms), (0, 0, 20));
    let last = sound.last().unwrap();
    assert_eq!((last.time_ms, last.discard_padding_ns, last.duration_ms), (1000, 10_500_000, Some(10)));
    assert!(sound[..50].iter().all(|block| block.discard_padding_ns == 0 && block.duration_ms.is_none()));
    // A track that starts late keeps its distance.
    let scene = Scene::new().av1(25, 1, 25).opus(312, 5, 0).late(1, 24_000);
    let read = verify(&file(Container::WebM, &scene)).unwrap();
    assert_eq!(read.blocks.iter().find(|block| block.track == 2).unwrap().time_ms, 500);
}

#[test]
fn frames_of_a_variable_rate_have_their_durations() {
    let scene = Scene::new().variable(&[40, 1, 333, 5_000, 17, 2_500]);
    for bytes in [file(Container::WebM, &scene), live(Container::WebM, &scene)] {
        let read = verify(&bytes).unwrap();
        let durations: Vec<_> = read.blocks.iter().map(|block| block.duration_ms.unwrap()).collect();
        assert_eq!(durations, [40, 1, 333, 5_000, 17, 2_500]);
        assert!(read.live || read.duration_ms == Some(7_891.0));
        check_packets(&read, &scene);
    }
    // In a track of constant rate, a frame that is held says so.
    let mut scene = Scene::new().av1(25, 1, 5);
    scene.packets[0][4].duration = 3;
    let read = verify(&file(Container::WebM, &scene)).unwrap();
    assert_eq!(read.blocks.iter().map(|b| b.duration_ms).collect::<Vec<_>>(), [None, None, None, None, Some(120)]);
    assert_eq!(read.duration_ms, Some(280.0));
}

#[test]
fn clusters_begin_with_key_frames_and_stay_small() {
    // A key frame a second, of which every other begins a cluster.
    let scene = Scene::new().av1_keys(25, 250, 25).opus(312, 500, 0);
    let read = verify(&file(Container::WebM, &scene)).unwrap();
    assert_eq!(read.clusters, [0, 2000, 4000, 6000, 8000]);
    // The first has the sound's priming before it.
    for block in read.blocks.iter().filter(|block| block.first_in_cluster).skip(1) {
        assert!(block.key && block.track == 1);
    }
    assert_eq!(read.cues.len(), 10);
    // Without key frames, five seconds are the most.
    let read = verify(&file(Container::WebM, &Scene::new().av1_keys(25, 300, 1000))).unwrap();
    assert_eq!(read.clusters, [0, 5040, 10_080]);
    // By size: each packet of 3 MB has its own.
    let mut scene = Scene::new().av1_keys(25, 4, 1000);
    for packet in &mut scene.packets[0] {
        packet.data.extend(filler(3_000_000));
    }
    let read = verify(&file(Container::WebM, &scene)).unwrap();
    assert_eq!(read.clusters.len(), 4);
    let settings =
        MuxSettings { fragment_duration: Duration::ZERO, fragment_bytes: 0, ..MuxSettings::of(Layout::Plain) };
    let read = verify(&mux(Container::WebM, settings, &Scene::new().opus(0, 9, 0)).unwrap()).unwrap();
    assert_eq!(read.clusters.len(), 9);
}

#[test]
fn sound_alone_has_a_cue_a_second() {
    let read = verify(&file(Container::Matroska, &Scene::new().pcm(48_000, 1, 500))).unwrap();
    let times: Vec<_> = read.cues.iter().map(|cue| cue.time_ms).collect();
    assert_eq!(times, (0..10).map(|second| second * 1000).collect::<Vec<_>>());
}

#[test]
fn long_gaps_and_long_files_keep_their_times() {
    let mut scene = Scene::new().av1(30000, 1001, 4);
    // 29.97 fps after ten hours and after a year.
    for (index, start) in [0, 1, 1_078_921, 945_000_000].into_iter().enumerate() {
        scene.packets[0][index].pts = start;
    }
    for bytes in [file(Container::Matroska, &scene), live(Container::Matroska, &scene)] {
        let read = verify(&bytes).unwrap();
        let times: Vec<_> = read.blocks.iter().map(|block| block.time_ms).collect();
        assert_eq!(times, [0, 33, 35_999_997, 31_531_500_000]);
        assert_eq!(read.clusters.len(), 3);
    }
}

/// Interleaved by what is heard, a block of sound can be stamped later than the picture that follows it; if a cluster
/// begins between them, that must not go back in time.
#[test]
fn clusters_never_go_back() {
    let mut scene = Scene::new().av1_keys(25, 3, 1000).opus(3840, 3, 0);
    scene.order = Some(vec![0, 1, 1, 1, 0, 0]);
    for layout in [Layout::Plain, Layout::Live] {
        let settings = MuxSettings { fragment_bytes: 0, ..MuxSettings::of(layout) };
        let read = verify(&mux(Container::WebM, settings, &scene).unwrap()).unwrap();
        assert_eq!(read.clusters, [0, 0, 20, 40, 40, 80]);
    }
    scene.packets[1][0].pts = 48 * 40_000;
    scene.packets[1][1].pts = 48 * 41_000;
    scene.packets[1][2].pts = 48 * 42_000;
    let error = mux(Container::WebM, MuxSettings::of(Layout::Plain), &scene).unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("at 40 ms came after one at 40000 ms"), "{error}");
}

#[test]
fn a_file_without_packets_is_sound() {
    for scene in [Scene::new().av1(25, 1, 0), Scene::new().opus(312, 0, 0).pcm(8_000, 1, 0)] {
        let read = verify(&file(Container::Matroska, &scene)).unwrap();
        assert_eq!((read.duration_ms, read.blocks.len(), read.cues.len()), (None, 0, 0));
        assert!(verify(&live(Container::Matroska, &scene)).unwrap().blocks.is_empty());
    }
}

#[test]
fn identifiers_follow_from_the_content() {
    let scene = Scene::new().av1(25, 1, 5).opus(312, 5, 0);
    let bytes = file(Container::WebM, &scene);
    assert!(bytes == file(Container::WebM, &scene));
    let uuid = |scene: &Scene| verify(&file(Container::WebM, scene)).unwrap().uuid.unwrap();
    let mut other = scene.clone();
    *other.packets[1][3].data.last_mut().unwrap() ^= 1;
    assert_ne!(uuid(&scene), uuid(&other));
}

#[test]
fn a_recording_that_is_cut_off_is_sound() {
    let scene = Scene::new().av1_keys(25, 100, 25);
    let out = SharedWriter::new(Cursor::new(Vec::new()));
    let mut sink = SeekSink::new(out.clone()).unwrap();
    let mut muxer = MatroskaMuxer::new(Container::WebM, &MuxSettings::of(Layout::Plain)).unwrap();
    muxer.begin(&scene.tracks, &mut sink).unwrap();
    for packet in scene.interleaved() {
        muxer.packet(packet, &mut sink).unwrap();
    }
    sink.flush().unwrap();
    let bytes = out.with(|cursor| cursor.get_ref().clone());
    let mut demuxer = matroska_demuxer::MatroskaFile::open(Cursor::new(&bytes)).unwrap();
    let mut frame = matroska_demuxer::Frame::default();
    let mut count = 0;
    while demuxer.next_frame(&mut frame).unwrap() {
        count += 1;
    }
    assert_eq!((count, demuxer.info().duration()), (50, None));
}

#[test]
fn wrong_tracks_and_calls_are_refused() {
    let mut scene = Scene::new().av1(25, 1, 1);
    for language in ["", "EN-", "engl", "é"] {
        scene.tracks[0].labels.language = language.into();
        let error = mux(Container::WebM, MuxSettings::of(Layout::Plain), &scene).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::InvalidOption);
    }
    let mut sink = StreamSink::new(Vec::new());
    let mut muxer = MatroskaMuxer::new(Container::WebM, &MuxSettings::of(Layout::Live)).unwrap();
    assert_eq!(muxer.finish(&[], &mut sink).unwrap_err().kind(), crate::ErrorKind::State);
    let packet = Packet::new(0, 0, 1, true, vec![1]);
    assert_eq!(muxer.packet(packet, &mut sink).unwrap_err().kind(), crate::ErrorKind::State);
    let mut scene = Scene::new().av1(25, 1, 1);
    scene.packets[0][0].pts = i64::MAX - 1;
    assert_eq!(
        mux(Container::WebM, MuxSettings::of(Layout::Plain), &scene).unwrap_err().kind(),
        crate::ErrorKind::Limit
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Any rate, any key frames, any clusters: the file is sound and holds what was written.
    #[test]
    fn any_scene_reads_back(
        rate in (1u32..=240_000, prop_oneof![Just(1u32), Just(1001)]),
        keys in 1usize..40,
        frames in 0usize..120,
        pre_skip in 0u16..4000,
        packets in 0usize..80,
        trim in 0u32..960,
        fragment_ms in 0u64..8_000,
        fragment_bytes in prop_oneof![Just(usize::MAX), 0usize..3_000],
        live: bool,
    ) {
        let rate = FrameRate::new(rate.0.max(rate.1), rate.1);
        let scene = Scene::new().video(rate, frames, keys, Color::BT709).opus(pre_skip, packets, trim);
        let layout = if live { Layout::Live } else { Layout::Plain };
        let fragment_duration = Duration::from_millis(fragment_ms);
        let settings = MuxSettings { fragment_duration, fragment_bytes, ..MuxSettings::of(layout) };
        let bytes = mux(Container::WebM, settings, &scene).unwrap();
        let read = verify(&bytes);
        prop_assert!(read.is_ok(), "{:?}", read.err());
        check_packets(&read.unwrap(), &scene);
    }
}
