//! Chapters: Nero's list, and QuickTime's track of text.

use std::io::{Read, Seek};

use crate::error::Result;
use crate::inspect::about::{About, MAX_NOTES, moment, words};
use crate::inspect::boxes::{BoxAt, entries, full_box, words as numbers};
use crate::inspect::reader::Reader;
use crate::media::{Chapter, TimeBase, Timestamp};

/// Reads `chpl`: starts in units of 100 ns, and titles.
pub(super) fn read_list<R: Read + Seek>(reader: &mut Reader<R>, chpl: BoxAt) -> Result<Vec<Chapter>> {
    let (version, _) = full_box(reader)?;
    if version == 1 {
        reader.skip(4)?; // reserved
    }
    let count = reader.u8()?;
    let mut starts = Vec::new();
    for _ in 0..count {
        if chpl.end.saturating_sub(reader.position()) < 9 {
            break;
        }
        let start = reader.u64()?;
        let length = u64::from(reader.u8()?);
        let end = chpl.end.min(reader.position() + length);
        let title = words(reader, end)?;
        reader.seek_to(end)?;
        starts.push((moment(start, TimeBase::per_second(10_000_000)), title));
    }
    Ok(About::chapters_from_starts(starts))
}

/// The tables of a track of text, read when it turns out that its samples are titles.
#[derive(Clone, Copy, Default)]
pub(super) struct Tables {
    pub stts: Option<BoxAt>,
    pub stsc: Option<BoxAt>,
    pub stsz: Option<BoxAt>,
    /// `stco` or `co64`.
    pub offsets: Option<BoxAt>,
}

/// Reads the titles of a track whose samples are chapters, that begins at `start`.
pub(super) fn read_track<R: Read + Seek>(
    reader: &mut Reader<R>,
    tables: Tables,
    start: u64,
    timescale: u32,
) -> Result<Vec<Chapter>> {
    let (Some(stts), Some(stsc), Some(stsz), Some(offsets)) = (tables.stts, tables.stsc, tables.stsz, tables.offsets)
    else {
        return Ok(Vec::new());
    };
    let base = TimeBase::new(1, timescale)?;
    let sizes = sizes(reader, stsz)?;
    let places = places(reader, stsc, offsets, &sizes)?;
    let times = times(reader, stts, start, places.len())?;
    let mut starts = Vec::new();
    for ((place, size), time) in places.into_iter().zip(sizes).zip(times) {
        if size < 2 || place.saturating_add(size.into()) > reader.len() {
            continue;
        }
        reader.seek_to(place)?;
        let length = reader.u16()?;
        let end = reader.position() + u64::from(length).min(u64::from(size) - 2);
        starts.push((Timestamp::new(i64::try_from(time).unwrap_or(i64::MAX), base), words(reader, end)?));
    }
    Ok(About::chapters_from_starts(starts))
}

fn sizes<R: Read + Seek>(reader: &mut Reader<R>, stsz: BoxAt) -> Result<Vec<u32>> {
    reader.seek_to(stsz.body)?;
    full_box(reader)?;
    let [size, count] = numbers(reader)?;
    let count = (count as usize).min(MAX_NOTES);
    if size != 0 {
        return Ok(vec![size; count]);
    }
    let room = stsz.end.saturating_sub(reader.position()) / 4;
    (0..room.min(count as u64)).map(|_| reader.u32()).collect()
}

/// The place of each sample: chunk after chunk, sample after sample within one.
fn places<R: Read + Seek>(reader: &mut Reader<R>, stsc: BoxAt, offsets: BoxAt, sizes: &[u32]) -> Result<Vec<u64>> {
    reader.seek_to(stsc.body)?;
    let mut runs = Vec::new();
    for _ in 0..entries(reader, stsc, 12)?.min(MAX_NOTES as u32) {
        let [first_chunk, samples, _description] = numbers(reader)?;
        runs.push((first_chunk, samples));
    }
    reader.seek_to(offsets.body)?;
    let is_long = offsets.kind == *b"co64";
    let mut places = Vec::new();
    for chunk in 1..=entries(reader, offsets, if is_long { 8 } else { 4 })? {
        let mut place = if is_long { reader.u64()? } else { reader.u32()?.into() };
        let run = runs.iter().rev().find(|(first, _)| *first <= chunk);
        for _ in 0..run.map_or(0, |(_, samples)| *samples) {
            let Some(size) = sizes.get(places.len()) else { return Ok(places) };
            places.push(place);
            place = place.saturating_add((*size).into());
        }
        if chunk as usize >= MAX_NOTES {
            break;
        }
    }
    Ok(places)
}

fn times<R: Read + Seek>(reader: &mut Reader<R>, stts: BoxAt, start: u64, count: usize) -> Result<Vec<u64>> {
    reader.seek_to(stts.body)?;
    let (mut times, mut time) = (Vec::new(), start);
    for _ in 0..entries(reader, stts, 8)? {
        let [samples, delta] = numbers(reader)?;
        for _ in 0..samples {
            if times.len() == count {
                return Ok(times);
            }
            times.push(time);
            time = time.saturating_add(delta.into());
        }
    }
    Ok(times)
}
