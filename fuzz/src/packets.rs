//! Arbitrary packets through `PacketWriter`: refused, or read back as they were by another reader.

use std::collections::BTreeMap;
use std::io::Cursor;

use arbitrary::{Result, Unstructured};
use framewright::inspect::inspect;
use framewright::media::{
    AudioTrack, CodecConfig, FlacConfig, OpusConfig, Packet, PcmConfig, TimeBase, Track, TrackKind, VideoTrack,
    WebVttConfig,
};
use framewright::sink::{SeekSink, SharedWriter, StreamSink};
use framewright::{Container, ErrorKind, Layout, MuxOptions, PacketWriter, SampleFormat};

use crate::av1;
use crate::demux::{self, Found};

/// MP4 in every layout of one file: those with an index are read back by crate `mp4`, fragments by [`demux::fragments`].
/// Packets are the same bytes at the same times, with the same key frames; sound of PCM is the same at each tick, and at each
/// moment those cues are shown that are to be.
pub fn isobmff(data: &[u8]) {
    let _ = round_trip(&mut Unstructured::new(data), Container::Mp4);
}

/// Matroska, read back by `matroska-demuxer`: the same bytes at the same times, to the millisecond.
pub fn matroska(data: &[u8]) {
    let _ = round_trip(&mut Unstructured::new(data), Container::Matroska);
}

/// A file that was written, and what went into it.
struct Written {
    tracks: Vec<Track>,
    layout: Layout,
    laced: bool,
    /// What was taken, in its order.
    sent: Vec<Packet>,
    bytes: Vec<u8>,
}

fn round_trip(u: &mut Unstructured<'_>, container: Container) -> Result<()> {
    let Some(written) = write(u, container)? else { return Ok(()) };
    let Written { tracks, layout, sent, bytes, .. } = &written;
    let info = inspect(Cursor::new(bytes))
        .unwrap_or_else(|error| panic!("inspect refuses {container} of {layout}, {sent:?} in {tracks:?}: {error:?}"));
    assert!(!info.truncated, "a finished file that is truncated: {container} of {layout}, {sent:?} in {tracks:?}");
    // An index leaves out a track of which it has nothing to say.
    let is_there = |index: &usize| {
        let shows = |packet: &Packet| !tracks[*index].is_subtitle() || packet.end() > 0;
        container != Container::Mp4 || *layout == Layout::Fragmented || written.packets_of(*index).any(shows)
    };
    let present: Vec<usize> = (0..tracks.len()).filter(is_there).collect();
    let seen: Vec<usize> = info.tracks.iter().map(|track| track.number as usize - 1).collect();
    assert_eq!(seen, present, "tracks that inspect sees in {container} of {layout}");
    for (told, &index) in info.tracks.iter().zip(&present) {
        let packets = written.packets_of(index).count() as u64;
        // MP4 counts samples of PCM, and cuts cues that overlap.
        if container != Container::Mp4 || !matches!(tracks[index].config, CodecConfig::Pcm(_) | CodecConfig::WebVtt(_))
        {
            assert_eq!(told.packets, packets, "packets of track {index} of {tracks:?} that inspect sees");
        }
    }
    match (container, layout) {
        (Container::Mp4, Layout::Fragmented) => written.compare_mp4(&demux::fragments(bytes, true)),
        (Container::Mp4, _) => written.compare_mp4(&demux::mp4(bytes, &present)),
        // The crate asks for a cluster.
        _ if sent.is_empty() => {}
        _ => written.compare_matroska(&demux::matroska(bytes, tracks.len())),
    }
    Ok(())
}

