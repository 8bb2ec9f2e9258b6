mod damage;

use std::io::{self, Cursor};

use proptest::prelude::*;

use super::verifier::{Cue, File, verify, verify_head};
use super::*;
use crate::error::ErrorKind;
use crate::media::{AudioTrack, Chapter, Timestamp, TrackKind};
use crate::sink::{SeekSink, SharedWriter, StreamSink};

const FORMATS: [SampleFormat; 4] = [SampleFormat::S16, SampleFormat::S24, SampleFormat::S32, SampleFormat::F32];

fn track(sample_rate: u32, channels: u8, format: SampleFormat) -> Track {
    let config = PcmConfig { sample_rate, channels, format };
    let kind = TrackKind::Audio(AudioTrack { sample_rate, channels });
    Track::new(kind, CodecConfig::Pcm(config), TimeBase::per_second(sample_rate))
}

/// A packet of bytes that are never 0.
fn packet(pts: i64, samples: u32, frame: usize) -> Packet {
    let data = (0..samples as usize * frame).map(|at| (at % 251) as u8 + 1).collect();
    Packet::new(0, pts, samples, true, data)
}

fn mux_to(sink: &mut dyn Sink, settings: &MuxSettings, track: &Track, packets: &[Packet]) -> Result<()> {
    let mut muxer = open(Container::Wav, settings)?;
    let tracks = std::slice::from_ref(track);
    muxer.begin(tracks, sink)?;
    for packet in packets {
        muxer.packet(packet.clone(), sink)?;
    }
    muxer.finish(tracks, sink)
}

fn mux(settings: &MuxSettings, track: &Track, packets: &[Packet]) -> Result<Vec<u8>> {
    let out = SharedWriter::new(Cursor::new(Vec::new()));
    let mut sink: Box<dyn Sink> = match settings.layout {
        Layout::Live => Box::new(StreamSink::new(out.clone())),
        _ => Box::new(SeekSink::new(out.clone()).unwrap()),
    };
    mux_to(&mut *sink, settings, track, packets)?;
    sink.complete().unwrap();
    drop(sink);
    Ok(out.into_inner().unwrap().into_inner())
}

fn file(track: &Track, packets: &[Packet]) -> Vec<u8> {
    mux(&MuxSettings::of(Layout::Plain), track, packets).unwrap()
}

fn with(metadata: Metadata) -> MuxSettings {
    MuxSettings { metadata: Arc::new(metadata), ..MuxSettings::of(Layout::Plain) }
}

fn data<'a>(bytes: &'a [u8], file: &File) -> &'a [u8] {
    &bytes[file.data_at..][..file.data_size as usize]
}

/// Acceptance point 62: the extensible form with its mask, `fact`, the pad byte, sizes, and their unknown values.
#[test]
fn every_format_in_both_layouts() {
    for format in FORMATS {
        for channels in 1..=8u8 {
            let frame = usize::from(channels) * format.bits() as usize / 8;
            let packets = [packet(0, 4, frame), packet(4, 3, frame)];
            let sound = [&packets[0].data[..], &packets[1].data].concat();
            for layout in [Layout::Plain, Layout::Live] {
                let bytes = mux(&MuxSettings::of(layout), &track(96_000, channels, format), &packets).unwrap();
                let read = verify(&bytes).unwrap();
                assert_eq!(read.live, layout == Layout::Live);
                assert!(data(&bytes, &read) == sound);
                assert_eq!(read.format.sample_rate, 96_000);
                assert_eq!((read.format.channels, read.format.bits.into()), (channels.into(), format.bits()));
                assert_eq!(read.format.float, format == SampleFormat::F32);
                assert_eq!(read.format.mask.is_some(), channels > 2 || format != SampleFormat::S16);
                let plain_odd = layout == Layout::Plain && sound.len() % 2 == 1;
                assert_eq!(bytes.len() - read.data_at, sound.len() + usize::from(plain_odd));
            }
        }
    }
}

