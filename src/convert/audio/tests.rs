use std::f64::consts::TAU;

use proptest::prelude::*;

use super::*;

/// The samples of `block` through a converter, `chunks` at a time in turn.
fn convert(block: &AudioBlock, rates: (u32, u32), channels: (usize, usize), chunks: &[usize]) -> AudioBlock {
    let mut converter = AudioConverter::new(rates.0, channels.0, rates.1, channels.1).unwrap();
    let mut rest = block.clone();
    let mut out = AudioBlock::new(channels.1);
    for &chunk in chunks.iter().cycle() {
        if rest.frames() == 0 {
            break;
        }
        let piece = rest.take_front(chunk.min(rest.frames()));
        out.append(&converter.convert(piece).unwrap());
    }
    out.append(&converter.finish().unwrap());
    assert_eq!(converter.finish().unwrap(), AudioBlock::new(channels.1));
    assert!(converter.convert(AudioBlock::new(channels.0)).is_err());
    out
}

fn sine(frequency: f64, rate: u32, frames: usize) -> Vec<f64> {
    (0..frames).map(|n| 0.9 * (TAU * frequency * n as f64 / f64::from(rate) + 0.3).sin()).collect()
}

fn noise(seed: u64, frames: usize) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 32) as i32
    };
    (0..frames).map(|_| f64::from(next()) / 2_147_483_648.0).collect()
}

/// Signal to noise in dB, away from the ends, where the filter sees the silence outside of the stream.
fn snr(samples: &[f64], expected: &[f64], margin: usize) -> f64 {
    assert_eq!(samples.len(), expected.len());
    let (mut signal, mut noise) = (0.0, 0.0);
    for (a, b) in samples.iter().zip(expected).skip(margin).take(samples.len() - 2 * margin) {
        signal += b * b;
        noise += (a - b) * (a - b);
    }
    10.0 * (signal / noise).log10()
}

#[test]
fn sines_come_out_in_place() {
    for (rates, least) in [
        ((44_100, 48_000), 180.0),
        ((48_000, 44_100), 180.0),
        ((8_000, 48_000), 180.0),
        ((48_000, 8_000), 180.0),
        ((192_000, 48_000), 180.0),
        ((11_025, 48_000), 180.0),
        ((22_050, 48_000), 180.0),
        ((48_000, 96_000), 180.0),
        // Phases too many for a filter each, with and without a divisor that fits.
        ((44_101, 48_000), 180.0),
        ((47_777, 48_000), 180.0),
        ((48_000, 44_101), 90.0),
        ((192_000, 8_001), 180.0),
    ] {
        let frames = rates.0 as usize / 2;
        let out_frames = (frames as f64 * f64::from(rates.1) / f64::from(rates.0)).round() as usize;
        for part in [0.01, 0.3, 0.8] {
            let frequency = part * f64::from(rates.0.min(rates.1)) / 2.0;
            let input = AudioBlock { channels: vec![sine(frequency, rates.0, frames)] };
            let out = convert(&input, rates, (1, 1), &[frames]);
            let margin = 256 * (rates.1 / rates.0).max(1) as usize;
            let db = snr(&out.channels[0], &sine(frequency, rates.1, out_frames), margin);
            assert!(db > least, "{rates:?} at {frequency} Hz: {db:.1} dB");
        }
    }
}

#[test]
fn nothing_above_the_new_nyquist_frequency_is_left() {
    for (rates, frequency) in [((192_000, 48_000), 25_000.0), ((48_000, 44_100), 22_400.0), ((48_000, 8_000), 5_000.0)]
    {
        let input = AudioBlock { channels: vec![sine(frequency, rates.0, 20_000)] };
        let out = convert(&input, rates, (1, 1), &[20_000]);
        let margin = 300;
        let rest = &out.channels[0][margin..out.frames() - margin];
        let peak = rest.iter().fold(0.0f64, |peak, sample| peak.max(sample.abs()));
        assert!(peak < 1e-5, "{rates:?}: {peak}");
    }
}

