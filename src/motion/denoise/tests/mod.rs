//! The filter against an oracle that was written from the definition alone, and what it does to noise.

mod oracle;

use proptest::prelude::*;

use self::oracle::{Input, Samples};
use super::{Denoise, Denoiser};
use crate::media::{Picture, PixelFormat, Plane};
use crate::motion::SceneAnalyzer;
use crate::motion::tests::{hills, scramble, tiles};

fn samples(picture: &Picture) -> Vec<Samples> {
    let plane = |(index, plane): (usize, &Plane)| {
        let (width, height) = picture.format.plane_size(index, picture.width, picture.height);
        let samples = match plane {
            Plane::U8(samples) => samples.iter().map(|&sample| sample.into()).collect(),
            Plane::U16(samples) => samples.clone(),
        };
        Samples { width, height, samples }
    };
    picture.planes.iter().enumerate().map(plane).collect()
}

/// A picture by its samples: plane, place, in 8 bits; the low bits of deeper ones are made up.
fn picture(format: PixelFormat, width: usize, height: usize, sample: impl Fn(usize, usize, usize) -> u8) -> Picture {
    let mut picture = Picture::new(format, width, height);
    for (index, plane) in picture.planes.iter_mut().enumerate() {
        let (width, _) = format.plane_size(index, width, height);
        match plane {
            Plane::U8(samples) => {
                samples.iter_mut().enumerate().for_each(|(at, to)| *to = sample(index, at % width, at / width));
            }
            Plane::U16(samples) => samples.iter_mut().enumerate().for_each(|(at, to)| {
                let low = scramble(at % width, at / width, index as u64) as u16 % 4;
                *to = 4 * u16::from(sample(index, at % width, at / width)) + low;
            }),
        }
    }
    picture
}

/// The pictures with what the search knows of them.
fn inputs(pictures: &[Picture]) -> Vec<Input> {
    let mut analyzer = SceneAnalyzer::new(1).unwrap().with_vectors(true);
    let mut known = Vec::new();
    for picture in pictures {
        known.extend(analyzer.add_picture(&picture.view()));
    }
    known.extend(analyzer.finish());
    let input = |(picture, known)| Input { planes: samples(picture), analysis: Some(known) };
    pictures.iter().zip(known).map(input).collect()
}

fn filtered(pictures: &[Picture], inputs: &[Input], denoise: Denoise, threads: usize) -> Vec<Picture> {
    let mut denoiser = Denoiser::new(denoise, threads).unwrap();
    let mut out = Vec::new();
    for (picture, input) in pictures.iter().zip(inputs) {
        out.extend(denoiser.add(&picture.view(), input.analysis.as_ref()).map(|view| view.to_picture().unwrap()));
    }
    out.extend(denoiser.finish().map(|view| view.to_picture().unwrap()));
    assert_eq!(out.len(), pictures.len());
    out
}

fn run(pictures: &[Picture], denoise: Denoise) -> Vec<Picture> {
    filtered(pictures, &inputs(pictures), denoise, 1)
}

/// Noise that is as good as normal, of this standard deviation.
fn noise(x: usize, y: usize, seed: u64, sigma: i64) -> i64 {
    let sum: u64 = (0..12).map(|i| scramble(x + 31 * i, y + 17 * i, seed * 12 + i as u64) % 1024).sum();
    (sigma * (sum as i64 - 6 * 1023) + 512) >> 10
}

/// A scene of smooth hills that moves, clean and with noise.
fn scene(format: PixelFormat, width: usize, height: usize, count: usize, sigma: i64, seed: u64) -> [Vec<Picture>; 2] {
    let clean = |index: usize, plane: usize, x: usize, y: usize| -> i64 {
        let shift = if plane == 0 { 2 * index } else { index };
        64 + i64::from(hills((x + shift) as i64, y as i64, seed + plane as u64)) / 2
    };
    let with = |sigma: i64| {
        let one = |index: usize| {
            picture(format, width, height, |plane, x, y| {
                let noise = noise(x, y, seed + 100 * (3 * index + plane) as u64, sigma);
                (clean(index, plane, x, y) + noise).clamp(0, 255) as u8
            })
        };
        (0..count).map(one).collect()
    };
    [with(0), with(sigma)]
}

/// Decibels of luma.
fn psnr(a: &Picture, b: &Picture) -> f64 {
    let (a, b) = (samples(a), samples(b));
    let pairs = a[0].samples.iter().zip(&b[0].samples);
    let squares: f64 = pairs.map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2)).sum();
    10.0 * (255.0 * 255.0 * a[0].samples.len() as f64 / squares.max(1.0)).log10()
}

