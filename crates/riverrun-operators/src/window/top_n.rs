//! Window Top-N: of each window and key, the rows between two ranks.
//!
//! Each window keeps, per key, its best rows up to the last rank that is asked for, ordered by the bytes of their sort
//! columns; a row that is worse than all of them is forgotten at once. When the window fires, they go out.
//!
//! Source of the semantics: Flink 2.3, "Window Top-N", and its `WindowRankOperator`.

use super::borders::Window;
use super::finder::{Finder, RowTimes};
use super::shares::{Segment, Share, deal};
use super::spec::{WindowTopNSpec, Windowing};
use crate::expression::{Expression, evaluate_all};
use crate::late::LateRows;
use crate::sort_key::SortKey;
use arrow::array::{ArrayRef, Int64Array, RecordBatch, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, SchemaRef};
use riverrun_core::{Error, Result, RowBatch, Watermark};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::blob::{BlobReader, put_bytes, put_u32};
use riverrun_state::tier::EncodeSlots;
use riverrun_state::tier::tables::{HeldTable, Tables};
use riverrun_state::{KeyEncoder, KeyOrder, KeyRows, KeyTable, OperatorSnapshot, RestoredState, hash_key, key};
use std::sync::Arc;

#[cfg(test)]
mod tests;

const VERSION: u8 = 2;

/// Which of two rows that sort equal comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ties {
    /// The first to arrive.
    First,
    /// The last to arrive.
    Last,
}

/// Keeps the best rows of each window and key.
#[derive(Debug)]
pub struct WindowTopN {
    ranking: Ranking,
    context: OperatorContext,
    finder: Finder,
    schema: SchemaRef,
    /// The types of the input's columns.
    types: Vec<DataType>,
    windows: Tables<Window, Ranks>,
    due: Watermark,
    firing: Option<Firing>,
    backlog: Option<Rows>,
    key_encoder: KeyEncoder,
    order_encoder: KeyEncoder,
    row_encoder: KeyEncoder,
}

/// What is ranked by what.
#[derive(Debug)]
struct Ranking {
    keys: Vec<Expression>,
    order: Vec<Expression>,
    orders: Vec<KeyOrder>,
    ties: Ties,
    first: usize,
    last: usize,
    emit_rank: bool,
    batch_size: usize,
}

/// The best rows of each key of one window.
#[derive(Debug, Default)]
struct Ranks {
    keys: KeyTable,
    best: Vec<Vec<Ranked>>,
}

/// A value: the number of rows, and the rows in order, each by its sort bytes and its own.
impl EncodeSlots for Ranks {
    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        let best = &self.best[slot as usize];
        put_u32(out, best.len() as u32);
        for ranked in best {
            put_bytes(out, &ranked.order);
            put_bytes(out, &ranked.row);
        }
    }
}

impl HeldTable for Ranks {
    fn keys(&self) -> &KeyTable {
        &self.keys
    }

    fn read(&mut self, key: &[u8], value: &mut BlobReader<'_>) -> Result<u32> {
        let (slot, _) = self.keys.insert(hash_key(key), key);
        self.best.resize(self.keys.slots(), Vec::new());
        let count = value.u32()?;
        let ranked = |_| Ok(Ranked { order: value.bytes()?.into(), row: value.bytes()?.into() });
        self.best[slot as usize] = (0..count).map(ranked).collect::<Result<_>>()?;
        Ok(slot)
    }
}

/// A row, and the bytes it sorts by.
#[derive(Clone, Debug)]
struct Ranked {
    order: Box<[u8]>,
    row: Box<[u8]>,
}

/// A window whose rows are going out, and which is gone then.
#[derive(Debug)]
struct Firing {
    window: Window,
    /// The next key, and the next of its rows.
    position: (usize, usize),
}

/// A batch on its way into the windows.
#[derive(Debug)]
struct Rows {
    times: RowTimes,
    keys: KeyRows,
    order: KeyRows,
    columns: Vec<ArrayRef>,
    late: Option<LateRows>,
    watermarks: WatermarkRuns,
    count: usize,
    position: usize,
}

