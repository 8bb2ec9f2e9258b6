//! A strict parser of Ogg with one stream, written from RFC 3533, RFC 7845 and RFC 9639 (10.1) and sharing no code with
//! the muxer: it checks every page, puts packets together, and does the arithmetic of granule positions.
#![allow(dead_code, reason = "each test looks at other parts")]

#[allow(
    clippy::duplicate_mod,
    reason = "the reader of FLAC files is that of FLAC in Ogg, and each test binary takes its own"
)]
#[path = "flac.rs"]
pub mod flac;

use flac::{Checked, Comments, Picture, StreamInfo};

/// A file that has passed every check.
#[derive(Debug)]
pub struct File {
    pub serial: u32,
    pub pages: Vec<Page>,
    pub codec: Codec,
    pub comments: Comments,
    pub picture: Option<Picture>,
    pub packets: Vec<Packet>,
    /// Of the decoder's output, where the stream begins.
    pub start: u64,
    /// Samples at the end that are not to be heard.
    pub trimmed: u64,
}

#[derive(Debug)]
pub enum Codec {
    Opus(OpusHead),
    Flac(StreamInfo),
}

#[derive(Debug, PartialEq)]
pub struct OpusHead {
    pub channels: u8,
    pub pre_skip: u16,
    pub input_sample_rate: u32,
    pub output_gain: i16,
    /// Streams, coupled ones, and the table.
    pub mapping: Option<(u8, u8, Vec<u8>)>,
}

#[derive(Debug)]
pub struct Page {
    pub flags: u8,
    pub granule: Option<u64>,
    pub segments: usize,
    /// Packets that end on it.
    pub ended: usize,
    /// Packets of which a part is on it.
    pub parts: usize,
    /// Whether the last segment goes on on the next page.
    pub open: bool,
}

#[derive(Debug)]
pub struct Packet {
    pub data: Vec<u8>,
    /// What it lasts, by its own words.
    pub samples: u64,
    /// The page on which it ends.
    pub page: usize,
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
    let (serial, pages, packets) = pages(bytes)?;
    let (first, _) = packets.first().ok_or("no packet")?;
    if first.starts_with(b"OpusHead") { opus(serial, pages, packets) } else { flac(serial, pages, packets) }
}

type Packets = Vec<(Vec<u8>, usize)>;

/// All pages, and all packets with the page on which each ends.
fn pages(bytes: &[u8]) -> Checked<(u32, Vec<Page>, Packets)> {
    let (mut pages, mut packets, mut open): (Vec<Page>, Packets, Option<Vec<u8>>) = (Vec::new(), Vec::new(), None);
    let (mut at, mut serial) = (0, None);
    while at < bytes.len() {
        let index = pages.len();
        let header = bytes.get(at..at + 27).ok_or(format!("page {index} is cut off"))?;
        let u32_at = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        check!(header.starts_with(b"OggS"), "page {index} has no capture pattern");
        check!(header[4] == 0, "page {index} is of version {}", header[4]);
        let flags = header[5];
        check!(flags & !7 == 0, "page {index} has flags {flags:#x}");
        check!((flags & 2 != 0) == (index == 0), "page {index} has a wrong flag for the beginning");
        let number = *serial.get_or_insert(u32_at(14));
        check!(u32_at(14) == number, "page {index} is of another stream");
        check!(u32_at(18) as usize == index, "page {index} is numbered {}", u32_at(18));
        let lacing = bytes.get(at + 27..at + 27 + usize::from(header[26])).ok_or("a segment table is cut off")?;
        check!(!lacing.is_empty(), "page {index} is empty");
        let body_at = at + 27 + lacing.len();
        let length: usize = lacing.iter().map(|&length| usize::from(length)).sum();
        let mut body = bytes.get(body_at..body_at + length).ok_or(format!("page {index} is cut off"))?;
        let mut whole = bytes[at..body_at + length].to_vec();
        whole[22..26].fill(0);
        let crc = crc(&whole);
        check!(crc == u32_at(22), "the CRC of page {index} is {:#x}, not {crc:#x}", u32_at(22));
        check!((flags & 1 != 0) == open.is_some(), "page {index} has a wrong flag for a continued packet");
        let (mut ended, mut parts) = (0, 0);
        let mut fresh = true;
        for &length in lacing {
            parts += usize::from(fresh);
            let (segment, rest) = body.split_at(usize::from(length));
            body = rest;
            let mut packet = open.take().unwrap_or_default();
            packet.extend_from_slice(segment);
            fresh = length < 255;
            if fresh {
                packets.push((packet, index));
                ended += 1;
            } else {
                open = Some(packet);
            }
        }
        let granule = u64::from_le_bytes(header[6..14].try_into().unwrap_or_default());
        let granule = Some(granule).filter(|&granule| granule != u64::MAX);
        check!(granule.is_some() == (ended > 0), "page {index} ends {ended} packets at {granule:?}");
        check!(open.is_none() || lacing.len() == 255, "page {index} is not full, and its last packet goes on");
        at = body_at + length;
        check!((flags & 4 != 0) == (at == bytes.len()), "page {index} has a wrong flag for the end");
        pages.push(Page { flags, granule, segments: lacing.len(), ended, parts, open: open.is_some() });
    }
    check!(open.is_none(), "the last packet is cut off");
    check!(pages.first().is_some_and(|page| page.parts == 1 && page.ended == 1), "the first page has not one packet");
    Ok((serial.ok_or("no page")?, pages, packets))
}

