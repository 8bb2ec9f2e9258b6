//! Boxes of the ISO base media file format (ISO/IEC 14496-12, 4.2), one within another.

use std::io::{Read, Seek};

use super::reader::{Reader, text};
use crate::error::{Error, Result};

/// Where a box is: `start` its first byte, `body` the first after its header, `end` the first behind it.
#[derive(Clone, Copy)]
pub(super) struct BoxAt {
    pub kind: [u8; 4],
    pub start: u64,
    pub body: u64,
    pub end: u64,
}

/// Visits the boxes of the file, from `reader`'s position on. Gives whether the file ends within one, which is not
/// visited.
pub(super) fn each_box<R: Read + Seek>(
    reader: &mut Reader<R>,
    mut visit: impl FnMut(&mut Reader<R>, BoxAt) -> Result<()>,
) -> Result<bool> {
    let len = reader.len();
    while let Some(found) = next(reader, len)? {
        if found.end > len {
            return Ok(true);
        }
        visit(reader, found)?;
        reader.seek_to(found.end)?;
    }
    Ok(reader.position() < len)
}

/// Visits the boxes between `reader`'s position and the end of `parent`.
pub(super) fn each_child<R: Read + Seek>(
    reader: &mut Reader<R>,
    parent: BoxAt,
    mut visit: impl FnMut(&mut Reader<R>, BoxAt) -> Result<()>,
) -> Result<()> {
    while let Some(found) = next(reader, parent.end)? {
        if found.end > parent.end {
            let (kind, start, size) = (text(&found.kind), found.start, found.end - found.start);
            return Err(Error::input(format!(
                "the box `{kind}` at {start} claims {size} bytes, more than its parent has"
            )));
        }
        visit(reader, found)?;
        reader.seek_to(found.end)?;
    }
    Ok(())
}

/// Reads the header of the next box. Fewer bytes than a header has are padding: QuickTime ends some lists with a word
/// of zeros.
fn next<R: Read + Seek>(reader: &mut Reader<R>, end: u64) -> Result<Option<BoxAt>> {
    let start = reader.position();
    if end.saturating_sub(start) < 8 {
        return Ok(None);
    }
    let size = reader.u32()?;
    let kind = reader.read::<4>()?;
    let size = match size {
        0 => end - start,
        1 => reader.u64()?,
        size => size.into(),
    };
    let body = reader.position();
    match start.checked_add(size).filter(|&end| end >= body) {
        Some(end) => Ok(Some(BoxAt { kind, start, body, end })),
        None => Err(Error::input(format!("the box `{}` at {start} has an impossible size of {size}", text(&kind)))),
    }
}

/// The version and flags that a full box begins with.
pub(super) fn full_box<R: Read + Seek>(reader: &mut Reader<R>) -> Result<(u8, u32)> {
    let word = reader.u32()?;
    Ok((word.to_be_bytes()[0], word & 0xff_ffff))
}

/// A number of 32 bits in version 0 of a box, of 64 in version 1.
pub(super) fn versioned<R: Read + Seek>(reader: &mut Reader<R>, version: u8) -> Result<u64> {
    if version == 0 { reader.u32().map(u64::from) } else { reader.u64() }
}

pub(super) fn words<const N: usize, R: Read + Seek>(reader: &mut Reader<R>) -> Result<[u32; N]> {
    let mut words = [0; N];
    for word in &mut words {
        *word = reader.u32()?;
    }
    Ok(words)
}

/// The number of entries of a table that is a full box; the box has room for them.
pub(super) fn entries<R: Read + Seek>(reader: &mut Reader<R>, table: BoxAt, entry_size: u64) -> Result<u32> {
    full_box(reader)?;
    let count = reader.u32()?;
    check_entries(reader, table, count, entry_size)?;
    Ok(count)
}

/// Checks that from here on `table` has room for `count` entries.
pub(super) fn check_entries<R: Read + Seek>(
    reader: &Reader<R>,
    table: BoxAt,
    count: u32,
    entry_size: u64,
) -> Result<()> {
    if u64::from(count) * entry_size > table.end.saturating_sub(reader.position()) {
        let (kind, start) = (text(&table.kind), table.start);
        return Err(Error::input(format!(
            "the box `{kind}` at {start} claims {count} entries, more than it has room for"
        )));
    }
    Ok(())
}
