//! Files as a sink: part files below a folder, partitioned and rolled, each of them visible only when it is complete.
//!
//! Without checkpoints a file appears when it is rolled or the input ends. With them every row stands once: a barrier
//! completes the open files under hidden names, on the disk, and names them in the checkpoint; when that is decided they
//! appear, by a rename that a restored job repeats where it is not known to have happened. What earlier starts have left
//! otherwise was never decided, and is removed.

use super::commit::{Commits, Progress};
use super::compression::Compression;
use super::io_error;
use super::later::{Begun, later_files, refuse_visible, remove};
use super::location::{self, is_glob, local_path};
use super::part::{self, Body, ClosedPart, IN_PROGRESS, OpenPart};
use super::partition::PartitionNames;
use super::source::FileKind;
use crate::connector::{AcceptedChanges, SinkFactory, SinkSpec};
use crate::saved;
use arrow::array::UInt32Array;
use crossbeam_channel::{RecvTimeoutError, Sender};
use riverrun_core::owned_file::abandoned;
use riverrun_core::{Epoch, Error, Field, Millis, Options, Place, Result, RowBatch, Watermark, failpoint};
use riverrun_formats::{EncodedRows, FormatSpec};
use riverrun_runtime::source::Waker;
use riverrun_runtime::{Sink, SinkContext, SinkState};
use riverrun_state::{OperatorSnapshot, RestoredState, hash_key};
use serde::{Deserialize, Serialize};
use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::BuildHasher;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The version of [`SinkPart`] in snapshots.
const VERSION: u8 = 1;

/// How many files a worker keeps open; the oldest is completed where rows of one more partition come.
const MAX_OPEN: usize = 256;

/// How files are written; the same for all workers.
struct Plan {
    table: String,
    /// The folder as `path` names it, and from the root.
    given: String,
    root: PathBuf,
    /// Where `path` stands.
    place: Option<Place>,
    kind: FileKind,
    format: FormatSpec,
    compression: Compression,
    /// The columns that stand in the files.
    record_columns: Vec<usize>,
    partitions: Option<PartitionNames>,
    overwrite: bool,
    roll_size: u64,
    roll_after: Millis,
    check_every: Millis,
    commits: Option<Commits>,
}

/// Makes the writers of a table of files.
pub struct FileSink {
    plan: Arc<Plan>,
    /// What this run's files have in their names; made when the first writer is.
    run: Mutex<Option<String>>,
}

impl FileSink {
    /// Sees that the table can be written.
    pub fn new(spec: SinkSpec) -> Result<FileSink> {
        let options = &spec.options;
        let place = options.given(super::PATH.name).and_then(|value| value.value_place);
        let path = super::path_text(options, &spec.table)?;
        let given = local_path(path, place)?;
        // From the root: a checkpoint names files, and the next start may be made in another folder.
        let root = PathBuf::from(location::absolute(Path::new(&given)));
        refuse_unsupported(options)?;
        let kind = FileKind::of(&super::format_name(options, &spec.table)?)?;
        let (keys, record_columns): (Vec<usize>, Vec<usize>) =
            (0..spec.schema.len()).partition(|&index| spec.partition_keys.contains(&spec.schema.fields[index].name));
        let keys = spec.partition_keys.iter().map(|key| {
            let position = keys.iter().copied().find(|&index| spec.schema.fields[index].name == *key);
            position.map(|position| (position, spec.schema.fields[position].clone())).ok_or_else(|| {
                Error::bug(format!("PARTITIONED BY names `{key}`, which is no column of table {}", spec.table))
            })
        });
        let keys: Vec<(usize, Field)> = keys.collect::<Result<_>>()?;
        if record_columns.is_empty() {
            return Err(Error::input(format!("all columns of table {} are in PARTITIONED BY", spec.table))
                .hint("a file needs at least one column of its own"));
        }
        let default_name = options.text(&super::DEFAULT_PARTITION).unwrap_or_default();
        let partitions = if keys.is_empty() { None } else { Some(PartitionNames::new(&keys, default_name)?) };
        let schema = spec.schema.project(&record_columns);
        let format = FormatSpec {
            projection: (0..schema.len()).collect(),
            fields: Default::default(),
            metadata: Vec::new(),
            schema,
            options: options.with_prefix(&format!("{}.", kind.name())),
            time_zone: spec.time_zone,
        };
        match kind {
            FileKind::Records(format_of) => drop(format_of.encoder(&format)?),
            FileKind::Whole(format_of) => format_of.check(&format)?,
        }
        let compression = match options.text(&super::COMPRESSION).unwrap_or_default().to_ascii_lowercase().as_str() {
            "gzip" => Compression::Gzip,
            "zstd" => Compression::Zstd,
            _ => Compression::None,
        };
        if compression != Compression::None && matches!(kind, FileKind::Whole(_)) {
            return Err(Error::input(format!("'sink.compression' does not go with 'format' = '{}'", kind.name()))
                .hint("Parquet compresses by itself: 'parquet.compression' = 'ZSTD'")
                .at(options.given(super::COMPRESSION.name).and_then(|value| value.key_place)));
        }
        let roll_after = options.duration(&super::ROLL_INTERVAL)?.unwrap_or(Millis(30 * 60_000));
        let check_every = options.duration(&super::CHECK_INTERVAL)?.unwrap_or(Millis(60_000));
        Ok(FileSink {
            plan: Arc::new(Plan {
                table: spec.table.clone(),
                given,
                root,
                place,
                kind,
                format,
                compression,
                record_columns,
                partitions,
                overwrite: spec.overwrite,
                roll_size: options.size(&super::ROLL_SIZE)?.unwrap_or(128 << 20).max(1),
                roll_after,
                // Looked at less often than it changes, an age would be overshot.
                check_every: check_every.min(roll_after),
                commits: Commits::new(options, &spec.partition_keys)?,
            }),
            run: Mutex::new(None),
        })
    }
}

