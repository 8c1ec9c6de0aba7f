//! Executes the statements of a script in order: definitions at once, INSERTs together as one job, queries to a reader.

use crate::durable::control::{self, Running};
use crate::durable::supervisor::SupervisedJob;
use crate::durable::{Durability, JobDurability, notes, query_note};
use crate::launch::Launch;
use crate::log;
use crate::rehearsal::TableOverrides;
use crate::results::{RowConsumer, SharedConsumer};
use crate::script::Script;
use crate::session::Session;
use riverrun_core::metrics::OperatorTotals;
use riverrun_core::{Place, Result};
use riverrun_runtime::process::ProcessLayout;
use riverrun_sql::catalog::Object;
use riverrun_sql::parse::{
    CreateTable, FunctionScope, Insert, Query, Replaces, Statement, StatementKind, rows_of_created,
};
use riverrun_sql::plan::{Properties, StreamPlan};
use riverrun_sql::session::Rows;
use std::sync::Arc;
use std::time::Duration;

/// How often a host hears of running jobs.
const TURN: Duration = Duration::from_millis(100);

/// What a host wants of the jobs that run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    Continue,
    /// End in good order: read no more, write what was read.
    Stop,
    /// End at once.
    Cancel,
}

/// Whoever runs a script: a terminal, a test, a program.
pub trait Host {
    /// The rows of SHOW, DESCRIBE and their kin.
    fn text(&mut self, rows: &Rows) -> Result<()>;

    /// A remark: an option that has no effect here.
    fn note(&mut self, note: &str) {
        let _ = note;
    }

    /// A plan, asked for by EXPLAIN.
    fn explain(&mut self, plan: &StreamPlan, details: &[String]) -> Result<()>;

    /// A job that would be run now, were it not for [`RunOptions::plan_only`].
    fn planned(&mut self, plan: &StreamPlan) -> Result<()> {
        let _ = plan;
        Ok(())
    }

    /// A query begins, whose rows are these: who takes them?
    fn query(&mut self, rows: &Properties) -> Result<Box<dyn RowConsumer>>;

    /// Jobs run; called about ten times a second with the counters of all of them.
    fn running(&mut self, totals: &[OperatorTotals]) -> Control;

    /// A job of the script, by its number from 0, is not run since an earlier run has brought it to its end.
    fn finished_before(&mut self, number: usize) {
        let _ = number;
    }

    /// A job has ended.
    fn ended(&mut self, report: &JobReport) {
        let _ = report;
    }
}

/// How a job ended.
#[derive(Clone, Debug)]
pub struct JobReport {
    /// Its counters.
    pub totals: Vec<OperatorTotals>,
    /// The sum of the most memory that each of its processes has had, in bytes, but for the one that was called.
    pub peak_memory: u64,
    /// Whether it was stopped before its end.
    pub stopped: bool,
    /// Why it failed, if it did.
    pub error: Option<riverrun_core::Error>,
}

/// The processes that run jobs together with this one.
pub trait Cluster: Send + Sync {
    /// Starts the other processes of a job: the `number`th (from 0) that the script runs.
    ///
    /// After a failure it is called again for the same job; what is left of its processes then ends first.
    fn start(&self, number: usize, plan: &StreamPlan, durability: Option<&JobDurability>) -> Result<ProcessLayout>;
}

/// How jobs are run.
#[derive(Clone, Default)]
pub struct RunOptions {
    /// The workers of each job; `None`: as the session says.
    pub parallelism: Option<usize>,
    /// Plan everything, run nothing.
    pub plan_only: bool,
    /// Refuse tables whose connector or options are wrong also where nothing uses them. Flink takes those.
    pub check_tables: bool,
    /// Where jobs run in several processes.
    pub cluster: Option<Arc<dyn Cluster>>,
    /// How the jobs of INSERTs are made durable; `None`: they are not.
    pub durability: Option<Durability>,
    /// Options over those of the script's tables: a rehearsal writes elsewhere.
    pub tables: Option<Arc<TableOverrides>>,
}

