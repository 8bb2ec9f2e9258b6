//! Options that streams of every kind have: what their tracks say of themselves.

use super::{Entry, OptionInfo, boolean, number};
use crate::error::Result;
use crate::media::TrackLabels;

pub(super) static TABLE: &[Entry<TrackLabels>] = &[
    Entry::new("language", "the track's language", "ISO 639 (de, deu) or BCP 47 (pt-BR)", "und: not known", |o, v| {
        o.language = v.into();
        Ok(())
    }),
    Entry::new("title", "a name of the track for people", "any text", "none", |o, v| {
        o.title = Some(v.into());
        Ok(())
    }),
    Entry::new(
        "default",
        "whether players take the track unless told otherwise",
        "true, false",
        "the first of each kind",
        |o, v| {
            o.default = Some(boolean("default", v)?);
            Ok(())
        },
    ),
    Entry::new("forced", "whether players always show the track", "true, false", "false", |o, v| {
        o.forced = boolean("forced", v)?;
        Ok(())
    }),
    Entry::new(
        "alternate_group",
        "tracks of one number are alternatives of which one is played; 0 of none",
        "0 to 65535",
        "all audio tracks are one group, all subtitle tracks another",
        |o, v| {
            o.alternate_group = Some(number("alternate_group", v, "a number from 0 to 65535")?);
            Ok(())
        },
    ),
];

/// The descriptions of all of them.
pub(super) fn table() -> impl Iterator<Item = &'static OptionInfo> {
    TABLE.iter().map(|entry| &entry.info)
}

/// Sets one of them, unless `name` (with underscores) is none of them.
pub(super) fn set(labels: &mut TrackLabels, name: &str, value: &str) -> Option<Result<()>> {
    TABLE.iter().find(|entry| entry.info.name == name).map(|entry| (entry.set)(labels, value))
}

/// The setters of them all, for options with a field `labels`.
macro_rules! label_setters {
    () => {
        /// The language of the track, by ISO 639 (`de`, `deu`) or BCP 47 (`pt-BR`). Not known unless said.
        pub fn language(mut self, language: impl Into<String>) -> Self {
            self.labels.language = language.into();
            self
        }

        /// A name of the track for people, as in "Director's commentary". None unless said.
        pub fn title(mut self, title: impl Into<String>) -> Self {
            self.labels.title = Some(title.into());
            self
        }

        /// All that the track says of itself, in place of what was set of it before.
        pub fn labels(mut self, labels: TrackLabels) -> Self {
            self.labels = labels;
            self
        }
    };
}
pub(super) use label_setters;
