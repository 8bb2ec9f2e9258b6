//! The picture of an AVIF file (MIAF, ISO/IEC 23000-22): the properties of its items.

use std::io::{Read, Seek};

use super::entry::{read_mastering_display, read_nclx};
use crate::error::Result;
use crate::inspect::boxes::{BoxAt, each_child, full_box, words};
use crate::inspect::codec::Av1Record;
use crate::inspect::reader::Reader;
use crate::inspect::simple::{summary, video};
use crate::inspect::{Counts, Details, Summary, Times, VideoDetails};
use crate::media::{AspectRatio, ContentLightLevel, Orientation, TimeBase};

/// A picture, with its `codecs` parameter.
pub(super) type Picture = (VideoDetails, Option<String>);

/// Reads `meta`. The first of each property is taken for the picture's own; alpha, which has some too, comes behind it.
pub(super) fn read<R: Read + Seek>(reader: &mut Reader<R>, meta: BoxAt) -> Result<Option<Picture>> {
    full_box(reader)?;
    let (mut details, mut record, mut quarters, mut mirror) = (video(0, 0), None, 0, None);
    each_child(reader, meta, |reader, found| {
        if found.kind != *b"iprp" {
            return Ok(());
        }
        each_child(reader, found, |reader, found| {
            if found.kind != *b"ipco" {
                return Ok(());
            }
            each_child(reader, found, |reader, property| {
                match &property.kind {
                    b"ispe" if details.coded_width == 0 => {
                        full_box(reader)?;
                        let [width, height] = words(reader)?;
                        (details.coded_width, details.coded_height) = (width, height);
                    }
                    b"av1C" if record.is_none() => record = Av1Record::parse(&reader.read_up_to(property.end, 4)?),
                    b"colr" => details.color = details.color.or(read_nclx(&reader.read_up_to(property.end, 11)?)),
                    b"pasp" => {
                        let [width, height] = words(reader)?;
                        details.sample_aspect_ratio = AspectRatio::new(width, height).unwrap_or_default();
                    }
                    b"irot" => quarters = reader.u8()? & 3,
                    b"imir" => mirror = Some(reader.u8()? & 1),
                    b"mdcv" => details.hdr.mastering = Some(read_mastering_display(reader)?),
                    b"clli" => {
                        let (max_content, max_frame_average) = (reader.u16()?, reader.u16()?);
                        details.hdr.light = Some(ContentLightLevel { max_content, max_frame_average });
                    }
                    b"auxC" => {
                        full_box(reader)?;
                        details.alpha |= reader.read_up_to(property.end, 48)?.starts_with(ALPHA);
                    }
                    _ => {}
                }
                Ok(())
            })
        })
    })?;
    (details.width, details.height) = (details.coded_width, details.coded_height);
    details.width = details.sample_aspect_ratio.display_width(details.width);
    details.orientation = orientation(quarters, mirror);
    details.bit_depth = record.map(|record| record.bit_depth);
    details.chroma = record.map(|record| record.chroma);
    let codec_string = record.map(|record| record.codec_string(details.color));
    Ok(record.is_some().then_some((details, codec_string)))
}

const ALPHA: &[u8] = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha";

/// `irot` turns against the clock and comes first (MIAF, 7.3.6.7); `imir` then has top and bottom change places (0), or
/// left and right (1). Mirrored before it is turned, a picture is turned the other way.
fn orientation(quarters: u8, mirror: Option<u8>) -> Orientation {
    match mirror {
        None => Orientation::turned(4 - quarters),
        Some(1) => Orientation::turned(quarters).mirror(),
        // Top and bottom: left and right, and half a turn.
        Some(_) => Orientation::turned(quarters + 2).mirror(),
    }
}

/// As a track of one packet without a time.
pub(super) fn track((details, codec_string): Picture, bytes: u64) -> Summary {
    let counts = Counts { packets: 1, key_packets: 1, bytes };
    let mut summary = summary(1, Details::Video(details), "av1", TimeBase::MILLISECONDS, Times::default(), counts);
    summary.codec_string = codec_string;
    summary
}
