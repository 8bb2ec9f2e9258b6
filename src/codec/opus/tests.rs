use std::f64::consts::TAU;

use proptest::prelude::*;
use ropus::{Channels, DecodeMode, Decoder, OpusMSDecoder};

use super::*;

const DURATIONS: [OpusFrameDuration; 6] = [
    OpusFrameDuration::Ms2_5,
    OpusFrameDuration::Ms5,
    OpusFrameDuration::Ms10,
    OpusFrameDuration::Ms20,
    OpusFrameDuration::Ms40,
    OpusFrameDuration::Ms60,
];

/// Output channels of a decoder as RFC 7845 (5.1.1.2) names them, and ours as WAV does.
const VORBIS: [&[&str]; 8] = [
    &["C"],
    &["L", "R"],
    &["L", "C", "R"],
    &["L", "R", "BL", "BR"],
    &["L", "C", "R", "BL", "BR"],
    &["L", "C", "R", "BL", "BR", "LFE"],
    &["L", "C", "R", "SL", "SR", "BC", "LFE"],
    &["L", "C", "R", "SL", "SR", "BL", "BR", "LFE"],
];
const WAV: [&[&str]; 8] = [
    &["C"],
    &["L", "R"],
    &["L", "R", "C"],
    &["L", "R", "BL", "BR"],
    &["L", "R", "C", "BL", "BR"],
    &["L", "R", "C", "LFE", "BL", "BR"],
    &["L", "R", "C", "LFE", "BC", "SL", "SR"],
    &["L", "R", "C", "LFE", "BL", "BR", "SL", "SR"],
];

struct Coded {
    packets: Vec<CodedAudio>,
    config: OpusConfig,
}

fn encode(settings: &OpusSettings, block: &AudioBlock, chunk: usize) -> Coded {
    let mut engine = settings.open().unwrap();
    let (mut rest, mut packets) = (block.clone(), Vec::new());
    engine.encode(&AudioBlock::new(block.channels.len()), &mut packets).unwrap();
    while rest.frames() > 0 {
        let piece = rest.take_front(chunk.min(rest.frames()));
        engine.encode(&piece, &mut packets).unwrap();
    }
    engine.finish(&mut packets).unwrap();
    let count = packets.len();
    engine.finish(&mut packets).unwrap();
    assert_eq!(packets.len(), count);
    assert!(engine.encode(block, &mut packets).is_err());
    let CodecConfig::Opus(config) = engine.config() else { unreachable!() };
    Coded { packets, config }
}

/// Everything that the packets decode to, at `rate`, in the order of WAV.
fn decode_all(coded: &Coded, rate: u32) -> Vec<Vec<f64>> {
    let count = usize::from(coded.config.channels);
    let mut interleaved = Vec::new();
    let mut pcm = vec![0i16; 5760 * count];
    let mut single =
        (count <= 2).then(|| Decoder::new(rate, if count == 1 { Channels::Mono } else { Channels::Stereo }).unwrap());
    let mut surround = coded.config.mapping.as_ref().map(|mapping| {
        let (streams, coupled) = (mapping.streams.into(), mapping.coupled.into());
        OpusMSDecoder::new(rate as i32, count as i32, streams, coupled, &mapping.table).unwrap()
    });
    for packet in &coded.packets {
        let frames = match (&mut single, &mut surround) {
            (Some(decoder), None) => decoder.decode(&packet.data, &mut pcm, DecodeMode::Normal).unwrap(),
            (None, Some(decoder)) => {
                decoder.decode(Some(&packet.data), packet.data.len() as i32, &mut pcm, 5760, false).unwrap() as usize
            }
            _ => panic!("family 0 is for one and two channels, and for no more"),
        };
        assert_eq!(frames as u32 * (48_000 / rate), packet.duration);
        interleaved.extend_from_slice(&pcm[..frames * count]);
    }
    WAV[count - 1]
        .iter()
        .map(|name| {
            let at = VORBIS[count - 1].iter().position(|other| other == name).unwrap();
            interleaved.iter().skip(at).step_by(count).map(|&sample| f64::from(sample) / 32768.0).collect()
        })
        .collect()
}

/// What a player shows of it: without pre-skip and end trim.
fn decode(coded: &Coded, rate: u32) -> Vec<Vec<f64>> {
    let ticks = (48_000 / rate) as usize;
    let skip = usize::from(coded.config.pre_skip) / ticks;
    let trim = coded.packets.last().map_or(0, |packet| packet.trim_end as usize) / ticks;
    decode_all(coded, rate).into_iter().map(|samples| samples[skip..samples.len() - trim].to_vec()).collect()
}

