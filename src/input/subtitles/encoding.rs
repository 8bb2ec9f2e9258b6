//! Bytes of a subtitle file as text, with line feeds between lines.

use crate::error::{Error, Result};

/// UTF-8, UTF-16 with a byte order mark, or Windows-1252. Line ends of all kinds become line feeds, NULs U+FFFD.
pub(super) fn decode(bytes: Vec<u8>) -> Result<String> {
    let text = match bytes.as_slice() {
        [0xef, 0xbb, 0xbf, rest @ ..] => match std::str::from_utf8(rest) {
            Ok(text) => text.to_owned(),
            Err(error) => return Err(undecodable(rest, error.valid_up_to(), "UTF-8, as its byte order mark says")),
        },
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        _ => match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let bytes = error.into_bytes();
                if bytes.starts_with(b"WEBVTT") {
                    return Err(undecodable(&bytes, at, "UTF-8, as WebVTT has to be"));
                }
                let text = windows_1252(&bytes)?;
                tracing::warn!("the subtitles are not UTF-8: they are taken for Windows-1252");
                text
            }
        },
    };
    // Text without NULs is never UTF-16 that has lost its mark.
    let nuls = text.bytes().filter(|&byte| byte == 0).count();
    if nuls > 8 && nuls > text.len() / 4 {
        return Err(Error::input("the subtitles look like UTF-16 without a byte order mark: save them as UTF-8"));
    }
    Ok(text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{fffd}"))
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String> {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
    match String::from_utf16(&units) {
        Ok(text) if bytes.len().is_multiple_of(2) => Ok(text),
        _ => Err(Error::input("the subtitles are not UTF-16, as their byte order mark says: save them as UTF-8")),
    }
}

/// The Encoding Standard's windows-1252, without the five bytes that no text has.
fn windows_1252(bytes: &[u8]) -> Result<String> {
    const HIGH: [char; 32] = [
        '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', //
        '\0', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
    ];
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            0x80..0xa0 if HIGH[usize::from(byte - 0x80)] == '\0' => {
                return Err(undecodable(bytes, at, "UTF-8 or Windows-1252"));
            }
            0x80..0xa0 => text.push(HIGH[usize::from(byte - 0x80)]),
            // Latin-1 has Unicode's numbers.
            _ => text.push(char::from(byte)),
        }
    }
    Ok(text)
}

fn undecodable(bytes: &[u8], at: usize, what: &str) -> Error {
    let before = bytes.get(..at).unwrap_or(bytes);
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    Error::input(format!("line {line} of the subtitles is not {what}: save them as UTF-8"))
}
