//! A map per key.

use super::table::{Cell, Stamped, Table, keyed_state};
use super::{Data, Key};
use riverrun_core::Result;
use std::collections::BTreeMap;

/// What can be the key of a map.
pub trait MapKey: Data + Ord {}

impl<K: Data + Ord> MapKey for K {}

/// A map per key, sorted. Each entry has its own time to live. The map of a key is written as one value: where it has many
/// entries of which few change, make the entry's key a part of the key.
#[derive(Debug)]
pub struct MapState<K: MapKey, T: Data> {
    table: Table<BTreeMap<K, Stamped<T>>>,
}

keyed_state!(MapState<K: MapKey, T: Data>);

impl<K: MapKey, T: Data> MapState<K, T> {
    /// An entry of the key's map.
    pub fn get(&mut self, key: Key<'_>, entry: &K) -> Result<Option<&T>> {
        Ok(self.table.read(key)?.and_then(|map| map.get(entry)).map(|value| &value.value))
    }

    /// Whether the key's map has an entry.
    pub fn contains(&mut self, key: Key<'_>, entry: &K) -> Result<bool> {
        Ok(self.get(key, entry)?.is_some())
    }

    /// The entries of the key's map, in order.
    pub fn iter(&mut self, key: Key<'_>) -> Result<impl Iterator<Item = (&K, &T)>> {
        let map = self.table.read(key)?;
        Ok(map.into_iter().flatten().map(|(entry, value)| (entry, &value.value)))
    }

    /// Sets an entry; the value that it had.
    pub fn put(&mut self, key: Key<'_>, entry: K, value: T) -> Result<Option<T>> {
        self.table.change(key, |map, written| map.insert(entry, Stamped { written, value }).map(|old| old.value))
    }

    /// Makes an entry's value anew from the one it has; `None` removes it.
    pub fn update(&mut self, key: Key<'_>, entry: K, update: impl FnOnce(Option<T>) -> Option<T>) -> Result<()> {
        self.table.change(key, |map, written| {
            if let Some(value) = update(map.remove(&entry).map(|old| old.value)) {
                map.insert(entry, Stamped { written, value });
            }
        })
    }

    /// Removes an entry; the value that it had.
    pub fn remove(&mut self, key: Key<'_>, entry: &K) -> Result<Option<T>> {
        self.table.change(key, |map, _| map.remove(entry).map(|old| old.value))
    }
}

impl<K: MapKey, T: Data> Cell for BTreeMap<K, Stamped<T>> {
    fn is_empty(&self) -> bool {
        BTreeMap::is_empty(self)
    }

    fn has_expired(&self, until: i64) -> bool {
        self.values().any(|value| value.written <= until)
    }

    fn expire(&mut self, until: i64) {
        self.retain(|_, value| value.written > until);
    }

    fn refresh(&mut self, now: i64) {
        self.values_mut().for_each(|value| value.written = now);
    }

    fn newest(&self) -> i64 {
        self.values().map(|value| value.written).max().unwrap_or(0)
    }
}
