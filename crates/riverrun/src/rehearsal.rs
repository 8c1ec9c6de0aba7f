//! What a rehearsal of crashes needs of a pipeline: which tables it writes, scratch places for them, and whether what two
//! runs have left there is the same. `riverrun chaos` runs the processes.
//!
//! ```text
//! survey(script) ──► tables ──► scratch places ──► TableOverrides ──► a run of the script that writes there
//!                                    └──► read_back ──► Output ─┐
//!                     the same of another run ──► Output ───────┴─► compare
//! ```

mod compare;
mod output;
mod survey;
mod tables;
#[cfg(test)]
mod tests;

pub use compare::{Comparison, compare};
pub use output::{Output, read_back};
pub use survey::{Survey, WrittenTable, survey};
pub use tables::{Place, ScratchPlaces, TableOverrides};
