//! The checkpoints of one job, as a log of manifests without gaps: whoever puts the next one has decided.

use super::branch::{Branch, mark};
use super::manifest::{MANIFEST, Manifest};
use super::restore::verify;
use super::store::{BlobStore, Put};
use riverrun_core::{Error, Result, failpoint};
use std::sync::Arc;
use std::time::Duration;

/// How often a put whose outcome is not known is tried again.
const ATTEMPTS: u32 = 4;

/// A checkpoint as it is found.
#[derive(Clone, Debug)]
pub struct CheckpointEntry {
    /// Its number.
    pub id: u64,
    /// Where it is.
    pub place: String,
    /// What it consists of, or what is wrong with it.
    pub manifest: Result<Manifest>,
    /// Whether the job has gone on from one before it since: sinks no longer hold what it counts on, so nothing goes on from it.
    pub abandoned: bool,
}

/// What became of a manifest.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It is the next checkpoint.
    Decided,
    /// An earlier attempt of this generation, whose outcome was not known, has turned out to be the checkpoint of that number.
    /// The manifest in hand wants the next one.
    Earlier(Box<Manifest>),
    /// Another generation of the job has taken the number, or one after it: this generation must end.
    Overtaken,
}

/// The checkpoints of one job.
#[derive(Clone, Debug)]
pub struct History {
    store: Arc<dyn BlobStore>,
}

/// The folder of a checkpoint.
fn folder(id: u64) -> String {
    format!("chk-{id}")
}

/// The number of the checkpoint whose manifest has this name.
pub(super) fn number(name: &str) -> Option<u64> {
    let (folder, file) = name.split_once('/')?;
    (file == MANIFEST).then_some(())?;
    folder.strip_prefix("chk-")?.parse().ok()
}

/// The name of the manifest of the checkpoint `id`.
pub fn manifest_name(id: u64) -> String {
    format!("{}/{MANIFEST}", folder(id))
}

