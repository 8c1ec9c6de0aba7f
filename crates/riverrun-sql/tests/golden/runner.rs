//! Runs a script and gives the rows that its last query leaves.

use riverrun_core::format_value::RowFormatter;
use riverrun_core::{Epoch, Error, KeyGroup, Result, RowBatch, RowKind, Schema, SystemClock};
use riverrun_runtime::{Job, JobConfig, JobHandle, Sink, SinkContext, SinkState};
use riverrun_sql::build::{ResultSink, build};
use riverrun_sql::catalog::Catalog;
use riverrun_sql::parse::{self, StatementKind, Variables};
use riverrun_sql::plan::{ChangelogKind, Planner, StreamPlan};
use riverrun_sql::session::{SessionConfig, execute_ddl};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A job that has not ended after this time hangs.
const TIMEOUT: Duration = Duration::from_secs(30);

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
    parallelism: usize,
}

impl Session {
    pub fn new(parallelism: usize) -> Self {
        Session { catalog: Catalog::default(), config: SessionConfig::default(), parallelism }
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

    fn query(&self, plan: StreamPlan) -> Result<Outcome, Failure> {
        let result = plan.result().expect("a query has a result");
        let schema = result.properties.schema.clone();
        let append = result.properties.changelog == ChangelogKind::Append;
        let collected = Collected::default();
        let rows = collected.clone();
        let sink: ResultSink = Arc::new(move |_: SinkContext, schema: &Schema| {
            let formatter = RowFormatter::new(schema.fields.iter().map(|field| field.data_type.clone()));
            Ok(Box::new(Collector { formatter, rows: rows.clone() }) as Box<dyn Sink<RowBatch>>)
        });
        self.execute(plan, Some(sink))?;
        let rows = collected.lock().unwrap();
        let mut left = Vec::new();
        for (row, count) in rows.iter() {
            assert!(*count >= 0, "{row} was taken back more often than added");
            left.extend(std::iter::repeat_n(row.clone(), *count as usize));
        }
        left.sort();
        Ok(Outcome { schema, rows: left, append })
    }

    fn execute(&self, plan: StreamPlan, results: Option<ResultSink>) -> Result<(), Failure> {
        let plan = Arc::new(plan);
        let config = JobConfig::new("golden").parallelism(self.parallelism);
        let job = Job::start(
            config,
            Arc::new(move |flow: &mut riverrun_runtime::Flow<'_, RowBatch>| {
                build(&plan, KeyGroup::DEFAULT_COUNT, results.as_ref(), flow)
            }),
        );
        let ended = job.and_then(|job: JobHandle| {
            job.wait_timeout(TIMEOUT).unwrap_or_else(|| {
                job.cancel();
                Err(Error::bug("the job hangs"))
            })
        });
        ended.map_err(|error| Failure { error, planning: false })
    }
}

type Collected = Arc<Mutex<BTreeMap<String, i64>>>;

/// Counts rows by their text.
struct Collector {
    formatter: RowFormatter,
    rows: Collected,
}

impl Sink<RowBatch> for Collector {
    fn write(&mut self, batch: RowBatch) -> Result<()> {
        let writer = self.formatter.rows(&batch.columns)?;
        let mut rows = self.rows.lock().unwrap();
        for row in 0..batch.num_rows() {
            let mut text = String::new();
            writer.write(row, RowKind::Insert, &mut text);
            *rows.entry(text).or_default() += batch.weight(row);
        }
        Ok(())
    }

    fn poll(&mut self) -> Result<SinkState> {
        Ok(SinkState::Done)
    }

    fn snapshot(&mut self, _: Epoch) -> Result<OperatorSnapshot> {
        Ok(OperatorSnapshot::default())
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }

    fn restore(&mut self, _: RestoredState) -> Result<()> {
        Ok(())
    }
}
