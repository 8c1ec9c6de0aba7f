//! `= <> < <= > >=`, IS \[NOT\] DISTINCT FROM, IN, BETWEEN.
//!
//! Numbers meet at the wider type, DECIMAL and integers exactly; TIMESTAMP meets TIMESTAMP_LTZ as an instant. Text against a number
//! is refused by `=` and `<>`, and is cast to the number by the others. CHAR compares with its padding. NaN equals nothing,
//! itself included. The pairs of types and what compares them are in [`pair`], collections in [`nested`].

use super::kernels::{Arguments, kernel};
use super::{Argument, FunctionContext, FunctionDef, Resolved, operators};
use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::{and_kleene, or_kleene};
use pair::{Comparison, Relation};
use riverrun_core::{DataType, Error, Result, TypeKind};
use std::sync::Arc;

mod nested;
pub(crate) mod pair;
#[cfg(test)]
mod tests;

/// Defines a comparison operator.
macro_rules! relation {
    ($name:expr, $relation:expr, $syntax:expr, $doc:expr) => {
        FunctionDef {
            name: $name,
            aliases: &[],
            group: "comparison",
            syntax: $syntax,
            doc: $doc,
            deterministic: true,
            resolve: |context, arguments| relation($relation, context, arguments),
        }
    };
}

/// The operators.
pub const FUNCTIONS: &[FunctionDef] = &[
    relation!(operators::EQUAL, Relation::Equal, "a = b", "Whether two values are equal"),
    relation!(operators::NOT_EQUAL, Relation::NotEqual, "a <> b", "Whether two values differ"),
    relation!(operators::LESS, Relation::Less, "a < b", "Whether the first value is smaller"),
    relation!(operators::LESS_EQUAL, Relation::LessEqual, "a <= b", "Whether the first value is not larger"),
    relation!(operators::GREATER, Relation::Greater, "a > b", "Whether the first value is larger"),
    relation!(operators::GREATER_EQUAL, Relation::GreaterEqual, "a >= b", "Whether the first value is not smaller"),
    FunctionDef {
        name: operators::IS_DISTINCT,
        aliases: &[],
        group: "comparison",
        syntax: "a IS DISTINCT FROM b",
        doc: "Whether two values differ, where NULL equals NULL",
        deterministic: true,
        resolve: |context, arguments| distinct(true, context, arguments),
    },
    FunctionDef {
        name: operators::IS_NOT_DISTINCT,
        aliases: &[],
        group: "comparison",
        syntax: "a IS NOT DISTINCT FROM b",
        doc: "Whether two values are equal, where NULL equals NULL",
        deterministic: true,
        resolve: |context, arguments| distinct(false, context, arguments),
    },
    FunctionDef {
        name: operators::IN,
        aliases: &[],
        group: "comparison",
        syntax: "a [NOT] IN (b, …)",
        doc: "Whether a value equals one of several",
        deterministic: true,
        resolve: |context, arguments| within(false, context, arguments),
    },
    FunctionDef {
        name: operators::ROW_IN,
        aliases: &[],
        group: "comparison",
        syntax: "ROW(a, …) [NOT] IN (ROW(b, …), …)",
        doc: "Whether the fields of a row equal those of one of several",
        deterministic: true,
        resolve: |context, arguments| within(true, context, arguments),
    },
    FunctionDef {
        name: operators::BETWEEN,
        aliases: &[],
        group: "comparison",
        syntax: "a [NOT] BETWEEN b AND c",
        doc: "Whether a value is at least b and at most c",
        deterministic: true,
        resolve: |context, arguments| between(false, context, arguments),
    },
    FunctionDef {
        name: operators::BETWEEN_SYMMETRIC,
        aliases: &[],
        group: "comparison",
        syntax: "a [NOT] BETWEEN SYMMETRIC b AND c",
        doc: "Whether a value lies between b and c, whichever is larger",
        deterministic: true,
        resolve: |context, arguments| between(true, context, arguments),
    },
];

fn relation(relation: Relation, context: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let [left, right] = arguments else {
        return Err(Error::input(format!("{} takes two operands, not {}", relation.symbol(), arguments.len())));
    };
    let comparison = Comparison::new(context, relation, *left, *right)?;
    let nullable = left.data_type.nullable || right.data_type.nullable || comparison.may_be_unknown();
    Ok(Resolved {
        parameters: vec![comparison.left.clone(), comparison.right.clone()],
        returns: TypeKind::Boolean.with_nullable(nullable),
        kernel: kernel(relation.symbol(), move |arguments| {
            Ok(Arc::new(comparison.compare(arguments.raw(0)?, arguments.raw(1)?, arguments.rows())?))
        }),
    })
}

fn distinct(differ: bool, context: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let [left, right] = arguments else {
        return Err(Error::input(format!("IS DISTINCT FROM takes two operands, not {}", arguments.len())));
    };
    // As in Flink, where neither may be NULL it is `<>`: a text that means no time neither equals a time nor differs from it.
    let by_difference = differ && !left.data_type.nullable && !right.data_type.nullable;
    let relation = if by_difference { Relation::NotEqual } else { Relation::Equal };
    let comparison = Comparison::new(context, relation, *left, *right)?.null_safe();
    Ok(Resolved {
        parameters: vec![comparison.left.clone(), comparison.right.clone()],
        returns: TypeKind::Boolean.not_null(),
        kernel: kernel("IS DISTINCT FROM", move |arguments| {
            let (left, right) = (arguments.raw(0)?, arguments.raw(1)?);
            let compared = comparison.compare(left, right, arguments.rows())?;
            let holds =
                BooleanBuffer::collect_bool(arguments.rows(), |row| match (is_null(left, row), is_null(right, row)) {
                    (false, false) => (compared.is_valid(row) && compared.value(row)) != (differ && !by_difference),
                    (left, right) => (left && right) != differ,
                });
            Ok(Arc::new(BooleanArray::new(holds, None)))
        }),
    })
}

