//! `formats`: what this build can encode and write.

use std::fmt::Display;

use framewright::input::MAX_FRAME_BYTES;
use framewright::{
    AudioCodec, AudioOptions, Container, EncoderOptions, Feature, Layout, Limits, OptionInfo, PixelFormat,
    SubtitleCodec, SubtitleOptions, VideoCodec, VideoOptions,
};
use serde_json::{Value, json};

use crate::about::FRAME_LIMIT;
use crate::args::{AboutArgs, AudioArgs, FormatsArgs, RunArgs, VideoArgs};
use crate::failure::Failure;
use crate::output::print;

/// What `encode` reads.
const INPUTS: [(&str, &str); 7] = [
    ("y4m", "YUV4MPEG2: 4:2:0, 4:2:2, 4:4:4 and mono, 8 to 16 bit; a file or `-`"),
    ("images", "PNG, JPEG, BMP and WebP, one or a sequence: 'frames/*.png' or frames/%04d.png"),
    ("gif", "animations with their delays; a file or `-`"),
    ("raw", "pixels without a header, with --raw WxH@RATE:FORMAT; a file or `-`"),
    ("audio", "WAV, FLAC, MP3, Ogg Vorbis, AAC (bare or in M4A); a file or `-`"),
    ("subtitles", "SRT and WebVTT, with --subtitle"),
    ("chapters", "lines of `0:00 Title`, CHAPTER01=…, ffmetadata or WebVTT, with --chapters"),
];

/// Prints the tables.
pub fn run(args: &FormatsArgs) -> Result<(), Failure> {
    print(&if args.json { format!("{:#}\n", to_json()) } else { to_text() })
}

fn names<T: Copy>(all: &[T], name: fn(T) -> &'static str, keep: impl Fn(T) -> bool) -> Vec<&'static str> {
    all.iter().copied().filter(|&item| keep(item)).map(name).collect()
}

fn video_codecs(container: Container) -> Vec<&'static str> {
    names(VideoCodec::ALL, VideoCodec::name, |codec| container.takes_video(codec))
}

fn audio_codecs(container: Container) -> Vec<&'static str> {
    names(AudioCodec::ALL, AudioCodec::name, |codec| container.takes_audio(codec))
}

fn subtitle_codecs(container: Container) -> Vec<&'static str> {
    container.subtitle_codecs().iter().copied().map(SubtitleCodec::name).collect()
}

fn to_text() -> String {
    let mut text = String::from("Containers (the first codec of each kind is the default)\n");
    for &container in Container::ALL {
        let extensions: Vec<_> = container.extensions().iter().map(|extension| format!(".{extension}")).collect();
        text += &format!("  {:<10} {}: {}\n", container.name(), container.title(), extensions.join(" "));
        for (kind, names) in [
            ("video", video_codecs(container)),
            ("audio", audio_codecs(container)),
            ("subtitles", subtitle_codecs(container)),
            ("layouts", container.layouts().iter().map(|layout| layout.name()).collect()),
            ("says", container.features().iter().map(|feature| feature.name()).collect()),
        ] {
            if !names.is_empty() {
                text += &format!("  {:<10} {kind}: {}\n", "", names.join(", "));
            }
        }
    }
    text += "\nInputs\n";
    for (name, help) in INPUTS {
        text += &format!("  {name:<10} {help}\n");
    }
    text += &format!("\nPixel formats\n  {}\n", names(PixelFormat::ALL, PixelFormat::name, |_| true).join(", "));
    section(&mut text, "Video options", VideoOptions::table(), |name| VideoArgs::flag(name).unwrap_or(name));
    for &codec in VideoCodec::ALL {
        section(&mut text, &extra_title(codec), VideoOptions::extra_table(codec), |name| name);
    }
    section(&mut text, "Audio options", AudioOptions::table(), |name| AudioArgs::flag(name).unwrap_or(name));
    for &codec in AudioCodec::ALL {
        section(&mut text, &extra_title(codec), AudioOptions::extra_table(codec), |name| name);
    }
    let flag = |name| AboutArgs::subtitle_flag(name).unwrap_or(name);
    section(&mut text, "Subtitle options (without dashes: of the library alone)", SubtitleOptions::table(), flag);
    let flag = |name| RunArgs::flag(name).unwrap_or(name);
    section(&mut text, "File options (without dashes: of the library alone)", EncoderOptions::table(), flag);
    section(&mut text, "Limits (--limit NAME=VALUE)", Limits::table(), |name| name);
    let (name, help, allowed) = FRAME_LIMIT;
    text += &format!("  {name:<24} {help}\n  {:<24} {allowed}; default: {MAX_FRAME_BYTES}\n", "");
    let built = build().map(|(feature, on)| format!("{feature}: {}", if on { "yes" } else { "no" }));
    text + &format!("\nThis build\n  {}\n", built.join(", "))
}

