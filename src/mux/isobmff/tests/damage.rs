//! That the verifier is worth its name: files that are damaged in one place each, none of which it lets pass.

use super::synthetic::*;
use super::{fragmented, plain, verifier};
use crate::media::{Packet, SampleFormat, TimeBase, Track};

/// A change to the bytes at `offset` from the type of the `nth` box `kind`, and a word of the refusal.
pub struct Damage {
    kind: &'static str,
    nth: usize,
    offset: usize,
    bytes: &'static [u8],
    refusal: &'static str,
}

pub const fn at(kind: &'static str, offset: usize, bytes: &'static [u8], refusal: &'static str) -> Damage {
    Damage { kind, nth: 0, offset, bytes, refusal }
}

pub const fn at_nth(
    kind: &'static str,
    nth: usize,
    offset: usize,
    bytes: &'static [u8],
    refusal: &'static str,
) -> Damage {
    Damage { kind, nth, offset, bytes, refusal }
}

fn tracks() -> Vec<Track> {
    vec![
        padded_video_track((60, 33), (64, 48), TimeBase::per_second(25)),
        opus_track(3),
        flac_track(96_000, 2, 24),
        pcm_track(48_000, 3, SampleFormat::S16),
    ]
}

fn packets(tracks: &[Track]) -> Vec<Packet> {
    let mut packets = video_packets(&tracks[0], 40, 1, 10);
    packets.extend(opus_packets(1, 76_000));
    packets.extend((0..20).map(|i| Packet::new(2, i * 4096, 4096, true, vec![i as u8; 60 + i as usize])));
    packets.extend((0..40).map(|i| Packet::new(3, i * 480, 480, true, vec![i as u8; 480 * 6])));
    interleave(tracks, packets)
}

pub fn check(file: &[u8], damages: &[Damage]) {
    verifier::verify(file).unwrap();
    for Damage { kind, nth, offset, bytes, refusal } in damages {
        // Types of boxes are of Latin-1.
        let letters: Vec<u8> = kind.chars().map(|letter| letter as u8).collect();
        let mut places = file.windows(4).enumerate().filter(|(_, window)| *window == letters);
        let (place, _) = places.nth(*nth).unwrap_or_else(|| panic!("no {kind} {nth}"));
        let mut damaged = file.to_vec();
        let target = &mut damaged[place + 4..][*offset..][..bytes.len()];
        assert_ne!(target, *bytes, "{kind} {nth} at {offset}: no damage");
        target.copy_from_slice(bytes);
        let error = verifier::verify(&damaged).err().unwrap_or_else(|| panic!("{kind} {nth} at {offset} passes"));
        assert!(error.contains(refusal), "{kind} {nth} at {offset}: {error}");
    }
}

