//! Deduplication: of each key the first or the last row, by event time or in the order of arrival.
//!
//! | keep | by | what comes out |
//! |---|---|---|
//! | first | arrival | a key's first row, at once; never taken back |
//! | first | event time | a key's first row, when the watermark has passed it; never taken back |
//! | last | arrival, event time | the last row so far, at the end of each tick in which it has changed |
//!
//! Of equal times the first row to arrive is the first, and the last to arrive the last. The input only grows.
//!
//! Source of the semantics: Flink 2.3, "Deduplication", and its `RowTimeDeduplicateKeepFirstRowFunction`,
//! `RowTimeDeduplicateFunction`, `ProcTimeDeduplicateKeepFirstRowFunction` and `ProcTimeDeduplicateKeepLastRowFunction`.

use crate::each_change::Changes;
use crate::event_time::timestamp_millis;
use crate::expiry::Expiry;
use crate::expression::{Expression, evaluate, evaluate_all};
use arrow::array::{RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::datatypes::{DataType, SchemaRef};
use riverrun_core::{Millis, Result, RowBatch, Schema, Watermark};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::blob::{BlobReader, KeyedBlobs, put_bytes, put_i64, read_keyed};
use riverrun_state::tier::{EncodeSlots, Resident, SlotValues};
use riverrun_state::{KeyEncoder, KeyTable, OperatorSnapshot, RestoredState, RowArena, hash_key, key};
use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// Which row of each key comes out. The input must be routed by `keys`.
#[derive(Clone, Debug)]
pub struct DeduplicateSpec {
    /// PARTITION BY.
    pub keys: Vec<Expression>,
    /// The event-time column; `None` for the order of arrival.
    pub time: Option<Expression>,
    /// Whether the last row is kept.
    pub keep_last: bool,
    /// The columns of input and output.
    pub schema: Schema,
    /// How long a key is kept whose row is not replaced (`table.exec.state.ttl`); `None`: for ever.
    pub ttl: Option<Millis>,
    /// How many rows a batch of results has at the most (`execution.batch-size`).
    pub batch_size: usize,
    /// Which changes come out.
    pub changes: Changes,
}

const VERSION: u8 = 2;

/// No row.
const NONE: u32 = u32::MAX;

/// Keeps one row of each key.
#[derive(Debug)]
pub struct Deduplicate {
    spec: DeduplicateSpec,
    context: OperatorContext,
    schema: SchemaRef,
    types: Vec<DataType>,
    keys: KeyTable,
    resident: Resident,
    values: Values,
    /// Where the last row is kept: the keys whose row has changed in this tick.
    touched: Vec<u32>,
    /// Where rows wait for the watermark: their keys by time. A key whose row has another time by now is passed over.
    waiting: BTreeMap<i64, Vec<u32>>,
    /// What goes out, and the next of it.
    changes: Vec<Change>,
    position: usize,
    emitting: bool,
    key_encoder: KeyEncoder,
    row_encoder: KeyEncoder,
}

/// What is kept of all keys.
#[derive(Debug)]
struct Values {
    kept: Vec<Kept>,
    rows: RowArena,
    expiry: Option<Expiry>,
    keep_last: bool,
}

impl Values {
    fn write_rows(&self, slot: u32, out: &mut Vec<u8>) {
        let kept = self.kept[slot as usize];
        for row in [kept.row, kept.sent] {
            out.push(u8::from(row != NONE));
            if row != NONE {
                put_bytes(out, self.rows.get(row));
            }
        }
    }

    fn written(&self, slot: u32) -> i64 {
        self.expiry.as_ref().map_or(0, |expiry| expiry.written(slot).0)
    }

    fn read(&mut self, slot: u32, time: i64, written: Millis, blob: &mut BlobReader<'_>) -> Result<()> {
        let mut kept = Kept::new(time);
        if let Some(expiry) = &mut self.expiry {
            expiry.read(slot, written);
        }
        let mut optional = |blob: &mut BlobReader<'_>| -> Result<u32> {
            Ok(if blob.u8()? == 0 { NONE } else { self.rows.insert(blob.bytes()?) })
        };
        (kept.row, kept.sent) = (optional(blob)?, optional(blob)?);
        if self.keep_last && kept.sent != NONE && self.rows.get(kept.sent) == self.rows.get(kept.row) {
            self.rows.remove(kept.row);
            kept.row = kept.sent;
        }
        self.kept[slot as usize] = kept;
        Ok(())
    }
}

