//! The constructor of ROWs; access to their fields is in [`super::nested`].

use super::kernels::{kernel, mismatch};
use super::{Argument, FunctionDef, Resolved, operators};
use arrow::array::{ArrayRef, StructArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{Field as ArrowField, Fields};
use riverrun_core::{Field, Result, TypeKind};
use std::sync::Arc;

const ROW: &str = "ROW(value, …)";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[FunctionDef::new(
    "collection",
    operators::ROW,
    ROW,
    "A row of these fields, named EXPR$0, EXPR$1, …; CAST gives other names.",
    |_, arguments| resolve(arguments),
)];

fn resolve(arguments: &[Argument<'_>]) -> Result<Resolved> {
    if arguments.is_empty() || arguments.iter().any(|argument| argument.data_type.kind == TypeKind::Null) {
        return Err(mismatch(ROW, arguments));
    }
    let parameters: Vec<_> = arguments.iter().map(|argument| argument.data_type.clone()).collect();
    let fields = parameters
        .iter()
        .enumerate()
        .map(|(position, data_type)| Field::new(format!("EXPR${position}"), data_type.clone()))
        .collect();
    let returns = TypeKind::Row(fields).not_null();
    let compute = kernel(operators::ROW, |arguments| {
        let columns = (0..arguments.len())
            .map(|position| {
                let (array, constant) = arguments.raw(position)?;
                if !constant || arguments.rows() == 1 {
                    return Ok(array.clone());
                }
                Ok(take(array, &UInt32Array::from(vec![0; arguments.rows()]), None)?)
            })
            .collect::<Result<Vec<ArrayRef>>>()?;
        let fields: Fields = columns
            .iter()
            .enumerate()
            .map(|(position, column)| ArrowField::new(format!("EXPR${position}"), column.data_type().clone(), true))
            .collect();
        Ok(Arc::new(StructArray::try_new(fields, columns, None)?))
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}
