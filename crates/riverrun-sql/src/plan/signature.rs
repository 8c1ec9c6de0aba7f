//! What the state of an operator is the state of: by this a restore knows that it would read it rightly.

use super::explain::{details, text};
use super::node::{Node, NodeKind, StreamPlan};
use riverrun_core::Schema;
use riverrun_operators::aggregate_call::AggregateCall;
use std::collections::BTreeMap;

impl StreamPlan {
    /// The signature of every stateful operator, by its id. What is not in it may change between a savepoint and the file that goes
    /// on from it: filters and projections elsewhere, names of results, the place in the file.
    pub fn signatures(&self) -> BTreeMap<String, String> {
        let stateful = self.nodes.iter().filter(|node| node.kind.is_stateful());
        stateful.map(|node| (node.id.clone(), self.signature(node))).collect()
    }

    fn signature(&self, node: &Node) -> String {
        let kind = node.kind.name();
        match &node.kind {
            // What they leave says itself what it is: offsets, logs.
            NodeKind::Source(source) => format!("{kind}({})", source.connector.name()),
            NodeKind::Sink(_) => kind.to_owned(),
            NodeKind::GroupAggregate(spec) => {
                let keys = spec.keys.iter().map(text).collect::<Vec<_>>().join(", ");
                format!("{kind}(group by=[{keys}], {}) of {}", calls(&spec.aggregates), types(&spec.schema))
            }
            NodeKind::WindowAggregate(spec) => {
                let details = told(node, &["window", "group by"]);
                // How often they go out may change, but not that results are remembered.
                let kept = if spec.emit.is_some() { " with its last results" } else { "" };
                format!("{kind}({details}, {}) of {}{kept}", calls(&spec.aggregates), types(&spec.schema))
            }
            _ => {
                // They keep rows as they come.
                let inputs = node.inputs.iter().map(|input| types(&self.node(input.node).properties.schema));
                let details = details(node).into_iter().map(|(name, value)| format!("{name}=[{value}]"));
                let details = details.collect::<Vec<_>>().join(", ");
                format!("{kind}({details}) of {}", inputs.collect::<Vec<_>>().join(" and "))
            }
        }
    }
}

/// Some of what EXPLAIN says of a node.
fn told(node: &Node, names: &[&str]) -> String {
    let told = details(node).into_iter().filter(|(name, _)| names.contains(name));
    told.map(|(name, value)| format!("{name}=[{value}]")).collect::<Vec<_>>().join(", ")
}

fn calls(calls: &[AggregateCall]) -> String {
    let call = |call: &AggregateCall| {
        let arguments = call.arguments.iter().map(text).collect::<Vec<_>>().join(", ");
        let filter = call.filter.as_ref().map(|filter| format!(" filter {}", text(filter))).unwrap_or_default();
        format!("{:?}({arguments}){filter}", call.function)
    };
    format!("aggregates=[{}]", calls.iter().map(call).collect::<Vec<_>>().join(", "))
}

fn types(schema: &Schema) -> String {
    let types = schema.fields.iter().map(|field| field.data_type.to_string());
    format!("({})", types.collect::<Vec<_>>().join(", "))
}
