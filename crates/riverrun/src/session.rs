//! A session: a catalog, options, and the jobs that are started in it.

use crate::results::SharedConsumer;
use riverrun_core::{Clock, Error, Result, RowBatch, SystemClock};
use riverrun_runtime::JobIdentity;
use riverrun_runtime::flow::{Build, Flow};
use riverrun_runtime::job::{Job, JobConfig, JobHandle, JobOptions};
use riverrun_runtime::process::ProcessLayout;
use riverrun_sql::build::{KEY_GROUPS, build};
use riverrun_sql::catalog::Catalog;
use riverrun_sql::parse::Statement;
use riverrun_sql::plan::StreamPlan;
use riverrun_sql::plan::planner::Planner;
use riverrun_sql::session::{Outcome, SessionConfig, execute_ddl};
use std::sync::Arc;
use std::time::Duration;

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
        Session { catalog: Catalog::default(), config: SessionConfig::default(), clock }
    }

    /// Sets an option, as SET does; a note where the option has no effect here.
    pub fn set(&mut self, key: &str, value: &str) -> Result<Option<String>> {
        self.config.set_text(key, value)
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
    pub fn start(
        &self,
        plan: &StreamPlan,
        parallelism: Option<usize>,
        results: Option<&SharedConsumer>,
        processes: Option<ProcessLayout>,
    ) -> Result<JobHandle> {
        let parallelism = parallelism.or_else(|| self.config.parallelism()).unwrap_or_else(available_cores);
        if parallelism == 0 || parallelism > usize::from(KEY_GROUPS) {
            return Err(Error::input(format!("a job can't have {parallelism} workers"))
                .hint(format!("from 1 to {KEY_GROUPS} (`pipeline.max-parallelism`)")));
        }
        let options = JobOptions {
            buffer_timeout: Duration::from_millis(self.config.buffer_timeout().0.max(0) as u64),
            epoch_interval: self
                .config
                .checkpoint_interval()
                .map(|interval| Duration::from_millis(interval.0.max(1) as u64)),
            ..JobOptions::default()
        };
        let mut identity = JobIdentity::ephemeral();
        if let Some(layout) = &processes {
            identity.id = layout.job_id.clone();
        }
        let config = JobConfig {
            options,
            clock: self.clock.clone(),
            identity,
            processes,
            ..JobConfig::new(self.config.pipeline_name().unwrap_or("riverrun")).parallelism(parallelism)
        };
        let plan = Arc::new(plan.clone());
        let results = results.cloned().unwrap_or_else(SharedConsumer::nobody).as_result_sink();
        let assemble: Build<RowBatch> =
            Arc::new(move |flow: &mut Flow<'_, RowBatch>| build(&plan, KEY_GROUPS, Some(&results), flow));
        Job::start(config, assemble)
    }
}

fn available_cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
