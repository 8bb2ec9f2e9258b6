//! Free space, and what a file that was recorded in fragments hides in its media data.

use std::io::{Read, Result, Seek, SeekFrom};
use std::ops::Range;

use super::{Checked, Movie, Source, codecs, ensure, read_at, verify_source};

/// Free space is zeros; or, at the end of fragments, a movie box that is not to be seen yet.
pub(super) fn check_free(source: &mut dyn Source, body: Range<u64>, end: u64, fragmented: bool) -> Checked<()> {
    if fragmented {
        let header = read_at(source, body.start, 8)?;
        let size = u32::from_be_bytes(header[..4].try_into().unwrap());
        ensure!(body.end == end && &header[4..] == b"moov", "free space after fragments that is no movie box");
        ensure!(u64::from(size) == body.end - body.start, "a movie box of {size} bytes in {body:?}");
        return Ok(());
    }
    let bytes = read_at(source, body.start, body.end - body.start)?;
    ensure!(bytes.iter().all(|&byte| byte == 0), "free space that is not empty");
    Ok(())
}

/// The fragmented file that `movie` was, if it was one: with its front as it was before.
pub(super) fn find(source: &mut dyn Source, movie: &Movie) -> Checked<Option<Movie>> {
    let [data] = &movie.media_data[..] else { return Ok(None) };
    let header = match data.end - data.start {
        8.. => read_at(source, data.start, 8)?,
        _ => return Ok(None),
    };
    if &header[4..] != b"moov" {
        return Ok(None);
    }
    let front = b"\0\0\0\x10free\0\0\0\0\0\0\0\0";
    ensure!(data.start >= 16, "media data at {}", data.start);
    let mut before = Overlay { source, at: data.start - 16, bytes: front, place: 0 };
    verify_source(&mut before).map(Some).map_err(|error| format!("hidden in mdat: {error}"))
}

/// Both tell of the same samples at the same places.
pub(super) fn check(movie: &Movie, hidden: &Movie) -> Checked<()> {
    let fed = hidden.tracks.iter().filter(|track| !track.samples.is_empty());
    ensure!(fed.clone().count() == movie.tracks.len(), "not as many tracks as in fragments");
    for (track, before) in movie.tracks.iter().zip(fed) {
        ensure!((track.id, &track.handler) == (before.id, &before.handler), "another track than in fragments");
        if matches!(track.entry, codecs::Entry::Pcm { .. }) {
            let runs = |track: &super::Track| {
                let mut runs: Vec<Range<u64>> = Vec::new();
                for sample in &track.samples {
                    match runs.last_mut() {
                        Some(run) if run.end == sample.offset => run.end += u64::from(sample.size),
                        _ => runs.push(sample.offset..sample.offset + u64::from(sample.size)),
                    }
                }
                runs
            };
            ensure!(runs(track) == runs(before), "track {}: other media data than in fragments", track.id);
            continue;
        }
        ensure!(track.samples.len() == before.samples.len(), "track {}: not as many samples", track.id);
        let start = before.samples.first().map_or(0, |sample| sample.time);
        for (sample, earlier) in track.samples.iter().zip(&before.samples) {
            let same = (sample.offset, sample.size, sample.sync) == (earlier.offset, earlier.size, earlier.sync);
            ensure!(same && sample.time == earlier.time - start, "{sample:?}, and in fragments {earlier:?}");
        }
    }
    Ok(())
}

/// A source some bytes of which are others.
struct Overlay<'a> {
    source: &'a mut dyn Source,
    at: u64,
    bytes: &'a [u8],
    place: u64,
}

impl Read for Overlay<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.source.seek(SeekFrom::Start(self.place))?;
        let count = self.source.read(buffer)?;
        for (place, byte) in (self.place..).zip(&mut buffer[..count]) {
            if let Some(&other) = place.checked_sub(self.at).and_then(|index| self.bytes.get(index as usize)) {
                *byte = other;
            }
        }
        self.place += count as u64;
        Ok(count)
    }
}

impl Seek for Overlay<'_> {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.place = match to {
            SeekFrom::Start(at) => at,
            other => self.source.seek(other)?,
        };
        Ok(self.place)
    }
}
