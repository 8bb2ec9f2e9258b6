//! How fast packets become a file: video and sound of 10 kB a packet, to memory and to nowhere.

use std::hint::black_box;
use std::io::{self, Cursor};

use criterion::{
    BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use framewright::media::{
    AudioTrack, Av1Config, ChromaSubsampling, CodecConfig, OpusConfig, Packet, TimeBase, Track, TrackKind, VideoTrack,
};
use framewright::sink::{SeekSink, SharedWriter, Sink};
use framewright::{Color, Container, PacketWriter};

const PACKETS: usize = 2000;
const PACKET_BYTES: usize = 10_000;

fn tracks() -> Vec<Track> {
    let video = VideoTrack::new(1280, 720);
    let av1 = Av1Config {
        profile: 0,
        level: 8,
        tier: 0,
        bit_depth: 8,
        chroma: ChromaSubsampling::Yuv420,
        chroma_sample_position: 0,
        max_frame_width: 1280,
        max_frame_height: 720,
        color: Color::BT709,
        sequence_header: vec![0x0a, 0x01, 0x00],
    };
    let opus = OpusConfig { channels: 2, pre_skip: 312, input_sample_rate: 48_000, output_gain: 0, mapping: None };
    vec![
        Track::new(TrackKind::Video(video), CodecConfig::Av1(av1), TimeBase::per_second(50)),
        Track::new(
            TrackKind::Audio(AudioTrack { sample_rate: 48_000, channels: 2 }),
            CodecConfig::Opus(opus),
            TimeBase::per_second(48_000),
        ),
    ]
}

/// A picture and a piece of sound in turn, each of 20 ms, with a key frame a second.
fn packets() -> Vec<Packet> {
    let packet = |i: usize| {
        let data = vec![i as u8; PACKET_BYTES];
        let step = (i / 2) as i64;
        match i % 2 {
            0 => Packet::new(0, step, 1, step % 50 == 0, data),
            _ => Packet::new(1, step * 960, 960, true, data),
        }
    };
    (0..PACKETS).map(packet).collect()
}

fn write<S: Sink>(container: Container, packets: Vec<Packet>, sink: S) -> S {
    let mut writer = PacketWriter::new(container, tracks(), sink).unwrap();
    for packet in packets {
        writer.write(packet).unwrap();
    }
    writer.finish().unwrap()
}

/// Counts what it is given.
struct Nowhere {
    bytes: u64,
    can_patch: bool,
}

impl Sink for Nowhere {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes += black_box(bytes).len() as u64;
        Ok(())
    }

    fn patch(&mut self, _: u64, bytes: &[u8]) -> io::Result<()> {
        black_box(bytes);
        Ok(())
    }

    fn can_patch(&self) -> bool {
        self.can_patch
    }

    fn position(&self) -> u64 {
        self.bytes
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn bench(group: &mut BenchmarkGroup<'_, WallTime>, container: Container) {
    // The memory that is written to is the same each time, so that it is there already.
    let mut memory = vec![0; PACKETS * PACKET_BYTES + (1 << 20)];
    group.bench_function(format!("{container} to memory"), |bencher| {
        let write = |packets| {
            memory.clear();
            let file = SharedWriter::new(Cursor::new(std::mem::take(&mut memory)));
            let sink = write(container, packets, SeekSink::new(file.clone()).unwrap());
            drop(sink);
            memory = file.into_inner().unwrap().into_inner();
        };
        bencher.iter_batched(packets, write, BatchSize::PerIteration);
    });
    for (name, can_patch) in [("in place", true), ("as a stream", false)] {
        group.bench_function(format!("{container} {name} to nowhere"), |bencher| {
            let write = |packets| write(container, packets, Nowhere { bytes: 0, can_patch }).bytes;
            bencher.iter_batched(packets, write, BatchSize::PerIteration);
        });
    }
}

fn mux(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mux");
    group.throughput(Throughput::Bytes((PACKETS * PACKET_BYTES) as u64));
    for container in [Container::Mp4, Container::Matroska] {
        bench(&mut group, container);
    }
    group.finish();
}

criterion_group!(benches, mux);
criterion_main!(benches);
