//! HLS (RFC 8216) and MPEG-DASH (ISO/IEC 23009-1) over segments of CMAF (ISO/IEC 23000-19).
//!
//! Each track of pictures or sound is a CMAF track: a header, and segments that each begin with a key frame, as files of
//! their own or as ranges of one file. Subtitles are WebVTT: in HLS cut like the rest, in DASH, and where segments are
//! ranges of bytes, one file. [`media`] holds the packets of a segment until it ends, [`segments`] knows which there are,
//! and [`hls`] and [`dash`] write what a player reads first.
//!
//! A segment ends at the first key frame of the first video track after the wanted length; sound is cut there too. Where
//! key frames come too irregularly for the length that a playlist has promised, it ends at an earlier one.
//!
//! # Playlists while they grow
//!
//! A playlist that has been seen may only be appended to, and its target duration stays (RFC 8216, 6.2.1). So it says
//! twice the wanted length from the first to the last time, and its type is EVENT, at its end too. With a live window
//! segments leave it, which no type allows. Where a segment becomes longer than that nevertheless, because no key frame
//! came, the playlists of a live window have no way on, and the packet is refused. Others end there, and their place is
//! taken by playlists of all segments under new names (`…_video1_2.m3u8`), which the multivariant playlist names from
//! then on. Playlists of ranges are written once: they are of type VOD, and say the length of the longest segment.
//!
//! A playlist has no gaps either: what a track has nothing in is filled with segments that say so, as long as the wanted
//! length. So that one wrong time does not fill the disk, no packet of HLS may end more than a day behind all others.

mod dash;
mod files;
mod hls;
mod labels;
mod media;
mod segments;
#[cfg(test)]
mod tests;
mod webvtt;

use std::time::Duration;

use self::files::Names;
use self::labels::Labels;
use self::media::MediaTrack;
use self::webvtt::SubtitleTrack;
use crate::error::{Error, Result};
use crate::media::{Packet, TimeBase, Timestamp, Track};
use crate::mux::isobmff::TrackFile;
use crate::mux::{Container, Layout, MuxSettings, Muxer};
use crate::sink::{Folder, Sink};

/// The muxer of a container.
pub(super) fn open(container: Container, settings: &MuxSettings) -> Result<Box<dyn Muxer>> {
    Ok(Box::new(CmafMuxer::new(container, settings.clone())))
}

/// Holds the packets of one segment of each track, but no more than `fragment_bytes` of them.
struct CmafMuxer {
    container: Container,
    settings: MuxSettings,
    names: Names,
    tracks: Vec<Output>,
    /// The track whose key frames end segments.
    leader: usize,
    /// The most seconds that a segment lasts, as the playlists say it.
    target: u64,
    /// The playlists of the tracks as they were last written; none before that.
    published: Vec<String>,
    /// When the last of all packets ends, in microseconds.
    latest: u64,
    /// Whether there is a manifest.
    has_manifest: bool,
}

/// A track and what is written of it.
struct Output {
    track: Track,
    labels: Labels,
    kind: Kind,
}

enum Kind {
    Media(Box<MediaTrack>),
    Subtitles(Box<SubtitleTrack>),
}

/// What manifests are made from.
struct Presentation<'a> {
    names: &'a Names,
    layout: Layout,
    tracks: &'a [Output],
    /// The most seconds that a segment lasts.
    target: u64,
    /// Only the last segments are listed.
    is_window: bool,
    /// No more will come.
    is_finished: bool,
}

impl CmafMuxer {
    fn new(container: Container, settings: MuxSettings) -> Self {
        let target = ceil_seconds(settings.segment_duration.saturating_mul(2));
        let names = Names::new("", container);
        let (tracks, published) = Default::default();
        CmafMuxer { container, settings, names, tracks, leader: 0, target, published, latest: 0, has_manifest: false }
    }

