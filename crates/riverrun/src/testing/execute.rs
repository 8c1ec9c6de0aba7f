//! Runs a test file.

use super::cells;
use super::compare::{DiffLine, diff};
use super::file::{Block, ExpectMode, TestFile, instant};
use super::gate::Gates;
use super::redirect::{Redirects, Stage};
use super::results::{Results, Row};
use super::{Difference, TestReport};
use crate::Session;
use crate::session::check_workers;
use riverrun_connectors::gate::Gate;
use riverrun_core::clock::ManualClock;
use riverrun_core::{Clock, Error, Millis, Place, Result, RowBatch};
use riverrun_runtime::flow::Flow;
use riverrun_runtime::{Job, JobConfig, JobHandle, JobOptions, Snapshot};
use riverrun_sql::build::{ResultSink, build};
use riverrun_sql::catalog::Object;
use riverrun_sql::parse::{self, Insert, Query, StatementKind, Variables};
use riverrun_sql::plan::{NodeKind, Planner, StreamPlan};
use std::sync::Arc;
use std::time::Duration;

/// When tests begin, if they do not say otherwise: 2024-01-01T00:00:00Z.
const CLOCK: Millis = Millis(1_704_067_200_000);

/// How long one job of a test may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How a test is run.
#[derive(Clone, Debug)]
pub struct TestOptions {
    /// How many workers, if the file does not say.
    pub parallelism: usize,
    /// After so many rows a snapshot is taken, and the job goes on from it at another parallelism. A test whose jobs all have
    /// fewer rows has not shown what it was to show: it fails.
    pub checkpoint_after_rows: Option<u64>,
    /// What `${NAME}` stands for, beside `${DIR}`, the file's folder, and `${TMP}`, a new one.
    pub variables: Vec<(String, String)>,
    /// Options of the session.
    pub settings: Vec<(String, String)>,
}

impl Default for TestOptions {
    fn default() -> Self {
        TestOptions { parallelism: 1, checkpoint_after_rows: None, variables: Vec::new(), settings: Vec::new() }
    }
}

/// Runs a test. An error is a mistake in the test file itself; what the pipeline does wrong is in the report.
pub fn run(file: &TestFile, options: &TestOptions) -> Result<TestReport> {
    let folder =
        tempfile::tempdir().map_err(|error| Error::failure(format!("cannot make a folder for the test: {error}")))?;
    let mut test = Run::new(file, options, folder.path())?;
    let outcome = test.statements().and_then(|()| test.caught_tables());
    let outcome = outcome.map_err(|error| test.redirects.placed(error));
    test.report(outcome)
}

/// A SELECT that was run, or a table that was read back.
struct Found {
    header: Vec<String>,
    results: Results,
    key: Vec<usize>,
}

struct Run<'a> {
    file: &'a TestFile,
    options: &'a TestOptions,
    session: Session,
    clock: ManualClock,
    redirects: Redirects,
    variables: Variables,
    parallelism: usize,
    /// INSERTs that run together.
    inserts: Vec<Insert>,
    queries: Vec<Found>,
    tables: Vec<(String, Found)>,
    /// Whether some job has gone on from a snapshot.
    restarted: bool,
    /// How many rows the jobs have read that ended before a snapshot: the most of one.
    too_few: Option<u64>,
}

