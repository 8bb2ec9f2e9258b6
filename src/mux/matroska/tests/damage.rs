//! What the verifier is worth: each of its checks refuses a file that is damaged on that point, and says why.

use super::super::ebml;
use super::*;
use crate::media::{AspectRatio, Attachment, Chapter, Cover, MasteringDisplay, Orientation, PixelFormat, Timestamp};
use crate::mux::damage::{self, Case, find};

const INFO: &[u8] = &[0x15, 0x49, 0xa9, 0x66];
const TRACKS: &[u8] = &[0x16, 0x54, 0xae, 0x6b];
const CLUSTER: &[u8] = &[0x1f, 0x43, 0xb6, 0x75];
const CUES: &[u8] = &[0x1c, 0x53, 0xbb, 0x6b];

pub(super) fn refuse(bytes: &[u8], cases: &[Case]) {
    damage::refuse(bytes, verify, |_, _| {}, cases);
}

/// Two clusters, whose first blocks are of sound and of a key frame.
fn video() -> Vec<u8> {
    file(Container::WebM, &Scene::new().av1_keys(25, 60, 25).opus(312, 110, 504))
}

pub(super) fn find_last(bytes: &[u8], pattern: &[u8]) -> usize {
    bytes.windows(pattern.len()).rposition(|window| window == pattern).expect("the pattern is there")
}

/// Writes `value` at `offset` from the first `pattern`.
pub(super) fn set(bytes: &mut [u8], pattern: &[u8], offset: usize, value: &[u8]) {
    let at = find(bytes, pattern) + offset;
    bytes[at..at + value.len()].copy_from_slice(value);
}

pub(super) fn set_last(bytes: &mut [u8], pattern: &[u8], offset: usize, value: &[u8]) {
    let at = find_last(bytes, pattern) + offset;
    bytes[at..at + value.len()].copy_from_slice(value);
}

/// The length of the element that begins at `at`, of a known size.
fn length(bytes: &[u8], at: usize) -> usize {
    let id = bytes[at].leading_zeros() as usize + 1;
    let size_length = bytes[at + id].leading_zeros() as usize + 1;
    let size = bytes[at + id..at + id + size_length].iter().fold(0, |value, byte| value << 8 | usize::from(*byte));
    id + size_length + (size & ((1 << (7 * size_length)) - 1))
}

/// Puts a Void in the place of the element at `at`.
pub(super) fn blank(bytes: &mut Vec<u8>, at: usize) {
    let length = length(bytes, at);
    let mut void = Vec::new();
    ebml::void(&mut void, length);
    bytes.splice(at..at + length, void);
}

pub(super) fn blank_first(bytes: &mut Vec<u8>, pattern: &[u8]) {
    blank(bytes, find(bytes, pattern));
}

#[test]
fn of_elements() {
    refuse(
        &video(),
        &[
            ("more than 8 bytes", |f| f.push(0)),
            ("reaches past its parent", |f| f.truncate(f.len() - 1)),
            ("integer is cut off", |f| f.push(0x1a)),
            ("unknown element", |f| set(f, &[0x4d, 0x80], 0, &[0x4d, 0x81])),
            ("an ID of 5 bytes", |f| set(f, &[0xec], 0, &[0x08])),
            ("Timestamp in Video", |f| set(f, &[0xb0, 0x81, 64], 0, &[0xe7])),
            ("Audio has 0 Channels", |f| set(f, &[0x9f, 0x81, 2], 0, &[0xec, 0x81, 0])),
            ("Video has 2 PixelWidth", |f| set(f, &[0xba, 0x81, 48], 0, &[0xb0])),
            ("TrackEntry has 0 Language", |f| blank_first(f, &[0x22, 0xb5, 0x9c])),
            ("written into a Void", |f| set(f, &[0xec], 2, &[1])),
            ("MuxingApp is no clean text", |f| set(f, &[0x4d, 0x80], 3, &[0])),
            ("WritingApp is no clean text", |f| set(f, &[0x57, 0x41], 3, &[0xff])),
            ("a float of 2 bytes", |f| set(f, &[0x44, 0x89, 0x88], 2, &[0x82, 0, 0, 0xec, 0x84, 0, 0, 0, 0])),
            ("an integer of 0 bytes", |f| set(f, &[0x2a, 0xd7, 0xb1], 3, &[0x80, 0xec, 0x81, 0])),
            ("PixelWidth takes more bytes", |f| {
                set(f, &[0xb0, 0x81, 64, 0xba, 0x81, 48], 0, &[0xb0, 0x84, 0, 0, 0, 64])
            }),
            ("the size of PixelWidth is too long", |f| {
                set(f, &[0xb0, 0x81, 64, 0xba, 0x81, 48], 0, &[0xb0, 0x40, 3, 0, 0, 64]);
            }),
            ("Colour of unknown size", |f| set(f, &[0x55, 0xb0], 2, &[0xff])),
            (" has 0 EBML", |f| drop(f.drain(..find(f, &[0x18, 0x53, 0x80, 0x67])))),
            // Sizes that are off by one.
            ("", |f| {
                let at = find(f, &[0x18, 0x53, 0x80, 0x67]) + 11;
                f[at] -= 1;
            }),
            ("", |f| {
                let at = find(f, CLUSTER) + 5;
                f[at] += 1;
            }),
            ("", |f| {
                let at = find_last(f, TRACKS) + 5;
                f[at] -= 1;
            }),
        ],
    );
}

