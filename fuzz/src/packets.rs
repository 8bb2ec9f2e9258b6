//! Arbitrary packets through `PacketWriter`: refused, or read back as they were by another reader.

use std::io::Cursor;

use arbitrary::{Result, Unstructured};
use framewright::media::{
    AudioTrack, CodecConfig, FlacConfig, OpusConfig, Packet, PcmConfig, TimeBase, Track, TrackKind, VideoTrack,
    WebVttConfig,
};
use framewright::sink::{SeekSink, SharedWriter};
use framewright::{Container, ErrorKind, Layout, MuxOptions, PacketWriter, SampleFormat};

use crate::demux::{self, Found};

/// MP4 in every layout that a writer in memory allows; plain ones are read back by crate `mp4`.
pub fn isobmff(data: &[u8]) {
    let _ = round_trip(&mut Unstructured::new(data), Container::Mp4);
}

/// Matroska, read back by `matroska-demuxer`.
pub fn matroska(data: &[u8]) {
    let _ = round_trip(&mut Unstructured::new(data), Container::Matroska);
}

fn round_trip(u: &mut Unstructured<'_>, container: Container) -> Result<()> {
    let layout = *u.choose(container.layouts())?;
    let mut options = MuxOptions::new().layout(layout);
    if layout == Layout::FastStart {
        options = options.index_reserve(*u.choose(&[1, 100, 4_096])?);
    }
    let count = u.int_in_range(1..=4)?;
    let tracks: Vec<Track> = (0..count).map(|_| track(u, container)).collect::<Result<_>>()?;
    let file = SharedWriter::new(Cursor::new(Vec::new()));
    let sink = SeekSink::readable(file.clone()).expect("memory tells its position");
    let mut writer = match PacketWriter::with_options(container, tracks.clone(), sink, &options) {
        Ok(writer) => writer,
        Err(error) => {
            let fits = matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::InvalidInput | ErrorKind::InvalidOption);
            assert!(fits, "{error:?}");
            return Ok(());
        }
    };
    let mut ends = vec![0i64; count];
    let mut time_ms = 0i64;
    let mut sent = Vec::new();
    let mut is_tame = true;
    for _ in 0..u.int_in_range(0..=24)? {
        let index = u.int_in_range(0..=count - 1)?;
        let track = &tracks[index];
        let scale = i64::from(track.time_base.den());
        // In the order of time over all tracks, as the writer asks; now and then anything.
        time_ms += u.int_in_range(0..=60)?;
        let is_wild = u.ratio(1, 20)?;
        let pts = if is_wild { u.arbitrary()? } else { (time_ms * scale / 1000).max(ends[index]) };
        time_ms = time_ms.max(ends[index] * 1000 / scale);
        let duration = if is_wild { u.arbitrary()? } else { u.int_in_range(1..=24)? };
        let data = payload(u, track, duration)?;
        // A file begins with a picture that decoding can begin at.
        let key = track.video().is_none() || ends[index] == 0 || u.arbitrary()?;
        let packet = Packet::new(index, pts, duration, key, data);
        match writer.write(packet.clone()) {
            Ok(()) => {
                ends[index] = packet.end();
                sent.push(packet);
                if is_wild {
                    // Whatever comes behind it would be late.
                    is_tame = false;
                    break;
                }
            }
            Err(error) if error.kind() == ErrorKind::InvalidInput => {}
            // What a format has no numbers for ends a file.
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::Limit), "{error:?}");
                let late = writer.write(packet).expect_err("a writer that failed goes on");
                assert_eq!(late.kind(), ErrorKind::State);
                return Ok(());
            }
        }
    }
    if let Err(error) = writer.finish() {
        let fits = matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::InvalidInput | ErrorKind::Limit);
        assert!(fits, "{error:?}");
        return Ok(());
    }
    let bytes = file.into_inner().expect("the writer let go of it").into_inner();
    let info = framewright::inspect::inspect(Cursor::new(&bytes)).unwrap_or_else(|error| {
        panic!("inspect refuses {container} of {layout}, {sent:?} in {tracks:?}: {error:?}")
    });
    assert_eq!(info.tracks.len(), count, "tracks that inspect sees");
    if !is_tame {
        return Ok(());
    }
    for (index, (told, track)) in info.tracks.iter().zip(&tracks).enumerate() {
        let packets = sent.iter().filter(|packet| packet.track == index).count() as u64;
        // MP4 counts samples of PCM, and cuts cues that overlap.
        if container != Container::Mp4 || has_packets_of_its_own(track) {
            assert_eq!(told.packets, packets, "packets of track {index} of {tracks:?} that inspect sees");
        }
    }
    match (container, layout) {
        (Container::Mp4, Layout::Fragmented) => {}
        (Container::Mp4, _) => compare_mp4(&demux::mp4(&bytes, count), &sent, &tracks),
        _ => compare_matroska(&demux::matroska(&bytes, count), &sent, &tracks),
    }
    Ok(())
}

