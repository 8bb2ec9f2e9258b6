//! `inspect`: what is in a file.

use std::fs::File;
use std::path::Path;

use framewright::inspect::{Details, FileInfo, Layout, TrackInfo, VideoDetails, inspect};
use framewright::media::{ChromaSubsampling, TimeBase};
use serde_json::{Value, json};

use crate::args::InspectArgs;
use crate::failure::Failure;
use crate::output::print;
use crate::progress::size;
use crate::report::{bit_rate, channel_name};

/// Describes the file on standard output.
pub fn run(args: &InspectArgs) -> Result<(), Failure> {
    let name = args.file.display().to_string();
    let info = read(&args.file, &name)?;
    print(&if args.json { format!("{:#}\n", to_json(&info, &name)) } else { to_text(&info, &name) })
}

fn read(path: &Path, name: &str) -> Result<FileInfo, Failure> {
    let failed = |error| Failure::io(format_args!("reading `{name}`"), error);
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(Failure::failed(format!("`{name}` is a folder: give the name of a file")));
    }
    inspect(file).map_err(|error| Failure::reading(&format!("`{name}`"), error))
}

fn to_text(info: &FileInfo, name: &str) -> String {
    let mut text = format!("{name}\n");
    let mut row = |label: &str, value: String| text += &format!("  {label:<14}{value}\n");
    row("container", format!("{}, {}", info.container, layout_for_people(info.layout)));
    row("size", bytes_for_people(info.bytes));
    row("duration", seconds_for_people(info.duration.ticks, info.duration.base));
    if info.truncated {
        row("cut off", "the file ends before its last part does; this is what is whole".into());
    }
    info.tracks.iter().for_each(|track| text += &track_to_text(track));
    text
}

fn track_to_text(track: &TrackInfo) -> String {
    let mut text = format!("\n  track {}: {}\n", track.number, kind(&track.details));
    let mut row = |label: &str, value: String| text += &format!("    {label:<14}{value}\n");
    row(
        "codec",
        match &track.codec_string {
            Some(string) if *string != track.codec => format!("{} ({string})", track.codec),
            _ => track.codec.clone(),
        },
    );
    match &track.details {
        Details::Video(video) => {
            row("picture", picture(video));
            if let Some(color) = video.color {
                row("colour", color.to_string());
            }
        }
        Details::Audio(audio) => {
            let format = audio.sample_format.map_or(String::new(), |format| format!(", {format}"));
            let channels = u8::try_from(audio.channels).map_or("many channels".into(), channel_name);
            row("sound", format!("{} Hz, {channels}{format}", audio.sample_rate));
        }
        _ => {}
    }
    if track.language != "und" {
        row("language", track.language.clone());
    }
    if track.start != 0 {
        row("start", seconds_for_people(track.start, track.time_base));
    }
    row("duration", seconds_for_people(i64::try_from(track.duration).unwrap_or(i64::MAX), track.time_base));
    row("time base", format!("{} s", track.time_base));
    row("packets", format!("{}, {} of them key", track.packets, track.key_packets));
    row("size", bytes_for_people(track.bytes));
    if let Some(rate) = track.bit_rate {
        row("bit rate", bit_rate(rate));
    }
    if matches!(track.details, Details::Audio(_)) {
        row("priming", format!("{} samples", track.priming));
        row("end padding", format!("{} samples", track.padding));
    }
    text
}

fn picture(video: &VideoDetails) -> String {
    let mut parts = vec![format!("{}x{}", video.width, video.height)];
    if (video.width, video.height) != (video.coded_width, video.coded_height) {
        parts.push(format!("coded as {}x{}", video.coded_width, video.coded_height));
    }
    if let Some(rate) = video.frame_rate {
        // An average, or a period in nanoseconds, is a fraction that tells nobody anything.
        let exact = if rate.den() == 1001 { format!(" ({rate})") } else { String::new() };
        let decimal = format!("{:.3}", rate.as_f64());
        parts.push(format!("{}{exact} fps", decimal.trim_end_matches('0').trim_end_matches('.')));
    }
    parts.extend(video.chroma.map(|chroma| chroma_name(chroma).into()));
    parts.extend(video.bit_depth.map(|bits| format!("{bits} bit")));
    parts.join(", ")
}

