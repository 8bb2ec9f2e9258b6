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
                let need = if has_folder { "seek" } else { "seek, or name a file" };
                Error::unsupported(format!("{self} cannot be streamed: use a destination that can {need}"))
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
        let named = |name: &str| match track.kind {
            TrackKind::Video(_) => self.video_codecs().iter().any(|codec| codec.name() == name),
            TrackKind::Audio(_) => self.audio_codecs().iter().any(|codec| codec.name() == name),
            TrackKind::Subtitle => self.subtitle_codecs().iter().any(|codec| codec.name() == name),
        };
        if !named(track.config.name()) {
            return Err(Error::unsupported(format!("{self} takes no {} track", track.config.name())));
        }
        if let CodecConfig::Raw(config) = &track.config
            && !self.raw_formats().contains(&config.format)
        {
            return Err(Error::unsupported(format!("{self} takes no raw {} pictures", config.format)));
        }
        self.check_labels(&track.labels)?;
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
    pub(crate) fn check_labels(self, labels: &TrackLabels) -> Result<()> {
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
    }
}
