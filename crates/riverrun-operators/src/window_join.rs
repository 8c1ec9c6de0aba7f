//! Window joins: pairs of rows of one window, when it has ended.
//!
//! Both inputs carry `window_start` and `window_end`, which stand among the keys. Each window keeps its rows until the watermark
//! passes its end; then its pairs go out, key by key, and its rows go. So the output is append-only whatever the kind, and
//! the state is bounded by the windows that are open. Late rows are dropped and counted.
//!
//! Source of the semantics: Flink 2.3, "Window Join", and its `WindowJoinOperator`.

use crate::event_time::{null_row_time, timestamp_millis};
use crate::expression::{Expression, evaluate};
use crate::join::chunks::{NO_ROW, Place, taken};
use crate::join::gather::RowRef;
use crate::join::held::{HeldRows, ReadRow};
use crate::join::keys::JoinKeys;
use crate::join::pairs::{Pairs, Sources};
use crate::join::rows::NewRow;
use crate::join::{JoinKind, LEFT, PairCondition, RIGHT};
use crate::window::local_time::LocalTime;
use arrow::array::{Array, UInt32Array};
use chrono_tz::Tz;
use riverrun_core::{Error, Millis, Result, RowBatch, Schema, Watermark};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// A join within windows. Both inputs must be routed by their keys.
#[derive(Clone, Debug)]
pub struct WindowJoinSpec {
    /// Which rows come out.
    pub kind: JoinKind,
    /// The keys of each side, window borders included.
    pub keys: [Vec<Expression>; 2],
    /// For each key, whether NULL equals NULL.
    pub null_safe: Vec<bool>,
    /// `window_end` of each side.
    pub ends: [Expression; 2],
    /// The session's time zone if the windows are of TIMESTAMP_LTZ.
    pub zone: Option<Tz>,
    /// Whether the windows are of processing time.
    pub processing: bool,
    /// Whether one source feeds both sides, so that they have one event time.
    pub one_source: bool,
    /// What a pair must fulfil apart from equal keys.
    pub condition: Option<PairCondition>,
    /// The columns of the inputs.
    pub inputs: [Schema; 2],
    /// The columns of the output: left ones, then right ones; of a semi or anti join left ones only.
    pub schema: Schema,
    /// How many rows a batch of the output has, about.
    pub batch_size: usize,
}

const VERSION: u8 = 1;

/// Joins rows of equal windows.
#[derive(Debug)]
pub struct WindowJoin {
    spec: WindowJoinSpec,
    context: OperatorContext,
    zone: LocalTime,
    keys: JoinKeys,
    /// The rows; the time of each is when its window fires.
    held: HeldRows,
    pairs: Pairs,
    /// The keys of the windows that fire at a watermark.
    windows: BTreeMap<Watermark, Vec<u32>>,
    /// The window that each key belongs to.
    triggers: Vec<Option<Watermark>>,
    due: Watermark,
    firing: Option<Firing>,
}

/// A window whose pairs are going out.
#[derive(Debug)]
struct Firing {
    slots: Vec<u32>,
    at: usize,
    stage: Stage,
}

/// What comes out next of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Pairs, from these two rows on.
    Pairs(u32, u32),
    /// Rows of a side by themselves, from this one on.
    Alone(usize, u32),
    /// Nothing more.
    Done,
}

impl WindowJoin {
    /// The operator on one worker.
    pub fn new(spec: WindowJoinSpec, context: OperatorContext) -> Result<Self> {
        Ok(WindowJoin {
            zone: LocalTime::new(spec.zone),
            keys: JoinKeys::new(spec.keys.clone(), spec.null_safe.clone()),
            held: HeldRows::new((VERSION, "a window join"), &spec.inputs, None, &context),
            pairs: Pairs::new(spec.kind, &spec.inputs, spec.condition.clone(), &spec.schema),
            windows: BTreeMap::new(),
            triggers: Vec::new(),
            due: Watermark::MIN,
            firing: None,
            spec,
            context,
        })
    }

    fn grow(&mut self) {
        let slots = self.keys.table.slots();
        self.held.grow(slots);
        if slots > self.triggers.len() {
            self.triggers.resize(slots, None);
        }
    }

    /// A key belongs to the window that fires then.
    fn open(&mut self, slot: u32, trigger: Watermark) {
        if self.triggers[slot as usize].is_none() {
            self.triggers[slot as usize] = Some(trigger);
            self.windows.entry(trigger).or_default().push(slot);
        }
    }

    /// Whether rows of a side come out though they have no match.
    fn comes_alone(&self, side: usize) -> bool {
        self.spec.kind.preserves(side) || (self.spec.kind == JoinKind::Anti && side == LEFT)
    }

    fn first_stage(&self, slot: u32) -> Stage {
        let [left, right] = [LEFT, RIGHT].map(|side| self.held.side(side).first(slot));
        match left != NO_ROW && right != NO_ROW {
            true => Stage::Pairs(left, right),
            false => self.alone(slot, LEFT),
        }
    }

