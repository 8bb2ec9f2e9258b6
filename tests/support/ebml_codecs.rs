//! What codecs want of a Matroska track: its CodecPrivate, its settings, and its blocks.

use super::{Block, Result, Track};

pub(super) fn check(tracks: &[Track], blocks: &[Block], doc_type: &str) -> Result<()> {
    for track in tracks {
        let own: Vec<_> = blocks.iter().filter(|block| block.track == track.number).collect();
        let result = match track.codec_id.as_str() {
            "V_AV1" => av1(track, &own),
            "A_OPUS" => opus(track, &own),
            "V_MJPEG" if doc_type != "webm" => mjpeg(&own),
            "V_UNCOMPRESSED" if doc_type != "webm" => raw(track, &own),
            "S_TEXT/WEBVTT" if doc_type != "webm" => webvtt(track, &own),
            "D_WEBVTT/SUBTITLES" if doc_type == "webm" => webm_webvtt(track, &own),
            "A_FLAC" if doc_type != "webm" => flac(track, &own),
            "A_PCM/INT/LIT" | "A_PCM/FLOAT/IEEE" if doc_type != "webm" => pcm(track, &own),
            other => Err(format!("{doc_type} with {other}")),
        };
        result.map_err(|error| format!("track {}, {}: {error}", track.number, track.codec_id))?;
        ensure!(track.codec_id == "A_OPUS" || track.codec_delay_ns == 0, "CodecDelay of {}", track.codec_id);
        if track.is_video {
            let setting = |name| track.settings.get(name).copied();
            let crop = |name| setting(name).unwrap_or(0);
            let shown = (
                setting("PixelWidth").and_then(|width| width.checked_sub(crop("PixelCropRight"))),
                setting("PixelHeight").and_then(|height| height.checked_sub(crop("PixelCropBottom"))),
            );
            ensure!(shown.0.is_some_and(|w| w > 0) && shown.1.is_some_and(|h| h > 0), "nothing is left to show");
            // The width says what shape pixels have.
            let (width, height) = (setting("DisplayWidth"), setting("DisplayHeight"));
            let whole =
                width.is_some() == height.is_some() && width != Some(0) && height.is_none_or(|h| Some(h) == shown.1);
            ensure!(whole, "it is shown at {width:?}x{height:?}, of {shown:?} pixels");
            let (alpha, added) = (setting("AlphaMode") == Some(1), own.iter().filter(|b| b.addition.is_some()).count());
            ensure!(added == if alpha { own.len() } else { 0 }, "AlphaMode of {alpha} with {added} BlockAdditions");
            ensure!(
                alpha == (track.max_addition == 1),
                "AlphaMode of {alpha}: MaxBlockAdditionID {}",
                track.max_addition
            );
            ensure!(setting("Range").is_some_and(|range| range == 1 || range == 2), "Colour has no Range");
        }
    }
    Ok(())
}

/// How long a block of sound lasts, by what it holds.
pub(super) fn audio_duration_ms(track: &Track, payload: &[u8]) -> Option<f64> {
    let rate = track.sample_rate?;
    let samples = match track.codec_id.as_str() {
        "A_OPUS" => opus_samples(payload)?,
        "A_FLAC" => flac_samples(payload)?,
        _ => payload.len() as u64 / pcm_frame(track)?,
    };
    Some(samples as f64 * 1000.0 / rate)
}

/// Big-endian bits.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn read(&mut self, count: usize) -> Result<u64> {
        let mut value = 0;
        for _ in 0..count {
            let byte = self.bytes.get(self.at / 8).ok_or("the sequence header is cut off")?;
            value = value << 1 | u64::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Ok(value)
    }

    fn flag(&mut self) -> Result<bool> {
        Ok(self.read(1)? == 1)
    }

    /// `uvlc()`.
    fn skip_uvlc(&mut self) -> Result<()> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
        }
        self.read(zeros).map(drop)
    }
}

