//! Where checkpoints are kept.

use riverrun_core::{Error, Millis, Result};
use std::fmt::Debug;
use std::path::Path;
use std::time::Duration;

/// What became of a put-if-absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It was not there, and now it is.
    Created,
    /// It was there already, and is unchanged.
    Exists,
}

/// A stored file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// Its name, with `/` between the folders.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was written.
    pub modified: Millis,
}

/// A folder of immutable files: local, or in an object store. Names are relative, with `/` between folders.
///
/// What a call has answered with Ok is durable. An error leaves open whether a put has arrived. Calls block.
pub trait BlobStore: Send + Sync + Debug {
    /// Where a file is, as a user would write it; `""` is the folder itself.
    fn describe(&self, name: &str) -> String;

    /// Writes a file, whole or not at all.
    fn put(&self, name: &str, bytes: &[u8]) -> Result<()>;

    /// Writes a file, whole or not at all, unless there is one of that name. Of several callers one has created it.
    fn put_if_absent(&self, name: &str, bytes: &[u8]) -> Result<Put>;

    /// Reads a file; `None` if there is none.
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>>;

    /// Writes what a local file holds, as [`BlobStore::put`] does. The local file is not changed afterwards.
    fn put_file(&self, name: &str, local: &Path) -> Result<()> {
        let bytes = std::fs::read(local)
            .map_err(|error| Error::failure(format!("cannot read {}: {error}", local.display())))?;
        self.put(name, &bytes)
    }

    /// Reads a file into a new local one, which may be the same file: neither is changed afterwards. False if there is none.
    fn get_file(&self, name: &str, local: &Path) -> Result<bool> {
        let Some(bytes) = self.get(name)? else { return Ok(false) };
        std::fs::write(local, bytes)
            .map_err(|error| Error::failure(format!("cannot write {}: {error}", local.display())))?;
        Ok(true)
    }

    /// The files of a folder and of those in it; `""` for all. A folder that does not exist has none.
    fn list(&self, folder: &str) -> Result<Vec<StoredFile>>;

    /// Takes a file away; one that is not there is no error.
    fn delete(&self, name: &str) -> Result<()>;

    /// Lets some time pass before a call is tried again.
    #[allow(clippy::disallowed_methods, reason = "a thread of its own waits for a store")]
    fn pause(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// Whether checkpoints can be kept in a store: that it can be written, and that of two who create a file one is refused.
/// `unique` tells this check from all others.
pub fn check_store(store: &dyn BlobStore, unique: &str) -> Result<()> {
    let name = format!("check-{unique}");
    // The first may meet itself, where an answer was lost and a client has asked again.
    store.put_if_absent(&name, b"?")?;
    let again = store.put_if_absent(&name, b"?")?;
    store.delete(&name)?;
    if again == Put::Exists {
        return Ok(());
    }
    Err(Error::failure(format!("{} can't keep checkpoints", store.describe("")))
        .detail("it writes over a file that was only to be written if there was none (If-None-Match: *)")
        .hint("two starts of a job could then both go on; use a store with conditional writes"))
}
