//! Interval joins: pairs of rows whose times are not further apart than the conditions say.
//!
//! Each side keeps a row only as long as a partner may still come: until the watermark has passed the last time that one
//! could have. Then the row goes, and comes out with NULLs if its side is preserved and it has found no match. So the output
//! is append-only, and the state is bounded by time. The watermark is held back by as much as a pair may be late.
//!
//! Source of the semantics: Flink 2.3, "Interval Joins", and its `TimeIntervalJoin`; rows that are late find the partners that
//! are still kept, as there.

use crate::event_time::{null_row_time, timestamp_millis};
use crate::expression::{Expression, evaluate};
use crate::join::chunks::{NO_ROW, Place};
use crate::join::gather::RowRef;
use crate::join::held::{HeldRows, ReadRow};
use crate::join::keys::JoinKeys;
use crate::join::pairs::{Pairs, Sources};
use crate::join::rows::NewRow;
use crate::join::{JoinKind, LEFT, PairCondition, RIGHT};
use arrow::array::{Array, RecordBatch};
use riverrun_core::{Error, Millis, Result, RowBatch, Schema, Watermark};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// A join of rows that are near in time. Both inputs must be routed by their keys.
#[derive(Clone, Debug)]
pub struct IntervalJoinSpec {
    /// Which rows come out: inner or outer.
    pub kind: JoinKind,
    /// The keys of each side, times aside.
    pub keys: [Vec<Expression>; 2],
    /// For each key, whether NULL equals NULL.
    pub null_safe: Vec<bool>,
    /// The event time of each side; `None`: processing time.
    pub times: Option<[Expression; 2]>,
    /// How much later the left row is at the least: `lower ≤ left − right`.
    pub lower: Millis,
    /// How much later it is at the most.
    pub upper: Millis,
    /// What a pair must fulfil apart from equal keys and near times.
    pub condition: Option<PairCondition>,
    /// The columns of the inputs.
    pub inputs: [Schema; 2],
    /// The columns of the output: left ones, then right ones.
    pub schema: Schema,
    /// How many rows a batch of the output has, about.
    pub batch_size: usize,
}

impl IntervalJoinSpec {
    /// The times that a partner of a row of `side` may have.
    fn partners(&self, side: usize, time: i64) -> (i64, i64) {
        let (lower, upper) = (self.lower.0, self.upper.0);
        match side {
            LEFT => (time.saturating_sub(upper), time.saturating_sub(lower)),
            _ => (time.saturating_add(lower), time.saturating_add(upper)),
        }
    }
}

const VERSION: u8 = 1;

/// Joins rows that are near in time.
#[derive(Debug)]
pub struct IntervalJoin {
    spec: IntervalJoinSpec,
    context: OperatorContext,
    keys: JoinKeys,
    held: HeldRows,
    pairs: Pairs,
    /// The kept rows by the last time that a partner may have.
    expiries: [BTreeMap<i64, Vec<u32>>; 2],
    due: Watermark,
    probe: Option<Probe>,
    maybe_empty: Vec<u32>,
}

/// A batch that meets the other side.
#[derive(Debug)]
struct Probe {
    side: usize,
    batch: RecordBatch,
    slots: Vec<u32>,
    times: Vec<i64>,
    watermarks: WatermarkRuns,
    chunk: u32,
    row: usize,
    cursor: Option<u32>,
    matched: u32,
}

impl IntervalJoin {
    /// The operator on one worker.
    pub fn new(spec: IntervalJoinSpec, context: OperatorContext) -> Result<Self> {
        if spec.kind.is_semi() {
            return Err(Error::bug("a semi join bounded in time"));
        }
        let tracked = [LEFT, RIGHT].map(|side| spec.kind.preserves(side));
        Ok(IntervalJoin {
            keys: JoinKeys::new(spec.keys.clone(), spec.null_safe.clone()),
            held: HeldRows::new((VERSION, "an interval join"), &spec.inputs, Some(tracked), &context),
            pairs: Pairs::new(spec.kind, &spec.inputs, spec.condition.clone(), &spec.schema),
            expiries: Default::default(),
            due: Watermark::MIN,
            probe: None,
            maybe_empty: Vec::new(),
            spec,
            context,
        })
    }

