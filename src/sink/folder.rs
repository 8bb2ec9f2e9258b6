//! Where formats of several files go: a manifest and its segments.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::lock::Claim;
use super::{FileSink, Sink};

/// A place where files are made by name.
pub trait Folder: Send {
    /// The name of the output itself, which is its manifest: `show.m3u8`. The names of its other files begin with what
    /// stands before the last dot.
    fn name(&self) -> &str;

    /// Begins a file, which replaces one of that name when it is complete and not before. Names are single components.
    ///
    /// # Errors
    /// Any [`io::Error`].
    fn create(&mut self, name: &str) -> io::Result<Box<dyn Sink>>;

    /// Removes a file that this folder has made.
    ///
    /// # Errors
    /// Any [`io::Error`].
    fn remove(&mut self, name: &str) -> io::Result<()>;
}

/// A sink that is a folder: the files go beside the manifest, whose path it is made with.
pub struct FolderSink {
    folder: PathBuf,
    name: String,
    made: Made,
    written: Arc<AtomicU64>,
    /// From the first file on: `NAME.lock`, so that nobody else writes files of the same names.
    claim: Option<Claim>,
}

/// The names of the files that are complete.
type Made = Arc<Mutex<Vec<String>>>;

impl FolderSink {
    /// Makes files in the folder of `manifest`, which has to be there; nothing is written yet.
    ///
    /// # Errors
    /// Where the path names no file, its name is not Unicode, or its folder is not there.
    pub fn create(manifest: impl AsRef<Path>) -> io::Result<Self> {
        let manifest = manifest.as_ref();
        let name = manifest.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it names no file in Unicode"))?;
        let folder = match manifest.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        if !fs::metadata(&folder)?.is_dir() {
            return Err(io::Error::new(io::ErrorKind::NotADirectory, "its folder is none"));
        }
        Ok(FolderSink { folder, name: name.to_owned(), made: Made::default(), written: Arc::default(), claim: None })
    }

    /// The names that were made are no state that a panic could leave half done.
    fn made<R>(&self, with: impl FnOnce(&mut Vec<String>) -> R) -> R {
        with(&mut self.made.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Folder for FolderSink {
    fn name(&self) -> &str {
        &self.name
    }

    fn create(&mut self, name: &str) -> io::Result<Box<dyn Sink>> {
        let is_plain = Path::new(name).file_name().is_some_and(|file| file == name);
        if !is_plain {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a name that is none of a file in this folder"));
        }
        if self.claim.is_none() {
            self.claim = Some(Claim::on(self.folder.join(format!("{}.lock", self.name)))?);
        }
        let sink = FileSink::create(self.folder.join(name))?;
        let (made, written) = (Arc::clone(&self.made), Arc::clone(&self.written));
        Ok(Box::new(Counted { sink, name: name.to_owned(), made, written }))
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        let found = self.made(|made| {
            let index = made.iter().position(|made| made == name)?;
            Some(made.swap_remove(index))
        });
        match found {
            Some(name) => fs::remove_file(self.folder.join(name)),
            None => Err(io::Error::new(io::ErrorKind::NotFound, "this output has no such file")),
        }
    }
}

impl Sink for FolderSink {
    fn append(&mut self, _: &[u8]) -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "a folder takes files, not bytes"))
    }

    fn patch(&mut self, _: u64, _: &[u8]) -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "a folder takes files, not bytes"))
    }

    fn can_patch(&self) -> bool {
        false
    }

    fn folder(&mut self) -> Option<&mut dyn Folder> {
        Some(self)
    }

    fn position(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn complete(&mut self) -> io::Result<()> {
        self.claim = None;
        Ok(())
    }

    fn discard(&mut self) {
        for name in self.made(std::mem::take) {
            // What cannot be removed is left: there is nobody to tell, and nothing more to do.
            let _ = fs::remove_file(self.folder.join(name));
        }
        self.claim = None;
    }

    fn kept(&self) -> Option<&Path> {
        (!self.made(|made| made.is_empty())).then_some(self.folder.as_path())
    }
}

/// A file of a folder, whose bytes count as the folder's. One that is dropped before it is complete goes.
struct Counted {
    sink: FileSink,
    name: String,
    made: Made,
    written: Arc<AtomicU64>,
}

impl Sink for Counted {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sink.append(bytes)?;
        self.written.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.sink.patch(offset, bytes)
    }

    fn can_patch(&self) -> bool {
        self.sink.can_patch()
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
        self.sink.complete()?;
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if !made.contains(&self.name) {
            made.push(self.name.clone());
        }
        Ok(())
    }

    fn discard(&mut self) {
        self.sink.discard();
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.sink.discard();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_appear_when_complete_and_go_with_the_folder() {
        let place = tempfile::tempdir().unwrap();
        let mut sink = FolderSink::create(place.path().join("show.m3u8")).unwrap();
        assert_eq!(sink.folder().unwrap().name(), "show.m3u8");
        let mut file = sink.folder().unwrap().create("show_1.m4s").unwrap();
        file.append(b"segment").unwrap();
        file.flush().unwrap();
        assert!(!place.path().join("show_1.m4s").exists());
        // Two of one name would mix their segments.
        let mut other = FolderSink::create(place.path().join("show.m3u8")).unwrap();
        assert_eq!(other.create("show_1.m4s").err().map(|error| error.kind()), Some(io::ErrorKind::ResourceBusy));
        assert!(FolderSink::create(place.path().join("other.m3u8")).unwrap().create("other_1.m4s").is_ok());
        file.complete().unwrap();
        assert_eq!(fs::read(place.path().join("show_1.m4s")).unwrap(), b"segment");
        assert_eq!(sink.position(), 7);
        for name in ["../x", "a/b", "", ".."] {
            assert!(sink.create(name).is_err(), "{name}");
        }
        assert!(sink.remove("show_2.m4s").is_err());
        // A file that is never completed leaves the one of its name, and nothing of itself.
        fs::write(place.path().join("show_2.m4s"), "old").unwrap();
        let mut file = sink.folder().unwrap().create("show_2.m4s").unwrap();
        file.append(b"half").unwrap();
        drop(file);
        sink.discard();
        assert_eq!(fs::read(place.path().join("show_2.m4s")).unwrap(), b"old");
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
        assert!(FolderSink::create(place.path().join("no/show.m3u8")).is_err());
        assert!(sink.append(b"x").is_err());
    }
}
