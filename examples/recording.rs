//! How the muxers bear a long recording, and how they do beside other programs.
//!
//! ```sh
//! cargo run --release --example recording -- million
//! FFMPEG=ffmpeg MKVMERGE=mkvmerge cargo run --release --example recording -- race [HOURS]
//! ```
//!
//! `million` writes a million packets (four hours of picture and sound) in each container and layout to memory, and prints
//! the speed, what is held for a packet beside the file itself, and how long the end takes. `race` has the same packets
//! copied from one Matroska file into MP4, fragmented MP4 and Matroska by this crate (read through `matroska-demuxer`),
//! by FFmpeg (`-c copy`) and by mkvmerge, from disk to disk, and prints the times and the bytes beside the payload.

use std::alloc::{GlobalAlloc, System};
use std::error::Error;
use std::io::Cursor;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use framewright::media::{
    AudioTrack, CodecConfig, OpusConfig, Packet, PcmConfig, RawConfig, TimeBase, Track, TrackKind, VideoTrack,
};
use framewright::sink::{FileSink, SeekSink, SharedWriter, Sink, StreamSink};
use framewright::{
    AudioCodec, Container, Encoder, FrameView, Layout, MuxOptions, PacketWriter, PixelFormat, SampleFormat, VideoCodec,
    VideoOptions,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Counts what is held.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is handed to the system's allocator as it came; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: std::alloc::Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: std::alloc::Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> Outcome<()> {
    let mut args = std::env::args().skip(1);
    match args.next().as_deref() {
        Some("million") => million(),
        Some("race") => race(args.next().map_or(Ok(1), |hours| hours.parse())?),
        _ => Err("say `million` or `race [HOURS]`".into()),
    }
}

const MILLION: usize = 1_000_000;
/// Of a packet, so that a million of them are a gigabyte.
const PACKET_BYTES: usize = 1_000;

fn million() -> Outcome<()> {
    println!("| container | layout | GB/s to memory | held for a packet | end |\n|---|---|---|---|---|");
    let mut left_out = Vec::new();
    for &container in Container::ALL {
        for &layout in container.layouts().iter().filter(|layout| !layout.needs_folder()) {
            if let Some(why) = not_made(container, layout) {
                left_out.push(format!("* {container}, {layout}: {why}"));
                continue;
            }
            let (speed, held, end) = long_recording(container, layout)?;
            println!("| {container} | {layout} | {speed:.2} | {held:.1} bytes | {} ms |", end.as_millis());
        }
    }
    if !left_out.is_empty() {
        println!("\nNot made:\n\n{}", left_out.join("\n"));
    }
    Ok(())
}

/// Why there is no recording of packets that are made up here.
fn not_made(container: Container, layout: Layout) -> Option<&'static str> {
    let raw = container.default_video_codec() == Some(VideoCodec::Raw);
    match (container, layout) {
        (Container::Avif, Layout::Live) => Some("it holds one picture"),
        (Container::Flac, _) => Some("its packets are real frames of FLAC, which the codec makes"),
        _ if raw && !container.raw_formats().contains(&PixelFormat::Gray) => {
            Some("its packets are pictures in red, green and blue, which it codes itself")
        }
        _ => None,
    }
}

/// Bytes a nanosecond, bytes held a packet before the end, and how long the end took.
fn long_recording(container: Container, layout: Layout) -> Outcome<(f64, f64, Duration)> {
    let tracks = tracks(container)?;
    let room = MILLION * (PACKET_BYTES + 64);
    let memory = SharedWriter::new(Cursor::new(Vec::with_capacity(room)));
    let sink: Box<dyn Sink> = match layout.needs_patching() {
        true => Box::new(SeekSink::new(memory.clone())?),
        false => Box::new(StreamSink::new(memory.clone())),
    };
    let options = MuxOptions::new().layout(layout);
    let mut writer = PacketWriter::with_options(container, tracks.clone(), sink, &options)?;
    let (mut spent, mut before, mut payload) = (Duration::ZERO, 0, 0);
    let mut times = vec![0i64; tracks.len()];
    for number in 0..MILLION {
        let packet = packet(&tracks, &mut times, number);
        payload += packet.data.len();
        let begun = Instant::now();
        writer.write(packet)?;
        spent += begun.elapsed();
        // After the first few, so that what is held once does not count.
        if number == 1_000 {
            before = HELD.load(Ordering::Relaxed);
        }
    }
    let held = HELD.load(Ordering::Relaxed).saturating_sub(before);
    let begun = Instant::now();
    writer.finish()?;
    let end = begun.elapsed();
    Ok((payload as f64 / (spent + end).as_nanos() as f64, held as f64 / MILLION as f64, end))
}

