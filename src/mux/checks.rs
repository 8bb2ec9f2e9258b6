//! What is asked of a container is checked against its row, before anything is written.

use super::{Container, Feature, Layout};
use crate::error::{Error, Result};
use crate::media::{CodecConfig, Language, Metadata, PixelFormat, Track, TrackKind, TrackLabels};

impl Container {
    /// The layout for a sink: the wanted one, or the first that the sink allows.
    pub(crate) fn choose_layout(self, wanted: Option<Layout>, can_patch: bool, has_folder: bool) -> Result<Layout> {
        let allowed =
            |layout: Layout| (can_patch || !layout.needs_patching()) && (has_folder || !layout.needs_folder());
        let names = |layouts: &[Layout]| layouts.iter().map(|layout| layout.name()).collect::<Vec<_>>().join(", ");
        match wanted {
            Some(layout) if !self.layouts().contains(&layout) => {
                let allowed = format!("{self} can be {}", names(self.layouts()));
                Err(Error::option("layout", layout, allowed))
            }
            Some(layout) if !allowed(layout) => {
                let need = if layout.needs_folder() { "a folder to write files in" } else { "a sink that can seek" };
                Err(Error::option("layout", layout, format_args!("it needs {need}: open a file, or choose another")))
            }
            Some(layout) => Ok(layout),
            None => self.layouts().iter().copied().find(|&layout| allowed(layout)).ok_or_else(|| {
                Error::unsupported(match self.layouts().iter().all(|layout| layout.needs_folder()) {
                    true => format!("{self} is several files, and needs a folder to write them in: name a file"),
                    false => format!("{self} cannot be streamed: use a destination that can seek, or name a file"),
                })
            }),
        }
    }

    /// Refuses what the file would have to leave unsaid.
    pub(crate) fn check_metadata(self, metadata: &Metadata) -> Result<()> {
        metadata.check()?;
        let said = [
            (!metadata.tags.is_empty(), Feature::Tags),
            (metadata.creation_time.is_some(), Feature::CreationTime),
            (!metadata.chapters.is_empty(), Feature::Chapters),
            (metadata.cover.is_some(), Feature::Cover),
            (!metadata.attachments.is_empty(), Feature::Attachments),
        ];
        self.check_features(said)
    }

    /// Refuses tracks that it does not take, and what it cannot say of them.
    pub(crate) fn check_tracks(self, tracks: &[Track]) -> Result<()> {
        if tracks.is_empty() {
            return Err(Error::input("a file needs at least one track"));
        }
        let count = |of: fn(&Track) -> bool| tracks.iter().filter(|track| of(track)).count();
        self.check_counts(
            count(|track| track.video().is_some()),
            count(|track| track.audio().is_some()),
            count(Track::is_subtitle),
        )?;
        tracks.iter().try_for_each(|track| self.check_track(track))
    }

    /// Refuses more tracks than it holds. What it takes none of is left to the check of codecs, which says that better.
    pub(crate) fn check_counts(self, video: usize, audio: usize, subtitles: usize) -> Result<()> {
        let most = self.max_tracks();
        let counts = [
            (video, most.video, "video tracks"),
            (audio, most.audio, "audio tracks"),
            (video + audio + subtitles, most.all, "tracks"),
        ];
        match counts.into_iter().find(|&(count, most, _)| count > most && most > 0) {
            Some((count, most, what)) => {
                Err(Error::unsupported(format!("{count} {what} for {self}: it holds {most} at most")))
            }
            None => Ok(()),
        }
    }

    fn check_track(self, track: &Track) -> Result<()> {
        let (kind, codecs): (_, Vec<&str>) = match track.kind {
            TrackKind::Video(_) => ("video", self.video_codecs().iter().map(|codec| codec.name()).collect()),
            TrackKind::Audio(_) => ("audio", self.audio_codecs().iter().map(|codec| codec.name()).collect()),
            TrackKind::Subtitle => ("subtitles", self.subtitle_codecs().iter().map(|codec| codec.name()).collect()),
        };
        let codec = track.config.name();
        if !codecs.contains(&codec) {
            let allowed = if codecs.is_empty() { "none".into() } else { codecs.join(", ") };
            return Err(Error::unsupported(format!("{self} takes no {codec} track: of {kind} it takes {allowed}")));
        }
        if let CodecConfig::Raw(config) = &track.config
            && !self.raw_formats().contains(&config.format)
        {
            let names: Vec<_> = self.raw_formats().iter().map(|format| format.name()).collect();
            let allowed = names.join(", ");
            return Err(Error::unsupported(format!(
                "{self} takes no raw {} pictures: it takes {allowed}",
                config.format
            )));
        }
        self.check_labels(&track.labels, track.is_subtitle())?;
        let Some(video) = track.video() else { return Ok(()) };
        self.check_features([
            (video.orientation.quarter_turns != 0, Feature::Rotation),
            (video.orientation.mirrored, Feature::Mirroring),
            (!video.sample_aspect_ratio.is_square(), Feature::AspectRatio),
            (video.hdr != Default::default(), Feature::Hdr),
            (video.alpha.is_some(), Feature::Alpha),
        ])
    }