/// The duration of a packet in ticks by its table of contents (RFC 6716, 3.1 and 3.2).
fn toc_ticks(packet: &[u8]) -> u32 {
    let config = packet[0] >> 3;
    let frame = match config {
        0..=11 => [480, 960, 1920, 2880][usize::from(config % 4)],
        12..=15 => [480, 960][usize::from(config % 2)],
        _ => [120, 240, 480, 960][usize::from(config % 4)],
    };
    frame
        * match packet[0] & 3 {
            0 => 1,
            1 | 2 => 2,
            _ => u32::from(packet[1] & 0x3f),
        }
}

/// Noise below about an eighth of the rate, which every mode of the codec keeps.
fn noise(seed: u64, frames: usize) -> Vec<f64> {
    let mut state = seed.wrapping_add(1);
    let (mut a, mut b) = (0.0, 0.0);
    (0..frames)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            a += 0.4 * (f64::from((state >> 32) as i32) / 2_147_483_648.0 - a);
            b += 0.4 * (a - b);
            b
        })
        .collect()
}

fn tone(frequency: f64, frames: usize) -> Vec<f64> {
    (0..frames).map(|n| 0.4 * (TAU * frequency * n as f64 / 48_000.0).sin()).collect()
}

/// How much of `frequency` is in the samples.
fn level(samples: &[f64], frequency: f64) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let angle = TAU * frequency * n as f64 / 48_000.0;
        re += sample * angle.cos();
        im += sample * angle.sin();
    }
    2.0 * re.hypot(im) / samples.len() as f64
}

/// The lag, in samples, at which `b` matches `a` best, and the correlation there.
fn lag(a: &[f64], b: &[f64]) -> (i64, f64) {
    let energy = |samples: &[f64]| samples.iter().map(|sample| sample * sample).sum::<f64>();
    let correlate = |lag: i64| {
        let products = (0..a.len() as i64).filter(|n| (0..b.len() as i64).contains(&(n + lag)));
        products.map(|n| a[n as usize] * b[(n + lag) as usize]).sum::<f64>() / (energy(a) * energy(b)).sqrt()
    };
    (-60..=60).map(|lag| (lag, correlate(lag))).max_by(|a, b| a.1.total_cmp(&b.1)).unwrap()
}

fn assert_lengths(coded: &Coded, settings: &OpusSettings, frames: usize) {
    let ticks: u64 = coded.packets.iter().map(|packet| u64::from(packet.duration)).sum();
    let trim: u64 = coded.packets.iter().map(|packet| u64::from(packet.trim_end)).sum();
    let sound = frames as u64 * u64::from(48_000 / settings.sample_rate);
    assert_eq!(u64::from(coded.config.pre_skip) + sound + trim, ticks, "{settings:?}, {frames}");
    for (index, packet) in coded.packets.iter().enumerate() {
        assert_eq!(toc_ticks(&packet.data), packet.duration, "{settings:?}");
        assert_eq!(packet.duration, settings.frame_duration.ticks());
        assert!(packet.trim_end < packet.duration);
        assert!(packet.trim_end == 0 || index + 1 == coded.packets.len());
    }
}

#[test]
fn lengths_are_exact() {
    for channels in [1, 2, 6] {
        for frames in [1, 647, 648, 649, 959, 960, 961, 48_000] {
            let settings = OpusSettings { channels, ..OpusSettings::default() };
            let block = AudioBlock { channels: vec![noise(1, frames); channels.into()] };
            let coded = encode(&settings, &block, frames);
            assert_eq!(coded.config.pre_skip, 312);
            assert_lengths(&coded, &settings, frames);
            assert!(decode(&coded, 48_000).iter().all(|samples| samples.len() == frames));
        }
        let settings = OpusSettings { channels, ..OpusSettings::default() };
        assert!(encode(&settings, &AudioBlock::new(channels.into()), 1).packets.is_empty());
    }
}

#[test]
fn sound_is_in_its_place_for_every_rate_duration_and_application() {
    for sample_rate in SAMPLE_RATES {
        for application in [OpusApplication::Audio, OpusApplication::Voip, OpusApplication::LowDelay] {
            for frame_duration in DURATIONS {
                let settings = OpusSettings {
                    sample_rate,
                    application,
                    frame_duration,
                    channels: 1,
                    complexity: 2,
                    ..OpusSettings::default()
                };
                let frames = sample_rate as usize / 8 + 1;
                let input = noise(3, frames);
                let coded = encode(&settings, &AudioBlock { channels: vec![input.clone()] }, frames);
                let low_delay = application == OpusApplication::LowDelay;
                assert_eq!(coded.config.pre_skip, if low_delay { 120 } else { 312 });
                assert_lengths(&coded, &settings, frames);
                let (lag, match_) = lag(&input, &decode(&coded, sample_rate)[0]);
                // For speech the encoder takes low frequencies away, with a filter that shifts their neighbours.
                let (late, least) = if application == OpusApplication::Voip { (1, 0.7) } else { (0, 0.9) };
                assert!(
                    lag.abs() <= late && match_ > least,
                    "{settings:?}: {lag} samples late, correlation {match_:.3}"
                );
            }
        }
    }
}

