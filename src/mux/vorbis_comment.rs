//! What Ogg and FLAC files say of themselves: Vorbis comments, and the picture that stands for the file.
//!
//! A list of comments is `NAME=value` in UTF-8, with names of printable ASCII (Vorbis I, 5). Chapters are comments too,
//! `CHAPTER001=00:00:00.000` and `CHAPTER001NAME=…`, which say where a chapter begins and not where it ends.

use crate::error::{Error, Result};
use crate::media::{Chapter, Cover, CoverFormat, Metadata, TimeBase, Track};

/// What wrote the file.
const VENDOR: &str = concat!("framewright ", env!("CARGO_PKG_VERSION"));

/// The names that comments have for the tags that every container knows. `track` is apart: it may be two numbers.
const NAMES: &[(&str, &str)] = &[
    ("title", "TITLE"),
    ("artist", "ARTIST"),
    ("album", "ALBUM"),
    ("album_artist", "ALBUMARTIST"),
    ("composer", "COMPOSER"),
    ("genre", "GENRE"),
    ("date", "DATE"),
    ("comment", "COMMENT"),
    ("description", "DESCRIPTION"),
    ("copyright", "COPYRIGHT"),
];

/// `CHAPTERxxx` has three digits.
const MAX_CHAPTERS: usize = 999;

/// The comments of a file, in the order of their writing.
pub(super) struct Comments(Vec<String>);

impl Comments {
    /// Tags and chapters.
    ///
    /// # Errors
    /// `InvalidOption` for what comments cannot say.
    pub fn new(metadata: &Metadata) -> Result<Self> {
        let mut comments = Vec::new();
        for (name, value) in &metadata.tags {
            add_tag(&mut comments, name, value)?;
        }
        add_chapters(&mut comments, &metadata.chapters)?;
        Ok(Comments(comments))
    }

    /// Adds the language of the only track.
    pub fn add_language(&mut self, track: &Track) -> Result<()> {
        let language = &track.labels.language;
        if language.contains('\0') {
            return Err(Error::option("language", format_args!("{language:?}"), "use ISO 639 or BCP 47, as in `de`"));
        }
        if !language.is_empty() && language != "und" {
            self.0.push(format!("LANGUAGE={language}"));
        }
        Ok(())
    }

    /// Adds a comment of our own.
    pub fn add(&mut self, name: &str, value: &str) {
        self.0.push(format!("{name}={value}"));
    }

    /// The list as a comment header has it.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        add_text(&mut out, VENDOR)?; // vendor_length, vendor_string
        out.extend_from_slice(&length(self.0.len())?); // user_comment_list_length
        for comment in &self.0 {
            add_text(&mut out, comment)?;
        }
        Ok(out)
    }
}

fn add_tag(comments: &mut Vec<String>, name: &str, value: &str) -> Result<()> {
    if name.eq_ignore_ascii_case("track") {
        let (number, total) = value.split_once('/').map_or((value, None), |(number, total)| (number, Some(total)));
        comments.push(format!("TRACKNUMBER={}", number.trim()));
        comments.extend(total.map(|total| format!("TRACKTOTAL={}", total.trim())));
        return Ok(());
    }
    if !name.bytes().all(|byte| (0x20..=0x7d).contains(&byte)) {
        let shown = format_args!("`{name}={value}`").to_string();
        return Err(Error::option("metadata", shown, "names of tags in Ogg and FLAC are of printable ASCII, but `~`"));
    }
    let known = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    comments.push(format!("{}={value}", known.map_or(name, |(_, name)| name)));
    Ok(())
}

fn add_chapters(comments: &mut Vec<String>, chapters: &[Chapter]) -> Result<()> {
    if chapters.len() > MAX_CHAPTERS {
        return Err(Error::option(
            "chapters",
            chapters.len(),
            format_args!("Ogg and FLAC have {MAX_CHAPTERS} at most"),
        ));
    }
    for (index, chapter) in chapters.iter().enumerate() {
        let wrong = |what: &str| Err(Error::option("chapters", format_args!("`{}`", chapter.title), what));
        let Some(ms) = milliseconds(chapter.start.rescale(TimeBase::MILLISECONDS)) else {
            return wrong("it begins later than a file can say");
        };
        // The last one ends with the file.
        if let (Some(end), Some(next)) = (chapter.end, chapters.get(index + 1))
            && end.rescale(TimeBase::MILLISECONDS) != next.start.rescale(TimeBase::MILLISECONDS)
        {
            return wrong("in Ogg and FLAC a chapter ends where the next one begins; leave its end out");
        }
        let number = index + 1;
        let (seconds, rest) = (ms / 1000, ms % 1000);
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        comments.push(format!("CHAPTER{number:03}={hours:02}:{minutes:02}:{seconds:02}.{rest:03}"));
        comments.push(format!("CHAPTER{number:03}NAME={}", chapter.title));
    }
    Ok(())
}

