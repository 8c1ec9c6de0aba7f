//! Typed state for operators that are written by hand: values, lists, maps and multimaps per key, timers, what every worker
//! knows alike (broadcast), and lists that are dealt out to the workers.
//!
//! ```text
//! per key      ValueState<T>   ListState<T>   MapState<K, T>   MultimapState<K, T>   Timers
//! per worker   ElementList<T> (split or union)   BroadcastState<K, T>
//! ```
//!
//! Keyed state is a table of keys with one cell per key, kept in memory or in a tier as the job's backend says, and addressed
//! by key group, so that any number of workers can take it over. Values are written by serde in postcard's format: a type may
//! change only as that format allows. All of an operator's states go into one snapshot, each under its name:
//!
//! ```
//! use riverrun_state::typed::{self, Key, KeyedSeat, ValueState};
//! use riverrun_state::RestoredState;
//!
//! let mut count: ValueState<u64> = ValueState::new(KeyedSeat::in_memory("count"));
//! count.set(Key::new(b"a"), 7)?;
//! let snapshot = typed::snapshot(&mut [&mut count], 128)?;
//!
//! let mut later: ValueState<u64> = ValueState::new(KeyedSeat::in_memory("count"));
//! typed::restore(&mut [&mut later], RestoredState::assign(&[snapshot], 0, 1, 128)?)?;
//! assert_eq!(later.get(Key::new(b"a"))?, Some(&7));
//! # Ok::<(), riverrun_core::Error>(())
//! ```
//!
//! With a time to live an element is gone once nobody has written it (or, with [`Refresh::OnReadAndWrite`], read it) for so
//! long. What has expired is never returned; [`State::settle`] takes it out of memory little by little, and a tier drops
//! it when it compacts. Source of the semantics: Flink 2.3, "Working with State".

mod broadcast;
mod elements;
mod list;
mod map;
mod multimap;
mod table;
#[cfg(test)]
mod tests;
mod timers;
mod value;

pub use broadcast::BroadcastState;
pub use elements::{Dealing, ElementList};
pub use list::ListState;
pub use map::MapState;
pub use multimap::MultimapState;
pub use table::KeyedSeat;
pub use timers::Timers;
pub use value::ValueState;

use crate::blob::{BlobReader, KeyedBlobs, put_bytes, put_u32, read_keyed};
use crate::key::hash_key;
use crate::snapshot::{OperatorSnapshot, RestoredState};
use crate::tier::{TierFiles, TierTicket};
use riverrun_core::{Error, KeyGroup, Millis, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const VERSION: u8 = 1;

/// What can be state: anything that serde writes and reads.
pub trait Data: Serialize + DeserializeOwned + std::fmt::Debug + 'static {}

impl<T: Serialize + DeserializeOwned + std::fmt::Debug + 'static> Data for T {}

/// The key whose state is meant: the bytes of a [`crate::KeyEncoder`], or any others that name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) hash: u64,
}

impl<'a> Key<'a> {
    /// The key of these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Key { bytes, hash: hash_key(bytes) }
    }

    /// Its bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

/// How long elements live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeToLive {
    /// From the last write, or use, on.
    pub time: Millis,
    /// What begins the time anew.
    pub refresh: Refresh,
}

impl TimeToLive {
    /// From the last write on.
    pub fn after_write(time: Millis) -> Self {
        TimeToLive { time, refresh: Refresh::OnCreateAndWrite }
    }

    /// From the last write or read on.
    pub fn after_use(time: Millis) -> Self {
        TimeToLive { time, refresh: Refresh::OnReadAndWrite }
    }
}

/// What begins an element's time anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refresh {
    /// That it is written.
    #[default]
    OnCreateAndWrite,
    /// That it is written or read.
    OnReadAndWrite,
}

/// One named state of an operator, as its operator's snapshot sees it.
pub trait State {
    /// Its name, unique within the operator.
    fn name(&self) -> &str;

    /// Puts what there is into the snapshot.
    fn snapshot(&mut self, into: &mut Writer) -> Result<()>;

    /// Takes over a key's value.
    fn read_entry(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        let _ = (key, value);
        Err(other_kind(self.name()))
    }

    /// Takes over an element of a list.
    fn read_element(&mut self, element: &[u8]) -> Result<()> {
        let _ = element;
        Err(other_kind(self.name()))
    }

    /// Takes over what tiers hold.
    fn read_tiers(&mut self, parts: &[Arc<TierFiles>]) -> Result<()> {
        let _ = parts;
        Err(other_kind(self.name()))
    }

    /// Between two batches: takes away some of what has expired, and makes room where the memory's budget is spent.
    fn settle(&mut self) -> Result<()> {
        Ok(())
    }

    /// Writes some of what the last barrier has frozen; whether there is more.
    fn write_behind(&mut self) -> Result<bool> {
        Ok(false)
    }
}

