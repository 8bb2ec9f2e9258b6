//! Tracks of cues, beside pictures and alone.

use super::*;
use crate::media::{Cue, WebVttConfig};

fn texts(read: &File) -> Vec<(i64, u64, String)> {
    let own = read.blocks.iter().filter(|block| read.tracks[block.track as usize - 1].is_subtitle);
    own.map(|b| (b.time_ms, b.duration_ms.unwrap(), String::from_utf8(b.payload.clone()).unwrap())).collect()
}

#[test]
fn cues_overlap_and_have_their_ends_58() {
    let scene = Scene::new().av1_keys(25, 100, 25).webvtt(&[(500, 1500, "a"), (500, 700, "b\nc"), (1_000, 1, "d")]);
    for layout in [Layout::Plain, Layout::FastStart, Layout::Live] {
        let read = verify(&mux(Container::Matroska, MuxSettings::of(layout), &scene).unwrap()).unwrap();
        let expected = [(500, 1500, "a".into()), (500, 700, "b\nc".into()), (1000, 1, "d".into())];
        assert_eq!(texts(&read), expected);
        assert_eq!(read.tracks[1].codec_id, "S_TEXT/WEBVTT");
        assert_eq!(read.tracks[1].private.as_deref(), Some(&b"WEBVTT"[..]));
        let read = verify(&mux(Container::WebM, MuxSettings::of(layout), &scene).unwrap()).unwrap();
        assert_eq!(texts(&read)[1], (500, 700, "\n\nb\nc".into()));
        assert_eq!((read.tracks[1].codec_id.as_str(), &read.tracks[1].private), ("D_WEBVTT/SUBTITLES", &None));
        let cues: Vec<_> = read.cues.iter().filter(|cue| cue.track == 2).map(|cue| cue.duration_ms).collect();
        let expected: &[_] = if read.live { &[] } else { &[Some(1500), Some(700), Some(1)] };
        assert_eq!(cues, expected);
    }
}

#[test]
fn settings_identifiers_and_heads_are_kept() {
    let mut scene = Scene::new().webvtt(&[(0, 100, "plain"), (200, 100, "x")]);
    let cue = Cue::new("<00:00:00.250>x").settings("line:0 align:start").identifier("7");
    scene.packets[0][1].data = cue.to_packet().unwrap();
    scene.tracks[0].config = CodecConfig::WebVtt(WebVttConfig { header: "\nSTYLE\n::cue { color: red }\n".into() });
    let read = verify(&file(Container::Matroska, &scene)).unwrap();
    assert_eq!(read.tracks[0].private.as_deref(), Some(&b"WEBVTT\n\nSTYLE\n::cue { color: red }"[..]));
    assert_eq!(read.blocks[0].addition, None);
    assert_eq!(read.blocks[1].addition.as_deref(), Some(&b"line:0 align:start\n7\n"[..]));
    assert_eq!(read.blocks[1].payload, b"<00:00:00.050>x");
    let refused = mux(Container::WebM, MuxSettings::of(Layout::Plain), &scene).unwrap_err();
    assert!(refused.to_string().contains("WebM has no place"), "{refused}");
}

/// Cues, which come seldom, neither begin clusters nor keep them from beginning with key frames.
#[test]
fn sparse_cues_do_not_spoil_the_clusters_47() {
    let pictures = Scene::new().av1_keys(25, 250, 25);
    let clusters = |scene: &Scene| verify(&file(Container::WebM, scene)).unwrap().clusters;
    let with_cues = pictures.clone().webvtt(&[(1_999, 9_000, "a"), (2_001, 1, "b"), (2_001, 1, "c"), (7_990, 40, "d")]);
    assert_eq!(clusters(&pictures), clusters(&with_cues));
    // A first track of cues is not what clusters go by.
    let mut turned = Scene::new().webvtt(&[(0, 10, "a"), (2_500, 10, "b")]).opus(0, 300, 0);
    turned.tracks[1].labels.language = "deu".into();
    let read = verify(&file(Container::WebM, &turned)).unwrap();
    assert_eq!(read.clusters, [0, 2_000, 4_000]);
    let sound = read.cues.iter().filter(|cue| cue.track == 2).count();
    assert_eq!((sound, read.cues.len()), (6, 8));
}

#[test]
fn cues_alone_are_a_file_and_hours_may_lie_between_them() {
    let scene = Scene::new().webvtt(&[(0, 10, "a"), (7_200_000, 5_000, "b"), (36_000_000, 5_000, "c")]);
    for container in [Container::Matroska, Container::WebM] {
        let read = verify(&file(container, &scene)).unwrap();
        assert_eq!((read.duration_ms, read.cues.len(), read.clusters.len()), (Some(36_005_000.0), 3, 3));
    }
}

#[test]
fn a_packet_that_is_no_cue_changes_nothing() {
    let scene = Scene::new().webvtt(&[(0, 10, "a"), (20, 10, "b")]);
    let write = |spoil: bool| {
        let out = SharedWriter::new(Cursor::new(Vec::new()));
        let mut sink = SeekSink::new(out.clone()).unwrap();
        let mut muxer = MatroskaMuxer::new(Container::Matroska, &MuxSettings::of(Layout::Plain)).unwrap();
        muxer.begin(&scene.tracks, &mut sink).unwrap();
        for packet in scene.interleaved() {
            if spoil {
                let error = muxer.packet(Packet { data: b"x".to_vec(), ..packet.clone() }, &mut sink).unwrap_err();
                assert_eq!(error.kind(), crate::ErrorKind::InvalidInput);
                let early = Packet { pts: packet.pts - 40_000, ..packet.clone() };
                assert_eq!(muxer.packet(early, &mut sink).unwrap_err().kind(), crate::ErrorKind::InvalidInput);
            }
            muxer.packet(packet, &mut sink).unwrap();
        }
        muxer.finish(&scene.tracks, &mut sink).unwrap();
        out.with(|cursor| cursor.get_ref().clone())
    };
    assert!(write(true) == write(false));
}
