//! What the state of an operator is the state of: by this a restore knows that it would read it rightly.

use super::explain::{details, text};
use super::node::{Node, NodeKind, StreamPlan};
use riverrun_core::{Field, Schema};
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
                format!(
                    "{kind}(group by=[{keys}], {}) of {}",
                    calls(&spec.aggregates, spec.keys.len(), &spec.schema),
                    types(&spec.schema)
                )
            }
            NodeKind::WindowAggregate(spec) => {
                let details = told(node, &["window", "group by"]);
                // How often they go out may change, but not that results are remembered.
                let kept = if spec.emit.is_some() { " with its last results" } else { "" };
                format!(
                    "{kind}({details}, {}) of {}{kept}",
                    calls(&spec.aggregates, spec.keys.len(), &spec.schema),
                    types(&spec.schema)
                )
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

/// How each call is written, and what is kept for it.
fn calls(calls: &[AggregateCall], keys: usize, schema: &Schema) -> String {
    let call = |(call, field): (&AggregateCall, &Field)| {
        let arguments = call.arguments.iter().map(text).collect::<Vec<_>>().join(", ");
        let filter = call.filter.as_ref().map(|filter| format!(" filter {}", text(filter))).unwrap_or_default();
        let kept = without_paths(&format!("{:?}", call.function));
        format!("{} as {kept}({arguments}){filter}", field.name)
    };
    let calls = calls.iter().zip(schema.fields.iter().skip(keys)).map(call);
    format!("aggregates=[{}]", calls.collect::<Vec<_>>().join(", "))
}

/// Names of types without the modules that they are in, which may move from one version to the next.
fn without_paths(debug: &str) -> String {
    let mut short = String::new();
    // Where the name at hand begins.
    let mut begin = 0;
    let mut rest = debug.chars().peekable();
    while let Some(char) = rest.next() {
        if char == ':' && rest.peek() == Some(&':') {
            rest.next();
            short.truncate(begin);
            continue;
        }
        short.push(char);
        if !(char.is_alphanumeric() || char == '_') {
            begin = short.len();
        }
    }
    short
}

fn types(schema: &Schema) -> String {
    let types = schema.fields.iter().map(|field| field.data_type.to_string());
    format!("({})", types.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_signature_does_not_know_in_which_module_a_type_is() {
        let debug = "Extreme(Column { of: PhantomData<operators::column::Of<arrow_array::types::Int64Type>>, at: 5 })";
        assert_eq!(super::without_paths(debug), "Extreme(Column { of: PhantomData<Of<Int64Type>>, at: 5 })");
        assert_eq!(super::without_paths("Count"), "Count");
    }
}
