//! What a file is known by, whatever its name.

use super::split::SplitState;
use std::fs::Metadata;

/// A file's identity, which it keeps when it is renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct FileId {
    /// Its number on its device.
    pub inode: u64,
    /// When it was made, in nanoseconds, where the file system knows: the number of a removed file may be given to another.
    pub made: Option<u64>,
    device: u64,
}

impl FileId {
    /// The identity of the file that `metadata` is of.
    pub fn of(metadata: &Metadata) -> FileId {
        let made = metadata.created().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        let made = made.map(|made| made.as_nanos() as u64);
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            FileId { inode: metadata.ino(), made, device: metadata.dev() }
        }
        // Without numbers a file is known by when it was made.
        #[cfg(not(unix))]
        FileId { inode: made.unwrap_or(0), made, device: 0 }
    }

    /// The identity of the file that is at `path` now.
    pub fn at(path: &str) -> Option<FileId> {
        std::fs::metadata(path).ok().map(|metadata| FileId::of(&metadata))
    }

    /// Whether `state` is of the file with this identity, which is at `path`.
    ///
    /// A device is not compared: it may have another number after the machine was started anew.
    pub fn is_of(&self, state: &SplitState, path: &str) -> bool {
        match (state.inode, state.made, self.made) {
            (None, ..) => state.path == path,
            (Some(inode), ..) if inode != self.inode => false,
            (_, Some(before), Some(now)) => before == now,
            // Another device may have the same number: the file that is still under its name is not the one at `path`.
            _ => state.path == path || FileId::at(&state.path).is_none_or(|it| it.inode != self.inode || it == *self),
        }
    }
}
