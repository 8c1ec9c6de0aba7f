//! GROUPING SETS, ROLLUP and CUBE: every row once per grouping set, with the keys outside the set as NULL.

use crate::expression::{Expression, evaluate_all};
use arrow::array::{ArrayRef, Int32Array, RecordBatch, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::SchemaRef;
use riverrun_core::{Result, RowBatch, Schema};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// The grouping sets of an aggregation that follows.
#[derive(Clone, Debug)]
pub struct ExpandSpec {
    /// All group keys.
    pub keys: Vec<Expression>,
    /// The keys of each grouping set, by position among `keys`.
    pub sets: Vec<Vec<usize>>,
    /// The schema of the output: the input's columns, the keys (nullable), and the number of the grouping set, from 0, as an INT.
    pub schema: Schema,
    /// How many rows a batch of the output has at the most.
    pub batch_size: usize,
}

impl ExpandSpec {
    /// GROUPING_ID of keys in a grouping set: one bit per key, the last key's the lowest, 1 where it is not in the set.
    pub fn grouping_id(&self, set: usize, keys: &[usize]) -> i64 {
        keys.iter().fold(0, |id, key| id << 1 | i64::from(!self.sets[set].contains(key)))
    }
}

/// Multiplies rows by grouping sets.
#[derive(Debug)]
pub struct Expand {
    spec: ExpandSpec,
    schema: SchemaRef,
    backlog: Option<Backlog>,
}

/// A batch on its way out.
#[derive(Debug)]
struct Backlog {
    batch: RowBatch,
    keys: Vec<ArrayRef>,
    watermarks: WatermarkRuns,
    /// The next output row: input row × number of sets + set.
    position: usize,
}

impl Expand {
    /// The operator on one worker.
    pub fn new(spec: ExpandSpec, _context: OperatorContext) -> Result<Self> {
        Ok(Expand { schema: spec.schema.to_arrow(), spec, backlog: None })
    }

    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        let Some(mut backlog) = self.backlog.take() else { return Ok(()) };
        let sets = self.spec.sets.len();
        let total = backlog.batch.num_rows() * sets;
        while backlog.position < total {
            if !out.has_room() {
                self.backlog = Some(backlog);
                return Ok(());
            }
            let end = total.min(backlog.position + self.spec.batch_size.max(1));
            // A row's sets stand together, so that each sees the watermark of its row.
            let rows: Vec<u32> = (backlog.position..end).map(|at| (at / sets) as u32).collect();
            let numbers = Int32Array::from_iter_values((backlog.position..end).map(|at| (at % sets) as i32));
            let watermarks = backlog.watermarks.select(&rows);
            let indices = UInt32Array::from(rows);
            let input = backlog.batch.take(&indices)?;
            let mut columns = input.columns.columns().to_vec();
            for (key, values) in backlog.keys.iter().enumerate() {
                let kept: Vec<bool> = self.spec.sets.iter().map(|set| set.contains(&key)).collect();
                let rows = indices.values().iter().zip(numbers.values());
                let rows: UInt32Array = rows.map(|(row, set)| kept[*set as usize].then_some(*row)).collect();
                columns.push(take(values, &rows, None)?);
            }
            columns.push(Arc::new(numbers));
            let columns = RecordBatch::try_new(self.schema.clone(), columns)?;
            out.emit_with(RowBatch { columns, weights: input.weights }, watermarks);
            backlog.position = end;
        }
        Ok(())
    }
}

impl Operator<RowBatch> for Expand {
    fn on_batch(
        &mut self,
        _port: usize,
        batch: RowBatch,
        watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        let keys = evaluate_all(&self.spec.keys, &batch.columns)?;
        self.backlog = Some(Backlog { batch, keys, watermarks: watermarks.clone(), position: 0 });
        self.advance(out)
    }

    fn has_more(&self) -> bool {
        self.backlog.is_some()
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.advance(out)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        // Nothing is in flight at a barrier.
        Ok(OperatorSnapshot::default())
    }

    fn restore(&mut self, _state: RestoredState) -> Result<()> {
        Ok(())
    }
}