    /// Refuses a packet behind a gap that would take too many segments to fill. Gives when it ends, in microseconds.
    fn check_gap(&self, packet: &Packet, base: TimeBase) -> Result<u64> {
        // A time below 0 is refused for itself.
        let micros = |ticks: i64| {
            let micros = base.rescale(ticks, TimeBase::per_second(1_000_000));
            micros.map_or(u64::MAX, |micros| u64::try_from(micros).unwrap_or(0))
        };
        let end = micros(packet.end());
        if self.container != Container::Hls || end.saturating_sub(self.latest) <= MAX_GAP {
            return Ok(end);
        }
        let (start, seconds) = (micros(packet.pts), |micros: u64| micros as f64 / 1e6);
        Err(Error::input(format!(
            "a packet of track {} from {} s to {} s: a playlist has to fill what is before it, so in HLS a packet ends 24 \
             hours behind all before it at most, which is {} s",
            packet.track,
            seconds(start),
            seconds(end),
            seconds(self.latest.saturating_add(MAX_GAP)),
        )))
    }

    /// Ends what has to end before `packet`, which waits for its place.
    fn cut_before(&mut self, packet: &Packet, folder: &mut dyn Folder) -> Result<()> {
        let Some(Kind::Media(track)) = self.tracks.get(packet.track).map(|output| &output.kind) else { return Ok(()) };
        let wanted = nanos(self.settings.segment_duration);
        let most = self.target.saturating_mul(1_000_000_000);
        let leads = packet.track == self.leader;
        let is_due = match track.due {
            _ if leads => track.elapsed(packet.pts) >= wanted,
            Some(due) => !track.moment(packet).is_before(due),
            None => false,
        };
        let begins = packet.key && track.elapsed(packet.pts) > 0;
        if begins && is_due && (track.is_video || leads) {
            let (moment, count) = (track.moment(packet), track.waits());
            return self.cut_at(packet.track, count, moment, Some(packet), folder);
        }
        if track.elapsed(packet.end()) > most {
            // Another would make it too long: it ends here, or at the key frame that it could have ended at before.
            if begins {
                let (moment, count) = (track.moment(packet), track.waits());
                return self.cut_at(packet.track, count, moment, Some(packet), folder);
            }
            if let Some(count) = track.last_key()
                && let Some(moment) = track.waiting(count)
            {
                return self.cut_at(packet.track, count, moment, Some(packet), folder);
            }
        }
        Ok(())
    }

    /// Whether `packet` makes a segment longer than a live playlist may ever have one.
    fn breaks_promise(&self, packet: &Packet) -> bool {
        let Some(Kind::Media(track)) = self.tracks.get(packet.track).map(|output| &output.kind) else { return false };
        let most = self.target.saturating_mul(1_000_000_000);
        self.settings.live_window.is_some() && track.elapsed(packet.end()) > most
    }

    /// Ends the segment of a track behind `count` packets. If it is the leader, that is where those of others end.
    fn cut_at(
        &mut self,
        index: usize,
        count: usize,
        moment: Timestamp,
        next: Option<&Packet>,
        folder: &mut dyn Folder,
    ) -> Result<()> {
        self.cut(index, count, next, folder)?;
        if index == self.leader {
            for other in (0..self.tracks.len()).filter(|&other| other != index) {
                match &mut self.tracks[other].kind {
                    Kind::Media(track) if track.is_video => {
                        track.due = Some(moment);
                        if let Some(count) = track.key_from(moment) {
                            track.due = None;
                            self.cut(other, count, None, folder)?;
                        }
                    }
                    Kind::Media(track) => {
                        let count = track.before(moment);
                        self.cut(other, count, None, folder)?;
                        self.fill_unbegun(other, moment, folder)?;
                    }
                    Kind::Subtitles(_) => self.cut_subtitles(other, micros(moment), folder)?,
                }
            }
        }
        self.write_manifests(false, folder)
    }

