//! What files say for people: written by the muxers, and told again.

use super::*;
use crate::error::ErrorKind;
use crate::media::{Cover, CoverFormat, Metadata, TrackLabels};
use crate::mux::{Feature, MuxOptions};

/// A file of one track of sound that says all this.
fn said(container: Container, track: Track, metadata: Metadata) -> FileInfo {
    let packets = match track.config {
        CodecConfig::Flac(_) => flac_packets(0),
        CodecConfig::Opus(_) => opus_packets(0),
        _ => pcm_packets(0, SampleFormat::S16),
    };
    let file = SharedWriter::new(Cursor::new(Vec::new()));
    let sink = SeekSink::new(file.clone()).unwrap();
    let options = MuxOptions::new().metadata(metadata);
    let mut writer = PacketWriter::with_options(container, vec![track], sink, &options).unwrap();
    packets.into_iter().for_each(|packet| writer.write(packet).unwrap());
    drop(writer.finish().unwrap());
    inspect(file.into_inner().unwrap()).unwrap()
}

/// Tracks of each codec that the container takes, of a language where it can say that.
fn tracks(container: Container) -> Vec<Track> {
    let mut tracks = vec![opus(), flac(16), pcm(SampleFormat::S16)];
    tracks.retain(|track| container.audio_codecs().iter().any(|codec| codec.name() == track.config.name()));
    if !container.features().contains(&Feature::Language) {
        tracks.iter_mut().for_each(|track| track.labels = TrackLabels::new());
    }
    tracks
}

const TAGS: [(&str, &str); 10] = [
    ("title", "Töne = a"),
    ("artist", "Ada"),
    ("album", "All"),
    ("composer", "Bea"),
    ("genre", "Test"),
    ("date", "2026-11-24"),
    ("track", "3/12"),
    ("comment", "one\ntwo"),
    ("description", "what it is"),
    ("copyright", "none"),
];

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

#[test]
fn what_is_written_is_told() {
    let picture = [&b"\x89PNG\r\n\x1a\n"[..], &[7; 200_000]].concat();
    let mut told = 0;
    for &container in Container::ALL.iter().filter(|container| !container.layouts()[0].needs_folder()) {
        let can = |feature| container.features().contains(&feature);
        for track in tracks(container) {
            let mut metadata = Metadata::new();
            if can(Feature::Tags) {
                metadata = TAGS.iter().fold(metadata, |metadata, (name, value)| metadata.tag(*name, *value));
            }
            let other = match container {
                Container::Avi => Some("IKEY"),
                Container::Wav => None,
                _ => Some("album_artist"),
            };
            if let Some(other) = other.filter(|_| can(Feature::Tags)) {
                metadata = metadata.tag(other, "other");
            }
            if can(Feature::CreationTime) {
                metadata = metadata.creation_time(1_795_547_020);
            }
            if can(Feature::Chapters) {
                metadata = metadata.chapter(Chapter::new(at(0), "Start")).chapter(Chapter::new(at(90), "Über"));
            }
            if can(Feature::Cover) {
                metadata = metadata.cover(Cover::new(picture.clone()).unwrap());
            }
            let (codec, language) = (track.config.name(), can(Feature::Language));
            let info = said(container, track, metadata.clone());
            let name = format!("{codec} in {container}");
            for (tag, value) in &metadata.tags {
                let found = info.tags.iter().filter(|(name, _)| name == tag);
                assert_eq!(
                    found.map(|(_, value)| value).collect::<Vec<_>>(),
                    [value],
                    "{name}: {tag}: {:?}",
                    info.tags
                );
            }
            assert_eq!(info.creation_time, metadata.creation_time, "{name}");
            let starts = |chapters: &[Chapter]| -> Vec<_> {
                let ms = |at: Timestamp| at.rescale(TimeBase::MILLISECONDS).unwrap();
                chapters.iter().map(|chapter| (ms(chapter.start), chapter.title.clone())).collect()
            };
            assert_eq!(starts(&info.chapters), starts(&metadata.chapters), "{name}");
            let cover = info.cover.map(|cover| (cover.format, cover.bytes));
            let picture = (CoverFormat::Png, picture.len() as u64);
            assert_eq!(cover, can(Feature::Cover).then_some(picture), "{name}");
            assert_eq!(info.tracks[0].language, if language { "de" } else { "und" }, "{name}");
            // Nothing stands among the tags that has a place of its own.
            let odd = |name: &str| name.starts_with("chapter") || name.contains("picture") || name == "language";
            assert!(!info.tags.iter().any(|(name, _)| odd(name)), "{name}: {:?}", info.tags);
            told += 1;
        }
    }
    assert!(told >= 10, "{told}");
}

