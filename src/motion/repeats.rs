//! Pictures that repeat the one before them, to the last bit of every plane.

use crate::media::{PlaneView, Samples};

/// Keeps the last picture, to compare the next with.
#[derive(Default)]
pub(crate) struct Repeats {
    last: Vec<PlaneCopy>,
}

/// A plane with tight rows, as it came.
enum PlaneCopy {
    U8(Vec<u8>),
    U16(Vec<u16>),
}

impl Repeats {
    /// Takes a picture; tells whether it is the same as the one before. The first is not.
    pub fn take(&mut self, planes: &[PlaneView<'_>]) -> bool {
        let fits =
            self.last.len() == planes.len() && self.last.iter().zip(planes).all(|(last, plane)| last.fits(plane));
        if !fits {
            self.last = planes.iter().map(copy).collect();
            return false;
        }
        self.last.iter_mut().zip(planes).fold(true, |is_same, (last, plane)| last.replace(plane) && is_same)
    }
}

fn copy(plane: &PlaneView<'_>) -> PlaneCopy {
    fn tight<T: Clone>(samples: &[T], plane: &PlaneView<'_>) -> Vec<T> {
        let rows = samples.chunks(plane.stride).take(plane.height);
        rows.flat_map(|row| row.iter().take(plane.width).cloned()).collect()
    }
    match plane.samples {
        Samples::U8(samples) => PlaneCopy::U8(tight(samples, plane)),
        Samples::U16(samples) => PlaneCopy::U16(tight(samples, plane)),
    }
}

impl PlaneCopy {
    fn fits(&self, plane: &PlaneView<'_>) -> bool {
        let samples = plane.width * plane.height;
        match (self, plane.samples) {
            (PlaneCopy::U8(own), Samples::U8(_)) => own.len() == samples,
            (PlaneCopy::U16(own), Samples::U16(_)) => own.len() == samples,
            _ => false,
        }
    }

    /// Takes the samples of a plane that fits; tells whether they are those that it has.
    fn replace(&mut self, plane: &PlaneView<'_>) -> bool {
        fn rows<T: PartialEq + Clone>(own: &mut [T], samples: &[T], plane: &PlaneView<'_>) -> bool {
            let mut is_same = true;
            for (own, row) in own.chunks_mut(plane.width.max(1)).zip(samples.chunks(plane.stride.max(1))) {
                let row = &row[..own.len()];
                if own != row {
                    is_same = false;
                    own.clone_from_slice(row);
                }
            }
            is_same
        }
        match (self, plane.samples) {
            (PlaneCopy::U8(own), Samples::U8(samples)) => rows(own, samples, plane),
            (PlaneCopy::U16(own), Samples::U16(samples)) => rows(own, samples, plane),
            _ => false,
        }
    }
}
