//! The state directory: who the jobs of a script are, over all their starts. One process at a time holds it.
//!
//! ```text
//! DIR/lock           locked while a run holds the directory
//! DIR/jobs.json      the jobs: id, generation, whether they have finished
//! DIR/checkpoints/   their checkpoints, unless execution.checkpointing.dir says otherwise
//! DIR/local/         what RocksDB keeps while a job runs
//! DIR/control        where the running process listens for savepoint requests
//! ```

use super::place::file_in_the_way;
use riverrun_core::{Error, Result};
use riverrun_runtime::identity::random_id;
use riverrun_state::checkpoint::{BlobStore, Branch, LocalStore};
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const LOCK: &str = "lock";
const JOBS: &str = "jobs.json";
const CHECKPOINTS: &str = "checkpoints";

/// What is remembered of one job of a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRecord {
    /// Made once.
    pub id: String,
    /// The job's name.
    pub name: String,
    /// Counts its starts.
    pub generation: u64,
    /// Whether its input has ended and all of it is committed.
    #[serde(default)]
    pub finished: bool,
    /// What `--from` said at the last start.
    #[serde(default)]
    pub from: Option<String>,
    /// Which of its own checkpoints was the newest when it was started so.
    #[serde(default)]
    pub from_number: u64,
    /// Where `--rewind` has last left the history: noted before the sinks take anything back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<Branch>,
    /// Whether it has had a checkpoint: then it never begins anew.
    #[serde(default)]
    pub checkpointed: bool,
    /// Where `execution.checkpointing.dir` put its checkpoints at the last start, if not into the directory itself.
    #[serde(default)]
    pub folder: Option<String>,
}

/// What is noted of a start.
#[derive(Debug)]
pub(crate) struct Start {
    /// What `--from` says, if it is followed for the first time.
    pub(crate) from: Option<String>,
    /// The newest number in the job's history.
    pub(crate) newest: u64,
    /// The checkpoint after which the job's own ones are abandoned, if they are.
    pub(crate) rewound_to: Option<u64>,
    /// Where its checkpoints are, if not in the directory.
    pub(crate) folder: Option<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Records {
    version: u32,
    jobs: Vec<JobRecord>,
}

/// A locked state directory.
#[derive(Debug)]
pub struct StateDir {
    path: PathBuf,
    /// Held for as long as this lives; the system lets go of it when the process dies.
    _lock: File,
    records: Mutex<Records>,
}

/// So often, and so long after one another, a lock is tried that another process has.
const TRIES: usize = 20;
const MOMENT: Duration = Duration::from_millis(50);

/// Locks a file. A process that was killed just now lets go of it only when the system has cleared it away.
#[allow(clippy::disallowed_methods, reason = "waiting for another process, before there is anything to be woken by")]
fn try_lock(file: &File) -> std::result::Result<(), TryLockError> {
    for _ in 1..TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(MOMENT),
            done => return done,
        }
    }
    file.try_lock()
}

impl StateDir {
    /// Opens and locks the directory, which is made if need be.
    pub fn open(path: &Path) -> Result<StateDir> {
        let failed = |error: std::io::Error| {
            Error::failure(format!("the state directory {} can't be used: {error}", path.display()))
                .hint("it must be a folder that the user who runs riverrun can read and write: name another one")
        };
        if let Some(file) = file_in_the_way(path) {
            return Err(Error::input(format!("{} can't be a state directory", path.display()))
                .detail(format!("{} is a file, not a folder", file.display()))
                .hint("name a folder; one that does not exist is made"));
        }
        std::fs::create_dir_all(path).map_err(failed)?;
        let lock = File::options().create(true).truncate(false).write(true).open(path.join(LOCK)).map_err(failed)?;
        match try_lock(&lock) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::failure(format!("the state directory {} is in use", path.display()))
                    .detail("another process runs its job")
                    .hint("Wait for it or stop it; a job of its own needs a directory of its own."));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let path = std::path::absolute(path).map_err(failed)?;
        // What a run that was killed has left: its checkpoints hold all that counts.
        let _ = std::fs::remove_dir_all(path.join("local"));
        let records = read(&path)?;
        Ok(StateDir { path, _lock: lock, records: Mutex::new(records) })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of checkpoints, unless `execution.checkpointing.dir` says otherwise.
    pub(crate) fn checkpoints(&self) -> PathBuf {
        self.path.join(CHECKPOINTS)
    }

    /// The jobs that are known in a directory, without locking it.
    pub fn jobs(path: &Path) -> Result<Vec<JobRecord>> {
        Ok(read(path)?.jobs)
    }