#[test]
fn of_the_head() {
    refuse(
        &video(),
        &[
            ("EBML version", |f| set(f, &[0x42, 0x86], 3, &[2])),
            ("EBML lengths", |f| set(f, &[0x42, 0xf2], 3, &[5])),
            ("DocType weba", |f| set(f, b"webm", 3, b"a")),
            ("DocTypeVersion 3 with elements of version 4", |f| set(f, &[0x42, 0x87], 3, &[3])),
            ("DocTypeReadVersion 1", |f| set(f, &[0x42, 0x85], 3, &[1])),
            ("DocTypeReadVersion 5", |f| set(f, &[0x42, 0x85], 3, &[5])),
            ("a tick is not", |f| set(f, &[0x2a, 0xd7, 0xb1], 6, &[0x41])),
            ("SegmentUUID", |f| set(f, &[0x73, 0xa4], 3, &[0; 16])),
            ("order of", |f| {
                let (info, tracks) = (find_last(f, INFO), find_last(f, TRACKS));
                let end = tracks + length(f, tracks);
                f[info..end].rotate_left(tracks - info);
            }),
            ("the SeekHead is not first", |f| {
                let (head, info) = (find(f, &[0x11, 0x4d, 0x9b, 0x74]), find_last(f, INFO));
                let middle = head + length(f, head);
                f[head..info].rotate_left(middle - head);
            }),
            ("SeekPosition 90 is not of", |f| set(f, &[0x53, 0xac], 10, &[90])),
            ("is not of an 0x1549A965", |f| set(f, &[0x53, 0xab, 0x84], 6, &[0x65])),
            ("has Cues 0 times", |f| blank(f, find(f, CUES) - 6)),
            ("has Info 2 times", |f| {
                let at = find(f, &[0x4d, 0xbb]);
                f.copy_within(at..at + 21, at + 21);
            }),
            ("there is no Duration", |f| blank_first(f, &[0x44, 0x89])),
            ("Duration is", |f| set(f, &[0x44, 0x89, 0x88, 0x40], 4, &[0xb2])),
        ],
    );
    let empty = file(Container::WebM, &Scene::new().opus(0, 0, 0));
    refuse(
        &empty,
        &[("the Duration of nothing", |f| {
            let at = find(f, &[0x73, 0xa4]) + 19;
            f[at..at + 3].copy_from_slice(&[0x44, 0x89, 0x88]);
        })],
    );
}

#[test]
fn of_tracks() {
    refuse(
        &video(),
        &[
            ("is 0", |f| set(f, &[0xd7, 0x81, 1], 2, &[0])),
            ("is 0", |f| set(f, &[0x73, 0xc5, 0x87], 2, &[0x81, 0, 0xec, 0x84, 0, 0, 0, 0])),
            ("share a number", |f| set(f, &[0xd7, 0x81, 1], 2, &[2])),
            ("share a number or a UID", |f| {
                for at in [find(f, &[0x73, 0xc5]), find_last(f, &[0x73, 0xc5])] {
                    let end = at + length(f, at);
                    f[at + 2..end].fill(0);
                    f[at + 2..at + 6].copy_from_slice(&[0x81, 7, 0xec, 0x80 | (end - at - 6) as u8]);
                }
            }),
            ("TrackType 2", |f| set(f, &[0x83, 0x81, 1], 2, &[2])),
            ("FlagLacing is 1", |f| set(f, &[0x9c, 0x81, 0], 2, &[1])),
            ("FlagLacing is 2", |f| set_last(f, &[0x9c, 0x81, 0], 2, &[2])),
            ("frames without a duration", |f| blank_first(f, &[0x23, 0xe3, 0x83])),
        ],
    );
}