#[test]
fn an_impulse_keeps_its_time() {
    for rates in [(44_100, 48_000), (48_000, 44_100), (8_000, 48_000), (96_000, 48_000), (48_000, 192_000)] {
        // Times that both rates have.
        let step = (rates.0 / gcd(rates.0, rates.1)) as usize;
        let at = 12 * step;
        let mut impulse = vec![0.0; 24 * step];
        impulse[at] = 1.0;
        let out = convert(&AudioBlock { channels: vec![impulse] }, rates, (1, 1), &[100_000]);
        let expected = at * rates.1 as usize / rates.0 as usize;
        let samples = &out.channels[0];
        let peak = (0..samples.len()).max_by(|a, b| samples[*a].total_cmp(&samples[*b])).unwrap();
        assert_eq!(peak, expected, "{rates:?}");
        let asymmetry =
            (1..40.min(expected)).map(|k| (samples[peak - k] - samples[peak + k]).abs()).fold(0.0, f64::max);
        assert!(asymmetry < 1e-9, "{rates:?}: {asymmetry}");
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[test]
fn equal_rates_and_channels_pass_untouched() {
    let block = AudioBlock { channels: vec![noise(1, 1000), noise(2, 1000)] };
    assert_eq!(convert(&block, (44_100, 44_100), (2, 2), &[7]), block);
    assert_eq!(convert(&block, (44_100, 48_000), (2, 2), &[7]).frames(), 1088);
}

#[test]
fn mixing_and_resampling_go_together() {
    let tone = sine(1000.0, 44_100, 4410);
    let stereo = AudioBlock { channels: vec![tone.clone(), tone.clone()] };
    let mono = AudioBlock { channels: vec![tone] };
    let expected = convert(&mono, (44_100, 48_000), (1, 1), &[4410]);
    let down = convert(&stereo, (44_100, 48_000), (2, 1), &[4410]);
    let up = convert(&mono, (44_100, 48_000), (1, 2), &[4410]);
    assert_eq!(up.channels, [expected.channels[0].clone(), expected.channels[0].clone()]);
    assert!(down.channels[0].iter().zip(&expected.channels[0]).all(|(a, b)| (a - b).abs() < 1e-12));
}

#[test]
fn settings_out_of_range_are_named() {
    for (settings, name) in [
        ((7_999, 2, 48_000, 2), "`sample_rate` is 7999"),
        ((48_000, 2, 192_001, 2), "`out_sample_rate` is 192001"),
        ((48_000, 0, 48_000, 2), "`num_channels` is 0"),
        ((48_000, 2, 48_000, 9), "`out_num_channels` is 9"),
    ] {
        let (in_rate, in_channels, out_rate, out_channels) = settings;
        let error = AudioConverter::new(in_rate, in_channels, out_rate, out_channels).err().unwrap();
        assert!(error.to_string().contains(name), "{error}");
    }
    let mut converter = AudioConverter::new(48_000, 2, 48_000, 2).unwrap();
    assert!(converter.convert(AudioBlock::new(1)).is_err());
    assert!(converter.convert(AudioBlock { channels: vec![vec![0.0], vec![]] }).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn chunks_do_not_matter(
        in_rate in prop_oneof![Just(8_000u32), Just(44_100), Just(48_000), 8_000u32..=50_000],
        out_rate in prop_oneof![Just(16_000u32), Just(44_100), Just(48_000), 8_000u32..=50_000],
        (in_channels, out_channels) in (1usize..=3, 1usize..=3),
        chunks in prop_oneof![Just(vec![1]), Just(vec![7]), Just(vec![1023]), prop::collection::vec(1usize..3000, 1..5)],
        frames in 0usize..5000,
    ) {
        let block = AudioBlock { channels: (0..in_channels).map(|c| noise(c as u64, frames)).collect() };
        let whole = convert(&block, (in_rate, out_rate), (in_channels, out_channels), &[100_000]);
        let pieces = convert(&block, (in_rate, out_rate), (in_channels, out_channels), &chunks);
        let total = (2 * frames as u64 * u64::from(out_rate) + u64::from(in_rate)) / (2 * u64::from(in_rate));
        prop_assert_eq!(whole.frames() as u64, total);
        prop_assert!(whole == pieces);
    }

    #[test]
    fn every_pair_of_rates_is_exact(in_rate in 8_000u32..=192_000, out_rate in 8_000u32..=192_000, frames in 1usize..2000) {
        let input = AudioBlock { channels: vec![vec![0.5; frames]] };
        let out = convert(&input, (in_rate, out_rate), (1, 1), &[frames]);
        let total = (2 * frames as u64 * u64::from(out_rate) + u64::from(in_rate)) / (2 * u64::from(in_rate));
        prop_assert_eq!(out.frames() as u64, total);
    }
}
