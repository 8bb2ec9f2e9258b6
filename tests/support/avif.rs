//! A reader of AVIF files that believes nothing: written from ISO/IEC 23008-12, 14496-12 and the AVIF specification,
//! sharing no code with the muxer. Every byte of the boxes is one that has to be so, or one that is told of.
#![allow(dead_code, reason = "each test uses another part")]

pub type Checked<T> = Result<T, String>;

macro_rules! ensure {
    ($condition:expr, $($message:tt)*) => {
        if !$condition {
            return Err(format!($($message)*));
        }
    };
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Avif {
    pub brands: Vec<String>,
    pub items: Vec<Item>,
    /// Of a sequence.
    pub tracks: Vec<Track>,
    pub timescale: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    pub name: String,
    pub data: Vec<u8>,
    pub size: (u32, u32),
    pub depths: Vec<u8>,
    pub av1c: Vec<u8>,
    pub nclx: Option<Vec<u8>>,
    pub pixel_shape: Option<(u32, u32)>,
    pub hdr: (Option<Vec<u8>>, Option<Vec<u8>>),
    pub auxiliary: Option<Vec<u8>>,
    /// `clap`, `irot`, `imir`.
    pub clean_aperture: Option<Vec<u8>>,
    pub rotation: u8,
    pub mirrored: Option<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    pub handler: String,
    pub header: Vec<u8>,
    pub entry: Vec<(String, Vec<u8>)>,
    /// Data and duration.
    pub samples: Vec<(Vec<u8>, u32)>,
    pub sync: Vec<u32>,
}

struct Body<'a>(&'a [u8]);

impl<'a> Body<'a> {
    fn take(&mut self, count: usize) -> Checked<&'a [u8]> {
        ensure!(self.0.len() >= count, "a field of {count} bytes where {} are left", self.0.len());
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        Ok(taken)
    }

    fn u8(&mut self) -> Checked<u8> {
        Ok(self.take(1)?[0])
    }

    fn u16(&mut self) -> Checked<u16> {
        Ok(u16::from_be_bytes(self.take(2)?.try_into().unwrap()))
    }

    fn u32(&mut self) -> Checked<u32> {
        Ok(u32::from_be_bytes(self.take(4)?.try_into().unwrap()))
    }

    fn expect(&mut self, what: &str, bytes: &[u8]) -> Checked<()> {
        let found = self.take(bytes.len())?;
        ensure!(found == bytes, "{what} is {found:02x?} and not {bytes:02x?}");
        Ok(())
    }

    fn end(&self, what: &str) -> Checked<()> {
        ensure!(self.0.is_empty(), "{} bytes too many in {what}", self.0.len());
        Ok(())
    }
}

/// The boxes in `bytes`, in which each is as long as it says.
fn boxes(bytes: &[u8]) -> Checked<Vec<(String, &[u8])>> {
    let (mut body, mut found) = (Body(bytes), Vec::new());
    while !body.0.is_empty() {
        let size = body.u32()? as usize;
        let kind: String = body.take(4)?.iter().map(|&byte| char::from(byte)).collect();
        found.push((kind.clone(), body.take(size.checked_sub(8).ok_or(format!("{kind} of {size} bytes"))?)?));
    }
    Ok(found)
}

/// The bodies of boxes that have to be just these, in this order.
fn exactly<'a, const N: usize>(parent: &str, bytes: &'a [u8], kinds: [&str; N]) -> Checked<[&'a [u8]; N]> {
    let found = boxes(bytes)?;
    let names: Vec<_> = found.iter().map(|(kind, _)| kind.as_str()).collect();
    ensure!(names == kinds, "{parent} holds {names:?} and not {kinds:?}");
    Ok(std::array::from_fn(|index| found[index].1))
}