/// Writes a file; `None` where something was refused for good, as it should be.
fn write(u: &mut Unstructured<'_>, container: Container) -> Result<Option<Written>> {
    let layout = *u.choose(container.layouts())?;
    let mut options = MuxOptions::new().layout(layout);
    if layout == Layout::FastStart {
        options = options.index_reserve(*u.choose(&[1, 100, 4_096])?);
    }
    if u.ratio(1, 4)? {
        options = options.fragment_duration(std::time::Duration::from_millis(u.int_in_range(1..=300)?));
    }
    let laced = container == Container::Matroska && u.ratio(1, 4)?;
    if laced {
        options = options.lacing(true);
    }
    let count = u.int_in_range(1..=4)?;
    let tracks: Vec<Track> = (0..count).map(|_| track(u, container)).collect::<Result<_>>()?;
    let file = SharedWriter::new(Cursor::new(Vec::new()));
    let is_stream = !layout.needs_patching() && u.arbitrary()?;
    let sink: Box<dyn framewright::sink::Sink> = match is_stream {
        true => Box::new(StreamSink::new(file.clone())),
        false => Box::new(SeekSink::readable(file.clone()).expect("memory tells its position")),
    };
    let mut writer = match PacketWriter::with_options(container, tracks.clone(), sink, &options) {
        Ok(writer) => writer,
        Err(error) => {
            let fits =
                matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::InvalidInput | ErrorKind::InvalidOption);
            assert!(fits, "{error:?}");
            return Ok(None);
        }
    };
    let mut ends = vec![None; count];
    let mut now_ms = 0i64;
    let mut sent = Vec::new();
    for _ in 0..u.int_in_range(0..=24)? {
        let index = u.int_in_range(0..=count - 1)?;
        let track = &tracks[index];
        let scale = i64::from(track.time_base.den());
        // In the order of time over all tracks, as the writer asks; now and then anything.
        now_ms += u.int_in_range(0..=60)?;
        let is_wild = u.ratio(1, 20)?;
        let end: i64 = ends[index].unwrap_or(0);
        let pts = if is_wild { u.arbitrary()? } else { (now_ms * scale / 1000).max(end) };
        let duration = if is_wild { u.arbitrary()? } else { u.int_in_range(1..=24)? };
        // A file begins with a picture that decoding can begin at.
        let key = track.video().is_none() || ends[index].is_none() || u.arbitrary()?;
        let data = payload(u, track, duration, key)?;
        let packet = Packet::new(index, pts, duration, key, data);
        match writer.write(packet.clone()) {
            Ok(()) => {
                ends[index] = Some(if track.is_subtitle() { packet.pts } else { packet.end() });
                now_ms = now_ms.max(ends[index].unwrap_or(0).saturating_mul(1000) / scale);
                sent.push(packet);
                if is_wild {
                    // Whatever comes behind it would be late.
                    break;
                }
            }
            Err(error) if error.kind() == ErrorKind::InvalidInput => {}
            // What a format has no numbers for ends a file.
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::Limit), "{error:?}");
                let late = writer.write(packet).expect_err("a writer that failed goes on");
                assert_eq!(late.kind(), ErrorKind::State);
                return Ok(None);
            }
        }
    }
    if let Err(error) = writer.finish() {
        let fits = matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::InvalidInput | ErrorKind::Limit);
        assert!(fits, "{error:?}");
        return Ok(None);
    }
    let bytes = file.into_inner().expect("the writer let go of it").into_inner();
    Ok(Some(Written { tracks, layout, laced, sent, bytes }))
}

impl Written {
    fn packets_of(&self, track: usize) -> impl Iterator<Item = &Packet> {
        self.sent.iter().filter(move |packet| packet.track == track)
    }

    fn compare_mp4(&self, found: &[Found]) {
        for (index, track) in self.tracks.iter().enumerate() {
            let found: Vec<_> = found.iter().filter(|found| found.track == index).collect();
            let sent: Vec<_> = self.packets_of(index).collect();
            match &track.config {
                CodecConfig::Pcm(config) => compare_pcm(&found, &sent, 2 * usize::from(config.channels)),
                CodecConfig::WebVtt(_) => self.compare_cues(&found, &sent),
                _ => self.compare_samples(index, &found, &sent),
            }
        }
    }

