//! Rows of an arena by their bytes, so that one that is taken back is found among many.

use super::list::record;
use hashbrown::HashTable;
use riverrun_state::{RowArena, hash_key};

/// From a key and a row's bytes to the numbers of equal rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowIndex(HashTable<(u64, u32)>);

fn row_hash(key: u64, row: &[u8]) -> u64 {
    key.rotate_left(32) ^ hash_key(row)
}

impl RowIndex {
    /// Adds a row of a key with this hash.
    pub fn insert(&mut self, key: u64, row: &[u8], number: u32) {
        let hash = row_hash(key, row);
        self.0.insert_unique(hash, (hash, number), |entry| entry.0);
    }

    /// Of equal rows the one that came first.
    pub fn oldest(&self, arena: &RowArena, key: u64, row: &[u8]) -> Option<u32> {
        let hash = row_hash(key, row);
        self.0
            .iter_hash(hash)
            .filter(|entry| entry.0 == hash)
            .map(|entry| (record(arena, entry.1), entry.1))
            .filter(|(known, _)| known.row == row)
            .min_by_key(|(known, _)| known.sequence)
            .map(|(_, number)| number)
    }

    /// Forgets a row.
    pub fn remove(&mut self, key: u64, row: &[u8], number: u32) {
        if let Ok(found) = self.0.find_entry(row_hash(key, row), |known| known.1 == number) {
            found.remove();
        }
    }
}
