//! Where the bytes go.
//!
//! A muxer appends, and some layouts patch what they have appended; nothing else is asked of a [`Sink`]. The rooms above
//! make one of a path ([`FileSink`]), of anything that writes and seeks ([`SeekSink`]), or of anything that only
//! writes ([`StreamSink`]).

mod file;
mod folder;
mod lock;
mod memory;
mod writer;

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

pub use file::FileSink;
pub use folder::{Folder, FolderSink};
pub use memory::SharedWriter;
pub use writer::{SeekSink, StreamSink};

/// Something that bytes are appended to and, perhaps, patched in.
///
/// Offsets count from where the sink began, which need not be the start of the file behind it.
pub trait Sink: Send {
    /// Appends all of `bytes`; short writes and interruptions are the sink's to deal with.
    ///
    /// # Errors
    /// Any [`io::Error`]; the sink is not written to again after one, but for [`flush`](Self::flush).
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Overwrites `bytes.len()` bytes from `offset` on, all of which have been appended before.
    ///
    /// # Errors
    /// Any [`io::Error`]; [`io::ErrorKind::Unsupported`] where [`can_patch`](Self::can_patch) is false.
    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Whether [`patch`](Self::patch) works.
    fn can_patch(&self) -> bool;

    /// Reads back `buffer.len()` bytes from `offset` on, all of which have been appended before. Only layouts that move
    /// what was written ask for it.
    ///
    /// # Errors
    /// Any [`io::Error`]; [`io::ErrorKind::Unsupported`] where [`can_read`](Self::can_read) is false.
    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let _ = (offset, buffer);
        Err(io::Error::new(io::ErrorKind::Unsupported, "this sink does not read"))
    }

    /// Whether [`read`](Self::read) works.
    fn can_read(&self) -> bool {
        false
    }

    /// The folder that the output's files go to, for formats of several files. Such a format appends nothing to the
    /// sink itself.
    fn folder(&mut self) -> Option<&mut dyn Folder> {
        None
    }

    /// How many bytes have been appended.
    fn position(&self) -> u64;

    /// How many of the appended bytes lie below for sure: all but those in a buffer, and those that a failure has lost. A
    /// sink that says nothing else counts all.
    fn written(&self) -> u64 {
        self.position()
    }

    /// Hands what is buffered to what lies below.
    ///
    /// # Errors
    /// Any [`io::Error`].
    fn flush(&mut self) -> io::Result<()>;

    /// Called once, when the file is complete: a sink that writes under another name renames here.
    ///
    /// # Errors
    /// Any [`io::Error`].
    fn complete(&mut self) -> io::Result<()> {
        self.flush()
    }

    /// Called instead of [`complete`](Self::complete) when the file is given up: a sink that can, removes it.
    fn discard(&mut self) {}

    /// Where the bytes are if neither of the two is called, for messages.
    fn kept(&self) -> Option<&Path> {
        None
    }
}

/// For those who choose a sink when the program runs. All is handed on, what has a default too.
impl<S: Sink + ?Sized> Sink for Box<S> {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        (**self).append(bytes)
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        (**self).patch(offset, bytes)
    }

    fn can_patch(&self) -> bool {
        (**self).can_patch()
    }

    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        (**self).read(offset, buffer)
    }

    fn can_read(&self) -> bool {
        (**self).can_read()
    }

    fn folder(&mut self) -> Option<&mut dyn Folder> {
        (**self).folder()
    }

    fn position(&self) -> u64 {
        (**self).position()
    }

    fn written(&self) -> u64 {
        (**self).written()
    }

    fn flush(&mut self) -> io::Result<()> {
        (**self).flush()
    }

    fn complete(&mut self) -> io::Result<()> {
        (**self).complete()
    }

    fn discard(&mut self) {
        (**self).discard();
    }

    fn kept(&self) -> Option<&Path> {
        (**self).kept()
    }
}

/// The sink for a path: a [`FileSink`], or a [`StreamSink`] for what is no regular file, such as a named pipe or a
/// device. With `several_files` it is a [`FolderSink`], and the path that of its manifest.
pub(crate) fn open_path(path: &Path, several_files: bool) -> io::Result<Box<dyn Sink>> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder; give the name of a file"))
        }
        _ if several_files => Ok(Box::new(FolderSink::create(path)?)),
        Ok(found) if !found.is_file() => Ok(Box::new(StreamSink::new(OpenOptions::new().write(true).open(path)?))),
        _ => Ok(Box::new(FileSink::create(path)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a muxer does with a sink, whose type it does not know; gives where the bytes are.
    fn use_up<S: Sink>(mut sink: S, end: impl FnOnce(&mut S)) -> std::path::PathBuf {
        sink.append(b"abcd").unwrap();
        assert_eq!(sink.written(), 0, "it is in the buffer still");
        sink.patch(1, b"X").unwrap();
        sink.flush().unwrap();
        let mut back = [0; 3];
        sink.read(1, &mut back).unwrap();
        assert_eq!(&back, b"Xcd");
        assert!(sink.can_patch() && sink.can_read() && sink.folder().is_none());
        assert_eq!(sink.position(), 4);
        let kept = sink.kept().unwrap().to_owned();
        assert!(kept.exists());
        end(&mut sink);
        kept
    }

    fn has_folder<S: Sink>(mut sink: S) -> bool {
        sink.folder().is_some()
    }

    #[test]
    fn a_box_hands_on_what_has_a_default_too() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("clip.mp4");
        let boxed = || -> Box<dyn Sink> { Box::new(FileSink::create(&path).unwrap()) };
        assert!(!use_up(boxed(), Sink::discard).exists() && !path.exists());
        use_up(boxed(), |sink| sink.complete().unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"aXcd");
        let folder: Box<dyn Sink> = Box::new(FolderSink::create(place.path().join("clip.mpd")).unwrap());
        assert!(has_folder(folder));
    }
}
