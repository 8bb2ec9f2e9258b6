//! Outputs while they are made.

use super::*;
use crate::error::ErrorKind;

/// 25 frames a second, with key frames at these frames, and sound.
fn scene(frames: usize, keys: &[usize]) -> (Vec<Track>, Vec<Packet>) {
    let tracks = vec![video_track(64, 48, TimeBase::per_second(25)), opus_track(2)];
    let frame = |i: usize| {
        let key = keys.contains(&i);
        Packet::new(0, i as i64, 1, key, av1_unit(&tracks[0], key, 100 + i % 50))
    };
    let mut packets: Vec<_> = (0..frames).map(frame).collect();
    packets.extend(opus_packets(1, frames as u32 * 1920));
    let packets = interleave(&tracks, packets);
    (tracks, packets)
}

#[test]
fn each_state_of_a_recording_plays() {
    let (tracks, packets) = film();
    for container in BOTH {
        let memory = write(container, settings(Layout::Segments, 2000), &tracks, &packets).unwrap();
        let states = memory.states();
        assert_eq!(states.len(), 5, "one for each segment, the last of which is the end");
        let mut before = 0;
        for (index, files) in states.iter().enumerate() {
            let shown = shown(container, files);
            assert_eq!(shown.finished, index == 4);
            assert_eq!(shown.track("video").segments.len(), index + 1);
            let segments = shown.tracks.iter().map(|track| track.segments.len()).sum();
            assert!(segments > before);
            before = segments;
        }
        let memory = write(container, settings(Layout::ByteRanges, 2000), &tracks, &packets).unwrap();
        assert_eq!(memory.states().len(), 1, "ranges are named when their file is complete");
    }
}

/// RFC 8216, 6.2.1.
#[test]
fn playlists_are_only_appended_to() {
    let (tracks, packets) = film();
    let growing = |settings: MuxSettings, tracks: &[Track], packets: &[Packet]| {
        let memory = write(Container::Hls, settings, tracks, packets).unwrap();
        let playlists = |files: &Files| -> Vec<(String, Vec<u8>)> {
            let is_playlist = |name: &String| name.ends_with(".m3u8") && *name != manifest(Container::Hls);
            files
                .iter()
                .filter(|(name, _)| is_playlist(name))
                .map(|(name, text)| (name.clone(), text.clone()))
                .collect()
        };
        let states = memory.states();
        for pair in states.windows(2) {
            for (name, before) in playlists(&pair[0]) {
                assert!(pair[1][&name].starts_with(&before), "{name} was changed");
            }
        }
        let last = memory.files();
        for (name, text) in playlists(&last) {
            assert!(text.ends_with(b"#EXT-X-ENDLIST\n"), "{name} goes on");
        }
        (shown(Container::Hls, &last), playlists(&last).len(), states.len())
    };
    let (_, playlists, states) = growing(settings(Layout::Segments, 2000), &tracks, &packets);
    assert_eq!((playlists, states), (4, 5));
    // A key frame comes after the 4 s that were promised: the playlists end, and others go on.
    let (tracks, packets) = scene(600, &[0, 50, 100, 250, 300, 500, 550]);
    let (shown, playlists, _) = growing(settings(Layout::Segments, 2000), &tracks, &packets);
    assert_eq!((shown.target, playlists), (8, 2 * 3));
    let starts = [0, 2000, 4000, 10_000, 12_000, 20_000, 22_000];
    assert_eq!(millis(shown.track("video")).iter().map(|segment| segment.0).collect::<Vec<_>>(), starts);
    // Sound that never comes: its list of gaps ends too.
    let packets: Vec<_> = packets.into_iter().filter(|packet| packet.track == 0).collect();
    let (shown, playlists, _) = growing(settings(Layout::Segments, 2000), &tracks, &packets);
    assert_eq!((shown.tracks.len(), playlists), (1, 2 * 3));
}

