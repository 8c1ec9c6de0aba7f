//! A table as a sink: rows gathered on the worker, written in transactions by a thread of its own.

use super::asked_once::AskedOnce;
use super::changes::Changes;
use super::check::{Way, check, check_key};
use super::options;
use super::session::{Described, Session, TableRef, connect};
use crate::connector::{AcceptedChanges, SinkFactory, SinkSpec};
use crate::delivery::{Commit, Committed, DeliverySpec, DeliveryWriter, LaneName, Outcome, Stop, Target};
use riverrun_core::{Epoch, Options, Result, RowBatch};
use riverrun_runtime::{Sink, SinkContext};
use std::sync::Arc;

/// Makes the writers of one table.
pub struct JdbcSink {
    table: Arc<TableRef>,
    options: Options,
    delivery: DeliverySpec,
    described: AskedOnce<Described>,
}

impl JdbcSink {
    /// Checks the options; the database is asked when the job starts.
    pub fn new(spec: SinkSpec) -> Result<JdbcSink> {
        let options = &spec.options;
        let table = super::table_ref(&spec.table, &spec.schema, options, &spec.primary_key)?;
        let max_rows = options::count(options, &options::MAX_ROWS)?.unwrap_or_default();
        let retries = options::count(options, &options::MAX_RETRIES)?.unwrap_or_default();
        let delivery = DeliverySpec::new(&spec, max_rows, retries)?;
        Ok(JdbcSink { table, options: spec.options, delivery, described: AskedOnce::default() })
    }

    /// What the database says of the table; the first worker asks, and refuses a table that is another.
    fn described(&self) -> Result<Arc<Described>> {
        self.described.get(|| {
            let found = self.table.described()?;
            let all: Vec<usize> = (0..self.table.schema.len()).collect();
            check(&self.table, &found, &all, Way::Write)?;
            check_key(&self.table, &found)?;
            Ok(found)
        })
    }
}

impl SinkFactory for JdbcSink {
    fn accepts(&self) -> AcceptedChanges {
        super::accepted(&self.table.primary_key)
    }

    fn writer(&self, context: SinkContext) -> Result<Box<dyn Sink<RowBatch>>> {
        self.delivery.guarantee.check(&self.table.table, &self.options, &context)?;
        let stop = Stop::default();
        let target =
            JdbcTarget { table: self.table.clone(), described: self.described()?, stop: stop.clone(), session: None };
        Ok(Box::new(DeliveryWriter::start(self.delivery.clone(), target, stop, context)?))
    }
}

/// The database, as the thread sees it.
struct JdbcTarget {
    table: Arc<TableRef>,
    described: Arc<Described>,
    stop: Stop,
    session: Option<Box<dyn Session>>,
}

impl JdbcTarget {
    fn session(&mut self) -> Outcome<&mut Box<dyn Session>> {
        let session = match self.session.take() {
            Some(session) => session,
            None => connect(&self.table, &self.described, &self.stop)?,
        };
        Ok(self.session.insert(session))
    }
}

impl Target for JdbcTarget {
    fn write(&mut self, batches: &[RowBatch]) -> Outcome<()> {
        let changes = Changes::new(batches, &self.table.primary_key)?;
        self.session()?.write(&changes, None).map(drop)
    }

    fn fence(&mut self, lane: &LaneName, generation: u64) -> Outcome<Option<Epoch>> {
        self.session()?.fence(lane, generation)
    }

    fn token(&mut self, lane: &LaneName) -> Outcome<Option<Epoch>> {
        self.session()?.token(lane)
    }

    fn commit(&mut self, commit: &Commit, batches: &[RowBatch]) -> Outcome<Committed> {
        let changes = Changes::new(batches, &self.table.primary_key)?;
        self.session()?.write(&changes, Some(commit))
    }

    fn set_token(&mut self, lane: &LaneName, generation: u64, epoch: Epoch) -> Outcome<()> {
        self.session()?.set_token(lane, generation, epoch)
    }

    fn disconnect(&mut self) {
        self.session = None;
    }
}
