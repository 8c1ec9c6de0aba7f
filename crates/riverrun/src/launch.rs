//! One job of a script, and how it is started: the first time and after failures.

use crate::durable::JobDurability;
use crate::durable::control::Running;
use crate::log;
use crate::results::SharedConsumer;
use crate::run::RunOptions;
use crate::session::{Session, StartOptions, check_fit};
use riverrun_core::Result;
use riverrun_runtime::JobHandle;
use riverrun_sql::plan::StreamPlan;
use riverrun_sql::session::checkpointing::RestartStrategy;
use riverrun_state::checkpoint::Manifest;

/// A job of a script.
pub(crate) struct Launch<'a> {
    pub(crate) session: &'a Session,
    pub(crate) plan: &'a StreamPlan,
    pub(crate) options: &'a RunOptions,
    pub(crate) results: Option<&'a SharedConsumer>,
    /// Which job of the script it is, from 0.
    pub(crate) number: usize,
    /// Where it can be asked for savepoints.
    pub(crate) running: Running,
    /// Of the last start.
    pub(crate) durability: Option<JobDurability>,
    /// Whether it is known, apart from its checkpoints, that it has had one.
    pub(crate) checkpointed: bool,
}

impl Launch<'_> {
    /// When it is started again. What a query has printed can't be taken back, so it is not.
    pub(crate) fn strategy(&self) -> RestartStrategy {
        if self.plan.result().is_some() { RestartStrategy::None } else { self.session.config.restart_strategy() }
    }

    /// Starts it. `None` if an earlier run has brought it to its end.
    pub(crate) fn start(&mut self) -> Result<Option<JobHandle>> {
        self.running.remove(self.number);
        // A query's rows go to whoever asked; only INSERTs are made durable.
        if let Some(durability) = self.options.durability.as_ref().filter(|_| self.plan.result().is_none()) {
            let name = self.session.config.pipeline_name().unwrap_or("riverrun");
            let (folder, stores) = (self.session.config.checkpoint_dir(), self.session.config.store_options());
            let fits =
                |manifest: &Manifest, place: &str| check_fit(self.plan, manifest, durability.allow_unclaimed, place);
            let before = self.durability.as_ref();
            let prepared = durability.prepare((self.number, name), before, folder, &stores, fits)?;
            let Some(prepared) = prepared else { return Ok(None) };
            log::goes_on(self.number, &prepared);
            self.durability = Some(prepared);
        }
        let durability = self.durability.as_ref();
        let cluster = self.options.cluster.as_ref();
        let processes = cluster.map(|cluster| cluster.start(self.number, self.plan, durability)).transpose()?;
        let workers = self.session.workers(self.options.parallelism);
        let count = processes.as_ref().map_or(1, |layout| layout.processes);
        log::starts(self.number, self.session, self.plan, workers, count);
        let start =
            StartOptions { parallelism: self.options.parallelism, results: self.results, processes, durability };
        let job = self.session.start(self.plan, start)?;
        if durability.is_some() {
            self.running.insert(self.number, &job, self.session.config.store_options());
        }
        Ok(Some(job))
    }

    /// Remembers the first checkpoint of a job that runs.
    pub(crate) fn note_checkpoints(&mut self, job: &JobHandle) {
        let Some(durability) = self.options.durability.as_ref().filter(|_| !self.checkpointed) else { return };
        if job.checkpoint_status().is_some_and(|status| status.completed > 0) {
            self.checkpointed = true;
            if let Err(error) = durability.checkpointed(self.number) {
                // The next start notes it, as long as there is a checkpoint then.
                tracing::debug!("the first checkpoint is not noted: {}", error.message());
            }
        }
    }

    /// It has ended without an error.
    pub(crate) fn ended(&self) -> Result<()> {
        self.running.remove(self.number);
        if let (Some(durability), Some(job)) = (&self.options.durability, &self.durability) {
            durability.ended(self.number, job)?;
        }
        Ok(())
    }
}
