//! Sources that stop in the middle of their input, so that a checkpoint can be taken there.

use riverrun_connectors::SourceFactory;
use riverrun_core::{Epoch, Result, RowBatch};
use riverrun_runtime::source::SourceEvent;
use riverrun_runtime::{SourceContext, SourceOutput, SourceReader, SourceState};
use riverrun_sql::plan::StreamPlan;
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Lets so many rows of all tables through, and no more.
pub struct Gate {
    rows: AtomicU64,
    limit: u64,
}

impl Gate {
    /// A gate behind every source of the plan. A source stops between batches.
    pub fn install(limit: u64, plan: &mut StreamPlan) -> Arc<Gate> {
        let gate = Arc::new(Gate { rows: AtomicU64::new(0), limit });
        plan.wrap_sources(|_, inner| Arc::new(Gated { inner, gate: Arc::clone(&gate) }));
        gate
    }

    /// Whether as many rows have come through.
    pub fn is_closed(&self) -> bool {
        self.rows.load(Ordering::Acquire) >= self.limit
    }
}

struct Gated {
    inner: Arc<dyn SourceFactory>,
    gate: Arc<Gate>,
}

impl SourceFactory for Gated {
    fn bounded(&self) -> bool {
        self.inner.bounded()
    }

    fn reader(&self, context: SourceContext) -> Result<Box<dyn SourceReader<RowBatch>>> {
        let inner = self.inner.reader(context)?;
        Ok(Box::new(GatedReader { inner, gate: Arc::clone(&self.gate), begun: false }))
    }
}

struct GatedReader {
    inner: Box<dyn SourceReader<RowBatch>>,
    gate: Arc<Gate>,
    /// Splits are announced at the first poll, whatever other readers have read.
    begun: bool,
}

impl SourceReader<RowBatch> for GatedReader {
    fn poll(&mut self, out: &mut SourceOutput<RowBatch>) -> Result<SourceState> {
        if self.begun && self.gate.is_closed() {
            return Ok(SourceState::Idle(Some(Duration::from_millis(2))));
        }
        self.begun = true;
        let state = self.inner.poll(out)?;
        for event in out.take() {
            match event {
                SourceEvent::SplitOpened(split) => out.open_split(split),
                SourceEvent::Rows(split, batch) => {
                    self.gate.rows.fetch_add(batch.num_rows() as u64, Ordering::AcqRel);
                    out.emit(split, batch);
                }
                SourceEvent::Rejected(batch) => out.reject(batch),
                SourceEvent::SplitFinished(split) => out.finish_split(split),
            }
        }
        Ok(state)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        self.inner.snapshot()
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        self.inner.restore(state)
    }

    fn on_epoch_complete(&mut self, epoch: Epoch) -> Result<()> {
        self.inner.on_epoch_complete(epoch)
    }
}
