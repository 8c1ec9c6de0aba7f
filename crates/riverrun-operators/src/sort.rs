//! ORDER BY [OFFSET, LIMIT] over bounded input: everything is kept until the end, or with a LIMIT the rows that may still win.
//!
//! Rows that are taken back go away before the order is made. Equal rows keep the order in which they came.

use crate::expression::evaluate_all;
use crate::sort_key::SortKey;
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::{DataType, SchemaRef};
use hashbrown::HashMap;
use riverrun_core::{Error, Result, RowBatch, Schema, Watermark};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::blob::{BlobReader, put_bytes, put_i64};
use riverrun_state::{KeyEncoder, OperatorSnapshot, RestoredState, key};

#[cfg(test)]
mod tests;

/// An order over bounded input, all of which is routed to one worker (`Route::Single`).
#[derive(Clone, Debug)]
pub struct SortSpec {
    /// ORDER BY.
    pub order: Vec<SortKey>,
    /// How many rows are passed over first.
    pub offset: u64,
    /// How many rows pass after them; all if absent.
    pub fetch: Option<u64>,
    /// The columns of input and output.
    pub schema: Schema,
    /// How many rows a batch of results has at the most (`execution.batch-size`).
    pub batch_size: usize,
}

const SNAPSHOT_VERSION: u8 = 1;

/// With a LIMIT: how many more rows than may win are kept before the others are dropped.
const SLACK: usize = 1 << 14;

/// Keeps rows, and emits them in order at the end.
#[derive(Debug)]
pub struct Sort {
    spec: SortSpec,
    context: OperatorContext,
    schema: SchemaRef,
    types: Vec<DataType>,
    rows: Vec<RowBatch>,
    count: usize,
    retracted: bool,
    /// At the end: the rows in order, as batch and row, and the next one to go out.
    order: Vec<(usize, usize)>,
    position: usize,
}

impl Sort {
    /// The operator on one worker.
    pub fn new(spec: SortSpec, context: OperatorContext) -> Result<Self> {
        let schema = spec.schema.to_arrow();
        let types = schema.fields().iter().map(|field| field.data_type().clone()).collect();
        Ok(Sort {
            spec,
            context,
            schema,
            types,
            rows: Vec::new(),
            count: 0,
            retracted: false,
            order: Vec::new(),
            position: 0,
        })
    }

    /// How many rows can stand in the result or be passed over before it.
    fn wanted(&self) -> Option<usize> {
        let wanted = self.spec.offset.checked_add(self.spec.fetch?)?;
        usize::try_from(wanted).ok()
    }

    fn push(&mut self, batch: RowBatch) {
        self.retracted |= batch.weights.as_ref().is_some_and(|weights| weights.iter().any(|&weight| weight != 1));
        self.count += batch.num_rows();
        self.rows.push(batch);
    }

    /// All rows that are left, in order.
    fn sorted(&self) -> Result<Vec<(usize, usize)>> {
        let mut order = self.live()?;
        let orders: Vec<_> = self.spec.order.iter().map(SortKey::key_order).collect();
        let expressions: Vec<_> = self.spec.order.iter().map(|key| key.expression.clone()).collect();
        let mut keys = Vec::with_capacity(self.rows.len());
        let mut encoder = KeyEncoder::default();
        for batch in &self.rows {
            let columns = evaluate_all(&expressions, &batch.columns)?;
            keys.push(encoder.encode_ordered(&columns, &orders, batch.num_rows())?.clone());
        }
        order.sort_by(|a, b| keys[a.0].row(a.1).cmp(keys[b.0].row(b.1)));
        Ok(order)
    }