/// Refuses by name what is in Flink and not here.
fn refuse_unsupported(options: &Options) -> Result<()> {
    let place = |name: &str| options.given(name).and_then(|value| value.value_place);
    if options.bool(&super::AUTO_COMPACTION)? {
        return Err(Error::unsupported("'auto-compaction' = 'true'")
            .hint("set 'sink.rolling-policy.file-size' and '…rollover-interval' for fewer, larger files")
            .at(place(super::AUTO_COMPACTION.name)));
    }
    match options.text(&super::COMMIT_POLICY) {
        None | Some("success-file") => Ok(()),
        Some(other) => Err(Error::unsupported(format!("'sink.partition-commit.policy.kind' = '{other}'"))
            .hint("'success-file' is supported, or leave the option out")
            .at(place(super::COMMIT_POLICY.name))),
    }
}

impl SinkFactory for FileSink {
    fn accepts(&self) -> AcceptedChanges {
        match self.plan.kind {
            FileKind::Records(format) if format.is_changelog() => AcceptedChanges::All,
            _ => AcceptedChanges::Append,
        }
    }

    fn check_place(&self) -> Result<()> {
        let Plan { table, given, root, place, .. } = &*self.plan;
        let what = if root.is_file() {
            "a file, and rows are written into a folder"
        } else if is_glob(given) && !root.exists() {
            "a glob, and rows are written into one folder"
        } else {
            return Ok(());
        };
        Err(Error::input(format!("table {table}: {given} is {what}"))
            .hint("name a folder in option 'path'; it is made if it is not there")
            .at(*place))
    }

    fn writer(&self, context: SinkContext) -> Result<Box<dyn Sink<RowBatch>>> {
        let mut run = self.run.lock().unwrap_or_else(PoisonError::into_inner);
        let first = run.is_none();
        // One factory serves every start of a job that is restarted in its process.
        let start = context.job.checkpoints.then(|| format!("{}-{}", lane_name(&context), context.job.generation));
        let run = run.get_or_insert_with(|| run_name(context.clock.now()));
        let run = start.as_ref().unwrap_or(run);
        let plan = Arc::clone(&self.plan);
        part::make_folder(&plan.root)?;
        if first {
            remove_leftovers(&plan.root);
        }
        if let Some(commits) = &plan.commits {
            let lane = context.job.checkpoints.then(|| lane_name(&context));
            commits.start(context.worker, lane.as_deref());
        }
        let old = if plan.overwrite { visible_files(&plan.root)? } else { Vec::new() };
        Ok(Box::new(FileWriter {
            next_check: context.clock.now(),
            alarm: None,
            ended: false,
            plan,
            run: run.clone(),
            count: 0,
            open: HashMap::new(),
            lines: EncodedRows::ended_by(b'\n'),
            closed: Vec::new(),
            epochs: BTreeMap::new(),
            epochs_known: context.job.checkpoints,
            unclean: context.job.checkpoints && context.worker == 0,
            old,
            context,
        }))
    }
}

/// What the files of a sink of a job with checkpoints have in their names, whatever start of it wrote them.
fn lane_name(context: &SinkContext) -> String {
    format!("{:016x}", hash_key(format!("{}\u{0}{}", context.job.id, context.id).as_bytes()))
}

