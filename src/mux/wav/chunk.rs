//! Chunks: a name, a size, and a body that is padded to an even length.

use crate::error::{Error, Result};
use crate::media::PcmConfig;
use crate::mux::Container;
use crate::mux::riff::{self, RiffWriter};

/// Where a size is not known, or stands elsewhere.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// A chunk with its header.
///
/// # Errors
/// `InvalidOption` where its size does not fit: only texts can be so long.
pub(super) fn chunk(id: &[u8; 4], body: &[u8]) -> Result<Vec<u8>> {
    let size = u32::try_from(body.len()).ok().filter(|&size| size < UNKNOWN - 1).ok_or_else(|| {
        Error::option("metadata", format_args!("{} bytes", body.len()), "WAV holds less than 4 GiB of texts")
    })?;
    let mut out = Vec::with_capacity(8 + body.len() + 1);
    out.extend_from_slice(id);
    out.extend_from_slice(&size.to_le_bytes());
    out.extend_from_slice(body);
    if body.len() % 2 == 1 {
        out.push(0);
    }
    Ok(out)
}

/// The body of `fmt `.
///
/// # Errors
/// `InvalidInput` where it cannot say the bytes of a second.
pub(super) fn format(config: &PcmConfig) -> Result<Vec<u8>> {
    riff::bytes_per_second(Container::Wav, config)?;
    let mut w = RiffWriter::new();
    riff::write_wave_format(&mut w, config);
    Ok(w.finish())
}
