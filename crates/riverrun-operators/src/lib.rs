//! What the planner places: one operator per file, over Arrow batches.

pub mod aggregates;