const SEQUENCE_HEADER: u8 = 1;
const FRAME_HEADER: u8 = 3;
const TILE_GROUP: u8 = 4;
const METADATA: u8 = 5;
const FRAME: u8 = 6;

struct Obu<'a> {
    kind: u8,
    whole: &'a [u8],
    payload: &'a [u8],
}

/// Low overhead format (AV1 specification, 5.3), every OBU with its size.
fn obus(mut bytes: &[u8]) -> Result<Vec<Obu<'_>>> {
    let mut found = Vec::new();
    while let Some(&header) = bytes.first() {
        ensure!(header & 0x81 == 0, "an OBU header with a forbidden bit");
        ensure!(header & 0x02 != 0, "an OBU without a size");
        let mut at = if header & 0x04 != 0 { 2 } else { 1 };
        let mut size = 0usize;
        for shift in (0..).step_by(7) {
            let byte = *bytes.get(at).ok_or("an OBU is cut off")?;
            at += 1;
            ensure!(shift < 28, "an OBU's size is too long");
            size |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let whole = bytes.get(..at + size).ok_or("an OBU reaches past its block")?;
        found.push(Obu { kind: header >> 3 & 15, whole, payload: &whole[at..] });
        bytes = &bytes[at + size..];
    }
    Ok(found)
}

#[derive(Debug, Default, PartialEq)]
struct SequenceHeader {
    profile: u64,
    reduced: bool,
    level: u64,
    tier: u64,
    width: u64,
    height: u64,
    bit_depth: u64,
    monochrome: bool,
    subsampling: (u64, u64),
    sample_position: u64,
    /// Primaries, transfer, matrix.
    color: [u64; 3],
    full_range: bool,
}

/// `sequence_header_obu()` (AV1 specification, 5.5).
fn sequence_header(payload: &[u8]) -> Result<SequenceHeader> {
    let mut bits = Bits { bytes: payload, at: 0 };
    let mut header = SequenceHeader { profile: bits.read(3)?, ..Default::default() };
    bits.read(1)?; // still_picture
    header.reduced = bits.flag()?;
    if header.reduced {
        header.level = bits.read(5)?;
    } else {
        let mut decoder_model = None;
        if bits.flag()? {
            bits.read(32)?; // num_units_in_display_tick
            bits.read(32)?; // time_scale
            if bits.flag()? {
                bits.skip_uvlc()?;
            }
            if bits.flag()? {
                decoder_model = Some(bits.read(5)? as usize + 1);
                bits.read(32 + 5 + 5)?;
            }
        }
        let display_delay = bits.flag()?;
        for point in 0..=bits.read(5)? {
            bits.read(12)?; // operating_point_idc
            let level = bits.read(5)?;
            let tier = if level > 7 { bits.read(1)? } else { 0 };
            if let Some(length) = decoder_model
                && bits.flag()?
            {
                bits.read(2 * length + 1)?;
            }
            if display_delay && bits.flag()? {
                bits.read(4)?;
            }
            if point == 0 {
                (header.level, header.tier) = (level, tier);
            }
        }
    }
    let (width_bits, height_bits) = (bits.read(4)? as usize + 1, bits.read(4)? as usize + 1);
    header.width = bits.read(width_bits)? + 1;
    header.height = bits.read(height_bits)? + 1;
    if !header.reduced && bits.flag()? {
        bits.read(4 + 3)?; // frame ids
    }
    bits.read(3)?; // 128x128 superblocks, filter intra, intra edge filter
    if !header.reduced {
        bits.read(4)?; // interintra, masked, warped, dual filter
        let order_hint = bits.flag()?;
        if order_hint {
            bits.read(2)?; // joint compound, reference motion vectors
        }
        let screen_content = bits.flag()? || bits.flag()?;
        if screen_content && !bits.flag()? {
            bits.read(1)?; // force integer motion vectors
        }
        if order_hint {
            bits.read(3)?;
        }
    }
    bits.read(3)?; // superres, CDEF, restoration
    color_config(&mut bits, &mut header)?;
    bits.read(1)?; // film grain
    Ok(header)
}

