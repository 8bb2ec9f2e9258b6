//! Frames as callers have them: borrowed, strided, in any of the usual layouts.

use std::fmt;

use super::color::Color;
use super::picture::ChromaSubsampling;
use crate::error::{Error, Result};

/// How the samples of a [`FrameView`] lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FrameFormat {
    /// One plane of R, G, B, R, G, B, ….
    Rgb,
    /// One plane of B, G, R, ….
    Bgr,
    /// One plane of R, G, B, A, …. Alpha is straight and is composed over black.
    Rgba,
    /// One plane of B, G, R, A, ….
    Bgra,
    /// One plane of luma in full range.
    Gray,
    /// Three planes: R, G, B.
    RgbPlanar,
    /// Four planes: R, G, B, A. Alpha is straight and is composed over black.
    RgbaPlanar,
    /// Three planes: Y, U, V with chroma subsampled as said (for monochrome: one plane, Y, as is).
    Yuv(ChromaSubsampling),
    /// Two planes: Y, and interleaved U, V at half width and height. With 16-bit samples this is P010, P012 or P016:
    /// the value stands in the *high* bits.
    Nv12,
}

impl FrameFormat {
    /// How many planes a frame has.
    pub fn planes(self) -> usize {
        match self {
            FrameFormat::Rgb | FrameFormat::Bgr | FrameFormat::Rgba | FrameFormat::Bgra | FrameFormat::Gray => 1,
            FrameFormat::RgbPlanar => 3,
            FrameFormat::RgbaPlanar => 4,
            FrameFormat::Yuv(chroma) => chroma.planes(),
            FrameFormat::Nv12 => 2,
        }
    }

    /// Samples in a row (counting each component) and rows of plane `plane` of a frame of `width` x `height`; `usize::MAX`,
    /// which no slice holds, where a row has more.
    pub fn plane_size(self, plane: usize, width: usize, height: usize) -> (usize, usize) {
        match self {
            FrameFormat::Rgb | FrameFormat::Bgr => (width.saturating_mul(3), height),
            FrameFormat::Rgba | FrameFormat::Bgra => (width.saturating_mul(4), height),
            FrameFormat::Gray | FrameFormat::RgbPlanar | FrameFormat::RgbaPlanar => (width, height),
            FrameFormat::Nv12 if plane == 1 => (width.div_ceil(2).saturating_mul(2), height.div_ceil(2)),
            FrameFormat::Yuv(chroma) if plane > 0 => {
                let (x, y) = chroma.shifts();
                (width.div_ceil(1 << x), height.div_ceil(1 << y))
            }
            FrameFormat::Nv12 | FrameFormat::Yuv(_) => (width, height),
        }
    }

    /// Whether the samples are luma and chroma already, so that nothing need be converted.
    pub fn is_yuv(self) -> bool {
        matches!(self, FrameFormat::Yuv(_) | FrameFormat::Nv12)
    }
}

impl fmt::Display for FrameFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FrameFormat::Rgb => "rgb",
            FrameFormat::Bgr => "bgr",
            FrameFormat::Rgba => "rgba",
            FrameFormat::Bgra => "bgra",
            FrameFormat::Gray => "gray",
            FrameFormat::RgbPlanar => "planar rgb",
            FrameFormat::RgbaPlanar => "planar rgba",
            FrameFormat::Yuv(ChromaSubsampling::Monochrome) => "luma",
            FrameFormat::Yuv(ChromaSubsampling::Yuv420) => "i420",
            FrameFormat::Yuv(ChromaSubsampling::Yuv422) => "i422",
            FrameFormat::Yuv(ChromaSubsampling::Yuv444) => "i444",
            FrameFormat::Nv12 => "nv12",
        })
    }
}

/// The samples of one plane: bytes, or native-endian 16-bit words.
#[derive(Clone, Copy, Debug)]
pub enum PlaneData<'a> {
    /// 8 bits a sample.
    U8(&'a [u8]),
    /// Up to 16 bits a sample.
    U16(&'a [u16]),
}

impl PlaneData<'_> {
    /// How many samples there are.
    pub fn len(&self) -> usize {
        match self {
            PlaneData::U8(samples) => samples.len(),
            PlaneData::U16(samples) => samples.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<'a> From<&'a [u8]> for PlaneData<'a> {
    fn from(samples: &'a [u8]) -> Self {
        PlaneData::U8(samples)
    }
}

impl<'a> From<&'a [u16]> for PlaneData<'a> {
    fn from(samples: &'a [u16]) -> Self {
        PlaneData::U16(samples)
    }
}

impl<'a> From<&'a Vec<u8>> for PlaneData<'a> {
    fn from(samples: &'a Vec<u8>) -> Self {
        PlaneData::U8(samples)
    }
}

