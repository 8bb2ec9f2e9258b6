//! Opens an input by its name and content.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;

use super::audio::{self, AudioReader};
use super::gif::GifReader;
use super::images::ImageSequence;
use super::pattern;
use super::raw::{RawReader, RawSpec};
use super::samples::MAX_FRAME_BYTES;
use super::source::{AudioSource, VideoSource};
use super::y4m::{self, Y4mReader};
use crate::error::{Error, Result};

/// What is taken, for messages.
const TAKEN: &str = "taken are Y4M, GIF, images (PNG, JPEG, WebP, BMP; one, `frames/*.png` or `frames/%04d.png`), \
                     raw frames with their size, rate and format, and sound (WAV, FLAC, MP3, Ogg Vorbis, AAC)";

/// Extensions of files with coded video, which nothing here decodes.
const CODED_VIDEO: &[&str] = &[
    "mp4", "m4v", "mov", "mkv", "webm", "avi", "ts", "m2ts", "mpg", "mpeg", "ivf", "obu", "264", "h264", "265", "hevc",
];

/// An input that has been opened.
#[non_exhaustive]
pub enum Input {
    /// It has frames.
    Video(Box<dyn VideoSource + Send>),
    /// It has sound.
    Audio(Box<dyn AudioSource + Send>),
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Input::Video(source) => f.debug_tuple("Video").field(source.info()).finish(),
            Input::Audio(source) => f.debug_tuple("Audio").field(source.info()).finish(),
        }
    }
}

/// Opens `name`: a file, a pattern of images (see [`ImageSequence::open`]), or `-` for standard input.
///
/// Content decides what it is, and the extension where content is silent. `raw` says what raw frames look like: it is
/// meant for standard input and for files whose extension is none of the others'. Standard input can be Y4M, GIF, raw
/// frames, or sound.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io) where it cannot be read, [`Unsupported`](crate::ErrorKind::Unsupported) where it is
/// nothing that is known, and those of the reader that it belongs to.
///
/// ```
/// use framewright::input::{Input, open};
///
/// let dir = tempfile::tempdir().unwrap();
/// let path = dir.path().join("clip.y4m");
/// std::fs::write(&path, b"YUV4MPEG2 W2 H2 F25:1 Cmono\nFRAME\n\x10\x10\x10\x10").unwrap();
/// match open(path.to_str().unwrap(), None)? {
///     Input::Video(mut video) => assert!(video.next_frame()?.is_some()),
///     _ => unreachable!(),
/// }
/// # Ok::<(), framewright::Error>(())
/// ```
pub fn open(name: &str, raw: Option<RawSpec>) -> Result<Input> {
    open_with_limit(name, raw, MAX_FRAME_BYTES)
}

/// As [`open`], with another limit on the bytes of a frame than [`MAX_FRAME_BYTES`].
///
/// # Errors
/// As [`open`]; [`Limit`](crate::ErrorKind::Limit) where frames are larger.
pub fn open_with_limit(name: &str, raw: Option<RawSpec>, max_frame_bytes: u64) -> Result<Input> {
    if name == "-" {
        // `Stdin` locks itself at every read, where `StdinLock` could not go to another thread.
        return open_stream_with_limit(io::stdin(), raw, max_frame_bytes);
    }
    let path = Path::new(name);
    if !path.exists() && pattern::is_pattern(name) {
        return Ok(Input::Video(Box::new(ImageSequence::open_with_limit(name, max_frame_bytes)?)));
    }
    let failed = |error| Error::io(format_args!("reading `{name}`"), error);
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or("").to_ascii_lowercase();
    let mut file = File::open(path).map_err(failed)?;
    if let Some(spec) = raw.filter(|_| !is_known(&extension)) {
        let len = file.metadata().map_err(failed)?.len();
        let reader = RawReader::with_limit(file, spec, max_frame_bytes).map_err(|error| error.context(name))?;
        // A pipe has a name and no length.
        return Ok(Input::Video(Box::new(if len > 0 { reader.with_len(len) } else { reader })));
    }
    if CODED_VIDEO.contains(&&*extension) {
        return Err(Error::unsupported(format!(
            "`{name}` holds coded video, which is not decoded here: decode it to Y4M first and pipe that in, as with \
             `ffmpeg -i {name} -f yuv4mpegpipe -`"
        )));
    }
    let head = head(&mut file).map_err(failed)?;
    match Kind::of(&head, &extension) {
        // The head goes in front again, so that a pipe with a name can be read too.
        Some(Kind::Y4m) => Ok(Input::Video(Box::new(
            Y4mReader::with_limit(Cursor::new(head).chain(file), max_frame_bytes)
                .map_err(|error| error.context(name))?,
        ))),
        Some(Kind::Gif) => Ok(Input::Video(Box::new(
            GifReader::with_limit(Cursor::new(head).chain(file), max_frame_bytes)
                .map_err(|error| error.context(name))?,
        ))),
        Some(Kind::Image) => {
            Ok(Input::Video(Box::new(ImageSequence::with_limit(vec![path.to_owned()], max_frame_bytes)?)))
        }
        Some(Kind::Sound) => Ok(Input::Audio(Box::new(AudioReader::open(path)?))),
        None => Err(unknown(&format!("`{name}`"), &extension)),
    }
}

