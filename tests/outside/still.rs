//! AVIF, GIF and APNG: written by the encoder, read by FFmpeg, avifdec, exiftool and Chromium.

use std::path::{Path, PathBuf};
use std::process::Command;

use framewright::media::Orientation;
use framewright::{Encoder, FrameRate, FrameView, VideoOptions};
use serde_json::Value;

use super::readers::{Readers, run, tool};
use super::script;

const RED: [u8; 3] = [230, 20, 20];
const GREEN: [u8; 3] = [20, 200, 30];
const BLUE: [u8; 3] = [20, 30, 220];
const WHITE: [u8; 3] = [250, 250, 250];

struct Case {
    name: &'static str,
    size: (u32, u32),
    frames: u32,
    rate: FrameRate,
    orientation: Orientation,
    alpha: bool,
}

fn base() -> Case {
    Case {
        name: "",
        size: (64, 48),
        frames: 1,
        rate: FrameRate::new(25, 1),
        orientation: Orientation::turned(0),
        alpha: false,
    }
}

fn cases() -> Vec<Case> {
    vec![
        Case { name: "still.avif", ..base() },
        Case { name: "odd.avif", size: (33, 21), ..base() },
        Case { name: "tiny.avif", size: (10, 8), ..base() },
        Case { name: "turned.avif", orientation: Orientation::turned(1), ..base() },
        Case { name: "mirrored.avif", orientation: Orientation::turned(3).mirror(), ..base() },
        Case { name: "alpha.avif", alpha: true, ..base() },
        Case { name: "sequence.avif", frames: 6, ..base() },
        Case { name: "alpha-sequence.avif", frames: 4, alpha: true, ..base() },
        Case { name: "still.gif", ..base() },
        Case { name: "animation.gif", frames: 9, alpha: true, ..base() },
        Case { name: "still.png", alpha: true, ..base() },
        Case { name: "animation.apng", frames: 9, alpha: true, ..base() },
        Case { name: "ntsc.apng", frames: 5, rate: FrameRate::new(30_000, 1001), size: (33, 21), ..base() },
    ]
}

impl Case {
    fn extension(&self) -> &str {
        self.name.rsplit('.').next().unwrap()
    }

    /// Quarters of four colours, over which a grey square moves; with alpha, the left edge in the middle is transparent.
    fn frame(&self, index: u32) -> Vec<u8> {
        let (width, height) = self.size;
        let pixel = |x: u32, y: u32| {
            let inside = x.abs_diff(width / 2 + index) < 2 && y.abs_diff(height / 2) < 2;
            let color = match (inside, x < width / 2, y < height / 2) {
                (true, ..) => [128; 3],
                (_, true, true) => RED,
                (_, false, true) => GREEN,
                (_, true, false) => BLUE,
                (_, false, false) => WHITE,
            };
            let clear = self.alpha && x < 8 && y.abs_diff(height / 2) < 4 + index % 2;
            [color[0], color[1], color[2], if clear { 0 } else { 255 }]
        };
        (0..height).flat_map(|y| (0..width).flat_map(move |x| pixel(x, y))).collect()
    }

    fn write(&self, folder: &Path) -> PathBuf {
        let path = folder.join(self.name);
        let avif = self.extension() == "avif";
        let mut options = VideoOptions::new(self.size.0, self.size.1).frame_rate(self.rate).rotate(self.orientation);
        if avif {
            options = options.crf(12).alpha(self.alpha).threads(1);
        }
        let mut encoder = Encoder::new();
        let mut video = encoder.add_video(options).unwrap();
        encoder.open_file(&path).unwrap();
        for index in 0..self.frames {
            let pixels = self.frame(index);
            video.add_frame(&FrameView::rgba(self.size.0, self.size.1, &pixels).unwrap()).unwrap();
        }
        drop(video);
        encoder.close().unwrap();
        path
    }

    fn shown_size(&self) -> (u32, u32) {
        let (width, height) = self.size;
        if self.orientation.swaps_sides() { (height, width) } else { (width, height) }
    }

    /// Top left, top right, bottom left, bottom right, as it is shown.
    fn corners(&self) -> [[u8; 3]; 4] {
        let mut corners = [RED, GREEN, BLUE, WHITE];
        if self.orientation.mirrored {
            corners = [corners[1], corners[0], corners[3], corners[2]];
        }
        for _ in 0..self.orientation.quarter_turns {
            corners = [corners[2], corners[0], corners[3], corners[1]];
        }
        corners
    }

