//! A store that is a log: values are appended to segments, and memory knows where the newest of each key is.
//!
//! RocksDB keeps what is sorted, and sorts it again and again; nobody asks for keyed state in an order. Here a look-up is one read
//! of one record, and a value is written once, and perhaps a second time when its segment is emptied. The price is memory: seven
//! bytes and some for each key ([`Places`]). They count as state; where they alone would be nearly all that there may be, the
//! store moves into one of the backend below, on the thread that writes.
//!
//! Its files are those of a [`SegmentLog`](super::SegmentLog), and are restored like them.

use super::places::{MOST_SEGMENTS, Places, Spot};
use super::segment::{MAGIC, SegmentFile, counted, put_gone, put_value, record, records};
use crate::key::{KeyRows, hash_key};
use crate::tier::budget::{MemoryBudget, Share};
use crate::tier::files::{Scratch, TierFile, TierFiles};
use crate::tier::next_origin;
use crate::tier::run::Run;
use crate::tier::store::{Found, GroupRange, StoreOptions, TierBackend, TierStore, Trace, Visit};
use riverrun_core::{Error, KeyGroup, Result};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// So many bytes are written at once.
const CHUNK: usize = 1 << 20;

/// A segment of so many bytes, or of this part of the memory there is, is followed by another one. It is read whole when it is
/// emptied.
const LARGEST_SEGMENT: u64 = 16 << 20;
const LEAST_SEGMENT: u64 = 1 << 20;
const SEGMENT_PART: u64 = 16;

/// So many segments that are smaller than this part of the largest become one.
const MOST_SMALL: usize = 8;
const SMALL_PART: u64 = 16;

/// What stands before the key in a full one.
const GROUP_BYTES: usize = 2;

/// So much that is dead is of no account.
const LEAST_DEAD: u64 = 1 << 16;

/// A run of so many bytes goes to the backend below.
const RUN_BYTES: usize = 4 << 20;

/// Makes such stores over those of another backend.
#[derive(Debug)]
pub(in super::super) struct LogTier {
    below: Arc<dyn TierBackend>,
    budget: Arc<MemoryBudget>,
    /// What places may take up, all together.
    most_places: usize,
}

/// The values of one table of an operator on one worker.
struct LogStore {
    below: Arc<dyn TierBackend>,
    budget: Arc<MemoryBudget>,
    most_places: usize,
    options: StoreOptions,
    origin: u64,
    /// Changed by the thread that writes, and only by it.
    form: RwLock<Form>,
}

enum Form {
    Log(Log),
    Below(Arc<dyn TierStore>),
}

struct Log {
    groups: GroupRange,
    scratch: Option<Arc<Scratch>>,
    largest: u64,
    places: Places,
    share: Share,
    /// By their numbers, oldest first. The last one may still be written to.
    segments: BTreeMap<u32, Segment>,
    next: u32,
}

struct Segment {
    file: Arc<SegmentFile>,
    bytes: u64,
    live: u64,
    open: bool,
}

/// Records on their way into a segment.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

struct Entry {
    hash: u64,
    /// Where the record is in the batch, and how long.
    start: usize,
    length: usize,
    gone: bool,
    was: Option<Replaced>,
}

/// The record that one replaces: where it is, and how long.
type Replaced = (Spot, u64);

impl std::fmt::Debug for LogStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogStore").field("name", &self.options.name).finish_non_exhaustive()
    }
}

impl LogTier {
    /// Places may take up so much; absent: nine tenths of the budget, the rest is for the slots.
    pub(in super::super) fn over(
        below: Arc<dyn TierBackend>,
        budget: Arc<MemoryBudget>,
        most_places: Option<usize>,
    ) -> Arc<dyn TierBackend> {
        let most_places = most_places.unwrap_or(budget.limit() / 10 * 9);
        Arc::new(LogTier { below, budget, most_places })
    }

