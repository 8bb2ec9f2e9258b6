//! Sample entries and what they have to agree with: AV1 (AV1-ISOBMFF 1.3), Opus, FLAC, PCM (ISO/IEC 23003-5).

use super::boxes::{Body, Node};
use super::visual::{self, Extras, Jpeg};
use super::{Checked, Sample, Track, ensure, mov, text};

#[derive(Debug)]
pub enum Entry {
    Av1(Av1),
    Opus(Opus),
    Flac {
        channels: u16,
        bits: u16,
        entry_rate: u32,
        stream_info: Vec<u8>,
    },
    Pcm {
        float: bool,
        channels: u16,
        bits: u8,
        rate: u32,
        positions: Vec<u8>,
    },
    /// MOV's, with the bits of its channels.
    QuickTimePcm {
        float: bool,
        channels: u16,
        bits: u8,
        rate: u32,
        bitmap: u32,
    },
    Jpeg(Jpeg),
    /// What stands before the first cue.
    WebVtt(String),
    /// Of a track of text that others refer to.
    Chapters,
}

#[derive(Debug)]
pub struct Av1 {
    pub width: u16,
    pub height: u16,
    pub sequence: SequenceHeader,
    pub sequence_obu: Vec<u8>,
    /// Primaries, transfer, matrix, full range.
    pub color: (u16, u16, u16, bool),
    /// Left, top, width, height.
    pub clean_aperture: Option<(u32, u32, u32, u32)>,
    pub extras: Extras,
}

#[derive(Debug)]
pub struct Opus {
    pub channels: u8,
    pub pre_skip: u16,
    pub input_rate: u32,
    pub gain: i16,
    pub family: u8,
    pub mapping: Vec<u8>,
}

/// The only entry of `stsd`.
pub(super) fn entry(node: &Node, quicktime: bool) -> Checked<Entry> {
    let (mut body, version, _) = node.full_fields(1)?;
    ensure!(body.u32()? == 1, "stsd with other than one entry");
    let entries = Node::parse_all("stsd", body.rest())?;
    let [entry] = &entries[..] else { return Err("stsd does not hold just its entry".into()) };
    let mut body = entry.fields();
    body.expect("reserved and data_reference_index", &[0, 0, 0, 0, 0, 0, 0, 1])?;
    match entry.kind.as_str() {
        "av01" => av1(body, quicktime).map(Entry::Av1),
        "text" => text::chapters_entry(body).map(|()| Entry::Chapters),
        "jpeg" if quicktime => visual::jpeg(body).map(Entry::Jpeg),
        kind if quicktime => mov::sound(kind, body),
        "wvtt" => text::webvtt_entry(body).map(Entry::WebVtt),
        "Opus" | "fLaC" | "ipcm" | "fpcm" => audio(&entry.kind, version, body),
        kind => Err(format!("sample entry {kind}")),
    }
}

fn av1(mut body: Body<'_>, quicktime: bool) -> Checked<Av1> {
    body.zeros("pre_defined and reserved", 16)?;
    let (width, height) = (body.u16()?, body.u16()?);
    body.expect("resolution, reserved, frame_count", b"\0\x48\0\0\0\x48\0\0\0\0\0\0\0\x01")?;
    body.expect("compressorname", b"\x0aAOM Coding\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")?;
    body.expect("depth and pre_defined", &[0, 0x18, 0xff, 0xff])?;
    let boxes = Node::parse_all("av01", body.rest())?;
    let kinds: Vec<_> = boxes.iter().map(|node| node.kind.as_str()).collect();
    ensure!(kinds.starts_with(&["av1C", "colr"]), "av01 holds {kinds:?}");

    let mut record = boxes[0].fields();
    let head = record.take(4)?;
    let sequence_obu = record.rest().to_vec();
    let (obu, rest) = Obu::read(&sequence_obu)?;
    ensure!(obu.kind == 1 && obu.has_size && rest.is_empty(), "configOBUs is not a sequence header with its size");
    let sequence = SequenceHeader::read(obu.payload)?;
    let s = &sequence;
    let expected = [
        0x81,
        s.profile << 5 | s.level,
        s.tier << 7
            | u8::from(s.bit_depth > 8) << 6
            | u8::from(s.bit_depth == 12) << 5
            | u8::from(s.mono) << 4
            | s.subsampling.0 << 3
            | s.subsampling.1 << 2
            | s.chroma_sample_position,
        0,
    ];
    ensure!(head == expected, "av1C {head:02x?} where the sequence header says {expected:02x?}");
    ensure!(
        (u32::from(width), u32::from(height)) == s.size,
        "av01 of {width} x {height} where the sequence header says {:?}",
        s.size
    );

    let (codes, full) = match quicktime {
        // MOV does not say the range.
        true => (visual::nclc(&boxes[1])?, s.color.3),
        false => nclx(&boxes[1])?,
    };
    let color = (codes.0, codes.1, codes.2, full);
    for (name, container, stream) in
        [("primaries", codes.0, s.color.0), ("transfer", codes.1, s.color.1), ("matrix", codes.2, s.color.2)]
    {
        ensure!(container > 0 && (stream == 2 || container == stream), "{name} {container}, in the stream {stream}");
    }
    ensure!(color.3 == s.color.3, "range {}, in the stream {}", color.3, s.color.3);
    let extras = Extras::read(&boxes[2..], (width, height))?;
    let clean_aperture = extras.clean_aperture;
    Ok(Av1 { width, height, sequence, sequence_obu, color, clean_aperture, extras })
}

