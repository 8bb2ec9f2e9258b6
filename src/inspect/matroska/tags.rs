//! What a file says for people: title and date, tags, chapters, attachments.

use std::io::{Read, Seek};

use super::id;
use crate::error::Result;
use crate::inspect::about::{About, AttachmentInfo, MAX_NOTES, cover, moment, words};
use crate::inspect::ebml::{Element, each_child, unsigned};
use crate::inspect::reader::Reader;
use crate::media::{Chapter, TimeBase};

/// Seconds from 1970 to 2001, where DateUTC begins to count.
const EPOCH: i64 = 978_307_200;

/// What tags are called here, where it is not their name in small letters.
const NAMES: &[(&str, &str)] = &[("DATE_RELEASED", "date"), ("DATE_RECORDED", "date")];

/// Tags of a part of what the file is in, an album as a rule.
const PART: u64 = 30;

/// Reads an element within Info.
pub(super) fn read_info<R: Read + Seek>(reader: &mut Reader<R>, child: Element, about: &mut About) -> Result<()> {
    match child.id {
        id::TITLE => {
            let title = words(reader, child.end.unwrap_or(0))?;
            about.tag("title", title);
        }
        id::DATE_UTC => {
            let nanoseconds = unsigned(reader, child)?.cast_signed();
            about.creation_time = Some(nanoseconds.div_euclid(1_000_000_000) + EPOCH);
        }
        _ => {}
    }
    Ok(())
}

/// Reads Tags: those of the file, not those of its tracks.
pub(super) fn read_tags<R: Read + Seek>(reader: &mut Reader<R>, tags: Element, about: &mut About) -> Result<()> {
    let (mut number, mut count) = (None, None);
    each_child(reader, tags, |reader, tag| {
        if tag.id != id::TAG {
            return Ok(());
        }
        // Targets may stand behind what is said of them.
        let (mut level, mut of_file, mut found) = (50, true, Vec::new());
        each_child(reader, tag, |reader, child| match child.id {
            id::TARGETS => each_child(reader, child, |reader, target| {
                match target.id {
                    id::TARGET_TYPE_VALUE => level = unsigned(reader, target)?,
                    // 0: of all.
                    uid if id::TAG_UIDS.contains(&uid) => of_file &= unsigned(reader, target)? == 0,
                    _ => {}
                }
                Ok(())
            }),
            id::SIMPLE_TAG => {
                let (mut name, mut value) = (String::new(), None);
                each_child(reader, child, |reader, part| {
                    match part.id {
                        id::TAG_NAME => name = words(reader, part.end.unwrap_or(0))?,
                        id::TAG_STRING => value = Some(words(reader, part.end.unwrap_or(0))?),
                        _ => {}
                    }
                    Ok(())
                })?;
                found.extend(value.filter(|_| found.len() < MAX_NOTES).map(|value| (name, value)));
                Ok(())
            }
            _ => Ok(()),
        })?;
        for (name, value) in found.into_iter().filter(|_| of_file) {
            match (&*name, level) {
                ("PART_NUMBER", PART) => number = Some(value),
                ("TOTAL_PARTS", _) => count = Some(value),
                (name, _) => {
                    let known = NAMES.iter().find(|(theirs, _)| *theirs == name);
                    about.tag(&known.map_or_else(|| name.to_lowercase(), |(_, ours)| (*ours).to_owned()), value);
                }
            }
        }
        Ok(())
    })?;
    if let Some(number) = number {
        about.tag("track", count.map_or(number.clone(), |count| format!("{number}/{count}")));
    }
    Ok(())
}

/// Reads Chapters: the first edition, without chapters within chapters.
pub(super) fn read_chapters<R: Read + Seek>(reader: &mut Reader<R>, all: Element, about: &mut About) -> Result<()> {
    let mut is_first = true;
    each_child(reader, all, |reader, edition| {
        if edition.id != id::EDITION_ENTRY || !std::mem::take(&mut is_first) {
            return Ok(());
        }
        each_child(reader, edition, |reader, atom| {
            if atom.id != id::CHAPTER_ATOM || about.chapters.len() == MAX_NOTES {
                return Ok(());
            }
            let (mut start, mut end, mut title, mut hidden) = (0, None, None, false);
            each_child(reader, atom, |reader, child| match child.id {
                id::CHAPTER_TIME_START => unsigned(reader, child).map(|time| start = time),
                id::CHAPTER_TIME_END => unsigned(reader, child).map(|time| end = Some(time)),
                id::CHAPTER_FLAG_HIDDEN => unsigned(reader, child).map(|flag| hidden = flag != 0),
                id::CHAPTER_DISPLAY => each_child(reader, child, |reader, part| {
                    if part.id == id::CHAP_STRING && title.is_none() {
                        title = Some(words(reader, part.end.unwrap_or(0))?);
                    }
                    Ok(())
                }),
                _ => Ok(()),
            })?;
            if !hidden {
                let at = |time| moment(time, TimeBase::NANOSECONDS);
                let mut chapter = Chapter::new(at(start), title.unwrap_or_default());
                chapter.end = end.map(at);
                about.chapters.push(chapter);
            }
            Ok(())
        })
    })
}

/// Reads Attachments. A picture named `cover` is the cover (RFC 9559, 21.1).
pub(super) fn read_attachments<R: Read + Seek>(reader: &mut Reader<R>, all: Element, about: &mut About) -> Result<()> {
    each_child(reader, all, |reader, file| {
        if file.id != id::ATTACHED_FILE {
            return Ok(());
        }
        let mut found = AttachmentInfo { name: String::new(), media_type: String::new(), bytes: 0 };
        let mut head = Vec::new();
        each_child(reader, file, |reader, child| {
            let end = child.end.unwrap_or(0);
            match child.id {
                id::FILE_NAME => found.name = words(reader, end)?,
                id::FILE_MEDIA_TYPE => found.media_type = words(reader, end)?,
                id::FILE_DATA => {
                    found.bytes = end.saturating_sub(reader.position());
                    head = reader.read_up_to(end, 8)?;
                }
                _ => {}
            }
            Ok(())
        })?;
        let name = found.name.to_ascii_lowercase();
        let is_cover = ["cover.jpg", "cover.jpeg", "cover.png"].contains(&&*name) && about.cover.is_none();
        match cover(&head, found.bytes).filter(|_| is_cover) {
            Some(cover) => about.cover = Some(cover),
            None if about.attachments.len() < MAX_NOTES => about.attachments.push(found),
            None => {}
        }
        Ok(())
    })
}
