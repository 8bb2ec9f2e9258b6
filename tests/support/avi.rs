//! A strict reader of AVI files, written from Microsoft's AVI RIFF file reference and the OpenDML extensions 1.02. It
//! follows every chunk of the data and demands that all indexes and totals say the same.
#![allow(dead_code, reason = "each test uses another part")]

use std::io::{Cursor, Read, Seek, SeekFrom};

pub type Result<T> = std::result::Result<T, String>;

#[derive(Debug)]
pub struct File {
    pub streams: Vec<Stream>,
    /// Identifiers and texts of `INFO`.
    pub info: Vec<(String, String)>,
    /// `IDIT`.
    pub digitized: Option<String>,
    /// RIFF chunks.
    pub riffs: usize,
}

#[derive(Debug)]
pub struct Stream {
    pub rate: u32,
    pub scale: u32,
    pub format: Format,
    pub title: Option<String>,
    /// Shape of the whole picture.
    pub aspect: Option<(u16, u16)>,
    pub chunks: Vec<Chunk>,
    /// How many `ix##` chunks there are.
    pub indexes: usize,
}

#[derive(Debug, PartialEq)]
pub enum Format {
    Video { code: String, width: u32, height: u32 },
    Audio { sample_rate: u32, channels: u16, bits: u16, float: bool, mask: Option<u32> },
}

/// A chunk of a stream.
#[derive(Clone, Copy, Debug)]
pub struct Chunk {
    /// Of its body.
    pub offset: u64,
    pub size: u32,
    /// Which RIFF chunk it is in.
    pub riff: usize,
}

pub fn verify(bytes: &[u8]) -> Result<File> {
    verify_from(Cursor::new(bytes))
}

pub fn verify_from(mut source: impl Read + Seek) -> Result<File> {
    let length = source.seek(SeekFrom::End(0)).map_err(|error| error.to_string())?;
    let mut reader = Reader { source, length };
    let (mut at, mut riff) = (0, 0);
    let mut header: Option<Header> = None;
    while at < length {
        let list = reader.head(at, length)?;
        ensure(list.id == *b"RIFF", || format!("{} at {at} where a RIFF chunk should be", name(list.id)))?;
        let kind = reader.four(list.body)?;
        ensure(kind == *if riff == 0 { b"AVI " } else { b"AVIX" }, || format!("RIFF chunk {riff} is {}", name(kind)))?;
        let children = reader.children(list.body + 4, list.end())?;
        let mut rest = &children[..];
        if riff == 0 {
            let [first, behind @ ..] = rest else { return Err("an empty file".into()) };
            reader.expect_list(first, b"hdrl")?;
            header = Some(Header::read(&mut reader, first)?);
            rest = behind;
        }
        let header = header.as_mut().ok_or("no hdrl")?;
        if let (0, [info, behind @ ..]) = (riff, rest)
            && reader.expect_list(info, b"INFO").is_ok()
        {
            header.info = reader.info(info)?;
            rest = behind;
        }
        let [movie, behind @ ..] = rest else { return Err(format!("RIFF chunk {riff} has no movi")) };
        reader.expect_list(movie, b"movi")?;
        let chunks = header.read_movie(&mut reader, movie, riff)?;
        match (riff, behind) {
            (0, [old]) if old.id == *b"idx1" => reader.check_old_index(old, &chunks, movie.body)?,
            (0, []) => return Err("no idx1".into()),
            (1.., []) => {}
            (_, [other, ..]) => return Err(format!("{} behind movi", name(other.id))),
        }
        let bytes = list.end() - at;
        ensure(bytes <= 1 << 30 || chunks.len() == 1, || format!("RIFF chunk {riff} has {bytes} bytes"))?;
        if riff == 0 {
            header.first_frames = header.frames();
        }
        (at, riff) = (list.end(), riff + 1);
    }
    header.ok_or("an empty file")?.complete(riff)
}

fn ensure(condition: bool, fault: impl FnOnce() -> String) -> Result<()> {
    if condition { Ok(()) } else { Err(fault()) }
}

