//! The values of subqueries as columns, while the expressions around them are bound.

use crate::bind::expr::{ExprBinder, Special};
use crate::expr::Expr;
use riverrun_core::Result;
use sqlparser::ast;

/// Subqueries whose values are columns.
#[derive(Debug, Default)]
pub(in crate::bind) struct SubqueryValues {
    pub(super) known: Vec<(ast::Expr, Expr)>,
}

impl SubqueryValues {
    /// The column of a subquery's value, as [`Special::bind`].
    pub(in crate::bind) fn bind(&self, expr: &ast::Expr) -> Option<Expr> {
        self.known.iter().find(|(known, _)| known == expr).map(|(_, value)| value.clone())
    }
}

impl Special for SubqueryValues {
    fn bind(&self, expr: &ast::Expr, _: &ExprBinder<'_>) -> Result<Option<Expr>> {
        Ok(SubqueryValues::bind(self, expr))
    }
}

/// Two clauses' own ways to bind, one before the other.
pub(in crate::bind) struct Both<'a> {
    /// Asked first.
    pub(in crate::bind) first: &'a SubqueryValues,
    /// Asked then.
    pub(in crate::bind) then: &'a dyn Special,
}

impl Special for Both<'_> {
    fn bind(&self, expr: &ast::Expr, binder: &ExprBinder<'_>) -> Result<Option<Expr>> {
        match self.first.bind(expr) {
            Some(value) => Ok(Some(value)),
            None => self.then.bind(expr, binder),
        }
    }
}
