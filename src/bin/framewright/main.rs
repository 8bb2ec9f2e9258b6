//! `framewright`: frames and samples in, a video file that plays everywhere out, from a terminal.

mod about;
mod args;
mod demo;
#[cfg(feature = "gpu")]
mod device;
mod encode;
mod failure;
mod formats;
mod inspect;
mod interrupt;
mod job;
mod manual;
mod options;
mod output;
mod progress;
mod report;
mod sources;
mod stdin;
mod vectors;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::filter::LevelFilter;

use crate::args::{Cli, Command};
use crate::failure::Failure;

fn main() -> ExitCode {
    // clap prints help and its own errors itself, and ends with 0 or 2.
    let cli = Cli::parse();
    log(cli.verbose);
    match run(&cli.command) {
        Ok(code) => code.into(),
        Err(failure) => {
            progress::say(&format!("error: {failure}"));
            failure.code().into()
        }
    }
}

fn run(command: &Command) -> Result<u8, Failure> {
    match command {
        Command::Demo(args) => demo::run(args),
        Command::Encode(args) => encode::run(args),
        Command::Inspect(args) => inspect::run(args).map(|()| 0),
        Command::Formats(args) => formats::run(args).map(|()| 0),
        Command::Completions(args) => manual::completions(args).map(|()| 0),
        Command::Man(args) => manual::page(args).map(|()| 0),
    }
}

/// Shows the library's diagnostics on standard error: warnings always, more with `-v`.
fn log(verbose: u8) {
    let level = match verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(verbose > 0)
        .without_time()
        .init();
}
