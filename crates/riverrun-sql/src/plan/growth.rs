//! State that grows for ever: which nodes keep rows without a bound, and how much each costs.

use super::node::{Node, NodeKind, StreamPlan};
use riverrun_core::{Schema, TypeKind};
use riverrun_operators::join::{LEFT, RIGHT};

/// What a kept row costs beside its values, about: links, a key, an entry of an index.
const ROW_OVERHEAD: usize = 64;

/// How long strings are taken to be.
const TEXT: usize = 24;

impl StreamPlan {
    /// What whoever starts the job should know: state that grows as long as it runs, joins without a key.
    pub fn warnings(&self) -> Vec<String> {
        self.nodes.iter().flat_map(|node| self.warnings_of(node)).collect()
    }

    fn warnings_of(&self, node: &Node) -> Vec<String> {
        let mut warnings = Vec::new();
        let NodeKind::RegularJoin(spec) = &node.kind else {
            if let NodeKind::SetOperation(spec) = &node.kind
                && !node.properties.bounded
            {
                let bytes = row_bytes(&spec.schema);
                warnings.push(format!(
                    "{}: {} keeps every row it has seen, about {bytes} bytes for each different one: its state grows for ever",
                    node.id, spec.operation
                ));
            }
            return warnings;
        };
        if spec.keys[LEFT].is_empty() {
            warnings.push(format!(
                "{}: no equality ties both sides of this {} join: every row meets every other, on one worker",
                node.id, spec.kind
            ));
        }
        let unbounded = node.inputs.iter().any(|input| !self.node(input.node).properties.bounded);
        let kept: Vec<String> = [(LEFT, "left"), (RIGHT, "right")]
            .into_iter()
            .filter(|(side, _)| spec.ttl[*side].is_none() && unbounded)
            .filter(|(side, _)| node.inputs.get(*side).is_some_and(|input| !self.node(input.node).properties.bounded))
            .map(|(side, name)| format!("about {} bytes for each row on the {name}", row_bytes(&spec.inputs[side])))
            .collect();
        if !kept.is_empty() {
            warnings.push(format!(
                "{}: this {} join keeps its rows for ever: {}; set 'table.exec.state.ttl' or the hint STATE_TTL, or bound the distance in time of both sides",
                node.id,
                spec.kind,
                kept.join(", ")
            ));
        }
        warnings
    }
}

/// About how many bytes a row takes up.
fn row_bytes(schema: &Schema) -> usize {
    ROW_OVERHEAD + schema.fields.iter().map(|field| value_bytes(&field.data_type.kind)).sum::<usize>()
}

fn value_bytes(kind: &TypeKind) -> usize {
    match kind {
        TypeKind::Boolean | TypeKind::TinyInt => 1,
        TypeKind::SmallInt => 2,
        TypeKind::Int | TypeKind::Float | TypeKind::Date | TypeKind::Time(_) => 4,
        TypeKind::Decimal { .. } => 16,
        TypeKind::Char(length) | TypeKind::Binary(length) => *length as usize + 4,
        TypeKind::Varchar(length) | TypeKind::Varbinary(length) => (*length as usize).min(TEXT) + 4,
        TypeKind::Row(fields) => fields.iter().map(|field| value_bytes(&field.data_type.kind)).sum(),
        TypeKind::Array(_) | TypeKind::Multiset(_) | TypeKind::Map(..) => 4 * TEXT,
        _ => 8,
    }
}

#[cfg(test)]
mod tests;
