//! What is known before a row has come: conditions that hold for no row, relations without rows, groups of one row.
//!
//! Source of the semantics: the rewrites of Flink 2.3's planner (its rules for empty relations, constant conditions, and
//! aggregations over unique keys), by which a result only grows that would be updated otherwise.

use crate::bind::ExprBinder;
use crate::bind::conditional::and;
use crate::bind::join::conjuncts;
use crate::bind::literal;
use crate::bind::relation::{BoundAggregate, Relation, RelationKind};
use crate::bind::scope::{Scope, column};
use crate::expr::Expr;
use crate::functions::{FunctionContext, operators};
use contradiction::contradict;
use datafusion_common::ScalarValue;
use riverrun_core::{Result, Schema, TypeKind};
use riverrun_operators::join::JoinKind;
use riverrun_operators::set_operation::SetOperation;

mod contradiction;
#[cfg(test)]
mod tests;

/// A relation without what gives no rows, and without aggregations whose groups have one row each.
pub(super) fn simplify(relation: Relation, context: &FunctionContext) -> Result<Relation> {
    let Relation { kind, schema } = relation;
    let inner = |input: Box<Relation>| simplify(*input, context);
    let boxed = |input: Box<Relation>| inner(input).map(Box::new);
    let kind = match kind {
        RelationKind::Filter { input, condition } => {
            let input = inner(input)?;
            if is_empty(&input) || never_holds(&condition) {
                return Ok(empty(schema));
            }
            if always_holds(&condition) {
                return Ok(with_schema(input, schema));
            }
            RelationKind::Filter { input: Box::new(input), condition }
        }
        RelationKind::Aggregate { input, keys, sets, calls, window, ttl } => {
            let input = inner(input)?;
            if is_empty(&input) && !keys.is_empty() && sets.is_none() {
                return Ok(empty(schema));
            }
            if sets.is_none() && window.is_none() && has_groups_of_one(&input, &keys, &calls) {
                return one_by_one(input, keys, &calls, schema, context);
            }
            RelationKind::Aggregate { input: Box::new(input), keys, sets, calls, window, ttl }
        }
        RelationKind::Sort { limit: Some(0), .. } => return Ok(empty(schema)),
        RelationKind::UnionAll(inputs) => return union(inputs, schema, context),
        RelationKind::SetOperation { left, right, operation } => {
            let (left, right) = (inner(left)?, inner(right)?);
            let none = match operation {
                SetOperation::Intersect { .. } => is_empty(&left) || is_empty(&right),
                SetOperation::Except { .. } => is_empty(&left),
            };
            if none {
                return Ok(empty(schema));
            }
            if is_empty(&right) && matches!(operation, SetOperation::Except { all: true }) {
                return Ok(with_schema(left, schema));
            }
            RelationKind::SetOperation { left: Box::new(left), right: Box::new(right), operation }
        }
        RelationKind::Join { left, right, kind, on, class, origin } => {
            let (left, right) = (inner(left)?, inner(right)?);
            if let Some(side) = sides_alone(&left, &right, kind, &on) {
                return alone(side, left, right, schema);
            }
            RelationKind::Join { left: Box::new(left), right: Box::new(right), kind, on, class, origin }
        }
        RelationKind::Temporal { left, right, kind, as_of, on, place, hint } => {
            RelationKind::Temporal { left: boxed(left)?, right: boxed(right)?, kind, as_of, on, place, hint }
        }
        RelationKind::View { name, input } => RelationKind::View { name, input: boxed(input)? },
        RelationKind::Fence(input) => RelationKind::Fence(boxed(input)?),
        RelationKind::Project { input, exprs } => RelationKind::Project { input: boxed(input)?, exprs },
        RelationKind::Sort { input, order, offset, limit } => {
            RelationKind::Sort { input: boxed(input)?, order, offset, limit }
        }
        RelationKind::SingleRow { input, keys } => RelationKind::SingleRow { input: boxed(input)?, keys },
        RelationKind::Unnest { input, collection, outer, ordinality, on } => {
            RelationKind::Unnest { input: boxed(input)?, collection, outer, ordinality, on }
        }
        RelationKind::Window { input, window, time, partition, legacy } => {
            RelationKind::Window { input: boxed(input)?, window, time, partition, legacy }
        }
        RelationKind::Rank { input, partition, order, ranking, place } => {
            RelationKind::Rank { input: boxed(input)?, partition, order, ranking, place }
        }
        RelationKind::Over { input, partition, order, frame, calls, place } => {
            RelationKind::Over { input: boxed(input)?, partition, order, frame, calls, place }
        }
        RelationKind::ChangeCodes { input, codes } => RelationKind::ChangeCodes { input: boxed(input)?, codes },
        RelationKind::Match(mut matched) => {
            matched.input = simplify(matched.input, context)?;
            RelationKind::Match(matched)
        }
        leaf @ (RelationKind::Scan(_) | RelationKind::Values(_)) => leaf,
    };
    Ok(match of_rows(&kind).is_some_and(is_empty) {
        true => empty(schema),
        false => Relation { kind, schema },
    })
}