/// A name that no other run has.
fn run_name(now: Millis) -> String {
    // The standard library's hash keys are the operating system's randomness, which a name needs and no result shows.
    let random = RandomState::new().hash_one(std::process::id());
    format!("{:x}-{random:016x}", now.0)
}

/// Calls the sink's waker now and then, so that files grow old without rows too.
struct Alarm(#[allow(dead_code, reason = "the thread ends when it is dropped")] Sender<()>);

impl Alarm {
    fn start(every: Duration, waker: Waker) -> Result<Alarm> {
        let (alive, gone) = crossbeam_channel::bounded::<()>(0);
        let ring = move || {
            while gone.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                waker();
            }
        };
        let thread = std::thread::Builder::new().name("file-rolling".to_owned()).spawn(ring);
        thread.map_err(|error| Error::failure(format!("can't start a thread: {error}")))?;
        Ok(Alarm(alive))
    }
}

/// Removes what runs have left that died while they wrote. A file whose lock is held is alive.
fn remove_leftovers(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if !location::is_hidden(&path) {
                remove_leftovers(&path);
            }
            continue;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(".part-")
            && name.ends_with(IN_PROGRESS)
            && let Some(_lock) = abandoned(&path)
        {
            let _ = std::fs::remove_file(&path);
        }
    }
}

/// Whether there is a file. What can't be looked at may well be there.
fn is_there(path: &Path) -> Result<bool> {
    path.try_exists().map_err(|error| io_error("read", path, &error))
}

/// Removes the hidden files of generations before this one.
fn remove_hidden(folder: &Path, lane: &str, generation: u64) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            remove_hidden(&path, lane, generation);
            continue;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        let theirs = name.strip_prefix(&format!(".part-{lane}-")).and_then(|rest| rest.split('-').next()?.parse().ok());
        if theirs.is_some_and(|theirs: u64| theirs < generation) {
            let _ = std::fs::remove_file(&path);
        }
    }
}

/// All data files below a folder.
fn visible_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| io_error("read", &folder, &error))?;
        for entry in entries {
            let path = entry.map_err(|error| io_error("read", &folder, &error))?.path();
            match path.is_dir() {
                _ if location::is_hidden(&path) => {}
                true => open.push(path),
                false => files.push(path),
            }
        }
    }
    Ok(files)
}

/// One worker's part of a snapshot.
#[derive(Debug, Default, Serialize, Deserialize)]
struct SinkPart {
    run: String,
    worker: usize,
    /// How many files this worker has begun.
    count: u64,
    /// Files that appear when the epoch is complete: hidden and visible name.
    pending: Vec<(PathBuf, PathBuf)>,
    /// `INSERT OVERWRITE`: files of before that go when those appear.
    #[serde(default)]
    old: Vec<PathBuf>,
    /// The id of the job that wrote them.
    #[serde(default)]
    job: String,
    /// The partitions that are not said to be complete, with their times.
    #[serde(default)]
    unmarked: Vec<(PathBuf, i64)>,
}

/// Writes one worker's rows.
pub struct FileWriter {
    plan: Arc<Plan>,
    context: SinkContext,
    run: String,
    /// How many files have been begun.
    count: u64,
    /// The files that are being written, by folder below the root.
    open: HashMap<String, OpenPart>,
    /// In which rows become records, before they go to a file.
    lines: EncodedRows,
    /// Files that are complete, of the epoch at hand.
    closed: Vec<ClosedPart>,
    /// Files of epochs that are not complete everywhere.
    epochs: BTreeMap<Epoch, Vec<ClosedPart>>,
    /// Whether there are epochs, so that files must wait for them.
    epochs_known: bool,
    /// Whether leftovers of earlier starts are still to be looked for.
    unclean: bool,
    /// `INSERT OVERWRITE`: the files that were there before.
    old: Vec<PathBuf>,
    next_check: Millis,
    alarm: Option<Alarm>,
    /// Whether the input has ended.
    ended: bool,
}

