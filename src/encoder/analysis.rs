//! An engine behind the search for motion: key frames stand where scenes begin, and what is known of each frame can be had.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::codec::{CodedPicture, VideoEngine, VideoInput};
use crate::error::Result;
use crate::media::{Analysis, CodecConfig, FrameAnalysis, Picture};
use crate::motion::{SceneAnalyzer, SearchRecord, Searcher};

/// Holds each picture back until what is known of it, which takes the next one, and hands it on with that.
pub(super) struct AnalyzingEngine {
    codec: Box<dyn VideoEngine>,
    analyzer: SceneAnalyzer,
    held: Option<Held>,
    placement: Option<Placement>,
    known: Option<Known>,
}

struct Held {
    picture: Picture,
    force_key: bool,
}

/// What the search for motion is to be of use for.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// Key frames where scenes begin.
    pub placement: Option<Placement>,
    /// What the caller of the stream wants to know, and where that is kept.
    pub analysis: Analysis,
    pub known: Known,
    /// What is to search in the place of the CPU, and where is noted what that did.
    pub searcher: Option<Box<dyn Searcher>>,
    pub record: SearchRecord,
}

/// Sets key frames where scenes begin.
#[derive(Clone, Debug)]
pub(super) struct Placement {
    /// The fewest frames from a key frame to a cut that becomes one, and the most that the engine itself leaves.
    min_interval: u32,
    max_interval: u32,
    /// How many pictures have gone on since the last key frame, that one included.
    since_key: Option<u32>,
}

impl Placement {
    pub fn new(min_interval: u32, max_interval: u32) -> Self {
        Placement { min_interval, max_interval, since_key: None }
    }

    /// Whether the next picture is to be a key frame.
    fn next(&mut self, is_forced: bool, is_cut: bool) -> bool {
        let is_far = self.since_key.is_none_or(|since| since >= self.min_interval);
        let force_key = is_forced || (is_cut && is_far);
        // The engine counts alike: after so many pictures it sets a key frame itself.
        let is_key = force_key || self.since_key.is_none_or(|since| since >= self.max_interval);
        self.since_key = Some(if is_key { 1 } else { self.since_key.unwrap_or_default().saturating_add(1) });
        force_key
    }
}

/// What has become known and was not asked for yet: the newest of it, as a caller may never ask.
#[derive(Clone, Debug, Default)]
pub(super) struct Known(Arc<Mutex<VecDeque<FrameAnalysis>>>);

impl Known {
    /// As many frames as may be under way, and some more.
    pub const LIMIT: usize = 16;

    fn note(&self, analysis: FrameAnalysis) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() == Self::LIMIT {
            known.pop_front();
        }
        known.push_back(analysis);
    }

    pub fn take(&self) -> Vec<FrameAnalysis> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect()
    }
}

impl AnalyzingEngine {
    /// `codec` behind the search for motion; `codec` itself where nothing is wanted of that.
    pub fn wrap(codec: Box<dyn VideoEngine>, wanted: Wanted, threads: usize) -> Result<Box<dyn VideoEngine>> {
        let Wanted { placement, analysis, known, searcher, record } = wanted;
        let has_vectors = codec.wants_vectors() || analysis == Analysis::Vectors;
        let known = (analysis != Analysis::Off).then_some(known);
        // Options refuse what is left out: the code behind it is not linked then.
        if placement.is_none() && known.is_none() && !has_vectors || cfg!(not(feature = "motion")) {
            return Ok(codec);
        }
        let mut analyzer = SceneAnalyzer::new(threads)?.with_vectors(has_vectors);
        if let Some(searcher) = searcher {
            analyzer = analyzer.with_searcher(searcher, record);
        }
        Ok(Box::new(AnalyzingEngine { codec, analyzer, held: None, placement, known }))
    }

    /// Hands the held picture on, with what is known of it.
    fn hand_on(&mut self, analysis: Option<FrameAnalysis>, out: &mut Vec<CodedPicture>) -> Result<()> {
        let Some(Held { picture, mut force_key }) = self.held.take() else { return Ok(()) };
        if let Some(placement) = &mut self.placement {
            force_key = placement.next(force_key, analysis.as_ref().is_some_and(|analysis| analysis.is_cut));
        }
        let input = VideoInput { picture: picture.view(), force_key, analysis: analysis.as_ref() };
        let encoded = self.codec.encode(input, out);
        if let (Some(known), Some(analysis)) = (&self.known, analysis) {
            known.note(analysis);
        }
        encoded
    }
}

