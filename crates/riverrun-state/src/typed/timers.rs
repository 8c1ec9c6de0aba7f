//! Timers: what is to be done for a key at a time.

use super::{Key, State, Writer};
use crate::blob::{BlobReader, put_bytes, put_i64};
use crate::key::hash_key;
use riverrun_core::{KeyGroup, Millis, Result};
use std::collections::{BTreeMap, BTreeSet};

/// Timers of keys, of event time or processing time. A key has at most one timer for each time: setting it again changes
/// nothing. They are kept in memory, and are part of the snapshot like any state.
#[derive(Debug)]
pub struct Timers {
    name: String,
    set: BTreeSet<(Millis, Box<[u8]>)>,
}

impl Timers {
    /// No timer yet.
    pub fn new(name: &str) -> Self {
        Timers { name: name.to_owned(), set: BTreeSet::new() }
    }

    /// Sets a timer; whether it is new.
    pub fn set(&mut self, key: Key<'_>, time: Millis) -> bool {
        self.set.insert((time, key.bytes.into()))
    }

    /// Takes a timer back; whether there was one.
    pub fn cancel(&mut self, key: Key<'_>, time: Millis) -> bool {
        self.set.remove(&(time, key.bytes.into()))
    }

    /// The time of the earliest one.
    pub fn earliest(&self) -> Option<Millis> {
        self.set.first().map(|(time, _)| *time)
    }

    /// Takes the earliest timer that is due at `now`: in the order of times, then of keys.
    pub fn pop(&mut self, now: Millis) -> Option<(Millis, Box<[u8]>)> {
        if self.earliest()? > now { None } else { self.set.pop_first() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.set.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty()
    }
}

impl State for Timers {
    fn name(&self) -> &str {
        &self.name
    }

    fn snapshot(&mut self, into: &mut Writer) -> Result<()> {
        let mut groups: BTreeMap<KeyGroup, Vec<&(Millis, Box<[u8]>)>> = BTreeMap::new();
        for timer in &self.set {
            groups.entry(KeyGroup::of_hash(hash_key(&timer.1), into.key_groups())).or_default().push(timer);
        }
        for (group, timers) in groups {
            let blob = into.section(group, &self.name, timers.len());
            for (time, key) in timers {
                put_bytes(blob, key);
                let mut value = Vec::with_capacity(size_of::<i64>());
                put_i64(&mut value, time.0);
                put_bytes(blob, &value);
            }
        }
        Ok(())
    }

    fn read_entry(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        let time = Millis(BlobReader::new(value).i64()?);
        self.set.insert((time, key.into()));
        Ok(())
    }
}
