//! Codecs behind two small traits: pictures or samples in, coded pieces out. No codec knows a container.
//!
//! An engine is made by the `open` of its settings, which can be called any number of times with
//! the same settings: an engine for each closed group of pictures is as good as one for the whole stream.

use crate::error::Result;
use crate::media::{AudioBlock, CodecConfig, FrameAnalysis, PictureView};

pub(crate) mod av1;
pub(crate) mod flac;
pub(crate) mod mjpeg;
pub(crate) mod opus;
pub(crate) mod pcm;
pub(crate) mod raw;

/// A picture on its way into a [`VideoEngine`], with what is known about it.
pub(crate) struct VideoInput<'a> {
    /// In the format and of the coded size that the engine was opened with.
    pub picture: PictureView<'a>,
    /// Whether it has to be a key frame.
    pub force_key: bool,
    /// What the search for motion found, where there was one. An engine may pass it over.
    #[allow(dead_code, reason = "no engine so far takes vectors")]
    pub analysis: Option<&'a FrameAnalysis>,
}

/// One coded picture. Engines give them in the order in which the pictures came, one each.
#[derive(Clone, Debug)]
pub(crate) struct CodedPicture {
    pub data: Vec<u8>,
    pub key: bool,
}

/// An encoder of pictures.
pub(crate) trait VideoEngine: Send {
    /// Takes a picture in; appends to `out` what has become ready, which may lag any number of pictures behind.
    fn encode(&mut self, input: VideoInput<'_>, out: &mut Vec<CodedPicture>) -> Result<()>;

    /// Takes no more pictures. Where something else encodes them, it has all of them after this, and what is left comes by
    /// [`finish`](Self::finish).
    fn end_input(&mut self, _: &mut Vec<CodedPicture>) -> Result<()> {
        Ok(())
    }

    /// Takes no more pictures; appends all that is left.
    fn finish(&mut self, out: &mut Vec<CodedPicture>) -> Result<()>;

    /// The configuration; `None` until the first picture has come out.
    fn config(&self) -> Option<CodecConfig>;

    /// Whether vectors in [`VideoInput::analysis`] would be of use.
    fn wants_vectors(&self) -> bool {
        false
    }
}

/// One coded block of samples.
#[derive(Clone, Debug)]
pub(crate) struct CodedAudio {
    pub data: Vec<u8>,
    /// Samples a channel that decoding it gives.
    pub duration: u32,
    /// How many of them, at the end, are padding. Not 0 in the last packet only.
    pub trim_end: u32,
}

/// An encoder of samples. All packets are key packets.
pub(crate) trait AudioEngine: Send {
    /// Takes samples in, any number of them, at the rate and with the channels that it was opened with; appends the
    /// packets that have become full to `out`. Packets do not depend on how the samples were divided into calls.
    fn encode(&mut self, samples: &AudioBlock, out: &mut Vec<CodedAudio>) -> Result<()>;

    /// Takes no more samples; appends all that is left.
    fn finish(&mut self, out: &mut Vec<CodedAudio>) -> Result<()>;

    /// The configuration. It is whole, with totals, after `finish`.
    fn config(&self) -> CodecConfig;

    /// The bit rate in use, in bits a second, where the codec has one to choose.
    fn bit_rate(&self) -> Option<u32>;
}
