//! Readers over arbitrary bytes: they answer or refuse, and give no more than the bytes can hold.

use std::io::Cursor;

use framewright::Container;
use framewright::input::{
    AudioReader, AudioSource, GifReader, Input, RawReader, RawSpec, VideoSource, Y4mReader, open_stream,
};
use framewright::testing::Session;

/// Reads all frames; how many there were, and their samples. After an error nothing is read.
fn frames(source: &mut dyn VideoSource, most: usize) -> (usize, u64) {
    let (mut count, mut samples) = (0, 0);
    while count < most {
        match source.next_frame() {
            Ok(Some(frame)) => {
                let view = frame.frame;
                assert!(view.width() > 0 && view.height() > 0);
                let planes = (0..view.format().planes()).filter_map(|plane| view.plane_data(plane));
                samples += planes.map(|(data, _)| data.len() as u64).sum::<u64>();
            }
            Ok(None) | Err(_) => break,
        }
        count += 1;
    }
    (count, samples)
}

/// Y4M: each frame takes its bytes, so there are no more samples than bytes.
pub fn y4m(data: &[u8]) {
    let Ok(mut source) = Y4mReader::new(data) else { return };
    let (count, samples) = frames(&mut source, usize::MAX);
    assert!(samples <= data.len() as u64, "{count} frames of {samples} samples out of {} bytes", data.len());
}

pub const Y4M_WORDS: &[&[u8]] = &[
    b"YUV4MPEG2 ",
    b" W",
    b" H",
    b" F25:1",
    b" Ip",
    b" A1:1",
    b" C420jpeg",
    b" Cmono",
    b" C444p10",
    b" C422",
    b" C420p16",
    b" XCOLORRANGE=FULL",
    b"FRAME\n",
    b"4294967295",
    b"16384",
    b"0",
    b":0",
];

pub fn y4m_seeds() -> Vec<Vec<u8>> {
    let mut seeds = files(Container::Y4m);
    seeds.push(b"YUV4MPEG2 W2 H2 F25:1 Cmono\nFRAME\n\x10\x10\x10\x10".to_vec());
    seeds
}

/// Sound: an end, and no more samples than a decoder can make of the bytes.
pub fn wav(data: &[u8]) {
    let Ok(mut source) = AudioReader::new(Cursor::new(data.to_vec()), Some("wav")) else { return };
    let mut samples = 0u64;
    let mut blocks = 0;
    while let Ok(Some(block)) = source.next_block() {
        let block = block.frames() as u64 * block.channels() as u64;
        samples += block;
        blocks += 1;
        assert!(blocks < 1 << 20, "no end");
    }
    // ADPCM takes four bits a sample; FLAC says a whole block of silence in a few bytes.
    let most = if data.starts_with(b"RIFF") { 2 * data.len() as u64 } else { (1 << 22) + 70_000 * data.len() as u64 };
    assert!(samples <= most, "{samples} samples out of {} bytes", data.len());
}

pub const WAV_WORDS: &[&[u8]] = &[
    b"RIFF",
    b"WAVE",
    b"fmt ",
    b"data",
    b"LIST",
    b"fact",
    b"RF64",
    b"ds64",
    b"fLaC",
    b"OggS",
    b"ID3",
    b"\xff\xff\xff\xff",
    b"\x01\x00",
    b"\x03\x00",
    b"\xfe\xff",
    b"\x00\x00\x00\x80",
];

pub fn wav_seeds() -> Vec<Vec<u8>> {
    [Container::Wav, Container::Flac, Container::Ogg].into_iter().flat_map(files).collect()
}

/// GIF: no more frames than bytes.
pub fn gif(data: &[u8]) {
    // A few bytes can claim 512 MiB, which is allowed, and takes a second to fill.
    let Ok(mut source) = GifReader::with_limit(data, 16 << 20) else { return };
    let (count, _) = frames(&mut source, data.len() + 1);
    assert!(count <= data.len(), "{count} frames out of {} bytes", data.len());
}

pub fn gif_seeds() -> Vec<Vec<u8>> {
    files(Container::Gif)
}