/// `color_config()` (AV1 specification, 5.5.2).
fn color_config(bits: &mut Bits<'_>, header: &mut SequenceHeader) -> Result<()> {
    let high = bits.flag()?;
    header.bit_depth = if header.profile == 2 && high { 10 + 2 * bits.read(1)? } else { 8 + 2 * u64::from(high) };
    header.monochrome = header.profile != 1 && bits.flag()?;
    header.color = [2; 3];
    if bits.flag()? {
        header.color = [bits.read(8)?, bits.read(8)?, bits.read(8)?];
    }
    if header.monochrome {
        header.full_range = bits.flag()?;
        header.subsampling = (1, 1);
        return Ok(());
    }
    if header.color == [1, 13, 0] {
        header.full_range = true;
    } else {
        header.full_range = bits.flag()?;
        header.subsampling = match header.profile {
            0 => (1, 1),
            1 => (0, 0),
            _ if header.bit_depth < 12 => (1, 0),
            _ if bits.flag()? => (1, bits.read(1)?),
            _ => (0, 0),
        };
        if header.subsampling == (1, 1) {
            header.sample_position = bits.read(2)?;
        }
    }
    bits.read(1).map(drop) // separate_uv_delta_q
}

fn av1(track: &Track, blocks: &[&Block]) -> Result<()> {
    let private = track.private.as_deref().ok_or("no CodecPrivate")?;
    let Some((record, config_obus)) = private.split_first_chunk::<4>() else {
        return Err("the CodecPrivate is too short".into());
    };
    let config = obus(config_obus)?;
    let [first] = &config[..] else {
        return Err("the CodecPrivate should hold the sequence header and nothing else".into());
    };
    ensure!(first.kind == SEQUENCE_HEADER, "the CodecPrivate holds no sequence header");
    let header = sequence_header(first.payload)?;
    let expected = [
        0x81,
        header.profile << 5 | header.level,
        header.tier << 7
            | u64::from(header.bit_depth > 8) << 6
            | u64::from(header.bit_depth > 10) << 5
            | u64::from(header.monochrome) << 4
            | header.subsampling.0 << 3
            | header.subsampling.1 << 2
            | header.sample_position,
        0,
    ];
    ensure!(record.map(u64::from) == expected, "the record is {record:x?}, the sequence header says {expected:x?}");

    let setting = |name| track.settings.get(name).copied();
    let size = (setting("PixelWidth"), setting("PixelHeight"));
    ensure!(size == (Some(header.width), Some(header.height)), "{size:?} pixels of {}x{}", header.width, header.height);
    let color = ["Primaries", "TransferCharacteristics", "MatrixCoefficients"].map(setting);
    ensure!(color == header.color.map(Some), "Colour is {color:?}, the sequence header says {:?}", header.color);
    ensure!(setting("Range") == Some(1 + u64::from(header.full_range)), "the Range of Colour");
    ensure!(setting("BitsPerChannel") == Some(header.bit_depth), "BitsPerChannel");
    let subsampling = (setting("ChromaSubsamplingHorz"), setting("ChromaSubsamplingVert"));
    let stated = (Some(header.subsampling.0), Some(header.subsampling.1));
    ensure!(subsampling == if header.monochrome { (None, None) } else { stated }, "subsampling {subsampling:?}");
    let siting = (setting("ChromaSitingHorz"), setting("ChromaSitingVert"));
    let stated = match header.sample_position {
        1 => (Some(1), Some(2)),
        2 => (Some(1), Some(1)),
        _ => (None, None),
    };
    ensure!(siting == stated, "chroma siting {siting:?}");

    for block in blocks {
        temporal_unit(block, &block.payload, first.whole, header.reduced)
            .map_err(|error| format!("at {} ms: {error}", block.time_ms))?;
    }
    alpha(blocks)
}

