//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

use crate::about::{TrackLabel, track_label};

const ABOUT: &str = "Encode frames and samples to AV1 and Opus in MP4, WebM, Matroska and more.";

const LONG_ABOUT: &str = "\
Encode frames and samples to AV1 and Opus in MP4, WebM, Matroska and more.

Everything is built in: no FFmpeg, no codec and no library has to be installed. Start with

    framewright demo demo.mp4";

const AFTER_HELP: &str = "\
Examples:
  framewright demo demo.mp4                               a scene with sound, made on the spot
  framewright encode clip.y4m speech.wav -o clip.mp4      picture and sound into one file
  framewright encode 'frames/*.png' -o clip.webm --fps 30
  framewright inspect clip.mp4                            what is in it

Exit codes:
  0    done
  1    failed
  2    bad arguments or options
  130  stopped by Ctrl-C; what was encoded until then is kept in a complete file";

/// What the program was asked to do.
#[derive(Debug, Parser)]
#[command(name = "framewright", version, about = ABOUT, long_about = LONG_ABOUT, after_help = AFTER_HELP)]
#[command(propagate_version = true, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,

    /// Say more about what happens; twice: everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Demo(Box<DemoArgs>),
    Encode(Box<EncodeArgs>),
    Inspect(InspectArgs),
    Formats(FormatsArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

/// Make a clip: a night scene with a ball that plays a tune
///
/// The picture and the sound are computed as they are encoded, so nothing is needed but this program. Every bounce
/// sounds in the very sample in which it is seen. The same command gives the same bytes on every machine.
#[derive(Debug, Args)]
#[command(
    allow_negative_numbers = true,
    after_help = "\
Examples:
  framewright demo demo.mp4
  framewright demo demo.webm --seconds 20 --size 1280x720"
)]
pub struct DemoArgs {
    /// The file to write; its extension chooses the container
    #[arg(value_name = "OUT", value_hint = ValueHint::FilePath)]
    pub output: PathBuf,

    /// How long the clip is, from 0.05 to 3600
    #[arg(long, value_name = "N", default_value = "5", value_parser = seconds)]
    pub seconds: f64,

    /// Width and height in pixels
    #[arg(long, value_name = "WxH", default_value = "640x360", value_parser = size)]
    pub size: (u32, u32),

    #[command(flatten)]
    pub video: VideoArgs,

    #[command(flatten)]
    pub audio: AudioArgs,

    #[command(flatten)]
    pub run: RunArgs,
}

/// Encode pictures, sound, or both into one file
///
/// Give one video input and any number of audio inputs, in any order.
///
/// Video: Y4M, a sequence of images (a quoted pattern such as 'frames/*.png', or frames/%04d.png), a GIF with its own
/// delays, or raw pixels with --raw. Audio: WAV, FLAC, MP3, Ogg Vorbis, AAC. `-` is standard input, for all but
/// images.
///
/// Unless you say otherwise the output has the size, the frame rate, the pixel format and the colour of its source.
///
/// Ctrl-C stops early and leaves a complete file of what was encoded so far (exit code 130); a second Ctrl-C gives
/// it up.
#[derive(Debug, Args)]
#[command(
    allow_negative_numbers = true,
    after_help = "\
Examples:
  framewright encode clip.y4m -o clip.mp4
  framewright encode clip.y4m english.wav deutsch.flac -o clip.mkv --language en --language de
  framewright encode clip.y4m -o clip.mp4 --subtitle clip.en.srt --chapters chapters.txt --metadata title=Clip
  framewright encode clip.y4m speech.wav -o live/clip.m3u8 --segment-duration 4s --keyint 100
  framewright encode 'frames/*.png' -o clip.webm --fps 30
  framewright encode cat.gif -o cat.mp4
  render | framewright encode - --raw 1280x720@60:rgba -o clip.mp4
  framewright encode - -o - --container webm < clip.y4m | upload"
)]
pub struct EncodeArgs {
    /// The inputs: files, image patterns, or `-`
    #[arg(value_name = "INPUT", required = true, value_hint = ValueHint::FilePath)]
    pub inputs: Vec<String>,

