//! The track box: who the track is, when it is presented, and what its samples are.

use super::boxes::BoxWriter;
use super::chapters;
use super::description::Description;
use super::fourcc::{self, FourCc};
use super::labels::{self, Choice};
use super::movie::{MovieTrack, write_roll, write_roll_choices};
use super::sample_entry::SampleEntry;
use super::timing::Edit;
use super::visual::Shown;
use crate::error::Result;
use crate::media::{CodecConfig, Language, Track};

/// When a file was made, which both of its times say, and how long something lasts. Nothing is said of the first unless
/// it was given, so that the same input gives the same bytes.
pub(super) struct Times {
    created: u64,
    duration: u64,
}

impl Times {
    pub fn new(description: &Description, duration: u64) -> Self {
        Times { created: description.creation_time.unwrap_or(0), duration }
    }

    /// 1 where 32 bits do not hold them.
    pub fn version(&self) -> u8 {
        u8::from(self.created.max(self.duration) > u64::from(u32::MAX))
    }

    /// Writes `creation_time`, `modification_time`, what stands `between`, and `duration`.
    pub fn write(&self, w: &mut BoxWriter, between: impl FnOnce(&mut BoxWriter)) {
        let time = |w: &mut BoxWriter, time: u64| match self.version() {
            1 => w.u64(time),
            _ => w.u32(time as u32),
        };
        time(w, self.created);
        time(w, self.created);
        between(w);
        time(w, self.duration);
    }
}

/// What a track box says beside times and tables.
pub(super) struct TrackEntry<'a> {
    entry: SampleEntry<'a>,
    shown: Shown,
    language: Language,
}

impl<'a> TrackEntry<'a> {
    /// Checks that all of it can be said. `chapters` is the number of the track that they are in.
    pub fn new(track: &MovieTrack<'a>, chapters: Option<u32>) -> Result<Self> {
        let entry = match chapters {
            Some(id) if id == track.id => SampleEntry::Chapters,
            _ => SampleEntry::new(track.track)?,
        };
        let shown = track.track.video().map_or(Ok(Shown::NOTHING), Shown::new)?;
        Ok(TrackEntry { entry, shown, language: language(track.track)? })
    }

    pub fn is_chapters(&self) -> bool {
        matches!(self.entry, SampleEntry::Chapters)
    }

    /// Writes `trak`. The track of chapters is not to be played, and so has no `choice`.
    pub fn write(
        &self,
        w: &mut BoxWriter,
        description: &Description,
        movie_track: &mut MovieTrack<'_>,
        choice: Option<Choice>,
        chapters: Option<u32>,
    ) {
        let MovieTrack { id, track, ref mut table, shortest, duration, ref edits } = *movie_track;
        let Choice { alternate_group, enabled } = choice.unwrap_or(Choice { alternate_group: 0, enabled: false });
        w.boxed(fourcc::TRAK, |w| {
            let times = Times::new(description, duration);
            // Flags: enabled, in the movie.
            w.full_box(fourcc::TKHD, times.version(), 2 | u32::from(enabled), |w| {
                times.write(w, |w| {
                    w.u32(id); // track_ID
                    w.u32(0); // reserved
                });
                w.zeros(8 + 2); // reserved, layer
                w.u16(alternate_group);
                w.u16(if track.audio().is_some() { 0x0100 } else { 0 }); // volume
                w.u16(0); // reserved
                self.shown.write(w);
            });
            write_edits(w, edits);
            if let Some(chapters) = chapters.filter(|_| !track.is_subtitle()) {
                w.boxed(fourcc::TREF, |w| w.boxed(fourcc::CHAP, |w| w.u32(chapters))); // track_IDs
            }
            w.boxed(fourcc::MDIA, |w| {
                let times = Times::new(description, table.duration());
                w.full_box(fourcc::MDHD, times.version(), 0, |w| {
                    times.write(w, |w| w.u32(track.time_base.den())); // timescale
                    w.u16(packed(self.language.terminologic())); // language
                    w.u16(0); // pre_defined
                });
                if self.language.needs_tag() {
                    w.full_box(fourcc::ELNG, 0, 0, |w| {
                        w.bytes(self.language.tag().as_bytes()); // extended_language
                        w.u8(0);
                    });
                }
                let (handler, name) = match (track.video(), track.audio()) {
                    (Some(_), _) => (fourcc::VIDE, "Video"),
                    (_, Some(_)) => (fourcc::SOUN, "Sound"),
                    _ if self.is_chapters() => (fourcc::TEXT, "Chapters"),
                    _ => (fourcc::TEXT, "Subtitles"),
                };
                let media = if description.is_quicktime() { fourcc::MHLR } else { [0; 4] };
                write_handler(w, media, handler, track.labels.title.as_deref().unwrap_or(name));
                w.boxed(fourcc::MINF, |w| {
                    self.write_media_header(w, track);
                    if description.is_quicktime() {
                        // Some readers take a name here for a second title of the track.
                        write_handler(w, fourcc::DHLR, fourcc::URL, "");
                    }
                    w.boxed(fourcc::DINF, |w| {
                        w.full_box(fourcc::DREF, 0, 0, |w| {
                            w.u32(1); // entry_count
                            w.full_box(fourcc::URL, 0, 1, |_| {}); // the samples are in this file
                        });
                    });
                    w.boxed(fourcc::STBL, |w| {
                        self.entry.write(w, description.flavor);
                        table.write(w);
                        if matches!(track.config, CodecConfig::Opus(_)) {
                            match shortest {
                                Some(shortest) => write_roll(w, table.count(), shortest),
                                None => write_roll_choices(w),
                            }
                        }
                    });
                });
            });
            labels::write_user_data(w, track);
        });
    }

