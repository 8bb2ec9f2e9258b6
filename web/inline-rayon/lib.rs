//! What av-scenechange uses of rayon, done at once in the thread of the caller.
//!
//! There are no threads in this module, and rayon, which av-scenechange has always, brings its registry of them, its queues and
//! its latches all the same. Nothing that is computed depends on it: the files are those of the tool, which has rayon.
#![forbid(unsafe_code)]

use std::marker::PhantomData;

/// Where [`scope`] runs what is spawned.
pub struct Scope<'scope>(PhantomData<fn(&'scope ())>);

/// Runs `op`, and all that it spawns.
pub fn scope<'scope, R>(op: impl FnOnce(&Scope<'scope>) -> R) -> R {
    op(&Scope(PhantomData))
}

impl<'scope> Scope<'scope> {
    /// Runs `body`, now.
    pub fn spawn(&self, body: impl FnOnce(&Scope<'scope>) + Send + 'scope) {
        body(self);
    }
}

/// Iterators, one item after the other.
pub mod iter {
    /// An iterator of the standard library is all that is needed.
    pub trait ParallelIterator: Iterator {}

    impl<I: Iterator> ParallelIterator for I {}

    /// What an iterator can be made of.
    pub trait IntoParallelIterator {
        /// The iterator.
        type Iter: Iterator;

        /// Makes it.
        fn into_par_iter(self) -> Self::Iter;
    }

    impl<I: IntoIterator> IntoParallelIterator for I {
        type Iter = I::IntoIter;

        fn into_par_iter(self) -> I::IntoIter {
            self.into_iter()
        }
    }
}
