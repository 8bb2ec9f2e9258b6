use crate::media::{Color, Packet, PixelFormat, TimeBase, Track, TrackKind};
use crate::mux::Container;
use crate::mux::animation_tests::{interleaved, picture, track, verifier, write};

const SIZE: (u32, u32) = (37, 11);

fn at(pts: i64, duration: u32, index: u32) -> Packet {
    Packet::new(0, pts, duration, true, picture(PixelFormat::Rgba, SIZE, index))
}

fn gif(base: TimeBase, packets: &[Packet]) -> (verifier::Gif, Vec<Vec<u8>>) {
    let track = track(PixelFormat::Rgba, SIZE, base);
    let file = write(Container::Gif, &track, packets).unwrap();
    let parsed = verifier::gif(&file).unwrap();
    let pictures = decoded(&file);
    assert_eq!(parsed.frames.len(), pictures.len());
    (parsed, pictures)
}

/// Every picture as the `gif` crate has it, drawn as its frames say.
fn decoded(file: &[u8]) -> Vec<Vec<u8>> {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let mut decoder = options.read_info(file).unwrap();
    let width = usize::from(decoder.width());
    let mut canvas = vec![0; 4 * width * usize::from(decoder.height())];
    let mut pictures = Vec::new();
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        let places = (0..usize::from(frame.height)).flat_map(|y| (0..usize::from(frame.width)).map(move |x| (x, y)));
        let at = |(x, y)| 4 * ((y + usize::from(frame.top)) * width + x + usize::from(frame.left));
        for (place, pixel) in places.clone().zip(frame.buffer.chunks(4)).filter(|(_, pixel)| pixel[3] > 0) {
            canvas[at(place)..at(place) + 4].copy_from_slice(pixel);
        }
        pictures.push(canvas.clone());
        if frame.dispose == gif::DisposalMethod::Background {
            places.for_each(|place| canvas[at(place)..at(place) + 4].fill(0));
        }
    }
    pictures
}

#[test]
fn pictures_come_back_nearly_as_they_were() {
    let packets: Vec<_> = (0..7).map(|i| at(i64::from(i) * 40, 40, i)).collect();
    let (parsed, pictures) = gif(TimeBase::MILLISECONDS, &packets);
    assert_eq!((parsed.size, parsed.loops), ((37, 11), Some(0)));
    assert!(parsed.frames.iter().all(|frame| frame.delay == 4));
    assert!(parsed.frames.iter().any(|frame| frame.dispose == 2), "what vanishes needs a cleared part");
    for (packet, picture) in packets.iter().zip(&pictures) {
        let mut squares = 0;
        for (wanted, found) in interleaved(&packet.data, 4).chunks(4).zip(picture.chunks(4)) {
            assert_eq!(wanted[3], found[3], "alpha");
            if wanted[3] > 0 {
                squares += (0..3).map(|c| u64::from(wanted[c].abs_diff(found[c])).pow(2)).sum::<u64>();
            }
        }
        let psnr = 10.0 * (255f64.powi(2) * (37 * 11 * 3) as f64 / squares.max(1) as f64).log10();
        assert!(psnr > 30.0, "{psnr} dB");
    }
}

#[test]
fn times_are_rounded_and_do_not_drift() {
    let packets: Vec<_> = (0..90).map(|i| at(i64::from(i) * 1001, 1001, i % 3)).collect();
    let (parsed, _) = gif(TimeBase::per_second(30_000), &packets);
    let mut end = 0;
    for (frame, index) in parsed.frames.iter().zip(1i64..) {
        end += i64::from(frame.delay);
        assert_eq!(end, (index * 1001 * 100 + 15_000) / 30_000);
    }
    // More than players show: no frame is shorter than they take at its word, and the end stays.
    let packets: Vec<_> = (0..120).map(|i| at(i64::from(i), 1, (i % 3) as u32)).collect();
    let (parsed, _) = gif(TimeBase::per_second(120), &packets);
    assert_eq!(parsed.frames.iter().map(|frame| u32::from(frame.delay)).sum::<u32>(), 100);
}

#[test]
fn late_long_and_single_frames() {
    let base = TimeBase::MILLISECONDS;
    let (parsed, pictures) = gif(base, &[at(500, 100, 0), at(700, 1_400_000, 1), at(1_400_700, 20, 0)]);
    let delays: Vec<_> = parsed.frames.iter().map(|frame| frame.delay).collect();
    assert_eq!(delays, [50, 20, 65_535, 65_535, 8_930, 2]);
    assert!(pictures[0].iter().all(|&value| value == 0));
    // No piece is one that players would make ten of.
    let (parsed, _) = gif(base, &[at(0, 655_360, 0), at(655_360, 1_310_710, 1), at(1_966_070, 20, 0)]);
    let pieces: Vec<_> = parsed.frames.iter().map(|frame| frame.delay).collect();
    assert_eq!(pieces, [65_534, 2, 65_535, 65_534, 2, 2]);
    // The pieces of a long frame show one picture, and the next has fewer pixels than it.
    assert!(pictures[2] == pictures[3] && pictures[3] == pictures[4]);
    let alphas = |pixels: &[u8]| pixels.chunks(4).map(|pixel| pixel[3]).collect::<Vec<_>>();
    for (shown, index) in [(1, 0), (4, 1), (5, 0)] {
        assert_eq!(alphas(&pictures[shown]), alphas(&interleaved(&picture(PixelFormat::Rgba, SIZE, index), 4)));
    }
    let (parsed, _) = gif(base, &[at(-10, 30, 0)]);
    assert_eq!((parsed.frames.len(), parsed.loops, parsed.frames[0].delay), (1, None, 2));
}

#[test]
fn what_it_cannot_say_is_refused() {
    let refused = |track: &Track| write(Container::Gif, track, &[]).unwrap_err().to_string();
    assert!(refused(&track(PixelFormat::Rgb, (65_536, 1), TimeBase::MILLISECONDS)).contains("65535"));
    assert!(refused(&track(PixelFormat::Gray, SIZE, TimeBase::MILLISECONDS)).contains("rgba"));
    let mut hdr = track(PixelFormat::Rgb, SIZE, TimeBase::MILLISECONDS);
    if let TrackKind::Video(video) = &mut hdr.kind {
        video.color = Color::BT2100_PQ;
    }
    assert!(refused(&hdr).contains("sRGB"));
}

#[test]
fn every_byte_counts() {
    let packets: Vec<_> = (0..3).map(|i| at(i64::from(i) * 40, 40, i)).collect();
    let file = write(Container::Gif, &track(PixelFormat::Rgba, SIZE, TimeBase::MILLISECONDS), &packets).unwrap();
    let whole = verifier::gif(&file).unwrap();
    for at in 0..file.len() {
        let mut damaged = file.clone();
        damaged[at] ^= 1;
        assert!(verifier::gif(&damaged).as_ref() != Ok(&whole), "byte {at}");
        assert!(verifier::gif(&file[..at]).is_err(), "the first {at} bytes");
    }
}
