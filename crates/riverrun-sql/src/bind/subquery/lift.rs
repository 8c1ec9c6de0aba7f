//! Conditions of a subquery that name columns of the outer query, taken out of it.

use super::SUBQUERY;
use super::syntax::{conjuncts, name_of, names_in};
use crate::bind::aggregate::aggregates_in;
use crate::bind::query::QueryBinder;
use crate::bind::scope::Scope;
use crate::functions::FunctionContext;
use crate::parse::place_of;
use riverrun_core::{Error, Result};
use sqlparser::ast::{self, BinaryOperator, GroupByExpr, Ident, Select, SelectItem, SetExpr, Spanned};
use std::ops::ControlFlow;

impl QueryBinder<'_> {
    /// A subquery without the conditions that name the outer query's columns; `None` if there are none.
    pub(super) fn lift(&mut self, query: &ast::Query, outer: &Scope) -> Result<Option<Lifted>> {
        let SetExpr::Select(select) = query.body.as_ref() else { return Ok(None) };
        let Some(selection) = &select.selection else { return Ok(None) };
        if query.with.is_some() {
            return Ok(None);
        }
        let inner = self.from(&select.from)?.scope;
        let grouped = is_grouped(select, self.context);
        let mut lift = Lift { inner: &inner, outer, columns: Vec::new() };
        let (mut on, mut kept): (Vec<ast::Expr>, Vec<ast::Expr>) = (Vec::new(), Vec::new());
        for conjunct in conjuncts(selection) {
            if !lift.reads_outer(conjunct) {
                kept.push(conjunct.clone());
            } else if grouped {
                on.push(lift.equality(conjunct)?);
            } else {
                let mut lifted = conjunct.clone();
                let _ = ast::VisitMut::visit(&mut lifted, &mut lift);
                on.push(lifted);
            }
        }
        if on.is_empty() {
            return Ok(None);
        }
        if query.order_by.is_some() || query.limit_clause.is_some() || query.fetch.is_some() {
            return Err(Error::unsupported("ORDER BY or LIMIT in a subquery that reads the outer query's columns")
                .hint("use MAX or MIN, or rank with ROW_NUMBER and join")
                .at(place_of(query.span())));
        }
        let mut rewritten = select.as_ref().clone();
        rewritten.selection = kept.into_iter().reduce(|left, right| ast::Expr::BinaryOp {
            left: Box::new(left),
            op: BinaryOperator::And,
            right: Box::new(right),
        });
        let lifted = lift.columns.len();
        for (number, expr) in lift.columns.into_iter().enumerate() {
            if grouped && let GroupByExpr::Expressions(exprs, _) = &mut rewritten.group_by {
                exprs.push(expr.clone());
            }
            rewritten.projection.push(SelectItem::ExprWithAlias { expr, alias: lifted_name(number) });
        }
        let query = ast::Query { body: Box::new(SetExpr::Select(Box::new(rewritten))), ..query.clone() };
        Ok(Some(Lifted { query, lifted, on }))
    }
}

/// A subquery whose conditions on the outer query were taken out.
pub(super) struct Lifted {
    /// The subquery.
    pub(super) query: ast::Query,
    /// How many columns were added to those that it selects.
    pub(super) lifted: usize,
    /// The conditions, over the outer query's columns and those of [`SUBQUERY`].
    pub(super) on: Vec<ast::Expr>,
}

/// Takes conditions out of a subquery.
struct Lift<'a> {
    inner: &'a Scope,
    outer: &'a Scope,
    /// What they read of the subquery's rows.
    columns: Vec<ast::Expr>,
}

impl Lift<'_> {
    fn names_inner(&self, name: &[Ident]) -> bool {
        self.inner.resolve(name).is_ok()
    }

    fn names_outer(&self, name: &[Ident]) -> bool {
        !self.names_inner(name) && self.outer.resolve(name).is_ok()
    }

    fn reads_outer(&self, expr: &ast::Expr) -> bool {
        names_in(expr).iter().any(|name| self.names_outer(name))
    }

    fn reads_inner(&self, expr: &ast::Expr) -> bool {
        names_in(expr).iter().any(|name| self.names_inner(name))
    }

    fn column(&mut self, expr: ast::Expr) -> ast::Expr {
        let known = self.columns.iter().position(|known| *known == expr);
        let number = known.unwrap_or_else(|| {
            self.columns.push(expr);
            self.columns.len() - 1
        });
        ast::Expr::CompoundIdentifier(vec![Ident::new(SUBQUERY), lifted_name(number)])
    }

    /// A condition on the groups of a subquery that aggregates: an inner value equals an outer one.
    fn equality(&mut self, condition: &ast::Expr) -> Result<ast::Expr> {
        if let ast::Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = condition {
            for (inner, outer) in [(left, right), (right, left)] {
                if !self.reads_outer(inner) && !self.reads_inner(outer) {
                    let column = self.column(inner.as_ref().clone());
                    return Ok(ast::Expr::BinaryOp {
                        left: outer.clone(),
                        op: BinaryOperator::Eq,
                        right: Box::new(column),
                    });
                }
            }
        }
        Err(Error::unsupported("a subquery that aggregates, tied to the outer query by more than equalities")
            .detail("its groups are known only from conditions such as inner.k = outer.k")
            .hint("join the tables first, and aggregate then")
            .at(place_of(condition.span())))
    }
}

impl ast::VisitorMut for Lift<'_> {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut ast::Expr) -> ControlFlow<()> {
        if name_of(expr).is_some_and(|name| self.names_inner(&name)) {
            *expr = self.column(expr.clone());
        }
        ControlFlow::Continue(())
    }
}

fn lifted_name(number: usize) -> Ident {
    Ident::new(format!("$lifted{number}"))
}

fn is_grouped(select: &Select, context: &FunctionContext) -> bool {
    let keys = match &select.group_by {
        GroupByExpr::Expressions(exprs, _) => !exprs.is_empty(),
        GroupByExpr::All(_) => true,
    };
    keys || aggregates_in(select, context)
}
