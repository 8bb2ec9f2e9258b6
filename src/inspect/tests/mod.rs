//! Files of the muxers read again, and damaged ones.

mod about;
mod said;
mod simple;

use std::io::Cursor;

use proptest::prelude::*;

use super::*;
use crate::error::ErrorKind;
use crate::media::{
    AudioTrack, Av1Config, CodecConfig, FlacConfig, OpusConfig, Packet, PcmConfig, Track, TrackKind, VideoTrack,
};
use crate::mux::{Container, MuxOptions, PacketWriter};
use crate::sink::{SeekSink, SharedWriter, StreamSink};

/// The pieces of sound that are written: a second and two fifths of a packet more than it takes.
const OPUS_PACKETS: i64 = 51;

fn video() -> Track {
    let config = Av1Config {
        profile: 0,
        level: 8,
        tier: 0,
        bit_depth: 10,
        chroma: ChromaSubsampling::Yuv420,
        chroma_sample_position: 0,
        max_frame_width: 176,
        max_frame_height: 144,
        color: Color::BT2100_PQ,
        sequence_header: vec![0x0a, 0x01, 0x00],
    };
    let video = VideoTrack {
        coded_width: 176,
        coded_height: 144,
        color: Color::BT2100_PQ,
        frame_rate: Some(FrameRate::new(30_000, 1001)),
        ..VideoTrack::new(175, 143)
    };
    let base = TimeBase::new(1001, 30_000).unwrap();
    Track::new(TrackKind::Video(video), CodecConfig::Av1(config), base)
}

fn audio(config: CodecConfig, sample_rate: u32, channels: u8) -> Track {
    let kind = TrackKind::Audio(AudioTrack { sample_rate, channels });
    let mut track = Track::new(kind, config, TimeBase::per_second(sample_rate));
    track.labels.language = "deu".into();
    track
}

fn opus() -> Track {
    let config = OpusConfig { channels: 2, pre_skip: 312, input_sample_rate: 44_100, output_gain: 0, mapping: None };
    audio(CodecConfig::Opus(config), 48_000, 2)
}

fn flac(bits_per_sample: u8) -> Track {
    let mut stream_info = [0; 34];
    stream_info[..4].copy_from_slice(&[16, 0, 16, 0]);
    // 96 kHz, 6 channels.
    let bits = bits_per_sample - 1;
    stream_info[10..14].copy_from_slice(&[0x17, 0x70, 5 << 1 | bits >> 4, bits << 4]);
    let config = FlacConfig { sample_rate: 96_000, channels: 6, bits_per_sample, stream_info };
    audio(CodecConfig::Flac(config), 96_000, 6)
}

fn pcm(format: SampleFormat) -> Track {
    audio(CodecConfig::Pcm(PcmConfig { sample_rate: 8000, channels: 1, format }), 8000, 1)
}

/// 30 frames, every tenth a key frame, from tick `start` on.
fn video_packets(track: usize, start: i64) -> Vec<Packet> {
    let packet = |index: i64| {
        let data = vec![0x32, 0x02, if index % 10 == 0 { 0x10 } else { 0x30 }, 0x80];
        Packet::new(track, start + index, 1, index % 10 == 0, data)
    };
    (0..30).map(packet).collect()
}

fn opus_packets(track: usize) -> Vec<Packet> {
    let mut packets: Vec<_> =
        // CELT, full band, 20 ms, one frame.
        (0..OPUS_PACKETS).map(|index| Packet::new(track, index * 960, 960, true, vec![0xfc, 1, 2])).collect();
    packets.last_mut().unwrap().trim_end = 648;
    packets
}

/// Three blocks of 4096 and one of 100.
fn flac_packets(track: usize) -> Vec<Packet> {
    let header = |index: u8, short: bool| match short {
        false => vec![0xff, 0xf8, 0xcb, 0x58, index, 0xaa, 0, 0, 0],
        true => vec![0xff, 0xf8, 0x6b, 0x58, index, 99, 0xaa, 0, 0, 0],
    };
    (0..4u8)
        .map(|index| {
            let short = index == 3;
            Packet::new(track, i64::from(index) * 4096, if short { 100 } else { 4096 }, true, header(index, short))
        })
        .collect()
}