    /// Ends the segment of one track.
    fn cut(&mut self, index: usize, count: usize, next: Option<&Packet>, folder: &mut dyn Folder) -> Result<()> {
        let Some(Kind::Media(track)) = self.tracks.get_mut(index).map(|output| &mut output.kind) else { return Ok(()) };
        let scale = track.segments.timescale();
        let (most, length) = (self.target.saturating_mul(scale), ticks(self.settings.segment_duration, scale));
        if let (Container::Hls, Some((start, end))) = (self.container, track.next_presented(count, next)) {
            // A gap that its segment cannot hide.
            let (before, gap) = (track.segments.end(), start.saturating_sub(track.segments.end()));
            if end.saturating_sub(before) > most && (end - start <= most || gap >= length) {
                track.fill(start, length, &self.names, folder)?;
            }
        }
        if !track.cut(count, next, &self.names, folder)? {
            return Ok(());
        }
        track.due = None;
        let longest = track.segments.longest_seconds();
        let Some(window) = self.settings.live_window else {
            return if longest > self.target { self.raise_target(longest, folder) } else { Ok(()) };
        };
        for number in track.segments.slide(window as usize, self.target) {
            let name = self.names.segment(&track.name, number, media::SEGMENT);
            folder.remove(&name).map_err(|error| Error::io(format_args!("removing `{name}`"), error))?;
        }
        Ok(())
    }

    /// A segment is longer than was promised: who has seen the promise has it kept, and others see another playlist.
    fn raise_target(&mut self, target: u64, folder: &mut dyn Folder) -> Result<()> {
        self.target = target;
        let published = std::mem::take(&mut self.published);
        if published.is_empty() {
            return Ok(());
        }
        for (output, playlist) in self.tracks.iter().zip(published) {
            let ended = playlist + hls::END;
            files::write(folder, &self.names.playlist(&output.labels.name), ended.as_bytes())?;
        }
        self.names.renew_playlists();
        Ok(())
    }

    /// A playlist has to have something in it when it is first read.
    fn fill_unbegun(&mut self, index: usize, moment: Timestamp, folder: &mut dyn Folder) -> Result<()> {
        let Kind::Media(track) = &mut self.tracks[index].kind else { return Ok(()) };
        if self.container != Container::Hls || track.segments.next_number() > 1 {
            return Ok(());
        }
        let scale = track.segments.timescale();
        let end = u64::try_from(u128::from(micros(moment)) * u128::from(scale) / 1_000_000).unwrap_or(u64::MAX);
        track.fill(end, ticks(self.settings.segment_duration, scale), &self.names, folder)
    }

    fn cut_subtitles(&mut self, index: usize, end: u64, folder: &mut dyn Folder) -> Result<()> {
        let Output { labels, kind: Kind::Subtitles(track), .. } = &mut self.tracks[index] else { return Ok(()) };
        if track.whole.is_some() {
            return Ok(());
        }
        // Where nothing else has ended a segment for long, they end by themselves.
        let most = self.target.saturating_mul(1_000_000);
        let step = nanos(self.settings.segment_duration) / 1000;
        while track.segments.end() < end {
            let start = track.segments.end();
            let until = if end - start > most { start.saturating_add(step) } else { end };
            let text = track.segment(until);
            let name = self.names.segment(&labels.name, track.segments.next_number(), VTT);
            files::write(folder, &name, text.as_bytes())?;
            track.segments.push(start, until, text.len() as u64, 0, false);
        }
        let window = self.settings.live_window;
        let gone = window.map_or(Vec::new(), |window| track.segments.slide(window as usize, self.target));
        for number in gone {
            let name = self.names.segment(&labels.name, number, VTT);
            folder.remove(&name).map_err(|error| Error::io(format_args!("removing `{name}`"), error))?;
        }
        Ok(())
    }

    /// Writes what has waited for too long for the memory that it takes.
    fn make_room(&mut self, coming: usize, folder: &mut dyn Folder) -> Result<()> {
        let held: usize = self.tracks.iter().map(Output::held_bytes).sum();
        if held.saturating_add(coming) <= self.settings.fragment_bytes {
            return Ok(());
        }
        for output in &mut self.tracks {
            if let Kind::Media(track) = &mut output.kind {
                let length = ticks(self.settings.segment_duration, track.segments.timescale());
                let gaps = (self.container == Container::Hls).then_some(length);
                track.flush(gaps, &self.names, folder)?;
            }
        }
        Ok(())
    }

