//! GREATEST and LEAST. CASE, IF, COALESCE, IFNULL and NULLIF are the binder's, which evaluates their branches lazily.

use super::common_type::merged_type;
use super::kernels::{Arguments, kernel, mismatch, name_of};
use super::{Argument, FunctionContext, FunctionDef, Resolved};
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Datum, Scalar, UInt32Array, new_null_array};
use arrow::buffer::NullBuffer;
use arrow::compute::kernels::cmp;
use arrow::compute::kernels::zip::zip;
use arrow::compute::{nullif, take};
use arrow::datatypes::{Float32Type, Float64Type};
use riverrun_core::{DataType, Result, TypeKind};
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// The functions.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef {
        name: "GREATEST",
        aliases: &[],
        group: "conditional",
        syntax: "GREATEST(value, …)",
        doc: "The largest of several values; NULL if any is. NaN is the largest number",
        deterministic: true,
        resolve: |context, arguments| extreme("GREATEST(value, …)", true, context, arguments),
    },
    FunctionDef {
        name: "LEAST",
        aliases: &[],
        group: "conditional",
        syntax: "LEAST(value, …)",
        doc: "The smallest of several values; NULL if any is",
        deterministic: true,
        resolve: |context, arguments| extreme("LEAST(value, …)", false, context, arguments),
    },
];

fn extreme(syntax: &str, greatest: bool, _: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let ordered = |kind: &TypeKind| {
        kind.is_numeric()
            || kind.is_character()
            || kind.is_datetime()
            || kind.is_interval()
            || *kind == TypeKind::Boolean
    };
    if arguments.is_empty() || !arguments.iter().all(|argument| ordered(&argument.data_type.kind)) {
        return Err(mismatch(syntax, arguments));
    }
    let types: Vec<&DataType> = arguments.iter().map(|argument| argument.data_type).collect();
    let returns = merged_type(&types)
        .map_err(|error| error.context(format!("the arguments of {}", name_of(syntax))))?
        .without_time_attribute();
    Ok(Resolved {
        parameters: types.iter().map(|data_type| returns.with_nullable(data_type.nullable)).collect(),
        returns,
        kernel: kernel(if greatest { "GREATEST" } else { "LEAST" }, move |arguments| fold(greatest, arguments)),
    })
}

fn fold(greatest: bool, arguments: &Arguments) -> Result<ArrayRef> {
    let rows = arguments.rows();
    let (first, constant) = arguments.raw(0)?;
    let mut best = one_nan(if constant { repeat(first, rows)? } else { first.clone() });
    let mut nulls = best.nulls().cloned();
    for position in 1..arguments.len() {
        let (next, constant) = arguments.raw(position)?;
        if constant && next.is_null(0) {
            return Ok(new_null_array(best.data_type(), rows));
        }
        let next = one_nan(next.clone());
        let scalar = (constant && rows != 1).then(|| Scalar::new(next.clone()));
        let next: &dyn Datum = scalar.as_ref().map_or(&next, |scalar| scalar);
        if !constant {
            nulls = NullBuffer::union(nulls.as_ref(), next.get().0.nulls());
        }
        let better = if greatest { cmp::gt(next, &best)? } else { cmp::lt(next, &best)? };
        best = zip(&better, next, &best)?;
    }
    match nulls {
        Some(nulls) if nulls.null_count() > 0 => Ok(nullif(&best, &BooleanArray::new(!nulls.inner(), None))?),
        _ => Ok(best),
    }
}

/// The array with every NaN the same: Arrow orders those with a sign, as 0/0 has on many machines, before all numbers.
fn one_nan(array: ArrayRef) -> ArrayRef {
    if let Some(floats) = array.as_primitive_opt::<Float32Type>() {
        return Arc::new(floats.unary::<_, Float32Type>(|value| if value.is_nan() { f32::NAN } else { value }));
    }
    if let Some(doubles) = array.as_primitive_opt::<Float64Type>() {
        return Arc::new(doubles.unary::<_, Float64Type>(|value| if value.is_nan() { f64::NAN } else { value }));
    }
    array
}

fn repeat(constant: &ArrayRef, rows: usize) -> Result<ArrayRef> {
    Ok(take(constant, &UInt32Array::from(vec![0; rows]), None)?)
}
