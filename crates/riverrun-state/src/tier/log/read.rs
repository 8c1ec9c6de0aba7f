//! Reads what a frozen log holds.

use super::segment::{SUFFIX, groups_of, record, records};
use crate::key::hash_key;
use crate::key_table::KeyTable;
use crate::tier::files::TierFiles;
use crate::tier::store::{GroupRange, IsExpired};
use riverrun_core::Result;

/// Whether a frozen table is a log.
pub(in super::super) fn is_log(part: &TierFiles) -> bool {
    part.files.iter().any(|file| file.name.ends_with(SUFFIX))
}

/// Where the newest value of a key is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    file: u32,
    at: u64,
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
    let Some(groups) = part.groups.overlap(groups) else { return Ok(()) };
    // One file is in memory at a time; it is read twice, the second time from the operating system's cache.
    let (mut keys, mut newest) = (KeyTable::default(), Vec::new());
    for (number, file) in part.files.iter().enumerate() {
        let content = file.read()?;
        let valid = groups_of(&file.name).and_then(|valid| valid.overlap(groups));
        let (mut all, mut gone) = (0, 0);
        for found in records(&content).map_err(damaged(number))? {
            let (at, record) = found.map_err(damaged(number))?;
            all += 1;
            gone += u64::from(record.value.is_none());
            if !valid.is_some_and(|valid| valid.contains(record.group)) {
                continue;
            }
            let hash = hash_key(record.key);
            if record.value.is_none_or(|value| expired.is_some_and(|expired| expired(value))) {
                if let Some(slot) = keys.find(hash, record.key) {
                    keys.remove(slot);
                }
                continue;
            }
            let (slot, _) = keys.insert(hash, record.key);
            if newest.len() <= slot as usize {
                newest.push(Place { file: 0, at: 0 });
            }
            newest[slot as usize] = Place { file: number as u32, at: at as u64 };
        }
        count(all, gone);
    }
    let mut places: Vec<Place> = keys.live().map(|slot| newest[slot as usize]).collect();
    drop((keys, newest));
    places.sort_unstable();
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
