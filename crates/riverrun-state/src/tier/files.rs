//! The files in which a tier is frozen at a barrier, and the promise of them.

use super::WorkFolder;
use super::store::GroupRange;
use riverrun_core::{Error, Result};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// A folder that goes when nobody needs it any more.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    /// The process's folder that it is in, if it goes with the last of those.
    above: Option<Arc<WorkFolder>>,
}

impl Scratch {
    /// Makes the folder.
    pub fn create(path: impl Into<PathBuf>) -> Result<Scratch> {
        let path = path.into();
        fs::create_dir_all(&path)
            .map_err(|error| Error::failure(format!("cannot make the folder {}: {error}", path.display())))?;
        Ok(Scratch::of(path))
    }

    /// Makes a folder in that of a process, which stays as long as this.
    pub fn within(above: &Arc<WorkFolder>, name: &str) -> Result<Scratch> {
        let mut scratch = Scratch::create(above.claim()?.join(name))?;
        scratch.above = Some(above.clone());
        Ok(scratch)
    }

    /// The folder, which another has made.
    pub fn of(path: impl Into<PathBuf>) -> Scratch {
        Scratch { path: path.into(), above: None }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
        // The last one in it takes the process's folder along.
        self.above = None;
    }
}

/// A file that goes when nobody needs it any more.
#[derive(Debug)]
pub struct KeptFile {
    path: PathBuf,
    _above: Arc<Scratch>,
}

impl KeptFile {
    /// A file in a folder, which stays as long as the file.
    pub fn new(path: PathBuf, above: Arc<Scratch>) -> Arc<KeptFile> {
        Arc::new(KeptFile { path, _above: above })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for KeptFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Where a file's bytes are.
#[derive(Clone, Debug)]
pub enum Content {
    /// In memory.
    Bytes(Arc<[u8]>),
    /// In a local file.
    Path(PathBuf),
    /// In a local file that stays as long as it is named.
    Kept(Arc<KeptFile>),
}

impl Content {
    /// The bytes themselves, or the file that has them.
    pub fn place(&self) -> std::result::Result<&[u8], &Path> {
        match self {
            Content::Bytes(bytes) => Ok(bytes),
            Content::Path(path) => Err(path),
            Content::Kept(kept) => Err(kept.path()),
        }
    }
}

/// A file of a frozen tier.
#[derive(Clone, Debug)]
pub struct TierFile {
    /// Its name, which means something to the backend only.
    pub name: String,
    /// Whether a file of this name of the same store always holds the same.
    pub immutable: bool,
    /// Its hash (XXH3, 128 bits), where it was taken as the file was written.
    pub hash: Option<u128>,
    /// Its bytes.
    pub content: Content,
}

impl TierFile {
    fn failed(&self, what: &str, path: &Path, error: &std::io::Error) -> Error {
        Error::failure(format!("cannot {what} {}: {error}", path.display()))
            .detail(format!("the file {} of a state tier", self.name))
    }

    /// Its size in bytes.
    pub fn size(&self) -> Result<u64> {
        match self.content.place() {
            Ok(bytes) => Ok(bytes.len() as u64),
            Err(path) => fs::metadata(path).map(|file| file.len()).map_err(|error| self.failed("read", path, &error)),
        }
    }

    /// Its bytes.
    pub fn read(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.read_into(&mut bytes)?;
        Ok(bytes)
    }

    /// Its bytes, in place of those that are there: files that are read one after the other share their memory.
    pub fn read_into(&self, bytes: &mut Vec<u8>) -> Result<()> {
        bytes.clear();
        match self.content.place() {
            Ok(content) => bytes.extend_from_slice(content),
            Err(path) => {
                let read = fs::File::open(path).and_then(|mut file| file.read_to_end(bytes));
                read.map_err(|error| self.failed("read", path, &error))?;
            }
        }
        Ok(())
    }

    /// Puts it into a folder. With `link` it may be the same file as this one: then neither may be changed.
    pub fn place_in(&self, folder: &Path, link: bool) -> Result<()> {
        self.place_at(&folder.join(&self.name), link)
    }

    /// The same under another name.
    pub fn place_at(&self, path: &Path, link: bool) -> Result<()> {
        let placed = match self.content.place() {
            Ok(bytes) => fs::write(path, bytes),
            Err(from) if link => fs::hard_link(from, path).or_else(|_| fs::copy(from, path).map(|_| ())),
            Err(from) => fs::copy(from, path).map(|_| ()),
        };
        placed.map_err(|error| self.failed("write", path, &error))
    }
}

/// A table of an operator on one worker, frozen.
#[derive(Debug)]
pub struct TierFiles {
    /// The key groups that it holds.
    pub groups: GroupRange,
    /// The store that it was frozen from, within this process: files of the same name from the same store are the same.
    pub origin: u64,
    /// The files.
    pub files: Vec<TierFile>,
    /// Where they are.
    pub scratch: Option<Arc<Scratch>>,
}

#[derive(Debug, Default)]
struct Promise {
    outcome: Mutex<Option<Result<Arc<TierFiles>>>>,
    changed: Condvar,
}

impl Promise {
    fn set(&self, outcome: Result<Arc<TierFiles>>) {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(outcome);
        self.changed.notify_all();
    }
}

/// The files that there will be once all that was changed before a barrier has been written.
#[derive(Clone, Debug)]
pub struct TierTicket(Arc<Promise>);

impl PartialEq for TierTicket {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for TierTicket {}

impl TierTicket {
    /// The promise, and what keeps it.
    pub fn new() -> (TicketSender, TierTicket) {
        let promise: Arc<Promise> = Arc::default();
        (TicketSender(promise.clone()), TierTicket(promise))
    }

    /// Files that are there.
    pub fn ready(files: Arc<TierFiles>) -> TierTicket {
        let (sender, ticket) = TierTicket::new();
        sender.keep(Ok(files));
        ticket
    }

    /// Waits for the files.
    pub fn wait(&self) -> Result<Arc<TierFiles>> {
        let outcome = self.0.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome =
            self.0.changed.wait_while(outcome, |outcome| outcome.is_none()).unwrap_or_else(PoisonError::into_inner);
        outcome.clone().unwrap_or_else(|| Err(lost()))
    }
}

fn lost() -> Error {
    Error::failure("the state was not written: the job has ended")
}

/// Keeps the promise of a [`TierTicket`]; dropped, it breaks it.
#[derive(Debug)]
pub struct TicketSender(Arc<Promise>);

impl TicketSender {
    /// Here they are, or why not.
    pub fn keep(self, outcome: Result<Arc<TierFiles>>) {
        self.0.set(outcome);
    }
}

impl Drop for TicketSender {
    fn drop(&mut self) {
        self.0.set(Err(lost()));
    }
}
