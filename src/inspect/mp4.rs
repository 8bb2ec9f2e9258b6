//! MP4: boxes (ISO/IEC 14496-12), plain and in fragments.

use std::io::{Read, Seek};

use super::boxes::{BoxAt, check_entries, each_box, each_child, entries, full_box, versioned, words};
use super::codec::{Av1Record, StreamInfo, color, integer_format};
use super::reader::{Reader, text};
use super::{AudioDetails, Counts, Details, FileInfo, Layout, Summary, Times, VideoDetails};
use crate::error::{Error, Result};
use crate::media::{Color, SampleFormat, TimeBase};
use crate::mux::Container;

/// More tracks than any file has; it bounds the memory that a hostile one takes.
const MAX_TRACKS: usize = 1000;

/// Whether a file that begins with `head` looks like MP4.
pub(super) fn is_mp4(head: [u8; 8]) -> bool {
    matches!(&head[4..], b"ftyp" | b"styp" | b"moov" | b"moof" | b"sidx")
}

/// Describes the file from its first byte on.
pub(super) fn inspect<R: Read + Seek>(reader: &mut Reader<R>) -> Result<FileInfo> {
    let mut movie: Option<Movie> = None;
    let mut data_before_movie = false;
    let mut fragmented = false;
    let truncated = each_box(reader, |reader, found| {
        match &found.kind {
            b"moov" if movie.is_none() => movie = Some(Movie::read(reader, found)?),
            b"moof" => {
                fragmented = true;
                let Some(movie) = &mut movie else {
                    return Err(Error::input(format!("the box `moof` at {} comes before any `moov`", found.start)));
                };
                movie.read_fragment(reader, found)?;
            }
            b"mdat" => data_before_movie |= movie.is_none(),
            _ => {}
        }
        Ok(())
    })?;
    let Some(movie) = movie else {
        return Err(Error::input("the file has no `moov` box: it was cut off before it was complete"));
    };
    let layout = match (fragmented || movie.extends, data_before_movie) {
        (true, _) => Layout::Fragmented,
        (false, true) => Layout::IndexLast,
        (false, false) => Layout::IndexFirst,
    };
    let timescale = movie.timescale;
    let tracks = movie.tracks.into_iter().map(|track| track.summary(timescale).map(Into::into));
    Ok(FileInfo::new(Container::Mp4, layout, reader.len(), truncated, tracks.collect::<Result<_>>()?))
}

/// `moov`.
#[derive(Default)]
struct Movie {
    timescale: u32,
    /// Whether it has `mvex`: fragments are to come.
    extends: bool,
    tracks: Vec<Track>,
}

/// `trak`, with what its fragments add.
#[derive(Default)]
struct Track {
    id: u32,
    handler: [u8; 4],
    timescale: u32,
    language: Option<String>,
    /// Width and height to show.
    size: (u32, u32),
    entry: SampleEntry,
    edits: Option<Edits>,
    /// The number of entries of `stss`; all samples are key samples where there is none.
    sync_samples: Option<u64>,
    counts: Counts,
    /// The first and the last tick of the media, in its time.
    begin: Option<u64>,
    end: u64,
    defaults: SampleDefaults,
}

/// What `trex` or `tfhd` say about samples that say nothing themselves.
#[derive(Clone, Copy, Default)]
struct SampleDefaults {
    duration: u32,
    size: u32,
    flags: u32,
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

/// The first entry of `stsd`.
#[derive(Default)]
struct SampleEntry {
    kind: [u8; 4],
    coded_size: (u32, u32),
    channels: u16,
    sample_rate: u32,
    sample_format: Option<SampleFormat>,
    av1: Option<Av1Record>,
    color: Option<Color>,
    pre_skip: u64,
}

impl Movie {
    fn read<R: Read + Seek>(reader: &mut Reader<R>, moov: BoxAt) -> Result<Self> {
        let mut movie = Movie::default();
        let mut extends = Vec::new();
        each_child(reader, moov, |reader, found| {
            match &found.kind {
                b"mvhd" => {
                    let (version, _) = full_box(reader)?;
                    reader.skip(if version == 0 { 8 } else { 16 })?; // creation_time, modification_time
                    movie.timescale = reader.u32()?;
                }
                b"trak" if movie.tracks.len() < MAX_TRACKS => movie.tracks.push(Track::read(reader, found)?),
                b"trak" => return Err(Error::limit(format!("the file has more than {MAX_TRACKS} tracks"))),
                b"mvex" => {
                    movie.extends = true;
                    each_child(reader, found, |reader, inner| {
                        if inner.kind == *b"trex" && extends.len() < MAX_TRACKS {
                            full_box(reader)?;
                            let [track, _, duration, size, flags] = words(reader)?;
                            extends.push((track, SampleDefaults { duration, size, flags }));
                        }
                        Ok(())
                    })?;
                }
                _ => {}
            }
            Ok(())
        })?;
        for (id, defaults) in extends {
            if let Some(track) = movie.tracks.iter_mut().find(|track| track.id == id) {
                track.defaults = defaults;
            }
        }
        Ok(movie)
    }

