//! A video and an audio stream, fed a piece at a time, to a file, into memory, and to a sink that only writes.
//!
//! ```sh
//! cargo run --release --example multi_stream
//! ```

use std::io::{self, Cursor, Write};
use std::sync::{Arc, Mutex};

use framewright::sink::SharedWriter;
use framewright::{AudioOptions, AudioSamples, Container, Encoder, FrameBatch, Report, VideoOptions};

const WIDTH: u32 = 160;
const HEIGHT: u32 = 90;
const RATE: u32 = 16_000;
const FRAMES: usize = 10;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // 1. To a file: the extension chooses the container.
    let mut encoder = Encoder::new();
    let path = std::env::temp_dir().join("multi_stream.mp4");
    let report = encode(&mut encoder, |encoder| encoder.open_file(&path)).and_then(|()| encoder.close())?;
    println!("{}: {report}", path.display());

    // 2. Into memory: anything that writes and seeks. The shared writer gives the cursor back afterwards.
    let memory = SharedWriter::new(Cursor::new(Vec::new()));
    let mut encoder = Encoder::new();
    encode(&mut encoder, |encoder| encoder.open_writer(memory.clone(), Container::WebM))?;
    let report = encoder.close()?;
    let bytes = memory.into_inner().ok_or("the encoder still holds its writer")?.into_inner();
    println!("memory, {} bytes: {report}", bytes.len());

    // 3. To a sink that only writes, as a TcpStream does: MP4 becomes fragmented, Matroska and WebM live.
    let socket = Socket::default();
    let mut encoder = Encoder::new();
    encode(&mut encoder, |encoder| encoder.open_stream(socket.clone(), Container::Mp4))?;
    let report: Report = encoder.close()?;
    println!("socket, {} bytes: {report}", socket.0.lock().map_err(|_| "a thread panicked")?.len());
    Ok(())
}

/// Adds two streams, opens the destination, and feeds both in turn.
fn encode(
    encoder: &mut Encoder,
    open: impl FnOnce(&mut Encoder) -> framewright::Result<()>,
) -> framewright::Result<()> {
    let mut video = encoder.add_video(VideoOptions::new(WIDTH, HEIGHT).frame_rate(25).crf(35))?;
    let mut audio = encoder.add_audio(AudioOptions::new(RATE, 1).bit_rate(32_000))?;
    open(encoder)?;
    for piece in 0..4 {
        // Ten frames at once: N x C x H x W, one slice.
        let frames = frames(piece);
        video.add_frames(&FrameBatch::nchw(&frames, FRAMES, 3, HEIGHT, WIDTH)?)?;
        // As much sound: C x N.
        let sound = sound(piece);
        audio.add_samples(AudioSamples::planar(&sound, 1)?)?;
    }
    Ok(())
}

/// A gradient that moves.
fn frames(piece: usize) -> Vec<u8> {
    let mut frames = Vec::with_capacity(FRAMES * 3 * (WIDTH * HEIGHT) as usize);
    for frame in 0..FRAMES {
        let shift = ((piece * FRAMES + frame) * 4) as u32;
        for channel in 0..3u32 {
            for y in 0..HEIGHT {
                frames.extend((0..WIDTH).map(|x| (x * (channel + 1) + y + shift) as u8));
            }
        }
    }
    frames
}

/// A tone that rises.
fn sound(piece: usize) -> Vec<f32> {
    let samples = RATE as usize * FRAMES / 25;
    let pitch = 220.0 * (piece + 1) as f32;
    (0..samples).map(|i| (i as f32 * pitch * std::f32::consts::TAU / RATE as f32).sin() * 0.3).collect()
}

/// Stands for a TcpStream: it writes, and cannot seek.
#[derive(Clone, Default)]
struct Socket(Arc<Mutex<Vec<u8>>>);

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A network takes what it can.
        let taken = bytes.len().min(1460);
        self.0.lock().map_err(|_| io::Error::other("a thread panicked"))?.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
