//! Bytes with a size and a format's name, as frames.

use framewright::{FrameView, Result};

/// The names that [`view`] knows, for messages.
pub const FORMATS: &str = "rgba, bgra, rgb, bgr, gray, i420, i422, i444, nv12";

/// A frame of 8 bits a sample, whose rows and planes follow each other without padding. `None` for a format that has
/// another name than those of [`FORMATS`].
pub fn view<'a>(format: &str, width: u32, height: u32, bytes: &'a [u8]) -> Option<Result<FrameView<'a>>> {
    Some(match format {
        "rgba" => FrameView::rgba(width, height, bytes),
        "bgra" => FrameView::bgra(width, height, bytes),
        "rgb" => FrameView::rgb(width, height, bytes),
        "bgr" => FrameView::bgr(width, height, bytes),
        "gray" => FrameView::gray(width, height, bytes),
        "i420" => FrameView::i420(width, height, bytes),
        "i422" => FrameView::i422(width, height, bytes),
        "i444" => FrameView::i444(width, height, bytes),
        "nv12" => FrameView::nv12(width, height, bytes),
        _ => return None,
    })
}
