//! Outputs in memory, read back by the strict readers of manifests.

mod damage;
mod live;
mod manifests;

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use self::reader::{Files, Shown, verify_dash, verify_hls};
use crate::error::Result;
use crate::media::{CodecConfig, Cue, Packet, TimeBase, Track, TrackKind, WebVttConfig};
use crate::mux::isobmff::tests::synthetic::*;
use crate::mux::isobmff::verifier as isobmff;
use crate::mux::{Container, Layout, MuxSettings};
use crate::sink::{Folder, Sink};

#[path = "../../../../tests/support/manifests.rs"]
mod reader;

/// A folder in memory. It keeps what it holds whenever a manifest was written.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    name: String,
    files: Files,
    states: Vec<Files>,
    written: u64,
}

struct File {
    name: String,
    bytes: Vec<u8>,
    memory: Memory,
}

impl Memory {
    fn new(name: &str) -> Self {
        let memory = Memory::default();
        memory.0.lock().unwrap().name = name.into();
        memory
    }

    fn files(&self) -> Files {
        self.0.lock().unwrap().files.clone()
    }

    fn states(&self) -> Vec<Files> {
        self.0.lock().unwrap().states.clone()
    }
}

impl Sink for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.memory.0.lock().unwrap().written += bytes.len() as u64;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn patch(&mut self, _: u64, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn can_patch(&self) -> bool {
        false
    }

    fn position(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn complete(&mut self) -> io::Result<()> {
        let mut state = self.memory.0.lock().unwrap();
        state.files.insert(self.name.clone(), self.bytes.clone());
        if state.name == self.name {
            let files = state.files.clone();
            state.states.push(files);
        }
        Ok(())
    }
}

/// The output and the folder in one, as a muxer sees them.
struct Place {
    name: String,
    memory: Memory,
}

impl Folder for Place {
    fn name(&self) -> &str {
        &self.name
    }

    fn create(&mut self, name: &str) -> io::Result<Box<dyn Sink>> {
        Ok(Box::new(File { name: name.into(), bytes: Vec::new(), memory: self.memory.clone() }))
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        let found = self.memory.0.lock().unwrap().files.remove(name);
        found.map(drop).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Sink for Place {
    fn append(&mut self, _: &[u8]) -> io::Result<()> {
        panic!("bytes for the folder itself")
    }

    fn patch(&mut self, _: u64, _: &[u8]) -> io::Result<()> {
        panic!("a patch of the folder itself")
    }

    fn can_patch(&self) -> bool {
        false
    }

    fn folder(&mut self) -> Option<&mut dyn Folder> {
        Some(self)
    }

    fn position(&self) -> u64 {
        self.memory.0.lock().unwrap().written
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const BOTH: [Container; 2] = [Container::Hls, Container::Dash];

fn settings(layout: Layout, ms: u64) -> MuxSettings {
    MuxSettings { segment_duration: Duration::from_millis(ms), ..MuxSettings::of(layout) }
}

fn manifest(container: Container) -> String {
    format!("a \"film\" $1.{}", container.extensions()[0])
}

fn write(container: Container, settings: MuxSettings, tracks: &[Track], packets: &[Packet]) -> Result<Memory> {
    let name = manifest(container);
    let memory = Memory::new(&name);
    let mut place = Place { name, memory: memory.clone() };
    let mut muxer = super::open(container, &settings)?;
    muxer.begin(tracks, &mut place)?;
    for packet in packets {
        muxer.packet(packet.clone(), &mut place)?;
    }
    muxer.finish(tracks, &mut place)?;
    Ok(memory)
}

fn read(container: Container, files: &Files) -> isobmff::Checked<Shown> {
    match container {
        Container::Dash => verify_dash(files, &manifest(container)),
        _ => verify_hls(files, &manifest(container)),
    }
}

fn shown(container: Container, files: &Files) -> Shown {
    read(container, files).unwrap_or_else(|fault| panic!("{container}: {fault}"))
}

/// The packets of a track are there, each at its time and with its bytes; one lasts until the next begins, or its own
/// time.
fn check_packets(found: &reader::Rendition, index: usize, track: &Track, packets: &[Packet]) {
    let movie = found.movie.as_ref().expect("media");
    let wanted: Vec<_> = packets.iter().filter(|packet| packet.track == index).collect();
    let samples = &movie.tracks[0].samples;
    assert_eq!(samples.len(), wanted.len());
    let step = i64::from(track.time_base.num());
    for (position, (sample, packet)) in samples.iter().zip(&wanted).enumerate() {
        assert_eq!((sample.time as i64, sample.sync), (packet.pts * step, packet.key));
        assert_eq!(found.bytes[sample.offset as usize..][..sample.size as usize], packet.data);
        let next = wanted.get(position + 1).map(|next| next.pts);
        let ends = [Some(packet.end() - i64::from(packet.trim_end)), Some(packet.end()), next];
        let end = sample.time as i64 + i64::from(sample.duration);
        assert!(ends.iter().flatten().any(|wanted| wanted * step == end), "the end of {}", packet.pts);
    }
}

fn subtitle_track(base: TimeBase) -> Track {
    let config = WebVttConfig { header: "STYLE\n::cue { color: lime }".into() };
    Track::new(TrackKind::Subtitle, CodecConfig::WebVtt(config), base)
}

fn cue(track: usize, pts: i64, duration: u32, text: &str) -> Packet {
    Packet::new(track, pts, duration, true, Cue::new(text).to_packet().unwrap())
}

/// Pictures at 29.97 a second with a key frame each second, two tracks of sound, and subtitles: 10.01 s.
fn film() -> (Vec<Track>, Vec<Packet>) {
    let mut video = video_track(640, 360, TimeBase::new(1001, 30_000).unwrap());
    if let TrackKind::Video(video) = &mut video.kind {
        video.frame_rate = Some(crate::media::FrameRate::new(30_000, 1001));
    }
    let mut commentary = flac_track(44_100, 2, 16);
    commentary.labels = commentary.labels.language("deu").title("Leser & <Hörer> \"A\"").default_track(false);
    let mut opus = opus_track(6);
    opus.labels = opus.labels.language("eng");
    let mut subtitles = subtitle_track(TimeBase::MILLISECONDS);
    subtitles.labels = subtitles.labels.language("fra").forced(true);
    let tracks = vec![video, opus, commentary, subtitles];
    let mut packets = video_packets(&tracks[0], 300, 1, 30);
    packets.extend(opus_packets(1, 480_480));
    packets.extend((0..108).map(|i| {
        let last = if i == 107 { 441_441 - 107 * 4096 } else { 4096 };
        Packet::new(2, i64::from(i) * 4096, last, true, vec![i as u8; 500])
    }));
    packets.extend([cue(3, 500, 1000, "one"), cue(3, 1500, 4000, "<i>two</i>"), cue(3, 2000, 500, "2 &lt; 3")]);
    let packets = interleave(&tracks, packets);
    (tracks, packets)
}

/// The segments of a track, in milliseconds.
fn millis(track: &reader::Rendition) -> Vec<(i64, i64)> {
    let ms = |seconds: f64| (seconds * 1000.0).round() as i64;
    track.segments.iter().map(|segment| (ms(segment.0), ms(segment.1))).collect()
}

/// The files of an output, without those that manifests name.
fn strays(files: &Files, shown: &Shown) -> Vec<String> {
    let named: Vec<&String> = shown.tracks.iter().flat_map(|track| &track.files).collect();
    let is_known = |name: &&String| named.contains(name) || name.ends_with("_init.mp4") || name.contains(".m");
    files.keys().filter(|name| !is_known(name) || (name.ends_with(".m4s") && !named.contains(name))).cloned().collect()
}
