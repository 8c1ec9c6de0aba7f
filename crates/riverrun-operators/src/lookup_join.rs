//! Lookup joins: each row with the rows of an outside table that have its key now.
//!
//! A table is asked by key, or it is held whole in memory ([`whole`]). The keys of a batch that are not at hand are asked for
//! at once, each once; the answer brings the rows of all of them. The worker waits for it, unless batches may wait instead
//! ([`waiting`]): then many questions are under way, and a key that is missing can be asked for again later. What was found
//! stays in the cache as long as the table's options say. The cache is no state: after a restart it is empty.
//!
//! Source of the semantics: Flink 2.3, "Lookup Join", the hint LOOKUP, and the `lookup.*` options of its JDBC connector.

pub mod waiting;
pub mod whole;

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
use riverrun_core::{Error, Millis, Result, RowBatch, Schema, Watermark};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::{OperatorSnapshot, RestoredState};
use rustc_hash::FxHashSet;
use std::collections::VecDeque;
use std::fmt::Debug;
use std::sync::Arc;
use waiting::{Held, Waiting, Waits};
use whole::{Loaded, WholeTable};

#[cfg(test)]
mod tests;

/// Answers which rows have given keys: the wanted columns of all rows whose key is one of these, which come without
/// duplicates.
pub trait Lookup {
    /// Waits for the answer.
    fn get(&mut self, keys: RecordBatch) -> Result<RecordBatch>;

    /// Asks without waiting. Questions are answered in their order.
    fn ask(&mut self, keys: RecordBatch) -> Result<()>;

    /// The answer to the oldest question that was asked so, if it is there.
    fn poll(&mut self) -> Result<Option<RecordBatch>>;
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

/// Where the rows of the outside table come from.
#[derive(Clone, Debug)]
pub enum LookupSource {
    /// The table is asked by key.
    Asked {
        /// Whom to ask.
        table: Arc<dyn LookupFactory>,
        /// What is kept; `None`: nothing.
        cache: Option<LookupCache>,
    },
    /// All its rows are in memory.
    Whole(Arc<WholeTable>),
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
    pub table: LookupSource,
    /// How rows wait for answers; `None`: the worker does.
    pub waits: Option<Waits>,
    /// Whether rows of one key come to one worker (`shuffle` in the hint LOOKUP).
    pub shuffled: bool,
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
    cache: Option<LookupCache>,
    from: From,
    keys: JoinKeys,
    found: Rows,
    /// No left row is kept.
    none: Rows,
    pairs: Pairs,
    /// By slot: what is known of its key; `None` where it was never asked for.
    known: Vec<Option<Known>>,
    /// By slot: how many batches that wait need it.
    pins: Vec<u32>,
    /// The keys in the order in which they were looked up.
    order: VecDeque<u32>,
    waiting: Waiting,
    /// The batches on their way out.
    probes: VecDeque<Probe>,
}

/// Who answers.
enum From {
    /// One connection, or several where batches wait.
    Asked(Vec<Box<dyn Lookup>>),
    Whole(Arc<WholeTable>),
}

#[derive(Clone, Copy, Debug)]
struct Known {
    written: Millis,
    used: Millis,
    /// Whether there was no row.
    absent: bool,
    /// Whether the answer is still to come.
    asked: bool,
}

/// A batch on its way out.
#[derive(Debug)]
struct Probe {
    batch: RowBatch,
    watermarks: WatermarkRuns,
    /// What the operator's watermark was before it.
    before: Watermark,
    slots: Vec<u32>,
    /// The rows that the slots belong to, where they are not the cache's.
    loaded: Option<Arc<Loaded>>,
    pinned: bool,
    row: usize,
    cursor: Option<u32>,
    matched: bool,
}

/// Keys that must be asked for.
struct Question {
    keys: RecordBatch,
    slots: Vec<u32>,
}

impl LookupJoin {
    /// The operator on one worker.
    pub fn new(spec: LookupJoinSpec, context: OperatorContext) -> Result<Self> {
        let null_safe = vec![false; spec.keys[LEFT].len()];
        let connections = spec.waits.as_ref().map_or(1, Waits::connections);
        let (from, cache) = match &spec.table {
            LookupSource::Asked { table, cache } => {
                let tables = (0..connections).map(|_| table.open()).collect::<Result<_>>()?;
                (From::Asked(tables), *cache)
            }
            LookupSource::Whole(table) => {
                table.open(context.clock.now())?;
                (From::Whole(table.clone()), None)
            }
        };
        Ok(LookupJoin {
            cache,
            from,
            keys: JoinKeys::new(spec.keys.clone(), null_safe),
            found: Rows::new(RowsOptions::default()),
            none: Rows::new(RowsOptions::default()),
            pairs: Pairs::new(spec.kind, &spec.inputs, spec.condition.clone(), &spec.schema),
            known: Vec::new(),
            pins: Vec::new(),
            order: VecDeque::new(),
            waiting: Waiting::new(connections),
            probes: VecDeque::new(),
            spec,
            context,
        })
    }