#[test]
fn every_field_of_a_plain_file_counts() {
    let tracks = tracks();
    let file = plain(&tracks, &packets(&tracks));
    check(
        &file,
        &[
            // The file.
            at("ftyp", 0, b"mp41", "major brand"),
            at("ftyp", 12, b"iso5", "iso6"),
            at("ftyp", 20, b"iso5", "av01"),
            at("free", 0, b"\0\0\0\x07", "claims"),
            at("free", 4, b"mdta", "mdta is not expected"),
            // Headers.
            at("mvhd", 4, b"\x01", "creation"),
            at("mdhd", 4, b"\x01", "creation"),
            at("mvhd", 12, b"\0\0\0\x64", "timescale"),
            at("mvhd", 16, b"\0\0\0\x01", "longest track"),
            at("mvhd", 36, b"\0\0\0\0", "matrix"),
            at("mvhd", 96, b"\0\0\0\x04", "next_track_ID"),
            at("tkhd", 3, b"\x02", "enabled"),
            at("tkhd", 3, b"\x01", "in the movie"),
            at("tkhd", 12, b"\0\0\0\x02", "track numbers"),
            at("tkhd", 20, b"\0\0\0\x01", "tkhd says"),
            at("tkhd", 34, b"\0\x01", "alternate_group"),
            at("tkhd", 36, b"\x01\0", "volume"),
            at("tkhd", 76, b"\0\x40\0\0", "tkhd does not say"),
            at_nth("tkhd", 1, 36, b"\0\0", "volume"),
            at("elst", 8, b"\0\0\0\0", "edit"),
            at("elst", 8, b"\0\xff\0\0", "tkhd says"),
            at_nth("elst", 1, 12, b"\0\0\0\0", "pre-skip"),
            at_nth("elst", 1, 12, b"\xff\xff\xff\xfe", "edit list"),
            at_nth("elst", 1, 16, b"\0\0", "media_rate"),
            at("mdhd", 12, b"\0\0\0\0", "timescale of 0"),
            at("mdhd", 16, b"\0\0\0\x29", "mdhd says"),
            at("mdhd", 20, b"\0\0", "language"),
            at("hdlr", 8, b"auxv", "handler"),
            at("hdlr", 29, b"!", "NUL"),
            at("vmhd", 3, b"\0", "vmhd"),
            at("smhd", 4, b"\x01", "smhd"),
            at("url ", 3, b"\0", "dref"),
            // Sample tables.
            at("stts", 8, b"\0\0\0\x29", "stts has 41"),
            at("stts", 12, b"\0\0\0\0", "stts has a 0"),
            at("stss", 8, b"\0\0\0\x02", "marked sync"),
            at("stss", 12, b"\0\0\0\x01", "does not rise"),
            at("stss", 20, b"\0\0\0\x29", "names no sample"),
            at("stsc", 8, b"\0\0\0\x02", "stsc begins"),
            at("stsc", 12, b"\0\0\0\x02", "stsc"),
            at("stsc", 16, b"\0\0\0\x02", "stsc run"),
            at("stsz", 8, b"\0\0\0\x27", "bytes too many"),
            at("stsz", 15, b"\x01", "sample"),
            at("stsz", 0, b"\x01", "version"),
            at("stco", 11, b"\0", "media data"),
            at_nth("stco", 2, 11, b"\xff", "media data"),
            at_nth("stco", 3, 8, b"\x7f", "media data"),
            at("sgpd", 16, b"\xff\xfd", "roll distance"),
            at("sgpd", 4, b"prol", "sgpd"),
            at("sbgp", 12, b"\0\0\0\x01", "sbgp"),
            at("sbgp", 16, b"\0\0\0\0", "sbgp"),
        ],
    );
}

#[test]
fn boxes_cannot_be_missing_or_foreign() {
    let tracks = tracks();
    let file = plain(&tracks, &packets(&tracks));
    for kind in ["moov", "mvhd", "tkhd", "edts", "elst", "mdhd", "hdlr", "vmhd", "smhd", "dinf", "stsd", "stts", "stsc"]
        .into_iter()
        .chain(["stsz", "stco", "sgpd", "sbgp", "stss", "av1C", "colr", "clap", "pasp", "dOps", "dfLa", "pcmC", "chnl"])
    {
        let place = file.windows(4).position(|window| window == kind.as_bytes()).unwrap();
        for name in [b"free", b"ctts"] {
            let mut damaged = file.clone();
            damaged[place..place + 4].copy_from_slice(name);
            assert!(verifier::verify(&damaged).is_err(), "{kind} as {name:?}");
        }
        // One byte more or less: sizes have to add up.
        for change in [1, 255] {
            let mut damaged = file.clone();
            damaged[place - 1] = damaged[place - 1].wrapping_add(change);
            assert!(verifier::verify(&damaged).is_err(), "the size of {kind}");
        }
    }
    for cut in (0..file.len()).step_by(97) {
        assert!(verifier::verify(&file[..cut]).is_err(), "the first {cut} bytes");
    }
}

