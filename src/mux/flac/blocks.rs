//! Metadata blocks (RFC 9639, 8).

use crate::error::{Error, Result};

/// What a block holds.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(in crate::mux) enum BlockType {
    StreamInfo = 0,
    SeekTable = 3,
    VorbisComment = 4,
    Picture = 6,
}

/// Bytes of a block's header.
pub(in crate::mux) const HEADER: usize = 4;

/// A block with its header.
///
/// # Errors
/// `InvalidOption` where it is longer than its length can say: only texts can be so long.
pub(in crate::mux) fn block(kind: BlockType, is_last: bool, body: &[u8]) -> Result<Vec<u8>> {
    let length = u32::try_from(body.len()).ok().filter(|&length| length < 1 << 24);
    let length = length.ok_or_else(|| {
        Error::option(
            "metadata",
            format_args!("{} bytes", body.len()),
            "FLAC holds 16777215 bytes of tags and chapters",
        )
    })?;
    let mut out = Vec::with_capacity(HEADER + body.len());
    out.push(u8::from(is_last) << 7 | kind as u8);
    out.extend_from_slice(&length.to_be_bytes()[1..]);
    out.extend_from_slice(body);
    Ok(out)
}