fn is_null((array, constant): (&ArrayRef, bool), row: usize) -> bool {
    array.data_type() == &arrow::datatypes::DataType::Null || array.is_null(if constant { 0 } else { row })
}

/// The type of several values that one value is compared with.
fn common_type_of(values: &[Argument<'_>]) -> Result<DataType> {
    let types: Vec<&DataType> = values.iter().map(|value| value.data_type).collect();
    super::common_type::common_type(&types)
}

/// IN; `of_fields` where its values are rows that ROW makes.
fn within(of_fields: bool, context: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let Some((needle, values)) = arguments.split_first().filter(|(_, values)| !values.is_empty()) else {
        return Err(Error::input("IN takes a value and at least one value to compare it with"));
    };
    let mut list_type = common_type_of(values).map_err(|error| error.context("the values of IN"))?;
    let needle_type = needle.data_type.clone();
    // The values take the type of what is looked for: a text is compared with numbers as text, so that what is no number equals
    // none, and a number with texts as a number.
    if needle_type.kind.is_character() && list_type.kind.is_numeric() {
        list_type = TypeKind::STRING.with_nullable(list_type.nullable);
    } else if needle_type.kind.is_numeric() && list_type.kind.is_character() {
        list_type = needle_type.with_nullable(list_type.nullable);
    } else if needle_type.kind == TypeKind::Float && list_type.kind.is_numeric() {
        // So that a FLOAT column may be in (0.1).
        list_type = TypeKind::Float.with_nullable(list_type.nullable);
    }
    let comparison = Comparison::new(
        context,
        Relation::Equal,
        Argument { data_type: &needle_type, literal: None },
        Argument { data_type: &list_type, literal: None },
    )?;
    let comparison = if of_fields { comparison.of_fields() } else { comparison };
    let nullable = arguments.iter().any(|argument| argument.data_type.nullable) || comparison.may_be_unknown();
    let mut parameters = vec![comparison.left.clone().with_nullable(needle.data_type.nullable)];
    parameters.extend(values.iter().map(|value| comparison.right.with_nullable(value.data_type.nullable)));
    Ok(Resolved {
        parameters,
        returns: TypeKind::Boolean.with_nullable(nullable),
        kernel: kernel("IN", move |arguments| any_equal(&comparison, arguments)),
    })
}

/// Whether the first argument equals any of the others.
fn any_equal(comparison: &Comparison, arguments: &Arguments) -> Result<ArrayRef> {
    let rows = arguments.rows();
    let needle = arguments.raw(0)?;
    let mut found = BooleanArray::new(BooleanBuffer::new_unset(rows), None);
    for position in 1..arguments.len() {
        found = or_kleene(&found, &comparison.compare(needle, arguments.raw(position)?, rows)?)?;
        if found.null_count() == 0 && found.true_count() == rows {
            break;
        }
    }
    Ok(Arc::new(found))
}

fn between(symmetric: bool, context: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let [value, lower, upper] = arguments else {
        return Err(Error::input(format!("BETWEEN takes three operands, not {}", arguments.len())));
    };
    // Each bound meets the value by itself, as if written `a >= b AND a <= c`; the casts that the value then needs for one bound and
    // not for the other are made in the kernel.
    let at_least =
        Comparison::new(context, Relation::GreaterEqual, *value, *lower)?.with_own_casts(context, *value, *lower)?;
    let at_most =
        Comparison::new(context, Relation::LessEqual, *value, *upper)?.with_own_casts(context, *value, *upper)?;
    let reversed = symmetric
        .then(|| -> Result<_> {
            Ok((
                Comparison::new(context, Relation::GreaterEqual, *value, *upper)?
                    .with_own_casts(context, *value, *upper)?,
                Comparison::new(context, Relation::LessEqual, *value, *lower)?
                    .with_own_casts(context, *value, *lower)?,
            ))
        })
        .transpose()?;
    let nullable = arguments.iter().any(|argument| argument.data_type.nullable);
    Ok(Resolved {
        parameters: arguments.iter().map(|argument| argument.data_type.clone()).collect(),
        returns: TypeKind::Boolean.with_nullable(nullable),
        kernel: kernel("BETWEEN", move |arguments| {
            let rows = arguments.rows();
            let (value, lower, upper) = (arguments.raw(0)?, arguments.raw(1)?, arguments.raw(2)?);
            let inside = and_kleene(&at_least.compare(value, lower, rows)?, &at_most.compare(value, upper, rows)?)?;
            let Some((at_least, at_most)) = &reversed else {
                return Ok(Arc::new(inside));
            };
            let turned = and_kleene(&at_least.compare(value, upper, rows)?, &at_most.compare(value, lower, rows)?)?;
            Ok(Arc::new(or_kleene(&inside, &turned)?))
        }),
    })
}

/// The nulls of two arguments together.
fn union_nulls(left: (&ArrayRef, bool), right: (&ArrayRef, bool), rows: usize) -> Option<NullBuffer> {
    let nulls = |(array, constant): (&ArrayRef, bool)| match array.logical_nulls() {
        Some(nulls) if constant && nulls.is_null(0) => Some(NullBuffer::new_null(rows)),
        Some(_) if constant => None,
        nulls => nulls,
    };
    NullBuffer::union(nulls(left).as_ref(), nulls(right).as_ref())
}