impl WindowTopN {
    /// The operator on one worker.
    pub fn new(spec: WindowTopNSpec, context: OperatorContext) -> Result<Self> {
        Self::with_ties(spec, Ties::First, context)
    }

    pub(super) fn with_ties(spec: WindowTopNSpec, ties: Ties, context: OperatorContext) -> Result<Self> {
        if !matches!(spec.windowing, Windowing::Attached { .. }) {
            return Err(Error::bug("a window Top-N over rows that carry no windows"));
        }
        if spec.first == 0 || spec.last == 0 {
            return Err(Error::bug("ranks count from 1"));
        }
        let schema = spec.schema.to_arrow();
        let columns = schema.fields().len() - usize::from(spec.emit_rank);
        let types = schema.fields().iter().take(columns).map(|field| field.data_type().clone()).collect();
        let orders = spec.order.iter().map(SortKey::key_order);
        Ok(WindowTopN {
            finder: Finder::new(&spec.windowing)?,
            ranking: Ranking {
                orders: orders.collect(),
                order: spec.order.into_iter().map(|key| key.expression).collect(),
                keys: spec.keys,
                ties,
                first: usize::try_from(spec.first - 1).unwrap_or(usize::MAX),
                last: usize::try_from(spec.last).unwrap_or(usize::MAX),
                emit_rank: spec.emit_rank,
                batch_size: spec.batch_size.max(1),
            },
            windows: context.tables(),
            context,
            schema,
            types,
            due: Watermark::MIN,
            firing: None,
            backlog: None,
            key_encoder: KeyEncoder::default(),
            order_encoder: KeyEncoder::default(),
            row_encoder: KeyEncoder::exact(),
        })
    }

    fn prepare(&mut self, batch: &RecordBatch, watermarks: &WatermarkRuns, late: Option<LateRows>) -> Result<Rows> {
        let count = batch.num_rows();
        let keys = evaluate_all(&self.ranking.keys, batch)?;
        let order = evaluate_all(&self.ranking.order, batch)?;
        Ok(Rows {
            times: self.finder.times(batch)?,
            keys: self.key_encoder.encode(&keys, count)?.clone(),
            order: self.order_encoder.encode_ordered(&order, &self.ranking.orders, count)?.clone(),
            columns: batch.columns().to_vec(),
            late,
            watermarks: watermarks.clone(),
            count,
            position: 0,
        })
    }

    fn take_in(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        let Some(mut rows) = self.backlog.take() else { return Ok(()) };
        let timer = self.next_timer();
        let Segment { shares, end, .. } = deal(&mut self.finder, &rows.times, &rows.watermarks, rows.position, timer)?;
        for share in &shares {
            if share.late {
                self.context.metrics.late.add(share.rows.len() as u64);
                if let Some(late) = &rows.late {
                    late.emit(&share.rows, &rows.watermarks, out)?;
                }
            } else {
                self.add(&rows, share)?;
            }
        }
        if end < rows.count {
            self.due = self.due.max(rows.watermarks.before(end));
            rows.position = end;
            self.backlog = Some(rows);
        }
        Ok(())
    }

