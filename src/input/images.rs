//! Still images, one or many, as the frames of a video.

use std::io;
use std::path::{Path, PathBuf};

use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, ImageError, ImageReader, Limits};

use super::pattern;
use super::samples::{MAX_FRAME_BYTES, too_large};
use super::source::{FrameTime, SourceFrame, VideoInfo, VideoSource};
use crate::error::{Error, Result, catch_panic};
use crate::media::{FrameFormat, FrameView};

/// Reads images as frames: PNG, JPEG, BMP, WebP, GIF, recognised by their content. Of an animation it is the first
/// picture; [`GifReader`](super::GifReader) has them all.
///
/// Images are decoded one at a time. All of them have the size of the first; their formats may differ (grey, RGB, RGBA;
/// 8 or 16 bits).
///
/// ```
/// use framewright::input::{ImageSequence, VideoSource};
///
/// let dir = tempfile::tempdir().unwrap();
/// for number in [1, 2, 10] {
///     image::RgbImage::new(4, 3).save(dir.path().join(format!("{number}.png"))).unwrap();
/// }
/// let mut images = ImageSequence::open(dir.path().join("*.png").to_str().unwrap())?;
/// assert_eq!(images.info().frames, Some(3));
/// assert_eq!((images.info().width, images.info().height), (4, 3));
/// assert!(images.next_frame()?.is_some());
/// # Ok::<(), framewright::Error>(())
/// ```
#[derive(Debug)]
pub struct ImageSequence {
    paths: std::vec::IntoIter<PathBuf>,
    first: PathBuf,
    info: VideoInfo,
    image: DynamicImage,
    max_frame_bytes: u64,
}

impl ImageSequence {
    /// The images that `pattern` means: one file, the files that match `*` and `?` (in natural order: `frame2` before
    /// `frame10`), or the files of a number like `%04d`, counted up from the first that exists. The pattern stands in
    /// the file name, not in its directory.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where there is no such file, a number is missing between two
    /// others, or the first image cannot be decoded.
    pub fn open(pattern: &str) -> Result<Self> {
        Self::open_with_limit(pattern, MAX_FRAME_BYTES)
    }

    /// As [`open`](Self::open), with another limit on the bytes of an image than [`MAX_FRAME_BYTES`].
    ///
    /// # Errors
    /// As [`open`](Self::open); [`Limit`](crate::ErrorKind::Limit) for a larger image.
    pub fn open_with_limit(pattern: &str, max_frame_bytes: u64) -> Result<Self> {
        let literal = Path::new(pattern);
        let paths = if literal.exists() { vec![literal.to_owned()] } else { pattern::expand(pattern)? };
        Self::with_limit(paths, max_frame_bytes)
    }

    /// The images of these files, in this order.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where there is none or the first cannot be decoded.
    pub fn new(paths: Vec<PathBuf>) -> Result<Self> {
        Self::with_limit(paths, MAX_FRAME_BYTES)
    }

    /// As [`new`](Self::new), with another limit on the bytes of an image than [`MAX_FRAME_BYTES`].
    ///
    /// # Errors
    /// As [`new`](Self::new); [`Limit`](crate::ErrorKind::Limit) for a larger image.
    pub fn with_limit(paths: Vec<PathBuf>, max_frame_bytes: u64) -> Result<Self> {
        let first = paths.first().cloned().ok_or_else(|| Error::input("a sequence of no images"))?;
        let mut decoder = decoder(&first, max_frame_bytes)?;
        let (format, bit_depth) = frame_format(decoder.color_type());
        let (mut width, mut height) = decoder.dimensions();
        if turned(orientation(&mut decoder, &first, max_frame_bytes)?) {
            (width, height) = (height, width);
        }
        let info = VideoInfo { frames: Some(paths.len() as u64), ..VideoInfo::new(width, height, format, bit_depth) };
        let image = DynamicImage::new_luma8(0, 0);
        Ok(ImageSequence { paths: paths.into_iter(), first, info, image, max_frame_bytes })
    }
}

impl VideoSource for ImageSequence {
    fn info(&self) -> &VideoInfo {
        &self.info
    }

