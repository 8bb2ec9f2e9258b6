//! Subtitles: one cue of WebVTT, and how it travels in a packet.

use crate::error::{Error, Result};

/// A text that is shown for a while (W3C WebVTT, "cue").
///
/// ```
/// use framewright::media::Cue;
/// let cue = Cue::new("<i>Hello</i>").settings("align:start line:0");
/// assert_eq!(Cue::from_packet(&cue.to_packet()?)?, cue);
/// # Ok::<(), framewright::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cue {
    /// Its identifier; usually empty.
    pub identifier: String,
    /// Where it is shown, in WebVTT's words, as in `line:0 align:start`; usually empty.
    pub settings: String,
    /// The text, with WebVTT's marks (`<i>`, `<b>`, `&amp;`), in one or several lines.
    pub text: String,
}

impl Cue {
    /// A cue of this text, shown where the player likes.
    pub fn new(text: impl Into<String>) -> Self {
        Cue { text: text.into(), ..Cue::default() }
    }

    /// Sets [`identifier`](Self::identifier).
    pub fn identifier(mut self, identifier: impl Into<String>) -> Self {
        self.identifier = identifier.into();
        self
    }

    /// Sets [`settings`](Self::settings).
    pub fn settings(mut self, settings: impl Into<String>) -> Self {
        self.settings = settings.into();
        self
    }

    /// The data of a packet: identifier, settings and text, the first two ended by a line feed (the form of WebM's
    /// `D_WEBVTT/SUBTITLES`). Line ends become line feeds, and lines without a character, which would end the cue, go.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where there is no text, where identifier or settings have
    /// several lines, or where a part has a NUL or an arrow (`-->`).
    pub fn to_packet(&self) -> Result<Vec<u8>> {
        let refuse = |what: &str| Err(Error::input(format!("the cue `{}`: {what}", self.text.trim())));
        for line in [&self.identifier, &self.settings] {
            if line.contains(['\n', '\r']) {
                return refuse("identifier and settings are a line each");
            }
        }
        for part in [&self.identifier, &self.settings, &self.text] {
            if part.contains('\0') || part.contains("-->") {
                return refuse("no part may have a NUL or `-->`");
            }
        }
        let lines: Vec<&str> = self.text.lines().filter(|line| !line.trim().is_empty()).collect();
        if lines.is_empty() {
            return refuse("it has no text");
        }
        Ok(format!("{}\n{}\n{}", self.identifier, self.settings, lines.join("\n")).into_bytes())
    }

    /// The cue of a packet's data.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where it is not UTF-8 or lacks one of its lines.
    pub fn from_packet(data: &[u8]) -> Result<Self> {
        let refuse =
            || Error::input("a subtitle packet: it has to be identifier, settings and text, in lines of UTF-8");
        let text = std::str::from_utf8(data).map_err(|_| refuse())?;
        let mut parts = text.splitn(3, '\n');
        let mut part = || parts.next().map(str::to_owned).ok_or_else(refuse);
        let cue = Cue { identifier: part()?, settings: part()?, text: part()? };
        if cue.text.is_empty() { Err(refuse()) } else { Ok(cue) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cues_are_made_sound_or_refused() {
        let cue = Cue::new("a\r\n\r\n  \nb\n").identifier("7").settings("line:0");
        assert_eq!(cue.to_packet().unwrap(), b"7\nline:0\na\nb");
        assert_eq!(Cue::from_packet(b"\n\nx\ny").unwrap(), Cue::new("x\ny"));
        for bad in [Cue::new(""), Cue::new(" \n"), Cue::new("a --> b"), Cue::new("x").identifier("a\nb")] {
            assert!(bad.to_packet().is_err(), "{bad:?}");
        }
        for bad in [&b""[..], b"x", b"x\ny", b"\n\n", b"\xff\n\nx"] {
            assert!(Cue::from_packet(bad).is_err(), "{bad:?}");
        }
    }
}
