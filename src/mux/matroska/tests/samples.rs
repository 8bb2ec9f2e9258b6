//! Tracks and packets that are valid as far as a reader of containers looks.

use crate::media::{
    AudioTrack, Av1Config, ChromaSubsampling, CodecConfig, Color, ColorRange, Cue, FlacConfig, FrameRate, OpusConfig,
    OpusMapping, Packet, PcmConfig, PixelFormat, RawConfig, SampleFormat, TimeBase, Track, TrackKind, VideoTrack,
    WebVttConfig,
};

pub const WIDTH: u32 = 64;
pub const HEIGHT: u32 = 48;

/// Tracks, and the packets of each.
#[derive(Clone)]
pub struct Scene {
    pub tracks: Vec<Track>,
    pub packets: Vec<Vec<Packet>>,
    /// The tracks of packets in the order of writing; by time where it is not said.
    pub order: Option<Vec<usize>>,
}

impl Scene {
    pub fn new() -> Self {
        Scene { tracks: Vec::new(), packets: Vec::new(), order: None }
    }

    /// Packets in the order of what is seen and heard.
    pub fn interleaved(&self) -> Vec<Packet> {
        if let Some(order) = &self.order {
            let mut queues: Vec<_> = self.packets.iter().map(|packets| packets.iter()).collect();
            return order.iter().map(|&track| queues[track].next().unwrap().clone()).collect();
        }
        let mut all: Vec<_> = self.packets.iter().flatten().cloned().collect();
        all.sort_by_key(|packet| {
            let track = &self.tracks[packet.track];
            let heard = packet.pts.saturating_sub(track.config.pre_skip().into());
            i128::from(heard) * i128::from(track.time_base.num()) * (1 << 40) / i128::from(track.time_base.den())
        });
        all
    }

    /// FLAC knows its total at the end.
    pub fn final_tracks(&self) -> Vec<Track> {
        let mut tracks = self.tracks.clone();
        for (track, packets) in tracks.iter_mut().zip(&self.packets) {
            if let CodecConfig::Flac(config) = &mut track.config {
                let total: u32 = packets.iter().map(|packet| packet.duration).sum();
                config.stream_info[14..18].copy_from_slice(&total.to_be_bytes());
            }
        }
        tracks
    }

    fn track(mut self, track: Track, packets: impl Iterator<Item = (u32, bool, Vec<u8>)>) -> Self {
        let (index, mut pts) = (self.tracks.len(), 0);
        let packets = packets.map(|(duration, key, data)| {
            pts += i64::from(duration);
            Packet::new(index, pts - i64::from(duration), duration, key, data)
        });
        self.packets.push(packets.collect());
        self.tracks.push(track);
        self
    }

    /// A key frame every ten.
    pub fn av1(self, num: u32, den: u32, frames: usize) -> Self {
        self.av1_of(num, den, frames, Color::BT709)
    }

    pub fn av1_of(self, num: u32, den: u32, frames: usize, color: Color) -> Self {
        self.video(FrameRate::new(num, den), frames, 10, color)
    }

    pub fn av1_keys(self, fps: u32, frames: usize, key_every: usize) -> Self {
        self.video(FrameRate::new(fps, 1), frames, key_every, Color::BT709)
    }

    pub fn video(self, rate: FrameRate, frames: usize, key_every: usize, color: Color) -> Self {
        let base = TimeBase::new(rate.den(), rate.num()).unwrap();
        let track = video_track(av1_config(color), color, base, Some(rate));
        self.track(track, (0..frames).map(|index| (1, index % key_every == 0, frame(index, key_every, color))))
    }

    /// Frames that last as many milliseconds each.
    pub fn variable(self, durations: &[u32]) -> Self {
        let track = video_track(av1_config(Color::BT709), Color::BT709, TimeBase::MILLISECONDS, None);
        let frames = durations.iter().enumerate();
        self.track(track, frames.map(|(index, &ms)| (ms, index % 3 == 0, frame(index, 3, Color::BT709))))
    }

    pub fn mjpeg(self, fps: u32, frames: usize) -> Self {
        let track = video_track(CodecConfig::Mjpeg, Color::JPEG, TimeBase::per_second(fps), Some(FrameRate::from(fps)));
        self.track(track, (0..frames).map(|index| (1, true, jpeg(index))))
    }

    /// Ten uncompressed pictures a second.
    pub fn raw(self, format: PixelFormat, frames: usize) -> Self {
        let config = CodecConfig::Raw(RawConfig { format });
        let track = video_track(config, Color::BT709, TimeBase::per_second(10), Some(FrameRate::from(10)));
        let (width, height) = (WIDTH as usize, HEIGHT as usize);
        let planes = (0..format.chroma().planes()).map(|plane| format.plane_size(plane, width, height));
        let samples: usize = planes.map(|(width, height)| width * height).sum();
        let picture = move |index: usize| match format.bit_depth() {
            8 => (0..samples).map(|at| (16 + (at + index) % 200) as u8).collect(),
            _ => (0..samples).flat_map(|at| ((64 + (at + index) % 800) as u16).to_le_bytes()).collect(),
        };
        self.track(track, (0..frames).map(|index| (1, true, picture(index))))
    }

