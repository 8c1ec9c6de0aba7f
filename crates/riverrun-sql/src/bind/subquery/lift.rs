//! Conditions of a subquery that name columns of the outer query, taken out of it.
//!
//! They become conditions of a join with the subquery's rows. Where these must be known by equal values (groups, or a row at
//! the most for each of the outer query's) and the conditions are others, the subquery is joined with the different values
//! of the outer columns instead, and those become its keys.

use super::limited::is_limited;
use super::syntax::{conjuncts, name_of, names_in};
use super::{OUTER, SUBQUERY};
use crate::bind::aggregate::aggregates_in;
use crate::bind::query::{QueryBinder, distinct};
use crate::bind::relation::Relation;
use crate::bind::scope::Scope;
use crate::functions::FunctionContext;
use crate::parse::quantified::table_named;
use riverrun_core::{Error, Result};
use sqlparser::ast::{self, BinaryOperator, GroupByExpr, Ident, Select, SelectItem, SetExpr};
use std::ops::ControlFlow;

impl QueryBinder<'_> {
    /// A subquery without the conditions that name the columns of the outer query, whose rows are `rows`; `None` if there are
    /// none. With `equalities` what is left to ask of the outer query are equalities.
    pub(super) fn lift(
        &mut self,
        query: &ast::Query,
        (rows, outer): (&Relation, &Scope),
        equalities: bool,
    ) -> Result<Option<Lifted>> {
        let SetExpr::Select(select) = query.body.as_ref() else { return Ok(None) };
        let Some(selection) = &select.selection else { return Ok(None) };
        if query.with.is_some() {
            return Ok(None);
        }
        let inner = self.from(&select.from)?.scope;
        let (grouped, limited) = (is_grouped(select, self.context), is_limited(query));
        let mut lift = Lift { inner: &inner, outer, columns: Vec::new() };
        let (reading, kept): (Vec<_>, Vec<_>) = conjuncts(selection).into_iter().partition(|c| lift.reads_outer(c));
        if reading.is_empty() {
            return Ok(None);
        }
        let mut kept: Vec<ast::Expr> = kept.into_iter().cloned().collect();
        let mut on: Vec<ast::Expr> = Vec::new();
        let mut domain = None;
        let simple: Option<Vec<_>> = reading.iter().map(|condition| lift.equality(condition)).collect();
        match simple {
            Some(simple) => on = simple,
            None if grouped || equalities || limited => {
                lift.columns.clear();
                let mut values = OfOuter { lift: &lift, names: Vec::new() };
                for condition in reading {
                    let mut condition = condition.clone();
                    let _ = ast::VisitMut::visit(&mut condition, &mut values);
                    kept.push(condition);
                }
                let names = values.names;
                let exprs = names.iter().map(|name| outer.resolve(name)).collect::<Result<_>>()?;
                let fields = (0..names.len()).map(|number| value_of_outer(number).value).collect();
                domain = Some(distinct(rows.clone().project(exprs, fields), None));
                for (number, name) in names.into_iter().enumerate() {
                    let value = ast::Expr::CompoundIdentifier(vec![Ident::new(OUTER), value_of_outer(number)]);
                    let column = lift.column(value);
                    let name = Box::new(ast::Expr::CompoundIdentifier(name));
                    on.push(ast::Expr::IsNotDistinctFrom(name, Box::new(column)));
                }
            }
            None => {
                lift.columns.clear();
                for condition in reading {
                    let mut lifted = condition.clone();
                    let _ = ast::VisitMut::visit(&mut lifted, &mut lift);
                    on.push(lifted);
                }
            }
        }
        let mut rewritten = select.as_ref().clone();
        if limited {
            self.limit_each(query, &lift.columns, &mut rewritten)?;
        }
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
        if domain.is_some() {
            let table = table_named(OUTER).ok_or_else(|| Error::bug("a table's name could not be read"))?;
            rewritten.from.push(table);
        }
        let body = Box::new(SetExpr::Select(Box::new(rewritten)));
        let query = ast::Query { body, order_by: None, limit_clause: None, fetch: None, ..query.clone() };
        Ok(Some(Lifted { query, lifted, on, domain }))
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
    /// The different values of the outer columns that it reads, which it calls [`OUTER`].
    pub(super) domain: Option<Relation>,
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

    /// A condition that says no more than that an inner value equals an outer one.
    fn equality(&mut self, condition: &ast::Expr) -> Option<ast::Expr> {
        if let ast::Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = condition {
            for (inner, outer) in [(left, right), (right, left)] {
                if !self.reads_outer(inner) && !self.reads_inner(outer) {
                    let column = self.column(inner.as_ref().clone());
                    return Some(ast::Expr::BinaryOp {
                        left: outer.clone(),
                        op: BinaryOperator::Eq,
                        right: Box::new(column),
                    });
                }
            }
        }
        None
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

/// Puts the columns of [`OUTER`] in the place of the outer query's.
struct OfOuter<'a> {
    lift: &'a Lift<'a>,
    names: Vec<Vec<Ident>>,
}

impl ast::VisitorMut for OfOuter<'_> {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut ast::Expr) -> ControlFlow<()> {
        let Some(name) = name_of(expr).filter(|name| self.lift.names_outer(name)) else {
            return ControlFlow::Continue(());
        };
        let known = self.names.iter().position(|known| *known == name);
        let number = known.unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        });
        *expr = ast::Expr::CompoundIdentifier(vec![Ident::new(OUTER), value_of_outer(number)]);
        ControlFlow::Continue(())
    }
}

fn value_of_outer(number: usize) -> Ident {
    Ident::new(format!("$o{number}"))
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
