//! The rows of a join that stay in memory until time has passed them.
//!
//! Each side has a log of its own, where there is a tier: a barrier writes the rows that have come since the one before, and which have
//! gone. In the log a row's key is the hash of its join key and a number that no other row of this hash has; its value is the
//! join key, a word, and the row. Small sides stand in the blobs of their key groups ([`write_rows`]).

use super::chunks::{Chunks, Place};
use super::rows::{NewRow, Rows, RowsOptions};
use super::state::{KeptRow, READ_ROWS, decoded, read_rows, write_rows};
use super::{LEFT, RIGHT};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use riverrun_core::{Error, Millis, Result, Schema};
use riverrun_runtime::OperatorContext;
use riverrun_state::blob::{BlobReader, KeyedBlobs, put_bytes, put_i64};
use riverrun_state::tier::{EncodeSlots, PutValue, Resident, SlotKeys, TierFiles};
use riverrun_state::{KeyEncoder, KeyTable, OperatorSnapshot, RestoredState, hash_key};
use std::sync::Arc;

/// The tables of the sides in a checkpoint.
const TABLES: [&str; 2] = ["left", "right"];

/// The rows of both sides.
#[derive(Debug)]
pub struct HeldRows {
    version: u8,
    what: &'static str,
    inputs: [Schema; 2],
    schemas: [SchemaRef; 2],
    sides: [Rows; 2],
    logs: [Log; 2],
    /// The time of each row.
    times: [Vec<i64>; 2],
    /// For which sides it counts after a restart whether a row has found a match; none: it is not written.
    tracked: Option<[bool; 2]>,
    key_groups: u16,
}

/// What of a side's rows is in its log.
#[derive(Debug)]
struct Log {
    keys: RowKeys,
    resident: Resident,
    /// Rows that were added since the last [`HeldRows::finish`].
    added: Vec<u32>,
}

/// A row that was read.
#[derive(Clone, Copy, Debug)]
pub struct ReadRow {
    /// Its side.
    pub side: usize,
    /// The slot of its join key.
    pub slot: u32,
    /// Its number.
    pub number: u32,
    /// Its time.
    pub time: i64,
}

impl HeldRows {
    /// No rows. `what` the operator is says an error; `tracked`: for which sides it is written whether a row has found a match.
    pub fn new(
        (version, what): (u8, &'static str),
        inputs: &[Schema; 2],
        tracked: Option<[bool; 2]>,
        context: &OperatorContext,
    ) -> Self {
        let rows = || Rows::new(RowsOptions { tracked: true, ..RowsOptions::default() });
        let log = |table| Log { keys: RowKeys::default(), resident: context.held(table), added: Vec::new() };
        HeldRows {
            version,
            what,
            schemas: inputs.each_ref().map(Schema::to_arrow),
            inputs: inputs.clone(),
            sides: [rows(), rows()],
            logs: TABLES.map(log),
            times: Default::default(),
            tracked,
            key_groups: context.key_groups,
        }
    }

    /// The rows of a side.
    pub fn side(&self, side: usize) -> &Rows {
        &self.sides[side]
    }

    /// The chunks of both sides.
    pub fn chunks(&self) -> [&Chunks; 2] {
        self.sides.each_ref().map(Rows::chunks)
    }

    /// The time of a row.
    pub fn time(&self, side: usize, number: u32) -> i64 {
        self.times[side][number as usize]
    }

    /// Makes room for so many key slots.
    pub fn grow(&mut self, slots: usize) {
        self.sides.iter_mut().for_each(|rows| rows.grow(slots));
    }

    /// A batch whose rows may be added.
    pub fn begin(&mut self, side: usize, batch: RecordBatch) -> Result<u32> {
        self.sides[side].begin(batch)
    }

    /// Keeps a row of a batch that was begun; its number.
    pub fn add(&mut self, side: usize, keys: &KeyTable, row: NewRow, time: i64) -> Result<u32> {
        let number = self.place(side, row, time)?;
        self.logs[side].add(number, keys.hash(row.slot));
        Ok(number)
    }

    fn place(&mut self, side: usize, row: NewRow, time: i64) -> Result<u32> {
        let number = self.sides[side].add(row)?;
        let times = &mut self.times[side];
        if times.len() <= number as usize {
            times.resize(number as usize + 1, 0);
        }
        times[number as usize] = time;
        Ok(number)
    }

    /// The rows of a side as they are written, and their log.
    fn parts<'a>(&'a mut self, side: usize, keys: &'a KeyTable) -> (Values<'a>, &'a mut Log) {
        let values = Values {
            rows: &self.sides[side],
            times: &self.times[side],
            schema: &self.schemas[side],
            keys,
            matches: self.tracked.map(|tracked| tracked[side]),
        };
        (values, &mut self.logs[side])
    }

    /// These rows have found a match each.
    pub fn add_matches(&mut self, side: usize, keys: &KeyTable, numbers: &[u32]) {
        if self.tracked.is_some_and(|tracked| tracked[side]) {
            let (values, log) = self.parts(side, keys);
            log.change(&values, numbers.iter().copied().filter(|number| values.rows.matches(*number) == 0));
        }
        numbers.iter().for_each(|number| self.sides[side].add_matches(*number, 1, Millis(0)));
    }