    /// Cues by their start, duration (in ms) and text.
    pub fn webvtt(mut self, cues: &[(i64, u32, &str)]) -> Self {
        let config = CodecConfig::WebVtt(WebVttConfig::default());
        let index = self.tracks.len();
        let packet = |&(start, duration, text): &(i64, u32, &str)| {
            Packet::new(index, start, duration, true, Cue::new(text).to_packet().unwrap())
        };
        self.packets.push(cues.iter().map(packet).collect());
        self.tracks.push(Track::new(TrackKind::Subtitle, config, TimeBase::MILLISECONDS));
        self
    }

    /// Gives the last track, which is AV1, transparency.
    pub fn with_alpha(mut self) -> Self {
        let index = self.tracks.len() - 1;
        let CodecConfig::Av1(config) = self.tracks[index].config.clone() else { panic!() };
        let TrackKind::Video(video) = &mut self.tracks[index].kind else { panic!() };
        let sequence_header = sequence_header_of(config.color, true);
        video.alpha = Some(CodecConfig::Av1(Av1Config {
            chroma: ChromaSubsampling::Monochrome,
            chroma_sample_position: 0,
            sequence_header: sequence_header.clone(),
            ..config
        }));
        for (number, packet) in self.packets[index].iter_mut().enumerate() {
            let number = (number as u32).to_be_bytes();
            packet.alpha = Some(match packet.key {
                true => [sequence_header.clone(), obu(6, &[&[0x10], &number[..], &[3; 9]].concat())].concat(),
                false => obu(6, &[&[0x30], &number[..], &[4; 5]].concat()),
            });
        }
        self
    }

    /// Stereo silence, 20 ms a packet.
    pub fn opus(mut self, pre_skip: u16, packets: usize, trim_end: u32) -> Self {
        let config = OpusConfig { channels: 2, pre_skip, input_sample_rate: 48_000, output_gain: 0, mapping: None };
        let track = audio_track(CodecConfig::Opus(config), 48_000, 2);
        self = self.track(track, (0..packets).map(|_| (960, true, vec![0xfc, 0xff, 0xfe])));
        if let Some(last) = self.packets.last_mut().and_then(|packets| packets.last_mut()) {
            last.trim_end = trim_end;
        }
        self
    }

    /// Frames of 4096 samples of one value.
    pub fn flac(self, sample_rate: u32, channels: u8, frames: usize) -> Self {
        let mut info = [0; 34];
        info[..4].copy_from_slice(&[16, 0, 16, 0]);
        let numbers = u64::from(sample_rate) << 44 | u64::from(channels - 1) << 41 | 15 << 36;
        info[10..18].copy_from_slice(&numbers.to_be_bytes());
        let config = FlacConfig { sample_rate, channels, bits_per_sample: 16, stream_info: info };
        let track = audio_track(CodecConfig::Flac(config), sample_rate, channels);
        self.track(track, (0..frames).map(|index| (4096, true, flac_frame(index, channels))))
    }

    /// 16-bit noise, 20 ms a packet.
    pub fn pcm(self, sample_rate: u32, channels: u8, packets: usize) -> Self {
        let config = PcmConfig { sample_rate, channels, format: SampleFormat::S16 };
        let track = audio_track(CodecConfig::Pcm(config), sample_rate, channels);
        let length = sample_rate / 50;
        let bytes = length as usize * usize::from(channels) * 2;
        self.track(
            track,
            (0..packets)
                .map(|index| (length, true, (0..bytes).map(|at| (((at + index) * 40_503) >> 7) as u8).collect())),
        )
    }

    /// All of a track by `ticks` later.
    pub fn late(mut self, track: usize, ticks: i64) -> Self {
        for packet in &mut self.packets[track] {
            packet.pts += ticks;
        }
        self
    }
}

fn video_track(config: CodecConfig, color: Color, base: TimeBase, frame_rate: Option<FrameRate>) -> Track {
    let video = VideoTrack { color, frame_rate, ..VideoTrack::new(WIDTH, HEIGHT) };
    Track::new(TrackKind::Video(video), config, base)
}

fn audio_track(config: CodecConfig, sample_rate: u32, channels: u8) -> Track {
    Track::new(TrackKind::Audio(AudioTrack { sample_rate, channels }), config, TimeBase::per_second(sample_rate))
}

pub fn set_surround(track: &mut Track) {
    let mapping = OpusMapping { family: 1, streams: 4, coupled: 2, table: vec![0, 4, 1, 2, 3, 5] };
    let TrackKind::Audio(audio) = &mut track.kind else { panic!() };
    let CodecConfig::Opus(config) = &mut track.config else { panic!() };
    (audio.channels, config.channels, config.mapping) = (6, 6, Some(mapping));
}

