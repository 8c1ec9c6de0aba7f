//! Sources that stop after so many rows, so that a snapshot can be taken between two rows.

use crate::SourceFactory;
use riverrun_core::{Epoch, Result, RowBatch};
use riverrun_runtime::source::SourceEvent;
use riverrun_runtime::{SourceContext, SourceOutput, SourceReader, SourceState};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Counts the rows that the sources of a job have read, and lets no more through when there are enough.
#[derive(Debug)]
pub struct Gate {
    rows: AtomicU64,
    limit: AtomicU64,
    /// Whether not even a source that begins may read a row while the gate is closed.
    strict: bool,
}

impl Gate {
    /// A gate that closes after so many rows.
    pub fn new(limit: u64) -> Arc<Gate> {
        Arc::new(Gate { rows: AtomicU64::new(0), limit: AtomicU64::new(limit), strict: false })
    }

    /// Whether enough rows have been read.
    pub fn is_closed(&self) -> bool {
        self.rows.load(Ordering::Acquire) >= self.limit.load(Ordering::Acquire)
    }

    /// A closed gate, behind which not even a source that begins may read a row.
    pub fn closed() -> Arc<Gate> {
        Arc::new(Gate { rows: AtomicU64::new(0), limit: AtomicU64::new(0), strict: true })
    }

    /// Lets so many rows through, in all.
    pub fn open_to(&self, rows: u64) {
        self.limit.store(rows, Ordering::Release);
    }

    /// The source with this gate behind it.
    pub fn behind(self: &Arc<Self>, inner: Arc<dyn SourceFactory>) -> Arc<dyn SourceFactory> {
        Arc::new(Gated { inner, gate: Arc::clone(self) })
    }
}

/// How often a source that stands at its gate looks whether it has been opened.
const POLL: Duration = Duration::from_millis(2);

/// The split that stands for those that are not known yet.
const HELD: &str = "gate";

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
        Ok(Box::new(GatedReader { inner, gate: Arc::clone(&self.gate), begun: false, held: false, restored: false }))
    }
}

struct GatedReader {
    inner: Box<dyn SourceReader<RowBatch>>,
    gate: Arc<Gate>,
    /// Splits are announced at the first poll, whatever others have read.
    begun: bool,
    /// Whether a split of no rows holds the watermark back, since none may be read yet.
    held: bool,
    /// Whether it goes on where an earlier run has stopped.
    restored: bool,
}

impl SourceReader<RowBatch> for GatedReader {
    fn poll(&mut self, out: &mut SourceOutput<RowBatch>) -> Result<SourceState> {
        let waits = self.gate.strict && (self.restored || self.gate.limit.load(Ordering::Acquire) == 0);
        if self.gate.is_closed() && (self.begun || waits) {
            if !self.begun && !std::mem::replace(&mut self.held, true) {
                out.open_split(HELD.into());
            }
            return Ok(SourceState::Idle(Some(POLL)));
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
                SourceEvent::Rejected(batch) => {
                    self.gate.rows.fetch_add(batch.num_rows() as u64, Ordering::AcqRel);
                    out.reject(batch);
                }
                SourceEvent::SplitFinished(split) => out.finish_split(split),
            }
        }
        if std::mem::take(&mut self.held) {
            out.finish_split(HELD.into());
        }
        Ok(state)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        self.inner.snapshot()
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        self.restored = true;
        self.inner.restore(state)
    }

    fn on_epoch_complete(&mut self, epoch: Epoch) -> Result<()> {
        self.inner.on_epoch_complete(epoch)
    }
}
