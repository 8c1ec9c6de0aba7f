//! Maps: the constructor, access by key, and the MAP_… functions. Entries keep the order in which their keys first came.

use super::array::lists::{Keys, Lists};
use super::array::{element_type, pick, to_common_type};
use super::common_type::{common_type, merged_type};
use super::kernels::{Accept, Arguments, accept, accept_variadic, any_nullable, kernel, mismatch};
use super::{Argument, FunctionDef, Resolved, operators};
use arrow::array::{Array, ArrayRef, ListArray, MapArray, NullBufferBuilder, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::compute::interleave;
use arrow::datatypes::{Field as ArrowField, Fields};
use arrow::row::Row;
use riverrun_core::{DataType, Error, Field, Result, TypeKind};
use rustc_hash::FxHashMap;
use std::sync::Arc;

#[cfg(test)]
mod tests;

const MAP: &str = "MAP[key, value, …]";
const ITEM: &str = "map[key]";
const MAP_KEYS: &str = "MAP_KEYS(map)";
const MAP_VALUES: &str = "MAP_VALUES(map)";
const MAP_ENTRIES: &str = "MAP_ENTRIES(map)";
const MAP_FROM_ARRAYS: &str = "MAP_FROM_ARRAYS(keys, values)";
const MAP_UNION: &str = "MAP_UNION(map, …)";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef::new(
        "collection",
        operators::MAP,
        MAP,
        "A map of these keys and values; of equal keys the last counts.",
        |_, arguments| resolve_map(arguments),
    ),
    FunctionDef::new("collection", "MAP_KEYS", MAP_KEYS, "The keys of a map, as an array.", |_, arguments| {
        resolve_keys(arguments)
    }),
    FunctionDef::new("collection", "MAP_VALUES", MAP_VALUES, "The values of a map, as an array.", |_, arguments| {
        resolve_values(arguments)
    }),
    FunctionDef::new(
        "collection",
        "MAP_ENTRIES",
        MAP_ENTRIES,
        "The entries of a map, as an array of rows of `key` and `value`.",
        |_, arguments| resolve_entries(arguments),
    ),
    FunctionDef::new(
        "collection",
        "MAP_FROM_ARRAYS",
        MAP_FROM_ARRAYS,
        "The map of an array of keys and one of values, which are equally long.",
        |_, arguments| resolve_from_arrays(arguments),
    ),
    FunctionDef::new(
        "collection",
        "MAP_UNION",
        MAP_UNION,
        "The entries of all maps; of equal keys the last counts.",
        |_, arguments| resolve_union(arguments),
    ),
];

fn key_and_value(data_type: &DataType) -> Option<(&DataType, &DataType)> {
    match &data_type.kind {
        TypeKind::Map(key, value) => Some((key, value)),
        _ => None,
    }
}

/// A column of maps, made of keys and values of other columns.
struct MapsBuilder<'k> {
    /// The places of keys and of values.
    entries: Vec<((usize, usize), (usize, usize))>,
    /// This row's keys, and where in `entries` they stand.
    seen: FxHashMap<Row<'k>, usize>,
    offsets: Vec<i32>,
    nulls: NullBufferBuilder,
}

impl<'k> MapsBuilder<'k> {
    fn with_capacity(rows: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        MapsBuilder { entries: Vec::new(), seen: FxHashMap::default(), offsets, nulls: NullBufferBuilder::new(rows) }
    }

    /// Adds an entry, or gives its key another value.
    fn push(&mut self, key: Row<'k>, key_place: (usize, usize), value_place: (usize, usize)) {
        let next = self.entries.len();
        match self.seen.entry(key) {
            std::collections::hash_map::Entry::Occupied(known) => self.entries[*known.get()].1 = value_place,
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(next);
                self.entries.push((key_place, value_place));
            }
        }
    }

    /// Adds an entry, unless the row has one of its key.
    fn push_new(&mut self, key: Row<'k>, place: (usize, usize)) {
        if !self.seen.contains_key(&key) {
            self.push(key, place, place);
        }
    }

    fn end_row(&mut self, valid: bool) {
        self.seen.clear();
        self.offsets.push(i32::try_from(self.entries.len()).unwrap_or(i32::MAX));
        self.nulls.append(valid);
    }

    fn finish(mut self, keys: &[&dyn Array], values: &[&dyn Array]) -> Result<ArrayRef> {
        if i32::try_from(self.entries.len()).is_err() {
            return Err(Error::failure("the maps of one batch have more than 2³¹ entries"));
        }
        let key_places: Vec<_> = self.entries.iter().map(|(key, _)| *key).collect();
        let value_places: Vec<_> = self.entries.iter().map(|(_, value)| *value).collect();
        let (keys, values) = (interleave(keys, &key_places)?, interleave(values, &value_places)?);
        if keys.null_count() > 0 {
            return Err(Error::failure("a key of a map is NULL"));
        }
        let fields = Fields::from(vec![
            ArrowField::new("key", keys.data_type().clone(), false),
            ArrowField::new("value", values.data_type().clone(), true),
        ]);
        let entries = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
        let field = Arc::new(ArrowField::new("entries", arrow::datatypes::DataType::Struct(fields), false));
        let offsets = OffsetBuffer::new(self.offsets.into());
        Ok(Arc::new(MapArray::try_new(field, offsets, entries, self.nulls.finish(), false)?))
    }
}

