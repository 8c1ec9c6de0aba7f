//! Names of operators that survive a restart, and a change of the file elsewhere.

use super::node::{NodeKind, StreamPlan};
use std::collections::HashMap;

/// Gives every node its id: from the view or sink it belongs to, its kind and its keys, with a number only among
/// equals, so that a filter added somewhere moves no state.
pub fn assign_ids(plan: &mut StreamPlan) {
    let owners = owners(plan);
    let mut taken: HashMap<String, usize> = HashMap::new();
    for (node, owner) in plan.nodes.iter_mut().zip(owners) {
        let base = match &node.kind {
            NodeKind::Source(source) => format!("source:{}", source.spec.table),
            NodeKind::Sink(sink) => format!("sink:{}", sink.table),
            kind => {
                let owner = node.view.clone().unwrap_or(owner);
                format!("{owner}:{}{}", kind.name(), keys_of(kind))
            }
        };
        let count = taken.entry(base.clone()).or_default();
        *count += 1;
        node.id = if *count == 1 { base } else { format!("{base}#{count}") };
    }
}

/// The first sink (or the query) that each node's rows reach.
fn owners(plan: &StreamPlan) -> Vec<String> {
    let mut owners = vec![String::new(); plan.nodes.len()];
    for (index, node) in plan.nodes.iter().enumerate().rev() {
        let own = match &node.kind {
            NodeKind::Sink(sink) => sink.table.clone(),
            NodeKind::Result => "query".to_owned(),
            _ => owners[index].clone(),
        };
        owners[index] = own.clone();
        for input in &node.inputs {
            owners[input.node.0] = own.clone();
        }
    }
    owners
}

fn keys_of(kind: &NodeKind) -> String {
    let list = |keys: &[riverrun_operators::expression::Expression]| {
        let keys: Vec<String> = keys.iter().map(super::explain::text).collect();
        format!("[{}]", keys.join(","))
    };
    match kind {
        NodeKind::WindowAssign(spec) => list(&spec.keys),
        NodeKind::WindowAggregate(spec) => list(&spec.keys),
        NodeKind::GroupAggregate(spec) => list(&spec.keys),
        NodeKind::Normalize(spec) => list(&spec.keys),
        NodeKind::SetOperation(spec) => format!("[{}]", spec.operation),
        NodeKind::SingleRow(spec) => list(&spec.keys),
        NodeKind::RegularJoin(spec) => format!("{}{}", list(&spec.keys[0]), list(&spec.keys[1])),
        NodeKind::IntervalJoin(spec) => format!("{}{}", list(&spec.keys[0]), list(&spec.keys[1])),
        NodeKind::TemporalJoin(spec) => format!("{}{}", list(&spec.keys[0]), list(&spec.keys[1])),
        NodeKind::LookupJoin(spec) => list(&spec.keys[0]),
        NodeKind::WindowJoin(spec) => format!("{}{}", list(&spec.keys[0]), list(&spec.keys[1])),
        NodeKind::MatchRecognize(spec) => list(&spec.keys),
        NodeKind::Expand(spec) => list(&spec.keys),
        NodeKind::WindowTopN(spec) => list(&spec.keys),
        NodeKind::WindowDeduplicate(spec) => list(&spec.keys),
        NodeKind::TopN(spec) => list(&spec.keys),
        NodeKind::Deduplicate(spec) => list(&spec.keys),
        NodeKind::SinkMaterialize(spec) => list(&spec.keys),
        NodeKind::Over(spec) => list(&spec.keys),
        NodeKind::TimeSort(spec) => list(std::slice::from_ref(&spec.time)),
        _ => String::new(),
    }
}
