//! State: what an operator keeps between rows, addressed by key group so that any parallelism can
//! restore it, and the snapshots in which it leaves and re-enters an operator.

pub mod blob;
pub mod checkpoint;
pub mod key;
pub mod key_table;
#[cfg(feature = "rocksdb")]
pub mod rocksdb;
pub mod row_arena;
pub mod snapshot;
pub mod tier;
pub mod typed;

pub use key::{KeyEncoder, KeyOrder, KeyRows, hash_key, hash_row};
pub use key_table::KeyTable;
pub use row_arena::RowArena;
pub use snapshot::{OperatorPart, OperatorSnapshot, RestoredState, Snapshot, SplitId, SplitProgress};
