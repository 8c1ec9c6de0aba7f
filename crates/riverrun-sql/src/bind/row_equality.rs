//! `=` and IN of rows that ROW makes: they are compared field by field, as if AND stood between, so that a NULL field leaves the
//! answer open. Other rows are values whose NULL fields equal each other.

use super::conditional::and;
use super::expr::ExprBinder;
use super::literal;
use crate::expr::Expr;
use crate::functions::{FunctionDef, nested, operators};
use datafusion_common::ScalarValue;
use riverrun_core::{Error, Result, TypeKind};

/// Whether an expression is a call of ROW, or a cast of one.
fn is_constructed(expr: &Expr) -> bool {
    match expr {
        Expr::Literal { value, data_type } => matches!(data_type.kind, TypeKind::Row(_)) && !value.is_null(),
        Expr::Call { name, arguments, .. } => match (name.as_str(), arguments.as_slice()) {
            (operators::ROW, _) => true,
            ("CAST" | "TRY_CAST", [inner]) => is_constructed(inner),
            _ => false,
        },
        _ => false,
    }
}

/// The operator that a call of `name` is with these operands.
pub(super) fn operator<'n>(name: &'n str, operands: &[Expr]) -> &'n str {
    if name == operators::IN && operands.iter().all(is_constructed) { operators::ROW_IN } else { name }
}

/// Whether an operator asks for the equality of two rows that are both made by ROW.
pub(super) fn is_of_fields(name: &str, operands: &[Expr]) -> bool {
    name == operators::EQUAL && operands.len() == 2 && operands.iter().all(is_constructed)
}

impl ExprBinder<'_> {
    /// The equality of two rows field by field. Fields that are rows are values, however they are made.
    pub(super) fn equal_fields(&self, equal: &FunctionDef, rows: Vec<Expr>) -> Result<Expr> {
        // Refuses rows that can't be compared.
        self.resolved_call(equal, rows.clone())?;
        let [left, right] = rows.as_slice() else { return Err(Error::bug("an equality of other than two rows")) };
        let TypeKind::Row(fields) = &left.data_type().kind else {
            return Err(Error::bug(format!("fields of {}", left.data_type())));
        };
        let of_field = |index: usize| self.resolved_call(equal, vec![part(left, index)?, part(right, index)?]);
        Ok(and((0..fields.len()).map(of_field).collect::<Result<_>>()?))
    }
}

/// The field at `index` of a row.
fn part(row: &Expr, index: usize) -> Result<Expr> {
    match row {
        Expr::Call { name, arguments, .. } if name == operators::ROW => {
            arguments.get(index).cloned().ok_or_else(|| Error::bug("no such field"))
        }
        Expr::Literal { value: ScalarValue::Struct(row), data_type } => {
            let TypeKind::Row(fields) = &data_type.kind else {
                return Err(Error::bug(format!("a row of {data_type}")));
            };
            let value = ScalarValue::try_from_array(row.column(index), 0).map_err(|e| Error::bug(e.to_string()))?;
            Ok(literal::constant(value, fields[index].data_type.clone()))
        }
        row => nested::field(row.clone(), index),
    }
}
