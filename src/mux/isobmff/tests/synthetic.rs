//! Tracks and packets that no encoder made.

use crate::media::{
    AudioTrack, Av1Config, ChromaSubsampling, CodecConfig, Color, ColorRange, FlacConfig, OpusConfig, OpusMapping,
    Packet, PcmConfig, SampleFormat, TimeBase, Track, TrackKind, VideoTrack,
};

/// Writes bits, the most significant first.
#[derive(Default)]
struct Bits(Vec<bool>);

impl Bits {
    fn put(&mut self, count: u32, value: u32) -> &mut Self {
        self.0.extend((0..count).rev().map(|bit| value >> bit & 1 == 1));
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let byte = |bits: &[bool]| bits.iter().enumerate().fold(0, |byte, (i, &bit)| byte | u8::from(bit) << (7 - i));
        self.0.chunks(8).map(byte).collect()
    }
}

fn obu(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut obu = vec![kind << 3 | 2];
    let mut size = payload.len();
    loop {
        let more = size > 0x7f;
        obu.push((size & 0x7f) as u8 | u8::from(more) << 7);
        size >>= 7;
        if !more {
            break;
        }
    }
    obu.extend_from_slice(payload);
    obu
}

/// A configuration whose sequence header says the same, field by field as AV1 5.5 has it.
pub fn av1_config(width: u32, height: u32, bit_depth: u8, chroma: ChromaSubsampling, color: Color) -> Av1Config {
    let profile = u8::from(chroma == ChromaSubsampling::Yuv444);
    let mut bits = Bits::default();
    bits.put(3, profile.into()).put(2, 0); // seq_profile, still_picture, reduced_still_picture_header
    bits.put(2, 0).put(5, 0); // timing_info, initial_display_delay, operating_points_cnt_minus_1
    bits.put(12, 0).put(5, 8).put(1, 0); // operating_point_idc, seq_level_idx 4.0, seq_tier
    bits.put(4, 15).put(4, 15).put(16, width - 1).put(16, height - 1);
    bits.put(1, 0).put(3, 0).put(4, 0); // frame ids, superblock and intra tools, inter tools
    bits.put(1, 1).put(2, 0); // enable_order_hint, jnt_comp, ref_frame_mvs
    bits.put(1, 1).put(1, 1).put(3, 6); // screen content and motion vectors are chosen; order_hint_bits
    bits.put(3, 0); // superres, cdef, restoration
    bits.put(1, (bit_depth > 8).into());
    if profile != 1 {
        bits.put(1, (chroma == ChromaSubsampling::Monochrome).into());
    }
    bits.put(1, 1);
    bits.put(8, color.primaries.code().into());
    bits.put(8, color.transfer.code().into());
    bits.put(8, color.matrix.code().into());
    bits.put(1, (color.range == ColorRange::Full).into());
    if chroma == ChromaSubsampling::Yuv420 {
        bits.put(2, 0); // chroma_sample_position
    }
    if chroma != ChromaSubsampling::Monochrome {
        bits.put(1, 0); // separate_uv_delta_q
    }
    bits.put(1, 0).put(1, 1); // film grain, trailing bit
    Av1Config {
        profile,
        level: 8,
        tier: 0,
        bit_depth,
        chroma,
        chroma_sample_position: 0,
        max_frame_width: width,
        max_frame_height: height,
        color,
        sequence_header: obu(1, &bits.bytes()),
    }
}

pub fn video_track(width: u32, height: u32, base: TimeBase) -> Track {
    padded_video_track((width, height), (width, height), base)
}

pub fn padded_video_track(shown: (u32, u32), coded: (u32, u32), base: TimeBase) -> Track {
    let config = av1_config(coded.0, coded.1, 8, ChromaSubsampling::Yuv420, Color::BT709);
    let (width, height, coded_width, coded_height) = (shown.0, shown.1, coded.0, coded.1);
    let color = Color::BT709;
    let video = VideoTrack { coded_width, coded_height, color, ..VideoTrack::new(width, height) };
    Track::new(TrackKind::Video(video), CodecConfig::Av1(config), base)
}

/// A temporal unit of about `size` bytes: a key frame behind its sequence header, or an inter frame.
pub fn av1_unit(track: &Track, key: bool, size: usize) -> Vec<u8> {
    let CodecConfig::Av1(config) = &track.config else { panic!("an AV1 track") };
    let mut unit = if key { config.sequence_header.clone() } else { Vec::new() };
    // show_existing_frame, frame_type, show_frame
    let mut frame = vec![if key { 0x10 } else { 0x30 }];
    frame.extend((1..size.max(2)).map(|i| (i * 31) as u8));
    unit.extend(obu(6, &frame));
    unit
}

/// `count` frames of `duration` ticks, every `interval`th a key frame.
pub fn video_packets(track: &Track, count: usize, duration: u32, interval: usize) -> Vec<Packet> {
    let frame = |i: usize| {
        let key = i.is_multiple_of(interval);
        Packet::new(0, i as i64 * i64::from(duration), duration, key, av1_unit(track, key, 100 + i % 50))
    };
    (0..count).map(frame).collect()
}

pub fn audio_track(rate: u32, channels: u8, config: CodecConfig) -> Track {
    Track::new(TrackKind::Audio(AudioTrack { sample_rate: rate, channels }), config, TimeBase::per_second(rate))
}

pub fn opus_track(channels: u8) -> Track {
    let mapping = (channels > 2).then(|| OpusMapping {
        family: 1,
        streams: channels - channels / 2,
        coupled: channels / 2,
        table: (0..channels).collect(),
    });
    let config = OpusConfig { channels, pre_skip: 312, input_sample_rate: 44_100, output_gain: -256, mapping };
    audio_track(48_000, channels, CodecConfig::Opus(config))
}

/// Packets of 20 ms on track `track`, for `heard` samples behind the pre-skip.
pub fn opus_packets(track: usize, heard: u32) -> Vec<Packet> {
    let all = heard + 312;
    let count = all.div_ceil(960);
    let mut packets: Vec<Packet> = (0..count)
        .map(|i| Packet::new(track, i64::from(i) * 960, 960, true, vec![i as u8; 80 + i as usize % 7]))
        .collect();
    packets.last_mut().unwrap().trim_end = count * 960 - all;
    packets
}

pub fn flac_track(rate: u32, channels: u8, bits: u8) -> Track {
    let mut stream_info = [0; 34];
    let word = u64::from(rate) << 44 | u64::from(channels - 1) << 41 | u64::from(bits - 1) << 36;
    stream_info[10..18].copy_from_slice(&word.to_be_bytes());
    let config = FlacConfig { sample_rate: rate, channels, bits_per_sample: bits, stream_info };
    audio_track(rate, channels, CodecConfig::Flac(config))
}

pub fn pcm_track(rate: u32, channels: u8, format: SampleFormat) -> Track {
    audio_track(rate, channels, CodecConfig::Pcm(PcmConfig { sample_rate: rate, channels, format }))
}

/// Packets of all tracks in the order of their times.
pub fn interleave(tracks: &[Track], mut packets: Vec<Packet>) -> Vec<Packet> {
    packets.sort_by_key(|packet| {
        (tracks[packet.track].time_base.rescale(packet.pts, TimeBase::NANOSECONDS), packet.track)
    });
    packets
}
