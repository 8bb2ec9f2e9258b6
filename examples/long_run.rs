//! Two hours of picture and sound through every container: does memory stay flat, and do the two end together?
//!
//! ```sh
//! cargo run --release --example long_run -- [FRAMES] [PLOT.svg] [CONTAINER]
//! ```
//!
//! 100,000 frames of 64 x 64 and sound of the same length (two hours, as 125/9 frames go into a second) are converted, encoded,
//! interleaved and written to a file, with the codecs that each container chooses; the file is read back, and deleted. The scene
//! repeats after 250 frames, and so does what AV1 makes of it: but for `mp4, fragmented`, which is encoded frame by frame, a
//! pool encodes the first group of pictures and gives it out again. Memory is what the allocator holds at most between two of
//! 200 points of the curve.

use std::alloc::{GlobalAlloc, System};
use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use framewright::inspect::{Details, inspect};
use framewright::{
    AudioOptions, AudioSamples, Container, Encoder, EncoderOptions, FrameRate, FrameView, GroupEncoder, GroupPool,
    Layout, VideoCodec, VideoOptions,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

const SIDE: u32 = 64;
/// Frames in so many seconds, so that 100,000 of them are two hours.
const RATE: (u32, u32) = (125, 9);
/// Frames of a group of pictures, after which the scene begins again.
const GROUP: u32 = 250;
const SAMPLE_RATE: u32 = 16_000;
/// Samples of a frame: 16,000 * 9 / 125.
const SAMPLES: usize = 1_152;
const POINTS: u64 = 200;

/// Counts what is held, and the most of it since it was asked last.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is handed to the system's allocator as it came; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: std::alloc::Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(held, Ordering::Relaxed);
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: std::alloc::Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most bytes held since the last call.
fn peak() -> usize {
    let held = HELD.load(Ordering::Relaxed);
    PEAK.swap(held, Ordering::Relaxed).max(held)
}

/// Memory of a run: bytes at most, a point each.
struct Curve {
    name: String,
    points: Vec<usize>,
}

fn main() -> Outcome<()> {
    let mut args = std::env::args().skip(1);
    let frames: u64 = args.next().map_or(Ok(100_000), |frames| frames.parse())?;
    let plot = args.next();
    let only = args.next();
    let mut curves = Vec::new();
    println!(
        "| container | layout | held at most | growth | video ends | audio ends | seconds |\n|---|---|---|---|---|---|---|"
    );
    for &container in Container::ALL.iter().filter(|all| only.as_ref().is_none_or(|only| only == all.name())) {
        for &layout in container.layouts() {
            if let Some(curve) = run(container, layout, frames)? {
                curves.push(curve);
            }
        }
    }
    if let Some(path) = plot {
        std::fs::write(path, draw(&curves, frames)?)?;
    }
    Ok(())
}

/// One file: a row of the table.
fn run(container: Container, layout: Layout, frames: u64) -> Outcome<Option<Curve>> {
    // One picture alone is no long run.
    if (container, layout) == (Container::Avif, Layout::Live) {
        return Ok(None);
    }
    let folder = tempfile::tempdir()?;
    let extension = container.extensions().first().ok_or("a container without extension")?;
    let path = folder.path().join(format!("long.{extension}"));
    let begun = Instant::now();
    peak();
    let base = HELD.load(Ordering::Relaxed);

    let mut encoder = Encoder::with_options(EncoderOptions::new().layout(layout))?;
    let codec = container.default_video_codec();
    let mut video = match codec {
        Some(codec) => {
            let options =
                VideoOptions::new(SIDE, SIDE).codec(codec).frame_rate(FrameRate::new(RATE.0, RATE.1)).threads(1);
            let every_frame = (container, layout) == (Container::Mp4, Layout::Fragmented);
            Some(match codec {
                VideoCodec::Av1 => {
                    let options = options.keyframe_interval(GROUP).extra_option("scene_detection", "off");
                    match every_frame {
                        true => encoder.add_video(options)?,
                        false => encoder.add_video_in_groups(options.clone(), Repeating::new(options, container))?,
                    }
                }
                _ => encoder.add_video(options)?,
            })
        }
        None => None,
    };
    let mut audio = match container.default_audio_codec() {
        Some(codec) => Some(encoder.add_audio(AudioOptions::new(SAMPLE_RATE, 1).codec(codec))?),
        None => None,
    };
    encoder.open_file_as(&path, container)?;
    let mut points = Vec::new();
    for frame in 0..frames {
        if let Some(video) = &mut video {
            video.add_frame(&FrameView::gray(SIDE, SIDE, &scene((frame % u64::from(GROUP)) as u32)[..])?)?;
        }
        if let Some(audio) = &mut audio {
            audio.add_samples(AudioSamples::planar(&sound(frame)[..], 1)?)?;
        }
        if (frame + 1) % (frames / POINTS).max(1) == 0 {
            points.push(peak().saturating_sub(base));
        }
    }
    encoder.close()?;

    let growth = growth(&points).map_or("?".into(), |growth| format!("{:+.1}%", 100.0 * growth));
    let most = points.iter().max().copied().unwrap_or_default();
    let [video_end, audio_end] = ends(&path, container, frames)?;
    let seconds = begun.elapsed().as_secs();
    println!(
        "| {container} | {layout} | {:.2} MB | {growth} | {video_end} | {audio_end} | {seconds} |",
        most as f64 / 1e6
    );
    Ok(Some(Curve { name: format!("{container}, {layout}"), points }))
}

/// By how much the most of the second half is above that of the first, whose first fifth is for warming up.
fn growth(points: &[usize]) -> Option<f64> {
    let (first, second) = points.get(points.len() / 10..)?.split_at_checked(points.len() / 2 - points.len() / 10)?;
    Some(*second.iter().max()? as f64 / *first.iter().max()? as f64 - 1.0)
}

/// How many ticks video and audio end after the last frame does, in the words of the track's time base.
fn ends(path: &Path, container: Container, frames: u64) -> Outcome<[String; 2]> {
    if container.layouts().iter().all(|layout| layout.needs_folder()) {
        return Ok(["(segments)".into(), "(segments)".into()]);
    }
    if container == Container::Obu {
        return Ok(["(no times)".into(), "".into()]);
    }
    let mut ends = [String::new(), String::new()];
    for track in inspect(std::fs::File::open(path)?)?.tracks {
        let base = track.time_base;
        // Seconds in the track's ticks.
        let due = i128::from(frames) * i128::from(RATE.1) * i128::from(base.den())
            / (i128::from(RATE.0) * i128::from(base.num()));
        let late = i128::from(track.start) + i128::from(track.duration) - due;
        ends[usize::from(!matches!(track.details, Details::Video(_)))] = format!("{late:+} of {base} s");
    }
    Ok(ends)
}

/// A bright square on its way through a gradient.
fn scene(frame: u32) -> Vec<u8> {
    let (left, top) = (frame % (SIDE - 12), frame / 5 % (SIDE - 12));
    let inside = |x: u32, y: u32| (left..left + 12).contains(&x) && (top..top + 12).contains(&y);
    let pixel = |i: u32| if inside(i % SIDE, i / SIDE) { 235 } else { (i % SIDE + i / SIDE) as u8 + 16 };
    (0..SIDE * SIDE).map(pixel).collect()
}

/// A sine whose pitch changes every ten seconds.
fn sound(frame: u64) -> Vec<f32> {
    let pitch = 220.0 * (1 + frame / 139 % 4) as f64;
    let at = |i: u64| (std::f64::consts::TAU * pitch * (i % 16_000) as f64 / f64::from(SAMPLE_RATE)).sin() as f32 / 4.0;
    (frame * SAMPLES as u64..(frame + 1) * SAMPLES as u64).map(at).collect()
}

/// A pool that encodes the first group of pictures, and has it for all others: they show the same.
struct Repeating {
    first: Option<GroupEncoder>,
    coded: Vec<Vec<u8>>,
    options: VideoOptions,
    container: Container,
    ended: BTreeSet<u64>,
}

impl Repeating {
    fn new(options: VideoOptions, container: Container) -> Self {
        Repeating { first: None, coded: Vec::new(), options, container, ended: BTreeSet::new() }
    }
}

impl GroupPool for Repeating {
    fn picture(&mut self, number: u64, picture: Vec<u8>) -> io::Result<()> {
        if number > 0 {
            return Ok(());
        }
        if self.first.is_none() {
            self.first = Some(GroupEncoder::new(&self.options, self.container).map_err(io::Error::other)?);
        }
        let first = self.first.as_mut().ok_or(io::ErrorKind::NotFound)?;
        first.add_picture(&picture).map_err(io::Error::other)
    }

    fn end(&mut self, number: u64) -> io::Result<()> {
        if let Some(first) = self.first.take_if(|_| number == 0) {
            self.coded = first.finish().map_err(io::Error::other)?;
        }
        self.ended.insert(number);
        Ok(())
    }

    fn take(&mut self, number: u64) -> io::Result<Option<Vec<Vec<u8>>>> {
        Ok(self.ended.remove(&number).then(|| self.coded.clone()))
    }
}

const COLOURS: [&str; 8] = ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#17becf"];

/// The curves as SVG, with megabytes on a logarithmic scale: an animation holds kilobytes, an engine megabytes.
fn draw(curves: &[Curve], frames: u64) -> Outcome<String> {
    let most = curves.iter().flat_map(|curve| &curve.points).max().copied().unwrap_or(1).max(1) as f64;
    let (low, high) = (4f64, most.log10().ceil().max(5.0));
    let (width, height, legend) = (640.0, 420.0, 260.0);
    let x = |point: usize, points: usize| 60.0 + width * (point + 1) as f64 / points as f64;
    let y = |bytes: f64| 30.0 + height * (1.0 - (bytes.max(1e4).log10() - low) / (high - low));
    let mut svg = String::new();
    writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" font-family="sans-serif" font-size="12">"#,
        width + legend + 80.0,
        height + 80.0
    )?;
    writeln!(svg, r##"<rect width="100%" height="100%" fill="#fff"/>"##)?;
    writeln!(
        svg,
        r#"<text x="60" y="18">Held at most, while {frames} frames of 64 x 64 and their sound are encoded</text>"#
    )?;
    for power in low as i32..=high as i32 {
        let at = y(10f64.powi(power));
        let label = if power < 6 {
            format!("{} kB", 10u64.pow(power as u32 - 3))
        } else {
            format!("{} MB", 10u64.pow(power as u32 - 6))
        };
        writeln!(
            svg,
            r##"<path d="M60 {at:.1}h{width}" stroke="#ddd"/><text x="54" y="{:.1}" text-anchor="end">{label}</text>"##,
            at + 4.0
        )?;
    }
    for fifth in 0..=5u64 {
        let at = 60.0 + width * fifth as f64 / 5.0;
        writeln!(svg, r#"<text x="{at}" y="{}" text-anchor="middle">{}</text>"#, height + 50.0, frames * fifth / 5)?;
    }
    for (number, curve) in curves.iter().enumerate() {
        let colour = COLOURS[number % COLOURS.len()];
        let dash = ["", "6 3", "2 3", "8 2 2 2"][number / COLOURS.len() % 4];
        let points = curve.points.iter().enumerate();
        let line: Vec<_> =
            points.map(|(i, &bytes)| format!("{:.1},{:.1}", x(i, curve.points.len()), y(bytes as f64))).collect();
        writeln!(
            svg,
            r#"<polyline fill="none" stroke="{colour}" stroke-width="1.5" stroke-dasharray="{dash}" points="{}"/>"#,
            line.join(" ")
        )?;
        let row = 36.0 + 15.0 * number as f64;
        writeln!(
            svg,
            r#"<path d="M{} {row}h28" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>"#,
            width + 75.0
        )?;
        writeln!(svg, r#"<text x="{}" y="{}">{}</text>"#, width + 110.0, row + 4.0, curve.name)?;
    }
    writeln!(svg, "</svg>")?;
    Ok(svg)
}