fn has_packets_of_its_own(track: &Track) -> bool {
    !matches!(track.config, CodecConfig::Pcm(_) | CodecConfig::WebVtt(_))
}

fn compare_mp4(found: &[Found], sent: &[Packet], tracks: &[Track]) {
    for (index, track) in tracks.iter().enumerate() {
        let found: Vec<_> = found.iter().filter(|found| found.track == index).collect();
        let sent: Vec<_> = sent.iter().filter(|packet| packet.track == index).collect();
        if matches!(track.config, CodecConfig::Pcm(_)) {
            let together = |pieces: Vec<&[u8]>| pieces.concat();
            // Gaps are filled with silence, so what was sent is a part of what is found.
            let (read, wrote) = (
                together(found.iter().map(|found| &*found.data).collect()),
                together(sent.iter().map(|packet| &*packet.data).collect()),
            );
            assert!(read.len() >= wrote.len(), "PCM of track {index}: {} bytes of {}", read.len(), wrote.len());
        }
        if !has_packets_of_its_own(track) {
            continue;
        }
        assert_eq!(found.len(), sent.len(), "samples of track {index} of {tracks:?}");
        let first = sent.first().map_or(0, |packet| packet.pts);
        for (found, packet) in found.iter().zip(sent) {
            assert_eq!(found.data, packet.data, "track {index}");
            assert_eq!((found.time, found.key), (packet.pts - first, packet.key), "track {index} of {tracks:?}");
        }
    }
}

fn compare_matroska(found: &[Found], sent: &[Packet], tracks: &[Track]) {
    for (index, track) in tracks.iter().enumerate() {
        let found: Vec<_> = found.iter().filter(|found| found.track == index).collect();
        let sent: Vec<_> = sent.iter().filter(|packet| packet.track == index).collect();
        assert_eq!(found.len(), sent.len(), "frames of track {index} of {tracks:?}");
        for (found, packet) in found.iter().zip(sent) {
            // Of a cue, identifier and settings stand beside its block.
            if !track.is_subtitle() {
                assert_eq!(found.data, packet.data, "track {index}");
                assert_eq!(found.key, packet.key, "track {index}");
            }
            let exact = i128::from(packet.pts) * 1000 / i128::from(track.time_base.den());
            let off = (i128::from(found.time) - exact).abs();
            assert!(off <= 1, "track {index} of {tracks:?}: {packet:?} at {} ms", found.time);
        }
    }
}

fn track(u: &mut Unstructured<'_>, container: Container) -> Result<Track> {
    let rate = *u.choose(&[8_000u32, 44_100, 48_000])?;
    let channels = u.int_in_range(1..=2)?;
    let sound = |sample_rate| TrackKind::Audio(AudioTrack { sample_rate, channels });
    Ok(match u.int_in_range(0..=4)? {
        0 => {
            let config = OpusConfig { channels, pre_skip: u.int_in_range(0..=4_000)?, input_sample_rate: rate, output_gain: 0, mapping: None };
            Track::new(sound(48_000), CodecConfig::Opus(config), TimeBase::per_second(48_000))
        }
        1 => {
            let config = PcmConfig { sample_rate: rate, channels, format: SampleFormat::S16 };
            Track::new(sound(rate), CodecConfig::Pcm(config), TimeBase::per_second(rate))
        }
        2 => {
            let mut stream_info = [0; 34];
            stream_info[..4].copy_from_slice(&[0x10, 0, 0x10, 0]);
            let config = FlacConfig { sample_rate: rate, channels, bits_per_sample: 16, stream_info };
            Track::new(sound(rate), CodecConfig::Flac(config), TimeBase::per_second(rate))
        }
        3 if container == Container::Matroska => {
            let kind = TrackKind::Video(VideoTrack::new(u.int_in_range(1..=100)?, u.int_in_range(1..=100)?));
            Track::new(kind, CodecConfig::Mjpeg, TimeBase::per_second(*u.choose(&[25, 1_000, 90_000])?))
        }
        _ => Track::new(TrackKind::Subtitle, CodecConfig::WebVtt(WebVttConfig::default()), TimeBase::MILLISECONDS),
    })
}

