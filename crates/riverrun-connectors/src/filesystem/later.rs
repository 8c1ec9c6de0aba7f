//! Files that a sink has written after the checkpoint that its job goes on from: their rows come again.

use super::io_error;
use super::location::is_hidden;
use super::part::{IN_PROGRESS, PENDING};
use crate::delivery::LEFTOVER;
use riverrun_core::{Error, Result};
use riverrun_runtime::JobIdentity;
use std::io;
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

    /// The start that has begun a file, if it is one of this job.
    fn start_of(&self, name: &str) -> Option<u64> {
        let (prefix, ..) = self.starts.as_ref()?;
        name.strip_prefix(prefix)?.split('-').next()?.parse().ok()
    }

    /// Whether a file was begun after the checkpoint, by this start's predecessors; or, if it is visible, by a start of the same number:
    /// this one has no visible files yet, but where the state directory is an older copy, another has been there.
    fn is_later(&self, name: &str, visible: bool) -> bool {
        if let Some((_, newest, now)) = &self.starts
            && let Some(generation) = self.start_of(name)
            && generation > *newest
        {
            return generation < *now || visible && generation == *now;
        }
        self.counts.iter().any(|(run, worker, count)| {
            let number = name
                .strip_prefix(&format!("part-{run}-{worker}-"))
                .and_then(|rest| rest.split('.').next()?.parse::<u64>().ok());
            number.is_some_and(|number| number >= *count)
        })
    }
}

/// The files below a folder that were begun after the checkpoint. An error if a later start than this one shows files there.
pub(super) fn later_files(folder: &Path, begun: &Begun, table: &str) -> Result<Vec<PathBuf>> {
    let unread = |error: io::Error| io_error("read", folder, &error);
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(unread)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(unread)?;
        let path = entry.path();
        if path.is_dir() {
            found.extend(later_files(&path, begun, table)?);
            continue;
        }
        let visible = !is_hidden(&path);
        let name = entry.file_name().to_string_lossy().into_owned();
        let name = name.strip_prefix('.').unwrap_or(&name);
        let name = name.strip_suffix(PENDING).or_else(|| name.strip_suffix(IN_PROGRESS)).unwrap_or(name);
        let now = begun.starts.as_ref().map(|(_, _, now)| *now);
        if visible && begun.start_of(name) > now {
            return Err(Error::failure(format!("table '{table}' shows files of a later start of this job"))
                .detail(path.display().to_string())
                .hint(LEFTOVER));
        }
        if begun.is_later(name, visible) {
            found.push(path);
        }
    }
    Ok(found)
}

/// Removes a file, unless another worker has. What stays would be seen beside the rows that come again.
pub(super) fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error("remove", path, &error)),
        _ => Ok(()),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_looked_through_or_removed_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let begun = Begun { counts: Vec::new(), starts: None };
        let unread = later_files(&file, &begun, "t").unwrap_err();
        assert_eq!(unread.message(), format!("can't read {}: Not a directory", file.display()));
        assert_eq!(later_files(&folder.path().join("none"), &begun, "t").unwrap(), Vec::<PathBuf>::new());
        let kept = remove(folder.path()).unwrap_err();
        assert!(kept.message().starts_with(&format!("can't remove {}: ", folder.path().display())), "{kept}");
        remove(&folder.path().join("none")).unwrap();
    }

    #[test]
    fn files_of_a_later_start_turn_this_one_away() {
        let folder = tempfile::tempdir().unwrap();
        let begun = Begun { counts: Vec::new(), starts: Some(("part-lane-".to_owned(), 2, 3)) };
        let look = |name: &str| {
            std::fs::write(folder.path().join(name), "").unwrap();
            later_files(folder.path(), &begun, "t").map(|found| found.len())
        };
        assert_eq!(look("part-lane-2-0-0.csv").unwrap(), 0, "of the start that took the checkpoint");
        assert_eq!(look("part-lane-3-0-0.csv").unwrap(), 1);
        assert_eq!(look(".part-lane-4-0-0.csv.inprogress").unwrap(), 1, "hidden");
        let error = look("part-lane-4-0-0.csv").unwrap_err();
        assert_eq!(error.message(), "table 't' shows files of a later start of this job");
        assert_eq!(error.detail_text(), Some(&*folder.path().join("part-lane-4-0-0.csv").display().to_string()));
        assert!(error.hint_text().unwrap().starts_with("this process is a leftover"), "{error}");
    }
}
