//! `inspect`: what is in a file.

use std::fs::File;
use std::path::Path;

use framewright::inspect::{Details, FileInfo, IndexPlacement, TrackInfo, VideoDetails, inspect};
use framewright::media::{Chapter, ChromaSubsampling, CoverFormat, TimeBase, Timestamp};
use framewright::motion::Analyzer;
use serde_json::{Value, json};

use crate::args::InspectArgs;
use crate::failure::Failure;
use crate::output::print;
use crate::progress::size;
use crate::report::{bit_rate, channel_name};
use crate::vectors;

/// Describes the file on standard output, or draws how a frame of it moved.
pub fn run(args: &InspectArgs) -> Result<(), Failure> {
    if let (true, Some(out)) = (args.motion, &args.output) {
        let analyzer = |width, height| Analyzer::new(width, height).map(|analyzer| analyzer.with_vectors(true));
        #[cfg(feature = "gpu")]
        let device = args.device.open()?;
        #[cfg(feature = "gpu")]
        let analyzer = |width, height| Ok(analyzer(width, height)?.with_device(&device));
        return vectors::run(&args.file, args.frame, out, analyzer);
    }
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
    row("container", format!("{}, {}", info.format, layout_for_people(info.layout)));
    row("size", bytes_for_people(info.bytes));
    row("duration", seconds_for_people(info.duration.ticks, info.duration.base));
    if info.truncated {
        row("cut off", "the file ends before its last part does; this is what is whole".into());
    }
    if let Some(created) = info.creation_time {
        row("created", date_for_people(created));
    }
    for (name, value) in &info.tags {
        row(&one_line(name), one_line(value));
    }
    if let Some(cover) = info.cover {
        row("cover", format!("{}, {}", cover_name(cover.format), bytes_for_people(cover.bytes)));
    }
    for file in &info.attachments {
        let (name, media_type) = (one_line(&file.name), one_line(&file.media_type));
        row("attachment", format!("{name} ({media_type}), {}", bytes_for_people(file.bytes)));
    }
    for (chapter, label) in info.chapters.iter().zip(std::iter::once("chapters").chain(std::iter::repeat(""))) {
        row(label, format!("{}  {}", clock_time(chapter.start), one_line(&chapter.title)));
    }
    info.tracks.iter().for_each(|track| text += &track_to_text(track));
    text
}

/// A value of several lines, as one.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\t'], " ")
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
            if let Some(display) = video.hdr.mastering {
                row("mastered on", display.to_string());
            }
            if let Some(light) = video.hdr.light {
                let (brightest, average) = (light.max_content, light.max_frame_average);
                row("light", format!("{brightest} cd/m² at most, {average} on average over a frame at most"));
            }
            if !video.orientation.is_upright() {
                let mirrored = if video.orientation.mirrored { "mirrored, then " } else { "" };
                row("shown", format!("{mirrored}turned by {}° clockwise", video.orientation.degrees()));
            }
            if !video.sample_aspect_ratio.is_square() {
                row("pixel shape", video.sample_aspect_ratio.to_string());
            }
            if video.alpha {
                row("alpha", "yes".into());
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
    if let Some(title) = &track.title {
        row("title", one_line(title));
    }
    let flags = [(!track.default, "not default"), (track.forced, "forced")];
    let flags: Vec<_> = flags.into_iter().filter_map(|(is_set, name)| is_set.then_some(name)).collect();
    if !flags.is_empty() {
        row("flags", flags.join(", "));
    }
    if let Some(group) = track.alternate_group {
        row("alternatives", format!("group {group}"));
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
        Details::Subtitle => "subtitle",
        _ => "other",
    }
}

fn layout_for_people(layout: IndexPlacement) -> &'static str {
    match layout {
        IndexPlacement::IndexFirst => "index in front of the packets",
        IndexPlacement::IndexLast => "index behind the packets",
        IndexPlacement::Fragmented => "fragmented",
        IndexPlacement::Stream => "read from its beginning",
        _ => "live, without an index",
    }
}

