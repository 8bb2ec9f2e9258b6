//! The one error type of the crate.

use std::any::Any;
use std::error::Error as StdError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::{fmt, io};

/// `std::result::Result` with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, in words that say what to do about it.
///
/// The type is opaque: [`kind`](Error::kind) is for programs, [`Display`](fmt::Display) for people, and
/// [`source`](StdError::source) leads to the cause where there is one.
///
/// ```
/// use framewright::{Encoder, ErrorKind, VideoOptions};
///
/// let error = Encoder::new().add_video(VideoOptions::new(640, 360).crf(64)).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::InvalidOption);
/// assert!(error.to_string().contains("crf"));
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The kinds of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An option has a value, or a combination of values, that is not allowed. Nothing was opened or truncated.
    InvalidOption,
    /// A frame, a block of samples, a time stamp or an input file is not what it has to be.
    /// The stream goes on: the piece that was refused has left no trace.
    InvalidInput,
    /// The combination is sound, but this build or this container does not have it. A stream that refuses a frame with
    /// it goes on.
    Unsupported,
    /// A limit was reached; the message names it and the option that raises it. The stream goes on.
    Limit,
    /// The call does not fit the state: before `open_*`, after `close`, or after an earlier failure. Also such a failure
    /// itself, where the container refuses what a codec made: that ends the file, and the source, an [`Error`], says why.
    State,
    /// Reading or writing failed. The [`io::Error`] is the source.
    Io,
    /// A codec failed on sound input, or panicked.
    Codec,
    /// There is no GPU, or the one in use failed (feature `gpu`). The stream that used it does not go on.
    Device,
}

impl Error {
    /// What kind of error this is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error(Box::new(Inner { kind, message: message.into(), source: None }))
    }

    /// An option whose value is refused: names the option, the value, and what is allowed.
    pub(crate) fn option(name: &str, value: impl fmt::Display, allowed: impl fmt::Display) -> Self {
        Self::new(ErrorKind::InvalidOption, format!("option `{name}` is {value}: {allowed}"))
    }

    /// What this build of the library leaves out, and the feature that brings it.
    pub(crate) fn left_out(name: &str, value: impl fmt::Display, feature: &str) -> Self {
        let allowed = format!("this build has none: build framewright with its feature `{feature}`");
        Self::unsupported(format!("option `{name}` is {value}: {allowed}"))
    }

    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, message)
    }

    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    pub(crate) fn limit(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Limit, message)
    }

    pub(crate) fn state(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::State, message)
    }

    pub(crate) fn codec(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Codec, message)
    }

    /// `what` is the action that failed, as in "writing the output".
    pub(crate) fn io(what: impl fmt::Display, source: io::Error) -> Self {
        Self::new(ErrorKind::Io, format!("{what} failed: {source}")).with_source(source)
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The same error with `; note` behind its message.
    pub(crate) fn followed_by(mut self, note: impl fmt::Display) -> Self {
        self.0.message = format!("{}; {note}", self.0.message);
        self
    }

    /// The same error with `context: ` in front of its message.
    pub(crate) fn context(mut self, context: impl fmt::Display) -> Self {
        self.0.message = format!("{context}: {}", self.0.message);
        self
    }
}

/// Runs `call`, and makes an error of a panic in it: "`doing` panicked". What it was working on is in no state to go on
/// with, and the caller has to see to it that nobody does.
pub(crate) fn catch_panic<R>(doing: impl fmt::Display, call: impl FnOnce() -> R) -> Result<R> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|panic: Box<dyn Any + Send>| {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
        Error::codec(format!("{doing} panicked: {text}"))
    })
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
