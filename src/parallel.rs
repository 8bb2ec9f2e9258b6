//! The only room that knows rayon. Without the `parallel` feature, or with one thread, everything runs inline: callers
//! see no difference but time.

#[cfg(feature = "parallel")]
use std::sync::mpsc::{Sender, channel};
#[cfg(feature = "parallel")]
use std::sync::{Arc, Mutex, PoisonError};
#[cfg(feature = "parallel")]
use std::thread::JoinHandle;

#[cfg(feature = "parallel")]
use crate::error::Error;
use crate::error::Result;

/// A number of worker threads that pieces of one job are spread over.
pub(crate) struct Workers {
    #[cfg(feature = "parallel")]
    pool: Option<rayon::ThreadPool>,
}

impl Workers {
    /// `threads` workers; 0 means one for each core, 1 that the caller's thread does all.
    pub fn new(threads: usize) -> Result<Self> {
        #[cfg(feature = "parallel")]
        {
            let threads = resolve_threads(threads);
            let pool = match threads {
                1 => None,
                _ => Some(
                    rayon::ThreadPoolBuilder::new()
                        .num_threads(threads)
                        .thread_name(|index| format!("framewright-{index}"))
                        .build()
                        .map_err(|error| Error::codec("starting worker threads failed").with_source(error))?,
                ),
            };
            Ok(Workers { pool })
        }
        #[cfg(not(feature = "parallel"))]
        {
            let _ = threads;
            Ok(Workers {})
        }
    }

    /// Runs `job` on each item, in any order, and returns when all are done.
    pub fn for_each<T: Send>(&self, items: Vec<T>, job: impl Fn(T) + Send + Sync) {
        #[cfg(feature = "parallel")]
        if let (Some(pool), true) = (&self.pool, items.len() > 1) {
            use rayon::iter::{IntoParallelIterator, ParallelIterator};
            pool.install(|| items.into_par_iter().for_each(job));
            return;
        }
        items.into_iter().for_each(job);
    }
}

/// Threads that run jobs in the order in which they come. A job may wait for what its giver sends it.
#[cfg(feature = "parallel")]
pub(crate) struct Background {
    jobs: Option<Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

#[cfg(feature = "parallel")]
type Job = Box<dyn FnOnce() + Send>;

#[cfg(feature = "parallel")]
impl Background {
    pub fn new(threads: usize) -> Result<Self> {
        let (sender, jobs) = channel::<Job>();
        let jobs = Arc::new(Mutex::new(jobs));
        let mut background = Background { jobs: Some(sender), threads: Vec::new() };
        for index in 0..threads.max(1) {
            let jobs = Arc::clone(&jobs);
            let next = move || jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let thread = std::thread::Builder::new()
                .name(format!("framewright-group-{index}"))
                .spawn(move || {
                    while let Ok(job) = next() {
                        job();
                    }
                })
                .map_err(|error| Error::codec("starting worker threads failed").with_source(error))?;
            background.threads.push(thread);
        }
        Ok(background)
    }

    /// Runs `job`, which catches its own panics, when a thread is free.
    pub fn run(&self, job: impl FnOnce() + Send + 'static) -> Result<()> {
        let sent = self.jobs.as_ref().is_some_and(|jobs| jobs.send(Box::new(job)).is_ok());
        if sent { Ok(()) } else { Err(Error::codec("the worker threads have ended")) }
    }
}

#[cfg(feature = "parallel")]
impl Drop for Background {
    /// Waits for the jobs: whoever gave them sees to it that they end.
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // A job that panicked in spite of all has nothing more to say.
            let _ = thread.join();
        }
    }
}

/// The number of threads that `threads` means: itself, or for 0 that of the machine's cores.
pub(crate) fn resolve_threads(threads: usize) -> usize {
    match threads {
        0 if cfg!(feature = "parallel") => std::thread::available_parallelism().map_or(1, |cores| cores.get()),
        0 => 1,
        threads => threads,
    }
}