fn name(id: [u8; 4]) -> String {
    id.escape_ascii().to_string()
}

/// The header of a chunk.
#[derive(Clone, Copy, Debug)]
struct Head {
    id: [u8; 4],
    body: u64,
    size: u32,
}

impl Head {
    fn start(&self) -> u64 {
        self.body - 8
    }

    fn end(&self) -> u64 {
        self.body + u64::from(self.size)
    }
}

struct Reader<R> {
    source: R,
    length: u64,
}

impl<R: Read + Seek> Reader<R> {
    fn bytes(&mut self, at: u64, count: u64) -> Result<Vec<u8>> {
        ensure(at.checked_add(count).is_some_and(|end| end <= self.length), || format!("the file ends before {at}"))?;
        let mut bytes = vec![0; count as usize];
        let result = self.source.seek(SeekFrom::Start(at)).and_then(|_| self.source.read_exact(&mut bytes));
        result.map(|()| bytes).map_err(|error| format!("at {at}: {error}"))
    }

    fn four(&mut self, at: u64) -> Result<[u8; 4]> {
        Ok(self.bytes(at, 4)?.try_into().expect("four bytes"))
    }

    fn head(&mut self, at: u64, end: u64) -> Result<Head> {
        ensure(at + 8 <= end, || format!("{} bytes at {at} are no chunk", end - at))?;
        let (id, size) = (self.four(at)?, u32::from_le_bytes(self.four(at + 4)?));
        let head = Head { id, body: at + 8, size };
        ensure(head.end() <= end, || format!("{} at {at} claims {size} bytes, of which some are not there", name(id)))?;
        Ok(head)
    }

    /// The chunks from `at` on, which have to reach to `end`.
    fn children(&mut self, mut at: u64, end: u64) -> Result<Vec<Head>> {
        let mut heads = Vec::new();
        while at < end {
            let head = self.head(at, end)?;
            at = head.end();
            if head.size % 2 == 1 {
                ensure(at < end && self.bytes(at, 1)? == [0], || format!("no padding at {at}"))?;
                at += 1;
            }
            heads.push(head);
        }
        Ok(heads)
    }

    fn expect_list(&mut self, head: &Head, kind: &[u8; 4]) -> Result<()> {
        let is_list = head.id == *b"LIST" && head.size >= 4 && self.four(head.body)? == *kind;
        ensure(is_list, || format!("{} at {} is no list {}", name(head.id), head.start(), name(*kind)))
    }

    /// A chunk of exactly `size` bytes.
    fn fields(&mut self, head: &Head, id: &[u8; 4], size: u32) -> Result<Fields> {
        ensure(head.id == *id, || format!("{} where {} should be", name(head.id), name(*id)))?;
        ensure(head.size == size, || format!("{} has {} bytes, not {size}", name(*id), head.size))?;
        Ok(Fields { bytes: self.bytes(head.body, size.into())?, at: 0 })
    }

    fn text(&mut self, head: &Head) -> Result<String> {
        let bytes = self.bytes(head.body, head.size.into())?;
        let Some((0, text)) = bytes.split_last() else { return Err(format!("{} has no NUL", name(head.id))) };
        ensure(!text.contains(&0), || format!("{} has a NUL inside", name(head.id)))?;
        String::from_utf8(text.to_vec()).map_err(|_| format!("{} is no text", name(head.id)))
    }

    fn info(&mut self, list: &Head) -> Result<Vec<(String, String)>> {
        let mut info = Vec::new();
        for head in self.children(list.body + 4, list.end())? {
            ensure(head.id[0] == b'I', || format!("{} in INFO", name(head.id)))?;
            info.push((name(head.id), self.text(&head)?));
        }
        Ok(info)
    }