    /// Refuses uncompressed pictures of a format that it has not.
    pub(crate) fn check_raw(self, format: PixelFormat) -> Result<()> {
        if self.raw_formats().contains(&format) {
            return Ok(());
        }
        let names: Vec<_> = self.raw_formats().iter().map(|format| format.name()).collect();
        Err(Error::option("pixel_format", format, format!("raw pictures in {self} are {}", names.join(", "))))
    }

    /// Refuses what it cannot say of any track.
    pub(crate) fn check_labels(self, labels: &TrackLabels, is_subtitle: bool) -> Result<()> {
        check_labels(labels, is_subtitle)?;
        self.check_features([
            (!Language::parse(&labels.language)?.is_undetermined(), Feature::Language),
            (labels.title.is_some(), Feature::TrackTitle),
            (labels.default.is_some() || labels.forced || labels.alternate_group.is_some(), Feature::TrackFlags),
        ])
    }

    fn check_features(self, said: impl IntoIterator<Item = (bool, Feature)>) -> Result<()> {
        said.into_iter().filter(|(is_said, _)| *is_said).try_for_each(|(_, feature)| self.check_feature(feature))
    }

    /// Refuses what it cannot say, and tells who can.
    pub(crate) fn check_feature(self, feature: Feature) -> Result<()> {
        if self.features().contains(&feature) {
            return Ok(());
        }
        let able = Container::ALL.iter().filter(|other| other.features().contains(&feature));
        let able: Vec<_> = able.map(|container| container.name()).collect();
        let able = if able.is_empty() { "no container can".into() } else { able.join(", ") + " can" };
        Err(Error::unsupported(format!("{self} has no place for {}: {able}", feature.name())))
    }
}

/// The bytes of a track's title: MP4 and MOV count them in 16 bits.
const MAX_TITLE: usize = u16::MAX as usize;

/// Refuses what no container can say of a track.
pub(crate) fn check_labels(labels: &TrackLabels, is_subtitle: bool) -> Result<()> {
    Language::parse(&labels.language)?;
    let title = labels.title.as_deref().unwrap_or_default();
    if title.contains('\0') {
        return Err(Error::option("title", format_args!("`{}`", title.escape_debug()), "it may have no NUL"));
    }
    if title.len() > MAX_TITLE {
        let found = format!("{} bytes", title.len());
        return Err(Error::option("title", found, format!("a track's may have {MAX_TITLE} bytes of UTF-8")));
    }
    if labels.forced && !is_subtitle {
        return Err(Error::option("forced", true, "only subtitles can be forced"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn the_sink_and_the_option_choose_the_layout() {
        let mp4 = Container::Mp4;
        assert_eq!(mp4.choose_layout(None, true, false).unwrap(), Layout::Plain);
        assert_eq!(mp4.choose_layout(None, false, false).unwrap(), Layout::Fragmented);
        assert_eq!(mp4.choose_layout(Some(Layout::Fragmented), true, false).unwrap(), Layout::Fragmented);
        let refused = mp4.choose_layout(Some(Layout::Plain), false, false).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidOption);
        assert!(refused.to_string().contains("`layout` is plain"), "{refused}");
        let refused = mp4.choose_layout(Some(Layout::Segments), true, true).unwrap_err();
        assert!(refused.to_string().contains("mp4 can be plain"), "{refused}");
        let refused = Container::Hls.choose_layout(None, true, false).unwrap_err().to_string();
        assert!(refused.contains("a folder") && !refused.contains("seek"), "{refused}");
        let refused = Container::Avi.choose_layout(None, false, false).unwrap_err().to_string();
        assert!(refused.contains("can seek"), "{refused}");
    }

    #[test]
    fn what_no_track_can_say_is_refused_at_once() {
        let titled = TrackLabels::default().title("a\0b");
        let long = TrackLabels::default().title("é".repeat(MAX_TITLE / 2 + 1));
        let forced = TrackLabels::default().forced(true);
        for container in Container::ALL {
            for (labels, is_subtitle, word) in [
                (&titled, true, "`title` is `a\\0b`"),
                (&long, false, "65536 bytes"),
                (&forced, false, "`forced` is true"),
            ] {
                let error = container.check_labels(labels, is_subtitle).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidOption);
                assert!(error.to_string().contains(word), "{error}");
            }
        }
        assert!(Container::Mp4.check_labels(&forced, true).is_ok());
    }

    #[test]
    fn tracks_that_are_not_taken_are_told_which_are() {
        let subtitles = CodecConfig::WebVtt(Default::default());
        let track = Track::new(TrackKind::Subtitle, subtitles, crate::media::TimeBase::MILLISECONDS);
        let error = Container::Ogg.check_tracks(std::slice::from_ref(&track)).unwrap_err().to_string();
        assert!(error.contains("no webvtt track: of subtitles it takes none"), "{error}");
        let kind = TrackKind::Audio(crate::media::AudioTrack { sample_rate: 48_000, channels: 1 });
        let track = Track { kind, config: CodecConfig::Mjpeg, ..track };
        let error = Container::Ogg.check_tracks(&[track]).unwrap_err().to_string();
        assert!(error.contains("no mjpeg track: of audio it takes opus, flac"), "{error}");
    }
}
