//! Ctrl-C: once to stop and keep what there is, twice to give up.

use std::fs;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::failure::{Failure, INTERRUPTED};

/// Whether somebody wants us to stop.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    wanted: Arc<AtomicBool>,
    unfinished: Arc<Mutex<Option<PathBuf>>>,
}

#[cfg_attr(target_family = "wasm", allow(dead_code, reason = "there are no signals under WASI"))]
impl Interrupt {
    /// Watches for SIGINT, SIGTERM and SIGHUP, or the console's events on Windows, from here on. Under WASI there is nothing
    /// to watch for.
    pub fn watch() -> Result<Self, Failure> {
        let interrupt = Interrupt::default();
        #[cfg(not(target_family = "wasm"))]
        interrupt.listen()?;
        Ok(interrupt)
    }

    #[cfg(not(target_family = "wasm"))]
    fn listen(&self) -> Result<(), Failure> {
        let seen = self.clone();
        ctrlc::set_handler(move || seen.signalled())
            .map_err(|error| Failure::failed(format!("watching for Ctrl-C failed: {error}")))
    }

    /// Whether to stop at the next good moment.
    pub fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }

    /// Asks for a stop, as the first Ctrl-C does; false where that was asked for before.
    pub fn request(&self) -> bool {
        !self.wanted.swap(true, Ordering::Relaxed)
    }

    /// Names the file that a second Ctrl-C removes, which ends the program at once.
    pub fn set_unfinished(&self, path: Option<PathBuf>) {
        *self.unfinished.lock().unwrap_or_else(PoisonError::into_inner) = path;
    }

    fn signalled(&self) {
        if self.request() {
            return;
        }
        if let Some(path) = self.unfinished.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // It may not exist yet, or no longer.
            let _ = fs::remove_file(path);
        }
        process::exit(INTERRUPTED.into());
    }
}
