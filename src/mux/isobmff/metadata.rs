//! Tags and the cover, in the forms of MP4 and of MOV.

use super::boxes::BoxWriter;
use super::chapters;
use super::description::{Description, Flavor};
use super::fourcc::{self, FourCc};
use crate::media::{CoverFormat, Metadata, Timestamp};

/// Names that every container knows, and what they are called: in `ilst`, and as keys of QuickTime.
const NAMES: &[(&str, FourCc, &str)] = &[
    ("title", *b"\xa9nam", "com.apple.quicktime.title"),
    ("artist", *b"\xa9ART", "com.apple.quicktime.artist"),
    ("album", *b"\xa9alb", "com.apple.quicktime.album"),
    ("album_artist", *b"aART", "com.apple.quicktime.albumartist"),
    ("composer", *b"\xa9wrt", "com.apple.quicktime.composer"),
    ("genre", *b"\xa9gen", "com.apple.quicktime.genre"),
    ("date", *b"\xa9day", "com.apple.quicktime.creationdate"),
    ("comment", *b"\xa9cmt", "com.apple.quicktime.comment"),
    ("description", *b"desc", "com.apple.quicktime.description"),
    ("copyright", *b"cprt", "com.apple.quicktime.copyright"),
];

const ARTWORK: &str = "com.apple.quicktime.artwork";

/// Types of `data` (QTFF, "Well-known types").
mod data {
    pub const BINARY: u32 = 0;
    pub const UTF8: u32 = 1;
    pub const JPEG: u32 = 13;
    pub const PNG: u32 = 14;
}

/// Writes what the movie box says of the whole file, if it says anything. `end` is where the file ends, if that is known.
pub(super) fn write(w: &mut BoxWriter, description: &Description, end: Option<Timestamp>) {
    let metadata = &*description.metadata;
    let has_tags = !metadata.tags.is_empty() || metadata.cover.is_some();
    match description.flavor {
        Flavor::Mp4 if has_tags || chapters::is_listed(metadata, end) => w.boxed(fourcc::UDTA, |w| {
            chapters::write_list(w, metadata, end);
            if has_tags {
                w.full_box(fourcc::META, 0, 0, |w| write_items(w, metadata));
            }
        }),
        // Here `meta` has neither version nor flags, and stands in the movie box itself.
        Flavor::QuickTime if has_tags => w.boxed(fourcc::META, |w| write_keyed_items(w, metadata)),
        _ => {}
    }
}

/// The content of MP4's `meta`: items whose types are their names.
fn write_items(w: &mut BoxWriter, metadata: &Metadata) {
    w.full_box(fourcc::HDLR, 0, 0, |w| {
        w.u32(0); // pre_defined
        w.bytes(&fourcc::MDIR);
        w.bytes(b"appl\0\0\0\0\0\0\0\0"); // reserved, in which readers look for Apple
        w.u8(0); // name
    });
    w.boxed(fourcc::ILST, |w| {
        for (name, value) in &metadata.tags {
            let known = NAMES.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name));
            match (known, track_number(name, value)) {
                (Some((_, kind, _)), _) => w.boxed(*kind, |w| write_data(w, data::UTF8, value.as_bytes())),
                (_, Some((number, count))) => w.boxed(fourcc::TRKN, |w| {
                    let [number, count] = [number, count].map(u16::to_be_bytes);
                    write_data(w, data::BINARY, &[&[0, 0], &number[..], &count, &[0, 0]].concat());
                }),
                _ => w.boxed(fourcc::FREE_FORM, |w| {
                    w.full_box(fourcc::MEAN, 0, 0, |w| w.bytes(b"com.apple.iTunes"));
                    w.full_box(fourcc::NAME, 0, 0, |w| w.bytes(name.as_bytes()));
                    write_data(w, data::UTF8, value.as_bytes());
                }),
            }
        }
        if let Some(cover) = &metadata.cover {
            w.boxed(fourcc::COVR, |w| write_data(w, cover_type(cover.format), &cover.data));
        }
    });
}

/// The content of MOV's `meta`: a table of names, and items whose types are numbers in it.
fn write_keyed_items(w: &mut BoxWriter, metadata: &Metadata) {
    w.full_box(fourcc::HDLR, 0, 0, |w| {
        w.u32(0); // component type
        w.bytes(&fourcc::MDTA);
        w.zeros(12); // manufacturer, flags, flags mask
        w.u8(0); // name
    });
    let tags = metadata.tags.iter().map(|(name, value)| {
        let known = NAMES.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name));
        (known.map_or(name.as_str(), |(.., key)| key), data::UTF8, value.as_bytes())
    });
    let cover = metadata.cover.iter().map(|cover| (ARTWORK, cover_type(cover.format), &cover.data[..]));
    let items: Vec<_> = tags.chain(cover).collect();
    w.full_box(fourcc::KEYS, 0, 0, |w| {
        w.entries(&items, |w, (key, ..)| {
            // A key is a box whose type is its namespace.
            w.boxed(fourcc::MDTA, |w| w.bytes(key.as_bytes()));
        });
    });
    w.boxed(fourcc::ILST, |w| {
        for ((_, kind, bytes), index) in items.iter().zip(1u32..) {
            w.boxed(index.to_be_bytes(), |w| write_data(w, *kind, bytes));
        }
    });
}

fn write_data(w: &mut BoxWriter, kind: u32, bytes: &[u8]) {
    w.boxed(fourcc::DATA, |w| {
        w.u32(kind); // type indicator
        w.u32(0); // locale: any
        w.bytes(bytes);
    });
}

fn cover_type(format: CoverFormat) -> u32 {
    match format {
        CoverFormat::Jpeg => data::JPEG,
        CoverFormat::Png => data::PNG,
    }
}

/// `3` or `3/12`. A tag `track` of another form is written as it is, by its name.
fn track_number(name: &str, value: &str) -> Option<(u16, u16)> {
    let (number, count) = value.split_once('/').unwrap_or((value, "0"));
    let number = name.eq_ignore_ascii_case("track").then(|| number.trim().parse().ok())??;
    Some((number, count.trim().parse().ok()?))
}
