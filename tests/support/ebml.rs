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

#[path = "ebml_blocks.rs"]
mod blocks;
#[path = "ebml_codecs.rs"]
mod codecs;
#[path = "ebml_elements.rs"]
mod elements;
#[path = "ebml_laces.rs"]
pub mod laces;
#[path = "ebml_metadata.rs"]
mod metadata;

use elements::{Element, Kind, RULES, parse};

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
    /// Whether the Cues stand before the clusters.
    pub cues_in_front: bool,
    pub title: Option<String>,
    /// Nanoseconds from 2001 on.
    pub date_utc: Option<i64>,
    pub chapters: Vec<Chapter>,
    /// TargetTypeValue, TagName, TagString.
    pub tags: Vec<(u64, String, String)>,
    /// FileName, FileMediaType, FileData.
    pub attachments: Vec<(String, String, Vec<u8>)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Chapter {
    pub start_ns: u64,
    pub end_ns: Option<u64>,
    pub title: Option<String>,
}

#[derive(Debug)]
pub struct Track {
    pub number: u64,
    pub uid: u64,
    pub is_video: bool,
    pub is_subtitle: bool,
    pub flag_default: bool,
    pub flag_forced: bool,
    pub flag_lacing: bool,
    pub max_addition: u64,
    pub name: Option<String>,
    pub language: String,
    pub bcp47: Option<String>,
    pub codec_id: String,
    pub private: Option<Vec<u8>>,
    pub default_duration_ns: Option<u64>,
    pub codec_delay_ns: u64,
    pub seek_pre_roll_ns: u64,
    /// The elements of Video, Colour and Audio that are integers, by name.
    pub settings: BTreeMap<&'static str, u64>,
    pub sample_rate: Option<f64>,
    pub fourcc: Option<Vec<u8>>,
    /// Those of MasteringMetadata, in its order.
    pub mastering: Option<Vec<f64>>,
    /// Degrees of yaw and roll.
    pub pose: Option<(f64, f64)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    pub track: u64,
    /// As stamped, before CodecDelay is taken away. Of a lace only the first is stamped: the time of another is counted on
    /// from that, and rounded.
    pub time_ms: i64,
    /// The same, as it was counted.
    pub time_ns: i64,
    /// Its place in its lace, and how many are in that.
    pub lace: Option<(usize, usize)>,
    pub key: bool,
    pub duration_ms: Option<u64>,
    pub discard_padding_ns: i64,
    pub payload: Vec<u8>,
    /// The BlockAdditional of BlockAddID 1.
    pub addition: Option<Vec<u8>>,
    reference_ms: Option<i64>,
    grouped: bool,
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
    pub duration_ms: Option<u64>,
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
    for name in ["Chapters", "Tags", "Attachments"] {
        ensure!(!names.contains(&name) || place(name) < place("Cluster"), "{name} behind the clusters");
    }

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
    let (clusters, blocks) = blocks::read_clusters(segment, &tracks)?;
    blocks::check_blocks(&tracks, &blocks)?;
    codecs::check(&tracks, &blocks, &doc_type)?;

    let cues = match (live, segment.find("Cues")) {
        (true, cues) => {
            let absent = cues.is_none() && segment.find("SeekHead").is_none() && duration_ms.is_none();
            ensure!(absent, "a live stream with Cues, a SeekHead or a Duration");
            Vec::new()
        }
        (false, cues) => {
            check_seek_head(segment)?;
            blocks::check_duration(duration_ms, &tracks, &blocks)?;
            blocks::check_cues(cues, segment, &tracks, &blocks)?
        }
    };
    Ok(File {
        live,
        uuid,
        duration_ms,
        tracks,
        blocks,
        clusters,
        cues,
        cues_in_front: place("Cues") < place("Cluster"),
        title: info.find("Title").map(Element::string),
        date_utc: info.find("DateUTC").map(Element::signed),
        chapters: metadata::chapters(segment, duration_ms)?,
        tags: metadata::tags(segment)?,
        attachments: metadata::attachments(segment, &doc_type)?,
        doc_type,
    })
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
    let pointed_at = |child: &&Element<'_>| !["SeekHead", "Cluster", "Void"].contains(&child.name);
    for child in segment.children.iter().filter(pointed_at) {
        let count = found.iter().filter(|id| **id == child.id).count();
        ensure!(count == 1, "the SeekHead has {} {count} times", child.name);
    }
    Ok(())
}

