//! Which checkpoints are kept, and which files go with those that are not.

use super::branch::Branch;
use super::history::{History, number};
use super::manifest::Manifest;
use riverrun_core::{Millis, Result, failpoint};
use std::collections::{BTreeMap, BTreeSet};

/// A file that no manifest names is left alone for so long: a process may be about to name it.
const GRACE: Millis = Millis(10 * 60 * 1000);

/// Keeps the newest checkpoints of a job, and takes away files that none of them names. Those that were abandoned go as soon as
/// the start that has left them has a checkpoint of its own.
///
/// A manifest goes before its files; a file goes only if no kept manifest names it. So nothing that is ever
/// restored can miss a file, wherever this is interrupted.
#[derive(Debug)]
pub struct Retention {
    history: History,
    retained: usize,
    /// The files of the checkpoints that are kept, by number.
    kept: BTreeMap<u64, BTreeSet<String>>,
    /// The files of those that the job has left behind, by number; `None` where the manifest can't be read.
    abandoned: BTreeMap<u64, Option<BTreeSet<String>>>,
    /// Files of which it is not yet known whether a checkpoint will name them.
    loose: BTreeSet<String>,
}

impl Retention {
    /// Finds what there is; `branch` is where this start has left the history, if it has. A damaged checkpoint that is not abandoned
    /// is left alone, and so are all files while there is one.
    pub fn open(history: History, retained: usize, branch: Option<&Branch>) -> Result<Self> {
        let (mut kept, mut abandoned) = (BTreeMap::new(), BTreeMap::new());
        for entry in history.entries_with(branch)? {
            let files = entry.manifest.map(|manifest| manifest.file_names());
            if entry.abandoned {
                abandoned.insert(entry.id, files.ok());
            } else if let Ok(files) = files {
                kept.insert(entry.id, files);
            }
        }
        Ok(Retention { history, retained: retained.max(1), kept, abandoned, loose: BTreeSet::new() })
    }

    /// These files were written for a checkpoint that has failed. A later one may still name them.
    pub fn loosen(&mut self, files: impl IntoIterator<Item = String>) {
        self.loose.extend(files);
    }

    /// A checkpoint has turned out to exist while another one is under way, which may name loose files: nothing goes yet.
    pub fn keep(&mut self, manifest: &Manifest) {
        self.kept.insert(manifest.body.id, manifest.file_names());
    }

    /// A checkpoint has been decided: those that are now too many go, with the files that only they named.
    pub fn decided(&mut self, manifest: &Manifest) -> Result<()> {
        self.kept.insert(manifest.body.id, manifest.file_names());
        let mut candidates = std::mem::take(&mut self.loose);
        while let Some((id, files)) = self.abandoned.pop_first() {
            failpoint("clean-up")?;
            self.history.remove(id)?;
            candidates.extend(files.into_iter().flatten());
        }
        while self.kept.len() > self.retained {
            let Some((id, files)) = self.kept.pop_first() else { break };
            failpoint("clean-up")?;
            self.history.remove(id)?;
            candidates.extend(files);
        }
        if !candidates.is_empty() {
            failpoint("clean-up-files")?;
        }
        let live: BTreeSet<&String> = self.kept.values().flatten().collect();
        for file in candidates.iter().filter(|file| !live.contains(file)) {
            self.history.store().delete(file)?;
        }
        Ok(())
    }

    /// Takes away what crashes have left: files that no manifest names, older than ten minutes. How many.
    pub fn collect(&self, now: Millis) -> Result<usize> {
        let store = self.history.store();
        let files = store.list("")?;
        let is_known = |id: &u64| self.kept.contains_key(id) || self.abandoned.get(id).is_some_and(Option::is_some);
        if files.iter().filter_map(|file| number(&file.name)).any(|id| !is_known(&id)) {
            // What a damaged or foreign manifest names is not known.
            return Ok(0);
        }
        let abandoned = self.abandoned.values().flatten().flatten();
        let live: BTreeSet<&String> = self.kept.values().flatten().chain(abandoned).collect();
        let mut collected = 0;
        for file in &files {
            let dead = number(&file.name).is_none() && !live.contains(&file.name) && !self.loose.contains(&file.name);
            if dead && file.modified.0.saturating_add(GRACE.0) < now.0 {
                store.delete(&file.name)?;
                collected += 1;
            }
        }
        Ok(collected)
    }
}
