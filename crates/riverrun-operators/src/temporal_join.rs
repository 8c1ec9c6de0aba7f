//! Temporal joins: each left row with the version of its key that held at the row's time.
//!
//! By event time, left rows wait until the watermark has passed their time; then the right side's versions up to it are
//! known. A version holds from its time, inclusively, to that of the next one of its key; a deletion is a version without a
//! row. Versions that no left row can ask for any more go. Changes of the right side are read tick by tick: a version taken
//! back is updated if a new row of its key follows within the tick, and deleted if none does.
//!
//! By processing time a left row finds the version that is there when it comes.
//!
//! Source of the semantics: Flink 2.3, "Temporal Joins", and its `TemporalRowTimeJoinOperator`.

use crate::event_time::{null_row_time, timestamp_millis};
use crate::expiry::Expiry;
use crate::expression::{Expression, evaluate};
use crate::join::chunks::{NO_ROW, Place};
use crate::join::gather::RowRef;
use crate::join::keys::JoinKeys;
use crate::join::pairs::{Pairs, Sources};
use crate::join::rows::{NewRow, Rows, RowsOptions};
use crate::join::state::{KeptRow, ReadRows, read_rows, write_mark, write_rows};
use crate::join::{JoinKind, LEFT, PairCondition, RIGHT};
use arrow::array::{Array, RecordBatch};
use riverrun_core::{Error, Millis, Result, RowBatch, Schema, Watermark};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// A join with the versions of a table. Both inputs must be routed by their keys.
#[derive(Clone, Debug)]
pub struct TemporalJoinSpec {
    /// Inner or left.
    pub kind: JoinKind,
    /// The keys of each side; those of the right side hold its primary key.
    pub keys: [Vec<Expression>; 2],
    /// For each key, whether NULL equals NULL.
    pub null_safe: Vec<bool>,
    /// The event time of each side; `None`: processing time.
    pub times: Option<[Expression; 2]>,
    /// Whether a version that comes after a newer one of its key is passed over, as by a view of the last rows.
    pub latest_only: bool,
    /// What a pair must fulfil apart from equal keys.
    pub condition: Option<PairCondition>,
    /// The columns of the inputs.
    pub inputs: [Schema; 2],
    /// Whether left rows may be taken back.
    pub retracts: bool,
    /// How long the versions of a key are kept that no row of either side has (`table.exec.state.ttl`); `None`: for ever.
    pub ttl: Option<Millis>,
    /// The columns of the output: left ones, then right ones.
    pub schema: Schema,
    /// How many rows a batch of the output has, about.
    pub batch_size: usize,
}

const VERSION: u8 = 1;

/// Joins rows with versions.
#[derive(Debug)]
pub struct TemporalJoin {
    spec: TemporalJoinSpec,
    context: OperatorContext,
    keys: JoinKeys,
    /// Left rows that wait, and right rows that are versions.
    sides: [Rows; 2],
    pairs: Pairs,
    /// The weight of each left row.
    weights: Vec<i64>,
    /// Left rows by their time.
    waiting: BTreeMap<i64, Vec<u32>>,
    /// The versions of each key, oldest first.
    versions: Vec<Vec<Version>>,
    /// Keys by the times of their versions: there is something to forget when the watermark has passed them.
    passing: BTreeMap<i64, Vec<u32>>,
    /// Rows taken back in this tick: the key and the time.
    deleted: BTreeMap<u32, i64>,
    due: Watermark,
    fired: Watermark,
    emitting: bool,
    maybe_empty: Vec<u32>,
    /// When a key's rows came last. It is no state: after a restart their time begins anew.
    expiry: Option<Expiry>,
}

#[derive(Clone, Copy, Debug)]
struct Version {
    time: i64,
    /// [`NO_ROW`]: the key was deleted then.
    row: u32,
}

/// Left rows with their weights, on their way out.
#[derive(Debug, Default)]
struct Found {
    refs: [Vec<RowRef>; 2],
    weights: Vec<i64>,
}

impl Found {
    fn push(&mut self, left: RowRef, right: RowRef, weight: i64) {
        self.refs[LEFT].push(left);
        self.refs[RIGHT].push(right);
        self.weights.push(weight);
    }
}

impl TemporalJoin {
    /// The operator on one worker.
    pub fn new(spec: TemporalJoinSpec, context: OperatorContext) -> Result<Self> {
        let rows = || Rows::new(RowsOptions::default());
        Ok(TemporalJoin {
            keys: JoinKeys::new(spec.keys.clone(), spec.null_safe.clone()),
            sides: [rows(), rows()],
            pairs: Pairs::new(spec.kind, &spec.inputs, spec.condition.clone(), &spec.schema),
            weights: Vec::new(),
            waiting: BTreeMap::new(),
            versions: Vec::new(),
            passing: BTreeMap::new(),
            deleted: BTreeMap::new(),
            due: Watermark::MIN,
            fired: Watermark::MIN,
            emitting: false,
            maybe_empty: Vec::new(),
            expiry: spec.ttl.map(|ttl| Expiry::new(ttl, context.clock.clone())),
            spec,
            context,
        })
    }

