//! Sample entries: what `stsd` says of a track's codec.

use std::io::{Read, Seek};

use crate::error::Result;
use crate::inspect::boxes::{BoxAt, each_child, full_box, words};
use crate::inspect::codec::{Av1Record, StreamInfo, color, integer_format};
use crate::inspect::reader::Reader;
use crate::media::{AspectRatio, Color, ContentLightLevel, Hdr, MasteringDisplay, SampleFormat};

/// The first entry of `stsd`.
#[derive(Default)]
pub(super) struct SampleEntry {
    pub kind: [u8; 4],
    pub coded_size: (u32, u32),
    pub channels: u16,
    pub sample_rate: u32,
    pub sample_format: Option<SampleFormat>,
    pub av1: Option<Av1Record>,
    pub color: Option<Color>,
    pub pre_skip: u64,
    pub sample_aspect_ratio: AspectRatio,
    pub hdr: Hdr,
}

impl SampleEntry {
    pub fn read<R: Read + Seek>(reader: &mut Reader<R>, entry: BoxAt, handler: [u8; 4]) -> Result<Self> {
        let mut found = SampleEntry { kind: entry.kind, ..SampleEntry::default() };
        reader.seek_to(entry.body + 8)?; // reserved, data_reference_index
        match &handler {
            b"vide" | b"pict" | b"auxv" => {
                reader.seek_to(entry.body + 24)?;
                found.coded_size = (reader.u16()?.into(), reader.u16()?.into());
                reader.seek_to(entry.body + 78)?;
            }
            b"soun" => {
                let version = reader.u16()?;
                reader.seek_to(entry.body + 16)?;
                found.channels = reader.u16()?;
                reader.skip(6)?; // samplesize, pre_defined, reserved
                found.sample_rate = reader.u32()? >> 16;
                found.sample_format = quicktime_format(entry.kind);
                // QuickTime's longer sound descriptions.
                let more = [0, 16, 36].get(usize::from(version)).copied().unwrap_or(0);
                if version == 2 {
                    found.read_version_2(reader, entry)?;
                }
                reader.seek_to(entry.body + 28 + more)?;
            }
            _ => return Ok(found),
        }
        each_child(reader, entry, |reader, inner| {
            match &inner.kind {
                b"av1C" => found.av1 = Av1Record::parse(&reader.read_up_to(inner.end, 4)?),
                b"colr" => found.color = read_nclx(&reader.read_up_to(inner.end, 11)?).or(found.color),
                b"pasp" => {
                    let [width, height] = words(reader)?;
                    found.sample_aspect_ratio = AspectRatio::new(width, height).unwrap_or_default();
                }
                b"mdcv" => found.hdr.mastering = Some(read_mastering_display(reader)?),
                b"clli" => {
                    let (max_content, max_frame_average) = (reader.u16()?, reader.u16()?);
                    found.hdr.light = Some(ContentLightLevel { max_content, max_frame_average });
                }
                b"dOps" => {
                    // Version, channels, PreSkip, InputSampleRate; the decoder's rate is always 48 kHz.
                    if let &[0, channels, high, low, ..] = &*reader.read_up_to(inner.end, 8)? {
                        (found.channels, found.sample_rate) = (channels.into(), 48_000);
                        found.pre_skip = u16::from_be_bytes([high, low]).into();
                    }
                }
                b"dfLa" => {
                    full_box(reader)?;
                    if let Some(info) = StreamInfo::parse(&reader.read_up_to(inner.end, 38)?) {
                        (found.channels, found.sample_rate) = (info.channels, info.sample_rate);
                        found.sample_format = Some(info.sample_format);
                    }
                }
                b"pcmC" => {
                    full_box(reader)?;
                    let [_, bits] = reader.read()?;
                    let float = entry.kind == *b"fpcm";
                    found.sample_format = Some(if float { SampleFormat::F32 } else { integer_format(bits.into()) });
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(found)
    }
}

impl SampleEntry {
    /// QuickTime's sound description of version 2, which says anew what 16 bits did not hold.
    fn read_version_2<R: Read + Seek>(&mut self, reader: &mut Reader<R>, entry: BoxAt) -> Result<()> {
        reader.seek_to(entry.body + 32)?;
        let rate = f64::from_be_bytes(reader.read()?).round();
        self.sample_rate = if (0.0..=f64::from(u32::MAX)).contains(&rate) { rate as u32 } else { 0 };
        let [channels, _always, bits, flags] = words(reader)?;
        self.channels = u16::try_from(channels).unwrap_or(u16::MAX);
        if entry.kind == *b"lpcm" {
            // kAudioFormatFlagIsFloat
            let is_float = flags & 1 != 0;
            let bits = u16::try_from(bits).unwrap_or(u16::MAX);
            self.sample_format = match (is_float, bits) {
                (true, 32) => Some(SampleFormat::F32),
                (true, _) => None,
                (false, bits) => Some(integer_format(bits)),
            };
        }
        Ok(())
    }
}

/// `colr` of the type `nclx`, or of QuickTime's `nclc`, which says nothing of the range.
pub(super) fn read_nclx(body: &[u8]) -> Option<Color> {
    let &[b'n', b'c', b'l', form, p1, p0, t1, t0, m1, m0, ref rest @ ..] = body else { return None };
    let range = match (form, rest) {
        (b'x', &[range]) => range,
        (b'c', _) => 0,
        _ => return None,
    };
    let code = |high: u8, low: u8| u64::from(u16::from_be_bytes([high, low]));
    color(code(p1, p0), code(t1, t0), code(m1, m0), range & 0x80 != 0)
}

/// `mdcv`: the primaries in the order green, blue, red (ISO/IEC 14496-12, 12.1.6).
pub(super) fn read_mastering_display<R: Read + Seek>(reader: &mut Reader<R>) -> Result<MasteringDisplay> {
    let mut point = || -> Result<(u16, u16)> { Ok((reader.u16()?, reader.u16()?)) };
    let (green, blue, red, white) = (point()?, point()?, point()?, point()?);
    let [max_luminance, min_luminance] = words(reader)?;
    Ok(MasteringDisplay { red, green, blue, white, max_luminance, min_luminance })
}

/// The samples of QuickTime's uncompressed sound (QTFF, "Sound sample description formats").
fn quicktime_format(kind: [u8; 4]) -> Option<SampleFormat> {
    match &kind {
        b"sowt" | b"twos" => Some(SampleFormat::S16),
        b"in24" => Some(SampleFormat::S24),
        b"in32" => Some(SampleFormat::S32),
        b"fl32" => Some(SampleFormat::F32),
        _ => None,
    }
}