    fn compare_samples(&self, index: usize, found: &[&Found], sent: &[&Packet]) {
        let what = || format!("track {index} of {:?}, {}", self.tracks, self.layout);
        assert_eq!(found.len(), sent.len(), "samples of {}", what());
        let (Some(first_found), Some(first)) = (found.first(), sent.first()) else { return };
        for (number, (found, packet)) in found.iter().zip(sent).enumerate() {
            assert!(found.data == packet.data, "sample {number} of {}", what());
            let (at, due) = (found.time - first_found.time, packet.pts - first.pts);
            assert_eq!((at, found.key), (due, Some(packet.key)), "sample {number} of {}", what());
            // It lasts until the next one, over a gap, which fragments show between two decode times.
            let until = sent.get(number + 1).map_or(packet.end(), |next| next.pts) - packet.pts;
            let fits = [until, packet.duration.into()].map(|ticks| Some(ticks as u64) == found.duration);
            assert!(fits[0] || fits[1] && self.layout == Layout::Fragmented, "{found:?}, {packet:?} of {}", what());
        }
    }

    /// At each moment, a sample holds the cues that are shown.
    fn compare_cues(&self, found: &[&Found], sent: &[&Packet]) {
        let cues: Vec<_> = sent.iter().map(|packet| (packet.pts, packet.end(), text_of(packet))).collect();
        // The track begins at 0, or with the first sample of the file where that is earlier.
        if self.sent.first().is_some_and(|packet| packet.pts < 0) {
            return;
        }
        let mut end = 0;
        for sample in found {
            let at = sample.time;
            assert!(at == end, "a sample of cues at {at} behind {end}: {found:?}");
            end += sample.duration.expect("MP4 says it") as i64;
            let changes = cues.iter().flat_map(|cue| [cue.0.max(0), cue.1]);
            let inside: Vec<_> = changes.filter(|&time| at < time && time < end).collect();
            assert!(inside.is_empty(), "the sample at {at} lasts until {end}, and cues change at {inside:?}");
            let mut shown: Vec<_> =
                cues.iter().filter(|cue| cue.0.max(0) <= at && at < cue.1).map(|cue| &*cue.2).collect();
            let mut texts = demux::cues_of_sample(&sample.data);
            shown.sort_unstable();
            texts.sort_unstable();
            assert!(shown == texts, "the cues at {at}: {texts:02x?}, not {shown:02x?}");
        }
        assert_eq!(end, cues.iter().map(|cue| cue.1).max().unwrap_or(0).max(0), "the end of {cues:?}");
    }

    fn compare_matroska(&self, found: &[Found]) {
        for (index, track) in self.tracks.iter().enumerate() {
            let found: Vec<_> = found.iter().filter(|found| found.track == index).collect();
            let sent: Vec<_> = self.packets_of(index).collect();
            assert_eq!(found.len(), sent.len(), "frames of track {index} of {:?}", self.tracks);
            for (found, packet) in found.iter().zip(sent) {
                let what = || format!("{found:?}, {packet:?} of {track:?}");
                let exact = |ticks: i64| i128::from(ticks) * 1000 / i128::from(track.time_base.den());
                if track.is_subtitle() {
                    // Identifier and settings stand beside the block, and the text alone in it.
                    assert!(found.data == text_of(packet), "{}", what());
                    let lasts = found.duration.map_or(0, i128::from);
                    assert!((lasts - exact(packet.duration.into())).abs() <= 1, "{}", what());
                } else {
                    assert!(found.data == packet.data && found.key.is_none_or(|key| key == packet.key), "{}", what());
                }
                // A frame of a lace begins where those before it end, which a reader that knows no codec does not.
                if !(self.laced && track.audio().is_some()) {
                    // What is before 0 the crate takes for 0.
                    assert!((i128::from(found.time) - exact(packet.pts).max(0)).abs() <= 1, "{}", what());
                }
            }
        }
    }
}

/// The last line of a cue's packet.
fn text_of(packet: &Packet) -> Vec<u8> {
    packet.data.splitn(3, |&byte| byte == b'\n').nth(2).unwrap_or_default().to_vec()
}

