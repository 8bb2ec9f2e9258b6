//! The segments of a track that its manifest lists, and those that have left it.

use std::collections::VecDeque;

/// A segment as manifests tell of it. Times are ticks of the track's media.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Segment {
    /// From 1.
    pub number: u64,
    /// From where on it counts: where the segment before it ended, in a playlist, which has no gaps.
    pub from: u64,
    /// When its first sample is presented.
    pub start: u64,
    pub end: u64,
    pub bytes: u64,
    /// Of one that is a range of a file: where it begins.
    pub offset: u64,
    /// Nothing is in it.
    pub gap: bool,
}

/// The segments of one track.
#[derive(Default)]
pub(super) struct Segments {
    timescale: u64,
    /// Each counts from where the one before it ended: the manifest has no other way to tell of a gap.
    is_gapless: bool,
    listed: VecDeque<Segment>,
    /// Removed from the manifest, and still there for who has read it before: number and length in microseconds.
    retired: VecDeque<(u64, u64)>,
    count: u64,
    end: u64,
    bytes: u64,
    /// The longest that there was, in microseconds.
    longest: u64,
    /// The peak bit rate among those that are no longer listed.
    retired_peak: u64,
}

impl Segments {
    pub fn new(timescale: u32, is_gapless: bool) -> Self {
        Segments { timescale: timescale.into(), is_gapless, ..Segments::default() }
    }

    pub fn timescale(&self) -> u64 {
        self.timescale
    }

    pub fn listed(&self) -> impl DoubleEndedIterator<Item = &Segment> + ExactSizeIterator {
        self.listed.iter()
    }

    /// Where the last one ends; 0 where there is none.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// The end, in microseconds.
    pub fn end_micros(&self) -> u64 {
        self.micros(self.end)
    }

    pub fn next_number(&self) -> u64 {
        self.count + 1
    }

    pub fn push(&mut self, start: u64, end: u64, bytes: u64, offset: u64, gap: bool) {
        // Edits and trims take from the ends of a track only, so segments follow each other.
        let (start, end) = (start.max(self.end), end.max(self.end.saturating_add(1)));
        let from = if self.is_gapless { self.end } else { start };
        self.count += 1;
        let segment = Segment { number: self.count, from, start: start.min(end), end, bytes, offset, gap };
        self.longest = self.longest.max(self.length(&segment));
        (self.end, self.bytes) = (end, self.bytes.saturating_add(bytes));
        self.listed.push_back(segment);
    }

    /// A moment in microseconds, to the nearest.
    pub fn micros(&self, ticks: u64) -> u64 {
        let scale = u128::from(self.timescale.max(1));
        u64::try_from((u128::from(ticks) * 1_000_000 + scale / 2) / scale).unwrap_or(u64::MAX)
    }

    /// What counts of a segment, in microseconds. Its moments are rounded, so that no error adds up.
    pub fn length(&self, segment: &Segment) -> u64 {
        self.micros(segment.end).saturating_sub(self.micros(segment.from)).max(1)
    }

    /// The longest segment, in whole seconds, rounded up.
    pub fn longest_seconds(&self) -> u64 {
        self.longest.div_ceil(1_000_000).max(1)
    }

    /// The average bit rate.
    pub fn average_rate(&self) -> u64 {
        rate(self.bytes, self.end_micros())
    }

    /// The peak bit rate: the largest of any row of segments that last from half to one and a half `target` seconds
    /// (RFC 8216, 4.1), and of any segment that is half as long as the longest, since the target may be far above it.
    pub fn peak_rate(&self, target: u64) -> u64 {
        let most = target.saturating_mul(1_500_000).max(self.longest);
        let least = target.saturating_mul(500_000).min(self.longest / 2);
        let mut peak = self.retired_peak;
        for last in 0..self.listed.len() {
            let (mut bytes, mut length) = (0u64, 0u64);
            for segment in self.listed.iter().take(last + 1).rev() {
                bytes = bytes.saturating_add(segment.bytes);
                length = length.saturating_add(self.length(segment));
                if length > most {
                    break;
                }
                if length >= least {
                    peak = peak.max(rate(bytes, length));
                }
            }
        }
        peak.max(self.average_rate())
    }

    /// Takes segments from the list until `window` are left, but leaves three `target` seconds (RFC 8216, 6.2.2).
    /// Gives the numbers of those whose files nobody can be reading any more: who has seen the list with them has had
    /// the length of the list to get them.
    pub fn slide(&mut self, window: usize, target: u64) -> Vec<u64> {
        let length = |segments: &Self| segments.listed.iter().map(|segment| segments.length(segment)).sum::<u64>();
        while self.listed.len() > window {
            let Some(&first) = self.listed.front() else { break };
            if length(self).saturating_sub(self.length(&first)) < target.saturating_mul(3_000_000) {
                break;
            }
            self.retired_peak = self.peak_rate(target);
            self.listed.pop_front();
            self.retired.push_back((first.number, self.length(&first)));
        }
        let kept = length(self).saturating_add(target.saturating_mul(1_000_000));
        let mut gone = Vec::new();
        while let Some(&(number, first)) = self.retired.front() {
            if self.retired.iter().map(|(_, length)| length).sum::<u64>().saturating_sub(first) < kept {
                break;
            }
            self.retired.pop_front();
            gone.push(number);
        }
        gone
    }
}

/// Bits a second, rounded up.
fn rate(bytes: u64, micros: u64) -> u64 {
    let bits = u128::from(bytes) * 8_000_000;
    u64::try_from(bits.div_ceil(micros.max(1).into())).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_that_of_rows_about_as_long_as_the_target() {
        let mut segments = Segments::new(10, true);
        for (end, bytes) in [(40, 1000), (42, 1000), (80, 1000), (120, 4000), (130, 500)] {
            segments.push(segments.end(), end, bytes, 0, false);
        }
        // The one of 0.2 s is too short to count by itself.
        assert_eq!(segments.peak_rate(4), 8000);
        assert_eq!(segments.average_rate(), 7500 * 8 / 13 + 1);
        assert_eq!(segments.longest_seconds(), 4);
    }

    #[test]
    fn files_stay_for_the_length_of_the_list() {
        let mut segments = Segments::new(1, true);
        let mut removed = Vec::new();
        for index in 0..20u64 {
            segments.push(index * 2, index * 2 + 2, 10, 0, false);
            removed.extend(segments.slide(3, 2));
            let first = segments.listed().next().map(|segment| segment.number);
            assert_eq!(first, Some((index + 1).saturating_sub(2).max(1)));
        }
        // 3 are listed, and 4 that have left stay.
        assert_eq!(removed, (1..=13).collect::<Vec<_>>());
        // Three times the target stays listed, however small the window.
        let mut segments = Segments::new(1, true);
        (0..20u64).for_each(|index| drop((segments.push(index, index + 1, 10, 0, false), segments.slide(3, 3))));
        assert_eq!(segments.listed().len(), 9);
    }
}
