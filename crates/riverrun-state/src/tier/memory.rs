//! A tier in memory, for tests of what is built on tiers.

use super::files::{Content, TierFile, TierFiles};
use super::queue::next_origin;
use super::run::Run;
use super::store::{Found, GroupRange, StoreOptions, TierBackend, TierStore, Trace, Visit, push_key};
use crate::blob::{BlobReader, put_bytes};
use crate::key::KeyRows;
use riverrun_core::{Error, Result};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Makes stores in memory.
#[derive(Debug, Default)]
pub struct MemoryTier;

#[derive(Debug)]
struct MemoryStore {
    groups: GroupRange,
    origin: u64,
    values: Mutex<BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl MemoryTier {
    fn make(options: &StoreOptions, values: BTreeMap<Vec<u8>, Vec<u8>>) -> Arc<dyn TierStore> {
        Arc::new(MemoryStore { groups: options.groups, origin: next_origin(), values: Mutex::new(values) })
    }
}

fn read(part: &TierFiles, visit: &mut Visit<'_>) -> Result<()> {
    for file in &part.files {
        let Ok(bytes) = file.content.place() else { return Err(Error::bug("a tier in memory has no paths")) };
        let mut reader = BlobReader::new(bytes);
        while !reader.is_empty() {
            visit(reader.bytes()?, reader.bytes()?)?;
        }
    }
    Ok(())
}

impl TierBackend for MemoryTier {
    fn create(&self, options: StoreOptions) -> Result<Arc<dyn TierStore>> {
        Ok(MemoryTier::make(&options, BTreeMap::new()))
    }

    fn open(&self, options: StoreOptions, parts: &[Arc<TierFiles>]) -> Result<Arc<dyn TierStore>> {
        let mut values = BTreeMap::new();
        for part in parts {
            read(part, &mut |key, value| {
                let group = u16::from_be_bytes([key[0], key[1]]);
                if (options.groups.first..options.groups.end).contains(&group) {
                    values.insert(key.to_vec(), value.to_vec());
                }
                Ok(())
            })?;
        }
        Ok(MemoryTier::make(&options, values))
    }

    fn scan(&self, part: &TierFiles, groups: GroupRange, visit: &mut Visit<'_>) -> Result<()> {
        read(part, &mut |key, value| {
            let group = u16::from_be_bytes([key[0], key[1]]);
            if (groups.first..groups.end).contains(&group) { visit(&key[2..], value) } else { Ok(()) }
        })
    }
}

impl TierStore for MemoryStore {
    fn get(&self, keys: &KeyRows, found: &mut Found<'_>) -> Result<()> {
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        for (position, key) in keys.iter().enumerate() {
            if let Some(value) = values.get(key) {
                found(position, value, Trace::default())?;
            }
        }
        Ok(())
    }

    fn apply(&self, run: &Run) -> Result<()> {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        for (group, key, value) in run.sorted() {
            let mut full = KeyRows::default();
            push_key(&mut full, group, key);
            match value {
                Some(value) => values.insert(full.data, value.to_vec()),
                None => values.remove(&full.data),
            };
        }
        Ok(())
    }

    fn freeze(&self) -> Result<TierFiles> {
        let mut bytes = Vec::new();
        for (key, value) in &*self.values.lock().unwrap_or_else(PoisonError::into_inner) {
            put_bytes(&mut bytes, key);
            put_bytes(&mut bytes, value);
        }
        // Like a log-structured store, which never changes a file: the name is that of the content.
        let name = format!("{:032x}", crate::key::hash_row(&bytes));
        let file = TierFile { name, immutable: true, hash: None, content: Content::Bytes(bytes.into()) };
        Ok(TierFiles { groups: self.groups, origin: self.origin, files: vec![file], scratch: None })
    }
}
