//! State: what an operator keeps between rows, addressed by key group so that any parallelism can
//! restore it, and the snapshots in which it leaves and re-enters an operator.

pub mod key;
pub mod snapshot;

pub use key::{KeyEncoder, KeyRows, hash_key};
pub use snapshot::{OperatorSnapshot, RestoredState};
