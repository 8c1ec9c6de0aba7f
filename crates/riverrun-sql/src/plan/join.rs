//! Joins: which operator computes one, and on which keys.

use super::node::{ChangelogKind, NodeId, NodeKind, Properties};
use super::planner::Planner;
use crate::bind::conditional::and;
use crate::bind::join::{
    SplitCondition, columns_of, compares_windows, is_time_bound, split_condition, time_bounds, window_sides,
};
use crate::bind::relation::{JoinClass, JoinOrigin, Relation};
use crate::bind::scope::column;
use crate::bind::{ExprBinder, Scope};
use crate::expr::Expr;
use crate::functions::common_type::common_type;
use crate::physical::lower_over;
use riverrun_core::{Error, Millis, Place, Result, Schema};
use riverrun_operators::interval_join::IntervalJoinSpec;
use riverrun_operators::join::{JoinKind, LEFT, PairCondition, RIGHT};
use riverrun_operators::regular_join::RegularJoinSpec;
use riverrun_operators::set_operation::{SetOperation, SetOperationSpec};
use riverrun_operators::single_row::SingleRowSpec;
use riverrun_operators::window_join::WindowJoinSpec;
use std::collections::HashSet;

/// A join as the binder gives it.
pub(super) struct Join {
    pub(super) left: Relation,
    pub(super) right: Relation,
    pub(super) kind: JoinKind,
    pub(super) on: Vec<Expr>,
    pub(super) class: JoinClass,
    pub(super) origin: JoinOrigin,
    pub(super) schema: Schema,
}

