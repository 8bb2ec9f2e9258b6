//! An engine behind the search for motion: key frames stand where scenes begin.

use crate::codec::{CodedPicture, VideoEngine, VideoInput};
use crate::error::Result;
use crate::media::{CodecConfig, FrameAnalysis, Picture};
use crate::motion::SceneAnalyzer;

/// Holds each picture back until what is known of it, which takes the next one, and forces a key frame at a cut.
pub(super) struct SceneEngine {
    codec: Box<dyn VideoEngine>,
    analyzer: SceneAnalyzer,
    held: Option<Held>,
    /// The fewest frames from a key frame to a cut that becomes one, and the most that the engine itself leaves.
    min_interval: u32,
    max_interval: u32,
    /// How many pictures have gone on since the last key frame, that one included.
    since_key: Option<u32>,
}

struct Held {
    picture: Picture,
    force_key: bool,
}

impl SceneEngine {
    pub fn new(codec: Box<dyn VideoEngine>, min_interval: u32, max_interval: u32, threads: usize) -> Result<Self> {
        let analyzer = SceneAnalyzer::new(threads)?.with_vectors(codec.wants_vectors());
        Ok(SceneEngine { codec, analyzer, held: None, min_interval, max_interval, since_key: None })
    }

    /// Hands the held picture on, with what is known of it.
    fn hand_on(&mut self, analysis: Option<FrameAnalysis>, out: &mut Vec<CodedPicture>) -> Result<()> {
        let Some(Held { picture, force_key }) = self.held.take() else { return Ok(()) };
        let is_cut = analysis.as_ref().is_some_and(|analysis| analysis.is_cut);
        let is_far = self.since_key.is_none_or(|since| since >= self.min_interval);
        let force_key = force_key || (is_cut && is_far);
        // The engine counts alike: after so many pictures it sets a key frame itself.
        let is_key = force_key || self.since_key.is_none_or(|since| since >= self.max_interval);
        self.since_key = Some(if is_key { 1 } else { self.since_key.unwrap_or_default().saturating_add(1) });
        self.codec.encode(VideoInput { picture: picture.view(), force_key, analysis: analysis.as_ref() }, out)
    }
}

impl VideoEngine for SceneEngine {
    fn encode(&mut self, input: VideoInput<'_>, out: &mut Vec<CodedPicture>) -> Result<()> {
        let picture = input.picture.to_picture()?;
        let analysis = self.analyzer.add_picture(&input.picture);
        self.hand_on(analysis, out)?;
        self.held = Some(Held { picture, force_key: input.force_key });
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<CodedPicture>) -> Result<()> {
        let analysis = self.analyzer.finish();
        self.hand_on(analysis, out)?;
        self.codec.finish(out)
    }

    fn config(&self) -> Option<CodecConfig> {
        self.codec.config()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::error::Error;
    use crate::media::{PixelFormat, Plane};
    use crate::motion::tests::tiles;

    /// Notes which pictures were to be key frames, and whether vectors came.
    struct Noting {
        keys: Arc<Mutex<Vec<(bool, bool)>>>,
        wants_vectors: bool,
    }

    impl VideoEngine for Noting {
        fn encode(&mut self, input: VideoInput<'_>, out: &mut Vec<CodedPicture>) -> Result<()> {
            let has_vectors = input.analysis.is_some_and(|analysis| analysis.motion.is_some());
            self.keys.lock().map_err(|_| Error::state("poisoned"))?.push((input.force_key, has_vectors));
            out.push(CodedPicture { data: Vec::new(), key: input.force_key });
            Ok(())
        }

        fn finish(&mut self, _: &mut Vec<CodedPicture>) -> Result<()> {
            Ok(())
        }

        fn config(&self) -> Option<CodecConfig> {
            None
        }

        fn wants_vectors(&self) -> bool {
            self.wants_vectors
        }
    }

    /// A picture of another texture for each scene.
    fn picture(scene: usize) -> Picture {
        let mut picture = Picture::new(PixelFormat::Gray, 96, 80);
        picture.planes = vec![Plane::U8(tiles(96, 80, 1 + scene as u64, 0))];
        picture
    }

    fn keys(scenes: &[usize], forced: &[usize], min: u32, max: u32) -> Vec<usize> {
        let keys = Arc::new(Mutex::new(Vec::new()));
        let noting = Noting { keys: Arc::clone(&keys), wants_vectors: false };
        let mut engine = SceneEngine::new(Box::new(noting), min, max, 1).unwrap();
        let mut out = Vec::new();
        for (index, &scene) in scenes.iter().enumerate() {
            let picture = picture(scene);
            let input = VideoInput { picture: picture.view(), force_key: forced.contains(&index), analysis: None };
            engine.encode(input, &mut out).unwrap();
            assert_eq!(out.len(), index, "one picture is held back");
        }
        engine.finish(&mut out).unwrap();
        assert_eq!(out.len(), scenes.len());
        let keys = keys.lock().unwrap();
        (0..scenes.len()).filter(|&index| keys[index].0).collect()
    }

    #[test]
    fn cuts_become_key_frames_and_flashes_do_not() {
        assert_eq!(keys(&[0, 0, 0, 1, 1, 1, 2, 2], &[], 1, 100), [3, 6]);
        assert_eq!(keys(&[0, 0, 0, 1, 0, 0, 0], &[], 1, 100), [0usize; 0]);
        assert_eq!(keys(&[0, 0, 0, 0, 1], &[], 1, 100), [4], "the last picture may be a scene of its own");
    }

    #[test]
    fn key_frames_keep_their_distance_unless_forced() {
        assert_eq!(keys(&[0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3], &[], 4, 100), [6], "of the first picture, and of it");
        assert_eq!(keys(&[0, 0, 0, 0, 1, 1, 1, 1], &[1, 2], 3, 100), [1, 2]);
        // The engine has set one at 4 itself.
        assert_eq!(keys(&[0, 0, 0, 0, 0, 1, 1, 1], &[], 3, 4), [0usize; 0]);
    }

    #[test]
    fn vectors_go_to_the_engine_that_wants_them() {
        let keys = Arc::new(Mutex::new(Vec::new()));
        let noting = Noting { keys: Arc::clone(&keys), wants_vectors: true };
        let mut engine = SceneEngine::new(Box::new(noting), 1, 100, 1).unwrap();
        for _ in 0..3 {
            let picture = picture(0);
            let input = VideoInput { picture: picture.view(), force_key: false, analysis: None };
            engine.encode(input, &mut Vec::new()).unwrap();
        }
        engine.finish(&mut Vec::new()).unwrap();
        assert_eq!(*keys.lock().unwrap(), [(false, false), (false, true), (false, true)]);
    }
}
