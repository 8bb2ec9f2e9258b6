//! The SEEKTABLE (RFC 9639, 8.5): where in the file some of the samples are.

/// Points that there is room for: one about every percent of the file, in 1,800 bytes.
const POINTS: usize = 100;

/// Bytes of a point.
const POINT: usize = 18;

/// Bytes of the block's body.
pub(super) const BODY: usize = POINTS * POINT;

/// Gathers points while a file is written that nobody knows the length of. When there is no more room, every other one
/// goes, and those to come stand twice as far apart: from half of the room to all of it is used, whatever the length.
pub(super) struct SeekTable {
    points: Vec<Point>,
    /// Samples from one point to the next, at least.
    spacing: u64,
}

struct Point {
    sample: u64,
    offset: u64,
    samples: u16,
}

impl SeekTable {
    /// Begins with a point a second.
    pub fn new(sample_rate: u32) -> Self {
        SeekTable { points: Vec::with_capacity(POINTS), spacing: u64::from(sample_rate) }
    }

    /// Notes a frame: its first sample, where it stands behind the first frame's first byte, and its samples.
    pub fn note(&mut self, sample: u64, offset: u64, samples: u32) {
        if self.points.last().is_some_and(|last| sample - last.sample < self.spacing) {
            return;
        }
        if self.points.len() == POINTS {
            let mut index = 0;
            self.points.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.spacing = self.spacing.saturating_mul(2);
            return self.note(sample, offset, samples);
        }
        // Block sizes are of 16 bits.
        self.points.push(Point { sample, offset, samples: samples as u16 });
    }

    /// The body of the block. Points that are not used are placeholders, which stand last.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(BODY);
        for point in &self.points {
            out.extend_from_slice(&point.sample.to_be_bytes());
            out.extend_from_slice(&point.offset.to_be_bytes());
            out.extend_from_slice(&point.samples.to_be_bytes());
        }
        while out.len() < BODY {
            out.extend_from_slice(&u64::MAX.to_be_bytes());
            out.extend_from_slice(&[0; POINT - 8]);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_thin_out_and_stay_even() {
        for frames in [0u64, 1, 99, 100, 101, 200, 5_000, 100_000] {
            let mut table = SeekTable::new(4096);
            (0..frames).for_each(|frame| table.note(frame * 4096, frame * 7, 4096));
            assert!(table.points.len() as u64 >= frames.min(POINTS as u64 / 2), "{frames}");
            assert!(table.points.iter().all(|point| point.offset == point.sample / 4096 * 7));
            assert!(table.points.windows(2).all(|pair| pair[1].sample - pair[0].sample == table.spacing));
            assert_eq!(table.to_bytes().len(), BODY);
        }
    }
}
