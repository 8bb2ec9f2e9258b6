//! Boxes and their fields (ISO/IEC 14496-12, 4.2), and which of them may be where.

use super::{Checked, ensure};

/// The fields of a box, one after the other.
pub struct Body<'a>(&'a [u8]);

impl<'a> Body<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Body(bytes)
    }

    pub fn take(&mut self, count: usize) -> Checked<&'a [u8]> {
        ensure!(self.0.len() >= count, "a field of {count} bytes where {} are left", self.0.len());
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        Ok(taken)
    }

    pub fn u8(&mut self) -> Checked<u8> {
        Ok(self.take(1)?[0])
    }

    pub fn u16(&mut self) -> Checked<u16> {
        Ok(u16::from_be_bytes(self.take(2)?.try_into().unwrap()))
    }

    pub fn u32(&mut self) -> Checked<u32> {
        Ok(u32::from_be_bytes(self.take(4)?.try_into().unwrap()))
    }

    pub fn u64(&mut self) -> Checked<u64> {
        Ok(u64::from_be_bytes(self.take(8)?.try_into().unwrap()))
    }

    /// 64 bits in version 1, else 32.
    pub fn wide(&mut self, version: u8) -> Checked<u64> {
        if version == 1 { self.u64() } else { Ok(self.u32()?.into()) }
    }

    pub fn kind(&mut self) -> Checked<String> {
        Ok(self.take(4)?.iter().map(|&byte| char::from(byte)).collect())
    }

    /// Version and flags.
    pub fn full(&mut self) -> Checked<(u8, u32)> {
        let word = self.u32()?;
        Ok(((word >> 24) as u8, word & 0xff_ffff))
    }

    pub fn expect(&mut self, what: &str, bytes: &[u8]) -> Checked<()> {
        let found = self.take(bytes.len())?;
        ensure!(found == bytes, "{what} is {found:02x?} and not {bytes:02x?}");
        Ok(())
    }

    pub fn zeros(&mut self, what: &str, count: usize) -> Checked<()> {
        self.expect(what, &vec![0; count])
    }

    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn end(&self, what: &str) -> Checked<()> {
        ensure!(self.0.is_empty(), "{} bytes too many in {what}", self.0.len());
        Ok(())
    }
}

/// A box: either children, or a body.
pub struct Node {
    pub kind: String,
    pub at: u64,
    pub body: Vec<u8>,
    pub children: Vec<Node>,
}

/// A child, the least and the most of it.
type Rule = (&'static str, usize, usize);

/// What each container holds, in this order.
const CONTAINERS: &[(&str, &[Rule])] = &[
    ("moov", &[("mvhd", 1, 1), ("trak", 0, 99), ("mvex", 0, 1), ("udta", 0, 1), ("meta", 0, 1)]),
    ("trak", &[("tkhd", 1, 1), ("edts", 0, 1), ("tref", 0, 1), ("mdia", 1, 1), ("udta", 0, 1)]),
    ("tref", &[("chap", 1, 1)]),
    ("udta", &[("chpl", 0, 1), ("meta", 0, 1), ("©nam", 0, 1), ("kind", 0, 1)]),
    ("gmhd", &[("gmin", 1, 1), ("text", 1, 1)]),
    ("edts", &[("elst", 1, 1)]),
    ("mdia", &[("mdhd", 1, 1), ("elng", 0, 1), ("hdlr", 1, 1), ("minf", 1, 1)]),
    (
        "minf",
        &[
            ("vmhd", 0, 1),
            ("smhd", 0, 1),
            ("nmhd", 0, 1),
            ("gmhd", 0, 1),
            ("hdlr", 0, 1),
            ("dinf", 1, 1),
            ("stbl", 1, 1),
        ],
    ),
    ("dinf", &[("dref", 1, 1)]),
    (
        "stbl",
        &[
            ("stsd", 1, 1),
            ("stts", 1, 1),
            ("stss", 0, 1),
            ("stsc", 1, 1),
            ("stsz", 1, 1),
            ("stco", 0, 1),
            ("co64", 0, 1),
            ("sgpd", 0, 1),
            ("sbgp", 0, 1),
        ],
    ),
    ("mvex", &[("trex", 1, 99)]),
    ("mfra", &[("tfra", 0, 99), ("mfro", 1, 1)]),
    ("moof", &[("mfhd", 1, 1), ("traf", 1, 99)]),
    ("traf", &[("tfhd", 1, 1), ("tfdt", 1, 1), ("trun", 1, 1), ("sgpd", 0, 1), ("sbgp", 0, 1)]),
];

impl Node {
    pub fn parse(kind: &str, at: u64, body: &[u8]) -> Checked<Node> {
        let mut node = Node { kind: kind.into(), at, body: Vec::new(), children: Vec::new() };
        let Some((_, rules)) = CONTAINERS.iter().find(|(container, _)| *container == kind) else {
            node.body = body.to_vec();
            return Ok(node);
        };
        node.children = Node::parse_all(kind, body)?;
        let place = |child: &Node| rules.iter().position(|(kind, _, _)| *kind == child.kind);
        let places: Option<Vec<usize>> = node.children.iter().map(place).collect();
        let kinds: Vec<_> = node.children.iter().map(|child| child.kind.as_str()).collect();
        ensure!(places.is_some_and(|places| places.is_sorted()), "{kind} holds {kinds:?}");
        for (child, least, most) in *rules {
            let count = kinds.iter().filter(|kind| kind == &child).count();
            ensure!((*least..=*most).contains(&count), "{kind} holds {count} {child}");
        }
        Ok(node)
    }

    pub fn parse_all(parent: &str, bytes: &[u8]) -> Checked<Vec<Node>> {
        let mut children = Vec::new();
        let mut body = Body::new(bytes);
        while !body.is_empty() {
            let (size, kind) = (body.u32()?, body.kind()?);
            let inside = (size as usize).checked_sub(8).ok_or(format!("{kind} of {size} bytes in {parent}"))?;
            children.push(Node::parse(&kind, 0, body.take(inside).map_err(|error| format!("{kind}: {error}"))?)?);
        }
        Ok(children)
    }

    pub fn child(&self, kind: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.kind == kind)
    }

    pub fn only(&self, kind: &str) -> &Node {
        self.child(kind).expect("counted when it was parsed")
    }

    pub fn all<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Node> {
        self.children.iter().filter(move |child| child.kind == kind)
    }

    pub fn fields(&self) -> Body<'_> {
        Body::new(&self.body)
    }

    /// The fields of a full box, whose version is at most `version`.
    pub fn full_fields(&self, version: u8) -> Checked<(Body<'_>, u8, u32)> {
        let mut body = self.fields();
        let (found, flags) = body.full()?;
        ensure!(found <= version, "{} has version {found}", self.kind);
        Ok((body, found, flags))
    }

    /// The entries of a table of 32-bit numbers, `columns` to an entry.
    pub fn table<const COLUMNS: usize>(&self) -> Checked<Vec<[u32; COLUMNS]>> {
        let (mut body, _, flags) = self.full_fields(0)?;
        ensure!(flags == 0, "{} has flags {flags:x}", self.kind);
        let count = body.u32()?;
        let mut entries = Vec::new();
        for _ in 0..count {
            let mut entry = [0; COLUMNS];
            for field in &mut entry {
                *field = body.u32()?;
            }
            entries.push(entry);
        }
        body.end(&self.kind)?;
        Ok(entries)
    }
}
