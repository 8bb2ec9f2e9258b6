//! Which pictures are key frames: what rav1e decides on its way through a stream, decided ahead of it.
//!
//! It is decided by the same detector, asked in the same order about the same pictures, since it remembers what it was asked.

use std::collections::VecDeque;
use std::sync::Arc;

use ::rav1e::prelude::{ChromaSampling, Frame, Pixel};
use av_scenechange::{CpuFeatureLevel, Rational32, SceneChangeDetector, SceneDetectionSpeed};

use super::super::rav1e::{chroma_sampling, time_base};
use super::super::{Av1Settings, SceneDetection};

/// Decides a few pictures late.
pub(super) struct KeyPlacement<T: Pixel> {
    detector: SceneChangeDetector<T>,
    /// The number of pictures behind the next to be decided that have to be there.
    lookahead: usize,
    /// From the one before the next to be decided, with whether each has to be a key frame.
    frames: VecDeque<(Arc<Frame<T>>, bool)>,
    /// The number of the next to be decided.
    next: usize,
    /// The last key frame that the detector knows of, and the last that there is: where it does not want one, among the last
    /// pictures, the encoder goes by the interval alone.
    last_detected: usize,
    last_key: usize,
    interval: usize,
}

impl<T: Pixel> KeyPlacement<T> {
    pub fn new(settings: &Av1Settings) -> Self {
        let lookahead = super::lookahead(settings);
        let speed = match settings.scene_detection {
            SceneDetection::Off | SceneDetection::Motion => SceneDetectionSpeed::None,
            SceneDetection::Fast => SceneDetectionSpeed::Fast,
            SceneDetection::Standard => SceneDetectionSpeed::Standard,
        };
        let (frame, sampling): (_, ChromaSampling) = (time_base(settings), chroma_sampling(settings.format.chroma()));
        KeyPlacement {
            detector: SceneChangeDetector::new(
                (settings.width, settings.height),
                settings.format.bit_depth().into(),
                // Both fit: `time_base` sees to it.
                Rational32::new(frame.den as i32, frame.num as i32),
                sampling,
                lookahead,
                speed,
                settings.min_keyframe_interval() as usize,
                settings.keyframe_interval as usize,
                CpuFeatureLevel::default(),
            ),
            lookahead,
            frames: VecDeque::new(),
            next: 1,
            last_detected: 0,
            last_key: 0,
            interval: settings.keyframe_interval as usize,
        }
    }

    /// Takes the next picture; `out` gets those that are decided.
    pub fn take(&mut self, frame: Arc<Frame<T>>, is_forced: bool, out: &mut Vec<(Arc<Frame<T>>, bool)>) {
        if self.frames.is_empty() {
            out.push((Arc::clone(&frame), true));
        }
        self.frames.push_back((frame, is_forced));
        if self.frames.len() >= self.lookahead + 3 {
            self.decide(out);
        }
    }

    /// No more pictures come.
    pub fn finish(&mut self, out: &mut Vec<(Arc<Frame<T>>, bool)>) {
        while self.frames.len() >= 2 {
            self.decide(out);
        }
        self.frames.clear();
    }

    fn decide(&mut self, out: &mut Vec<(Arc<Frame<T>>, bool)>) {
        let Some((frame, is_forced)) = self.frames.get(1).cloned() else { return };
        let is_detected = is_forced || {
            let frames: Vec<_> = self.frames.iter().map(|(frame, _)| frame).collect();
            self.detector.analyze_next_frame(&frames, self.next, self.last_detected)
        };
        if is_detected {
            self.last_detected = self.next;
        }
        let is_key = is_detected || self.next - self.last_key >= self.interval;
        if is_key {
            self.last_key = self.next;
        }
        out.push((frame, is_key));
        self.frames.pop_front();
        self.next += 1;
    }
}
