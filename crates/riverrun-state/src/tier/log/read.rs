//! Reads what a frozen log holds.

use super::segment::{SUFFIX, counted, record, records};
use crate::key::hash_key;
use crate::key_table::KeyTable;
use crate::tier::files::TierFiles;
use crate::tier::store::{GroupRange, IsExpired};
use riverrun_core::Result;

/// Whether a frozen table is a log.
pub(in super::super) fn is_log(part: &TierFiles) -> bool {
    part.files.iter().any(|file| file.name.ends_with(SUFFIX))
}

/// Where a record is: which of several segments, and where in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub file: u32,
    pub at: u64,
}

/// Where the newest record of each key is.
#[derive(Default)]
pub(super) struct Newest {
    keys: KeyTable,
    places: Vec<Place>,
}

impl Newest {
    /// The newest so far.
    pub(super) fn put(&mut self, key: &[u8], place: Place) {
        let (slot, _) = self.keys.insert(hash_key(key), key);
        let slot = slot as usize;
        if slot == self.places.len() { self.places.push(place) } else { self.places[slot] = place }
    }

    fn remove(&mut self, key: &[u8]) {
        if let Some(slot) = self.keys.find(hash_key(key), key) {
            self.keys.remove(slot);
        }
    }

    /// In the order of the segments.
    pub(super) fn into_places(self) -> Vec<Place> {
        let mut places: Vec<Place> = self.keys.live().map(|slot| self.places[slot as usize]).collect();
        places.sort_unstable();
        places
    }
}

/// Visits the newest value of each key of those of some key groups that a frozen log has (its files may hold others too): the number of its file, group, key and value. `count` is told before
/// how many records each file has, and how many of them say that a key is gone.
pub(in super::super) fn newest_values(
    part: &TierFiles,
    groups: GroupRange,
    expired: Option<&IsExpired>,
    count: &mut dyn FnMut(u64, u64),
    visit: &mut dyn FnMut(usize, u16, &[u8], &[u8]) -> Result<()>,
) -> Result<()> {
    let damaged =
        |file: usize| move |error: riverrun_core::Error| error.detail(format!("the file {}", part.files[file].name));
    if part.groups.overlap(groups).is_none() {
        return Ok(());
    }
    // One file is in memory at a time; it is read twice, the second time from the operating system's cache.
    let mut newest = Newest::default();
    for (number, file) in part.files.iter().enumerate() {
        let content = file.read()?;
        let valid = counted(part, file, groups);
        let (mut all, mut gone) = (0, 0);
        for found in records(&content).map_err(damaged(number))? {
            let (at, record) = found.map_err(damaged(number))?;
            all += 1;
            gone += u64::from(record.value.is_none());
            if !valid.contains(record.group) {
                continue;
            }
            match record.value.is_none_or(|value| expired.is_some_and(|expired| expired(value))) {
                true => newest.remove(record.key),
                false => newest.put(record.key, Place { file: number as u32, at: at as u64 }),
            }
        }
        count(all, gone);
    }
    let places = newest.into_places();
    for same in places.chunk_by(|a, b| a.file == b.file) {
        let number = same[0].file as usize;
        let content = part.files[number].read()?;
        for place in same {
            let record = record(&content, place.at as usize).map_err(damaged(number))?;
            visit(number, record.group, record.key, record.value.unwrap_or_default())?;
        }
    }
    Ok(())
}
