use std::io::Cursor;

use proptest::prelude::*;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::formats::{FormatOptions, TrackType, probe::Hint};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;

use super::*;

/// Channels of integers as a block.
fn block(channels: &[Vec<i32>], bits: u8) -> AudioBlock {
    let scale = f64::from(1u32 << (bits - 1));
    let float = |samples: &Vec<i32>| samples.iter().map(|&sample| f64::from(sample) / scale).collect();
    AudioBlock { channels: channels.iter().map(float).collect() }
}

fn encode(settings: &FlacSettings, block: &AudioBlock, chunk: usize) -> (Vec<CodedAudio>, [u8; 34]) {
    let mut engine = open(settings).unwrap();
    let (mut rest, mut packets) = (block.clone(), Vec::new());
    engine.encode(&AudioBlock::new(block.channels.len()), &mut packets).unwrap();
    while rest.frames() > 0 {
        let piece = rest.take_front(chunk.min(rest.frames()));
        engine.encode(&piece, &mut packets).unwrap();
    }
    assert_eq!(engine.stream_info()[4..10], [0; 6]);
    engine.finish(&mut packets).unwrap();
    let count = packets.len();
    engine.finish(&mut packets).unwrap();
    assert_eq!(packets.len(), count);
    assert!(engine.encode(block, &mut packets).is_err());
    let CodecConfig::Flac(config) = engine.config() else { unreachable!() };
    (packets, config.stream_info)
}

/// A file of the packets, read by a decoder that checks each CRC and the MD5. Interleaved.
fn decode(packets: &[CodedAudio], stream_info: &[u8; 34], bits: u8) -> Vec<i32> {
    let mut file = b"fLaC\x80\0\0\x22".to_vec();
    file.extend_from_slice(stream_info);
    packets.iter().for_each(|packet| file.extend_from_slice(&packet.data));

    let source = MediaSourceStream::new(Box::new(Cursor::new(file)), Default::default());
    let mut format = symphonia::default::get_probe()
        .probe(&Hint::new(), source, FormatOptions::default(), MetadataOptions::default())
        .unwrap();
    let track = format.default_track(TrackType::Audio).unwrap();
    let parameters = track.codec_params.as_ref().unwrap().audio().unwrap().clone();
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(&parameters, &AudioDecoderOptions::default().verify(true))
        .unwrap();
    let (mut samples, mut piece) = (Vec::new(), Vec::<i32>::new());
    while let Some(packet) = format.next_packet().unwrap() {
        decoder.decode(&packet).unwrap().copy_to_vec_interleaved(&mut piece);
        samples.extend(piece.iter().map(|sample| sample >> (32 - bits)));
    }
    assert_eq!(decoder.finalize().verify_ok, Some(true), "MD5");
    samples
}

fn interleave(channels: &[Vec<i32>]) -> Vec<i32> {
    (0..channels[0].len()).flat_map(|n| channels.iter().map(move |channel| channel[n])).collect()
}

fn assert_round_trip(settings: &FlacSettings, channels: &[Vec<i32>], what: &str) -> usize {
    let bits = settings.bits_per_sample;
    let frames = channels[0].len();
    let (packets, stream_info) = encode(settings, &block(channels, bits), frames);
    let decoded = decode(&packets, &stream_info, bits);
    assert!(decoded == interleave(channels), "{what}, {settings:?}, {frames} frames");

    let bytes: usize = packets.iter().map(|packet| packet.data.len()).sum();
    let verbatim = channels.len() * frames * usize::from(bits) / 8 + packets.len() * (18 + channels.len());
    assert!(bytes <= verbatim, "{what}, {settings:?}: {bytes} bytes are more than {verbatim}");
    assert_eq!(packets.iter().map(|packet| packet.duration as usize).sum::<usize>(), frames);
    let full = frames / usize::from(settings.block_size);
    assert!(packets[..full].iter().all(|packet| packet.duration == u32::from(settings.block_size)));
    assert!(packets.iter().all(|packet| packet.trim_end == 0));
    bytes
}

/// Signals by name, of full scale.
fn signal(name: &str, bits: u8, frames: usize, channel: usize) -> Vec<i32> {
    let most = (1i64 << (bits - 1)) - 1;
    let mut state = channel as u64 + 1;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 32) as i32
    };
    (0..frames)
        .map(|n| match name {
            "silence" => 0,
            "noise" => random() >> (32 - bits),
            "loud noise" => (random() >> (32 - bits)) / 8 * 7,
            "noise of two values" => (if random() < 0 { -most - 1 } else { most }) as i32,
            "square" => (if (n / (7 + channel)).is_multiple_of(2) { most } else { -most - 1 }) as i32,
            "alternating" => (if (n + channel).is_multiple_of(2) { most } else { -most - 1 }) as i32,
            "clicks on a low sine" => match n % 501 {
                500 => (if n.is_multiple_of(2) { most } else { -most - 1 }) as i32,
                _ => (most as f64 * (n as f64 * 0.003).sin()) as i32,
            },
            "sine" => (most as f64 * (n as f64 * 0.05 * (channel + 1) as f64).sin()) as i32,
            _ => unreachable!(),
        })
        .collect()
}

const SIGNALS: [&str; 8] =
    ["silence", "noise", "loud noise", "noise of two values", "square", "alternating", "clicks on a low sine", "sine"];

#[test]
fn every_sample_comes_back() {
    for bits in [16, 24] {
        for channels in 1..=8u8 {
            for name in SIGNALS {
                // The short ones for all channel counts, the long ones for mono, stereo and the most.
                let long: &[usize] = if [1, 2, 8].contains(&channels) { &[4095, 4096, 4097, 9000] } else { &[] };
                for &frames in [1, 2, 15, 16, 31, 63, 64, 65].iter().chain(long) {
                    let samples: Vec<_> =
                        (0..channels.into()).map(|channel| signal(name, bits, frames, channel)).collect();
                    let settings = FlacSettings { channels, bits_per_sample: bits, ..FlacSettings::default() };
                    assert_round_trip(&settings, &samples, name);
                }
            }
        }
    }
}

