//! Chunks: a name, a size, and a body that is padded to an even length.

use crate::error::{Error, Result};
use crate::media::{PcmConfig, SampleFormat};

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

const WAVE_FORMAT_PCM: u16 = 1;
const WAVE_FORMAT_IEEE_FLOAT: u16 = 3;
const WAVE_FORMAT_EXTENSIBLE: u16 = 0xfffe;

/// What stands behind the format tag in the GUID of a sub-format.
const SUB_FORMAT: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];

/// The body of `fmt `: in the old form for up to two channels of 16 bits, and else in the extensible one, without which
/// neither the places of channels nor deeper samples are defined.
pub(super) fn format(config: &PcmConfig) -> Result<Vec<u8>> {
    let bits = config.format.bits() as u16; // at most 32
    let frame = frame_size(config);
    let bytes_per_second = config.sample_rate.checked_mul(frame.into()).ok_or_else(|| {
        let (rate, channels) = (config.sample_rate, config.channels);
        Error::input(format!("PCM of {rate} Hz in {channels} channels: WAV holds 4294967295 bytes a second"))
    })?;
    let format = if config.format == SampleFormat::F32 { WAVE_FORMAT_IEEE_FLOAT } else { WAVE_FORMAT_PCM };
    let extensible = config.channels > 2 || bits > 16;
    let mut out = Vec::with_capacity(40);
    out.extend_from_slice(&(if extensible { WAVE_FORMAT_EXTENSIBLE } else { format }).to_le_bytes()); // wFormatTag
    out.extend_from_slice(&u16::from(config.channels).to_le_bytes()); // nChannels
    out.extend_from_slice(&config.sample_rate.to_le_bytes()); // nSamplesPerSec
    out.extend_from_slice(&bytes_per_second.to_le_bytes()); // nAvgBytesPerSec
    out.extend_from_slice(&frame.to_le_bytes()); // nBlockAlign
    out.extend_from_slice(&bits.to_le_bytes()); // wBitsPerSample
    if extensible {
        out.extend_from_slice(&22u16.to_le_bytes()); // cbSize
        out.extend_from_slice(&bits.to_le_bytes()); // wValidBitsPerSample
        out.extend_from_slice(&channel_mask(config.channels).to_le_bytes()); // dwChannelMask
        out.extend_from_slice(&format.to_le_bytes()); // SubFormat
        out.extend_from_slice(&SUB_FORMAT);
    }
    Ok(out)
}

/// Bytes of one sample of all channels.
pub(super) fn frame_size(config: &PcmConfig) -> u16 {
    u16::from(config.channels) * (config.format.bits() / 8) as u16
}

/// The places of this crate's channels: 1 FL, 2 FR, 4 FC, 8 LFE, 0x10 BL, 0x20 BR, 0x100 BC, 0x200 SL, 0x400 SR.
fn channel_mask(channels: u8) -> u32 {
    match channels {
        1 => 0x4,
        2 => 0x3,
        3 => 0x7,
        4 => 0x33,
        5 => 0x37,
        6 => 0x3f,
        7 => 0x70f,
        _ => 0x63f,
    }
}
