//! Closed groups of pictures, each by an engine of its own, several at a time. The bytes are those of one engine for the
//! whole stream: nothing that it knows of earlier pictures outlives a key frame, at a constant quality.
//!
//! What it does with the last pictures of a group depends on when it sees those behind them. So each engine is shown the
//! first pictures of the next groups too, as many as it takes for its own to come out, and does not encode them.

#[cfg(feature = "parallel")]
mod crew;
mod group;
mod placement;
mod remote;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use ::rav1e::prelude::Frame;

pub(crate) use self::group::AnyGroup;
pub use self::remote::GroupPool;

#[cfg(feature = "parallel")]
use self::crew::Crew;
use self::placement::KeyPlacement;
use self::remote::Remote;
use super::rav1e::{Rav1e, Sample};
use super::{Av1Settings, RateControl, SceneDetection};
use crate::codec::{CodedPicture, VideoEngine, VideoInput};
use crate::error::{Error, Result};
use crate::media::CodecConfig;
use crate::parallel::resolve_threads;

/// Why groups need a constant quality.
pub(crate) const NO_BIT_RATE: &str =
    "groups of pictures that are encoded at a time do not know what the others take of it: use `crf`";

/// Where groups are encoded.
pub(crate) enum Place {
    /// In so many threads; so many bytes of pictures may wait for them.
    #[cfg(feature = "parallel")]
    Threads { groups: usize, bytes: u64 },
    /// By the caller.
    Elsewhere(Box<dyn GroupPool>),
}

/// An engine for settings that were validated.
pub(super) fn open(settings: &Av1Settings, place: Place) -> Result<Box<dyn VideoEngine>> {
    if let RateControl::BitRate { bits_per_second, .. } = settings.rate_control {
        return Err(Error::option("bit_rate", bits_per_second, NO_BIT_RATE));
    }
    match settings.format.bit_depth() {
        #[cfg(feature = "ten-bit")]
        9.. => Ok(Box::new(GroupedEngine::<u16>::open(settings, place)?)),
        _ => Ok(Box::new(GroupedEngine::<u8>::open(settings, place)?)),
    }
}

/// After so many pictures of other groups, all those of a group have come out: an engine looks at the pictures that it
/// reorders and one more to place key frames, as far again for the first picture of the next group, and holds back as many as
/// it weighs blocks by.
fn overlap(settings: &Av1Settings) -> usize {
    lookahead(settings) + 2 + super::rav1e::weighed_ahead(settings)
}

/// How many pictures behind one have to be there for it to be a key frame or not: four are reordered, or one is not, and one
/// more is looked at.
fn lookahead(settings: &Av1Settings) -> usize {
    if settings.low_latency { 2 } else { 5 }
}

impl Av1Settings {
    /// Those of an engine for one group, of which `groups` work at a time: it sets no key frame of its own.
    pub(crate) fn of_group(&self, groups: usize) -> Self {
        let threads = (resolve_threads(self.threads) / groups.max(1)).max(1);
        Av1Settings { scene_detection: SceneDetection::Off, threads, ..self.clone() }
    }
}

/// What encodes groups. They begin one after the other, numbered from 0.
trait Groups<T: Sample>: Send {
    /// The next picture that a group is shown: the first is a key frame, and from the second on they are of other groups.
    fn picture(&mut self, group: u64, frame: &Arc<Frame<T>>, is_key: bool) -> Result<()>;

    /// The group has seen all that it has to.
    fn end(&mut self, group: u64) -> Result<()>;

    /// The coded pictures of a group that has ended, if it is time for them: `newest` is the group that has begun last, or
    /// `None` where all have ended.
    fn take(&mut self, group: u64, newest: Option<u64>) -> Result<Option<Vec<Vec<u8>>>>;
}

/// Says which pictures are key frames, hands the groups out, and puts what comes back in order.
struct GroupedEngine<T: Sample> {
    /// Encodes nothing: it makes frames, and reads what was coded.
    reader: Rav1e<T>,
    placement: KeyPlacement<T>,
    decided: Vec<(Arc<Frame<T>>, bool)>,
    /// `None` after a failure, and after the end.
    groups: Option<Box<dyn Groups<T>>>,
    /// The groups that have not come back, the newest last; those that are shown pictures still are at the end.
    begun: VecDeque<Begun>,
    /// The number of the first of them.
    oldest: u64,
    /// How many pictures of other groups each is shown.
    overlap: usize,
    ended: bool,
}

/// A group, by what it was shown.
#[derive(Default)]
struct Begun {
    own: usize,
    others: usize,
    ended: bool,
}

