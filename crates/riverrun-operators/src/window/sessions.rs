//! The sessions of each key: which one a row falls into, which become one through it, which are over.

use super::borders::Window;
use super::local_time::LocalTime;
use crate::event_time::{null_row_time, timestamp_millis};
use crate::expression::{Expression, evaluate, evaluate_all};
use arrow::array::{Array, RecordBatch};
use arrow::buffer::ScalarBuffer;
use riverrun_core::{Result, Watermark};
use riverrun_runtime::WatermarkRuns;
use riverrun_state::blob::{BlobReader, put_i64, put_u32};
use riverrun_state::tier::{EncodeSlots, Resident};
use riverrun_state::{KeyEncoder, KeyRows, KeyTable, OperatorSnapshot, RestoredState, hash_key};
use std::collections::BTreeSet;

/// What is kept per session, at a slot.
pub trait SessionValues {
    /// Appends what a session has.
    fn encode(&self, slot: u32, out: &mut Vec<u8>);

    /// Reads what [`SessionValues::encode`] wrote.
    fn decode(&mut self, slot: u32, blob: &mut BlobReader<'_>) -> Result<()>;
}

/// Takes the rows of a batch.
pub trait SessionState {
    /// What is kept of sessions. Of those that have got rows of this batch it may be behind.
    fn values(&self) -> &impl SessionValues;

    /// Adds a row of the batch to a session.
    fn add(&mut self, row: u32, slot: u32) -> Result<()>;

    /// Adds all of one session to another, and leaves it empty.
    fn absorb(&mut self, into: u32, from: u32) -> Result<()>;
}

/// A batch on its way into the sessions.
#[derive(Debug)]
pub struct SessionBatch {
    instants: ScalarBuffer<i64>,
    keys: KeyRows,
    /// The watermark before each row.
    pub watermarks: WatermarkRuns,
    position: usize,
}

impl SessionBatch {
    /// What is needed of a batch.
    pub fn new(
        time: &Expression,
        keys: &[Expression],
        encoder: &mut KeyEncoder,
        batch: &RecordBatch,
        watermarks: &WatermarkRuns,
    ) -> Result<Self> {
        let time = evaluate(time, batch)?;
        if time.logical_null_count() > 0 {
            return Err(null_row_time());
        }
        let keys = evaluate_all(keys, batch)?;
        Ok(SessionBatch {
            instants: timestamp_millis(&time)?,
            keys: encoder.encode(&keys, batch.num_rows())?.clone(),
            watermarks: watermarks.clone(),
            position: 0,
        })
    }
}

/// One session of a key.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    /// From its first row to the gap after its last.
    pub window: Window,
    /// Where its state is.
    pub slot: u32,
}

/// What became of a batch.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The rows that were late.
    pub late: Vec<u32>,
    /// The watermark at which it stopped, since a session is over; `None` at the batch's end.
    pub stopped: Option<Watermark>,
}

/// The open sessions of all keys. They stay in memory; where there is a tier a barrier writes the keys that have changed, each
/// with all its sessions.
#[derive(Debug)]
pub struct Sessions {
    gap: i64,
    zone: LocalTime,
    table: SessionTable,
    resident: Resident,
}

#[derive(Debug, Default)]
struct SessionTable {
    keys: KeyTable,
    /// By the key's slot: its sessions, by start. They never touch.
    of_key: Vec<Vec<Session>>,
    /// End, start, and the key's slot.
    timers: BTreeSet<(Window, u32)>,
    free: Vec<u32>,
    slots: u32,
}

/// A value: the number of the key's sessions; of each its start, its end, and what is kept of it.
struct KeyValues<'a, V> {
    of_key: &'a [Vec<Session>],
    values: &'a V,
}

impl<V: SessionValues> EncodeSlots for KeyValues<'_, V> {
    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        let sessions = &self.of_key[slot as usize];
        put_u32(out, sessions.len() as u32);
        for session in sessions {
            put_i64(out, session.window.start);
            put_i64(out, session.window.end);
            self.values.encode(session.slot, out);
        }
    }
}

impl SessionTable {
    fn values<'a, V>(&'a self, values: &'a V) -> KeyValues<'a, V> {
        KeyValues { of_key: &self.of_key, values }
    }

    /// The slot of a key, which may be new.
    fn insert(&mut self, hash: u64, key: &[u8]) -> u32 {
        let (key, _) = self.keys.insert(hash, key);
        if self.of_key.len() <= key as usize {
            self.of_key.resize(key as usize + 1, Vec::new());
        }
        key
    }

    fn new_slot(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.slots += 1;
            self.slots - 1
        })
    }

    /// Reads the sessions of a key that is not there yet; its slot.
    fn read(&mut self, key: &[u8], blob: &mut BlobReader<'_>, values: &mut impl SessionValues) -> Result<u32> {
        let key = self.insert(hash_key(key), key);
        let mut sessions = Vec::new();
        for _ in 0..blob.u32()? {
            let window = Window { start: blob.i64()?, end: blob.i64()? };
            let slot = self.new_slot();
            values.decode(slot, blob)?;
            self.timers.insert((window, key));
            sessions.push(Session { window, slot });
        }
        self.of_key[key as usize] = sessions;
        Ok(key)
    }
}

impl Sessions {
    /// No sessions yet. Nothing of `resident` may leave memory.
    pub fn new(gap: i64, zone: LocalTime, resident: Resident) -> Self {
        Sessions { gap, zone, table: SessionTable::default(), resident }
    }