fn nclx(node: &Node) -> Checked<((u16, u16, u16), bool)> {
    let mut body = node.fields();
    body.expect("colour_type", b"nclx")?;
    let codes = (body.u16()?, body.u16()?, body.u16()?);
    let range = body.u8()?;
    body.end("colr")?;
    ensure!(range & 0x7f == 0, "reserved bits of colr");
    Ok((codes, range != 0))
}

/// The rectangle of whole pixels that `clap` shows.
pub(super) fn clean_aperture(node: &Node, coded: (u16, u16)) -> Checked<(u32, u32, u32, u32)> {
    let mut body = node.fields();
    let mut fraction = || -> Checked<(i64, i64)> { Ok(((body.u32()? as i32).into(), body.u32()?.into())) };
    let [width, height, x, y] = [fraction()?, fraction()?, fraction()?, fraction()?];
    let axis = |length: (i64, i64), offset: (i64, i64), coded: u16| -> Checked<(u32, u32)> {
        ensure!(length.1 == 1 && offset.1 == 2 && length.0 > 0, "clap {length:?} {offset:?}");
        // The centre of the picture is at (coded - 1) / 2; twice the leftmost pixel is then:
        let left = offset.0 + i64::from(coded) - 1 - (length.0 - 1);
        ensure!(left >= 0 && left % 2 == 0, "clap begins at {left}/2");
        ensure!(left / 2 + length.0 <= i64::from(coded), "clap ends behind the picture");
        Ok((left as u32 / 2, length.0 as u32))
    };
    let (left, width) = axis(width, x, coded.0)?;
    let (top, height) = axis(height, y, coded.1)?;
    body.end("clap")?;
    Ok((left, top, width, height))
}

fn audio(kind: &str, stsd_version: u8, mut body: Body<'_>) -> Checked<Entry> {
    let version = body.u16()?;
    ensure!(version == u16::from(stsd_version) && version <= 1, "entry_version {version} in stsd {stsd_version}");
    body.zeros("reserved", 6)?;
    let (channels, bits) = (body.u16()?, body.u16()?);
    body.zeros("pre_defined and reserved", 4)?;
    let rate = body.u32()?;
    ensure!(rate & 0xffff == 0 && rate > 0, "samplerate {rate:x}");
    let stated = rate >> 16;
    let mut rate = stated;
    let mut boxes = Node::parse_all(kind, body.rest())?;
    if version == 1 {
        ensure!(kind != "Opus" && kind != "fLaC" && boxes[0].kind == "srat", "version 1 for no reason");
        rate = boxes.remove(0).full_fields(0)?.0.u32()?;
        ensure!(rate > 0xffff, "srat for no reason");
        ensure!(rate % stated == 0, "samplerate {stated} is no factor of {rate}");
    }
    let kinds: Vec<_> = boxes.iter().map(|node| node.kind.as_str()).collect();
    match (kind, &kinds[..]) {
        ("Opus", ["dOps"]) => opus(&boxes[0], channels, bits, rate).map(Entry::Opus),
        ("fLaC", ["dfLa"]) => {
            let mut body = boxes[0].fields();
            body.expect("dfLa version and STREAMINFO header", &[0, 0, 0, 0, 0x80, 0, 0, 34])?;
            let stream_info = body.take(34)?.to_vec();
            body.end("dfLa")?;
            Ok(Entry::Flac { channels, bits, entry_rate: rate, stream_info })
        }
        ("ipcm" | "fpcm", ["pcmC", "chnl"]) => {
            let mut body = boxes[0].fields();
            body.expect("pcmC version and format_flags", &[0, 0, 0, 0, 1])?;
            let sample_size = body.u8()?;
            body.end("pcmC")?;
            ensure!(u16::from(sample_size) == bits, "pcmC has {sample_size} bits, samplesize {bits}");
            ensure!(matches!((kind, bits), ("ipcm", 16 | 24 | 32) | ("fpcm", 32)), "{kind} of {bits} bits");
            let mut body = boxes[1].fields();
            body.expect("chnl version, stream_structure, definedLayout", &[0, 0, 0, 0, 1, 0])?;
            let positions = body.take(channels.into())?.to_vec();
            body.end("chnl")?;
            Ok(Entry::Pcm { float: kind == "fpcm", channels, bits: sample_size, rate, positions })
        }
        _ => Err(format!("{kind} holds {kinds:?}")),
    }
}