/// A job of INSERTs.
struct PlannedJob {
    plan: StreamPlan,
    /// Where its first statement stands: an error that knows no better place is told there, not where the job happens to be run.
    place: Place,
}

/// What has been planned and not yet run.
#[derive(Default)]
struct Waiting {
    /// The INSERTs that stand by themselves.
    inserts: Vec<Insert>,
    /// The jobs before them.
    jobs: Vec<PlannedJob>,
    /// How many jobs have been started.
    started: usize,
    /// Those that can be asked for savepoints.
    running: Running,
}

impl Waiting {
    /// Starts a job. `None` if an earlier run has brought it to its end.
    fn start<'a>(
        &mut self,
        session: &'a Session,
        plan: &'a StreamPlan,
        options: &'a RunOptions,
        results: Option<&'a SharedConsumer>,
    ) -> Result<Option<SupervisedJob<'a>>> {
        let (number, running) = (self.started, self.running.clone());
        self.started += 1;
        plan.warnings().iter().for_each(|warning| tracing::warn!("{warning}"));
        SupervisedJob::start(Launch {
            session,
            plan,
            options,
            results,
            number,
            running,
            durability: None,
            checkpointed: false,
        })
    }

    /// Runs jobs beside each other to their end.
    fn run(
        &mut self,
        session: &Session,
        planned: &[PlannedJob],
        options: &RunOptions,
        host: &mut dyn Host,
    ) -> Result<()> {
        if options.plan_only {
            return planned.iter().try_for_each(|job| host.planned(&job.plan).map_err(|error| error.at(job.place)));
        }
        note_options(session, planned, options, host);
        let mut jobs = Vec::new();
        for PlannedJob { plan, place } in planned {
            match self.start(session, plan, options, None).map_err(|error| error.at(*place))? {
                Some(job) => jobs.push((job, Some(*place))),
                None => host.finished_before(self.started - 1),
            }
        }
        follow(jobs, host)
    }

    /// Plans the INSERTs as the session stands now: what follows may change what their names mean.
    fn plan(&mut self, session: &Session) -> Result<()> {
        let inserts = std::mem::take(&mut self.inserts);
        let Some(first) = inserts.first() else { return Ok(()) };
        let plan = session.planner().plan_inserts(&inserts).map_err(|error| {
            // Of several the one that can't be planned alone either.
            let fails = |insert: &&Insert| session.planner().plan_inserts(std::slice::from_ref(insert)).is_err();
            error.at(inserts.iter().find(fails).unwrap_or(first).place)
        })?;
        self.jobs.push(PlannedJob { plan, place: first.place });
        Ok(())
    }

    /// All of them as jobs.
    fn take(&mut self, session: &Session) -> Result<Vec<PlannedJob>> {
        self.plan(session)?;
        Ok(std::mem::take(&mut self.jobs))
    }
}

/// Runs a script to its end.
pub fn run_script(session: &mut Session, script: &Script, options: &RunOptions, host: &mut dyn Host) -> Result<()> {
    run_statements(session, &script.statements()?, options, host)
}

fn run_statements(
    session: &mut Session,
    statements: &[Statement],
    options: &RunOptions,
    host: &mut dyn Host,
) -> Result<()> {
    let mut waiting = Waiting::default();
    if let Some(tables) = &options.tables {
        tables.apply(session)?;
    }
    let listening =
        options.durability.as_ref().map(|durability| control::listen(&durability.state_dir, &waiting.running));
    let _listening = listening.transpose()?;
    for statement in statements {
        if !options.plan_only {
            log::statement(statement);
        }
        execute(session, statement, options, &mut waiting, host).map_err(|error| error.at(statement.place))?;
    }
    let jobs = waiting.take(session)?;
    let outcome = waiting.run(session, &jobs, options, host);
    waiting.running.settle();
    outcome?;
    if options.check_tables { check_tables(session) } else { Ok(()) }
}

