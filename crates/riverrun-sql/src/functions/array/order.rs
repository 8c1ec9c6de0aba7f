//! ARRAY_SORT, ARRAY_MAX, ARRAY_MIN, ARRAY_JOIN.

use super::super::kernels::{Accept, Arguments, accept, any_nullable, kernel, mismatch, texts};
use super::super::{Argument, FunctionDef, Resolved};
use super::lists::{Keys, Lists, ListsBuilder};
use super::{element_type, pick};
use arrow::array::{Array, ArrayRef, AsArray};
use riverrun_core::{Result, TypeKind};

const ARRAY_SORT: &str = "ARRAY_SORT(array [, ascending [, nulls first]])";
const ARRAY_MAX: &str = "ARRAY_MAX(array)";
const ARRAY_MIN: &str = "ARRAY_MIN(array)";
const ARRAY_JOIN: &str = "ARRAY_JOIN(array, separator [, text for NULL])";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef::new(
        "collection",
        "ARRAY_SORT",
        ARRAY_SORT,
        "The elements in order; by default ascending, with NULLs first when ascending and last when descending.",
        |_, arguments| resolve_sort(arguments),
    ),
    FunctionDef::new(
        "collection",
        "ARRAY_MAX",
        ARRAY_MAX,
        "The greatest element; NULLs don't count.",
        |_, arguments| resolve_extreme(ARRAY_MAX, arguments, true),
    ),
    FunctionDef::new("collection", "ARRAY_MIN", ARRAY_MIN, "The least element; NULLs don't count.", |_, arguments| {
        resolve_extreme(ARRAY_MIN, arguments, false)
    }),
    FunctionDef::new(
        "collection",
        "ARRAY_JOIN",
        ARRAY_JOIN,
        "The texts of an array with a separator between them, without NULLs unless there is a text for them.",
        |_, arguments| resolve_join(arguments),
    ),
];

/// Whether values of a type have an order.
fn is_ordered(kind: &TypeKind) -> bool {
    kind.is_numeric() || kind.is_character() || kind.is_binary() || kind.is_datetime() || kind.is_interval()
}

fn ordered_array(syntax: &str, arguments: &[Argument<'_>]) -> Result<()> {
    let element = arguments.first().and_then(|array| element_type(array.data_type));
    if element.is_some_and(|element| is_ordered(&element.kind)) { Ok(()) } else { Err(mismatch(syntax, arguments)) }
}

fn resolve_sort(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(ARRAY_SORT, arguments, &[Accept::Array, Accept::Boolean, Accept::Boolean], 1)?;
    ordered_array(ARRAY_SORT, arguments)?;
    let returns = parameters[0].with_nullable(any_nullable(arguments));
    Ok(Resolved { parameters, returns, kernel: kernel(ARRAY_SORT, sort) })
}

fn sort(arguments: &Arguments) -> Result<ArrayRef> {
    let lists = Lists::new(arguments, 0)?;
    let flag = |position: usize| (position < arguments.len()).then(|| arguments.boolean(position)).transpose();
    let (ascending, nulls_first) = (flag(1)?, flag(2)?);
    let keys = Keys::new(&[lists.values()])?;
    let mut builder = ListsBuilder::with_capacity(arguments.rows(), lists.values().len());
    let mut sorted: Vec<usize> = Vec::new();
    for row in 0..arguments.rows() {
        let ascending = ascending.as_ref().map_or(Some(true), |flag| flag.get(row));
        let nulls_first = nulls_first.as_ref().map_or(ascending, |flag| flag.get(row));
        let (Some(places), Some(ascending), Some(nulls_first)) = (lists.range(row), ascending, nulls_first) else {
            builder.end_null();
            continue;
        };
        let (nulls, values): (Vec<usize>, Vec<usize>) = places.partition(|place| lists.is_null(*place));
        sorted.clear();
        sorted.extend(values);
        sorted.sort_by(|a, b| keys.get(0, *a).cmp(&keys.get(0, *b)));
        if !ascending {
            sorted.reverse();
        }
        if nulls_first {
            nulls.iter().for_each(|place| builder.push(0, *place));
        }
        sorted.iter().for_each(|place| builder.push(0, *place));
        if !nulls_first {
            nulls.iter().for_each(|place| builder.push(0, *place));
        }
        builder.end_row();
    }
    builder.finish(&[lists.values()])
}

fn resolve_extreme(syntax: &'static str, arguments: &[Argument<'_>], greatest: bool) -> Result<Resolved> {
    let parameters = accept(syntax, arguments, &[Accept::Array], 1)?;
    ordered_array(syntax, arguments)?;
    let element = element_type(&parameters[0]).ok_or_else(|| mismatch(syntax, arguments))?;
    let returns = element.kind.clone().nullable();
    let compute = kernel(syntax, move |arguments| {
        let lists = Lists::new(arguments, 0)?;
        let keys = Keys::new(&[lists.values()])?;
        pick(lists.values(), arguments.rows(), |row| {
            let Some(places) = lists.range(row) else { return Ok(None) };
            let values = places.filter(|place| !lists.is_null(*place));
            Ok(if greatest {
                values.max_by(|a, b| keys.get(0, *a).cmp(&keys.get(0, *b)))
            } else {
                values.min_by(|a, b| keys.get(0, *a).cmp(&keys.get(0, *b)))
            })
        })
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn resolve_join(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(ARRAY_JOIN, arguments, &[Accept::Array, Accept::Text, Accept::Text], 2)?;
    if !element_type(&parameters[0]).is_some_and(|element| element.kind.is_character()) {
        return Err(mismatch(ARRAY_JOIN, arguments));
    }
    let returns = TypeKind::STRING.with_nullable(any_nullable(arguments));
    let compute = kernel(ARRAY_JOIN, |arguments| {
        let (lists, separator, null_text) = (Lists::new(arguments, 0)?, arguments.text(1)?, arguments.text_opt(2)?);
        let elements = lists.values().as_string::<i32>();
        texts(arguments.rows(), |row, out| {
            let (places, separator) = (lists.range(row)?, separator.get(row)?);
            let null_text = match &null_text {
                Some(text) => Some(text.get(row)?),
                None => None,
            };
            let parts = places
                .filter_map(|place| if elements.is_null(place) { null_text } else { Some(elements.value(place)) });
            for (index, part) in parts.enumerate() {
                if index > 0 {
                    out.push_str(separator);
                }
                out.push_str(part);
            }
            Some(())
        })
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}