pub fn verify(file: &[u8]) -> Checked<Avif> {
    let top = boxes(file)?;
    let kinds: Vec<_> = top.iter().map(|(kind, _)| kind.as_str()).collect();
    let sequence = match kinds[..] {
        ["ftyp", "meta", "mdat"] => false,
        ["ftyp", "meta", "free", "mdat", "moov"] => true,
        _ => return Err(format!("the file holds {kinds:?}")),
    };
    ensure!(!sequence || top[2].1.is_empty(), "free that is not empty");
    let data = top[kinds.len() - 1 - usize::from(sequence)].1;
    let start = data.as_ptr() as usize - file.as_ptr() as usize;

    let mut body = Body(top[0].1);
    let major = body.take(4)?;
    body.expect("minor_version", &[0; 4])?;
    let brands: Vec<String> = body.0.chunks(4).map(|brand| String::from_utf8_lossy(brand).into_owned()).collect();
    let has = |brand: &str| brands.iter().any(|found| found == brand);
    ensure!(major == if sequence { b"avis" } else { b"avif" }, "the major brand is {major:?}");
    let needed: &[&str] =
        if sequence { &["avis", "avif", "mif1", "miaf", "msf1", "iso8"] } else { &["avif", "mif1", "miaf"] };
    ensure!(needed.iter().all(|brand| has(brand)) && brands.len() <= needed.len() + 1, "brands {brands:?}");

    let items = meta(top[1].1, file)?;
    let profile = |item: &Item| (item.av1c[1] >> 5, item.av1c[1] & 31);
    let within = |limit: (u8, u8)| items.iter().all(|item| profile(item).0 <= limit.0 && profile(item).1 <= limit.1);
    ensure!(has("MA1B") == within((0, 13)), "MA1B for {:?}", items.iter().map(profile).collect::<Vec<_>>());
    ensure!(has("MA1A") == (within((1, 16)) && !within((0, 13))), "MA1A");

    let (mut tracks, mut timescale) = (Vec::new(), 0);
    if sequence {
        (tracks, timescale) = movie(top[4].1, file)?;
        ensure!(tracks.len() == items.len(), "{} tracks for {} items", tracks.len(), items.len());
        for (track, item) in tracks.iter().zip(&items) {
            ensure!(track.samples[0].0 == item.data, "the item is not the first picture");
        }
        let used: usize = tracks.iter().flat_map(|track| &track.samples).map(|sample| sample.0.len()).sum();
        ensure!(used == data.len(), "{used} bytes of {}", data.len());
    } else {
        let all: Vec<u8> = items.iter().flat_map(|item| item.data.clone()).collect();
        ensure!(all == data, "the items at {start} do not fill mdat");
    }
    Ok(Avif { brands, items, tracks, timescale })
}

