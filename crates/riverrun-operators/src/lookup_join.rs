//! Lookup joins: each row with the rows of an outside table that have its key now.
//!
//! The keys of a batch that the cache does not hold are asked for at once, each once; the worker waits for the answer, which
//! brings the rows of all of them. What was found stays in the cache as long as the table's options say. The cache is no
//! state: after a restart it is empty.
//!
//! Source of the semantics: Flink 2.3, "Lookup Join", and the `lookup.*` options of its JDBC connector.

use crate::expression::{Expression, evaluate_all};
use crate::join::chunks::{NO_ROW, Place};
use crate::join::gather::RowRef;
use crate::join::keys::JoinKeys;
use crate::join::pairs::{Pairs, Sources};
use crate::join::rows::{NewRow, Rows, RowsOptions};
use crate::join::{JoinKind, LEFT, PairCondition, RIGHT};
use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{Field, Schema as ArrowSchema};
use riverrun_core::{Millis, Result, RowBatch, Schema};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::{OperatorSnapshot, RestoredState};
use rustc_hash::FxHashSet;
use std::collections::VecDeque;
use std::fmt::Debug;
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// Answers which rows have given keys.
pub trait Lookup {
    /// The wanted columns of all rows whose key is one of these, which come without duplicates.
    fn get(&mut self, keys: RecordBatch) -> Result<RecordBatch>;
}

/// Opens the table that is looked into, on each worker.
pub trait LookupFactory: Debug + Send + Sync {
    /// A connection of one worker.
    fn open(&self) -> Result<Box<dyn Lookup>>;
}

/// What of the outside table is kept at hand.
#[derive(Clone, Copy, Debug, Default)]
pub struct LookupCache {
    /// How many keys at the most.
    pub max_rows: Option<usize>,
    /// How long after they were looked up.
    pub expire_after_write: Option<Millis>,
    /// How long after they were used.
    pub expire_after_access: Option<Millis>,
    /// Whether it also holds that there is no row.
    pub missing_keys: bool,
}

/// A join with an outside table.
#[derive(Clone, Debug)]
pub struct LookupJoinSpec {
    /// Inner or left.
    pub kind: JoinKind,
    /// The keys of the left side, and of the rows that are looked up, of the same Arrow types.
    pub keys: [Vec<Expression>; 2],
    /// The names of the keys' columns in the table.
    pub key_names: Vec<String>,
    /// Where rows are looked up.
    pub table: Arc<dyn LookupFactory>,
    /// What is kept; `None`: nothing.
    pub cache: Option<LookupCache>,
    /// What a pair must fulfil apart from equal keys.
    pub condition: Option<PairCondition>,
    /// The columns of the left side, and those that are looked up.
    pub inputs: [Schema; 2],
    /// The columns of the output: left ones, then looked-up ones.
    pub schema: Schema,
    /// How many rows a batch of the output has, about.
    pub batch_size: usize,
}

/// Joins rows with what is looked up for them.
pub struct LookupJoin {
    spec: LookupJoinSpec,
    context: OperatorContext,
    table: Box<dyn Lookup>,
    keys: JoinKeys,
    found: Rows,
    /// No left row is kept.
    none: Rows,
    pairs: Pairs,
    /// By slot: when its key was looked up and used; `None` where it was not.
    known: Vec<Option<Known>>,
    /// The keys in the order in which they were looked up.
    order: VecDeque<u32>,
    probe: Option<Probe>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    written: Millis,
    used: Millis,
    /// Whether there was no row.
    absent: bool,
}

/// A batch on its way out.
#[derive(Debug)]
struct Probe {
    batch: RowBatch,
    watermarks: WatermarkRuns,
    slots: Vec<u32>,
    row: usize,
    cursor: Option<u32>,
    matched: bool,
}

impl LookupJoin {
    /// The operator on one worker.
    pub fn new(spec: LookupJoinSpec, context: OperatorContext) -> Result<Self> {
        let null_safe = vec![false; spec.keys[LEFT].len()];
        Ok(LookupJoin {
            table: spec.table.open()?,
            keys: JoinKeys::new(spec.keys.clone(), null_safe),
            found: Rows::new(RowsOptions::default()),
            none: Rows::new(RowsOptions::default()),
            pairs: Pairs::new(spec.kind, &spec.inputs, spec.condition.clone(), &spec.schema),
            known: Vec::new(),
            order: VecDeque::new(),
            probe: None,
            spec,
            context,
        })
    }

    fn is_fresh(&self, slot: u32, now: Millis) -> bool {
        let (Some(known), Some(cache)) = (self.known[slot as usize], self.spec.cache) else { return false };
        let within = |since: Millis, limit: Option<Millis>| limit.is_none_or(|limit| now.0 - since.0 < limit.0);
        (cache.missing_keys || !known.absent)
            && within(known.written, cache.expire_after_write)
            && within(known.used, cache.expire_after_access)
    }

    fn forget(&mut self, slot: u32) {
        while self.found.first(slot) != NO_ROW {
            self.found.remove(self.found.first(slot));
        }
        self.known[slot as usize] = None;
    }

    /// Drops what the cache must not hold any more; between batches, since a batch needs its own keys.
    fn shrink(&mut self) -> Result<()> {
        let most = match &self.spec.cache {
            None => 0,
            Some(cache) => cache.max_rows.unwrap_or(usize::MAX),
        };
        while self.order.len() > most {
            let Some(slot) = self.order.pop_front() else { break };
            self.forget(slot);
            self.keys.table.remove(slot);
        }
        self.found.finish()
    }

