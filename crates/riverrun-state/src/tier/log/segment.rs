//! A segment's file: records one after the other.

use crate::blob::{BlobReader, put_varint};
use crate::tier::files::{Content, KeptFile, Scratch, TierFile, TierFiles};
use crate::tier::store::GroupRange;
use riverrun_core::{Error, KeyGroup, Result};
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use xxhash_rust::xxh3::Xxh3;

/// What the names of segments end with.
pub(super) const SUFFIX: &str = ".segment";

/// What segments begin with; the digit is the version.
pub(super) const MAGIC: &[u8; 8] = b"RRSEGM_2";

/// A key that stands in two parts.
pub(super) type TwoParts<'a> = (&'a [u8], &'a [u8]);

/// Up to so many bytes are short.
const LONGEST_SHORT: usize = 32;

/// So much is read of a record before its length is known.
const FIRST_READ: usize = 128;

/// Appends a value; gives its length.
///
/// A record is the key group (big endian), the length of the key, one more than the length of the value (both as varints; 0: the key is
/// gone), the key and the value.
pub(super) fn put_value(
    out: &mut Vec<u8>,
    group: KeyGroup,
    key: TwoParts<'_>,
    encode: &mut dyn FnMut(&mut Vec<u8>),
) -> usize {
    put_head(out, group, key);
    // Most lengths take up one byte.
    let at = out.len();
    out.push(0);
    put_short(out, key.0);
    put_short(out, key.1);
    let from = out.len();
    encode(out);
    let length = out.len() - from;
    match u8::try_from(length + 1) {
        Ok(short) if short < 0x80 => out[at] = short,
        _ => {
            let mut long = Vec::new();
            put_varint(&mut long, length as u64 + 1);
            out.splice(at..=at, long);
        }
    }
    length
}

/// Appends that a key is gone.
pub(in super::super) fn put_gone(out: &mut Vec<u8>, group: KeyGroup, key: &[u8]) {
    put_head(out, group, (&[], key));
    out.push(0);
    out.extend_from_slice(key);
}

fn put_head(out: &mut Vec<u8>, group: KeyGroup, key: TwoParts<'_>) {
    out.extend_from_slice(&group.0.to_be_bytes());
    put_varint(out, (key.0.len() + key.1.len()) as u64);
}

