//! What files say for people, in files whose bytes are made here by hand.

use super::*;
use crate::media::{ContentLightLevel, CoverFormat, MasteringDisplay};

fn full(kind: &[u8; 4], version: u8, flags: u32, body: &[u8]) -> Vec<u8> {
    let head = (u32::from(version) << 24 | flags).to_be_bytes();
    mp4_box(kind, &[&head[..], body].concat())
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn data(kind: u32, bytes: &[u8]) -> Vec<u8> {
    mp4_box(b"data", &[&words(&[kind, 0])[..], bytes].concat())
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nxyz";

/// One `trak`; `tables` go into its `stbl`.
fn track(id: u32, flags: u32, matrix: [i32; 9], handler: &[u8; 4], extra: &[u8], tables: &[u8]) -> Vec<u8> {
    let mut tkhd = words(&[0, 0, id, 0, 0, 0, 0, 7, 0]); // alternate_group 7
    tkhd.extend(matrix.iter().flat_map(|value| value.to_be_bytes()));
    tkhd.extend(words(&[120 << 16, 80 << 16]));
    let mdhd = [&words(&[0, 0, 1000, 3000])[..], &[0x15, 0xc7, 0, 0]].concat(); // eng
    let hdlr = [&[0; 4][..], handler, &[0; 13]].concat();
    let mdia = [full(b"mdhd", 0, 0, &mdhd), full(b"hdlr", 0, 0, &hdlr), mp4_box(b"minf", &mp4_box(b"stbl", tables))];
    mp4_box(b"trak", &[&full(b"tkhd", 0, flags, &tkhd)[..], extra, &mp4_box(b"mdia", &mdia.concat())].concat())
}

const UPRIGHT: [i32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

/// A movie that says all there is; `quicktime`: in QuickTime's words.
pub(super) fn movie(quicktime: bool) -> Vec<u8> {
    let (brand, titles): (&[u8], _) =
        (if quicktime { b"qt  \0\0\0\0" } else { b"isom\0\0\0\0" }, b"\0\x03One\0\0\0\x02\xc3\xbc");
    let ftyp = mp4_box(b"ftyp", brand);
    let mdat = mp4_box(b"mdat", titles);
    let mdat_at = ftyp.len() as u32 + 8;

    let mut visual = vec![0; 78];
    visual[24..28].copy_from_slice(&[0, 96, 0, 80]);
    visual.extend(mp4_box(b"pasp", &words(&[5, 4])));
    let points = [13_250u16, 34_500, 7_500, 3_000, 34_000, 16_000, 15_635, 16_450];
    let mut mdcv: Vec<u8> = points.iter().flat_map(|value| value.to_be_bytes()).collect();
    mdcv.extend(words(&[10_000_000, 50]));
    visual.extend(mp4_box(b"mdcv", &mdcv));
    visual.extend(mp4_box(b"clli", &[0x03, 0xe8, 0x01, 0x90]));
    visual.extend(mp4_box(b"colr", b"nclc\0\x09\0\x10\0\x09"));
    let entry = |kind: &[u8; 4], body: &[u8]| full(b"stsd", 0, 0, &[&words(&[1])[..], &mp4_box(kind, body)].concat());
    let samples = |count: u32, size: u32| {
        [full(b"stts", 0, 0, &words(&[1, count, 1000])), full(b"stsz", 0, 0, &words(&[size, count]))].concat()
    };
    let quarter = [0, 0x1_0000, 0, -0x1_0000, 0, 0, 80 << 16, 0, 0x4000_0000];
    let name = mp4_box(b"udta", &mp4_box(b"name", "Bild ü".as_bytes()));
    let reference = mp4_box(b"tref", &mp4_box(b"chap", &words(&[3])));
    let video_tables = [entry(b"jpeg", &visual), samples(3, 10), full(b"ctts", 0, 0, &words(&[1, 3, 0]))].concat();
    let video = track(1, 3, quarter, b"vide", &[name, reference].concat(), &video_tables);

    let kind = full(b"kind", 0, 0, b"urn:mpeg:dash:role:2011\0forced-subtitle\0");
    let subtitles =
        track(2, 2, UPRIGHT, b"text", &mp4_box(b"udta", &kind), &[entry(b"wvtt", &[0; 8]), samples(3, 8)].concat());

    // Titles of 5, 2 and 4 bytes, two in the first chunk: the one between is a gap.
    let tables = [
        entry(b"text", &[0; 51]),
        full(b"stts", 0, 0, &words(&[2, 1, 500, 2, 1000])),
        full(b"stsc", 0, 0, &words(&[2, 1, 2, 1, 2, 1, 1])),
        full(b"stsz", 0, 0, &words(&[0, 3, 5, 2, 4])),
        match quicktime {
            true => full(b"co64", 0, 0, &words(&[2, 0, mdat_at, 0, mdat_at + 7])),
            false => full(b"stco", 0, 0, &words(&[2, mdat_at, mdat_at + 7])),
        },
    ];
    let chapters = track(3, 0, UPRIGHT, b"text", &[], &tables.concat());

    let created = 2_082_844_800 + 1_795_546_800u32;
    let mvhd = full(b"mvhd", 0, 0, &[&words(&[created, 0, 1000, 3000])[..], &[0; 80]].concat());
    let about = if quicktime {
        let key = |name: &str| mp4_box(b"mdta", name.as_bytes());
        let keys = [key("com.apple.quicktime.title"), key("com.apple.quicktime.creationdate"), key("mood"), key("art")];
        let keys = full(b"keys", 0, 0, &[words(&[4]), keys.concat()].concat());
        let item = |index: u32, data: Vec<u8>| mp4_box(&index.to_be_bytes(), &data);
        let items =
            [item(1, data(1, b"A film")), item(2, data(1, b"2026")), item(3, data(1, b"calm")), item(4, data(14, PNG))];
        let hdlr = full(b"hdlr", 0, 0, b"\0\0\0\0mdta\0\0\0\0\0\0\0\0\0\0\0\0\0");
        let text = mp4_box(b"\xa9ART", b"\0\x03\0\0Ada");
        [mp4_box(b"meta", &[hdlr, keys, mp4_box(b"ilst", &items.concat())].concat()), mp4_box(b"udta", &text)].concat()
    } else {
        let free = [full(b"mean", 0, 0, b"com.apple.iTunes"), full(b"name", 0, 0, b"mood"), data(1, b"calm")].concat();
        let items = [
            mp4_box(b"\xa9nam", &data(1, b"A film")),
            mp4_box(b"\xa9day", &data(1, b"2026")),
            mp4_box(b"trkn", &data(0, &[0, 0, 0, 3, 0, 12, 0, 0])),
            mp4_box(b"----", &free),
            mp4_box(b"\xa9ART", &data(1, b"A\x1bda")),
            mp4_box(b"covr", &data(14, PNG)),
        ];
        let hdlr = full(b"hdlr", 0, 0, b"\0\0\0\0mdirappl\0\0\0\0\0\0\0\0\0");
        let meta = full(b"meta", 0, 0, &[hdlr, mp4_box(b"ilst", &items.concat())].concat());
        let chpl = full(b"chpl", 1, 0, b"\0\0\0\0\x01\0\0\0\0\0\0\0\0\x05Other");
        mp4_box(b"udta", &[chpl, meta].concat())
    };
    [ftyp, mdat, mp4_box(b"moov", &[mvhd, video, subtitles, chapters, about].concat())].concat()
}

const DISPLAY: MasteringDisplay = MasteringDisplay::P3_D65;
const LIGHT: ContentLightLevel = ContentLightLevel { max_content: 1000, max_frame_average: 400 };

fn pairs(info: &FileInfo) -> Vec<(&str, &str)> {
    info.tags.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn video_of(info: &FileInfo) -> &VideoDetails {
    let Details::Video(video) = &info.tracks[0].details else { panic!("{info:?}") };
    video
}

/// Starts and ends in milliseconds, and titles.
fn chapters(info: &FileInfo) -> Vec<(i64, Option<i64>, &str)> {
    let ms = |at: Timestamp| at.base.rescale(at.ticks, TimeBase::MILLISECONDS).unwrap();
    info.chapters.iter().map(|chapter| (ms(chapter.start), chapter.end.map(ms), chapter.title.as_str())).collect()
}

#[test]
fn movies_say_it_in_both_ways() {
    for quicktime in [false, true] {
        let info = read(&movie(quicktime)).unwrap();
        assert_eq!(info.format, if quicktime { Format::Mov } else { Format::Mp4 });
        assert_eq!((info.layout, info.creation_time), (IndexPlacement::IndexLast, Some(1_795_546_800)));
        let cover = info.cover.unwrap();
        assert_eq!((cover.format, cover.bytes), (CoverFormat::Png, 11));
        assert_eq!(chapters(&info), [(0, Some(500), "One"), (1500, None, "ü")]);
        let expected: &[(&str, &str)] = match quicktime {
            true => &[("title", "A film"), ("date", "2026"), ("mood", "calm"), ("artist", "Ada")],
            false => {
                &[("title", "A film"), ("date", "2026"), ("track", "3/12"), ("mood", "calm"), ("artist", "A\u{fffd}da")]
            }
        };
        assert_eq!(pairs(&info), expected);

        // The track of titles is not a track of its own.
        let [picture, subtitles] = &info.tracks[..] else { panic!() };
        assert_eq!((picture.title.as_deref(), picture.default, picture.forced), (Some("Bild ü"), true, false));
        assert_eq!((picture.alternate_group, &*picture.codec, &*picture.language), (Some(7), "mjpeg", "en"));
        let video = video_of(&info);
        assert_eq!((video.width, video.height, video.coded_width), (120, 80, 96));
        assert_eq!(
            (video.orientation, video.sample_aspect_ratio),
            (Orientation::turned(1), AspectRatio::new(5, 4).unwrap())
        );
        assert_eq!((video.hdr.mastering, video.hdr.light, video.alpha), (Some(DISPLAY), Some(LIGHT), false));
        assert_eq!(video.color.unwrap().to_string(), Color::BT2100_PQ.to_string());
        assert_eq!((&*subtitles.codec, &subtitles.details), ("webvtt", &Details::Subtitle));
        assert_eq!((subtitles.default, subtitles.forced, subtitles.title.as_deref()), (false, true, None));
    }
    // Without the track, the list counts.
    let mut file = movie(false);
    let at = file.windows(4).position(|bytes| bytes == b"tref").unwrap();
    file[at..at + 4].copy_from_slice(b"free");
    let info = read(&file).unwrap();
    assert_eq!((chapters(&info), info.tracks.len()), (vec![(0, None, "Other")], 3));
}

#[test]
fn matrices_are_the_turns_that_they_are() {
    // Made from what turning and mirroring do to a point (p, q), with p to the right and q down.
    for quarters in 0..4u8 {
        for mirrored in [false, true] {
            let apply = |p: i32, q: i32| {
                let p = if mirrored { -p } else { p };
                (0..quarters).fold((p, q), |(p, q), _| (-q, p))
            };
            let ((a, b), (c, d)) = (apply(1, 0), apply(0, 1));
            let one = 0x1_0000;
            let matrix = [a * one, b * one, 0, c * one, d * one, 0, 9, 9, 0x4000_0000];
            let tables = full(b"stsd", 0, 0, &[&words(&[1])[..], &mp4_box(b"jpeg", &[0; 78])].concat());
            let moov = [full(b"mvhd", 0, 0, &[0; 96]), track(1, 3, matrix, b"vide", &[], &tables)].concat();
            let info = read(&[mp4_box(b"ftyp", b"isom\0\0\0\0"), mp4_box(b"moov", &moov)].concat()).unwrap();
            let turned = Orientation::turned(quarters);
            assert_eq!(video_of(&info).orientation, if mirrored { turned.mirror() } else { turned });
        }
    }
}

#[test]
fn damaged_words_do_not_hide_the_film() {
    let mut file = movie(false);
    let at = file.windows(4).position(|bytes| bytes == b"ilst").unwrap();
    file[at + 4..at + 8].copy_from_slice(&[0xff; 4]);
    let info = read(&file).unwrap();
    assert_eq!((info.tracks.len(), info.tags.len(), info.cover), (2, 0, None));
}

fn element(id: u32, body: &[u8]) -> Vec<u8> {
    let id = id.to_be_bytes();
    let id = &id[id.iter().position(|&byte| byte != 0).unwrap()..];
    // A size of two bytes.
    let size = (body.len() as u16 | 0x4000).to_be_bytes();
    [id, &size, body].concat()
}

fn float(id: u32, value: f32) -> Vec<u8> {
    element(id, &value.to_be_bytes())
}

/// A Matroska file that says all there is.
pub(super) fn matroska() -> Vec<u8> {
    let info = [
        element(0x2a_d7b1, &1_000_000u32.to_be_bytes()),
        element(0x7ba9, b"A film"),
        // 2001-01-01 and a second.
        element(0x4461, &1_000_000_000u64.to_be_bytes()),
    ];
    let mastering = [
        [0x55d1, 0x55d2, 0x55d3, 0x55d4, 0x55d5, 0x55d6, 0x55d7, 0x55d8]
            .into_iter()
            .zip([0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329])
            .map(|(id, value)| float(id, value))
            .collect::<Vec<_>>()
            .concat(),
        float(0x55d9, 1000.0),
        float(0x55da, 0.005),
    ];
    let colour = [element(0x55bc, &[3, 0xe8]), element(0x55bd, &[1, 0x90]), element(0x55d0, &mastering.concat())];
    let projection = [element(0x7671, &[0]), float(0x7673, 180.0), float(0x7675, -90.0)];
    let video = [
        element(0xb0, &[96]),
        element(0xba, &[80]),
        element(0x54b0, &[120]),
        element(0x54ba, &[80]),
        element(0x53c0, &[1]),
        element(0x55b0, &colour.concat()),
        element(0x7670, &projection.concat()),
    ];
    let picture = [
        element(0xd7, &[1]),
        element(0x83, &[1]),
        element(0x536e, "Bild ü".as_bytes()),
        element(0x86, b"V_MJPEG"),
        element(0xe0, &video.concat()),
    ];
    let text = |number: u8, codec: &str| {
        let flags = [element(0x88, &[0]), element(0x55aa, &[1])];
        [
            element(0xd7, &[number]),
            element(0x83, &[17]),
            element(0x86, codec.as_bytes()),
            flags.concat(),
            element(0x22_b59d, b"pt-BR"),
        ]
        .concat()
    };
    let tracks = [picture.concat(), text(2, "S_TEXT/WEBVTT"), text(3, "D_WEBVTT/SUBTITLES")];
    let tracks: Vec<u8> = tracks.iter().flat_map(|track| element(0xae, track)).collect();
    let simple = |name: &str, value: &str| {
        element(0x67c8, &[element(0x45a3, name.as_bytes()), element(0x4487, value.as_bytes())].concat())
    };
    let level = |level: u8| element(0x63c0, &element(0x68ca, &[level]));
    let tags = [
        element(
            0x7373,
            &[level(50), simple("ARTIST", "Ada"), simple("DATE_RELEASED", "2026"), simple("TOTAL_PARTS", "12")]
                .concat(),
        ),
        element(0x7373, &[simple("PART_NUMBER", "3"), level(30)].concat()),
        element(0x7373, &[element(0x63c0, &element(0x63c5, &[1])), simple("DURATION", "x")].concat()),
    ];
    let atom = |start: u32, end: Option<u32>, title: &str, hidden: u8| {
        let end = end.map_or(Vec::new(), |end| element(0x92, &end.to_be_bytes()));
        let display = element(0x80, &element(0x85, title.as_bytes()));
        element(0xb6, &[element(0x91, &start.to_be_bytes()), end, element(0x98, &[hidden]), display].concat())
    };
    let edition = [atom(0, Some(500_000_000), "One", 0), atom(7, None, "no", 1), atom(1_500_000_000, None, "ü", 0)];
    let file = |name: &str, media_type: &str, data: &[u8]| {
        element(
            0x61a7,
            &[element(0x466e, name.as_bytes()), element(0x4660, media_type.as_bytes()), element(0x465c, data)].concat(),
        )
    };
    let files = [file("cover.png", "image/png", PNG), file("a.ttf", "font/ttf", b"12345")];
    let segment = [
        element(0x1549_a966, &info.concat()),
        element(0x1654_ae6b, &tracks),
        element(0x1043_a770, &element(0x45b9, &edition.concat())),
        element(0x1941_a469, &files.concat()),
        element(0x1254_c367, &tags.concat()),
    ];
    [element(0x1a45_dfa3, &element(0x4282, b"matroska")), element(0x1853_8067, &segment.concat())].concat()
}

#[test]
fn matroska_says_it() {
    let info = read(&matroska()).unwrap();
    assert_eq!((info.format, info.creation_time), (Format::Matroska, Some(978_307_201)));
    assert_eq!(pairs(&info), [("title", "A film"), ("artist", "Ada"), ("date", "2026"), ("track", "3/12")]);
    assert_eq!(chapters(&info), [(0, Some(500), "One"), (1500, None, "ü")]);
    assert_eq!(info.cover.map(|cover| cover.bytes), Some(11));
    let [font] = &info.attachments[..] else { panic!("{info:?}") };
    assert_eq!((&*font.name, &*font.media_type, font.bytes), ("a.ttf", "font/ttf", 5));

    let [picture, one, other] = &info.tracks[..] else { panic!() };
    assert_eq!((picture.title.as_deref(), picture.default, picture.forced), (Some("Bild ü"), true, false));
    let video = video_of(&info);
    assert_eq!((video.width, video.sample_aspect_ratio), (120, AspectRatio::new(5, 4).unwrap()));
    assert_eq!((video.orientation, video.alpha), (Orientation::turned(1).mirror(), true));
    assert_eq!((video.hdr.mastering, video.hdr.light), (Some(DISPLAY), Some(LIGHT)));
    for text in [one, other] {
        assert_eq!((&*text.codec, &text.details, &*text.language), ("webvtt", &Details::Subtitle, "pt-BR"));
        assert_eq!((text.default, text.forced), (false, true));
    }
}