#[test]
fn late_starts_gaps_early_starts_and_padding_are_exact() {
    let track = track(8_000, 1, SampleFormat::S16);
    let mut last = packet(200_000, 4, 2);
    last.trim_end = 1;
    let packets = [packet(-5, 3, 2), packet(-2, 4, 2), packet(10, 2, 2), packet(12, 1, 2), last];
    for layout in [Layout::Plain, Layout::Live] {
        let bytes = mux(&MuxSettings::of(layout), &track, &packets).unwrap();
        let read = verify(&bytes).unwrap();
        let mut expected = vec![0; 2 * 200_003];
        expected[..4].copy_from_slice(&packets[1].data[4..]);
        expected[20..24].copy_from_slice(&packets[2].data);
        expected[24..26].copy_from_slice(&packets[3].data);
        expected[400_000..].copy_from_slice(&packets[4].data[..6]);
        assert!(data(&bytes, &read) == expected);
    }
}

#[test]
fn the_file_says_what_it_is() {
    let at = |ticks| Timestamp::new(ticks, TimeBase::per_second(8_000));
    let metadata = Metadata::new()
        .tag("title", "Töne")
        .tag("track", "3/12")
        .tag("composer", "Ada")
        .chapter(Chapter::new(at(7), "One").end(at(12)))
        .chapter(Chapter::new(at(20), "Two"));
    let track = track(8_000, 1, SampleFormat::F32);
    for layout in [Layout::Plain, Layout::Live] {
        let settings = MuxSettings { layout, ..with(metadata.clone()) };
        let read = verify(&mux(&settings, &track, &[packet(0, 30, 4)]).unwrap()).unwrap();
        let info: Vec<_> = read.info.iter().map(|(id, text)| format!("{id}={text}")).collect();
        assert_eq!(info, ["INAM=Töne", "IPRT=3/12", "IMUS=Ada"]);
        let cue = |sample, title: &str, length| Cue { sample, title: title.into(), length };
        assert_eq!(read.cues, [cue(7, "One", Some(5)), cue(20, "Two", None)]);
    }
    let refused = [
        (Metadata::new().tag("mood", "calm"), "title, artist"),
        (Metadata::new().chapter(Chapter::new(at(1 << 32), "late")), "4294967295 samples"),
    ];
    for (metadata, words) in refused {
        let error = mux(&with(metadata), &track, &[]).unwrap_err();
        assert!(error.kind() == ErrorKind::InvalidOption && error.to_string().contains(words), "{error}");
    }
}

#[test]
fn what_is_wrong_is_refused_and_changes_nothing() {
    let good = [packet(0, 8, 2), packet(8, 8, 2)];
    let mut padded = packet(8, 8, 2);
    padded.trim_end = 9;
    let cases = [
        (Packet::new(0, 8, 8, true, vec![0; 15]), "15 bytes for 8 samples"),
        (packet(7, 8, 2), "ends at 8"),
        (packet(8 + 24 * 3600 * 8_000 + 1, 8, 2), "day"),
        (padded, "9 samples of 8"),
    ];
    for (wrong, words) in cases {
        let out = SharedWriter::new(Cursor::new(Vec::new()));
        let mut sink = SeekSink::new(out.clone()).unwrap();
        let mut muxer = open(Container::Wav, &MuxSettings::of(Layout::Plain)).unwrap();
        let tracks = [track(8_000, 1, SampleFormat::S16)];
        muxer.begin(&tracks, &mut sink).unwrap();
        muxer.packet(good[0].clone(), &mut sink).unwrap();
        let error = muxer.packet(wrong, &mut sink).unwrap_err();
        assert!(error.kind() == ErrorKind::InvalidInput && error.to_string().contains(words), "{error}");
        muxer.packet(good[1].clone(), &mut sink).unwrap();
        muxer.finish(&tracks, &mut sink).unwrap();
        sink.complete().unwrap();
        drop(sink);
        assert!(out.into_inner().unwrap().into_inner() == file(&tracks[0], &good));
    }
    let refused = |track: &Track| mux(&MuxSettings::of(Layout::Plain), track, &[]).unwrap_err();
    let bad =
        [track(0, 1, SampleFormat::S16), track(8_000, 9, SampleFormat::S16), track(u32::MAX, 8, SampleFormat::F32)];
    assert!(bad.iter().all(|track| refused(track).kind() == ErrorKind::InvalidInput));
    let milliseconds = Track { time_base: TimeBase::MILLISECONDS, ..track(8_000, 1, SampleFormat::S16) };
    assert!(refused(&milliseconds).to_string().contains("1/8000"));
}