    /// `idx1` tells of each chunk of the first RIFF chunk, with offsets from the four characters `movi`.
    fn check_old_index(&mut self, head: &Head, chunks: &[(Head, bool)], movi: u64) -> Result<()> {
        let mut fields = self.fields(head, b"idx1", 16 * chunks.len() as u32)?;
        for (chunk, key) in chunks {
            let (id, flags) = (fields.four(), fields.u32());
            let (offset, size) = (fields.u32(), fields.u32());
            let wanted = (chunk.id, if *key { 0x10 } else { 0 }, chunk.start() - movi, chunk.size);
            ensure((id, flags, offset.into(), size) == wanted, || {
                format!("idx1 says {} {flags:#x} {offset} {size}, not {wanted:?}", name(id))
            })?;
        }
        Ok(())
    }
}

/// The body of a chunk, read from front to back.
struct Fields {
    bytes: Vec<u8>,
    at: usize,
}

impl Fields {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        self.at += N;
        self.bytes[self.at - N..self.at].try_into().expect("the body was measured")
    }

    fn four(&mut self) -> [u8; 4] {
        self.take()
    }

    fn u8(&mut self) -> u8 {
        self.take::<1>()[0]
    }

    fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.take())
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }

    /// A field that has to be `value`.
    fn is(&mut self, what: &str, value: u32) -> Result<()> {
        let found = self.u32();
        ensure(found == value, || format!("{what} is {found}, not {value}"))
    }

    fn is_short(&mut self, what: &str, value: u16) -> Result<()> {
        let found = self.u16();
        ensure(found == value, || format!("{what} is {found}, not {value}"))
    }

    fn zeros(&mut self, what: &str, count: usize) -> Result<()> {
        let zero = self.bytes[self.at..self.at + count].iter().all(|&byte| byte == 0);
        self.at += count;
        ensure(zero, || format!("{what} is not 0"))
    }
}

/// What the headers say, and what was found of it.
struct Header {
    streams: Vec<StreamState>,
    info: Vec<(String, String)>,
    digitized: Option<String>,
    // Of avih.
    micros: u32,
    most_bytes: u32,
    total_frames: u32,
    buffer: u32,
    size: (u32, u32),
    // Of dmlh.
    all_frames: u32,
    first_frames: u32,
}

struct StreamState {
    stream: Stream,
    /// Bytes of a sample of sound, 0 of video.
    block: u32,
    picture_bytes: Option<u32>,
    length: u32,
    buffer: u32,
    /// Of `indx`.
    index_id: [u8; 4],
    super_index: Vec<(u64, u32, u32)>,
    /// The chunks that no `ix##` has told of, and their ticks.
    pending: Vec<Head>,
    pending_ticks: u32,
    ticks: u64,
    peak: (u64, u64, u64),
}

impl Header {
    fn read(reader: &mut Reader<impl Read + Seek>, list: &Head) -> Result<Self> {
        let children = reader.children(list.body + 4, list.end())?;
        let [main, lists @ ..] = &children[..] else { return Err("hdrl is empty".into()) };
        let mut f = reader.fields(main, b"avih", 56)?;
        let (micros, most_bytes) = (f.u32(), f.u32());
        f.is("dwPaddingGranularity", 0)?;
        let flags = f.u32();
        ensure(flags & !0x800 == 0x110, || format!("dwFlags {flags:#x}: HASINDEX and ISINTERLEAVED are due"))?;
        let total_frames = f.u32();
        f.is("dwInitialFrames", 0)?;
        let count = f.u32() as usize;
        let buffer = f.u32();
        let size = (f.u32(), f.u32());
        f.zeros("dwReserved", 16)?;

        ensure(lists.len() > count && count > 0, || format!("dwStreams is {count}"))?;
        let (streams, behind) = lists.split_at(count);
        let streams = streams.iter().enumerate();
        let streams = streams.map(|(number, list)| StreamState::read(reader, number, list)).collect::<Result<_>>()?;
        let (extended, behind) = behind.split_first().ok_or("no odml")?;
        reader.expect_list(extended, b"odml")?;
        let total = reader.children(extended.body + 4, extended.end())?;
        let [total] = &total[..] else { return Err("odml holds dmlh and nothing else".into()) };
        let mut f = reader.fields(total, b"dmlh", 248)?;
        let all_frames = f.u32();
        f.zeros("dwFuture", 244)?;
        let digitized = match behind {
            [] => None,
            [head] if head.id == *b"IDIT" => Some(reader.text(head)?),
            [other, ..] => return Err(format!("{} in hdrl", name(other.id))),
        };
        let (info, first_frames) = (Vec::new(), 0);
        Ok(Header {
            streams,
            info,
            digitized,
            micros,
            most_bytes,
            total_frames,
            buffer,
            size,
            all_frames,
            first_frames,
        })
    }

