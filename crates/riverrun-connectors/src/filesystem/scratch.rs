//! The scratch place of a table of files: a folder of its own.

use super::{MONITOR_INTERVAL, PATH, PATH_PATTERN, TAIL};
use crate::scratch::{Scratch, ScratchSpec, set, unset};

/// A folder below the rehearsal's.
pub fn scratch(spec: &ScratchSpec) -> Scratch {
    let path = spec.folder.join(&spec.name);
    Scratch {
        write: vec![set(PATH.name, path.display().to_string())],
        read: vec![unset(MONITOR_INTERVAL.name), unset(PATH_PATTERN.name), unset(TAIL.name)],
        remove: None,
    }
}
