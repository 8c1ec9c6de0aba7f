//! What stands before a sink that takes upserts by its primary key: at most one change per key and tick, the row that the
//! key has now or the deletion of the one that it had.
//!
//! Where the changelog has the sink's key, the last row of a tick is the row of its key, and nothing is kept. Where it has
//! another key (a join by one column written by another), several of its rows may share the sink's, and they are
//! added and taken back in any order: then all rows of a key are kept, the last to come is its row, and when that is taken back
//! the one before it is again.
//!
//! Source of the semantics: Flink 2.3's `SinkUpsertMaterializer` and `table.exec.sink.upsert-materialize`.

use crate::expiry::Expiry;
use crate::expression::{Expression, evaluate_all};
use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, SchemaRef};
use riverrun_core::{Millis, Result, RowBatch, Schema};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::blob::{BlobReader, put_bytes, put_i64, put_u32, read_keyed};
use riverrun_state::tier::{EncodeSlots, Resident, SlotValues};
use riverrun_state::{KeyEncoder, KeyTable, OperatorSnapshot, RestoredState, RowArena, hash_key, key};

#[cfg(test)]
mod tests;

/// The changes of a sink's keys. The input must be routed by `keys`; of the output, +1 is the row of its key and −1 its
/// deletion.
#[derive(Clone, Debug)]
pub struct SinkMaterializeSpec {
    /// The sink's primary key.
    pub keys: Vec<Expression>,
    /// Whether all rows of a key are kept.
    pub keeps_rows: bool,
    /// The columns of input and output.
    pub schema: Schema,
    /// How long a key is kept that gets no rows (`table.exec.state.ttl`); `None`: for ever.
    pub ttl: Option<Millis>,
    /// How many rows a batch of results has at the most (`execution.batch-size`).
    pub batch_size: usize,
}

const VERSION: u8 = 2;

/// Finds the changes of a sink's keys.
#[derive(Debug)]
pub struct SinkMaterialize {
    spec: SinkMaterializeSpec,
    context: OperatorContext,
    schema: SchemaRef,
    types: Vec<DataType>,
    keys: KeyTable,
    resident: Resident,
    values: Values,
    touched: Vec<u32>,
    changes: Vec<Change>,
    position: usize,
    emitting: bool,
    key_encoder: KeyEncoder,
    row_encoder: KeyEncoder,
}

/// The rows of all keys.
#[derive(Debug)]
struct Values {
    groups: Vec<Group>,
    rows: RowArena,
    expiry: Option<Expiry>,
}

impl Values {
    /// Forgets the rows of a key.
    fn clear(&mut self, slot: u32) {
        let Group { rows, sent, .. } = std::mem::take(&mut self.groups[slot as usize]);
        if let Some(sent) = sent.filter(|sent| !rows.contains(sent)) {
            self.rows.remove(sent);
        }
        rows.into_iter().for_each(|row| self.rows.remove(row));
    }

    fn read(&mut self, slot: u32, blob: &mut BlobReader<'_>) -> Result<()> {
        let written = Millis(blob.i64()?);
        if let Some(expiry) = &mut self.expiry {
            expiry.read(slot, written);
        }
        let group = &mut self.groups[slot as usize];
        for _ in 0..blob.u32()? {
            group.rows.push(self.rows.insert(blob.bytes()?));
        }
        if blob.u8()? != 0 {
            let sent = blob.bytes()?;
            // Mostly it is the last of the rows.
            let known = group.rows.iter().rev().find(|row| self.rows.get(**row) == sent).copied();
            group.sent = Some(known.unwrap_or_else(|| self.rows.insert(sent)));
        }
        Ok(())
    }
}

/// A value: when it was written, the number of rows, the rows, and after a 1 the row that the sink has.
impl EncodeSlots for Values {
    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        let group = &self.groups[slot as usize];
        put_i64(out, self.expiry.as_ref().map_or(0, |expiry| expiry.written(slot).0));
        put_u32(out, group.rows.len() as u32);
        for row in &group.rows {
            put_bytes(out, self.rows.get(*row));
        }
        out.push(u8::from(group.sent.is_some()));
        if let Some(sent) = group.sent {
            put_bytes(out, self.rows.get(sent));
        }
    }
}

impl SlotValues for Values {
    fn grow(&mut self, slots: usize) {
        if slots > self.groups.len() {
            self.groups.resize_with(slots, Group::default);
        }
    }

    fn decode(&mut self, slot: u32, _hash: u64, value: &[u8]) -> Result<()> {
        self.read(slot, &mut BlobReader::new(value))
    }

