//! ARRAY_CONTAINS, ARRAY_POSITION, ARRAY_APPEND, ARRAY_PREPEND, ARRAY_REMOVE, ARRAY_REVERSE, ARRAY_SLICE, ARRAY_DISTINCT.

use super::super::common_type::common_type;
use super::super::kernels::{Accept, accept, any_nullable, booleans, kernel, mismatch, primitives};
use super::super::{Argument, FunctionDef, Resolved};
use super::element_type;
use super::lists::{Keys, Lists, ListsBuilder};
use arrow::array::Array;
use arrow::datatypes::Int32Type;
use hashbrown::HashSet;
use riverrun_core::{DataType, Result, TypeKind};

const ARRAY_CONTAINS: &str = "ARRAY_CONTAINS(array, element)";
const ARRAY_POSITION: &str = "ARRAY_POSITION(array, element)";
const ARRAY_APPEND: &str = "ARRAY_APPEND(array, element)";
const ARRAY_PREPEND: &str = "ARRAY_PREPEND(array, element)";
const ARRAY_REMOVE: &str = "ARRAY_REMOVE(array, element)";
const ARRAY_REVERSE: &str = "ARRAY_REVERSE(array)";
const ARRAY_SLICE: &str = "ARRAY_SLICE(array, start [, end])";
const ARRAY_DISTINCT: &str = "ARRAY_DISTINCT(array)";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef::new(
        "collection",
        "ARRAY_CONTAINS",
        ARRAY_CONTAINS,
        "Whether the array has this element.",
        |_, arguments| resolve_contains(arguments),
    ),
    FunctionDef::new(
        "collection",
        "ARRAY_POSITION",
        ARRAY_POSITION,
        "Where the element first stands in the array, from 1; 0 if it doesn't.",
        |_, arguments| resolve_position(arguments),
    ),
    FunctionDef::new(
        "collection",
        "ARRAY_APPEND",
        ARRAY_APPEND,
        "The array with one more element at its end.",
        |_, arguments| resolve_add(ARRAY_APPEND, arguments, false),
    ),
    FunctionDef::new(
        "collection",
        "ARRAY_PREPEND",
        ARRAY_PREPEND,
        "The array with one more element at its start.",
        |_, arguments| resolve_add(ARRAY_PREPEND, arguments, true),
    ),
    FunctionDef::new("collection", "ARRAY_REMOVE", ARRAY_REMOVE, "The array without this element.", |_, arguments| {
        resolve_remove(arguments)
    }),
    FunctionDef::new(
        "collection",
        "ARRAY_REVERSE",
        ARRAY_REVERSE,
        "The elements from the last to the first.",
        |_, arguments| resolve_reverse(arguments),
    ),
    FunctionDef::new(
        "collection",
        "ARRAY_SLICE",
        ARRAY_SLICE,
        "The elements from one position to another, both included; negative positions count from the end.",
        |_, arguments| resolve_slice(arguments),
    ),
    FunctionDef::new(
        "collection",
        "ARRAY_DISTINCT",
        ARRAY_DISTINCT,
        "Each element once, where it first came.",
        |_, arguments| resolve_distinct(arguments),
    ),
];

