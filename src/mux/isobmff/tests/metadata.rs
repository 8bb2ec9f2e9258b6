//! What tracks and files say of themselves, in MP4 and MOV, in both layouts.

use std::io::Cursor;

use super::damage::{Damage, at, at_nth, check};
use super::synthetic::*;
use super::verifier::codecs::Entry;
use super::verifier::metadata::Value;
use super::verifier::{self, Edit, Movie};
use crate::error::{ErrorKind, Result};
use crate::media::{
    AspectRatio, Chapter, CodecConfig, Color, ContentLightLevel, Cover, Cue, MasteringDisplay, Metadata, Orientation,
    Packet, SampleFormat, TimeBase, Timestamp, Track, TrackKind, VideoTrack, WebVttConfig,
};
use crate::mux::{Container, Layout, MuxOptions, PacketWriter};
use crate::sink::{SeekSink, SharedWriter};

pub fn subtitles() -> Track {
    let config = WebVttConfig { header: "STYLE\n::cue { color: lime }\n".into() };
    Track::new(TrackKind::Subtitle, CodecConfig::WebVtt(config), TimeBase::MILLISECONDS)
}

pub fn cue(track: usize, start: i64, end: i64, cue: &Cue) -> Packet {
    Packet::new(track, start, (end - start) as u32, true, cue.to_packet().unwrap())
}

/// Writes a file as anybody would.
fn write(
    container: Container,
    layout: Layout,
    metadata: Metadata,
    tracks: &[Track],
    packets: &[Packet],
) -> Result<Vec<u8>> {
    let file = SharedWriter::new(Cursor::new(Vec::new()));
    let options = MuxOptions::new().layout(layout).metadata(metadata);
    let sink = SeekSink::new(file.clone()).unwrap();
    let mut writer = PacketWriter::with_options(container, tracks.to_vec(), sink, &options)?;
    packets.iter().try_for_each(|packet| writer.write(packet.clone()))?;
    writer.finish()?;
    Ok(file.with(|file| file.get_ref().clone()))
}

fn read(file: &[u8]) -> Movie {
    verifier::verify(file).unwrap_or_else(|error| panic!("{error}"))
}

fn cues(file: &[u8], movie: &Movie, index: usize) -> Vec<verifier::text::Cue> {
    verifier::text::cues(&movie.tracks[index], |sample| {
        Ok(file[sample.offset as usize..][..sample.size as usize].to_vec())
    })
    .unwrap()
}

const LAYOUTS: [Layout; 2] = [Layout::Plain, Layout::Fragmented];

fn video_of(change: impl FnOnce(&mut VideoTrack)) -> Track {
    let mut track = video_track(64, 48, TimeBase::per_second(25));
    if let TrackKind::Video(video) = &mut track.kind {
        change(video);
    }
    track
}

fn jpeg_track() -> Track {
    let video = VideoTrack { color: Color::JPEG, ..VideoTrack::new(64, 48) };
    Track::new(TrackKind::Video(video), CodecConfig::Mjpeg, TimeBase::per_second(25))
}

fn jpegs(count: i64) -> Vec<Packet> {
    (0..count).map(|i| Packet::new(0, i, 1, true, vec![0xff, 0xd8, i as u8, 0xff, 0xd9])).collect()
}

