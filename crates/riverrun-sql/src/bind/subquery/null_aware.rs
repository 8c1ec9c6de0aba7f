//! IN and NOT IN over values that may be NULL, where it matters whether the answer is FALSE or unknown.
//!
//! A value that is found is IN. One that isn't is not, if the subquery gives no row; else nobody knows if it is NULL itself, or
//! if the subquery gives a NULL. So the subquery's rows and its values are counted besides.

use super::with_column;
use crate::bind::query::QueryBinder;
use crate::bind::relation::Relation;
use crate::bind::{literal, scope};
use crate::expr::Expr;
use crate::functions::operators;
use crate::parse::quantified::counted;
use riverrun_core::{Error, Result, TypeKind};
use riverrun_operators::join::JoinKind;
use sqlparser::ast;

impl QueryBinder<'_> {
    /// The first `width` columns of `joined`, and behind them whether `value` is among the rows of the subquery; `found` says
    /// whether the join has found an equal one.
    pub(super) fn null_aware(
        &mut self,
        joined: Relation,
        width: usize,
        (value, found): (Expr, Expr),
        query: &ast::Query,
        negated: bool,
    ) -> Result<(Relation, Expr)> {
        let counts = counted(query).ok_or_else(|| Error::bug("the counts of a subquery were not read"))?;
        let counts = self.query(&counts)?;
        let first = joined.schema.len();
        // There is no row of counts where there is nothing to count.
        let joined = Relation::join(joined, counts, JoinKind::Left, Vec::new(), None);
        let scope = scope::Scope::empty();
        let binder = self.exprs(&scope);
        let column = |index: usize| scope::column(index, &joined.schema.fields[index].data_type);
        let is_null = |expr: Expr| binder.call(operators::IS_NULL, vec![expr]);
        let unknown = literal::null(&TypeKind::Boolean.nullable())?;
        let branches = vec![
            (found, literal::boolean(!negated)),
            (is_null(column(first))?, literal::boolean(negated)),
            (is_null(value)?, unknown.clone()),
            (binder.call(operators::LESS, vec![column(first + 1), column(first)])?, unknown),
        ];
        let otherwise = Box::new(literal::boolean(negated));
        let case = Expr::Case { branches, otherwise, data_type: TypeKind::Boolean.nullable() };
        Ok(with_column(joined, width, case))
    }
}