/// Where the states of one operator write what they hold.
#[derive(Debug)]
pub struct Writer {
    key_groups: u16,
    keyed: KeyedBlobs,
    snapshot: OperatorSnapshot,
}

impl Writer {
    /// How many key groups the job has.
    pub(crate) fn key_groups(&self) -> u16 {
        self.key_groups
    }

    /// Begins a state's entries of a key group: `count` of them follow, a key and a value each.
    pub(crate) fn section(&mut self, group: KeyGroup, name: &str, count: usize) -> &mut Vec<u8> {
        let blob = self.keyed.group(group);
        put_bytes(blob, name.as_bytes());
        put_u32(blob, count as u32);
        blob
    }

    pub(crate) fn tier(&mut self, name: &str, ticket: TierTicket) {
        self.snapshot.tiers.insert(name.to_owned(), ticket);
    }

    pub(crate) fn element(&mut self, name: &str, dealing: Dealing, value: &impl Serialize) -> Result<()> {
        let mut element = vec![VERSION];
        put_bytes(&mut element, name.as_bytes());
        encode(value, &mut element)?;
        match dealing {
            Dealing::Split => self.snapshot.split.push(element),
            Dealing::Union => self.snapshot.union.push(element),
        }
        Ok(())
    }
}

/// What these states hold, of an operator in a job with so many key groups.
pub fn snapshot(states: &mut [&mut dyn State], key_groups: u16) -> Result<OperatorSnapshot> {
    let mut names = BTreeSet::new();
    let mut writer = Writer { key_groups, keyed: KeyedBlobs::new(VERSION), snapshot: OperatorSnapshot::default() };
    for state in states {
        if !names.insert(state.name().to_owned()) {
            return Err(Error::bug(format!("two states of an operator are named '{}'", state.name())));
        }
        state.snapshot(&mut writer)?;
    }
    Ok(OperatorSnapshot { keyed: writer.keyed.into_inner(), ..writer.snapshot })
}

/// Hands each of these states what an earlier run left under its name. A state that nothing was left of begins empty; what was
/// left under a name that no state has is an error.
pub fn restore(states: &mut [&mut dyn State], from: RestoredState) -> Result<()> {
    let index: BTreeMap<String, usize> =
        states.iter().enumerate().map(|(index, state)| (state.name().to_owned(), index)).collect();
    let find = |name: &[u8]| {
        let name = String::from_utf8_lossy(name);
        index.get(&*name).copied().ok_or_else(|| {
            let known = index.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            Error::failure(format!("the snapshot holds a state '{name}' that the operator does not have"))
                .detail(format!("its states are {known}"))
                .hint("declare the state again, under the name and with the type that it had")
        })
    };
    for table in from.tiers.keys() {
        states[find(table.as_bytes())?].read_tiers(&from.tier(table)?)?;
    }
    read_keyed(&from, VERSION, "an operator's states", |_: KeyGroup, blob| {
        let state = find(blob.bytes()?)?;
        for _ in 0..blob.u32()? {
            let (key, value) = (blob.bytes()?, blob.bytes()?);
            states[state].read_entry(key, value)?;
        }
        Ok(())
    })?;
    for element in from.split.iter().chain(&from.union) {
        let mut reader = BlobReader::new(element);
        let version = reader.u8()?;
        if version != VERSION {
            return Err(Error::failure(format!("a state has format {version}, and only {VERSION} is known"))
                .hint("restore it with the version of Riverrun that wrote it"));
        }
        let state = find(reader.bytes()?)?;
        states[state].read_element(reader.rest())?;
    }
    Ok(())
}

/// Between two batches, for all states of an operator.
pub fn settle(states: &mut [&mut dyn State]) -> Result<()> {
    states.iter_mut().try_for_each(|state| state.settle())
}

/// Writes some of what the last barrier has frozen in any of the states; whether there is more.
pub fn write_behind(states: &mut [&mut dyn State]) -> Result<bool> {
    for state in states {
        if state.write_behind()? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn encode(value: &impl Serialize, out: &mut Vec<u8>) -> Result<()> {
    let bytes = postcard::to_extend(value, std::mem::take(out))
        .map_err(|error| Error::failure(format!("a state can't be written: {error}")))?;
    *out = bytes;
    Ok(())
}

fn decode<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<T> {
    postcard::from_bytes(bytes).map_err(|error| {
        Error::failure(format!("the state '{name}' can't be read: {error}"))
            .detail(format!("it is read as {}", std::any::type_name::<T>()))
            .hint("give the state the type it was written with, or another name")
    })
}

fn other_kind(name: &str) -> Error {
    Error::failure(format!("the state '{name}' was written by a state of another kind")).hint(
        "keyed state, timers, lists of elements and broadcast state can't take each other over: give it another name",
    )
}
