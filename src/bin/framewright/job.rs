//! One file being made: what `demo` and `encode` have in common.

use framewright::Encoder;

use crate::args::RunArgs;
use crate::failure::{Failure, INTERRUPTED};
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::progress::{Progress, Unit};
use crate::report;

/// An encoder that streams are being added to, with the destination that it will write to.
pub struct Job<'a> {
    pub encoder: Encoder,
    pub output: Output,
    pub run: &'a RunArgs,
    pub interrupt: &'a Interrupt,
}

impl Job<'_> {
    /// Opens the output, lets `feed` put everything in, and completes the file; gives the exit code.
    ///
    /// If `feed` fails, nothing is left of the file. If it was stopped by Ctrl-C, what it put in is kept.
    pub fn run(
        mut self,
        unit: Unit,
        total: Option<u64>,
        feed: impl FnOnce(&mut Monitor<'_>) -> Result<(), Failure>,
    ) -> Result<u8, Failure> {
        let interrupt = self.interrupt;
        self.output.open(&mut self.encoder, interrupt)?;
        let progress = Progress::start(unit, total, self.run.quiet);
        let mut monitor = Monitor { encoder: &self.encoder, interrupt, progress, begun: false };
        let fed = feed(&mut monitor);
        let (progress, begun) = (monitor.progress, monitor.begun);
        match fed {
            // An input that Ctrl-C has cut off may complain about its end.
            Err(failure) if !interrupt.is_wanted() => {
                progress.finish();
                self.encoder.abort();
                return Err(failure);
            }
            _ => {}
        }
        if interrupt.is_wanted() && !begun {
            progress.finish();
            self.encoder.abort();
            return Err(Failure::interrupted());
        }
        if interrupt.is_wanted() {
            progress.note("stopping: the file is being completed; Ctrl-C again gives it up");
        }
        let report = self.output.close(self.encoder, interrupt);
        progress.finish();
        let report = report?;
        if !self.run.quiet {
            report::summarise(&report, &self.output.name(), progress.elapsed());
        }
        if self.run.report.is_some() {
            report::print_json(&report, &self.output)?;
        }
        Ok(if interrupt.is_wanted() { INTERRUPTED } else { 0 })
    }
}

/// What a feeder asks after each piece.
pub struct Monitor<'a> {
    encoder: &'a Encoder,
    interrupt: &'a Interrupt,
    progress: Progress,
    /// Whether anything has been put in: less than one unit is worth keeping too.
    begun: bool,
}

impl Monitor<'_> {
    /// Notes that `done` units are in; false where it is time to stop.
    pub fn go_on(&mut self, done: u64) -> bool {
        self.begun = true;
        self.progress.update(done, self.encoder.bytes_written());
        !self.interrupt.is_wanted()
    }
}