impl<T: Sample> GroupedEngine<T> {
    fn open(settings: &Av1Settings, place: Place) -> Result<Self> {
        let groups: Box<dyn Groups<T>> = match place {
            #[cfg(feature = "parallel")]
            Place::Threads { groups, bytes } => Box::new(Crew::new(settings, groups, bytes)?),
            Place::Elsewhere(pool) => Box::new(Remote::new(pool, settings)),
        };
        Ok(GroupedEngine {
            reader: Rav1e::open(&settings.of_group(usize::MAX))?,
            placement: KeyPlacement::new(settings),
            decided: Vec::new(),
            groups: Some(groups),
            begun: VecDeque::new(),
            oldest: 0,
            overlap: overlap(settings),
            ended: false,
        })
    }

    fn newest(&self) -> u64 {
        self.oldest + (self.begun.len() as u64).saturating_sub(1)
    }

    fn groups(&mut self) -> Result<&mut Box<dyn Groups<T>>> {
        self.groups
            .as_mut()
            .ok_or_else(|| Error::state("the AV1 encoder has finished or failed; it takes no more pictures"))
    }

    /// Hands on the pictures of which it is known by now whether they are key frames.
    fn hand_on(&mut self, out: &mut Vec<CodedPicture>) -> Result<()> {
        for (frame, is_key) in std::mem::take(&mut self.decided) {
            if is_key {
                self.begun.push_back(Begun::default());
            }
            self.show(&frame, is_key)?;
            self.collect(out)?;
        }
        Ok(())
    }

    /// Shows a picture to the groups that have not ended.
    fn show(&mut self, frame: &Arc<Frame<T>>, is_key: bool) -> Result<()> {
        let (newest, overlap) = (self.newest(), self.overlap);
        let Some(groups) = &mut self.groups else { return Ok(()) };
        for (group, begun) in (self.oldest..).zip(&mut self.begun).filter(|(_, begun)| !begun.ended) {
            groups.picture(group, frame, is_key)?;
            if group == newest {
                begun.own += 1;
                continue;
            }
            begun.others += 1;
            if begun.others == overlap {
                groups.end(group)?;
                begun.ended = true;
            }
        }
        Ok(())
    }

    /// No more pictures come.
    fn end_all(&mut self) -> Result<()> {
        let Some(groups) = &mut self.groups else { return Ok(()) };
        for (group, begun) in (self.oldest..).zip(&mut self.begun).filter(|(_, begun)| !begun.ended) {
            groups.end(group)?;
            begun.ended = true;
        }
        Ok(())
    }

    /// Takes what has come back, in order.
    fn collect(&mut self, out: &mut Vec<CodedPicture>) -> Result<()> {
        let newest = (!self.ended).then_some(self.newest());
        while let Some(&Begun { own, ended: true, .. }) = self.begun.front() {
            let group = self.oldest;
            let Some(samples) = self.groups()?.take(group, newest)? else { break };
            self.read(group, own, samples, out)?;
            self.begun.pop_front();
            self.oldest += 1;
        }
        Ok(())
    }

    /// What comes from elsewhere may be anything.
    fn read(&mut self, group: u64, count: usize, samples: Vec<Vec<u8>>, out: &mut Vec<CodedPicture>) -> Result<()> {
        let wrong = |what: String| Error::codec(format!("group {group} of pictures: {what}"));
        if samples.len() != count {
            return Err(wrong(format!("{} came back of {count}", samples.len())));
        }
        for (index, sample) in samples.into_iter().enumerate() {
            let picture = self.reader.read_sample(sample)?;
            if picture.key != (index == 0) {
                return Err(wrong(format!(
                    "picture {index} has to be {}",
                    if index == 0 { "a key frame" } else { "none" }
                )));
            }
            out.push(picture);
        }
        Ok(())
    }

    /// Runs `call`, after whose failure nothing more is taken.
    fn guarded(&mut self, call: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let result = call(self);
        if result.is_err() {
            self.groups = None;
        }
        result
    }
}

impl<T: Sample> VideoEngine for GroupedEngine<T> {
    fn encode(&mut self, input: VideoInput<'_>, out: &mut Vec<CodedPicture>) -> Result<()> {
        self.groups()?;
        if self.ended {
            return Err(Error::state("no picture comes after the last"));
        }
        let frame = self.reader.padded_frame(&input.picture)?;
        self.placement.take(Arc::new(frame), input.force_key, &mut self.decided);
        self.guarded(|engine| engine.hand_on(out))
    }

    fn end_input(&mut self, out: &mut Vec<CodedPicture>) -> Result<()> {
        if self.ended {
            return Ok(());
        }
        self.placement.finish(&mut self.decided);
        self.guarded(|engine| {
            engine.hand_on(out)?;
            engine.ended = true;
            engine.end_all()
        })
    }

    fn finish(&mut self, out: &mut Vec<CodedPicture>) -> Result<()> {
        self.end_input(out)?;
        self.guarded(|engine| engine.collect(out))?;
        self.groups = None;
        match self.begun.len() {
            0 => Ok(()),
            left => Err(Error::state(format!("{left} groups of pictures have not come back from their pool"))),
        }
    }

    fn config(&self) -> Option<CodecConfig> {
        self.reader.config()
    }
}