impl<'a> From<&'a Vec<u16>> for PlaneData<'a> {
    fn from(samples: &'a Vec<u16>) -> Self {
        PlaneData::U16(samples)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for PlaneData<'a> {
    fn from(samples: &'a [u8; N]) -> Self {
        PlaneData::U8(samples)
    }
}

/// One frame, borrowed from the caller.
///
/// Each plane is a slice with a stride: the number of samples (not bytes) from one row to the next. The slice has to
/// reach to the last sample of the last row, and may be longer.
///
/// ```
/// use framewright::FrameView;
///
/// let pixels = vec![128u8; 64 * 48 * 3];
/// let frame = FrameView::rgb(64, 48, &pixels)?;
/// assert_eq!((frame.width(), frame.height()), (64, 48));
/// assert!(FrameView::rgb(64, 49, &pixels).is_err());
/// # Ok::<(), framewright::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct FrameView<'a> {
    format: FrameFormat,
    bit_depth: u8,
    width: u32,
    height: u32,
    planes: [Option<FramePlane<'a>>; 4],
    color: Option<Color>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct FramePlane<'a> {
    pub data: PlaneData<'a>,
    pub stride: usize,
}

impl<'a> FrameView<'a> {
    /// A frame of any format from its planes, each with its stride in samples.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where a size is zero, a plane is missing or too many, a stride
    /// is shorter than a row, a slice is too short, or the planes differ in sample type.
    pub fn from_planes(
        format: FrameFormat,
        width: u32,
        height: u32,
        planes: &[(PlaneData<'a>, usize)],
    ) -> Result<Self> {
        if width == 0 || height == 0 {
            return Err(Error::input(format!("a frame of {width}x{height}: both sides must be at least 1")));
        }
        if planes.len() != format.planes() {
            let expected = format.planes();
            return Err(Error::input(format!("{} planes for a {format} frame, which has {expected}", planes.len())));
        }
        let mut taken = [None; 4];
        for (index, &(data, stride)) in planes.iter().enumerate() {
            let (row, rows) = format.plane_size(index, width as usize, height as usize);
            if stride < row {
                return Err(Error::input(format!(
                    "plane {index} of a {width}x{height} {format} frame has a stride of {stride} samples: a row is {row}"
                )));
            }
            let needed = (rows - 1).checked_mul(stride).and_then(|samples| samples.checked_add(row));
            if needed.is_none_or(|needed| data.len() < needed) {
                return Err(Error::input(format!(
                    "plane {index} of a {width}x{height} {format} frame holds {} samples: {rows} rows of {row} with a \
                     stride of {stride} need {}",
                    data.len(),
                    needed.map_or("more than memory".into(), |needed| needed.to_string()),
                )));
            }
            if matches!(data, PlaneData::U8(_)) != matches!(planes[0].0, PlaneData::U8(_)) {
                return Err(Error::input(format!(
                    "plane {index} of a {format} frame differs from plane 0 in sample type"
                )));
            }
            taken[index] = Some(FramePlane { data, stride });
        }
        let bit_depth = if matches!(planes[0].0, PlaneData::U8(_)) { 8 } else { 16 };
        Ok(FrameView { format, bit_depth, width, height, planes: taken, color: None })
    }

    /// A frame of one plane with tight rows: [`Rgb`](FrameFormat::Rgb), [`Rgba`](FrameFormat::Rgba), …
    fn packed(format: FrameFormat, width: u32, height: u32, data: PlaneData<'a>) -> Result<Self> {
        let stride = format.plane_size(0, width as usize, height as usize).0;
        Self::from_planes(format, width, height, &[(data, stride)])
    }

    /// Interleaved RGB with tight rows (H x W x 3).
    ///
    /// # Errors
    /// As [`from_planes`](Self::from_planes), which also takes strides.
    pub fn rgb(width: u32, height: u32, data: impl Into<PlaneData<'a>>) -> Result<Self> {
        Self::packed(FrameFormat::Rgb, width, height, data.into())
    }

    /// Interleaved BGR with tight rows.
    ///
    /// # Errors
    /// As [`from_planes`](Self::from_planes).
    pub fn bgr(width: u32, height: u32, data: impl Into<PlaneData<'a>>) -> Result<Self> {
        Self::packed(FrameFormat::Bgr, width, height, data.into())
    }

    /// Interleaved RGBA with tight rows.
    ///
    /// # Errors
    /// As [`from_planes`](Self::from_planes).
    pub fn rgba(width: u32, height: u32, data: impl Into<PlaneData<'a>>) -> Result<Self> {
        Self::packed(FrameFormat::Rgba, width, height, data.into())
    }

    /// Interleaved BGRA with tight rows.
    ///
    /// # Errors
    /// As [`from_planes`](Self::from_planes).
    pub fn bgra(width: u32, height: u32, data: impl Into<PlaneData<'a>>) -> Result<Self> {
        Self::packed(FrameFormat::Bgra, width, height, data.into())
    }

    /// Full-range grey with tight rows.
    ///
    /// # Errors
    /// As [`from_planes`](Self::from_planes).
    pub fn gray(width: u32, height: u32, data: impl Into<PlaneData<'a>>) -> Result<Self> {
        Self::packed(FrameFormat::Gray, width, height, data.into())
    }

    /// Planar RGB in one slice (3 x H x W).
    ///
    /// # Errors
    /// As [`from_planes`](Self::from_planes).
    pub fn rgb_planar(width: u32, height: u32, data: impl Into<PlaneData<'a>>) -> Result<Self> {
        Self::contiguous(FrameFormat::RgbPlanar, width, height, data.into())
    }

    /// Planar 4:2:0 in one slice: Y, then U, then V, tight. Of 16-bit samples, say the depth with
    /// [`with_bit_depth`](Self::with_bit_depth).
    ///
    /// # Errors
    /// As [`from_planes`](Self::from_planes).
    pub fn i420(width: u32, height: u32, data: impl Into<PlaneData<'a>>) -> Result<Self> {
        Self::contiguous(FrameFormat::Yuv(ChromaSubsampling::Yuv420), width, height, data.into())
    }

    /// Planar 4:2:2 in one slice.
    ///
    /// # Errors
    /// As [`from_planes`](Self::from_planes).
    pub fn i422(width: u32, height: u32, data: impl Into<PlaneData<'a>>) -> Result<Self> {
        Self::contiguous(FrameFormat::Yuv(ChromaSubsampling::Yuv422), width, height, data.into())
    }

    /// Planar 4:4:4 in one slice.
    ///
    /// # Errors
    /// As [`from_planes`](Self::from_planes).
    pub fn i444(width: u32, height: u32, data: impl Into<PlaneData<'a>>) -> Result<Self> {
        Self::contiguous(FrameFormat::Yuv(ChromaSubsampling::Yuv444), width, height, data.into())
    }

    /// NV12 in one slice: Y, then interleaved U and V; P010 where the samples are 16-bit.
    ///
    /// # Errors
    /// As [`from_planes`](Self::from_planes).
    pub fn nv12(width: u32, height: u32, data: impl Into<PlaneData<'a>>) -> Result<Self> {
        Self::contiguous(FrameFormat::Nv12, width, height, data.into())
    }

    /// A frame of any format from one slice that holds its planes one after the other, with tight rows.
    ///
    /// # Errors
    /// As [`from_planes`](Self::from_planes).
    pub fn contiguous(format: FrameFormat, width: u32, height: u32, data: PlaneData<'a>) -> Result<Self> {
        let mut planes = Vec::with_capacity(4);
        let mut start = 0usize;
        for index in 0..format.planes() {
            let (row, rows) = format.plane_size(index, width as usize, height as usize);
            let end = row.checked_mul(rows).and_then(|samples| samples.checked_add(start)).unwrap_or(usize::MAX);
            let plane = match data {
                PlaneData::U8(samples) => samples.get(start..end).map(PlaneData::U8),
                PlaneData::U16(samples) => samples.get(start..end).map(PlaneData::U16),
            };
            let Some(plane) = plane else {
                return Err(Error::input(format!(
                    "a {width}x{height} {format} frame from {} samples: plane {index} would end at {end}",
                    data.len()
                )));
            };
            planes.push((plane, row));
            start = end;
        }
        Self::from_planes(format, width, height, &planes)
    }

    /// Says how many bits of the 16-bit samples are used: 9 to 16 (16 unless said). Values above the depth's largest
    /// are clipped to it.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for other depths, and for any but 8 on 8-bit samples.
    pub fn with_bit_depth(mut self, bits: u8) -> Result<Self> {
        if let Some(plane) = &self.planes[0] {
            check_bit_depth(&plane.data, bits)?;
        }
        self.bit_depth = bits;
        Ok(self)
    }

    /// Says in which colour the samples of a YUV frame are, where that is not the stream's own: matrix, range and depth
    /// are converted. Of an RGB frame, primaries and transfer are taken to be the stream's.
    pub fn with_color(mut self, color: Color) -> Self {
        self.color = Some(color);
        self
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The layout.
    pub fn format(&self) -> FrameFormat {
        self.format
    }

    /// Bits a sample: 8 to 16.
    pub fn bit_depth(&self) -> u8 {
        self.bit_depth
    }

    /// The colour, where [`with_color`](Self::with_color) said it.
    pub fn color(&self) -> Option<Color> {
        self.color
    }

    /// The samples of plane `index`, and how many there are from row to row; `None` where the frame has no such plane.
    pub fn plane_data(&self, index: usize) -> Option<(PlaneData<'a>, usize)> {
        self.plane(index).map(|plane| (plane.data, plane.stride))
    }

    /// Plane `index`, which `from_planes` has checked to reach its last row.
    pub(crate) fn plane(&self, index: usize) -> Option<FramePlane<'a>> {
        self.planes.get(index).copied().flatten()
    }
}

/// Several frames in one slice, as arrays of numbers hold them: N x C x H x W, or N x H x W x C.
///
/// Three channels are RGB, four RGBA, one is grey.
///
/// ```
/// use framewright::FrameBatch;
/// let clip = vec![0u8; 10 * 3 * 48 * 64];
/// let batch = FrameBatch::nchw(&clip, 10, 3, 48, 64)?;
/// assert_eq!(batch.len(), 10);
/// # Ok::<(), framewright::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct FrameBatch<'a> {
    data: PlaneData<'a>,
    format: FrameFormat,
    frames: usize,
    width: u32,
    height: u32,
    frame_len: usize,
    bit_depth: Option<u8>,
}

impl<'a> FrameBatch<'a> {
    /// Planar frames: `frames` x `channels` x `height` x `width`; `channels` is 3 (RGB), 4 (RGBA) or 1 (grey).
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where the number of samples is not exactly the product of the
    /// four numbers, or `channels` is another.
    pub fn nchw(
        data: impl Into<PlaneData<'a>>,
        frames: usize,
        channels: usize,
        height: u32,
        width: u32,
    ) -> Result<Self> {
        let format = match channels {
            1 => FrameFormat::Gray,
            3 => FrameFormat::RgbPlanar,
            4 => FrameFormat::RgbaPlanar,
            _ => {
                return Err(Error::input(format!(
                    "{channels} channels in N x C x H x W frames: allowed are 1, 3 and 4"
                )));
            }
        };
        Self::new(data.into(), format, frames, channels, height, width)
    }

