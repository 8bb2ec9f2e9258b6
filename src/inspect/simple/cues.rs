//! Chapters of WAV: the points of `cue `, and what a `LIST` of type `adtl` calls them (Multimedia Programming Interface
//! and Data Specifications 1.0).

use std::io::{Read, Seek};

use super::{each_chunk, u32_le};
use crate::error::Result;
use crate::inspect::about::{About, MAX_NOTES, moment, words};
use crate::inspect::boxes::BoxAt;
use crate::inspect::reader::Reader;
use crate::media::{Chapter, TimeBase};

/// Points, names and lengths as they come; each has the identifier of its point.
#[derive(Default)]
pub(super) struct Cues {
    points: Vec<(u32, u32)>,
    names: Vec<(u32, String)>,
    lengths: Vec<(u32, u32)>,
}

impl Cues {
    /// `cue `: how many, and of each its identifier, five numbers, the last of which is the sample.
    pub fn read_points<R: Read + Seek>(&mut self, reader: &mut Reader<R>, chunk: BoxAt) -> Result<()> {
        let count = u32_le(reader)?;
        for _ in 0..count {
            if chunk.end.saturating_sub(reader.position()) < 24 || self.points.len() == MAX_NOTES {
                break;
            }
            let name = u32_le(reader)?;
            reader.skip(16)?; // dwPosition, fccChunk, dwChunkStart, dwBlockStart
            self.points.push((name, u32_le(reader)?));
        }
        Ok(())
    }

    /// The chunks of the `LIST`, whose type has been read, up to `end`.
    pub fn read_list<R: Read + Seek>(&mut self, reader: &mut Reader<R>, end: u64) -> Result<()> {
        each_chunk(reader, end, |reader, chunk, _| {
            match (&chunk.kind, chunk.end - chunk.body) {
                (b"labl", 4..) if self.names.len() < MAX_NOTES => {
                    let name = u32_le(reader)?;
                    self.names.push((name, words(reader, chunk.end)?));
                }
                (b"ltxt", 8..) if self.lengths.len() < MAX_NOTES => {
                    self.lengths.push((u32_le(reader)?, u32_le(reader)?));
                }
                _ => {}
            }
            Ok(())
        })
        .map(drop)
    }

    /// The points that have a name, in the order of their times: others mark loops and the like.
    pub fn into_chapters(mut self, sample_rate: u32, about: &mut About) {
        let base = TimeBase::per_second(sample_rate);
        self.points.sort_by_key(|&(_, sample)| sample);
        for (name, start) in self.points {
            let Some((_, title)) = self.names.iter().find(|(other, _)| *other == name) else { continue };
            let mut chapter = Chapter::new(moment(start.into(), base), title.clone());
            let length = self.lengths.iter().find(|&&(other, length)| other == name && length > 0);
            chapter.end = length.map(|&(_, length)| moment(u64::from(start) + u64::from(length), base));
            about.chapters.push(chapter);
        }
    }
}