impl VideoEngine for AnalyzingEngine {
    fn encode(&mut self, input: VideoInput<'_>, out: &mut Vec<CodedPicture>) -> Result<()> {
        let picture = input.picture.to_picture()?;
        let analysis = self.analyzer.add_picture(&input.picture);
        self.hand_on(analysis, out)?;
        self.held = Some(Held { picture, force_key: input.force_key });
        Ok(())
    }

    fn end_input(&mut self, out: &mut Vec<CodedPicture>) -> Result<()> {
        if self.held.is_some() {
            let analysis = self.analyzer.finish();
            self.hand_on(analysis, out)?;
        }
        self.codec.end_input(out)
    }

    fn finish(&mut self, out: &mut Vec<CodedPicture>) -> Result<()> {
        self.end_input(out)?;
        self.codec.finish(out)
    }

    fn config(&self) -> Option<CodecConfig> {
        self.codec.config()
    }
}

#[cfg(test)]
mod tests {
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

    fn placing(codec: Noting, min: u32, max: u32) -> Box<dyn VideoEngine> {
        let wanted = Wanted { placement: Some(Placement::new(min, max)), ..Wanted::default() };
        AnalyzingEngine::wrap(Box::new(codec), wanted, 1).unwrap()
    }

    fn keys(scenes: &[usize], forced: &[usize], min: u32, max: u32) -> Vec<usize> {
        let keys = Arc::new(Mutex::new(Vec::new()));
        let noting = Noting { keys: Arc::clone(&keys), wants_vectors: false };
        let mut engine = placing(noting, min, max);
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
        let mut engine = placing(noting, 1, 100);
        for _ in 0..3 {
            let picture = picture(0);
            let input = VideoInput { picture: picture.view(), force_key: false, analysis: None };
            engine.encode(input, &mut Vec::new()).unwrap();
        }
        engine.finish(&mut Vec::new()).unwrap();
        assert_eq!(*keys.lock().unwrap(), [(false, false), (false, true), (false, true)]);
    }

    #[test]
    fn what_is_known_is_kept_for_a_while_and_sets_no_key_frames() {
        let keys = Arc::new(Mutex::new(Vec::new()));
        let wanted = Wanted { analysis: Analysis::Vectors, ..Wanted::default() };
        let known = wanted.known.clone();
        let noting = Noting { keys: Arc::clone(&keys), wants_vectors: false };
        let mut engine = AnalyzingEngine::wrap(Box::new(noting), wanted, 1).unwrap();
        let mut add = |scene: usize| {
            let picture = picture(scene);
            let input = VideoInput { picture: picture.view(), force_key: false, analysis: None };
            engine.encode(input, &mut Vec::new()).unwrap();
        };
        add(0);
        assert!(known.take().is_empty(), "a frame is known when the next is there");
        (0..2).for_each(|_| add(1));
        let [first, second] = &known.take()[..] else { panic!("two frames are known") };
        assert_eq!((first.index, first.motion.is_some()), (0, false));
        assert_eq!((second.index, second.motion.is_some(), second.is_cut), (1, true, true));
        (0..30).for_each(|_| add(5));
        let left: Vec<_> = known.take().iter().map(|analysis| analysis.index).collect();
        assert_eq!(left, (32 - Known::LIMIT as u64..32).collect::<Vec<_>>(), "the newest");
        engine.finish(&mut Vec::new()).unwrap();
        assert_eq!(known.take().len(), 1);
        assert!(keys.lock().unwrap().iter().all(|(is_key, _)| !is_key));
    }

    #[test]
    fn an_engine_of_which_nothing_is_wanted_is_left_alone() {
        let keys = Arc::default();
        let noting = Noting { keys: Arc::clone(&keys), wants_vectors: false };
        let mut engine = AnalyzingEngine::wrap(Box::new(noting), Wanted::default(), 1).unwrap();
        let picture = picture(0);
        engine
            .encode(VideoInput { picture: picture.view(), force_key: false, analysis: None }, &mut Vec::new())
            .unwrap();
        assert_eq!(keys.lock().unwrap().len(), 1, "it was not held back");
    }
}
