//! A value per key.

use super::table::{Cell, Stamped, Table, keyed_state};
use super::{Data, Key};
use riverrun_core::Result;

/// A value per key.
#[derive(Debug)]
pub struct ValueState<T: Data> {
    table: Table<Option<Stamped<T>>>,
}

keyed_state!(ValueState<T: Data>);

impl<T: Data> ValueState<T> {
    /// The key's value.
    pub fn get(&mut self, key: Key<'_>) -> Result<Option<&T>> {
        Ok(self.table.read(key)?.and_then(|cell| cell.as_ref()).map(|cell| &cell.value))
    }

    /// Sets the key's value.
    pub fn set(&mut self, key: Key<'_>, value: T) -> Result<()> {
        self.table.change(key, |cell, written| *cell = Some(Stamped { written, value }))
    }

    /// Makes the key's value anew from the one it has; `None` forgets it.
    pub fn update(&mut self, key: Key<'_>, update: impl FnOnce(Option<T>) -> Option<T>) -> Result<()> {
        self.table.change(key, |cell, written| {
            *cell = update(cell.take().map(|old| old.value)).map(|value| Stamped { written, value });
        })
    }
}

impl<T: Data> Cell for Option<Stamped<T>> {
    fn is_empty(&self) -> bool {
        self.is_none()
    }

    fn has_expired(&self, until: i64) -> bool {
        self.as_ref().is_some_and(|value| value.written <= until)
    }

    fn expire(&mut self, until: i64) {
        self.take_if(|value| value.written <= until);
    }

    fn refresh(&mut self, now: i64) {
        self.iter_mut().for_each(|value| value.written = now);
    }

    fn newest(&self) -> i64 {
        self.as_ref().map_or(0, |value| value.written)
    }
}