impl FileWriter {
    fn write_to(&mut self, folder: String, batch: &RowBatch) -> Result<()> {
        if self.alarm.is_none() {
            let every = Duration::from_millis(self.plan.check_every.0.max(1) as u64);
            self.alarm = Some(Alarm::start(every, Arc::clone(&self.context.waker))?);
        }
        if self.open.len() >= MAX_OPEN && !self.open.contains_key(&folder) {
            let oldest = self.open.iter().min_by_key(|(_, part)| part.since).map(|(folder, _)| folder.clone());
            if let Some(part) = oldest.and_then(|folder| self.open.remove(&folder)) {
                self.closed.push(part.close()?);
            }
        }
        let columns = batch.columns.project(&self.plan.record_columns)?;
        let records = RowBatch { columns, weights: batch.weights.clone() };
        let part = match self.open.entry(folder) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                let part = begin(&self.plan, &self.context, &self.run, self.count, entry.key())?;
                self.count += 1;
                if let Some(commits) = &self.plan.commits {
                    commits.begun(part.folder(), part.since)?;
                }
                entry.insert(part)
            }
        };
        failpoint("sink-write")?;
        let bytes = part.write(&records, &mut self.lines)?;
        self.context.metrics.bytes.add(bytes);
        Ok(())
    }

    /// Completes the files that are large or old enough, or all of them.
    fn roll(&mut self, all: bool) -> Result<()> {
        let now = self.context.clock.now();
        let over = self.partitions_over(now);
        let check_age = now >= self.next_check;
        if check_age {
            self.next_check = Millis(now.0 + self.plan.check_every.0);
        }
        let due: Vec<String> = self
            .open
            .iter()
            .filter(|(_, part)| {
                let old = check_age && now.0 - part.since.0 >= self.plan.roll_after.0;
                all || old || part.bytes() >= self.plan.roll_size || over.iter().any(|folder| folder == part.folder())
            })
            .map(|(folder, _)| folder.clone())
            .collect();
        for folder in due {
            if let Some(part) = self.open.remove(&folder) {
                self.closed.push(part.close()?);
            }
        }
        if !self.epochs_known && !all {
            let closed = std::mem::take(&mut self.closed);
            self.publish(&closed)?;
        }
        self.mark_partitions(now)
    }

    /// Folders whose files are to be completed, since the time of their partition is over.
    fn partitions_over(&self, now: Millis) -> Vec<PathBuf> {
        let Some(commits) = self.plan.commits.as_ref().filter(|_| self.count > 0 || self.ended) else {
            return Vec::new();
        };
        let watermark = if self.ended { Watermark::MAX } else { self.context.metrics.watermark() };
        commits.over(Progress { worker: self.context.worker, watermark, now })
    }

    fn mark_partitions(&self, now: Millis) -> Result<()> {
        self.plan.commits.as_ref().map_or(Ok(()), |commits| commits.mark(now))
    }

    /// Removes, once, what earlier starts of the job have left hidden: if it was decided, it has appeared by now.
    fn clean_up(&mut self) {
        if std::mem::take(&mut self.unclean) {
            remove_hidden(&self.plan.root, &lane_name(&self.context), self.context.job.generation);
        }
    }

    fn publish(&mut self, parts: &[ClosedPart]) -> Result<()> {
        for part in parts {
            let folder = location::parent(&part.visible);
            if self.plan.partitions.is_some() {
                self.remove_old(&folder)?;
            }
            failpoint("target-commit")?;
            part.publish()?;
            failpoint("commit-answer")?;
            if let Some(commits) = &self.plan.commits {
                commits.appeared(&folder, self.context.clock.now())?;
            }
        }
        Ok(())
    }

    /// Removes the files that are overwritten in `folder` and below.
    fn remove_old(&mut self, folder: &Path) -> Result<()> {
        let (gone, kept) =
            std::mem::take(&mut self.old).into_iter().partition(|path: &PathBuf| path.starts_with(folder));
        self.old = kept;
        gone.iter().try_for_each(|path| remove(path))
    }
}

fn begin(plan: &Plan, context: &SinkContext, run: &str, count: u64, folder: &str) -> Result<OpenPart> {
    let extension = plan.kind.name();
    let name = format!("part-{run}-{}-{count}.{extension}{}", context.worker, plan.compression.extension());
    let folder = if folder.is_empty() { plan.root.clone() } else { plan.root.join(folder) };
    let path = folder.join(&name);
    OpenPart::create(&folder, &name, context.clock.now(), |file| match plan.kind {
        FileKind::Records(format) => part::records(file, plan.compression, format.encoder(&plan.format)?, &path),
        FileKind::Whole(format) => Ok(Body::Whole(format.writer(&plan.format, file)?)),
    })
    .map_err(|error| error.context(format_args!("table {}", plan.table)))
}