fn resolve_map(arguments: &[Argument<'_>]) -> Result<Resolved> {
    if arguments.is_empty() || arguments.len() % 2 == 1 {
        return Err(mismatch(MAP, arguments).hint("keys and values come in turns"));
    }
    if arguments.iter().any(|argument| argument.data_type.kind == TypeKind::Null) {
        return Err(mismatch(MAP, arguments));
    }
    let keys: Vec<_> = arguments.iter().step_by(2).copied().collect();
    let values: Vec<_> = arguments.iter().skip(1).step_by(2).copied().collect();
    let (keys, key) = to_common_type(MAP, "the keys of MAP", &keys)?;
    let (values, value) = to_common_type(MAP, "the values of MAP", &values)?;
    let parameters = keys.into_iter().zip(values).flat_map(|(key, value)| [key, value]).collect();
    let returns = TypeKind::Map(Box::new(key), Box::new(value)).not_null();
    Ok(Resolved { parameters, returns, kernel: kernel(operators::MAP, build_map) })
}

fn build_map(arguments: &Arguments) -> Result<ArrayRef> {
    let columns = (0..arguments.len()).map(|position| arguments.raw(position)).collect::<Result<Vec<_>>>()?;
    let (keys, values): (Vec<_>, Vec<_>) = columns.chunks_exact(2).map(|pair| (pair[0], pair[1])).unzip();
    let key_arrays: Vec<&ArrayRef> = keys.iter().map(|(array, _)| *array).collect();
    let comparable = Keys::new(&key_arrays)?;
    let mut builder = MapsBuilder::with_capacity(arguments.rows());
    for row in 0..arguments.rows() {
        for (source, ((_, key_constant), (_, value_constant))) in keys.iter().zip(&values).enumerate() {
            let key_row = if *key_constant { 0 } else { row };
            let value_row = if *value_constant { 0 } else { row };
            builder.push(comparable.get(source, key_row), (source, key_row), (source, value_row));
        }
        builder.end_row(true);
    }
    builder.finish(
        &key_arrays.iter().map(|array| array.as_ref()).collect::<Vec<_>>(),
        &values.iter().map(|(array, _)| array.as_ref()).collect::<Vec<_>>(),
    )
}

/// `map[key]`.
pub(super) fn resolve_value(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let [map, index] = arguments else { return Err(mismatch(ITEM, arguments)) };
    let (key, value) = key_and_value(map.data_type).ok_or_else(|| mismatch(ITEM, arguments))?;
    if index.data_type.kind == TypeKind::Null {
        return Err(mismatch(ITEM, arguments));
    }
    // The key is looked for as the map's type of key: a number is not looked for among texts.
    let fits =
        common_type(&[key, index.data_type]).is_ok() && key.kind.is_character() == index.data_type.kind.is_character();
    if !fits {
        return Err(Error::input(format!("the key of a {} is a {key}, not {}", map.data_type, index.data_type)));
    }
    let sought =
        if key.kind.is_character() { index.data_type.clone() } else { key.with_nullable(index.data_type.nullable) };
    let parameters = vec![map.data_type.clone(), sought];
    let compute = kernel(operators::ITEM, |arguments| {
        let (maps, stride) = arguments.map(0)?;
        let (sought, constant) = arguments.raw(1)?;
        let keys = Keys::new(&[maps.keys(), sought])?;
        let offsets = maps.value_offsets();
        pick(maps.values(), arguments.rows(), |row| {
            let (row, sought_row) = (row * stride, if constant { 0 } else { row });
            if maps.is_null(row) || sought.is_null(sought_row) {
                return Ok(None);
            }
            let sought = keys.get(1, sought_row);
            Ok((offsets[row] as usize..offsets[row + 1] as usize).find(|place| keys.get(0, *place) == sought))
        })
    });
    Ok(Resolved { parameters, returns: value.kind.clone().nullable(), kernel: compute })
}

/// One of a map's two columns, with the map's own offsets and nulls.
fn list_of(arguments: &Arguments, part: fn(&MapArray) -> ArrayRef) -> Result<ArrayRef> {
    let (maps, stride) = arguments.map(0)?;
    let values = part(maps);
    if stride == 0 && arguments.rows() > 1 {
        return Err(Error::bug("a constant map among columns, in a function of one argument"));
    }
    let field = Arc::new(ArrowField::new("item", values.data_type().clone(), true));
    Ok(Arc::new(ListArray::try_new(field, maps.offsets().clone(), values, maps.nulls().cloned())?))
}

fn resolve_keys(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(MAP_KEYS, arguments, &[Accept::Map], 1)?;
    let (key, _) = key_and_value(&parameters[0]).ok_or_else(|| mismatch(MAP_KEYS, arguments))?;
    let returns = TypeKind::Array(Box::new(key.clone())).with_nullable(any_nullable(arguments));
    let compute = kernel(MAP_KEYS, |arguments| list_of(arguments, |maps| maps.keys().clone()));
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn resolve_values(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(MAP_VALUES, arguments, &[Accept::Map], 1)?;
    let (_, value) = key_and_value(&parameters[0]).ok_or_else(|| mismatch(MAP_VALUES, arguments))?;
    let returns = TypeKind::Array(Box::new(value.clone())).with_nullable(any_nullable(arguments));
    let compute = kernel(MAP_VALUES, |arguments| list_of(arguments, |maps| maps.values().clone()));
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn resolve_entries(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(MAP_ENTRIES, arguments, &[Accept::Map], 1)?;
    let (key, value) = key_and_value(&parameters[0]).ok_or_else(|| mismatch(MAP_ENTRIES, arguments))?;
    let entry = TypeKind::Row(vec![Field::new("key", key.clone()), Field::new("value", value.clone())]);
    let returns = TypeKind::Array(Box::new(entry.nullable())).with_nullable(any_nullable(arguments));
    let compute = kernel(MAP_ENTRIES, |arguments| {
        list_of(arguments, |maps| {
            let fields: Fields = [("key", maps.keys()), ("value", maps.values())]
                .into_iter()
                .map(|(name, column)| ArrowField::new(name, column.data_type().clone(), true))
                .collect();
            let columns = vec![maps.keys().clone(), maps.values().clone()];
            Arc::new(StructArray::new(fields, columns, None))
        })
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn resolve_from_arrays(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(MAP_FROM_ARRAYS, arguments, &[Accept::Array; 2], 2)?;
    let (Some(key), Some(value)) = (element_type(&parameters[0]), element_type(&parameters[1])) else {
        return Err(mismatch(MAP_FROM_ARRAYS, arguments));
    };
    let returns = TypeKind::Map(Box::new(key.clone()), Box::new(value.clone())).with_nullable(any_nullable(arguments));
    let compute = kernel(MAP_FROM_ARRAYS, |arguments| {
        let (keys, values) = (Lists::new(arguments, 0)?, Lists::new(arguments, 1)?);
        let comparable = Keys::new(&[keys.values()])?;
        let mut builder = MapsBuilder::with_capacity(arguments.rows());
        for row in 0..arguments.rows() {
            let (Some(key_range), Some(value_range)) = (keys.range(row), values.range(row)) else {
                builder.end_row(false);
                continue;
            };
            if key_range.len() != value_range.len() {
                return Err(Error::failure(format!(
                    "MAP_FROM_ARRAYS of {} keys and {} values",
                    key_range.len(),
                    value_range.len()
                )));
            }
            for (key, value) in key_range.zip(value_range) {
                builder.push(comparable.get(0, key), (0, key), (0, value));
            }
            builder.end_row(true);
        }
        builder.finish(&[keys.values()], &[values.values()])
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn resolve_union(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let maps = accept_variadic(MAP_UNION, arguments, &[], 1, Some(Accept::Map))?;
    let common =
        merged_type(&maps.iter().collect::<Vec<_>>()).map_err(|error| error.context("the arguments of MAP_UNION"))?;
    let parameters = maps.iter().map(|map| common.with_nullable(map.nullable)).collect();
    Ok(Resolved { parameters, returns: common, kernel: kernel(MAP_UNION, union) })
}

fn union(arguments: &Arguments) -> Result<ArrayRef> {
    let maps = (0..arguments.len()).map(|position| arguments.map(position)).collect::<Result<Vec<_>>>()?;
    let comparable = Keys::new(&maps.iter().map(|(maps, _)| maps.keys()).collect::<Vec<_>>())?;
    let mut builder = MapsBuilder::with_capacity(arguments.rows());
    for row in 0..arguments.rows() {
        if maps.iter().any(|(maps, stride)| maps.is_null(row * stride)) {
            builder.end_row(false);
            continue;
        }
        // As in Flink, the entries of the last map come first.
        for (source, (maps, stride)) in maps.iter().enumerate().rev() {
            let offsets = &maps.value_offsets()[row * stride..];
            for place in offsets[0] as usize..offsets[1] as usize {
                builder.push_new(comparable.get(source, place), (source, place));
            }
        }
        builder.end_row(true);
    }
    builder.finish(
        &maps.iter().map(|(maps, _)| maps.keys().as_ref()).collect::<Vec<_>>(),
        &maps.iter().map(|(maps, _)| maps.values().as_ref()).collect::<Vec<_>>(),
    )
}
