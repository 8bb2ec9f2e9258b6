//! The index: where a reader finds the frame to seek to.

use super::ebml;
use super::ids;

/// Where one frame stands. 32 bytes of these are all that the muxer keeps of a frame until the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cue {
    /// The time of its block, in ticks.
    pub time: u64,
    /// Where its cluster begins, from the segment's first byte of data.
    pub cluster: u64,
    /// Where its block begins, from the cluster's first byte of data; 0 for the cluster's first block, which is found
    /// without.
    pub relative: u64,
    /// How long it lasts, in ticks; 0 where that is not said.
    pub duration: u32,
    /// Its track's number.
    pub track: u16,
}

/// The content of the Cues element. Without cues there is none, because it must not be empty.
pub(super) fn content(mut cues: Vec<Cue>) -> Vec<u8> {
    // Tracks are interleaved by presentation time, so block times of two tracks may stand in either order.
    cues.sort_by_key(|cue| cue.time);
    let mut out = Vec::new();
    let (mut point, mut positions) = (Vec::new(), Vec::new());
    for cues in cues.chunk_by(|a, b| a.time == b.time) {
        point.clear();
        if let Some(first) = cues.first() {
            ebml::uint(&mut point, ids::CUE_TIME, first.time);
        }
        for cue in cues {
            positions.clear();
            ebml::uint(&mut positions, ids::CUE_TRACK, cue.track.into());
            ebml::uint(&mut positions, ids::CUE_CLUSTER_POSITION, cue.cluster);
            if cue.relative > 0 {
                ebml::uint(&mut positions, ids::CUE_RELATIVE_POSITION, cue.relative);
            }
            if cue.duration > 0 {
                ebml::uint(&mut positions, ids::CUE_DURATION, cue.duration.into());
            }
            ebml::binary(&mut point, ids::CUE_TRACK_POSITIONS, &positions);
        }
        ebml::binary(&mut out, ids::CUE_POINT, &point);
    }
    out
}

/// What stands before the `content`, and what after it, so that both fill `room` bytes kept free for them with zeros:
/// the end is the head of a Void, whose content are the zeros that stand there. `None` where they do not fit.
pub(super) fn fit(content: &[u8], room: u64) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut header = Vec::new();
    ebml::header(&mut header, ids::CUES, content.len() as u64);
    let left = usize::try_from(room).ok()?.checked_sub(header.len() + content.len())?;
    let mut rest = Vec::new();
    match left {
        0 => {}
        // No Void is as short as that, but a size may be longer than it has to.
        1 => {
            let size_length = header.len() - 4 + 1;
            header.clear();
            ebml::element_id(&mut header, ids::CUES);
            ebml::padded_size(&mut header, content.len() as u64, size_length);
        }
        _ => {
            ebml::void_header(&mut rest, left);
        }
    }
    Some((header, rest))
}

/// The heads of a Void and of Cues around `content`, of one length.
pub(super) fn at_the_end(content: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut void, mut header) = (Vec::new(), Vec::new());
    ebml::header(&mut header, ids::CUES, content.len() as u64);
    ebml::element_id(&mut void, ids::VOID);
    // Its identifier is shorter, its size as much longer: at most 8 bytes for anything that memory holds.
    let size_length = header.len() - void.len();
    ebml::padded_size(&mut void, content.len() as u64, size_length);
    (void, header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cue_is_32_bytes_in_memory() {
        assert_eq!(size_of::<Cue>(), 32);
    }

    #[test]
    fn cues_of_one_time_share_a_point() {
        assert!(content(Vec::new()).is_empty());
        let cue = |time, track, duration| Cue { time, track, duration, cluster: 300, relative: 3 };
        let expected = [
            &[0xbb, 0x80 | 15, 0xb3, 0x81, 0, 0xb7, 0x8a, 0xf7, 0x81, 2, 0xf1, 0x82, 1, 44, 0xf0, 0x81, 3][..],
            &[0xbb, 0x80 | 31, 0xb3, 0x81, 9],
            &[0xb7, 0x8a, 0xf7, 0x81, 1, 0xf1, 0x82, 1, 44, 0xf0, 0x81, 3],
            &[0xb7, 0x8e, 0xf7, 0x81, 3, 0xf1, 0x82, 1, 44, 0xf0, 0x81, 3, 0xb2, 0x82, 1, 0],
        ]
        .concat();
        assert_eq!(content(vec![cue(9, 1, 0), cue(0, 2, 0), cue(9, 3, 256)]), expected);
    }

    #[test]
    fn heads_at_the_end_are_of_one_length() {
        for length in [1, 126, 127, 16_382, 16_383, 2_097_151] {
            let (void, header) = at_the_end(&vec![7; length]);
            assert_eq!((void.len(), void[0], &header[..4]), (header.len(), 0xec, &[0x1c, 0x53, 0xbb, 0x6b][..]));
        }
    }

    /// Every room that is large enough is filled to its last byte, also where a single one is left over.
    #[test]
    fn rooms_are_filled_to_the_byte() {
        for length in [1, 125, 126, 127, 128, 16_381, 16_382, 16_383] {
            let content = vec![7; length];
            let least = (0..).find(|&room| fit(&content, room).is_some()).unwrap();
            for room in least..least + 140 {
                let (header, rest) = fit(&content, room).unwrap();
                let void = match rest[..] {
                    [] => 0,
                    [0xec, size] => 2 + usize::from(size & 0x7f),
                    _ => 9 + usize::from(rest[8]),
                };
                assert_eq!((header.len() + length + void) as u64, room, "{length} in {room}");
            }
            assert_eq!(fit(&content, 0), None);
        }
    }
}
