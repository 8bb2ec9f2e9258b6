//! Files read by crates that share no code with the library.

use std::io::Cursor;

/// A packet as a reader gives it.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// From 0.
    pub track: usize,
    /// In ticks of the track (MP4) or milliseconds (Matroska).
    pub time: i64,
    pub key: bool,
    pub data: Vec<u8>,
}

/// The samples of a plain MP4, track by track.
pub fn mp4(bytes: &[u8], tracks: usize) -> Vec<Found> {
    let mut reader = mp4::Mp4Reader::read_header(Cursor::new(bytes), bytes.len() as u64).expect("crate mp4 reads the file");
    assert_eq!(reader.tracks().len(), tracks, "tracks that crate mp4 sees");
    let mut found = Vec::new();
    for track in 0..tracks {
        let id = track as u32 + 1;
        for number in 1..=reader.sample_count(id).expect("a track") {
            let sample = reader.read_sample(id, number).expect("crate mp4 reads the sample").expect("a sample");
            let (time, key) = (sample.start_time as i64, sample.is_sync);
            found.push(Found { track, time, key, data: sample.bytes.to_vec() });
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
        let key = frame.is_keyframe.unwrap_or(true);
        let data = std::mem::take(&mut frame.data);
        found.push(Found { track: frame.track as usize - 1, time: frame.timestamp as i64, key, data });
    }
    found
}

/// The frames of a Matroska file that was cut off: as many as are whole.
pub fn matroska_up_to_its_end(bytes: &[u8]) -> usize {
    let mut file = matroska_demuxer::MatroskaFile::open(Cursor::new(bytes)).expect("matroska-demuxer reads what was left");
    let mut frame = matroska_demuxer::Frame::default();
    let mut count = 0;
    while let Ok(true) = file.next_frame(&mut frame) {
        count += 1;
    }
    count
}