#[test]
fn of_clusters_and_blocks() {
    // Of the sound: its first block, its second, and its last, which is in a BlockGroup.
    const FIRST: &[u8] = &[0x82, 0, 0, 0x80, 0xfc];
    const SECOND: &[u8] = &[0x82, 0, 20, 0x80, 0xfc];
    const LAST: &[u8] = &[0x82, 0, 180, 0, 0xfc];
    refuse(
        &video(),
        &[
            ("begin with its Timestamp", |f| {
                let at = find(f, &[0xe7, 0x81, 0]);
                f[at..at + 12].rotate_left(3);
            }),
            ("a block of track 9", |f| set(f, FIRST, 0, &[0x89])),
            ("flags 0x88", |f| set(f, FIRST, 3, &[0x88])),
            ("a lace in a track without FlagLacing", |f| set(f, FIRST, 3, &[0x86])),
            ("does not begin with a key frame", |f| set(f, FIRST, 3, &[0])),
            ("comes after", |f| set(f, SECOND, 2, &[60])),
            ("longer than 5 s", |f| set_last(f, LAST, 1, &[50])),
            ("a key flag in a BlockGroup", |f| set_last(f, LAST, 3, &[0x80])),
            ("padding below 0", |f| set_last(f, &[0x75, 0xa2], 3, &[0xff])),
        ],
    );
    refuse(
        &file(Container::WebM, &Scene::new().av1_keys(25, 110, 25)),
        &[("earlier than the one before it", |f| set(f, &[0xe7, 0x82, 0x0f, 0xa0], 2, &[0x03, 0xe8]))],
    );
    // What is appended to a live stream belongs to its last cluster.
    refuse(
        &live(Container::WebM, &Scene::new().av1_keys(25, 10, 10).opus(312, 10, 504)),
        &[
            ("padding before the last", |f| f.extend_from_slice(&[0xa3, 0x87, 0x82, 0, 200, 0x80, 0xfc, 0xff, 0xfe])),
            ("a block of 3 bytes", |f| f.extend_from_slice(&[0xa3, 0x83, 0x82, 0, 200])),
            ("an empty block", |f| f.extend_from_slice(&[0xa3, 0x84, 0x82, 0, 200, 0x80])),
            ("a ReferenceBlock of Some(5)", |f| {
                f.extend_from_slice(&[0xa0, 0x8a, 0xa1, 0x85, 0x81, 1, 120, 0, 7, 0xfb, 0x81, 5]);
            }),
            ("larger than 5 MB", |f| {
                let payload = [&[0x81, 1, 100, 0][..], &filler(5_200_000)].concat();
                ebml::binary(f, ids::SIMPLE_BLOCK, &payload);
            }),
            ("its size is known", |f| f.extend_from_slice(&[CLUSTER, &[0x84, 0xe7, 0x82, 1, 0]].concat())),
            ("cluster 1 is empty", |f| {
                f.extend_from_slice(&[CLUSTER, &ebml::UNKNOWN_SIZE[..], &[0xe7, 0x82, 1, 0]].concat());
            }),
            ("a live stream with Cues", |f| {
                let cue = Cue { time: 0, track: 1, cluster: 0, relative: 3, duration: 0 };
                ebml::binary(f, ids::CUES, &cues::content(vec![cue]));
            }),
        ],
    );
}