impl<'a> Run<'a> {
    fn new(file: &'a TestFile, options: &'a TestOptions, folder: &std::path::Path) -> Result<Run<'a>> {
        let mut clock = CLOCK;
        let mut parallelism = options.parallelism.max(1);
        let mut settings = options.settings.clone();
        for section in file.sections.iter().filter(|section| section.block == Block::Options) {
            for (index, line) in section.body.lines().enumerate() {
                let line = line.trim();
                if line.is_empty() || line.starts_with('#') {
                    continue;
                }
                let place = Place::new(section.line + 1 + index as u32, 1, line.chars().count() as u32);
                let wrong = |message: String| Error::input(message).at(Some(place));
                let (key, value) = line
                    .split_once('=')
                    .map(|(key, value)| (key.trim(), value.trim()))
                    .ok_or_else(|| wrong(format!("'{line}' is no setting")).hint("write it as key = value"))?;
                match key {
                    "clock" => {
                        clock = instant(value).ok_or_else(|| {
                            wrong(format!("'{value}' is no time")).hint("write it like 2024-01-01 12:00:00, in UTC")
                        })?;
                    }
                    "parallelism" => {
                        parallelism = value
                            .parse()
                            .ok()
                            .filter(|count| *count > 0)
                            .ok_or_else(|| wrong(format!("'{value}' is no number of workers")))?;
                    }
                    _ => settings.push((key.to_owned(), value.to_owned())),
                }
            }
        }
        let clock = ManualClock::new(clock);
        let mut session = Session::new(Arc::new(clock.clone()));
        for (key, value) in &settings {
            session.set(key, value)?;
        }
        let own = file.path.parent().unwrap_or(std::path::Path::new("")).display().to_string();
        if let Some(rows) = options.checkpoint_after_rows {
            // A source stops between batches.
            let size = rows.clamp(1, session.config.batch_size() as u64);
            session.set("execution.batch-size", &size.to_string())?;
        }
        if file.sections.iter().any(|section| matches!(section.block, Block::Clock(_))) {
            session.set("execution.batch-size", "1")?;
        }
        let mut variables: Variables = options.variables.iter().cloned().collect();
        variables.insert("DIR".to_owned(), if own.is_empty() { ".".to_owned() } else { own });
        variables.insert("TMP".to_owned(), folder.display().to_string());
        Ok(Run {
            file,
            options,
            session,
            clock,
            redirects: Redirects::new(file, folder),
            variables,
            parallelism,
            inserts: Vec::new(),
            queries: Vec::new(),
            tables: Vec::new(),
            restarted: false,
            too_few: None,
        })
    }

    fn statements(&mut self) -> Result<()> {
        for section in &self.file.sections {
            match &section.block {
                Block::Sql => self.text(&section.body, section.line)?,
                Block::Run(path) => {
                    let text = std::fs::read_to_string(path).map_err(|error| {
                        Error::input(format!("cannot read '{}': {error}", path.display())).at(Some(Place::new(
                            section.line,
                            1,
                            1,
                        )))
                    })?;
                    self.text(&text, 0).map_err(|error| error.context(path.display()))?;
                }
                _ => {}
            }
        }
        self.run_inserts()
    }

    fn text(&mut self, text: &str, lines_before: u32) -> Result<()> {
        for statement in parse::parse_behind(text, &self.variables, lines_before)? {
            match &statement.kind {
                StatementKind::Insert(insert) => self.inserts.push(insert.clone()),
                StatementKind::StatementSet(inserts) => self.inserts.extend(inserts.iter().cloned()),
                StatementKind::Query(query) => {
                    self.run_inserts()?;
                    let found = self.query(query, &[])?;
                    self.queries.push(found);
                }
                StatementKind::Explain(_) => {}
                StatementKind::CreateTable(_) | StatementKind::CreateView(_) | StatementKind::Show(_) => {
                    self.session.execute(&statement)?;
                }
                _ => {
                    // It may change what the INSERTs before it mean.
                    self.run_inserts()?;
                    self.session.execute(&statement)?;
                }
            }
        }
        Ok(())
    }

    /// Reads back the tables whose rows are expected.
    fn caught_tables(&mut self) -> Result<()> {
        let expected = self.file.sections.iter().filter_map(|section| match &section.block {
            Block::Expect { table: Some(table), .. } => Some((table.clone(), section.line)),
            _ => None,
        });
        for (table, line) in expected.collect::<Vec<_>>() {
            if self.tables.iter().any(|(known, _)| *known == table) {
                continue;
            }
            let found = self.caught_table(&table).map_err(|error| error.at(Some(Place::new(line, 1, 1))))?;
            self.tables.push((table, found));
        }
        Ok(())
    }

    fn caught_table(&self, table: &str) -> Result<Found> {
        let quoted = format!("`{}`", table.replace('`', "``").replace('.', "`.`"));
        let text = format!("SELECT * FROM {quoted}");
        let statements = parse::parse(&text, &Variables::default())?;
        let Some(StatementKind::Query(query)) = statements.first().map(|statement| &statement.kind) else {
            return Err(Error::bug("a query that is none"));
        };
        let mut key = Vec::new();
        let (catalog, database) = (self.session.catalog.current_catalog(), self.session.catalog.current_database());
        let name = table.rsplit('.').next().unwrap_or(table);
        let known = self.session.catalog.objects(catalog, database).find(|object| object.path().name == name);
        if let Some(Object::Table(table)) = known
            && let Some((_, columns)) = &table.primary_key
        {
            key = columns.iter().filter_map(|column| table.column(column)).map(|(at, _)| at).collect();
        }
        // One worker and no restart: with a key the last row counts, so the files are read in their order.
        let (plan, found) = self.plan(query, &key)?;
        let sink = found.results.sink();
        ended(&self.start(&plan, 1, Some(&sink), None)?)?;
        Ok(found)
    }

    fn run_inserts(&mut self) -> Result<()> {
        if self.inserts.is_empty() {
            return Ok(());
        }
        let inserts = std::mem::take(&mut self.inserts);
        let catalog = self.redirects.apply(&self.session.catalog)?;
        let plan = Planner::new(&catalog, &self.session.config, self.session.clock()).plan_inserts(&inserts)?;
        self.job(plan, None)
    }

    fn query(&mut self, query: &Query, key: &[usize]) -> Result<Found> {
        let (plan, found) = self.plan(query, key)?;
        self.job(plan, Some(&found.results))?;
        Ok(found)
    }

    /// A query's plan, and where its rows will be found.
    fn plan(&self, query: &Query, key: &[usize]) -> Result<(StreamPlan, Found)> {
        let catalog = self.redirects.apply(&self.session.catalog)?;
        let plan = Planner::new(&catalog, &self.session.config, self.session.clock()).plan_query(query)?;
        let schema = plan.result().ok_or_else(|| Error::bug("a query without a result"))?.properties.schema.clone();
        let header = schema.fields.iter().map(|field| field.name.clone()).collect();
        Ok((plan, Found { header, results: Results::default(), key: key.to_vec() }))
    }

    /// Runs a job to its end, with a snapshot and another start in the middle if that is asked for.
    fn job(&mut self, plan: StreamPlan, results: Option<&Results>) -> Result<()> {
        check_workers(self.parallelism, &plan, false)?;
        let sink = results.map(Results::sink);
        let stages = self.redirects.stages();
        if !stages.is_empty() {
            // The first of them is where its snapshot is taken.
            self.restarted = true;
            return self.job_by_the_clock(plan, &stages, results, sink.as_ref());
        }
        let Some(rows) = self.options.checkpoint_after_rows else {
            return ended(&self.start(&plan, self.parallelism, sink.as_ref(), None)?);
        };
        let gate = Gate::new(rows);
        let mut gated = plan.clone();
        gated.wrap_sources(|_, inner| gate.behind(inner));
        let job = self.start(&gated, self.parallelism, sink.as_ref(), None)?;
        let mut waited = Duration::ZERO;
        const TURN: Duration = Duration::from_millis(2);
        while !gate.is_closed() {
            match job.wait_timeout(TURN) {
                Some(result) => {
                    // It has ended; had the last rows come just now, the gate would be closed.
                    if !gate.is_closed() {
                        let read = rows_read(&plan, &job);
                        self.too_few = Some(self.too_few.map_or(read, |before| before.max(read)));
                    }
                    return result;
                }
                None if waited > TIMEOUT => return ended(&job),
                None => waited += TURN,
            }
        }
        self.restarted = true;
        let Some(epoch) = job.trigger_epoch() else { return ended(&job) };
        let Some(snapshot) = job.wait_epoch(epoch, TIMEOUT) else { return ended(&job) };
        job.cancel();
        ended(&job)?;
        if let Some(results) = results {
            results.rewind(epoch);
        }
        let other = if self.parallelism == 1 { 2 } else { 1 };
        ended(&self.start(&plan, other, sink.as_ref(), Some(snapshot))?)
    }

    /// Runs a job whose clock is set between its rows. A snapshot tells when all rows so far have been worked through; another one
    /// when what the clock has brought about is done.
    fn job_by_the_clock(
        &self,
        mut plan: StreamPlan,
        stages: &[Stage],
        results: Option<&Results>,
        sink: Option<&ResultSink>,
    ) -> Result<()> {
        let gates = Gates::install(&mut plan);
        let begin = self.clock.now();
        let mut job = None;
        let mut restart = self.options.checkpoint_after_rows.is_some();
        for stage in stages {
            gates.open_to(&stage.rows);
            let running = match job.take() {
                Some(job) => job,
                None => self.start(&plan, self.parallelism, sink, None)?,
            };
            let mut waited = Duration::ZERO;
            const TURN: Duration = Duration::from_millis(2);
            while !gates.are_closed() {
                match running.wait_timeout(TURN) {
                    Some(result) => return result,
                    None if waited > TIMEOUT => return ended(&running),
                    None => waited += TURN,
                }
            }
            let barrier = |job: &JobHandle| {
                let epoch = job.trigger_epoch()?;
                Some((epoch, job.wait_epoch(epoch, TIMEOUT)?))
            };
            let Some((epoch, snapshot)) = barrier(&running) else { return ended(&running) };
            self.clock.set(stage.until);
            let running = if std::mem::take(&mut restart) {
                running.cancel();
                ended(&running)?;
                if let Some(results) = results {
                    results.rewind(epoch);
                }
                self.start(&plan, if self.parallelism == 1 { 2 } else { 1 }, sink, Some(snapshot))?
            } else {
                running
            };
            if barrier(&running).is_none() {
                return ended(&running);
            }
            job = Some(running);
        }
        gates.open();
        let outcome = job.as_ref().map_or(Ok(()), ended);
        self.clock.set(begin);
        outcome
    }

    fn start(
        &self,
        plan: &StreamPlan,
        parallelism: usize,
        results: Option<&ResultSink>,
        restore: Option<Arc<Snapshot>>,
    ) -> Result<JobHandle> {
        let options = JobOptions { key_groups: plan.key_groups, ..JobOptions::default() };
        let clock = self.session.clock();
        let config = JobConfig { options, clock, restore, ..JobConfig::new("test").parallelism(parallelism) };
        let (plan, results) = (Arc::new(plan.clone()), results.cloned());
        Job::start(
            config,
            Arc::new(move |flow: &mut Flow<'_, RowBatch>| build(&plan, plan.key_groups, results.as_ref(), flow)),
        )
    }

    /// Compares what was found with what the file says.
    fn report(&self, outcome: Result<()>) -> Result<TestReport> {
        let mut differences = Vec::new();
        let mut bodies = Vec::new();
        let wanted_error = self.file.sections.iter().enumerate().find(|(_, section)| section.block == Block::Error);
        match (outcome, wanted_error) {
            (Err(error), None) => {
                differences.push(Difference::Error { error: Box::new(error), expected: None });
                return Ok(TestReport { differences, updated: self.file.text.clone() });
            }
            (Err(error), Some((number, section))) => {
                let expected = section.body.trim().to_owned();
                bodies.push((number, format!("{}\n", error.message())));
                if expected.is_empty() || !error.to_string().contains(&expected) {
                    differences.push(Difference::Error { error: Box::new(error), expected: Some(expected) });
                }
                return Ok(TestReport { differences, updated: self.file.with_bodies(&bodies, "") });
            }
            (Ok(()), Some((_, section))) => {
                let expected = section.body.trim().to_owned();
                differences.push(Difference::NoError { expected, line: section.line });
            }
            (Ok(()), None) => {}
        }
        if let (Some(wanted), Some(rows), false) = (self.options.checkpoint_after_rows, self.too_few, self.restarted) {
            differences.push(Difference::NoSnapshot { wanted, rows });
        }
        let mut queries = self.queries.iter();
        for (number, section) in self.file.sections.iter().enumerate() {
            let Block::Expect { table, mode } = &section.block else { continue };
            let place = Place::new(section.line, 1, 1);
            let found = match table {
                Some(table) => self.tables.iter().find(|(name, _)| name == table).map(|(_, found)| found),
                None => queries.next(),
            };
            let found = found.ok_or_else(|| {
                Error::input("there is no query for this `expect` block")
                    .hint("each SELECT has one block, in order; a table that is written is named: == expect TABLE")
                    .at(Some(place))
            })?;
            let expected = cells::read(&section.body, section.line)?;
            let rows: Vec<Row> = expected.rows.into_iter().map(|(_, row)| row).collect();
            let (header, found) = (found.header(*mode), found.rows(*mode, self.in_order()));
            let sorted = |rows: Vec<Row>| sort(rows, *mode, self.in_order());
            let expected = cells::lines(&expected.header, &sorted(rows.clone()));
            bodies.push((number, body(&header, &found)));
            // Widths differ where values do: compared are cells.
            if expected != cells::lines(&header, &found) {
                let diff = aligned(&header, &expected, &sorted(rows), &found);
                let block = match table {
                    Some(table) => format!("expect {table}"),
                    None => "expect".to_owned(),
                };
                differences.push(Difference::Rows { block, line: section.line, diff });
            }
        }
        let mut appended = String::new();
        for found in queries {
            let (header, rows) = (found.header(ExpectMode::Rows), found.rows(ExpectMode::Rows, self.in_order()));
            appended.push_str(if appended.is_empty() { "" } else { "\n" });
            appended.push_str(&format!("== expect\n{}", body(&header, &rows)));
            let diff = cells::lines(&header, &rows).into_iter().map(DiffLine::Extra).collect();
            let line = self.file.text.lines().count() as u32;
            differences.push(Difference::Rows { block: "a query without an `expect` block".to_owned(), line, diff });
        }
        Ok(TestReport { differences, updated: self.file.with_bodies(&bodies, &appended) })
    }

    /// Whether the order in which rows come is that of one worker.
    fn in_order(&self) -> bool {
        self.parallelism == 1 && self.options.checkpoint_after_rows.is_none()
    }
}