#[test]
fn surround_is_in_its_place() {
    for (application, pre_skip) in [(OpusApplication::Audio, 312), (OpusApplication::LowDelay, 120)] {
        let settings = OpusSettings { channels: 6, application, ..OpusSettings::default() };
        let input: Vec<_> = (0..6).map(|channel| noise(channel, 12_000)).collect();
        let coded = encode(&settings, &AudioBlock { channels: input.clone() }, 12_000);
        assert_eq!(coded.config.pre_skip, pre_skip);
        for (channel, samples) in decode(&coded, 48_000).iter().enumerate().filter(|(channel, _)| *channel != 3) {
            let (lag, match_) = lag(&input[channel], samples);
            assert!(lag == 0 && match_ > 0.9, "channel {channel}: {lag} late, correlation {match_:.3}");
        }
    }
}

#[test]
fn every_channel_stays_itself() {
    for count in 1..=8u8 {
        let names = WAV[usize::from(count) - 1];
        let frequency = |channel: usize| if names[channel] == "LFE" { 60.0 } else { 400.0 * (channel as f64 + 1.0) };
        let channels = (0..count.into()).map(|channel| tone(frequency(channel), 24_000)).collect();
        let settings = OpusSettings { channels: count, ..OpusSettings::default() };
        let coded = encode(&settings, &AudioBlock { channels }, 24_000);
        match &coded.config.mapping {
            None => assert!(count <= 2),
            Some(mapping) => {
                assert_eq!((mapping.family, mapping.table.len()), (1, count.into()));
                assert_eq!(mapping.streams + mapping.coupled, count);
            }
        }
        for (channel, samples) in decode(&coded, 48_000).iter().enumerate() {
            for other in 0..count.into() {
                let level = level(&samples[4800..], frequency(other));
                let right = if other == channel { (0.3..0.5).contains(&level) } else { level < 0.03 };
                assert!(right, "{count} channels: {level:.3} of channel {other} in {}", names[channel]);
            }
        }
    }
}

#[test]
fn bit_rates_are_kept() {
    let seconds = 1;
    for (channels, bit_rate) in [(1, 24_000), (1, 64_000), (2, 64_000), (2, 128_000), (6, 128_000), (6, 256_000)] {
        // Tones in noise, as music has them.
        let frames = seconds * 48_000;
        let block = AudioBlock {
            channels: (0..channels.into())
                .map(|channel: usize| {
                    let tone = tone(300.0 + 170.0 * channel as f64, frames);
                    noise(channel as u64, frames).iter().zip(tone).map(|(a, b)| 0.3 * a + b).collect()
                })
                .collect(),
        };
        for (rate_control, range) in [
            (OpusRateControl::Cbr, 0.99..=1.01),
            (OpusRateControl::ConstrainedVbr, 0.9..=1.1),
            (OpusRateControl::Vbr, 0.4..=1.6),
        ] {
            let settings =
                OpusSettings { channels, bit_rate: Some(bit_rate), rate_control, complexity: 2, ..Default::default() };
            let coded = encode(&settings, &block, frames);
            let bytes: usize = coded.packets.iter().map(|packet| packet.data.len()).sum();
            let delivered = bytes as f64 * 8.0 * 50.0 / coded.packets.len() as f64 / f64::from(bit_rate);
            assert!(range.contains(&delivered), "{channels} channels, {bit_rate}, {rate_control:?}: {delivered:.3}");
            if rate_control == OpusRateControl::Cbr {
                assert!(coded.packets.iter().all(|packet| packet.data.len() == coded.packets[0].data.len()));
            }
        }
    }
}