/// The headers are on pages of their own, whose positions are 0; gives the rest.
fn audio(pages: &[Page], packets: Packets, heads: usize) -> Checked<(usize, Packets)> {
    check!(packets.len() >= heads, "{} packets, of which {heads} are headers", packets.len());
    let mut packets = packets;
    let audio = packets.split_off(heads);
    let last = packets.last().map_or(0, |packet| packet.1);
    check!(!pages[last].open && audio.first().is_none_or(|packet| packet.1 > last), "sound on a page of the headers");
    check!(pages[..=last].iter().all(|page| page.granule.unwrap_or(0) == 0), "the headers are not at 0");
    Ok((last + 1, audio))
}

fn opus(serial: u32, pages: Vec<Page>, packets: Packets) -> Checked<File> {
    let head = opus_head(&packets[0].0)?;
    let tags = packets.get(1).ok_or("no OpusTags")?.0.strip_prefix(b"OpusTags").ok_or("no OpusTags")?.to_vec();
    let mut comments = flac::comments(&tags)?;
    let pictures: Vec<_> = comments.all("METADATA_BLOCK_PICTURE").into_iter().map(flac::from_base64).collect();
    let picture = pictures.into_iter().next().transpose()?.map(|body| flac::picture(&body)).transpose()?;
    comments.list.retain(|(name, _)| name != "METADATA_BLOCK_PICTURE");
    let (first, audio) = audio(&pages, packets, 2)?;
    let packets = audio.into_iter().map(|(data, page)| {
        let samples = opus_samples(&data)?;
        Ok(Packet { data, samples, page })
    });
    let packets = packets.collect::<Checked<Vec<_>>>()?;

    let (mut end, mut start, mut trimmed) = (None, 0, 0);
    for (index, page) in pages.iter().enumerate().skip(first) {
        let Some(granule) = page.granule else { continue };
        let lasts: u64 = packets.iter().filter(|packet| packet.page == index).map(|packet| packet.samples).sum();
        check!(page.parts < 2 || lasts <= 48_000, "page {index} lasts {lasts} samples");
        let is_last = page.flags & 4 != 0;
        // The first one may be later than its packets last (4.5), the last one earlier (4.4). One that is both is counted
        // from its end: it is less late, and nothing of it is trimmed.
        let due = match end {
            Some(end) => end + lasts,
            None => {
                start = granule.saturating_sub(lasts);
                start + lasts
            }
        };
        check!(granule == due || is_last && granule < due, "page {index} ends at {granule}, not {due}");
        check!(end.is_none_or(|end| granule >= end), "page {index} ends before it begins");
        trimmed = due - granule;
        end = Some(granule);
    }
    if let Some(end) = end.filter(|_| trimmed > 0) {
        check!(end - start >= u64::from(head.pre_skip), "the stream ends at {end}, before its pre-skip");
        check!(packets.last().is_some_and(|last| last.samples >= trimmed), "{trimmed} samples are trimmed");
    }
    Ok(File { serial, pages, codec: Codec::Opus(head), comments, picture, packets, start, trimmed })
}