impl Planner<'_> {
    /// The node of a join.
    pub(super) fn join(&mut self, join: Join) -> Result<NodeId> {
        match join.class {
            JoinClass::Regular => self.regular_join(join),
            JoinClass::Interval => self.interval_join(join),
            JoinClass::Window => self.window_join(join),
        }
    }

    fn regular_join(&mut self, join: Join) -> Result<NodeId> {
        let Join { left, right, kind, on, schema, origin, .. } = join;
        let inputs = [left.schema.clone(), right.schema.clone()];
        let nodes = [self.relation(left)?, self.relation(right)?];
        let below = nodes.map(|node| self.builder.properties(node).clone());
        let split = self.split(on, inputs[LEFT].len());
        let (left_keys, right_keys) = split.sides();
        let spec = RegularJoinSpec {
            kind,
            keys: [self.lower_all(&left_keys, &inputs[LEFT])?, self.lower_all(&right_keys, &inputs[RIGHT])?],
            null_safe: split.null_safe(),
            condition: pair_condition(split.rest, &inputs)?,
            retracting: [0, 1].map(|side| below[side].changelog != ChangelogKind::Append),
            ttl: origin.ttl.map(|hint| self.config.hinted_ttl(hint)),
            inputs,
            schema: schema.clone(),
            batch_size: self.config.batch_size(),
        };
        let mut properties = Properties::append(schema, below.iter().all(|below| below.bounded));
        if spec.retracts() {
            properties.changelog = ChangelogKind::Retract;
        }
        properties.keys = joined_keys(&below, kind, [&left_keys, &right_keys]);
        let inputs = nodes.into_iter().map(Into::into).collect();
        Ok(self.builder.add(NodeKind::RegularJoin(Box::new(spec)), inputs, properties))
    }

    fn interval_join(&mut self, join: Join) -> Result<NodeId> {
        let Join { left, right, kind, on, schema, origin, .. } = join;
        let inputs = [left.schema.clone(), right.schema.clone()];
        let width = inputs[LEFT].len();
        let bounds = time_bounds(&inputs[LEFT], &inputs[RIGHT], &on)
            .ok_or_else(|| Error::bug("an interval join without bounds"))?;
        let rest = on.into_iter().filter(|condition| !is_time_bound(condition, &bounds, width)).collect();
        let nodes = [self.relation(left)?, self.relation(right)?];
        let below = self.appending(nodes, "an interval join", origin.place)?;
        let split = self.split(rest, width);
        let (left_keys, right_keys) = split.sides();
        let time = |side: usize| {
            let time = bounds.columns[side];
            lower_over(&column(time, &inputs[side].fields[time].data_type), &inputs[side])
        };
        let spec = IntervalJoinSpec {
            kind,
            keys: [self.lower_all(&left_keys, &inputs[LEFT])?, self.lower_all(&right_keys, &inputs[RIGHT])?],
            null_safe: split.null_safe(),
            times: if bounds.processing { None } else { Some([time(LEFT)?, time(RIGHT)?]) },
            lower: Millis(bounds.lower),
            upper: Millis(bounds.upper),
            condition: pair_condition(split.rest, &inputs)?,
            inputs,
            schema: schema.clone(),
            batch_size: self.config.batch_size(),
        };
        let mut properties = Properties::append(schema, below.iter().all(|below| below.bounded));
        properties.keys = joined_keys(&below, kind, [&left_keys, &right_keys]);
        let inputs = nodes.into_iter().map(Into::into).collect();
        Ok(self.builder.add(NodeKind::IntervalJoin(Box::new(spec)), inputs, properties))
    }

    fn window_join(&mut self, join: Join) -> Result<NodeId> {
        let Join { left, right, kind, on, schema, origin, .. } = join;
        let inputs = [left.schema.clone(), right.schema.clone()];
        let width = inputs[LEFT].len();
        let sides = window_sides(&left, &right, &on).ok_or_else(|| Error::bug("a window join without windows"))?;
        let rest = on.into_iter().filter(|condition| !compares_windows(condition, &sides, width)).collect();
        let nodes = [self.relation(left)?, self.relation(right)?];
        let below = self.appending(nodes, "a window join", origin.place)?;
        let split = self.split(rest, width);
        let (left_keys, right_keys) = split.sides();
        let border = |side: usize, index: usize| column(index, &inputs[side].fields[index].data_type);
        let keys = |side: usize, keys: &[Expr]| {
            let (start, end) = sides.columns[side];
            let mut all = vec![border(side, start), border(side, end)];
            all.extend_from_slice(keys);
            self.lower_all(&all, &inputs[side])
        };
        let end = |side: usize| lower_over(&border(side, sides.columns[side].1), &inputs[side]);
        let spec = WindowJoinSpec {
            kind,
            keys: [keys(LEFT, &left_keys)?, keys(RIGHT, &right_keys)?],
            null_safe: [false, false].into_iter().chain(split.null_safe()).collect(),
            ends: [end(LEFT)?, end(RIGHT)?],
            zone: sides.local.then(|| self.config.time_zone()),
            processing: sides.processing,
            one_source: self.one_source(nodes),
            condition: pair_condition(split.rest, &inputs)?,
            schema: schema.clone(),
            batch_size: self.config.batch_size(),
            inputs: inputs.clone(),
        };
        let mut properties = Properties::append(schema, below.iter().all(|below| below.bounded));
        properties.keys = joined_keys(&below, kind, [&left_keys, &right_keys]);
        let inputs = nodes.into_iter().map(Into::into).collect();
        Ok(self.builder.add(NodeKind::WindowJoin(Box::new(spec)), inputs, properties))
    }

    /// Whether both nodes read one source and no other.
    fn one_source(&self, nodes: [NodeId; 2]) -> bool {
        let (mut seen, mut sources) = (HashSet::new(), 0);
        let mut pending = nodes.to_vec();
        while let Some(id) = pending.pop() {
            if seen.insert(id) {
                let inputs = &self.builder.node(id).inputs;
                sources += usize::from(inputs.is_empty());
                pending.extend(inputs.iter().map(|input| input.node));
            }
        }
        sources == 1
    }

    /// The properties of both inputs, which must not take rows back.
    pub(super) fn appending(&self, nodes: [NodeId; 2], what: &str, place: Option<Place>) -> Result<[Properties; 2]> {
        let below = nodes.map(|node| self.builder.properties(node).clone());
        for (side, below) in ["left", "right"].into_iter().zip(&below) {
            if below.changelog != ChangelogKind::Append {
                return Err(Error::input(format!("{what} takes only new rows, but those on its {side} are updated or deleted"))
                    .hint("join without bounding the time (a regular join takes all changes), or read the rows before they are aggregated or ranked")
                    .at(place));
            }
        }
        Ok(below)
    }

    /// INTERSECT and EXCEPT.
    pub(super) fn set_operation(
        &mut self,
        left: Relation,
        right: Relation,
        operation: SetOperation,
        schema: Schema,
    ) -> Result<NodeId> {
        let keys = |relation: &Relation| self.lower_all(&columns_of(&relation.schema), &relation.schema);
        let keys = [keys(&left)?, keys(&right)?];
        let nodes = [self.relation(left)?, self.relation(right)?];
        let below = nodes.map(|node| self.builder.properties(node).clone());
        let mut properties = Properties::append(schema.clone(), below.iter().all(|below| below.bounded));
        let append = below.iter().all(|below| below.changelog == ChangelogKind::Append);
        if !append || matches!(operation, SetOperation::Except { .. }) {
            properties.changelog = ChangelogKind::Retract;
        }
        let retracts = properties.changelog == ChangelogKind::Retract;
        let once = matches!(operation, SetOperation::Except { all: false } | SetOperation::Intersect { all: false });
        properties.keys = once.then(|| (0..schema.len()).collect());
        let spec = SetOperationSpec {
            operation,
            keys,
            schema,
            retracts,
            ttl: self.config.state_ttl(),
            batch_size: self.config.batch_size(),
            changes: self.changes,
        };
        let inputs = nodes.into_iter().map(Into::into).collect();
        Ok(self.builder.add(NodeKind::SetOperation(spec), inputs, properties))
    }

    /// The check of a scalar subquery.
    pub(super) fn single_row(&mut self, input: Relation, keys: &[usize]) -> Result<NodeId> {
        let schema = input.schema.clone();
        let exprs: Vec<Expr> = keys.iter().map(|&key| column(key, &schema.fields[key].data_type)).collect();
        let spec = SingleRowSpec { keys: self.lower_all(&exprs, &schema)? };
        let node = self.relation(input)?;
        let properties = Properties { keys: Some(keys.to_vec()), ..self.builder.properties(node).clone() };
        Ok(self.builder.add(NodeKind::SingleRow(spec), vec![node.into()], properties))
    }

    /// The equalities between both sides, cast to common types, and what else must hold.
    pub(super) fn split(&self, on: Vec<Expr>, width: usize) -> SplitCondition {
        let scope = Scope::empty();
        let binder = ExprBinder::new(&scope, &self.context);
        split_condition(on, width, &|left, right| {
            let (from_left, from_right) = (left.data_type().clone(), right.data_type().clone());
            if from_left.to_arrow() == from_right.to_arrow() {
                return Some((left, right));
            }
            let comparable = |kind: &riverrun_core::TypeKind| kind.is_exact_numeric() || kind.is_timestamp();
            if !comparable(&from_left.kind) || !comparable(&from_right.kind) {
                return None;
            }
            let common = common_type(&[&from_left, &from_right]).ok()?;
            let cast = |expr: Expr, nullable: bool| binder.implicit_cast(expr, &common.with_nullable(nullable)).ok();
            Some((cast(left, from_left.nullable)?, cast(right, from_right.nullable)?))
        })
    }
}

