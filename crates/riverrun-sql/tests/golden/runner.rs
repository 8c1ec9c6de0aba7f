//! Runs a script and gives the rows that its last query leaves.

use riverrun_connectors::gate::Gate;
use riverrun_core::format_value::RowFormatter;
use riverrun_core::{Epoch, Error, KeyGroup, Result, RowBatch, RowKind, Schema, SystemClock};
use riverrun_runtime::{Job, JobConfig, JobHandle, Sink, SinkContext, SinkState, Snapshot};
use riverrun_sql::build::{ResultSink, build};
use riverrun_sql::catalog::Catalog;
use riverrun_sql::parse::{self, StatementKind, Variables};
use riverrun_sql::plan::{ChangelogKind, NodeKind, Planner, StreamPlan};
use riverrun_sql::session::{SessionConfig, execute_ddl};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A job that has not ended after this time hangs.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How the jobs of a script are run.
#[derive(Clone, Debug)]
pub enum Running {
    /// From beginning to end, at so many workers.
    Through(usize),
    /// Half of the rows at so many workers; then a checkpoint is taken, and the job goes on from it at another parallelism.
    Restored {
        /// The workers before the checkpoint.
        before: usize,
        /// The workers behind it.
        after: usize,
        /// How many rows the tables of each job have.
        rows: Vec<u64>,
    },
}

/// What a script's last query gave.
pub struct Outcome {
    /// Its columns.
    pub schema: Schema,
    /// The rows that are left, sorted.
    pub rows: Vec<String>,
    /// Whether rows are only added.
    pub append: bool,
}

/// What went wrong, and when.
pub struct Failure {
    /// What went wrong.
    pub error: Error,
    /// Before the job started.
    pub planning: bool,
}

/// A session of a test.
pub struct Session {
    catalog: Catalog,
    config: SessionConfig,
    running: Running,
    /// How many rows the tables of each job had.
    rows: Vec<u64>,
}

impl Session {
    pub fn new(running: Running) -> Self {
        let mut config = SessionConfig::default();
        if matches!(running, Running::Restored { .. }) {
            // Sources stop between batches.
            config.set_text("execution.batch-size", "1").unwrap();
        }
        Session { catalog: Catalog::default(), config, running, rows: Vec::new() }
    }

    /// How many rows the tables of each job had that has run.
    pub fn rows(&self) -> &[u64] {
        &self.rows
    }

    /// Executes statements in order.
    pub fn run(&mut self, text: &str, variables: &Variables) -> Result<Option<Outcome>, Failure> {
        let planning = |error| Failure { error, planning: true };
        let mut outcome = None;
        for statement in parse::parse(text, variables).map_err(planning)? {
            let clock = Arc::new(SystemClock);
            match &statement.kind {
                StatementKind::Insert(insert) => {
                    let planner = Planner::new(&self.catalog, &self.config, clock);
                    let plan = planner.plan_inserts(std::slice::from_ref(insert)).map_err(planning)?;
                    self.execute(plan, None)?;
                }
                StatementKind::StatementSet(inserts) => {
                    let plan =
                        Planner::new(&self.catalog, &self.config, clock).plan_inserts(inserts).map_err(planning)?;
                    self.execute(plan, None)?;
                }
                StatementKind::Query(query) => {
                    let plan = Planner::new(&self.catalog, &self.config, clock).plan_query(query).map_err(planning)?;
                    outcome = Some(self.query(plan)?);
                }
                StatementKind::Explain(_) => {}
                _ => {
                    let config = self.config.clone();
                    let schema_of = move |catalog: &Catalog, object: &riverrun_sql::catalog::Object| {
                        Planner::new(catalog, &config, Arc::new(SystemClock)).schema_of(object)
                    };
                    execute_ddl(&statement, &mut self.catalog, &mut self.config, &schema_of).map_err(planning)?;
                }
            }
        }
        Ok(outcome)
    }

    fn query(&mut self, plan: StreamPlan) -> Result<Outcome, Failure> {
        let result = plan.result().expect("a query has a result");
        let schema = result.properties.schema.clone();
        let append = result.properties.changelog == ChangelogKind::Append;
        let collected = Collected::default();
        self.execute(plan, Some(&collected))?;
        let mut rows = collected.rows();
        rows.sort();
        Ok(Outcome { schema, rows, append })
    }

    fn execute(&mut self, plan: StreamPlan, results: Option<&Collected>) -> Result<(), Failure> {
        let job = self.rows.len();
        let (rows, ended) = match self.running.clone() {
            Running::Through(workers) => through(&plan, workers, results),
            Running::Restored { before, after, rows } => {
                let rows = rows.get(job).copied().unwrap_or_default();
                (rows, restored(&plan, (before, after), rows / 2, results))
            }
        };
        self.rows.push(rows);
        ended.map_err(|error| Failure { error, planning: false })
    }
}

/// Runs a job to its end; says how many rows its tables had.
fn through(plan: &StreamPlan, workers: usize, results: Option<&Collected>) -> (u64, Result<()>) {
    let job = match start(plan, workers, results, None) {
        Ok(job) => job,
        Err(error) => return (0, Err(error)),
    };
    let outcome = ended(&job);
    let is_table = |id: &str| plan.nodes.iter().any(|node| node.id == id && matches!(node.kind, NodeKind::Source(_)));
    let read = job.totals().into_iter().filter(|totals| is_table(&totals.id)).map(|totals| totals.rows_out);
    (read.sum(), outcome)
}