#[test]
fn of_cues() {
    refuse(
        &video(),
        &[
            ("CueTime 999 is not after", |f| set_last(f, &[0xb3, 0x82, 0x07, 0xd0], 2, &[3, 0xe7])),
            ("is not of a Cluster", |f| {
                let at = find_last(f, &[0xf1, 0x82]) + 3;
                f[at] ^= 1;
            }),
            ("the cue at 2000 ms is not of a key block", |f| set_last(f, &[0xf7, 0x81, 1], 2, &[2])),
            ("the cue at 2001 ms is not of a key block", |f| set_last(f, &[0xb3, 0x82, 0x07, 0xd0], 3, &[0xd1])),
            ("the key frame at 1000 ms has no cue", |f| blank(f, find_last(f, &[0xb3, 0x82, 0x03, 0xe8]) - 2)),
        ],
    );
    refuse(
        &file(Container::WebM, &Scene::new().opus(312, 10, 0)),
        &[("sound without cues", |f| {
            blank(f, find_last(f, CUES));
            // And its entry in the SeekHead.
            blank(f, find(f, CUES) - 6);
        })],
    );
}

#[test]
fn of_cues_within_a_cluster() {
    refuse(
        &file(Container::WebM, &Scene::new().opus(312, 100, 0)),
        &[
            ("the cue at 1000 ms is not of a key block", |f| set_last(f, &[0xf0, 0x82], 2, &[1, 5])),
            ("the cue at 1000 ms is not of a key block", |f| blank(f, find_last(f, &[0xf0, 0x82]))),
        ],
    );
}

#[test]
fn of_pictures() {
    const HEADER: &[u8] = &[0x0a, 0x0d];
    const KEY: &[u8] = &[0x32, 0x5f, 0x10];
    refuse(
        &video(),
        &[
            ("no CodecPrivate", |f| blank_first(f, &[0x63, 0xa2])),
            ("the record is", |f| set(f, &[0x63, 0xa2], 3, &[0x82])),
            ("the record is", |f| set(f, &[0x63, 0xa2], 4, &[0x09])),
            ("the record is", |f| set(f, &[0x63, 0xa2], 5, &[0x0e])),
            ("the record is", |f| set(f, &[0x63, 0xa2], 6, &[0x10])),
            ("holds no sequence header", |f| set(f, HEADER, 0, &[0x2a])),
            ("an OBU without a size", |f| set(f, HEADER, 0, &[0x08])),
            ("a forbidden bit", |f| set(f, HEADER, 0, &[0x8a])),
            ("reaches past its block", |f| set(f, HEADER, 1, &[0x7f])),
            ("should hold the sequence header and nothing else", |f| {
                set(f, HEADER, 13, &[0x2a, 0]);
                set(f, HEADER, 1, &[11]);
            }),
            ("pixels of 64x48", |f| set(f, &[0xb0, 0x81, 64], 2, &[65])),
            ("Colour is", |f| set(f, &[0x55, 0xbb, 0x81], 3, &[9])),
            ("Colour is", |f| set(f, &[0x55, 0xba, 0x81], 3, &[9])),
            ("Colour is", |f| set(f, &[0x55, 0xb1, 0x81], 3, &[9])),
            ("the Range", |f| set(f, &[0x55, 0xb9, 0x81], 3, &[2])),
            ("BitsPerChannel", |f| set(f, &[0x55, 0xb2, 0x81], 3, &[8])),
            ("subsampling", |f| set(f, &[0x55, 0xb4, 0x81], 3, &[0])),
            ("chroma siting", |f| set(f, &[0x55, 0xb8, 0x81], 3, &[2])),
            // Of temporal units.
            ("an OBU of type 2", |f| set(f, KEY, 0, &[0x12])),
            ("an OBU of type 8", |f| set(f, KEY, 0, &[0x42])),
            ("an OBU of type 15", |f| set(f, KEY, 0, &[0x7a])),
            ("no frame header", |f| set(f, KEY, 0, &[0x2a])),
            ("not that of the track", |f| set_last(f, HEADER, 14, &[0])),
            ("at 40 ms: a key flag of true", |f| set(f, &[0x81, 0, 40, 0, 0x32], 3, &[0x80])),
            ("at 1000 ms: a key flag of false", |f| set(f, &[0x81, 3, 0xe8, 0x80, 0x0a], 3, &[0])),
            ("at 0 ms: a key flag of true", |f| set(f, KEY, 2, &[0x30])),
        ],
    );
    let mut cropped = Scene::new().av1(25, 1, 3);
    let TrackKind::Video(video) = &mut cropped.tracks[0].kind else { panic!() };
    video.width = 1;
    refuse(
        &file(Container::WebM, &cropped),
        &[
            ("nothing is left to show", |f| set(f, &[0x54, 0xdd, 0x81], 3, &[64])),
            ("it is shown at", |f| set(f, &[0x54, 0xba, 0x81], 3, &[47])),
            ("it is shown at", |f| blank_first(f, &[0x54, 0xb0, 0x81])),
        ],
    );
    refuse(
        &file(Container::Matroska, &Scene::new().mjpeg(10, 3)),
        &[
            ("no Range", |f| set(f, &[0x55, 0xb9, 0x81], 3, &[3])),
            ("no JPEG", |f| set(f, &[0xff, 0xd8], 1, &[0xd9])),
            ("matroska with V_MJPEH", |f| set(f, b"V_MJPEG", 6, b"H")),
            ("webm with V_MJPEG", call_it_webm),
        ],
    );
}