fn kind(details: &Details) -> &'static str {
    match details {
        Details::Video(_) => "video",
        Details::Audio(_) => "audio",
        _ => "other",
    }
}

fn layout_for_people(layout: Layout) -> &'static str {
    match layout {
        Layout::IndexFirst => "index in front of the packets",
        Layout::IndexLast => "index behind the packets",
        Layout::Fragmented => "fragmented",
        _ => "live, without an index",
    }
}

fn layout_name(layout: Layout) -> &'static str {
    match layout {
        Layout::IndexFirst => "index-first",
        Layout::IndexLast => "index-last",
        Layout::Fragmented => "fragmented",
        _ => "live",
    }
}

fn chroma_name(chroma: ChromaSubsampling) -> &'static str {
    match chroma {
        ChromaSubsampling::Monochrome => "grey",
        ChromaSubsampling::Yuv420 => "4:2:0",
        ChromaSubsampling::Yuv422 => "4:2:2",
        ChromaSubsampling::Yuv444 => "4:4:4",
    }
}

fn bytes_for_people(bytes: u64) -> String {
    if bytes < 1000 { size(bytes) } else { format!("{} ({bytes} bytes)", size(bytes)) }
}

fn seconds_for_people(ticks: i64, base: TimeBase) -> String {
    format!("{:.3} s", seconds(ticks, base))
}

/// For display only: times are kept and compared in ticks.
fn seconds(ticks: i64, base: TimeBase) -> f64 {
    ticks as f64 * f64::from(base.num()) / f64::from(base.den())
}

fn to_json(info: &FileInfo, name: &str) -> Value {
    json!({
        "file": name,
        "container": info.container.name(),
        "layout": layout_name(info.layout),
        "bytes": info.bytes,
        "truncated": info.truncated,
        "duration_seconds": seconds(info.duration.ticks, info.duration.base),
        "tracks": info.tracks.iter().map(track_to_json).collect::<Vec<_>>(),
    })
}

fn track_to_json(track: &TrackInfo) -> Value {
    let mut value = json!({
        "number": track.number,
        "kind": kind(&track.details),
        "codec": track.codec,
        "codec_string": track.codec_string,
        "language": track.language,
        "time_base": track.time_base.to_string(),
        "start_ticks": track.start,
        "start_seconds": seconds(track.start, track.time_base),
        "duration_ticks": track.duration,
        "duration_seconds": seconds(i64::try_from(track.duration).unwrap_or(i64::MAX), track.time_base),
        "priming": track.priming,
        "padding": track.padding,
        "packets": track.packets,
        "key_packets": track.key_packets,
        "bytes": track.bytes,
        "bit_rate": track.bit_rate,
    });
    let details = match &track.details {
        Details::Video(video) => json!({
            "width": video.width,
            "height": video.height,
            "coded_width": video.coded_width,
            "coded_height": video.coded_height,
            "frame_rate": video.frame_rate.map(|rate| rate.to_string()),
            "bit_depth": video.bit_depth,
            "chroma": video.chroma.map(chroma_name),
            "color": video.color.map(|color| json!({
                "primaries": color.primaries.name(),
                "transfer": color.transfer.name(),
                "matrix": color.matrix.name(),
                "range": color.range.to_string(),
            })),
        }),
        Details::Audio(audio) => json!({
            "sample_rate": audio.sample_rate,
            "channels": audio.channels,
            "sample_format": audio.sample_format.map(|format| format.to_string()),
        }),
        _ => Value::Null,
    };
    if let (Value::Object(value), Value::Object(details)) = (&mut value, details) {
        value.extend(details);
    }
    value
}
