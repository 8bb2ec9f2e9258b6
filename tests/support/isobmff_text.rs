//! Text: WebVTT as ISO/IEC 14496-30 stores it, and QuickTime's tracks of chapters.

use std::collections::BTreeMap;

use super::boxes::{Body, Node};
use super::{Checked, Sample, Track, ensure};

/// A cue as a reader shows it, from its first sample to its last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cue {
    pub start: u64,
    pub end: u64,
    pub identifier: String,
    pub settings: String,
    pub text: String,
}

fn text(bytes: &[u8]) -> Checked<String> {
    let text = String::from_utf8(bytes.to_vec()).map_err(|error| error.to_string())?;
    ensure!(!text.contains('\0'), "a NUL in {text:?}");
    Ok(text)
}

/// The entry `wvtt`, from behind its data_reference_index: what stands before the first cue.
pub fn webvtt_entry(mut body: Body<'_>) -> Checked<String> {
    let boxes = Node::parse_all("wvtt", body.rest())?;
    let [config] = &boxes[..] else { return Err("wvtt does not hold just vttC".into()) };
    ensure!(config.kind == "vttC", "wvtt holds {} and no vttC", config.kind);
    let config = text(&config.body)?;
    ensure!(config == "WEBVTT" || config.starts_with("WEBVTT\n\n"), "vttC is {config:?}");
    Ok(config)
}

/// The entry `text`, from behind its data reference index.
pub fn chapters_entry(mut body: Body<'_>) -> Checked<()> {
    body.zeros("display flags", 4)?;
    body.expect("text justification", &[0, 0, 0, 1])?;
    body.zeros("colors, text box, font and name", 6 + 8 + 8 + 2 + 2 + 3 + 6 + 1)?;
    body.end("text")
}

/// The media header of a track of chapters.
pub fn chapters_header(node: &Node) -> Checked<()> {
    let general = node.only("gmin").fields().rest();
    ensure!(general == b"\0\0\0\0\0\x40\x80\0\x80\0\x80\0\0\0\0\0", "gmin is {general:02x?}");
    let matrix = node.only("text").fields().rest();
    let unity = [[0, 1, 0, 0], [0; 4], [0; 4], [0; 4], [0, 1, 0, 0], [0; 4], [0; 4], [0; 4], [0x40, 0, 0, 0]].concat();
    ensure!(matrix == unity, "the matrix of gmhd is {matrix:02x?}");
    Ok(())
}

/// Chapters of a track: their starts in its ticks, and their titles.
pub fn chapters(track: &Track, mut payload: impl FnMut(&Sample) -> Checked<Vec<u8>>) -> Checked<Vec<(u64, String)>> {
    let mut chapters = Vec::new();
    for sample in &track.samples {
        let data = payload(sample)?;
        let mut body = Body::new(&data);
        let length = body.u16()?;
        let title = text(body.take(length.into())?)?;
        body.expect("encd", b"\0\0\0\x0cencd\0\0\x01\0")?;
        body.end("a text sample")?;
        chapters.push((sample.time, title));
    }
    Ok(chapters)
}

/// The cues of a track, whose samples have to tile.
pub fn cues(track: &Track, mut payload: impl FnMut(&Sample) -> Checked<Vec<u8>>) -> Checked<Vec<Cue>> {
    let mut cues: Vec<Cue> = Vec::new();
    // Cues of several samples, by the number that their pieces share.
    let mut divided: BTreeMap<u32, (usize, usize)> = BTreeMap::new();
    let mut at = 0;
    let mut was_empty = false;
    for sample in &track.samples {
        ensure!(sample.time == at, "a WebVTT sample at {} where {at} has been reached: they have to tile", sample.time);
        let end = at + u64::from(sample.duration);
        let data = payload(sample)?;
        let boxes = Node::parse_all("a sample", &data)?;
        ensure!(!boxes.is_empty(), "a WebVTT sample without a box");
        let is_empty = boxes[0].kind == "vtte";
        if is_empty {
            ensure!(boxes.len() == 1 && boxes[0].body.is_empty(), "vtte with something");
            ensure!(!was_empty, "two empty samples that could be one");
        } else {
            for node in &boxes {
                let (source, cue) = cue(node, at, end)?;
                match source.and_then(|source| divided.get_mut(&source)) {
                    Some((index, pieces)) => {
                        *pieces += 1;
                        let whole = &mut cues[*index];
                        ensure!(whole.end == at, "a piece of a cue at {at}, and the one before ends at {}", whole.end);
                        whole.end = end;
                        ensure!(*whole == Cue { start: whole.start, ..cue }, "pieces that differ: {whole:?}");
                    }
                    None => {
                        cues.push(cue);
                        divided.extend(source.map(|source| (source, (cues.len() - 1, 1))));
                    }
                }
            }
        }
        (at, was_empty) = (end, is_empty);
    }
    ensure!(!was_empty, "an empty sample at the end");
    ensure!(divided.values().all(|(_, pieces)| *pieces > 1), "a divided cue of one piece");
    Ok(cues)
}

fn cue(node: &Node, start: u64, end: u64) -> Checked<(Option<u32>, Cue)> {
    ensure!(node.kind == "vttc", "{} in a WebVTT sample", node.kind);
    let mut cue = Cue { start, end, identifier: String::new(), settings: String::new(), text: String::new() };
    let mut source = None;
    let mut last = 0;
    for part in Node::parse_all("vttc", &node.body)? {
        let place = ["vsid", "iden", "sttg", "payl"].iter().position(|kind| *kind == part.kind);
        let place = place.ok_or(format!("{} in vttc", part.kind))? + 1;
        ensure!(place > last, "{} is not where it belongs in vttc", part.kind);
        last = place;
        match place {
            1 => {
                let mut body = part.fields();
                source = Some(body.u32()?);
                body.end("vsid")?;
            }
            2 => cue.identifier = text(&part.body)?,
            3 => cue.settings = text(&part.body)?,
            _ => cue.text = text(&part.body)?,
        }
    }
    ensure!(!cue.text.is_empty(), "vttc without payl");
    Ok((source, cue))
}
