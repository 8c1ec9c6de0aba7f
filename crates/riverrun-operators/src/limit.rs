//! OFFSET and FETCH (LIMIT) over an append-only stream, all of which passes one worker.

use riverrun_core::{Error, Result, RowBatch};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::{OperatorSnapshot, RestoredState};

#[cfg(test)]
mod tests;

/// Which rows of the stream pass. Its input must be routed to one worker (`Route::Single`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitSpec {
    /// How many rows are passed over first.
    pub offset: u64,
    /// How many rows pass after them; all if absent.
    pub fetch: Option<u64>,
}

/// Counts rows, and lets those in the range pass.
#[derive(Debug)]
pub struct Limit {
    spec: LimitSpec,
    seen: u64,
}

const SNAPSHOT_VERSION: u8 = 1;

impl Limit {
    /// The operator on one worker.
    pub fn new(spec: LimitSpec, _context: OperatorContext) -> Result<Self> {
        Ok(Limit { spec, seen: 0 })
    }
}

impl Operator<RowBatch> for Limit {
    fn on_batch(
        &mut self,
        _port: usize,
        batch: RowBatch,
        watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        let rows = batch.num_rows() as u64;
        let first = self.spec.offset.saturating_sub(self.seen).min(rows);
        let end = self.spec.fetch.map_or(u64::MAX, |fetch| self.spec.offset.saturating_add(fetch));
        let last = end.saturating_sub(self.seen).min(rows);
        self.seen += rows;
        if first < last {
            let (offset, length) = (first as usize, (last - first) as usize);
            out.emit_with(batch.slice(offset, length), watermarks.slice(offset, length));
        }
        Ok(())
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        let mut element = vec![SNAPSHOT_VERSION];
        element.extend(self.seen.to_le_bytes());
        Ok(OperatorSnapshot { union: vec![element], ..OperatorSnapshot::default() })
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        // All rows went to one worker, whichever it was; the others still have what they were restored with.
        for element in &state.union {
            let (Some(&SNAPSHOT_VERSION), Some(seen)) = (element.first(), element.get(1..9)) else {
                return Err(Error::failure("the state of a LIMIT has an unknown format"));
            };
            let mut bytes = [0; 8];
            bytes.copy_from_slice(seen);
            self.seen = self.seen.max(u64::from_le_bytes(bytes));
        }
        Ok(())
    }
}
