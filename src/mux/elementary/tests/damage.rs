//! That the readers are worth their name: streams that are damaged in one place each, none of which they let pass.

use super::*;

fn check<T>(read: fn(&[u8]) -> verifier::Result<T>, stream: &[u8], damages: &[(usize, &[u8], &str)]) {
    assert!(read(stream).is_ok());
    for &(at, bytes, refusal) in damages {
        let mut damaged = stream.to_vec();
        let target = &mut damaged[at..at + bytes.len()];
        assert_ne!(target, bytes, "byte {at}: no damage");
        target.copy_from_slice(bytes);
        let fault = read(&damaged).err().unwrap_or_else(|| panic!("{bytes:x?} at byte {at} passes"));
        assert!(fault.contains(refusal), "{bytes:x?} at byte {at}: {fault}");
    }
}

#[test]
fn every_field_of_ivf_counts() {
    let track = av1_track(Some(ntsc()), TimeBase::MILLISECONDS);
    let packets = [unit(0, 33, 20, true), unit(33, 34, 20, false)];
    let file = write(Container::Ivf, Layout::Plain, &track, &packets).unwrap();
    // 12 bytes of header, 2 of delimiter, 5 of sequence header, 22 of frame.
    let second = 32 + 12 + 29;
    check(
        verifier::ivf,
        &file,
        &[
            (0, b"RIFF", "signature"),
            (4, b"\x01", "version"),
            (6, b"\x21", "header"),
            (8, b"VP90", "codec"),
            (12, b"\0", "pixels"),
            (14, b"\0", "pixels"),
            (16, b"\0\0", "rate"),
            (20, b"\0\0", "rate"),
            (24, b"\x03", "2 frames, not 3"),
            (28, b"\x01", "unused"),
            (32, b"\x1c", ""),
            (second, b"\xff", "claims"),
            (second + 4, b"\0", "not later"),
            (44, b"\x0a", "temporal delimiter"),
            (45, b"\x01", "not empty"),
            (46, b"\x7a", "before the sequence header"),
        ],
    );
    for cut in (1..file.len()).filter(|&cut| cut != 32 && cut != second) {
        assert!(verifier::ivf(&file[..cut]).is_err(), "the first {cut} bytes");
    }
    assert!(verifier::ivf(&file[..second]).unwrap_err().contains("1 frames"));
}

#[test]
fn every_bit_of_an_obu_header_counts() {
    let track = av1_track(Some(FrameRate::from(25)), TimeBase::per_second(25));
    let stream = write(Container::Obu, Layout::Live, &track, &[unit(0, 1, 20, true), unit(1, 1, 20, false)]).unwrap();
    check(
        verifier::obu_stream,
        &stream,
        &[
            (0, b"\x92", "obu_forbidden_bit"),
            (0, b"\x13", "obu_reserved_1bit"),
            (0, b"\x10", "without a size"),
            (0, b"\x0a", "before a temporal delimiter"),
            (1, b"\x01", "not empty"),
            (2, b"\x12", "not empty"),
            (2, b"\x32", "before the sequence header"),
            (7, b"\x22", "before a frame header"),
            (7, b"\x2a", "without a frame"),
            (7, b"\x42", "type 8"),
            (8, b"\x7f", "claims"),
            (31, b"\x2a", "without a frame"),
        ],
    );
    for cut in (1..stream.len()).filter(|&cut| cut != 29) {
        assert!(verifier::obu_stream(&stream[..cut]).is_err(), "the first {cut} bytes");
    }
}

#[test]
fn every_word_of_y4m_counts() {
    let packets = [0, 1].map(|pts| Packet::new(0, pts, 1, true, vec![7; 27]));
    let stream = write(Container::Y4m, Layout::Live, &raw_track(PixelFormat::Yuv420p, 5, 3), &packets).unwrap();
    let text = "YUV4MPEG2 W5 H3 F30000:1001 Ip A1:1 C420mpeg2 XYSCSS=420MPEG2 XCOLORRANGE=LIMITED\n";
    assert!(stream.starts_with(text.as_bytes()));
    for (from, to, refusal) in [
        ("YUV4MPEG2", "YUV4MPEG3", "YUV4MPEG3"),
        ("W5", "W0", "`0`"),
        ("W5", "W4", "FRAME"),
        ("H3", "Hx", "`x`"),
        (" H3", "", "where H is due"),
        ("30000:1001", "30000", "ratio"),
        ("30000:", "0:", "`0`"),
        ("Ip", "It", "interlacing"),
        ("A1:1", "A0:0", "`0`"),
        ("C420mpeg2", "C411", "sampling"),
        ("C420mpeg2", "C444", "XYSCSS"),
        ("=420MPEG2", "=420JPEG", "XYSCSS"),
        ("LIMITED", "HALF", "range"),
        ("LIMITED", "FULL", "full range"),
        ("LIMITED", "LIMITED X", "goes on"),
        ("FRAME", "FRAMX", "no FRAME"),
    ] {
        let whole = String::from_utf8(stream.clone()).unwrap();
        let fault = verifier::y4m(whole.replacen(from, to, 1).as_bytes()).unwrap_err();
        assert!(fault.contains(refusal), "{from} as {to}: {fault}");
    }
    for cut in (1..stream.len()).filter(|&cut| cut != text.len() && cut != text.len() + 33) {
        assert!(verifier::y4m(&stream[..cut]).is_err(), "the first {cut} bytes");
    }
    let deep = raw_track(PixelFormat::Gray10, 1, 1);
    let bits =
        |high| write(Container::Y4m, Layout::Live, &deep, &[Packet::new(0, 0, 1, true, vec![255, high])]).unwrap();
    assert!(verifier::y4m(&bits(3)).is_ok() && verifier::y4m(&bits(4)).unwrap_err().contains("11 bits"));
}