fn opus(node: &Node, channels: u16, bits: u16, rate: u32) -> Checked<Opus> {
    ensure!(bits == 16 && rate == 48_000, "Opus of {bits} bits at {rate} Hz");
    let mut body = node.fields();
    ensure!(body.u8()? == 0, "dOps of another version");
    let mut opus = Opus {
        channels: body.u8()?,
        pre_skip: body.u16()?,
        input_rate: body.u32()?,
        gain: body.u16()? as i16,
        family: body.u8()?,
        mapping: Vec::new(),
    };
    ensure!(opus.input_rate == 48_000, "dOps of an input of {} Hz, which Chromium's MSE refuses", opus.input_rate);
    ensure!(u16::from(opus.channels) == channels, "dOps has {} channels, the entry {channels}", opus.channels);
    ensure!(opus.family == 1 || channels <= 2, "family {} for {channels} channels", opus.family);
    if opus.family != 0 {
        let (streams, coupled) = (body.u8()?, body.u8()?);
        opus.mapping = body.take(channels.into())?.to_vec();
        let decoded = streams + coupled;
        ensure!(coupled <= streams, "{coupled} coupled streams of {streams}");
        ensure!(opus.mapping.iter().all(|&to| to < decoded || to == 255), "mapping {:?}", opus.mapping);
    }
    body.end("dOps")?;
    Ok(opus)
}

