//! Open bitstream units (AV1 specification, 5.3): the pieces of a temporal unit, and which of them a container stores.

use crate::error::{Error, Result};

/// `obu_type` (AV1 specification, 6.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ObuType {
    SequenceHeader,
    TemporalDelimiter,
    FrameHeader,
    TileGroup,
    Metadata,
    Frame,
    RedundantFrameHeader,
    TileList,
    Padding,
    Reserved(u8),
}

impl ObuType {
    fn from_code(code: u8) -> Self {
        match code {
            1 => ObuType::SequenceHeader,
            2 => ObuType::TemporalDelimiter,
            3 => ObuType::FrameHeader,
            4 => ObuType::TileGroup,
            5 => ObuType::Metadata,
            6 => ObuType::Frame,
            7 => ObuType::RedundantFrameHeader,
            8 => ObuType::TileList,
            15 => ObuType::Padding,
            _ => ObuType::Reserved(code),
        }
    }

    /// Whether it belongs into a sample of a container. AV1-ISOBMFF 2.4 and the Matroska mapping agree: no temporal
    /// delimiters, which the sample boundaries replace, and neither padding, redundant headers nor tile lists.
    fn is_stored(self) -> bool {
        !matches!(
            self,
            ObuType::TemporalDelimiter | ObuType::Padding | ObuType::RedundantFrameHeader | ObuType::TileList
        )
    }
}

/// One unit, where it stands in the bytes that it was read from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Obu<'a> {
    pub obu_type: ObuType,
    /// `obu_has_size_field`. Without it the unit reaches to the end of the data.
    pub has_size_field: bool,
    /// The unit with its header.
    pub bytes: &'a [u8],
    /// The unit without its header and size.
    pub payload: &'a [u8],
}

impl<'a> Obu<'a> {
    /// The unit at the start of `data`.
    fn parse(data: &'a [u8]) -> Result<Self> {
        let truncated = || Error::input("an AV1 OBU ends before its header does");
        let header = *data.first().ok_or_else(truncated)?;
        if header & 0x80 != 0 {
            return Err(Error::input(format!("{header:#04x} is no AV1 OBU header: the forbidden bit is set")));
        }
        let has_extension = header & 0x04 != 0;
        let has_size_field = header & 0x02 != 0;
        let rest = data.get(1 + usize::from(has_extension)..).ok_or_else(truncated)?;
        let (size, rest) = if has_size_field { leb128(rest)? } else { (rest.len(), rest) };
        let payload = rest.get(..size).ok_or_else(|| {
            Error::input(format!("an AV1 OBU has {size} bytes, but only {} bytes are left", rest.len()))
        })?;
        let length = data.len() - rest.len() + size;
        Ok(Obu { obu_type: ObuType::from_code(header >> 3 & 0x0f), has_size_field, bytes: &data[..length], payload })
    }

    /// The unit with `obu_has_size_field` set.
    pub fn to_sized(self) -> Vec<u8> {
        let mut bytes = self.bytes.to_vec();
        if !self.has_size_field {
            let header_length = self.bytes.len() - self.payload.len();
            add_size_field(&mut bytes, 0, header_length);
        }
        bytes
    }
}

/// The units of `data`, one after the other. Ends after the first error.
pub(crate) fn obus(data: &[u8]) -> Obus<'_> {
    Obus { rest: data }
}

/// See [`obus`].
#[derive(Clone, Debug)]
pub(crate) struct Obus<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Obus<'a> {
    type Item = Result<Obu<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let obu = Obu::parse(self.rest);
        self.rest = match &obu {
            Ok(obu) => &self.rest[obu.bytes.len()..],
            Err(_) => &[],
        };
        Some(obu)
    }
}

/// A temporal unit as a container stores it: the units that belong there, each with its size field. Works in place.
pub(crate) fn into_sample(mut unit: Vec<u8>) -> Result<Vec<u8>> {
    let (mut read, mut kept) = (0, 0);
    while read < unit.len() {
        let obu = Obu::parse(&unit[read..])?;
        let (length, payload_length) = (obu.bytes.len(), obu.payload.len());
        let (stored, has_size_field) = (obu.obu_type.is_stored(), obu.has_size_field);
        if stored {
            unit.copy_within(read..read + length, kept);
            kept += length;
        }
        read += length;
        if stored && !has_size_field {
            // It reached to the end of the data, so it is the last.
            unit.truncate(kept);
            add_size_field(&mut unit, kept - length, length - payload_length);
            return Ok(unit);
        }
    }
    unit.truncate(kept);
    Ok(unit)
}

/// Whether decoding can begin at this temporal unit: it holds a sequence header, and its first frame is a key frame
/// that is shown (a sync sample of AV1-ISOBMFF 2.5). A hidden key frame that a later unit shows does not count.
pub(crate) fn is_random_access_point(unit: &[u8]) -> Result<bool> {
    let mut reduced_header = None;
    for obu in obus(unit) {
        let obu = obu?;
        match obu.obu_type {
            ObuType::SequenceHeader => {
                let first = obu.payload.first().ok_or_else(|| Error::input("an AV1 sequence header is empty"))?;
                reduced_header = Some(first & 0x08 != 0);
            }
            ObuType::Frame | ObuType::FrameHeader => {
                let first = *obu.payload.first().ok_or_else(|| Error::input("an AV1 frame is empty"))?;
                return Ok(match reduced_header {
                    None => false,
                    Some(true) => true,
                    // show_existing_frame = 0, frame_type = KEY_FRAME, show_frame = 1
                    Some(false) => first & 0xf0 == 0x10,
                });
            }
            _ => {}
        }
    }
    Ok(false)
}

