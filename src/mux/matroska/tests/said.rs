//! What tracks and files say of themselves comes back as it was given.

use super::*;
use crate::media::{
    AspectRatio, Attachment, Chapter, ContentLightLevel, Cover, MasteringDisplay, Orientation, Timestamp,
};

fn with(metadata: Metadata, layout: Layout) -> MuxSettings {
    MuxSettings { metadata: Arc::new(metadata), ..MuxSettings::of(layout) }
}

/// Both file and live.
fn both(container: Container, scene: &Scene) -> [File; 2] {
    [file(container, scene), live(container, scene)].map(|bytes| verify(&bytes).unwrap())
}

#[test]
fn labels_54() {
    let mut scene = Scene::new().opus(312, 2, 0).opus(312, 2, 0).webvtt(&[(0, 9, "x")]).webvtt(&[(0, 9, "x")]);
    let labels = |language: &str| crate::media::TrackLabels::new().language(language);
    scene.tracks[0].labels = labels("de");
    scene.tracks[1].labels = labels("pt-BR").title("Comentário").default_track(true);
    scene.tracks[2].labels = labels("und").forced(true).default_track(false);
    scene.tracks[3].labels = labels("fra").alternate_group(0);
    scene.tracks[3].labels.alternate_group = None;
    for read in both(Container::WebM, &scene) {
        let said: Vec<_> = read.tracks.iter().map(|t| (t.language.as_str(), t.bcp47.as_deref())).collect();
        assert_eq!(said, [("ger", None), ("por", Some("pt-BR")), ("und", None), ("fre", None)]);
        let flags: Vec<_> = read.tracks.iter().map(|t| (t.flag_default, t.flag_forced)).collect();
        assert_eq!(flags, [(false, false), (true, false), (false, true), (false, false)]);
        assert_eq!(read.tracks[1].name.as_deref(), Some("Comentário"));
    }
    // Of tracks that say nothing the first of each kind is the one.
    let scene = Scene::new().av1(25, 1, 1).opus(0, 1, 0).opus(0, 1, 0).webvtt(&[(0, 9, "x")]);
    let read = verify(&file(Container::WebM, &scene)).unwrap();
    assert_eq!(read.tracks.iter().map(|t| t.flag_default).collect::<Vec<_>>(), [true, true, false, true]);
}

#[test]
fn labels_that_matroska_cannot_say_are_refused() {
    let scene = Scene::new().av1(25, 1, 1).opus(0, 1, 0).opus(0, 1, 0);
    let refused = |change: fn(&mut Vec<crate::media::Track>)| {
        let mut scene = scene.clone();
        change(&mut scene.tracks);
        mux(Container::Matroska, MuxSettings::of(Layout::Plain), &scene).err().map(|error| error.to_string())
    };
    let groups = "alternate_group";
    assert!(refused(|tracks| tracks[1].labels.alternate_group = Some(0)).unwrap().contains(groups));
    assert!(refused(|tracks| tracks[1].labels.alternate_group = Some(7)).unwrap().contains(groups));
    let together = refused(|tracks| tracks.iter_mut().for_each(|track| track.labels.alternate_group = Some(7)));
    assert!(together.unwrap().contains(groups));
    let as_it_is = refused(|tracks| tracks[1..].iter_mut().for_each(|track| track.labels.alternate_group = Some(7)));
    assert_eq!(as_it_is, None);
    assert_eq!(refused(|tracks| tracks[0].labels.alternate_group = Some(0)), None);
}

#[test]
fn shapes_of_pixels_hdr_and_colour_55() {
    let mut scene = Scene::new().av1(25, 1, 3);
    let TrackKind::Video(video) = &mut scene.tracks[0].kind else { panic!() };
    video.width = 60;
    video.sample_aspect_ratio = AspectRatio::new(4, 3).unwrap();
    video.hdr.mastering = Some(MasteringDisplay::P3_D65);
    video.hdr.light = Some(ContentLightLevel { max_content: 1000, max_frame_average: 0 });
    for read in both(Container::WebM, &scene) {
        let track = &read.tracks[0];
        let settings = &track.settings;
        assert_eq!((settings["DisplayWidth"], settings["DisplayHeight"], settings["PixelCropRight"]), (80, 48, 4));
        assert_eq!((settings["MaxCLL"], settings.get("MaxFALL")), (1000, None));
        let expected = [0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329, 1000.0, 0.005];
        let close = |(read, expected): (&f64, &f64)| (read - expected).abs() < 1e-9;
        assert!(track.mastering.as_ref().unwrap().iter().zip(&expected).all(close), "{:?}", track.mastering);
    }
}

#[test]
fn turned_and_mirrored_pictures_56() {
    for (orientation, expected) in [
        (Orientation::default(), None),
        (Orientation::turned(1), Some((0.0, -90.0))),
        (Orientation::turned(2), Some((0.0, 180.0))),
        (Orientation::turned(3), Some((0.0, 90.0))),
        (Orientation::default().mirror(), Some((180.0, 0.0))),
        (Orientation::turned(1).mirror(), Some((180.0, -90.0))),
    ] {
        let mut scene = Scene::new().av1(25, 1, 3);
        let TrackKind::Video(video) = &mut scene.tracks[0].kind else { panic!() };
        video.orientation = orientation;
        for read in both(Container::WebM, &scene) {
            assert_eq!(read.tracks[0].pose, expected, "{orientation}");
        }
    }
}