    /// Looks up the keys of these rows that are not at hand.
    fn look_up(&mut self, batch: &RecordBatch, slots: &[u32]) -> Result<()> {
        let now = self.context.clock.now();
        let (mut rows, mut asked): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
        let mut of_batch: FxHashSet<u32> = FxHashSet::default();
        for (row, &slot) in slots.iter().enumerate().filter(|(_, slot)| **slot != NO_ROW) {
            if !of_batch.insert(slot) {
                continue;
            }
            if self.is_fresh(slot, now) {
                if let Some(known) = &mut self.known[slot as usize] {
                    known.used = now;
                }
                continue;
            }
            if self.known[slot as usize].is_none() {
                self.order.push_back(slot);
            }
            self.forget(slot);
            self.known[slot as usize] = Some(Known { written: now, used: now, absent: false });
            rows.push(row as u32);
            asked.push(slot);
        }
        if rows.is_empty() {
            return Ok(());
        }
        let rows = UInt32Array::from(rows);
        let columns = evaluate_all(&self.spec.keys[LEFT], batch)?;
        let columns = columns.iter().map(|column| take(column, &rows, None)).collect::<Result<Vec<_>, _>>()?;
        let fields: Vec<Field> = columns
            .iter()
            .zip(&self.spec.key_names)
            .map(|(column, name)| Field::new(name, column.data_type().clone(), true))
            .collect();
        let answer = self.table.get(RecordBatch::try_new(Arc::new(ArrowSchema::new(fields)), columns)?)?;
        let slots = self.keys.slots(RIGHT, &answer)?;
        self.grow();
        let chunk = self.found.begin(answer)?;
        for (row, &slot) in slots.iter().enumerate().filter(|(_, slot)| **slot != NO_ROW) {
            let place = Place { chunk, row: row as u32 };
            self.found.add(NewRow { slot, place, hash: 0, count: 1, matches: 0, time: Millis(0) })?;
        }
        for slot in asked {
            let absent = self.found.first(slot) == NO_ROW;
            if let Some(known) = &mut self.known[slot as usize] {
                known.absent = absent;
            }
        }
        Ok(())
    }

    fn grow(&mut self) {
        let slots = self.keys.table.slots();
        self.found.grow(slots);
        if slots > self.known.len() {
            self.known.resize(slots, None);
        }
    }

    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        let Some(mut probe) = self.probe.take() else { return Ok(()) };
        while probe.row < probe.batch.num_rows() {
            if !out.has_room() {
                self.probe = Some(probe);
                return Ok(());
            }
            self.emit(&mut probe, out)?;
        }
        self.shrink()
    }

    /// Emits the next pairs of the batch at hand.
    fn emit(&mut self, probe: &mut Probe, out: &mut Output<RowBatch>) -> Result<()> {
        let limit = self.spec.batch_size.max(1);
        let mut candidates: Vec<(usize, u32)> = Vec::new();
        let first = probe.row;
        let (mut row, mut cursor) = (probe.row, probe.cursor);
        while row < probe.batch.num_rows() && row - first < limit {
            let mut other = match (cursor, probe.slots[row]) {
                (Some(other), _) => other,
                (None, NO_ROW) => NO_ROW,
                (None, slot) => self.found.first(slot),
            };
            while other != NO_ROW && candidates.len() < limit {
                candidates.push((row, other));
                other = self.found.next(other);
            }
            if other != NO_ROW {
                cursor = Some(other);
                break;
            }
            cursor = None;
            row += 1;
        }
        let refs = [
            candidates.iter().map(|(row, _)| RowRef::at_hand(*row)).collect::<Vec<_>>(),
            candidates.iter().map(|(_, other)| RowRef::kept(self.found.place(*other))).collect::<Vec<_>>(),
        ];
        let sources =
            Sources { at_hand: Some(&probe.batch.columns), chunks: [self.none.chunks(), self.found.chunks()] };
        let holds = self.pairs.holds(&refs, sources)?;
        let mut kept: [Vec<RowRef>; 2] = Default::default();
        let mut rows: Vec<u32> = Vec::new();
        let mut at = 0;
        for current in first..=row.min(probe.batch.num_rows() - 1) {
            while candidates.get(at).is_some_and(|(row, _)| *row == current) {
                if holds.as_ref().is_none_or(|holds| holds[at]) {
                    probe.matched = true;
                    kept[LEFT].push(refs[LEFT][at]);
                    kept[RIGHT].push(refs[RIGHT][at]);
                    rows.push(current as u32);
                }
                at += 1;
            }
            if current < row && !std::mem::take(&mut probe.matched) && self.spec.kind == JoinKind::Left {
                kept[LEFT].push(RowRef::at_hand(current));
                kept[RIGHT].push(RowRef::NULLS);
                rows.push(current as u32);
            }
        }
        (probe.row, probe.cursor) = (row, cursor);
        if let Some(columns) = self.pairs.batch(&kept, sources)? {
            let weight =
                |weights: &arrow::buffer::ScalarBuffer<i64>| rows.iter().map(|&row| weights[row as usize]).collect();
            let weights = probe.batch.weights.as_ref().map(weight);
            out.emit_with(RowBatch { columns, weights }, probe.watermarks.select(&rows));
        }
        Ok(())
    }
}

impl Operator<RowBatch> for LookupJoin {
    fn on_batch(
        &mut self,
        _port: usize,
        batch: RowBatch,
        watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        let slots = self.keys.slots(LEFT, &batch.columns)?;
        self.grow();
        self.look_up(&batch.columns, &slots)?;
        self.probe = Some(Probe { batch, watermarks: watermarks.clone(), slots, row: 0, cursor: None, matched: false });
        self.advance(out)
    }

    fn has_more(&self) -> bool {
        self.probe.is_some()
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.advance(out)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        // The cache is no state.
        Ok(OperatorSnapshot::default())
    }

    fn restore(&mut self, _state: RestoredState) -> Result<()> {
        Ok(())
    }
}
