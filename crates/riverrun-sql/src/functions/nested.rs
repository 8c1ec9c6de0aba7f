//! Access to the fields of a ROW.

use super::Kernel;
use crate::expr::Expr;
use arrow::array::{Array, BooleanArray, StructArray};
use arrow::buffer::NullBuffer;
use arrow::compute::nullif;
use arrow::datatypes::DataType as ArrowType;
use datafusion_common::ScalarValue;
use datafusion_expr::ColumnarValue;
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{Error, Result, TypeKind};
use std::sync::Arc;

/// The field at `index` of a ROW: NULL where the row is.
#[derive(Debug)]
struct FieldKernel {
    index: usize,
}

impl Kernel for FieldKernel {
    fn invoke(&self, arguments: &[ColumnarValue], _rows: usize) -> Result<ColumnarValue> {
        let [row] = arguments else { return Err(Error::bug("a field of other than one row")) };
        let array = match row {
            ColumnarValue::Array(array) => array.clone(),
            ColumnarValue::Scalar(scalar) => {
                scalar.to_array_of_size(1).map_err(|error| Error::bug(error.to_string()))?
            }
        };
        let structs = array
            .as_any()
            .downcast_ref::<StructArray>()
            .ok_or_else(|| Error::bug(format!("a field of {}", array.data_type())))?;
        let column = structs.column(self.index);
        let result = match structs.nulls() {
            // Sources often give a row and its fields the same NULLs: then nothing is to be done.
            Some(nulls) if !column.nulls().is_some_and(|own| same(own, nulls)) => {
                nullif(column, &BooleanArray::new(!nulls.inner(), None))?
            }
            _ => column.clone(),
        };
        Ok(match row {
            ColumnarValue::Array(_) => ColumnarValue::Array(result),
            ColumnarValue::Scalar(_) => ColumnarValue::Scalar(
                ScalarValue::try_from_array(&result, 0).map_err(|error| Error::bug(error.to_string()))?,
            ),
        })
    }

    fn field(&self) -> Option<usize> {
        Some(self.index)
    }
}

/// Whether both are one and the same buffer.
fn same(a: &NullBuffer, b: &NullBuffer) -> bool {
    a.offset() == b.offset() && a.len() == b.len() && a.buffer().as_ptr() == b.buffer().as_ptr()
}

/// The expression that reads the field at `index` of the ROW `row`.
pub fn field(row: Expr, index: usize) -> Result<Expr> {
    let TypeKind::Row(fields) = &row.data_type().kind else {
        return Err(Error::bug(format!("a field of {}", row.data_type())));
    };
    let field = fields.get(index).ok_or_else(|| Error::bug("no such field"))?;
    let data_type = field.data_type.with_nullable(field.data_type.nullable || row.data_type().nullable);
    let name = format!(".{}", field.name);
    Ok(Expr::Call { name, kernel: Arc::new(FieldKernel { index }), arguments: vec![row], data_type })
}

/// The expression that reads the field at a constant index, which counts from 1 or is a name.
pub fn field_at(row: Expr, index: &Expr) -> Result<Expr> {
    let TypeKind::Row(fields) = &row.data_type().kind else {
        return Err(Error::bug(format!("a field of {}", row.data_type())));
    };
    if let Some(ScalarValue::Utf8(Some(name))) = index.as_literal() {
        return field_named(row, name);
    }
    let number = index.as_literal().and_then(|value| value.cast_to(&ArrowType::Int64).ok());
    let position = match number {
        Some(ScalarValue::Int64(Some(number))) => usize::try_from(number).ok().and_then(|number| number.checked_sub(1)),
        _ => None,
    };
    match position.filter(|position| *position < fields.len()) {
        Some(position) => field(row, position),
        None => Err(Error::input(format!("{} has no field at this index", row.data_type())).hint(format!(
            "an index of a ROW is a constant, here from 1 to {}; by its name a field is row.name",
            fields.len()
        ))),
    }
}

/// The expression that reads the field of this name.
pub fn field_named(row: Expr, name: &str) -> Result<Expr> {
    let TypeKind::Row(fields) = &row.data_type().kind else {
        return Err(Error::input(format!("'.{name}' asks for a field of {}, which is no ROW", row.data_type())));
    };
    match fields.iter().position(|field| field.name == name) {
        Some(index) => field(row, index),
        None => Err(Error::input(format!("no field '{name}' in {}", row.data_type()))
            .hint_opt(did_you_mean(name, fields.iter().map(|field| field.name.as_str())))),
    }
}
