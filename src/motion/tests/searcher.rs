//! Another searcher in the place of the CPU, and the CPU in its place.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use super::{content, tiles};
use crate::error::{Error, Result};
use crate::media::{FrameAnalysis, Picture, PixelFormat, Plane};
use crate::motion::instructions::Instructions;
use crate::motion::pyramid::Pyramid;
use crate::motion::search::{Pair, search, search_coarse};
use crate::motion::{Costs, Depth, Found, HELD, Luma, SceneAnalyzer, SearchRecord, Searcher};
use crate::parallel::Workers;

/// Searches as the CPU does, and fails at one of its calls; notes which those were.
#[derive(Debug)]
struct Faltering {
    pyramids: VecDeque<Pyramid>,
    calls: Arc<Mutex<Vec<&'static str>>>,
    fails_at: usize,
}

impl Faltering {
    fn call(&self, name: &'static str) -> Result<()> {
        let mut calls = self.calls.lock().unwrap();
        calls.push(name);
        if calls.len() > self.fails_at { Err(Error::state("it has had enough")) } else { Ok(()) }
    }
}

impl Searcher for Faltering {
    fn take(&mut self, luma: &Luma) -> Result<()> {
        self.call("take")?;
        let mut pyramid = Pyramid::default();
        pyramid.take(&luma.view(), 0);
        self.pyramids.push_front(pyramid);
        self.pyramids.truncate(HELD);
        Ok(())
    }

    fn repeat(&mut self) -> Result<()> {
        self.call("repeat")?;
        self.pyramids.push_front(self.pyramids[0].clone());
        self.pyramids.truncate(HELD);
        Ok(())
    }

    fn search(&mut self, newer: usize, older: usize, depth: Depth<'_>) -> Result<Found> {
        self.call("search")?;
        let pair = Pair { current: &self.pyramids[newer], before: &self.pyramids[older] };
        let (instructions, workers) = (Instructions::Portable, Workers::new(1)?);
        let coarse = search_coarse(pair, instructions, &workers);
        let costs = Costs::new(&pair.current.quarter, &pair.before.quarter, &coarse);
        let field = match depth {
            Depth::Coarse => None,
            Depth::Field(last) => Some(search(pair, &coarse, last, instructions, &workers)),
        };
        Ok(Found { costs, field })
    }
}

/// Motion, a flash, a cut, and pictures that repeat the one before.
fn pictures(format: PixelFormat) -> Vec<Picture> {
    const SCENES: [(u64, usize); 12] =
        [(1, 0), (1, 3), (1, 3), (2, 0), (1, 6), (1, 9), (3, 0), (3, 5), (3, 5), (3, 5), (4, 0), (4, 3)];
    let picture = |(scene, shift)| {
        let mut picture = Picture::new(format, 96, 80);
        let samples = tiles(96, 80, scene, shift);
        picture.planes[0] = match format.bit_depth() {
            8 => Plane::U8(samples),
            depth => Plane::U16(samples.iter().map(|&sample| u16::from(sample) << (depth - 8) | 1).collect()),
        };
        picture
    };
    SCENES.into_iter().map(picture).collect()
}

fn analyze(mut analyzer: SceneAnalyzer, pictures: &[Picture]) -> Vec<FrameAnalysis> {
    let mut out = Vec::new();
    for picture in pictures {
        out.extend(analyzer.add_picture(&picture.view()));
    }
    out.extend(analyzer.finish());
    out
}

#[test]
fn wherever_a_searcher_fails_the_results_are_the_same() {
    for (format, has_vectors) in [(PixelFormat::Gray, true), (PixelFormat::Gray10, true), (PixelFormat::Gray, false)] {
        let pictures = pictures(format);
        let analyzer = || SceneAnalyzer::new(1).unwrap().with_vectors(has_vectors);
        let expected = analyze(analyzer(), &pictures);
        assert_eq!(expected.iter().filter(|frame| frame.is_cut).count(), 2);
        assert_eq!(expected.iter().filter(|frame| frame.is_repeat).count(), 3);
        for fails_at in 0.. {
            let calls = Arc::new(Mutex::new(Vec::new()));
            let faltering = Faltering { pyramids: VecDeque::new(), calls: Arc::clone(&calls), fails_at };
            let record = SearchRecord::default();
            let found = analyze(analyzer().with_searcher(Box::new(faltering), record.clone()), &pictures);
            assert_eq!(found, expected, "{format}, call {fails_at} fails");
            let calls = calls.lock().unwrap();
            let Some(why) = record.failure() else {
                // It never came to that.
                assert_eq!(record.pictures(), pictures.len() as u64 - 1);
                assert!(calls.len() == fails_at && calls.contains(&"repeat"), "{calls:?}");
                break;
            };
            assert!(why.contains("enough"), "{why}");
            assert_eq!(calls.len(), fails_at + 1, "it is not asked again");
            assert!(record.pictures() < pictures.len() as u64);
        }
    }
}

#[test]
fn luma_is_kept_in_whole_words() {
    let picture = content(1, 5, 3, (0, 0), 1);
    let mut luma = Luma::default();
    for shift in [2, 0] {
        picture.with_view(shift, |view| luma.take(view, shift));
        assert_eq!((luma.width, luma.height, luma.stride, luma.samples.len()), (5, 3, 8, 24));
        for (row, expected) in luma.samples.chunks(8).zip(picture.samples.chunks(5)) {
            assert_eq!((&row[..5], &row[5..]), (expected, &[0; 3][..]));
        }
    }
}
