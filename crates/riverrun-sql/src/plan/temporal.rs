//! Temporal joins: where the versions come from, and what they need.

use super::join::pair_condition;
use super::lookup::looked_up;
use super::node::{ChangelogKind, NodeId, NodeKind, Properties};
use super::planner::Planner;
use crate::bind::lookup_hint::LookupHint;
use crate::bind::relation::{Relation, RelationKind};
use crate::bind::scope::column;
use crate::bind::temporal::AsOf;
use crate::expr::Expr;
use crate::physical::lower_over;
use riverrun_core::{Error, Place, Result, Schema};
use riverrun_operators::each_change::Changes;
use riverrun_operators::join::{JoinKind, LEFT, RIGHT};
use riverrun_operators::temporal_join::TemporalJoinSpec;
use versions::Versions;

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
        // At the rows' own time nothing is looked up: there the hint says nothing, as in Flink.
        if let Some(hint) = hint.filter(|_| as_of == AsOf::Processing) {
            return Err(Error::input("the hint LOOKUP names a table that is not looked up")
                .detail("its rows are versions that are kept as they come")
                .hint("leave the hint out, or join by processing time with a table of 'jdbc' or 'filesystem'")
                .at(hint.place));
        }
        let width = left.schema.len();
        let name = name_of(&right);
        let event_time = matches!(as_of, AsOf::Event { .. });
        let Versions { rows, latest, holds } = if event_time { Versions::find(right) } else { Versions::of(right) };
        let latest_only = latest.is_some();
        let left = self.relation(left)?;
        // A version holds until the next one begins, though it may be gone again when the tick ends.
        let wanted = if event_time && !latest_only { Changes::Each } else { Changes::OfTicks };
        let nodes = [left, self.with_changes(wanted, rows)?];
        let below = nodes.map(|node| self.builder.properties(node).clone());
        let inputs = below.each_ref().map(|below| below.schema.clone());
        let key = latest.unwrap_or_else(|| below[RIGHT].keys.clone());
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
            AsOf::Event { time, since } => {
                let Some(since) = since else {
                    return Err(Error::input(format!(
                        "a temporal join by event time needs versions with a time, but {name} has no time attribute"
                    ))
                    .hint("declare WATERMARK FOR the column that says from when a row holds")
                    .at(place));
                };
                let lower = |side: usize, time: usize| {
                    lower_over(&column(time, &inputs[side].fields[time].data_type), &inputs[side])
                };
                Some([lower(LEFT, time)?, lower(RIGHT, since)?])
            }
        };
        let retracts = below[LEFT].changelog != ChangelogKind::Append;
        let mut joined = schema.clone();
        joined.fields.extend(holds.map(|column| inputs[RIGHT].fields[column].clone()));
        let spec = TemporalJoinSpec {
            kind,
            keys: [self.lower_all(&left_keys, &inputs[LEFT])?, self.lower_all(&right_keys, &inputs[RIGHT])?],
            null_safe: split.null_safe(),
            times,
            latest_only,
            holds,
            condition: pair_condition(split.rest, &inputs)?,
            inputs,
            retracts,
            ttl: self.config.state_ttl(),
            schema: joined.clone(),
            batch_size: self.config.batch_size(),
        };
        let mut properties = Properties::append(joined, below.iter().all(|below| below.bounded));
        properties.changelog = below[LEFT].changelog;
        properties.keys = below[LEFT].keys.clone();
        let inputs = nodes.into_iter().map(Into::into).collect();
        let node = self.builder.add(NodeKind::TemporalJoin(Box::new(spec)), inputs, properties);
        let columns: Vec<Expr> =
            schema.fields.iter().enumerate().map(|(index, field)| column(index, &field.data_type)).collect();
        self.calc(node, Vec::new(), &columns, schema)
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

#[cfg(test)]
mod tests;
mod versions;