/// `matroska` is longer than `webm` by a Void.
#[allow(clippy::ptr_arg, reason = "one type for all damages")]
fn call_it_webm(file: &mut Vec<u8>) {
    set(file, &[0x42, 0x82, 0x88], 2, b"\x84webm\xec\x82\0\0");
}

#[test]
fn of_opus() {
    refuse(
        &file(Container::WebM, &Scene::new().opus(312, 10, 504)),
        &[
            ("no CodecPrivate", |f| blank_first(f, &[0x63, 0xa2])),
            ("no identification header", |f| set(f, b"OpusHead", 0, b"o")),
            ("no identification header", |f| set(f, b"OpusHead", 8, &[2])),
            ("Channels is not", |f| set(f, b"OpusHead", 9, &[1])),
            ("CodecDelay 6500000 for a pre-skip of 14337", |f| set(f, b"OpusHead", 10, &[1, 56])),
            ("bytes in the wrong order", |f| set(f, b"OpusHead", 12, &[0, 0, 0xbb, 0x80])),
            ("a mapping of 19 bytes", |f| set(f, b"OpusHead", 18, &[1])),
            ("mapping family 2", |f| set(f, b"OpusHead", 18, &[2])),
            ("CodecDelay 0", |f| blank_first(f, &[0x56, 0xaa])),
            ("SeekPreRoll 0", |f| blank_first(f, &[0x56, 0xbb])),
            ("SamplingFrequency", |f| set(f, &[0xb5, 0x88], 4, &[0])),
            ("a block that is no key", |f| set(f, &[0x81, 0, 20, 0x80], 3, &[0])),
            ("padding of", |f| set_last(f, &[0x75, 0xa2, 0x84], 3, &[1])),
        ],
    );
    let mut surround = Scene::new().opus(312, 3, 0);
    set_surround(&mut surround.tracks[0]);
    refuse(
        &file(Container::WebM, &surround),
        &[
            ("family 0 with 6 channels", |f| set(f, b"OpusHead", 18, &[0])),
            ("streams that are not there", |f| set(f, b"OpusHead", 20, &[5])),
            ("streams that are not there", |f| set(f, b"OpusHead", 21, &[6])),
        ],
    );
}

#[test]
fn of_lossless_sound() {
    refuse(
        &file(Container::Matroska, &Scene::new().flac(44_100, 2, 10)),
        &[
            ("no CodecPrivate", |f| blank_first(f, &[0x63, 0xa2])),
            ("not one STREAMINFO", |f| set(f, b"fLaC", 4, &[0])),
            ("of 41028 Hz", |f| set(f, b"fLaC", 19, &[0x04])),
            ("Channels is not 2", |f| set(f, &[0x9f, 0x81], 2, &[9])),
            ("BitDepth is not 16", |f| set(f, &[0x62, 0x64, 0x81], 3, &[24])),
            ("STREAMINFO counts", |f| set(f, b"fLaC", 25, &[1])),
            ("no FLAC frame", |f| set(f, &[0xff, 0xf8, 0xc0], 0, &[0xfe])),
            ("a block that is no key", |f| set_last(f, &[0x80, 0xff, 0xf8], 0, &[0])),
            ("webm with A_FLAC", call_it_webm),
        ],
    );
    refuse(
        &live(Container::Matroska, &Scene::new().pcm(8_000, 1, 3)),
        &[
            ("no BitDepth", |f| blank_first(f, &[0x62, 0x64])),
            ("BitDepth 17", |f| set(f, &[0x62, 0x64, 0x81], 3, &[17])),
            ("broken samples", |f| set(f, &[0x62, 0x64, 0x81], 3, &[24])),
            ("a CodecPrivate", |f| add_to_track(f, [0x63, 0xa2, 0x81, 1])),
            ("CodecDelay of A_PCM", |f| add_to_track(f, [0x56, 0xaa, 0x81, 1])),
            ("webm with A_PCM", call_it_webm),
        ],
    );
}

