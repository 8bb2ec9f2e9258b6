//! Chapters, tags and attachments (RFC 9559, 20, 21 and 24).

use super::elements::Element;
use super::{Chapter, Result};

pub(super) fn chapters(segment: &Element<'_>, duration_ms: Option<f64>) -> Result<Vec<Chapter>> {
    let Some(edition) = segment.find("Chapters").map(|chapters| chapters.get("EditionEntry")).transpose()? else {
        return Ok(Vec::new());
    };
    let (mut uids, mut found): (Vec<u64>, Vec<Chapter>) = (Vec::new(), Vec::new());
    for atom in edition.all("ChapterAtom") {
        let uid = atom.uint("ChapterUID")?;
        ensure!(uid != 0 && !uids.contains(&uid), "the ChapterUID {uid} is 0 or used before");
        uids.push(uid);
        let start_ns = atom.uint("ChapterTimeStart")?;
        let end_ns = atom.find("ChapterTimeEnd").map(Element::value);
        ensure!(found.last().is_none_or(|last| last.start_ns < start_ns), "a chapter at {start_ns} ns is out of order");
        ensure!(end_ns.is_none_or(|end| end > start_ns), "a chapter ends at {end_ns:?} ns before it begins");
        let display = atom.find("ChapterDisplay");
        let title = display.map(|display| display.text("ChapString")).transpose()?;
        found.push(Chapter { start_ns, end_ns, title });
    }
    let ends = found.split_last().is_none_or(|(last, before)| {
        let inside = duration_ms.is_some_and(|ms| (last.start_ns as f64) < ms * 1e6);
        before.iter().all(|chapter| chapter.end_ns.is_some()) && (!inside || last.end_ns.is_some())
    });
    ensure!(ends, "a chapter without an end");
    Ok(found)
}

pub(super) fn tags(segment: &Element<'_>) -> Result<Vec<(u64, String, String)>> {
    let mut found = Vec::new();
    for tag in segment.find("Tags").into_iter().flat_map(|tags| tags.all("Tag")) {
        let target = tag.get("Targets")?.uint("TargetTypeValue")?;
        ensure!([30, 50].contains(&target), "a TargetTypeValue of {target}");
        for simple in tag.all("SimpleTag") {
            let name = simple.text("TagName")?;
            ensure!(!name.bytes().any(|byte| byte.is_ascii_lowercase()), "a tag name in small letters: {name}");
            found.push((target, name, simple.text("TagString")?));
        }
    }
    Ok(found)
}

pub(super) fn attachments(segment: &Element<'_>, doc_type: &str) -> Result<Vec<(String, String, Vec<u8>)>> {
    let (mut uids, mut found) = (Vec::new(), Vec::new());
    ensure!(segment.find("Attachments").is_none() || doc_type == "matroska", "{doc_type} with Attachments");
    for (index, file) in segment.find("Attachments").into_iter().flat_map(|all| all.all("AttachedFile")).enumerate() {
        let uid = file.uint("FileUID")?;
        ensure!(uid != 0 && !uids.contains(&uid), "the FileUID {uid} is 0 or used before");
        uids.push(uid);
        let (name, media_type) = (file.text("FileName")?, file.text("FileMediaType")?);
        let data = file.get("FileData")?.data.to_vec();
        let cover = match name.as_str() {
            "cover.jpg" => Some(("image/jpeg", &b"\xff\xd8\xff"[..])),
            "cover.png" => Some(("image/png", &b"\x89PNG"[..])),
            _ => None,
        };
        if let Some((expected, magic)) = cover {
            ensure!(media_type == expected && data.starts_with(magic), "the {name} is none: {media_type}");
            ensure!(index == 0, "the cover is not the first attachment");
        }
        ensure!(media_type.contains('/'), "a media type {media_type}");
        ensure!(!data.is_empty(), "the attachment {name} is empty");
        found.push((name, media_type, data));
    }
    Ok(found)
}