fn extra_title(codec: impl Display) -> String {
    format!("Options of {codec} (--option KEY=VALUE)")
}

/// `flag` gives an option's name on the command line.
fn section(
    text: &mut String,
    title: &str,
    options: impl IntoIterator<Item = &'static OptionInfo>,
    flag: impl Fn(&'static str) -> &'static str,
) {
    let rows: Vec<_> = options.into_iter().collect();
    if rows.is_empty() {
        return;
    }
    *text += &format!("\n{title}\n");
    for row in rows {
        *text += &format!("  {:<24} {}\n", flag(row.name), row.help);
        *text += &format!("  {:<24} {}; default: {}\n", "", row.allowed, row.default);
    }
}

fn build() -> [(&'static str, bool); 2] {
    [("threads", cfg!(feature = "parallel")), ("assembly", cfg!(feature = "asm"))]
}

fn to_json() -> Value {
    let option = |info: &OptionInfo| json!({ "name": info.name, "help": info.help, "allowed": info.allowed, "default": info.default });
    let with_flag = |info: &OptionInfo, flag: Option<&str>| {
        let mut value = option(info);
        value["flag"] = flag.into();
        value
    };
    let video_options = VideoOptions::table().map(|info| with_flag(info, VideoArgs::flag(info.name)));
    let audio_options = AudioOptions::table().map(|info| with_flag(info, AudioArgs::flag(info.name)));
    let subtitle_options = SubtitleOptions::table().map(|info| with_flag(info, AboutArgs::subtitle_flag(info.name)));
    let encoder_options = EncoderOptions::table().map(|info| with_flag(info, RunArgs::flag(info.name)));
    let containers = Container::ALL.iter().map(|&container| {
        json!({
            "name": container.name(),
            "extensions": container.extensions(),
            "video_codecs": video_codecs(container),
            "audio_codecs": audio_codecs(container),
            "subtitle_codecs": subtitle_codecs(container),
            "layouts": container.layouts().iter().copied().map(Layout::name).collect::<Vec<_>>(),
            "features": container.features().iter().copied().map(Feature::name).collect::<Vec<_>>(),
        })
    });
    let video = VideoCodec::ALL.iter().map(|&codec| {
        let options = VideoOptions::extra_table(codec).into_iter().map(option);
        json!({ "name": codec.name(), "options": options.collect::<Vec<_>>() })
    });
    let audio = AudioCodec::ALL.iter().map(|&codec| {
        let options = AudioOptions::extra_table(codec).into_iter().map(option);
        json!({ "name": codec.name(), "options": options.collect::<Vec<_>>() })
    });
    let (name, help, allowed) = FRAME_LIMIT;
    let frame_limit = json!({ "name": name, "help": help, "allowed": allowed, "default": MAX_FRAME_BYTES.to_string() });
    let subtitles = SubtitleCodec::ALL.iter().map(|codec| json!({ "name": codec.name(), "options": [] }));
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "containers": containers.collect::<Vec<_>>(),
        "inputs": INPUTS.iter().map(|(name, help)| json!({ "name": name, "help": help })).collect::<Vec<_>>(),
        "pixel_formats": names(PixelFormat::ALL, PixelFormat::name, |_| true),
        "video_options": video_options.collect::<Vec<_>>(),
        "video_codecs": video.collect::<Vec<_>>(),
        "audio_options": audio_options.collect::<Vec<_>>(),
        "audio_codecs": audio.collect::<Vec<_>>(),
        "subtitle_options": subtitle_options.collect::<Vec<_>>(),
        "subtitle_codecs": subtitles.collect::<Vec<_>>(),
        "encoder_options": encoder_options.collect::<Vec<_>>(),
        "limits": Limits::table().map(option).chain([frame_limit]).collect::<Vec<_>>(),
        "build": build().iter().map(|&(feature, on)| (feature.to_string(), on.into())).collect::<serde_json::Map<_, Value>>(),
    })
}
