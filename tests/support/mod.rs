//! What the integration tests share: scenes and sounds, and a reader of whole files on top of the strict parsers, which
//! share no code with the crate.
#![allow(dead_code, reason = "each test uses another part")]

pub mod avi;
pub mod ebml;
pub mod elementary;
pub mod isobmff;
pub mod manifests;
pub mod rav1d;

use framewright::media::{ColorRange, MatrixCoefficients, Primaries, TransferCharacteristics};
use framewright::{Color, Container};

/// RGB: a gradient with a bright square that moves with `frame`.
pub fn gradient(width: u32, height: u32, frame: u32) -> Vec<u8> {
    let mut pixels = Vec::with_capacity((width * height * 3) as usize);
    for y in 0..height {
        for x in 0..width {
            let inside = (x + frame * (width - 1)) % width < 8 && (y + frame) % height < 8;
            let at = |value: u32| if inside { 240 } else { (40 + value % 160) as u8 };
            pixels.extend([at(x * 160 / width), at(y * 160 / height), at((x + y) * 3)]);
        }
    }
    pixels
}

/// A sine of half the full scale.
pub fn tone(rate: u32, samples: usize, pitch: f32) -> Vec<f32> {
    (0..samples).map(|i| (i as f32 * pitch * std::f32::consts::TAU / rate as f32).sin() * 0.5).collect()
}

/// A file, read by the parser of its container, with every check that has.
pub struct Clip {
    pub tracks: Vec<ClipTrack>,
}

pub enum ClipTrack {
    Video(VideoClip),
    Audio(AudioClip),
}

pub struct VideoClip {
    pub width: u32,
    pub height: u32,
    /// Ticks a second of the packets' times.
    pub timescale: u32,
    pub color: Option<Color>,
    pub packets: Vec<ClipPacket>,
}

pub struct AudioClip {
    pub channels: usize,
    pub sample_rate: u32,
    /// Samples to drop at the start and at the end, at the sample rate.
    pub priming: u64,
    pub padding: u64,
    /// Samples in all packets, where the container counts samples.
    pub samples: u64,
    pub packets: Vec<ClipPacket>,
}

pub struct ClipPacket {
    pub pts: i64,
    pub duration: i64,
    pub key: bool,
    pub data: Vec<u8>,
}

/// A decoded picture, cut to the size that is shown.
pub struct Picture {
    pub luma: Vec<u16>,
}

impl Clip {
    pub fn read(bytes: &[u8], container: Container) -> Self {
        match container {
            Container::Mp4 => read_isobmff(bytes),
            _ => read_ebml(bytes),
        }
    }

    /// Reads a file that was cut off in the middle: up to its last whole fragment or block.
    pub fn read_unfinished(bytes: &[u8], container: Container) -> Self {
        match container {
            Container::Mp4 => read_isobmff(&bytes[..whole_fragments(bytes)]),
            _ => read_ebml(&bytes[..whole_elements(bytes, 0)]),
        }
    }

    pub fn video(&self) -> &VideoClip {
        let mut found = self.tracks.iter().filter_map(|track| match track {
            ClipTrack::Video(video) => Some(video),
            ClipTrack::Audio(_) => None,
        });
        found.next().expect("a video track")
    }

    pub fn audio(&self) -> &AudioClip {
        let mut found = self.tracks.iter().filter_map(|track| match track {
            ClipTrack::Audio(audio) => Some(audio),
            ClipTrack::Video(_) => None,
        });
        found.next().expect("an audio track")
    }

    /// Decodes the AV1 track.
    pub fn decode(&self) -> Vec<Picture> {
        let video = self.video();
        let decoded = rav1d::decode(video.packets.iter().map(|packet| &packet.data));
        let crop = |picture: rav1d::Decoded| {
            let rows = picture.planes[0].chunks(picture.width).take(video.height as usize);
            Picture { luma: rows.flat_map(|row| row[..video.width as usize].to_vec()).collect() }
        };
        decoded.into_iter().map(crop).collect()
    }
}

impl AudioClip {
    /// Samples a listener hears.
    pub fn heard_samples(&self) -> u64 {
        self.samples - self.priming - self.padding
    }
}

fn read_isobmff(bytes: &[u8]) -> Clip {
    use isobmff::codecs::Entry;
    let movie = isobmff::verify(bytes).unwrap_or_else(|fault| panic!("the MP4 parser refuses the file: {fault}"));
    let read = |track: &isobmff::Track| {
        let packets: Vec<_> = track
            .samples
            .iter()
            .map(|sample| ClipPacket {
                pts: sample.time as i64,
                duration: sample.duration.into(),
                key: sample.sync,
                data: bytes[sample.offset as usize..][..sample.size as usize].to_vec(),
            })
            .collect();
        if track.handler == "vide" {
            let Entry::Av1(entry) = &track.entry else { panic!("{:?} is no AV1", track.entry) };
            return ClipTrack::Video(VideoClip {
                width: track.width,
                height: track.height,
                timescale: track.timescale,
                color: color(entry.color),
                packets,
            });
        }
        let samples: u64 = track.samples.iter().map(|sample| u64::from(sample.duration)).sum();
        let edit = track.edits.last();
        let priming = edit.map_or(0, |edit| edit.media_time.max(0) as u64);
        let heard = match edit.filter(|edit| edit.duration > 0) {
            Some(edit) => rounded(edit.duration, movie.timescale, track.timescale),
            None => samples - priming,
        };
        let channels = match &track.entry {
            Entry::Opus(entry) => entry.channels.into(),
            Entry::Flac { channels, .. } | Entry::Pcm { channels, .. } | Entry::QuickTimePcm { channels, .. } => {
                (*channels).into()
            }
            other => panic!("an audio track of {other:?}"),
        };
        let (sample_rate, padding) = (track.timescale, samples - priming - heard);
        ClipTrack::Audio(AudioClip { channels, sample_rate, priming, padding, samples, packets })
    };
    Clip { tracks: movie.tracks.iter().filter(|track| track.handler != "text").map(read).collect() }
}

