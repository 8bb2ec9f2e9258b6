//! MP4: the ISO base media file format (ISO/IEC 14496-12, cited by clauses of its 2015 edition), with AV1, Opus, FLAC
//! and PCM in it as their own documents say.
//!
//! [`plain`] writes samples into one place and their index behind or, with [`front`], before them; [`fragmented`] writes
//! pieces with an index each, which [`recoverable`] makes a plain file of and [`random_access`] one to seek in. All
//! describe their tracks through [`movie`] and [`track`], which have [`sample_entry`] say what a decoder needs, and
//! count time through [`timing`]; [`boxes`] knows how a box is written and [`fourcc`] what all of them are called.
//! [`text`] stands before a layout, so that it knows of no cue or chapter.
//!
//! MOV, from which the format was made, differs by its [`description`]; [`mov`] has the sample entries of its own.

pub(super) mod boxes;
mod chapters;
mod description;
mod fourcc;
mod fragmented;
mod front;
mod labels;
mod metadata;
mod mov;
mod movie;
mod plain;
mod random_access;
mod recoverable;
mod sample_entry;
mod sample_index;
pub(super) mod sample_table;
mod text;
mod timing;
mod track;
#[cfg(feature = "segments")]
mod track_file;
mod track_fragment;
pub(super) mod visual;
mod webvtt;

#[cfg(test)]
pub(in crate::mux) mod tests;
#[cfg(test)]
#[path = "../../../tests/support/isobmff.rs"]
pub(in crate::mux) mod verifier;

use self::description::{Description, Flavor};
use self::fragmented::FragmentedMp4Muxer;
use self::plain::Mp4Muxer;
use self::text::TextMuxer;
#[cfg(feature = "segments")]
pub(super) use self::track_file::{Head, TrackFile};
use crate::error::Result;
use crate::media::{CodecConfig, Track};
use crate::mux::{Container, Layout, MuxSettings, Muxer, append};
use crate::sink::Sink;

/// The muxer of a layout.
pub(super) fn open(container: Container, settings: &MuxSettings) -> Result<Box<dyn Muxer>> {
    let description = Description::new(container, settings)?;
    let layout: Box<dyn Muxer> = match settings.layout {
        Layout::Fragmented | Layout::Recoverable => {
            Box::new(FragmentedMp4Muxer::new(settings.clone(), description.clone()))
        }
        _ => Box::new(Mp4Muxer::new(settings.clone(), description.clone())),
    };
    Ok(Box::new(TextMuxer::new(description, layout)))
}

/// Writes `ftyp` (4.3): `brands`, the first of which is the major one, and those of the codecs. MOV has one of its own.
fn write_file_type(flavor: Flavor, brands: &[fourcc::FourCc], tracks: &[Track], sink: &mut dyn Sink) -> Result<()> {
    let brands = if flavor == Flavor::QuickTime { &[fourcc::QT] } else { brands };
    let mut w = boxes::BoxWriter::new();
    w.boxed(fourcc::FTYP, |w| {
        brands.iter().take(1).for_each(|major| w.bytes(major)); // major_brand
        w.u32(0); // minor_version
        brands.iter().for_each(|brand| w.bytes(brand)); // compatible_brands
        if flavor == Flavor::Mp4 && tracks.iter().any(|track| matches!(track.config, CodecConfig::Av1(_))) {
            w.bytes(&fourcc::AV01);
        }
    });
    append(sink, &w.finish()?)
}
