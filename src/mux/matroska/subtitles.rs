//! WebVTT, which is written in two ways.
//!
//! Matroska's own (the codec mapping `S_TEXT/WEBVTT`): the block is the cue's text, and its settings and identifier are
//! in a BlockAddition; what stands before the cues of a file is the CodecPrivate. mkvtoolnix, mpv and VLC read it.
//!
//! WebM's (`D_WEBVTT/SUBTITLES`): the block is identifier, settings and text, a line each, and there is no place for a
//! header. FFmpeg reads this way only, and mkvmerge takes the other for no WebM.

use crate::error::{Error, Result};
use crate::media::{CodecConfig, Cue, WebVttConfig};
use crate::mux::Container;

/// One of the two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Matroska,
    WebM,
}

/// A block of a cue.
pub(super) struct CueBlock {
    pub data: Vec<u8>,
    /// The BlockAdditional with BlockAddID 1.
    pub addition: Option<Vec<u8>>,
}

/// Refuses what the container has no place for.
pub(super) fn check(index: usize, container: Container, config: &CodecConfig) -> Result<()> {
    let CodecConfig::WebVtt(config) = config else { return Ok(()) };
    if config.header.contains('\0') || config.header.contains("-->") {
        return Err(Error::input(format!("track {index}: a header of WebVTT with a NUL or a cue")));
    }
    if Form::of(container) == Form::WebM && !config.header.trim().is_empty() {
        return Err(Error::unsupported(format!(
            "track {index}: WebM has no place for what stands before the cues of a WebVTT file (STYLE, REGION): leave it \
             out, or write matroska"
        )));
    }
    Ok(())
}

impl Form {
    pub fn of(container: Container) -> Self {
        match container {
            Container::WebM => Form::WebM,
            _ => Form::Matroska,
        }
    }

    pub fn codec_id(self) -> &'static str {
        match self {
            Form::Matroska => "S_TEXT/WEBVTT",
            Form::WebM => "D_WEBVTT/SUBTITLES",
        }
    }

    /// The WebVTT file up to its first cue.
    pub fn codec_private(self, config: &WebVttConfig) -> Option<Vec<u8>> {
        let header = config.header.trim_matches(['\r', '\n']);
        match self {
            Form::WebM => None,
            Form::Matroska if header.is_empty() => Some(b"WEBVTT".to_vec()),
            Form::Matroska => Some(format!("WEBVTT\n\n{header}").into_bytes()),
        }
    }

    /// A cue that begins at `time` ms, from a packet's data.
    pub fn block(self, data: &[u8], time: i64) -> Result<CueBlock> {
        let Cue { identifier, settings, text, .. } = Cue::from_packet(data)?;
        match self {
            Form::WebM => Ok(CueBlock { data: data.to_vec(), addition: None }),
            Form::Matroska => {
                let is_plain = identifier.is_empty() && settings.is_empty();
                let addition = (!is_plain).then(|| format!("{settings}\n{identifier}\n").into_bytes());
                Ok(CueBlock { data: relative(&text, time).into_bytes(), addition })
            }
        }
    }
}

/// A text whose time stamps (`<00:03:15.000>`, where what follows appears) count from the start of the cue.
fn relative(text: &str, start: i64) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at + 1);
        out.push_str(before);
        rest = tag;
        if let Some((inside, after)) = tag.split_once('>')
            && let Some(time) = milliseconds(inside)
        {
            out.push_str(&stamp(time.saturating_sub(start).max(0)));
            out.push('>');
            rest = after;
        }
    }
    out + rest
}

/// `hh:mm:ss.ttt`, of which the hours may be left out or have more digits.
fn milliseconds(text: &str) -> Option<i64> {
    let (whole, thousandths) = text.split_once('.')?;
    let parts: Vec<&str> = whole.split(':').collect();
    let (hours, minutes, seconds) = match parts[..] {
        [hours, minutes, seconds] if hours.len() >= 2 => (hours, minutes, seconds),
        [minutes, seconds] => ("00", minutes, seconds),
        _ => return None,
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = |text: &str| text.parse::<i64>().ok().filter(|_| digits(text));
    let of_length = |text: &str, length| number(text).filter(|_| text.len() == length);
    let minutes = number(hours)?.checked_mul(60)?.checked_add(of_length(minutes, 2).filter(|m| *m < 60)?)?;
    let seconds = minutes.checked_mul(60)?.checked_add(of_length(seconds, 2).filter(|s| *s < 60)?)?;
    seconds.checked_mul(1000)?.checked_add(of_length(thousandths, 3)?)
}

fn stamp(ms: i64) -> String {
    let (seconds, ms) = (ms / 1000, ms % 1000);
    format!("{:02}:{:02}:{:02}.{ms:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cue_is_written_in_the_way_of_its_container() {
        let cue = Cue::new("a <i>b</i>\n<00:03:15.000>c").settings("line:0").identifier("7").to_packet().unwrap();
        let webm = Form::WebM.block(&cue, 190_000).unwrap();
        assert_eq!((webm.data.as_slice(), webm.addition), (cue.as_slice(), None));
        let own = Form::Matroska.block(&cue, 190_000).unwrap();
        assert_eq!(own.data, b"a <i>b</i>\n<00:00:05.000>c");
        assert_eq!(own.addition.as_deref(), Some(&b"line:0\n7\n"[..]));
        let plain = Form::Matroska.block(b"\n\nx", 0).unwrap();
        assert_eq!((plain.data.as_slice(), plain.addition), (&b"x"[..], None));
        assert!(Form::Matroska.block(b"x", 0).is_err());
    }

    #[test]
    fn only_time_stamps_are_moved() {
        for (text, expected) in [
            ("<01:00.500>a<b>c<02:00:01.000>", "<00:00:00.500>a<b>c<01:59:01.000>"),
            ("<00:59.000>early", "<00:00:00.000>early"),
            ("<123:00:00.000>", "<122:59:00.000>"),
            ("< 01:00.500> <1:00.500> <01:60.000> <01:00.50> <01:00> <01:0x.000> < <", ""),
            ("<00:+1.000><99999999999999999999:00:00.000><", ""),
            ("1 < 2 > <", ""),
        ] {
            let expected = if expected.is_empty() { text } else { expected };
            assert_eq!(relative(text, 60_000), expected);
        }
    }

    #[test]
    fn headers_stand_in_the_private_data_or_are_refused() {
        let config = |header: &str| CodecConfig::WebVtt(WebVttConfig { header: header.into() });
        let private = |header: &str| Form::Matroska.codec_private(&WebVttConfig { header: header.into() });
        assert_eq!(private("\n").unwrap(), b"WEBVTT");
        assert_eq!(private("\nSTYLE\n::cue {}\n\n").unwrap(), b"WEBVTT\n\nSTYLE\n::cue {}");
        assert_eq!(Form::WebM.codec_private(&WebVttConfig::default()), None);
        assert!(check(0, Container::WebM, &config("\n")).is_ok());
        let refused = check(0, Container::WebM, &config("STYLE")).unwrap_err();
        assert!(refused.to_string().contains("WebM has no place"), "{refused}");
        for header in ["a --> b", "\0"] {
            assert!(check(0, Container::Matroska, &config(header)).is_err());
        }
    }
}
