//! Bytes as AV1 packets: what a muxer has to read in them, it reads to their end and no further.

use std::io::Cursor;

use arbitrary::{Result, Unstructured};
use framewright::media::{CodecConfig, Packet, TimeBase, Track, TrackKind, VideoTrack};
use framewright::sink::{SeekSink, SharedWriter};
use framewright::testing::Session;
use framewright::{Container, ErrorKind, PacketWriter};

use crate::{av1, demux};

/// The words of AV1's open bitstream units.
pub const WORDS: &[&[u8]] = &[b"\x12\x00", b"\x0a\x0b", b"\x32", b"\x1a", b"\x7a", b"\x36", b"\xff\xff\xff\xff\x0f"];

/// Packets that are taken are found again, unit by unit, where the container shows them: in OBU and IVF with delimiters in
/// front, in MP4 and Matroska as they were. What is no row of units is refused, and what is one is not.
pub fn run(data: &[u8]) {
    let _ = packets(&mut Unstructured::new(data));
}

fn packets(u: &mut Unstructured<'_>) -> Result<()> {
    let container =
        *u.choose(&[Container::Obu, Container::Ivf, Container::Mp4, Container::Matroska, Container::Avif])?;
    let mut config = av1::pictures().config.clone();
    let is_own_header = !u.ratio(1, 4)?;
    if !is_own_header {
        let length = u.int_in_range(0..=20)?;
        config.sequence_header = u.bytes(length.min(u.len()))?.to_vec();
    }
    let header = config.sequence_header.clone();
    let mut video = VideoTrack::new(av1::SIZE, av1::SIZE);
    // Some formats tell times by it alone.
    video.frame_rate = Some(25.into());
    let track = Track::new(TrackKind::Video(video), CodecConfig::Av1(config), TimeBase::per_second(25));
    let file = SharedWriter::new(Cursor::new(Vec::new()));
    let sink = SeekSink::readable(file.clone()).expect("memory tells its position");
    let mut writer = match PacketWriter::new(container, vec![track], sink) {
        Ok(writer) => writer,
        Err(error) => {
            assert!(!is_own_header && error.kind() == ErrorKind::InvalidInput, "{container}, {header:02x?}: {error:?}");
            return Ok(());
        }
    };
    let mut taken: Vec<Vec<u8>> = Vec::new();
    for _ in 0..u.int_in_range(1..=4)? {
        let length = u.int_in_range(0..=u.len().min(200))?;
        let data = u.bytes(length)?.to_vec();
        let units = demux::obus(&data);
        match writer.write(Packet::new(0, taken.len() as i64, 1, taken.is_empty(), data.clone())) {
            Ok(()) => {
                let reads = matches!(container, Container::Obu | Container::Ivf);
                assert!(units.is_some() || !reads, "{container} took {data:02x?}");
                taken.push(data);
            }
            Err(error) if error.kind() == ErrorKind::InvalidInput => {
                let is_plain = units.is_some_and(|units| units.iter().any(|(kind, _)| *kind != 2));
                // A still picture is one packet.
                assert!(!is_plain || container == Container::Avif, "{container} refused {data:02x?}: {error:?}");
            }
            Err(error) => {
                assert!(!matches!(error.kind(), ErrorKind::Codec | ErrorKind::Io), "{error:?}");
                return Ok(());
            }
        }
    }
    if let Err(error) = writer.finish() {
        // A still picture has to be there.
        let fits = taken.is_empty() && container == Container::Avif;
        assert!(fits, "{container} of {} packets: {error:?}", taken.len());
        return Ok(());
    }
    let bytes = file.into_inner().expect("the writer let go of it").into_inner();
    match container {
        Container::Obu => assert!(units(&bytes) == wanted(&taken, &header), "{bytes:02x?} of {taken:02x?}"),
        Container::Ivf => {
            let found = demux::ivf(&bytes);
            assert_eq!(found.len(), taken.len());
            let together: Vec<u8> = found.into_iter().flat_map(|(_, data)| data).collect();
            assert!(units(&together) == wanted(&taken, &header), "{bytes:02x?} of {taken:02x?}");
        }
        Container::Mp4 if !taken.is_empty() => {
            let found = demux::mp4(&bytes, &[0]);
            assert!(found.iter().map(|found| &found.data).eq(&taken), "{found:?} of {taken:02x?}");
        }
        Container::Matroska if !taken.is_empty() => {
            let found = demux::matroska(&bytes, 1);
            assert!(found.iter().map(|found| &found.data).eq(&taken), "{found:?} of {taken:02x?}");
        }
        _ => {}
    }
    Ok(())
}

fn units(bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    demux::obus(bytes).expect("a stream of open bitstream units")
}

/// A delimiter before each packet's units, and the sequence header of the track before the first that have none.
fn wanted(taken: &[Vec<u8>], header: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut wanted = Vec::new();
    for (index, packet) in taken.iter().enumerate() {
        wanted.push((2, Vec::new()));
        let of_it = units(packet);
        if index == 0 && of_it.iter().all(|(kind, _)| *kind != 1) {
            wanted.extend(demux::obus(header).unwrap_or_default());
        }
        wanted.extend(of_it.into_iter().filter(|(kind, _)| *kind != 2));
    }
    wanted
}

/// Real AV1.
pub fn seeds() -> Vec<Vec<u8>> {
    let choices = |which: u8, length: u8| [which, 9, 0, length];
    let sessions = (0..8u64).map(|seed| Session::of(Container::Obu, seed).write().expect("a valid session"));
    let whole = sessions.zip(0u8..).map(|(file, which)| {
        let data = &file[..file.len().min(180)];
        [&choices(which, data.len() as u8)[..], data].concat()
    });
    let packets = av1::pictures().packets.iter().zip(0u8..);
    let small = packets.map(|(packet, which)| [&choices(which, packet.len() as u8)[..], &packet[..]].concat());
    whole.chain(small).collect()
}
