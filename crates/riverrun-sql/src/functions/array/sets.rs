//! ARRAY_CONCAT, ARRAY_UNION, ARRAY_EXCEPT, ARRAY_INTERSECT.

use super::super::common_type::merged_type;
use super::super::kernels::{Accept, Arguments, accept_variadic, kernel, mismatch, name_of};
use super::super::{Argument, FunctionDef, Resolved};
use super::lists::{Keys, Lists, ListsBuilder};
use arrow::array::{Array, ArrayRef};
use hashbrown::HashSet;
use riverrun_core::Result;

const ARRAY_CONCAT: &str = "ARRAY_CONCAT(array, …)";
const ARRAY_UNION: &str = "ARRAY_UNION(array, array)";
const ARRAY_EXCEPT: &str = "ARRAY_EXCEPT(array, array)";
const ARRAY_INTERSECT: &str = "ARRAY_INTERSECT(array, array)";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef::new(
        "collection",
        "ARRAY_CONCAT",
        ARRAY_CONCAT,
        "The elements of one array after the other.",
        |_, arguments| resolve(ARRAY_CONCAT, arguments, 1..=usize::MAX, concat),
    ),
    FunctionDef::new(
        "collection",
        "ARRAY_UNION",
        ARRAY_UNION,
        "The elements of both arrays, each once.",
        |_, arguments| resolve(ARRAY_UNION, arguments, 2..=2, union),
    ),
    FunctionDef::new(
        "collection",
        "ARRAY_EXCEPT",
        ARRAY_EXCEPT,
        "The elements of the first array that the second doesn't have, each once.",
        |_, arguments| resolve(ARRAY_EXCEPT, arguments, 2..=2, except),
    ),
    FunctionDef::new(
        "collection",
        "ARRAY_INTERSECT",
        ARRAY_INTERSECT,
        "The elements that both arrays have, each once.",
        |_, arguments| resolve(ARRAY_INTERSECT, arguments, 2..=2, intersect),
    ),
];

fn resolve(
    syntax: &'static str,
    arguments: &[Argument<'_>],
    count: std::ops::RangeInclusive<usize>,
    compute: fn(&Arguments) -> Result<ArrayRef>,
) -> Result<Resolved> {
    if !count.contains(&arguments.len()) {
        return Err(mismatch(syntax, arguments));
    }
    let arrays = accept_variadic(syntax, arguments, &[], 1, Some(Accept::Array))?;
    let common = merged_type(&arrays.iter().collect::<Vec<_>>())
        .map_err(|error| error.context(format!("the arguments of {}", name_of(syntax))))?;
    let parameters = arrays.iter().map(|array| common.with_nullable(array.nullable)).collect();
    Ok(Resolved { parameters, returns: common, kernel: kernel(syntax, compute) })
}

fn concat(arguments: &Arguments) -> Result<ArrayRef> {
    combine(arguments, |_, arrays, builder| {
        for (source, places) in arrays.iter().enumerate() {
            places.clone().for_each(|place| builder.push(source, place));
        }
    })
}

fn union(arguments: &Arguments) -> Result<ArrayRef> {
    combine(arguments, |keys, arrays, builder| {
        let mut seen = HashSet::new();
        for (source, places) in arrays.iter().enumerate() {
            for place in places.clone() {
                if seen.insert(keys.get(source, place)) {
                    builder.push(source, place);
                }
            }
        }
    })
}

fn except(arguments: &Arguments) -> Result<ArrayRef> {
    combine(arguments, |keys, arrays, builder| {
        let mut seen: HashSet<_> = arrays[1].clone().map(|place| keys.get(1, place)).collect();
        arrays[0].clone().filter(|place| seen.insert(keys.get(0, *place))).for_each(|place| builder.push(0, place));
    })
}

fn intersect(arguments: &Arguments) -> Result<ArrayRef> {
    combine(arguments, |keys, arrays, builder| {
        let mut wanted: HashSet<_> = arrays[1].clone().map(|place| keys.get(1, place)).collect();
        arrays[0].clone().filter(|place| wanted.remove(&keys.get(0, *place))).for_each(|place| builder.push(0, place));
    })
}

/// Arrays made of elements of several; NULL where one is.
fn combine(
    arguments: &Arguments,
    mut change: impl FnMut(&Keys, &[std::ops::Range<usize>], &mut ListsBuilder),
) -> Result<ArrayRef> {
    let lists = (0..arguments.len()).map(|position| Lists::new(arguments, position)).collect::<Result<Vec<_>>>()?;
    let keys = Keys::new(&lists.iter().map(Lists::values).collect::<Vec<_>>())?;
    let mut builder = ListsBuilder::with_capacity(arguments.rows(), lists.iter().map(|list| list.values().len()).sum());
    for row in 0..arguments.rows() {
        match lists.iter().map(|list| list.range(row)).collect::<Option<Vec<_>>>() {
            Some(arrays) => {
                change(&keys, &arrays, &mut builder);
                builder.end_row();
            }
            None => builder.end_null(),
        }
    }
    builder.finish(&lists.iter().map(|list| list.values().as_ref()).collect::<Vec<_>>())
}