    /// The file to write, or `-` for standard output
    #[arg(short, long, value_name = "OUT", value_hint = ValueHint::FilePath)]
    pub output: PathBuf,

    /// The video input is raw pixels of this shape: WxH@RATE:FORMAT, as in 640x480@30:rgb24
    #[arg(long, value_name = "SHAPE")]
    pub raw: Option<String>,

    /// Frames a second: 30, 29.97 or 30000/1001. Each frame of the input lasts that long, whatever times it came
    /// with [default: the input's own; 25 for image sequences]
    #[arg(long, value_name = "RATE", visible_alias = "frame-rate", help_heading = VIDEO)]
    pub fps: Option<String>,

    /// Scale the picture to this size [default: the input's]
    #[arg(long, value_name = "WxH", alias = "out-size", value_parser = size, help_heading = VIDEO)]
    pub size: Option<(u32, u32)>,

    /// How a picture of other proportions fills --size: pad (black bars) or stretch [default: pad]
    #[arg(long, value_name = "HOW", requires = "size", help_heading = VIDEO)]
    pub fit: Option<String>,

    #[command(flatten)]
    pub video: VideoArgs,

    #[command(flatten)]
    pub audio: AudioArgs,

    #[command(flatten)]
    pub about: AboutArgs,

    #[command(flatten)]
    pub run: RunArgs,
}

const VIDEO: &str = "Video";
const AUDIO: &str = "Audio";

/// Video options, as the library takes them.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = VIDEO)]
pub struct VideoArgs {
    /// Quality, 0 (best, largest) to 63; each 10 or so halves the size [default: 30; 24 for demo]
    #[arg(long, value_name = "N", conflicts_with = "bitrate")]
    pub crf: Option<String>,

    /// Effort, 0 (slowest, smallest) to 10 (fastest) [default: 10]
    #[arg(long, value_name = "N")]
    pub preset: Option<String>,

    /// Bits a second instead of a quality: 800k, 2M
    #[arg(long, value_name = "RATE", alias = "bit-rate")]
    pub bitrate: Option<String>,

    /// The most frames from one key frame to the next [default: 240]
    #[arg(long, value_name = "FRAMES", visible_alias = "keyframe-interval")]
    pub keyint: Option<String>,

    /// yuv420p, yuv422p, yuv444p, gray, or one of these with `10` behind it [default: closest to the source]
    #[arg(long, value_name = "FORMAT")]
    pub pixel_format: Option<String>,

    /// bt709, bt601, jpeg, bt2020, pq or hlg, with /full or /limited if wanted, or primaries/transfer/matrix/range
    /// [default: the source's; else bt709 from 720 lines up, bt601 below]
    #[arg(long, value_name = "COLOR")]
    pub color: Option<String>,

    /// limited or full, instead of the range that goes with the colour
    #[arg(long, value_name = "RANGE")]
    pub range: Option<String>,

    /// The unit of time stamps in the file, as in 1/90000 [default: one that fits the frame rate; 1/1000 for GIF]
    #[arg(long, value_name = "SECONDS")]
    pub time_base: Option<String>,

    /// av1, mjpeg or raw [default: mjpeg in mov and avi, raw in y4m, gif and apng, else av1]
    #[arg(long, value_name = "CODEC")]
    pub video_codec: Option<String>,

    /// Threads to encode with; the bytes do not depend on it [default: one a processor]
    #[arg(long, value_name = "N")]
    pub threads: Option<String>,

    /// Groups of pictures, from key frame to key frame, to encode at a time; the bytes do not depend on it (av1)
    /// [default: 1]
    #[arg(long, value_name = "N")]
    pub parallel_groups: Option<String>,

    /// Bytes of pictures that may wait for their group's turn [default: 536870912]
    #[arg(long, value_name = "BYTES")]
    pub group_bytes: Option<String>,

    /// Tiles that a frame is cut into, which threads share [default: by size; 2 for demo]
    #[arg(long, value_name = "N")]
    pub tiles: Option<String>,

    /// Hold fewer frames back and code none out of order, for about half as many bits again (av1)
    #[arg(long)]
    pub low_latency: bool,

    /// Have players turn the picture clockwise: 90, 180 or 270, with /mirrored behind it if wanted
    #[arg(long, value_name = "DEGREES")]
    pub rotate: Option<String>,

