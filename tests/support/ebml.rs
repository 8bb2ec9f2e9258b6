//! A strict reader of Matroska files, written from RFC 8794 (EBML), RFC 9559 (Matroska), the AV1 mapping, RFC 7845
//! (Opus) and RFC 9639 (FLAC). It shares no code with the muxer, and refuses what a muxer of this crate must not write,
//! also where the specifications would let it pass.
#![allow(dead_code, reason = "each test looks at other fields")]

use std::collections::BTreeMap;

/// Fails with the message unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($message:tt)*) => {
        if $condition {
        } else {
            return Err(format!($($message)*));
        }
    };
}

#[path = "ebml_codecs.rs"]
mod codecs;

pub type Result<T> = std::result::Result<T, String>;

/// A file that passed every check.
#[derive(Debug)]
pub struct File {
    pub doc_type: String,
    /// Whether its segment has no size.
    pub live: bool,
    pub uuid: Option<Vec<u8>>,
    pub duration_ms: Option<f64>,
    pub tracks: Vec<Track>,
    /// In the order of the file.
    pub blocks: Vec<Block>,
    /// Times of clusters, in ms.
    pub clusters: Vec<u64>,
    pub cues: Vec<Cue>,
}

#[derive(Debug)]
pub struct Track {
    pub number: u64,
    pub uid: u64,
    pub is_video: bool,
    pub flag_default: bool,
    pub language: String,
    pub codec_id: String,
    pub private: Option<Vec<u8>>,
    pub default_duration_ns: Option<u64>,
    pub codec_delay_ns: u64,
    pub seek_pre_roll_ns: u64,
    /// The elements of Video, Colour and Audio that are integers, by name.
    pub settings: BTreeMap<&'static str, u64>,
    pub sample_rate: Option<f64>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    pub track: u64,
    /// As stamped, before CodecDelay is taken away.
    pub time_ms: i64,
    pub key: bool,
    pub duration_ms: Option<u64>,
    pub discard_padding_ns: i64,
    pub payload: Vec<u8>,
    /// Its index in `clusters`.
    pub cluster: usize,
    /// Whether no block stands before it in its cluster.
    pub first_in_cluster: bool,
    at: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Cue {
    pub time_ms: u64,
    pub track: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Master,
    Uint,
    Int,
    Float,
    Text,
    Bytes,
}
use Kind::*;

/// ID, name, parent, type, version of Matroska that brought it, how often it may and has to be there.
type Rule = (u32, &'static str, &'static str, Kind, u64, std::ops::RangeInclusive<usize>);

const MANY: usize = usize::MAX;

const RULES: &[Rule] = &[
    (0x1A45DFA3, "EBML", "", Master, 1, 1..=1),
    (0x4286, "EBMLVersion", "EBML", Uint, 1, 1..=1),
    (0x42F7, "EBMLReadVersion", "EBML", Uint, 1, 1..=1),
    (0x42F2, "EBMLMaxIDLength", "EBML", Uint, 1, 1..=1),
    (0x42F3, "EBMLMaxSizeLength", "EBML", Uint, 1, 1..=1),
    (0x4282, "DocType", "EBML", Text, 1, 1..=1),
    (0x4287, "DocTypeVersion", "EBML", Uint, 1, 1..=1),
    (0x4285, "DocTypeReadVersion", "EBML", Uint, 1, 1..=1),
    (0x18538067, "Segment", "", Master, 1, 1..=1),
    (0x114D9B74, "SeekHead", "Segment", Master, 1, 0..=1),
    (0x4DBB, "Seek", "SeekHead", Master, 1, 1..=MANY),
    (0x53AB, "SeekID", "Seek", Bytes, 1, 1..=1),
    (0x53AC, "SeekPosition", "Seek", Uint, 1, 1..=1),
    (0x1549A966, "Info", "Segment", Master, 1, 1..=1),
    (0x73A4, "SegmentUUID", "Info", Bytes, 1, 0..=1),
    (0x2AD7B1, "TimestampScale", "Info", Uint, 1, 1..=1),
    (0x4489, "Duration", "Info", Float, 1, 0..=1),
    (0x4D80, "MuxingApp", "Info", Text, 1, 1..=1),
    (0x5741, "WritingApp", "Info", Text, 1, 1..=1),
    (0x1654AE6B, "Tracks", "Segment", Master, 1, 1..=1),
    (0xAE, "TrackEntry", "Tracks", Master, 1, 1..=MANY),
    (0xD7, "TrackNumber", "TrackEntry", Uint, 1, 1..=1),
    (0x73C5, "TrackUID", "TrackEntry", Uint, 1, 1..=1),
    (0x83, "TrackType", "TrackEntry", Uint, 1, 1..=1),
    (0x88, "FlagDefault", "TrackEntry", Uint, 1, 0..=1),
    (0x9C, "FlagLacing", "TrackEntry", Uint, 1, 1..=1),
    (0x23E383, "DefaultDuration", "TrackEntry", Uint, 1, 0..=1),
    (0x22B59C, "Language", "TrackEntry", Text, 1, 1..=1),
    (0x86, "CodecID", "TrackEntry", Text, 1, 1..=1),
    (0x63A2, "CodecPrivate", "TrackEntry", Bytes, 1, 0..=1),
    (0x56AA, "CodecDelay", "TrackEntry", Uint, 4, 0..=1),
    (0x56BB, "SeekPreRoll", "TrackEntry", Uint, 4, 0..=1),
    (0xE0, "Video", "TrackEntry", Master, 1, 0..=1),
    (0x9A, "FlagInterlaced", "Video", Uint, 2, 0..=1),
    (0xB0, "PixelWidth", "Video", Uint, 1, 1..=1),
    (0xBA, "PixelHeight", "Video", Uint, 1, 1..=1),
    (0x54AA, "PixelCropBottom", "Video", Uint, 1, 0..=1),
    (0x54DD, "PixelCropRight", "Video", Uint, 1, 0..=1),
    (0x54B0, "DisplayWidth", "Video", Uint, 1, 0..=1),
    (0x54BA, "DisplayHeight", "Video", Uint, 1, 0..=1),
    (0x55B0, "Colour", "Video", Master, 4, 1..=1),
    (0x55B1, "MatrixCoefficients", "Colour", Uint, 4, 1..=1),
    (0x55B2, "BitsPerChannel", "Colour", Uint, 4, 0..=1),
    (0x55B3, "ChromaSubsamplingHorz", "Colour", Uint, 4, 0..=1),
    (0x55B4, "ChromaSubsamplingVert", "Colour", Uint, 4, 0..=1),
    (0x55B7, "ChromaSitingHorz", "Colour", Uint, 4, 0..=1),
    (0x55B8, "ChromaSitingVert", "Colour", Uint, 4, 0..=1),
    (0x55B9, "Range", "Colour", Uint, 4, 1..=1),
    (0x55BA, "TransferCharacteristics", "Colour", Uint, 4, 1..=1),
    (0x55BB, "Primaries", "Colour", Uint, 4, 1..=1),
    (0xE1, "Audio", "TrackEntry", Master, 1, 0..=1),
    (0xB5, "SamplingFrequency", "Audio", Float, 1, 1..=1),
    (0x9F, "Channels", "Audio", Uint, 1, 1..=1),
    (0x6264, "BitDepth", "Audio", Uint, 1, 0..=1),
    (0x1F43B675, "Cluster", "Segment", Master, 1, 0..=MANY),
    (0xE7, "Timestamp", "Cluster", Uint, 1, 1..=1),
    (0xA3, "SimpleBlock", "Cluster", Bytes, 2, 0..=MANY),
    (0xA0, "BlockGroup", "Cluster", Master, 1, 0..=MANY),
    (0xA1, "Block", "BlockGroup", Bytes, 1, 1..=1),
    (0x9B, "BlockDuration", "BlockGroup", Uint, 1, 0..=1),
    (0xFB, "ReferenceBlock", "BlockGroup", Int, 1, 0..=1),
    (0x75A2, "DiscardPadding", "BlockGroup", Int, 4, 0..=1),
    (0x1C53BB6B, "Cues", "Segment", Master, 1, 0..=1),
    (0xBB, "CuePoint", "Cues", Master, 1, 1..=MANY),
    (0xB3, "CueTime", "CuePoint", Uint, 1, 1..=1),
    (0xB7, "CueTrackPositions", "CuePoint", Master, 1, 1..=MANY),
    (0xF7, "CueTrack", "CueTrackPositions", Uint, 1, 1..=1),
    (0xF1, "CueClusterPosition", "CueTrackPositions", Uint, 1, 1..=1),
    (0xF0, "CueRelativePosition", "CueTrackPositions", Uint, 4, 0..=1),
];

/// One element, with those inside it.
struct Element<'a> {
    name: &'static str,
    id: u32,
    at: usize,
    data_at: usize,
    data: &'a [u8],
    unknown_size: bool,
    children: Vec<Element<'a>>,
}