/// A value: when it was written, the time of its row, and after a 1 each the row and the one that went out.
impl EncodeSlots for Values {
    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        put_i64(out, self.written(slot));
        put_i64(out, self.kept[slot as usize].time);
        self.write_rows(slot, out);
    }
}

impl SlotValues for Values {
    fn grow(&mut self, slots: usize) {
        if slots > self.kept.len() {
            self.kept.resize(slots, Kept::unknown());
        }
    }

    fn decode(&mut self, slot: u32, _hash: u64, value: &[u8]) -> Result<()> {
        let mut value = BlobReader::new(value);
        let written = Millis(value.i64()?);
        let time = value.i64()?;
        self.read(slot, time, written, &mut value)
    }

    fn evict(&mut self, slot: u32, _hash: u64) {
        std::mem::replace(&mut self.kept[slot as usize], Kept::unknown()).release(&mut self.rows);
        if let Some(expiry) = &mut self.expiry {
            expiry.forget(slot);
        }
    }

    fn is_pinned(&self, slot: u32) -> bool {
        let kept = self.kept[slot as usize];
        kept.touched || kept.candidate != NONE
    }
}

/// What is known of a key.
#[derive(Clone, Copy, Debug)]
struct Kept {
    /// Whether anything is.
    known: bool,
    /// The time of its row.
    time: i64,
    /// Its row in the arena; none where the first one has gone out.
    row: u32,
    /// Where the last row is kept: the one that went out.
    sent: u32,
    /// While a batch is worked on: its place among the rows that replace others.
    candidate: u32,
    touched: bool,
}

impl Kept {
    fn new(time: i64) -> Self {
        Kept { known: true, time, row: NONE, sent: NONE, candidate: NONE, touched: false }
    }

    /// Of a slot without a key.
    fn unknown() -> Self {
        Kept { known: false, ..Kept::new(0) }
    }
}

#[derive(Clone, Copy, Debug)]
struct Change {
    row: u32,
    weight: i64,
    /// Whether the row is forgotten once it has gone out.
    last_use: bool,
}

/// The rows of a batch that replace those of their keys: at most one per key.
#[derive(Debug, Default)]
struct Candidates {
    rows: Vec<u32>,
    slots: Vec<u32>,
}

impl Deduplicate {
    /// The operator on one worker.
    pub fn new(spec: DeduplicateSpec, context: OperatorContext) -> Result<Self> {
        let schema = spec.schema.to_arrow();
        let types = schema.fields().iter().map(|field| field.data_type().clone()).collect();
        Ok(Deduplicate {
            // Rows that wait for the watermark have to be known without being asked for.
            resident: match spec.time.is_some() && !spec.keep_last {
                true => Resident::in_memory(),
                false => context.resident("", spec.ttl),
            },
            values: Values {
                kept: Vec::new(),
                rows: RowArena::default(),
                expiry: spec.ttl.map(|ttl| Expiry::new(ttl, context.clock.clone())),
                keep_last: spec.keep_last,
            },
            spec,
            context,
            schema,
            types,
            keys: KeyTable::default(),
            touched: Vec::new(),
            waiting: BTreeMap::new(),
            changes: Vec::new(),
            position: 0,
            emitting: false,
            key_encoder: KeyEncoder::default(),
            row_encoder: KeyEncoder::exact(),
        })
    }

    /// Whether rows wait until the watermark has passed them.
    fn waits(&self) -> bool {
        self.spec.time.is_some() && !self.spec.keep_last
    }

