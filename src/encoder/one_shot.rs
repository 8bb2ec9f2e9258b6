//! One stream in one call.

use std::io::{Cursor, Seek, Write};
use std::path::Path;

use super::{AudioOptions, Encoder, Report, VideoOptions};
use crate::error::{Error, Result};
use crate::media::{AudioSamples, FrameBatch};
use crate::mux::Container;
use crate::sink::{SharedWriter, Sink};

/// Encodes a batch of frames in one call.
///
/// ```
/// use framewright::{Container, FrameBatch, VideoEncoder, VideoOptions};
///
/// let clip = vec![90u8; 3 * 3 * 48 * 64];
/// let frames = FrameBatch::nchw(&clip, 3, 3, 48, 64)?;
/// let (bytes, report) = VideoEncoder::new(frames, VideoOptions::new(64, 48)).to_bytes(Container::WebM)?;
/// assert_eq!(report.bytes, bytes.len() as u64);
/// # Ok::<(), framewright::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct VideoEncoder<'a> {
    frames: FrameBatch<'a>,
    options: VideoOptions,
}

/// Encodes a block of samples in one call.
///
/// ```
/// use framewright::{AudioEncoder, AudioOptions, AudioSamples, Container};
///
/// let tone: Vec<f32> = (0..48_000).map(|i| (i as f32 * 0.05).sin() * 0.5).collect();
/// let samples = AudioSamples::planar(&tone, 1)?;
/// let (bytes, _) = AudioEncoder::new(samples, AudioOptions::new(48_000, 1)).to_bytes(Container::Mp4)?;
/// assert_eq!(&bytes[4..8], b"ftyp");
/// # Ok::<(), framewright::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct AudioEncoder<'a> {
    samples: AudioSamples<'a>,
    options: AudioOptions,
}

/// The destinations are the same for both.
macro_rules! destinations {
    () => {
        /// Encodes into a file; its extension chooses the container.
        ///
        /// # Errors
        /// Those of [`Encoder::open_file`], of the stream and of [`Encoder::close`]. On an error a file that was there is
        /// still there.
        pub fn to_file(&self, path: impl AsRef<Path>) -> Result<Report> {
            self.encode(|encoder| encoder.open_file(path))
        }

        /// Encodes into memory.
        ///
        /// # Errors
        /// As [`to_file`](Self::to_file).
        pub fn to_bytes(&self, container: Container) -> Result<(Vec<u8>, Report)> {
            let shared = SharedWriter::new(Cursor::new(Vec::new()));
            let report = self.encode(|encoder| encoder.open_writer(shared.clone(), container))?;
            let cursor = shared.into_inner().ok_or_else(|| Error::state("the encoder still holds its writer"))?;
            Ok((cursor.into_inner(), report))
        }

        /// Encodes into anything that writes: fragmented MP4, live Matroska or WebM.
        ///
        /// # Errors
        /// As [`to_file`](Self::to_file).
        pub fn to_stream(&self, writer: impl Write + Send + 'static, container: Container) -> Result<Report> {
            self.encode(|encoder| encoder.open_stream(writer, container))
        }

        /// Encodes into a sink of the caller's own making.
        ///
        /// # Errors
        /// As [`to_file`](Self::to_file).
        pub fn to_sink(&self, sink: impl Sink + 'static, container: Container) -> Result<Report> {
            self.encode(|encoder| encoder.open_sink(sink, container))
        }

        /// Encodes into anything that writes and seeks.
        ///
        /// # Errors
        /// As [`to_file`](Self::to_file).
        pub fn to_writer(&self, writer: impl Write + Seek + Send + 'static, container: Container) -> Result<Report> {
            self.encode(|encoder| encoder.open_writer(writer, container))
        }
    };
}

impl<'a> VideoEncoder<'a> {
    /// Frames, and the options of their stream.
    pub fn new(frames: FrameBatch<'a>, options: VideoOptions) -> Self {
        VideoEncoder { frames, options }
    }

    destinations!();

    fn encode(&self, open: impl FnOnce(&mut Encoder) -> Result<()>) -> Result<Report> {
        let mut encoder = Encoder::new();
        let mut stream = encoder.add_video(self.options.clone())?;
        open(&mut encoder)?;
        close(encoder, stream.add_frames(&self.frames))
    }
}

impl<'a> AudioEncoder<'a> {
    /// Samples, and the options of their stream.
    pub fn new(samples: AudioSamples<'a>, options: AudioOptions) -> Self {
        AudioEncoder { samples, options }
    }

    destinations!();

    fn encode(&self, open: impl FnOnce(&mut Encoder) -> Result<()>) -> Result<Report> {
        let mut encoder = Encoder::new();
        let mut stream = encoder.add_audio(self.options.clone())?;
        open(&mut encoder)?;
        close(encoder, stream.add_samples(self.samples))
    }
}

/// Closes the encoder if all was fed, else gives the file up.
fn close(encoder: Encoder, fed: Result<()>) -> Result<Report> {
    match fed {
        Ok(()) => encoder.close(),
        Err(error) => {
            encoder.abort();
            Err(error)
        }
    }
}
