//! What all databases of a process have together, those of several jobs too: block cache, write-buffer budget, rate limiter.

use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, Cache, DBCompactionStyle, DBCompressionType, DataBlockIndexType, Options,
    UniversalCompactOptions, WriteBufferManager,
};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// What all databases of the process may write per second, flushes and compactions together; the limiter lowers it by itself.
const BYTES_PER_SECOND: i64 = 512 << 20;

/// The write-buffer budget: nothing is written through memtables, but each database has one.
const WRITE_BUFFERS: usize = 16 << 20;

/// The size that SST files grow to. A changed file is uploaded whole, so they are smaller than is usual.
const FILE_BYTES: u64 = 16 << 20;

/// The least that RocksDB can do with.
const LEAST_CACHE: usize = 1 << 20;

/// It lasts as long as any job has databases.
static OF_PROCESS: Mutex<Weak<Shared>> = Mutex::new(Weak::new());

struct Shared {
    options: Options,
    cache: Cache,
    /// What the jobs ask for in the cache, which has room for the largest.
    asked: Mutex<Vec<usize>>,
}

impl Shared {
    fn new(cache_bytes: usize) -> Arc<Shared> {
        let cache = Cache::new_lru_cache(cache_bytes.max(LEAST_CACHE));
        Arc::new(Shared { options: options(&cache), cache, asked: Mutex::new(Vec::new()) })
    }

    fn ask(&self, change: impl FnOnce(&mut Vec<usize>)) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut asked);
        let most = asked.iter().copied().max().unwrap_or(0);
        self.cache.clone().set_capacity(most.max(LEAST_CACHE));
    }
}

/// A job's share in it.
pub(super) struct Share {
    shared: Arc<Shared>,
    cache_bytes: usize,
}

impl Share {
    /// A share of a job that needs a cache of so many bytes.
    pub(super) fn new(cache_bytes: usize) -> Share {
        let mut known = OF_PROCESS.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = known.upgrade().unwrap_or_else(|| Shared::new(cache_bytes));
        *known = Arc::downgrade(&shared);
        shared.ask(|asked| asked.push(cache_bytes));
        Share { shared, cache_bytes }
    }

    /// Options of one more database: a copy shares cache, budget and limiter.
    pub(super) fn options(&self) -> Options {
        self.shared.options.clone()
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.shared.ask(|asked| {
            if let Some(place) = asked.iter().position(|bytes| *bytes == self.cache_bytes) {
                asked.swap_remove(place);
            }
        });
    }
}

/// Databases whose blocks are in `cache`.
pub(super) fn options(cache: &Cache) -> Options {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    // A look-up reads a block for one key: small blocks are less to decompress, and know by hash where the key is.
    blocks.set_block_size(4 << 10);
    blocks.set_data_block_index_type(DataBlockIndexType::BinaryAndHash);
    blocks.set_data_block_hash_ratio(0.75);
    // Ten bits per key: of a hundred keys that are not there, one costs a read.
    blocks.set_bloom_filter(10.0, false);
    // Filters and indexes count to the budget as blocks do.
    blocks.set_cache_index_and_filter_blocks(true);
    blocks.set_cache_index_and_filter_blocks_with_high_priority(true);
    // In parts, of which a look-up needs one: whole ones would push each other out.
    blocks.set_partition_filters(true);
    blocks.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
    blocks.set_metadata_block_size(4 << 10);
    blocks.set_pin_top_level_index_and_filter(true);
    let mut options = Options::default();
    options.set_block_based_table_factory(&blocks);
    options.set_write_buffer_manager(&WriteBufferManager::new_write_buffer_manager_with_cache(
        WRITE_BUFFERS,
        false,
        cache.clone(),
    ));
    options.set_auto_tuned_ratelimiter(BYTES_PER_SECOND, 100_000, 10);
    options.set_compression_type(DBCompressionType::Lz4);
    options.set_target_file_size_base(FILE_BYTES);
    // Sorted runs of similar size are merged: each value is rewritten a few times, with levels some ten times.
    let mut universal = UniversalCompactOptions::default();
    universal.set_size_ratio(20);
    universal.set_max_size_amplification_percent(100);
    options.set_compaction_style(DBCompactionStyle::Universal);
    options.set_universal_compaction_options(&universal);
    options.set_write_buffer_size(1 << 20);
    options.set_max_open_files(512);
    options.set_max_background_jobs(2);
    options.set_stats_dump_period_sec(0);
    options.set_keep_log_file_num(1);
    options.set_max_log_file_size(1 << 20);
    options.set_log_level(rocksdb::LogLevel::Error);
    options
}
