//! The stream plan: operators and how rows flow between them, ready to be built on every worker.
//!
//! A node knows four things about its rows: schema, changelog kind, keys, time column; they are computed once, by
//! whoever adds the node, and shown by EXPLAIN. Equal sub-plans of one job are one node ([`builder`]), sources read only
//! the columns that some consumer needs ([`prune`]), and stateful operators get ids that survive changes of
//! the file elsewhere ([`ids`]).

pub mod builder;
mod calc;
mod change_codes;
mod changelog;
mod check;
mod current_watermark;
pub mod explain;
mod group;
mod growth;
pub mod ids;
mod join;
mod late;
mod lookup;
mod match_recognize;
mod nested_json;
pub mod node;
mod over;
pub mod planner;
pub mod prune;
mod rank;
pub mod rewrite;
mod signature;
mod simplify;
mod sink;
mod sort;
mod split_distinct;
pub mod table;
mod temporal;
pub mod values;
mod window;

pub use builder::PlanBuilder;
pub use node::{ChangelogKind, Input, Node, NodeId, NodeKind, Properties, SinkNode, SourceNode, StreamPlan};
pub use planner::Planner;

#[cfg(test)]
mod tests;
