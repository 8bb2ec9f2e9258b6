//! Fuzz targets of framewright. Each is a function of bytes that panics where its property does not hold, so that it runs
//! under libFuzzer (`fuzz_targets`), and on stable Rust without it (`src/bin/replay.rs`).

mod av1;
mod convert;
mod demux;
mod faults;
mod input;
pub mod mutate;
mod obu;
mod packets;
mod readers;
mod session;

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

/// A target: its name, its property, and what a corpus begins with.
pub struct Target {
    pub name: &'static str,
    /// Panics where the property does not hold.
    pub run: fn(&[u8]),
    /// Inputs that reach far.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Words that the format knows.
    pub dictionary: &'static [&'static [u8]],
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "session", run: session::run, seeds: input::noise, dictionary: &[] },
    Target { name: "sink_faults", run: faults::run, seeds: input::noise, dictionary: &[] },
    Target { name: "isobmff", run: packets::isobmff, seeds: input::noise, dictionary: &[] },
    Target { name: "matroska", run: packets::matroska, seeds: input::noise, dictionary: &[] },
    Target { name: "obu", run: obu::run, seeds: obu::seeds, dictionary: obu::WORDS },
    Target { name: "inspect", run: readers::inspect, seeds: readers::inspect_seeds, dictionary: readers::BOX_WORDS },
    Target { name: "y4m", run: readers::y4m, seeds: readers::y4m_seeds, dictionary: readers::Y4M_WORDS },
    Target { name: "wav", run: readers::wav, seeds: readers::wav_seeds, dictionary: readers::WAV_WORDS },
    Target { name: "convert", run: convert::run, seeds: input::noise, dictionary: &[] },
    Target {
        name: "gif",
        run: readers::gif,
        seeds: readers::gif_seeds,
        dictionary: &[b"GIF89a", b"\x21\xf9\x04", b"\x2c"],
    },
    Target { name: "raw_args", run: readers::raw_args, seeds: readers::raw_seeds, dictionary: readers::RAW_WORDS },
];

/// The target of a name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// Runs a target once for libFuzzer: a panic that gets out ends the process, one that the library catches does not.
pub fn run(name: &str, data: &[u8]) {
    static QUIET: Once = Once::new();
    // libFuzzer's own hook aborts at every panic, those that the library turns into errors too.
    QUIET.call_once(remember_panics);
    let outcome = target(name).ok_or_else(|| "there is no such target".into()).and_then(|target| check(target, data));
    if let Err(message) = outcome {
        eprintln!("{name}: {message}");
        std::process::abort();
    }
}

thread_local! {
    /// Where this thread panicked last.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Has panics print nothing, since the library makes errors of some, and [`check`] say where they were.
pub fn remember_panics() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        PLACE.with(|last| *last.borrow_mut() = place);
    }));
}

/// Runs a target once; what it panicked with, and where, if [`remember_panics`] was called.
pub fn check(target: &Target, data: &[u8]) -> Result<(), String> {
    panic::catch_unwind(AssertUnwindSafe(|| (target.run)(data))).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default();
        PLACE.with(|place| format!("{}: {text}", place.borrow()))
    })
}
