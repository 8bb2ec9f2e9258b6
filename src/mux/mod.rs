//! Muxers: packets in, a container out, through a [`Sink`]. No muxer knows a codec beyond its configuration.

#[cfg(feature = "animation")]
mod animation;
#[cfg(all(test, feature = "animation"))]
mod animation_tests;
#[cfg(feature = "animation")]
mod apng;
#[cfg(feature = "containers")]
mod avi;
#[cfg(feature = "containers")]
mod avif;
mod checks;
#[cfg(feature = "segments")]
mod cmaf;
#[cfg(test)]
mod damage;
#[cfg(feature = "containers")]
mod elementary;
mod feature;
#[cfg(feature = "containers")]
mod flac;
mod formats;
#[cfg(feature = "containers")]
mod frame_grid;
#[cfg(feature = "animation")]
mod gif;
mod isobmff;
mod layout;
mod matroska;
#[cfg(feature = "containers")]
mod ogg;
mod options;
mod packet_writer;
#[cfg(feature = "containers")]
mod riff;
#[cfg(feature = "containers")]
mod vorbis_comment;
#[cfg(feature = "containers")]
mod wav;

use crate::error::{Error, Result};
use crate::media::{Packet, Track};
use crate::sink::Sink;

pub(crate) use checks::check_labels;
pub use feature::Feature;
pub use formats::Container;
pub use layout::Layout;
pub use options::MuxOptions;
use options::MuxSettings;
pub use packet_writer::PacketWriter;

/// A writer of one container in one layout.
pub(crate) trait Muxer: Send {
    /// Writes what stands before the first packet. Called once, with all tracks that the file will have.
    fn begin(&mut self, tracks: &[Track], sink: &mut dyn Sink) -> Result<()>;

    /// Takes the next packet. Packets come in the order of their times over all tracks, and within a track without
    /// overlap: each begins where the one before it ends, or later. Only the cues of a subtitle track may overlap; each
    /// begins with the one before it, or later.
    fn packet(&mut self, packet: Packet, sink: &mut dyn Sink) -> Result<()>;

    /// How many bytes of the sink have to be there for a part of it to play, without `finish`; `None` where nothing does so
    /// far, or ever.
    fn plays_from(&self) -> Option<u64>;

    /// Writes what stands after the last packet and patches what has become known. `tracks` are those of `begin`, with
    /// their final configurations.
    fn finish(&mut self, tracks: &[Track], sink: &mut dyn Sink) -> Result<()>;
}

/// The muxer for `container`, in the layout that `options` want or else the first that the sink allows.
pub(crate) fn open(container: Container, options: &MuxOptions, sink: &mut dyn Sink) -> Result<Box<dyn Muxer>> {
    container.open(&options.resolve(container, sink)?)
}

fn append(sink: &mut dyn Sink, bytes: &[u8]) -> Result<()> {
    sink.append(bytes).map_err(|error| Error::io("writing the output", error))
}

fn patch(sink: &mut dyn Sink, offset: u64, bytes: &[u8]) -> Result<()> {
    sink.patch(offset, bytes).map_err(|error| Error::io("patching the output", error))
}
