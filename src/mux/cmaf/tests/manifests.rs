//! Finished outputs.

use proptest::prelude::*;

use super::*;
use crate::error::ErrorKind;
use crate::media::{AspectRatio, ContentLightLevel, Orientation};

#[test]
fn all_of_a_film_is_found() {
    let (tracks, packets) = film();
    for container in BOTH {
        for layout in [Layout::Segments, Layout::ByteRanges] {
            let memory = write(container, settings(layout, 2000), &tracks, &packets).unwrap();
            let files = memory.files();
            let shown = shown(container, &files);
            assert!(shown.finished);
            // What grows keeps what it has promised; elsewhere it is 2.002 s, and what sound has more.
            let grows = container == Container::Hls && layout == Layout::Segments;
            assert_eq!(shown.target, if grows { 2 * 2 } else { 2 + 1 });
            assert!((shown.duration - 10.01).abs() < 1e-5, "{}", shown.duration);
            assert_eq!(shown.tracks.len(), 4);
            let video = shown.track("video");
            check_packets(video, 0, &tracks[0], &packets);
            assert_eq!(millis(video), [(0, 2002), (2002, 4004), (4004, 6006), (6006, 8008), (8008, 10_010)]);
            let movie = video.movie.as_ref().unwrap();
            assert_eq!(movie.brands, ["iso6", "cmfc", "av01"]);
            assert_eq!(movie.boxes[..6], ["ftyp", "moov", "styp", "sidx", "moof", "mdat"]);
            let audio: Vec<_> = shown.tracks.iter().filter(|track| track.kind == "audio").collect();
            check_packets(audio[0], 1, &tracks[1], &packets);
            check_packets(audio[1], 2, &tracks[2], &packets);
            // The priming is skipped by the header, and is no part of times.
            let sound = &audio[0].movie.as_ref().unwrap().tracks[0];
            assert_eq!((sound.edits[0].media_time, audio[0].segments[0].0), (312, 0.0));
            assert_eq!(millis(audio[0])[0].1, 2014, "a packet that begins before the cut belongs in front of it");
            assert!((audio[1].segments.last().unwrap().1 - 10.01).abs() < 1e-5);
            let languages: Vec<_> = shown.tracks.iter().map(|track| track.language.as_deref()).collect();
            assert_eq!(languages, [None, Some("en"), Some("de"), Some("fr")]);
            assert_eq!([audio[0].default, audio[1].default], [true, false]);
            let quotes = if container == Container::Hls { '\'' } else { '"' };
            assert_eq!(audio[1].title, Some(format!("Leser & <Hörer> {quotes}A{quotes}")));
            assert!(shown.track("text").forced);
            assert_eq!(strays(&files, &shown), [""; 0]);
            assert_eq!(write(container, settings(layout, 2000), &tracks, &packets).unwrap().files(), files);
        }
    }
}

#[test]
fn subtitles_are_cut_where_pictures_are_and_repeat_what_goes_on() {
    let (tracks, packets) = film();
    let files = write(Container::Hls, settings(Layout::Segments, 2000), &tracks, &packets).unwrap().files();
    let shown = shown(Container::Hls, &files);
    let text = shown.track("text");
    assert_eq!(millis(text), millis(shown.track("video")));
    let head = "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n\nSTYLE\n::cue { color: lime }\n\n";
    let one = "00:00:00.500 --> 00:00:01.500\none\n\n";
    let two = "00:00:01.500 --> 00:00:05.500\n<i>two</i>\n\n";
    let three = "00:00:02.000 --> 00:00:02.500\n2 &lt; 3\n\n";
    assert_eq!(text.texts[0], format!("{head}{one}{two}{three}"), "the third begins 2 ms before the cut");
    assert_eq!(text.texts[1], format!("{head}{two}{three}"));
    assert_eq!(text.texts[2], format!("{head}{two}"));
    assert_eq!(text.texts[3], head);
    let files = write(Container::Dash, settings(Layout::Segments, 2000), &tracks, &packets).unwrap().files();
    let shown = super::shown(Container::Dash, &files);
    let head = "WEBVTT\n\nSTYLE\n::cue { color: lime }\n\n";
    assert_eq!(shown.track("text").texts, [format!("{head}{one}{two}{three}")]);
}

