//! MP4: the ISO base media file format (ISO/IEC 14496-12, cited by clauses of its 2015 edition), with AV1, Opus, FLAC
//! and PCM in it as their own documents say.
//!
//! [`plain`] writes samples into one place and their index behind or, with [`front`], before them; [`fragmented`] writes
//! pieces with an index each, which [`recoverable`] makes a plain file of and [`random_access`] one to seek in. All
//! describe their tracks through [`movie`], which has [`sample_entry`] say what a decoder needs, and count time through
//! [`timing`]; [`boxes`] knows how a box is written and [`fourcc`] what all of them are called.

mod boxes;
mod fourcc;
mod fragmented;
mod front;
mod movie;
mod plain;
mod random_access;
mod recoverable;
mod sample_entry;
mod sample_index;
mod sample_table;
mod timing;
mod track_fragment;

#[cfg(test)]
mod tests;
#[cfg(test)]
#[path = "../../../tests/support/isobmff.rs"]
mod verifier;

use self::fragmented::FragmentedMp4Muxer;
use self::plain::Mp4Muxer;
use crate::error::Result;
use crate::media::{CodecConfig, Track};
use crate::mux::{Container, Layout, MuxSettings, Muxer, append};
use crate::sink::Sink;

/// The muxer of a layout.
pub(super) fn open(_: Container, settings: &MuxSettings) -> Result<Box<dyn Muxer>> {
    Ok(match settings.layout {
        Layout::Fragmented | Layout::Recoverable => Box::new(FragmentedMp4Muxer::new(settings.clone())),
        _ => Box::new(Mp4Muxer::new(settings.clone())),
    })
}

/// Writes `ftyp` (4.3): `brands`, the first of which is the major one, and those of the codecs.
fn write_file_type(brands: &[fourcc::FourCc], tracks: &[Track], sink: &mut dyn Sink) -> Result<()> {
    let mut w = boxes::BoxWriter::new();
    w.boxed(fourcc::FTYP, |w| {
        brands.iter().take(1).for_each(|major| w.bytes(major)); // major_brand
        w.u32(0); // minor_version
        brands.iter().for_each(|brand| w.bytes(brand)); // compatible_brands
        if tracks.iter().any(|track| matches!(track.config, CodecConfig::Av1(_))) {
            w.bytes(&fourcc::AV01);
        }
    });
    append(sink, &w.finish()?)
}