/// Checks the samples of a track against its entry. They are told of in the movie box or in fragments, each of which
/// has as many as `pieces` says.
pub(super) fn check(
    track: &Track,
    fragmented: bool,
    pieces: &[usize],
    mut payload: impl FnMut(&Sample) -> Checked<Vec<u8>>,
) -> Checked<()> {
    let all_sync = !track.has_sync_table && track.samples.iter().all(|sample| sample.sync);
    let video = matches!(track.entry, Entry::Av1(_));
    let handler = match track.entry {
        Entry::Av1(_) | Entry::Jpeg(_) => "vide",
        Entry::WebVtt(_) | Entry::Chapters => "text",
        _ => "soun",
    };
    ensure!(track.handler == handler, "a {} track of {:?}", track.handler, track.entry);
    ensure!(video || all_sync, "a track of {handler} has samples that are no sync samples");
    ensure!(matches!(track.entry, Entry::Opus(_)) || track.roll_distances.is_empty(), "a roll group");
    let media_start = track.edits.last().map_or(0, |edit| edit.media_time);
    let (pre_skip, lead) = (track.pre_skip(), track.lead());
    ensure!(lead >= 0, "pre-skip {pre_skip}, edit {media_start}");
    ensure!(lead == 0 || track.edits.len() == 1, "a track that begins before 0 and after it: {:?}", track.edits);
    match &track.entry {
        Entry::Av1(av1) => {
            av1.extras.check(track, (av1.width, av1.height))?;
            for (index, sample) in track.samples.iter().enumerate() {
                let access = random_access(&payload(sample)?, &av1.sequence_obu)
                    .map_err(|error| format!("AV1 sample {index}: {error}"))?;
                ensure!(access == sample.sync, "AV1 sample {index}: key {access}, marked sync {}", sample.sync);
            }
            ensure!(track.samples.first().is_none_or(|sample| sample.sync), "the first sample is no sync sample");
        }
        Entry::Opus(opus) => {
            ensure!(track.timescale == 48_000, "Opus in 1/{} s", track.timescale);
            let needs_edits = !fragmented || media_start > 0;
            ensure!(track.edits.is_empty() != needs_edits, "an edit list is missing, or for nothing");
            ensure!(opus.pre_skip == 0 || !track.edits.is_empty(), "pre-skip {} without an edit", opus.pre_skip);
            let distances = &track.roll_distances;
            ensure!(distances.len() == pieces.len(), "{distances:?} for {} groups of samples", pieces.len());
            let mut end = 0;
            for (piece, distance) in pieces.iter().zip(distances) {
                end += piece;
                // What is rolled over lies before the last sample, which may have been trimmed.
                let shortest = track.samples[..end - 1].iter().map(|sample| sample.duration).min();
                let least = shortest.map_or(1, |shortest| 3840u32.div_ceil(shortest) as i16);
                ensure!(-distance >= least, "a roll distance of {distance} where 80 ms are {least} samples");
            }
        }
        Entry::Flac { channels, bits, entry_rate, stream_info } => {
            let word = u64::from_be_bytes(stream_info[10..18].try_into().unwrap());
            let rate = (word >> 44) as u32;
            let stream = ((word >> 41 & 7) as u16 + 1, (word >> 36 & 31) as u16 + 1);
            ensure!(stream == (*channels, *bits), "fLaC of {channels} x {bits} bits, STREAMINFO {stream:?}");
            ensure!(rate == track.timescale, "STREAMINFO has {rate} Hz, mdhd {}", track.timescale);
            let division = [rate, rate / 2, rate / 4].into_iter().find(|rate| *rate <= 0xffff);
            ensure!(Some(*entry_rate) == division, "fLaC says {entry_rate} Hz of {rate}");
        }
        Entry::Jpeg(jpeg) => {
            jpeg.extras.check(track, (jpeg.width, jpeg.height))?;
            for sample in &track.samples {
                let picture = payload(sample)?;
                ensure!(picture.starts_with(&[0xff, 0xd8]) && picture.ends_with(&[0xff, 0xd9]), "a sample is no JPEG");
            }
            ensure!(media_start == 0, "a video edit that begins at {media_start}");
        }
        Entry::WebVtt(_) => {
            text::cues(track, payload)?;
        }
        Entry::Chapters => {
            text::chapters(track, payload)?;
        }
        Entry::Pcm { channels, bits, rate, .. } | Entry::QuickTimePcm { channels, bits, rate, .. } => {
            ensure!(*rate == track.timescale, "PCM at {rate} Hz, mdhd {}", track.timescale);
            let frame = u32::from(*channels) * u32::from(*bits) / 8;
            for sample in &track.samples {
                // In a fragment a sample is a block, so that readers need not handle each tick.
                let ticks = if fragmented { sample.size / frame } else { 1 };
                ensure!(sample.size == ticks * frame && ticks <= sample.duration, "{sample:?} of PCM of {frame} bytes");
            }
        }
    }
    Ok(())
}

/// Whether decoding can begin at a temporal unit: a sequence header, and then a key frame that is shown.
fn random_access(mut unit: &[u8], sequence_header: &[u8]) -> Checked<bool> {
    let mut access = None;
    let mut has_sequence_header = false;
    while !unit.is_empty() {
        let (obu, rest) = Obu::read(unit)?;
        ensure!(obu.has_size || rest.is_empty(), "an OBU without its size");
        match obu.kind {
            1 => {
                has_sequence_header = true;
                let bytes = &unit[..unit.len() - rest.len()];
                ensure!(bytes == sequence_header, "a sequence header that is not that of av1C");
            }
            3 | 6 if access.is_none() => {
                let first = *obu.payload.first().ok_or("an empty frame")?;
                // show_existing_frame, frame_type, show_frame
                let key_and_shown = first >> 7 == 0 && first >> 5 & 3 == 0 && first >> 4 & 1 == 1;
                access = Some(key_and_shown && has_sequence_header);
            }
            3..=6 => {}
            kind => return Err(format!("an OBU of type {kind}")),
        }
        unit = rest;
    }
    access.ok_or("no frame".into())
}

struct Obu<'a> {
    kind: u8,
    has_size: bool,
    payload: &'a [u8],
}

impl<'a> Obu<'a> {
    /// The OBU at the start of `bytes`, and what follows it (AV1, 5.3).
    fn read(bytes: &'a [u8]) -> Checked<(Self, &'a [u8])> {
        let mut body = Body::new(bytes);
        let header = body.u8()?;
        ensure!(header & 0x81 == 0, "an OBU header of {header:02x}");
        if header & 4 != 0 {
            body.u8()?;
        }
        let has_size = header & 2 != 0;
        let payload = if has_size {
            let size = leb128(&mut body)?;
            body.take(size)?
        } else {
            body.rest()
        };
        Ok((Obu { kind: header >> 3 & 15, has_size, payload }, body.rest()))
    }
}

