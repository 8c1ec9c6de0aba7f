//! Bound expressions lowered to DataFusion's `PhysicalExpr`.
//!
//! A call becomes a [`KernelExpr`], which hands the kernel whole columns. AND, OR and CASE are
//! lazy: an operand is evaluated only for the rows that still need it, so that `d <> 0 AND n / d > 1`
//! does not fail. See [`lazy`].

mod lazy;
mod shared;
mod steps;

use crate::expr::Expr;
use crate::functions::{Kernel, operators};
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType as ArrowType, Schema as ArrowSchema};
use datafusion_common::DataFusionError;
use datafusion_expr::ColumnarValue;
use datafusion_physical_expr::PhysicalExpr;
use datafusion_physical_expr::expressions::{Column, Literal};
use riverrun_core::{Error, Result, Schema};
use riverrun_operators::expression::from_datafusion as internal;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

pub use steps::steps;

/// The physical expression that computes `expr` over a batch of its input.
pub fn lower(expr: &Expr) -> Result<Arc<dyn PhysicalExpr>> {
    lower_over(expr, &Schema::default())
}

/// The same, with the input's column names: what EXPLAIN and operators' ids show.
pub fn lower_over(expr: &Expr, input: &Schema) -> Result<Arc<dyn PhysicalExpr>> {
    let each = |exprs: &mut dyn Iterator<Item = &Expr>| -> Result<Vec<Arc<dyn PhysicalExpr>>> {
        exprs.map(|expr| lower_over(expr, input)).collect()
    };
    Ok(match expr {
        Expr::Column { index, .. } => match input.fields.get(*index) {
            Some(field) => Arc::new(Column::new(&field.name, *index)),
            None => Arc::new(Column::new(&format!("${index}"), *index)),
        },
        Expr::Literal { value, .. } => Arc::new(Literal::new(value.clone())),
        Expr::Call { name, kernel, arguments, data_type } => Arc::new(KernelExpr {
            name: name.clone(),
            kernel: kernel.clone(),
            arguments: each(&mut arguments.iter())?,
            data_type: data_type.to_arrow(),
            nullable: data_type.nullable,
        }),
        Expr::And(operands, _) => Arc::new(lazy::Connective::new(each(&mut operands.iter())?, true).map_err(internal)?),
        Expr::Or(operands, _) => Arc::new(lazy::Connective::new(each(&mut operands.iter())?, false).map_err(internal)?),
        Expr::Case { data_type, .. } => {
            let operands = each(&mut expr.children().into_iter())?;
            Arc::new(lazy::Case::new(operands, data_type.to_arrow()).map_err(internal)?)
        }
    })
}

