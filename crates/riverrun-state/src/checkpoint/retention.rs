//! Which checkpoints are kept, and which files go with those that are not.

use super::history::{History, number};
use super::manifest::Manifest;
use riverrun_core::{Millis, Result, failpoint};
use std::collections::{BTreeMap, BTreeSet};

/// A file that no manifest names is left alone for so long: a process may be about to name it.
const GRACE: Millis = Millis(10 * 60 * 1000);

/// Keeps the newest checkpoints of a job, and takes away files that none of them names.
///
/// A manifest goes before its files; a file goes only if no kept manifest names it. So nothing that is ever
/// restored can miss a file, wherever this is interrupted.
#[derive(Debug)]
pub struct Retention {
    history: History,
    retained: usize,
    /// The files of the checkpoints that are kept, by number.
    kept: BTreeMap<u64, BTreeSet<String>>,
    /// Files of which it is not yet known whether a checkpoint will name them.
    loose: BTreeSet<String>,
}

impl Retention {
    /// Finds what there is. A damaged checkpoint is left alone, and so are all files while there is one.
    pub fn open(history: History, retained: usize) -> Result<Self> {
        let mut kept = BTreeMap::new();
        for entry in history.entries()? {
            if let Ok(manifest) = entry.manifest {
                kept.insert(entry.id, manifest.file_names());
            }
        }
        Ok(Retention { history, retained: retained.max(1), kept, loose: BTreeSet::new() })
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
        if files.iter().filter_map(|file| number(&file.name)).any(|id| !self.kept.contains_key(&id)) {
            // What a damaged or foreign manifest names is not known.
            return Ok(0);
        }
        let live: BTreeSet<&String> = self.kept.values().flatten().collect();
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