#[test]
fn what_manifests_say_is_as_readers_want_it() {
    let (tracks, packets) = film();
    let text = |container: Container| {
        let files = write(container, settings(Layout::Segments, 2000), &tracks, &packets).unwrap().files();
        String::from_utf8(files[&manifest(container)].clone()).unwrap()
    };
    let hls = text(Container::Hls);
    // Names of sample entries in their own case (point 64).
    for part in [
        "CODECS=\"av01.0.08M.08,Opus,fLaC\"",
        "RESOLUTION=640x360,FRAME-RATE=29.970,VIDEO-RANGE=SDR",
        "AUDIO=\"audio\",SUBTITLES=\"subtitles\"\na%20%22film%22%20%241_hls_video1.m3u8\n",
        "TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"en\",LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"6\"",
        "FORCED=YES",
    ] {
        assert!(hls.contains(part), "{part} in {hls}");
    }
    let dash = text(Container::Dash);
    for part in [
        "codecs=\"opus\"",
        "codecs=\"flac\"",
        "frameRate=\"30000/1001\"",
        "<S t=\"0\" d=\"60060\" r=\"4\"/>",
        "mediaPresentationDuration=\"PT10.010000S\"",
        "media=\"a%20%22film%22%20%241_dash_video1_$Number$.m4s\"",
        "value=\"forced-subtitle\"",
    ] {
        assert!(dash.contains(part), "{part} in {dash}");
    }
}

#[test]
fn pictures_are_shown_turned_and_in_their_shape() {
    let base = TimeBase::per_second(25);
    let mut track = video_track(64, 48, base);
    if let TrackKind::Video(video) = &mut track.kind {
        video.orientation = Orientation::turned(1).mirror();
        video.sample_aspect_ratio = AspectRatio::new(4, 3).unwrap();
        video.hdr.light = Some(ContentLightLevel { max_content: 1000, max_frame_average: 400 });
    }
    let packets = video_packets(&track, 50, 1, 25);
    for container in BOTH {
        let tracks = [track.clone()];
        let files = write(container, settings(Layout::Segments, 1000), &tracks, &packets).unwrap().files();
        let shown = shown(container, &files);
        let read = &shown.track("video").movie.as_ref().unwrap().tracks[0];
        assert_eq!((read.orientation, read.width, read.height), ((1, true), 85, 48));
        let isobmff::codecs::Entry::Av1(av1) = &read.entry else { panic!("{:?}", read.entry) };
        assert_eq!((av1.extras.shape, av1.extras.light), (Some((4, 3)), Some((1000, 400))));
        let text = String::from_utf8(files[&manifest(container)].clone()).unwrap();
        let said =
            if container == Container::Hls { "RESOLUTION=48x85" } else { "width=\"64\" height=\"48\" sar=\"4:3\"" };
        assert!(text.contains(said), "{text}");
        for (old, new) in [("48x85", "85x48"), ("sar=\"4:3\"", ""), ("width=\"64\"", "width=\"85\"")] {
            let mut damaged = files.clone();
            damaged.insert(manifest(container), text.replacen(old, new, 1).into_bytes());
            assert_eq!(read_fault(container, &damaged), text.contains(old), "{old} as {new}");
        }
    }
}

fn read_fault(container: Container, files: &Files) -> bool {
    read(container, files).is_err()
}

#[test]
fn sound_alone_is_cut_by_time() {
    let tracks = [opus_track(2)];
    let packets = opus_packets(0, 480_000);
    for container in BOTH {
        let files = write(container, settings(Layout::Segments, 2000), &tracks, &packets).unwrap().files();
        let shown = shown(container, &files);
        check_packets(shown.track("audio"), 0, &tracks[0], &packets);
        assert_eq!(shown.track("audio").segments.len(), 6);
        assert!((shown.duration - 10.0).abs() < 1e-5, "{}", shown.duration);
    }
}

