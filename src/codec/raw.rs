//! Uncompressed pictures: the planes as they are, one after the other, of tight rows.

use super::{CodedPicture, VideoEngine, VideoInput};
use crate::error::{Error, Result};
use crate::media::{CodecConfig, PixelFormat, RawConfig, Samples};

/// All that decides what an engine writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawSettings {
    pub format: PixelFormat,
    pub width: usize,
    pub height: usize,
}

impl RawSettings {
    /// An engine. Can be called any number of times.
    pub fn open(&self) -> Result<Box<dyn VideoEngine>> {
        Ok(Box::new(Raw { settings: self.clone() }))
    }
}

struct Raw {
    settings: RawSettings,
}

impl VideoEngine for Raw {
    fn encode(&mut self, input: VideoInput<'_>, out: &mut Vec<CodedPicture>) -> Result<()> {
        let RawSettings { format, width, height } = self.settings;
        let picture = input.picture;
        if (picture.format, picture.width, picture.height) != (format, width, height) {
            return Err(Error::input(format!(
                "the picture is {} of {}x{}, but the stream {format} of {width}x{height}",
                picture.format, picture.width, picture.height
            )));
        }
        let mut data = Vec::new();
        for plane in &picture.planes {
            let row = |index: usize| index * plane.stride..index * plane.stride + plane.width;
            let short = || Error::input(format!("a plane does not hold {}x{}", plane.width, plane.height));
            for index in 0..plane.height {
                match plane.samples {
                    Samples::U8(samples) => data.extend_from_slice(samples.get(row(index)).ok_or_else(short)?),
                    Samples::U16(samples) => {
                        let samples = samples.get(row(index)).ok_or_else(short)?;
                        data.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
                    }
                }
            }
        }
        out.push(CodedPicture { data, key: true });
        Ok(())
    }

    fn finish(&mut self, _: &mut Vec<CodedPicture>) -> Result<()> {
        Ok(())
    }

    fn config(&self) -> Option<CodecConfig> {
        Some(CodecConfig::Raw(RawConfig { format: self.settings.format }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{PictureView, PlaneView};

    #[test]
    fn rows_lose_their_strides_and_words_become_bytes() {
        let luma: Vec<u16> = (0..12).collect();
        let plane = PlaneView { samples: Samples::U16(&luma), stride: 4, width: 3, height: 3 };
        let picture = PictureView { format: PixelFormat::Gray10, width: 3, height: 3, planes: vec![plane] };
        let settings = RawSettings { format: PixelFormat::Gray10, width: 3, height: 3 };
        let (mut engine, mut out) = (settings.open().unwrap(), Vec::new());
        engine.encode(VideoInput { picture: picture.clone(), force_key: false, analysis: None }, &mut out).unwrap();
        assert_eq!(out[0].data, [0, 0, 1, 0, 2, 0, 4, 0, 5, 0, 6, 0, 8, 0, 9, 0, 10, 0]);
        let other = RawSettings { width: 2, ..settings };
        let picture = VideoInput { picture, force_key: false, analysis: None };
        assert!(other.open().unwrap().encode(picture, &mut Vec::new()).is_err());
    }
}
