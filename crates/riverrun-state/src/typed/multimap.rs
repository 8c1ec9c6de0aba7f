//! A map with several values per entry, per key.

use super::map::MapKey;
use super::table::{Cell, Stamped, Table, keyed_state};
use super::{Data, Key};
use riverrun_core::Result;
use std::collections::BTreeMap;

/// A multimap per key: each entry has values in the order in which they came. Each value has its own time to live.
#[derive(Debug)]
pub struct MultimapState<K: MapKey, T: Data> {
    table: Table<BTreeMap<K, Vec<Stamped<T>>>>,
}

keyed_state!(MultimapState<K: MapKey, T: Data>);

impl<K: MapKey, T: Data> MultimapState<K, T> {
    /// The values of an entry.
    pub fn get(&mut self, key: Key<'_>, entry: &K) -> Result<impl ExactSizeIterator<Item = &T>> {
        let values = self.table.read(key)?.and_then(|map| map.get(entry)).map(Vec::as_slice).unwrap_or_default();
        Ok(values.iter().map(|value| &value.value))
    }

    /// All values with their entries, by entry.
    pub fn iter(&mut self, key: Key<'_>) -> Result<impl Iterator<Item = (&K, &T)>> {
        let map = self.table.read(key)?;
        Ok(map.into_iter().flatten().flat_map(|(entry, values)| values.iter().map(move |value| (entry, &value.value))))
    }

    /// Adds a value to an entry.
    pub fn add(&mut self, key: Key<'_>, entry: K, value: T) -> Result<()> {
        self.table.change(key, |map, written| map.entry(entry).or_default().push(Stamped { written, value }))
    }

    /// Removes the first of the values that are equal to this one; whether there was one.
    pub fn remove(&mut self, key: Key<'_>, entry: &K, value: &T) -> Result<bool>
    where
        T: PartialEq,
    {
        self.table.change(key, |map, _| {
            let Some(values) = map.get_mut(entry) else { return false };
            let Some(position) = values.iter().position(|old| old.value == *value) else { return false };
            values.remove(position);
            if values.is_empty() {
                map.remove(entry);
            }
            true
        })
    }

    /// Removes an entry; how many values it had.
    pub fn remove_all(&mut self, key: Key<'_>, entry: &K) -> Result<usize> {
        self.table.change(key, |map, _| map.remove(entry).map_or(0, |values| values.len()))
    }
}

impl<K: MapKey, T: Data> Cell for BTreeMap<K, Vec<Stamped<T>>> {
    fn is_empty(&self) -> bool {
        BTreeMap::is_empty(self)
    }

    fn has_expired(&self, until: i64) -> bool {
        self.values().flatten().any(|value| value.written <= until)
    }

    fn expire(&mut self, until: i64) {
        self.retain(|_, values| {
            values.retain(|value| value.written > until);
            !values.is_empty()
        });
    }

    fn refresh(&mut self, now: i64) {
        self.values_mut().flatten().for_each(|value| value.written = now);
    }

    fn newest(&self) -> i64 {
        self.values().flatten().map(|value| value.written).max().unwrap_or(0)
    }
}
