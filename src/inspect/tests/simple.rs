//! Formats of one table or none, in files whose bytes are made here by hand.

use super::*;

fn chunk(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let padding = &[0][..body.len() % 2];
    [kind, &(body.len() as u32).to_le_bytes()[..], body, padding].concat()
}

fn list(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    chunk(b"LIST", &[kind, body].concat())
}

fn le(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// WAVEFORMATEX of 16-bit stereo at 8 kHz.
fn format() -> Vec<u8> {
    [&[1, 0, 2, 0][..], &le(&[8000, 32_000]), &[4, 0, 16, 0]].concat()
}

fn info() -> Vec<u8> {
    list(b"INFO", &[chunk(b"INAM", b"A film\0"), chunk(b"IART", b"Ada")].concat())
}

fn wav(long: bool) -> Vec<u8> {
    let samples = chunk(b"data", &[1; 400]);
    if !long {
        let body = [&b"WAVE"[..], &chunk(b"fmt ", &format()), &info(), &samples].concat();
        return chunk(b"RIFF", &body);
    }
    let sizes = [0u64.to_le_bytes(), 400u64.to_le_bytes(), 100u64.to_le_bytes()].concat();
    // WAVE_FORMAT_EXTENSIBLE.
    let mut extensible = format();
    extensible[0..2].copy_from_slice(&[0xfe, 0xff]);
    extensible.extend([22, 0, 16, 0, 3, 0, 0, 0, 1, 0]);
    extensible.extend([0; 14]);
    let mut data = samples;
    data[4..8].copy_from_slice(&[0xff; 4]);
    [b"RF64\xff\xff\xff\xffWAVE", &chunk(b"ds64", &sizes)[..], &chunk(b"fmt ", &extensible), &data].concat()
}

fn flac_file() -> Vec<u8> {
    let CodecConfig::Flac(config) = flac(16).config else { panic!() };
    let mut stream_info = config.stream_info;
    stream_info[13..18].copy_from_slice(&[0xf0, 0, 0, 0x27, 0x10]); // 10,000 samples of 16 bits
    let comments =
        [le(&[1]), b"v".to_vec(), le(&[2, 7]), b"TITLE=x".to_vec(), le(&[13]), b"tracknumber=3".to_vec()].concat();
    let picture =
        [&3u32.to_be_bytes()[..], &[0, 0, 0, 1, b'p', 0, 0, 0, 0], &[0; 16], &[0, 0, 0, 9], b"\x89PNG\r\n\x1a\n0"]
            .concat();
    let block = |kind: u8, body: &[u8]| [&[kind, 0, 0, body.len() as u8][..], body].concat();
    [b"fLaC", &block(0, &stream_info)[..], &block(4, &comments), &block(0x86, &picture), &[0xff; 50]].concat()
}

fn page(flags: u8, granule: u64, serial: u32, packets: &[&[u8]]) -> Vec<u8> {
    let mut page = [&[b'O', b'g', b'g', b'S', 0, flags][..], &granule.to_le_bytes(), &le(&[serial, 0, 0])].concat();
    page.push(packets.len() as u8);
    page.extend(packets.iter().map(|packet| packet.len() as u8));
    page.extend(packets.concat());
    page
}

fn ogg_file() -> Vec<u8> {
    let head = b"OpusHead\x01\x02\x38\x01\x44\xac\0\0\0\0\0";
    let tags = [&b"OpusTags"[..], &le(&[0, 1, 10]), b"ARTIST=Ada"].concat();
    [
        page(2, 0, 7, &[head]),
        page(0, 0, 7, &[&tags]),
        page(0, 1920, 7, &[&[0xfc, 1], &[0xfc, 2]]),
        page(4, 2312, 7, &[&[0xfc, 3]]),
    ]
    .concat()
}

fn avi_file() -> Vec<u8> {
    let header = |kind: &[u8; 4], scale: u32, rate: u32| {
        chunk(b"strh", &[&kind[..], &[0; 16], &le(&[scale, rate]), &[0; 28]].concat())
    };
    let bitmap = [&le(&[40, 96, (-80i32).cast_unsigned()])[..], &[1, 0, 24, 0], b"MJPG", &[0; 20]].concat();
    let shape = [&[0; 20][..], &[80, 0, 120, 0], &le(&[96, 80, 1])].concat();
    let picture =
        [header(b"vids", 1001, 30_000), chunk(b"strf", &bitmap), chunk(b"strn", b"Bild\0"), chunk(b"vprp", &shape)];
    let sound = [header(b"auds", 1, 8000), chunk(b"strf", &format())];
    let lists = [chunk(b"avih", &[0; 56]), list(b"strl", &picture.concat()), list(b"strl", &sound.concat())];
    let data = [chunk(b"00dc", &[1; 9]), list(b"rec ", &[chunk(b"01wb", &[0; 400]), chunk(b"00dc", &[1; 5])].concat())];
    let first = [
        &b"AVI "[..],
        &list(b"hdrl", &lists.concat()),
        &info(),
        &list(b"movi", &data.concat()),
        &chunk(b"idx1", &[0; 16]),
    ]
    .concat();
    let second = [&b"AVIX"[..], &list(b"movi", &chunk(b"00dc", &[1; 6]))].concat();
    [chunk(b"RIFF", &first), chunk(b"RIFF", &second)].concat()
}

fn ivf_file() -> Vec<u8> {
    let frame = |time: u64, data: &[u8]| [&le(&[data.len() as u32])[..], &time.to_le_bytes(), data].concat();
    let header = [&b"DKIF\0\0\x20\0AV01\x60\0\x50\0"[..], &le(&[30_000, 1001, 3, 0])].concat();
    [header, frame(5, &[0x12, 0, 0x0a, 1, 0]), frame(6, &[0x32, 0]), frame(7, &[0x0a, 0])].concat()
}

fn y4m_file() -> Vec<u8> {
    let frame = [&b"FRAME\n"[..], &[0; 2 * (6 + 2 * 4)]].concat();
    [&b"YUV4MPEG2 W3 H2 F25:1 A2:1 C422p10 XCOLORRANGE=FULL\n"[..], &frame, &frame].concat()
}

fn gif_file() -> Vec<u8> {
    let image = b"\x21\xf9\x04\x01\x0a\0\0\0\x2c\0\0\0\0\x02\0\x02\0\0\x02\x02\x44\x01\0";
    [&b"GIF89a\x02\0\x02\0\x80\0\0abcdef\x21\xfe\x02hi\0"[..], image, image, b"\x3b"].concat()
}

fn png_chunk(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32).to_be_bytes()[..], kind, body, &[0; 4]].concat()
}