    /// Forgets rows.
    pub fn remove(&mut self, side: usize, keys: &KeyTable, numbers: &[u32]) {
        let (values, log) = self.parts(side, keys);
        log.remove(&values, numbers);
        numbers.iter().for_each(|number| self.sides[side].remove(*number));
    }

    /// A batch of a side is done, or rows of it have gone.
    pub fn finish(&mut self, side: usize, keys: &KeyTable) -> Result<()> {
        let (values, log) = self.parts(side, keys);
        log.finish(&values);
        self.sides[side].finish()
    }

    /// A barrier: what the rows are now.
    pub fn snapshot(&mut self, keys: &KeyTable) -> Result<OperatorSnapshot> {
        let mut snapshot = OperatorSnapshot::default();
        let (mut blobs, key_groups) = (KeyedBlobs::new(self.version), self.key_groups);
        for (side, table) in TABLES.into_iter().enumerate() {
            let (values, Log { keys: row_keys, resident, .. }) = self.parts(side, keys);
            match resident.freeze(row_keys, &values)? {
                Some(ticket) => drop(snapshot.tiers.insert(table.to_owned(), ticket)),
                None => write_rows(&mut blobs, keys, (side, values.rows), key_groups, |number| values.word(number))?,
            }
        }
        snapshot.keyed = blobs.into_inner();
        Ok(snapshot)
    }

    /// Writes some of what the barrier has frozen; whether there is more.
    pub fn write_behind(&mut self, keys: &KeyTable) -> Result<bool> {
        for side in [LEFT, RIGHT] {
            let (values, Log { keys: row_keys, resident, .. }) = self.parts(side, keys);
            if resident.advance(row_keys, &values)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes over the key groups of an earlier run; gives each row to `read`.
    pub fn restore(&mut self, state: &RestoredState, keys: &mut KeyTable, read: &mut dyn FnMut(ReadRow)) -> Result<()> {
        for (side, table) in TABLES.into_iter().enumerate() {
            self.restore_log(side, &state.tier(table)?, keys, read)?;
        }
        let kept = read_rows(state, self.version, self.what, keys, &self.inputs)?;
        for (side, batch, rows) in kept.batches {
            self.take_in(side, keys, batch, (&rows, true), read)?;
            self.finish(side, keys)?;
        }
        Ok(())
    }

    /// Keeps rows that were read, which are new to the log or not.
    fn take_in(
        &mut self,
        side: usize,
        keys: &KeyTable,
        batch: RecordBatch,
        (rows, new): (&[KeptRow], bool),
        read: &mut dyn FnMut(ReadRow),
    ) -> Result<()> {
        self.grow(keys.slots());
        let chunk = self.begin(side, batch)?;
        for (at, &KeptRow { slot, time: word }) in rows.iter().enumerate() {
            let (time, matches) = self.of_word(word);
            let place = Place { chunk, row: at as u32 };
            let row = NewRow { slot, place, hash: 0, count: 1, matches, time: Millis(0) };
            let number = self.place(side, row, time)?;
            if new {
                self.logs[side].add(number, keys.hash(slot));
            }
            read(ReadRow { side, slot, number, time });
        }
        Ok(())
    }

    /// The time that a word says, and how many matches at the least.
    fn of_word(&self, word: i64) -> (i64, u32) {
        match self.tracked {
            Some(_) => (word >> 1, (word & 1) as u32),
            None => (word, 0),
        }
    }

    fn restore_log(
        &mut self,
        side: usize,
        parts: &[Arc<TierFiles>],
        keys: &mut KeyTable,
        read: &mut dyn FnMut(ReadRow),
    ) -> Result<()> {
        // Rows come one at a time, and are decoded many at a time. Since nothing was removed yet, their numbers are known before.
        let mut resident = std::mem::replace(&mut self.logs[side].resident, Resident::in_memory());
        let tiered = resident.is_tiered();
        let (mut rows, mut bytes): (Vec<KeptRow>, Vec<Vec<u8>>) = Default::default();
        let mut next = self.sides[side].numbers() as u32;
        let mut take_in = |held: &mut HeldRows, keys: &KeyTable, rows: &mut Vec<KeptRow>, bytes: &mut Vec<Vec<u8>>| {
            let batch = decoded(&held.schemas[side], &bytes.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
            held.take_in(side, keys, batch, (rows, false), read)?;
            rows.clear();
            bytes.clear();
            held.sides[side].finish()
        };
        resident.restore_with(parts, &mut |row_key, value| {
            let mut value = BlobReader::new(value);
            let key = value.bytes()?;
            let (slot, _) = keys.insert(hash_key(key), key);
            rows.push(KeptRow { slot, time: value.i64()? });
            bytes.push(value.rest().to_vec());
            let number = next;
            next += 1;
            if tiered {
                self.logs[side].keys.read(number, row_key)?;
            }
            if rows.len() >= READ_ROWS {
                take_in(self, keys, &mut rows, &mut bytes)?;
            }
            Ok(number)
        })?;
        if !rows.is_empty() {
            take_in(self, keys, &mut rows, &mut bytes)?;
        }
        self.logs[side].resident = resident;
        if self.sides[side].numbers() != next as usize {
            return Err(Error::bug("rows of a join that were read have other numbers than they were given"));
        }
        Ok(())
    }
}

impl Log {
    /// A row is new.
    fn add(&mut self, number: u32, hash: u64) {
        if self.resident.is_tiered() {
            self.keys.add(number, hash);
            self.added.push(number);
        }
    }

    /// These rows are about to be changed.
    fn change(&mut self, values: &Values<'_>, numbers: impl Iterator<Item = u32>) {
        if self.resident.is_tiered() {
            self.resident.change(&self.keys, values, &numbers.collect::<Vec<_>>());
        }
    }

    /// These rows are about to go.
    fn remove(&mut self, values: &Values<'_>, numbers: &[u32]) {
        if !self.resident.is_tiered() {
            return;
        }
        // What a barrier under way has of them is written together.
        self.resident.change(&self.keys, values, numbers);
        for &number in numbers {
            self.resident.remove(&self.keys, values, number);
            self.keys.remove(number);
        }
    }

    /// A batch is done: its rows are in their places.
    fn finish(&mut self, values: &Values<'_>) {
        let added = std::mem::take(&mut self.added);
        self.resident.change(&self.keys, values, &added);
    }
}

/// The rows of a side as they are written: the join key, the word, the columns.
struct Values<'a> {
    rows: &'a Rows,
    times: &'a [i64],
    schema: &'a SchemaRef,
    keys: &'a KeyTable,
    matches: Option<bool>,
}

impl Values<'_> {
    /// The time of a row, and in its lowest bit, where that is asked for, whether the row has found a match.
    fn word(&self, number: u32) -> i64 {
        let time = self.times[number as usize];
        match self.matches {
            None => time,
            Some(tracked) => time << 1 | i64::from(tracked && self.rows.matches(number) > 0),
        }
    }
}

impl EncodeSlots for Values<'_> {
    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        // What can't be encoded is told when it is written.
        let _ = self.encode_each(&[slot], &mut |_, append| append(out));
    }

    fn encode_each(&self, slots: &[u32], put: &mut PutValue<'_>) -> Result<()> {
        let mut encoder = KeyEncoder::exact();
        let encoded = self.rows.encoded(slots, self.schema, &mut encoder)?;
        for (at, &slot) in slots.iter().enumerate() {
            put(slot, &mut |out| {
                put_bytes(out, self.keys.key(self.rows.slot(slot)));
                put_i64(out, self.word(slot));
                out.extend_from_slice(encoded.row(at));
            });
        }
        Ok(())
    }

    fn num_bytes(&self) -> Option<usize> {
        Some(self.rows.num_bytes())
    }
}