    /// The rows that come out by themselves, from `side` on.
    fn alone(&self, slot: u32, side: usize) -> Stage {
        let semi = self.spec.kind == JoinKind::Semi && side == LEFT;
        match self.held.side(side).first(slot) {
            first if first != NO_ROW && (semi || self.comes_alone(side)) => Stage::Alone(side, first),
            _ if side == LEFT => self.alone(slot, RIGHT),
            _ => Stage::Done,
        }
    }

    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        loop {
            if self.firing.is_some() {
                if !out.has_room() {
                    return Ok(());
                }
                self.emit(out)?;
            } else if self.next_trigger().is_some_and(|trigger| trigger <= self.due) {
                if let Some((_, slots)) = self.windows.pop_first() {
                    let stage = slots.first().map_or(Stage::Done, |slot| self.first_stage(*slot));
                    self.firing = Some(Firing { slots, at: 0, stage });
                }
            } else {
                return Ok(());
            }
        }
    }

    fn next_trigger(&self) -> Option<Watermark> {
        self.windows.first_key_value().map(|(trigger, _)| *trigger)
    }

    /// Emits the next rows of the window that fires.
    fn emit(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        let Some(mut firing) = self.firing.take() else { return Ok(()) };
        let limit = self.spec.batch_size.max(1);
        let mut refs: [Vec<RowRef>; 2] = Default::default();
        // Pairs whose condition is not tested yet: the candidates of one batch.
        let mut candidates: Vec<(u32, u32)> = Vec::new();
        while let Some(&slot) = firing.slots.get(firing.at)
            && refs[LEFT].len() + candidates.len() < limit
        {
            match firing.stage {
                Stage::Pairs(left, right) => {
                    firing.stage = self.pairs_of(slot, left, right, limit, &mut candidates);
                    // Whether a row has a match must be known before those without come.
                    if !matches!(firing.stage, Stage::Pairs(..)) || candidates.len() >= limit {
                        self.test(&mut candidates, &mut refs)?;
                    }
                }
                Stage::Alone(side, row) => firing.stage = self.alone_of(slot, side, row, limit, &mut refs),
                Stage::Done => {
                    firing.at += 1;
                    if let Some(next) = firing.slots.get(firing.at) {
                        firing.stage = self.first_stage(*next);
                    }
                }
            }
        }
        self.test(&mut candidates, &mut refs)?;
        let chunks = self.held.chunks();
        if let Some(columns) = self.pairs.batch(&refs, Sources { at_hand: None, chunks })? {
            out.emit(RowBatch::append(columns));
        }
        match firing.at < firing.slots.len() {
            true => self.firing = Some(firing),
            false => self.forget(&firing.slots)?,
        }
        Ok(())
    }

    /// The next pairs of a key.
    fn pairs_of(
        &self,
        slot: u32,
        mut left: u32,
        mut right: u32,
        limit: usize,
        candidates: &mut Vec<(u32, u32)>,
    ) -> Stage {
        let [lefts, rights] = [LEFT, RIGHT].map(|side| self.held.side(side));
        // Without a condition the first pair says it all.
        let once = self.spec.kind.is_semi() && !self.pairs.is_conditioned();
        while left != NO_ROW {
            while right != NO_ROW {
                if candidates.len() >= limit {
                    return Stage::Pairs(left, right);
                }
                candidates.push((left, right));
                right = if once { NO_ROW } else { rights.next(right) };
            }
            left = lefts.next(left);
            right = rights.first(slot);
        }
        self.alone(slot, LEFT)
    }

    /// Tests candidates; those that match come out, unless only their left rows are asked for.
    fn test(&mut self, candidates: &mut Vec<(u32, u32)>, refs: &mut [Vec<RowRef>; 2]) -> Result<()> {
        let pairs = std::mem::take(candidates);
        let [lefts, rights] = [LEFT, RIGHT].map(|side| self.held.side(side));
        let of_pairs = [
            pairs.iter().map(|(left, _)| RowRef::kept(lefts.place(*left))).collect::<Vec<_>>(),
            pairs.iter().map(|(_, right)| RowRef::kept(rights.place(*right))).collect::<Vec<_>>(),
        ];
        let holds = self.pairs.holds(&of_pairs, Sources { at_hand: None, chunks: self.held.chunks() })?;
        for (at, (left, right)) in pairs.into_iter().enumerate() {
            if holds.as_ref().is_some_and(|holds| !holds[at]) {
                continue;
            }
            self.held.add_matches(LEFT, &self.keys.table, &[left]);
            self.held.add_matches(RIGHT, &self.keys.table, &[right]);
            if !self.spec.kind.is_semi() {
                refs[LEFT].push(of_pairs[LEFT][at]);
                refs[RIGHT].push(of_pairs[RIGHT][at]);
            }
        }
        Ok(())
    }

    /// The next rows of a side that come by themselves.
    fn alone_of(&self, slot: u32, side: usize, mut row: u32, limit: usize, refs: &mut [Vec<RowRef>; 2]) -> Stage {
        let rows = self.held.side(side);
        while row != NO_ROW && refs[LEFT].len() < limit {
            if (rows.matches(row) > 0) == (self.spec.kind == JoinKind::Semi) {
                refs[side].push(RowRef::kept(rows.place(row)));
                refs[1 - side].push(RowRef::NULLS);
            }
            row = rows.next(row);
        }
        match row {
            NO_ROW if side == LEFT => self.alone(slot, RIGHT),
            NO_ROW => Stage::Done,
            row => Stage::Alone(side, row),
        }
    }

    /// Drops the rows of windows that have fired.
    fn forget(&mut self, slots: &[u32]) -> Result<()> {
        for side in [LEFT, RIGHT] {
            let rows = self.held.side(side);
            let gone: Vec<u32> = slots.iter().flat_map(|slot| rows.list(*slot)).collect();
            self.held.remove(side, &self.keys.table, &gone);
            self.held.finish(side, &self.keys.table)?;
        }
        for &slot in slots {
            self.triggers[slot as usize] = None;
            self.keys.table.remove(slot);
        }
        Ok(())
    }
}