fn milliseconds(time: Option<i64>) -> Option<u64> {
    time.and_then(|time| u64::try_from(time).ok())
}

fn add_text(out: &mut Vec<u8>, text: &str) -> Result<()> {
    out.extend_from_slice(&length(text.len())?);
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

/// Lengths of comments are little-endian, unlike those of everything else in FLAC.
fn length(length: usize) -> Result<[u8; 4]> {
    let length = u32::try_from(length)
        .map_err(|_| Error::option("metadata", format_args!("{length} bytes"), "a comment has 4 GiB at most"))?;
    Ok(length.to_le_bytes())
}

/// The most that a PICTURE block can hold beside its own fields: its length is of 24 bits.
const MAX_PICTURE: usize = (1 << 24) - 1 - 64;

/// The body of a PICTURE block (RFC 9639, 8.8), which Ogg files of other codecs carry in base64.
///
/// # Errors
/// `InvalidOption` for a picture of more than 16 MB.
pub(super) fn picture(cover: &Cover) -> Result<Vec<u8>> {
    if cover.data.len() > MAX_PICTURE {
        let size = format_args!("{} bytes", cover.data.len()).to_string();
        return Err(Error::option("cover", size, format_args!("Ogg and FLAC hold {MAX_PICTURE} at most")));
    }
    let media_type = cover.format.media_type();
    let Shape { width, height, depth, colors } = shape(cover).unwrap_or_default();
    let mut out = Vec::with_capacity(cover.data.len() + 64);
    let mut u32 = |value: u32| out.extend_from_slice(&value.to_be_bytes());
    u32(3); // the picture type: front cover
    u32(media_type.len() as u32); // short, as the constants are
    out.extend_from_slice(media_type.as_bytes());
    for value in [0, width, height, depth, colors, cover.data.len() as u32] {
        // The length of the description, which there is none of; the shape; and the length, checked above.
        out.extend_from_slice(&value.to_be_bytes());
    }
    out.extend_from_slice(&cover.data);
    Ok(out)
}

/// What a picture says of its own shape; 0 where it is not known.
#[derive(Default)]
struct Shape {
    width: u32,
    height: u32,
    /// Bits a pixel.
    depth: u32,
    /// Colours of a palette; 0 without one.
    colors: u32,
}

fn shape(cover: &Cover) -> Option<Shape> {
    match cover.format {
        CoverFormat::Png => png_shape(&cover.data),
        CoverFormat::Jpeg => jpeg_shape(&cover.data),
    }
}

/// From IHDR, which is the first chunk, and PLTE.
fn png_shape(data: &[u8]) -> Option<Shape> {
    let header = data.get(16..26)?;
    let u32_at = |at: usize| Some(u32::from_be_bytes(header.get(at..at + 4)?.try_into().ok()?));
    let (bits, kind) = (u32::from(*header.get(8)?), *header.get(9)?);
    let channels = match kind {
        2 => 3,
        4 => 2,
        6 => 4,
        _ => 1,
    };
    let colors = if kind == 3 { png_colors(data)? } else { 0 };
    // A colour of a palette is of 8 bits a channel.
    let depth = if kind == 3 { 24 } else { bits * channels };
    Some(Shape { width: u32_at(0)?, height: u32_at(4)?, depth, colors })
}

fn png_colors(data: &[u8]) -> Option<u32> {
    let mut rest = data.get(8..)?;
    loop {
        let length = u32::from_be_bytes(rest.get(..4)?.try_into().ok()?);
        if rest.get(4..8)? == b"PLTE" {
            return Some(length / 3);
        }
        rest = rest.get(usize::try_from(length).ok()?.checked_add(12)?..)?;
    }
}

/// From the frame header: SOF0 to SOF15, which DHT, JPG and DAC stand between.
fn jpeg_shape(data: &[u8]) -> Option<Shape> {
    let mut rest = data.get(2..)?;
    loop {
        let &[0xff, marker, high, low, ..] = rest else { return None };
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            let &[bits, height_high, height_low, width_high, width_low, components] = rest.get(4..10)? else {
                return None;
            };
            return Some(Shape {
                width: u16::from_be_bytes([width_high, width_low]).into(),
                height: u16::from_be_bytes([height_high, height_low]).into(),
                depth: u32::from(bits) * u32::from(components),
                colors: 0,
            });
        }
        rest = rest.get(2 + usize::from(u16::from_be_bytes([high, low]))..)?;
    }
}