/// Refuses the first table of the catalog that can't be used; those that were dropped are none of it.
fn check_tables(session: &Session) -> Result<()> {
    let catalog = &session.catalog;
    let mut wrong = Vec::new();
    for name in catalog.catalog_names() {
        for database in catalog.database_names(name)? {
            for object in catalog.objects(name, database) {
                if let Object::Table(table) = object {
                    wrong.extend(session.planner().check_table(table).err());
                }
            }
        }
    }
    // As they stand in the file.
    wrong.sort_by_key(|error| error.place().map(|place| (place.line, place.column)));
    wrong.into_iter().next().map_or(Ok(()), Err)
}

fn execute(
    session: &mut Session,
    statement: &Statement,
    options: &RunOptions,
    waiting: &mut Waiting,
    host: &mut dyn Host,
) -> Result<()> {
    match &statement.kind {
        StatementKind::Insert(insert) => {
            waiting.inserts.push(insert.clone());
            run_if_sync(session, options, waiting, host)
        }
        StatementKind::StatementSet(inserts) => {
            let plan = session.planner().plan_inserts(inserts)?;
            waiting.jobs.push(PlannedJob { plan, place: statement.place });
            run_if_sync(session, options, waiting, host)
        }
        StatementKind::Query(query) => run_query(session, query, options, waiting, host),
        StatementKind::Explain(explain) => {
            let plan = explain_plan(session, &explain.statement)?;
            host.explain(&plan, &explain.details)
        }
        kind => {
            if changes_meaning(kind) {
                waiting.plan(session)?;
            }
            let outcome = session.execute(statement)?;
            if let Some(tables) = &options.tables {
                tables.apply(session)?;
            }
            outcome.notes.iter().for_each(|note| host.note(note));
            match &outcome.rows {
                Some(rows) if !options.plan_only => host.text(rows),
                _ => Ok(()),
            }
        }
    }
}

/// Tells which options of checkpoints and restarts come to nothing, as the jobs of INSERTs are run.
fn note_options(session: &Session, planned: &[PlannedJob], options: &RunOptions, host: &mut dyn Host) {
    if !planned.is_empty() {
        notes(&session.config, options.durability.is_some()).iter().for_each(|note| host.note(note));
    }
}

/// Whether a statement may change what the names and values in earlier ones mean.
fn changes_meaning(kind: &StatementKind) -> bool {
    match kind {
        StatementKind::CreateTable(create) => create.temporary || create.replaces.is_some(),
        StatementKind::CreateView(create) => create.temporary,
        StatementKind::CreateFunction(create) => create.scope != FunctionScope::Catalog,
        StatementKind::Drop(_)
        | StatementKind::AlterTable(_)
        | StatementKind::AlterView(_)
        | StatementKind::AlterFunction(_)
        | StatementKind::DropFunction(_)
        | StatementKind::UseCatalog(_)
        | StatementKind::UseDatabase(_)
        | StatementKind::UseModules(_)
        | StatementKind::Set(Some(_))
        | StatementKind::Reset(_) => true,
        _ => false,
    }
}

/// With `table.dml-sync` an INSERT runs to its end before the next statement.
fn run_if_sync(session: &Session, options: &RunOptions, waiting: &mut Waiting, host: &mut dyn Host) -> Result<()> {
    if !session.config.dml_sync() {
        return Ok(());
    }
    let jobs = waiting.take(session)?;
    waiting.run(session, &jobs, options, host)
}

fn explain_plan(session: &Session, statement: &Statement) -> Result<StreamPlan> {
    match &statement.kind {
        StatementKind::Query(query) => session.planner().plan_query(query),
        StatementKind::Insert(insert) => session.planner().plan_inserts(std::slice::from_ref(insert)),
        StatementKind::StatementSet(inserts) => session.planner().plan_inserts(inserts),
        StatementKind::CreateTable(create) => plan_of_created(session, create, statement),
        _ => Err(riverrun_core::Error::input("only queries and INSERTs have a plan").at(statement.place)),
    }
}