/// An error of ours on its way through DataFusion's interfaces.
pub fn external(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// The column and the field of it that an expression reads, if it only reads a field of a ROW.
pub fn accessed_field(expression: &Arc<dyn PhysicalExpr>) -> Option<(usize, usize)> {
    let call = expression.downcast_ref::<KernelExpr>()?;
    let field = call.kernel.field()?;
    let column = call.arguments.first()?.downcast_ref::<Column>()?;
    Some((column.index(), field))
}

/// The operands of an AND.
fn conjuncts(condition: &Arc<dyn PhysicalExpr>) -> Option<&[Arc<dyn PhysicalExpr>]> {
    condition.downcast_ref::<lazy::Connective>()?.conjuncts()
}

/// Whether an expression gives a value for all rows, without an error, and the same one whenever it is asked: so that it may be
/// computed for rows too for which nobody asks.
fn is_total(expr: &Arc<dyn PhysicalExpr>) -> bool {
    let total = match expr.downcast_ref::<KernelExpr>() {
        Some(call) => call.kernel.total().is_some(),
        None => is_lazy(expr) || is_plain(expr),
    };
    total && expr.children().into_iter().all(is_total)
}

/// A column or a constant.
fn is_plain(expr: &Arc<dyn PhysicalExpr>) -> bool {
    expr.downcast_ref::<Column>().is_some() || expr.downcast_ref::<Literal>().is_some()
}

/// Whether an expression is computed for all rows in less time than it takes to pick those that need it.
fn is_light(expr: &Arc<dyn PhysicalExpr>) -> bool {
    let compares = |call: &KernelExpr| {
        operators::COMPARISONS.contains(&call.name.as_str()) && call.arguments.iter().all(is_plain) && is_total(expr)
    };
    is_plain(expr) || expr.downcast_ref::<KernelExpr>().is_some_and(compares)
}

/// What of an expression is evaluated for each row for which it is.
fn always_evaluated(expr: &Arc<dyn PhysicalExpr>) -> Vec<&Arc<dyn PhysicalExpr>> {
    let mut children = expr.children();
    children.truncate(if is_lazy(expr) { 1 } else { children.len() });
    children
}

/// Whether only the first operand is evaluated for all rows.
fn is_lazy(expr: &Arc<dyn PhysicalExpr>) -> bool {
    expr.downcast_ref::<lazy::Connective>().is_some() || expr.downcast_ref::<lazy::Case>().is_some()
}

/// What an IS NOT NULL looks at.
fn tested_for_null(condition: &Arc<dyn PhysicalExpr>) -> Option<&Arc<dyn PhysicalExpr>> {
    let call = condition.downcast_ref::<KernelExpr>()?;
    if call.name == operators::IS_NOT_NULL { call.arguments.first() } else { None }
}

/// A call of a kernel.
#[derive(Debug)]
struct KernelExpr {
    name: String,
    kernel: Arc<dyn Kernel>,
    arguments: Vec<Arc<dyn PhysicalExpr>>,
    data_type: ArrowType,
    nullable: bool,
}

impl PhysicalExpr for KernelExpr {
    fn data_type(&self, _: &ArrowSchema) -> datafusion_common::Result<ArrowType> {
        Ok(self.data_type.clone())
    }

    fn nullable(&self, _: &ArrowSchema) -> datafusion_common::Result<bool> {
        Ok(self.nullable)
    }

    fn evaluate(&self, batch: &RecordBatch) -> datafusion_common::Result<ColumnarValue> {
        let arguments =
            self.arguments.iter().map(|argument| argument.evaluate(batch)).collect::<Result<Vec<_>, _>>()?;
        self.kernel.invoke(&arguments, batch.num_rows()).map_err(external)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        self.arguments.iter().collect()
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> datafusion_common::Result<Arc<dyn PhysicalExpr>> {
        Ok(Arc::new(KernelExpr {
            name: self.name.clone(),
            kernel: self.kernel.clone(),
            arguments: children,
            data_type: self.data_type.clone(),
            nullable: self.nullable,
        }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for KernelExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name.as_str(), self.arguments.as_slice()) {
            ("CAST" | "TRY_CAST", [value]) => write!(f, "{}({value} AS {})", self.name, self.data_type),
            (field, [row]) if field.starts_with('.') => write!(f, "{row}{field}"),
            (operator, [left, right]) if operator.starts_with(|c: char| "+-*/%=<>|".contains(c)) => {
                write!(f, "({left} {operator} {right})")
            }
            (operator, [value]) if operator.starts_with("IS ") => write!(f, "({value} {operator})"),
            (name, arguments) => {
                write!(f, "{name}(")?;
                for (index, argument) in arguments.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(f, "{comma}{argument}")?;
                }
                f.write_str(")")
            }
        }
    }
}

// Most kernels hold settings that can't be compared: two calls of these are equal if they share the kernel.
impl PartialEq for KernelExpr {
    fn eq(&self, other: &Self) -> bool {
        let known = || self.kernel.total().is_some_and(|known| other.kernel.total() == Some(known));
        (Arc::ptr_eq(&self.kernel, &other.kernel) || known()) && self.arguments == other.arguments
    }
}

impl Eq for KernelExpr {}

impl Hash for KernelExpr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        self.arguments.hash(state);
    }
}

#[cfg(test)]
mod tests;
