//! Frames and samples in, a video file that plays everywhere out.
//!
//! framewright encodes pictures and sound to AV1 and Opus (and Motion JPEG, FLAC, PCM) and writes MP4, WebM, Matroska and
//! the other containers of [`Container`], with several streams fed a piece at a time. All of it is Rust: no FFmpeg, no C codec, no system library.
//!
//! # Example
//!
//! ```
//! use framewright::{AudioOptions, AudioSamples, Encoder, FrameView, VideoOptions};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("out.mp4");
//! let mut encoder = Encoder::new();
//! let mut video = encoder.add_video(VideoOptions::new(64, 48).frame_rate(25))?;
//! let mut audio = encoder.add_audio(AudioOptions::new(48_000, 2))?;
//! encoder.open_file(&path)?;
//!
//! for i in 0..10u8 {
//!     let pixels = vec![25 * i; 64 * 48 * 3];
//!     video.add_frame(&FrameView::rgb(64, 48, &pixels)?)?;
//!     audio.add_samples(AudioSamples::interleaved(&[0i16; 2 * 48_000 / 25], 2)?)?;
//! }
//!
//! let report = encoder.close()?;
//! assert_eq!(report.duration.as_millis(), 400);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where things are
//!
//! * [`Encoder`] makes one file; [`VideoStream`] and [`AudioStream`] take what goes into it. [`VideoEncoder`] and
//!   [`AudioEncoder`] do one stream in one call.
//! * [`VideoOptions`], [`AudioOptions`], [`EncoderOptions`]: typed, or from strings by `set`.
//! * [`FrameView`], [`FrameBatch`] and [`AudioSamples`] borrow what you have.
//! * [`PacketWriter`] is the muxers alone, for packets that you have already; [`sink`] is where bytes go.
//! * [`motion`] says how frames moved, where scenes begin, and which frames repeat the one before.
//! * [`inspect`] says what is in a file; [`input`] (feature `input`) reads frames and samples from files.
//! * [`Error`] has a [`kind`](Error::kind), a message that says what to do, and a source.
//!
//! # Cookbook
//!
//! **Frames of an array library**, N x C x H x W, many in one slice: [`FrameBatch::nchw`] and
//! [`VideoStream::add_frames`]. N x H x W x C: [`FrameBatch::nhwc`].
//!
//! **Frames with padding at the end of their rows**: [`FrameView::from_planes`] takes a stride for each plane.
//!
//! **Time stamps of your own** (variable frame rate): set [`VideoOptions::time_base`], feed with
//! [`VideoStream::add_frame_at`], and say with [`VideoStream::end_at`] when the last frame ends.
//!
//! ```
//! use framewright::media::TimeBase;
//! use framewright::{Container, Encoder, FrameView, Timestamp, VideoOptions, sink::SharedWriter};
//!
//! let file = SharedWriter::new(std::io::Cursor::new(Vec::new()));
//! let mut encoder = Encoder::new();
//! let mut video = encoder.add_video(VideoOptions::new(32, 32).time_base(TimeBase::MILLISECONDS))?;
//! encoder.open_writer(file.clone(), Container::Matroska)?;
//! let pixels = [200u8; 32 * 32];
//! for at in [0, 40, 500] {
//!     video.add_frame_at(&FrameView::gray(32, 32, &pixels[..])?, Timestamp::from_millis(at))?;
//! }
//! video.end_at(Timestamp::from_millis(2_000))?;
//! assert_eq!(encoder.close()?.duration.as_millis(), 2_000);
//! # Ok::<(), framewright::Error>(())
//! ```
//!
//! **A socket, a pipe, standard output**: [`Encoder::open_stream`]. MP4 becomes fragmented, Matroska and WebM live.
//!
//! **Tags, chapters, a layout**: [`EncoderOptions::metadata`] and [`EncoderOptions::layout`]. **Languages, titles, rotation,
//! HDR**: options of the stream. **Subtitles**: [`Encoder::add_subtitles`]. What the container has no place for is refused
//! when it is opened.
//!
//! ```
//! use framewright::media::{Chapter, Metadata, Orientation};
//! use framewright::{Container, Encoder, EncoderOptions, FrameView, Layout, Timestamp, VideoOptions};
//!
//! let metadata = Metadata::new().tag("title", "The walk").chapter(Chapter::new(Timestamp::from_millis(0), "Start"));
//! let options = EncoderOptions::new().metadata(metadata).layout(Layout::FastStart);
//! let mut encoder = Encoder::with_options(options)?;
//! let mut video = encoder.add_video(VideoOptions::new(32, 32).rotate(Orientation::turned(1)).language("en"))?;
//! encoder.open_writer(std::io::Cursor::new(Vec::new()), Container::Mp4)?;
//! video.add_frame(&FrameView::gray(32, 32, &[90; 32 * 32])?)?;
//! encoder.close()?;
//! # Ok::<(), framewright::Error>(())
//! ```
//!
//! **HLS and DASH**: `open_file("show/clip.m3u8")` or `.mpd` writes a manifest and its segments into that
//! folder, which has to be there.
//!
//! **A thread for each stream**: the handles are `Send`. Where one may run far ahead, give the encoder
//! [`QueueFull::Wait`].
//!
//! ```
//! use framewright::{AudioOptions, AudioSamples, Container, Encoder, FrameView, VideoOptions};
//!
//! let mut encoder = Encoder::new();
//! let mut video = encoder.add_video(VideoOptions::new(32, 32))?;
//! let mut audio = encoder.add_audio(AudioOptions::new(48_000, 1))?;
//! encoder.open_stream(std::io::sink(), Container::WebM)?;
//! let sound = std::thread::spawn(move || {
//!     (0..10).try_for_each(|_| audio.add_samples(AudioSamples::planar(&[0.0f32; 1_600], 1)?))
//! });
//! for i in 0..10u8 {
//!     video.add_frame(&FrameView::gray(32, 32, &[i; 32 * 32])?)?;
//! }
//! sound.join().expect("the thread ended")?;
//! encoder.close()?;
//! # Ok::<(), framewright::Error>(())
//! ```
//!
//! **Lossless sound**: [`AudioCodec::Flac`] with [`AudioOptions::sample_format`]; 16-bit samples come out bit for bit.
//!
//! **A smaller picture**: [`VideoOptions::out_size`].
//!
//! **The same bytes again**: the same input and options give the same file, however the input was cut into calls and
//! whatever the number of threads.
//!
//! # Features
//!
//! * `parallel` (default): worker threads.
//! * `cli` (default): the program `framewright`; switch it off in a library with `default-features = false`.
//! * `formats` (default, by `cli`): all of the next six. Without them there are AV1 of 8 bits, Opus, PCM and raw pictures in
//!   MP4, MOV, Matroska and WebM, in a third less of code.
//! * `ten-bit`: AV1 of 10 bits. `mjpeg`, `flac`: those codecs. `containers`: AVI, AVIF, IVF, OBU, Y4M, Ogg, WAV, and FLAC by
//!   itself. `segments`: HLS and DASH. `motion`: what encoding does with the search for motion (denoising, analysis, scene
//!   cuts by it); the search itself is always there.
//! * `input`: readers of Y4M, images, GIF, audio, subtitle and chapter files.
//! * `animation`: GIF and APNG out.
//! * `image`: `TryFrom` the buffers of the `image` crate for [`FrameView`].
//! * `asm`: the AV1 engine's assembly on x86-64 and AArch64, about 4 times as fast with the same bytes; needs nasm
//!   on x86-64 to build.
//! * `gpu`: colour conversion on a GPU, and frames straight from textures of `wgpu`.
//! * `testing`: `framewright::testing`, scenes, sounds and whole small files by seed.
//! * `arbitrary`: the same, and `Arbitrary` (of the crate of that name) for options, frames, samples and small files.
#![deny(unsafe_code)]
#![warn(missing_docs)]
#![cfg_attr(not(feature = "cli"), allow(rustdoc::broken_intra_doc_links, reason = "they lead to rooms left out"))]
#![cfg_attr(not(feature = "formats"), allow(dead_code, reason = "words of the formats that are left out"))]