fn av1_config(color: Color) -> CodecConfig {
    CodecConfig::Av1(Av1Config {
        profile: 0,
        level: 8,
        tier: 0,
        bit_depth: 10,
        chroma: ChromaSubsampling::Yuv420,
        chroma_sample_position: 2,
        max_frame_width: WIDTH,
        max_frame_height: HEIGHT,
        color,
        sequence_header: sequence_header(color),
    })
}

/// `sequence_header_obu()` by AV1 5.5, field by field: main profile at level 4.0, 10 bit, no order hints.
fn sequence_header(color: Color) -> Vec<u8> {
    sequence_header_of(color, false)
}

fn sequence_header_of(color: Color, monochrome: bool) -> Vec<u8> {
    let full_range = u64::from(color.range == ColorRange::Full);
    let fields: [(u64, u32); 26] = [
        (0, 3),  // seq_profile
        (0, 2),  // still_picture, reduced_still_picture_header
        (0, 2),  // timing_info_present_flag, initial_display_delay_present_flag
        (0, 5),  // operating_points_cnt_minus_1
        (0, 12), // operating_point_idc
        (8, 5),  // seq_level_idx
        (0, 1),  // seq_tier
        (5, 4),  // frame_width_bits_minus_1
        (5, 4),  // frame_height_bits_minus_1
        (u64::from(WIDTH - 1), 6),
        (u64::from(HEIGHT - 1), 6),
        (0, 1),                     // frame_id_numbers_present_flag
        (0, 3),                     // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
        (0, 4),                     // interintra, masked, warped, dual filter
        (0, 1),                     // enable_order_hint
        (1, 1),                     // seq_choose_screen_content_tools
        (1, 1),                     // seq_choose_integer_mv
        (0, 3),                     // superres, cdef, restoration
        (1, 1),                     // high_bitdepth
        (u64::from(monochrome), 1), // mono_chrome
        (1, 1),                     // color_description_present_flag
        (u64::from(color.primaries.code()), 8),
        (u64::from(color.transfer.code()) << 8 | u64::from(color.matrix.code()), 16),
        // color_range, chroma_sample_position; of luma alone the first only
        if monochrome { (full_range, 1) } else { (full_range << 2 | 2, 3) },
        // separate_uv_delta_q, film_grain_params_present; the same
        (0, if monochrome { 1 } else { 2 }),
        (1, 1), // trailing bit
    ];
    let mut bits = String::new();
    for (value, width) in fields {
        bits += &format!("{value:0width$b}", width = width as usize);
    }
    bits += &"0".repeat(bits.len().wrapping_neg() % 8);
    let payload: Vec<u8> = bits
        .as_bytes()
        .chunks(8)
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap())
        .collect();
    obu(1, &payload)
}

pub fn obu(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind << 3 | 2];
    let mut size = payload.len();
    while size > 127 {
        bytes.push(size as u8 | 0x80);
        size >>= 7;
    }
    bytes.push(size as u8);
    bytes.extend_from_slice(payload);
    bytes
}

/// A temporal unit whose frame header says its type, and nothing behind it that could be decoded.
fn frame(index: usize, key_every: usize, color: Color) -> Vec<u8> {
    let number = (index as u32).to_be_bytes();
    if index.is_multiple_of(key_every) {
        [sequence_header(color), obu(6, &[&[0x10], &number[..], &[7; 90]].concat())].concat()
    } else {
        obu(6, &[&[0x30], &number[..], &[9; 20]].concat())
    }
}

/// Some more of a temporal unit: metadata of a type that nobody knows.
pub fn filler(length: usize) -> Vec<u8> {
    obu(5, &vec![0x1f; length])
}

fn jpeg(index: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let pixels: Vec<u8> = (0..(WIDTH * HEIGHT * 3) as usize).map(|at| (at + index * 40) as u8).collect();
    let encoder = jpeg_encoder::Encoder::new(&mut out, 50);
    encoder.encode(&pixels, WIDTH as u16, HEIGHT as u16, jpeg_encoder::ColorType::Rgb).unwrap();
    out
}

/// A frame of 4096 samples a channel, all of one value (RFC 9639, 9).
fn flac_frame(index: usize, channels: u8) -> Vec<u8> {
    assert!(index < 128, "the coded number takes one byte");
    // 4096 samples, rate and depth as in STREAMINFO.
    let mut frame = vec![0xff, 0xf8, 0xc0, (channels - 1) << 4, index as u8];
    frame.push(crc(&frame, 8, 0x07) as u8);
    for channel in 0..channels {
        // A constant subframe without wasted bits.
        frame.extend_from_slice(&[0, index as u8, channel]);
    }
    let crc = crc(&frame, 16, 0x8005);
    frame.extend_from_slice(&crc.to_be_bytes());
    frame
}

fn crc(bytes: &[u8], width: u32, polynomial: u16) -> u16 {
    let mut crc = 0u32;
    for byte in bytes {
        crc ^= u32::from(*byte) << (width - 8);
        for _ in 0..8 {
            crc = crc << 1 ^ if crc >> (width - 1) & 1 == 1 { u32::from(polynomial) } else { 0 };
        }
        crc &= (1 << width) - 1;
    }
    crc as u16
}