fn pcm_packets(track: usize, format: SampleFormat) -> Vec<Packet> {
    let bytes = format.bits() as usize / 8;
    (0..10).map(|index| Packet::new(track, index * 400, 400, true, vec![0; 400 * bytes])).collect()
}

/// A file of these tracks; `patch` says whether the sink can seek.
fn write(container: Container, patch: bool, tracks: Vec<Track>, packets: Vec<Packet>) -> Vec<u8> {
    write_with(&MuxOptions::new(), container, patch, tracks, packets)
}

fn write_with(
    options: &MuxOptions,
    container: Container,
    patch: bool,
    tracks: Vec<Track>,
    mut packets: Vec<Packet>,
) -> Vec<u8> {
    let bases: Vec<_> = tracks.iter().map(|track| track.time_base).collect();
    packets.sort_by_key(|packet| bases[packet.track].rescale(packet.pts, TimeBase::NANOSECONDS).unwrap());
    let file = SharedWriter::new(Cursor::new(Vec::new()));
    macro_rules! fill {
        ($sink:expr) => {{
            let mut writer = PacketWriter::with_options(container, tracks, $sink, options).unwrap();
            packets.into_iter().for_each(|packet| writer.write(packet).unwrap());
            drop(writer.finish().unwrap());
        }};
    }
    match patch {
        true => fill!(SeekSink::new(file.clone()).unwrap()),
        false => fill!(StreamSink::new(file.clone())),
    }
    file.into_inner().unwrap().into_inner()
}

fn read(bytes: &[u8]) -> Result<FileInfo> {
    inspect(Cursor::new(bytes))
}

/// Ticks of `base` as a fraction of a second, compared to the nearest tick.
fn same_time(ticks: i64, base: TimeBase, nanoseconds: i64) -> bool {
    TimeBase::NANOSECONDS.rescale(nanoseconds, base) == Some(ticks)
}

#[test]
fn av1_and_opus_come_back_from_every_container_and_layout() {
    for (container, patch, layout) in [
        (Container::Mp4, true, IndexPlacement::IndexLast),
        (Container::Mp4, false, IndexPlacement::Fragmented),
        (Container::Matroska, true, IndexPlacement::IndexLast),
        (Container::Matroska, false, IndexPlacement::Live),
        (Container::WebM, true, IndexPlacement::IndexLast),
        (Container::WebM, false, IndexPlacement::Live),
    ] {
        let case = format!("{container} {layout:?}");
        let packets = [video_packets(0, 0), opus_packets(1)].concat();
        let bytes = write(container, patch, vec![video(), opus()], packets);
        let info = read(&bytes).unwrap();
        assert_eq!((info.format.name(), info.layout, info.truncated), (container.name(), layout, false), "{case}");
        assert_eq!((info.bytes, info.tracks.len()), (bytes.len() as u64, 2));

        let [picture, sound] = &info.tracks[..] else { panic!() };
        assert_eq!((&*picture.codec, picture.codec_string.as_deref()), ("av1", Some("av01.0.08M.10.0.110.09.16.09.0")));
        assert_eq!((picture.packets, picture.key_packets, picture.bytes), (30, 3, 120), "{case}");
        assert_eq!((picture.number, &*picture.language), (1, "und"));
        assert!(same_time(picture.start, picture.time_base, 0), "{case}");
        assert!(same_time(picture.duration as i64, picture.time_base, 1_001_000_000), "{case}: {picture:?}");
        assert_eq!(picture.bit_rate, Some(959), "{case}");
        let Details::Video(video) = &picture.details else { panic!() };
        assert_eq!(
            *video,
            VideoDetails {
                width: 175,
                height: 143,
                coded_width: 176,
                coded_height: 144,
                frame_rate: Some(FrameRate::new(30_000, 1001)),
                bit_depth: Some(10),
                chroma: Some(ChromaSubsampling::Yuv420),
                color: Some(Color::BT2100_PQ),
                hdr: Hdr::default(),
                orientation: Orientation::default(),
                sample_aspect_ratio: AspectRatio::SQUARE,
                alpha: false,
            },
            "{case}"
        );

        assert_eq!((&*sound.codec, sound.codec_string.as_deref()), ("opus", Some("opus")));
        assert_eq!((sound.packets, sound.key_packets, sound.bytes), (51, 51, 153));
        assert_eq!((sound.time_base, &*sound.language), (TimeBase::per_second(48_000), "de"), "{case}");
        assert_eq!((sound.start, sound.duration, sound.priming), (0, 48_000, 312), "{case}");
        // Where the last packet is made shorter instead, there is no padding to tell.
        assert!(matches!(sound.padding, 0 | 648), "{case}: {}", sound.padding);
        let expected = AudioDetails { sample_rate: 48_000, channels: 2, sample_format: None };
        assert_eq!(sound.details, Details::Audio(expected));
        assert!(same_time(info.duration.ticks, info.duration.base, 1_001_000_000));
    }
}

