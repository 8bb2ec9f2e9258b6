//! Groups in threads: a thread a group, as many as there are threads.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use ::rav1e::prelude::Frame;

use super::super::Av1Settings;
use super::super::rav1e::Sample;
use super::Groups;
use super::group::Group;
use crate::error::{Error, Result, catch_panic};
use crate::parallel::Background;

/// Encodes groups in threads. What it gives, and when, does not depend on how fast they are.
pub(super) struct Crew<T: Sample> {
    settings: Av1Settings,
    /// So many groups after its own, a group is waited for: one more than there are threads, so that none stands idle while
    /// the slowest of them ends.
    ahead: u64,
    /// So many bytes of pictures may wait.
    limit: u64,
    waiting: u64,
    /// The groups that have begun and are not coded.
    begun: BTreeMap<u64, Begun<T>>,
    done: BTreeMap<u64, Result<Vec<Vec<u8>>>>,
    /// Whether a group has failed, whose pictures wait for nobody.
    failed: bool,
    events: Receiver<Event>,
    reporter: Sender<Event>,
    given_up: Arc<AtomicBool>,
    background: Background,
}

struct Begun<T: Sample> {
    /// Where its pictures go, until it has ended.
    pictures: Option<Sender<Shown<T>>>,
    /// How many of them wait.
    waiting: usize,
}

/// A picture that a group is shown, and whether it is a key frame.
type Shown<T> = (Arc<Frame<T>>, bool);

enum Event {
    /// A picture of so many bytes, of that group, waits no more.
    Taken(u64, u64),
    /// A group is coded.
    Done(u64, Result<Vec<Vec<u8>>>),
}

impl<T: Sample> Crew<T> {
    pub fn new(settings: &Av1Settings, groups: usize, limit: u64) -> Result<Self> {
        let (reporter, events) = channel();
        Ok(Crew {
            settings: settings.of_group(groups),
            ahead: groups as u64 + 1,
            limit,
            waiting: 0,
            begun: BTreeMap::new(),
            done: BTreeMap::new(),
            failed: false,
            events,
            reporter,
            given_up: Arc::default(),
            background: Background::new(groups)?,
        })
    }

    fn note(&mut self, event: Event) {
        match event {
            Event::Taken(group, bytes) => {
                self.waiting = self.waiting.saturating_sub(bytes);
                if let Some(begun) = self.begun.get_mut(&group) {
                    begun.waiting = begun.waiting.saturating_sub(1);
                }
            }
            Event::Done(group, result) => {
                self.failed |= result.is_err();
                self.begun.remove(&group);
                self.done.insert(group, result);
            }
        }
    }

    /// Waits until a thread has something to say.
    fn wait(&mut self) -> Result<()> {
        let event = self.events.recv().map_err(|_| Error::codec("the threads of the AV1 encoder have ended"))?;
        self.note(event);
        Ok(())
    }

    /// Waits until there is room for one more picture of `bytes`.
    fn make_room(&mut self, bytes: u64) -> Result<()> {
        while let Ok(event) = self.events.try_recv() {
            self.note(event);
        }
        while !self.failed && self.waiting > 0 && self.waiting + bytes > self.limit {
            // The oldest group has a thread. Where it has taken all it was shown and is to be shown more, nothing moves before
            // it is, and the picture at hand is more important than the limit.
            let moves =
                self.begun.values().next().is_some_and(|oldest| oldest.pictures.is_none() || oldest.waiting > 0);
            if !moves {
                break;
            }
            self.wait()?;
        }
        Ok(())
    }

    fn begin(&mut self, group: u64) -> Result<()> {
        let (sender, pictures) = channel();
        let (settings, reporter) = (self.settings.clone(), self.reporter.clone());
        let given_up = Arc::clone(&self.given_up);
        self.begun.insert(group, Begun { pictures: Some(sender), waiting: 0 });
        self.background.run(move || {
            let taken = |bytes| {
                // Where nobody listens any more, nobody wants to know.
                let _ = reporter.send(Event::Taken(group, bytes));
            };
            let coded = catch_panic("the AV1 encoder", || encode(&settings, pictures, taken, &given_up));
            let _ = reporter.send(Event::Done(group, coded.and_then(|coded| coded)));
        })
    }
}

impl<T: Sample> Groups<T> for Crew<T> {
    fn picture(&mut self, group: u64, frame: &Arc<Frame<T>>, is_key: bool) -> Result<()> {
        let bytes = bytes(frame);
        self.make_room(bytes)?;
        if !self.begun.contains_key(&group) && !self.done.contains_key(&group) {
            self.begin(group)?;
        }
        // A group that has failed takes no more; what it has to say comes when it is its turn.
        let Some(begun) = self.begun.get_mut(&group) else { return Ok(()) };
        if let Some(pictures) = &begun.pictures
            && pictures.send((Arc::clone(frame), is_key)).is_ok()
        {
            begun.waiting += 1;
            self.waiting += bytes;
        }
        Ok(())
    }

    fn end(&mut self, group: u64) -> Result<()> {
        if let Some(begun) = self.begun.get_mut(&group) {
            begun.pictures = None;
        }
        Ok(())
    }

    fn take(&mut self, group: u64, newest: Option<u64>) -> Result<Option<Vec<Vec<u8>>>> {
        if newest.is_some_and(|newest| newest - group < self.ahead) {
            return Ok(None);
        }
        loop {
            match self.done.remove(&group) {
                Some(coded) => return coded.map(Some),
                None => self.wait()?,
            }
        }
    }
}

impl<T: Sample> Drop for Crew<T> {
    fn drop(&mut self) {
        self.given_up.store(true, Ordering::Relaxed);
        self.begun.clear();
    }
}

fn encode<T: Sample>(
    settings: &Av1Settings,
    pictures: Receiver<Shown<T>>,
    taken: impl Fn(u64),
    given_up: &AtomicBool,
) -> Result<Vec<Vec<u8>>> {
    let mut group = Group::open(settings)?;
    for (frame, is_key) in pictures {
        if given_up.load(Ordering::Relaxed) {
            return Err(Error::state("the encoder was given up"));
        }
        let bytes = bytes(&frame);
        group.picture(frame, is_key)?;
        taken(bytes);
    }
    if given_up.load(Ordering::Relaxed) {
        return Err(Error::state("the encoder was given up"));
    }
    group.finish()
}

/// What a frame takes in memory, with the room around it.
fn bytes<T: Sample>(frame: &Frame<T>) -> u64 {
    frame.planes.iter().map(|plane| std::mem::size_of_val(&plane.data[..]) as u64).sum()
}
