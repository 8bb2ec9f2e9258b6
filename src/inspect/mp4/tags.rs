//! What a movie says for people: user data, and the items of Apple's metadata.

use std::io::{Read, Seek};

use super::chapters;
use crate::error::Result;
use crate::inspect::about::{About, MAX_NOTES, cover, to_words, words};
use crate::inspect::boxes::{BoxAt, each_child, full_box};
use crate::inspect::reader::Reader;

/// The items of `ilst` whose types are names, QuickTime's user data among them, as the tags that they are.
const NAMES: &[(&[u8; 4], &str)] = &[
    (b"\xa9nam", "title"),
    (b"\xa9ART", "artist"),
    (b"\xa9alb", "album"),
    (b"aART", "album_artist"),
    (b"\xa9wrt", "composer"),
    (b"\xa9gen", "genre"),
    (b"\xa9day", "date"),
    (b"\xa9cmt", "comment"),
    (b"desc", "description"),
    (b"\xa9des", "description"),
    (b"cprt", "copyright"),
    (b"\xa9cpy", "copyright"),
    (b"\xa9too", "encoder"),
    (b"\xa9swr", "encoder"),
    (b"\xa9lyr", "lyrics"),
];

/// QuickTime's keys that are called something else here; the others lose their prefix alone.
const KEYS: &[(&str, &str)] = &[("albumartist", "album_artist"), ("creationdate", "date")];
const KEY_PREFIX: &str = "com.apple.quicktime.";

/// Reads `udta` of the movie.
pub(super) fn read_user_data<R: Read + Seek>(reader: &mut Reader<R>, udta: BoxAt, about: &mut About) -> Result<()> {
    each_child(reader, udta, |reader, found| {
        match &found.kind {
            b"meta" => read_meta(reader, found, about)?,
            b"chpl" => about.chapters = chapters::read_list(reader, found)?,
            [0xa9, ..] => {
                // International text: its size and its language, then itself.
                let size = reader.u16()?;
                reader.skip(2)?;
                let end = found.end.min(reader.position() + u64::from(size));
                let text = words(reader, end)?;
                if let Some((_, name)) = NAMES.iter().find(|(kind, _)| **kind == found.kind) {
                    about.tag(name, text);
                }
            }
            _ => {}
        }
        Ok(())
    })
}

/// Reads `meta`, which MP4 has as a full box and QuickTime has not.
pub(super) fn read_meta<R: Read + Seek>(reader: &mut Reader<R>, meta: BoxAt, about: &mut About) -> Result<()> {
    if meta.end - meta.body >= 8 && reader.peek::<8>()?[4..] != *b"hdlr" {
        full_box(reader)?;
    }
    let mut keys = Vec::new();
    each_child(reader, meta, |reader, found| match &found.kind {
        b"keys" => {
            full_box(reader)?;
            reader.u32()?; // entry_count
            each_child(reader, found, |reader, key| {
                if keys.len() < MAX_NOTES {
                    let text = words(reader, key.end)?;
                    let short = text.strip_prefix(KEY_PREFIX).unwrap_or(&text);
                    keys.push(KEYS.iter().find(|(key, _)| *key == short).map_or(short, |(_, name)| name).to_owned());
                }
                Ok(())
            })
        }
        b"ilst" => each_child(reader, found, |reader, item| read_item(reader, item, &keys, about)),
        _ => Ok(()),
    })
}

fn read_item<R: Read + Seek>(reader: &mut Reader<R>, item: BoxAt, keys: &[String], about: &mut About) -> Result<()> {
    let number = usize::try_from(u32::from_be_bytes(item.kind)).ok();
    let key = number.and_then(|number| keys.get(number.checked_sub(1)?));
    let mut name = match (key, NAMES.iter().find(|(kind, _)| **kind == item.kind)) {
        (Some(key), _) => key.clone(),
        (None, Some((_, name))) => (*name).to_owned(),
        (None, None) => to_words(&item.kind),
    };
    each_child(reader, item, |reader, found| {
        match &found.kind {
            b"name" => {
                full_box(reader)?;
                name = words(reader, found.end)?;
            }
            b"data" => {
                let kind = reader.u32()?;
                reader.skip(4)?; // locale
                let bytes = found.end.saturating_sub(reader.position());
                match (&item.kind, kind) {
                    (_, 13 | 14) => {
                        let head = reader.read_up_to(found.end, 8)?;
                        about.cover = about.cover.or(cover(&head, bytes));
                    }
                    (b"covr", _) => {
                        let head = reader.read_up_to(found.end, 8)?;
                        about.cover = about.cover.or(cover(&head, bytes));
                    }
                    (b"trkn", _) => {
                        if let &[_, _, n1, n0, c1, c0, ..] = &*reader.read_up_to(found.end, 6)? {
                            let (number, count) = (u16::from_be_bytes([n1, n0]), u16::from_be_bytes([c1, c0]));
                            let count = if count > 0 { format!("/{count}") } else { String::new() };
                            about.tag("track", format!("{number}{count}"));
                        }
                    }
                    (_, 1) => {
                        let value = words(reader, found.end)?;
                        about.tag(&name, value);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
        Ok(())
    })
}
