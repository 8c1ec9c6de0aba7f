//! The type that several types have in common, by the two rules Flink has for it.
//!
//! [`common_type`] is Calcite's `leastRestrictive`: CASE, IF, UNION ALL, ARRAY[], IN. [`merged_type`] is Flink's own
//! `LogicalTypeMerging`: COALESCE, IFNULL, GREATEST, LEAST and other functions of Flink's. They differ in FLOAT against DOUBLE and in dates
//! against timestamps.

use riverrun_core::{DataType, Error, Field, Result, TimestampKind, TypeKind};

#[cfg(test)]
mod tests;

/// The largest precision of a DECIMAL.
pub const MAX_PRECISION: u8 = 38;

/// The type of CASE, IF, UNION ALL or ARRAY[] over values of these types. A bare NULL fits any type and makes it nullable;
/// of nothing but NULLs the type is NULL. A time attribute stays one only if all are of its kind.
pub fn common_type(types: &[&DataType]) -> Result<DataType> {
    fold(types, Rule::LeastRestrictive)
}

/// The type of COALESCE, IFNULL, GREATEST, LEAST and other functions of Flink's over values of these types.
pub fn merged_type(types: &[&DataType]) -> Result<DataType> {
    fold(types, Rule::Merging)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    LeastRestrictive,
    Merging,
}

fn fold(types: &[&DataType], rule: Rule) -> Result<DataType> {
    let nullable = types.iter().any(|data_type| data_type.nullable || data_type.kind == TypeKind::Null);
    let mut kinds = types.iter().map(|data_type| &data_type.kind).filter(|kind| **kind != TypeKind::Null);
    let first = kinds.next().unwrap_or(&TypeKind::Null).clone();
    kinds
        .try_fold(first, |common, kind| common_kind(&common, kind, rule))
        .map(|kind| kind.with_nullable(nullable))
        .ok_or_else(|| {
            let names: Vec<String> = types.iter().map(|data_type| data_type.kind.to_string()).collect();
            Error::input(format!("{} have no common type", names.join(" and "))).hint("cast them to one type")
        })
}

fn common_kind(a: &TypeKind, b: &TypeKind, rule: Rule) -> Option<TypeKind> {
    use TypeKind::*;
    if a == b {
        return Some(a.clone());
    }
    Some(match (a, b) {
        (Char(a) | Varchar(a), Char(b) | Varchar(b)) => Varchar(*a.max(b)),
        (Binary(a) | Varbinary(a), Binary(b) | Varbinary(b)) => Varbinary(*a.max(b)),
        (Float | Double, Decimal { .. }) | (Decimal { .. }, Float | Double) => Double,
        (Float, Double) | (Double, Float) => match rule {
            // Calcite gives both the same precision, and the first stays.
            Rule::LeastRestrictive => a.clone(),
            Rule::Merging => Double,
        },
        (Float | Double, b) if b.is_integer() => a.clone(),
        (a, Float | Double) if a.is_integer() => b.clone(),
        (a, b) if a.is_integer() && b.is_integer() => {
            let wider = if exact_digits(a)? >= exact_digits(b)? { a } else { b };
            wider.clone()
        }
        (a, b) if a.is_exact_numeric() && b.is_exact_numeric() => {
            let ((p1, s1), (p2, s2)) = (exact_digits(a)?, exact_digits(b)?);
            let whole = (p1 - s1).max(p2 - s2).min(MAX_PRECISION);
            let scale = s1.max(s2).min(MAX_PRECISION - whole);
            TypeKind::decimal(whole + scale, scale)
        }
        (Time(a), Time(b)) => Time(*a.max(b)),
        (Timestamp { precision: p1, kind: k1 }, Timestamp { precision: p2, kind: k2 }) => {
            Timestamp { precision: *p1.max(p2), kind: attribute(*k1, *k2) }
        }
        (TimestampLtz { precision: p1, kind: k1 }, TimestampLtz { precision: p2, kind: k2 }) => {
            TimestampLtz { precision: *p1.max(p2), kind: attribute(*k1, *k2) }
        }
        (Timestamp { precision: p1, .. }, TimestampLtz { precision: p2, .. })
        | (TimestampLtz { precision: p1, .. }, Timestamp { precision: p2, .. }) => {
            let precision = *p1.max(p2);
            // Calcite takes the first of two types of equal precision, else the second, and widens it.
            let kept = if p1 == p2 { a } else { b };
            match (rule, kept) {
                (Rule::LeastRestrictive, Timestamp { .. }) => TypeKind::timestamp(precision),
                _ => TypeKind::timestamp_ltz(precision),
            }
        }
        (Date, Timestamp { .. } | TimestampLtz { .. }) | (Timestamp { .. } | TimestampLtz { .. }, Date)
            if rule == Rule::Merging =>
        {
            Date
        }
        (Array(a), Array(b)) => Array(Box::new(element(a, b, rule)?)),
        (Multiset(a), Multiset(b)) => Multiset(Box::new(element(a, b, rule)?)),
        (Map(key1, value1), Map(key2, value2)) => {
            Map(Box::new(element(key1, key2, rule)?), Box::new(element(value1, value2, rule)?))
        }
        (Row(a), Row(b)) if a.len() == b.len() => Row(a
            .iter()
            .zip(b)
            .map(|(a, b)| Some(Field::new(a.name.clone(), element(&a.data_type, &b.data_type, rule)?)))
            .collect::<Option<_>>()?),
        _ => return None,
    })
}

fn element(a: &DataType, b: &DataType, rule: Rule) -> Option<DataType> {
    fold(&[a, b], rule).ok()
}

fn attribute(a: TimestampKind, b: TimestampKind) -> TimestampKind {
    if a == b { a } else { TimestampKind::Regular }
}

/// Precision and scale of the DECIMAL that holds every value of an exact number type.
pub fn exact_digits(kind: &TypeKind) -> Option<(u8, u8)> {
    match kind {
        TypeKind::TinyInt => Some((3, 0)),
        TypeKind::SmallInt => Some((5, 0)),
        TypeKind::Int => Some((10, 0)),
        TypeKind::BigInt => Some((19, 0)),
        TypeKind::Decimal { precision, scale } => Some((*precision, *scale)),
        _ => None,
    }
}