#[test]
fn every_field_of_a_sample_entry_counts() {
    let tracks = tracks();
    let file = plain(&tracks, &packets(&tracks));
    check(
        &file,
        &[
            at("stsd", 7, b"\x02", "one entry"),
            at_nth("av01", 1, 7, b"\x02", "data_reference_index"),
            at_nth("av01", 1, 24, b"\0\x3c", "av01 of 60"),
            at_nth("av01", 1, 26, b"\0\x31", "av01 of 64 x 49"),
            at_nth("av01", 1, 28, b"\0\0", "resolution"),
            at_nth("av01", 1, 42, b"\x0b", "compressorname"),
            at_nth("av01", 1, 74, b"\0\x20", "depth"),
            at("av1C", 0, b"\x01", "av1C"),
            at("av1C", 1, b"\x09", "av1C"),
            at("av1C", 2, b"\x4c", "av1C"),
            at("av1C", 3, b"\x10", "av1C"),
            at("av1C", 4, b"\x08", "configOBUs"),
            at("av1C", 6, b"\x20", "av1C"),
            at("colr", 0, b"nclc", "colour_type"),
            at("colr", 4, b"\0\0", "primaries 0"),
            at("colr", 6, b"\0\x09", "transfer 9"),
            at("colr", 8, b"\0\x06", "matrix 6"),
            at("colr", 10, b"\x80", "range"),
            at("colr", 10, b"\x01", "reserved"),
            at("clap", 3, b"\x3b", "clap begins"),
            at("clap", 19, b"\0", "clap begins"),
            at("clap", 23, b"\x01", "clap"),
            at("pasp", 7, b"\x02", "tkhd does not say"),
            at("Opus", 17, b"\x02", "channels"),
            at("Opus", 19, b"\x18", "bits"),
            at("Opus", 24, b"\xac\x44", "Hz"),
            at("dOps", 0, b"\x01", "version"),
            at("dOps", 1, b"\x02", "channels"),
            at("dOps", 2, b"\x38\x01", "pre-skip"),
            at("dOps", 6, b"\xac\x44", "an input of 44100 Hz"),
            at("dOps", 10, b"\0", "family"),
            at("dOps", 12, b"\x03", "coupled"),
            at("dOps", 15, b"\x04", "mapping"),
            at("fLaC", 17, b"\x01", "STREAMINFO"),
            at("fLaC", 19, b"\x10", "STREAMINFO"),
            at("fLaC", 24, b"\xac\x44", "Hz"),
            at("dfLa", 4, b"\0", "STREAMINFO"),
            at("dfLa", 18, b"\x16", "Hz"),
            at("ipcm", 19, b"\x18", "bits"),
            at("ipcm", 24, b"\xac\x44", "Hz"),
            at("pcmC", 4, b"\0", "format_flags"),
            at("pcmC", 5, b"\x18", "bits"),
            at("chnl", 5, b"\x03", "chnl"),
        ],
    );
}