fn payload(u: &mut Unstructured<'_>, track: &Track, duration: u32) -> Result<Vec<u8>> {
    let length = u.int_in_range(0..=40)?;
    let mut data: Vec<u8> = u.bytes(length.min(u.len()))?.to_vec();
    if u.ratio(1, 8)? {
        return Ok(data);
    }
    match &track.config {
        CodecConfig::WebVtt(_) => data = format!("\n\n{}", String::from_utf8_lossy(&data).replace("-->", "")).into_bytes(),
        CodecConfig::Pcm(config) => data.resize(duration.min(1 << 16) as usize * 2 * usize::from(config.channels), 7),
        _ => {}
    }
    Ok(data)
}

/// The words of AV1's open bitstream units.
pub const OBU_WORDS: &[&[u8]] = &[b"\x12\x00", b"\x0a\x0b", b"\x32", b"\x1a", b"\x7a", b"\x36", b"\xff\xff\xff\xff\x0f"];

/// Bytes as the packets of an AV1 track in IVF, OBU, MP4 and Matroska: the reader of OBUs behind them takes or refuses them,
/// and what is written is inspected.
pub fn obu(data: &[u8]) {
    let _ = obu_packets(&mut Unstructured::new(data));
}

fn obu_packets(u: &mut Unstructured<'_>) -> Result<()> {
    use framewright::media::{Av1Config, ChromaSubsampling};
    let container = *u.choose(&[Container::Ivf, Container::Obu, Container::Mp4, Container::Matroska, Container::Avif])?;
    let header_length = u.int_in_range(0..=20)?;
    let config = Av1Config {
        profile: u.int_in_range(0..=2)?,
        level: u.int_in_range(0..=31)?,
        tier: u.int_in_range(0..=1)?,
        bit_depth: *u.choose(&[8, 10, 12])?,
        chroma: ChromaSubsampling::Yuv420,
        chroma_sample_position: 0,
        max_frame_width: 16,
        max_frame_height: 16,
        color: u.arbitrary()?,
        sequence_header: u.bytes(header_length.min(u.len()))?.to_vec(),
    };
    let kind = TrackKind::Video(VideoTrack::new(16, 16));
    let track = Track::new(kind, CodecConfig::Av1(config), TimeBase::per_second(25));
    let sink = SeekSink::readable(Cursor::new(Vec::new())).expect("memory tells its position");
    let Ok(mut writer) = PacketWriter::new(container, vec![track], sink) else { return Ok(()) };
    for at in 0..u.int_in_range(1..=4)? {
        let length = u.int_in_range(0..=u.len().min(200))?;
        let data = u.bytes(length)?.to_vec();
        if let Err(error) = writer.write(Packet::new(0, at, 1, at == 0, data)) {
            assert!(!matches!(error.kind(), ErrorKind::Codec | ErrorKind::Io), "{error:?}");
        }
    }
    let _ = writer.finish();
    Ok(())
}

/// Packets of real AV1, cut out of IVF files.
pub fn obu_seeds() -> Vec<Vec<u8>> {
    (0..8)
        .map(|seed| {
            let file = framewright::testing::Session::of(Container::Obu, seed).write().expect("a valid session");
            let mut bytes = vec![seed as u8; 24];
            bytes.extend(&file[..file.len().min(180)]);
            bytes
        })
        .collect()
}
