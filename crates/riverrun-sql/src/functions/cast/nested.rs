//! Casts of collections, element by element.
//!
//! TRY_CAST is NULL as a whole where any element fails.

use super::rules::array_cast;
use super::{ArrayCast, OnFailure, wrong_array};
use arrow::array::{Array, ArrayRef, AsArray, Int32Array, ListArray, MapArray, StructArray};
use arrow::buffer::{BooleanBuffer, NullBuffer, OffsetBuffer};
use arrow::compute::take;
use arrow::datatypes::{DataType as ArrowType, Field as ArrowField, Fields};
use chrono_tz::Tz;
use riverrun_core::{DataType, Error, Field, Result, TypeKind};
use std::sync::Arc;

pub(super) fn array(zone: Tz, from: &DataType, to: &DataType, on_failure: OnFailure) -> Result<Option<ArrayCast>> {
    let Some(cast) = array_cast(zone, &from.kind, &to.kind, on_failure)? else {
        return Ok(None);
    };
    let field = Arc::new(ArrowField::new("item", to.to_arrow(), true));
    Ok(Some(Arc::new(move |array| {
        let list = array.as_list_opt::<i32>().ok_or_else(|| wrong_array(array, "ARRAY"))?;
        let elements = cast(list.values())?;
        let failed = if on_failure == OnFailure::Null { lost(list.values(), &elements) } else { None };
        let nulls = without_failed(list.nulls(), failed.as_ref(), list.offsets());
        Ok(Arc::new(ListArray::try_new(field.clone(), list.offsets().clone(), elements, nulls)?))
    })))
}

pub(super) fn map(
    zone: Tz,
    (from_key, from_value): (&DataType, &DataType),
    (to_key, to_value): (&DataType, &DataType),
    on_failure: OnFailure,
) -> Result<Option<ArrayCast>> {
    let key = array_cast(zone, &from_key.kind, &to_key.kind, on_failure)?;
    let value = array_cast(zone, &from_value.kind, &to_value.kind, on_failure)?;
    if key.is_none() && value.is_none() {
        return Ok(None);
    }
    let target = TypeKind::Map(Box::new(to_key.clone()), Box::new(to_value.clone())).nullable().to_arrow();
    let ArrowType::Map(entries_field, _) = target else {
        return Err(Error::bug("a MAP is no Arrow map"));
    };
    let ArrowType::Struct(entry_fields) = entries_field.data_type().clone() else {
        return Err(Error::bug("the entries of an Arrow map are no struct"));
    };
    Ok(Some(Arc::new(move |array| {
        let map = array.as_map_opt().ok_or_else(|| wrong_array(array, "MAP"))?;
        let apply = |cast: &Option<ArrayCast>, column: &ArrayRef| match cast {
            Some(cast) => cast(column),
            None => Ok(column.clone()),
        };
        let (keys, values) = (apply(&key, map.keys())?, apply(&value, map.values())?);
        let failed = if on_failure == OnFailure::Null {
            either(lost(map.keys(), &keys), lost(map.values(), &values))
        } else {
            None
        };
        if keys.null_count() > 0 && failed.is_none() {
            return Err(Error::failure("the key of a map became NULL in a cast"));
        }
        let nulls = without_failed(map.nulls(), failed.as_ref(), map.offsets());
        // A key that could not be cast is none, also where its map is NULL.
        let (offsets, columns) = match &nulls {
            Some(nulls) if keys.null_count() > 0 => entries_of(nulls, map.offsets(), &[keys, values])?,
            _ => (map.offsets().clone(), vec![keys, values]),
        };
        let entries = StructArray::try_new(entry_fields.clone(), columns, None)?;
        Ok(Arc::new(MapArray::try_new(entries_field.clone(), offsets, entries, nulls, false)?))
    })))
}

pub(super) fn row(zone: Tz, from: &[Field], to: &[Field], on_failure: OnFailure) -> Result<Option<ArrayCast>> {
    let casts = from
        .iter()
        .zip(to)
        .map(|(from, to)| array_cast(zone, &from.data_type.kind, &to.data_type.kind, on_failure))
        .collect::<Result<Vec<_>>>()?;
    let same_names = from.iter().zip(to).all(|(from, to)| from.name == to.name);
    if same_names && casts.iter().all(Option::is_none) {
        return Ok(None);
    }
    let fields: Fields = to.iter().map(|field| field.to_arrow().with_nullable(true)).collect();
    Ok(Some(Arc::new(move |array| {
        let rows = array.as_struct_opt().ok_or_else(|| wrong_array(array, "ROW"))?;
        let mut failed = None;
        let mut columns = Vec::with_capacity(casts.len());
        for (cast, column) in casts.iter().zip(rows.columns()) {
            let Some(cast) = cast else {
                columns.push(column.clone());
                continue;
            };
            let result = cast(column)?;
            if on_failure == OnFailure::Null {
                failed = either(failed, lost(column, &result));
            }
            columns.push(result);
        }
        let nulls = match failed {
            Some(failed) => NullBuffer::union(rows.nulls(), Some(&NullBuffer::new(!&failed))),
            None => rows.nulls().cloned(),
        };
        Ok(Arc::new(StructArray::try_new_with_length(fields.clone(), columns, nulls, rows.len())?))
    })))
}

/// The entries of collections that are not NULL, and where each collection begins among them.
fn entries_of(
    nulls: &NullBuffer,
    offsets: &OffsetBuffer<i32>,
    columns: &[ArrayRef],
) -> Result<(OffsetBuffer<i32>, Vec<ArrayRef>)> {
    let lengths = offsets.lengths().enumerate();
    let kept = OffsetBuffer::from_lengths(lengths.map(|(row, length)| if nulls.is_valid(row) { length } else { 0 }));
    let rows = (0..nulls.len()).filter(|row| nulls.is_valid(*row));
    let places: Int32Array = rows.flat_map(|row| offsets[row]..offsets[row + 1]).collect();
    let columns = columns.iter().map(|column| Ok(take(column, &places, None)?)).collect::<Result<_>>()?;
    Ok((kept, columns))
}

/// The values that a cast has made NULL, if any.
fn lost(before: &ArrayRef, after: &ArrayRef) -> Option<BooleanBuffer> {
    if after.null_count() == before.null_count() {
        return None;
    }
    Some(BooleanBuffer::collect_bool(before.len(), |row| after.is_null(row) && before.is_valid(row)))
}

fn either(a: Option<BooleanBuffer>, b: Option<BooleanBuffer>) -> Option<BooleanBuffer> {
    match (a, b) {
        (Some(a), Some(b)) => Some(&a | &b),
        (a, b) => a.or(b),
    }
}

/// The nulls of collections, of which those with a failed element are NULL too.
fn without_failed(
    nulls: Option<&NullBuffer>,
    failed: Option<&BooleanBuffer>,
    offsets: &OffsetBuffer<i32>,
) -> Option<NullBuffer> {
    let Some(failed) = failed else {
        return nulls.cloned();
    };
    let whole = BooleanBuffer::collect_bool(offsets.len() - 1, |row| {
        !(offsets[row]..offsets[row + 1]).any(|element| failed.value(element as usize))
    });
    NullBuffer::union(nulls, Some(&NullBuffer::new(whole)))
}