fn read_track(entry: &Element<'_>) -> Result<Track> {
    let video = entry.find("Video");
    let audio = entry.find("Audio");
    let kind = entry.uint("TrackType")?;
    let known = [1, 2, 17].contains(&kind) && (video.is_some(), audio.is_some()) == (kind == 1, kind == 2);
    ensure!(known, "TrackType {kind}");
    let flag_forced = entry.find("FlagForced").is_some_and(|flag| flag.value() == 1);
    ensure!(!flag_forced || kind == 17, "FlagForced of a track that is no subtitles");
    let language = entry.text("Language")?;
    let is_code = language.len() == 3 && language.bytes().all(|byte| byte.is_ascii_lowercase());
    ensure!(is_code, "the Language {language}");
    let flag_lacing = entry.uint("FlagLacing")?;
    ensure!(flag_lacing == 0 || flag_lacing == 1 && kind == 2, "FlagLacing is {flag_lacing}");
    let timed = kind == 1 || flag_lacing == 1 || entry.find("DefaultDuration").is_none();
    ensure!(timed, "a DefaultDuration of what is neither pictures nor laced");
    let mut settings = BTreeMap::new();
    let colour = video.and_then(|video| video.find("Colour"));
    let projection = video.and_then(|video| video.find("Projection"));
    for element in [video, colour, projection, audio].into_iter().flatten().flat_map(|master| &master.children) {
        if RULES.iter().any(|rule| rule.0 == element.id && rule.3 == Kind::Uint) {
            settings.insert(element.name, element.value());
        }
    }
    Ok(Track {
        number: entry.uint("TrackNumber")?,
        uid: entry.uint("TrackUID")?,
        is_video: video.is_some(),
        is_subtitle: kind == 17,
        flag_default: entry.find("FlagDefault").is_none_or(|flag| flag.value() == 1),
        flag_forced,
        flag_lacing: flag_lacing == 1,
        max_addition: entry.find("MaxBlockAdditionID").map_or(0, Element::value),
        name: entry.find("Name").map(Element::string),
        language,
        bcp47: entry.find("LanguageBCP47").map(Element::string),
        codec_id: entry.text("CodecID")?,
        private: entry.find("CodecPrivate").map(|private| private.data.to_vec()),
        default_duration_ns: entry.find("DefaultDuration").map(Element::value),
        codec_delay_ns: entry.find("CodecDelay").map_or(0, Element::value),
        seek_pre_roll_ns: entry.find("SeekPreRoll").map_or(0, Element::value),
        settings,
        sample_rate: audio.and_then(|audio| audio.find("SamplingFrequency")).map(Element::float),
        fourcc: video.and_then(|video| video.find("UncompressedFourCC")).map(|fourcc| fourcc.data.to_vec()),
        mastering: colour.and_then(|colour| colour.find("MasteringMetadata")).map(mastering).transpose()?,
        pose: projection.map(pose).transpose()?,
    })
}

/// SMPTE ST 2086, as fractions of 1 and in cd/m².
fn mastering(element: &Element<'_>) -> Result<Vec<f64>> {
    let values: Vec<f64> = element.children.iter().map(Element::float).collect();
    let (luminances, points) = (&values[8..], &values[..8]);
    ensure!(points.iter().all(|value| (0.0..=1.0).contains(value)), "chromaticities {points:?}");
    ensure!(luminances[0] > luminances[1] && luminances[1] >= 0.0, "luminances {luminances:?}");
    Ok(values)
}

/// Of a flat picture: mirrored or not, and turned by quarters.
fn pose(projection: &Element<'_>) -> Result<(f64, f64)> {
    ensure!(projection.uint("ProjectionType")? == 0, "a projection that is not flat");
    let degrees = |name| projection.get(name).map(Element::float);
    let (yaw, pitch, roll) =
        (degrees("ProjectionPoseYaw")?, degrees("ProjectionPosePitch")?, degrees("ProjectionPoseRoll")?);
    let right = [0.0, 180.0].contains(&yaw) && pitch == 0.0 && [-90.0, 0.0, 90.0, 180.0].contains(&roll);
    ensure!(right && (yaw, roll) != (0.0, 0.0), "a pose of {yaw}, {pitch}, {roll}");
    Ok((yaw, roll))
}
