//! The queue between the codecs and the muxer: packets leave it in the order of their times over all streams.

use std::cmp::Ordering;
use std::collections::VecDeque;

use crate::media::{Packet, TimeBase};

/// The bytes that a packet takes in memory: its payload, its alpha picture, and what stands beside them.
fn cost(packet: &Packet) -> u64 {
    (size_of::<Packet>() + packet.data.len() + packet.alpha.as_ref().map_or(0, Vec::len)) as u64
}

/// Queues of packets, one a stream. A packet leaves when no stream can still bring an earlier one: when each stream has
/// a packet waiting, or has ended. The order is decided by times alone, never by arrival, so that the bytes of the
/// file do not depend on who came first.
pub(super) struct Interleaver {
    lanes: Vec<Lane>,
    bytes: u64,
}

struct Lane {
    queue: VecDeque<Packet>,
    time_base: TimeBase,
    /// Of packets of one time, pictures go first: a cluster or fragment has to begin with a key frame.
    video: bool,
    /// Whether its track is known before its first packet, which may be long in coming.
    sparse: bool,
    /// No packet that is still to come begins before it.
    earliest: Option<i64>,
    ended: bool,
}

impl Interleaver {
    pub fn new() -> Self {
        Interleaver { lanes: Vec::new(), bytes: 0 }
    }

    /// Adds the lane of the next stream. A `sparse` one says by [`advance`](Self::advance) how far it has come.
    pub fn add_lane(&mut self, video: bool, sparse: bool) {
        let (queue, time_base) = (VecDeque::new(), TimeBase::NANOSECONDS);
        self.lanes.push(Lane { queue, time_base, video, sparse, earliest: None, ended: false });
    }

    /// No packet of `stream` that is still to come begins before `time`, in its ticks.
    pub fn advance(&mut self, stream: usize, time: i64) {
        let earliest = &mut self.lanes[stream].earliest;
        *earliest = (*earliest).max(Some(time));
    }

    /// Says in what unit the times of each stream are, before the first packet.
    pub fn set_time_bases(&mut self, bases: &[TimeBase]) {
        self.lanes.iter_mut().zip(bases).for_each(|(lane, base)| lane.time_base = *base);
    }

    /// `packet.track` is the stream that it belongs to.
    pub fn push(&mut self, packet: Packet) {
        self.bytes += cost(&packet);
        self.lanes[packet.track].queue.push_back(packet);
    }

    /// No more packets of `stream` will come.
    pub fn end(&mut self, stream: usize) {
        self.lanes[stream].ended = true;
    }

    /// What waits, payloads and overhead.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether all others wait for this stream, so that more of it only helps.
    pub fn lags(&self, stream: usize) -> bool {
        self.lanes[stream].queue.is_empty()
    }

    /// The streams that the waiting packets wait for.
    pub fn awaited(&self) -> impl Iterator<Item = usize> {
        let first = self.first();
        let is_open = |&index: &usize| self.lanes[index].queue.is_empty() && !self.lanes[index].ended;
        (0..self.lanes.len()).filter(is_open).filter(move |&index| {
            // One that has come far enough brings nothing that goes first.
            !first.is_some_and(|first| {
                self.lanes[index].earliest.is_some() && self.compare(first, index) == Ordering::Less
            })
        })
    }

    /// Whether the tracks of all streams that have one are known: each has brought a packet, has ended, or is sparse.
    pub fn all_known(&self) -> bool {
        self.lanes.iter().all(|lane| lane.sparse || lane.ended || !lane.queue.is_empty())
    }

    /// Whether `stream` is sparse and has not ended.
    pub fn may_come(&self, stream: usize) -> bool {
        self.lanes[stream].sparse && !self.lanes[stream].ended
    }

    /// The next packet in the order of time, if it is known.
    pub fn pop(&mut self) -> Option<Packet> {
        if self.awaited().next().is_some() {
            return None;
        }
        let next = self.first()?;
        let packet = self.lanes[next].queue.pop_front()?;
        self.bytes -= cost(&packet);
        Some(packet)
    }

    /// The lane whose first packet is the first of those that are there.
    fn first(&self) -> Option<usize> {
        (0..self.lanes.len()).filter(|&index| !self.lanes[index].queue.is_empty()).min_by(|&a, &b| self.compare(a, b))
    }

