//! A table that is held whole in memory (`lookup.cache` = FULL), once for all workers of a process, and read again from time
//! to time.
//!
//! Batches go on with the rows that were there when they came, while a thread of its own reads the new ones. If that
//! fails, the next batch says so and the job fails, as in Flink.
//!
//! Source of the semantics: Flink 2.3, `lookup.full-cache.*`, and its `LookupFullCache`.

use crate::expression::{Expression, evaluate_all};
use crate::join::RIGHT;
use crate::join::chunks::{NO_ROW, Place};
use crate::join::keys::JoinKeys;
use crate::join::rows::{NewRow, Rows, RowsOptions};
use arrow::array::{Array, RecordBatch};
use riverrun_core::{Clock, Error, Millis, Result};
use riverrun_state::{KeyEncoder, KeyTable};
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A day.
const DAY: i64 = 86_400_000;

/// Reads all rows of a table. May block.
pub trait LoadRows: Debug + Send + Sync {
    /// The wanted columns of all rows.
    fn load(&self) -> Result<Vec<RecordBatch>>;
}

/// When a table is read again (`lookup.full-cache.reload-strategy`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reload {
    /// So long after it was read.
    Periodic {
        /// How long.
        interval: Millis,
        /// Since reading began (FIXED_RATE), not since it ended (FIXED_DELAY).
        fixed_rate: bool,
    },
    /// At this time of the day.
    Timed {
        /// Milliseconds since midnight, UTC.
        at: Millis,
        /// Every so many days.
        days: i64,
    },
}

impl Reload {
    /// When the table is read after a reading that took from `began` to `ended`.
    pub fn next(&self, began: Millis, ended: Millis) -> Millis {
        match self {
            Reload::Periodic { interval, fixed_rate: true } => Millis((began.0 + interval.0).max(ended.0)),
            Reload::Periodic { interval, fixed_rate: false } => Millis(ended.0 + interval.0),
            Reload::Timed { at, days } => {
                let today = began.0.div_euclid(DAY) * DAY + at.0;
                // The first reading is whenever the job starts; the next time of day ends its first day.
                let next = if today > began.0 { today } else { today + DAY };
                Millis(next + (days - 1).max(0) * DAY)
            }
        }
    }
}

/// A table and how it is read.
pub struct WholeTable {
    /// The table's name, for messages.
    pub table: String,
    /// Reads it.
    pub loader: Arc<dyn LoadRows>,
    /// When it is read again; `None`: never.
    pub reload: Option<Reload>,
    /// The keys of its rows.
    pub keys: Vec<Expression>,
    /// What is in memory.
    state: Mutex<State>,
}

impl Debug for WholeTable {
    /// Everything by which two tables differ, and nothing of what is in memory: processes compare their plans by it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WholeTable")
            .field("loader", &self.loader)
            .field("reload", &self.reload)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct State {
    /// How many operators read it. A job that starts anew reads the table anew.
    users: usize,
    loaded: Option<Arc<Loaded>>,
    next: Option<Millis>,
    loading: bool,
    failed: Option<Error>,
}

/// All rows at one time, by key.
#[derive(Debug)]
pub struct Loaded {
    keys: KeyTable,
    rows: Rows,
}

/// The slots of a batch's keys.
#[derive(Debug)]
pub struct Slots {
    /// By row; [`NO_ROW`] where there is none.
    pub slots: Vec<u32>,
    /// Whether a key that is not NULL has no row.
    pub misses: bool,
}

impl WholeTable {
    /// A table that is not read yet.
    pub fn new(table: String, loader: Arc<dyn LoadRows>, reload: Option<Reload>, keys: Vec<Expression>) -> Self {
        WholeTable { table, loader, reload, keys, state: Mutex::new(State::default()) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // What is behind the lock is changed in one step: it is whole even after a panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the table when a job starts. Workers that start later find what the first has read.
    pub fn open(&self, now: Millis) -> Result<()> {
        let mut state = self.lock();
        state.users += 1;
        if state.loaded.is_none() {
            state.loaded = Some(Arc::new(self.read()?));
            state.next = self.reload.map(|reload| reload.next(now, now));
        }
        Ok(())
    }

    /// An operator reads it no more; after the last one it is forgotten.
    pub fn close(&self) {
        let mut state = self.lock();
        state.users = state.users.saturating_sub(1);
        if state.users == 0 {
            *state = State::default();
        }
    }

    /// The rows as they are now. Where it is time for it, they are read again meanwhile.
    pub fn current(self: &Arc<Self>, clock: &Arc<dyn Clock>) -> Result<Arc<Loaded>> {
        let now = clock.now();
        let mut state = self.lock();
        if let Some(error) = state.failed.take() {
            return Err(error);
        }
        if state.next.is_some_and(|next| next <= now) && !state.loading {
            state.loading = true;
            let (table, began, clock) = (self.clone(), now, clock.clone());
            let thread =
                std::thread::Builder::new().name("lookup-reload".into()).spawn(move || table.reload(began, &*clock));
            thread.map_err(|error| Error::failure(format!("cannot start a thread: {error}")))?;
        }
        state.loaded.clone().ok_or_else(|| Error::bug("a lookup table that was never read"))
    }

    fn reload(&self, began: Millis, clock: &dyn Clock) {
        let read = self.read();
        let ended = clock.now();
        let mut state = self.lock();
        if state.users == 0 {
            return;
        }
        state.loading = false;
        match read {
            Ok(loaded) => {
                state.loaded = Some(Arc::new(loaded));
                state.next = self.reload.map(|reload| reload.next(began, ended));
            }
            Err(error) => state.failed = Some(error),
        }
    }

    fn read(&self) -> Result<Loaded> {
        let batches = self.loader.load();
        let batches = batches.map_err(|error| error.context(format_args!("cannot read table '{}'", self.table)))?;
        let null_safe = vec![false; self.keys.len()];
        let mut keys = JoinKeys::new([Vec::new(), self.keys.clone()], null_safe);
        let mut rows = Rows::new(RowsOptions::default());
        for batch in batches.into_iter().filter(|batch| batch.num_rows() > 0) {
            let slots = keys.slots(RIGHT, &batch)?;
            rows.grow(keys.table.slots());
            let chunk = rows.begin(batch)?;
            for (row, &slot) in slots.iter().enumerate().filter(|(_, slot)| **slot != NO_ROW) {
                let place = Place { chunk, row: row as u32 };
                rows.add(NewRow { slot, place, hash: 0, count: 1, matches: 0, time: Millis(0) })?;
            }
            rows.finish()?;
        }
        Ok(Loaded { keys: keys.table, rows })
    }
}

impl Loaded {
    /// The rows.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// Where the rows of these keys are.
    pub fn slots(&self, keys: &[Expression], batch: &RecordBatch) -> Result<Slots> {
        let columns = evaluate_all(keys, batch)?;
        let mut encoder = KeyEncoder::default();
        let encoded = encoder.encode(&columns, batch.num_rows())?;
        let mut hashes = Vec::new();
        encoded.hash_into(&mut hashes);
        let mut found = Slots { slots: Vec::with_capacity(batch.num_rows()), misses: false };
        for (row, (key, &hash)) in encoded.iter().zip(&hashes).enumerate() {
            let slot = match columns.iter().any(|column| column.is_null(row)) {
                true => NO_ROW,
                false => self.keys.find(hash, key).unwrap_or_else(|| {
                    found.misses = true;
                    NO_ROW
                }),
            };
            found.slots.push(slot);
        }
        Ok(found)
    }
}
