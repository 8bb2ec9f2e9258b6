//! A small encode in every container and layout, again and again, and each time another call of the sink fails: the first,
//! the second, and so on until one encode has come through.
//!
//! The first error has to come back, later calls say that the encoder failed before, nothing is written to a sink that has
//! failed, and where the error says that what was written plays, somebody else's reader plays it: all that was whole, and
//! nothing that was not fed.
#![cfg(feature = "cli")]

mod support;

use std::collections::BTreeMap;
use std::io::{self, Cursor, Seek, SeekFrom, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use framewright::sink::{Folder, SeekSink, Sink, StreamSink};
use framewright::{
    AudioCodec, AudioOptions, AudioSamples, Container, Encoder, EncoderOptions, Error, ErrorKind, FrameView, Layout,
    MuxOptions, PixelFormat, VideoCodec, VideoOptions,
};
use support::{gradient, isobmff, manifests, tone};
use symphonia::core::formats::{FormatOptions, probe::Hint};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;

const FRAMES: u32 = 12;
const FRAME_RATE: u32 = 5;
const SAMPLE_RATE: u32 = 8_000;
const FAULT: &str = "the disk is gone";

/// What a call of the sink does when its turn has come, and each after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Fails,
    /// Half of the bytes that are appended arrive, then it fails. A patch lies in a page that is there already, which no file
    /// system writes by halves.
    Tears,
}

/// All that arrives, and when what fails.
struct Disk {
    files: BTreeMap<String, Vec<u8>>,
    calls: u64,
    at: u64,
    fault: Fault,
    has_failed: bool,
    /// Calls that a muxer makes after one that failed.
    late_calls: u64,
    is_discarded: bool,
    /// How many bytes a flush has made safe.
    flushed: usize,
}

type Shared = Arc<Mutex<Disk>>;

/// The file of a container that is one.
const ONLY: &str = "show";

/// A test that fails while it looks says so itself.
fn lock(disk: &Shared) -> MutexGuard<'_, Disk> {
    disk.lock().unwrap_or_else(PoisonError::into_inner)
}

fn disk(at: u64, fault: Fault) -> Shared {
    let (files, calls) = (BTreeMap::new(), 0);
    Arc::new(Mutex::new(Disk {
        files,
        calls,
        at,
        fault,
        has_failed: false,
        late_calls: 0,
        is_discarded: false,
        flushed: 0,
    }))
}

impl Disk {
    /// Counts a call, with the bytes that it brings to `place`.
    fn call(&mut self, name: &str, place: usize, bytes: &[u8]) -> io::Result<()> {
        let number = self.calls;
        self.calls += 1;
        if self.has_failed {
            self.late_calls += 1;
        }
        let fails = number >= self.at;
        let arrives = match (fails, self.fault) {
            (false, _) => bytes,
            (true, Fault::Tears) if !self.has_failed && place == self.len(name) => &bytes[..bytes.len() / 2],
            (true, _) => &[],
        };
        self.has_failed |= fails;
        let file = self.files.entry(name.into()).or_default();
        let end = place + arrives.len();
        if end > file.len() {
            file.resize(end, 0);
        }
        file[place..end].copy_from_slice(arrives);
        if fails { Err(io::Error::other(FAULT)) } else { Ok(()) }
    }

    /// It may be asked for after a failure too, which then is no late call.
    fn flush(&mut self) -> io::Result<()> {
        if self.has_failed {
            return Err(io::Error::other(FAULT));
        }
        self.call(ONLY, 0, &[])?;
        self.flushed = self.len(ONLY);
        Ok(())
    }

    fn len(&self, name: &str) -> usize {
        self.files.get(name).map_or(0, Vec::len)
    }
}

/// A sink whose calls are counted one by one.
struct Direct {
    disk: Shared,
    patches: bool,
}

