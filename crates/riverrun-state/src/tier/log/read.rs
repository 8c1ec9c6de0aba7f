//! Reads what a frozen log holds.

use super::segment::{Record, SUFFIX, counted, record, records};
use crate::key::hash_key;
use crate::key_table::KeyTable;
use crate::tier::files::{TierFile, TierFiles};
use crate::tier::resident::SlotValues;
use crate::tier::store::{GroupRange, IsExpired};
use riverrun_core::{Error, Result};

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

    /// In the order of the segments.
    pub(super) fn into_places(self) -> Vec<Place> {
        let mut places: Vec<Place> = self.keys.live().map(|slot| self.places[slot as usize]).collect();
        places.sort_unstable();
        places
    }
}

/// So many records are handed on at once.
const AT_ONCE: usize = 256;

/// How many records a segment has, and how many of them say that a key is gone.
pub(in super::super) type RecordCounts = (u64, u64);

/// Records of one segment that follow on each other: the segment's number, and each record with its place. All of them have
/// values, or none has.
type VisitRecords<'a> = dyn FnMut(u32, &[(u64, Record<'_>)]) -> Result<()> + 'a;

/// Hands on the records of some key groups that a frozen log has, from the newest to the oldest, so that the first one of a key counts. Values that have
/// expired are none. Gives what each segment has, records of other groups included. One segment is in memory at a time.
fn newest_first(
    part: &TierFiles,
    groups: GroupRange,
    expired: Option<&IsExpired>,
    visit: &mut VisitRecords<'_>,
) -> Result<Vec<RecordCounts>> {
    let mut counts = vec![(0, 0); part.files.len()];
    if part.groups.overlap(groups).is_none() {
        return Ok(counts);
    }
    let (mut content, mut places) = (Vec::new(), Vec::new());
    for (number, file) in part.files.iter().enumerate().rev() {
        file.read_into(&mut content)?;
        let valid = counted(part, file, groups);
        for each in records(&content).map_err(damaged(file))? {
            let (at, record) = each.map_err(damaged(file))?;
            counts[number].0 += 1;
            counts[number].1 += u64::from(record.value.is_none());
            if valid.contains(record.group) {
                places.push(at as u64);
            }
        }
        let mut some: Vec<(u64, Record<'_>)> = Vec::with_capacity(AT_ONCE);
        while let Some(at) = places.pop() {
            let mut record = record(&content, at as usize).map_err(damaged(file))?;
            record.value = record.value.filter(|value| !expired.is_some_and(|expired| expired(value)));
            let alike = some.first().is_none_or(|(_, first)| first.value.is_some() == record.value.is_some());
            if !alike || some.len() == AT_ONCE {
                visit(number as u32, &some)?;
                some.clear();
            }
            some.push((at, record));
        }
        if !some.is_empty() {
            visit(number as u32, &some)?;
        }
    }
    Ok(counts)
}

fn damaged(file: &TierFile) -> impl Fn(Error) -> Error {
    move |error| error.detail(format!("the file {}", file.name))
}

/// Visits the newest value of each key of those of some key groups that a frozen log has (its files may hold others too), in the order in which they were
/// written: the number of its file, group, key and value. Gives what each file has.
pub(in super::super) fn newest_values(
    part: &TierFiles,
    groups: GroupRange,
    expired: Option<&IsExpired>,
    visit: &mut dyn FnMut(usize, u16, &[u8], &[u8]) -> Result<()>,
) -> Result<Vec<RecordCounts>> {
    let (mut seen, mut places) = (KeyTable::default(), Vec::new());
    let counts = newest_first(part, groups, expired, &mut |file, records| {
        for (at, record) in records {
            let (_, is_newest) = seen.insert(hash_key(record.key), record.key);
            if is_newest && record.value.is_some() {
                places.push(Place { file, at: *at });
            }
        }
        Ok(())
    })?;
    drop(seen);
    places.reverse();
    // Read once more, from the operating system's cache.
    let mut content = Vec::new();
    for same in places.chunk_by(|a, b| a.file == b.file) {
        let number = same[0].file as usize;
        let file = &part.files[number];
        file.read_into(&mut content)?;
        for place in same {
            let record = record(&content, place.at as usize).map_err(damaged(file))?;
            visit(number, record.group, record.key, record.value.unwrap_or_default())?;
        }
    }
    Ok(counts)
}

/// Takes the newest value of each key into memory, where a key has one value: reading them in the order in which they were written would take a table of
/// all keys more. Tells `took` the number of the file that each slot's value is from.
pub(in super::super) fn take_newest<V: SlotValues>(
    part: &TierFiles,
    groups: GroupRange,
    expired: Option<&IsExpired>,
    (keys, values): (&mut KeyTable, &mut V),
    took: &mut dyn FnMut(usize, u32),
) -> Result<Vec<RecordCounts>> {
    let mut gone = KeyTable::default();
    let (mut hashes, mut slots) = (Vec::with_capacity(AT_ONCE), Vec::with_capacity(AT_ONCE));
    newest_first(part, groups, expired, &mut |file, records| {
        hashes.clear();
        hashes.extend(records.iter().map(|(_, record)| hash_key(record.key)));
        if records.iter().all(|(_, record)| record.value.is_none()) {
            for (&hash, (_, record)) in hashes.iter().zip(records) {
                if keys.find(hash, record.key).is_none() {
                    gone.insert(hash, record.key);
                }
            }
            return Ok(());
        }
        slots.clear();
        keys.insert_each(records.iter().map(|(_, record)| record.key), &hashes, |slot, new| slots.push((slot, new)));
        values.grow(keys.slots());
        for ((&(slot, is_newest), &hash), (_, record)) in slots.iter().zip(&hashes).zip(records) {
            if !is_newest {
                continue;
            }
            if !gone.is_empty() && gone.find(hash, record.key).is_some() {
                keys.remove(slot);
                continue;
            }
            values.decode(slot, hash, record.value.unwrap_or_default())?;
            took(file as usize, slot);
        }
        Ok(())
    })
}
