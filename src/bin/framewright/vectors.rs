//! `inspect --motion`: a picture of how a frame moved.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;

use framewright::FrameView;
use framewright::input::{VideoSource, Y4mReader};
use framewright::media::PlaneData;
use framewright::motion::{Analyzer, BlockSize, MotionField};

use crate::failure::Failure;

/// 8K: beyond that the picture is larger than what looks at it.
const MOST_PIXELS: u64 = 7680 * 4320;
const MOVED: [u8; 3] = [255, 220, 0];
const FROM: [u8; 3] = [255, 40, 40];

/// Draws the vectors of frame `index` of a Y4M file, counted from 0, over its luma; `open` makes what searches for them.
pub fn run(
    path: &Path,
    index: u64,
    out: &Path,
    open: impl FnOnce(u32, u32) -> framewright::Result<Analyzer>,
) -> Result<(), Failure> {
    let name = format!("`{}`", path.display());
    if index == 0 {
        return Err(Failure::usage("--frame 0 has no frame before it to have moved from: use 1 or more"));
    }
    let file = File::open(path).map_err(|error| Failure::io(format_args!("reading {name}"), error))?;
    let reading = |error| Failure::reading(&name, error);
    let mut source = Y4mReader::new(BufReader::new(file)).map_err(reading)?;
    let (width, height) = (source.info().width, source.info().height);
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(Failure::failed(format!(
            "{name} has frames of {width}x{height}: --motion draws up to {MOST_PIXELS} pixels"
        )));
    }
    let mut analyzer = open(width, height).map_err(reading)?;
    let mut picture = Vec::new();
    for number in 0..=index {
        let Some(frame) = source.next_frame().map_err(reading)? else {
            return Err(Failure::failed(format!("{name} has {number} frames: there is no frame {index}")));
        };
        analyzer.add(&frame.frame).map_err(reading)?;
        if number == index {
            picture = luma(&frame.frame);
        }
    }
    if let Some(field) = analyzer.finish().and_then(|analysis| analysis.motion) {
        draw(&mut picture, &field);
    }
    write(out, width, height, &picture)
}

/// The luma as grey pixels of three bytes, a little darker, so that lines stand out.
fn luma(frame: &FrameView<'_>) -> Vec<u8> {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let Some((samples, stride)) = frame.plane_data(0) else { return vec![0; width * height * 3] };
    let shift = frame.bit_depth() - 8;
    let level = |at: usize| match samples {
        PlaneData::U8(samples) => samples[at],
        PlaneData::U16(samples) => (samples[at] >> shift).min(255) as u8,
    };
    let places = (0..height).flat_map(|y| (0..width).map(move |x| y * stride + x));
    places.flat_map(|at| [(u16::from(level(at)) * 3 / 4) as u8; 3]).collect()
}

/// A line from the middle of each block of 16x16 that moved to where it came from, which has a dot.
fn draw(picture: &mut [u8], field: &MotionField) {
    let (width, height) = field.size();
    let mut dot = |x: i64, y: i64, color: [u8; 3]| {
        if (0..width as i64).contains(&x) && (0..height as i64).contains(&y) {
            let at = (y as usize * width + x as usize) * 3;
            picture[at..at + 3].copy_from_slice(&color);
        }
    };
    let (columns, rows) = field.grid(BlockSize::B16);
    for (column, row) in (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row))) {
        let Some(block) = field.block(BlockSize::B16, column, row) else { continue };
        let (x, y) = (i64::from(block.vector.x), i64::from(block.vector.y));
        let (middle_x, middle_y) = (16 * column as i64 + 8, 16 * row as i64 + 8);
        let steps = (x.abs().max(y.abs()) / 4).max(1);
        if (x, y) == (0, 0) {
            continue;
        }
        for step in 0..=steps {
            dot(middle_x + x * step / (4 * steps), middle_y + y * step / (4 * steps), MOVED);
        }
        dot(middle_x + x / 4, middle_y + y / 4, FROM);
    }
}

fn write(out: &Path, width: u32, height: u32, picture: &[u8]) -> Result<(), Failure> {
    let failed = |error| Failure::io(format_args!("writing `{}`", out.display()), error);
    if out.exists() {
        return Err(Failure::failed(format!("`{}` is there already: give another name", out.display())));
    }
    let file = File::create_new(out).map_err(failed)?;
    let mut encoder = png::Encoder::new(BufWriter::new(file), width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(picture)?;
        writer.finish()
    });
    written.map_err(|error| failed(error.into()))
}