    fn evict(&mut self, slot: u32, _hash: u64) {
        self.clear(slot);
        self.expiry.iter_mut().for_each(|expiry| expiry.forget(slot));
    }

    fn is_pinned(&self, slot: u32) -> bool {
        self.groups[slot as usize].touched
    }
}

/// The rows of a key.
#[derive(Clone, Debug, Default)]
struct Group {
    /// Those that are there (without kept rows: that came in this tick), in the order of their arrival.
    rows: Vec<u32>,
    /// The row that the sink has. Without kept rows: one of an earlier tick that was taken back.
    sent: Option<u32>,
    touched: bool,
}

#[derive(Clone, Copy, Debug)]
struct Change {
    row: u32,
    weight: i64,
    last_use: bool,
}

impl SinkMaterialize {
    /// The operator on one worker.
    pub fn new(spec: SinkMaterializeSpec, context: OperatorContext) -> Result<Self> {
        let schema = spec.schema.to_arrow();
        Ok(SinkMaterialize {
            types: schema.fields().iter().map(|field| field.data_type().clone()).collect(),
            schema,
            // Without kept rows nothing outlives its tick.
            resident: match spec.keeps_rows {
                true => context.resident("", spec.ttl),
                false => Resident::in_memory(),
            },
            values: Values {
                groups: Vec::new(),
                rows: RowArena::default(),
                expiry: spec.ttl.filter(|_| spec.keeps_rows).map(|ttl| Expiry::new(ttl, context.clock.clone())),
            },
            spec,
            context,
            keys: KeyTable::default(),
            touched: Vec::new(),
            changes: Vec::new(),
            position: 0,
            emitting: false,
            key_encoder: KeyEncoder::default(),
            row_encoder: KeyEncoder::exact(),
        })
    }

    fn take_in(&mut self, batch: &RowBatch) -> Result<()> {
        let count = batch.num_rows();
        let keys = evaluate_all(&self.spec.keys, &batch.columns)?;
        let keys = self.key_encoder.encode(&keys, count)?.clone();
        let rows = self.row_encoder.encode(batch.columns.columns(), count)?.clone();
        let now = self.context.clock.now();
        let (mut hashes, mut slots) = (Vec::new(), Vec::new());
        keys.hash_into(&mut hashes);
        self.resident.slots(&mut self.keys, &mut self.values, &keys, &hashes, &mut slots)?;
        for (index, (slot, row)) in slots.into_iter().zip(rows.iter()).enumerate() {
            self.write(slot, now);
            let weight = batch.weight(index);
            for _ in 0..weight.max(0) {
                self.add(slot, row);
            }
            for _ in 0..weight.min(0).unsigned_abs() {
                self.take_back(slot, row);
            }
            let group = &mut self.values.groups[slot as usize];
            if !group.touched {
                group.touched = true;
                self.touched.push(slot);
            }
        }
        Ok(())
    }

    /// A key is written; if its time was over, its rows are gone before.
    fn write(&mut self, slot: u32, now: Millis) {
        let Some(expiry) = &mut self.values.expiry else { return };
        let expired = !self.values.groups[slot as usize].touched && expiry.is_expired(slot, now);
        expiry.write(slot, now);
        if expired {
            self.values.clear(slot);
        }
    }

    fn add(&mut self, slot: u32, row: &[u8]) {
        let Values { groups, rows, .. } = &mut self.values;
        let group = &mut groups[slot as usize];
        if !self.spec.keeps_rows
            && let Some(sent) = group.sent
            && rows.get(sent) == row
            && group.rows.is_empty()
        {
            // It was taken back, and is there again.
            rows.remove(sent);
            group.sent = None;
            return;
        }
        group.rows.push(rows.insert(row));
    }

    fn take_back(&mut self, slot: u32, row: &[u8]) {
        let Values { groups, rows, .. } = &mut self.values;
        let group = &mut groups[slot as usize];
        match group.rows.iter().position(|known| rows.get(*known) == row) {
            Some(at) => {
                let known = group.rows.remove(at);
                if !self.spec.keeps_rows || group.sent != Some(known) {
                    rows.remove(known);
                }
            }
            None if self.spec.keeps_rows => self.context.metrics.skipped.add(1),
            None => {
                if let Some(before) = group.sent.replace(rows.insert(row)) {
                    rows.remove(before);
                }
            }
        }
    }