    /// Frames of the first video stream so far.
    fn frames(&self) -> u32 {
        self.streams.iter().find(|state| state.block == 0).map_or(0, |state| state.ticks as u32)
    }

    /// The chunks of data, and whether decoding can begin at each.
    fn read_movie(
        &mut self,
        reader: &mut Reader<impl Read + Seek>,
        movie: &Head,
        riff: usize,
    ) -> Result<Vec<(Head, bool)>> {
        let mut chunks = Vec::new();
        for head in reader.children(movie.body + 4, movie.end())? {
            let number = |digits: &[u8]| std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
            let is_index = head.id.starts_with(b"ix");
            let number: Option<usize> = number(if is_index { &head.id[2..] } else { &head.id[..2] });
            let state = number.and_then(|number| self.streams.get_mut(number));
            let state = state.ok_or_else(|| format!("{} in movi", name(head.id)))?;
            if is_index {
                state.check_standard_index(reader, &head, movie.start())?;
            } else {
                let key = state.add(&head, riff)?;
                chunks.push((head, key));
            }
        }
        match self.streams.iter().position(|state| !state.pending.is_empty()) {
            Some(number) => Err(format!("RIFF chunk {riff} ends without an index of stream {number}")),
            None => Ok(chunks),
        }
    }

    fn complete(self, riffs: usize) -> Result<File> {
        let frames = self.frames();
        let equal =
            |what: &str, said: u32, is: u64| ensure(u64::from(said) == is, || format!("{what} {said}, not {is}"));
        equal("dwTotalFrames of avih", self.total_frames, self.first_frames.into())?;
        equal("dwTotalFrames of dmlh", self.all_frames, frames.into())?;
        let largest = |state: &StreamState| state.stream.chunks.iter().map(|chunk| chunk.size).max().unwrap_or(0);
        let buffer = self.streams.iter().map(largest).max().unwrap_or(0);
        equal("dwSuggestedBufferSize of avih", self.buffer, buffer.into())?;
        equal("dwMaxBytesPerSec", self.most_bytes, self.streams.iter().map(|state| state.peak.2).sum())?;
        let video = self.streams.iter().find(|state| state.block == 0);
        let (micros, size) = match video.map(|state| &state.stream) {
            Some(Stream { rate, scale, format: Format::Video { width, height, .. }, .. }) => {
                ((f64::from(*scale) * 1e6 / f64::from(*rate)).round() as u64, (*width, *height))
            }
            _ => (0, (0, 0)),
        };
        equal("dwMicroSecPerFrame", self.micros, micros)?;
        ensure(self.size == size, || format!("avih has {:?} pixels, the stream {size:?}", self.size))?;
        for (number, state) in self.streams.iter().enumerate() {
            equal(&format!("dwLength of stream {number}"), state.length, state.ticks)?;
            equal(&format!("dwSuggestedBufferSize of stream {number}"), state.buffer, largest(state).into())?;
            let (listed, found) = (state.super_index.len(), state.stream.indexes);
            ensure(listed == found, || format!("indx of stream {number} lists {listed} of {found} chunks"))?;
        }
        let streams = self.streams.into_iter().map(|state| state.stream).collect();
        Ok(File { streams, info: self.info, digitized: self.digitized, riffs })
    }
}

