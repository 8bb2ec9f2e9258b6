//! A recorder that is killed: what it leaves plays up to the last fragment or cluster.
//!
//! Each recording runs in a process of its own, which this test binary starts from itself and kills (SIGKILL) at a moment
//! that differs from run to run of the loop, and is the same in every run of the test but for the machine's load.

mod support;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use framewright::media::{Av1Config, ChromaSubsampling, CodecConfig, Packet, TimeBase, Track, TrackKind, VideoTrack};
use framewright::sink::FileSink;
use framewright::{
    Color, Container, Encoder, FrameView, Layout, MuxOptions, PacketWriter, VideoOptions, sink::SharedWriter,
};
use support::{Clip, gradient};

/// Names the file, the container and the layout to the process that records.
const RECORD: &str = "FRAMEWRIGHT_RECORD";
/// A fragment or cluster, and how many packets it has.
const FRAGMENT: Duration = Duration::from_millis(200);
const KEY_EVERY: usize = 5;
const FRAGMENT_PACKETS: usize = 5;

/// Real packets: one key frame and what follows it.
fn group() -> (Track, Vec<Packet>) {
    let memory = SharedWriter::new(std::io::Cursor::new(Vec::new()));
    let mut encoder = Encoder::new();
    let options = VideoOptions::new(32, 32).frame_rate(25).keyframe_interval(KEY_EVERY as u32).threads(1);
    let mut video = encoder.add_video(options).unwrap();
    encoder.open_writer(memory.clone(), Container::Mp4).unwrap();
    for frame in 0..KEY_EVERY as u32 {
        video.add_frame(&FrameView::rgb(32, 32, &gradient(32, 32, frame)).unwrap()).unwrap();
    }
    encoder.close().unwrap();
    let bytes = memory.into_inner().unwrap().into_inner();
    let clip = Clip::read(&bytes, Container::Mp4);
    let video = clip.video();
    let config = configuration(&bytes);
    let mut picture = VideoTrack::new(32, 32);
    picture.color = config.color;
    let track = Track::new(TrackKind::Video(picture), CodecConfig::Av1(config), TimeBase::per_second(25));
    let packets = video.packets.iter().enumerate();
    let packets = packets.map(|(index, packet)| Packet::new(0, index as i64, 1, packet.key, packet.data.clone()));
    (track, packets.collect())
}

/// The codec's configuration, from the file's sample entry.
fn configuration(file: &[u8]) -> Av1Config {
    let movie = support::isobmff::verify(file).unwrap();
    let support::isobmff::codecs::Entry::Av1(entry) = &movie.track("vide").entry else { panic!("no AV1") };
    Av1Config {
        profile: entry.sequence.profile,
        level: entry.sequence.level,
        tier: entry.sequence.tier,
        bit_depth: 8,
        chroma: ChromaSubsampling::Yuv420,
        chroma_sample_position: entry.sequence.chroma_sample_position,
        max_frame_width: entry.width.into(),
        max_frame_height: entry.height.into(),
        color: Color::BT601,
        sequence_header: entry.sequence_obu.clone(),
    }
}

/// The child: writes packets for ever, and says after each how many there are.
#[test]
#[ignore = "runs in the process that is killed"]
fn record() {
    let Ok(order) = std::env::var(RECORD) else { return };
    let (path, container, layout) = parse(&order);
    let (track, packets) = group();
    let options = MuxOptions::new().layout(layout).fragment_duration(FRAGMENT);
    let sink = FileSink::create(Path::new(path)).unwrap();
    let mut writer = PacketWriter::with_options(container, vec![track], sink, &options).unwrap();
    let mut log = fs::File::create(format!("{path}.log")).unwrap();
    for round in 0.. {
        for packet in &packets {
            let mut packet = packet.clone();
            packet.pts += round * packets.len() as i64;
            writer.write(packet).unwrap();
            log.write_all(b".").unwrap();
            sleep(Duration::from_micros(300));
        }
    }
}

fn parse(order: &str) -> (&str, Container, Layout) {
    let mut parts = order.split('|');
    let mut part = || parts.next().unwrap();
    (part(), part().parse().unwrap(), part().parse().unwrap())
}

fn start(path: &Path, container: Container, layout: Layout) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "record", "--ignored", "--quiet"])
        .env(RECORD, format!("{}|{container}|{layout}", path.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_killed_recording_loses_a_fragment_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let (_, source) = group();
    let forms = [(Container::Mp4, Layout::Recoverable), (Container::Matroska, Layout::Plain)];
    for round in 0..50u64 {
        let (container, layout) = forms[round as usize % forms.len()];
        let path = folder.path().join(format!("{round}.{}", container.extensions()[0]));
        let mut child = start(&path, container, layout);
        let log = path.with_file_name(format!("{round}.{}.log", container.extensions()[0]));
        // The recording runs once its log does.
        while fs::metadata(&log).map_or(0, |log| log.len()) < 10 {
            assert!(child.try_wait().unwrap().is_none(), "the recorder ended by itself");
            sleep(Duration::from_millis(1));
        }
        sleep(Duration::from_micros(round * 7_919 % 40_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let written = fs::metadata(&log).unwrap().len() as usize;
        let part = path.with_file_name(format!("{round}.{}.part", container.extensions()[0]));
        let bytes = fs::read(&part).unwrap();
        let clip = Clip::read_unfinished(&bytes, container);
        let packets = &clip.video().packets;
        // The one that is being filled, and the packet that came between the write and the log.
        assert!(
            packets.len() + FRAGMENT_PACKETS + 1 >= written && packets.len() <= written + 1,
            "{container}, round {round}: {} packets of {written}",
            packets.len()
        );
        for (index, packet) in packets.iter().enumerate() {
            assert_eq!(packet.data, source[index % source.len()].data, "packet {index}");
        }
    }
}
