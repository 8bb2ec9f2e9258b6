//! The coded size, where it is larger than the visible one.

use super::{PictureTarget, Sample, empty, resize};
use crate::error::Result;
use crate::media::{Picture, PictureView, Plane, PlaneView, Samples};

/// Extends pictures to the right and downwards by repeating their last column and row: flat in the direction in which
/// they go on, they cost the codec next to nothing, and prediction from them is what it is at any picture's edge.
pub(super) struct Padder {
    width: usize,
    height: usize,
    picture: Picture,
}

impl Padder {
    pub fn new(target: &PictureTarget) -> Self {
        Padder { width: target.coded_width, height: target.coded_height, picture: empty(target.format) }
    }

    /// `picture` itself where it has the coded size.
    pub fn extend<'a>(&'a mut self, picture: PictureView<'a>) -> Result<PictureView<'a>> {
        let (width, height) = (self.width.max(picture.width), self.height.max(picture.height));
        if (width, height) == (picture.width, picture.height) {
            return Ok(picture);
        }
        resize(&mut self.picture, width, height)?;
        let format = self.picture.format;
        for (index, (plane, source)) in self.picture.planes.iter_mut().zip(&picture.planes).enumerate() {
            let (width, _) = format.plane_size(index, width, height);
            match (plane, source.samples) {
                (Plane::U8(out), Samples::U8(samples)) => extend_plane(samples, source, out, width),
                (Plane::U16(out), Samples::U16(samples)) => extend_plane(samples, source, out, width),
                // The stages before deliver the target's format.
                (Plane::U8(_) | Plane::U16(_), _) => {}
            }
        }
        Ok(self.picture.view())
    }
}

fn extend_plane<S: Sample>(samples: &[S], source: &PlaneView<'_>, out: &mut [S], width: usize) {
    for (row, out) in samples.chunks(source.stride).zip(out.chunks_mut(width)).take(source.height) {
        let (visible, surplus) = out.split_at_mut(source.width);
        visible.copy_from_slice(&row[..source.width]);
        surplus.fill(row[source.width - 1]);
    }
    let (visible, surplus) = out.split_at_mut(source.height * width);
    let last = &visible[(source.height - 1) * width..];
    for row in surplus.chunks_mut(width) {
        row.copy_from_slice(last);
    }
}