/// A stream of its own of luma alone, in step with the pictures, whose sequence header comes with its first key frame.
fn alpha(blocks: &[&Block]) -> Result<()> {
    let Some(first) = blocks.first().and_then(|block| block.addition.as_deref()) else { return Ok(()) };
    let units = obus(first).map_err(|error| format!("alpha: {error}"))?;
    let own = units.iter().find(|unit| unit.kind == SEQUENCE_HEADER).ok_or("alpha without a sequence header")?;
    let header = sequence_header(own.payload)?;
    ensure!(header.monochrome, "alpha with chroma");
    for block in blocks {
        let data = block.addition.as_deref().unwrap_or_default();
        temporal_unit(block, data, own.whole, header.reduced)
            .map_err(|error| format!("alpha at {} ms: {error}", block.time_ms))?;
    }
    Ok(())
}

/// Codec mapping, "Block Data": no delimiters and no fillers, and a key flag on key frames with a sequence header only.
fn temporal_unit(block: &Block, data: &[u8], sequence_header: &[u8], reduced: bool) -> Result<()> {
    let units = obus(data)?;
    let allowed = [SEQUENCE_HEADER, FRAME_HEADER, TILE_GROUP, METADATA, FRAME];
    for unit in &units {
        ensure!(allowed.contains(&unit.kind), "an OBU of type {}", unit.kind);
        let same = unit.kind != SEQUENCE_HEADER || unit.whole == sequence_header;
        ensure!(same, "a sequence header that is not that of the track");
    }
    let has_header = units.iter().any(|unit| unit.kind == SEQUENCE_HEADER);
    let frame = units.iter().find(|unit| unit.kind == FRAME || unit.kind == FRAME_HEADER);
    let first = frame.and_then(|frame| frame.payload.first()).ok_or("no frame header")?;
    // show_existing_frame, frame_type (2 bits, 0 is KEY_FRAME), show_frame
    let shown_key = reduced || (first & 0x80 == 0 && first & 0x60 == 0 && first & 0x10 != 0);
    ensure!(block.key == (has_header && shown_key), "a key flag of {}", block.key);
    Ok(())
}

fn mjpeg(blocks: &[&Block]) -> Result<()> {
    for block in blocks {
        ensure!(block.key && block.payload.starts_with(&[0xff, 0xd8]), "at {} ms: no JPEG", block.time_ms);
    }
    Ok(())
}

/// Planes of tight rows, by the FourCC.
fn raw(track: &Track, blocks: &[&Block]) -> Result<()> {
    let setting = |name| track.settings.get(name).copied().unwrap_or(0);
    // Shifts of a chroma plane's sides, chroma planes, bytes a sample.
    let (x, y, planes, bytes) = match track.fourcc.as_deref() {
        Some(b"I420") => (1, 1, 2, 1),
        Some(b"Y42B") => (1, 0, 2, 1),
        Some(b"444P") => (0, 0, 2, 1),
        Some(b"Y800") => (0, 0, 0, 1),
        Some(b"Y3\x0b\x0a") => (1, 1, 2, 2),
        Some(b"Y3\x0a\x0a") => (1, 0, 2, 2),
        Some(b"Y3\0\x0a") => (0, 0, 2, 2),
        Some(b"Y1\0\x0a") => (0, 0, 0, 2),
        other => return Err(format!("an UncompressedFourCC of {other:?}")),
    };
    ensure!(setting("BitsPerChannel") == 6 + 2 * bytes, "BitsPerChannel of {bytes} bytes");
    let (width, height) = (setting("PixelWidth"), setting("PixelHeight"));
    let chroma = planes * ((width + (1 << x) - 1) >> x) * ((height + (1 << y) - 1) >> y);
    let size = (width * height + chroma) * bytes;
    for block in blocks {
        let length = block.payload.len() as u64;
        ensure!(block.key && length == size, "at {} ms: a picture of {length} bytes, not {size}", block.time_ms);
    }
    Ok(())
}

