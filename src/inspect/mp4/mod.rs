//! MP4: boxes (ISO/IEC 14496-12), plain and in fragments.

mod chapters;
mod entry;
mod item;
mod tags;
mod track;

use std::collections::BTreeSet;
use std::io::{Read, Seek};

use super::about::{About, if_sound};
use super::boxes::{BoxAt, each_box, each_child, full_box, versioned, words};
use super::reader::Reader;
use super::{FileInfo, Format, IndexPlacement, TrackInfo};
use crate::error::{Error, Result};
use track::{SampleDefaults, Track};

/// More tracks than any file has; it bounds the memory that a hostile one takes.
const MAX_TRACKS: usize = 1000;

/// Whether a file that begins with `head` looks like MP4.
pub(super) fn is_mp4(head: [u8; 8]) -> bool {
    let early = [b"ftyp", b"styp", b"moov", b"moof", b"sidx", b"mdat", b"wide", b"free", b"skip"];
    early.iter().any(|kind| head[4..] == **kind)
}

/// Describes the file from its first byte on.
pub(super) fn inspect<R: Read + Seek>(reader: &mut Reader<R>) -> Result<FileInfo> {
    let mut movie: Option<Movie> = None;
    let mut format = Format::Mp4;
    let (mut picture, mut data_bytes) = (None, 0);
    let mut data_before_movie = false;
    let mut fragmented = false;
    let truncated = each_box(reader, |reader, found| {
        match &found.kind {
            b"ftyp" if found.start == 0 => format = brand(reader.peek()?),
            b"moov" if movie.is_none() => movie = Some(Movie::read(reader, found)?),
            b"moof" => {
                fragmented = true;
                let Some(movie) = &mut movie else {
                    return Err(Error::input(format!("the box `moof` at {} comes before any `moov`", found.start)));
                };
                movie.read_fragment(reader, found)?;
            }
            b"mdat" => {
                data_before_movie |= movie.is_none();
                data_bytes += found.end - found.body;
            }
            b"meta" if format == Format::Avif && picture.is_none() => picture = item::read(reader, found)?,
            _ => {}
        }
        Ok(())
    })?;
    if let (None, Some(picture)) = (&movie, picture) {
        let track = item::track(picture, data_bytes).into();
        return Ok(FileInfo::new(
            format,
            IndexPlacement::IndexFirst,
            reader.len(),
            truncated,
            vec![track],
            About::default(),
        ));
    }
    let Some(movie) = movie else {
        return Err(Error::input("the file has no `moov` box: it was cut off before it was complete"));
    };
    let layout = match (fragmented || movie.extends, data_before_movie) {
        (true, _) => IndexPlacement::Fragmented,
        (false, true) => IndexPlacement::IndexLast,
        (false, false) => IndexPlacement::IndexFirst,
    };
    let (tracks, about) = movie.finish(reader)?;
    Ok(FileInfo::new(format, layout, reader.len(), truncated, tracks, about))
}

/// The format by the major brand.
fn brand(brand: [u8; 4]) -> Format {
    match &brand {
        b"qt  " => Format::Mov,
        b"avif" | b"avis" => Format::Avif,
        _ => Format::Mp4,
    }
}

/// `moov`.
#[derive(Default)]
struct Movie {
    timescale: u32,
    /// Whether it has `mvex`: fragments are to come.
    extends: bool,
    tracks: Vec<Track>,
    about: About,
}

/// Seconds from 1904, where times of movies begin, to 1970.
const EPOCH: i64 = 2_082_844_800;