    fn next_frame(&mut self) -> Result<Option<SourceFrame<'_>>> {
        let Some(path) = self.paths.next() else { return Ok(None) };
        let mut decoder = decoder(&path, self.max_frame_bytes)?;
        let orientation = orientation(&mut decoder, &path, self.max_frame_bytes)?;
        let decoded = guarded(&path, || DynamicImage::from_decoder(decoder))?;
        let mut image = decoded.map_err(|error| decoding_failed(&path, error, self.max_frame_bytes))?;
        image.apply_orientation(orientation);
        if (image.width(), image.height()) != (self.info.width, self.info.height) {
            return Err(Error::input(format!(
                "`{}` is {}x{}, but the sequence began with `{}` of {}x{}: all images need one size",
                path.display(),
                image.width(),
                image.height(),
                self.first.display(),
                self.info.width,
                self.info.height
            )));
        }
        self.image = as_frame(image);
        Ok(Some(SourceFrame { frame: view(&self.image)?, time: FrameTime::Constant }))
    }
}

/// Opens one image and reads its head.
fn decoder(path: &Path, max_frame_bytes: u64) -> Result<impl ImageDecoder + use<>> {
    let failed = |error| Error::io(format_args!("reading `{}`", path.display()), error);
    let mut reader = ImageReader::open(path).and_then(ImageReader::with_guessed_format).map_err(failed)?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(max_frame_bytes);
    reader.limits(limits);
    let decoder =
        guarded(path, || reader.into_decoder())?.map_err(|error| decoding_failed(path, error, max_frame_bytes))?;
    if decoder.total_bytes() > max_frame_bytes {
        let (width, height) = decoder.dimensions();
        return Err(too_large(format_args!("`{}` of {width}x{height}", path.display()), max_frame_bytes));
    }
    Ok(decoder)
}

/// Runs a piece of a decoder, which must not bring the caller down even where a damaged image finds a bug in it.
fn guarded<T>(path: &Path, run: impl FnOnce() -> T) -> Result<T> {
    catch_panic(format_args!("the decoder of `{}`", path.display()), run)
}

/// How the image has to be turned by its EXIF data, as cameras write it.
fn orientation(decoder: &mut impl ImageDecoder, path: &Path, max_frame_bytes: u64) -> Result<Orientation> {
    guarded(path, || decoder.orientation())?.map_err(|error| decoding_failed(path, error, max_frame_bytes))
}

fn turned(orientation: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
}

fn decoding_failed(path: &Path, error: ImageError, max_frame_bytes: u64) -> Error {
    match error {
        ImageError::IoError(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
            Error::io(format_args!("reading `{}`", path.display()), error)
        }
        ImageError::Unsupported(_) => Error::unsupported(format!(
            "`{}` is no image that can be read ({error}): taken are PNG, JPEG, WebP, BMP and GIF",
            path.display()
        )),
        ImageError::Limits(_) => too_large(format_args!("`{}`", path.display()), max_frame_bytes),
        _ => Error::input(format!("`{}` cannot be decoded: {error}", path.display())),
    }
}

/// The frame format that holds an image of this kind, and its depth.
fn frame_format(color: ColorType) -> (FrameFormat, u8) {
    match color {
        ColorType::L8 => (FrameFormat::Gray, 8),
        ColorType::L16 => (FrameFormat::Gray, 16),
        ColorType::Rgb8 => (FrameFormat::Rgb, 8),
        ColorType::Rgb16 | ColorType::Rgb32F => (FrameFormat::Rgb, 16),
        ColorType::La16 | ColorType::Rgba16 | ColorType::Rgba32F => (FrameFormat::Rgba, 16),
        _ => (FrameFormat::Rgba, 8),
    }
}

/// The image in the form that `frame_format` names.
fn as_frame(image: DynamicImage) -> DynamicImage {
    match (frame_format(image.color()), image) {
        (_, image @ (DynamicImage::ImageLuma8(_) | DynamicImage::ImageLuma16(_))) => image,
        ((FrameFormat::Rgb, 16), image) => DynamicImage::ImageRgb16(image.into_rgb16()),
        ((FrameFormat::Rgb, _), image) => DynamicImage::ImageRgb8(image.into_rgb8()),
        ((_, 16), image) => DynamicImage::ImageRgba16(image.into_rgba16()),
        (_, image) => DynamicImage::ImageRgba8(image.into_rgba8()),
    }
}

fn view(image: &DynamicImage) -> Result<FrameView<'_>> {
    match image {
        DynamicImage::ImageLuma8(image) => image.try_into(),
        DynamicImage::ImageLuma16(image) => image.try_into(),
        DynamicImage::ImageRgb8(image) => image.try_into(),
        DynamicImage::ImageRgb16(image) => image.try_into(),
        DynamicImage::ImageRgba8(image) => image.try_into(),
        DynamicImage::ImageRgba16(image) => image.try_into(),
        other => Err(Error::unsupported(format!("images of {:?}", other.color()))),
    }
}