impl<'a> Element<'a> {
    fn all(&self, name: &'static str) -> impl Iterator<Item = &Element<'a>> {
        self.children.iter().filter(move |child| child.name == name)
    }

    fn find(&self, name: &'static str) -> Option<&Element<'a>> {
        self.all(name).next()
    }

    fn get(&self, name: &'static str) -> Result<&Element<'a>> {
        self.find(name).ok_or_else(|| format!("{} has no {name}", self.name))
    }

    fn uint(&self, name: &'static str) -> Result<u64> {
        self.get(name).map(Element::value)
    }

    fn text(&self, name: &'static str) -> Result<String> {
        self.get(name).map(|element| String::from_utf8_lossy(element.data).into_owned())
    }

    /// Lengths were checked when it was parsed.
    fn value(&self) -> u64 {
        self.data.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
    }

    fn signed(&self) -> i64 {
        let sign = if self.data.first().is_some_and(|byte| byte & 0x80 != 0) { -1 } else { 0 };
        self.data.iter().fold(sign, |value, byte| value << 8 | i64::from(*byte))
    }

    fn float(&self) -> f64 {
        match *self.data {
            [a, b, c, d] => f32::from_be_bytes([a, b, c, d]).into(),
            _ => f64::from_bits(self.value()),
        }
    }

    fn end(&self) -> usize {
        self.data_at + self.data.len()
    }
}

/// A variable-length integer at `at` and its length; with its marker, as IDs are counted, or without.
fn vint(bytes: &[u8], at: usize, keep_marker: bool) -> Result<(u64, usize)> {
    let first = *bytes.get(at).ok_or_else(|| format!("the file ends at {at}, where an element should begin"))?;
    ensure!(first != 0, "at {at}: an integer of more than 8 bytes");
    let length = first.leading_zeros() as usize + 1;
    let all = bytes.get(at..at + length).ok_or_else(|| format!("at {at}: an integer is cut off"))?;
    let value = all.iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
    let marker = 1u64 << (7 * length);
    Ok((if keep_marker { value } else { value & (marker - 1) }, length))
}

/// The elements from `at` to the end of `bytes`, in an element named `parent`. In one of unknown size they end before
/// the first that belongs further up.
fn parse<'a>(bytes: &'a [u8], mut at: usize, parent: &'static str, unknown_end: bool) -> Result<Vec<Element<'a>>> {
    let mut elements = Vec::new();
    while at < bytes.len() {
        let (id, id_length) = vint(bytes, at, true)?;
        ensure!(id_length <= 4, "at {at}: an ID of {id_length} bytes");
        let rule = RULES.iter().find(|rule| u64::from(rule.0) == id);
        let (size, size_length) = vint(bytes, at + id_length, false)?;
        let data_at = at + id_length + size_length;
        let unknown_size = size == (1u64 << (7 * size_length)) - 1;
        let id = u32::try_from(id).map_err(|_| format!("at {at}: no ID"))?;
        let (name, kind) = match rule {
            _ if id == 0xEC => ("Void", Bytes),
            Some(rule) if rule.2 == parent => (rule.1, rule.3),
            Some(_) if unknown_end => break,
            Some(rule) => return Err(format!("at {at}: {} in {parent}", rule.1)),
            None => return Err(format!("at {at}: unknown element {id:#X} in {parent}")),
        };
        let end = if unknown_size {
            ensure!(["Segment", "Cluster"].contains(&name), "at {at}: {name} of unknown size");
            bytes.len()
        } else {
            let end = usize::try_from(size).ok().and_then(|size| data_at.checked_add(size));
            end.filter(|&end| end <= bytes.len()).ok_or_else(|| format!("at {at}: {name} reaches past its parent"))?
        };
        let children = match kind {
            Master => parse(&bytes[..end], data_at, name, unknown_size)?,
            _ => Vec::new(),
        };
        let end = match children.last() {
            Some(last) if unknown_size => last.end(),
            _ => end,
        };
        let element = Element { name, id, at, data_at, data: &bytes[data_at..end], unknown_size, children };
        check_content(&element, kind)?;
        at = element.end();
        elements.push(element);
    }
    for rule in RULES.iter().filter(|rule| rule.2 == parent) {
        let count = elements.iter().filter(|element| element.name == rule.1).count();
        ensure!(rule.5.contains(&count), "{parent} has {count} {}", rule.1);
    }
    Ok(elements)
}

fn check_content(element: &Element<'_>, kind: Kind) -> Result<()> {
    let (name, at, data) = (element.name, element.at, element.data);
    match kind {
        Uint => ensure!((1..=8).contains(&data.len()), "at {at}: {name} is an integer of {} bytes", data.len()),
        Int => ensure!((1..=8).contains(&data.len()), "at {at}: {name} is an integer of {} bytes", data.len()),
        Float => ensure!([4, 8].contains(&data.len()), "at {at}: {name} is a float of {} bytes", data.len()),
        Text => {
            let clean = std::str::from_utf8(data).is_ok_and(|text| !text.is_empty() && !text.contains('\0'));
            ensure!(clean, "at {at}: {name} is no clean text");
        }
        Bytes if name == "Void" => {
            ensure!(data.iter().all(|byte| *byte == 0), "at {at}: something was written into a Void");
        }
        Bytes | Master => {}
    }
    Ok(())
}

/// Reads a whole file and checks all of it.
pub fn verify(bytes: &[u8]) -> Result<File> {
    let top = parse(bytes, 0, "", false)?;
    let [header, segment] = &top[..] else {
        return Err("a file is an EBML header and a Segment".into());
    };
    ensure!((header.name, segment.name) == ("EBML", "Segment"), "the EBML header has to come first");
    let doc_type = check_header(header, segment)?;
    let live = segment.unknown_size;
    let names: Vec<_> = segment.children.iter().map(|child| child.name).collect();
    let place = |name| names.iter().position(|other| *other == name).unwrap_or(names.len());
    ensure!(place("Info") < place("Tracks") && place("Tracks") < place("Cluster"), "order of {names:?}");

    let info = segment.get("Info")?;
    ensure!(info.uint("TimestampScale")? == 1_000_000, "a tick is not a millisecond");
    let uuid = info.find("SegmentUUID").map(|uuid| uuid.data.to_vec());
    ensure!(uuid.as_ref().is_none_or(|id| id.len() == 16 && id.iter().any(|b| *b != 0)), "the SegmentUUID is none");
    let duration_ms = info.find("Duration").map(Element::float);
    let tracks = segment.get("Tracks")?.all("TrackEntry").map(read_track).collect::<Result<Vec<_>>>()?;
    for (index, track) in tracks.iter().enumerate() {
        ensure!(track.number != 0 && track.uid != 0, "a TrackNumber or TrackUID is 0");
        let same = |other: &Track| other.number == track.number || other.uid == track.uid;
        ensure!(!tracks[..index].iter().any(same), "two tracks share a number or a UID");
    }
    let (clusters, blocks) = read_clusters(segment, &tracks)?;
    check_blocks(&tracks, &blocks)?;
    codecs::check(&tracks, &blocks, &doc_type)?;

    let cues = match (live, segment.find("Cues")) {
        (true, cues) => {
            let absent = cues.is_none() && segment.find("SeekHead").is_none() && duration_ms.is_none();
            ensure!(absent, "a live stream with Cues, a SeekHead or a Duration");
            Vec::new()
        }
        (false, cues) => {
            check_seek_head(segment)?;
            check_duration(duration_ms, &tracks, &blocks)?;
            check_cues(cues, segment, &tracks, &blocks)?
        }
    };
    Ok(File { doc_type, live, uuid, duration_ms, tracks, blocks, clusters, cues })
}

fn check_header(header: &Element<'_>, segment: &Element<'_>) -> Result<String> {
    ensure!(header.uint("EBMLVersion")? == 1 && header.uint("EBMLReadVersion")? == 1, "EBML version");
    ensure!(header.uint("EBMLMaxIDLength")? == 4 && header.uint("EBMLMaxSizeLength")? == 8, "EBML lengths");
    let doc_type = header.text("DocType")?;
    ensure!(["matroska", "webm"].contains(&doc_type.as_str()), "DocType {doc_type}");
    fn newest(element: &Element<'_>) -> u64 {
        let own = RULES.iter().find(|rule| rule.0 == element.id).map_or(1, |rule| rule.4);
        element.children.iter().map(newest).fold(own, u64::max)
    }
    let (version, read_version) = (header.uint("DocTypeVersion")?, header.uint("DocTypeReadVersion")?);
    ensure!(version >= newest(segment), "DocTypeVersion {version} with elements of version {}", newest(segment));
    ensure!((2..=version).contains(&read_version), "DocTypeReadVersion {read_version}");
    Ok(doc_type)
}

fn check_seek_head(segment: &Element<'_>) -> Result<()> {
    ensure!(segment.children.first().is_some_and(|child| child.name == "SeekHead"), "the SeekHead is not first");
    let mut found = Vec::new();
    for seek in segment.get("SeekHead")?.all("Seek") {
        let position = seek.uint("SeekPosition")?;
        let id = u32::try_from(seek.get("SeekID")?.value()).map_err(|_| "a SeekID is none")?;
        let target = segment.children.iter().find(|child| (child.at - segment.data_at) as u64 == position);
        ensure!(target.is_some_and(|target| target.id == id), "SeekPosition {position} is not of an {id:#X}");
        found.push(id);
    }
    for child in segment.children.iter().filter(|child| ["Info", "Tracks", "Cues"].contains(&child.name)) {
        let count = found.iter().filter(|id| **id == child.id).count();
        ensure!(count == 1, "the SeekHead has {} {count} times", child.name);
    }
    Ok(())
}

fn read_track(entry: &Element<'_>) -> Result<Track> {
    let video = entry.find("Video");
    let audio = entry.find("Audio");
    let kind = entry.uint("TrackType")?;
    ensure!(
        (kind, video.is_some(), audio.is_some()) == (2 - u64::from(video.is_some()), kind == 1, kind == 2),
        "TrackType {kind}"
    );
    ensure!(entry.uint("FlagLacing")? == 0, "FlagLacing is set");
    let mut settings = BTreeMap::new();
    let colour = video.and_then(|video| video.find("Colour"));
    for element in [video, colour, audio].into_iter().flatten().flat_map(|master| &master.children) {
        if RULES.iter().any(|rule| rule.0 == element.id && rule.3 == Uint) {
            settings.insert(element.name, element.value());
        }
    }
    Ok(Track {
        number: entry.uint("TrackNumber")?,
        uid: entry.uint("TrackUID")?,
        is_video: video.is_some(),
        flag_default: entry.find("FlagDefault").is_none_or(|flag| flag.value() == 1),
        language: entry.text("Language")?,
        codec_id: entry.text("CodecID")?,
        private: entry.find("CodecPrivate").map(|private| private.data.to_vec()),
        default_duration_ns: entry.find("DefaultDuration").map(Element::value),
        codec_delay_ns: entry.find("CodecDelay").map_or(0, Element::value),
        seek_pre_roll_ns: entry.find("SeekPreRoll").map_or(0, Element::value),
        settings,
        sample_rate: audio.and_then(|audio| audio.find("SamplingFrequency")).map(Element::float),
    })
}

fn read_clusters(segment: &Element<'_>, tracks: &[Track]) -> Result<(Vec<u64>, Vec<Block>)> {
    let (mut times, mut blocks) = (Vec::new(), Vec::new());
    for (index, cluster) in segment.all("Cluster").enumerate() {
        ensure!(cluster.unknown_size == segment.unknown_size, "cluster {index}: its size is known, or is not");
        ensure!(cluster.children[0].name == "Timestamp", "cluster {index} does not begin with its Timestamp");
        let time = cluster.uint("Timestamp")?;
        ensure!(times.last().is_none_or(|last| *last <= time), "cluster {index} is earlier than the one before it");
        times.push(time);
        let from = blocks.len();
        for child in &cluster.children {
            let (block, group) = match child.name {
                "SimpleBlock" => (child, None),
                "BlockGroup" => (child.get("Block")?, Some(child)),
                _ => continue,
            };
            let mut block = read_block(block, group, time)?;
            block.at = child.at;
            block.cluster = index;
            block.first_in_cluster = blocks.len() == from;
            ensure!(tracks.iter().any(|track| track.number == block.track), "a block of track {}", block.track);
            blocks.push(block);
        }
        let of_cluster = &blocks[from..];
        ensure!(!of_cluster.is_empty(), "cluster {index} is empty");
        let latest = of_cluster.iter().map(|block| block.time_ms).max().unwrap_or(0);
        ensure!(latest - time as i64 <= 5_000, "cluster {index} is longer than 5 s");
        ensure!(of_cluster.len() == 1 || cluster.data.len() <= 5_100_000, "cluster {index} is larger than 5 MB");
    }
    Ok((times, blocks))
}

fn read_block(block: &Element<'_>, group: Option<&Element<'_>>, cluster_time: u64) -> Result<Block> {
    let (track, length) = vint(block.data, 0, false)?;
    let Some(([high, low, flags], payload)) = block.data[length..].split_first_chunk() else {
        return Err(format!("at {}: a block of {} bytes", block.at, block.data.len()));
    };
    let relative = i16::from_be_bytes([*high, *low]);
    ensure!(flags & !0x80 == 0, "at {}: a block with flags {flags:#x}", block.at);
    let time_ms = cluster_time as i64 + i64::from(relative);
    let reference = group.and_then(|group| group.find("ReferenceBlock")).map(Element::signed);
    if let Some(reference) = reference {
        ensure!((-time_ms..=0).contains(&reference), "at {}: a ReferenceBlock of {reference}", block.at);
    }
    ensure!(group.is_none() || flags & 0x80 == 0, "at {}: a key flag in a BlockGroup", block.at);
    ensure!(!payload.is_empty(), "at {}: an empty block", block.at);
    Ok(Block {
        track,
        time_ms,
        key: if group.is_some() { reference.is_none() } else { flags & 0x80 != 0 },
        duration_ms: group.and_then(|group| group.find("BlockDuration")).map(Element::value),
        discard_padding_ns: group.and_then(|group| group.find("DiscardPadding")).map_or(0, Element::signed),
        payload: payload.to_vec(),
        cluster: 0,
        first_in_cluster: false,
        at: 0,
    })
}

/// Order within each track, and padding at its end only.
fn check_blocks(tracks: &[Track], blocks: &[Block]) -> Result<()> {
    for track in tracks {
        let own: Vec<_> = blocks.iter().filter(|block| block.track == track.number).collect();
        for pair in own.windows(2) {
            let times = (pair[0].time_ms, pair[1].time_ms);
            ensure!(times.0 <= times.1, "track {}: {} ms comes after {} ms", track.number, times.1, times.0);
            ensure!(pair[0].discard_padding_ns == 0, "track {}: padding before the last block", track.number);
        }
        ensure!(own.iter().all(|block| block.time_ms >= 0), "track {}: a time below 0", track.number);
        ensure!(own.iter().all(|block| block.discard_padding_ns >= 0), "track {}: padding below 0", track.number);
        ensure!(own.first().is_none_or(|block| block.key), "track {} does not begin with a key frame", track.number);
        // Without one, the last frame has no end.
        let timed = |block: &&&Block| block.duration_ms.is_some() || track.default_duration_ns.is_some();
        ensure!(!track.is_video || own.iter().all(|b| timed(&b)), "track {}: frames without a duration", track.number);
    }
    Ok(())
}

/// The Duration is that of what is seen and heard, to the rounding of the blocks' times.
fn check_duration(duration: Option<f64>, tracks: &[Track], blocks: &[Block]) -> Result<()> {
    let end = |block: &Block| {
        let track = tracks.iter().find(|track| track.number == block.track)?;
        let lasts = block.duration_ms.map(|ms| ms as f64).or(track.default_duration_ns.map(|ns| ns as f64 / 1e6));
        let heard = |ms| ms - block.discard_padding_ns as f64 / 1e6;
        let lasts = lasts.or_else(|| codecs::audio_duration_ms(track, &block.payload).map(heard))?;
        Some(block.time_ms as f64 + lasts - track.codec_delay_ns as f64 / 1e6)
    };
    let ends = blocks.iter().map(end).collect::<Option<Vec<_>>>().ok_or("a block whose duration nobody can tell")?;
    let Some(last) = ends.into_iter().reduce(f64::max).filter(|last| *last > 0.0) else {
        ensure!(duration.is_none(), "the Duration of nothing");
        return Ok(());
    };
    let duration = duration.ok_or("there is no Duration")?;
    ensure!((duration - last).abs() <= 1.01, "Duration is {duration} ms, the last block ends at {last} ms");
    Ok(())
}

fn check_cues(
    cues: Option<&Element<'_>>,
    segment: &Element<'_>,
    tracks: &[Track],
    blocks: &[Block],
) -> Result<Vec<Cue>> {
    let mut found = Vec::new();
    let mut last = None;
    for point in cues.iter().flat_map(|cues| cues.all("CuePoint")) {
        let time = point.uint("CueTime")?;
        ensure!(last.is_none_or(|last| last < time), "CueTime {time} is not after the one before it");
        last = Some(time);
        for positions in point.all("CueTrackPositions") {
            let (track, position) = (positions.uint("CueTrack")?, positions.uint("CueClusterPosition")?);
            let at_position = |cluster: &&Element<'_>| (cluster.at - segment.data_at) as u64 == position;
            let cluster = segment.all("Cluster").find(at_position);
            let cluster = cluster.ok_or_else(|| format!("CueClusterPosition {position} is not of a Cluster"))?;
            let at = cluster.data_at as u64 + positions.uint("CueRelativePosition")?;
            let block = blocks.iter().find(|block| block.at as u64 == at);
            let right = |block: &Block| block.key && block.track == track && block.time_ms as u64 == time;
            ensure!(block.is_some_and(right), "the cue at {time} ms is not of a key block of track {track}");
            found.push(Cue { time_ms: time, track });
        }
    }
    let has_video = tracks.iter().any(|track| track.is_video);
    for block in blocks.iter().filter(|block| block.key) {
        let is_video = tracks.iter().any(|track| track.number == block.track && track.is_video);
        let cue = Cue { time_ms: block.time_ms as u64, track: block.track };
        ensure!(!is_video || found.contains(&cue), "the key frame at {} ms has no cue", block.time_ms);
    }
    ensure!(has_video || blocks.is_empty() || !found.is_empty(), "sound without cues");
    Ok(found)
}
