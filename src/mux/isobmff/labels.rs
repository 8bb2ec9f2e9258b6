//! Which tracks are alternatives to each other, and which of them a player is to take.

use std::collections::BTreeSet;

use super::boxes::BoxWriter;
use super::fourcc;
use super::track::language;
use crate::error::Result;
use crate::media::Track;

/// What the header of a track says to who chooses among tracks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// Tracks of one group are alternatives; 0: of none.
    pub alternate_group: u16,
    /// Some players hide a track that is not, so it is one where nothing else can be meant.
    pub enabled: bool,
}

/// The language `und`, as `mdhd` packs it: text with such a language is of UTF-8, that of a Macintosh's number is not.
const UNDETERMINED: u16 = 0x55c4;

/// Refuses languages that the file cannot say.
pub(super) fn check(tracks: &[Track]) -> Result<()> {
    tracks.iter().try_for_each(|track| language(track).map(drop))
}

/// The choices among `tracks`, in their order.
pub(super) fn choices(tracks: &[&Track]) -> Vec<Choice> {
    let groups = groups(tracks);
    let preferred = |track: &Track| track.labels.default == Some(true);
    let refused = |track: &Track| track.labels.default == Some(false);
    let choice = |(index, (track, &alternate_group)): (usize, (&&Track, &u16))| {
        let others = tracks
            .iter()
            .zip(&groups)
            .enumerate()
            .filter(|(other, (_, group))| alternate_group != 0 && **group == alternate_group && *other != index);
        let others: Vec<&Track> = others.map(|(_, (track, _))| *track).collect();
        let enabled = match track.labels.default {
            Some(true) => true,
            // Subtitles are off unless somebody wants them, and players list those that are.
            Some(false) if track.is_subtitle() => false,
            Some(false) => others.iter().all(|other| refused(other)),
            None => !others.iter().any(|other| preferred(other)),
        };
        Choice { alternate_group, enabled }
    };
    tracks.iter().zip(&groups).enumerate().map(choice).collect()
}

/// The group of each track. Where nothing is said, all tracks of sound are one, and all subtitles are: of two at least,
/// and with numbers that nobody has chosen.
fn groups(tracks: &[&Track]) -> Vec<u16> {
    let mut taken: BTreeSet<u16> = tracks.iter().filter_map(|track| track.labels.alternate_group).collect();
    let mut of_kind = |is_of: fn(&Track) -> bool| {
        let members = tracks.iter().filter(|track| is_of(track) && track.labels.alternate_group.is_none());
        if members.count() < 2 {
            return 0;
        }
        let free = (1..=u16::MAX).find(|number| !taken.contains(number)).unwrap_or(0);
        taken.insert(free);
        free
    };
    let (sound, subtitles) = (of_kind(|track| track.audio().is_some()), of_kind(Track::is_subtitle));
    let by_kind = |track: &Track| match (track.audio(), track.is_subtitle()) {
        (Some(_), _) => sound,
        (_, true) => subtitles,
        _ => 0,
    };
    tracks.iter().map(|track| track.labels.alternate_group.unwrap_or(by_kind(track))).collect()
}

/// Writes the `udta` of a track, if there is something to say: its title, and whether its subtitles are forced.
pub(super) fn write_user_data(w: &mut BoxWriter, track: &Track) {
    let (title, forced) = (&track.labels.title, track.labels.forced);
    if title.is_none() && !forced {
        return;
    }
    w.boxed(fourcc::UDTA, |w| {
        if let Some(title) = title {
            // There is also `name`, whose bytes are the text alone: FFmpeg takes them for this, and complains.
            w.boxed(fourcc::TITLE, |w| {
                // No title of a track is longer (`mux::checks`).
                w.u16(u16::try_from(title.len()).unwrap_or(u16::MAX));
                w.u16(UNDETERMINED);
                w.bytes(title.as_bytes());
            });
        }
        if forced {
            w.full_box(fourcc::KIND, 0, 0, |w| {
                w.bytes(b"urn:mpeg:dash:role:2011\0"); // schemeURI
                w.bytes(b"forced-subtitle\0"); // value
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{AudioTrack, CodecConfig, TimeBase, TrackKind, WebVttConfig};

    fn chosen(tracks: &[(&str, Option<bool>, Option<u16>)]) -> Vec<(u16, bool)> {
        let tracks: Vec<Track> = tracks
            .iter()
            .map(|&(kind, default, group)| {
                let kind = match kind {
                    "sound" => TrackKind::Audio(AudioTrack { sample_rate: 48_000, channels: 1 }),
                    _ => TrackKind::Subtitle,
                };
                let config = CodecConfig::WebVtt(WebVttConfig::default());
                let mut track = Track::new(kind, config, TimeBase::MILLISECONDS);
                (track.labels.default, track.labels.alternate_group) = (default, group);
                track
            })
            .collect();
        let tracks: Vec<&Track> = tracks.iter().collect();
        choices(&tracks).iter().map(|choice| (choice.alternate_group, choice.enabled)).collect()
    }

    #[test]
    fn alternatives_are_disabled_only_where_another_is_meant() {
        let (no, yes) = (Some(false), Some(true));
        assert_eq!(chosen(&[("sound", None, None)]), [(0, true)]);
        assert_eq!(chosen(&[("sound", no, None)]), [(0, true)], "nothing else could be played");
        assert_eq!(chosen(&[("sound", None, None), ("sound", None, None)]), [(1, true), (1, true)]);
        assert_eq!(chosen(&[("sound", no, None), ("sound", None, None)]), [(1, false), (1, true)]);
        assert_eq!(chosen(&[("sound", no, None), ("sound", no, None)]), [(1, true), (1, true)]);
        assert_eq!(chosen(&[("sound", None, None), ("sound", yes, None)]), [(1, false), (1, true)]);
        assert_eq!(chosen(&[("sound", no, Some(0)), ("sound", yes, Some(7))]), [(0, true), (7, true)]);
        assert_eq!(chosen(&[("text", no, None)]), [(0, false)]);
        let all = [("sound", None, None), ("text", None, None), ("sound", None, None), ("text", no, None)];
        assert_eq!(chosen(&all), [(1, true), (2, true), (1, true), (2, false)]);
        let with = [("sound", None, Some(1)), ("sound", None, None), ("sound", None, None)];
        assert_eq!(chosen(&with), [(1, true), (2, true), (2, true)]);
    }
}
