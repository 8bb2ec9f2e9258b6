//! Programs that read media files and know nothing of this crate. One that is not installed is skipped loudly, or, where
//! `FRAMEWRIGHT_REQUIRE_READERS` is set as in CI, a failure.
#![allow(dead_code, reason = "each test asks for others")]

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The programs of this machine.
pub struct Readers {
    /// FFmpeg's command line programs: Debian's, and a newer one that `FRAMEWRIGHT_FFMPEG9` names.
    pub ffmpeg: Vec<PathBuf>,
    pub mediaconch: Option<PathBuf>,
    pub mkvinfo: Option<PathBuf>,
    /// `node`, where Chromium and the packages of tests/outside are there too.
    pub chromium: Option<PathBuf>,
    /// `node`, where the packages are there.
    pub mediabunny: Option<PathBuf>,
}

impl Readers {
    pub fn find() -> Self {
        let packages = scripts().join("node_modules").is_dir();
        let node = program("node").filter(|_| packages);
        Readers {
            ffmpeg: [found("ffmpeg", program("ffmpeg")), newer_ffmpeg()].into_iter().flatten().collect(),
            mediaconch: found("mediaconch", program("mediaconch")),
            mkvinfo: found("mkvinfo", program("mkvinfo")),
            chromium: found(
                "chromium with node and `npm install` in tests/outside",
                program("chromium").and(node.clone()),
            ),
            mediabunny: found("node and `npm install` in tests/outside", node),
        }
    }
}

/// The FFmpeg that `FRAMEWRIGHT_FFMPEG9` names, for what older ones do not do.
pub fn newer_ffmpeg() -> Option<PathBuf> {
    let path = std::env::var_os("FRAMEWRIGHT_FFMPEG9").map(PathBuf::from);
    found("FRAMEWRIGHT_FFMPEG9", path.filter(|path| path.is_file()))
}

/// A program that reads files of one kind, by its name; where it has to be there and is not, a failure.
pub fn tool(name: &str) -> Option<PathBuf> {
    found(name, program(name))
}

/// One that is of use where it is there, and not missed where it is not.
pub fn optional(name: &str) -> Option<PathBuf> {
    program(name)
}

/// `path`; where that has to be there and is not, a failure.
pub fn needed(name: &str, path: Option<PathBuf>) -> Option<PathBuf> {
    found(name, path)
}

fn found(name: &str, path: Option<PathBuf>) -> Option<PathBuf> {
    if path.is_none() {
        assert!(std::env::var_os("FRAMEWRIGHT_REQUIRE_READERS").is_none(), "{name} is required and not there");
        say_skipped(format_args!("{name} is not there, so nothing was checked with it"));
    }
    path
}

/// Past the test runner, which keeps to itself what a passing test prints.
fn say_skipped(what: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {what}");
}

fn program(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// Where the Node scripts are.
pub fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/outside")
}

/// How long a program may take; one that hangs is a fault of the file that it hangs on, too.
const PATIENCE: Duration = Duration::from_secs(240);

/// Runs a program and gives its output as text: standard output, and what it said on standard error.
pub fn run(command: &mut Command) -> (bool, String, String) {
    let text = |stream: Option<Box<dyn Read + Send>>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = stream.map(|mut stream| stream.read_to_end(&mut bytes));
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let out = text(child.stdout.take().map(|stream| Box::new(stream) as _));
    let said = text(child.stderr.take().map(|stream| Box::new(stream) as _));
    let begun = Instant::now();
    let success = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status.success(),
            None if begun.elapsed() > PATIENCE => {
                let _ = child.kill();
                let _ = child.wait();
                let (out, said) = (out.join().unwrap(), said.join().unwrap());
                return (false, out, format!("{said}\nkilled after {PATIENCE:?}"));
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    (success, out.join().unwrap(), said.join().unwrap())
}

/// What mediaconch says of a Matroska file. It has a database a user, which two of it at a time do not share.
pub fn validate(mediaconch: &Path, path: &Path) -> String {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    run(Command::new(mediaconch).args(["-mc", "-fx"]).arg(path)).1
}

/// The folder of real clips, where there is one.
pub fn media() -> Option<PathBuf> {
    let folder = match std::env::var_os("FRAMEWRIGHT_MEDIA") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/media"),
    };
    let found = folder.join("y4m").is_dir();
    if !found {
        say_skipped(format_args!("no real clips at {} (FRAMEWRIGHT_MEDIA names another place)", folder.display()));
    }
    found.then_some(folder)
}
