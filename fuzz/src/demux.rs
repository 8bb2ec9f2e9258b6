//! Files read by crates that share no code with the library, and by what little is written here for what those leave out.

use std::io::Cursor;

/// A packet as a reader gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// From 0.
    pub track: usize,
    /// In ticks of the track (MP4) or milliseconds (Matroska).
    pub time: i64,
    /// Likewise; `None` where the file does not say.
    pub duration: Option<u64>,
    /// `None` where the file does not say it where this reader looks.
    pub key: Option<bool>,
    pub data: Vec<u8>,
}

/// The samples of an MP4 with an index for all of it, track by track; `tracks` says which there are, from 0.
pub fn mp4(bytes: &[u8], tracks: &[usize]) -> Vec<Found> {
    let mut reader =
        mp4::Mp4Reader::read_header(Cursor::new(bytes), bytes.len() as u64).expect("crate mp4 reads the file");
    let mut ids: Vec<usize> = reader.tracks().keys().map(|&id| id as usize - 1).collect();
    ids.sort_unstable();
    assert_eq!(ids, tracks, "tracks that crate mp4 sees");
    let mut found = Vec::new();
    for &track in tracks {
        let id = track as u32 + 1;
        for number in 1..=reader.sample_count(id).expect("a track") {
            let sample = reader.read_sample(id, number).expect("crate mp4 reads the sample").expect("a sample");
            let (time, duration) = (sample.start_time as i64, Some(sample.duration.into()));
            found.push(Found { track, time, duration, key: Some(sample.is_sync), data: sample.bytes.to_vec() });
        }
    }
    found
}

/// The frames of a Matroska file, in its order.
pub fn matroska(bytes: &[u8], tracks: usize) -> Vec<Found> {
    let mut file = matroska_demuxer::MatroskaFile::open(Cursor::new(bytes)).expect("matroska-demuxer reads the file");
    assert_eq!(file.tracks().len(), tracks, "tracks that matroska-demuxer sees");
    let (mut found, mut frame) = (Vec::new(), matroska_demuxer::Frame::default());
    while file.next_frame(&mut frame).expect("matroska-demuxer reads the frame") {
        found.push(matroska_frame(&mut frame));
    }
    found
}

/// The frames of a Matroska file that was cut off: as many as are whole.
pub fn matroska_up_to_its_end(bytes: &[u8]) -> Vec<Found> {
    let mut file =
        matroska_demuxer::MatroskaFile::open(Cursor::new(bytes)).expect("matroska-demuxer reads what was left");
    let (mut found, mut frame) = (Vec::new(), matroska_demuxer::Frame::default());
    while let Ok(true) = file.next_frame(&mut frame) {
        found.push(matroska_frame(&mut frame));
    }
    found
}

fn matroska_frame(frame: &mut matroska_demuxer::Frame) -> Found {
    Found {
        track: frame.track as usize - 1,
        time: frame.timestamp as i64,
        duration: frame.duration,
        key: frame.is_keyframe,
        data: std::mem::take(&mut frame.data),
    }
}

/// A box: its type, its body, and where it begins.
struct Piece<'a> {
    kind: &'a [u8],
    body: &'a [u8],
    at: usize,
}

/// The boxes that are whole in `bytes`, and whether they fill it.
fn boxes(bytes: &[u8]) -> (Vec<Piece<'_>>, bool) {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(head) = bytes.get(at..at + 8) {
        let size = u32_at(head, 0) as usize;
        let Some(body) = bytes.get(at + 8..at + size) else { break };
        found.push(Piece { kind: &head[4..], body, at });
        at += size;
    }
    (found, at == bytes.len())
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn child<'a>(bytes: &'a [u8], kind: &[u8]) -> &'a [u8] {
    let (pieces, is_whole) = boxes(bytes);
    assert!(is_whole, "boxes that do not fill their parent");
    pieces.iter().find(|piece| piece.kind == kind).map(|piece| piece.body).unwrap_or_default()
}

