//! Jobs that outlive their processes: the state directory, what a start goes on from, whether it fits, and restarts.

pub mod control;
mod fit;
mod origin;
mod state_dir;
pub(crate) mod supervisor;

pub use fit::{Fit, OperatorFit, Verdict};
pub use origin::{Found, Origin, find};
pub use state_dir::{JobRecord, StateDir};

use riverrun_core::{Error, Result};
use riverrun_runtime::JobIdentity;
use riverrun_runtime::identity::random_id;
use riverrun_state::checkpoint::{History, Location, Manifest, StoreOptions, check_store};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

/// How the jobs of a script are made durable.
#[derive(Clone, Debug)]
pub struct Durability {
    /// Holds who the jobs are; locked while this lives.
    pub state_dir: Arc<StateDir>,
    /// A checkpoint or savepoint that the first start goes on from.
    pub from: Option<String>,
    /// Whether state that no operator takes over is dropped.
    pub allow_unclaimed: bool,
    /// Whether sinks may hold more than the checkpoint that is gone on from, and write it again.
    pub rewind: bool,
}

/// What every process of a job needs to know to make it durable.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JobDurability {
    /// The job's id.
    pub id: String,
    /// The start.
    pub generation: u64,
    /// The job's folder of checkpoints.
    pub folder: Location,
    /// What it goes on from.
    pub origin: Option<Origin>,
    /// Whether state that no operator takes over is dropped.
    pub allow_unclaimed: bool,
    /// Where the job's processes on this machine keep state while they run.
    #[serde(default)]
    pub local: Option<PathBuf>,
    /// Whether sinks may hold more than the checkpoint that is gone on from, and write it again.
    pub rewind: bool,
}

impl JobDurability {
    /// The identity of the job at this start.
    pub(crate) fn identity(&self) -> JobIdentity {
        JobIdentity { id: self.id.clone(), generation: self.generation, checkpoints: true, rewind: self.rewind }
    }
}

impl Durability {
    /// The `number`th job of the script is about to start: what it goes on from. `None` if it has finished before.
    pub(crate) fn prepare(
        &self,
        number: usize,
        name: &str,
        folder: Option<&str>,
        stores: &StoreOptions,
    ) -> Result<Option<JobDurability>> {
        let record = self.state_dir.job(number, name)?;
        if record.finished {
            return Ok(None);
        }
        let elsewhere = folder.map(|folder| Location::parse(folder, stores)).transpose()?.map(|root| root.absolute());
        let noted = elsewhere.as_ref().map(Location::to_string);
        let root = elsewhere.unwrap_or_else(|| Location::from(self.state_dir.path().join("checkpoints")));
        let folder = root.join(&record.id);
        let store = folder.open()?;
        if folder.is_remote() {
            check_store(&*store, &random_id())?;
        }
        let history = History::new(store);
        let newest = history.numbers()?.last().copied().unwrap_or(0);
        let origin = match &self.from {
            // Asked for and not yet followed: a checkpoint has come since the start that followed it.
            Some(from) if record.from.as_ref() != Some(from) || newest <= record.from_number => {
                if record.from.as_ref() != Some(from) && newest > 0 && !is_own(from, stores, &folder)? {
                    return Err(Error::input(format!(
                        "the state directory {} holds checkpoints of its own job already",
                        self.state_dir.path().display()
                    ))
                    .detail(format!("--from {from} would leave them behind"))
                    .hint("give a new --state-dir, or go on without --from"));
                }
                Some(find(from, stores)?.origin()?)
            }
            _ => history.latest()?.map(|manifest| Origin::of(&folder, &manifest)),
        };
        let generation = self.state_dir.start(number, self.from.as_deref(), newest, noted)?;
        Ok(Some(JobDurability {
            id: record.id,
            generation,
            folder,
            origin,
            allow_unclaimed: self.allow_unclaimed,
            local: Some(self.state_dir.path().join("local")),
            rewind: self.rewind,
        }))
    }

    /// A job has ended without an error: whether its input had, so that it need never be started again.
    pub(crate) fn ended(&self, number: usize, job: &JobDurability) -> Result<bool> {
        let latest = History::new(job.folder.open()?).latest()?;
        let finished = latest.is_some_and(|manifest: Manifest| manifest.body.finished);
        if finished {
            self.state_dir.finish(number)?;
        }
        Ok(finished)
    }
}

/// Whether `from` is a checkpoint in this folder.
fn is_own(from: &str, stores: &StoreOptions, folder: &Location) -> Result<bool> {
    Ok(find(from, stores)?.origin()?.root == *folder)
}
