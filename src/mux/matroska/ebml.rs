//! Writers of one EBML element each (RFC 8794). IDs, sizes and integers take as few bytes as they can.

use super::ids::{self, Id};

/// Set in all seven value bytes: an element that ends where its parent does, or where an element begins that cannot
/// be inside it (RFC 8794, 6.2). Eight bytes long, so that a size that has become known fits over it.
pub(super) const UNKNOWN_SIZE: [u8; 8] = [0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

/// An element whose content is what `body` writes.
pub(super) fn master(out: &mut Vec<u8>, id: Id, body: impl FnOnce(&mut Vec<u8>)) {
    let mut content = Vec::new();
    body(&mut content);
    binary(out, id, &content);
}

/// An element of bytes. Strings are among them: none of ours is padded or terminated.
pub(super) fn binary(out: &mut Vec<u8>, id: Id, content: &[u8]) {
    header(out, id, content.len() as u64);
    out.extend_from_slice(content);
}

pub(super) fn uint(out: &mut Vec<u8>, id: Id, value: u64) {
    let unused = (value.leading_zeros() / 8).min(7);
    binary(out, id, &value.to_be_bytes()[unused as usize..]);
}

/// The same over all eight bytes, for what is patched.
pub(super) fn wide_uint(out: &mut Vec<u8>, id: Id, value: u64) {
    binary(out, id, &value.to_be_bytes());
}

/// A signed integer, in two's complement.
pub(super) fn int(out: &mut Vec<u8>, id: Id, value: i64) {
    // The first byte that stays has to begin with the sign.
    let sign_bits = if value < 0 { value.leading_ones() } else { value.leading_zeros() };
    let unused = (sign_bits - 1) / 8;
    binary(out, id, &value.to_be_bytes()[unused as usize..]);
}

pub(super) fn float(out: &mut Vec<u8>, id: Id, value: f64) {
    binary(out, id, &value.to_be_bytes());
}

/// The ID and the size of an element whose content of `size` bytes follows.
pub(super) fn header(out: &mut Vec<u8>, id: Id, size: u64) {
    element_id(out, id);
    vint(out, size);
}

/// The bytes of an ID, as they stand before a size and in a SeekID.
pub(super) fn element_id(out: &mut Vec<u8>, id: Id) {
    let unused = id.0.leading_zeros() / 8;
    out.extend_from_slice(&id.0.to_be_bytes()[unused as usize..]);
}

/// A number that says its own length: as many zero bits as further bytes, a one, and the value (RFC 8794, 4). All ones
/// mean "unknown" and are avoided. What does not fit in 56 bits is larger than any buffer can be.
pub(super) fn vint(out: &mut Vec<u8>, value: u64) {
    let length = (1..8).find(|length| value < (1u64 << (7 * length)) - 1).unwrap_or(8);
    let marked = value | 1u64 << (7 * length);
    out.extend_from_slice(&marked.to_be_bytes()[8 - length..]);
}

/// The same for a number that may be below zero: half of the range, and one less, stands before it (RFC 9559, 10.3.3).
pub(super) fn signed_vint(out: &mut Vec<u8>, value: i64) {
    let half = |length: u32| (1i64 << (7 * length - 1)) - 1;
    let length = (1..8).find(|&length| value.abs() <= half(length)).unwrap_or(8);
    let marked = (value + half(length)) as u64 | 1u64 << (7 * length);
    out.extend_from_slice(&marked.to_be_bytes()[8 - length as usize..]);
}

/// A size over eight bytes, to be patched over [`UNKNOWN_SIZE`]; `None` where it does not fit.
pub(super) fn patched_size(size: u64) -> Option<[u8; 8]> {
    (size < (1 << 56) - 1).then(|| (size | 1 << 56).to_be_bytes())
}

/// `length` bytes of no meaning, of which there are at least 2: the ID and a size take that much.
pub(super) fn void(out: &mut Vec<u8>, length: usize) {
    let content = void_header(out, length);
    out.resize(out.len() + content, 0);
}

/// What stands before the zeros of such a Void; returns how many these are.
pub(super) fn void_header(out: &mut Vec<u8>, length: usize) -> usize {
    element_id(out, ids::VOID);
    // With the size over one byte, 128 bytes are the most; with it over eight, 9 are the least.
    let (size_length, content) = if length <= 128 { (1, length.saturating_sub(2)) } else { (8, length - 9) };
    padded_size(out, content as u64, size_length);
    content
}

/// A size over `length` bytes, in which it has to fit.
pub(super) fn padded_size(out: &mut Vec<u8>, size: u64, length: usize) {
    let marked = size | 1 << (7 * length);
    out.extend_from_slice(&marked.to_be_bytes()[8 - length..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out);
        out
    }

    #[test]
    fn sizes_take_the_fewest_bytes_and_never_mean_unknown() {
        for (value, expected) in [
            (0u64, &[0x80u8][..]),
            (126, &[0xfe]),
            (127, &[0x40, 0x7f]),
            (16_382, &[0x7f, 0xfe]),
            (16_383, &[0x20, 0x3f, 0xff]),
            ((1 << 49) - 1, &[0x01, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            ((1 << 56) - 2, &[0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe]),
        ] {
            assert_eq!(bytes(|out| vint(out, value)), expected, "{value}");
        }
        assert_eq!(patched_size(5), Some([1, 0, 0, 0, 0, 0, 0, 5]));
        assert_eq!(patched_size((1 << 56) - 1), None);
    }

    #[test]
    fn integers_take_the_fewest_bytes() {
        let id = Id(0xE7);
        for (value, expected) in [(0u64, &[0u8][..]), (255, &[255]), (256, &[1, 0]), (u64::MAX, &[255; 8])] {
            assert_eq!(&bytes(|out| uint(out, id, value))[2..], expected, "{value}");
        }
        for (value, expected) in [
            (0i64, &[0u8][..]),
            (-1, &[0xff]),
            (127, &[0x7f]),
            (128, &[0, 0x80]),
            (-128, &[0x80]),
            (-129, &[0xff, 0x7f]),
            (i64::MIN, &[0x80, 0, 0, 0, 0, 0, 0, 0]),
        ] {
            assert_eq!(&bytes(|out| int(out, id, value))[2..], expected, "{value}");
        }
    }

    #[test]
    fn signed_integers_are_moved_by_half_their_range() {
        for (value, expected) in [
            (0i64, &[0xbf][..]),
            (63, &[0xfe]),
            (-63, &[0x80]),
            (64, &[0x60, 0x3f]),
            (-64, &[0x5f, 0xbf]),
            (8191, &[0x7f, 0xfe]),
            (-8191, &[0x40, 0x00]),
            (8192, &[0x30, 0x1f, 0xff]),
            (-8192, &[0x2f, 0xdf, 0xff]),
        ] {
            assert_eq!(bytes(|out| signed_vint(out, value)), expected, "{value}");
        }
    }

    #[test]
    fn voids_have_the_length_that_was_asked_for() {
        for length in (2..300).chain([16_384, 70_000]) {
            assert_eq!(bytes(|out| void(out, length)).len(), length);
        }
    }

    proptest! {
        #[test]
        fn vints_read_back(value in 0u64..(1 << 56) - 1) {
            let out = bytes(|out| vint(out, value));
            let length = out[0].leading_zeros() as usize + 1;
            prop_assert_eq!(out.len(), length);
            let mut read = 0u64;
            for byte in &out {
                read = read << 8 | u64::from(*byte);
            }
            prop_assert_eq!(read & ((1 << (7 * length)) - 1), value);
            prop_assert!(length == 1 || value >= (1 << (7 * (length - 1))) - 1);
        }
    }
}