#[test]
fn lossless_sound_comes_back() {
    for (container, patch) in
        [(Container::Mp4, true), (Container::Mp4, false), (Container::Matroska, true), (Container::Matroska, false)]
    {
        for bits in [16, 24] {
            let info = read(&write(container, patch, vec![flac(bits)], flac_packets(0))).unwrap();
            let track = &info.tracks[0];
            let format = if bits == 16 { SampleFormat::S16 } else { SampleFormat::S24 };
            let details = AudioDetails { sample_rate: 96_000, channels: 6, sample_format: Some(format) };
            assert_eq!((&*track.codec, &track.details), ("flac", &Details::Audio(details)));
            assert_eq!((track.duration, track.packets, track.padding), (3 * 4096 + 100, 4, 0), "{container} {patch}");
            assert_eq!(track.time_base, TimeBase::per_second(96_000));
        }
        for format in [SampleFormat::S16, SampleFormat::S24, SampleFormat::S32, SampleFormat::F32] {
            let info = read(&write(container, patch, vec![pcm(format)], pcm_packets(0, format))).unwrap();
            let track = &info.tracks[0];
            let details = AudioDetails { sample_rate: 8000, channels: 1, sample_format: Some(format) };
            assert_eq!((&*track.codec, &track.details), ("pcm", &Details::Audio(details)), "{container} {patch}");
            assert_eq!(
                (track.duration, track.bytes),
                (4000, 4000 * u64::from(format.bits() / 8)),
                "{container} {patch}"
            );
        }
    }
}

#[test]
fn a_late_track_starts_late() {
    for (container, patch) in
        [(Container::Mp4, true), (Container::Mp4, false), (Container::WebM, true), (Container::WebM, false)]
    {
        let packets = [video_packets(0, 15), opus_packets(1)].concat();
        let info = read(&write(container, patch, vec![video(), opus()], packets)).unwrap();
        let [picture, sound] = &info.tracks[..] else { panic!() };
        assert!(same_time(picture.start, picture.time_base, 500_500_000), "{container} {patch}: {picture:?}");
        assert_eq!(sound.start, 0);
        assert!(
            same_time(picture.duration as i64, picture.time_base, 1_001_000_000),
            "{container} {patch}: {picture:?}"
        );
    }
}

fn write_laced(tracks: Vec<Track>, packets: Vec<Packet>) -> Vec<u8> {
    write_with(&MuxOptions::new().lacing(true), Container::Matroska, true, tracks, packets)
}

#[test]
fn packets_that_share_a_block_are_counted_each() {
    let mut sizes = opus_packets(1);
    for (index, packet) in sizes.iter_mut().enumerate() {
        // Of one size, of sizes that take a byte each, of some that take more, and of some between which little lies.
        packet.data.resize([3, 3 + index % 2 * 200, 3 + index * 40, 300 + index][index / 16], 7);
    }
    for (tracks, packets) in [
        (vec![video(), opus()], [video_packets(0, 0), opus_packets(1)].concat()),
        (vec![video(), opus()], [video_packets(0, 0), sizes].concat()),
        (vec![flac(24)], flac_packets(0)),
        (vec![pcm(SampleFormat::S24)], pcm_packets(0, SampleFormat::S24)),
    ] {
        let laced = write_laced(tracks.clone(), packets.clone());
        let plain = write(Container::Matroska, true, tracks, packets);
        assert!(laced != plain);
        let (laced, plain) = (read(&laced).unwrap(), read(&plain).unwrap());
        assert_eq!((laced.tracks, laced.duration), (plain.tracks, plain.duration));
    }
}

