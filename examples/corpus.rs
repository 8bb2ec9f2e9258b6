//! A fuzzing harness in small: valid files by seed, for demuxers to be fed with.
//!
//! ```text
//! cargo run --release --example corpus --features testing -- [FILES [FOLDER]]
//! ```
//!
//! Makes FILES (500 unless said) tiny MP4, WebM and Matroska files, one a seed. Crate `mp4` and crate `matroska-demuxer` read
//! each, and have to find the tracks and packets that its session says. With FOLDER, files are written there too: a corpus
//! for the fuzzer of another project. At the end it says how many files a second were made and read.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Cursor;
use std::time::{Duration, Instant};

use framewright::testing::{ExpectedKind, Session};
use framewright::{Container, Layout};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let count: u64 = arguments.next().map_or(Ok(500), |word| word.parse())?;
    let folder = arguments.next().map(std::path::PathBuf::from);
    if let Some(folder) = &folder {
        std::fs::create_dir_all(folder)?;
    }
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for seed in 0..count {
        let session = Session::new(seed);
        let began = Instant::now();
        let file = session.write()?;
        let made = began.elapsed();
        let began = Instant::now();
        let packets = read(&session, &file).map_err(|error| format!("seed {seed}, {session:?}: {error}"))?;
        let read = began.elapsed();
        // Engines of AV1 and Opus take most of the time, so they are told apart.
        let lossy = session.streams().iter().any(|stream| matches!(stream.codec, "av1" | "opus"));
        let what = if lossy { "with AV1 or Opus" } else { "without" };
        tallies.entry(format!("{}, {what}", session.container())).or_default().add(made, read, file.len(), packets);
        if let Some(folder) = &folder {
            let extension = session.container().extensions()[0];
            std::fs::write(folder.join(format!("{seed:06}.{extension}")), &file)?;
        }
    }
    let mut all = Tally::default();
    for (what, tally) in &tallies {
        println!("{what}: {tally}");
        all.join(tally);
    }
    println!("all: {all}");
    Ok(())
}

/// The packets that an independent reader finds, held to what the session says.
fn read(session: &Session, file: &[u8]) -> Result<u64, Box<dyn Error>> {
    let expected = session.streams();
    if session.container() != Container::Mp4 {
        let mut file = matroska_demuxer::MatroskaFile::open(Cursor::new(file))?;
        if file.tracks().len() != expected.len() {
            return Err(format!("{} tracks of {}", file.tracks().len(), expected.len()).into());
        }
        let mut counts = vec![0u64; expected.len()];
        let mut frame = matroska_demuxer::Frame::default();
        while file.next_frame(&mut frame)? {
            *counts.get_mut(frame.track as usize - 1).ok_or("a frame of no track")? += 1;
        }
        for (stream, &count) in expected.iter().zip(&counts) {
            // A packet of sound holds many samples.
            if !matches!(stream.kind, ExpectedKind::Audio { .. }) && count != stream.count {
                return Err(format!("{count} packets of {stream:?}").into());
            }
        }
        return Ok(counts.iter().sum());
    }
    let mut reader = mp4::Mp4Reader::read_header(Cursor::new(file), file.len() as u64)?;
    if reader.tracks().len() != expected.len() {
        return Err(format!("{} tracks of {}", reader.tracks().len(), expected.len()).into());
    }
    // The crate counts the samples of fragments, and finds their data only where each says its size.
    let is_indexed = session.layout() != Some(Layout::Fragmented);
    let mut packets = 0;
    for (id, stream) in (1..).zip(&expected) {
        let count = reader.sample_count(id)?;
        if matches!(stream.kind, ExpectedKind::Video { .. }) && u64::from(count) != stream.count {
            return Err(format!("{count} samples of {stream:?}").into());
        }
        for number in (1..=count).filter(|_| is_indexed) {
            reader.read_sample(id, number)?.ok_or("a sample that is not there")?;
        }
        packets += u64::from(count);
    }
    Ok(packets)
}

#[derive(Default)]
struct Tally {
    files: u32,
    bytes: usize,
    packets: u64,
    made: Duration,
    read: Duration,
}

impl Tally {
    fn add(&mut self, made: Duration, read: Duration, bytes: usize, packets: u64) {
        self.join(&Tally { files: 1, bytes, packets, made, read });
    }

    fn join(&mut self, other: &Tally) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.packets += other.packets;
        self.made += other.made;
        self.read += other.read;
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let a_second = |time: Duration| f64::from(self.files) / time.as_secs_f64().max(1e-9);
        let Tally { files, bytes, packets, made, read } = self;
        write!(
            f,
            "{files} files, {bytes} bytes, {packets} packets; made {:.0} a second, made and read {:.0}",
            a_second(*made),
            a_second(*made + *read)
        )
    }
}
