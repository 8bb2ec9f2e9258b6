//! Tracks and packets that decoders take: a moving picture, and a tone in each sound codec.

use flacenc::component::BitRepr;
use flacenc::error::Verify;

use super::synthetic::{audio_track, padded_video_track};
use super::verifier::codecs::SequenceHeader;
use crate::media::{
    Av1Config, ChromaSubsampling, CodecConfig, Color, FlacConfig, OpusConfig, Packet, TimeBase, Track, VideoTrack,
};
use crate::media::{SampleFormat, TrackKind};

/// `count` frames of `size` at `rate` a second, in AV1, as track 0.
pub fn av1(size: (u32, u32), rate: u32, count: usize) -> (Track, Vec<Packet>) {
    let (width, height) = (size.0 as usize, size.1 as usize);
    let config = rav1e::prelude::EncoderConfig {
        width,
        height,
        time_base: rav1e::prelude::Rational::new(1, rate.into()),
        speed_settings: rav1e::prelude::SpeedSettings::from_preset(10),
        min_key_frame_interval: 0,
        max_key_frame_interval: u64::from(rate),
        ..Default::default()
    };
    let mut context: rav1e::Context<u8> =
        rav1e::Config::new().with_encoder_config(config).with_threads(1).new_context().unwrap();
    for i in 0..count {
        let mut frame = context.new_frame();
        for (p, plane) in frame.planes.iter_mut().enumerate() {
            let (w, h) = if p == 0 { (width, height) } else { (width.div_ceil(2), height.div_ceil(2)) };
            let pixels: Vec<u8> = (0..w * h).map(|at| ((at % w + at / w + 3 * i) * (7 - p)) as u8).collect();
            plane.copy_from_raw_u8(&pixels, w, 1);
        }
        context.send_frame(frame).unwrap();
    }
    context.flush();
    let mut packets = Vec::new();
    loop {
        match context.receive_packet() {
            Ok(packet) => {
                let unit = packet.data.strip_prefix(b"\x12\0").expect("a temporal delimiter first").to_vec();
                let key = packet.frame_type == rav1e::prelude::FrameType::KEY;
                packets.push(Packet::new(0, packet.input_frameno as i64, 1, key, unit));
            }
            Err(rav1e::EncoderStatus::Encoded | rav1e::EncoderStatus::NeedMoreData) => {}
            Err(_) => break,
        }
    }
    let unit = &packets[0].data;
    let sequence_header = unit[..2 + usize::from(unit[1])].to_vec();
    let header = SequenceHeader::read(&sequence_header[2..]).unwrap();
    let mut track = padded_video_track(size, size, TimeBase::per_second(rate));
    track.config = CodecConfig::Av1(Av1Config {
        profile: header.profile,
        level: header.level,
        tier: header.tier,
        bit_depth: header.bit_depth,
        chroma: ChromaSubsampling::Yuv420,
        chroma_sample_position: header.chroma_sample_position,
        max_frame_width: header.size.0,
        max_frame_height: header.size.1,
        color: Color::BT709,
        sequence_header,
    });
    (track, packets)
}

/// The same picture, of which only `shown` is not padding.
pub fn cropped(mut track: Track, shown: (u32, u32)) -> Track {
    if let TrackKind::Video(VideoTrack { width, height, .. }) = &mut track.kind {
        (*width, *height) = shown;
    }
    track
}

fn tone(at: u32, rate: u32) -> i16 {
    (f64::from(at) * 440.0 * std::f64::consts::TAU / f64::from(rate)).sin().mul_add(8000.0, 0.5) as i16
}

/// `heard` samples of stereo in Opus, as track `index`.
pub fn opus(index: usize, heard: u32) -> (Track, Vec<Packet>) {
    let mut encoder =
        ropus::Encoder::builder(48_000, ropus::Channels::Stereo, ropus::Application::Audio).build().unwrap();
    let pre_skip = encoder.lookahead();
    let all = heard + pre_skip;
    let mut packets = Vec::new();
    for at in (0..all).step_by(960) {
        let samples: Vec<i16> =
            (at..at + 960).flat_map(|at| [if at < heard { tone(at, 48_000) } else { 0 }; 2]).collect();
        let mut data = vec![0; 1500];
        let length = encoder.encode(&samples, &mut data).unwrap();
        data.truncate(length);
        packets.push(Packet {
            trim_end: (at + 960).saturating_sub(all),
            ..Packet::new(index, at.into(), 960, true, data)
        });
    }
    let pre_skip = pre_skip as u16;
    let config = OpusConfig { channels: 2, pre_skip, input_sample_rate: 48_000, output_gain: 0, mapping: None };
    (audio_track(48_000, 2, CodecConfig::Opus(config)), packets)
}

/// `heard` samples of stereo at `rate` in FLAC, as track `index`.
pub fn flac(index: usize, rate: u32, heard: u32) -> (Track, Vec<Packet>) {
    let samples: Vec<i32> = (0..heard).flat_map(|at| [i32::from(tone(at, rate)); 2]).collect();
    let config = flacenc::config::Encoder::default().into_verified().unwrap();
    let source = flacenc::source::MemSource::from_samples(&samples, 2, 16, rate as usize);
    let stream = flacenc::encode_with_fixed_block_size(&config, source, 4096).unwrap();
    let bytes = |part: &dyn Fn(&mut flacenc::bitsink::ByteSink)| {
        let mut sink = flacenc::bitsink::ByteSink::new();
        part(&mut sink);
        sink.as_slice().to_vec()
    };
    let packet = |i: usize| {
        let start = i as u32 * 4096;
        let data = bytes(&|sink| stream.frame(i).unwrap().write(sink).unwrap());
        Packet::new(index, start.into(), (heard - start).min(4096), true, data)
    };
    let stream_info = bytes(&|sink| stream.stream_info().write(sink).unwrap()).try_into().unwrap();
    let config = FlacConfig { sample_rate: rate, channels: 2, bits_per_sample: 16, stream_info };
    (audio_track(rate, 2, CodecConfig::Flac(config)), (0..stream.frame_count()).map(packet).collect())
}

/// `heard` samples of `channels` at `rate` as 16-bit PCM, as track `index`: each channel at another level.
pub fn pcm(index: usize, rate: u32, channels: u8, heard: u32) -> (Track, Vec<Packet>) {
    let packet = |start: u32| {
        let duration = (heard - start).min(1000);
        let samples = (start..start + duration)
            .flat_map(|at| (0..channels).map(move |channel| tone(at, rate) / (i16::from(channel) + 1)));
        Packet::new(index, start.into(), duration, true, samples.flat_map(i16::to_le_bytes).collect())
    };
    let packets = (0..heard).step_by(1000).map(packet).collect();
    (super::synthetic::pcm_track(rate, channels, SampleFormat::S16), packets)
}
