//! The last pictures, and the search between them: on the CPU, or by whatever else can search.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::instructions::Instructions;
use super::pyramid::{Luma, Pyramid};
use super::scenes::Costs;
use super::search::{Pair, search, search_coarse};
use crate::error::Result;
use crate::media::{MotionField, PlaneView};
use crate::parallel::Workers;

/// How many pictures are held: the newest, and as many before it as a flash takes to be told from a cut.
pub(crate) const HELD: usize = 4;

/// Another way to search than the CPU's, with the same integers.
///
/// It holds the last [`HELD`] pictures that it took, which are all of one size; they are counted from the newest, which is
/// 0. After an error it is not asked again: the CPU takes over.
pub(crate) trait Searcher: fmt::Debug + Send {
    /// Takes a picture in as the newest.
    fn take(&mut self, luma: &Luma) -> Result<()>;

    /// Takes the newest once more.
    fn repeat(&mut self) -> Result<()>;

    /// Searches picture `newer` for where it came from in `older`. Both are held.
    fn search(&mut self, newer: usize, older: usize, depth: Depth<'_>) -> Result<Found>;
}

/// How far a search goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Depth<'a> {
    /// Through level 1, which tells the costs.
    Coarse,
    /// Through all levels, with the field of the picture before, which counts where it has this size.
    Field(Option<&'a MotionField>),
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub costs: Costs,
    /// There where the search went that far.
    pub field: Option<MotionField>,
}

/// What another searcher did, for whoever wants to report it. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct SearchRecord(Arc<Mutex<Record>>);

#[derive(Debug, Default)]
struct Record {
    pictures: u64,
    failure: Option<String>,
}

#[cfg_attr(not(feature = "gpu"), allow(dead_code, reason = "without the feature nobody asks but tests"))]
impl SearchRecord {
    /// How many pictures it searched.
    pub fn pictures(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pictures
    }

    /// Why the CPU took over.
    pub fn failure(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).failure.clone()
    }

    fn note(&self, change: impl FnOnce(&mut Record)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// The pictures that the next is compared with, by the CPU or by another searcher, whose place the CPU takes where that
/// fails: with the same results, as it makes the pyramids again from luma that was kept for that.
pub(super) struct Pictures {
    cpu: Cpu,
    other: Option<Other>,
    record: SearchRecord,
    held: usize,
}

struct Other {
    searcher: Box<dyn Searcher>,
    /// What it holds, newest first.
    lumas: VecDeque<Arc<Luma>>,
}

impl Pictures {
    pub fn new(workers: Workers) -> Self {
        Pictures { cpu: Cpu::new(workers), other: None, record: SearchRecord::default(), held: 0 }
    }

    /// Before the first picture.
    pub fn set_workers(&mut self, workers: Workers) {
        self.cpu.workers = workers;
    }

    /// Before the first picture.
    pub fn set_searcher(&mut self, searcher: Box<dyn Searcher>, record: SearchRecord) {
        self.other = Some(Other { searcher, lumas: VecDeque::new() });
        self.record = record;
    }

    /// What another searcher did.
    #[cfg(feature = "gpu")]
    pub fn record(&self) -> &SearchRecord {
        &self.record
    }

    /// How many pictures are held.
    pub fn held(&self) -> usize {
        self.held
    }

    /// Takes a picture in as the newest; `shift` is by how many bits the samples are deeper than 8.
    pub fn take(&mut self, luma: &PlaneView<'_>, shift: u32) {
        self.held = (self.held + 1).min(HELD);
        let Some(other) = &mut self.other else { return self.cpu.take(luma, shift) };
        let oldest = if other.lumas.len() == HELD { other.lumas.pop_back() } else { None };
        let mut kept = oldest.and_then(Arc::into_inner).unwrap_or_default();
        kept.take(luma, shift);
        let kept = Arc::new(kept);
        other.lumas.push_front(Arc::clone(&kept));
        if let Err(error) = other.searcher.take(&kept) {
            self.fall_back(&error.to_string());
        }
    }

    /// Takes the newest picture once more.
    pub fn repeat(&mut self) {
        self.held = (self.held + 1).min(HELD);
        let Some(other) = &mut self.other else { return self.cpu.repeat() };
        if let Some(newest) = other.lumas.front().cloned() {
            other.lumas.push_front(newest);
            other.lumas.truncate(HELD);
        }
        if let Err(error) = other.searcher.repeat() {
            self.fall_back(&error.to_string());
        }
    }

    /// Searches picture `newer` for where it came from in `older`, counted from the newest, which is 0.
    pub fn search(&mut self, newer: usize, older: usize, depth: Depth<'_>) -> Found {
        if let Some(other) = &mut self.other {
            match other.searcher.search(newer, older, depth) {
                Ok(found) => {
                    // Pictures further back are looked at again where one may be a flash.
                    self.record.note(|record| record.pictures += u64::from((newer, older) == (0, 1)));
                    return found;
                }
                Err(error) => self.fall_back(&error.to_string()),
            }
        }
        self.cpu.search(newer, older, depth)
    }

    /// Begins anew.
    pub fn clear(&mut self) {
        self.held = 0;
    }

    fn fall_back(&mut self, why: &str) {
        let Some(Other { lumas, .. }) = self.other.take() else { return };
        self.record.note(|record| record.failure = Some(why.to_owned()));
        for luma in lumas.iter().rev() {
            self.cpu.take(&luma.view(), 0);
        }
    }
}

impl fmt::Debug for Pictures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pictures({} held)", self.held)
    }
}

struct Cpu {
    workers: Workers,
    instructions: Instructions,
    /// Newest first.
    pyramids: [Pyramid; HELD],
}

impl Cpu {
    fn new(workers: Workers) -> Self {
        Cpu { workers, instructions: Instructions::detect(), pyramids: Default::default() }
    }

    fn take(&mut self, luma: &PlaneView<'_>, shift: u32) {
        self.pyramids.rotate_right(1);
        self.pyramids[0].take(luma, shift);
    }

    fn repeat(&mut self) {
        self.pyramids.rotate_right(1);
        self.pyramids[0] = self.pyramids[1].clone();
    }

    fn search(&self, newer: usize, older: usize, depth: Depth<'_>) -> Found {
        let pair = Pair { current: &self.pyramids[newer], before: &self.pyramids[older] };
        let coarse = search_coarse(pair, self.instructions, &self.workers);
        let costs = Costs::new(&pair.current.quarter, &pair.before.quarter, &coarse);
        let field = match depth {
            Depth::Coarse => None,
            Depth::Field(last) => Some(search(pair, &coarse, last, self.instructions, &self.workers)),
        };
        Found { costs, field }
    }
}
