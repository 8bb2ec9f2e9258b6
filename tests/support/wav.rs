//! A strict parser of WAV and RF64, written from Microsoft's description and EBU Tech 3306 and sharing no code with the
//! muxer: it checks every chunk, size and count.
#![allow(dead_code, reason = "each test looks at other parts")]

pub type Checked<T> = Result<T, String>;

/// A file that has passed every check.
#[derive(Debug)]
pub struct File {
    /// Whether it is RF64.
    pub is_64: bool,
    pub live: bool,
    pub format: Format,
    /// INFO texts.
    pub info: Vec<(String, String)>,
    pub cues: Vec<Cue>,
    /// Where the samples begin, and how many bytes they are.
    pub data_at: usize,
    pub data_size: u64,
}

#[derive(Debug, PartialEq)]
pub struct Format {
    pub float: bool,
    pub channels: u16,
    pub sample_rate: u32,
    pub bits: u16,
    /// Of the extensible form.
    pub mask: Option<u32>,
}

#[derive(Debug, PartialEq)]
pub struct Cue {
    pub sample: u32,
    pub title: String,
    pub length: Option<u32>,
}

macro_rules! check {
    ($condition:expr, $($words:tt)*) => {
        if !$condition {
            return Err(format!($($words)*));
        }
    };
}

/// Reads a whole file.
pub fn verify(bytes: &[u8]) -> Checked<File> {
    verify_head(bytes, bytes.len() as u64)
}

/// Reads a file of `length` bytes by its first ones, up to its samples or behind.
pub fn verify_head(bytes: &[u8], length: u64) -> Checked<File> {
    let mut rest = bytes;
    let riff = cut(&mut rest, 4)?;
    let is_64 = riff == b"RF64";
    check!(is_64 || riff == b"RIFF", "neither RIFF nor RF64");
    let riff_size = number(cut(&mut rest, 4)?);
    check!(cut(&mut rest, 4)? == b"WAVE", "no WAVE");
    let (mut ids, mut format, mut fact, mut ds64) = (Vec::new(), None, None, None);
    let (mut info, mut cues) = (Vec::new(), Vec::new());
    let data = loop {
        let (id, size) = (cut(&mut rest, 4)?, number(cut(&mut rest, 4)?));
        let name = String::from_utf8_lossy(id).into_owned();
        if id == b"data" {
            break size;
        }
        let body = cut(&mut rest, size as usize)?;
        if size % 2 == 1 {
            check!(cut(&mut rest, 1)? == [0], "{name} is padded with something");
        }
        match id {
            b"JUNK" => check!(ids.is_empty() && body == [0; 28], "the JUNK is not first or not of 28 zeros"),
            b"ds64" => {
                check!(ids.is_empty() && is_64 && size == 28, "ds64 is not first, in no RF64, or not of 28 bytes");
                let long = |at: usize| u64::from_le_bytes(body[at..at + 8].try_into().unwrap_or_default());
                check!(body[24..] == [0; 4], "ds64 has a table");
                ds64 = Some((long(0), long(8), long(16)));
            }
            b"fmt " => format = Some(read_format(body)?),
            b"fact" => {
                check!(size == 4, "a fact of {size} bytes");
                fact = Some(number(body));
            }
            b"LIST" if body.starts_with(b"INFO") => info = read_info(&body[4..])?,
            b"LIST" if body.starts_with(b"adtl") => read_names(&body[4..], &mut cues)?,
            b"cue " => cues = read_cues(body)?,
            _ => return Err(format!("a chunk {name}")),
        }
        check!(name == "LIST" || !ids.contains(&name), "two {name}");
        let order = ["JUNK", "ds64", "fmt ", "fact", "LIST", "cue "];
        let place = |name: &str| order.iter().position(|known| *known == name);
        check!(
            name == "LIST" || ids.iter().all(|before: &String| before == "LIST" || place(before) < place(&name)),
            "{name} out of order"
        );
        ids.push(name);
    };
    let format = format.ok_or("no fmt")?;
    check!(format.float == fact.is_some(), "fact: {fact:?}");
    let data_at = bytes.len() - rest.len();
    let frame = u64::from(format.channels * format.bits / 8);
    let behind = length - data_at as u64;
    let live = !is_64 && data == u32::MAX;
    let data_size = match ds64 {
        Some((riff64, data64, samples)) => {
            check!(riff_size == u32::MAX && data == u32::MAX, "sizes {riff_size} and {data} in RF64");
            check!(riff64 == length - 8, "a riffSize of {riff64} for {length} bytes");
            check!(samples == data64 / frame, "a sampleCount of {samples}");
            check!(fact.is_none_or(|fact| fact == u32::MAX), "a fact of {fact:?} in RF64");
            check!(length > u32::MAX.into(), "RF64 without need");
            data64
        }
        None if live => {
            check!(riff_size == u32::MAX, "a RIFF of {riff_size} bytes around unknown data");
            check!(fact.is_none_or(|fact| fact == 0), "a fact of {fact:?} of unknown data");
            check!(!ids.iter().any(|id| id == "JUNK"), "JUNK in a live file");
            behind
        }
        None => {
            check!(!is_64, "RF64 without ds64");
            check!(ids.iter().any(|id| id == "JUNK"), "no room for ds64");
            check!(u64::from(riff_size) == length - 8, "a RIFF of {riff_size} bytes in {length}");
            let count = u64::from(data) / frame;
            check!(fact.is_none_or(|fact| u64::from(fact) == count), "a fact of {fact:?} for {count} samples");
            data.into()
        }
    };
    check!(live || behind == data_size + data_size % 2, "{data_size} bytes of data in {behind}");
    if !live && data_size % 2 == 1 && bytes.len() as u64 == length {
        check!(bytes.last() == Some(&0), "the data is padded with something");
    }
    check!(data_size % frame == 0, "{data_size} bytes are no whole samples");
    Ok(File { is_64, live, format, info, cues, data_at, data_size })
}

