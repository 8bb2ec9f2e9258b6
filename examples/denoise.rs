//! What taking noise out is worth: known noise is added to a clip, and the encodes are compared with the clean one.
//!
//! ```sh
//! export FFMPEG=ffmpeg    # one with libvmaf and a decoder of AV1
//! cargo run --release --features asm --example denoise -- rate CLIP.y4m DIR SIGMA [DENOISE] [CRF,CRF,CRF,CRF]
//! cargo run --release --features asm --example denoise -- psnr CLIP.y4m SIGMA [DENOISE]
//! cargo run --release --features asm --example denoise -- speed CLIP.y4m SIGMA [DENOISE]
//! ```
//!
//! The noise is Gaussian, of a standard deviation of SIGMA in luma and half of that in chroma, and the same in every run;
//! SIGMA 0 leaves the clip as it is. DENOISE is the encoder's option (`auto` unless said).
//!
//! `rate` encodes with and without the option at four qualities (`PRESET` in the environment, else 10), has FFmpeg
//! decode the files and measure VMAF and PSNR against the clean clip, and prints how many more or fewer bits the option
//! needs at equal quality (Bjøntegaard's delta, piecewise cubic over the logarithm of the bytes). `psnr` looks at the
//! filtered pictures themselves, and `speed` prints milliseconds a frame on one thread beyond those of the search.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use framewright::motion::Analysis;
use framewright::sink::SharedWriter;
use framewright::{Container, Encoder, FrameFormat, FrameView, VideoCodec, VideoOptions};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// A clip of 8-bit 4:2:0, read by this example's own few lines, so that it needs no feature.
struct Clip {
    width: u32,
    height: u32,
    frames: Vec<Vec<u8>>,
}

/// An encode: how large it is, and how good.
#[derive(Clone, Copy)]
struct Point {
    bytes: f64,
    vmaf: f64,
    psnr: f64,
}

fn main() -> Outcome<()> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["rate", clip, dir, sigma, rest @ ..] => {
            let denoise = rest.first().unwrap_or(&"auto");
            let crfs =
                rest.get(1).unwrap_or(&"20,30,40,50").split(',').map(str::parse).collect::<Result<Vec<u8>, _>>()?;
            rate(&Clip::read(File::open(clip)?)?, Path::new(dir), sigma.parse()?, denoise, &crfs)
        }
        ["psnr", clip, sigma, rest @ ..] => {
            let clip = Clip::read(File::open(clip)?)?;
            let noisy = clip.noisy(sigma.parse()?);
            let filtered = noisy.filtered(rest.first().unwrap_or(&"auto"))?;
            for (name, of) in [("noisy", &noisy), ("filtered", &filtered)] {
                println!("{name}: luma {:.2} dB, all planes {:.2} dB", of.psnr(&clip, true), of.psnr(&clip, false));
            }
            Ok(())
        }
        ["speed", clip, sigma, rest @ ..] => {
            let noisy = Clip::read(File::open(clip)?)?.noisy(sigma.parse()?);
            let options = || VideoOptions::new(noisy.width, noisy.height).codec(VideoCodec::Raw).threads(1);
            let mut filtered = options().analysis(Analysis::Vectors);
            filtered.set("denoise", rest.first().unwrap_or(&"auto"))?;
            let (mut search, mut all) = (f64::MAX, f64::MAX);
            for _ in 0..3 {
                search = search.min(noisy.milliseconds(options().analysis(Analysis::Vectors))?);
                all = all.min(noisy.milliseconds(filtered.clone())?);
            }
            println!(
                "search and writing {search:.2} ms a frame, with the filter {all:.2}: {:.2} ms more",
                all - search
            );
            Ok(())
        }
        _ => Err("rate CLIP.y4m DIR SIGMA [DENOISE] [CRFS], or psnr or speed CLIP.y4m SIGMA [DENOISE]".into()),
    }
}

