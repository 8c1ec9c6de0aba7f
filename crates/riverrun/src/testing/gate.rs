//! Sources that stop after so many rows, so that a snapshot can be taken between two rows.

use riverrun_connectors::SourceFactory;
use riverrun_core::{Epoch, Result, RowBatch};
use riverrun_runtime::source::SourceEvent;
use riverrun_runtime::{SourceContext, SourceOutput, SourceReader, SourceState};
use riverrun_sql::plan::{NodeKind, StreamPlan};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the rows that the sources of a job have read, and lets no more through when there are enough.
#[derive(Debug)]
pub struct Gate {
    rows: AtomicU64,
    limit: u64,
}

impl Gate {
    /// A gate that closes after so many rows.
    pub fn new(limit: u64) -> Arc<Gate> {
        Arc::new(Gate { rows: AtomicU64::new(0), limit })
    }

    /// Whether enough rows have been read.
    pub fn is_closed(&self) -> bool {
        self.rows.load(Ordering::Acquire) >= self.limit
    }

    /// Puts the gate behind every source of the plan.
    pub fn install(self: &Arc<Self>, plan: &mut StreamPlan) {
        for node in &mut plan.nodes {
            if let NodeKind::Source(source) = &mut node.kind {
                source.factory =
                    source.factory.take().map(|inner| Arc::new(Gated { inner, gate: Arc::clone(self) }) as Arc<_>);
            }
        }
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
    /// Splits are announced at the first poll, whatever others have read.
    begun: bool,
}

impl SourceReader<RowBatch> for GatedReader {
    fn poll(&mut self, out: &mut SourceOutput<RowBatch>) -> Result<SourceState> {
        if self.begun && self.gate.is_closed() {
            return Ok(SourceState::Idle(None));
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
