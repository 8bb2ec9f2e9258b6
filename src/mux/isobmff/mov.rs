//! What MOV says otherwise than MP4: sample entries of Motion JPEG and of PCM (the QuickTime File Format, QTFF).

use super::boxes::BoxWriter;
use super::fourcc::{self, FourCc};
use crate::media::{Color, PcmConfig, SampleFormat};

/// Writes `colr`, which has no flag for the range.
pub(super) fn write_color(w: &mut BoxWriter, color: Color) {
    w.boxed(fourcc::COLR, |w| {
        w.bytes(&fourcc::NCLC);
        w.u16(color.primaries.code().into());
        w.u16(color.transfer.code().into());
        w.u16(color.matrix.code().into());
    });
}

/// Writes `fiel`: one field, so pictures are whole.
pub(super) fn write_fields(w: &mut BoxWriter) {
    w.boxed(fourcc::FIEL, |w| {
        w.u8(1); // field count
        w.u8(0); // field ordering
    });
}

/// Writes the sample description of little-endian PCM. More than two channels, and rates that 16 bits do not hold, take
/// the second version; all else the first, which more readers know.
pub(super) fn write_pcm(w: &mut BoxWriter, config: &PcmConfig) {
    match u16::try_from(config.sample_rate) {
        Ok(rate) if config.channels <= 2 => write_version_1(w, config, rate),
        _ => write_version_2(w, config),
    }
}

fn format(config: &PcmConfig) -> FourCc {
    match config.format {
        SampleFormat::S16 => fourcc::SOWT,
        SampleFormat::S24 => fourcc::IN24,
        SampleFormat::S32 => fourcc::IN32,
        SampleFormat::F32 => fourcc::FL32,
    }
}

fn write_version_1(w: &mut BoxWriter, config: &PcmConfig, rate: u16) {
    let bytes = config.format.bits() / 8;
    w.boxed(format(config), |w| {
        w.zeros(6); // reserved
        w.u16(1); // data reference index
        w.u16(1); // version
        w.zeros(2 + 4); // revision level, vendor
        w.u16(config.channels.into()); // number of channels
        w.u16(16); // sample size, whatever it is
        w.zeros(2 + 2); // compression id, packet size
        w.u32(u32::from(rate) << 16); // sample rate
        w.u32(1); // samples per packet
        w.u32(bytes); // bytes per packet, which here is of one channel
        w.u32(bytes * u32::from(config.channels)); // bytes per frame
        w.u32(2); // bytes per sample, of any size above 8 bits
        // `sowt` is little-endian by its name; the others are big-endian unless this says something else.
        if config.format != SampleFormat::S16 {
            w.boxed(fourcc::WAVE, |w| {
                w.boxed(fourcc::FRMA, |w| w.bytes(&format(config))); // data format
                w.boxed(fourcc::ENDA, |w| w.u16(1)); // little-endian
                w.boxed([0; 4], |_| {}); // terminator
            });
        }
        write_channels(w, config.channels);
    });
}

/// Flags of `lpcm` (Core Audio's AudioFormatFlags).
mod lpcm {
    pub const FLOAT: u32 = 1;
    pub const SIGNED: u32 = 4;
    pub const PACKED: u32 = 8;
}

fn write_version_2(w: &mut BoxWriter, config: &PcmConfig) {
    let bits = config.format.bits();
    let number = if config.format == SampleFormat::F32 { lpcm::FLOAT } else { lpcm::SIGNED };
    w.boxed(fourcc::LPCM, |w| {
        w.zeros(6); // reserved
        w.u16(1); // data reference index
        w.u16(2); // version
        w.zeros(2 + 4); // revision level, vendor
        w.u16(3); // always3
        w.u16(16); // always16
        w.i16(-2); // alwaysMinus2
        w.u16(0); // always0
        w.u32(0x0001_0000); // always65536
        w.u32(72); // sizeOfStructOnly: up to its extensions
        w.bytes(&f64::from(config.sample_rate).to_be_bytes()); // audioSampleRate
        w.u32(config.channels.into()); // numAudioChannels
        w.u32(0x7f00_0000); // always7F000000
        w.u32(bits); // constBitsPerChannel
        w.u32(number | lpcm::PACKED); // formatSpecificFlags
        w.u32(bits / 8 * u32::from(config.channels)); // constBytesPerAudioPacket
        w.u32(1); // constLPCMFramesPerAudioPacket
        write_channels(w, config.channels);
    });
}

/// Writes `chan`, a Core Audio channel layout: a map of channels, which follow in the order of its bits.
fn write_channels(w: &mut BoxWriter, channels: u8) {
    const USE_BITMAP: u32 = 1 << 16;
    w.full_box(fourcc::CHAN, 0, 0, |w| {
        w.u32(USE_BITMAP); // channel layout tag
        w.u32(channel_bitmap(channels)); // channel bitmap
        w.u32(0); // number of channel descriptions
    });
}

/// 1 left, 2 right, 4 centre, 8 LFE, 0x10 and 0x20 left and right behind, 0x100 centre behind, 0x200 and 0x400 left and
/// right at the side: the bits of WAV files, whose order is that of this crate.
fn channel_bitmap(channels: u8) -> u32 {
    match channels {
        1 => 0x004,
        2 => 0x003,
        3 => 0x007,
        4 => 0x033,
        5 => 0x037,
        6 => 0x03f,
        7 => 0x70f,
        _ => 0x63f,
    }
}
