//! What was made, as an object of JavaScript.

use framewright::{Report, StreamKind, StreamReport};
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::JsValue;

/// The object that `Report` in the TypeScript describes.
pub fn object(report: &Report) -> JsValue {
    let streams: Array = report.streams.iter().map(stream).collect();
    with(&[
        ("container", report.container.name().into()),
        ("bytes", (report.bytes as f64).into()),
        ("duration", report.duration.as_secs_f64().into()),
        ("streams", streams.into()),
    ])
}

fn stream(stream: &StreamReport) -> JsValue {
    let object = with(&[
        ("codec", stream.codec.into()),
        ("codecString", stream.codec_string.as_deref().map_or(JsValue::UNDEFINED, JsValue::from)),
        ("present", stream.present.into()),
        ("packets", (stream.packets as f64).into()),
        ("keyFrames", (stream.key_frames as f64).into()),
        ("bytes", (stream.bytes as f64).into()),
        ("duration", stream.length().as_secs_f64().into()),
        ("bitRate", (stream.average_bit_rate() as f64).into()),
    ]);
    match stream.kind {
        StreamKind::Video { width, height, frames } => set(
            &object,
            &[
                ("kind", "video".into()),
                ("width", width.into()),
                ("height", height.into()),
                ("frames", (frames as f64).into()),
            ],
        ),
        StreamKind::Audio { sample_rate, channels, samples } => set(
            &object,
            &[
                ("kind", "audio".into()),
                ("sampleRate", sample_rate.into()),
                ("channels", channels.into()),
                ("samples", (samples as f64).into()),
            ],
        ),
        StreamKind::Subtitle { cues } => set(&object, &[("kind", "subtitles".into()), ("cues", (cues as f64).into())]),
        // Nothing here adds a stream of another kind.
        _ => set(&object, &[("kind", "other".into())]),
    }
    object
}

fn with(entries: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new().into();
    set(&object, entries);
    object
}

fn set(object: &JsValue, entries: &[(&str, JsValue)]) {
    for (name, value) in entries {
        // Setting a property of an object that was made just now does not fail.
        let _ = Reflect::set(object, &(*name).into(), value);
    }
}