impl Movie {
    fn read<R: Read + Seek>(reader: &mut Reader<R>, moov: BoxAt) -> Result<Self> {
        let mut movie = Movie::default();
        let mut extends = Vec::new();
        each_child(reader, moov, |reader, found| {
            match &found.kind {
                b"mvhd" => {
                    let (version, _) = full_box(reader)?;
                    let created = versioned(reader, version)?;
                    versioned(reader, version)?; // modification_time
                    movie.timescale = reader.u32()?;
                    // 0 where it is not said.
                    let created = i64::try_from(created).ok().filter(|&created| created > 0);
                    movie.about.creation_time = created.map(|created| created - EPOCH);
                }
                b"udta" => {
                    let read = tags::read_user_data(reader, found, &mut movie.about);
                    if_sound(read)?;
                }
                b"meta" => {
                    let read = tags::read_meta(reader, found, &mut movie.about);
                    if_sound(read)?;
                }
                b"trak" if movie.tracks.len() < MAX_TRACKS => movie.tracks.push(Track::read(reader, found)?),
                b"trak" => return Err(Error::limit(format!("the file has more than {MAX_TRACKS} tracks"))),
                b"mvex" => {
                    movie.extends = true;
                    each_child(reader, found, |reader, inner| {
                        if inner.kind == *b"trex" && extends.len() < MAX_TRACKS {
                            full_box(reader)?;
                            let [track, _, duration, size, flags] = words(reader)?;
                            extends.push((track, SampleDefaults { duration, size, flags }));
                        }
                        Ok(())
                    })?;
                }
                _ => {}
            }
            Ok(())
        })?;
        for (id, defaults) in extends {
            if let Some(track) = movie.tracks.iter_mut().find(|track| track.id == id) {
                track.defaults = defaults;
            }
        }
        Ok(movie)
    }

    /// The tracks without those that belong to another one: titles of chapters, and transparency.
    fn finish<R: Read + Seek>(mut self, reader: &mut Reader<R>) -> Result<(Vec<TrackInfo>, About)> {
        let chapters: BTreeSet<u32> = self.tracks.iter().flat_map(|track| &track.chapters).copied().collect();
        let is_alpha = |track: &Track| track.handler == *b"auxv" && !track.auxiliary_to.is_empty();
        let with_alpha: BTreeSet<u32> =
            self.tracks.iter().filter(|track| is_alpha(track)).flat_map(|track| &track.auxiliary_to).copied().collect();
        if let Some(titles) = self.tracks.iter().find(|track| chapters.contains(&track.id) && track.handler == *b"text")
        {
            let start = titles.times(self.timescale).start;
            let read = chapters::read_track(reader, titles.tables, start.unsigned_abs(), titles.timescale);
            if_sound(read.map(|read| {
                if !read.is_empty() {
                    self.about.chapters = read;
                }
            }))?;
        }
        let mut tracks = Vec::new();
        for mut track in self.tracks {
            if !chapters.contains(&track.id) && !is_alpha(&track) {
                track.alpha = with_alpha.contains(&track.id);
                tracks.push(track.summary(self.timescale)?.into());
            }
        }
        Ok((tracks, self.about))
    }

    fn read_fragment<R: Read + Seek>(&mut self, reader: &mut Reader<R>, moof: BoxAt) -> Result<()> {
        each_child(reader, moof, |reader, found| match &found.kind {
            b"traf" => self.read_track_fragment(reader, found),
            _ => Ok(()),
        })
    }

    fn read_track_fragment<R: Read + Seek>(&mut self, reader: &mut Reader<R>, traf: BoxAt) -> Result<()> {
        // The track's index, and what its samples are unless they say otherwise.
        let mut current: Option<(usize, SampleDefaults)> = None;
        each_child(reader, traf, |reader, found| {
            match (&found.kind, current) {
                (b"tfhd", None) => {
                    let (_, flags) = full_box(reader)?;
                    let id = reader.u32()?;
                    let Some(index) = self.tracks.iter().position(|track| track.id == id) else {
                        return Err(Error::input(format!(
                            "the fragment at {} is of track {id}, which is not there",
                            traf.start
                        )));
                    };
                    let mut defaults = self.tracks[index].defaults;
                    if flags & 0x1 != 0 {
                        reader.skip(8)?; // base_data_offset
                    }
                    let mut optional = |bit: u32, value: &mut u32| -> Result<()> {
                        if flags & bit != 0 {
                            *value = reader.u32()?;
                        }
                        Ok(())
                    };
                    optional(0x2, &mut 0)?; // sample_description_index
                    optional(0x8, &mut defaults.duration)?;
                    optional(0x10, &mut defaults.size)?;
                    optional(0x20, &mut defaults.flags)?;
                    current = Some((index, defaults));
                }
                (b"tfdt", Some((index, _))) => {
                    let (version, _) = full_box(reader)?;
                    let time = versioned(reader, version)?;
                    self.tracks[index].begin.get_or_insert(time);
                    self.tracks[index].end = time;
                }
                (b"trun", Some((index, defaults))) => self.tracks[index].read_run(reader, found, defaults)?,
                _ => {}
            }
            Ok(())
        })
    }
}
