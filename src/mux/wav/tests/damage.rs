//! What the verifier is worth: each of its checks refuses a file that is damaged on that point.

use super::*;
use crate::mux::damage::{self, Case, find};

fn refuse(bytes: &[u8], cases: &[Case]) {
    damage::refuse(bytes, verify, |_, _| {}, cases);
}

/// Adds to the byte at `offset` from the first `pattern`.
fn bump(bytes: &mut [u8], pattern: &[u8], offset: usize) {
    let at = find(bytes, pattern) + offset;
    bytes[at] = bytes[at].wrapping_add(1);
}

fn metadata() -> Metadata {
    let at = |ticks| Timestamp::new(ticks, TimeBase::per_second(8_000));
    let chapters = [Chapter::new(at(1), "abc").end(at(2)), Chapter::new(at(3), "de")];
    chapters.into_iter().fold(Metadata::new().tag("title", "ab"), Metadata::chapter)
}

#[test]
fn of_the_plain_layout() {
    let bytes = mux(&with(metadata()), &track(8_000, 1, SampleFormat::S24), &[packet(0, 5, 3)]).unwrap();
    refuse(
        &bytes,
        &[
            ("neither RIFF nor RF64", |f| f[0] = b'r'),
            ("a RIFF of", |f| f[4] += 1),
            ("no WAVE", |f| f[8] = b'w'),
            ("JUNK is not first", |f| f[20] = 1),
            ("RF64 without ds64", |f| f[..4].copy_from_slice(b"RF64")),
            ("no room for ds64", |f| {
                f.drain(12..48);
                let size = f.len() as u32 - 8;
                f[4..8].copy_from_slice(&size.to_le_bytes());
            }),
            ("no fmt", |f| {
                let at = find(f, b"fmt ");
                f.drain(at..at + 48);
            }),
            ("two fmt", |f| {
                let at = find(f, b"fmt ");
                let copy = f[at..at + 48].to_vec();
                f.splice(at..at, copy);
            }),
            ("JUNK is not first", |f| f[12..96].rotate_left(36)),
            ("fmt  out of order", |f| {
                let at = find(f, b"cue ");
                let copy = f.drain(at..at + 60).collect::<Vec<_>>();
                f.splice(48..48, copy);
            }),
            ("format tag", |f| bump(f, b"fmt ", 8)),
            ("for 2 channels", |f| bump(f, b"fmt ", 10)),
            ("bytes a second", |f| bump(f, b"fmt ", 12)),
            ("bytes a second", |f| bump(f, b"fmt ", 16)),
            ("a block of 4 bytes", |f| bump(f, b"fmt ", 20)),
            ("of 25 bits are valid", |f| bump(f, b"fmt ", 22)),
            ("a cbSize of", |f| bump(f, b"fmt ", 24)),
            ("of 24 bits are valid", |f| bump(f, b"fmt ", 26)),
            ("the mask", |f| bump(f, b"fmt ", 28)),
            ("format 2", |f| bump(f, b"fmt ", 32)),
            ("the sub-format", |f| bump(f, b"fmt ", 36)),
            ("INFO has", |f| bump(f, b"INAM", 3)),
            ("padded with something", |f| bump(f, b"INAM", 11)),
            ("without an end", |f| bump(f, b"INAM", 10)),
            ("no UTF-8", |f| {
                let at = find(f, b"INAM") + 8;
                f[at] = 0xff;
            }),
            ("cues in", |f| bump(f, b"cue ", 8)),
            ("is numbered", |f| bump(f, b"cue ", 12)),
            ("at two places", |f| bump(f, b"cue ", 16)),
            ("of another chunk", |f| bump(f, b"cue ", 20)),
            ("is not after the one before it", |f| {
                let at = find(f, b"cue ") + 12 + 24;
                f[at + 4] = 1;
                f[at + 20] = 1;
            }),
            ("of no cue", |f| {
                let at = find(f, b"labl") + 8;
                f[at] = 9;
            }),
            ("adtl has", |f| bump(f, b"ltxt", 3)),
            ("of another form", |f| bump(f, b"ltxt", 16)),
            ("names for", |f| {
                let at = find(f, b"adtl") - 8;
                let names = find(f, b"labl");
                f.drain(names..names + 16);
                f[at + 4] -= 16;
            }),
            ("a chunk", |f| f[12] = b'j'),
            ("bytes of data in", |f| {
                let at = f.len() - 16 - 4;
                f[at] = 12;
            }),
            ("data is padded", |f| *f.last_mut().unwrap() = 1),
            ("no whole samples", |f| {
                let at = f.len() - 16 - 4;
                f[at] = 16;
            }),
            ("is cut off", |f| f.truncate(60)),
        ],
    );
}

#[test]
fn of_floats_and_live_files() {
    let track = track(8_000, 1, SampleFormat::F32);
    let plain = file(&track, &[packet(0, 5, 4)]);
    refuse(
        &plain,
        &[
            ("a fact of", |f| bump(f, b"fact", 8)),
            ("fact: None", |f| {
                let at = find(f, b"fact");
                f.drain(at..at + 12);
            }),
        ],
    );
    let live = mux(&MuxSettings::of(Layout::Live), &track, &[packet(0, 5, 4)]).unwrap();
    refuse(
        &live,
        &[
            ("around unknown data", |f| f[4] = 0),
            ("of unknown data", |f| bump(f, b"fact", 8)),
            ("no whole samples", |f| f.push(0)),
            ("JUNK in a live file", |f| {
                let junk = chunk(b"JUNK", &[0; 28]).unwrap();
                f.splice(12..12, junk);
            }),
        ],
    );
}

#[test]
fn of_rf64() {
    let track = track(768_000, 1, SampleFormat::F32);
    let mut sink = Counting { head: Vec::new(), position: 0 };
    mux_to(&mut sink, &MuxSettings::of(Layout::Plain), &track, &[packet(1 << 31, 1, 4)]).unwrap();
    let cases: &[Case] = &[
        ("sizes", |f| f[4] = 0),
        ("in no RF64", |f| f[..4].copy_from_slice(b"RIFF")),
        ("a riffSize", |f| f[20] ^= 1),
        ("a sampleCount", |f| f[28] ^= 4),
        ("a sampleCount", |f| f[36] ^= 1),
        ("bytes of data in", |f| {
            f[28] ^= 8;
            f[36] ^= 2;
        }),
        ("a table", |f| f[44] = 1),
        ("in RF64", |f| bump(f, b"fact", 8)),
    ];
    for (words, damage) in cases {
        let mut head = sink.head.clone();
        damage(&mut head);
        let error = verify_head(&head, sink.position).unwrap_err();
        assert!(error.contains(words), "{error} instead of {words}");
    }
}