#[test]
fn a_live_window_slides_and_keeps_its_promises() {
    let (tracks, packets) = scene(1000, &(0..1000).step_by(25).collect::<Vec<_>>());
    for container in BOTH {
        let settings = MuxSettings { live_window: Some(8), ..settings(Layout::Segments, 1000) };
        let memory = write(container, settings, &tracks, &packets).unwrap();
        let states = memory.states();
        for (index, files) in states.iter().enumerate() {
            let shown = shown(container, files);
            let video = shown.track("video");
            assert_eq!(video.segments.len(), (index + 1).min(8), "state {index}");
            assert_eq!(video.first_number as usize, (index + 1).saturating_sub(7).max(1));
            assert_eq!(shown.target, 2, "what was promised first");
            assert_eq!(video.segments.last().unwrap().1, (index + 1) as f64);
            // What has left the list stays for as long as the list is, and then goes.
            let kept = files.keys().filter(|name| name.contains("video1_") && name.ends_with(".m4s")).count();
            assert!(kept <= 8 + 11 && kept >= (index + 1).min(16), "{kept} files");
        }
        let last = shown(container, states.last().unwrap());
        assert!(last.finished);
        let video = last.track("video");
        assert_eq!((video.segments[0].0, video.segments.last().unwrap().1), (32.0, 40.0), "the timeline stays");
        if container == Container::Dash {
            let text = String::from_utf8(memory.files()[&manifest(container)].clone()).unwrap();
            assert!(text.contains("<Period id=\"1\" start=\"PT31S\">"), "sound is cut a little before: {text}");
        }
    }
}

#[test]
fn three_target_durations_stay_in_the_list() {
    let (tracks, packets) = scene(500, &(0..500).step_by(25).collect::<Vec<_>>());
    let settings = MuxSettings { live_window: Some(3), ..settings(Layout::Segments, 1000) };
    let memory = write(Container::Hls, settings, &tracks, &packets).unwrap();
    let shown = shown(Container::Hls, &memory.files());
    assert_eq!((shown.target, shown.track("video").segments.len()), (2, 6));
}

#[test]
fn a_segment_ends_at_an_earlier_key_frame_when_the_next_is_too_far() {
    // With 2 s wanted, a segment may last 4: the key frame at 1.92 s is too early, and the one behind it too late.
    let (tracks, packets) = scene(250, &[0, 48, 140, 200]);
    for window in [None, Some(3)] {
        let settings = MuxSettings { live_window: window, ..settings(Layout::Segments, 2000) };
        for container in BOTH {
            let memory = write(container, settings.clone(), &tracks, &packets).unwrap();
            let shown = shown(container, &memory.files());
            check_packets(shown.track("video"), 0, &tracks[0], &packets);
            let times = [(0, 1920), (1920, 5600), (5600, 8000), (8000, 10_000)];
            assert_eq!(millis(shown.track("video")), times);
        }
    }
}

#[test]
fn key_frames_too_far_apart_break_a_live_promise_and_no_other() {
    let (tracks, packets) = scene(300, &[0, 150]);
    for container in BOTH {
        let live = MuxSettings { live_window: Some(3), ..settings(Layout::Segments, 2000) };
        let error = write(container, live, &tracks, &packets).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Limit);
        assert!(error.to_string().contains("segment_duration"), "{error}");
        let files = write(container, settings(Layout::Segments, 2000), &tracks, &packets).unwrap().files();
        let shown = shown(container, &files);
        assert_eq!(millis(shown.track("video")), [(0, 6000), (6000, 12_000)]);
        assert!(shown.track("audio").segments.len() > 2);
    }
}

#[test]
fn sound_goes_on_without_pictures() {
    let (tracks, mut packets) = scene(500, &[0, 50, 100]);
    packets.retain(|packet| packet.track == 1 || packet.pts < 150);
    for container in BOTH {
        let settings = MuxSettings { live_window: Some(5), ..settings(Layout::Segments, 1000) };
        let memory = write(container, settings, &tracks, &packets).unwrap();
        let shown = shown(container, &memory.files());
        assert!((shown.track("audio").segments.last().unwrap().1 - 20.0).abs() < 1e-5);
        assert_eq!(shown.track("video").segments.last().unwrap().1, 6.0);
    }
}
