//! A list per key.

use super::table::{Cell, Stamped, Table, keyed_state};
use super::{Data, Key};
use riverrun_core::Result;

/// A list per key. Each element has its own time to live.
#[derive(Debug)]
pub struct ListState<T: Data> {
    table: Table<Vec<Stamped<T>>>,
}

keyed_state!(ListState<T: Data>);

impl<T: Data> ListState<T> {
    /// The key's elements in their order.
    pub fn get(&mut self, key: Key<'_>) -> Result<impl ExactSizeIterator<Item = &T>> {
        let elements = self.table.read(key)?.map(Vec::as_slice).unwrap_or_default();
        Ok(elements.iter().map(|element| &element.value))
    }

    /// Appends an element.
    pub fn push(&mut self, key: Key<'_>, value: T) -> Result<()> {
        self.extend(key, [value])
    }

    /// Appends elements.
    pub fn extend(&mut self, key: Key<'_>, values: impl IntoIterator<Item = T>) -> Result<()> {
        self.table.change(key, |cell, written| {
            cell.extend(values.into_iter().map(|value| Stamped { written, value }));
        })
    }

    /// Sets the key's elements.
    pub fn set(&mut self, key: Key<'_>, values: impl IntoIterator<Item = T>) -> Result<()> {
        self.table.change(key, |cell, written| {
            *cell = values.into_iter().map(|value| Stamped { written, value }).collect();
        })
    }
}

impl<T: Data> Cell for Vec<Stamped<T>> {
    fn is_empty(&self) -> bool {
        Vec::is_empty(self)
    }

    fn has_expired(&self, until: i64) -> bool {
        self.iter().any(|element| element.written <= until)
    }

    fn expire(&mut self, until: i64) {
        self.retain(|element| element.written > until);
    }

    fn refresh(&mut self, now: i64) {
        self.iter_mut().for_each(|element| element.written = now);
    }

    fn newest(&self) -> i64 {
        self.iter().map(|element| element.written).max().unwrap_or(0)
    }
}
