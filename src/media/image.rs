//! `TryFrom` the images of the `image` crate.

use image::{DynamicImage, ImageBuffer, Luma, Rgb, Rgba};

use super::frame::{FrameFormat, FrameView, PlaneData};
use crate::error::Error;

macro_rules! frame_from_image {
    ($($pixel:ty, $variant:ident, $format:ident;)*) => {$(
        impl<'a> TryFrom<&'a ImageBuffer<$pixel, Vec<<$pixel as image::Pixel>::Subpixel>>> for FrameView<'a> {
            type Error = Error;

            /// Borrows the pixels. Fails for an image without any.
            fn try_from(image: &'a ImageBuffer<$pixel, Vec<<$pixel as image::Pixel>::Subpixel>>) -> Result<Self, Error> {
                let data = PlaneData::$variant(image.as_raw());
                FrameView::contiguous(FrameFormat::$format, image.width(), image.height(), data)
            }
        }
    )*};
}
frame_from_image! {
    Rgb<u8>, U8, Rgb;
    Rgba<u8>, U8, Rgba;
    Luma<u8>, U8, Gray;
    Rgb<u16>, U16, Rgb;
    Rgba<u16>, U16, Rgba;
    Luma<u16>, U16, Gray;
}

impl<'a> TryFrom<&'a DynamicImage> for FrameView<'a> {
    type Error = Error;

    /// Borrows the pixels. Fails for an image without any, and for grey with alpha and floats, which have no frame
    /// format: make them `to_rgba8` or `to_rgb16` first.
    fn try_from(image: &'a DynamicImage) -> Result<Self, Error> {
        match image {
            DynamicImage::ImageLuma8(image) => image.try_into(),
            DynamicImage::ImageRgb8(image) => image.try_into(),
            DynamicImage::ImageRgba8(image) => image.try_into(),
            DynamicImage::ImageLuma16(image) => image.try_into(),
            DynamicImage::ImageRgb16(image) => image.try_into(),
            DynamicImage::ImageRgba16(image) => image.try_into(),
            other => Err(Error::unsupported(format!(
                "an image of {:?}: make it one of 8 or 16 bits with `to_rgba8` or `to_rgb16`",
                other.color()
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_borrowed_as_they_are() {
        let rgb = image::RgbImage::from_fn(3, 2, |x, y| Rgb([x as u8, y as u8, 7]));
        let view = FrameView::try_from(&rgb).unwrap();
        assert_eq!((view.format(), view.width(), view.height(), view.bit_depth()), (FrameFormat::Rgb, 3, 2, 8));
        let PlaneData::U8(samples) = view.plane(0).unwrap().data else { panic!("bytes") };
        assert!(std::ptr::eq(samples, rgb.as_raw().as_slice()));

        let deep = DynamicImage::ImageLuma16(ImageBuffer::new(4, 4));
        let view = FrameView::try_from(&deep).unwrap();
        assert_eq!((view.format(), view.bit_depth()), (FrameFormat::Gray, 16));
        assert!(FrameView::try_from(&DynamicImage::new_rgba8(0, 4)).is_err());
        assert!(FrameView::try_from(&DynamicImage::new_rgb32f(4, 4)).unwrap_err().to_string().contains("to_rgb16"));
    }
}