    fn store(&self, options: StoreOptions) -> Result<LogStore> {
        let scratch = self.below.log_folder(&options)?.map(Arc::new);
        let places = Places::new(self.budget.limit() / super::places::KEY_BYTES);
        let mut share = Share::fixed(self.budget.clone());
        share.update(places.num_bytes());
        let log = Log {
            groups: options.groups,
            scratch,
            largest: (self.budget.limit() as u64 / SEGMENT_PART).clamp(LEAST_SEGMENT, LARGEST_SEGMENT),
            places,
            share,
            segments: BTreeMap::new(),
            next: 0,
        };
        let (below, budget, form) = (self.below.clone(), self.budget.clone(), RwLock::new(Form::Log(log)));
        Ok(LogStore { below, budget, most_places: self.most_places, options, origin: next_origin(), form })
    }
}

impl TierBackend for LogTier {
    fn create(&self, options: StoreOptions) -> Result<Arc<dyn TierStore>> {
        Ok(Arc::new(self.store(options)?))
    }

    fn open(&self, options: StoreOptions, parts: &[Arc<TierFiles>]) -> Result<Arc<dyn TierStore>> {
        self.below.open(options, parts)
    }

    fn adopt(&self, options: StoreOptions, logs: &[Arc<TierFiles>]) -> Result<Option<Arc<dyn TierStore>>> {
        let store = self.store(options)?;
        logs.iter().try_for_each(|part| store.adopt(part))?;
        store.tidy()?;
        Ok(Some(Arc::new(store)))
    }

    fn scan(&self, part: &TierFiles, groups: GroupRange, visit: &mut Visit<'_>) -> Result<()> {
        self.below.scan(part, groups, visit)
    }

    fn log_folder(&self, options: &StoreOptions) -> Result<Option<Scratch>> {
        self.below.log_folder(options)
    }

    fn close(&self) {
        self.below.close();
    }
}

impl Batch {
    fn put(&mut self, hash: u64, group: KeyGroup, key: &[u8], value: Option<&[u8]>, was: Option<Replaced>) {
        let start = self.bytes.len();
        match value {
            Some(value) => drop(put_value(&mut self.bytes, group, (&[], key), &mut |out| out.extend_from_slice(value))),
            None => put_gone(&mut self.bytes, group, key),
        }
        let length = self.bytes.len() - start;
        self.entries.push(Entry { hash, start, length, gone: value.is_none(), was });
    }
}

impl Log {
    fn oldest(&self) -> u32 {
        self.segments.first_key_value().map_or(self.next, |(number, _)| *number)
    }

