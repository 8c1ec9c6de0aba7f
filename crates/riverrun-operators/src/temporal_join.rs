//! Temporal joins: each left row with the version of its key that held at the row's time.
//!
//! By event time, left rows wait until the watermark has passed their time; then the right side's versions up to it are
//! known. A version holds from its time, inclusively, to that of the next one of its key; a deletion is a version without a
//! row. Versions that no left row can ask for any more go. Changes of the right side are read tick by tick: a version taken
//! back is updated if a new row of its key follows within the tick, and deleted if none does.
//!
//! By processing time a left row finds the version that is there when it comes.
//!
//! A key whose rows wait, or of whose versions some will be forgotten when the watermark has passed, stays in memory; the last
//! version of all others may be below.
//!
//! Source of the semantics: Flink 2.3, "Temporal Joins", and its `TemporalRowTimeJoinOperator`.

use crate::event_time::{null_row_time, timestamp_millis};
use crate::expiry::Expiry;
use crate::expression::{Expression, evaluate};
use crate::join::chunks::{NO_ROW, Place};
use crate::join::gather::RowRef;
use crate::join::keys::JoinKeys;
use crate::join::pairs::{Pairs, Sources};
use crate::join::rows::Rows;
use crate::join::state::{KeptRow, ReadRows, read_rows, write_mark, write_rows};
use crate::join::{JoinKind, LEFT, PairCondition, RIGHT};
use arrow::array::{Array, AsArray, RecordBatch};
use riverrun_core::{Error, KeyGroup, Millis, Result, RowBatch, Schema, Watermark};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::blob::{KeyedBlobs, put_bytes, read_keyed};
use riverrun_state::tier::{Resident, SlotValues};
use riverrun_state::{KeyRows, OperatorSnapshot, RestoredState};
use std::collections::BTreeSet;

mod kept;
#[cfg(test)]
mod tests;

use kept::Kept;

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
    /// The right side's column that says whether a version has a row: where it is not TRUE the key has none from then on.
    pub holds: Option<usize>,
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

/// Of blobs that name the keys whose rows wait; what they have is in a tier.
const WAITING_VERSION: u8 = 2;