#[test]
fn every_field_of_a_fragment_counts() {
    let tracks = tracks();
    let settings = crate::mux::MuxSettings {
        fragment_duration: std::time::Duration::from_millis(400),
        ..crate::mux::MuxSettings::of(crate::mux::Layout::Fragmented)
    };
    let file = super::try_fragmented(settings, &tracks, &packets(&tracks)).unwrap();
    check(
        &file,
        &[
            at("trex", 4, b"\0\0\0\x09", "trex for track 9"),
            at("trex", 11, b"\x02", "sample description"),
            at("trex", 20, b"\x03", "sample flags"),
            at("trex", 20, b"\x02\0", "key false, marked sync true"),
            at("elst", 8, b"\0\0\0\x01", "edit list"),
            at("mfhd", 7, b"\0", "number 0"),
            at_nth("mfhd", 1, 7, b"\x01", "number 1"),
            at("tfhd", 1, b"\0", "default-base-is-moof"),
            at("tfhd", 3, b"\x2a", "flags"),
            at("tfhd", 7, b"\x09", "no track 9"),
            at("tfhd", 7, b"\x02", "fragment 1"),
            at("tfdt", 0, b"\0", "version"),
            at_nth("tfdt", 4, 4, b"\0\0\0\0\0\0\0\0", "decode time"),
            at("trun", 3, b"\x04", "trun"),
            at("trun", 3, b"\x01", "too many"),
            at("trun", 2, b"\x03", "field"),
            at("trun", 7, b"\x09", "bytes too many"),
            at("trun", 11, b"\0", "media data"),
            at("trun", 12, b"\x01\x01\0\0", "key true, marked sync false"),
            at_nth("trun", 1, 11, b"\0", "media data"),
            at("sgpd", 16, b"\0\x01", "roll distances"),
            at("sgpd", 20, b"\xff\xfd", "a roll distance of -3"),
            at_nth("sbgp", 1, 16, b"\0\0\0\x02", "a roll distance of -2"),
            at_nth("sbgp", 1, 16, b"\0\0\0\x0e", "names the roll distance 14"),
            at_nth("sbgp", 1, 12, b"\0\0\0\x01", "sbgp"),
        ],
    );
}

#[test]
fn every_field_of_random_access_counts() {
    let tracks = tracks();
    let file = super::layouts::file(crate::mux::Layout::Fragmented, &tracks, &packets(&tracks));
    check(
        &file,
        &[
            at("tfra", 0, b"\x01", "field"),
            at("tfra", 7, b"\x09", "tfra says"),
            at("tfra", 11, b"\x01", "lengths"),
            at("tfra", 15, b"\0", "without entries"),
            at("tfra", 15, b"\x02", "bytes too many"),
            at("tfra", 19, b"\x01", "tfra says"),
            at("tfra", 23, b"\xff", "tfra says"),
            at("tfra", 24, b"\x02", "tfra says"),
            at("tfra", 25, b"\x02", "tfra says"),
            at("tfra", 26, b"\x02", "tfra says"),
            at("mfro", 7, b"\x01", "mfro says"),
        ],
    );
}

#[test]
fn what_a_recovered_file_hides_counts() {
    let tracks = tracks();
    let file = super::layouts::file(crate::mux::Layout::Recoverable, &tracks, &packets(&tracks));
    check(
        &file,
        &[
            at("mdat", 7, b"\0", "claims"),
            at("moov", 0, b"\0\0\0\x09", "hidden"),
            at("mfhd", 7, b"\x09", "hidden"),
            at("tfdt", 11, b"\x09", "hidden"),
            at("free", 4, b"moof", ""),
        ],
    );
}

#[test]
fn obus_that_do_not_belong_into_samples_are_found() {
    let track = video_track(64, 48, TimeBase::per_second(25));
    let key = av1_unit(&track, true, 20);
    for (unit, refusal) in [
        ([b"\x12\0", &key[..]].concat(), "OBU of type 2"),
        ([&key[..], b"\x7a\x01\x80"].concat(), "OBU of type 15"),
        ([&key[..], b"\x30\x10", &[0; 4]].concat(), ""),
        ([b"\x30\x10", &key[..]].concat(), "key false"),
        (av1_unit(&track, false, 20), "key false, marked sync true"),
        (key[..key.len() - 1].to_vec(), "a field of"),
    ] {
        let packets = [Packet::new(0, 0, 1, true, unit)];
        let tracks = [track.clone()];
        let found = verifier::verify(&plain(&tracks, &packets));
        match refusal {
            "" => assert!(found.is_ok(), "the last OBU may go without its size"),
            _ => assert!(found.as_ref().is_err_and(|error| error.contains(refusal)), "{found:?}"),
        }
        assert_eq!(verifier::verify(&fragmented(&tracks, &packets)).is_ok(), refusal.is_empty());
    }
}