    /// Where the value of a key is, and its record.
    fn find<'b>(&self, hash: u64, key: (u16, &[u8]), buffer: &'b mut Vec<u8>) -> Result<Option<(Spot, &'b [u8])>> {
        self.find_at(self.places.get(hash, self.oldest()), key, buffer)
    }

    /// The one of these places where the value of a key is, and its record.
    fn find_at<'b>(
        &self,
        spots: impl Iterator<Item = Spot>,
        (group, key): (u16, &[u8]),
        buffer: &'b mut Vec<u8>,
    ) -> Result<Option<(Spot, &'b [u8])>> {
        let mut found = None;
        for spot in spots {
            let Some(segment) = self.segments.get(&spot.segment) else { continue };
            let length = segment.file.read_record(u64::from(spot.at), buffer)?;
            let record = record(&buffer[..length], 0)?;
            if (record.group, record.key) == (group, key) {
                found = Some((spot, length));
                break;
            }
        }
        Ok(found.map(|(spot, length)| (spot, &buffer[..length])))
    }

    /// The segment that is written to.
    fn open(&mut self) -> (u32, &mut Segment) {
        let full = |last: &Segment| !last.open || last.bytes > self.largest;
        if self.segments.last_key_value().is_none_or(|(_, last)| full(last)) {
            self.close();
            self.next += 1;
        }
        let number = self.next - 1;
        let new = || Segment {
            file: Arc::new(SegmentFile::create((number, number), self.groups, self.scratch.as_ref())),
            bytes: MAGIC.len() as u64,
            live: 0,
            open: true,
        };
        (number, self.segments.entry(number).or_insert_with(new))
    }

    /// Nothing more is written to the last segment.
    fn close(&mut self) {
        if let Some(mut last) = self.segments.last_entry().filter(|last| last.get().open) {
            last.get_mut().open = false;
            last.get().file.close();
        }
    }

    fn die(&mut self, spot: Spot, bytes: u64) {
        if let Some(segment) = self.segments.get_mut(&spot.segment) {
            segment.live = segment.live.saturating_sub(bytes);
        }
    }

    /// The records of a batch, which stands in a segment from `base` on, are the newest of their keys.
    fn settle(&mut self, entries: &[Entry], number: u32, base: u64) {
        let oldest = self.oldest();
        for entry in entries {
            if let Some((spot, bytes)) = entry.was {
                self.die(spot, bytes);
            }
            let was = entry.was.map(|(spot, _)| spot);
            if !entry.gone {
                let spot = Spot { segment: number, at: (base + entry.start as u64) as u32 };
                self.places.put(entry.hash, was, spot, oldest);
                if let Some(segment) = self.segments.get_mut(&number) {
                    segment.live += entry.length as u64;
                }
            } else if let Some(spot) = was {
                self.places.remove(entry.hash, spot, oldest);
            }
        }
        self.share.update(self.places.num_bytes());
    }

    /// The segments to be emptied: the oldest, when more than half of all is dead, or all small ones, when there are many.
    fn to_be_emptied(&self) -> Vec<u32> {
        let (bytes, live) = self.segments.values().fold((0, 0), |(bytes, live), s| (bytes + s.bytes, live + s.live));
        if bytes > 2 * live + LEAST_DEAD {
            return self.segments.keys().take(1).copied().collect();
        }
        let small =
            self.segments.iter().filter(|(_, segment)| !segment.open && segment.bytes < self.largest / SMALL_PART);
        let small: Vec<u32> = small.map(|(number, _)| *number).collect();
        if small.len() < MOST_SMALL { Vec::new() } else { small }
    }
}

