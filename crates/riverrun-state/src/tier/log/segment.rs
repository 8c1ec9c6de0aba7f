//! A segment's file: records one after the other.

use crate::tier::files::{Content, KeptFile, Scratch, TierFile};
use crate::tier::store::GroupRange;
use riverrun_core::{Error, KeyGroup, Result};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What the names of segments end with.
pub(super) const SUFFIX: &str = ".segment";

/// What segments begin with; the digit is the version.
pub(super) const MAGIC: &[u8; 8] = b"RRSEGM_1";

/// The length of the value of a key that is gone.
const GONE: u32 = u32::MAX;

/// Key group, length of the key, length of the value.
const HEAD: usize = 10;

/// Appends a value; gives its length.
pub(super) fn put_value(out: &mut Vec<u8>, group: KeyGroup, key: &[u8], encode: &mut dyn FnMut(&mut Vec<u8>)) -> usize {
    let at = put_key(out, group, key, 0);
    let from = out.len();
    encode(out);
    let length = out.len() - from;
    out[at..at + 4].copy_from_slice(&(length as u32).to_le_bytes());
    length
}

/// Appends that a key is gone.
pub(in super::super) fn put_gone(out: &mut Vec<u8>, group: KeyGroup, key: &[u8]) {
    put_key(out, group, key, GONE);
}

/// Gives the place of the value's length.
fn put_key(out: &mut Vec<u8>, group: KeyGroup, key: &[u8], length: u32) -> usize {
    let mut head = [0; HEAD];
    head[..2].copy_from_slice(&group.0.to_be_bytes());
    head[2..6].copy_from_slice(&(key.len() as u32).to_le_bytes());
    head[6..].copy_from_slice(&length.to_le_bytes());
    let at = out.len() + 6;
    out.extend_from_slice(&head);
    out.extend_from_slice(key);
    at
}

/// A record of a segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    pub group: u16,
    pub key: &'a [u8],
    /// None: the key is gone.
    pub value: Option<&'a [u8]>,
    /// All of it.
    pub bytes: &'a [u8],
}

/// The record at a place.
pub(super) fn record(bytes: &[u8], at: usize) -> Result<Record<'_>> {
    let whole = || {
        let head: &[u8; HEAD] = bytes.get(at..at + HEAD)?.try_into().ok()?;
        let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (key, value) = (number(2) as usize, number(6));
        let key_end = at + HEAD + key;
        let end = key_end + if value == GONE { 0 } else { value as usize };
        Some(Record {
            group: u16::from_be_bytes([head[0], head[1]]),
            key: bytes.get(at + HEAD..key_end)?,
            value: if value == GONE { None } else { Some(bytes.get(key_end..end)?) },
            bytes: bytes.get(at..end)?,
        })
    };
    whole().ok_or_else(|| Error::failure("a segment of the state ends too early"))
}

/// The records of a segment, each with its place.
pub(super) fn records(bytes: &[u8]) -> Result<impl Iterator<Item = Result<(usize, Record<'_>)>>> {
    if !bytes.starts_with(MAGIC) {
        return Err(Error::failure("a file of the state is no segment"));
    }
    let mut at = MAGIC.len();
    Ok(std::iter::from_fn(move || {
        if at >= bytes.len() {
            return None;
        }
        let place = at;
        let found = record(bytes, at);
        // After an error there is nothing more.
        at = found.as_ref().map_or(bytes.len(), |record| at + record.bytes.len());
        Some(found.map(|record| (place, record)))
    }))
}

/// A segment's name says which come later, and which key groups count: after a change of the parallelism several workers go on
/// with the same files, each for its own groups.
fn name((first, last): (u32, u32), groups: GroupRange) -> String {
    format!("{last:010}-{first:010}-{}-{}{SUFFIX}", groups.first, groups.end)
}

/// The key groups that count in a segment of this name.
pub(super) fn groups_of(name: &str) -> Option<GroupRange> {
    let mut parts = name.strip_suffix(SUFFIX)?.split('-').skip(2);
    Some(GroupRange { first: parts.next()?.parse().ok()?, end: parts.next()?.parse().ok()? })
}

/// A segment's file, and what is in it.
#[derive(Debug)]
pub(super) struct SegmentFile {
    name: String,
    groups: GroupRange,
    place: Place,
    bytes: AtomicU64,
    records: AtomicU64,
    gone: AtomicU64,
}

#[derive(Debug)]
enum Place {
    Memory(Mutex<Vec<u8>>),
    /// So much of it is written.
    File(Arc<KeptFile>, Mutex<Written>),
}

#[derive(Debug, Default)]
struct Written {
    file: Option<File>,
    bytes: u64,
}