/// A picture and a piece of sound in turn, of 20 ms each, with a key frame every two seconds; of one track, that alone.
fn packet(tracks: &[Track], times: &mut [i64], number: usize) -> Packet {
    let index = number % tracks.len();
    let track = &tracks[index];
    let step = (track.time_base.den() / 50).max(1);
    let (key, duration, bytes) = match &track.config {
        CodecConfig::Av1(_) => ((number / tracks.len()).is_multiple_of(100), step, PACKET_BYTES + number % 7),
        // Of PCM a packet is as long as its samples.
        CodecConfig::Pcm(_) => (true, (PACKET_BYTES / 4) as u32, PACKET_BYTES),
        CodecConfig::Raw(_) => (true, step, 32 * 20),
        _ => (true, step, PACKET_BYTES + number % 7),
    };
    let pts = times[index];
    times[index] += i64::from(duration);
    let mut data = vec![number as u8; bytes];
    if let CodecConfig::Opus(_) = &track.config {
        data[0] = 31 << 3 | 4; // 20 ms of stereo
    }
    if let CodecConfig::Av1(config) = &track.config {
        // A temporal unit: its sequence header where it is a key frame, and a frame.
        let header: &[u8] = if key { &config.sequence_header } else { &[] };
        let frame = bytes - header.len() - 4;
        data[..header.len()].copy_from_slice(header);
        data[header.len()..][..4].copy_from_slice(&[
            6 << 3 | 2,
            (frame & 0x7f) as u8 | 0x80,
            (frame >> 7) as u8,
            if key { 0x10 } else { 0x30 },
        ]);
        data.truncate(header.len() + 3 + frame);
    }
    Packet::new(index, pts, duration, key, data)
}

/// What the container takes: its usual video and audio.
fn tracks(container: Container) -> Outcome<Vec<Track>> {
    let mut tracks = Vec::new();
    match container.default_video_codec() {
        Some(VideoCodec::Av1) => tracks.push(av1_track(50)?),
        Some(VideoCodec::Mjpeg) => {
            let mut video = VideoTrack::new(64, 48);
            video.color = framewright::Color::JPEG;
            video.frame_rate = Some(50.into());
            tracks.push(Track::new(TrackKind::Video(video), CodecConfig::Mjpeg, TimeBase::per_second(50)));
        }
        Some(VideoCodec::Raw) => {
            let mut video = VideoTrack::new(32, 20);
            video.frame_rate = Some(50.into());
            let config = CodecConfig::Raw(RawConfig { format: PixelFormat::Gray });
            tracks.push(Track::new(TrackKind::Video(video), config, TimeBase::per_second(50)));
        }
        _ => {}
    }
    let audio = |rate| TrackKind::Audio(AudioTrack { sample_rate: rate, channels: 2 });
    match container.default_audio_codec() {
        Some(AudioCodec::Opus) => {
            let config =
                OpusConfig { channels: 2, pre_skip: 312, input_sample_rate: 48_000, output_gain: 0, mapping: None };
            tracks.push(Track::new(audio(48_000), CodecConfig::Opus(config), TimeBase::per_second(48_000)));
        }
        Some(AudioCodec::Pcm) => {
            let config = PcmConfig { sample_rate: 12_500, channels: 2, format: SampleFormat::S16 };
            tracks.push(Track::new(audio(12_500), CodecConfig::Pcm(config), TimeBase::per_second(12_500)));
        }
        _ => {}
    }
    match tracks.is_empty() {
        true => Err("no codec whose packets are made here".into()),
        false => Ok(tracks),
    }
}

/// A track of a real sequence header.
fn av1_track(rate: u32) -> Outcome<Track> {
    let (mut tracks, _) = read_matroska(&encoded_clip(rate, 1)?)?;
    tracks.truncate(1);
    tracks.pop().ok_or_else(|| "no track".into())
}