    /// The rows that have not been taken back, in the order in which they came.
    fn live(&self) -> Result<Vec<(usize, usize)>> {
        let positions = self.rows.iter().enumerate();
        let all = positions.flat_map(|(batch, rows)| (0..rows.num_rows()).map(move |row| (batch, row)));
        if !self.retracted {
            return Ok(all.collect());
        }
        let mut encoder = KeyEncoder::exact();
        let mut sums: HashMap<Vec<u8>, i64> = HashMap::new();
        let mut values = Vec::with_capacity(self.rows.len());
        for batch in &self.rows {
            let rows = encoder.encode(batch.columns.columns(), batch.num_rows())?.clone();
            for (row, value) in rows.iter().enumerate() {
                *sums.entry_ref(value).or_insert(0) += batch.weight(row);
            }
            values.push(rows);
        }
        // Of equal rows the last ones stay: the earlier ones were taken back.
        let mut live = Vec::new();
        for (batch, row) in all.collect::<Vec<_>>().into_iter().rev() {
            let weight = self.rows[batch].weight(row);
            if let Some(left) = sums.get_mut(values[batch].row(row)) {
                let times = weight.min(*left).max(0);
                *left -= times;
                live.extend(std::iter::repeat_n((batch, row), times as usize));
            }
        }
        live.reverse();
        Ok(live)
    }

    /// The rows at these positions as one batch.
    fn gather(&self, positions: &[(usize, usize)]) -> Result<RecordBatch> {
        let batches: Vec<&RecordBatch> = self.rows.iter().map(|batch| &batch.columns).collect();
        Ok(interleave_record_batch(&batches, positions)?)
    }

    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        while self.position < self.order.len() {
            if !out.has_room() {
                return Ok(());
            }
            let end = self.order.len().min(self.position + self.spec.batch_size.max(1));
            out.emit(RowBatch::append(self.gather(&self.order[self.position..end])?));
            self.position = end;
        }
        self.rows.clear();
        self.order.clear();
        (self.count, self.position) = (0, 0);
        Ok(())
    }
}

impl Operator<RowBatch> for Sort {
    fn on_batch(
        &mut self,
        _port: usize,
        batch: RowBatch,
        _watermarks: &WatermarkRuns,
        _out: &mut Output<RowBatch>,
    ) -> Result<()> {
        self.push(batch);
        if !self.retracted
            && let Some(wanted) = self.wanted()
            && self.count > wanted.saturating_mul(2).saturating_add(SLACK)
        {
            let mut best = self.sorted()?;
            best.truncate(wanted);
            // Rows stay in the order in which they came, for equal ones.
            best.sort_unstable();
            self.rows = vec![RowBatch::append(self.gather(&best)?)];
            self.count = best.len();
        }
        Ok(())
    }

    /// Rows of any time may come out until the end.
    fn output_watermark(&self, _watermark: Watermark) -> Watermark {
        Watermark::MIN
    }

    fn on_end(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.order = self.sorted()?;
        let first = usize::try_from(self.spec.offset).unwrap_or(usize::MAX).min(self.order.len());
        self.order.drain(..first);
        if let Some(fetch) = self.spec.fetch {
            self.order.truncate(usize::try_from(fetch).unwrap_or(usize::MAX));
        }
        self.advance(out)
    }

    fn has_more(&self) -> bool {
        self.position < self.order.len()
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.advance(out)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        let mut encoder = KeyEncoder::exact();
        let mut union = Vec::new();
        for batch in &self.rows {
            let mut element = vec![SNAPSHOT_VERSION];
            let rows = encoder.encode(batch.columns.columns(), batch.num_rows())?;
            for (row, value) in rows.iter().enumerate() {
                put_i64(&mut element, batch.weight(row));
                put_bytes(&mut element, value);
            }
            union.push(element);
        }
        Ok(OperatorSnapshot { union, ..OperatorSnapshot::default() })
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        // All rows go to worker 0.
        if self.context.worker != 0 {
            return Ok(());
        }
        for element in &state.union {
            let mut reader = BlobReader::new(element);
            if reader.u8()? != SNAPSHOT_VERSION {
                return Err(Error::failure("the state of an ORDER BY has an unknown format"));
            }
            let (mut rows, mut weights) = (Vec::new(), Vec::new());
            while !reader.is_empty() {
                weights.push(reader.i64()?);
                rows.push(reader.bytes()?);
            }
            let columns: Vec<ArrayRef> = key::decode(&self.types, rows)?;
            let options = RecordBatchOptions::new().with_row_count(Some(weights.len()));
            let columns = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
            self.push(RowBatch { columns, weights: Some(weights.into()) });
        }
        Ok(())
    }
}