impl LogStore {
    fn read(&self) -> RwLockReadGuard<'_, Form> {
        self.form.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, Form> {
        self.form.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_log<T>(&self, change: impl FnOnce(&mut Log) -> T) -> Result<T> {
        match &mut *self.change() {
            Form::Log(log) => Ok(change(log)),
            Form::Below(_) => Err(Error::bug("a log that has moved into a store")),
        }
    }

    fn below(&self) -> Option<Arc<dyn TierStore>> {
        match &*self.read() {
            Form::Log(_) => None,
            Form::Below(store) => Some(store.clone()),
        }
    }

    /// Where a value is that was found there, if it has not been moved.
    fn followed(&self, hash: u64, trace: Trace) -> Option<Replaced> {
        let spot = Spot { segment: trace.segment, at: trace.at };
        let Form::Log(log) = &*self.read() else { return None };
        let is_there = trace.length > 0 && log.places.contains(hash, spot, log.oldest());
        is_there.then_some((spot, u64::from(trace.length)))
    }

    /// Appends a batch, and empties it.
    fn write(&self, batch: &mut Batch) -> Result<()> {
        if batch.entries.is_empty() {
            return Ok(());
        }
        let (number, base, file) = self.with_log(|log| {
            let (number, segment) = log.open();
            (number, segment.bytes, segment.file.clone())
        })?;
        // What the records replace is looked up before it is locked: nobody else changes it.
        if let Form::Log(log) = &*self.read() {
            let mut buffer = Vec::new();
            for entry in batch.entries.iter_mut().filter(|entry| entry.was.is_none()) {
                let record = record(&batch.bytes, entry.start)?;
                let found = log.find(entry.hash, (record.group, record.key), &mut buffer)?;
                entry.was = found.map(|(spot, replaced)| (spot, replaced.len() as u64));
            }
        }
        file.append(&batch.bytes)?;
        self.with_log(|log| {
            if let Some(segment) = log.segments.get_mut(&number) {
                segment.bytes = base + batch.bytes.len() as u64;
            }
            log.settle(&batch.entries, number, base);
        })?;
        batch.bytes.clear();
        batch.entries.clear();
        Ok(())
    }

    /// Writes what still counts of a segment once more, and drops it.
    fn empty(&self, number: u32) -> Result<()> {
        let (file, oldest) = self.with_log(|log| {
            if number + 1 == log.next {
                log.close();
            }
            (log.segments.get(&number).map(|segment| segment.file.clone()), log.oldest())
        })?;
        let Some(file) = file else { return Ok(()) };
        let content = file.frozen().read()?;
        let (mut batch, mut buffer) = (Batch::default(), Vec::new());
        for found in records(&content)? {
            let (at, record) = found?;
            if !file.groups().contains(record.group) {
                continue;
            }
            let (hash, spot) = (hash_key(record.key), Spot { segment: number, at: at as u32 });
            let keep = match &*self.read() {
                Form::Below(_) => false,
                Form::Log(log) => match record.value {
                    Some(_) => log.places.contains(hash, spot, oldest),
                    // Older segments may have a value of the key, unless there are none, or a newer one counts.
                    None => number != oldest && log.find(hash, (record.group, record.key), &mut buffer)?.is_none(),
                },
            };
            if keep {
                let was = record.value.map(|_| (spot, record.bytes.len() as u64));
                let expired = self.options.expired.as_ref().zip(record.value).is_some_and(|(is, value)| is(value));
                let value = record.value.filter(|_| !expired);
                batch.put(hash, KeyGroup(record.group), record.key, value, was);
                if batch.bytes.len() >= CHUNK {
                    self.write(&mut batch)?;
                }
            }
        }
        self.write(&mut batch)?;
        self.with_log(|log| drop(log.segments.remove(&number)))
    }

    /// Empties segments as long as there are some to be emptied; moves into the backend below where places take up too much.
    fn tidy(&self) -> Result<()> {
        loop {
            let (numbers, age) = self.with_log(|log| (log.to_be_emptied(), log.next - log.oldest()))?;
            // All stores have one budget: the one that finds it spent gives up its places.
            if self.budget.fixed() > self.most_places || age > MOST_SEGMENTS - 64 {
                return self.move_below();
            }
            if numbers.is_empty() {
                return Ok(());
            }
            numbers.into_iter().try_for_each(|number| self.empty(number))?;
        }
    }

    fn move_below(&self) -> Result<()> {
        let store = self.below.create(self.options.clone())?;
        let files: Vec<(u32, Arc<SegmentFile>)> = self.with_log(|log| {
            log.close();
            log.segments.iter().map(|(number, segment)| (*number, segment.file.clone())).collect()
        })?;
        let mut run = Run::default();
        for (number, file) in files {
            let content = file.frozen().read()?;
            for found in records(&content)? {
                let (at, record) = found?;
                let (hash, spot) = (hash_key(record.key), Spot { segment: number, at: at as u32 });
                let Form::Log(log) = &*self.read() else { continue };
                let counts = log.places.contains(hash, spot, log.oldest());
                if let Some(value) = record.value.filter(|_| counts && file.groups().contains(record.group)) {
                    run.put(KeyGroup(record.group), (hash, record.key), Trace::default(), |out| {
                        out.extend_from_slice(value)
                    });
                }
                if run.num_bytes() > RUN_BYTES {
                    store.apply(&std::mem::take(&mut run))?;
                }
            }
        }
        if !run.is_empty() {
            store.apply(&run)?;
        }
        *self.change() = Form::Below(store);
        Ok(())
    }

    /// Takes over the segments of a log that was frozen.
    fn adopt(&self, part: &TierFiles) -> Result<()> {
        for file in &part.files {
            let damaged = |error: Error| error.detail(format!("the file {}", file.name));
            let groups = counted(part, file, self.options.groups);
            let content = file.read()?;
            let number = self.with_log(|log| -> Result<u32> {
                let number = log.next;
                let adopted = Arc::new(SegmentFile::adopt(number, groups, log.scratch.as_ref(), file)?);
                log.next += 1;
                let bytes = content.len() as u64;
                log.segments.insert(number, Segment { file: adopted, bytes, live: 0, open: false });
                Ok(number)
            })??;
            let mut buffer = Vec::new();
            for found in records(&content).map_err(damaged)? {
                let (at, record) = found.map_err(damaged)?;
                if !groups.contains(record.group) {
                    continue;
                }
                let hash = hash_key(record.key);
                let expired = |value: &[u8]| self.options.expired.as_ref().is_some_and(|expired| expired(value));
                let gone = record.value.is_none_or(expired);
                self.with_log(|log| -> Result<()> {
                    let found = log.find(hash, (record.group, record.key), &mut buffer)?;
                    let was = found.map(|(spot, replaced)| (spot, replaced.len() as u64));
                    log.settle(&[Entry { hash, start: at, length: record.bytes.len(), gone, was }], number, 0);
                    Ok(())
                })??;
            }
        }
        Ok(())
    }
}

impl TierStore for LogStore {
    fn get(&self, keys: &KeyRows, found: &mut Found<'_>) -> Result<()> {
        let form = self.read();
        let log = match &*form {
            Form::Log(log) => log,
            Form::Below(store) => return store.get(keys, found),
        };
        // Places first: many look-ups by themselves wait for memory together, and reads between them would keep them apart.
        let oldest = log.oldest();
        let (mut spots, mut ends) = (Vec::with_capacity(keys.len()), Vec::with_capacity(keys.len()));
        for full in keys.iter() {
            spots.extend(log.places.get(hash_key(full.get(GROUP_BYTES..).unwrap_or_default()), oldest));
            ends.push(spots.len());
        }
        let (mut buffer, mut first) = (Vec::new(), 0);
        for (position, (full, &end)) in keys.iter().zip(&ends).enumerate() {
            let own = spots[first..end].iter().copied();
            first = end;
            let Some((group, key)) = full.split_first_chunk() else { continue };
            let group = u16::from_be_bytes(*group);
            if let Some((spot, bytes)) = log.find_at(own, (group, key), &mut buffer)?
                && let Some(value) = record(bytes, 0)?.value
            {
                let trace = Trace { segment: spot.segment, at: spot.at, length: bytes.len() as u32 };
                found(position, value, trace)?;
            }
        }
        Ok(())
    }

    fn apply(&self, run: &Run) -> Result<()> {
        if let Some(store) = self.below() {
            return store.apply(run);
        }
        let mut batch = Batch::default();
        for (group, key, trace, value) in run.entries() {
            // Not every operator's hash is that of the key alone.
            let hash = hash_key(key);
            batch.put(hash, group, key, value, self.followed(hash, trace));
            if batch.bytes.len() >= CHUNK {
                self.write(&mut batch)?;
            }
        }
        self.write(&mut batch)?;
        self.tidy()
    }

    fn freeze(&self) -> Result<TierFiles> {
        if let Some(store) = self.below() {
            return store.freeze();
        }
        let files = self.with_log(|log| -> Result<Vec<TierFile>> {
            if log.segments.is_empty() {
                // A frozen table is known as a log by its files.
                let (_, segment) = log.open();
                segment.file.append(&[])?;
            }
            log.close();
            Ok(log.segments.values().map(|segment| segment.file.frozen()).collect())
        })??;
        Ok(TierFiles { groups: self.options.groups, origin: self.origin, files, scratch: None })
    }
}
