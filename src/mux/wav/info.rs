//! What a WAV file says of itself: LIST chunks of texts, and cue points.

use super::chunk::chunk;
use crate::error::{Error, Result};
use crate::media::{Chapter, Metadata, TimeBase};
use crate::mux::Container;
use crate::mux::riff::tag_identifier;

/// The LIST of type INFO; empty without tags.
///
/// # Errors
/// `InvalidOption` for a tag that has no chunk there.
pub(super) fn info(metadata: &Metadata) -> Result<Vec<u8>> {
    let mut list = b"INFO".to_vec();
    for (name, value) in &metadata.tags {
        let id = tag_identifier(Container::Wav, name)?;
        list.extend(chunk(&id, &[value.as_bytes(), &[0]].concat())?);
    }
    if list.len() == 4 { Ok(Vec::new()) } else { chunk(b"LIST", &list) }
}

/// Chapters: a `cue ` chunk of the samples at which they begin, and a LIST of type adtl with their names, and lengths
/// where they have an end of their own. Empty without chapters.
///
/// # Errors
/// `InvalidOption` for a chapter that begins after 2^32 samples.
pub(super) fn cues(chapters: &[Chapter], sample_rate: u32) -> Result<Vec<u8>> {
    if chapters.is_empty() {
        return Ok(Vec::new());
    }
    let base = TimeBase::per_second(sample_rate);
    let sample = |chapter: &Chapter, time: Option<i64>| {
        time.and_then(|time| u32::try_from(time).ok()).ok_or_else(|| {
            let shown = format_args!("`{}`", chapter.title).to_string();
            Error::option("chapters", shown, format_args!("WAV has them within the first {} samples", u32::MAX))
        })
    };
    let mut cue = u32::try_from(chapters.len()).unwrap_or(u32::MAX).to_le_bytes().to_vec(); // dwCuePoints
    let mut list = b"adtl".to_vec();
    for (id, chapter) in (1u32..).zip(chapters) {
        let start = sample(chapter, chapter.start.rescale(base))?;
        cue.extend_from_slice(&id.to_le_bytes()); // dwName
        cue.extend_from_slice(&start.to_le_bytes()); // dwPosition
        cue.extend_from_slice(b"data"); // fccChunk
        cue.extend_from_slice(&[0; 8]); // dwChunkStart, dwBlockStart
        cue.extend_from_slice(&start.to_le_bytes()); // dwSampleOffset
        list.extend(chunk(b"labl", &[&id.to_le_bytes()[..], chapter.title.as_bytes(), &[0]].concat())?);
        if let Some(end) = chapter.end {
            let length = sample(chapter, end.rescale(base))?.saturating_sub(start);
            let mut text = id.to_le_bytes().to_vec(); // dwName
            text.extend_from_slice(&length.to_le_bytes()); // dwSampleLength
            text.extend_from_slice(b"rgn "); // dwPurpose: a region
            text.extend_from_slice(&[0; 8]); // wCountry, wLanguage, wDialect, wCodePage
            list.extend(chunk(b"ltxt", &text)?);
        }
    }
    Ok([chunk(b"cue ", &cue)?, chunk(b"LIST", &list)?].concat())
}
