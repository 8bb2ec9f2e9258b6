//! A session into a sink that fails at one of its calls.

use std::io::{self, Cursor, Seek, SeekFrom, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arbitrary::{Result, Unstructured};
use framewright::inspect::{IndexPlacement, inspect};
use framewright::sink::{SeekSink, SharedWriter, StreamSink};
use framewright::testing::{ExpectedKind, Session};
use framewright::{Container, ErrorKind, Layout};

use crate::demux::{self, Found};

/// What a writer does at its call number `at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Fails,
    /// Says that it took nothing, which is how a writer says that it is full.
    TakesNothing,
    Panics,
    /// Neither loses anything: `write_all` calls again.
    Interrupted,
    WritesShort,
}

impl Fault {
    /// Whether flushing and seeking know nothing of it.
    fn is_of_writes(self) -> bool {
        matches!(self, Fault::TakesNothing | Fault::Interrupted)
    }
}

struct Faulty {
    file: SharedWriter<Cursor<Vec<u8>>>,
    calls: Arc<AtomicU64>,
    at: u64,
    fault: Fault,
}

impl Faulty {
    /// Counts a call, and fails where it is the one. `Some`: a short write is due.
    fn count(&self) -> io::Result<bool> {
        let is_due = self.calls.fetch_add(1, Ordering::Relaxed) == self.at;
        match self.fault {
            Fault::WritesShort => Ok(true),
            Fault::Fails if is_due => Err(io::Error::other("the disk is gone")),
            Fault::Panics if is_due => panic!("a panic of the caller's writer"),
            Fault::Interrupted if is_due => Err(io::ErrorKind::Interrupted.into()),
            _ => Ok(is_due && self.fault == Fault::TakesNothing),
        }
    }
}

impl Write for Faulty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let is_special = self.count()?;
        match self.fault {
            Fault::TakesNothing if is_special => Ok(0),
            Fault::WritesShort => self.file.write(&bytes[..bytes.len().min(3)]),
            _ => self.file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        // An interrupted flush is an error like another: nobody calls it again.
        if self.fault.is_of_writes() { Ok(()) } else { self.count().map(|_| ()) }
    }
}

impl Seek for Faulty {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        // The standard library does not repeat an interrupted seek either.
        if !self.fault.is_of_writes() {
            self.count()?;
        }
        self.file.seek(to)
    }
}

/// A writer that fails, panics, is full or is interrupted at its k-th call, or that writes short at each. What loses nothing leaves the same
/// bytes; what fails is the first error that comes back, and after it the encoder says that it failed before. No panic gets
/// out. What a fragmented MP4, Matroska or WebM left is read by `inspect`, and by `matroska-demuxer`, up to its end.
pub fn run(data: &[u8]) {
    let _ = faults(&mut Unstructured::new(data));
}

fn faults(u: &mut Unstructured<'_>) -> Result<()> {
    let session: Session = u.arbitrary()?;
    // A session with AV1 takes as long as a hundred others, and sinks are the same to all.
    if session.streams().iter().any(|stream| matches!(stream.codec, "av1" | "opus")) && !u.ratio(1, 8)? {
        return Ok(());
    }
    let faults = [Fault::Fails, Fault::TakesNothing, Fault::Panics, Fault::Interrupted, Fault::WritesShort];
    let fault = *u.choose(&faults)?;
    let (whole, calls, outcome) = write(&session, u64::MAX, Fault::Fails);
    assert!(outcome.is_ok(), "{session:?} without a fault: {outcome:?}");
    let calls = if fault.is_of_writes() { write(&session, u64::MAX, fault).1 } else { calls };
    let at = u.int_in_range(0..=calls.max(1) - 1)?;
    let (left, _, outcome) = write(&session, at, fault);
    match (fault, outcome) {
        (Fault::Interrupted | Fault::WritesShort, Ok(())) => {
            assert!(left == whole, "{session:?} {fault:?}: other bytes")
        }
        (Fault::Interrupted | Fault::WritesShort, Err((error, _))) => {
            panic!("{session:?} {fault:?} at {at}: {error:?}")
        }
        (_, Ok(())) => panic!("{session:?}: {fault:?} at {at} of {calls} and no error"),
        (_, Err((first, then))) => {
            let kind = if fault == Fault::Panics { ErrorKind::Codec } else { ErrorKind::Io };
            assert_eq!(first.kind(), kind, "{session:?} {fault:?} at {at}: {first:?}");
            match then {
                // It was `close` that failed.
                None => {}
                Some(Ok(())) => panic!("{session:?} {fault:?} at {at}: `close` knows nothing of {first:?}"),
                Some(Err(then)) => {
                    assert_eq!(then.kind(), ErrorKind::State, "{session:?} {fault:?} at {at}: {then:?}");
                    assert!(then.to_string().contains("failed before"), "{then}");
                }
            }
            plays(&session, &whole, &left, first.to_string().contains("what was written plays"));
        }
    }
    Ok(())
}

