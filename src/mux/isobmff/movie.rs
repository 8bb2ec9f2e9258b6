//! The movie box: what both layouts say about the file and its tracks.

use super::boxes::BoxWriter;
use super::fourcc;
use super::sample_entry::SampleEntry;
use super::sample_table::SampleTable;
use super::timing::Edit;
use crate::error::{Error, Result};
use crate::media::{CodecConfig, TimeBase, Track};

/// A track as the movie box presents it.
pub(super) struct MovieTrack<'a> {
    /// From 1.
    pub id: u32,
    pub track: &'a Track,
    pub table: &'a mut SampleTable,
    /// The duration of its shortest packet, in ticks; any where there is none.
    pub shortest: u32,
    /// Of the presentation, in units of the movie; 0 in a fragmented file.
    pub duration: u64,
    /// Empty where the media is presented from its start to its end.
    pub edits: Vec<Edit>,
}

/// Writes `moov`. A fragmented file has an `mvex` in it.
pub(super) fn write_movie(
    w: &mut BoxWriter,
    base: TimeBase,
    track_count: usize,
    tracks: &mut [MovieTrack<'_>],
    fragmented: bool,
) -> Result<()> {
    let duration = tracks.iter().map(|track| track.duration).max().unwrap_or(0);
    let next_track_id = u32::try_from(track_count + 1).map_err(|_| Error::limit("too many tracks"))?;
    let alternates = tracks.iter().filter(|track| track.track.audio().is_some()).count() > 1;
    let mut entries = Vec::with_capacity(tracks.len());
    for track in &*tracks {
        entries.push(SampleEntry::new(track.track)?);
    }
    w.boxed(fourcc::MOOV, |w| {
        let wide = duration > u64::from(u32::MAX);
        w.full_box(fourcc::MVHD, wide.into(), 0, |w| {
            times(w, wide, |w| w.u32(base.den()), duration);
            w.u32(0x0001_0000); // rate
            w.u16(0x0100); // volume
            w.zeros(2 + 8); // reserved
            matrix(w);
            w.zeros(24); // pre_defined
            w.u32(next_track_id);
        });
        for (track, entry) in tracks.iter_mut().zip(&entries) {
            write_track(w, track, entry, alternates);
        }
        if fragmented {
            w.boxed(fourcc::MVEX, |w| tracks.iter().for_each(|track| write_fragment_defaults(w, track)));
        }
    });
    Ok(())
}

/// Creation and modification time, both unsaid so that the same input gives the same bytes, what stands between, and
/// the duration.
fn times(w: &mut BoxWriter, wide: bool, between: impl FnOnce(&mut BoxWriter), duration: u64) {
    w.zeros(if wide { 16 } else { 8 }); // creation_time, modification_time
    between(w);
    if wide { w.u64(duration) } else { w.u32(duration as u32) }
}

/// No rotation, no scaling.
fn matrix(w: &mut BoxWriter) {
    for value in [0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000] {
        w.u32(value);
    }
}

/// Writes `trak`. With `alternates` a player is to play one of several audio tracks.
fn write_track(w: &mut BoxWriter, movie_track: &mut MovieTrack<'_>, entry: &SampleEntry<'_>, alternates: bool) {
    let MovieTrack { id, track, ref mut table, shortest, duration, ref edits } = *movie_track;
    w.boxed(fourcc::TRAK, |w| {
        let wide = duration > u64::from(u32::MAX);
        // Flags: enabled, in the movie. A track that is not enabled is hidden by some players.
        w.full_box(fourcc::TKHD, wide.into(), 3, |w| {
            let between = |w: &mut BoxWriter| {
                w.u32(id); // track_ID
                w.u32(0); // reserved
            };
            times(w, wide, between, duration);
            w.zeros(8 + 2); // reserved, layer
            w.u16((alternates && track.audio().is_some()).into()); // alternate_group
            w.u16(if track.audio().is_some() { 0x0100 } else { 0 }); // volume
            w.u16(0); // reserved
            matrix(w);
            let (width, height) = track.video().map_or((0, 0), |video| (video.width, video.height));
            w.u32(width << 16); // 16 bits, as the sample entry has checked
            w.u32(height << 16);
        });
        write_edits(w, edits);
        w.boxed(fourcc::MDIA, |w| {
            let media_duration = table.duration();
            let wide = media_duration > u64::from(u32::MAX);
            let language = packed_language(&track.labels.language);
            w.full_box(fourcc::MDHD, wide.into(), 0, |w| {
                times(w, wide, |w| w.u32(track.time_base.den()), media_duration);
                w.u16(language.unwrap_or(UNDETERMINED));
                w.u16(0); // pre_defined
            });
            if language.is_none() && !track.labels.language.is_empty() {
                w.full_box(fourcc::ELNG, 0, 0, |w| c_string(w, &track.labels.language));
            }
            let (handler, name) = match track.video() {
                Some(_) => (fourcc::VIDE, "Video"),
                None => (fourcc::SOUN, "Sound"),
            };
            w.full_box(fourcc::HDLR, 0, 0, |w| {
                w.u32(0); // pre_defined
                w.bytes(&handler);
                w.zeros(12); // reserved
                c_string(w, name);
            });
            w.boxed(fourcc::MINF, |w| {
                match track.video() {
                    Some(_) => w.full_box(fourcc::VMHD, 0, 1, |w| w.zeros(8)), // graphicsmode, opcolor
                    None => w.full_box(fourcc::SMHD, 0, 0, |w| w.zeros(4)),    // balance, reserved
                }
                w.boxed(fourcc::DINF, |w| {
                    w.full_box(fourcc::DREF, 0, 0, |w| {
                        w.u32(1); // entry_count
                        w.full_box(fourcc::URL, 0, 1, |_| {}); // the samples are in this file
                    });
                });
                w.boxed(fourcc::STBL, |w| {
                    entry.write(w);
                    table.write(w);
                    if matches!(track.config, CodecConfig::Opus(_)) {
                        write_roll(w, table.count(), shortest, 1);
                    }
                });
            });
        });
    });
}

fn write_edits(w: &mut BoxWriter, edits: &[Edit]) {
    if edits.is_empty() {
        return;
    }
    let wide = edits.iter().any(|edit| {
        edit.segment_duration > u64::from(u32::MAX) || edit.media_time.is_some_and(|time| i32::try_from(time).is_err())
    });
    w.boxed(fourcc::EDTS, |w| {
        w.full_box(fourcc::ELST, wide.into(), 0, |w| {
            w.entries(edits, |w, edit| {
                if wide {
                    w.u64(edit.segment_duration);
                    w.i64(edit.media_time.unwrap_or(-1));
                } else {
                    w.u32(edit.segment_duration as u32);
                    w.i32(edit.media_time.map_or(-1, |time| time as i32));
                }
                w.u32(0x0001_0000); // media_rate_integer, media_rate_fraction
            });
        });
    });
}

/// The sample group that tells an Opus reader to decode 80 ms before what it wants to hear (Opus in ISOBMFF 4.3.6.2);
/// the boxes have to be there even for no samples. As many of the `shortest` packets make up that time. `index` is
/// that of the description: from 1 in the movie, from 0x10001 in a fragment that brings its own.
pub(super) fn write_roll(w: &mut BoxWriter, samples: u32, shortest: u32, index: u32) {
    const PRE_ROLL: u32 = 48_000 * 80 / 1000;
    let distance = (samples > 0).then(|| PRE_ROLL.div_ceil(shortest.max(1)) as i16); // at most 3840
    w.full_box(fourcc::SGPD, 1, 0, |w| {
        w.bytes(&fourcc::ROLL); // grouping_type
        w.u32(2); // default_length
        w.entries(distance.as_slice(), |w, distance| w.i16(-distance)); // roll_distance
    });
    w.full_box(fourcc::SBGP, 0, 0, |w| {
        w.bytes(&fourcc::ROLL); // grouping_type
        w.u32(u32::from(samples > 0)); // entry_count
        if samples > 0 {
            w.u32(samples); // sample_count
            w.u32(index); // group_description_index
        }
    });
}

fn write_fragment_defaults(w: &mut BoxWriter, track: &MovieTrack<'_>) {
    w.full_box(fourcc::TREX, 0, 0, |w| {
        w.u32(track.id); // track_ID
        w.u32(1); // default_sample_description_index
        w.u32(0); // default_sample_duration
        w.u32(0); // default_sample_size
        w.u32(if track.track.video().is_some() { NON_SYNC } else { SYNC }); // default_sample_flags
    });
}

/// `sample_depends_on` = 2: a sync sample that depends on no other.
pub(super) const SYNC: u32 = 0x0200_0000;
/// `sample_depends_on` = 1 and `sample_is_non_sync_sample`.
pub(super) const NON_SYNC: u32 = 0x0101_0000;

/// `und`.
const UNDETERMINED: u16 = 0x55c4;

/// Three letters of 5 bits each (8.4.2.3); `None` for what is no code of ISO 639-2.
fn packed_language(language: &str) -> Option<u16> {
    let letters = language.as_bytes();
    if letters.len() != 3 || !letters.iter().all(u8::is_ascii_lowercase) {
        return None;
    }
    Some(letters.iter().fold(0, |packed, letter| packed << 5 | u16::from(letter - 0x60)))
}

fn c_string(w: &mut BoxWriter, text: &str) {
    w.bytes(text.split('\0').next().unwrap_or_default().as_bytes());
    w.u8(0);
}
