//! What both layouts are tested with.

mod damage;
mod entries;
mod fragmented;
mod layouts;
mod metadata;
mod plain;
mod readers;
mod real;
mod sparse;
pub(in crate::mux) mod synthetic;

use std::io::Cursor;

use super::verifier::{self, Movie};
use super::{Description, FragmentedMp4Muxer, Mp4Muxer};
use crate::error::Result;
use crate::media::{Packet, Track};
use crate::mux::{Layout, MuxSettings, Muxer};
use crate::sink::{SeekSink, SharedWriter, Sink, StreamSink};

fn write(muxer: &mut dyn Muxer, sink: &mut dyn Sink, tracks: &[Track], packets: &[Packet]) -> Result<()> {
    muxer.begin(tracks, sink)?;
    for packet in packets {
        muxer.packet(packet.clone(), sink)?;
    }
    muxer.finish(tracks, sink)?;
    sink.flush().unwrap();
    Ok(())
}

fn try_plain(tracks: &[Track], packets: &[Packet]) -> Result<Vec<u8>> {
    let file = SharedWriter::new(Cursor::new(Vec::new()));
    let mut sink = SeekSink::new(file.clone()).unwrap();
    write(&mut Mp4Muxer::new(MuxSettings::of(Layout::Plain), Description::default()), &mut sink, tracks, packets)?;
    Ok(file.with(|file| file.get_ref().clone()))
}

fn try_fragmented(settings: MuxSettings, tracks: &[Track], packets: &[Packet]) -> Result<Vec<u8>> {
    let file = SharedWriter::new(Vec::new());
    let mut sink = StreamSink::new(file.clone());
    write(&mut FragmentedMp4Muxer::new(settings, Description::default()), &mut sink, tracks, packets)?;
    Ok(file.with(|file| file.clone()))
}

fn plain(tracks: &[Track], packets: &[Packet]) -> Vec<u8> {
    try_plain(tracks, packets).unwrap()
}

fn fragmented(tracks: &[Track], packets: &[Packet]) -> Vec<u8> {
    try_fragmented(MuxSettings::of(Layout::Fragmented), tracks, packets).unwrap()
}

/// Reads `file` back, and compares every sample with what it was made from: where, when, how long, and the bytes.
fn verified(file: &[u8], tracks: &[Track], packets: &[Packet]) -> Movie {
    let movie = verifier::verify(file).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(movie.tracks.len(), tracks.len());
    for (index, (found, track)) in movie.tracks.iter().zip(tracks).enumerate() {
        let mut samples = found.samples.iter();
        let wanted: Vec<_> = packets.iter().filter(|packet| packet.track == index).collect();
        let step = i64::from(track.time_base.num());
        // In a plain file media time begins with the first packet, and in fragments at 0 or before. The edit list tells
        // what of it stands before 0.
        let origin = if movie.fragments.is_empty() { wanted[0].pts } else { -found.lead() / step };
        assert_eq!(found.lead(), -origin.min(0) * step, "where the presentation begins");
        for (packet, next) in wanted.iter().zip(wanted.iter().skip(1).map(Some).chain([None])) {
            let (mut bytes, mut end) = (Vec::new(), 0);
            let mut time = (packet.pts - origin) * step;
            while bytes.len() < packet.data.len() {
                let sample = samples.next().expect("another sample");
                assert_eq!((sample.time as i64, sample.sync), (time, packet.key));
                bytes.extend_from_slice(&file[sample.offset as usize..][..sample.size as usize]);
                time += i64::from(sample.duration);
                end = time;
            }
            assert!(bytes == packet.data, "the bytes of the packet at {}", packet.pts);
            let until = match next {
                Some(next) => next.pts,
                None => (packet.end() - i64::from(packet.trim_end)).max(packet.pts + 1),
            };
            let gap_between_fragments = !movie.fragments.is_empty() && end == (packet.end() - origin) * step;
            assert!(end == (until - origin) * step || gap_between_fragments, "the end of {}", packet.pts);
        }
        assert_eq!(samples.next(), None);
    }
    movie
}
