//! Partitions that are said to be complete by an empty file in each of them, once all their files have appeared and, where
//! that is asked for, their time is over.
//!
//! Source of the semantics: Flink, "FileSystem SQL Connector", "Partition Commit".

use super::io_error;
use super::part::{self, IN_PROGRESS, PENDING};
use super::partition::values_of;
use super::partition_time::PartitionTime;
use riverrun_core::{Millis, Options, Result, Watermark};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Marks the partitions of a table; shared by the workers of a process.
pub struct Commits {
    trigger: Trigger,
    /// How long after its time a partition is complete.
    delay: Millis,
    marker: String,
    keys: Vec<String>,
    state: Mutex<State>,
}

/// What a partition's time is.
enum Trigger {
    /// When its first file was begun.
    ProcessTime,
    /// What its values say, in event time.
    PartitionTime(PartitionTime),
}

#[derive(Default)]
struct State {
    /// What the hidden files of all processes of the job begin with, if that is known.
    hidden: Option<String>,
    /// The workers of this start of the job.
    workers: BTreeSet<usize>,
    /// Where the workers stand that have written something.
    watermarks: BTreeMap<usize, Watermark>,
    /// By folder, those that are not marked.
    partitions: BTreeMap<PathBuf, Partition>,
}

struct Partition {
    time: Millis,
    /// How many files of it have not appeared.
    hidden: usize,
}

/// Where a worker stands.
#[derive(Clone, Copy)]
pub struct Progress {
    /// Its number.
    pub worker: usize,
    /// Its event time; [`Watermark::MAX`] at the end of input.
    pub watermark: Watermark,
    /// Its clock.
    pub now: Millis,
}

impl Commits {
    /// Sees that the options are good. `None` where no partitions are to be marked.
    pub fn new(options: &Options, keys: &[String]) -> Result<Option<Commits>> {
        let time = PartitionTime::new(options)?;
        let delay = options.duration(&super::COMMIT_DELAY)?.unwrap_or(Millis(0));
        let by_values = options.text(&super::COMMIT_TRIGGER);
        let by_values = by_values.is_some_and(|text| text.trim().eq_ignore_ascii_case("partition-time"));
        let asked = options.text(&super::COMMIT_POLICY).is_some() && !keys.is_empty();
        Ok(options.text(&super::SUCCESS_FILE).filter(|_| asked).map(|marker| Commits {
            trigger: if by_values { Trigger::PartitionTime(time) } else { Trigger::ProcessTime },
            delay,
            marker: marker.to_owned(),
            keys: keys.to_vec(),
            state: Mutex::new(State::default()),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A worker starts: what a start of the job before this one had in mind is forgotten. `lane` is what the job's files have in
    /// their names.
    pub fn start(&self, worker: usize, lane: Option<&str>) {
        let mut state = self.state();
        if !state.workers.insert(worker) {
            *state = State { workers: BTreeSet::from([worker]), ..State::default() };
        }
        state.hidden = lane.map(|lane| format!(".part-{lane}-"));
    }

    /// A file is begun.
    pub fn begun(&self, folder: &Path, now: Millis) -> Result<()> {
        self.partition(folder, now, |partition| partition.hidden += 1)
    }

    /// A file has appeared.
    pub fn appeared(&self, folder: &Path, now: Millis) -> Result<()> {
        self.partition(folder, now, |partition| partition.hidden = partition.hidden.saturating_sub(1))
    }

    fn partition(&self, folder: &Path, now: Millis, change: impl FnOnce(&mut Partition)) -> Result<()> {
        let mut state = self.state();
        match state.partitions.entry(folder.to_owned()) {
            Entry::Occupied(mut known) => change(known.get_mut()),
            Entry::Vacant(place) => change(place.insert(Partition { time: self.time_of(folder, now)?, hidden: 0 })),
        }
        Ok(())
    }

    fn time_of(&self, folder: &Path, now: Millis) -> Result<Millis> {
        let Trigger::PartitionTime(time) = &self.trigger else { return Ok(now) };
        // A folder stands where its file would.
        let values = values_of(&folder.join(&self.marker), &self.keys);
        let values: Vec<String> = values.into_iter().map(Option::unwrap_or_default).collect();
        time.of(&self.keys, &values)
    }

    fn is_over(&self, partition: &Partition, watermark: Watermark, now: Millis) -> bool {
        let end = partition.time.0.saturating_add(self.delay.0);
        match self.trigger {
            _ if watermark == Watermark::MAX => true,
            Trigger::ProcessTime => now.0 >= end,
            Trigger::PartitionTime(_) => watermark.0 > end,
        }
    }

    /// Takes note of where a worker stands, and gives the folders whose time is over although files of them are being
    /// written.
    pub fn over(&self, progress: Progress) -> Vec<PathBuf> {
        let mut state = self.state();
        state.watermarks.insert(progress.worker, progress.watermark);
        if matches!(self.trigger, Trigger::ProcessTime) {
            return Vec::new();
        }
        let watermark = state.watermark();
        let over = state
            .partitions
            .iter()
            .filter(|(_, partition)| partition.hidden > 0 && self.is_over(partition, watermark, progress.now));
        over.map(|(folder, _)| folder.clone()).collect()
    }

    /// Marks what is complete.
    pub fn mark(&self, now: Millis) -> Result<()> {
        let mut state = self.state();
        let watermark = state.watermark();
        let done = state
            .partitions
            .iter()
            .filter(|(_, partition)| partition.hidden == 0 && self.is_over(partition, watermark, now));
        let done: Vec<PathBuf> = done.map(|(folder, _)| folder.clone()).collect();
        for folder in done {
            if !folder.is_dir() {
                tracing::warn!("{} was removed before it was marked as complete", folder.display());
            } else if state.is_written(&folder)? {
                continue;
            } else {
                self.put_marker(&folder)?;
            }
            state.partitions.remove(&folder);
        }
        Ok(())
    }

    /// Writes the marker, so that it outlives a crash of the machine: the next checkpoint does not know the partition any more.
    fn put_marker(&self, folder: &Path) -> Result<()> {
        let path = folder.join(&self.marker);
        let put = File::create(&path).and_then(|file| file.sync_all());
        put.map_err(|error| io_error("write", &path, &error))?;
        part::sync_folder(folder)
    }

    /// The partitions that are not marked, with their times, for a snapshot.
    pub fn unmarked(&self) -> Vec<(PathBuf, i64)> {
        self.state().partitions.iter().map(|(folder, partition)| (folder.clone(), partition.time.0)).collect()
    }

    /// Takes over what a snapshot has.
    pub fn restore(&self, unmarked: impl IntoIterator<Item = (PathBuf, i64)>) {
        let mut state = self.state();
        for (folder, time) in unmarked {
            state.partitions.entry(folder).or_insert(Partition { time: Millis(time), hidden: 0 });
        }
    }
}

impl State {
    /// Whether a folder has files that have not appeared: workers of other processes write there too.
    fn is_written(&self, folder: &Path) -> Result<bool> {
        let Some(prefix) = &self.hidden else { return Ok(false) };
        let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let entries = entries.map_err(|error| io_error("read", folder, &error))?;
        Ok(entries.iter().any(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.starts_with(prefix) && (name.ends_with(PENDING) || name.ends_with(IN_PROGRESS))
        }))
    }

    fn watermark(&self) -> Watermark {
        self.watermarks.values().min().copied().unwrap_or(Watermark::MIN)
    }
}