impl StreamState {
    fn read(reader: &mut Reader<impl Read + Seek>, number: usize, list: &Head) -> Result<Self> {
        reader.expect_list(list, b"strl")?;
        let children = reader.children(list.body + 4, list.end())?;
        let [header, format, index, behind @ ..] = &children[..] else { return Err("strl is too short".into()) };
        let mut f = reader.fields(header, b"strh", 56)?;
        let (kind, handler) = (f.four(), f.four());
        f.is("dwFlags of a stream", 0)?;
        f.is("wPriority and wLanguage", 0)?;
        f.is("dwInitialFrames of a stream", 0)?;
        let (scale, rate) = (f.u32(), f.u32());
        ensure(scale > 0 && rate > 0, || format!("a rate of {rate} / {scale}"))?;
        f.is("dwStart", 0)?;
        let (length, buffer) = (f.u32(), f.u32());
        f.is("dwQuality", u32::MAX)?;
        let sample_size = f.u32();
        let frame = [f.u16(), f.u16(), f.u16(), f.u16()];

        let (read, block, picture_bytes, suffix) = match &kind {
            b"vids" => {
                let (read, picture_bytes) = read_video_format(reader, format, handler, frame)?;
                ensure(sample_size == 0, || format!("dwSampleSize of video is {sample_size}"))?;
                (read, 0, picture_bytes, if picture_bytes.is_some() { *b"db" } else { *b"dc" })
            }
            b"auds" => {
                ensure(handler == [0; 4] && frame == [0; 4], || "sound with a handler or a frame".into())?;
                let (read, block) = read_audio_format(reader, format)?;
                ensure(sample_size == block, || format!("dwSampleSize is {sample_size}, nBlockAlign {block}"))?;
                (read, block, None, *b"wb")
            }
            _ => return Err(format!("a stream of {}", name(kind))),
        };
        if let Format::Audio { sample_rate, .. } = read {
            ensure((rate, scale) == (sample_rate, 1), || format!("{rate} / {scale} of sound at {sample_rate} Hz"))?;
        }
        let digits = format!("{number:02}");
        let index_id = [digits.as_bytes()[0], digits.as_bytes()[1], suffix[0], suffix[1]];
        let super_index = read_super_index(reader, index, index_id)?;

        let (mut title, mut aspect) = (None, None);
        for head in behind {
            match &head.id {
                b"strn" if title.is_none() && aspect.is_none() => title = Some(reader.text(head)?),
                b"vprp" if aspect.is_none() => {
                    aspect = Some(read_properties(reader, head, &read, rate.div_ceil(scale))?)
                }
                _ => return Err(format!("{} in strl", name(head.id))),
            }
        }
        let stream = Stream { rate, scale, format: read, title, aspect, chunks: Vec::new(), indexes: 0 };
        let (pending, pending_ticks, ticks, peak) = (Vec::new(), 0, 0, (0, 0, 0));
        Ok(StreamState {
            stream,
            block,
            picture_bytes,
            length,
            buffer,
            index_id,
            super_index,
            pending,
            pending_ticks,
            ticks,
            peak,
        })
    }

    /// Takes a chunk; whether decoding can begin at it, as it can at each that is not empty.
    fn add(&mut self, head: &Head, riff: usize) -> Result<bool> {
        ensure(head.id == self.index_id, || {
            format!("{} in movi, where the stream is {}", name(head.id), name(self.index_id))
        })?;
        let ticks = match (self.block, self.picture_bytes) {
            (0, Some(bytes)) if head.size != 0 && head.size != bytes => {
                return Err(format!("a picture of {} bytes, not {bytes}", head.size));
            }
            (0, _) => 1,
            (block, _) if head.size == 0 || !head.size.is_multiple_of(block) => {
                return Err(format!("{} bytes of sound, {block} a sample", head.size));
            }
            (block, _) => head.size / block,
        };
        let second = self.ticks * u64::from(self.stream.scale) / u64::from(self.stream.rate);
        let (current, bytes, most) = self.peak;
        let bytes = u64::from(head.size) + if second == current { bytes } else { 0 };
        self.peak = (second, bytes, most.max(bytes));
        self.ticks += u64::from(ticks);
        self.pending_ticks += ticks;
        self.pending.push(*head);
        self.stream.chunks.push(Chunk { offset: head.body, size: head.size, riff });
        Ok(head.size > 0)
    }

