//! How a run can end badly, and what is said about it.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use framewright::{Error, ErrorKind};

/// Something failed on the way.
pub const FAILED: u8 = 1;
/// The arguments or options cannot be followed, whatever the files hold.
pub const BAD_ARGUMENTS: u8 = 2;
/// Ctrl-C: 128 and the number of SIGINT, as shells have it.
pub const INTERRUPTED: u8 = 130;

/// Why there is no result: a message that says what to do, and the exit code.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Failure {
    /// Something that no file could have made right.
    pub fn usage(message: impl Into<String>) -> Self {
        Failure { code: BAD_ARGUMENTS, message: message.into(), source: None }
    }

    /// Something that went wrong.
    pub fn failed(message: impl Into<String>) -> Self {
        Failure { code: FAILED, message: message.into(), source: None }
    }

    /// Ctrl-C came before there was anything to keep.
    pub fn interrupted() -> Self {
        let message = "stopped before anything was encoded, so there is no file".into();
        Failure { code: INTERRUPTED, message, source: None }
    }

    /// `what` is the action, as in "reading `a.wav`".
    pub fn io(what: impl fmt::Display, source: io::Error) -> Self {
        Failure { code: FAILED, message: format!("{what} failed"), source: Some(source.into()) }
    }

    /// An input that cannot be read, whatever is wrong with it. The message names it, if the error does not yet.
    pub fn reading(name: &str, error: Error) -> Self {
        let failure = Failure { code: FAILED, ..Failure::from(error) };
        if failure.message.contains(name.trim_matches('`')) { failure } else { failure.context(name) }
    }

    /// The same with `context: ` in front.
    pub fn context(mut self, context: impl fmt::Display) -> Self {
        self.message = format!("{context}: {}", self.message);
        self
    }

    pub fn code(&self) -> u8 {
        self.code
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        // A container that refuses what was encoded ends the file, which is a state: its own word is the source.
        let cause = StdError::source(&error).and_then(|source| source.downcast_ref::<Error>()).unwrap_or(&error);
        let code = match cause.kind() {
            ErrorKind::InvalidOption | ErrorKind::Unsupported => BAD_ARGUMENTS,
            _ => FAILED,
        };
        Failure { code, message: error.to_string(), source: Some(Box::new(error)) }
    }
}

impl fmt::Display for Failure {
    /// The message, then each cause that the text before it does not already say.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let mut said = self.message.clone();
        let mut source: Option<&(dyn StdError + 'static)> = self.source.as_deref().map(|source| source as _);
        while let Some(error) = source {
            let text = error.to_string();
            if !said.contains(&text) {
                write!(f, "\n  because: {text}")?;
                said.push_str(&text);
            }
            source = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_said_once() {
        let failure = Failure::io("reading `a.wav`", io::Error::other("the disk is on fire"));
        assert_eq!(failure.to_string(), "reading `a.wav` failed\n  because: the disk is on fire");
        let usage = Failure::usage("no").context("--crf 99");
        assert_eq!((usage.to_string().as_str(), usage.code()), ("--crf 99: no", 2));
    }
}