    /// The shape of a pixel, as in 16:11 [default: the source's; else 1:1]
    #[arg(long, value_name = "W:H", alias = "sample-aspect-ratio")]
    pub pixel_aspect: Option<String>,

    /// The display that HDR was graded on: G(x,y)B(x,y)R(x,y)WP(x,y)L(max,min) in the integers of SMPTE ST 2086
    #[arg(long, value_name = "VOLUME")]
    pub mastering_display: Option<String>,

    /// How bright HDR gets, in cd/m²: MAXCLL,MAXFALL
    #[arg(long, value_name = "LEVELS")]
    pub content_light: Option<String>,

    /// Keep the transparency of the pictures
    #[arg(long)]
    pub alpha: bool,

    /// Let a frame that repeats the one before it be a longer duration of that one; needs --time-base
    #[arg(long)]
    pub merge_repeats: bool,

    /// Take noise out before encoding, along the motion: 1 (little) to 10, auto (by how much there is), or 0 [default: 0]
    #[arg(long, value_name = "STRENGTH")]
    pub denoise: Option<String>,

    /// What converts colours, scales and searches for motion; the bytes do not depend on it
    #[cfg(feature = "gpu")]
    #[arg(long, value_name = "DEVICE", value_enum, default_value = "cpu")]
    pub device: crate::device::DeviceArg,
}

/// Audio options, as the library takes them. They hold for every audio stream.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = AUDIO)]
pub struct AudioArgs {
    /// opus, flac or pcm [default: pcm in mov, avi and wav, flac in flac, else opus]
    #[arg(long, value_name = "CODEC")]
    pub audio_codec: Option<String>,

    /// Bits a second of all channels, for opus: 96k [default: 64k mono, 128k stereo]
    #[arg(long, value_name = "RATE", alias = "audio-bit-rate")]
    pub audio_bitrate: Option<String>,

    /// Samples a second in the file: 48000 [default: the source's, or 48000 where opus does not have it]
    #[arg(long, value_name = "HZ", alias = "out-sample-rate")]
    pub sample_rate: Option<String>,

    /// Channels in the file, mixed up or down from the source's, 1 to 8 [default: the source's]
    #[arg(long, value_name = "N", alias = "out-num-channels")]
    pub channels: Option<String>,

    /// s16, s24, s32 or f32, for the lossless codecs [default: closest to the source]
    #[arg(long, value_name = "FORMAT")]
    pub sample_format: Option<String>,
}

/// What the file and its tracks say of themselves.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "About the file")]
pub struct AboutArgs {
    /// A tag: title, artist, album, date, comment, …, or what else the format takes; can be given again
    #[arg(long = "metadata", value_name = "KEY=VALUE", value_parser = key_value)]
    pub tags: Vec<(String, String)>,

    /// When it was made, as in 2026-11-24T18:30:00Z [default: not said]
    #[arg(long, value_name = "TIME")]
    pub creation_time: Option<String>,

    /// Chapters: lines of `0:00 Title`, CHAPTER01=…, ffmetadata or WebVTT
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub chapters: Option<PathBuf>,

    /// A JPEG or PNG picture that stands for the file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub cover: Option<PathBuf>,

    /// A file to put in, such as a font; can be given again
    #[arg(long = "attach", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub attachments: Vec<PathBuf>,

    /// Subtitles, SRT or WebVTT, whose name may say the language: clip.de.srt; can be given again
    #[arg(long = "subtitle", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub subtitles: Vec<PathBuf>,

    /// The language of picture and sound, as in de or pt-BR; given again, that of each audio input in turn
    #[arg(long = "language", value_name = "LANGUAGE")]
    pub languages: Vec<String>,

    /// An option of one track, by its number among those of its kind: audio:1:title=Commentary, subtitle:0:forced=true,
    /// video:0:default=false; can be given again
    #[arg(long = "track", value_name = "KIND:N:NAME=VALUE", value_parser = track_label)]
    pub tracks: Vec<TrackLabel>,
}