impl Sink for Direct {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut disk = lock(&self.disk);
        let place = disk.len(ONLY);
        disk.call(ONLY, place, bytes)
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut disk = lock(&self.disk);
        assert!(offset as usize + bytes.len() <= disk.len(ONLY), "a patch of what is not there");
        disk.call(ONLY, offset as usize, bytes)
    }

    fn can_patch(&self) -> bool {
        self.patches
    }

    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let mut disk = lock(&self.disk);
        disk.call(ONLY, 0, &[])?;
        buffer.copy_from_slice(&disk.files[ONLY][offset as usize..][..buffer.len()]);
        Ok(())
    }

    fn can_read(&self) -> bool {
        self.patches
    }

    fn position(&self) -> u64 {
        lock(&self.disk).len(ONLY) as u64
    }

    fn flush(&mut self) -> io::Result<()> {
        lock(&self.disk).flush()
    }

    fn complete(&mut self) -> io::Result<()> {
        lock(&self.disk).call(ONLY, 0, &[])
    }

    fn discard(&mut self) {
        lock(&self.disk).is_discarded = true;
    }
}

/// A folder, whose files get their names when they are complete.
struct Place {
    disk: Shared,
    name: String,
}

struct PlaceFile {
    disk: Shared,
    name: String,
}

const PART: &str = ".part";

impl Folder for Place {
    fn name(&self) -> &str {
        &self.name
    }

