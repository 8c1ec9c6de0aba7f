//! Sources that stop after so many rows, so that a snapshot can be taken between two rows.

use riverrun_connectors::SourceFactory;
use riverrun_core::{Epoch, Result, RowBatch};
use riverrun_runtime::source::SourceEvent;
use riverrun_runtime::{SourceContext, SourceOutput, SourceReader, SourceState};
use riverrun_sql::plan::StreamPlan;
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::collections::BTreeMap;
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

    /// Puts the gate behind every source of the plan.
    pub fn install(self: &Arc<Self>, plan: &mut StreamPlan) {
        plan.wrap_sources(|_, inner| Arc::new(Gated { inner, gate: Arc::clone(self) }));
    }
}

/// A gate for each table, opened row by row.
#[derive(Debug)]
pub struct Gates(BTreeMap<String, Arc<Gate>>);

impl Gates {
    /// Puts a closed gate behind every source of the plan.
    pub fn install(plan: &mut StreamPlan) -> Gates {
        let mut gates: BTreeMap<String, Arc<Gate>> = BTreeMap::new();
        plan.wrap_sources(|spec, inner| {
            let closed = || Gate { rows: AtomicU64::new(0), limit: AtomicU64::new(0), strict: true };
            let gate = gates.entry(spec.table.clone()).or_insert_with(|| Arc::new(closed()));
            Arc::new(Gated { inner, gate: Arc::clone(gate) })
        });
        Gates(gates)
    }

    /// Lets this many rows of each table through, in all.
    pub fn open_to(&self, rows: &BTreeMap<String, u64>) {
        for (table, gate) in &self.0 {
            gate.limit.store(rows.get(table).copied().unwrap_or(0), Ordering::Release);
        }
    }

    /// Lets all rows through.
    pub fn open(&self) {
        self.0.values().for_each(|gate| gate.limit.store(u64::MAX, Ordering::Release));
    }

    /// Whether as many rows have been read as are let through.
    pub fn are_closed(&self) -> bool {
        self.0.values().all(|gate| gate.is_closed())
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
