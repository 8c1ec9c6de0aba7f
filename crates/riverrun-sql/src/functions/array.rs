//! Arrays: the constructor, access by index, and the ARRAY_… functions.
//!
//! Source of the semantics: Flink 2.3, "System (Built-in) Functions", Collection Functions.

pub mod elements;
pub mod lists;
pub mod order;
pub mod sets;

#[cfg(test)]
mod tests;

use super::common_type::common_type;
use super::kernels::{Arguments, kernel, mismatch, primitives};
use super::{Argument, FunctionDef, Resolved, operators};
use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::compute::interleave;
use arrow::datatypes::Int32Type;
use datafusion_common::ScalarValue;
use lists::{Lists, ListsBuilder};
use riverrun_core::{DataType, Error, Result, TypeKind};

const ARRAY: &str = "ARRAY[value, …]";
const ITEM: &str = "collection[index or key]";
const CARDINALITY: &str = "CARDINALITY(array or map)";
const ELEMENT: &str = "ELEMENT(array)";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef::new("collection", operators::ARRAY, ARRAY, "An array of these elements.", |_, arguments| {
        resolve_array(arguments)
    }),
    FunctionDef::new(
        "collection",
        operators::ITEM,
        ITEM,
        "The element of an array at an index, from 1, or the value of a map's key; NULL if there is none.",
        |_, arguments| resolve_item(arguments),
    ),
    FunctionDef::new(
        "collection",
        "CARDINALITY",
        CARDINALITY,
        "How many elements an array, or entries a map has.",
        |_, arguments| resolve_cardinality(arguments),
    ),
    FunctionDef::new(
        "collection",
        "ELEMENT",
        ELEMENT,
        "The only element of an array; NULL if it is empty, a failure if there are more.",
        |_, arguments| resolve_element(arguments),
    ),
];

/// The type of an array's elements.
pub(super) fn element_type(data_type: &DataType) -> Option<&DataType> {
    match &data_type.kind {
        TypeKind::Array(element) | TypeKind::Multiset(element) => Some(element),
        _ => None,
    }
}