/// The input without whose rows there are none.
fn of_rows(kind: &RelationKind) -> Option<&Relation> {
    match kind {
        RelationKind::View { input, .. }
        | RelationKind::Fence(input)
        | RelationKind::Project { input, .. }
        | RelationKind::Sort { input, .. }
        | RelationKind::SingleRow { input, .. }
        | RelationKind::Unnest { input, .. }
        | RelationKind::Window { input, .. }
        | RelationKind::Rank { input, .. }
        | RelationKind::Over { input, .. }
        | RelationKind::Temporal { left: input, .. } => Some(input),
        _ => None,
    }
}

fn empty(schema: Schema) -> Relation {
    Relation { schema, kind: RelationKind::Values(Vec::new()) }
}

fn is_empty(relation: &Relation) -> bool {
    matches!(&relation.kind, RelationKind::Values(rows) if rows.is_empty())
}

/// The same rows under the names and types of another schema.
fn with_schema(relation: Relation, schema: Schema) -> Relation {
    let exprs = schema.fields.iter().enumerate().map(|(index, field)| column(index, &field.data_type)).collect();
    Relation { schema, kind: RelationKind::Project { input: Box::new(relation), exprs } }
}

fn union(inputs: Vec<Relation>, schema: Schema, context: &FunctionContext) -> Result<Relation> {
    let mut kept = Vec::new();
    for input in inputs {
        let input = simplify(input, context)?;
        if !is_empty(&input) {
            kept.push(input);
        }
    }
    Ok(match kept.len() {
        0 => empty(schema),
        1 => with_schema(kept.remove(0), schema),
        _ => Relation { schema, kind: RelationKind::UnionAll(kept) },
    })
}

/// What is left of a join of which one side finds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alone {
    Neither,
    Left,
    Right,
}

/// The side whose rows come out, each one alone; `None` if rows may find one another, or those of both sides come out.
fn sides_alone(left: &Relation, right: &Relation, kind: JoinKind, on: &[Expr]) -> Option<Alone> {
    let (no_left, no_right) = (is_empty(left), is_empty(right));
    let apart = no_left || no_right || never_holds(&and(on.to_vec()));
    match kind {
        JoinKind::Inner | JoinKind::Semi => apart.then_some(Alone::Neither),
        JoinKind::Left | JoinKind::Anti if no_left => Some(Alone::Neither),
        JoinKind::Right if no_right => Some(Alone::Neither),
        JoinKind::Left | JoinKind::Anti => apart.then_some(Alone::Left),
        JoinKind::Right => apart.then_some(Alone::Right),
        JoinKind::Full => match (no_left, no_right) {
            (true, true) => Some(Alone::Neither),
            (true, false) => Some(Alone::Right),
            (false, true) => Some(Alone::Left),
            (false, false) => None,
        },
    }
}

/// The rows of one side of a join, with NULLs for those of the other.
fn alone(side: Alone, left: Relation, right: Relation, schema: Schema) -> Result<Relation> {
    let width = left.schema.len();
    let (rows, first) = match side {
        Alone::Neither => return Ok(empty(schema)),
        Alone::Left => (left, 0),
        Alone::Right => (right, width),
    };
    let own = first..first + rows.schema.len();
    let value = |index: usize| {
        let data_type = &schema.fields[index].data_type;
        if own.contains(&index) { Ok(column(index - first, data_type)) } else { literal::null(data_type) }
    };
    let exprs = (0..schema.len()).map(value).collect::<Result<_>>()?;
    Ok(Relation { schema, kind: RelationKind::Project { input: Box::new(rows), exprs } })
}

/// Whether a condition is known to hold for no row.
fn never_holds(condition: &Expr) -> bool {
    let parts = conjuncts(condition.clone());
    parts.iter().any(is_false) || contradict(&parts)
}

/// Whether a condition is known to hold for all rows.
fn always_holds(condition: &Expr) -> bool {
    match condition {
        Expr::And(parts, _) => parts.iter().all(always_holds),
        Expr::Or(parts, _) => parts.iter().any(always_holds),
        other => matches!(other.as_literal(), Some(ScalarValue::Boolean(Some(true)))),
    }
}

