//! Any packets come back.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
struct Piece {
    gap: Option<u16>,
    duration: u16,
    size: u16,
    trim: u16,
}

fn any_pieces() -> impl Strategy<Value = Vec<Piece>> {
    let gap = prop_oneof![3 => Just(None), 1 => (0u16..2000).prop_map(Some)];
    let piece = (gap, 1u16..60, 1u16..500, 0u16..20);
    let piece = piece.prop_map(|(gap, duration, size, trim)| Piece { gap, duration, size, trim });
    proptest::collection::vec(piece, 0..30)
}

fn any_track() -> impl Strategy<Value = Track> {
    let format =
        prop_oneof![Just(SampleFormat::S16), Just(SampleFormat::S24), Just(SampleFormat::S32), Just(SampleFormat::F32)];
    prop_oneof![
        (1u32..=1001, 24u32..100_000)
            .prop_map(|(den, num)| { jpeg_track(Some(FrameRate::new(num, den)), TimeBase::new(den, num).unwrap()) }),
        (1u32..=1000).prop_map(|rate| jpeg_track(None, TimeBase::per_second(rate))),
        (1u32..40, 1u32..40).prop_map(|(width, height)| raw_track(PixelFormat::Yuv422p10, width, height)),
        (1u32..=192_000, 1u8..=8, format).prop_map(|(rate, channels, format)| pcm_track(rate, channels, format)),
    ]
}

fn packets_of(index: usize, tracks: &[Track], start: i64, pieces: &[Piece]) -> Vec<Packet> {
    let track = &tracks[index];
    let mut at = start;
    let mut packets = Vec::new();
    for piece in pieces {
        at += i64::from(piece.gap.unwrap_or(0));
        let duration = u32::from(piece.duration);
        packets.push(match (&track.config, track.video()) {
            (CodecConfig::Pcm(_), _) => {
                let trim_end = u32::from(piece.trim).saturating_sub(10).min(duration);
                Packet { trim_end, ..sound(index, tracks, at, duration) }
            }
            (CodecConfig::Raw(_), Some(video)) => {
                let (width, height) = (video.width as usize, video.height as usize);
                frame(index, at, duration, 2 * height * (width + 2 * width.div_ceil(2)))
            }
            _ => frame(index, at, duration, piece.size.into()),
        });
        at += i64::from(duration);
    }
    packets
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_packets_come_back(
        made in proptest::collection::vec((any_track(), -200i64..400, any_pieces()), 1..4),
        riff_bytes in 1u64..100_000,
        riff_entries in 1usize..500,
    ) {
        let tracks: Vec<Track> = made.iter().map(|(track, ..)| track.clone()).collect();
        let pieces = made.iter().enumerate();
        let mut packets: Vec<_> =
            pieces.flat_map(|(index, (_, start, pieces))| packets_of(index, &tracks, *start, pieces)).collect();
        packets.sort_by_key(|packet| tracks[packet.track].time_base.rescale(packet.pts, TimeBase::NANOSECONDS));
        // So small that each packet has a RIFF chunk of its own would be too much for the header.
        let mut muxer = muxer(Metadata::new()).unwrap();
        muxer.limits = (riff_bytes + 20_000 * tracks.len() as u64, riff_entries);
        let bytes = try_file_of(muxer, &tracks, &packets).unwrap();
        let read = verified(&bytes);
        for (index, track) in tracks.iter().enumerate() {
            prop_assert!(shown(&bytes, &read.streams[index]) == wanted(&packets, index, track, |tick| tick), "{index}");
        }
    }
}
