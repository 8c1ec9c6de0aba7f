//! Subqueries in grouped queries.
//!
//! Those in GROUP BY and in the arguments of aggregates are values of the rows before they are grouped. The others stand over
//! the groups: then the grouped query is bound as one of its own, with a column for each key and aggregate that is read, and
//! what stands around it as a query over those columns.

use super::syntax::subqueries_in;
use super::values::{Both, SubqueryValues};
use crate::bind::aggregate::{GroupItems, Grouping, NO_AGGREGATES, aggregates_of, group_key};
use crate::bind::expr::ExprBinder;
use crate::bind::from::From;
use crate::bind::literal;
use crate::bind::query::QueryBinder;
use crate::bind::scope::Scope;
use crate::bind::select::natural_name;
use crate::expr::Expr;
use crate::parse::place_of;
use riverrun_core::{Error, Millis, Result};
use sqlparser::ast::{self, Ident, OrderByExpr, Select, SelectItem, SelectItemQualifiedWildcardKind, Spanned};
use std::cell::RefCell;
use std::ops::ControlFlow;

/// The name of the groups' columns: none that a user can write without quotes.
const GROUPS: &str = "$groups";

/// A grouped SELECT with subqueries, as one over its groups.
pub(in crate::bind) struct OverGroups {
    /// The groups for which HAVING is true.
    pub(in crate::bind) from: From,
    /// What is selected of them.
    pub(in crate::bind) select: Select,
    /// ORDER BY over them.
    pub(in crate::bind) order_by: Vec<OrderByExpr>,
}

/// Whether a grouped SELECT has subqueries behind WHERE.
pub(in crate::bind) fn has_subqueries(select: &Select, keys: &GroupItems, written: &[&ast::Expr]) -> bool {
    let keys = keys.items.iter().flatten().flatten();
    let named = ast::visit_expressions(&select.named_window, |expr| match subqueries_in(expr).is_empty() {
        true => ControlFlow::Continue(()),
        false => ControlFlow::Break(()),
    });
    named.is_break() || keys.chain(written.iter().copied()).any(|expr| !subqueries_in(expr).is_empty())
}

impl QueryBinder<'_> {
    /// Binds the groups of a SELECT, and rewrites what stands over them.
    pub(in crate::bind) fn over_groups(
        &mut self,
        select: &Select,
        order_by: &[OrderByExpr],
        keys: GroupItems,
        From { mut relation, mut scope }: From,
        ttl: Option<Millis>,
    ) -> Result<OverGroups> {
        let mut select = select.clone();
        name_items(&mut select, &scope)?;
        let mut order_by = order_by.to_vec();
        let aliases: Vec<String> = select.projection.iter().filter_map(alias_of).collect();

        let mut of_rows = Vec::new();
        for key in keys.items.iter().flatten().flatten() {
            of_rows.push(group_key(key, &select, &scope)?);
        }
        of_rows.extend(aggregates_of(&select, &order_by, self.context));
        let of_rows: Vec<&ast::Expr> = of_rows.iter().collect();
        let values;
        (relation, values) = self.with_values(relation, &scope, &of_rows)?;
        scope.retype(&relation.schema);

        let special = Both { first: &values, then: &NO_AGGREGATES };
        let grouping = self.grouping(&scope, &relation, keys, &select, &special)?;
        let outer = self.exprs(&scope);
        let mut rewriter = Rewriter {
            grouping: &grouping,
            binder: outer,
            values: &values,
            columns: RefCell::default(),
            hidden: Vec::new(),
            aliases: Vec::new(),
        };
        for position in 0..grouping.keys() {
            rewriter.column(grouping.key(position));
        }
        let having = select.having.take();
        let having = having.map(|having| rewriter.rewritten(having)).transpose()?;
        for item in &mut select.projection {
            if let SelectItem::ExprWithAlias { expr, .. } = item {
                *expr = rewriter.rewritten(expr.clone())?;
            }
        }
        rewriter.aliases = aliases;
        select.named_window = rewriter.rewritten(select.named_window)?;
        select.qualify = rewriter.rewritten(select.qualify)?;
        order_by = rewriter.rewritten(order_by)?;

        let mut exprs = rewriter.columns.into_inner();
        if exprs.is_empty() {
            // A relation counts its rows by their columns.
            exprs.push(literal::boolean(true));
        }
        let names = (0..exprs.len()).map(name).collect();
        let groups = grouping.finish(relation, ttl)?.project(exprs, names);
        let scope = Scope::of(vec![GROUPS.to_owned()], groups.schema.clone());
        let mut from = From { relation: groups, scope };
        if let Some(having) = &having {
            from = self.selected(from, having, &NO_AGGREGATES)?;
        }
        select.group_by = ast::GroupByExpr::Expressions(Vec::new(), Vec::new());
        Ok(OverGroups { from, select, order_by })
    }
}

/// Puts columns of the groups in the place of keys and aggregates.
struct Rewriter<'a> {
    grouping: &'a Grouping<'a>,
    binder: ExprBinder<'a>,
    /// Subqueries that are values of the rows.
    values: &'a SubqueryValues,
    columns: RefCell<Vec<Expr>>,
    /// For each subquery around the expression at hand: the names of its tables.
    hidden: Vec<Vec<String>>,
    /// Names that may stand for what is selected.
    aliases: Vec<String>,
}

