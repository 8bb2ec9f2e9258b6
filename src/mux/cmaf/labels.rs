//! What manifests say about a track for who chooses among tracks.

use std::collections::BTreeSet;

use crate::error::{Error, Result};
use crate::media::{Language, Track, TrackKind};
use crate::mux::Container;

/// The labels of one track, among those of its kind.
pub(super) struct Labels {
    /// Its part of file names and identifiers: `video1`, `audio1`, `subtitles1`.
    pub name: String,
    /// A name for people, which no other track of its kind has.
    pub title: String,
    /// Whether that is more than a number.
    pub is_titled: bool,
    /// BCP 47.
    pub language: Option<String>,
    /// Players take it unless told otherwise; one of a kind at most.
    pub is_default: bool,
    /// Players may take it for its language.
    pub is_automatic: bool,
    pub is_forced: bool,
    /// The length of the header, where it stands in front of the segments.
    pub header_bytes: u64,
}

/// Checks the labels of all tracks, and makes them tell each other apart.
pub(super) fn resolve(container: Container, tracks: &[Track]) -> Result<Vec<Labels>> {
    let mut labels: Vec<Labels> = Vec::with_capacity(tracks.len());
    let mut languages = Vec::with_capacity(tracks.len());
    for track in tracks {
        let language = match track.labels.language.as_str() {
            "" => None,
            said => Some(Language::parse(said)?).filter(|language| !language.is_undetermined()),
        };
        languages.push(language.map(|language| language.tag().to_owned()));
    }
    for (index, track) in tracks.iter().enumerate() {
        let kind = kind(track);
        let alike = || tracks.iter().zip(0..).filter(|(other, _)| self::kind(other) == kind);
        let number = alike().filter(|&(_, other)| other <= index).count();
        let said = &track.labels;
        if alike().any(|(other, _)| other.labels.alternate_group != said.alternate_group)
            || (said.alternate_group == Some(0) && alike().count() > 1)
        {
            return Err(Error::unsupported(format!(
                "`alternate_group` of track {index}: in {container} all tracks of {kind} are alternatives, of one group"
            )));
        }
        if said.default == Some(true) && alike().any(|(other, at)| at != index && other.labels.default == Some(true)) {
            return Err(Error::input(format!("two default tracks of {kind}: in {container} there is one at most")));
        }
        let chosen = alike().find(|(other, _)| other.labels.default == Some(true));
        let chosen = chosen.or_else(|| alike().find(|(other, _)| other.labels.default.is_none()));
        let language = languages[index].clone();
        let given = said.title.clone().or_else(|| language.clone());
        let mut title = given.clone().unwrap_or_else(|| format!("{kind} {number}"));
        let taken: BTreeSet<&str> =
            labels.iter().zip(tracks).filter(|(_, other)| self::kind(other) == kind).map(|(l, _)| &*l.title).collect();
        if taken.contains(title.as_str()) {
            title =
                (2..).map(|n: u64| format!("{title} {n}")).find(|t| !taken.contains(t.as_str())).unwrap_or_default();
        }
        let same_language = |(other, at): (&Track, usize)| {
            at != index && languages[at] == languages[index] && other.labels.forced == said.forced
        };
        let is_default = chosen.is_some_and(|(_, chosen)| chosen == index);
        // Of a language no two are taken by themselves (RFC 8216, 4.3.4.1.1).
        let stands_back = alike().any(|(other, at)| {
            same_language((other, at)) && (at < index || chosen.is_some_and(|(_, chosen)| chosen == at))
        });
        labels.push(Labels {
            name: format!("{kind}{number}"),
            title,
            is_titled: said.title.is_some(),
            language,
            is_default,
            is_automatic: is_default || !stands_back,
            is_forced: said.forced,
            header_bytes: 0,
        });
    }
    Ok(labels)
}

fn kind(track: &Track) -> &'static str {
    match track.kind {
        TrackKind::Video(_) => "video",
        TrackKind::Audio(_) => "audio",
        TrackKind::Subtitle => "subtitles",
    }
}