    fn add(&mut self, rows: &Rows, share: &Share) -> Result<()> {
        let Ranking { ties, last, .. } = self.ranking;
        let mut held = self.windows.get_or_insert(share.slice, Ranks::default);
        let ranks = held.table_mut();
        // Only what may still get a rank is encoded: what is asked for grows no easier to reach within the batch.
        let mut candidates: Vec<u32> = Vec::new();
        let mut slots: Vec<u32> = Vec::new();
        for &row in &share.rows {
            let key = rows.keys.row(row as usize);
            let (slot, new) = ranks.keys.insert(hash_key(key), key);
            if new {
                ranks.best.push(Vec::new());
            }
            if ranks.best[slot as usize].len() < last
                || place(&ranks.best[slot as usize], rows.order.row(row as usize), ties) < last
            {
                candidates.push(row);
                slots.push(slot);
            }
        }
        if candidates.is_empty() {
            return Ok(());
        }
        let indices = UInt32Array::from(candidates.clone());
        let columns =
            rows.columns.iter().map(|column| Ok(take(column, &indices, None)?)).collect::<Result<Vec<_>>>()?;
        let encoded = self.row_encoder.encode(&columns, candidates.len())?;
        let ranks = held.change(&slots);
        for ((&row, slot), bytes) in candidates.iter().zip(slots).zip(encoded.iter()) {
            let order = rows.order.row(row as usize);
            let best = &mut ranks.best[slot as usize];
            let at = place(best, order, ties);
            if at < last {
                best.insert(at, Ranked { order: order.into(), row: bytes.into() });
                best.truncate(last);
            }
        }
        Ok(())
    }

    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        loop {
            if self.firing.is_some() {
                if !out.has_room() {
                    return Ok(());
                }
                self.emit(out)?;
            } else if self.next_timer().is_some_and(|timer| timer <= self.due) {
                let over = self.windows.iter().next().map(|(window, _)| window);
                self.firing = over.map(|window| Firing { window, position: (0, self.ranking.first) });
            } else if self.backlog.is_some() {
                self.take_in(out)?;
            } else {
                return Ok(());
            }
        }
    }

    /// Emits the next rows of the window that fires.
    fn emit(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        let Some(Firing { window, position: (mut key, mut rank) }) = self.firing.take() else { return Ok(()) };
        let Some(ranks) = self.windows.get(window) else { return Ok(()) };
        let (mut rows, mut numbers): (Vec<&[u8]>, Vec<i64>) = (Vec::new(), Vec::new());
        while let Some(best) = ranks.best.get(key)
            && rows.len() < self.ranking.batch_size
        {
            if let Some(ranked) = best.get(rank) {
                rows.push(&ranked.row);
                rank += 1;
                numbers.push(rank as i64);
            } else {
                (key, rank) = (key + 1, self.ranking.first);
            }
        }
        if !rows.is_empty() {
            let mut columns = key::decode(&self.types, rows)?;
            if self.ranking.emit_rank {
                columns.push(Arc::new(Int64Array::from(numbers)));
            }
            out.emit(RowBatch::append(RecordBatch::try_new(self.schema.clone(), columns)?));
        }
        if key < ranks.best.len() {
            self.firing = Some(Firing { window, position: (key, rank) });
        } else {
            self.windows.remove(window);
        }
        Ok(())
    }
}

/// Where a row goes among the best ones.
fn place(best: &[Ranked], order: &[u8], ties: Ties) -> usize {
    best.partition_point(|ranked| match ties {
        Ties::First => *ranked.order <= *order,
        Ties::Last => *ranked.order < *order,
    })
}

impl Operator<RowBatch> for WindowTopN {
    fn on_batch(
        &mut self,
        _port: usize,
        batch: RowBatch,
        watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        if batch.weights.as_ref().is_some_and(|weights| weights.iter().any(|weight| *weight != 1)) {
            return Err(Error::bug("a window Top-N over rows that are taken back"));
        }
        let late = LateRows::of(&batch, self.finder.zone().is_local(), out);
        self.backlog = Some(self.prepare(&batch.columns, watermarks, late)?);
        self.due = self.due.max(watermarks.before(0));
        self.advance(out)
    }

    fn on_watermark(&mut self, watermark: Watermark, out: &mut Output<RowBatch>) -> Result<()> {
        self.due = self.due.max(watermark);
        self.advance(out)
    }

    fn next_timer(&self) -> Option<Watermark> {
        self.windows.iter().next().map(|(window, _)| self.finder.zone().trigger(window.end))
    }

    fn has_more(&self) -> bool {
        self.firing.is_some() || self.backlog.is_some() || self.next_timer().is_some_and(|timer| timer <= self.due)
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.advance(out)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        if self.has_more() {
            return Err(Error::bug("a snapshot of a window Top-N that has more to emit"));
        }
        self.windows.snapshot(VERSION)
    }

    fn write_behind(&mut self) -> Result<bool> {
        self.windows.write_behind()
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        self.windows.restore(&state, (VERSION, "a window Top-N"), Ranks::default).map(drop)
    }
}
