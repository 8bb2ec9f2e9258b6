//! Tracks, and frames that are valid as far as a reader of containers looks.

use crate::media::{AudioTrack, CodecConfig, FlacConfig, Packet, TimeBase, Track, TrackKind};

/// 16 bits, in blocks of one size.
pub fn track(sample_rate: u32, channels: u8, block: u16) -> Track {
    let mut stream_info = [0; 34];
    stream_info[..2].copy_from_slice(&block.to_be_bytes());
    stream_info[2..4].copy_from_slice(&block.to_be_bytes());
    let numbers = u64::from(sample_rate) << 44 | u64::from(channels - 1) << 41 | 15 << 36;
    stream_info[10..18].copy_from_slice(&numbers.to_be_bytes());
    let config = FlacConfig { sample_rate, channels, bits_per_sample: 16, stream_info };
    let kind = TrackKind::Audio(AudioTrack { sample_rate, channels });
    Track::new(kind, CodecConfig::Flac(config), TimeBase::per_second(sample_rate))
}

/// Frames of these lengths, one after the other. Blocks that `verbatim` says are uncompressed, and others of one value.
pub fn packets(channels: u8, lengths: &[u16], verbatim: impl Fn(usize) -> bool) -> Vec<Packet> {
    let mut pts = 0;
    let made = lengths.iter().enumerate().map(|(index, &length)| {
        let data = frame(index, channels, length, verbatim(index));
        pts += i64::from(length);
        Packet::new(0, pts - i64::from(length), length.into(), true, data)
    });
    made.collect()
}

fn frame(index: usize, channels: u8, length: u16, verbatim: bool) -> Vec<u8> {
    // The length in 16 bits; rate and depth as in STREAMINFO.
    let mut frame = vec![0xff, 0xf8, 0x70, (channels - 1) << 4];
    match index {
        0..128 => frame.push(index as u8),
        _ => frame.extend_from_slice(&[0xc0 | (index >> 6) as u8, 0x80 | (index & 63) as u8]),
    }
    frame.extend_from_slice(&(length - 1).to_be_bytes());
    frame.push(crc(&frame, 8, 0x07) as u8);
    for channel in 0..channels {
        frame.push(if verbatim { 2 } else { 0 });
        let samples = if verbatim { length } else { 1 };
        for sample in 0..samples {
            frame.extend_from_slice(&[index as u8, (sample as u8).wrapping_mul(31) ^ channel]);
        }
    }
    let crc = crc(&frame, 16, 0x8005);
    frame.extend_from_slice(&crc.to_be_bytes());
    frame
}

fn crc(bytes: &[u8], width: u32, polynomial: u32) -> u16 {
    let mut crc = 0u32;
    for byte in bytes {
        crc ^= u32::from(*byte) << (width - 8);
        for _ in 0..8 {
            crc = crc << 1 ^ if crc >> (width - 1) & 1 == 1 { polynomial } else { 0 };
        }
        crc &= (1 << width) - 1;
    }
    crc as u16
}