#[test]
fn files_without_samples_and_files_cut_off_are_sound() {
    let track = track(8_000, 1, SampleFormat::S24);
    assert_eq!(verify(&file(&track, &[])).unwrap().data_size, 0);
    let out = SharedWriter::new(Cursor::new(Vec::new()));
    let mut sink = SeekSink::new(out.clone()).unwrap();
    let mut muxer = open(Container::Wav, &MuxSettings::of(Layout::Plain)).unwrap();
    muxer.begin(&[track], &mut sink).unwrap();
    muxer.packet(packet(0, 9, 3), &mut sink).unwrap();
    sink.flush().unwrap();
    let mut bytes = out.with(|cursor| cursor.get_ref().clone());
    // As in a live file, but for the room of ds64.
    bytes.drain(12..48);
    assert!(muxer.plays_from().is_some() && verify(&bytes).unwrap().data_size == 27);
}

/// Keeps the first bytes, which is where all patches go, and counts the rest.
struct Counting {
    head: Vec<u8>,
    position: u64,
}

impl Sink for Counting {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let room = 4096 - self.head.len().min(4096);
        self.head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.position += bytes.len() as u64;
        Ok(())
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.head[offset as usize..][..bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    fn can_patch(&self) -> bool {
        true
    }

    fn position(&self) -> u64 {
        self.position
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Acceptance point 62: RF64 from the first byte on that a RIFF cannot say, and not before.
#[test]
fn past_4_gib_it_is_rf64() {
    // A frame is 1 byte short of what lets every size be reached: 16 bits, one channel.
    for (format, frame, header) in [(SampleFormat::S16, 2, 80i64), (SampleFormat::F32, 4, 80 + 24 + 12)] {
        let track = track(768_000, 1, format);
        // The largest file has a RIFF of 0xfffffffe bytes.
        let most = (0xffff_fffe + 8 - header) / frame;
        for (samples, is_64) in [(most, false), (most + 1, true), (3 * most, true)] {
            let mut sink = Counting { head: Vec::new(), position: 0 };
            mux_to(&mut sink, &MuxSettings::of(Layout::Plain), &track, &[packet(samples - 1, 1, frame as usize)])
                .unwrap();
            let read = verify_head(&sink.head[..], sink.position).unwrap();
            assert_eq!((read.data_at as i64, read.data_size as i64), (header, samples * frame));
            assert_eq!(read.is_64, is_64, "{format} {samples}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any packets with any pauses: each byte is where it belongs, and all else is silence.
    #[test]
    fn any_packets_read_back(
        format in prop::sample::select(&FORMATS[..]),
        channels in 1u8..=8,
        start in -300i64..300,
        pieces in prop::collection::vec((0i64..100, 1u32..200), 0..12),
        live: bool,
    ) {
        let frame = usize::from(channels) * format.bits() as usize / 8;
        let (mut pts, mut packets, mut expected) = (start, Vec::new(), Vec::<u8>::new());
        for (gap, samples) in pieces {
            pts += gap;
            let packet = packet(pts, samples, frame);
            for (index, sample) in packet.data.chunks(frame).enumerate() {
                if let Ok(at) = usize::try_from(pts + index as i64) {
                    expected.resize(at * frame, 0);
                    expected.extend_from_slice(sample);
                }
            }
            pts += i64::from(samples);
            packets.push(packet);
        }
        let layout = if live { Layout::Live } else { Layout::Plain };
        let bytes = mux(&MuxSettings::of(layout), &track(48_000, channels, format), &packets).unwrap();
        let read = verify(&bytes);
        prop_assert!(read.is_ok(), "{:?}", read.err());
        prop_assert!(data(&bytes, &read.unwrap()) == expected);
    }
}