    /// The zone of the windows.
    pub fn zone(&self) -> &LocalTime {
        &self.zone
    }

    /// When the next session is over.
    pub fn next_timer(&self) -> Option<Watermark> {
        self.table.timers.first().map(|(window, _)| self.zone.trigger(window.end))
    }

    /// Takes a batch in, up to its end or to where the watermark passes the end of a session.
    pub fn take_in(&mut self, batch: &mut SessionBatch, state: &mut impl SessionState) -> Result<Taken> {
        let SessionBatch { instants, keys, watermarks, position } = batch;
        let mut runs = watermarks.iter().filter(|(row, _)| *row > *position).peekable();
        let mut watermark = watermarks.before(*position);
        let mut late = Vec::new();
        for row in *position..instants.len() {
            if let Some((_, later)) = runs.next_if(|(start, _)| *start == row) {
                if self.next_timer().is_some_and(|timer| timer <= later) {
                    *position = row;
                    return Ok(Taken { late, stopped: Some(later) });
                }
                watermark = later;
            }
            match self.place(keys.row(row), instants[row], watermark, state)? {
                Some(slot) => state.add(row as u32, slot)?,
                None => late.push(row as u32),
            }
        }
        *position = instants.len();
        Ok(Taken { late, stopped: None })
    }

    /// The session of a row, which may be new, longer than before, or several made one. `None` if the row is late.
    fn place(
        &mut self,
        key: &[u8],
        instant: i64,
        watermark: Watermark,
        state: &mut impl SessionState,
    ) -> Result<Option<u32>> {
        let Sessions { gap, zone, table, resident } = self;
        let start = zone.of_instant(instant);
        let mut window = Window { start, end: start.saturating_add(*gap) };
        let hash = hash_key(key);
        let known = table.keys.find(hash, key);
        // Sessions that touch are one: rows exactly one gap apart belong together.
        let touched = match known {
            Some(key) => {
                let sessions = &table.of_key[key as usize];
                let first = sessions.partition_point(|session| session.window.end < window.start);
                let count = sessions[first..].iter().take_while(|session| session.window.start <= window.end).count();
                first..first + count
            }
            None => 0..0,
        };
        if touched.is_empty() && zone.trigger(window.end) <= watermark {
            return Ok(None);
        }
        let key = known.unwrap_or_else(|| table.insert(hash, key));
        resident.change(&table.keys, &table.values(state.values()), &[key]);
        let mut merged = table.of_key[key as usize].drain(touched.clone());
        let Some(first) = merged.next() else {
            drop(merged);
            let slot = table.new_slot();
            table.of_key[key as usize].insert(touched.start, Session { window, slot });
            table.timers.insert((window, key));
            return Ok(Some(slot));
        };
        table.timers.remove(&(first.window, key));
        window.start = window.start.min(first.window.start);
        window.end = window.end.max(first.window.end);
        for session in merged {
            table.timers.remove(&(session.window, key));
            window.end = window.end.max(session.window.end);
            state.absorb(first.slot, session.slot)?;
            table.free.push(session.slot);
        }
        table.of_key[key as usize].insert(touched.start, Session { window, slot: first.slot });
        table.timers.insert((window, key));
        Ok(Some(first.slot))
    }

    /// The next session that is over at this watermark, in the order of their ends; its key is appended to `keys`.
    /// Its slot, whose state is still as it was, must be given back ([`Sessions::free`]).
    pub fn pop(&mut self, watermark: Watermark, keys: &mut KeyRows, values: &impl SessionValues) -> Option<Session> {
        let Sessions { zone, table, resident, .. } = self;
        let (window, key) = *table.timers.first()?;
        if zone.trigger(window.end) > watermark {
            return None;
        }
        table.timers.pop_first();
        keys.push(table.keys.key(key));
        let at = table.of_key[key as usize].iter().position(|session| session.window == window)?;
        let last = table.of_key[key as usize].len() == 1;
        if last {
            resident.remove(&table.keys, &table.values(values), key);
            table.keys.remove(key);
        } else {
            resident.change(&table.keys, &table.values(values), &[key]);
        }
        Some(table.of_key[key as usize].remove(at))
    }

    /// Gives a slot back whose state is empty again.
    pub fn free(&mut self, slot: u32) {
        self.table.free.push(slot);
    }

    /// A barrier: all sessions, in files or by key group. An entry of a group's blob is a key and its value.
    pub fn snapshot(&mut self, version: u8, key_groups: u16, values: &impl SessionValues) -> Result<OperatorSnapshot> {
        let Sessions { table, resident, .. } = self;
        resident.snapshot(&table.keys, &table.values(values), (version, key_groups))
    }

    /// Writes a slice of what the last barrier has frozen; whether there is more.
    pub fn write_behind(&mut self, values: &impl SessionValues) -> Result<bool> {
        self.resident.advance(&self.table.keys, &self.table.values(values))
    }

    /// Takes over the key groups of an earlier run. `what` the operator is says an error.
    pub fn restore(
        &mut self,
        state: &RestoredState,
        version: u8,
        what: &str,
        values: &mut impl SessionValues,
    ) -> Result<()> {
        let Sessions { table, resident, .. } = self;
        let keys = resident.restore_held(state, (version, what), &mut |key, value| table.read(key, value, values))?;
        resident.change(&table.keys, &table.values(values), &keys);
        Ok(())
    }
}