#[test]
fn pictures_of_several_sizes_are_variants_of_one() {
    let base = TimeBase::per_second(25);
    let tracks = [video_track(64, 48, base), video_track(128, 96, base), opus_track(1)];
    let mut packets = video_packets(&tracks[0], 100, 1, 25);
    packets.extend(video_packets(&tracks[1], 100, 1, 25).into_iter().map(|packet| Packet { track: 1, ..packet }));
    packets.extend(opus_packets(2, 192_000));
    let packets = interleave(&tracks, packets);
    for container in BOTH {
        let files = write(container, settings(Layout::Segments, 1000), &tracks, &packets).unwrap().files();
        let shown = shown(container, &files);
        let videos: Vec<_> = shown.tracks.iter().filter(|track| track.kind == "video").collect();
        assert_eq!(videos.len(), 2);
        assert_eq!(millis(videos[0]), [(0, 1000), (1000, 2000), (2000, 3000), (3000, 4000)]);
        assert_eq!(millis(videos[0]), millis(videos[1]));
        if container == Container::Dash {
            let text = String::from_utf8(files[&manifest(container)].clone()).unwrap();
            assert_eq!(text.matches("<AdaptationSet").count(), 2);
            assert_eq!(text.matches("segmentAlignment=\"true\"").count(), 2);
        }
    }
}

#[test]
fn a_late_start_and_gaps_are_told_exactly() {
    let tracks = [video_track(64, 48, TimeBase::per_second(25)), opus_track(1)];
    let mut packets = video_packets(&tracks[0], 750, 1, 25);
    // Sound from 9 to 10 s, and from 22 to 24 s.
    let sound = |from: i64, count: i64| (0..count).map(move |i| Packet::new(1, from + i * 960, 960, true, vec![1; 50]));
    packets.extend(sound(9 * 48_000, 50).chain(sound(22 * 48_000, 100)));
    let packets = interleave(&tracks, packets);
    for container in BOTH {
        let files = write(container, settings(Layout::Segments, 2000), &tracks, &packets).unwrap().files();
        let shown = shown(container, &files);
        let audio = shown.track("audio");
        check_packets(audio, 1, &tracks[1], &packets);
        let gaps: Vec<_> = audio.segments.iter().filter(|segment| segment.2).collect();
        assert_eq!(gaps.is_empty(), container == Container::Dash);
        if container == Container::Hls {
            assert!(audio.segments.windows(2).all(|pair| pair[0].1 == pair[1].0), "{:?}", audio.segments);
            assert_eq!(shown.target, 4);
        } else {
            let times = millis(audio);
            assert_eq!((times[0].0, times.last().unwrap().1), (8994, 23_994));
        }
    }
}

