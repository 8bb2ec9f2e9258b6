//! Where the file goes.

use std::ffi::OsString;
use std::fs;
#[cfg(any(unix, windows))]
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use framewright::{Container, Encoder, Report};

use crate::args::RunArgs;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::options::naming;

/// A destination that has been checked: nothing is in the way, and the container is known.
#[derive(Debug)]
pub struct Output {
    /// `None`: standard output.
    path: Option<PathBuf>,
    container: Container,
}

impl Output {
    /// Checks, before anything else is done, that `path` can be written to as `args` ask.
    pub fn check(path: &Path, args: &RunArgs) -> Result<Self, Failure> {
        let chosen = args
            .container
            .as_deref()
            .map(|name| name.parse::<Container>().map_err(|error| naming("--container", name, error)))
            .transpose()?;
        if path == Path::new("-") {
            let container = chosen.ok_or_else(|| {
                Failure::usage(
                    "standard output has no file name to tell the format: add --container, as in --container webm",
                )
            })?;
            if io::stdout().is_terminal() {
                return Err(Failure::usage(
                    "standard output is a terminal: add `> FILE` or `| PROGRAM`, or use -o FILE",
                ));
            }
            return Ok(Output { path: None, container });
        }
        let found = fs::metadata(path);
        if found.as_ref().is_ok_and(|found| found.is_dir()) {
            return Err(Failure::failed(format!("`{}` is a folder: give the name of a file", path.display())));
        }
        let container = chosen.map_or_else(|| from_extension(path), Ok)?;
        match found {
            Ok(found) if found.is_file() && !args.overwrite => Err(Failure::failed(format!(
                "`{}` exists, and was left as it is: add --overwrite to replace it, or give another name",
                path.display()
            ))),
            _ => Ok(Output { path: Some(path.to_owned()), container }),
        }
    }

    pub fn container(&self) -> Container {
        self.container
    }

    pub fn is_stdout(&self) -> bool {
        self.path.is_none()
    }

    /// Its name in messages.
    pub fn name(&self) -> String {
        self.path.as_ref().map_or("standard output".into(), |path| path.display().to_string())
    }

    /// Gives `encoder` its destination. From here until [`close`](Self::close), a second Ctrl-C removes the file.
    pub fn open(&self, encoder: &mut Encoder, interrupt: &Interrupt) -> Result<(), Failure> {
        match &self.path {
            Some(path) => {
                encoder.open_file_as(path, self.container)?;
                interrupt.set_unfinished(fs::metadata(path).map_or(true, |found| found.is_file()).then(|| part(path)));
            }
            None => {
                let stdout = stdout().map_err(|error| Failure::io("opening standard output", error))?;
                encoder.open_stream(stdout, self.container)?;
            }
        }
        Ok(())
    }

    /// Completes the file, which gets its name now.
    pub fn close(&self, encoder: Encoder, interrupt: &Interrupt) -> Result<Report, Failure> {
        let report = encoder.close();
        interrupt.set_unfinished(None);
        Ok(report?)
    }
}

/// Prints text that was asked for. A reader who has gone away, as `head` does, is no failure.
pub fn print(text: &str) -> Result<(), Failure> {
    print_to(io::stdout().lock(), text)
}

/// [`print`] to another stream.
pub fn print_to(mut stream: impl Write, text: &str) -> Result<(), Failure> {
    match stream.write_all(text.as_bytes()).and_then(|()| stream.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::io("printing", error)),
        _ => Ok(()),
    }
}

fn from_extension(path: &Path) -> Result<Container, Failure> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    Container::from_extension(extension).ok_or_else(|| {
        let known: Vec<_> = Container::ALL.iter().flat_map(|container| container.extensions()).copied().collect();
        Failure::usage(format!(
            "the name `{}` does not tell the format: let it end in .{}, or add --container",
            path.display(),
            known.join(", .")
        ))
    })
}

/// The name that the library gives a file until it is complete.
fn part(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".part");
    name.into()
}

/// Standard output without the line buffering of `io::stdout`.
#[cfg(unix)]
fn stdout() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
}

/// Standard output without the line buffering of `io::stdout`.
#[cfg(windows)]
fn stdout() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(io::stdout().as_handle().try_clone_to_owned()?.into())
}

/// Standard output as it is: WASI gives its descriptors to nobody twice.
#[cfg(not(any(unix, windows)))]
fn stdout() -> io::Result<io::Stdout> {
    Ok(io::stdout())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &Path, args: RunArgs) -> Result<Container, u8> {
        Output::check(path, &args).map(|output| output.container()).map_err(|failure| failure.code())
    }

    #[test]
    fn names_choose_containers_and_files_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let container = |name: &str| RunArgs { container: Some(name.into()), ..RunArgs::default() };
        assert_eq!(check(&at("a.MP4"), RunArgs::default()), Ok(Container::Mp4));
        assert_eq!(check(&at("a.mka"), RunArgs::default()), Ok(Container::Matroska));
        assert_eq!(check(&at("a.bin"), container("webm")), Ok(Container::WebM));
        assert_eq!(check(&at("a.xyz"), RunArgs::default()), Err(2));
        assert_eq!(check(&at("a"), RunArgs::default()), Err(2));
        assert_eq!(check(&at("a.mp4"), container("xyz")), Err(2));
        assert_eq!(check(Path::new("-"), RunArgs::default()), Err(2));
        assert_eq!(check(folder.path(), container("mp4")), Err(1));
        fs::write(at("b.mp4"), "old").unwrap();
        assert_eq!(check(&at("b.mp4"), RunArgs::default()), Err(1));
        assert_eq!(check(&at("b.mp4"), RunArgs { overwrite: true, ..RunArgs::default() }), Ok(Container::Mp4));
        assert_eq!(fs::read(at("b.mp4")).unwrap(), b"old");
    }
}
