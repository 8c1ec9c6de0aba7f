//! A table as a bounded source: one scan, or parts of it that workers share.
//!
//! A split's position is how many of its rows have been read. A scan gives its rows in the same order again as long as the
//! table does not change, so a restored run passes over them; of a table that has changed meanwhile it may repeat or miss some.

use super::asked_once::AskedOnce;
use super::check::{Way, check};
use super::options;
use super::session::{Described, Scan, TableRef, connect};
use crate::connector::{SourceFactory, SourceSpec};
use crate::delivery::{Stop, Trouble};
use crate::saved;
use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};
use riverrun_core::{Error, Result, RowBatch, TypeKind};
use riverrun_runtime::source::Waker;
use riverrun_runtime::{SourceContext, SourceOutput, SourceReader, SourceState, SplitId};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::collections::VecDeque;
use std::sync::Arc;

/// The version of a split's state.
const STATE_VERSION: u8 = 1;

/// How many batches may wait for the worker.
const WAITING: usize = 4;

/// Makes the readers of one table.
pub struct JdbcSource {
    table: Arc<TableRef>,
    spec: SourceSpec,
    /// The ranges of the parts; one without bounds if the scan is not cut.
    parts: Vec<Option<(String, i64, i64)>>,
    batch_size: usize,
    described: AskedOnce<Described>,
}

impl JdbcSource {
    /// Checks the options; the database is asked when the job starts.
    pub fn new(spec: SourceSpec) -> Result<JdbcSource> {
        let options = &spec.options;
        let table = super::table_ref(&spec.table, &spec.schema, options, &[])?;
        let fetch_size = options::count(options, &options::FETCH_SIZE)?.filter(|rows| *rows > 0);
        let batch_size = fetch_size.map_or(spec.batch_size, |rows| rows.min(spec.batch_size)).max(1);
        Ok(JdbcSource { parts: parts(&spec)?, table, batch_size, spec, described: AskedOnce::default() })
    }

    /// What the database says of the table; the first worker asks, and refuses a table that is another.
    fn described(&self) -> Result<Arc<Described>> {
        self.described.get(|| {
            let found = self.table.described()?;
            check(&self.table, &found, &self.spec.projection, Way::Read)?;
            tracing::info!("table {}: parts of the scan: {}", self.spec.table, self.parts.len());
            Ok(found)
        })
    }
}

/// The parts of a scan, as Flink cuts it: the values between the bounds in parts that differ by one at the most.
fn parts(spec: &SourceSpec) -> Result<Vec<Option<(String, i64, i64)>>> {
    let options = &spec.options;
    let all =
        [&options::PARTITION_COLUMN, &options::PARTITION_NUM, &options::PARTITION_LOWER, &options::PARTITION_UPPER];
    let Some(first) = all.iter().find_map(|option| options.given(option.name)) else { return Ok(vec![None]) };
    if let Some(missing) = all.iter().find(|option| options.given(option.name).is_none()) {
        return Err(Error::input(format!("option '{}' is missing for table '{}'", missing.name, spec.table))
            .hint("the four options 'scan.partition.*' go together")
            .at(first.key_place));
    }
    let column = options.text(&options::PARTITION_COLUMN).unwrap_or_default();
    let place = options.given(options::PARTITION_COLUMN.name).and_then(|value| value.value_place);
    let field = spec.schema.index_of(column).map(|index| &spec.schema.fields[index]).ok_or_else(|| {
        Error::input(format!("'scan.partition.column' names `{column}`, which is no column of '{}'", spec.table))
            .detail(format!("columns: {}", spec.schema))
            .at(place)
    })?;
    if !matches!(field.data_type.kind, TypeKind::Decimal { .. }) && !field.data_type.kind.is_integer() {
        return Err(Error::input(format!("'scan.partition.column' names `{column}`, which is {}", field.data_type))
            .hint("a scan is cut by a column of whole numbers")
            .at(place));
    }
    let number = |option| Ok::<_, Error>(options.int(option)?.unwrap_or_default());
    let (low, high) = (number(&options::PARTITION_LOWER)?, number(&options::PARTITION_UPPER)?);
    let count = options::count(options, &options::PARTITION_NUM)?.unwrap_or_default();
    let place = options.given(options::PARTITION_UPPER.name).and_then(|value| value.value_place);
    if low > high || count == 0 {
        return Err(Error::input(format!("there is nothing to read from {low} to {high} in {count} parts"))
            .hint("'scan.partition.lower-bound' is at most the upper bound, and 'scan.partition.num' at least 1")
            .at(place));
    }
    let values = i128::from(high) - i128::from(low) + 1;
    let count = (count as i128).min(values);
    let bound = |part: i128| (i128::from(low) + part * (values / count) + part.min(values % count)) as i64;
    Ok((0..count).map(|part| Some((column.to_owned(), bound(part), bound(part + 1).wrapping_sub(1)))).collect())
}

impl SourceFactory for JdbcSource {
    fn bounded(&self) -> bool {
        true
    }

    fn reader(&self, context: SourceContext) -> Result<Box<dyn SourceReader<RowBatch>>> {
        let described = self.described()?;
        let own = (0..self.parts.len()).filter(|part| part % context.parallelism == context.worker);
        let splits = own.map(|number| Split {
            number,
            id: number.to_string().into(),
            range: self.parts[number].clone(),
            read: 0,
            finished: false,
        });
        Ok(Box::new(JdbcReader {
            splits: splits.collect(),
            table: self.table.clone(),
            described,
            columns: self.spec.projection.clone(),
            batch_size: self.batch_size,
            context,
            thread: None,
        }))
    }
}

