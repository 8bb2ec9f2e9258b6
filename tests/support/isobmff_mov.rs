//! Sound in MOV: sound descriptions of the first and second version (QTFF), for little-endian PCM.

use super::boxes::{Body, Node};
use super::codecs::Entry;
use super::{Checked, ensure};

/// The entry from behind its data reference index.
pub fn sound(kind: &str, mut body: Body<'_>) -> Checked<Entry> {
    let version = body.u16()?;
    body.zeros("revision level and vendor", 6)?;
    match version {
        1 => version_1(kind, body),
        2 if kind == "lpcm" => version_2(body),
        _ => Err(format!("{kind} of version {version}")),
    }
}

fn version_1(kind: &str, mut body: Body<'_>) -> Checked<Entry> {
    let (bits, float) = match kind {
        "sowt" => (16, false),
        "in24" => (24, false),
        "in32" => (32, false),
        "fl32" => (32, true),
        _ => return Err(format!("{kind} in a sound description of version 1")),
    };
    let channels = body.u16()?;
    ensure!((1..=2).contains(&channels), "{channels} channels in a sound description of version 1");
    body.expect("sample size, compression id, packet size", &[0, 16, 0, 0, 0, 0])?;
    let rate = body.u32()?;
    ensure!(rate & 0xffff == 0 && rate > 0, "sample rate {rate:x}");
    let bytes = u32::from(bits) / 8;
    for (name, expected) in [
        ("samples per packet", 1),
        ("bytes per packet", bytes),
        ("bytes per frame", bytes * u32::from(channels)),
        ("bytes per sample", 2),
    ] {
        let found = body.u32()?;
        ensure!(found == expected, "{name} is {found} and not {expected}");
    }
    let mut boxes = Node::parse_all(kind, body.rest())?;
    if kind != "sowt" {
        ensure!(boxes.first().is_some_and(|node| node.kind == "wave"), "{kind} without wave is big-endian");
        let mut wave = boxes.remove(0);
        let mut expected = b"\0\0\0\x0cfrma".to_vec();
        expected.extend(kind.bytes());
        expected.extend(b"\0\0\0\x0aenda\0\x01\0\0\0\x08\0\0\0\0");
        let found = std::mem::take(&mut wave.body);
        ensure!(found == expected, "wave is {found:02x?} and not {expected:02x?}");
    }
    let bitmap = channel_layout(&boxes, channels)?;
    Ok(Entry::QuickTimePcm { float, channels, bits, rate: rate >> 16, bitmap })
}

fn version_2(mut body: Body<'_>) -> Checked<Entry> {
    body.expect("always3, always16, alwaysMinus2, always0, always65536", b"\0\x03\0\x10\xff\xfe\0\0\0\x01\0\0")?;
    // A sample description begins with its size and type, and with 8 bytes that all have.
    body.expect("sizeOfStructOnly", &[0, 0, 0, 72])?;
    let rate = f64::from_bits(body.u64()?);
    ensure!(rate.fract() == 0.0 && (1.0..=4e9).contains(&rate), "audioSampleRate {rate}");
    let channels = body.u32()?;
    ensure!((1..=8).contains(&channels), "numAudioChannels {channels}");
    ensure!(channels > 2 || rate > 65_535.0, "version 2 for no reason");
    body.expect("always7F000000", &[0x7f, 0, 0, 0])?;
    let (bits, flags) = (body.u32()?, body.u32()?);
    // 1 float, 2 big-endian, 4 signed, 8 packed.
    ensure!(matches!((bits, flags), (16 | 24 | 32, 12) | (32, 9)), "lpcm of {bits} bits with flags {flags}");
    let frame = (body.u32()?, body.u32()?);
    ensure!(frame == (bits / 8 * channels, 1), "constBytesPerAudioPacket and frames {frame:?}");
    let boxes = Node::parse_all("lpcm", body.rest())?;
    let bitmap = channel_layout(&boxes, channels as u16)?;
    Ok(Entry::QuickTimePcm {
        float: flags == 9,
        channels: channels as u16,
        bits: bits as u8,
        rate: rate as u32,
        bitmap,
    })
}

/// `chan`: a map of as many channels as there are.
fn channel_layout(boxes: &[Node], channels: u16) -> Checked<u32> {
    let [node] = boxes else { return Err("a sound description without just chan at its end".into()) };
    ensure!(node.kind == "chan", "{} and no chan", node.kind);
    let (mut body, _, flags) = node.full_fields(0)?;
    ensure!(flags == 0, "chan has flags {flags}");
    body.expect("channel layout tag", &[0, 1, 0, 0])?;
    let bitmap = body.u32()?;
    body.zeros("number of channel descriptions", 4)?;
    body.end("chan")?;
    ensure!(bitmap.count_ones() == u32::from(channels), "chan {bitmap:x} for {channels} channels");
    Ok(bitmap)
}