#[test]
fn predictable_sound_becomes_small() {
    for bits in [16, 24] {
        let samples: Vec<_> = (0..2).map(|channel| signal("sine", bits, 40_000, channel)).collect();
        let settings = FlacSettings { bits_per_sample: bits, ..FlacSettings::default() };
        let bytes = assert_round_trip(&settings, &samples, "sine");
        assert!(bytes * 2 < 40_000 * 2 * usize::from(bits) / 8, "{bytes} bytes at {bits} bits");
    }
}

#[test]
fn every_kind_of_sample_rate_is_told() {
    for sample_rate in [1, 8_000, 11_025, 44_100, 65_535, 65_537, 96_000, 96_001, 176_400, 192_000, 655_350] {
        let settings = FlacSettings { sample_rate, ..FlacSettings::default() };
        let samples = vec![signal("sine", 16, 5000, 0), signal("sine", 16, 5000, 1)];
        assert_round_trip(&settings, &samples, "sine");
        let (_, stream_info) = encode(&settings, &block(&samples, 16), 5000);
        let told = u32::from_be_bytes([0, stream_info[10], stream_info[11], stream_info[12]]) >> 4;
        assert_eq!(told, sample_rate);
    }
}

#[test]
fn stream_info_is_that_of_rfc_9639() {
    let settings = FlacSettings { sample_rate: 44_100, channels: 2, bits_per_sample: 24, block_size: 4096 };
    let samples = vec![signal("sine", 24, 10_000, 0), signal("noise", 24, 10_000, 1)];
    let (packets, info) = encode(&settings, &block(&samples, 24), 1000);
    let sizes: Vec<_> = packets.iter().map(|packet| packet.data.len() as u32).collect();
    let word = |at: usize| u32::from_be_bytes([0, info[at], info[at + 1], info[at + 2]]);
    assert_eq!(info[..4], [0x10, 0, 0x10, 0]);
    assert_eq!((word(4), word(7)), (*sizes.iter().min().unwrap(), *sizes.iter().max().unwrap()));
    // 44100 in 20 bits, 2 channels in 3, 24 bits in 5, 10000 samples in 36.
    assert_eq!(info[10..18], [0x0a, 0xc4, 0x43, 0x70, 0, 0, 0x27, 0x10]);

    let (packets, info) = encode(&settings, &AudioBlock::new(2), 1);
    assert!(packets.is_empty());
    assert_eq!((&info[4..10], &info[14..]), (&[0; 6][..], &[0; 20][..]));
}

#[test]
fn settings_out_of_range_are_named() {
    let good = FlacSettings::default();
    for (settings, name) in [
        (FlacSettings { sample_rate: 0, ..good.clone() }, "`out_sample_rate` is 0"),
        (FlacSettings { sample_rate: 655_351, ..good.clone() }, "`out_sample_rate` is 655351"),
        (FlacSettings { channels: 0, ..good.clone() }, "`out_num_channels` is 0"),
        (FlacSettings { channels: 9, ..good.clone() }, "`out_num_channels` is 9"),
        (FlacSettings { bits_per_sample: 32, ..good.clone() }, "`sample_format` is s32"),
        (FlacSettings { block_size: 31, ..good.clone() }, "`block_size` is 31"),
        (FlacSettings { block_size: 16_385, ..good.clone() }, "`block_size` is 16385"),
    ] {
        let error = settings.open().err().unwrap().to_string();
        assert!(error.contains(name), "{error}");
    }
    assert!(good.open().unwrap().encode(&AudioBlock::new(1), &mut Vec::new()).is_err());
}

#[test]
fn broken_samples_are_clipped() {
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300, 1e-310, 1.0, -1.0];
    let input = AudioBlock { channels: vec![odd.iter().cycle().take(5_000).copied().collect()] };
    let settings = FlacSettings { channels: 1, ..FlacSettings::default() };
    let (packets, stream_info) = encode(&settings, &input, 5_000);
    let decoded = decode(&packets, &stream_info, 16);
    assert_eq!(decoded[..8], [0, 32767, -32768, 32767, -32768, 0, 32767, -32768]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_samples_come_back_in_any_chunks(
        channels in 1u8..=8,
        bits_per_sample in prop::sample::select(&[16u8, 24][..]),
        block_size in prop_oneof![32u16..200, Just(4096), 32u16..=16_384],
        values in prop::collection::vec(any::<i32>(), 1..200),
        repeats in 1usize..40,
        quiet in 0u32..24,
        chunk in 1usize..5000,
    ) {
        let settings = FlacSettings { channels, bits_per_sample, block_size, ..FlacSettings::default() };
        let shift = (32 - u32::from(bits_per_sample) + quiet).min(31);
        let samples: Vec<Vec<i32>> = (0..usize::from(channels))
            .map(|channel| (0..values.len() * repeats).map(|n| values[(n + channel) % values.len()] >> shift).collect())
            .collect();
        let block = block(&samples, bits_per_sample);
        let (packets, stream_info) = encode(&settings, &block, chunk);
        prop_assert!(decode(&packets, &stream_info, bits_per_sample) == interleave(&samples));
        let (whole, whole_info) = encode(&settings, &block, usize::MAX);
        prop_assert!(stream_info == whole_info);
        prop_assert!(whole.iter().map(|p| (&p.data, p.duration)).eq(packets.iter().map(|p| (&p.data, p.duration))));
    }
}