    fn is_fresh(&self, slot: u32, now: Millis) -> bool {
        let (Some(known), Some(cache)) = (self.known[slot as usize], self.cache) else { return false };
        let within = |since: Millis, limit: Option<Millis>| limit.is_none_or(|limit| now.0 - since.0 < limit.0);
        !known.asked
            && (cache.missing_keys || !known.absent)
            && within(known.written, cache.expire_after_write)
            && within(known.used, cache.expire_after_access)
    }

    fn forget(&mut self, slot: u32) {
        while self.found.first(slot) != NO_ROW {
            self.found.remove(self.found.first(slot));
        }
    }

    /// Drops what the cache must not hold any more; between batches, since a batch needs its own keys.
    fn shrink(&mut self) -> Result<()> {
        let most = match &self.cache {
            None => 0,
            Some(cache) => cache.max_rows.unwrap_or(usize::MAX),
        };
        for _ in 0..self.order.len().saturating_sub(most) {
            let Some(slot) = self.order.pop_front() else { break };
            if self.pins[slot as usize] > 0 {
                self.order.push_back(slot);
                continue;
            }
            self.forget(slot);
            self.known[slot as usize] = None;
            self.keys.table.remove(slot);
        }
        self.found.finish()
    }

    /// What must be asked for these rows: the keys that are not at hand.
    fn question(&mut self, batch: &RecordBatch, slots: &[u32]) -> Result<Option<Question>> {
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
            self.known[slot as usize] = Some(Known { written: now, used: now, absent: false, asked: true });
            rows.push(row as u32);
            asked.push(slot);
        }
        if rows.is_empty() {
            return Ok(None);
        }
        let rows = UInt32Array::from(rows);
        let columns = evaluate_all(&self.spec.keys[LEFT], batch)?;
        let columns = columns.iter().map(|column| take(column, &rows, None)).collect::<Result<Vec<_>, _>>()?;
        let fields: Vec<Field> = columns
            .iter()
            .zip(&self.spec.key_names)
            .map(|(column, name)| Field::new(name, column.data_type().clone(), true))
            .collect();
        let keys = RecordBatch::try_new(Arc::new(ArrowSchema::new(fields)), columns)?;
        Ok(Some(Question { keys, slots: asked }))
    }

    /// Takes in the rows that were found for these keys, and says which have none.
    fn answered(&mut self, asked: &[u32], answer: RecordBatch) -> Result<Vec<u32>> {
        asked.iter().for_each(|&slot| self.forget(slot));
        let slots = self.keys.slots(RIGHT, &answer)?;
        self.grow();
        let chunk = self.found.begin(answer)?;
        for (row, &slot) in slots.iter().enumerate().filter(|(_, slot)| **slot != NO_ROW) {
            let place = Place { chunk, row: row as u32 };
            self.found.add(NewRow { slot, place, hash: 0, count: 1, matches: 0, time: Millis(0) })?;
        }
        let mut missing = Vec::new();
        for &slot in asked {
            let absent = self.found.first(slot) == NO_ROW;
            if let Some(known) = &mut self.known[slot as usize] {
                (known.absent, known.asked) = (absent, false);
            }
            if absent {
                missing.push(slot);
            }
        }
        Ok(missing)
    }

