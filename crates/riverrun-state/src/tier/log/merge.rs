//! Several segments become one with the newest of their values.

use super::queue::Merge;
use super::read::{Newest, Place};
use super::segment::{record, records};
use riverrun_core::Result;

/// Writes the segment. After an error it may be tried again.
pub(super) fn merge(merge: &Merge) -> Result<()> {
    let contents = merge.from.iter().map(|file| file.frozen().read()).collect::<Result<Vec<_>>>()?;
    let mut newest = Newest::default();
    for (number, content) in contents.iter().enumerate() {
        for found in records(content)? {
            let (at, record) = found?;
            if !merge.from[number].groups().contains(record.group) {
                continue;
            }
            newest.put(record.key, Place { file: number as u32, at: at as u64 });
        }
    }
    let (mut merged, mut count, mut gone) = (Vec::new(), 0, 0);
    for Place { file, at } in newest.into_places() {
        let record = record(&contents[file as usize], at as usize)?;
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