/// Each tick of PCM that was sent is found at its time, whatever a gap was filled with.
fn compare_pcm(found: &[&Found], sent: &[&Packet], frame: usize) {
    let (Some(first_found), Some(first)) = (found.first(), sent.first()) else {
        return assert!(found.is_empty() && sent.is_empty(), "{} samples of {} packets", found.len(), sent.len());
    };
    let mut heard = BTreeMap::new();
    for found in found {
        for (tick, bytes) in (found.time - first_found.time..).zip(found.data.chunks(frame)) {
            heard.insert(tick, bytes);
        }
    }
    for packet in sent {
        for (tick, bytes) in (packet.pts - first.pts..).zip(packet.data.chunks(frame)) {
            assert_eq!(heard.get(&tick), Some(&bytes), "PCM at {tick} of {packet:?}");
        }
    }
}

fn track(u: &mut Unstructured<'_>, container: Container) -> Result<Track> {
    let rate = *u.choose(&[8_000u32, 44_100, 48_000])?;
    let channels = u.int_in_range(1..=2)?;
    let sound = |sample_rate| TrackKind::Audio(AudioTrack { sample_rate, channels });
    Ok(match u.int_in_range(0..=5)? {
        0 => {
            let pre_skip = u.int_in_range(0..=4_000)?;
            let config = OpusConfig { channels, pre_skip, input_sample_rate: rate, output_gain: 0, mapping: None };
            Track::new(sound(48_000), CodecConfig::Opus(config), TimeBase::per_second(48_000))
        }
        1 => {
            let config = PcmConfig { sample_rate: rate, channels, format: SampleFormat::S16 };
            Track::new(sound(rate), CodecConfig::Pcm(config), TimeBase::per_second(rate))
        }
        2 => {
            let config = FlacConfig {
                sample_rate: rate,
                channels,
                bits_per_sample: 16,
                stream_info: stream_info(rate, channels),
            };
            Track::new(sound(rate), CodecConfig::Flac(config), TimeBase::per_second(rate))
        }
        3 => {
            let base = TimeBase::per_second(*u.choose(&[25, 1_000, 90_000])?);
            let is_jpeg = container == Container::Matroska && u.arbitrary()?;
            let (size, config) = match is_jpeg {
                true => (u.int_in_range(1..=100)?, CodecConfig::Mjpeg),
                false => (av1::SIZE, CodecConfig::Av1(av1::pictures().config.clone())),
            };
            Track::new(TrackKind::Video(VideoTrack::new(size, size)), config, base)
        }
        _ => Track::new(TrackKind::Subtitle, CodecConfig::WebVtt(WebVttConfig::default()), TimeBase::MILLISECONDS),
    })
}

/// STREAMINFO (RFC 9639, 8.2): blocks of 4096 samples of 16 bits, and no totals.
fn stream_info(rate: u32, channels: u8) -> [u8; 34] {
    let mut block = [0; 34];
    block[..4].copy_from_slice(&[0x10, 0, 0x10, 0]);
    let packed = u64::from(rate) << 44 | u64::from(channels - 1) << 41 | 15 << 36;
    block[10..18].copy_from_slice(&packed.to_be_bytes());
    block
}

fn payload(u: &mut Unstructured<'_>, track: &Track, duration: u32, key: bool) -> Result<Vec<u8>> {
    let length = u.int_in_range(0..=40)?;
    let mut data: Vec<u8> = u.bytes(length.min(u.len()))?.to_vec();
    if u.ratio(1, 8)? {
        return Ok(data);
    }
    match &track.config {
        CodecConfig::WebVtt(_) => data = format!("\n\n{}", String::from_utf8_lossy(&data)).into_bytes(),
        CodecConfig::Pcm(config) => data.resize(duration.min(1 << 11) as usize * 2 * usize::from(config.channels), 7),
        CodecConfig::Av1(_) => {
            let packets = &av1::pictures().packets;
            data.clone_from(&packets[if key { 0 } else { u.int_in_range(1..=2)? }]);
        }
        _ => {}
    }
    Ok(data)
}