    /// Interleaved frames: `frames` x `height` x `width` x `channels`; `channels` is 3 (RGB), 4 (RGBA) or 1 (grey).
    ///
    /// # Errors
    /// As [`nchw`](Self::nchw).
    pub fn nhwc(
        data: impl Into<PlaneData<'a>>,
        frames: usize,
        height: u32,
        width: u32,
        channels: usize,
    ) -> Result<Self> {
        let format = match channels {
            1 => FrameFormat::Gray,
            3 => FrameFormat::Rgb,
            4 => FrameFormat::Rgba,
            _ => {
                return Err(Error::input(format!(
                    "{channels} channels in N x H x W x C frames: allowed are 1, 3 and 4"
                )));
            }
        };
        Self::new(data.into(), format, frames, channels, height, width)
    }

    fn new(
        data: PlaneData<'a>,
        format: FrameFormat,
        frames: usize,
        channels: usize,
        height: u32,
        width: u32,
    ) -> Result<Self> {
        if width == 0 || height == 0 {
            return Err(Error::input(format!("frames of {width}x{height}: both sides must be at least 1")));
        }
        let frame_len = channels.checked_mul(height as usize).and_then(|samples| samples.checked_mul(width as usize));
        let total = frame_len.and_then(|len| len.checked_mul(frames));
        match (frame_len, total) {
            (Some(frame_len), Some(total)) if total == data.len() => {
                Ok(FrameBatch { data, format, frames, width, height, frame_len, bit_depth: None })
            }
            _ => Err(Error::input(format!(
                "{} samples for {frames} frames of {width}x{height} with {channels} channels: it takes {}",
                data.len(),
                total.map_or("more than memory".into(), |total| total.to_string()),
            ))),
        }
    }

