//! What a source is to the driver that runs it.

use crate::batch::Batch;
use crate::identity::JobIdentity;
use riverrun_core::metrics::OperatorMetrics;
use riverrun_core::zone::{Tz, offset_at_instant};
use riverrun_core::{Clock, Millis, Result};
pub use riverrun_state::SplitId;
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::sync::Arc;
use std::time::Duration;

/// Wakes a source's worker from another thread. Cheap; may be called at any time.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// What a source can ask of the job it runs in.
#[derive(Clone)]
pub struct SourceContext {
    /// This worker's number, from 0.
    pub worker: usize,
    /// How many workers the job has.
    pub parallelism: usize,
    /// Processing time.
    pub clock: Arc<dyn Clock>,
    /// This source's counters on this worker.
    pub metrics: Arc<OperatorMetrics>,
    /// Makes the worker poll this source again soon.
    pub waker: Waker,
    /// Whose job it is.
    pub job: JobIdentity,
}

/// What a source says after a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceState {
    /// There is more to read now: poll again.
    Ready,
    /// Nothing to read now. Poll when the waker is called, or after this time if one is given.
    Idle(Option<Duration>),
    /// All splits have ended; never poll again.
    Finished,
}

/// Reads one worker's share of a table. Never blocks: what blocks lives on a thread behind a bounded channel.
pub trait SourceReader<B: Batch>: 'static {
    /// Reads at most about one batch (`execution.batch-size` rows) and hands it to `out`.
    ///
    /// A worker that has opened no split by the end of its first poll, or whose splits have all finished, holds the
    /// watermark back no longer. A reader that does not know its splits yet opens a split of any name to hold
    /// it back, and finishes that one when it has opened the real ones.
    fn poll(&mut self, out: &mut SourceOutput<B>) -> Result<SourceState>;

    /// Where each of this worker's splits stands, usually as union elements: (split, offset).
    fn snapshot(&mut self) -> Result<OperatorSnapshot>;

    /// Goes on where an earlier run stopped. Called once, before the first poll.
    fn restore(&mut self, state: RestoredState) -> Result<()>;

    /// All rows of the snapshot taken at `epoch`, and of those before it, have passed the whole job (as for committing
    /// a consumer group's offsets). Comes once for each snapshot, in order. Where [`JobIdentity::checkpoints`] holds, that snapshot
    /// or one taken since is durable too.
    fn on_epoch_complete(&mut self, epoch: riverrun_core::Epoch) -> Result<()> {
        let _ = epoch;
        Ok(())
    }
}

/// An event of one poll, in order.
#[derive(Clone, Debug)]
pub enum SourceEvent<B> {
    /// A split that is not yet read holds the watermark back from now on.
    SplitOpened(SplitId),
    /// Rows of a split, in the order of the split.
    Rows(SplitId, B),
    /// Rows that could not be decoded, in the schema of dead letters.
    Rejected(B),
    /// A bounded split has ended: it no longer holds the watermark back.
    SplitFinished(SplitId),
}

/// Where a source puts what it has read during one poll.
#[derive(Debug)]
pub struct SourceOutput<B> {
    events: Vec<SourceEvent<B>>,
}

impl<B> Default for SourceOutput<B> {
    fn default() -> Self {
        SourceOutput { events: Vec::new() }
    }
}

impl<B: Batch> SourceOutput<B> {
    /// Announces a split, so that it holds the watermark back until its rows come. Every split must
    /// be announced before rows of another one may pass it in event time.
    pub fn open_split(&mut self, split: SplitId) {
        self.events.push(SourceEvent::SplitOpened(split));
    }

    /// Rows of a split.
    pub fn emit(&mut self, split: SplitId, batch: B) {
        if batch.num_rows() > 0 {
            self.events.push(SourceEvent::Rows(split, batch));
        }
    }

    /// Rows that could not be decoded.
    pub fn reject(&mut self, batch: B) {
        if batch.num_rows() > 0 {
            self.events.push(SourceEvent::Rejected(batch));
        }
    }

    /// A bounded split has ended.
    pub fn finish_split(&mut self, split: SplitId) {
        self.events.push(SourceEvent::SplitFinished(split));
    }

    /// Takes the events of this poll.
    pub fn take(&mut self) -> Vec<SourceEvent<B>> {
        std::mem::take(&mut self.events)
    }
}

/// The watermark of each row of a batch, in milliseconds. A NULL is an error of the user's data.
pub type WatermarkExpression<B> = Box<dyn FnMut(&B) -> Result<Vec<i64>>>;

/// How a source's rows become watermarks (`WATERMARK FOR`).
pub struct WatermarkStrategy<B> {
    /// The watermark expression.
    pub expression: WatermarkExpression<B>,
    /// A watermark goes out after a row once event time has moved by more than this (`pipeline.auto-watermark-interval`).
    pub interval: Millis,
    /// After this long without rows a split no longer holds the watermark back (`scan.watermark.idle-timeout`).
    pub idle_timeout: Option<Duration>,
    /// A row whose time is further ahead of the clock does not move the watermark (`scan.watermark.max-ahead`).
    pub max_ahead: Option<MaxAhead>,
    /// With which other sources it keeps step (`scan.watermark.alignment.*`).
    pub alignment: Option<Alignment>,
}

/// A source does not read on while its watermark on this worker is further ahead of the least one of its group than it allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alignment {
    /// The name of the group, within the job.
    pub group: String,
    /// So far.
    pub max_drift: Millis,
}

/// How far a row's time may be ahead of the clock and still move the watermark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxAhead {
    /// So far.
    pub by: Millis,
    /// Where the clock hangs whose times the rows have: the session's zone for TIMESTAMP, UTC for TIMESTAMP_LTZ.
    pub zone: Tz,
}

impl MaxAhead {
    /// The latest time that moves the watermark at this instant.
    pub fn limit(&self, now: Millis) -> i64 {
        let offset = offset_at_instant(self.zone, now.0.div_euclid(1_000)) * 1_000;
        now.0.saturating_add(offset).saturating_add(self.by.0)
    }
}
