//! GROUP BY outside of windows: updating results per key. And what all aggregations share.

use super::node::{ChangelogKind, NodeId, NodeKind, Properties};
use super::planner::Planner;
use super::split_distinct::{Split, can_split};
use crate::bind::relation::{BoundAggregate, Relation};
use crate::bind::scope::column;
use crate::expr::Expr;
use crate::physical::lower_over;
use riverrun_core::{Field, Millis, Result, Schema, TypeKind};
use riverrun_operators::aggregate_call::AggregateCall;
use riverrun_operators::aggregates::{AggregateArgument, AggregateOptions};
use riverrun_operators::each_change::Changes;
use riverrun_operators::expand::ExpandSpec;
use riverrun_operators::group_aggregate::{GroupAggregateSpec, Phases};

impl Planner<'_> {
    /// An aggregation whose groups are no windows.
    pub(super) fn group_aggregate(
        &mut self,
        input: Relation,
        mut keys: Vec<Expr>,
        sets: Option<Vec<Vec<usize>>>,
        mut calls: Vec<BoundAggregate>,
        hint: Option<Millis>,
        schema: Schema,
    ) -> Result<NodeId> {
        let mut below = input.schema.clone();
        let mut node = self.relation(input)?;
        if let Some(sets) = sets {
            (node, keys) = self.expand(node, &keys, sets)?;
            below = self.builder.properties(node).schema.clone();
        }
        let retracting = self.builder.properties(node).changelog != ChangelogKind::Append;
        let ttl = self.config.hinted_ttl(hint);
        if self.config.splits_distinct() && self.changes == Changes::OfTicks && can_split(&calls) {
            Split { node, keys, calls } = self.split_distinct(node, &keys, &calls, ttl)?;
            below = self.builder.properties(node).schema.clone();
        }
        let spec = GroupAggregateSpec {
            keys: self.lower_all(&keys, &below)?,
            aggregates: self.calls(&calls, &below, retracting)?,
            schema: schema.clone(),
            ttl,
            phases: match self.changes {
                Changes::OfTicks => self.phases(&calls, retracting),
                Changes::Each | Changes::EachInTime => Phases::One,
            },
            batch_size: self.config.batch_size(),
            changes: self.changes,
            of_no_rows: self.config.is_batch(),
        };
        let properties = Properties {
            changelog: ChangelogKind::Retract,
            keys: Some((0..keys.len()).collect()),
            ..Properties::append(schema, self.builder.properties(node).bounded)
        };
        Ok(self.builder.add(NodeKind::GroupAggregate(spec), vec![node.into()], properties))
    }

    /// Whether rows are aggregated before they are exchanged: where states of several workers can be put together, and the
    /// result is the same to the last digit.
    fn phases(&self, calls: &[BoundAggregate], retracting: bool) -> Phases {
        let wanted = self.config.aggregate_phases();
        if wanted == Phases::One || !calls.iter().all(|call| is_mergeable(call, retracting)) {
            return Phases::One;
        }
        let exact = |call: &BoundAggregate| {
            matches!(call.definition.built_in(), Some("COUNT" | "MIN" | "MAX"))
                || !call.inputs.iter().any(|input| input.data_type().kind.is_approximate())
        };
        match wanted {
            Phases::TwoWhereItPays if !calls.iter().all(exact) => Phases::One,
            wanted => wanted,
        }
    }

    /// GROUPING SETS: behind the input's columns copies of the keys that are NULL where a set lacks them, and the
    /// number of the set, which is a key too.
    pub(super) fn expand(&mut self, node: NodeId, keys: &[Expr], sets: Vec<Vec<usize>>) -> Result<(NodeId, Vec<Expr>)> {
        let below = self.builder.properties(node).clone();
        let width = below.schema.len();
        let mut schema = below.schema.clone();
        for (position, key) in keys.iter().enumerate() {
            let everywhere = sets.iter().all(|set| set.contains(&position));
            let data_type = key.data_type().without_time_attribute();
            let data_type = data_type.with_nullable(data_type.nullable || !everywhere);
            schema.fields.push(Field::new(key_name(key, &below.schema, position), data_type));
        }
        schema.fields.push(Field::new("grouping$set", TypeKind::Int.not_null()));
        let spec = ExpandSpec {
            keys: self.lower_all(keys, &below.schema)?,
            sets,
            schema: schema.clone(),
            batch_size: self.config.batch_size(),
        };
        let properties = Properties { changelog: below.changelog, ..Properties::append(schema.clone(), below.bounded) };
        let node = self.builder.add(NodeKind::Expand(spec), vec![node.into()], properties);
        let keys = (width..schema.len()).map(|index| column(index, &schema.fields[index].data_type)).collect();
        Ok((node, keys))
    }

    /// The calls as operators take them.
    pub(super) fn calls(
        &self,
        calls: &[BoundAggregate],
        input: &Schema,
        retracting: bool,
    ) -> Result<Vec<AggregateCall>> {
        calls
            .iter()
            .map(|call| {
                let described: Vec<_> = call
                    .arguments
                    .iter()
                    .zip(&call.json)
                    .map(|(argument, json)| AggregateArgument {
                        data_type: argument.data_type(),
                        literal: argument.as_literal(),
                        json: *json,
                    })
                    .collect();
                let options = AggregateOptions { retracting, ..call.options };
                Ok(AggregateCall {
                    function: call.definition.bind(&described, &options)?.function,
                    arguments: self.lower_all(&call.inputs, input)?,
                    filter: call.filter.as_ref().map(|filter| lower_over(filter, input)).transpose()?,
                })
            })
            .collect()
    }
}

/// Functions whose results do not depend on the order of rows.
pub(super) const ANY_ORDER: &[&str] = &[
    "COUNT",
    "SUM",
    "AVG",
    "MIN",
    "MAX",
    "STDDEV_POP",
    "STDDEV_SAMP",
    "VAR_POP",
    "VAR_SAMP",
    "BITMAP_BUILD_AGG",
    "BITMAP_OR_AGG",
    "BITMAP_BUILD_CARDINALITY_AGG",
];

/// Whether the states of a call can be put together in any order; and, if rows are taken back, though a row may be taken
/// back on another worker than the one that has it.
fn is_mergeable(call: &BoundAggregate, retracting: bool) -> bool {
    let Some(name) = call.definition.built_in() else { return false };
    match name {
        "COUNT" | "SUM" | "AVG" => !retracting || !call.options.distinct,
        name => ANY_ORDER.contains(&name) && !retracting,
    }
}

/// The name of a key's column.
pub(super) fn key_name(key: &Expr, input: &Schema, position: usize) -> String {
    match key {
        Expr::Column { index, .. } => input.fields[*index].name.clone(),
        _ => format!("key${position}"),
    }
}
