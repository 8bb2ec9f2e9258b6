//! What a file is, and what it says beside its tracks.

use std::sync::Arc;

use super::chapters;
use crate::error::{Error, Result};
use crate::media::Metadata;
use crate::mux::{Container, Layout, MuxSettings};

/// The two members of the family: they differ in brands, handlers, sample entries of sound, and metadata.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Flavor {
    /// ISO/IEC 14496-14.
    #[default]
    Mp4,
    /// The QuickTime File Format, from which the other was made.
    QuickTime,
}

/// What a file says of itself, checked.
#[derive(Clone, Debug, Default)]
pub(super) struct Description {
    pub flavor: Flavor,
    pub metadata: Arc<Metadata>,
    /// When it was made, in seconds since 1904 began.
    pub creation_time: Option<u64>,
    /// Whether chapters are a track of text as well, the last of the file. In fragments they are not: players read that
    /// track from its sample table, which has no samples there.
    pub chapter_track: bool,
}

/// From 1904-01-01 to 1970-01-01, in seconds.
const EPOCH: i64 = 2_082_844_800;

impl Description {
    /// Checks that the file can say all of it.
    pub fn new(container: Container, settings: &MuxSettings) -> Result<Self> {
        let flavor = if container == Container::Mov { Flavor::QuickTime } else { Flavor::Mp4 };
        let metadata = Arc::clone(&settings.metadata);
        let creation_time = metadata.creation_time.map(|seconds| {
            let since_1904 = seconds.checked_add(EPOCH).and_then(|seconds| u64::try_from(seconds).ok());
            since_1904.ok_or_else(|| Error::option("creation_time", seconds, "it has to be in 1904 or later"))
        });
        let creation_time = creation_time.transpose()?;
        let fragmented = settings.layout == Layout::Fragmented;
        if !metadata.chapters.is_empty() {
            if fragmented && flavor == Flavor::QuickTime {
                let what = "a fragmented MOV has no place for chapters: use layout plain, or MP4";
                return Err(Error::unsupported(what));
            }
            chapters::check(&metadata, fragmented)?;
        }
        let chapter_track = !metadata.chapters.is_empty() && !fragmented;
        Ok(Description { flavor, metadata, creation_time, chapter_track })
    }

    pub fn is_quicktime(&self) -> bool {
        self.flavor == Flavor::QuickTime
    }
}