    fn write_manifests(&mut self, is_finished: bool, folder: &mut dyn Folder) -> Result<()> {
        // Files of ranges have their names when they are complete, and not before.
        // And no player takes a list of pictures without any.
        let has_pictures =
            |output: &Output| output.track.video().is_none() || output.segments().listed().any(|segment| !segment.gap);
        if !is_finished && (self.settings.layout == Layout::ByteRanges || !self.tracks.iter().all(has_pictures)) {
            return Ok(());
        }
        let is_window = self.settings.live_window.is_some();
        let is_promised = self.container == Container::Hls && self.settings.layout == Layout::Segments;
        let target = match is_window || is_promised || !is_finished {
            true => self.target,
            false => self.tracks.iter().filter_map(Output::longest_seconds).max().unwrap_or(1),
        };
        let (names, layout, tracks) = (&self.names, self.settings.layout, self.tracks.as_slice());
        let presentation = Presentation { names, layout, tracks, target, is_window, is_finished };
        match self.container {
            Container::Dash => {
                files::write(folder, names.manifest(), dash::description(&presentation).as_bytes())?;
            }
            _ => {
                let mut published = Vec::with_capacity(tracks.len());
                for output in tracks {
                    let playlist = hls::media_playlist(&presentation, output);
                    // One that nobody is led to any more still ends, if somebody was.
                    if hls::is_listed(&presentation, output) || !self.published.is_empty() {
                        files::write(folder, &names.playlist(&output.labels.name), playlist.as_bytes())?;
                    }
                    published.push(playlist);
                }
                // Last: what it names is there.
                let playlist = hls::multivariant_playlist(&presentation);
                files::write(folder, names.manifest(), playlist.as_bytes())?;
                self.published = published;
            }
        }
        self.has_manifest = true;
        Ok(())
    }
}

impl Muxer for CmafMuxer {
    fn begin(&mut self, tracks: &[Track], sink: &mut dyn Sink) -> Result<()> {
        let folder = files::folder(sink)?;
        self.names = Names::new(folder.name(), self.container);
        let video = tracks.iter().position(|track| track.video().is_some());
        let leader = video.or_else(|| tracks.iter().position(|track| track.audio().is_some()));
        self.leader = leader.ok_or_else(|| {
            Error::unsupported(format!("{} of subtitles alone: add pictures or sound", self.container.title()))
        })?;
        let labels = labels::resolve(self.container, tracks)?;
        let whole_subtitles = self.container == Container::Dash || self.settings.layout == Layout::ByteRanges;
        if self.container == Container::Dash
            && self.settings.live_window.is_some()
            && tracks.iter().any(Track::is_subtitle)
        {
            return Err(Error::unsupported("subtitles in DASH are one file, which no live window can follow: use HLS"));
        }
        let mut outputs = Vec::with_capacity(tracks.len());
        for (track, labels) in tracks.iter().zip(labels) {
            let kind = match track.is_subtitle() {
                true => Kind::Subtitles(Box::new(SubtitleTrack::new(track))),
                false => Kind::Media(Box::new(MediaTrack::new(
                    track,
                    labels.name.clone(),
                    self.container == Container::Hls,
                )?)),
            };
            outputs.push(Output { track: track.clone(), labels, kind });
        }
        for Output { track, labels, kind } in &mut outputs {
            match kind {
                Kind::Media(media) => {
                    let header = TrackFile::header(track)?;
                    if self.settings.layout == Layout::ByteRanges {
                        let mut file = files::create(folder, &self.names.whole(&labels.name, "mp4"))?;
                        files::append(&mut *file, &header)?;
                        labels.header_bytes = header.len() as u64;
                        media.whole = Some(file);
                    } else {
                        files::write(folder, &self.names.header(&labels.name), &header)?;
                    }
                }
                Kind::Subtitles(subtitles) if whole_subtitles => {
                    let mut file = files::create(folder, &self.names.whole(&labels.name, VTT))?;
                    files::append(&mut *file, subtitles.header(self.container == Container::Hls).as_bytes())?;
                    subtitles.whole = Some(file);
                }
                Kind::Subtitles(_) => {}
            }
        }
        self.tracks = outputs;
        Ok(())
    }