fn is_oracles(pictures: &[Picture], denoise: Denoise) -> Result<(), TestCaseError> {
    let inputs = inputs(pictures);
    let format = pictures[0].format;
    let expected = oracle::filter(&inputs, denoise, format.chroma().shifts(), format.bit_depth().into());
    for threads in [1, 3] {
        let found: Vec<_> = filtered(pictures, &inputs, denoise, threads).iter().map(samples).collect();
        prop_assert_eq!(&found, &expected, "{} threads", threads);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_filter_is_the_oracle(
        (width, height) in (1usize..=90, 1usize..=60),
        format in 0usize..8,
        sigma in 0i64..12,
        strength in 0u8..=10,
        odd in 0usize..5,
        seed in 0u64..1000,
    ) {
        let [_, mut pictures] = scene(PixelFormat::YUV[format], width, height, 5, sigma, seed);
        // Of the five one may be of another scene, and one repeat the one before.
        if odd > 0 {
            pictures[odd] = picture(PixelFormat::YUV[format], width, height, |plane, x, y| scramble(x, y, seed + plane as u64) as u8);
        }
        if odd % 2 == 1 {
            pictures[4] = pictures[3].clone();
        }
        is_oracles(&pictures, if strength == 0 { Denoise::Auto } else { Denoise::Strength(strength) })?;
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn the_twin_for_x86_interpolates_the_same() {
    use super::plane::{WidePlane, interpolate};
    use super::sse2;
    use crate::media::{PlaneView, Samples};
    for most in [255, 1023, 4095] {
        // Blacks and whites, which the taps overshoot.
        let samples: Vec<_> =
            (0..40 * 30).map(|at| [0, most, most / 3][scramble(at % 40, at / 40, 7) as usize % 3]).collect();
        let mut plane = WidePlane::default();
        plane.take(&PlaneView { samples: Samples::U16(&samples), stride: 40, width: 40, height: 30 }, most);
        for (x, y) in (-48..170).step_by(3).flat_map(|x| (-48..130).step_by(5).map(move |y| (x, y))) {
            assert_eq!(interpolate::<8, 8>(&plane, x, y, most), sse2::interpolate::<8, 8>(&plane, x, y, most));
            assert_eq!(interpolate::<4, 4>(&plane, x, y, most), sse2::interpolate::<4, 4>(&plane, x, y, most));
            assert_eq!(interpolate::<4, 8>(&plane, x, y, most), sse2::interpolate::<4, 8>(&plane, x, y, most));
        }
    }
}

#[test]
fn sizes_at_the_edge_are_the_oracles() {
    for (width, height) in [(1, 1), (1, 40), (33, 1), (8, 8), (17, 15), (129, 65)] {
        for format in [PixelFormat::Yuv420p, PixelFormat::Yuv422p10, PixelFormat::Gray] {
            let [_, pictures] = scene(format, width, height, 3, 6, 5);
            is_oracles(&pictures, Denoise::Strength(7)).unwrap();
        }
    }
}

#[test]
fn noise_is_taken_out_of_what_moves() {
    for (sigma, gain) in [(3, 3.0), (5, 4.0), (10, 4.0)] {
        let [clean, noisy] = scene(PixelFormat::Yuv420p, 160, 96, 8, sigma, 3);
        for denoise in [Denoise::Auto, Denoise::Strength(5)] {
            let filtered = run(&noisy, denoise);
            let gains: Vec<_> = (0..8).map(|i| psnr(&filtered[i], &clean[i]) - psnr(&noisy[i], &clean[i])).collect();
            // The first has one neighbour, those behind it all that went before.
            assert!(gains[0] > 1.5, "sigma {sigma}, {denoise}: {gains:?}");
            assert!(gains[7] > gain, "sigma {sigma}, {denoise}: {gains:?}");
        }
    }
}

#[test]
fn a_clean_scene_stays_as_it_is() {
    let [clean, _] = scene(PixelFormat::Yuv420p, 160, 96, 5, 0, 3);
    // The hills have grain of their own, half of 12 levels high.
    let smooth: Vec<_> = (0..5)
        .map(|i| picture(PixelFormat::Yuv420p, 160, 96, |_, x, y| (60 + (x + 3 * i) / 2 + y / 3) as u8))
        .collect();
    assert_eq!(run(&smooth, Denoise::Auto), smooth);
    for (filtered, clean) in run(&clean, Denoise::Auto).iter().zip(&clean) {
        assert!(psnr(filtered, clean) > 38.0, "{}", psnr(filtered, clean));
    }
}

#[test]
fn nothing_leaks_over_a_cut() {
    let scenes = [tiles(128, 96, 1, 0), tiles(128, 96, 2, 0)];
    let of = |index: usize| {
        picture(PixelFormat::Gray, 128, 96, |_, x, y| {
            let clean = i64::from(scenes[index / 4][y * 128 + x]);
            (clean + noise(x, y, 900 + index as u64, 4)).clamp(0, 255) as u8
        })
    };
    let pictures: Vec<_> = (0..8).map(of).collect();
    let mut all = inputs(&pictures);
    all[4].analysis.as_mut().unwrap().is_cut = true;
    let both = filtered(&pictures, &all, Denoise::Strength(10), 1);
    assert_ne!(both[3], pictures[3]);
    // Each scene comes out as it does alone.
    assert_eq!(both[..4], filtered(&pictures[..4], &all[..4], Denoise::Strength(10), 1));
    assert_eq!(both[4..], filtered(&pictures[4..], &all[4..], Denoise::Strength(10), 1));
}

#[test]
fn repeats_stay_repeats() {
    let [_, mut pictures] = scene(PixelFormat::Yuv420p10, 64, 48, 5, 4, 8);
    pictures[2] = pictures[1].clone();
    pictures[3] = pictures[1].clone();
    let filtered = run(&pictures, Denoise::Strength(5));
    assert_ne!(filtered[1], pictures[1]);
    assert!(filtered[2] == filtered[1] && filtered[3] == filtered[1] && filtered[4] != filtered[1]);
}

#[test]
fn pictures_of_which_nothing_is_known_stay_as_they_are() {
    let [_, pictures] = scene(PixelFormat::Gray, 64, 48, 3, 4, 8);
    let mut denoiser = Denoiser::new(Denoise::Strength(10), 1).unwrap();
    let mut out = Vec::new();
    for picture in &pictures {
        out.extend(denoiser.add(&picture.view(), None).map(|view| view.to_picture().unwrap()));
    }
    out.extend(denoiser.finish().map(|view| view.to_picture().unwrap()));
    assert_eq!(out, pictures);
    assert!(denoiser.finish().is_none());
}
