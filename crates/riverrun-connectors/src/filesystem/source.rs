//! Files as a source: bounded, or watched for new ones.

use super::columns::{Constants, Layout};
use super::compression::is_compressed;
use super::location::{FoundFile, Location};
use super::records::{Broken, Progress, Reading, RecordReader};
use super::split::{ReaderState, Split, SplitState, worker_of};
use super::tail::TailReader;
use crate::connector::{OnError, SourceFactory, SourceSpec};
use crate::dead_letter::DeadLetters;
use riverrun_core::{Error, Millis, Options, Place, Result, RowBatch};
use riverrun_formats::{FileFormat, FileReader, Format, FormatSpec, registry};
use riverrun_runtime::{SourceContext, SourceOutput, SourceReader, SourceState};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::collections::{HashSet, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How a table's files are written.
#[derive(Clone, Copy)]
pub(super) enum FileKind {
    /// Record after record.
    Records(&'static dyn Format),
    /// As a whole, such as Parquet.
    Whole(&'static dyn FileFormat),
}

impl FileKind {
    /// The format of this name.
    pub(super) fn of(name: &str) -> Result<FileKind> {
        if let Some(format) = registry::format(name) {
            return Ok(FileKind::Records(format));
        }
        if let Some(format) = registry::file_format(name) {
            return Ok(FileKind::Whole(format));
        }
        let names: Vec<&str> = registry::formats()
            .iter()
            .map(|format| format.name())
            .chain(registry::file_formats().iter().map(|format| format.name()))
            .collect();
        if let Some((_, feature)) = crate::registry::left_out().into_iter().find(|(left_out, _)| *left_out == name) {
            return Err(Error::input(format!("this binary was built without the format '{name}'"))
                .hint(format!("build it with the cargo feature '{feature}'")));
        }
        Err(Error::input(format!("there is no format '{name}'")).hint_opt(
            riverrun_core::suggest::did_you_mean(name, names.iter().copied())
                .or_else(|| Some(format!("formats: {}", names.join(", ")))),
        ))
    }

    /// The format's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            FileKind::Records(format) => format.name(),
            FileKind::Whole(format) => format.name(),
        }
    }
}

/// What all readers of a table share.
pub(super) struct Table {
    pub(super) name: String,
    pub(super) location: Location,
    pub(super) layout: Layout,
    pub(super) kind: FileKind,
    pub(super) format: FormatSpec,
    pub(super) on_error: OnError,
    pub(super) max_record: usize,
    pub(super) batch_size: usize,
    pub(super) split_size: u64,
    pub(super) monitor: Option<Millis>,
    pub(super) from_end: bool,
}

impl Table {
    /// A reader of one split's records.
    pub(super) fn records(&self, split: Split, state: Option<&SplitState>, growing: bool) -> Result<RecordReader> {
        let FileKind::Records(format) = self.kind else {
            return Err(Error::bug("a file without records is read by record"));
        };
        let reading = Reading {
            framer: format.framer(&self.format.options)?,
            decoder: format.decoder(&self.format)?,
            max_record: self.max_record,
            batch_size: self.batch_size,
        };
        RecordReader::open(split, state, reading, growing)
    }

    /// What becomes of this worker's broken records.
    pub(super) fn broken(&self, context: &SourceContext) -> Broken {
        Broken {
            policy: self.on_error.clone(),
            table: self.name.clone(),
            letters: DeadLetters::new(&self.name, Arc::clone(&context.clock)),
            metrics: Arc::clone(&context.metrics),
        }
    }

    /// Whether a file may be cut into ranges.
    fn splittable(&self, file: &FoundFile) -> Result<bool> {
        let FileKind::Records(format) = self.kind else { return Ok(false) };
        if format.is_changelog() {
            return Ok(false);
        }
        let plain = !is_compressed(&file.path);
        Ok(plain && self.monitor.is_none() && format.framer(&self.format.options)?.ends_at_newline())
    }
}

/// Makes the readers of a table of files.
pub struct FileSource {
    table: Arc<Table>,
    tail: bool,
    /// Where `path` stands.
    place: Option<Place>,
    /// The files of a bounded table, listed once for all workers, so that these agree on who reads what.
    listed: Mutex<Option<Arc<Vec<Split>>>>,
}

impl FileSource {
    /// Sees that the table can be read as it is defined, whatever there is.
    pub fn new(spec: SourceSpec) -> Result<FileSource> {
        let options = &spec.options;
        let place = options.given(super::PATH.name).and_then(|value| value.value_place);
        let path = super::path_text(options, &spec.table)?;
        let filter = options.given(super::PATH_PATTERN.name);
        let location = Location::new(path, &spec.partition_keys, filter, place)?;
        let monitor = options.duration(&super::MONITOR_INTERVAL)?;
        if monitor.is_some_and(|interval| interval.0 <= 0) {
            let given = options.given(super::MONITOR_INTERVAL.name);
            return Err(Error::input("source.monitor-interval must be more than 0")
                .at(given.and_then(|value| value.value_place)));
        }
        let tail = options.bool(&super::TAIL)?;
        let kind = FileKind::of(&super::format_name(options, &spec.table)?)?;
        if let Some(mode) = options.given(super::STARTUP_MODE.name).filter(|_| !tail) {
            return Err(Error::input("'scan.startup.mode' is for files that are followed")
                .hint("set 'scan.tail' = 'true' too, or leave it out")
                .at(mode.key_place));
        }
        if tail && matches!(kind, FileKind::Whole(_)) {
            return Err(Error::input(format!("a growing file can't be read as '{}'", kind.name()))
                .detail("'scan.tail' is true")
                .hint("set 'source.monitor-interval' to read each file when it is complete"));
        }
        if let Some(path) =
            location.path().filter(|path| tail && !path.is_dir() && is_compressed(&path.to_string_lossy()))
        {
            return Err(Error::input(format!("{} is compressed: it can't be read as it grows", path.display()))
                .detail("'scan.tail' is true")
                .hint("leave 'scan.tail' out, or let 'path' name the file before it is compressed")
                .at(place));
        }
        let layout = Layout::new(&spec, options.text(&super::DEFAULT_PARTITION).unwrap_or_default())?;
        let format = FormatSpec {
            schema: layout.record_schema.clone(),
            projection: layout.record_projection.clone(),
            fields: layout.record_fields_read.clone(),
            metadata: layout.record_metadata.clone(),
            options: options.with_prefix(&format!("{}.", kind.name())),
            time_zone: spec.time_zone,
        };
        let source = FileSource {
            table: Arc::new(Table {
                name: spec.table.clone(),
                location,
                layout,
                kind,
                format,
                on_error: spec.on_error.clone(),
                max_record: max_record(options)?,
                batch_size: spec.batch_size.max(1),
                split_size: options.size(&super::SPLIT_SIZE)?.unwrap_or(64 << 20).max(1),
                monitor,
                from_end: options
                    .text(&super::STARTUP_MODE)
                    .is_some_and(|mode| mode.eq_ignore_ascii_case("latest-offset")),
            }),
            tail,
            place,
            listed: Mutex::new(None),
        };
        source.check_format()?;
        Ok(source)
    }

    /// Refuses a place where there is nothing to read, and to which nothing is to come.
    pub fn check_place(&self) -> Result<()> {
        let Table { name, location, monitor, .. } = &*self.table;
        if self.tail {
            super::tail::check(location, name, self.place)
        } else if monitor.is_none() || location.path().is_some() {
            location.check(name, self.place)
        } else {
            Ok(())
        }
    }

    /// Makes a decoder once, so that a mistake in the format's options shows before anything runs.
    fn check_format(&self) -> Result<()> {
        match self.table.kind {
            FileKind::Records(format) => {
                format.decoder(&self.table.format)?;
                format.framer(&self.table.format.options)?;
            }
            FileKind::Whole(format) => format.check(&self.table.format)?,
        }
        Ok(())
    }

    fn splits(&self, parallelism: usize) -> Result<Arc<Vec<Split>>> {
        let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(splits) = &*listed {
            return Ok(Arc::clone(splits));
        }
        let mut splits = Vec::new();
        let files = self.table.location.list()?;
        let bytes: u64 = files.iter().map(|file| file.size).sum();
        tracing::info!("table {}: files found: {}, bytes: {bytes}", self.table.name, files.len());
        for file in files {
            match self.table.kind {
                FileKind::Whole(format) if parallelism > 1 && self.table.monitor.is_none() => {
                    let cuts = format.cuts(Path::new(&*file.path))?;
                    splits.extend(Split::row_ranges(file, &cuts, parallelism));
                }
                _ if self.table.splittable(&file)? => {
                    splits.extend(Split::ranges(file, self.table.split_size, parallelism));
                }
                _ => splits.push(Split::whole(file)),
            }
        }
        let splits = Arc::new(splits);
        *listed = Some(Arc::clone(&splits));
        Ok(splits)
    }
}

/// The longest record that is no broken one.
fn max_record(options: &Options) -> Result<usize> {
    let size = options.size(&super::MAX_RECORD_SIZE)?.unwrap_or(16 << 20);
    if size == 0 {
        let given = options.given(super::MAX_RECORD_SIZE.name);
        return Err(Error::input("scan.max-record-size must be more than 0: every record would be broken")
            .hint("leave it out for 16 mb")
            .at(given.and_then(|value| value.value_place)));
    }
    Ok(size as usize)
}

impl SourceFactory for FileSource {
    fn bounded(&self) -> bool {
        !self.tail && self.table.monitor.is_none()
    }

    fn reader(&self, context: SourceContext) -> Result<Box<dyn SourceReader<RowBatch>>> {
        if self.tail {
            return Ok(Box::new(TailReader::new(Arc::clone(&self.table), context)));
        }
        let splits = if self.bounded() { self.splits(context.parallelism)? } else { Arc::default() };
        Ok(Box::new(FilesReader::new(Arc::clone(&self.table), &splits, context)))
    }
}

/// A split that is being read.
enum Open {
    Records(Box<RecordReader>),
    Whole { split: Split, reader: Box<dyn FileReader>, row: u64 },
}

impl Open {
    fn split(&self) -> &Split {
        match self {
            Open::Records(reader) => reader.split(),
            Open::Whole { split, .. } => split,
        }
    }
}

/// Reads one worker's files, one after the other.
pub struct FilesReader {
    table: Arc<Table>,
    context: SourceContext,
    broken: Broken,
    /// Splits that have not been opened, with where they stood.
    waiting: VecDeque<(Split, Option<SplitState>)>,
    open: Option<(Open, Constants)>,
    /// Splits that have been read.
    finished: Vec<SplitState>,
    /// Splits to announce at the next turn.
    unannounced: Vec<Split>,
    /// The files that are known, where new ones are watched for.
    known: HashSet<String>,
    /// When to look for new files again.
    next_look: Option<Millis>,
}

impl FilesReader {
    fn new(table: Arc<Table>, splits: &[Split], context: SourceContext) -> FilesReader {
        let own = splits.iter().enumerate().filter(|(index, _)| index % context.parallelism.max(1) == context.worker);
        let own: Vec<Split> = own.map(|(_, split)| split.clone()).collect();
        FilesReader {
            broken: table.broken(&context),
            waiting: own.iter().cloned().map(|split| (split, None)).collect(),
            open: None,
            finished: Vec::new(),
            unannounced: own,
            known: HashSet::new(),
            next_look: table.monitor.map(|_| Millis(i64::MIN)),
            table,
            context,
        }
    }

    /// Looks for new files, if it is time to.
    fn look(&mut self) -> Result<()> {
        let (Some(next), Some(interval)) = (self.next_look, self.table.monitor) else { return Ok(()) };
        let now = self.context.clock.now();
        if now < next {
            return Ok(());
        }
        self.next_look = Some(Millis(now.0 + interval.0));
        for file in self.table.location.list()? {
            if worker_of(&file.path, self.context.parallelism) != self.context.worker
                || !self.known.insert(file.path.to_string())
            {
                continue;
            }
            tracing::info!("table {}: {} has been found", self.table.name, file.path);
            let split = Split::whole(file);
            self.unannounced.push(split.clone());
            self.waiting.push_back((split, None));
        }
        Ok(())
    }

    /// Opens the next split that is still there.
    fn open_next(&mut self, out: &mut SourceOutput<RowBatch>) -> Result<bool> {
        while let Some((split, state)) = self.waiting.pop_front() {
            let constants = self.table.layout.constants(&split.file)?;
            let vanished = self.table.monitor.is_some() && !Path::new(&*split.file.path).exists();
            if vanished {
                // Taken away before its turn came: what a watched folder may do.
                out.finish_split(Arc::clone(&split.id));
                continue;
            }
            let worker = self.context.worker;
            tracing::debug!("table {}: worker {worker} reads {}", self.table.name, split.file.path);
            let open = match self.table.kind {
                FileKind::Records(_) => Open::Records(Box::new(self.table.records(split, state.as_ref(), false)?)),
                FileKind::Whole(format) => {
                    let row = state.map_or(split.start, |state| state.offset);
                    let rows = row..split.end.unwrap_or(u64::MAX);
                    let path = Path::new(&*split.file.path);
                    let reader = format.reader(&self.table.format, path, rows, self.table.batch_size)?;
                    Open::Whole { split, reader, row }
                }
            };
            self.open = Some((open, constants));
            return Ok(true);
        }
        Ok(false)
    }

    fn turn(&mut self, out: &mut SourceOutput<RowBatch>) -> Result<()> {
        let Some((open, constants)) = &mut self.open else { return Ok(()) };
        let (batch, ended, state) = match open {
            Open::Records(reader) => {
                let before = reader.position();
                let (batch, progress) = reader.read(&mut self.broken)?;
                self.context.metrics.bytes.add(reader.position() - before);
                (batch, progress == Progress::End, reader.state(progress == Progress::End, None))
            }
            Open::Whole { split, reader, row } => {
                let batch = reader.next()?;
                *row += batch.as_ref().map_or(0, RowBatch::num_rows) as u64;
                let ended = batch.is_none();
                (batch, ended, state_at_row(split, *row, ended))
            }
        };
        let id = Arc::clone(&open.split().id);
        if let Some(batch) = batch {
            out.emit(Arc::clone(&id), self.table.layout.assemble(batch, constants)?);
        }
        if ended {
            self.open = None;
            self.finished.push(state);
            out.finish_split(id);
        }
        Ok(())
    }
}

/// The state of a split that is read by row and not by record.
fn state_at_row(split: &Split, row: u64, finished: bool) -> SplitState {
    SplitState { offset: row, begun: true, finished, ..RecordReader::unread(split) }
}

impl SourceReader<RowBatch> for FilesReader {
    fn poll(&mut self, out: &mut SourceOutput<RowBatch>) -> Result<SourceState> {
        self.look()?;
        // All of them before rows of any: an unread file holds the watermark back.
        for split in self.unannounced.drain(..) {
            out.open_split(split.id);
        }
        if self.open.is_none() && !self.open_next(out)? {
            let Some(next) = self.next_look else { return Ok(SourceState::Finished) };
            let wait = (next.0 - self.context.clock.now().0).max(1) as u64;
            return Ok(SourceState::Idle(Some(Duration::from_millis(wait))));
        }
        self.turn(out)?;
        if !self.broken.letters.is_empty() {
            out.reject(self.broken.letters.flush()?);
        }
        if self.open.is_none() && self.waiting.is_empty() && self.next_look.is_none() {
            return Ok(SourceState::Finished);
        }
        Ok(SourceState::Ready)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        let mut splits = self.finished.clone();
        splits.extend(self.open.iter().map(|(open, _)| match open {
            Open::Records(reader) => reader.state(false, None),
            Open::Whole { split, row, .. } => state_at_row(split, *row, false),
        }));
        splits.extend(self.waiting.iter().map(|(split, state)| match (state, self.table.kind) {
            (Some(state), _) => state.clone(),
            (None, FileKind::Records(_)) => RecordReader::unread(split),
            (None, FileKind::Whole(_)) => state_at_row(split, split.start, false),
        }));
        Ok(OperatorSnapshot { union: vec![ReaderState { splits }.encode()?], ..OperatorSnapshot::default() })
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        if state.union.is_empty() {
            return Ok(());
        }
        // The list of the first run counts, not what is in the folder now.
        self.waiting.clear();
        self.unannounced.clear();
        let mut unread = 0;
        for state in ReaderState::merge(&state)? {
            let own = if self.table.monitor.is_some() {
                worker_of(&state.path, self.context.parallelism) == self.context.worker
            } else {
                let index = unread;
                unread += usize::from(!state.finished);
                if state.finished {
                    self.context.worker == 0
                } else {
                    index % self.context.parallelism == self.context.worker
                }
            };
            if !own {
                continue;
            }
            self.known.insert(state.path.clone());
            if state.finished {
                self.finished.push(state);
                continue;
            }
            let file = self.table.location.look(Path::new(&state.path)).ok_or_else(|| {
                Error::failure(format!(
                    "table {}: {} is gone, and had not been read to its end",
                    self.table.name, state.path
                ))
                .hint("put the file back, or start without the saved state")
            })?;
            let split =
                Split { id: state.id.as_str().into(), file: Arc::new(file), start: state.start, end: state.end };
            self.unannounced.push(split.clone());
            self.waiting.push_back((split, Some(state)));
        }
        Ok(())
    }
}