/// The samples of the fragments of an MP4 that are whole, in the file's order. `is_complete`: whether the file has to end with
/// a box.
pub fn fragments(bytes: &[u8], is_complete: bool) -> Vec<Found> {
    let (pieces, is_whole) = boxes(bytes);
    assert!(is_whole || !is_complete, "the file ends within a box");
    let mut defaults = Vec::new();
    let mut found = Vec::new();
    for piece in &pieces {
        match piece.kind {
            b"moov" => {
                let (extends, _) = boxes(child(piece.body, b"mvex"));
                let extends = extends.into_iter().filter(|piece| piece.kind == b"trex");
                // Version and flags, track_ID, default_sample_description_index, then the three.
                defaults = extends.map(|trex| [12, 16, 20].map(|at| u32_at(trex.body, at))).collect();
            }
            b"moof" => {
                let (tracks, _) = boxes(piece.body);
                for traf in tracks.iter().filter(|piece| piece.kind == b"traf") {
                    run(bytes, piece.at, traf.body, &defaults, &mut found);
                }
            }
            _ => {}
        }
    }
    found
}

/// Reads one `traf`; of a sample whose data is not there, nothing is found.
fn run(bytes: &[u8], moof: usize, traf: &[u8], defaults: &[[u32; 3]], found: &mut Vec<Found>) {
    let (tfhd, tfdt, trun) = (child(traf, b"tfhd"), child(traf, b"tfdt"), child(traf, b"trun"));
    let track = u32_at(tfhd, 4) as usize - 1;
    let [mut duration, mut size, mut flags] = defaults[track];
    let (tfhd_flags, mut at) = (u32_at(tfhd, 0), 8);
    assert_eq!(tfhd_flags & !0x02_0038, 0, "flags of tfhd that nothing here reads");
    for (bit, value) in [(0x08, &mut duration), (0x10, &mut size), (0x20, &mut flags)] {
        if tfhd_flags & bit != 0 {
            *value = u32_at(tfhd, at);
            at += 4;
        }
    }
    let mut time = i64::from_be_bytes(tfdt[4..12].try_into().expect("version 1"));
    let (trun_flags, count) = (u32_at(trun, 0), u32_at(trun, 4));
    assert_eq!(trun_flags & !0x705, 0, "flags of trun that nothing here reads");
    let (mut data, mut at) = (moof + u32_at(trun, 8) as usize, 12);
    let mut next = |bit: u32, otherwise: u32| {
        if trun_flags & bit == 0 {
            return otherwise;
        }
        at += 4;
        u32_at(trun, at - 4)
    };
    let first = next(0x04, flags);
    for number in 0..count {
        let (duration, size) = (next(0x100, duration), next(0x200, size) as usize);
        let flags = next(0x400, if number == 0 { first } else { flags });
        let Some(bytes) = bytes.get(data..data + size) else { return };
        // sample_is_non_sync_sample
        let key = Some(flags & 0x1_0000 == 0);
        found.push(Found { track, time, duration: Some(duration.into()), key, data: bytes.to_vec() });
        (time, data) = (time + i64::from(duration), data + size);
    }
}

/// The open bitstream units that `bytes` consist of, as type and payload; `None` where they do not.
pub fn obus(mut bytes: &[u8]) -> Option<Vec<(u8, Vec<u8>)>> {
    let mut found = Vec::new();
    while let Some((&head, rest)) = bytes.split_first() {
        // The bit that is forbidden.
        if head & 0x80 != 0 {
            return None;
        }
        // The extension, and the size field.
        let rest = if head & 4 != 0 { rest.get(1..)? } else { rest };
        let (size, rest) = if head & 2 != 0 { leb128(rest)? } else { (rest.len(), rest) };
        found.push((head >> 3 & 15, rest.get(..size)?.to_vec()));
        bytes = &rest[size..];
    }
    Some(found)
}

fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0u64;
    for (index, &byte) in bytes.iter().enumerate().take(8) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((u32::try_from(value).ok()? as usize, &bytes[index + 1..]));
        }
    }
    None
}

/// The frames of an IVF file: time and data.
pub fn ivf(bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
    assert_eq!(&bytes[..8], b"DKIF\0\0\x20\0");
    let (mut rest, mut found) = (&bytes[32..], Vec::new());
    while !rest.is_empty() {
        let size = u32::from_le_bytes(rest[..4].try_into().expect("four bytes")) as usize;
        let time = u64::from_le_bytes(rest[4..12].try_into().expect("eight bytes"));
        found.push((time, rest[12..12 + size].to_vec()));
        rest = &rest[12 + size..];
    }
    found
}

/// The texts of a WebVTT sample of MP4.
pub fn cues_of_sample(sample: &[u8]) -> Vec<Vec<u8>> {
    let (cues, is_whole) = boxes(sample);
    assert!(is_whole, "a sample of cues that is no row of boxes");
    cues.iter().filter(|cue| cue.kind == b"vttc").map(|cue| child(cue.body, b"payl").to_vec()).collect()
}
