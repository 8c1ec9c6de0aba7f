//! What can be said of a subquery by how it is written.

use crate::bind::aggregate::{aggregates_in, aggregates_of};
use crate::bind::call;
use crate::functions::FunctionContext;
use sqlparser::ast::{self, BinaryOperator, GroupByExpr, Ident, SelectItem, SetExpr, UnaryOperator};
use std::ops::ControlFlow;

/// A condition that is a semi join, or an anti join.
pub(super) struct SemiJoin<'a> {
    /// The subquery.
    pub(super) query: &'a ast::Query,
    /// What IN looks for.
    pub(super) value: Option<&'a ast::Expr>,
    /// NOT EXISTS, NOT IN.
    pub(super) negated: bool,
}

pub(super) fn semi_join(condition: &ast::Expr, not: bool) -> Option<SemiJoin<'_>> {
    match condition {
        ast::Expr::Nested(inner) => semi_join(inner, not),
        ast::Expr::UnaryOp { op: UnaryOperator::Not, expr } => semi_join(expr, !not),
        ast::Expr::Exists { subquery, negated } => {
            Some(SemiJoin { query: subquery, value: None, negated: *negated != not })
        }
        ast::Expr::InSubquery { expr, subquery, negated } if subqueries_in(expr).is_empty() => {
            Some(SemiJoin { query: subquery, value: Some(expr), negated: *negated != not })
        }
        _ => None,
    }
}

/// Whether a query aggregates all its rows to one.
pub(super) fn is_single(query: &ast::Query, context: &FunctionContext) -> bool {
    match query.body.as_ref() {
        SetExpr::Select(select) => {
            let keys = !matches!(&select.group_by, GroupByExpr::Expressions(exprs, _) if exprs.is_empty());
            !keys && aggregates_in(select, context)
        }
        SetExpr::Query(query) => is_single(query, context),
        _ => false,
    }
}

/// Whether a query has a row whatever there is: that of an aggregation of all its rows.
pub(super) fn always_has_a_row(query: &ast::Query, context: &FunctionContext) -> bool {
    let limited = query.limit_clause.is_some() || query.fetch.is_some();
    let SetExpr::Select(select) = query.body.as_ref() else { return false };
    !limited && select.having.is_none() && is_single(query, context)
}

/// A query of one row that selects one value computed of aggregates, which has a value where there are no rows too: COUNT is 0 then.
pub(super) struct Aggregated {
    /// What selects the aggregates instead, one column each.
    pub(super) query: ast::Query,
    /// The aggregates.
    pub(super) calls: Vec<ast::Expr>,
    /// The value.
    pub(super) value: ast::Expr,
}

impl Aggregated {
    /// Of a query; none for another one, or for one whose value is NULL where there are no rows.
    pub(super) fn of(query: &ast::Query, context: &FunctionContext) -> Option<Aggregated> {
        let SetExpr::Select(select) = query.body.as_ref() else { return None };
        let [SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. }] =
            select.projection.as_slice()
        else {
            return None;
        };
        if !always_has_a_row(query, context) || !subqueries_in(value).is_empty() {
            return None;
        }
        let mut calls: Vec<ast::Expr> = Vec::new();
        for call in aggregates_of(select, &[], context) {
            if !calls.contains(&call) {
                calls.push(call);
            }
        }
        if calls.is_empty() || (calls[0] == *value && !is_count(value)) {
            return None;
        }
        let projection = calls.iter().cloned().map(SelectItem::UnnamedExpr).collect();
        let body = SetExpr::Select(Box::new(ast::Select { projection, ..select.as_ref().clone() }));
        let query = ast::Query { body: Box::new(body), order_by: None, ..query.clone() };
        Some(Aggregated { query, calls, value: value.clone() })
    }
}

/// Whether a call is of COUNT.
pub(super) fn is_count(call: &ast::Expr) -> bool {
    matches!(call, ast::Expr::Function(function) if call::name_of(function).eq_ignore_ascii_case("COUNT"))
}

/// The operands of an AND.
pub(in crate::bind) fn conjuncts(condition: &ast::Expr) -> Vec<&ast::Expr> {
    match condition {
        ast::Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            let mut all = conjuncts(left);
            all.extend(conjuncts(right));
            all
        }
        ast::Expr::Nested(inner) if matches!(inner.as_ref(), ast::Expr::BinaryOp { op: BinaryOperator::And, .. }) => {
            conjuncts(inner)
        }
        other => vec![other],
    }
}

/// The name that an expression is.
pub(super) fn name_of(expr: &ast::Expr) -> Option<Vec<Ident>> {
    match expr {
        ast::Expr::Identifier(ident) => Some(vec![ident.clone()]),
        ast::Expr::CompoundIdentifier(parts) => Some(parts.clone()),
        _ => None,
    }
}

/// Looks at the parts of an expression outside of subqueries.
struct Outside<F> {
    depth: usize,
    visit: F,
}

impl<F: FnMut(&ast::Expr)> ast::Visitor for Outside<F> {
    type Break = ();

    fn pre_visit_query(&mut self, _: &ast::Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &ast::Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &ast::Expr) -> ControlFlow<()> {
        if self.depth == 0 {
            (self.visit)(expr);
        }
        ControlFlow::Continue(())
    }
}

/// The names in an expression, those of subqueries in it aside.
pub(in crate::bind) fn names_in(expr: &ast::Expr) -> Vec<Vec<Ident>> {
    let mut names = Vec::new();
    let _ = ast::Visit::visit(expr, &mut Outside { depth: 0, visit: |expr: &ast::Expr| names.extend(name_of(expr)) });
    names
}

/// The parts of an expression of which `wanted` holds, those of subqueries in it aside.
pub(in crate::bind) fn parts_outside(expr: &ast::Expr, wanted: &dyn Fn(&ast::Expr) -> bool) -> Vec<ast::Expr> {
    let mut found = Vec::new();
    let visit = |expr: &ast::Expr| {
        if wanted(expr) {
            found.push(expr.clone());
        }
    };
    let _ = ast::Visit::visit(expr, &mut Outside { depth: 0, visit });
    found
}

/// The subqueries in an expression, those within one another aside.
pub(in crate::bind) fn subqueries_in(expr: &ast::Expr) -> Vec<ast::Expr> {
    parts_outside(expr, &|expr| {
        matches!(expr, ast::Expr::Subquery(_) | ast::Expr::Exists { .. } | ast::Expr::InSubquery { .. })
    })
}