/// RFC 4648, 4, with padding.
pub(super) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let value = (bits >> (18 - 6 * place)) as usize & 63;
            out.push(if place <= group.len() { char::from(ALPHABET[value]) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::media::Timestamp;

    fn comments(metadata: &Metadata) -> Vec<String> {
        Comments::new(metadata).unwrap().0
    }

    #[test]
    fn tags_have_the_names_of_comments() {
        let metadata =
            Metadata::new().tag("Title", "a=b\nc").tag("album_artist", "Ä").tag("track", "3 / 12").tag("x y", "");
        assert_eq!(comments(&metadata), ["TITLE=a=b\nc", "ALBUMARTIST=Ä", "TRACKNUMBER=3", "TRACKTOTAL=12", "x y="]);
        assert_eq!(comments(&Metadata::new().tag("track", "7")), ["TRACKNUMBER=7"]);
        for name in ["Größe", "a~", "a\n"] {
            let error = Comments::new(&Metadata::new().tag(name, "x")).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::InvalidOption);
            assert!(error.to_string().contains("metadata"), "{error}");
        }
    }

    #[test]
    fn chapters_are_rounded_to_milliseconds() {
        let at = |ticks| Timestamp::new(ticks, TimeBase::per_second(48_000));
        let metadata = Metadata::new()
            .chapter(Chapter::new(at(23), "Start").end(at(48_000)))
            .chapter(Chapter::new(at(48_000), "Next").end(at(60_000)))
            .chapter(Chapter::new(at(48_000 * 360_000 + 25), "Ümlaut"));
        let error = Comments::new(&metadata).err().unwrap();
        assert!(error.to_string().contains("`Next`"), "{error}");
        let mut metadata = metadata;
        metadata.chapters[1].end = None;
        assert_eq!(
            comments(&metadata),
            [
                "CHAPTER001=00:00:00.000",
                "CHAPTER001NAME=Start",
                "CHAPTER002=00:00:01.000",
                "CHAPTER002NAME=Next",
                "CHAPTER003=100:00:00.001",
                "CHAPTER003NAME=Ümlaut",
            ]
        );
        let many =
            (0..1000).map(|n| Chapter::new(Timestamp::from_millis(n), "x")).fold(Metadata::new(), Metadata::chapter);
        assert!(Comments::new(&many).err().unwrap().to_string().contains("999"));
    }

    #[test]
    fn pictures_say_their_shape() {
        let shape_of = |data: Vec<u8>| {
            let body = picture(&Cover::new(data).unwrap()).unwrap();
            let media_type = u32::from_be_bytes(body[4..8].try_into().unwrap()) as usize;
            let numbers = body[8 + media_type..].chunks_exact(4).take(6);
            numbers.map(|bytes| u32::from_be_bytes(bytes.try_into().unwrap())).collect::<Vec<_>>()
        };
        let mut jpeg = Vec::new();
        let pixels = [7; 20 * 10 * 3];
        jpeg_encoder::Encoder::new(&mut jpeg, 50).encode(&pixels, 20, 10, jpeg_encoder::ColorType::Rgb).unwrap();
        let length = jpeg.len() as u32;
        assert_eq!(shape_of(jpeg.clone()), [0, 20, 10, 24, 0, length]);
        for end in 3..jpeg.len() {
            shape_of(jpeg[..end].to_vec());
        }
        let mut png =
            b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x05\0\0\0\x06\x08\x03\0\0\0....\0\0\0\x06PLTEabcdef....".to_vec();
        assert_eq!(shape_of(png.clone()), [0, 5, 6, 24, 2, png.len() as u32]);
        png[25] = 6;
        assert_eq!(shape_of(png.clone())[1..5], [5, 6, 32, 0]);
        for end in 8..png.len() {
            shape_of(png[..end].to_vec());
        }
        let huge = [b"\xff\xd8\xff".to_vec(), vec![0; MAX_PICTURE]].concat();
        assert!(picture(&Cover::new(huge).unwrap()).unwrap_err().to_string().contains("cover"));
    }

    #[test]
    fn base64_is_that_of_the_rfc() {
        let cases =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")];
        for (bytes, text) in cases {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0xfb, 0xff]), "+/8=");
    }
}
