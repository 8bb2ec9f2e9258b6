//! EBML (RFC 8794): elements, and which of them a Matroska file may have where (RFC 9559, 5.1).

use super::Result;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Master,
    Uint,
    Int,
    Float,
    Text,
    Bytes,
    /// Nanoseconds from 2001 on, always over eight bytes.
    Date,
}
use Kind::*;

/// ID, name, parent, type, version of Matroska that brought it, how often it may and has to be there.
pub(super) type Rule = (u32, &'static str, &'static str, Kind, u64, std::ops::RangeInclusive<usize>);

const MANY: usize = usize::MAX;

pub(super) const RULES: &[Rule] = &[
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
    (0x7BA9, "Title", "Info", Text, 1, 0..=1),
    (0x4461, "DateUTC", "Info", Date, 1, 0..=1),
    (0x1654AE6B, "Tracks", "Segment", Master, 1, 1..=1),
    (0xAE, "TrackEntry", "Tracks", Master, 1, 1..=MANY),
    (0xD7, "TrackNumber", "TrackEntry", Uint, 1, 1..=1),
    (0x73C5, "TrackUID", "TrackEntry", Uint, 1, 1..=1),
    (0x83, "TrackType", "TrackEntry", Uint, 1, 1..=1),
    (0x88, "FlagDefault", "TrackEntry", Uint, 1, 0..=1),
    (0x55AA, "FlagForced", "TrackEntry", Uint, 1, 0..=1),
    (0x9C, "FlagLacing", "TrackEntry", Uint, 1, 1..=1),
    (0x23E383, "DefaultDuration", "TrackEntry", Uint, 1, 0..=1),
    (0x55EE, "MaxBlockAdditionID", "TrackEntry", Uint, 1, 0..=1),
    (0x536E, "Name", "TrackEntry", Text, 1, 0..=1),
    (0x22B59C, "Language", "TrackEntry", Text, 1, 1..=1),
    (0x22B59D, "LanguageBCP47", "TrackEntry", Text, 4, 0..=1),
    (0x86, "CodecID", "TrackEntry", Text, 1, 1..=1),
    (0x63A2, "CodecPrivate", "TrackEntry", Bytes, 1, 0..=1),
    (0x56AA, "CodecDelay", "TrackEntry", Uint, 4, 0..=1),
    (0x56BB, "SeekPreRoll", "TrackEntry", Uint, 4, 0..=1),
    (0xE0, "Video", "TrackEntry", Master, 1, 0..=1),
    (0x9A, "FlagInterlaced", "Video", Uint, 2, 0..=1),
    (0x53C0, "AlphaMode", "Video", Uint, 3, 0..=1),
    (0xB0, "PixelWidth", "Video", Uint, 1, 1..=1),
    (0xBA, "PixelHeight", "Video", Uint, 1, 1..=1),
    (0x54AA, "PixelCropBottom", "Video", Uint, 1, 0..=1),
    (0x54DD, "PixelCropRight", "Video", Uint, 1, 0..=1),
    (0x54B0, "DisplayWidth", "Video", Uint, 1, 0..=1),
    (0x54BA, "DisplayHeight", "Video", Uint, 1, 0..=1),
    (0x2EB524, "UncompressedFourCC", "Video", Bytes, 1, 0..=1),
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
    (0x55BC, "MaxCLL", "Colour", Uint, 4, 0..=1),
    (0x55BD, "MaxFALL", "Colour", Uint, 4, 0..=1),
    (0x55D0, "MasteringMetadata", "Colour", Master, 4, 0..=1),
    (0x55D1, "PrimaryRChromaticityX", "MasteringMetadata", Float, 4, 1..=1),
    (0x55D2, "PrimaryRChromaticityY", "MasteringMetadata", Float, 4, 1..=1),
    (0x55D3, "PrimaryGChromaticityX", "MasteringMetadata", Float, 4, 1..=1),
    (0x55D4, "PrimaryGChromaticityY", "MasteringMetadata", Float, 4, 1..=1),
    (0x55D5, "PrimaryBChromaticityX", "MasteringMetadata", Float, 4, 1..=1),
    (0x55D6, "PrimaryBChromaticityY", "MasteringMetadata", Float, 4, 1..=1),
    (0x55D7, "WhitePointChromaticityX", "MasteringMetadata", Float, 4, 1..=1),
    (0x55D8, "WhitePointChromaticityY", "MasteringMetadata", Float, 4, 1..=1),
    (0x55D9, "LuminanceMax", "MasteringMetadata", Float, 4, 1..=1),
    (0x55DA, "LuminanceMin", "MasteringMetadata", Float, 4, 1..=1),
    (0x7670, "Projection", "Video", Master, 4, 0..=1),
    (0x7671, "ProjectionType", "Projection", Uint, 4, 1..=1),
    (0x7673, "ProjectionPoseYaw", "Projection", Float, 4, 1..=1),
    (0x7674, "ProjectionPosePitch", "Projection", Float, 4, 1..=1),
    (0x7675, "ProjectionPoseRoll", "Projection", Float, 4, 1..=1),
    (0xE1, "Audio", "TrackEntry", Master, 1, 0..=1),
    (0xB5, "SamplingFrequency", "Audio", Float, 1, 1..=1),
    (0x9F, "Channels", "Audio", Uint, 1, 1..=1),
    (0x6264, "BitDepth", "Audio", Uint, 1, 0..=1),
    (0x1F43B675, "Cluster", "Segment", Master, 1, 0..=MANY),
    (0xE7, "Timestamp", "Cluster", Uint, 1, 1..=1),
    (0xA3, "SimpleBlock", "Cluster", Bytes, 2, 0..=MANY),
    (0xA0, "BlockGroup", "Cluster", Master, 1, 0..=MANY),
    (0xA1, "Block", "BlockGroup", Bytes, 1, 1..=1),
    (0x75A1, "BlockAdditions", "BlockGroup", Master, 1, 0..=1),
    (0xA6, "BlockMore", "BlockAdditions", Master, 1, 1..=1),
    (0xEE, "BlockAddID", "BlockMore", Uint, 1, 1..=1),
    (0xA5, "BlockAdditional", "BlockMore", Bytes, 1, 1..=1),
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
    (0xB2, "CueDuration", "CueTrackPositions", Uint, 4, 0..=1),
    (0x1043A770, "Chapters", "Segment", Master, 1, 0..=1),
    (0x45B9, "EditionEntry", "Chapters", Master, 1, 1..=1),
    (0xB6, "ChapterAtom", "EditionEntry", Master, 1, 1..=MANY),
    (0x73C4, "ChapterUID", "ChapterAtom", Uint, 1, 1..=1),
    (0x91, "ChapterTimeStart", "ChapterAtom", Uint, 1, 1..=1),
    (0x92, "ChapterTimeEnd", "ChapterAtom", Uint, 1, 0..=1),
    (0x80, "ChapterDisplay", "ChapterAtom", Master, 1, 0..=1),
    (0x85, "ChapString", "ChapterDisplay", Text, 1, 1..=1),
    (0x437C, "ChapLanguage", "ChapterDisplay", Text, 1, 1..=1),
    (0x1254C367, "Tags", "Segment", Master, 1, 0..=1),
    (0x7373, "Tag", "Tags", Master, 1, 1..=MANY),
    (0x63C0, "Targets", "Tag", Master, 1, 1..=1),
    (0x68CA, "TargetTypeValue", "Targets", Uint, 1, 1..=1),
    (0x67C8, "SimpleTag", "Tag", Master, 1, 1..=MANY),
    (0x45A3, "TagName", "SimpleTag", Text, 1, 1..=1),
    (0x4487, "TagString", "SimpleTag", Text, 1, 1..=1),
    (0x1941A469, "Attachments", "Segment", Master, 1, 0..=1),
    (0x61A7, "AttachedFile", "Attachments", Master, 1, 1..=MANY),
    (0x466E, "FileName", "AttachedFile", Text, 1, 1..=1),
    (0x4660, "FileMediaType", "AttachedFile", Text, 1, 1..=1),
    (0x465C, "FileData", "AttachedFile", Bytes, 1, 1..=1),
    (0x46AE, "FileUID", "AttachedFile", Uint, 1, 1..=1),
];