    fn candidates(&mut self, batch: &RecordBatch, watermarks: &WatermarkRuns) -> Result<Candidates> {
        let waits = self.waits();
        let times = match &self.spec.time {
            Some(time) => Some(timestamp_millis(&evaluate(time, batch)?)?),
            None => None,
        };
        let now = self.values.expiry.as_ref().map(Expiry::now);
        let columns = evaluate_all(&self.spec.keys, batch)?;
        let keys = self.key_encoder.encode(&columns, batch.num_rows())?;
        let (mut hashes, mut slots) = (Vec::new(), Vec::new());
        keys.hash_into(&mut hashes);
        if !waits {
            self.resident.read_slots(&mut self.keys, &mut self.values, keys, &hashes, &mut slots)?;
        }
        let mut found = Candidates::default();
        for (row, key) in keys.iter().enumerate() {
            let time = times.as_ref().map_or(0, |times| times[row]);
            let late = waits && time < watermarks.before(row).0;
            let hash = hashes[row];
            if late {
                // Its key's first row has gone out, or it would have: it came too late to be the first.
                if self.keys.find(hash, key).is_none() {
                    self.context.metrics.late.add(1);
                }
                continue;
            }
            let slot = match slots.get(row) {
                Some(slot) => *slot,
                None => {
                    let (slot, _) = self.keys.insert(hash, key);
                    self.values.grow(self.keys.slots());
                    slot
                }
            };
            let Values { kept, expiry, .. } = &self.values;
            let kept = kept[slot as usize];
            let expired = expiry.as_ref().zip(now).is_some_and(|(expiry, now)| expiry.is_expired(slot, now))
                && kept.known
                && kept.may_expire(waits);
            let replaces = !kept.known
                || expired
                || match self.spec.keep_last {
                    true => time >= kept.time,
                    false => waits && kept.is_waiting() && time < kept.time,
                };
            if !replaces {
                continue;
            }
            self.resident.change(&self.keys, &self.values, &[slot]);
            let Values { kept, rows, expiry, .. } = &mut self.values;
            let kept = &mut kept[slot as usize];
            if expired {
                kept.release(rows);
            }
            if expired || !kept.known {
                *kept = Kept::new(time);
            }
            kept.time = time;
            if let (Some(expiry), Some(now)) = (expiry, now) {
                expiry.write(slot, now);
            }
            if kept.candidate == NONE {
                kept.candidate = found.rows.len() as u32;
                found.rows.push(row as u32);
                found.slots.push(slot);
            } else {
                found.rows[kept.candidate as usize] = row as u32;
            }
        }
        Ok(found)
    }

    /// Puts the candidates in the place of the rows that their keys had.
    fn replace(&mut self, batch: RowBatch, candidates: Candidates) -> Result<()> {
        let count = candidates.rows.len();
        let all = count == batch.num_rows();
        let batch = if all { batch } else { batch.take(&UInt32Array::from(candidates.rows))? };
        let rows = self.row_encoder.encode(batch.columns.columns(), count)?;
        for (&slot, bytes) in candidates.slots.iter().zip(rows.iter()) {
            let kept = &mut self.values.kept[slot as usize];
            kept.candidate = NONE;
            if kept.row != NONE && kept.row != kept.sent {
                self.values.rows.remove(kept.row);
            }
            kept.row = self.values.rows.insert(bytes);
            if !self.spec.keep_last {
                self.waiting.entry(kept.time).or_default().push(slot);
            } else if !kept.touched {
                kept.touched = true;
                self.touched.push(slot);
            }
        }
        Ok(())
    }

    /// Finds the rows that the watermark has passed.
    fn pass(&mut self, watermark: Watermark) {
        while let Some(first) = self.waiting.first_entry() {
            if *first.key() > watermark.0 {
                return;
            }
            let (time, slots) = first.remove_entry();
            for slot in slots {
                let kept = &mut self.values.kept[slot as usize];
                if kept.time == time && kept.row != NONE {
                    self.changes.push(Change { row: kept.row, weight: 1, last_use: true });
                    kept.row = NONE;
                }
            }
        }
    }

    /// Finds the keys whose last row is another one than at the end of the tick before.
    fn find_changes(&mut self) {
        for slot in self.touched.drain(..) {
            let kept = &mut self.values.kept[slot as usize];
            kept.touched = false;
            if kept.sent != NONE {
                if self.values.rows.get(kept.sent) == self.values.rows.get(kept.row) {
                    self.values.rows.remove(kept.row);
                    kept.row = kept.sent;
                    continue;
                }
                self.changes.push(Change { row: kept.sent, weight: -1, last_use: true });
            }
            self.changes.push(Change { row: kept.row, weight: 1, last_use: false });
            kept.sent = kept.row;
        }
    }

    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        while self.position < self.changes.len() {
            if !out.has_room() {
                self.emitting = true;
                return Ok(());
            }
            let end = self.changes.len().min(self.position + self.spec.batch_size.max(1));
            let changes = &self.changes[self.position..end];
            let columns = key::decode(&self.types, changes.iter().map(|change| self.values.rows.get(change.row)))?;
            let options = RecordBatchOptions::new().with_row_count(Some(changes.len()));
            let columns = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
            let weights = self.spec.keep_last.then(|| changes.iter().map(|change| change.weight).collect());
            out.emit(RowBatch { columns, weights });
            for change in changes.iter().filter(|change| change.last_use) {
                self.values.rows.remove(change.row);
            }
            self.position = end;
        }
        self.changes.clear();
        (self.position, self.emitting) = (0, false);
        self.resident.settle(&mut self.keys, &mut self.values)
    }
}

