//! Frames and textures on their way to a GPU.

use crate::error::{Error, Result};
use crate::media::{FrameFormat, FrameView, PlaneData};

/// How the bytes of a frame lie in a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// The bytes of the first pixel's R, G, B and alpha.
    pub first: [u32; 4],
    /// From pixel to pixel.
    pub pixel: u32,
    /// From row to row: a multiple of 4, of textures of 256.
    pub row: u32,
    pub alpha: bool,
    /// All of them.
    pub len: u64,
}

/// What is to become a picture.
pub(super) enum Source<'a> {
    /// A frame for which [`takes`] holds.
    Frame(&'a FrameView<'a>),
    /// A texture that [`check`] has seen.
    Texture(&'a wgpu::Texture),
}

/// How a texture is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// By the conversion itself.
    Bound,
    /// By a copy into a buffer, for textures that are not to be bound, and for those whose view would decode sRGB.
    Copied,
}

const FORMATS: [wgpu::TextureFormat; 4] = [
    wgpu::TextureFormat::Rgba8Unorm,
    wgpu::TextureFormat::Rgba8UnormSrgb,
    wgpu::TextureFormat::Bgra8Unorm,
    wgpu::TextureFormat::Bgra8UnormSrgb,
];

/// Whether frames like this are converted on a GPU: those of red, green and blue, or of grey, of 8 bits. Deeper ones take
/// sums of more than 32 bits, which WGSL has not.
pub(super) fn takes(frame: &FrameView<'_>) -> bool {
    !frame.format().is_yuv() && frame.bit_depth() == 8
}

impl Layout {
    /// That of a frame, one plane behind the other, each row padded to whole words. `None` where it is larger than what a
    /// shader can address.
    pub fn of_frame(frame: &FrameView<'_>) -> Option<Self> {
        let format = frame.format();
        let width = frame.width() as usize;
        let (row, _) = format.plane_size(0, width, frame.height() as usize);
        let row = u32::try_from(row.checked_next_multiple_of(4)?).ok()?;
        let plane = row.checked_mul(frame.height())?;
        let len = u64::from(plane.checked_mul(u32::try_from(format.planes()).ok()?)?);
        let (first, pixel) = match format {
            FrameFormat::Rgb => ([0, 1, 2, 0], 3),
            FrameFormat::Bgr => ([2, 1, 0, 0], 3),
            FrameFormat::Rgba => ([0, 1, 2, 3], 4),
            FrameFormat::Bgra => ([2, 1, 0, 3], 4),
            FrameFormat::RgbPlanar => ([0, plane, 2 * plane, 0], 1),
            FrameFormat::RgbaPlanar => ([0, plane, 2 * plane, 3 * plane], 1),
            _ => ([0; 4], 1),
        };
        let alpha = matches!(format, FrameFormat::Rgba | FrameFormat::Bgra | FrameFormat::RgbaPlanar);
        Some(Layout { first, pixel, row, alpha, len })
    }

    /// That of a copy of a texture.
    pub fn of_texture(texture: &wgpu::Texture) -> Option<Self> {
        let row = texture.width().checked_mul(4)?.checked_next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT)?;
        let len = u64::from(row.checked_mul(texture.height())?);
        let first = match texture.format().remove_srgb_suffix() {
            wgpu::TextureFormat::Bgra8Unorm => [2, 1, 0, 3],
            _ => [0, 1, 2, 3],
        };
        Some(Layout { first, pixel: 4, row, alpha: true, len })
    }
}

/// Writes the rows of a frame into `buffer`, which has room for its [`Layout`].
pub(super) fn upload(queue: &wgpu::Queue, buffer: &wgpu::Buffer, frame: &FrameView<'_>, layout: &Layout) {
    // Where there is none, an error scope says why.
    let Some(len) = wgpu::BufferSize::new(layout.len) else { return };
    let Some(mut staged) = queue.write_buffer_with(buffer, 0, len) else { return };
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let mut at = 0;
    for index in 0..frame.format().planes() {
        let (row, rows) = frame.format().plane_size(index, width, height);
        let Some(plane) = frame.plane(index) else { return };
        let PlaneData::U8(samples) = plane.data else { return };
        if row == layout.row as usize && row == plane.stride {
            staged.slice(at..at + row * rows).copy_from_slice(&samples[..row * rows]);
            at += row * rows;
            continue;
        }
        for samples in samples.chunks(plane.stride).take(rows) {
            staged.slice(at..at + row).copy_from_slice(&samples[..row]);
            at += layout.row as usize;
        }
    }
}

/// How a texture is to be read, or why it cannot be.
pub(super) fn check(texture: &wgpu::Texture) -> Result<Reading> {
    let format = texture.format();
    if !FORMATS.contains(&format) {
        let names = FORMATS.map(|format| format!("{format:?}")).join(", ");
        return Err(Error::unsupported(format!("a texture of format {format:?}: use one of {names}")));
    }
    let (layers, samples) = (texture.depth_or_array_layers(), texture.sample_count());
    if texture.dimension() != wgpu::TextureDimension::D2 || layers != 1 {
        let dimension = texture.dimension();
        return Err(Error::input(format!(
            "a texture of dimension {dimension:?} with {layers} layers: it has to be D2 with one"
        )));
    }
    if samples != 1 {
        return Err(Error::input(format!(
            "a texture of {samples} samples a pixel: resolve it into one of a single sample"
        )));
    }
    let usage = texture.usage();
    let bound = usage.contains(wgpu::TextureUsages::TEXTURE_BINDING);
    match usage.contains(wgpu::TextureUsages::COPY_SRC) {
        _ if bound && !format.is_srgb() => Ok(Reading::Bound),
        true => Ok(Reading::Copied),
        false if bound => Err(Error::input(format!(
            "a texture of format {format:?} and usage {usage:?}: add COPY_SRC, since the bytes are wanted as they are"
        ))),
        false => {
            Err(Error::input(format!("a texture of usage {usage:?}: make it with TEXTURE_BINDING or COPY_SRC as well")))
        }
    }
}
