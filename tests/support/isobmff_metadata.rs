//! What a movie says beside its tracks: tags and cover in either form of `meta`, and Nero's chapters.

use super::boxes::{Body, Node};
use super::{Checked, ensure};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(String),
    /// Number and count.
    Track(u16, u16),
    Jpeg(Vec<u8>),
    Png(Vec<u8>),
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// By the type of the item, by the free name behind `----:`, or by the key of MOV.
    pub items: Vec<(String, Value)>,
    /// Starts in units of 100 ns, and titles.
    pub chapters: Vec<(u64, String)>,
}

pub fn read(movie: &Node, quicktime: bool) -> Checked<Metadata> {
    let mut metadata = Metadata::default();
    if let Some(user_data) = movie.child("udta") {
        ensure!(!quicktime, "udta in the movie box of MOV");
        let kinds: Vec<_> = user_data.children.iter().map(|node| node.kind.as_str()).collect();
        ensure!(matches!(kinds[..], ["chpl"] | ["meta"] | ["chpl", "meta"]), "udta of the movie holds {kinds:?}");
        if let Some(list) = user_data.child("chpl") {
            metadata.chapters = chapters(list)?;
        }
        if let Some(meta) = user_data.child("meta") {
            let (mut body, _, flags) = meta.full_fields(0).map_err(|error| format!("MP4's meta: {error}"))?;
            ensure!(flags == 0, "MP4's meta has flags {flags:x}");
            metadata.items = items(body.rest())?;
        }
    }
    if let Some(meta) = movie.child("meta") {
        ensure!(quicktime, "meta in the movie box of MP4");
        metadata.items = keyed_items(&meta.body)?;
    }
    Ok(metadata)
}

fn chapters(node: &Node) -> Checked<Vec<(u64, String)>> {
    let (mut body, version, flags) = node.full_fields(1)?;
    ensure!(version == 1 && flags == 0, "chpl of version {version}");
    body.zeros("reserved", 4)?;
    let count = body.u8()?;
    ensure!(count > 0, "chpl without a chapter");
    let mut chapters: Vec<(u64, String)> = Vec::new();
    for _ in 0..count {
        let start = body.u64()?;
        let length = body.u8()?;
        let title = text(body.take(length.into())?)?;
        ensure!(chapters.last().is_none_or(|(before, _)| *before < start), "chapters of chpl do not rise");
        chapters.push((start, title));
    }
    body.end("chpl")?;
    Ok(chapters)
}

fn text(bytes: &[u8]) -> Checked<String> {
    String::from_utf8(bytes.to_vec()).map_err(|error| error.to_string())
}

fn handler(node: &Node, expected: &[u8]) -> Checked<()> {
    ensure!(node.kind == "hdlr", "meta begins with {}", node.kind);
    ensure!(node.body == expected, "hdlr of meta is {:02x?}", node.body);
    Ok(())
}

fn items(bytes: &[u8]) -> Checked<Vec<(String, Value)>> {
    let boxes = Node::parse_all("meta", bytes)?;
    let [hdlr, list] = &boxes[..] else { return Err("meta does not hold just hdlr and ilst".into()) };
    handler(hdlr, b"\0\0\0\0\0\0\0\0mdirappl\0\0\0\0\0\0\0\0\0")?;
    ensure!(list.kind == "ilst", "meta holds {}", list.kind);
    let mut items = Vec::new();
    for item in Node::parse_all("ilst", &list.body)? {
        let inside = Node::parse_all("an item", &item.body)?;
        let free = item.kind == "----";
        let (name, data) = match &inside[..] {
            [data] if !free => (item.kind.clone(), data),
            [mean, name, data] if free => {
                ensure!(mean.kind == "mean" && mean.body == b"\0\0\0\0com.apple.iTunes", "mean is {:?}", mean.body);
                ensure!(name.kind == "name", "a free item without name");
                (format!("----:{}", text(name.full_fields(0)?.0.rest())?), data)
            }
            _ => return Err(format!("{} holds {} boxes", item.kind, inside.len())),
        };
        let (kind, value) = data_of(data)?;
        let value = match (name.as_str(), kind) {
            ("trkn", 0) => {
                let mut body = Body::new(value);
                body.zeros("trkn", 2)?;
                let (number, count) = (body.u16()?, body.u16()?);
                body.zeros("trkn", 2)?;
                body.end("trkn")?;
                Value::Track(number, count)
            }
            ("covr", 13 | 14) => picture(kind, value)?,
            ("covr" | "trkn", _) => return Err(format!("{name} of type {kind}")),
            (_, 1) => Value::Text(text(value)?),
            _ => return Err(format!("{name} of type {kind}")),
        };
        items.push((name, value));
    }
    Ok(items)
}

fn data_of(node: &Node) -> Checked<(u32, &[u8])> {
    ensure!(node.kind == "data", "an item of {}", node.kind);
    let mut body = node.fields();
    let kind = body.u32()?;
    body.zeros("locale", 4)?;
    Ok((kind, body.rest()))
}

fn picture(kind: u32, bytes: &[u8]) -> Checked<Value> {
    let jpeg = bytes.starts_with(&[0xff, 0xd8]);
    ensure!(jpeg == (kind == 13), "a cover of type {kind} that begins with {:02x?}", &bytes[..4.min(bytes.len())]);
    Ok(if jpeg { Value::Jpeg(bytes.to_vec()) } else { Value::Png(bytes.to_vec()) })
}

/// MOV's `meta`, which is no full box: its first child begins at once.
fn keyed_items(bytes: &[u8]) -> Checked<Vec<(String, Value)>> {
    let boxes = Node::parse_all("meta", bytes).map_err(|error| format!("MOV's meta: {error}"))?;
    let [hdlr, keys, list] = &boxes[..] else { return Err("meta does not hold just hdlr, keys and ilst".into()) };
    handler(hdlr, b"\0\0\0\0\0\0\0\0mdta\0\0\0\0\0\0\0\0\0\0\0\0\0")?;
    ensure!(keys.kind == "keys" && list.kind == "ilst", "meta holds {} and {}", keys.kind, list.kind);
    let (mut body, _, _) = keys.full_fields(0)?;
    let count = body.u32()?;
    let names = Node::parse_all("keys", body.rest())?;
    ensure!(names.len() == count as usize, "keys has {} of {count}", names.len());
    ensure!(names.iter().all(|name| name.kind == "mdta"), "a key of another namespace");
    let mut items = Vec::new();
    for (index, item) in Node::parse_all("ilst", &list.body)?.iter().enumerate() {
        let number: u32 = item.kind.chars().fold(0, |number, c| number << 8 | c as u32);
        ensure!(number as usize == index + 1, "item {index} is of key {number}");
        let name = names.get(index).ok_or("more items than keys")?;
        let [data] = &Node::parse_all("an item", &item.body)?[..] else { return Err("an item with two values".into()) };
        let (kind, value) = data_of(data)?;
        let value = match kind {
            1 => Value::Text(text(value)?),
            13 | 14 => picture(kind, value)?,
            _ => return Err(format!("an item of type {kind}")),
        };
        items.push((text(&name.body)?, value));
    }
    ensure!(items.len() == names.len(), "a key without an item");
    Ok(items)
}
