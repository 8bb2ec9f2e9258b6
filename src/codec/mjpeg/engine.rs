//! The engine, over `jpeg-encoder`.

use jpeg_encoder::{Encoder, ImageBuffer, JpegColorType, SamplingFactor};

use super::MjpegSettings;
use crate::codec::{CodedPicture, VideoEngine, VideoInput};
use crate::error::{Error, Result};
use crate::media::{ChromaSubsampling, CodecConfig, PictureView, PlaneView, Samples};

pub(super) fn open(settings: &MjpegSettings) -> Result<Box<dyn VideoEngine>> {
    let (width, height) = settings.size()?;
    Ok(Box::new(Mjpeg { settings: settings.clone(), width, height, finished: false }))
}

struct Mjpeg {
    settings: MjpegSettings,
    width: u16,
    height: u16,
    finished: bool,
}

impl VideoEngine for Mjpeg {
    fn encode(&mut self, input: VideoInput<'_>, out: &mut Vec<CodedPicture>) -> Result<()> {
        if self.finished {
            return Err(Error::state("the Motion JPEG encoder has finished; it takes no more pictures"));
        }
        let image = PlanarImage::new(self, &input.picture)?;
        let mut data = Vec::new();
        let mut encoder = Encoder::new(&mut data, self.settings.quality);
        encoder.set_sampling_factor(match self.settings.format.chroma() {
            ChromaSubsampling::Yuv420 => SamplingFactor::R_4_2_0,
            ChromaSubsampling::Yuv422 => SamplingFactor::R_4_2_2,
            ChromaSubsampling::Yuv444 | ChromaSubsampling::Monochrome => SamplingFactor::R_4_4_4,
        });
        // The Huffman tables stay those of the standard: optimised ones would make a scan of each component, which
        // hardware decoders of Motion JPEG do not take.
        encoder.encode_image(image).map_err(|error| Error::codec("JPEG encoding failed").with_source(error))?;
        out.push(CodedPicture { data, key: true });
        Ok(())
    }

    fn finish(&mut self, _out: &mut Vec<CodedPicture>) -> Result<()> {
        match std::mem::replace(&mut self.finished, true) {
            false => Ok(()),
            true => Err(Error::state("the Motion JPEG encoder has finished already")),
        }
    }

    fn config(&self) -> Option<CodecConfig> {
        Some(CodecConfig::Mjpeg)
    }
}

/// Planes for an encoder that asks for rows of full width, and takes of each group of chroma samples the first.
struct PlanarImage<'a> {
    width: u16,
    height: u16,
    planes: Vec<(&'a [u8], PlaneView<'a>)>,
    /// By how many bits width and height of the chroma planes are shifted.
    shifts: (u32, u32),
}

impl<'a> PlanarImage<'a> {
    fn new(engine: &Mjpeg, picture: &PictureView<'a>) -> Result<Self> {
        let MjpegSettings { format, width, height, .. } = engine.settings;
        let chroma = format.chroma();
        if (picture.format, picture.width, picture.height) != (format, width, height)
            || picture.planes.len() != chroma.planes()
        {
            return Err(Error::input(format!(
                "the picture is {} of {}x{}, but the stream {format} of {width}x{height}",
                picture.format, picture.width, picture.height
            )));
        }
        let planes = picture.planes.iter().enumerate().map(|(index, &view)| {
            let size = format.plane_size(index, width, height);
            match view.samples {
                Samples::U8(samples) if holds(&view, samples.len(), size) => Ok((samples, view)),
                _ => Err(Error::input(format!("plane {index} of the picture does not hold {}x{}", size.0, size.1))),
            }
        });
        let planes = planes.collect::<Result<_>>()?;
        Ok(PlanarImage { width: engine.width, height: engine.height, planes, shifts: chroma.shifts() })
    }
}

/// Whether `length` samples are enough for a view of a plane of this size.
fn holds(view: &PlaneView<'_>, length: usize, (width, height): (usize, usize)) -> bool {
    let end = view.stride.checked_mul(height - 1).and_then(|last_row| last_row.checked_add(width));
    (view.width, view.height) == (width, height) && view.stride >= width && end.is_some_and(|end| end <= length)
}

