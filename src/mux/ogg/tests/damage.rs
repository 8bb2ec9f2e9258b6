//! What the verifier is worth: each of its checks refuses a file that is damaged on that point. CRCs are made right
//! again, but where they are what is damaged.

use super::super::verifier::crc;
use super::*;
use crate::mux::damage::{self, Case};

fn refuse(bytes: &[u8], cases: &[Case]) {
    let repair = |words: &str, damaged: &mut Vec<u8>| {
        if !words.starts_with("the CRC") {
            repair(damaged);
        }
    };
    damage::refuse(bytes, verify, repair, cases);
}

/// Where each page begins.
fn pages(bytes: &[u8]) -> Vec<usize> {
    let mut at = 0;
    let mut pages = Vec::new();
    while let Some(&segments) = bytes.get(at + 26) {
        pages.push(at);
        let lacing = bytes.get(at + 27..at + 27 + usize::from(segments)).unwrap_or_default();
        at += 27 + lacing.len() + lacing.iter().map(|&length| usize::from(length)).sum::<usize>();
    }
    pages
}

fn repair(bytes: &mut [u8]) {
    let starts = pages(bytes);
    for (index, &start) in starts.iter().enumerate() {
        let end = starts.get(index + 1).copied().unwrap_or(bytes.len());
        bytes[start + 22..start + 26].fill(0);
        let crc = crc(&bytes[start..end]);
        bytes[start + 22..start + 26].copy_from_slice(&crc.to_le_bytes());
    }
}

fn page(bytes: &[u8], index: usize) -> usize {
    pages(bytes)[index]
}

/// Heads, 50 packets, 10 packets with a trim.
fn opus() -> Vec<u8> {
    file(&opus_track(312), &opus_packets(0, &[50; 60], 100))
}

#[test]
fn of_pages() {
    refuse(
        &opus(),
        &[
            ("no capture pattern", |f| f[0] = b'o'),
            ("of version 1", |f| f[4] = 1),
            ("has flags", |f| f[5] |= 8),
            ("wrong flag for the beginning", |f| f[5] = 0),
            ("of another stream", |f| {
                let at = page(f, 2);
                f[at + 14] ^= 1;
            }),
            ("is numbered", |f| {
                let at = page(f, 2);
                f[at + 18] ^= 1;
            }),
            ("the CRC", |f| *f.last_mut().unwrap() ^= 1),
            ("wrong flag for a continued packet", |f| {
                let at = page(f, 2);
                f[at + 5] = 1;
            }),
            ("wrong flag for the end", |f| {
                let at = page(f, 3);
                f[at + 5] = 0;
            }),
            ("wrong flag for the end", |f| {
                let at = page(f, 2);
                f[at + 5] = 4;
            }),
            ("ends 50 packets at None", |f| {
                let at = page(f, 2);
                f[at + 6..at + 14].fill(0xff);
            }),
            ("is cut off", |f| f.truncate(f.len() - 1)),
            ("is empty", |f| {
                let at = page(f, 3);
                f.truncate(at + 27);
                f[at + 26] = 0;
            }),
            ("the first page has not one packet", |f| {
                // Two segments of what was one.
                f[26] = 2;
                f[27] = 9;
                f.insert(28, 10);
            }),
            ("page 3 ends at 57700, not 57601", |f| {
                let at = page(f, 2);
                f[at + 6] += 1;
                // The first position may be late: the second one is wrong then.
                let at = page(f, 3);
                f[at + 5] = 0;
                f[at + 6..at + 14].copy_from_slice(&57_700u64.to_le_bytes());
                let (start, end) = (at, f.len());
                let mut last = f[start..end].to_vec();
                last[5] = 4;
                last[18] = 4;
                f.extend(last);
                let at = page(f, 2);
                f[at + 5] = 0;
            }),
            ("the headers are not at 0", |f| {
                let at = page(f, 1);
                f[at + 6] = 1;
            }),
        ],
    );
    let large = file(&opus_track(0), &opus_packets(0, &[70_000], 0));
    refuse(
        &large,
        &[
            ("ends 0 packets at", |f| {
                let at = page(f, 2);
                f[at + 6..at + 14].fill(0);
            }),
            ("wrong flag for a continued packet", |f| {
                let at = page(f, 3);
                f[at + 5] = 4;
            }),
        ],
    );
}