    /// The `number`th job of the script; a new one if there was none.
    pub(crate) fn job(&self, number: usize, name: &str) -> Result<JobRecord> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        while records.jobs.len() <= number {
            records.jobs.push(JobRecord {
                id: random_id(),
                name: name.to_owned(),
                generation: 0,
                finished: false,
                from: None,
                from_number: 0,
                branch: None,
                checkpointed: false,
                folder: None,
            });
        }
        self.write(&records)?;
        Ok(records.jobs[number].clone())
    }

    /// A new start of a job: its generation, which is remembered before anything of it runs.
    pub(crate) fn start(&self, number: usize, start: Start) -> Result<u64> {
        self.change(number, |job| {
            job.generation += 1;
            job.folder = start.folder;
            job.checkpointed |= start.newest > 0;
            if let Some(from) = start.from {
                job.from = Some(from);
                job.from_number = start.newest;
            }
            if let Some(base) = start.rewound_to {
                job.branch = Some(Branch { base, newest: start.newest, generation: job.generation });
                job.finished = false;
            }
            job.generation
        })
    }

    /// A job has had a checkpoint. A start that another one has overtaken (locks are lost with a machine) notes nothing: what it
    /// knows is older.
    pub(crate) fn checkpointed(&self, number: usize) -> Result<()> {
        let generation = |records: &Records| records.jobs.get(number).map(|job| job.generation);
        let noted = read(&self.path)?;
        if generation(&noted) != generation(&self.records.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(());
        }
        self.change(number, |job| job.checkpointed = true)
    }

    /// A job has nothing left to do.
    pub(crate) fn finish(&self, number: usize) -> Result<()> {
        self.change(number, |job| job.finished = true)
    }

    fn change<T>(&self, number: usize, change: impl FnOnce(&mut JobRecord) -> T) -> Result<T> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let job = records.jobs.get_mut(number).ok_or_else(|| Error::bug(format!("job {number} is not known")))?;
        let answer = change(job);
        self.write(&records)?;
        Ok(answer)
    }

    fn write(&self, records: &Records) -> Result<()> {
        let text = serde_json::to_vec_pretty(records).map_err(|error| Error::bug(error.to_string()))?;
        LocalStore::new(&self.path).put(JOBS, &text)
    }
}

/// Who the jobs are. Where that is lost, and checkpoints are there, it is no new directory: its jobs would begin anew, under other
/// ids by which no sink knows what they have written.
fn read(path: &Path) -> Result<Records> {
    let place = path.join(JOBS);
    let Some(bytes) = LocalStore::new(path).get(JOBS)? else {
        let folders = folders_with_checkpoints(path);
        // Without a lock it has never been a state directory, but a folder that another one's checkpoints lie in.
        if folders.is_empty() || !path.join(LOCK).exists() {
            return Ok(Records { version: 1, jobs: Vec::new() });
        }
        return Err(Error::input(format!("{} is missing, and there are checkpoints beside it", place.display()))
            .detail("without it the jobs they are of would begin anew, and write all of their rows once more")
            .hint(ways_out(&folders)));
    };
    let records: Records = serde_json::from_slice(&bytes).map_err(|error| {
        Error::failure(format!("{} is damaged: {error}", place.display()))
            .detail("it says which jobs the checkpoints beside it are of, and what they go on from")
            .hint(ways_out(&folders_with_checkpoints(path)))
    })?;
    if records.version != 1 {
        return Err(Error::failure(format!(
            "{} has version {}, and only 1 is known",
            place.display(),
            records.version
        ))
        .hint("use the version of Riverrun that wrote it"));
    }
    Ok(records)
}

/// The folders of jobs in the directory that hold a checkpoint.
fn folders_with_checkpoints(path: &Path) -> Vec<PathBuf> {
    let folders = |of: &Path| std::fs::read_dir(of).into_iter().flatten().flatten().map(|entry| entry.path());
    let has_checkpoint = |job: &PathBuf| {
        folders(job).any(|checkpoint| {
            let name = checkpoint.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("chk-") && checkpoint.join("manifest.json").exists()
        })
    };
    let mut found: Vec<PathBuf> = folders(&path.join(CHECKPOINTS)).filter(has_checkpoint).collect();
    found.sort();
    found
}

/// What can be done where nobody knows any more which jobs the checkpoints in these folders are of.
fn ways_out(folders: &[PathBuf]) -> String {
    let anew = "another --state-dir begins anew";
    let from: Vec<String> = folders.iter().map(|folder| format!("--from {}", folder.display())).collect();
    match from.as_slice() {
        [] => format!("put a copy of it back; {anew}"),
        from => format!(
            "put a copy of it back; another --state-dir with {} goes on from there as a new job, which may write once more what \
             was committed after that checkpoint; {anew}",
            from.join(" or ")
        ),
    }
}

#[cfg(test)]
mod tests;
