//! Readers of PNG with animations (PNG, third edition) and of GIF (89a) that believe nothing: every byte that is not
//! image data is either one that has to be so, or one that is told of. They share no code with the muxers.
#![allow(dead_code, reason = "each test uses another part")]

pub type Checked<T> = Result<T, String>;

macro_rules! ensure {
    ($condition:expr, $($message:tt)*) => {
        if !$condition {
            return Err(format!($($message)*));
        }
    };
}

/// Left, top, width and height, and the delay as a fraction of a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    pub rect: (u32, u32, u32, u32),
    pub delay: (u16, u16),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Png {
    pub size: (u32, u32),
    pub color_type: u8,
    /// The body of `cICP`; `None` where it is sRGB.
    pub code_points: Option<Vec<u8>>,
    /// Empty for a still picture.
    pub frames: Vec<Shown>,
    pub plays: u32,
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        (0..8).for_each(|_| crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 });
    }
    !crc
}

fn u32_at(bytes: &[u8], at: usize) -> Checked<u32> {
    let field = bytes.get(at..at + 4).ok_or("a field beyond the end")?;
    Ok(u32::from_be_bytes(field.try_into().unwrap()))
}

pub fn png(file: &[u8]) -> Checked<Png> {
    ensure!(file.starts_with(b"\x89PNG\r\n\x1a\n"), "no signature");
    let (mut at, mut chunks) = (8, Vec::new());
    while at < file.len() {
        let length = u32_at(file, at)? as usize;
        ensure!(length < 1 << 31 && file.len() - at >= length.saturating_add(12), "a chunk of {length} bytes at {at}");
        let kind = String::from_utf8_lossy(&file[at + 4..at + 8]).into_owned();
        let body = &file[at + 8..at + 8 + length];
        ensure!(u32_at(file, at + 8 + length)? == crc(&file[at + 4..at + 8 + length]), "the CRC of {kind} at {at}");
        chunks.push((kind, body));
        at += length + 12;
    }
    let (first, rest) = chunks.split_first().ok_or("no chunk")?;
    ensure!(first.0 == "IHDR" && first.1.len() == 13, "the first chunk is {}", first.0);
    ensure!(first.1[8] == 8 && first.1[10..] == [0, 0, 0], "IHDR {:?}", first.1);
    let mut png = Png {
        size: (u32_at(first.1, 0)?, u32_at(first.1, 4)?),
        color_type: first.1[9],
        code_points: None,
        frames: Vec::new(),
        plays: 0,
    };
    let (mut count, mut sequence, mut data) = (None, 0, 0);
    for (index, (kind, body)) in rest.iter().enumerate() {
        match kind.as_str() {
            "sRGB" => ensure!(index == 0 && body == b"\0", "sRGB {body:?} at {index}"),
            "cICP" => {
                ensure!(index == 0 && body.len() == 4, "cICP {body:?} at {index}");
                png.code_points = Some(body.to_vec());
            }
            "acTL" => {
                ensure!(index == 1 && body.len() == 8, "acTL at {index}");
                (count, png.plays) = (Some(u32_at(body, 0)?), u32_at(body, 4)?);
            }
            "fcTL" => {
                ensure!(count.is_some() && body.len() == 26 && data == png.frames.len(), "fcTL at {index}");
                ensure!(u32_at(body, 0)? == sequence, "sequence_number {} for {sequence}", u32_at(body, 0)?);
                sequence += 1;
                let (width, height, left, top) =
                    (u32_at(body, 4)?, u32_at(body, 8)?, u32_at(body, 12)?, u32_at(body, 16)?);
                let fits = u64::from(left) + u64::from(width) <= png.size.0.into()
                    && u64::from(top) + u64::from(height) <= png.size.1.into();
                ensure!(width > 0 && height > 0 && fits, "a frame of {width}x{height} at {left}, {top}");
                let whole = (left, top, width, height) == (0, 0, png.size.0, png.size.1);
                ensure!(whole || !png.frames.is_empty(), "a first frame that is not whole");
                let delay = u32_at(body, 20)?;
                let delay = ((delay >> 16) as u16, delay as u16);
                ensure!(delay.1 > 0, "a denominator of 0");
                ensure!(body[24..] == [0, 0], "dispose_op and blend_op {:?}", &body[24..]);
                png.frames.push(Shown { rect: (left, top, width, height), delay });
            }
            "IDAT" => {
                ensure!(!body.is_empty() && png.frames.len() <= 1 && data == 0, "IDAT at {index}");
                data += 1;
            }
            "fdAT" => {
                ensure!(body.len() > 4 && png.frames.len() == data + 1 && data > 0, "fdAT at {index}");
                ensure!(u32_at(body, 0)? == sequence, "sequence_number {} for {sequence}", u32_at(body, 0)?);
                sequence += 1;
                data += 1;
            }
            "IEND" => ensure!(index + 1 == rest.len() && body.is_empty(), "IEND at {index}"),
            _ => return Err(format!("a chunk {kind}")),
        }
    }
    ensure!(rest.last().is_some_and(|(kind, _)| kind == "IEND"), "no IEND");
    ensure!(matches!(rest[0].0.as_str(), "sRGB" | "cICP"), "nothing says the colour");
    ensure!(data == png.frames.len().max(1), "{data} images for {} frames", png.frames.len());
    ensure!(count.is_none_or(|count| count as usize == png.frames.len() && count > 1), "num_frames {count:?}");
    Ok(png)
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gif {
    pub size: (u16, u16),
    pub loops: Option<u16>,
    pub frames: Vec<GifFrame>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GifFrame {
    pub rect: (u16, u16, u16, u16),
    /// In hundredths of a second.
    pub delay: u16,
    /// 1: stays, 2: the part becomes transparent.
    pub dispose: u8,
    pub transparent: Option<u8>,
    pub palette: Vec<u8>,
    /// The code size, and what is compressed by it.
    pub data: Vec<u8>,
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Checked<&'a [u8]> {
        ensure!(self.0.len() >= count, "the file ends early");
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        Ok(taken)
    }

    fn u8(&mut self) -> Checked<u8> {
        Ok(self.take(1)?[0])
    }

    fn u16(&mut self) -> Checked<u16> {
        Ok(u16::from_le_bytes(self.take(2)?.try_into().unwrap()))
    }

    fn expect(&mut self, what: &str, bytes: &[u8]) -> Checked<()> {
        let found = self.take(bytes.len())?;
        ensure!(found == bytes, "{what} is {found:02x?}");
        Ok(())
    }
}

pub fn gif(file: &[u8]) -> Checked<Gif> {
    let mut bytes = Bytes(file);
    bytes.expect("the signature", b"GIF89a")?;
    let mut gif = Gif { size: (bytes.u16()?, bytes.u16()?), loops: None, frames: Vec::new() };
    ensure!(gif.size.0 > 0 && gif.size.1 > 0, "a size of 0");
    // A table of two colours that nothing uses.
    bytes.expect("flags, background, aspect", &[0x80, 0, 0])?;
    bytes.expect("the global table", &[0; 6])?;
    loop {
        match bytes.u8()? {
            0x3b => break,
            0x21 => match bytes.u8()? {
                0xff => {
                    ensure!(gif.frames.is_empty() && gif.loops.is_none(), "a late loop");
                    bytes.expect("the loop", b"\x0bNETSCAPE2.0\x03\x01")?;
                    gif.loops = Some(bytes.u16()?);
                    bytes.expect("its end", &[0])?;
                }
                0xf9 => gif.frames.push(gif_frame(&mut bytes, gif.size)?),
                kind => return Err(format!("an extension {kind:x}")),
            },
            kind => return Err(format!("a block {kind:x}")),
        }
    }
    ensure!(bytes.0.is_empty() && !gif.frames.is_empty(), "no frame, or bytes behind the end");
    ensure!(gif.loops.is_some() == (gif.frames.len() > 1), "a loop of {} frames", gif.frames.len());
    Ok(gif)
}

fn gif_frame(bytes: &mut Bytes<'_>, size: (u16, u16)) -> Checked<GifFrame> {
    bytes.expect("the control's size", &[4])?;
    let flags = bytes.u8()?;
    let (delay, transparent) = (bytes.u16()?, bytes.u8()?);
    bytes.expect("the control's end and an image", &[0, 0x2c])?;
    let dispose = flags >> 2;
    ensure!(flags & 2 == 0 && matches!(dispose, 1 | 2), "control flags {flags:x}");
    ensure!(flags & 1 == 1 || transparent == 0, "a transparent index that is not said");
    let transparent = (flags & 1 == 1).then_some(transparent);
    ensure!(delay >= 2, "a delay of {delay}, which players take for ten");
    let rect = (bytes.u16()?, bytes.u16()?, bytes.u16()?, bytes.u16()?);
    let (left, top, width, height) = (rect.0, rect.1, rect.2, rect.3);
    let fits =
        u32::from(left) + u32::from(width) <= size.0.into() && u32::from(top) + u32::from(height) <= size.1.into();
    ensure!(width > 0 && height > 0 && fits, "an image {rect:?}");
    let flags = bytes.u8()?;
    ensure!(flags & 0xf8 == 0x80, "image flags {flags:x}");
    let palette = bytes.take(3 * (2 << (flags & 7)))?.to_vec();
    let code_size = bytes.u8()?;
    ensure!((2..=8).contains(&code_size), "a code size of {code_size}");
    let mut data = vec![code_size];
    loop {
        let length = bytes.u8()?;
        if length == 0 {
            break;
        }
        data.extend_from_slice(bytes.take(length.into())?);
    }
    ensure!(data.len() > 1, "an image without data");
    Ok(GifFrame { rect, delay, dispose, transparent, palette, data })
}
