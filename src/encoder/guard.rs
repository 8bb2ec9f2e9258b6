//! How streams end: well, or after a failure of their engine; and panics turned into errors.

use crate::error::{Error, ErrorKind, Result, catch_panic};

/// Whether a stream can go on.
#[derive(Default)]
pub(super) struct Health {
    state: State,
    /// What went wrong when the handle was dropped, for `close` to return.
    late: Option<Error>,
}

#[derive(Default)]
enum State {
    #[default]
    Well,
    /// The engine failed, in this way.
    Failed(ErrorKind, String),
    /// The stream has ended.
    Finished,
}

impl Health {
    /// Fails where the stream cannot take more.
    pub fn check(&self) -> Result<()> {
        match &self.state {
            State::Well => Ok(()),
            State::Failed(_, first) => Err(Error::state(format!("the stream failed before: {first}"))),
            State::Finished => Err(Error::state("the stream was finished: it takes no more")),
        }
    }

    /// Remembers a failure of the engine of stream `index` and passes it on.
    pub fn note(&mut self, kind: &str, index: usize, result: Result<()>) -> Result<()> {
        result.map_err(|error| error.context(format_args!("stream {index} ({kind})"))).inspect_err(|error| {
            self.state = State::Failed(error.kind(), error.to_string());
        })
    }
}

/// How a stream ends, be it of pictures or of sound.
pub(super) trait Ending {
    fn health(&mut self) -> &mut Health;

    /// Takes what the engine holds, and hands it on.
    fn drain(&mut self) -> Result<()>;

    /// Hands on to the session what has come out of the engine and is whole.
    fn hand_on(&mut self) -> Result<()>;

    /// Tells the session that no more will come, and lets go of the engine.
    fn end(&mut self) -> Result<()>;

    /// Takes what the engine holds, and ends the stream. A failure that came before is returned again, for who closes.
    fn finish(&mut self) -> Result<()> {
        let health = self.health();
        if let Some(late) = health.late.take() {
            return Err(late);
        }
        match &health.state {
            State::Well => {}
            State::Finished => return Ok(()),
            State::Failed(kind, first) => return Err(Error::new(*kind, first.clone())),
        }
        let drained = self.drain();
        let ended = self.end();
        if let State::Well = self.health().state {
            self.health().state = State::Finished;
        }
        drained.and(ended)
    }

    /// As [`finish`](Self::finish), for a drop, which cannot return an error.
    fn finish_quietly(&mut self) {
        if let Err(error) = self.finish() {
            self.health().late = Some(error);
        }
    }

    /// After a failure of the engine: hands on what came before, so that it is in the file, and ends the stream, so that
    /// no other waits for it. The failure is what counts, whatever this comes to.
    fn give_up(&mut self) {
        let _ = self.hand_on().and_then(|()| self.end());
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
        let mut health = Health::default();
        let result = guarded("the encoder", || -> Result<()> { panic!("at block {}", 7) });
        let error = health.note("video", 1, result).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Codec);
        assert!(error.to_string().contains("stream 1 (video): the encoder panicked: at block 7"), "{error}");
        assert_eq!(health.check().unwrap_err().kind(), ErrorKind::State);
    }
}
