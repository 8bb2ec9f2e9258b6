//! One file being made, in the words that cross into WebAssembly.

use framewright::media::Cue;
use framewright::{
    AudioOptions, AudioSamples, AudioStream, Container, Encoder, EncoderOptions, Layout, SubtitleOptions,
    SubtitleStream, VideoCodec, VideoOptions, VideoStream,
};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::about::About;
use crate::failure::{failure, from_library, timestamp};
use crate::folder::FolderBox;
use crate::frame;
use crate::groups::GroupDesk;
use crate::outbox::Outbox;
use crate::report;

type Result<T> = std::result::Result<T, JsValue>;

/// An encoder of one file. Options are names and values in turn: `["crf", "30", "preset", "8"]`.
#[wasm_bindgen]
pub struct Session {
    /// `None` once the file is closed or given up.
    encoder: Option<Encoder>,
    container: Container,
    streams: Vec<Stream>,
    destination: Destination,
}

/// Where the bytes wait for JavaScript.
enum Destination {
    File(Outbox),
    Folder(FolderBox),
}

enum Stream {
    /// With what passes between it and the Workers that encode its groups of pictures, where that is so.
    Video(VideoStream, Option<GroupDesk>),
    Audio(AudioStream),
    /// `None` once no more cues come.
    Subtitles(Option<SubtitleStream>),
}

#[wasm_bindgen]
impl Session {
    /// `seekable`: whether what was written can be written again. Without it, the container's streaming layout is used.
    /// `manifest` is the name of that of HLS and DASH, whose files JavaScript makes.
    #[wasm_bindgen(constructor)]
    pub fn new(
        container: &str,
        seekable: bool,
        manifest: Option<String>,
        options: Vec<String>,
        about: About,
    ) -> Result<Session> {
        let container: Container = container.parse().map_err(from_library)?;
        let mut all = EncoderOptions::new();
        for (name, value) in pairs(&options) {
            if name == "queue_full" {
                // Nobody else could make room: there is one thread.
                return Err(failure("invalid-option", "option `queue_full`: there is nothing to wait for here"));
            }
            all.set(name, value).map_err(from_library)?;
        }
        let metadata = about.into_metadata();
        if !metadata.is_empty() {
            all = all.metadata(metadata);
        }
        let encoder = Some(Encoder::with_options(all).map_err(from_library)?);
        let destination = match manifest {
            Some(name) => Destination::Folder(FolderBox::new(name)),
            None if is_held(container, seekable, &options) => Destination::File(Outbox::held()),
            None => Destination::File(Outbox::new(seekable)),
        };
        Ok(Session { encoder, container, streams: Vec::new(), destination })
    }

    /// The name of the codec that streams of pictures have where none is said.
    #[wasm_bindgen(js_name = usualVideoCodec)]
    pub fn usual_video_codec(&self) -> Option<String> {
        self.container.default_video_codec().map(|codec| codec.name().to_owned())
    }

    /// Adds a video stream and gives its number. `extra` are options that only its codec has. `groups`: whether other Workers
    /// are to encode its groups of pictures, where they can: that is AV1 at a constant quality.
    #[wasm_bindgen(js_name = addVideo)]
    pub fn add_video(
        &mut self,
        width: u32,
        height: u32,
        options: Vec<String>,
        extra: Vec<String>,
        groups: bool,
    ) -> Result<usize> {
        let all = video_options(width, height, &options, &extra)?;
        let given = |name: &str| pairs(&options).find(|pair| pair.0 == name).map(|pair| pair.1);
        let is_av1 = given("codec").or(self.container.default_video_codec().map(VideoCodec::name)) == Some("av1");
        let desk = (groups && is_av1 && given("bit_rate").is_none()).then(GroupDesk::default);
        let encoder = self.encoder()?;
        let stream = match &desk {
            Some(desk) => encoder.add_video_in_groups(all, desk.clone()),
            None => encoder.add_video(all),
        };
        self.streams.push(Stream::Video(stream.map_err(from_library)?, desk));
        Ok(self.streams.len() - 1)
    }

    /// Adds an audio stream and gives its number. `extra` are options that only its codec has.
    #[wasm_bindgen(js_name = addAudio)]
    pub fn add_audio(&mut self, rate: u32, channels: usize, options: Vec<String>, extra: Vec<String>) -> Result<usize> {
        let mut all = AudioOptions::new(rate, channels);
        pairs(&options).try_for_each(|(name, value)| all.set(name, value)).map_err(from_library)?;
        let all = pairs(&extra).fold(all, |all, (name, value)| all.extra_option(name, value));
        let stream = self.encoder()?.add_audio(all).map_err(from_library)?;
        self.streams.push(Stream::Audio(stream));
        Ok(self.streams.len() - 1)
    }