impl Operator<RowBatch> for WindowJoin {
    fn judges_by_own_input(&self) -> bool {
        self.spec.one_source
    }

    fn on_batch(
        &mut self,
        port: usize,
        batch: RowBatch,
        watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        if batch.weights.as_ref().is_some_and(|weights| weights.iter().any(|weight| *weight != 1)) {
            return Err(Error::bug("a window join over rows that are taken back"));
        }
        let batch = batch.columns;
        let ends = evaluate(&self.spec.ends[port], &batch)?;
        if ends.logical_null_count() > 0 {
            return Err(null_row_time());
        }
        let ends = timestamp_millis(&ends)?;
        // Late rows first: they must not open their window again.
        let in_time: Vec<u32> = (0..batch.num_rows())
            .filter(|&row| self.zone.trigger(ends[row]) > watermarks.before(row))
            .map(|row| row as u32)
            .collect();
        self.context.metrics.late.add((batch.num_rows() - in_time.len()) as u64);
        if in_time.is_empty() {
            return Ok(());
        }
        let all = in_time.len() == batch.num_rows();
        let batch = if all { batch } else { taken(&batch, &UInt32Array::from(in_time.clone()))? };
        let slots = self.keys.slots(port, &batch)?;
        self.grow();
        let chunk = self.held.begin(port, batch.clone())?;
        let mut alone: Vec<u32> = Vec::new();
        for (row, &slot) in slots.iter().enumerate() {
            if slot == NO_ROW {
                alone.push(row as u32);
                continue;
            }
            let trigger = self.zone.trigger(ends[in_time[row] as usize]);
            self.open(slot, trigger);
            let place = Place { chunk, row: row as u32 };
            let new = NewRow { slot, place, hash: 0, count: 1, matches: 0, time: Millis(0) };
            self.held.add(port, &self.keys.table, new, trigger.0)?;
        }
        self.held.finish(port, &self.keys.table)?;
        // A NULL matches nothing: there is nothing to wait for.
        if !alone.is_empty() && self.comes_alone(port) {
            let rows = alone.iter().map(|row| RowRef::at_hand(*row as usize)).collect();
            let nulls = vec![RowRef::NULLS; alone.len()];
            let refs = if port == LEFT { [rows, nulls] } else { [nulls, rows] };
            let chunks = self.held.chunks();
            if let Some(columns) = self.pairs.batch(&refs, Sources { at_hand: Some(&batch), chunks })? {
                out.emit(RowBatch::append(columns));
            }
        }
        Ok(())
    }

    fn on_watermark(&mut self, watermark: Watermark, out: &mut Output<RowBatch>) -> Result<()> {
        self.due = self.due.max(watermark);
        self.advance(out)
    }

    /// Results do not depend on where batches are cut; only the clock must know when the next window ends.
    fn next_timer(&self) -> Option<Watermark> {
        self.next_trigger().filter(|_| self.spec.processing)
    }

    fn has_more(&self) -> bool {
        self.firing.is_some() || self.next_trigger().is_some_and(|trigger| trigger <= self.due)
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.advance(out)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        if self.has_more() {
            return Err(Error::bug("a snapshot of a window join that has more to emit"));
        }
        self.held.snapshot(&self.keys.table)
    }

    fn write_behind(&mut self) -> Result<bool> {
        self.held.write_behind(&self.keys.table)
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        let mut opened = Vec::new();
        self.held.restore(&state, &mut self.keys.table, &mut |ReadRow { slot, time, .. }| opened.push((slot, time)))?;
        self.grow();
        opened.into_iter().for_each(|(slot, time)| self.open(slot, Watermark(time)));
        Ok(())
    }
}