fn race(hours: usize) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let source = folder.path().join("source.mkv");
    let packets = write_source(&source, hours)?;
    let bytes = std::fs::metadata(&source)?.len();
    println!("{packets} packets, {hours} h, {bytes} bytes of Matroska\n");
    let ffmpeg = std::env::var("FFMPEG").unwrap_or("ffmpeg".into());
    let mkvmerge = std::env::var("MKVMERGE").unwrap_or("mkvmerge".into());
    println!("| to | by | seconds, best of 3 | bytes beside the payload |\n|---|---|---|---|");
    let payload = payload(&source)?;
    let forms: [(&str, Container, Layout, &[&str]); 3] = [
        ("MP4", Container::Mp4, Layout::Plain, &["-f", "mp4"]),
        (
            "fragmented MP4",
            Container::Mp4,
            Layout::Fragmented,
            &["-f", "mp4", "-movflags", "frag_keyframe+empty_moov+default_base_moof"],
        ),
        ("Matroska", Container::Matroska, Layout::Plain, &["-f", "matroska"]),
    ];
    for (name, container, layout, flags) in forms {
        let out = folder.path().join("out");
        let row = |by: &str, run: &mut dyn FnMut() -> Outcome<()>| -> Outcome<()> {
            let mut best = Duration::MAX;
            for _ in 0..3 {
                let begun = Instant::now();
                run()?;
                best = best.min(begun.elapsed());
            }
            let beside = std::fs::metadata(&out)?.len() as i64 - payload as i64;
            println!("| {name} | {by} | {:.2} | {beside} |", best.as_secs_f64());
            Ok(())
        };
        let options = MuxOptions::new().layout(layout);
        row("framewright", &mut || copy(&source, &out, container, &options))?;
        if container == Container::Matroska {
            let options = options.clone().lacing(true);
            row("framewright, `lacing`", &mut || copy(&source, &out, container, &options))?;
        }
        row("FFmpeg", &mut || {
            let mut command = Command::new(&ffmpeg);
            command.args(["-v", "error", "-y", "-i"]).arg(&source).args(["-map", "0", "-c", "copy"]).args(flags);
            succeed(command.arg(&out))
        })?;
        if container == Container::Matroska {
            for (by, flags) in [("mkvmerge, `--disable-lacing`", &["--disable-lacing"][..]), ("mkvmerge", &[])] {
                let mut merge = || {
                    let mut command = Command::new(&mkvmerge);
                    succeed(command.arg("-q").args(flags).arg("-o").arg(&out).arg(&source))
                };
                row(by, &mut merge)?;
            }
        }
    }
    Ok(())
}

fn succeed(command: &mut Command) -> Outcome<()> {
    let status = command.stdin(Stdio::null()).status()?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} failed: {status}").into()) }
}

/// A clip of two seconds, over and over: real packets of AV1, and of Opus in silence.
fn write_source(path: &Path, hours: usize) -> Outcome<usize> {
    let clip = encoded_clip(25, 50)?;
    let (tracks, packets) = read_matroska(&clip)?;
    let mut writer = PacketWriter::new(Container::Matroska, tracks.clone(), FileSink::create(path)?)?;
    let mut count = 0;
    for round in 0..hours * 1_800 {
        for packet in &packets {
            let mut packet = packet.clone();
            // Two seconds in the ticks of its track.
            packet.pts += round as i64 * 2 * i64::from(tracks[packet.track].time_base.den());
            writer.write(packet)?;
            count += 1;
        }
    }
    writer.finish()?;
    Ok(count)
}

/// Two seconds, or `frames` frames, of a small picture with sound, in Matroska.
fn encoded_clip(rate: u32, frames: u32) -> Outcome<Vec<u8>> {
    let memory = SharedWriter::new(Cursor::new(Vec::new()));
    let mut encoder = Encoder::new();
    let mut video = encoder.add_video(VideoOptions::new(64, 48).frame_rate(rate).keyframe_interval(50).crf(40))?;
    let mut audio = encoder.add_audio(framewright::AudioOptions::new(48_000, 2))?;
    encoder.open_writer(memory.clone(), Container::Matroska)?;
    for frame in 0..frames {
        let pixels: Vec<u8> = (0..64 * 48u32).map(|i| (i % 64 * 3 + frame * 5 + i / 64) as u8).collect();
        video.add_frame(&FrameView::gray(64, 48, &pixels)?)?;
        let sound = vec![0i16; 2 * 48_000 / rate as usize];
        audio.add_samples(framewright::AudioSamples::interleaved(&sound, 2)?)?;
    }
    encoder.close()?;
    Ok(memory.into_inner().ok_or("the file is still open")?.into_inner())
}