fn apng_file() -> Vec<u8> {
    let delay = |num: u8, den: u8| png_chunk(b"fcTL", &[&[0; 20][..], &[0, num, 0, den, 0, 0]].concat());
    let chunks = [
        png_chunk(b"IHDR", &[0, 0, 0, 2, 0, 0, 0, 3, 8, 6, 0, 0, 0]),
        png_chunk(b"acTL", &[0; 8]),
        delay(1, 4),
        png_chunk(b"IDAT", &[1; 9]),
        delay(50, 0),
        png_chunk(b"fdAT", &[1; 8]),
        png_chunk(b"IEND", &[]),
    ];
    [&b"\x89PNG\r\n\x1a\n"[..], &chunks.concat()].concat()
}

fn avif_file(extra: &[u8]) -> Vec<u8> {
    let alpha = [&[0; 4][..], b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0"].concat();
    let properties = [
        mp4_box(b"ispe", &[0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 5]),
        mp4_box(b"av1C", &[0x81, 0, 0x0c, 0]),
        mp4_box(b"auxC", &alpha),
        extra.to_vec(),
    ];
    let meta = [&[0; 4][..], &mp4_box(b"iprp", &mp4_box(b"ipco", &properties.concat()))].concat();
    [mp4_box(b"ftyp", b"avif\0\0\0\0"), mp4_box(b"meta", &meta), mp4_box(b"mdat", &[1; 20])].concat()
}

pub(super) fn files() -> Vec<Vec<u8>> {
    let files = [wav(true), flac_file(), ogg_file(), avi_file(), ivf_file(), gif_file(), apng_file(), avif_file(&[])];
    files.into_iter().collect()
}

fn one(file: &[u8], format: Format) -> (FileInfo, TrackInfo) {
    let info = read(file).unwrap_or_else(|error| panic!("{format}: {error}"));
    assert_eq!((info.format, info.truncated, info.bytes), (format, false, file.len() as u64));
    let track = info.tracks[0].clone();
    (info, track)
}

fn tags(info: &FileInfo) -> Vec<(&str, &str)> {
    info.tags.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[test]
fn sound_files() {
    for long in [false, true] {
        let (info, track) = one(&wav(long), Format::Wav);
        let details = AudioDetails { sample_rate: 8000, channels: 2, sample_format: Some(SampleFormat::S16) };
        assert_eq!(
            (&*track.codec, track.duration, track.bytes, track.details),
            ("pcm", 100, 400, Details::Audio(details))
        );
        assert_eq!(tags(&info).len(), if long { 0 } else { 2 });
        assert!(read(&wav(long)[..wav(long).len() - 1]).unwrap().truncated);
    }
    // A stream of unknown length.
    let mut stream = wav(false);
    let at = stream.windows(4).position(|bytes| bytes == b"data").unwrap();
    stream[at + 4..at + 8].copy_from_slice(&[0xff; 4]);
    assert_eq!(one(&stream, Format::Wav).1.duration, 100);

    let (info, track) = one(&flac_file(), Format::Flac);
    assert_eq!((&*track.codec, track.duration, track.packets, track.bytes), ("flac", 10_000, 3, 50));
    assert_eq!((tags(&info), info.cover.unwrap().bytes), (vec![("title", "x"), ("track", "3")], 9));

    let (info, track) = one(&ogg_file(), Format::Ogg);
    assert_eq!((&*track.codec, track.duration, track.priming), ("opus", 2000, 312));
    assert_eq!((track.packets, track.bytes, tags(&info)), (3, 6, vec![("artist", "Ada")]));
}

#[test]
fn avi_with_two_riffs() {
    let (info, picture) = one(&avi_file(), Format::Avi);
    assert_eq!((info.layout, tags(&info)), (IndexPlacement::IndexLast, vec![("title", "A film"), ("artist", "Ada")]));
    assert_eq!((&*picture.codec, picture.packets, picture.key_packets, picture.bytes), ("mjpeg", 3, 3, 20));
    assert_eq!((picture.time_base, picture.duration), (TimeBase::new(1001, 30_000).unwrap(), 3));
    let Details::Video(video) = &picture.details else { panic!() };
    assert_eq!((video.coded_width, video.coded_height, picture.title.as_deref()), (96, 80, Some("Bild")));
    // 120:80 as a whole, of 96x80 pixels.
    assert_eq!(video.sample_aspect_ratio, AspectRatio::new(5, 4).unwrap());
    let sound = &info.tracks[1];
    assert_eq!((&*sound.codec, sound.duration, sound.packets), ("pcm", 100, 1));
}

#[test]
fn frame_after_frame() {
    let (_, track) = one(&ivf_file(), Format::Ivf);
    assert_eq!((&*track.codec, track.start, track.duration), ("av1", 5, 3));
    assert_eq!((track.packets, track.key_packets, track.bytes), (3, 2, 9));
    assert_eq!(track.time_base, TimeBase::new(1001, 30_000).unwrap());

    let (_, track) = one(&y4m_file(), Format::Y4m);
    let Details::Video(video) = &track.details else { panic!() };
    assert_eq!((track.packets, track.bytes, video.width, video.coded_width), (2, 56, 6, 3));
    assert_eq!((video.bit_depth, video.chroma), (Some(10), Some(ChromaSubsampling::Yuv422)));
    assert!(read(&y4m_file()[..80]).unwrap().truncated);

    let huge = format!("YUV4MPEG2 W{0} H{0} A{0}:{1} C444p16\nFRAME\n", u32::MAX, u32::MAX - 1);
    assert!(read(huge.as_bytes()).unwrap().truncated);

    let (info, track) = one(&gif_file(), Format::Gif);
    assert_eq!((track.packets, track.duration, tags(&info)), (2, 20, vec![("comment", "hi")]));
    let (_, track) = one(&apng_file(), Format::Apng);
    assert_eq!((track.packets, track.duration, track.bytes), (2, 750_000_000, 17));
    let still = [
        png_chunk(b"IHDR", &[0, 0, 0, 2, 0, 0, 0, 3, 8, 6, 0, 0, 0]),
        png_chunk(b"IDAT", &[1; 9]),
        png_chunk(b"IEND", &[]),
    ];
    let (_, track) = one(&[&b"\x89PNG\r\n\x1a\n"[..], &still.concat()].concat(), Format::Apng);
    assert_eq!((track.packets, track.key_packets, track.duration, track.bytes), (1, 1, 0, 9));
    let empty = [&b"\x89PNG\r\n\x1a\n"[..], &png_chunk(b"IEND", &[])].concat();
    assert_eq!(one(&empty, Format::Apng).1.packets, 0);
}

#[test]
fn avif_pictures() {
    // Turned by 90 degrees against the clock, and then left and right changed.
    for (extra, orientation) in [
        (vec![], Orientation::default()),
        (mp4_box(b"irot", &[1]), Orientation::turned(3)),
        (mp4_box(b"imir", &[1]), Orientation::default().mirror()),
        ([mp4_box(b"irot", &[1]), mp4_box(b"imir", &[1])].concat(), Orientation::turned(1).mirror()),
        (mp4_box(b"imir", &[0]), Orientation::turned(2).mirror()),
    ] {
        let (info, track) = one(&avif_file(&extra), Format::Avif);
        let Details::Video(video) = &track.details else { panic!() };
        assert_eq!((video.width, video.height, video.alpha, video.orientation), (9, 5, true, orientation));
        assert_eq!((track.codec_string.as_deref(), track.bytes), (Some("av01.0.00M.08"), 20));
        assert_eq!(info.layout, IndexPlacement::IndexFirst);
    }
}

#[test]
fn what_is_not_read_is_named() {
    for (file, what) in [
        ("#EXTM3U\n#EXT-X-VERSION:7\n", "HLS"),
        ("<?xml version=\"1.0\"?>\n<MPD>", "DASH"),
        ("WEBVTT\n", "WebVTT"),
        ("hello", "none of MP4, MOV"),
    ] {
        let error = read(file.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains(what), "{error}");
    }
}