#[test]
fn laces_whose_sizes_are_wrong_are_refused() {
    let file = write_laced(vec![opus()], (0..3).map(|i| Packet::new(0, i * 960, 960, true, vec![0xfc; 3])).collect());
    let head = [0x81, 0, 0, 0x84, 2];
    let at = file.windows(5).position(|window| window == head).unwrap() + 3;
    for (bytes, said) in [
        ([0x82, 2, 200, 1], "claims more bytes than its block has"),
        ([0x82, 255, 1, 1], "a size in the lace"),
        ([0x86, 2, 0x83, 0xfe], "claims more bytes than its block has"),
        ([0x86, 2, 0xff, 0xbf], "a size in the lace"),
        ([0x86, 2, 0x83, 0x80], "a size in the lace"),
    ] {
        let mut broken = file.clone();
        broken[at..at + 4].copy_from_slice(&bytes);
        let error = read(&broken).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(said), "{bytes:x?}: {error}");
    }
}

fn small_files() -> Vec<Vec<u8>> {
    let mut files = vec![about::movie(false), about::movie(true), about::matroska()];
    files.extend(simple::files());
    for container in [Container::Mp4, Container::WebM] {
        for patch in [true, false] {
            let packets = [video_packets(0, 0), opus_packets(1)].concat();
            files.push(write(container, patch, vec![video(), opus()], packets));
        }
    }
    files.push(write(Container::Mp4, true, vec![flac(24)], flac_packets(0)));
    files.push(write(Container::Matroska, false, vec![flac(24)], flac_packets(0)));
    files.push(write_laced(vec![opus()], opus_packets(0)));
    files
}

#[test]
fn every_truncation_is_survived_and_told() {
    for file in small_files() {
        let whole = read(&file).unwrap();
        for len in 0..file.len() {
            match read(&file[..len]) {
                Ok(info) => {
                    let fewer =
                        info.tracks.iter().zip(&whole.tracks).all(|(part, whole)| part.packets <= whole.packets);
                    assert!(fewer && info.bytes == len as u64);
                    // A cut between two boxes or elements cannot be seen.
                    assert!(info.truncated || info != whole);
                }
                Err(error) => {
                    assert!(matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported), "{error}");
                }
            }
        }
    }
}

fn mp4_box(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
}

#[test]
fn claims_that_nothing_backs_are_refused() {
    let with_table = |kind: &[u8; 4], body: &[u8]| {
        let stbl = mp4_box(b"stbl", &mp4_box(kind, body));
        let mdia = mp4_box(b"mdia", &mp4_box(b"minf", &stbl));
        [mp4_box(b"ftyp", b"isom\0\0\0\0"), mp4_box(b"moov", &mp4_box(b"trak", &mdia))].concat()
    };
    for kind in [b"stts", b"stss"] {
        let error = read(&with_table(kind, &[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff])).unwrap_err().to_string();
        assert!(error.contains("4294967295 entries"), "{error}");
    }
    let error = read(&with_table(b"stsz", &[[0; 8].as_slice(), &[0xff; 4]].concat())).unwrap_err().to_string();
    assert!(error.contains("`stsz`"), "{error}");
    let inner = [[0, 0, 1, 0].as_slice(), b"trak"].concat();
    let error = read(&[mp4_box(b"ftyp", b""), mp4_box(b"moov", &inner)].concat()).unwrap_err().to_string();
    assert!(error.contains("`trak` at 16 claims 256 bytes"), "{error}");
    let error = read(&[mp4_box(b"ftyp", b""), vec![0, 0, 0, 4, b'm', b'o', b'o', b'v']].concat()).unwrap_err();
    assert!(error.to_string().contains("impossible size"), "{error}");
    assert!(read(&mp4_box(b"ftyp", b"")).unwrap_err().to_string().contains("no `moov`"));

    for other in [&b""[..], b"RIFF\0\0\0\0CDDA", b"PK\x03\x04"] {
        assert_eq!(read(other).unwrap_err().kind(), ErrorKind::Unsupported);
    }
    let error = read(&[&matroska::EBML_MAGIC[..], &[0x87, 0x42, 0x82, 0x84], b"tape"].concat()).unwrap_err();
    assert!(error.to_string().contains("`tape`"), "{error}");
    assert!(read(&[&matroska::EBML_MAGIC[..], &[0x80]].concat()).unwrap_err().to_string().contains("no Segment"));
}