fn rate(clean: &Clip, dir: &Path, sigma: f64, denoise: &str, crfs: &[u8]) -> Outcome<()> {
    fs::create_dir_all(dir)?;
    let reference = dir.join("clean.y4m");
    clean.write(&reference)?;
    let noisy = clean.noisy(sigma);
    let mut curves = [Vec::new(), Vec::new()];
    println!("| crf | bytes | VMAF | PSNR | bytes, denoise={denoise} | VMAF | PSNR |\n|---|---|---|---|---|---|---|");
    for &crf in crfs {
        let mut row = format!("| {crf} |");
        for (name, curve) in ["0", denoise].into_iter().zip(&mut curves) {
            let preset = std::env::var("PRESET").map_or(Ok(10), |text| text.parse())?;
            let mut options = VideoOptions::new(noisy.width, noisy.height).crf(crf).preset(preset);
            options.set("denoise", name)?;
            let file = dir.join(format!("{name}-{crf}.ivf"));
            fs::write(&file, noisy.encode(options, Container::Ivf)?)?;
            let (vmaf, psnr) = measure(&file, &reference, dir)?;
            let point = Point { bytes: fs::metadata(&file)?.len() as f64, vmaf, psnr };
            row += &format!(" {} | {vmaf:.2} | {psnr:.2} |", point.bytes);
            curve.push(point);
        }
        println!("{row}");
    }
    let [without, with] = curves;
    let show = |delta: Option<f64>| delta.map_or("no quality in common".into(), |delta| format!("{delta:+.2}%"));
    println!(
        "sigma {sigma}, denoise={denoise}: BD-rate by VMAF {}, by PSNR {}",
        show(delta(&without, &with, |point| point.vmaf)),
        show(delta(&without, &with, |point| point.psnr))
    );
    Ok(())
}

/// Mean VMAF and mean PSNR of luma of a file, by FFmpeg.
fn measure(file: &Path, reference: &Path, dir: &Path) -> Outcome<(f64, f64)> {
    let ffmpeg = std::env::var("FFMPEG").map_err(|_| "say in FFMPEG which FFmpeg to run")?;
    let log = dir.join("vmaf.json");
    let graph = format!(
        "[0:v]setpts=N[a];[1:v]setpts=N[b];[a][b]libvmaf=feature=name=psnr:log_fmt=json:log_path={}",
        log.display()
    );
    let run = Command::new(ffmpeg)
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(file)
        .arg("-i")
        .arg(reference)
        .args(["-lavfi", &graph, "-f", "null", "-"])
        .output()?;
    if !run.status.success() {
        return Err(String::from_utf8_lossy(&run.stderr).into_owned().into());
    }
    let log: serde_json::Value = serde_json::from_slice(&fs::read(log)?)?;
    let mean = |name: &str| log["pooled_metrics"][name]["mean"].as_f64().ok_or(format!("no {name} in the log"));
    Ok((mean("vmaf")?, mean("psnr_y")?))
}

/// How many percent more bytes the second curve needs at equal quality, on average over the qualities that both have.
fn delta(first: &[Point], second: &[Point], quality: impl Fn(&Point) -> f64) -> Option<f64> {
    let curve = |points: &[Point]| {
        let mut curve: Vec<_> = points.iter().map(|point| (quality(point), point.bytes.ln())).collect();
        curve.sort_by(|a, b| a.0.total_cmp(&b.0));
        curve.dedup_by(|a, b| a.0 == b.0);
        curve
    };
    let (first, second) = (curve(first), curve(second));
    let low = first.first()?.0.max(second.first()?.0);
    let high = first.last()?.0.min(second.last()?.0);
    if high <= low {
        return None;
    }
    const STEPS: usize = 1000;
    let at = |step: usize| low + (high - low) * (step as f64 + 0.5) / STEPS as f64;
    let sum: f64 = (0..STEPS).map(|step| cubic(&second, at(step)) - cubic(&first, at(step))).sum();
    Some(((sum / STEPS as f64).exp() - 1.0) * 100.0)
}

/// The piecewise cubic through points that keeps their order (Fritsch and Butland), at `x` among them.
fn cubic(points: &[(f64, f64)], x: f64) -> f64 {
    let slope = |i: usize| (points[i + 1].1 - points[i].1) / (points[i + 1].0 - points[i].0);
    let last = points.len() - 1;
    if last == 0 {
        return points[0].1;
    }
    let tangent = |i: usize| {
        if i == 0 || i == last {
            return slope(i.min(last - 1));
        }
        let (a, b) = (slope(i - 1), slope(i));
        if a * b <= 0.0 {
            return 0.0;
        }
        let (h, k) = (points[i].0 - points[i - 1].0, points[i + 1].0 - points[i].0);
        3.0 * (h + k) / ((2.0 * k + h) / a + (k + 2.0 * h) / b)
    };
    let i = (0..last).rev().find(|&i| points[i].0 <= x).unwrap_or(0);
    let h = points[i + 1].0 - points[i].0;
    let t = (x - points[i].0) / h;
    let (u, s) = (1.0 - t, t * t * (3.0 - 2.0 * t));
    points[i].1 * (1.0 - s) + points[i + 1].1 * s + h * t * u * (tangent(i) * u - tangent(i + 1) * t)
}

