//! Splits: files, and ranges of large files, dealt out over the workers.

use super::location::FoundFile;
use crate::saved;
use riverrun_core::Result;
use riverrun_runtime::SplitId;
use riverrun_state::RestoredState;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The version of [`SplitState`] in snapshots.
const VERSION: u8 = 1;

/// A part of a file that is read from front to back.
#[derive(Clone, Debug)]
pub struct Split {
    /// Its name: the path, with the range if it is not the whole file.
    pub id: SplitId,
    /// The file.
    pub file: Arc<FoundFile>,
    /// Records that begin at this byte or behind it belong to it; rows from this one on, where a format has no records.
    pub start: u64,
    /// Records that begin from here on belong to the next one; `None`: up to the end of the file.
    pub end: Option<u64>,
}

impl Split {
    /// A whole file.
    pub fn whole(file: FoundFile) -> Split {
        Split { id: Arc::clone(&file.path), file: Arc::new(file), start: 0, end: None }
    }

    /// A file in at most `most` ranges of at least `size` bytes; the last one goes to the end, wherever that will be.
    ///
    /// No more ranges than workers: an unread range holds the watermark back, and with it the memory of open windows.
    pub fn ranges(file: FoundFile, size: u64, most: usize) -> Vec<Split> {
        let count = file.size.div_ceil(size.max(1)).min(most as u64);
        if count <= 1 {
            return vec![Split::whole(file)];
        }
        // In whole megabytes, so that processes that see a file at slightly different sizes still cut it alike.
        let unit = if file.size >= count << 24 { 1 << 20 } else { 1 };
        let length = file.size.div_ceil(count * unit) * unit;
        let file = Arc::new(file);
        (0..count)
            .map(|index| {
                let start = index * length;
                Split {
                    id: format!("{}:{start}", file.path).into(),
                    file: Arc::clone(&file),
                    start,
                    end: (index + 1 < count).then_some(start + length),
                }
            })
            .collect()
    }
}

impl Split {
    /// A file without records in at most `most` ranges of rows; `cuts` are the rows at which it may be cut.
    pub fn row_ranges(file: FoundFile, cuts: &[u64], most: usize) -> Vec<Split> {
        let count = cuts.len().min(most);
        if count <= 1 {
            return vec![Split::whole(file)];
        }
        let file = Arc::new(file);
        let ends = (1..=count).map(|index| cuts[index * cuts.len() / count - 1]);
        let mut start = 0;
        ends.map(|end| {
            let id = format!("{}:{start}", file.path).into();
            let split = Split { id, file: Arc::clone(&file), start, end: Some(end) };
            start = end;
            split
        })
        .collect()
    }
}

/// Where a split stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitState {
    /// The split's name.
    pub id: String,
    /// The file's path.
    pub path: String,
    /// The split's range.
    pub start: u64,
    /// Its end, if it is not the file's.
    pub end: Option<u64>,
    /// The next record begins here: bytes of the decompressed file, or rows where a format has no records.
    pub offset: u64,
    /// Whether the first record of a range has been found.
    pub begun: bool,
    /// Whether all of it has been read.
    pub finished: bool,
    /// The file's number on its device, for files that are followed through renames.
    pub inode: Option<u64>,
    /// When the file was made, in nanoseconds; not in the states of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<u64>,
}

/// All splits of one worker at a barrier; the list is kept whole, so that a restore reads no file twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReaderState {
    /// The splits, finished ones too.
    pub splits: Vec<SplitState>,
}

impl ReaderState {
    /// The bytes for a snapshot.
    pub fn encode(&self) -> Result<Vec<u8>> {
        saved::encode(VERSION, self)
    }

    /// The splits of all workers of the run before, by name.
    pub fn merge(state: &RestoredState) -> Result<Vec<SplitState>> {
        let mut splits = Vec::new();
        for bytes in &state.union {
            let one: ReaderState = saved::decode("a table of files that is read", VERSION, bytes)?;
            splits.extend(one.splits);
        }
        splits.sort_by(|a, b| (&a.path, a.start).cmp(&(&b.path, b.start)));
        Ok(splits)
    }
}

/// The worker that reads a file which was found while the job runs, by its path or what else stands for it: the same on every worker, and whatever else is found.
pub fn worker_of(name: &str, parallelism: usize) -> usize {
    // FNV-1a; only evenness matters, and that it never changes.
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    ((hash >> 32) % parallelism.max(1) as u64) as usize
}