    /// Finds what has changed in this tick.
    fn find_changes(&mut self) {
        for slot in std::mem::take(&mut self.touched) {
            let Values { groups, rows, expiry } = &mut self.values;
            let group = &mut groups[slot as usize];
            group.touched = false;
            let now = group.rows.last().copied();
            if !self.spec.keeps_rows {
                match (now, group.sent) {
                    (Some(row), _) => self.changes.push(Change { row, weight: 1, last_use: true }),
                    (None, Some(row)) => self.changes.push(Change { row, weight: -1, last_use: true }),
                    (None, None) => {}
                }
                // The others are not needed any more.
                for row in group.rows.drain(..).chain(group.sent.take()) {
                    if self.changes.last().is_none_or(|change| change.row != row) {
                        rows.remove(row);
                    }
                }
                self.keys.remove(slot);
                continue;
            }
            let same = match (now, group.sent) {
                (Some(now), Some(sent)) => rows.get(now) == rows.get(sent),
                (None, None) => true,
                _ => false,
            };
            let gone = group.sent.filter(|sent| !group.rows.contains(sent));
            match now {
                _ if same => {
                    if let Some(gone) = gone {
                        rows.remove(gone);
                    }
                }
                Some(row) => {
                    self.changes.push(Change { row, weight: 1, last_use: false });
                    if let Some(gone) = gone {
                        rows.remove(gone);
                    }
                }
                None => self.changes.extend(gone.map(|row| Change { row, weight: -1, last_use: true })),
            }
            group.sent = now;
            if now.is_none() {
                expiry.iter_mut().for_each(|expiry| expiry.forget(slot));
                self.resident.remove(&self.keys, &self.values, slot);
                self.keys.remove(slot);
            }
        }
    }

    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        while self.position < self.changes.len() {
            if !out.has_room() {
                return Ok(());
            }
            let end = self.changes.len().min(self.position + self.spec.batch_size.max(1));
            let changes = &self.changes[self.position..end];
            let columns = key::decode(&self.types, changes.iter().map(|change| self.values.rows.get(change.row)))?;
            let options = RecordBatchOptions::new().with_row_count(Some(changes.len()));
            let columns = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
            let weights = changes.iter().map(|change| change.weight).collect();
            out.emit(RowBatch { columns, weights: Some(weights) });
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

impl Operator<RowBatch> for SinkMaterialize {
    fn on_batch(
        &mut self,
        _port: usize,
        batch: RowBatch,
        _watermarks: &WatermarkRuns,
        _out: &mut Output<RowBatch>,
    ) -> Result<()> {
        self.take_in(&batch)
    }

    fn on_tick(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.find_changes();
        self.emitting = true;
        self.advance(out)
    }

    fn on_end(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.on_tick(out)
    }

    fn needs_whole_ticks(&self) -> bool {
        // Without kept rows, what two ticks bring to a key must not be mixed with half of a third.
        !self.spec.keeps_rows
    }

    fn has_more(&self) -> bool {
        self.emitting
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.advance(out)
    }

    fn next_processing_timer(&self) -> Option<Millis> {
        // A key is not taken away in the middle of a tick that has touched it.
        self.values.expiry.as_ref().filter(|_| self.touched.is_empty() && !self.emitting)?.next_timer()
    }

    fn on_processing_time(&mut self, now: Millis, _out: &mut Output<RowBatch>) -> Result<()> {
        let expired = self.values.expiry.as_mut().map(|expiry| expiry.find_expired(now)).unwrap_or_default();
        for slot in expired {
            self.resident.remove(&self.keys, &self.values, slot);
            self.values.evict(slot, self.keys.hash(slot));
            self.keys.remove(slot);
        }
        Ok(())
    }

    /// Per key group, for each key: its bytes, with a TTL when it was written, the number of its rows, the rows, and after a 1 the row that the sink has.
    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        self.resident.snapshot(&self.keys, &self.values, (VERSION, self.context.key_groups))
    }

    fn write_behind(&mut self) -> Result<bool> {
        self.resident.advance(&self.keys, &self.values)
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        let SinkMaterialize { keys, values, resident, .. } = self;
        resident.restore(&state.tier("")?, keys, values)?;
        read_keyed(&state, VERSION, "the changes of a sink", |_, blob: &mut BlobReader<'_>| {
            let key = blob.bytes()?;
            let (slot, _) = keys.insert(hash_key(key), key);
            values.grow(keys.slots());
            values.read(slot, blob)?;
            resident.restored(keys, values, slot)
        })?;
        self.values.expiry.iter_mut().for_each(Expiry::restored);
        Ok(())
    }
}
