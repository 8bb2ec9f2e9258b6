//! The movie box: what both layouts say about the file and its tracks.

use super::boxes::BoxWriter;
use super::description::Description;
use super::sample_table::SampleTable;
use super::timing::Edit;
use super::track::{Times, TrackEntry};
use super::visual::UPRIGHT;
use super::{fourcc, labels, metadata};
use crate::error::{Error, Result};
use crate::media::{TimeBase, Timestamp, Track};

/// A track as the movie box presents it.
pub(super) struct MovieTrack<'a> {
    /// From 1.
    pub id: u32,
    pub track: &'a Track,
    pub table: &'a mut SampleTable,
    /// The duration of its shortest packet, in ticks, any where there is none; `None` where its samples stand in
    /// fragments.
    pub shortest: Option<u32>,
    /// Of the presentation, in units of the movie; 0 in a fragmented file.
    pub duration: u64,
    /// Empty where the media is presented from its start to its end.
    pub edits: Vec<Edit>,
}

/// Writes `moov`. A fragmented file has an `mvex` in it.
pub(super) fn write_movie(
    w: &mut BoxWriter,
    description: &Description,
    base: TimeBase,
    track_count: usize,
    tracks: &mut [MovieTrack<'_>],
    fragmented: bool,
) -> Result<()> {
    let duration = tracks.iter().map(|track| track.duration).max().unwrap_or(0);
    let track_count = u32::try_from(track_count).map_err(|_| Error::limit("too many tracks"))?;
    // The track of chapters is the last. It is left out where nothing was long enough to have any.
    let chapters = tracks.iter().map(|track| track.id).find(|&id| description.chapter_track && id == track_count);
    let mut entries = Vec::with_capacity(tracks.len());
    for track in &*tracks {
        entries.push(TrackEntry::new(track, chapters)?);
    }
    let media: Vec<&Track> =
        tracks.iter().filter(|track| Some(track.id) != chapters).map(|track| track.track).collect();
    let mut choices = labels::choices(&media).into_iter();
    let end = (!fragmented).then(|| Timestamp::new(i64::try_from(duration).unwrap_or(i64::MAX), base));
    w.boxed(fourcc::MOOV, |w| {
        let times = Times::new(description, duration);
        w.full_box(fourcc::MVHD, times.version(), 0, |w| {
            times.write(w, |w| w.u32(base.den())); // timescale
            w.u32(0x0001_0000); // rate
            w.u16(0x0100); // volume
            w.zeros(2 + 8); // reserved
            UPRIGHT.iter().for_each(|&value| w.i32(value)); // matrix
            w.zeros(24); // pre_defined
            w.u32(track_count.saturating_add(1)); // next_track_ID
        });
        for (track, entry) in tracks.iter_mut().zip(&entries) {
            let choice = if entry.is_chapters() { None } else { choices.next() };
            entry.write(w, description, track, choice, chapters);
        }
        if fragmented {
            w.boxed(fourcc::MVEX, |w| tracks.iter().for_each(|track| write_fragment_defaults(w, track)));
        }
        metadata::write(w, description, end);
    });
    Ok(())
}

/// What an Opus reader decodes before what it wants to hear, in samples of 48 kHz: 80 ms.
const PRE_ROLL: u32 = 48_000 * 80 / 1000;

/// The sample group that tells an Opus reader where to begin (Opus in ISOBMFF 4.3.6.2), of all samples of a movie; the
/// boxes have to be there even for no samples. As many of the `shortest` packets make up the pre-roll.
pub(super) fn write_roll(w: &mut BoxWriter, samples: u32, shortest: u32) {
    let distance = (samples > 0).then(|| PRE_ROLL.div_ceil(shortest.max(1)) as i16); // at most 3840
    write_roll_distances(w, distance.as_slice());
    write_roll_group(w, samples, 1);
}

/// The group of a movie in fragments, of no samples: its distances are powers of two, of which each fragment names one,
/// so that none has to bring its own. Packets of 20 ms are the power 2.
pub(super) fn write_roll_choices(w: &mut BoxWriter) {
    let powers: Vec<i16> = (0..=12).map(|power| 1 << power).collect();
    write_roll_distances(w, &powers);
    write_roll_group(w, 0, 1);
}

/// The group of a fragment: the least power of two that is long enough. (8.9.4: an index up to 0x10000 is of the movie's.)
pub(super) fn write_roll_choice(w: &mut BoxWriter, samples: u32, shortest: u32) {
    let distance = PRE_ROLL.div_ceil(shortest.max(1)); // at most 3840
    write_roll_group(w, samples, distance.next_power_of_two().trailing_zeros() + 1);
}

fn write_roll_distances(w: &mut BoxWriter, distances: &[i16]) {
    w.full_box(fourcc::SGPD, 1, 0, |w| {
        w.bytes(&fourcc::ROLL); // grouping_type
        w.u32(2); // default_length
        w.entries(distances, |w, distance| w.i16(-distance)); // roll_distance
    });
}

fn write_roll_group(w: &mut BoxWriter, samples: u32, index: u32) {
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
        w.u32(default_flags(track.track)); // default_sample_flags
    });
}

/// The flags that most samples of a track have.
pub(super) fn default_flags(track: &Track) -> u32 {
    match track.video() {
        Some(_) => NON_SYNC,
        None => SYNC,
    }
}

/// `sample_depends_on` = 2: a sync sample that depends on no other.
pub(super) const SYNC: u32 = 0x0200_0000;
/// `sample_depends_on` = 1 and `sample_is_non_sync_sample`.
pub(super) const NON_SYNC: u32 = 0x0101_0000;