    /// `ix##` tells of each chunk since the one before it, and `indx` of it.
    fn check_standard_index(&mut self, reader: &mut Reader<impl Read + Seek>, head: &Head, movi: u64) -> Result<()> {
        let count = self.pending.len() as u32;
        let mut f = reader.fields(head, &head.id, 24 + 8 * count)?;
        f.is_short("wLongsPerEntry of ix", 2)?;
        f.is_short("bIndexType of ix", 0x0100)?;
        f.is("nEntriesInUse of ix", count)?;
        let id = f.four();
        ensure(id == self.index_id, || format!("{} tells of {}", name(head.id), name(id)))?;
        let base = f.u64();
        ensure(base == movi, || format!("qwBaseOffset is {base}, movi at {movi}"))?;
        f.is("dwReserved3", 0)?;
        for chunk in std::mem::take(&mut self.pending) {
            let (offset, size) = (base + u64::from(f.u32()), f.u32());
            let wanted = chunk.size | if chunk.size == 0 { 1 << 31 } else { 0 };
            ensure((offset, size) == (chunk.body, wanted), || {
                format!("{} says {offset} {size:#x}, not {} {wanted:#x}", name(head.id), chunk.body)
            })?;
        }
        let entry = (head.start(), head.size + 8, std::mem::take(&mut self.pending_ticks));
        let said = self.super_index.get(self.stream.indexes);
        ensure(said == Some(&entry), || format!("indx says {said:?} of {} at {entry:?}", name(head.id)))?;
        self.stream.indexes += 1;
        Ok(())
    }
}

/// BITMAPINFOHEADER; the bytes of a picture where it is uncompressed.
fn read_video_format(
    reader: &mut Reader<impl Read + Seek>,
    head: &Head,
    handler: [u8; 4],
    frame: [u16; 4],
) -> Result<(Format, Option<u32>)> {
    let mut f = reader.fields(head, b"strf", 40)?;
    f.is("biSize", 40)?;
    let (width, height) = (f.u32(), f.u32());
    ensure(frame.map(u32::from) == [0, 0, width, height], || format!("rcFrame {frame:?} of {width}x{height}"))?;
    f.is_short("biPlanes", 1)?;
    let bits = f.u16();
    let code = f.four();
    ensure(code == handler, || format!("biCompression {} of fccHandler {}", name(code), name(handler)))?;
    let half = |size: u32| size.div_ceil(2);
    let (samples, bits_wanted) = match &code {
        b"MJPG" => (None, 24),
        b"Y800" => (Some(width * height), 8),
        b"I420" => (Some(width * height + 2 * half(width) * half(height)), 12),
        b"Y42B" => (Some(width * height + 2 * half(width) * height), 16),
        b"I444" => (Some(3 * width * height), 24),
        b"I0AL" => (Some(2 * (width * height + 2 * half(width) * half(height))), 24),
        b"I2AL" => (Some(2 * (width * height + 2 * half(width) * height)), 32),
        b"I4AL" => (Some(6 * width * height), 48),
        _ => return Err(format!("biCompression {}", name(code))),
    };
    ensure(bits == bits_wanted, || format!("biBitCount {bits} of {}", name(code)))?;
    f.is("biSizeImage", samples.unwrap_or(3 * width * height))?;
    f.zeros("biXPelsPerMeter to biClrImportant", 16)?;
    Ok((Format::Video { code: name(code), width, height }, samples))
}

