//! `trak`: what it says, and what its tables or fragments add up to.

use std::io::{Read, Seek};

use super::MAX_TRACKS;
use super::chapters::Tables;
use super::entry::SampleEntry;
use crate::error::{Error, Result};
use crate::inspect::about::{if_sound, words as words_of};
use crate::inspect::boxes::{BoxAt, check_entries, each_child, entries, full_box, versioned, words};
use crate::inspect::reader::{Reader, text};
use crate::inspect::{AudioDetails, Counts, Details, Labels, Summary, Times, VideoDetails};
use crate::media::{Orientation, TimeBase};

/// `trak`, with what its fragments add.
#[derive(Default)]
pub(super) struct Track {
    pub id: u32,
    pub handler: [u8; 4],
    pub timescale: u32,
    language: Option<String>,
    title: Option<String>,
    enabled: bool,
    forced: bool,
    alternate_group: u16,
    orientation: Orientation,
    /// Tracks that this one refers to: the titles of its chapters, and what it is the transparency of.
    pub chapters: Vec<u32>,
    pub auxiliary_to: Vec<u32>,
    /// Whether another track is its transparency.
    pub alpha: bool,
    /// By how much the first sample is shown later than it is decoded (`ctts`).
    composition: u64,
    pub tables: Tables,
    /// Width and height to show.
    size: (u32, u32),
    entry: SampleEntry,
    edits: Option<Edits>,
    /// The number of entries of `stss`; all samples are key samples where there is none.
    sync_samples: Option<u64>,
    pub counts: Counts,
    /// The first and the last tick of the media, in its time.
    pub begin: Option<u64>,
    pub end: u64,
    pub defaults: SampleDefaults,
}

/// What `trex` or `tfhd` say about samples that say nothing themselves.
#[derive(Clone, Copy, Default)]
pub(super) struct SampleDefaults {
    pub duration: u32,
    pub size: u32,
    pub flags: u32,
}

/// `elst`, as far as one piece of media after silence goes.
#[derive(Default)]
struct Edits {
    /// Ticks of the movie before the media begins.
    empty: u64,
    /// The tick of the media that is presented first.
    media_time: u64,
    /// For how many ticks of the movie; 0 means to the end.
    duration: u64,
}

