//! Equality of collections.
//!
//! Within rows, arrays and maps NULL equals NULL and differs from every value; but by `=` a map with a NULL among its values
//! equals none, as in Flink.

use arrow::array::{Array, AsArray, make_comparator};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType as ArrowType, Float32Type, Float64Type};
use riverrun_core::{Error, Result};
use std::cmp::Ordering;

/// How values are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Equality {
    /// As by `=`: NULL makes the answer NULL.
    Operator,
    /// As a row's fields are within `=`: NULL equals NULL only.
    Field,
    /// As by IS NOT DISTINCT FROM: NULL equals NULL only, wherever it stands.
    NullSafe,
    /// Of rows that ROW makes: as by `=` of each field, of which all must hold.
    OfFields,
}

impl Equality {
    /// How the fields of rows are equal that are equal so.
    fn of_fields(self) -> Equality {
        match self {
            Equality::Operator | Equality::Field => Equality::Field,
            Equality::NullSafe => Equality::NullSafe,
            Equality::OfFields => Equality::Operator,
        }
    }
}

/// Whether the values at two rows are equal.
pub(super) type EqualRows<'a> = Box<dyn Fn(usize, usize) -> Option<bool> + 'a>;

/// What compares the rows of two arrays of one type; names of fields may differ.
pub(super) fn equality<'a>(left: &'a dyn Array, right: &'a dyn Array, mode: Equality) -> Result<EqualRows<'a>> {
    let mismatch = || Error::bug(format!("{} compared with {}", left.data_type(), right.data_type()));
    let values: EqualRows<'a> = match left.data_type() {
        ArrowType::List(_) => {
            let (l, r) = (left.as_list::<i32>(), right.as_list_opt::<i32>().ok_or_else(mismatch)?);
            let same = equality(l.values().as_ref(), r.values().as_ref(), Equality::NullSafe)?;
            let (l, r) = (l.offsets(), r.offsets());
            Box::new(move |i, j| {
                let (l, r) = (l[i] as usize..l[i + 1] as usize, r[j] as usize..r[j + 1] as usize);
                Some(l.len() == r.len() && l.zip(r).all(|(i, j)| same(i, j) == Some(true)))
            })
        }
        ArrowType::Map(..) => {
            let (l, r) = (left.as_map(), right.as_map_opt().ok_or_else(mismatch)?);
            let same_key = equality(l.keys().as_ref(), r.keys().as_ref(), Equality::NullSafe)?;
            let same_value = equality(l.values().as_ref(), r.values().as_ref(), Equality::NullSafe)?;
            let values = l.values();
            let null_is_equal = mode == Equality::NullSafe;
            let (l, r) = (l.offsets(), r.offsets());
            Box::new(move |i, j| {
                let (l, r) = (l[i] as usize..l[i + 1] as usize, r[j] as usize..r[j + 1] as usize);
                let holds = |i| {
                    let equal = |j| same_value(i, j) == Some(true) && (null_is_equal || values.is_valid(i));
                    r.clone().find(|&j| same_key(i, j) == Some(true)).is_some_and(equal)
                };
                Some(l.len() == r.len() && l.into_iter().all(holds))
            })
        }
        ArrowType::Struct(_) => {
            let (l, r) = (left.as_struct(), right.as_struct_opt().ok_or_else(mismatch)?);
            if l.num_columns() != r.num_columns() {
                return Err(mismatch());
            }
            let fields = l
                .columns()
                .iter()
                .zip(r.columns())
                .map(|(l, r)| equality(l.as_ref(), r.as_ref(), mode.of_fields()))
                .collect::<Result<Vec<_>>>()?;
            Box::new(move |i, j| {
                let mut all = Some(true);
                for field in &fields {
                    match field(i, j) {
                        Some(true) => {}
                        Some(false) => return Some(false),
                        None => all = None,
                    }
                }
                all
            })
        }
        ArrowType::Float32 => {
            let (l, r) =
                (left.as_primitive::<Float32Type>(), right.as_primitive_opt::<Float32Type>().ok_or_else(mismatch)?);
            Box::new(move |i, j| Some(l.value(i) == r.value(j)))
        }
        ArrowType::Float64 => {
            let (l, r) =
                (left.as_primitive::<Float64Type>(), right.as_primitive_opt::<Float64Type>().ok_or_else(mismatch)?);
            Box::new(move |i, j| Some(l.value(i) == r.value(j)))
        }
        _ => {
            let compare = make_comparator(left, right, SortOptions::default())?;
            Box::new(move |i, j| Some(compare(i, j) == Ordering::Equal))
        }
    };
    let (left_nulls, right_nulls) = (left.logical_nulls(), right.logical_nulls());
    if left_nulls.is_none() && right_nulls.is_none() {
        return Ok(values);
    }
    Ok(Box::new(move |i, j| {
        let left = left_nulls.as_ref().is_some_and(|nulls| nulls.is_null(i));
        let right = right_nulls.as_ref().is_some_and(|nulls| nulls.is_null(j));
        match (mode, left || right) {
            (_, false) => values(i, j),
            (Equality::Field | Equality::NullSafe, true) => Some(left && right),
            (Equality::Operator | Equality::OfFields, true) => None,
        }
    }))
}