/// Opens what comes from `reader`, as from a pipe: Y4M, GIF, raw frames as `raw` says, or sound.
///
/// # Errors
/// As [`open`].
pub fn open_stream(reader: impl Read + Send + Sync + 'static, raw: Option<RawSpec>) -> Result<Input> {
    open_stream_with_limit(reader, raw, MAX_FRAME_BYTES)
}

/// As [`open_stream`], with another limit on the bytes of a frame than [`MAX_FRAME_BYTES`].
///
/// # Errors
/// As [`open`]; [`Limit`](crate::ErrorKind::Limit) where frames are larger.
pub fn open_stream_with_limit(
    mut reader: impl Read + Send + Sync + 'static,
    raw: Option<RawSpec>,
    max_frame_bytes: u64,
) -> Result<Input> {
    if let Some(spec) = raw {
        return Ok(Input::Video(Box::new(RawReader::with_limit(reader, spec, max_frame_bytes)?)));
    }
    let head = head(&mut reader).map_err(|error| Error::io("reading the input", error))?;
    let kind = Kind::of(&head, "");
    let whole = Cursor::new(head).chain(reader);
    match kind {
        Some(Kind::Y4m) => Ok(Input::Video(Box::new(Y4mReader::with_limit(whole, max_frame_bytes)?))),
        Some(Kind::Gif) => Ok(Input::Video(Box::new(GifReader::with_limit(whole, max_frame_bytes)?))),
        Some(Kind::Sound) => Ok(Input::Audio(Box::new(AudioReader::new(whole, None)?))),
        Some(Kind::Image) => {
            Err(Error::unsupported("the input stream is one image: images are read from files, not from a stream"))
        }
        None => Err(unknown("the input stream", "")),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Y4m,
    Gif,
    Image,
    Sound,
}

impl Kind {
    /// By the first bytes of the content, else by the extension.
    fn of(head: &[u8], extension: &str) -> Option<Kind> {
        let after = |at: usize| head.get(at..).unwrap_or(&[]);
        if head.starts_with(y4m::MAGIC) {
            return Some(Kind::Y4m);
        }
        if head.starts_with(b"GIF8") {
            return Some(Kind::Gif);
        }
        // After the size of the first chunk or box: which RIFF, which MP4.
        let sound = match head.get(..4) {
            Some(b"RIFF" | b"RIFX" | b"RF64") => after(8).starts_with(b"WAVE"),
            Some(b"fLaC" | b"OggS") => true,
            _ => head.starts_with(b"ID3") || after(4).starts_with(b"ftypM4"),
        };
        if sound {
            return Some(Kind::Sound);
        }
        if image::guess_format(head).is_ok_and(|format| format.reading_enabled()) {
            return Some(Kind::Image);
        }
        Kind::of_extension(extension).or_else(|| is_mpeg_audio(head).then_some(Kind::Sound))
    }

    fn of_extension(extension: &str) -> Option<Kind> {
        match extension {
            "y4m" => Some(Kind::Y4m),
            "gif" => Some(Kind::Gif),
            _ if audio::EXTENSIONS.contains(&extension) => Some(Kind::Sound),
            _ if image::ImageFormat::from_extension(extension).is_some_and(|format| format.reading_enabled()) => {
                Some(Kind::Image)
            }
            _ => None,
        }
    }
}

/// The sync word of MP3 and ADTS frames, whose layer bits tell them apart. It is short, so extensions go first.
fn is_mpeg_audio(head: &[u8]) -> bool {
    matches!(head, [0xff, second, ..] if second & 0xe0 == 0xe0 && second & 0x18 != 0x08)
}

fn is_known(extension: &str) -> bool {
    Kind::of_extension(extension).is_some() || CODED_VIDEO.contains(&extension)
}

/// As many of the first bytes as telling the kinds apart takes.
fn head(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(64);
    reader.take(64).read_to_end(&mut head)?;
    Ok(head)
}

fn unknown(name: &str, extension: &str) -> Error {
    let hint = match extension {
        "raw" | "rgb" | "yuv" | "bin" => ": say what its frames are, as in 640x480@30:rgb24",
        _ => "",
    };
    Error::unsupported(format!("{name} is nothing that can be read{hint}; {TAKEN}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::ErrorKind;
    use crate::media::FrameFormat;

    const Y4M: &[u8] = b"YUV4MPEG2 W2 H2 F25:1 Cmono\nFRAME\n\x10\x10\x10\x10";
    const GIF: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\xff\xff\xff\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0;";

    fn wav() -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let (sample_format, sample_rate) = (hound::SampleFormat::Int, 8000);
        let spec = hound::WavSpec { channels: 1, sample_rate, bits_per_sample: 16, sample_format };
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        (0..100).for_each(|sample| writer.write_sample(sample).unwrap());
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    fn format(input: Result<Input>) -> Option<FrameFormat> {
        match input.unwrap() {
            Input::Video(mut source) => {
                assert!(source.next_frame().unwrap().is_some());
                Some(source.info().format)
            }
            Input::Audio(mut source) => {
                assert!(source.next_block().unwrap().is_some());
                None
            }
        }
    }

    #[test]
    fn content_goes_before_the_extension() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
        let raw = Some("2x2@25:rgb24".parse().unwrap());
        let mut png = Cursor::new(Vec::new());
        image::RgbaImage::new(2, 2).write_to(&mut png, image::ImageFormat::Png).unwrap();
        for (name, bytes, expected) in [
            ("clip.y4m", Y4M.to_vec(), Some("luma")),
            ("clip", Y4M.to_vec(), Some("luma")),
            ("clip.gif", GIF.to_vec(), Some("rgba")),
            ("wrong.png", GIF.to_vec(), Some("rgba")),
            ("still.jpg", png.get_ref().clone(), Some("rgba")),
            ("still%20one*.png", png.get_ref().clone(), Some("rgba")),
            ("sound.wav", wav(), None),
            ("sound", wav(), None),
        ] {
            std::fs::write(path(name), bytes).unwrap();
            let found = format(open(&path(name), None)).map(|format| format.to_string());
            assert_eq!(found.as_deref(), expected, "{name}");
        }
        assert_eq!(format(open(&path("cl*.gif"), None)), Some(FrameFormat::Rgba));
        // A raw description is for the file that is nothing else.
        assert_eq!(format(open(&path("sound.wav"), raw)), None);
        std::fs::write(path("frames.rgb"), [0; 24]).unwrap();
        let Input::Video(source) = open(&path("frames.rgb"), raw).unwrap() else { panic!() };
        assert_eq!(source.info().frames, Some(2));
        let error = open(&path("frames.rgb"), None).unwrap_err().to_string();
        assert!(error.contains("640x480@30:rgb24") && error.contains("Y4M"), "{error}");
    }

    #[test]
    fn streams_are_recognised_by_content() {
        assert_eq!(format(open_stream(Y4M, None)), Some(FrameFormat::Yuv(crate::media::ChromaSubsampling::Monochrome)));
        assert_eq!(format(open_stream(GIF, None)), Some(FrameFormat::Rgba));
        assert_eq!(format(open_stream(Cursor::new(wav()), None)), None);
        assert_eq!(format(open_stream(Y4M, Some("2x2:gray".parse().unwrap()))), Some(FrameFormat::Gray));
        assert!(open_stream(&b""[..], None).is_err());
    }

    #[test]
    fn what_is_not_taken_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("movie.mp4");
        std::fs::write(&path, b"").unwrap();
        let error = open(path.to_str().unwrap(), None).unwrap_err();
        assert!(error.kind() == ErrorKind::Unsupported && error.to_string().contains("yuv4mpegpipe"), "{error}");
        assert_eq!(open("/nowhere.y4m", None).unwrap_err().kind(), ErrorKind::Io);
        assert!(open("/nowhere/*.png", None).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(head in proptest::sample::select(vec![&b"\xff\xfb"[..], b"GIF8", b"RIFF\0\0\0\0WAVE", b""]),
                          tail in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = open_stream(Cursor::new([head, &tail].concat()), None);
        }
    }
}
