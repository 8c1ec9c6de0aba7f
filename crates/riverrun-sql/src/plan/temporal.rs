//! Temporal joins: where the versions come from, and what they need.

use super::calc::{Chain, chain};
use super::join::pair_condition;
use super::lookup::looked_up;
use super::node::{ChangelogKind, NodeId, NodeKind, Properties};
use super::planner::Planner;
use crate::bind::join::conjuncts;
use crate::bind::lookup_hint::LookupHint;
use crate::bind::relation::{OrderKey, Relation, RelationKind};
use crate::bind::scope::column;
use crate::bind::temporal::AsOf;
use crate::expr::Expr;
use crate::functions::operators;
use crate::physical::lower_over;
use datafusion_common::ScalarValue;
use riverrun_core::{Error, Place, Result, Schema};
use riverrun_operators::join::{JoinKind, LEFT, RIGHT};
use riverrun_operators::temporal_join::TemporalJoinSpec;

/// A temporal join as the binder gives it.
pub(super) struct Temporal {
    pub(super) left: Relation,
    pub(super) right: Relation,
    pub(super) kind: JoinKind,
    pub(super) as_of: AsOf,
    pub(super) on: Vec<Expr>,
    pub(super) place: Option<Place>,
    pub(super) hint: Option<LookupHint>,
    pub(super) schema: Schema,
}

impl Planner<'_> {
    /// The node of a temporal join.
    pub(super) fn temporal_join(&mut self, join: Temporal) -> Result<NodeId> {
        if join.as_of == AsOf::Processing && looked_up(&join.right).is_some() {
            return self.lookup_join(join);
        }
        let Temporal { left, right, kind, as_of, on, place, hint, schema } = join;
        if let Some(hint) = hint {
            return Err(Error::input("the hint LOOKUP names a table that is not looked up")
                .detail("its rows are versions that are kept as they come")
                .hint("leave the hint out, or join by processing time with a table of 'jdbc' or 'filesystem'")
                .at(hint.place));
        }
        let inputs = [left.schema.clone(), right.schema.clone()];
        let width = inputs[LEFT].len();
        let name = name_of(&right);
        // A view of the last row of each key gives each of its rows as a version, and not only the last one of a tick.
        let (right, view_key) = match as_of {
            AsOf::Event(_) => match versions(right) {
                Ok((rows, key)) => (rows, Some(key)),
                Err(right) => (*right, None),
            },
            AsOf::Processing => (right, None),
        };
        let nodes = [self.relation(left)?, self.relation(right)?];
        let below = nodes.map(|node| self.builder.properties(node).clone());
        let key = view_key.clone().or_else(|| below[RIGHT].keys.clone());
        let Some(key) = key else {
            return Err(Error::input(format!("a temporal join needs a versioned table, but {name} has no primary key"))
                .detail("which rows are versions of one another is told by the key")
                .hint("declare PRIMARY KEY (…) NOT ENFORCED in the table, or join a view that keeps the last row of each key: ROW_NUMBER() OVER (PARTITION BY key ORDER BY time DESC) … WHERE row_num = 1")
                .at(place));
        };
        let split = self.split(on, width);
        let (left_keys, right_keys) = split.sides();
        let compared =
            |key: &usize| right_keys.iter().any(|expr| matches!(expr, Expr::Column { index, .. } if index == key));
        if let Some(missing) = key.iter().find(|key| !compared(key)) {
            let missing = &inputs[RIGHT].fields[*missing].name;
            return Err(Error::input(format!(
                "the temporal join does not compare '{missing}', which is part of the key of {name}"
            ))
            .detail("each row must find one version at the most")
            .hint(format!("add AND … = {missing} to ON"))
            .at(place));
        }
        let times = match as_of {
            AsOf::Processing => None,
            AsOf::Event(time) => {
                let Some(versioned) = inputs[RIGHT].fields.iter().position(|field| field.data_type.kind.is_rowtime())
                else {
                    return Err(Error::input(format!(
                        "a temporal join by event time needs versions with a time, but {name} has no time attribute"
                    ))
                    .hint("declare WATERMARK FOR the column that says from when a row holds")
                    .at(place));
                };
                let lower = |side: usize, time: usize| {
                    lower_over(&column(time, &inputs[side].fields[time].data_type), &inputs[side])
                };
                Some([lower(LEFT, time)?, lower(RIGHT, versioned)?])
            }
        };
        let retracts = below[LEFT].changelog != ChangelogKind::Append;
        let spec = TemporalJoinSpec {
            kind,
            keys: [self.lower_all(&left_keys, &inputs[LEFT])?, self.lower_all(&right_keys, &inputs[RIGHT])?],
            null_safe: split.null_safe(),
            times,
            latest_only: view_key.is_some(),
            condition: pair_condition(split.rest, &inputs)?,
            inputs,
            retracts,
            ttl: self.config.state_ttl(),
            schema: schema.clone(),
            batch_size: self.config.batch_size(),
        };
        let mut properties = Properties::append(schema, below.iter().all(|below| below.bounded));
        properties.changelog = below[LEFT].changelog;
        properties.keys = below[LEFT].keys.clone();
        let inputs = nodes.into_iter().map(Into::into).collect();
        Ok(self.builder.add(NodeKind::TemporalJoin(Box::new(spec)), inputs, properties))
    }
}

