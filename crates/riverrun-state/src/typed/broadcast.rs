//! What every worker knows alike.

use super::map::MapKey;
use super::{Data, Dealing, State, Writer, decode};
use riverrun_core::Result;
use std::collections::BTreeMap;

/// A map that is the same on every worker, because each of them has been sent the same changes: rules, rates, settings. One
/// worker writes it into the snapshot; after a restore all have it, however many there are.
#[derive(Debug)]
pub struct BroadcastState<K: MapKey, T: Data> {
    name: String,
    writes: bool,
    entries: BTreeMap<K, T>,
}

impl<K: MapKey, T: Data> BroadcastState<K, T> {
    /// Empty, on this worker.
    pub fn new(name: &str, worker: usize) -> Self {
        BroadcastState { name: name.to_owned(), writes: worker == 0, entries: BTreeMap::new() }
    }

    /// An entry.
    pub fn get(&self, entry: &K) -> Option<&T> {
        self.entries.get(entry)
    }

    /// All entries, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&K, &T)> {
        self.entries.iter()
    }

    /// Sets an entry; the value that it had. Only for what every worker is sent.
    pub fn put(&mut self, entry: K, value: T) -> Option<T> {
        self.entries.insert(entry, value)
    }

    /// Removes an entry; the value that it had. Only for what every worker is sent.
    pub fn remove(&mut self, entry: &K) -> Option<T> {
        self.entries.remove(entry)
    }
}

impl<K: MapKey, T: Data> State for BroadcastState<K, T> {
    fn name(&self) -> &str {
        &self.name
    }

    fn snapshot(&mut self, into: &mut Writer) -> Result<()> {
        if !self.writes {
            return Ok(());
        }
        self.entries.iter().try_for_each(|entry| into.element(&self.name, Dealing::Union, &entry))
    }

    fn read_element(&mut self, element: &[u8]) -> Result<()> {
        let (entry, value) = decode(&self.name, element)?;
        self.entries.insert(entry, value);
        Ok(())
    }
}
