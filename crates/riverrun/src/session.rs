//! A session: a catalog, options, and the jobs that are started in it.

use crate::durable::{Fit, JobDurability, Origin};
use crate::results::SharedConsumer;
use crate::state;
use riverrun_core::{Clock, Error, KeyGroup, Millis, Result, RowBatch, SystemClock};
use riverrun_runtime::flow::{Build, Flow};
use riverrun_runtime::job::{Job, JobConfig, JobHandle, JobOptions};
use riverrun_runtime::process::ProcessLayout;
use riverrun_runtime::{CheckpointConfig, CheckpointSchedule, JobIdentity};
use riverrun_sql::build::build;
use riverrun_sql::catalog::Catalog;
use riverrun_sql::functions::user::UserFunction;
use riverrun_sql::parse::Statement;
use riverrun_sql::plan::StreamPlan;
use riverrun_sql::plan::planner::Planner;
use riverrun_sql::session::{Outcome, SessionConfig, execute_ddl};
use riverrun_state::checkpoint::Manifest;
use std::sync::Arc;
use std::time::Duration;

/// How a job is started.
#[derive(Default)]
pub struct StartOptions<'a> {
    /// How many workers; `None`: as the session says.
    pub parallelism: Option<usize>,
    /// Takes a query's rows.
    pub results: Option<&'a SharedConsumer>,
    /// Which of several processes this is.
    pub processes: Option<ProcessLayout>,
    /// How the job's state is made durable, and what it goes on from.
    pub durability: Option<&'a JobDurability>,
}

/// A catalog and options. Statements change them; jobs keep what held when they were planned.
#[derive(Debug)]
pub struct Session {
    /// The tables, views, databases and catalogs.
    pub catalog: Catalog,
    /// The options.
    pub config: SessionConfig,
    clock: Arc<dyn Clock>,
}

impl Default for Session {
    fn default() -> Self {
        Session::new(Arc::new(SystemClock))
    }
}