/// The conditions on a pair over only the columns that they read.
pub(super) fn pair_condition(rest: Vec<Expr>, inputs: &[Schema; 2]) -> Result<Option<PairCondition>> {
    if rest.is_empty() {
        return Ok(None);
    }
    let condition = and(rest);
    let columns: Vec<usize> = condition.columns().into_iter().collect();
    let both: Vec<_> = inputs.iter().flat_map(|input| input.fields.iter().cloned()).collect();
    let read = Schema::new(columns.iter().map(|&column| both[column].clone()).collect());
    let moved = condition.move_columns(&|index| columns.binary_search(&index).unwrap_or_default());
    Ok(Some(PairCondition { expression: lower_over(&moved, &read)?, columns }))
}

/// The columns that name a row of a join: those of one side where each of its rows meets one row of the other at the most,
/// else those of both.
pub(super) fn joined_keys(below: &[Properties; 2], kind: JoinKind, keys: [&[Expr]; 2]) -> Option<Vec<usize>> {
    let [left, right] = below;
    if kind.is_semi() {
        return left.keys.clone();
    }
    let width = left.schema.len();
    let unique = |side: usize| {
        let own = below[side].keys.as_ref();
        let joined =
            |column: &usize| keys[side].iter().any(|key| matches!(key, Expr::Column { index, .. } if index == column));
        own.is_some_and(|own| own.iter().all(joined))
    };
    let of_left = left.keys.clone();
    let of_right: Option<Vec<usize>> = right.keys.as_ref().map(|keys| keys.iter().map(|key| key + width).collect());
    if unique(RIGHT) && of_left.is_some() && !kind.preserves(RIGHT) {
        return of_left;
    }
    if unique(LEFT) && of_right.is_some() && !kind.preserves(LEFT) {
        return of_right;
    }
    Some(of_left?.into_iter().chain(of_right?).collect())
}

#[cfg(test)]
mod tests;
