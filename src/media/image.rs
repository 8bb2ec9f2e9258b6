//! `From` the buffers of the `image` crate.

use image::{ImageBuffer, Luma, Rgb, Rgba};

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
