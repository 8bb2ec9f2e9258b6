//! Animated GIF: pictures composed on a canvas, each with its delay.

use std::io::{self, Read};
use std::num::NonZeroU64;

use gif::{ColorOutput, DecodeOptions, Decoder, DecodingError, DisposalMethod, MemoryLimit};

use super::samples::{MAX_FRAME_BYTES, too_large};
use super::source::{FrameTime, SourceFrame, VideoInfo, VideoSource};
use crate::error::{Error, Result, catch_panic};
use crate::media::{FrameFormat, FrameView, TimeBase, Timestamp};

/// GIF counts time in hundredths of a second.
const TIME_BASE: TimeBase = TimeBase::per_second(100);

/// What a delay of 0 or 1 means.
const DEFAULT_DELAY: u32 = 10;

/// Reads an animated GIF once through; what its header says about repetition is left aside.
///
/// Frames are RGBA and of the size of the canvas, composed as browsers do, and clear where nothing was drawn. Delays are
/// those of the file, to the hundredth of a second, but 0 and 1: browsers show such frames for 100 ms, and so do we.
///
/// ```
/// use framewright::input::{FrameTime, GifReader, VideoSource};
///
/// let gif = b"GIF89a\x01\0\x01\0\x80\0\0\xff\xff\xff\0\0\0\
///     !\xf9\x04\0\x07\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0;";
/// let mut reader = GifReader::new(&gif[..])?;
/// let frame = reader.next_frame()?.unwrap();
/// assert!(matches!(frame.time, FrameTime::At { pts, duration: 7 } if pts.ticks == 0));
/// assert!(reader.next_frame()?.is_none());
/// # Ok::<(), framewright::Error>(())
/// ```
pub struct GifReader<R: Read> {
    decoder: Decoder<R>,
    info: VideoInfo,
    canvas: Canvas,
    /// What is done to the canvas before the next frame is drawn.
    pending: Option<Disposal>,
    /// Pixels of a frame, before they are drawn.
    pixels: Vec<u8>,
    max_frame_bytes: u64,
    /// When the next frame appears, in ticks.
    now: i64,
    /// How many frames have been read.
    count: u64,
}

impl<R: Read> GifReader<R> {
    /// Reads the header. Frames may have up to [`MAX_FRAME_BYTES`] bytes. `reader` is buffered inside.
    ///
    /// # Errors
    /// As [`with_limit`](Self::with_limit).
    pub fn new(reader: R) -> Result<Self> {
        Self::with_limit(reader, MAX_FRAME_BYTES)
    }

    /// As [`new`](Self::new), with another limit on the bytes of a frame: four times its width times its height, which a few
    /// bytes of header can claim.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where it is no GIF or has no area;
    /// [`Limit`](crate::ErrorKind::Limit) where a frame takes more than the limit.
    pub fn with_limit(reader: R, max_frame_bytes: u64) -> Result<Self> {
        let mut options = DecodeOptions::new();
        options.set_color_output(ColorOutput::RGBA);
        let limit = NonZeroU64::new(max_frame_bytes).unwrap_or(NonZeroU64::MIN);
        options.set_memory_limit(MemoryLimit::Bytes(limit));
        let opened = guarded(|| options.read_info(reader))?;
        let decoder = opened.map_err(|error| failed(error, 0, max_frame_bytes))?;
        let (width, height) = (decoder.width(), decoder.height());
        if width == 0 || height == 0 {
            return Err(Error::input(format!(
                "the GIF has a canvas of {width}x{height}: both sides must be at least 1"
            )));
        }
        let canvas = Canvas::new(width, height, max_frame_bytes)?;
        let info = VideoInfo { variable: true, ..VideoInfo::new(width.into(), height.into(), FrameFormat::Rgba, 8) };
        Ok(GifReader { decoder, info, canvas, pending: None, pixels: Vec::new(), max_frame_bytes, now: 0, count: 0 })
    }
}

impl<R: Read> VideoSource for GifReader<R> {
    fn info(&self) -> &VideoInfo {
        &self.info
    }

    fn next_frame(&mut self) -> Result<Option<SourceFrame<'_>>> {
        let (count, limit) = (self.count, self.max_frame_bytes);
        let found = guarded(|| self.decoder.next_frame_info())?;
        let Some(frame) = found.map_err(|error| failed(error, count, limit))? else {
            return Ok(None);
        };
        let area = Area { left: frame.left, top: frame.top, width: frame.width, height: frame.height };
        let (delay, dispose) = (u32::from(frame.delay), frame.dispose);
        let duration = if delay <= 1 { DEFAULT_DELAY } else { delay };

        let len = frame_bytes(area.width, area.height, limit).ok_or_else(|| too_large(frame_of(count), limit))?;
        self.pixels.resize(len, 0);
        let read = guarded(|| self.decoder.read_into_buffer(&mut self.pixels))?;
        read.map_err(|error| failed(error, count, limit))?;