    fn playing_fault(&self, result: &Value) -> Option<String> {
        let (width, height) = self.shown_size();
        let off = |found: &Value, wanted: u8| (found.as_i64().unwrap_or(-1000) - i64::from(wanted)).abs() > 14;
        let corner_is_off = |index: usize| {
            let found = &result["corners"][index];
            (0..3).any(|channel| off(&found[channel], self.corners()[index][channel])) || off(&found[3], 255)
        };
        let mut faults = Vec::new();
        if result["width"] != width || result["height"] != height {
            faults.push("size");
        }
        if result["frames"] != self.frames {
            faults.push("frames");
        }
        if (0..4).any(corner_is_off) {
            faults.push("corners");
        }
        if self.frames > 1 {
            let wanted = 1e6 / self.rate.as_f64();
            // Chromium counts milliseconds.
            let near = |duration: &Value| (duration.as_f64().unwrap_or(0.0) - wanted).abs() <= 1001.0;
            let durations = result["durations"].as_array().cloned().unwrap_or_default();
            if durations.len() != self.frames as usize || !durations.iter().all(near) {
                faults.push("durations");
            }
            if result["forever"] != true {
                faults.push("loops");
            }
        }
        (!faults.is_empty()).then(|| format!("{}: Chromium: {faults:?}: {result}", self.name))
    }
}

#[test]
fn pictures_and_animations_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let readers = Readers::find();
    let cases = cases();
    let paths: Vec<_> = cases.iter().map(|case| case.write(folder.path())).collect();
    let mut faults = Vec::new();
    for (case, path) in cases.iter().zip(&paths) {
        // The older FFmpeg knows too little of AVIF.
        // Older ones do not know AVIF.
        let newer = readers.ffmpeg.last().filter(|_| std::env::var_os("FRAMEWRIGHT_FFMPEG9").is_some());
        faults.extend(newer.and_then(|ffmpeg| ffmpeg_fault(ffmpeg, case, path)));
        if let Some(exiftool) = tool("exiftool") {
            let (_, out, said) = run(Command::new(exiftool).args(["-s3", "-ImageSize", "-Warning"]).arg(path));
            let wanted = match case.name {
                "tiny.avif" => "16x16".to_owned(), // the coded size: it knows no clean aperture
                _ => format!("{}x{}", case.size.0, case.size.1),
            };
            if out.trim() != wanted {
                faults.push(format!("{}: exiftool says {out} {said}, not {wanted}", case.name));
            }
        }
        if let Some(avifdec) = tool("avifdec").filter(|_| case.extension() == "avif") {
            let (success, out, said) = run(Command::new(avifdec).arg("--info").arg(path));
            if !success || !said.is_empty() || !out.contains("Resolution") {
                faults.push(format!("{}: avifdec: {out} {said}", case.name));
            }
            let counted = out.contains(&format!("Image sequence: {} frames", case.frames));
            let alpha = !out.contains("* Alpha          : Absent");
            if (case.frames > 1) != out.contains("sequence") && !counted || alpha != case.alpha {
                faults.push(format!("{}: avifdec: {out}", case.name));
            }
        }
    }
    if let Some(node) = &readers.chromium {
        let results = script(node, "images.mjs", &paths);
        for (case, path) in cases.iter().zip(&paths) {
            let missing = Some(format!("{}: not shown", case.name));
            faults.extend(results.get(path).map_or(missing, |result| case.playing_fault(result)));
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

fn ffmpeg_fault(ffmpeg: &Path, case: &Case, path: &Path) -> Option<String> {
    let mut command = Command::new(ffmpeg);
    command.args(["-hide_banner", "-nostdin", "-v", "warning", "-xerror", "-progress", "-", "-nostats"]);
    command.arg("-i").arg(path);
    if case.extension() == "avif" && case.frames > 1 {
        // The items are the first streams, each of one picture; then come the tracks.
        command.args(["-map", if case.alpha { "0:V:2" } else { "0:V:1" }]);
    }
    let (success, out, said) = run(command.args(["-fps_mode", "passthrough", "-f", "null", "-"]));
    let frames = out.lines().rev().find_map(|line| line.strip_prefix("frame=")).map(str::trim);
    let right = success && said.is_empty() && frames == Some(&case.frames.to_string());
    (!right).then(|| format!("{}: {}: {frames:?} frames of {}: {said}", case.name, ffmpeg.display(), case.frames))
}
