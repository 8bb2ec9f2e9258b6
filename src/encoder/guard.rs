//! What a stream is worth after an engine has failed, and panics turned into errors.

use crate::error::{Error, ErrorKind, Result, catch_panic};

/// Whether a stream's engine can go on.
pub(super) enum Health {
    Well,
    /// The engine failed, in this way.
    Failed(ErrorKind, String),
    /// The stream has ended.
    Finished,
}

impl Health {
    pub fn is_well(&self) -> bool {
        matches!(self, Health::Well)
    }

    /// Fails where the stream cannot take more.
    pub fn check(&self) -> Result<()> {
        match self {
            Health::Well => Ok(()),
            Health::Failed(_, first) => Err(Error::state(format!("the stream failed before: {first}"))),
            Health::Finished => Err(Error::state("the stream was finished: it takes no more")),
        }
    }

    /// The failure itself, for who ends the stream.
    pub fn failure(&self) -> Result<()> {
        match self {
            Health::Failed(kind, first) => Err(Error::new(*kind, first.clone())),
            Health::Well | Health::Finished => Ok(()),
        }
    }

    /// Remembers a failure of the engine of stream `index` and passes it on.
    pub fn note(&mut self, kind: &str, index: usize, result: Result<()>) -> Result<()> {
        result.map_err(|error| error.context(format_args!("stream {index} ({kind})"))).inspect_err(|error| {
            *self = Health::Failed(error.kind(), error.to_string());
        })
    }
}

/// Runs a call into an engine, a muxer or a caller's sink: a panic there must not take the program with it.
pub(super) fn guarded<T>(doing: &str, call: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_panic(doing, call)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_that_stays() {
        let mut health = Health::Well;
        let result = guarded("the encoder", || -> Result<()> { panic!("at block {}", 7) });
        let error = health.note("video", 1, result).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Codec);
        assert!(error.to_string().contains("stream 1 (video): the encoder panicked: at block 7"), "{error}");
        assert_eq!(health.check().unwrap_err().kind(), ErrorKind::State);
        assert_eq!(health.failure().unwrap_err().to_string(), error.to_string());
    }
}