/// The codec mapping of S_TEXT/WEBVTT.
fn webvtt(track: &Track, blocks: &[&Block]) -> Result<()> {
    let header = track.private.as_deref().and_then(|private| std::str::from_utf8(private).ok());
    let signed = header.is_some_and(|header| header == "WEBVTT" || header.starts_with("WEBVTT\n\n"));
    ensure!(
        signed && header.is_some_and(|header| !header.contains("-->")),
        "the CodecPrivate is no head of a WebVTT file"
    );
    ensure!(track.max_addition == 1, "MaxBlockAdditionID {}", track.max_addition);
    for block in blocks {
        cue_text(block, &block.payload)?;
        let Some(addition) = &block.addition else { continue };
        let lines = addition.iter().filter(|byte| **byte == b'\n').count();
        let whole = std::str::from_utf8(addition).is_ok() && lines == 2 && addition.ends_with(b"\n");
        ensure!(whole && addition != b"\n\n", "at {} ms: no settings and identifier", block.time_ms);
    }
    Ok(())
}

/// Identifier, settings and text (WebM's guidelines).
fn webm_webvtt(track: &Track, blocks: &[&Block]) -> Result<()> {
    ensure!(track.private.is_none() && track.max_addition == 0, "a CodecPrivate or MaxBlockAdditionID");
    for block in blocks {
        let text = block.payload.splitn(3, |byte| *byte == b'\n').nth(2);
        cue_text(block, text.unwrap_or_default())?;
    }
    Ok(())
}

fn cue_text(block: &Block, text: &[u8]) -> Result<()> {
    let at = block.time_ms;
    let clean =
        std::str::from_utf8(text).is_ok_and(|text| !text.is_empty() && text.lines().all(|line| !line.is_empty()));
    ensure!(clean, "at {at} ms: no text of a cue");
    ensure!(block.key && block.duration_ms.is_some_and(|ms| ms > 0), "at {at} ms: a cue without an end");
    Ok(())
}

/// Identification header: RFC 7845, 5.1.
fn opus(track: &Track, blocks: &[&Block]) -> Result<()> {
    let head = track.private.as_deref().ok_or("no CodecPrivate")?;
    ensure!(head.len() >= 19 && head.starts_with(b"OpusHead\x01"), "the CodecPrivate is no identification header");
    let channels = u64::from(head[9]);
    ensure!(track.settings.get("Channels") == Some(&channels), "Channels is not the {channels} of the header");
    let pre_skip = u64::from(u16::from_le_bytes([head[10], head[11]]));
    let delay = (pre_skip * 1_000_000_000 + 24_000) / 48_000;
    ensure!(track.codec_delay_ns == delay, "CodecDelay {} for a pre-skip of {pre_skip}", track.codec_delay_ns);
    ensure!(track.seek_pre_roll_ns == 80_000_000, "SeekPreRoll {}", track.seek_pre_roll_ns);
    ensure!(track.sample_rate == Some(48_000.0), "SamplingFrequency {:?}", track.sample_rate);
    let rate = u32::from_le_bytes([head[12], head[13], head[14], head[15]]);
    ensure!(rate <= 192_000, "an input rate of {rate}: bytes in the wrong order?");
    match head[18] {
        0 => ensure!(head.len() == 19 && channels <= 2, "family 0 with {channels} channels"),
        1 => {
            ensure!(head.len() == 21 + head[9] as usize, "a mapping of {} bytes", head.len());
            let streams = head[19] + head[20];
            let valid = head[20] <= head[19] && head[21..].iter().all(|&decoded| decoded < streams);
            ensure!(valid, "a mapping to streams that are not there");
        }
        family => return Err(format!("mapping family {family}")),
    }
    for block in blocks {
        ensure!(block.key, "a block that is no key");
        let samples = opus_samples(&block.payload).ok_or("an empty packet")?;
        let padding = block.discard_padding_ns as u64;
        ensure!(padding <= samples * 1_000_000_000 / 48_000, "padding of {padding} ns in {samples} samples");
    }
    Ok(())
}

