//! What stands before the tracks: the EBML header, the SeekHead and the Info.
//!
//! SeekHead and Info hold what is only known at the end. In a file that can be patched each is written twice, with one
//! length: first with Voids where the unknown will stand, so that a recording that is cut off says nothing false, then
//! whole.

use super::ebml;
use super::ids::{self, Id};
use crate::mux::Container;

/// Nanoseconds in a tick. Browsers and the WebM guidelines know no other value.
pub(super) const TIMESTAMP_SCALE: u64 = 1_000_000;

const APP: &str = concat!("framewright ", env!("CARGO_PKG_VERSION"));

pub(super) fn ebml_header(container: Container) -> Vec<u8> {
    let doc_type = match container {
        Container::WebM => "webm",
        _ => "matroska",
    };
    let mut out = Vec::new();
    ebml::master(&mut out, ids::EBML, |header| {
        ebml::uint(header, ids::EBML_VERSION, 1);
        ebml::uint(header, ids::EBML_READ_VERSION, 1);
        ebml::uint(header, ids::EBML_MAX_ID_LENGTH, 4);
        ebml::uint(header, ids::EBML_MAX_SIZE_LENGTH, 8);
        ebml::binary(header, ids::DOC_TYPE, doc_type.as_bytes());
        ebml::uint(header, ids::DOC_TYPE_VERSION, 4);
        ebml::uint(header, ids::DOC_TYPE_READ_VERSION, 2);
    });
    out
}

/// What is known about the segment once it is complete.
pub(super) struct Totals {
    pub uuid: [u8; 16],
    /// `None` for a file without packets: a Duration of 0 is not allowed.
    pub duration_ns: Option<u64>,
}

/// How far the Info is known.
pub(super) enum InfoState<'a> {
    /// A live stream never knows its totals.
    Live,
    /// Room is kept for them.
    Reserved,
    Complete(&'a Totals),
}

pub(super) fn info(state: &InfoState<'_>) -> Vec<u8> {
    const UUID_LENGTH: usize = 2 + 1 + 16;
    const DURATION_LENGTH: usize = 2 + 1 + 8;
    let mut out = Vec::new();
    ebml::master(&mut out, ids::INFO, |info| {
        ebml::uint(info, ids::TIMESTAMP_SCALE, TIMESTAMP_SCALE);
        ebml::binary(info, ids::MUXING_APP, APP.as_bytes());
        ebml::binary(info, ids::WRITING_APP, APP.as_bytes());
        match state {
            InfoState::Live => {}
            InfoState::Reserved => {
                ebml::void(info, UUID_LENGTH);
                ebml::void(info, DURATION_LENGTH);
            }
            InfoState::Complete(totals) => {
                ebml::binary(info, ids::SEGMENT_UUID, &totals.uuid);
                match totals.duration_ns {
                    // A float by the specification: fractions of a tick survive in it.
                    Some(ns) => ebml::float(info, ids::DURATION, ns as f64 / TIMESTAMP_SCALE as f64),
                    None => ebml::void(info, DURATION_LENGTH),
                }
            }
        }
    });
    out
}

/// An entry takes the same room whatever its position: it is written over eight bytes.
const SEEK_LENGTH: usize = (2 + 1) + (2 + 1 + 4) + (2 + 1 + 8);
/// Info, Tracks, Cues, and one to spare, so that what is left over is never a single byte, which no Void can fill.
const SEEK_HEAD_LENGTH: usize = 4 + 1 + 4 * SEEK_LENGTH;

/// The SeekHead for up to three `entries` (an ID and where its element begins, from the segment's first byte of data),
/// filled up with a Void; of no entries, the Void alone.
pub(super) fn seek_head(entries: &[(Id, u64)]) -> Vec<u8> {
    let mut out = Vec::new();
    if !entries.is_empty() {
        ebml::master(&mut out, ids::SEEK_HEAD, |head| {
            for &(id, position) in entries {
                ebml::master(head, ids::SEEK, |seek| {
                    let mut target = Vec::new();
                    ebml::element_id(&mut target, id);
                    ebml::binary(seek, ids::SEEK_ID, &target);
                    ebml::binary(seek, ids::SEEK_POSITION, &position.to_be_bytes());
                });
            }
        });
    }
    let left = SEEK_HEAD_LENGTH - out.len();
    ebml::void(&mut out, left);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_have_the_length_of_what_they_replace() {
        let reserved = info(&InfoState::Reserved).len();
        for duration_ns in [None, Some(1), Some(u64::MAX)] {
            assert_eq!(info(&InfoState::Complete(&Totals { uuid: [7; 16], duration_ns })).len(), reserved);
        }
        let all = [(ids::INFO, 94), (ids::TRACKS, 300), (ids::CUES, u64::MAX)];
        for entries in 0..=all.len() {
            assert_eq!(seek_head(&all[..entries]).len(), SEEK_HEAD_LENGTH);
        }
    }
}