    /// Adds a stream of subtitles and gives its number.
    #[wasm_bindgen(js_name = addSubtitles)]
    pub fn add_subtitles(&mut self, options: Vec<String>) -> Result<usize> {
        let mut all = SubtitleOptions::new();
        pairs(&options).try_for_each(|(name, value)| all.set(name, value)).map_err(from_library)?;
        let stream = self.encoder()?.add_subtitles(all).map_err(from_library)?;
        self.streams.push(Stream::Subtitles(Some(stream)));
        Ok(self.streams.len() - 1)
    }

    /// All streams have been added.
    pub fn open(&mut self) -> Result<()> {
        let container = self.container;
        let encoder = self.encoder.as_mut().ok_or_else(closed)?;
        match &self.destination {
            Destination::File(outbox) => encoder.open_sink(outbox.clone(), container),
            Destination::Folder(folder) => encoder.open_sink(folder.clone(), container),
        }
        .map_err(from_library)
    }

    /// Encodes a frame of 8 bits a sample; `time` is where it begins, in microseconds.
    #[wasm_bindgen(js_name = addFrame)]
    pub fn add_frame(
        &mut self,
        stream: usize,
        format: &str,
        width: u32,
        height: u32,
        bytes: &[u8],
        time: Option<f64>,
    ) -> Result<()> {
        let Some(Stream::Video(video, _)) = self.streams.get_mut(stream) else {
            return Err(failure("state", &format!("stream {stream} is no video stream")));
        };
        let view = frame::view(format, width, height, bytes).ok_or_else(|| {
            failure("invalid-input", &format!("a frame in format `{format}`: it has to be one of {}", frame::FORMATS))
        })?;
        let view = view.map_err(from_library)?;
        match time {
            Some(time) => video.add_frame_at(&view, timestamp(time)?),
            None => video.add_frame(&view),
        }
        .map_err(from_library)
    }

    /// Makes the next frame of a video stream a key frame.
    #[wasm_bindgen(js_name = forceKeyFrame)]
    pub fn force_key_frame(&mut self, stream: usize) {
        if let Some(Stream::Video(video, _)) = self.streams.get_mut(stream) {
            video.force_key_frame();
        }
    }

    /// Says when the last frame of a video stream ends, in microseconds.
    #[wasm_bindgen(js_name = endAt)]
    pub fn end_at(&mut self, stream: usize, time: f64) -> Result<()> {
        match self.streams.get_mut(stream) {
            Some(Stream::Video(video, _)) => video.end_at(timestamp(time)?).map_err(from_library),
            _ => Err(failure("state", &format!("stream {stream} is no video stream"))),
        }
    }

    /// Says that no more frames of a stream come: all pictures are with its groups after it, whose packets `close` needs.
    #[wasm_bindgen(js_name = endFrames)]
    pub fn end_frames(&mut self, stream: usize) -> Result<()> {
        match self.streams.get_mut(stream) {
            Some(Stream::Video(video, Some(_))) => video.end_frames().map_err(from_library),
            _ => Ok(()),
        }
    }

    /// Takes what other Workers are to encode: number of the stream, number of the group, and a picture or `undefined` for
    /// the group's end, and so on. A `Group` takes the pictures.
    #[wasm_bindgen(js_name = takeParts)]
    pub fn take_parts(&self) -> Array {
        let parts = Array::new();
        for (number, stream) in self.streams.iter().enumerate() {
            if let Stream::Video(_, Some(desk)) = stream {
                desk.take(number, &parts);
            }
        }
        parts
    }

    /// Takes the packets of a group, which go on with the next frame.
    #[wasm_bindgen(js_name = giveGroup)]
    pub fn give_group(&self, stream: usize, group: f64, packets: Vec<Uint8Array>) {
        if let Some(Stream::Video(_, Some(desk))) = self.streams.get(stream) {
            desk.give(group as u64, packets.iter().map(Uint8Array::to_vec).collect());
        }
    }

    /// Encodes samples: all of the first channel, then all of the second, …; `time` is where they begin, in microseconds.
    #[wasm_bindgen(js_name = addSamples)]
    pub fn add_samples(&mut self, stream: usize, channels: usize, samples: &[f32], time: Option<f64>) -> Result<()> {
        let Some(Stream::Audio(audio)) = self.streams.get_mut(stream) else {
            return Err(failure("state", &format!("stream {stream} is no audio stream")));
        };
        let samples = AudioSamples::planar(samples, channels).map_err(from_library)?;
        match time {
            Some(time) => audio.add_samples_at(samples, timestamp(time)?),
            None => audio.add_samples(samples),
        }
        .map_err(from_library)
    }

