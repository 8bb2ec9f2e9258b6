//! Errors as JavaScript has them, and what is left to say after a panic; times, which can be wrong.

use std::sync::{Mutex, PoisonError};

use framewright::media::TimeBase;
use framewright::{Error, ErrorKind, Timestamp};
use js_sys::Reflect;
use wasm_bindgen::prelude::*;

/// What the last panic said. Panics end the module in WebAssembly: JavaScript sees a trap without words, and asks here.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Runs when the module is loaded.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|info| {
        *PANIC.lock().unwrap_or_else(PoisonError::into_inner) = Some(info.to_string());
    }));
}

/// What the panic said that ended the module, if one did.
#[wasm_bindgen(js_name = takePanic)]
pub fn take_panic() -> Option<String> {
    PANIC.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// An `Error` of JavaScript with a property `kind`.
pub fn failure(kind: &str, message: &str) -> JsValue {
    let error = js_sys::Error::new(message);
    error.set_name("FramewrightError");
    // Setting a property of an object that was made just now does not fail.
    let _ = Reflect::set(&error, &"kind".into(), &kind.into());
    error.into()
}

/// The library's error, in its own words.
pub fn from_library(error: Error) -> JsValue {
    failure(kind(error.kind()), &error.to_string())
}

/// Times come in microseconds, as WebCodecs has them.
const MICROSECONDS: TimeBase = TimeBase::per_second(1_000_000);

/// A time of JavaScript, or the error that says why it is none.
pub fn timestamp(microseconds: f64) -> Result<Timestamp, JsValue> {
    // Beyond 2^53 a number of JavaScript is no whole number any more; that is 285 years.
    if microseconds.is_finite() && microseconds.abs() < 9_007_199_254_740_992.0 {
        Ok(Timestamp::new(microseconds.round() as i64, MICROSECONDS))
    } else {
        Err(failure("invalid-input", &format!("a time of {microseconds} microseconds: it has to be a whole number")))
    }
}

/// The kinds as the TypeScript names them.
fn kind(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidOption => "invalid-option",
        ErrorKind::InvalidInput => "invalid-input",
        ErrorKind::Unsupported => "unsupported",
        ErrorKind::Limit => "limit",
        ErrorKind::State => "state",
        ErrorKind::Io => "io",
        ErrorKind::Codec => "codec",
        ErrorKind::Device => "device",
        _ => "other",
    }
}