/// Adds an element to the only track of a live stream, whose sizes take a byte each.
fn add_to_track(file: &mut Vec<u8>, element: [u8; 4]) {
    let tracks = find(file, TRACKS);
    file[tracks + 4] += 4;
    file[tracks + 6] += 4;
    let end = tracks + length(file, tracks) - 4;
    file.splice(end..end, element);
}

/// A file that says all there is to say.
fn said() -> Vec<u8> {
    let mut scene = Scene::new().av1_keys(25, 40, 10).with_alpha().webvtt(&[(0, 900, "a"), (500, 700, "b\nc")]);
    let TrackKind::Video(video) = &mut scene.tracks[0].kind else { panic!() };
    video.hdr.mastering = Some(MasteringDisplay::P3_D65);
    video.orientation = Orientation::turned(1).mirror();
    video.sample_aspect_ratio = AspectRatio::new(16, 11).unwrap();
    scene.tracks[1].labels = scene.tracks[1].labels.clone().language("pt-BR").forced(true).title("Signs");
    let metadata = Metadata::new()
        .tag("title", "Walk")
        .tag("track", "3")
        .creation_time(978_307_201)
        .chapter(Chapter::new(Timestamp::from_millis(0), "One"))
        .chapter(Chapter::new(Timestamp::from_millis(700), "Two"))
        .cover(Cover::new(vec![0xff, 0xd8, 0xff, 0xe0, 1]).unwrap())
        .attachment(Attachment::new("a.ttf", "font/ttf", vec![1, 2, 3]));
    let settings = MuxSettings { metadata: Arc::new(metadata), ..MuxSettings::of(Layout::Plain) };
    mux(Container::Matroska, settings, &scene).unwrap()
}

#[test]
fn of_what_is_said() {
    refuse(
        &said(),
        &[
            ("DateUTC is a date of 7 bytes", |f| set(f, &[0x44, 0x61, 0x88], 2, &[0x87])),
            ("Title is no clean text", |f| set(f, b"Walk", 0, &[0])),
            ("the Language", |f| set(f, b"por", 0, b"P")),
            ("FlagForced of a track", |f| {
                // In place of the MaxBlockAdditionID of the pictures.
                set(f, &[0x55, 0xee, 0x81], 0, &[0x55, 0xaa, 0x81, 1]);
            }),
            ("a projection that is not flat", |f| set(f, &[0x76, 0x71, 0x81], 3, &[1])),
            ("a pose of", |f| set(f, &[0x76, 0x75, 0x88], 3, &[0xc1])),
            ("a pose of", |f| set(f, &[0x76, 0x74, 0x88], 3, &[0x40])),
            ("chromaticities", |f| set(f, &[0x55, 0xd1, 0x88], 3, &[0x40])),
            ("luminances", |f| set(f, &[0x55, 0xd9, 0x88], 3, &[0])),
            ("MasteringMetadata has 0 WhitePointChromaticityX", |f| blank_first(f, &[0x55, 0xd7, 0x88])),
            ("it is shown at", |f| blank_first(f, &[0x54, 0xb0, 0x81])),
            ("the ChapterUID 0 is 0", |f| {
                let at = find(f, &[0x73, 0xc4, 0x87]);
                f[at + 2..at + 10].copy_from_slice(&[0x81, 0, 0xec, 0x84, 0, 0, 0, 0]);
            }),
            ("a chapter ends at", |f| set_last(f, &[0x92, 0x88], 2, &[0, 0, 0, 0, 0, 0, 0, 1])),
            ("ChapterDisplay has 0 ChapLanguage", |f| blank_first(f, &[0x43, 0x7c, 0x83])),
            ("a chapter without an end", |f| blank_first(f, &[0x92, 0x84])),
            ("a chapter without an end", |f| blank_first(f, &[0x92, 0x88])),
            ("a TargetTypeValue of 51", |f| set(f, &[0x68, 0xca, 0x81], 3, &[51])),
            ("small letters", |f| set(f, b"PART_NUMBER", 1, b"a")),
            ("the FileUID 0 is 0", |f| {
                let at = find(f, &[0x46, 0xae, 0x87]);
                f[at + 2..at + 10].copy_from_slice(&[0x81, 0, 0xec, 0x84, 0, 0, 0, 0]);
            }),
            ("the cover.jpg is none", |f| set(f, b"image/jpeg", 6, b"jpag")),
            ("the cover.jpg is none", |f| set(f, &[0x46, 0x5c, 0x85], 3, &[0])),
            ("a media type", |f| set(f, b"font/ttf", 4, b"-")),
            ("the SeekHead has Tags 0 times", |f| blank(f, find(f, &[0x12, 0x54, 0xc3, 0x67]) - 6)),
            ("the SeekHead has Chapters 0 times", |f| blank(f, find(f, &[0x10, 0x43, 0xa7, 0x70]) - 6)),
            ("the SeekHead has Attachments 0 times", |f| blank(f, find(f, &[0x19, 0x41, 0xa4, 0x69]) - 6)),
            ("webm with", call_it_webm),
        ],
    );
}