/// What was left of a file that promises it plays up to where it ends, with what the whole file has there.
fn plays(session: &Session, whole: &[u8], left: &[u8], is_promised: bool) {
    // It is the error's message that promises it, once packets may be there.
    let is_matroska = matches!(session.container(), Container::Matroska | Container::WebM);
    let is_fragmented = matches!(session.container(), Container::Mp4 | Container::Mov)
        && matches!(session.layout(), Some(Layout::Fragmented | Layout::Recoverable));
    if left.is_empty() || !(is_promised && (is_matroska || is_fragmented)) {
        return;
    }
    let info = inspect(Cursor::new(left))
        .unwrap_or_else(|error| panic!("{session:?}: {} bytes that should play: {error:?}", left.len()));
    assert!(!info.tracks.is_empty());
    let (found, all) = if is_matroska {
        (demux::matroska_up_to_its_end(left), demux::matroska_up_to_its_end(whole))
    } else if info.layout == IndexPlacement::Fragmented {
        let all = match session.layout() {
            Some(Layout::Fragmented) => demux::fragments(whole, true),
            // It is plain when it is complete; of MOV the crate reads no sound.
            _ if session.container() == Container::Mp4 => {
                let info = inspect(Cursor::new(whole)).expect("a whole file");
                let present: Vec<usize> = info.tracks.iter().map(|track| track.number as usize - 1).collect();
                demux::mp4(whole, &present)
            }
            _ => return,
        };
        (demux::fragments(left, false), all)
    } else {
        return;
    };
    for (track, stream) in session.streams().iter().enumerate() {
        // A cue is cut where another begins, which what was left does not know of yet.
        if stream.kind == ExpectedKind::Subtitle && !is_matroska {
            continue;
        }
        let data = |frames: &[Found]| {
            frames.iter().filter(|frame| frame.track == track).flat_map(|frame| frame.data.clone()).collect::<Vec<u8>>()
        };
        assert!(data(&all).starts_with(&data(&found)), "{session:?}: other frames of track {track}");
    }
    let packets: u64 = info.tracks.iter().map(|track| track.packets).sum();
    assert_eq!(found.len() as u64, packets, "{session:?}: frames that two readers find in {} bytes", left.len());
}

type Outcome = std::result::Result<(), (framewright::Error, Option<framewright::Result<()>>)>;

/// The bytes that were left, the calls of the writer, and what came of it.
fn write(session: &Session, at: u64, fault: Fault) -> (Vec<u8>, u64, Outcome) {
    let (file, calls) = (SharedWriter::new(Cursor::new(Vec::new())), Arc::new(AtomicU64::new(0)));
    let writer = Faulty { file: file.clone(), calls: Arc::clone(&calls), at, fault };
    let is_stream = session.layout().is_some_and(|layout: Layout| !layout.needs_patching());
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        if is_stream {
            return Some(session.write_to(StreamSink::new(writer)));
        }
        // The first seek asks where the writer stands, before there is an encoder.
        SeekSink::new(writer).ok().map(|sink| session.write_to(sink))
    }));
    let outcome = match outcome {
        Ok(Some(outcome)) => outcome,
        // The fault came in `SeekSink::new`, which is the caller's.
        Ok(None) | Err(_) if at == 0 && !is_stream => return write(session, 1, fault),
        _ => panic!("{session:?} {fault:?} at {at}: a panic got out"),
    };
    let bytes = file.with(|file| file.get_ref().clone());
    (bytes, calls.load(Ordering::Relaxed), outcome)
}