    /// Says how many bits of 16-bit samples are used, as [`FrameView::with_bit_depth`] does.
    ///
    /// # Errors
    /// As there.
    pub fn with_bit_depth(mut self, bits: u8) -> Result<Self> {
        check_bit_depth(&self.data, bits)?;
        self.bit_depth = Some(bits);
        Ok(self)
    }

    /// How many frames there are.
    pub fn len(&self) -> usize {
        self.frames
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.frames == 0
    }

    /// The frames, in order.
    pub fn iter(&self) -> impl Iterator<Item = FrameView<'a>> + use<'a, '_> {
        (0..self.frames).filter_map(|index| {
            let range = index * self.frame_len..(index + 1) * self.frame_len;
            let data = match self.data {
                PlaneData::U8(samples) => PlaneData::U8(&samples[range]),
                PlaneData::U16(samples) => PlaneData::U16(&samples[range]),
            };
            let mut view = FrameView::contiguous(self.format, self.width, self.height, data).ok()?;
            view.bit_depth = self.bit_depth.unwrap_or(view.bit_depth);
            Some(view)
        })
    }
}

fn check_bit_depth(data: &PlaneData<'_>, bits: u8) -> Result<()> {
    let allowed = match data {
        PlaneData::U16(_) => 9..=16,
        PlaneData::U8(_) => 8..=8,
    };
    if allowed.contains(&bits) {
        return Ok(());
    }
    let (low, high) = (allowed.start(), allowed.end());
    Err(Error::input(format!("a bit depth of {bits} for these samples: allowed is {low} to {high}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_are_checked() {
        let data = vec![0u8; 100];
        let plane = |len: usize, stride| (PlaneData::U8(&data[..len]), stride);
        let gray = |w, h, len, stride| FrameView::from_planes(FrameFormat::Gray, w, h, &[plane(len, stride)]);
        assert!(gray(10, 10, 100, 10).is_ok());
        assert!(gray(9, 10, 99, 10).is_ok(), "the last row may end at its last sample");
        assert!(gray(10, 10, 99, 10).is_err());
        assert!(gray(10, 10, 100, 9).is_err());
        assert!(gray(0, 10, 100, 10).is_err());
        assert!(gray(1, u32::MAX, 100, usize::MAX / 2).is_err());
        assert!(FrameView::from_planes(FrameFormat::Nv12, 8, 8, &[plane(64, 8)]).is_err());
        let words = vec![0u16; 100];
        let mixed = [plane(64, 8), (PlaneData::U16(&words), 8)];
        assert!(FrameView::from_planes(FrameFormat::Nv12, 8, 8, &mixed).is_err());
        assert!(FrameView::gray(10, 10, &data).unwrap().with_bit_depth(10).is_err());
        assert!(FrameView::gray(10, 10, &words).unwrap().with_bit_depth(10).is_ok());
    }

    #[test]
    fn odd_sizes_round_chroma_up() {
        assert!(FrameView::i420(5, 3, &vec![0u8; 15 + 6 + 6]).is_ok());
        assert!(FrameView::i420(5, 3, &vec![0u8; 15 + 6 + 5]).is_err());
        assert!(FrameView::nv12(5, 3, &vec![0u8; 15 + 12]).is_ok());
        assert!(FrameView::i422(5, 3, &vec![0u8; 15 + 9 + 9]).is_ok());
    }

    /// On 32 bits these are sizes that a frame can ask for.
    #[test]
    fn rows_longer_than_memory_are_refused() {
        let huge = usize::MAX;
        for format in [FrameFormat::Rgb, FrameFormat::Bgra, FrameFormat::Nv12] {
            assert_eq!(format.plane_size(format.planes() - 1, huge, 1), (huge, 1), "{format}");
        }
        let i420 = FrameFormat::Yuv(ChromaSubsampling::Yuv420);
        assert_eq!(i420.plane_size(1, huge, huge), (huge / 2 + 1, huge / 2 + 1));
        assert!(FrameView::rgba(0x4000_0001, 1, &[0u8; 4]).is_err());
        assert!(FrameView::nv12(u32::MAX, u32::MAX, &[0u8; 4]).is_err());
    }

    #[test]
    fn batches_are_exact() {
        let clip = vec![0u8; 2 * 3 * 4 * 5];
        assert_eq!(FrameBatch::nchw(&clip, 2, 3, 4, 5).unwrap().iter().count(), 2);
        assert_eq!(FrameBatch::nhwc(&clip, 2, 4, 5, 3).unwrap().iter().count(), 2);
        assert!(FrameBatch::nchw(&clip, 3, 3, 4, 5).is_err());
        assert!(FrameBatch::nchw(&clip, 2, 2, 4, 5).is_err());
        assert!(FrameBatch::nchw(&clip, usize::MAX, 3, 4, 5).is_err());
    }
}
