//! ORDER BY an event time: rows wait until the watermark has passed them, then come out in the order of their times, never to be taken back.
//! By processing time the clock drives it ([`Clocked`](crate::window::clocked::Clocked)), so that rows of one moment are sorted.
//!
//! Rows of one time come out in the order of the further keys, and where those are equal too as they came. A row is late if one with a
//! time not before its own has come out.
//!
//! Source of the semantics: Flink 2.3, `RowTimeSortOperator` and `ProcTimeSortOperator`.

use crate::event_time::{null_row_time, timestamp_millis};
use crate::expression::{Expression, evaluate, evaluate_all};
use crate::late;
use crate::sort_key::SortKey;
use arrow::array::{Array, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, SchemaRef};
use riverrun_core::{Error, Result, RowBatch, Schema, Watermark};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::blob::{BlobReader, put_bytes, put_i64};
use riverrun_state::{KeyEncoder, OperatorSnapshot, RestoredState, RowArena, key};
use std::collections::{BTreeMap, VecDeque};

#[cfg(test)]
mod tests;

/// An order by time, all rows of which are routed to one worker (`Route::Single`).
#[derive(Clone, Debug)]
pub struct TimeSortSpec {
    /// The rows' time.
    pub time: Expression,
    /// Whether it is a processing time.
    pub processing: bool,
    /// The further keys of ORDER BY.
    pub order: Vec<SortKey>,
    /// The columns of input and output.
    pub schema: Schema,
    /// How many rows a batch of results has at the most (`execution.batch-size`).
    pub batch_size: usize,
}

const SNAPSHOT_VERSION: u8 = 1;

/// Keeps rows until the watermark has passed them.
#[derive(Debug)]
pub struct TimeSort {
    spec: TimeSortSpec,
    context: OperatorContext,
    schema: SchemaRef,
    types: Vec<DataType>,
    rows: RowArena,
    /// The rows that wait, by time; of equal times in the order of arrival.
    waiting: BTreeMap<i64, Vec<u32>>,
    /// Rows on their way out, in order.
    ready: VecDeque<u32>,
    /// The time of the last row that became ready.
    last: i64,
    watermark: Watermark,
    encoder: KeyEncoder,
}

impl TimeSort {
    /// The operator on one worker.
    pub fn new(spec: TimeSortSpec, context: OperatorContext) -> Self {
        let schema = spec.schema.to_arrow();
        TimeSort {
            types: schema.fields().iter().map(|field| field.data_type().clone()).collect(),
            schema,
            spec,
            context,
            rows: RowArena::default(),
            waiting: BTreeMap::new(),
            ready: VecDeque::new(),
            last: i64::MIN,
            watermark: Watermark::MIN,
            encoder: KeyEncoder::exact(),
        }
    }

    /// Rows come, each before the next watermark; gives those that are late.
    fn take_in(&mut self, batch: &RecordBatch, watermarks: &WatermarkRuns) -> Result<Vec<u32>> {
        let column = evaluate(&self.spec.time, batch)?;
        if column.logical_null_count() > 0 {
            return Err(null_row_time());
        }
        let times = timestamp_millis(&column)?;
        let rows = self.encoder.encode(batch.columns(), batch.num_rows())?.clone();
        let mut late = Vec::new();
        for (index, &time) in times.iter().enumerate() {
            self.pass(watermarks.before(index))?;
            if time <= self.last {
                late.push(index as u32);
                continue;
            }
            let row = self.rows.insert(rows.row(index));
            self.waiting.entry(time).or_default().push(row);
        }
        Ok(late)
    }

    /// Makes ready what a later watermark has passed.
    fn pass(&mut self, watermark: Watermark) -> Result<()> {
        if watermark <= self.watermark {
            return Ok(());
        }
        self.watermark = watermark;
        while let Some(first) = self.waiting.first_entry().filter(|first| *first.key() <= watermark.0) {
            let (time, rows) = first.remove_entry();
            self.last = time;
            let rows = self.in_order(rows)?;
            self.ready.extend(rows);
        }
        Ok(())
    }

    /// Rows of one time in the order of the further keys.
    fn in_order(&self, rows: Vec<u32>) -> Result<Vec<u32>> {
        if rows.len() < 2 || self.spec.order.is_empty() {
            return Ok(rows);
        }
        let keys = &self.spec.order;
        let orders: Vec<_> = keys.iter().map(SortKey::key_order).collect();
        let expressions: Vec<_> = keys.iter().map(|key| key.expression.clone()).collect();
        let columns = evaluate_all(&expressions, &self.decoded(rows.iter().copied())?)?;
        let mut encoder = KeyEncoder::default();
        let keys = encoder.encode_ordered(&columns, &orders, rows.len())?;
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by(|a, b| keys.row(*a).cmp(keys.row(*b)));
        Ok(order.into_iter().map(|at| rows[at]).collect())
    }

    fn decoded(&self, rows: impl ExactSizeIterator<Item = u32>) -> Result<RecordBatch> {
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let columns = key::decode(&self.types, rows.map(|row| self.rows.get(row)))?;
        Ok(RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?)
    }

    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        while !self.ready.is_empty() && out.has_room() {
            let end = self.ready.len().min(self.spec.batch_size.max(1));
            let batch = self.decoded(self.ready.range(..end).copied())?;
            self.ready.drain(..end).for_each(|row| self.rows.remove(row));
            out.emit(RowBatch::append(batch));
        }
        Ok(())
    }
}

impl Operator<RowBatch> for TimeSort {
    fn on_batch(
        &mut self,
        _port: usize,
        batch: RowBatch,
        watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        let late = self.take_in(&batch.columns, watermarks)?;
        self.context.metrics.late.add(late.len() as u64);
        late::emit_by_time(&batch, &late, &self.spec.time, watermarks, out)?;
        self.advance(out)
    }

    fn on_watermark(&mut self, watermark: Watermark, out: &mut Output<RowBatch>) -> Result<()> {
        self.pass(watermark)?;
        self.advance(out)
    }

    fn next_timer(&self) -> Option<Watermark> {
        self.waiting.first_key_value().map(|(time, _)| Watermark(*time))
    }

    fn has_more(&self) -> bool {
        !self.ready.is_empty()
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.advance(out)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        let mut element = vec![SNAPSHOT_VERSION];
        put_i64(&mut element, self.last);
        put_i64(&mut element, self.watermark.0);
        for (time, rows) in &self.waiting {
            for row in rows {
                put_i64(&mut element, *time);
                put_bytes(&mut element, self.rows.get(*row));
            }
        }
        Ok(OperatorSnapshot { union: vec![element], ..OperatorSnapshot::default() })
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        // All rows go to worker 0; those that had none say nothing.
        if self.context.worker != 0 {
            return Ok(());
        }
        for element in &state.union {
            let mut reader = BlobReader::new(element);
            if reader.u8()? != SNAPSHOT_VERSION {
                return Err(Error::failure("the state of an ORDER BY has an unknown format"));
            }
            self.last = self.last.max(reader.i64()?);
            self.watermark = self.watermark.max(Watermark(reader.i64()?));
            while !reader.is_empty() {
                let time = reader.i64()?;
                let row = self.rows.insert(reader.bytes()?);
                self.waiting.entry(time).or_default().push(row);
            }
        }
        Ok(())
    }
}
