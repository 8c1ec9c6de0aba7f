//! What is known to have no rows: `WHERE FALSE`, `id > 3 AND id < 2`, `LIMIT 0`.
//!
//! An aggregation without keys gives no row in a stream before its first row comes. Of an input that is known to have none
//! Flink's planner makes the one row of SQL instead: COUNT is 0, the others are NULL. Source: Calcite's `AggregateValuesRule`,
//! which knows the functions in [`REDUCED`].

use super::literal;
use crate::bind::join::conjuncts;
use crate::bind::relation::{BoundAggregate, Relation, RelationKind};
use crate::expr::Expr;
use crate::functions::operators;
use datafusion_common::ScalarValue;
use riverrun_core::Result;
use riverrun_operators::join::JoinKind;
use riverrun_operators::set_operation::SetOperation;
use std::cmp::Ordering;

/// The functions whose value over no rows is known to Flink's planner.
const REDUCED: &[&str] = &["COUNT", "SUM", "AVG", "MIN", "MAX"];

/// The results over no rows; `None` where Flink gives no row at all.
pub(super) fn of_no_rows(calls: &[BoundAggregate]) -> Result<Option<Vec<Expr>>> {
    let known = |call: &BoundAggregate| call.definition.built_in().is_some_and(|name| REDUCED.contains(&name));
    if calls.is_empty() || !calls.iter().all(known) {
        return Ok(None);
    }
    let value = |call: &BoundAggregate| match call.definition.built_in() {
        Some("COUNT") => Ok(literal::constant(ScalarValue::Int64(Some(0)), call.field.data_type.clone())),
        _ => literal::null(&call.field.data_type),
    };
    calls.iter().map(value).collect::<Result<_>>().map(Some)
}

/// Whether a relation has no rows, whatever its tables hold.
pub(super) fn is_empty(relation: &Relation) -> bool {
    has_none(relation, Vec::new())
}

/// Whether a relation has no rows for which these conditions, over its columns, are all true.
fn has_none(relation: &Relation, mut conditions: Vec<Expr>) -> bool {
    match &relation.kind {
        RelationKind::Filter { input, condition } => {
            conditions.extend(conjuncts(condition.clone()));
            return has_none(input, conditions);
        }
        RelationKind::Project { input, exprs } => {
            let over_input = |condition: &Expr| condition.replace_columns(&mut |index, _| exprs[index].clone());
            return has_none(input, conditions.iter().map(over_input).collect());
        }
        RelationKind::View { input, .. } | RelationKind::Fence(input) => return has_none(input, conditions),
        RelationKind::UnionAll(inputs) => return inputs.iter().all(|input| has_none(input, conditions.clone())),
        _ => {}
    }
    if contradict(&conditions) {
        return true;
    }
    match &relation.kind {
        RelationKind::Sort { input, limit, .. } => *limit == Some(0) || is_empty(input),
        RelationKind::Join { left, right, kind, on, .. } => match kind {
            JoinKind::Inner | JoinKind::Semi => is_empty(left) || is_empty(right) || contradict(on),
            JoinKind::Left | JoinKind::Anti => is_empty(left),
            JoinKind::Right => is_empty(right),
            JoinKind::Full => is_empty(left) && is_empty(right),
        },
        RelationKind::SetOperation { left, right, operation } => {
            is_empty(left) || matches!(operation, SetOperation::Intersect { .. }) && is_empty(right)
        }
        RelationKind::Aggregate { input, keys, sets: None, .. } => !keys.is_empty() && is_empty(input),
        RelationKind::Temporal { left: input, .. }
        | RelationKind::SingleRow { input, .. }
        | RelationKind::Unnest { input, .. }
        | RelationKind::Window { input, .. }
        | RelationKind::Rank { input, .. }
        | RelationKind::Over { input, .. } => is_empty(input),
        _ => false,
    }
}

