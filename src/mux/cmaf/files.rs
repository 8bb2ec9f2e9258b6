//! The files of one output: what they are called, and how they are written.

use crate::error::{Error, Result};
use crate::mux::Container;
use crate::sink::{Folder, Sink};

/// The names of all files of an output.
pub(super) struct Names {
    manifest: String,
    /// What all other names begin with. The container is part of it, so that a folder can hold both forms of one film.
    stem: String,
    /// How often playlists have got new names.
    renewed: u64,
}

impl Names {
    pub fn new(manifest: &str, container: Container) -> Self {
        let stem = manifest.rsplit_once('.').map_or(manifest, |(stem, _)| stem);
        Names { manifest: manifest.to_owned(), stem: format!("{stem}_{container}"), renewed: 0 }
    }

    pub fn manifest(&self) -> &str {
        &self.manifest
    }

    /// The media playlist of a track.
    pub fn playlist(&self, track: &str) -> String {
        match self.renewed {
            0 => format!("{}_{track}.m3u8", self.stem),
            renewed => format!("{}_{track}_{}.m3u8", self.stem, renewed + 1),
        }
    }

    /// From now on playlists have other names.
    pub fn renew_playlists(&mut self) {
        self.renewed += 1;
    }

    /// The header of a track.
    pub fn header(&self, track: &str) -> String {
        format!("{}_{track}_init.mp4", self.stem)
    }

    /// What the segments of a track begin with; their number and their extension follow.
    pub fn segments(&self, track: &str) -> String {
        format!("{}_{track}_", self.stem)
    }

    /// A segment of a track.
    pub fn segment(&self, track: &str, number: u64, extension: &str) -> String {
        format!("{}{number}.{extension}", self.segments(track))
    }

    /// All of a track in one file.
    pub fn whole(&self, track: &str, extension: &str) -> String {
        format!("{}_{track}.{extension}", self.stem)
    }
}

/// A file name as a relative reference (RFC 3986): all but the unreserved characters are escaped, so that no name can
/// end a quoted string, begin a query, or look like a scheme or a template's variable.
pub(super) fn uri(name: &str) -> String {
    name.bytes().fold(String::new(), |mut uri, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => uri.push(byte.into()),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
        uri
    })
}

/// The folder of a sink, which was there when the layout was chosen.
pub(super) fn folder(sink: &mut dyn Sink) -> Result<&mut dyn Folder> {
    sink.folder().ok_or_else(|| Error::unsupported("HLS and DASH are several files: name a file for the manifest"))
}

/// Begins a file.
pub(super) fn create(folder: &mut dyn Folder, name: &str) -> Result<Box<dyn Sink>> {
    folder.create(name).map_err(|error| Error::io(format_args!("creating `{name}`"), error))
}

pub(super) fn append(file: &mut dyn Sink, bytes: &[u8]) -> Result<()> {
    file.append(bytes).map_err(|error| Error::io("writing a segment", error))
}

pub(super) fn complete(file: &mut dyn Sink) -> Result<()> {
    file.complete().map_err(|error| Error::io("completing a segment", error))
}

/// Writes a whole file, which takes the place of one of that name at once.
pub(super) fn write(folder: &mut dyn Folder, name: &str, bytes: &[u8]) -> Result<()> {
    let mut file = create(folder, name)?;
    let written = append(&mut *file, bytes).and_then(|()| complete(&mut *file));
    written.inspect_err(|_| file.discard())
}