    fn grow(&mut self) {
        let slots = self.keys.table.slots();
        self.sides.iter_mut().for_each(|rows| rows.grow(slots));
        if slots > self.versions.len() {
            self.versions.resize_with(slots, Vec::new);
        }
    }

    /// Rows of these keys come. Versions of a key whose time was over are gone before.
    fn write(&mut self, slots: &[u32]) {
        let Some(mut expiry) = self.expiry.take() else { return };
        let now = expiry.now();
        for &slot in slots.iter().filter(|slot| **slot != NO_ROW) {
            if expiry.is_expired(slot, now) {
                self.drop_versions(slot);
            }
            expiry.write(slot, now);
        }
        self.expiry = Some(expiry);
    }

    fn drop_versions(&mut self, slot: u32) {
        for version in std::mem::take(&mut self.versions[slot as usize]) {
            if version.row != NO_ROW {
                self.sides[RIGHT].remove(version.row);
            }
        }
    }

    fn times(&self, side: usize, batch: &RecordBatch) -> Result<Vec<i64>> {
        let Some(times) = &self.spec.times else { return Ok(vec![0; batch.num_rows()]) };
        let column = evaluate(&times[side], batch)?;
        if column.logical_null_count() > 0 {
            return Err(null_row_time());
        }
        Ok(timestamp_millis(&column)?.to_vec())
    }

    /// Puts a version among those of its key; of equal times the last one to come counts.
    fn put(&mut self, slot: u32, version: Version) {
        let versions = &mut self.versions[slot as usize];
        let at = versions.partition_point(|known| known.time <= version.time);
        match at.checked_sub(1).filter(|&before| versions[before].time == version.time) {
            Some(same) => {
                let old = std::mem::replace(&mut versions[same], version);
                if old.row != NO_ROW {
                    self.sides[RIGHT].remove(old.row);
                }
            }
            None => versions.insert(at, version),
        }
        if self.spec.times.is_some() {
            self.passing.entry(version.time).or_default().push(slot);
        }
    }

    /// The row of a key's version at a time, or [`NO_ROW`].
    fn version(&self, slot: u32, time: i64) -> u32 {
        let versions = &self.versions[slot as usize];
        let after = versions.partition_point(|version| version.time <= time);
        after.checked_sub(1).map_or(NO_ROW, |at| versions[at].row)
    }

    fn take_versions(&mut self, batch: &RowBatch) -> Result<()> {
        let columns = &batch.columns;
        let times = self.times(RIGHT, columns)?;
        let slots = self.keys.slots(RIGHT, columns)?;
        self.grow();
        self.write(&slots);
        let chunk = self.sides[RIGHT].begin(columns.clone())?;
        for (row, (&slot, &time)) in slots.iter().zip(&times).enumerate() {
            if slot == NO_ROW {
                continue;
            }
            let newest = self.versions[slot as usize].last().map_or(i64::MIN, |version| version.time);
            if batch.weight(row) < 0 {
                // At a time of its own it ends the version before it. At that version's time it may be half of an update.
                match time > newest {
                    true => self.put(slot, Version { time, row: NO_ROW }),
                    false => _ = self.deleted.insert(slot, time),
                }
                continue;
            }
            self.deleted.remove(&slot);
            if self.spec.latest_only && time < newest {
                continue;
            }
            let place = Place { chunk, row: row as u32 };
            let number =
                self.sides[RIGHT].add(NewRow { slot, place, hash: 0, count: 1, matches: 0, time: Millis(0) })?;
            self.put(slot, Version { time, row: number });
        }
        self.sides[RIGHT].finish()
    }

    /// Keys that have lost their row in this tick, and got no other.
    fn delete(&mut self) {
        for (slot, time) in std::mem::take(&mut self.deleted) {
            self.put(slot, Version { time, row: NO_ROW });
            self.maybe_empty.push(slot);
        }
    }