#[test]
fn alpha_is_beside_the_pictures_57() {
    let scene = Scene::new().av1_keys(25, 130, 25).with_alpha().opus(312, 200, 0);
    for read in both(Container::WebM, &scene).into_iter().chain(both(Container::Matroska, &scene)) {
        check_packets(&read, &scene);
        assert_eq!((read.tracks[0].settings["AlphaMode"], read.tracks[0].max_addition), (1, 1));
        let added: Vec<_> = read.blocks.iter().filter(|block| block.track == 1).map(|b| b.addition.clone()).collect();
        assert!(added.iter().zip(&scene.packets[0]).all(|(read, packet)| *read == packet.alpha));
        assert!(read.live || read.cues.len() == 6);
    }
    let mut scene = Scene::new().mjpeg(10, 1);
    let TrackKind::Video(video) = &mut scene.tracks[0].kind else { panic!() };
    video.alpha = Some(CodecConfig::Mjpeg);
    let refused = mux(Container::Matroska, MuxSettings::of(Layout::Plain), &scene).unwrap_err();
    assert!(refused.to_string().contains("alpha of mjpeg"), "{refused}");
}

#[test]
fn raw_pictures_of_every_format() {
    for &format in Container::Matroska.raw_formats() {
        let scene = Scene::new().raw(format, 3).pcm(8_000, 1, 15);
        for read in both(Container::Matroska, &scene) {
            check_packets(&read, &scene);
            assert_eq!(read.tracks[0].fourcc.as_ref().map(Vec::len), Some(4), "{format}");
        }
    }
}

fn everything() -> Metadata {
    Metadata::new()
        .tag("title", "Der Weg")
        .tag("Artist", "Ada")
        .tag("album_artist", "Ada & Co")
        .tag("date", "2026-11-24")
        .tag("track", "3/12")
        .tag("my name", "x")
        .tag("comment", "")
        .creation_time(0)
        .chapter(Chapter::new(Timestamp::from_millis(0), "Start"))
        .chapter(Chapter::new(Timestamp::new(1, TimeBase::per_second(3)), "Drittel").end(Timestamp::from_millis(400)))
        .chapter(Chapter::new(Timestamp::from_millis(600), ""))
}

#[test]
fn tags_chapters_title_and_date_59() {
    for layout in [Layout::Plain, Layout::FastStart, Layout::Live] {
        for container in [Container::WebM, Container::Matroska] {
            let scene = Scene::new().av1(25, 1, 25);
            let read = verify(&mux(container, with(everything(), layout), &scene).unwrap()).unwrap();
            assert_eq!(read.title.as_deref(), Some("Der Weg"));
            assert_eq!(read.date_utc, Some(-978_307_200_000_000_000));
            let last = (layout != Layout::Live).then_some(1_000_000_000);
            let chapters: Vec<_> =
                read.chapters.iter().map(|c| (c.start_ns, c.end_ns, c.title.as_deref().unwrap_or(""))).collect();
            let third = 333_333_333;
            let expected = [(0, Some(third), "Start"), (third, Some(400_000_000), "Drittel"), (600_000_000, last, "")];
            assert_eq!(chapters, expected);
            let tags: Vec<_> = read.tags.iter().map(|(level, n, v)| format!("{level} {n}={v}")).collect();
            let expected = [
                "50 ARTIST=Ada",
                "50 ALBUM_ARTIST=Ada & Co",
                "50 DATE_RELEASED=2026-11-24",
                "50 DATE=2026-11-24",
                "50 TOTAL_PARTS=12",
                "50 MY NAME=x",
                "50 COMMENT=",
                "30 PART_NUMBER=3",
            ];
            assert_eq!(tags, expected);
        }
    }
    // A chapter after the end has none, and nothing is said that was not given.
    let late = Metadata::new().chapter(Chapter::new(Timestamp::from_millis(9_000), "late"));
    let scene = Scene::new().av1(25, 1, 25);
    let read = verify(&mux(Container::WebM, with(late, Layout::Plain), &scene).unwrap()).unwrap();
    assert_eq!((read.chapters[0].end_ns, read.title, read.date_utc, read.tags.len()), (None, None, None, 0));
}

#[test]
fn covers_and_attachments_59() {
    let cover = Cover::new([&b"\x89PNG\r\n\x1a\n"[..], &[7; 300]].concat()).unwrap();
    let metadata = Metadata::new()
        .attachment(Attachment::new("a.ttf", "font/ttf", vec![5; 20_000]))
        .attachment(Attachment::new("a.ttf", "font/ttf", vec![5; 20_000]))
        .cover(cover.clone());
    for layout in [Layout::Plain, Layout::FastStart, Layout::Live] {
        let bytes = mux(Container::Matroska, with(metadata.clone(), layout), &Scene::new().av1(25, 1, 5)).unwrap();
        let read = verify(&bytes).unwrap();
        let names: Vec<_> = read.attachments.iter().map(|(name, kind, _)| (name.as_str(), kind.as_str())).collect();
        assert_eq!(names, [("cover.png", "image/png"), ("a.ttf", "font/ttf"), ("a.ttf", "font/ttf")]);
        assert!(read.attachments[0].2 == cover.data && read.attachments[2].2 == vec![5; 20_000]);
    }
    for (name, media_type) in [("a\0", "font/ttf"), ("a", "é/é"), ("a", "font/\n")] {
        let metadata = Metadata::new().attachment(Attachment::new(name, media_type, vec![1]));
        let refused = mux(Container::Matroska, with(metadata, Layout::Plain), &Scene::new().av1(25, 1, 1));
        assert!(refused.unwrap_err().to_string().contains("attachments"));
    }
    assert!(Container::WebM.check_metadata(&metadata).unwrap_err().to_string().contains("cover"));
}
