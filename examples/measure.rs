//! What encoding through framewright costs beside the bare engine, and how much memory it takes.
//!
//! ```sh
//! cargo run --release --features asm --example measure -- overhead [FRAMES]
//! cargo run --release --features asm --example measure -- memory FRAMES
//! ```
//!
//! `overhead` encodes the same 720p RGB frames with both, on one thread, in turns, and prints processor time. The bare
//! engine gets the frames as I420, converted beforehand, and its packets are dropped. `memory` prints the peak resident
//! size of one 720p encode at preset 10. Both read `/proc`, so they run on Linux.

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
            through_us(frames)?;
            println!("{frames} frames, peak resident {} MB", peak_kilobytes()? / 1024);
            Ok(())
        }
        _ => Err("say `overhead [FRAMES]` or `memory FRAMES`".into()),
    }
}

fn overhead(frames: usize) -> Result<(), Box<dyn Error>> {
    let (mut ours, mut bare) = (0.0, 0.0);
    for round in 0..3 {
        let before = processor_seconds()?;
        through_us(frames)?;
        let between = processor_seconds()?;
        bare_engine(frames)?;
        let after = processor_seconds()?;
        ours += between - before;
        bare += after - between;
        println!("round {round}: framewright {:.2} s, bare engine {:.2} s", between - before, after - between);
    }
    println!("framewright / bare engine = {:.4}", ours / bare);
    Ok(())
}

fn through_us(frames: usize) -> Result<(), Box<dyn Error>> {
    let mut encoder = Encoder::new();
    let mut stream = encoder.add_video(VideoOptions::new(WIDTH as u32, HEIGHT as u32).crf(30).preset(10).threads(1))?;
    encoder.open_stream(std::io::sink(), framewright::Container::Mp4)?;
    let mut pixels = vec![0; WIDTH * HEIGHT * 3];
    for frame in 0..frames {
        paint(&mut pixels, frame);
        stream.add_frame(&FrameView::rgb(WIDTH as u32, HEIGHT as u32, &pixels)?)?;
    }
    encoder.close()?;
    Ok(())
}

fn bare_engine(frames: usize) -> Result<(), Box<dyn Error>> {
    let mut config = EncoderConfig::with_speed_preset(10);
    config.width = WIDTH;
    config.height = HEIGHT;
    config.time_base = Rational::new(1, 30);
    config.quantizer = 120; // crf 30
    config.tiles = 2; // what framewright takes at this size
    config.speed_settings.rdo_lookahead_frames = 1;
    let mut context: Context<u8> = Config::new().with_encoder_config(config).with_threads(1).new_context()?;
    let mut pixels = vec![0; WIDTH * HEIGHT * 3];
    let mut planes = [vec![0u8; WIDTH * HEIGHT], vec![0; WIDTH * HEIGHT / 4], vec![0; WIDTH * HEIGHT / 4]];
    for frame in 0..frames {
        paint(&mut pixels, frame);
        to_i420(&pixels, &mut planes);
        let mut input = context.new_frame();
        for (plane, (samples, width)) in planes.iter().zip([WIDTH, WIDTH / 2, WIDTH / 2]).enumerate() {
            input.planes[plane].copy_from_raw_u8(samples, width, 1);
        }
        context.send_frame(input)?;
        while let Ok(_) | Err(EncoderStatus::Encoded) = context.receive_packet() {}
    }
    context.flush();
    loop {
        match context.receive_packet() {
            Ok(_) | Err(EncoderStatus::Encoded) => {}
            Err(EncoderStatus::LimitReached) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// A drifting texture with some noise, so that the engine has work to do.
fn paint(pixels: &mut [u8], frame: usize) {
    let mut noise = frame as u32 + 1;
    for (y, row) in pixels.chunks_exact_mut(WIDTH * 3).enumerate() {
        for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let shade = ((x + 3 * frame) / 24 * 40) ^ ((y + frame) / 16 * 28);
            let grain = (noise >> 30) as usize;
            pixel.copy_from_slice(&[(shade + grain) as u8, (shade / 2 + x / 8) as u8, (y / 4 + grain) as u8]);
        }
    }
}

/// BT.709 in limited range, plainly: the bare engine's frames need not be the same to the bit.
fn to_i420(rgb: &[u8], planes: &mut [Vec<u8>; 3]) {
    let pixel = |x: usize, y: usize| {
        let at = (y * WIDTH + x) * 3;
        [0, 1, 2].map(|channel| i32::from(rgb[at + channel]))
    };
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let [r, g, b] = pixel(x, y);
            planes[0][y * WIDTH + x] = ((11_966 * r + 40_254 * g + 4_064 * b + (16 << 16) + (1 << 15)) >> 16) as u8;
            if x % 2 == 0 && y % 2 == 0 {
                let at = y / 2 * (WIDTH / 2) + x / 2;
                planes[1][at] = ((-6_596 * r - 22_188 * g + 28_784 * b + (128 << 16) + (1 << 15)) >> 16) as u8;
                planes[2][at] = ((28_784 * r - 26_145 * g - 2_639 * b + (128 << 16) + (1 << 15)) >> 16) as u8;
            }
        }
    }
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