/// The tracks and packets of a Matroska file of this crate, through a reader that is not this crate's.
fn read_matroska(bytes: &[u8]) -> Outcome<(Vec<Track>, Vec<Packet>)> {
    let mut file = matroska_demuxer::MatroskaFile::open(Cursor::new(bytes))?;
    let tracks = matroska_tracks(&file)?;
    let (mut packets, mut frame) = (Vec::new(), matroska_demuxer::Frame::default());
    while file.next_frame(&mut frame)? {
        packets.push(packet_of(&tracks, &frame)?);
    }
    // The last packet of sound has padding, which would stand in the middle now.
    packets.retain(|packet| packet.pts < 2 * i64::from(tracks[packet.track].time_base.den()));
    packets.iter_mut().for_each(|packet| packet.trim_end = 0);
    Ok((tracks, packets))
}

fn matroska_tracks<R: std::io::Read + std::io::Seek>(file: &matroska_demuxer::MatroskaFile<R>) -> Outcome<Vec<Track>> {
    file.tracks().iter().map(track_of).collect()
}

fn track_of(entry: &matroska_demuxer::TrackEntry) -> Outcome<Track> {
    let private = entry.codec_private().ok_or("a track without CodecPrivate")?;
    if let Some(video) = entry.video() {
        let (width, height) = (video.pixel_width().get() as u32, video.pixel_height().get() as u32);
        let mut picture = VideoTrack::new(width, height);
        picture.frame_rate = entry.default_duration().map(|ns| (1e9 / ns.get() as f64).into());
        let config = framewright::media::Av1Config {
            profile: private[1] >> 5,
            level: private[1] & 31,
            tier: private[2] >> 7,
            bit_depth: 8,
            chroma: framewright::media::ChromaSubsampling::Yuv420,
            chroma_sample_position: private[2] & 3,
            max_frame_width: width,
            max_frame_height: height,
            color: framewright::Color::BT601,
            sequence_header: private[4..].to_vec(),
        };
        picture.color = config.color;
        return Ok(Track::new(TrackKind::Video(picture), CodecConfig::Av1(config), TimeBase::MILLISECONDS));
    }
    let config = OpusConfig { channels: 2, pre_skip: 312, input_sample_rate: 48_000, output_gain: 0, mapping: None };
    let kind = TrackKind::Audio(AudioTrack { sample_rate: 48_000, channels: 2 });
    Ok(Track::new(kind, CodecConfig::Opus(config), TimeBase::per_second(48_000)))
}

fn packet_of(tracks: &[Track], frame: &matroska_demuxer::Frame) -> Outcome<Packet> {
    let index = usize::try_from(frame.track)?.checked_sub(1).ok_or("track 0")?;
    let milliseconds = i64::try_from(frame.timestamp)?;
    let is_video = tracks[index].video().is_some();
    let (pts, duration) = if is_video { (milliseconds, 40) } else { (milliseconds * 48, 960) };
    Ok(Packet::new(index, pts, duration, !is_video || frame.is_keyframe.unwrap_or(false), frame.data.clone()))
}

/// The bytes of all packets of a Matroska file.
fn payload(path: &Path) -> Outcome<u64> {
    let mut file = matroska_demuxer::MatroskaFile::open(Cursor::new(std::fs::read(path)?))?;
    let (mut bytes, mut frame) = (0, matroska_demuxer::Frame::default());
    while file.next_frame(&mut frame)? {
        bytes += frame.data.len() as u64;
    }
    Ok(bytes)
}

/// Copies all packets of a Matroska file.
fn copy(source: &Path, out: &Path, container: Container, options: &MuxOptions) -> Outcome<()> {
    // From memory: this reader seeks to each frame, and a buffered file is read anew each time.
    let mut file = matroska_demuxer::MatroskaFile::open(Cursor::new(std::fs::read(source)?))?;
    let tracks = matroska_tracks(&file)?;
    let mut writer = PacketWriter::with_options(container, tracks.clone(), FileSink::create(out)?, options)?;
    let mut frame = matroska_demuxer::Frame::default();
    while file.next_frame(&mut frame)? {
        writer.write(packet_of(&tracks, &frame)?)?;
    }
    writer.finish()?;
    Ok(())
}
