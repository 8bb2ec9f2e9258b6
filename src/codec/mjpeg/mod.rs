//! Motion JPEG: each picture a baseline JPEG file of its own (JFIF, full range).

#[cfg(feature = "mjpeg")]
mod engine;

use super::VideoEngine;
use crate::error::{Error, Result};
use crate::media::PixelFormat;

/// All that decides what an engine writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MjpegSettings {
    /// One of 8 bits.
    pub format: PixelFormat,
    /// 1 to 65535.
    pub width: usize,
    pub height: usize,
    /// 1 to 100 (best), the scale of libjpeg.
    pub quality: u8,
}

impl MjpegSettings {
    /// An engine. Can be called any number of times.
    pub fn open(&self) -> Result<Box<dyn VideoEngine>> {
        #[cfg(feature = "mjpeg")]
        return engine::open(self);
        #[cfg(not(feature = "mjpeg"))]
        Err(Error::left_out("codec", "mjpeg", "mjpeg"))
    }

    /// The size as JPEG holds it, where that and all else is in range.
    #[cfg(feature = "mjpeg")]
    fn size(&self) -> Result<(u16, u16)> {
        if self.format.bit_depth() != 8 || self.format.is_rgb() {
            return Err(Error::option(
                "pixel_format",
                self.format,
                "Motion JPEG has luma and chroma of 8 bits a sample",
            ));
        }
        if !(1..=100).contains(&self.quality) {
            return Err(Error::option("quality", self.quality, "use 1 to 100 (best)"));
        }
        let size = |name, value| match u16::try_from(value) {
            Ok(size) if size > 0 => Ok(size),
            _ => Err(Error::option(name, value, "a JPEG picture has 1 to 65535 pixels")),
        };
        Ok((size("width", self.width)?, size("height", self.height)?))
    }
}