/// A part of the scan.
struct Split {
    number: usize,
    id: SplitId,
    range: Option<(String, i64, i64)>,
    /// How many of its rows have been handed on.
    read: u64,
    finished: bool,
}

/// What the thread tells the worker, in order.
enum Event {
    /// Rows of the split of this position.
    Rows(usize, RowBatch),
    /// A split has been read to its end.
    Finished(usize),
    /// The database said no.
    Failed(Error),
}

struct JdbcReader {
    table: Arc<TableRef>,
    described: Arc<Described>,
    columns: Vec<usize>,
    batch_size: usize,
    splits: Vec<Split>,
    context: SourceContext,
    thread: Option<ScanThread>,
}

impl JdbcReader {
    fn start(&self) -> Result<ScanThread> {
        let scans: VecDeque<(usize, Scan)> = (self.splits.iter().enumerate())
            .filter(|(_, split)| !split.finished)
            .map(|(at, split)| {
                let (columns, range) = (self.columns.clone(), split.range.clone());
                (at, Scan { columns, range, skip: split.read, batch_size: self.batch_size })
            })
            .collect();
        let (sender, events) = bounded(WAITING);
        let stop = Stop::default();
        let task = ScanTask {
            table: self.table.clone(),
            described: self.described.clone(),
            stop: stop.clone(),
            sender,
            waker: self.context.waker.clone(),
        };
        let thread = crate::threads::spawn("jdbc-scan", self.context.waker.clone(), move || task.run(scans));
        thread.map_err(|error| Error::failure(format!("cannot start a thread: {error}")))?;
        Ok(ScanThread { events, stop })
    }
}

impl SourceReader<RowBatch> for JdbcReader {
    fn poll(&mut self, out: &mut SourceOutput<RowBatch>) -> Result<SourceState> {
        let thread = match self.thread.take() {
            Some(thread) => thread,
            None => {
                let open = self.splits.iter().filter(|split| !split.finished);
                open.for_each(|split| out.open_split(split.id.clone()));
                self.start()?
            }
        };
        let event = thread.events.try_recv();
        self.thread = Some(thread);
        match event {
            _ if self.splits.iter().all(|split| split.finished) => Ok(SourceState::Finished),
            Ok(Event::Rows(at, batch)) => {
                let split = &mut self.splits[at];
                split.read += batch.num_rows() as u64;
                self.context.metrics.bytes.add(batch.num_bytes() as u64);
                out.emit(split.id.clone(), batch);
                Ok(SourceState::Ready)
            }
            Ok(Event::Finished(at)) => {
                let split = &mut self.splits[at];
                split.finished = true;
                out.finish_split(split.id.clone());
                Ok(SourceState::Ready)
            }
            Ok(Event::Failed(error)) => Err(error),
            Err(TryRecvError::Empty) => Ok(SourceState::Idle(None)),
            Err(TryRecvError::Disconnected) => {
                Err(Error::failure(format!("lost the thread that reads {}", self.table.place())))
            }
        }
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        let element = |split: &Split| saved::encode(STATE_VERSION, &(split.number, split.read, split.finished));
        let union = self.splits.iter().map(element).collect::<Result<_>>()?;
        Ok(OperatorSnapshot { union, ..OperatorSnapshot::default() })
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        for bytes in &state.union {
            let (number, read, finished): (usize, u64, bool) = saved::decode("a scan", STATE_VERSION, bytes)?;
            if let Some(split) = self.splits.iter_mut().find(|split| split.number == number) {
                (split.read, split.finished) = (read, finished);
            }
        }
        Ok(())
    }
}

/// The worker's end of the thread. The thread ends by itself when nobody listens any more.
struct ScanThread {
    events: Receiver<Event>,
    stop: Stop,
}

impl Drop for ScanThread {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

struct ScanTask {
    table: Arc<TableRef>,
    described: Arc<Described>,
    stop: Stop,
    sender: Sender<Event>,
    waker: Waker,
}

impl ScanTask {
    fn tell(&self, event: Event) -> bool {
        let sent = self.sender.send(event).is_ok();
        (self.waker)();
        sent
    }

    fn run(self, scans: VecDeque<(usize, Scan)>) {
        if let Err(trouble) = self.scan(scans) {
            let error = trouble.into_error().context(format_args!("cannot read table '{}'", self.table.table));
            self.tell(Event::Failed(error));
        }
    }

    fn scan(&self, scans: VecDeque<(usize, Scan)>) -> Result<(), Trouble> {
        if scans.is_empty() {
            return Ok(());
        }
        let mut session = connect(&self.table, &self.described, &self.stop)?;
        for (at, scan) in scans {
            let mut begun = false;
            while let Err(trouble) = session.scan(&scan, &mut |batch| {
                begun = true;
                self.tell(Event::Rows(at, batch))
            }) {
                let is_locked = self.table.is_file() && matches!(trouble, Trouble::Away(_));
                if !is_locked || begun || self.stop.is_stopped() {
                    return Err(trouble);
                }
                tracing::debug!("table '{}': waiting for {}, which is locked", self.table.table, self.table.place());
            }
            if self.stop.is_stopped() || !self.tell(Event::Finished(at)) {
                return Ok(());
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for JdbcSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JdbcSource").field("table", &self.spec.table).finish_non_exhaustive()
    }
}
