//! Bound expressions lowered to DataFusion's `PhysicalExpr`.

use crate::expr::Expr;
use datafusion_physical_expr::PhysicalExpr;
use riverrun_core::{Error, Result};
use std::sync::Arc;

/// The physical expression that computes `expr` over a batch of its input.
pub fn lower(expr: &Expr) -> Result<Arc<dyn PhysicalExpr>> {
    Err(Error::bug(format!("no lowering of {expr:?}")))
}