fn meta(bytes: &[u8], file: &[u8]) -> Checked<Vec<Item>> {
    let mut body = Body(bytes);
    body.expect("meta", &[0; 4])?;
    let kinds: Vec<_> = boxes(body.0)?.iter().map(|(kind, _)| kind.clone()).collect();
    let has_alpha = kinds.len() == 6;
    let [handler, primary, locations, entries, properties] = if has_alpha {
        let [hdlr, pitm, iloc, iinf, iref, iprp] =
            exactly("meta", body.0, ["hdlr", "pitm", "iloc", "iinf", "iref", "iprp"])?;
        ensure!(iref == b"\0\0\0\0\0\0\0\x0eauxl\0\x02\0\x01\0\x01", "iref {iref:?}");
        [hdlr, pitm, iloc, iinf, iprp]
    } else {
        exactly("meta", body.0, ["hdlr", "pitm", "iloc", "iinf", "iprp"])?
    };
    ensure!(handler == b"\0\0\0\0\0\0\0\0pict\0\0\0\0\0\0\0\0\0\0\0\0\0", "hdlr {handler:?}");
    ensure!(primary == b"\0\0\0\0\0\x01", "pitm {primary:?}");
    let count = 1 + u16::from(has_alpha);
    let mut items = vec![Item::default(); count.into()];

    let mut body = Body(locations);
    body.expect("iloc", &[0, 0, 0, 0, 0x44, 0])?;
    ensure!(body.u16()? == count, "iloc of other than {count} items");
    for (item, id) in items.iter_mut().zip(1u8..) {
        body.expect("item_ID, data_reference_index, extent_count", &[0, id, 0, 0, 0, 1])?;
        let (offset, length) = (body.u32()? as usize, body.u32()? as usize);
        item.data = file.get(offset..offset.saturating_add(length)).ok_or("an item beyond the end")?.to_vec();
    }
    body.end("iloc")?;

    let mut body = Body(entries);
    body.expect("iinf", &[0, 0, 0, 0, 0, count as u8])?;
    let found = boxes(body.0)?;
    ensure!(found.len() == usize::from(count) && found.iter().all(|(kind, _)| kind == "infe"), "iinf");
    for (((_, entry), item), id) in found.iter().zip(&mut items).zip(1u8..) {
        let mut body = Body(entry);
        body.expect("infe", &[2, 0, 0, 0, 0, id, 0, 0, b'a', b'v', b'0', b'1'])?;
        item.name = String::from_utf8_lossy(body.0).into_owned();
        ensure!(item.name.ends_with('\0'), "an item's name");
    }

    let [container, associations] = exactly("iprp", properties, ["ipco", "ipma"])?;
    let all = boxes(container)?;
    let mut body = Body(associations);
    body.expect("ipma", &[0, 0, 0, 0, 0, 0, 0, count as u8])?;
    let mut used = vec![false; all.len()];
    for (item, id) in items.iter_mut().zip(1u8..) {
        body.expect("item_ID", &[0, id])?;
        let mut order = Vec::new();
        for _ in 0..body.u8()? {
            let association = body.u8()?;
            let index = usize::from(association & 0x7f).wrapping_sub(1);
            let (kind, bytes) = all.get(index).ok_or(format!("a property {index}"))?;
            used[index] = true;
            let essential = matches!(kind.as_str(), "av1C" | "clap" | "irot" | "imir");
            ensure!(essential == (association & 0x80 != 0), "{kind} essential: {}", !essential);
            order.push(kind.clone());
            property(item, kind, bytes)?;
        }
        let ranks = ["ispe", "pixi", "av1C", "colr", "auxC", "pasp", "mdcv", "clli", "clap", "irot", "imir"];
        let ranks: Vec<_> = order.iter().map(|kind| ranks.iter().position(|known| known == kind)).collect();
        ensure!(ranks.is_sorted_by(|a, b| a < b), "properties {order:?}");
        ensure!(["ispe", "pixi", "av1C"] == order[..3], "properties {order:?}");
        ensure!(item.auxiliary.is_some() == (id == 2) && item.nclx.is_some() == (id == 1), "properties {order:?}");
        check_data(item)?;
    }
    body.end("ipma")?;
    ensure!(used.iter().all(|used| *used), "a property that no item has");
    if let [picture, alpha] = &items[..] {
        ensure!(alpha.size == picture.size && alpha.depths.len() == 1, "an alpha plane of {alpha:?}");
        let changes = |item: &Item| (item.clean_aperture.clone(), item.rotation, item.mirrored);
        ensure!(changes(picture) == changes(alpha), "an alpha plane that is shown otherwise");
    }
    Ok(items)
}

fn property(item: &mut Item, kind: &str, bytes: &[u8]) -> Checked<()> {
    let mut body = Body(bytes);
    match kind {
        "ispe" => {
            body.expect("ispe", &[0; 4])?;
            item.size = (body.u32()?, body.u32()?);
            body.end("ispe")?;
        }
        "pixi" => {
            body.expect("pixi", &[0; 4])?;
            let count = body.u8()?;
            item.depths = body.0.to_vec();
            ensure!(item.depths.len() == usize::from(count), "pixi of {count}");
        }
        "av1C" => item.av1c = bytes.to_vec(),
        "colr" => {
            ensure!(bytes.len() == 11 && bytes.starts_with(b"nclx") && bytes[10] & 0x7f == 0, "colr {bytes:?}");
            item.nclx = Some(bytes[4..].to_vec());
        }
        "pasp" => {
            item.pixel_shape = Some((body.u32()?, body.u32()?));
            body.end("pasp")?;
        }
        "mdcv" => item.hdr.0 = Some(body.take(24).and_then(|all| body.end("mdcv").map(|()| all))?.to_vec()),
        "clli" => item.hdr.1 = Some(body.take(4).and_then(|all| body.end("clli").map(|()| all))?.to_vec()),
        "auxC" => {
            body.expect("auxC", b"\0\0\0\0urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0")?;
            body.end("auxC")?;
            item.auxiliary = Some(bytes.to_vec());
        }
        "clap" => item.clean_aperture = Some(body.take(32).and_then(|all| body.end("clap").map(|()| all))?.to_vec()),
        "irot" => {
            ensure!(matches!(bytes, [1..=3]), "irot {bytes:?}");
            item.rotation = bytes[0];
        }
        "imir" => {
            ensure!(matches!(bytes, [0 | 1]), "imir {bytes:?}");
            item.mirrored = Some(bytes[0]);
        }
        _ => return Err(format!("a property {kind}")),
    }
    Ok(())
}