/// Joins rows with versions.
#[derive(Debug)]
pub struct TemporalJoin {
    spec: TemporalJoinSpec,
    context: OperatorContext,
    keys: JoinKeys,
    resident: Resident,
    kept: Kept,
    pairs: Pairs,
    due: Watermark,
    emitting: bool,
    maybe_empty: Vec<u32>,
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
        let expiry = spec.ttl.map(|ttl| Expiry::new(ttl, context.clock.clone()));
        Ok(TemporalJoin {
            keys: JoinKeys::new(spec.keys.clone(), spec.null_safe.clone()),
            resident: context.resident("", spec.ttl),
            kept: Kept::new(&spec.inputs, spec.times.is_some(), expiry),
            pairs: Pairs::new(spec.kind, &spec.inputs, spec.condition.clone(), &spec.schema),
            due: Watermark::MIN,
            emitting: false,
            maybe_empty: Vec::new(),
            spec,
            context,
        })
    }

    /// The slots of the keys of rows that come, in memory. Versions of a key whose time was over are gone before.
    fn slots(&mut self, side: usize, batch: &RecordBatch) -> Result<Vec<u32>> {
        let slots = self.keys.resident_slots(side, batch, &mut self.resident, &mut self.kept)?;
        // By processing time left rows leave nothing, if not the time at which they came.
        if side == RIGHT || self.spec.times.is_some() || self.kept.expiry.is_some() {
            self.change(slots.iter().copied());
        }
        self.write(&slots);
        Ok(slots)
    }

    /// What is kept of these keys is about to be changed.
    fn change(&mut self, slots: impl Iterator<Item = u32>) {
        if self.resident.is_tiered() {
            let slots: Vec<u32> = slots.filter(|slot| *slot != NO_ROW).collect();
            self.resident.change(&self.keys.table, &self.kept, &slots);
        }
    }

    fn write(&mut self, slots: &[u32]) {
        let Some(mut expiry) = self.kept.expiry.take() else { return };
        let now = expiry.now();
        for &slot in slots.iter().filter(|slot| **slot != NO_ROW) {
            if expiry.is_expired(slot, now) {
                self.kept.drop_versions(slot);
            }
            expiry.write(slot, now);
        }
        self.kept.expiry = Some(expiry);
    }

    fn times(&self, side: usize, batch: &RecordBatch) -> Result<Vec<i64>> {
        let Some(times) = &self.spec.times else { return Ok(vec![0; batch.num_rows()]) };
        let column = evaluate(&times[side], batch)?;
        if column.logical_null_count() > 0 {
            return Err(null_row_time());
        }
        Ok(timestamp_millis(&column)?.to_vec())
    }

    fn take_versions(&mut self, batch: &RowBatch) -> Result<()> {
        let columns = &batch.columns;
        let times = self.times(RIGHT, columns)?;
        let slots = self.slots(RIGHT, columns)?;
        let holds = self.spec.holds.map(|column| columns.column(column).as_boolean());
        let kept = &mut self.kept;
        let chunk = kept.sides[RIGHT].begin(columns.clone())?;
        for (row, (&slot, &time)) in slots.iter().zip(&times).enumerate() {
            if slot == NO_ROW {
                continue;
            }
            let newest = kept.versions[slot as usize].last().map_or(i64::MIN, |version| version.time);
            if batch.weight(row) < 0 {
                // At a time of its own it ends the version before it. At that version's time it may be half of an update.
                match time > newest {
                    true => kept.put(slot, Version { time, row: NO_ROW }),
                    false => _ = kept.deleted.insert(slot, time),
                }
                continue;
            }
            kept.deleted.remove(&slot);
            if self.spec.latest_only && time < newest {
                continue;
            }
            match holds.is_none_or(|holds| holds.is_valid(row) && holds.value(row)) {
                true => kept.add_row(RIGHT, Place { chunk, row: row as u32 }, slot, time, 1)?,
                false => kept.put(slot, Version { time, row: NO_ROW }),
            }
        }
        kept.sides[RIGHT].finish()
    }

    /// Keys that have lost their row in this tick, and got no other.
    fn delete(&mut self) {
        let deleted = std::mem::take(&mut self.kept.deleted);
        self.change(deleted.keys().copied());
        for (slot, time) in deleted {
            self.kept.put(slot, Version { time, row: NO_ROW });
            self.maybe_empty.push(slot);
        }
    }

    fn take_rows(&mut self, batch: &RowBatch, out: &mut Output<RowBatch>) -> Result<()> {
        let columns = &batch.columns;
        let times = self.times(LEFT, columns)?;
        let slots = self.slots(LEFT, columns)?;
        let mut found = Found::default();
        let at_once = self.spec.times.is_none();
        let chunk = if at_once { 0 } else { self.kept.sides[LEFT].begin(columns.clone())? };
        for (row, (&slot, &time)) in slots.iter().zip(&times).enumerate() {
            let weight = batch.weight(row);
            if slot == NO_ROW || at_once {
                let version = if slot == NO_ROW { NO_ROW } else { self.kept.version(slot, time) };
                found.push(RowRef::at_hand(row), self.row_ref(version), weight);
                if slot != NO_ROW {
                    self.maybe_empty.push(slot);
                }
                continue;
            }
            self.kept.add_row(LEFT, Place { chunk, row: row as u32 }, slot, time, weight)?;
        }
        if !at_once {
            self.kept.sides[LEFT].finish()?;
        }
        self.emit(found, Some(columns), out)?;
        self.clean();
        Ok(())
    }

    fn row_ref(&self, version: u32) -> RowRef {
        if version == NO_ROW { RowRef::NULLS } else { RowRef::kept(self.kept.sides[RIGHT].place(version)) }
    }

    /// Emits left rows with their versions: tested by the condition, and with NULLs or not at all where there is none.
    fn emit(&mut self, found: Found, at_hand: Option<&RecordBatch>, out: &mut Output<RowBatch>) -> Result<()> {
        let chunks = self.kept.sides.each_ref().map(Rows::chunks);
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
        while self.kept.waiting.first_key_value().is_some_and(|(time, _)| *time <= self.due.0) {
            if !out.has_room() {
                return Ok(());
            }
            let mut found = Found::default();
            let mut done: Vec<u32> = Vec::new();
            while done.len() < limit
                && let Some(mut entry) = self.kept.waiting.first_entry()
                && *entry.key() <= self.due.0
            {
                let time = *entry.key();
                let rows = entry.get_mut();
                let some: Vec<u32> = rows.drain(..rows.len().min(limit - done.len())).collect();
                if rows.is_empty() {
                    entry.remove();
                }
                for row in some {
                    let lefts = &self.kept.sides[LEFT];
                    let version = self.kept.version(lefts.slot(row), time);
                    let left = RowRef::kept(lefts.place(row));
                    found.push(left, self.row_ref(version), self.kept.lefts[row as usize].1);
                    done.push(row);
                }
            }
            self.emit(found, None, out)?;
            let slots: Vec<u32> = done.iter().map(|row| self.kept.sides[LEFT].slot(*row)).collect();
            self.change(slots.iter().copied());
            self.maybe_empty.extend(slots);
            let lefts = &mut self.kept.sides[LEFT];
            done.into_iter().for_each(|row| lefts.remove(row));
            lefts.finish()?;
        }
        self.emitting = false;
        self.kept.fired = self.due;
        self.forget();
        self.clean();
        self.resident.settle(&mut self.keys.table, &mut self.kept)?;
        self.kept.sides[RIGHT].finish()
    }

    /// Forgets versions that ended before the watermark.
    fn forget(&mut self) {
        while let Some(entry) = self.kept.passing.first_entry()
            && *entry.key() <= self.kept.fired.0
        {
            let slots = entry.remove();
            let passed: Vec<u32> = slots.into_iter().filter(|slot| self.kept.has_passed(*slot)).collect();
            self.change(passed.iter().copied());
            passed.iter().for_each(|slot| self.kept.forget_passed(*slot));
            self.maybe_empty.extend(passed);
        }
    }

    /// Drops keys that have nothing any more.
    fn clean(&mut self) {
        let mut slots = std::mem::take(&mut self.maybe_empty);
        slots.sort_unstable();
        slots.dedup();
        for slot in slots.into_iter().filter(|slot| self.keys.table.is_live(*slot)).collect::<Vec<_>>() {
            let Kept { sides, versions, deleted, .. } = &mut self.kept;
            let versions = &mut versions[slot as usize];
            if self.spec.times.is_none() {
                versions.retain(|version| version.row != NO_ROW);
            }
            if versions.is_empty() && sides[LEFT].first(slot) == NO_ROW && !deleted.contains_key(&slot) {
                self.resident.remove(&self.keys.table, &self.kept, slot);
                self.keys.table.remove(slot);
                self.kept.expiry.iter_mut().for_each(|expiry| expiry.forget(slot));
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
        if self.spec.times.is_none() { watermark } else { watermark.min(self.kept.fired) }
    }

    fn next_processing_timer(&self) -> Option<Millis> {
        // Versions are not taken away while rows that need them are on their way out.
        self.kept.expiry.as_ref().filter(|_| !self.emitting && self.kept.deleted.is_empty())?.next_timer()
    }

    fn on_processing_time(&mut self, now: Millis, _out: &mut Output<RowBatch>) -> Result<()> {
        let expired = self.kept.expiry.as_mut().map(|expiry| expiry.find_expired(now)).unwrap_or_default();
        self.change(expired.iter().copied());
        for slot in expired {
            let waits = self.kept.sides[LEFT].first(slot) != NO_ROW;
            if let Some(expiry) = &mut self.kept.expiry {
                // Rows that wait for the watermark keep their versions.
                if waits { expiry.write(slot, now) } else { expiry.forget(slot) }
            }
            if !waits {
                self.kept.drop_versions(slot);
            }
            self.maybe_empty.push(slot);
        }
        self.clean();
        self.kept.sides[RIGHT].finish()
    }

    fn has_more(&self) -> bool {
        self.emitting
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.advance(out)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        if self.has_more() || !self.kept.deleted.is_empty() {
            return Err(Error::bug("a snapshot of a temporal join within a tick"));
        }
        let (table, groups, kept) = (&self.keys.table, self.context.key_groups, &self.kept);
        if let Some(ticket) = self.resident.freeze(table, kept)? {
            let waiting = kept.waiting.values().flatten().map(|row| kept.sides[LEFT].slot(*row));
            let waiting: BTreeSet<u32> = waiting.collect();
            let mut blobs = KeyedBlobs::new(WAITING_VERSION);
            for slot in waiting {
                put_bytes(blobs.group(KeyGroup::of_hash(table.hash(slot), groups)), table.key(slot));
            }
            return Ok(OperatorSnapshot { keyed: blobs.into_inner(), ..OperatorSnapshot::of_tier(ticket) });
        }
        let mut version_times = vec![0; kept.sides[RIGHT].numbers()];
        for slot in table.live() {
            for version in kept.versions[slot as usize].iter().filter(|version| version.row != NO_ROW) {
                version_times[version.row as usize] = version.time;
            }
        }
        // A left row's time, and in its lowest bit whether the row is taken back.
        let time = |side: usize, row: u32| match (side, kept.lefts.get(row as usize)) {
            (LEFT, Some((time, weight))) => time << 1 | i64::from(*weight < 0),
            _ => version_times[row as usize],
        };
        let mut blobs = KeyedBlobs::new(VERSION);
        for (side, rows) in kept.sides.iter().enumerate() {
            write_rows(&mut blobs, table, (side, rows), groups, |row| time(side, row))?;
        }
        for slot in table.live() {
            for version in kept.versions[slot as usize].iter().filter(|version| version.row == NO_ROW) {
                write_mark(&mut blobs, table, groups, slot, version.time);
            }
        }
        Ok(OperatorSnapshot { keyed: blobs.into_inner(), ..OperatorSnapshot::default() })
    }

    fn write_behind(&mut self) -> Result<bool> {
        self.resident.advance(&self.keys.table, &self.kept)
    }

    fn restore(&mut self, mut state: RestoredState) -> Result<()> {
        self.resident.restore(&state.tier("")?, &mut self.keys.table, &mut self.kept)?;
        let (waiting, rows) =
            std::mem::take(&mut state.keyed).into_iter().partition(|(_, blob)| blob.first() == Some(&WAITING_VERSION));
        for group in rows {
            self.read_rows(&RestoredState { keyed: vec![group], ..RestoredState::default() })?;
        }
        let mut keys = KeyRows::default();
        let waiting = RestoredState { keyed: waiting, ..RestoredState::default() };
        read_keyed(&waiting, WAITING_VERSION, "a temporal join", |_, blob| {
            keys.push(blob.bytes()?);
            Ok(())
        })?;
        let (mut hashes, mut slots) = (Vec::new(), Vec::new());
        keys.hash_into(&mut hashes);
        self.resident.read_slots(&mut self.keys.table, &mut self.kept, &keys, &hashes, &mut slots)?;
        self.kept.expiry.iter_mut().for_each(Expiry::restored);
        Ok(())
    }
}

impl TemporalJoin {
    /// Reads the rows of a key group that an earlier run left in memory.
    fn read_rows(&mut self, state: &RestoredState) -> Result<()> {
        let ReadRows { batches, marks } =
            read_rows(state, VERSION, "a temporal join", &mut self.keys.table, &self.spec.inputs)?;
        self.kept.grow(self.keys.table.slots());
        let mut slots: Vec<u32> = marks.iter().map(|mark| mark.slot).collect();
        for (side, batch, rows) in batches {
            slots.extend(rows.iter().map(|row| row.slot));
            let rows = rows.into_iter().map(|KeptRow { slot, time }| match side {
                LEFT => (slot, time >> 1, if time & 1 == 1 { -1 } else { 1 }),
                _ => (slot, time, 1),
            });
            self.kept.add(side, batch, rows)?;
            self.kept.sides[side].finish()?;
        }
        for KeptRow { slot, time } in marks {
            self.kept.put(slot, Version { time, row: NO_ROW });
        }
        // There the time at which a row came last is no state: it begins anew.
        self.write(&slots);
        self.change(slots.into_iter());
        self.resident.settle(&mut self.keys.table, &mut self.kept)?;
        self.kept.sides[RIGHT].finish()
    }
}
