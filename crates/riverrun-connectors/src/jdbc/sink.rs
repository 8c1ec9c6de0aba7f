//! A table as a sink: rows gathered on the worker, written in transactions by a thread of its own.

use super::changes::Changes;
use super::check::{Way, check, check_key};
use super::options;
use super::session::{Described, Session, TableRef, connect};
use crate::connector::{AcceptedChanges, SinkFactory, SinkSpec};
use crate::delivery::{Delivery, Outcome, Stop, Target, Unit};
use riverrun_core::{Epoch, Error, Result, RowBatch};
use riverrun_runtime::{Sink, SinkContext, SinkState};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::sync::{Arc, Mutex, PoisonError};

/// How many bytes of rows may wait for the database before the job waits too.
const MAX_BYTES: usize = 32 << 20;

/// Makes the writers of one table.
pub struct JdbcSink {
    table: Arc<TableRef>,
    max_rows: usize,
    retries: usize,
    described: Mutex<Option<Arc<Described>>>,
}

impl JdbcSink {
    /// Checks the options; the database is asked when the job starts.
    pub fn new(spec: SinkSpec) -> Result<JdbcSink> {
        let options = &spec.options;
        let table = super::table_ref(&spec.table, &spec.schema, options, &spec.primary_key)?;
        if spec.overwrite {
            return Err(Error::unsupported(format!("INSERT OVERWRITE into table '{}' of a database", spec.table))
                .hint("delete the rows there first"));
        }
        if options.text(&options::GUARANTEE).is_some_and(|text| text.eq_ignore_ascii_case("exactly-once")) {
            let place = options.given(options::GUARANTEE.name).and_then(|value| value.value_place);
            return Err(Error::unsupported("'sink.delivery-guarantee' = 'exactly-once'")
                .hint("use 'at-least-once': with a PRIMARY KEY a repeated row changes nothing")
                .at(place));
        }
        Ok(JdbcSink {
            max_rows: options::count(options, &options::MAX_ROWS)?.unwrap_or_default(),
            retries: options::count(options, &options::MAX_RETRIES)?.unwrap_or_default(),
            table,
            described: Mutex::new(None),
        })
    }

    /// What the database says of the table; the first worker asks, and refuses a table that is another.
    fn described(&self) -> Result<Arc<Described>> {
        let mut described = self.described.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(described) = &*described {
            return Ok(described.clone());
        }
        let found = Arc::new(self.table.described()?);
        let all: Vec<usize> = (0..self.table.schema.len()).collect();
        check(&self.table, &found, &all, Way::Write)?;
        check_key(&self.table, &found)?;
        Ok(described.insert(found).clone())
    }
}

impl SinkFactory for JdbcSink {
    fn accepts(&self) -> AcceptedChanges {
        super::accepted(&self.table.primary_key)
    }

    fn writer(&self, context: SinkContext) -> Result<Box<dyn Sink<RowBatch>>> {
        let stop = Stop::default();
        let target =
            JdbcTarget { table: self.table.clone(), described: self.described()?, stop: stop.clone(), session: None };
        let delivery = Delivery::start(target, &self.table.table, self.retries, stop, context.waker.clone())?;
        Ok(Box::new(JdbcWriter {
            upserts: !self.table.primary_key.is_empty(),
            max_rows: self.max_rows,
            context,
            delivery,
            gathered: Unit::default(),
            rows: 0,
            whole_tick: true,
        }))
    }
}

/// The database, as the thread sees it.
struct JdbcTarget {
    table: Arc<TableRef>,
    described: Arc<Described>,
    stop: Stop,
    session: Option<Box<dyn Session>>,
}

impl Target for JdbcTarget {
    fn write(&mut self, unit: &Unit) -> Outcome<()> {
        let changes = Changes::new(&unit.batches, &self.table.primary_key)?;
        let session = match &mut self.session {
            Some(session) => session,
            None => self.session.insert(connect(&self.table, &self.described, &self.stop)?),
        };
        session.write(&changes)
    }

    fn disconnect(&mut self) {
        self.session = None;
    }
}

struct JdbcWriter {
    context: SinkContext,
    delivery: Delivery,
    /// Rows that have not been handed over.
    gathered: Unit,
    rows: usize,
    /// Whether those are all rows of their ticks.
    whole_tick: bool,
    max_rows: usize,
    upserts: bool,
}

impl JdbcWriter {
    /// Hands over what has been gathered, if that is enough or nothing else is under way.
    fn hand_over(&mut self) {
        // Within a tick a key's new row may come before its old one is taken back: they are written together.
        let splittable = !self.upserts || self.whole_tick;
        if self.rows > 0 && splittable && self.delivery.open() == 0 && (self.whole_tick || self.rows >= self.max_rows) {
            self.rows = 0;
            self.delivery.write(std::mem::take(&mut self.gathered));
        }
    }
}

impl Sink<RowBatch> for JdbcWriter {
    fn ready(&mut self) -> bool {
        self.delivery.open() == 0 || self.delivery.bytes() + self.gathered.bytes < MAX_BYTES
    }

    fn write(&mut self, batch: RowBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let bytes = batch.num_bytes();
        self.context.metrics.bytes.add(bytes as u64);
        self.rows += batch.num_rows();
        self.gathered.bytes += bytes;
        self.gathered.batches.push(batch);
        self.whole_tick = false;
        self.hand_over();
        Ok(())
    }

    fn poll(&mut self) -> Result<SinkState> {
        self.delivery.settle()?;
        self.hand_over();
        let done = self.rows == 0 && self.delivery.open() == 0;
        Ok(if done { SinkState::Done } else { SinkState::Pending(None) })
    }

    fn on_tick(&mut self) -> Result<()> {
        self.whole_tick = true;
        self.hand_over();
        Ok(())
    }

    fn snapshot(&mut self, _epoch: Epoch) -> Result<OperatorSnapshot> {
        // A tick stays open until its rows are written, so nothing is under way at a barrier.
        Ok(OperatorSnapshot::default())
    }

    fn finish(&mut self) -> Result<()> {
        self.on_tick()
    }

    fn restore(&mut self, _state: RestoredState) -> Result<()> {
        Ok(())
    }
}