/// Appends what is most often a few bytes: for these a copy of any length costs more than eight at a time.
fn put_short(out: &mut Vec<u8>, bytes: &[u8]) {
    if bytes.len() > LONGEST_SHORT {
        return out.extend_from_slice(bytes);
    }
    let (eights, rest) = bytes.as_chunks::<8>();
    eights.iter().for_each(|eight| out.extend_from_slice(eight));
    rest.iter().for_each(|byte| out.push(*byte));
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

/// The parts of a record: where its key begins, where that ends and the value begins, and where the value ends, if it has one.
struct Parts {
    key: usize,
    value: usize,
    end: Option<usize>,
}

impl Parts {
    /// Of the record that begins here; none if its head is not all there, or lengths are absurd.
    fn of(bytes: &[u8]) -> Option<Parts> {
        let mut reader = BlobReader::new(bytes.get(2..)?);
        let mut length = || u32::try_from(reader.varint().ok()?).ok();
        let (of_key, of_value) = (length()? as usize, length()? as usize);
        let key = bytes.len() - reader.rest().len();
        let value = key + of_key;
        Some(Parts { key, value, end: of_value.checked_sub(1).map(|of_value| value + of_value) })
    }

    /// The length of the record.
    fn length(&self) -> usize {
        self.end.unwrap_or(self.value)
    }
}

/// The record at a place.
pub(super) fn record(bytes: &[u8], at: usize) -> Result<Record<'_>> {
    let whole = || {
        let bytes = bytes.get(at..)?;
        let parts = Parts::of(bytes)?;
        Some(Record {
            group: u16::from_be_bytes(*bytes.first_chunk()?),
            key: bytes.get(parts.key..parts.value)?,
            value: match parts.end {
                None => None,
                Some(end) => Some(bytes.get(parts.value..end)?),
            },
            bytes: bytes.get(..parts.length())?,
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

/// The key groups that count in a segment of a frozen log for one who owns these; perhaps none.
pub(super) fn counted(part: &TierFiles, file: &TierFile, owned: GroupRange) -> GroupRange {
    let named = || {
        let mut parts = file.name.strip_suffix(SUFFIX)?.split('-').skip(2);
        Some(GroupRange { first: parts.next()?.parse().ok()?, end: parts.next()?.parse().ok()? })
    };
    let counted = named().and_then(|named| named.overlap(part.groups)?.overlap(owned));
    counted.unwrap_or(GroupRange { first: 0, end: 0 })
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
    /// So much of it is written, and what reads it.
    File(Arc<KeptFile>, Mutex<Written>, OnceLock<File>),
}

/// Nothing, for a file that another log has written.
#[derive(Default)]
struct Written {
    file: Option<File>,
    bytes: u64,
    hash: Box<Xxh3>,
}

impl std::fmt::Debug for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Written").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl SegmentFile {
    /// An empty one, with the values of the segments of these numbers.
    pub(super) fn create(numbers: (u32, u32), groups: GroupRange, scratch: Option<&Arc<Scratch>>) -> Self {
        let name = name(numbers, groups);
        let place = match scratch {
            None => Place::Memory(Mutex::default()),
            Some(scratch) => {
                let kept = KeptFile::new(scratch.path().join(&name), scratch.clone());
                Place::File(kept, Mutex::default(), OnceLock::new())
            }
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
            Place::File(kept, ..) => file.place_at(kept.path(), true)?,
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
            Place::File(kept, written, _) => {
                let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
                written.append(kept, records).map_err(|error| SegmentFile::failed(kept.path(), &error))
            }
        }
    }

    /// Writes all of it anew.
    pub(super) fn replace(&self, records: &[u8]) -> Result<()> {
        match &self.place {
            Place::Memory(bytes) => bytes.lock().unwrap_or_else(PoisonError::into_inner).clear(),
            Place::File(_, written, _) => *written.lock().unwrap_or_else(PoisonError::into_inner) = Written::default(),
        }
        self.append(records)
    }

    /// Reads the record at a place into the beginning of `buffer`; its length.
    pub(super) fn read_record(&self, at: u64, buffer: &mut Vec<u8>) -> Result<usize> {
        buffer.resize(buffer.len().max(FIRST_READ), 0);
        let mut read = self.read_at(at, buffer)?;
        let early =
            || Error::failure("a segment of the state ends too early").detail(format!("the file {}", self.name));
        let length = Parts::of(&buffer[..read]).ok_or_else(early)?.length();
        buffer.resize(buffer.len().max(length), 0);
        while read < length {
            let more = self.read_at(at + read as u64, &mut buffer[read..length])?;
            read += if more > 0 { more } else { return Err(early()) };
        }
        Ok(length)
    }

    /// Reads from a place on, as much as there is and there is room for, or less.
    fn read_at(&self, at: u64, buffer: &mut [u8]) -> Result<usize> {
        match &self.place {
            Place::Memory(bytes) => {
                let bytes = bytes.lock().unwrap_or_else(PoisonError::into_inner);
                let from = bytes.get(at as usize..).unwrap_or_default();
                let length = from.len().min(buffer.len());
                buffer[..length].copy_from_slice(&from[..length]);
                Ok(length)
            }
            Place::File(kept, _, reader) => {
                let failed = |error: std::io::Error| {
                    Error::failure(format!("cannot read the state in {}: {error}", kept.path().display()))
                };
                let file = match reader.get() {
                    Some(file) => file,
                    None => {
                        let file = File::open(kept.path()).map_err(failed)?;
                        reader.get_or_init(|| file)
                    }
                };
                file.read_at(buffer, at).map_err(failed)
            }
        }
    }

    /// Nothing is appended any more.
    pub(super) fn close(&self) {
        if let Place::File(_, written, _) = &self.place {
            written.lock().unwrap_or_else(PoisonError::into_inner).file = None;
        }
    }

    /// The file, once nothing is appended any more.
    pub(super) fn frozen(&self) -> TierFile {
        self.close();
        let (content, hash) = match &self.place {
            Place::Memory(bytes) => {
                (Content::Bytes(bytes.lock().unwrap_or_else(PoisonError::into_inner).as_slice().into()), None)
            }
            Place::File(kept, written, _) => {
                let written = written.lock().unwrap_or_else(PoisonError::into_inner);
                (Content::Kept(kept.clone()), (written.bytes > 0).then(|| written.hash.digest128()))
            }
        };
        TierFile { name: self.name.clone(), immutable: true, hash, content }
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
        let head: &[u8] = if self.bytes == 0 { MAGIC } else { &[] };
        for bytes in [head, records] {
            file.write_all(bytes)?;
        }
        self.bytes += (head.len() + records.len()) as u64;
        self.hash.update(head);
        self.hash.update(records);
        self.file = Some(file);
        Ok(())
    }
}
