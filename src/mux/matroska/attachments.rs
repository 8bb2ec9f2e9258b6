//! Files that travel in the file: the cover, which has a name of its own, and what else was attached.

use super::ebml;
use super::fingerprint::Fingerprint;
use super::ids;
use crate::error::{Error, Result};
use crate::media::{CoverFormat, Metadata};
use crate::mux::append;
use crate::sink::Sink;

/// How much of a file goes into its number.
const HASHED_BYTES: usize = 64;

/// Refuses names that the elements cannot hold.
pub(super) fn check(metadata: &Metadata) -> Result<()> {
    for attachment in &metadata.attachments {
        let is_plain = |byte: u8| (0x20..0x7f).contains(&byte);
        if attachment.name.contains('\0') || !attachment.media_type.bytes().all(is_plain) {
            let shown = format_args!("`{}` ({})", attachment.name, attachment.media_type).to_string();
            return Err(Error::option("attachments", shown, "a name without a NUL, and a media type as in font/ttf"));
        }
    }
    Ok(())
}

/// Whether there are any.
pub(super) fn are_there(metadata: &Metadata) -> bool {
    metadata.cover.is_some() || !metadata.attachments.is_empty()
}

/// Writes the Attachments element. The files' bytes go straight to the sink: they can be large.
pub(super) fn write(metadata: &Metadata, sink: &mut dyn Sink) -> Result<()> {
    let files = files(metadata);
    let heads: Vec<_> = files.iter().enumerate().map(|(index, file)| attached_file(index, file)).collect();
    let length: u64 = heads.iter().zip(&files).map(|(head, file)| (head.len() + file.data.len()) as u64).sum();
    let mut out = Vec::new();
    ebml::header(&mut out, ids::ATTACHMENTS, length);
    for (head, file) in heads.iter().zip(&files) {
        out.extend_from_slice(head);
        append(sink, &out)?;
        append(sink, file.data)?;
        out.clear();
    }
    Ok(())
}

struct File<'a> {
    name: &'a str,
    media_type: &'a str,
    data: &'a [u8],
}

/// The cover first (RFC 9559, 21.1).
fn files(metadata: &Metadata) -> Vec<File<'_>> {
    let cover = metadata.cover.as_ref().map(|cover| {
        let name = match cover.format {
            CoverFormat::Jpeg => "cover.jpg",
            CoverFormat::Png => "cover.png",
        };
        File { name, media_type: cover.format.media_type(), data: &cover.data }
    });
    let attached = metadata.attachments.iter().map(|attachment| File {
        name: &attachment.name,
        media_type: &attachment.media_type,
        data: &attachment.data,
    });
    cover.into_iter().chain(attached).collect()
}

/// An AttachedFile up to its bytes.
fn attached_file(index: usize, file: &File<'_>) -> Vec<u8> {
    let mut content = Vec::new();
    ebml::binary(&mut content, ids::FILE_NAME, file.name.as_bytes());
    ebml::binary(&mut content, ids::FILE_MEDIA_TYPE, file.media_type.as_bytes());
    let mut fingerprint = Fingerprint::new();
    fingerprint.add(&content);
    fingerprint.add(&(file.data.len() as u64).to_be_bytes());
    fingerprint.add(&file.data[..file.data.len().min(HASHED_BYTES)]);
    ebml::uint(&mut content, ids::FILE_UID, fingerprint.to_uid(index as u64 + 1));
    ebml::header(&mut content, ids::FILE_DATA, file.data.len() as u64);
    let mut out = Vec::new();
    ebml::header(&mut out, ids::ATTACHED_FILE, (content.len() + file.data.len()) as u64);
    out.extend_from_slice(&content);
    out
}