    fn read_fragment<R: Read + Seek>(&mut self, reader: &mut Reader<R>, moof: BoxAt) -> Result<()> {
        each_child(reader, moof, |reader, found| match &found.kind {
            b"traf" => self.read_track_fragment(reader, found),
            _ => Ok(()),
        })
    }

    fn read_track_fragment<R: Read + Seek>(&mut self, reader: &mut Reader<R>, traf: BoxAt) -> Result<()> {
        // The track's index, and what its samples are unless they say otherwise.
        let mut current: Option<(usize, SampleDefaults)> = None;
        each_child(reader, traf, |reader, found| {
            match (&found.kind, current) {
                (b"tfhd", None) => {
                    let (_, flags) = full_box(reader)?;
                    let id = reader.u32()?;
                    let Some(index) = self.tracks.iter().position(|track| track.id == id) else {
                        return Err(Error::input(format!(
                            "the fragment at {} is of track {id}, which is not there",
                            traf.start
                        )));
                    };
                    let mut defaults = self.tracks[index].defaults;
                    if flags & 0x1 != 0 {
                        reader.skip(8)?; // base_data_offset
                    }
                    let mut optional = |bit: u32, value: &mut u32| -> Result<()> {
                        if flags & bit != 0 {
                            *value = reader.u32()?;
                        }
                        Ok(())
                    };
                    optional(0x2, &mut 0)?; // sample_description_index
                    optional(0x8, &mut defaults.duration)?;
                    optional(0x10, &mut defaults.size)?;
                    optional(0x20, &mut defaults.flags)?;
                    current = Some((index, defaults));
                }
                (b"tfdt", Some((index, _))) => {
                    let (version, _) = full_box(reader)?;
                    let time = versioned(reader, version)?;
                    self.tracks[index].begin.get_or_insert(time);
                    self.tracks[index].end = time;
                }
                (b"trun", Some((index, defaults))) => self.tracks[index].read_run(reader, found, defaults)?,
                _ => {}
            }
            Ok(())
        })
    }
}

impl Track {
    fn read<R: Read + Seek>(reader: &mut Reader<R>, trak: BoxAt) -> Result<Self> {
        let mut track = Track::default();
        each_child(reader, trak, |reader, found| {
            match &found.kind {
                b"tkhd" => {
                    let (version, _) = full_box(reader)?;
                    reader.skip(if version == 0 { 8 } else { 16 })?; // creation_time, modification_time
                    track.id = reader.u32()?;
                    // Width and height, 16.16, stand last.
                    reader.seek_to(found.end - 8)?;
                    let [width, height] = words(reader)?;
                    track.size = (width >> 16, height >> 16);
                }
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

    fn read_run<R: Read + Seek>(
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

    fn summary(self, movie_timescale: u32) -> Result<Summary> {
        let entry = &self.entry;
        if self.timescale == 0 {
            return Err(Error::input(format!("track {} has no time scale", self.id)));
        }
        let details = match &self.handler {
            b"vide" => Details::Video(VideoDetails {
                width: self.size.0,
                height: self.size.1,
                coded_width: entry.coded_size.0,
                coded_height: entry.coded_size.1,
                frame_rate: None,
                bit_depth: entry.av1.map(|record| record.bit_depth),
                chroma: entry.av1.map(|record| record.chroma),
                color: entry.color,
            }),
            b"soun" => Details::Audio(AudioDetails {
                sample_rate: entry.sample_rate,
                channels: entry.channels,
                sample_format: entry.sample_format,
            }),
            _ => Details::Other,
        };
        let (codec, codec_string) = match &entry.kind {
            b"av01" => ("av1".into(), entry.av1.map(|record| record.codec_string(entry.color))),
            b"Opus" => ("opus".into(), Some("opus".into())),
            b"fLaC" => ("flac".into(), Some("flac".into())),
            b"ipcm" | b"fpcm" => ("pcm".into(), Some(text(&entry.kind))),
            other => (text(other), None),
        };
        Ok(Summary {
            number: self.id.into(),
            details,
            codec,
            codec_string,
            language: self.language.clone().unwrap_or_else(|| "und".into()),
            time_base: TimeBase::new(1, self.timescale)?,
            times: self.times(movie_timescale),
            counts: self.counts,
        })
    }

    /// The edit list applied to the media.
    fn times(&self, movie_timescale: u32) -> Times {
        let Some(begin) = self.begin else { return Times::default() };
        // A movie tick may be longer than a tick of the media; what rounds to the media's end is the end.
        let (scale, movie_scale) = (u128::from(self.timescale), u128::from(movie_timescale.max(1)));
        let to_media =
            |ticks: u64| u64::try_from((u128::from(ticks) * scale + movie_scale / 2) / movie_scale).unwrap_or(u64::MAX);
        let (empty, first, end) = match &self.edits {
            Some(edits) => {
                let end = edits.media_time.saturating_add(to_media(edits.duration));
                let within_a_tick = u128::from(end.abs_diff(self.end)) * movie_scale < scale;
                let all = edits.duration == 0 || end > self.end || within_a_tick;
                (to_media(edits.empty), edits.media_time, if all { self.end } else { end })
            }
            // Readers without edit lists go by the codec's own number.
            None => (begin, begin.saturating_add(self.entry.pre_skip), self.end),
        };
        let visible = first.clamp(begin, self.end.max(begin));
        let end = end.max(visible);
        let late = if self.edits.is_some() { visible.saturating_sub(first) } else { 0 };
        Times {
            start: i64::try_from(empty.saturating_add(late)).unwrap_or(i64::MAX),
            duration: end - visible,
            priming: visible - begin,
            padding: self.end.saturating_sub(end),
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

impl SampleEntry {
    fn read<R: Read + Seek>(reader: &mut Reader<R>, entry: BoxAt, handler: [u8; 4]) -> Result<Self> {
        let mut found = SampleEntry { kind: entry.kind, ..SampleEntry::default() };
        reader.seek_to(entry.body + 8)?; // reserved, data_reference_index
        match &handler {
            b"vide" => {
                reader.seek_to(entry.body + 24)?;
                found.coded_size = (reader.u16()?.into(), reader.u16()?.into());
                reader.seek_to(entry.body + 78)?;
            }
            b"soun" => {
                let version = reader.u16()?;
                reader.seek_to(entry.body + 16)?;
                found.channels = reader.u16()?;
                reader.skip(6)?; // samplesize, pre_defined, reserved
                found.sample_rate = reader.u32()? >> 16;
                // QuickTime's longer sound descriptions.
                let more = [0, 16, 36].get(usize::from(version)).copied().unwrap_or(0);
                reader.seek_to(entry.body + 28 + more)?;
            }
            _ => return Ok(found),
        }
        each_child(reader, entry, |reader, inner| {
            match &inner.kind {
                b"av1C" => found.av1 = Av1Record::parse(&reader.read_up_to(inner.end, 4)?),
                b"colr" => found.color = read_nclx(&reader.read_up_to(inner.end, 11)?),
                b"dOps" => {
                    // Version, channels, PreSkip, InputSampleRate; the decoder's rate is always 48 kHz.
                    if let &[0, channels, high, low, ..] = &*reader.read_up_to(inner.end, 8)? {
                        (found.channels, found.sample_rate) = (channels.into(), 48_000);
                        found.pre_skip = u16::from_be_bytes([high, low]).into();
                    }
                }
                b"dfLa" => {
                    full_box(reader)?;
                    if let Some(info) = StreamInfo::parse(&reader.read_up_to(inner.end, 38)?) {
                        (found.channels, found.sample_rate) = (info.channels, info.sample_rate);
                        found.sample_format = Some(info.sample_format);
                    }
                }
                b"pcmC" => {
                    full_box(reader)?;
                    let [_, bits] = reader.read()?;
                    let float = entry.kind == *b"fpcm";
                    found.sample_format = Some(if float { SampleFormat::F32 } else { integer_format(bits.into()) });
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(found)
    }
}

/// `colr` of the type `nclx`.
fn read_nclx(body: &[u8]) -> Option<Color> {
    let &[b'n', b'c', b'l', b'x', p1, p0, t1, t0, m1, m0, range] = body else { return None };
    let code = |high: u8, low: u8| u64::from(u16::from_be_bytes([high, low]));
    color(code(p1, p0), code(t1, t0), code(m1, m0), range & 0x80 != 0)
}

/// Three letters of five bits each.
fn language(packed: u16) -> String {
    let letters = [10, 5, 0].map(|shift| (packed >> shift & 0x1f) as u8 + 0x60);
    if letters.iter().all(u8::is_ascii_lowercase) { text(&letters) } else { "und".into() }
}
