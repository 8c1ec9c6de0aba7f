//! IN and NOT IN over values that may be NULL, where it matters whether the answer is FALSE or unknown.
//!
//! A value that is found is IN. One that isn't is not, if the subquery gives no row; else nobody knows if it is NULL itself, or
//! if the subquery gives a NULL. So the subquery's rows and its values are counted besides; of one that reads the outer row, it
//! is looked whether it has any rows for that, and a NULL among them. A row of values of which one is NULL counts as NULL, even
//! where another one differs, as in Flink.

use super::with_column;
use crate::bind::conditional::{and, or};
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
    /// The first `width` columns of `joined`, and behind them whether `values` are among the rows of the subquery; `found` says
    /// whether the join has found an equal one.
    pub(super) fn null_aware(
        &mut self,
        joined: Relation,
        width: usize,
        (values, found): (Vec<Expr>, Expr),
        query: &ast::Query,
        negated: bool,
    ) -> Result<(Relation, Expr)> {
        let counts =
            counted(query, values.len()).ok_or_else(|| Error::bug("the counts of a subquery were not read"))?;
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
            (self.any_null(values)?, unknown.clone()),
            (binder.call(operators::LESS, vec![column(first + 1), column(first)])?, unknown),
        ];
        let otherwise = Box::new(literal::boolean(negated));
        let case = Expr::Case { branches, otherwise, data_type: TypeKind::Boolean.nullable() };
        Ok(with_column(joined, width, case))
    }

    /// The same of a subquery that reads the outer row: `joined` has the columns of `outer` first.
    pub(super) fn null_aware_by_row(
        &mut self,
        joined: Relation,
        (width, outer): (usize, &scope::Scope),
        (values, found): (Vec<Expr>, Expr),
        query: &ast::Query,
        negated: bool,
    ) -> Result<(Relation, Expr)> {
        let (relation, found) = with_column(joined, width, found);
        let (relation, any) = self.with_presence(relation, outer, query, false)?;
        let (relation, null) = self.with_presence(relation, outer, query, true)?;
        let value_is_null = self.any_null(values)?;
        let unknown = literal::null(&TypeKind::Boolean.nullable())?;
        let branches = vec![
            (found, literal::boolean(!negated)),
            (null, unknown.clone()),
            (and(vec![value_is_null, any]), unknown),
        ];
        let otherwise = Box::new(literal::boolean(negated));
        let case = Expr::Case { branches, otherwise, data_type: TypeKind::Boolean.nullable() };
        Ok(with_column(relation, width, case))
    }

    /// The relation with one more column: whether the subquery has rows for a row, or rows with a NULL.
    fn with_presence(
        &mut self,
        relation: Relation,
        outer: &scope::Scope,
        query: &ast::Query,
        of_null: bool,
    ) -> Result<(Relation, Expr)> {
        let mut subquery = self.subquery(query, (&relation, outer), true)?;
        let nothing = scope::Scope::empty();
        if of_null {
            let fields = subquery.relation.schema.fields.iter().take(subquery.values).enumerate();
            let values = fields.map(|(index, field)| scope::column(index, &field.data_type)).collect();
            let any_null = self.any_null(values)?;
            subquery.relation = subquery.relation.filter(any_null);
        }
        subquery.mark(subquery.values);
        let (_, on) = self.conditions(&relation, outer, &subquery)?;
        let width = relation.schema.len();
        let joined = Relation::join(relation, subquery.relation, JoinKind::Left, on, None);
        let mark = scope::column(joined.schema.len() - 1, &TypeKind::Boolean.nullable());
        let present = self.exprs(&nothing).call(operators::IS_NOT_NULL, vec![mark])?;
        Ok(with_column(joined, width, present))
    }
    /// Whether one of the values is NULL.
    fn any_null(&self, values: Vec<Expr>) -> Result<Expr> {
        let nothing = scope::Scope::empty();
        let binder = self.exprs(&nothing);
        let nulls: Vec<Expr> =
            values.into_iter().map(|value| binder.call(operators::IS_NULL, vec![value])).collect::<Result<_>>()?;
        Ok(or(nulls))
    }
}