/// Sets `obu_has_size_field` of the unit that starts at `start` and reaches to the end of `bytes`.
fn add_size_field(bytes: &mut Vec<u8>, start: usize, header_length: usize) {
    let payload_start = start + header_length;
    let mut size = bytes.len() - payload_start;
    let mut field = Vec::with_capacity(5);
    loop {
        let more = size > 0x7f;
        field.push((size & 0x7f) as u8 | if more { 0x80 } else { 0 });
        if !more {
            break;
        }
        size >>= 7;
    }
    bytes[start] |= 0x02;
    bytes.splice(payload_start..payload_start, field);
}

/// A `leb128()` (4.10.5) and what stands behind it.
fn leb128(data: &[u8]) -> Result<(usize, &[u8])> {
    let mut value = 0u64;
    for (index, &byte) in data.iter().take(8).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return match u32::try_from(value).ok().and_then(|value| usize::try_from(value).ok()) {
                Some(value) => Ok((value, &data[index + 1..])),
                None => Err(Error::input(format!("the size of an AV1 OBU is {value}; it must be below 2^32"))),
            };
        }
    }
    Err(Error::input("the size of an AV1 OBU does not end"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DELIMITER: [u8; 2] = [0x12, 0x00];
    const SEQUENCE: [u8; 3] = [0x0a, 0x01, 0x00];
    const KEY_FRAME: [u8; 4] = [0x32, 0x02, 0x10, 0xaa];

    fn types(data: &[u8]) -> Vec<ObuType> {
        obus(data).map(|obu| obu.unwrap().obu_type).collect()
    }

    #[test]
    fn samples_hold_no_delimiter_padding_or_redundant_header() {
        let padding = [0x7a, 0x01, 0x80];
        let redundant = [0x3a, 0x01, 0x10];
        let unit = [&DELIMITER[..], &SEQUENCE, &padding, &KEY_FRAME, &redundant].concat();
        assert_eq!(
            types(&unit),
            [
                ObuType::TemporalDelimiter,
                ObuType::SequenceHeader,
                ObuType::Padding,
                ObuType::Frame,
                ObuType::RedundantFrameHeader
            ]
        );
        assert_eq!(into_sample(unit).unwrap(), [&SEQUENCE[..], &KEY_FRAME].concat());
        assert!(into_sample(DELIMITER.to_vec()).unwrap().is_empty());
        assert!(into_sample(Vec::new()).unwrap().is_empty());
    }

    #[test]
    fn a_last_unit_without_size_gets_one() {
        let mut frame = vec![0x30];
        frame.extend(vec![0x10; 200]);
        let sample = into_sample([&DELIMITER[..], &SEQUENCE, &frame].concat()).unwrap();
        assert_eq!(sample[..6], [0x0a, 0x01, 0x00, 0x32, 0xc8, 0x01]);
        assert_eq!(sample.len(), 3 + 3 + 200);
        assert_eq!(obus(&frame).next().unwrap().unwrap().to_sized(), sample[3..]);
        // With an extension byte, and nothing behind it.
        assert_eq!(into_sample(vec![0x34, 0x08]).unwrap(), [0x36, 0x08, 0x00]);
        // Unsized padding is dropped like any other.
        assert_eq!(into_sample([&SEQUENCE[..], &[0x78, 1, 2, 3]].concat()).unwrap(), SEQUENCE);
    }

    #[test]
    fn random_access_needs_a_sequence_header_and_a_shown_key_frame() {
        let is_key = |pieces: &[&[u8]]| is_random_access_point(&pieces.concat()).unwrap();
        assert!(is_key(&[&DELIMITER, &SEQUENCE, &KEY_FRAME]));
        assert!(!is_key(&[&KEY_FRAME]), "no sequence header");
        assert!(!is_key(&[&SEQUENCE, &[0x32, 0x01, 0x00]]), "hidden");
        assert!(!is_key(&[&SEQUENCE, &[0x32, 0x01, 0x30]]), "inter");
        assert!(!is_key(&[&SEQUENCE, &[0x1a, 0x01, 0x90]]), "shows an existing frame");
        assert!(is_key(&[&[0x0a, 0x01, 0x18], &[0x32, 0x01, 0xff]]), "reduced still picture header");
        assert!(!is_key(&[&SEQUENCE]));
    }

    #[test]
    fn broken_units_are_refused() {
        for (data, part) in [
            (&[0x92, 0x00][..], "forbidden"),
            (&[0x36], "header"),
            (&[0x32], "does not end"),
            (&[0x32, 0x02, 0x00], "only 1 bytes"),
            (&[0x32, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00], "does not end"),
            (&[0x32, 0xff, 0xff, 0xff, 0xff, 0x1f], "below 2^32"),
        ] {
            let error = into_sample(data.to_vec()).unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
            assert_eq!(obus(data).count(), 1, "the reader goes on after an error");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_split_without_loss(data in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut position = 0;
            let mut broken = false;
            for obu in obus(&data) {
                match obu {
                    Ok(obu) => {
                        prop_assert!(!obu.bytes.is_empty(), "no progress");
                        prop_assert_eq!(obu.bytes, &data[position..position + obu.bytes.len()]);
                        position += obu.bytes.len();
                    }
                    Err(_) => broken = true,
                }
            }
            prop_assert!(broken || position == data.len());
            let _ = is_random_access_point(&data);
            match into_sample(data) {
                Ok(sample) => {
                    prop_assert!(!broken);
                    let stored: Vec<_> = obus(&sample).collect::<Result<_>>().unwrap();
                    prop_assert!(stored.iter().all(|obu| obu.has_size_field && obu.obu_type.is_stored()));
                    prop_assert_eq!(into_sample(sample.clone()).unwrap(), sample);
                }
                Err(_) => prop_assert!(broken),
            }
        }
    }
}