/// Array and element: the element is cast to the type of the array's. As in Flink, one that is cast to a type with NULLs
/// counts as one that may be NULL.
fn with_element(syntax: &str, arguments: &[Argument<'_>]) -> Result<(Vec<DataType>, DataType)> {
    let [array, element] = arguments else { return Err(mismatch(syntax, arguments)) };
    let expected = element_type(array.data_type).ok_or_else(|| mismatch(syntax, arguments))?;
    let given = element.data_type;
    let common = common_type(&[expected, given]).map_err(|_| mismatch(syntax, arguments))?;
    if !fits(&given.kind, &expected.kind, &common.kind) {
        return Err(mismatch(syntax, arguments));
    }
    let cast = expected.nullable && !is_already(&given.kind, &expected.kind);
    let nullable = given.nullable || given.kind == TypeKind::Null || cast;
    let parameters = vec![array.data_type.clone(), expected.with_nullable(nullable)];
    Ok((parameters, expected.clone()))
}

/// Whether what has one type may become an element of another one, where both have a common type.
fn fits(given: &TypeKind, element: &TypeKind, common: &TypeKind) -> bool {
    match (given, element) {
        // It would be cut to a length that its type does not know.
        (TypeKind::Varchar(_), TypeKind::Char(_)) => false,
        (TypeKind::Timestamp { .. }, TypeKind::Timestamp { .. })
        | (TypeKind::TimestampLtz { .. }, TypeKind::TimestampLtz { .. }) => true,
        (given, TypeKind::Decimal { .. }) if given.is_integer() || matches!(given, TypeKind::Decimal { .. }) => true,
        (given, element) if given.is_character() && element.is_character() => true,
        _ => common == element,
    }
}

/// Whether the values of one type are values of another one as they are.
fn is_already(given: &TypeKind, element: &TypeKind) -> bool {
    match (given, element) {
        (TypeKind::Char(given) | TypeKind::Varchar(given), TypeKind::Varchar(most))
        | (TypeKind::Binary(given) | TypeKind::Varbinary(given), TypeKind::Varbinary(most)) => given <= most,
        _ => given == element,
    }
}

fn resolve_contains(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let (parameters, _) = with_element(ARRAY_CONTAINS, arguments)?;
    let returns = TypeKind::Boolean.with_nullable(arguments[0].data_type.nullable);
    let compute = kernel(ARRAY_CONTAINS, |arguments| {
        let (lists, (sought, constant)) = (Lists::new(arguments, 0)?, arguments.raw(1)?);
        let keys = Keys::new(&[lists.values(), sought])?;
        Ok(booleans(arguments.rows(), |row| {
            let sought = keys.get(1, if constant { 0 } else { row });
            Some(lists.range(row)?.any(|place| keys.get(0, place) == sought))
        }))
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn resolve_position(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let (parameters, _) = with_element(ARRAY_POSITION, arguments)?;
    let returns = TypeKind::Int.with_nullable(parameters.iter().any(|parameter| parameter.nullable));
    let compute = kernel(ARRAY_POSITION, |arguments| {
        let (lists, (sought, constant)) = (Lists::new(arguments, 0)?, arguments.raw(1)?);
        let keys = Keys::new(&[lists.values(), sought])?;
        Ok(primitives::<Int32Type>(arguments.rows(), |row| {
            let sought_row = if constant { 0 } else { row };
            if sought.is_null(sought_row) {
                return None;
            }
            let sought = keys.get(1, sought_row);
            let position = lists.range(row)?.position(|place| keys.get(0, place) == sought);
            Some(position.map_or(0, |position| position as i32 + 1))
        }))
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn resolve_add(syntax: &'static str, arguments: &[Argument<'_>], at_start: bool) -> Result<Resolved> {
    let (parameters, element) = with_element(syntax, arguments)?;
    let element = element.with_nullable(element.nullable || parameters[1].nullable);
    // Flink says that the array may be NULL if the element may, though it never is because of that.
    let nullable = arguments[0].data_type.nullable || parameters[1].nullable;
    let returns = TypeKind::Array(Box::new(element)).with_nullable(nullable);
    let compute = kernel(syntax, move |arguments| {
        let (lists, (added, constant)) = (Lists::new(arguments, 0)?, arguments.raw(1)?);
        let mut builder = ListsBuilder::with_capacity(arguments.rows(), lists.values().len() + arguments.rows());
        for row in 0..arguments.rows() {
            let Some(places) = lists.range(row) else {
                builder.end_null();
                continue;
            };
            let added_row = if constant { 0 } else { row };
            if at_start {
                builder.push(1, added_row);
            }
            places.for_each(|place| builder.push(0, place));
            if !at_start {
                builder.push(1, added_row);
            }
            builder.end_row();
        }
        builder.finish(&[lists.values(), added])
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn resolve_remove(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let (parameters, _) = with_element(ARRAY_REMOVE, arguments)?;
    let returns = parameters[0].clone();
    let compute = kernel(ARRAY_REMOVE, |arguments| {
        let (lists, (removed, constant)) = (Lists::new(arguments, 0)?, arguments.raw(1)?);
        let keys = Keys::new(&[lists.values(), removed])?;
        transform(arguments.rows(), &lists, |row, places, builder| {
            let removed = keys.get(1, if constant { 0 } else { row });
            places.filter(|place| keys.get(0, *place) != removed).for_each(|place| builder.push(0, place));
        })
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

/// Arrays made of elements of the same row's array.
pub(super) fn transform(
    rows: usize,
    lists: &Lists<'_>,
    mut change: impl FnMut(usize, std::ops::Range<usize>, &mut ListsBuilder),
) -> Result<arrow::array::ArrayRef> {
    let mut builder = ListsBuilder::with_capacity(rows, lists.values().len());
    for row in 0..rows {
        match lists.range(row) {
            Some(places) => {
                change(row, places, &mut builder);
                builder.end_row();
            }
            None => builder.end_null(),
        }
    }
    builder.finish(&[lists.values()])
}

fn resolve_reverse(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(ARRAY_REVERSE, arguments, &[Accept::Array], 1)?;
    let returns = parameters[0].clone();
    let compute = kernel(ARRAY_REVERSE, |arguments| {
        transform(arguments.rows(), &Lists::new(arguments, 0)?, |_, places, builder| {
            places.rev().for_each(|place| builder.push(0, place));
        })
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn resolve_slice(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(ARRAY_SLICE, arguments, &[Accept::Array, Accept::Int, Accept::Int], 2)?;
    let returns = parameters[0].with_nullable(any_nullable(arguments));
    let compute = kernel(ARRAY_SLICE, |arguments| {
        let (lists, start, end) = (Lists::new(arguments, 0)?, arguments.int(1)?, arguments.int_opt(2)?);
        let mut builder = ListsBuilder::with_capacity(arguments.rows(), lists.values().len());
        for row in 0..arguments.rows() {
            let end = end.as_ref().map_or(Some(i32::MAX), |end| end.get(row));
            let (Some(places), Some(start), Some(end)) = (lists.range(row), start.get(row), end) else {
                builder.end_null();
                continue;
            };
            let length = places.len() as i64;
            // Position 0 is the first, as 1 is; a position beyond an end is that end.
            let from_start = |position: i32| match i64::from(position) {
                position if position < 0 => position + length,
                position => position - 1,
            };
            let first = from_start(start).max(0);
            let last = from_start(end).min(length - 1);
            if first <= last {
                (first as usize..=last as usize).for_each(|position| builder.push(0, places.start + position));
            }
            builder.end_row();
        }
        builder.finish(&[lists.values()])
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn resolve_distinct(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(ARRAY_DISTINCT, arguments, &[Accept::Array], 1)?;
    let returns = parameters[0].clone();
    let compute = kernel(ARRAY_DISTINCT, |arguments| {
        let lists = Lists::new(arguments, 0)?;
        let keys = Keys::new(&[lists.values()])?;
        let mut seen = HashSet::new();
        transform(arguments.rows(), &lists, |_, places, builder| {
            seen.clear();
            places.filter(|place| seen.insert(keys.get(0, *place))).for_each(|place| builder.push(0, place));
        })
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}