fn cut<'a>(rest: &mut &'a [u8], length: usize) -> Checked<&'a [u8]> {
    let (taken, behind) = rest.split_at_checked(length).ok_or("a chunk is cut off")?;
    *rest = behind;
    Ok(taken)
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte))
}

fn read_format(body: &[u8]) -> Checked<Format> {
    check!([16, 40].contains(&body.len()), "a fmt of {} bytes", body.len());
    let extensible = body.len() == 40;
    let tag = number(&body[..2]);
    let (channels, bits) = (number(&body[2..4]) as u16, number(&body[14..16]) as u16);
    let sample_rate = number(&body[4..8]);
    let mut mask = None;
    let mut sub_format = tag;
    if extensible {
        check!(tag == 0xfffe, "format tag {tag:#x} in the extensible form");
        check!(number(&body[16..18]) == 22, "a cbSize of {}", number(&body[16..18]));
        check!(number(&body[18..20]) == u32::from(bits), "{} of {bits} bits are valid", number(&body[18..20]));
        let places = number(&body[20..24]);
        check!(places.count_ones() == u32::from(channels), "the mask {places:#x} for {channels} channels");
        mask = Some(places);
        sub_format = number(&body[24..26]);
        let guid = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];
        check!(body[26..] == guid, "the sub-format {:x?}", &body[24..]);
    } else {
        check!(channels <= 2 && bits <= 16, "{channels} channels of {bits} bits in the old form");
    }
    check!([1, 3].contains(&sub_format), "format {sub_format}");
    let float = sub_format == 3;
    check!(if float { bits == 32 } else { [16, 24, 32].contains(&bits) }, "{bits} bits, float {float}");
    check!((1..=8).contains(&channels), "{channels} channels");
    let align = number(&body[12..14]);
    check!(align == u32::from(channels * bits / 8), "a block of {align} bytes");
    check!(number(&body[8..12]) == sample_rate * align, "{} bytes a second", number(&body[8..12]));
    check!(sample_rate > 0, "no sample rate");
    Ok(Format { float, channels, sample_rate, bits, mask })
}

/// The chunks in a list.
fn chunks(mut rest: &[u8]) -> Checked<Vec<(String, &[u8])>> {
    let mut chunks = Vec::new();
    while !rest.is_empty() {
        let (id, size) = (cut(&mut rest, 4)?, number(cut(&mut rest, 4)?));
        let body = cut(&mut rest, size as usize)?;
        if size % 2 == 1 {
            check!(cut(&mut rest, 1)? == [0], "a chunk is padded with something");
        }
        chunks.push((String::from_utf8_lossy(id).into_owned(), body));
    }
    Ok(chunks)
}

fn text(body: &[u8]) -> Checked<String> {
    let (last, text) = body.split_last().ok_or("a text without an end")?;
    check!(*last == 0 && !text.contains(&0), "a text without an end, or with two");
    String::from_utf8(text.to_vec()).map_err(|_| "a text is no UTF-8".into())
}

fn read_info(body: &[u8]) -> Checked<Vec<(String, String)>> {
    let known = ["INAM", "IART", "IPRD", "IGNR", "ICRD", "IPRT", "ICMT", "ICOP", "ISBJ", "IMUS", "ILNG", "ISFT"];
    let chunks = chunks(body)?;
    check!(!chunks.is_empty(), "an empty INFO");
    let texts = chunks.into_iter().map(|(id, body)| {
        check!(known.contains(&id.as_str()), "INFO has {id}");
        Ok((id, text(body)?))
    });
    texts.collect()
}

fn read_cues(body: &[u8]) -> Checked<Vec<Cue>> {
    let count = number(body.get(..4).ok_or("a short cue chunk")?) as usize;
    check!(body.len() == 4 + 24 * count && count > 0, "{count} cues in {} bytes", body.len());
    let mut cues: Vec<Cue> = Vec::new();
    for (index, point) in body[4..].chunks_exact(24).enumerate() {
        let sample = number(&point[4..8]);
        check!(number(&point[..4]) as usize == index + 1, "cue {index} is numbered {}", number(&point[..4]));
        check!(&point[8..12] == b"data" && point[12..20] == [0; 8], "cue {index} is of another chunk");
        check!(number(&point[20..]) == sample, "cue {index} is at two places");
        check!(cues.last().is_none_or(|last| last.sample < sample), "cue {index} is not after the one before it");
        cues.push(Cue { sample, title: String::new(), length: None });
    }
    Ok(cues)
}

fn read_names(body: &[u8], cues: &mut [Cue]) -> Checked<()> {
    let mut named = 0;
    for (id, body) in chunks(body)? {
        let number = number(body.get(..4).ok_or("a short label")?) as usize;
        let cue =
            number.checked_sub(1).and_then(|index| cues.get_mut(index)).ok_or(format!("{id} of no cue {number}"))?;
        match id.as_str() {
            "labl" => {
                cue.title = text(&body[4..])?;
                named += 1;
            }
            "ltxt" => {
                check!(body.len() == 20 && &body[8..12] == b"rgn " && body[12..] == [0; 8], "an ltxt of another form");
                cue.length = Some(self::number(&body[4..8]));
            }
            _ => return Err(format!("adtl has {id}")),
        }
    }
    check!(named == cues.len(), "{named} names for {} cues", cues.len());
    Ok(())
}