#[cfg(test)]
mod tests {
    use image::{ImageBuffer, Luma, LumaA, Rgb, Rgba};

    use super::super::testing::media;
    use super::*;
    use crate::error::ErrorKind;
    use crate::media::PlaneData;

    fn frames(sequence: &mut ImageSequence) -> Vec<(FrameFormat, u8, u64)> {
        let mut frames = Vec::new();
        while let Some(SourceFrame { frame, time }) = sequence.next_frame().unwrap() {
            assert_eq!(time, FrameTime::Constant);
            let sum = match frame.plane(0).unwrap().data {
                PlaneData::U8(samples) => samples.iter().map(|&sample| u64::from(sample)).sum(),
                PlaneData::U16(samples) => samples.iter().map(|&sample| u64::from(sample)).sum(),
            };
            frames.push((frame.format(), frame.bit_depth(), sum));
        }
        frames
    }

    #[test]
    fn every_kind_of_pixel_keeps_its_samples() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        ImageBuffer::from_pixel(2, 1, Luma([7u8])).save(path("1.png")).unwrap();
        ImageBuffer::from_pixel(2, 1, Luma([700u16])).save(path("2.png")).unwrap();
        ImageBuffer::from_pixel(2, 1, LumaA([7u8, 9])).save(path("3.png")).unwrap();
        ImageBuffer::from_pixel(2, 1, Rgb([1u8, 2, 3])).save(path("4.png")).unwrap();
        ImageBuffer::from_pixel(2, 1, Rgb([100u16, 200, 300])).save(path("5.png")).unwrap();
        ImageBuffer::from_pixel(2, 1, Rgba([1u8, 2, 3, 4])).save(path("6.bmp")).unwrap();
        ImageBuffer::from_pixel(2, 1, Rgba([100u16, 200, 300, 400])).save(path("7.png")).unwrap();
        let mut sequence = ImageSequence::open(path("*").to_str().unwrap()).unwrap();
        assert_eq!((sequence.info().format, sequence.info().bit_depth), (FrameFormat::Gray, 8));
        assert_eq!(
            frames(&mut sequence),
            [
                (FrameFormat::Gray, 8, 14),
                (FrameFormat::Gray, 16, 1400),
                (FrameFormat::Rgba, 8, 60),
                (FrameFormat::Rgb, 8, 12),
                (FrameFormat::Rgb, 16, 1200),
                (FrameFormat::Rgba, 8, 20),
                (FrameFormat::Rgba, 16, 2000),
            ]
        );
    }

    #[test]
    fn another_size_and_damage_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        ImageBuffer::from_pixel(2, 1, Luma([7u8])).save(path("a0.png")).unwrap();
        ImageBuffer::from_pixel(1, 2, Luma([7u8])).save(path("a1.png")).unwrap();
        let mut sequence = ImageSequence::open(path("a%d.png").to_str().unwrap()).unwrap();
        assert!(sequence.next_frame().unwrap().is_some());
        let error = sequence.next_frame().unwrap_err().to_string();
        assert!(error.contains("a1.png` is 1x2") && error.contains("a0.png` of 2x1"), "{error}");

        let png = std::fs::read(path("a0.png")).unwrap();
        std::fs::write(path("cut.png"), &png[..png.len() - 20]).unwrap();
        let mut cut = ImageSequence::open(path("cut.png").to_str().unwrap()).unwrap();
        let error = cut.next_frame().unwrap_err();
        assert!(error.kind() == ErrorKind::InvalidInput && error.to_string().contains("cut.png"), "{error}");
        std::fs::write(path("text.png"), b"no image").unwrap();
        assert!(ImageSequence::open(path("text.png").to_str().unwrap()).is_err());
        // A head that claims 65535 x 65535 RGBA takes no memory.
        let mut bomb = png.clone();
        bomb[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
        std::fs::write(path("bomb.png"), bomb).unwrap();
        assert!(ImageSequence::open(path("bomb.png").to_str().unwrap()).is_err());
    }

    #[test]
    fn real_sequences() {
        let Some(media) = media("png") else { return };
        let open = |name: &str| ImageSequence::open(media.join(name).to_str().unwrap()).unwrap();
        let mut asteroid = open("asteroid/*.png");
        assert_eq!(asteroid.info().frames, Some(60));
        let by_glob = frames(&mut asteroid);
        assert!(by_glob.iter().all(|&(format, bits, _)| (format, bits) == (FrameFormat::Rgba, 8)));
        assert_eq!(by_glob, frames(&mut open("asteroid/frame_%03d.png")));
    }
}