#[test]
fn of_opus() {
    refuse(
        &opus(),
        &[
            ("neither Opus nor FLAC", |f| f[28] = b'o'),
            ("of version 2", |f| f[28 + 8] = 2),
            ("0 channels", |f| f[28 + 9] = 0),
            ("family 0 of 3 channels", |f| f[28 + 9] = 3),
            ("mapping family 7", |f| f[28 + 18] = 7),
            ("an input of", |f| f[28 + 14] = 9),
            ("no OpusTags", |f| {
                let at = page(f, 1);
                f[at + 28] = b'o';
            }),
            ("an Opus packet of 1 byte", |f| {
                let at = page(f, 3);
                let cut = f.len() - 49;
                f.truncate(cut);
                let last = at + 27 + 9;
                f[last] = 1;
                let toc = f.len() - 1;
                f[toc] = 0xff;
            }),
            ("page 3 ends at", |f| {
                let at = page(f, 3);
                f[at + 6..at + 14].copy_from_slice(&57_601u64.to_le_bytes());
            }),
            ("before it begins", |f| {
                let at = page(f, 3);
                f[at + 6..at + 14].copy_from_slice(&47_000u64.to_le_bytes());
            }),
            ("samples are trimmed", |f| {
                let at = page(f, 3);
                f[at + 6..at + 14].copy_from_slice(&50_000u64.to_le_bytes());
            }),
            ("lasts", |f| {
                // Packets of twice the length.
                let at = page(f, 2) + 27 + 50;
                (0..50).for_each(|packet| f[at + packet * 50] = 0xfd);
            }),
        ],
    );
    let short = file(&opus_track(312), &opus_packets(0, &[50], 100));
    refuse(
        &short,
        &[("before its pre-skip", |f| {
            let at = page(f, 2);
            f[at + 6..at + 14].copy_from_slice(&311u64.to_le_bytes());
        })],
    );
}

/// An only page that is late and trimmed is one that is less late, and not trimmed (RFC 7845, 4.5).
#[test]
fn of_an_only_page() {
    let good = file(&opus_track(312), &opus_packets(24_000, &[50; 30], 100));
    let read = verify(&good).unwrap();
    assert_eq!((read.start, read.trimmed, read.pages.len()), (24_000, 100, 4));
    let [_, _, first, last] = pages(&good)[..] else { panic!() };
    let mut joined = good[..first].to_vec();
    joined.extend_from_slice(&good[last..last + 18]); // the flag for the end, and the position
    joined.extend_from_slice(&good[first + 18..first + 26]);
    joined.push(30);
    joined.extend_from_slice(&good[first + 27..first + 27 + 29]);
    joined.push(good[last + 27]);
    joined.extend_from_slice(&good[first + 27 + 29..last]);
    joined.extend_from_slice(&good[last + 28..]);
    repair(&mut joined);
    let read = verify(&joined).unwrap();
    assert_eq!((read.start, read.trimmed, read.packets.len()), (24_000 - 100, 0, 30));
}

#[test]
fn of_flac() {
    let packets = frames::packets(1, &[4096, 4096, 9], |_| false);
    refuse(
        &file(&frames::track(8_192, 1, 4096), &packets),
        &[
            ("neither Opus nor FLAC", |f| f[28 + 5] = 2),
            ("a FLAC header of", |f| f[28 + 9] = 0),
            ("says last true", |f| f[28 + 8] = 9),
            ("last true", |f| f[28 + 13] = 0x80),
            ("says last false", |f| {
                let at = page(f, 1);
                f[at + 28] = 4;
            }),
            ("is of type 3", |f| {
                let at = page(f, 1);
                f[at + 28] = 0x83;
            }),
            ("page 2 ends at", |f| {
                let at = page(f, 2);
                f[at + 6] ^= 1;
            }),
            ("CRC-8", |f| {
                let at = page(f, 2) + 27 + 2;
                f[at + 4] = 1;
            }),
        ],
    );
    refuse(
        &file(&frames::track(8_192, 1, 4096), &[]),
        &[("a header packet is missing", |f| {
            f[28 + 8] = 2;
            let at = page(f, 1);
            f[at + 28] = 4;
        })],
    );
}
