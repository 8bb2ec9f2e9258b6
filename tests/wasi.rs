//! The tool under WASI: on files and pipes, with the bytes of the native one.
//!
//! The module is what `cargo build --release --target wasm32-wasip1 --no-default-features --features cli` makes, or
//! what `FRAMEWRIGHT_WASI` names; where that is empty, there is none. It runs in Node, and in wasmtime where that is
//! installed.
#![cfg(feature = "cli")]

#[path = "support/readers.rs"]
mod readers;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use readers::{needed, optional, scripts, tool};

/// A runtime with the module, and the tool that it is compared with.
struct Tools {
    module: PathBuf,
    runtimes: Vec<(&'static str, PathBuf)>,
}

impl Tools {
    fn find() -> Option<Self> {
        let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/wasm32-wasip1/release/framewright.wasm");
        let module = std::env::var_os("FRAMEWRIGHT_WASI").map_or(usual, PathBuf::from);
        if module.as_os_str().is_empty() {
            let _ = writeln!(std::io::stderr(), "SKIPPED: FRAMEWRIGHT_WASI says that there is no module");
            return None;
        }
        let module = needed("framewright.wasm for WASI", Some(module).filter(|module| module.is_file()))?;
        let node = tool("node").map(|node| ("node", node));
        let wasmtime = optional("wasmtime").map(|wasmtime| ("wasmtime", wasmtime));
        Some(Tools { module, runtimes: node.into_iter().chain(wasmtime).collect() })
    }

    /// The commands that run `args` in `folder`: natively, and in each runtime.
    fn commands(&self, folder: &Path, args: &[&str]) -> (Command, Vec<(&'static str, Command)>) {
        let mut native = Command::new(env!("CARGO_BIN_EXE_framewright"));
        native.current_dir(folder).args(args);
        let wasi = self.runtimes.iter().map(|(name, runtime)| {
            let mut command = Command::new(runtime);
            match *name {
                "node" => command.arg("--no-warnings").arg(scripts().join("wasi.mjs")).arg(&self.module).arg(folder),
                _ => command.arg("run").arg("--dir").arg(format!("{}::.", folder.display())).arg(&self.module),
            };
            command.args(args);
            (*name, command)
        });
        (native, wasi.collect())
    }
}

/// Runs a command with `stdin` on its standard input.
fn run(mut command: Command, stdin: &[u8]) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // What fails early does not read it.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    child.wait_with_output().unwrap()
}

fn succeeded(output: Output, what: &str) -> Vec<u8> {
    assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Frames of `C444`: three planes that each move.
fn y4m(width: usize, height: usize, frames: usize) -> Vec<u8> {
    let mut bytes = format!("YUV4MPEG2 W{width} H{height} F25:1 Ip A1:1 C444\n").into_bytes();
    for frame in 0..frames {
        bytes.extend_from_slice(b"FRAME\n");
        let sample = |index: usize| ((index % width) * (3 + frame) + (index / width) * 5) as u8;
        bytes.extend((0..3 * width * height).map(sample));
    }
    bytes
}

/// A folder with a clip, a sound and subtitles.
fn desk() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("clip.y4m"), y4m(64, 48, 12)).unwrap();
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 44_100,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(folder.path().join("tone.wav"), spec).unwrap();
    (0..2 * 30_000).for_each(|index| writer.write_sample((index * 37 % 8_000) as i16).unwrap());
    writer.finalize().unwrap();
    fs::write(folder.path().join("clip.srt"), "1\n00:00:00,100 --> 00:00:00,300\nHello\n").unwrap();
    folder
}

#[test]
fn files_have_the_bytes_of_native_ones() {
    let Some(tools) = Tools::find() else { return };
    let folder = desk();
    let cases: [&[&str]; 3] = [
        &["clip.y4m", "tone.wav", "--subtitle", "clip.srt"],
        &["clip.y4m", "--crf", "50", "--size", "33x17", "--pixel-format", "yuv420p10"],
        &["tone.wav", "--audio-bitrate", "40k"],
    ];
    for (index, inputs) in cases.iter().enumerate() {
        for container in ["mp4", "webm", "mkv"] {
            let name = |made_by: &str| format!("{index}-{made_by}.{container}");
            let args = |made_by: &str| -> Vec<String> {
                let all = [&["encode"], *inputs, &["--quiet", "-o"]].concat();
                all.into_iter().map(str::to_owned).chain([name(made_by)]).collect()
            };
            let text = |args: Vec<String>| -> Vec<&'static str> { args.into_iter().map(|arg| &*arg.leak()).collect() };
            let (native, _) = tools.commands(folder.path(), &text(args("native")));
            succeeded(run(native, b""), &name("native"));
            let native = fs::read(folder.path().join(name("native"))).unwrap();
            for (runtime, _) in &tools.runtimes {
                let (_, commands) = tools.commands(folder.path(), &text(args(runtime)));
                let (_, command) = commands.into_iter().find(|(name, _)| name == runtime).unwrap();
                succeeded(run(command, b""), &name(runtime));
                let found = fs::read(folder.path().join(name(runtime))).unwrap();
                assert!(found == native, "{}: {} bytes, and natively {}", name(runtime), found.len(), native.len());
            }
        }
    }
}

#[test]
fn pipes_carry_what_they_carry_natively() {
    let Some(tools) = Tools::find() else { return };
    let folder = desk();
    let clip = fs::read(folder.path().join("clip.y4m")).unwrap();
    for args in [&["encode", "-", "-o", "-", "--container", "webm", "--quiet"][..], &["inspect", "clip.y4m"]] {
        let (native, commands) = tools.commands(folder.path(), args);
        let native = succeeded(run(native, &clip), "natively");
        for (runtime, command) in commands {
            assert!(succeeded(run(command, &clip), runtime) == native, "{args:?} in {runtime}");
        }
    }
}

#[test]
fn what_is_wrong_is_said_and_leaves_nothing() {
    let Some(tools) = Tools::find() else { return };
    let folder = desk();
    let count = || fs::read_dir(folder.path()).unwrap().count();
    let before = count();
    for args in [&["encode", "missing.y4m", "-o", "a.mp4"][..], &["encode", "clip.y4m", "--crf", "64", "-o", "a.mp4"]] {
        let (native, commands) = tools.commands(folder.path(), args);
        let native = run(native, b"");
        for (runtime, command) in commands {
            let found = run(command, b"");
            assert_eq!(found.status.code(), native.status.code(), "{args:?} in {runtime}");
            let said = String::from_utf8_lossy(&found.stderr);
            assert!(said.contains(args[1]) || said.contains("crf"), "{args:?} in {runtime}: {said}");
        }
    }
    assert_eq!(count(), before);
}
