//! What stands before the tracks: the EBML header, the SeekHead and the Info.
//!
//! SeekHead and Info hold what is only known at the end. In a file that can be patched each is written twice, with one
//! length: first with Voids where the unknown will stand, so that a recording that is cut off says nothing false, then
//! whole.

use super::ebml;
use super::ids::{self, Id};
use crate::error::{Error, Result};
use crate::media::Metadata;
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

/// What the Info says of the file from its beginning on.
#[derive(Default)]
pub(super) struct Said {
    title: Option<String>,
    /// Nanoseconds from 2001-01-01 00:00 UTC.
    date_utc: Option<i64>,
}

impl Said {
    /// Refuses a date that the element cannot hold.
    pub fn of(metadata: &Metadata) -> Result<Self> {
        /// From 1970 to 2001.
        const EPOCH: i64 = 978_307_200;
        let nanoseconds = |seconds: i64| seconds.checked_sub(EPOCH)?.checked_mul(1_000_000_000);
        let date_utc = match metadata.creation_time {
            None => None,
            Some(seconds) => Some(nanoseconds(seconds).ok_or_else(|| {
                Error::option(
                    "creation_time",
                    seconds,
                    "Matroska takes the years 1709 to 2293, in seconds from 1970 on",
                )
            })?),
        };
        let title = metadata.get("title").filter(|title| !title.is_empty()).map(str::to_owned);
        Ok(Said { title, date_utc })
    }
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

pub(super) fn info(said: &Said, state: &InfoState<'_>) -> Vec<u8> {
    const UUID_LENGTH: usize = 2 + 1 + 16;
    const DURATION_LENGTH: usize = 2 + 1 + 8;
    let mut out = Vec::new();
    ebml::master(&mut out, ids::INFO, |info| {
        ebml::uint(info, ids::TIMESTAMP_SCALE, TIMESTAMP_SCALE);
        if let Some(date) = said.date_utc {
            // A date is always eight bytes (RFC 8794, 7.6).
            ebml::binary(info, ids::DATE_UTC, &date.to_be_bytes());
        }
        if let Some(title) = &said.title {
            ebml::binary(info, ids::TITLE, title.as_bytes());
        }
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

/// The SeekHead for up to `most` `entries` (an ID and where its element begins, from the segment's first byte of data),
/// filled up with a Void; of no entries, the Void alone. One entry more than `most` would fit, so that what is left over
/// is never a single byte, which no Void can fill. No file has more than six.
pub(super) fn seek_head(entries: &[(Id, u64)], most: usize) -> Vec<u8> {
    let room = 4 + 1 + (most + 1) * SEEK_LENGTH;
    let mut out = Vec::with_capacity(room);
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
    let left = room.saturating_sub(out.len());
    ebml::void(&mut out, left);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_have_the_length_of_what_they_replace() {
        let said = Said { title: Some("A title".into()), date_utc: Some(-1) };
        let reserved = info(&said, &InfoState::Reserved).len();
        for duration_ns in [None, Some(1), Some(u64::MAX)] {
            let complete = InfoState::Complete(&Totals { uuid: [7; 16], duration_ns });
            assert_eq!(info(&said, &complete).len(), reserved);
        }
        let kinds = [ids::INFO, ids::TRACKS, ids::CHAPTERS, ids::TAGS, ids::ATTACHMENTS, ids::CUES];
        let all = kinds.map(|id| (id, u64::MAX));
        for most in 3..=all.len() {
            let lengths: Vec<_> = (0..=most).map(|entries| seek_head(&all[..entries], most).len()).collect();
            assert!(lengths.iter().all(|&length| length == lengths[0]), "{lengths:?}");
        }
    }

    #[test]
    fn dates_count_from_2001_and_have_a_limit() {
        let at = |seconds| Said::of(&Metadata::new().creation_time(seconds));
        assert_eq!(at(978_307_201).unwrap().date_utc, Some(1_000_000_000));
        assert_eq!(at(0).unwrap().date_utc, Some(-978_307_200_000_000_000));
        for seconds in [i64::MIN, i64::MAX, 978_307_200 + 9_223_372_037] {
            assert!(at(seconds).err().unwrap().to_string().contains("creation_time"));
        }
        assert!(Said::of(&Metadata::new().tag("Title", "")).unwrap().title.is_none());
    }
}