impl ImageBuffer for PlanarImage<'_> {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        if self.planes.len() == 1 { JpegColorType::Luma } else { JpegColorType::Ycbcr }
    }

    fn width(&self) -> u16 {
        self.width
    }

    fn height(&self) -> u16 {
        self.height
    }

    fn fill_buffers(&self, y: u16, buffers: &mut [Vec<u8>; 4]) {
        for (index, ((samples, view), buffer)) in self.planes.iter().zip(buffers).enumerate() {
            let (x_shift, y_shift) = if index == 0 { (0, 0) } else { self.shifts };
            let start = usize::from(y >> y_shift) * view.stride;
            let row = &samples[start..start + view.width];
            if x_shift == 0 {
                buffer.extend_from_slice(row);
            } else {
                let repeated = row.iter().flat_map(|&sample| [sample, sample]);
                buffer.extend(repeated.take(self.width.into()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::media::{Picture, PixelFormat, Plane};

    const FORMATS: [PixelFormat; 4] =
        [PixelFormat::Yuv420p, PixelFormat::Yuv422p, PixelFormat::Yuv444p, PixelFormat::Gray];

    fn encode(settings: &MjpegSettings, picture: &Picture) -> Vec<u8> {
        let mut engine = settings.open().unwrap();
        let mut out = Vec::new();
        engine.encode(VideoInput { picture: picture.view(), force_key: false, analysis: None }, &mut out).unwrap();
        assert!(out.len() == 1 && out[0].key);
        engine.finish(&mut out).unwrap();
        assert!(engine.finish(&mut out).is_err() && out.len() == 1);
        assert!(
            engine.encode(VideoInput { picture: picture.view(), force_key: false, analysis: None }, &mut out).is_err()
        );
        out.remove(0).data
    }

    /// Each sample is `value(plane, x, y)`.
    fn picture(format: PixelFormat, width: usize, height: usize, value: impl Fn(usize, usize, usize) -> u8) -> Picture {
        let mut picture = Picture::new(format, width, height);
        for (index, plane) in picture.planes.iter_mut().enumerate() {
            let (width, height) = format.plane_size(index, width, height);
            let value = &value;
            let samples = (0..height).flat_map(|y| (0..width).map(move |x| value(index, x, y))).collect();
            *plane = Plane::U8(samples);
        }
        picture
    }

    /// Planes of `y`, `cb`, `cr` at full size, by an independent decoder.
    #[cfg(feature = "image")]
    fn decode(data: &[u8], width: usize, height: usize) -> [Vec<f64>; 3] {
        let image = image::load_from_memory_with_format(data, image::ImageFormat::Jpeg).unwrap().to_rgb32f();
        assert_eq!((image.width() as usize, image.height() as usize), (width, height));
        let rgb = image.pixels().map(|pixel| pixel.0.map(|value| f64::from(value) * 255.0));
        let ycbcr = rgb.map(|[r, g, b]| {
            let y = 0.299 * r + 0.587 * g + 0.114 * b;
            [y, (b - y) / 1.772 + 128.0, (r - y) / 1.402 + 128.0]
        });
        let ycbcr: Vec<_> = ycbcr.collect();
        [0, 1, 2].map(|index| ycbcr.iter().map(|pixel| pixel[index]).collect())
    }

    /// The chroma of 4:2:0 and 4:2:2 goes through the encoder's own subsampling: it must come out where it was.
    #[cfg(feature = "image")]
    #[test]
    fn decoded_planes_are_the_source() {
        for format in FORMATS {
            for (width, height) in [(64, 48), (37, 51)] {
                // Chroma is flat over 4x4 of its samples, so that the decoder's interpolation leaves the middle alone.
                let source = picture(format, width, height, |plane, x, y| match plane {
                    0 => (64 + (x * 3 + y * 2) % 128) as u8,
                    _ => (108 + (x / 4 * 7 + y / 4 * (11 + plane)) % 41) as u8,
                });
                let settings = MjpegSettings { format, width, height, quality: 100 };
                let data = encode(&settings, &source);
                assert_eq!(data[6..11], *b"JFIF\0");
                let decoded = decode(&data, width, height);
                let (x_shift, y_shift) = format.chroma().shifts();
                for (index, plane) in source.planes.iter().enumerate() {
                    let Plane::U8(samples) = plane else { panic!() };
                    let (plane_width, _) = format.plane_size(index, width, height);
                    for (position, &sample) in samples.iter().enumerate() {
                        let (x, y) = (position % plane_width, position / plane_width);
                        let in_the_middle = |at: usize| matches!(at % 4, 1 | 2);
                        if index > 0 && !(in_the_middle(x) && in_the_middle(y)) {
                            continue;
                        }
                        let (x, y) = if index == 0 { (x, y) } else { (x << x_shift, y << y_shift) };
                        if let (true, true) = (x < width, y < height) {
                            let error = (decoded[index][y * width + x] - f64::from(sample)).abs();
                            assert!(error < 4.0, "{format} {width}x{height} plane {index} at {x},{y}: off by {error}");
                        }
                    }
                }
            }
        }
    }

    #[cfg(feature = "image")]
    #[test]
    fn quality_decides_size_and_psnr() {
        let format = PixelFormat::Yuv420p;
        let source = picture(format, 96, 80, |plane, x, y| match plane {
            0 => (40 + (x + y) % 100 + x * 7 % 13 * (y % 5)) as u8,
            _ => 128,
        });
        let Plane::U8(luma) = &source.planes[0] else { panic!() };
        let measured = [1, 30, 75, 100].map(|quality| {
            let data = encode(&MjpegSettings { format, width: 96, height: 80, quality }, &source);
            let decoded = &decode(&data, 96, 80)[0];
            let error = decoded.iter().zip(luma).map(|(a, &b)| (a - f64::from(b)).powi(2)).sum::<f64>();
            (10.0 * (255.0f64.powi(2) * luma.len() as f64 / error).log10(), data.len())
        });
        assert!(measured.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1), "{measured:?}");
        assert!(measured[3].0 > 45.0, "{measured:?}");
    }

    #[test]
    fn every_small_size_is_a_jpeg_of_that_size() {
        for format in FORMATS {
            for (width, height) in [(1, 1), (1, 17), (17, 1), (2, 3), (8, 8), (9, 16)] {
                let source = picture(format, width, height, |plane, x, y| (plane * 50 + x * 9 + y * 5) as u8);
                let data = encode(&MjpegSettings { format, width, height, quality: 90 }, &source);
                assert!(data.starts_with(&[0xff, 0xd8]) && data.ends_with(&[0xff, 0xd9]));
                let frame_header = data.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
                let size = &data[frame_header + 5..frame_header + 9];
                assert_eq!(size, [0, height as u8, 0, width as u8]);
            }
        }
    }

    #[test]
    fn strides_do_not_matter() {
        let source = picture(PixelFormat::Yuv422p, 11, 5, |plane, x, y| (plane * 50 + x * 9 + y * 5) as u8);
        let settings = MjpegSettings { format: PixelFormat::Yuv422p, width: 11, height: 5, quality: 80 };
        let padded: Vec<Vec<u8>> = source
            .planes
            .iter()
            .zip([11, 6, 6])
            .map(|(plane, width)| {
                let Plane::U8(samples) = plane else { panic!() };
                samples.chunks(width).collect::<Vec<_>>().join(&[255; 3][..])
            })
            .collect();
        let mut view = source.view();
        for (plane, samples) in view.planes.iter_mut().zip(&padded) {
            plane.samples = Samples::U8(samples);
            plane.stride += 3;
        }
        let mut out = Vec::new();
        settings
            .open()
            .unwrap()
            .encode(VideoInput { picture: view, force_key: true, analysis: None }, &mut out)
            .unwrap();
        assert_eq!(out[0].data, encode(&settings, &source));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let good = MjpegSettings { format: PixelFormat::Yuv420p, width: 16, height: 16, quality: 75 };
        for settings in [
            MjpegSettings { format: PixelFormat::Yuv420p10, ..good },
            MjpegSettings { width: 0, ..good },
            MjpegSettings { height: 65536, ..good },
            MjpegSettings { quality: 0, ..good },
            MjpegSettings { quality: 101, ..good },
        ] {
            assert_eq!(settings.open().err().unwrap().kind(), ErrorKind::InvalidOption);
        }
        let mut engine = good.open().unwrap();
        let other = Picture::new(PixelFormat::Gray, 16, 16);
        let larger = Picture::new(PixelFormat::Yuv420p, 17, 16);
        let fitting = Picture::new(PixelFormat::Yuv420p, 16, 16);
        let mut short = fitting.view();
        short.planes[2].samples = Samples::U8(&[0; 63]);
        for picture in [other.view(), larger.view(), short] {
            let error =
                engine.encode(VideoInput { picture, force_key: false, analysis: None }, &mut Vec::new()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
    }
}
