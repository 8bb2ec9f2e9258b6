//! Sample entries, as the verifier reads them back.

use super::synthetic::*;
use super::verifier::codecs::Entry;
use super::{fragmented, plain, verified};
use crate::media::{ChromaSubsampling, CodecConfig, Color, ColorRange, Packet, SampleFormat, TimeBase, Track};

/// The entry of a track, which is the same in both layouts.
fn entry_of(track: Track, packet: Packet) -> Entry {
    let (tracks, packets) = ([track], [packet]);
    let movie = verified(&fragmented(&tracks, &packets), &tracks, &packets);
    let other = verified(&plain(&tracks, &packets), &tracks, &packets);
    assert_eq!(format!("{:?}", movie.tracks[0].entry), format!("{:?}", other.tracks[0].entry));
    movie.tracks.into_iter().next().unwrap().entry
}

#[test]
fn av1_says_what_its_sequence_header_says() {
    let full = Color::BT2100_PQ.with_range(ColorRange::Full);
    for (depth, chroma, color) in [
        (8, ChromaSubsampling::Yuv420, Color::BT601),
        (10, ChromaSubsampling::Yuv420, full),
        (8, ChromaSubsampling::Monochrome, Color::BT709),
        (10, ChromaSubsampling::Yuv444, Color::JPEG),
    ] {
        let mut track = video_track(65, 33, TimeBase::per_second(25));
        track.config = CodecConfig::Av1(av1_config(65, 33, depth, chroma, color));
        if let crate::media::TrackKind::Video(video) = &mut track.kind {
            video.color = color;
        }
        let packet = Packet::new(0, 0, 1, true, av1_unit(&track, true, 20));
        let Entry::Av1(av1) = entry_of(track, packet) else { panic!("an av01 entry") };
        assert_eq!((av1.width, av1.height, av1.sequence.bit_depth), (65, 33, depth));
        assert_eq!(av1.sequence.mono, chroma == ChromaSubsampling::Monochrome);
        let codes = (color.primaries.code(), color.transfer.code(), color.matrix.code());
        assert_eq!(av1.color, (codes.0.into(), codes.1.into(), codes.2.into(), color.range == ColorRange::Full));
    }
}

#[test]
fn padding_of_the_coded_picture_is_cut_off() {
    let track = padded_video_track((1, 35), (16, 36), TimeBase::per_second(25));
    let packet = Packet::new(0, 0, 1, true, av1_unit(&track, true, 20));
    let Entry::Av1(av1) = entry_of(track, packet) else { panic!("an av01 entry") };
    assert_eq!((av1.width, av1.height, av1.clean_aperture), (16, 36, Some((0, 0, 1, 35))));
}

#[test]
fn opus_of_one_to_eight_channels() {
    for channels in 1..=8 {
        let track = opus_track(channels);
        let Entry::Opus(opus) = entry_of(track, opus_packets(0, 500).remove(0)) else { panic!("an Opus entry") };
        assert_eq!((opus.channels, opus.pre_skip, opus.input_rate, opus.gain), (channels, 312, 48_000, -256));
        assert_eq!(opus.family, u8::from(channels > 2));
        let table: Vec<u8> = if channels > 2 { (0..channels).collect() } else { Vec::new() };
        assert_eq!(opus.mapping, table);
    }
}

#[test]
fn flac_states_the_greatest_regular_division_of_its_rate() {
    for (rate, stated) in [(8000, 8000), (65_535, 65_535), (88_200, 44_100), (96_000, 48_000), (192_000, 48_000)] {
        let packet = Packet::new(0, 0, 4096, true, vec![1; 10]);
        let Entry::Flac { entry_rate, .. } = entry_of(flac_track(rate, 2, 24), packet) else { panic!("a fLaC entry") };
        assert_eq!(entry_rate, stated);
    }
}

#[test]
fn pcm_of_each_format_layout_and_rate() {
    let formats = [SampleFormat::S16, SampleFormat::S24, SampleFormat::S32, SampleFormat::F32];
    let layouts: [&[u8]; 8] = [
        &[2],
        &[0, 1],
        &[0, 1, 2],
        &[0, 1, 8, 9],
        &[0, 1, 2, 8, 9],
        &[0, 1, 2, 3, 8, 9],
        &[0, 1, 2, 3, 10, 4, 5],
        &[0, 1, 2, 3, 8, 9, 4, 5],
    ];
    for format in formats {
        for channels in 1..=8 {
            for rate in [8000, 65_535, 65_536, 192_000] {
                let bytes = 10 * usize::from(channels) * format.bits() as usize / 8;
                let packet = Packet::new(0, 0, 10, true, vec![3; bytes]);
                let entry = entry_of(pcm_track(rate, channels, format), packet);
                let Entry::Pcm { float, channels: found, bits, rate: stated, positions } = entry else { panic!() };
                assert_eq!((float, u32::from(bits)), (format == SampleFormat::F32, format.bits()));
                assert_eq!((found, stated), (channels.into(), rate));
                assert_eq!(positions, layouts[usize::from(channels) - 1]);
            }
        }
    }
}

#[test]
fn languages_of_both_forms() {
    for (language, found) in [("deu", "deu"), ("und", "und"), ("", "und"), ("pt-br", "pt-BR"), ("ger", "deu")] {
        let mut track = opus_track(2);
        track.labels.language = language.into();
        let (tracks, packets) = ([track], opus_packets(0, 500));
        assert_eq!(verified(&plain(&tracks, &packets), &tracks, &packets).tracks[0].language, found);
    }
}
