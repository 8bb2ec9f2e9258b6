//! AV1 decoded by rav1d, which shares no code with the encoder.

use re_rav1d::{Decoder, Error, PixelLayout, PlanarImageComponent, Settings};

/// A decoded picture: one tight plane of luma, and two of chroma unless it is monochrome.
#[derive(Debug, PartialEq, Eq)]
pub struct Decoded {
    pub width: usize,
    pub height: usize,
    pub bit_depth: usize,
    pub planes: Vec<Vec<u16>>,
}

/// Decodes temporal units, each of which has to show one picture.
pub fn decode<U: AsRef<[u8]>>(units: impl IntoIterator<Item = U>) -> Vec<Decoded> {
    let mut settings = Settings::new();
    settings.set_n_threads(1);
    settings.set_max_frame_delay(1);
    settings.set_strict_std_compliance(true);
    let mut decoder = Decoder::with_settings(&settings).expect("the decoder opens");
    units
        .into_iter()
        .enumerate()
        .map(|(index, unit)| {
            let sent = decoder.send_data(unit.as_ref().to_vec(), None, None, None);
            assert_eq!(sent, Ok(()), "unit {index} is taken whole");
            let picture =
                decoder.get_picture().unwrap_or_else(|error| panic!("unit {index} shows no picture: {error}"));
            assert_eq!(decoder.get_picture().err(), Some(Error::Again), "unit {index} shows a second picture");
            decoded(&picture)
        })
        .collect()
}

fn decoded(picture: &re_rav1d::Picture) -> Decoded {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let (x, y, planes) = match picture.pixel_layout() {
        PixelLayout::I400 => (0, 0, 1),
        PixelLayout::I420 => (1, 1, 3),
        PixelLayout::I422 => (1, 0, 3),
        PixelLayout::I444 => (0, 0, 3),
    };
    let bit_depth = picture.bit_depth();
    let plane = |index: usize| {
        let component = PlanarImageComponent::from(index);
        let (x, y) = if index == 0 { (0, 0) } else { (x, y) };
        let (width, height) = ((width + x) >> x, (height + y) >> y);
        let bytes = picture.plane(component);
        let rows = bytes.chunks(picture.stride(component) as usize).take(height);
        rows.flat_map(|row| match bit_depth {
            8 => row[..width].iter().map(|&sample| sample.into()).collect::<Vec<u16>>(),
            _ => row[..2 * width].chunks(2).map(|pair| u16::from_ne_bytes([pair[0], pair[1]])).collect(),
        })
        .collect()
    };
    Decoded { width, height, bit_depth, planes: (0..planes).map(plane).collect() }
}