/// The parameters of a constructor: each argument in their common type, which is the second answer. `parts` says what the
/// arguments are, for the message: the elements of ARRAY.
pub(super) fn to_common_type(
    syntax: &str,
    parts: &str,
    arguments: &[Argument<'_>],
) -> Result<(Vec<DataType>, DataType)> {
    let types: Vec<&DataType> = arguments.iter().map(|argument| argument.data_type).collect();
    let common = common_type(&types).map_err(|error| error.context(parts))?;
    if common.kind == TypeKind::Null {
        return Err(mismatch(syntax, arguments));
    }
    let parameters = types
        .iter()
        .map(|data_type| common.with_nullable(data_type.nullable || data_type.kind == TypeKind::Null))
        .collect();
    Ok((parameters, common))
}

fn resolve_array(arguments: &[Argument<'_>]) -> Result<Resolved> {
    if arguments.is_empty() {
        return Err(Error::input("ARRAY[] has no element, so its type is not known")
            .hint("write CAST(NULL AS ARRAY<INT>), or whatever type is meant"));
    }
    let (parameters, common) = to_common_type(ARRAY, "the elements of ARRAY", arguments)?;
    let returns = TypeKind::Array(Box::new(common)).not_null();
    let compute = kernel(operators::ARRAY, |arguments| {
        let columns = (0..arguments.len()).map(|position| arguments.raw(position)).collect::<Result<Vec<_>>>()?;
        let mut builder = ListsBuilder::with_capacity(arguments.rows(), arguments.rows() * columns.len());
        for row in 0..arguments.rows() {
            for (source, (_, constant)) in columns.iter().enumerate() {
                builder.push(source, if *constant { 0 } else { row });
            }
            builder.end_row();
        }
        builder.finish(&columns.iter().map(|(array, _)| array.as_ref()).collect::<Vec<_>>())
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn resolve_item(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let [collection, index] = arguments else { return Err(mismatch(ITEM, arguments)) };
    match &collection.data_type.kind {
        TypeKind::Array(element) => {
            if !matches!(index.data_type.kind, TypeKind::TinyInt | TypeKind::SmallInt | TypeKind::Int) {
                return Err(Error::input(format!("an array's index is an INT, not {}", index.data_type)));
            }
            if let Some(value) = index.literal.and_then(integer)
                && value < 1
            {
                return Err(Error::input(format!("the index of an array is {value}")).hint("indexes count from 1"));
            }
            let parameters = vec![collection.data_type.clone(), TypeKind::Int.with_nullable(index.data_type.nullable)];
            Ok(Resolved { parameters, returns: element.kind.clone().nullable(), kernel: kernel(operators::ITEM, item) })
        }
        TypeKind::Map(..) => super::map::resolve_value(arguments),
        TypeKind::Variant => super::json::variant::resolve_item(arguments),
        _ => Err(mismatch(ITEM, arguments)),
    }
}

/// The value of a constant integer.
pub(super) fn integer(value: &ScalarValue) -> Option<i64> {
    match value {
        ScalarValue::Int8(value) => value.map(i64::from),
        ScalarValue::Int16(value) => value.map(i64::from),
        ScalarValue::Int32(value) => value.map(i64::from),
        ScalarValue::Int64(value) => *value,
        _ => None,
    }
}

/// Places in the first of two sources, NULL where there is none.
pub(super) fn pick(
    values: &ArrayRef,
    rows: usize,
    mut place: impl FnMut(usize) -> Result<Option<usize>>,
) -> Result<ArrayRef> {
    let null = new_null_array(values.data_type(), 1);
    let places = (0..rows).map(|row| Ok(place(row)?.map_or((1, 0), |place| (0, place)))).collect::<Result<Vec<_>>>()?;
    Ok(interleave(&[values.as_ref(), null.as_ref()], &places)?)
}

fn item(arguments: &Arguments) -> Result<ArrayRef> {
    let (lists, index) = (Lists::new(arguments, 0)?, arguments.int(1)?);
    pick(lists.values(), arguments.rows(), |row| {
        let (Some(elements), Some(index)) = (lists.range(row), index.get(row)) else { return Ok(None) };
        let position = usize::try_from(index).ok().and_then(|index| index.checked_sub(1));
        Ok(position.map(|position| elements.start + position).filter(|place| *place < elements.end))
    })
}

fn resolve_cardinality(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let [collection] = arguments else { return Err(mismatch(CARDINALITY, arguments)) };
    let compute = match collection.data_type.kind {
        TypeKind::Array(_) => kernel(CARDINALITY, |arguments| {
            let lists = Lists::new(arguments, 0)?;
            Ok(primitives::<Int32Type>(arguments.rows(), |row| Some(lists.range(row)?.len() as i32)))
        }),
        TypeKind::Map(..) | TypeKind::Multiset(_) => kernel(CARDINALITY, |arguments| {
            let (maps, stride) = arguments.map(0)?;
            Ok(primitives::<Int32Type>(arguments.rows(), |row| {
                let row = row * stride;
                maps.is_valid(row).then(|| maps.value_length(row))
            }))
        }),
        _ => return Err(mismatch(CARDINALITY, arguments)),
    };
    let returns = TypeKind::Int.with_nullable(collection.data_type.nullable);
    Ok(Resolved { parameters: vec![collection.data_type.clone()], returns, kernel: compute })
}

fn resolve_element(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let [array] = arguments else { return Err(mismatch(ELEMENT, arguments)) };
    let element = element_type(array.data_type).ok_or_else(|| mismatch(ELEMENT, arguments))?;
    let compute = kernel(ELEMENT, |arguments| {
        let lists = Lists::new(arguments, 0)?;
        pick(lists.values(), arguments.rows(), |row| match lists.range(row) {
            Some(elements) if elements.len() > 1 => {
                Err(Error::failure(format!("ELEMENT of an array of {} elements", elements.len())))
            }
            Some(elements) if elements.len() == 1 => Ok(Some(elements.start)),
            _ => Ok(None),
        })
    });
    let returns = element.with_nullable(element.nullable || array.data_type.nullable);
    Ok(Resolved { parameters: vec![array.data_type.clone()], returns, kernel: compute })
}