#[test]
fn the_ends_of_the_bit_rate_range_work_and_beyond_is_refused() {
    for channels in [1, 2, 3, 6] {
        for frame_duration in DURATIONS {
            let settings = OpusSettings { channels, frame_duration, complexity: 0, ..OpusSettings::default() };
            let (least, most) = settings.bit_rate_range();
            assert!((least..=most).contains(&settings.default_bit_rate()));
            let names = WAV[usize::from(channels) - 1];
            let block = AudioBlock {
                channels: names.iter().map(|name| tone(if *name == "LFE" { 60.0 } else { 500.0 }, 9_600)).collect(),
            };
            for bit_rate in [least, most] {
                for rate_control in [OpusRateControl::Cbr, OpusRateControl::ConstrainedVbr, OpusRateControl::Vbr] {
                    let settings = OpusSettings { bit_rate: Some(bit_rate), rate_control, ..settings.clone() };
                    assert_eq!(settings.open().unwrap().bit_rate(), Some(bit_rate));
                    let coded = encode(&settings, &block, 9_600);
                    assert_lengths(&coded, &settings, 9_600);
                    for (name, samples) in names.iter().zip(decode(&coded, 48_000)) {
                        let short = frame_duration.ticks() < 960;
                        if *name == "LFE" && short && bit_rate == least && rate_control == OpusRateControl::Cbr {
                            continue; // As `OpusFrameDuration` says.
                        }
                        let level = level(&samples[2_400..], if *name == "LFE" { 60.0 } else { 500.0 });
                        // An encoder with too few bits writes packets without sound.
                        assert!(level > 0.02, "{settings:?}: {level:.3} of {name}");
                    }
                }
            }
            for bit_rate in [0, least - 1, most + 1, u32::MAX] {
                let error = OpusSettings { bit_rate: Some(bit_rate), ..settings.clone() }.open().err().unwrap();
                let text = error.to_string();
                assert!(
                    text.contains(&format!("`bit_rate` is {bit_rate}")) && text.contains(&least.to_string()),
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn settings_out_of_range_are_named() {
    let good = OpusSettings::default();
    for (settings, name) in [
        (OpusSettings { sample_rate: 44_100, ..good.clone() }, "`out_sample_rate` is 44100"),
        (OpusSettings { channels: 0, ..good.clone() }, "`out_num_channels` is 0"),
        (OpusSettings { channels: 9, ..good.clone() }, "`out_num_channels` is 9"),
        (OpusSettings { complexity: 11, ..good.clone() }, "`complexity` is 11"),
    ] {
        let error = settings.open().err().unwrap().to_string();
        assert!(error.contains(name), "{error}");
    }
    assert!(good.open().unwrap().encode(&AudioBlock::new(1), &mut Vec::new()).is_err());
    let settings = OpusSettings { input_sample_rate: 44_100, ..good };
    let CodecConfig::Opus(config) = settings.open().unwrap().config() else { unreachable!() };
    assert_eq!((config.input_sample_rate, config.output_gain, config.channels), (44_100, 0, 2));
}

#[test]
fn loud_and_broken_samples_are_clipped() {
    for channels in [1usize, 2, 6] {
        let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300, 1e-310, 1.0, -1.0];
        let block = AudioBlock { channels: vec![odd.iter().cycle().take(5_000).copied().collect(); channels] };
        let settings = OpusSettings { channels: channels as u8, ..OpusSettings::default() };
        assert_lengths(&encode(&settings, &block, 5_000), &settings, 5_000);
    }
}

#[test]
fn chunks_do_not_matter_for_a_second() {
    for channels in [1, 2, 6] {
        let block = AudioBlock { channels: (0..channels).map(|channel| noise(channel, 48_000)).collect() };
        let settings = OpusSettings { channels: channels as u8, complexity: 0, ..OpusSettings::default() };
        let whole = encode(&settings, &block, 48_000).packets;
        for chunk in [1, 1023] {
            let pieces = encode(&settings, &block, chunk).packets;
            assert!(whole.iter().map(|p| (&p.data, p.trim_end)).eq(pieces.iter().map(|p| (&p.data, p.trim_end))));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_settings_give_exact_lengths(
        channels in 1u8..=8,
        sample_rate in prop::sample::select(&SAMPLE_RATES[..]),
        frame_duration in prop::sample::select(&DURATIONS[..]),
        chunk in 1usize..3000,
        frames in 0usize..6000,
        complexity in 0u8..=10,
    ) {
        let settings = OpusSettings { channels, sample_rate, frame_duration, complexity, ..OpusSettings::default() };
        let block = AudioBlock { channels: (0..channels).map(|channel| noise(channel.into(), frames)).collect() };
        let coded = encode(&settings, &block, chunk);
        if frames == 0 {
            prop_assert!(coded.packets.is_empty());
        } else {
            assert_lengths(&coded, &settings, frames);
            prop_assert!(decode(&coded, sample_rate).iter().all(|samples| samples.len() == frames));
        }
    }
}
