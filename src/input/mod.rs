//! Readers of frames and samples from files: for the tool, and for whoever wants them.
//!
//! [`open()`] takes a name and finds out what it is. The readers can be used by themselves too:
//!
//! | Reader | What it reads | From |
//! |---|---|---|
//! | [`Y4mReader`] | YUV4MPEG2, 8 to 16 bits | any `Read` |
//! | [`RawReader`] | raw frames, as a [`RawSpec`] says | any `Read` |
//! | [`ImageSequence`] | PNG, JPEG, WebP, BMP, one or many | files |
//! | [`GifReader`] | animated GIF with its delays | any `Read` |
//! | [`AudioReader`] | WAV, FLAC, MP3, Ogg Vorbis, AAC | a file or any `Read` |
//!
//! [`read_subtitles`] reads SRT and WebVTT, [`read_chapters`] the chapter files of other tools.
//!
//! Frames and samples are borrowed from the reader and go into a stream as they are. No reader holds more than a frame or
//! two, and none takes memory on the word of a header.
//!
//! ```
//! use framewright::input::{FrameTime, Input, VideoSource, open_stream};
//!
//! let clip = b"YUV4MPEG2 W2 H2 F25:1 Cmono\nFRAME\n\x10\x10\x10\x10";
//! let Input::Video(mut source) = open_stream(&clip[..], None)? else { unreachable!() };
//! while let Some(frame) = source.next_frame()? {
//!     assert_eq!((frame.frame.width(), frame.time), (2, FrameTime::Constant));
//! }
//! # Ok::<(), framewright::Error>(())
//! ```

mod audio;
mod chapters;
mod gif;
mod images;
mod open;
mod pattern;
mod raw;
mod samples;
mod source;
mod subtitles;
#[cfg(test)]
mod testing;
mod y4m;

pub use audio::AudioReader;
pub use chapters::{ChapterFile, read_chapter_file, read_chapters};
pub use gif::GifReader;
pub use images::ImageSequence;
pub use open::{Input, open, open_stream, open_stream_with_limit, open_with_limit};
pub use raw::{RawFormat, RawReader, RawSpec};
pub use samples::MAX_FRAME_BYTES;
pub use source::{AudioInfo, AudioSource, FrameTime, SourceFrame, VideoInfo, VideoSource};
pub use subtitles::{MAX_SUBTITLE_BYTES, Subtitles, TimedCue, read_subtitles};
pub use y4m::Y4mReader;
