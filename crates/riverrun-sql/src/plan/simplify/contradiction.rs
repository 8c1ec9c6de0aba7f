//! Comparisons of a column with constants that no value fulfils together.
//!
//! Between any two constants there is a value, as for Flink's planner: `v > 3 AND v < 4` may hold of an INT.

use crate::expr::Expr;
use crate::functions::operators;
use datafusion_common::ScalarValue;
use std::cmp::Ordering;

/// A value, by where it stands among the constants that it is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Null,
    /// At the constant `n` for `2n + 1`, otherwise between two of them or beyond the last.
    At(usize),
}

/// Whether no value of one of the columns fulfils all these conditions.
pub(super) fn contradict(conditions: &[Expr]) -> bool {
    let mut columns: Vec<usize> = conditions.iter().filter_map(only_column).collect();
    columns.sort_unstable();
    columns.dedup();
    columns.into_iter().any(|column| {
        let about: Vec<&Expr> = conditions.iter().filter(|part| only_column(part) == Some(column)).collect();
        let mut constants = Vec::new();
        let known = about.iter().all(|condition| collect(condition, &mut constants));
        known && sort(&mut constants) && {
            let mut places = (0..=2 * constants.len()).map(Place::At).chain([Place::Null]);
            !places.any(|place| about.iter().all(|condition| truth(condition, place, &constants) == Some(true)))
        }
    })
}

/// The column that a condition looks at, if it is the only one.
fn only_column(condition: &Expr) -> Option<usize> {
    let columns = condition.columns();
    columns.first().copied().filter(|_| columns.len() == 1)
}

/// Gathers the constants that a column is compared with; `false` if the condition does more than compare it.
fn collect(condition: &Expr, constants: &mut Vec<ScalarValue>) -> bool {
    let mut constant = |value: &Expr| match value.as_literal().filter(|value| !value.is_null()) {
        Some(value) => {
            constants.push(value.clone());
            true
        }
        None => is_column(value),
    };
    match condition {
        Expr::And(parts, _) | Expr::Or(parts, _) => parts.iter().all(|part| collect(part, constants)),
        Expr::Call { name, arguments, .. } => match (name.as_str(), arguments.as_slice()) {
            (operators::NOT, [inner]) => collect(inner, constants),
            (operators::IS_NULL | operators::IS_NOT_NULL, [value]) => is_column(value),
            (operators::IN | operators::BETWEEN, [value, others @ ..]) => {
                is_column(value) && others.iter().all(|other| !is_column(other) && constant(other))
            }
            (name, [left, right]) => {
                relation(name).is_some() && is_column(left) != is_column(right) && constant(left) && constant(right)
            }
            _ => false,
        },
        _ => false,
    }
}

/// NaN is in no order.
fn is_column(value: &Expr) -> bool {
    matches!(value, Expr::Column { data_type, .. } if !data_type.kind.is_approximate())
}

/// Sorts constants, each once; `false` if they are no values of one order.
fn sort(constants: &mut Vec<ScalarValue>) -> bool {
    let comparable = constants.iter().all(|constant| constants.iter().all(|other| compare(constant, other).is_some()));
    if comparable {
        constants.sort_by(|left, right| compare(left, right).unwrap_or(Ordering::Equal));
        constants.dedup_by(|left, right| compare(left, right) == Some(Ordering::Equal));
    }
    comparable
}

fn compare(left: &ScalarValue, right: &ScalarValue) -> Option<Ordering> {
    (left.data_type() == right.data_type()).then(|| left.partial_cmp(right)).flatten()
}

/// What a comparison says of an order.
fn relation(name: &str) -> Option<fn(Ordering) -> bool> {
    Some(match name {
        operators::EQUAL => Ordering::is_eq,
        operators::NOT_EQUAL => Ordering::is_ne,
        operators::LESS => Ordering::is_lt,
        operators::LESS_EQUAL => Ordering::is_le,
        operators::GREATER => Ordering::is_gt,
        operators::GREATER_EQUAL => Ordering::is_ge,
        _ => return None,
    })
}

/// Whether a condition whose constants are known holds for a value there; `None` if that is unknown.
fn truth(condition: &Expr, place: Place, constants: &[ScalarValue]) -> Option<bool> {
    let order = |constant: &Expr| {
        let value = constant.as_literal()?;
        let at = constants.iter().position(|known| compare(known, value) == Some(Ordering::Equal))?;
        match place {
            Place::Null => None,
            Place::At(place) => Some(place.cmp(&(2 * at + 1))),
        }
    };
    let all = |parts: &[Expr], decisive: bool| {
        let truths: Vec<_> = parts.iter().map(|part| truth(part, place, constants)).collect();
        match truths.contains(&Some(decisive)) {
            true => Some(decisive),
            false => (!truths.contains(&None)).then_some(!decisive),
        }
    };
    match condition {
        Expr::And(parts, _) => all(parts, false),
        Expr::Or(parts, _) => all(parts, true),
        Expr::Call { name, arguments, .. } => match (name.as_str(), arguments.as_slice()) {
            (operators::NOT, [inner]) => truth(inner, place, constants).map(|holds| !holds),
            (operators::IS_NULL, _) => Some(place == Place::Null),
            (operators::IS_NOT_NULL, _) => Some(place != Place::Null),
            (operators::IN, [_, others @ ..]) => {
                others.iter().map(order).collect::<Option<Vec<_>>>().map(|orders| orders.contains(&Ordering::Equal))
            }
            (operators::BETWEEN, [_, low, high]) => Some(order(low)?.is_ge() && order(high)?.is_le()),
            (name, [left, right]) => {
                let holds = relation(name)?;
                let order = if is_column(left) { order(right)? } else { order(left)?.reverse() };
                Some(holds(order))
            }
            _ => None,
        },
        _ => None,
    }
}
