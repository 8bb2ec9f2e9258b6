//! The inputs of `encode`.

use std::fs::{self, File};
use std::path::PathBuf;

use framewright::input::{self, AudioSource, RawSpec, Subtitles, VideoInfo, VideoSource};

use crate::args::EncodeArgs;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::options::naming;
use crate::stdin::Stdin;

/// A reader, and the name that messages call it by.
pub struct Input<S: ?Sized> {
    pub name: String,
    pub source: Box<S>,
    /// How many frames of picture or sound it has, where that is known.
    pub frames: Option<u64>,
}

/// What there is to encode.
pub struct Sources {
    pub video: Option<Input<dyn VideoSource>>,
    pub audio: Vec<Input<dyn AudioSource>>,
}

impl Sources {
    /// Opens all inputs.
    pub fn open(args: &EncodeArgs, interrupt: &Interrupt) -> Result<Self, Failure> {
        let raw = args.raw.as_deref().map(raw_spec).transpose()?;
        if args.inputs.iter().filter(|input| *input == "-").count() > 1 {
            return Err(Failure::usage("standard input can be read once: give `-` once"));
        }
        let frame_bytes = args.run.max_frame_bytes()?;
        let mut sources = Sources { video: None, audio: Vec::new() };
        for input in &args.inputs {
            let name = if input == "-" { "standard input".into() } else { format!("`{input}`") };
            match open(input, &name, raw, frame_bytes, interrupt)? {
                input::Input::Video(source) => {
                    if let Some(first) = &sources.video {
                        return Err(Failure::usage(format!(
                            "{} and {name} are both video: give one video input, and the sound that goes with it; put \
                             images that belong together into one quoted pattern, as 'frames/*.png'",
                            first.name
                        )));
                    }
                    refuse_unused_shape(&name, source.info(), raw)?;
                    let frames = source.info().frames.or_else(|| y4m_frames(input, source.info()));
                    sources.video = Some(Input { name, source, frames });
                }
                input::Input::Audio(source) => {
                    let frames = source.info().frames;
                    sources.audio.push(Input { name, source, frames });
                }
                _ => return Err(Failure::failed(format!("{name} has neither frames nor sound"))),
            }
        }
        Ok(sources)
    }
}

/// Reads subtitle files whole: they are small, and their cues have to be there before the frames.
pub fn read_subtitles(paths: &[PathBuf]) -> Result<Vec<Subtitles>, Failure> {
    let read = |path: &PathBuf| {
        let name = format!("`{}`", path.display());
        let file = File::open(path).map_err(|error| Failure::io(format_args!("reading {name}"), error))?;
        input::read_subtitles(file).map_err(|error| Failure::reading(&name, error))
    };
    paths.iter().map(read).collect()
}

fn raw_spec(text: &str) -> Result<RawSpec, Failure> {
    text.parse().map_err(|error| naming("--raw", text, error))
}

fn open(
    input: &str,
    name: &str,
    raw: Option<RawSpec>,
    frame_bytes: u64,
    interrupt: &Interrupt,
) -> Result<input::Input, Failure> {
    if fs::metadata(input).is_ok_and(|found| found.is_dir()) {
        return Err(Failure::failed(format!("{name} is a folder: for the images in it, write '{input}/*.png'")));
    }
    let opened = match input {
        "-" => input::open_stream_with_limit(Stdin::new(interrupt.clone()), raw, frame_bytes),
        _ => input::open_with_limit(input, raw, frame_bytes),
    };
    opened.map_err(|error| {
        // Ctrl-C ends standard input, so that its header may look cut off.
        if interrupt.is_wanted() {
            return Failure::interrupted();
        }
        Failure::reading(name, error)
    })
}

/// What describes itself, as Y4M, is read as it says, and then another shape would be ignored.
fn refuse_unused_shape(name: &str, info: &VideoInfo, raw: Option<RawSpec>) -> Result<(), Failure> {
    match raw {
        Some(raw) if (raw.width, raw.height) != (info.width, info.height) || raw.frame_rate != info.frame_rate => {
            Err(Failure::usage(format!("--raw {raw}: {name} is not raw, and says its own shape: leave --raw out")))
        }
        _ => Ok(()),
    }
}

/// How many frames a file of Y4M has, for the display: `FRAME` lines with parameters are rare.
fn y4m_frames(path: &str, info: &VideoInfo) -> Option<u64> {
    let file = fs::metadata(path).ok().filter(|file| file.is_file() && info.format.is_yuv())?;
    let samples: usize = (0..info.format.planes())
        .map(|plane| info.format.plane_size(plane, info.width as usize, info.height as usize))
        .map(|(row, rows)| row.saturating_mul(rows))
        .sum();
    let bytes = (samples as u64).saturating_mul(if info.bit_depth > 8 { 2 } else { 1 });
    file.len().checked_div(bytes.saturating_add("FRAME\n".len() as u64))
}