/// `ticks` of one second by `from` in ticks by `to`, to the nearest.
fn rounded(ticks: u64, from: u32, to: u32) -> u64 {
    (ticks * u64::from(to) + u64::from(from) / 2) / u64::from(from)
}

fn read_ebml(bytes: &[u8]) -> Clip {
    let file = ebml::verify(bytes).unwrap_or_else(|fault| panic!("the Matroska parser refuses the file: {fault}"));
    let read = |track: &ebml::Track| {
        let blocks: Vec<_> = file.blocks.iter().filter(|block| block.track == track.number).collect();
        let setting = |name: &str| track.settings.get(name).copied();
        let packets = blocks
            .iter()
            .map(|block| ClipPacket {
                pts: block.time_ms,
                duration: block.duration_ms.map_or(0, |ms| ms as i64),
                key: block.key,
                data: block.payload.clone(),
            })
            .collect();
        if track.is_video {
            let size = |shown, coded, crop| {
                let coded = setting(coded).expect("a size") - setting(crop).unwrap_or(0);
                setting(shown).unwrap_or(coded) as u32
            };
            let code = |name| setting(name).unwrap_or(2) as u16;
            return ClipTrack::Video(VideoClip {
                width: size("DisplayWidth", "PixelWidth", "PixelCropRight"),
                height: size("DisplayHeight", "PixelHeight", "PixelCropBottom"),
                timescale: 1000,
                color: color((
                    code("Primaries"),
                    code("TransferCharacteristics"),
                    code("MatrixCoefficients"),
                    setting("Range") == Some(2),
                )),
                packets,
            });
        }
        let sample_rate = track.sample_rate.expect("a sample rate") as u32;
        let samples_of = |ns: u64| rounded(ns, 1_000_000_000, sample_rate);
        let samples = match track.codec_id.as_str() {
            "A_OPUS" => blocks.iter().map(|block| opus_samples(&block.payload)).sum(),
            _ => 0,
        };
        let padding = blocks.last().map_or(0, |block| block.discard_padding_ns.max(0) as u64);
        ClipTrack::Audio(AudioClip {
            channels: setting("Channels").expect("channels") as usize,
            sample_rate,
            priming: samples_of(track.codec_delay_ns),
            padding: samples_of(padding),
            samples,
            packets,
        })
    };
    Clip { tracks: file.tracks.iter().filter(|track| !track.is_subtitle).map(read).collect() }
}

fn color((primaries, transfer, matrix, full): (u16, u16, u16, bool)) -> Option<Color> {
    Some(Color {
        primaries: Primaries::from_code(primaries.try_into().ok()?)?,
        transfer: TransferCharacteristics::from_code(transfer.try_into().ok()?)?,
        matrix: MatrixCoefficients::from_code(matrix.try_into().ok()?)?,
        range: if full { ColorRange::Full } else { ColorRange::Limited },
    })
}

/// The duration of an Opus packet in samples at 48 kHz, from its first bytes (RFC 6716, 3.1 and 3.2).
fn opus_samples(packet: &[u8]) -> u64 {
    let configuration = packet[0] >> 3;
    let frame = match configuration {
        0..12 => [480, 960, 1920, 2880][usize::from(configuration % 4)],
        12..16 => [480, 960][usize::from(configuration % 2)],
        _ => [120, 240, 480, 960][usize::from(configuration % 4)],
    };
    let frames = match packet[0] & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u64::from(packet[1] & 63),
    };
    frame * frames
}

/// Where the last `mdat` that is all there ends.
fn whole_fragments(bytes: &[u8]) -> usize {
    let (mut at, mut whole) = (0, 0);
    while let Some(header) = bytes.get(at..at + 8) {
        let size = u32::from_be_bytes(header[..4].try_into().unwrap()) as usize;
        if size < 8 || at + size > bytes.len() {
            break;
        }
        at += size;
        if [b"moov", b"mdat"].iter().any(|kind| &header[4..] == *kind) {
            whole = at;
        }
    }
    whole
}

/// Where the last element from `at` on that is all there ends; goes into those of unknown size.
fn whole_elements(bytes: &[u8], mut at: usize) -> usize {
    while let Some((id, size, body)) = element(bytes, at) {
        let unknown = size == u64::MAX;
        // Segment and Cluster are gone into, known size or not.
        at = match id {
            0x1853_8067 | 0x1F43_B675 if unknown => body,
            _ if (size as usize) <= bytes.len() - body => body + size as usize,
            _ => break,
        };
    }
    at
}

fn element(bytes: &[u8], at: usize) -> Option<(u32, u64, usize)> {
    let id_length = bytes.get(at)?.leading_zeros() as usize + 1;
    let id = bytes.get(at..at + id_length)?.iter().fold(0, |id, &byte| id << 8 | u32::from(byte));
    let at = at + id_length;
    let size_length = bytes.get(at)?.leading_zeros() as usize + 1;
    let size = bytes.get(at..at + size_length)?.iter().fold(0, |size, &byte| size << 8 | u64::from(byte));
    let mask = (1u64 << (7 * size_length)) - 1;
    let size = if size & mask == mask { u64::MAX } else { size & mask };
    Some((id, size, at + size_length))
}