mod codec;
mod convert;
mod encoder;
mod error;
#[cfg(feature = "gpu")]
mod gpu;
#[cfg(feature = "input")]
pub mod input;
pub mod inspect;
pub mod media;
pub mod motion;
mod mux;
mod parallel;
pub mod sink;
#[cfg(feature = "testing")]
pub mod testing;

pub use codec::av1::groups::GroupPool;
pub use convert::picture::Fit;
#[doc(hidden)]
pub use convert::rgb::conversion_for_benches;
#[cfg(feature = "gpu")]
pub use encoder::GpuReport;
pub use encoder::{
    AudioEncoder, AudioOptions, AudioStream, Encoder, EncoderOptions, GroupEncoder, Limits, OptionInfo, QueueFull,
    Report, StreamKind, StreamReport, SubtitleOptions, SubtitleStream, VideoEncoder, VideoOptions, VideoStream,
};
pub use error::{Error, ErrorKind, Result};
#[cfg(feature = "gpu")]
pub use gpu::{Device, GpuContext, TextureConverter};
pub use media::{
    AudioCodec, AudioSamples, Color, ColorRange, FrameBatch, FrameFormat, FrameRate, FrameView, PixelFormat,
    SampleFormat, SubtitleCodec, Timestamp, VideoCodec,
};
pub use mux::{Container, Feature, Layout, MuxOptions, PacketWriter};

/// The README's example is compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
