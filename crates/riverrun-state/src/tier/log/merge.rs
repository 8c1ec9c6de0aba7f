//! Several segments become one with the newest of their values.

use super::queue::Merge;
use super::segment::records;
use crate::key::hash_key;
use crate::key_table::KeyTable;
use riverrun_core::Result;

/// Writes the segment. After an error it may be tried again.
pub(super) fn merge(merge: &Merge) -> Result<()> {
    let contents = merge.from.iter().map(|file| file.frozen().read()).collect::<Result<Vec<_>>>()?;
    let (mut keys, mut newest) = (KeyTable::default(), Vec::new());
    for (number, content) in contents.iter().enumerate() {
        for found in records(content)? {
            let (at, record) = found?;
            if !merge.from[number].groups().contains(record.group) {
                continue;
            }
            let (slot, new) = keys.insert(hash_key(record.key), record.key);
            let place = (number, at);
            if new { newest.push(place) } else { newest[slot as usize] = place }
        }
    }
    newest.sort_unstable();
    let (mut merged, mut count, mut gone) = (Vec::new(), 0, 0);
    for (number, at) in newest {
        let record = super::segment::record(&contents[number], at)?;
        let is_gone = record.value.is_none();
        if is_gone && merge.oldest {
            continue;
        }
        merged.extend_from_slice(record.bytes);
        count += 1;
        gone += u64::from(is_gone);
    }
    merge.into.replace(&merged)?;
    merge.into.set_counts(merged.len() as u64, count, gone);
    Ok(())
}