fn opus_head(head: &[u8]) -> Checked<OpusHead> {
    check!(head.len() >= 19, "an OpusHead of {} bytes", head.len());
    check!(head[8] == 1, "an OpusHead of version {}", head[8]);
    let (channels, family) = (head[9], head[18]);
    check!((1..=8).contains(&channels), "{channels} channels");
    let mapping = match family {
        0 => {
            check!(channels <= 2 && head.len() == 19, "family 0 of {channels} channels in {} bytes", head.len());
            None
        }
        1 => {
            check!(head.len() == 21 + usize::from(channels), "family 1 in {} bytes", head.len());
            let (streams, coupled, table) = (head[19], head[20], head[21..].to_vec());
            check!(streams > 0 && coupled <= streams, "{coupled} of {streams} streams are coupled");
            check!(table.iter().all(|&entry| entry == 255 || entry < streams + coupled), "the mapping {table:?}");
            Some((streams, coupled, table))
        }
        _ => return Err(format!("mapping family {family}")),
    };
    let input_sample_rate = u32::from_le_bytes([head[12], head[13], head[14], head[15]]);
    check!((8_000..=192_000).contains(&input_sample_rate), "an input of {input_sample_rate} Hz");
    Ok(OpusHead {
        channels,
        pre_skip: u16::from_le_bytes([head[10], head[11]]),
        input_sample_rate,
        output_gain: i16::from_le_bytes([head[16], head[17]]),
        mapping,
    })
}

/// RFC 6716, 3.1 and 3.2.
fn opus_samples(packet: &[u8]) -> Checked<u64> {
    let toc = *packet.first().ok_or("an Opus packet of 0 bytes")?;
    let tenths_of_ms = match toc >> 3 {
        n @ 0..=11 => [100, 200, 400, 600][usize::from(n % 4)],
        n @ 12..=15 => [100, 200][usize::from(n % 2)],
        n => [25, 50, 100, 200][usize::from(n % 4)],
    };
    let frames = match toc & 3 {
        0 => 1,
        3 => u64::from(packet.get(1).ok_or("an Opus packet of 1 byte")? & 63),
        _ => 2,
    };
    check!((1..=1200).contains(&(tenths_of_ms * frames)), "an Opus packet of {frames} frames");
    Ok(tenths_of_ms * frames * 48 / 10)
}

fn flac(serial: u32, pages: Vec<Page>, packets: Packets) -> Checked<File> {
    let head = &packets[0].0;
    check!(head.starts_with(b"\x7fFLAC\x01\x00"), "neither Opus nor FLAC");
    check!(head.len() == 51 && &head[9..13] == b"fLaC", "a FLAC header of {} bytes", head.len());
    let count = usize::from(u16::from_be_bytes([head[7], head[8]]));
    let (kind, last, body) = flac::block(&head[13..])?;
    check!(kind == 0 && !last, "the first block is of type {kind}, last {last}");
    let info = flac::stream_info(body)?;
    let (mut comments, mut picture) = (None, None);
    for index in 1..=count {
        let packet = &packets.get(index).ok_or("a header packet is missing")?.0;
        let (kind, last, body) = flac::block(packet)?;
        check!(packet.len() == 4 + body.len(), "block {index} does not fill its packet");
        check!(last == (index == count), "block {index} of {count} says last {last}");
        match kind {
            4 if index == 1 => comments = Some(flac::comments(body)?),
            6 if picture.is_none() => picture = Some(flac::picture(body)?),
            _ => return Err(format!("block {index} is of type {kind}")),
        }
    }
    let comments = comments.ok_or("no comments")?;
    let (first, audio) = audio(&pages, packets, count + 1)?;
    let mut read = Vec::new();
    for (number, (data, page)) in audio.into_iter().enumerate() {
        let header = flac::frame_header(&data, &info)?;
        check!(header.number == number as u64, "frame {number} is numbered {}", header.number);
        read.push(Packet { data, samples: header.samples.into(), page });
    }
    let mut end = 0;
    for (index, page) in pages.iter().enumerate().skip(first) {
        let lasts: u64 = read.iter().filter(|packet| packet.page == index).map(|packet| packet.samples).sum();
        check!(page.parts < 2 || lasts <= info.sample_rate.into(), "page {index} lasts {lasts} samples");
        end += lasts;
        check!(page.granule.is_none_or(|granule| granule == end), "page {index} ends at {:?}, not {end}", page.granule);
    }
    Ok(File { serial, pages, codec: Codec::Flac(info), comments, picture, packets: read, start: 0, trimmed: 0 })
}

/// Bit by bit: polynomial 0x04c11db7, from 0, nothing inverted.
pub fn crc(bytes: &[u8]) -> u32 {
    let mut crc = 0u32;
    for &byte in bytes {
        for bit in (0..8).rev() {
            let carry = (crc >> 31) as u8 ^ (byte >> bit & 1);
            crc = crc << 1 ^ if carry == 1 { 0x04c1_1db7 } else { 0 };
        }
    }
    crc
}