#[test]
fn of_alpha_and_subtitles() {
    refuse(
        &said(),
        &[
            ("AlphaMode of false", |f| set(f, &[0x53, 0xc0, 0x81], 3, &[0])),
            ("beyond the MaxBlockAdditionID", |f| set(f, &[0x55, 0xee, 0x81], 3, &[0])),
            ("a BlockAddID that is not 1", |f| set(f, &[0xee, 0x81, 1, 0xa5], 2, &[2])),
            ("BlockMore has 0 BlockAddID", |f| blank_first(f, &[0xee, 0x81, 1, 0xa5])),
            ("AlphaMode of true with 39", |f| blank_first(f, &[0x75, 0xa1])),
            ("a BlockGroup without a BlockDuration", |f| blank_first(f, &[0x9b, 0x81, 40])),
            ("a key flag of true", |f| blank_first(f, &[0xfb, 0x81])),
            ("has a duration of Some(901)", |f| set(f, &[0xb2, 0x82, 0x03, 0x84], 3, &[0x85])),
            ("no head of a WebVTT file", |f| set(f, &[0x63, 0xa2, 0x86], 3, b"S")),
            ("no text of a cue", |f| set(f, b"b\nc", 0, b"\n")),
            ("a cue without an end", |f| blank_first(f, &[0x9b, 0x82, 0x03, 0x84])),
            ("the key frame at 500 ms has no cue", |f| blank(f, find_last(f, &[0xb3, 0x82, 1, 0xf4]) - 2)),
        ],
    );
}

#[test]
fn of_raw_pictures() {
    refuse(
        &file(Container::Matroska, &Scene::new().raw(PixelFormat::Yuv420p, 2)),
        &[
            ("an UncompressedFourCC", |f| set(f, b"I420", 0, b"J")),
            ("a picture of 4608 bytes, not 6144", |f| set(f, b"I420", 0, b"Y42B")),
            ("BitsPerChannel", |f| set(f, &[0x55, 0xb2, 0x81], 3, &[10])),
            ("an UncompressedFourCC of None", |f| blank_first(f, &[0x2e, 0xb5, 0x24])),
        ],
    );
}

#[test]
fn of_times_before_0() {
    let mut scene = Scene::new().av1_keys(25, 250, 25).late(0, -10);
    scene.packets[0].truncate(200);
    refuse(
        &file(Container::WebM, &scene),
        &[
            ("in a cluster at 1", |f| set(f, &[0xe7, 0x81, 0], 2, &[1])),
            ("the key frame at -400 ms has no cue", |f| {
                set(f, &[0x81, 0xfe, 0x70, 0x80], 1, &[0xfe, 0x70]);
                blank(f, find_last(f, &[0xb3, 0x81, 0]) - 2);
            }),
        ],
    );
}
