//! The tier in RocksDB: one database per table of an operator and worker, all of a process with the same cache, write-buffer
//! budget and rate limiter.
//!
//! Nothing goes through the memtable or the log: a run is sorted, written as an SST file and ingested. So the files are what has
//! changed, and a checkpoint by hard links costs nothing but the links.

mod share;
mod store;
#[cfg(test)]
mod tests;

use crate::tier::{GroupRange, Scratch, StoreOptions, TierBackend, TierFiles, TierStore, Visit, WorkFolder};
use riverrun_core::{Error, Result};
use rocksdb::{CompactionDecision, DB, Direction, IteratorMode, Options, ReadOptions};
use share::Share;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use store::RocksStore;

/// Makes databases in one folder.
pub struct RocksTier {
    folder: Arc<WorkFolder>,
    share: Share,
    created: AtomicU64,
}

impl std::fmt::Debug for RocksTier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RocksTier").field("folder", &self.folder.path()).finish_non_exhaustive()
    }
}

impl RocksTier {
    /// Databases in `folder`, which goes with them. The blocks of all databases of the process take up at most `cache_bytes`, or
    /// what another job in it asks for if that is more.
    pub fn new(folder: Arc<WorkFolder>, cache_bytes: usize) -> Arc<Self> {
        Arc::new(RocksTier { folder, share: Share::new(cache_bytes), created: AtomicU64::new(0) })
    }

    fn options(&self, options: &StoreOptions) -> Options {
        let mut own = self.share.options();
        own.create_if_missing(true);
        if let Some(expired) = options.expired.clone() {
            own.set_compaction_filter("time-to-live", move |_level: u32, _key: &[u8], value: &[u8]| {
                if expired(value) { CompactionDecision::Remove } else { CompactionDecision::Keep }
            });
        }
        own
    }

    fn folder_of(&self, options: &StoreOptions) -> Result<Scratch> {
        let name: String =
            options.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(60).collect();
        self.new_folder(&name)
    }

    fn new_folder(&self, name: &str) -> Result<Scratch> {
        let number = self.created.fetch_add(1, Ordering::Relaxed);
        Scratch::create(self.folder.claim()?.join(format!("{number}-{name}")))
    }

    fn store(&self, options: &StoreOptions, folder: Scratch) -> Result<RocksStore> {
        RocksStore::open(self.options(options), options.groups, folder, self.folder.clone())
    }

    /// Opens the files of a part to read them.
    fn reader(&self, part: &TierFiles) -> Result<(DB, Scratch)> {
        let folder = self.new_folder("read")?;
        part.files.iter().try_for_each(|file| file.place_in(folder.path(), is_table(&file.name)))?;
        let mut options = self.share.options();
        // What is read once must not push out what is in use.
        options.set_max_open_files(64);
        let db = DB::open_for_read_only(&options, folder.path(), false)
            .map_err(|error| failed("open the files of", part.scratch.as_deref(), &error))?;
        Ok((db, folder))
    }
}

impl TierBackend for RocksTier {
    fn create(&self, options: StoreOptions) -> Result<Arc<dyn TierStore>> {
        Ok(Arc::new(self.store(&options, self.folder_of(&options)?)?))
    }

    fn open(&self, options: StoreOptions, parts: &[Arc<TierFiles>]) -> Result<Arc<dyn TierStore>> {
        if let [part] = parts
            && part.groups == options.groups
        {
            let folder = self.folder_of(&options)?;
            part.files.iter().try_for_each(|file| file.place_in(folder.path(), is_table(&file.name)))?;
            return Ok(Arc::new(self.store(&options, folder)?));
        }
        // At another parallelism: what is ours of the old files is written anew.
        let store = self.store(&options, self.folder_of(&options)?)?;
        for part in parts {
            let Some(groups) = part.groups.overlap(options.groups) else { continue };
            let (db, _folder) = self.reader(part)?;
            let mut writer = store.writer()?;
            range(&db, groups, part, &mut |key, value| {
                if options.expired.as_ref().is_some_and(|expired| expired(value)) {
                    return Ok(());
                }
                writer.put(key, value)
            })?;
            writer.finish()?;
        }
        Ok(Arc::new(store))
    }

    fn scan(&self, part: &TierFiles, groups: GroupRange, visit: &mut Visit<'_>) -> Result<()> {
        let Some(groups) = part.groups.overlap(groups) else { return Ok(()) };
        let (db, _folder) = self.reader(part)?;
        range(&db, groups, part, &mut |key, value| visit(key.get(2..).unwrap_or_default(), value))
    }

    fn log_folder(&self, options: &StoreOptions) -> Result<Option<Scratch>> {
        Ok(Some(self.folder_of(options)?))
    }

    fn close(&self) {
        self.folder.remove();
    }
}

/// What a database holds of some groups, in order.
fn range(db: &DB, groups: GroupRange, part: &TierFiles, visit: &mut Visit<'_>) -> Result<()> {
    let mut options = ReadOptions::default();
    options.fill_cache(false);
    options.set_readahead_size(2 << 20);
    options.set_iterate_upper_bound(groups.end.to_be_bytes());
    let first = groups.first.to_be_bytes();
    for entry in db.iterator_opt(IteratorMode::From(&first, Direction::Forward), options) {
        let (key, value) = entry.map_err(|error| failed("read", part.scratch.as_deref(), &error))?;
        visit(&key, &value)?;
    }
    Ok(())
}

/// Whether a file holds rows: such a file is never changed.
fn is_table(name: &str) -> bool {
    name.ends_with(".sst")
}

fn failed(what: &str, folder: Option<&Scratch>, error: &rocksdb::Error) -> Error {
    let place = folder.map(|folder| format!(" in {}", folder.path().display())).unwrap_or_default();
    let failed = Error::failure(format!("cannot {what} the state{place}: {error}"));
    if error.to_string().contains("No space left") {
        return failed.hint("make room, or put the state elsewhere (state.backend.rocksdb.localdir)");
    }
    failed
}
