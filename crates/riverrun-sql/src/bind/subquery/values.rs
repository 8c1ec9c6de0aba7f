//! The values of subqueries as columns, while the expressions around them are bound.

use super::with_column;
use crate::bind::expr::{ExprBinder, Special};
use crate::bind::relation::Relation;
use crate::bind::scope;
use crate::expr::Expr;
use riverrun_core::Result;
use riverrun_operators::join::JoinKind;
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

/// While the expressions of a grouped query are bound, values of subqueries stand at columns from here on.
pub(super) const PENDING: usize = 1 << 41;

/// Subqueries of a grouped query, to be joined with its groups.
#[derive(Default)]
pub(in crate::bind) struct PendingValues {
    pub(super) relations: Vec<Relation>,
}

impl PendingValues {
    /// The groups with a column per subquery behind their own.
    pub(in crate::bind) fn finish(&self, mut groups: Relation) -> Relation {
        for relation in &self.relations {
            let width = groups.schema.len();
            let joined = Relation::join(groups, relation.clone(), JoinKind::Left, Vec::new(), None);
            let value = scope::column(width, &joined.schema.fields[width].data_type);
            groups = with_column(joined, width, value).0;
        }
        groups
    }

    /// An expression with its subqueries at their columns, which follow the first `width`.
    pub(in crate::bind) fn placed(&self, expr: &Expr, width: usize) -> Expr {
        match self.relations.is_empty() {
            true => expr.clone(),
            false => expr.move_columns(&|index| if index >= PENDING { width + index - PENDING } else { index }),
        }
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