/// WAVEFORMATEX and WAVEFORMATEXTENSIBLE; the bytes of a sample.
fn read_audio_format(reader: &mut Reader<impl Read + Seek>, head: &Head) -> Result<(Format, u32)> {
    let size = if head.size == 16 { 16 } else { 40 };
    let mut f = reader.fields(head, b"strf", size)?;
    let (tag, channels, sample_rate) = (f.u16(), f.u16(), f.u32());
    let (bytes_a_second, block, bits) = (f.u32(), f.u16(), f.u16());
    let simple = channels <= 2 && bits == 16;
    ensure(channels > 0 && sample_rate > 0, || format!("{channels} channels at {sample_rate} Hz"))?;
    ensure(matches!(bits, 16 | 24 | 32), || format!("wBitsPerSample {bits}"))?;
    ensure((tag, size) == if simple { (1, 16) } else { (0xfffe, 40) }, || {
        format!("wFormatTag {tag:#x} in {size} bytes for {channels} channels of {bits} bits")
    })?;
    ensure(u32::from(block) == u32::from(channels * bits / 8), || format!("nBlockAlign {block}"))?;
    ensure(bytes_a_second == sample_rate * u32::from(block), || format!("nAvgBytesPerSec {bytes_a_second}"))?;
    let (mut float, mut mask) = (false, None);
    if !simple {
        f.is_short("cbSize", 22)?;
        f.is_short("wValidBitsPerSample", bits)?;
        let speakers = f.u32();
        ensure(speakers.count_ones() == u32::from(channels), || {
            format!("dwChannelMask {speakers:#x}, {channels} channels")
        })?;
        mask = Some(speakers);
        let sub_format = f.u16();
        ensure(matches!(sub_format, 1 | 3), || format!("SubFormat {sub_format}"))?;
        float = sub_format == 3;
        ensure(!float || bits == 32, || format!("floats of {bits} bits"))?;
        let rest: [u8; 14] = f.take();
        let guid = [0, 0, 0, 0, 16, 0, 128, 0, 0, 170, 0, 56, 155, 113];
        ensure(rest == guid, || format!("SubFormat ends with {rest:x?}"))?;
    }
    Ok((Format::Audio { sample_rate, channels, bits, float, mask }, block.into()))
}

/// `indx`: where each `ix##` is, its size and its duration.
fn read_super_index(reader: &mut Reader<impl Read + Seek>, head: &Head, id: [u8; 4]) -> Result<Vec<(u64, u32, u32)>> {
    ensure(head.size >= 24 && (head.size - 24).is_multiple_of(16), || format!("indx of {} bytes", head.size))?;
    let capacity = (head.size - 24) / 16;
    let mut f = reader.fields(head, b"indx", head.size)?;
    f.is_short("wLongsPerEntry of indx", 4)?;
    f.is_short("bIndexType of indx", 0)?;
    let used = f.u32();
    ensure(used <= capacity, || format!("indx uses {used} of {capacity} entries"))?;
    let tells = f.four();
    ensure(tells == id, || format!("indx of {} tells of {}", name(id), name(tells)))?;
    f.zeros("dwReserved of indx", 12)?;
    let entries = (0..used).map(|_| (f.u64(), f.u32(), f.u32())).collect();
    f.zeros("an unused entry of indx", 16 * (capacity - used) as usize)?;
    Ok(entries)
}

/// The video properties header; the shape of the picture.
fn read_properties(
    reader: &mut Reader<impl Read + Seek>,
    head: &Head,
    format: &Format,
    hertz: u32,
) -> Result<(u16, u16)> {
    let Format::Video { width, height, .. } = format else { return Err("vprp of sound".into()) };
    let mut f = reader.fields(head, b"vprp", 68)?;
    f.is("VideoFormatToken", 0)?;
    f.is("VideoStandard", 0)?;
    f.is("dwVerticalRefreshRate", hertz)?;
    f.is("dwHTotalInT", *width)?;
    f.is("dwVTotalInLines", *height)?;
    let (y, x) = (f.u16(), f.u16());
    ensure(x > 0 && y > 0, || format!("dwFrameAspectRatio {x}:{y}"))?;
    f.is("dwFrameWidthInPixels", *width)?;
    f.is("dwFrameHeightInLines", *height)?;
    f.is("nbFieldPerFrame", 1)?;
    for (what, value) in [
        ("CompressedBMHeight", *height),
        ("CompressedBMWidth", *width),
        ("ValidBMHeight", *height),
        ("ValidBMWidth", *width),
        ("ValidBMXOffset", 0),
        ("ValidBMYOffset", 0),
        ("VideoXOffsetInT", 0),
        ("VideoYValidStartLine", 0),
    ] {
        f.is(what, value)?;
    }
    Ok((x, y))
}
