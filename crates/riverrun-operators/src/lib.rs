//! What the planner places: one operator per file, over Arrow batches.
//!
//! Each operator has a plain `…Spec` that the planner fills in (it is `Clone + Send + Sync`, so that one spec
//! serves all workers), and is made from it on its worker. Expressions come as DataFusion `PhysicalExpr`s, with every
//! cast explicit; schemas are Flink's.

pub mod aggregate_call;
pub mod aggregates;
pub mod calc;
pub mod changelog_codes;
pub mod constraints;
pub mod current_watermark;
pub mod each_change;
pub mod event_time;
pub mod expand;
pub mod expiry;
pub mod expression;
pub mod group_aggregate;
pub mod interval_join;
pub mod join;
pub mod key_router;
pub mod late;
pub mod limit;
pub mod lookup_join;
pub mod match_recognize;
pub mod normalize;
pub mod over;
pub mod pattern;
pub mod project_source;
pub mod rank;
pub mod regular_join;
pub mod set_operation;
pub mod single_row;
pub mod sink_materialize;
pub mod sort;
pub mod sort_key;
pub mod temporal_join;
#[cfg(test)]
mod testing;
pub mod time_sort;
pub mod union;
pub mod unnest;
pub mod values;
pub mod window;
pub mod window_join;