#[test]
fn pictures_are_turned_mirrored_and_stretched() {
    for quarters in 0..4 {
        for orientation in [Orientation::turned(quarters), Orientation::turned(quarters).mirror()] {
            for (ratio, wide) in [((1, 1), 64 << 16), ((16, 11), (64u32 * 16 * 65_536 * 2 / 11).div_ceil(2))] {
                let track = video_of(|video| {
                    video.orientation = orientation;
                    video.sample_aspect_ratio = AspectRatio::new(ratio.0, ratio.1).unwrap();
                });
                let packets = video_packets(&track, 3, 1, 10);
                for layout in LAYOUTS {
                    let tracks = [track.clone()];
                    let file = write(Container::Mp4, layout, Metadata::new(), &tracks, &packets).unwrap();
                    let found = &read(&file).tracks[0];
                    assert_eq!(found.orientation, (quarters, orientation.mirrored));
                    assert_eq!(found.size, (wide, 48 << 16), "the sides are those before it is turned");
                    let Entry::Av1(av1) = &found.entry else { panic!() };
                    assert_eq!(av1.extras.shape, (ratio.0 != 1).then_some(ratio));
                }
            }
        }
    }
    let huge = video_of(|video| video.sample_aspect_ratio = AspectRatio::new(2000, 1).unwrap());
    let error = write(Container::Mp4, Layout::Plain, Metadata::new(), &[huge], &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

fn hdr_track() -> Track {
    let mut track = video_of(|video| {
        video.hdr.mastering = Some(MasteringDisplay::P3_D65);
        video.hdr.light = Some(ContentLightLevel { max_content: 1000, max_frame_average: 400 });
        video.color = Color::BT2100_PQ;
    });
    let chroma = crate::media::ChromaSubsampling::Yuv420;
    track.config = CodecConfig::Av1(av1_config(64, 48, 10, chroma, Color::BT2100_PQ));
    track
}

#[test]
fn hdr_is_said_in_the_order_green_blue_red() {
    let tracks = [hdr_track()];
    let packets = video_packets(&tracks[0], 3, 1, 10);
    for layout in LAYOUTS {
        let movie = read(&write(Container::Mp4, layout, Metadata::new(), &tracks, &packets).unwrap());
        let Entry::Av1(av1) = &movie.tracks[0].entry else { panic!() };
        let points = [(13_250, 34_500), (7_500, 3_000), (34_000, 16_000), (15_635, 16_450)];
        assert_eq!(av1.extras.mastering, Some((points, 10_000_000, 50)));
        assert_eq!(av1.extras.light, Some((1000, 400)));
    }
}

#[test]
fn labels_of_tracks() {
    let mut tracks = vec![video_of(|_| {}), opus_track(2), opus_track(2), subtitles(), subtitles()];
    tracks[1].labels.language = "pt-br".into();
    tracks[1].labels.title = Some("Comentário".into());
    tracks[2].labels.language = "ger".into();
    tracks[2].labels.default = Some(true);
    tracks[3].labels.forced = true;
    tracks[4].labels.default = Some(false);
    let mut packets = video_packets(&tracks[0], 10, 1, 10);
    packets.extend(opus_packets(1, 19_200));
    packets.extend(opus_packets(2, 19_200));
    packets.extend([cue(3, 0, 100, &Cue::new("a")), cue(4, 50, 100, &Cue::new("b"))]);
    let packets = interleave(&tracks, packets);
    for layout in LAYOUTS {
        let movie = read(&write(Container::Mp4, layout, Metadata::new(), &tracks, &packets).unwrap());
        let of = |index: usize| &movie.tracks[index];
        assert_eq!([0, 1, 2, 3, 4].map(|index| of(index).alternate_group), [0, 1, 1, 2, 2]);
        assert_eq!([0, 1, 2, 3, 4].map(|index| of(index).enabled), [true, false, true, true, false]);
        assert_eq!([of(1).language.as_str(), &of(2).language, &of(3).language], ["pt-BR", "deu", "und"]);
        assert_eq!((of(1).title.as_deref(), of(1).name.as_str()), (Some("Comentário"), "Comentário"));
        assert_eq!([2, 3, 4].map(|index| of(index).forced), [false, true, false]);
    }
}

fn tagged() -> Metadata {
    Metadata::new()
        .tag("title", "The walk")
        .tag("ARTIST", "Ada")
        .tag("track", "3/12")
        .tag("track", "B side")
        .tag("mood", "calm")
        .cover(Cover::new(vec![0xff, 0xd8, 0xff, 0xe0, 9]).unwrap())
        .creation_time(1_700_000_000)
}

#[test]
fn tags_cover_and_creation_time() {
    let text = |text: &str| Value::Text(text.into());
    let cover = Value::Jpeg(vec![0xff, 0xd8, 0xff, 0xe0, 9]);
    let wanted = [
        ("\u{a9}nam", text("The walk")),
        ("\u{a9}ART", text("Ada")),
        ("trkn", Value::Track(3, 12)),
        ("----:track", text("B side")),
        ("----:mood", text("calm")),
        ("covr", cover.clone()),
    ];
    let keyed = [
        ("com.apple.quicktime.title", text("The walk")),
        ("com.apple.quicktime.artist", text("Ada")),
        ("track", text("3/12")),
        ("track", text("B side")),
        ("mood", text("calm")),
        ("com.apple.quicktime.artwork", cover),
    ];
    for layout in LAYOUTS {
        let tracks = [opus_track(2)];
        let movie = read(&write(Container::Mp4, layout, tagged(), &tracks, &opus_packets(0, 5000)).unwrap());
        let found: Vec<_> = movie.metadata.items.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        assert_eq!(found, wanted);
        assert_eq!(movie.creation_time, 1_700_000_000 + 2_082_844_800);
        let movie = read(&write(Container::Mov, layout, tagged(), &[jpeg_track()], &jpegs(3)).unwrap());
        let found: Vec<_> = movie.metadata.items.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        assert_eq!(found, keyed);
        // Past 2040 the boxes need their second version.
        let late = Metadata::new().creation_time(4_000_000_000);
        let movie = read(&write(Container::Mp4, layout, late, &tracks, &opus_packets(0, 5000)).unwrap());
        assert_eq!(movie.creation_time, 6_082_844_800);
    }
    let early = Metadata::new().creation_time(-3_000_000_000);
    let error = write(Container::Mp4, Layout::Plain, early, &[opus_track(1)], &[]).unwrap_err();
    assert!(error.to_string().contains("creation_time"), "{error}");
}

fn chaptered() -> Metadata {
    let at = Timestamp::from_millis;
    Metadata::new()
        .chapter(Chapter::new(at(0), "Start"))
        .chapter(Chapter::new(at(100), "Über den Berg").end(at(200)))
        .chapter(Chapter::new(at(300), "End"))
        .chapter(Chapter::new(at(5000), "after the end"))
}

#[test]
fn chapters_are_listed_and_a_track() {
    let tracks = [video_of(|_| {}), opus_track(1)];
    let mut packets = video_packets(&tracks[0], 10, 1, 10);
    packets.extend(opus_packets(1, 19_200));
    let packets = interleave(&tracks, packets);
    let list = [(0, "Start"), (100, "Über den Berg"), (200, ""), (300, "End"), (5000, "after the end")];
    let listed = |movie: &Movie| -> Vec<(u64, String)> {
        movie.metadata.chapters.iter().map(|(start, title)| (start / 10_000, title.clone())).collect()
    };
    let wanted = |count: usize| -> Vec<(u64, String)> {
        list[..count].iter().map(|&(start, title)| (start, title.into())).collect()
    };
    let file = write(Container::Mp4, Layout::Plain, chaptered(), &tracks, &packets).unwrap();
    let movie = read(&file);
    assert_eq!(listed(&movie), wanted(4), "what begins after the end is nowhere");
    let titles = |file: &[u8], movie: &Movie, index: usize| {
        verifier::text::chapters(&movie.tracks[index], |sample| {
            Ok(file[sample.offset as usize..][..sample.size as usize].to_vec())
        })
        .unwrap()
    };
    assert_eq!(titles(&file, &movie, 2), wanted(4));
    assert_eq!(movie.tracks[2].edits, [Edit { duration: 19_200, media_time: 0 }], "to the end, at 0.4 s");
    assert_eq!([0, 1, 2].map(|index| movie.tracks[index].chapter_track), [Some(3), Some(3), None]);
    let file = write(Container::Mov, Layout::Plain, chaptered(), &[jpeg_track()], &jpegs(10)).unwrap();
    let movie = read(&file);
    assert_eq!((listed(&movie), titles(&file, &movie, 1)), (Vec::new(), wanted(4)));
    let movie = read(&write(Container::Mp4, Layout::Fragmented, chaptered(), &tracks, &packets).unwrap());
    assert_eq!((listed(&movie), movie.tracks.len()), (wanted(5), 2), "where it will end is not known");

    // A first chapter that is late, and a file without a packet.
    let late = Metadata::new().chapter(Chapter::new(Timestamp::from_millis(250), "x"));
    let movie = read(&write(Container::Mp4, Layout::Plain, late.clone(), &tracks, &packets).unwrap());
    assert_eq!(movie.tracks[2].edits[0], Edit { duration: 12_000, media_time: -1 });
    let empty = write(Container::Mp4, Layout::Plain, late.clone(), &tracks[1..], &[]).unwrap();
    assert!(read(&empty).tracks.is_empty());

    let refused = |container, layout, metadata| write(container, layout, metadata, &tracks, &[]).unwrap_err().kind();
    assert_eq!(
        write(Container::Mov, Layout::Fragmented, late, &[jpeg_track()], &[]).unwrap_err().kind(),
        ErrorKind::Unsupported
    );
    let many = (0..300).fold(Metadata::new(), |all, i| all.chapter(Chapter::new(Timestamp::from_millis(i), "x")));
    assert_eq!(refused(Container::Mp4, Layout::Fragmented, many.clone()), ErrorKind::InvalidOption);
    let movie = read(&write(Container::Mp4, Layout::Plain, many, &tracks, &packets).unwrap());
    assert!(movie.metadata.chapters.is_empty() && movie.tracks[2].samples.len() == 300);
    let close = [1, 2].map(|ns| Chapter::new(Timestamp::new(ns, TimeBase::NANOSECONDS), "x"));
    let close = close.into_iter().fold(Metadata::new(), Metadata::chapter);
    assert_eq!(refused(Container::Mp4, Layout::Plain, close), ErrorKind::InvalidOption);
}

#[test]
fn cues_tile_and_read_back() {
    let one = Cue::new("<i>one</i>").identifier("7").settings("line:0");
    let two = Cue::new("two\nlines");
    let three = Cue::new("three");
    let tracks = [video_of(|_| {}), subtitles()];
    let mut packets = video_packets(&tracks[0], 100, 1, 25);
    packets.extend([
        cue(1, -50, 400, &one),
        cue(1, 1000, 3000, &two),
        cue(1, 2000, 2500, &three),
        cue(1, 2000, 3000, &one),
        cue(1, 3000, 3500, &three),
    ]);
    let packets = interleave(&tracks, packets);
    let wanted = [(0, 400, &one), (1000, 3000, &two), (2000, 2500, &three), (2000, 3000, &one), (3000, 3500, &three)];
    for layout in LAYOUTS {
        let file = write(Container::Mp4, layout, Metadata::new(), &tracks, &packets).unwrap();
        let movie = read(&file);
        let found = cues(&file, &movie, 1);
        let found: Vec<_> = found
            .iter()
            .map(|found| {
                (found.start, found.end, Cue::new(&found.text).identifier(&found.identifier).settings(&found.settings))
            })
            .collect();
        assert_eq!(found, wanted.map(|(start, end, cue)| (start, end, cue.clone())));
        let starts: Vec<_> = movie.tracks[1].samples.iter().map(|sample| sample.time).collect();
        assert_eq!(starts, [0, 400, 1000, 2000, 2500, 3000]);
        let Entry::WebVtt(config) = &movie.tracks[1].entry else { panic!() };
        assert_eq!(config, "WEBVTT\n\nSTYLE\n::cue { color: lime }");
    }
}

#[test]
fn a_sample_is_written_as_soon_as_it_is_known() {
    let tracks = [video_of(|_| {}), subtitles()];
    let file = SharedWriter::new(Vec::new());
    let sink = crate::sink::StreamSink::new(file.clone());
    let mut writer = PacketWriter::new(Container::Mp4, tracks.to_vec(), sink).unwrap();
    writer.write(cue(1, 0, 500, &Cue::new("early"))).unwrap();
    for packet in video_packets(&tracks[0], 101, 1, 25) {
        writer.write(packet).unwrap();
    }
    let movie = read(&file.with(|file| file.clone()));
    assert_eq!(movie.fragments[0], [(1, 50), (2, 1)], "no later cue was needed");
    let error = writer.write(cue(1, 100, 400, &Cue::new("late"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "what is shown at 0.1 s is written: {error}");
    writer.finish().unwrap();
}

#[test]
fn too_many_or_too_long_cues_are_refused_and_the_rest_goes_on() {
    let mut track = subtitles();
    track.time_base = TimeBase::NANOSECONDS;
    let cue = |start: i64, duration: u32| Packet::new(0, start, duration, true, b"\n\nx".to_vec());
    let file = SharedWriter::new(Cursor::new(Vec::new()));
    let sink = SeekSink::new(file.clone()).unwrap();
    let mut writer = PacketWriter::new(Container::Mp4, vec![track], sink).unwrap();
    (0..256).for_each(|i| writer.write(cue(i, 1000)).unwrap());
    assert_eq!(writer.write(cue(300, 5)).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(writer.write(cue(5_000_000_000, 5)).unwrap_err().kind(), ErrorKind::InvalidInput, "a gap past 32 bits");
    writer.write(cue(2000, 5)).unwrap();
    writer.finish().unwrap();
    let file = file.with(|file| file.get_ref().clone());
    assert_eq!(cues(&file, &read(&file), 0).len(), 257);
}

#[test]
fn mov_of_each_sound() {
    for format in [SampleFormat::S16, SampleFormat::S24, SampleFormat::S32, SampleFormat::F32] {
        for (channels, bits) in (1..).zip([0x4, 0x3, 0x7, 0x33, 0x37, 0x3f, 0x70f, 0x63f]) {
            for rate in [44_100, 96_000] {
                let bytes = 10 * usize::from(channels) * format.bits() as usize / 8;
                let packets = [Packet::new(0, 0, 10, true, vec![3; bytes])];
                for layout in LAYOUTS {
                    let tracks = [pcm_track(rate, channels, format)];
                    let movie = read(&write(Container::Mov, layout, Metadata::new(), &tracks, &packets).unwrap());
                    assert_eq!(movie.brands, ["qt  "]);
                    let Entry::QuickTimePcm { float, channels: found, bits: size, rate: stated, bitmap } =
                        movie.tracks[0].entry
                    else {
                        panic!()
                    };
                    assert_eq!((float, u32::from(size)), (format == SampleFormat::F32, format.bits()));
                    assert_eq!((found, stated, bitmap), (channels.into(), rate, bits));
                }
            }
        }
    }
}

#[test]
fn mov_of_each_picture() {
    for layout in LAYOUTS {
        let mut track = jpeg_track();
        track.labels.title = Some("é".repeat(200));
        let movie = read(&write(Container::Mov, layout, Metadata::new(), &[track], &jpegs(5)).unwrap());
        let found = &movie.tracks[0];
        let Entry::Jpeg(jpeg) = &found.entry else { panic!() };
        assert_eq!((jpeg.width, jpeg.height, found.width, found.height), (64, 48, 64, 48));
        assert_eq!((found.name.len(), found.title.as_ref().unwrap().len()), (254, 400), "whole letters");
        let tracks = [video_of(|video| video.orientation = Orientation::turned(1))];
        let packets = video_packets(&tracks[0], 5, 1, 10);
        let movie = read(&write(Container::Mov, layout, Metadata::new(), &tracks, &packets).unwrap());
        assert_eq!(movie.tracks[0].orientation, (1, false));
    }
    assert!(write(Container::Mp4, Layout::Plain, Metadata::new(), &[jpeg_track()], &[]).is_err());
    assert!(write(Container::Mov, Layout::Plain, Metadata::new(), &[opus_track(2)], &[]).is_err());
}

#[test]
fn every_field_of_what_is_said_counts() {
    let mut video = hdr_track();
    if let TrackKind::Video(video) = &mut video.kind {
        video.orientation = Orientation::turned(1);
        video.sample_aspect_ratio = AspectRatio::new(4, 3).unwrap();
    }
    let mut forced = subtitles();
    forced.labels.forced = true;
    forced.labels.title = Some("Signs".into());
    let mut sound = opus_track(2);
    sound.labels.language = "pt-BR".into();
    let tracks = [video, forced, sound];
    let mut packets = video_packets(&tracks[0], 100, 1, 25);
    let (a, b) = (Cue::new("aaa").identifier("i").settings("line:0"), Cue::new("b"));
    packets.extend([cue(1, 100, 1000, &a), cue(1, 500, 1500, &b)]);
    packets.extend(opus_packets(2, 48_000));
    let metadata = Metadata { chapters: chaptered().chapters, ..tagged() };
    let file = write(Container::Mp4, Layout::Plain, metadata, &tracks, &interleave(&tracks, packets)).unwrap();
    check(
        &file,
        &[
            at("mvhd", 7, b"\0", "creation time"),
            at("tkhd", 7, b"\0", "creation time"),
            at("tkhd", 3, b"\x01", "in the movie"),
            at("tkhd", 3, b"\x02", "enabled"),
            at_nth("tkhd", 3, 3, b"\x03", "enabled"),
            at("tkhd", 40, b"\0\x01", "matrix"),
            at("tkhd", 53, b"\xfe", "matrix"),
            at("tkhd", 65, b"\x31", "corner"),
            at("tkhd", 78, b"\0", "tkhd does not say"),
            at("pasp", 3, b"\x05", "tkhd does not say"),
            at("pasp", 3, b"\0", "pasp"),
            // Red where green belongs.
            at("mdcv", 0, b"\x84\xd0\x3e\x80", "order"),
            at("mdcv", 2, b"\xff", "chromaticity"),
            at("mdcv", 20, b"\x7f", "mdcv goes"),
            at("colr", 0, b"nclc", "colour_type"),
            at("chap", 3, b"\x09", "tref"),
            at("©nam", 1, b"\x04", "a title"),
            at("©nam", 2, b"\0", "language of a title"),
            at("©nam", 4, b"T", "udta says"),
            at("kind", 27, b"F", "kind"),
            at("nmhd", 3, b"\x01", "nmhd"),
            at("elng", 6, b"\0", "string"),
            at("vttC", 0, b"X", "vttC"),
            at("vttc", 4, b"iden", ""),
            at("payl", 0, b"A", "pieces"),
            at_nth("vsid", 1, 3, b"\x07", "one piece"),
            at("gmin", 5, b"\0", "gmin"),
            at("encd", 2, b"\0", "encd"),
            at("chpl", 0, b"\0", "chpl"),
            at("chpl", 8, b"\x09", ""),
            at_nth("meta", 0, 0, b"\x01", "MP4's meta"),
            at("mdir", 0, b"mdta", "hdlr of meta"),
            at("mean", 4, b"C", "mean"),
            at("covr", 11, b"\x0e", "cover"),
            at("trkn", 11, b"\x01", "trkn"),
            at_nth("data", 0, 3, b"\x09", "type 9"),
        ],
    );
}

#[test]
fn every_field_of_mov_counts() {
    let tracks = [jpeg_track(), pcm_track(48_000, 2, SampleFormat::S24), pcm_track(48_000, 3, SampleFormat::S16)];
    let mut packets = jpegs(3);
    packets.push(Packet::new(1, 0, 100, true, vec![1; 600]));
    packets.push(Packet::new(2, 0, 100, true, vec![1; 600]));
    let file = write(Container::Mov, Layout::Plain, tagged(), &tracks, &packets).unwrap();
    let damages: &[Damage] = &[
        at("hdlr", 4, b"\0\0\0\0", "component"),
        at("hdlr", 24, b"\x09", "hdlr"),
        at_nth("hdlr", 1, 4, b"mhlr", "component"),
        at("dhlr", 0, b"vide", "data handler"),
        at("colr", 0, b"nclx", "colour_type"),
        at("fiel", 0, b"\x02", "fiel"),
        at("jpeg", 40, b"\0\x02", "frame count"),
        at("in24", 8, b"\0\x02", "version 2"),
        at("in24", 31, b"\x03", "samples per packet"),
        at("in24", 35, b"\x02", "bytes per packet"),
        at("in24", 39, b"\x02", "bytes per frame"),
        at("enda", 1, b"\0", "wave"),
        at("frma", 0, b"sowt", "wave"),
        at("chan", 11, b"\x07", "chan"),
        at("lpcm", 17, b"\x04", "always3"),
        at("lpcm", 31, b"\x40", "sizeOfStructOnly"),
        at("lpcm", 55, b"\x0e", "flags"),
        at("lpcm", 59, b"\x04", "constBytes"),
        at("keys", 7, b"\x07", "keys"),
        at("meta", 0, b"\0\0\0\0", "MOV's meta"),
    ];
    check(&file, damages);
}