fn is_false(condition: &Expr) -> bool {
    match condition {
        Expr::Or(parts, _) => parts.iter().all(never_holds),
        Expr::Call { name, arguments, .. } => match (name.as_str(), arguments.as_slice()) {
            (operators::NOT_EQUAL | operators::LESS | operators::GREATER, [left, right]) => {
                matches!(left, Expr::Column { data_type, .. } if !data_type.kind.is_approximate())
                    && left.same_as(right)
            }
            // A DECIMAL that overflows is NULL, whatever its type says.
            (operators::IS_NULL, [Expr::Column { data_type, .. }]) => {
                !data_type.nullable && !matches!(data_type.kind, TypeKind::Decimal { .. })
            }
            _ => matches!(condition.as_literal(), Some(ScalarValue::Boolean(None | Some(false)))),
        },
        other => matches!(other.as_literal(), Some(ScalarValue::Boolean(None | Some(false)))),
    }
}

/// Whether each group has one row, and what the calls give of it is one of its values.
fn has_groups_of_one(input: &Relation, keys: &[Expr], calls: &[BoundAggregate]) -> bool {
    let given = |call: &BoundAggregate| {
        matches!(call.definition.built_in(), Some("SUM" | "MIN" | "MAX")) && call.filter.is_none()
    };
    let grouped = |unique: &usize| keys.iter().any(|key| matches!(key, Expr::Column { index, .. } if index == unique));
    calls.iter().all(given) && unique_keys(input).iter().any(|unique| unique.iter().all(grouped))
}

/// The rows of an aggregation each of whose groups has one.
fn one_by_one(
    input: Relation,
    mut exprs: Vec<Expr>,
    calls: &[BoundAggregate],
    schema: Schema,
    context: &FunctionContext,
) -> Result<Relation> {
    let scope = Scope::empty();
    let binder = ExprBinder::new(&scope, context);
    let first = exprs.len();
    for (call, field) in calls.iter().zip(&schema.fields[first..]) {
        for argument in &call.arguments {
            let nullable = argument.data_type().nullable;
            exprs.push(binder.implicit_cast(argument.clone(), &field.data_type.with_nullable(nullable))?);
        }
    }
    Ok(Relation { schema, kind: RelationKind::Project { input: Box::new(input), exprs } })
}

/// Whether a relation has one row at the most for each combination of values in these columns.
pub(super) fn is_unique_by(relation: &Relation, columns: &[usize]) -> bool {
    has_one_row(relation) || unique_keys(relation).iter().any(|key| key.iter().all(|column| columns.contains(column)))
}

/// Whether a relation has one row at the most.
fn has_one_row(relation: &Relation) -> bool {
    match &relation.kind {
        RelationKind::View { input, .. }
        | RelationKind::Fence(input)
        | RelationKind::Filter { input, .. }
        | RelationKind::Project { input, .. } => has_one_row(input),
        RelationKind::Aggregate { keys, sets: None, .. } => keys.is_empty(),
        RelationKind::SingleRow { keys, .. } => keys.is_empty(),
        _ => false,
    }
}

/// Sets of columns whose values no two rows share.
fn unique_keys(relation: &Relation) -> Vec<Vec<usize>> {
    match &relation.kind {
        RelationKind::View { input, .. }
        | RelationKind::Fence(input)
        | RelationKind::Filter { input, .. }
        | RelationKind::Sort { input, .. } => unique_keys(input),
        RelationKind::Project { input, exprs } => {
            let moved =
                |old: &usize| exprs.iter().position(|expr| matches!(expr, Expr::Column { index, .. } if index == old));
            unique_keys(input).iter().filter_map(|key| key.iter().map(moved).collect()).collect()
        }
        RelationKind::Scan(table) if !table.primary_key.is_empty() => vec![table.primary_key.clone()],
        RelationKind::Aggregate { input, keys, sets: None, window: None, .. } if !keys.is_empty() => {
            vec![(0..keys.len()).filter(|&key| !is_constant(&keys[key], input)).collect()]
        }
        // A group window's start says which one it is, and so does its end.
        RelationKind::Aggregate { input, keys, sets: None, window: Some(window), .. } if is_group_window(input) => {
            let of_window = |key: &usize| [Some(window.start), Some(window.end), window.time].contains(&Some(*key));
            let others = (0..keys.len()).filter(|key| !of_window(key));
            [window.start, window.end].map(|border| others.clone().chain([border]).collect()).into()
        }
        _ => Vec::new(),
    }
}

/// Whether an expression over a relation has one value for all rows.
fn is_constant(expr: &Expr, relation: &Relation) -> bool {
    match (expr, &relation.kind) {
        (Expr::Column { index, .. }, RelationKind::Project { input, exprs }) => is_constant(&exprs[*index], input),
        _ => expr.as_literal().is_some(),
    }
}

fn is_group_window(relation: &Relation) -> bool {
    match &relation.kind {
        RelationKind::Window { legacy, .. } => *legacy,
        RelationKind::Project { input, .. } | RelationKind::Fence(input) => is_group_window(input),
        _ => false,
    }
}
