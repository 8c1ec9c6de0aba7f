//! What a temporal join keeps per key: versions, and left rows that wait for the watermark.

use super::{LEFT, RIGHT, Result, Version};
use crate::expiry::Expiry;
use crate::join::chunks::{NO_ROW, Place};
use crate::join::rows::{NewRow, Rows, RowsOptions};
use crate::join::state::{READ_ROWS, decoded};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use riverrun_core::{Millis, Schema, Watermark};
use riverrun_state::blob::{BlobReader, put_bytes, put_i64, put_u32};
use riverrun_state::tier::{EncodeSlots, PutValue, SlotValues};
use riverrun_state::{KeyEncoder, KeyRows};
use std::collections::BTreeMap;

/// The rows of all keys in memory.
#[derive(Debug)]
pub(super) struct Kept {
    /// Left rows that wait, and right rows that are versions.
    pub sides: [Rows; 2],
    /// The time and the weight of each left row.
    pub lefts: Vec<(i64, i64)>,
    /// Left rows by their time.
    pub waiting: BTreeMap<i64, Vec<u32>>,
    /// The versions of each key, oldest first.
    pub versions: Vec<Vec<Version>>,
    /// Keys by the times of their versions: there is something to forget when the watermark has passed them. A key may have
    /// left memory, or its slot be another's.
    pub passing: BTreeMap<i64, Vec<u32>>,
    /// Rows taken back in this tick: the key and the time.
    pub deleted: BTreeMap<u32, i64>,
    /// The left rows up to it have gone out.
    pub fired: Watermark,
    /// When a key's rows came last.
    pub expiry: Option<Expiry>,
    timed: bool,
    schemas: [SchemaRef; 2],
    reading: [Reading; 2],
}

/// Rows on their way from bytes to columns: the slot, the time and the weight of each.
#[derive(Debug, Default)]
struct Reading {
    bytes: KeyRows,
    rows: Vec<(u32, i64, i64)>,
}

impl Kept {
    pub fn new(inputs: &[Schema; 2], timed: bool, expiry: Option<Expiry>) -> Self {
        let rows = || Rows::new(RowsOptions::default());
        Kept {
            sides: [rows(), rows()],
            lefts: Vec::new(),
            waiting: BTreeMap::new(),
            versions: Vec::new(),
            passing: BTreeMap::new(),
            deleted: BTreeMap::new(),
            fired: Watermark::MIN,
            expiry,
            timed,
            schemas: inputs.each_ref().map(Schema::to_arrow),
            reading: Default::default(),
        }
    }

    /// Puts a version among those of its key; of equal times the last one to come counts.
    pub fn put(&mut self, slot: u32, version: Version) {
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
        if self.timed {
            self.passing.entry(version.time).or_default().push(slot);
        }
    }

    /// The row of a key's version at a time, or [`NO_ROW`].
    pub fn version(&self, slot: u32, time: i64) -> u32 {
        let versions = &self.versions[slot as usize];
        let after = versions.partition_point(|version| version.time <= time);
        after.checked_sub(1).map_or(NO_ROW, |at| versions[at].row)
    }

    pub fn drop_versions(&mut self, slot: u32) {
        for version in std::mem::take(&mut self.versions[slot as usize]) {
            if version.row != NO_ROW {
                self.sides[RIGHT].remove(version.row);
            }
        }
    }

    /// Whether something of a key's versions is to be forgotten by now.
    pub fn has_passed(&self, slot: u32) -> bool {
        let versions = &self.versions[slot as usize];
        let passed = versions.partition_point(|version| version.time <= self.fired.0);
        passed > 1 || (passed == 1 && versions[0].row == NO_ROW)
    }

    /// Forgets versions of a key that ended before the watermark.
    pub fn forget_passed(&mut self, slot: u32) {
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
    }

    /// Adds rows of a batch, with the slot, the time and the weight of each.
    pub fn add(&mut self, side: usize, batch: RecordBatch, rows: impl Iterator<Item = (u32, i64, i64)>) -> Result<()> {
        let chunk = self.sides[side].begin(batch)?;
        for (row, (slot, time, weight)) in rows.enumerate() {
            self.add_row(side, Place { chunk, row: row as u32 }, slot, time, weight)?;
        }
        Ok(())
    }

    /// Adds a row of a batch that was begun.
    pub fn add_row(&mut self, side: usize, place: Place, slot: u32, time: i64, weight: i64) -> Result<()> {
        let new = NewRow { slot, place, hash: 0, count: 1, matches: 0, time: Millis(0) };
        let number = self.sides[side].add(new)?;
        if side == RIGHT {
            self.put(slot, Version { time, row: number });
            return Ok(());
        }
        if self.lefts.len() <= number as usize {
            self.lefts.resize(number as usize + 1, (0, 1));
        }
        self.lefts[number as usize] = (time, weight);
        self.waiting.entry(time).or_default().push(number);
        Ok(())
    }
}