    fn begin(&mut self, side: usize, batch: RecordBatch, watermarks: &WatermarkRuns) -> Result<Probe> {
        let (times, watermarks) = match &self.spec.times {
            Some(times) => {
                let column = evaluate(&times[side], &batch)?;
                if column.logical_null_count() > 0 {
                    return Err(null_row_time());
                }
                (timestamp_millis(&column)?.to_vec(), watermarks.clone())
            }
            None => {
                let now = self.context.clock.now().0;
                (vec![now; batch.num_rows()], WatermarkRuns::constant(Watermark(now)))
            }
        };
        let slots = self.keys.slots(side, &batch)?;
        self.held.grow(self.keys.table.slots());
        let chunk = self.held.begin(side, batch.clone())?;
        Ok(Probe { side, batch, slots, times, watermarks, chunk, row: 0, cursor: None, matched: 0 })
    }

    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        while let Some(mut probe) = self.probe.take() {
            if probe.row == probe.batch.num_rows() {
                self.held.finish(probe.side, &self.keys.table)?;
                self.clean();
                break;
            }
            let room = out.has_room();
            if room {
                let refs = self.meet(&mut probe)?;
                self.emit(&refs, Some(&probe.batch), out)?;
            }
            self.probe = Some(probe);
            if !room {
                return Ok(());
            }
        }
        self.expire(out)
    }

    fn emit(
        &mut self,
        refs: &[Vec<RowRef>; 2],
        at_hand: Option<&RecordBatch>,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        if let Some(columns) = self.pairs.batch(refs, Sources { at_hand, chunks: self.held.chunks() })? {
            out.emit(RowBatch::append(columns));
        }
        Ok(())
    }

    /// The next pairs of the batch at hand, and its rows that have no partner to wait for.
    fn meet(&mut self, probe: &mut Probe) -> Result<[Vec<RowRef>; 2]> {
        let side = probe.side;
        let other_side = 1 - side;
        let limit = self.spec.batch_size.max(1);
        let first = probe.row;
        let mut candidates: Vec<(usize, u32)> = Vec::new();
        let (mut row, mut cursor) = (probe.row, probe.cursor);
        while row < probe.batch.num_rows() && row - first < limit {
            let watermark = probe.watermarks.before(row).0;
            let (from, to) = self.spec.partners(side, probe.times[row]);
            let others = self.held.side(other_side);
            let mut other = match (cursor, probe.slots[row]) {
                (Some(other), _) => other,
                (None, NO_ROW) => NO_ROW,
                (None, slot) => others.first(slot),
            };
            while other != NO_ROW && candidates.len() < limit {
                let time = self.held.time(other_side, other);
                let expired = self.spec.partners(other_side, time).1 < watermark;
                if from <= time && time <= to && !expired {
                    candidates.push((row, other));
                }
                other = others.next(other);
            }
            if other != NO_ROW {
                cursor = Some(other);
                break;
            }
            cursor = None;
            row += 1;
        }
        let others = self.held.side(other_side);
        let own: Vec<RowRef> = candidates.iter().map(|(row, _)| RowRef::at_hand(*row)).collect();
        let kept: Vec<RowRef> = candidates.iter().map(|(_, other)| RowRef::kept(others.place(*other))).collect();
        let pairs = if side == LEFT { [own, kept] } else { [kept, own] };
        let chunks = self.held.chunks();
        let holds = self.pairs.holds(&pairs, Sources { at_hand: Some(&probe.batch), chunks })?;
        let mut refs: [Vec<RowRef>; 2] = Default::default();
        let mut matched = Vec::with_capacity(candidates.len());
        let mut at = 0;
        for current in first..=row.min(probe.batch.num_rows() - 1) {
            while let Some((_, other)) = candidates.get(at).filter(|(row, _)| *row == current) {
                if holds.as_ref().is_none_or(|holds| holds[at]) {
                    probe.matched += 1;
                    matched.push(*other);
                    refs[LEFT].push(pairs[LEFT][at]);
                    refs[RIGHT].push(pairs[RIGHT][at]);
                }
                at += 1;
            }
            if current < row {
                let matches = std::mem::take(&mut probe.matched);
                if !self.keep(probe, current, matches)? && matches == 0 && self.spec.kind.preserves(side) {
                    refs[side].push(RowRef::at_hand(current));
                    refs[other_side].push(RowRef::NULLS);
                }
            }
        }
        self.held.add_matches(other_side, &self.keys.table, &matched);
        (probe.row, probe.cursor) = (row, cursor);
        Ok(refs)
    }

    /// Keeps a row, if a partner may still come.
    fn keep(&mut self, probe: &Probe, row: usize, matches: u32) -> Result<bool> {
        let (side, slot, time) = (probe.side, probe.slots[row], probe.times[row]);
        if slot == NO_ROW {
            return Ok(false);
        }
        let watermark = probe.watermarks.before(row).0;
        let last = self.spec.partners(side, time).1;
        // Of processing time, a partner may come at this very moment.
        if watermark > last || (watermark == last && self.spec.times.is_some()) {
            self.maybe_empty.push(slot);
            return Ok(false);
        }
        let place = Place { chunk: probe.chunk, row: row as u32 };
        self.add(side, slot, place, time, matches)?;
        Ok(true)
    }

    fn add(&mut self, side: usize, slot: u32, place: Place, time: i64, matches: u32) -> Result<()> {
        let row = NewRow { slot, place, hash: 0, count: 1, matches, time: Millis(0) };
        let number = self.held.add(side, &self.keys.table, row, time)?;
        let last = self.spec.partners(side, time).1;
        self.expiries[side].entry(last).or_default().push(number);
        Ok(())
    }

    fn next_expired(&self, side: usize) -> bool {
        self.expiries[side].first_key_value().is_some_and(|(last, _)| *last < self.due.0)
    }

    /// Drops rows whose partners can't come any more.
    fn expire(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        let limit = self.spec.batch_size.max(1);
        for side in [LEFT, RIGHT] {
            while self.next_expired(side) {
                if !out.has_room() {
                    return Ok(());
                }
                let mut gone: Vec<u32> = Vec::new();
                while gone.len() < limit && self.next_expired(side) {
                    let Some(mut entry) = self.expiries[side].first_entry() else { break };
                    let rows = entry.get_mut();
                    gone.extend(rows.drain(..rows.len().min(limit - gone.len())));
                    if rows.is_empty() {
                        entry.remove();
                    }
                }
                if self.spec.kind.preserves(side) {
                    let rows = self.held.side(side);
                    let alone = gone.iter().filter(|row| rows.matches(**row) == 0);
                    let alone: Vec<RowRef> = alone.map(|row| RowRef::kept(rows.place(*row))).collect();
                    let nulls = vec![RowRef::NULLS; alone.len()];
                    let refs = if side == LEFT { [alone, nulls] } else { [nulls, alone] };
                    self.emit(&refs, None, out)?;
                }
                self.maybe_empty.extend(gone.iter().map(|row| self.held.side(side).slot(*row)));
                self.held.remove(side, &self.keys.table, &gone);
                self.held.finish(side, &self.keys.table)?;
            }
        }
        self.clean();
        Ok(())
    }

    /// Drops keys that have no rows any more.
    fn clean(&mut self) {
        let mut slots = std::mem::take(&mut self.maybe_empty);
        slots.sort_unstable();
        slots.dedup();
        for slot in slots {
            if [LEFT, RIGHT].iter().all(|side| self.held.side(*side).first(slot) == NO_ROW) {
                self.keys.table.remove(slot);
            }
        }
    }
}