/// The data is one temporal unit without a delimiter, which begins with the sequence header of `av1C` and a key frame, and
/// the properties are what the sequence header says.
fn check_data(item: &Item) -> Checked<()> {
    let (head, obu) = item.av1c.split_at_checked(4).ok_or("av1C is too short")?;
    ensure!(obu.len() > 2 && obu[0] == 0x0a && usize::from(obu[1]) == obu.len() - 2, "configOBUs {obu:02x?}");
    ensure!(item.data.starts_with(obu), "the data does not begin with the sequence header of av1C");
    let header = Header::read(&obu[2..])?;
    ensure!(item.size == header.size, "ispe {:?}, sequence header {:?}", item.size, header.size);
    ensure!(head[0] == 0x81 && head[3] == 0, "av1C {head:02x?}");
    ensure!(head[1] == header.profile << 5 | header.level, "av1C {head:02x?}");
    ensure!(head[2] & 0x50 == u8::from(header.high) << 6 | u8::from(header.mono) << 4, "av1C {head:02x?}");
    ensure!(head[2] & 0xa3 == 0, "av1C {head:02x?}");
    let subsampling = [0x0c, 0, 0x08][usize::from(header.profile.min(2))];
    ensure!(head[2] & 0x0c == if header.mono { 0x0c } else { subsampling }, "av1C {head:02x?}");
    let depth = if header.high { 10 } else { 8 };
    ensure!(item.depths == vec![depth; if header.mono { 1 } else { 3 }], "pixi {:?}", item.depths);
    let mut rest = &item.data[obu.len()..];
    while let [first, after @ ..] = rest {
        let kind = first >> 3 & 15;
        ensure!(matches!(kind, 3 | 4 | 6) && first & 0x87 == 2, "an OBU that begins with {first:x}");
        let (mut size, mut used) = (0usize, 0);
        for (index, byte) in after.iter().enumerate().take(5) {
            size |= usize::from(byte & 0x7f) << (7 * index);
            used = index + 1;
            if byte & 0x80 == 0 {
                break;
            }
        }
        rest = after.get(used + size..).ok_or("an OBU beyond the end")?;
    }
    Ok(())
}

/// What a sequence header says (AV1, 5.5).
struct Header {
    profile: u8,
    level: u8,
    size: (u32, u32),
    high: bool,
    mono: bool,
}

impl Header {
    fn read(bytes: &[u8]) -> Checked<Header> {
        let mut at = 0;
        let mut get = |count: u32| -> Checked<u32> {
            let mut value = 0;
            for _ in 0..count {
                let byte = *bytes.get(at / 8).ok_or("the sequence header ends early")?;
                value = value << 1 | u32::from(byte >> (7 - at % 8) & 1);
                at += 1;
            }
            Ok(value)
        };
        let profile = get(3)? as u8;
        get(1)?; // still_picture
        let reduced = get(1)? == 1;
        let level;
        if reduced {
            level = get(5)?;
        } else {
            ensure!(get(2)? == 0 && get(5)? == 0, "timing, display delay or several operating points");
            get(12)?;
            level = get(5)?;
            if level > 7 {
                get(1)?;
            }
        }
        let (width_bits, height_bits) = (get(4)? + 1, get(4)? + 1);
        let size = (get(width_bits)? + 1, get(height_bits)? + 1);
        if !reduced {
            ensure!(get(1)? == 0, "frame ids");
        }
        get(3)?;
        if !reduced {
            get(4)?;
            let order_hint = get(1)? == 1;
            if order_hint {
                get(2)?;
            }
            let screen_content = if get(1)? == 1 { 2 } else { get(1)? };
            if screen_content > 0 && get(1)? == 0 {
                get(1)?;
            }
            if order_hint {
                get(3)?;
            }
        }
        get(3)?;
        let high = get(1)? == 1;
        let mono = profile != 1 && get(1)? == 1;
        Ok(Header { profile, level: level as u8, size, high, mono })
    }
}

