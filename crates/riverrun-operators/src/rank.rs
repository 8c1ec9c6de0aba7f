//! Ranking outside of windows: the best rows of each key, and the first or last one by time.
//!
//! Rows lie as bytes in one arena per operator; what is ranked are their numbers. Results are consolidated per tick: of a
//! row that came and went within a tick nothing is seen, and a row whose rank is what it was is not sent again.
//!
//! Source of the semantics: Flink 2.3, "Top-N" and "Deduplication".

pub mod deduplicate;
pub(crate) mod list;
pub(crate) mod row_index;
pub mod top_n;
