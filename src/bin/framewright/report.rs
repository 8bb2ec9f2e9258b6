//! What was made, for people and for programs.

use std::io;
use std::time::Duration;

use framewright::{Report, StreamKind, StreamReport};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::{self, Output};
use crate::progress::{length, say, size};

/// Says what was made, on standard error.
pub fn summarise(report: &Report, name: &str, took: Duration) {
    say(&format!(
        "{name}: {}, {:.3} s, {}, in {}",
        report.container,
        report.duration.as_secs_f64(),
        size(report.bytes),
        length(took.as_secs_f64())
    ));
    report.streams.iter().for_each(|stream| say(&format!("  {}", describe(stream))));
}

fn describe(stream: &StreamReport) -> String {
    let form = match stream.kind {
        StreamKind::Video { width, height, frames } => format!("{width}x{height}, {frames} frames"),
        StreamKind::Audio { sample_rate, channels, .. } => format!("{sample_rate} Hz, {}", channel_name(channels)),
        StreamKind::Subtitle { cues: 1 } => "1 cue".into(),
        StreamKind::Subtitle { cues } => format!("{cues} cues"),
        _ => String::new(),
    };
    let rate = match stream.present {
        true => bit_rate(stream.average_bit_rate()),
        false => "nothing was put in, so the file has no track of it".into(),
    };
    let codec = match &stream.codec_string {
        Some(string) if string != stream.codec => format!("{} ({string})", stream.codec),
        _ => stream.codec.to_string(),
    };
    #[cfg(feature = "gpu")]
    if let Some(gpu) = &stream.gpu {
        return format!("{codec}, {form}, {rate}, {gpu}");
    }
    format!("{codec}, {form}, {rate}")
}

pub fn channel_name(channels: u8) -> String {
    match channels {
        1 => "mono".into(),
        2 => "stereo".into(),
        more => format!("{more} channels"),
    }
}

pub fn bit_rate(bits: u64) -> String {
    match bits {
        0..1_000_000 => format!("{} kbit/s", bits.div_ceil(1000)),
        _ => format!("{:.2} Mbit/s", bits as f64 / 1e6),
    }
}

/// Prints the report as JSON: to standard output, or to standard error where standard output is the file.
pub fn print_json(report: &Report, output: &Output) -> Result<(), Failure> {
    let text = format!("{:#}\n", to_json(report, &output.name()));
    if output.is_stdout() {
        return output::print_to(io::stderr().lock(), &text);
    }
    output::print(&text)
}

fn to_json(report: &Report, name: &str) -> Value {
    json!({
        "output": name,
        "container": report.container.name(),
        "bytes": report.bytes,
        "duration_seconds": report.duration.as_secs_f64(),
        "streams": report.streams.iter().map(stream_to_json).collect::<Vec<_>>(),
    })
}

fn stream_to_json(stream: &StreamReport) -> Value {
    let mut value = json!({
        "codec": stream.codec,
        "codec_string": stream.codec_string,
        "present": stream.present,
        "packets": stream.packets,
        "key_packets": stream.key_frames,
        "bytes": stream.bytes,
        "duration_seconds": stream.length().as_secs_f64(),
        "duration_ticks": stream.duration,
        "time_base": stream.time_base.to_string(),
        "bit_rate_set": stream.bit_rate,
        "bit_rate": stream.average_bit_rate(),
    });
    let form = match stream.kind {
        StreamKind::Video { width, height, frames } => {
            json!({ "kind": "video", "width": width, "height": height, "frames": frames })
        }
        StreamKind::Audio { sample_rate, channels, samples } => {
            json!({ "kind": "audio", "sample_rate": sample_rate, "channels": channels, "samples": samples })
        }
        StreamKind::Subtitle { cues } => json!({ "kind": "subtitle", "cues": cues }),
        _ => Value::Null,
    };
    #[cfg(feature = "gpu")]
    if let Some(gpu) = &stream.gpu {
        value["gpu"] =
            json!({ "name": gpu.name, "frames": gpu.frames, "searched": gpu.searched, "fallback": gpu.fallback });
    }
    if let (Value::Object(value), Value::Object(form)) = (&mut value, form) {
        value.extend(form);
    }
    value
}