impl Kept {
    /// Whether it has a row that has not gone out, or one in the batch that is worked on.
    fn is_waiting(&self) -> bool {
        self.row != NONE || self.candidate != NONE
    }

    /// Whether it can be forgotten: it is in no tick's work, and no row of it waits for the watermark.
    fn may_expire(&self, waits: bool) -> bool {
        !self.touched && self.candidate == NONE && !(waits && self.row != NONE)
    }

    fn release(&self, rows: &mut RowArena) {
        if self.row != NONE {
            rows.remove(self.row);
        }
        if self.sent != NONE && self.sent != self.row {
            rows.remove(self.sent);
        }
    }
}

impl Operator<RowBatch> for Deduplicate {
    fn on_batch(
        &mut self,
        _port: usize,
        batch: RowBatch,
        watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        let candidates = self.candidates(&batch.columns, watermarks)?;
        if candidates.rows.is_empty() {
            return Ok(());
        }
        if self.spec.keep_last || self.waits() {
            return self.replace(batch, candidates);
        }
        // The first to arrive: it goes out as it came, and its key is all that is kept.
        for &slot in &candidates.slots {
            self.values.kept[slot as usize].candidate = NONE;
        }
        let watermarks = watermarks.select(&candidates.rows);
        out.emit_with(batch.take(&UInt32Array::from(candidates.rows))?, watermarks);
        Ok(())
    }

    fn on_watermark(&mut self, watermark: Watermark, out: &mut Output<RowBatch>) -> Result<()> {
        if self.waits() {
            self.pass(watermark);
            self.advance(out)?;
        }
        Ok(())
    }

    fn next_timer(&self) -> Option<Watermark> {
        self.waiting.first_key_value().map(|(time, _)| Watermark(*time))
    }

    fn on_tick(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.find_changes();
        self.advance(out)
    }

    fn on_end(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.on_tick(out)
    }

    fn next_processing_timer(&self) -> Option<Millis> {
        self.values.expiry.as_ref().filter(|_| self.touched.is_empty())?.next_timer()
    }

    fn on_processing_time(&mut self, now: Millis, _out: &mut Output<RowBatch>) -> Result<()> {
        let waits = self.waits();
        let expired = self.values.expiry.as_mut().map(|expiry| expiry.find_expired(now)).unwrap_or_default();
        for slot in expired {
            if self.values.kept[slot as usize].may_expire(waits) {
                self.resident.remove(&self.keys, &self.values, slot);
                self.values.evict(slot, self.keys.hash(slot));
                self.keys.remove(slot);
            } else if let Some(expiry) = &mut self.values.expiry {
                expiry.write(slot, now);
            }
        }
        Ok(())
    }

    fn has_more(&self) -> bool {
        self.emitting
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.advance(out)
    }

    /// Per key group, for each key: its bytes, the time of its row, with a TTL when it was written, and after a 1 each the row that waits or was the last to
    /// come, and the row that went out.
    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        if let Some(ticket) = self.resident.freeze(&self.keys, &self.values)? {
            return Ok(OperatorSnapshot::of_tier(ticket));
        }
        let mut blobs = KeyedBlobs::new(VERSION);
        for (group, slots) in self.keys.by_group(self.context.key_groups) {
            let blob = blobs.group(group);
            for slot in slots {
                put_bytes(blob, self.keys.key(slot));
                put_i64(blob, self.values.kept[slot as usize].time);
                put_i64(blob, self.values.written(slot));
                self.values.write_rows(slot, blob);
            }
        }
        Ok(OperatorSnapshot { keyed: blobs.into_inner(), ..OperatorSnapshot::default() })
    }

    fn write_behind(&mut self) -> Result<bool> {
        self.resident.advance(&self.keys, &self.values)
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        let waits = self.waits();
        let Deduplicate { keys, values, resident, waiting, touched, .. } = self;
        resident.restore(&state.tier("")?, keys, values)?;
        read_keyed(&state, VERSION, "a deduplication", |_, blob| {
            let key = blob.bytes()?;
            let (slot, _) = keys.insert(hash_key(key), key);
            values.grow(keys.slots());
            let time = blob.i64()?;
            let written = Millis(blob.i64()?);
            values.read(slot, time, written, blob)?;
            let kept = &mut values.kept[slot as usize];
            if waits && kept.row != NONE {
                waiting.entry(kept.time).or_default().push(slot);
            }
            if kept.row != kept.sent && values.keep_last {
                kept.touched = true;
                touched.push(slot);
            }
            resident.restored(keys, values, slot)
        })?;
        self.values.expiry.iter_mut().for_each(Expiry::restored);
        Ok(())
    }
}