/// What messages call a relation.
fn name_of(relation: &Relation) -> String {
    match &relation.kind {
        RelationKind::Scan(table) => format!("'{}'", table.short_name()),
        RelationKind::View { name, .. } => format!("'{name}'"),
        RelationKind::Project { input, .. } | RelationKind::Filter { input, .. } => name_of(input),
        RelationKind::Fence(input) => name_of(input),
        _ => "the right side".to_owned(),
    }
}

/// The rows of which a relation shows the last one of each key by event time, and its key; or the relation, if it does not.
fn versions(relation: Relation) -> std::result::Result<(Relation, Vec<usize>), Box<Relation>> {
    let names: Vec<String> = relation.schema.fields.iter().map(|field| field.name.clone()).collect();
    let whole = relation.clone();
    let Chain { base, exprs, filters } = chain(relation);
    let projected = |rows: Relation, key: Vec<usize>| {
        let moved =
            |old: &usize| exprs.iter().position(|expr| matches!(expr, Expr::Column { index, .. } if index == old));
        let key = key.iter().map(moved).collect::<Option<Vec<_>>>()?;
        // The columns' types are those of the rows.
        let types = &rows.schema.fields;
        let typed =
            exprs.iter().map(|expr| expr.replace_columns(&mut |index, _| column(index, &types[index].data_type)));
        let typed = typed.collect();
        Some((rows.project(typed, names.clone()), key))
    };
    let of_keys = |conditions: &[Expr], key: &[usize]| {
        conditions.iter().all(|condition| condition.columns().iter().all(|column| key.contains(column)))
    };
    let found = match base.kind {
        RelationKind::View { input, .. } | RelationKind::Fence(input) => versions(*input)
            .ok()
            .filter(|(_, key)| of_keys(&filters, key))
            .and_then(|(rows, key)| projected(filtered(rows, filters), key)),
        RelationKind::Rank { input, partition, order, .. } if is_latest(&order) => {
            let rank = input.schema.len();
            let key = partition.iter().map(|expr| match expr {
                Expr::Column { index, .. } => Some(*index),
                _ => None,
            });
            let key = key.collect::<Option<Vec<_>>>();
            let reads_rank = exprs.iter().any(|expr| expr.columns().contains(&rank));
            // A condition on the key takes away all versions of a key, or none.
            let (first, others): (Vec<_>, Vec<_>) =
                filters.into_iter().flat_map(conjuncts).partition(|condition| is_first(condition, rank));
            key.filter(|key| first.len() == 1 && !reads_rank && of_keys(&others, key))
                .and_then(|key| projected(filtered(*input, others), key))
        }
        _ => None,
    };
    found.ok_or(Box::new(whole))
}

fn filtered(rows: Relation, conditions: Vec<Expr>) -> Relation {
    conditions.into_iter().fold(rows, Relation::filter)
}

/// Whether a condition lets the first rank through and nothing else.
fn is_first(condition: &Expr, rank: usize) -> bool {
    let Expr::Call { name, arguments, .. } = condition else { return false };
    let number = |expr: &Expr| match expr.as_literal() {
        Some(ScalarValue::Int32(Some(number))) => Some(i64::from(*number)),
        Some(ScalarValue::Int64(Some(number))) => Some(*number),
        _ => None,
    };
    match arguments.as_slice() {
        [Expr::Column { index, .. }, value] if *index == rank => {
            matches!(name.as_str(), operators::EQUAL | operators::LESS_EQUAL) && number(value) == Some(1)
        }
        _ => false,
    }
}

fn is_latest(order: &[OrderKey]) -> bool {
    matches!(order, [key] if key.descending && matches!(key.expr, Expr::Column { .. }) && key.expr.data_type().kind.is_rowtime())
}

#[cfg(test)]
mod tests;
