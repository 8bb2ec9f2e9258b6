//! The alpha plane of a video stream: a second stream of pictures, of luma alone, coded in step with the first.

use std::collections::VecDeque;
use std::sync::Arc;

use super::guard::guarded;
use crate::codec::av1::Av1Settings;
use crate::codec::{CodedPicture, VideoEngine, VideoInput};
use crate::convert::picture::{PictureConverter, PictureTarget};
use crate::error::{Error, Result};
use crate::media::{CodecConfig, Color, ColorRange, FrameFormat, FrameView, Picture, PlaneData};
use crate::parallel::Workers;

/// Takes the alpha of each frame, and encodes it when the frame's picture has come out of its own engine: only then is it
/// known whether that is a key frame, and a player that begins there has to find one here too.
pub(super) struct AlphaPlane {
    converter: PictureConverter,
    codec: Box<dyn VideoEngine>,
    /// Planes whose pictures have not come out. The engine's delay bounds them.
    waiting: VecDeque<Picture>,
    /// Coded planes whose pictures have not been handed on.
    coded: VecDeque<CodedPicture>,
    out: Vec<CodedPicture>,
    /// The samples of the frame at hand, kept for their memory.
    samples: Samples,
}

#[derive(Default)]
struct Samples {
    bytes: Vec<u8>,
    words: Vec<u16>,
}

impl AlphaPlane {
    /// `target` is that of the pictures themselves.
    pub fn open(settings: &Av1Settings, target: PictureTarget, workers: Arc<Workers>) -> Result<Self> {
        let codec = guarded("the encoder", || settings.open())?;
        let target = PictureTarget { format: settings.format, color: settings.color, ..target };
        Ok(AlphaPlane {
            converter: PictureConverter::new(target, workers),
            codec,
            waiting: VecDeque::new(),
            coded: VecDeque::new(),
            out: Vec::new(),
            samples: Samples::default(),
        })
    }

    /// The configuration of its stream; `None` until the first plane has come out.
    pub fn config(&self) -> Option<CodecConfig> {
        self.codec.config()
    }

    /// Converts the alpha of `frame`, or an opaque plane where it has none; [`keep`](Self::keep) takes it in.
    pub fn convert(&mut self, frame: &FrameView<'_>) -> Result<Picture> {
        let plane = self.samples.alpha_of(frame)?;
        // Its values are not to be converted but in depth: full range in, full range out.
        let color = Color { range: ColorRange::Full, ..Color::BT709 };
        let view = FrameView::gray(frame.width(), frame.height(), plane)?.with_color(color);
        let view = if frame.bit_depth() > 8 { view.with_bit_depth(frame.bit_depth())? } else { view };
        self.converter.convert(&view)?.to_picture()
    }

    /// Keeps the plane of a frame that was taken.
    pub fn keep(&mut self, plane: Picture) {
        self.waiting.push_back(plane);
    }

    /// Encodes the plane of the next picture that has come out.
    pub fn encode(&mut self, key: bool) -> Result<()> {
        let plane =
            self.waiting.pop_front().ok_or_else(|| Error::codec("a picture came out that has no alpha plane"))?;
        let (codec, out) = (&mut self.codec, &mut self.out);
        guarded("the encoder", || {
            codec.encode(VideoInput { picture: plane.view(), force_key: key, analysis: None }, out)
        })?;
        self.coded.extend(self.out.drain(..));
        Ok(())
    }

    /// Encodes what is left; all planes are there.
    pub fn finish(&mut self) -> Result<()> {
        let (codec, out) = (&mut self.codec, &mut self.out);
        guarded("the encoder", || codec.finish(out))?;
        self.coded.extend(self.out.drain(..));
        Ok(())
    }

    /// Whether the plane of the next picture to be handed on is coded.
    pub fn is_ready(&self) -> bool {
        !self.coded.is_empty()
    }

    /// That plane.
    pub fn take(&mut self) -> Option<CodedPicture> {
        self.coded.pop_front()
    }
}

impl Samples {
    /// The alpha of `frame`, in tight rows; opaque where it has none.
    fn alpha_of(&mut self, frame: &FrameView<'_>) -> Result<PlaneData<'_>> {
        let (width, height) = (frame.width() as usize, frame.height() as usize);
        let count = width.checked_mul(height).ok_or_else(|| Error::limit("a frame that is larger than memory"))?;
        // The plane, the first sample of its alpha, and the step from one to the next.
        let (plane, offset, step) = match frame.format() {
            FrameFormat::Rgba | FrameFormat::Bgra => (frame.plane(0), 3, 4),
            FrameFormat::RgbaPlanar => (frame.plane(3), 0, 1),
            _ => (None, 0, 1),
        };
        let row =
            |index: usize, stride: usize| index * stride + offset..index * stride + offset + (width - 1) * step + 1;
        match plane.map(|plane| (plane.data, plane.stride)) {
            Some((PlaneData::U8(data), stride)) => {
                self.bytes.clear();
                for index in 0..height {
                    self.bytes.extend(data[row(index, stride)].iter().step_by(step));
                }
                Ok(PlaneData::U8(&self.bytes))
            }
            Some((PlaneData::U16(data), stride)) => {
                self.words.clear();
                for index in 0..height {
                    self.words.extend(data[row(index, stride)].iter().step_by(step));
                }
                Ok(PlaneData::U16(&self.words))
            }
            None if frame.bit_depth() > 8 => {
                self.words.clear();
                self.words.resize(count, ((1u32 << frame.bit_depth()) - 1) as u16);
                Ok(PlaneData::U16(&self.words))
            }
            None => {
                self.bytes.clear();
                self.bytes.resize(count, u8::MAX);
                Ok(PlaneData::U8(&self.bytes))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alpha_is_found_in_every_layout() {
        let interleaved: Vec<u8> = (0..2 * 3 * 4).collect();
        let planar: Vec<u16> = (0..2 * 3 * 4).collect();
        let mut samples = Samples::default();
        let mut bytes = |frame: FrameView<'_>| match samples.alpha_of(&frame).unwrap() {
            PlaneData::U8(data) => data.iter().map(|&value| value.into()).collect::<Vec<u16>>(),
            PlaneData::U16(data) => data.to_vec(),
        };
        for frame in [FrameView::rgba(3, 2, &interleaved), FrameView::bgra(3, 2, &interleaved)] {
            assert_eq!(bytes(frame.unwrap()), [3, 7, 11, 15, 19, 23]);
        }
        let strided = [(PlaneData::U8(&interleaved), 12)];
        assert_eq!(bytes(FrameView::from_planes(FrameFormat::Rgba, 2, 2, &strided).unwrap()), [3, 7, 15, 19]);
        let frame = FrameView::contiguous(FrameFormat::RgbaPlanar, 3, 2, PlaneData::U16(&planar)).unwrap();
        assert_eq!(bytes(frame), [18, 19, 20, 21, 22, 23]);
        let frame = FrameView::gray(2, 1, &planar[..2]).unwrap().with_bit_depth(10).unwrap();
        assert_eq!(bytes(frame), [1023, 1023]);
        assert_eq!(bytes(FrameView::rgb(2, 1, &interleaved[..6]).unwrap()), [255, 255]);
    }
}
