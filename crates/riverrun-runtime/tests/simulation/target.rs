//! A database with commit tokens and fencing, and the sink that writes to it.

use crate::baton::{note, pause_here};
use crate::bugs::Bug;
use crate::faults::{Faults, How};
use crate::pipeline::{World, decode, encode};
use crate::support::Events;
use riverrun_core::{Epoch, Error, Result};
use riverrun_runtime::{Sink, SinkContext, SinkState};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// What a lane has not committed yet: its name, and rows by epoch.
type Log = (String, Vec<(u32, Events)>);

#[derive(Default)]
struct Tables {
    /// The epoch that each lane has committed.
    tokens: BTreeMap<String, u32>,
    rows: Events,
    /// The youngest start that has logged in; older ones are refused.
    generation: u64,
}

/// The database.
#[derive(Clone, Default)]
pub struct Target {
    tables: Arc<Mutex<Tables>>,
    pub faults: Arc<Faults>,
}

impl Target {
    pub fn rows(&self) -> Events {
        let mut rows = self.tables.lock().unwrap().rows.clone();
        rows.sort_unstable();
        rows
    }

    /// A start of the job logs in.
    fn fence(&self, generation: u64) {
        let mut tables = self.tables.lock().unwrap();
        tables.generation = tables.generation.max(generation);
    }

    /// Rows and token in one transaction.
    fn commit(&self, world: &World, generation: u64, lane: &str, epoch: u32, rows: &Events) -> Result<()> {
        let fault = self.faults.next(&world.baton);
        pause_here();
        if matches!(fault, Some(How::CallLost | How::ForGood)) {
            return Err(Error::failure("the connection to the target was lost"));
        }
        {
            let mut tables = self.tables.lock().unwrap();
            if generation < tables.generation {
                return Err(Error::failure("a younger start of this job writes to the target"));
            }
            // What the token has passed already is nothing new.
            if tables.tokens.get(lane).is_none_or(|token| *token < epoch) || world.bug == Some(Bug::IgnoredToken) {
                note(|| format!("commit {lane} epoch {epoch}: {} rows", rows.len()));
                tables.tokens.insert(lane.to_owned(), epoch);
                tables.rows.extend(rows);
            }
        }
        pause_here();
        if fault.is_some() {
            Err(Error::failure("the connection to the target was lost after a commit"))
        } else {
            Ok(())
        }
    }
}

/// Logs rows by epoch, and commits what has been decided.
pub struct CommitSink {
    world: World,
    generation: u64,
    lane: String,
    open: Events,
    log: Vec<(u32, Events)>,
}

impl CommitSink {
    pub fn new(context: &SinkContext, world: &World) -> Self {
        world.target.fence(context.job.generation);
        let lane = format!("{}-{}", context.job.id, context.worker);
        let generation = context.job.generation;
        CommitSink { world: world.clone(), generation, lane, open: Vec::new(), log: Vec::new() }
    }

    fn commit(&self, lane: &str, epoch: u32, rows: &Events) -> Result<()> {
        self.world.target.commit(&self.world, self.generation, lane, epoch, rows)
    }
}

impl Sink<Events> for CommitSink {
    fn write(&mut self, batch: Events) -> Result<()> {
        self.open.extend(batch);
        Ok(())
    }

    fn poll(&mut self) -> Result<SinkState> {
        Ok(SinkState::Done)
    }

    fn snapshot(&mut self, epoch: Epoch) -> Result<OperatorSnapshot> {
        self.log.push((epoch.0, std::mem::take(&mut self.open)));
        let log: Log = (self.lane.clone(), self.log.clone());
        if self.world.bug == Some(Bug::CommitBeforeManifest) {
            self.on_epoch_complete(epoch)?;
        }
        Ok(OperatorSnapshot { split: vec![encode(&log)], ..OperatorSnapshot::default() })
    }

    fn on_epoch_complete(&mut self, epoch: Epoch) -> Result<()> {
        while let Some((logged, rows)) = self.log.first().filter(|(logged, _)| *logged <= epoch.0) {
            self.commit(&self.lane, *logged, rows)?;
            self.log.remove(0);
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        for element in &state.split {
            let (lane, log): Log = decode(element);
            log.iter().try_for_each(|(epoch, rows)| self.commit(&lane, *epoch, rows))?;
        }
        Ok(())
    }
}
