//! An engine behind the filter for noise.

use crate::codec::{CodedPicture, VideoEngine, VideoInput};
use crate::error::Result;
use crate::media::{CodecConfig, FrameAnalysis};
use crate::motion::{Denoise, Denoiser};

/// Holds each picture back until the next one has come, and hands it on with its noise taken out. It stands behind the
/// search for motion, whose vectors it goes by.
pub(super) struct DenoisingEngine {
    codec: Box<dyn VideoEngine>,
    denoiser: Denoiser,
    held: Option<Held>,
}

/// What goes with the picture that the filter holds.
struct Held {
    force_key: bool,
    analysis: Option<FrameAnalysis>,
}

impl DenoisingEngine {
    /// `codec` behind the filter; `codec` itself where that is off.
    pub fn wrap(codec: Box<dyn VideoEngine>, denoise: Denoise, threads: usize) -> Result<Box<dyn VideoEngine>> {
        // Options refuse what is left out: the code behind it is not linked then.
        if denoise.is_off() || cfg!(not(feature = "motion")) {
            return Ok(codec);
        }
        Ok(Box::new(DenoisingEngine { codec, denoiser: Denoiser::new(denoise, threads)?, held: None }))
    }

    /// Hands on the picture that is left.
    fn hand_on(&mut self, out: &mut Vec<CodedPicture>) -> Result<()> {
        let Some(Held { force_key, analysis }) = self.held.take() else { return Ok(()) };
        let Some(picture) = self.denoiser.finish() else { return Ok(()) };
        self.codec.encode(VideoInput { picture, force_key, analysis: analysis.as_ref() }, out)
    }
}

impl VideoEngine for DenoisingEngine {
    fn encode(&mut self, input: VideoInput<'_>, out: &mut Vec<CodedPicture>) -> Result<()> {
        let VideoInput { picture, force_key, analysis } = input;
        let filtered = self.denoiser.add(&picture, analysis);
        let held = self.held.replace(Held { force_key, analysis: analysis.cloned() });
        let (Some(picture), Some(Held { force_key, analysis })) = (filtered, held) else { return Ok(()) };
        self.codec.encode(VideoInput { picture, force_key, analysis: analysis.as_ref() }, out)
    }

    fn end_input(&mut self, out: &mut Vec<CodedPicture>) -> Result<()> {
        self.hand_on(out)?;
        self.codec.end_input(out)
    }

    fn finish(&mut self, out: &mut Vec<CodedPicture>) -> Result<()> {
        self.hand_on(out)?;
        self.codec.finish(out)
    }

    fn config(&self) -> Option<CodecConfig> {
        self.codec.config()
    }

    fn wants_vectors(&self) -> bool {
        true
    }
}
