//! Options: typed with builders, and the same from strings, through one table a kind.

mod audio;
mod extra;
mod labels;
mod limits;
mod output;
mod subtitle;
mod video;

pub use audio::AudioOptions;
pub(super) use audio::AudioPlan;
pub use limits::Limits;
pub(super) use output::OutputPlan;
pub use output::{EncoderOptions, QueueFull};
pub use subtitle::SubtitleOptions;
pub use video::VideoOptions;
pub(super) use video::{VideoEngineSettings, VideoPlan};

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::media::TrackLabels;
use crate::mux::{self, Container, Feature};

/// What there is to know about an option, for help texts and error messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OptionInfo {
    /// Its name in `set` and, with dashes for underscores, in the tool.
    pub name: &'static str,
    /// What it does.
    pub help: &'static str,
    /// The values it takes.
    pub allowed: &'static str,
    /// What holds where it is not given.
    pub default: &'static str,
}

/// A row of an option table: the description, and how a string becomes the typed value.
pub(super) struct Entry<T> {
    info: OptionInfo,
    set: fn(&mut T, &str) -> Result<()>,
}

impl<T> Entry<T> {
    const fn new(
        name: &'static str,
        help: &'static str,
        allowed: &'static str,
        default: &'static str,
        set: fn(&mut T, &str) -> Result<()>,
    ) -> Self {
        Entry { info: OptionInfo { name, help, allowed, default }, set }
    }
}

/// Sets option `name` of `target` from a string, or says which names there are: those of `table`, and where `labels` has
/// a place for them those of every track.
fn set_with_labels<T>(
    table: &[Entry<T>],
    owner: &str,
    target: &mut T,
    labels: fn(&mut T) -> &mut TrackLabels,
    name: &str,
    value: &str,
) -> Result<()> {
    match labels::set(labels(target), &name.replace('-', "_"), value) {
        Some(result) => result,
        None => set_by_name(table, owner, target, name, value).map_err(|error| {
            let is_known = table.iter().any(|entry| entry.info.name == name.replace('-', "_"));
            let names: Vec<_> = labels::table().map(|info| info.name).collect();
            if is_known { error } else { error.followed_by(format_args!("and {}", names.join(", "))) }
        }),
    }
}

/// Sets option `name` of `target` from a string, or says which names there are.
fn set_by_name<T>(table: &[Entry<T>], owner: &str, target: &mut T, name: &str, value: &str) -> Result<()> {
    let wanted = name.replace('-', "_");
    match table.iter().find(|entry| entry.info.name == wanted) {
        Some(entry) => (entry.set)(target, value),
        None => {
            let names: Vec<_> = table.iter().map(|entry| entry.info.name).collect();
            Err(Error::option(name, format_args!("`{value}`"), format_args!("{owner} has {}", names.join(", "))))
        }
    }
}

/// Parses a number, naming the option where it is none.
fn number<T: FromStr>(name: &str, text: &str, allowed: impl fmt::Display) -> Result<T> {
    text.trim().parse().map_err(|_| Error::option(name, format_args!("`{text}`"), allowed))
}

/// Parses `true`, `false`, `yes`, `no`, `on`, `off`, `1` or `0`.
fn boolean(name: &str, text: &str) -> Result<bool> {
    match text {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err(Error::option(name, format_args!("`{text}`"), "use true or false")),
    }
}

/// Parses `WIDTHxHEIGHT`.
fn size(name: &str, text: &str) -> Result<(u32, u32)> {
    let parse = || {
        let (width, height) = text.split_once(['x', 'X'])?;
        Some((width.trim().parse().ok()?, height.trim().parse().ok()?))
    };
    parse().ok_or_else(|| Error::option(name, format_args!("`{text}`"), "write it as 1280x720"))
}

/// What a container does not take.
fn not_taken(container: Container, what: impl fmt::Display) -> Error {
    Error::unsupported(format!("{container} takes no {what}: choose another container or codec"))
}

/// Refuses what `container` has no place for, before a frame is encoded.
fn check_feature(container: Option<Container>, feature: Feature, is_wanted: bool) -> Result<()> {
    match container {
        Some(container) if is_wanted => container.check_feature(feature),
        _ => Ok(()),
    }
}

/// Refuses labels that no track has, and those that `container` has no place for.
fn check_labels(container: Option<Container>, labels: &TrackLabels, is_subtitle: bool) -> Result<()> {
    match container {
        Some(container) => container.check_labels(labels, is_subtitle),
        None => mux::check_labels(labels, is_subtitle),
    }
}

/// Refuses a value outside `range`.
fn check_range<T: PartialOrd + fmt::Display + Copy>(name: &str, value: T, range: RangeInclusive<T>) -> Result<T> {
    if range.contains(&value) {
        return Ok(value);
    }
    Err(Error::option(name, value, format_args!("allowed is {} to {}", range.start(), range.end())))
}
