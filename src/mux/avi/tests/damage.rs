//! That the reader is worth its name: files that are damaged in one place each, none of which it lets pass.

use super::*;
use crate::media::{AspectRatio, TrackLabels};

/// A change to the bytes at `offset` from the body of the `nth` chunk `id`, and a word of the refusal.
type Damage = (&'static str, usize, usize, &'static [u8], &'static str);

/// Pictures of odd size, all samples of sound, gaps, texts, two RIFF chunks.
fn sample() -> Vec<u8> {
    let mut video = jpeg_track(Some(ntsc()), TimeBase::new(1001, 30_000).unwrap());
    if let TrackKind::Video(video) = &mut video.kind {
        video.sample_aspect_ratio = AspectRatio::new(16, 11).unwrap();
    }
    video.labels = TrackLabels::new().title("Pictures");
    let tracks = [video, pcm_track(8000, 1, SampleFormat::S16), pcm_track(8000, 3, SampleFormat::F32)];
    let mut packets = Vec::new();
    for i in 0..10 {
        packets.push(frame(0, i * 3, 2, 7 + i as usize));
        packets.push(sound(1, &tracks, i * 800, 400));
        packets.push(sound(2, &tracks, i * 800, 800));
    }
    let mut muxer = muxer(Metadata::new().tag("title", "odd").creation_time(0)).unwrap();
    muxer.limits.1 = 40;
    try_file_of(muxer, &tracks, &packets).unwrap()
}

/// Where the body of the `nth` chunk `id` is.
fn place(file: &[u8], id: &str, nth: usize) -> usize {
    let mut places = file.windows(4).enumerate().filter(|(_, window)| *window == id.as_bytes());
    places.nth(nth).unwrap_or_else(|| panic!("no {id} {nth}")).0 + 8
}

fn check(file: &[u8], damages: &[Damage]) {
    verifier::verify(file).unwrap();
    for &(id, nth, offset, bytes, refusal) in damages {
        let mut damaged = file.to_vec();
        let target = &mut damaged[place(file, id, nth) + offset..][..bytes.len()];
        assert_ne!(target, bytes, "{id} {nth} at {offset}: no damage");
        target.copy_from_slice(bytes);
        let fault = verifier::verify(&damaged).err().unwrap_or_else(|| panic!("{id} {nth} at {offset} passes"));
        assert!(fault.contains(refusal), "{id} {nth} at {offset}: {fault}");
    }
}

#[test]
fn every_field_of_the_headers_counts() {
    check(
        &sample(),
        &[
            ("RIFF", 0, 0, b"AVIX", "RIFF chunk 0"),
            ("RIFF", 1, 0, b"AVI ", "RIFF chunk 1"),
            ("avih", 0, 0, b"\0", "dwMicroSecPerFrame"),
            ("avih", 0, 4, b"\x01", "dwMaxBytesPerSec"),
            ("avih", 0, 8, b"\x01", "dwPaddingGranularity"),
            ("avih", 0, 12, b"\0", "dwFlags"),
            ("avih", 0, 16, b"\x01", "dwTotalFrames of avih"),
            ("avih", 0, 20, b"\x01", "dwInitialFrames"),
            ("avih", 0, 24, b"\x02", "odml"),
            ("avih", 0, 24, b"\x09", "dwStreams"),
            ("avih", 0, 28, b"\x01", "dwSuggestedBufferSize of avih"),
            ("avih", 0, 32, b"\x41", "pixels"),
            ("avih", 0, 36, b"\x41", "pixels"),
            ("avih", 0, 40, b"\x01", "dwReserved"),
            ("strh", 0, 0, b"auds", "handler"),
            ("strh", 0, 0, b"txts", "a stream of txts"),
            ("strh", 0, 4, b"XJPG", "fccHandler"),
            ("strh", 0, 8, b"\x01", "dwFlags"),
            ("strh", 0, 14, b"\x01", "wLanguage"),
            ("strh", 0, 16, b"\x01", "dwInitialFrames"),
            ("strh", 0, 20, b"\0\0", "a rate"),
            ("strh", 0, 20, b"\xea", ""),
            ("strh", 0, 24, b"\x31", ""),
            ("strh", 0, 28, b"\x01", "dwStart"),
            ("strh", 0, 32, b"\x1c", "dwLength of stream 0"),
            ("strh", 0, 36, b"\x01", "dwSuggestedBufferSize of stream 0"),
            ("strh", 0, 40, b"\0", "dwQuality"),
            ("strh", 0, 44, b"\x01", "dwSampleSize"),
            ("strh", 0, 52, b"\x41", "rcFrame"),
            ("strh", 1, 24, b"\x41", "8000 Hz"),
            ("strh", 1, 32, b"\x01", "dwLength of stream 1"),
            ("strh", 1, 44, b"\x04", "nBlockAlign"),
            ("strh", 1, 52, b"\x04", "frame"),
            ("strf", 0, 0, b"\x2c", "biSize"),
            ("strf", 0, 4, b"\x41", "rcFrame"),
            ("strf", 0, 8, b"\xd0\xff\xff\xff", "rcFrame"),
            ("strf", 0, 12, b"\0", "biPlanes"),
            ("strf", 0, 14, b"\x20", "biBitCount"),
            ("strf", 0, 16, b"I420", "biCompression"),
            ("strf", 0, 20, b"\x01", "biSizeImage"),
            ("strf", 0, 32, b"\x01", "biXPels"),
            ("strf", 1, 0, b"\x03", "wFormatTag"),
            ("strf", 1, 2, b"\x02", "nBlockAlign"),
            ("strf", 1, 4, b"\x41", ""),
            ("strf", 1, 8, b"\x81", "nAvgBytesPerSec"),
            ("strf", 1, 12, b"\x04", "nBlockAlign"),
            ("strf", 1, 14, b"\x18", "wFormatTag"),
            ("strf", 2, 0, b"\x01\0", "wFormatTag"),
            ("strf", 2, 14, b"\x21", "wBitsPerSample"),
            ("strf", 2, 16, b"\x18", "cbSize"),
            ("strf", 2, 18, b"\x18", "wValidBitsPerSample"),
            ("strf", 2, 20, b"\x03", "dwChannelMask"),
            ("strf", 2, 24, b"\x02", "SubFormat"),
            ("strf", 2, 39, b"\0", "SubFormat"),
            ("vprp", 0, 0, b"\x01", "VideoFormatToken"),
            ("vprp", 0, 4, b"\x01", "VideoStandard"),
            ("vprp", 0, 8, b"\0", "dwVerticalRefreshRate"),
            ("vprp", 0, 12, b"\0", "dwHTotalInT"),
            ("vprp", 0, 16, b"\0", "dwVTotalInLines"),
            ("vprp", 0, 20, b"\0", "dwFrameAspectRatio"),
            ("vprp", 0, 24, b"\0", "dwFrameWidthInPixels"),
            ("vprp", 0, 28, b"\0", "dwFrameHeightInLines"),
            ("vprp", 0, 32, b"\x02", "nbFieldPerFrame"),
            ("vprp", 0, 36, b"\0", "CompressedBMHeight"),
            ("vprp", 0, 40, b"\0", "CompressedBMWidth"),
            ("vprp", 0, 44, b"\0", "ValidBMHeight"),
            ("vprp", 0, 48, b"\0", "ValidBMWidth"),
            ("vprp", 0, 52, b"\x01", "ValidBMXOffset"),
            ("vprp", 0, 56, b"\x01", "ValidBMYOffset"),
            ("vprp", 0, 60, b"\x01", "VideoXOffsetInT"),
            ("vprp", 0, 64, b"\x01", "VideoYValidStartLine"),
            ("strn", 0, 8, b"!", "NUL"),
            ("strn", 0, 2, b"\xff", "no text"),
            ("strn", 0, 2, b"\0", "NUL inside"),
            ("dmlh", 0, 0, b"\x01", "dwTotalFrames of dmlh"),
            ("dmlh", 0, 4, b"\x01", "dwFuture"),
            ("IDIT", 0, 25, b"!", "NUL"),
            ("INAM", 0, 3, b"!", "NUL"),
        ],
    );
}

#[test]
fn every_field_of_the_indexes_counts() {
    let file = sample();
    check(
        &file,
        &[
            ("indx", 0, 0, b"\x02", "wLongsPerEntry of indx"),
            ("indx", 0, 2, b"\x01", "bIndexType of indx"),
            ("indx", 0, 3, b"\x01", "bIndexType of indx"),
            ("indx", 0, 4, b"\x01", "unused entry"),
            ("indx", 0, 4, b"\x03", "lists 3 of 2"),
            ("indx", 0, 6, b"\x01", "entries"),
            ("indx", 0, 8, b"00db", "tells of"),
            ("indx", 0, 12, b"\x01", "dwReserved of indx"),
            ("indx", 0, 24, b"\x01", "indx says"),
            ("indx", 0, 32, b"\x01", "indx says"),
            ("indx", 0, 36, b"\x01", "indx says"),
            ("indx", 1, 44, b"\x01", "indx says"),
            ("indx", 0, 64, b"\x01", "unused entry"),
            ("ix00", 0, 0, b"\x04", "wLongsPerEntry of ix"),
            ("ix00", 0, 2, b"\x01", "bIndexType of ix"),
            ("ix00", 0, 3, b"\0", "bIndexType of ix"),
            ("ix00", 0, 4, b"\x01", "nEntriesInUse of ix"),
            ("ix00", 0, 8, b"00db", "tells of"),
            ("ix00", 0, 12, b"\x01", "qwBaseOffset"),
            ("ix00", 0, 20, b"\x01", "dwReserved3"),
            ("ix00", 0, 24, b"\x01", "ix00 says"),
            ("ix00", 0, 28, b"\x01", "ix00 says"),
            ("ix00", 0, 31, b"\x80", "ix00 says"),
            ("ix00", 0, 39, b"\0", "ix00 says"),
            ("ix01", 1, 24, b"\x01", "ix01 says"),
            ("idx1", 0, 0, b"00db", "idx1 says"),
            ("idx1", 0, 4, b"\0", "idx1 says"),
            ("idx1", 0, 8, b"\x0c", "idx1 says"),
            ("idx1", 0, 12, b"\x01", "idx1 says"),
        ],
    );
}

#[test]
fn chunks_cannot_be_missing_or_foreign_or_of_another_size() {
    let file = sample();
    for (id, nth) in [
        ("RIFF", 0),
        ("RIFF", 1),
        ("hdrl", 0),
        ("avih", 0),
        ("strl", 0),
        ("strh", 0),
        ("strf", 1),
        ("indx", 2),
        ("vprp", 0),
        ("odml", 0),
        ("dmlh", 0),
        ("IDIT", 0),
        ("INFO", 0),
        ("INAM", 0),
        ("movi", 0),
        ("movi", 1),
        ("idx1", 0),
        ("ix02", 0),
    ] {
        let at = place(&file, id, nth) - 8;
        let mut damaged = file.clone();
        damaged[at..at + 4].copy_from_slice(b"JUNK");
        assert!(verifier::verify(&damaged).is_err(), "{id} {nth} as JUNK");
        if matches!(id, "hdrl" | "strl" | "odml" | "INFO" | "movi") {
            continue;
        }
        for change in [1, 2, 254, 255] {
            let mut damaged = file.clone();
            damaged[at + 4] = damaged[at + 4].wrapping_add(change);
            assert!(verifier::verify(&damaged).is_err(), "{id} {nth} with a size that is {change} off");
        }
    }
    // Of the data: another stream's, an odd one's padding, and sound that is no whole number of samples.
    let movi = place(&file, "movi", 0) - 4;
    assert_eq!(&file[movi..movi + 8], b"00dc\x07\0\0\0");
    for (offset, bytes) in [(0, b"01wb"), (0, b"00db"), (0, b"77dc"), (4, b"\x06\0\0\0"), (12, b"\x01\x01\x01\x01")] {
        let mut damaged = file.clone();
        damaged[movi + offset..][..4].copy_from_slice(bytes);
        assert!(verifier::verify(&damaged).is_err(), "{bytes:?} at {offset} of movi");
    }
    for cut in (0..file.len()).step_by(61) {
        assert!(verifier::verify(&file[..cut]).is_err(), "the first {cut} bytes");
    }
    assert!(verifier::verify(&[&file[..], b"\0"].concat()).is_err());
}

#[test]
fn pictures_have_the_size_of_their_format() {
    let tracks = [raw_track(PixelFormat::Gray, 16, 16)];
    let bytes = file(&tracks, &[frame(0, 0, 1, 256)]);
    check(
        &bytes,
        &[
            ("strf", 0, 4, b"\x12", "rcFrame"),
            ("strf", 0, 14, b"\x09", "biBitCount"),
            ("strf", 0, 16, b"Y8  ", "fccHandler"),
            ("strf", 0, 20, b"\x01", "biSizeImage"),
        ],
    );
}