        match self.pending.take() {
            Some(Disposal::Clear(area)) => self.canvas.clear(area),
            Some(Disposal::Restore(area, pixels)) => self.canvas.replace(area, &pixels),
            None => {}
        }
        self.pending = match dispose {
            DisposalMethod::Any | DisposalMethod::Keep => None,
            DisposalMethod::Background => Some(Disposal::Clear(area)),
            DisposalMethod::Previous => Some(Disposal::Restore(area, self.canvas.copy(area))),
        };
        self.canvas.draw(area, &self.pixels);

        let pts = Timestamp::new(self.now, TIME_BASE);
        self.now += i64::from(duration);
        self.count += 1;
        let frame = FrameView::rgba(self.info.width, self.info.height, &self.canvas.pixels)?;
        Ok(Some(SourceFrame { frame, time: FrameTime::At { pts, duration } }))
    }
}

impl<R: Read> std::fmt::Debug for GifReader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GifReader").field("info", &self.info).field("count", &self.count).finish_non_exhaustive()
    }
}

/// What becomes of a frame's area after its time.
enum Disposal {
    Clear(Area),
    /// The area shows again what it did before.
    Restore(Area, Vec<u8>),
}

/// Where a frame is drawn. It may reach beyond the canvas; what does is not seen.
#[derive(Clone, Copy)]
struct Area {
    left: u16,
    top: u16,
    width: u16,
    height: u16,
}

/// The picture as it is shown, in RGBA.
struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Canvas {
    fn new(width: u16, height: u16, limit: u64) -> Result<Self> {
        let len = frame_bytes(width, height, limit).ok_or_else(|| too_large(frame_of(0), limit))?;
        Ok(Canvas { width: width.into(), height: height.into(), pixels: vec![0; len] })
    }

    /// The bytes of each row of `area` on the canvas, with the bytes of the same pixels in a buffer of the area's own.
    fn rows(&self, area: Area) -> impl Iterator<Item = (std::ops::Range<usize>, std::ops::Range<usize>)> + use<> {
        let (left, top) = (usize::from(area.left), usize::from(area.top));
        let width = usize::from(area.width).min(self.width.saturating_sub(left));
        let height = usize::from(area.height).min(self.height.saturating_sub(top));
        let (stride, own_stride) = (self.width * 4, usize::from(area.width) * 4);
        let rows = if width == 0 { 0..0 } else { 0..height };
        rows.map(move |row| {
            let (start, own) = ((top + row) * stride + left * 4, row * own_stride);
            (start..start + width * 4, own..own + width * 4)
        })
    }

    fn clear(&mut self, area: Area) {
        for (here, _) in self.rows(area) {
            self.pixels[here].fill(0);
        }
    }

    /// What the area shows; zeros where it reaches beyond the canvas.
    fn copy(&self, area: Area) -> Vec<u8> {
        let mut copy = vec![0; usize::from(area.width) * usize::from(area.height) * 4];
        for (here, own) in self.rows(area) {
            copy[own].copy_from_slice(&self.pixels[here]);
        }
        copy
    }

    fn replace(&mut self, area: Area, pixels: &[u8]) {
        for (here, own) in self.rows(area) {
            self.pixels[here].copy_from_slice(&pixels[own]);
        }
    }

    /// Draws the pixels that are not transparent; GIF knows no alpha between.
    fn draw(&mut self, area: Area, pixels: &[u8]) {
        for (here, own) in self.rows(area) {
            for (to, from) in self.pixels[here].chunks_exact_mut(4).zip(pixels[own].chunks_exact(4)) {
                if from[3] != 0 {
                    to.copy_from_slice(from);
                }
            }
        }
    }
}

/// Runs a piece of the decoder, which must not bring the caller down even where a damaged file finds a bug in it.
fn guarded<T>(run: impl FnOnce() -> T) -> Result<T> {
    catch_panic("the decoder of GIF", run)
}

/// The bytes of so many pixels, where the limit and the address space have room for them.
fn frame_bytes(width: u16, height: u16, limit: u64) -> Option<usize> {
    let bytes = 4 * u64::from(width) * u64::from(height);
    usize::try_from(bytes).ok().filter(|_| bytes <= limit)
}

fn frame_of(number: u64) -> String {
    format!("frame {number} of the GIF")
}