    fn create(&mut self, name: &str) -> io::Result<Box<dyn Sink>> {
        let mut disk = lock(&self.disk);
        let part = format!("{name}{PART}");
        disk.files.remove(&part);
        disk.call(&part, 0, &[])?;
        Ok(Box::new(PlaceFile { disk: Arc::clone(&self.disk), name: name.into() }))
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        let mut disk = lock(&self.disk);
        disk.call(name, 0, &[])?;
        disk.files.remove(name).map(|_| ()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Sink for Place {
    fn append(&mut self, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn patch(&mut self, _: u64, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn can_patch(&self) -> bool {
        false
    }

    fn folder(&mut self) -> Option<&mut dyn Folder> {
        Some(self)
    }

    fn position(&self) -> u64 {
        0
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn discard(&mut self) {
        lock(&self.disk).is_discarded = true;
    }
}

impl Sink for PlaceFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (mut disk, part) = (lock(&self.disk), format!("{}{PART}", self.name));
        let place = disk.len(&part);
        disk.call(&part, place, bytes)
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        lock(&self.disk).call(&format!("{}{PART}", self.name), offset as usize, bytes)
    }

    fn can_patch(&self) -> bool {
        true
    }

    fn position(&self) -> u64 {
        lock(&self.disk).len(&format!("{}{PART}", self.name)) as u64
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn complete(&mut self) -> io::Result<()> {
        let (mut disk, part) = (lock(&self.disk), format!("{}{PART}", self.name));
        disk.call(&part, 0, &[])?;
        let bytes = disk.files.remove(&part).expect("a file that was created");
        disk.files.insert(self.name.clone(), bytes);
        Ok(())
    }
}

/// A writer whose calls are counted: what the sinks of the library write to.
struct Writer {
    disk: Shared,
    at: usize,
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut disk = lock(&self.disk);
        // Never much at a time, so that there are calls enough.
        let bytes = &bytes[..bytes.len().min(1000)];
        let tears = disk.fault == Fault::Tears && disk.calls == disk.at && self.at == disk.len(ONLY);
        let written = disk.call(ONLY, self.at, bytes);
        if tears && bytes.len() > 1 {
            // A short write first; the call after it fails.
            self.at += bytes.len() / 2;
            return Ok(bytes.len() / 2);
        }
        written?;
        self.at += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        lock(&self.disk).flush()
    }
}

impl Seek for Writer {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        lock(&self.disk).call(ONLY, 0, &[])?;
        self.at = match to {
            SeekFrom::Start(at) => at as usize,
            SeekFrom::Current(by) => (self.at as i64 + by) as usize,
            SeekFrom::End(_) => unreachable!("no sink asks for the end"),
        };
        Ok(self.at as u64)
    }
}

/// How the bytes get to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Each call of the muxer is a call of the disk.
    Direct,
    /// Over the library's sinks, which have a buffer.
    Buffered,
}

#[derive(Clone, Copy, Debug)]
struct Case {
    container: Container,
    layout: Layout,
    video: Option<VideoCodec>,
    audio: Option<AudioCodec>,
}

impl Case {
    /// Whether what was written plays before the end, by the documentation of its layout and container.
    fn promises(self) -> bool {
        match self.container {
            Container::Mp4 | Container::Mov => matches!(self.layout, Layout::Fragmented | Layout::Recoverable),
            Container::Hls | Container::Dash => self.layout == Layout::Segments,
            Container::Avi | Container::Avif | Container::Apng => false,
            _ => true,
        }
    }

    fn encode(self, disk: &Shared, way: Way) -> Result<(), Outcome> {
        let mux = MuxOptions::new().layout(self.layout);
        // Options that would be ignored are refused.
        let has_fragments = matches!(self.layout, Layout::Fragmented | Layout::Recoverable)
            || matches!(self.container, Container::Matroska | Container::WebM | Container::Ogg);
        let mux = match self.layout.needs_folder() {
            true => mux.segment_duration(Duration::from_secs(1)),
            false if has_fragments => mux.fragment_duration(Duration::from_millis(600)),
            false => mux,
        };
        let mut encoder = Encoder::with_options(EncoderOptions::new().mux(mux)).unwrap();
        let mut video = self.video.map(|codec| {
            let mut options = VideoOptions::new(16, 16).codec(codec).frame_rate(FRAME_RATE);
            match codec {
                VideoCodec::Av1 => options = options.threads(1).keyframe_interval(3).low_latency(true),
                VideoCodec::Raw if matches!(self.container, Container::Gif | Container::Apng) => {}
                VideoCodec::Raw => options = options.pixel_format(PixelFormat::Yuv420p),
                _ => {}
            }
            encoder.add_video(options).unwrap()
        });
        let mut audio =
            self.audio.map(|codec| encoder.add_audio(AudioOptions::new(SAMPLE_RATE, 1).codec(codec)).unwrap());
        let shared = Arc::clone(disk);
        let patches = self.layout.needs_patching();
        match (way, self.layout.needs_folder()) {
            (_, true) => {
                let name = format!("{ONLY}.{}", self.container.extensions()[0]);
                encoder.open_sink(Place { disk: shared, name }, self.container).unwrap();
            }
            (Way::Direct, _) => encoder.open_sink(Direct { disk: shared, patches }, self.container).unwrap(),
            (Way::Buffered, _) if !patches => {
                encoder.open_sink(StreamSink::new(Writer { disk: shared, at: 0 }), self.container).unwrap();
            }
            (Way::Buffered, _) => {
                // Where the writer stands is asked by who makes the sink.
                let sink = SeekSink::new(Writer { disk: shared, at: 0 });
                let Ok(sink) = sink else { return Err(Outcome::NeverOpened) };
                encoder.open_sink(sink, self.container).unwrap();
            }
        }
        let block = (SAMPLE_RATE / FRAME_RATE) as usize;
        let sound = tone(SAMPLE_RATE, block * FRAMES as usize, 440.0);
        let mut first = None;
        for frame in 0..FRAMES {
            let pixels = gradient(16, 16, frame);
            let mut fed = Vec::new();
            if let Some(video) = &mut video {
                fed.push(video.add_frame(&FrameView::rgb(16, 16, &pixels).unwrap()));
            }
            if let Some(audio) = &mut audio {
                let samples = &sound[frame as usize * block..][..block];
                fed.push(audio.add_samples(AudioSamples::planar(samples, 1).unwrap()));
            }
            for result in fed {
                match (&first, result) {
                    (None, Ok(())) => {}
                    (None, Err(error)) => first = Some(error),
                    // What comes after the first failure.
                    (Some(_), Err(later)) => {
                        assert_eq!(later.kind(), ErrorKind::State, "{self:?}: {later}");
                        assert!(later.to_string().contains("failed before"), "{self:?}: {later}");
                    }
                    // An engine that gives nothing yet has nothing to say.
                    (Some(_), Ok(())) => panic!("{self:?}: something was taken in after {first:?}"),
                }
            }
        }
        let closed = encoder.close();
        match (first, closed) {
            (None, Ok(_)) => Ok(()),
            (None, Err(error)) => Err(Outcome::Failed(error)),
            (Some(error), Ok(_)) => panic!("{self:?}: closed after {error}"),
            (Some(error), Err(later)) => {
                assert!(later.to_string().contains(&error.to_string()), "{self:?}: {later}, not {error}");
                Err(Outcome::Failed(error))
            }
        }
    }
}

#[derive(Debug)]
enum Outcome {
    Failed(Error),
    NeverOpened,
}

/// What somebody else's reader finds: of each track, the bytes of its packets.
type Found = BTreeMap<usize, Vec<u8>>;

fn add(found: &mut Found, track: usize, data: &[u8]) {
    found.entry(track).or_default().extend_from_slice(data);
}

fn read(case: Case, files: &BTreeMap<String, Vec<u8>>, is_whole: bool) -> Result<Found, String> {
    let none = Vec::new();
    let bytes = files.get(ONLY).unwrap_or(&none);
    let mut found = Found::new();
    match case.container {
        Container::Mp4 | Container::Mov => {
            let movie = isobmff::verify(bytes);
            // A recoverable file is a plain one from one moment to the next.
            let movie = if is_whole { movie? } else { movie.or_else(|_| isobmff::verify_unfinished(bytes))? };
            for (index, track) in movie.tracks.iter().enumerate() {
                for sample in &track.samples {
                    add(&mut found, index, &bytes[sample.offset as usize..][..sample.size as usize]);
                }
            }
        }
        Container::Matroska | Container::WebM => {
            let mut file =
                matroska_demuxer::MatroskaFile::open(Cursor::new(bytes)).map_err(|error| error.to_string())?;
            let mut frame = matroska_demuxer::Frame::default();
            while let Ok(true) = file.next_frame(&mut frame) {
                add(&mut found, frame.track as usize, &frame.data);
            }
        }
        Container::Ogg | Container::Flac | Container::Wav => {
            let source = MediaSourceStream::new(Box::new(Cursor::new(bytes.clone())), Default::default());
            let (options, meta) = (FormatOptions::default(), MetadataOptions::default());
            let mut reader = symphonia::default::get_probe()
                .probe(&Hint::new(), source, options, meta)
                .map_err(|error| error.to_string())?;
            while let Ok(Some(packet)) = reader.next_packet() {
                add(&mut found, 0, &packet.data);
            }
        }
        Container::Ivf => {
            let mut rest = bytes.get(32..).ok_or("no header")?;
            while let Some((head, behind)) = rest.split_at_checked(12) {
                let size = u32::from_le_bytes(head[..4].try_into().unwrap()) as usize;
                let Some((unit, behind)) = behind.split_at_checked(size) else { break };
                add(&mut found, 0, unit);
                rest = behind;
            }
        }
        Container::Y4m => {
            let end = bytes.iter().position(|&byte| byte == b'\n').ok_or("no header")?;
            let mut rest = &bytes[end + 1..];
            while let Some((frame, behind)) = rest.split_at_checked(6 + 16 * 16 * 3 / 2) {
                assert_eq!(&frame[..6], b"FRAME\n");
                add(&mut found, 0, &frame[6..]);
                rest = behind;
            }
        }
        Container::Obu => {
            let mut rest = &bytes[..];
            // An OBU with a size (AV1, 5.3.1): no extension is written.
            while let [head, size @ ..] = rest {
                assert_eq!(head & 0b1000_0111, 0b10, "an OBU without a size");
                let bytes_of_size = size.iter().position(|byte| byte & 0x80 == 0).map_or(size.len(), |at| at + 1);
                let length =
                    size[..bytes_of_size].iter().rev().fold(0, |sum, byte| sum << 7 | usize::from(byte & 0x7f));
                let Some((obu, behind)) = rest.split_at_checked(1 + bytes_of_size + length) else { break };
                add(&mut found, 0, obu);
                rest = behind;
            }
        }
        Container::Gif => {
            let mut options = gif::DecodeOptions::new();
            options.set_color_output(gif::ColorOutput::Indexed);
            let mut reader = options.read_info(Cursor::new(bytes)).map_err(|error| error.to_string())?;
            while let Ok(Some(frame)) = reader.read_next_frame() {
                add(&mut found, 0, &frame.buffer);
            }
        }
        Container::Hls | Container::Dash => {
            let named: manifests::Files =
                files.iter().filter(|(name, _)| !name.ends_with(PART)).map(|(n, b)| (n.clone(), b.clone())).collect();
            let shown = match case.container {
                Container::Hls => manifests::verify_hls(&named, &format!("{ONLY}.m3u8"))?,
                _ => manifests::verify_dash(&named, &format!("{ONLY}.mpd"))?,
            };
            for (index, rendition) in shown.tracks.iter().enumerate() {
                let movie = rendition.movie.as_ref().ok_or("a track without segments")?;
                for sample in movie.tracks.iter().flat_map(|track| &track.samples) {
                    add(&mut found, index, &rendition.bytes[sample.offset as usize..][..sample.size as usize]);
                }
            }
        }
        // They promise nothing, so only the whole file is read, by its signature.
        Container::Avi => add(&mut found, 0, bytes.get(..4).filter(|head| head == b"RIFF").ok_or("no RIFF")?),
        Container::Avif => add(&mut found, 0, bytes.get(4..8).filter(|kind| kind == b"ftyp").ok_or("no ftyp")?),
        Container::Apng => add(&mut found, 0, bytes.get(1..4).filter(|name| name == b"PNG").ok_or("no PNG")?),
        other => panic!("{other}: say how it is read, above"),
    }
    Ok(found)
}

fn amount(found: &Found) -> usize {
    found.values().map(Vec::len).sum()
}

/// Lets each call fail in turn; gives how many there are.
fn exhaust(case: Case, way: Way, fault: Fault) -> u64 {
    let whole = disk(u64::MAX, fault);
    case.encode(&whole, way).unwrap_or_else(|outcome| panic!("{case:?}: {outcome:?}"));
    let calls = lock(&whole).calls;
    let all = read(case, &lock(&whole).files, true).unwrap_or_else(|fault| panic!("{case:?}: {fault}"));
    assert!(amount(&all) > 0, "{case:?}");
    let mut most = 0;
    for at in 0..calls {
        let shared = disk(at, fault);
        let outcome = case.encode(&shared, way).expect_err("a call that fails and is not noticed");
        let disk = lock(&shared);
        let what = format!("{case:?} {way:?} {fault:?}, call {at} of {calls}");
        let Outcome::Failed(error) = outcome else {
            assert_eq!(at, 0, "{what}");
            continue;
        };
        assert_eq!(error.kind(), ErrorKind::Io, "{what}: {error}");
        let source = std::error::Error::source(&error).map(ToString::to_string);
        assert_eq!(source.as_deref(), Some(FAULT), "{what}: {error}");
        // Of the torn write, the second half.
        let allowed = u64::from(way == Way::Buffered && fault == Fault::Tears);
        assert!(disk.late_calls <= allowed, "{what}: {} calls after the failure", disk.late_calls);
        let plays = error.to_string().contains("what was written plays");
        assert!(way == Way::Buffered || plays != disk.is_discarded, "{what}: {error}");
        let is_whole = disk.files == lock(&whole).files;
        // What lacks nothing but its name is not given up.
        assert!(plays || at + 1 < calls || !is_whole || way == Way::Buffered, "{what}: {error}");
        let left = read(case, &disk.files, is_whole);
        if !plays {
            // What a flush had made safe is not thrown away where the format promises to play.
            let safe: BTreeMap<_, _> = disk
                .files
                .iter()
                .map(|(name, bytes)| (name.clone(), bytes[..disk.flushed.min(bytes.len())].into()))
                .collect();
            let is_lost = case.promises() && read(case, &safe, false).is_ok_and(|found| amount(&found) > 0);
            assert!(!is_lost, "{what}: it played, and was given up: {error}");
            continue;
        }
        assert!(case.promises() || is_whole, "{what}: {error}");
        // Playlists are files of their own, which end one after the other.
        if case.container == Container::Hls && left.as_ref().is_err_and(|fault| fault.contains("it has ended")) {
            continue;
        }
        let left = left.unwrap_or_else(|fault| panic!("{what}: {error}, but: {fault}"));
        assert!(amount(&left) > 0, "{what}: {error}, but there is nothing");
        for (track, data) in &left {
            assert!(all[track].starts_with(data), "{what}: other packets in track {track}");
        }
        assert!(amount(&left) >= most, "{what}: {} bytes, and {most} when an earlier call failed", amount(&left));
        most = amount(&left);
    }
    // When the last call fails, all that was fed is there; but the last of a manifest is what tells of the last segment.
    if case.promises() && way == Way::Direct && !case.layout.needs_folder() {
        assert_eq!(most, amount(&all), "{case:?} {fault:?}");
    }
    calls
}

/// Every container and layout, with codecs that cost next to nothing where it takes some.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for &container in Container::ALL {
        let pick = |cheap: &[VideoCodec]| cheap.iter().copied().find(|codec| container.video_codecs().contains(codec));
        let video = pick(&[VideoCodec::Raw, VideoCodec::Mjpeg, VideoCodec::Av1]);
        let cheap = [AudioCodec::Pcm, AudioCodec::Flac, AudioCodec::Opus];
        let audio = cheap.into_iter().find(|codec| container.audio_codecs().contains(codec));
        for &layout in container.layouts() {
            // A sequence of AVIF has its index in front.
            if (container, layout) != (Container::Avif, Layout::Live) {
                cases.push(Case { container, layout, video, audio });
            }
        }
    }
    cases
}