impl Clip {
    fn read(file: impl Read) -> Outcome<Self> {
        let mut reader = io::BufReader::new(file);
        let header = line(&mut reader)?.ok_or("an empty file")?;
        let number = |tag: char| header.split(' ').find_map(|word| word.strip_prefix(tag)?.parse::<u32>().ok());
        let (Some(width), Some(height)) = (number('W'), number('H')) else { return Err("no Y4M".into()) };
        let bytes: usize = sizes(width, height).iter().sum();
        let mut frames = Vec::new();
        while line(&mut reader)?.is_some() {
            let mut frame = vec![0; bytes];
            reader.read_exact(&mut frame)?;
            frames.push(frame);
        }
        Ok(Clip { width, height, frames })
    }

    fn write(&self, path: &Path) -> Outcome<()> {
        let mut file = io::BufWriter::new(File::create(path)?);
        writeln!(file, "YUV4MPEG2 W{} H{} F30:1 Ip A1:1 C420jpeg", self.width, self.height)?;
        for frame in &self.frames {
            file.write_all(b"FRAME\n")?;
            file.write_all(frame)?;
        }
        Ok(file.flush()?)
    }

    /// With noise of this standard deviation, half of it in chroma.
    fn noisy(&self, sigma: f64) -> Clip {
        let luma = sizes(self.width, self.height)[0];
        let mut state = 1u64;
        let mut uniform = || {
            // Splitmix64.
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let v = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let v = (v ^ (v >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (v ^ (v >> 31)) as f64 / u64::MAX as f64
        };
        let mut frame = |frame: &Vec<u8>| {
            let sample = |(at, &sample): (usize, &u8)| {
                // The sum of twelve has a variance of 1, and is as good as normal.
                let normal = (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
                let sigma = if at < luma { sigma } else { sigma / 2.0 };
                (f64::from(sample) + sigma * normal).round().clamp(0.0, 255.0) as u8
            };
            frame.iter().enumerate().map(sample).collect()
        };
        Clip { frames: self.frames.iter().map(&mut frame).collect(), ..*self }
    }

    fn filtered(&self, denoise: &str) -> Outcome<Clip> {
        let mut options = VideoOptions::new(self.width, self.height).codec(VideoCodec::Raw);
        options.set("denoise", denoise)?;
        Clip::read(&self.encode(options, Container::Y4m)?[..])
    }

    fn encode(&self, options: VideoOptions, container: Container) -> Outcome<Vec<u8>> {
        let file = SharedWriter::new(io::Cursor::new(Vec::new()));
        let mut encoder = Encoder::new();
        let mut video = encoder.add_video(options)?;
        encoder.open_writer(file.clone(), container)?;
        for frame in &self.frames {
            video.add_frame(&FrameView::i420(self.width, self.height, &frame[..])?)?;
        }
        encoder.close()?;
        Ok(file.into_inner().ok_or("the file is in use")?.into_inner())
    }

    fn milliseconds(&self, options: VideoOptions) -> Outcome<f64> {
        let start = Instant::now();
        let mut encoder = Encoder::new();
        let mut video = encoder.add_video(options)?;
        encoder.open_stream(io::sink(), Container::Y4m)?;
        for frame in &self.frames {
            video.add_frame(&FrameView::i420(self.width, self.height, &frame[..])?)?;
        }
        encoder.close()?;
        Ok(start.elapsed().as_secs_f64() * 1000.0 / self.frames.len() as f64)
    }

    fn psnr(&self, clean: &Clip, is_luma: bool) -> f64 {
        let samples = if is_luma { sizes(self.width, self.height)[0] } else { usize::MAX };
        let (mut sum, mut count) = (0.0, 0.0);
        for (own, clean) in self.frames.iter().zip(&clean.frames) {
            for (own, clean) in own.iter().zip(clean).take(samples) {
                sum += f64::from(own.abs_diff(*clean)).powi(2);
                count += 1.0;
            }
        }
        10.0 * (255.0 * 255.0 * count / sum).log10()
    }
}

/// The bytes of each plane.
fn sizes(width: u32, height: u32) -> [usize; 3] {
    let format = FrameFormat::Yuv(framewright::media::ChromaSubsampling::Yuv420);
    [0, 1, 2].map(|plane| {
        let (width, height) = format.plane_size(plane, width as usize, height as usize);
        width * height
    })
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