fn failed(error: DecodingError, frame: u64, limit: u64) -> Error {
    match error {
        DecodingError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => Error::io("reading the GIF", error),
        DecodingError::MemoryLimit | DecodingError::OutOfMemory => too_large(frame_of(frame), limit),
        _ => Error::input(format!("frame {frame} of the GIF cannot be decoded: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use gif::{Encoder, Frame};
    use image::AnimationDecoder;
    use image::codecs::gif::GifDecoder;
    use proptest::prelude::*;

    use super::super::testing::media;
    use super::*;
    use crate::media::PlaneData;

    type Frames = Vec<(i64, u32, Vec<u8>)>;

    fn read(bytes: &[u8]) -> Result<Frames> {
        let mut reader = GifReader::new(bytes)?;
        let mut frames = Vec::new();
        while let Some(SourceFrame { frame, time: FrameTime::At { pts, duration } }) = reader.next_frame()? {
            let PlaneData::U8(pixels) = frame.plane(0).unwrap().data else { panic!() };
            frames.push((pts.ticks, duration, pixels.to_vec()));
        }
        Ok(frames)
    }

    /// A 2x2 canvas and frames of palette 0 red, 1 green, 2 transparent.
    fn gif(frames: &[(Area, u16, DisposalMethod, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, 2, 2, &[255, 0, 0, 0, 255, 0, 0, 0, 0]).unwrap();
        for &(Area { left, top, width, height }, delay, dispose, pixels) in frames {
            let buffer = pixels.into();
            let frame =
                Frame { left, top, width, height, delay, dispose, transparent: Some(2), buffer, ..Frame::default() };
            encoder.write_frame(&frame).unwrap();
        }
        drop(encoder);
        bytes
    }

    const ALL: Area = Area { left: 0, top: 0, width: 2, height: 2 };
    const R: [u8; 4] = [255, 0, 0, 255];
    const G: [u8; 4] = [0, 255, 0, 255];
    const N: [u8; 4] = [0; 4];

    #[test]
    fn frames_are_composed_and_disposed() {
        let corner = Area { left: 1, top: 1, width: 1, height: 1 };
        let frames = read(&gif(&[
            (ALL, 5, DisposalMethod::Keep, &[0, 0, 2, 0]),
            (corner, 0, DisposalMethod::Previous, &[1]),
            (Area { left: 0, top: 1, ..corner }, 1, DisposalMethod::Background, &[1]),
            (ALL, 2, DisposalMethod::Background, &[2, 2, 2, 1]),
            (ALL, 300, DisposalMethod::Any, &[2, 2, 1, 2]),
        ]));
        let shown = [[R, R, N, R], [R, R, N, G], [R, R, G, R], [R, R, N, G], [N, N, G, N]];
        let times = [(0, 5), (5, 10), (15, 10), (25, 2), (27, 300)];
        let expected: Frames =
            shown.iter().zip(times).map(|(pixels, (pts, duration))| (pts, duration, pixels.concat())).collect();
        assert_eq!(frames.unwrap(), expected);
    }

    #[test]
    fn what_reaches_beyond_the_canvas_is_not_seen() {
        let mut outside =
            gif(&[(ALL, 5, DisposalMethod::Previous, &[0, 1, 1, 1]), (ALL, 5, DisposalMethod::Any, &[2; 4])]);
        // The first frame's descriptor: moved to the right by one.
        let at = outside.iter().position(|&byte| byte == b',').unwrap();
        outside[at + 1] = 1;
        let frames = read(&outside).unwrap();
        assert_eq!(frames[0].2, [N, R, N, G].concat());
        assert_eq!(frames[1].2, [N; 4].concat());
        outside[at + 1] = 200;
        assert_eq!(read(&outside).unwrap()[0].2, [N; 4].concat());
    }

    #[test]
    fn truncation_names_the_frame() {
        let bytes = gif(&[(ALL, 5, DisposalMethod::Keep, &[0; 4]), (ALL, 5, DisposalMethod::Keep, &[1; 4])]);
        let error = read(&bytes[..bytes.len() - 6]).unwrap_err().to_string();
        assert!(error.contains("frame 1 of the GIF"), "{error}");
        assert!(read(b"GIF89a").is_err() && read(b"PNG").is_err());
    }

    #[test]
    fn real_animations_match_another_compositor() {
        let Some(media) = media("gif") else { return };
        for (name, count, total) in [("moon_impact.gif", 14, 210), ("newtonscradle.gif", 36, 82)] {
            let bytes = std::fs::read(media.join(name)).unwrap();
            let frames = read(&bytes).unwrap();
            let (pts, duration, _) = frames.last().unwrap();
            assert_eq!((frames.len(), pts + i64::from(*duration)), (count, total), "{name}");
            let others = GifDecoder::new(io::Cursor::new(&bytes)).unwrap().into_frames();
            for (index, (other, (_, duration, pixels))) in others.zip(&frames).enumerate() {
                let other = other.unwrap();
                assert_eq!(other.delay().numer_denom_ms(), (duration * 10, 1));
                assert!(other.into_buffer().as_raw() == pixels, "{name}: frame {index}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(flips in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..6), cut in any::<usize>()) {
            let mut bytes = gif(&[(ALL, 5, DisposalMethod::Previous, &[0, 1, 2, 0]), (ALL, 5, DisposalMethod::Any, &[1; 4])]);
            // The size of the canvas stays: large ones only take time.
            for (at, value) in flips {
                let at = 10 + at % (bytes.len() - 10);
                bytes[at] ^= value;
            }
            bytes.truncate(bytes.len() - cut % 8);
            let _ = read(&bytes);
        }
    }
}
