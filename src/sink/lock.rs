//! One writer a file: who comes second is told so, where two would leave a mixture of both.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// A file that this program alone writes, for as long as it is open. The lock ends with the program, however that ends, so
/// that a file which a crash has left is taken over.
///
/// # Errors
/// [`io::ErrorKind::ResourceBusy`] where another writes it; whatever opening says.
pub(super) fn open_alone(path: &Path) -> io::Result<File> {
    // The other may rename or remove the file between our opening it and our lock, which then is on another file. Each turn
    // is somebody else's end, so that there are never many.
    for _ in 0..100 {
        let file = match options().open(path) {
            // ERROR_SHARING_VIOLATION: Windows refuses at once what is locked here otherwise.
            Err(error) if cfg!(windows) && error.raw_os_error() == Some(32) => break,
            opened => opened?,
        };
        if !lock(&file) {
            break;
        }
        if is_at(&file, path)? {
            // Not before the lock: it would empty the other's.
            file.set_len(0)?;
            return Ok(file);
        }
    }
    let text = format!(
        "another program is writing `{}`: wait until it has ended, or give another name",
        path.file_name().unwrap_or_default().display()
    );
    Err(io::Error::new(io::ErrorKind::ResourceBusy, text))
}

/// For outputs of several files: an empty file that says that somebody writes them. It goes when this is dropped.
pub(super) struct Claim {
    path: PathBuf,
    _file: File,
}

impl Claim {
    /// # Errors
    /// As [`open_alone`].
    pub fn on(path: PathBuf) -> io::Result<Self> {
        let file = open_alone(&path)?;
        Ok(Claim { path, _file: file })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // While it is locked, so that it is nobody else's. What cannot be removed is taken over by the next.
        let _ = fs::remove_file(&self.path);
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(windows)]
    {
        // Who opens it for writing too is refused by the system. It may be read, removed and renamed.
        use std::os::windows::fs::OpenOptionsExt;
        const FILE_SHARE_READ: u32 = 1;
        const FILE_SHARE_DELETE: u32 = 4;
        options.share_mode(FILE_SHARE_READ | FILE_SHARE_DELETE);
    }
    options
}

/// False where somebody else has it. A file system that knows no locks grants all.
#[cfg(unix)]
fn lock(file: &File) -> bool {
    use rustix::fs::{FlockOperation, flock};
    flock(file, FlockOperation::NonBlockingLockExclusive) != Err(rustix::io::Errno::WOULDBLOCK)
}

/// Windows has locked it when it is open, and under WASI there is one program.
#[cfg(not(unix))]
fn lock(_: &File) -> bool {
    true
}

/// Whether `path` leads to `file`.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let ours = file.metadata()?;
    match fs::metadata(path) {
        Ok(found) => Ok((found.dev(), found.ino()) == (ours.dev(), ours.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn found_the_second_writer_emptied_the_file_of_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.part");
        fs::write(&path, "left by a crash").unwrap();
        let mut first = open_alone(&path).unwrap();
        first.write_all(b"first").unwrap();
        let refused = open_alone(&path).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ResourceBusy);
        assert!(refused.to_string().contains("another program is writing `a.part`"), "{refused}");
        assert_eq!(fs::read(&path).unwrap(), b"first");
        // It is no longer in the way once it has its name, open or not.
        fs::rename(&path, folder.path().join("a")).unwrap();
        let second = open_alone(&path).unwrap();
        drop((first, second));
        assert_eq!(fs::read(folder.path().join("a")).unwrap(), b"first");
        open_alone(&path).unwrap();
    }

    #[test]
    fn a_claim_goes_with_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("show.m3u8.lock");
        let claim = Claim::on(path.clone()).unwrap();
        assert!(Claim::on(path.clone()).is_err() && path.exists());
        drop(claim);
        assert!(!path.exists());
        Claim::on(path).unwrap();
    }
}