    /// Compares the first packets of two lanes, or the first that can still come, by time, then kind, then stream.
    fn compare(&self, a: usize, b: usize) -> Ordering {
        let by_stream = a.cmp(&b);
        let time = |lane: &Lane| {
            let pts = lane.queue.front().map(|packet| packet.pts).or(lane.earliest).unwrap_or(i64::MAX);
            i128::from(pts) * i128::from(lane.time_base.num())
        };
        let (a, b) = (&self.lanes[a], &self.lanes[b]);
        let by_time = (time(a) * i128::from(b.time_base.den())).cmp(&(time(b) * i128::from(a.time_base.den())));
        by_time.then(b.video.cmp(&a.video)).then(by_stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn order(bases: &[u32], arrivals: &[(usize, i64)]) -> Vec<(usize, i64)> {
        let mut queue = Interleaver::new();
        bases.iter().for_each(|&den| queue.add_lane(den == 30, false));
        queue.set_time_bases(&bases.iter().map(|&den| TimeBase::per_second(den)).collect::<Vec<_>>());
        let mut out = Vec::new();
        for &(track, pts) in arrivals {
            queue.push(Packet::new(track, pts, 1, true, vec![0; 3]));
            out.extend(std::iter::from_fn(|| queue.pop()).map(|packet| (packet.track, packet.pts)));
        }
        (0..bases.len()).for_each(|stream| queue.end(stream));
        out.extend(std::iter::from_fn(|| queue.pop()).map(|packet| (packet.track, packet.pts)));
        assert_eq!(queue.bytes(), 0);
        out
    }

    #[test]
    fn times_decide_then_pictures_then_the_first_stream() {
        let arrivals = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 500), (1, 1000)];
        assert_eq!(order(&[1, 1000], &arrivals), [(0, 0), (1, 0), (1, 500), (0, 1), (1, 1000), (0, 2)]);
        assert_eq!(order(&[1, 30], &[(0, 0), (0, 1), (1, 0), (1, 30)]), [(1, 0), (0, 0), (1, 30), (0, 1)]);
    }

    #[test]
    fn transparency_counts() {
        let mut queue = Interleaver::new();
        queue.add_lane(true, false);
        let mut packet = Packet::new(0, 0, 1, true, vec![0; 3]);
        queue.push(packet.clone());
        let opaque = queue.bytes();
        packet.alpha = Some(vec![0; 1000]);
        queue.push(packet);
        assert_eq!(queue.bytes(), 2 * opaque + 1000);
        assert!(queue.pop().is_some() && queue.pop().is_some());
        assert_eq!(queue.bytes(), 0);
    }

    #[test]
    fn nobody_waits_for_a_sparse_stream_that_is_far_enough() {
        let mut queue = Interleaver::new();
        [(true, false), (false, true)].iter().for_each(|&(video, sparse)| queue.add_lane(video, sparse));
        queue.set_time_bases(&[TimeBase::MILLISECONDS; 2]);
        let packet = |track, pts| Packet::new(track, pts, 10, true, vec![0]);
        [0, 10, 20, 30].iter().for_each(|&pts| queue.push(packet(0, pts)));
        assert!(queue.all_known() && queue.pop().is_none());
        assert_eq!(queue.awaited().collect::<Vec<_>>(), [1]);
        queue.advance(1, 10);
        let next = |queue: &mut Interleaver| queue.pop().map(|packet| (packet.track, packet.pts));
        assert_eq!([next(&mut queue), next(&mut queue), next(&mut queue)], [Some((0, 0)), Some((0, 10)), None]);
        queue.push(packet(1, 15));
        queue.advance(1, 15);
        assert_eq!([next(&mut queue), next(&mut queue)], [Some((1, 15)), None]);
        queue.end(1);
        assert_eq!([next(&mut queue), next(&mut queue), next(&mut queue)], [Some((0, 20)), Some((0, 30)), None]);
    }

    proptest! {
        #[test]
        fn order_does_not_depend_on_arrival(
            mut lengths in proptest::collection::vec(0usize..20, 1..4),
            picks in proptest::collection::vec(0usize..4, 0..60),
        ) {
            let bases = [30, 48_000, 1000, 7];
            let step = [1, 960, 33, 1];
            let total = lengths.clone();
            let mut arrivals = Vec::new();
            let mut given = vec![0i64; lengths.len()];
            for pick in picks.into_iter().chain((0..4).flat_map(|stream| [stream; 20])) {
                if pick < lengths.len() && lengths[pick] > 0 {
                    lengths[pick] -= 1;
                    arrivals.push((pick, given[pick] * step[pick]));
                    given[pick] += 1;
                }
            }
            let mut sorted = arrivals.clone();
            sorted.sort();
            prop_assert_eq!(order(&bases[..total.len()], &arrivals), order(&bases[..total.len()], &sorted));
        }
    }
}
