//! Elements of EBML (RFC 8794), one within another.

use std::io::{Read, Seek};

use super::reader::{Reader, text};
use crate::error::{Error, Result};

/// Where an element is: `start` its first byte, `end` the first behind it, `None` where its size is unknown. When it is
/// handed out, the reader stands at its data.
#[derive(Clone, Copy)]
pub(super) struct Element {
    pub id: u32,
    pub start: u64,
    pub end: Option<u64>,
}

/// Visits the elements between `reader`'s position and the end of `parent`, whose size is known.
pub(super) fn each_child<R: Read + Seek>(
    reader: &mut Reader<R>,
    parent: Element,
    mut visit: impl FnMut(&mut Reader<R>, Element) -> Result<()>,
) -> Result<()> {
    let (id, start) = (parent.id, parent.start);
    let Some(end) = parent.end else {
        return Err(Error::input(format!(
            "the element {id:X} at {start} has no size, which only Segment and Cluster may"
        )));
    };
    while let Some(found) = next(reader, end)? {
        let Some(found_end) = found.end.filter(|&found_end| found_end <= end) else {
            let (id, start) = (found.id, found.start);
            return Err(Error::input(format!("the element {id:X} at {start} claims more bytes than its parent has")));
        };
        visit(reader, found)?;
        reader.seek_to(found_end)?;
    }
    Ok(())
}

/// Reads the identifier and the size of the next element; `None` at `end`, or where the file ends within them.
pub(super) fn next<R: Read + Seek>(reader: &mut Reader<R>, end: u64) -> Result<Option<Element>> {
    let start = reader.position();
    let left = end.saturating_sub(start);
    if left == 0 {
        return Ok(None);
    }
    let head = reader.peek::<12>()?;
    let id_len = head[0].leading_zeros() as u64 + 1;
    if id_len > 4 {
        return Err(Error::input(format!(
            "there is no element at {start}: its identifier begins with {:#04x}",
            head[0]
        )));
    }
    let size_len = u64::from(head.get(id_len as usize).map_or(8, |byte| byte.leading_zeros())) + 1;
    if left < id_len + size_len {
        // The rest of a file that was cut off.
        reader.seek_to(end)?;
        return Ok(None);
    }
    let id = head[..id_len as usize].iter().fold(0, |id, &byte| id << 8 | u32::from(byte));
    reader.skip(id_len)?;
    let size = size(reader)?;
    let end =
        match size {
            Some(size) => Some(reader.position().checked_add(size).ok_or_else(|| {
                Error::input(format!("the element {id:X} at {start} has an impossible size of {size}"))
            })?),
            None => None,
        };
    Ok(Some(Element { id, start, end }))
}

/// A number of variable length (RFC 8794, 4); `None` where all of its bits are ones, which means unknown.
pub(super) fn size<R: Read + Seek>(reader: &mut Reader<R>) -> Result<Option<u64>> {
    let start = reader.position();
    let first = reader.u8()?;
    let more = first.leading_zeros();
    if more > 7 {
        return Err(Error::input(format!("the size at {start} is longer than 8 bytes")));
    }
    let mut value = u64::from(first) & (0x7f >> more);
    for _ in 0..more {
        value = value << 8 | u64::from(reader.u8()?);
    }
    let ones = (1u64 << (7 * (more + 1))) - 1;
    Ok((value != ones).then_some(value))
}

/// The value of an unsigned integer.
pub(super) fn unsigned<R: Read + Seek>(reader: &mut Reader<R>, element: Element) -> Result<u64> {
    match reader.read_up_to(element.end.unwrap_or(0), 9)? {
        bytes if bytes.len() <= 8 => Ok(bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte))),
        _ => Err(Error::input(format!("the number {:X} at {} is longer than 8 bytes", element.id, element.start))),
    }
}

/// The value of a float that is a whole number in any sound file, rounded; 0 where it is none of 32 bits.
pub(super) fn float<R: Read + Seek>(reader: &mut Reader<R>, element: Element) -> Result<u32> {
    let value = decimal(reader, element)?.round();
    Ok(if (0.0..=f64::from(u32::MAX)).contains(&value) { value as u32 } else { 0 })
}

/// The value of a float; 0 where it is none.
pub(super) fn decimal<R: Read + Seek>(reader: &mut Reader<R>, element: Element) -> Result<f64> {
    let bytes = reader.read_up_to(element.end.unwrap_or(0), 9)?;
    Ok(match (<[u8; 4]>::try_from(&*bytes), <[u8; 8]>::try_from(&*bytes)) {
        (Ok(bytes), _) => f64::from(f32::from_be_bytes(bytes)),
        (_, Ok(bytes)) => f64::from_be_bytes(bytes),
        _ => 0.0,
    })
}

/// The text of a string, made fit to be shown.
pub(super) fn string<R: Read + Seek>(reader: &mut Reader<R>, element: Element) -> Result<String> {
    Ok(text(&reader.read_up_to(element.end.unwrap_or(0), 64)?))
}
