//! A reader of MP4 files that believes nothing: written from ISO/IEC 14496-12 and the documents of the codecs, sharing
//! no code with the muxer that it judges. It knows only the boxes that our files may have, and refuses all else.

#![allow(dead_code)] // each test binary uses a part

use std::io::{Cursor, Read, Seek, SeekFrom};
use std::ops::Range;

#[path = "isobmff_boxes.rs"]
mod boxes;
#[path = "isobmff_codecs.rs"]
pub mod codecs;
#[path = "isobmff_fragments.rs"]
mod fragments;
#[path = "isobmff_hidden.rs"]
mod hidden;
#[path = "isobmff_metadata.rs"]
pub mod metadata;
#[path = "isobmff_mov.rs"]
mod mov;
#[path = "isobmff_segments.rs"]
mod segments;
#[path = "isobmff_text.rs"]
pub mod text;
#[path = "isobmff_visual.rs"]
pub mod visual;

use boxes::{Body, Node};

pub type Checked<T> = Result<T, String>;

macro_rules! ensure {
    ($condition:expr, $($message:tt)*) => {
        match $condition {
            true => {}
            false => return Err(format!($($message)*)),
        }
    };
}
pub(crate) use ensure;

/// What a file says, after all its parts were found to agree.
#[derive(Debug)]
pub struct Movie {
    pub brands: Vec<String>,
    pub boxes: Vec<String>,
    pub timescale: u32,
    pub duration: u64,
    pub tracks: Vec<Track>,
    /// For each fragment, which tracks are in it and with how many samples; empty in a plain file.
    pub fragments: Vec<Vec<(u32, usize)>>,
    /// The payloads of all `mdat`.
    pub media_data: Vec<Range<u64>>,
    /// The sizes of all `free`.
    pub free: Vec<u64>,
    /// The fragmented file that a plain one was before it was finished, where there is one in its media data.
    pub hidden: Option<Box<Movie>>,
    /// In seconds since 1904 began; 0 where it is not said.
    pub creation_time: u64,
    pub metadata: metadata::Metadata,
}

#[derive(Debug)]
pub struct Track {
    pub id: u32,
    pub handler: String,
    pub language: String,
    pub timescale: u32,
    pub media_duration: u64,
    pub duration: u64,
    pub width: u32,
    pub height: u32,
    pub alternate_group: u16,
    /// Width and height in 16.16 fixed point.
    pub size: (u32, u32),
    /// Quarter turns clockwise, of a picture that was mirrored first if the second is true.
    pub orientation: (u8, bool),
    pub enabled: bool,
    pub creation_time: u64,
    /// What `hdlr` calls it, and its title in `udta`.
    pub name: String,
    pub title: Option<String>,
    /// Whether its role is that of forced subtitles.
    pub forced: bool,
    /// The track of its chapters.
    pub chapter_track: Option<u32>,
    pub edits: Vec<Edit>,
    pub entry: codecs::Entry,
    pub samples: Vec<Sample>,
    pub has_sync_table: bool,
    pub has_64_bit_offsets: bool,
    /// Per chunk: the number of samples.
    pub chunks: Vec<u32>,
    /// From the movie or, of a fragmented file, from each fragment.
    pub roll_distances: Vec<i16>,
    /// What its fragments choose from.
    pub roll_choices: Vec<i16>,
    defaults: Option<fragments::Defaults>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edit {
    pub duration: u64,
    pub media_time: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    pub offset: u64,
    pub size: u32,
    pub time: u64,
    pub duration: u32,
    pub sync: bool,
}

impl Movie {
    pub fn track(&self, handler: &str) -> &Track {
        self.tracks.iter().find(|track| track.handler == handler).expect("a track of this kind")
    }

    /// When `track` is first seen or heard, and when no more, in seconds.
    pub fn presented(&self, track: &Track) -> (f64, f64) {
        let media = |ticks: u64| ticks as f64 / f64::from(track.timescale);
        let movie = |ticks: u64| ticks as f64 / f64::from(self.timescale);
        let first = track.samples.first().map_or(0, |sample| sample.time);
        let last = track.samples.last().map_or(0, |sample| sample.time + u64::from(sample.duration));
        match track.edits[..] {
            [] => (media(first), media(last)),
            [Edit { duration: 0, media_time }] => {
                (media(first.saturating_sub(track.lead() as u64)), media(last) - media(media_time as u64))
            }
            [edit] => (0.0, movie(edit.duration)),
            [empty, edit] => (movie(empty.duration), movie(empty.duration + edit.duration)),
            _ => panic!("more edits than were checked"),
        }
    }
}

impl Track {
    /// What the codec wants skipped, in media ticks.
    pub fn pre_skip(&self) -> i64 {
        match &self.entry {
            codecs::Entry::Opus(opus) => opus.pre_skip.into(),
            _ => 0,
        }
    }