    fn take_rows(&mut self, batch: &RowBatch, out: &mut Output<RowBatch>) -> Result<()> {
        let columns = &batch.columns;
        let times = self.times(LEFT, columns)?;
        let slots = self.keys.slots(LEFT, columns)?;
        self.grow();
        self.write(&slots);
        let mut found = Found::default();
        let at_once = self.spec.times.is_none();
        let chunk = if at_once { 0 } else { self.sides[LEFT].begin(columns.clone())? };
        for (row, (&slot, &time)) in slots.iter().zip(&times).enumerate() {
            let weight = batch.weight(row);
            if slot == NO_ROW || at_once {
                let version = if slot == NO_ROW { NO_ROW } else { self.version(slot, time) };
                found.push(RowRef::at_hand(row), self.row_ref(version), weight);
                if slot != NO_ROW {
                    self.maybe_empty.push(slot);
                }
                continue;
            }
            let place = Place { chunk, row: row as u32 };
            self.add_left(slot, place, time, weight)?;
        }
        if !at_once {
            self.sides[LEFT].finish()?;
        }
        self.emit(found, Some(columns), out)?;
        self.clean();
        Ok(())
    }

    fn add_left(&mut self, slot: u32, place: Place, time: i64, weight: i64) -> Result<()> {
        let number = self.sides[LEFT].add(NewRow { slot, place, hash: 0, count: 1, matches: 0, time: Millis(0) })?;
        if self.weights.len() <= number as usize {
            self.weights.resize(number as usize + 1, 1);
        }
        self.weights[number as usize] = weight;
        self.waiting.entry(time).or_default().push(number);
        Ok(())
    }

    fn row_ref(&self, version: u32) -> RowRef {
        if version == NO_ROW { RowRef::NULLS } else { RowRef::kept(self.sides[RIGHT].place(version)) }
    }

    /// Emits left rows with their versions: tested by the condition, and with NULLs or not at all where there is none.
    fn emit(&mut self, found: Found, at_hand: Option<&RecordBatch>, out: &mut Output<RowBatch>) -> Result<()> {
        let chunks = self.sides.each_ref().map(Rows::chunks);
        let sources = Sources { at_hand, chunks };
        let holds = self.pairs.holds(&found.refs, sources)?;
        let mut kept = Found::default();
        for (at, weight) in found.weights.into_iter().enumerate() {
            let (left, right) = (found.refs[LEFT][at], found.refs[RIGHT][at]);
            let matches = right != RowRef::NULLS && holds.as_ref().is_none_or(|holds| holds[at]);
            match matches {
                true => kept.push(left, right, weight),
                false if self.spec.kind == JoinKind::Left => kept.push(left, RowRef::NULLS, weight),
                false => {}
            }
        }
        if let Some(columns) = self.pairs.batch(&kept.refs, sources)? {
            let weights = self.spec.retracts.then(|| kept.weights.into());
            out.emit(RowBatch { columns, weights });
        }
        Ok(())
    }

    /// Emits the left rows whose time has come, as far as there is room; then forgets what none can ask for any more.
    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        let limit = self.spec.batch_size.max(1);
        while self.waiting.first_key_value().is_some_and(|(time, _)| *time <= self.due.0) {
            if !out.has_room() {
                return Ok(());
            }
            let mut found = Found::default();
            let mut done: Vec<u32> = Vec::new();
            while done.len() < limit
                && let Some(mut entry) = self.waiting.first_entry()
                && *entry.key() <= self.due.0
            {
                let time = *entry.key();
                let rows = entry.get_mut();
                let some: Vec<u32> = rows.drain(..rows.len().min(limit - done.len())).collect();
                if rows.is_empty() {
                    entry.remove();
                }
                for row in some {
                    let left = RowRef::kept(self.sides[LEFT].place(row));
                    let version = self.version(self.sides[LEFT].slot(row), time);
                    found.push(left, self.row_ref(version), self.weights[row as usize]);
                    done.push(row);
                }
            }
            self.emit(found, None, out)?;
            for row in done {
                self.maybe_empty.push(self.sides[LEFT].slot(row));
                self.sides[LEFT].remove(row);
            }
            self.sides[LEFT].finish()?;
        }
        self.emitting = false;
        self.fired = self.due;
        self.forget()
    }

    /// Forgets versions that ended before the watermark.
    fn forget(&mut self) -> Result<()> {
        while let Some(entry) = self.passing.first_entry()
            && *entry.key() <= self.fired.0
        {
            for slot in entry.remove() {
                let versions = &mut self.versions[slot as usize];
                let passed = versions.partition_point(|version| version.time <= self.fired.0);
                let mut gone: Vec<Version> = versions.drain(..passed.saturating_sub(1)).collect();
                // Before its first version a key is not there either.
                if versions.first().is_some_and(|first| first.row == NO_ROW && first.time <= self.fired.0) {
                    gone.push(versions.remove(0));
                }
                for version in gone.into_iter().filter(|version| version.row != NO_ROW) {
                    self.sides[RIGHT].remove(version.row);
                }
                self.maybe_empty.push(slot);
            }
        }
        self.sides[RIGHT].finish()?;
        self.clean();
        Ok(())
    }

    /// Drops keys that have nothing any more.
    fn clean(&mut self) {
        let mut slots = std::mem::take(&mut self.maybe_empty);
        slots.sort_unstable();
        slots.dedup();
        for slot in slots {
            let versions = &mut self.versions[slot as usize];
            if self.spec.times.is_none() {
                versions.retain(|version| version.row != NO_ROW);
            }
            if versions.is_empty() && self.sides[LEFT].first(slot) == NO_ROW && !self.deleted.contains_key(&slot) {
                self.keys.table.remove(slot);
                self.expiry.iter_mut().for_each(|expiry| expiry.forget(slot));
            }
        }
    }
}