/// A value: when a row came last, the left rows (time, weight, columns), and the versions (time, and after a 1 the columns).
impl EncodeSlots for Kept {
    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        // What can't be encoded is told when it is written.
        let _ = self.encode_each(&[slot], &mut |_, append| append(out));
    }

    fn encode_each(&self, slots: &[u32], put: &mut PutValue<'_>) -> Result<()> {
        let lefts: Vec<u32> = slots.iter().flat_map(|slot| self.sides[LEFT].list(*slot)).collect();
        let versions = slots.iter().flat_map(|slot| &self.versions[*slot as usize]);
        let rights: Vec<u32> = versions.map(|version| version.row).filter(|row| *row != NO_ROW).collect();
        let [mut left, mut right] = [KeyEncoder::exact(), KeyEncoder::exact()];
        let left = self.sides[LEFT].encoded(&lefts, &self.schemas[LEFT], &mut left)?;
        let right = self.sides[RIGHT].encoded(&rights, &self.schemas[RIGHT], &mut right)?;
        let (mut lefts, mut rights) = (left.iter(), right.iter());
        for &slot in slots {
            put(slot, &mut |out| {
                let waits = self.sides[LEFT].first(slot) != NO_ROW;
                // Rows that wait for the watermark do not go by themselves.
                let written = self.expiry.as_ref().filter(|_| !waits).map_or(0, |expiry| expiry.written(slot).0);
                put_i64(out, written);
                put_u32(out, self.sides[LEFT].length(slot) as u32);
                for number in self.sides[LEFT].list(slot) {
                    let (time, weight) = self.lefts[number as usize];
                    put_i64(out, time);
                    put_i64(out, weight);
                    put_bytes(out, lefts.next().unwrap_or_default());
                }
                let versions = &self.versions[slot as usize];
                put_u32(out, versions.len() as u32);
                for version in versions {
                    put_i64(out, version.time);
                    out.push(u8::from(version.row != NO_ROW));
                    if version.row != NO_ROW {
                        put_bytes(out, rights.next().unwrap_or_default());
                    }
                }
            });
        }
        Ok(())
    }

    fn num_bytes(&self) -> Option<usize> {
        let versions = 2 * size_of::<Version>() * self.sides[RIGHT].len();
        Some(self.sides.iter().map(Rows::num_bytes).sum::<usize>() + versions)
    }
}

impl SlotValues for Kept {
    fn grow(&mut self, slots: usize) {
        self.sides.iter_mut().for_each(|rows| rows.grow(slots));
        if slots > self.versions.len() {
            self.versions.resize_with(slots, Vec::new);
        }
    }

    fn decode(&mut self, slot: u32, _hash: u64, value: &[u8]) -> Result<()> {
        let mut value = BlobReader::new(value);
        let written = Millis(value.i64()?);
        if let Some(expiry) = &mut self.expiry {
            expiry.read(slot, written);
        }
        for _ in 0..value.u32()? {
            let (time, weight) = (value.i64()?, value.i64()?);
            self.reading[LEFT].rows.push((slot, time, weight));
            self.reading[LEFT].bytes.push(value.bytes()?);
        }
        for _ in 0..value.u32()? {
            let time = value.i64()?;
            if value.u8()? == 0 {
                self.put(slot, Version { time, row: NO_ROW });
                continue;
            }
            self.reading[RIGHT].rows.push((slot, time, 1));
            self.reading[RIGHT].bytes.push(value.bytes()?);
        }
        Ok(())
    }

    fn loaded(&mut self) -> Result<()> {
        for side in [LEFT, RIGHT] {
            let Reading { bytes, rows } = std::mem::take(&mut self.reading[side]);
            let bytes: Vec<&[u8]> = bytes.iter().collect();
            for (bytes, rows) in bytes.chunks(READ_ROWS).zip(rows.chunks(READ_ROWS)) {
                let batch = decoded(&self.schemas[side], bytes)?;
                self.add(side, batch, rows.iter().copied())?;
            }
        }
        Ok(())
    }

    fn evict(&mut self, slot: u32, _hash: u64) {
        self.drop_versions(slot);
        self.expiry.iter_mut().for_each(|expiry| expiry.forget(slot));
    }

    /// Rows that wait have to be known without being asked for, and so has what is to be forgotten.
    fn is_pinned(&self, slot: u32) -> bool {
        let versions = &self.versions[slot as usize];
        self.sides[LEFT].first(slot) != NO_ROW
            || self.deleted.contains_key(&slot)
            || (self.timed && (versions.len() > 1 || versions.iter().any(|version| version.time > self.fired.0)))
    }
}