/// Runs a job until its sources have read so many rows, and a second one, at other workers, from there to the end.
fn restored(plan: &StreamPlan, (before, after): (usize, usize), rows: u64, results: Option<&Collected>) -> Result<()> {
    if rows == 0 {
        return ended(&start(plan, before, results, None)?);
    }
    let mut gated = plan.clone();
    let gate = Gate::new(rows);
    gated.wrap_sources(|_, inner| gate.behind(inner));
    let job = start(&gated, before, results, None)?;
    const TURN: Duration = Duration::from_millis(1);
    let mut waited = Duration::ZERO;
    while !gate.is_closed() {
        if let Some(outcome) = job.wait_timeout(TURN) {
            return outcome.and_then(|()| Err(Error::bug("the job has ended before the middle of its input")));
        }
        waited += TURN;
        if waited > TIMEOUT {
            return ended(&job);
        }
    }
    let epoch = job.trigger_epoch();
    let Some((epoch, snapshot)) = epoch.and_then(|epoch| Some((epoch, job.wait_epoch(epoch, TIMEOUT)?))) else {
        return ended(&job).and_then(|()| Err(Error::bug("the job has ended without its checkpoint")));
    };
    job.cancel();
    ended(&job)?;
    if let Some(results) = results {
        results.rewind(epoch);
    }
    ended(&start(plan, after, results, Some(snapshot))?)
}

fn start(
    plan: &StreamPlan,
    workers: usize,
    results: Option<&Collected>,
    restore: Option<Arc<Snapshot>>,
) -> Result<JobHandle> {
    let (plan, results) = (Arc::new(plan.clone()), results.map(Collected::sink));
    let config = JobConfig { restore, ..JobConfig::new("golden").parallelism(workers) };
    Job::start(
        config,
        Arc::new(move |flow: &mut riverrun_runtime::Flow<'_, RowBatch>| {
            build(&plan, KeyGroup::DEFAULT_COUNT, results.as_ref(), flow)
        }),
    )
}

fn ended(job: &JobHandle) -> Result<()> {
    job.wait_timeout(TIMEOUT).unwrap_or_else(|| {
        job.cancel();
        Err(Error::bug("the job hangs"))
    })
}

/// What has come out, by collector: a job that is restored takes back what came behind the checkpoint.
#[derive(Clone, Default)]
struct Collected(Arc<Mutex<Vec<Log>>>);

#[derive(Default)]
struct Log {
    /// Rows by their text, with weights.
    changes: Vec<(String, i64)>,
    /// How many changes had come when each epoch ended.
    epochs: BTreeMap<Epoch, usize>,
}

impl Collected {
    fn sink(&self) -> ResultSink {
        let collected = self.clone();
        Arc::new(move |_: SinkContext, schema: &Schema| {
            let formatter = RowFormatter::new(schema.fields.iter().map(|field| field.data_type.clone()));
            let mut logs = collected.0.lock().unwrap();
            logs.push(Log::default());
            let log = logs.len() - 1;
            Ok(Box::new(Collector { formatter, log, collected: collected.clone() }) as Box<dyn Sink<RowBatch>>)
        })
    }

    fn rewind(&self, epoch: Epoch) {
        for log in self.0.lock().unwrap().iter_mut() {
            let kept = log.epochs.get(&epoch).copied().unwrap_or_default();
            log.changes.truncate(kept);
        }
    }

    /// The rows that are left.
    fn rows(&self) -> Vec<String> {
        let mut rows: BTreeMap<String, i64> = BTreeMap::new();
        for (row, weight) in self.0.lock().unwrap().iter().flat_map(|log| &log.changes) {
            *rows.entry(row.clone()).or_default() += weight;
        }
        let mut left = Vec::new();
        for (row, count) in rows {
            assert!(count >= 0, "{row} was taken back more often than added");
            left.extend(std::iter::repeat_n(row, count as usize));
        }
        left
    }
}

/// Writes rows by their text into one log.
struct Collector {
    formatter: RowFormatter,
    log: usize,
    collected: Collected,
}

impl Sink<RowBatch> for Collector {
    fn write(&mut self, batch: RowBatch) -> Result<()> {
        let writer = self.formatter.rows(&batch.columns)?;
        let log = &mut self.collected.0.lock().unwrap()[self.log];
        for row in 0..batch.num_rows() {
            let mut text = String::new();
            writer.write(row, RowKind::Insert, &mut text);
            log.changes.push((text, batch.weight(row)));
        }
        Ok(())
    }

    fn poll(&mut self) -> Result<SinkState> {
        Ok(SinkState::Done)
    }

    fn snapshot(&mut self, epoch: Epoch) -> Result<OperatorSnapshot> {
        let log = &mut self.collected.0.lock().unwrap()[self.log];
        let count = log.changes.len();
        log.epochs.insert(epoch, count);
        Ok(OperatorSnapshot::default())
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }

    fn restore(&mut self, _: RestoredState) -> Result<()> {
        Ok(())
    }
}
