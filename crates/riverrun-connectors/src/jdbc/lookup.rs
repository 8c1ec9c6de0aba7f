//! Rows of a table by key, for lookup joins: asked in batches, answered from a thread of its own.

use super::check::{Way, check};
use super::options;
use super::session::{Described, Session, TableRef, connect};
pub use crate::connector::LookupSpec;
use crate::connector::LookupTable;
use crate::delivery::{Outcome, Stop, Trouble};
use arrow::array::RecordBatch;
use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};
use riverrun_core::{Error, Result, RowBatch};
use riverrun_runtime::source::Waker;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// How long to wait before a lookup is tried again: at first, twice as long each time, and at the most.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// How many questions may wait for the thread.
const WAITING: usize = 16;

/// Answers which rows of a table have given keys. Questions are answered in their order.
///
/// ```text
/// ask(batch of keys) ──► thread ──► waker ──► poll() = all rows whose key is one of the batch's
/// ```
pub struct JdbcLookup {
    questions: Sender<RecordBatch>,
    answers: Receiver<Result<RowBatch>>,
    stop: Stop,
    table: Arc<TableRef>,
    open: usize,
    waiting: VecDeque<RecordBatch>,
}

impl JdbcLookup {
    /// Connects and sees that the columns are there. `waker` is called at every answer.
    pub fn new(spec: &LookupSpec, waker: Waker) -> Result<JdbcLookup> {
        let table = super::table_ref(&spec.table, &spec.schema, &spec.options, &[])?;
        let described = Arc::new(table.described()?);
        let mut used = spec.columns.clone();
        used.extend(&spec.key);
        check(&table, &described, &used, Way::Read)?;
        let retries = options::count(&spec.options, &options::LOOKUP_RETRIES)?.unwrap_or_default();
        let (questions, asked) = bounded::<RecordBatch>(WAITING);
        let (answer, answers) = bounded(WAITING + 1);
        let stop = Stop::default();
        let (key, columns) = (spec.key.clone(), spec.columns.clone());
        let task = LookupTask { table: table.clone(), described, key, columns, retries, stop: stop.clone() };
        let at_end = waker.clone();
        let run = move || {
            let mut session = None;
            while let Ok(keys) = asked.recv() {
                let failed = answer.send(task.answer(&mut session, &keys)).is_err();
                waker();
                if failed {
                    return;
                }
            }
        };
        let thread = crate::threads::spawn("jdbc-lookup", at_end, run);
        thread.map_err(|error| Error::failure(format!("cannot start a thread: {error}")))?;
        Ok(JdbcLookup { questions, answers, stop, table, open: 0, waiting: VecDeque::new() })
    }

    /// Asks for the rows with these keys: the key's columns, in their order, without duplicates. A key with NULL has none.
    pub fn ask(&mut self, keys: RecordBatch) {
        self.open += 1;
        self.waiting.push_back(keys);
        self.send();
    }

    /// The answer to the oldest question, if it is there: the wanted columns of all rows that were found.
    pub fn poll(&mut self) -> Result<Option<RowBatch>> {
        let answer = match self.answers.try_recv() {
            Ok(answer) => answer.map(Some)?,
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                return Err(Error::failure(format!("lost the thread that asks {}", self.table.place())));
            }
        };
        self.open -= usize::from(answer.is_some());
        self.send();
        Ok(answer)
    }

    /// How many questions have no answer yet.
    pub fn open(&self) -> usize {
        self.open
    }

    /// Asks and waits for the answer. For a thread that may block, with no other question open.
    pub fn get(&mut self, keys: RecordBatch) -> Result<RowBatch> {
        self.ask(keys);
        let answer = self.answers.recv();
        self.open -= 1;
        answer.map_err(|_| Error::failure(format!("lost the thread that asks {}", self.table.place())))?
    }

    fn send(&mut self) {
        while let Some(keys) = self.waiting.pop_front() {
            if let Err(error) = self.questions.try_send(keys) {
                self.waiting.push_front(error.into_inner());
                return;
            }
        }
    }
}

impl LookupTable for JdbcLookup {
    fn get(&mut self, keys: RecordBatch) -> Result<RowBatch> {
        JdbcLookup::get(self, keys)
    }

    fn ask(&mut self, keys: RecordBatch) -> Result<()> {
        JdbcLookup::ask(self, keys);
        Ok(())
    }

    fn poll(&mut self) -> Result<Option<RowBatch>> {
        JdbcLookup::poll(self)
    }
}

impl Drop for JdbcLookup {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

struct LookupTask {
    table: Arc<TableRef>,
    described: Arc<Described>,
    key: Vec<usize>,
    columns: Vec<usize>,
    retries: usize,
    stop: Stop,
}

impl LookupTask {
    fn answer(&self, session: &mut Option<Box<dyn Session>>, keys: &RecordBatch) -> Result<RowBatch> {
        let mut wait = FIRST_WAIT;
        for attempt in 0.. {
            match self.attempt(session, keys) {
                Ok(rows) => return Ok(rows),
                Err(Trouble::Away(error) | Trouble::Passing(error))
                    if attempt < self.retries && !self.stop.is_stopped() =>
                {
                    tracing::warn!(table = self.table.table, "a lookup is tried again: {error}");
                    *session = None;
                    std::thread::sleep(wait);
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
                Err(trouble) => {
                    let error = trouble.into_error();
                    return Err(error.context(format_args!("cannot look up rows of table '{}'", self.table.table)));
                }
            }
        }
        Err(Error::bug("a lookup without an end"))
    }

    fn attempt(&self, session: &mut Option<Box<dyn Session>>, keys: &RecordBatch) -> Outcome<RowBatch> {
        let open = match session {
            Some(session) => session,
            None => session.insert(connect(&self.table, &self.described, &self.stop)?),
        };
        open.lookup(&self.key, keys, &self.columns)
    }
}

impl std::fmt::Debug for JdbcLookup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JdbcLookup").field("table", &self.table.table).field("open", &self.open).finish_non_exhaustive()
    }
}
