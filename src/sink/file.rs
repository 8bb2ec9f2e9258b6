//! A file that gets its name when it is complete.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::lock::open_alone;
use super::{SeekSink, Sink};

/// A sink that writes `NAME.part` beside the wanted name and renames it when it is complete, so that the name never
/// holds half a file and a file that was there stays until it is replaced.
pub struct FileSink {
    sink: SeekSink<File>,
    rename: Option<(PathBuf, PathBuf)>,
}

impl FileSink {
    /// Creates `NAME.part`; one that a crash has left is replaced.
    ///
    /// # Errors
    /// What the operating system says: no such folder, no permission, …; [`io::ErrorKind::ResourceBusy`] where another
    /// program is writing `NAME.part`.
    pub fn create(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        // Through a link to the file that it means, so that the link stays one.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let part = part_name(&path)?;
        let sink = SeekSink::readable(open_alone(&part)?)?;
        Ok(FileSink { sink, rename: Some((part, path)) })
    }
}

fn part_name(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it names no file"))?;
    let mut part = OsString::from(name);
    part.push(".part");
    Ok(path.with_file_name(part))
}

impl Sink for FileSink {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sink.append(bytes)
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.sink.patch(offset, bytes)
    }

    fn can_patch(&self) -> bool {
        true
    }

    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.sink.read(offset, buffer)
    }

    fn can_read(&self) -> bool {
        self.sink.can_read()
    }

    fn position(&self) -> u64 {
        self.sink.position()
    }

    fn written(&self) -> u64 {
        self.sink.written()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }

    fn complete(&mut self) -> io::Result<()> {
        self.sink.flush()?;
        if let Some((part, path)) = &self.rename {
            fs::rename(part, path)?;
        }
        self.rename = None;
        Ok(())
    }

    fn kept(&self) -> Option<&Path> {
        self.rename.as_ref().map(|(part, _)| part.as_path())
    }

    fn discard(&mut self) {
        if let Some((part, _)) = self.rename.take() {
            // A file that cannot be removed is left: there is nobody to tell, and nothing more to do.
            let _ = fs::remove_file(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_appears_when_the_file_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.mp4");
        fs::write(&path, "old").unwrap();
        let mut sink = FileSink::create(&path).unwrap();
        sink.append(b"new").unwrap();
        sink.flush().unwrap();
        let mut back = [0; 2];
        sink.read(1, &mut back).unwrap();
        assert!(sink.can_read() && &back == b"ew");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        sink.complete().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

        let mut sink = FileSink::create(&path).unwrap();
        sink.append(b"half").unwrap();
        sink.discard();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(FileSink::create(folder.path().join("no/such/folder.mp4")).is_err());
    }
}
