//! Strict readers of IVF (as libaom writes it), of the low-overhead bitstream format of AV1 (its specification, 5) and of
//! YUV4MPEG2 (mjpegtools, yuv4mpeg(5)).
#![allow(dead_code, reason = "each test uses another part")]

pub type Result<T> = std::result::Result<T, String>;

#[derive(Debug, PartialEq)]
pub struct Ivf {
    pub width: u16,
    pub height: u16,
    /// Ticks a second, as numerator and denominator.
    pub rate: (u32, u32),
    /// What the header says; 0: nothing.
    pub frames: u32,
    /// Times and temporal units.
    pub units: Vec<(u64, Vec<u8>)>,
}

#[derive(Debug, PartialEq)]
pub struct Y4m {
    pub width: usize,
    pub height: usize,
    pub rate: (u32, u32),
    pub aspect: (u32, u32),
    pub sampling: String,
    pub full_range: bool,
    pub pictures: Vec<Vec<u8>>,
}

fn ensure(condition: bool, fault: impl FnOnce() -> String) -> Result<()> {
    if condition { Ok(()) } else { Err(fault()) }
}

pub fn ivf(bytes: &[u8]) -> Result<Ivf> {
    let (header, mut rest) = bytes.split_at_checked(32).ok_or("a file of less than 32 bytes")?;
    let short = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
    let long = |at: usize| u32::from_le_bytes(header[at..at + 4].try_into().expect("four bytes"));
    ensure(&header[..4] == b"DKIF", || format!("signature {}", header[..4].escape_ascii()))?;
    ensure(short(4) == 0, || format!("version {}", short(4)))?;
    ensure(short(6) == 32, || format!("a header of {} bytes", short(6)))?;
    ensure(&header[8..12] == b"AV01", || format!("codec {}", header[8..12].escape_ascii()))?;
    let (width, height, rate, frames) = (short(12), short(14), (long(16), long(20)), long(24));
    ensure(width > 0 && height > 0, || format!("{width}x{height} pixels"))?;
    ensure(rate.0 > 0 && rate.1 > 0, || format!("a rate of {rate:?}"))?;
    ensure(long(28) == 0, || "the unused field is used".into())?;
    let mut units: Vec<(u64, Vec<u8>)> = Vec::new();
    while !rest.is_empty() {
        let number = units.len();
        let (head, behind) = rest.split_at_checked(12).ok_or_else(|| format!("frame {number} has no header"))?;
        let size = u32::from_le_bytes(head[..4].try_into().expect("four bytes")) as usize;
        let time = u64::from_le_bytes(head[4..].try_into().expect("eight bytes"));
        let cut = || format!("frame {number} claims {size} bytes, of which {} are there", behind.len());
        let (unit, behind) = behind.split_at_checked(size).ok_or_else(cut)?;
        ensure(units.last().is_none_or(|(last, _)| *last < time), || format!("frame {number} at {time}, not later"))?;
        let count = temporal_units(unit).map_err(|fault| format!("frame {number}: {fault}"))?.len();
        ensure(count == 1, || format!("frame {number} has {count} temporal units"))?;
        units.push((time, unit.to_vec()));
        rest = behind;
    }
    ensure(frames == 0 || frames as usize == units.len(), || format!("{} frames, not {frames}", units.len()))?;
    if let Some((_, first)) = units.first() {
        begins_with_sequence_header(first)?;
    }
    Ok(Ivf { width, height, rate, frames, units })
}

/// The temporal units of a whole stream.
pub fn obu_stream(bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
    let units = temporal_units(bytes)?;
    if let Some(first) = units.first() {
        begins_with_sequence_header(first)?;
    }
    Ok(units)
}

/// Takes an OBU from the front: its type, its payload, and all of its bytes.
fn obu(bytes: &[u8]) -> Result<(u8, &[u8], &[u8])> {
    let header = bytes[0];
    ensure(header & 0x80 == 0, || format!("obu_forbidden_bit in {header:#x}"))?;
    ensure(header & 1 == 0, || format!("obu_reserved_1bit in {header:#x}"))?;
    ensure(header & 2 != 0, || format!("an OBU of type {} without a size", header >> 3))?;
    let mut at = if header & 4 != 0 { 2 } else { 1 };
    let (mut size, mut shift) = (0u64, 0);
    loop {
        let byte = *bytes.get(at).ok_or("an OBU ends in its header")?;
        at += 1;
        size |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
        ensure(shift < 56, || "a size without an end".into())?;
    }
    let left = (bytes.len() - at) as u64;
    ensure(size <= left, || format!("an OBU claims {size} bytes, of which {left} are there"))?;
    let end = at + size as usize;
    Ok((header >> 3, &bytes[at..end], &bytes[..end]))
}