impl Found {
    fn header(&self, mode: ExpectMode) -> Vec<String> {
        let kind = (mode == ExpectMode::Changelog).then(|| "op".to_owned());
        kind.into_iter().chain(self.header.iter().cloned()).collect()
    }

    fn rows(&self, mode: ExpectMode, in_order: bool) -> Vec<Row> {
        sort(self.results.rows(mode, &self.key), mode, in_order)
    }
}

fn sort(mut rows: Vec<Row>, mode: ExpectMode, in_order: bool) -> Vec<Row> {
    let kept = match mode {
        ExpectMode::Rows => false,
        ExpectMode::InOrder => true,
        ExpectMode::Changelog => in_order,
    };
    if !kept {
        rows.sort();
    }
    rows
}

fn body(header: &[String], rows: &[Row]) -> String {
    cells::lines(header, rows).into_iter().map(|line| line + "\n").collect()
}

/// A diff whose columns stand under each other in both.
fn aligned(header: &[String], expected: &[String], wanted: &[Row], found: &[Row]) -> Vec<DiffLine> {
    let same_header = expected.first().map(String::as_str) == cells::lines(header, wanted).first().map(String::as_str);
    if !same_header {
        return diff(expected, &cells::lines(header, found));
    }
    let all = cells::lines(header, &[wanted, found].concat());
    let (head, rows) = all.split_at(1);
    let (wanted, found) = rows.split_at(wanted.len());
    diff(&[head, wanted].concat(), &[head, found].concat())
}

/// How many rows a job's sources have read.
fn rows_read(plan: &StreamPlan, job: &JobHandle) -> u64 {
    let is_source = |id: &str| plan.nodes.iter().any(|node| node.id == id && matches!(node.kind, NodeKind::Source(_)));
    job.totals().iter().filter(|totals| is_source(&totals.id)).map(|totals| totals.rows_out).sum()
}

/// Waits for a job's end.
fn ended(job: &JobHandle) -> Result<()> {
    job.wait_timeout(TIMEOUT).unwrap_or_else(|| {
        job.cancel();
        Err(Error::input(format!("the job had not ended after {} s", TIMEOUT.as_secs()))
            .hint("a table that never ends needs an `== input` block in a test"))
    })
}