impl Operator<RowBatch> for TemporalJoin {
    fn on_batch(
        &mut self,
        port: usize,
        batch: RowBatch,
        _watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        match port {
            LEFT => self.take_rows(&batch, out),
            _ => self.take_versions(&batch),
        }
    }

    fn on_watermark(&mut self, watermark: Watermark, _out: &mut Output<RowBatch>) -> Result<()> {
        // What a row taken back means is known when the tick is complete.
        self.due = self.due.max(watermark);
        Ok(())
    }

    fn on_tick(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.delete();
        self.emitting = true;
        self.advance(out)
    }

    fn on_end(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.on_tick(out)
    }

    fn output_watermark(&self, watermark: Watermark) -> Watermark {
        if self.spec.times.is_none() { watermark } else { watermark.min(self.fired) }
    }

    fn next_processing_timer(&self) -> Option<Millis> {
        // Versions are not taken away while rows that need them are on their way out.
        self.expiry.as_ref().filter(|_| !self.emitting && self.deleted.is_empty())?.next_timer()
    }

    fn on_processing_time(&mut self, now: Millis, _out: &mut Output<RowBatch>) -> Result<()> {
        let expired = self.expiry.as_mut().map(|expiry| expiry.take_expired(now)).unwrap_or_default();
        for slot in expired {
            // Rows that wait for the watermark keep their versions.
            match (self.sides[LEFT].first(slot), &mut self.expiry) {
                (NO_ROW, _) | (_, None) => self.drop_versions(slot),
                (_, Some(expiry)) => expiry.write(slot, now),
            }
            self.maybe_empty.push(slot);
        }
        self.sides[RIGHT].finish()?;
        self.clean();
        Ok(())
    }

    fn has_more(&self) -> bool {
        self.emitting
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.advance(out)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        if self.has_more() || !self.deleted.is_empty() {
            return Err(Error::bug("a snapshot of a temporal join within a tick"));
        }
        let mut row_times = [vec![0; self.sides[LEFT].numbers()], vec![0; self.sides[RIGHT].numbers()]];
        for (time, rows) in &self.waiting {
            rows.iter().for_each(|&row| row_times[LEFT][row as usize] = *time);
        }
        let (table, groups) = (&self.keys.table, self.context.key_groups);
        for slot in table.live() {
            for version in self.versions[slot as usize].iter().filter(|version| version.row != NO_ROW) {
                row_times[RIGHT][version.row as usize] = version.time;
            }
        }
        // A left row's time, and in its lowest bit whether the row is taken back.
        let time = |side: usize, _: u32, row: u32| match side {
            LEFT => row_times[LEFT][row as usize] << 1 | i64::from(self.weights[row as usize] < 0),
            _ => row_times[RIGHT][row as usize],
        };
        let mut blobs = write_rows(VERSION, table, &self.sides, groups, time)?;
        for slot in table.live() {
            for version in self.versions[slot as usize].iter().filter(|version| version.row == NO_ROW) {
                write_mark(&mut blobs, table, groups, slot, version.time);
            }
        }
        Ok(OperatorSnapshot { keyed: blobs.into_inner(), ..OperatorSnapshot::default() })
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        let ReadRows { batches, marks } =
            read_rows(&state, VERSION, "a temporal join", &mut self.keys.table, &self.spec.inputs)?;
        self.grow();
        for (side, batch, rows) in batches {
            let chunk = self.sides[side].begin(batch)?;
            for (row, KeptRow { slot, time }) in rows.into_iter().enumerate() {
                let place = Place { chunk, row: row as u32 };
                if side == LEFT {
                    self.add_left(slot, place, time >> 1, if time & 1 == 1 { -1 } else { 1 })?;
                    continue;
                }
                let new = NewRow { slot, place, hash: 0, count: 1, matches: 0, time: Millis(0) };
                let number = self.sides[RIGHT].add(new)?;
                self.put(slot, Version { time, row: number });
            }
            self.sides[side].finish()?;
        }
        for KeptRow { slot, time } in marks {
            self.put(slot, Version { time, row: NO_ROW });
        }
        let slots: Vec<u32> = self.keys.table.live().collect();
        self.write(&slots);
        Ok(())
    }
}