impl Track {
    pub fn read<R: Read + Seek>(reader: &mut Reader<R>, trak: BoxAt) -> Result<Self> {
        let mut track = Track::default();
        each_child(reader, trak, |reader, found| {
            match &found.kind {
                b"tkhd" => {
                    let (version, flags) = full_box(reader)?;
                    reader.skip(if version == 0 { 8 } else { 16 })?; // creation_time, modification_time
                    track.id = reader.u32()?;
                    track.enabled = flags & 1 != 0;
                    reader.skip(if version == 0 { 8 } else { 12 })?; // reserved, duration
                    reader.skip(10)?; // reserved, layer
                    track.alternate_group = reader.u16()?;
                    reader.skip(4)?; // volume, reserved
                    let matrix: [u32; 9] = words(reader)?;
                    track.orientation = orientation(matrix.map(|value| value as i32));
                    // Width and height, 16.16, stand last.
                    reader.seek_to(found.end.saturating_sub(8))?;
                    let [width, height] = words(reader)?;
                    track.size = (width >> 16, height >> 16);
                }
                b"udta" => {
                    let read = track.read_user_data(reader, found);
                    if_sound(read)?;
                }
                b"tref" => each_child(reader, found, |reader, inner| {
                    let list = match &inner.kind {
                        b"chap" => &mut track.chapters,
                        b"auxl" => &mut track.auxiliary_to,
                        _ => return Ok(()),
                    };
                    while inner.end - reader.position() >= 4 && list.len() < MAX_TRACKS {
                        list.push(reader.u32()?);
                    }
                    Ok(())
                })?,
                b"edts" => each_child(reader, found, |reader, inner| {
                    if inner.kind == *b"elst" {
                        track.edits = Some(Edits::read(reader, inner)?);
                    }
                    Ok(())
                })?,
                b"mdia" => track.read_media(reader, found)?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(track)
    }

    fn read_user_data<R: Read + Seek>(&mut self, reader: &mut Reader<R>, udta: BoxAt) -> Result<()> {
        each_child(reader, udta, |reader, found| {
            match &found.kind {
                // Text of a language: its length, the language, its bytes.
                b"\xa9nam" if found.end.saturating_sub(found.body) >= 4 => {
                    let length = u64::from(reader.u16()?);
                    reader.skip(2)?;
                    let end = (found.body + 4 + length).min(found.end);
                    self.title = Some(words_of(reader, end)?).filter(|title| !title.is_empty());
                }
                b"name" => self.title = Some(words_of(reader, found.end)?).filter(|title| !title.is_empty()),
                b"kind" => {
                    full_box(reader)?;
                    let both = reader.read_up_to(found.end, 200)?;
                    let mut parts = both.split(|&byte| byte == 0);
                    let is_role = parts.next() == Some(b"urn:mpeg:dash:role:2011");
                    let role = parts.next();
                    self.forced |= is_role && matches!(role, Some(b"forced-subtitle" | b"forced_subtitle"));
                }
                _ => {}
            }
            Ok(())
        })
    }

    fn read_media<R: Read + Seek>(&mut self, reader: &mut Reader<R>, mdia: BoxAt) -> Result<()> {
        each_child(reader, mdia, |reader, found| {
            match &found.kind {
                b"mdhd" => {
                    let (version, _) = full_box(reader)?;
                    reader.skip(if version == 0 { 8 } else { 16 })?; // creation_time, modification_time
                    self.timescale = reader.u32()?;
                    versioned(reader, version)?;
                    let packed = reader.u16()?;
                    self.language.get_or_insert(language(packed));
                }
                b"hdlr" => {
                    reader.skip(8)?; // version, flags, pre_defined
                    self.handler = reader.read()?;
                }
                b"elng" => {
                    full_box(reader)?;
                    self.language = Some(text(&reader.read_up_to(found.end, 64)?));
                }
                b"minf" => each_child(reader, found, |reader, inner| match &inner.kind {
                    b"stbl" => self.read_tables(reader, inner),
                    _ => Ok(()),
                })?,
                _ => {}
            }
            Ok(())
        })
    }

    /// `stbl`. The tables are summed up entry by entry and not kept.
    fn read_tables<R: Read + Seek>(&mut self, reader: &mut Reader<R>, stbl: BoxAt) -> Result<()> {
        each_child(reader, stbl, |reader, found| {
            match &found.kind {
                b"stts" => self.tables.stts = Some(found),
                b"stsc" => self.tables.stsc = Some(found),
                b"stsz" => self.tables.stsz = Some(found),
                b"stco" | b"co64" => self.tables.offsets = Some(found),
                _ => {}
            }
            match &found.kind {
                b"stsd" => {
                    reader.skip(8)?; // version, flags, entry_count
                    let mut first = true;
                    each_child(reader, found, |reader, entry| {
                        if std::mem::take(&mut first) {
                            self.entry = SampleEntry::read(reader, entry, self.handler)?;
                        }
                        Ok(())
                    })?;
                }
                b"stts" => {
                    for _ in 0..entries(reader, found, 8)? {
                        let [count, delta] = words(reader)?;
                        self.end = self.end.saturating_add(u64::from(count) * u64::from(delta));
                    }
                }
                b"ctts" if entries(reader, found, 8)? > 0 => {
                    let [_, offset] = words(reader)?;
                    self.composition = u64::try_from(offset as i32).unwrap_or(0);
                }
                b"stsz" => {
                    full_box(reader)?;
                    let [size, count] = words(reader)?;
                    self.counts.packets = count.into();
                    self.counts.bytes = u64::from(size) * u64::from(count);
                    if size == 0 {
                        check_entries(reader, found, count, 4)?;
                        for _ in 0..count {
                            self.counts.bytes += u64::from(reader.u32()?);
                        }
                    }
                }
                b"stss" => self.sync_samples = Some(entries(reader, found, 4)?.into()),
                _ => {}
            }
            Ok(())
        })?;
        self.counts.key_packets = self.sync_samples.unwrap_or(self.counts.packets);
        if self.counts.packets > 0 {
            self.begin = Some(0);
        }
        Ok(())
    }

    pub fn read_run<R: Read + Seek>(
        &mut self,
        reader: &mut Reader<R>,
        trun: BoxAt,
        defaults: SampleDefaults,
    ) -> Result<()> {
        let (_, flags) = full_box(reader)?;
        let count = reader.u32()?;
        let has = |bit: u32| flags & bit != 0;
        if has(0x1) {
            reader.skip(4)?; // data_offset
        }
        let first_flags = if has(0x4) { Some(reader.u32()?) } else { None };
        let fields = [0x100, 0x200, 0x400, 0x800].into_iter().filter(|&bit| has(bit)).count() as u64;
        check_entries(reader, trun, count, fields * 4)?;
        self.begin.get_or_insert(0);
        let mut add = |samples: u32, duration: u32, size: u32, flags: u32| {
            self.counts.packets += u64::from(samples);
            // sample_is_non_sync_sample
            self.counts.key_packets += if flags & 0x1_0000 == 0 { samples.into() } else { 0 };
            self.counts.bytes = self.counts.bytes.saturating_add(u64::from(samples) * u64::from(size));
            self.end = self.end.saturating_add(u64::from(samples) * u64::from(duration));
        };
        if fields == 0 {
            // Nothing of each sample's own: no loop, for the count may be anything.
            let (SampleDefaults { duration, size, flags }, first) = (defaults, u32::from(count > 0));
            add(first, duration, size, first_flags.unwrap_or(flags));
            add(count - first, duration, size, flags);
            return Ok(());
        }
        for index in 0..count {
            let mut field = |bit: u32, default: u32| if has(bit) { reader.u32() } else { Ok(default) };
            let default_flags = first_flags.filter(|_| index == 0).unwrap_or(defaults.flags);
            let (duration, size) = (field(0x100, defaults.duration)?, field(0x200, defaults.size)?);
            let flags = field(0x400, default_flags)?;
            field(0x800, 0)?; // sample_composition_time_offset
            add(1, duration, size, flags);
        }
        Ok(())
    }

    pub fn summary(self, movie_timescale: u32) -> Result<Summary> {
        let entry = &self.entry;
        if self.timescale == 0 {
            return Err(Error::input(format!("track {} has no time scale", self.id)));
        }
        let details = match &self.handler {
            b"vide" | b"pict" => Details::Video(VideoDetails {
                width: self.size.0,
                height: self.size.1,
                coded_width: entry.coded_size.0,
                coded_height: entry.coded_size.1,
                frame_rate: None,
                bit_depth: entry.av1.map(|record| record.bit_depth),
                chroma: entry.av1.map(|record| record.chroma),
                color: entry.color,
                hdr: entry.hdr,
                orientation: self.orientation,
                sample_aspect_ratio: entry.sample_aspect_ratio,
                alpha: self.alpha,
            }),
            b"soun" => Details::Audio(AudioDetails {
                sample_rate: entry.sample_rate,
                channels: entry.channels,
                sample_format: entry.sample_format,
            }),
            b"text" | b"sbtl" | b"subt" | b"subp" | b"clcp" => Details::Subtitle,
            _ => Details::Other,
        };
        let (codec, codec_string) = match &entry.kind {
            b"av01" => ("av1".into(), entry.av1.map(|record| record.codec_string(entry.color))),
            b"Opus" => ("opus".into(), Some("opus".into())),
            b"fLaC" => ("flac".into(), Some("flac".into())),
            b"ipcm" | b"fpcm" => ("pcm".into(), Some(text(&entry.kind))),
            b"sowt" | b"twos" | b"in24" | b"in32" | b"fl32" | b"lpcm" => ("pcm".into(), None),
            b"jpeg" | b"mjpa" => ("mjpeg".into(), None),
            b"wvtt" => ("webvtt".into(), Some("wvtt".into())),
            other => (text(other), None),
        };
        Ok(Summary {
            number: self.id.into(),
            details,
            codec,
            codec_string,
            labels: Labels {
                language: self.language.clone().unwrap_or_else(|| "und".into()),
                title: self.title.clone(),
                default: self.enabled,
                forced: self.forced,
                alternate_group: Some(self.alternate_group).filter(|&group| group != 0),
            },
            time_base: TimeBase::new(1, self.timescale)?,
            times: self.times(movie_timescale),
            counts: self.counts,
        })
    }

    /// The edit list applied to the media.
    pub fn times(&self, movie_timescale: u32) -> Times {
        let Some(begin) = self.begin else { return Times::default() };
        // Edits count in the time of what is shown.
        let begin = begin.saturating_add(self.composition);
        let media_end = self.end.saturating_add(self.composition);
        // A movie tick may be longer than a tick of the media; what rounds to the media's end is the end.
        let (scale, movie_scale) = (u128::from(self.timescale), u128::from(movie_timescale.max(1)));
        let to_media =
            |ticks: u64| u64::try_from((u128::from(ticks) * scale + movie_scale / 2) / movie_scale).unwrap_or(u64::MAX);
        let (empty, first, end) = match &self.edits {
            Some(edits) => {
                let end = edits.media_time.saturating_add(to_media(edits.duration));
                let within_a_tick = u128::from(end.abs_diff(media_end)) * movie_scale < scale;
                let all = edits.duration == 0 || end > media_end || within_a_tick;
                (to_media(edits.empty), edits.media_time, if all { media_end } else { end })
            }
            // Readers without edit lists go by the codec's own number.
            None => (begin, begin.saturating_add(self.entry.pre_skip), media_end),
        };
        let visible = first.clamp(begin, media_end.max(begin));
        let end = end.max(visible);
        let late = if self.edits.is_some() { visible.saturating_sub(first) } else { 0 };
        Times {
            start: i64::try_from(empty.saturating_add(late)).unwrap_or(i64::MAX),
            duration: end - visible,
            priming: visible - begin,
            padding: media_end.saturating_sub(end),
        }
    }
}

impl Edits {
    fn read<R: Read + Seek>(reader: &mut Reader<R>, elst: BoxAt) -> Result<Self> {
        let (version, _) = full_box(reader)?;
        let count = reader.u32()?;
        check_entries(reader, elst, count, if version == 0 { 12 } else { 20 })?;
        let (mut edits, mut media) = (Edits::default(), None);
        for _ in 0..count {
            let duration = versioned(reader, version)?;
            let time = match version {
                0 => i64::from(i32::from_be_bytes(reader.read()?)),
                _ => i64::from_be_bytes(reader.read()?),
            };
            reader.skip(4)?; // media_rate
            match u64::try_from(time) {
                Ok(time) => {
                    edits.media_time = *media.get_or_insert(time);
                    edits.duration = edits.duration.saturating_add(duration);
                }
                Err(_) if media.is_none() => edits.empty = edits.empty.saturating_add(duration),
                Err(_) => {}
            }
        }
        Ok(edits)
    }
}

/// Three letters of five bits each, or a number of the Macintosh, as QuickTime had them first (QTFF, "Language code
/// values"). 0 would be English there, and is nothing at all in many files.
fn language(packed: u16) -> String {
    const MACINTOSH: [&str; 24] = [
        "und", "fra", "deu", "ita", "nld", "swe", "spa", "dan", "por", "nor", "heb", "jpn", "ara", "fin", "ell", "isl",
        "mlt", "tur", "hrv", "zho", "urd", "hin", "tha", "kor",
    ];
    if packed < 0x400 {
        return MACINTOSH.get(usize::from(packed)).copied().unwrap_or("und").into();
    }
    let letters = [10, 5, 0].map(|shift| (packed >> shift & 0x1f) as u8 + 0x60);
    if letters.iter().all(u8::is_ascii_lowercase) { text(&letters) } else { "und".into() }
}

/// How a matrix turns and mirrors (8.3.2.2). One that does anything else, or something more, is none of these.
fn orientation(matrix: [i32; 9]) -> Orientation {
    let [a, b, _, c, d, ..] = matrix.map(i32::signum);
    let mirror = |mirrored: bool, quarters: u8| {
        let turned = Orientation::turned(quarters);
        if mirrored { turned.mirror() } else { turned }
    };
    // (p, q) goes to (a p + c q, b p + d q); mirrored, p is -p first.
    match (a, b, c, d) {
        (x, 0, 0, 1) if x != 0 => mirror(x < 0, 0),
        (0, x, -1, 0) if x != 0 => mirror(x < 0, 1),
        (x, 0, 0, -1) if x != 0 => mirror(x > 0, 2),
        (0, x, 1, 0) if x != 0 => mirror(x > 0, 3),
        _ => Orientation::default(),
    }
}
