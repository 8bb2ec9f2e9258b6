//! What stands before the muxer of a layout where there is text: it gets samples, and knows nothing of cues or chapters.

use super::chapters;
use super::description::Description;
use super::labels;
use super::webvtt::CueTrack;
use crate::error::{Error, Result};
use crate::media::{CodecConfig, Packet, TimeBase, Track, TrackKind, WebVttConfig};
use crate::mux::Muxer;
use crate::sink::Sink;

/// Turns the cues of subtitle tracks into samples that tile, and chapters into the samples of a track of their own.
pub(super) struct TextMuxer {
    description: Description,
    muxer: Box<dyn Muxer>,
    /// The subtitle tracks.
    cues: Vec<CueTrack>,
    bases: Vec<TimeBase>,
    /// Where each track ends so far, in its ticks.
    ends: Vec<i64>,
}

impl TextMuxer {
    pub fn new(description: Description, muxer: Box<dyn Muxer>) -> Self {
        TextMuxer { description, muxer, cues: Vec::new(), bases: Vec::new(), ends: Vec::new() }
    }

    /// `tracks`, and behind them that of the chapters. To the layouts it is one of subtitles; what it really is, only
    /// [`movie`](super::movie) has to know.
    fn all_tracks(&self, tracks: &[Track]) -> Vec<Track> {
        let mut tracks = tracks.to_vec();
        if self.description.chapter_track {
            let config = CodecConfig::WebVtt(WebVttConfig::default());
            tracks.push(Track::new(TrackKind::Subtitle, config, chapters::BASE));
        }
        tracks
    }

    /// Writes the samples that are known when no packet before `moment`, in ticks of `base`, can come any more.
    fn advance(&mut self, moment: i64, base: TimeBase, sink: &mut dyn Sink) -> Result<()> {
        let mut samples = Vec::new();
        for cues in &mut self.cues {
            let own = self.bases.get(cues.track()).copied().unwrap_or(base);
            cues.advance(base.rescale(moment, own).unwrap_or(i64::MIN), &mut samples)?;
        }
        self.write(samples, sink)
    }

    fn write(&mut self, samples: Vec<Packet>, sink: &mut dyn Sink) -> Result<()> {
        samples.into_iter().try_for_each(|sample| self.muxer.packet(sample, sink))
    }

    /// Where the last track ends, in ticks of [`chapters::BASE`], rounded down: chapters do not outlast it.
    fn end(&self, tracks: &[Track]) -> i64 {
        let ends = self.ends.iter().zip(tracks).map(|(&end, track)| {
            let (heard, base) = (end.saturating_sub(track.config.pre_skip().into()), track.time_base);
            let ticks = i128::from(heard) * i128::from(base.num()) * i128::from(chapters::BASE.den());
            i64::try_from(ticks / i128::from(base.den())).unwrap_or(i64::MAX)
        });
        ends.max().unwrap_or(0)
    }
}

impl Muxer for TextMuxer {
    fn begin(&mut self, tracks: &[Track], sink: &mut dyn Sink) -> Result<()> {
        labels::check(tracks)?;
        let subtitles = tracks.iter().enumerate().filter(|(_, track)| track.is_subtitle());
        self.cues = subtitles.map(|(index, track)| CueTrack::new(index, track)).collect();
        self.bases = tracks.iter().map(|track| track.time_base).collect();
        self.ends = vec![0; tracks.len()];
        self.muxer.begin(&self.all_tracks(tracks), sink)
    }

    fn packet(&mut self, packet: Packet, sink: &mut dyn Sink) -> Result<()> {
        let track = packet.track;
        let (Some(&base), Some(end)) = (self.bases.get(track), self.ends.get_mut(track)) else {
            return Err(Error::input("a packet of no track"));
        };
        let (pts, packet_end) = (packet.pts, packet.end().saturating_sub(packet.trim_end.into()));
        // What is refused has changed nothing, so time goes on when the packet has been taken.
        match self.cues.iter_mut().find(|cues| cues.track() == track) {
            Some(cues) => cues.add(&packet)?,
            None => self.muxer.packet(packet, sink)?,
        }
        *end = (*end).max(packet_end);
        self.advance(pts, base, sink)
    }

    fn plays_from(&self) -> Option<u64> {
        self.muxer.plays_from()
    }

    fn finish(&mut self, tracks: &[Track], sink: &mut dyn Sink) -> Result<()> {
        self.advance_to_the_end(sink)?;
        if self.description.chapter_track {
            let chapters = chapters::packets(&self.description.metadata, tracks.len(), self.end(tracks));
            self.write(chapters, sink)?;
        }
        self.muxer.finish(&self.all_tracks(tracks), sink)
    }
}

impl TextMuxer {
    fn advance_to_the_end(&mut self, sink: &mut dyn Sink) -> Result<()> {
        let mut samples = Vec::new();
        self.cues.iter_mut().try_for_each(|cues| cues.advance(i64::MAX, &mut samples))?;
        self.write(samples, sink)
    }
}