#[test]
fn wav_tells_where_its_chapters_end() {
    let metadata = Metadata::new()
        .chapter(Chapter::new(at(10), "a").end(at(20)))
        .chapter(Chapter::new(at(100), ""))
        .tag("track", "7");
    let info = said(Container::Wav, tracks(Container::Wav).remove(0), metadata);
    let base = TimeBase::per_second(8000);
    let [first, second] = &info.chapters[..] else { panic!("{:?}", info.chapters) };
    assert_eq!((first.start, first.end), (Timestamp::new(80, base), Some(Timestamp::new(160, base))));
    assert_eq!((second.start, second.end, &*second.title), (Timestamp::new(800, base), None, ""));
}

/// As many chapters as there can be fill more than a page of Ogg.
#[test]
fn comments_of_many_pages_are_read_whole() {
    for (container, track) in [(Container::Ogg, opus()), (Container::Ogg, flac(16)), (Container::Flac, flac(16))] {
        let title = "x".repeat(100);
        let chapters = (0..999).map(|index| Chapter::new(at(index * 10), &*title));
        let info = said(container, track, chapters.fold(Metadata::new().tag("title", "all"), Metadata::chapter));
        assert_eq!((info.chapters.len(), info.tags.len()), (999, 1), "{container}");
        assert_eq!((info.chapters[998].start, &*info.tracks[0].language), (at(9_980), "de"));
    }
}

#[test]
fn avi_says_a_language_among_its_tags() {
    let info = said(Container::Avi, tracks(Container::Avi).remove(0), Metadata::new().tag("language", "de"));
    assert_eq!(info.tags, [("language".to_owned(), "de".to_owned())]);
    for seconds in [0, 951_782_400, 4_107_542_400, -11_644_473_600, 253_402_300_799] {
        let info = said(Container::Avi, tracks(Container::Avi).remove(0), Metadata::new().creation_time(seconds));
        assert_eq!(info.creation_time, Some(seconds));
    }
}

proptest! {
    /// Whatever the bytes of what is said are, the sound is described, or the damage named.
    #[test]
    fn damaged_words_are_no_panic(which in 0..4usize, changes in proptest::collection::vec((0..3_000usize, any::<u8>()), 1..6)) {
        let (container, track) = [
            (Container::Ogg, opus()),
            (Container::Flac, flac(16)),
            (Container::Wav, tracks(Container::Wav).remove(0)),
            (Container::Avi, tracks(Container::Avi).remove(0)),
        ][which].clone();
        let mut metadata = Metadata::new().tag("title", "words");
        if container.features().contains(&Feature::Chapters) {
            metadata = metadata.chapter(Chapter::new(at(0), "a").end(at(5))).chapter(Chapter::new(at(5), "b"));
        }
        if container.features().contains(&Feature::Cover) {
            metadata = metadata.cover(Cover::new(b"\x89PNG\r\n\x1a\n....".to_vec()).unwrap());
        }
        let file = SharedWriter::new(Cursor::new(Vec::new()));
        let options = MuxOptions::new().metadata(metadata);
        let writer = PacketWriter::with_options(container, vec![track], SeekSink::new(file.clone()).unwrap(), &options);
        drop(writer.unwrap().finish().unwrap());
        let mut bytes = file.into_inner().unwrap().into_inner();
        for (place, byte) in changes {
            let length = bytes.len();
            bytes[place % length] = byte;
        }
        if let Err(error) = inspect(Cursor::new(bytes)) {
            prop_assert!(matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::Limit), "{error}");
        }
    }
}