impl SegmentFile {
    /// An empty one, with the values of the segments of these numbers.
    pub(super) fn create(numbers: (u32, u32), groups: GroupRange, scratch: Option<&Arc<Scratch>>) -> Self {
        let name = name(numbers, groups);
        let place = match scratch {
            None => Place::Memory(Mutex::default()),
            Some(scratch) => Place::File(KeptFile::new(scratch.path().join(&name), scratch.clone()), Mutex::default()),
        };
        let [bytes, records, gone] = [(); 3].map(|()| AtomicU64::new(0));
        SegmentFile { name, groups, place, bytes, records, gone }
    }

    /// One that is there, of which some key groups count.
    pub(super) fn adopt(
        number: u32,
        groups: GroupRange,
        scratch: Option<&Arc<Scratch>>,
        file: &TierFile,
    ) -> Result<Self> {
        let segment = SegmentFile::create((number, number), groups, scratch);
        match &segment.place {
            Place::Memory(bytes) => *bytes.lock().unwrap_or_else(PoisonError::into_inner) = file.read()?,
            Place::File(kept, _) => file.place_at(kept.path(), true)?,
        }
        segment.bytes.store(file.size()?, Ordering::Relaxed);
        Ok(segment)
    }

    /// The key groups of which it says something; records of others do not count.
    pub(super) fn groups(&self) -> GroupRange {
        self.groups
    }

    pub(super) fn num_bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn num_records(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }

    pub(super) fn num_gone(&self) -> u64 {
        self.gone.load(Ordering::Relaxed)
    }

    pub(super) fn set_counts(&self, bytes: u64, records: u64, gone: u64) {
        self.bytes.store(bytes, Ordering::Relaxed);
        self.records.store(records, Ordering::Relaxed);
        self.gone.store(gone, Ordering::Relaxed);
    }

    fn failed(path: &Path, error: &std::io::Error) -> Error {
        let failed = Error::failure(format!("cannot write the state in {}: {error}", path.display()));
        match error.kind() {
            std::io::ErrorKind::StorageFull => {
                failed.hint("make room, or put the state elsewhere (state.backend.rocksdb.localdir)")
            }
            _ => failed,
        }
    }

    /// Appends records. After an error it may be tried again.
    pub(super) fn append(&self, records: &[u8]) -> Result<()> {
        match &self.place {
            Place::Memory(bytes) => {
                let mut bytes = bytes.lock().unwrap_or_else(PoisonError::into_inner);
                if bytes.is_empty() {
                    bytes.extend_from_slice(MAGIC);
                }
                bytes.extend_from_slice(records);
                Ok(())
            }
            Place::File(kept, written) => {
                let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
                written.append(kept, records).map_err(|error| SegmentFile::failed(kept.path(), &error))
            }
        }
    }

    /// Writes all of it anew.
    pub(super) fn replace(&self, records: &[u8]) -> Result<()> {
        match &self.place {
            Place::Memory(bytes) => bytes.lock().unwrap_or_else(PoisonError::into_inner).clear(),
            Place::File(_, written) => *written.lock().unwrap_or_else(PoisonError::into_inner) = Written::default(),
        }
        self.append(records)
    }

    /// Nothing is appended any more.
    pub(super) fn close(&self) {
        if let Place::File(_, written) = &self.place {
            written.lock().unwrap_or_else(PoisonError::into_inner).file = None;
        }
    }

    /// The file, once nothing is appended any more.
    pub(super) fn frozen(&self) -> TierFile {
        self.close();
        let content = match &self.place {
            Place::Memory(bytes) => {
                Content::Bytes(bytes.lock().unwrap_or_else(PoisonError::into_inner).as_slice().into())
            }
            Place::File(kept, _) => Content::Kept(kept.clone()),
        };
        TierFile { name: self.name.clone(), immutable: true, content }
    }
}

impl Written {
    fn append(&mut self, kept: &KeptFile, records: &[u8]) -> std::io::Result<()> {
        use std::io::{Seek, SeekFrom};
        let mut file = match self.file.take() {
            Some(file) => file,
            None => {
                let mut file = File::options().write(true).create(true).truncate(false).open(kept.path())?;
                // What an attempt that failed has left is written over.
                file.set_len(self.bytes)?;
                file.seek(SeekFrom::Start(self.bytes))?;
                file
            }
        };
        if self.bytes == 0 {
            file.write_all(MAGIC)?;
        }
        file.write_all(records)?;
        self.bytes += (if self.bytes == 0 { MAGIC.len() } else { 0 } + records.len()) as u64;
        self.file = Some(file);
        Ok(())
    }
}