impl Sink<RowBatch> for FileWriter {
    fn write(&mut self, batch: RowBatch) -> Result<()> {
        self.clean_up();
        if batch.num_rows() == 0 {
            return Ok(());
        }
        match &self.plan.partitions {
            None => self.write_to(String::new(), &batch)?,
            Some(names) => {
                for (name, runs) in names.folders(&batch.columns)? {
                    match &runs[..] {
                        [run] => self.write_to(name, &batch.slice(run.start, run.len()))?,
                        runs => {
                            let rows: UInt32Array = runs.iter().cloned().flatten().map(|row| row as u32).collect();
                            self.write_to(name, &batch.take(&rows)?)?;
                        }
                    }
                }
            }
        }
        self.roll(false)
    }

    fn poll(&mut self) -> Result<SinkState> {
        self.roll(false)?;
        Ok(SinkState::Done)
    }

    fn snapshot(&mut self, epoch: Epoch) -> Result<OperatorSnapshot> {
        self.clean_up();
        self.epochs_known = true;
        self.roll(true)?;
        let parts = std::mem::take(&mut self.closed);
        let waiting = self.epochs.values().flatten().chain(&parts);
        let part = SinkPart {
            run: self.run.clone(),
            worker: self.context.worker,
            count: self.count,
            pending: waiting.map(|part| (part.hidden.clone(), part.visible.clone())).collect(),
            old: self.old.clone(),
            job: self.context.job.id.clone(),
            unmarked: self.plan.commits.as_ref().map(Commits::unmarked).unwrap_or_default(),
        };
        failpoint("epoch-log")?;
        // The names are in the checkpoint, so they must outlive a crash of the machine.
        let folders: BTreeSet<PathBuf> = parts.iter().map(|part| location::parent(&part.hidden)).collect();
        folders.iter().try_for_each(|folder| part::sync_folder(folder))?;
        self.epochs.entry(epoch).or_default().extend(parts);
        Ok(OperatorSnapshot { union: vec![saved::encode(VERSION, &part)?], ..OperatorSnapshot::default() })
    }

    fn on_epoch_complete(&mut self, epoch: Epoch) -> Result<()> {
        if self.plan.overwrite && self.plan.partitions.is_none() {
            self.remove_old(&self.plan.root.clone())?;
        }
        let later = self.epochs.split_off(&Epoch(epoch.0 + 1));
        for (_, parts) in std::mem::replace(&mut self.epochs, later) {
            self.publish(&parts)?;
            if !parts.is_empty() {
                tracing::info!("table {}: epoch {} is committed, new files: {}", self.plan.table, epoch.0, parts.len());
            }
        }
        self.mark_partitions(self.context.clock.now())
    }

    fn finish(&mut self) -> Result<()> {
        self.ended = true;
        self.roll(true)
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        let parts = state.union.iter().map(|bytes| saved::decode("a table of files that is written", VERSION, bytes));
        let parts: Vec<SinkPart> = parts.collect::<Result<_>>()?;
        // What was there before an INSERT OVERWRITE began is in the checkpoint, if it is there still.
        self.old.clear();
        if !self.context.job.checkpoints
            && let Some(before) = parts.iter().map(|part| &part.run).max()
        {
            // The start before numbered its files from 0 as well. Readers go by name: what it wrote comes first.
            self.run = format!("{before}_");
        }
        // One worker finishes what the run before has left; the epoch is complete, or it would not be restored.
        if parts.is_empty() || self.context.worker != 0 {
            return Ok(());
        }
        // Files of the job that a savepoint came from are that job's.
        let own = |part: &&SinkPart| !self.context.job.checkpoints || part.job == self.context.job.id;
        let begun = parts.iter().filter(own).map(|part| (part.run.as_str(), part.worker, part.count));
        let begun = Begun::new(begun, &self.context.job, &lane_name(&self.context));
        let later = later_files(&self.plan.root, &begun, &self.plan.table)?;
        if self.context.job.checkpoints && !self.context.job.rewind {
            refuse_visible(&later, &self.plan.table)?;
        }
        self.old = parts.iter().flat_map(|part| part.old.iter().cloned()).collect();
        if self.plan.overwrite && self.plan.partitions.is_none() {
            self.remove_old(&self.plan.root.clone())?;
        }
        if let Some(commits) = &self.plan.commits {
            commits.restore(parts.iter().flat_map(|part| part.unmarked.iter().cloned()));
        }
        for part in &parts {
            for (hidden, visible) in &part.pending {
                if !is_there(hidden)? && !is_there(visible)? {
                    // It was on the disk when the checkpoint was decided, so it has appeared; somebody has taken it since.
                    tracing::warn!(table = self.plan.table, "{} appeared, and is gone", visible.display());
                    continue;
                }
                self.publish(&[ClosedPart { hidden: hidden.clone(), visible: visible.clone() }])?;
            }
        }
        later.iter().try_for_each(|path| remove(path))
    }
}
