//! Jobs that outlive their processes: the state directory, what a start goes on from, whether it fits, and restarts.

pub mod control;
mod fit;
mod notes;
mod origin;
mod place;
mod state_dir;
pub(crate) mod supervisor;

pub use fit::{Fit, OperatorFit, Verdict};
pub use notes::{notes, query_note};
pub use origin::{Found, Origin, find};
use state_dir::Start;
pub use state_dir::{JobRecord, StateDir};

use riverrun_core::{Epoch, Error, Result};
use riverrun_runtime::JobIdentity;
use riverrun_sql::session::checkpointing::CHECKPOINT_DIR;
use riverrun_state::checkpoint::{CheckpointEntry, History, Location, Manifest, StoreOptions, verify};
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
    /// Whether sinks may hold more than the checkpoint that is gone on from, and write it again; or less, and lack it.
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
    /// The newest epoch of any of its own checkpoints. Those of this start come after it, also where it goes on from an older one:
    /// a commit token is never ahead of an epoch that is still to be written.
    #[serde(default)]
    pub newest_epoch: Option<Epoch>,
    /// Whether state that no operator takes over is dropped.
    pub allow_unclaimed: bool,
    /// Where the job's processes on this machine keep state while they run.
    #[serde(default)]
    pub local: Option<PathBuf>,
    /// Whether sinks may hold more than the checkpoint that is gone on from, and write it again; or less, and lack it.
    pub rewind: bool,
    /// Which of its own checkpoints was the newest when it was first started by the command at hand.
    #[serde(skip)]
    pub(crate) begun_after: u64,
}

impl JobDurability {
    /// The identity of the job at this start.
    pub(crate) fn identity(&self) -> JobIdentity {
        JobIdentity { id: self.id.clone(), generation: self.generation, checkpoints: true, rewind: self.rewind }
    }
}

impl Durability {
    /// The `number`th job of the script is about to start: what it goes on from. `None` if it has finished before. `fits` refuses
    /// a checkpoint that the plan can't go on from. `before` is the start before it by the same command.
    pub(crate) fn prepare(
        &self,
        (number, name): (usize, &str),
        before: Option<&JobDurability>,
        folder: Option<&str>,
        stores: &StoreOptions,
        fits: impl FnOnce(&Manifest, &str) -> Result<()>,
    ) -> Result<Option<JobDurability>> {
        let record = self.state_dir.job(number, name)?;
        let asked = self.from.as_ref().filter(|from| record.from.as_ref() != Some(*from));
        let elsewhere = folder.map(|folder| checkpoint_root(folder, stores)).transpose()?;
        let noted = elsewhere.as_ref().map(Location::to_string);
        let root = elsewhere.unwrap_or_else(|| Location::from(self.state_dir.checkpoints()));
        let folder = root.join(&record.id);
        if record.finished && !(self.rewind && asked.is_some()) {
            self.refuse_another_file(&folder, fits)?;
            if let Some(from) = asked {
                self.refuse_another_place(&folder, from, stores)?;
            }
            return Ok(None);
        }
        let store = folder.open()?;
        let history = History::new(store.clone());
        let entries = history.entries_with(record.branch.as_ref());
        // Before anything is written there: it may be the place below which a disk is to be mounted.
        if record.checkpointed && asked.is_none() && entries.as_ref().is_ok_and(Vec::is_empty) {
            return Err(place::lost(&record, &folder, noted.as_deref()));
        }
        // Now, and not when the first checkpoint is due, which may be hours from now.
        place::check(&folder, &*store, noted.is_some())?;
        let line = Line { entries: entries?, folder: &folder };
        // Left by --rewind, and without a checkpoint of its own yet.
        let mut branch = record.branch.as_ref().map(|branch| branch.base).filter(|base| !line.has_since(*base));
        let mut rewound_to = None;
        let origin = match (&self.from, asked) {
            (Some(from), Some(_)) => {
                let origin = find(from, stores)?.origin()?;
                rewound_to = line.leave(&origin, from, self)?;
                if rewound_to.is_some() {
                    // Nothing is given up for one that can't be gone on from.
                    let manifest = origin.manifest()?;
                    fits(&manifest, from)?;
                    if let Some(problem) = verify(&*folder.open()?, &manifest).first() {
                        return Err(Error::failure(format!("checkpoint {from} is damaged: {problem}")));
                    }
                }
                branch = rewound_to.or(branch);
                Some(origin)
            }
            // Asked for before, and no checkpoint has come since the start that followed it.
            (Some(from), None) if branch.is_none() && !line.has_since(record.from_number) => {
                Some(find(from, stores)?.origin()?)
            }
            _ => match branch {
                Some(base) => Some(Origin::numbered(&folder, base)),
                None => history.latest_of(&line.entries)?.map(|manifest| Origin::numbered(&folder, manifest.body.id)),
            },
        };
        let start = Start { from: asked.cloned(), newest: line.newest(), rewound_to, folder: noted };
        let generation = self.state_dir.start(number, start)?;
        // What a target loses later on, while the job runs or between its restarts, nobody has agreed to.
        let begun_after = before.map_or(line.newest(), |before| before.begun_after);
        let rewind = self.rewind && !line.has_since(begun_after);
        Ok(Some(JobDurability {
            id: record.id,
            generation,
            newest_epoch: line.newest_epoch(),
            folder,
            origin,
            allow_unclaimed: self.allow_unclaimed,
            local: Some(self.state_dir.path().join("local")),
            rewind: rewind || branch.is_some(),
            begun_after,
        }))
    }

