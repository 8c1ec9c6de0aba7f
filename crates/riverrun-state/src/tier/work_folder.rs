//! The folder in which a process keeps the files it works with.

use riverrun_core::owned_file::abandoned;
use riverrun_core::{Error, Result};
use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What the names of these folders begin with.
const PREFIX: &str = "riverrun-";

/// The file in such a folder that its process keeps locked as long as it lives.
const LOCK: &str = "lock";

/// A folder of one process, made when it is first used; it goes with its last user. Its files may be links to those of a checkpoint,
/// so nobody may ever write into a folder that another process has made: its name is one that none has had.
#[derive(Debug)]
pub struct WorkFolder {
    path: PathBuf,
    lock: Mutex<Option<File>>,
}

impl WorkFolder {
    /// A folder of this process in `above`, where many processes have theirs.
    pub fn within(above: &Path) -> Arc<WorkFolder> {
        // Numbers of processes come again, in a container the same one each time.
        let number = RandomState::new().hash_one(std::process::id());
        WorkFolder::at(above.join(format!("{PREFIX}{}-{number:016x}", std::process::id())))
    }

    /// A folder that is not there yet.
    pub fn at(path: impl Into<PathBuf>) -> Arc<WorkFolder> {
        Arc::new(WorkFolder { path: path.into(), lock: Mutex::new(None) })
    }

    /// Where it is, or will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes it, unless it is there, and removes what processes that were killed have left beside it.
    pub fn claim(&self) -> Result<&Path> {
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if lock.is_none() {
            let failed = |error: std::io::Error| {
                Error::failure(format!("cannot make the folder {}: {error}", self.path.display()))
            };
            let above = self.path.parent().unwrap_or(Path::new("."));
            fs::create_dir_all(above).map_err(failed)?;
            remove_abandoned(above);
            fs::create_dir(&self.path).map_err(failed)?;
            *lock = Some(locked(&self.path).map_err(failed)?);
        }
        Ok(&self.path)
    }

    /// Removes it with all that is in it.
    pub fn remove(&self) {
        if self.lock.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

impl Drop for WorkFolder {
    fn drop(&mut self) {
        self.remove();
    }
}

/// A lock in a folder, which nobody sees before it is held.
fn locked(folder: &Path) -> std::io::Result<File> {
    let early = folder.join("lock.new");
    let file = File::create_new(&early)?;
    file.lock()?;
    fs::rename(early, folder.join(LOCK))?;
    Ok(file)
}

/// Removes the folders whose process is gone: nobody holds the lock in them. What can't be removed stays.
fn remove_abandoned(above: &Path) {
    let Ok(entries) = fs::read_dir(above) else { return };
    for folder in entries.flatten().filter(|entry| entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()))
    {
        if let Some(_lock) = abandoned(&folder.path().join(LOCK)) {
            let _ = fs::remove_dir_all(folder.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_holds_any_more_goes_when_the_next_one_comes() {
        let above = tempfile::tempdir().unwrap();
        let alive = WorkFolder::within(above.path());
        fs::write(alive.claim().unwrap().join("file"), "x").unwrap();
        // A process that was killed: its folder is there, with a lock that nobody holds.
        let dead = above.path().join("riverrun-1-0");
        fs::create_dir(&dead).unwrap();
        fs::write(dead.join(LOCK), "").unwrap();
        let foreign = above.path().join("riverrun-notes");
        fs::create_dir(&foreign).unwrap();
        let next = WorkFolder::within(above.path());
        next.claim().unwrap();
        assert!(!dead.exists());
        assert!(foreign.exists(), "not ours: there is no lock");
        assert!(alive.path().join("file").exists());
        let paths = [alive.path().to_owned(), next.path().to_owned()];
        assert_ne!(paths[0], paths[1], "the same process never has one twice");
        drop((alive, next));
        assert!(paths.iter().all(|path| !path.exists()));
    }

    #[test]
    fn a_folder_that_is_there_is_not_taken() {
        let above = tempfile::tempdir().unwrap();
        let path = above.path().join("taken");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("file"), "x").unwrap();
        let folder = WorkFolder::at(&path);
        let error = folder.claim().unwrap_err();
        assert!(error.message().starts_with(&format!("cannot make the folder {}: ", path.display())), "{error:?}");
        drop(folder);
        assert!(path.join("file").exists());
    }
}
