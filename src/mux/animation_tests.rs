//! What GIF and APNG are tested with.

use std::io::Cursor;

use super::MuxSettings;
use crate::error::Result;
use crate::media::{CodecConfig, Packet, PixelFormat, RawConfig, TimeBase, Track, TrackKind, VideoTrack};
use crate::mux::{Container, Layout};
use crate::sink::{SeekSink, SharedWriter};

#[path = "../../tests/support/animation.rs"]
pub mod verifier;

pub fn track(format: PixelFormat, size: (u32, u32), base: TimeBase) -> Track {
    let kind = TrackKind::Video(VideoTrack::new(size.0, size.1));
    Track::new(kind, CodecConfig::Raw(RawConfig { format }), base)
}

/// A picture of noise in which a square moves, and with alpha a hole.
pub fn picture(format: PixelFormat, (width, height): (u32, u32), index: u32) -> Vec<u8> {
    let value = |channel: u32, x: u32, y: u32| {
        let square = x.abs_diff(3 * index) < 3 && y.abs_diff(index) < 3;
        match (channel, square) {
            (3, _) if x < 4 && y < 4 + index % 2 => 0,
            (3, _) => 255,
            (_, true) => 250 - 30 * channel,
            _ => (x * 5 + y * 3 + channel * 70) % 256,
        }
    };
    let planes = (0..format.planes() as u32).flat_map(|channel| (0..height).map(move |y| (channel, y)));
    planes.flat_map(|(channel, y)| (0..width).map(move |x| value(channel, x, y) as u8)).collect()
}

pub fn interleaved(planes: &[u8], channels: usize) -> Vec<u8> {
    let count = planes.len() / channels;
    (0..planes.len()).map(|at| planes[at % channels * count + at / channels]).collect()
}

pub fn write(container: Container, track: &Track, packets: &[Packet]) -> Result<Vec<u8>> {
    let file = SharedWriter::new(Cursor::new(Vec::new()));
    let mut sink = SeekSink::new(file.clone()).unwrap();
    let mut muxer = container.open(&MuxSettings::of(Layout::Plain)).unwrap();
    muxer.begin(std::slice::from_ref(track), &mut sink)?;
    for packet in packets {
        muxer.packet(packet.clone(), &mut sink)?;
    }
    muxer.finish(std::slice::from_ref(track), &mut sink)?;
    crate::sink::Sink::flush(&mut sink).unwrap();
    Ok(file.with(|file| file.get_ref().clone()))
}