fn numbers(store: &dyn BlobStore) -> Result<Vec<u64>> {
    let mut numbers: Vec<u64> = store.list("")?.iter().filter_map(|file| number(&file.name)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

fn read(store: &dyn BlobStore, id: u64) -> Result<Manifest> {
    find(store, id)?.ok_or_else(|| Error::failure(format!("there is no checkpoint {}", store.describe(&folder(id)))))
}

/// The checkpoint `id`, if there is one; an error if its manifest is damaged.
fn find(store: &dyn BlobStore, id: u64) -> Result<Option<Manifest>> {
    let Some(bytes) = store.get(&manifest_name(id))? else { return Ok(None) };
    Manifest::decode(&bytes).map(Some).map_err(|error| error.context(store.describe(&folder(id))))
}

/// All checkpoints, also the damaged ones, in order.
fn entries(store: &dyn BlobStore, branch: Option<&Branch>) -> Result<Vec<CheckpointEntry>> {
    let entry = |id| {
        let (place, manifest) = (store.describe(&folder(id)), read(store, id));
        CheckpointEntry { id, place, manifest, abandoned: false }
    };
    let mut entries: Vec<_> = numbers(store)?.into_iter().map(entry).collect();
    mark(&mut entries, branch);
    Ok(entries)
}

/// What can be done where the checkpoint `id` is damaged: the newest one before it that is whole.
pub(super) fn way_out(store: &dyn BlobStore, id: u64) -> String {
    way_out_among(store, &entries(store, None).unwrap_or_default(), id)
}

fn way_out_among(store: &dyn BlobStore, entries: &[CheckpointEntry], id: u64) -> String {
    let is_whole =
        |entry: &&CheckpointEntry| entry.manifest.as_ref().is_ok_and(|manifest| verify(store, manifest).is_empty());
    let older = entries.iter().rev().filter(|older| older.id < id && !older.abandoned).find(is_whole);
    match older {
        Some(older) => {
            format!(
                "the one before it can be used with --from {} --rewind; what came after it is then read and written once more",
                older.place
            )
        }
        None => "there is no other checkpoint: a new state directory starts from the beginning".to_owned(),
    }
}

impl History {
    /// The history in a job's folder.
    pub fn new(store: Arc<dyn BlobStore>) -> Self {
        History { store }
    }

    /// The folder.
    pub fn store(&self) -> &Arc<dyn BlobStore> {
        &self.store
    }

    /// The numbers of the checkpoints, in order.
    pub fn numbers(&self) -> Result<Vec<u64>> {
        numbers(&*self.store)
    }

    /// One checkpoint; an error if there is none of that number or if its manifest is damaged.
    pub fn read(&self, id: u64) -> Result<Manifest> {
        read(&*self.store, id)
    }

    /// All checkpoints, also the damaged and the abandoned ones, in order.
    pub fn entries(&self) -> Result<Vec<CheckpointEntry>> {
        entries(&*self.store, None)
    }

    /// The same where a start may have left the history without a checkpoint of its own yet.
    pub fn entries_with(&self, branch: Option<&Branch>) -> Result<Vec<CheckpointEntry>> {
        entries(&*self.store, branch)
    }

    /// The newest checkpoint that was not abandoned. If that one is damaged, an error that names it and the newest one that is not.
    pub fn latest(&self) -> Result<Option<Manifest>> {
        self.latest_of(&self.entries()?)
    }

    /// The same of those that have been found.
    pub fn latest_of(&self, entries: &[CheckpointEntry]) -> Result<Option<Manifest>> {
        let Some(newest) = entries.iter().rev().find(|entry| !entry.abandoned) else { return Ok(None) };
        let found = newest.manifest.clone().map(Some);
        found.map_err(|error| {
            let way_out = way_out_among(&*self.store, entries, newest.id);
            // One of another version is not damaged.
            let hint = error.hint_text().map_or_else(|| way_out.clone(), |hint| format!("{hint}; {way_out}"));
            error.hint(hint)
        })
    }

    /// Puts the next manifest: the decision. An error means that its outcome is not known.
    pub fn decide(&self, manifest: &Manifest) -> Result<Outcome> {
        let name = manifest_name(manifest.body.id);
        let bytes = manifest.encode()?;
        let mut attempt = 0;
        loop {
            failpoint("manifest-put")?;
            let put = self.store.put_if_absent(&name, &bytes);
            failpoint("manifest-put-done")?;
            match put {
                Ok(Put::Created) => break,
                // It may be our own, whose answer was lost.
                Ok(Put::Exists) => match find(&*self.store, manifest.body.id)?.map(|found| self.claim(manifest, found))
                {
                    Some(Outcome::Decided) => break,
                    Some(other) => return Ok(other),
                    // A conflict with a request that came to nothing.
                    None if attempt < ATTEMPTS => {
                        attempt += 1;
                        self.store.pause(Duration::from_millis(10 << attempt));
                    }
                    None => {
                        let place = self.store.describe(&name);
                        return Err(Error::failure(format!("{place} can neither be created nor read")));
                    }
                },
                Err(error) => {
                    attempt += 1;
                    match self.read(manifest.body.id).map(|found| self.claim(manifest, found)) {
                        Ok(Outcome::Decided) => break,
                        Ok(other) => return Ok(other),
                        Err(_) if attempt < ATTEMPTS => self.store.pause(Duration::from_millis(10 << attempt)),
                        Err(_) => return Err(error),
                    }
                }
            }
        }
        // Retention may have freed our number long ago.
        let newest = self.numbers()?.last().copied();
        Ok(if newest.is_some_and(|newest| newest > manifest.body.id) { Outcome::Overtaken } else { Outcome::Decided })
    }

    /// Whose a manifest is that stands where `wanted` was to be put.
    fn claim(&self, wanted: &Manifest, found: Manifest) -> Outcome {
        let (ours, theirs) = (&wanted.body, &found.body);
        if theirs.nonce == ours.nonce {
            Outcome::Decided
        } else if theirs.job.id == ours.job.id && theirs.job.generation == ours.job.generation {
            Outcome::Earlier(Box::new(found))
        } else {
            Outcome::Overtaken
        }
    }

    /// Takes a manifest away; the checkpoint is gone with it.
    pub fn remove(&self, id: u64) -> Result<()> {
        self.store.delete(&manifest_name(id))
    }
}
