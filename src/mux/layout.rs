//! The ways in which the parts of a file can stand.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// Where a file has what, and what that asks of the sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Layout {
    /// The index stands behind the samples, and totals are patched in at the end: the smallest file. A file that was
    /// cut off plays where it is Matroska, and not where it is MP4. Needs a sink that patches.
    Plain,
    /// The index stands in front of the samples, so that a player on a network can begin at once. Needs a sink that
    /// patches; where the index outgrows its reserved space, one that reads too.
    FastStart,
    /// MP4 in fragments, each with an index of its own: plays as far as it came, and needs no sink that patches.
    Fragmented,
    /// MP4 that is written in fragments, and made a plain file at the end without moving a sample. Cut off it plays up
    /// to its last fragment. Needs a sink that patches.
    Recoverable,
    /// What a stream has that nobody goes back in: live Matroska, Ogg, WAV of unknown length. Needs no sink that
    /// patches.
    Live,
    /// A manifest, and segments as files of their own. Needs a sink with a folder.
    Segments,
    /// A manifest, and one file a track whose segments are ranges of bytes. Needs a sink with a folder.
    ByteRanges,
}

impl Layout {
    /// Every layout.
    pub const ALL: &'static [Layout] = &[
        Layout::Plain,
        Layout::FastStart,
        Layout::Fragmented,
        Layout::Recoverable,
        Layout::Live,
        Layout::Segments,
        Layout::ByteRanges,
    ];

    /// The name used in options.
    pub fn name(self) -> &'static str {
        match self {
            Layout::Plain => "plain",
            Layout::FastStart => "faststart",
            Layout::Fragmented => "fragmented",
            Layout::Recoverable => "recoverable",
            Layout::Live => "live",
            Layout::Segments => "segments",
            Layout::ByteRanges => "byte-ranges",
        }
    }

    /// Whether what has been written is patched later.
    pub fn needs_patching(self) -> bool {
        matches!(self, Layout::Plain | Layout::FastStart | Layout::Recoverable)
    }

    /// Whether it is more than one file.
    pub fn needs_folder(self) -> bool {
        matches!(self, Layout::Segments | Layout::ByteRanges)
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Layout {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let named = Layout::ALL.iter().copied().find(|layout| layout.name() == text);
        named.ok_or_else(|| {
            let names: Vec<_> = Layout::ALL.iter().map(|layout| layout.name()).collect();
            Error::option("layout", format_args!("`{text}`"), format_args!("use one of {}", names.join(", ")))
        })
    }
}