/// One element, with those inside it.
pub(super) struct Element<'a> {
    pub name: &'static str,
    pub id: u32,
    pub at: usize,
    pub data_at: usize,
    pub data: &'a [u8],
    pub unknown_size: bool,
    pub children: Vec<Element<'a>>,
}

impl<'a> Element<'a> {
    pub fn all(&self, name: &'static str) -> impl Iterator<Item = &Element<'a>> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub fn find(&self, name: &'static str) -> Option<&Element<'a>> {
        self.all(name).next()
    }

    pub fn get(&self, name: &'static str) -> Result<&Element<'a>> {
        self.find(name).ok_or_else(|| format!("{} has no {name}", self.name))
    }

    pub fn uint(&self, name: &'static str) -> Result<u64> {
        self.get(name).map(Element::value)
    }

    pub fn text(&self, name: &'static str) -> Result<String> {
        self.get(name).map(Element::string)
    }

    pub fn string(&self) -> String {
        String::from_utf8_lossy(self.data).into_owned()
    }

    /// Lengths were checked when it was parsed.
    pub fn value(&self) -> u64 {
        self.data.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
    }

    pub fn signed(&self) -> i64 {
        let sign = if self.data.first().is_some_and(|byte| byte & 0x80 != 0) { -1 } else { 0 };
        self.data.iter().fold(sign, |value, byte| value << 8 | i64::from(*byte))
    }

    pub fn float(&self) -> f64 {
        match *self.data {
            [a, b, c, d] => f32::from_be_bytes([a, b, c, d]).into(),
            _ => f64::from_bits(self.value()),
        }
    }

    pub fn end(&self) -> usize {
        self.data_at + self.data.len()
    }
}

/// A variable-length integer at `at` and its length; with its marker, as IDs are counted, or without.
pub(super) fn vint(bytes: &[u8], at: usize, keep_marker: bool) -> Result<(u64, usize)> {
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
pub(super) fn parse<'a>(
    bytes: &'a [u8],
    mut at: usize,
    parent: &'static str,
    unknown_end: bool,
) -> Result<Vec<Element<'a>>> {
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
        // Sizes that are patched, and those that fill a room to the last byte, may be longer.
        let minimal = size_length == 1 || size >= (1u64 << (7 * (size_length - 1))) - 1;
        ensure!(minimal || ["Segment", "Void", "Cues"].contains(&name), "at {at}: the size of {name} is too long");
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
        Uint => {
            ensure!((1..=8).contains(&data.len()), "at {at}: {name} is an integer of {} bytes", data.len());
            // What is patched takes the same room whatever its value.
            let minimal = data[0] != 0 || data.len() == 1 || ["SeekPosition", "ChapterTimeEnd"].contains(&name);
            ensure!(minimal, "at {at}: {name} takes more bytes than it has to");
        }
        Date => ensure!(data.len() == 8, "at {at}: {name} is a date of {} bytes", data.len()),
        Int => ensure!((1..=8).contains(&data.len()), "at {at}: {name} is an integer of {} bytes", data.len()),
        Float => ensure!([4, 8].contains(&data.len()), "at {at}: {name} is a float of {} bytes", data.len()),
        Text => {
            let text = std::str::from_utf8(data).ok().filter(|text| !text.contains('\0'));
            // A value may be nothing.
            let clean = text.is_some_and(|text| !text.is_empty() || name == "TagString");
            ensure!(clean, "at {at}: {name} is no clean text");
        }
        Bytes if name == "Void" => {
            ensure!(data.iter().all(|byte| *byte == 0), "at {at}: something was written into a Void");
        }
        Bytes | Master => {}
    }
    Ok(())
}
