//! How far we are: a bar on a terminal, else a line now and then. All of it goes to standard error.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Without a terminal, a line is written no more often than this.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Before that, speed and time left would be guesses.
const SETTLED: Duration = Duration::from_secs(1);

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Frames,
    /// Of sound without a picture.
    Seconds,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Unit::Frames => "frames",
            Unit::Seconds => "seconds",
        }
    }

    fn rate(self, per_second: f64) -> String {
        match self {
            Unit::Frames => format!("{per_second:.1} fps"),
            Unit::Seconds => format!("{per_second:.0} x real time"),
        }
    }
}

/// The display of one run.
pub struct Progress {
    display: Display,
    unit: Unit,
    total: Option<u64>,
    started: Instant,
}

enum Display {
    Quiet,
    Bar(ProgressBar),
    Lines { next: Instant },
}

impl Progress {
    /// Begins; `total` is how many there will be, where that is known.
    pub fn start(unit: Unit, total: Option<u64>, quiet: bool) -> Self {
        let started = Instant::now();
        let display = match (quiet, io::stderr().is_terminal()) {
            (true, _) => Display::Quiet,
            (false, true) => Display::Bar(bar(unit, total)),
            (false, false) => Display::Lines { next: started + LINE_EVERY },
        };
        Progress { display, unit, total, started }
    }

    /// `done` of the total are encoded, and `bytes` written.
    pub fn update(&mut self, done: u64, bytes: u64) {
        let elapsed = self.started.elapsed();
        match &mut self.display {
            Display::Quiet => {}
            Display::Bar(bar) => {
                bar.set_position(done);
                bar.set_message(figures(self.unit, done, self.total, elapsed, bytes));
            }
            Display::Lines { next } if Instant::now() >= *next => {
                *next = Instant::now() + LINE_EVERY;
                say(&line(self.unit, done, self.total, elapsed, bytes));
            }
            Display::Lines { .. } => {}
        }
    }

    /// Says `text` without tearing the bar.
    pub fn note(&self, text: &str) {
        match &self.display {
            Display::Quiet => {}
            Display::Bar(bar) => bar.suspend(|| say(text)),
            Display::Lines { .. } => say(text),
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Display::Bar(bar) = &self.display {
            bar.finish_and_clear();
        }
    }

    /// How long it took so far.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

fn bar(unit: Unit, total: Option<u64>) -> ProgressBar {
    let template = match total {
        Some(_) => format!("{{bar:24.cyan/blue}} {{pos}} of {{len}} {}{{msg}}", unit.name()),
        None => format!("{{spinner:.cyan}} {{pos}} {}{{msg}}", unit.name()),
    };
    let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(8));
    bar.set_style(style.progress_chars("━╸─"));
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}

fn line(unit: Unit, done: u64, total: Option<u64>, elapsed: Duration, bytes: u64) -> String {
    let of = total.map_or(String::new(), |total| format!(" of {total}"));
    format!("{done}{of} {}{}", unit.name(), figures(unit, done, total, elapsed, bytes))
}

/// What stands behind the count: speed, time left, size.
fn figures(unit: Unit, done: u64, total: Option<u64>, elapsed: Duration, bytes: u64) -> String {
    // The first frames only wait in the encoder, which is no measure of its speed.
    if done == 0 || elapsed < SETTLED {
        return format!(", {}", size(bytes));
    }
    let left = total.map_or(String::new(), |total| {
        let left = elapsed.as_secs_f64() * total.saturating_sub(done) as f64 / done as f64;
        format!(", {} left", length(left))
    });
    format!(", {}{left}, {}", unit.rate(per_second(done, elapsed)), size(bytes))
}

fn per_second(done: u64, elapsed: Duration) -> f64 {
    done as f64 / elapsed.as_secs_f64().max(0.001)
}

/// A line on standard error. If nobody reads it, that is no reason to stop.
pub fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Bytes for people, in powers of ten as file managers have them.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.2} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}

/// Seconds for people.
pub fn length(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_what_is_known() {
        let ten = Duration::from_secs(10);
        assert_eq!(line(Unit::Frames, 50, Some(150), ten, 1_500), "50 of 150 frames, 5.0 fps, 20 s left, 1.5 kB");
        assert_eq!(line(Unit::Frames, 50, None, ten, 999), "50 frames, 5.0 fps, 999 bytes");
        assert_eq!(line(Unit::Seconds, 0, Some(9), ten, 0), "0 of 9 seconds, 0 bytes");
    }

    #[test]
    fn figures_for_people() {
        assert_eq!([size(12_345_678), size(1 << 31)], ["12.35 MB", "2.15 GB"]);
        assert_eq!([length(59.4), length(61.0), length(7_260.0)], ["59 s", "1 min 1 s", "2 h 1 min"]);
    }

    #[test]
    fn both_templates_are_sound() {
        for total in [Some(3), None] {
            for unit in [Unit::Frames, Unit::Seconds] {
                bar(unit, total).finish_and_clear();
            }
        }
    }
}
