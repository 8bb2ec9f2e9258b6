//! What is a cut and what is not, on made-up scenes.

use super::{hills, scramble, tiles};
use crate::error::ErrorKind;
use crate::media::{FrameAnalysis, FrameFormat, FrameView, PlaneData};
use crate::motion::Analyzer;

const WIDTH: usize = 192;
const HEIGHT: usize = 128;

/// A frame of a scene that has moved on by `shift`, in 256ths of its light, plus `lift`.
fn frame(scene: u64, shift: i64, light: i64, lift: i64) -> Vec<u8> {
    let sample = |at: usize| {
        let value = i64::from(hills((at % WIDTH) as i64 + shift, (at / WIDTH) as i64, scene));
        (value * light / 256 + lift).clamp(0, 255) as u8
    };
    (0..WIDTH * HEIGHT).map(sample).collect()
}

fn analyze(frames: &[Vec<u8>], threads: usize) -> Vec<FrameAnalysis> {
    let mut analyzer = Analyzer::new(WIDTH as u32, HEIGHT as u32).unwrap().with_threads(threads).unwrap();
    let mut out = Vec::new();
    for frame in frames {
        out.extend(analyzer.add(&FrameView::gray(WIDTH as u32, HEIGHT as u32, &frame[..]).unwrap()).unwrap());
    }
    out.extend(analyzer.finish());
    assert_eq!(out.len(), frames.len());
    assert!(out.iter().enumerate().all(|(index, frame)| frame.index == index as u64));
    out
}

fn cuts(frames: &[Vec<u8>]) -> Vec<u64> {
    let one = analyze(frames, 1);
    assert_eq!(one, analyze(frames, 3), "threads change nothing");
    one.into_iter().filter(|frame| frame.is_cut).map(|frame| frame.index).collect()
}

#[test]
fn a_cut_is_found_where_it_is() {
    let frames: Vec<_> = (0..8).map(|i| tiles(WIDTH, HEIGHT, 1 + i as u64 / 4, 3 * i)).collect();
    assert_eq!(cuts(&frames), [4]);
}

#[test]
fn motion_is_no_cut() {
    let frames: Vec<_> = (0..10).map(|i| frame(1, i * 25, 256, 0)).collect();
    assert_eq!(cuts(&frames), [0u64; 0]);
}

#[test]
fn a_flash_is_no_cut() {
    let tiled: Vec<_> = (0..9).map(|i| tiles(WIDTH, HEIGHT, if i == 4 { 2 } else { 1 }, 3 * i)).collect();
    assert_eq!(cuts(&tiled), [0u64; 0]);
    let lift = |i| if i == 4 { 150 } else { 0 };
    let frames: Vec<_> = (0..9).map(|i| frame(1, i, 256, lift(i))).collect();
    assert_eq!(cuts(&frames), [0u64; 0]);
    let white = |i: i64| if i == 4 { vec![250; WIDTH * HEIGHT] } else { frame(1, i, 256, 0) };
    assert_eq!(cuts(&(0..9).map(white).collect::<Vec<_>>()), [0u64; 0]);
    let other = |i: i64| frame(if i == 4 { 2 } else { 1 }, i, 256, 0);
    assert_eq!(cuts(&(0..9).map(other).collect::<Vec<_>>()), [0u64; 0]);
}

#[test]
fn fades_are_no_cuts_and_what_follows_black_is_one() {
    let out = (0..16).map(|i| frame(1, i, 256 - 16 * i, 0));
    let back = (0..=16).map(|i| frame(2, i, 16 * i, 0));
    let found = cuts(&out.chain(back).collect::<Vec<_>>());
    assert!(found.len() <= 1, "{found:?}");
    let black = (0..4).map(|_| vec![16; WIDTH * HEIGHT]).chain((0..4).map(|i| frame(2, i, 256, 0)));
    assert_eq!(cuts(&black.collect::<Vec<_>>()), [4]);
}

#[test]
fn a_dissolve_is_no_burst_of_cuts() {
    let mix = |i: i64| {
        let (from, to) = (frame(1, 0, 256, 0), frame(2, 0, 256, 0));
        let share = (i - 4).clamp(0, 12);
        from.iter().zip(&to).map(|(&a, &b)| ((i64::from(a) * (12 - share) + i64::from(b) * share) / 12) as u8).collect()
    };
    let found = cuts(&(0..20).map(mix).collect::<Vec<_>>());
    assert!(found.len() <= 1, "{found:?}");
}

#[test]
fn grain_alone_is_no_cut() {
    let noisy = |i: u64| (0..WIDTH * HEIGHT).map(|at| 40 + (scramble(at, 7, i) % 4) as u8).collect();
    assert_eq!(cuts(&(0..6).map(noisy).collect::<Vec<Vec<u8>>>()), [0u64; 0]);
}

#[test]
fn repeats_are_exact() {
    let mut frames = vec![frame(1, 0, 256, 0); 3];
    frames[2][WIDTH * HEIGHT - 1] ^= 1;
    frames.push(frames[2].clone());
    let repeats: Vec<_> = analyze(&frames, 1).iter().map(|frame| frame.is_repeat).collect();
    assert_eq!(repeats, [false, true, false, true]);
    // One bit of chroma counts, and one that is too fine for the search.
    let mut deep = vec![512u16; 16 * 16 * 3 / 2];
    let mut analyzer = Analyzer::new(16, 16).unwrap();
    let mut add = |samples: &[u16]| {
        let frame = FrameView::contiguous(FrameFormat::Nv12, 16, 16, PlaneData::U16(samples)).unwrap();
        analyzer.add(&frame).unwrap()
    };
    assert!(add(&deep).is_none());
    add(&deep);
    deep[16 * 16 + 3] += 1;
    assert!(add(&deep).unwrap().is_repeat);
    assert!(!analyzer.finish().unwrap().is_repeat);
}

#[test]
fn frames_that_do_not_fit_are_refused_and_leave_no_trace() {
    let mut analyzer = Analyzer::new(16, 16).unwrap();
    let pixels = [0u8; 17 * 16 * 3];
    let wrong = FrameView::gray(17, 16, &pixels[..17 * 16]).unwrap();
    assert_eq!(analyzer.add(&wrong).unwrap_err().kind(), ErrorKind::InvalidInput);
    let rgb = FrameView::rgb(16, 16, &pixels[..16 * 16 * 3]).unwrap();
    assert_eq!(analyzer.add(&rgb).unwrap_err().kind(), ErrorKind::Unsupported);
    assert!(analyzer.add(&FrameView::gray(16, 16, &pixels[..256]).unwrap()).unwrap().is_none());
    let i420 = FrameView::i420(16, 16, &pixels[..384]).unwrap();
    assert!(analyzer.add(&i420).unwrap_err().to_string().contains("gray"));
    assert_eq!(analyzer.finish().map(|frame| frame.index), Some(0));
    assert!(Analyzer::new(0, 16).is_err() && Analyzer::new(16, 16).unwrap().with_threads(300).is_err());
}