/// By the TOC (RFC 6716, 3.1), at 48 kHz.
fn opus_samples(packet: &[u8]) -> Option<u64> {
    let toc = packet.first()?;
    let frame = match toc >> 3 {
        config @ 0..=11 => [480, 960, 1920, 2880][usize::from(config % 4)],
        config @ 12..=15 => [480, 960][usize::from(config % 2)],
        config => [120, 240, 480, 960][usize::from(config % 4)],
    };
    Some(match toc & 3 {
        0 => frame,
        1 | 2 => 2 * frame,
        _ => u64::from(packet.get(1)? & 63) * frame,
    })
}

/// RFC 9639, 8.2: the metadata blocks of a FLAC file.
fn flac(track: &Track, blocks: &[&Block]) -> Result<()> {
    let head = track.private.as_deref().ok_or("no CodecPrivate")?;
    ensure!(head.len() == 42 && head.starts_with(b"fLaC\x80\0\0\x22"), "the CodecPrivate is not one STREAMINFO");
    let info = u64::from_be_bytes([head[18], head[19], head[20], head[21], head[22], head[23], head[24], head[25]]);
    let (rate, channels, bits) = (info >> 44, (info >> 41 & 7) + 1, (info >> 36 & 31) + 1);
    ensure!(track.sample_rate == Some(rate as f64), "SamplingFrequency {:?} of {rate} Hz", track.sample_rate);
    ensure!(track.settings.get("Channels") == Some(&channels), "Channels is not {channels}");
    ensure!(track.settings.get("BitDepth") == Some(&bits), "BitDepth is not {bits}");
    let total = info & ((1 << 36) - 1);
    let sum = blocks.iter().map(|block| flac_samples(&block.payload)).sum::<Option<u64>>().ok_or("no FLAC frame")?;
    ensure!(total == 0 || total == sum, "STREAMINFO counts {total} samples, the blocks {sum}");
    ensure!(blocks.iter().all(|block| block.key), "a block that is no key");
    Ok(())
}

/// The block size in a frame header (RFC 9639, 9.1).
fn flac_samples(frame: &[u8]) -> Option<u64> {
    let sync = frame.first() == Some(&0xff) && frame.get(1)? >> 1 == 0x7c;
    // The coded number before an uncommon block size is as long as its first byte's leading ones, or a byte.
    let number = (frame.get(4)?.leading_ones() as usize).max(1);
    let size = match sync.then(|| frame[2] >> 4)? {
        1 => 192,
        code @ 2..=5 => 144 << code,
        6 => u64::from(*frame.get(4 + number)?) + 1,
        7 => u64::from(u16::from_be_bytes([*frame.get(4 + number)?, *frame.get(5 + number)?])) + 1,
        code @ 8..=15 => 1 << code,
        _ => return None,
    };
    Some(size)
}

fn pcm(track: &Track, blocks: &[&Block]) -> Result<()> {
    ensure!(track.private.is_none(), "a CodecPrivate");
    let frame = pcm_frame(track).ok_or("no BitDepth")?;
    let depth = track.settings["BitDepth"];
    let allowed: &[u64] = if track.codec_id == "A_PCM/FLOAT/IEEE" { &[32, 64] } else { &[16, 24, 32] };
    ensure!(allowed.contains(&depth), "BitDepth {depth}");
    let whole = |block: &&Block| block.key && (block.payload.len() as u64).is_multiple_of(frame);
    ensure!(blocks.iter().all(whole), "blocks of broken samples");
    Ok(())
}

/// Bytes of one sample of all channels.
fn pcm_frame(track: &Track) -> Option<u64> {
    Some(track.settings.get("BitDepth")? / 8 * track.settings.get("Channels")?).filter(|&bytes| bytes > 0)
}