fn movie(bytes: &[u8], file: &[u8]) -> Checked<(Vec<Track>, u32)> {
    let found = boxes(bytes)?;
    ensure!(found[0].0 == "mvhd" && found[1..].iter().all(|(kind, _)| kind == "trak"), "moov");
    let mut body = Body(found[0].1);
    body.expect("mvhd", &[0; 12])?;
    let (timescale, duration) = (body.u32()?, body.u32()?);
    body.expect("rate, volume", &[0, 1, 0, 0, 1, 0])?;
    body.expect("reserved", &[0; 10])?;
    body.expect(
        "matrix",
        &[
            0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0,
            0,
        ],
    )?;
    body.expect("pre_defined", &[0; 24])?;
    ensure!(body.u32()? as usize == found.len(), "next_track_ID");
    body.end("mvhd")?;
    let mut tracks = Vec::new();
    for ((_, trak), id) in found[1..].iter().zip(1u8..) {
        let track = track(trak, file, id, timescale, duration).map_err(|error| format!("track {id}: {error}"))?;
        tracks.push(track);
    }
    Ok((tracks, timescale))
}

fn track(bytes: &[u8], file: &[u8], id: u8, timescale: u32, duration: u32) -> Checked<Track> {
    let [header, media] = if id == 1 {
        exactly("trak", bytes, ["tkhd", "mdia"])?
    } else {
        let [header, reference, media] = exactly("trak", bytes, ["tkhd", "tref", "mdia"])?;
        ensure!(reference == b"\0\0\0\x0cauxl\0\0\0\x01", "tref {reference:?}");
        [header, media]
    };
    let mut body = Body(header);
    body.expect("tkhd, its flags and times", &[0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0])?;
    body.expect("track_ID", &[0, 0, 0, id, 0, 0, 0, 0])?;
    ensure!(body.u32()? == duration, "tkhd has another duration than mvhd");
    body.expect("reserved", &[0; 16])?;
    let header = body.take(44)?.to_vec();
    body.end("tkhd")?;
    let [mdhd, hdlr, minf] = exactly("mdia", media, ["mdhd", "hdlr", "minf"])?;
    let mut body = Body(mdhd);
    body.expect("mdhd", &[0; 12])?;
    ensure!((body.u32()?, body.u32()?) == (timescale, duration), "mdhd has another time than mvhd");
    body.expect("language", &[0x55, 0xc4, 0, 0])?;
    body.end("mdhd")?;
    let handler = if id == 1 { ("pict", "Color\0") } else { ("auxv", "Alpha\0") };
    let wanted = [&[0; 8][..], handler.0.as_bytes(), &[0; 12], handler.1.as_bytes()].concat();
    ensure!(hdlr == wanted, "hdlr {hdlr:?}");
    let [vmhd, dinf, stbl] = exactly("minf", minf, ["vmhd", "dinf", "stbl"])?;
    ensure!(vmhd == b"\0\0\0\x01\0\0\0\0\0\0\0\0", "vmhd {vmhd:?}");
    ensure!(dinf == b"\0\0\0\x1cdref\0\0\0\0\0\0\0\x01\0\0\0\x0curl \0\0\0\x01", "dinf {dinf:?}");
    let tables = boxes(stbl)?;
    let kinds: Vec<_> = tables.iter().map(|(kind, _)| kind.as_str()).collect();
    let has_sync = kinds.get(2) == Some(&"stss");
    let wanted: &[&str] = if has_sync {
        &["stsd", "stts", "stss", "stsc", "stsz", "stco"]
    } else {
        &["stsd", "stts", "stsc", "stsz", "stco"]
    };
    ensure!(kinds == wanted, "stbl holds {kinds:?}");
    let numbers = |index: usize| -> Checked<Vec<u32>> {
        let mut body = Body(tables[index].1);
        body.expect(&tables[index].0, &[0; 4])?;
        ensure!(body.0.len() % 4 == 0, "{} of odd length", tables[index].0);
        Ok(body.0.chunks(4).map(|word| u32::from_be_bytes(word.try_into().unwrap())).collect())
    };
    let by = usize::from(has_sync);
    let (durations, chunks, sizes, offsets) = (numbers(1)?, numbers(2 + by)?, numbers(3 + by)?, numbers(4 + by)?);
    let sync = if has_sync { numbers(2)? } else { Vec::new() };
    ensure!(!has_sync || sync[0] as usize == sync.len() - 1, "stss {sync:?}");
    ensure!(durations[0] as usize * 2 == durations.len() - 1, "stts {durations:?}");
    ensure!(chunks[0] as usize * 3 == chunks.len() - 1, "stsc {chunks:?}");
    ensure!(offsets[0] as usize == offsets.len() - 1, "stco {offsets:?}");
    let count = sizes[1] as usize;
    ensure!(if sizes[0] == 0 { sizes.len() == count + 2 } else { sizes.len() == 2 }, "stsz {sizes:?}");
    let size = |index: usize| if sizes[0] == 0 { sizes[index + 2] } else { sizes[0] } as usize;
    let mut lengths = Vec::new();
    for run in durations[1..].chunks(2) {
        ensure!(run[0] > 0 && run[1] > 0 && run[0] as usize <= count, "stts {durations:?}");
        lengths.extend(std::iter::repeat_n(run[1], run[0] as usize));
    }
    ensure!(
        lengths.len() == count && lengths.iter().map(|&length| u64::from(length)).sum::<u64>() == u64::from(duration),
        "stts {durations:?} of {duration}"
    );
    let mut samples = Vec::new();
    for (chunk, &offset) in (1u32..).zip(&offsets[1..]) {
        let run = chunks[1..].chunks(3).rfind(|run| run[0] <= chunk).ok_or("a chunk of no run")?;
        ensure!(run[2] == 1 && run[1] as usize <= count, "stsc {chunks:?}");
        let mut at = offset as usize;
        for _ in 0..run[1] {
            ensure!(samples.len() < count, "more samples in stsc than {count}");
            let length = size(samples.len());
            let data = file.get(at..at.saturating_add(length)).ok_or("a sample beyond the end")?.to_vec();
            samples.push((data, lengths[samples.len()]));
            at += length;
        }
    }
    ensure!(samples.len() == count, "{} samples of {count}", samples.len());
    let firsts: Vec<_> = chunks[1..].chunks(3).map(|run| run[0]).collect();
    ensure!(firsts.first() == Some(&1) && firsts.is_sorted_by(|a, b| a < b), "stsc {chunks:?}");
    ensure!(chunks[1..].chunks(3).all(|run| run[0] as usize <= offsets[0] as usize), "stsc {chunks:?}");
    let mut body = Body(tables[0].1);
    body.expect("stsd", &[0, 0, 0, 0, 0, 0, 0, 1])?;
    let [entry] = exactly("stsd", body.0, ["av01"])?;
    let mut body = Body(entry);
    body.expect("data_reference_index", &[0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])?;
    let size = body.take(4)?.to_vec();
    body.expect("resolution, frame_count", b"\0\x48\0\0\0\x48\0\0\0\0\0\0\0\x01\x0aAOM Coding")?;
    body.expect("compressorname, depth", &[[0; 21].as_slice(), &[0, 0x18, 0xff, 0xff]].concat())?;
    let mut inside = vec![("size".to_owned(), size)];
    inside.extend(boxes(body.0)?.into_iter().map(|(kind, bytes)| (kind, bytes.to_vec())));
    let find = |kind: &str| inside.iter().find(|(found, _)| found == kind).map(|(_, bytes)| bytes.as_slice());
    ensure!(find("ccst") == Some(&[0, 0, 0, 0, 0x7c, 0, 0, 0]), "ccst");
    let urn: &[u8] = b"\0\0\0\0urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0";
    ensure!(find("auxi") == (id == 2).then_some(urn), "auxi");
    Ok(Track { handler: handler.0.into(), header, entry: inside, samples, sync: sync.into_iter().skip(1).collect() })
}