/// AV1, 4.10.5.
fn leb128(body: &mut Body<'_>) -> Checked<usize> {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let byte = body.u8()?;
        value |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err("leb128 of more than 5 bytes".into())
}

#[derive(Debug, Default)]
pub struct SequenceHeader {
    pub profile: u8,
    pub level: u8,
    pub tier: u8,
    pub size: (u32, u32),
    pub bit_depth: u8,
    pub mono: bool,
    /// Primaries, transfer, matrix, full range.
    pub color: (u16, u16, u16, bool),
    pub subsampling: (u8, u8),
    pub chroma_sample_position: u8,
}

impl SequenceHeader {
    /// AV1, 5.5.
    pub fn read(payload: &[u8]) -> Checked<Self> {
        let mut bits = Bits { bytes: payload, at: 0 };
        let mut header = SequenceHeader { profile: bits.get(3)? as u8, ..Default::default() };
        let _still_picture = bits.flag()?;
        let reduced = bits.flag()?;
        if reduced {
            header.level = bits.get(5)? as u8;
        } else {
            header.read_operating_points(&mut bits)?;
        }
        let (width_bits, height_bits) = (bits.get(4)? + 1, bits.get(4)? + 1);
        header.size = (bits.get(width_bits)? + 1, bits.get(height_bits)? + 1);
        if !reduced && bits.flag()? {
            bits.get(4 + 3)?; // lengths of frame ids
        }
        bits.get(3)?; // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
        if !reduced {
            bits.get(4)?; // interintra, masked, warped, dual filter
            let order_hint = bits.flag()?;
            if order_hint {
                bits.get(2)?; // jnt_comp, ref_frame_mvs
            }
            let screen_content = if bits.flag()? { 2 } else { bits.get(1)? };
            if screen_content > 0 && !bits.flag()? {
                bits.get(1)?; // seq_force_integer_mv
            }
            if order_hint {
                bits.get(3)?;
            }
        }
        bits.get(3)?; // superres, cdef, restoration
        header.read_color(&mut bits)?;
        Ok(header)
    }

    fn read_operating_points(&mut self, bits: &mut Bits<'_>) -> Checked<()> {
        ensure!(!bits.flag()?, "timing_info: the container tells the time");
        let display_delay = bits.flag()?;
        let points = bits.get(5)? + 1;
        for point in 0..points {
            bits.get(12)?;
            let level = bits.get(5)? as u8;
            let tier = if level > 7 { bits.get(1)? as u8 } else { 0 };
            if display_delay && bits.flag()? {
                bits.get(4)?;
            }
            if point == 0 {
                (self.level, self.tier) = (level, tier);
            }
        }
        Ok(())
    }

    /// AV1, 5.5.2.
    fn read_color(&mut self, bits: &mut Bits<'_>) -> Checked<()> {
        let high = bits.flag()?;
        let twelve = self.profile == 2 && high && bits.flag()?;
        self.bit_depth = if twelve { 12 } else { 8 + 2 * u8::from(high) };
        self.mono = self.profile != 1 && bits.flag()?;
        self.color = (2, 2, 2, false);
        if bits.flag()? {
            self.color = (bits.get(8)? as u16, bits.get(8)? as u16, bits.get(8)? as u16, false);
        }
        if self.mono {
            self.color.3 = bits.flag()?;
            self.subsampling = (1, 1);
            return Ok(());
        }
        if (self.color.0, self.color.1, self.color.2) == (1, 13, 0) {
            self.color.3 = true;
            return Ok(());
        }
        self.color.3 = bits.flag()?;
        self.subsampling = match self.profile {
            0 => (1, 1),
            1 => (0, 0),
            _ if self.bit_depth == 12 && bits.flag()? => (1, bits.get(1)? as u8),
            _ if self.bit_depth == 12 => (0, 0),
            _ => (1, 0),
        };
        if self.subsampling == (1, 1) {
            self.chroma_sample_position = bits.get(2)? as u8;
        }
        Ok(())
    }
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn get(&mut self, count: u32) -> Checked<u32> {
        let mut value = 0;
        for _ in 0..count {
            let byte = *self.bytes.get(self.at / 8).ok_or("the sequence header ends early")?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Ok(value)
    }

    fn flag(&mut self) -> Checked<bool> {
        Ok(self.get(1)? == 1)
    }
}
