//! Chapters: as Nero's list in the movie box, and as QuickTime's track of text.

use super::boxes::BoxWriter;
use super::fourcc;
use super::visual::UPRIGHT;
use crate::error::{Error, Result};
use crate::media::{Chapter, Metadata, Packet, TimeBase, Timestamp};

/// How the track of text counts time. A tick lasts as long as the shortest chapter may.
pub(super) const BASE: TimeBase = TimeBase::MILLISECONDS;

/// The most entries, and bytes of a title, that `chpl` can tell of.
const LISTED: usize = u8::MAX as usize;

/// From here on the file is in this chapter, or, where the title is empty, in none.
pub(super) struct Entry<'a> {
    pub start: Timestamp,
    pub title: &'a str,
}

/// The chapters of a file that ends at `end`, where that is known: without those that begin behind it. What is between
/// two chapters, or behind the last, has an entry without a title, since both forms tell of starts alone.
pub(super) fn entries(metadata: &Metadata, end: Option<Timestamp>) -> Vec<Entry<'_>> {
    let is_inside = |moment: Timestamp| end.is_none_or(|end| moment.is_before(end));
    let mut entries = Vec::new();
    let mut chapters = metadata.chapters.iter().peekable();
    while let Some(Chapter { start, end: stop, title, .. }) = chapters.next() {
        entries.push(Entry { start: *start, title });
        // Where the file ends is not known when fragments begin: its last chapter then ends with it.
        let until = chapters.peek().map(|next| next.start).or(end);
        if let (Some(stop), Some(until)) = (stop, until)
            && stop.is_before(until)
        {
            entries.push(Entry { start: *stop, title: "" });
        }
    }
    entries.retain(|entry| is_inside(entry.start));
    entries
}

/// Refuses chapters that a file cannot tell of. In a fragmented one there is nothing but `chpl`.
pub(super) fn check(metadata: &Metadata, fragmented: bool) -> Result<()> {
    let refuse = |title: &str, allowed: &str| Err(Error::option("chapters", format_args!("`{title}`"), allowed));
    let entries = entries(metadata, None);
    let too_far = "chapters begin within 292 million years";
    let mut before = None;
    for Entry { start, title } in &entries {
        let (Some(ticks), Some(_)) = (start.rescale(BASE), start.rescale(NERO)) else {
            return refuse(title, too_far);
        };
        let since = before.replace(ticks).map_or(1, |before: i64| ticks.saturating_sub(before));
        if !fragmented && !(1..=i64::from(u32::MAX)).contains(&since) {
            return refuse(title, "chapters of MP4 and MOV last a millisecond to 49 days");
        }
        if title.len() > usize::from(u16::MAX) {
            return refuse(title, "a title has 65,535 bytes at most");
        }
        if fragmented && title.len() > LISTED {
            return refuse(title, "a title in a fragmented MP4 has 255 bytes at most");
        }
    }
    if fragmented && entries.len() > LISTED {
        let count = entries.len();
        return Err(Error::option("chapters", count, "a fragmented MP4 holds 255, with the gaps between them"));
    }
    Ok(())
}

/// The unit of `chpl`.
const NERO: TimeBase = TimeBase::per_second(10_000_000);

/// Whether there is a `chpl`: it has chapters, and can hold them all. Where it cannot, the track does.
pub(super) fn is_listed(metadata: &Metadata, end: Option<Timestamp>) -> bool {
    (1..=LISTED).contains(&entries(metadata, end).len())
}

/// Writes `chpl`, if there is one.
pub(super) fn write_list(w: &mut BoxWriter, metadata: &Metadata, end: Option<Timestamp>) {
    if !is_listed(metadata, end) {
        return;
    }
    let entries = entries(metadata, end);
    w.full_box(fourcc::CHPL, 1, 0, |w| {
        w.u32(0); // reserved
        w.u8(entries.len() as u8); // at most 255
        for Entry { start, title } in entries {
            w.u64(start.rescale(NERO).map_or(0, i64::unsigned_abs));
            let title = cut(title, LISTED);
            w.u8(title.len() as u8);
            w.bytes(title.as_bytes());
        }
    });
}

/// As many whole characters of `text` as fit into `most` bytes.
pub(super) fn cut(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The samples of the track of text, as packets of `track`, in a file that ends at `end` ticks of [`BASE`].
pub(super) fn packets(metadata: &Metadata, track: usize, end: i64) -> Vec<Packet> {
    let entries = entries(metadata, Some(Timestamp::new(end, BASE)));
    let starts: Vec<i64> = entries.iter().map(|entry| entry.start.rescale(BASE).unwrap_or(end)).collect();
    let ends = starts.iter().skip(1).copied().chain([end]);
    let spans = starts.iter().copied().zip(ends).zip(&entries);
    // A start just before the end may have been rounded to it.
    let spans = spans.filter(|((start, end), _)| start < end);
    spans
        .map(|((start, end), entry)| {
            let duration = u32::try_from(end - start).unwrap_or(u32::MAX);
            Packet::new(track, start, duration, true, sample(entry.title))
        })
        .collect()
}

/// A text sample: its length, the text, and that it is UTF-8 (QTFF, "Text sample data").
fn sample(title: &str) -> Vec<u8> {
    const ENCD: [u8; 12] = *b"\0\0\0\x0cencd\0\0\x01\0";
    let length = u16::try_from(title.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes(), title.as_bytes(), &ENCD].concat()
}

/// Writes the sample entry `text` (QTFF, "Text sample description"). Nothing of it is ever drawn.
pub(super) fn write_entry(w: &mut BoxWriter) {
    w.boxed(fourcc::TEXT, |w| {
        w.zeros(6); // reserved
        w.u16(1); // data_reference_index
        w.u32(0); // display flags
        w.u32(1); // text justification: centre
        w.zeros(6); // background color
        w.zeros(8); // default text box
        w.zeros(8); // reserved
        w.u16(0); // font number
        w.u16(0); // font face
        w.zeros(1 + 2); // reserved
        w.zeros(6); // foreground color
        w.u8(0); // text name
    });
}

/// Writes `gmhd`, the media header of what is neither picture nor sound (QTFF, "Base media information header").
pub(super) fn write_media_header(w: &mut BoxWriter) {
    w.boxed(fourcc::GMHD, |w| {
        w.full_box(fourcc::GMIN, 0, 0, |w| {
            w.u16(0x40); // graphics mode: dither copy
            (0..3).for_each(|_| w.u16(0x8000)); // opcolor
            w.u16(0); // balance
            w.u16(0); // reserved
        });
        // QuickTime shows no chapters without it (QTFF, "Text media information").
        w.boxed(fourcc::TEXT, |w| {
            UPRIGHT.iter().for_each(|&value| w.i32(value)); // matrix
        });
    });
}