    fn packet(&mut self, packet: Packet, sink: &mut dyn Sink) -> Result<()> {
        let folder = files::folder(sink)?;
        let base = self.tracks.get(packet.track).map(|output| output.track.time_base);
        let base = base.ok_or_else(|| Error::input("a packet of no track"))?;
        let end = self.check_gap(&packet, base)?;
        match &mut self.tracks[packet.track].kind {
            Kind::Subtitles(track) => {
                track.add(&packet)?;
                self.latest = self.latest.max(end);
                let text = if track.whole.is_some() { track.drain() } else { String::new() };
                return track.whole.as_mut().map_or(Ok(()), |file| files::append(&mut **file, text.as_bytes()));
            }
            Kind::Media(track) => track.check(&packet)?,
        }
        self.cut_before(&packet, folder)?;
        if self.breaks_promise(&packet) {
            return Err(Error::limit(format!(
                "key frames of track {} are more than {} s apart, twice `segment_duration`, which is the most that a live \
                 playlist promises: set a shorter keyframe interval, or a longer `segment_duration`",
                packet.track, self.target,
            )));
        }
        self.make_room(packet.data.len(), folder)?;
        if let Kind::Media(track) = &mut self.tracks[packet.track].kind {
            self.latest = self.latest.max(end);
            track.push(packet);
        }
        Ok(())
    }

    /// Each segment that is whole plays, once a manifest leads to it. Files that are whole have all their bytes.
    fn plays_from(&self) -> Option<u64> {
        self.has_manifest.then_some(0)
    }

    fn finish(&mut self, _: &[Track], sink: &mut dyn Sink) -> Result<()> {
        let folder = files::folder(sink)?;
        for index in 0..self.tracks.len() {
            if let Kind::Media(track) = &self.tracks[index].kind {
                let count = track.waits();
                self.cut(index, count, None, folder)?;
            }
        }
        let end = self.tracks.iter().map(Output::end_micros).max().unwrap_or(0);
        for index in 0..self.tracks.len() {
            self.cut_subtitles(index, end, folder)?;
            match &mut self.tracks[index].kind {
                Kind::Media(track) => track.whole.as_mut().map_or(Ok(()), |file| files::complete(&mut **file))?,
                Kind::Subtitles(track) => {
                    if let Some(file) = &mut track.whole {
                        files::complete(&mut **file)?;
                        let bytes = file.position();
                        track.segments.push(0, end, bytes, 0, false);
                    }
                }
            }
        }
        self.write_manifests(true, folder)
    }
}

impl Output {
    fn held_bytes(&self) -> usize {
        match &self.kind {
            Kind::Media(track) => track.held_bytes(),
            Kind::Subtitles(track) => track.held_bytes(),
        }
    }

    fn segments(&self) -> &segments::Segments {
        match &self.kind {
            Kind::Media(track) => &track.segments,
            Kind::Subtitles(track) => &track.segments,
        }
    }

    /// Of the media, the longest segment; `None` where there is none.
    fn longest_seconds(&self) -> Option<u64> {
        let segments = self.segments();
        (segments.next_number() > 1 && !self.track.is_subtitle()).then(|| segments.longest_seconds())
    }

    /// Whether a packet has come; cues may be none.
    fn has_content(&self) -> bool {
        match &self.kind {
            Kind::Media(track) => track.is_fed,
            Kind::Subtitles(_) => true,
        }
    }

    fn end_micros(&self) -> u64 {
        match &self.kind {
            Kind::Media(track) => track.segments.end_micros(),
            Kind::Subtitles(track) => track.end_micros(),
        }
    }
}

/// How far behind all others a packet may end, in microseconds: a day.
const MAX_GAP: u64 = 24 * 3600 * 1_000_000;

/// The extension of subtitles.
const VTT: &str = "vtt";

fn ceil_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn ticks(duration: Duration, timescale: u64) -> u64 {
    u64::try_from(duration.as_nanos() * u128::from(timescale) / 1_000_000_000).unwrap_or(u64::MAX)
}

/// A moment that is not before 0, in microseconds.
fn micros(moment: Timestamp) -> u64 {
    let micros = moment.base.rescale(moment.ticks, TimeBase::per_second(1_000_000));
    micros.and_then(|micros| u64::try_from(micros).ok()).unwrap_or(0)
}
