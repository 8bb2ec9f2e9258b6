//! The index: where a reader finds the frame to seek to.

use super::ebml;
use super::ids;

/// Where one key frame stands. 32 bytes of these are all that the muxer keeps of a key frame until the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cue {
    /// The time of its block, in ticks.
    pub time: u64,
    /// Its track's number.
    pub track: u64,
    /// Where its cluster begins, from the segment's first byte of data.
    pub cluster: u64,
    /// Where its block begins, from the cluster's first byte of data.
    pub relative: u64,
}

/// The Cues element; `None` without cues, because it must not be empty.
pub(super) fn cues(mut cues: Vec<Cue>) -> Option<Vec<u8>> {
    // Tracks are interleaved by presentation time, so block times of two tracks may stand in either order.
    cues.sort_by_key(|cue| cue.time);
    let mut out = Vec::new();
    ebml::master(&mut out, ids::CUES, |out| {
        for point in cues.chunk_by(|a, b| a.time == b.time) {
            cue_point(out, point);
        }
    });
    (!cues.is_empty()).then_some(out)
}

/// Cues of one time.
fn cue_point(out: &mut Vec<u8>, point: &[Cue]) {
    ebml::master(out, ids::CUE_POINT, |out| {
        if let Some(first) = point.first() {
            ebml::uint(out, ids::CUE_TIME, first.time);
        }
        for cue in point {
            ebml::master(out, ids::CUE_TRACK_POSITIONS, |out| {
                ebml::uint(out, ids::CUE_TRACK, cue.track);
                ebml::uint(out, ids::CUE_CLUSTER_POSITION, cue.cluster);
                ebml::uint(out, ids::CUE_RELATIVE_POSITION, cue.relative);
            });
        }
    });
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
        assert_eq!(cues(Vec::new()), None);
        let cue = |time, track| Cue { time, track, cluster: 300, relative: 3 };
        let expected = [
            &[0x1c, 0x53, 0xbb, 0x6b, 0x80 | 46][..],
            &[0xbb, 0x80 | 15, 0xb3, 0x81, 0, 0xb7, 0x8a, 0xf7, 0x81, 2, 0xf1, 0x82, 1, 44, 0xf0, 0x81, 3],
            &[0xbb, 0x80 | 27, 0xb3, 0x81, 9],
            &[0xb7, 0x8a, 0xf7, 0x81, 1, 0xf1, 0x82, 1, 44, 0xf0, 0x81, 3],
            &[0xb7, 0x8a, 0xf7, 0x81, 2, 0xf1, 0x82, 1, 44, 0xf0, 0x81, 3],
        ]
        .concat();
        assert_eq!(cues(vec![cue(9, 1), cue(0, 2), cue(9, 2)]), Some(expected));
    }
}
