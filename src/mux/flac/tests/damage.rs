//! What the verifier is worth: each of its checks refuses a file that is damaged on that point.

use super::*;
use crate::mux::damage::{self, Case, find};

fn refuse(bytes: &[u8], live: bool, cases: &[Case]) {
    damage::refuse(bytes, |bytes| verify(bytes, live), |_, _| {}, cases);
}

fn sample() -> Vec<u8> {
    let metadata = Metadata::new()
        .tag("title", "a")
        .chapter(Chapter::new(Timestamp::from_millis(0), "b"))
        .cover(Cover::new(b"\xff\xd8\xff\xe0".to_vec()).unwrap());
    mux(&with(metadata), &track(64, 1, 64), &packets(1, &[64, 64, 30], |_| true)).unwrap()
}

/// Where the seek table's body is, behind the marker, STREAMINFO and a header.
const SEEK_TABLE: usize = 4 + 4 + 34 + 4;

#[test]
fn of_files() {
    refuse(
        &sample(),
        false,
        &[
            ("no fLaC", |f| f[0] = b'F'),
            ("is cut off", |f| f.truncate(100)),
            ("first block is of type 4", |f| f[4] = 4),
            ("a block of type 1", |f| f[42] = 1),
            ("two blocks of type 0", |f| f[42] = 0),
            ("no VORBIS_COMMENT", |f| f[4] |= 0x80),
            ("block sizes", |f| f[9] = 3),
            ("no sample rate", |f| f[18..21].copy_from_slice(&[0, 0, 0])),
            ("bits", |f| f[21] ^= 0x10),
            ("a total of", |f| f[25] ^= 1),
            ("frame sizes", |f| f[14] ^= 1),
            ("frame sizes", |f| f[17] ^= 1),
            ("is none of a frame", |f| f[SEEK_TABLE + 18 + 15] ^= 1),
            ("is none of a frame", |f| f[SEEK_TABLE + 18 + 17] ^= 1),
            ("is not after the one before", |f| f.copy_within(SEEK_TABLE..SEEK_TABLE + 18, SEEK_TABLE + 18)),
            ("behind a placeholder", |f| f[SEEK_TABLE..SEEK_TABLE + 8].fill(0xff)),
            ("no seek point at 0", |f| f[SEEK_TABLE..SEEK_TABLE + 54].fill(0xff)),
            ("the vendor is", |f| {
                let at = find(f, b"framewright");
                f[at] = b'F';
            }),
            ("without `=`", |f| {
                let at = find(f, b"TITLE=");
                f[at + 5] = b'-';
            }),
            ("no UTF-8", |f| {
                let at = find(f, b"TITLE=");
                f[at + 6] = 0xff;
            }),
            ("of the name", |f| {
                let at = find(f, b"TITLE=");
                f[at] = b'~';
            }),
            ("chapter 1 begins", |f| {
                let at = find(f, b"00:00");
                f[at + 2] = b'.';
            }),
            ("chapter 1 is", |f| {
                let at = find(f, b"CHAPTER001=");
                f[at + 9] = b'2';
            }),
            ("the name of chapter 1", |f| {
                let at = find(f, b"CHAPTER001NAME=");
                f[at + 9] = b'2';
            }),
            ("a picture of type", |f| {
                let at = find(f, b"image/jpeg");
                f[at - 5] = 4;
            }),
            ("a picture with a description", |f| {
                let at = find(f, b"image/jpeg");
                f[at + 13] = 1;
            }),
            ("a picture of 5 bytes", |f| {
                let at = find(f, b"image/jpeg");
                f[at + 33] = 5;
            }),
            ("the picture is no", |f| {
                let at = find(f, b"image/jpeg");
                f[at + 34] = 0;
            }),
            ("CRC-8", |f| {
                let at = find(f, &[0xff, 0xf8]);
                f[at + 7] ^= 1;
            }),
            ("is numbered 1", |f| {
                let at = find(f, &[0xff, 0xf8]);
                let length = (f.len() - at - 8 - 1 - 60 - 2) / 2;
                f.drain(at..at + length);
            }),
            ("no sound CRC-16", |f| *f.last_mut().unwrap() ^= 1),
        ],
    );
}

#[test]
fn of_live_files() {
    let packets = packets(1, &[64, 64], |_| false);
    let live = mux(&MuxSettings::of(Layout::Live), &track(64, 1, 64), &packets).unwrap();
    refuse(&live, true, &[("totals in a live stream", |f| f[25] = 1), ("no VORBIS_COMMENT", |f| f[42] = 0x80 | 6)]);
    assert!(verify(&live, false).is_err());
    assert!(verify(&file(&track(64, 1, 64), &packets), true).is_err());
}
