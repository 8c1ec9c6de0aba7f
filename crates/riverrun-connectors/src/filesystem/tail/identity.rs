//! What a file is known by, whatever its name.

use super::super::compression::Compression;
use super::super::location::{self, FoundFile};
use super::super::split::SplitState;
use std::fs::Metadata;
use std::path::Path;

/// A file's identity, which it keeps when it is renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// The file of `state`, if it is in the folder of its path under another name: where a rotation has put it.
pub fn renamed(state: &SplitState) -> Option<String> {
    let entries = std::fs::read_dir(location::parent(Path::new(&state.path))).ok()?;
    entries.flatten().find_map(|entry| {
        let metadata = entry.metadata().ok().filter(Metadata::is_file)?;
        let path = location::absolute(&entry.path());
        FileId::of(&metadata).is_of(state, &path).then_some(path)
    })
}

/// What to say of a file of an earlier run that is not there any more, while another one has its path.
pub fn gone(state: &SplitState) -> String {
    let SplitState { path, offset, .. } = state;
    let mut text =
        format!("{path} is another file than before, and the old one is gone: {offset} bytes of it had been read");
    let path = Path::new(path);
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let entries = std::fs::read_dir(location::parent(path)).into_iter().flatten().flatten();
    let newest = entries
        .map(|entry| (entry.metadata().and_then(|metadata| metadata.modified()).ok(), entry.file_name()))
        .map(|(modified, entry)| (modified, entry.to_string_lossy().into_owned()))
        .filter(|(_, entry)| entry.starts_with(&name) && Compression::of(entry) != Compression::None)
        .max();
    if let Some((_, compressed)) = newest {
        text += &format!("; what came behind them may be in {compressed}, which is not read");
    }
    text
}

/// The files that were found and are still there, with their identities.
pub fn identified(found: Vec<FoundFile>) -> Vec<(FoundFile, FileId)> {
    let identify = |file: FoundFile| {
        let now = std::fs::metadata(&*file.path).ok()?;
        // It may be another file than was found.
        Some((FoundFile { size: now.len(), ..file }, FileId::of(&now)))
    };
    found.into_iter().filter_map(identify).collect()
}