fn layout_name(layout: IndexPlacement) -> &'static str {
    match layout {
        IndexPlacement::IndexFirst => "index-first",
        IndexPlacement::IndexLast => "index-last",
        IndexPlacement::Fragmented => "fragmented",
        IndexPlacement::Stream => "stream",
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

fn cover_name(format: CoverFormat) -> &'static str {
    match format {
        CoverFormat::Jpeg => "JPEG",
        CoverFormat::Png => "PNG",
        _ => "another format",
    }
}

/// `1:02:03.500`.
fn clock_time(at: Timestamp) -> String {
    let milliseconds = at.base.rescale(at.ticks, TimeBase::MILLISECONDS).unwrap_or(i64::MAX);
    let seconds = milliseconds / 1000;
    format!("{}:{:02}:{:02}.{:03}", seconds / 3600, seconds / 60 % 60, seconds % 60, milliseconds % 1000)
}

/// `2026-11-24 19:00:00 UTC`, by the Gregorian calendar.
fn date_for_people(unix_seconds: i64) -> String {
    let (days, seconds) = (unix_seconds.div_euclid(86_400), unix_seconds.rem_euclid(86_400));
    // Years begin in March here, so that the odd day of a leap year is the last: 400 of them have 146,097 days.
    let day = i128::from(days) + 719_468;
    let (era, day) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    // Months from March on are 31, 30, 31, 30, 31 days, again and again.
    let month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = era * 400 + year + next;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day_of_month:02} {hour:02}:{minute:02}:{second:02} UTC")
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
        "container": info.format.name(),
        "layout": layout_name(info.layout),
        "bytes": info.bytes,
        "truncated": info.truncated,
        "duration_seconds": seconds(info.duration.ticks, info.duration.base),
        "tags": info.tags.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect::<Vec<_>>(),
        "creation_time": info.creation_time,
        "chapters": info.chapters.iter().map(chapter_to_json).collect::<Vec<_>>(),
        "cover": info.cover.map(|cover| json!({
            "media_type": cover.format.media_type(),
            "bytes": cover.bytes,
        })),
        "attachments": info.attachments.iter().map(|file| json!({
            "name": file.name,
            "media_type": file.media_type,
            "bytes": file.bytes,
        })).collect::<Vec<_>>(),
        "tracks": info.tracks.iter().map(track_to_json).collect::<Vec<_>>(),
    })
}

fn chapter_to_json(chapter: &Chapter) -> Value {
    json!({
        "start_seconds": seconds(chapter.start.ticks, chapter.start.base),
        "end_seconds": chapter.end.map(|end| seconds(end.ticks, end.base)),
        "title": chapter.title,
    })
}

fn track_to_json(track: &TrackInfo) -> Value {
    let mut value = json!({
        "number": track.number,
        "kind": kind(&track.details),
        "codec": track.codec,
        "codec_string": track.codec_string,
        "language": track.language,
        "title": track.title,
        "default": track.default,
        "forced": track.forced,
        "alternate_group": track.alternate_group,
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
            "mastering_display": video.hdr.mastering.map(|display| display.to_string()),
            "content_light": video.hdr.light.map(|light| json!({
                "max_content": light.max_content,
                "max_frame_average": light.max_frame_average,
            })),
            "rotation": video.orientation.degrees(),
            "mirrored": video.orientation.mirrored,
            "sample_aspect_ratio": video.sample_aspect_ratio.to_string(),
            "alpha": video.alpha,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, date) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (-1, "1969-12-31 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (951_868_800, "2000-03-01 00:00:00 UTC"),
            (4_107_542_399, "2100-02-28 23:59:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
            (1_795_546_800, "2026-11-24 19:00:00 UTC"),
        ] {
            assert_eq!(date_for_people(seconds), date);
        }
        date_for_people(i64::MIN);
        date_for_people(i64::MAX);
    }
}
