//! Laces: packets of sound that share a block and its time stamp (RFC 9559, 10.3).
//!
//! A reader gives the first packet the block's time, and each further one that of the packet before it and the track's
//! DefaultDuration. So all packets of a lace last that long and begin where the one before them ends; what does not
//! begins a block. The DefaultDuration is rounded to a nanosecond, and after eight packets at most the next block has a
//! time of its own: no packet is more than 4 ns further from the truth than the block, which is rounded to a
//! millisecond.
//!
//! A lace is written when it is complete, behind what came in the meantime. So blocks step back in time by no more than
//! it lasts, and a reader that begins at a key frame in the middle of it finds the sound of that time behind the frame.

use super::ebml;
use crate::media::{CodecConfig, Packet, TimeBase, Track};

/// As many as other writers put into one.
const MOST_PACKETS: u64 = 8;

/// Of one packet. A lace saves 5 bytes of each, which is nothing beside more than this.
const MOST_BYTES: usize = 16 << 10;

/// A lace is no longer than this, in nanoseconds.
const MOST_SPAN: u64 = 1_000_000_000;

/// Packets of several tracks come in the order of what is heard and seen, and may be out of it by what is stamped, by
/// the delay of a codec. In ticks.
const DELAY: i64 = 100;

/// What a track says of its laces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// That there are none.
    Unlaced,
    /// That there may be some; room is kept for the duration of their packets.
    Undecided,
    /// How many nanoseconds each of their packets lasts.
    Lasting(u64),
}

/// How long each packet of a track lasts that says nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Usual {
    /// In the track's ticks.
    duration: u32,
    nanoseconds: u64,
    /// How many are a full lace.
    most: usize,
    /// How long that lasts, in the segment's ticks.
    span: i64,
}

/// Whether and how a track is laced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Its first packet will tell.
    Undecided,
    Of(Usual),
    /// Its packets last too long, or for no time that nanoseconds can say.
    Never,
}

impl Rule {
    /// Whether a packet without a BlockDuration is taken to last for `duration`, or for no known time.
    pub fn is_usual(self, duration: u32) -> bool {
        match self {
            Rule::Undecided => false,
            Rule::Of(usual) => usual.duration == duration,
            Rule::Never => true,
        }
    }

    /// Where packets last for `duration` ticks.
    fn of(duration: u32, time_base: TimeBase) -> Self {
        let nanoseconds = time_base.rescale(duration.into(), TimeBase::NANOSECONDS);
        let nanoseconds = nanoseconds.and_then(|ns| u64::try_from(ns).ok()).unwrap_or(0);
        match MOST_SPAN.checked_div(nanoseconds).map_or(0, |most| most.min(MOST_PACKETS)) {
            0 | 1 => Rule::Never,
            most => Rule::Of(Usual {
                duration,
                nanoseconds,
                most: most as usize,
                span: (most * nanoseconds / 1_000_000) as i64,
            }),
        }
    }
}

/// A track whose packets are laced.
pub(super) struct Lacing {
    pub rule: Rule,
    time_base: TimeBase,
    /// What the codec says of all packets but the last one.
    promised: Option<u32>,
    lace: Lace,
}

/// Packets that wait for their block.
#[derive(Default)]
pub(super) struct Lace {
    /// When the first one begins, in the segment's ticks.
    pub time: i64,
    /// When the last one ends, in the track's ticks.
    end: i64,
    sizes: Vec<usize>,
    pub data: Vec<u8>,
}

impl Lacing {
    pub fn new(track: &Track) -> Self {
        let promised = match &track.config {
            CodecConfig::Flac(config) if track.time_base == TimeBase::per_second(config.sample_rate) => {
                block_size(&config.stream_info)
            }
            _ => None,
        };
        Lacing { rule: Rule::Undecided, time_base: track.time_base, promised, lace: Lace::default() }
    }

    pub fn said(&self) -> Said {
        match self.rule {
            Rule::Undecided | Rule::Never => Said::Undecided,
            Rule::Of(usual) => Said::Lasting(usual.nanoseconds),
        }
    }

    /// The rule when `packet` is known.
    pub fn decide(&self, packet: &Packet) -> Rule {
        match self.rule {
            Rule::Undecided if packet.trim_end == 0 => {
                Rule::of(self.promised.unwrap_or(packet.duration), self.time_base)
            }
            rule => rule,
        }
    }

    /// Whether a packet of whose duration nothing has to be said is one to be laced.
    pub fn takes(&self, packet: &Packet) -> bool {
        let is_usual = matches!(self.rule, Rule::Of(usual) if usual.duration == packet.duration);
        is_usual && packet.key && packet.trim_end == 0 && packet.data.len() <= MOST_BYTES
    }

    /// Whether it goes on with the packets that wait. Where none do, it does not.
    pub fn goes_on(&self, packet: &Packet) -> bool {
        !self.lace.is_empty() && self.lace.end == packet.pts
    }

    /// Bytes of the packets that wait, and of what will stand beside them.
    pub fn waiting(&self) -> usize {
        self.lace.bytes()
    }