impl Session {
    /// An empty session with this clock for processing time.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let config = SessionConfig::default();
        #[cfg(feature = "wasm")]
        let config = config.with_components(Arc::new(riverrun_wasm::Components::default()));
        Session { catalog: Catalog::default(), config, clock }
    }

    /// A session of its own that begins with what this one has.
    pub(crate) fn copy(&self) -> Session {
        Session { catalog: self.catalog.clone(), config: self.config.clone(), clock: self.clock.clone() }
    }

    /// Sets an option, as SET does; a note where the option has no effect here.
    pub fn set(&mut self, key: &str, value: &str) -> Result<Option<String>> {
        self.config.set_text(key, value)
    }

    /// Makes a function of this program known to the statements that follow, everywhere and before a built-in one of its name.
    pub fn register(&mut self, function: UserFunction) -> Result<()> {
        self.catalog.functions_mut().register(function)
    }

    /// Processing time.
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    /// What plans queries and INSERTs as the session stands now.
    pub fn planner(&self) -> Planner<'_> {
        Planner::new(&self.catalog, &self.config, self.clock.clone())
    }

    /// Executes a statement that is neither a query nor an INSERT.
    pub fn execute(&mut self, statement: &Statement) -> Result<Outcome> {
        // DESCRIBE binds computed columns and views as the session stands.
        let (config, clock) = (self.config.clone(), self.clock.clone());
        execute_ddl(statement, &mut self.catalog, &mut self.config, &|catalog, object| {
            Planner::new(catalog, &config, clock.clone()).schema_of(object)
        })
    }

    /// Starts a job, or this process's share of it. A query's rows go to `results`; without one they are dropped, as in
    /// the processes that do not print.
    pub fn start(&self, plan: &StreamPlan, start: StartOptions<'_>) -> Result<JobHandle> {
        let StartOptions { parallelism, results, mut processes, durability } = start;
        let parallelism = self.workers(parallelism);
        let has_state = durability.is_some_and(|durability| durability.origin.is_some());
        check_workers(parallelism, plan, has_state)?;
        let key_groups = plan.key_groups;
        let options = JobOptions {
            buffer_timeout: Duration::from_millis(self.config.buffer_timeout().0.max(0) as u64),
            epoch_interval: self
                .config
                .checkpoint_interval()
                .map(|interval| Duration::from_millis(interval.0.max(1) as u64)),
            key_groups,
            ..JobOptions::default()
        };
        let mut identity = durability.map_or_else(JobIdentity::ephemeral, JobDurability::identity);
        if let Some(layout) = &mut processes {
            if durability.is_some() {
                layout.job_id = identity.id.clone();
                layout.generation = identity.generation;
            } else {
                identity.id = layout.job_id.clone();
            }
            layout.heartbeat_timeout = Duration::from_millis(self.config.heartbeat_timeout().0.max(100) as u64);
        }
        let process_count = processes.as_ref().map_or(1, |layout| layout.processes.max(1));
        let workers = (parallelism / process_count).max(1);
        let settings = self.config.state();
        let (state, folder) = state::backend(&settings, durability, workers, process_count == 1)?;
        // Nobody asks a session for snapshots that are in memory.
        let bytes_in_flight = state::bytes_in_flight(&settings).min(options.bytes_in_flight);
        let options = JobOptions { state, bytes_in_flight, retained_snapshots: 0, ..options };
        let mut checkpoints = None;
        let mut restore = None;
        if let Some(durability) = durability {
            let read = |origin| -> Result<_> { Ok((origin, Origin::manifest(origin)?)) };
            let origin = durability.origin.as_ref().map(read).transpose()?;
            if let Some((origin, manifest)) = &origin {
                check_fit(plan, manifest, durability.allow_unclaimed, &origin.root.to_string())?;
                let (count, index) = processes.as_ref().map_or((1, 0), |layout| (layout.processes, layout.index));
                let threads = (parallelism / count.max(1)).max(1);
                // Only what this process's workers will own.
                let wanted = |group: KeyGroup| group.worker(key_groups, parallelism) / threads == index;
                let mut snapshot = origin.load(manifest, wanted, &folder)?;
                snapshot.epoch = durability.newest_epoch.map_or(snapshot.epoch, |newest| newest.max(snapshot.epoch));
                restore = Some(Arc::new(snapshot));
            }
            let base = origin.filter(|(origin, _)| origin.root == durability.folder);
            checkpoints = Some(CheckpointConfig {
                store: durability.folder.open()?,
                base: base.map(|(_, manifest)| Arc::new(manifest)),
                plan: plan.fingerprint(),
                signatures: plan.signatures(),
                schedule: self.schedule(),
            });
        }
        let config = JobConfig {
            options,
            clock: self.clock.clone(),
            restore,
            checkpoints,
            identity,
            processes,
            ..JobConfig::new(self.config.pipeline_name().unwrap_or("riverrun")).parallelism(parallelism)
        };
        let plan = Arc::new(plan.clone());
        let results = results.cloned().unwrap_or_else(SharedConsumer::nobody).as_result_sink();
        let assemble: Build<RowBatch> =
            Arc::new(move |flow: &mut Flow<'_, RowBatch>| build(&plan, key_groups, Some(&results), flow));
        Job::start(config, assemble)
    }

    /// How many workers a job has, if the one who starts it asks for so many.
    pub(crate) fn workers(&self, asked: Option<usize>) -> usize {
        asked.or_else(|| self.config.parallelism()).unwrap_or_else(available_cores)
    }

    /// `execution.checkpointing.*`.
    fn schedule(&self) -> CheckpointSchedule {
        let duration = |millis: Millis| Duration::from_millis(millis.0.max(0) as u64);
        CheckpointSchedule {
            interval: self.config.checkpoint_interval().map(duration),
            min_pause: duration(self.config.checkpoint_min_pause()),
            timeout: duration(self.config.checkpoint_timeout()),
            tolerable_failures: self.config.tolerable_failed_checkpoints(),
            retained: self.config.retained_checkpoints(),
        }
    }
}

/// Refuses to go on from what the plan would lose or misread.
pub(crate) fn check_fit(plan: &StreamPlan, manifest: &Manifest, allow_unclaimed: bool, place: &str) -> Result<()> {
    let taken = manifest.body.job.key_groups;
    if taken != plan.key_groups {
        return Err(Error::input(format!(
            "the state in {place} is divided into {taken} key groups, not {}",
            plan.key_groups
        ))
        .detail("pipeline.max-parallelism is decided when a job is started for the first time")
        .hint(format!("set pipeline.max-parallelism to {taken}")));
    }
    Fit::of(plan, manifest).check(allow_unclaimed, place)
}

fn available_cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Refuses more workers than a job has key groups, and none. `has_state`: it goes on from state, which is divided into them.
pub(crate) fn check_workers(parallelism: usize, plan: &StreamPlan, has_state: bool) -> Result<()> {
    let key_groups = plan.key_groups;
    if (1..=usize::from(key_groups)).contains(&parallelism) {
        return Ok(());
    }
    let fixed = if has_state { ", which can't change with its state" } else { "" };
    Err(Error::input(format!("a job can't have {parallelism} workers"))
        .hint(format!("from 1 to {key_groups}: pipeline.max-parallelism{fixed}")))
}
