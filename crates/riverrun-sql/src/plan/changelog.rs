//! The kinds of changes that each node gives, as EXPLAIN CHANGELOG_MODE shows them.

use super::node::{ChangelogKind, Node, NodeKind, StreamPlan};

#[cfg(test)]
mod tests;

/// Whether rows may be gone without another one in their place. What is not known to keep its rows may delete some.
fn deletes(plan: &StreamPlan, node: &Node) -> bool {
    let mut inputs = node.inputs.iter().map(|input| plan.node(input.node));
    match &node.kind {
        _ if node.properties.changelog == ChangelogKind::Append => false,
        NodeKind::GroupAggregate(_) => inputs.any(|input| input.properties.changelog != ChangelogKind::Append),
        NodeKind::Calc(calc) if calc.filter.is_some() => true,
        NodeKind::TopN(top) => !top.emit_rank || top.retracting,
        NodeKind::Deduplicate(_) => false,
        NodeKind::Source(_) | NodeKind::RegularJoin(_) => true,
        _ => inputs.any(|input| deletes(plan, input)),
    }
}

/// The kinds of changes of a node: `I`, `UB`, `UA`, `D`.
pub(super) fn changelog_mode(plan: &StreamPlan, node: &Node) -> String {
    let mut kinds = match node.properties.changelog {
        ChangelogKind::Append => vec!["I"],
        ChangelogKind::Retract => vec!["I", "UB", "UA"],
        ChangelogKind::Upsert => vec!["I", "UA"],
    };
    if deletes(plan, node) {
        kinds.push("D");
    }
    format!("[{}]", kinds.join(","))
}
