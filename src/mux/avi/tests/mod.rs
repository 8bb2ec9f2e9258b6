//! AVI files of packets that no encoder made, read back by the strict reader.

mod damage;
mod files;
mod large;
mod round_trip;

use std::io::Cursor;

use super::AviMuxer;
use super::verifier::{self, File, Format, Stream};
use crate::error::Result;
use crate::media::{
    AudioTrack, CodecConfig, FrameRate, Metadata, Packet, PcmConfig, PixelFormat, RawConfig, SampleFormat, TimeBase,
    Track, TrackKind, VideoTrack,
};
use crate::mux::{Layout, MuxSettings, Muxer};
use crate::sink::{SeekSink, SharedWriter, Sink};

fn ntsc() -> FrameRate {
    FrameRate::new(30_000, 1001)
}

fn jpeg_track(rate: Option<FrameRate>, base: TimeBase) -> Track {
    let video = VideoTrack { frame_rate: rate, ..VideoTrack::new(64, 48) };
    Track::new(TrackKind::Video(video), CodecConfig::Mjpeg, base)
}

/// At 25 frames a second, a tick each.
fn raw_track(format: PixelFormat, width: u32, height: u32) -> Track {
    let video = VideoTrack { frame_rate: Some(FrameRate::from(25)), ..VideoTrack::new(width, height) };
    Track::new(TrackKind::Video(video), CodecConfig::Raw(RawConfig { format }), TimeBase::per_second(25))
}

fn pcm_track(rate: u32, channels: u8, format: SampleFormat) -> Track {
    let config = CodecConfig::Pcm(PcmConfig { sample_rate: rate, channels, format });
    Track::new(TrackKind::Audio(AudioTrack { sample_rate: rate, channels }), config, TimeBase::per_second(rate))
}

/// A packet of `bytes` bytes that tell it from others.
fn frame(track: usize, pts: i64, duration: u32, bytes: usize) -> Packet {
    Packet::new(
        track,
        pts,
        duration,
        true,
        (0..bytes).map(|i| (i as u8).wrapping_mul(31).wrapping_add(pts as u8) | 1).collect(),
    )
}

/// A packet of `samples` samples, none of which is silence.
fn sound(track: usize, tracks: &[Track], pts: i64, samples: u32) -> Packet {
    frame(track, pts, samples, samples as usize * block(&tracks[track]))
}

fn block(track: &Track) -> usize {
    let CodecConfig::Pcm(config) = &track.config else { panic!("a track of PCM") };
    usize::from(config.channels) * config.format.bits() as usize / 8
}

fn muxer(metadata: Metadata) -> Result<AviMuxer> {
    AviMuxer::new(&MuxSettings { metadata: metadata.into(), ..MuxSettings::of(Layout::Plain) })
}

fn write(muxer: &mut AviMuxer, sink: &mut dyn Sink, tracks: &[Track], packets: &[Packet]) -> Result<()> {
    muxer.begin(tracks, sink)?;
    for packet in packets {
        muxer.packet(packet.clone(), sink)?;
    }
    muxer.finish(tracks, sink)?;
    sink.flush().unwrap();
    Ok(())
}

fn try_file_of(mut muxer: AviMuxer, tracks: &[Track], packets: &[Packet]) -> Result<Vec<u8>> {
    let file = SharedWriter::new(Cursor::new(Vec::new()));
    let mut sink = SeekSink::new(file.clone()).unwrap();
    write(&mut muxer, &mut sink, tracks, packets)?;
    Ok(file.with(|file| file.get_ref().clone()))
}

fn try_file(tracks: &[Track], packets: &[Packet]) -> Result<Vec<u8>> {
    try_file_of(muxer(Metadata::new()).unwrap(), tracks, packets)
}

fn file(tracks: &[Track], packets: &[Packet]) -> Vec<u8> {
    try_file(tracks, packets).unwrap()
}

/// What a reader shows of `stream`: for each tick the frame that was last, or all samples.
fn shown(bytes: &[u8], stream: &Stream) -> Vec<Vec<u8>> {
    let mut ticks: Vec<Vec<u8>> = Vec::new();
    for chunk in &stream.chunks {
        let data = &bytes[chunk.offset as usize..][..chunk.size as usize];
        match &stream.format {
            Format::Video { .. } if data.is_empty() => ticks.push(ticks.last().cloned().unwrap_or_default()),
            Format::Video { .. } => ticks.push(data.to_vec()),
            Format::Audio { channels, bits, .. } => {
                ticks.extend(data.chunks(usize::from(*channels * *bits / 8)).map(<[u8]>::to_vec));
            }
        }
    }
    ticks
}

/// What `packets` of track `index` are, for each tick of its stream: nothing before the first, silence in gaps.
fn wanted(packets: &[Packet], index: usize, track: &Track, to_tick: impl Fn(i64) -> i64) -> Vec<Vec<u8>> {
    let mut ticks: Vec<Vec<u8>> = Vec::new();
    for packet in packets.iter().filter(|packet| packet.track == index) {
        if track.video().is_some() {
            let (start, end) = (to_tick(packet.pts).max(0), to_tick(packet.end()));
            for tick in 0..end {
                if tick >= start || tick as usize >= ticks.len() {
                    let last = ticks.last().cloned().unwrap_or_default();
                    let data = if tick >= start { packet.data.clone() } else { last };
                    ticks.truncate(tick as usize);
                    ticks.push(data);
                }
            }
            continue;
        }
        let block = block(track);
        let end = packet.end() - i64::from(packet.trim_end);
        for (tick, sample) in (packet.pts..end).zip(packet.data.chunks(block)) {
            if tick >= 0 {
                ticks.resize(tick as usize, vec![0; block]);
                ticks.push(sample.to_vec());
            }
        }
    }
    ticks
}

fn verified(bytes: &[u8]) -> File {
    verifier::verify(bytes).unwrap_or_else(|fault| panic!("{fault}"))
}
