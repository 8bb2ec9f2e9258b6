//! What the motion search costs, and how well scene cuts are found.
//!
//! ```sh
//! cargo run --release --example motion -- speed CLIP.y4m [FRAMES]
//! cargo run --release --example motion -- costs CLIP.y4m
//! cargo run --release --example motion -- cuts CLIP.y4m
//! cargo run --release --example motion -- rav1e CLIP.y4m fast|standard
//! ```
//!
//! `speed` prints milliseconds a frame on one thread, without and with vectors. `costs` prints what each frame costs from
//! the one before it and from itself, `cuts` the numbers of the frames that begin a scene, and `rav1e` those at which
//! the engine's own detection sets a key frame, with a great interval. `motion` for `fast` or `standard` goes through the
//! encoder's option.

use std::error::Error;
use std::fs::File;
use std::io::{self, Read};
use std::time::Instant;

use framewright::motion::{Analyzer, FrameAnalysis};
use framewright::sink::SharedWriter;
use framewright::{Container, Encoder, FrameFormat, FrameView, VideoOptions};

/// A clip of 8-bit 4:2:0, read by this example's own few lines, so that it needs no feature.
struct Clip {
    width: u32,
    height: u32,
    frames: Vec<Vec<u8>>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let [what, path, rest @ ..] = args.as_slice() else { return Err("say what to do, and with which clip".into()) };
    let clip = Clip::read(File::open(path)?)?;
    match what.as_str() {
        "speed" => clip.speed(rest.first().map_or(Ok(usize::MAX), |text| text.parse())?),
        "costs" => {
            for frame in clip.analyze()? {
                let FrameAnalysis { index, is_cut, is_repeat, inter_cost, intra_cost, .. } = frame;
                let percent = 100 * inter_cost / intra_cost.max(1);
                println!("{index} {inter_cost} {intra_cost} {percent} {is_cut} {is_repeat}");
            }
            Ok(())
        }
        "cuts" => {
            let cuts: Vec<_> =
                clip.analyze()?.into_iter().filter(|frame| frame.is_cut).map(|frame| frame.index).collect();
            println!("{cuts:?}");
            Ok(())
        }
        "rav1e" => clip.engine(rest.first().map_or("standard", String::as_str)),
        _ => Err("speed, costs, cuts or rav1e".into()),
    }
}

impl Clip {
    fn read(file: File) -> Result<Self, Box<dyn Error>> {
        let mut reader = io::BufReader::new(file);
        let header = line(&mut reader)?.ok_or("an empty file")?;
        let number = |tag: char| header.split(' ').find_map(|word| word.strip_prefix(tag)?.parse::<u32>().ok());
        let (Some(width), Some(height)) = (number('W'), number('H')) else { return Err("no Y4M".into()) };
        let size = FrameFormat::Yuv(framewright::media::ChromaSubsampling::Yuv420);
        let bytes: usize =
            (0..3).map(|plane| size.plane_size(plane, width as usize, height as usize)).map(|(w, h)| w * h).sum();
        let mut frames = Vec::new();
        while line(&mut reader)?.is_some() {
            let mut frame = vec![0; bytes];
            reader.read_exact(&mut frame)?;
            frames.push(frame);
        }
        Ok(Clip { width, height, frames })
    }

    fn analyze(&self) -> Result<Vec<FrameAnalysis>, Box<dyn Error>> {
        let mut analyzer = Analyzer::new(self.width, self.height)?.with_threads(1)?;
        let mut out = Vec::new();
        for frame in &self.frames {
            out.extend(analyzer.add(&FrameView::i420(self.width, self.height, &frame[..])?)?);
        }
        out.extend(analyzer.finish());
        Ok(out)
    }

    fn speed(&self, most: usize) -> Result<(), Box<dyn Error>> {
        for (name, has_vectors) in [("scene cuts", false), ("scene cuts and vectors", true)] {
            let mut best = f64::MAX;
            for _ in 0..3 {
                let mut analyzer = Analyzer::new(self.width, self.height)?.with_threads(1)?.with_vectors(has_vectors);
                let frames = self.frames.iter().take(most);
                let (count, start) = (frames.len(), Instant::now());
                for frame in frames {
                    analyzer.add(&FrameView::i420(self.width, self.height, &frame[..])?)?;
                }
                analyzer.finish();
                best = best.min(start.elapsed().as_secs_f64() * 1000.0 / count as f64);
            }
            println!("{}x{} {name}: {best:.2} ms a frame", self.width, self.height);
        }
        Ok(())
    }

    /// Key frames of an encode, found as the sizes that `inspect` would call so.
    fn engine(&self, detection: &str) -> Result<(), Box<dyn Error>> {
        let mut options = VideoOptions::new(self.width, self.height)
            .keyframe_interval(100_000)
            .extra_option("min_keyframe_interval", "1")
            .extra_option("scene_detection", detection);
        if detection == "standard" {
            options = options.extra_option("tx_domain_distortion", "false");
        }
        let file = SharedWriter::new(io::Cursor::new(Vec::new()));
        let mut encoder = Encoder::new();
        let mut video = encoder.add_video(options)?;
        encoder.open_writer(file.clone(), Container::Ivf)?;
        for frame in &self.frames {
            video.add_frame(&FrameView::i420(self.width, self.height, &frame[..])?)?;
        }
        encoder.close()?;
        let bytes = file.into_inner().ok_or("the file is in use")?.into_inner();
        println!("{:?}", key_frames(&bytes));
        Ok(())
    }
}

/// The frames of an IVF file that begin with a sequence header, which this crate writes before key frames alone.
fn key_frames(ivf: &[u8]) -> Vec<usize> {
    let (mut at, mut index, mut keys) = (32, 0, Vec::new());
    while let Some(size) = ivf.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes) {
        let frame = &ivf[at + 12..at + 12 + size as usize];
        // A temporal delimiter of two bytes may come first; type 1 is a sequence header.
        let first = if frame[0] >> 3 & 15 == 2 { frame[2] } else { frame[0] };
        if first >> 3 & 15 == 1 {
            keys.push(index);
        }
        at += 12 + size as usize;
        index += 1;
    }
    keys
}

fn line(reader: &mut impl Read) -> io::Result<Option<String>> {
    let mut text = Vec::new();
    let mut byte = [0];
    while reader.read(&mut byte)? == 1 {
        if byte[0] == b'\n' {
            return Ok(Some(String::from_utf8_lossy(&text).into_owned()));
        }
        text.push(byte[0]);
    }
    Ok(None)
}
