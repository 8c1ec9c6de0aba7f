//! The sessions of each key: which one a row falls into, which become one through it, which are over.

use super::borders::Window;
use super::local_time::LocalTime;
use crate::event_time::{null_row_time, timestamp_millis};
use crate::expression::{Expression, evaluate, evaluate_all};
use arrow::array::{Array, RecordBatch};
use arrow::buffer::ScalarBuffer;
use riverrun_core::{Result, Watermark};
use riverrun_runtime::WatermarkRuns;
use riverrun_state::blob::{BlobReader, KeyedBlobs, put_bytes, put_i64, put_u32};
use riverrun_state::{KeyEncoder, KeyRows, KeyTable, hash_key};
use std::collections::BTreeSet;

/// What is kept per session, at a slot.
pub trait SessionState {
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

/// The open sessions of all keys.
#[derive(Debug)]
pub struct Sessions {
    gap: i64,
    zone: LocalTime,
    keys: KeyTable,
    /// By the key's slot: its sessions, by start. They never touch.
    of_key: Vec<Vec<Session>>,
    /// End, start, and the key's slot.
    timers: BTreeSet<(Window, u32)>,
    free: Vec<u32>,
    slots: u32,
}

impl Sessions {
    /// No sessions yet.
    pub fn new(gap: i64, zone: LocalTime) -> Self {
        Sessions {
            gap,
            zone,
            keys: KeyTable::default(),
            of_key: Vec::new(),
            timers: BTreeSet::new(),
            free: Vec::new(),
            slots: 0,
        }
    }

    /// The zone of the windows.
    pub fn zone(&self) -> &LocalTime {
        &self.zone
    }

    /// When the next session is over.
    pub fn next_timer(&self) -> Option<Watermark> {
        self.timers.first().map(|(window, _)| self.zone.trigger(window.end))
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
        let start = self.zone.of_instant(instant);
        let mut window = Window { start, end: start.saturating_add(self.gap) };
        let hash = hash_key(key);
        let known = self.keys.find(hash, key);
        // Sessions that touch are one: rows exactly one gap apart belong together.
        let touched = match known {
            Some(key) => {
                let sessions = &self.of_key[key as usize];
                let first = sessions.partition_point(|session| session.window.end < window.start);
                let count = sessions[first..].iter().take_while(|session| session.window.start <= window.end).count();
                first..first + count
            }
            None => 0..0,
        };
        if touched.is_empty() && self.zone.trigger(window.end) <= watermark {
            return Ok(None);
        }
        let key = known.unwrap_or_else(|| self.keys.insert(hash, key).0);
        if self.of_key.len() <= key as usize {
            self.of_key.resize(key as usize + 1, Vec::new());
        }
        let mut merged = self.of_key[key as usize].drain(touched.clone());
        let Some(first) = merged.next() else {
            drop(merged);
            let slot = self.new_slot();
            self.of_key[key as usize].insert(touched.start, Session { window, slot });
            self.timers.insert((window, key));
            return Ok(Some(slot));
        };
        self.timers.remove(&(first.window, key));
        window.start = window.start.min(first.window.start);
        window.end = window.end.max(first.window.end);
        for session in merged {
            self.timers.remove(&(session.window, key));
            window.end = window.end.max(session.window.end);
            state.absorb(first.slot, session.slot)?;
            self.free.push(session.slot);
        }
        self.of_key[key as usize].insert(touched.start, Session { window, slot: first.slot });
        self.timers.insert((window, key));
        Ok(Some(first.slot))
    }

    fn new_slot(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.slots += 1;
            self.slots - 1
        })
    }

    /// The next session that is over at this watermark, in the order of their ends; its key is appended to `keys`.
    /// Its slot must be given back ([`Sessions::free`]).
    pub fn pop(&mut self, watermark: Watermark, keys: &mut KeyRows) -> Option<Session> {
        let (window, key) = *self.timers.first()?;
        if self.zone.trigger(window.end) > watermark {
            return None;
        }
        self.timers.pop_first();
        keys.data.extend_from_slice(self.keys.key(key));
        keys.ends.push(keys.data.len() as u32);
        let sessions = &mut self.of_key[key as usize];
        let at = sessions.iter().position(|session| session.window == window)?;
        let session = sessions.remove(at);
        if sessions.is_empty() {
            self.keys.remove(key);
        }
        Some(session)
    }

    /// Gives a slot back whose state is empty again.
    pub fn free(&mut self, slot: u32) {
        self.free.push(slot);
    }

    /// Writes all sessions by key group: key, number of sessions; of each its start, its end, and what `encode` writes.
    pub fn encode(&self, blobs: &mut KeyedBlobs, key_groups: u16, mut encode: impl FnMut(u32, &mut Vec<u8>)) {
        for (group, keys) in self.keys.by_group(key_groups) {
            let out = blobs.group(group);
            for key in keys {
                let sessions = &self.of_key[key as usize];
                put_bytes(out, self.keys.key(key));
                put_u32(out, sessions.len() as u32);
                for session in sessions {
                    put_i64(out, session.window.start);
                    put_i64(out, session.window.end);
                    encode(session.slot, out);
                }
            }
        }
    }

    /// Reads one key that [`Sessions::encode`] wrote; `decode` reads a slot's state.
    pub fn decode(
        &mut self,
        blob: &mut BlobReader<'_>,
        mut decode: impl FnMut(u32, &mut BlobReader<'_>) -> Result<()>,
    ) -> Result<()> {
        let key = blob.bytes()?;
        let (key, _) = self.keys.insert(hash_key(key), key);
        let mut sessions = Vec::new();
        for _ in 0..blob.u32()? {
            let window = Window { start: blob.i64()?, end: blob.i64()? };
            let slot = self.new_slot();
            decode(slot, blob)?;
            self.timers.insert((window, key));
            sessions.push(Session { window, slot });
        }
        self.of_key.resize(self.of_key.len().max(key as usize + 1), Vec::new());
        self.of_key[key as usize] = sessions;
        Ok(())
    }
}