impl Rewriter<'_> {
    fn rewritten<T: ast::VisitMut>(&mut self, mut part: T) -> Result<T> {
        match ast::VisitMut::visit(&mut part, self) {
            ControlFlow::Continue(()) => Ok(part),
            ControlFlow::Break(error) => Err(error),
        }
    }

    /// The number of the column that an expression over the groups is.
    fn column(&self, expr: Expr) -> usize {
        let mut columns = self.columns.borrow_mut();
        columns.iter().position(|known| known.same_as(&expr)).unwrap_or_else(|| {
            columns.push(expr);
            columns.len() - 1
        })
    }

    fn named(&self, expr: Expr, written: &ast::Expr) -> ast::Expr {
        let ident = |text: String| Ident { value: text, quote_style: None, span: written.span() };
        ast::Expr::CompoundIdentifier(vec![ident(GROUPS.to_owned()), ident(name(self.column(expr)))])
    }

    /// What an expression outside of subqueries is over the groups; `None` if only its parts are something.
    fn over_groups(&self, expr: &ast::Expr) -> Result<Option<Expr>> {
        let aggregate = matches!(expr, ast::Expr::Function(function)
            if function.over.is_none() && self.binder.context.aggregate(&function.name).is_some());
        let subqueries = subqueries_in(expr);
        if !aggregate && subqueries.iter().any(|subquery| self.values.bind(subquery).is_none()) {
            return Ok(None);
        }
        match self.grouping.bind(expr, &self.binder) {
            Ok(Some(bound)) if bound.columns().is_empty() => Ok(None),
            Ok(bound) => Ok(bound),
            // It may stand over the groups besides.
            Err(_) if !aggregate && !subqueries.is_empty() => Ok(None),
            Err(_) if matches!(expr, ast::Expr::Identifier(ident) if self.aliases.contains(&ident.value)) => Ok(None),
            Err(error) => Err(error.at(place_of(expr.span()))),
        }
    }

    /// A key that a subquery names by its table.
    fn outer_key(&self, expr: &ast::Expr) -> Result<Option<Expr>> {
        let ast::Expr::CompoundIdentifier(parts) = expr else { return Ok(None) };
        let hidden = self.hidden.iter().flatten().any(|name| Some(name) == parts.first().map(|part| &part.value));
        if hidden || self.binder.scope.resolve(parts).is_err() {
            return Ok(None);
        }
        self.grouping.bind(expr, &self.binder).map_err(|error| error.at(place_of(expr.span())))
    }
}

impl ast::VisitorMut for Rewriter<'_> {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut ast::Query) -> ControlFlow<Error> {
        let mut names = Vec::new();
        let _ = ast::visit_relations(query, |name| {
            names.extend(name.0.last().and_then(|part| part.as_ident()).map(|ident| ident.value.clone()));
            ControlFlow::<()>::Continue(())
        });
        let mut aliases = Aliases(Vec::new());
        let _ = ast::Visit::visit(query, &mut aliases);
        names.extend(aliases.0);
        self.hidden.push(names);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut ast::Query) -> ControlFlow<Error> {
        self.hidden.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut ast::Expr) -> ControlFlow<Error> {
        let bound = match expr {
            ast::Expr::Value(_) | ast::Expr::TypedString(_) | ast::Expr::Interval(_) => Ok(None),
            _ if self.hidden.is_empty() => self.over_groups(expr),
            _ => self.outer_key(expr),
        };
        match bound {
            Ok(Some(bound)) => *expr = self.named(bound, expr),
            Ok(None) => {}
            Err(error) => return ControlFlow::Break(error),
        }
        ControlFlow::Continue(())
    }
}

/// The aliases of tables.
struct Aliases(Vec<String>);

impl ast::Visitor for Aliases {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &ast::TableFactor) -> ControlFlow<()> {
        use ast::TableFactor::{Derived, NestedJoin, Table};
        if let Table { alias: Some(alias), .. }
        | Derived { alias: Some(alias), .. }
        | NestedJoin { alias: Some(alias), .. } = factor
        {
            self.0.push(alias.name.value.clone());
        }
        ControlFlow::Continue(())
    }
}

fn name(number: usize) -> String {
    format!("$g{number}")
}

fn alias_of(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.clone()),
        _ => None,
    }
}

/// Gives every item of the SELECT list the name that its column has.
fn name_items(select: &mut Select, scope: &Scope) -> Result<()> {
    let mut named: Vec<SelectItem> = Vec::new();
    for item in std::mem::take(&mut select.projection) {
        let qualifier = match &item {
            SelectItem::UnnamedExpr(expr) => {
                let name = natural_name(expr).unwrap_or_else(|| format!("EXPR${}", named.len()));
                named.push(SelectItem::ExprWithAlias { expr: expr.clone(), alias: Ident::new(name) });
                continue;
            }
            SelectItem::Wildcard(_) => Vec::new(),
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                name.0.iter().filter_map(|part| part.as_ident().cloned()).collect()
            }
            _ => {
                named.push(item);
                continue;
            }
        };
        for (_, field) in scope.wildcard(&qualifier)? {
            let column = Ident::new(field.name);
            named.push(SelectItem::ExprWithAlias { expr: ast::Expr::Identifier(column.clone()), alias: column });
        }
    }
    select.projection = named;
    Ok(())
}
