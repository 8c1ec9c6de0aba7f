//! Where keyed state goes at barriers, and when it is larger than the memory it may take up: a log while everything is in memory,
//! from then on a store below, which is a log too as long as memory has room for the places of all values, and then a database.
//!
//! ```text
//! operator ── slots in memory (Resident) ── SegmentLog: what has changed ──► queue ──► thread ──► segments ──► checkpoint
//!
//! operator ── slots in memory (Resident) ── Run: what is written back ──► queue ──► thread ──► LogStore, or RocksDB
//!                  ▲                            │ reads look through it                           │ hard links
//!                  └──────────── misses ────────┴────────── batched reads ◄───────────────────────┴──► checkpoint
//! ```
//!
//! An operator works on slots in memory. A [`Resident`] knows which of them have changed since they were last written back, and
//! which were not used lately. At a barrier the set of changed slots is frozen by a swap of two bits; its slots are encoded in
//! slices between batches, a slot that is touched before its turn at once. What has been encoded goes through a queue to a
//! thread, in order: so what the store holds when the thread comes to the barrier is what the operator held at it.
//! Cold slots leave memory when the budget is spent, and are read again when their key comes. RFC 0004 has the reasons.

mod backend;
mod budget;
mod files;
mod log;
pub mod memory;
mod queue;
mod resident;
mod run;
mod store;
mod store_queue;
pub mod tables;
#[cfg(test)]
pub(crate) mod tests;
mod work_folder;

pub use backend::{BackendKind, StateBackend, TierSeat};
pub use budget::{MemoryBudget, Share};
pub use files::{Content, KeptFile, Scratch, TicketSender, TierFile, TierFiles, TierTicket};
pub(crate) use queue::next_origin;
pub use resident::{EncodeSlots, PutValue, Resident, SlotKeys, SlotValues, TakeIn};
pub use run::Run;
pub use store::{Found, GroupRange, IsExpired, StoreOptions, TierBackend, TierStore, Trace, Visit};
pub use work_folder::WorkFolder;
