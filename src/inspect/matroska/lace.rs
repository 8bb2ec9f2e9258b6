//! Laces (RFC 9559, 10.3): the sizes of the packets that share a block.

use std::io::{Read, Seek};

use crate::error::{Error, Result};
use crate::inspect::ebml::size;
use crate::inspect::reader::Reader;

/// How many bytes each packet has of a block with these `flags`, whose header was read and which ends at `end`. Leaves
/// `reader` at the first packet.
pub(super) fn sizes<R: Read + Seek>(reader: &mut Reader<R>, end: u64, flags: u8) -> Result<Vec<u64>> {
    let start = reader.position();
    let left = |reader: &Reader<R>| end.saturating_sub(reader.position());
    let lacing = flags & 0x06;
    if lacing == 0 || left(reader) == 0 {
        return Ok(vec![left(reader)]);
    }
    let count = u64::from(reader.u8()?) + 1;
    if lacing == 0x04 {
        return Ok(vec![left(reader) / count; count as usize]);
    }
    let mut sizes = Vec::new();
    while (sizes.len() as u64) < count - 1 {
        let before: Option<u64> = sizes.last().copied().filter(|_| lacing == 0x06);
        let next = match (lacing, before) {
            (0x02, _) => full_bytes(reader, end)?,
            (_, None) => size(reader)?,
            (_, Some(before)) => difference(reader)?.and_then(|more| before.checked_add_signed(more)),
        };
        sizes.push(next.ok_or_else(|| Error::input(format!("a size in the lace at {start} is none")))?);
    }
    let said = sizes.iter().try_fold(0u64, |sum, &size| sum.checked_add(size));
    let last = said.and_then(|said| end.checked_sub(reader.position())?.checked_sub(said));
    sizes.push(last.ok_or_else(|| Error::input(format!("the lace at {start} claims more bytes than its block has")))?);
    Ok(sizes)
}

/// As many full bytes as there are, and one that is not.
fn full_bytes<R: Read + Seek>(reader: &mut Reader<R>, end: u64) -> Result<Option<u64>> {
    let mut size = 0;
    while reader.position() < end {
        let byte = reader.u8()?;
        size += u64::from(byte);
        if byte != 0xff {
            return Ok(Some(size));
        }
    }
    Ok(None)
}

/// A number that half of its range was added to.
fn difference<R: Read + Seek>(reader: &mut Reader<R>) -> Result<Option<i64>> {
    let start = reader.position();
    let moved = size(reader)?;
    let half = (1i64 << (7 * (reader.position() - start) - 1)) - 1;
    Ok(moved.and_then(|moved| i64::try_from(moved).ok()).map(|moved| moved - half))
}