    /// Shows a text from `start` to `end`, both in microseconds. Cues come in the order in which they begin.
    #[wasm_bindgen(js_name = addCue)]
    pub fn add_cue(
        &mut self,
        stream: usize,
        start: f64,
        end: f64,
        text: &str,
        identifier: &str,
        settings: &str,
    ) -> Result<()> {
        let cue = Cue::new(text).identifier(identifier).settings(settings);
        self.subtitles(stream)?.add_cue(timestamp(start)?, timestamp(end)?, &cue).map_err(from_library)
    }

    /// Says that no cue of a stream begins before `time`, in microseconds.
    #[wasm_bindgen(js_name = advanceTo)]
    pub fn advance_to(&mut self, stream: usize, time: f64) -> Result<()> {
        self.subtitles(stream)?.advance_to(timestamp(time)?).map_err(from_library)
    }

    /// Says that no more cues of a stream come.
    #[wasm_bindgen(js_name = endCues)]
    pub fn end_cues(&mut self, stream: usize) -> Result<()> {
        self.subtitles(stream)?;
        match self.streams.get_mut(stream) {
            Some(Stream::Subtitles(cues)) => cues.take().map_or(Ok(()), SubtitleStream::finish).map_err(from_library),
            _ => Ok(()),
        }
    }

    /// What has to be written since the last call: position, bytes, position, bytes, … in this order. Of several files
    /// there is nothing here, but in `takeFiles`.
    #[wasm_bindgen(js_name = takeWrites)]
    pub fn take_writes(&mut self) -> Array {
        match &self.destination {
            Destination::File(outbox) => outbox.take(),
            Destination::Folder(_) => Array::new(),
        }
    }

    /// What has to be done with files since the last call, three values each: `open`, its number, its name; `data`, its
    /// number, bytes; `complete` or `discard` and its number; `remove`, 0, its name.
    #[wasm_bindgen(js_name = takeFiles)]
    pub fn take_files(&mut self) -> Array {
        match &self.destination {
            Destination::File(_) => Array::new(),
            Destination::Folder(folder) => folder.take(),
        }
    }

    /// Ends all streams and completes the file. What it says is the report; more is to be written after it.
    pub fn close(&mut self) -> Result<JsValue> {
        let encoder = self.encoder.take().ok_or_else(closed)?;
        let report = encoder.close().map_err(from_library)?;
        Ok(report::object(&report))
    }
}

/// What a video stream is asked for. `extra` are options that only its codec has.
pub fn video_options(width: u32, height: u32, options: &[String], extra: &[String]) -> Result<VideoOptions> {
    let mut all = VideoOptions::new(width, height);
    pairs(options).try_for_each(|(name, value)| all.set(name, value)).map_err(from_library)?;
    Ok(pairs(extra).fold(all, |all, (name, value)| all.extra_option(name, value)))
}

impl Session {
    fn encoder(&mut self) -> Result<&mut Encoder> {
        self.encoder.as_mut().ok_or_else(closed)
    }

    fn subtitles(&mut self, stream: usize) -> Result<&mut SubtitleStream> {
        match self.streams.get_mut(stream) {
            Some(Stream::Subtitles(Some(subtitles))) => Ok(subtitles),
            Some(Stream::Subtitles(None)) => Err(failure("state", "the subtitles were ended: they take no more cues")),
            _ => Err(failure("state", &format!("stream {stream} is no stream of subtitles"))),
        }
    }
}

/// Whether the file waits here for its end, as layout `faststart` has to read and move what it wrote. Where it is told how
/// much room to keep for the index, and where it never moves anything, a destination that can go back gets it as it comes.
fn is_held(container: Container, seekable: bool, options: &[String]) -> bool {
    let given = |name: &str| pairs(options).rfind(|pair| pair.0 == name).map(|pair| pair.1);
    let moves = container == Container::Mp4 && given("index_reserve").is_none();
    given("layout") == Some(Layout::FastStart.name()) && (moves || !seekable)
}

fn closed() -> JsValue {
    failure("state", "the encoder is closed: make a new one for the next file")
}

fn pairs(list: &[String]) -> impl DoubleEndedIterator<Item = (&str, &str)> {
    list.chunks_exact(2).map(|pair| (pair[0].as_str(), pair[1].as_str()))
}