/// Whether the conditions can't all be true of one row.
fn contradict(conditions: &[Expr]) -> bool {
    let mut limits: Vec<(&Expr, Limits<'_>)> = Vec::new();
    for condition in conditions {
        match condition {
            Expr::Literal { value, .. } if *value != ScalarValue::Boolean(Some(true)) => return true,
            Expr::Or(operands, _) if operands.iter().all(|operand| contradict(&conjuncts(operand.clone()))) => {
                return true;
            }
            Expr::Call { name, arguments, .. } => {
                let Some((subject, tests)) = tests(name, arguments) else { continue };
                let position = limits.iter().position(|(known, _)| known.same_as(subject)).unwrap_or_else(|| {
                    limits.push((subject, Limits::default()));
                    limits.len() - 1
                });
                tests.into_iter().for_each(|test| limits[position].1.add(test));
            }
            _ => {}
        }
    }
    limits.iter().any(|(_, limits)| limits.are_impossible())
}

/// What a condition says of the value of an expression.
enum Test<'a> {
    /// It is NULL.
    Null,
    /// It is not.
    NotNull,
    /// It is one of these.
    Among(Vec<&'a ScalarValue>),
    /// It is not this.
    Not(&'a ScalarValue),
    /// It is at least this, or more.
    Above(&'a ScalarValue, bool),
    /// It is at most this, or less; true where it may be equal.
    Below(&'a ScalarValue, bool),
}

/// The expression that a comparison with constants is of, and what it says of it.
fn tests<'a>(name: &str, arguments: &'a [Expr]) -> Option<(&'a Expr, Vec<Test<'a>>)> {
    let (subject, others) = match arguments {
        [Expr::Literal { .. }, subject] => (subject, &arguments[..1]),
        [subject, others @ ..] => (subject, others),
        [] => return None,
    };
    if !is_repeatable(subject) || subject.as_literal().is_some() {
        return None;
    }
    if let [other] = others
        && matches!(name, operators::NOT_EQUAL | operators::LESS | operators::GREATER)
        && subject.same_as(other)
    {
        return Some((subject, vec![Test::Null, Test::NotNull]));
    }
    let values = others.iter().map(Expr::as_literal).collect::<Option<Vec<_>>>()?;
    let turned = arguments.first().is_some_and(|first| first.as_literal().is_some());
    let tests = match (name, values.as_slice()) {
        (operators::IS_NULL, []) => vec![Test::Null],
        (operators::IS_NOT_NULL, []) => vec![Test::NotNull],
        (operators::EQUAL, [value]) => vec![Test::Among(vec![*value])],
        (operators::NOT_EQUAL, [value]) => vec![Test::Not(value)],
        (operators::IN, [_, ..]) => vec![Test::Among(values)],
        (operators::BETWEEN, [low, high]) => vec![Test::Above(low, true), Test::Below(high, true)],
        (operators::LESS, [value]) | (operators::GREATER, [value]) => {
            vec![if turned == (name == operators::LESS) {
                Test::Above(value, false)
            } else {
                Test::Below(value, false)
            }]
        }
        (operators::LESS_EQUAL, [value]) | (operators::GREATER_EQUAL, [value]) => {
            let above = turned == (name == operators::LESS_EQUAL);
            vec![if above { Test::Above(value, true) } else { Test::Below(value, true) }]
        }
        _ => return None,
    };
    Some((subject, tests))
}

/// Whether an expression has one value in a row, however often it is computed: columns, their fields and sums of them.
fn is_repeatable(expr: &Expr) -> bool {
    match expr {
        Expr::Column { .. } | Expr::Literal { .. } => true,
        Expr::Call { name, arguments, .. } => {
            let known = [operators::PLUS, operators::MINUS, operators::TIMES, operators::DIVIDE, "CAST"];
            (known.contains(&name.as_str()) || name.starts_with('.')) && arguments.iter().all(is_repeatable)
        }
        _ => false,
    }
}

/// How two constants compare; `None` where their types tell them apart though SQL need not.
fn order(left: &ScalarValue, right: &ScalarValue) -> Option<Ordering> {
    match (left, right) {
        // Here 0 and -0 are equal.
        (ScalarValue::Float64(Some(left)), ScalarValue::Float64(Some(right))) => left.partial_cmp(right),
        (ScalarValue::Float32(Some(left)), ScalarValue::Float32(Some(right))) => left.partial_cmp(right),
        (left, right) if left.data_type() == right.data_type() => left.partial_cmp(right),
        _ => None,
    }
}

/// What several conditions leave of the values of an expression.
#[derive(Default)]
struct Limits<'a> {
    null: bool,
    not_null: bool,
    /// A comparison with NULL, which is never true.
    never: bool,
    among: Vec<Vec<&'a ScalarValue>>,
    not: Vec<&'a ScalarValue>,
    above: Vec<(&'a ScalarValue, bool)>,
    below: Vec<(&'a ScalarValue, bool)>,
}

impl<'a> Limits<'a> {
    fn add(&mut self, test: Test<'a>) {
        match test {
            Test::Null => {
                self.null = true;
                return;
            }
            Test::NotNull => {}
            Test::Among(values) => {
                let values: Vec<_> = values.into_iter().filter(|value| !value.is_null()).collect();
                self.among.push(values);
            }
            Test::Not(value) => {
                self.never |= value.is_null();
                self.not.push(value);
            }
            Test::Above(value, equal) => {
                self.never |= value.is_null();
                self.above.push((value, equal));
            }
            Test::Below(value, equal) => {
                self.never |= value.is_null();
                self.below.push((value, equal));
            }
        }
        self.not_null = true;
    }

    /// Whether nothing is left; what can't be compared is taken to leave something.
    fn are_impossible(&self) -> bool {
        if self.never || self.null && self.not_null {
            return true;
        }
        let beyond = |value: &ScalarValue, limit: &(&ScalarValue, bool), wanted: Ordering| {
            let (limit, equal) = *limit;
            order(value, limit).is_some_and(|order| order == wanted || order == Ordering::Equal && !equal)
        };
        let differ = |left: &ScalarValue, right: &ScalarValue| order(left, right).is_some_and(Ordering::is_ne);
        let excluded = |value: &ScalarValue| {
            self.not.contains(&value)
                || self.above.iter().any(|limit| beyond(value, limit, Ordering::Less))
                || self.below.iter().any(|limit| beyond(value, limit, Ordering::Greater))
                || self.among.iter().any(|among| among.iter().all(|other| differ(other, value)))
        };
        if let Some(among) = self.among.first() {
            return among.iter().all(|value| excluded(value));
        }
        self.above.iter().any(|(low, equal)| {
            self.below.iter().any(|(high, also)| beyond(low, &(*high, *equal && *also), Ordering::Greater))
        })
    }
}