    /// Adds a packet that begins at `time`; gives whether the lace is full.
    pub fn add(&mut self, packet: &Packet, time: i64) -> bool {
        let lace = &mut self.lace;
        if lace.is_empty() {
            lace.time = time;
        }
        lace.end = packet.end();
        lace.sizes.push(packet.data.len());
        lace.data.extend_from_slice(&packet.data);
        matches!(self.rule, Rule::Of(usual) if lace.sizes.len() >= usual.most)
    }

    /// Whether packets wait that the next one would have joined, had it come before what begins at `time`.
    pub fn is_late(&self, time: i64) -> bool {
        let Rule::Of(usual) = self.rule else { return false };
        !self.lace.is_empty() && time > self.lace.time.saturating_add(usual.span + DELAY)
    }

    /// The packets that wait, if there are some.
    pub fn take(&mut self) -> Option<Lace> {
        (!self.lace.is_empty()).then(|| std::mem::take(&mut self.lace))
    }

    /// Takes a lace back that was written, for its capacity.
    pub fn give_back(&mut self, mut lace: Lace) {
        lace.sizes.clear();
        lace.data.clear();
        self.lace = lace;
    }
}

impl Lace {
    fn is_empty(&self) -> bool {
        self.sizes.is_empty()
    }

    /// What it takes in its cluster, or a little more.
    pub fn bytes(&self) -> usize {
        const MOST_BESIDE: usize = 12;
        self.data.len() + self.sizes.len() * MOST_BESIDE
    }

    /// What stands before its packets; `None` for a single one.
    pub fn head(&self) -> Option<Head> {
        (self.sizes.len() > 1).then(|| Head::of(&self.sizes))
    }
}

/// The sizes of a lace's packets.
pub(super) struct Head {
    /// Which way they are written, as the block's flags say it.
    pub flag: u8,
    pub bytes: Vec<u8>,
}

impl Head {
    const XIPH: u8 = 0x02;
    const FIXED_SIZE: u8 = 0x04;
    const EBML: u8 = 0x06;

    /// In the shortest way. The last size follows from that of the block.
    fn of(sizes: &[usize]) -> Self {
        // One less than there are.
        let count = (sizes.len() - 1) as u8;
        if sizes.windows(2).all(|pair| pair[0] == pair[1]) {
            return Head { flag: Self::FIXED_SIZE, bytes: vec![count] };
        }
        let (mut ebml, mut xiph) = (vec![count], vec![count]);
        let coded = &sizes[..sizes.len() - 1];
        for (index, &size) in coded.iter().enumerate() {
            match index.checked_sub(1).and_then(|before| coded.get(before)) {
                None => ebml::vint(&mut ebml, size as u64),
                Some(&before) => ebml::signed_vint(&mut ebml, size as i64 - before as i64),
            }
            // As many full bytes as there are in it, and the rest, which may be 0.
            xiph.extend(std::iter::repeat_n(0xff, size / 255));
            xiph.push((size % 255) as u8);
        }
        match xiph.len() < ebml.len() {
            true => Head { flag: Self::XIPH, bytes: xiph },
            false => Head { flag: Self::EBML, bytes: ebml },
        }
    }
}

/// The samples of each block of a STREAMINFO that says one size for all (RFC 9639, 8.2), of which the last may have less.
fn block_size(stream_info: &[u8; 34]) -> Option<u32> {
    let [a, b, c, d, ..] = *stream_info;
    let (least, most) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    (least == most && most > 0).then_some(most.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_in_the_shortest_way() {
        let head = |sizes: &[usize]| {
            let Head { flag, bytes } = Head::of(sizes);
            (flag, bytes)
        };
        assert_eq!(head(&[3, 3]), (0x04, vec![1]));
        assert_eq!(head(&[20_000; 8]), (0x04, vec![7]));
        // The examples of RFC 9559, 10.3.2 and 10.3.3.
        assert_eq!(head(&[800, 500, 1000]), (0x06, vec![2, 0x43, 0x20, 0x5e, 0xd3]));
        assert_eq!(head(&[1, 255, 3]), (0x06, vec![2, 0x81, 0x60, 0xfd]));
        assert_eq!(head(&[1, 200, 1, 200, 9]), (0x02, vec![4, 1, 200, 1, 200]));
        assert_eq!(head(&[254, 0]), (0x02, vec![1, 254]));
        assert_eq!(head(&[255, 0]), (0x06, vec![1, 0x40, 0xff]));
        assert_eq!(head(&[0, 63, 0, 7]), (0x06, vec![3, 0x80, 0xfe, 0x80]));
        assert_eq!(head(&[16_383, 0, 16_384]), (0x06, vec![2, 0x20, 0x3f, 0xff, 0x2f, 0xc0, 0x00]));
    }

    #[test]
    fn durations_that_cannot_be_laced_are_not() {
        let of = |duration, rate| match Rule::of(duration, TimeBase::per_second(rate)) {
            Rule::Of(usual) => Some((usual.nanoseconds, usual.most, usual.span)),
            _ => None,
        };
        assert_eq!(of(960, 48_000), Some((20_000_000, 8, 160)));
        assert_eq!(of(4096, 44_100), Some((92_879_819, 8, 743)));
        assert_eq!(of(4096, 8_000), None);
        assert_eq!(of(4096, 16_000), Some((256_000_000, 3, 768)));
        assert_eq!((of(0, 48_000), of(u32::MAX, 1)), (None, None));
    }
}
