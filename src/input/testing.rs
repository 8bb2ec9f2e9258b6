//! The clips that tests read, where they are.

use std::io::Write;
use std::path::{Path, PathBuf};

/// The folder `name` of the reference media: in `$FRAMEWRIGHT_MEDIA`, or beside the repository. `None`, with a line that
/// says so, where it is absent.
pub(super) fn media(name: &str) -> Option<PathBuf> {
    let root = match std::env::var_os("FRAMEWRIGHT_MEDIA") {
        Some(root) => PathBuf::from(root),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/media"),
    };
    let folder = root.join(name);
    if !folder.is_dir() {
        let _ = writeln!(std::io::stderr(), "SKIPPED: there is no {} (set FRAMEWRIGHT_MEDIA)", folder.display());
        return None;
    }
    Some(folder)
}