    /// How many media ticks stand before 0, beside what the codec wants skipped.
    pub fn lead(&self) -> i64 {
        self.edits.last().map_or(0, |edit| edit.media_time - self.pre_skip())
    }
}

/// Reads and checks a file that was cut off: up to its last whole fragment.
pub fn verify_unfinished(file: &[u8]) -> Checked<Movie> {
    let (mut at, mut whole) = (0, 0);
    while let Some(header) = file.get(at..at + 8) {
        let size = u32::from_be_bytes(header[..4].try_into().unwrap()) as usize;
        if size < 8 || size > file.len() - at {
            break;
        }
        at += size;
        if header[4..] != *b"moof" {
            whole = at;
        }
    }
    verify(&file[..whole])
}

/// Reads and checks the whole of `file`.
pub fn verify(file: &[u8]) -> Checked<Movie> {
    verify_from(Cursor::new(file))
}

/// As [`verify`], for what is too large for memory.
pub fn verify_from(mut source: impl Read + Seek) -> Checked<Movie> {
    verify_source(&mut source)
}

trait Source: Read + Seek {}
impl<T: Read + Seek> Source for T {}

fn verify_source(mut source: &mut dyn Source) -> Checked<Movie> {
    let mut boxes = Vec::new();
    let (mut free, mut stray, mut random_access, mut narrow) = (Vec::new(), false, None, None);
    let mut movie_box = None;
    let mut movie_fragments = Vec::new();
    let mut movie_segments = segments::Segments::default();
    let mut media_data = Vec::new();
    let mut brands = Vec::new();
    let end = source.seek(SeekFrom::End(0)).map_err(|error| error.to_string())?;
    let mut at = 0;
    while at < end {
        let header = read_at(&mut source, at, 8.min(end - at))?;
        ensure!(header.len() == 8, "{} bytes after the last box", header.len());
        let mut reader = Body::new(&header);
        let (mut size, kind) = (u64::from(reader.u32()?), reader.kind()?);
        let mut header_size = 8;
        ensure!(size != 0, "{kind} lasts to the end of the file: the file was not finished");
        if size == 1 {
            size = Body::new(&read_at(&mut source, at + 8, 8)?).u64()?;
            header_size = 16;
            if size <= u64::from(u32::MAX) {
                ensure!(narrow.replace(at).is_none(), "{kind} has a 64-bit size that would fit into 32 bits");
            }
        }
        ensure!(size >= header_size && size <= end - at, "{kind} at {at} claims {size} bytes of {}", end - at);
        let body = at + header_size..at + size;
        ensure!((kind == "ftyp") == (at == 0), "the file begins with {kind}, or has a second ftyp");
        ensure!(random_access.is_none(), "{kind} after mfra");
        movie_segments.follow(&kind, at, at + size)?;
        match kind.as_str() {
            // What becomes the header of all media data, in the moment before it does.
            "mdat" if movie_box.is_none() && size == 16 && header_size == 8 => stray = true,
            "mdat" => media_data.push(body),
            "free" => {
                let fragmented = movie_box.as_ref().is_some_and(|node: &Node| node.child("mvex").is_some());
                hidden::check_free(source, body, end, fragmented)?;
                free.push(size);
            }
            "styp" | "sidx" => {
                let node = Node::parse(&kind, at, &read_at(&mut source, body.start, body.end - body.start)?)?;
                movie_segments.read(&node, at + size, movie_fragments.len())?;
            }
            "ftyp" | "moov" | "moof" | "mfra" => {
                let node = Node::parse(&kind, at, &read_at(&mut source, body.start, body.end - body.start)?)?;
                match kind.as_str() {
                    "ftyp" => brands = file_type(&node)?,
                    "moof" => movie_fragments.push(node),
                    "mfra" => random_access = Some(node),
                    _ => ensure!(movie_box.replace(node).is_none(), "two moov"),
                }
            }
            _ => return Err(format!("{kind} is not expected in the file")),
        }
        boxes.push(kind);
        at += size;
    }
    let movie_box = movie_box.ok_or("no moov")?;
    let fragmented = movie_box.child("mvex").is_some();
    ensure!(fragmented || movie_fragments.is_empty(), "moof in a file without mvex");
    let quicktime = brands == ["qt  "];
    let mut movie = movie(&movie_box, fragmented, quicktime)?;
    (movie.brands, movie.boxes, movie.media_data) = (brands, boxes, media_data);
    movie.free = free;
    fragments::read(&movie_fragments, &mut movie)?;
    if let Some(node) = &random_access {
        ensure!(fragmented, "mfra in a file without mvex");
        fragments::check_random_access(node, &movie_fragments, &movie)?;
    }
    ensure!(fragmented || !stray, "an mdat of 8 bytes before moov");
    let recovering = movie.free.first() == Some(&16) || stray;
    check_brands(&movie, fragmented, recovering)?;
    movie.hidden = match fragmented {
        true => None,
        false => hidden::find(source, &movie)?.map(Box::new),
    };
    match &movie.hidden {
        Some(hidden) => hidden::check(&movie, hidden)?,
        None => {
            ensure!(narrow.is_none(), "a 64-bit size that would fit into 32 bits");
            check_tiling(&movie)?;
        }
    }
    movie_segments.check(&movie)?;
    for track in &movie.tracks {
        let members = movie.fragments.iter().flatten().filter(|(id, _)| *id == track.id);
        let pieces = if fragmented { members.map(|(_, count)| *count).collect() } else { vec![track.samples.len()] };
        codecs::check(track, fragmented, &pieces, |sample| read_at(&mut source, sample.offset, sample.size.into()))?;
    }
    Ok(movie)
}

fn read_at(source: &mut (impl Read + Seek + ?Sized), at: u64, length: u64) -> Checked<Vec<u8>> {
    ensure!(length < 1 << 30, "a box or sample of {length} bytes");
    let mut bytes = vec![0; length as usize];
    source.seek(SeekFrom::Start(at)).map_err(|error| error.to_string())?;
    source.read_exact(&mut bytes).map_err(|error| format!("reading {length} bytes at {at}: {error}"))?;
    Ok(bytes)
}

fn file_type(node: &Node) -> Checked<Vec<String>> {
    let mut body = node.fields();
    let major = body.kind()?;
    body.zeros("minor_version", 4)?;
    let mut brands = Vec::new();
    while !body.is_empty() {
        brands.push(body.kind()?);
    }
    ensure!(brands.contains(&major), "the major brand {major} is not among the compatible ones");
    Ok(brands)
}

fn check_brands(movie: &Movie, fragmented: bool, recovering: bool) -> Checked<()> {
    let has = |brand: &str| movie.brands.iter().any(|found| found == brand);
    let av1 = movie.tracks.iter().any(|track| matches!(track.entry, codecs::Entry::Av1(_)));
    if has("qt  ") {
        ensure!(movie.brands.len() == 1, "MOV with brands {:?}", movie.brands);
        return Ok(());
    }
    ensure!(has("iso6"), "no brand iso6");
    ensure!(has("av01") == av1, "brand av01: {}, AV1 track: {av1}", has("av01"));
    // Pictures promise only in segments that each begins with a sync sample.
    let segmented = movie.boxes.iter().any(|kind| kind == "styp");
    let single = fragmented && !recovering && movie.tracks.len() == 1;
    let cmaf = single && (movie.tracks[0].handler != "vide" || segmented);
    ensure!(has("cmfc") == cmaf, "brand cmfc: {}, one track of sound in fragments: {cmaf}", has("cmfc"));
    Ok(())
}

/// Every byte of media data belongs to one sample, and every sample is media data.
fn check_tiling(movie: &Movie) -> Checked<()> {
    let mut pieces: Vec<Range<u64>> = Vec::new();
    for sample in movie.tracks.iter().flat_map(|track| &track.samples) {
        match pieces.last_mut() {
            Some(piece) if piece.end == sample.offset => piece.end += u64::from(sample.size),
            _ => pieces.push(sample.offset..sample.offset + u64::from(sample.size)),
        }
    }
    pieces.sort_by_key(|piece| piece.start);
    let mut pieces = pieces.into_iter();
    for data in &movie.media_data {
        let mut at = data.start;
        while at < data.end {
            let piece = pieces.next().ok_or(format!("no sample for media data at {at}"))?;
            ensure!(piece.start == at, "a sample at {} where media data begins at {at}", piece.start);
            at = piece.end;
        }
        ensure!(at == data.end, "samples to {at} in media data that ends at {}", data.end);
    }
    match pieces.next() {
        Some(piece) => Err(format!("a sample at {} outside of media data", piece.start)),
        None => Ok(()),
    }
}

const MATRIX: [u8; 36] =
    [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0];

/// Creation and modification time, which are one.
fn creation_time(body: &mut Body<'_>, version: u8) -> Checked<u64> {
    let (created, modified) = (body.wide(version)?, body.wide(version)?);
    ensure!(created == modified, "creation time {created}, modification time {modified}");
    Ok(created)
}

fn movie(node: &Node, fragmented: bool, quicktime: bool) -> Checked<Movie> {
    let (mut body, version, _) = node.only("mvhd").full_fields(1)?;
    let creation_time = creation_time(&mut body, version)?;
    let timescale = body.u32()?;
    let duration = body.wide(version)?;
    ensure!(version == 0 || duration.max(creation_time) > u64::from(u32::MAX), "mvhd is of version 1 for no reason");
    body.expect("rate and volume", &[0, 1, 0, 0, 1, 0])?;
    body.zeros("reserved", 10)?;
    body.expect("matrix", &MATRIX)?;
    body.zeros("pre_defined", 24)?;
    let next_track_id = body.u32()?;
    body.end("mvhd")?;
    ensure!(timescale >= 1000, "a movie timescale of {timescale}");

    let mut tracks = Vec::new();
    for trak in node.all("trak") {
        let track = track(trak, timescale, fragmented, quicktime)
            .map_err(|error| format!("track {}: {error}", tracks.len() + 1))?;
        ensure!(track.id > tracks.last().map_or(0, |last: &Track| last.id), "track numbers do not rise");
        tracks.push(track);
    }
    ensure!(next_track_id > tracks.last().map_or(0, |last| last.id), "next_track_ID is {next_track_id}");
    let longest = tracks.iter().map(|track| track.duration).max().unwrap_or(0);
    ensure!(duration == longest, "a movie of {duration} whose longest track has {longest}");
    for track in &tracks {
        let said = track.creation_time;
        ensure!(said == creation_time, "creation time {said} of a track in a movie of {creation_time}");
    }
    check_groups(&tracks)?;
    check_references(&tracks)?;
    let metadata = metadata::read(node, quicktime)?;
    if let Some(extends) = node.child("mvex") {
        fragments::read_defaults(extends, &mut tracks)?;
    }
    let (brands, boxes, fragments, media_data, free, hidden) = Default::default();
    Ok(Movie {
        brands,
        boxes,
        timescale,
        duration,
        tracks,
        fragments,
        media_data,
        free,
        hidden,
        creation_time,
        metadata,
    })
}

/// Of each group one track at least can be played, and sound of which there is more than one is in groups. (That some
/// group was wanted otherwise, who made the file has to compare.)
fn check_groups(tracks: &[Track]) -> Checked<()> {
    for track in tracks {
        let mut members = tracks.iter().filter(|other| other.alternate_group == track.alternate_group);
        let alike = track.alternate_group == 0 || members.all(|other| other.handler == track.handler);
        ensure!(alike, "alternate_group {} has tracks of other kinds", track.alternate_group);
    }
    for track in tracks.iter().filter(|track| track.handler != "text") {
        let mut members = tracks.iter().filter(|other| other.alternate_group == track.alternate_group);
        let playable = match track.alternate_group {
            0 => track.enabled,
            _ => members.any(|other| other.enabled),
        };
        ensure!(playable, "tkhd: no track of group {} is enabled", track.alternate_group);
    }
    Ok(())
}

/// Chapters are a track that is not played, to which all pictures and all sound refer.
fn check_references(tracks: &[Track]) -> Checked<()> {
    let chapters = tracks.iter().find(|track| matches!(track.entry, codecs::Entry::Chapters));
    for track in tracks {
        let wanted = chapters.filter(|_| track.handler != "text").map(|track| track.id);
        ensure!(track.chapter_track == wanted, "tref says {:?}, chapters are {wanted:?}", track.chapter_track);
    }
    ensure!(chapters.is_none_or(|track| !track.enabled), "chapters in a track that is enabled");
    Ok(())
}

fn track(node: &Node, movie_timescale: u32, fragmented: bool, quicktime: bool) -> Checked<Track> {
    let media = node.only("mdia");
    let information = media.only("minf");
    let table = information.only("stbl");

    let (mut body, version, _) = media.only("mdhd").full_fields(1)?;
    let created = creation_time(&mut body, version)?;
    let timescale = body.u32()?;
    ensure!(timescale > 0, "a media timescale of 0");
    let media_duration = body.wide(version)?;
    ensure!(version == 0 || media_duration.max(created) > u64::from(u32::MAX), "mdhd is of version 1 for no reason");
    let packed = body.u16()?;
    let letters = [10, 5, 0].map(|shift| char::from((packed >> shift & 31) as u8 + 0x60));
    let mut language: String = letters.iter().collect();
    ensure!(letters.iter().all(char::is_ascii_lowercase), "language {language:?}");
    body.zeros("pre_defined", 2)?;
    body.end("mdhd")?;
    if let Some(extended) = media.child("elng") {
        language = c_string(extended.full_fields(0)?.0.rest())?;
        ensure!(language.len() > 3, "elng {language:?} says no more than mdhd");
    }

    let (handler, name) = handler(media.only("hdlr"), quicktime.then_some("mhlr"))?;
    let entry = codecs::entry(table.only("stsd"), quicktime)?;
    let header = match (handler.as_str(), &entry) {
        ("vide", _) => "vmhd",
        ("soun", _) => "smhd",
        ("text", codecs::Entry::Chapters) => "gmhd",
        ("text", _) => "nmhd",
        _ => return Err(format!("handler {handler}")),
    };
    let media_header = information.child(header).ok_or(format!("no {header}"))?;
    if header == "gmhd" {
        text::chapters_header(media_header)?;
    } else {
        let (mut body, _, flags) = media_header.full_fields(0)?;
        ensure!(flags == u32::from(header == "vmhd"), "{header} has flags {flags}");
        body.zeros(header, [("vmhd", 8), ("smhd", 4)].iter().find(|(kind, _)| *kind == header).map_or(0, |of| of.1))?;
        body.end(header)?;
    }
    let kinds: Vec<_> = information.children.iter().map(|node| node.kind.as_str()).collect();
    if quicktime {
        ensure!(kinds == [header, "hdlr", "dinf", "stbl"], "minf holds {kinds:?}");
        let (data, _) = self::handler(information.only("hdlr"), Some("dhlr"))?;
        ensure!(data == "url ", "the data handler is {data}");
    } else {
        ensure!(kinds == [header, "dinf", "stbl"], "media headers of both kinds");
    }
    information.only("dinf").only("dref").fields().expect("dref", b"\0\0\0\0\0\0\0\x01\0\0\0\x0curl \0\0\0\x01")?;

    let mut track = Track {
        id: 0,
        handler,
        language,
        timescale,
        media_duration,
        duration: 0,
        width: 0,
        height: 0,
        alternate_group: 0,
        size: (0, 0),
        orientation: (0, false),
        enabled: false,
        creation_time: created,
        name,
        title: None,
        forced: false,
        chapter_track: None,
        edits: edits(node.child("edts"))?,
        entry,
        samples: Vec::new(),
        has_sync_table: false,
        has_64_bit_offsets: false,
        chunks: Vec::new(),
        roll_distances: Vec::new(),
        roll_choices: Vec::new(),
        defaults: None,
    };
    track_header(node.only("tkhd"), &mut track)?;
    user_data(node.child("udta"), &mut track)?;
    if let Some(references) = node.child("tref") {
        let mut body = references.only("chap").fields();
        track.chapter_track = Some(body.u32()?);
        body.end("chap")?;
    }
    sample_table(table, &mut track)?;
    let opus = matches!(track.entry, codecs::Entry::Opus(_));
    ensure!(opus == table.child("sgpd").is_some(), "roll groups in stbl where the codec is Opus, and only there");
    let distances = roll(table, track.samples.len())?;
    match fragmented {
        true => track.roll_choices = distances,
        false => {
            let wanted = usize::from(opus && !track.samples.is_empty());
            ensure!(
                distances.len() == wanted,
                "{} roll distances for {} samples",
                distances.len(),
                track.samples.len()
            );
            track.roll_distances = distances;
        }
    }
    check_times(&track, movie_timescale, fragmented)?;
    Ok(track)
}

fn track_header(node: &Node, track: &mut Track) -> Checked<()> {
    let (mut body, version, flags) = node.full_fields(1)?;
    ensure!(flags & !1 == 2, "tkhd flags {flags}: a track that is not in the movie is hidden");
    track.enabled = flags & 1 != 0;
    let created = creation_time(&mut body, version)?;
    ensure!(created == track.creation_time, "creation time {created} in tkhd");
    track.id = body.u32()?;
    body.zeros("reserved", 4)?;
    track.duration = body.wide(version)?;
    ensure!(version == 0 || track.duration.max(created) > u64::from(u32::MAX), "tkhd is of version 1 for no reason");
    body.zeros("reserved and layer", 10)?;
    track.alternate_group = body.u16()?;
    let sound = track.handler == "soun";
    body.expect("volume and reserved", &[u8::from(sound), 0, 0, 0])?;
    let mut matrix = [0; 9];
    for value in &mut matrix {
        *value = body.u32()? as i32;
    }
    let (width, height) = (body.u32()?, body.u32()?);
    track.size = (width, height);
    track.orientation = visual::orientation(matrix, track.size)?;
    (track.width, track.height) = ((width + 0x8000) >> 16, (height + 0x8000) >> 16);
    let picture = track.handler == "vide";
    ensure!((width > 0) == picture && (height > 0) == picture, "a track of {width:x} x {height:x}");
    ensure!(picture || track.orientation == (0, false), "matrix of what is no picture");
    body.end("tkhd")
}

/// What `hdlr` is for, and its name. MOV's has a `component` type and counts the bytes of the name.
fn handler(node: &Node, component: Option<&str>) -> Checked<(String, String)> {
    let (mut body, _, flags) = node.full_fields(0)?;
    ensure!(flags == 0, "hdlr has flags");
    body.expect("component type or pre_defined", component.unwrap_or("\0\0\0\0").as_bytes())?;
    let handler = body.kind()?;
    body.zeros("reserved", 12)?;
    let name = match component {
        None => c_string(body.rest())?,
        Some(_) => {
            let length = body.u8()?;
            let name = body.take(length.into()).map_err(|error| format!("the name of hdlr: {error}"))?.to_vec();
            body.end("hdlr")?;
            String::from_utf8(name).map_err(|error| error.to_string())?
        }
    };
    Ok((handler, name))
}

fn user_data(node: Option<&Node>, track: &mut Track) -> Checked<()> {
    let Some(node) = node else { return Ok(()) };
    let kinds: Vec<_> = node.children.iter().map(|node| node.kind.as_str()).collect();
    ensure!(matches!(kinds[..], ["©nam"] | ["kind"] | ["©nam", "kind"]), "udta of a track holds {kinds:?}");
    if let Some(title) = node.child("©nam") {
        let mut body = Body::new(&title.body);
        let length = body.u16()?;
        body.expect("the language of a title", b"\x55\xc4")?;
        let text = body.take(length.into())?.to_vec();
        body.end("a title")?;
        let title = String::from_utf8(text).map_err(|error| error.to_string())?;
        let agrees = !track.name.is_empty() && title.starts_with(&track.name);
        ensure!(agrees, "udta says {title:?}, hdlr {:?}", track.name);
        track.title = Some(title);
    }
    if let Some(kind) = node.child("kind") {
        ensure!(track.handler == "text", "kind of a {} track", track.handler);
        let (mut body, _, _) = kind.full_fields(0)?;
        body.expect("kind", b"urn:mpeg:dash:role:2011\0forced-subtitle\0")?;
        body.end("kind")?;
        track.forced = true;
    }
    Ok(())
}

fn edits(node: Option<&Node>) -> Checked<Vec<Edit>> {
    let Some(node) = node else { return Ok(Vec::new()) };
    let (mut body, version, _) = node.only("elst").full_fields(1)?;
    let count = body.u32()?;
    let mut edits = Vec::new();
    for _ in 0..count {
        let duration = body.wide(version)?;
        let media_time = if version == 1 { body.u64()? as i64 } else { (body.u32()? as i32).into() };
        body.expect("media_rate", &[0, 1, 0, 0])?;
        edits.push(Edit { duration, media_time });
    }
    body.end("elst")?;
    let shape: Vec<bool> = edits.iter().map(|edit| edit.media_time == -1).collect();
    ensure!(matches!(shape[..], [false] | [true, false]), "an edit list of {edits:?}");
    ensure!(edits.iter().all(|edit| edit.media_time >= -1), "an edit list of {edits:?}");
    Ok(edits)
}

/// Header durations, edit list and samples of the movie box agree.
fn check_times(track: &Track, movie_timescale: u32, fragmented: bool) -> Checked<()> {
    let media: u64 = track.samples.iter().map(|sample| u64::from(sample.duration)).sum();
    ensure!(track.media_duration == media, "mdhd says {}, samples last {media}", track.media_duration);
    if fragmented {
        ensure!(track.samples.is_empty() && track.duration == 0, "samples in the movie box of a fragmented file");
        ensure!(matches!(track.edits[..], [] | [Edit { duration: 0, .. }]), "an edit list of {:?}", track.edits);
        return Ok(());
    }
    ensure!(!track.samples.is_empty(), "no samples");
    let in_movie = |ticks: u64| {
        let scaled = u128::from(ticks) * u128::from(movie_timescale) * 2;
        (scaled / u128::from(track.timescale)).div_ceil(2) as u64
    };
    let expected = match track.edits[..] {
        [] => in_movie(media),
        _ => track.edits.iter().map(|edit| edit.duration).sum(),
    };
    ensure!(track.duration == expected, "tkhd says {}, edits or samples {expected}", track.duration);
    if let Some(edit) = track.edits.last() {
        // Where the whole of the last sample is padding it still has a tick.
        let start = edit.media_time as u64;
        let most = in_movie(media.saturating_sub(start)) + 1;
        ensure!(edit.duration > 0 && edit.duration <= most, "an edit of {} where {most} are left", edit.duration);
        ensure!(start < media, "an edit that begins at {start} of {media}");
    }
    Ok(())
}

fn sample_table(node: &Node, track: &mut Track) -> Checked<()> {
    let durations = node.only("stts").table::<2>()?;
    ensure!(durations.iter().all(|[count, delta]| *count > 0 && *delta > 0), "stts has a 0");
    ensure!(durations.windows(2).all(|pair| pair[0][1] != pair[1][1]), "stts has runs that could be one");

    let (mut body, _, _) = node.only("stsz").full_fields(0)?;
    let (uniform, count) = (body.u32()?, body.u32()?);
    let mut sizes = vec![uniform; count as usize];
    if uniform == 0 {
        for size in &mut sizes {
            *size = body.u32()?;
        }
        let alike = sizes.windows(2).all(|pair| pair[0] == pair[1]);
        ensure!(sizes.is_empty() || !alike, "stsz lists sizes that are all alike");
    }
    body.end("stsz")?;
    ensure!(sizes.iter().all(|&size| size > 0), "stsz has a 0");

    let runs = node.only("stsc").table::<3>()?;
    let offsets: Vec<u64> = match (node.child("stco"), node.child("co64")) {
        (Some(node), None) => node.table::<1>()?.iter().map(|[offset]| u64::from(*offset)).collect(),
        (None, Some(node)) => {
            track.has_64_bit_offsets = true;
            let table = offsets_64(node)?;
            ensure!(table.last().is_some_and(|&last| last > u64::from(u32::MAX)), "co64 for no reason");
            table
        }
        _ => return Err("stco and co64: one of them has to be there".into()),
    };
    ensure!(runs.first().map_or(1, |run| run[0]) == 1, "stsc begins at {:?}", runs.first());
    ensure!(runs.is_empty() == offsets.is_empty(), "chunks without samples");
    for (index, [first, samples, description]) in runs.iter().enumerate() {
        let next = runs.get(index + 1).map_or(offsets.len() as u32 + 1, |run| run[0]);
        ensure!(next > *first && *samples > 0 && *description == 1, "an stsc run of {first} {samples} {description}");
        ensure!(runs.get(index + 1).is_none_or(|run| run[1] != *samples), "stsc has runs that could be one");
        track.chunks.extend((*first..next).map(|_| *samples));
    }

    let all: u64 = track.chunks.iter().map(|&samples| u64::from(samples)).sum();
    ensure!(all == u64::from(count), "stsc has {all} samples, stsz {count}");
    let all: u64 = durations.iter().map(|[samples, _]| u64::from(*samples)).sum();
    ensure!(all == u64::from(count), "stts has {all} samples, stsz {count}");

    let sync: Option<Vec<u32>> = match node.child("stss") {
        Some(node) => Some(node.table::<1>()?.iter().map(|[number]| *number).collect()),
        None => None,
    };
    if let Some(numbers) = &sync {
        track.has_sync_table = true;
        ensure!(numbers.is_sorted_by(|a, b| a < b), "stss does not rise");
        ensure!(numbers.iter().all(|&number| (1..=count).contains(&number)), "stss names no sample");
        ensure!(numbers.len() < count as usize, "stss names every sample, and so could be left out");
    }

    let mut time = 0;
    let mut durations = durations.iter().flat_map(|[count, delta]| std::iter::repeat_n(*delta, *count as usize));
    let mut numbers = sync.as_ref().map(|numbers| numbers.iter().peekable());
    let mut sizes = sizes.into_iter();
    for (offset, samples) in offsets.iter().zip(&track.chunks) {
        let mut offset = *offset;
        for (size, duration) in sizes.by_ref().zip(durations.by_ref()).take(*samples as usize) {
            let number = track.samples.len() as u32 + 1;
            let sync = numbers.as_mut().is_none_or(|numbers| numbers.next_if(|next| **next == number).is_some());
            track.samples.push(Sample { offset, size, time, duration, sync });
            offset += u64::from(size);
            time += u64::from(duration);
        }
    }
    ensure!(track.samples.len() == count as usize, "{} samples of {count}", track.samples.len());
    Ok(())
}

fn offsets_64(node: &Node) -> Checked<Vec<u64>> {
    let (mut body, _, _) = node.full_fields(0)?;
    let count = body.u32()?;
    let offsets = (0..count).map(|_| body.u64()).collect::<Checked<Vec<_>>>()?;
    body.end("co64")?;
    Ok(offsets)
}

/// The roll groups of a table of `samples`: their distances, of which all samples of a table have the first.
fn roll(table: &Node, samples: usize) -> Checked<Vec<i16>> {
    let (Some(descriptions), Some(groups)) = (table.child("sgpd"), table.child("sbgp")) else {
        ensure!(table.child("sgpd").is_none() && table.child("sbgp").is_none(), "sgpd and sbgp: one without the other");
        return Ok(Vec::new());
    };
    let mut body = descriptions.fields();
    body.expect("sgpd version, grouping type and length", b"\x01\0\0\0roll\0\0\0\x02")?;
    let count = body.u32()?;
    let distances = (0..count).map(|_| Ok(body.u16()? as i16)).collect::<Checked<Vec<_>>>()?;
    body.end("sgpd")?;
    ensure!(distances.iter().all(|distance| *distance < 0), "roll distances {distances:?}");
    if samples > 0 {
        let index = group_of_all(groups, samples)?;
        ensure!(index == 1, "sbgp names the roll distance {index}");
    } else {
        let mut body = groups.fields();
        body.expect("sbgp version, grouping type and no entries", b"\0\0\0\0roll\0\0\0\0")?;
        body.end("sbgp")?;
    }
    Ok(distances)
}

/// The roll group that all `samples` belong to.
pub(crate) fn group_of_all(groups: &Node, samples: usize) -> Checked<u32> {
    let mut body = groups.fields();
    body.expect("sbgp version, grouping type and one entry", b"\0\0\0\0roll\0\0\0\x01")?;
    let (count, index) = (body.u32()?, body.u32()?);
    ensure!(count as usize == samples, "sbgp says {count} samples of {samples}");
    body.end("sbgp")?;
    Ok(index)
}

fn c_string(bytes: &[u8]) -> Checked<String> {
    let (last, text) = bytes.split_last().ok_or("an empty string without its NUL")?;
    ensure!(*last == 0 && !text.contains(&0), "a string without one NUL at its end");
    String::from_utf8(text.to_vec()).map_err(|error| error.to_string())
}