/// The description of raw frames, up to a line feed, and frames behind it. What is taken is the same when written and read
/// again, and frames take their bytes.
pub fn raw_args(data: &[u8]) {
    let end = data.iter().position(|&byte| byte == b'\n').unwrap_or(data.len());
    let Ok(text) = std::str::from_utf8(&data[..end]) else { return };
    let frames_behind = data.get(end + 1..).unwrap_or_default();
    let Ok(spec) = text.parse::<RawSpec>() else { return };
    let again = spec.to_string().parse::<RawSpec>();
    assert_eq!(again.as_ref().ok(), Some(&spec), "`{text}` came back as {again:?}");
    if let Ok(mut source) = RawReader::new(frames_behind, spec) {
        let (count, samples) = frames(&mut source, usize::MAX);
        assert!(samples <= frames_behind.len() as u64, "{count} frames of {samples} samples");
    }
    if let Ok(Input::Video(mut source)) = open_stream(Cursor::new(frames_behind.to_vec()), Some(spec)) {
        frames(&mut *source, 8);
    }
}

pub const RAW_WORDS: &[&[u8]] = &[
    b"640x480@30:rgb24",
    b"2x2",
    b"@",
    b":",
    b"x",
    b"29.97",
    b"30000/1001",
    b"yuv420p",
    b"p010le",
    b"gray16le",
    b"gbrp",
    b"4294967295",
    b"65535",
    b"\n",
    b"0",
    b"-1",
    b"1e9",
];

pub fn raw_seeds() -> Vec<Vec<u8>> {
    ["2x2@25:rgb24\n", "3x3:gray\n", "4x2@29.97:yuv420p\n", "1x1@30000/1001:p010le\n", "2x2:gbrp\n"]
        .iter()
        .map(|text| [text.as_bytes(), &[90; 40]].concat())
        .collect()
}

/// `inspect`: an answer or an error, the same each time, with no longer lists than it says that it keeps.
pub fn inspect(data: &[u8]) {
    let first = framewright::inspect::inspect(Cursor::new(data));
    let again = framewright::inspect::inspect(Cursor::new(data));
    match (first, again) {
        (Ok(first), Ok(again)) => {
            assert_eq!(first, again);
            assert_eq!(first.bytes, data.len() as u64);
            let attachments = first.attachments.len() + first.chapters.len() + first.tags.len();
            assert!(attachments <= 3000);
        }
        (Err(first), Err(again)) => assert_eq!(first.to_string(), again.to_string()),
        (first, again) => panic!("{first:?} and then {again:?}"),
    }
}

pub const BOX_WORDS: &[&[u8]] = &[
    b"ftyp",
    b"moov",
    b"trak",
    b"mdia",
    b"stbl",
    b"stts",
    b"stsz",
    b"stsc",
    b"co64",
    b"moof",
    b"traf",
    b"trun",
    b"tfhd",
    b"mdat",
    b"elst",
    b"\x1a\x45\xdf\xa3",
    b"\x18\x53\x80\x67",
    b"\x1f\x43\xb6\x75",
    b"\x16\x54\xae\x6b",
    b"\xa3",
    b"\xa0",
    b"RIFF",
    b"AVI ",
    b"WAVE",
    b"movi",
    b"idx1",
    b"OggS",
    b"OpusHead",
    b"fLaC",
    b"DKIF",
    b"GIF89a",
    b"\x89PNG\r\n\x1a\n",
    b"acTL",
    b"fcTL",
    b"IDAT",
    b"YUV4MPEG2 ",
    b"\xff\xff\xff\xff",
    b"\x00\x00\x00\x01",
    b"\x01\xff\xff\xff\xff\xff\xff\xff",
];

pub fn inspect_seeds() -> Vec<Vec<u8>> {
    Container::ALL.iter().flat_map(|&container| files(container)).collect()
}

/// Small files of a container.
fn files(container: Container) -> Vec<Vec<u8>> {
    (0..8).map(|seed| Session::of(container, seed).write().expect("a valid session")).collect()
}