fn all(way: Way) {
    let (mut report, mut failures) = (String::new(), Vec::new());
    for case in cases() {
        if way == Way::Buffered && case.layout.needs_folder() {
            continue;
        }
        for fault in [Fault::Fails, Fault::Tears] {
            // One that fails does not hide the others.
            match catch_unwind(AssertUnwindSafe(|| exhaust(case, way, fault))) {
                Ok(calls) => report += &format!("{} {}, {fault:?}: {calls} calls\n", case.container, case.layout),
                Err(_) => failures.push((case, fault)),
            }
        }
    }
    println!("{report}");
    assert!(failures.is_empty(), "{failures:#?}");
}

/// The index at the end was cut off in its middle, and a reader that looks for it first went no further.
#[test]
fn found_an_index_that_was_cut_off_hid_all_before_it() {
    for (container, video, audio) in
        [(Container::Matroska, VideoCodec::Raw, AudioCodec::Pcm), (Container::WebM, VideoCodec::Av1, AudioCodec::Opus)]
    {
        let case = Case { container, layout: Layout::Plain, video: Some(video), audio: Some(audio) };
        for way in [Way::Direct, Way::Buffered] {
            exhaust(case, way, Fault::Tears);
        }
    }
}

/// Nothing had reached the disk, and the error said that it played.
#[test]
fn found_an_empty_file_was_said_to_play() {
    let case = Case { container: Container::Y4m, layout: Layout::Live, video: Some(VideoCodec::Raw), audio: None };
    let disk = disk(0, Fault::Fails);
    let Err(Outcome::Failed(error)) = case.encode(&disk, Way::Buffered) else { panic!("no error") };
    assert!(lock(&disk).len(ONLY) == 0 && !error.to_string().contains("plays"), "{error}");
}

#[test]
fn every_call_of_a_sink_may_fail() {
    all(Way::Direct);
}

#[test]
fn every_call_of_a_writer_may_fail() {
    all(Way::Buffered);
}
