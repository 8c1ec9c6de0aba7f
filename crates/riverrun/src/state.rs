//! Where the keyed state of a job's process is kept, from the session's settings.

use crate::durable::JobDurability;
use riverrun_core::{Error, Result};
use riverrun_sql::session::state::StateSettings;
use riverrun_state::tier::{StateBackend, TierBackend, WorkFolder};
use std::path::Path;
use std::sync::Arc;

/// So many threads at the most write to the tier.
const MOST_WRITERS: usize = 4;

/// The least that `state.memory` may be: RocksDB's own buffers need some.
const LEAST_MEMORY: usize = 1 << 20;

/// The backend of one process that runs `workers` of the job's workers, and where files are put at a restore. `alone` if the
/// job has no other process.
pub(crate) fn backend(
    settings: &StateSettings,
    durability: Option<&JobDurability>,
    workers: usize,
    alone: bool,
) -> Result<(Arc<StateBackend>, Arc<WorkFolder>)> {
    if settings.memory < LEAST_MEMORY {
        return Err(Error::input(format!("{} bytes of memory are too little for state", settings.memory))
            .hint("`state.memory` is at least 1 mb"));
    }
    let folder = folder(settings, durability);
    let built_in = cfg!(feature = "rocksdb");
    let tiered = match settings.backend.as_deref() {
        Some("hashmap") => false,
        Some(_) if !built_in => {
            return Err(Error::input("the state backend 'rocksdb' is not built into this binary")
                .hint("use 'state.backend.type' = 'hashmap', or build with the feature rocksdb"));
        }
        // Without checkpoints several processes would have to hand their files to each other.
        _ => built_in && (durability.is_some() || alone),
    };
    let tier = tier(&folder, settings.memory)?;
    let backend = match tier {
        Some(tier) if tiered => {
            let writers = workers.clamp(1, MOST_WRITERS);
            StateBackend::tiered_with(tier, settings.memory, settings.places, writers)?.from_bytes(settings.inline)
        }
        tier => StateBackend::in_memory(tier),
    };
    Ok((backend, folder))
}

/// The rows that may be on their way, in bytes. What of the state they touch has to be in memory together, and that is several times
/// as much as they are.
pub(crate) fn bytes_in_flight(settings: &StateSettings) -> usize {
    (settings.memory / 16).max(LEAST_MEMORY)
}

/// A folder of this start of this process.
fn folder(settings: &StateSettings, durability: Option<&JobDurability>) -> Arc<WorkFolder> {
    match (&settings.local_dir, durability.and_then(|durability| durability.local.as_ref())) {
        (Some(folder), _) => WorkFolder::within(Path::new(folder)),
        (None, Some(folder)) => WorkFolder::within(folder),
        (None, None) => WorkFolder::within(&std::env::temp_dir()),
    }
}

#[cfg(feature = "rocksdb")]
fn tier(folder: &Arc<WorkFolder>, memory: usize) -> Result<Option<Arc<dyn TierBackend>>> {
    Ok(Some(riverrun_state::rocksdb::RocksTier::new(folder.clone(), StateBackend::cache_bytes(memory))))
}

#[cfg(not(feature = "rocksdb"))]
fn tier(_folder: &Arc<WorkFolder>, _memory: usize) -> Result<Option<Arc<dyn TierBackend>>> {
    Ok(None)
}
