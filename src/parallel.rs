//! The only room that knows rayon. Without the `parallel` feature, or with one thread, everything runs inline: callers
//! see no difference but time.

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

/// The number of threads that `threads` means: itself, or for 0 that of the machine's cores.
pub(crate) fn resolve_threads(threads: usize) -> usize {
    match threads {
        0 if cfg!(feature = "parallel") => std::thread::available_parallelism().map_or(1, |cores| cores.get()),
        0 => 1,
        threads => threads,
    }
}