    /// Looks up the keys of these rows that are not at hand, and waits for the answer.
    fn look_up(&mut self, batch: &RecordBatch, slots: &[u32]) -> Result<()> {
        let Some(question) = self.question(batch, slots)? else { return Ok(()) };
        let From::Asked(tables) = &mut self.from else { return Ok(()) };
        let table = tables.first_mut().ok_or_else(|| Error::bug("a lookup join without a connection"))?;
        let answer = table.get(question.keys)?;
        self.answered(&question.slots, answer)?;
        Ok(())
    }

    fn grow(&mut self) {
        let slots = self.keys.table.slots();
        self.found.grow(slots);
        if slots > self.known.len() {
            self.known.resize(slots, None);
            self.pins.resize(slots, 0);
        }
    }

    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        while let Some(mut probe) = self.probes.pop_front() {
            while probe.row < probe.batch.num_rows() {
                if !out.has_room() {
                    self.probes.push_front(probe);
                    return Ok(());
                }
                self.emit(&mut probe, out)?;
            }
            if probe.pinned {
                self.unpin(&probe.slots);
            }
        }
        self.shrink()
    }

    /// Emits the next pairs of the batch at hand.
    fn emit(&mut self, probe: &mut Probe, out: &mut Output<RowBatch>) -> Result<()> {
        let loaded = probe.loaded.clone();
        let found = loaded.as_ref().map_or(&self.found, |loaded| loaded.rows());
        let limit = self.spec.batch_size.max(1);
        let mut candidates: Vec<(usize, u32)> = Vec::new();
        let first = probe.row;
        let (mut row, mut cursor) = (probe.row, probe.cursor);
        while row < probe.batch.num_rows() && row - first < limit {
            let mut other = match (cursor, probe.slots[row]) {
                (Some(other), _) => other,
                (None, NO_ROW) => NO_ROW,
                (None, slot) => found.first(slot),
            };
            while other != NO_ROW && candidates.len() < limit {
                candidates.push((row, other));
                other = found.next(other);
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
            candidates.iter().map(|(_, other)| RowRef::kept(found.place(*other))).collect::<Vec<_>>(),
        ];
        let sources = Sources { at_hand: Some(&probe.batch.columns), chunks: [self.none.chunks(), found.chunks()] };
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

impl Drop for LookupJoin {
    fn drop(&mut self) {
        if let From::Whole(table) = &self.from {
            table.close();
        }
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
        let held = Held::new(batch, watermarks.clone(), out.watermark());
        if self.spec.waits.is_some() {
            return self.hold(held, out);
        }
        let (slots, loaded) = match &self.from {
            From::Whole(table) => {
                let loaded = table.current(&self.context.clock)?;
                (loaded.slots(&self.spec.keys[LEFT], &held.batch.columns)?.slots, Some(loaded))
            }
            From::Asked(_) => {
                let slots = self.keys.slots(LEFT, &held.batch.columns)?;
                self.grow();
                self.look_up(&held.batch.columns, &slots)?;
                (slots, None)
            }
        };
        self.probes.push_back(held.probe(slots, loaded, false));
        self.advance(out)
    }

    fn on_watermark(&mut self, watermark: Watermark, out: &mut Output<RowBatch>) -> Result<()> {
        if watermark == Watermark::MAX {
            self.drain(out)?;
        }
        Ok(())
    }

    fn output_watermark(&self, watermark: Watermark) -> Watermark {
        let before = self.probes.iter().map(|probe| probe.before).chain(self.waiting.watermarks());
        before.fold(watermark, Watermark::min)
    }

    fn next_processing_timer(&self) -> Option<Millis> {
        self.waiting.next_timer()
    }

    fn on_processing_time(&mut self, _now: Millis, out: &mut Output<RowBatch>) -> Result<()> {
        self.collect()?;
        self.advance(out)
    }

    fn has_more(&self) -> bool {
        !self.probes.is_empty()
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.advance(out)
    }

    /// The batches that wait, each a part of a list: the watermark before it, and its rows with their weights. The cache is no
    /// state.
    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        Ok(OperatorSnapshot { split: self.waiting.encode()?, ..OperatorSnapshot::default() })
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        let schema = self.spec.inputs[LEFT].to_arrow();
        let now = self.context.clock.now();
        for part in &state.split {
            self.waiting.push(Held::decode(part, &schema, now)?);
        }
        Ok(())
    }
}
