//! Textures as luma and chroma, for whoever encodes them otherwise.

use std::fmt;

use super::context::GpuContext;
use super::rgb::Chroma;
use super::ring::GpuConverter;
use crate::error::{Error, Result};
use crate::media::{ChromaSubsampling, Color, FrameFormat, FrameView, PixelFormat, Plane, PlaneData};

/// Converts textures to luma and chroma on a GPU, and reads only those back: for an encoder of your own, whose packets
/// [`PacketWriter`](crate::PacketWriter) takes. A [`VideoStream`](crate::VideoStream) does the same by
/// [`add_texture`](crate::VideoStream::add_texture).
///
/// Frames come in the order of their textures. The GPU works while the CPU does: submit the next two before you read the
/// first, and nobody waits.
///
/// ```no_run
/// use framewright::{Color, FrameFormat, FrameView, GpuContext, Result, TextureConverter};
///
/// fn encode_all(
///     gpu: &GpuContext,
///     textures: impl Iterator<Item = wgpu::Texture>,
///     mut encode: impl FnMut(FrameView<'_>),
/// ) -> Result<()> {
///     let mut converter = TextureConverter::new(gpu, FrameFormat::Nv12, 8, Color::BT709)?;
///     for texture in textures {
///         converter.submit(&texture)?;
///         if converter.under_way() > 2 {
///             converter.read()?.map(&mut encode);
///         }
///     }
///     while let Some(frame) = converter.read()? {
///         encode(frame);
///     }
///     Ok(())
/// }
/// ```
pub struct TextureConverter {
    ring: GpuConverter,
    format: FrameFormat,
    bit_depth: u8,
    color: Color,
    planes: Vec<Plane>,
}

impl TextureConverter {
    /// Into frames of `format`, which is luma with or without chroma, at 8 or 10 bits: NV12 of 10 bits is P010, with the
    /// value in the high bits of each word.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for another format, [`InvalidOption`](crate::ErrorKind::InvalidOption)
    /// for another depth, and [`Device`](crate::ErrorKind::Device) where the GPU fails.
    pub fn new(context: &GpuContext, format: FrameFormat, bit_depth: u8, color: Color) -> Result<Self> {
        if !matches!(bit_depth, 8 | 10) {
            return Err(Error::option("bit_depth", bit_depth, "use 8 or 10"));
        }
        let of_depth = |eight, ten| if bit_depth == 8 { eight } else { ten };
        use PixelFormat::*;
        let (pixels, chroma) = match format {
            FrameFormat::Nv12 => (of_depth(Yuv420p, Yuv420p10), Chroma::Interleaved),
            FrameFormat::Yuv(ChromaSubsampling::Yuv420) => (of_depth(Yuv420p, Yuv420p10), Chroma::Planes),
            FrameFormat::Yuv(ChromaSubsampling::Yuv422) => (of_depth(Yuv422p, Yuv422p10), Chroma::Planes),
            FrameFormat::Yuv(ChromaSubsampling::Yuv444) => (of_depth(Yuv444p, Yuv444p10), Chroma::Planes),
            FrameFormat::Gray => (of_depth(Gray, Gray10), Chroma::Planes),
            _ => {
                let message = format!("textures as {format}: they become i420, i422, i444, nv12 or gray");
                return Err(Error::unsupported(message));
            }
        };
        let ring = GpuConverter::of_own_size(context.clone(), pixels, chroma, color)?;
        Ok(TextureConverter { ring, format, bit_depth, color, planes: Vec::new() })
    }

    /// Begins with a texture of the context's device, as it is when all that was submitted to its queue is done. It may be
    /// drawn to again as soon as the call returns. Sizes may change from texture to texture.
    ///
    /// # Errors
    /// Those of [`add_texture`](crate::VideoStream::add_texture) that are of the texture or the device.
    pub fn submit(&mut self, texture: &wgpu::Texture) -> Result<()> {
        self.ring.submit_texture(texture)
    }

    /// How many textures have been submitted and not been read.
    pub fn under_way(&self) -> usize {
        self.ring.under_way()
    }

    /// The frame of the texture that was submitted first; waits for it if it has to. `None` where none is under way.
    ///
    /// # Errors
    /// [`Device`](crate::ErrorKind::Device) where the GPU was lost.
    pub fn read(&mut self) -> Result<Option<FrameView<'_>>> {
        let Some((width, height)) = self.ring.read_planes(&mut self.planes)? else { return Ok(None) };
        let samples = self.format.plane_size(0, width, height).0;
        let strides = [samples, self.format.plane_size(1, width, height).0];
        let planes = self.planes.iter().enumerate().map(|(index, plane)| {
            let data = match plane {
                Plane::U8(samples) => PlaneData::U8(samples),
                Plane::U16(samples) => PlaneData::U16(samples),
            };
            (data, strides[index.min(1)])
        });
        let planes: Vec<_> = planes.collect();
        // Textures have at most 16,384 pixels a side.
        let frame = FrameView::from_planes(self.format, width as u32, height as u32, &planes)?;
        let frame = if self.bit_depth > 8 { frame.with_bit_depth(self.bit_depth)? } else { frame };
        Ok(Some(frame.with_color(self.color)))
    }
}

impl fmt::Debug for TextureConverter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TextureConverter({}, {} bits)", self.format, self.bit_depth)
    }
}