    fn write_media_header(&self, w: &mut BoxWriter, track: &Track) {
        match (track.video(), track.audio()) {
            (Some(_), _) => w.full_box(fourcc::VMHD, 0, 1, |w| w.zeros(8)), // graphicsmode, opcolor
            (_, Some(_)) => w.full_box(fourcc::SMHD, 0, 0, |w| w.zeros(4)), // balance, reserved
            _ if self.is_chapters() => chapters::write_media_header(w),
            _ => w.full_box(fourcc::NMHD, 0, 0, |_| {}),
        }
    }
}

/// Writes `hdlr`. Where QuickTime has a component type MP4 has zeros, and where it counts the bytes of the name MP4 ends
/// them with a NUL.
fn write_handler(w: &mut BoxWriter, component: FourCc, handler: FourCc, name: &str) {
    w.full_box(fourcc::HDLR, 0, 0, |w| {
        w.bytes(&component); // component type; pre_defined
        w.bytes(&handler); // component subtype; handler_type
        w.zeros(12); // manufacturer, flags, flags mask; reserved
        if component == [0; 4] {
            w.bytes(name.as_bytes());
            w.u8(0);
        } else {
            let name = chapters::cut(name, u8::MAX.into());
            w.u8(name.len() as u8);
            w.bytes(name.as_bytes());
        }
    });
}

fn write_edits(w: &mut BoxWriter, edits: &[Edit]) {
    if edits.is_empty() {
        return;
    }
    let wide = edits.iter().any(|edit| {
        edit.segment_duration > u64::from(u32::MAX) || edit.media_time.is_some_and(|time| i32::try_from(time).is_err())
    });
    w.boxed(fourcc::EDTS, |w| {
        w.full_box(fourcc::ELST, wide.into(), 0, |w| {
            w.entries(edits, |w, edit| {
                if wide {
                    w.u64(edit.segment_duration);
                    w.i64(edit.media_time.unwrap_or(-1));
                } else {
                    w.u32(edit.segment_duration as u32);
                    w.i32(edit.media_time.map_or(-1, |time| time as i32));
                }
                w.u32(0x0001_0000); // media_rate_integer, media_rate_fraction
            });
        });
    });
}

/// Three letters of 5 bits each (8.4.2.3).
fn packed(letters: [u8; 3]) -> u16 {
    letters.iter().fold(0, |packed, letter| packed << 5 | u16::from(letter & 0x1f))
}

/// What `track` is spoken or written in.
pub(super) fn language(track: &Track) -> Result<Language> {
    match track.labels.language.as_str() {
        "" => Language::parse("und"),
        language => Language::parse(language),
    }
}
