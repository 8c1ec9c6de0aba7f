//! What a start goes on from, and how checkpoints are found by what a user writes.

use super::place::file_in_the_way;
use super::state_dir::StateDir;
use riverrun_core::{Error, KeyGroup, Result};
use riverrun_state::Snapshot;
use riverrun_state::checkpoint::{
    BlobStore, Branch, CheckpointEntry, CheckpointKind, History, Location, Manifest, StoreOptions, load_into,
    manifest_name,
};
use riverrun_state::tier::WorkFolder;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

/// The name of a manifest in its folder.
const MANIFEST: &str = "manifest.json";

/// A checkpoint or savepoint that a start goes on from, as every process of the job finds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The folder that the names of its files begin in.
    pub root: Location,
    /// Its manifest in that folder.
    pub manifest: String,
}

impl Origin {
    /// The checkpoint of this number in a job's folder.
    pub(crate) fn numbered(folder: &Location, id: u64) -> Origin {
        Origin { root: folder.clone(), manifest: manifest_name(id) }
    }

    /// Its number; a savepoint has none.
    pub(crate) fn number(&self) -> Option<u64> {
        self.manifest.strip_prefix("chk-")?.strip_suffix(MANIFEST)?.strip_suffix('/')?.parse().ok()
    }

    fn store(&self) -> Result<Arc<dyn BlobStore>> {
        self.root.open()
    }

    /// Where it is.
    fn place(&self) -> Location {
        self.number().map_or_else(|| self.root.clone(), |id| self.root.join(&format!("chk-{id}")))
    }

    /// Its manifest.
    pub fn manifest(&self) -> Result<Manifest> {
        let store = self.store()?;
        let place = store.describe(&self.manifest);
        let bytes = store.get(&self.manifest)?.ok_or_else(|| Error::failure(format!("{place} is missing")))?;
        Manifest::decode(&bytes).map_err(|error| error.context(place))
    }

    /// What it holds, of keyed state only the groups that are wanted. Files of tiers are put into folders below `folder`.
    pub(crate) fn load(
        &self,
        manifest: &Manifest,
        wanted: impl Fn(KeyGroup) -> bool,
        folder: &Arc<WorkFolder>,
    ) -> Result<Snapshot> {
        load_into(&*self.store()?, manifest, wanted, folder).map_err(|error| error.context(self.place()))
    }
}

/// What was found where a user has pointed to.
#[derive(Debug)]
pub struct Found {
    /// What the user wrote.
    pub place: String,
    /// Histories of jobs, by their folders, with all their checkpoints. Of a savepoint, or of one checkpoint, only that.
    pub jobs: Vec<(Location, Vec<CheckpointEntry>)>,
    /// Whether one checkpoint or savepoint was named, and not a folder of several.
    pub single: bool,
    /// Why it is not known whose the checkpoints of a state directory are, and which of them were abandoned.
    pub problem: Option<Error>,
}

impl Found {
    /// The one that a start can go on from: the newest, of the only job.
    pub fn origin(&self) -> Result<Origin> {
        if let Some(problem) = &self.problem {
            return Err(problem.clone());
        }
        let [(folder, entries)] = self.jobs.as_slice() else {
            let ids = self.jobs.iter().map(|(folder, _)| folder.to_string()).collect::<Vec<_>>().join(", ");
            return Err(Error::input(format!("{} holds checkpoints of several jobs", self.place))
                .hint(format!("name one of them: {ids}")));
        };
        let usable = |entry: &&CheckpointEntry| self.single || !entry.abandoned;
        let newest = entries.iter().rev().find(usable).ok_or_else(|| nothing(&self.place))?;
        let manifest = newest.manifest.clone()?;
        Ok(match manifest.body.kind {
            CheckpointKind::Savepoint => Origin { root: folder.clone(), manifest: MANIFEST.to_owned() },
            CheckpointKind::Checkpoint => Origin::numbered(folder, manifest.body.id),
        })
    }
}