fn temporal_units(mut bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
    let mut units: Vec<Vec<u8>> = Vec::new();
    let mut has_frame = true;
    while !bytes.is_empty() {
        let (kind, payload, whole) = obu(bytes)?;
        match kind {
            2 => {
                ensure(payload.is_empty(), || "a temporal delimiter that is not empty".into())?;
                ensure(has_frame, || "a temporal unit without a frame".into())?;
                units.push(Vec::new());
                has_frame = false;
            }
            1 | 5 | 15 => {}
            3 | 6 => has_frame = true,
            4 | 7 => ensure(has_frame, || format!("an OBU of type {kind} before a frame header"))?,
            _ => return Err(format!("an OBU of type {kind}")),
        }
        let unit = units.last_mut().ok_or_else(|| format!("an OBU of type {kind} before a temporal delimiter"))?;
        unit.extend_from_slice(whole);
        bytes = &bytes[whole.len()..];
    }
    ensure(has_frame, || "a temporal unit without a frame".into())?;
    Ok(units)
}

fn begins_with_sequence_header(unit: &[u8]) -> Result<()> {
    let (kind, ..) = obu(unit.get(2..).filter(|rest| !rest.is_empty()).ok_or("an empty temporal unit")?)?;
    ensure(kind == 1, || format!("an OBU of type {kind} before the sequence header"))
}

pub fn y4m(bytes: &[u8]) -> Result<Y4m> {
    let end = bytes.iter().position(|&byte| byte == b'\n').ok_or("no line")?;
    let line = std::str::from_utf8(&bytes[..end]).map_err(|_| "a line that is no text")?;
    let mut words = line.split(' ');
    ensure(words.next() == Some("YUV4MPEG2"), || format!("`{line}`"))?;
    let mut value = |tag: &str| {
        let word = words.next().ok_or_else(|| format!("no parameter {tag}"))?;
        word.strip_prefix(tag).map(str::to_owned).ok_or_else(|| format!("`{word}` where {tag} is due"))
    };
    let number = |text: &str| text.parse::<u32>().ok().filter(|&n| n > 0).ok_or_else(|| format!("`{text}`"));
    let ratio = |text: &str| {
        let (a, b) = text.split_once(':').ok_or_else(|| format!("`{text}` is no ratio"))?;
        Ok::<_, String>((number(a)?, number(b)?))
    };
    let (width, height) = (number(&value("W")?)? as usize, number(&value("H")?)? as usize);
    let rate = ratio(&value("F")?)?;
    let interlacing = value("I")?;
    ensure(interlacing == "p", || format!("interlacing {interlacing}"))?;
    let aspect = ratio(&value("A")?)?;
    let sampling = value("C")?;
    let (chroma, bytes_a_sample) = match sampling.as_str() {
        "420jpeg" | "420mpeg2" => (width.div_ceil(2) * height.div_ceil(2), 1),
        "420p10" => (width.div_ceil(2) * height.div_ceil(2), 2),
        "422" => (width.div_ceil(2) * height, 1),
        "422p10" => (width.div_ceil(2) * height, 2),
        "444" => (width * height, 1),
        "444p10" => (width * height, 2),
        "mono" => (0, 1),
        "mono10" => (0, 2),
        _ => return Err(format!("sampling {sampling}")),
    };
    if chroma > 0 {
        let before = value("XYSCSS=")?;
        ensure(before == sampling.to_uppercase(), || format!("XYSCSS={before} of {sampling}"))?;
    }
    let range = value("XCOLORRANGE=")?;
    let full_range = range == "FULL";
    ensure(full_range || range == "LIMITED", || format!("range {range}"))?;
    ensure(sampling != "420mpeg2" || !full_range, || "420mpeg2 of full range".into())?;
    ensure(words.next().is_none(), || format!("`{line}` goes on"))?;

    let picture = (width * height + 2 * chroma) * bytes_a_sample;
    let (mut rest, mut pictures) = (&bytes[end + 1..], Vec::new());
    while !rest.is_empty() {
        let number = pictures.len();
        let behind = rest.strip_prefix(b"FRAME\n").ok_or_else(|| format!("no FRAME at picture {number}"))?;
        let (data, behind) =
            behind.split_at_checked(picture).ok_or_else(|| format!("picture {number} has {} bytes", behind.len()))?;
        ensure(bytes_a_sample == 1 || data.chunks(2).all(|pair| pair[1] < 4), || {
            format!("picture {number} has 11 bits")
        })?;
        pictures.push(data.to_vec());
        rest = behind;
    }
    Ok(Y4m { width, height, rate, aspect, sampling, full_range, pictures })
}
