//! Files that a sink has written after the checkpoint that its job goes on from: their rows come again.

use super::location::is_hidden;
use super::part::{IN_PROGRESS, PENDING};
use riverrun_core::{Error, Result};
use riverrun_runtime::JobIdentity;
use std::path::{Path, PathBuf};

/// Which files a checkpoint knows: those that each worker had begun. Files are named `part-RUN-WORKER-NUMBER.…`; with checkpoints
/// a run is `LANE-GENERATION`.
pub(super) struct Begun {
    /// Of each run and worker how many.
    counts: Vec<(String, usize, u64)>,
    /// What the files of all starts of the job begin with, the start that took the checkpoint, and the one at hand.
    starts: Option<(String, u64, u64)>,
}

impl Begun {
    /// From what the checkpoint says: run, worker, and how many files that had begun.
    pub(super) fn new<'a>(begun: impl Iterator<Item = (&'a str, usize, u64)>, job: &JobIdentity, lane: &str) -> Begun {
        let counts: Vec<_> = begun.map(|(run, worker, count)| (run.to_owned(), worker, count)).collect();
        let generation = |run: &str| run.strip_prefix(lane)?.strip_prefix('-')?.parse::<u64>().ok();
        let newest = counts.iter().filter_map(|(run, ..)| generation(run)).max().filter(|_| job.checkpoints);
        Begun { counts, starts: newest.map(|newest| (format!("part-{lane}-"), newest, job.generation)) }
    }

    /// Whether a file was begun after the checkpoint, by this start's predecessors.
    fn is_later(&self, name: &str) -> bool {
        if let Some((prefix, newest, now)) = &self.starts
            && let Some(generation) =
                name.strip_prefix(prefix).and_then(|rest| rest.split('-').next()?.parse::<u64>().ok())
            && generation > *newest
        {
            return generation < *now;
        }
        self.counts.iter().any(|(run, worker, count)| {
            let number = name
                .strip_prefix(&format!("part-{run}-{worker}-"))
                .and_then(|rest| rest.split('.').next()?.parse::<u64>().ok());
            number.is_some_and(|number| number >= *count)
        })
    }
}

/// The files below a folder that were begun after the checkpoint.
pub(super) fn later_files(folder: &Path, begun: &Begun) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(later_files(&path, begun));
            continue;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        let name = name.strip_prefix('.').unwrap_or(&name);
        let name = name.strip_suffix(PENDING).or_else(|| name.strip_suffix(IN_PROGRESS)).unwrap_or(name);
        if begun.is_later(name) {
            found.push(path);
        }
    }
    found
}

/// Files that readers may have seen can't be taken away without being asked to.
pub(super) fn refuse_visible(later: &[PathBuf], table: &str) -> Result<()> {
    let count = match later.iter().filter(|path| !is_hidden(path)).count() {
        0 => return Ok(()),
        1 => "a file".to_owned(),
        count => format!("{count} files"),
    };
    Err(Error::failure(format!("table '{table}' already shows {count} that this job wrote after the checkpoint"))
        .detail("going on from here would take them away, and write their rows once more into other files")
        .hint(
            "go on from the newest checkpoint; --rewind goes on from this one and writes them again; \
             another --state-dir runs the file as a new job",
        ))
}
