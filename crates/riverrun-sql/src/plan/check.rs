//! What can be checked only when sources are known to end or not.

use super::node::{NodeKind, StreamPlan};
use riverrun_core::{Error, Result};

/// Refuses operators that wait for the end of input which never comes.
pub fn check_bounded(plan: &StreamPlan) -> Result<()> {
    for node in &plan.nodes {
        if node.kind.needs_end() && !node.properties.bounded {
            return Err(Error::unsupported("ORDER BY over a table that does not end")
                .hint("bound the table, begin with the column of its WATERMARK FOR (ascending), or rank within windows: ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY …)"));
        }
    }
    Ok(())
}

impl NodeKind {
    /// Whether the node gives nothing before its input has ended.
    pub fn needs_end(&self) -> bool {
        matches!(self, NodeKind::Sort(_))
    }
}