#[test]
fn a_run_of_billions_takes_no_time() {
    let mut file = write(Container::Mp4, false, vec![flac(16)], flac_packets(0));
    let moof = [mp4_box(b"tfhd", &[0, 2, 0, 0, 0, 0, 0, 1]), mp4_box(b"trun", &[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff])];
    file.extend_from_slice(&mp4_box(b"moof", &mp4_box(b"traf", &moof.concat())));
    assert!(read(&file).unwrap().tracks[0].packets > u64::from(u32::MAX));
}

#[test]
fn rounded_durations_are_rates_again() {
    for rate in ["23.976", "24", "25", "29.97", "30", "50", "59.94", "60", "119.88", "120", "1", "10"] {
        let rate: FrameRate = rate.parse().unwrap();
        let nanoseconds = (1_000_000_000 * u64::from(rate.den()) + u64::from(rate.num()) / 2) / u64::from(rate.num());
        assert_eq!(matroska::frame_rate(nanoseconds), Some(rate));
    }
    assert_eq!(matroska::frame_rate(80_000_000), Some(FrameRate::new(25, 2)));
    assert_eq!(matroska::frame_rate(0), None);
}

#[test]
fn packets_tell_how_long_they_are() {
    // RFC 6716, table 2: configuration 0 is 10 ms, 3 is 60 ms, 13 is 20 ms, 16 is 2.5 ms, 31 is 20 ms.
    for (packet, samples) in [
        (&[0 << 3][..], Some(480)),
        (&[3 << 3 | 1], Some(2 * 2880)),
        (&[13 << 3 | 2], Some(2 * 960)),
        (&[16 << 3 | 3, 5], Some(5 * 120)),
        (&[31 << 3 | 3, 0xc0 | 6], Some(6 * 960)),
        (&[31 << 3 | 3], None),
        (&[], None),
    ] {
        assert_eq!(codec::opus_samples(packet), samples, "{packet:?}");
    }
    for (frame, samples) in [
        (&[0xff, 0xf8, 0x19, 0, 0][..], Some(192)),
        (&[0xff, 0xf9, 0x59, 0, 0], Some(4608)),
        (&[0xff, 0xf8, 0x89, 0, 0], Some(256)),
        (&[0xff, 0xf8, 0xf9, 0, 0], Some(32_768)),
        (&[0xff, 0xf8, 0x69, 0, 0xc2, 0x80, 7], Some(8)),
        (&[0xff, 0xf8, 0x79, 0, 0, 0xff, 0xff], Some(65_536)),
        (&[0xff, 0xf8, 0x79, 0, 0, 0xff], None),
        (&[0xff, 0xf8, 0x09, 0, 0], None),
        (&[0, 0, 0, 0, 0], None),
    ] {
        assert_eq!(codec::flac_samples(frame), samples, "{frame:x?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn no_damage_panics(
        file in any::<prop::sample::Index>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        moved in any::<(prop::sample::Index, prop::sample::Index)>(),
    ) {
        thread_local!(static FILES: Vec<Vec<u8>> = small_files());
        let mut bytes = FILES.with(|files| file.get(files).clone());
        for (at, value) in changes {
            *at.get_mut(&mut bytes) = value;
        }
        // A piece cut out moves everything behind it.
        let (a, b) = (moved.0.index(bytes.len()), moved.1.index(bytes.len()));
        if a % 4 == 0 {
            bytes.drain(a.min(b)..a.max(b));
        }
        let _ = read(&bytes);
    }

    #[test]
    fn no_bytes_panic(head in 0..12usize, tail in proptest::collection::vec(any::<u8>(), 0..200)) {
        let head: &[u8] = [
            &b"\0\0\0\x08ftyp"[..],
            &matroska::EBML_MAGIC,
            b"RIFF\0\0\0\0WAVEfmt ",
            b"RF64\0\0\0\0WAVEds64",
            b"RIFF\xff\0\0\0AVI LIST",
            b"OggS\0\x02",
            b"fLaC\0",
            b"DKIF\0\0 \0AV01",
            b"GIF89a",
            b"\x89PNG\r\n\x1a\n",
            b"YUV4MPEG2 W2 ",
            b"\0\0\0\x10ftypavif\0\0\0\0",
        ][head];
        let _ = read(&[head, &tail].concat());
    }
}
