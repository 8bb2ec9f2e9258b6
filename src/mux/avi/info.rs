//! What a file says of itself: the list `INFO`, and `IDIT`, when it was made.

use crate::error::{Error, Result};
use crate::media::Metadata;
use crate::mux::Container;
use crate::mux::riff::{FourCc, RiffWriter, tag_identifier};

/// The most bytes of all tags together. They stand in the header, which is held until the file is finished.
const MAX_BYTES: usize = 1 << 20;

/// The chunks that stand in and behind the header.
#[derive(Debug, Default)]
pub(super) struct Info {
    tags: Vec<(FourCc, String)>,
    digitization_time: Option<String>,
}

impl Info {
    /// # Errors
    /// `InvalidOption` for a tag that has no identifier, tags that are too long, or a year without four digits.
    pub fn new(metadata: &Metadata) -> Result<Self> {
        let tags = metadata.tags.iter().map(|(name, value)| Ok((tag_identifier(Container::Avi, name)?, value.clone())));
        let tags: Vec<_> = tags.collect::<Result<_>>()?;
        let bytes = tags.iter().map(|(_, value)| value.len() + 10).sum::<usize>();
        if bytes > MAX_BYTES {
            return Err(Error::option(
                "metadata",
                format_args!("{bytes} bytes"),
                format_args!("AVI takes {MAX_BYTES}"),
            ));
        }
        let digitization_time = metadata.creation_time.map(calendar).transpose()?;
        Ok(Info { tags, digitization_time })
    }

    /// `LIST INFO`, where there are tags. Texts are UTF-8, as FFmpeg and players over it take them; the format says nothing
    /// of that.
    pub fn write(&self, w: &mut RiffWriter) {
        if !self.tags.is_empty() {
            w.list(*b"INFO", |w| self.tags.iter().for_each(|(id, value)| w.text(*id, value)));
        }
    }

    /// `IDIT`, in the header, where a time is given: UTC, in the form of C's `asctime`.
    pub fn write_digitization_time(&self, w: &mut RiffWriter) {
        if let Some(time) = &self.digitization_time {
            w.text(*b"IDIT", time);
        }
    }
}

/// `Tue Nov 24 19:03:40 2026`, and a line feed.
fn calendar(unix_seconds: i64) -> Result<String> {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb"];
    let (days, second) = (unix_seconds.div_euclid(86_400), unix_seconds.rem_euclid(86_400));
    let weekday = DAYS[days.rem_euclid(7) as usize];
    // Days from the first of March of the year 0, in eras of 400 years, each of years that end with the leap day.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let year = era * 400 + year + i64::from(month >= 10);
    if !(1601..=9999).contains(&year) {
        return Err(Error::option("creation_time", unix_seconds, "AVI has the years 1601 to 9999"));
    }
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let month = MONTHS[month as usize];
    Ok(format!("{weekday} {month} {day:>2} {hour:02}:{minute:02}:{second:02} {year}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_have_a_bound() {
        assert!(Info::new(&Metadata::new().tag("comment", "x".repeat(1 << 20))).is_err());
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "Thu Jan  1 00:00:00 1970\n"),
            (951_782_400, "Tue Feb 29 00:00:00 2000\n"),
            (1_795_547_020, "Tue Nov 24 19:03:40 2026\n"),
            (-1, "Wed Dec 31 23:59:59 1969\n"),
            (4_107_542_400, "Mon Mar  1 00:00:00 2100\n"),
        ] {
            assert_eq!(calendar(seconds).unwrap(), text);
        }
        for seconds in [i64::MIN, i64::MAX, -11_644_473_601, 253_402_300_800] {
            assert!(calendar(seconds).is_err());
        }
    }
}
