use crate::error::ErrorKind;
use crate::media::{Color, Packet, PixelFormat, TimeBase, Track, TrackKind};
use crate::mux::Container;
use crate::mux::animation_tests::{interleaved, picture, track, verifier, write};

const SIZE: (u32, u32) = (37, 11);
const NTSC: TimeBase = TimeBase::per_second(30_000);

fn packets(format: PixelFormat, count: u32) -> Vec<Packet> {
    (0..count).map(|i| Packet::new(0, i64::from(i) * 1001, 1001, true, picture(format, SIZE, i))).collect()
}

fn apng(track: &Track, packets: &[Packet]) -> Vec<u8> {
    write(Container::Apng, track, packets).unwrap()
}

/// Every picture as the `png` crate has it, put together as the chunks say.
fn decoded(file: &[u8], channels: usize) -> Vec<Vec<u8>> {
    let parsed = verifier::png(file).unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let mut canvas = vec![0; (parsed.size.0 * parsed.size.1) as usize * channels];
    let mut pictures = Vec::new();
    for _ in 0..parsed.frames.len().max(1) {
        let mut buffer = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut buffer).unwrap();
        let (left, top) = reader.info().frame_control.map_or((0, 0), |frame| (frame.x_offset, frame.y_offset));
        for y in 0..info.height as usize {
            let at = ((y + top as usize) * parsed.size.0 as usize + left as usize) * channels;
            let row = info.width as usize * channels;
            canvas[at..at + row].copy_from_slice(&buffer[y * info.line_size..][..row]);
        }
        pictures.push(canvas.clone());
    }
    pictures
}

#[test]
fn pictures_come_back_as_they_were() {
    for format in [PixelFormat::Rgb, PixelFormat::Rgba] {
        for count in [1, 2, 7] {
            let packets = packets(format, count);
            let file = apng(&track(format, SIZE, NTSC), &packets);
            let parsed = verifier::png(&file).unwrap();
            assert_eq!((parsed.size, parsed.color_type), (SIZE, if format == PixelFormat::Rgba { 6 } else { 2 }));
            assert_eq!(parsed.frames.len(), if count == 1 { 0 } else { count as usize });
            assert!(parsed.frames.iter().all(|frame| frame.delay == (1001, 30_000)));
            assert!(parsed.frames.iter().skip(1).all(|frame| frame.rect.2 < SIZE.0), "only what changed");
            let wanted: Vec<_> = packets.iter().map(|packet| interleaved(&packet.data, format.planes())).collect();
            assert!(decoded(&file, format.planes()) == wanted, "{format} {count}");
        }
    }
}

#[test]
fn times_are_exact_early_late_and_with_gaps() {
    let base = TimeBase::MILLISECONDS;
    let format = PixelFormat::Rgba;
    let at = |pts: i64, duration: u32, index: u32| Packet::new(0, pts, duration, true, picture(format, SIZE, index));
    let file = apng(&track(format, SIZE, base), &[at(40, 10, 0), at(60, 20, 1), at(80, 70_000, 1)]);
    let delays: Vec<_> = verifier::png(&file).unwrap().frames.iter().map(|frame| frame.delay).collect();
    assert_eq!(delays, [(1, 25), (1, 50), (1, 50), (70, 1)]);
    assert!(decoded(&file, 4)[0].iter().all(|&value| value == 0), "nothing before it begins");
    let file = apng(&track(format, SIZE, base), &[at(-50, 20, 0), at(-30, 50, 1), at(20, 10, 2)]);
    let delays: Vec<_> = verifier::png(&file).unwrap().frames.iter().map(|frame| frame.delay).collect();
    assert_eq!(delays, [(1, 50), (1, 100)]);
    let nothing = write(Container::Apng, &track(format, SIZE, base), &[at(-50, 20, 0)]).unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::InvalidInput);
}

#[test]
fn colours_that_are_not_srgb_are_named() {
    let mut track = track(PixelFormat::Rgb, SIZE, NTSC);
    let packets = packets(PixelFormat::Rgb, 1);
    assert_eq!(verifier::png(&apng(&track, &packets)).unwrap().code_points, None);
    if let TrackKind::Video(video) = &mut track.kind {
        video.color = Color::BT2100_PQ;
    }
    assert_eq!(verifier::png(&apng(&track, &packets)).unwrap().code_points, Some(vec![9, 16, 0, 1]));
}

#[test]
fn every_byte_counts() {
    let file = apng(
        &track(PixelFormat::Rgba, (5, 3), NTSC),
        &[
            Packet::new(0, 0, 1001, true, picture(PixelFormat::Rgba, (5, 3), 0)),
            Packet::new(0, 1001, 1001, true, picture(PixelFormat::Rgba, (5, 3), 1)),
        ],
    );
    assert!(verifier::png(&file).is_ok());
    for at in 0..file.len() {
        let mut damaged = file.clone();
        damaged[at] ^= 1;
        assert!(verifier::png(&damaged).is_err(), "byte {at}");
        assert!(verifier::png(&file[..at]).is_err(), "the first {at} bytes");
    }
}

#[test]
fn a_packet_of_another_size_is_refused() {
    let mut packets = packets(PixelFormat::Rgb, 1);
    packets[0].data.pop();
    let error = write(Container::Apng, &track(PixelFormat::Rgb, SIZE, NTSC), &packets).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(write(Container::Apng, &track(PixelFormat::Yuv444p, SIZE, NTSC), &[]).is_err());
}