fn nothing(place: &str) -> Error {
    Error::input(format!("there is no checkpoint or savepoint in {place}")).hint(
        "name a savepoint, a checkpoint (…/chk-7), or a state directory; `riverrun checkpoints DIR` lists what there is",
    )
}

/// Finds checkpoints: `place` is a savepoint, a checkpoint, a job's folder, a folder of jobs, or a state directory.
pub fn find(place: &str, stores: &StoreOptions) -> Result<Found> {
    let location = Location::parse(place, stores)?.absolute();
    if !location.is_remote()
        && let Some(file) = file_in_the_way(Path::new(&location.to_string()))
    {
        return Err(nothing(place).detail(format!("{} is a file, not a folder", file.display())));
    }
    if !location.is_remote() && !Path::new(&location.to_string()).exists() {
        return Err(nothing(place).detail(format!("there is no folder {location}")));
    }
    let store = location.open()?;
    if let Some(bytes) = store.get(MANIFEST)? {
        let manifest = Manifest::decode(&bytes).map_err(|error| error.context(store.describe("")));
        let is_savepoint = manifest.as_ref().is_ok_and(|manifest| manifest.body.kind == CheckpointKind::Savepoint);
        let folder = if is_savepoint { Some(location) } else { location.parent() };
        let id = manifest.as_ref().map_or(0, |manifest| manifest.body.id);
        let siblings = match &folder {
            Some(folder) if !is_savepoint => History::new(folder.open()?).entries()?,
            _ => Vec::new(),
        };
        let abandoned = siblings.iter().any(|sibling| sibling.id == id && sibling.abandoned);
        let entry = CheckpointEntry { id, place: store.describe(""), manifest, abandoned };
        return Ok(Found {
            place: place.to_owned(),
            jobs: folder.into_iter().map(|folder| (folder, vec![entry.clone()])).collect(),
            single: true,
            problem: None,
        });
    }
    let mut folders: Vec<String> = Vec::new();
    for file in store.list("")? {
        // `…/chk-7/manifest.json`: the job's folder is what stands before.
        let parts: Vec<&str> = file.name.split('/').collect();
        if let [above @ .., checkpoint, MANIFEST] = parts.as_slice()
            && checkpoint.starts_with("chk-")
        {
            let folder = above.join("/");
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
    }
    let mut folders: Vec<Location> = folders
        .into_iter()
        .map(|folder| if folder.is_empty() { location.clone() } else { location.join(&folder) })
        .collect();
    // A state directory: its jobs may have their checkpoints elsewhere, and it knows what they have abandoned.
    let mut branches: Vec<(Location, Branch)> = Vec::new();
    let mut problem = None;
    if !location.is_remote() {
        let known = StateDir::jobs(Path::new(&location.to_string()));
        let known = known.unwrap_or_else(|error| {
            problem = Some(error);
            Vec::new()
        });
        for job in known {
            let elsewhere = job.folder.map(|folder| Location::parse(&folder, stores)).transpose()?;
            let is_elsewhere = elsewhere.is_some();
            let folder = elsewhere.unwrap_or_else(|| location.join("checkpoints")).join(&job.id);
            if let Some(branch) = job.branch {
                branches.push((folder.clone(), branch));
            }
            if is_elsewhere && !folders.contains(&folder) {
                folders.push(folder);
            }
        }
    }
    let mut jobs = Vec::new();
    for folder in folders {
        let branch = branches.iter().find(|(of, _)| *of == folder).map(|(_, branch)| branch);
        let entries = History::new(folder.open()?).entries_with(branch)?;
        if !entries.is_empty() {
            jobs.push((folder, entries));
        }
    }
    if jobs.is_empty() {
        return Err(problem.unwrap_or_else(|| nothing(place)));
    }
    Ok(Found { place: place.to_owned(), jobs, single: false, problem })
}