/// The keys of rows in a log, by number: the hash of the join key, and a number that is larger than those of all rows there are.
/// After a restart that of a row that has gone may come again: the newest record of a key counts.
#[derive(Debug, Default)]
struct RowKeys {
    keys: Vec<[u8; ROW_KEY]>,
    live: usize,
    next: u64,
}

const ROW_KEY: usize = 16;

/// The key of a number that no row has.
const NO_KEY: [u8; ROW_KEY] = [0xFF; ROW_KEY];

impl RowKeys {
    /// A new row.
    fn add(&mut self, number: u32, hash: u64) {
        let mut key = NO_KEY;
        key[..8].copy_from_slice(&hash.to_be_bytes());
        key[8..].copy_from_slice(&self.next.to_be_bytes());
        self.next += 1;
        self.put(number, key);
    }

    /// A row that was read.
    fn read(&mut self, number: u32, key: &[u8]) -> Result<()> {
        let key: [u8; ROW_KEY] =
            key.try_into().map_err(|_| Error::failure("a row of a join has a key of another length"))?;
        let [.., a, b, c, d, e, f, g, h] = key;
        self.next = self.next.max(u64::from_be_bytes([a, b, c, d, e, f, g, h]).saturating_add(1));
        self.put(number, key);
        Ok(())
    }

    fn put(&mut self, number: u32, key: [u8; ROW_KEY]) {
        if self.keys.len() <= number as usize {
            self.keys.resize(number as usize + 1, NO_KEY);
        }
        self.keys[number as usize] = key;
        self.live += 1;
    }

    fn remove(&mut self, number: u32) {
        self.keys[number as usize] = NO_KEY;
        self.live -= 1;
    }
}

impl SlotKeys for RowKeys {
    fn slots(&self) -> usize {
        self.keys.len()
    }

    fn len(&self) -> usize {
        self.live
    }

    fn live(&self) -> impl Iterator<Item = u32> {
        self.keys.iter().enumerate().filter(|(_, key)| **key != NO_KEY).map(|(number, _)| number as u32)
    }

    fn hash(&self, slot: u32) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.keys[slot as usize];
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }

    fn key(&self, slot: u32) -> &[u8] {
        &self.keys[slot as usize]
    }

    fn live_bytes(&self) -> usize {
        self.keys.len() * ROW_KEY
    }
}