impl Operator<RowBatch> for IntervalJoin {
    fn on_batch(
        &mut self,
        port: usize,
        batch: RowBatch,
        watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        if batch.weights.as_ref().is_some_and(|weights| weights.iter().any(|weight| *weight != 1)) {
            return Err(Error::bug("an interval join over rows that are taken back"));
        }
        if batch.num_rows() > 0 {
            self.probe = Some(self.begin(port, batch.columns, watermarks)?);
        }
        self.advance(out)
    }

    fn on_watermark(&mut self, watermark: Watermark, out: &mut Output<RowBatch>) -> Result<()> {
        if self.spec.times.is_some() || watermark == Watermark::MAX {
            self.due = self.due.max(watermark);
        }
        self.advance(out)
    }

    fn next_processing_timer(&self) -> Option<Millis> {
        if self.spec.times.is_some() {
            return None;
        }
        let next = self.expiries.iter().filter_map(|rows| rows.first_key_value()).map(|(last, _)| *last).min()?;
        Some(Millis(next.saturating_add(1)))
    }

    fn on_processing_time(&mut self, now: Millis, out: &mut Output<RowBatch>) -> Result<()> {
        self.due = self.due.max(Watermark(now.0));
        self.advance(out)
    }

    fn output_watermark(&self, watermark: Watermark) -> Watermark {
        if watermark == Watermark::MAX || self.spec.times.is_none() {
            return watermark;
        }
        let delay = self.spec.upper.0.max(self.spec.lower.0.saturating_neg()).max(0);
        Watermark(watermark.0.saturating_sub(delay))
    }

    fn has_more(&self) -> bool {
        self.probe.is_some() || self.next_expired(LEFT) || self.next_expired(RIGHT)
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.advance(out)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        if self.has_more() {
            return Err(Error::bug("a snapshot of an interval join that has more to emit"));
        }
        self.held.snapshot(&self.keys.table)
    }

    fn write_behind(&mut self) -> Result<bool> {
        self.held.write_behind(&self.keys.table)
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        let (spec, expiries) = (&self.spec, &mut self.expiries);
        self.held.restore(&state, &mut self.keys.table, &mut |ReadRow { side, number, time, .. }| {
            let last = spec.partners(side, time).1;
            expiries[side].entry(last).or_default().push(number);
        })
    }
}