    /// A job has finished: a file that does not fit it is none that has nothing left to do.
    fn refuse_another_file(&self, folder: &Location, fits: impl FnOnce(&Manifest, &str) -> Result<()>) -> Result<()> {
        // Its checkpoints may be out of reach, or gone: it needs none of them.
        let latest = folder.open().and_then(|store| History::new(store).latest());
        let Ok(Some(manifest)) = latest else { return Ok(()) };
        fits(&manifest, &folder.to_string()).map_err(|error| {
            let place = self.state_dir.path().display();
            Error::input(format!("the job of the state directory {place} has finished, and this file is another one's"))
                .detail(error.message().to_owned())
                .hint("give the file a --state-dir of its own")
        })
    }

    /// A job has finished, and is asked to go on from elsewhere than before. Where it has ended it has nothing left to do.
    fn refuse_another_place(&self, folder: &Location, from: &str, stores: &StoreOptions) -> Result<()> {
        let origin = find(from, stores)?.origin()?;
        let latest = folder.open().and_then(|store| History::new(store).latest()).ok().flatten();
        let is_its_end = latest.is_some_and(|latest| origin == Origin::numbered(folder, latest.body.id));
        if is_its_end {
            return Ok(());
        }
        let place = self.state_dir.path().display();
        Err(Error::input(format!("the job of the state directory {place} has finished: it does not go on from {from}"))
            .hint(
                "give a new --state-dir, where --from begins a new job; --rewind takes this one back to a checkpoint of its own",
            ))
    }

    /// A job has had a checkpoint, which is remembered apart from it.
    pub(crate) fn checkpointed(&self, number: usize) -> Result<()> {
        self.state_dir.checkpointed(number)
    }

    /// A job has ended without an error: whether its input had, so that it need never be started again.
    pub(crate) fn ended(&self, number: usize, job: &JobDurability) -> Result<bool> {
        let latest = History::new(job.folder.open()?).latest()?;
        let Some(latest) = latest else { return Ok(false) };
        match latest.body.finished {
            true => self.state_dir.finish(number)?,
            false => self.state_dir.checkpointed(number)?,
        }
        Ok(latest.body.finished)
    }
}

/// What `execution.checkpointing.dir` names.
fn checkpoint_root(text: &str, stores: &StoreOptions) -> Result<Location> {
    let root = Location::parse(text, stores).map_err(|error| error.context(CHECKPOINT_DIR.name))?;
    Ok(root.absolute())
}

/// The history of a job, as a start finds it.
struct Line<'a> {
    entries: Vec<CheckpointEntry>,
    folder: &'a Location,
}

impl Line<'_> {
    fn newest(&self) -> u64 {
        self.entries.last().map_or(0, |entry| entry.id)
    }

    fn newest_epoch(&self) -> Option<Epoch> {
        self.entries.iter().flat_map(|entry| &entry.manifest).map(|manifest| manifest.body.epoch).max()
    }

    /// Those after this one that were not abandoned.
    fn after(&self, id: u64) -> impl Iterator<Item = &CheckpointEntry> {
        self.entries.iter().filter(move |entry| entry.id > id && !entry.abandoned)
    }

    fn has_since(&self, id: u64) -> bool {
        self.after(id).next().is_some()
    }

    /// A start asks to go on from `origin`: the number of that checkpoint if it leaves others behind, which has to be wanted.
    fn leave(&self, origin: &Origin, from: &str, asked: &Durability) -> Result<Option<u64>> {
        let place = asked.state_dir.path().display();
        let Some(id) = origin.number().filter(|_| origin.root == *self.folder) else {
            return match self.entries.is_empty() {
                true => Ok(None),
                false => {
                    let hint = match asked.rewind {
                        true => format!(
                            "--rewind goes back to a checkpoint that `riverrun checkpoints {place}` lists, \
                             not to a savepoint: give a new --state-dir, or go on without --from"
                        ),
                        false => "give a new --state-dir, or go on without --from".to_owned(),
                    };
                    Err(Error::input(format!("the state directory {place} holds checkpoints of its own job already"))
                        .detail(format!("--from {from} would leave them behind"))
                        .hint(hint))
                }
            };
        };
        if self.entries.iter().any(|entry| entry.id == id && entry.abandoned) {
            return Err(Error::input(format!("checkpoint {id} was abandoned"))
                .detail("the job has gone on from one before it since, so its sinks no longer hold what it counts on")
                .hint(format!("`riverrun checkpoints {place}` lists those that can be gone on from")));
        }
        // One that can't be read is left in any case.
        let readable: Vec<u64> = self.after(id).filter(|entry| entry.manifest.is_ok()).map(|entry| entry.id).collect();
        match (readable.last(), asked.rewind) {
            (Some(newest), false) => Err(Error::input(format!(
                "checkpoint {id} is not the newest: the job has gone on to checkpoint {newest}"
            ))
            .detail(
                "going on from it abandons those after it; exactly-once tables may hold what was written since, \
                 which would then be written once more",
            )
            .hint(
                "go on from the newest checkpoint, without --from; --rewind goes on from this one; \
                 another --state-dir runs the file as a new job",
            )),
            (_, rewind) => Ok(Some(id).filter(|id| rewind && self.has_since(*id))),
        }
    }
}
