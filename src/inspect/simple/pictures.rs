//! Animations: GIF and APNG.

use std::io::{Read, Seek};

use super::{summary, u16_le, video};
use crate::error::Result;
use crate::inspect::about::{About, words};
use crate::inspect::reader::Reader;
use crate::inspect::{Counts, Details, FileInfo, Format, IndexPlacement, Times};
use crate::media::TimeBase;

/// GIF89a: blocks of sub-blocks (section 12 and after).
pub(in crate::inspect) fn gif<R: Read + Seek>(reader: &mut Reader<R>) -> Result<FileInfo> {
    let len = reader.len();
    reader.skip(6)?; // signature, version
    let mut details = video(u16_le(reader)?.into(), u16_le(reader)?.into());
    let flags = reader.u8()?;
    reader.skip(2)?; // background, aspect ratio
    skip_colors(reader, flags)?;
    let (mut counts, mut duration, mut truncated) = (Counts::default(), 0u64, true);
    let mut about = About::default();
    while reader.position() < len {
        match reader.u8()? {
            // An image: its place and size, its colours, and what LZW made of it.
            0x2c if len - reader.position() >= 10 => {
                let start = reader.position();
                reader.skip(8)?;
                let flags = reader.u8()?;
                skip_colors(reader, flags)?;
                reader.skip(1)?;
                if !skip_blocks(reader)? {
                    break;
                }
                counts.packets += 1;
                counts.bytes += reader.position() - start + 1;
            }
            // An extension: the label tells which.
            0x21 if len - reader.position() >= 2 => {
                let label = reader.u8()?;
                let size = reader.peek::<1>()?[0];
                if label == 0xf9 && size == 4 && len - reader.position() >= 5 {
                    let [_, flags, low, high, _] = reader.read::<5>()?;
                    duration += u64::from(u16::from_le_bytes([low, high]));
                    details.alpha |= flags & 1 != 0;
                } else if label == 0xfe && len - reader.position() > size.into() {
                    let end = reader.position() + 1 + u64::from(size);
                    reader.skip(1)?;
                    let comment = words(reader, end)?;
                    about.tag("comment", comment);
                }
                if !skip_blocks(reader)? {
                    break;
                }
            }
            0x3b => {
                truncated = false;
                break;
            }
            _ => break,
        }
    }
    counts.key_packets = counts.packets.min(1);
    let times = Times { duration, ..Times::default() };
    let track = summary(1, Details::Video(details), "gif", TimeBase::per_second(100), times, counts).into();
    Ok(FileInfo::new(Format::Gif, IndexPlacement::Stream, len, truncated, vec![track], about))
}

/// A table of colours, if the flags say that there is one.
fn skip_colors<R: Read + Seek>(reader: &mut Reader<R>, flags: u8) -> Result<()> {
    if flags & 0x80 != 0 { reader.skip(3 << ((flags & 7) + 1)) } else { Ok(()) }
}

/// Sub-blocks up to the empty one. Gives false where the file ends before it.
fn skip_blocks<R: Read + Seek>(reader: &mut Reader<R>) -> Result<bool> {
    while reader.position() < reader.len() {
        let size = reader.u8()?;
        if size == 0 {
            return Ok(true);
        }
        reader.skip(size.into())?;
    }
    Ok(false)
}

/// PNG, with an `acTL` chunk (PNG, third edition, 11.3.6) where there are several pictures.
pub(in crate::inspect) fn apng<R: Read + Seek>(reader: &mut Reader<R>) -> Result<FileInfo> {
    let len = reader.len();
    reader.skip(8)?;
    let mut details = video(0, 0);
    let (mut counts, mut nanoseconds, mut is_animated, mut truncated) = (Counts::default(), 0u64, false, true);
    while len.saturating_sub(reader.position()) >= 12 {
        let size = u64::from(reader.u32()?);
        let kind = reader.read::<4>()?;
        let end = reader.position() + size + 4;
        if end > len {
            break;
        }
        match &kind {
            b"IHDR" => {
                details = video(reader.u32()?, reader.u32()?);
                let [bits, color_type] = reader.read()?;
                details.bit_depth = Some(bits);
                details.alpha = color_type & 4 != 0;
            }
            b"tRNS" => details.alpha = true,
            b"acTL" => is_animated = true,
            b"fcTL" if size >= 26 => {
                reader.skip(20)?; // sequence number, size and place
                let (num, den) = (reader.u16()?, reader.u16()?);
                // 0 hundredths where it is not said.
                let den = if den == 0 { 100 } else { u64::from(den) };
                nanoseconds = nanoseconds.saturating_add((u64::from(num) * 1_000_000_000 + den / 2) / den);
                counts.packets += 1;
            }
            b"IDAT" | b"fdAT" => counts.bytes += size,
            _ => {}
        }
        reader.seek_to(end)?;
        if kind == *b"IEND" {
            truncated = false;
            break;
        }
    }
    // A picture alone has no chunk of its own that says how long it is shown: as long as one likes.
    if !is_animated {
        (counts.packets, nanoseconds) = (u64::from(counts.bytes > 0), 0);
    }
    counts.key_packets = counts.packets.min(1);
    let times = Times { duration: nanoseconds, ..Times::default() };
    let track = summary(1, Details::Video(details), "apng", TimeBase::NANOSECONDS, times, counts).into();
    Ok(FileInfo::new(Format::Apng, IndexPlacement::Stream, len, truncated, vec![track], About::default()))
}