/// The plan of the INSERT that would fill a table, in a session of its own where the table is, whatever has its name here.
fn plan_of_created(session: &Session, create: &CreateTable, statement: &Statement) -> Result<StreamPlan> {
    let create = CreateTable { if_not_exists: false, replaces: Some(Replaces::IfThere), ..create.clone() };
    let insert = rows_of_created(&create);
    let mut with_table = session.copy();
    with_table.execute(&Statement { kind: StatementKind::CreateTable(create), ..statement.clone() })?;
    with_table.planner().plan_inserts(insert.as_slice())
}

fn run_query(
    session: &Session,
    query: &Query,
    options: &RunOptions,
    waiting: &mut Waiting,
    host: &mut dyn Host,
) -> Result<()> {
    // A mistake in the query is told before anything runs.
    session.planner().schema_of_query(query)?;
    let inserts = waiting.take(session)?;
    // What the INSERTs before it write, the query may read: bounded ones run to their end first.
    let (first, beside): (Vec<_>, Vec<_>) = inserts.into_iter().partition(|job| job.plan.is_bounded());
    waiting.run(session, &first, options, host)?;
    // Only now: the tables it reads may be what was just written.
    let plan = session.planner().plan_query(query)?;
    if options.plan_only {
        beside.iter().try_for_each(|job| host.planned(&job.plan))?;
        return host.planned(&plan);
    }
    note_options(session, &beside, options, host);
    if let Some(note) = query_note(&session.config, options.durability.is_some()) {
        host.note(note);
    }
    let result = plan.result().ok_or_else(|| riverrun_core::Error::bug("a query without a result"))?;
    let consumer = SharedConsumer::new(host.query(&result.properties)?);
    let mut jobs = Vec::new();
    for PlannedJob { plan, place } in &beside {
        let job = waiting.start(session, plan, options, None).map_err(|error| error.at(*place))?;
        jobs.extend(job.map(|job| (job, Some(*place))));
    }
    jobs.extend(waiting.start(session, &plan, options, Some(&consumer))?.map(|job| (job, None)));
    follow(jobs, host)?;
    consumer.finish()
}

/// Waits for all jobs; the first that fails ends the others. An error without a place is told at its job's.
fn follow(jobs: Vec<(SupervisedJob<'_>, Option<Place>)>, host: &mut dyn Host) -> Result<()> {
    let (mut jobs, places): (Vec<_>, Vec<_>) = jobs.into_iter().unzip();
    let mut asked = Control::Continue;
    let mut over = vec![false; jobs.len()];
    let mut failure = None;
    while let Some(first) = over.iter().position(|over| !over) {
        for at in first..jobs.len() {
            // One wait serves all: the others are only looked at.
            let wait = if at == first { TURN } else { Duration::ZERO };
            let Some(result) = (!over[at]).then(|| jobs[at].wait_timeout(wait)).flatten() else { continue };
            over[at] = true;
            let error = result.err().map(|error| error.at(places[at]));
            log::ended(jobs[at].number(), &jobs[at].totals(), error.is_some());
            host.ended(&JobReport {
                totals: jobs[at].totals(),
                peak_memory: jobs[at].peak_memory_of_others(),
                stopped: asked != Control::Continue && error.is_none(),
                error: error.clone(),
            });
            if let Some(error) = error
                && failure.is_none()
            {
                jobs.iter_mut().for_each(SupervisedJob::cancel);
                failure = Some(error);
            }
        }
        let totals: Vec<OperatorTotals> = jobs.iter().flat_map(|job| job.totals()).collect();
        let wanted = host.running(&totals);
        if wanted != asked {
            asked = wanted;
            match wanted {
                Control::Continue => {}
                Control::Stop => jobs.iter_mut().for_each(SupervisedJob::stop),
                Control::Cancel => jobs.iter_mut().for_each(SupervisedJob::cancel),
            }
        }
    }
    failure.map_or(Ok(()), Err)
}
