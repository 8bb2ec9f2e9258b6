//! What encoding through framewright costs beside the bare engine, and how much memory it takes.
//!
//! ```sh
//! cargo run --release --features asm --example measure -- overhead [FRAMES]
//! cargo run --release --features asm --example measure -- memory FRAMES
//! ```
//!
//! `overhead` encodes the same 720p frames with both, on one thread, in turns, and prints processor time and the bytes
//! of the packets, which show that the work is the same. framewright gets them as RGB, the bare engine as I420 that was
//! converted beforehand. `memory` prints the peak resident size of one 720p encode at preset 10. Both read `/proc`, so
//! they run on Linux.

use std::error::Error;
use std::fs;

use framewright::{Encoder, FrameView, VideoOptions};
use rav1e::prelude::*;

const WIDTH: usize = 1280;
const HEIGHT: usize = 720;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let what = args.next().unwrap_or_default();
    let frames = args.next().map_or(Ok(20), |text| text.parse())?;
    match what.as_str() {
        "overhead" => overhead(frames),
        "memory" => {
            through_us((0..frames).map(painted))?;
            println!("{frames} frames, peak resident {} MB", peak_kilobytes()? / 1024);
            Ok(())
        }
        _ => Err("say `overhead [FRAMES]` or `memory FRAMES`".into()),
    }
}

fn overhead(frames: usize) -> Result<(), Box<dyn Error>> {
    let rgb: Vec<_> = (0..frames).map(painted).collect();
    let i420: Vec<_> = rgb.iter().map(|pixels| to_i420(pixels)).collect();
    let (mut ours, mut bare) = (0.0, 0.0);
    for round in 0..5 {
        let before = processor_seconds()?;
        let our_bytes = through_us(rgb.iter())?;
        let between = processor_seconds()?;
        let bare_bytes = bare_engine(&i420)?;
        let after = processor_seconds()?;
        ours += between - before;
        bare += after - between;
        println!(
            "round {round}: framewright {:.2} s for {our_bytes} bytes, bare engine {:.2} s for {bare_bytes}",
            between - before,
            after - between
        );
    }
    println!("framewright / bare engine = {:.4}", ours / bare);
    Ok(())
}

/// The bytes of the packets.
fn through_us(frames: impl Iterator<Item = impl AsRef<[u8]>>) -> Result<u64, Box<dyn Error>> {
    let mut encoder = Encoder::new();
    let mut stream = encoder.add_video(VideoOptions::new(WIDTH as u32, HEIGHT as u32).crf(30).preset(10).threads(1))?;
    encoder.open_stream(std::io::sink(), framewright::Container::Mp4)?;
    for pixels in frames {
        stream.add_frame(&FrameView::rgb(WIDTH as u32, HEIGHT as u32, pixels.as_ref())?)?;
    }
    Ok(encoder.close()?.streams[0].bytes)
}

fn bare_engine(frames: &[[Vec<u8>; 3]]) -> Result<usize, Box<dyn Error>> {
    let mut config = EncoderConfig::with_speed_preset(10);
    config.width = WIDTH;
    config.height = HEIGHT;
    config.time_base = Rational::new(1, 30);
    config.quantizer = 120; // crf 30
    config.tiles = 2; // what framewright takes at this size
    config.speed_settings.rdo_lookahead_frames = 1;
    let mut context: Context<u8> = Config::new().with_encoder_config(config).with_threads(1).new_context()?;
    let mut bytes = 0;
    for planes in frames {
        let mut input = context.new_frame();
        for (plane, (samples, width)) in planes.iter().zip([WIDTH, WIDTH / 2, WIDTH / 2]).enumerate() {
            input.planes[plane].copy_from_raw_u8(samples, width, 1);
        }
        context.send_frame(input)?;
        loop {
            match context.receive_packet() {
                Ok(packet) => bytes += packet.data.len(),
                Err(EncoderStatus::Encoded) => {}
                Err(EncoderStatus::NeedMoreData) => break,
                Err(error) => return Err(error.into()),
            }
        }
    }
    context.flush();
    loop {
        match context.receive_packet() {
            Ok(packet) => bytes += packet.data.len(),
            Err(EncoderStatus::Encoded) => {}
            Err(EncoderStatus::LimitReached) => return Ok(bytes),
            Err(error) => return Err(error.into()),
        }
    }
}

/// A drifting texture with some noise, so that the engine has work to do.
fn painted(frame: usize) -> Vec<u8> {
    let mut pixels = vec![0; WIDTH * HEIGHT * 3];
    let mut noise = frame as u32 + 1;
    for (y, row) in pixels.chunks_exact_mut(WIDTH * 3).enumerate() {
        for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let shade = ((x + 3 * frame) / 24 * 40) ^ ((y + frame) / 16 * 28);
            let grain = (noise >> 30) as usize;
            pixel.copy_from_slice(&[(shade + grain) as u8, (shade / 2 + x / 8) as u8, (y / 4 + grain) as u8]);
        }
    }
    pixels
}

/// BT.709 in limited range, as framewright defines it: luma of each pixel, chroma of the sum of four.
fn to_i420(rgb: &[u8]) -> [Vec<u8>; 3] {
    let pixel = |x: usize, y: usize| {
        let at = (y * WIDTH + x) * 3;
        [0, 1, 2].map(|channel| i32::from(rgb[at + channel]))
    };
    let sum = |x: usize, y: usize| {
        let square = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(dx, dy)| pixel(2 * x + dx, 2 * y + dy));
        [0, 1, 2].map(|channel| square.iter().map(|pixel| pixel[channel]).sum::<i32>())
    };
    let luma = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y))).map(|(x, y)| {
        let [r, g, b] = pixel(x, y);
        ((11_966 * r + 40_254 * g + 4_064 * b + (16 << 16) + (1 << 15)) >> 16) as u8
    });
    let chroma = |row: [i32; 3]| {
        let squares = (0..HEIGHT / 2).flat_map(|y| (0..WIDTH / 2).map(move |x| (x, y)));
        let weigh = |[r, g, b]: [i32; 3]| row[0] * r + row[1] * g + row[2] * b;
        squares.map(|(x, y)| ((weigh(sum(x, y)) + (128 << 18) + (1 << 17)) >> 18) as u8).collect()
    };
    [luma.collect(), chroma([-6_596, -22_188, 28_784]), chroma([28_784, -26_145, -2_639])]
}

/// Processor time of this process so far, all threads, from `/proc/self/stat` in hundredths of a second.
fn processor_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().ok_or("no fields")?.split_whitespace().collect();
    let (user, system): (f64, f64) = (fields[11].parse()?, fields[12].parse()?);
    Ok((user + system) / 100.0)
}

fn peak_kilobytes() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM")).ok_or("no VmHWM")?;
    Ok(line.split_whitespace().nth(1).ok_or("no number")?.parse()?)
}