#[test]
fn what_cannot_be_said_is_refused_and_leaves_no_trace() {
    let (tracks, packets) = film();
    let memory = Memory::new("x.m3u8");
    let mut place = Place { name: "x.m3u8".into(), memory: memory.clone() };
    let mut muxer = super::super::open(Container::Hls, &settings(Layout::Segments, 2000)).unwrap();
    muxer.begin(&tracks, &mut place).unwrap();
    let refused = [
        packets.iter().find(|packet| packet.track == 0 && !packet.key).unwrap().clone(),
        Packet { pts: -1, ..packets[0].clone() },
        Packet { track: 1, pts: -960, ..packets[1].clone() },
        Packet { track: 9, ..packets[0].clone() },
        cue(3, -1, 10, "early"),
        Packet { data: b"\n\na --> b".to_vec(), ..cue(3, 0, 10, "arrow") },
    ];
    for packet in refused {
        let error = muxer.packet(packet, &mut place).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
    for packet in &packets {
        muxer.packet(packet.clone(), &mut place).unwrap();
    }
    muxer.finish(&tracks, &mut place).unwrap();
    let found = verify_hls(&memory.files(), "x.m3u8").unwrap();
    check_packets(found.track("video"), 0, &tracks[0], &packets);

    let refused = |container: Container, settings: MuxSettings, change: &dyn Fn(&mut Vec<Track>), word: &str| {
        let mut tracks = tracks.clone();
        change(&mut tracks);
        let error = write(container, settings, &tracks, &[]).err().expect(word).to_string();
        assert!(error.contains(word), "{error}");
    };
    let plain = || settings(Layout::Segments, 2000);
    let window = |layout| MuxSettings { live_window: Some(3), ..settings(layout, 2000) };
    refused(Container::Hls, plain(), &|tracks| drop(tracks.drain(..3)), "subtitles alone");
    refused(Container::Hls, plain(), &|tracks| tracks[1].labels.alternate_group = Some(7), "alternate_group");
    refused(
        Container::Dash,
        plain(),
        &|tracks| tracks[1..3].iter_mut().for_each(|track| track.labels.default = Some(true)),
        "two default",
    );
    refused(Container::Dash, window(Layout::Segments), &|_| {}, "subtitles in DASH");
}

#[test]
fn no_segment_of_subtitles_is_longer_than_is_said() {
    let (tracks, mut packets) = film();
    packets.push(cue(3, 10_020, 3900, "when all is over"));
    for layout in [Layout::Segments, Layout::ByteRanges] {
        let files = write(Container::Hls, settings(layout, 2000), &tracks, &packets).unwrap().files();
        let shown = shown(Container::Hls, &files);
        assert_eq!(millis(shown.track("text")).last().unwrap().1, 13_920);
    }
}

#[test]
fn a_wrong_time_fills_no_disk() {
    let day = 24 * 3600;
    let base = TimeBase::per_second(1);
    let tracks = [video_track(64, 48, base), opus_track(1), subtitle_track(base)];
    let picture = |pts: i64, duration: u32| Packet::new(0, pts, duration, true, av1_unit(&tracks[0], true, 40));
    let sound = |pts: i64| Packet::new(1, pts, 960, true, vec![1; 50]);
    let cases = [
        picture(day, 1),
        picture(0, day as u32 + 1),
        picture(i64::MAX - 1, 1),
        sound(day * 48_000),
        cue(2, day, 1, "late"),
        cue(2, 0, day as u32 + 1, "long"),
        picture(day + 1, 1),
    ];
    let memory = Memory::new("x.m3u8");
    let mut place = Place { name: "x.m3u8".into(), memory: memory.clone() };
    for layout in [Layout::Segments, Layout::ByteRanges] {
        let mut muxer = super::super::open(Container::Hls, &settings(layout, 2000)).unwrap();
        muxer.begin(&tracks, &mut place).unwrap();
        let begun = memory.files().len();
        for packet in &cases {
            let error = muxer.packet(packet.clone(), &mut place).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            let text = error.to_string();
            assert!(text.contains("24 hours") && text.contains("which is 86400 s"), "{text}");
        }
        assert_eq!(memory.files().len(), begun);
        // Behind what there is, a day is a day later; and DASH has nothing to fill.
        muxer.packet(picture(0, 2), &mut place).unwrap();
        muxer.packet(cue(2, day + 1, 1, "a day later"), &mut place).unwrap();
    }
    let packets = [picture(0, 1), picture(30 * day, 1)];
    write(Container::Dash, settings(Layout::Segments, 2000), &tracks, &packets).unwrap();
}

#[test]
fn tracks_without_a_packet_are_not_listed() {
    let (tracks, packets) = film();
    let lacks = |missing: &'static [usize]| packets.iter().filter(|packet| !missing.contains(&packet.track)).cloned();
    for layout in [Layout::Segments, Layout::ByteRanges] {
        // Subtitles of no cues are subtitles.
        for (missing, kinds) in [
            (&[1][..], &["video", "audio", "text"][..]),
            (&[1, 2, 3], &["video", "text"]),
            (&[0, 2], &["audio", "text"]),
            (&[0, 1, 2, 3], &[]),
        ] {
            let packets: Vec<_> = lacks(missing).collect();
            let files = write(Container::Hls, settings(layout, 2000), &tracks, &packets).unwrap().files();
            let playlists = files.keys().filter(|name| name.ends_with(".m3u8")).count();
            let text = String::from_utf8(files[&manifest(Container::Hls)].clone()).unwrap();
            if kinds.is_empty() {
                assert!(!text.contains("STREAM-INF"), "{text}");
                continue;
            }
            let shown = shown(Container::Hls, &files);
            let found: Vec<_> = shown.tracks.iter().map(|track| track.kind.as_str()).collect();
            assert_eq!(found, kinds, "{text}");
            assert!(!missing.contains(&1) || !text.contains("Opus"), "{text}");
            // Who has seen one while the track could still come sees its end.
            let seen = layout == Layout::Segments && !missing.contains(&0);
            assert_eq!(playlists, 1 + if seen { tracks.len() } else { kinds.len() });
        }
    }
}

#[test]
fn the_names_of_segments_are_told_from_the_film_s() {
    let (tracks, packets) = film();
    let name = "a_0.m4s_0.m4s.mpd";
    let memory = Memory::new(name);
    let mut place = Place { name: name.into(), memory: memory.clone() };
    let mut muxer = super::super::open(Container::Dash, &settings(Layout::Segments, 2000)).unwrap();
    muxer.begin(&tracks, &mut place).unwrap();
    packets.iter().for_each(|packet| muxer.packet(packet.clone(), &mut place).unwrap());
    muxer.finish(&tracks, &mut place).unwrap();
    verify_dash(&memory.files(), name).unwrap();
}

#[test]
fn nothing_is_still_an_output() {
    let tracks = [opus_track(1)];
    for container in BOTH {
        let files = write(container, settings(Layout::Segments, 2000), &tracks, &[]).unwrap().files();
        assert!(files.contains_key(&manifest(container)));
    }
}

#[test]
fn memory_has_a_bound() {
    let tracks = [video_track(64, 48, TimeBase::per_second(25)), opus_track(1)];
    // No key frame but the first.
    let mut packets = video_packets(&tracks[0], 500, 1, 1000);
    packets.extend(opus_packets(1, 960_000));
    let packets = interleave(&tracks, packets);
    for container in BOTH {
        for layout in [Layout::Segments, Layout::ByteRanges] {
            let settings = MuxSettings { fragment_bytes: 10_000, ..settings(layout, 2000) };
            let files = write(container, settings, &tracks, &packets).unwrap().files();
            let shown = shown(container, &files);
            check_packets(shown.track("video"), 0, &tracks[0], &packets);
            check_packets(shown.track("audio"), 1, &tracks[1], &packets);
            let video = shown.track("video").movie.as_ref().unwrap();
            assert_eq!(shown.track("video").segments.len(), 1);
            assert!(video.fragments.len() > 5, "{}", video.fragments.len());
            assert!(video.media_data.iter().all(|data| data.end - data.start < 10_000));
            assert!(shown.track("audio").segments.len() > 3, "sound does not wait for pictures");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_key_frames_make_a_sound_output(
        lengths in proptest::collection::vec((1u32..400, any::<bool>()), 1..80),
        audio in 0u32..300,
        from in 0i64..2_000,
        ms in 500u64..3000,
        bytes in 500usize..100_000,
    ) {
        let tracks = [video_track(64, 48, TimeBase::MILLISECONDS), opus_track(2)];
        let mut pts = from;
        let mut packets: Vec<Packet> = Vec::new();
        for (duration, key) in lengths {
            let key = key || packets.is_empty();
            packets.push(Packet::new(0, pts, duration, key, av1_unit(&tracks[0], key, 40)));
            pts += i64::from(duration) + i64::from(duration % 7 == 0) * 500;
        }
        packets.extend((0..audio).map(|i| Packet::new(1, i64::from(i) * 960, 960, true, vec![2; 20])));
        let packets = interleave(&tracks, packets);
        for container in BOTH {
            for layout in [Layout::Segments, Layout::ByteRanges] {
                let settings = MuxSettings { fragment_bytes: bytes, ..settings(layout, ms) };
                let memory = write(container, settings, &tracks, &packets).unwrap();
                for files in memory.states() {
                    let read = read(container, &files);
                    // Sound that has not come yet is a gap from the start, or nothing.
                    let early = audio == 0 || read.as_ref().is_err_and(|fault| fault.contains("sound without media"));
                    prop_assert!(read.is_ok() || early, "{container}: {read:?}");
                }
                if audio > 0 {
                    let shown = read(container, &memory.files()).unwrap();
                    check_packets(shown.track("video"), 0, &tracks[0], &packets);
                    check_packets(shown.track("audio"), 1, &tracks[1], &packets);
                }
            }
        }
    }
}