/// What every run that writes a file understands.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct RunArgs {
    /// The format, by its name in `framewright formats` [default: by the extension of OUT]
    #[arg(long, value_name = "FORMAT")]
    pub container: Option<String>,

    /// Where the file has what: plain, faststart, fragmented, recoverable, live, segments, byte-ranges; see `framewright
    /// formats` [default: plain for files, fragmented or live for streams]
    #[arg(long, value_name = "LAYOUT")]
    pub layout: Option<String>,

    /// How long a fragment or cluster is: 500ms, 2s [default: 2s]
    #[arg(long, value_name = "TIME")]
    pub fragment_duration: Option<String>,

    /// How long a segment of HLS or DASH is [default: 6s]
    #[arg(long, value_name = "TIME")]
    pub segment_duration: Option<String>,

    /// How many segments a live manifest lists; older ones are removed [default: all stay]
    #[arg(long, value_name = "N")]
    pub live_window: Option<String>,

    /// Bytes that faststart keeps free for the index
    #[arg(long, value_name = "BYTES")]
    pub index_reserve: Option<String>,

    /// Let up to eight packets of sound share a block, which saves a few bytes of each (matroska)
    #[arg(long)]
    pub lacing: bool,

    /// How much is taken on before it is refused, as max_duration=7200s, see `framewright formats`; can be given again
    #[arg(long = "limit", value_name = "NAME=VALUE", value_parser = key_value)]
    pub limits: Vec<(String, String)>,

    /// An option that only one codec has, see `framewright formats`; can be given again
    #[arg(long = "option", value_name = "KEY=VALUE", value_parser = key_value)]
    pub options: Vec<(String, String)>,

    /// Replace OUT if it exists. The old file stays until the new one is complete
    #[arg(long)]
    pub overwrite: bool,

    /// Say nothing but errors
    #[arg(short, long)]
    pub quiet: bool,

    /// Print what was made, for programs; on standard error where standard output is the file
    #[arg(long, value_name = "AS")]
    pub report: Option<ReportFormat>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    Json,
}

/// Show what is in a file: tracks, codecs, durations, key frames, colour, priming
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// MP4, MOV, Matroska, WebM, AVIF, Ogg, WAV, FLAC, AVI, IVF, Y4M, GIF or APNG
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,

    /// Print it for programs
    #[arg(long)]
    pub json: bool,

    /// Draw how a frame of a Y4M file moved, as a PNG
    #[arg(long, requires = "output", conflicts_with = "json")]
    pub motion: bool,

    /// Which frame --motion draws, counted from 0
    #[arg(long, value_name = "N", default_value = "1", requires = "motion")]
    pub frame: u64,

    /// The picture that --motion writes
    #[arg(short, long, value_name = "PNG", value_hint = ValueHint::FilePath, requires = "motion")]
    pub output: Option<PathBuf>,

    /// What searches for motion; the picture does not depend on it
    #[cfg(feature = "gpu")]
    #[arg(long, value_name = "DEVICE", value_enum, default_value = "cpu", requires = "motion")]
    pub device: crate::device::DeviceArg,
}

/// List what this build can encode and write, and every option of the library with its flag
#[derive(Debug, Args)]
pub struct FormatsArgs {
    /// Print it for programs
    #[arg(long)]
    pub json: bool,
}

/// Print the completions for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  framewright completions bash > ~/.local/share/bash-completion/completions/framewright
  framewright completions zsh > ~/.zfunc/_framewright
  framewright completions fish > ~/.config/fish/completions/framewright.fish")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// Print the manual page
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  framewright man > ~/.local/share/man/man1/framewright.1
  framewright man encode | man -l -")]
pub struct ManArgs {
    /// The command whose page it is; without one, the program's, which has all of them
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let parse = || {
        let (width, height) = text.split_once(['x', 'X'])?;
        Some((width.parse().ok()?, height.parse().ok()?))
    };
    match parse() {
        Some((width, height)) if width > 0 && height > 0 => Ok((width, height)),
        _ => Err("write it as 1280x720".into()),
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.05..=3600.0).contains(&seconds) => Ok(seconds),
        _ => Err("write a number from 0.05 to 3600".into()),
    }
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.into(), value.into())),
        _ => Err("write it as KEY=VALUE".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
